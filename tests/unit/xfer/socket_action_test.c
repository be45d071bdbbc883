/* curl_multi_socket_action() for those who write event loops: a small epoll loop that believes nothing. It notes what the
 * library tells it, in a trace, and complains about each call that a loop could do without or could not make sense of. */
#include <curl/curl.h>

#include <time.h>

#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/xfer/origin.h"

enum { FDS = 4096, TRACE = 4096, HANDLES = 8 };

struct loop {
  CURLM *m;
  CURL *easy[HANDLES];
  CURLcode result[HANDLES];
  int done, running, epoll;
  int64_t due_ms;         /* the timer; -1: not set */
  long last_timer;        /* what the timer callback said last; -2: nothing, or it has been used up */
  int what[FDS];          /* what is told now; 0: the descriptor is not the loop's */
  void *pointer[FDS];     /* what was assigned */
  bool open[FDS];
  char trace[TRACE];      /* of all that the library has told, and in which order */
  int adds, mods, removes, opens, closes, timers;
  int refused, not_refused, no_easy; /* forbidden calls from within callbacks; callbacks without an easy handle */
  bool forbid;            /* try forbidden calls */
  bool assign;            /* assign a pointer at each ADD */
};

static struct origin web;

static int64_t now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void note(struct loop *l, const char *word)
{
  size_t n = strlen(l->trace);
  snprintf(l->trace + n, sizeof l->trace - n, "%s%s", n ? " " : "", word);
}

static void forbidden(struct loop *l, CURL *any)
{
  int n;
  long ms;
  if (!l->forbid)
    return;
  struct curl_waitfd fds[1];
  unsigned count;
  fd_set in, out;
  const CURLMcode got[] = {
      curl_multi_perform(l->m, &n),
      curl_multi_socket_action(l->m, CURL_SOCKET_TIMEOUT, 0, &n),
      curl_multi_add_handle(l->m, l->easy[HANDLES - 1]),
      curl_multi_remove_handle(l->m, any),
      curl_multi_poll(l->m, NULL, 0, 0, &n),
      curl_multi_wait(l->m, NULL, 0, 0, &n),
      curl_multi_timeout(l->m, &ms),
      curl_multi_fdset(l->m, &in, &out, NULL, &n),
      curl_multi_waitfds(l->m, fds, 1, &count),
      curl_multi_setopt(l->m, CURLMOPT_MAXCONNECTS, 5L),
      curl_multi_cleanup(l->m),
  };
  for (size_t i = 0; i < sizeof got / sizeof got[0]; i++) {
    l->refused += got[i] == CURLM_RECURSIVE_API_CALL;
    l->not_refused += got[i] != CURLM_RECURSIVE_API_CALL;
    if (got[i] != CURLM_RECURSIVE_API_CALL)
      printf("# forbidden call %zu: %d\n", i, got[i]);
  }
  if (any && curl_easy_perform(any) != CURLE_RECURSIVE_API_CALL)
    l->not_refused++;
}

static void epoll_tell(struct loop *l, int fd, int what, int before)
{
  struct epoll_event e = {.data.fd = fd};
  e.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  int op = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL : before ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  CHECK(!epoll_ctl(l->epoll, op, fd, &e)); /* fails for what is closed, unknown or known already */
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *pointer)
{
  struct loop *l = data;
  static const char *const names[] = {"", "in", "out", "inout", "remove"};
  char word[32];
  if (!CHECK(fd >= 0 && fd < FDS))
    return 0;
  int before = l->what[fd];
  CHECK(what >= CURL_POLL_IN && what <= CURL_POLL_REMOVE);
  CHECK(l->open[fd]);                          /* ADD after open, REMOVE before close */
  CHECK(what != before);                       /* nothing new */
  CHECK(what != CURL_POLL_REMOVE || before);   /* never told of */
  CHECK(pointer == l->pointer[fd]);
  l->no_easy += !easy;
  epoll_tell(l, fd, what, before);
  snprintf(word, sizeof word, "%s%s", what == CURL_POLL_REMOVE ? "" : before ? "mod:" : "add:", names[what]);
  note(l, word);
  if (what == CURL_POLL_REMOVE) {
    l->what[fd] = 0;
    l->pointer[fd] = NULL;
    l->removes++;
  } else {
    l->what[fd] = what;
    l->adds += !before;
    l->mods += before != 0;
    if (!before && l->assign) {
      l->pointer[fd] = &l->pointer[fd];
      CHECK_INT(curl_multi_assign(l->m, fd, l->pointer[fd]), CURLM_OK);
    }
  }
  forbidden(l, easy);
  return 0;
}

