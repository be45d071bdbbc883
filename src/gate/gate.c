/* THE door; see gate.h. The only file of the library that calls socket, bind, connect, listen, accept and close of
 * sockets. It asks the application before it acts and enters every descriptor in the ledger. */
#include "gate/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gate/ledger.h"
#include "sluice/sluice.h"

static void say(const struct gate_ask *ask, const char *what, const struct gate_addr *addr)
{
  char text[SL_ADDR_TEXT];
  int port;
  if (!ask->error || ask->error->n)
    return; /* the first reason is the most specific one */
  if (addr->family == AF_UNIX) {
    sl_buf_printf(ask->error, "%s Unix socket %.80s", what,
                  addr->u.un.sun_path + (addr->u.un.sun_path[0] ? 0 : 1));
    return;
  }
  sl_addr_print(&addr->u.sa, text, &port);
  sl_buf_printf(ask->error, "%s %s port %d", what, text, port);
}

static int purpose_number(const struct gate_ask *ask, long mask)
{
  switch (ask->purpose) {
  case GATE_ACCEPT:
    return CURLSOCKTYPE_ACCEPT;
  case GATE_DNS:
    return SLUICE_SOCKTYPE_DNS;
  case GATE_DOH:
    return SLUICE_SOCKTYPE_DOH;
  case GATE_PROXY:
    return mask & SLUICE_PURPOSE_PROXY ? SLUICE_SOCKTYPE_PROXY : CURLSOCKTYPE_IPCXN;
  case GATE_FTP_DATA:
    return mask & SLUICE_PURPOSE_FTP_DATA ? SLUICE_SOCKTYPE_FTP_DATA : CURLSOCKTYPE_IPCXN;
  case GATE_FTP_LISTEN:
    return mask & SLUICE_PURPOSE_FTP_LISTEN ? SLUICE_SOCKTYPE_FTP_LISTEN : CURLSOCKTYPE_IPCXN;
  default:
    return CURLSOCKTYPE_IPCXN;
  }
}

static void tell(const struct gate_ask *ask, sluice_event what, int fd, const struct gate_addr *addr, int err)
{
  bool refused = what == SLUICE_EVENT_REFUSED;
  const struct gate_config *c = ask->config;
  if (!c->socket_eventfunction)
    return;
  char host[256];
  size_t n = ask->host.n < sizeof host ? ask->host.n : sizeof host - 1;
  if (n)
    memcpy(host, ask->host.p, n);
  host[n] = 0;
  struct sluice_socket_event event = {
      .size = sizeof event,
      .what = what,
      .fd = fd,
      .purpose = purpose_number(ask, SLUICE_PURPOSE_ALL),
      .address = addr ? &addr->u.sa : NULL,
      .address_len = addr ? addr->len : 0,
      .host = n ? host : NULL,
      .rule = refused ? "the application's callback" : NULL,
      .os_errno = refused ? 0 : err,
  };
  ++*ask->callback_depth;
  c->socket_eventfunction(c->socket_eventdata, &event);
  --*ask->callback_depth;
}

/* Do the callbacks want to hear of this one? DNS and DoH only where the application opted in: a callback that refuses
 * private addresses would refuse the local name server. */
static bool callbacks_asked(const struct gate_ask *ask)
{
  switch (ask->purpose) {
  case GATE_DNS:
    return ask->config->socket_purposes & SLUICE_PURPOSE_DNS;
  case GATE_DOH:
    return ask->config->socket_purposes & SLUICE_PURPOSE_DOH;
  default:
    return true;
  }
}

/* curl_sockaddr ends in a plain sockaddr; the manual page promises room for any address behind it. */
struct callback_addr {
  struct curl_sockaddr head;
  char room[sizeof(struct sockaddr_storage)];
};

