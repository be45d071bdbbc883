/* Connections; see conn.h. */
#include "xfer/conn.h"

#include <sys/socket.h>

#include "base/mem.h"
#include "gate/addr.h"
#include "loop/scratch.h"
#include "tls/tls.h"
#include "xfer/http2.h"
#include "xfer/http2_proxy.h"
#include "xfer/limits.h"
#include "xfer/transfer.h"

static void conn_event(struct watch *w, unsigned ready);

struct conn *sl_conn_new(struct multi *m, struct pool *pool)
{
  struct conn *c = sl_calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->multi = m;
  c->pool = pool;
  c->id = -1;
  c->http_version = CURL_HTTP_VERSION_1_1;
  c->created_us = m->reactor.now_us;
  sl_list_init(&c->bundle_link);
  sl_list_init(&c->idle_link);
  sl_list_init(&c->peer_link);
  sl_buf_init(&c->in, SL_CONN_IN_MAX);
  return c;
}

void sl_conn_free(struct conn *c, bool polite)
{
  if (!c)
    return;
  if (c->held_by)
    c->held_by->last_conn = NULL;
  sl_pool_lock(c->pool, NULL, true);
  sl_pool_leave(c->pool, c);
  sl_pool_lock(c->pool, NULL, false);
  polite = polite && c->top && !c->shut;
  if (c->h2)
    sl_http2_close(c, polite);
  if (c->proto_end)
    c->proto_end(c, polite);
  if (polite)
    sl_stream_shutdown(c->top);
  sl_stream_free(c->top);
  sl_buf_done(&c->in);
  sl_free(c);
}

static void learn_addresses(struct conn *c, const struct tcp *t)
{
  struct gate_addr local = {0};
  socklen_t len = sizeof local.u;
  char text[SL_ADDR_TEXT];
  int port;
  sl_addr_print(&t->peer.sa, text, &port);
  memcpy(c->primary_ip, text, sizeof c->primary_ip);
  c->primary_port = (uint16_t)port;
  if (!getsockname(t->sock.fd, &local.u.sa, &len)) {
    sl_addr_print(&local.u.sa, text, &port);
    memcpy(c->local_ip, text, sizeof c->local_ip);
    c->local_port = (uint16_t)port;
  }
}

void sl_conn_take_tcp(struct conn *c, struct tcp *t)
{
  c->tcp = t;
  c->top = &t->s;
  learn_addresses(c, t);
  sl_tcp_drive(t, conn_event, c);
}

void sl_conn_event(struct conn *c)
{
  if (c->xfer)
    sl_transfer_run(c->xfer);
  else if (c->h2)
    sl_http2_event(c);
  else
    sl_conn_free(c, false); /* an idle peer has nothing to say but goodbye */
}

static void conn_event(struct watch *w, unsigned ready)
{
  (void)ready;
  sl_conn_event(w->owner);
}

struct conn *sl_conn_of_watch(const struct watch *w)
{
  return w->fn == conn_event ? w->owner : NULL;
}

const char *sl_conn_why(const struct conn *c)
{
  struct tls_conn *tls;
  if (sl_stream_query(c->top, STREAM_TLS, &tls) && *sl_tls_error(tls))
    return sl_tls_error(tls);
  return strerror(c->tcp->err);
}

static void set_quiet(struct conn *c, bool quiet)
{
  if (c->tunnelled)
    sl_http2_proxy_quiet(c, quiet);
  else
    sl_watch_quiet(&c->multi->reactor, &c->tcp->watch, quiet);
}

/* Out of the reactor of one multi handle, so that another one's can have it. */
static void detach(struct conn *c)
{
  sl_watch_remove(c->tcp->reactor, &c->tcp->watch);
  c->tcp->reactor = NULL;
  c->tcp->callback_depth = &c->pool->no_depth;
  c->multi = NULL;
}

static bool attach(struct conn *c, struct multi *m)
{
  if (!sl_watch_add(&m->reactor, &c->tcp->watch, c->tcp->sock.fd))
    return false;
  c->tcp->reactor = &m->reactor;
  c->tcp->callback_depth = &m->callback_depth;
  c->multi = m;
  return true;
}

/* An idle connection that is ours from now on may be in no reactor: what its end calls is called from within m. */
static void for_multi(struct conn *c, struct multi *m)
{
  if (!c->multi)
    c->tcp->callback_depth = &m->callback_depth;
}

/* The oldest idle one when there are too many, taken out of the others' reach; the pool is locked. */
static struct conn *surplus(struct pool *p, struct multi *m)
{
  enum { SHARED_IDLE = 100 };
  uint32_t max = p->max_idle ? p->max_idle : p->lock ? SHARED_IDLE : 4 * (m->n_handles ? m->n_handles : 1);
  struct conn *c = p->n_idle > max ? sl_pool_oldest(p) : NULL;
  if (c)
    sl_pool_set_busy(p, c);
  return c;
}

static void to_pool(struct conn *c, struct multi *m, void *who)
{
  struct pool *p = c->pool;
  sl_pool_lock(p, who, true);
  sl_pool_set_idle(p, c);
  c = surplus(p, m);
  sl_pool_lock(p, who, false);
  while (c) {
    for_multi(c, m);
    sl_conn_free(c, true);
    sl_pool_lock(p, who, true);
    c = surplus(p, m);
    sl_pool_lock(p, who, false);
  }
}

