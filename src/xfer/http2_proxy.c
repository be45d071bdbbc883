/* Tunnels on connections to HTTP/2 proxies; see http2_proxy.h. */
#include "xfer/http2_proxy.h"

#include "base/mem.h"
#include "loop/scratch.h"
#include "proto/h2_tunnel.h"
#include "xfer/dial.h"
#include "xfer/http2.h"
#include "xfer/judge.h"
#include "xfer/layers.h"
#include "xfer/proxy_layers.h"
#include "xfer/transfer.h"

enum {
  MAX_IDLE = 4,
  LINGER_US = 500000, /* for the other end to say that it has got everything, once that is sent */
  MOST_LINGERS = 60   /* so often for what cannot be sent */
};

struct h2_proxy {
  struct list link;    /* in multi->proxies */
  struct multi *multi;
  struct slice key;    /* behind the struct */
  struct list waiters; /* struct dial */
  struct list tunnels; /* struct proxied */
  uint32_t n, n_busy;  /* tunnels; those of conns that are in use */
  struct timer timer;  /* for tunnels that linger */
  /* What the dial has made; nothing before. */
  struct stream *top;
  struct tcp *tcp;
  struct h2_session *session;
  struct job job;      /* flushes, late in the round */
  int64_t created_us, idle_since_us, upkeep_us;
  sl_result result;    /* of the session as a whole; SL_OK: it lives */
  bool more;           /* bytes may be left in the stream below */
  bool last;           /* takes no more tunnels */
  bool served;         /* somebody has found it */
  uint16_t primary_port, local_port;
  char primary_ip[SL_INFO_IP_MAX], local_ip[SL_INFO_IP_MAX];
};

struct proxied {
  struct h2_tunnel tunnel;
  struct h2_proxy *proxy;
  struct conn *conn; /* NULL: it lingers */
  struct list link;  /* in proxy->tunnels */
  struct job job;    /* stands in for a descriptor's event */
  int64_t until_us;  /* of one that lingers */
  uint8_t lingers;   /* how often it has been given more time */
  uint8_t want;
  bool quiet;       /* the conn is idle in the pool */
};

static struct proxied *of(struct h2_tunnel *t)
{
  return (struct proxied *)(void *)t;
}

static struct proxied *tunnel_of(const struct conn *c)
{
  struct stream *s = c->top;
  while (s->below)
    s = s->below;
  return of(sl_h2_tunnel_of(s));
}

/* ---- the proxy's connection ---- */

static void post(struct h2_proxy *p)
{
  sl_job_post_late(&p->multi->reactor, &p->job);
}

/* Those who wait for it look again; when nothing came of it, each goes on alone rather than wait in turn. */
static void wake_waiters(struct h2_proxy *p, bool alone)
{
  struct list *node;
  while ((node = sl_list_pop_front(&p->waiters))) {
    struct dial *d = LIST_ENTRY(node, struct dial, proxy_link);
    d->proxy_alone = alone;
    sl_transfer_wake(d->t);
  }
}

static bool usable(const struct h2_proxy *p)
{
  return p->session && !p->result && !p->last && !sl_h2_is_over(p->session);
}

static void lost(struct h2_proxy *p, sl_result rc)
{
  if (p->result)
    return;
  p->result = rc;
  LIST_FOR_EACH(node, &p->tunnels)
    sl_h2_tunnel_lost(&LIST_ENTRY(node, struct proxied, link)->tunnel, rc, p->served);
  wake_waiters(p, true);
}

static void flush(struct h2_proxy *p)
{
  bool more = false;
  if (p->result)
    return;
  unsigned want = WATCH_IN;
  sl_result rc = sl_http2_flush(p->multi, p->session, p->top, &want, &more);
  if (rc > 0)
    lost(p, rc);
  sl_tcp_want(p->tcp, p->result ? 0 : want);
  if (more)
    post(p);
}

