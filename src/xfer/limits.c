/* See limits.h. */
#include "xfer/limits.h"

#include "xfer/route.h"
#include "xfer/share.h"
#include "xfer/transfer.h"

/* ---- is there room? An idle connection would make some ---- */

static bool host_room(const struct pool *p, const struct pool_peer *peer, uint32_t promised)
{
  return !p->max_host_conns || peer->conns - peer->n_idle + promised < p->max_host_conns;
}

static bool total_room(const struct pool *p, uint32_t promised)
{
  return !p->max_conns || p->n_conns - p->n_idle + promised < p->max_conns;
}

/* ---- the queues ---- */

static struct transfer *first(const struct list *queue)
{
  return sl_list_empty(queue) ? NULL : LIST_ENTRY(queue->next, struct transfer, wait_link);
}

/* In the order in which they came: nearly always at one of the ends. */
static void enqueue(struct list *queue, struct transfer *t)
{
  struct list *at = queue;
  if (!sl_list_empty(queue) && LIST_ENTRY(queue->prev, struct transfer, wait_link)->wait_seq > t->wait_seq) {
    at = queue->next;
    while (at != queue && LIST_ENTRY(at, struct transfer, wait_link)->wait_seq < t->wait_seq)
      at = at->next;
  }
  sl_list_push_back(at, &t->wait_link); /* before `at` */
}

static sl_result wait_in(struct list *queue, struct transfer *t, struct pool_peer *peer)
{
  struct multi *m = t->multi;
  if (!t->wait_seq) {
    t->wait_seq = ++m->next_wait_seq;
    SL_INFOF(t->easy, "No connections available, waiting for one");
  }
  t->wait_peer = peer; /* takes the hold over */
  t->state = XFER_WAITING;
  enqueue(queue, t);
  m->n_waiting++;
  return SL_WAIT;
}

static void wake(struct transfer *t)
{
  sl_list_unlink(&t->wait_link);
  t->multi->n_waiting--;
  t->woken = true;
  t->multi->n_promised++;
  t->wait_peer->promised++;
  sl_transfer_wake(t);
}

/* It runs, or ends; whether it was woken. */
static bool take_promise(struct transfer *t)
{
  if (!t->woken)
    return false;
  t->woken = false;
  t->multi->n_promised--;
  t->wait_peer->promised--;
  return true;
}

static void let_go(struct multi *m, struct pool_peer **peer)
{
  if (*peer)
    sl_pool_peer_put(&m->pool, *peer);
  *peer = NULL;
}

void sl_limits_place(struct multi *m, struct pool_peer *peer)
{
  const struct pool *p = &m->pool;
  struct transfer *own = peer && host_room(p, peer, peer->promised) ? first(&peer->waiting) : NULL;
  struct transfer *any = total_room(p, m->n_promised) ? first(&m->waiting) : NULL;
  if (own && any && any->wait_seq < own->wait_seq) {
    sl_list_unlink(&own->wait_link); /* the peer has room for it; now it is the total that it waits for */
    enqueue(&m->waiting, own);
    own = NULL;
  }
  if (own || any)
    wake(own ? own : any);
}

void sl_limits_look(struct multi *m, struct pool_peer *peer, uint32_t n)
{
  struct transfer *t;
  if (!peer)
    return;
  for (; n && (t = first(&peer->waiting)); n--)
    wake(t);
  for (; n && (t = first(&m->waiting)) && t->wait_peer == peer; n--)
    wake(t);
}

void sl_limits_changed(struct multi *m)
{
  uint32_t pos = 0;
  struct pool_peer *peer;
  struct transfer *t;
  while ((t = first(&m->waiting)))
    wake(t);
  while ((peer = sl_map_next(&m->pool.peers, &pos)))
    while ((t = first(&peer->waiting)))
      wake(t);
}

/* ---- a transfer ---- */

/* Who is dialled. */
static struct pool_peer *peer_of(struct pool *p, const struct route *r)
{
  if (r->unix_path)
    return sl_pool_peer_get(p, slice_str(r->unix_path), 0);
  const struct proxy_hop *hop = r->pre.set ? &r->pre : r->proxy.set ? &r->proxy : NULL;
  return hop ? sl_pool_peer_get(p, slice_str(hop->host), hop->port) : sl_pool_peer_get(p, r->to_host, r->to_port);
}

bool sl_limits_may_reuse(const struct transfer *t)
{
  return t->woken || !t->multi->n_promised || t->easy->doh || sl_share_pool(t->easy, t->multi) != &t->multi->pool;
}

sl_result sl_limits_admit(struct transfer *t, const struct route *r, struct pool_peer **out_peer)
{
  struct multi *m = t->multi;
  struct pool *p = sl_share_pool(t->easy, m);
  *out_peer = NULL;
  if (p != &m->pool || t->easy->doh) /* the resolver's would wait for those who wait for it */
    return SL_OK;
  struct pool_peer *peer = peer_of(p, r);
  if (!peer)
    return SL_NOMEM;
  bool woken = take_promise(t);
  let_go(m, &t->wait_peer);
  if (!host_room(p, peer, woken ? 0 : peer->promised) || (!woken && !sl_list_empty(&peer->waiting))) {
    wait_in(&peer->waiting, t, peer);
    if (woken)
      sl_limits_place(m, NULL); /* it could not use the place */
    return SL_WAIT;
  }
  if (!total_room(p, woken ? 0 : m->n_promised) || (!woken && !sl_list_empty(&m->waiting)))
    return wait_in(&m->waiting, t, peer);
  if (p->max_host_conns && peer->conns >= p->max_host_conns)
    sl_conn_free(LIST_ENTRY(peer->idle.next, struct conn, peer_link), true);
  if (p->max_conns && p->n_conns >= p->max_conns)
    sl_conn_free(sl_pool_oldest(p), true);
  *out_peer = peer;
  return SL_OK;
}

void sl_limits_use(struct transfer *t, struct pool_peer *peer)
{
  struct multi *m = t->multi;
  t->wait_seq = 0;
  if (!peer)
    return;
  if (t->conn)
    sl_pool_set_peer(t->conn, peer);
  else
    sl_limits_place(m, peer);
  let_go(m, &peer);
}

void sl_limits_leave(struct transfer *t, bool place_used)
{
  struct multi *m = t->multi;
  if (!t->wait_seq && !t->wait_peer)
    return; /* it has not waited */
  bool woken = take_promise(t);
  t->wait_seq = 0;
  if (!sl_list_empty(&t->wait_link)) {
    sl_list_unlink(&t->wait_link);
    m->n_waiting--;
  }
  if (woken && !place_used)
    sl_limits_place(m, t->wait_peer);
  let_go(m, &t->wait_peer);
}
