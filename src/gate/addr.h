/* A socket address with its kind, as the gate takes and the callbacks see it. */
#ifndef SL_GATE_ADDR_H
#define SL_GATE_ADDR_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/slice.h"

struct gate_addr {
  int family;   /* AF_INET, AF_INET6, AF_UNIX */
  int socktype; /* SOCK_STREAM or SOCK_DGRAM, without flags */
  int protocol; /* IPPROTO_TCP, IPPROTO_UDP, 0 for Unix sockets */
  unsigned len; /* bytes of u in use */
  union {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
  } u;
};

enum { SL_ADDR_TEXT = 64 }; /* room for any numeric address with scope id, or a shortened Unix path */

void sl_addr_tcp4(struct gate_addr *a, uint32_t ipv4_network_order, uint16_t port);
void sl_addr_tcp6(struct gate_addr *a, const void *ipv6_16_bytes, uint32_t scope, uint16_t port);
/* A numeric literal, IPv6 with or without brackets, with or without a numeric %scope. False: it is a name. (An
 * interface's name as scope is for the caller: the C library would open a socket of its own to look it up.) */
bool sl_addr_literal(struct gate_addr *a, struct slice text, uint16_t port);
/* A Unix path, or an abstract name. False when it does not fit. */
bool sl_addr_unix(struct gate_addr *a, struct slice path, bool abstract);
/* The numeric host into text ("" for other families), and the port. */
void sl_addr_print(const struct sockaddr *sa, char text[SL_ADDR_TEXT], int *out_port);
void sl_addr_set_port(struct gate_addr *a, uint16_t port);

#endif
