/* Body bytes of protocols without a framing of their own: counted, held to the limits, given to the sink. */
#ifndef SL_XFER_BODY_H
#define SL_XFER_BODY_H

#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

struct buf;
struct transfer;
/* SL_WAIT: the application paused, the sink keeps what it did not take. */
sl_result sl_body_take(struct transfer *t, struct slice data);
/* Bytes that may be received now; 0: none, and the transfer will run again when some may. */
size_t sl_body_allow(struct transfer *t, size_t most);
/* The same for what is sent. */
size_t sl_body_allow_up(struct transfer *t, size_t most);
/* From and to the transfer's connection; failures are given their words. As sl_conn_fill(), and counted. */
sl_result sl_body_fill(struct transfer *t, size_t most, struct slice *out_in);
sl_result sl_body_flush(struct transfer *t, struct buf *out); /* as sl_conn_drain() */
/* CURLOPT_TIMECONDITION for a document of this age: is it wanted? Says so to getinfo when not. */
bool sl_body_time_wanted(struct transfer *t, int64_t time_s);

#endif
