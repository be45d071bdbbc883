/* WebSocket: what is sent; see ws.h.
 *
 * A running transfer owns what it has taken from the application. A held connection does not: bytes that the socket did
 * not take are not reported as sent, and come again in the application's next call. Masked anew from the same place they
 * are the same bytes, which is what TLS asks for. */
#include "loop/scratch.h"
#include "sys/random.h"
#include "xfer/body.h"
#include "xfer/ws.h"

enum { ROUNDS = 32, QUEUE_MAX = 8 * 1024 * 1024, MESSAGE_MAX = 1 << 29, CONTROL = CURLWS_CLOSE | CURLWS_PING | CURLWS_PONG };

/* 0: not now, or no random bytes. */
static size_t begin(struct ws_encoder *e, unsigned flags, int64_t size, char head[WS_HEAD_MAX])
{
  uint8_t mask[4];
  return sl_random_bytes(mask, sizeof mask) ? sl_ws_begin(e, flags, size, mask, head) : 0;
}

/* A failure leaves what is in the buffer, and the buffer usable. */
static sl_result reserve(struct buf *dst, size_t more)
{
  sl_result rc = sl_buf_reserve(dst, more) ? SL_OK : sl_buf_result(dst, CURLE_TOO_LARGE);
  dst->nomem = dst->full = false;
  return rc;
}

static sl_result append_raw(struct buf *dst, struct slice data)
{
  sl_result rc = reserve(dst, data.n);
  if (!rc)
    sl_buf_add(dst, data);
  return rc;
}

static sl_result append(struct ws_encoder *e, struct buf *dst, struct slice data)
{
  sl_result rc = data.n ? reserve(dst, data.n) : SL_OK;
  if (rc || !data.n)
    return rc;
  sl_ws_encode(e, data, dst->p + dst->n);
  dst->n += (uint32_t)data.n;
  dst->p[dst->n] = 0;
  sl_ws_sent(e, data.n);
  return SL_OK;
}

static sl_result append_head(struct ws_encoder *e, struct buf *dst, unsigned flags, int64_t size)
{
  char head[WS_HEAD_MAX];
  sl_result rc = reserve(dst, sizeof head);
  size_t n = rc ? 0 : begin(e, flags, size, head);
  if (n)
    sl_buf_append(dst, head, n);
  return rc || n ? rc : CURLE_BAD_FUNCTION_ARGUMENT;
}

static sl_result append_frame(struct ws_encoder *e, struct buf *dst, unsigned flags, struct slice data)
{
  sl_result rc = reserve(dst, WS_HEAD_MAX + data.n);
  if (!rc)
    rc = append_head(e, dst, flags, (int64_t)data.n);
  return rc ? rc : append(e, dst, data);
}

static sl_result flush(struct ws *w, struct stream *s)
{
  while (w->out_at < w->out.n) {
    size_t n = 0;
    sl_result rc = sl_stream_write(s, slice_from(sl_buf_peek(&w->out), w->out_at), &n);
    if (rc)
      return rc;
    w->out_at += (uint32_t)n;
  }
  sl_buf_done(&w->out);
  w->out_at = 0;
  return SL_OK;
}

sl_result sl_ws_push(struct ws *w, struct stream *s)
{
  for (;;) {
    sl_result rc = flush(w, s);
    if (rc || w->sender != WS_NOBODY)
      return rc;
    if (w->pong_due && !w->close_sent) {
      rc = append_frame(&w->enc, &w->out, CURLWS_PONG, slice_of(w->pong, w->pong_n));
      if (rc)
        return rc;
      w->pong_due = false;
    } else if (w->next.n) {
      w->out = w->next;
      w->next = (struct buf){.max = w->out.max};
    } else {
      return SL_OK;
    }
  }
}

/* 5.5.1: the status code comes back. */
sl_result sl_ws_reply_close(struct ws *w)
{
  if (w->close_sent || w->sender != WS_NOBODY || w->send_failed)
    return SL_OK;
  w->close_sent = true;
  return append_frame(&w->enc, &w->out, CURLWS_CLOSE, slice_of(w->control, w->control_n < 2 ? 0 : 2));
}

/* ---- a running transfer ---- */

static void frame_moved(struct ws *w)
{
  if (!w->enc.left)
    w->sender = WS_NOBODY;
}

