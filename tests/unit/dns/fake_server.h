/* A name server for tests: UDP and TCP on one loopback port, in a thread of its own, which uses
 * nothing of Sluice. What it answers depends on the first label of the name that is asked for:
 *
 *   both four six      both families, IPv4 only, IPv6 only; the others have no data (with an SOA
 * record) none               NXDOMAIN with an SOA record     bare     NXDOMAIN without one alias
 * CNAME, CNAME, addresses         ring     a CNAME to itself slowsix            IPv4 at once, IPv6
 * never        silent   nothing late               after 150 ms                    once     the
 * first query of all is not answered big                truncated by UDP, 60 addresses by TCP fail
 * SERVFAIL                        garbage  cut off in the middle of a record spoof              two
 * wrong replies before the right one ttl0 ttl1 ttl9     addresses of both families with that time
 * to live n...               both families, the last byte of the address is 7 */
#ifndef TESTS_UNIT_DNS_FAKE_SERVER_H
#define TESTS_UNIT_DNS_FAKE_SERVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_server;
struct fake_reply;
/* Answers of a test's own, by fake_record(); false: as below. */
typedef bool fake_script(struct fake_server *s, const char *label, unsigned type, struct fake_reply *r);

struct fake_server {
  fake_script *script; /* NULL: none */
  int udp, tcp, stop[2], port;
  pthread_t thread;
  atomic_uint queries, queries4, queries6, over_tcp;
  atomic_uint last_peer; /* IPv4 address of who asked, host order */
  pthread_mutex_t mutex;
  char asked[512];  /* the names that IPv4 addresses were asked of, each after a space */
  char address[32]; /* "127.0.0.1:PORT" */
};

struct fake_reply {
  unsigned char b[4096];
  size_t n;
  unsigned answers, authority;
};

static void fake_16(struct fake_reply *r, unsigned v)
{
  r->b[r->n++] = (unsigned char)(v >> 8);
  r->b[r->n++] = (unsigned char)v;
}

static void fake_name(struct fake_reply *r, const char *name)
{
  while (*name) {
    size_t n = strcspn(name, ".");
    r->b[r->n++] = (unsigned char)n;
    memcpy(r->b + r->n, name, n);
    r->n += n;
    name += n + (name[n] == '.');
  }
  r->b[r->n++] = 0;
}

static void fake_record(struct fake_reply *r, const char *owner, unsigned type, unsigned ttl,
                        const void *data, size_t n)
{
  if (owner)
    fake_name(r, owner);
  else
    fake_16(r, 0xc00c); /* the question's name */
  fake_16(r, type);
  fake_16(r, 1);
  fake_16(r, ttl >> 16);
  fake_16(r, ttl & 0xffff);
  fake_16(r, (unsigned)n);
  memcpy(r->b + r->n, data, n);
  r->n += n;
  r->answers++;
}

static void fake_address(struct fake_reply *r, const char *owner, unsigned type, unsigned ttl,
                         unsigned last)
{
  unsigned char ip4[4] = {192, 0, 2, (unsigned char)last};
  unsigned char ip6[16] = {0x20, 1, 0xd, 0xb8, [15] = (unsigned char)last};
  fake_record(r, owner, type, ttl, type == 1 ? ip4 : ip6, type == 1 ? sizeof ip4 : sizeof ip6);
}

static void fake_cname(struct fake_reply *r, const char *owner, const char *target)
{
  struct fake_reply name = {.n = 0};
  fake_name(&name, target);
  fake_record(r, owner, 5, 300, name.b, name.n);
}

static void fake_soa(struct fake_reply *r, unsigned ttl, unsigned minimum)
{
  struct fake_reply d = {.n = 0};
  fake_name(&d, "ns.test");
  fake_name(&d, "root.test");
  for (int i = 0; i < 8; i++)
    fake_16(&d, 0);
  fake_16(&d, minimum >> 16);
  fake_16(&d, minimum & 0xffff);
  fake_record(r, "test", 6, ttl, d.b, d.n);
  r->answers--;
  r->authority++;
}

