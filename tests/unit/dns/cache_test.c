/* The cache and CURLOPT_RESOLVE. */
#include "dns/cache.h"

#include <stdlib.h>

#include "base/mem.h"
#include "dns/message.h"
#include "tests/test.h"

enum { S = 1000000 }; /* microseconds */

static struct dns_cache_key key_of(const char *host, uint8_t want, int64_t now_us,
                                   int32_t timeout_ms)
{
  return (struct dns_cache_key){.host = slice_str(host),
                                .port = 80,
                                .want = want,
                                .now_us = now_us,
                                .timeout_ms = timeout_ms};
}

static struct dns_answer *answer_of(const char *six, const char *four)
{
  struct gate_addr addr;
  struct dns_answer *a = sl_dns_answer_new(six ? 1 : 0, four ? 1 : 0);
  if (a && six && sl_addr_literal(&addr, slice_str(six), 0))
    sl_dns_answer_put(a, 0, &addr);
  if (a && four && sl_addr_literal(&addr, slice_str(four), 0))
    sl_dns_answer_put(a, six ? 1 : 0, &addr);
  return a;
}

static void put(struct dns_cache *c, const struct dns_cache_key *key, struct dns_answer *a,
                uint32_t ttl_s)
{
  sl_dns_cache_put(c, key, a, ttl_s);
  sl_dns_answer_drop(a);
}

static const char *text_of(const struct dns_answer *a)
{
  static char out[400];
  size_t n = 0;
  out[0] = 0;
  for (unsigned i = 0; i < sl_dns_answer_count(a, AF_UNSPEC); i++) {
    struct gate_addr addr;
    char text[SL_ADDR_TEXT];
    int port;
    sl_dns_answer_get(a, AF_UNSPEC, i, 0, &addr);
    sl_addr_print(&addr.u.sa, text, &port);
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "," : "", text);
  }
  return out;
}

/* "-" not there, "no" a negative entry, else the addresses. */
static const char *find(struct dns_cache *c, const struct dns_cache_key *key)
{
  struct dns_answer *a = NULL;
  switch (sl_dns_cache_find(c, key, &a)) {
  case DNS_CACHED_NONE:
    return "-";
  case DNS_CACHED_NEGATIVE:
    return "no";
  default: {
    const char *text = text_of(a);
    sl_dns_answer_drop(a);
    return text;
  }
  }
}

static const char *find_at(struct dns_cache *c, const char *host, int64_t now_us,
                           int32_t timeout_ms)
{
  struct dns_cache_key key = key_of(host, DNS_WANT_BOTH, now_us, timeout_ms);
  return find(c, &key);
}

TEST(lives_as_long_as_the_records_and_the_time_out_allow)
{
  struct dns_cache c;
  sl_dns_cache_init(&c);
  CHECK_STR(find_at(&c, "a", 0, 60000), "-");
  struct dns_cache_key k = key_of("a", DNS_WANT_BOTH, 0, 60000);
  put(&c, &k, answer_of("::1", "127.0.0.1"), 10); /* the records say 10 s */
  CHECK_STR(find_at(&c, "a", 10 * S - 1, 60000), "::1,127.0.0.1");
  CHECK_STR(find_at(&c, "a", 5 * S, 4000), "-"); /* the one who asks wants nothing older than 4 s */
  CHECK_STR(find_at(&c, "a", 3 * S, 4000), "::1,127.0.0.1");
  CHECK_STR(find_at(&c, "a", 1, 0), "-");
  CHECK_STR(find_at(&c, "a", 9 * S, -1), "::1,127.0.0.1");
  CHECK_STR(find_at(&c, "a", 10 * S, -1), "-");
  CHECK_INT(c.names.live, 0); /* gone for good */

  put(&c, &k, answer_of(NULL, "127.0.0.2"), 1000); /* the time-out says 60 s */
  CHECK_STR(find_at(&c, "a", 60 * S - 1, -1), "127.0.0.2");
  CHECK_STR(find_at(&c, "a", 60 * S, 1000000), "-");

  k.timeout_ms = -1;
  put(&c, &k, answer_of(NULL, "127.0.0.3"), 1); /* for ever, whatever the records say */
  CHECK_STR(find_at(&c, "a", INT64_C(1000000000) * S, -1), "127.0.0.3");
  CHECK_STR(find_at(&c, "a", 59 * S, 60000), "127.0.0.3");
  CHECK_STR(find_at(&c, "a", 61 * S, 60000), "-");

  k.timeout_ms = 0;
  put(&c, &k, answer_of(NULL, "127.0.0.4"), 100); /* not kept, and nothing overwritten */
  CHECK_STR(find_at(&c, "a", 1, -1), "127.0.0.3");
  sl_dns_cache_clear(&c, NULL);
  CHECK_STR(find_at(&c, "a", 1, -1), "-");
  k.timeout_ms = 60000;
  put(&c, &k, answer_of(NULL, "127.0.0.5"), 0); /* a time to live of 0 */
  CHECK_STR(find_at(&c, "a", 0, 60000), "-");
  sl_dns_cache_done(&c);
}

