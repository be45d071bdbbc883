/* Name resolution, against a server on loopback. */
#include "dns/dns.h"

#include <errno.h>

#include "base/mem.h"
#include "dns/channel.h"
#include "gate/policy.h"
#include "sys/file.h"
#include "tests/unit/dns/world.h"

#define BOTH "2001:db8::1,192.0.2.1"

TEST(asks_for_both_families)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK_INT(w.server.queries4, 1);
  CHECK_INT(w.server.queries6, 1);
  CHECK_STR(world_resolve(&w, "four.test", AF_UNSPEC), "192.0.2.1");
  CHECK_STR(world_resolve(&w, "six.test", AF_UNSPEC), "2001:db8::1");
  CHECK_STR(world_resolve(&w, "BoTh.Test.", AF_UNSPEC),
            BOTH); /* the dot: another name to the cache */
  CHECK_INT(w.server.queries, 8);
  world_close(&w);
}

TEST(asks_for_one_family)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "both.test", AF_INET), "192.0.2.1");
  CHECK_INT(w.server.queries6, 0);
  CHECK_STR(world_resolve(&w, "both.test", AF_INET6), "2001:db8::1");
  CHECK_INT(w.server.queries4, 1);
  CHECK_STR(world_resolve(&w, "four.test", AF_INET6), "6 Could not resolve host: four.test");
  world_close(&w);
}

TEST(follows_aliases)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "alias.test", AF_UNSPEC), "2001:db8::2,192.0.2.2");
  world_close(&w);
}

TEST(says_why_not)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "none.test", AF_UNSPEC), "6 Could not resolve host: none.test");
  CHECK_STR(world_resolve(&w, "NONE.test", AF_INET), "6 Could not resolve host: NONE.test");
  CHECK_STR(world_resolve(&w, "fail.test", AF_UNSPEC),
            "6 Could not resolve host: fail.test (the name server failed)");
  CHECK_STR(world_resolve(&w, "garbage.test", AF_UNSPEC),
            "6 Could not resolve host: garbage.test (the name server's reply makes no sense)");
  CHECK_STR(world_resolve(&w, "ring.test", AF_UNSPEC),
            "6 Could not resolve host: ring.test (the name server's reply makes no sense)");
  CHECK_STR(world_resolve(&w, "silent.test", AF_UNSPEC),
            "6 Could not resolve host: silent.test (no name server answered)");
  w.config.dns_servers = (char[]){"127.0.0.1:9"}; /* nobody there */
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC),
            "6 Could not resolve host: both.test (no name server could be reached)");
  world_close(&w);
}

TEST(names_the_proxy)
{
  struct world w;
  struct asker a;
  struct dns_answer *answer;
  REQUIRE(world_open(&w));
  asker_init(&a, &w);
  struct dns_ask ask = {.host = SLICE_LIT("none.test"),
                        .proxy = true,
                        .config = &w.config,
                        .gate = &w.gate,
                        .error = &w.error};
  CHECK_INT(sl_dns_lookup(w.dns, &ask, &a.w, &answer), SL_WAIT);
  CHECK(world_run(&w, &a.done, 1));
  CHECK_INT(a.rc, CURLE_COULDNT_RESOLVE_PROXY);
  CHECK_STR(w.error.p, "Could not resolve proxy: none.test");
  world_close(&w);
}

TEST(names_that_nobody_is_asked_for)
{
  static const struct {
    const char *host;
    int family;
    const char *want;
  } rows[] = {
      {"127.0.0.1", AF_UNSPEC, "127.0.0.1"},
      {"127.0.0.1", AF_INET, "127.0.0.1"},
      {"127.0.0.1", AF_INET6, ""}, /* it is what it is: an answer without such an address */
      {"::1", AF_UNSPEC, "::1"},
      {"[::1]", AF_UNSPEC, "::1"},
      {"localhost", AF_UNSPEC, "::1,127.0.0.1"},
      {"LocalHost.", AF_UNSPEC, "::1,127.0.0.1"},
      {"a.b.localhost", AF_INET, "127.0.0.1"},
      {"localhost", AF_INET6, "::1"},
      {"x.onion", AF_UNSPEC, "6 Not resolving .onion address (RFC 7686)"},
      {"Onion.", AF_UNSPEC, "6 Not resolving .onion address (RFC 7686)"},
      {"a..b", AF_UNSPEC, "6 Could not resolve host: a..b"},
      {"", AF_UNSPEC, "6 Could not resolve host: "},
      {".", AF_UNSPEC, "6 Could not resolve host: ."},
      {"a b", AF_UNSPEC, "6 Could not resolve host: a b"},
      {"1.2.3.4.5", AF_UNSPEC, "6 Could not resolve host: 1.2.3.4.5"},
      {"2130706433", AF_UNSPEC, "6 Could not resolve host: 2130706433"},
      {"foo.0x7f", AF_UNSPEC, "6 Could not resolve host: foo.0x7f"},
      {"1.2.3.4.", AF_UNSPEC, "6 Could not resolve host: 1.2.3.4."},
  };
  struct world w;
  REQUIRE(world_open(&w));
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    CHECK_STR(world_resolve(&w, rows[i].host, rows[i].family), rows[i].want);
  char name[300];
  memset(name, 'x', sizeof name);
  name[299] = 0;
  CHECK(strstr(world_resolve(&w, name, AF_UNSPEC), "6 Could not resolve host: xxx"));
  name[64] = 0;
  CHECK(strstr(world_resolve(&w, name, AF_UNSPEC), "6 Could not resolve host: xxx"));
  CHECK_INT(w.server.queries, 0);
  CHECK_INT(sl_ledger_totals().opened, w.before.opened);
  CHECK_STR(world_resolve(&w, "mylocalhost", AF_INET), "6 Could not resolve host: mylocalhost");
  CHECK_STR(world_resolve(&w, "nonion", AF_INET), "192.0.2.7");
  CHECK_STR(world_resolve(&w, "n0x7.test", AF_INET), "192.0.2.7");
  CHECK_INT(w.server.queries, 3);
  world_close(&w);
}

