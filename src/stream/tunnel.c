/* CONNECT as a stream; see tunnel.h. */
#include "stream/tunnel.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "wire/http1.h"

enum {
  MAX_ROUNDS = 20,           /* requests on one connection */
  MAX_INTERIM = 100,         /* 1xx answers to one request */
  MAX_SKIPPED = 1024 * 1024, /* bytes of bodies; beyond it a new connection is cheaper */
  MAX_REQUEST = 1024 * 1024,
  MAX_UNPARSED = 2 * HTTP1_MAX_LINE + 16 * 1024, /* a folded field and a part of its next line */
  READ_BYTES = 4096
};

enum dialogue_state { SEND, HEAD, BODY, OPEN };

/* Only there until the tunnel is open. */
struct dialogue {
  struct tunnel_up up;
  struct buf *error;
  struct http1 http;
  struct buf out;
  uint32_t out_at;
  uint32_t skipped;
  int64_t length; /* Content-Length of this answer, -1: none */
  sl_result failed;
  uint8_t state; /* enum dialogue_state */
  uint8_t rounds, interim;
  bool chunked;       /* the last transfer coding */
  bool unclear;       /* its end cannot be told from its head */
  bool closes, keeps; /* Connection */
  bool reconnect;
};

struct tunnel {
  struct stream s;
  struct dialogue *talk; /* owned; NULL: the tunnel is open */
  struct buf in;         /* unparsed; of an open tunnel the first bytes, from in_at */
  uint32_t in_at;
};

static struct tunnel *of(struct stream *s)
{
  return (struct tunnel *)(void *)s;
}

/* The first reason stays. Is `code`. */
#define FAIL(d, code, ...)                                                                         \
  (words_wanted(d) ? (void)sl_buf_printf((d)->error, __VA_ARGS__) : (void)0, (code))
static bool words_wanted(const struct dialogue *d)
{
  return d->error && !d->error->n;
}

/* Not a failure's words: the caller decides whether it is one. */
static sl_result reconnect(struct dialogue *d)
{
  d->reconnect = true;
  return CURLE_COULDNT_CONNECT;
}

/* Without an answer on a connection that has answered before, the proxy has ended it between two
 * requests. */
static sl_result lost(struct tunnel *t, sl_result code)
{
  struct dialogue *d = t->talk;
  bool answered = d->state == HEAD && (t->in.n || d->interim || sl_http1_started(&d->http));
  if (d->state == BODY || (d->rounds > 1 && !answered))
    return reconnect(d);
  return FAIL(d, code, "Proxy CONNECT aborted");
}

/* ---- the request ---- */

static sl_result new_round(struct dialogue *d)
{
  if (++d->rounds > MAX_ROUNDS)
    return FAIL(d, CURLE_COULDNT_CONNECT, "More than %d CONNECT requests", MAX_ROUNDS);
  sl_buf_clear(&d->out);
  d->out_at = 0;
  d->interim = 0;
  sl_result rc = d->up.request(d->up.ctx, &d->out);
  return rc ? rc : sl_buf_result(&d->out, CURLE_TOO_LARGE);
}

static void expect_answer(struct dialogue *d)
{
  sl_http1_init(&d->http);
  d->length = -1;
  d->chunked = d->unclear = d->closes = d->keeps = false;
  d->state = HEAD;
}

static sl_result send_request(struct tunnel *t)
{
  struct dialogue *d = t->talk;
  size_t n;
  sl_result rc = d->out.n ? SL_OK : new_round(d);
  while (!rc && d->out_at < d->out.n) {
    rc = sl_stream_write(t->s.below, slice_from(sl_buf_peek(&d->out), d->out_at), &n);
    if (!rc)
      d->out_at += (uint32_t)n;
    else if (rc != SL_WAIT && rc != SL_NOMEM)
      rc = lost(t, rc);
  }
  if (rc)
    return rc;
  sl_buf_clear(&d->out);
  expect_answer(d);
  return SL_OK;
}

/* ---- the answer's head ---- */

static bool succeeds(const struct dialogue *d)
{
  return d->http.status / 100 == 2;
}

static void ignore(struct dialogue *d, const char *name)
{
  char text[80];
  struct buf b;
  if (!d->up.info)
    return;
  sl_buf_init(&b, sizeof text);
  if (sl_buf_printf(&b, "Ignoring %s in CONNECT %d response", name, d->http.status))
    d->up.info(d->up.ctx, b.p);
  sl_buf_done(&b);
}

/* RFC 9110 9.3.6: a 2xx has no body whatever it says. An odd length of another answer only costs
 * its connection. */
