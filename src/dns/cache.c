/* See cache.h. The entries hang in two maps, and in two lists by age so that the limit can drop the
 * oldest. */
#include "dns/cache.h"

#include "base/mem.h"
#include "base/text.h"
#include "dns/message.h"
#include "sys/random.h"

enum { KEY_MAX = 1 + DNS_NAME_MAX + 1 + 1 + 16 };
static const int64_t for_ever_us = INT64_MAX;

struct entry {
  struct list by_age;
  struct dns_answer *answer; /* NULL: a "no" */
  int64_t stored_us;
  int64_t keep_us; /* as its maker allows */
  size_t key_n;
  char key[];
};

void sl_dns_cache_init(struct dns_cache *c)
{
  *c = (struct dns_cache){.limit = DNS_CACHE_LIMIT};
  sl_list_init(&c->names_by_age);
  sl_list_init(&c->pinned_by_age);
}

void sl_dns_cache_lock(struct dns_cache *c, void *who, bool on)
{
  if (c->lock)
    c->lock(c->lock_owner, who, on);
}

/* The hash needs a number that nobody can foresee, and a cache that is never used need not ask for
 * one. */
bool sl_dns_cache_seed(struct dns_cache *c)
{
  uint64_t number;
  if (c->seeded)
    return true;
  if (!sl_random_u64(&number))
    return false;
  sl_map_init(&c->names, number);
  sl_map_init(&c->pinned, number);
  c->seeded = true;
  return true;
}

static void drop(struct map *m, struct entry *e)
{
  sl_map_remove(m, slice_of(e->key, e->key_n));
  sl_list_unlink(&e->by_age);
  sl_dns_answer_drop(e->answer);
  sl_free(e);
}

static void drop_all(struct map *m, struct list *by_age)
{
  struct list *node;
  while ((node = sl_list_pop_front(by_age)))
    drop(m, LIST_ENTRY(node, struct entry, by_age));
  sl_map_done(m);
}

void sl_dns_cache_done(struct dns_cache *c)
{
  drop_all(&c->names, &c->names_by_age);
  drop_all(&c->pinned, &c->pinned_by_age);
}

void sl_dns_cache_clear(struct dns_cache *c, void *who)
{
  sl_dns_cache_lock(c, who, true);
  drop_all(&c->names, &c->names_by_age);
  sl_dns_cache_lock(c, who, false);
}

/* ---- keys: families, name, and the settings where they are not the usual ones ---- */

static struct slice name_key(char dst[KEY_MAX], const struct dns_cache_key *key, uint8_t want)
{
  size_t n = 0;
  dst[n++] = (char)want;
  memcpy(dst + n, key->host.p, key->host.n);
  n += key->host.n;
  if (key->realm[0] | key->realm[1]) {
    dst[n++] = 0;
    memcpy(dst + n, key->realm, sizeof key->realm);
    n += sizeof key->realm;
  }
  return slice_of(dst, n);
}

static struct slice pinned_key(char dst[KEY_MAX], struct slice host, uint16_t port)
{
  memcpy(dst, &port, sizeof port);
  memcpy(dst + sizeof port, host.p, host.n);
  sl_text_lower(dst + sizeof port, host.n);
  return slice_of(dst, sizeof port + host.n);
}

/* Replaces what was there. */
static bool store(struct map *m, struct list *by_age, struct slice key, struct dns_answer *answer,
                  int64_t stored_us, int64_t keep_us)
{
  struct entry *old = sl_map_get(m, key);
  if (old)
    drop(m, old);
  struct entry *e = sl_malloc(sizeof *e + key.n);
  if (!e)
    return false;
  *e = (struct entry){.stored_us = stored_us, .keep_us = keep_us, .key_n = key.n};
  memcpy(e->key, key.p, key.n);
  if (!sl_map_put(m, slice_of(e->key, key.n), e)) {
    sl_free(e);
    return false;
  }
  e->answer = sl_dns_answer_take(answer);
  sl_list_push_back(by_age, &e->by_age);
  return true;
}

/* ---- finding ---- */

static int64_t timeout_us(const struct dns_cache_key *key)
{
  return key->timeout_ms < 0 ? for_ever_us : (int64_t)key->timeout_ms * 1000;
}

static bool has(const struct dns_answer *a, uint8_t want)
{
  return a && ((want & DNS_WANT_6 && a->n6) || (want & DNS_WANT_4 && a->n4));
}