TEST(keeps_a_no_for_half_as_long)
{
  struct dns_cache c;
  sl_dns_cache_init(&c);
  struct dns_cache_key k = key_of("a", DNS_WANT_BOTH, 0, 60000);
  put(&c, &k, NULL, 1000);
  CHECK_STR(find_at(&c, "a", 30 * S - 1, 60000), "no");
  CHECK_STR(find_at(&c, "a", 30 * S, 60000), "-");
  put(&c, &k, NULL, 5);
  CHECK_STR(find_at(&c, "a", 5 * S - 1, 60000), "no");
  CHECK_STR(find_at(&c, "a", 3 * S, 4000), "-");
  CHECK_STR(find_at(&c, "a", 5 * S, 60000), "-");
  k.timeout_ms = -1;
  put(&c, &k, NULL, 5); /* a "no" is never for ever */
  CHECK_STR(find_at(&c, "a", 5 * S - 1, -1), "no");
  CHECK_STR(find_at(&c, "a", 5 * S, -1), "-");
  sl_dns_cache_done(&c);
}

TEST(families)
{
  struct dns_cache c;
  sl_dns_cache_init(&c);
  struct dns_cache_key both = key_of("a", DNS_WANT_BOTH, 0, 60000),
                       four = key_of("a", DNS_WANT_4, 0, 60000),
                       six = key_of("a", DNS_WANT_6, 0, 60000);
  put(&c, &four, answer_of(NULL, "127.0.0.1"), 100);
  CHECK_STR(find(&c, &four), "127.0.0.1");
  CHECK_STR(find(&c, &both), "-"); /* one family is half an answer */
  CHECK_STR(find(&c, &six), "-");
  put(&c, &both, answer_of(NULL, "127.0.0.2"), 100);
  CHECK_STR(find(&c, &both), "127.0.0.2");
  CHECK_STR(find(&c, &six), "no"); /* it was asked for and is not there */
  CHECK_STR(find(&c, &four), "127.0.0.1");
  put(&c, &six, answer_of("::1", NULL), 100);
  CHECK_STR(find(&c, &six), "::1");
  sl_dns_cache_done(&c);
}

TEST(other_settings_are_other_entries)
{
  struct dns_cache c;
  sl_dns_cache_init(&c);
  struct dns_cache_key usual = key_of("a", DNS_WANT_BOTH, 0, 60000), other = usual;
  other.realm[0] = 7;
  put(&c, &other, answer_of(NULL, "127.0.0.7"), 100);
  CHECK_STR(find(&c, &usual), "-");
  CHECK_STR(find(&c, &other), "127.0.0.7");
  put(&c, &usual, answer_of(NULL, "127.0.0.1"), 100);
  CHECK_STR(find(&c, &usual), "127.0.0.1");
  CHECK_STR(find(&c, &other), "127.0.0.7");
  sl_dns_cache_done(&c);
}

