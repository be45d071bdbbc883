/* FTP data connections: opened to the server by the way of the control connection, or accepted from it; then the body
 * to the sink or from the source. A data connection is a struct conn of its own that is in no pool. */
#include "base/mem.h"
#include "base/text.h"
#include "loop/scratch.h"
#include "xfer/body.h"
#include "xfer/ftp.h"
#include "xfer/judge.h"

enum { ROUNDS = 32, CONNECT_TIMEOUT_MS = 300000, ACCEPT_TIMEOUT_MS = 60000 };

static void close_listener(struct transfer *t, struct ftp_xfer *x)
{
  if (x->listener.fd < 0)
    return;
  sl_watch_remove(&t->multi->reactor, &x->listen_watch);
  sl_gate_close(&x->listener, &t->multi->callback_depth);
}

void sl_ftp_data_drop(struct transfer *t, struct ftp_xfer *x, bool polite)
{
  struct conn *c = x->dial ? x->dial->conn : x->data;
  sl_dial_free(x->dial);
  x->dial = NULL;
  x->data = NULL;
  x->dialogue.is_tls_pushed = x->moving = x->ended = x->said_bye = x->after_cr = false;
  sl_conn_free(c, polite);
  sl_dns_cancel(&x->name);
  x->asked = false;
  close_listener(t, x);
  sl_upload_done(&x->up);
}

/* ---- passive ---- */

/* Through proxies to the name that the control connection was asked for, else to the address that it has. */
static sl_result data_route(struct transfer *t, const struct ftp *f, struct route *out_route)
{
  struct route r;
  sl_result rc = sl_route_make(t, &t->arena, &r);
  if (rc)
    return rc;
  if (*f->data_host)
    r.to_host = slice_str(f->data_host);
  else if (!r.proxy.set && !r.pre.set)
    r.to_host = slice_str(t->conn->primary_ip);
  r.to_port = r.port = f->data_port;
  r.tls = false;
  *out_route = r;
  return SL_OK;
}

sl_result sl_ftp_data_connect(struct transfer *t, struct ftp_xfer *x)
{
  struct route route;
  int32_t ms = t->easy->set.io.connecttimeout_ms;
  sl_result rc = SL_OK;
  if (!x->dial) {
    sl_ftp_data_drop(t, x, false);
    rc = data_route(t, &x->f, &route);
    if (!rc)
      rc = sl_judge_route(t, &route, GATE_FTP_DATA);
    if (!rc)
      rc = sl_dial_data(t, &route, &x->dial);
  }
  if (!rc)
    rc = sl_dial_step(x->dial);
  if (rc == SL_WAIT && sl_dialogue_deadline(t, ms ? ms : CONNECT_TIMEOUT_MS) == SL_WAIT)
    return rc;
  if (rc == SL_WAIT)
    rc = sl_fail(t, CURLE_OPERATION_TIMEDOUT, "The data connection timed out");
  if (!rc && x->dial->redial)
    rc = sl_fail(t, CURLE_COULDNT_CONNECT, "The proxy did not let the data connection through");
  if (rc) {
    sl_ftp_data_drop(t, x, false);
    return rc;
  }
  x->data = x->dial->conn;
  sl_dial_free(x->dial);
  x->dial = NULL;
  return SL_OK;
}

/* ---- active ---- */

static void somebody_came(struct watch *w, unsigned ready)
{
  (void)ready;
  sl_transfer_run(w->owner);
}

struct transfer *sl_ftp_of_watch(const struct watch *w)
{
  return w->fn == somebody_came ? w->owner : NULL;
}

sl_result sl_ftp_data_listen(struct transfer *t, struct ftp_xfer *x)
{
  if (!x->asked)
    sl_ftp_data_drop(t, x, false);
  sl_watch_init(&x->listen_watch, somebody_came, t);
  sl_result rc = sl_ftp_listen(t, x);
  if (rc == SL_WAIT)
    return rc;
  if (!rc && !sl_watch_add(&t->multi->reactor, &x->listen_watch, x->listener.fd))
    rc = SL_NOMEM;
  if (rc)
    close_listener(t, x);
  return rc;
}

/* SL_WAIT: nobody has come yet. SLUICEOPT_FTP_SAME_PEER, and wherever a policy is set: nobody but the server may send
 * the data. */
static sl_result accept_one(struct transfer *t, struct ftp_xfer *x)
{
  struct gate_socket sock;
  struct gate_addr peer;
  struct gate_ask ask = sl_transfer_ask(t, GATE_ACCEPT, t->host);
  bool server_only = t->easy->set.gate->ftp_same_peer || sl_gate_guarded(&ask);
  sl_result rc = sl_gate_accept(&ask, &x->listener, server_only ? &t->conn->tcp->peer.sa : NULL, &sock, &peer);
  if (rc)
    return rc;
  struct conn *c = sl_conn_new(t->multi, t->conn->pool);
  if (!c) {
    sl_gate_close(&sock, &t->multi->callback_depth);
    return SL_NOMEM;
  }
  x->data = c;
  c->xfer = t;
  struct tcp *tcp = sl_tcp_new(&t->multi->reactor, sock, &peer, &t->multi->callback_depth);
  if (!tcp)
    return SL_NOMEM;
  sl_conn_take_tcp(c, tcp);
  close_listener(t, x);
  return sl_stream_step(c->top);
}