static curl_socket_t ask_open(const struct gate_ask *ask, struct gate_addr *addr)
{
  const struct gate_config *c = ask->config;
  struct callback_addr ca = {
      .head = {addr->family, addr->socktype, addr->protocol, addr->len, {0}},
  };
  memcpy(&ca.head.addr, &addr->u, addr->len);
  ++*ask->callback_depth;
  curl_socket_t fd = c->opensocketfunction(c->opensocketdata, (curlsocktype)purpose_number(ask, (long)ask->config->socket_purposes), &ca.head);
  --*ask->callback_depth;
  addr->family = ca.head.family;
  addr->socktype = ca.head.socktype;
  addr->protocol = ca.head.protocol;
  addr->len = ca.head.addrlen < sizeof addr->u ? ca.head.addrlen : (unsigned)sizeof addr->u;
  memcpy(&addr->u, &ca.head.addr, addr->len);
  return fd;
}

static bool make_nonblocking(int fd)
{
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0)
    return false;
  if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK))
    return false;
  return !fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void sl_gate_tell(const struct gate_socket *s, sluice_event what, int err, unsigned *callback_depth)
{
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  if (!s->event_fn)
    return;
  bool known = !getpeername(s->fd, (struct sockaddr *)&peer, &len);
  struct sluice_socket_event event = {
      .size = sizeof event,
      .what = what,
      .fd = s->fd,
      .purpose = s->purpose,
      .address = known ? (const struct sockaddr *)&peer : NULL,
      .address_len = known ? len : 0,
      .os_errno = err,
  };
  ++*callback_depth;
  s->event_fn(s->event_data, &event);
  --*callback_depth;
}

/* The close callback belongs to every descriptor that the open callback would have made. */
static struct gate_socket enter(const struct gate_ask *ask, int fd)
{
  sl_ledger_open(fd);
  struct gate_socket s = {
      .fd = fd,
      .purpose = purpose_number(ask, SLUICE_PURPOSE_ALL),
      .event_fn = ask->config->socket_eventfunction,
      .event_data = ask->config->socket_eventdata,
  };
  if (callbacks_asked(ask)) {
    s.close_fn = ask->config->closesocketfunction;
    s.close_data = ask->config->closesocketdata;
  }
  return s;
}

static sl_result ask_sockopt(const struct gate_ask *ask, const struct gate_socket *s, enum gate_opened *out_how)
{
  const struct gate_config *c = ask->config;
  *out_how = GATE_OPENED;
  if (!c->sockoptfunction || !callbacks_asked(ask))
    return SL_OK;
  ++*ask->callback_depth;
  int rc = c->sockoptfunction(c->sockoptdata, s->fd, (curlsocktype)purpose_number(ask, (long)ask->config->socket_purposes));
  --*ask->callback_depth;
  if (rc == CURL_SOCKOPT_OK)
    return SL_OK;
  if (rc == CURL_SOCKOPT_ALREADY_CONNECTED)
    *out_how = GATE_CONNECTED;
  else if (rc == SLUICE_SOCKOPT_CONNECTING)
    *out_how = GATE_CONNECTING;
  else
    return ask->purpose == GATE_ACCEPT ? CURLE_ABORTED_BY_CALLBACK : CURLE_COULDNT_CONNECT;
  return SL_OK;
}

sl_result sl_gate_open(const struct gate_ask *ask, struct gate_addr *addr, struct gate_socket *out_socket,
                       enum gate_opened *out_how, bool *out_refused)
{
  bool asked = ask->config->opensocketfunction && callbacks_asked(ask);
  int fd;
  *out_refused = false;
  if (asked)
    fd = ask_open(ask, addr);
  else
    fd = socket(addr->family, addr->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, addr->protocol);
  if (fd < 0) {
    int err = errno;
    *out_refused = asked;
    say(ask, asked ? "The application refused" : "Could not open a socket for", addr);
    tell(ask, asked ? SLUICE_EVENT_REFUSED : SLUICE_EVENT_OPEN, -1, addr, err);
    errno = err;
    return CURLE_COULDNT_CONNECT;
  }
  struct gate_socket s = enter(ask, fd);
  tell(ask, SLUICE_EVENT_OPEN, fd, addr, 0);
  sl_result rc = asked && !make_nonblocking(fd) ? CURLE_COULDNT_CONNECT : ask_sockopt(ask, &s, out_how);
  if (rc) {
    *out_refused = true;
    say(ask, "The application's socket options callback refused", addr);
    sl_gate_close(&s, ask->callback_depth);
    return rc;
  }
  *out_socket = s;
  return SL_OK;
}

