/* A small web server for the tests of this folder: a child process with an epoll loop, on a few loopback addresses with
 * one port, so that its descriptors and its memory are not the test's. It ends with its parent.
 *
 *   /b/N     N bytes                          /close/N  the same with `Connection: close`
 *   /c/N     N bytes, at most 64, chunked     /bye/N    the same, keep-alive promised and then closed
 *   /hold    answered after origin_release()  /half     half of the body, the rest after origin_release()
 *   /drop    closes without an answer         /cookie/N Set-Cookie: c=N, answers with the cookies received
 *
 * Any method; a body is read by its Content-Length and dropped. There is also a name server at origin.dns_port: every name
 * is at 127.0.0.1 and has no IPv6 address. */
#ifndef TESTS_UNIT_XFER_ORIGIN_H
#define TESTS_UNIT_XFER_ORIGIN_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORIGIN_ADDRESSES = 16, ORIGIN_FDS = 65536, ORIGIN_IN = 2048, ORIGIN_BACKLOG = 4096 };

struct origin_counts {
  atomic_uint accepted, open, requests, held;
};

struct origin {
  pid_t pid;
  int port, dns_port;
  int alive_fd;   /* closed: the child ends */
  int release_fd;
  struct origin_counts *counts; /* shared with the child */
};

struct origin_conn {
  int fd;
  bool held, half, close, out;
  unsigned in_n, head_n, head_at;
  uint64_t skip, body, later; /* request bytes to drop; response bytes to send now, and after a release */
  bool pending; /* the request is known, its body not yet read */
  char in[ORIGIN_IN], head[256], method[16], path[128], cookies[128];
};

struct origin_state {
  struct origin_counts *counts;
  int epoll, dns, release, alive;
  bool listens[ORIGIN_FDS];
  struct origin_conn *conns[ORIGIN_FDS];
};

static inline void origin_watch(struct origin_state *s, int fd, uint32_t events, int op)
{
  struct epoll_event e = {.events = events, .data.fd = fd};
  epoll_ctl(s->epoll, op, fd, &e);
}

static inline void origin_drop(struct origin_state *s, struct origin_conn *c)
{
  s->conns[c->fd] = NULL;
  close(c->fd);
  free(c);
  atomic_fetch_sub(&s->counts->open, 1);
}

/* false: the connection is gone */
static inline bool origin_send(struct origin_state *s, struct origin_conn *c)
{
  static char bytes[65536];
  ssize_t n = 0;
  if (!bytes[0])
    memset(bytes, 'x', sizeof bytes);
  while (c->head_at < c->head_n || c->body) {
    if (c->head_at < c->head_n) {
      /* the head with what fits behind it in one segment, as servers do */
      char both[sizeof c->head + 1024];
      size_t head = c->head_n - c->head_at, body = c->body < 1024 ? (size_t)c->body : 1024;
      memcpy(both, c->head + c->head_at, head);
      memcpy(both + head, bytes, body);
      n = send(c->fd, both, head + body, MSG_NOSIGNAL);
      if (n > 0) {
        size_t of_head = (size_t)n < head ? (size_t)n : head;
        c->head_at += (unsigned)of_head;
        c->body -= (size_t)n - of_head;
      }
    } else {
      n = send(c->fd, bytes, c->body < sizeof bytes ? (size_t)c->body : sizeof bytes, MSG_NOSIGNAL);
      if (n > 0)
        c->body -= (uint64_t)n;
    }
    if (n < 0)
      break;
  }
  if (n < 0 && errno != EAGAIN) {
    origin_drop(s, c);
    return false;
  }
  if ((n < 0) != c->out) {
    c->out = n < 0;
    origin_watch(s, c->fd, EPOLLIN | (c->out ? EPOLLOUT : 0u), EPOLL_CTL_MOD);
  }
  if (c->close && !c->out && !c->later) {
    origin_drop(s, c);
    return false;
  }
  return true;
}