/* A refusal on the control connection comes instead of the data connection. */
static sl_result refused(struct transfer *t, struct ftp_xfer *x)
{
  struct ftp *f = &x->f;
  sl_result rc = f->talk.has_reply ? SL_WAIT : sl_dialogue_read(t, &x->dialogue);
  if (rc || f->code < 400)
    return rc > 0 ? rc : SL_WAIT;
  rc = accept_one(t, x); /* it may have come and gone before the reply, between two looks of ours */
  if (rc != SL_WAIT)
    return rc;
  f->talk.has_reply = f->session->broken = false;
  return sl_fail(t, CURLE_FTP_ACCEPT_FAILED, "Error while waiting for the server to connect: %03d", f->code);
}

static sl_result await_server(struct transfer *t, struct ftp_xfer *x)
{
  int64_t before_us = t->expect_us;
  int32_t ms = t->easy->set.ftp->accepttimeout_ms;
  sl_result rc = accept_one(t, x);
  if (rc == SL_WAIT)
    rc = refused(t, x);
  if (!t->expect_us)
    t->expect_us = before_us; /* a reply has ended the time that was running */
  if (rc == SL_WAIT && !sl_dialogue_deadline(t, ms ? ms : ACCEPT_TIMEOUT_MS))
    return sl_fail(t, CURLE_FTP_ACCEPT_TIMEOUT, "Accept timeout occurred while waiting for the server to connect");
  return rc;
}

/* ---- the body ---- */

static sl_result data_error(struct transfer *t, struct ftp_xfer *x, sl_result rc)
{
  int err = x->data->tcp->err;
  t->easy->info.os_errno = err;
  return sl_fail(t, rc, rc == CURLE_SEND_ERROR ? "Send failure: %s" : "Recv failure: %s", strerror(err));
}

static size_t room_for(const struct ftp *f)
{
  int64_t left = f->limit >= 0 ? f->limit - f->moved : SL_SCRATCH_BYTES;
  return left < SL_SCRATCH_BYTES ? (size_t)left : SL_SCRATCH_BYTES;
}

/* RFC 959 3.1.1.1: lines end in CRLF on the way, and here as they do on this system. In place: it gets shorter. */
static sl_result take_text(struct transfer *t, struct ftp_xfer *x, struct slice in)
{
  char *p = (char *)(uintptr_t)in.p;
  size_t n = 0;
  for (size_t i = 0; i < in.n; i++) {
    bool has_come = x->after_cr && p[i] == '\n';
    x->after_cr = p[i] == '\r';
    if (!has_come)
      p[n++] = x->after_cr ? '\n' : p[i];
  }
  t->progress.dl_now += (int64_t)(in.n - n); /* what came is counted */
  return n ? sl_body_take(t, slice_of(p, n)) : SL_OK;
}

