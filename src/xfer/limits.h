/* Limits on connections: CURLMOPT_MAX_TOTAL_CONNECTIONS and _MAX_HOST_CONNECTIONS. A new connection needs a place; an
 * idle connection gives its place up. Who finds none waits: for its peer's limit in the peer's queue, for the total
 * in the multi handle's. A place that becomes free wakes the first that can use it, and nobody overtakes.
 *
 * Only a multi handle's own pool has limits: one in a share belongs to several threads. */
#ifndef SL_XFER_LIMITS_H
#define SL_XFER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"

struct multi;
struct transfer;
struct route;
struct pool_peer;

/* SL_OK: there is a place, and *out_peer (NULL: nobody counts) is held for sl_limits_use(); SL_WAIT: not now. */
sl_result sl_limits_admit(struct transfer *t, const struct route *r, struct pool_peer **out_peer);
/* An idle connection may be what somebody else has been woken for. */
bool sl_limits_may_reuse(const struct transfer *t);
/* After dialling: the transfer's connection, if there is one, has the place. */
void sl_limits_use(struct transfer *t, struct pool_peer *peer);
/* It has got a pooled connection, or it ends: what it waited for is somebody else's. */
void sl_limits_leave(struct transfer *t, bool place_used);
/* There may be a place for a connection to this peer (NULL: to any). */
void sl_limits_place(struct multi *m, struct pool_peer *peer);
/* A connection to this peer has room for n more transfers: they need no place of their own. */
void sl_limits_look(struct multi *m, struct pool_peer *peer, uint32_t n);
void sl_limits_changed(struct multi *m); /* everybody looks again */

#endif
