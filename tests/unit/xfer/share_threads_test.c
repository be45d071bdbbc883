/* One share handle, used by many threads at once: connections, names, cookies and TLS sessions, guarded by the application's
 * lock callbacks alone. To be run with the thread sanitizer as well. */
#include <curl/curl.h>

#include <pthread.h>

#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/xfer/origin.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { REQUESTS = 250 };
#else
enum { REQUESTS = 1500 };
#endif
enum { THREADS = 8, FEW_CONNECTIONS = 3 };

/* The locks, and a check of how the library uses them. */
struct locks {
  pthread_mutex_t mutex[CURL_LOCK_DATA_LAST];
  pthread_t holder[CURL_LOCK_DATA_LAST]; /* valid while held */
  bool held[CURL_LOCK_DATA_LAST];
  atomic_uint taken[CURL_LOCK_DATA_LAST], wrong;
};

static struct origin web;
static struct locks locks;

static void on_lock(CURL *easy, curl_lock_data what, curl_lock_access access, void *data)
{
  struct locks *l = data;
  (void)easy;
  (void)access;
  if (what >= CURL_LOCK_DATA_LAST) {
    atomic_fetch_add(&l->wrong, 1);
    return;
  }
  pthread_mutex_lock(&l->mutex[what]); /* error checking: taking it twice fails */
  if (l->held[what])
    atomic_fetch_add(&l->wrong, 1);
  l->held[what] = true;
  l->holder[what] = pthread_self();
  atomic_fetch_add(&l->taken[what], 1);
}

static void on_unlock(CURL *easy, curl_lock_data what, void *data)
{
  struct locks *l = data;
  (void)easy;
  if (what >= CURL_LOCK_DATA_LAST || !l->held[what] || !pthread_equal(l->holder[what], pthread_self())) {
    atomic_fetch_add(&l->wrong, 1);
    return;
  }
  l->held[what] = false;
  pthread_mutex_unlock(&l->mutex[what]);
}

static void locks_init(void)
{
  pthread_mutexattr_t checking;
  pthread_mutexattr_init(&checking);
  pthread_mutexattr_settype(&checking, PTHREAD_MUTEX_ERRORCHECK);
  memset(&locks, 0, sizeof locks);
  for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
    pthread_mutex_init(&locks.mutex[i], &checking);
}

static CURLSH *share_new(void)
{
  CURLSH *s = curl_share_init();
  static const curl_lock_data kinds[] = {CURL_LOCK_DATA_CONNECT, CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_SSL_SESSION,
                                         CURL_LOCK_DATA_COOKIE};
  locks_init();
  curl_share_setopt(s, CURLSHOPT_LOCKFUNC, on_lock);
  curl_share_setopt(s, CURLSHOPT_UNLOCKFUNC, on_unlock);
  curl_share_setopt(s, CURLSHOPT_USERDATA, &locks);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    CHECK_INT(curl_share_setopt(s, CURLSHOPT_SHARE, kinds[i]), CURLSHE_OK);
  return s;
}

struct worker {
  pthread_t thread;
  int number;
  CURLSH *share;
  void (*job)(struct worker *w);
  unsigned good, bad;
  size_t bytes;
  unsigned opened, closed; /* by this thread's callbacks */
};

static atomic_uint closes;

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
  struct worker *w = userdata;
  (void)data;
  w->bytes += size * n;
  return size * n;
}

/* Whoever closes a shared connection, it is the callback of who opened it that is called: from any thread. */
static int on_close(void *data, curl_socket_t fd)
{
  atomic_fetch_add((atomic_uint *)data, 1);
  return close(fd);
}

static CURL *easy_for(struct worker *w)
{
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_SHARE, w->share);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, w);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 20000L);
  return e;
}

static void count(struct worker *w, CURLcode rc)
{
  if (rc) {
    w->bad++;
    printf("# thread %d: %s\n", w->number, curl_easy_strerror(rc));
  } else {
    w->good++;
  }
}

static void *run_worker(void *data)
{
  struct worker *w = data;
  w->job(w);
  return NULL;
}

