/* The socket contract through the public interface: which callbacks are called for a descriptor, in which order, with
 * what, and that every descriptor that entered leaves through the close callback exactly once. */
#include <curl/curl.h>
#include <sluice/sluice.h>

#include <fcntl.h>
#include <poll.h>

#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/xfer/peer.h"

enum { FDS = 256, SEEN = 16 };
enum step { GONE, OPENED, SOCKOPT, ADDED, REMOVED };

/* What happened to each descriptor, and what the callbacks are to answer. Its address is the callbacks' data. */
struct world {
  uint8_t at[FDS];
  uint8_t watched[FDS]; /* CURL_POLL_* */
  int opened, refused, sockopts, closed, added, bad;
  char seen[SEEN][64];  /* "family address port", in the order of asking */
  int n_seen;
  const char *refuse;   /* an address, or "all" */
  int to_port;          /* != 0: send the connection to 127.0.0.1 there */
  int answer;           /* of the sockopt callback */
  bool connect, connecting;
  int last_fd;
  CURL *curl;
  CURLM *multi;
  CURLcode easy_says;
  CURLMcode multi_says;
  long timer_ms;
  size_t got;
  int events[SLUICE_EVENT_CLOSE + 1];
};

static void expect(struct world *w, int fd, bool right)
{
  if (fd < 0 || fd >= FDS || !right)
    w->bad++;
}

static void note_address(struct world *w, const struct curl_sockaddr *a)
{
  char text[64] = "?";
  int port = 0;
  if (a->family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, &a->addr, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    port = ntohs(in.sin_port);
  } else if (a->family == AF_INET6) {
    struct sockaddr_in6 in6;
    memcpy(&in6, &a->addr, sizeof in6);
    inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    port = ntohs(in6.sin6_port);
  }
  if (w->n_seen < SEEN)
    snprintf(w->seen[w->n_seen++], 64, "%d %.40s %d", a->family == AF_INET6 ? 6 : a->family == AF_INET ? 4 : 1, text, port);
}

static void try_calls(struct world *w)
{
  int n;
  if (w->curl && !w->multi)
    w->easy_says = curl_easy_perform(w->curl);
  if (!w->multi)
    return;
  CURLMcode all[] = {curl_multi_perform(w->multi, &n), curl_multi_socket_action(w->multi, CURL_SOCKET_TIMEOUT, 0, &n),
                     curl_multi_poll(w->multi, NULL, 0, 0, &n), curl_multi_remove_handle(w->multi, w->curl),
                     curl_multi_add_handle(w->multi, w->curl), curl_multi_cleanup(w->multi)};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i] != CURLM_RECURSIVE_API_CALL)
      w->multi_says = all[i] ? all[i] : CURLM_LAST;
  w->easy_says = curl_easy_perform(w->curl);
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct world *w = arg;
  note_address(w, a);
  try_calls(w);
  w->bad += purpose != CURLSOCKTYPE_IPCXN || a->socktype != SOCK_STREAM;
  if (w->refuse && (!strcmp(w->refuse, "all") || strstr(w->seen[w->n_seen - 1], w->refuse))) {
    w->refused++;
    return CURL_SOCKET_BAD;
  }
  if (w->to_port) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)w->to_port)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(&a->addr, &in, sizeof in);
    a->family = AF_INET;
    a->addrlen = sizeof in;
  }
  int fd = socket(a->family, a->socktype | (w->connecting ? SOCK_NONBLOCK : 0), a->protocol);
  if ((w->connect || w->connecting) && connect(fd, &a->addr, a->addrlen) && errno != EINPROGRESS)
    w->bad++;
  expect(w, fd, w->at[fd] == GONE);
  w->at[fd] = OPENED;
  w->opened++;
  return w->last_fd = fd;
}

static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  struct world *w = arg;
  expect(w, fd, w->at[fd] == OPENED && purpose == CURLSOCKTYPE_IPCXN);
  expect(w, fd, fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
  w->at[fd] = SOCKOPT;
  w->sockopts++;
  try_calls(w);
  return w->answer;
}

