/* Bodies of SFTP and SCP: what is read goes to the sink out of the scratch buffer; what is sent lies in a buffer of its
 * own until the server has it. */
#include "loop/scratch.h"
#include "xfer/body.h"
#include "xfer/ssh.h"

enum { ROUNDS = 32 };

static bool is_scp(const struct transfer *t)
{
  return t->proto->bit == CURLPROTO_SCP;
}

static sl_result broke(struct transfer *t, struct ssh_xfer *x, sl_result rc)
{
  bool lost = rc == CURLE_RECV_ERROR || rc == CURLE_SEND_ERROR;
  return sl_fail(t, rc, "%s%s", lost ? "The SSH connection is lost: " : "", sl_ssh_error(x->ssh));
}

static sl_result again_later(struct transfer *t)
{
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

sl_result sl_ssh_note_size(struct transfer *t, int64_t size)
{
  int64_t max = t->easy->set.io.maxfilesize;
  t->progress.dl_total = t->easy->info.content_length_download = size;
  return max && size > max ? sl_fail(t, CURLE_FILESIZE_EXCEEDED, "Maximum file size exceeded") : SL_OK;
}

static sl_result read_some(struct transfer *t, struct ssh_xfer *x, char *dst, size_t cap, size_t *out_n)
{
  return is_scp(t) ? sl_scp_read(x->ssh, dst, cap, out_n) : sl_sftp_read(x->ssh, dst, cap, out_n);
}

sl_result sl_ssh_download(struct transfer *t, struct ssh_xfer *x)
{
  for (int round = 0; round < ROUNDS; round++) {
    size_t n = 0, most = x->left >= 0 && x->left < SL_SCRATCH_BYTES ? (size_t)x->left : SL_SCRATCH_BYTES;
    if (t->paused & CURLPAUSE_RECV)
      return SL_WAIT;
    if (!most)
      return SL_OK;
    most = sl_body_allow(t, most);
    if (!most)
      return SL_WAIT;
    char *scratch = sl_multi_scratch(t->multi);
    if (!scratch)
      return SL_NOMEM;
    sl_result rc = read_some(t, x, scratch, most, &n);
    if (rc)
      return rc > 0 ? broke(t, x, rc) : rc;
    if (!n && x->left > 0)
      return sl_fail(t, CURLE_PARTIAL_FILE, "transfer closed with %lld bytes remaining to read", (long long)x->left);
    if (!n)
      return SL_OK;
    t->progress.recv.bytes += (int64_t)n;
    if (x->left > 0)
      x->left -= (int64_t)n;
    rc = sl_body_take(t, slice_of(scratch, n));
    if (rc)
      return rc;
  }
  return again_later(t);
}

/* ---- uploads ---- */

sl_result sl_ssh_choose_source(struct transfer *t, int64_t size, int64_t offset)
{
  const struct io_config *io = &t->easy->set.io;
  if (size >= 0)
    size = size > offset ? size - offset : 0;
  sl_source_callback(&t->source, io->readfunction, io->readdata, size);
  t->source.crlf = io->crlf;
  t->progress.ul_total = size;
  return offset > 0 ? sl_source_skip(t, offset) : SL_OK;
}

static sl_result fill(struct transfer *t, struct ssh_xfer *x)
{
  size_t n = 0, most = sl_body_allow_up(t, (size_t)t->easy->set.io.upload_buffersize);
  if (!most)
    return SL_WAIT;
  sl_buf_clear(&x->out);
  x->out_at = 0;
  if (!sl_buf_reserve(&x->out, most))
    return sl_buf_result(&x->out, CURLE_TOO_LARGE);
  sl_result rc = sl_source_read(t, x->out.p, most, &n);
  if (rc)
    return rc;
  x->out.n = (uint32_t)n;
  x->ended = !n;
  t->progress.send.bytes += (int64_t)n;
  if (n && t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_DATA_OUT, x->out.p, n);
  return SL_OK;
}

static sl_result write_some(struct transfer *t, struct ssh_xfer *x)
{
  struct slice data = slice_from(sl_buf_peek(&x->out), x->out_at);
  size_t n = 0;
  sl_result rc = is_scp(t) ? sl_scp_write(x->ssh, data, &n) : sl_sftp_write(x->ssh, data, &n);
  x->out_at += (uint32_t)n;
  t->progress.ul_now += (int64_t)n;
  return rc > 0 ? broke(t, x, rc) : rc;
}

sl_result sl_ssh_upload(struct transfer *t, struct ssh_xfer *x)
{
  for (int round = 0; round < ROUNDS; round++) {
    sl_result rc = x->out_at < x->out.n ? write_some(t, x) : fill(t, x);
    if (rc || x->ended)
      return rc;
  }
  return again_later(t);
}
