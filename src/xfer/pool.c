/* See pool.h. */
#include "xfer/pool.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/random.h"
#include "xfer/conn.h"

enum { PEER_KEY_MAX = 128 * 1024 };

void sl_pool_init(struct pool *p)
{
  uint64_t seed = 0;
  *p = (struct pool){.next_id = 0};
  sl_random_u64(&seed); /* without one hostile hosts could at worst make a lookup slow */
  sl_map_init(&p->bundles, seed);
  sl_map_init(&p->peers, seed);
  sl_list_init(&p->idle);
}

void sl_pool_done(struct pool *p)
{
  sl_map_done(&p->bundles);
  sl_map_done(&p->peers);
}

static struct bundle *bundle_new(struct pool *p, struct slice key)
{
  struct bundle *b = sl_malloc(sizeof *b + key.n);
  if (!b)
    return NULL;
  memcpy(b + 1, key.p, key.n);
  b->key = slice_of((const char *)(b + 1), key.n);
  b->conns = 0;
  b->only_http1 = false;
  sl_list_init(&b->idle);
  sl_list_init(&b->busy);
  if (sl_map_put(&p->bundles, b->key, b))
    return b;
  sl_free(b);
  return NULL;
}

static bool enter(struct pool *p, struct conn *c, struct slice key)
{
  struct bundle *b = sl_map_get(&p->bundles, key);
  if (!b)
    b = bundle_new(p, key);
  if (!b)
    return false;
  c->bundle = b;
  b->conns++;
  sl_list_push_back(&b->busy, &c->bundle_link);
  return true;
}

static void let_go(struct pool *p, struct bundle *b)
{
  if (--b->conns)
    return;
  sl_map_remove(&p->bundles, b->key);
  sl_free(b);
}

bool sl_pool_join(struct pool *p, struct conn *c, struct slice key)
{
  if (!enter(p, c, key))
    return false;
  p->n_conns++;
  c->id = (int64_t)p->next_id++;
  return true;
}

bool sl_pool_move(struct pool *p, struct conn *c, struct slice key)
{
  struct bundle *before = c->bundle;
  sl_list_unlink(&c->bundle_link);
  if (!enter(p, c, key)) {
    sl_list_push_back(&before->busy, &c->bundle_link);
    return false;
  }
  c->bundle->only_http1 = before->only_http1;
  let_go(p, before);
  return true;
}

static void peer_not_idle(struct conn *c)
{
  if (sl_list_empty(&c->peer_link))
    return;
  sl_list_unlink(&c->peer_link);
  c->peer->n_idle--;
}

void sl_pool_leave(struct pool *p, struct conn *c)
{
  struct bundle *b = c->bundle;
  if (!b)
    return;
  if (!sl_list_empty(&c->idle_link))
    p->n_idle--;
  sl_list_unlink(&c->idle_link);
  sl_list_unlink(&c->bundle_link);
  if (p->hot == c)
    p->hot = NULL;
  c->bundle = NULL;
  p->n_conns--;
  peer_not_idle(c);
  if (c->peer) {
    c->peer->conns--;
    sl_pool_peer_put(p, c->peer);
    c->peer = NULL;
  }
  let_go(p, b);
}

void sl_pool_set_idle(struct pool *p, struct conn *c)
{
  sl_list_unlink(&c->bundle_link);
  sl_list_push_front(&c->bundle->idle, &c->bundle_link);
  sl_list_push_back(&p->idle, &c->idle_link);
  if (c->peer) {
    sl_list_push_back(&c->peer->idle, &c->peer_link);
    c->peer->n_idle++;
  }
  p->n_idle++;
  if (p->hot && p->hot != c && !sl_list_empty(&p->hot->idle_link))
    sl_stream_idle(p->hot->top);
  p->hot = c;
}

void sl_pool_set_busy(struct pool *p, struct conn *c)
{
  sl_list_unlink(&c->bundle_link);
  sl_list_push_back(&c->bundle->busy, &c->bundle_link);
  if (sl_pool_is_idle(c))
    p->n_idle--;
  sl_list_unlink(&c->idle_link);
  peer_not_idle(c);
}

void sl_pool_set_open(struct pool *p, struct conn *c)
{
  sl_pool_set_busy(p, c);
  sl_list_unlink(&c->bundle_link);
  sl_list_push_front(&c->bundle->idle, &c->bundle_link);
}

bool sl_pool_is_idle(const struct conn *c)
{
  return !sl_list_empty(&c->idle_link);
}

/* ---- peers ---- */

struct pool_peer *sl_pool_peer_get(struct pool *p, struct slice host, uint16_t port)
{
  struct buf key;
  sl_buf_init(&key, PEER_KEY_MAX);
  sl_buf_add(&key, host);
  if (sl_buf_ok(&key) && key.n)
    sl_text_lower(key.p, key.n);
  sl_buf_char(&key, ':');
  sl_buf_num(&key, port);
  struct pool_peer *peer = sl_buf_ok(&key) ? sl_map_get(&p->peers, sl_buf_peek(&key)) : NULL;
  if (!peer && sl_buf_ok(&key) && (peer = sl_malloc(sizeof *peer + key.n))) {
    memcpy(peer + 1, key.p, key.n);
    *peer = (struct pool_peer){.key = slice_of((const char *)(peer + 1), key.n)};
    sl_list_init(&peer->idle);
    sl_list_init(&peer->waiting);
    if (!sl_map_put(&p->peers, peer->key, peer)) {
      sl_free(peer);
      peer = NULL;
    }
  }
  sl_buf_done(&key);
  if (peer)
    peer->holds++;
  return peer;
}

void sl_pool_peer_put(struct pool *p, struct pool_peer *peer)
{
  if (--peer->holds)
    return;
  sl_map_remove(&p->peers, peer->key);
  sl_free(peer);
}

void sl_pool_set_peer(struct conn *c, struct pool_peer *peer)
{
  c->peer = peer;
  peer->holds++;
  peer->conns++;
}

struct conn *sl_pool_find(struct pool *p, struct slice key, const struct multi *m)
{
  struct bundle *b = sl_map_get(&p->bundles, key);
  if (!b)
    return NULL;
  LIST_FOR_EACH(node, &b->idle) {
    struct conn *c = LIST_ENTRY(node, struct conn, bundle_link);
    if (sl_pool_is_idle(c) || c->multi == m)
      return c;
  }
  return NULL;
}

struct conn *sl_pool_oldest(struct pool *p)
{
  return sl_list_empty(&p->idle) ? NULL : LIST_ENTRY(p->idle.next, struct conn, idle_link);
}

struct conn *sl_pool_any(struct pool *p)
{
  uint32_t pos = 0;
  struct bundle *b = sl_map_next(&p->bundles, &pos);
  if (!b)
    return NULL;
  struct list *first = sl_list_empty(&b->busy) ? b->idle.next : b->busy.next;
  return LIST_ENTRY(first, struct conn, bundle_link);
}
