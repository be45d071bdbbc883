/* Binds a socket as CURLOPT_INTERFACE, CURLOPT_LOCALPORT and CURLOPT_LOCALPORTRANGE ask, and sets the TCP options. */
#ifndef SL_STREAM_BIND_H
#define SL_STREAM_BIND_H

#include "gate/gate.h"
#include "stream/net_config.h"

/* SL_OK also when nothing is asked for; CURLE_INTERFACE_FAILED with a text in *ask->error. */
sl_result sl_bind_local(const struct gate_ask *ask, const struct net_config *net, const struct gate_socket *s,
                        const struct gate_addr *peer);
/* The address of an interface, asked through a descriptor that the caller already has; false: it has none, or there is
 * no such interface. */
bool sl_bind_interface(int fd, struct slice name, int family, struct gate_addr *out);
void sl_tcp_options(const struct net_config *net, const struct gate_socket *s, const struct gate_addr *peer);

#endif
