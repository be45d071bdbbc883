/* Name resolution when memory is short: every allocation of ours fails once, and those of c-ares
 * with them. */
#include <ares.h>

#include "base/mem.h"
#include "tests/unit/dns/world.h"

/* Before anything uses c-ares. Only a test may do this: the functions are those of the whole
 * process. */
__attribute__((constructor)) static void let_c_ares_fail(void)
{
  ares_library_init_mem(ARES_LIB_INIT_ALL, sl_malloc, sl_free, sl_realloc);
}

static bool prepare(struct world *w)
{
  if (!world_open(w))
    return false;
  sl_dns_free(w->dns); /* the rounds make their own */
  w->dns = NULL;
  sl_reactor_wait(&w->reactor, 0); /* without these there would be no waiting at all */
  sl_reactor_wait(&w->reactor, 0);
  return true;
}

static bool resolve(struct world *w, const char *host, sl_result *out_rc)
{
  struct asker a;
  asker_init(&a, w);
  sl_buf_clear(&w->error);
  int64_t until_us = sl_clock_now_us() + 2000000;
  asker_ask(&a, host, AF_UNSPEC);
  while (a.rc == SL_WAIT && sl_clock_now_us() < until_us)
    world_turn(w, until_us);
  *out_rc = a.rc;
  bool sound = CHECK(a.done <= 1) && CHECK(a.rc != SL_WAIT) && CHECK(!a.w.answer == !!a.rc);
  sl_dns_cancel(&a.w);
  return sound;
}

static bool one_round(struct world *w, char *resolv, sl_result out_rc[4])
{
  static const char *const hosts[] = {"both.test", "slowsix.test", "big.test", "none.test"};
  struct curl_slist list = {(char[]){"+x:1:127.0.0.1"}, NULL};
  bool sound = true;
  w->dns = sl_dns_new(&w->reactor, &w->depth);
  for (int i = 0; i < 4; i++)
    out_rc[i] = SL_NOMEM;
  if (!w->dns)
    return true;
  w->dns->hosts_path = "/nonexistent";
  w->dns->resolv_path = resolv;
  w->dns->timeout_ms = 60;
  w->dns->tries = 1;
  sl_dns_preload(&w->cache, NULL, &list, 0, &w->error);
  for (int i = 0; i < 4 && sound; i++)
    sound = resolve(w, hosts[i], &out_rc[i]);
  sl_dns_free(w->dns);
  w->dns = NULL;
  sl_dns_cache_done(&w->cache);
  sl_dns_cache_init(&w->cache);
  struct ledger_totals now = sl_ledger_totals();
  return sound && CHECK_INT(now.opened - w->before.opened, now.closed - w->before.closed) &&
         CHECK_INT(w->reactor.count, 0) && CHECK_INT(w->reactor.timers.n, 0);
}

/* c-ares cannot say in all places that memory was short: then a name is not found, or no server is.
 */
static bool allowed(sl_result rc)
{
  return rc == SL_OK || rc == SL_NOMEM || rc == CURLE_COULDNT_RESOLVE_HOST ||
         rc == CURLE_FAILED_INIT;
}

TEST(every_allocation_fails_once)
{
  struct world w;
  sl_result rc[4] = {0};
  char resolv[] = "/tmp/sluice-dns-XXXXXX";
  /* One domain: c-ares 1.18.1 itself loses the first of several when memory runs out over the
   * second. */
  static const char text[] = "search a.test\noptions ndots:1\n";
  int fd = mkstemp(resolv);
  REQUIRE(fd >= 0 && write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1 && prepare(&w));
  unsigned nomem = 0, rounds = 0;
  FOR_EACH_FAILING_ALLOC(n)
  {
    if (!one_round(&w, resolv, rc))
      break;
    rounds++;
    nomem += rc[0] == SL_NOMEM;
    for (int i = 0; i < 4; i++)
      if (!CHECK(allowed(rc[i])))
        printf("#   result %d in round %lu\n", rc[i], n);
  }
  CHECK(rounds > 50 && nomem > 20);
  CHECK_INT(rc[0], SL_OK);
  CHECK_INT(rc[1], SL_OK);
  CHECK_INT(rc[2], SL_OK);
  CHECK_INT(rc[3], CURLE_COULDNT_RESOLVE_HOST);
  unlink(resolv);
  close(fd);
  world_close(&w);
}

/* One of many fails; the others have to go on. */
TEST(short_of_memory_for_a_while)
{
  enum { N = 50 };
  static struct asker a[N];
  static char names[N][16];
  struct world w;
  REQUIRE(world_open(&w));
  unsigned ok = 0, bad = 0;
  for (unsigned i = 0; i < N; i++) {
    asker_init(&a[i], &w);
    snprintf(names[i], sizeof names[i], "n%u.test", i);
    sl_mem_fail_after(i % 5 == 4 ? 1 + i % 4 : 0);
    asker_ask(&a[i], names[i], AF_UNSPEC);
    sl_mem_fail_after(0);
  }
  int64_t until_us = sl_clock_now_us() + 3000000;
  for (unsigned i = 0; i < N; i++) {
    while (a[i].rc == SL_WAIT && sl_clock_now_us() < until_us)
      world_turn(&w, until_us);
    ok += a[i].rc == SL_OK;
    bad += a[i].rc == SL_NOMEM;
    sl_dns_cancel(&a[i].w);
  }
  CHECK_INT(ok, N - N / 5);
  CHECK_INT(bad, N / 5);
  world_close(&w);
}

/* A look-up that had to wait for its turn fails while another one is asked for: it is told so at
 * once, though not by that call. */
TEST(the_failure_of_another)
{
  enum { N = 64 }; /* as many as may be sent at once */
  static struct asker a[N + 2];
  static char names[N + 2][16];
  struct world w;
  REQUIRE(world_open(&w));
  w.dns->timeout_ms = 2000;
  for (unsigned i = 0; i <= N; i++) {
    asker_init(&a[i], &w);
    snprintf(names[i], sizeof names[i], "silent.t%u", i);
    CHECK_INT(asker_ask(&a[i], names[i], AF_UNSPEC), SL_WAIT);
  }
  usleep(50000); /* now it may go on */
  asker_init(&a[N + 1], &w);
  sl_mem_fail_after(2);
  CHECK_INT(asker_ask(&a[N + 1], "n.test", AF_UNSPEC), SL_NOMEM);
  sl_mem_fail_after(0);
  CHECK_INT(a[N].done, 0);
  CHECK_INT(sl_reactor_deadline(&w.reactor), 0);
  sl_reactor_run(&w.reactor);
  CHECK_INT(a[N].done, 1);
  CHECK_INT(a[N].rc, SL_NOMEM);
  CHECK_INT(a[0].done, 0);
  for (unsigned i = 0; i < N; i++)
    sl_dns_cancel(&a[i].w);
  world_close(&w);
}