/* All threads at once; the number of requests that went well. */
static unsigned together(CURLSH *share, void (*job)(struct worker *w))
{
  struct worker w[THREADS] = {0};
  unsigned good = 0;
  for (int i = 0; i < THREADS; i++) {
    w[i].number = i;
    w[i].share = share;
    w[i].job = job;
    CHECK(!pthread_create(&w[i].thread, NULL, run_worker, &w[i]));
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(w[i].thread, NULL);
    good += w[i].good;
    CHECK_INT(w[i].bad, 0);
  }
  CHECK_INT(atomic_load(&locks.wrong), 0);
  return good;
}

static void check_closed(CURLSH *share)
{
  CHECK_INT(curl_share_cleanup(share), CURLSHE_OK);
  struct ledger_totals t = sl_ledger_totals();
  CHECK_INT(t.opened, t.closed);
  for (int i = 0; i < 400 && atomic_load(&web.counts->open); i++)
    usleep(5000);
  CHECK_INT(atomic_load(&web.counts->open), 0);
  CHECK_INT(atomic_load(&locks.wrong), 0);
}

/* ---- the jobs ---- */

static void keep_alive(struct worker *w)
{
  CURL *e = easy_for(w);
  char url[128];
  curl_easy_setopt(e, CURLOPT_URL, origin_url(&web, (unsigned)w->number % 2, "/b/50", url));
  for (int i = 0; i < REQUESTS; i++)
    count(w, curl_easy_perform(e));
  curl_easy_cleanup(e);
  if (w->bytes != 50u * REQUESTS)
    w->bad++;
}

/* A handle for each request, answers of all kinds, closing callbacks, names that come and go. */
static void mixed(struct worker *w)
{
  static const char *const paths[] = {"/b/50", "/cookie/3", "/close/10", "/bye/10", "/c/20", "/b/70000"};
  char path[32], url[128];
  for (int i = 0; i < REQUESTS / 5; i++) {
    CURL *e = easy_for(w);
    if ((i + w->number) % 2 == 0) /* the others see what the share has */
      curl_easy_setopt(e, CURLOPT_COOKIEFILE, "");
    if (i % 4 == 0)
      snprintf(path, sizeof path, "/cookie/%d", i * THREADS + w->number);
    else
      snprintf(path, sizeof path, "%s", paths[i % 6]);
    curl_easy_setopt(e, CURLOPT_URL, origin_url(&web, (unsigned)i % 3, path, url));
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, &closes);
    curl_easy_setopt(e, CURLOPT_MAXCONNECTS, (long)FEW_CONNECTIONS);
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, i % 7 ? 118L : 1L);
    count(w, curl_easy_perform(e));
    struct curl_slist *cookies = NULL;
    if (i % 16 == 0 && !curl_easy_getinfo(e, CURLINFO_COOKIELIST, &cookies))
      curl_slist_free_all(cookies);
    curl_easy_cleanup(e);
  }
}

/* Names from the shared cache, by way of a name server; more connections than the share keeps idle. */
static void names(struct worker *w)
{
  char url[128], servers[64];
  snprintf(servers, sizeof servers, "127.0.0.1:%d", web.dns_port);
  for (int i = 0; i < REQUESTS / 10; i++) {
    CURL *e = easy_for(w);
    snprintf(url, sizeof url, "http://name%d.test:%d/b/50", i % (THREADS * 20), web.port);
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_DNS_SERVERS, servers);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, &closes);
    curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, i % 10 ? 60L : 0L);
    count(w, curl_easy_perform(e));
    curl_easy_cleanup(e);
  }
}

