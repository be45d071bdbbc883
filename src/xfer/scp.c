/* SCP: one file, all of it. The path goes into a command line of the other side (libssh2 quotes it for the shell) and,
 * when sending, into a line of the protocol: no control characters. */
#include "xfer/ssh.h"

static sl_result ask_for_file(struct ssh_xfer *x)
{
  int64_t mtime;
  return sl_scp_receive(x->ssh, x->path.p, &x->left, &mtime);
}

static sl_result offer_file(struct transfer *t, struct ssh_xfer *x)
{
  return sl_scp_send(x->ssh, x->path.p, t->easy->set.ssh->new_file_perms, t->source.size);
}

static sl_result finish(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->body);
  x->moving = false;
  SSH_AWAIT(sl_scp_finish(x->ssh, x->upload));
  if (x->rc)
    CO_FAIL(sl_fail(t, x->rc, "Failed to close the SCP channel: %s", sl_ssh_error(x->ssh)));
  CO_END;
}

sl_result sl_ssh_scp(struct transfer *t, struct ssh_xfer *x)
{
  const struct io_config *io = &t->easy->set.io;
  CO_BEGIN(&x->run);
  if (x->upload) {
    if (io->infilesize < 0)
      CO_FAIL(sl_fail(t, CURLE_UPLOAD_FAILED, "SCP requires a known file size for upload"));
    if ((x->rc = sl_ssh_choose_source(t, io->infilesize, 0)))
      CO_FAIL(x->rc);
    SSH_AWAIT(offer_file(t, x));
    if (x->rc)
      CO_FAIL(sl_fail(t, x->rc, "%s", sl_ssh_error(x->ssh)));
    x->moving = true;
    CO_CALL(sl_ssh_upload(t, x));
  } else {
    SSH_AWAIT(ask_for_file(x));
    if (x->rc)
      CO_FAIL(sl_fail(t, x->rc, "%s", sl_ssh_error(x->ssh)));
    if ((x->rc = sl_ssh_note_size(t, x->left)))
      CO_FAIL(x->rc);
    x->moving = true;
    if (!io->nobody)
      CO_CALL(sl_ssh_download(t, x));
  }
  CO_CALL(finish(t, x));
  CO_END;
}
