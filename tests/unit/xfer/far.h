/* An HTTP/2 proxy over TLS for the tests of this folder that plays the origins as well: a child process, of OpenSSL and
 * nghttp2, with a thread for each connection. It ends with its parent. As a proxy:
 *
 *   CONNECT  auth.test wants a login; dead.test ends the connection; silent.test is never answered; after bye.test
 *            the connection takes no more as soon as it is quiet
 *   /N       N bytes, over HTTP/1.1 in the tunnel
 *
 * As an origin, over HTTP/2, or over HTTP/1.1 for who offers no ALPN:
 *
 *   /N       N bytes, with a cookie, HSTS and Alt-Svc
 *   /dns     RFC 8484: each name that a POST asks about is at 127.0.0.1 and has no IPv6 address */
#ifndef TESTS_UNIT_XFER_FAR_H
#define TESTS_UNIT_XFER_FAR_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "tests/unit/tls/fixture.h"

enum { FAR_STREAMS = 64, QUIET_US = 50000 };

struct far_stream {
  int32_t id;
  size_t head_n, left; /* of the request; of the response */
  char head[2048], name[64], path[64], answer[256];
  size_t answer_n, answer_at;
  bool login, connect;
};

struct far {
  SSL *ssl;
  struct far_stream streams[FAR_STREAMS];
  int n;
  bool dead;
};

#define NV(n, v) {(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), sizeof(n) - 1, sizeof(v) - 1, 0}

static struct far_stream *far_of(struct far *f, int32_t id)
{
  for (int i = 0; i < f->n; i++)
    if (f->streams[i].id == id)
      return &f->streams[i];
  return NULL;
}

static ssize_t far_send(nghttp2_session *ng, const uint8_t *p, size_t n, int flags, void *user)
{
  struct far *f = user;
  (void)ng;
  (void)flags;
  int k = SSL_write(f->ssl, p, (int)n);
  return k > 0 ? k : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static ssize_t far_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t n, uint32_t *flags,
                        nghttp2_data_source *source, void *user)
{
  struct far_stream *s = far_of(user, id);
  size_t head = s->answer_n - s->answer_at, k = head < n ? head : n, body = s->left < n - k ? s->left : n - k;
  (void)ng;
  (void)source;
  memcpy(buf, s->answer + s->answer_at, k);
  memset(buf + k, 'x', body);
  s->answer_at += k;
  s->left -= body;
  if (!s->connect && !s->left && s->answer_at == s->answer_n)
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  return k + body || *flags ? (ssize_t)(k + body) : NGHTTP2_ERR_DEFERRED;
}

static int far_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                      const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
  struct far *f = user;
  struct far_stream *s = far_of(f, frame->hd.stream_id);
  (void)ng;
  (void)flags;
  if (!s && f->n < FAR_STREAMS) {
    s = &f->streams[f->n++];
    *s = (struct far_stream){.id = frame->hd.stream_id};
  }
  if (s && name_n == 10 && !memcmp(name, ":authority", 10))
    snprintf(s->name, sizeof s->name, "%.*s", (int)value_n, (const char *)value);
  if (s && name_n == 5 && !memcmp(name, ":path", 5))
    snprintf(s->path, sizeof s->path, "%.*s", (int)value_n, (const char *)value);
  if (s && name_n == 7 && !memcmp(name, ":method", 7))
    s->connect = value_n == 7 && !memcmp(value, "CONNECT", 7);
  if (s && name_n == 19 && !memcmp(name, "proxy-authorization", 19))
    s->login = true;
  return 0;
}

