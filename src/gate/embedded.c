/* Finds the IPv4 addresses inside an IPv6 address; see embedded.h. */
#include "gate/embedded.h"

struct finds {
  struct embedded_ipv4 *out;
  unsigned n;
};

static void found(struct finds *f, enum embedded_form form, uint32_t ipv4)
{
  f->out[f->n++] = (struct embedded_ipv4){ipv4, (uint8_t)form};
}

bool sl_embedded_nat64_bits(unsigned bits)
{
  return bits == 32 || bits == 40 || bits == 48 || bits == 56 || bits == 64 || bits == 96;
}

/* The 32 bits behind the prefix, without bits 64 to 71 (RFC 6052 2.2). */
static uint32_t behind_prefix(struct ip6 a, unsigned bits)
{
  if (bits == 96)
    return (uint32_t)a.lo;
  if (bits == 64)
    return (uint32_t)(a.lo >> 24);
  unsigned inside = 64 - bits; /* bits of it that lie before bit 64 */
  uint64_t before = a.hi & (UINT64_MAX >> bits);
  uint64_t after = (a.lo << 8) >> 32; /* bits 72 to 103 */
  return (uint32_t)(before << (32 - inside) | after >> inside);
}

static const struct nat64_prefix *longest(struct ip6 a, const struct nat64_prefix *own,
                                          size_t own_count)
{
  const struct nat64_prefix *best = NULL;
  for (size_t i = 0; i < own_count; i++)
    if (sl_ip6_in(a, own[i].prefix, own[i].bits) && (!best || own[i].bits > best->bits))
      best = &own[i];
  return best;
}

static void find_local_nat64(struct finds *f, struct ip6 a)
{
  static const uint8_t places[] = {48, 56, 64, 96};
  for (unsigned i = 0; i < sizeof places; i++) {
    uint32_t ipv4 = behind_prefix(a, places[i]);
    if (ipv4)
      found(f, EMBEDDED_NAT64, ipv4);
  }
  if (!f->n)
    found(f, EMBEDDED_NAT64, 0);
}

static void find_in_low_space(struct finds *f, struct ip6 a)
{
  uint64_t upper = a.lo >> 32;
  if (upper == 0xffff)
    found(f, EMBEDDED_MAPPED, (uint32_t)a.lo);
  else if (upper == UINT64_C(0xffff0000))
    found(f, EMBEDDED_TRANSLATED, (uint32_t)a.lo);
  else if (!upper && a.lo > 1) /* not the unspecified and the loopback address */
    found(f, EMBEDDED_COMPATIBLE, (uint32_t)a.lo);
}

unsigned sl_embedded_find(struct ip6 a, const struct nat64_prefix *own, size_t own_count,
                          struct embedded_ipv4 out[EMBEDDED_MAX])
{
  struct finds f = {out, 0};
  const struct nat64_prefix *nat64 = own_count ? longest(a, own, own_count) : NULL;
  if (nat64)
    found(&f, EMBEDDED_NAT64, behind_prefix(a, nat64->bits));
  else if (a.hi == UINT64_C(0x0064ff9b00000000) && !(a.lo >> 32))
    found(&f, EMBEDDED_NAT64, (uint32_t)a.lo);
  else if (a.hi >> 16 == UINT64_C(0x0064ff9b0001))
    find_local_nat64(&f, a);

  if (!a.hi) {
    find_in_low_space(&f, a);
  } else if (a.hi >> 48 == 0x2002) {
    found(&f, EMBEDDED_6TO4, (uint32_t)(a.hi >> 16));
  } else if (a.hi >> 32 == 0x20010000) {
    found(&f, EMBEDDED_TEREDO_SERVER, (uint32_t)a.hi);
    found(&f, EMBEDDED_TEREDO_CLIENT, ~(uint32_t)a.lo);
  }
  /* The universal/local bit may be set or not (RFC 5214 6.1). */
  if ((a.lo >> 32 & 0xfdffffff) == 0x00005efe)
    found(&f, EMBEDDED_ISATAP, (uint32_t)a.lo);
  return f.n;
}
