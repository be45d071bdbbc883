/* The socket broker: what it does and refuses, and what comes of clients and brokers that lie, stop or die. */
#include "gate/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/broker_msg.h"
#include "gate/ledger.h"
#include "gate/policy.h"
#include "sys/clock.h"
#include "tests/test.h"

static curl_socket_t our_callback(void *broker, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)broker, (void)purpose, (void)a;
  CHECK(!"called: the gate goes to the broker by itself");
  return CURL_SOCKET_BAD;
}

/* ---- one client ---- */

struct client {
  struct broker *broker;
  pid_t pid;
  struct gate_config config;
  struct gate_ask ask;
  struct buf error;
  unsigned depth;
};

static bool begin(struct client *c, const char *rules)
{
  struct policy *policy = NULL;
  *c = (struct client){0};
  sl_buf_init(&c->error, 300);
  c->ask = (struct gate_ask){.config = &c->config, .callback_depth = &c->depth, .error = &c->error};
  if (rules && !CHECK_INT(sl_policy_parse(slice_str(rules), &policy, NULL), SL_OK))
    return false;
  int err = sl_broker_start(policy, our_callback, &c->broker);
  sl_policy_free(policy); /* the broker has its own copy */
  if (!CHECK_INT(err, 0))
    return false;
  c->pid = sl_broker_pid(c->broker);
  c->config.opensocketfunction = our_callback;
  c->config.opensocketdata = c->broker;
  return CHECK(c->pid > 0);
}

/* Not there any more, or a zombie that its new parent has yet to fetch. */
static bool gone(pid_t pid)
{
  char path[64], line[256] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *f = fopen(path, "r");
  bool read = f && fgets(line, sizeof line, f);
  if (f)
    fclose(f);
  const char *end = strrchr(line, ')');
  return !read || (end && end[1] == ' ' && end[2] == 'Z');
}

static bool goes(pid_t pid)
{
  for (int i = 0; i < 300 && !gone(pid); i++)
    poll(NULL, 0, 10);
  return gone(pid);
}

static void end(struct client *c)
{
  sl_broker_stop(c->broker);
  CHECK(goes(c->pid));
  sl_buf_done(&c->error);
}

static void quiet(struct client *c)
{
  sl_buf_clear(&c->error);
}

static const char *said(struct client *c)
{
  return c->error.n ? c->error.p : "";
}

static struct gate_addr at(const char *host, int port, int socktype)
{
  struct gate_addr a;
  CHECK(sl_addr_literal(&a, slice_str(host), (uint16_t)port));
  a.socktype = socktype;
  a.protocol = 0;
  return a;
}

static int number(int fd, int name)
{
  int value = -1;
  socklen_t len = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &len) ? -1 : value;
}

static int local_port(int fd)
{
  struct sockaddr_in in;
  socklen_t len = sizeof in;
  return getsockname(fd, (struct sockaddr *)&in, &len) ? -1 : ntohs(in.sin_port);
}

/* A listener that no broker made. */
static int listener(int *out_port)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0 && !bind(fd, (struct sockaddr *)&in, sizeof in) && !listen(fd, 64));
  *out_port = local_port(fd);
  return fd;
}

static bool connected(int fd)
{
  struct pollfd p = {.fd = fd, .events = POLLOUT};
  return poll(&p, 1, 2000) == 1 && number(fd, SO_ERROR) == 0;
}

/* ---- what it does ---- */

TEST(opens_and_connects)
{
  struct client c;
  int port, server = listener(&port);
  REQUIRE(begin(&c, NULL));
  struct gate_addr a = at("127.0.0.1", port, SOCK_STREAM);
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  REQUIRE(fd >= 0);
  CHECK_INT(number(fd, SO_DOMAIN), AF_INET);
  CHECK_INT(number(fd, SO_TYPE), SOCK_STREAM);
  CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
  int rc = sl_broker_connect(c.broker, &c.ask, fd, &a);
  CHECK(!rc || errno == EINPROGRESS);
  CHECK(connected(fd));
  close(fd);
  a = at("::1", 69, SOCK_DGRAM);
  fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK_INT(number(fd, SO_DOMAIN), AF_INET6);
  CHECK_INT(number(fd, SO_TYPE), SOCK_DGRAM);
  close(fd);
  CHECK_STR(said(&c), "");
  close(server);
  end(&c);
}

TEST(errors_are_those_of_the_system_call)
{
  struct client c;
  REQUIRE(begin(&c, NULL));
  int port, server = listener(&port);
  close(server); /* nobody is there now */
  struct gate_addr a = at("127.0.0.1", port, SOCK_STREAM);
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  struct gate_addr elsewhere = at("192.0.2.1", 0, SOCK_STREAM);
  CHECK_INT(sl_broker_bind(c.broker, &c.ask, fd, &elsewhere), -1);
  CHECK_INT(errno, EADDRNOTAVAIL);
  int rc = sl_broker_connect(c.broker, &c.ask, fd, &a), err = rc ? errno : 0;
  CHECK(err == ECONNREFUSED || (err == EINPROGRESS && !connected(fd)));
  CHECK_STR(said(&c), "");
  close(fd);
  end(&c);
}

