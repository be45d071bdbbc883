/* The way in; see dns.h. From what costs least to what costs most: the cache and CURLOPT_RESOLVE,
 * numbers, localhost, /etc/hosts, and only then somebody is asked. */
#include "dns/dns.h"

#include "base/mem.h"
#include "base/text.h"
#include "dns/channel.h"

enum { TIMEOUT_MS = 2000, TRIES = 3 };

struct dns *sl_dns_new(struct reactor *reactor, unsigned *callback_depth)
{
  struct dns *dns = sl_calloc(1, sizeof *dns);
  if (!dns)
    return NULL;
  dns->reactor = reactor;
  dns->callback_depth = callback_depth;
  sl_list_init(&dns->channels);
  dns->hosts_path = SL_DNS_HOSTS;
  dns->resolv_path = SL_DNS_RESOLV;
  dns->timeout_ms = TIMEOUT_MS;
  dns->tries = TRIES;
  return dns;
}

void sl_dns_free(struct dns *dns)
{
  if (!dns)
    return;
  while (!sl_list_empty(&dns->channels))
    sl_dns_channel_free(LIST_ENTRY(dns->channels.next, struct dns_channel, link));
  if (dns->hosts)
    sl_dns_hosts_done(dns->hosts);
  sl_free(dns->hosts);
  sl_free(dns);
}

void sl_dns_waiter_init(struct dns_waiter *w, void (*fn)(struct dns_waiter *), void *owner)
{
  *w = (struct dns_waiter){.fn = fn, .owner = owner};
  sl_list_init(&w->link);
}

void sl_dns_cancel(struct dns_waiter *w)
{
  if (w->lookup) {
    struct dns_channel *ch = w->lookup->channel;
    sl_dns_waiter_take(w);
    if (!ch->n_waiters)
      sl_dns_pump(ch, NULL);
  }
  sl_dns_answer_drop(w->answer);
  w->answer = NULL;
}

/* ---- names that nobody need be asked for ---- */

static sl_result answer_with(struct dns_answer *a, struct dns_answer **out_answer)
{
  if (!a)
    return SL_NOMEM;
  *out_answer = a;
  return SL_OK;
}

static struct dns_answer *one(const struct gate_addr *addr)
{
  bool six = addr->family == AF_INET6;
  struct dns_answer *a = sl_dns_answer_new(six, !six);
  if (a)
    sl_dns_answer_put(a, 0, addr);
  return a;
}

static struct dns_answer *loopback(uint8_t want)
{
  unsigned six = want & DNS_WANT_6 ? 1 : 0;
  struct dns_answer *a = sl_dns_answer_new(six, want & DNS_WANT_4 ? 1 : 0);
  if (!a)
    return NULL;
  if (six)
    a->at[0].ip[15] = 1;
  if (want & DNS_WANT_4)
    memcpy(a->at[six].ip, "\177\0\0\1", 4);
  return a;
}

/* Is it `domain`, or a name below it? */
static bool within(struct slice name, struct slice domain)
{
  if (!sl_text_iends(name, domain))
    return false;
  return name.n == domain.n || name.p[name.n - domain.n - 1] == '.';
}

/* A last label of digits, or 0x and hex digits, is the end of an address and never of a name. */
static bool ends_in_number(struct slice name)
{
  size_t at = name.n;
  while (at && name.p[at - 1] != '.')
    at--;
  struct slice label = slice_from(name, at);
  bool hex = sl_text_istarts(label, SLICE_LIT("0x"));
  for (size_t i = hex ? 2 : 0; i < label.n; i++)
    if (hex ? sl_hex_value(label.p[i]) < 0 : !sl_is_digit(label.p[i]))
      return false;
  return true;
}

static sl_result ask_hosts(struct dns *dns, struct slice host, struct dns_answer **out_answer)
{
  if (!dns->hosts) {
    dns->hosts = sl_malloc(sizeof *dns->hosts);
    if (!dns->hosts)
      return SL_NOMEM;
    sl_dns_hosts_init(dns->hosts, dns->hosts_path);
  }
  return sl_dns_hosts_find(dns->hosts, dns->reactor->now_us, host, out_answer);
}

/* CURLOPT_RESOLVER_START_FUNCTION: whatever is not known already counts as a new request. */
static bool may_start(struct dns *dns, const struct dns_config *config)
{
  if (!config->resolver_start_function)
    return true;
  ++*dns->callback_depth;
  int rc = config->resolver_start_function(NULL, NULL, config->resolver_start_data);
  --*dns->callback_depth;
  return !rc;
}

/* ---- asking ---- */

static struct dns_lookup *join_or_make(struct dns_channel *ch, struct slice host, uint8_t want,
                                       bool shuffle)
{
  char key[DNS_NAME_MAX + 2];
  key[0] = (char)want;
  memcpy(key + 1, host.p, host.n);
  struct dns_lookup *l = sl_map_get(&ch->lookups, slice_of(key, 1 + host.n));
  return l ? l : sl_dns_lookup_new(ch, host, want, shuffle);
}

static void add_waiter(struct dns_lookup *l, struct dns_waiter *w, const struct dns_ask *ask)
{
  w->host = ask->host;
  w->proxy = ask->proxy;
  w->timeout_ms = ask->config->dns_cache_timeout_ms;
  w->cache = ask->cache;
  w->who = ask->who;
  w->error = ask->error;
  w->lookup = l;
  w->answer = sl_dns_answer_take(l->answer);
  sl_list_push_back(&l->waiters, &w->link);
  l->n_waiters++;
  l->channel->n_waiters++;
}

