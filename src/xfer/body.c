/* See body.h. */
#include "xfer/body.h"

#include "xfer/transfer.h"

sl_result sl_body_take(struct transfer *t, struct slice data)
{
  int64_t max = t->easy->set.io.maxfilesize;
  if (!t->easy->info.starttransfer_us)
    t->easy->info.starttransfer_us = sl_transfer_elapsed(t);
  t->progress.dl_now += (int64_t)data.n;
  if (!max || t->progress.dl_now <= max)
    return sl_sink_body(t, data);
  size_t over = (size_t)(t->progress.dl_now - max);
  if (over < data.n) { /* what is allowed is delivered */
    sl_result rc = sl_sink_body(t, slice_head(data, data.n - over));
    if (rc > 0)
      return rc;
  }
  return sl_fail(t, CURLE_FILESIZE_EXCEEDED, "Exceeded the maximum allowed file size (%lld)", (long long)max);
}

static size_t allow(struct transfer *t, struct rate *rate, int64_t limit, size_t most)
{
  int64_t when_us = 0, n = sl_rate_allow(t, rate, limit, &when_us);
  if (!n)
    t->rate_us = when_us;
  return n < (int64_t)most ? (size_t)n : most;
}

size_t sl_body_allow(struct transfer *t, size_t most)
{
  return allow(t, &t->progress.recv, t->easy->set.io.max_recv_speed, most);
}

size_t sl_body_allow_up(struct transfer *t, size_t most)
{
  return allow(t, &t->progress.send, t->easy->set.io.max_send_speed, most);
}

static sl_result failed(struct transfer *t, sl_result rc, const char *what)
{
  if (rc <= 0)
    return rc;
  t->easy->info.os_errno = t->conn->tcp->err;
  return sl_fail(t, rc, "%s failure: %s", what, sl_conn_why(t->conn));
}

sl_result sl_body_fill(struct transfer *t, size_t most, struct slice *out_in)
{
  size_t before = t->conn->in.n;
  sl_result rc = sl_conn_fill(t->conn, most, out_in);
  if (!rc)
    t->progress.recv.bytes += (int64_t)(out_in->n - before);
  return failed(t, rc, "Recv");
}

sl_result sl_body_flush(struct transfer *t, struct buf *out)
{
  return failed(t, sl_conn_drain(t->conn, out), "Send");
}

bool sl_body_time_wanted(struct transfer *t, int64_t time_s)
{
  const struct io_config *io = &t->easy->set.io;
  bool wanted;
  if (!io->timevalue || time_s <= 0)
    return true;
  switch (io->timecondition) {
  case CURL_TIMECOND_IFMODSINCE:
    wanted = time_s > io->timevalue;
    break;
  case CURL_TIMECOND_IFUNMODSINCE:
    wanted = time_s < io->timevalue;
    break;
  default:
    return true;
  }
  if (wanted)
    return true;
  SL_INFOF(t->easy, "The requested document is %s",
           io->timecondition == CURL_TIMECOND_IFMODSINCE ? "not new enough" : "not old enough");
  t->easy->info.condition_unmet = true;
  return false;
}
