/* What passes over a transfer's stream on an HTTP/2 connection: the session's events become those of HTTP/1, delivered
 * within its callbacks or kept while the application does not want them; and the body that goes the other way. */
#include "base/text.h"
#include "proto/h2_head.h"
#include "xfer/http2.h"
#include "xfer/http2_exchange.h"
#include "xfer/http2_push.h"
#include "xfer/transfer.h"

enum { MAX_TRAILERS = 256 * 1024 };

/* ---- what arrives: delivered, or kept while the application does not want it ---- */

enum piece { PIECE_STATUS, PIECE_FIELD, PIECE_HEAD_END, PIECE_TRAILER, PIECE_DATA };

struct piece_head {
  uint32_t n;
  uint16_t status; /* PIECE_STATUS */
  uint8_t kind;    /* enum piece */
};

static struct exchange *of(struct h2_exchange *x)
{
  return LIST_ENTRY(x, struct exchange, x);
}

static void give_up(struct exchange *x, sl_result rc)
{
  if (!x->result)
    x->result = rc;
  sl_transfer_wake(x->t);
}

static sl_result take_status(struct transfer *t, uint16_t status, struct slice line)
{
  struct http1 *p = &t->http.parser;
  sl_http1_init(p);
  p->status = status;
  p->major = 2;
  p->minor = 0;
  sl_http_first_bytes(t);
  t->h2->h->served = true;
  return sl_http_on_status(t, line);
}

static sl_result take(struct transfer *t, struct piece_head head, struct slice bytes)
{
  switch (head.kind) {
  case PIECE_STATUS:
    return take_status(t, head.status, bytes);
  case PIECE_FIELD:
    return sl_http_on_header(t, bytes);
  case PIECE_HEAD_END:
    return sl_http_on_head_end(t, bytes);
  case PIECE_TRAILER:
    return sl_http_on_trailer(t, bytes);
  default:
    return sl_http_on_body(t, bytes);
  }
}

/* How much of it may be delivered now? Only data is ever limited. */
static size_t allowed(struct exchange *x, struct piece_head head, size_t n)
{
  struct transfer *t = x->t;
  int64_t when_us = 0;
  if (t->paused & CURLPAUSE_RECV || !t->http.head_sent || sl_sink_blocked(&t->sink))
    return 0; /* a pushed one may not have begun, or what came before is still to be delivered */
  if (head.kind != PIECE_DATA || !t->easy->set.io.max_recv_speed)
    return n ? n : 1;
  int64_t allow = sl_rate_allow(t, &t->progress.recv, t->easy->set.io.max_recv_speed, &when_us);
  if (!allow)
    t->rate_us = when_us;
  return allow < (int64_t)n ? (size_t)allow : n;
}

static sl_result deliver(struct exchange *x, struct piece_head head, struct slice bytes)
{
  struct transfer *t = x->t;
  bool was_running = t->running;
  t->running = true; /* the application's callbacks run: the handle stays */
  sl_result rc = take(t, head, bytes);
  t->running = was_running;
  if (head.kind == PIECE_DATA && rc <= 0) {
    t->progress.recv.bytes += (int64_t)bytes.n;
    sl_h2_consume(&x->x, bytes.n);
  }
  if (rc > 0 && !x->result)
    x->result = rc;
  return rc;
}

static void keep(struct exchange *x, struct piece_head head, struct slice bytes)
{
  head.n = (uint32_t)bytes.n;
  if (x->queue_at > x->queue.n / 2) {
    sl_buf_drop(&x->queue, x->queue_at);
    x->queue_at = 0;
  }
  sl_buf_append(&x->queue, &head, sizeof head);
  sl_buf_add(&x->queue, bytes);
  sl_result rc = sl_buf_result(&x->queue, CURLE_TOO_LARGE);
  if (rc)
    give_up(x, rc);
}

static void put(struct exchange *x, struct piece_head head, struct slice bytes)
{
  struct transfer *t = x->t;
  if (x->result)
    return;
  size_t n = x->queue.n ? 0 : allowed(x, head, bytes.n);
  if (n) {
    sl_result rc = deliver(x, head, slice_head(bytes, n));
    if (rc > 0 || sl_progress_wanted(t))
      sl_transfer_wake(t);
    if (rc > 0 || n >= bytes.n)
      return;
  }
  bool first = !x->queue.n;
  keep(x, head, slice_from(bytes, n));
  if (first)
    sl_transfer_wake(t); /* its step sees when to go on */
}

