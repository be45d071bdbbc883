/* TLS on top of another stream: to an origin, to an HTTPS proxy, or inside of a tunnel. */
#ifndef SL_STREAM_TLS_LAYER_H
#define SL_STREAM_TLS_LAYER_H

#include "stream/stream.h"
#include "tls/tls.h"

/* Speaks over `below`, which the layer then rests upon. params->err receives why it failed. */
sl_result sl_tls_layer_new(struct stream *below, struct tls_cache *cache, const struct tls_config *config,
                           const struct tls_params *params, struct stream **out_stream);
struct tls_conn *sl_tls_layer_conn(struct stream *s);

#endif
