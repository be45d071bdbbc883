/* Where a request goes and by which way: origin, CONNECT_TO, proxies, Unix socket; and the identity of a connection
 * that goes there. One identity, compared as a whole (lessons 6 to 10): everything that makes two connections
 * different is in the key, nothing is compared option by option. */
#ifndef SL_XFER_ROUTE_H
#define SL_XFER_ROUTE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/result.h"
#include "base/slice.h"

struct transfer;

struct proxy_hop {
  bool set;
  uint8_t type;       /* CURLPROXY_* */
  uint16_t port;
  const char *host;   /* ASCII, without brackets */
  const char *user, *password; /* NULL: none */
};

struct route {
  struct slice host;  /* the origin's, ASCII, without brackets and scope */
  uint16_t port;
  uint32_t scope;     /* IPv6 scope id, 0 none */
  bool tls;           /* to the origin */
  struct slice to_host; /* CURLOPT_CONNECT_TO may say otherwise than the origin */
  uint16_t to_port;
  struct proxy_hop pre, proxy; /* in arena */
  bool tunnel;        /* CONNECT through an HTTP proxy */
  bool plain_proxy;   /* an HTTP proxy gets the request itself */
  bool proxy_h2;      /* HTTP/2 may be spoken with it */
  const char *unix_path; /* borrowed */
  bool abstract;
};

/* Strings live in the arena or are borrowed from URL and settings: good until application code runs. */
sl_result sl_route_make(struct transfer *t, struct arena *arena, struct route *out_route);
/* Writes the identity into dst; CURLE_TOO_LARGE when it does not fit. */
sl_result sl_route_key(const struct transfer *t, const struct route *route, char *dst, size_t cap,
                       struct slice *out_key);

/* The same of a connection to the proxy that is to carry tunnels. */
sl_result sl_route_proxy_key(const struct transfer *t, const struct route *route, char *dst, size_t cap,
                             struct slice *out_key);

#endif
