/* WebSocket: what arrives; see ws.h. RFC 6455 sections 5 and 7. */
#include "loop/scratch.h"
#include "xfer/body.h"
#include "xfer/ws.h"

enum {
  ROUNDS = 32,     /* reads before others get their turn */
  HELD_READ = 4096 /* bytes that curl_ws_recv() asks for at least */
};

/* A PING that we answer is none of the application's business. */
static bool is_ours(const struct ws *w, unsigned flags)
{
  return flags == CURLWS_PING && !w->no_pong;
}

/* PING and CLOSE are remembered: their answers repeat some of them. */
static void take_control(struct ws *w, const struct ws_piece *p)
{
  if (!(p->flags & (CURLWS_PING | CURLWS_CLOSE)))
    return;
  if (!p->offset)
    w->control_n = 0;
  memcpy(w->control + w->control_n, p->data.p, p->data.n);
  w->control_n = (uint8_t)(w->control_n + p->data.n);
  if (p->left)
    return;
  if (p->flags & CURLWS_CLOSE) {
    w->close_seen = true;
  } else if (is_ours(w, p->flags)) {
    memcpy(w->pong, w->control, w->control_n);
    w->pong_n = w->control_n;
    w->pong_due = true;
  }
}

static void note(struct ws *w, const struct ws_piece *p)
{
  w->meta = (struct curl_ws_frame){
      .flags = (int)p->flags, .offset = p->offset, .bytesleft = p->left, .len = p->data.n};
}

/* ---- a running transfer ---- */

static sl_result deliver(struct transfer *t, struct ws *w, struct slice data)
{
  w->delivering = !w->raw;
  sl_result rc = sl_sink_frame(t, data);
  w->delivering = false;
  return rc;
}

static sl_result parse_raw(struct transfer *t, struct ws *w, struct slice *in)
{
  while (in->n) {
    struct slice piece = slice_head(*in, CURL_MAX_WRITE_SIZE);
    sl_result rc = deliver(t, w, piece);
    if (rc)
      return rc;
    *in = slice_from(*in, piece.n);
    t->progress.dl_now += (int64_t)piece.n;
    if (t->paused & CURLPAUSE_RECV)
      return SL_WAIT;
  }
  return SL_WAIT;
}

/* SL_OK: CLOSE. A piece that the application does not take stays in *in. */
static sl_result parse_frames(struct transfer *t, struct ws *w, struct slice *in)
{
  for (;;) {
    struct ws_piece p;
    struct ws_decoder before = w->in;
    struct slice at = *in;
    enum ws_event e = sl_ws_next(&w->in, in, CURL_MAX_WRITE_SIZE, &p);
    if (e == WS_BAD)
      return sl_fail(t, CURLE_RECV_ERROR, "WebSocket: %s", w->in.error);
    if (e == WS_MORE)
      return SL_WAIT;
    if (!is_ours(w, p.flags)) {
      note(w, &p);
      sl_result rc = deliver(t, w, p.data);
      if (rc == SL_WAIT) {
        w->in = before;
        *in = at;
      }
      if (rc)
        return rc;
      t->progress.dl_now += (int64_t)p.data.n;
    }
    take_control(w, &p);
    if (w->close_seen)
      return SL_OK;
    if (t->paused & CURLPAUSE_RECV)
      return SL_WAIT;
  }
}

static sl_result closed(struct transfer *t, const struct ws *w)
{
  if (sl_ws_payload_left(&w->in) || w->in.head_n)
    return sl_fail(t, CURLE_RECV_ERROR, "WebSocket: the connection was closed within a frame");
  if (!w->got_bytes)
    return sl_fail(t, CURLE_GOT_NOTHING, "Empty reply from server");
  return SL_OK;
}

static sl_result fill(struct transfer *t, struct ws *w, struct slice *in)
{
  size_t before = t->conn->in.n, most = sl_body_allow(t, SL_SCRATCH_BYTES);
  if (!most)
    return SL_WAIT;
  sl_result rc = sl_conn_fill(t->conn, most, in);
  if (rc > 0) {
    t->easy->info.os_errno = t->conn->tcp->err;
    t->conn->shut = true;
    return sl_fail(t, rc, "Recv failure: %s", sl_conn_why(t->conn));
  }
  if (rc)
    return rc;
  t->progress.recv.bytes += (int64_t)(in->n - before);
  w->got_bytes = w->got_bytes || in->n;
  return SL_OK;
}

