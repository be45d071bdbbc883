/* See cache.h. The entries hang in two maps, and in two lists by age so that the limit can drop the oldest. */
#include "dns/cache.h"

#include "base/mem.h"
#include "base/num.h"
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

static void lock(struct dns_cache *c, void *who, bool on)
{
  if (c->lock)
    c->lock(c->lock_owner, who, on);
}

/* The hash needs a number that nobody can foresee, and a cache that is never used need not ask for one. */
static bool seed(struct dns_cache *c)
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
  lock(c, who, true);
  drop_all(&c->names, &c->names_by_age);
  lock(c, who, false);
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

static struct dns_answer *find_pinned(struct dns_cache *c, const struct dns_cache_key *key, struct slice host)
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

static enum dns_cached find(struct dns_cache *c, const struct dns_cache_key *key, struct dns_answer **out_answer)
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
  lock(c, key->who, true);
  enum dns_cached found = find(c, key, out_answer);
  lock(c, key->who, false);
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

void sl_dns_cache_put(struct dns_cache *c, const struct dns_cache_key *key, struct dns_answer *answer,
                      uint32_t ttl_s)
{
  char text[KEY_MAX];
  int64_t keep_us = timeout_us(key), ttl_us = (int64_t)ttl_s * 1000000;
  if (!answer && keep_us != for_ever_us)
    keep_us /= 2;
  if (ttl_us < keep_us && (!answer || keep_us != for_ever_us))
    keep_us = ttl_us;
  if (keep_us <= 0 || !c->limit || key->host.n > DNS_NAME_MAX + 1)
    return;
  lock(c, key->who, true);
  if (seed(c)) {
    prune(c, key->now_us);
    store(&c->names, &c->names_by_age, name_key(text, key, key->want), answer, key->now_us, keep_us);
  }
  lock(c, key->who, false);
}

/* ---- CURLOPT_RESOLVE ---- */

struct rule {
  bool remove, expires;
  struct slice host;
  uint16_t port;
  struct slice addresses;
};

/* "HOST:PORT"; an IPv6 host stands in brackets. What follows the port stays in *text. */
static bool take_host_port(struct slice *text, struct rule *out)
{
  int64_t port;
  if (text->n && text->p[0] == '[') {
    size_t end = slice_find(*text, ']');
    if (end == text->n)
      return false;
    out->host = slice_of(text->p + 1, end - 1);
    *text = slice_from(*text, end + 1);
  } else {
    out->host = slice_head(*text, slice_find(*text, ':'));
    *text = slice_from(*text, out->host.n);
  }
  if (!text->n || text->p[0] != ':' || out->host.n > DNS_NAME_MAX + 1)
    return false;
  do /* libcurl reads over blanks here */
    *text = slice_from(*text, 1);
  while (text->n && sl_is_blank(text->p[0]));
  if (!sl_num_take(text, UINT16_MAX, &port))
    return false;
  out->port = (uint16_t)port;
  return true;
}

static bool parse_rule(struct slice text, struct rule *out)
{
  *out = (struct rule){0};
  if (text.n && (text.p[0] == '-' || text.p[0] == '+')) {
    out->remove = text.p[0] == '-';
    out->expires = text.p[0] == '+';
    text = slice_from(text, 1);
  }
  if (!take_host_port(&text, out))
    return false;
  if (out->remove)
    return !text.n;
  if (text.n < 2 || text.p[0] != ':')
    return false;
  out->addresses = slice_from(text, 1);
  return true;
}

/* The next address of "ADDRESS,ADDRESS", empty ones left out. 1, 0 at the end, -1 for what is no address. */
static int next_address(struct slice *rest, struct gate_addr *out)
{
  while (rest->n) {
    struct slice word = slice_head(*rest, slice_find(*rest, ','));
    *rest = slice_from(*rest, word.n + 1);
    if (!word.n)
      continue;
    if (word.p[0] == '[' && word.p[word.n - 1] == ']')
      word = slice_of(word.p + 1, word.n - 2);
    return sl_addr_literal(out, word, 0) ? 1 : -1;
  }
  return 0;
}

static sl_result parse_addresses(struct slice list, struct dns_answer **out_answer)
{
  struct gate_addr addr;
  struct slice rest = list;
  unsigned n6 = 0, n4 = 0, at6 = 0, at4;
  int found;
  while ((found = next_address(&rest, &addr)) > 0)
    ++*(addr.family == AF_INET6 ? &n6 : &n4);
  if (found < 0 || !(n6 + n4) || n6 > UINT16_MAX || n4 > UINT16_MAX)
    return CURLE_SETOPT_OPTION_SYNTAX;
  struct dns_answer *a = sl_dns_answer_new(n6, n4);
  if (!a)
    return SL_NOMEM;
  at4 = n6;
  for (rest = list; next_address(&rest, &addr) > 0;)
    sl_dns_answer_put(a, addr.family == AF_INET6 ? at6++ : at4++, &addr);
  *out_answer = a;
  return SL_OK;
}

static void unpin(struct dns_cache *c, const struct rule *rule)
{
  char text[KEY_MAX];
  struct entry *e = sl_map_get(&c->pinned, pinned_key(text, rule->host, rule->port));
  if (e)
    drop(&c->pinned, e);
  char lower[DNS_NAME_MAX + 1];
  memcpy(lower, rule->host.p, rule->host.n);
  sl_text_lower(lower, rule->host.n);
  struct dns_cache_key key = {.host = slice_of(lower, rule->host.n)};
  for (uint8_t want = DNS_WANT_4; want <= DNS_WANT_BOTH; want++) {
    e = sl_map_get(&c->names, name_key(text, &key, want));
    if (e)
      drop(&c->names, e);
  }
}

static sl_result apply(struct dns_cache *c, struct slice text, int64_t now_us)
{
  struct rule rule;
  struct dns_answer *answer = NULL;
  char key[KEY_MAX];
  if (!parse_rule(text, &rule)) /* libcurl lets a bad removal pass */
    return text.n && text.p[0] == '-' ? SL_OK : CURLE_SETOPT_OPTION_SYNTAX;
  if (rule.remove) {
    unpin(c, &rule);
    return SL_OK;
  }
  sl_result rc = parse_addresses(rule.addresses, &answer);
  if (rc == SL_OK && !store(&c->pinned, &c->pinned_by_age, pinned_key(key, rule.host, rule.port), answer, now_us,
                            rule.expires ? 0 : for_ever_us))
    rc = SL_NOMEM;
  sl_dns_answer_drop(answer);
  return rc;
}

sl_result sl_dns_preload(struct dns_cache *c, void *who, const struct curl_slist *list, int64_t now_us,
                         struct buf *error)
{
  sl_result rc = SL_OK;
  lock(c, who, true);
  if (list && !seed(c))
    rc = CURLE_FAILED_INIT;
  for (; list && rc == SL_OK; list = list->next) {
    rc = apply(c, slice_str(list->data), now_us);
    if (rc == CURLE_SETOPT_OPTION_SYNTAX && error && !error->n)
      sl_buf_printf(error, "Bad entry in CURLOPT_RESOLVE: '%.300s'", list->data ? list->data : "");
  }
  lock(c, who, false);
  return rc;
}
