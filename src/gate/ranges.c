/* The address tables, and the search in them.
 *
 * Source: the IANA registries of IPv4 and IPv6 special-purpose addresses (RFC 6890 and its
 * successors), the IPv6 address space registry, and what cloud providers document of their metadata
 * services and control planes. As of November 2026. Where the registry lists single addresses as
 * global inside a range that is not (192.0.0.9, 2001:1::1), the range counts. 192.31.196.0/24,
 * 192.52.193.0/24 and 192.175.48.0/24 are registered, and global. */
#include "gate/ranges.h"

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
#define HALF(a, b, c, d)                                                                           \
  ((uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (uint64_t)(d))

struct range4 {
  uint32_t first;
  uint8_t bits, class;
};
struct global6 {
  uint64_t first; /* the upper half, and bits are at most 64 */
  uint8_t bits, class;
  uint8_t up; /* as below */
};
struct range6 {
  struct ip6 first;
  uint8_t bits, class;
  uint8_t up; /* the range around this one stands so many rows above; 0: there is none */
};

/* Sorted, and none inside another. All else is public. */
static const struct range4 ranges4[] = {
    {V4(0, 0, 0, 0), 8, ADDR_RESERVED},            /* this network, RFC 791 */
    {V4(10, 0, 0, 0), 8, ADDR_PRIVATE},            /* RFC 1918 */
    {V4(100, 64, 0, 0), 10, ADDR_CGNAT},           /* RFC 6598 */
    {V4(127, 0, 0, 0), 8, ADDR_LOOPBACK},          /* RFC 1122 */
    {V4(169, 254, 0, 0), 16, ADDR_LINKLOCAL},      /* RFC 3927 */
    {V4(172, 16, 0, 0), 12, ADDR_PRIVATE},         /* RFC 1918 */
    {V4(192, 0, 0, 0), 24, ADDR_RESERVED},         /* protocol assignments, RFC 6890 */
    {V4(192, 0, 2, 0), 24, ADDR_DOCUMENTATION},    /* TEST-NET-1, RFC 5737 */
    {V4(192, 88, 99, 0), 24, ADDR_RESERVED},       /* 6to4 relays, RFC 7526 */
    {V4(192, 168, 0, 0), 16, ADDR_PRIVATE},        /* RFC 1918 */
    {V4(198, 18, 0, 0), 15, ADDR_BENCHMARK},       /* RFC 2544 */
    {V4(198, 51, 100, 0), 24, ADDR_DOCUMENTATION}, /* TEST-NET-2, RFC 5737 */
    {V4(203, 0, 113, 0), 24, ADDR_DOCUMENTATION},  /* TEST-NET-3, RFC 5737 */
    {V4(224, 0, 0, 0), 4, ADDR_MULTICAST},         /* RFC 5771 */
    {V4(240, 0, 0, 0), 4, ADDR_RESERVED}, /* RFC 1112; its end is the broadcast, RFC 8190 */
};

/* Sorted by first address, then the larger one first. All else inside 2000::/3, the only space that
 * IANA gives out, is public. */
static const struct global6 ranges6[] = {
    {HALF(0x2001, 0, 0, 0), 23, ADDR_RESERVED, 0},          /* assignments, RFC 2928 */
    {HALF(0x2001, 0, 0, 0), 32, ADDR_EMBEDDED, 1},          /* Teredo, RFC 4380 */
    {HALF(0x2001, 2, 0, 0), 48, ADDR_BENCHMARK, 2},         /* RFC 5180 */
    {HALF(0x2001, 0xdb8, 0, 0), 32, ADDR_DOCUMENTATION, 0}, /* RFC 3849 */
    {HALF(0x2002, 0, 0, 0), 16, ADDR_EMBEDDED, 0},          /* 6to4, RFC 3056 */
    {HALF(0x2620, 0x4f, 0x8000, 0), 48, ADDR_RESERVED, 0},  /* AS112, RFC 7534 */
    {HALF(0x3ffe, 0, 0, 0), 16, ADDR_RESERVED, 0},          /* 6bone, RFC 3701 */
    {HALF(0x3fff, 0, 0, 0), 20, ADDR_DOCUMENTATION, 0},     /* RFC 9637 */
};
/* And outside of it, where all else is reserved. */
static const struct range6 outside6[] = {
    {{0, 0}, 96, ADDR_EMBEDDED, 0},                        /* compatible, RFC 4291 */
    {{0, 0}, 128, ADDR_RESERVED, 1},                       /* unspecified, RFC 4291 */
    {{0, 1}, 128, ADDR_LOOPBACK, 2},                       /* RFC 4291 */
    {{0, HALF(0, 0xffff, 0, 0)}, 96, ADDR_EMBEDDED, 0},    /* mapped, RFC 4291 */
    {{0, HALF(0xffff, 0, 0, 0)}, 96, ADDR_EMBEDDED, 0},    /* translated, RFC 2765 */
    {{HALF(0x64, 0xff9b, 0, 0), 0}, 96, ADDR_EMBEDDED, 0}, /* NAT64, RFC 6052 */
    {{HALF(0x64, 0xff9b, 1, 0), 0}, 48, ADDR_EMBEDDED, 0}, /* local NAT64, RFC 8215 */
    {{HALF(0xfc00, 0, 0, 0), 0}, 7, ADDR_PRIVATE, 0},      /* RFC 4193 */
    {{HALF(0xfe80, 0, 0, 0), 0}, 10, ADDR_LINKLOCAL, 0},   /* RFC 4291 */
    {{HALF(0xfec0, 0, 0, 0), 0}, 10, ADDR_PRIVATE, 0},     /* site-local, RFC 3879 */
    {{HALF(0xff00, 0, 0, 0), 0}, 8, ADDR_MULTICAST, 0},    /* RFC 4291 */
};

/* Where clouds give out credentials and take orders. Those in public space stand last. */
static const uint32_t metadata4[] = {
    V4(169, 254, 169, 254), /* nearly all of them */
    V4(169, 254, 170, 2),   /* AWS ECS: credentials of tasks */
    V4(169, 254, 170, 23),  /* AWS EKS: credentials of pods */
    V4(169, 254, 169, 253), /* AWS: name server */
    V4(169, 254, 42, 42),   /* Scaleway */
    V4(169, 254, 0, 23),    /* Tencent */
    V4(100, 100, 100, 200), /* Alibaba */
    V4(192, 0, 0, 192),     /* Oracle */
    V4(168, 63, 129, 16),   /* Azure: wire server */
};
static const struct ip6 metadata6[] = {
    {HALF(0xfd00, 0xec2, 0, 0), 0x254}, /* AWS */
    {HALF(0xfd00, 0xec2, 0, 0), 0x23},  /* AWS EKS: credentials of pods */
    {HALF(0xfd00, 0xec2, 0, 0), 0x253}, /* AWS: name server */
    {HALF(0xfd20, 0xce, 0, 0), 0x254},  /* Google */
    {HALF(0xfd00, 0x42, 0, 0), 0x42},   /* Scaleway */
};

enum {
  RANGES4 = sizeof ranges4 / sizeof *ranges4,
  RANGES4_POWER = 8,
  RANGES6 = sizeof ranges6 / sizeof *ranges6,
  OUTSIDE6 = sizeof outside6 / sizeof *outside6,
  METADATA4 = sizeof metadata4 / sizeof *metadata4,
  METADATA4_PUBLIC = 1,
  METADATA4_AROUND = 1 << ADDR_LINKLOCAL | 1 << ADDR_CGNAT | 1 << ADDR_RESERVED,
  METADATA6 = sizeof metadata6 / sizeof *metadata6
};

const char *const sl_ranges_names[ADDR_CLASSES] = {
    [ADDR_LOOPBACK] = "loopback",   [ADDR_PRIVATE] = "private",
    [ADDR_LINKLOCAL] = "linklocal", [ADDR_CGNAT] = "cgnat",
    [ADDR_MULTICAST] = "multicast", [ADDR_RESERVED] = "reserved",
    [ADDR_BENCHMARK] = "benchmark", [ADDR_DOCUMENTATION] = "documentation",
    [ADDR_METADATA] = "metadata",   [ADDR_EMBEDDED] = "embedded",
    [ADDR_PUBLIC] = "public",
};

/* Searches go as in policy_set.h: the first step leaves a power of 2. */
static uint8_t range_of4(uint32_t a)
{
  _Static_assert(RANGES4 >= RANGES4_POWER && RANGES4 < 2 * RANGES4_POWER, "the largest power of 2");
  const struct range4 *r = ranges4;
  r = r[RANGES4 - RANGES4_POWER].first <= a ? r + RANGES4 - RANGES4_POWER : r;
  for (unsigned half = RANGES4_POWER / 2; half; half /= 2)
    r = r[half].first <= a ? r + half : r;
  return (a ^ r->first) >> (32 - r->bits) ? ADDR_PUBLIC : r->class;
}

struct addr_kind sl_ranges_ipv4(uint32_t host_order)
{
  uint8_t class = range_of4(host_order);
  unsigned i = METADATA4;
  if (class == ADDR_PUBLIC)
    i = METADATA4 - METADATA4_PUBLIC;
  else if (METADATA4_AROUND >> class & 1)
    i = 0;
  for (; i < METADATA4; i++)
    if (metadata4[i] == host_order)
      return (struct addr_kind){ADDR_METADATA, class};
  return (struct addr_kind){class, class};
}

static uint8_t global_range6(uint64_t high)
{
  _Static_assert(RANGES6 == 8, "the steps below");
  const struct global6 *r = ranges6;
  for (unsigned half = RANGES6 / 2; half; half /= 2)
    r = r[half].first <= high ? r + half : r;
  while ((high ^ r->first) >> (64 - r->bits)) {
    if (!r->up)
      return ADDR_PUBLIC;
    r -= r->up;
  }
  return r->class;
}

/* The first row begins at 0. */
static uint8_t outside_range6(struct ip6 a)
{
  const struct range6 *r = outside6;
  for (unsigned n = OUTSIDE6; n > 1;) {
    unsigned half = n / 2;
    if (sl_ip6_le(r[half].first, a))
      r += half;
    n -= half;
  }
  while (!sl_ip6_in(a, r->first, r->bits)) {
    if (!r->up)
      return ADDR_RESERVED;
    r -= r->up;
  }
  return r->class;
}

struct addr_kind sl_ranges_ipv6(struct ip6 a)
{
  uint8_t class = a.hi >> 61 == 1 ? global_range6(a.hi) : outside_range6(a);
  if (class == ADDR_PRIVATE)
    for (unsigned i = 0; i < METADATA6; i++)
      if (metadata6[i].hi == a.hi && metadata6[i].lo == a.lo)
        return (struct addr_kind){ADDR_METADATA, class};
  return (struct addr_kind){class, class};
}

bool sl_ranges_by_name(struct slice name, enum addr_class *out_class)
{
  for (unsigned i = 0; i < ADDR_CLASSES; i++)
    if (slice_eq(name, slice_str(sl_ranges_names[i]))) {
      *out_class = (enum addr_class)i;
      return true;
    }
  return false;
}