static int on_close(void *arg, curl_socket_t fd)
{
  struct world *w = arg;
  expect(w, fd, (w->at[fd] == SOCKOPT || w->at[fd] == REMOVED) && !w->watched[fd]);
  expect(w, fd, fcntl(fd, F_GETFD) >= 0);
  w->at[fd] = GONE;
  w->closed++;
  try_calls(w);
  return close(fd);
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *app)
{
  struct world *w = arg;
  (void)curl, (void)app;
  try_calls(w);
  if (what == CURL_POLL_REMOVE) {
    expect(w, fd, w->at[fd] == ADDED);
    w->at[fd] = REMOVED;
    w->watched[fd] = 0;
    return 0;
  }
  expect(w, fd, w->at[fd] == SOCKOPT || w->at[fd] == ADDED || w->at[fd] == REMOVED);
  expect(w, fd, w->watched[fd] != what);
  w->added += !w->watched[fd];
  w->at[fd] = ADDED;
  w->watched[fd] = (uint8_t)what;
  return 0;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
  struct world *w = arg;
  (void)m;
  w->timer_ms = ms;
  return 0;
}

static void on_event(void *arg, const struct sluice_socket_event *e)
{
  struct world *w = arg;
  if (e->what >= 1 && e->what <= SLUICE_EVENT_CLOSE)
    w->events[e->what]++;
}

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct world *w = arg;
  (void)data, (void)size;
  try_calls(w);
  w->got += n;
  return n;
}

static size_t abort_write(char *data, size_t size, size_t n, void *arg)
{
  (void)data, (void)size, (void)n, (void)arg;
  return 0;
}

static void gate(CURL *c, struct world *w)
{
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, w);
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
  curl_easy_setopt(c, CURLOPT_SOCKOPTDATA, w);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, w);
}

static CURL *handle(struct world *w, const char *path)
{
  char url[96];
  CURL *c = curl_easy_init();
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", peer_get()->port, path);
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, w);
  curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 10000L);
  gate(c, w);
  return c;
}

/* many.test at each of the addresses, which are given without their port */
static struct curl_slist *many(CURL *c, const char *addresses)
{
  char text[128];
  snprintf(text, sizeof text, "many.test:%d:%s", peer_get()->port, addresses);
  struct curl_slist *l = curl_slist_append(NULL, text);
  curl_easy_setopt(c, CURLOPT_RESOLVE, l);
  snprintf(text, sizeof text, "http://many.test:%d/text", peer_get()->port);
  curl_easy_setopt(c, CURLOPT_URL, text);
  return l;
}

/* After all handles are gone. */
static void all_closed(const struct world *w)
{
  static struct ledger_totals before;
  struct ledger_totals now = sl_ledger_totals();
  CHECK_INT(w->bad, 0);
  CHECK_INT(w->closed, w->opened);
  CHECK_INT(w->sockopts, w->opened);
  for (int fd = 0; fd < FDS; fd++)
    CHECK_INT(w->at[fd], GONE);
  CHECK_INT(now.opened - before.opened, now.closed - before.closed);
  before = now;
}

/* ---- one descriptor ---- */

TEST(order_with_easy_perform)
{
  struct world w = {0};
  sl_ledger_strict(true);
  CURL *c = handle(&w, "/text");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.got, 12);
  CHECK_INT(w.opened, 1);
  CHECK_INT(w.closed, 0);
  curl_easy_cleanup(c);
  all_closed(&w);
}