static void receive(struct h2_proxy *p)
{
  char *scratch = sl_multi_scratch(p->multi);
  sl_result rc = scratch ? sl_h2_receive(p->session, scratch, SL_SCRATCH_BYTES) : SL_NOMEM;
  p->more = !rc && !sl_h2_eof(p->session);
  if (rc > 0 && rc == CURLE_HTTP2)
    flush(p); /* the peer may hear why */
  if (rc > 0 || sl_h2_eof(p->session))
    lost(p, rc > 0 ? rc : CURLE_RECV_ERROR);
}

/* Nobody is on it: no tunnel, no dial that makes it. */
static void free_proxy(struct h2_proxy *p, bool polite)
{
  wake_waiters(p, true);
  if (p->session && polite && !p->result) {
    sl_h2_goodbye(p->session);
    flush(p);
    sl_stream_shutdown(p->top);
  }
  sl_timer_clear(&p->multi->reactor, &p->timer);
  sl_list_unlink(&p->job.link);
  sl_list_unlink(&p->link);
  sl_h2_free(p->session);
  sl_stream_free(p->top);
  sl_free(p);
}

/* The oldest idle ones, where there are many. */
static void trim(struct multi *m)
{
  int n = 0;
  for (struct list *node = m->proxies.prev, *before; node != &m->proxies; node = before) {
    struct h2_proxy *p = LIST_ENTRY(node, struct h2_proxy, link);
    before = node->prev;
    if (p->session && !p->n && ++n > MAX_IDLE)
      free_proxy(p, true);
  }
}

static void turn(struct job *job)
{
  struct h2_proxy *p = job->owner;
  if (p->more && !p->result)
    receive(p);
  flush(p);
  if (p->more && !p->result)
    post(p);
  if (sl_h2_settled(p->session))
    wake_waiters(p, false);
  if (!p->n && !(usable(p) && sl_h2_room(p->session)))
    free_proxy(p, true);
  else if (!p->n)
    trim(p->multi);
}

static void proxy_event(struct watch *w, unsigned ready)
{
  struct h2_proxy *p = w->owner;
  (void)ready;
  if (!p->result)
    receive(p);
  post(p);
}

static void show_quiet(struct h2_proxy *p)
{
  sl_watch_quiet(&p->multi->reactor, &p->tcp->watch, !p->n_busy);
  if (!p->n_busy)
    sl_stream_idle(p->top);
}

/* ---- a tunnel ---- */

static void run_conn(struct job *job)
{
  struct proxied *x = job->owner;
  if (x->conn)
    sl_conn_event(x->conn);
  else
    sl_h2_tunnel_end(&x->tunnel);
}

static void changed(struct h2_tunnel *t)
{
  struct proxied *x = of(t);
  if (x->conn ? x->want & sl_h2_tunnel_ready(t) : sl_h2_tunnel_is_over(t))
    sl_job_post(&x->proxy->multi->reactor, &x->job);
}

static void flush_soon(struct h2_tunnel *t)
{
  post(of(t)->proxy);
}

static void leave_conn(struct proxied *x)
{
  struct h2_proxy *p = x->proxy;
  if (!x->conn)
    return;
  sl_list_unlink(&x->job.link);
  x->conn->tunnelled = false;
  x->conn->tcp = NULL;
  x->conn = NULL;
  p->n_busy -= !x->quiet;
  show_quiet(p);
}

static void linger(struct h2_tunnel *t)
{
  struct proxied *x = of(t);
  struct h2_proxy *p = x->proxy;
  struct reactor *r = &p->multi->reactor;
  leave_conn(x);
  x->until_us = r->now_us + LINGER_US;
  if (!p->timer.node.at && !sl_timer_set(r, &p->timer, x->until_us))
    sl_h2_tunnel_end(t);
}

