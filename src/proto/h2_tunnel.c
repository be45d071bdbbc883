/* CONNECT over HTTP/2 as a stream; see h2_tunnel.h. */
#include "proto/h2_tunnel.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "loop/reactor.h"
#include "proto/h2_head.h"

enum {
  MAX_ROUNDS = 20,    /* requests of one tunnel */
  MAX_INTERIM = 100,  /* 1xx answers to one request */
  MAX_REQUEST = 1024 * 1024,
  MAX_HEARD = 2 * H2_MAX_HEAD, /* of heads that no step has looked at */
  MAX_IN = H2_TUNNEL_WINDOW + H2_FIRST_WINDOW
};

enum talk_state { SEND, STATUS, FIELDS, OPEN };

/* Only there until the tunnel is open. */
struct h2_tunnel_talk {
  struct tunnel_up up;
  struct buf *error;
  struct buf heard; /* the lines of heads, as HTTP/1 has them */
  uint32_t heard_at;
  uint16_t status; /* of the head that is being told */
  uint8_t state;   /* enum talk_state */
  uint8_t rounds, interim;
  bool reconnect, http1, stale;
  sl_result failed;
};

static struct h2_tunnel *of(struct h2_exchange *x)
{
  return (struct h2_tunnel *)(void *)((char *)x - offsetof(struct h2_tunnel, x));
}

/* ---- what the session brings ---- */

static void broken(struct h2_tunnel *t, sl_result rc)
{
  if (!t->failed)
    t->failed = rc;
  t->host->changed(t);
}

static void heard(struct h2_tunnel *t)
{
  sl_result rc = sl_buf_result(&t->talk->heard, CURLE_TOO_LARGE);
  if (rc)
    broken(t, rc);
}

static void on_status(struct h2_exchange *x)
{
  struct h2_tunnel *t = of(x);
  if (!t->talk)
    return;
  sl_buf_printf(&t->talk->heard, "HTTP/2 %03u \r\n", x->status);
  heard(t);
}

static void on_field(struct h2_exchange *x, struct slice name, struct slice value)
{
  struct h2_tunnel *t = of(x);
  struct buf *b = t->talk ? &t->talk->heard : NULL;
  if (!b || x->final) /* a tunnel's trailers mean nothing */
    return;
  sl_buf_add(b, name);
  sl_buf_append(b, ": ", 2);
  sl_buf_add(b, value);
  sl_buf_append(b, "\r\n", 2);
  heard(t);
}

static void on_head_end(struct h2_exchange *x)
{
  struct h2_tunnel *t = of(x);
  if (!t->talk)
    return;
  sl_buf_append(&t->talk->heard, "\r\n", 2);
  heard(t);
  t->host->changed(t);
}

static void on_data(struct h2_exchange *x, struct slice bytes)
{
  struct h2_tunnel *t = of(x);
  if (x->status / 100 != 2 || t->lingers) { /* nobody wants it */
    sl_h2_consume(x, bytes.n);
    return;
  }
  if (t->in_at > t->in.n / 2) {
    sl_buf_drop(&t->in, t->in_at);
    t->in_at = 0;
  }
  sl_buf_add(&t->in, bytes);
  sl_result rc = sl_buf_result(&t->in, CURLE_TOO_LARGE);
  if (rc)
    broken(t, rc);
  t->host->changed(t);
}

static void on_ended(struct h2_exchange *x)
{
  of(x)->host->changed(of(x));
}

static sl_result on_body(struct h2_exchange *x, char *dst, size_t cap, size_t *out_n, bool *out_end)
{
  struct h2_tunnel *t = of(x);
  struct slice left = slice_head(slice_from(sl_buf_peek(&t->out), t->out_at), cap);
  if (!left.n && !t->out_end)
    return SL_WAIT;
  if (left.n)
    memcpy(dst, left.p, left.n);
  t->out_at += (uint32_t)left.n;
  *out_n = left.n;
  if (t->out_at == t->out.n) {
    *out_end = t->out_end;
    sl_buf_done(&t->out);
    t->out_at = 0;
  }
  t->host->changed(t);
  return SL_OK;
}

