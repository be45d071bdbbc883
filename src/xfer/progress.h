/* Counting, the progress callbacks, the low-speed limit and the speed limits. */
#ifndef SL_XFER_PROGRESS_H
#define SL_XFER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"

struct transfer;

struct rate { /* what has passed since a moment, to hold a transfer to a number of bytes a second */
  int64_t since_us, bytes;
};

struct progress {
  int64_t dl_total, ul_total; /* -1 unknown */
  int64_t dl_now, ul_now;
  struct rate recv, send;
  int64_t slow_since_us;      /* 0: not slow */
  int64_t slow_bytes;         /* dl_now + ul_now at the last look */
  int64_t looked_us;
  int64_t next_tick_us;       /* when the callback is due even if nothing moves */
  int64_t meter_us, meter_bytes; /* the built-in meter's last line: when, and what had passed; 0: no line yet */
};

void sl_progress_init(struct transfer *t);
void sl_progress_restart(struct transfer *t); /* another request: each has numbers of its own */
/* Calls the application if it wants to know; checks the low-speed limit. CURLE_ABORTED_BY_CALLBACK,
 * CURLE_OPERATION_TIMEDOUT. */
sl_result sl_progress_update(struct transfer *t);
sl_result sl_progress_end(struct transfer *t); /* the last call, with the final numbers */
bool sl_progress_wanted(const struct transfer *t);
/* Bytes that may pass now, 0: none before *out_at_us. `r` counts what has passed. */
int64_t sl_rate_allow(struct transfer *t, struct rate *r, int64_t limit, int64_t *out_at_us);

#endif