static void content_length(struct dialogue *d, struct slice value)
{
  int64_t n;
  if (succeeds(d))
    ignore(d, "Content-Length");
  else if (!sl_num_parse(value, INT64_MAX, &n) || (d->length >= 0 && d->length != n))
    d->unclear = true;
  else
    d->length = n;
}

static void transfer_encoding(struct dialogue *d, struct slice value)
{
  struct slice coding = SLICE_NONE;
  if (succeeds(d)) {
    ignore(d, "Transfer-Encoding");
    return;
  }
  d->unclear = d->unclear || d->chunked; /* chunked comes once, at the end */
  while (sl_text_next(&value, ',', &coding))
    ;
  d->chunked = sl_text_ieq_str(coding, "chunked");
  d->unclear = d->unclear || !d->chunked;
}

static void field(struct dialogue *d, struct slice line)
{
  size_t colon = slice_find(line, ':');
  struct slice name = slice_head(line, colon), value = sl_text_trim(slice_from(line, colon + 1));
  if (d->http.status < 200)
    return;
  if (sl_text_ieq_str(name, "Content-Length")) {
    content_length(d, value);
  } else if (sl_text_ieq_str(name, "Transfer-Encoding")) {
    transfer_encoding(d, value);
  } else if (sl_text_ieq_str(name, "Connection") || sl_text_ieq_str(name, "Proxy-Connection")) {
    d->closes = d->closes || sl_text_list_has(value, "close");
    d->keeps = d->keeps || sl_text_list_has(value, "keep-alive");
  }
}

/* RFC 9112 9.3, and 6.1: both a length and chunks are a sign of trouble. */
static bool proxy_closes(const struct dialogue *d)
{
  bool persists = d->http.minor ? !d->closes : d->keeps && !d->closes;
  bool has_end = d->chunked ? d->length < 0 : d->length >= 0;
  return !persists || d->unclear || !has_end || d->length > MAX_SKIPPED;
}

static sl_result final_answer(struct dialogue *d)
{
  bool again = false, anew = proxy_closes(d);
  sl_result rc = d->up.verdict(d->up.ctx, d->http.status, &again, &anew);
  if (rc)
    return rc;
  if (succeeds(d)) {
    d->state = OPEN;
    return SL_OK;
  }
  if (!again)
    return FAIL(d, CURLE_COULDNT_CONNECT, "CONNECT tunnel failed, response %d", d->http.status);
  if (anew)
    return reconnect(d);
  sl_http1_body(&d->http, d->chunked ? HTTP1_CHUNKED : HTTP1_LENGTH, d->length);
  d->state = BODY;
  return SL_OK;
}

static sl_result head_end(struct dialogue *d, struct slice line)
{
  sl_result rc = d->up.head_line(d->up.ctx, line, TUNNEL_END);
  if (rc)
    return rc;
  if (d->http.status >= 200 || d->http.status == 101)
    return final_answer(d);
  if (++d->interim > MAX_INTERIM)
    return FAIL(d, CURLE_TOO_LARGE, "More than %d informational responses to CONNECT", MAX_INTERIM);
  sl_http1_init(&d->http);
  return SL_OK;
}

static sl_result bad_head(struct dialogue *d, enum http1_event e)
{
  if (e == HTTP1_NO_HTTP)
    return FAIL(d, CURLE_WEIRD_SERVER_REPLY, "The proxy's answer to CONNECT is not HTTP");
  return FAIL(d, d->http.too_large ? CURLE_TOO_LARGE : CURLE_WEIRD_SERVER_REPLY, "%s",
              d->http.error);
}

static sl_result status_line(struct dialogue *d, struct slice line)
{
  if (d->http.major != 1)
    return FAIL(d, CURLE_UNSUPPORTED_PROTOCOL, "Unsupported HTTP/%d in CONNECT response",
                d->http.major);
  return d->up.head_line(d->up.ctx, line, TUNNEL_STATUS);
}

/* One event of the head. SL_WAIT: more bytes are needed. */
static sl_result hear_head(struct dialogue *d, struct slice *in)
{
  struct slice line;
  enum http1_event e = sl_http1_next(&d->http, in, &line);
  switch (e) {
  case HTTP1_MORE:
    return SL_WAIT;
  case HTTP1_STATUS:
    return status_line(d, line);
  case HTTP1_HEADER:
    field(d, line);
    return d->up.head_line(d->up.ctx, line, d->http.folded ? TUNNEL_FOLDED : TUNNEL_FIELD);
  case HTTP1_HEAD_END:
    return head_end(d, line);
  default:
    return bad_head(d, e);
  }
}

/* ---- the body of an answer that another request follows ---- */