void sl_conn_release(struct conn *c)
{
  struct multi *m = c->multi;
  struct pool *p = c->pool;
  void *who = c->xfer ? c->xfer->easy : NULL;
  c->xfer = NULL;
  c->used = true;
  if (!c->keep || c->shut || (c->in.n && !c->chatty) || !c->top || !c->top->ready || (c->tunnelled && p->lock)) {
    sl_conn_free(c, true); /* a tunnel cannot leave its multi handle */
    return;
  }
  if (!c->in.n)
    sl_buf_done(&c->in);
  c->idle_since_us = m->reactor.now_us;
  if (p->lock) {
    detach(c);
  } else {
    set_quiet(c, true);
    sl_conn_want(c, c->chatty ? 0 : WATCH_IN);
  }
  to_pool(c, m, who);
}

void sl_conn_hold(struct conn *c, struct easy *e)
{
  c->xfer = NULL;
  c->held_by = e;
  e->last_conn = c;
  sl_conn_want(c, 0);
}

void sl_conn_unhold(struct easy *e)
{
  struct conn *c = e->last_conn;
  e->last_conn = NULL;
  if (c) {
    struct multi *m = c->multi;
    struct pool_peer *peer = c->peer;
    c->held_by = NULL;
    if (peer)
      peer->holds++;
    sl_conn_free(c, true);
    sl_limits_place(m, peer);
    if (peer)
      sl_pool_peer_put(&m->pool, peer);
  }
}

static bool too_old(const struct conn *c, const struct net_config *net, int64_t now_us)
{
  return sl_conn_time_is_over(net, now_us, c->created_us, sl_pool_is_idle(c) ? c->idle_since_us : 0);
}

/* Bytes on an idle connection are no answer to anything; only TLS has messages of its own (tickets). */
static bool alive(struct conn *c)
{
  bool has_bytes;
  if (c->tunnelled ? !sl_http2_proxy_alive(c, &has_bytes) : sl_tcp_is_dead(c->tcp, &has_bytes))
    return false;
  if (!has_bytes || c->chatty)
    return true;
  if (c->h2)
    return sl_http2_alive(c);
  if (!c->top->below)
    return false;
  char byte;
  size_t n;
  return sl_stream_read(c->top, &byte, 1, &n) == SL_WAIT;
}

struct conn *sl_conn_reuse(struct multi *m, struct pool *p, struct slice key, struct easy *e,
                           const struct gate_ask *ask)
{
  for (;;) {
    sl_pool_lock(p, e, true);
    struct conn *c = sl_pool_find(p, key, m);
    bool open = c && !sl_pool_is_idle(c), old = c && too_old(c, e->set.net, m->reactor.now_us);
    if (c)
      sl_pool_set_busy(p, c);
    sl_pool_lock(p, e, false);
    if (!c)
      return NULL;
    old = old || (ask && c->tcp && !sl_gate_may_reuse(ask, &c->tcp->sock));
    if (open && old) {
      sl_http2_retire(c); /* those that are on it may finish */
      continue;
    }
    if (open)
      return c;
    if (!old && (c->multi || attach(c, m)) && alive(c)) {
      set_quiet(c, false);
      sl_gate_tell(&c->tcp->sock, SLUICE_EVENT_REUSE, 0, &m->callback_depth);
      return c;
    }
    for_multi(c, m);
    sl_conn_free(c, false);
  }
}

sl_result sl_conn_fill(struct conn *c, size_t want_bytes, struct slice *out_all)
{
  char *dst;
  size_t n = 0, room = SL_SCRATCH_BYTES;
  if (want_bytes < room)
    room = want_bytes;
  if (c->in.n) {
    if (!sl_buf_reserve(&c->in, room < 4096 ? room : 4096))
      return sl_buf_result(&c->in, CURLE_TOO_LARGE);
    dst = c->in.p + c->in.n;
    room = c->in.cap - c->in.n - 1;
  } else {
    dst = sl_multi_scratch(c->multi);
    if (!dst)
      return SL_NOMEM;
  }
  sl_result rc = sl_stream_read(c->top, dst, room, &n);
  if (rc)
    return rc;
  c->shut = !n;
  if (c->in.n) {
    c->in.n += (uint32_t)n;
    *out_all = sl_buf_peek(&c->in);
  } else {
    *out_all = slice_of(dst, n);
  }
  return SL_OK;
}

sl_result sl_conn_keep(struct conn *c, struct slice rest)
{
  if (c->in.n)
    sl_buf_drop(&c->in, c->in.n - rest.n);
  else if (rest.n)
    sl_buf_add(&c->in, rest);
  sl_result rc = sl_buf_result(&c->in, CURLE_TOO_LARGE);
  if (!c->in.n)
    sl_buf_done(&c->in); /* forgets the error */
  return rc;
}

sl_result sl_conn_write(struct conn *c, struct slice *data)
{
  while (data->n) {
    size_t n = 0;
    sl_result rc = sl_stream_write(c->top, *data, &n);
    if (rc)
      return rc;
    *data = slice_from(*data, n);
  }
  return SL_OK;
}

sl_result sl_conn_drain(struct conn *c, struct buf *out)
{
  struct slice left = sl_buf_peek(out);
  sl_result rc = sl_conn_write(c, &left);
  sl_buf_drop(out, out->n - left.n);
  if (!out->n)
    sl_buf_done(out);
  return rc;
}