TEST(binds_listens_and_accepts)
{
  struct client c;
  struct sockaddr_in peer;
  socklen_t len = sizeof peer;
  REQUIRE(begin(&c, NULL));
  struct gate_addr a = at("127.0.0.1", 0, SOCK_STREAM);
  c.ask.purpose = GATE_FTP_LISTEN;
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK_INT(sl_broker_bind(c.broker, &c.ask, fd, &a), 0);
  CHECK_INT(sl_broker_listen(c.broker, &c.ask, fd), 0);
  c.ask.purpose = GATE_ACCEPT;
  CHECK_INT(sl_broker_accept(c.broker, &c.ask, fd, (struct sockaddr *)&peer, &len), -1);
  CHECK_INT(errno, EAGAIN);
  a = at("127.0.0.1", local_port(fd), SOCK_STREAM);
  int caller = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_INT(connect(caller, &a.u.sa, a.len), 0);
  int accepted = sl_broker_accept(c.broker, &c.ask, fd, (struct sockaddr *)&peer, &len);
  CHECK(accepted >= 0 && fcntl(accepted, F_GETFL) & O_NONBLOCK);
  CHECK_INT(len, sizeof peer);
  CHECK_INT(ntohs(peer.sin_port), local_port(caller));
  close(accepted);
  close(caller);
  close(fd);
  end(&c);
}