/* An event loop of the application: runs until nothing is left, or `limit` turns. */
static int loop(CURLM *m, struct world *w, int limit)
{
  int running = 1;
  CHECK_INT(curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  while (running && limit-- > 0) {
    struct pollfd p[FDS];
    nfds_t n = 0;
    for (int fd = 0; fd < FDS; fd++)
      if (w->watched[fd])
        p[n++] = (struct pollfd){fd, (short)((w->watched[fd] & CURL_POLL_IN ? POLLIN : 0) |
                                             (w->watched[fd] & CURL_POLL_OUT ? POLLOUT : 0)), 0};
    int most_ms = limit < 100 ? 5 : 1000; /* a limited run ends among things that do not happen */
    int ready = poll(p, n, w->timer_ms < 0 || w->timer_ms > most_ms ? most_ms : (int)w->timer_ms);
    if (!ready) {
      curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (nfds_t i = 0; i < n; i++)
      if (p[i].revents && w->watched[p[i].fd])
        curl_multi_socket_action(m, p[i].fd, (p[i].revents & POLLIN ? CURL_CSELECT_IN : 0) |
                                                 (p[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0), &running);
  }
  return running;
}

static CURLM *watched_multi(struct world *w)
{
  CURLM *m = curl_multi_init();
  curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(m, CURLMOPT_SOCKETDATA, w);
  curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(m, CURLMOPT_TIMERDATA, w);
  return m;
}

TEST(order_with_socket_action)
{
  struct world w = {0};
  CURLM *m = watched_multi(&w);
  CURL *c[10];
  for (int i = 0; i < 10; i++) {
    c[i] = handle(&w, i % 2 ? "/text" : "/close");
    curl_easy_setopt(c[i], CURLOPT_FORBID_REUSE, (long)(i % 3 == 0));
    curl_multi_add_handle(m, c[i]);
  }
  CHECK_INT(loop(m, &w, 1000), 0);
  CHECK_INT(w.got, 60);
  CHECK_INT(w.opened, 10);
  CHECK_INT(w.added, 10);
  for (int fd = 0; fd < FDS; fd++) /* idle ones are none of the application's business */
    CHECK_INT(w.watched[fd], 0);
  for (int i = 0; i < 10; i++) {
    curl_multi_remove_handle(m, c[i]);
    curl_easy_cleanup(c[i]);
  }
  curl_multi_cleanup(m);
  all_closed(&w);
}

TEST(without_callbacks_the_library_does_it_itself)
{
  struct world w = {0};
  CURL *c = handle(&w, "/text");
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, NULL);
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, NULL);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, NULL);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.got, 6);
  curl_easy_cleanup(c);
  all_closed(&w);
}

/* ---- refusals ---- */

TEST(a_refused_address_leaves_the_next)
{
  struct world w = {.refuse = "127.0.0.2"};
  char want[64], *ip = NULL;
  CURL *c = handle(&w, "");
  struct curl_slist *l = many(c, "127.0.0.2,127.0.0.1");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.n_seen, 2);
  snprintf(want, sizeof want, "4 127.0.0.2 %d", peer_get()->port);
  CHECK_STR(w.seen[0], want);
  snprintf(want, sizeof want, "4 127.0.0.1 %d", peer_get()->port);
  CHECK_STR(w.seen[1], want);
  curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &ip);
  CHECK_STR(ip, "127.0.0.1");
  curl_easy_cleanup(c);
  curl_slist_free_all(l);
  all_closed(&w);
}

TEST(refused_ipv6_falls_back_to_ipv4)
{
  struct world w = {.refuse = "6 "};
  CURL *c = handle(&w, "");
  struct curl_slist *l = many(c, "::1,127.0.0.1");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.n_seen, 2);
  CHECK_INT(w.refused, 1);
  curl_easy_cleanup(c);
  curl_slist_free_all(l);
  all_closed(&w);
}

TEST(the_first_refusal_can_be_final)
{
  struct world w = {.refuse = "127.0.0.2"};
  CURL *c = handle(&w, "");
  struct curl_slist *l = many(c, "127.0.0.2,127.0.0.1");
  CHECK_INT(curl_easy_setopt(c, SLUICEOPT_REFUSAL, SLUICE_REFUSAL_FINAL), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_COULDNT_CONNECT);
  CHECK_INT(w.n_seen, 1);
  curl_easy_cleanup(c);
  curl_slist_free_all(l);
  all_closed(&w);
}

TEST(all_refused)
{
  struct world w = {.refuse = "all"};
  char error[CURL_ERROR_SIZE] = "";
  CURL *c = handle(&w, "");
  struct curl_slist *l = many(c, "127.0.0.2,127.0.0.1,::1");
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
  CHECK_INT(curl_easy_perform(c), CURLE_COULDNT_CONNECT);
  CHECK_INT(w.refused, 3);
  CHECK(strstr(error, "application refused") && strstr(error, " port "));
  long connects = -1;
  char *method = NULL;
  CHECK_INT(curl_easy_getinfo(c, CURLINFO_NUM_CONNECTS, &connects), CURLE_OK);
  CHECK_INT(connects, 0); /* only those that succeed */
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, "x");
  CHECK_INT(curl_easy_perform(c), CURLE_COULDNT_CONNECT);
  CHECK_INT(curl_easy_getinfo(c, CURLINFO_EFFECTIVE_METHOD, &method), CURLE_OK);
  CHECK_STR(method, "POST"); /* that it did not come to a request changes nothing */
  curl_easy_cleanup(c);
  curl_slist_free_all(l);
  all_closed(&w);
}