const struct h2_ops sl_h2_tunnel_ops = {
    .status = on_status,
    .field = on_field,
    .head_end = on_head_end,
    .data = on_data,
    .ended = on_ended,
    .body = on_body,
};

void sl_h2_tunnel_lost(struct h2_tunnel *t, sl_result rc, bool stale)
{
  if (t->talk)
    t->talk->stale = stale;
  broken(t, rc);
}

static bool is_over(const struct h2_tunnel *t)
{
  return t->failed || t->x.ended || t->x.closed;
}

size_t sl_h2_tunnel_pending(const struct h2_tunnel *t)
{
  return t->out.n - t->out_at;
}

unsigned sl_h2_tunnel_ready(const struct h2_tunnel *t)
{
  bool in = t->talk ? t->talk->heard_at < t->talk->heard.n : t->in_at < t->in.n;
  bool out = t->failed || t->x.closed || sl_h2_tunnel_pending(t) <= H2_TUNNEL_OUT / 2;
  return (in || is_over(t) ? WATCH_IN : 0u) | (out ? WATCH_OUT : 0u);
}

/* ---- CONNECT ---- */

/* The first reason stays. Is `code`. */
#define FAIL(d, code, ...)                                                                         \
  ((d)->error && !(d)->error->n ? (void)sl_buf_printf((d)->error, __VA_ARGS__) : (void)0, (code))

/* Not a failure's words: the caller decides whether it is one. */
static sl_result reconnect(struct h2_tunnel_talk *d)
{
  d->reconnect = true;
  return CURLE_COULDNT_CONNECT;
}

static void wipe(struct buf *b)
{
  if (b->p) /* credentials */
    explicit_bzero(b->p, b->cap);
  sl_buf_done(b);
}

static sl_result send_request(struct h2_tunnel *t)
{
  struct h2_tunnel_talk *d = t->talk;
  struct h2_head head;
  struct buf text;
  if (++d->rounds > MAX_ROUNDS)
    return FAIL(d, CURLE_COULDNT_CONNECT, "More than %d CONNECT requests", MAX_ROUNDS);
  sl_buf_init(&text, MAX_REQUEST);
  sl_result rc = d->up.request(d->up.ctx, &text);
  if (!rc)
    rc = sl_buf_result(&text, CURLE_TOO_LARGE);
  if (!rc)
    rc = sl_h2_head_take(&head, H2_HEAD_CONNECT, SLICE_NONE, sl_buf_peek(&text));
  if (!rc) {
    t->x.window = H2_TUNNEL_WINDOW;
    rc = sl_h2_submit(t->session, &t->x, head.fields, head.n, true, 0);
    sl_h2_head_done(&head);
    t->host->flush(t);
  }
  wipe(&text);
  d->state = STATUS;
  d->interim = 0;
  return rc == CURLE_HTTP2 ? reconnect(d) : rc; /* it takes no more requests */
}

/* Nothing more comes of this request. */
static sl_result no_answer(struct h2_tunnel *t)
{
  struct h2_tunnel_talk *d = t->talk;
  bool silent = d->state == STATUS && !d->interim;
  if (t->failed == SL_NOMEM)
    return SL_NOMEM;
  if (t->failed) /* in a later round the proxy has shown already what it is */
    return silent && (d->stale || d->rounds > 1) ? reconnect(d) : FAIL(d, t->failed, "Proxy CONNECT aborted");
  if (t->x.closed && t->x.error == H2_INTERNAL_ERROR && sl_h2_over(t->session) == SL_NOMEM)
    return SL_NOMEM;
  if (t->x.too_large)
    return FAIL(d, CURLE_TOO_LARGE, "Too large response headers from the proxy");
  if (t->x.closed && silent && (t->x.error == H2_REFUSED_STREAM || t->x.error == H2_HTTP_1_1_REQUIRED)) {
    d->http1 = t->x.error == H2_HTTP_1_1_REQUIRED;
    return reconnect(d);
  }
  if (t->x.closed && t->x.error)
    return FAIL(d, CURLE_RECV_ERROR, "Proxy CONNECT aborted: %s", sl_h2_code_name(t->x.error));
  return FAIL(d, CURLE_RECV_ERROR, "Proxy CONNECT aborted");
}

