/* Socket addresses to and from text. Numeric only: names are the resolver's. */
#include "gate/addr.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "base/num.h"

static void set_kind(struct gate_addr *a, int family, unsigned len)
{
  memset(a, 0, offsetof(struct gate_addr, u) + sizeof(struct sockaddr_in6));
  a->family = family;
  a->socktype = SOCK_STREAM;
  a->protocol = IPPROTO_TCP;
  a->len = len;
  a->u.sa.sa_family = (sa_family_t)family;
}

void sl_addr_tcp4(struct gate_addr *a, uint32_t ipv4_network_order, uint16_t port)
{
  set_kind(a, AF_INET, sizeof a->u.in);
  a->u.in.sin_addr.s_addr = ipv4_network_order;
  a->u.in.sin_port = htons(port);
}

void sl_addr_tcp6(struct gate_addr *a, const void *ipv6_16_bytes, uint32_t scope, uint16_t port)
{
  set_kind(a, AF_INET6, sizeof a->u.in6);
  memcpy(&a->u.in6.sin6_addr, ipv6_16_bytes, 16);
  a->u.in6.sin6_scope_id = scope;
  a->u.in6.sin6_port = htons(port);
}

static bool literal6(struct gate_addr *a, struct slice text, uint16_t port)
{
  char host[INET6_ADDRSTRLEN + 1];
  struct in6_addr in6;
  size_t percent = slice_find(text, '%');
  int64_t scope = 0;
  if (percent >= sizeof host)
    return false;
  memcpy(host, text.p, percent);
  host[percent] = 0;
  if (inet_pton(AF_INET6, host, &in6) != 1)
    return false;
  if (percent < text.n && !sl_num_parse(slice_from(text, percent + 1), UINT32_MAX, &scope))
    return false;
  sl_addr_tcp6(a, &in6, (uint32_t)scope, port);
  return true;
}

bool sl_addr_literal(struct gate_addr *a, struct slice text, uint16_t port)
{
  char host[INET_ADDRSTRLEN];
  struct in_addr in;
  if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
    return literal6(a, slice_of(text.p + 1, text.n - 2), port);
  if (slice_find(text, ':') < text.n)
    return literal6(a, text, port);
  if (!text.n || text.n >= sizeof host)
    return false;
  memcpy(host, text.p, text.n);
  host[text.n] = 0;
  if (inet_pton(AF_INET, host, &in) != 1)
    return false;
  sl_addr_tcp4(a, in.s_addr, port);
  return true;
}

bool sl_addr_unix(struct gate_addr *a, struct slice path, bool abstract)
{
  size_t at = abstract ? 1 : 0;
  memset(a, 0, sizeof *a);
  if (!path.n || path.n + 1 > sizeof a->u.un.sun_path)
    return false;
  a->family = AF_UNIX;
  a->socktype = SOCK_STREAM;
  a->u.un.sun_family = AF_UNIX;
  memcpy(a->u.un.sun_path + at, path.p, path.n);
  /* An abstract name's length counts (unix(7)); a path has its zero. */
  a->len = (unsigned)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
  return true;
}

void sl_addr_print(const struct sockaddr *sa, char text[SL_ADDR_TEXT], int *out_port)
{
  text[0] = 0;
  *out_port = 0;
  if (sa->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const void *)sa;
    inet_ntop(AF_INET, &in->sin_addr, text, SL_ADDR_TEXT);
    *out_port = ntohs(in->sin_port);
  } else if (sa->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const void *)sa;
    inet_ntop(AF_INET6, &in6->sin6_addr, text, SL_ADDR_TEXT);
    *out_port = ntohs(in6->sin6_port);
  }
}

void sl_addr_set_port(struct gate_addr *a, uint16_t port)
{
  if (a->family == AF_INET)
    a->u.in.sin_port = htons(port);
  else if (a->family == AF_INET6)
    a->u.in6.sin6_port = htons(port);
}
