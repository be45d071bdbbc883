/* The policies at the door: whose are asked, of which address, when again, and what is told of a refusal. */
#include "gate/guard.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "gate/ledger.h"
#include "gate/policy.h"
#include "tests/test.h"

enum { EVENTS = 16 };

struct world {
  struct gate_config config;
  struct policy *multi; /* the multi handle's */
  struct gate_ask ask;
  struct buf error;
  unsigned depth;
  struct ledger_totals before;
  struct gate_addr change_to; /* by the open callback; family 0: it leaves the address alone */
  int answer_fd;              /* of the open callback; -2: a fresh socket */
  int sockopt;
  int opened;
  char told[EVENTS][200]; /* "event address rule" */
  int n_told;
};

static void on_event(void *arg, const struct sluice_socket_event *e)
{
  struct world *w = arg;
  char text[SL_ADDR_TEXT] = "-";
  int port = 0;
  if (e->address && e->address->sa_family != AF_UNIX)
    sl_addr_print(e->address, text, &port);
  if (w->n_told < EVENTS)
    snprintf(w->told[w->n_told++], sizeof w->told[0], "%d %s %d %s%s%s", e->what, text, port, e->rule ? e->rule : "",
             e->host ? " for " : "", e->host ? e->host : "");
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct world *w = arg;
  (void)purpose;
  w->opened++;
  if (w->change_to.family) {
    a->family = w->change_to.family;
    a->addrlen = w->change_to.len;
    memcpy(&a->addr, &w->change_to.u, w->change_to.len);
  }
  return w->answer_fd == -2 ? socket(a->family, a->socktype, a->protocol) : w->answer_fd;
}

static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  struct world *w = arg;
  (void)fd, (void)purpose;
  return w->sockopt;
}

static struct policy *parse(const char *text)
{
  struct policy *p = NULL;
  CHECK_INT(sl_policy_parse(slice_str(text), &p, NULL), SL_OK);
  return p;
}

static void begin(struct world *w, const char *text)
{
  *w = (struct world){.answer_fd = -2};
  w->config.socket_eventfunction = on_event;
  w->config.socket_eventdata = w;
  w->config.policy = text ? parse(text) : NULL;
  sl_buf_init(&w->error, 255);
  w->ask = (struct gate_ask){.config = &w->config,
                             .also = &w->multi,
                             .host = SLICE_LIT("a.test"),
                             .scheme = SLICE_LIT("http"),
                             .callback_depth = &w->depth,
                             .error = &w->error};
  sl_ledger_strict(true);
  w->before = sl_ledger_totals();
}

static void callbacks(struct world *w)
{
  w->config.opensocketfunction = on_open;
  w->config.opensocketdata = w;
  w->config.sockoptfunction = on_sockopt;
  w->config.sockoptdata = w;
}

static void end(struct world *w)
{
  struct ledger_totals now = sl_ledger_totals();
  CHECK_INT(now.opened - w->before.opened, now.closed - w->before.closed);
  CHECK_INT(w->depth, 0);
  sl_policy_free(w->config.policy);
  sl_policy_free(w->multi);
  sl_buf_done(&w->error);
}

static struct gate_addr at(const char *text, int port)
{
  struct gate_addr a;
  CHECK(sl_addr_literal(&a, slice_str(text), (uint16_t)port));
  return a;
}

/* Opens, and closes what it got. */
static sl_result try(struct world *w, const char *text, int port, enum gate_opened *out_how)
{
  struct gate_addr a = at(text, port);
  struct gate_socket s;
  enum gate_opened how;
  bool refused = false;
  sl_buf_clear(&w->error);
  w->n_told = 0;
  sl_result rc = sl_gate_open(&w->ask, &a, &s, out_how ? out_how : &how, &refused);
  CHECK(refused == (rc != SL_OK));
  if (!rc)
    sl_gate_close(&s, &w->depth);
  return rc;
}