TEST(remembers)
{
  struct world w;
  REQUIRE(world_open(&w));
  for (int i = 0; i < 3; i++) {
    CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
    CHECK_STR(world_resolve(&w, "BOTH.test", AF_INET), "192.0.2.1");
    CHECK_STR(world_resolve(&w, "none.test", AF_UNSPEC), "6 Could not resolve host: none.test");
    CHECK_STR(world_resolve(&w, "bare.test", AF_UNSPEC), "6 Could not resolve host: bare.test");
    CHECK_INT(w.server.queries, 6);
  }
  for (int i = 1; i < 3; i++) { /* neither what has no time to live, nor what went wrong */
    CHECK_STR(world_resolve(&w, "ttl0.test", AF_INET), "192.0.2.1");
    CHECK_INT(w.server.queries, 6 + i);
  }
  unsigned before = w.server.queries;
  CHECK(strstr(world_resolve(&w, "fail.test", AF_INET), "failed"));
  unsigned tries = w.server.queries - before;
  CHECK(strstr(world_resolve(&w, "fail.test", AF_INET), "failed"));
  CHECK_INT(w.server.queries, before + 2 * tries);
  w.config.dns_cache_timeout_ms = 0;
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK_INT(w.server.queries, before + 2 * tries + 2);
  world_close(&w);
}

TEST(forgets_in_time)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "ttl1.test", AF_INET), "192.0.2.1");
  CHECK_STR(world_resolve(&w, "ttl9.test", AF_INET), "192.0.2.1");
  world_run_ms(&w, 500);
  CHECK_STR(world_resolve(&w, "ttl1.test", AF_INET), "192.0.2.1");
  CHECK_INT(w.server.queries, 2);
  world_run_ms(&w, 600);
  CHECK_STR(world_resolve(&w, "ttl1.test", AF_INET), "192.0.2.1");
  CHECK_STR(world_resolve(&w, "ttl9.test", AF_INET), "192.0.2.1");
  CHECK_INT(w.server.queries, 3);
  world_close(&w);
}

TEST(tells_the_first_family_before_the_other)
{
  struct world w;
  struct asker a, b;
  REQUIRE(world_open(&w));
  asker_init(&a, &w);
  asker_init(&b, &w);
  CHECK_INT(asker_ask(&a, "slowsix.test", AF_UNSPEC), SL_WAIT);
  CHECK(world_run(&w, &a.partial, 1));
  CHECK_INT(a.done, 0);
  CHECK_INT(a.partial4, 1);
  CHECK_INT(a.partial6, 0);
  CHECK_INT(asker_ask(&b, "slowsix.test", AF_UNSPEC), SL_WAIT); /* joins: has it at once */
  CHECK_INT(sl_dns_answer_count(b.w.answer, AF_INET), 1);
  CHECK(world_run(&w, &b.done, 1));
  CHECK_INT(b.partial, 0);
  CHECK_INT(a.done, 1);
  CHECK_INT(a.partial, 1);
  CHECK_INT(a.rc, SL_OK);
  CHECK_INT(sl_dns_answer_count(a.w.answer, AF_UNSPEC), 1);
  CHECK_INT(w.server.queries4, 1);
  CHECK_INT(w.server.queries6, 2); /* and once more */
  sl_dns_cancel(&a.w);
  sl_dns_cancel(&b.w);
  CHECK_STR(world_resolve(&w, "slowsix.test", AF_UNSPEC), "192.0.2.1"); /* cached */
  CHECK_INT(w.server.queries4, 1);
  struct dns_answer *answer = NULL; /* but not for long, as the other family is not known */
  struct dns_cache_key key = {
      .host = SLICE_LIT("slowsix.test"), .want = DNS_WANT_BOTH, .timeout_ms = 60000};
  sl_dns_realm(&w.config, key.realm);
  key.now_us = w.reactor.now_us + 6000000;
  CHECK_INT(sl_dns_cache_find(&w.cache, &key, &answer), DNS_CACHED_NONE);
  world_close(&w);
}

TEST(truncated_replies_come_by_tcp)
{
  struct world w;
  REQUIRE(world_open(&w));
  const char *text = world_resolve(&w, "big.test", AF_UNSPEC);
  CHECK(!strncmp(text, "2001:db8::,2001:db8::1,", 23));
  CHECK(strstr(text, ",192.0.2.0,") && strstr(text, ",192.0.2.59"));
  CHECK_INT(w.server.over_tcp, 2);
  world_close(&w);
}

TEST(shuffles_if_asked_to)
{
  struct world w;
  char first[1000], second[1000];
  REQUIRE(world_open(&w));
  w.config.dns_cache_timeout_ms = 0;
  snprintf(first, sizeof first, "%s", world_resolve(&w, "big.test", AF_INET));
  CHECK_STR(world_resolve(&w, "big.test", AF_INET), first);
  w.config.dns_shuffle_addresses = true;
  snprintf(second, sizeof second, "%s", world_resolve(&w, "big.test", AF_INET));
  CHECK(strcmp(first, second) != 0);
  CHECK_INT(strlen(first), strlen(second));
  w.config.dns_cache_timeout_ms = 60000; /* what is cached is not shuffled again */
  snprintf(first, sizeof first, "%s", world_resolve(&w, "big.test", AF_INET));
  CHECK_STR(world_resolve(&w, "big.test", AF_INET), first);
  world_close(&w);
}

