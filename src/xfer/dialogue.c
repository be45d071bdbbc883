/* See dialogue.h. */
#include "xfer/dialogue.h"

#include "base/mem.h"
#include "loop/scratch.h"
#include "stream/tls_layer.h"
#include "xfer/body.h"
#include "xfer/certs.h"
#include "xfer/layers.h"

enum { RESPONSE_TIMEOUT_MS = 120000, ROUNDS = 32 };

sl_result sl_dialogue_start(struct transfer *t, bool resends)
{
  t->body_ended = t->resumed = false;
  t->expect_us = 0;
  sl_sink_reset(&t->sink);
  bool rewind = t->source.touched && resends;
  sl_result rc = rewind ? sl_source_rewind(t) : SL_OK; /* a redirect, or a connection that died */
  sl_source_none(&t->source);
  t->request_us = t->multi->reactor.now_us;
  return rc;
}

sl_result sl_dialogue_session(struct conn *c, size_t size, void (*end)(struct conn *c, bool polite))
{
  if (c->proto_state)
    return SL_OK;
  c->proto_state = sl_calloc(1, size);
  if (!c->proto_state)
    return SL_NOMEM;
  c->proto_end = end;
  return SL_OK;
}

sl_result sl_dialogue_resume(struct transfer *t)
{
  t->want = 0;
  if (!t->resumed_recv)
    return SL_OK;
  t->resumed_recv = false;
  return sl_sink_resume(t);
}

sl_result sl_dialogue_deadline(struct transfer *t, int64_t ms)
{
  int64_t now_us = t->multi->reactor.now_us;
  if (!t->expect_us)
    t->expect_us = now_us + ms * 1000;
  return now_us < t->expect_us ? SL_WAIT : SL_OK;
}

/* A server that does not read must not hold us up any longer than one that does not answer. */
static sl_result wait_for_peer(struct transfer *t, const struct dialogue *d)
{
  int32_t ms = t->easy->set.io.server_response_timeout_ms;
  if (!sl_dialogue_deadline(t, ms ? ms : RESPONSE_TIMEOUT_MS))
    return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "%s response timeout", d->ops->name);
  return SL_WAIT;
}

/* ---- in ---- */

static sl_result lost(struct transfer *t, sl_result rc)
{
  int err = t->conn->tcp->err;
  t->easy->info.os_errno = err;
  t->easy->info.response_code = 0;
  t->conn->shut = true;
  return sl_fail(t, rc, "response reading failed (errno: %d)", err);
}

static sl_result take(struct transfer *t, struct dialogue *d, struct slice *in)
{
  sl_result rc = d->ops->take(t, in);
  if (rc)
    return rc;
  if (d->talk->alone && in->n)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Unexpected bytes behind the reply about TLS");
  d->got_reply = true;
  t->expect_us = 0;
  return SL_OK;
}