static inline void origin_answer(struct origin_conn *c, const char *method, const char *path, const char *extra)
{
  uint64_t n = 0;
  const char *number = strrchr(path, '/');
  int len;
  if (number)
    n = strtoull(number + 1, NULL, 10);
  c->held = !strncmp(path, "/hold", 5);
  c->half = !strncmp(path, "/half", 5);
  c->close = !strncmp(path, "/close", 6) || !strncmp(path, "/bye", 4);
  if (c->held || c->half)
    n = 100;
  if (!strncmp(path, "/cookie", 7)) {
    len = snprintf(c->head, sizeof c->head, "HTTP/1.1 200 OK\r\nSet-Cookie: c%llu=%llu\r\nContent-Length: %zu\r\n\r\n%s",
                   (unsigned long long)(n % 10), (unsigned long long)n, strlen(extra), extra);
    n = 0;
  } else if (!strncmp(path, "/c/", 3) && n) {
    n = n < 64 ? n : 64;
    len = snprintf(c->head, sizeof c->head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%llx\r\n%.*s\r\n0\r\n\r\n",
                   (unsigned long long)n, (int)n, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    n = 0;
  } else {
    len = snprintf(c->head, sizeof c->head, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n%s\r\n", (unsigned long long)n,
                   !strncmp(path, "/close", 6) ? "Connection: close\r\n" : "");
  }
  if (!strcmp(method, "HEAD"))
    n = 0;
  c->head_n = (unsigned)len;
  c->head_at = 0;
  c->body = c->half ? n / 2 : n;
  c->later = c->half ? n - n / 2 : 0;
}

/* One request from what has been read. false: none complete, or the connection is gone */
static inline bool origin_request(struct origin_state *s, struct origin_conn *c)
{
  char *end, *field;
  if (c->skip) {
    unsigned n = c->skip < c->in_n ? (unsigned)c->skip : c->in_n;
    memmove(c->in, c->in + n, c->in_n -= n);
    c->skip -= n;
  }
  if (c->skip || c->held || c->later || c->body || c->head_at < c->head_n)
    return false;
  if (!c->pending) {
    end = memmem(c->in, c->in_n, "\r\n\r\n", 4);
    if (!end || sscanf(c->in, "%15s %127s", c->method, c->path) != 2)
      return false;
    *end = 0;
    field = strcasestr(c->in, "\r\nContent-Length:");
    c->skip = field ? strtoull(field + 17, NULL, 10) : 0;
    field = strstr(c->in, "\r\nCookie:");
    c->cookies[0] = 0;
    if (field)
      sscanf(field, "\r\nCookie: %127[^\r]", c->cookies);
    unsigned n = (unsigned)(end + 4 - c->in);
    memmove(c->in, c->in + n, c->in_n -= n);
    c->pending = true;
    return true; /* the body, if there is one, is next */
  }
  c->pending = false;
  atomic_fetch_add(&s->counts->requests, 1);
  if (!strncmp(c->path, "/drop", 5)) {
    origin_drop(s, c);
    return false;
  }
  origin_answer(c, c->method, c->path, c->cookies);
  if (c->held || c->half)
    atomic_fetch_add(&s->counts->held, 1);
  return c->held || origin_send(s, c);
}

static inline void origin_read(struct origin_state *s, struct origin_conn *c, uint32_t events)
{
  bool again;
  if (events & EPOLLOUT && !origin_send(s, c))
    return;
  for (;;) {
    if (c->in_n == sizeof c->in)
      return;
    ssize_t n = recv(c->fd, c->in + c->in_n, sizeof c->in - c->in_n, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      origin_drop(s, c);
      return;
    }
    if (n < 0)
      return;
    c->in_n += (unsigned)n;
    int fd = c->fd;
    do
      again = origin_request(s, c);
    while (s->conns[fd] == c && (again || (c->skip && c->in_n)));
    if (s->conns[fd] != c)
      return;
  }
}

static inline void origin_accept(struct origin_state *s, int listener)
{
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct origin_conn *c = fd < ORIGIN_FDS ? calloc(1, sizeof *c) : NULL;
    if (!c) {
      close(fd);
      continue;
    }
    c->fd = fd;
    s->conns[fd] = c;
    atomic_fetch_add(&s->counts->open, 1);
    atomic_fetch_add(&s->counts->accepted, 1);
    origin_watch(s, fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static inline void origin_let_go(struct origin_state *s)
{
  uint64_t n;
  if (read(s->release, &n, sizeof n) < 0)
    return;
  for (int fd = 0; fd < ORIGIN_FDS; fd++) {
    struct origin_conn *c = s->conns[fd];
    if (!c || (!c->held && !c->later))
      continue;
    c->held = c->half = false;
    c->body += c->later;
    c->later = 0;
    if (origin_send(s, c))
      while (origin_request(s, c))
        ;
  }
}

static inline void origin_name(struct origin_state *s)
{
  unsigned char q[512];
  struct sockaddr_in from;
  socklen_t len = sizeof from;
  ssize_t n = recvfrom(s->dns, q, sizeof q - 16, 0, (struct sockaddr *)&from, &len);
  size_t at = 12;
  if (n < 17)
    return;
  while (at < (size_t)n && q[at])
    at += q[at] + 1u;
  at += 5; /* the zero, type and class */
  if (at > (size_t)n)
    return;
  bool is_a = q[at - 3] == 1;
  static const unsigned char record[16] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
  q[2] = 0x81;
  q[3] = 0x80;
  memset(q + 6, 0, 6);
  q[7] = is_a;
  if (is_a)
    memcpy(q + at, record, sizeof record);
  sendto(s->dns, q, at + (is_a ? sizeof record : 0), 0, (struct sockaddr *)&from, len);
}

static inline void origin_serve(struct origin_state *s)
{
  struct epoll_event events[256];
  for (;;) {
    int n = epoll_wait(s->epoll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == s->alive)
        _exit(0);
      else if (fd == s->release)
        origin_let_go(s);
      else if (fd == s->dns)
        origin_name(s);
      else if (s->listens[fd])
        origin_accept(s, fd);
      else if (s->conns[fd])
        origin_read(s, s->conns[fd], events[i].events);
    }
  }
}

static inline int origin_bind(int type, int last_byte, int *port)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
  socklen_t len = sizeof a;
  int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  a.sin_addr.s_addr = htonl(0x7f000000u + (unsigned)last_byte);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || getsockname(fd, (struct sockaddr *)&a, &len))
    return -1;
  *port = ntohs(a.sin_port);
  return fd;
}

