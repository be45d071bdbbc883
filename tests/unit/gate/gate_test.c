/* The gate by itself: what the callbacks are shown, what comes of their answers, and the ledger. */
#include "gate/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "gate/ledger.h"
#include "tests/test.h"

/* One scripted application. */
struct app {
  int answer_fd;     /* what the open callback returns; -2: a socket of its own */
  int sockopt;       /* what the other one returns */
  int opened, sockopts, closed, purpose, last_closed;
  struct curl_sockaddr shown;
  unsigned depth, depth_seen;
};

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct app *p = arg;
  p->opened++;
  p->purpose = (int)purpose;
  p->shown = *a;
  p->depth_seen = p->depth;
  return p->answer_fd == -2 ? socket(a->family, a->socktype, a->protocol) : p->answer_fd;
}

static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  struct app *p = arg;
  CHECK_INT(purpose, p->opened ? (curlsocktype)p->purpose : purpose);
  CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
  p->sockopts++;
  return p->sockopt;
}

static int on_close(void *arg, curl_socket_t fd)
{
  struct app *p = arg;
  p->closed++;
  p->last_closed = fd;
  return close(fd);
}

struct world {
  struct app app;
  struct gate_config config;
  struct gate_ask ask;
  struct buf error;
  struct ledger_totals before;
  int told_begun, told_closed; /* descriptors: <sluice/sluice.h> promises one of each */
};

static void on_event(void *arg, const struct sluice_socket_event *e)
{
  struct world *w = arg;
  w->told_begun += e->fd >= 0 && (e->what == SLUICE_EVENT_OPEN || e->what == SLUICE_EVENT_ACCEPT);
  w->told_closed += e->what == SLUICE_EVENT_CLOSE;
}

static void begin(struct world *w)
{
  *w = (struct world){.app = {.answer_fd = -2}};
  w->config.opensocketfunction = on_open;
  w->config.opensocketdata = &w->app;
  w->config.sockoptfunction = on_sockopt;
  w->config.sockoptdata = &w->app;
  w->config.closesocketfunction = on_close;
  w->config.closesocketdata = &w->app;
  w->config.socket_eventfunction = on_event;
  w->config.socket_eventdata = w;
  sl_buf_init(&w->error, 200);
  w->ask = (struct gate_ask){.config = &w->config, .callback_depth = &w->app.depth, .error = &w->error};
  sl_ledger_strict(true);
  w->before = sl_ledger_totals();
}

static void end(struct world *w)
{
  struct ledger_totals now = sl_ledger_totals();
  CHECK_INT(now.opened - w->before.opened, now.closed - w->before.closed);
  CHECK_INT(w->told_begun, w->told_closed);
  CHECK_INT(w->app.depth, 0);
  sl_buf_done(&w->error);
}

static struct gate_addr loopback(int port)
{
  struct gate_addr a;
  CHECK(sl_addr_literal(&a, SLICE_LIT("127.0.0.1"), (uint16_t)port));
  return a;
}

TEST(plain_kinds_are_shown)
{
  struct world w;
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  begin(&w);
  struct gate_addr a = loopback(80);
  CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), SL_OK);
  CHECK_INT(w.app.shown.socktype, SOCK_STREAM); /* without flags */
  CHECK_INT(w.app.shown.family, AF_INET);
  CHECK_INT(w.app.shown.protocol, IPPROTO_TCP);
  CHECK_INT(w.app.shown.addrlen, sizeof(struct sockaddr_in));
  CHECK_INT(w.app.depth_seen, 1);
  CHECK(how == GATE_OPENED && !refused && w.app.sockopts == 1);
  int fd = s.fd;
  sl_gate_close(&s, &w.app.depth);
  sl_gate_close(&s, &w.app.depth);
  CHECK_INT(w.app.closed, 1);
  CHECK_INT(w.app.last_closed, fd);
  end(&w);
}

TEST(without_callbacks)
{
  struct world w;
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  begin(&w);
  w.config = (struct gate_config){0};
  struct gate_addr a = loopback(80);
  CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), SL_OK);
  CHECK(fcntl(s.fd, F_GETFL) & O_NONBLOCK && fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
  sl_gate_close(&s, &w.app.depth);
  a.family = 9999;
  CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), CURLE_COULDNT_CONNECT);
  CHECK(!refused && s.fd == -1 && w.error.n);
  end(&w);
}