TEST(through_the_gate)
{
  struct client c;
  int port, server = listener(&port);
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  struct ledger_totals before = sl_ledger_totals();
  REQUIRE(begin(&c, "allow loopback proto tcp\n"));
  struct gate_addr a = at("127.0.0.1", port, SOCK_STREAM);
  CHECK_INT(sl_gate_open(&c.ask, &a, &s, &how, &refused), SL_OK);
  sl_result rc = sl_gate_connect(&c.ask, &s, &a);
  CHECK(rc == SL_OK || rc == SL_WAIT);
  CHECK(connected(s.fd));
  sl_gate_close(&s, &c.depth);
  c.ask.purpose = GATE_DNS; /* asked for no callback, but of the broker all the same */
  a = at("127.0.0.1", 53, SOCK_DGRAM);
  CHECK_INT(sl_gate_open(&c.ask, &a, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  CHECK(refused);
  CHECK_STR(said(&c), "The broker's policy refused 127.0.0.1 port 53 (loopback), policy: no rule matches");
  struct ledger_totals now = sl_ledger_totals();
  CHECK_INT(now.opened - before.opened, now.closed - before.closed);
  close(server);
  end(&c);
}

/* One round trip for both, when nothing comes between them. */
TEST(dials_through_the_gate)
{
  struct client c;
  int port, server = listener(&port);
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  REQUIRE(begin(&c, "deny any port 1\nallow any\n"));
  c.ask.dials = true;
  struct gate_addr a = at("127.0.0.1", port, SOCK_STREAM);
  CHECK_INT(sl_gate_open(&c.ask, &a, &s, &how, &refused), SL_OK);
  CHECK_INT(how, GATE_DIALLED);
  CHECK(connected(s.fd));
  sl_gate_close(&s, &c.depth);
  a = at("255.255.255.255", 80, SOCK_STREAM); /* connect() fails at once, and is to tell it */
  CHECK_INT(sl_gate_open(&c.ask, &a, &s, &how, &refused), SL_OK);
  CHECK_INT(how, GATE_OPENED);
  CHECK_INT(sl_gate_connect(&c.ask, &s, &a), CURLE_COULDNT_CONNECT);
  CHECK_INT(errno, ENETUNREACH);
  sl_gate_close(&s, &c.depth);
  a = at("127.0.0.1", 1, SOCK_STREAM);
  CHECK_INT(sl_gate_open(&c.ask, &a, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  CHECK(refused);
  a = at("127.0.0.1", port, SOCK_DGRAM);
  CHECK_INT(sl_gate_open(&c.ask, &a, &s, &how, &refused), SL_OK);
  CHECK_INT(how, GATE_OPENED);
  sl_gate_close(&s, &c.depth);
  close(server);
  end(&c);
}

/* ---- whose ---- */

TEST(whose_sockets_are_brokered)
{
  struct client c;
  struct gate_config plain = {0};
  REQUIRE(begin(&c, NULL));
  CHECK(sl_broker_of(&c.config, true) == c.broker);
  CHECK(sl_broker_opens(&c.config));
  CHECK(!sl_broker_of(&plain, true));
  plain.opensocketdata = c.broker; /* without a callback it is nobody's */
  CHECK(!sl_broker_of(&plain, true));
  plain.opensocketfunction = (curl_opensocket_callback)(uintptr_t)1; /* the application's own, which asks it */
  CHECK(sl_broker_of(&plain, true) == c.broker && !sl_broker_opens(&plain));
  plain.opensocketdata = (char *)c.broker + 1;
  CHECK(!sl_broker_of(&plain, true));
  plain.opensocketdata = &c;
  CHECK(!sl_broker_of(&plain, true));
  end(&c);
  CHECK(sl_broker_of(&c.config, true) == c.broker); /* so that nothing is opened in its place */
}

TEST(of_the_process)
{
  struct client c;
  char text[32];
  struct gate_config plain = {0};
  int pair[2];
  REQUIRE(begin(&c, NULL));
  snprintf(text, sizeof text, "%d", sl_broker_fd(c.broker));
  CHECK(sl_broker_adopt(text));
  struct broker *b = sl_broker_of(&plain, true);
  REQUIRE(b != NULL);
  CHECK(b != c.broker && sl_broker_opens(&plain));
  struct gate_addr a = at("127.0.0.1", 1, SOCK_STREAM);
  int fd = sl_broker_socket(b, &c.ask, &a);
  CHECK(fd >= 0);
  close(fd);
  struct gate_config with_callback = {.opensocketfunction = (curl_opensocket_callback)(uintptr_t)1};
  CHECK(!sl_broker_of(&with_callback, true));
  CHECK(sl_broker_of(&with_callback, false) == b); /* name servers, say */
  CHECK(sl_broker_of(&c.config, false) == c.broker);
  CHECK(sl_broker_adopt(NULL));
  CHECK(!sl_broker_of(&plain, true));
  const char *const bad[] = {"", "x", "-1", "1 ", "0x1", "99999", "99999999999999999999", "1048577"};
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(!sl_broker_adopt(bad[i]));
  CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  snprintf(text, sizeof text, "%d", pair[0]);
  CHECK(!sl_broker_adopt(text));
  CHECK(!sl_broker_of(&plain, true));
  close(pair[0]);
  close(pair[1]);
  end(&c);
}

/* A program that closes all that it does not know. */
TEST(a_door_that_became_something_else)
{
  struct client c;
  char text[32], byte;
  struct gate_config plain = {0};
  struct gate_addr a = at("127.0.0.1", 1, SOCK_STREAM);
  int pair[2];
  REQUIRE(begin(&c, NULL));
  int door = dup(sl_broker_fd(c.broker));
  snprintf(text, sizeof text, "%d", door);
  CHECK(sl_broker_adopt(text));
  CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair) && dup2(pair[0], door) == door);
  CHECK_INT(sl_broker_socket(sl_broker_of(&plain, true), &c.ask, &a), -1);
  CHECK_INT(errno, EOWNERDEAD);
  CHECK_INT(recv(pair[1], &byte, 1, MSG_DONTWAIT), -1);
  CHECK(sl_broker_adopt(NULL));
  close(door);
  close(pair[0]);
  close(pair[1]);
  end(&c);
}

TEST(many_may_be_there_and_no_more)
{
  struct broker *all[64], *one_more;
  int err = 0;
  for (int i = 0; i < 64; i++)
    err |= sl_broker_start(NULL, our_callback, &all[i]);
  CHECK_INT(err, 0);
  CHECK_INT(sl_broker_start(NULL, our_callback, &one_more), EMFILE);
  pid_t last = sl_broker_pid(all[63]);
  for (int i = 0; i < 64; i++)
    sl_broker_stop(all[i]);
  CHECK(goes(last));
  CHECK_INT(sl_broker_pid(all[63]), -1);
  CHECK_INT(sl_broker_fd(all[63]), -1);
  CHECK_INT(sl_broker_start(NULL, our_callback, &one_more), 0);
  sl_broker_stop(one_more);
  sl_broker_stop(one_more);
}

/* ---- its policy ---- */

TEST(refuses_with_the_line)
{
  struct client c;
  REQUIRE(begin(&c, "# first\ndeny metadata\nallow loopback port 7\n"));
  struct gate_addr a = at("169.254.169.254", 80, SOCK_STREAM);
  CHECK_INT(sl_broker_socket(c.broker, &c.ask, &a), -1);
  CHECK_INT(errno, EACCES);
  CHECK_STR(said(&c), "The broker's policy refused 169.254.169.254 port 80 (metadata), policy line 2: deny metadata");
  quiet(&c);
  a = at("127.0.0.1", 7, SOCK_STREAM);
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK(fd >= 0);
  a = at("127.0.0.1", 8, SOCK_STREAM); /* another one than it was opened for */
  CHECK_INT(sl_broker_connect(c.broker, &c.ask, fd, &a), -1);
  CHECK_INT(errno, EACCES);
  CHECK_STR(said(&c), "The broker's policy refused 127.0.0.1 port 8 (loopback), policy: no rule matches");
  close(fd);
  end(&c);
}

TEST(scheme_and_purpose_are_told)
{
  struct client c;
  REQUIRE(begin(&c, "allow any scheme https\nallow any purpose dns\n"));
  struct gate_addr a = at("192.0.2.1", 443, SOCK_STREAM);
  CHECK_INT(sl_broker_socket(c.broker, &c.ask, &a), -1);
  c.ask.scheme = SLICE_LIT("https");
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK(fd >= 0);
  close(fd);
  c.ask.scheme = SLICE_LIT("a-scheme-of-more-than-sixteen-bytes");
  CHECK_INT(sl_broker_socket(c.broker, &c.ask, &a), -1);
  c.ask.purpose = GATE_DNS;
  fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK(fd >= 0);
  close(fd);
  end(&c);
}

/* It reads which addresses are its own, without the C library's memory. */
TEST(own_addresses)
{
  struct client c;
  REQUIRE(begin(&c, "deny self\nallow any\n"));
  struct gate_addr a = at("127.0.0.1", 1, SOCK_STREAM);
  for (int i = 0; i < 50; i++)
    CHECK_INT(sl_broker_socket(c.broker, &c.ask, &a), -1);
  a = at("192.0.2.77", 1, SOCK_STREAM);
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK(fd >= 0);
  close(fd);
  end(&c);
}

TEST(listeners_and_those_who_come_are_judged)
{
  struct client c;
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  REQUIRE(begin(&c, "allow loopback purpose origin\nallow loopback purpose ftp-listen proto tcp\n"));
  struct gate_addr a = at("127.0.0.1", 0, SOCK_STREAM), any = at("0.0.0.0", 0, SOCK_STREAM);
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK_INT(sl_broker_bind(c.broker, &c.ask, fd, &any), 0); /* where it comes from, says the client */
  CHECK_INT(sl_broker_listen(c.broker, &c.ask, fd), -1);
  CHECK_INT(errno, EACCES);
  CHECK(!strncmp(said(&c), "The broker's policy refused 0.0.0.0 port ", 40));
  close(fd);
  c.ask.purpose = GATE_FTP_LISTEN;
  fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK_INT(sl_broker_bind(c.broker, &c.ask, fd, &any), -1);
  CHECK_INT(errno, EACCES);
  CHECK_INT(sl_broker_bind(c.broker, &c.ask, fd, &a), 0);
  CHECK_INT(sl_broker_listen(c.broker, &c.ask, fd), 0);
  a = at("127.0.0.1", local_port(fd), SOCK_STREAM);
  int caller = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_INT(connect(caller, &a.u.sa, a.len), 0);
  CHECK_INT(sl_broker_accept(c.broker, &c.ask, fd, (struct sockaddr *)&peer, &len), -1);
  CHECK_INT(errno, EACCES);
  close(caller);
  close(fd);
  end(&c);
}

/* ---- clients that lie ---- */

struct liar {
  struct client c;
  int channel;
};

static int ask_at(int sock, const void *bytes, size_t n, int fd, struct broker_reply *r)
{
  struct pollfd p = {.fd = sock, .events = POLLIN};
  int got = -1;
  *r = (struct broker_reply){.err = -1};
  if (!sl_broker_send(sock, bytes, n, fd) || poll(&p, 1, 2000) != 1)
    return -1;
  CHECK_INT(sl_broker_receive(sock, MSG_DONTWAIT, r, sizeof *r, &got), sizeof *r);
  return got;
}

static struct broker_request good(enum broker_op op)
{
  return (struct broker_request){.magic = BROKER_MAGIC,
                                 .version = BROKER_VERSION,
                                 .op = (uint8_t)op,
                                 .id = 77,
                                 .addr = at("127.0.0.1", 9, SOCK_STREAM)};
}

static bool lie(struct liar *l, const char *rules)
{
  struct broker_request q = good(BROKER_JOIN);
  struct broker_reply r;
  if (!begin(&l->c, rules))
    return false;
  l->channel = ask_at(sl_broker_fd(l->c.broker), &q, sizeof q, -1, &r);
  CHECK_INT(r.id, 77);
  CHECK_INT(r.pid, l->c.pid);
  return CHECK(l->channel >= 0);
}

static void give_up(struct liar *l)
{
  close(l->channel);
  end(&l->c);
}

static int error_of(struct liar *l, const struct broker_request *q, int fd)
{
  struct broker_reply r;
  int got = ask_at(l->channel, q, sizeof *q, fd, &r);
  if (got >= 0)
    close(got);
  CHECK(r.err || q->op == BROKER_SOCKET || q->op == BROKER_DIAL);
  return r.err;
}

#define LIE(op, change, error, fd)                                                                                     \
  do {                                                                                                                 \
    struct broker_request q = good(op);                                                                                \
    change;                                                                                                            \
    CHECK_INT(error_of(&l, &q, fd), error);                                                                            \
  } while (0)

TEST(requests_that_are_none)
{
  struct liar l;
  struct broker_reply r;
  char noise[2 * sizeof(struct broker_request)] = "noise";
  REQUIRE(lie(&l, NULL));
  int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  LIE(BROKER_SOCKET, q.magic++, EPROTO, -1);
  LIE(BROKER_SOCKET, q.version++, EPROTO, -1);
  LIE(BROKER_SOCKET, q.op = 0, EPROTO, -1);
  LIE(BROKER_SOCKET, q.op = BROKER_ACCEPT + 1, EPROTO, tcp);
  LIE(BROKER_SOCKET, q.purpose = GATE_ACCEPT + 1, EINVAL, -1);
  LIE(BROKER_SOCKET, memset(q.scheme, 'a', sizeof q.scheme), EINVAL, -1);
  LIE(BROKER_JOIN, (void)q, EPROTO, -1);    /* not at the door */
  LIE(BROKER_SOCKET, (void)q, EPROTO, tcp); /* with what it has no use for */
  LIE(BROKER_CONNECT, (void)q, EPROTO, -1); /* without what it needs */
  for (size_t n = 1; n <= sizeof noise; n += 7) {
    CHECK_INT(ask_at(l.channel, noise, n, -1, &r), -1);
    CHECK_INT(r.err, EPROTO);
  }
  CHECK(sl_broker_send(l.channel, noise, 0, -1)); /* an empty one is no end */
  LIE(BROKER_SOCKET, (void)q, 0, -1);
  struct broker_request asked = good(BROKER_SOCKET); /* at the door */
  CHECK_INT(ask_at(sl_broker_fd(l.c.broker), &asked, sizeof asked, -1, &r), -1);
  CHECK_INT(r.err, EPROTO);
  close(tcp);
  give_up(&l);
}

TEST(kinds_that_nobody_gets)
{
  struct liar l;
  REQUIRE(lie(&l, NULL));
  LIE(BROKER_SOCKET, q.addr.family = AF_NETLINK, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.family = AF_PACKET, EAFNOSUPPORT, -1);
  LIE(BROKER_DIAL, q.addr.family = AF_PACKET, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.socktype = SOCK_RAW, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.socktype = SOCK_STREAM | SOCK_NONBLOCK, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.protocol = IPPROTO_UDP, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.protocol = IPPROTO_SCTP, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.len = 0, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.len = sizeof(struct sockaddr_in) - 1, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.len = sizeof q.addr.u + 1, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.len = UINT32_MAX, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.u.sa.sa_family = AF_INET6, EAFNOSUPPORT, -1);
  LIE(BROKER_SOCKET, q.addr.family = AF_UNIX, EAFNOSUPPORT, -1);
  give_up(&l);
}

TEST(descriptors_that_are_something_else)
{
  struct liar l;
  int pipes[2], pair[2];
  REQUIRE(lie(&l, NULL));
  CHECK(!pipe2(pipes, O_NONBLOCK) && !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
  int blocking = socket(AF_INET, SOCK_STREAM, 0), six = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0),
      four = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), un = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0),
      udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0),
      netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, 0);
  for (enum broker_op op = BROKER_CONNECT; op <= BROKER_ACCEPT; op++) {
    LIE(op, (void)q, ENOTSOCK, pipes[0]);
    LIE(op, (void)q, ENOTSOCK, pair[0]);
    LIE(op, (void)q, ENOTSOCK, blocking);
    LIE(op, (void)q, ENOTSOCK, netlink);
  }
  LIE(BROKER_CONNECT, (void)q, EAFNOSUPPORT, six);
  LIE(BROKER_BIND, (void)q, EAFNOSUPPORT, six);
  struct gate_addr path;
  CHECK(sl_addr_unix(&path, SLICE_LIT("/nowhere/at/all"), false));
  LIE(BROKER_BIND, q.addr = path, EAFNOSUPPORT, un);
  LIE(BROKER_CONNECT, q.addr = path, ENOENT, un);
  LIE(BROKER_CONNECT, q.addr = path, EAFNOSUPPORT, four);
  LIE(BROKER_LISTEN, (void)q, EOPNOTSUPP, un);
  LIE(BROKER_LISTEN, (void)q, EOPNOTSUPP, udp);
  LIE(BROKER_ACCEPT, (void)q, EOPNOTSUPP, un);
  LIE(BROKER_ACCEPT, (void)q, EINVAL, four);
  const int all[] = {pipes[0], pipes[1], pair[0], pair[1], blocking, six, four, un, udp, netlink};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
    close(all[i]);
  give_up(&l);
}

