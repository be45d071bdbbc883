/* Transfers on an HTTP/2 connection; see http2.h. */
#include "xfer/http2.h"

#include "base/mem.h"
#include "loop/scratch.h"
#include "proto/h2_head.h"
#include "proto/h2_session.h"
#include "wire/encode.h"
#include "xfer/http2_exchange.h"
#include "xfer/http2_proxy.h"
#include "xfer/http2_push.h"
#include "xfer/limits.h"
#include "xfer/share.h"
#include "xfer/transfer.h"

enum {
  MAX_QUEUE = H2_WINDOW + 2 * H2_MAX_HEAD, /* of a paused transfer: what its window lets in, and heads */
  MAX_LINE = HTTP1_MAX_LINE + 256,
  MAX_RETRIES = 5,
  SPARES = 16 /* exchanges kept for the next ones */
};

/* ---- the version ---- */

enum http_wish sl_http2_wish(const struct transfer *t)
{
  const struct settings *set = &t->easy->set;
  if (!(t->proto->bit & (CURLPROTO_HTTP | CURLPROTO_HTTPS)) || t->http.no_h2 || set->io.connect_only)
    return HTTP_WISH_1;
  switch (set->http->http_version) {
  case CURL_HTTP_VERSION_2TLS:
  case CURL_HTTP_VERSION_NONE:
    return t->proto->tls ? HTTP_WISH_2 : HTTP_WISH_1;
  case CURL_HTTP_VERSION_2_0:
    return t->proto->tls ? HTTP_WISH_2 : HTTP_WISH_UPGRADE;
  case CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE:
    return HTTP_WISH_2_ONLY;
  default:
    return HTTP_WISH_1;
  }
}

/* ---- the connection ---- */

static void post(struct http2 *h)
{
  sl_job_post_late(&h->conn->multi->reactor, &h->job);
}

/* Everybody on it will see, in his step. */
static void lost(struct http2 *h, sl_result rc)
{
  if (h->result)
    return;
  h->result = rc;
  LIST_FOR_EACH(node, &h->exchanges)
    sl_transfer_wake(LIST_ENTRY(node, struct exchange, link)->t);
}

static bool usable(const struct http2 *h)
{
  return !h->result && !h->last && !sl_h2_is_over(h->session);
}

/* Can the pool give it to another transfer, and does anybody wait for that? */
static void show_room(struct http2 *h)
{
  struct conn *c = h->conn;
  if (!h->n || !c->bundle)
    return;
  uint32_t room = usable(h) ? sl_h2_room(h->session) : 0;
  if (room > UINT32_MAX - h->n || !c->multi->multiplex)
    room = 0;
  sl_pool_lock(c->pool, NULL, true);
  if (room)
    sl_pool_set_open(c->pool, c);
  else
    sl_pool_set_busy(c->pool, c);
  sl_pool_lock(c->pool, NULL, false);
  if (!usable(h))
    room = UINT32_MAX; /* there is nothing to wait for */
  else
    sl_limits_look(c->multi, c->peer, room);
  sl_http2_wake(&h->waiters, room);
}

sl_result sl_http2_flush(struct multi *m, struct h2_session *s, struct stream *top, unsigned *want, bool *out_more)
{
  char *scratch = sl_multi_scratch(m);
  *out_more = false;
  if (!scratch)
    return SL_NOMEM;
  sl_result rc = sl_h2_flush(s, scratch, SL_SCRATCH_BYTES, out_more);
  if (rc == SL_WAIT && !*out_more)
    *want |= sl_stream_want(top);
  return !rc && sl_h2_is_over(s) ? sl_h2_over(s) : rc;
}

static void flush(struct http2 *h)
{
  struct conn *c = h->conn;
  bool more = false;
  unsigned want = WATCH_IN;
  if (h->result)
    return;
  sl_result rc = sl_http2_flush(c->multi, h->session, c->top, &want, &more);
  if (rc > 0)
    lost(h, rc);
  sl_conn_want(c, h->result ? 0 : want);
  if (more)
    post(h);
}