TEST(asks_again_what_got_lost)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "once.test", AF_INET), "192.0.2.1");
  CHECK_INT(w.server.queries, 2);
  world_close(&w);
}

TEST(replies_to_other_questions)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "spoof.test", AF_INET), "192.0.2.1");
  CHECK_INT(w.server.queries, 1);
  world_close(&w);
}

TEST(a_thousand_waiters_one_question)
{
  enum { N = 1000 };
  static struct asker a[N];
  struct world w;
  REQUIRE(world_open(&w));
  w.dns->timeout_ms = 1000;
  world_calls = 0;
  for (unsigned i = 0; i < N; i++) {
    asker_init(&a[i], &w);
    a[i].other = (struct asker *)(uintptr_t)i; /* its number, for world_order */
    CHECK_INT(asker_ask(&a[i], i & 1 ? "late.test" : "Late.TEST", AF_UNSPEC), SL_WAIT);
  }
  for (unsigned i = 0; i < N; i += 10)
    sl_dns_cancel(&a[i].w);
  CHECK(world_run(&w, &a[N - 1].done, 1));
  for (unsigned i = 0; i < N; i++) {
    if (!CHECK_INT(a[i].done, i % 10 ? 1 : 0) ||
        !CHECK_INT(sl_dns_answer_count(a[i].w.answer, AF_UNSPEC), i % 10 ? 2 : 0))
      break;
    sl_dns_cancel(&a[i].w);
  }
  CHECK_INT(world_calls, N - N / 10);
  for (unsigned i = 1; i < world_calls; i++)
    if (!CHECK(world_order[i - 1] < world_order[i])) /* first come, first served */
      break;
  CHECK_INT(w.server.queries4, 1);
  CHECK_INT(w.server.queries6, 1);
  world_close(&w);
}

TEST(many_names_at_once)
{
  enum { N = 2000 };
  static struct asker a[N];
  static char names[N][32];
  struct world w;
  REQUIRE(world_open(&w));
  w.dns->timeout_ms = 5000;
  world_calls = 0;
  for (unsigned i = 0; i < N; i++) {
    asker_init(&a[i], &w);
    snprintf(names[i], sizeof names[i], "n%u.test", i);
    CHECK_INT(asker_ask(&a[i], names[i], AF_UNSPEC), SL_WAIT);
  }
  CHECK(world_run(&w, &world_calls, N));
  for (unsigned i = 0; i < N; i++) {
    if (!CHECK_INT(a[i].done, 1) || !CHECK_INT(a[i].rc, SL_OK))
      break;
    CHECK_INT(sl_dns_answer_count(a[i].w.answer, AF_UNSPEC), 2);
  }
  for (unsigned i = 0; i < N; i++)
    sl_dns_cancel(&a[i].w);
  CHECK(w.server.queries >= 2 * N && w.server.queries < 2 * (2 * N)); /* a busy machine asks some again */
  world_close(&w);
}

TEST(cancelling_gives_the_sockets_back)
{
  struct world w;
  struct asker a, b;
  REQUIRE(world_open(&w));
  asker_init(&a, &w);
  asker_init(&b, &w);
  CHECK_INT(asker_ask(&a, "late.test", AF_UNSPEC), SL_WAIT);
  CHECK_INT(asker_ask(&b, "silent.test", AF_UNSPEC), SL_WAIT);
  CHECK_INT(sl_ledger_totals().opened - w.before.opened, 1);
  sl_dns_cancel(&a.w);
  CHECK_INT(sl_ledger_totals().closed, w.before.closed);
  sl_dns_cancel(&b.w); /* the last one */
  CHECK_INT(sl_ledger_totals().closed - w.before.closed, 1);
  CHECK_INT(w.reactor.timers.n, 0);
  CHECK_INT(w.reactor.count, 0);
  world_run_ms(&w, 250); /* the late reply meets nobody */
  CHECK_INT(a.done + b.done, 0);
  sl_dns_cancel(&a.w); /* again: harmless */
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  world_close(&w);
}

static void cancel_other(struct asker *a)
{
  sl_dns_cancel(&a->other->w);
}

TEST(cancelling_from_another_waiters_call)
{
  struct world w;
  struct asker a[4];
  REQUIRE(world_open(&w));
  for (int i = 0; i < 4; i++) {
    asker_init(&a[i], &w);
    CHECK_INT(asker_ask(&a[i], "both.test", AF_INET), SL_WAIT);
  }
  a[0].other = &a[1]; /* the next in line */
  a[0].more = cancel_other;
  a[2].other = &a[2]; /* itself */
  a[2].more = cancel_other;
  a[3].other = &a[0]; /* one that was told */
  a[3].more = cancel_other;
  CHECK(world_run(&w, &a[3].done, 1));
  CHECK_INT(a[0].done, 1);
  CHECK_INT(a[1].done, 0);
  CHECK_INT(a[2].done, 1);
  CHECK(!a[0].w.answer && !a[1].w.answer && !a[2].w.answer && a[3].w.answer);
  sl_dns_cancel(&a[3].w);

  for (int i = 0; i < 4; i++) { /* the same at the first of two calls */
    asker_init(&a[i], &w);
    CHECK_INT(asker_ask(&a[i], "slowsix.test", AF_UNSPEC), SL_WAIT);
  }
  for (int i = 0; i < 4; i++) {
    a[i].more = cancel_other;
    a[i].other = &a[(i + 1) % 4]; /* 0 ends 1, 2 ends 3 */
  }
  CHECK(world_run(&w, &a[2].partial, 1));
  CHECK_INT(a[1].partial + a[3].partial, 0);
  CHECK(world_run(&w, &a[2].done, 1));
  CHECK_INT(a[0].done, 1);
  for (int i = 0; i < 4; i++)
    sl_dns_cancel(&a[i].w);
  world_close(&w);
}

