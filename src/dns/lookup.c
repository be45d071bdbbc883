/* From replies to an answer: both families at once, the search list of resolv.conf(5), and the
 * waiters; see channel.h.
 *
 * A look-up is in the channel's map until it is finished. It is freed when it is finished and its
 * waiters have been told, or when it is finished and has none. */
#include "dns/channel.h"

#include "base/mem.h"

enum {
  TROUBLE_TTL_S = 5, /* one family known, the other could not be found out */
  CANDIDATES_MAX = 32
};

/* ---- the search list ---- */

static bool with_suffix(struct slice host, const char *suffix, char dst[DNS_NAME_MAX + 2],
                        struct slice *out_name)
{
  size_t n = suffix ? strlen(suffix) : 0;
  if (host.n + 1 + n > DNS_NAME_MAX + 1)
    return false;
  memcpy(dst, host.p, host.n);
  dst[host.n] = '.';
  if (n)
    memcpy(dst + host.n + 1, suffix, n);
  *out_name = slice_of(dst, host.n + 1 + n);
  return sl_dns_name_ok(*out_name);
}

/* The i-th name to ask for. A name with enough dots is tried as it is before the search list, else
 * after it; with a dot at its end, and by DoH, alone. */
bool sl_dns_candidate(const struct dns_lookup *l, unsigned i, char dst[DNS_NAME_MAX + 2],
                      struct slice *out_name)
{
  const struct dns_channel *ch = l->channel;
  struct slice host = lookup_host(l);
  int dots = 0;
  unsigned domains =
      ch->has_options && ch->options.ndomains > 0 ? (unsigned)ch->options.ndomains : 0;
  for (size_t k = 0; k < host.n; k++)
    dots += host.p[k] == '.';
  if (host.p[host.n - 1] == '.' || !ch->has_options)
    domains = 0;
  if (domains > CANDIDATES_MAX)
    domains = CANDIDATES_MAX;
  unsigned as_it_is = domains && dots < ch->options.ndots ? domains : 0;
  if (i > domains)
    return false;
  if (i != as_it_is)
    return with_suffix(host, ch->options.domains[i < as_it_is ? i : i - 1], dst, out_name);
  memcpy(dst, host.p, host.n);
  *out_name = slice_of(dst, host.n);
  return true;
}

/* Moves to the first name from the i-th on that is one: a suffix may make it too long. */
static bool choose(struct dns_lookup *l, unsigned i)
{
  char text[DNS_NAME_MAX + 2];
  struct slice name;
  while (i <= CANDIDATES_MAX && !sl_dns_candidate(l, i, text, &name))
    i++;
  l->candidate = i;
  return i <= CANDIDATES_MAX;
}

/* ---- making and freeing ---- */

struct dns_lookup *sl_dns_lookup_new(struct dns_channel *ch, struct slice host, uint8_t want,
                                     bool shuffle)
{
  struct dns_lookup *l = sl_calloc(1, sizeof *l + 1 + host.n);
  if (!l)
    return NULL;
  sl_list_init(&l->link);
  sl_list_init(&l->touched);
  sl_list_init(&l->waiters);
  l->channel = ch;
  l->shuffle = shuffle;
  l->no_ttl_s = DNS_TTL_UNKNOWN;
  l->query[0] = (struct dns_query){.lookup = l, .type = DNS_TYPE_AAAA, .wanted = want & DNS_WANT_6};
  l->query[1] = (struct dns_query){.lookup = l, .type = DNS_TYPE_A, .wanted = want & DNS_WANT_4};
  l->key_n = 1 + host.n;
  l->key[0] = (char)want;
  memcpy(l->key + 1, host.p, host.n);
  choose(l, 0); /* one of them is the host itself */
  if (!sl_map_put(&ch->lookups, slice_of(l->key, l->key_n), l)) {
    sl_free(l);
    return NULL;
  }
  sl_list_push_back(&ch->waiting, &l->link);
  return l;
}

void sl_dns_lookup_free(struct dns_lookup *l)
{
  struct list *node;
  while ((node = sl_list_pop_front(&l->waiters))) {
    LIST_ENTRY(node, struct dns_waiter, link)->lookup = NULL;
    l->channel->n_waiters--;
  }
  if (l->state != LOOKUP_FINISHED)
    sl_map_remove(&l->channel->lookups, slice_of(l->key, l->key_n));
  sl_list_unlink(&l->link);
  sl_list_unlink(&l->touched);
  sl_dns_answer_drop(l->query[0].found);
  sl_dns_answer_drop(l->query[1].found);
  sl_dns_answer_drop(l->answer);
  sl_free(l);
}

/* ---- moving on ---- */

static void tell_later(struct dns_lookup *l)
{
  if (sl_list_empty(&l->link))
    sl_list_push_back(&l->channel->telling, &l->link);
}

static void finish(struct dns_lookup *l, sl_result result)
{
  sl_map_remove(&l->channel->lookups, slice_of(l->key, l->key_n));
  l->state = LOOKUP_FINISHED;
  l->result = result;
  if (l->n_waiters || l->telling)
    tell_later(l);
  else
    sl_dns_lookup_free(l);
}