/* Somebody who listens on loopback, and a socket of ours that is connected there. */
static int listener(const char *address, int *out_port)
{
  struct gate_addr a = at(address, 0);
  socklen_t len = sizeof a.u;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(!bind(fd, &a.u.sa, a.len) && !listen(fd, 4) && !getsockname(fd, &a.u.sa, &len));
  *out_port = ntohs(a.u.in.sin_port);
  return fd;
}

static int connected_to(const char *address, int port)
{
  struct gate_addr a = at(address, port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(!connect(fd, &a.u.sa, a.len));
  return fd;
}

TEST(says_whose_policy_address_class_and_line)
{
  struct world w;
  begin(&w, "allow 127.0.0.2\n\ndeny private # inside\n");
  CHECK_INT(try(&w, "10.1.2.3", 80, NULL), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.error.p, "The policy refused 10.1.2.3 port 80 (private), policy line 3: deny private");
  CHECK_INT(w.n_told, 1);
  CHECK_STR(w.told[0], "4 10.1.2.3 80 policy line 3: deny private for a.test");
  CHECK_INT(try(&w, "::ffff:169.254.169.254", 80, NULL), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.error.p, "The policy refused ::ffff:169.254.169.254 port 80 (metadata), policy: no rule matches");
  CHECK_INT(try(&w, "127.0.0.2", 80, NULL), SL_OK);
  CHECK_INT(w.error.n, 0);
  w.multi = parse("default allow");
  CHECK_INT(try(&w, "10.1.2.3", 80, NULL), CURLE_COULDNT_CONNECT);
  w.config.policy = (sl_policy_free(w.config.policy), parse("default allow"));
  w.multi = (sl_policy_free(w.multi), parse("deny any\n"));
  CHECK_INT(try(&w, "10.1.2.3", 80, NULL), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.error.p, "The multi handle's policy refused 10.1.2.3 port 80 (private), policy line 1: deny any");
  end(&w);
}

TEST(nobody_is_asked_when_a_policy_refuses)
{
  struct world w;
  begin(&w, "allow 127.0.0.2\n");
  callbacks(&w);
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), CURLE_COULDNT_CONNECT);
  CHECK_INT(w.opened, 0);
  CHECK_INT(try(&w, "127.0.0.2", 80, NULL), SL_OK);
  CHECK_INT(w.opened, 1);
  end(&w);
}

TEST(scheme_and_purpose_reach_the_policy)
{
  struct world w;
  begin(&w, "allow any scheme https\nallow any purpose proxy\n");
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), CURLE_COULDNT_CONNECT);
  w.ask.scheme = SLICE_LIT("https");
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), SL_OK);
  w.ask.scheme = SLICE_NONE;
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), CURLE_COULDNT_CONNECT);
  w.ask.purpose = GATE_PROXY;
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), SL_OK);
  end(&w);
}

TEST(an_address_that_the_callback_changed_is_judged_again)
{
  struct world w;
  begin(&w, "allow 127.0.0.2 port 80\n");
  callbacks(&w);
  w.change_to = at("127.0.0.1", 80);
  CHECK_INT(try(&w, "127.0.0.2", 80, NULL), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.error.p, "The policy refused 127.0.0.1 port 80 (loopback), policy: no rule matches");
  w.change_to = at("127.0.0.2", 81); /* the port is part of it */
  CHECK_INT(try(&w, "127.0.0.2", 80, NULL), CURLE_COULDNT_CONNECT);
  w.change_to = at("::1", 80);
  CHECK_INT(try(&w, "127.0.0.2", 80, NULL), CURLE_COULDNT_CONNECT);
  w.change_to.u.sa.sa_family = 9999; /* what is not known is refused */
  w.change_to.family = AF_INET;
  CHECK_INT(try(&w, "127.0.0.2", 80, NULL), CURLE_COULDNT_CONNECT);
  w.change_to = at("127.0.0.2", 80);
  CHECK_INT(try(&w, "127.0.0.2", 80, NULL), SL_OK);
  end(&w);
}