/* Its kind is what the kernel says of the descriptor, not what the request says. */
TEST(a_datagram_socket_is_one)
{
  struct liar l;
  REQUIRE(lie(&l, "allow loopback proto tcp\n"));
  int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  LIE(BROKER_CONNECT, q.addr.socktype = SOCK_STREAM, EACCES, udp);
  close(udp);
  give_up(&l);
}

/* Descriptors beyond the one that there may be are closed, the broker's number of them stays as it is. */
static int descriptors_of(pid_t pid)
{
  char command[64], line[32] = "";
  snprintf(command, sizeof command, "ls /proc/%d/fd 2>/dev/null | wc -l", (int)pid);
  FILE *f = popen(command, "r");
  if (f && !fgets(line, sizeof line, f))
    line[0] = 0;
  if (f)
    pclose(f);
  return atoi(line);
}

TEST(many_descriptors_at_once)
{
  struct liar l;
  struct broker_request asked = good(BROKER_CONNECT);
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(3 * sizeof(int))];
  } control = {.bytes = {0}};
  struct broker_reply r;
  struct pollfd p;
  int got, fds[3] = {0, 0, 0};
  REQUIRE(lie(&l, NULL));
  LIE(BROKER_SOCKET, (void)q, 0, -1);
  LIE(BROKER_SOCKET, q.magic++, EPROTO, -1); /* by now it has closed its copy of that one */
  int before = descriptors_of(l.c.pid);
  struct iovec part = {&asked, sizeof asked};
  struct msghdr m = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fds)};
  memcpy(CMSG_DATA(c), fds, sizeof fds);
  for (int i = 0; i < 10; i++) {
    CHECK_INT(sendmsg(l.channel, &m, 0), sizeof asked);
    p = (struct pollfd){.fd = l.channel, .events = POLLIN};
    CHECK_INT(poll(&p, 1, 2000), 1);
    CHECK_INT(sl_broker_receive(l.channel, MSG_DONTWAIT, &r, sizeof r, &got), sizeof r);
    CHECK_INT(r.err, EPROTO);
  }
  CHECK_INT(descriptors_of(l.c.pid), before);
  give_up(&l);
}