static void cancel_itself(struct asker *a)
{
  sl_dns_cancel(&a->w);
}

static void join_once(struct asker *a)
{
  if (!a->other->w.lookup && !a->other->done)
    CHECK_INT(asker_ask(a->other, "slowsix.test", AF_UNSPEC), SL_WAIT);
}

TEST(joining_and_leaving_at_the_first_of_two_calls)
{
  struct world w;
  struct asker a, b;
  REQUIRE(world_open(&w));
  asker_init(&a, &w);
  a.more = cancel_itself; /* the last waiter: all is given back */
  CHECK_INT(asker_ask(&a, "slowsix.test", AF_UNSPEC), SL_WAIT);
  CHECK(world_run(&w, &a.partial, 1));
  CHECK_INT(w.reactor.count, 0);
  CHECK_INT(sl_ledger_totals().opened - w.before.opened,
            sl_ledger_totals().closed - w.before.closed);
  asker_init(&a, &w);
  asker_init(&b, &w);
  a.more = join_once;
  a.other = &b;
  CHECK_INT(asker_ask(&a, "slowsix.test", AF_UNSPEC), SL_WAIT);
  CHECK(world_run(&w, &b.done, 1));
  CHECK_INT(a.partial, 1);
  CHECK_INT(b.partial, 0); /* it had the first family by its return */
  sl_dns_cancel(&a.w);
  sl_dns_cancel(&b.w);
  world_close(&w);
}

static void ask_next(struct asker *a)
{
  if (a->other->rc == 0 && !a->other->w.lookup)
    asker_ask(a->other, "four.test", AF_INET);
}

TEST(asking_from_a_waiters_call)
{
  struct world w;
  struct asker a, b;
  REQUIRE(world_open(&w));
  asker_init(&a, &w);
  asker_init(&b, &w);
  a.other = &b;
  a.more = ask_next;
  CHECK_INT(asker_ask(&a, "both.test", AF_INET), SL_WAIT);
  CHECK(world_run(&w, &b.done, 1));
  CHECK_INT(sl_dns_answer_count(b.w.answer, AF_INET), 1);
  sl_dns_cancel(&a.w);
  sl_dns_cancel(&b.w);
  world_close(&w);
}

TEST(an_end_at_once_is_the_return_value)
{
  struct world w;
  struct asker a;
  REQUIRE(world_open(&w));
  asker_init(&a, &w);
  w.config.dns_local_ip4 = (char[]){"192.0.2.77"}; /* not ours */
  CHECK_INT(asker_ask(&a, "both.test", AF_UNSPEC), CURLE_COULDNT_RESOLVE_HOST);
  CHECK(w.error.n &&
        strstr(w.error.p,
               "Could not resolve host: both.test (could not send from address 192.0.2.77: "));
  world_run_ms(&w, 50);
  CHECK_INT(a.done, 0);
  sl_buf_clear(&w.error);
  w.config.dns_local_ip4 = (char[]){"nonsense"};
  CHECK_INT(asker_ask(&a, "both.test", AF_UNSPEC), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_STR(w.error.p, "Not an address to send name queries from: nonsense");
  w.config.dns_local_ip4 = NULL;
  w.config.dns_local_ip6 = (char[]){"127.0.0.1"};
  CHECK_INT(asker_ask(&a, "both.test", AF_UNSPEC), CURLE_BAD_FUNCTION_ARGUMENT);
  w.config.dns_local_ip6 = NULL;
  w.config.dns_servers = (char[]){"localhost"};
  CHECK_INT(asker_ask(&a, "both.test", AF_UNSPEC), CURLE_BAD_FUNCTION_ARGUMENT);
  world_close(&w);
}

TEST(sends_from_where_it_is_told_to)
{
  struct world w;
  REQUIRE(world_open(&w));
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK_INT(w.server.last_peer, 0x7f000001);
  w.config.dns_local_ip4 = (char[]){"127.0.0.3"};
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH); /* asked anew: another way */
  CHECK_INT(w.server.last_peer, 0x7f000003);
  CHECK_INT(w.server.queries, 4);
  w.config.dns_local_ip4 = NULL;
  w.config.dns_interface = (char[]){"nosuchif0"};
  CHECK(strstr(world_resolve(&w, "both.test", AF_UNSPEC),
               "6 Could not resolve host: both.test (could not send from interface nosuchif0: "));
  CHECK_INT(w.server.queries, 4);
  world_close(&w);
}