/* It has failed at once: the caller is told by the return value, not by a call. */
static sl_result settle_now(struct dns_lookup *l, struct dns_waiter *w,
                            struct dns_answer **out_answer)
{
  sl_dns_waiter_take(w);
  sl_dns_waiter_settle(w, l);
  if (!l->n_waiters && !l->telling)
    sl_dns_lookup_free(l);
  if (w->result == SL_OK) {
    *out_answer = w->answer;
    w->answer = NULL;
  }
  return w->result;
}

static sl_result wait_for(struct dns *dns, const struct dns_ask *ask, struct slice host,
                          uint8_t want, struct dns_waiter *w, struct dns_answer **out_answer)
{
  struct dns_channel *ch = sl_dns_channel_get(dns, ask->config, ask->gate);
  if (!ch)
    return SL_NOMEM;
  sl_result rc = ch->config.doh_url ? SL_OK : sl_dns_servers_open(ch, ask->error);
  if (rc)
    return rc;
  struct dns_lookup *l = join_or_make(ch, host, want, ask->config->dns_shuffle_addresses);
  if (!l)
    return SL_NOMEM;
  add_waiter(l, w, ask);
  ch->busy++;
  sl_dns_pump(ch, ask->who);
  ch->busy--;
  if (!sl_list_empty(&ch->telling))
    sl_job_post(dns->reactor, &ch->tell);
  if (!w->lookup) /* cancelled by the application, out of a callback */
    return CURLE_ABORTED_BY_CALLBACK;
  return l->state == LOOKUP_FINISHED ? settle_now(l, w, out_answer) : SL_WAIT;
}

static uint8_t want_of(int family)
{
  return family == AF_INET ? DNS_WANT_4 : family == AF_INET6 ? DNS_WANT_6 : DNS_WANT_BOTH;
}

static enum dns_cached ask_cache(struct dns *dns, const struct dns_ask *ask, struct slice host,
                                 uint8_t want, struct dns_answer **out_answer)
{
  struct dns_cache_key key = {
      .host = host,
      .port = ask->port,
      .want = want,
      .now_us = dns->reactor->now_us,
      .timeout_ms = ask->config->dns_cache_timeout_ms,
      .who = ask->who,
  };
  if (!ask->cache)
    return DNS_CACHED_NONE;
  sl_dns_realm(ask->config, key.realm);
  return sl_dns_cache_find(ask->cache, &key, out_answer);
}

/* `host` in lower case. */
static sl_result look_up(struct dns *dns, const struct dns_ask *ask, struct slice host,
                         struct dns_waiter *w, struct dns_answer **out_answer)
{
  uint8_t want = want_of(ask->family);
  struct gate_addr literal;
  struct dns_answer *found = NULL;
  struct slice name = host.p[host.n - 1] == '.' ? slice_head(host, host.n - 1) : host;
  enum dns_cached cached = ask_cache(dns, ask, host, want, out_answer);
  if (cached != DNS_CACHED_NONE)
    return cached == DNS_CACHED_ANSWER ? SL_OK : sl_dns_fail(ask->error, ask->proxy, ask->host, "");
  if (!may_start(dns, ask->config))
    return sl_dns_fail(ask->error, ask->proxy, ask->host, "");
  if (sl_addr_literal(&literal, host, 0))
    return answer_with(one(&literal), out_answer);
  if (within(name, SLICE_LIT("localhost")))
    return answer_with(loopback(want), out_answer);
  if (within(name, SLICE_LIT("onion"))) {
    if (ask->error && !ask->error->n)
      sl_buf_str(ask->error, "Not resolving .onion address (RFC 7686)");
    return ask->proxy ? CURLE_COULDNT_RESOLVE_PROXY : CURLE_COULDNT_RESOLVE_HOST;
  }
  if (!sl_dns_name_ok(host))
    return sl_dns_fail(ask->error, ask->proxy, ask->host, "");
  if (ask->config->doh_url && !dns->doh.start)
    return sl_dns_fail(ask->error, ask->proxy, ask->host, "DoH is not available");
  if (!ask->config->doh_url) { /* DoH is a choice of who is asked for all names */
    sl_result rc = ask_hosts(dns, host, &found);
    if (rc)
      return rc;
    if (sl_dns_answer_count(found, ask->family)) {
      *out_answer = found;
      return SL_OK;
    }
    sl_dns_answer_drop(found);
  }
  if (ends_in_number(name))
    return sl_dns_fail(ask->error, ask->proxy, ask->host, "");
  return wait_for(dns, ask, host, want, w, out_answer);
}

sl_result sl_dns_lookup(struct dns *dns, const struct dns_ask *ask, struct dns_waiter *w,
                        struct dns_answer **out_answer)
{
  char lower[DNS_NAME_MAX + 1];
  sl_dns_cancel(w);
  w->done = false;
  w->result = SL_OK;
  if (!ask->host.n || ask->host.n > sizeof lower)
    return sl_dns_fail(ask->error, ask->proxy, ask->host, "");
  memcpy(lower, ask->host.p, ask->host.n);
  sl_text_lower(lower, ask->host.n);
  return look_up(dns, ask, slice_of(lower, ask->host.n), w, out_answer);
}
