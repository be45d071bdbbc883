/* Tunnels over one HTTP/2 connection to a proxy: every allocation failing in its turn, handles that go away while others
 * use the connection, and what the application's own loop sees of it. The proxy is far.h's. */
#include <curl/curl.h>

#include "gate/ledger.h"
#include "tests/unit/xfer/far.h"
#include "tests/unit/xfer/torture.h"

enum { MANY = 8 };

/* ---- the client ---- */

struct get {
  CURL *e;
  size_t n;
  CURLcode result;
  bool done, kill_on_head, kill_on_body;
};

struct world {
  CURLM *m;
  struct get gets[MANY];
  int n;
  int victim;      /* which one goes away while another one's callback runs */
  int told_ends;   /* the application's loop: sockets that are watched */
};

static struct world *now;

static void kill_victim(void)
{
  struct get *g = &now->gets[now->victim];
  curl_easy_cleanup(g->e);
  g->e = NULL;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
  struct get *g = arg;
  (void)p;
  if (g->kill_on_body) {
    g->kill_on_body = false;
    kill_victim();
  }
  g->n += size * n;
  return size * n;
}

static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
  struct get *g = arg;
  (void)p;
  if (g->kill_on_head) {
    g->kill_on_head = false;
    kill_victim();
  }
  return size * n;
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (!rc)                                                                                       \
      rc = curl_easy_setopt(g->e, option, value);                                                \
  } while (0)

static CURLcode prepare(struct get *g, const char *host, int n)
{
  static struct memory ca;
  char url[64], proxy[64];
  CURLcode rc = CURLE_OK;
  if (!ca.blob.data)
    cert_pem(&ca, pki.ca);
  snprintf(url, sizeof url, "http://%s/%d", host, n);
  snprintf(proxy, sizeof proxy, "https://127.0.0.1:%d", far_port());
  *g = (struct get){.e = curl_easy_init()};
  if (!g->e)
    return CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_URL, url);
  SET(CURLOPT_PROXY, proxy);
  SET(CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTPS2);
  SET(CURLOPT_PROXY_CAINFO_BLOB, &ca.blob);
  SET(CURLOPT_PROXY_CAPATH, NULL);
  SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
  SET(CURLOPT_PROXYUSERPWD, "jim:secret");
  SET(CURLOPT_PROXYAUTH, (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST));
  SET(CURLOPT_TIMEOUT_MS, 20000L);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, g);
  SET(CURLOPT_HEADERFUNCTION, on_head);
  SET(CURLOPT_HEADERDATA, g);
  SET(CURLOPT_PRIVATE, g);
  return rc;
}

static CURLcode add(struct world *w, const char *host, int n)
{
  struct get *g = &w->gets[w->n];
  CURLcode rc = prepare(g, host, n);
  w->n++;
  if (rc)
    return rc;
  return curl_multi_add_handle(w->m, g->e) ? CURLE_OUT_OF_MEMORY : CURLE_OK;
}

static void collect(struct world *w)
{
  int left;
  CURLMsg *msg;
  while ((msg = curl_multi_info_read(w->m, &left))) {
    struct get *g = NULL;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&g);
    g->done = true;
    g->result = msg->data.result;
  }
}

static CURLcode run(struct world *w)
{
  int running = 1;
  while (running) {
    CURLMcode mc = curl_multi_perform(w->m, &running);
    if (!mc && running)
      mc = curl_multi_poll(w->m, NULL, 0, 1000, NULL);
    if (mc)
      return CURLE_OUT_OF_MEMORY;
  }
  collect(w);
  return CURLE_OK;
}

/* The first failure of those that have ended. */
static CURLcode outcome(struct world *w, int n)
{
  for (int i = 0; i < w->n; i++) {
    const struct get *g = &w->gets[i];
    if (!g->e)
      continue;
    if (g->result)
      return g->result;
    CHECK(g->done);
    CHECK_INT(g->n, n);
  }
  return CURLE_OK;
}

static void drop_handles(struct world *w)
{
  for (int i = 0; i < w->n; i++) {
    if (w->gets[i].e && w->m)
      CHECK_INT(curl_multi_remove_handle(w->m, w->gets[i].e), CURLM_OK);
    curl_easy_cleanup(w->gets[i].e);
  }
  w->n = 0;
}

static void done(struct world *w)
{
  drop_handles(w);
  if (w->m)
    CHECK_INT(curl_multi_cleanup(w->m), CURLM_OK);
}

/* ---- memory ---- */

static CURLcode several(void)
{
  static const char *const hosts[] = {"a.test", "auth.test", "b.test"};
  struct world w = {.m = curl_multi_init()};
  CURLcode rc = w.m ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  now = &w;
  for (int round = 0; round < 2 && !rc; round++) { /* the second one on what the first has left */
    for (int i = 0; i < 3 && !rc; i++)
      rc = add(&w, hosts[i], 1000);
    if (!rc)
      rc = run(&w);
    if (!rc)
      rc = outcome(&w, 1000);
    drop_handles(&w);
  }
  done(&w);
  return rc;
}

