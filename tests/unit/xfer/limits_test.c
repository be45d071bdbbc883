/* Limits on connections (xfer/limits.c) and CURLMOPT_NOTIFYFUNCTION, against origins in this very
 * thread: they take connections and requests, and answer when the test says so. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"
#include "xfer/limits.h"
#include "xfer/transfer.h"

enum { CLIENTS = 32, HANDLES = 16 };

struct origin {
  int listener, port;
  int fds[CLIENTS]; /* -1 free */
  char in[CLIENTS][2048];
  size_t n[CLIENTS];
  int accepted, open, most_open;
  char asked[512]; /* the paths, in the order in which they came: "/a /b " */
};

static void origin_open(struct origin *o)
{
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof sa;
  memset(o, 0, sizeof *o);
  o->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  CHECK(!bind(o->listener, (struct sockaddr *)&sa, sizeof sa) && !listen(o->listener, CLIENTS));
  CHECK(!getsockname(o->listener, (struct sockaddr *)&sa, &len));
  o->port = ntohs(sa.sin_port);
  for (int i = 0; i < CLIENTS; i++)
    o->fds[i] = -1;
}

static void drop(struct origin *o, int i)
{
  close(o->fds[i]);
  o->fds[i] = -1;
  o->n[i] = 0;
  o->open--;
}

static void origin_close(struct origin *o)
{
  for (int i = 0; i < CLIENTS; i++)
    if (o->fds[i] >= 0)
      drop(o, i);
  close(o->listener);
}

static bool has_request(const struct origin *o, int i)
{
  return o->fds[i] >= 0 && o->n[i] && strstr(o->in[i], "\r\n\r\n");
}

/* "/x" of "GET /x HTTP/1.1" or "GET http://host/x HTTP/1.1" */
static void note_path(struct origin *o, const char *head)
{
  const char *end = strstr(head, " HTTP/"), *at = end;
  while (at > head && *at != '/')
    at--;
  strncat(o->asked, at, (size_t)(end - at));
  strcat(o->asked, " ");
}