TEST(answers)
{
  static const struct {
    int fd, sockopt;
    sl_result rc;
    enum gate_opened how;
    bool refused;
    int closed;
  } all[] = {
      {-1, 0, CURLE_COULDNT_CONNECT, GATE_OPENED, true, 0},
      {-2, CURL_SOCKOPT_OK, SL_OK, GATE_OPENED, false, 1},
      {-2, CURL_SOCKOPT_ERROR, CURLE_COULDNT_CONNECT, GATE_OPENED, true, 1},
      {-2, 12345, CURLE_COULDNT_CONNECT, GATE_OPENED, true, 1},
      {-2, CURL_SOCKOPT_ALREADY_CONNECTED, SL_OK, GATE_CONNECTED, false, 1},
      {-2, SLUICE_SOCKOPT_CONNECTING, SL_OK, GATE_CONNECTING, false, 1},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct world w;
    struct gate_socket s = GATE_SOCKET_NONE;
    enum gate_opened how = GATE_OPENED;
    bool refused;
    begin(&w);
    w.app.answer_fd = all[i].fd;
    w.app.sockopt = all[i].sockopt;
    struct gate_addr a = loopback(80);
    CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), all[i].rc);
    CHECK_INT(how, all[i].how);
    CHECK_INT(refused, all[i].refused);
    CHECK(!all[i].rc == !w.error.n);
    sl_gate_close(&s, &w.app.depth);
    CHECK_INT(w.app.closed, all[i].closed);
    end(&w);
  }
}

static bool asked(enum gate_purpose purpose, uint32_t purposes, int *out_number)
{
  struct world w;
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  begin(&w);
  w.ask.purpose = purpose;
  w.config.socket_purposes = purposes;
  struct gate_addr a = loopback(53);
  CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), SL_OK);
  sl_gate_close(&s, &w.app.depth);
  CHECK(w.app.opened == w.app.sockopts && w.app.opened == w.app.closed); /* all three or none */
  *out_number = w.app.purpose;
  end(&w);
  return w.app.opened;
}

TEST(purposes)
{
  int number;
  CHECK(asked(GATE_ORIGIN, 0, &number) && number == CURLSOCKTYPE_IPCXN);
  CHECK(asked(GATE_PROXY, 0, &number) && number == CURLSOCKTYPE_IPCXN);
  CHECK(asked(GATE_PROXY, SLUICE_PURPOSE_PROXY, &number) && number == SLUICE_SOCKTYPE_PROXY);
  CHECK(asked(GATE_FTP_DATA, SLUICE_PURPOSE_PROXY, &number) && number == CURLSOCKTYPE_IPCXN);
  CHECK(asked(GATE_FTP_LISTEN, SLUICE_PURPOSE_ALL, &number) && number == SLUICE_SOCKTYPE_FTP_LISTEN);
  CHECK(!asked(GATE_DNS, 0, &number));
  CHECK(!asked(GATE_DNS, SLUICE_PURPOSE_DOH, &number));
  CHECK(asked(GATE_DNS, SLUICE_PURPOSE_DNS, &number) && number == SLUICE_SOCKTYPE_DNS);
  CHECK(!asked(GATE_DOH, 0, &number));
  CHECK(asked(GATE_DOH, SLUICE_PURPOSE_ALL, &number) && number == SLUICE_SOCKTYPE_DOH);
}

/* ---- listening ---- */

static sl_result accept_one(struct world *w, const struct sockaddr *only, struct gate_socket *out)
{
  struct gate_addr a = loopback(0), peer;
  struct gate_socket listener, client;
  struct app none = {.answer_fd = -2};
  struct gate_config quiet = {0};
  struct gate_ask ask = {.config = &quiet, .callback_depth = &none.depth};
  enum gate_opened how;
  bool refused;
  socklen_t len = sizeof a.u;
  CHECK_INT(sl_gate_open(&ask, &a, &listener, &how, &refused), SL_OK);
  CHECK_INT(sl_gate_bind(&ask, &listener, &a), SL_OK);
  CHECK_INT(sl_gate_listen(&ask, &listener), SL_OK);
  getsockname(listener.fd, &a.u.sa, &len);
  CHECK_INT(sl_gate_accept(&w->ask, &listener, NULL, out, &peer), SL_WAIT);
  CHECK_INT(sl_gate_open(&ask, &a, &client, &how, &refused), SL_OK);
  sl_result rc = sl_gate_connect(&ask, &client, &a);
  CHECK(rc == SL_OK || rc == SL_WAIT);
  usleep(1000);
  rc = sl_gate_accept(&w->ask, &listener, only, out, &peer);
  if (!rc)
    CHECK_INT(peer.family, AF_INET);
  sl_gate_close(&client, &none.depth);
  sl_gate_close(&listener, &none.depth);
  return rc;
}