static void receive(struct http2 *h)
{
  struct conn *c = h->conn;
  char *scratch = sl_multi_scratch(c->multi);
  sl_result rc = scratch ? sl_h2_receive(h->session, scratch, SL_SCRATCH_BYTES) : SL_NOMEM;
  h->more = !rc && !sl_h2_eof(h->session);
  if (sl_h2_eof(h->session)) {
    c->shut = true;
    lost(h, CURLE_RECV_ERROR);
  } else if (rc > 0) {
    if (rc == CURLE_HTTP2)
      flush(h); /* the peer may hear why */
    lost(h, rc);
  }
}

/* At the end of a round of jobs: what all transfers have submitted goes out together. */
static void turn(struct job *job)
{
  struct http2 *h = job->owner;
  if (h->more && !h->result)
    receive(h);
  flush(h);
  if (h->more && !h->result)
    post(h);
  show_room(h);
  if (!h->n && !(usable(h) && sl_h2_room(h->session)))
    sl_conn_free(h->conn, false);
}

void sl_http2_event(struct conn *c)
{
  struct http2 *h = c->h2;
  if (!h->result)
    receive(h);
  post(h);
}

bool sl_http2_alive(struct conn *c)
{
  receive(c->h2);
  return usable(c->h2) && sl_h2_room(c->h2->session);
}

struct easy *sl_http2_easy(const struct conn *c)
{
  const struct list *l = &c->h2->exchanges;
  return sl_list_empty(l) ? NULL : LIST_ENTRY(l->next, struct exchange, link)->t->easy;
}

static struct h2_config config_of(const struct multi *m)
{
  return (struct h2_config){.ops = &sl_http2_exchange_ops, .max_streams = m->max_streams, .push = m->push_cb && m->multiplex};
}

sl_result sl_http2_open(struct conn *c, struct transfer *t)
{
  struct h2_config config = config_of(c->multi);
  struct http2 *h = sl_calloc(1, sizeof *h);
  if (!h || !(h->session = sl_h2_new(c->top, &config))) {
    sl_free(h);
    return SL_NOMEM;
  }
  h->conn = c;
  sl_list_init(&h->exchanges);
  sl_list_init(&h->waiters);
  sl_buf_init(&h->line, MAX_LINE);
  sl_job_init(&h->job, turn, h);
  c->h2 = h;
  c->xfer = NULL;
  c->http_version = CURL_HTTP_VERSION_2_0;
  SL_INFOF(t->easy, "using HTTP/2");
  return SL_OK;
}

void sl_http2_close(struct conn *c, bool polite)
{
  struct http2 *h = c->h2;
  bool more;
  if (polite && !h->result && c->multi) {
    char *scratch = sl_multi_scratch(c->multi);
    sl_h2_goodbye(h->session);
    if (scratch)
      (void)sl_h2_flush(h->session, scratch, SL_SCRATCH_BYTES, &more);
  }
  sl_http2_wake(&h->waiters, UINT32_MAX);
  sl_list_unlink(&h->job.link);
  sl_h2_free(h->session);
  while (h->spare) {
    struct exchange *x = h->spare;
    h->spare = x->next_spare;
    sl_free(x);
  }
  sl_buf_done(&h->line);
  sl_free(h);
  c->h2 = NULL;
}

static void wait_in(struct list *waiters, struct transfer *t)
{
  sl_list_unlink(&t->h2_link);
  sl_list_push_back(waiters, &t->h2_link);
  t->state = XFER_WAITING;
}

sl_result sl_http2_join(struct conn *c, struct transfer *t)
{
  struct http2 *h = c->h2;
  struct exchange *x = h->spare;
  if (t->http.h2_refused && h->n && !sl_h2_settled(h->session)) { /* once bitten: how many may be open at once? */
    wait_in(&h->waiters, t);
    t->conn = NULL;
    return SL_WAIT;
  }
  if (x) {
    h->spare = x->next_spare;
    h->n_spare--;
  } else if (!(x = sl_malloc(sizeof *x))) {
    t->conn = NULL;
    if (!h->n)
      sl_conn_free(c, true);
    return SL_NOMEM;
  }
  *x = (struct exchange){.t = t, .h = h};
  sl_buf_init(&x->queue, MAX_QUEUE);
  sl_list_push_back(&h->exchanges, &x->link);
  h->n++;
  t->conn = c;
  t->h2 = x;
  if (t->easy->set.net->forbid_reuse)
    h->last = true;
  show_room(h);
  return SL_OK;
}