static int on_timer(CURLM *m, long timeout_ms, void *data)
{
  struct loop *l = data;
  CHECK(m == l->m);
  CHECK(timeout_ms >= -1);
  if (timeout_ms <= 0)
    CHECK(timeout_ms != l->last_timer); /* "at once" and "none" can not be new twice */
  l->last_timer = timeout_ms;
  l->due_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
  l->timers++;
  forbidden(l, NULL);
  return 0;
}

static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *addr)
{
  struct loop *l = data;
  (void)purpose;
  int fd = socket(addr->family, addr->socktype, addr->protocol);
  if (!CHECK(fd >= 0 && fd < FDS))
    return CURL_SOCKET_BAD;
  CHECK(!l->open[fd] && !l->what[fd]);
  l->open[fd] = true;
  l->opens++;
  note(l, "open");
  forbidden(l, NULL);
  return fd;
}

static int on_close(void *data, curl_socket_t fd)
{
  struct loop *l = data;
  CHECK(fd >= 0 && fd < FDS && l->open[fd]);
  CHECK(!l->what[fd]); /* REMOVE comes first */
  l->open[fd] = false;
  l->closes++;
  note(l, "close");
  forbidden(l, NULL);
  return close(fd);
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
  (void)data;
  forbidden(userdata, NULL);
  return size * n;
}

static bool begin(struct loop *l)
{
  memset(l, 0, sizeof *l);
  l->due_ms = -1;
  l->last_timer = -2;
  l->epoll = epoll_create1(EPOLL_CLOEXEC);
  l->m = curl_multi_init();
  if (!CHECK(l->m && l->epoll >= 0))
    return false;
  sl_ledger_strict(true);
  curl_multi_setopt(l->m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(l->m, CURLMOPT_SOCKETDATA, l);
  curl_multi_setopt(l->m, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(l->m, CURLMOPT_TIMERDATA, l);
  return true;
}

static CURL *make(struct loop *l, int i, const char *url)
{
  CURL *e = l->easy[i];
  if (!e)
    l->easy[i] = e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_URL, url);
  curl_easy_setopt(e, CURLOPT_PRIVATE, &l->result[i]);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, l);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, l);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, l);
  l->result[i] = CURLE_RECURSIVE_API_CALL; /* means: not yet */
  return e;
}

static void start(struct loop *l, int i, const char *path)
{
  char url[128];
  CHECK_INT(curl_multi_add_handle(l->m, make(l, i, origin_url(&web, 0, path, url))), CURLM_OK);
}

static void read_messages(struct loop *l)
{
  CURLMsg *msg;
  int left;
  while ((msg = curl_multi_info_read(l->m, &left))) {
    CURLcode *result = NULL;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&result);
    CHECK_INT(*result, CURLE_RECURSIVE_API_CALL); /* one message an add */
    *result = msg->data.result;
    l->done++;
    curl_multi_remove_handle(l->m, msg->easy_handle);
  }
}

static void fire(struct loop *l)
{
  l->due_ms = -1;
  l->last_timer = -2;
  CHECK_INT(curl_multi_socket_action(l->m, CURL_SOCKET_TIMEOUT, 0, &l->running), CURLM_OK);
}

/* One round of the loop. */
static void turn(struct loop *l, int at_most_ms)
{
  struct epoll_event events[16];
  int64_t left = l->due_ms < 0 ? at_most_ms : l->due_ms - now_ms();
  int ms = left < 0 ? 0 : left < at_most_ms ? (int)left : at_most_ms;
  int n = epoll_wait(l->epoll, events, 16, ms);
  for (int i = 0; i < n; i++) {
    int fd = events[i].data.fd;
    int bits = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    CHECK_INT(curl_multi_socket_action(l->m, fd, bits, &l->running), CURLM_OK);
  }
  if (l->due_ms >= 0 && now_ms() >= l->due_ms)
    fire(l);
  read_messages(l);
}

/* Until n transfers are over. */
static void run_until(struct loop *l, int n)
{
  int64_t end = now_ms() + 10000;
  while (l->done < n && now_ms() < end)
    turn(l, 500);
  CHECK_INT(l->done, n);
}