TEST(server_lists)
{
  static const struct {
    const char *list;
    bool ok;
  } rows[] = {
      {"127.0.0.1", true},
      {"127.0.0.1:53", true},
      {"127.0.0.1, 127.0.0.2:54", true},
      {"::1", true},
      {"[::1]", true},
      {"[::1]:53,10.0.0.1", true},
      {"127.0.0.1,", true},
      {"", false},
      {",", false},
      {"localhost", false},
      {"127.0.0.1:", false},
      {"127.0.0.1:0", false},
      {"127.0.0.1:65536", false},
      {"127.0.0.1:5x", false},
      {"[::1", false},
      {"[::1]x", false},
      {"127.0.0.1 127.0.0.2", false},
      {"fe80::1%1", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (!CHECK_INT(sl_dns_servers_check(slice_str(rows[i].list)),
                   rows[i].ok ? SL_OK : CURLE_BAD_FUNCTION_ARGUMENT))
      printf("#   %s\n", rows[i].list);
}

TEST(goes_on_to_the_next_server)
{
  struct world w;
  char list[80];
  REQUIRE(world_open(&w));
  snprintf(list, sizeof list, "127.0.0.1:9,[::1]:9,%s", w.server.address);
  w.config.dns_servers = list;
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  world_close(&w);
}

TEST(resolve_option)
{
  struct world w;
  REQUIRE(world_open(&w));
  struct curl_slist list = {(char[]){"none.test:80:127.0.0.5,::5"}, NULL},
                    number = {(char[]){"127.0.0.1:80:127.0.0.6"}, &list},
                    local = {(char[]){"localhost:80:127.0.0.7"}, &number},
                    onion = {(char[]){"x.onion:80:127.0.0.8"}, &local};
  CHECK_INT(sl_dns_preload(&w.cache, NULL, &onion, 0, NULL), SL_OK);
  CHECK_STR(world_resolve(&w, "None.Test", AF_UNSPEC), "::5,127.0.0.5");
  CHECK_STR(world_resolve(&w, "127.0.0.1", AF_UNSPEC), "127.0.0.6");
  CHECK_STR(world_resolve(&w, "localhost", AF_UNSPEC), "127.0.0.7");
  CHECK_STR(world_resolve(&w, "x.onion", AF_UNSPEC), "127.0.0.8");
  CHECK_INT(w.server.queries, 0);
  w.config.dns_cache_timeout_ms = 0;
  CHECK_STR(world_resolve(&w, "none.test", AF_INET6), "::5");
  CHECK_INT(w.server.queries, 0);
  world_close(&w);
}

/* ---- files ---- */

static char *temporary(char path[32], const char *text)
{
  strcpy(path, "/tmp/sluice-dns-XXXXXX");
  int fd = mkstemp(path);
  if (fd < 0 || write(fd, text, strlen(text)) < 0)
    return NULL;
  close(fd);
  return path;
}

TEST(hosts_file)
{
  struct world w;
  char path[32];
  REQUIRE(world_open(&w));
  w.dns->hosts_path = temporary(path, "10.1.2.3 both.test Single\n::7 single\n");
  REQUIRE(w.dns->hosts_path);
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), "10.1.2.3"); /* is all of it */
  CHECK_STR(world_resolve(&w, "SINGLE", AF_UNSPEC), "::7,10.1.2.3");
  CHECK_INT(w.server.queries, 0);
  CHECK_STR(world_resolve(&w, "both.test", AF_INET6), "2001:db8::1"); /* as getaddrinfo() has it */
  w.config.dns_servers = NULL; /* no resolv.conf, no server */
  CHECK_STR(world_resolve(&w, "single", AF_INET), "10.1.2.3");
  unlink(path);
  world_close(&w);
}

/* The fake server looks at the first label alone: with the suffix of the list, too. */
TEST(search_list)
{
  static const struct {
    const char *host, *want, *asked;
  } rows[] = {
      {"both", "192.0.2.1", " both.x.test"},
      {"both.a", "192.0.2.1", " both.a.x.test"},
      {"both.a.b", "192.0.2.1", " both.a.b"},
      {"both.", "192.0.2.1", " both"},
      {"none.a", "6 Could not resolve host: none.a",
       " none.a.x.test none.a.y.test none.a.z.test none.a"},
      {"none.a.b", "6 Could not resolve host: none.a.b",
       " none.a.b none.a.b.x.test none.a.b.y.test none.a.b.z.test"},
      {"none.", "6 Could not resolve host: none.", " none"},
      {"fail.a.", "6 Could not resolve host: fail.a. (the name server failed)", " fail.a fail.a"},
      /* Where nobody answers there is no use in another name. */
      {"silent.a", "6 Could not resolve host: silent.a (no name server answered)",
       " silent.a.x.test silent.a.x.test"},
  };
  struct world w;
  char path[32], asked[512];
  REQUIRE(world_open(&w));
  w.dns->resolv_path = temporary(path, "search x.test y.test z.test\noptions ndots:2\n");
  REQUIRE(w.dns->resolv_path);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    CHECK_STR(world_resolve(&w, rows[i].host, AF_INET), rows[i].want);
    CHECK_STR(fake_asked(&w.server, asked), rows[i].asked);
  }
  char longest[254]; /* no room for a suffix */
  memset(longest, 'x', sizeof longest);
  for (size_t i = 49; i < sizeof longest; i += 50)
    longest[i] = '.';
  longest[253] = 0;
  unsigned before = w.server.queries;
  CHECK(strstr(world_resolve(&w, longest, AF_INET), "Could not resolve host: xxx"));
  CHECK_INT(w.server.queries, before + 1);
  unlink(path);
  world_close(&w);
}

/* ---- the gate ---- */

static struct {
  unsigned opens, sockopts, closes, told, refuse;
  int purpose, socktype, protocol;
  struct gate_addr address; /* the last one shown */
  int to_port;              /* 0: as it is */
  int connect_port;         /* not 0: the callback connects by itself */
  char order[64];
  size_t order_n;
} seen;

static void see(char c)
{
  if (seen.order_n + 1 < sizeof seen.order)
    seen.order[seen.order_n++] = c;
}

static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
  CHECK(data == &seen);
  seen.opens++;
  see('o');
  seen.purpose = (int)purpose;
  seen.socktype = address->socktype;
  seen.protocol = address->protocol;
  memcpy(&seen.address.u, &address->addr, address->addrlen);
  if (seen.refuse)
    return CURL_SOCKET_BAD;
  if (seen.to_port)
    ((struct sockaddr_in *)(void *)&address->addr)->sin_port = htons((uint16_t)seen.to_port);
  return socket(address->family, address->socktype, address->protocol);
}