TEST(a_descriptor_that_is_none)
{
  struct world w = {0};
  CURL *c = handle(&w, "/text");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  w.answer = CURL_SOCKOPT_ERROR;
  curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_COULDNT_CONNECT);
  CHECK_INT(w.opened, 2);
  CHECK_INT(w.closed, 1); /* the one that sockopt refused */
  curl_easy_cleanup(c);
  all_closed(&w);
}

/* ---- other addresses, other connections ---- */

TEST(a_changed_address_is_used)
{
  static const char *const urls[] = {"http://127.0.0.9:1/text", "http://[::1]:2/text"};
  for (size_t i = 0; i < 2; i++) {
    struct world w = {.to_port = peer_get()->port};
    char *ip = NULL;
    long port = 0;
    CURL *c = handle(&w, "");
    curl_easy_setopt(c, CURLOPT_URL, urls[i]);
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(c, CURLINFO_PRIMARY_PORT, &port);
    CHECK_STR(ip, "127.0.0.1");
    CHECK_INT(port, peer_get()->port);
    CHECK_STR(w.seen[0], i ? "6 ::1 2" : "4 127.0.0.9 1");
    curl_easy_cleanup(c);
    all_closed(&w);
  }
}

TEST(a_connected_socket)
{
  struct world w = {.connect = true, .answer = CURL_SOCKOPT_ALREADY_CONNECTED};
  CURL *c = handle(&w, "/text");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.got, 6);
  curl_easy_cleanup(c);
  all_closed(&w);
}

TEST(a_socket_that_is_connecting)
{
  struct world w = {.connecting = true, .answer = SLUICE_SOCKOPT_CONNECTING};
  CURL *c = handle(&w, "/text");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.got, 6);
  curl_easy_cleanup(c);
  all_closed(&w);
}

/* socketpair(2): one end for the library */
static int pair_end;
static curl_socket_t open_pair(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  int both[2];
  struct world *w = arg;
  (void)purpose, (void)a;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, both))
    return CURL_SOCKET_BAD;
  pair_end = both[1];
  if (!peer_say(pair_end, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
    w->bad++;
  w->at[both[0]] = OPENED;
  w->opened++;
  return both[0];
}

TEST(a_connected_socket_of_another_kind)
{
  struct world w = {.answer = CURL_SOCKOPT_ALREADY_CONNECTED};
  char request[256] = "";
  CURL *c = handle(&w, "");
  curl_easy_setopt(c, CURLOPT_URL, "http://192.0.2.1/x");
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_pair);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.got, 2);
  CHECK(recv(pair_end, request, sizeof request - 1, 0) > 0);
  CHECK(!strncmp(request, "GET /x HTTP/1.1\r\nHost: 192.0.2.1\r\n", 34));
  curl_easy_cleanup(c);
  close(pair_end);
  all_closed(&w);
}

TEST(a_unix_socket)
{
  struct world w = {0};
  struct { sa_family_t family; char path[108]; } un = {AF_UNIX, ""};
  snprintf(un.path + 1, sizeof un.path - 1, "sluice-callbacks-%d", (int)getpid());
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(!bind(fd, (struct sockaddr *)&un, (socklen_t)(3 + strlen(un.path + 1))) && !listen(fd, 1));
  CURL *c = handle(&w, "/text");
  curl_easy_setopt(c, CURLOPT_ABSTRACT_UNIX_SOCKET, un.path + 1);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 100L);
  CHECK_INT(curl_easy_perform(c), CURLE_OPERATION_TIMEDOUT); /* connected; nobody answers */
  CHECK_INT(w.n_seen, 1);
  CHECK_STR(w.seen[0], "1 ? 0");
  curl_easy_cleanup(c);
  close(fd);
  all_closed(&w);
}

/* ---- every way out ---- */