static bool lingers_on(struct proxied *x, int64_t now_us)
{
  if (x->until_us > now_us)
    return true;
  if (sl_h2_tunnel_pending(&x->tunnel) && x->lingers < MOST_LINGERS)
    x->lingers++;
  else if (x->lingers <= MOST_LINGERS)
    x->lingers = MOST_LINGERS + 1;
  else
    return false;
  x->until_us = now_us + LINGER_US;
  return true;
}

static void timer_due(struct timer *timer)
{
  struct h2_proxy *p = timer->owner;
  struct reactor *r = &p->multi->reactor;
  int64_t next_us = 0;
  LIST_FOR_EACH(node, &p->tunnels) {
    struct proxied *x = LIST_ENTRY(node, struct proxied, link);
    if (x->conn)
      continue;
    if (lingers_on(x, r->now_us))
      next_us = !next_us || x->until_us < next_us ? x->until_us : next_us;
    else
      sl_h2_tunnel_end(&x->tunnel);
  }
  if (next_us)
    (void)sl_timer_set(r, timer, next_us); /* the heap has just had room for it */
}

static void gone(struct h2_tunnel *t)
{
  struct proxied *x = of(t);
  struct h2_proxy *p = x->proxy;
  leave_conn(x);
  sl_list_unlink(&x->job.link);
  sl_list_unlink(&x->link);
  p->n--;
  sl_free(x);
  if (p->n)
    return;
  p->idle_since_us = p->multi->reactor.now_us;
  sl_list_unlink(&p->link);
  sl_list_push_back(&p->multi->proxies, &p->link);
  post(p); /* it may have to go */
}

static const struct h2_tunnel_host host = {changed, flush_soon, linger, gone};

static void take_addresses(struct conn *c, const struct h2_proxy *p)
{
  memcpy(c->primary_ip, p->primary_ip, sizeof c->primary_ip);
  memcpy(c->local_ip, p->local_ip, sizeof c->local_ip);
  c->primary_port = p->primary_port;
  c->local_port = p->local_port;
}

static sl_result push_tunnel(struct dial *d, struct h2_proxy *p)
{
  struct conn *c = d->conn;
  struct tunnel_up up = sl_proxy_layers_up(d);
  struct proxied *x = sl_malloc(sizeof *x);
  if (!x || !sl_h2_tunnel_init(&x->tunnel, p->session, &host, &up, &d->t->error)) {
    sl_free(x);
    return SL_NOMEM;
  }
  x->proxy = p;
  x->conn = c;
  x->want = 0;
  x->quiet = false;
  x->lingers = 0;
  sl_job_init(&x->job, run_conn, x);
  sl_list_push_back(&p->tunnels, &x->link);
  p->n++;
  p->n_busy++;
  show_quiet(p);
  c->tunnelled = true;
  c->tcp = p->tcp;
  c->top = &x->tunnel.s;
  take_addresses(c, p);
  if (d->t->easy->set.net->forbid_reuse)
    p->last = true;
  return SL_OK;
}

void sl_http2_proxy_avoid(struct conn *c)
{
  tunnel_of(c)->proxy->last = true;
}

void sl_http2_proxy_want(struct conn *c, unsigned want)
{
  struct proxied *x = tunnel_of(c);
  x->want = (uint8_t)want;
  changed(&x->tunnel);
}

void sl_http2_proxy_quiet(struct conn *c, bool quiet)
{
  struct proxied *x = tunnel_of(c);
  if (x->quiet == quiet)
    return;
  x->quiet = quiet;
  if (quiet)
    x->proxy->n_busy--;
  else
    x->proxy->n_busy++;
  show_quiet(x->proxy);
}

/* Has the proxy closed, or the tunnel's other end said something? */
static bool is_alive(struct h2_proxy *p)
{
  bool has_bytes;
  if (!p->result && sl_tcp_is_dead(p->tcp, &has_bytes))
    lost(p, CURLE_RECV_ERROR);
  else if (!p->result && has_bytes)
    receive(p);
  if (p->result || p->more || sl_h2_wants_flush(p->session))
    post(p);
  return !p->result;
}

