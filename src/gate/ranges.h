/* What kind of address this is: the special ranges of IPv4 and IPv6 as data, and the search in
 * them. Knows nothing of rules; IPv4 inside IPv6 is embedded.h. */
#ifndef SL_GATE_RANGES_H
#define SL_GATE_RANGES_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum addr_class {
  ADDR_LOOPBACK,
  ADDR_PRIVATE,
  ADDR_LINKLOCAL,
  ADDR_CGNAT,
  ADDR_MULTICAST,
  ADDR_RESERVED,
  ADDR_DOCUMENTATION,
  ADDR_BENCHMARK,
  ADDR_METADATA,
  ADDR_EMBEDDED, /* an IPv6 range whose addresses stand for IPv4 ones */
  ADDR_PUBLIC,
  ADDR_CLASSES
};

struct ip6 {
  uint64_t hi, lo; /* host order */
};

struct addr_kind {
  uint8_t class;  /* enum addr_class */
  uint8_t within; /* of a metadata address: the class of the range around it; else the same */
};

struct addr_kind sl_ranges_ipv4(uint32_t host_order);
struct addr_kind sl_ranges_ipv6(struct ip6 a);

extern const char *const sl_ranges_names[ADDR_CLASSES];
static inline const char *sl_ranges_name(enum addr_class c)
{
  return sl_ranges_names[c];
}
bool sl_ranges_by_name(struct slice name, enum addr_class *out_class);

static inline struct ip6 sl_ip6_load(const void *sixteen_bytes)
{
  uint64_t halves[2];
  memcpy(halves, sixteen_bytes, sizeof halves);
  return (struct ip6){be64toh(halves[0]), be64toh(halves[1])};
}
/* The ones of an IPv6 prefix of 0 to 128 bits. */
static inline struct ip6 sl_ip6_mask(unsigned bits)
{
  return (struct ip6){
      bits == 0    ? 0
      : bits >= 64 ? UINT64_MAX
                   : UINT64_MAX << (64 - bits),
      bits <= 64 ? 0 : UINT64_MAX << (128 - bits),
  };
}
static inline bool sl_ip6_in(struct ip6 a, struct ip6 prefix, unsigned bits)
{
  struct ip6 mask = sl_ip6_mask(bits);
  return !(((a.hi ^ prefix.hi) & mask.hi) | ((a.lo ^ prefix.lo) & mask.lo));
}
/* a <= b */
static inline bool sl_ip6_le(struct ip6 a, struct ip6 b)
{
  return a.hi < b.hi || (a.hi == b.hi && a.lo <= b.lo);
}

#endif