/* Takes what there is. */
static void origin_look(struct origin *o)
{
  int fd;
  for (int i = 0; i < CLIENTS; i++) {
    if (o->fds[i] < 0)
      continue;
    bool before = has_request(o, i);
    ssize_t got = recv(o->fds[i], o->in[i] + o->n[i], sizeof o->in[i] - 1 - o->n[i], MSG_DONTWAIT);
    if (!got || (got < 0 && errno != EAGAIN)) {
      drop(o, i);
      continue;
    }
    o->n[i] += got > 0 ? (size_t)got : 0;
    o->in[i][o->n[i]] = 0;
    if (!before && has_request(o, i))
      note_path(o, o->in[i]);
  }
  while ((fd = accept4(o->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    int i = 0;
    while (i < CLIENTS - 1 && o->fds[i] >= 0)
      i++;
    o->fds[i] = fd;
    o->n[i] = 0;
    o->accepted++;
    o->open++;
    if (o->open > o->most_open)
      o->most_open = o->open;
  }
}

/* Answers the request for this path; false: nobody asks for it. */
static bool answer(struct origin *o, const char *path, const char *extra)
{
  char text[256], want[64];
  snprintf(want, sizeof want, "%s HTTP/1.1\r\n", path);
  for (int i = 0; i < CLIENTS; i++) {
    if (!has_request(o, i) || !strstr(o->in[i], want))
      continue;
    int n = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%sContent-Length: 2\r\n\r\nok", extra);
    bool sent = send(o->fds[i], text, (size_t)n, MSG_NOSIGNAL) == n;
    o->n[i] = 0;
    if (strstr(extra, "close"))
      drop(o, i);
    return sent;
  }
  return false;
}

/* ---- the client ---- */

struct world {
  struct origin a, b;
  CURLM *m;
  CURL *handles[HANDLES];
  int n;
  char done[256]; /* paths of those that are through, in order */
};

static size_t discard(char *p, size_t size, size_t n, void *user)
{
  (void)p, (void)user;
  return size * n;
}

static void world_open(struct world *w)
{
  memset(w, 0, sizeof *w);
  origin_open(&w->a);
  origin_open(&w->b);
  w->m = curl_multi_init();
}

static CURL *prepare(struct world *w, const struct origin *o, const char *path)
{
  char url[100];
  CURL *e = curl_easy_init();
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", o->port, path);
  curl_easy_setopt(e, CURLOPT_URL, url);
  curl_easy_setopt(e, CURLOPT_PROXY, "");
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(e, CURLOPT_PRIVATE, path);
  w->handles[w->n++] = e;
  return e;
}

static CURL *ask(struct world *w, const struct origin *o, const char *path)
{
  CURL *e = prepare(w, o, path);
  CHECK_INT(curl_multi_add_handle(w->m, e), CURLM_OK);
  return e;
}

static void read_messages(struct world *w)
{
  CURLMsg *msg;
  int left;
  while ((msg = curl_multi_info_read(w->m, &left))) {
    char *path = NULL;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &path);
    strcat(w->done, path);
    if (msg->data.result)
      snprintf(w->done + strlen(w->done), 8, "!%d", msg->data.result);
    strcat(w->done, " ");
  }
}

/* Until nothing moves any more. */
static void settle(struct world *w)
{
  for (int i = 0; i < 12; i++) {
    int running, ready;
    CHECK_INT(curl_multi_perform(w->m, &running), CURLM_OK);
    origin_look(&w->a);
    origin_look(&w->b);
    curl_multi_poll(w->m, NULL, 0, 1, &ready);
  }
  read_messages(w);
}

static int pending(struct world *w)
{
  curl_off_t n = -1;
  CHECK_INT(curl_multi_get_offt(w->m, CURLMINFO_XFERS_PENDING, &n), CURLM_OK);
  return (int)n;
}

static void world_close(struct world *w)
{
  for (int i = 0; i < w->n; i++)
    curl_easy_cleanup(w->handles[i]);
  curl_multi_cleanup(w->m);
  origin_close(&w->a);
  origin_close(&w->b);
}

/* ---- a host's limit ---- */

TEST(a_host_has_no_more_connections_than_that)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
  for (const char *p[] = {"/1", "/2", "/3", "/4", "/5", NULL}, **at = p; *at; at++)
    ask(&w, &w.a, *at);
  ask(&w, &w.b, "/other");
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 ");
  CHECK_STR(w.b.asked, "/other ");
  CHECK_INT(pending(&w), 3);
  CHECK(answer(&w.a, "/2", ""));
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 /3 "); /* over the same connection */
  CHECK_INT(pending(&w), 2);
  CHECK(answer(&w.a, "/1", "Connection: close\r\n"));
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 /3 /4 ");
  CHECK_INT(pending(&w), 1);
  CHECK(answer(&w.a, "/3", "") && answer(&w.a, "/4", ""));
  settle(&w);
  CHECK(answer(&w.a, "/5", ""));
  settle(&w);
  CHECK_STR(w.done, "/2 /1 /3 /4 /5 ");
  CHECK_INT(w.a.accepted, 3);
  CHECK_INT(w.a.most_open, 2);
  CHECK_INT(pending(&w), 0);
  world_close(&w);
}

TEST(an_idle_connection_of_another_identity_makes_room)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/1");
  settle(&w);
  CURL *e = prepare(&w, &w.a, "/2");
  curl_easy_setopt(e, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  CHECK_INT(curl_multi_add_handle(w.m, e), CURLM_OK);
  settle(&w);
  CHECK_INT(pending(&w), 1);
  CHECK(answer(&w.a, "/1", ""));
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 ");
  CHECK_INT(w.a.accepted, 2);
  CHECK_INT(w.a.open, 1);
  world_close(&w);
}

TEST(what_counts_is_who_is_dialled)
{
  struct world w;
  char proxy[64];
  world_open(&w);
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", w.a.port);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  for (const char *p[] = {"/1", "/2", NULL}, **at = p; *at; at++) {
    CURL *e = prepare(&w, &w.b, *at);
    curl_easy_setopt(e, CURLOPT_PROXY, proxy);
    curl_easy_setopt(e, CURLOPT_URL, at == p ? "http://one.example/1" : "http://two.example/2");
    curl_multi_add_handle(w.m, e);
  }
  settle(&w);
  CHECK_STR(w.a.asked, "/1 ");
  CHECK_INT(pending(&w), 1);
  CHECK(answer(&w.a, "/1", ""));
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 ");
  CHECK_INT(w.a.most_open, 1);
  world_close(&w);
}

