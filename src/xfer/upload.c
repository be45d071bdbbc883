/* See upload.h. */
#include "xfer/upload.h"

#include "loop/scratch.h"
#include "xfer/body.h"
#include "xfer/transfer.h"

enum { ROUNDS = 32 };

void sl_upload_init(struct upload *u)
{
  *u = (struct upload){.ended = false};
  sl_buf_init(&u->pending, SL_SCRATCH_BYTES);
}

void sl_upload_done(struct upload *u)
{
  sl_buf_done(&u->pending);
  u->ended = false;
}

static sl_result send_piece(struct transfer *t, struct conn *c, struct upload *u)
{
  size_t n = 0, most = (size_t)t->easy->set.io.upload_buffersize;
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  most = sl_body_allow_up(t, most < SL_SCRATCH_BYTES ? most : SL_SCRATCH_BYTES);
  if (!most)
    return SL_WAIT;
  sl_result rc = sl_source_read(t, scratch, most, &n);
  if (rc)
    return rc;
  struct slice data = slice_of(scratch, n);
  u->ended = !n;
  t->progress.ul_now += (int64_t)n;
  t->progress.send.bytes += (int64_t)n;
  if (n && t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_DATA_OUT, data.p, n);
  rc = sl_conn_write(c, &data);
  if (rc == SL_WAIT && !sl_buf_add(&u->pending, data))
    return sl_buf_result(&u->pending, CURLE_TOO_LARGE);
  return rc;
}

sl_result sl_upload_step(struct transfer *t, struct conn *c, struct upload *u)
{
  for (int round = 0; round < ROUNDS; round++) {
    sl_result rc = sl_conn_drain(c, &u->pending);
    if (!rc && u->ended)
      return SL_OK;
    if (!rc)
      rc = send_piece(t, c, u);
    if (rc == CURLE_SEND_ERROR) {
      t->easy->info.os_errno = c->tcp->err;
      return sl_fail(t, rc, "Send failure: %s", sl_conn_why(c));
    }
    if (rc)
      return rc;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}
