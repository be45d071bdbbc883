/* What the tests of name resolution start from: a reactor, a struct dns that asks a fake server, a
 * cache, settings, and waiters that write down what they were told. */
#ifndef TESTS_UNIT_DNS_WORLD_H
#define TESTS_UNIT_DNS_WORLD_H

#include <stdlib.h>

#include "dns/dns.h"
#include "gate/ledger.h"
#include "sys/clock.h"
#include "tests/test.h"
#include "tests/unit/dns/fake_server.h"

struct world {
  struct reactor reactor;
  unsigned depth;
  struct dns *dns;
  struct dns_cache cache;
  struct dns_config config;
  struct gate_config gate;
  struct fake_server server;
  struct buf error;
  struct ledger_totals before;
};

static bool world_open(struct world *w)
{
  memset(w, 0, sizeof *w);
  sl_ledger_strict(true);
  w->before = sl_ledger_totals();
  sl_reactor_init(&w->reactor);
  sl_dns_cache_init(&w->cache);
  sl_buf_init(&w->error, 1000);
  w->dns = sl_dns_new(&w->reactor, &w->depth);
  if (!w->dns || !fake_start(&w->server, NULL))
    return false;
  w->dns->hosts_path = "/nonexistent/hosts";
  w->dns->resolv_path = "/nonexistent/resolv.conf";
  w->dns->timeout_ms = 200;
  w->dns->tries = 2;
  w->config.dns_servers = w->server.address;
  w->config.dns_cache_timeout_ms = 60000;
  return true;
}

/* Nothing may be left of what was opened. */
static void world_close(struct world *w)
{
  sl_dns_free(w->dns);
  sl_dns_cache_done(&w->cache);
  CHECK_INT(w->reactor.count, 0);
  CHECK(sl_list_empty(&w->reactor.jobs));
  CHECK_INT(w->reactor.timers.n, 0);
  sl_reactor_done(&w->reactor);
  struct ledger_totals now = sl_ledger_totals();
  CHECK_INT(now.opened - w->before.opened, now.closed - w->before.closed);
  CHECK_INT(w->depth, 0);
  sl_buf_done(&w->error);
  fake_stop(&w->server);
}

struct asker {
  struct dns_waiter w;
  struct world *world;
  unsigned partial, done;
  unsigned partial6, partial4; /* addresses at the first call */
  sl_result rc;                /* of the look-up, then of its end */
  void (*more)(struct asker *a);
  struct asker *other;
};

static unsigned world_order[4096], world_calls;

static void asker_told(struct dns_waiter *w)
{
  struct asker *a = w->owner;
  if (w->done) {
    a->done++;
    a->rc = w->result;
    if (world_calls < 4096)
      world_order[world_calls++] = (unsigned)(uintptr_t)a->other;
  } else {
    a->partial++;
    a->partial6 = sl_dns_answer_count(w->answer, AF_INET6);
    a->partial4 = sl_dns_answer_count(w->answer, AF_INET);
  }
  if (a->more)
    a->more(a);
}

static sl_result asker_ask(struct asker *a, const char *host, int family)
{
  struct world *w = a->world;
  struct dns_ask ask = {
      .host = slice_str(host),
      .port = 80,
      .family = family,
      .config = &w->config,
      .gate = &w->gate,
      .cache = &w->cache,
      .who = a,
      .error = &w->error,
  };
  struct dns_answer *answer = NULL;
  sl_reactor_clock(&w->reactor);
  a->rc = sl_dns_lookup(w->dns, &ask, &a->w, &answer);
  if (answer) { /* as if it had waited */
    sl_dns_answer_drop(a->w.answer);
    a->w.answer = answer;
  }
  return a->rc;
}

static void asker_init(struct asker *a, struct world *w)
{
  memset(a, 0, sizeof *a);
  a->world = w;
  sl_dns_waiter_init(&a->w, asker_told, a);
}

static void world_turn(struct world *w, int64_t until_us)
{
  int64_t now_us = sl_reactor_clock(&w->reactor), due_us = sl_reactor_deadline(&w->reactor);
  if (due_us > until_us)
    due_us = until_us;
  int64_t wait_ms = due_us <= now_us ? 0 : (due_us - now_us + 999) / 1000;
  sl_reactor_wait(&w->reactor, (int)wait_ms);
  sl_reactor_clock(&w->reactor);
  sl_reactor_run(&w->reactor);
}

/* Until `*flag` is at least `n`; false: too long. */
static bool world_run(struct world *w, const unsigned *flag, unsigned n)
{
  int64_t until_us = sl_clock_now_us() + 5000000;
  while (*flag < n && sl_clock_now_us() < until_us)
    world_turn(w, until_us);
  return *flag >= n;
}

TEST_UNUSED static void world_run_ms(struct world *w, int ms)
{
  int64_t until_us = sl_clock_now_us() + ms * 1000;
  while (sl_clock_now_us() < until_us)
    world_turn(w, until_us);
}

/* Asks, waits, and says what came: addresses, or the error's text. */
TEST_UNUSED static const char *world_resolve(struct world *w, const char *host, int family)
{
  static char out[4000];
  struct asker a;
  size_t n = 0;
  asker_init(&a, w);
  sl_buf_clear(&w->error);
  if (asker_ask(&a, host, family) == SL_WAIT && !world_run(w, &a.done, 1)) {
    sl_dns_cancel(&a.w);
    return "too long";
  }
  CHECK(a.done <= 1);
  out[0] = 0;
  if (a.rc) {
    snprintf(out, sizeof out, "%d %s", a.rc, w->error.n ? w->error.p : "");
    CHECK(!a.w.answer);
  }
  for (unsigned i = 0; i < sl_dns_answer_count(a.w.answer, family) && n + 100 < sizeof out; i++) {
    struct gate_addr addr;
    char text[SL_ADDR_TEXT];
    int port;
    sl_dns_answer_get(a.w.answer, family, i, 80, &addr);
    sl_addr_print(&addr.u.sa, text, &port);
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "," : "", text);
  }
  sl_dns_cancel(&a.w);
  return out;
}

#endif