static int on_sockopt(void *data, curl_socket_t fd, curlsocktype purpose)
{
  CHECK(data == &seen && fd >= 0);
  CHECK_INT(purpose, SLUICE_SOCKTYPE_DNS);
  seen.sockopts++;
  see('s');
  if (!seen.connect_port)
    return CURL_SOCKOPT_OK;
  struct sockaddr_in in = {.sin_family = AF_INET,
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                           .sin_port = htons((uint16_t)seen.connect_port)};
  if (!connect(fd, (struct sockaddr *)&in, sizeof in))
    return CURL_SOCKOPT_ALREADY_CONNECTED;
  CHECK_INT(errno, EINPROGRESS); /* TCP */
  return SLUICE_SOCKOPT_CONNECTING;
}

static int on_close(void *data, curl_socket_t fd)
{
  CHECK(data == &seen);
  seen.closes++;
  see('c');
  return close(fd);
}

static void on_event(void *data, const struct sluice_socket_event *event)
{
  CHECK(data == &seen && event->size);
  seen.told++;
}

static void on_watch(struct reactor *r, struct watch *w, unsigned want)
{
  (void)r;
  (void)w;
  see(want ? 'A' : 'R');
}

static void watch_the_gate(struct world *w)
{
  memset(&seen, 0, sizeof seen);
  w->gate.opensocketfunction = on_open;
  w->gate.sockoptfunction = on_sockopt;
  w->gate.closesocketfunction = on_close;
  w->gate.opensocketdata = w->gate.sockoptdata = w->gate.closesocketdata = &seen;
  w->reactor.socket_hook = on_watch;
}

TEST(callbacks_are_not_asked_unless_the_application_wants_to)
{
  struct world w;
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_eventfunction = on_event;
  w.gate.socket_eventdata = &seen;
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK_INT(seen.opens + seen.sockopts + seen.closes, 0);
  CHECK(seen.told > 0);
  world_close(&w);
}

TEST(callbacks_see_the_servers_true_address)
{
  struct world w;
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK_INT(seen.opens, 1);
  CHECK_INT(seen.sockopts, 1);
  CHECK_INT(seen.closes, 1);
  CHECK_INT(seen.purpose, SLUICE_SOCKTYPE_DNS);
  CHECK_INT(seen.socktype, SOCK_DGRAM);
  CHECK_INT(seen.protocol, IPPROTO_UDP);
  CHECK_INT(ntohs(seen.address.u.in.sin_port), w.server.port);
  CHECK_INT(ntohl(seen.address.u.in.sin_addr.s_addr), INADDR_LOOPBACK);
  CHECK_STR(seen.order, "osARc");
  CHECK(strstr(world_resolve(&w, "big.test", AF_INET), "192.0.2.59"));
  CHECK_INT(seen.opens, 3);
  CHECK_INT(seen.closes, 3);
  CHECK_INT(seen.socktype, SOCK_STREAM);
  CHECK_INT(seen.protocol, IPPROTO_TCP);
  world_close(&w);
}

TEST(callbacks_may_change_the_address)
{
  struct world w;
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  seen.to_port = w.server.port;
  w.config.dns_servers = (char[]){"127.0.0.1:9"};
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK_INT(ntohs(seen.address.u.in.sin_port), 9);
  world_close(&w);
}

TEST(callbacks_may_connect)
{
  struct world w;
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  seen.connect_port = w.server.port;
  w.config.dns_servers = (char[]){"127.0.0.99:9"};
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK(strstr(world_resolve(&w, "big.test", AF_INET), "192.0.2.59"));
  CHECK_INT(seen.opens, 3);
  world_close(&w);
}

/* Where they connect to is judged: a datagram socket at once, a stream when its connection stands. */
TEST(callbacks_may_not_connect_elsewhere)
{
  static const char *const texts[] = {"allow 127.0.0.99\n", "allow any proto udp\nallow 127.0.0.99\n"};
  for (int i = 0; i < 2; i++) {
    struct world w;
    REQUIRE(world_open(&w));
    watch_the_gate(&w);
    w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
    seen.connect_port = w.server.port;
    w.config.dns_servers = (char[]){"127.0.0.99:9"};
    REQUIRE(sl_policy_parse(slice_str(texts[i]), &w.gate.policy, NULL) == SL_OK);
    const char *got = world_resolve(&w, "big.test", AF_INET);
    CHECK(strstr(got, "6 Could not resolve host: big.test"));
    CHECK(i || strstr(got, "The policy refused 127.0.0.1 port"));
    CHECK_INT(w.server.over_tcp, 0);
    CHECK(i || !w.server.queries);
    CHECK_INT(seen.opens, seen.closes);
    sl_policy_free(w.gate.policy);
    w.gate.policy = NULL;
    world_close(&w);
  }
}

TEST(callbacks_may_refuse)
{
  struct world w;
  char want[200];
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  seen.refuse = 1;
  snprintf(want, sizeof want,
           "6 Could not resolve host: both.test (The application refused 127.0.0.1 port %d)",
           w.server.port);
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), want);
  CHECK(seen.opens > 0);
  CHECK_INT(seen.closes, 0);
  CHECK_INT(w.server.queries, 0);
  world_close(&w);
}

TEST(sockets_are_closed_through_the_callback_on_every_way_out)
{
  struct world w;
  struct asker a;
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  asker_init(&a, &w);
  CHECK_INT(asker_ask(&a, "silent.test", AF_UNSPEC), SL_WAIT);
  sl_reactor_flush(&w.reactor);
  sl_dns_cancel(&a.w);
  CHECK_INT(seen.closes, 1);
  CHECK_STR(seen.order, "osARc");
  CHECK_INT(asker_ask(&a, "silent.test", AF_UNSPEC), SL_WAIT);
  sl_dns_free(w.dns); /* with somebody still waiting */
  w.dns = NULL;
  CHECK_INT(seen.opens, 2);
  CHECK_INT(seen.closes, 2);
  CHECK_INT(a.done, 0);
  sl_dns_cancel(&a.w); /* harmless */
  world_close(&w);
}