/* ---- the limit of all ---- */

TEST(all_together_have_no_more_than_that)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  ask(&w, &w.a, "/a1");
  ask(&w, &w.b, "/b1");
  ask(&w, &w.a, "/a2");
  settle(&w);
  CHECK_INT(pending(&w), 2);
  CHECK_INT(w.b.accepted, 0);
  CHECK(answer(&w.a, "/a1", "")); /* idle now, but it is b1's turn */
  settle(&w);
  CHECK_STR(w.b.asked, "/b1 ");
  CHECK_STR(w.a.asked, "/a1 ");
  CHECK_INT(w.a.open, 0);
  CHECK(answer(&w.b, "/b1", ""));
  settle(&w);
  CHECK_STR(w.a.asked, "/a1 /a2 ");
  CHECK_INT(pending(&w), 0);
  world_close(&w);
}

TEST(both_limits_keep_the_order)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 2L);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/a1");
  ask(&w, &w.b, "/b1");
  ask(&w, &w.a, "/a2"); /* waits for its host */
  ask(&w, &w.b, "/b2");
  ask(&w, &w.a, "/a3");
  settle(&w);
  CHECK_INT(pending(&w), 3);
  CHECK(answer(&w.b, "/b1", "Connection: close\r\n"));
  settle(&w);
  CHECK_STR(w.b.asked, "/b1 /b2 ");
  CHECK(answer(&w.a, "/a1", "Connection: close\r\n"));
  settle(&w);
  CHECK_STR(w.a.asked, "/a1 /a2 ");
  CHECK(answer(&w.a, "/a2", ""));
  settle(&w);
  CHECK(answer(&w.b, "/b2", ""));
  settle(&w);
  CHECK(answer(&w.a, "/a3", ""));
  settle(&w);
  CHECK_STR(w.done, "/b1 /a1 /a2 /b2 /a3 ");
  CHECK_INT(w.a.most_open, 1);
  CHECK_INT(w.b.most_open, 1);
  world_close(&w);
}

TEST(a_host_may_become_free_while_the_total_is_not)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/a1");
  settle(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 0L);
  ask(&w, &w.b, "/b1"); /* waits for the total */
  settle(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/a2"); /* for its host */
  settle(&w);
  CHECK_INT(pending(&w), 2);
  CHECK(answer(&w.a, "/a1", "Connection: close\r\n"));
  settle(&w);
  CHECK_STR(w.b.asked, "/b1 ");
  CHECK(answer(&w.b, "/b1", "Connection: close\r\n"));
  settle(&w);
  CHECK_STR(w.a.asked, "/a1 /a2 ");
  CHECK_INT(pending(&w), 0);
  world_close(&w);
}

TEST(what_is_idle_is_promised_too)
{
  struct world w;
  int running;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/1");
  ask(&w, &w.a, "/2");
  settle(&w);
  CHECK(answer(&w.a, "/1", ""));
  ask(&w, &w.a, "/3");
  curl_multi_perform(w.m, &running);
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 ");
  CHECK_INT(w.a.accepted, 1);
  world_close(&w);
}

/* ---- leaving the queue ---- */

TEST(nobody_overtakes)
{
  struct world w;
  int running;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/1");
  ask(&w, &w.a, "/2");
  settle(&w);
  CHECK(answer(&w.a, "/1", "Connection: close\r\n"));
  ask(&w, &w.a, "/3"); /* its job is there before the place is */
  curl_multi_perform(w.m, &running);
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 ");
  CHECK_INT(pending(&w), 1);
  world_close(&w);
}

TEST(who_leaves_hands_its_turn_on)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/1");
  CURL *second = ask(&w, &w.a, "/2"), *third = ask(&w, &w.a, "/3");
  ask(&w, &w.a, "/4");
  settle(&w);
  CHECK_INT(pending(&w), 3);
  CHECK_INT(curl_multi_remove_handle(w.m, second), CURLM_OK);
  CHECK_INT(pending(&w), 2);
  /* The third is woken, and removed before it runs. */
  struct multi *m = sl_multi_of(w.m);
  struct pool_peer *peer = sl_pool_peer_get(&m->pool, SLICE_LIT("127.0.0.1"), (uint16_t)w.a.port);
  m->pool.max_host_conns = 2;
  sl_limits_place(m, peer);
  sl_pool_peer_put(&m->pool, peer);
  CHECK_INT(pending(&w), 1);
  CHECK_INT(curl_multi_remove_handle(w.m, third), CURLM_OK);
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /4 ");
  CHECK_INT(pending(&w), 0);
  world_close(&w);
}

