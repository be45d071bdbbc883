/* Which proxies a request goes through: CURLOPT_PROXY, PRE_PROXY and NOPROXY, else the environment. */
#ifndef SL_XFER_PROXY_PICK_H
#define SL_XFER_PROXY_PICK_H

#include "xfer/route.h"

/* Sets route->proxy and route->pre (->set false: none), strings in the arena. */
sl_result sl_proxy_pick(struct transfer *t, struct arena *arena, struct route *route);

static inline bool sl_proxy_is_http(const struct proxy_hop *h)
{
  return h->type <= 3; /* CURLPROXY_HTTP, _HTTP_1_0, _HTTPS, _HTTPS2 */
}
static inline bool sl_proxy_is_tls(const struct proxy_hop *h)
{
  return h->type == 2 || h->type == 3; /* CURLPROXY_HTTPS, _HTTPS2 */
}

#endif