/* The flags; 0: no reply. */
static unsigned fake_answer(struct fake_server *s, const char *label, unsigned type, bool tcp,
                            struct fake_reply *r)
{
  unsigned ok = 0x8180, no_name = 0x8183;
  bool four = type == 1;
  if (s->script && s->script(s, label, type, r))
    return ok;
  if (!strcmp(label, "silent") || (!strcmp(label, "slowsix") && !four))
    return 0;
  if (!strcmp(label, "once") && s->queries == 1)
    return 0;
  if (!strcmp(label, "late"))
    usleep(150000);
  if (!strcmp(label, "fail"))
    return 0x8182;
  if (!strcmp(label, "bare"))
    return no_name;
  if (!strcmp(label, "none")) {
    fake_soa(r, 100, 9);
    return no_name;
  }
  if (!strcmp(label, "big")) {
    for (unsigned i = 0; tcp && i < 60; i++)
      fake_address(r, NULL, type, 300, i);
    return tcp ? ok : 0x8380;
  }
  if (!strcmp(label, "alias")) { /* not in the order of the chain */
    fake_cname(r, "a1.test", "A2.test");
    fake_cname(r, NULL, "a1.test");
    fake_address(r, "other.test", type, 300, 99);
    fake_address(r, "a2.test", type, 40, 2);
    return ok;
  }
  if (!strcmp(label, "ring")) {
    fake_cname(r, NULL, "ring.test");
    return ok;
  }
  if (!strcmp(label, "garbage")) {
    fake_address(r, NULL, type, 300, 1);
    r->n -= 2;
    return ok;
  }
  if ((!strcmp(label, "four") && !four) || (!strcmp(label, "six") && four)) {
    fake_soa(r, 100, 9);
    return ok;
  }
  if (!strncmp(label, "ttl", 3))
    fake_address(r, NULL, type, (unsigned)(label[3] - '0'), 1);
  else if (label[0] == 'n')
    fake_address(r, NULL, type, 300, 7);
  else if (!strcmp(label, "both") || !strcmp(label, "four") || !strcmp(label, "six") ||
           !strcmp(label, "late") || !strcmp(label, "once") || !strcmp(label, "slowsix") ||
           !strcmp(label, "spoof"))
    fake_address(r, NULL, type, 300, 1);
  else
    return no_name;
  return ok;
}

static void fake_note(struct fake_server *s, const unsigned char *name)
{
  pthread_mutex_lock(&s->mutex);
  size_t n = strlen(s->asked);
  for (char between = ' '; *name && n + 66 < sizeof s->asked; between = '.') {
    s->asked[n++] = between;
    memcpy(s->asked + n, name + 1, *name);
    n += *name;
    name += 1 + *name;
  }
  s->asked[n] = 0;
  pthread_mutex_unlock(&s->mutex);
}

/* Copies what was asked for and forgets it. */
static inline const char *fake_asked(struct fake_server *s, char dst[512])
{
  pthread_mutex_lock(&s->mutex);
  memcpy(dst, s->asked, sizeof s->asked);
  s->asked[0] = 0;
  pthread_mutex_unlock(&s->mutex);
  return dst;
}

/* The length of the reply to the query in q; 0: none. */
static size_t fake_reply_to(struct fake_server *s, const unsigned char *q, size_t n, bool tcp,
                            struct fake_reply *r)
{
  char label[64] = "";
  size_t at = 12;
  if (n < 17 || q[12] > 63 || 13u + q[12] > n)
    return 0;
  memcpy(label, q + 13, q[12]);
  label[q[12]] = 0;
  for (size_t i = 0; label[i]; i++)
    if (label[i] >= 'A' && label[i] <= 'Z')
      label[i] = (char)(label[i] + 32);
  while (at < n && q[at])
    at += 1u + q[at];
  at += 5;
  if (at > n)
    return 0;
  unsigned type = (unsigned)q[at - 4] << 8 | q[at - 3];
  atomic_fetch_add(&s->queries, 1);
  atomic_fetch_add(type == 1 ? &s->queries4 : &s->queries6, 1);
  if (tcp)
    atomic_fetch_add(&s->over_tcp, 1);
  if (type == 1)
    fake_note(s, q + 12);
  r->answers = r->authority = 0;
  memcpy(r->b, q, at);
  r->n = at;
  unsigned flags = fake_answer(s, label, type, tcp, r);
  r->b[2] = (unsigned char)(flags >> 8);
  r->b[3] = (unsigned char)flags;
  r->b[6] = 0;
  r->b[7] = (unsigned char)r->answers;
  r->b[8] = 0;
  r->b[9] = (unsigned char)r->authority;
  r->b[10] = r->b[11] = 0;
  return flags ? r->n : 0;
}

