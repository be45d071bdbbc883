/* A server of lines (POP3, IMAP, SMTP) in this process, for tests of whole transfers: a thread for each session, on
 * 127.0.0.1. Rules say what it answers to lines that begin with a text; the first rule that fits counts.
 *
 * A reply is sent as it stands, or in pieces. Its first byte may be a sign:
 *   "!"  the connection is closed behind it        "^"  TLS begins behind it
 *   "~"  over and over, until the client goes      ""   nothing is said
 *
 * With tags (IMAP) rules and the log begin behind a line's tag, and "$" in a reply becomes the last one.
 *
 * Blocking calls, all with a time limit; a session ends when its client goes. */
#ifndef TESTS_UNIT_XFER_LINE_ORIGIN_H
#define TESTS_UNIT_XFER_LINE_ORIGIN_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_MAX_IN = 4096, LINE_LOG = 8192, LINE_PATIENCE_S = 5, LINE_TAG = 4 };

struct line_rule {
  const char *said; /* NULL ends the rules */
  const char *reply;
};

struct line_origin {
  int fd, port;
  SSL_CTX *tls;  /* for "^" */
  bool is_tls;   /* from the start */
  bool has_tags;
  pthread_mutex_t lock;
  const char *greeting;
  const struct line_rule *rules;
  size_t piece;  /* bytes of one write; 0: all at once */
  int delay_ms;  /* before each reply */
  atomic_long received; /* bytes */
  atomic_int open, last_peer; /* sessions; the port of the newest one's client */
  int close_at;  /* the n-th line from now on is answered with the end of its connection; 0: none */
  char log[LINE_LOG]; /* what was said, "|" behind each line; "#" in front of each session with a line, "=" behind TLS */
};

struct line_talk {
  struct line_origin *o;
  int fd;
  SSL *ssl;
  bool over, said;
  char tag[LINE_TAG + 1];
  char in[LINE_MAX_IN];
  size_t in_n;
};

static inline void line_log(struct line_origin *o, const char *text)
{
  size_t n = strlen(o->log);
  snprintf(o->log + n, sizeof o->log - n, "%s", text);
}

static inline void line_write(struct line_talk *s, const char *p, size_t n)
{
  size_t piece = s->o->piece ? s->o->piece : n;
  while (n && !s->over) {
    size_t most = piece < n ? piece : n;
    ssize_t k = s->ssl ? SSL_write(s->ssl, p, (int)most) : send(s->fd, p, most, MSG_NOSIGNAL);
    s->over = k <= 0;
    p += k;
    n -= s->over ? 0 : (size_t)k;
  }
}

static inline void line_secure(struct line_talk *s)
{
  s->in_n = 0; /* what came before TLS does not count */
  s->ssl = SSL_new(s->o->tls);
  SSL_set_fd(s->ssl, s->fd);
  s->over = SSL_accept(s->ssl) != 1;
}

static inline void line_say_tagged(struct line_talk *s, const char *reply)
{
  while (*reply) {
    size_t n = s->o->has_tags ? strcspn(reply, "$") : strlen(reply);
    line_write(s, reply, n);
    if (reply[n])
      line_write(s, s->tag, LINE_TAG);
    reply += n + (reply[n] != 0);
  }
}

static inline void line_say(struct line_talk *s, const char *reply)
{
  usleep((useconds_t)s->o->delay_ms * 1000);
  char sign = *reply && strchr("!^~", *reply) ? *reply++ : 0;
  do
    line_say_tagged(s, reply);
  while (sign == '~' && !s->over);
  if (sign == '^' && !s->over)
    line_secure(s);
  s->over = s->over || sign == '!';
}

static inline bool line_take(struct line_talk *s, char line[LINE_MAX_IN])
{
  for (;;) {
    char *end = memchr(s->in, '\n', s->in_n);
    if (end) {
      size_t n = (size_t)(end - s->in);
      memcpy(line, s->in, n);
      line[n && line[n - 1] == '\r' ? n - 1 : n] = 0;
      s->in_n -= n + 1;
      memmove(s->in, end + 1, s->in_n);
      return true;
    }
    size_t room = LINE_MAX_IN - 1 - s->in_n;
    ssize_t k = !room    ? 0
                : s->ssl ? SSL_read(s->ssl, s->in + s->in_n, (int)room)
                         : recv(s->fd, s->in + s->in_n, room, 0);
    if (k <= 0)
      return false;
    s->o->received += k;
    s->in_n += (size_t)k;
  }
}