static void run_until_held(struct loop *l, unsigned n)
{
  int64_t end = now_ms() + 10000;
  while (atomic_load(&web.counts->held) < n && now_ms() < end)
    turn(l, 5);
  CHECK(atomic_load(&web.counts->held) >= n);
}

/* One transfer whose answer comes later than the request has gone out, so that the trace is always the same. */
static void slow_one(struct loop *l, int i)
{
  unsigned held = atomic_load(&web.counts->held);
  int done = l->done;
  start(l, i, "/hold");
  run_until_held(l, held + 1);
  origin_release(&web);
  run_until(l, done + 1);
}

static void end(struct loop *l)
{
  for (int i = 0; i < HANDLES; i++) {
    if (l->easy[i])
      curl_multi_remove_handle(l->m, l->easy[i]);
    curl_easy_cleanup(l->easy[i]);
    l->easy[i] = NULL;
  }
  CHECK_INT(curl_multi_cleanup(l->m), CURLM_OK);
  for (int fd = 0; fd < FDS; fd++)
    CHECK(!l->what[fd] && !l->open[fd]);
  CHECK_INT(l->opens, l->closes);
  CHECK_INT(l->adds, l->removes);
  CHECK_INT(l->not_refused, 0);
  CHECK_INT(l->no_easy, 0);
  struct ledger_totals t = sl_ledger_totals();
  CHECK_INT(t.opened, t.closed);
  close(l->epoll);
}

/* ---- the tests ---- */

TEST(starts_the_origin)
{
  REQUIRE(origin_start(&web, 3));
}

TEST(one_request)
{
  struct loop l;
  REQUIRE(begin(&l));
  unsigned held = atomic_load(&web.counts->held);
  start(&l, 0, "/hold");
  CHECK_INT(l.timers, 1); /* the add asks for a call at once, and for nothing more */
  CHECK_INT(l.last_timer, 0);
  CHECK_STR(l.trace, "");
  run_until_held(&l, held + 1);
  origin_release(&web);
  run_until(&l, 1);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK_STR(l.trace, "open add:out mod:in remove");
  end(&l);
  CHECK_STR(l.trace, "open add:out mod:in remove close");
}

TEST(idle_connection_is_not_the_loops)
{
  struct loop l;
  REQUIRE(begin(&l));
  slow_one(&l, 0);
  l.trace[0] = 0;
  slow_one(&l, 0);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK_STR(l.trace, "add:in remove"); /* the same descriptor; the request goes out without waiting */
  end(&l);
  CHECK_STR(l.trace, "add:in remove close");
}

TEST(dead_idle_connection_is_silent)
{
  struct loop l;
  REQUIRE(begin(&l));
  start(&l, 0, "/bye/10");
  run_until(&l, 1);
  usleep(20000); /* let the peer's FIN in */
  l.trace[0] = 0;
  slow_one(&l, 0);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK_STR(l.trace, "close open add:out mod:in remove");
  end(&l);
}

TEST(pointer_comes_back)
{
  struct loop l;
  REQUIRE(begin(&l));
  l.assign = true;
  slow_one(&l, 0);
  slow_one(&l, 0); /* a descriptor that was REMOVEd has lost its pointer: on_socket() looks */
  CHECK_INT(curl_multi_assign(l.m, FDS - 1, &l), CURLM_BAD_SOCKET);
  CHECK_INT(curl_multi_assign(l.m, 0, &l), CURLM_BAD_SOCKET);
  end(&l);
  CHECK_INT(l.adds, 2);
}

TEST(idle_connection_takes_no_pointer)
{
  struct loop l;
  REQUIRE(begin(&l));
  start(&l, 0, "/b/10");
  run_until(&l, 1);
  for (int fd = 0; fd < FDS; fd++)
    if (l.open[fd])
      CHECK_INT(curl_multi_assign(l.m, fd, &l), CURLM_BAD_SOCKET);
  end(&l);
}

TEST(calls_from_callbacks_are_refused)
{
  struct loop l;
  REQUIRE(begin(&l));
  make(&l, HANDLES - 1, "http://127.0.0.1/");
  l.forbid = true;
  start(&l, 0, "/b/10");
  start(&l, 1, "/b/10");
  run_until(&l, 2);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK_INT(l.result[1], CURLE_OK);
  end(&l);
  CHECK(l.refused > 50);
}

