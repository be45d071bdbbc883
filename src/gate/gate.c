/* THE door; see gate.h. The only file of the library that calls socket, bind, connect, listen, accept and close of
 * sockets, but for the process of a broker, which does so for others. It asks the application before it acts and enters
 * every descriptor in the ledger. */
#include "gate/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gate/broker.h"
#include "gate/event.h"
#include "gate/guard.h"
#include "gate/ledger.h"
#include "sluice/sluice.h"

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

/* ---- the system calls: one function each, the only ones that open ---- */

static struct broker *broker_of(const struct gate_ask *ask)
{
  return sl_broker_of(ask->config, callbacks_asked(ask));
}

static int do_socket(const struct gate_ask *ask, const struct gate_addr *addr, bool *out_dialled)
{
  struct broker *b = broker_of(ask);
  if (b && ask->dials && addr->socktype == SOCK_STREAM && !ask->config->sockoptfunction)
    return sl_broker_dial(b, ask, addr, out_dialled);
  if (b)
    return sl_broker_socket(b, ask, addr);
  return socket(addr->family, addr->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, addr->protocol);
}

static int do_connect(const struct gate_ask *ask, int fd, const struct gate_addr *addr)
{
  struct broker *b = broker_of(ask);
  int rc;
  if (b)
    return sl_broker_connect(b, ask, fd, addr);
  do
    rc = connect(fd, &addr->u.sa, addr->len);
  while (rc && errno == EINTR);
  return rc;
}

static int do_bind(const struct gate_ask *ask, int fd, const struct gate_addr *addr)
{
  struct broker *b = broker_of(ask);
  return b ? sl_broker_bind(b, ask, fd, addr) : bind(fd, &addr->u.sa, addr->len);
}

static int do_listen(const struct gate_ask *ask, int fd)
{
  struct broker *b = broker_of(ask);
  return b ? sl_broker_listen(b, ask, fd) : listen(fd, 1);
}