static inline const char *line_reply(struct line_talk *s, const char *line)
{
  struct line_origin *o = s->o;
  const char *reply = "";
  if (o->has_tags && strlen(line) > LINE_TAG && line[LINE_TAG] == ' ' && strspn(line + 1, "0123456789") == LINE_TAG - 1) {
    memcpy(s->tag, line, LINE_TAG);
    line += LINE_TAG + 1;
  }
  pthread_mutex_lock(&o->lock);
  line_log(o, s->said ? "" : "#");
  s->said = true;
  line_log(o, line);
  line_log(o, s->ssl && !o->is_tls ? "=|" : "|");
  for (const struct line_rule *r = o->rules; r->said; r++)
    if (!strncmp(line, r->said, strlen(r->said))) {
      reply = r->reply;
      break;
    }
  if (o->close_at && !--o->close_at)
    reply = "!";
  pthread_mutex_unlock(&o->lock);
  return reply;
}

static inline void *line_serve(void *arg)
{
  char line[LINE_MAX_IN];
  struct line_talk s = *(struct line_talk *)arg;
  struct line_origin *o = s.o;
  int fd = s.fd;
  free(arg);
  struct timeval patience = {LINE_PATIENCE_S, 0};
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (o->is_tls)
    line_secure(&s);
  line_say(&s, o->greeting);
  while (!s.over && line_take(&s, line))
    line_say(&s, line_reply(&s, line));
  if (s.ssl && !s.over)
    SSL_shutdown(s.ssl);
  SSL_free(s.ssl);
  close(fd);
  o->open--;
  return NULL;
}

static inline void line_detached(void *(*body)(void *), void *arg)
{
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, arg))
    abort();
  pthread_detach(thread);
}

static inline void *line_thread(void *arg)
{
  struct line_origin *o = arg;
  struct sockaddr_in peer;
  socklen_t len = sizeof peer;
  int fd;
  while ((fd = accept4(o->fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC)) >= 0) {
    struct line_talk *s = calloc(1, sizeof *s);
    *s = (struct line_talk){.o = o, .fd = fd};
    o->open++;
    o->last_peer = ntohs(peer.sin_port);
    line_detached(line_serve, s);
  }
  return NULL;
}

/* ---- for the tests ---- */

static inline struct sockaddr_in line_address(int port)
{
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* It ends with the program. */
static inline void line_origin_start(struct line_origin *o, SSL_CTX *tls, bool is_tls)
{
  struct sockaddr_in in = line_address(0);
  socklen_t len = sizeof in;
  signal(SIGPIPE, SIG_IGN); /* of the server's OpenSSL */
  *o = (struct line_origin){.tls = tls, .is_tls = is_tls};
  pthread_mutex_init(&o->lock, NULL);
  o->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (o->fd < 0 || bind(o->fd, (struct sockaddr *)&in, sizeof in) || listen(o->fd, 64) ||
      getsockname(o->fd, (struct sockaddr *)&in, &len))
    abort();
  o->port = ntohs(in.sin_port);
  line_detached(line_thread, o);
}

/* Until all sessions that have begun are over. They are accepted in their order, so this one comes last. */
static inline void line_origin_settle(struct line_origin *o)
{
  struct sockaddr_in in = line_address(o->port);
  socklen_t len = sizeof in;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, (struct sockaddr *)&in, sizeof in) || getsockname(fd, (struct sockaddr *)&in, &len))
    abort();
  while (o->last_peer != ntohs(in.sin_port))
    usleep(100);
  close(fd);
  while (o->open)
    usleep(100);
}

/* No session may run: what it says and does in those that follow. The log is empty. */
static inline void line_origin_script(struct line_origin *o, const char *greeting, const struct line_rule *rules)
{
  pthread_mutex_lock(&o->lock);
  o->greeting = greeting;
  o->rules = rules;
  o->piece = 0;
  o->received = 0;
  o->delay_ms = o->close_at = 0;
  o->log[0] = 0;
  pthread_mutex_unlock(&o->lock);
}

#endif
