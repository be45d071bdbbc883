/* The other side for tests of one transfer: a thread for each connection, blocking, HTTP/1.1 with a few paths.
 *
 *   /start   302 to /final with a cookie            /final    gzip: the Cookie field it got, then FINAL_PAD bytes
 *   /text    "hello\n"                              /echo     the request's body
 *   /close   "hello\n", ends by closing             /part     8 bytes of 100, then nothing
 *   /silent  no answer                              /chunks   five chunks, each in a write of its own
 *   /big     BIG_BODY bytes, byte i is (char)(i * 7)
 *   /idle    "hello\n"; promises to keep the connection, and closes it as soon as it is unused for a moment
 *   /digest  "hello\n" for who answers the challenge of RFC 7616, right or wrong
 *   /ws      a WebSocket for who sends PEER_WS_KEY: a ping, "hello", WS_BODY bytes as those of /big, CLOSE
 *
 * Also a port that takes no connection and refuses none: its backlog is full. */
#ifndef TESTS_UNIT_XFER_PEER_H
#define TESTS_UNIT_XFER_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_WS_KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
enum { FINAL_PAD = 5000, BIG_BODY = 1000000, PEER_IN = 4096, STUCK_MAX = 8, WS_BODY = 20000 };

struct peer {
  int fd, port;
  atomic_int accepted, requests;
  atomic_int open;
};

struct peer_conn {
  struct peer *peer;
  int fd;
};

static inline bool peer_send(int fd, const void *p, size_t n)
{
  const char *at = p;
  while (n) {
    ssize_t k = send(fd, at, n, MSG_NOSIGNAL);
    if (k <= 0)
      return false;
    at += k;
    n -= (size_t)k;
  }
  return true;
}

static inline bool peer_say(int fd, const char *text)
{
  return peer_send(fd, text, strlen(text));
}

