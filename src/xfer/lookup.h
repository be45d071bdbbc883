/* Asks the resolver on behalf of a transfer: CURLOPT_RESOLVE, then what dns/dns.h says. */
#ifndef SL_XFER_LOOKUP_H
#define SL_XFER_LOOKUP_H

#include "dns/dns.h"

struct transfer;

struct lookup {
  struct slice host; /* borrowed until the waiter is done */
  uint16_t port;     /* for CURLOPT_RESOLVE */
  int family;        /* AF_UNSPEC, AF_INET, AF_INET6 */
  bool proxy;        /* the host is a proxy: says so in code and text */
};

int sl_lookup_family(const struct transfer *t); /* CURLOPT_IPRESOLVE as AF_* */
/* As sl_dns_lookup(); SL_NOMEM when there can be no resolver. */
sl_result sl_lookup(struct transfer *t, const struct lookup *what, struct dns_waiter *w, struct dns_answer **out_answer);

#endif
