/* c-ares' view of the world: its sockets are numbers here, opened by the gate once the address is
 * known, waited for by the reactor. It does no system call on sockets by itself
 * (ares_set_socket_functions(3)). */
#include "dns/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "gate/policy.h"

enum {
  BATCH = 64, /* datagrams taken in a row from one socket */
  FIRST_SOCKETS = 4,
  RETIMER_MIN_US = 1000 /* c-ares' clock and ours may differ by a rounding */
};

static struct dns_socket *socket_at(const struct dns_channel *ch, ares_socket_t number)
{
  return number >= 0 && number < ch->n_sockets ? ch->sockets[number] : NULL;
}

/* ---- readiness ---- */

static void after_ares(struct dns_channel *ch)
{
  ch->busy++;
  sl_dns_pump(ch, NULL);
  sl_dns_tell(ch);
  ch->busy--;
}

static void socket_ready(struct watch *w, unsigned ready)
{
  struct dns_socket *s = w->owner;
  struct dns_channel *ch = s->channel;
  int number = s->number;
  ares_socket_t in = ready & (WATCH_IN | WATCH_ERR) ? number : ARES_SOCKET_BAD;
  ares_socket_t out = ready & (WATCH_OUT | WATCH_ERR) ? number : ARES_SOCKET_BAD;
  ch->depth++;
  for (int i = 0; i < BATCH; i++) {
    s->received = false;
    ares_process_fd(ch->ares, in, out);
    if (socket_at(ch, number) != s || !s->received) /* it may be gone by now */
      break;
  }
  ch->depth--;
  if (ch->running) /* what was sent again has a time-out of its own */
    sl_dns_timer(ch, ch->dns->reactor->now_us + ch->dns->timeout_ms * INT64_C(500));
  after_ares(ch);
}

/* c-ares takes 9/16 to 16/16 of the time-out, so half of it after sending is early enough for the
 * first look; then it is asked, which costs it a walk over all queries and is therefore done at
 * time-outs only. */
