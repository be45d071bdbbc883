/* Which name servers: the list of CURLOPT_DNS_SERVERS ("host[:port][,host[:port]]...", addresses
 * only, IPv6 with a port in brackets) or resolv.conf(5), and the c-ares channel made from it; see
 * channel.h. */
#include "base/num.h"
#include "base/text.h"
#include "dns/channel.h"

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
  *out = (struct ares_addr_port_node){
      .family = addr.family, .udp_port = (int)port, .tcp_port = (int)port};
  if (addr.family == AF_INET)
    out->addr.addr4 = addr.u.in.sin_addr;
  else
    memcpy(&out->addr.addr6, &addr.u.in6.sin6_addr, sizeof out->addr.addr6);
  return addr.family == AF_INET || !addr.u.in6.sin6_scope_id;
}

static bool parse(struct slice servers, struct ares_addr_port_node nodes[SERVERS_MAX],
                  unsigned *out_n)
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

static sl_result set_servers(ares_channel channel, struct slice servers, struct buf *error)
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

/* ---- the c-ares channel ---- */

static sl_result failed(struct buf *error, int status)
{
  if (status == ARES_ENOMEM)
    return SL_NOMEM;
  if (error && !error->n)
    sl_buf_printf(error, "Could not set up name resolution: %s", ares_strerror(status));
  return CURLE_FAILED_INIT;
}

static sl_result parse_local(const char *text, int family, struct gate_addr *out, struct buf *error)
{
  if (!text)
    return SL_OK;
  if (sl_addr_literal(out, slice_str(text), 0) && out->family == family)
    return SL_OK;
  out->family = 0;
  if (error && !error->n)
    sl_buf_printf(error, "Not an address to send name queries from: %.60s", text);
  return CURLE_BAD_FUNCTION_ARGUMENT;
}

/* Only "b": /etc/hosts is read by hosts.c, and nsswitch.conf not at all. */
static sl_result make(struct dns_channel *ch, struct buf *error)
{
  char lookups[] = "b";
  struct dns *dns = ch->dns;
  struct ares_options options = {
      .timeout = dns->timeout_ms,
      .tries = dns->tries,
      .lookups = lookups,
      .sock_state_cb = sl_dns_socket_state,
      .sock_state_cb_data = ch,
      .resolvconf_path = (char *)(uintptr_t)dns->resolv_path, /* it is only read */
  };
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
             ARES_OPT_RESOLVCONF;
  bool kept = sl_dns_kept(dns->resolv_path, &options, &mask);
  int status = ares_init_options(&ch->ares, &options, mask);
  if (status) {
    ch->ares = NULL;
    return failed(error, status);
  }
  ares_set_socket_functions(ch->ares, &sl_dns_socket_functions, ch);
  sl_result rc = SL_OK;
  if (kept && sl_dns_kept_servers(ch->ares) == ARES_ENOMEM)
    rc = SL_NOMEM;
  if (rc == SL_OK && ch->config.dns_servers)
    rc = set_servers(ch->ares, slice_str(ch->config.dns_servers), error);
  if (rc == SL_OK) {
    memset(&ch->options, 0, sizeof ch->options);
    status = ares_save_options(ch->ares, &ch->options, &mask);
    ch->has_options = true; /* also what a failure has left */
    if (status)
      rc = failed(error, status);
  }
  if (rc)
    sl_dns_servers_close(ch);
  return rc;
}

sl_result sl_dns_servers_open(struct dns_channel *ch, struct buf *error)
{
  if (ch->ares)
    return SL_OK;
  sl_result rc = parse_local(ch->config.dns_local_ip4, AF_INET, &ch->local4, error);
  if (rc == SL_OK)
    rc = parse_local(ch->config.dns_local_ip6, AF_INET6, &ch->local6, error);
  return rc ? rc : make(ch, error);
}

void sl_dns_servers_close(struct dns_channel *ch)
{
  if (ch->ares) {
    ch->depth++;
    ares_destroy(ch->ares);
    ch->depth--;
    ch->ares = NULL;
  }
  if (ch->has_options)
    ares_destroy_options(&ch->options);
  ch->has_options = false;
}