static sl_result final_answer(struct h2_tunnel *t)
{
  struct h2_tunnel_talk *d = t->talk;
  bool again = false, anew = false;
  sl_result rc = d->up.verdict(d->up.ctx, d->status, &again, &anew);
  if (rc)
    return rc;
  if (d->status / 100 == 2) {
    d->state = OPEN;
    return SL_OK;
  }
  if (!again)
    return FAIL(d, CURLE_COULDNT_CONNECT, "CONNECT tunnel failed, response %u", d->status);
  if (anew)
    return reconnect(d);
  sl_h2_detach(&t->x, H2_CANCEL); /* its body is not waited for */
  t->x = (struct h2_exchange){.id = 0};
  sl_buf_clear(&d->heard);
  d->heard_at = 0;
  d->state = SEND;
  return SL_OK;
}

static sl_result head_end(struct h2_tunnel *t)
{
  struct h2_tunnel_talk *d = t->talk;
  if (d->status >= 200)
    return final_answer(t);
  d->state = STATUS;
  if (++d->interim > MAX_INTERIM)
    return FAIL(d, CURLE_TOO_LARGE, "More than %d informational responses to CONNECT", MAX_INTERIM);
  return SL_OK;
}

/* One line of a head. Names and values of HTTP/2 have no line ends in them. */
static sl_result hear(struct h2_tunnel *t)
{
  struct h2_tunnel_talk *d = t->talk;
  struct slice rest = slice_from(sl_buf_peek(&d->heard), d->heard_at);
  if (!rest.n)
    return is_over(t) ? no_answer(t) : SL_WAIT;
  struct slice line = slice_head(rest, slice_find(rest, '\n') + 1);
  bool first = d->state == STATUS, last = line.n == 2;
  d->heard_at += (uint32_t)line.n;
  if (first) {
    d->status = (uint16_t)((line.p[7] - '0') * 100 + (line.p[8] - '0') * 10 + (line.p[9] - '0'));
    d->state = FIELDS;
  }
  sl_result rc = d->up.head_line(d->up.ctx, line, first ? TUNNEL_STATUS : last ? TUNNEL_END : TUNNEL_FIELD);
  return rc || !last ? rc : head_end(t);
}

static sl_result converse(struct h2_tunnel *t)
{
  struct h2_tunnel_talk *d = t->talk;
  sl_result rc = d->failed;
  while (!rc && d->state != OPEN)
    rc = d->state == SEND ? send_request(t) : hear(t);
  return rc;
}

static void forget(struct h2_tunnel *t)
{
  if (t->talk)
    sl_buf_done(&t->talk->heard);
  sl_free(t->talk);
  t->talk = NULL;
}

static sl_result tunnel_step(struct stream *s)
{
  struct h2_tunnel *t = sl_h2_tunnel_of(s);
  sl_result rc = converse(t);
  s->want = rc == SL_WAIT ? WATCH_IN : 0;
  if (rc == SL_OK)
    forget(t);
  else if (rc != SL_WAIT)
    t->talk->failed = rc;
  return rc;
}

/* ---- bytes ---- */

static sl_result tunnel_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  struct h2_tunnel *t = sl_h2_tunnel_of(s);
  struct slice left = slice_head(slice_from(sl_buf_peek(&t->in), t->in_at), cap);
  s->want = 0;
  if (left.n) {
    memcpy(dst, left.p, left.n);
    t->in_at += (uint32_t)left.n;
    if (t->in_at == t->in.n) {
      sl_buf_done(&t->in);
      t->in_at = 0;
    }
    sl_h2_consume(&t->x, left.n);
    if (sl_h2_wants_flush(t->session)) /* the window opens */
      t->host->flush(t);
    *out_n = left.n;
    return SL_OK;
  }
  if (t->failed && !t->x.ended)
    return t->failed;
  if (t->x.closed && !t->x.ended)
    return CURLE_RECV_ERROR;
  *out_n = 0;
  if (t->x.ended)
    return SL_OK;
  s->want = WATCH_IN;
  return SL_WAIT;
}