TEST(removal_in_mid_transfer)
{
  struct loop l;
  unsigned held = atomic_load(&web.counts->held);
  REQUIRE(begin(&l));
  start(&l, 0, "/hold");
  run_until_held(&l, held + 1);
  CHECK_STR(l.trace, "open add:out mod:in");
  CHECK_INT(curl_multi_remove_handle(l.m, l.easy[0]), CURLM_OK);
  CHECK_STR(l.trace, "open add:out mod:in remove close");
  turn(&l, 0);
  CHECK_INT(l.done, 0); /* no message */
  CHECK_INT(l.due_ms, -1);
  end(&l);
}

TEST(removal_while_connecting_and_before)
{
  struct loop l;
  REQUIRE(begin(&l));
  start(&l, 0, "/b/1");
  CHECK_INT(curl_multi_remove_handle(l.m, l.easy[0]), CURLM_OK);
  CHECK_STR(l.trace, "");
  CHECK_INT(l.last_timer, -1); /* taken back */
  start(&l, 0, "/b/1");
  fire(&l);
  CHECK_STR(l.trace, "open add:out");
  CHECK_INT(curl_multi_remove_handle(l.m, l.easy[0]), CURLM_OK);
  CHECK_STR(l.trace, "open add:out remove close");
  end(&l);
}

TEST(cleanup_with_running_transfers)
{
  struct loop l;
  unsigned held = atomic_load(&web.counts->held);
  REQUIRE(begin(&l));
  start(&l, 0, "/hold");
  start(&l, 1, "/half");
  run_until_held(&l, held + 2);
  CHECK_INT(curl_multi_cleanup(l.m), CURLM_OK); /* the handles are still in it */
  CHECK_INT(l.removes, 2);
  CHECK_INT(l.closes, 2);
  l.m = curl_multi_init();
  for (int i = 0; i < 2; i++)
    curl_easy_cleanup(l.easy[i]);
  l.easy[0] = l.easy[1] = NULL;
  end(&l);
}

TEST(easy_cleanup_of_a_running_transfer)
{
  struct loop l;
  unsigned held = atomic_load(&web.counts->held);
  REQUIRE(begin(&l));
  start(&l, 0, "/hold");
  run_until_held(&l, held + 1);
  curl_easy_cleanup(l.easy[0]); /* without removing it */
  l.easy[0] = NULL;
  CHECK_STR(l.trace, "open add:out mod:in remove close");
  turn(&l, 0);
  end(&l);
}

TEST(descriptor_number_is_used_again)
{
  struct loop l;
  unsigned held = atomic_load(&web.counts->held);
  REQUIRE(begin(&l));
  l.assign = true;
  for (int i = 0; i < 3; i++) {
    start(&l, 0, "/close/10"); /* closes; the next gets the same number */
    run_until(&l, i + 1);
  }
  CHECK_INT(l.opens, 3);
  CHECK_INT(l.adds, 3);
  CHECK_INT(l.removes, 3);
  CHECK_INT(l.closes, 3);
  start(&l, 1, "/hold");
  run_until_held(&l, held + 1);
  int stale = -1;
  for (int fd = 0; fd < FDS; fd++)
    if (l.open[fd])
      stale = fd;
  curl_multi_remove_handle(l.m, l.easy[1]);
  l.trace[0] = 0;
  /* an event that the loop collected before the removal */
  CHECK_INT(curl_multi_socket_action(l.m, stale, CURL_CSELECT_IN, &l.running), CURLM_OK);
  CHECK_STR(l.trace, "");
  start(&l, 0, "/b/10");
  fire(&l);
  CHECK(l.open[stale]);
  CHECK_INT(curl_multi_socket_action(l.m, stale, CURL_CSELECT_IN, &l.running), CURLM_OK); /* ... and a false one */
  run_until(&l, 4);
  CHECK_INT(l.result[0], CURLE_OK);
  end(&l);
}

TEST(time_outs)
{
  struct loop l;
  REQUIRE(begin(&l));
  start(&l, 0, "/hold");
  curl_easy_setopt(l.easy[0], CURLOPT_TIMEOUT_MS, 60L);
  int64_t began = now_ms();
  run_until(&l, 1);
  int64_t took = now_ms() - began;
  CHECK_INT(l.result[0], CURLE_OPERATION_TIMEDOUT);
  CHECK(took >= 55 && took < 2000);
  CHECK_STR(l.trace, "open add:out mod:in remove close");
  CHECK(l.timers < 12);
  CHECK_INT(l.due_ms, -1); /* the loop's clock is stopped again */
  end(&l);
}