static sl_result skip_body(struct dialogue *d, struct slice *in)
{
  struct slice part;
  size_t before = in->n;
  enum http1_event e = sl_http1_next(&d->http, in, &part);
  d->skipped += (uint32_t)(before - in->n);
  if (e == HTTP1_END && !in->n) {
    d->state = SEND;
    return SL_OK;
  }
  /* Bytes that nobody has asked for must not become the answer to what is asked next. */
  if (e == HTTP1_END || e == HTTP1_BAD || d->skipped > MAX_SKIPPED)
    return reconnect(d);
  return e == HTTP1_MORE ? SL_WAIT : SL_OK;
}

/* ---- the stream ---- */

static sl_result fill(struct tunnel *t)
{
  size_t n;
  if (!sl_buf_reserve(&t->in, READ_BYTES))
    return t->in.nomem
               ? SL_NOMEM
               : FAIL(t->talk, CURLE_TOO_LARGE, "Too large response headers from the proxy");
  sl_result rc = sl_stream_read(t->s.below, t->in.p + t->in.n, READ_BYTES, &n);
  if (rc == SL_WAIT || rc == SL_NOMEM)
    return rc;
  if (rc || !n)
    return lost(t, rc ? rc : CURLE_RECV_ERROR);
  t->in.n += (uint32_t)n;
  return SL_OK;
}

/* As far as the bytes go that are here. SL_WAIT: more are needed. */
static sl_result parse(struct tunnel *t)
{
  struct dialogue *d = t->talk;
  struct slice in = sl_buf_peek(&t->in);
  sl_result rc = SL_OK;
  while (!rc && (d->state == HEAD || d->state == BODY))
    rc = d->state == HEAD ? hear_head(d, &in) : skip_body(d, &in);
  sl_buf_drop(&t->in, t->in.n - in.n);
  return rc;
}

static sl_result converse(struct tunnel *t)
{
  struct dialogue *d = t->talk;
  sl_result rc = d->failed;
  while (!rc && d->state != OPEN) {
    rc = d->state == SEND ? send_request(t) : parse(t);
    if (rc == SL_WAIT && d->state != SEND)
      rc = fill(t);
  }
  return rc;
}

static void forget(struct tunnel *t)
{
  if (!t->talk)
    return;
  if (t->talk->out.p) /* credentials */
    explicit_bzero(t->talk->out.p, t->talk->out.cap);
  sl_buf_done(&t->talk->out);
  sl_free(t->talk);
  t->talk = NULL;
}

static sl_result tunnel_step(struct stream *s)
{
  struct tunnel *t = of(s);
  sl_result rc = converse(t);
  if (rc == SL_OK)
    forget(t);
  else if (rc != SL_WAIT)
    t->talk->failed = rc;
  if (!t->in.n)
    sl_buf_done(&t->in); /* a waiting connection owns no buffer */
  return rc;
}

static sl_result tunnel_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  struct tunnel *t = of(s);
  if (!t->in.n)
    return sl_stream_read(s->below, dst, cap, out_n);
  struct slice first = slice_head(slice_from(sl_buf_peek(&t->in), t->in_at), cap);
  memcpy(dst, first.p, first.n);
  t->in_at += (uint32_t)first.n;
  *out_n = first.n;
  if (t->in_at == t->in.n)
    sl_buf_done(&t->in);
  return SL_OK;
}

static sl_result tunnel_write(struct stream *s, struct slice src, size_t *out_n)
{
  return sl_stream_write(s->below, src, out_n);
}

static void tunnel_free(struct stream *s)
{
  struct tunnel *t = of(s);
  forget(t);
  sl_buf_done(&t->in);
  sl_free(t);
}

static const struct stream_ops tunnel_ops = {
    .name = "tunnel",
    .step = tunnel_step,
    .read = tunnel_read,
    .write = tunnel_write,
    .free = tunnel_free,
};

struct stream *sl_tunnel_new(struct stream *below, const struct tunnel_up *up, struct buf *error)
{
  struct tunnel *t = sl_malloc(sizeof *t);
  struct dialogue *d = sl_malloc(sizeof *d);
  if (!t || !d) {
    sl_free(t);
    sl_free(d);
    return NULL;
  }
  *d = (struct dialogue){.up = *up, .error = error, .state = SEND};
  sl_buf_init(&d->out, MAX_REQUEST);
  *t = (struct tunnel){.s = {.ops = &tunnel_ops, .below = below}, .talk = d};
  sl_buf_init(&t->in, MAX_UNPARSED);
  return &t->s;
}

bool sl_tunnel_wants_reconnect(const struct stream *s)
{
  const struct tunnel *t = (const void *)s;
  return t->talk && t->talk->reconnect;
}
