/* SCP: one file each way; see ssh.h. */
#include "ssh/session.h"

enum { SEND_EOF, WAIT_EOF, CLOSE, FREE };

static sl_result answered(struct ssh *s, long rc, sl_result code)
{
  return sl_ssh_result(s, rc, code);
}

static sl_result opened(struct ssh *s, sl_result code)
{
  s->scp_phase = SEND_EOF;
  if (s->channel)
    return SL_OK;
  int rc = libssh2_session_last_errno(s->session);
  return answered(s, rc ? rc : LIBSSH2_ERROR_PROTO, code);
}

sl_result sl_scp_receive(struct ssh *s, const char *path, int64_t *out_size, int64_t *out_mtime)
{
  libssh2_struct_stat st = {0};
  s->channel = libssh2_scp_recv2(s->session, path, &st);
  *out_size = st.st_size;
  *out_mtime = st.st_mtime;
  return opened(s, CURLE_REMOTE_FILE_NOT_FOUND);
}

sl_result sl_scp_send(struct ssh *s, const char *path, unsigned mode, int64_t size)
{
  s->channel = libssh2_scp_send64(s->session, path, (int)mode, size, 0, 0);
  return opened(s, CURLE_UPLOAD_FAILED);
}

sl_result sl_scp_read(struct ssh *s, char *dst, size_t cap, size_t *out_n)
{
  ssize_t n = libssh2_channel_read_ex(s->channel, 0, dst, cap);
  *out_n = n > 0 ? (size_t)n : 0;
  return n ? answered(s, n, CURLE_SSH) : libssh2_channel_eof(s->channel) ? SL_OK : SL_WAIT;
}

sl_result sl_scp_write(struct ssh *s, struct slice data, size_t *out_n)
{
  ssize_t n = libssh2_channel_write_ex(s->channel, 0, data.p, data.n);
  *out_n = n > 0 ? (size_t)n : 0;
  return answered(s, n, CURLE_SSH);
}

static int finish_step(struct ssh *s)
{
  switch (s->scp_phase) {
  case SEND_EOF:
    return libssh2_channel_send_eof(s->channel);
  case WAIT_EOF:
    return libssh2_channel_wait_eof(s->channel);
  case CLOSE:
    return libssh2_channel_close(s->channel);
  default:
    return libssh2_channel_free(s->channel);
  }
}

sl_result sl_scp_finish(struct ssh *s, bool sent)
{
  if (s->channel && !sent && s->scp_phase < CLOSE)
    s->scp_phase = CLOSE;
  for (; s->channel; s->scp_phase++) {
    sl_result rc = answered(s, finish_step(s), CURLE_SSH);
    if (rc)
      return rc;
    if (s->scp_phase == FREE)
      s->channel = NULL;
  }
  return SL_OK;
}