/* Each address that a SYN to stays without an answer: a listener whose queue is full. */
static int deaf(int last_byte, int *fillers, int n)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)web.port)};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  a.sin_addr.s_addr = htonl(0x7f000000u + (unsigned)last_byte);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 0)) {
    close(fd);
    return -1;
  }
  for (int i = 0; i < n; i++) {
    fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(fillers[i], (struct sockaddr *)&a, sizeof a) && errno != EINPROGRESS)
      perror("connect");
  }
  usleep(10000);
  return fd;
}

TEST(several_addresses)
{
  enum { FILLERS = 3 };
  struct loop l;
  char line[128], url[128];
  int fillers[FILLERS], listener = deaf(77, fillers, FILLERS);
  REQUIRE(listener >= 0);
  REQUIRE(begin(&l));
  /* one that refuses, one that is deaf, one that answers */
  snprintf(line, sizeof line, "many.test:%d:127.0.0.78,127.0.0.77,127.0.0.1", web.port);
  snprintf(url, sizeof url, "http://many.test:%d/b/10", web.port);
  struct curl_slist *names = curl_slist_append(NULL, line);
  CURL *e = make(&l, 0, url);
  curl_easy_setopt(e, CURLOPT_RESOLVE, names);
  curl_easy_setopt(e, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 30L);
  CHECK_INT(curl_multi_add_handle(l.m, e), CURLM_OK);
  run_until(&l, 1);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK_INT(l.opens, 3);
  CHECK_INT(l.closes, 2);
  CHECK_INT(l.removes, l.adds);
  end(&l);
  curl_slist_free_all(names);
  for (int i = 0; i < FILLERS; i++)
    close(fillers[i]);
  close(listener);
}

TEST(no_address_answers)
{
  struct loop l;
  REQUIRE(begin(&l));
  CURL *e = make(&l, 0, "http://127.0.0.79:1/");
  CHECK_INT(curl_multi_add_handle(l.m, e), CURLM_OK);
  run_until(&l, 1);
  CHECK_INT(l.result[0], CURLE_COULDNT_CONNECT);
  CHECK_INT(l.opens, 1);
  CHECK_INT(l.closes, 1);
  end(&l);
}

/* The resolver's descriptors are the loop's like all others; the open callback does not see them. */
static int on_socket_dns(CURL *easy, curl_socket_t fd, int what, void *data, void *pointer)
{
  struct loop *l = data;
  if (fd >= 0 && fd < FDS && !l->open[fd] && fcntl(fd, F_GETFD) >= 0) {
    int type = 0;
    socklen_t len = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
    if (CHECK_INT(type, SOCK_DGRAM))
      note(l, "dns");
    l->open[fd] = true;
    on_socket(easy, fd, what, data, pointer);
    l->open[fd] = false;
    return 0;
  }
  return on_socket(easy, fd, what, data, pointer);
}

TEST(name_lookup)
{
  struct loop l;
  char servers[64], url[128];
  REQUIRE(begin(&l));
  curl_multi_setopt(l.m, CURLMOPT_SOCKETFUNCTION, on_socket_dns);
  snprintf(servers, sizeof servers, "127.0.0.1:%d", web.dns_port);
  snprintf(url, sizeof url, "http://some.name.test:%d/b/10", web.port);
  CURL *e = make(&l, 0, url);
  curl_easy_setopt(e, CURLOPT_DNS_SERVERS, servers);
  CHECK_INT(curl_multi_add_handle(l.m, e), CURLM_OK);
  run_until(&l, 1);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK(strstr(l.trace, "dns add:in"));
  CHECK(strstr(l.trace, "open add:out"));
  CHECK_INT(l.no_easy, 0);
  CHECK_INT(curl_multi_cleanup(l.m), CURLM_OK); /* what c-ares still has open is REMOVEd as well ... */
  l.no_easy = 0;                                /* ... and belongs to nobody any more */
  CHECK_INT(l.adds, l.removes);
  l.m = curl_multi_init();
  end(&l);
}

