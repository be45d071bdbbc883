/* Connections that wait for their next transfer, and the limits on all connections. Connections with one identity
 * (conn_key.h) form a bundle; the idle ones are also in one list in the order in which they became idle. */
#ifndef SL_XFER_POOL_H
#define SL_XFER_POOL_H

#include "base/list.h"
#include "base/map.h"

struct conn;
struct easy;
struct multi;

struct bundle {
  struct slice key;  /* behind the struct */
  uint32_t conns;    /* all of them, busy ones too */
  struct list idle;  /* struct conn, the latest first; also the busy ones that can take one more transfer (HTTP/2) */
  struct list busy;  /* struct conn */
  bool only_http1;   /* a new connection was offered HTTP/2 and did not take it */
};

/* Where connections go first, "host:port": the origin, its alternative or a proxy. Lives as long as it is held. */
struct pool_peer {
  struct slice key;    /* behind the struct */
  uint32_t conns, n_idle, holds;
  uint32_t promised;   /* of those who waited: they have been woken and have not run yet */
  struct list idle;    /* struct conn, the oldest first */
  struct list waiting; /* struct transfer; see limits.h */
};

struct pool {
  struct map bundles, peers;
  struct list idle;        /* struct conn, the oldest first */
  struct conn *hot;        /* the one that became idle last still has its buffers: likely it is next */
  uint32_t n_idle, n_conns;
  uint32_t max_idle;       /* 0: four times the number of handles */
  uint32_t max_conns, max_host_conns; /* 0: no limit */
  uint64_t next_id;
  /* In a share several multi handles use it: its idle connections are in no reactor. NULL: one multi handle's own. */
  void (*lock)(void *owner, void *who, bool on);
  void *lock_owner;
  unsigned no_depth; /* stands in for a multi handle's callback_depth while nobody has a connection */
};

static inline void sl_pool_lock(struct pool *p, void *who, bool on)
{
  if (p->lock)
    p->lock(p->lock_owner, who, on);
}

void sl_pool_init(struct pool *p);
void sl_pool_done(struct pool *p); /* all connections must be gone */
bool sl_pool_join(struct pool *p, struct conn *c, struct slice key); /* a new, busy connection; false: no memory */
/* A busy connection gets another identity; false: no memory, it keeps the one that it has. */
bool sl_pool_move(struct pool *p, struct conn *c, struct slice key);
void sl_pool_leave(struct pool *p, struct conn *c);                  /* it is going to be freed */
void sl_pool_set_idle(struct pool *p, struct conn *c);
void sl_pool_set_busy(struct pool *p, struct conn *c);
/* A busy connection that can take one more transfer of the same multi handle. */
void sl_pool_set_open(struct pool *p, struct conn *c);
bool sl_pool_is_idle(const struct conn *c);
/* An open connection of this multi handle or the latest idle one with this key, or NULL. It stays what it is. */
struct conn *sl_pool_find(struct pool *p, struct slice key, const struct multi *m);
/* The peer, made when there is none; held until _put(). NULL: out of memory. */
struct pool_peer *sl_pool_peer_get(struct pool *p, struct slice host, uint16_t port);
void sl_pool_peer_put(struct pool *p, struct pool_peer *peer);
void sl_pool_set_peer(struct conn *c, struct pool_peer *peer); /* it counts for this peer until it leaves */
struct conn *sl_pool_oldest(struct pool *p);
struct conn *sl_pool_any(struct pool *p); /* whichever there is, busy or idle; NULL: none */

#endif