/* Listens at 127.0.0.1 and the addresses after it. false: it could not be started */
static inline bool origin_start(struct origin *o, int addresses)
{
  int alive[2], listeners[ORIGIN_ADDRESSES];
  struct origin_state *s = calloc(1, sizeof *s);
  *o = (struct origin){.pid = -1};
  o->counts = mmap(NULL, sizeof *o->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  o->release_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (!s || o->counts == MAP_FAILED || pipe2(alive, O_CLOEXEC) || o->release_fd < 0)
    return false;
  s->dns = origin_bind(SOCK_DGRAM, 1, &o->dns_port);
  for (int i = 0; i < addresses; i++) {
    int fd = origin_bind(SOCK_STREAM, 1 + i, &o->port);
    if (fd < 0 || listen(fd, ORIGIN_BACKLOG))
      return false;
    listeners[i] = fd;
    s->listens[fd] = true;
  }
  s->counts = o->counts;
  s->release = o->release_fd;
  s->alive = alive[0];
  fflush(NULL);
  o->pid = fork();
  if (o->pid == 0) {
    struct rlimit limit;
    close(alive[1]);
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
      limit.rlim_cur = limit.rlim_max;
      setrlimit(RLIMIT_NOFILE, &limit);
    }
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    origin_watch(s, s->alive, EPOLLIN, EPOLL_CTL_ADD);
    origin_watch(s, s->release, EPOLLIN, EPOLL_CTL_ADD);
    origin_watch(s, s->dns, EPOLLIN, EPOLL_CTL_ADD);
    for (int i = 0; i < addresses; i++)
      origin_watch(s, listeners[i], EPOLLIN, EPOLL_CTL_ADD);
    origin_serve(s);
    _exit(1);
  }
  for (int i = 0; i < addresses; i++)
    close(listeners[i]);
  close(s->dns);
  close(alive[0]);
  free(s);
  o->alive_fd = alive[1];
  return o->pid > 0;
}

static inline void origin_release(struct origin *o)
{
  uint64_t one = 1;
  if (write(o->release_fd, &one, sizeof one) < 0)
    perror("origin_release");
}

static inline void origin_stop(struct origin *o)
{
  if (o->pid <= 0)
    return;
  close(o->alive_fd);
  close(o->release_fd);
  waitpid(o->pid, NULL, 0);
  munmap(o->counts, sizeof *o->counts);
  o->pid = -1;
}

/* The URL of `path` at the i-th address. The buffer is the caller's. */
static inline const char *origin_url(const struct origin *o, unsigned i, const char *path, char url[128])
{
  snprintf(url, 128, "http://127.0.0.%u:%d%s", 1 + i, o->port, path);
  return url;
}

#endif