/* A frame in several calls: the first one tells its size. */
static sl_result queue_part(struct ws *w, struct slice data, int64_t size, unsigned flags)
{
  sl_result rc = SL_OK;
  if (w->sender == WS_READER || w->next.n)
    return SL_WAIT;
  if (w->sender == WS_NOBODY) {
    if ((int64_t)data.n > size)
      return CURLE_BAD_FUNCTION_ARGUMENT;
    rc = append_head(&w->enc, &w->out, flags, size);
    if (rc)
      return rc;
    w->sender = WS_APP;
    w->kind = (uint8_t)flags;
  } else if (size || (flags && flags != w->kind) || (int64_t)data.n > w->enc.left) {
    return CURLE_BAD_FUNCTION_ARGUMENT;
  }
  rc = append(&w->enc, &w->out, data);
  frame_moved(w);
  return rc;
}

/* Behind the reader's frame if there is one. */
static sl_result queue_whole(struct ws *w, struct slice data, unsigned flags)
{
  if (w->sender == WS_APP)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (w->sender == WS_NOBODY && !w->next.n)
    return append_frame(&w->enc, &w->out, flags, data);
  struct ws_encoder e = {.message = w->enc.message};
  sl_result rc = append_frame(&e, &w->next, flags, data);
  w->enc.message = e.message;
  return rc;
}

/* A message may be large, but not wait behind others then. */
static bool is_too_much(const struct ws *w, size_t more)
{
  size_t queued = (size_t)w->out.n + w->next.n;
  return queued && queued + more > QUEUE_MAX;
}

sl_result sl_ws_send_queued(struct transfer *t, struct ws *w, struct slice data, int64_t size, unsigned flags,
                            size_t *out_n)
{
  sl_result rc;
  if (w->send_failed || (w->close_sent && !w->raw))
    return CURLE_SEND_ERROR;
  if (data.n > MESSAGE_MAX)
    return CURLE_TOO_LARGE;
  if (is_too_much(w, data.n)) {
    rc = sl_ws_push(w, t->conn->top);
    if (rc || is_too_much(w, data.n))
      return rc ? rc : SL_WAIT;
  }
  if (w->raw)
    rc = append_raw(&w->out, data);
  else if (flags & CURLWS_OFFSET)
    rc = queue_part(w, data, size, flags & ~(unsigned)CURLWS_OFFSET);
  else
    rc = queue_whole(w, data, flags);
  if (rc)
    return rc;
  w->close_sent = w->close_sent || (!w->raw && flags & CURLWS_CLOSE);
  rc = sl_ws_push(w, t->conn->top);
  if (rc)
    sl_transfer_wake(t); /* which meets the same error, or waits for room */
  if (rc == CURLE_SEND_ERROR)
    return rc;
  *out_n = data.n;
  t->progress.ul_now += (int64_t)data.n;
  return SL_OK;
}

sl_result sl_ws_start_frame(struct ws *w, unsigned flags, int64_t size)
{
  if (w->sender != WS_NOBODY || w->next.n || !w->upload || w->send_failed || w->close_sent)
    return CURLE_SEND_ERROR;
  sl_result rc = append_head(&w->enc, &w->out, flags, size);
  if (rc)
    return rc;
  w->frame_started = true;
  w->sender = size ? WS_READER : WS_NOBODY;
  w->close_sent = w->close_sent || flags & CURLWS_CLOSE;
  return SL_OK;
}

/* What the read callback gave, as a frame of its own or as a part of the one that it has begun. */
static sl_result take_upload(struct transfer *t, struct ws *w, struct slice data)
{
  if (w->raw)
    return append_raw(&w->out, data);
  if (w->sender == WS_NOBODY)
    return append_frame(&w->enc, &w->out, CURLWS_BINARY, data);
  if ((int64_t)data.n > w->enc.left)
    return sl_fail(t, CURLE_READ_ERROR, "The read function gave more than the frame that it has begun");
  sl_result rc = append(&w->enc, &w->out, data);
  frame_moved(w);
  return rc;
}

static sl_result read_end(struct transfer *t, struct ws *w)
{
  if (w->frame_started) { /* no end: what it had to say is that frame */
    t->source.eof = false;
    return SL_OK;
  }
  if (w->sender == WS_READER)
    return sl_fail(t, CURLE_READ_ERROR, "The read function ended within a frame");
  w->upload_done = true;
  return SL_OK;
}