/* Who asks and asks and never listens is dropped, and the others are served. */
TEST(a_client_that_does_not_listen)
{
  struct liar l;
  struct pollfd p;
  REQUIRE(lie(&l, NULL));
  struct broker_request q = good(BROKER_SOCKET);
  for (int i = 0; i < 100000 && (sl_broker_send(l.channel, &q, sizeof q, -1) || errno == EAGAIN); i++)
    ;
  p = (struct pollfd){.fd = l.channel};
  CHECK_INT(poll(&p, 1, 2000), 1); /* hung up */
  struct gate_addr a = at("127.0.0.1", 9, SOCK_STREAM);
  int fd = sl_broker_socket(l.c.broker, &l.c.ask, &a);
  CHECK(fd >= 0);
  close(fd);
  give_up(&l);
}

TEST(no_more_processes_than_there_is_room_for)
{
  struct liar l;
  struct broker_request join = good(BROKER_JOIN);
  struct broker_reply r = {0};
  static int channels[1100];
  int n = 0;
  REQUIRE(lie(&l, NULL));
  while (n < 1100 && (channels[n] = ask_at(sl_broker_fd(l.c.broker), &join, sizeof join, -1, &r)) >= 0)
    n++;
  CHECK_INT(r.err, EMFILE);
  CHECK(n > 500); /* 1,022 of them, or as many as the limit on descriptors lets be */
  for (int i = 0; i < n; i++)
    close(channels[i]);
  LIE(BROKER_SOCKET, (void)q, 0, -1);
  give_up(&l);
}

