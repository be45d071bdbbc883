/* See servers.h. */
#include "dns/servers.h"

#include "base/num.h"
#include "base/text.h"
#include "dns/dns.h"

enum { SERVERS_MAX = 32, DNS_PORT = 53 };

static bool split_port(struct slice *text, int64_t *port)
{
  size_t bracket = slice_find(*text, ']');
  struct slice tail = bracket < text->n ? slice_from(*text, bracket + 1) : *text;
  size_t colon = slice_find(tail, ':');
  if (colon == tail.n || slice_find(slice_from(tail, colon + 1), ':') < tail.n - colon - 1)
    return true; /* no colon, or an IPv6 address without brackets */
  if (!sl_num_parse(slice_from(tail, colon + 1), UINT16_MAX, port) || !*port)
    return false;
  text->n -= tail.n - colon;
  return true;
}

/* False: no such address. A scope is refused, c-ares cannot carry it. */
static bool parse_one(struct slice text, struct ares_addr_port_node *out)
{
  struct gate_addr addr;
  int64_t port = DNS_PORT;
  if (!split_port(&text, &port) || !sl_addr_literal(&addr, text, 0))
    return false;
  *out = (struct ares_addr_port_node){.family = addr.family, .udp_port = (int)port, .tcp_port = (int)port};
  if (addr.family == AF_INET)
    out->addr.addr4 = addr.u.in.sin_addr;
  else
    memcpy(&out->addr.addr6, &addr.u.in6.sin6_addr, sizeof out->addr.addr6);
  return addr.family == AF_INET || !addr.u.in6.sin6_scope_id;
}

static bool parse(struct slice servers, struct ares_addr_port_node nodes[SERVERS_MAX], unsigned *out_n)
{
  struct slice word;
  unsigned n = 0;
  while (sl_text_next(&servers, ',', &word)) {
    if (!word.n)
      continue;
    if (n == SERVERS_MAX || !parse_one(word, &nodes[n]))
      return false;
    if (n)
      nodes[n - 1].next = &nodes[n];
    n++;
  }
  *out_n = n;
  return n > 0;
}

sl_result sl_dns_servers_check(struct slice servers)
{
  struct ares_addr_port_node nodes[SERVERS_MAX];
  unsigned n;
  return parse(servers, nodes, &n) ? SL_OK : CURLE_BAD_FUNCTION_ARGUMENT;
}

sl_result sl_dns_servers_set(ares_channel channel, struct slice servers, struct buf *error)
{
  struct ares_addr_port_node nodes[SERVERS_MAX];
  unsigned n;
  int status = parse(servers, nodes, &n) ? ares_set_servers_ports(channel, nodes) : ARES_EBADSTR;
  if (status == ARES_SUCCESS)
    return SL_OK;
  if (status == ARES_ENOMEM)
    return SL_NOMEM;
  if (error && !error->n)
    sl_buf_printf(error, "Not a list of name servers: %.100s", servers.p);
  return CURLE_BAD_FUNCTION_ARGUMENT;
}
