/* Happy Eyeballs over loopback: order, staggering, losers, refusals; and the stream that comes out. */
#include "stream/connector.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "gate/ledger.h"
#include "stream/bind.h"
#include "tests/test.h"

struct world {
  struct reactor r;
  struct net_config net;
  struct gate_config gate;
  struct connector c;
  struct ledger_totals before;
  unsigned depth;
  int opened, answer;
  char order[200];
  struct buf error;
  int listener, port;
};

static void notified(void *owner) { (void)owner; }

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct world *w = arg;
  char text[SL_ADDR_TEXT];
  int port;
  (void)purpose;
  w->opened++;
  sl_addr_print((const struct sockaddr *)&a->addr, text, &port);
  size_t n = strlen(w->order);
  snprintf(w->order + n, sizeof w->order - n, "%s ", text);
  if (strstr(text, "127.0.0.66"))
    return CURL_SOCKET_BAD;
  int fd = socket(a->family, a->socktype, a->protocol);
  if (w->answer == CURL_SOCKOPT_ALREADY_CONNECTED)
    CHECK_INT(connect(fd, &a->addr, a->addrlen), 0);
  return fd;
}

static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  (void)fd, (void)purpose;
  return ((struct world *)arg)->answer;
}

static void begin(struct world *w)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof in;
  *w = (struct world){.net.happy_eyeballs_timeout_ms = 20, .gate = {.opensocketfunction = on_open}};
  w->gate.opensocketdata = w->gate.sockoptdata = w;
  w->gate.sockoptfunction = on_sockopt;
  w->listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(w->listener, (struct sockaddr *)&in, sizeof in) || listen(w->listener, 8) ||
      getsockname(w->listener, (struct sockaddr *)&in, &len))
    perror("listener");
  w->port = ntohs(in.sin_port);
  sl_ledger_strict(true);
  w->before = sl_ledger_totals();
  sl_reactor_init(&w->r);
  sl_buf_init(&w->error, 256);
  struct gate_ask ask = {.config = &w->gate, .callback_depth = &w->depth, .error = &w->error};
  sl_connector_init(&w->c, &w->r, &w->net, &ask, notified, w);
}

static void end(struct world *w)
{
  sl_connector_done(&w->c);
  sl_reactor_done(&w->r);
  sl_buf_done(&w->error);
  close(w->listener);
  struct ledger_totals now = sl_ledger_totals();
  CHECK_INT(now.opened - w->before.opened, now.closed - w->before.closed);
}

static void add(struct world *w, const char *text)
{
  struct gate_addr a;
  CHECK(sl_addr_literal(&a, slice_str(text), (uint16_t)w->port));
  CHECK(sl_connector_add(&w->c, &a));
}

static sl_result run(struct world *w, struct tcp **out)
{
  sl_result rc;
  for (int i = 0; (rc = sl_connector_step(&w->c, out)) == SL_WAIT && i < 200; i++) {
    sl_reactor_wait(&w->r, 5);
    sl_reactor_clock(&w->r);
    sl_reactor_run(&w->r);
  }
  return rc;
}

static void turn(struct world *w, int ms)
{
  for (int64_t until = sl_reactor_clock(&w->r) + ms * 1000; w->r.now_us < until; sl_reactor_clock(&w->r)) {
    sl_reactor_wait(&w->r, 5);
    sl_reactor_clock(&w->r);
    sl_reactor_run(&w->r);
  }
}

TEST(the_first_that_works)
{
  struct world w;
  struct tcp *t = NULL;
  begin(&w);
  add(&w, "127.0.0.2"); /* nobody there: refused at once */
  add(&w, "127.0.0.1");
  add(&w, "127.0.0.3");
  w.c.complete = true;
  CHECK_INT(run(&w, &t), SL_OK);
  CHECK_STR(w.order, "127.0.0.2 127.0.0.1 ");
  turn(&w, 40);
  CHECK_INT(w.opened, 2); /* the third one was not needed */
  sl_stream_free(&t->s);
  end(&w);
}

TEST(families_take_turns)
{
  struct world w;
  struct tcp *t = NULL;
  begin(&w);
  add(&w, "::1"); /* nobody listens on any of these with that port */
  add(&w, "::1");
  add(&w, "127.0.0.2");
  add(&w, "127.0.0.3");
  w.c.complete = true;
  CHECK_INT(run(&w, &t), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.order, "::1 127.0.0.2 ::1 127.0.0.3 ");
  CHECK(w.c.err == ECONNREFUSED || w.c.err == EADDRNOTAVAIL);
  end(&w);
}