static CURLcode alone(void)
{
  struct get one, *g = &one;
  CURLcode rc = prepare(g, "auth.test", 100000);
  for (int i = 0; i < 2 && !rc; i++) {
    SET(CURLOPT_FORBID_REUSE, (long)i);
    g->n = 0;
    if (!rc)
      rc = curl_easy_perform(g->e);
    if (!rc)
      CHECK_INT(g->n, 100000);
  }
  curl_easy_cleanup(g->e);
  return rc;
}

static void torture(CURLcode (*scenario)(void), unsigned long (*fail)(unsigned long))
{
  far_port();
  every_allocation(scenario, fail);
}

TEST(several_with_all_later_ones_failing) { torture(several, sl_mem_fail_after); }
TEST(several_with_one_failing) { torture(several, sl_mem_fail_once); }
TEST(alone_with_all_later_ones_failing) { torture(alone, sl_mem_fail_after); }
TEST(alone_with_one_failing) { torture(alone, sl_mem_fail_once); }

/* ---- handles that go ---- */

TEST(handles_go_away_in_callbacks_of_others)
{
  for (int victim = 1; victim < 4; victim++) {
    for (int on = 0; on < 2; on++) {
      struct world w = {.m = curl_multi_init(), .victim = victim};
      now = &w;
      CHECK_INT(add(&w, "a.test", 500000), CURLE_OK);
      CHECK_INT(add(&w, "b.test", 500000), CURLE_OK);
      CHECK_INT(add(&w, "silent.test", 500000), CURLE_OK);
      CHECK_INT(add(&w, "c.test", 500000), CURLE_OK);
      *(on ? &w.gets[0].kill_on_body : &w.gets[0].kill_on_head) = true;
      if (victim != 2) { /* the silent one never ends by itself */
        curl_multi_remove_handle(w.m, w.gets[2].e);
        curl_easy_cleanup(w.gets[2].e);
        w.gets[2].e = NULL;
      }
      CHECK_INT(run(&w), CURLE_OK);
      CHECK_INT(outcome(&w, 500000), CURLE_OK);
      CHECK(!w.gets[victim].e);
      done(&w);
    }
  }
}

/* The one that makes the connection goes, at each moment: another one takes over. */
TEST(the_maker_goes)
{
  for (int turns = 0; turns < 12; turns++) {
    int running;
    struct world w = {.m = curl_multi_init()};
    now = &w;
    for (int i = 0; i < 4; i++)
      CHECK_INT(add(&w, i & 1 ? "a.test" : "b.test", 1000), CURLE_OK);
    for (int i = 0; i < turns; i++) {
      CHECK_INT(curl_multi_perform(w.m, &running), CURLM_OK);
      curl_multi_poll(w.m, NULL, 0, 5, NULL);
    }
    CHECK_INT(curl_multi_remove_handle(w.m, w.gets[0].e), CURLM_OK);
    curl_easy_cleanup(w.gets[0].e);
    w.gets[0].e = NULL;
    CHECK_INT(run(&w), CURLE_OK);
    CHECK_INT(outcome(&w, 1000), CURLE_OK);
    done(&w);
  }
}

TEST(the_connection_dies_under_many)
{
  struct world w = {.m = curl_multi_init()};
  now = &w;
  for (int i = 0; i < 4; i++)
    CHECK_INT(add(&w, "a.test", 1000000000), CURLE_OK);
  int running;
  for (int i = 0; i < 30; i++) {
    CHECK_INT(curl_multi_perform(w.m, &running), CURLM_OK);
    curl_multi_poll(w.m, NULL, 0, 5, NULL);
  }
  CHECK_INT(add(&w, "dead.test", 1), CURLE_OK);
  CHECK_INT(run(&w), CURLE_OK);
  for (int i = 0; i < w.n; i++)
    CHECK(w.gets[i].result == CURLE_RECV_ERROR || w.gets[i].result == CURLE_SEND_ERROR);
  done(&w);
}

/* curl_multi_cleanup() with transfers under way, and with idle tunnels. */
TEST(all_goes_at_once)
{
  int running;
  struct ledger_totals before = sl_ledger_totals();
  struct world w = {.m = curl_multi_init()};
  now = &w;
  CHECK_INT(add(&w, "a.test", 1000), CURLE_OK);
  CHECK_INT(run(&w), CURLE_OK);
  CHECK_INT(add(&w, "b.test", 50000000), CURLE_OK);
  CHECK_INT(add(&w, "silent.test", 1), CURLE_OK);
  for (int i = 0; i < 10; i++) {
    CHECK_INT(curl_multi_perform(w.m, &running), CURLM_OK);
    curl_multi_poll(w.m, NULL, 0, 5, NULL);
  }
  CHECK_INT(curl_multi_cleanup(w.m), CURLM_OK);
  w.m = NULL;
  done(&w);
  struct ledger_totals after = sl_ledger_totals();
  CHECK_INT(after.opened - before.opened, 1);
  CHECK_INT(after.closed - before.closed, 1);
}

