/* Makes, finds and drops channels; see channel.h. */
#include "dns/channel.h"

#include "base/mem.h"
#include "gate/broker.h"
#include "gate/policy.h"
#include "sys/random.h"

enum { CHANNELS_MAX = 8, ERROR_MAX = 256 };

static bool same_text(const char *a, const char *b)
{
  return a == b || (a && b && !strcmp(a, b));
}

static bool same_config(const struct dns_config *a, const struct dns_config *b)
{
  if (!same_text(a->doh_url, b->doh_url))
    return false;
  if (a->doh_url && (a->doh_ssl_verifyhost != b->doh_ssl_verifyhost ||
                     a->doh_ssl_verifypeer != b->doh_ssl_verifypeer ||
                     a->doh_ssl_verifystatus != b->doh_ssl_verifystatus))
    return false;
  return same_text(a->dns_servers, b->dns_servers) &&
         same_text(a->dns_interface, b->dns_interface) &&
         same_text(a->dns_local_ip4, b->dns_local_ip4) &&
         same_text(a->dns_local_ip6, b->dns_local_ip6);
}

/* May the sockets opened for one serve the other? Callbacks that are not asked do not matter, a broker does. */
static bool same_gate(const struct gate_config *a, const struct gate_config *b)
{
  bool asked = a->socket_purposes & SLUICE_PURPOSE_DNS;
  if (asked != !!(b->socket_purposes & SLUICE_PURPOSE_DNS) || a->policy != b->policy ||
      a->socket_eventfunction != b->socket_eventfunction ||
      a->socket_eventdata != b->socket_eventdata || sl_broker_of(a, asked) != sl_broker_of(b, asked))
    return false;
  if (!asked)
    return true;
  return a->opensocketfunction == b->opensocketfunction && a->opensocketdata == b->opensocketdata &&
         a->sockoptfunction == b->sockoptfunction && a->sockoptdata == b->sockoptdata &&
         a->closesocketfunction == b->closesocketfunction &&
         a->closesocketdata == b->closesocketdata;
}

/* Two hashes with fixed keys: the texts are the application's own, and the same in all that share a
 * cache. */
void sl_dns_realm(const struct dns_config *config, uint64_t out_realm[2])
{
  const char *texts[] = {config->dns_servers, config->dns_interface, config->dns_local_ip4,
                         config->dns_local_ip6, config->doh_url};
  uint64_t a = 0, b = 0;
  for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (!texts[i])
      continue;
    struct slice text = slice_str(texts[i]);
    a = sl_hash(text.p, text.n, a + i + 1);
    b = sl_hash(text.p, text.n, b + 0x9e3779b97f4a7c15u * (i + 1));
  }
  out_realm[0] = a;
  out_realm[1] = b;
}

static bool copy_text(char **dst, const char *src)
{
  *dst = src ? sl_strdup(src) : NULL;
  return !src || *dst;
}

static bool copy_settings(struct dns_channel *ch, const struct dns_config *config,
                          const struct gate_config *gate)
{
  ch->config = (struct dns_config){
      .doh_ssl_verifyhost = config->doh_ssl_verifyhost,
      .doh_ssl_verifypeer = config->doh_ssl_verifypeer,
      .doh_ssl_verifystatus = config->doh_ssl_verifystatus,
  };
  ch->gate = *gate;
  sl_policy_ref(ch->gate.policy);
  return copy_text(&ch->config.doh_url, config->doh_url) &&
         copy_text(&ch->config.dns_servers, config->dns_servers) &&
         copy_text(&ch->config.dns_interface, config->dns_interface) &&
         copy_text(&ch->config.dns_local_ip4, config->dns_local_ip4) &&
         copy_text(&ch->config.dns_local_ip6, config->dns_local_ip6);
}

static void run_tell(struct job *job)
{
  sl_dns_tell(job->owner);
}

