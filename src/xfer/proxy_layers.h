/* The layers that a proxy needs. */
#ifndef SL_XFER_PROXY_LAYERS_H
#define SL_XFER_PROXY_LAYERS_H

#include "stream/tunnel.h"
#include "xfer/dial.h"

struct stream;
struct proxy_hop;
/* The SOCKS proxy on the way, NULL when there is none; and where it is asked to connect to. */
const struct proxy_hop *sl_proxy_socks_hop(const struct route *r);
/* Is the name looked up here, not by the proxy? Always so under a policy. */
bool sl_proxy_socks_local(const struct dial *d, const struct proxy_hop *hop);
void sl_proxy_socks_target(const struct route *r, struct slice *out_host, uint16_t *out_port);
sl_result sl_proxy_layers_first(struct dial *d);  /* SOCKS */
sl_result sl_proxy_layers_last(struct dial *d);   /* HAProxy's line: the first bytes that the origin's side sees */
sl_result sl_proxy_layers_tunnel(struct dial *d); /* CONNECT */
struct tunnel_up sl_proxy_layers_up(struct dial *d); /* what it says, and makes of the answers */
/* SL_OK with d->redial: once more, on a new connection. */
sl_result sl_proxy_layers_failed(struct dial *d, struct stream *layer, sl_result rc);

#endif