TEST(a_socket_that_is_connected_elsewhere)
{
  struct world w;
  int port, fd = listener("127.0.0.1", &port);
  enum gate_opened how;
  begin(&w, "allow 127.0.0.2\n");
  callbacks(&w);
  w.sockopt = CURL_SOCKOPT_ALREADY_CONNECTED;
  w.answer_fd = connected_to("127.0.0.1", port);
  CHECK_INT(try(&w, "127.0.0.2", 80, &how), CURLE_COULDNT_CONNECT);
  CHECK(strstr(w.error.p, "127.0.0.1"));
  w.sockopt = SLUICE_SOCKOPT_CONNECTING;
  w.answer_fd = connected_to("127.0.0.1", port);
  CHECK_INT(try(&w, "127.0.0.2", 80, &how), CURLE_COULDNT_CONNECT);
  w.config.policy = (sl_policy_free(w.config.policy), parse("allow loopback\n"));
  w.answer_fd = connected_to("127.0.0.1", port);
  CHECK_INT(try(&w, "127.0.0.2", 80, &how), SL_OK);
  end(&w);
  close(fd);
}

/* A datagram socket is connected at once, whatever the callback says. */
TEST(a_datagram_socket_that_is_connected_elsewhere)
{
  struct world w;
  struct gate_addr a = at("127.0.0.1", 9), to = at("127.0.0.2", 53);
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  begin(&w, "allow 127.0.0.2\n");
  callbacks(&w);
  to.socktype = SOCK_DGRAM;
  to.protocol = IPPROTO_UDP;
  w.sockopt = SLUICE_SOCKOPT_CONNECTING;
  w.answer_fd = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(!connect(w.answer_fd, &a.u.sa, a.len));
  CHECK_INT(sl_gate_open(&w.ask, &to, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  end(&w);
}

/* "Already connected", it says, and is not: who is there is asked when somebody is. */
TEST(a_socket_that_is_not_connected_yet)
{
  struct world w;
  int port, fd = listener("127.0.0.1", &port);
  enum gate_opened how = GATE_OPENED;
  bool refused;
  struct gate_socket s;
  struct gate_addr to = at("127.0.0.2", 80), real = at("127.0.0.1", port);
  begin(&w, "allow 127.0.0.2\n");
  callbacks(&w);
  w.sockopt = CURL_SOCKOPT_ALREADY_CONNECTED;
  CHECK_INT(sl_gate_open(&w.ask, &to, &s, &how, &refused), SL_OK);
  CHECK_INT(how, GATE_CONNECTING);
  CHECK_INT(sl_gate_connected(&w.ask, &s, 0), CURLE_COULDNT_CONNECT); /* nobody is there */
  CHECK(!connect(s.fd, &real.u.sa, real.len) || errno == EINPROGRESS);
  sl_buf_clear(&w.error);
  CHECK_INT(sl_gate_connected(&w.ask, &s, 0), CURLE_COULDNT_CONNECT);
  CHECK(w.error.n && strstr(w.error.p, "127.0.0.1"));
  sl_gate_close(&s, &w.depth);
  end(&w);
  close(fd);
}

TEST(a_socket_pair_is_what_it_was_shown_as)
{
  struct world w;
  int pair[2];
  enum gate_opened how;
  begin(&w, "allow 127.0.0.2\n");
  callbacks(&w);
  REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  w.sockopt = CURL_SOCKOPT_ALREADY_CONNECTED;
  w.answer_fd = pair[0];
  CHECK_INT(try(&w, "127.0.0.2", 80, &how), SL_OK);
  CHECK_INT(how, GATE_CONNECTED);
  close(pair[1]);
  end(&w);
}

TEST(reuse_asks_for_the_peer)
{
  struct world w;
  int port, fd = listener("127.0.0.1", &port);
  begin(&w, "allow loopback scheme http\n");
  struct gate_socket s = {.fd = connected_to("127.0.0.1", port)};
  CHECK(sl_gate_may_reuse(&w.ask, &s));
  w.ask.scheme = SLICE_LIT("ws");
  CHECK(!sl_gate_may_reuse(&w.ask, &s));
  w.ask.scheme = SLICE_LIT("http");
  w.multi = parse("deny any\n");
  CHECK(!sl_gate_may_reuse(&w.ask, &s));
  sl_policy_free(w.multi);
  w.multi = NULL; /* a multi handle's policy may change under those who ask */
  CHECK(sl_gate_may_reuse(&w.ask, &s));
  close(s.fd);
  close(fd);
  end(&w);
}

TEST(a_listener_is_judged_by_what_it_is_bound_to)
{
  struct world w;
  struct gate_addr a = at("127.0.0.1", 0);
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  begin(&w, "allow loopback port 0\n");
  w.ask.purpose = GATE_FTP_LISTEN;
  REQUIRE(sl_gate_open(&w.ask, &a, &s, &how, &refused) == SL_OK);
  CHECK_INT(sl_gate_bind(&w.ask, &s, &a), SL_OK);
  CHECK_INT(sl_gate_listen(&w.ask, &s), CURLE_COULDNT_CONNECT); /* it has a port now */
  w.config.policy = (sl_policy_free(w.config.policy), parse("allow loopback purpose ftp-listen\n"));
  CHECK_INT(sl_gate_listen(&w.ask, &s), SL_OK);
  sl_gate_close(&s, &w.depth);
  end(&w);
}

/* Comes from 127.0.0.3. */
static int stranger(int port)
{
  struct gate_addr from = at("127.0.0.3", 0), to = at("127.0.0.1", port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(!bind(fd, &from.u.sa, from.len) && !connect(fd, &to.u.sa, to.len));
  return fd;
}

TEST(who_connects_to_us_is_judged)
{
  struct world w;
  int port, fd = listener("127.0.0.1", &port);
  struct gate_socket door = {.fd = fd}, s = GATE_SOCKET_NONE;
  struct gate_addr peer;
  begin(&w, "deny 127.0.0.3 purpose accept\nallow loopback\n");
  w.ask.purpose = GATE_ACCEPT;
  int other = stranger(port);
  CHECK_INT(sl_gate_accept(&w.ask, &door, NULL, &s, &peer), CURLE_COULDNT_CONNECT);
  CHECK(strstr(w.error.p, "127.0.0.3"));
  CHECK_INT(w.n_told, 1);
  close(other);
  /* the callback puts a connection of its own in the place of an allowed one */
  callbacks(&w);
  int own, elsewhere = listener("127.0.0.3", &own);
  w.answer_fd = connected_to("127.0.0.3", own);
  other = connected_to("127.0.0.1", port);
  sl_buf_clear(&w.error);
  CHECK_INT(sl_gate_accept(&w.ask, &door, NULL, &s, &peer), CURLE_COULDNT_CONNECT);
  CHECK(w.error.n && strstr(w.error.p, "127.0.0.3"));
  close(other);
  close(elsewhere);
  close(fd);
  end(&w);
}

TEST(report_tells_and_lets_through)
{
  struct world w;
  begin(&w, "mode report\ndeny any\n");
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), SL_OK);
  CHECK_INT(w.error.n, 0);
  CHECK_STR(w.told[0], "8 127.0.0.1 80 policy line 2: deny any for a.test");
  CHECK_STR(w.told[1], "1 127.0.0.1 80  for a.test");
  w.multi = parse("deny loopback\n"); /* one that only reports takes nothing from another */
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), CURLE_COULDNT_CONNECT);
  CHECK_INT(w.n_told, 2);
  sl_policy_free(w.multi);
  w.multi = NULL;
  w.config.policy = (sl_policy_free(w.config.policy), parse("mode open\ndeny any\n"));
  CHECK_INT(try(&w, "127.0.0.1", 80, NULL), SL_OK);
  CHECK_INT(w.n_told, 2); /* open, close */
  end(&w);
}

