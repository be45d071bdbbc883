/* What a name stands for: the addresses, IPv6 first, then IPv4. Never changed once it is shared,
 * counted by reference (also across threads, for a cache that several handles share), without
 * ports: they are the caller's.
 *
 * The order within a family is the one in which the name server, /etc/hosts or CURLOPT_RESOLVE gave
 * them; putting the families in turn (RFC 8305) is the connector's. */
#ifndef SL_DNS_ANSWER_H
#define SL_DNS_ANSWER_H

#include "gate/addr.h"
#include "sys/thread.h"

struct dns_address {
  unsigned char ip[16]; /* IPv4: the first four */
  uint32_t scope;       /* of a link-local IPv6 address, 0: none */
};

struct dns_answer {
  struct refs refs;
  uint16_t n6, n4;
  struct dns_address at[]; /* n6 IPv6 addresses, then n4 IPv4 addresses */
};

struct dns_answer *sl_dns_answer_new(unsigned n6, unsigned n4); /* NULL: out of memory */
void sl_dns_answer_drop(struct dns_answer *a);                  /* NULL is fine */
static inline struct dns_answer *sl_dns_answer_take(struct dns_answer *a)
{
  if (a)
    sl_refs_take(&a->refs);
  return a;
}

/* AF_UNSPEC, AF_INET or AF_INET6. No answer has none. */
unsigned sl_dns_answer_count(const struct dns_answer *a, int family);
/* The i-th address of that family, with a port, as a TCP peer. i < sl_dns_answer_count(a, family).
 */
void sl_dns_answer_get(const struct dns_answer *a, int family, unsigned i, uint16_t port,
                       struct gate_addr *out_addr);

/* For those who fill one in before it is shared. */
void sl_dns_answer_put(struct dns_answer *a, unsigned i, const struct gate_addr *addr);
void sl_dns_answer_shuffle(struct dns_answer *a); /* each family in itself */

#endif
