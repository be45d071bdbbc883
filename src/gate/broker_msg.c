/* See broker_msg.h. */
#include "gate/broker_msg.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- what a request may say ---- */

bool sl_broker_kind(int family, int socktype, int protocol)
{
  switch (family) {
  case AF_INET:
  case AF_INET6:
    return (socktype == SOCK_STREAM && (!protocol || protocol == IPPROTO_TCP)) ||
           (socktype == SOCK_DGRAM && (!protocol || protocol == IPPROTO_UDP));
  case AF_UNIX:
    return socktype == SOCK_STREAM && !protocol;
  default:
    return false;
  }
}

/* What lies behind the address is cut off, so that it means one thing only. */
static bool settle_address(struct gate_addr *a)
{
  size_t path = offsetof(struct sockaddr_un, sun_path);
  if (a->len < sizeof a->u.sa.sa_family || a->len > sizeof a->u || a->u.sa.sa_family != a->family)
    return false;
  if (a->family == AF_UNIX)
    return a->len > path && a->len <= sizeof a->u.un;
  unsigned need = a->family == AF_INET ? sizeof a->u.in : sizeof a->u.in6;
  bool whole = a->len >= need;
  a->len = need;
  return whole;
}

int sl_broker_check(const void *bytes, size_t n, bool has_fd, struct broker_request *out_request)
{
  struct broker_request *q = out_request;
  if (n != sizeof *q)
    return EPROTO;
  memcpy(q, bytes, sizeof *q);
  if (q->magic != BROKER_MAGIC || q->version != BROKER_VERSION)
    return EPROTO;
  if (q->op < BROKER_JOIN || q->op > BROKER_ACCEPT || has_fd != (q->op >= BROKER_CONNECT))
    return EPROTO;
  if (q->purpose > GATE_ACCEPT || !memchr(q->scheme, 0, sizeof q->scheme))
    return EINVAL;
  if (q->op == BROKER_SOCKET || q->op == BROKER_DIAL)
    return sl_broker_kind(q->addr.family, q->addr.socktype, q->addr.protocol) && settle_address(&q->addr)
               ? 0
               : EAFNOSUPPORT;
  if (q->op != BROKER_CONNECT && q->op != BROKER_BIND)
    return 0;
  bool family = q->addr.family == AF_INET || q->addr.family == AF_INET6 ||
                (q->addr.family == AF_UNIX && q->op == BROKER_CONNECT);
  return family && settle_address(&q->addr) ? 0 : EAFNOSUPPORT;
}

/* ---- one message ---- */

union control { /* of one descriptor, aligned as cmsg(3) wants it */
  struct cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(int))];
};

bool sl_broker_send(int sock, const void *message, size_t n, int fd)
{
  union control control = {.bytes = {0}};
  struct iovec part = {(void *)(uintptr_t)message, n};
  struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
  ssize_t sent;
  if (fd >= 0) {
    m.msg_control = control.bytes;
    m.msg_controllen = CMSG_LEN(sizeof fd);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  do
    sent = sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent == (ssize_t)n;
}

ssize_t sl_broker_receive(int sock, int flags, void *message, size_t cap, int *out_fd)
{
  union control control;
  struct iovec part = {message, cap};
  /* Not CMSG_SPACE: its padding would be room for a second descriptor. The kernel closes what finds no room. */
  struct msghdr m = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_LEN(sizeof(int))};
  *out_fd = -1;
  ssize_t n = recvmsg(sock, &m, flags | MSG_CMSG_CLOEXEC);
  struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
  if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
    memcpy(out_fd, CMSG_DATA(c), sizeof *out_fd);
  if (n >= 0 && m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
    bool no_room = *out_fd < 0 && !(m.msg_flags & MSG_TRUNC); /* among the process's descriptors */
    if (*out_fd >= 0)
      close(*out_fd);
    *out_fd = -1;
    errno = no_room ? EMFILE : EPROTO;
    return -1;
  }
  return n;
}