TEST(addresses_may_come_later)
{
  struct world w;
  struct tcp *t = NULL;
  begin(&w);
  CHECK_INT(sl_connector_step(&w.c, &t), SL_WAIT);
  add(&w, "127.0.0.2");
  CHECK_INT(run(&w, &t), SL_WAIT); /* failed, but there may be more */
  add(&w, "127.0.0.1");
  CHECK_INT(run(&w, &t), SL_OK);
  sl_stream_free(&t->s);
  end(&w);
}

TEST(no_addresses)
{
  struct world w;
  struct tcp *t = NULL;
  begin(&w);
  w.c.complete = true;
  CHECK_INT(run(&w, &t), CURLE_COULDNT_CONNECT);
  end(&w);
}

TEST(refusals)
{
  for (int final = 0; final < 2; final++) {
    struct world w;
    struct tcp *t = NULL;
    begin(&w);
    w.gate.refusal = (uint8_t)final;
    add(&w, "127.0.0.66");
    add(&w, "127.0.0.1");
    w.c.complete = true;
    CHECK_INT(run(&w, &t), final ? CURLE_COULDNT_CONNECT : SL_OK);
    CHECK_INT(w.opened, final ? 1 : 2);
    if (t)
      sl_stream_free(&t->s);
    end(&w);
  }
}

/* What is under way then, and what would come later, is given up. */
TEST(a_final_refusal_ends_what_is_under_way)
{
  struct world w;
  struct tcp *t = NULL;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009)};
  int full = socket(AF_INET, SOCK_STREAM, 0), fill[4];
  begin(&w);
  in.sin_port = htons((uint16_t)w.port);
  if (bind(full, (struct sockaddr *)&in, sizeof in) || listen(full, 0))
    perror("full");
  for (int i = 0; i < 4; i++) { /* who comes now waits */
    fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(connect(fill[i], (struct sockaddr *)&in, sizeof in) && errno == EINPROGRESS);
  }
  w.gate.refusal = SLUICE_REFUSAL_FINAL;
  add(&w, "127.0.0.9");
  add(&w, "127.0.0.66");
  CHECK_INT(run(&w, &t), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.order, "127.0.0.9 127.0.0.66 ");
  CHECK(sl_list_empty(&w.c.attempts));
  add(&w, "127.0.0.1");
  CHECK_INT(run(&w, &t), CURLE_COULDNT_CONNECT);
  turn(&w, 40);
  CHECK_INT(w.opened, 2);
  end(&w);
  for (int i = 0; i < 4; i++)
    close(fill[i]);
  close(full);
}

/* Once there is a winner nothing more is opened, although the connector lives on through the handshakes. */
TEST(a_connected_socket_ends_the_race)
{
  struct world w;
  struct tcp *t = NULL;
  begin(&w);
  w.answer = CURL_SOCKOPT_ALREADY_CONNECTED;
  add(&w, "127.0.0.1");
  add(&w, "127.0.0.1");
  w.c.complete = true;
  CHECK_INT(run(&w, &t), SL_OK);
  turn(&w, 60);
  CHECK_INT(w.opened, 1);
  sl_stream_free(&t->s);
  end(&w);
}