/* Neither side waits for what cannot come. */
TEST(no_room_for_descriptors)
{
  struct client c;
  struct rlimit before, few;
  REQUIRE(begin(&c, NULL));
  struct gate_addr a = at("127.0.0.1", 9, SOCK_STREAM);
  int fd = sl_broker_socket(c.broker, &c.ask, &a);
  int64_t began_us = sl_clock_now_us();
  getrlimit(RLIMIT_NOFILE, &before);
  few = (struct rlimit){0, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  CHECK_INT(sl_broker_socket(c.broker, &c.ask, &a), -1);
  CHECK_INT(errno, EMFILE);
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK_STR(said(&c), "cannot talk to the socket broker: Too many open files");
  quiet(&c);
  few.rlim_cur = 2; /* which it has: the door and our channel */
  if (!prlimit(c.pid, RLIMIT_NOFILE, &few, NULL)) {
    CHECK_INT(sl_broker_connect(c.broker, &c.ask, fd, &a), -1);
    CHECK_INT(errno, EMFILE);
    CHECK_INT(sl_broker_socket(c.broker, &c.ask, &a), -1);
    CHECK_INT(errno, EMFILE);
    CHECK(!prlimit(c.pid, RLIMIT_NOFILE, &before, NULL));
  }
  CHECK(sl_clock_now_us() - began_us < 2000000);
  close(fd);
  fd = sl_broker_socket(c.broker, &c.ask, &a);
  CHECK(fd >= 0);
  close(fd);
  end(&c);
}

/* ---- many ---- */

static void *ask_often(void *arg)
{
  struct client mine = *(struct client *)arg;
  long failed = 0;
  sl_buf_init(&mine.error, 300);
  mine.ask.error = &mine.error;
  static _Atomic int kinds;
  int kind = kinds++ % 4;
  struct gate_addr a = at(kind & 1 ? "::1" : "127.0.0.1", 9, kind & 2 ? SOCK_DGRAM : SOCK_STREAM);
  for (int i = 0; i < 300; i++) {
    int fd = sl_broker_socket(mine.broker, &mine.ask, &a);
    failed += fd < 0 || number(fd, SO_DOMAIN) != a.family || number(fd, SO_TYPE) != a.socktype;
    if (fd >= 0)
      close(fd);
  }
  sl_buf_done(&mine.error);
  return (void *)failed;
}

TEST(threads_get_their_own)
{
  enum { THREADS = 8 };
  struct client c;
  pthread_t threads[THREADS];
  void *failed;
  REQUIRE(begin(&c, "allow any\n"));
  for (int i = 0; i < THREADS; i++)
    CHECK(!pthread_create(&threads[i], NULL, ask_often, &c));
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], &failed);
    CHECK_INT((long)failed, 0);
  }
  end(&c);
}