static void begin(struct dns_lookup *l, void *who)
{
  char text[DNS_NAME_MAX + 2];
  struct slice name;
  if (!sl_dns_candidate(l, l->candidate, text, &name)) { /* chosen before: it is one */
    finish(l, CURLE_COULDNT_RESOLVE_HOST);
    return;
  }
  l->state = LOOKUP_RUNNING;
  if (!l->channel->running) {
    sl_buf_clear(&l->channel->error);
    l->channel->heard = false;
  }
  for (int i = 0; i < 2; i++)
    if (l->query[i].wanted)
      sl_dns_query_start(&l->query[i], name, who);
}

static void complete(struct dns_lookup *l)
{
  struct dns_answer *six = l->query[0].found, *four = l->query[1].found, *all;
  l->ttl_s = UINT32_MAX;
  for (int i = 0; i < 2; i++) {
    const struct dns_query *q = &l->query[i];
    uint32_t ttl_s = q->outcome == DNS_DATA      ? q->ttl_s
                     : q->outcome > DNS_NXDOMAIN ? TROUBLE_TTL_S
                                                 : UINT32_MAX;
    if (q->wanted && ttl_s < l->ttl_s)
      l->ttl_s = ttl_s;
  }
  if (six && four) {
    all = sl_dns_answer_new(six->n6, four->n4);
    if (all) {
      memcpy(all->at, six->at, six->n6 * sizeof six->at[0]);
      memcpy(all->at + six->n6, four->at, four->n4 * sizeof four->at[0]);
    }
  } else {
    all = sl_dns_answer_take(six ? six : four);
  }
  if (all) {
    sl_dns_answer_drop(l->answer);
    l->answer = all;
  }
  finish(l, all ? SL_OK : SL_NOMEM);
}

/* No address of this name: another name, or that was all? */
static void go_on(struct dns_lookup *l)
{
  bool stop = false, nomem = false;
  for (int i = 0; i < 2; i++) {
    const struct dns_query *q = &l->query[i];
    if (!q->wanted)
      continue;
    if (q->outcome > DNS_NXDOMAIN && q->outcome > l->trouble)
      l->trouble = q->outcome;
    if (q->outcome <= DNS_NXDOMAIN && q->ttl_s < l->no_ttl_s)
      l->no_ttl_s = q->ttl_s;
    stop |= q->outcome == DNS_TIMEOUT || q->outcome == DNS_UNREACHABLE;
    nomem |= q->outcome == DNS_NOMEM || q->outcome == DNS_CANCELLED;
  }
  if (!l->n_waiters || nomem || stop || !choose(l, l->candidate + 1)) {
    finish(l, nomem ? SL_NOMEM : CURLE_COULDNT_RESOLVE_HOST);
    return;
  }
  l->state = LOOKUP_WAITING;
  sl_list_unlink(&l->link);
  sl_list_push_front(&l->channel->waiting, &l->link);
}

static void advance(struct dns_lookup *l)
{
  bool running = l->query[0].running || l->query[1].running;
  struct dns_answer *found = l->query[0].found ? l->query[0].found : l->query[1].found;
  if (l->state != LOOKUP_RUNNING)
    return;
  if (running) {
    if (found && !l->answer) {
      l->answer = sl_dns_answer_take(found);
      tell_later(l);
    }
  } else if (found) {
    complete(l);
  } else {
    go_on(l);
  }
}

/* A look-up whose turn has come. */
static bool start_one(struct dns_channel *ch, void *who)
{
  if (sl_list_empty(&ch->waiting))
    return false;
  struct dns_lookup *l = LIST_ENTRY(ch->waiting.next, struct dns_lookup, link);
  if (l->n_waiters && !sl_dns_query_credit(ch, l->query[0].wanted + l->query[1].wanted))
    return false;
  sl_list_unlink(&l->link);
  if (l->n_waiters)
    begin(l, who);
  else
    finish(l, CURLE_COULDNT_RESOLVE_HOST); /* nobody is told */
  return true;
}

static void move(struct dns_channel *ch, void *who)
{
  struct list *node;
  do
    while ((node = sl_list_pop_front(&ch->touched)))
      advance(LIST_ENTRY(node, struct dns_lookup, touched));
  while (start_one(ch, who));
}

static bool timed(struct dns_channel *ch)
{
  return ch->timer.node.at ||
         sl_dns_timer(ch, ch->dns->reactor->now_us + ch->dns->timeout_ms * INT64_C(500));
}

void sl_dns_pump(struct dns_channel *ch, void *who)
{
  if (ch->depth || ch->pumping)
    return;
  ch->pumping = true;
  move(ch, who);
  if (!ch->n_waiters && ch->running) { /* nobody listens: give the sockets back */
    sl_dns_query_cancel_all(ch);
    move(ch, who);
  }
  while (ch->ares && ch->running && !timed(ch)) {
    sl_dns_query_cancel_all(ch); /* without a timer there is no end to waiting */
    move(ch, who);
  }
  if (!ch->running && sl_list_empty(&ch->waiting))
    sl_timer_clear(ch->dns->reactor, &ch->timer);
  ch->pumping = false;
}