TEST(it_moves_bytes)
{
  struct world w;
  struct tcp *t = NULL;
  char got[8];
  size_t n = 0;
  bool has_bytes;
  begin(&w);
  add(&w, "127.0.0.1");
  w.c.complete = true;
  REQUIRE(run(&w, &t) == SL_OK);
  int peer = accept(w.listener, NULL, NULL), fd = -1;
  CHECK(sl_stream_query(&t->s, STREAM_FD, &fd) && fd == t->sock.fd);
  CHECK_INT(sl_stream_step(&t->s), SL_OK);
  CHECK_INT(sl_stream_read(&t->s, got, sizeof got, &n), SL_WAIT);
  CHECK_INT(sl_stream_want(&t->s), WATCH_IN);
  CHECK(!sl_tcp_is_dead(t, &has_bytes) && !has_bytes);
  CHECK_INT(sl_stream_write(&t->s, SLICE_LIT("hello"), &n), SL_OK);
  CHECK_INT(n, 5);
  CHECK_INT(recv(peer, got, sizeof got, 0), 5);
  CHECK_INT(send(peer, "abc", 3, 0), 3);
  CHECK(!sl_tcp_is_dead(t, &has_bytes) && has_bytes);
  CHECK_INT(sl_stream_read(&t->s, got, sizeof got, &n), SL_OK);
  CHECK_MEM(got, "abc", 3);
  sl_result rc = SL_OK; /* until the kernel takes no more */
  for (int i = 0; i < 100000 && !rc; i++)
    rc = sl_stream_write(&t->s, slice_of(w.order, sizeof w.order), &n);
  CHECK_INT(rc, SL_WAIT);
  CHECK_INT(sl_stream_want(&t->s), WATCH_OUT);
  struct linger abort_it = {1, 0};
  setsockopt(peer, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
  close(peer);
  CHECK(sl_tcp_is_dead(t, &has_bytes));
  CHECK_INT(sl_stream_write(&t->s, SLICE_LIT("x"), &n), CURLE_SEND_ERROR); /* and no SIGPIPE */
  CHECK(t->err == EPIPE || t->err == ECONNRESET);
  sl_stream_free(&t->s);
  end(&w);
}

/* ---- the local end ---- */

static sl_result bound(const char *interface, uint16_t port, uint16_t range, struct sockaddr_in *out)
{
  struct gate_socket s = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
  struct net_config net = {.interface = (char *)(uintptr_t)interface, .localport = port, .localportrange = range};
  struct gate_addr peer;
  struct buf error;
  socklen_t len = sizeof *out;
  sl_buf_init(&error, 200);
  sl_addr_literal(&peer, SLICE_LIT("127.0.0.1"), 80);
  struct gate_ask ask = {.error = &error};
  sl_result rc = sl_bind_local(&ask, &net, &s, &peer);
  CHECK(!rc == !error.n);
  getsockname(s.fd, (struct sockaddr *)out, &len);
  sl_buf_done(&error);
  close(s.fd);
  return rc;
}

TEST(local_addresses_and_ports)
{
  struct sockaddr_in in;
  CHECK_INT(bound(NULL, 0, 0, &in), SL_OK);
  CHECK_INT(in.sin_port, 0);
  CHECK_INT(bound("127.0.0.7", 0, 0, &in), SL_OK);
  CHECK_INT(ntohl(in.sin_addr.s_addr), 0x7f000007);
  CHECK_INT(bound("host!127.0.0.8", 0, 0, &in), SL_OK);
  CHECK_INT(ntohl(in.sin_addr.s_addr), 0x7f000008);
  CHECK_INT(bound("lo", 0, 0, &in), SL_OK);
  CHECK_INT(ntohl(in.sin_addr.s_addr), 0x7f000001);
  CHECK_INT(bound("if!lo", 0, 0, &in), SL_OK);
  CHECK_INT(bound("if!127.0.0.1", 0, 0, &in), CURLE_INTERFACE_FAILED);
  CHECK_INT(bound("host!lo", 0, 0, &in), CURLE_INTERFACE_FAILED);
  CHECK_INT(bound("nothing0", 0, 0, &in), CURLE_INTERFACE_FAILED);
  CHECK_INT(bound("", 0, 0, &in), CURLE_INTERFACE_FAILED);
  CHECK_INT(bound("192.0.2.1", 0, 0, &in), CURLE_INTERFACE_FAILED); /* not ours */
}

TEST(a_range_of_ports)
{
  struct world w; /* its listener has a port: that one and the next */
  struct sockaddr_in in;
  begin(&w);
  CHECK_INT(bound("127.0.0.1", (uint16_t)w.port, 1, &in), CURLE_INTERFACE_FAILED);
  CHECK_INT(bound("127.0.0.1", (uint16_t)w.port, 20, &in), SL_OK);
  CHECK(ntohs(in.sin_port) > w.port && ntohs(in.sin_port) < w.port + 20);
  end(&w);
}

TEST(without_memory)
{
  bool done = false;
  FOR_EACH_FAILING_ALLOC (n) {
    struct world w;
    struct tcp *t = NULL;
    struct gate_addr a;
    begin(&w);
    sl_addr_literal(&a, SLICE_LIT("127.0.0.1"), (uint16_t)w.port);
    bool added = sl_connector_add(&w.c, &a);
    w.c.complete = true;
    sl_result rc = added ? run(&w, &t) : SL_NOMEM;
    CHECK(rc == SL_OK || rc == SL_NOMEM);
    if (t)
      sl_stream_free(&t->s);
    end(&w);
    done = rc == SL_OK;
  }
  CHECK(done);
}

TEST(one_that_never_came_to_be)
{
  struct connector c = {0};
  sl_connector_done(&c);
  CHECK(!c.won && !c.addrs);
}