static int do_accept(const struct gate_ask *ask, int fd, struct gate_addr *peer, socklen_t *len)
{
  struct broker *b = broker_of(ask);
  if (b)
    return sl_broker_accept(b, ask, fd, &peer->u.sa, len);
  return accept4(fd, &peer->u.sa, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* A broker that has ended, does not answer or refuses is no fault of ports and interfaces. (bind: EACCES may as well be
 * a port of the system's.) */
static sl_result unless_broker(const struct gate_ask *ask, sl_result code)
{
  bool its_doing = errno == EOWNERDEAD || errno == ETIMEDOUT || (errno == EACCES && code != CURLE_INTERFACE_FAILED);
  return its_doing && broker_of(ask) ? CURLE_COULDNT_CONNECT : code;
}

/* ---- words ---- */

void sl_gate_place(const struct gate_addr *addr, char text[SL_GATE_PLACE])
{
  char host[SL_ADDR_TEXT];
  int port;
  if (addr->family == AF_UNIX) {
    snprintf(text, SL_GATE_PLACE, "Unix socket %.80s", addr->u.un.sun_path + (addr->u.un.sun_path[0] ? 0 : 1));
    return;
  }
  sl_addr_print(&addr->u.sa, host, &port);
  snprintf(text, SL_GATE_PLACE, "%s port %d", host, port);
}

static void say(const struct gate_ask *ask, const char *what, const struct gate_addr *addr)
{
  char place[SL_GATE_PLACE];
  if (!ask->error || ask->error->n)
    return; /* the first reason is the most specific one */
  sl_gate_place(addr, place);
  sl_buf_printf(ask->error, "%s %s", what, place);
}

static void tell(const struct gate_ask *ask, sluice_event what, int fd, const struct gate_addr *addr, int err)
{
  bool refused = what == SLUICE_EVENT_REFUSED;
  struct event_facts facts = {
      .fd = fd,
      .address = &addr->u.sa,
      .address_len = addr->len,
      .rule = !refused                       ? NULL
              : sl_broker_opens(ask->config) ? "the broker's policy"
                                             : "the application's callback",
      .err = refused ? 0 : err,
  };
  sl_event_tell(ask, what, &facts);
}

/* ---- the application's callbacks ---- */

static bool asks_open(const struct gate_ask *ask)
{
  return ask->config->opensocketfunction && callbacks_asked(ask) && !sl_broker_opens(ask->config);
}

static curlsocktype told_purpose(const struct gate_ask *ask)
{
  return (curlsocktype)sl_event_purpose(ask->purpose, ask->config->socket_purposes);
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
  curl_socket_t fd = c->opensocketfunction(c->opensocketdata, told_purpose(ask), &ca.head);
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

/* The close callback belongs to every descriptor that the open callback would have made. */
static struct gate_socket enter(const struct gate_ask *ask, int fd)
{
  sl_ledger_open(fd);
  struct gate_socket s = {
      .fd = fd,
      .purpose = (int16_t)sl_event_purpose(ask->purpose, SLUICE_PURPOSE_ALL),
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
  int rc = c->sockoptfunction(c->sockoptdata, s->fd, told_purpose(ask));
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

/* ---- the door ---- */

static bool same_addr(const struct gate_addr *a, const struct gate_addr *b)
{
  return a->family == b->family && a->socktype == b->socktype && a->len == b->len && !memcmp(&a->u, &b->u, a->len);
}

/* Between the socket and its first use: what the application made of it. */
static sl_result admit(const struct gate_ask *ask, const struct gate_addr *wanted, const struct gate_addr *addr,
                       const struct gate_socket *s, enum gate_opened *out_how)
{
  if (!same_addr(wanted, addr) && sl_gate_guarded(ask) && sl_guard_judge(ask, addr, s->fd))
    return CURLE_COULDNT_CONNECT;
  sl_result rc = ask_sockopt(ask, s, out_how);
  if (rc)
    say(ask, "The application's socket options callback refused", addr);
  else if (*out_how != GATE_OPENED)
    rc = sl_guard_peer(ask, s->fd);
  if (rc != SL_WAIT)
    return rc;
  *out_how = GATE_CONNECTING; /* whatever it was said to be: asked again when the connection stands */
  return SL_OK;
}

sl_result sl_gate_open(const struct gate_ask *ask, struct gate_addr *addr, struct gate_socket *out_socket,
                       enum gate_opened *out_how, bool *out_refused)
{
  bool asked = asks_open(ask);
  struct gate_addr wanted = *addr;
  bool dialled = false;
  int fd;
  *out_refused = true;
  if (sl_gate_guarded(ask) && sl_guard_judge(ask, addr, -1))
    return CURLE_COULDNT_CONNECT;
  if (asked)
    fd = ask_open(ask, addr);
  else
    fd = do_socket(ask, addr, &dialled);
  if (fd < 0) {
    int err = errno;
    bool refused = asked || (err == EACCES && broker_of(ask));
    *out_refused = refused;
    bool first = ask->error && !ask->error->n;
    say(ask, asked ? "The application refused" : "Could not open a socket for", addr);
    if (!refused && first)
      sl_buf_printf(ask->error, ": %s", strerror(err));
    tell(ask, refused ? SLUICE_EVENT_REFUSED : SLUICE_EVENT_OPEN, -1, addr, err);
    errno = err;
    return CURLE_COULDNT_CONNECT;
  }
  struct gate_socket s = enter(ask, fd);
  tell(ask, SLUICE_EVENT_OPEN, fd, addr, 0);
  sl_result rc = asked && !make_nonblocking(fd) ? CURLE_COULDNT_CONNECT : admit(ask, &wanted, addr, &s, out_how);
  if (rc) {
    sl_gate_close(&s, ask->callback_depth);
    return rc;
  }
  if (dialled) {
    *out_how = GATE_DIALLED;
    s.by_path = addr->family == AF_UNIX;
    tell(ask, SLUICE_EVENT_CONNECT, fd, addr, 0);
  }
  *out_refused = false;
  *out_socket = s;
  return SL_OK;
}

sl_result sl_gate_connect(const struct gate_ask *ask, struct gate_socket *s, const struct gate_addr *addr)
{
  int rc = do_connect(ask, s->fd, addr);
  int err = rc ? errno : 0;
  tell(ask, SLUICE_EVENT_CONNECT, s->fd, addr, err == EINPROGRESS ? 0 : err);
  errno = err;
  s->by_path = !rc && addr->family == AF_UNIX;
  if (!rc || err == EISCONN)
    return SL_OK;
  return err == EINPROGRESS || err == EALREADY ? SL_WAIT : CURLE_COULDNT_CONNECT;
}

sl_result sl_gate_connected(const struct gate_ask *ask, const struct gate_socket *s, int err)
{
  sl_gate_tell(s, SLUICE_EVENT_CONNECTED, err, ask->callback_depth);
  sl_result rc = err ? CURLE_COULDNT_CONNECT : s->by_path ? SL_OK : sl_guard_peer(ask, s->fd);
  return rc == SL_WAIT ? CURLE_COULDNT_CONNECT : rc; /* gone again */
}

sl_result sl_gate_bind(const struct gate_ask *ask, const struct gate_socket *s, const struct gate_addr *addr)
{
  return do_bind(ask, s->fd, addr) ? unless_broker(ask, CURLE_INTERFACE_FAILED) : SL_OK;
}

sl_result sl_gate_listen(const struct gate_ask *ask, const struct gate_socket *s)
{
  struct gate_addr local = {.socktype = SOCK_STREAM};
  socklen_t len = sizeof local.u;
  if (sl_gate_guarded(ask)) {
    if (getsockname(s->fd, &local.u.sa, &len))
      return CURLE_FTP_PORT_FAILED;
    local.family = local.u.sa.sa_family;
    local.len = len;
    if (sl_guard_judge(ask, &local, s->fd))
      return CURLE_COULDNT_CONNECT;
  }
  return do_listen(ask, s->fd) ? unless_broker(ask, CURLE_FTP_PORT_FAILED) : SL_OK;
}

/* What the ACCEPT callback gave back: the accepted connection stays unless another connected socket replaces it.
 * Callbacks that never look at `purpose` return a fresh socket; it is closed and the accepted one used. One of ours that
 * is in use, the control connection for instance, has its owner already. */
static int choose_accepted(const struct gate_ask *ask, int accepted, int answer, const struct gate_addr *from)
{
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  if (answer == accepted || sl_ledger_is_open(answer))
    return accepted;
  struct gate_socket s = enter(ask, answer);
  if (!getpeername(answer, (struct sockaddr *)&peer, &len)) {
    sl_ledger_close(answer); /* becomes the connection; entered again by the caller */
    close(accepted);
    return answer;
  }
  tell(ask, SLUICE_EVENT_OPEN, answer, from, 0);
  sl_gate_close(&s, ask->callback_depth);
  return accepted;
}

static sl_result accept_failed(const struct gate_ask *ask)
{
  bool nobody = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
  return nobody ? SL_WAIT : unless_broker(ask, CURLE_FTP_ACCEPT_FAILED);
}

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
  const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
  const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
  if (a->sa_family != b->sa_family)
    return false;
  if (a->sa_family == AF_INET)
    return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
  return a->sa_family == AF_INET6 && !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr) &&
         a6->sin6_scope_id == b6->sin6_scope_id;
}

static void turn_away(const struct gate_ask *ask, int fd, const struct gate_addr *peer)
{
  struct event_facts facts = {
      .fd = fd, .address = &peer->u.sa, .address_len = peer->len, .rule = "not the server's address"};
  sl_event_tell(ask, SLUICE_EVENT_REFUSED, &facts);
  close(fd);
}

sl_result sl_gate_accept(const struct gate_ask *ask, const struct gate_socket *listener, const struct sockaddr *only,
                         struct gate_socket *out_socket, struct gate_addr *out_peer)
{
  struct gate_addr peer = {.socktype = SOCK_STREAM, .protocol = IPPROTO_TCP};
  socklen_t len = sizeof peer.u;
  int accepted = do_accept(ask, listener->fd, &peer, &len);
  int fd = accepted;
  if (fd < 0)
    return accept_failed(ask);
  peer.family = peer.u.sa.sa_family;
  peer.len = len;
  if (only && !same_host(only, &peer.u.sa)) {
    turn_away(ask, fd, &peer);
    return SL_WAIT;
  }
  if (sl_gate_guarded(ask) && sl_guard_judge(ask, &peer, fd)) {
    close(fd);
    return CURLE_COULDNT_CONNECT;
  }
  if (asks_open(ask)) {
    struct gate_addr shown = peer;
    int answer = ask_open(ask, &shown);
    if (answer < 0) {
      say(ask, "The application refused the connection from", &peer);
      tell(ask, SLUICE_EVENT_REFUSED, fd, &peer, 0);
      close(fd);
      return CURLE_COULDNT_CONNECT;
    }
    fd = choose_accepted(ask, fd, answer, &peer);
  }
  struct gate_socket s = enter(ask, fd);
  enum gate_opened how;
  tell(ask, SLUICE_EVENT_ACCEPT, fd, &peer, 0);
  sl_result rc = make_nonblocking(fd) ? ask_sockopt(ask, &s, &how) : CURLE_FTP_ACCEPT_FAILED;
  if (!rc && fd != accepted)
    rc = sl_guard_peer(ask, fd); /* the application's own, in place of the accepted one */
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
