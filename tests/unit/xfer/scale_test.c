/* Very many connections in one multi handle, and very many requests: nothing is lost, nothing grows. The web server is a
 * process of its own. Exits with 77 (skipped) when the system does not allow enough descriptors. */
#include <curl/curl.h>

#include <malloc.h>
#include <time.h>

#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/xfer/origin.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1, MANY = 1000, REQUESTS = 10000 };
#else
enum { SANITIZED = 0, MANY = 10000, REQUESTS = 200000 };
#endif
enum { ADDRESSES = 8, SPARE_FDS = 64, PATIENCE_MS = 40000 };

struct crowd {
  CURLM *m;
  CURL **easy;
  unsigned n;
  unsigned messages, good, timed_out;
  size_t bytes;
  int epoll; /* -1: curl_multi_poll() drives */
  int64_t due_ms;
  char url[ADDRESSES][128];
};

static struct origin web;

static int64_t now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t heap_in_use(void)
{
  struct mallinfo2 i = mallinfo2();
  return i.uordblks + i.hblkhd;
}

static bool enough_descriptors(rlim_t n)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit))
    return false;
  limit.rlim_cur = limit.rlim_max;
  if (limit.rlim_max < n || setrlimit(RLIMIT_NOFILE, &limit)) {
    printf("# %lu descriptors are needed, the hard limit (ulimit -Hn) is %lu\n", (unsigned long)n,
           (unsigned long)limit.rlim_max);
    return false;
  }
  return true;
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
  struct crowd *c = userdata;
  (void)data;
  c->bytes += size * n;
  return size * n;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *pointer)
{
  struct crowd *c = data;
  struct epoll_event e = {.data.fd = fd};
  (void)easy;
  e.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  if (what == CURL_POLL_REMOVE) {
    CHECK(!epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, &e));
    return 0;
  }
  CHECK(!epoll_ctl(c->epoll, pointer ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e));
  curl_multi_assign(c->m, fd, c);
  return 0;
}

static int on_timer(CURLM *m, long timeout_ms, void *data)
{
  struct crowd *c = data;
  (void)m;
  c->due_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
  return 0;
}