TEST(lesson_11_the_loser_of_a_race_is_closed)
{
  struct world w = {0};
  peer_stuck();
  CURL *c = handle(&w, "");
  struct curl_slist *l = many(c, "127.0.0.3,127.0.0.1");
  curl_easy_setopt(c, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 20L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 2);
  CHECK_INT(w.closed, 1);
  curl_easy_cleanup(c);
  curl_slist_free_all(l);
  all_closed(&w);
}

TEST(a_refused_connection_is_closed)
{
  struct world w = {0};
  CURL *c = handle(&w, "");
  struct curl_slist *l = many(c, "127.0.0.2,127.0.0.4");
  CHECK_INT(curl_easy_perform(c), CURLE_COULDNT_CONNECT);
  CHECK_INT(w.closed, 2);
  curl_easy_cleanup(c);
  curl_slist_free_all(l);
  all_closed(&w);
}

TEST(time_outs)
{
  struct world w = {0};
  peer_stuck();
  CURL *c = handle(&w, "/silent");
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 50L);
  CHECK_INT(curl_easy_perform(c), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(w.closed, 1);
  struct curl_slist *l = many(c, "127.0.0.3");
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 10000L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 50L);
  CHECK_INT(curl_easy_perform(c), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(w.closed, 2);
  curl_easy_cleanup(c);
  curl_slist_free_all(l);
  all_closed(&w);
}

TEST(an_abort_by_the_write_callback)
{
  struct world w = {0};
  CURL *c = handle(&w, "/big");
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, abort_write);
  CHECK_INT(curl_easy_perform(c), CURLE_WRITE_ERROR);
  CHECK_INT(w.closed, 1);
  curl_easy_cleanup(c);
  all_closed(&w);
}

TEST(a_handle_removed_while_it_runs)
{
  static const char *const paths[] = {"/part", "/silent", "stuck"};
  peer_stuck();
  for (size_t i = 0; i < 3; i++) {
    struct world w = {0};
    struct curl_slist *l = NULL;
    CURLM *m = watched_multi(&w);
    CURL *c = handle(&w, paths[i]);
    if (i == 2)
      l = many(c, "127.0.0.3");
    curl_multi_add_handle(m, c);
    CHECK_INT(loop(m, &w, 4), 1);
    CHECK_INT(w.opened, 1);
    if (i % 2) {
      CHECK_INT(curl_multi_remove_handle(m, c), CURLM_OK);
      CHECK_INT(w.closed, 1);
      curl_easy_cleanup(c);
    } else {
      curl_easy_cleanup(c); /* takes itself out */
      CHECK_INT(w.closed, 1);
    }
    curl_multi_cleanup(m);
    curl_slist_free_all(l);
    all_closed(&w);
  }
}

TEST(a_multi_handle_that_ends_before_its_transfers)
{
  struct world w = {0};
  CURLM *m = watched_multi(&w);
  CURL *c = handle(&w, "/silent");
  curl_multi_add_handle(m, c);
  CHECK_INT(loop(m, &w, 4), 1);
  CHECK_INT(curl_multi_cleanup(m), CURLM_OK);
  CHECK_INT(w.closed, 1);
  CHECK_INT(curl_easy_perform(c = (curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 50L), c)), CURLE_OPERATION_TIMEDOUT);
  curl_easy_cleanup(c);
  all_closed(&w);
}

static int run(CURLM *m)
{
  int running = 1;
  for (int i = 0; running && i < 1000; i++) {
    CHECK_INT(curl_multi_perform(m, &running), CURLM_OK);
    if (running)
      curl_multi_poll(m, NULL, 0, 100, NULL);
  }
  return running;
}

TEST(a_pooled_connection_outlives_its_handle)
{
  struct world w = {0};
  CURLM *m = curl_multi_init();
  CURL *c = handle(&w, "/text");
  curl_multi_add_handle(m, c);
  CHECK_INT(run(m), 0);
  curl_multi_remove_handle(m, c);
  curl_easy_cleanup(c);
  CHECK_INT(w.closed, 0);
  CHECK_INT(curl_multi_cleanup(m), CURLM_OK);
  CHECK_INT(w.closed, 1);
  all_closed(&w);
}

TEST(a_peer_that_closes_an_idle_connection)
{
  struct world w = {0};
  CURL *c = handle(&w, "/idle");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  usleep(20000);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.got, 12);
  CHECK_INT(w.opened, 2);
  CHECK_INT(w.closed, 1);
  curl_easy_cleanup(c);
  all_closed(&w);
}