/* What was posted is the question of a DNS message; the answer is in RFC 1035 4.1. */
static void far_dns(struct far_stream *s)
{
  static const char record[16] = {(char)0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
  size_t n = 12;
  while (n < s->head_n && s->head[n])
    n += (size_t)s->head[n] + 1;
  n += 5; /* the zero, type and class */
  if (n > s->head_n || n + sizeof record > sizeof s->answer)
    return;
  bool is_a = s->head[n - 3] == 1;
  memcpy(s->answer, s->head, n);
  memcpy(s->answer + 2, "\x81\x80\0\x01\0\0\0\0\0\0", 10);
  s->answer[7] = is_a;
  memcpy(s->answer + n, record, sizeof record);
  s->answer_n = n + (is_a ? sizeof record : 0);
}

static int far_origin(nghttp2_session *ng, struct far_stream *s)
{
  nghttp2_nv yes[] = {NV(":status", "200"), NV("set-cookie", "a=1; path=/; max-age=1000"),
                      NV("strict-transport-security", "max-age=1000; includeSubDomains"),
                      NV("alt-svc", "h2=\"other.test:1\"; ma=1000"), NV("content-type", "application/dns-message")};
  nghttp2_data_provider body = {.read_callback = far_body};
  if (!strcmp(s->path, "/dns"))
    far_dns(s);
  else
    s->left = (size_t)atol(s->path + 1);
  return nghttp2_submit_response(ng, s->id, yes, 5, &body);
}

static int far_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
  static const struct timeval quiet = {.tv_usec = QUIET_US};
  struct far *f = user;
  struct far_stream *s = far_of(f, frame->hd.stream_id);
  nghttp2_nv yes[] = {NV(":status", "200"), NV("x-proxy", "p")};
  nghttp2_nv no[] = {NV(":status", "407"), NV("proxy-authenticate", "Basic realm=\"r\"")};
  nghttp2_data_provider body = {.read_callback = far_body};
  if (s && !s->connect && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
    return far_origin(ng, s);
  if (frame->hd.type != NGHTTP2_HEADERS || !s || !s->connect || !strncmp(s->name, "silent", 6))
    return 0;
  if (!strncmp(s->name, "dead", 4))
    f->dead = true;
  if (!strncmp(s->name, "bye", 3))
    setsockopt(SSL_get_fd(f->ssl), SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet);
  if (!strncmp(s->name, "auth", 4) && !s->login)
    return nghttp2_submit_response(ng, s->id, no, 2, NULL);
  return nghttp2_submit_response(ng, s->id, yes, 2, &body);
}

/* The origin behind the tunnel. */
static int far_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n, void *user)
{
  struct far_stream *s = far_of(user, id);
  (void)flags;
  if (!s || s->head_n + n >= sizeof s->head || (!s->connect && strcmp(s->path, "/dns")))
    return 0;
  memcpy(s->head + s->head_n, data, n);
  s->head_n += n;
  s->head[s->head_n] = 0;
  if (!s->connect || !strstr(s->head, "\r\n\r\n"))
    return 0;
  s->left = (size_t)atol(strchr(s->head, '/') + 1);
  s->answer_n = (size_t)snprintf(s->answer, sizeof s->answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", s->left);
  s->answer_at = s->head_n = 0;
  nghttp2_session_resume_data(ng, id);
  return 0;
}

/* HTTP/1.1, requests without a body. */
static void far_serve_plain(SSL *ssl)
{
  char head[2048], answer[256];
  static const char body[20000];
  size_t n = 0;
  int k;
  while ((k = SSL_read(ssl, head + n, (int)(sizeof head - 1 - n))) > 0) {
    head[n += (size_t)k] = 0;
    if (!strstr(head, "\r\n\r\n"))
      continue;
    size_t left = (size_t)atol(strchr(head, '/') + 1);
    k = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", left);
    if (SSL_write(ssl, answer, k) != k || (left && SSL_write(ssl, body, (int)left) <= 0))
      return;
    n = 0;
  }
}

static void *far_serve(void *arg)
{
  struct far *f = arg;
  nghttp2_session_callbacks *cb;
  nghttp2_session *ng;
  unsigned char bytes[16384];
  const unsigned char *chosen;
  unsigned chosen_n = 0;
  int n = 0;
  if (SSL_accept(f->ssl) != 1)
    goto out;
  SSL_get0_alpn_selected(f->ssl, &chosen, &chosen_n);
  if (!chosen_n) {
    far_serve_plain(f->ssl);
    goto out;
  }
  nghttp2_session_callbacks_new(&cb);
  nghttp2_session_callbacks_set_send_callback(cb, far_send);
  nghttp2_session_callbacks_set_on_header_callback(cb, far_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(cb, far_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, far_data);
  nghttp2_session_server_new(&ng, cb, f);
  nghttp2_session_callbacks_del(cb);
  nghttp2_submit_settings(ng, 0, NULL, 0);
  while (!nghttp2_session_send(ng) && !f->dead && (n = SSL_read(f->ssl, bytes, sizeof bytes)) > 0 &&
         nghttp2_session_mem_recv(ng, bytes, (size_t)n) >= 0)
    ;
  if (n < 0 && errno == EAGAIN) { /* quiet */
    nghttp2_submit_goaway(ng, 0, f->streams[f->n - 1].id, 0, NULL, 0);
    nghttp2_session_send(ng);
    usleep(10 * QUIET_US);
  }
  nghttp2_session_del(ng);
out:
  close(SSL_get_fd(f->ssl));
  SSL_free(f->ssl);
  free(f);
  return NULL;
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in, unsigned in_n,
                     void *arg)
{
  (void)ssl;
  (void)arg;
  return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_n, (const unsigned char *)"\x02h2", 3, in, in_n) ==
                 OPENSSL_NPN_NEGOTIATED
             ? SSL_TLSEXT_ERR_OK
             : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void far_accept(int fd)
{
  pthread_t thread;
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(ctx, pki.leaf);
  SSL_CTX_use_PrivateKey(ctx, pki.key);
  SSL_CTX_set_alpn_select_cb(ctx, choose_h2, NULL);
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    int c = accept(fd, NULL, NULL), one = 1;
    setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct far *f = calloc(1, sizeof *f);
    f->ssl = SSL_new(ctx);
    SSL_set_fd(f->ssl, c);
    if (pthread_create(&thread, NULL, far_serve, f))
      _exit(1);
    pthread_detach(thread);
  }
}

TEST_UNUSED static int far_port(void)
{
  static int port;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof in;
  if (port)
    return port;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&in, sizeof in) || listen(fd, 256) || getsockname(fd, (struct sockaddr *)&in, &len))
    abort();
  port = ntohs(in.sin_port);
  pid_t parent = getpid();
  if (!fork()) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
      far_accept(fd);
    _exit(0);
  }
  close(fd);
  return port;
}

#endif
