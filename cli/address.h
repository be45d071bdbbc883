/* Socket addresses as text, and as members of address ranges (CIDR). */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 128 }; /* room for any address, with its port */

/* 127.0.0.1:80, [::1%2]:80, unix:/path; family N for what is unknown. Returns out. */
const char *address_text(const struct sockaddr *address, socklen_t length, char out[ADDRESS_TEXT]);

struct cidr {
  int family; /* AF_INET or AF_INET6 */
  unsigned char bytes[16];
  unsigned bits;
  const char *text; /* as given, borrowed */
};

/* A.B.C.D/N or X::/N; without a slash one address. Bits behind the prefix must be 0. */
bool cidr_parse(const char *text, struct cidr *out_cidr);

/* True if the address lies in the range. An IPv4 address inside an IPv6 one (::ffff:a.b.c.d), to
 * which the kernel connects by IPv4, counts as what it stands for, too. */
bool cidr_contains(const struct cidr *cidr, const struct sockaddr *address, socklen_t length);

#endif
