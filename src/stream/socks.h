/* A connection through a SOCKS proxy as a stream: the layer speaks SOCKS 4, 4a or 5 over the one
 * below, then passes bytes through. Not a byte more than the proxy's replies is taken from below.
 */
#ifndef SL_STREAM_SOCKS_H
#define SL_STREAM_SOCKS_H

#include "base/buf.h"
#include "gate/addr.h"
#include "stream/stream.h"

struct socks_params {
  uint8_t type; /* CURLPROXY_SOCKS4, _SOCKS4A, _SOCKS5, _SOCKS5_HOSTNAME */
  uint8_t auth; /* CURLAUTH_BASIC: user name and password may be sent to a SOCKS 5 proxy */
  uint16_t port;
  struct slice
      host; /* where to: ASCII, without brackets. SOCKS5_HOSTNAME says a literal as an address */
  const struct gate_addr
      *addr; /* what it resolved to: for SOCKS4 an IPv4 address, for SOCKS5 either; else NULL */
  const char *user, *password; /* NULL: none */
  struct buf
      *error; /* receives the reason of a failure, unless it has one; until the layer is ready */
};

/* Rests upon `below`, copies what it needs of the parameters. NULL: out of memory. A failed step is
 * CURLE_PROXY. */
struct stream *sl_socks_new(struct stream *below, const struct socks_params *params);
int sl_socks_proxy_error(const struct stream *s); /* CURLPX_* of a failed step; CURLPX_OK */

#endif