sl_result sl_dialogue_read(struct transfer *t, struct dialogue *d)
{
  struct conn *c = t->conn;
  struct slice in = sl_buf_peek(&c->in);
  bool pending = in.n > 0;
  t->want = WATCH_IN;
  for (int round = 0; round < ROUNDS; round++) {
    if (!pending) {
      sl_result rc = sl_conn_fill(c, SL_SCRATCH_BYTES, &in);
      if (rc)
        return rc > 0 ? lost(t, rc) : rc;
      if (c->shut)
        return lost(t, CURLE_RECV_ERROR);
    }
    pending = false;
    sl_result rc = take(t, d, &in), kept = sl_conn_keep(c, in);
    if (rc != SL_WAIT || kept)
      return rc > 0 ? rc : kept;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

/* A server that falls silent in the middle of an answer must not hold us up for ever either. */
static sl_result read_body(struct transfer *t, struct dialogue *d, struct slice *out_in)
{
  size_t most = sl_body_allow(t, SL_SCRATCH_BYTES), before = t->conn->in.n;
  if (!most)
    return SL_WAIT;
  sl_result rc = sl_conn_fill(t->conn, most, out_in);
  if (rc == SL_WAIT)
    return wait_for_peer(t, d);
  if (rc || (t->conn->shut && !d->got_reply))
    return lost(t, rc ? rc : CURLE_RECV_ERROR);
  if (t->conn->shut)
    return sl_fail(t, CURLE_PARTIAL_FILE, "The connection was closed before the end of the answer");
  t->progress.recv.bytes += (int64_t)(out_in->n - before);
  t->expect_us = 0;
  d->got_reply = true;
  return SL_OK;
}

sl_result sl_dialogue_body(struct transfer *t, struct dialogue *d,
                           sl_result (*deliver)(struct transfer *t, struct slice *in))
{
  struct slice in = sl_buf_peek(&t->conn->in);
  bool pending = in.n > 0;
  t->want = WATCH_IN;
  for (int round = 0; round < ROUNDS; round++) {
    if (t->paused & CURLPAUSE_RECV) {
      t->expect_us = 0;
      return SL_WAIT;
    }
    sl_result rc = pending ? SL_OK : read_body(t, d, &in);
    if (rc)
      return rc;
    pending = false;
    rc = deliver(t, &in);
    sl_result kept = sl_conn_keep(t->conn, in);
    if (rc != SL_WAIT || kept)
      return rc > 0 ? rc : kept;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

/* ---- out ---- */

static sl_result flush(struct transfer *t, struct dialogue *d)
{
  struct buf *out = &d->talk->out;
  if (!out->n)
    return SL_OK;
  if (!d->is_logged && t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_HEADER_OUT, out->p, out->n);
  d->is_logged = true;
  while (d->out_at < out->n) {
    size_t n = 0;
    sl_result rc = sl_stream_write(t->conn->top, slice_from(sl_buf_peek(out), d->out_at), &n);
    if (rc > 0) {
      t->easy->info.os_errno = t->conn->tcp->err;
      return sl_fail(t, rc, "Send failure: %s", sl_conn_why(t->conn));
    }
    if (rc)
      return wait_for_peer(t, d);
    d->out_at += (uint32_t)n;
  }
  t->expect_us = 0;
  d->is_logged = false;
  d->out_at = 0;
  sl_buf_clear(out);
  return SL_OK;
}

void sl_dialogue_say_bye(struct conn *c, const char *line)
{
  size_t n;
  (void)sl_stream_write(c->top, slice_str(line), &n);
}

/* ---- TLS in the middle ---- */

static sl_result tls_failed(struct transfer *t, struct tls_conn *tls, sl_result rc)
{
  t->easy->info.ssl_verifyresult = (int32_t)sl_tls_verify_result(tls);
  return *sl_tls_error(tls) ? sl_fail(t, rc, "%s", sl_tls_error(tls)) : rc;
}

/* The same name and port for all, so that a data connection resumes the session of the control connection: servers
 * demand that, to know that both ends are the same client's. */
sl_result sl_dialogue_secure(struct transfer *t, struct dialogue *d, struct conn *c)
{
  struct tls_conn *tls = NULL;
  struct slice host = t->host;
  if (host.n > 2 && *host.p == '[')
    host = slice_of(host.p + 1, host.n - 2);
  if (!d->is_tls_pushed) {
    sl_result rc = sl_layers_push_tls(t, c, host, t->port);
    if (rc)
      return rc;
    d->is_tls_pushed = true;
  }
  sl_result rc = sl_stream_step(c->top);
  if (rc == SL_WAIT)
    return rc;
  d->is_tls_pushed = false;
  (void)sl_stream_query(c->top, STREAM_TLS, &tls);
  sl_tls_set_log(tls, NULL);
  if (rc)
    return tls_failed(t, tls, rc);
  c->is_tls = true;
  return SL_OK;
}

static sl_result secure(struct transfer *t, struct dialogue *d)
{
  struct tls_conn *tls = NULL;
  struct info *info = &t->easy->info;
  if (t->conn->in.n) /* said in clear before TLS: nobody knows by whom (lesson 3) */
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Unexpected bytes before TLS");
  sl_result rc = sl_dialogue_secure(t, d, t->conn);
  if (rc)
    return rc;
  info->appconnect_us = sl_transfer_elapsed(t);
  (void)sl_stream_query(t->conn->top, STREAM_TLS, &tls);
  info->ssl_verifyresult = (int32_t)sl_tls_verify_result(tls);
  return t->easy->set.tls->certinfo ? sl_certs_take(t->easy, tls) : SL_OK;
}

/* ---- all of it ---- */

static sl_result fulfil(struct transfer *t, struct dialogue *d)
{
  sl_result rc = d->talk->request == TALK_TLS ? secure(t, d) : d->ops->perform(t);
  if (rc == SL_WAIT)
    return rc;
  t->expect_us = 0;
  d->talk->request = TALK_NOTHING;
  d->talk->answer = rc;
  return SL_OK;
}

static sl_result await_reply(struct transfer *t, struct dialogue *d)
{
  sl_result rc = sl_dialogue_read(t, d);
  return rc == SL_WAIT ? wait_for_peer(t, d) : rc;
}

sl_result sl_dialogue_run(struct transfer *t, struct dialogue *d)
{
  for (;;) {
    sl_result rc = d->ops->run(t);
    if (rc != SL_WAIT)
      return rc;
    rc = flush(t, d);
    if (!rc)
      rc = d->talk->request ? fulfil(t, d) : await_reply(t, d);
    if (rc)
      return rc;
  }
}

bool sl_dialogue_retry(struct transfer *t, const struct dialogue *d, sl_result result)
{
  return sl_transfer_retry(t, result, d->got_reply);
}
