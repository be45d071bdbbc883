/* Drives SFTP and SCP transfers: what a connection remembers, the bytes below ssh/, deadlines, reuse. The conversations
 * are in ssh_login.c, sftp.c and scp.c. */
#include "xfer/ssh.h"

#include "base/mem.h"
#include "sys/thread.h"
#include "xfer/protos.h"

enum { CONNECT_TIMEOUT_MS = 300000, READS = 64, OUT_MAX = 4 * 1024 * 1024, TEXT_MAX = SL_SFTP_PATH_MAX + 4096 };

/* ---- the link: a connection's session ---- */

static sl_result link_read(void *ctx, void *dst, size_t cap, size_t *out_n)
{
  struct ssh_link *l = ctx;
  if (!l->reads)
    return SL_WAIT;
  l->reads--;
  sl_result rc = sl_stream_read(l->conn->top, dst, cap, out_n);
  if (rc == SL_WAIT)
    l->want |= (uint8_t)sl_stream_want(l->conn->top);
  else if (!rc && !*out_n)
    l->conn->shut = true;
  return rc;
}

static sl_result link_write(void *ctx, const void *src, size_t n, size_t *out_n)
{
  struct ssh_link *l = ctx;
  sl_result rc = sl_stream_write(l->conn->top, slice_of(src, n), out_n);
  if (rc == SL_WAIT)
    l->want |= (uint8_t)sl_stream_want(l->conn->top);
  return rc;
}

static void link_end(struct conn *c, bool polite)
{
  struct ssh_link *l = c->proto_state;
  c->proto_state = NULL;
  c->proto_end = NULL;
  l->reads = READS;
  sl_ssh_free(l->ssh, polite && l->up && !l->broken);
  sl_free(l->home);
  sl_free(l);
}

static void library_init(void)
{
  sl_ssh_library_init();
}

static sl_result link_of(struct transfer *t, struct ssh_link **out_link)
{
  static struct once once = ONCE_INIT;
  struct conn *c = t->conn;
  if (!c->proto_state) {
    sl_once(&once, library_init);
    struct ssh_link *l = sl_calloc(1, sizeof *l);
    if (!l)
      return SL_NOMEM;
    struct ssh_io io = {link_read, link_write, l};
    l->conn = c;
    l->ssh = sl_ssh_new(&io, t->easy->set.ssh->ssh_compression);
    if (!l->ssh) {
      sl_free(l);
      return SL_NOMEM;
    }
    c->proto_state = l;
    c->proto_end = link_end;
  }
  *out_link = c->proto_state;
  return SL_OK;
}

/* ---- what is wanted ---- */

/* SFTP has paths as they are, in SCP they are part of command lines, and relative ones are below the home. */
static sl_result take_path(struct transfer *t, struct ssh_xfer *x)
{
  bool scp = t->proto->bit == CURLPROTO_SCP;
  sl_result rc = SL_OK;
  const char *text = sl_transfer_decode(t, t->url->path, scp ? SL_PERCENT_NO_CTRL : SL_PERCENT_NO_ZERO, &rc);
  if (rc)
    return rc == SL_NOMEM ? rc : sl_fail(t, rc, "path contains control characters");
  x->path = slice_str(text);
  if (x->path.n > SL_SFTP_PATH_MAX)
    return sl_fail(t, CURLE_URL_MALFORMAT, "The path is too long");
  if (scp && x->path.n > 3 && !memcmp(text, "/~/", 3))
    x->path = slice_from(x->path, 3);
  return SL_OK;
}

static sl_result take_wishes(struct transfer *t, struct ssh_xfer *x)
{
  const struct settings *set = &t->easy->set;
  const struct ssh_config *config = set->ssh;
  bool ok = true;
  x->upload = t->http.method == SL_HTTP_PUT && !set->io.nobody;
  x->user = t->user ? t->user : "";
  x->password = t->password ? t->password : "";
  x->known_hosts = sl_transfer_keep(t, config->ssh_knownhosts, &ok);
  x->md5 = sl_transfer_keep(t, config->ssh_host_public_key_md5, &ok);
  x->sha256 = sl_transfer_keep(t, config->ssh_host_public_key_sha256, &ok);
  x->public_file = sl_transfer_keep(t, config->ssh_public_keyfile, &ok);
  x->private_file = sl_transfer_keep(t, config->ssh_private_keyfile, &ok);
  x->passphrase = sl_transfer_keep(t, set->tls->keypasswd ? set->tls->keypasswd : "", &ok);
  return ok ? take_path(t, x) : SL_NOMEM;
}

static void ssh_cleanup(struct transfer *t)
{
  struct ssh_xfer *x = sl_ssh_of(t);
  t->proto_data = NULL;
  if (x) {
    sl_sftp_command_done(&x->command);
    sl_buf_done(&x->text);
    sl_buf_done(&x->out);
    sl_free(x);
  }
  sl_proto_http.cleanup(t);
}

