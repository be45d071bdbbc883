/* Connections to proxies that speak HTTP/2 (CURLPROXY_HTTPS2): each carries the tunnels of many connections, RFC 9113 8.5.
 *
 *   struct h2_proxy  the proxy's connection: socket, TLS, session. Of one multi handle, found by its key, which is the
 *                    proxy's part of a route. It lives as long as it has tunnels, and then as an idle one for a while.
 *   struct proxied   a tunnel (proto/h2_tunnel.h): the bottom of the stack of one struct conn, in the place of a socket
 *
 * A dial that finds no proxy connection makes one, and others wait for it; when the proxy does not choose h2 each goes on
 * alone over HTTP/1.1. The descriptor is watched once, for all tunnels; a conn whose tunnel is ready is run by a job, as
 * if it had a descriptor of its own. When the proxy's connection dies, its tunnels fail one by one, each in its own turn;
 * it is freed after the last of them. */
#ifndef SL_XFER_HTTP2_PROXY_H
#define SL_XFER_HTTP2_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"

struct conn;
struct dial;
struct easy;
struct multi;
struct watch;

/* The beginning of a dial that may use one. SL_OK: d->phase says how it goes on; SL_WAIT: for somebody else's. */
sl_result sl_http2_proxy_find(struct dial *d);
/* TLS to the proxy is there and h2 was chosen: what the dial has made becomes a proxy connection, and gets a tunnel. */
sl_result sl_http2_proxy_take(struct dial *d);
void sl_http2_proxy_left(struct dial *d); /* it makes and waits for none any more */

void sl_http2_proxy_avoid(struct conn *c); /* it has refused the tunnel of this one: no more of them */

/* For a conn that has a tunnel, what others do with their descriptors. */
void sl_http2_proxy_want(struct conn *c, unsigned want);
void sl_http2_proxy_quiet(struct conn *c, bool quiet);
bool sl_http2_proxy_alive(struct conn *c, bool *out_has_bytes);

bool sl_http2_proxy_of_watch(const struct watch *w, struct easy **out_easy); /* *out_easy NULL: nobody uses it now */
sl_result sl_http2_proxy_upkeep(struct multi *m, int64_t before_us);
void sl_http2_proxy_drop_idle(struct multi *m);
void sl_http2_proxy_drop_all(struct multi *m); /* with the conns on them, which must be idle or held */

#endif