static bool gather(struct crowd *c, unsigned n, const char *path, bool own_loop)
{
  memset(c, 0, sizeof *c);
  c->epoll = -1;
  c->due_ms = -1;
  c->m = curl_multi_init();
  c->easy = calloc(n, sizeof(CURL *));
  if (!CHECK(c->m && c->easy))
    return false;
  c->n = n;
  curl_multi_setopt(c->m, CURLMOPT_MAXCONNECTS, (long)n);
  if (own_loop) {
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(c->m, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(c->m, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->m, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(c->m, CURLMOPT_TIMERDATA, c);
  }
  for (unsigned i = 0; i < ADDRESSES; i++)
    origin_url(&web, i, path, c->url[i]);
  for (unsigned i = 0; i < n; i++) {
    CURL *e = c->easy[i] = curl_easy_init();
    if (!CHECK(e))
      return false;
    curl_easy_setopt(e, CURLOPT_URL, c->url[i % ADDRESSES]);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
  }
  return true;
}

static void set_path(struct crowd *c, const char *path)
{
  for (unsigned i = 0; i < ADDRESSES; i++)
    origin_url(&web, i, path, c->url[i]);
  for (unsigned i = 0; i < c->n; i++)
    curl_easy_setopt(c->easy[i], CURLOPT_URL, c->url[i % ADDRESSES]);
}

static void add(struct crowd *c, unsigned from, unsigned to)
{
  for (unsigned i = from; i < to; i++)
    CHECK_INT(curl_multi_add_handle(c->m, c->easy[i]), CURLM_OK);
}

static void read_messages(struct crowd *c)
{
  CURLMsg *msg;
  int left;
  while ((msg = curl_multi_info_read(c->m, &left))) {
    c->messages++;
    c->good += msg->data.result == CURLE_OK;
    c->timed_out += msg->data.result == CURLE_OPERATION_TIMEDOUT;
    if (msg->data.result && msg->data.result != CURLE_OPERATION_TIMEDOUT)
      printf("# %s\n", curl_easy_strerror(msg->data.result));
    curl_multi_remove_handle(c->m, msg->easy_handle);
  }
}

static void turn_epoll(struct crowd *c, int *running)
{
  struct epoll_event events[256];
  int64_t left = c->due_ms < 0 ? 50 : c->due_ms - now_ms();
  int n = epoll_wait(c->epoll, events, 256, left < 0 ? 0 : left < 50 ? (int)left : 50);
  for (int i = 0; i < n; i++)
    curl_multi_socket_action(c->m, events[i].data.fd,
                             (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                 (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                                 (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
                             running);
  if (c->due_ms >= 0 && now_ms() >= c->due_ms) {
    c->due_ms = -1;
    curl_multi_socket_action(c->m, CURL_SOCKET_TIMEOUT, 0, running);
  }
}

static void turn(struct crowd *c)
{
  int running;
  if (c->epoll >= 0) {
    turn_epoll(c, &running);
  } else {
    CHECK_INT(curl_multi_perform(c->m, &running), CURLM_OK);
    CHECK_INT(curl_multi_poll(c->m, NULL, 0, 50, NULL), CURLM_OK);
  }
  read_messages(c);
}

static void run_until(struct crowd *c, unsigned messages)
{
  int64_t end = now_ms() + PATIENCE_MS;
  while (c->messages < messages && now_ms() < end)
    turn(c);
  CHECK_INT(c->messages, messages);
}

static void run_until_held(struct crowd *c, unsigned held)
{
  int64_t end = now_ms() + PATIENCE_MS;
  while (atomic_load(&web.counts->held) < held && now_ms() < end)
    turn(c);
  CHECK_INT(atomic_load(&web.counts->held), held);
}

static void disperse(struct crowd *c)
{
  for (unsigned i = 0; i < c->n; i++) {
    curl_multi_remove_handle(c->m, c->easy[i]);
    curl_easy_cleanup(c->easy[i]);
  }
  CHECK_INT(curl_multi_cleanup(c->m), CURLM_OK);
  free(c->easy);
  if (c->epoll >= 0)
    close(c->epoll);
}

static void wait_until_closed(void)
{
  for (int i = 0; i < 1000 && atomic_load(&web.counts->open); i++)
    usleep(5000);
  CHECK_INT(atomic_load(&web.counts->open), 0);
}

static void check_balance(size_t heap_before)
{
  struct ledger_totals t = sl_ledger_totals();
  CHECK_INT(t.opened, t.closed);
  wait_until_closed();
  malloc_trim(0);
  if (!SANITIZED) /* their allocators do not count for mallinfo2() */
    CHECK(heap_in_use() <= heap_before + 100000);
}

/* Opened, all in flight at once, answered, used again, closed. */
static void many(bool own_loop)
{
  struct crowd c;
  size_t heap = heap_in_use();
  unsigned held = atomic_load(&web.counts->held), accepted = atomic_load(&web.counts->accepted);
  int64_t began = now_ms();
  REQUIRE(gather(&c, MANY, "/hold", own_loop));
  for (unsigned i = 0; i < MANY; i += 1000) { /* in waves: a server's queue has an end */
    add(&c, i, i + 1000);
    run_until_held(&c, held + i + 1000);
  }
  int64_t opened = now_ms();
  CHECK_INT(atomic_load(&web.counts->open), MANY);
  printf("# heap of a transfer in flight: %zu bytes\n", (heap_in_use() - heap) / MANY);
  origin_release(&web);
  run_until(&c, MANY);
  CHECK_INT(c.good, MANY);
  CHECK_INT(c.bytes, 100ull * MANY);
  int64_t answered = now_ms();
  set_path(&c, "/b/10");
  add(&c, 0, MANY);
  run_until(&c, 2 * MANY);
  CHECK_INT(c.good, 2 * MANY);
  CHECK_INT(atomic_load(&web.counts->accepted) - accepted, MANY); /* all on the connections that were there */
  int64_t used = now_ms();
  disperse(&c);
  printf("# %d connections: opened in %d ms, answered in %d ms, used again in %d ms, closed in %d ms\n", MANY,
         (int)(opened - began), (int)(answered - opened), (int)(used - answered), (int)(now_ms() - used));
  check_balance(heap);
}

static unsigned random_below(unsigned *state, unsigned n)
{
  *state = *state * 1103515245u + 12345u;
  return (*state >> 8) % n;
}

/* Adding, removing, cancelling and pausing handles while the others run. */
static void churn(bool own_loop)
{
  struct crowd c;
  size_t heap = heap_in_use();
  const unsigned n = MANY / 10;
  unsigned random = 7, removed = 0, added = 0;
  bool *in = calloc(n, sizeof *in);
  REQUIRE(in && gather(&c, n, "/b/3000", own_loop));
  for (unsigned i = 0; i < n; i += 3)
    curl_easy_setopt(c.easy[i], CURLOPT_URL, i % 2 ? c.url[0] : "http://127.0.0.1:1/refused");
  for (unsigned i = 1; i < n; i += 5)
    curl_easy_setopt(c.easy[i], CURLOPT_TIMEOUT_MS, 1L + (long)(i % 20));
  for (unsigned round = 0; round < 300; round++) {
    for (unsigned k = 0; k < n / 20; k++) {
      unsigned i = random_below(&random, n);
      switch (random_below(&random, 4)) {
      case 0:
        removed += curl_multi_remove_handle(c.m, c.easy[i]) == CURLM_OK;
        break;
      case 1:
        curl_easy_pause(c.easy[i], random_below(&random, 2) ? CURLPAUSE_ALL : CURLPAUSE_CONT);
        break;
      default:
        added += curl_multi_add_handle(c.m, c.easy[i]) == CURLM_OK;
      }
    }
    int running;
    if (c.epoll >= 0)
      turn_epoll(&c, &running);
    else
      curl_multi_perform(c.m, &running);
    CURLMsg *msg;
    int left;
    while ((msg = curl_multi_info_read(c.m, &left))) {
      c.messages++;
      curl_multi_remove_handle(c.m, msg->easy_handle);
    }
  }
  printf("# %u added, %u finished, %u asked to be removed\n", added, c.messages, removed);
  CHECK(c.messages > n / 4 && c.messages <= added);
  disperse(&c);
  free(in);
  check_balance(heap);
}

TEST(starts)
{
  if (!enough_descriptors(MANY + SPARE_FDS))
    exit(77);
  sl_ledger_strict(true);
  REQUIRE(origin_start(&web, ADDRESSES));
  /* what the C library and the resolver make once stays out of the comparison */
  CURL *e = curl_easy_init();
  char url[128];
  curl_easy_setopt(e, CURLOPT_URL, origin_url(&web, 0, "/b/0", url));
  CHECK_INT(curl_easy_perform(e), CURLE_OK);
  curl_easy_cleanup(e);
}

TEST(many_connections_poll)
{
  many(false);
}

TEST(many_connections_socket_action)
{
  many(true);
}

TEST(cleanup_of_many_in_flight)
{
  struct crowd c;
  size_t heap = heap_in_use();
  unsigned held = atomic_load(&web.counts->held);
  REQUIRE(gather(&c, MANY / 2, "/hold", true));
  add(&c, 0, c.n);
  run_until_held(&c, held + c.n);
  CHECK_INT(curl_multi_cleanup(c.m), CURLM_OK); /* handles and connections are all in there */
  for (unsigned i = 0; i < c.n; i++)
    curl_easy_cleanup(c.easy[i]);
  free(c.easy);
  close(c.epoll);
  check_balance(heap);
}

TEST(time_outs_of_many)
{
  struct crowd c;
  size_t heap = heap_in_use();
  REQUIRE(gather(&c, MANY / 5, "/hold", true));
  for (unsigned i = 0; i < c.n; i++)
    curl_easy_setopt(c.easy[i], CURLOPT_TIMEOUT_MS, 300L);
  add(&c, 0, c.n);
  run_until(&c, c.n);
  CHECK_INT(c.timed_out, c.n);
  disperse(&c);
  check_balance(heap);
}

TEST(churn_poll)
{
  churn(false);
}

TEST(churn_socket_action)
{
  churn(true);
}

/* The heap may not grow by one byte between the first and the last of very many requests. */
TEST(soak)
{
  struct crowd c = {0};
  char url[128];
  CURL *e = curl_easy_init();
  CURLcode rc = CURLE_OK;
  size_t early = 0;
  curl_easy_setopt(e, CURLOPT_URL, origin_url(&web, 0, "/b/100", url));
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, &c);
  int64_t began = now_ms();
  for (int i = 0; i < REQUESTS && !rc; i++) {
    rc = curl_easy_perform(e);
    if (i == 100)
      early = heap_in_use();
  }
  CHECK_INT(rc, CURLE_OK);
  CHECK_INT(heap_in_use(), early);
  CHECK_INT(c.bytes, 100ull * REQUESTS);
  printf("# %d requests in %d ms\n", REQUESTS, (int)(now_ms() - began));
  curl_easy_cleanup(e);
}

TEST(stops)
{
  origin_stop(&web);
}