/* Nobody is asked about a stranger, and nothing is left of him. */
TEST(accepting_from_one_host_only)
{
  struct gate_addr other = loopback(0), same = loopback(0);
  struct gate_socket s = GATE_SOCKET_NONE;
  struct world w;
  begin(&w);
  w.ask.purpose = GATE_ACCEPT;
  w.app.answer_fd = -2;
  other.u.in.sin_addr.s_addr = htonl(0x7f000002);
  CHECK_INT(accept_one(&w, &other.u.sa, &s), SL_WAIT);
  CHECK_INT(w.app.opened, 0);
  CHECK_INT(w.app.closed, 0);
  CHECK_INT(accept_one(&w, &same.u.sa, &s), SL_OK);
  CHECK_INT(w.app.opened, 1);
  sl_gate_close(&s, &w.app.depth);
  end(&w);
}

TEST(accepting)
{
  enum { REFUSE, FRESH, CONNECTED, SOCKOPT_ERROR, CASES };
  for (int i = 0; i < CASES; i++) {
    struct world w;
    struct gate_socket s = GATE_SOCKET_NONE;
    int both[2];
    begin(&w);
    w.ask.purpose = GATE_ACCEPT;
    REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM, 0, both));
    w.app.answer_fd = i == REFUSE ? -1 : i == CONNECTED ? both[0] : -2;
    w.app.sockopt = i == SOCKOPT_ERROR ? CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK;
    sl_result rc = accept_one(&w, NULL, &s);
    CHECK_INT(rc, i == REFUSE ? CURLE_COULDNT_CONNECT : i == SOCKOPT_ERROR ? CURLE_ABORTED_BY_CALLBACK : SL_OK);
    CHECK_INT(w.app.opened, 1);
    CHECK_INT(w.app.purpose, CURLSOCKTYPE_ACCEPT);
    if (i == FRESH)
      CHECK_INT(w.app.closed, 1); /* the fresh socket; the accepted connection is used */
    if (i == CONNECTED)
      CHECK_INT(s.fd, both[0]);
    sl_gate_close(&s, &w.app.depth);
    CHECK_INT(w.app.closed, i == REFUSE ? 0 : i == CONNECTED ? 1 : 2);
    if (i != CONNECTED)
      close(both[0]);
    close(both[1]);
    end(&w);
  }
}

/* ---- connecting, addresses ---- */

TEST(connecting_fails_with_errno)
{
  struct world w;
  struct gate_socket s;
  enum gate_opened how;
  bool refused;
  begin(&w);
  struct gate_addr a = loopback(80);
  CHECK_INT(sl_gate_open(&w.ask, &a, &s, &how, &refused), SL_OK);
  a.family = a.u.sa.sa_family = AF_INET6; /* the wrong kind for this socket */
  a.len = sizeof a.u.in6;
  CHECK_INT(sl_gate_connect(&w.ask, &s, &a), CURLE_COULDNT_CONNECT);
  CHECK_INT(errno, EAFNOSUPPORT);
  sl_gate_close(&s, &w.app.depth);
  end(&w);
}

static void literal(const char *text, bool ok, const char *want)
{
  struct gate_addr a;
  char shown[SL_ADDR_TEXT];
  int port;
  if (!CHECK_INT(sl_addr_literal(&a, slice_str(text), 8080), ok))
    printf("# for %s\n", text);
  if (!ok)
    return;
  sl_addr_print(&a.u.sa, shown, &port);
  CHECK_STR(shown, want);
  CHECK_INT(port, 8080);
}

TEST(literals)
{
  literal("127.0.0.1", true, "127.0.0.1");
  literal("::1", true, "::1");
  literal("[2001:db8::1]", true, "2001:db8::1");
  literal("", false, NULL);
  literal("localhost", false, NULL);
  literal("127.0.0.256", false, NULL);
  literal("127.0.0.1 ", false, NULL);
  literal("[::1", false, NULL);
  literal("1.2.3.4.5", false, NULL);
  literal("0000000000000000000000000000000000000000000000000000000000000000000000000000000::1", false, NULL);
}

TEST(unix_paths)
{
  struct gate_addr a;
  char path[sizeof a.u.un.sun_path + 1];
  memset(path, 'x', sizeof path);
  CHECK(!sl_addr_unix(&a, slice_of(path, sizeof path), false));
  CHECK(!sl_addr_unix(&a, slice_of(path, sizeof path), true));
  CHECK(sl_addr_unix(&a, SLICE_LIT("/x"), false));
  CHECK_STR(a.u.un.sun_path, "/x");
  CHECK(sl_addr_unix(&a, SLICE_LIT("x"), true));
  CHECK_INT(a.u.un.sun_path[0], 0);
  CHECK_INT(a.len, sizeof(sa_family_t) + 2); /* an abstract name has no zero at its end */
}