static struct dns_answer *find_pinned(struct dns_cache *c, const struct dns_cache_key *key,
                                      struct slice host)
{
  char text[KEY_MAX];
  struct entry *e = sl_map_get(&c->pinned, pinned_key(text, host, key->port));
  if (!e)
    return NULL;
  if (e->keep_us != for_ever_us && key->now_us - e->stored_us >= timeout_us(key)) {
    drop(&c->pinned, e);
    return NULL;
  }
  return has(e->answer, key->want) ? e->answer : NULL;
}

static struct entry *find_name(struct dns_cache *c, const struct dns_cache_key *key, uint8_t want)
{
  char text[KEY_MAX];
  struct entry *e = sl_map_get(&c->names, name_key(text, key, want));
  if (!e)
    return NULL;
  int64_t age_us = key->now_us - e->stored_us, limit_us = timeout_us(key);
  if (age_us >= e->keep_us) {
    drop(&c->names, e);
    return NULL;
  }
  if (!e->answer && limit_us != for_ever_us)
    limit_us /= 2;
  return age_us < limit_us ? e : NULL;
}

static enum dns_cached find(struct dns_cache *c, const struct dns_cache_key *key,
                            struct dns_answer **out_answer)
{
  struct dns_answer *a = find_pinned(c, key, key->host);
  if (!a)
    a = find_pinned(c, key, SLICE_LIT("*"));
  if (!a) {
    struct entry *e = find_name(c, key, key->want);
    if (!e && key->want != DNS_WANT_BOTH)
      e = find_name(c, key, DNS_WANT_BOTH);
    if (!e)
      return DNS_CACHED_NONE;
    if (!has(e->answer, key->want))
      return DNS_CACHED_NEGATIVE;
    a = e->answer;
  }
  *out_answer = sl_dns_answer_take(a);
  return DNS_CACHED_ANSWER;
}

enum dns_cached sl_dns_cache_find(struct dns_cache *c, const struct dns_cache_key *key,
                                  struct dns_answer **out_answer)
{
  if (key->host.n > DNS_NAME_MAX + 1)
    return DNS_CACHED_NONE;
  sl_dns_cache_lock(c, key->who, true);
  enum dns_cached found = find(c, key, out_answer);
  sl_dns_cache_lock(c, key->who, false);
  return found;
}

/* ---- storing ---- */

/* Two of the oldest for each new one: expired entries cannot pile up, and no call pays for all. */
static void prune(struct dns_cache *c, int64_t now_us)
{
  for (int i = 0; i < 2 && !sl_list_empty(&c->names_by_age); i++) {
    struct entry *e = LIST_ENTRY(c->names_by_age.next, struct entry, by_age);
    if (now_us - e->stored_us < e->keep_us && c->names.live < c->limit)
      break;
    drop(&c->names, e);
  }
}

void sl_dns_cache_put(struct dns_cache *c, const struct dns_cache_key *key,
                      struct dns_answer *answer, uint32_t ttl_s)
{
  char text[KEY_MAX];
  int64_t keep_us = timeout_us(key), ttl_us = (int64_t)ttl_s * 1000000;
  if (!answer && keep_us != for_ever_us)
    keep_us /= 2;
  if (ttl_us < keep_us && (!answer || keep_us != for_ever_us))
    keep_us = ttl_us;
  if (keep_us <= 0 || !c->limit || key->host.n > DNS_NAME_MAX + 1)
    return;
  sl_dns_cache_lock(c, key->who, true);
  if (sl_dns_cache_seed(c)) {
    prune(c, key->now_us);
    store(&c->names, &c->names_by_age, name_key(text, key, key->want), answer, key->now_us,
          keep_us);
  }
  sl_dns_cache_lock(c, key->who, false);
}

/* ---- CURLOPT_RESOLVE; the caller holds the lock and has seeded ---- */

bool sl_dns_cache_pin(struct dns_cache *c, struct slice host, uint16_t port,
                      struct dns_answer *answer, int64_t now_us, bool expires)
{
  char key[KEY_MAX];
  return store(&c->pinned, &c->pinned_by_age, pinned_key(key, host, port), answer, now_us,
               expires ? 0 : for_ever_us);
}

void sl_dns_cache_unpin(struct dns_cache *c, struct slice host, uint16_t port)
{
  char text[KEY_MAX], lower[DNS_NAME_MAX + 1];
  struct entry *e = sl_map_get(&c->pinned, pinned_key(text, host, port));
  if (e)
    drop(&c->pinned, e);
  memcpy(lower, host.p, host.n);
  sl_text_lower(lower, host.n);
  struct dns_cache_key key = {.host = slice_of(lower, host.n)};
  for (uint8_t want = DNS_WANT_4; want <= DNS_WANT_BOTH; want++) {
    e = sl_map_get(&c->names, name_key(text, &key, want));
    if (e)
      drop(&c->names, e);
  }
}