bool sl_http2_proxy_alive(struct conn *c, bool *out_has_bytes)
{
  struct proxied *x = tunnel_of(c);
  if (!is_alive(x->proxy))
    return false;
  *out_has_bytes = sl_h2_tunnel_ready(&x->tunnel) & WATCH_IN;
  return true;
}

/* ---- finding and making ---- */

static struct h2_proxy *proxy_new(struct multi *m, struct slice key)
{
  struct h2_proxy *p = sl_calloc(1, sizeof *p + key.n);
  if (!p)
    return NULL;
  memcpy(p + 1, key.p, key.n);
  p->multi = m;
  p->key = slice_of((const char *)(p + 1), key.n);
  sl_list_init(&p->waiters);
  sl_list_init(&p->tunnels);
  sl_job_init(&p->job, turn, p);
  p->timer.fn = timer_due;
  p->timer.owner = p;
  sl_list_push_back(&m->proxies, &p->link);
  return p;
}

static bool too_old(const struct h2_proxy *p, const struct net_config *net)
{
  return sl_conn_time_is_over(net, p->multi->reactor.now_us, p->created_us, p->n ? 0 : p->idle_since_us);
}

/* One with room for another tunnel, or *out_wait: one that may have room in a moment. */
static struct h2_proxy *look(struct dial *d, struct slice key, struct h2_proxy **out_wait)
{
  struct multi *m = d->t->multi;
  *out_wait = NULL;
  LIST_FOR_EACH(node, &m->proxies) {
    struct h2_proxy *p = LIST_ENTRY(node, struct h2_proxy, link);
    if (!slice_eq(p->key, key))
      continue;
    if (!p->session || (usable(p) && !sl_h2_settled(p->session))) {
      *out_wait = p;
      continue;
    }
    if (usable(p) && too_old(p, d->t->easy->set.net)) {
      p->last = true; /* the tunnels on it may finish */
      post(p);
      continue;
    }
    if (!usable(p) || (!p->n_busy && !is_alive(p)) || !sl_h2_room(p->session))
      continue;
    if (!sl_gate_may_reuse(&d->connector.ask, &p->tcp->sock) || sl_judge_path(&d->connector.ask, &d->route))
      continue;
    return p;
  }
  return NULL;
}

static sl_result use(struct dial *d, struct h2_proxy *p)
{
  struct transfer *t = d->t;
  p->served = true;
  sl_result rc = push_tunnel(d, p);
  if (rc)
    return rc;
  SL_INFOF(t->easy, "Re-using the HTTP/2 connection to proxy %s", d->first_host);
  sl_gate_tell(&p->tcp->sock, SLUICE_EVENT_REUSE, 0, &t->multi->callback_depth);
  if (!d->side)
    t->easy->info.namelookup_us = t->easy->info.connect_us = sl_transfer_elapsed(t);
  d->phase = DIAL_LAYERS;
  d->t->easy->info.num_connects++;
  return sl_layers_push_rest(d);
}

static sl_result find(struct dial *d, struct slice key)
{
  struct transfer *t = d->t;
  struct h2_proxy *wait = NULL;
  struct h2_proxy *p = t->easy->set.net->fresh_connect ? NULL : look(d, key, &wait);
  if (p)
    return use(d, p);
  if (wait && !d->proxy_alone) {
    sl_list_push_back(&wait->waiters, &d->proxy_link);
    return SL_WAIT;
  }
  d->proxy = proxy_new(t->multi, key);
  d->phase = DIAL_RESOLVE;
  return d->proxy ? SL_OK : SL_NOMEM;
}