TEST(settings_that_differ_do_not_share_sockets)
{
  struct world w;
  struct asker a, b, c;
  REQUIRE(world_open(&w));
  w.dns->timeout_ms = 1000;
  watch_the_gate(&w);
  for (int i = 0; i < 3; i++)
    asker_init(i == 0 ? &a : i == 1 ? &b : &c, &w);
  CHECK_INT(asker_ask(&a, "late.test", AF_INET), SL_WAIT); /* not asked */
  w.gate.opensocketdata = &w;                              /* still not asked: no difference */
  CHECK_INT(asker_ask(&b, "late.test", AF_INET), SL_WAIT);
  CHECK_INT(sl_ledger_totals().opened - w.before.opened, 1);
  w.gate.opensocketdata = &seen;
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  CHECK_INT(asker_ask(&c, "late.test", AF_INET), SL_WAIT);
  CHECK_INT(sl_ledger_totals().opened - w.before.opened, 2);
  CHECK_INT(seen.opens, 1);
  CHECK(world_run(&w, &c.done, 1) && world_run(&w, &a.done, 1) && world_run(&w, &b.done, 1));
  CHECK_INT(w.server.queries, 2);
  sl_dns_cancel(&a.w);
  sl_dns_cancel(&b.w);
  sl_dns_cancel(&c.w);
  for (int i = 0; i < 100; i++) { /* and channels do not pile up */
    char list[64];
    snprintf(list, sizeof list, "127.0.0.1:9,127.0.1.%d", i);
    w.config.dns_servers = list;
    asker_ask(&a, "both.test", AF_INET);
    sl_dns_cancel(&a.w);
  }
  CHECK(w.dns->n_channels <= 8);
  world_close(&w);
}

/* Nobody is on port 53 of these addresses, perhaps; what counts is whom the gate is asked for. */
TEST(sees_a_new_resolv_conf)
{
  struct world w;
  struct asker a;
  char path[32];
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  seen.refuse = 1;
  asker_init(&a, &w);
  w.config.dns_servers = NULL;
  w.dns->resolv_path = temporary(path, "nameserver 127.0.0.98\n");
  REQUIRE(w.dns->resolv_path);
  CHECK_INT(asker_ask(&a, "a.test", AF_INET), CURLE_COULDNT_RESOLVE_HOST);
  CHECK_INT(ntohl(seen.address.u.in.sin_addr.s_addr), 0x7f000062);
  FILE *f = fopen(path, "w");
  REQUIRE(f);
  fputs("nameserver 127.0.0.99\n", f);
  fclose(f);
  CHECK_INT(asker_ask(&a, "a.test", AF_INET), CURLE_COULDNT_RESOLVE_HOST);
  CHECK_INT(ntohl(seen.address.u.in.sin_addr.s_addr), 0x7f000062); /* it looks once a second */
  usleep(1000000);
  CHECK_INT(asker_ask(&a, "a.test", AF_INET), CURLE_COULDNT_RESOLVE_HOST);
  CHECK_INT(ntohl(seen.address.u.in.sin_addr.s_addr), 0x7f000063);
  unlink(path);
  world_close(&w);
}

/* For a process that may open no files any more. */
TEST(keeps_resolv_conf_and_hosts)
{
  struct world w;
  struct asker a;
  char resolv[32], hosts[32];
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  seen.refuse = 1;
  asker_init(&a, &w);
  w.config.dns_servers = NULL;
  w.dns->resolv_path = temporary(resolv, "nameserver ::1\nnameserver 127.0.0.98\n");
  w.dns->hosts_path = temporary(hosts, "10.1.2.3 hosted.test\n");
  REQUIRE(w.dns->resolv_path && w.dns->hosts_path);
  CHECK_INT(sl_dns_keep(hosts, resolv), SL_OK);
  unlink(resolv);
  unlink(hosts);
  CHECK_STR(world_resolve(&w, "hosted.test", AF_INET), "10.1.2.3");
  CHECK_INT(asker_ask(&a, "a.test", AF_INET), CURLE_COULDNT_RESOLVE_HOST);
  CHECK_INT(seen.opens, 2); /* both servers were known */
  CHECK_INT(ntohl(seen.address.u.in.sin_addr.s_addr), 0x7f000062);
  sl_dns_forget();
  sl_file_forget();
  world_close(&w);
}

TEST(keeping_without_memory)
{
  char resolv[32];
  sl_result last = SL_OK;
  REQUIRE(temporary(resolv, "nameserver 127.0.0.98\n"));
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = sl_dns_keep("/nonexistent/hosts", resolv);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_dns_forget();
  }
  CHECK_INT(last, SL_OK);
  unlink(resolv);
}

/* ---- other callbacks ---- */

static int starts, start_answer;
static int on_start(void *state, void *reserved, void *data)
{
  CHECK(!state && !reserved);
  CHECK_INT(*(unsigned *)data, 1); /* the callback depth */
  starts++;
  return start_answer;
}

