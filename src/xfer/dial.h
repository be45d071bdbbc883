/* Making a new connection: name, sockets, then the layers between TCP and the protocol. Lives while the transfer is in
 * XFER_DIAL. */
#ifndef SL_XFER_DIAL_H
#define SL_XFER_DIAL_H

#include "dns/dns.h"
#include "stream/connector.h"
#include "xfer/route.h"

struct transfer;

enum dial_phase {
  DIAL_SHARE,  /* a proxy's HTTP/2 connection may be there already */
  DIAL_RESOLVE,
  DIAL_CONNECT,
  DIAL_TARGET, /* SOCKS 4 and 5 without remote resolving: the origin's address is looked up here */
  DIAL_PROXY,  /* up to TLS with a proxy that may choose HTTP/2 */
  DIAL_LAYERS
};

struct h2_proxy;

struct dial {
  struct transfer *t;
  struct conn *conn;         /* that is being made */
  struct list waiters;       /* struct transfer: they want to know whether it speaks HTTP/2 */
  struct route route;        /* its strings in the transfer's arena */
  struct dns_waiter waiter;
  struct connector connector;
  const char *first_host;    /* who is dialled: origin or proxy */
  uint16_t first_port;
  unsigned added6, added4;   /* of the name's addresses, given to the connector */
  uint8_t phase;             /* enum dial_phase */
  bool to_proxy;
  bool side;                 /* a data connection beside the transfer's own: not the caller's news, not in the pool */
  bool target_known, target_asked;
  struct h2_proxy *proxy;    /* that is being made; see http2_proxy.h */
  struct list proxy_link;    /* waits for somebody else's */
  bool proxy_alone;          /* nothing came of that */
  bool redial;               /* the proxy wants a new connection for the next round */
  struct gate_addr target;
};

/* t->conn is a new connection in the pool's books afterwards. */
sl_result sl_dial_start(struct transfer *t, const struct route *route, struct slice key);
/* The same for a data connection, in no pool: (*out_dial)->conn is the caller's. */
sl_result sl_dial_data(struct transfer *t, const struct route *route, struct dial **out_dial);
sl_result sl_dial_step(struct dial *d); /* SL_OK: d->conn can be used */
void sl_dial_free(struct dial *d);
unsigned sl_dial_want(const struct dial *d); /* of the connection's stream, among its layers */

#endif