static sl_result ssh_start(struct transfer *t)
{
  if (t->proto_data)
    ssh_cleanup(t);
  struct ssh_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  t->proto_data = x;
  sl_sftp_command_init(&x->command);
  sl_buf_init(&x->text, TEXT_MAX);
  sl_buf_init(&x->out, OUT_MAX);
  t->body_ended = t->resumed = false;
  t->expect_us = 0;
  sl_sink_reset(&t->sink);
  bool rewind = t->source.touched && t->http.method == SL_HTTP_PUT;
  sl_result rc = rewind ? sl_source_rewind(t) : SL_OK; /* a connection that died */
  sl_source_none(&t->source);
  t->request_us = t->multi->reactor.now_us;
  if (!rc)
    rc = link_of(t, &x->link);
  if (rc)
    return rc;
  x->ssh = x->link->ssh;
  return take_wishes(t, x);
}

/* ---- running ---- */

static sl_result converse(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->top);
  if (!x->link->up)
    CO_CALL(sl_ssh_login(t, x));
  t->easy->info.pretransfer_us = sl_transfer_elapsed(t);
  x->link->broken = true; /* until this has come to an end */
  if (t->proto->bit == CURLPROTO_SFTP) {
    if (!sl_info_string(&t->easy->info.ftp_entry_path, slice_str(x->link->home)))
      CO_FAIL(SL_NOMEM);
    CO_CALL(sl_ssh_sftp(t, x));
  } else {
    CO_CALL(sl_ssh_scp(t, x));
  }
  x->link->broken = false;
  CO_END;
}

/* Login is part of connecting; after it each answer has CURLOPT_SERVER_RESPONSE_TIMEOUT(3), if that is set. */
static sl_result check_deadline(struct transfer *t, struct ssh_xfer *x)
{
  const struct io_config *io = &t->easy->set.io;
  int64_t now_us = t->multi->reactor.now_us;
  int32_t ms = io->server_response_timeout_ms;
  if (!x->link->up) {
    ms = io->connecttimeout_ms ? io->connecttimeout_ms : CONNECT_TIMEOUT_MS;
    t->expect_us = t->dial_us + (int64_t)ms * 1000;
  } else if (x->moving || !ms) {
    t->expect_us = 0;
  } else if (!t->expect_us || x->seen != x->awaited) {
    t->expect_us = now_us + (int64_t)ms * 1000;
    x->seen = x->awaited;
  }
  if (!t->expect_us || now_us < t->expect_us)
    return SL_WAIT;
  if (x->link->up)
    return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "SSH response timeout");
  return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "Connection timed out after %lld milliseconds",
                 (long long)(now_us - t->start_us) / 1000);
}

static sl_result ssh_step(struct transfer *t)
{
  struct ssh_xfer *x = sl_ssh_of(t);
  t->want = 0;
  x->link->want = 0;
  x->link->reads = READS;
  if (t->resumed_recv) {
    t->resumed_recv = false;
    sl_result rc = sl_sink_resume(t);
    if (rc)
      return rc;
  }
  if (t->paused & CURLPAUSE_RECV && sl_sink_blocked(&t->sink))
    return SL_WAIT;
  sl_result rc = converse(t, x);
  if (rc != SL_WAIT)
    return rc;
  t->want = x->link->want;
  if (!x->link->reads)
    sl_job_post(&t->multi->reactor, &t->job);
  return check_deadline(t, x);
}

/* A failure that is the server's answer, with nothing left open behind it. */
static bool is_harmless(const struct ssh_xfer *x, sl_result rc)
{
  return rc == SL_OK || (x->link->up && sl_ssh_is_idle(x->ssh) && !sl_ssh_is_lost(rc));
}

static sl_result ssh_finish(struct transfer *t, sl_result result)
{
  struct ssh_xfer *x = sl_ssh_of(t);
  t->expect_us = 0;
  x->link->broken = !is_harmless(x, result);
  t->conn->keep = x->link->up && !x->link->broken && !t->easy->set.net->forbid_reuse;
  if (sl_transfer_retry(t, result, x->awaited))
    return SL_OK;
  /* Of a session that is lost libcurl says no more than that it was one of SSH. */
  return x->link->up && sl_ssh_is_lost(result) && result != SL_NOMEM ? CURLE_SSH : result;
}

const struct xfer_proto sl_proto_sftp = {
    .scheme = "sftp",
    .bit = CURLPROTO_SFTP,
    .port = 22,
    .login = true,
    .init = sl_http_init,
    .start = ssh_start,
    .step = ssh_step,
    .finish = ssh_finish,
    .cleanup = ssh_cleanup,
};
const struct xfer_proto sl_proto_scp = {
    .scheme = "scp",
    .bit = CURLPROTO_SCP,
    .port = 22,
    .login = true,
    .init = sl_http_init,
    .start = ssh_start,
    .step = ssh_step,
    .finish = ssh_finish,
    .cleanup = ssh_cleanup,
};