sl_result sl_ws_upload(struct transfer *t)
{
  struct ws *w = sl_ws_of(t);
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  for (int round = 0; round < ROUNDS; round++) {
    size_t n = 0, most = (size_t)t->easy->set.io.upload_buffersize;
    if (w->upload_done || w->sender == WS_APP || (w->close_sent && w->sender == WS_NOBODY))
      return SL_OK;
    most = sl_body_allow_up(t, most < SL_SCRATCH_BYTES ? most : SL_SCRATCH_BYTES);
    if (!most)
      return SL_OK;
    if (w->sender == WS_READER && (int64_t)most > w->enc.left)
      most = (size_t)w->enc.left;
    w->frame_started = false;
    sl_result rc = sl_source_read(t, scratch, most, &n);
    if (!rc)
      rc = n ? take_upload(t, w, slice_of(scratch, n)) : read_end(t, w);
    t->progress.ul_now += (int64_t)n;
    t->progress.send.bytes += (int64_t)n;
    if (rc > 0)
      return rc;
    sl_result pushed = sl_ws_push(w, t->conn->top);
    if (rc || pushed)
      return pushed > 0 ? pushed : SL_WAIT;
  }
  sl_transfer_wake(t);
  return SL_WAIT;
}

/* ---- a held connection ---- */

/* Whatever of a small frame the socket does not take is kept: it is all or nothing for the application. */
static sl_result send_small(struct conn *c, struct ws *w, struct slice data, unsigned flags)
{
  sl_result rc = append_frame(&w->enc, &w->out, flags, data);
  if (rc)
    return rc;
  rc = sl_ws_push(w, c->top);
  return rc > 0 ? rc : SL_OK;
}

/* One write: what is left of the head and payload behind it. */
static sl_result write_piece(struct conn *c, struct ws *w, struct slice data, char *scratch, size_t *out_n)
{
  size_t head = (size_t)(w->head_n - w->head_at), n = 0;
  if (data.n > SL_SCRATCH_BYTES - head)
    data.n = SL_SCRATCH_BYTES - head;
  memcpy(scratch, w->head + w->head_at, head);
  sl_ws_encode(&w->enc, data, scratch + head);
  sl_result rc = sl_stream_write(c->top, slice_of(scratch, head + data.n), &n);
  if (rc)
    return rc;
  size_t of_head = n < head ? n : head;
  w->head_at = (uint8_t)(w->head_at + of_head);
  sl_ws_sent(&w->enc, n - of_head);
  *out_n = n - of_head;
  return SL_OK;
}

static sl_result write_payload(struct conn *c, struct ws *w, struct slice data, size_t *out_n)
{
  char *scratch = sl_scratch_get();
  sl_result rc = scratch ? SL_OK : SL_NOMEM;
  while (!rc && *out_n < data.n) {
    size_t n = 0;
    rc = write_piece(c, w, slice_from(data, *out_n), scratch, &n);
    *out_n += n;
  }
  sl_scratch_put(scratch);
  if (!w->enc.left)
    w->sender = WS_NOBODY;
  return rc == SL_WAIT && *out_n ? SL_OK : rc;
}

/* The frame that data belongs to: a new one, or the one that is on its way. */
static sl_result open_frame(struct ws *w, struct slice data, int64_t size, unsigned flags)
{
  unsigned kind = flags & ~(unsigned)CURLWS_OFFSET;
  if (w->sender == WS_APP) {
    bool same = flags == w->kind || (flags == CURLWS_OFFSET && w->kind & CURLWS_OFFSET);
    return same && (int64_t)data.n <= w->enc.left ? SL_OK : CURLE_BAD_FUNCTION_ARGUMENT;
  }
  if ((int64_t)data.n > size)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  w->head_at = 0;
  w->head_n = (uint8_t)begin(&w->enc, kind, size, w->head);
  if (!w->head_n)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  w->sender = WS_APP;
  w->kind = (uint8_t)flags;
  return SL_OK;
}

sl_result sl_ws_send(struct conn *c, struct ws *w, struct slice data, int64_t size, unsigned flags, size_t *out_n)
{
  bool part = flags & CURLWS_OFFSET;
  unsigned kind = flags & ~(unsigned)CURLWS_OFFSET;
  sl_result rc = sl_ws_push(w, c->top);
  if (rc)
    return rc;
  if (w->raw)
    return sl_stream_write(c->top, data, out_n);
  if (w->close_sent)
    return CURLE_SEND_ERROR; /* 5.5.1 */
  if (!part)
    size = (int64_t)data.n;
  if (w->sender == WS_NOBODY && (!size || kind & CONTROL)) {
    if ((int64_t)data.n != size)
      return CURLE_BAD_FUNCTION_ARGUMENT;
    rc = send_small(c, w, data, kind);
    *out_n = rc ? 0 : data.n;
    w->close_sent = w->close_sent || (!rc && kind & CURLWS_CLOSE);
    return rc;
  }
  rc = open_frame(w, data, size, flags);
  if (!rc)
    rc = write_payload(c, w, data, out_n);
  if (!rc && w->pong_due)
    (void)sl_ws_push(w, c->top);
  return rc;
}
