/* What waiters are told, in the order in which they came, and what the cache keeps of it; see
 * channel.h. */
#include "dns/channel.h"

enum { NO_TTL_S = 5 }; /* a "no" without an SOA record */

const char *sl_dns_reason(const struct dns_lookup *l)
{
  switch (l->trouble) {
  case DNS_FAILED:
    return "the name server failed";
  case DNS_GARBAGE:
    return "the name server's reply makes no sense";
  case DNS_TIMEOUT:
    return "no name server answered";
  case DNS_UNREACHABLE:
    return l->channel->error.n ? l->channel->error.p : "no name server could be reached";
  default:
    return "";
  }
}

sl_result sl_dns_fail(struct buf *error, bool proxy, struct slice host, const char *reason)
{
  if (error && !error->n) {
    sl_buf_str(error, proxy ? "Could not resolve proxy: " : "Could not resolve host: ");
    sl_buf_add(error, slice_head(host, 255));
    if (*reason)
      sl_buf_printf(error, " (%s)", reason);
  }
  return proxy ? CURLE_COULDNT_RESOLVE_PROXY : CURLE_COULDNT_RESOLVE_HOST;
}

void sl_dns_waiter_take(struct dns_waiter *w)
{
  struct dns_lookup *l = w->lookup;
  sl_list_unlink(&w->link);
  w->lookup = NULL;
  l->n_waiters--;
  l->channel->n_waiters--;
}

static void keep(const struct dns_lookup *l, const struct dns_waiter *w)
{
  struct dns_cache_key key = {
      .host = lookup_host(l),
      .want = (uint8_t)l->key[0],
      .realm = {l->channel->realm[0], l->channel->realm[1]},
      .now_us = l->channel->dns->reactor->now_us,
      .timeout_ms = w->timeout_ms,
      .who = w->who,
  };
  if (l->result == SL_OK)
    sl_dns_cache_put(w->cache, &key, l->answer, l->ttl_s);
  else if (l->result == CURLE_COULDNT_RESOLVE_HOST && !l->trouble)
    sl_dns_cache_put(w->cache, &key, NULL, l->no_ttl_s == DNS_TTL_UNKNOWN ? NO_TTL_S : l->no_ttl_s);
}

void sl_dns_waiter_settle(struct dns_waiter *w, const struct dns_lookup *l)
{
  struct dns_answer *before = w->answer;
  w->done = true;
  w->result = l->result;
  w->answer = l->result == SL_OK ? sl_dns_answer_take(l->answer) : NULL;
  sl_dns_answer_drop(before);
  if (l->result == CURLE_COULDNT_RESOLVE_HOST)
    w->result = sl_dns_fail(w->error, w->proxy, w->host, sl_dns_reason(l));
}

static void tell_all(struct dns_lookup *l)
{
  struct dns_cache *kept = NULL;
  while (!sl_list_empty(&l->waiters)) {
    struct dns_waiter *w = LIST_ENTRY(l->waiters.next, struct dns_waiter, link);
    sl_dns_waiter_take(w);
    if (w->cache && w->cache != kept)
      keep(l, w);
    kept = w->cache ? w->cache : kept;
    sl_dns_waiter_settle(w, l);
    w->fn(w);
  }
}

/* Those that are told stay waiters. Any fn may cancel any of them. */
static void tell_first(struct dns_lookup *l)
{
  struct list told, *node;
  sl_list_init(&told);
  while ((node = sl_list_pop_front(&l->waiters))) {
    struct dns_waiter *w = LIST_ENTRY(node, struct dns_waiter, link);
    sl_list_push_back(&told, node);
    if (w->answer)
      continue;
    w->answer = sl_dns_answer_take(l->answer);
    w->fn(w);
  }
  sl_list_splice(&l->waiters, &told);
}

static void tell_one(struct dns_lookup *l)
{
  l->telling = true;
  if (l->state == LOOKUP_FINISHED)
    tell_all(l);
  else
    tell_first(l);
  l->telling = false;
  if (l->state == LOOKUP_FINISHED && !l->n_waiters)
    sl_dns_lookup_free(l);
}

void sl_dns_tell(struct dns_channel *ch)
{
  struct list *node;
  if (ch->telling_now)
    return;
  ch->telling_now = true;
  ch->busy++;
  do {
    while ((node = sl_list_pop_front(&ch->telling)))
      tell_one(LIST_ENTRY(node, struct dns_lookup, link));
    sl_dns_pump(ch, NULL);
  } while (!sl_list_empty(&ch->telling));
  ch->busy--;
  ch->telling_now = false;
}
