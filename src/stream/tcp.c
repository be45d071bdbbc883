/* TCP and Unix sockets as a stream; see tcp.h. */
#include "stream/tcp.h"

#include <errno.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/mem.h"

static struct tcp *of(struct stream *s)
{
  return (struct tcp *)(void *)s;
}

static sl_result tcp_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  struct tcp *t = of(s);
  ssize_t n;
  do
    n = recv(t->sock.fd, dst, cap, 0);
  while (n < 0 && errno == EINTR);
  s->want = 0;
  if (n >= 0) {
    *out_n = (size_t)n;
    return SL_OK;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    s->want = WATCH_IN;
    return SL_WAIT;
  }
  t->err = errno;
  return CURLE_RECV_ERROR;
}

static sl_result tcp_write(struct stream *s, struct slice src, size_t *out_n)
{
  struct tcp *t = of(s);
  ssize_t n;
  do
    n = send(t->sock.fd, src.p, src.n, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  s->want = 0;
  if (n >= 0) {
    *out_n = (size_t)n;
    return SL_OK;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    s->want = WATCH_OUT;
    return SL_WAIT;
  }
  t->err = errno;
  return CURLE_SEND_ERROR;
}

static bool tcp_query(const struct stream *s, enum stream_query what, void *out)
{
  const struct tcp *t = (const void *)s;
  if (what != STREAM_FD)
    return false;
  *(int *)out = t->sock.fd;
  return true;
}

static void tcp_free(struct stream *s)
{
  struct tcp *t = of(s);
  sl_list_unlink(&t->link);
  sl_watch_remove(t->reactor, &t->watch); /* REMOVE comes before close, always */
  sl_gate_close(&t->sock, t->callback_depth);
  sl_free(t);
}

static const struct stream_ops tcp_ops = {
    .name = "tcp",
    .read = tcp_read,
    .write = tcp_write,
    .query = tcp_query,
    .free = tcp_free,
};

struct tcp *sl_tcp_new(struct reactor *r, struct gate_socket sock_own, const struct gate_addr *peer,
                       unsigned *callback_depth)
{
  struct tcp *t = sl_malloc(sizeof *t);
  if (t) {
    *t = (struct tcp){.s.ops = &tcp_ops, .sock = sock_own, .reactor = r, .callback_depth = callback_depth};
    t->peer.sa.sa_family = (sa_family_t)peer->family;
    if (peer->len <= sizeof t->peer)
      memcpy(&t->peer, &peer->u, peer->len);
    sl_list_init(&t->link);
    sl_watch_init(&t->watch, NULL, NULL);
    if (sl_watch_add(r, &t->watch, sock_own.fd))
      return t;
    sl_free(t);
  }
  sl_gate_close(&sock_own, callback_depth);
  return NULL;
}

void sl_tcp_drive(struct tcp *t, watch_fn *fn, void *owner)
{
  t->watch.fn = fn;
  t->watch.owner = owner;
}

void sl_tcp_want(struct tcp *t, unsigned want)
{
  sl_watch_want(t->reactor, &t->watch, want);
}

bool sl_tcp_is_dead(const struct tcp *t, bool *out_has_bytes)
{
  char byte;
  ssize_t n = recv(t->sock.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  *out_has_bytes = n > 0;
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}