TEST(a_place_that_was_not_used_goes_on)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/1");
  ask(&w, &w.a, "/2");
  settle(&w);
  struct multi *m = sl_multi_of(w.m);
  struct transfer none = {.multi = m}; /* its dialling did not even make a connection */
  m->pool.max_host_conns = 2;
  sl_limits_use(&none, sl_pool_peer_get(&m->pool, SLICE_LIT("127.0.0.1"), (uint16_t)w.a.port));
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 ");
  world_close(&w);
}

TEST(waiting_has_an_end)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  ask(&w, &w.a, "/1");
  CURL *e = prepare(&w, &w.a, "/2");
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 20L);
  curl_multi_add_handle(w.m, e);
  settle(&w);
  for (int i = 0; i < 100 && !*w.done; i++)
    settle(&w);
  CHECK_STR(w.done, "/2!28 ");
  CHECK_INT(pending(&w), 0);
  ask(&w, &w.a, "/3");
  settle(&w);
  CHECK(answer(&w.a, "/1", ""));
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /3 ");
  world_close(&w);
}

TEST(a_higher_limit_holds_at_once)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  for (const char *p[] = {"/1", "/2", "/3", "/4", NULL}, **at = p; *at; at++)
    ask(&w, &w.a, *at);
  settle(&w);
  CHECK_INT(pending(&w), 3);
  CHECK_INT(curl_multi_setopt(w.m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 3L), CURLM_OK);
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 /3 ");
  CHECK_INT(pending(&w), 1);
  curl_multi_setopt(w.m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0L);
  settle(&w);
  CHECK_STR(w.a.asked, "/1 /2 /3 /4 ");
  world_close(&w);
}

TEST(a_refused_connection_gives_its_place_back)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  CURL *e = prepare(&w, &w.a, "/no");
  curl_easy_setopt(e, CURLOPT_URL, "http://127.0.0.1:1/");
  curl_multi_add_handle(w.m, e);
  ask(&w, &w.a, "/1");
  settle(&w);
  CHECK_STR(w.done, "/no!7 ");
  CHECK_STR(w.a.asked, "/1 ");
  world_close(&w);
}

TEST(a_held_connection_has_its_place_until_it_goes)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  CURL *e = prepare(&w, &w.a, "/held");
  curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
  curl_multi_add_handle(w.m, e);
  settle(&w);
  ask(&w, &w.a, "/1");
  settle(&w);
  CHECK_STR(w.done, "/held ");
  CHECK_INT(pending(&w), 1);
  curl_multi_remove_handle(w.m, e);
  settle(&w);
  CHECK_STR(w.a.asked, "/1 ");
  world_close(&w);
}

TEST(maxconnects_are_the_idle_ones)
{
  struct world w;
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_MAXCONNECTS, 1L);
  ask(&w, &w.a, "/a");
  ask(&w, &w.b, "/b");
  settle(&w);
  CHECK_INT(w.a.open + w.b.open, 2);
  CHECK(answer(&w.a, "/a", ""));
  settle(&w);
  CHECK(answer(&w.b, "/b", ""));
  settle(&w);
  CHECK_INT(w.a.open, 0); /* the oldest */
  CHECK_INT(w.b.open, 1);
  world_close(&w);
}

TEST(memory_may_end_anywhere)
{
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct pool p;
    sl_pool_init(&p);
    struct pool_peer *one = sl_pool_peer_get(&p, SLICE_LIT("One.example"), 80);
    struct pool_peer *same = sl_pool_peer_get(&p, SLICE_LIT("one.Example"), 80);
    struct pool_peer *other = sl_pool_peer_get(&p, SLICE_LIT("one.example"), 81);
    CHECK(!one || !same || one == same);
    CHECK(!other || other != one);
    if (one)
      sl_pool_peer_put(&p, one);
    if (same)
      sl_pool_peer_put(&p, same);
    if (other)
      sl_pool_peer_put(&p, other);
    CHECK_INT(p.peers.live, 0);
    sl_pool_done(&p);
  }
}

