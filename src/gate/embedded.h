/* IPv4 addresses that an IPv6 address carries. A guard that reads the outside only lets
 * 64:ff9b::169.254.169.254 pass. RFC 4291 2.5.5, 2765, 3056, 4380, 5214, 6052, 8215. */
#ifndef SL_GATE_EMBEDDED_H
#define SL_GATE_EMBEDDED_H

#include <stddef.h>

#include "gate/ranges.h"

enum embedded_form {
  EMBEDDED_MAPPED,
  EMBEDDED_NAT64,
  EMBEDDED_COMPATIBLE,
  EMBEDDED_TRANSLATED,
  EMBEDDED_6TO4,
  EMBEDDED_TEREDO_SERVER,
  EMBEDDED_TEREDO_CLIENT,
  EMBEDDED_ISATAP
};

struct embedded_ipv4 {
  uint32_t ipv4; /* host order */
  uint8_t form;
};

struct nat64_prefix {
  struct ip6 prefix;
  uint8_t bits; /* 32, 40, 48, 56, 64 or 96 */
};

enum { EMBEDDED_MAX = 6 };

/* A mapped or NAT64 address is only another way to write an IPv4 destination. */
static inline bool sl_embedded_direct(enum embedded_form form)
{
  return form == EMBEDDED_MAPPED || form == EMBEDDED_NAT64;
}

/* How many it carries, direct forms first. `own` are the network's NAT64 prefixes: the longest
 * that fits decides. In 64:ff9b:1::/48 without such a prefix nobody knows where the IPv4 address
 * lies, so that each place there is counts, but for those that are all zero. */
unsigned sl_embedded_find(struct ip6 a, const struct nat64_prefix *own, size_t own_count,
                          struct embedded_ipv4 out[EMBEDDED_MAX]);

/* True for most of the internet's addresses, without own prefixes: sl_embedded_find() gives 0. */
static inline bool sl_embedded_none(struct ip6 a)
{
  uint32_t top = (uint32_t)(a.hi >> 32);
  return top >> 29 == 1 && top != 0x20010000 && top >> 16 != 0x2002 &&
         (a.lo >> 32 & 0xfdffffff) != 0x00005efe;
}

bool sl_embedded_nat64_bits(unsigned bits); /* a length that RFC 6052 2.2 has */

#endif