/* RFC 1952, one stored block: compresses nothing, needs no library. */
static inline size_t peer_gzip(char *dst, const char *src, size_t n)
{
  static const unsigned char head[] = {31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 1};
  uint32_t crc = ~0u;
  for (size_t i = 0; i < n; i++) {
    crc ^= (unsigned char)src[i];
    for (int k = 0; k < 8; k++)
      crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  crc = ~crc;
  memcpy(dst, head, sizeof head);
  size_t at = sizeof head;
  uint16_t len = (uint16_t)n, not_len = (uint16_t)~len;
  memcpy(dst + at, &len, 2); /* little-endian, as the hosts of these tests */
  memcpy(dst + at + 2, &not_len, 2);
  memcpy(dst + at + 4, src, n);
  at += 4 + n;
  uint32_t size = (uint32_t)n;
  memcpy(dst + at, &crc, 4);
  memcpy(dst + at + 4, &size, 4);
  return at + 8;
}

static inline bool peer_answer(int fd, const char *fields, const char *body, size_t n)
{
  char head[512];
  int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n", fields, n);
  return peer_send(fd, head, (size_t)len) && peer_send(fd, body, n);
}

static inline bool peer_final(int fd, const char *head)
{
  static const char pad[FINAL_PAD] = {0};
  char plain[FINAL_PAD + 256], zipped[FINAL_PAD + 512];
  const char *cookie = strstr(head, "Cookie: ");
  int n = cookie ? (int)strcspn(cookie + 8, "\r\n") : 0;
  if (n > 200)
    n = 200;
  int len = snprintf(plain, 256, "%.*s\n", n, cookie ? cookie + 8 : "");
  memcpy(plain + len, pad, sizeof pad);
  size_t size = peer_gzip(zipped, plain, (size_t)len + sizeof pad);
  return peer_answer(fd, "Content-Encoding: gzip\r\nX-One: 1\r\nX-Two: 2\r\n", zipped, size);
}

static inline bool peer_big(int fd)
{
  static char big[BIG_BODY];
  if (!big[1])
    for (size_t i = 0; i < sizeof big; i++)
      big[i] = (char)(i * 7);
  return peer_answer(fd, "", big, sizeof big);
}

static inline void peer_wait_for_close(int fd)
{
  char c;
  while (recv(fd, &c, 1, 0) > 0)
    ;
}

static inline bool peer_chunks(int fd)
{
  static const char *const parts[] = {"5\r\nhello\r\n", "1;x=y\r\n \r\n", "5\r\nworld\r\n", "1\r\n!\r\n",
                                      "0\r\nX-Trailer: t\r\n\r\n"};
  bool ok = peer_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (size_t i = 0; ok && i < sizeof parts / sizeof *parts; i++)
    ok = peer_say(fd, parts[i]);
  return ok;
}

/* The answer to the key is that of RFC 6455 1.3. */
static inline void peer_websocket(int fd)
{
  static const char start[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                              "\x89\x01p\x81\x05hello\x82\x7e\x4e\x20";
  char body[WS_BODY];
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (char)(i * 7);
  bool ok = peer_send(fd, start, sizeof start - 1);
  usleep(1000); /* or else one read would take it all */
  if (ok && peer_send(fd, body, sizeof body) && peer_send(fd, "\x88\x02\x03\xe8", 4))
    peer_wait_for_close(fd);
}

/* True: the connection stays. `body` is what was posted. */
static inline bool peer_serve(int fd, const char *head, const char *body, size_t body_n)
{
  const char *path = strchr(head, ' ') + 1;
  if (!strncmp(path, "/start ", 7))
    return peer_say(fd, "HTTP/1.1 302 Found\r\nSet-Cookie: a=1; Path=/\r\nLocation: /final\r\nContent-Length: 4\r\n\r\ngone");
  if (!strncmp(path, "/final ", 7))
    return peer_final(fd, head);
  if (!strncmp(path, "/echo ", 6))
    return peer_answer(fd, "", body, body_n);
  if (!strncmp(path, "/big ", 5))
    return peer_big(fd);
  if (!strncmp(path, "/chunks ", 8))
    return peer_chunks(fd);
  if (!strncmp(path, "/close ", 7)) {
    peer_say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello\n");
    return false;
  }
  if (!strncmp(path, "/idle ", 6)) {
    peer_answer(fd, "", "hello\n", 6);
    return false;
  }
  if (!strncmp(path, "/digest ", 8) && !strstr(head, "\r\nAuthorization: Digest "))
    return peer_say(fd, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: Digest realm=\"r\", "
                        "nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n\r\n");
  if (!strncmp(path, "/ws ", 4)) {
    peer_websocket(fd);
    return false;
  }
  if (!strncmp(path, "/part ", 6))
    peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n12345678");
  if (!strncmp(path, "/part ", 6) || !strncmp(path, "/silent ", 8)) {
    peer_wait_for_close(fd);
    return false;
  }
  return peer_answer(fd, "", "hello\n", 6);
}

static inline void *peer_connection(void *arg)
{
  struct peer_conn *pc = arg, c = *pc;
  char in[PEER_IN + 1];
  size_t n = 0;
  free(pc);
  for (;;) {
    in[n] = 0;
    char *end = strstr(in, "\r\n\r\n");
    if (end) {
      const char *length = strcasestr(in, "\r\nContent-Length:");
      size_t body_n = length && length < end ? (size_t)atol(length + 17) : 0, all = (size_t)(end - in) + 4 + body_n;
      if (n >= all) {
        atomic_fetch_add(&c.peer->requests, 1);
        if (!peer_serve(c.fd, in, end + 4, body_n))
          break;
        n -= all;
        memmove(in, in + all, n);
        continue;
      }
    }
    ssize_t k = n < PEER_IN ? recv(c.fd, in + n, PEER_IN - n, 0) : 0;
    if (k <= 0)
      break;
    n += (size_t)k;
  }
  close(c.fd);
  atomic_fetch_sub(&c.peer->open, 1);
  return NULL;
}

static inline void *peer_accept(void *arg)
{
  struct peer *p = arg;
  for (;;) {
    pthread_t thread;
    struct peer_conn *c = malloc(sizeof *c);
    int one = 1;
    *c = (struct peer_conn){p, accept(p->fd, NULL, NULL)};
    if (c->fd < 0) {
      free(c);
      return NULL;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    atomic_fetch_add(&p->accepted, 1);
    atomic_fetch_add(&p->open, 1);
    if (pthread_create(&thread, NULL, peer_connection, c))
      abort();
    pthread_detach(thread);
  }
}

static inline int peer_listen(const char *address, int port, int backlog, int *out_port)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  socklen_t len = sizeof in;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  inet_pton(AF_INET, address, &in.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&in, sizeof in) || listen(fd, backlog) ||
      getsockname(fd, (struct sockaddr *)&in, &len)) {
    perror("peer");
    abort();
  }
  *out_port = ntohs(in.sin_port);
  return fd;
}

/* One for the whole program; it ends with it. */
static inline struct peer *peer_get(void)
{
  static struct peer p;
  pthread_t thread;
  if (p.fd)
    return &p;
  p.fd = peer_listen("127.0.0.1", 0, 64, &p.port);
  if (pthread_create(&thread, NULL, peer_accept, &p))
    abort();
  pthread_detach(thread);
  return &p;
}

/* On 127.0.0.3, at the peer's port: connect() to it does not end. */
static inline void peer_stuck(void)
{
  static int done;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)peer_get()->port)};
  int port;
  if (done++)
    return;
  peer_listen("127.0.0.3", peer_get()->port, 0, &port);
  inet_pton(AF_INET, "127.0.0.3", &in.sin_addr);
  for (int i = 0; i < STUCK_MAX; i++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)!connect(fd, (struct sockaddr *)&in, sizeof in);
  }
}

#endif