/* Who is waiting goes on waiting, who comes asks the new server. */
TEST(sees_a_new_resolv_conf_while_busy)
{
  struct world w;
  struct asker a, b, c;
  char path[32];
  REQUIRE(world_open(&w));
  watch_the_gate(&w);
  w.gate.socket_purposes = SLUICE_PURPOSE_DNS;
  asker_init(&a, &w);
  asker_init(&b, &w);
  asker_init(&c, &w);
  w.config.dns_servers = NULL;
  w.dns->resolv_path = temporary(path, "nameserver 127.0.0.98\n");
  REQUIRE(w.dns->resolv_path);
  CHECK_INT(asker_ask(&a, "a.test", AF_INET), SL_WAIT);
  FILE *f = fopen(path, "w");
  REQUIRE(f);
  fputs("nameserver 127.0.0.99\n", f);
  fclose(f);
  usleep(1000000);
  CHECK_INT(asker_ask(&b, "b.test", AF_INET), SL_WAIT);
  CHECK_INT(ntohl(seen.address.u.in.sin_addr.s_addr), 0x7f000063);
  CHECK_INT(w.dns->n_channels, 2);
  sl_dns_cancel(&a.w);
  CHECK_INT(asker_ask(&c, "c.test", AF_INET), SL_WAIT);
  CHECK_INT(w.dns->n_channels, 2); /* the old one goes when there is a reason to look */
  sl_dns_cancel(&b.w);
  sl_dns_cancel(&c.w);
  CHECK_INT(seen.opens, 2);
  CHECK_INT(seen.closes, 2);
  unlink(path);
  world_close(&w);
}

TEST(resolver_start_callback)
{
  struct world w;
  REQUIRE(world_open(&w));
  w.config.resolver_start_function = on_start;
  w.config.resolver_start_data = &w.depth;
  starts = start_answer = 0;
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH);
  CHECK_INT(starts, 1);
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH); /* known: no new request */
  CHECK_INT(starts, 1);
  CHECK_STR(world_resolve(&w, "127.0.0.1", AF_UNSPEC), "127.0.0.1");
  CHECK_INT(starts, 2);
  start_answer = 1;
  CHECK_STR(world_resolve(&w, "four.test", AF_UNSPEC), "6 Could not resolve host: four.test");
  CHECK_STR(world_resolve(&w, "localhost", AF_UNSPEC), "6 Could not resolve host: localhost");
  CHECK_INT(w.server.queries, 2);
  world_close(&w);
}

static struct {
  unsigned starts, cancels, refuse;
  struct dns_query *query[2];
  unsigned char message[2][DNS_QUERY_MAX];
  size_t n[2];
} doh;

static sl_result doh_start(void *owner, void *who, const struct dns_config *config,
                           struct dns_query *query, struct slice message)
{
  CHECK(owner == &doh && who);
  CHECK_STR(config->doh_url, "https://doh.test/q");
  CHECK_MEM(message.p, "\0\0", 2); /* no transaction number */
  if (doh.refuse)
    return CURLE_COULDNT_CONNECT;
  doh.query[doh.starts & 1] = query;
  memcpy(doh.message[doh.starts & 1], message.p, message.n);
  doh.n[doh.starts++ & 1] = message.n;
  return SL_WAIT;
}

static void doh_cancel(void *owner, struct dns_query *query)
{
  CHECK(owner == &doh && query);
  doh.cancels++;
}

static void doh_reply(struct world *w, int i)
{
  struct fake_reply r;
  size_t n = fake_reply_to(&w->server, doh.message[i], doh.n[i], true, &r);
  sl_dns_doh_answer(doh.query[i], SL_OK, slice_of((const char *)r.b, n));
}

TEST(over_http)
{
  struct world w;
  struct asker a, b;
  REQUIRE(world_open(&w));
  memset(&doh, 0, sizeof doh);
  asker_init(&a, &w);
  asker_init(&b, &w);
  w.config.doh_url = (char[]){"https://doh.test/q"};
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC),
            "6 Could not resolve host: both.test (DoH is not available)");
  w.dns->doh = (struct dns_doh){&doh, doh_start, doh_cancel};
  CHECK_INT(asker_ask(&a, "both.test", AF_UNSPEC), SL_WAIT);
  CHECK_INT(asker_ask(&b, "both.test", AF_UNSPEC), SL_WAIT);
  CHECK_INT(doh.starts, 2);
  CHECK_INT(sl_reactor_deadline(&w.reactor) == INT64_MAX, 1); /* time-outs are HTTP's */
  doh_reply(&w, 1);
  CHECK_INT(a.partial, 0); /* not from within */
  world_run_ms(&w, 1);
  CHECK_INT(a.partial, 1);
  doh_reply(&w, 0);
  CHECK(world_run(&w, &b.done, 1));
  CHECK_INT(sl_dns_answer_count(a.w.answer, AF_UNSPEC), 2);
  sl_dns_cancel(&a.w);
  sl_dns_cancel(&b.w);
  CHECK_STR(world_resolve(&w, "both.test", AF_UNSPEC), BOTH); /* cached */
  CHECK_INT(doh.starts, 2);
  CHECK_INT(asker_ask(&a, "none.test", AF_UNSPEC), SL_WAIT);
  sl_dns_cancel(&a.w);
  CHECK_INT(doh.cancels, 2);
  asker_init(&a, &w);
  CHECK_INT(asker_ask(&a, "fail.test", AF_UNSPEC), SL_WAIT);
  sl_dns_doh_answer(doh.query[0], CURLE_COULDNT_CONNECT, SLICE_NONE);
  sl_dns_doh_answer(doh.query[1], SL_OK, SLICE_LIT("not a DNS message"));
  CHECK(world_run(&w, &a.done, 1));
  CHECK_INT(a.rc, CURLE_COULDNT_RESOLVE_HOST);
  doh.refuse = 1;
  CHECK_STR(world_resolve(&w, "four.test", AF_UNSPEC),
            "6 Could not resolve host: four.test (no name server could be reached)");
  doh.refuse = 0;
  CHECK_INT(asker_ask(&a, "six.test", AF_UNSPEC), SL_WAIT);
  sl_dns_free(w.dns);
  w.dns = NULL;
  CHECK_INT(doh.cancels, 4);
  CHECK_INT(sl_ledger_totals().opened, w.before.opened);
  world_close(&w);
}