static sl_result download(struct transfer *t, struct ftp_xfer *x)
{
  struct ftp *f = &x->f;
  struct slice in;
  if (!room_for(f)) /* a range of nothing */
    x->ended = f->stopped = true;
  for (int round = 0; round < ROUNDS && !x->ended; round++) {
    if (t->paused & CURLPAUSE_RECV)
      return SL_WAIT;
    size_t most = sl_body_allow(t, room_for(f));
    if (!most)
      return SL_WAIT;
    sl_result rc = sl_conn_fill(x->data, most, &in);
    if (rc)
      return rc > 0 ? data_error(t, x, rc) : rc;
    t->progress.recv.bytes += (int64_t)in.n;
    f->moved += (int64_t)in.n;
    if (f->total >= 0 && f->limit < 0 && f->moved > f->total) { /* the file has grown since its size was told */
      in = slice_head(in, in.n - (size_t)(f->moved - f->total));
      f->moved = f->total;
      x->ended = true;
    }
    f->stopped = f->limit >= 0 && f->moved >= f->limit;
    x->ended = x->ended || !in.n || f->stopped;
    if (f->collect && in.n)
      rc = sl_buf_add(&x->list, in) ? SL_OK : sl_buf_result(&x->list, CURLE_FTP_BAD_FILE_LIST);
    else if (in.n)
      rc = f->session->type == 'A' ? take_text(t, x, in) : sl_body_take(t, in);
    if (rc)
      return rc;
  }
  if (x->ended)
    return SL_OK;
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

/* Closing while something is unread (session tickets, the peer's close_notify) would reset the connection, and the
 * server would take the upload for broken off: with TLS both say that this is the end. */
static sl_result end_upload(struct transfer *t, struct ftp_xfer *x)
{
  enum { MOMENT_MS = 1000 };
  struct slice ignored;
  if (!x->data->is_tls)
    return SL_OK;
  if (!x->said_bye)
    sl_stream_shutdown(x->data->top);
  x->said_bye = true;
  for (int round = 0; round < ROUNDS && !x->data->shut; round++) {
    sl_result rc = sl_conn_fill(x->data, SL_SCRATCH_BYTES, &ignored);
    if (rc == SL_WAIT && sl_dialogue_deadline(t, MOMENT_MS) == SL_WAIT)
      return rc;
    if (rc)
      break;
  }
  x->data->shut = true;
  return SL_OK;
}

static sl_result upload(struct transfer *t, struct ftp_xfer *x)
{
  sl_result rc = sl_upload_step(t, x->data, &x->up);
  return rc ? rc : end_upload(t, x);
}

static void choose_source(struct transfer *t, const struct ftp *f)
{
  const struct io_config *io = &t->easy->set.io;
  int64_t size = io->infilesize;
  if (size >= 0 && f->resume_from > 0)
    size = size > f->resume_from ? size - f->resume_from : 0;
  sl_source_callback(&t->source, io->readfunction, io->readdata, size);
  t->source.crlf = io->crlf || f->ascii;
  t->progress.ul_total = size;
}

/* The part of the upload that the server has: sought past if the application can, else read and dropped. */
sl_result sl_ftp_data_skip(struct transfer *t, struct ftp_xfer *x)
{
  const struct io_config *io = &t->easy->set.io;
  size_t n = 0;
  if (!x->skip_left) {
    int sought = CURL_SEEKFUNC_CANTSEEK;
    if (io->seekfunction) {
      t->multi->callback_depth++;
      sought = io->seekfunction(io->seekdata, x->f.resume_from, SEEK_SET);
      t->multi->callback_depth--;
    }
    if (sought == CURL_SEEKFUNC_OK)
      return SL_OK;
    if (sought != CURL_SEEKFUNC_CANTSEEK)
      return sl_fail(t, CURLE_FTP_COULDNT_USE_REST, "Could not seek stream");
    x->skip_left = x->f.resume_from;
    sl_source_callback(&t->source, io->readfunction, io->readdata, -1);
  }
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  while (x->skip_left) {
    size_t most = x->skip_left < SL_SCRATCH_BYTES ? (size_t)x->skip_left : SL_SCRATCH_BYTES;
    sl_result rc = sl_source_read(t, scratch, most, &n);
    if (rc)
      return rc;
    if (!n)
      return sl_fail(t, CURLE_FTP_COULDNT_USE_REST, "Failed to read data");
    x->skip_left -= (int64_t)n;
  }
  return SL_OK;
}

static sl_result begin_move(struct transfer *t, struct ftp_xfer *x)
{
  struct ftp *f = &x->f;
  sl_result rc = SL_OK;
  if (!x->data)
    rc = x->listener.fd >= 0 ? await_server(t, x) : CURLE_FTP_COULDNT_RETR_FILE;
  if (!rc && f->session->protect_data && !x->data->is_tls)
    rc = sl_dialogue_secure(t, &x->dialogue, x->data);
  if (rc)
    return rc;
  x->moving = true;
  t->expect_us = 0;
  if (f->upload) {
    choose_source(t, f);
  } else if (f->total >= 0 && !f->wildcard) {
    t->progress.dl_total = t->easy->info.content_length_download = f->total;
  }
  return SL_OK;
}

sl_result sl_ftp_data_move(struct transfer *t, struct ftp_xfer *x)
{
  sl_result rc = x->moving ? SL_OK : begin_move(t, x);
  if (!rc)
    rc = x->f.upload ? upload(t, x) : download(t, x);
  if (rc == SL_WAIT)
    return rc;
  sl_ftp_data_drop(t, x, !rc);
  return rc ? rc : sl_sink_end(t);
}

/* ---- who waits for what ---- */

void sl_ftp_data_wants(struct transfer *t, struct ftp_xfer *x)
{
  struct conn *c = x->dial ? x->dial->conn : x->data;
  unsigned want = 0;
  if (x->listener.fd >= 0)
    sl_watch_want(&t->multi->reactor, &x->listen_watch, x->f.talk.request == FTP_TRANSFER ? WATCH_IN : 0);
  if (!c || !c->tcp)
    return;
  if (x->dial)
    want = sl_dial_want(x->dial);
  else if (x->f.talk.request == FTP_TRANSFER && !t->rate_us)
    want = sl_stream_want(c->top);
  if (t->paused & CURLPAUSE_RECV && !x->f.upload)
    want &= ~(unsigned)WATCH_IN;
  if (t->paused & CURLPAUSE_SEND && x->f.upload && !x->up.pending.n)
    want &= ~(unsigned)WATCH_OUT;
  sl_conn_want(c, want);
}