TEST(connect_only)
{
  struct world w = {0};
  curl_socket_t fd = CURL_SOCKET_BAD;
  size_t n = 0;
  char answer[512] = "";
  CURL *c = handle(&w, "/text");
  curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  CHECK_INT(fd, w.last_fd);
  CHECK_INT(w.closed, 0);
  CHECK_INT(curl_easy_send(c, "GET /text HTTP/1.1\r\n\r\n", 22, &n), CURLE_OK);
  struct pollfd p = {fd, POLLIN, 0};
  CHECK_INT(poll(&p, 1, 5000), 1);
  CHECK_INT(curl_easy_recv(c, answer, sizeof answer - 1, &n), CURLE_OK);
  CHECK(!strncmp(answer, "HTTP/1.1 200 OK\r\n", 17));
  curl_easy_cleanup(c);
  all_closed(&w);
}

/* ---- whose function, whose data ---- */

static int other_close(void *arg, curl_socket_t fd)
{
  struct world *w = arg;
  w->bad += 100;
  return close(fd);
}

TEST(lesson_11_close_is_the_one_of_the_opening)
{
  struct world w = {0}, other = {0};
  CURL *c = handle(&w, "/text");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, other_close);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, &other);
  curl_easy_cleanup(c);
  CHECK_INT(other.bad, 0);
  all_closed(&w);
}

static curl_socket_t other_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  return on_open(arg, purpose, a);
}

static int other_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  return on_sockopt(arg, fd, purpose);
}

static int third_close(void *arg, curl_socket_t fd)
{
  return on_close(arg, fd);
}

TEST(a_connection_is_reused_by_its_own_functions_only)
{
  struct world w = {0};
  CURL *c = handle(&w, "/text");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 1);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, other_open);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 2);
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, other_sockopt);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 3);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, third_close);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 4);
  gate(c, &w); /* as it was: the first one serves again */
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 4);
  curl_easy_cleanup(c);
  all_closed(&w);
}

/* ---- calls from within ---- */

TEST(lesson_12_easy_calls_from_callbacks)
{
  struct world w = {0};
  CURL *c = handle(&w, "/text");
  w.curl = c;
  curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.easy_says, CURLE_RECURSIVE_API_CALL);
  CHECK_INT(w.closed, 1);
  w.curl = NULL;
  curl_easy_cleanup(c);
  all_closed(&w);
}

TEST(lesson_12_multi_calls_from_callbacks)
{
  struct world w = {0};
  CURLM *m = watched_multi(&w);
  CURL *c = handle(&w, "/text");
  curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
  curl_multi_add_handle(m, c);
  w.curl = c;
  w.multi = m;
  CHECK_INT(loop(m, &w, 100), 0);
  w.multi = NULL;
  w.curl = NULL;
  CHECK_INT(w.multi_says, CURLM_OK);
  CHECK_INT(w.easy_says, CURLE_RECURSIVE_API_CALL);
  CHECK_INT(w.got, 6);
  curl_multi_remove_handle(m, c);
  curl_easy_cleanup(c);
  curl_multi_cleanup(m);
  all_closed(&w);
}

/* ---- being told ---- */

TEST(events)
{
  struct world w = {.refuse = "127.0.0.2"};
  CURL *c = handle(&w, "");
  struct curl_slist *l = many(c, "127.0.0.2,127.0.0.1");
  CHECK_INT(curl_easy_setopt(c, SLUICEOPT_SOCKET_EVENTFUNCTION, on_event), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c, SLUICEOPT_SOCKET_EVENTDATA, &w), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.events[SLUICE_EVENT_REFUSED], 1);
  CHECK_INT(w.events[SLUICE_EVENT_OPEN], 1);
  CHECK_INT(w.events[SLUICE_EVENT_CONNECT], 1);
  CHECK_INT(w.events[SLUICE_EVENT_CONNECTED], 1);
  CHECK_INT(w.events[SLUICE_EVENT_REUSE], 1);
  curl_easy_cleanup(c);
  CHECK_INT(w.events[SLUICE_EVENT_CLOSE], 1);
  curl_slist_free_all(l);
  all_closed(&w);
}