sl_result sl_http2_begin(struct transfer *t)
{
  struct conn *c = t->conn;
  sl_result rc = sl_http2_open(c, t);
  if (!rc)
    rc = sl_http2_join(c, t);
  return rc;
}

void sl_http2_retire(struct conn *c)
{
  c->h2->last = true;
}

/* Nobody is left on it. */
static void idle(struct conn *c, struct transfer *t)
{
  struct http2 *h = c->h2;
  flush(h);
  bool stuck = c->pool->lock && sl_h2_wants_flush(h->session);
  sl_http2_wake(&h->waiters, UINT32_MAX);
  c->keep = usable(h) && sl_h2_room(h->session) && !stuck;
  if (c->pool->lock)
    sl_list_unlink(&h->job.link);
  c->xfer = t;
  sl_conn_release(c);
}

void sl_http2_leave(struct transfer *t)
{
  struct conn *c = t->conn;
  struct http2 *h = c->h2;
  struct exchange *x = t->h2;
  t->conn = NULL;
  t->h2 = NULL;
  if (x) {
    if (x->x.session) {
      sl_h2_detach(&x->x, x->x.ended ? H2_NO_ERROR : H2_CANCEL);
      post(h);
    }
    sl_list_unlink(&x->link);
    sl_buf_done(&x->queue);
    h->n--;
    if (h->n_spare < SPARES) {
      x->next_spare = h->spare;
      h->spare = x;
      h->n_spare++;
    } else {
      sl_free(x);
    }
  }
  c->used = true;
  if (h->n)
    show_room(h);
  else
    idle(c, t);
}

/* ---- waiting for a place on a connection ---- */

void sl_http2_wake(struct list *waiters, uint32_t n)
{
  struct list *node;
  while (n-- && (node = sl_list_pop_front(waiters)))
    sl_transfer_wake(LIST_ENTRY(node, struct transfer, h2_link));
}

sl_result sl_http2_wait(struct transfer *t, const struct route *r, struct slice key)
{
  enum { LOOK_AT = 8 };
  struct multi *m = t->multi;
  struct pool *p = sl_share_pool(t->easy, m);
  struct list *waiters = NULL;
  if (!m->multiplex || !(t->easy->set.http->pipewait || t->http.h2_refused) || (t->fresh && !t->http.h2_refused) ||
      (sl_http2_wish(t) == HTTP_WISH_1 && !(r->plain_proxy && r->proxy_h2)))
    return SL_OK;
  sl_pool_lock(p, t->easy, true);
  struct bundle *b = sl_map_get(&p->bundles, key);
  if (b) {
    int n = 0;
    for (struct list *node = b->busy.prev; node != &b->busy && n < LOOK_AT && !waiters; node = node->prev, n++) {
      struct conn *c = LIST_ENTRY(node, struct conn, bundle_link);
      if (c->multi != m)
        continue;
      if (c->xfer && c->xfer->dial && !b->only_http1)
        waiters = &c->xfer->dial->waiters;
      else if (c->h2 && usable(c->h2) && c->h2->n && !t->fresh)
        waiters = &c->h2->waiters;
    }
  }
  sl_pool_lock(p, t->easy, false);
  if (!waiters)
    return SL_OK;
  t->fresh = false; /* the one that is being made is fresh enough for all that were sent away together */
  sl_limits_leave(t, false);
  wait_in(waiters, t);
  return SL_WAIT;
}

/* ---- a transfer's part ---- */

static sl_result submit_head(struct transfer *t, struct slice text)
{
  struct h2_head h;
  struct exchange *x = t->h2;
  sl_result rc = sl_h2_head_take(&h, H2_HEAD_REQUEST, slice_str(t->proto->scheme), text);
  if (rc)
    return rc == CURLE_TOO_LARGE ? sl_fail(t, rc, "Too many request headers") : rc;
  rc = sl_h2_submit(x->h->session, &x->x, h.fields, h.n, t->http.upload == HTTP_UP_BODY,
                    t->easy->set.http->stream_weight);
  sl_h2_head_done(&h);
  return rc == CURLE_HTTP2 ? sl_fail(t, rc, "The request cannot be sent over HTTP/2") : rc;
}

