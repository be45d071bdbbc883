/* Asking the resolver; see lookup.h. */
#include "xfer/lookup.h"

#include "xfer/share.h"
#include "xfer/transfer.h"

int sl_lookup_family(const struct transfer *t)
{
  switch (t->easy->set.dns->ipresolve) {
  case CURL_IPRESOLVE_V4:
    return AF_INET;
  case CURL_IPRESOLVE_V6:
    return AF_INET6;
  default:
    return AF_UNSPEC;
  }
}

sl_result sl_lookup(struct transfer *t, const struct lookup *what, struct dns_waiter *w, struct dns_answer **out_answer)
{
  struct multi *m = t->multi;
  const struct dns_config *config = t->easy->set.dns;
  if (!sl_multi_dns(m))
    return SL_NOMEM;
  struct dns_cache *cache = sl_share_dns_cache(t->easy, m);
  sl_result rc =
      config->resolve ? sl_dns_preload(cache, t->easy, config->resolve, m->reactor.now_us, &t->error) : SL_OK;
  if (rc)
    return rc;
  struct dns_ask ask = {
      .host = what->host,
      .port = what->port,
      .family = what->family,
      .proxy = what->proxy,
      .config = config,
      .gate = t->easy->set.gate,
      .cache = cache,
      .who = t->easy,
      .error = &t->error,
  };
  return sl_dns_lookup(m->dns, &ask, w, out_answer);
}