TEST(errno_stays)
{
  struct world w;
  struct gate_addr a = at("10.0.0.1", 1);
  begin(&w, "deny self\n"); /* reads files */
  errno = EXDEV;
  CHECK_INT(sl_gate_judge(&w.ask, &a), CURLE_COULDNT_CONNECT);
  CHECK_INT(errno, EXDEV);
  end(&w);
}

/* Without memory for the list of our own addresses `self` may be any address: denied. */
TEST(self_without_memory)
{
  struct world w;
  struct gate_addr a = at("8.8.8.8", 1);
  begin(&w, "deny self\nallow public\n");
  sl_result last = SL_BROKEN;
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = sl_gate_judge(&w.ask, &a);
    CHECK(last == SL_OK || last == CURLE_COULDNT_CONNECT);
    if (n == 1)
      CHECK_INT(last, CURLE_COULDNT_CONNECT);
  }
  CHECK_INT(last, SL_OK);
  a = at("127.0.0.1", 1);
  CHECK_INT(sl_gate_judge(&w.ask, &a), CURLE_COULDNT_CONNECT);
  end(&w);
}

TEST(unix_sockets)
{
  struct world w;
  struct gate_addr a = {.family = AF_UNIX, .socktype = SOCK_STREAM};
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  begin(&w, "allow unix /run/app/*.sock\n");
  a.u.un.sun_family = AF_UNIX;
  strcpy(a.u.un.sun_path, "/var/run/docker.sock");
  a.len = sizeof a.u.un;
  CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.error.p, "The policy refused Unix socket /var/run/docker.sock (unix), policy: no rule matches");
  strcpy(a.u.un.sun_path, "/run/app/x.sock");
  CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), SL_OK);
  sl_gate_close(&s, &w.depth);
  end(&w);
}

