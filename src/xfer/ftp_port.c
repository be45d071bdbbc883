/* Waiting for the server's data connection: where we listen, CURLOPT_FTPPORT(3):
 *
 *   "-" | address | interface | host   with ":port" or ":port-port" behind; an IPv6 address with a port in brackets
 *
 * A port or range that makes no sense is as good as none. The address is told to the server as it was given, and bound
 * to if it is one of ours; behind NAT it may not be. */
#include <errno.h>
#include <stdio.h>

#include "base/num.h"
#include "stream/bind.h"
#include "sys/netif.h"
#include "xfer/ftp.h"
#include "xfer/lookup.h"

enum { PATIENCE_MS = 300000 }; /* for a name, without CURLOPT_CONNECTTIMEOUT */

struct place {
  struct slice name; /* "": where the control connection comes from */
  uint16_t first, last;
};

static bool is_bare_ipv6(struct slice s)
{
  struct slice rest = slice_from(s, slice_find(s, ':') + 1);
  return slice_find(rest, ':') < rest.n;
}

/* What is behind the name. */
static void parse_ports(struct slice text, struct place *out)
{
  int64_t first, last;
  if (!text.n || *text.p != ':')
    return;
  text = slice_from(text, 1);
  if (!sl_num_take(&text, UINT16_MAX, &first))
    return;
  last = first;
  if (text.n && (*text.p != '-' || !sl_num_parse(slice_from(text, 1), UINT16_MAX, &last)))
    return;
  if (last < first)
    return;
  out->first = (uint16_t)first;
  out->last = (uint16_t)last;
}

static struct place parse(struct slice text)
{
  struct place p = {text, 0, 0};
  if (text.n <= 1) {
    p.name = SLICE_NONE; /* "-" */
  } else if (*text.p == '[' && slice_find(text, ']') < text.n) {
    size_t end = slice_find(text, ']');
    p.name = slice_head(slice_from(text, 1), end - 1);
    parse_ports(slice_from(text, end + 1), &p);
  } else if (!is_bare_ipv6(text)) {
    p.name = slice_head(text, slice_find(text, ':'));
    parse_ports(slice_from(text, p.name.n), &p);
    if (slice_eq(p.name, SLICE_LIT("-")))
      p.name = SLICE_NONE;
  }
  return p;
}

/* Numeric, also with the name of an interface behind a '%'. */
static bool literal(struct slice name, struct gate_addr *out)
{
  size_t percent = slice_find(name, '%');
  uint32_t scope;
  if (sl_addr_literal(out, name, 0))
    return true;
  if (percent == name.n || !sl_netif_index(slice_from(name, percent + 1), &scope) ||
      !sl_addr_literal(out, slice_head(name, percent), 0) || out->family != AF_INET6)
    return false;
  out->u.in6.sin6_scope_id = scope;
  return true;
}

/* A host's name, by the resolver. */
static sl_result resolve(struct transfer *t, struct ftp_xfer *x, struct slice name, int family, struct gate_addr *out)
{
  struct dns_answer *answer = NULL;
  int32_t ms = t->easy->set.io.connecttimeout_ms;
  sl_result rc = SL_WAIT;
  if (!x->asked) {
    const char *copy = sl_arena_str(&t->arena, name); /* the option may change meanwhile */
    struct lookup what = {.host = slice_str(copy), .family = family};
    x->asked = true;
    rc = copy ? sl_lookup(t, &what, &x->name, &answer) : SL_NOMEM;
  } else if (x->name.done) {
    rc = x->name.result;
    answer = rc ? NULL : sl_dns_answer_take(x->name.answer);
  }
  if (rc == SL_WAIT)
    return sl_dialogue_deadline(t, ms ? ms : PATIENCE_MS) ? rc : CURLE_FTP_PORT_FAILED;
  if (!rc && sl_dns_answer_count(answer, family))
    sl_dns_answer_get(answer, family, 0, 0, out);
  else if (!rc)
    rc = CURLE_COULDNT_RESOLVE_HOST;
  sl_dns_answer_drop(answer);
  return rc;
}