static curl_socket_t open_late(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)arg;
  (void)purpose;
  usleep(3 * QUIET_US);
  return socket(a->family, a->socktype, a->protocol);
}

/* An idle proxy connection says goodbye after its descriptor was looked at: that is no part of the next one's key. */
TEST(the_next_connection_is_found_again)
{
  struct world w = {.m = curl_multi_init()};
  now = &w;
  CHECK_INT(add(&w, "bye.test", 1000), CURLE_OK);
  CHECK_INT(run(&w), CURLE_OK);
  struct ledger_totals before = sl_ledger_totals();
  CHECK_INT(add(&w, "a.test", 1000), CURLE_OK); /* on a connection of its own, for its callback's sake */
  curl_easy_setopt(w.gets[1].e, CURLOPT_OPENSOCKETFUNCTION, open_late);
  CHECK_INT(add(&w, "b.test", 1000), CURLE_OK);
  CHECK_INT(run(&w), CURLE_OK);
  CHECK_INT(sl_ledger_totals().opened - before.opened, 2);
  CHECK_INT(add(&w, "c.test", 1000), CURLE_OK);
  CHECK_INT(run(&w), CURLE_OK);
  CHECK_INT(outcome(&w, 1000), CURLE_OK);
  CHECK_INT(sl_ledger_totals().opened - before.opened, 2);
  done(&w);
}

/* ---- a paused one, and the application's loop ---- */

static size_t pause_once(char *p, size_t size, size_t n, void *arg)
{
  struct get *g = arg;
  (void)p;
  if (g->kill_on_body) {
    g->kill_on_body = false;
    return CURL_WRITEFUNC_PAUSE;
  }
  g->n += size * n;
  return size * n;
}

TEST(a_paused_one_does_not_stop_the_others)
{
  struct world w = {.m = curl_multi_init()};
  now = &w;
  CHECK_INT(add(&w, "a.test", 20000000), CURLE_OK);
  CHECK_INT(add(&w, "b.test", 20000000), CURLE_OK);
  curl_easy_setopt(w.gets[0].e, CURLOPT_WRITEFUNCTION, pause_once);
  w.gets[0].kill_on_body = true;
  int running = 2;
  for (int i = 0; i < 2000 && running == 2; i++) {
    CHECK_INT(curl_multi_perform(w.m, &running), CURLM_OK);
    curl_multi_poll(w.m, NULL, 0, 100, NULL);
  }
  CHECK_INT(running, 1);
  CHECK_INT(w.gets[1].n, 20000000);
  CHECK_INT(w.gets[0].n, 0);
  curl_easy_pause(w.gets[0].e, CURLPAUSE_CONT);
  CHECK_INT(run(&w), CURLE_OK);
  CHECK_INT(outcome(&w, 20000000), CURLE_OK);
  done(&w);
}

static int on_socket(CURL *e, curl_socket_t fd, int what, void *arg, void *own)
{
  struct world *w = arg;
  CHECK(e || what == CURL_POLL_REMOVE);
  (void)own;
  (void)fd;
  w->told_ends = what == CURL_POLL_REMOVE ? 0 : what;
  return 0;
}

TEST(the_applications_loop_sees_one_socket_while_it_is_used)
{
  int running = 0;
  struct world w = {.m = curl_multi_init()};
  now = &w;
  curl_multi_setopt(w.m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(w.m, CURLMOPT_SOCKETDATA, &w);
  for (int i = 0; i < 4; i++)
    CHECK_INT(add(&w, i & 1 ? "a.test" : "b.test", 100000), CURLE_OK);
  struct ledger_totals before = sl_ledger_totals();
  CHECK_INT(curl_multi_socket_action(w.m, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  for (int i = 0; i < 5000 && running; i++) {
    struct curl_waitfd fds[4];
    unsigned n = 0;
    curl_multi_waitfds(w.m, fds, 4, &n);
    CHECK(n <= 1);
    long ms = 0;
    curl_multi_timeout(w.m, &ms);
    if (n && ms)
      curl_multi_poll(w.m, NULL, 0, 10, NULL); /* waits, as the application's would */
    curl_multi_socket_action(w.m, n ? fds[0].fd : CURL_SOCKET_TIMEOUT, 0, &running);
    curl_multi_socket_action(w.m, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  CHECK_INT(running, 0);
  collect(&w);
  CHECK_INT(outcome(&w, 100000), CURLE_OK);
  CHECK_INT(sl_ledger_totals().opened - before.opened, 1);
  CHECK_INT(w.told_ends, 0); /* idle, and hidden */
  done(&w);
}
