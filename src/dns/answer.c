/* See answer.h. */
#include "dns/answer.h"

#include "base/mem.h"
#include "sys/random.h"

struct dns_answer *sl_dns_answer_new(unsigned n6, unsigned n4)
{
  if (n6 > UINT16_MAX || n4 > UINT16_MAX)
    return NULL;
  struct dns_answer *a = sl_calloc(1, sizeof *a + (n6 + n4) * sizeof a->at[0]);
  if (!a)
    return NULL;
  sl_refs_init(&a->refs);
  a->n6 = (uint16_t)n6;
  a->n4 = (uint16_t)n4;
  return a;
}

void sl_dns_answer_drop(struct dns_answer *a)
{
  if (a && sl_refs_drop(&a->refs))
    sl_free(a);
}

unsigned sl_dns_answer_count(const struct dns_answer *a, int family)
{
  if (!a)
    return 0;
  return (family == AF_INET ? 0u : a->n6) + (family == AF_INET6 ? 0u : a->n4);
}

void sl_dns_answer_get(const struct dns_answer *a, int family, unsigned i, uint16_t port,
                       struct gate_addr *out_addr)
{
  if (family == AF_INET)
    i += a->n6;
  if (i < a->n6) {
    sl_addr_tcp6(out_addr, a->at[i].ip, a->at[i].scope, port);
    return;
  }
  uint32_t ipv4;
  memcpy(&ipv4, a->at[i].ip, sizeof ipv4);
  sl_addr_tcp4(out_addr, ipv4, port);
}

void sl_dns_answer_put(struct dns_answer *a, unsigned i, const struct gate_addr *addr)
{
  if (addr->family == AF_INET6) {
    memcpy(a->at[i].ip, &addr->u.in6.sin6_addr, 16);
    a->at[i].scope = addr->u.in6.sin6_scope_id;
  } else {
    memcpy(a->at[i].ip, &addr->u.in.sin_addr, 4);
  }
}

/* Fisher and Yates. A draw is a new number from the kernel: this is asked for seldom, and for few
 * addresses. */
static void shuffle(struct dns_address *at, unsigned n)
{
  uint64_t draw;
  for (unsigned i = n; i > 1 && sl_random_u64(&draw); i--) {
    unsigned j = (unsigned)(draw % i);
    struct dns_address held = at[i - 1];
    at[i - 1] = at[j];
    at[j] = held;
  }
}

void sl_dns_answer_shuffle(struct dns_answer *a)
{
  shuffle(a->at, a->n6);
  shuffle(a->at + a->n6, a->n4);
}