/* ---- notifications ---- */

struct notes {
  struct world *w;
  char text[256];
  bool add_one, remove;
  CURL *pair[2]; /* the first that is through takes the other with it */
};

static void on_notify(CURLM *m, unsigned what, CURL *e, void *user)
{
  struct notes *n = user;
  char *path = NULL;
  int running;
  curl_easy_getinfo(e, CURLINFO_PRIVATE, &path);
  snprintf(n->text + strlen(n->text), 32, "%s%s ", what == CURLMNOTIFY_INFO_READ ? "read" : "done", path);
  CHECK_INT(curl_multi_perform(m, &running), CURLM_RECURSIVE_API_CALL);
  CHECK_INT(curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_RECURSIVE_API_CALL);
  CHECK_INT(curl_multi_cleanup(m), CURLM_RECURSIVE_API_CALL);
  if (n->remove && what == CURLMNOTIFY_EASY_DONE)
    CHECK_INT(curl_multi_remove_handle(m, e), CURLM_OK);
  if (n->pair[0]) {
    curl_multi_remove_handle(m, n->pair[e == n->pair[0]]);
    n->pair[0] = NULL;
  }
  if (n->add_one) {
    n->add_one = false;
    ask(n->w, &n->w->b, "/new");
  }
}

static void two_at_once(struct world *w)
{
  ask(w, &w->a, "/1");
  ask(w, &w->a, "/2");
  settle(w);
  CHECK(answer(&w->a, "/1", "") && answer(&w->a, "/2", ""));
  settle(w);
}

TEST(notifies_of_what_was_asked_for)
{
  struct world w;
  struct notes n = {.w = &w};
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_NOTIFYFUNCTION, on_notify);
  curl_multi_setopt(w.m, CURLMOPT_NOTIFYDATA, &n);
  two_at_once(&w);
  CHECK_STR(n.text, "");
  CHECK_INT(curl_multi_notify_enable(w.m, CURLMNOTIFY_EASY_DONE), CURLM_OK);
  two_at_once(&w);
  CHECK_STR(n.text, "done/1 done/2 ");
  CHECK_INT(curl_multi_notify_disable(w.m, CURLMNOTIFY_EASY_DONE), CURLM_OK);
  CHECK_INT(curl_multi_notify_enable(w.m, CURLMNOTIFY_INFO_READ), CURLM_OK);
  CHECK_INT(curl_multi_notify_enable(w.m, 77), CURLM_UNKNOWN_OPTION);
  n.text[0] = 0;
  two_at_once(&w);
  CHECK_STR(n.text, "read/1 "); /* the second message came to one that was unread */
  world_close(&w);
}

TEST(a_notified_application_may_add_and_remove)
{
  struct world w;
  struct notes n = {.w = &w, .add_one = true, .remove = true};
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_NOTIFYFUNCTION, on_notify);
  curl_multi_setopt(w.m, CURLMOPT_NOTIFYDATA, &n);
  curl_multi_notify_enable(w.m, CURLMNOTIFY_EASY_DONE);
  curl_multi_notify_enable(w.m, CURLMNOTIFY_INFO_READ);
  two_at_once(&w);
  settle(&w);
  CHECK_STR(w.b.asked, "/new ");
  CHECK(answer(&w.b, "/new", ""));
  settle(&w);
  CHECK_STR(n.text, "read/1 done/1 done/2 read/new done/new ");
  CHECK_STR(w.done, ""); /* gone with their handles */
  world_close(&w);
}

TEST(of_a_handle_that_has_gone_nobody_is_told)
{
  struct world w;
  struct notes n = {.w = &w};
  world_open(&w);
  curl_multi_setopt(w.m, CURLMOPT_NOTIFYFUNCTION, on_notify);
  curl_multi_setopt(w.m, CURLMOPT_NOTIFYDATA, &n);
  curl_multi_notify_enable(w.m, CURLMNOTIFY_EASY_DONE);
  n.pair[0] = ask(&w, &w.a, "/1");
  n.pair[1] = ask(&w, &w.a, "/2");
  settle(&w);
  CHECK(answer(&w.a, "/1", "") && answer(&w.a, "/2", ""));
  settle(&w);
  CHECK(strlen(n.text) == strlen("done/1 "));
  world_close(&w);
}