/* SL_OK: *out is the address to listen at, and to tell. */
static sl_result find_address(struct transfer *t, struct ftp_xfer *x, struct slice name, const struct gate_addr *own,
                              struct gate_addr *out)
{
  sl_result rc = SL_OK;
  *out = *own;
  if (name.n && !literal(name, out) && !sl_bind_interface(t->conn->tcp->sock.fd, name, own->family, out))
    rc = resolve(t, x, name, own->family, out);
  if (rc > 0 && rc != SL_NOMEM) {
    sl_buf_clear(&t->error);
    rc = sl_fail(t, CURLE_FTP_PORT_FAILED, "failed to resolve the address provided to PORT: %.*s", (int)name.n, name.p);
  }
  return rc;
}

static sl_result bind_in_range(const struct gate_ask *ask, const struct gate_socket *s, struct gate_addr *addr,
                               const struct place *place)
{
  sl_result rc = CURLE_FTP_PORT_FAILED;
  for (unsigned port = place->first; port <= place->last; port++) {
    if (port)
      sl_addr_set_port(addr, (uint16_t)port);
    rc = sl_gate_bind(ask, s, addr);
    if (!rc || (errno != EADDRINUSE && errno != EACCES))
      break;
  }
  return rc;
}

static sl_result listen_at(struct transfer *t, const struct gate_ask *ask, struct ftp_xfer *x, struct gate_addr *bound,
                           const struct gate_addr *own, const struct place *place)
{
  struct gate_addr local = {0};
  socklen_t len = sizeof local.u;
  char text[SL_ADDR_TEXT];
  int port;
  sl_result rc = bind_in_range(ask, &x->listener, bound, place);
  if (rc && errno == EADDRNOTAVAIL) {
    *bound = *own;
    rc = bind_in_range(ask, &x->listener, bound, place);
  }
  if (!rc)
    rc = sl_gate_listen(ask, &x->listener);
  if (rc == CURLE_COULDNT_CONNECT)
    return rc;
  if (rc || getsockname(x->listener.fd, &local.u.sa, &len))
    return sl_fail(t, CURLE_FTP_PORT_FAILED, "Could not listen for the data connection: %s", strerror(errno));
  sl_addr_print(&local.u.sa, text, &port);
  x->f.local_port = (uint16_t)port;
  return SL_OK;
}

/* The address to tell, without a scope that means nothing to the other side. */
static void tell(struct ftp *f, const struct gate_addr *addr)
{
  f->ipv6 = addr->family == AF_INET6;
  char text[SL_ADDR_TEXT];
  int port;
  sl_addr_print(&addr->u.sa, text, &port);
  text[strcspn(text, "%")] = 0;
  snprintf(f->local_ip, sizeof f->local_ip, "%.*s", FTP_IP_MAX - 1, text);
}

/* SL_WAIT: the name is being looked up. */
sl_result sl_ftp_listen(struct transfer *t, struct ftp_xfer *x)
{
  struct gate_addr own, addr;
  enum gate_opened how;
  bool refused;
  const char *option = t->easy->set.ftp->ftpport;
  struct gate_ask ask = sl_transfer_ask(t, GATE_FTP_LISTEN, t->host);
  struct place place = parse(slice_str(option ? option : ""));
  if (!sl_addr_literal(&own, slice_str(t->conn->local_ip), 0))
    return sl_fail(t, CURLE_FTP_PORT_FAILED, "The control connection has no address to listen at");
  sl_result rc = find_address(t, x, place.name, &own, &addr);
  if (rc)
    return rc;
  sl_addr_set_port(&addr, place.first);
  rc = sl_gate_open(&ask, &addr, &x->listener, &how, &refused);
  if (rc) {
    x->listener = GATE_SOCKET_NONE;
    return rc == SL_NOMEM || refused ? rc : CURLE_FTP_PORT_FAILED;
  }
  tell(&x->f, &addr);
  return listen_at(t, &ask, x, &addr, &own, &place);
}