TEST(lookup_is_cancelled)
{
  struct loop l;
  char servers[64];
  int port = 0, silent = origin_bind(SOCK_DGRAM, 1, &port);
  REQUIRE(silent >= 0 && begin(&l));
  curl_multi_setopt(l.m, CURLMOPT_SOCKETFUNCTION, on_socket_dns);
  snprintf(servers, sizeof servers, "127.0.0.1:%d", port);
  CURL *e = make(&l, 0, "http://never.test/");
  curl_easy_setopt(e, CURLOPT_DNS_SERVERS, servers);
  CHECK_INT(curl_multi_add_handle(l.m, e), CURLM_OK);
  fire(&l);
  CHECK(l.adds > 0);
  CHECK_INT(curl_multi_remove_handle(l.m, e), CURLM_OK);
  for (int i = 0; i < 3; i++)
    turn(&l, 20);
  CHECK_INT(l.done, 0);
  CHECK_INT(l.no_easy, 0);
  CHECK_INT(curl_multi_cleanup(l.m), CURLM_OK);
  l.no_easy = 0;
  CHECK_INT(l.adds, l.removes);
  l.m = curl_multi_init();
  end(&l);
  close(silent);
}

TEST(large_body_does_not_touch_the_loop)
{
  struct loop l;
  REQUIRE(begin(&l));
  start(&l, 0, "/b/20000000");
  run_until(&l, 1);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK(strstr(l.trace, "mod:in remove") && l.mods == 1);
  CHECK(l.timers < 20);
  end(&l);
}

static size_t give_zeros(char *dst, size_t size, size_t n, void *data)
{
  size_t *left = data, give = size * n < *left ? size * n : *left;
  memset(dst, 0, give);
  *left -= give;
  return give;
}

TEST(upload_waits_to_write)
{
  struct loop l;
  size_t left = 30000000;
  REQUIRE(begin(&l));
  make(&l, 0, "http://127.0.0.1/");
  curl_easy_setopt(l.easy[0], CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(l.easy[0], CURLOPT_INFILESIZE_LARGE, (curl_off_t)left);
  curl_easy_setopt(l.easy[0], CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  curl_easy_setopt(l.easy[0], CURLOPT_READFUNCTION, give_zeros);
  curl_easy_setopt(l.easy[0], CURLOPT_READDATA, &left);
  start(&l, 0, "/b/10");
  run_until(&l, 1);
  CHECK_INT(l.result[0], CURLE_OK);
  CHECK_INT(left, 0);
  CHECK(l.mods < 20); /* on_socket() complains about each that changes nothing */
  end(&l);
}

/* A paused transfer is not to be woken by bytes that nobody wants. */
static size_t pause_once(char *data, size_t size, size_t n, void *userdata)
{
  bool *paused = userdata;
  (void)data;
  if (*paused)
    return size * n;
  *paused = true;
  return CURL_WRITEFUNC_PAUSE;
}

TEST(paused_transfer_is_quiet)
{
  struct loop l;
  bool paused = false;
  REQUIRE(begin(&l));
  make(&l, 0, "http://127.0.0.1/");
  start(&l, 0, "/b/5000000");
  curl_easy_setopt(l.easy[0], CURLOPT_WRITEFUNCTION, pause_once);
  curl_easy_setopt(l.easy[0], CURLOPT_WRITEDATA, &paused);
  for (int i = 0; i < 100 && !paused; i++)
    turn(&l, 50);
  CHECK(paused);
  CHECK_INT(l.adds, 1);
  CHECK_INT(l.removes, 1);
  struct epoll_event event;
  CHECK_INT(epoll_wait(l.epoll, &event, 1, 30), 0);
  CHECK_INT(curl_easy_pause(l.easy[0], CURLPAUSE_CONT), CURLE_OK);
  CHECK_INT(l.last_timer, 0); /* unpausing asks for a call */
  run_until(&l, 1);
  CHECK_INT(l.result[0], CURLE_OK);
  end(&l);
}

/* A callback that says -1 ends all; nothing may be leaked by that. */
static int broken_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *pointer)
{
  on_socket(easy, fd, what, data, pointer);
  return -1;
}

TEST(callback_gives_up)
{
  struct loop l;
  REQUIRE(begin(&l));
  curl_multi_setopt(l.m, CURLMOPT_SOCKETFUNCTION, broken_socket);
  start(&l, 0, "/b/10");
  l.due_ms = -1;
  l.last_timer = -2;
  CHECK_INT(curl_multi_socket_action(l.m, CURL_SOCKET_TIMEOUT, 0, &l.running), CURLM_ABORTED_BY_CALLBACK);
  CHECK_INT(curl_multi_add_handle(l.m, make(&l, 1, "http://127.0.0.1/")), CURLM_ABORTED_BY_CALLBACK);
  end(&l);
}

TEST(stops_the_origin)
{
  origin_stop(&web);
}