/* Parent and children share the door, and not their answers. */
TEST(children_get_their_own)
{
  enum { CHILDREN = 6 };
  struct client c;
  pid_t children[CHILDREN];
  int status;
  REQUIRE(begin(&c, "allow any\n"));
  CHECK_INT((long)ask_often(&c), 0);
  for (int i = 0; i < CHILDREN; i++) {
    children[i] = fork();
    if (!children[i])
      _exit(ask_often(&c) != NULL);
  }
  CHECK_INT((long)ask_often(&c), 0);
  for (int i = 0; i < CHILDREN; i++) {
    CHECK_INT(waitpid(children[i], &status, 0), children[i]);
    CHECK_INT(status, 0);
  }
  end(&c);
}

/* ---- nobody notices it ---- */

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
  (void)number;
  signals++;
}

TEST(is_no_child)
{
  struct client c;
  struct sigaction count = {.sa_handler = on_signal}, before;
  sigaction(SIGCHLD, &count, &before);
  signals = 0;
  REQUIRE(begin(&c, NULL));
  CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
  CHECK_INT(errno, ECHILD);
  CHECK(getsid(c.pid) != getsid(0));
  kill(c.pid, SIGTERM);
  CHECK(goes(c.pid));
  CHECK_INT(signals, 0);
  sigaction(SIGCHLD, &before, NULL);
  end(&c);
}

/* It holds nothing but its own: a pipe whose writer it had inherited would never end. */
TEST(holds_no_other_descriptor)
{
  struct client c;
  int pipes[2];
  char byte;
  CHECK(!pipe(pipes));
  REQUIRE(begin(&c, NULL));
  close(pipes[1]);
  CHECK_INT(read(pipes[0], &byte, 1), 0);
  close(pipes[0]);
  end(&c);
}

TEST(signals_do_not_disturb)
{
  struct client c;
  struct sigaction count = {.sa_handler = on_signal}, before; /* without SA_RESTART */
  sigaction(SIGALRM, &count, &before);
  REQUIRE(begin(&c, NULL));
  struct itimerval every = {{0, 500}, {0, 500}}, none = {{0, 0}, {0, 0}};
  signals = 0;
  setitimer(ITIMER_REAL, &every, NULL);
  for (int i = 0; i < 20 || signals < 20; i++)
    CHECK_INT((long)ask_often(&c), 0);
  setitimer(ITIMER_REAL, &none, NULL);
  sigaction(SIGALRM, &before, NULL);
  end(&c);
}

/* ---- ends ---- */

