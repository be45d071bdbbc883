/* The layers between a connected socket and the protocol: HAProxy's line, SOCKS, TLS to a proxy, CONNECT, TLS. */
#ifndef SL_XFER_LAYERS_H
#define SL_XFER_LAYERS_H

#include "xfer/dial.h"

sl_result sl_layers_push(struct dial *d);                  /* onto d->conn->top; d->phase says how far */
sl_result sl_layers_at_proxy(struct dial *d);              /* TLS to the proxy is there: it has said what it speaks */
sl_result sl_layers_push_rest(struct dial *d);             /* what is beyond the proxy */
sl_result sl_layers_failed(struct dial *d, sl_result rc);  /* gives the failure its words */
sl_result sl_layers_done(struct dial *d);                  /* all are ready: what there is to learn from them */
/* Pushes TLS to the origin onto a live stream (AUTH TLS and its like). */
sl_result sl_layers_push_tls(struct transfer *t, struct conn *c, struct slice host, uint16_t port);

#endif
