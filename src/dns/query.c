/* One question goes to a name server or to DoH, and its reply is read; see channel.h. */
#include "dns/channel.h"

#include "sys/random.h"

/* A socket's buffer holds some hundreds of datagrams, and a burst of queries comes back as a burst
 * of replies. So there are tokens: so many queries at once, one more for each reply, all of them
 * again after a short while. */
enum { TOKENS = 128, REFILL_US = 20000 };

bool sl_dns_query_credit(struct dns_channel *ch, unsigned n)
{
  int64_t now_us = ch->dns->reactor->now_us;
  if (ch->config.doh_url)
    return true;
  if (!ch->refilled_us || now_us - ch->refilled_us >= REFILL_US) {
    ch->tokens = TOKENS;
    ch->refilled_us = now_us;
  }
  if (ch->tokens >= n) {
    ch->tokens -= n;
    return true;
  }
  sl_dns_timer(ch, ch->refilled_us + REFILL_US);
  return false;
}

void sl_dns_query_end(struct dns_query *q, enum dns_outcome outcome)
{
  struct dns_channel *ch = q->lookup->channel;
  q->running = false;
  q->outcome = outcome;
  ch->running--;
  if (ch->tokens < TOKENS)
    ch->tokens++;
  if (sl_list_empty(&q->lookup->touched))
    sl_list_push_back(&ch->touched, &q->lookup->touched);
}

static void take_reply(struct dns_query *q, struct slice message)
{
  struct dns_reply reply;
  char text[DNS_NAME_MAX + 2];
  struct slice name;
  bool four = q->type == DNS_TYPE_A;
  if (!sl_dns_candidate(q->lookup, q->lookup->candidate, text, &name)) {
    sl_dns_query_end(q, DNS_GARBAGE);
    return;
  }
  sl_dns_reply_read(message, name, q->type, &reply);
  q->ttl_s = reply.ttl_s;
  if (reply.outcome == DNS_DATA) {
    q->found = sl_dns_answer_new(four ? 0 : reply.n, four ? reply.n : 0);
    if (!q->found) {
      sl_dns_query_end(q, DNS_NOMEM);
      return;
    }
    for (unsigned i = 0; i < reply.n; i++)
      memcpy(q->found->at[i].ip, reply.ip[i], four ? 4 : 16);
    if (q->lookup->shuffle)
      sl_dns_answer_shuffle(q->found);
  }
  sl_dns_query_end(q, reply.outcome);
}

/* When all servers answered SERVFAIL or the like, c-ares says the same as when none could be
 * reached. */
static enum dns_outcome outcome_of(const struct dns_channel *ch, int status)
{
  switch (status) {
  case ARES_ETIMEOUT:
    return DNS_TIMEOUT;
  case ARES_ENOMEM:
    return DNS_NOMEM;
  case ARES_ECANCELLED:
  case ARES_EDESTRUCTION:
    return DNS_CANCELLED;
  case ARES_ECONNREFUSED:
    return ch->heard ? DNS_FAILED : DNS_UNREACHABLE;
  default:
    return DNS_FAILED;
  }
}

static void ares_replied(void *arg, int status, int timeouts, unsigned char *message, int length)
{
  struct dns_query *q = arg;
  (void)timeouts;
  if (status == ARES_SUCCESS && message && length >= 0)
    take_reply(q, slice_of((const char *)message, (size_t)length));
  else
    sl_dns_query_end(q, outcome_of(q->lookup->channel, status));
}

void sl_dns_query_start(struct dns_query *q, struct slice name, void *who)
{
  struct dns_channel *ch = q->lookup->channel;
  struct dns_doh *doh = &ch->dns->doh;
  unsigned char message[DNS_QUERY_MAX];
  uint64_t id = 0;
  bool over_http = ch->config.doh_url;
  q->running = true;
  q->outcome = DNS_PENDING;
  ch->running++;
  if (!over_http && !sl_random_u64(&id)) { /* RFC 8484 4.1: 0 over HTTP, so that caches can work */
    sl_dns_query_end(q, DNS_FAILED);
    return;
  }
  size_t n = sl_dns_query_write(message, name, q->type, (uint16_t)id);
  if (over_http) {
    sl_result rc = doh->start(doh->owner, who, &ch->config, q, slice_of((char *)message, n));
    if (rc != SL_WAIT)
      sl_dns_query_end(q, rc == SL_NOMEM ? DNS_NOMEM : DNS_UNREACHABLE);
    return;
  }
  ch->depth++;
  ares_send(ch->ares, message, (int)n, ares_replied, q);
  ch->depth--;
}

void sl_dns_doh_answer(struct dns_query *q, sl_result rc, struct slice body)
{
  struct dns_channel *ch = q->lookup->channel;
  if (rc == SL_OK)
    take_reply(q, body);
  else
    sl_dns_query_end(q, rc == SL_NOMEM ? DNS_NOMEM : DNS_UNREACHABLE);
  sl_dns_pump(ch, NULL);
  if (!sl_list_empty(&ch->telling))
    sl_job_post(ch->dns->reactor, &ch->tell);
}

static void cancel_http(struct dns_channel *ch)
{
  struct dns_doh *doh = &ch->dns->doh;
  struct dns_lookup *l;
  uint32_t pos = 0;
  while ((l = sl_map_next(&ch->lookups, &pos)))
    for (int i = 0; i < 2; i++)
      if (l->query[i].running) {
        doh->cancel(doh->owner, &l->query[i]);
        sl_dns_query_end(&l->query[i], DNS_CANCELLED);
      }
}

void sl_dns_query_cancel_all(struct dns_channel *ch)
{
  if (!ch->running)
    return;
  ch->depth++;
  if (ch->config.doh_url)
    cancel_http(ch);
  else if (ch->ares)
    ares_cancel(ch->ares);
  ch->depth--;
}