TEST(the_oldest_go_when_there_are_too_many)
{
  struct dns_cache c;
  char host[32];
  sl_dns_cache_init(&c);
  CHECK_INT(c.limit, 30000);
  c.limit = 100;
  for (int i = 0; i < 500; i++) {
    snprintf(host, sizeof host, "h%d", i);
    struct dns_cache_key k = key_of(host, DNS_WANT_BOTH, i, -1);
    put(&c, &k, answer_of(NULL, "127.0.0.1"), 100);
    CHECK(c.names.live <= 100);
  }
  CHECK_STR(find_at(&c, "h499", 500, -1), "127.0.0.1");
  CHECK_STR(find_at(&c, "h401", 500, -1), "127.0.0.1");
  CHECK_STR(find_at(&c, "h399", 500, -1), "-");
  sl_dns_cache_done(&c);
}

TEST(expired_entries_do_not_pile_up)
{
  struct dns_cache c;
  char host[32];
  sl_dns_cache_init(&c);
  for (int i = 0; i < 1000; i++) {
    snprintf(host, sizeof host, "h%d", i);
    struct dns_cache_key k = key_of(host, DNS_WANT_BOTH, i * S, 10000);
    put(&c, &k, answer_of(NULL, "127.0.0.1"), 100);
  }
  CHECK(c.names.live <= 11);
  sl_dns_cache_done(&c);
}

static sl_result preload(struct dns_cache *c, const char *const *texts, int64_t now_us,
                         struct buf *error)
{
  struct curl_slist nodes[8];
  unsigned n = 0;
  for (; texts[n]; n++)
    nodes[n] = (struct curl_slist){(char *)(uintptr_t)texts[n], NULL};
  for (unsigned i = 0; i + 1 < n; i++)
    nodes[i].next = &nodes[i + 1];
  return sl_dns_preload(c, NULL, n ? nodes : NULL, now_us, error);
}