sl_result sl_ws_receive(struct transfer *t)
{
  struct ws *w = sl_ws_of(t);
  struct slice in = sl_buf_peek(&t->conn->in); /* from behind the handshake, or kept in a pause */
  w->got_bytes = w->got_bytes || in.n;
  for (int round = 0; round < ROUNDS; round++) {
    if (!in.n) {
      sl_result rc = fill(t, w, &in);
      if (rc)
        return rc;
      if (t->conn->shut)
        return closed(t, w);
    }
    sl_result rc = w->raw ? parse_raw(t, w, &in) : parse_frames(t, w, &in);
    sl_result kept = sl_conn_keep(t->conn, in);
    if (rc <= 0 && kept)
      return kept;
    if (rc != SL_WAIT || t->paused & CURLPAUSE_RECV)
      return rc;
    in = SLICE_NONE;
  }
  sl_transfer_wake(t);
  return SL_WAIT;
}

/* ---- a held connection ---- */

/* Payload goes straight to where it is wanted; else a little more than is asked for, for the heads. */
static sl_result read_held(struct conn *c, struct ws *w, struct slice room, char *scratch, struct slice *out_in)
{
  char *dst = scratch;
  size_t n = 0, most = room.n > HELD_READ ? room.n : HELD_READ;
  int64_t left = sl_ws_payload_left(&w->in);
  if (most > SL_SCRATCH_BYTES)
    most = SL_SCRATCH_BYTES;
  if (w->raw || (left && !is_ours(w, w->in.flags) && room.n)) {
    dst = (char *)(uintptr_t)room.p;
    most = !w->raw && left < (int64_t)room.n ? (size_t)left : room.n;
  }
  sl_result rc = sl_stream_read(c->top, dst, most, &n);
  if (!rc && !n)
    rc = CURLE_GOT_NOTHING;
  *out_in = slice_of(dst, n);
  return rc;
}

static void copy(char *dst, struct slice src)
{
  if (src.n && src.p != dst)
    memmove(dst, src.p, src.n);
}

/* From *in into dst, one frame at the most. SL_WAIT: more is needed. */
static sl_result take_held(struct ws *w, struct slice *in, char *dst, size_t cap, size_t *n)
{
  if (w->raw) {
    struct ws_piece all = {.data = slice_head(*in, cap)};
    copy(dst, all.data);
    *in = slice_from(*in, all.data.n);
    *n = all.data.n;
    note(w, &all);
    return SL_OK;
  }
  for (;;) {
    struct ws_piece p;
    size_t most = w->in.head_n == w->in.head_need && is_ours(w, w->in.flags) ? WS_CONTROL_MAX : cap - *n;
    enum ws_event e = sl_ws_next(&w->in, in, most, &p);
    if (e == WS_BAD)
      return CURLE_RECV_ERROR;
    if (e == WS_MORE)
      return SL_WAIT;
    take_control(w, &p);
    if (is_ours(w, p.flags))
      continue;
    copy(dst + *n, p.data);
    if (*n) { /* more of the same frame */
      w->meta.len += p.data.n;
      w->meta.bytesleft = p.left;
    } else {
      note(w, &p);
    }
    *n += p.data.n;
    if (!p.left || *n == cap)
      return SL_OK;
  }
}

static sl_result recv_held(struct conn *c, struct ws *w, char *scratch, char *dst, size_t cap, size_t *n)
{
  struct slice in = sl_buf_peek(&c->in);
  for (int round = 0; round < ROUNDS; round++) {
    sl_result rc = in.n ? SL_OK : read_held(c, w, slice_of(dst + *n, cap - *n), scratch, &in);
    if (rc)
      return rc;
    rc = take_held(w, &in, dst, cap, n);
    sl_result kept = sl_conn_keep(c, in);
    if (kept || rc != SL_WAIT)
      return kept ? kept : rc;
    in = SLICE_NONE;
  }
  return SL_WAIT;
}

sl_result sl_ws_recv(struct conn *c, struct ws *w, char *dst, size_t cap, size_t *out_n)
{
  size_t n = 0;
  if (w->close_seen && !w->raw)
    return CURLE_GOT_NOTHING; /* nothing can follow */
  if (w->raw && !cap)
    return SL_WAIT; /* there is nothing to be told of */
  char *scratch = sl_scratch_get();
  if (!scratch)
    return SL_NOMEM;
  sl_result rc = w->failed ? w->failed : recv_held(c, w, scratch, dst, cap, &n);
  sl_scratch_put(scratch);
  if (rc > 0)
    w->failed = rc;
  if (w->pong_due)
    (void)sl_ws_push(w, c->top); /* what fails here fails again in curl_ws_send() */
  *out_n = n;
  return n ? SL_OK : rc; /* what came before an error goes first */
}