/* What a server has called its socket (by a link, in another container, relative to its folder) is nothing to rules of
 * paths, if it is we who connect; who hands in a connected socket is asked for its name. */
TEST(unix_sockets_are_judged_by_the_path_that_we_take)
{
  struct world w;
  struct gate_addr own = {.family = AF_UNIX, .socktype = SOCK_STREAM, .len = sizeof own.u.un}, ours = own;
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  char rules[200];
  own.u.un.sun_family = ours.u.un.sun_family = AF_UNIX;
  snprintf(own.u.un.sun_path, sizeof own.u.un.sun_path, "/tmp/sluice-own-%d", (int)getpid());
  snprintf(ours.u.un.sun_path, sizeof ours.u.un.sun_path, "/tmp/sluice-our-%d", (int)getpid());
  snprintf(rules, sizeof rules, "allow unix %s\ndeny any\n", ours.u.un.sun_path);
  unlink(own.u.un.sun_path);
  unlink(ours.u.un.sun_path);
  int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(!bind(door, &own.u.sa, own.len) && !listen(door, 4) && !symlink(own.u.un.sun_path, ours.u.un.sun_path));
  begin(&w, rules);
  CHECK_INT(sl_gate_open(&w.ask, &own, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  REQUIRE(sl_gate_open(&w.ask, &ours, &s, &how, &refused) == SL_OK);
  CHECK_INT(sl_gate_connect(&w.ask, &s, &ours), SL_OK);
  CHECK_INT(sl_gate_connected(&w.ask, &s, 0), SL_OK);
  CHECK(sl_gate_may_reuse(&w.ask, &s));
  sl_gate_close(&s, &w.depth);
  callbacks(&w);
  w.sockopt = CURL_SOCKOPT_ALREADY_CONNECTED;
  w.answer_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(!connect(w.answer_fd, &own.u.sa, own.len));
  CHECK_INT(sl_gate_open(&w.ask, &ours, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  w.sockopt = CURL_SOCKOPT_OK; /* and if it does not say so: connect() tells */
  w.answer_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(!connect(w.answer_fd, &own.u.sa, own.len));
  REQUIRE(sl_gate_open(&w.ask, &ours, &s, &how, &refused) == SL_OK);
  CHECK_INT(sl_gate_connect(&w.ask, &s, &ours), SL_OK);
  CHECK_INT(sl_gate_connected(&w.ask, &s, 0), CURLE_COULDNT_CONNECT);
  sl_gate_close(&s, &w.depth);
  close(door);
  unlink(own.u.un.sun_path);
  unlink(ours.u.un.sun_path);
  end(&w);
}