static void fake_udp(struct fake_server *s)
{
  unsigned char q[1024];
  struct fake_reply r;
  struct sockaddr_in from;
  socklen_t len = sizeof from;
  ssize_t n = recvfrom(s->udp, q, sizeof q, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
  if (n <= 0)
    return;
  atomic_store(&s->last_peer, ntohl(from.sin_addr.s_addr));
  size_t m = fake_reply_to(s, q, (size_t)n, false, &r);
  if (m && n > 18 && !memcmp(q + 13, "spoof", 5)) {
    r.b[0] ^= 1; /* another transaction */
    sendto(s->udp, r.b, m, 0, (struct sockaddr *)&from, len);
    r.b[0] ^= 1;
    r.b[13] = 'x'; /* another question */
    sendto(s->udp, r.b, m, 0, (struct sockaddr *)&from, len);
    r.b[13] = 's';
  }
  if (m)
    sendto(s->udp, r.b, m, 0, (struct sockaddr *)&from, len);
}

/* In two pieces, cut where it hurts: after the first byte of the length. */
static void fake_tcp(struct fake_server *s)
{
  unsigned char q[1024], length[2];
  struct fake_reply r;
  int fd = accept(s->tcp, NULL, NULL);
  for (;;) {
    if (fd < 0 || recv(fd, length, 2, MSG_WAITALL) != 2)
      break;
    size_t n = (size_t)length[0] << 8 | length[1];
    if (n > sizeof q || recv(fd, q, n, MSG_WAITALL) != (ssize_t)n)
      break;
    size_t m = fake_reply_to(s, q, n, true, &r);
    length[0] = (unsigned char)(m >> 8);
    length[1] = (unsigned char)m;
    send(fd, length, 1, MSG_NOSIGNAL);
    usleep(2000);
    send(fd, length + 1, 1, MSG_NOSIGNAL);
    send(fd, r.b, m / 2, MSG_NOSIGNAL);
    usleep(2000);
    send(fd, r.b + m / 2, m - m / 2, MSG_NOSIGNAL);
  }
  if (fd >= 0)
    close(fd);
}

static void *fake_run(void *arg)
{
  struct fake_server *s = arg;
  for (;;) {
    fd_set in;
    FD_ZERO(&in);
    FD_SET(s->udp, &in);
    FD_SET(s->tcp, &in);
    FD_SET(s->stop[0], &in);
    if (select(FD_SETSIZE, &in, NULL, NULL, NULL) < 0)
      continue;
    if (FD_ISSET(s->stop[0], &in))
      return NULL;
    if (FD_ISSET(s->udp, &in))
      fake_udp(s);
    if (FD_ISSET(s->tcp, &in))
      fake_tcp(s);
  }
}

static bool fake_start(struct fake_server *s, fake_script *script)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof in;
  int room = 1 << 20;
  memset(s, 0, sizeof *s);
  s->script = script;
  pthread_mutex_init(&s->mutex, NULL);
  s->udp = s->tcp = -1;
  for (int i = 0; i < 50; i++) { /* a port that is free for both */
    in.sin_port = 0;
    s->tcp = socket(AF_INET, SOCK_STREAM, 0);
    s->udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (!bind(s->tcp, (struct sockaddr *)&in, sizeof in) && !listen(s->tcp, 16) &&
        !getsockname(s->tcp, (struct sockaddr *)&in, &len) &&
        !bind(s->udp, (struct sockaddr *)&in, sizeof in))
      break;
    close(s->tcp);
    close(s->udp);
    s->tcp = s->udp = -1;
  }
  setsockopt(s->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  s->port = ntohs(in.sin_port);
  snprintf(s->address, sizeof s->address, "127.0.0.1:%d", s->port);
  return s->udp >= 0 && !pipe(s->stop) && !pthread_create(&s->thread, NULL, fake_run, s);
}

static void fake_stop(struct fake_server *s)
{
  if (write(s->stop[1], "", 1) != 1)
    return;
  pthread_join(s->thread, NULL);
  pthread_mutex_destroy(&s->mutex);
  close(s->udp);
  close(s->tcp);
  close(s->stop[0]);
  close(s->stop[1]);
}

#endif
