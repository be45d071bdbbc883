/* The layers that a proxy needs. */
#ifndef SL_XFER_PROXY_LAYERS_H
#define SL_XFER_PROXY_LAYERS_H

#include "xfer/dial.h"

struct stream;
sl_result sl_proxy_layers_first(struct dial *d);  /* HAProxy's line, SOCKS */
sl_result sl_proxy_layers_tunnel(struct dial *d); /* CONNECT */
sl_result sl_proxy_layers_failed(struct dial *d, struct stream *layer, sl_result rc);

#endif
