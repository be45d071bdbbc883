/* Waiting for the server's data connection: where we listen, CURLOPT_FTPPORT(3):
 *
 *   "-" | address | host | interface   with ":port" or ":port-port" behind; an IPv6 address with a port in brackets
 *
 * The address is told to the server as it was given, and bound to if it is one of ours; behind NAT it may not be. */
#include <errno.h>
#include <stdio.h>

#include "base/num.h"
#include "base/text.h"
#include "sys/netif.h"
#include "xfer/ftp.h"

struct place {
  struct slice name; /* "" or "-": where the control connection comes from */
  uint16_t first, last;
};

static bool is_bare_ipv6(struct slice s)
{
  size_t colon = slice_find(s, ':');
  return s.n && *s.p != '[' && slice_find(slice_from(s, colon + 1), ':') < slice_from(s, colon + 1).n;
}

static bool parse(struct slice text, struct place *out)
{
  struct slice rest = SLICE_NONE;
  int64_t first = 0, last;
  *out = (struct place){text, 0, 0};
  if (text.n && *text.p == '[') {
    size_t end = slice_find(text, ']');
    out->name = slice_of(text.p + 1, end - 1);
    rest = slice_from(text, end + 1);
  } else if (!is_bare_ipv6(text)) {
    out->name = slice_head(text, slice_find(text, ':'));
    rest = slice_from(text, out->name.n);
  }
  if (!rest.n)
    return true;
  rest = slice_from(rest, 1);
  if (!sl_num_take(&rest, UINT16_MAX, &first))
    return !rest.n || !sl_is_digit(*rest.p); /* not a port: any */
  last = first;
  if (rest.n && (*rest.p != '-' || !sl_num_parse(slice_from(rest, 1), UINT16_MAX, &last)))
    return false;
  out->first = (uint16_t)first;
  out->last = (uint16_t)last;
  return last >= first;
}

static bool find_address(struct transfer *t, struct slice name, int family, struct gate_addr *out)
{
  unsigned char v6[16];
  uint32_t v4, scope = 0;
  if (sl_addr_literal(out, name, 0))
    return out->family == family;
  if (family == AF_INET && sl_netif_ipv4(t->conn->tcp->sock.fd, name, &v4)) {
    sl_addr_tcp4(out, v4, 0);
    return true;
  }
  if (family == AF_INET6 && sl_netif_ipv6(name, v6)) {
    if (v6[0] == 0xfe && (v6[1] & 0xc0) == 0x80)
      (void)sl_netif_index(name, &scope);
    sl_addr_tcp6(out, v6, scope, 0);
    return true;
  }
  struct slice local = family == AF_INET ? SLICE_LIT("127.0.0.1") : SLICE_LIT("::1");
  return sl_text_ieq_str(name, "localhost") && sl_addr_literal(out, local, 0);
}

static sl_result bind_in_range(const struct gate_ask *ask, const struct gate_socket *s, struct gate_addr *addr,
                               const struct place *place)
{
  sl_result rc = CURLE_FTP_PORT_FAILED;
  for (unsigned port = place->first; port <= place->last; port++) {
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
  char text[SL_ADDR_TEXT];
  int port;
  sl_addr_print(&addr->u.sa, text, &port);
  text[strcspn(text, "%")] = 0;
  snprintf(f->local_ip, sizeof f->local_ip, "%.*s", FTP_IP_MAX - 1, text);
}

sl_result sl_ftp_listen(struct transfer *t, struct ftp_xfer *x)
{
  struct gate_addr own, addr;
  struct place place;
  enum gate_opened how;
  bool refused;
  const char *option = t->easy->set.ftp->ftpport;
  struct gate_ask ask = sl_transfer_ask(t, GATE_FTP_LISTEN, t->host);
  if (!option || !parse(slice_str(option), &place) || !sl_addr_literal(&own, slice_str(t->conn->local_ip), 0))
    return sl_fail(t, CURLE_FTP_PORT_FAILED, "Bad address for PORT: %s", option ? option : "");
  addr = own;
  x->f.ipv6 = own.family == AF_INET6;
  if (place.name.n && !slice_eq(place.name, SLICE_LIT("-")) && !find_address(t, place.name, own.family, &addr))
    return sl_fail(t, CURLE_FTP_PORT_FAILED, "failed to resolve the address provided to PORT: %s", option);
  tell(&x->f, &addr);
  sl_addr_set_port(&addr, place.first);
  sl_result rc = sl_gate_open(&ask, &addr, &x->listener, &how, &refused);
  if (rc) {
    x->listener = GATE_SOCKET_NONE;
    return rc == SL_NOMEM || refused ? rc : CURLE_FTP_PORT_FAILED;
  }
  return listen_at(t, &ask, x, &addr, &own, &place);
}