/* SL_OK: nothing is kept any more. */
sl_result sl_http2_replay(struct exchange *x)
{
  struct piece_head head;
  while (x->queue_at < x->queue.n && !x->result) {
    memcpy(&head, x->queue.p + x->queue_at, sizeof head);
    struct slice bytes = slice_of(x->queue.p + x->queue_at + sizeof head, head.n);
    size_t n = allowed(x, head, bytes.n);
    if (!n)
      return SL_WAIT;
    if (n < bytes.n) { /* the rest becomes a piece of its own, in the room of what has gone */
      sl_result rc = deliver(x, head, slice_head(bytes, n));
      head.n -= (uint32_t)n;
      x->queue_at += (uint32_t)n;
      memcpy(x->queue.p + x->queue_at, &head, sizeof head);
      if (rc)
        return rc;
      continue;
    }
    x->queue_at += (uint32_t)(sizeof head + head.n);
    sl_result rc = deliver(x, head, bytes);
    if (rc)
      return rc;
  }
  sl_buf_done(&x->queue);
  x->queue_at = 0;
  return SL_OK;
}

/* ---- the engine's callbacks ---- */

static void on_status(struct h2_exchange *hx)
{
  char line[16] = "HTTP/2 000 \r\n";
  for (int i = 0, n = hx->status; i < 3; i++, n /= 10)
    line[9 - i] = (char)('0' + n % 10);
  put(of(hx), (struct piece_head){.kind = PIECE_STATUS, .status = hx->status}, slice_of(line, 13));
}

static void on_field(struct h2_exchange *hx, struct slice name, struct slice value)
{
  struct exchange *x = of(hx);
  struct buf *line = &x->h->line;
  line->n = 0;
  sl_buf_add(line, name);
  sl_buf_append(line, ": ", 2);
  sl_buf_add(line, value);
  sl_buf_append(line, "\r\n", 2);
  if (sl_buf_ok(line)) {
    put(x, (struct piece_head){.kind = hx->final ? PIECE_TRAILER : PIECE_FIELD}, sl_buf_peek(line));
  } else {
    give_up(x, sl_buf_result(line, CURLE_TOO_LARGE));
    sl_buf_clear(line);
  }
}

static void on_head_end(struct h2_exchange *hx)
{
  put(of(hx), (struct piece_head){.kind = PIECE_HEAD_END}, SLICE_LIT("\r\n"));
}

static void on_data(struct h2_exchange *hx, struct slice bytes)
{
  put(of(hx), (struct piece_head){.kind = PIECE_DATA}, bytes);
}

static void on_ended(struct h2_exchange *hx)
{
  sl_transfer_wake(of(hx)->t);
}

/* Where HTTP/1 has chunks: a body whose length is not known. */
static sl_result add_trailers(struct transfer *t)
{
  struct h2_head h;
  struct buf text;
  if (!t->http.chunked_up || !t->easy->set.http->trailerfunction)
    return SL_OK;
  sl_buf_init(&text, MAX_TRAILERS);
  bool was_running = t->running;
  t->running = true;
  sl_result rc = sl_http_trailer_fields(t, &text);
  t->running = was_running;
  if (!rc)
    rc = sl_h2_head_take(&h, H2_HEAD_TRAILERS, SLICE_NONE, sl_buf_peek(&text));
  if (!rc) {
    rc = h.n ? sl_h2_trailers(&t->h2->x, h.fields, h.n) : SL_OK;
    sl_h2_head_done(&h);
  }
  sl_buf_done(&text);
  return rc;
}

static sl_result on_body(struct h2_exchange *hx, char *dst, size_t cap, size_t *out_n, bool *out_end)
{
  struct exchange *x = of(hx);
  struct transfer *t = x->t;
  int64_t when_us = 0;
  if (t->http.upload != HTTP_UP_BODY || x->result)
    return SL_WAIT;
  int64_t allow = sl_rate_allow(t, &t->progress.send, t->easy->set.io.max_send_speed, &when_us);
  if (!allow) {
    t->rate_us = when_us;
    sl_transfer_set_timer(t);
    return SL_WAIT;
  }
  if ((int64_t)cap > allow)
    cap = (size_t)allow;
  bool was_running = t->running;
  t->running = true;
  sl_result rc = sl_source_read(t, dst, cap, out_n);
  t->running = was_running;
  if (rc) {
    if (rc > 0)
      give_up(x, rc);
    return rc;
  }
  t->progress.ul_now += (int64_t)*out_n;
  t->progress.send.bytes += (int64_t)*out_n;
  if (sl_progress_wanted(t))
    sl_transfer_wake(t);
  if (t->source.eof || !*out_n) {
    rc = add_trailers(t);
    if (rc) {
      give_up(x, rc);
      return rc;
    }
    *out_end = true;
    t->http.upload = HTTP_UP_NONE;
    t->easy->info.posttransfer_us = sl_transfer_elapsed(t);
    if (hx->ended)
      sl_transfer_wake(t);
  }
  return SL_OK;
}

const struct h2_ops sl_http2_exchange_ops = {
    .status = on_status,
    .field = on_field,
    .head_end = on_head_end,
    .data = on_data,
    .ended = on_ended,
    .body = on_body,
    .promise = sl_http2_promise,
};
