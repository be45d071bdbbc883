/* The local end of a connection; see bind.h. Interface names are resolved without sockets of our own. */
#include "stream/bind.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sys/netif.h"

/* CURLOPT_INTERFACE(3): "name" is an interface or a host, "if!name" only the one, "host!name" only the other,
 * "ifhost!interface!host" both. */
struct local {
  struct slice interface, host;
  bool either; /* `interface` may as well be a host */
};

static struct local parse(struct slice text)
{
  struct local l = {SLICE_NONE, SLICE_NONE, false};
  if (sl_text_istarts(text, SLICE_LIT("ifhost!"))) {
    text = slice_from(text, 7);
    size_t bang = slice_find(text, '!');
    l.interface = slice_head(text, bang);
    l.host = slice_from(text, bang + 1);
  } else if (sl_text_istarts(text, SLICE_LIT("if!"))) {
    l.interface = slice_from(text, 3);
  } else if (sl_text_istarts(text, SLICE_LIT("host!"))) {
    l.host = slice_from(text, 5);
  } else {
    l.interface = l.host = text;
    l.either = true;
  }
  return l;
}

bool sl_bind_interface(int fd, struct slice name, int family, struct gate_addr *out)
{
  unsigned char v6[16];
  uint32_t v4;
  if (family == AF_INET && sl_netif_ipv4(fd, name, &v4)) {
    sl_addr_tcp4(out, v4, 0);
    return true;
  }
  if (family == AF_INET6 && sl_netif_ipv6(name, v6)) {
    uint32_t scope = 0;
    bool link_local = v6[0] == 0xfe && (v6[1] & 0xc0) == 0x80;
    if (link_local && !sl_netif_index(name, &scope))
      return false;
    sl_addr_tcp6(out, v6, scope, 0);
    return true;
  }
  return false;
}

static bool host_address(struct slice host, int family, struct gate_addr *out)
{
  if (sl_text_ieq_str(host, "localhost"))
    host = family == AF_INET6 ? SLICE_LIT("::1") : SLICE_LIT("127.0.0.1");
  return sl_addr_literal(out, host, 0) && out->family == family;
}

static bool bind_device(const struct gate_socket *s, struct slice name)
{
  uint32_t index;
  return sl_netif_index(name, &index) &&
         !setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE, name.p, (socklen_t)name.n);
}

static sl_result local_address(const struct net_config *net, const struct gate_socket *s, int family,
                               struct gate_addr *out, struct buf *error)
{
  if (family == AF_INET)
    sl_addr_tcp4(out, 0, 0);
  else
    sl_addr_tcp6(out, &in6addr_any, 0, 0);
  if (!net->interface)
    return SL_OK;
  struct local l = parse(slice_str(net->interface));
  bool device = l.interface.n && bind_device(s, l.interface);
  bool have = false;
  if (l.interface.n && (l.either || !l.host.n))
    have = sl_bind_interface(s->fd, l.interface, family, out) || device;
  if (!have && l.host.n)
    have = host_address(l.host, family, out);
  if (have && (l.either || device || !l.interface.n))
    return SL_OK;
  if (error && !error->n)
    sl_buf_printf(error, "Could not bind to '%s' for %s", net->interface, family == AF_INET ? "IPv4" : "IPv6");
  return CURLE_INTERFACE_FAILED;
}

sl_result sl_bind_local(const struct gate_ask *ask, const struct net_config *net, const struct gate_socket *s,
                        const struct gate_addr *peer)
{
  struct buf *error = ask->error;
  struct gate_addr local;
  if ((!net->interface && !net->localport) || peer->family == AF_UNIX)
    return SL_OK;
  sl_result rc = local_address(net, s, peer->family, &local, error);
  if (rc)
    return rc;
  unsigned port = net->localport, tries = net->localportrange ? net->localportrange : 1;
  for (; tries && port <= UINT16_MAX; tries--, port++) {
    sl_addr_set_port(&local, (uint16_t)port);
    rc = sl_gate_bind(ask, s, &local);
    if (!rc)
      return SL_OK;
    if (errno != EADDRINUSE && errno != EACCES)
      break;
  }
  if (error && !error->n)
    sl_buf_printf(error, "bind failed with errno %d: %s", errno, strerror(errno));
  return rc ? rc : CURLE_INTERFACE_FAILED;
}

static void set_int(const struct gate_socket *s, int level, int name, int value)
{
  /* Wishes, not promises: a connected socket from the application may be of any kind. */
  (void)setsockopt(s->fd, level, name, &value, sizeof value);
}

void sl_tcp_options(const struct net_config *net, const struct gate_socket *s, const struct gate_addr *peer)
{
  if (peer->family == AF_UNIX || peer->socktype != SOCK_STREAM)
    return;
  if (net->tcp_nodelay)
    set_int(s, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!net->tcp_keepalive)
    return;
  set_int(s, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_int(s, IPPROTO_TCP, TCP_KEEPIDLE, net->tcp_keepidle);
  set_int(s, IPPROTO_TCP, TCP_KEEPINTVL, net->tcp_keepintvl);
  set_int(s, IPPROTO_TCP, TCP_KEEPCNT, net->tcp_keepcnt);
}