static void ended(struct client *c)
{
  struct gate_addr a = at("127.0.0.1", 9, SOCK_STREAM);
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  quiet(c);
  CHECK_INT(sl_broker_socket(c->broker, &c->ask, &a), -1);
  CHECK_INT(errno, EOWNERDEAD);
  CHECK_STR(said(c), "the socket broker has ended");
  quiet(c);
  CHECK_INT(sl_gate_open(&c->ask, &a, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  CHECK(!refused);
  CHECK_STR(said(c), "the socket broker has ended");
}

TEST(a_broker_that_is_killed)
{
  struct client c;
  struct gate_socket s, accepted;
  struct gate_addr a = at("127.0.0.1", 0, SOCK_STREAM), peer;
  enum gate_opened how;
  bool refused;
  REQUIRE(begin(&c, NULL));
  CHECK_INT(sl_gate_open(&c.ask, &a, &s, &how, &refused), SL_OK);
  kill(c.pid, SIGKILL);
  CHECK(goes(c.pid));
  CHECK_INT(sl_gate_bind(&c.ask, &s, &a), CURLE_COULDNT_CONNECT);
  CHECK_STR(said(&c), "the socket broker has ended");
  CHECK_INT(sl_gate_listen(&c.ask, &s), CURLE_COULDNT_CONNECT);
  CHECK_INT(sl_gate_accept(&c.ask, &s, NULL, &accepted, &peer), CURLE_COULDNT_CONNECT);
  CHECK_INT(sl_gate_connect(&c.ask, &s, &a), CURLE_COULDNT_CONNECT);
  sl_gate_close(&s, &c.depth);
  ended(&c);
  sl_broker_stop(c.broker);
  ended(&c);
  end(&c);
}

static void *kill_soon(void *arg)
{
  poll(NULL, 0, 20);
  kill(*(pid_t *)arg, SIGKILL);
  return NULL;
}

TEST(a_broker_that_is_killed_while_asked)
{
  struct client c;
  pthread_t thread;
  REQUIRE(begin(&c, NULL));
  struct gate_addr a = at("127.0.0.1", 9, SOCK_STREAM);
  CHECK(!pthread_create(&thread, NULL, kill_soon, &c.pid));
  int fd;
  while ((fd = sl_broker_socket(c.broker, &c.ask, &a)) >= 0)
    close(fd);
  CHECK_INT(errno, EOWNERDEAD);
  pthread_join(thread, NULL);
  end(&c);
}

static void *wait_for_it(void *arg)
{
  struct client *c = arg;
  struct gate_ask ask = c->ask;
  struct gate_addr a = at("127.0.0.1", 9, SOCK_STREAM);
  ask.error = NULL;
  int64_t began_us = sl_clock_now_us();
  CHECK_INT(sl_broker_socket(c->broker, &ask, &a), -1);
  CHECK_INT(errno, ETIMEDOUT);
  CHECK(sl_clock_now_us() - began_us < 7000000);
  return NULL;
}

/* All of them wait at the same time, and what was too late is nobody's answer. */
TEST(a_broker_that_is_stopped)
{
  enum { THREADS = 3 };
  struct client c;
  pthread_t threads[THREADS];
  REQUIRE(begin(&c, NULL));
  struct gate_addr a = at("127.0.0.1", 9, SOCK_STREAM), six = at("::1", 9, SOCK_DGRAM);
  int fd = sl_broker_socket(c.broker, &c.ask, &six);
  CHECK(fd >= 0);
  close(fd);
  kill(c.pid, SIGSTOP);
  for (int i = 0; i < THREADS; i++)
    CHECK(!pthread_create(&threads[i], NULL, wait_for_it, &c));
  poll(NULL, 0, 100);
  CHECK_INT(sl_broker_socket(c.broker, &c.ask, &a), -1);
  CHECK_STR(said(&c), "the socket broker does not answer");
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  kill(c.pid, SIGCONT);
  fd = sl_broker_socket(c.broker, &c.ask, &six);
  CHECK_INT(number(fd, SO_DOMAIN), AF_INET6);
  CHECK_INT(number(fd, SO_TYPE), SOCK_DGRAM);
  close(fd);
  end(&c);
}

TEST(a_client_that_is_killed)
{
  int pipes[2], status;
  struct client c;
  pid_t broker = 0;
  CHECK(!pipe(pipes));
  pid_t child = fork();
  if (!child) {
    bool ok = begin(&c, NULL);
    struct gate_addr a = at("127.0.0.1", 9, SOCK_STREAM);
    ok = ok && sl_broker_socket(c.broker, &c.ask, &a) >= 0;
    ok = ok && write(pipes[1], &c.pid, sizeof c.pid) == sizeof c.pid;
    for (;;)
      pause();
  }
  CHECK_INT(read(pipes[0], &broker, sizeof broker), sizeof broker);
  CHECK(broker > 0 && !gone(broker));
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  CHECK(broker > 0 && goes(broker));
  close(pipes[0]);
  close(pipes[1]);
}