/* What CURLOPT_RESOLVE(3) says, and what libcurl 7.88.1 was seen to do. */
TEST(resolve_syntax)
{
  static const struct {
    const char *texts[4];
    const char *host;
    const char *want; /* NULL: the last entry is an error */
  } rows[] = {
      {{"foo.test:80:127.0.0.1"}, "foo.test", "127.0.0.1"},
      {{"FOO.test:80:127.0.0.1"}, "foo.test", "127.0.0.1"},
      {{"foo.test:80:127.0.0.1,127.0.0.2"}, "foo.test", "127.0.0.1,127.0.0.2"},
      {{"foo.test:80:127.0.0.1,::1,[::2],127.0.0.3"}, "foo.test", "::1,::2,127.0.0.1,127.0.0.3"},
      {{"foo.test:80:[127.0.0.1]"}, "foo.test", "127.0.0.1"},
      {{"foo.test:80:127.0.0.1,"}, "foo.test", "127.0.0.1"},
      {{"foo.test:80:,127.0.0.1"}, "foo.test", "127.0.0.1"},
      {{"foo.test: 80:127.0.0.1"}, "foo.test", "127.0.0.1"},
      {{"+foo.test:80:127.0.0.1"}, "foo.test", "127.0.0.1"},
      {{"foo.test:81:127.0.0.1"}, "foo.test", "-"},
      {{"foo.test.:80:127.0.0.1"}, "foo.test", "-"},
      {{"foo.test:80:127.0.0.1"}, "foo.test.", "-"},
      {{"10.9.9.9:80:127.0.0.1"}, "10.9.9.9", "127.0.0.1"},
      {{"[::9]:80:127.0.0.1"}, "::9", "127.0.0.1"},
      {{"*:80:127.0.0.1"}, "any.thing", "127.0.0.1"},
      {{"*:80:127.0.0.1", "foo.test:80:127.0.0.2"}, "foo.test", "127.0.0.2"},
      {{"foo.test:80:127.0.0.2", "*:80:127.0.0.1"}, "foo.test", "127.0.0.2"},
      {{"foo.test:80:127.0.0.1", "foo.test:80:127.0.0.2"}, "foo.test", "127.0.0.2"},
      {{"foo.test:80:127.0.0.1", "-foo.test:80"}, "foo.test", "-"},
      {{"foo.test:80:127.0.0.1", "-foo.test:81"}, "foo.test", "127.0.0.1"},
      {{"*:80:127.0.0.1", "-*:80"}, "foo.test", "-"},
      {{"*:80:127.0.0.1", "-foo.test:80"}, "foo.test", "127.0.0.1"},
      {{"-", "foo.test:80:127.0.0.1"}, "foo.test", "127.0.0.1"},
      {{"-foo.test", "-foo.test:x", "foo.test:80:127.0.0.1"}, "foo.test", "127.0.0.1"},
      {{":80:127.0.0.1"}, "foo.test", "-"},
      {{""}, "", NULL},
      {{"+"}, "", NULL},
      {{"foo.test"}, "", NULL},
      {{"foo.test:80"}, "", NULL},
      {{"foo.test:80:"}, "", NULL},
      {{"foo.test:80:,"}, "", NULL},
      {{"foo.test:80:bar"}, "", NULL},
      {{"foo.test:80:127.0.0.1,bar"}, "foo.test", NULL},
      {{"foo.test:x:127.0.0.1"}, "", NULL},
      {{"foo.test:0x50:127.0.0.1"}, "", NULL},
      {{"foo.test:70000:127.0.0.1"}, "", NULL},
      {{"foo.test:-1:127.0.0.1"}, "", NULL},
      {{"foo.test:80: 127.0.0.1"}, "", NULL},
      {{"foo.test:80:127.0.0.1 ,127.0.0.2"}, "", NULL},
      {{"foo.test:80:127.0.0.1:80"}, "", NULL},
      {{"foo.test:80:[::1"}, "", NULL},
      {{"foo.test:80:[]"}, "", NULL},
      {{"[::9:80:127.0.0.1"}, "", NULL},
      {{"::9:80:127.0.0.1"}, "", NULL},
      {{"foo.test:80:127.0.0.1", "bad"}, "foo.test", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct dns_cache c;
    struct buf error;
    sl_dns_cache_init(&c);
    sl_buf_init(&error, 1000);
    sl_result rc = preload(&c, rows[i].texts, 0, &error);
    bool held = CHECK_INT(rc, rows[i].want ? SL_OK : CURLE_SETOPT_OPTION_SYNTAX);
    if (rows[i].want)
      held &= CHECK_STR(find_at(&c, rows[i].host, 1000 * S, rows[i].texts[0][0] == '+' ? -1 : 0),
                        rows[i].want);
    held &= CHECK(!error.n == !!rows[i].want);
    if (!held)
      printf("#   %s, %s\n", rows[i].texts[0], rows[i].host);
    sl_buf_done(&error);
    sl_dns_cache_done(&c);
  }
}

TEST(resolve_error_text)
{
  struct dns_cache c;
  struct buf error;
  sl_dns_cache_init(&c);
  sl_buf_init(&error, 1000);
  CHECK_INT(preload(&c, (const char *const[]){"a:1:127.0.0.1", "nonsense", NULL}, 0, &error),
            CURLE_SETOPT_OPTION_SYNTAX);
  CHECK_STR(error.p, "Bad entry in CURLOPT_RESOLVE: 'nonsense'");
  CHECK_INT(c.pinned.live, 1); /* what came before it is in force */
  sl_buf_done(&error);
  sl_dns_cache_done(&c);
}

TEST(resolve_entries_with_a_plus_time_out)
{
  struct dns_cache c;
  sl_dns_cache_init(&c);
  CHECK_INT(
      preload(&c, (const char *const[]){"+a:80:127.0.0.1", "b:80:127.0.0.2", NULL}, 5 * S, NULL),
      SL_OK);
  CHECK_STR(find_at(&c, "a", 65 * S - 1, 60000), "127.0.0.1");
  CHECK_STR(find_at(&c, "a", 65 * S, 60000), "-");
  CHECK_STR(find_at(&c, "b", 65 * S, 60000), "127.0.0.2");
  CHECK_STR(find_at(&c, "b", 65 * S, 0), "127.0.0.2"); /* also with caching off */
  sl_dns_cache_clear(&c, NULL);
  CHECK_STR(find_at(&c, "b", 65 * S, 60000), "127.0.0.2");
  sl_dns_cache_done(&c);
}

TEST(resolve_goes_before_what_servers_said)
{
  struct dns_cache c;
  sl_dns_cache_init(&c);
  struct dns_cache_key both = key_of("a", DNS_WANT_BOTH, 0, 60000),
                       six = key_of("a", DNS_WANT_6, 0, 60000);
  put(&c, &both, answer_of("::5", "127.0.0.5"), 100);
  CHECK_INT(preload(&c, (const char *const[]){"a:80:127.0.0.1", NULL}, 0, NULL), SL_OK);
  CHECK_STR(find(&c, &both), "127.0.0.1");
  CHECK_STR(find(&c, &six), "::5,127.0.0.5"); /* not of the wanted family: not used */
  both.port = 81;
  CHECK_STR(find(&c, &both), "::5,127.0.0.5");
  CHECK_INT(preload(&c, (const char *const[]){"-A:80", NULL}, 0, NULL),
            SL_OK); /* both are forgotten */
  CHECK_STR(find(&c, &both), "-");
  both.port = 80;
  CHECK_STR(find(&c, &both), "-");
  sl_dns_cache_done(&c);
}

static int held, locks;
static void hook(void *owner, void *who, bool on)
{
  CHECK(owner == &held && who == &locks);
  held += on ? 1 : -1;
  locks += on;
  CHECK(held == on);
}

TEST(locks_around_everything)
{
  struct dns_cache c;
  sl_dns_cache_init(&c);
  c.lock = hook;
  c.lock_owner = &held;
  struct dns_cache_key k = key_of("a", DNS_WANT_BOTH, 0, 60000);
  k.who = &locks;
  put(&c, &k, answer_of("::5", "127.0.0.5"), 100);
  CHECK_INT(locks, 1);
  CHECK_STR(find(&c, &k), "::5,127.0.0.5");
  CHECK_INT(locks, 2);
  struct curl_slist bad = {(char[]){"bad"}, NULL};
  CHECK_INT(sl_dns_preload(&c, &locks, &bad, 0, NULL), CURLE_SETOPT_OPTION_SYNTAX);
  CHECK_INT(locks, 3);
  sl_dns_cache_clear(&c, &locks);
  CHECK_INT(locks, 4);
  CHECK_INT(held, 0);
  sl_dns_cache_done(&c);
}

/* A share: several threads, one cache, one lock. To be run with -fsanitize=thread. */
static struct mutex shared_mutex = MUTEX_INIT;
static void lock_shared(void *owner, void *who, bool on)
{
  (void)owner;
  (void)who;
  if (on)
    sl_mutex_lock(&shared_mutex);
  else
    sl_mutex_unlock(&shared_mutex);
}

static void *use_shared(void *arg)
{
  struct dns_cache *c = arg;
  char host[16];
  uintptr_t found = 0;
  for (int i = 0; i < 5000; i++) {
    struct dns_answer *a = NULL;
    snprintf(host, sizeof host, "h%d", i % 50);
    struct dns_cache_key k = key_of(host, DNS_WANT_BOTH, i, 60000);
    if (sl_dns_cache_find(c, &k, &a) == DNS_CACHED_ANSWER) {
      found += a->n4;
      sl_dns_answer_drop(a);
    } else {
      put(c, &k, answer_of("::1", "127.0.0.1"), 100);
    }
    if (i % 500 == 0)
      sl_dns_cache_clear(c, NULL);
  }
  return (void *)found;
}

TEST(shared_by_threads)
{
  struct dns_cache c;
  pthread_t threads[4];
  sl_dns_cache_init(&c);
  c.lock = lock_shared;
  for (int i = 0; i < 4; i++)
    REQUIRE(!pthread_create(&threads[i], NULL, use_shared, &c));
  for (int i = 0; i < 4; i++) {
    void *found = NULL;
    pthread_join(threads[i], &found);
    CHECK((uintptr_t)found > 1000);
  }
  sl_dns_cache_done(&c);
}

TEST(an_answer_outlives_its_entry)
{
  struct dns_cache c;
  struct dns_answer *a = NULL;
  sl_dns_cache_init(&c);
  struct dns_cache_key k = key_of("a", DNS_WANT_BOTH, 0, 60000);
  put(&c, &k, answer_of("::5", "127.0.0.5"), 100);
  CHECK_INT(sl_dns_cache_find(&c, &k, &a), DNS_CACHED_ANSWER);
  sl_dns_cache_done(&c);
  CHECK_STR(text_of(a), "::5,127.0.0.5");
  CHECK_INT(sl_dns_answer_count(a, AF_INET), 1);
  sl_dns_answer_drop(a);
}

TEST(long_names)
{
  struct dns_cache c;
  char host[300];
  memset(host, 'x', sizeof host);
  sl_dns_cache_init(&c);
  struct dns_cache_key k = {
      .host = slice_of(host, DNS_NAME_MAX + 1), .want = 3, .timeout_ms = 1000, .realm = {1, 2}};
  put(&c, &k, answer_of("::5", NULL), 100);
  CHECK_STR(find(&c, &k), "::5");
  k.host.n = sizeof host; /* no such name: neither kept nor found */
  put(&c, &k, answer_of("::5", NULL), 100);
  CHECK_STR(find(&c, &k), "-");
  char rule[400];
  snprintf(rule, sizeof rule, "%.300s:80:127.0.0.1", host);
  CHECK_INT(preload(&c, (const char *const[]){rule, NULL}, 0, NULL), CURLE_SETOPT_OPTION_SYNTAX);
  sl_dns_cache_done(&c);
}

TEST(shuffles_each_family_in_itself)
{
  struct dns_answer *a = sl_dns_answer_new(20, 20);
  unsigned moved = 0, sum6 = 0, sum4 = 0;
  REQUIRE(a);
  for (unsigned i = 0; i < 40; i++)
    a->at[i].ip[0] = (unsigned char)(i + 1);
  sl_dns_answer_shuffle(a);
  for (unsigned i = 0; i < 40; i++) {
    moved += a->at[i].ip[0] != i + 1;
    *(i < 20 ? &sum6 : &sum4) += a->at[i].ip[0];
  }
  CHECK(moved > 10);
  CHECK_INT(sum6, 210);
  CHECK_INT(sum4, 610);
  sl_dns_answer_drop(a);
}

TEST(short_of_memory)
{
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct dns_cache c;
    sl_dns_cache_init(&c);
    last =
        preload(&c, (const char *const[]){"a:80:127.0.0.1", "+b:80:::1", "-a:80", NULL}, 0, NULL);
    CHECK(last == SL_OK || last == SL_NOMEM);
    struct dns_cache_key k = key_of("c", DNS_WANT_BOTH, 0, 60000);
    put(&c, &k, NULL, 100);
    put(&c, &k, answer_of("::5", "127.0.0.5"), 100);
    const char *found = find(&c, &k);
    CHECK(!strcmp(found, "-") || !strcmp(found, "no") || !strcmp(found, "::5,127.0.0.5"));
    sl_dns_cache_done(&c);
  }
  CHECK_INT(last, SL_OK);
}