sl_result sl_http2_proxy_find(struct dial *d)
{
  struct multi *m = d->t->multi;
  struct slice key;
  if (!sl_list_empty(&d->proxy_link))
    return SL_WAIT;
  char *room = sl_multi_scratch_take(m); /* what idle connections have to say must not overwrite the key */
  sl_result rc = room ? sl_route_proxy_key(d->t, &d->route, room, SL_SCRATCH_BYTES, &key) : SL_NOMEM;
  if (!rc)
    rc = find(d, key);
  sl_multi_scratch_back(m, room);
  return rc;
}

void sl_http2_proxy_left(struct dial *d)
{
  struct h2_proxy *p = d->proxy;
  sl_list_unlink(&d->proxy_link);
  d->proxy = NULL;
  if (p)
    free_proxy(p, false);
}

sl_result sl_http2_proxy_take(struct dial *d)
{
  struct h2_proxy *p = d->proxy;
  struct conn *c = d->conn;
  struct multi *m = c->multi;
  struct h2_config config = {.ops = &sl_h2_tunnel_ops, .max_streams = m->max_streams};
  struct h2_session *session = sl_h2_new(c->top, &config);
  if (!session)
    return SL_NOMEM;
  p->session = session;
  p->top = c->top;
  p->tcp = c->tcp;
  p->created_us = p->idle_since_us = m->reactor.now_us;
  memcpy(p->primary_ip, c->primary_ip, sizeof p->primary_ip);
  memcpy(p->local_ip, c->local_ip, sizeof p->local_ip);
  p->primary_port = c->primary_port;
  p->local_port = c->local_port;
  d->proxy = NULL;
  c->top = NULL;
  c->tcp = NULL;
  sl_tcp_drive(p->tcp, proxy_event, p);
  p->more = true; /* the session's first bytes may be in the stream already */
  post(p);
  return push_tunnel(d, p);
}

/* ---- for the multi handle ---- */

bool sl_http2_proxy_of_watch(const struct watch *w, struct easy **out_easy)
{
  const struct h2_proxy *p = w->owner;
  *out_easy = NULL;
  if (w->fn != proxy_event)
    return false;
  LIST_FOR_EACH(node, &p->tunnels) {
    const struct conn *c = LIST_ENTRY(node, struct proxied, link)->conn;
    if (c && (c->xfer || c->h2))
      *out_easy = c->xfer ? c->xfer->easy : sl_http2_easy(c);
    if (*out_easy)
      break;
  }
  return true;
}

sl_result sl_http2_proxy_upkeep(struct multi *m, int64_t before_us)
{
  sl_result rc = SL_OK;
  LIST_FOR_EACH(node, &m->proxies) {
    struct h2_proxy *p = LIST_ENTRY(node, struct h2_proxy, link);
    if (!usable(p) || p->n_busy || p->idle_since_us > before_us || p->upkeep_us > before_us)
      continue;
    p->upkeep_us = m->reactor.now_us;
    if (!sl_h2_ping(p->session))
      rc = SL_NOMEM;
    flush(p);
    post(p);
  }
  return rc;
}

void sl_http2_proxy_drop_idle(struct multi *m)
{
  LIST_FOR_EACH(node, &m->proxies) {
    struct h2_proxy *p = LIST_ENTRY(node, struct h2_proxy, link);
    if (p->session && !p->n)
      free_proxy(p, true);
    else
      p->last = true;
  }
}

void sl_http2_proxy_drop_all(struct multi *m)
{
  while (!sl_list_empty(&m->proxies)) {
    struct h2_proxy *p = LIST_ENTRY(m->proxies.next, struct h2_proxy, link);
    LIST_FOR_EACH(node, &p->tunnels) {
      struct conn *c = LIST_ENTRY(node, struct proxied, link)->conn;
      if (c)
        sl_conn_free(c, true);
    }
    if (p->session)
      flush(p); /* what those had to say that linger */
    LIST_FOR_EACH(node, &p->tunnels)
      sl_h2_tunnel_end(&LIST_ENTRY(node, struct proxied, link)->tunnel);
    free_proxy(p, true);
  }
}