static sl_result submit(struct transfer *t)
{
  struct exchange *x = t->h2;
  struct http *h = &t->http;
  char *scratch = sl_multi_scratch(t->multi);
  struct buf head = {.p = scratch, .cap = SL_SCRATCH_BYTES, .max = SL_SCRATCH_BYTES - 1};
  if (!scratch)
    return SL_NOMEM;
  sl_result rc = sl_http_request(t, &head);
  if (rc == CURLE_TOO_LARGE && head.full) {
    sl_buf_clear(&h->out);
    rc = sl_http_request(t, &h->out);
    head = h->out;
  }
  if (!rc)
    rc = submit_head(t, sl_buf_peek(&head));
  if (!rc) {
    h->head_sent = true;
    t->easy->info.request_size += head.n;
    if (t->easy->set.io.verbose)
      sl_easy_debug(t->easy, CURLINFO_HEADER_OUT, head.p, head.n);
    post(x->h);
  }
  sl_buf_done(&h->out);
  return rc;
}

/* May the request have been seen by the peer? Where it says that it was not, another try is safe. */
static sl_result closed_badly(struct exchange *x)
{
  struct transfer *t = x->t;
  uint32_t code = x->x.error;
  x->retry = !t->http.got_bytes && (code == H2_REFUSED_STREAM || code == H2_HTTP_1_1_REQUIRED);
  if (code == H2_HTTP_1_1_REQUIRED)
    t->http.no_h2 = true;
  if (code == H2_INTERNAL_ERROR && sl_h2_over(x->h->session) == SL_NOMEM)
    return SL_NOMEM;
  if (x->x.too_large)
    return sl_fail(t, CURLE_TOO_LARGE, "Too large response headers");
  if (code == H2_NO_ERROR)
    return sl_fail(t, CURLE_HTTP2_STREAM,
                   "HTTP/2 stream %d was closed cleanly, but before getting %s, treated as error", x->x.id,
                   t->http.head_done ? "the whole response" : " all response header fields");
  return sl_fail(t, CURLE_HTTP2_STREAM, "HTTP/2 stream %d was not closed cleanly: %s (err %u)", x->x.id,
                 sl_h2_code_name(code), (unsigned)code);
}

static sl_result connection_lost(struct exchange *x)
{
  struct transfer *t = x->t;
  struct http2 *h = x->h;
  bool got = t->http.got_bytes, eof = sl_h2_eof(h->session);
  x->retry = !got && (t->conn->used || !x->x.id) && h->result != SL_NOMEM;
  t->easy->info.os_errno = eof ? 0 : t->conn->tcp->err;
  if (h->result == SL_NOMEM)
    return SL_NOMEM;
  if (eof && !got)
    return sl_fail(t, CURLE_GOT_NOTHING, "Empty reply from server");
  if (eof)
    return sl_fail(t, CURLE_PARTIAL_FILE, "HTTP/2 connection closed with the response incomplete");
  if (h->result != CURLE_HTTP2)
    return sl_fail(t, h->result, "%s failure: %s", h->result == CURLE_SEND_ERROR ? "Send" : "Recv",
                   sl_conn_why(t->conn));
  return sl_fail(t, CURLE_HTTP2, "HTTP/2 connection failed: %s", sl_h2_error(h->session));
}

static sl_result outcome(struct exchange *x)
{
  struct transfer *t = x->t;
  if (x->result)
    return x->result;
  if (t->paused & CURLPAUSE_RECV || x->queue.n || sl_sink_blocked(&t->sink))
    return SL_WAIT;
  if (x->x.ended && (x->x.closed || t->http.upload != HTTP_UP_BODY)) {
    t->body_ended = true;
    return sl_sink_end(t);
  }
  if (x->x.closed)
    return closed_badly(x);
  return x->h->result ? connection_lost(x) : SL_WAIT;
}