static sl_result tunnel_write(struct stream *s, struct slice src, size_t *out_n)
{
  struct h2_tunnel *t = sl_h2_tunnel_of(s);
  size_t room = H2_TUNNEL_OUT - sl_h2_tunnel_pending(t);
  s->want = 0;
  if (t->failed || t->x.closed || t->out_end)
    return t->failed == SL_NOMEM ? SL_NOMEM : CURLE_SEND_ERROR;
  if (!room) {
    s->want = WATCH_OUT;
    return SL_WAIT;
  }
  if (t->out_at > t->out.n / 2) {
    sl_buf_drop(&t->out, t->out_at);
    t->out_at = 0;
  }
  src = slice_head(src, room);
  if (!sl_buf_add(&t->out, src))
    return sl_buf_result(&t->out, CURLE_SEND_ERROR);
  sl_h2_resume(&t->x);
  t->host->flush(t);
  *out_n = src.n;
  return SL_OK;
}

static sl_result tunnel_shutdown(struct stream *s)
{
  struct h2_tunnel *t = sl_h2_tunnel_of(s);
  t->out_end = true;
  sl_h2_resume(&t->x);
  t->host->flush(t);
  return SL_OK;
}

bool sl_h2_tunnel_is_over(const struct h2_tunnel *t)
{
  return t->failed || !t->x.session;
}

void sl_h2_tunnel_end(struct h2_tunnel *t)
{
  if (t->x.session) {
    sl_h2_detach(&t->x, H2_CANCEL);
    t->host->flush(t);
  }
  sl_buf_done(&t->out);
  t->host->free(t);
}

/* A reset would overtake what is on its way, here and in the proxy: as with a socket, close() is not the end. */
static void tunnel_free(struct stream *s)
{
  struct h2_tunnel *t = sl_h2_tunnel_of(s);
  forget(t);
  sl_buf_done(&t->in);
  t->in_at = 0;
  t->lingers = t->out_end && !sl_h2_tunnel_is_over(t);
  if (t->lingers)
    t->host->linger(t);
  else
    sl_h2_tunnel_end(t);
}

static const struct stream_ops tunnel_ops = {
    .name = "h2-tunnel",
    .step = tunnel_step,
    .read = tunnel_read,
    .write = tunnel_write,
    .shutdown = tunnel_shutdown,
    .free = tunnel_free,
};

bool sl_h2_tunnel_init(struct h2_tunnel *t, struct h2_session *session, const struct h2_tunnel_host *host,
                       const struct tunnel_up *up, struct buf *error)
{
  struct h2_tunnel_talk *d = sl_malloc(sizeof *d);
  if (!d)
    return false;
  *d = (struct h2_tunnel_talk){.up = *up, .error = error, .state = SEND};
  sl_buf_init(&d->heard, MAX_HEARD);
  *t = (struct h2_tunnel){.s.ops = &tunnel_ops, .host = host, .session = session, .talk = d};
  sl_buf_init(&t->in, MAX_IN);
  sl_buf_init(&t->out, 2 * H2_TUNNEL_OUT);
  return true;
}

struct h2_tunnel *sl_h2_tunnel_of(struct stream *s)
{
  return s->ops == &tunnel_ops ? (struct h2_tunnel *)(void *)s : NULL;
}

bool sl_h2_tunnel_wants_reconnect(const struct h2_tunnel *t)
{
  return t->talk && t->talk->reconnect;
}

bool sl_h2_tunnel_wants_http1(const struct h2_tunnel *t)
{
  return t->talk && t->talk->http1;
}