sl_result sl_gate_connect(const struct gate_ask *ask, const struct gate_socket *s, const struct gate_addr *addr)
{
  int rc;
  do
    rc = connect(s->fd, &addr->u.sa, addr->len);
  while (rc && errno == EINTR);
  int err = rc ? errno : 0;
  tell(ask, SLUICE_EVENT_CONNECT, s->fd, addr, err == EINPROGRESS ? 0 : err);
  errno = err;
  if (!rc || err == EISCONN)
    return SL_OK;
  return err == EINPROGRESS || err == EALREADY ? SL_WAIT : CURLE_COULDNT_CONNECT;
}

sl_result sl_gate_bind(const struct gate_socket *s, const struct gate_addr *addr)
{
  return bind(s->fd, &addr->u.sa, addr->len) ? CURLE_INTERFACE_FAILED : SL_OK;
}

sl_result sl_gate_listen(const struct gate_socket *s)
{
  return listen(s->fd, 1) ? CURLE_FTP_PORT_FAILED : SL_OK;
}

/* What the ACCEPT callback gave back: the accepted connection stays unless another connected socket replaces it.
 * Callbacks that never look at `purpose` return a fresh socket; it is closed and the accepted one used. */
static int choose_accepted(const struct gate_ask *ask, int accepted, int answer)
{
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  if (answer == accepted)
    return accepted;
  struct gate_socket s = enter(ask, answer);
  if (!getpeername(answer, (struct sockaddr *)&peer, &len)) {
    sl_ledger_close(answer); /* becomes the connection; entered again by the caller */
    close(accepted);
    return answer;
  }
  sl_gate_close(&s, ask->callback_depth);
  return accepted;
}

sl_result sl_gate_accept(const struct gate_ask *ask, const struct gate_socket *listener,
                         struct gate_socket *out_socket, struct gate_addr *out_peer)
{
  struct gate_addr peer = {.socktype = SOCK_STREAM, .protocol = IPPROTO_TCP};
  socklen_t len = sizeof peer.u;
  int fd = accept4(listener->fd, &peer.u.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0)
    return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? SL_WAIT : CURLE_FTP_ACCEPT_FAILED;
  peer.family = peer.u.sa.sa_family;
  peer.len = len;
  if (ask->config->opensocketfunction) {
    struct gate_addr shown = peer;
    int answer = ask_open(ask, &shown);
    if (answer < 0) {
      say(ask, "The application refused the connection from", &peer);
      tell(ask, SLUICE_EVENT_REFUSED, fd, &peer, 0);
      close(fd);
      return CURLE_COULDNT_CONNECT;
    }
    fd = choose_accepted(ask, fd, answer);
  }
  struct gate_socket s = enter(ask, fd);
  enum gate_opened how;
  tell(ask, SLUICE_EVENT_ACCEPT, fd, &peer, 0);
  sl_result rc = make_nonblocking(fd) ? ask_sockopt(ask, &s, &how) : CURLE_FTP_ACCEPT_FAILED;
  if (rc) {
    sl_gate_close(&s, ask->callback_depth);
    return rc;
  }
  *out_socket = s;
  *out_peer = peer;
  return SL_OK;
}

void sl_gate_close(struct gate_socket *s, unsigned *callback_depth)
{
  int fd = s->fd;
  if (fd < 0)
    return;
  sl_gate_tell(s, SLUICE_EVENT_CLOSE, 0, callback_depth);
  s->fd = -1;
  sl_ledger_close(fd);
  if (!s->close_fn) {
    close(fd);
    return;
  }
  ++*callback_depth;
  s->close_fn(s->close_data, fd);
  --*callback_depth;
}