/* A multi handle for each thread, its connections in the share. */
static void in_multi(struct worker *w)
{
  enum { AT_ONCE = 4 };
  CURLM *m = curl_multi_init();
  CURL *e[AT_ONCE];
  char url[128];
  for (int i = 0; i < AT_ONCE; i++) {
    e[i] = easy_for(w);
    curl_easy_setopt(e[i], CURLOPT_URL, origin_url(&web, 0, "/b/50", url));
  }
  for (int round = 0; round < REQUESTS / AT_ONCE / 2; round++) {
    int running = 1, left;
    CURLMsg *msg;
    for (int i = 0; i < AT_ONCE; i++)
      curl_multi_add_handle(m, e[i]);
    while (running) {
      curl_multi_perform(m, &running);
      if (running)
        curl_multi_poll(m, NULL, 0, 1000, NULL);
    }
    while ((msg = curl_multi_info_read(m, &left)))
      count(w, msg->data.result);
    for (int i = 0; i < AT_ONCE; i++)
      curl_multi_remove_handle(m, e[i]);
  }
  for (int i = 0; i < AT_ONCE; i++)
    curl_easy_cleanup(e[i]);
  curl_multi_cleanup(m);
}

/* ---- the tests ---- */

TEST(starts)
{
  sl_ledger_strict(true);
  REQUIRE(origin_start(&web, 3));
}

TEST(keep_alive_of_all)
{
  unsigned accepted = atomic_load(&web.counts->accepted);
  CURLSH *s = share_new();
  CHECK_INT(together(s, keep_alive), THREADS * REQUESTS);
  CHECK(atomic_load(&web.counts->accepted) - accepted <= 2 * THREADS); /* no more than threads at an address */
  CHECK(atomic_load(&locks.taken[CURL_LOCK_DATA_CONNECT]) > THREADS * REQUESTS);
  check_closed(s);
}

TEST(one_after_the_other)
{
  unsigned accepted = atomic_load(&web.counts->accepted);
  CURLSH *s = share_new();
  struct worker w = {.share = s};
  char url[128];
  for (int i = 0; i < 20; i++) {
    CURL *e = easy_for(&w);
    curl_easy_setopt(e, CURLOPT_URL, origin_url(&web, 0, "/b/1", url));
    CHECK_INT(curl_easy_perform(e), CURLE_OK);
    curl_easy_cleanup(e);
  }
  CHECK_INT(atomic_load(&web.counts->accepted) - accepted, 1); /* the connection outlives its handle */
  check_closed(s);
}

TEST(everything_at_once)
{
  CURLSH *s = share_new();
  atomic_store(&closes, 0);
  CHECK_INT(together(s, mixed), THREADS * (REQUESTS / 5));
  CHECK(atomic_load(&locks.taken[CURL_LOCK_DATA_COOKIE]) > 0);
  CURL *e = curl_easy_init(); /* what one thread was given as a cookie all have */
  struct curl_slist *cookies = NULL;
  int n = 0;
  curl_easy_setopt(e, CURLOPT_SHARE, s);
  curl_easy_getinfo(e, CURLINFO_COOKIELIST, &cookies);
  for (struct curl_slist *c = cookies; c; c = c->next)
    n++;
  CHECK(n >= 10); /* ten names at each address that was asked */
  curl_slist_free_all(cookies);
  curl_easy_cleanup(e);
  check_closed(s);
  CHECK(atomic_load(&closes) > 0);
}

TEST(names_of_all)
{
  CURLSH *s = share_new();
  CHECK_INT(together(s, names), THREADS * (REQUESTS / 10));
  CHECK(atomic_load(&locks.taken[CURL_LOCK_DATA_DNS]) > 0);
  check_closed(s);
}

TEST(multi_handles_of_all)
{
  CURLSH *s = share_new();
  CHECK_INT(together(s, in_multi), THREADS * (REQUESTS / 8) * 4);
  check_closed(s);
}

TEST(share_in_use_is_kept)
{
  CURLSH *s = share_new();
  struct worker w = {.share = s};
  CURL *e = easy_for(&w);
  CHECK_INT(curl_share_cleanup(s), CURLSHE_IN_USE);
  CHECK_INT(curl_share_setopt(s, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_DNS), CURLSHE_IN_USE);
  curl_easy_cleanup(e);
  check_closed(s);
}

TEST(stops)
{
  origin_stop(&web);
}
