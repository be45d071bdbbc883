/* See progress.h. */
#include "xfer/progress.h"

#include "xfer/meter.h"
#include "xfer/transfer.h"

enum { TICK_US = 1000000 };

void sl_progress_init(struct transfer *t)
{
  t->progress.dl_total = t->progress.ul_total = -1; /* all else is zeroed */
  t->progress.looked_us = t->start_us;
}

void sl_progress_restart(struct transfer *t)
{
  struct progress *p = &t->progress;
  int64_t bytes = p->dl_now + p->ul_now;
  p->slow_bytes -= bytes; /* what was not looked at yet still counts for the speed */
  p->meter_bytes -= bytes;
  p->dl_now = p->ul_now = 0;
  p->dl_total = p->ul_total = -1;
}

bool sl_progress_wanted(const struct transfer *t)
{
  const struct io_config *io = &t->easy->set.io;
  return !io->noprogress || (io->low_speed_limit && io->low_speed_time);
}

static sl_result notify(struct transfer *t, bool last)
{
  const struct io_config *io = &t->easy->set.io;
  struct progress *p = &t->progress;
  int64_t dl = p->dl_total > 0 ? p->dl_total : 0, ul = p->ul_total > 0 ? p->ul_total : 0;
  int rc = CURL_PROGRESSFUNC_CONTINUE;
  t->multi->callback_depth++;
  if (io->xferinfofunction)
    rc = io->xferinfofunction(io->xferinfodata, dl, p->dl_now, ul, p->ul_now);
  else if (io->progressfunction)
    rc = io->progressfunction(io->xferinfodata, (double)dl, (double)p->dl_now, (double)ul, (double)p->ul_now);
  t->multi->callback_depth--;
  if (rc == CURL_PROGRESSFUNC_CONTINUE)
    sl_meter_print(t, last);
  else if (rc)
    return sl_fail(t, CURLE_ABORTED_BY_CALLBACK, "Callback aborted");
  return SL_OK;
}

/* CURLOPT_LOW_SPEED_LIMIT(3): slower than the limit for low_speed_time seconds on end. Paused is not slow. */
static sl_result check_speed(struct transfer *t)
{
  const struct io_config *io = &t->easy->set.io;
  struct progress *p = &t->progress;
  int64_t now_us = t->multi->reactor.now_us, bytes = p->dl_now + p->ul_now;
  if (!io->low_speed_limit || !io->low_speed_time || now_us - p->looked_us < TICK_US)
    return SL_OK;
  double speed = (double)(bytes - p->slow_bytes) * 1e6 / (double)(now_us - p->looked_us);
  p->slow_bytes = bytes;
  if (t->paused || speed >= io->low_speed_limit)
    p->slow_since_us = 0;
  else if (!p->slow_since_us)
    p->slow_since_us = p->looked_us;
  p->looked_us = now_us;
  if (p->slow_since_us && now_us - p->slow_since_us >= (int64_t)io->low_speed_time * 1000000)
    return sl_fail(t, CURLE_OPERATION_TIMEDOUT,
                   "Operation too slow. Less than %d bytes/sec transferred the last %d seconds",
                   io->low_speed_limit, io->low_speed_time);
  return SL_OK;
}

sl_result sl_progress_update(struct transfer *t)
{
  if (!sl_progress_wanted(t))
    return SL_OK;
  sl_result rc = check_speed(t);
  t->progress.next_tick_us = t->multi->reactor.now_us + TICK_US;
  if (!rc && !t->easy->set.io.noprogress)
    rc = notify(t, false);
  return rc;
}

sl_result sl_progress_end(struct transfer *t)
{
  return t->easy->set.io.noprogress ? SL_OK : notify(t, true);
}

/* The window starts anew after a few seconds, so that an idle time is not made up for by a burst. */
int64_t sl_rate_allow(struct transfer *t, struct rate *r, int64_t limit, int64_t *out_at_us)
{
  int64_t now_us = t->multi->reactor.now_us;
  if (!limit)
    return INT64_MAX;
  if (!r->since_us || now_us - r->since_us > 3 * TICK_US)
    *r = (struct rate){now_us - TICK_US / 10, 0};
  int64_t allowed = (int64_t)((double)limit * (double)(now_us - r->since_us) / 1e6) - r->bytes;
  if (allowed > 0)
    return allowed;
  int64_t piece = limit / 10 > 1 ? limit / 10 : 1; /* wait for a tenth of a second's worth */
  *out_at_us = r->since_us + (int64_t)((double)(r->bytes + piece) * 1e6 / (double)limit) + 1;
  return 0;
}
