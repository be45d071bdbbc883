/* Names that a proxy will look up by itself, under a policy: they are looked up and judged here first, since no socket
 * of ours will ever show where they lead (`socks5h`, CONNECT, requests in absolute form). */
#ifndef SL_XFER_JUDGE_H
#define SL_XFER_JUDGE_H

#include "dns/dns.h"
#include "xfer/route.h"

struct transfer;

/* SL_OK: no policy, no proxy, or the policies allow every address of every name behind the first hop; `purpose` is what
 * the last one is for. SL_WAIT: being looked up, the transfer will be woken. Else why not. */
sl_result sl_judge_route(struct transfer *t, const struct route *r, enum gate_purpose purpose);
bool sl_judge_needed(struct transfer *t, const struct route *r); /* there are both a policy and a proxy */
void sl_judge_free(struct transfer *t); /* harmless when nothing is being judged */

/* Does the way begin with a Unix socket that the policies refuse? For connections that exist: a new one is judged when it
 * is opened. */
bool sl_judge_path(const struct gate_ask *ask, const struct route *r);

/* The first address of this family that the policies allow. False: none; t->error says why, if it is for them. */
bool sl_judge_pick(struct transfer *t, enum gate_purpose purpose, const struct dns_answer *a, int family, uint16_t port,
                   struct gate_addr *out);

#endif
