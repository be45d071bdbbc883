/* Facts about network interfaces that need no socket to learn (if_nametoindex() and getifaddrs() open one behind the
 * application's back). */
#ifndef SL_SYS_NETIF_H
#define SL_SYS_NETIF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

bool sl_netif_index(struct slice name, uint32_t *out_index);
/* The first IPv4 address of the interface, asked through a descriptor that the caller already has. */
bool sl_netif_ipv4(int fd, struct slice name, uint32_t *out_network_order);
/* The first global, else any, IPv6 address of the interface. */
bool sl_netif_ipv6(struct slice name, unsigned char out_bytes[16]);

#endif