static struct dns_channel *channel_new(struct dns *dns, const struct dns_config *config,
                                       const struct gate_config *gate)
{
  struct dns_channel *ch = sl_calloc(1, sizeof *ch);
  uint64_t seed;
  if (!ch)
    return NULL;
  sl_list_init(&ch->link);
  sl_list_init(&ch->waiting);
  sl_list_init(&ch->touched);
  sl_list_init(&ch->telling);
  sl_buf_init(&ch->error, ERROR_MAX);
  sl_job_init(&ch->tell, run_tell, ch);
  ch->dns = dns;
  if (!sl_random_u64(&seed) || !copy_settings(ch, config, gate)) {
    sl_dns_channel_free(ch);
    return NULL;
  }
  sl_map_init(&ch->lookups, seed);
  sl_dns_realm(config, ch->realm);
  sl_list_push_front(&dns->channels, &ch->link);
  dns->n_channels++;
  return ch;
}

static void free_settings(struct dns_channel *ch)
{
  sl_policy_free(ch->gate.policy);
  sl_free(ch->config.doh_url);
  sl_free(ch->config.dns_servers);
  sl_free(ch->config.dns_interface);
  sl_free(ch->config.dns_local_ip4);
  sl_free(ch->config.dns_local_ip6);
}

static void free_lookups(struct dns_channel *ch)
{
  struct list *node;
  struct dns_lookup *l;
  uint32_t pos = 0;
  while ((node = sl_list_pop_front(&ch->telling))) {
    l = LIST_ENTRY(node, struct dns_lookup, link);
    if (l->state == LOOKUP_FINISHED) /* the others are in the map */
      sl_dns_lookup_free(l);
  }
  while ((l = sl_map_next(&ch->lookups, &pos)))
    sl_dns_lookup_free(l);
  sl_map_done(&ch->lookups);
}

void sl_dns_channel_free(struct dns_channel *ch)
{
  ch->busy++;
  ch->depth++; /* nobody moves on any more */
  sl_dns_query_cancel_all(ch);
  sl_dns_servers_close(ch);
  free_lookups(ch);
  sl_list_unlink(&ch->tell.link);
  sl_timer_clear(ch->dns->reactor, &ch->timer);
  if (!sl_list_empty(&ch->link)) {
    sl_list_unlink(&ch->link);
    ch->dns->n_channels--;
  }
  sl_free(ch->sockets);
  sl_buf_done(&ch->error);
  free_settings(ch);
  sl_free(ch);
}

static bool idle(const struct dns_channel *ch)
{
  return !ch->busy && !ch->depth && !ch->running && !ch->n_waiters && !ch->lookups.live &&
         sl_list_empty(&ch->telling);
}

/* Settings that nobody uses any more must not pile up: the one not used for longest goes. */
static void make_room(struct dns *dns)
{
  for (struct list *node = dns->channels.prev; node != &dns->channels; node = node->prev) {
    struct dns_channel *ch = LIST_ENTRY(node, struct dns_channel, link);
    if (idle(ch)) {
      sl_dns_channel_free(ch);
      return;
    }
  }
}

/* False when it was made from a resolv.conf that is another one by now. */
static bool up_to_date(struct dns_channel *ch)
{
  const struct dns *dns = ch->dns;
  if (ch->config.doh_url || ch->config.dns_servers ||
      !sl_dns_stamp_changed(&ch->resolv, dns->resolv_path, dns->reactor->now_us) || !ch->ares)
    return true;
  ch->retired = !idle(ch);
  if (!ch->retired)
    sl_dns_servers_close(ch);
  return !ch->retired;
}

struct dns_channel *sl_dns_channel_get(struct dns *dns, const struct dns_config *config,
                                       const struct gate_config *gate)
{
  LIST_FOR_EACH(node, &dns->channels) {
    struct dns_channel *ch = LIST_ENTRY(node, struct dns_channel, link);
    if (ch->retired && idle(ch))
      sl_dns_channel_free(ch);
    else if (!ch->retired && same_config(&ch->config, config) && same_gate(&ch->gate, gate) &&
             up_to_date(ch)) {
      sl_list_unlink(&ch->link);
      sl_list_push_front(&dns->channels, &ch->link);
      return ch;
    }
  }
  if (dns->n_channels >= CHANNELS_MAX)
    make_room(dns);
  struct dns_channel *ch = channel_new(dns, config, gate);
  if (ch)
    up_to_date(ch); /* the first look */
  return ch;
}