sl_result sl_http2_step(struct transfer *t)
{
  struct exchange *x = t->h2;
  sl_result rc;
  t->want = 0;
  if (!t->http.head_sent && x->pushed) {
    t->http.head_sent = true;
    t->http.upload = HTTP_UP_NONE;
  }
  if (!t->http.head_sent) {
    x->x.window = t->easy->set.io.max_recv_speed > 0 ? H2_FIRST_WINDOW : 0;
    rc = submit(t);
    return rc ? rc : SL_WAIT;
  }
  if (t->resumed_recv) {
    t->resumed_recv = false;
    rc = sl_sink_resume(t);
    if (rc)
      return rc;
    if (t->body_ended)
      return SL_OK;
  }
  rc = x->queue.n ? sl_http2_replay(x) : SL_OK;
  if (sl_h2_wants_flush(x->h->session))
    post(x->h); /* the window has opened */
  if (x->result || rc)
    return x->result ? x->result : rc;
  if (x->x.deferred && t->http.upload == HTTP_UP_BODY && !(t->paused & CURLPAUSE_SEND) && !t->rate_us) {
    sl_h2_resume(&x->x);
    post(x->h);
  }
  return outcome(x);
}

/* A connection that has served somebody and then sends the others away for good is no failure: RFC 9113 6.8. One that
 * goes on and refuses is asked once more, then another one is. */
bool sl_http2_may_retry(struct transfer *t)
{
  const struct http2 *h = t->h2->h;
  if (!t->h2->retry)
    return false;
  t->http.h2_refused = true;
  if (h->served && !usable(h))
    return true;
  t->fresh = t->http.h2_retries > 0;
  return t->http.h2_retries++ < MAX_RETRIES;
}

/* ---- Upgrade: h2c ---- */

void sl_http2_add_upgrade(const struct transfer *t, struct buf *dst)
{
  struct h2_config config = config_of(t->multi);
  uint8_t payload[H2_SETTINGS_MAX];
  size_t n = sl_h2_settings(&config, payload);
  sl_buf_str(dst, "Upgrade: h2c\r\nHTTP2-Settings: ");
  sl_encode_base64url(slice_of((const char *)payload, n), dst);
  sl_buf_str(dst, "\r\nConnection: Upgrade, HTTP2-Settings\r\n");
}

sl_result sl_http2_upgraded(struct transfer *t)
{
  struct conn *c = t->conn;
  struct http *h = &t->http;
  sl_result rc = sl_http2_open(c, t);
  if (!rc)
    rc = sl_http2_join(c, t);
  if (rc)
    return rc;
  rc = sl_h2_upgrade(c->h2->session, h->no_body_wanted, &t->h2->x);
  if (rc)
    return rc;
  h->h2c = false;
  h->head_sent = true;
  sl_http_response_reset(t);
  struct slice rest = sl_buf_peek(&c->in);
  rc = sl_h2_feed(c->h2->session, rest);
  sl_buf_done(&c->in);
  if (rc)
    lost(c->h2, rc);
  c->h2->more = true;
  post(c->h2);
  return rc ? rc : outcome(t->h2);
}

sl_result sl_http2_upkeep(struct easy *e)
{
  struct multi *m = e->multi ? e->multi : e->own;
  sl_result rc = SL_OK;
  if (!m)
    return SL_OK;
  sl_multi_enter(m);
  int64_t before_us = m->reactor.now_us - (int64_t)e->set.net->upkeep_interval_ms * 1000;
  LIST_FOR_EACH(node, &m->pool.idle) {
    struct conn *c = LIST_ENTRY(node, struct conn, idle_link);
    if (!c->h2 || c->h2->result || c->idle_since_us > before_us || c->h2->upkeep_us > before_us)
      continue;
    c->h2->upkeep_us = m->reactor.now_us;
    if (!sl_h2_ping(c->h2->session))
      rc = SL_NOMEM;
    flush(c->h2);
    post(c->h2); /* it may turn out to be dead */
  }
  sl_result tunnels = sl_http2_proxy_upkeep(m, before_us);
  sl_multi_leave(m);
  return rc ? rc : tunnels;
}
