/* The PROXY protocol, version 1: one line that tells the peer who is behind the connection, before
 * any other byte. The layer sends it and then passes bytes through.
 * https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt */
#ifndef SL_STREAM_HAPROXY_H
#define SL_STREAM_HAPROXY_H

#include "stream/stream.h"

struct haproxy_params {
  const char *local_ip, *peer_ip; /* of the socket, numeric; "" when it is not TCP */
  uint16_t local_port, peer_port;
  const char *client_ip; /* NULL; or said as both source and destination */
};

/* Rests upon `below`. SL_NOMEM, or CURLE_BAD_FUNCTION_ARGUMENT when client_ip is no numeric
 * address. */
sl_result sl_haproxy_new(struct stream *below, const struct haproxy_params *params,
                         struct stream **out_stream);

#endif