static void timer_due(struct timer *t)
{
  struct dns_channel *ch = t->owner;
  struct timeval tv;
  if (ch->ares) {
    ch->depth++;
    ares_process_fd(ch->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    ch->depth--;
    if (ch->running && ares_timeout(ch->ares, NULL, &tv)) {
      int64_t after_us = (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
      sl_dns_timer(ch, ch->dns->reactor->now_us +
                           (after_us > RETIMER_MIN_US ? after_us : RETIMER_MIN_US));
    }
  }
  after_ares(ch);
}

bool sl_dns_timer(struct dns_channel *ch, int64_t due_us)
{
  ch->timer.fn = timer_due;
  ch->timer.owner = ch;
  if (ch->timer.node.at && ch->due_us <= due_us)
    return true;
  ch->due_us = due_us;
  return sl_timer_set(ch->dns->reactor, &ch->timer, due_us);
}

void sl_dns_socket_state(void *data, ares_socket_t number, int readable, int writable)
{
  struct dns_channel *ch = data;
  struct dns_socket *s = socket_at(ch, number);
  if (s && s->watch.fd >= 0)
    sl_watch_want(ch->dns->reactor, &s->watch,
                  (readable ? WATCH_IN : 0u) | (writable ? WATCH_OUT : 0u));
}

/* ---- sockets ---- */

static bool grow(struct dns_channel *ch)
{
  int n = ch->n_sockets ? ch->n_sockets * 2 : FIRST_SOCKETS;
  struct dns_socket **more = sl_realloc(ch->sockets, (size_t)n * sizeof(struct dns_socket *));
  if (!more)
    return false;
  for (int i = ch->n_sockets; i < n; i++)
    more[i] = NULL;
  ch->sockets = more;
  ch->n_sockets = n;
  return true;
}

static ares_socket_t number_open(int family, int socktype, int protocol, void *data)
{
  struct dns_channel *ch = data;
  int number = 0;
  (void)protocol;
  while (number < ch->n_sockets && ch->sockets[number])
    number++;
  struct dns_socket *s = sl_calloc(1, sizeof *s);
  if (!s || (number == ch->n_sockets && !grow(ch))) {
    sl_free(s);
    errno = ENOMEM;
    return ARES_SOCKET_BAD;
  }
  *s = (struct dns_socket){.channel = ch, .number = number, .family = family, .socktype = socktype};
  s->gate = GATE_SOCKET_NONE;
  sl_watch_init(&s->watch, socket_ready, s);
  ch->sockets[number] = s;
  return number;
}

static int number_close(ares_socket_t number, void *data)
{
  struct dns_channel *ch = data;
  struct dns_socket *s = socket_at(ch, number);
  if (!s)
    return 0;
  ch->sockets[number] = NULL;
  sl_watch_remove(ch->dns->reactor, &s->watch);
  sl_gate_close(&s->gate, ch->dns->callback_depth);
  sl_free(s);
  return 0;
}

static void note(struct dns_channel *ch, const char *what, const char *which)
{
  if (!ch->error.n)
    sl_buf_printf(&ch->error, "could not send from %s %.60s: %m", what, which);
}

/* CURLOPT_DNS_INTERFACE, CURLOPT_DNS_LOCAL_IP4 and _IP6. A query that leaves by another way than
 * the one asked for would be a leak, so that a failure is one (c-ares itself would pass over it).
 */
static bool bind_local(struct dns_channel *ch, const struct gate_ask *ask, const struct dns_socket *s, int family)
{
  const char *device = ch->config.dns_interface;
  const struct gate_addr *local = family == AF_INET ? &ch->local4 : &ch->local6;
  if (device &&
      setsockopt(s->gate.fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device))) {
    note(ch, "interface", device);
    return false;
  }
  if (local->family && sl_gate_bind(ask, &s->gate, local)) {
    note(ch, "address", family == AF_INET ? ch->config.dns_local_ip4 : ch->config.dns_local_ip6);
    return false;
  }
  return true;
}

/* c-ares takes EINPROGRESS and EWOULDBLOCK for a connection under way. */
static int not_connected(void)
{
  if (!errno || errno == EINPROGRESS || errno == EWOULDBLOCK)
    errno = ECONNREFUSED;
  return -1;
}

static struct gate_ask ask_of(struct dns_channel *ch)
{
  return (struct gate_ask){
      .config = &ch->gate,
      .also = ch->dns->policy,
      .purpose = GATE_DNS,
      .callback_depth = ch->dns->callback_depth,
      .error = &ch->error,
  };
}

static uint64_t policy_of(const struct dns_channel *ch)
{
  return sl_policy_id(ch->dns->policy ? *ch->dns->policy : NULL);
}

static int open_and_connect(struct dns_channel *ch, struct dns_socket *s)
{
  struct gate_addr to = s->server;
  struct gate_ask ask = ask_of(ch);
  enum gate_opened how;
  bool refused;
  if (sl_gate_open(&ask, &to, &s->gate, &how, &refused))
    return not_connected();
  if (!sl_watch_add(ch->dns->reactor, &s->watch, s->gate.fd)) {
    errno = ENOMEM;
    return -1;
  }
  s->policy = policy_of(ch);
  s->connecting = how == GATE_CONNECTING && s->socktype == SOCK_STREAM;
  if (how != GATE_OPENED)
    return 0;
  if (!bind_local(ch, &ask, s, to.family))
    return not_connected();
  sl_result rc = sl_gate_connect(&ask, &s->gate, &to);
  if (rc != SL_WAIT)
    return rc == SL_OK ? 0 : not_connected();
  errno = EINPROGRESS;
  return -1;
}

static int number_connect(ares_socket_t number, const struct sockaddr *addr, ares_socklen_t len,
                          void *data)
{
  struct dns_channel *ch = data;
  struct dns_socket *s = socket_at(ch, number);
  if (!s || len > sizeof s->server.u) {
    errno = EBADF;
    return -1;
  }
  s->server = (struct gate_addr){
      .family = s->family,
      .socktype = s->socktype,
      .protocol = s->socktype == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
      .len = len,
  };
  memcpy(&s->server.u, addr, len);
  return open_and_connect(ch, s);
}

/* Before the first query on a connection that the application has begun, and when the multi handle has got another policy
 * since. */
static bool is_wanted_peer(struct dns_channel *ch, struct dns_socket *s)
{
  struct gate_ask ask = ask_of(ch);
  if (!s->connecting)
    return s->policy == policy_of(ch) || sl_gate_may_reuse(&ask, &s->gate);
  s->connecting = false;
  return sl_gate_connected(&ask, &s->gate, 0) == SL_OK;
}

/* The socket is connected, so the kernel lets the peer's datagrams alone in; c-ares compares the
 * sender with the server that it knows, which the application may have exchanged for another. */
static ares_ssize_t number_receive(ares_socket_t number, void *dst, size_t cap, int flags,
                                   struct sockaddr *from, ares_socklen_t *from_len, void *data)
{
  struct dns_socket *s = socket_at(data, number);
  if (!s || s->gate.fd < 0) {
    errno = EBADF;
    return -1;
  }
  ssize_t n;
  do
    n = recv(s->gate.fd, dst, cap, flags);
  while (n < 0 && errno == EINTR);
  s->received = n > 0;
  s->channel->heard |= s->received;
  if (n >= 0 && from && from_len) {
    if (*from_len > s->server.len)
      *from_len = s->server.len;
    memcpy(from, &s->server.u, *from_len);
  }
  return n;
}

static ares_ssize_t number_send(ares_socket_t number, const struct iovec *parts, int n_parts,
                                void *data)
{
  struct dns_socket *s = socket_at(data, number);
  struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                           .msg_iovlen = (size_t)n_parts};
  if (!s || s->gate.fd < 0) {
    errno = EBADF;
    return -1;
  }
  if (!is_wanted_peer(s->channel, s))
    return not_connected();
  ssize_t n;
  do
    n = sendmsg(s->gate.fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n >= 0 || s->socktype != SOCK_DGRAM || (errno != EAGAIN && errno != ENOBUFS))
    return n;
  /* The queue is full. c-ares would use up all its tries at once; a datagram may get lost, and is
   * sent again. */
  n = 0;
  for (int i = 0; i < n_parts; i++)
    n += (ssize_t)parts[i].iov_len;
  return n;
}

const struct ares_socket_functions sl_dns_socket_functions = {
    .asocket = number_open,
    .aclose = number_close,
    .aconnect = number_connect,
    .arecvfrom = number_receive,
    .asendv = number_send,
};
