/* Name resolution for the transfers of one multi handle: CURLOPT_RESOLVE, the cache, localhost,
 * /etc/hosts, then name servers by way of c-ares, or DoH by way of the transfers above. Nothing
 * here blocks.
 *
 * Every socket comes through the gate with GATE_DNS. c-ares asks for a socket before it says where
 * it is to go; it is given a number then, and the socket itself is opened when the name server's
 * address is known, so that policy and callbacks (asked only with SLUICE_PURPOSE_DNS) always judge
 * the true address.
 *
 * RFC 1035, 2308, 6761 (localhost), 7686 (onion), 8305 section 3 (both families asked at once). */
#ifndef SL_DNS_DNS_H
#define SL_DNS_DNS_H

#include "dns/cache.h"
#include "dns/dns_config.h"
#include "gate/gate.h"
#include "loop/reactor.h"

struct dns_lookup;
struct dns_query;

/* One who waits for a name. fn is called from the reactor, never from within sl_dns_lookup() or
 * sl_dns_cancel(): once when all is known (done), and once before that when the first family of
 * addresses is there. It may do anything with this waiter and others, but not free the struct dns.
 */
struct dns_waiter {
  void (*fn)(struct dns_waiter *w);
  void *owner;
  struct dns_answer *answer; /* what is known so far, a reference of the waiter; NULL: nothing */
  sl_result result;          /* when done */
  bool done;

  struct slice host; /* from here on private */
  bool proxy;
  int32_t timeout_ms;
  struct list link;
  struct dns_lookup *lookup; /* NULL: not waiting */
  struct dns_cache *cache;
  void *who;
  struct buf *error;
};

/* Who asks for what. All of it is borrowed: host, cache and error until the waiter is done, the
 * rest for the call. */
struct dns_ask {
  struct slice host; /* in ASCII form; a numeric address is answered, too */
  uint16_t port;     /* for CURLOPT_RESOLVE */
  int family;        /* AF_UNSPEC, AF_INET, AF_INET6 */
  bool proxy;        /* the host is a proxy: says so in code and text */
  const struct dns_config *config;
  const struct gate_config *gate;
  struct dns_cache *cache; /* NULL: none */
  void *who;               /* handed to the cache's lock and to DoH */
  struct buf *error;       /* receives the reason; may be NULL */
};

/* DoH (RFC 8484), for those above who can speak HTTP: sends `message` to config->doh_url (`config`
 * and `who` are good for the call; others may wait for the same answer, so the request outlives
 * `who`). SL_WAIT, or why not; the answer goes to sl_dns_doh_answer(), not from within start. After
 * cancel the query is gone. */
struct dns_doh {
  void *owner;
  sl_result (*start)(void *owner, void *who, const struct dns_config *config,
                     struct dns_query *query, struct slice message);
  void (*cancel)(void *owner, struct dns_query *query);
};

struct dns {
  struct reactor *reactor;
  unsigned *callback_depth;
  struct policy *const *policy; /* where the multi handle keeps its own; NULL: nowhere */
  struct list channels; /* the last used first: one for each kind of settings */
  unsigned n_channels;
  struct dns_hosts *hosts; /* NULL until needed */
  struct dns_doh doh;      /* start NULL: DoH is refused, never done in the clear */

  const char *hosts_path, *resolv_path; /* for tests; to be set before use */
  int timeout_ms, tries; /* of one name server: the first time-out, it doubles with each try */
};

struct dns *sl_dns_new(struct reactor *reactor, unsigned *callback_depth); /* NULL: out of memory */
void sl_dns_free(struct dns *dns); /* waiters are forgotten, not called */

void sl_dns_waiter_init(struct dns_waiter *w, void (*fn)(struct dns_waiter *w), void *owner);
/* SL_OK and *out_answer (a reference of the caller) with at least one address of a name; a numeric
 * address is given whatever its family is. SL_WAIT: the waiter will be called; w->answer may hold
 * the first family already. Else CURLE_COULDNT_RESOLVE_HOST (or _PROXY) or what went wrong, with a
 * text. */
sl_result sl_dns_lookup(struct dns *dns, const struct dns_ask *ask, struct dns_waiter *w,
                        struct dns_answer **out_answer);
/* Ends waiting and drops w->answer. O(1), at any time, also from within any fn; harmless when not
 * waiting. */
void sl_dns_cancel(struct dns_waiter *w);

/* The end of a DoH request: rc and the body of the reply. */
void sl_dns_doh_answer(struct dns_query *query, sl_result rc, struct slice body);

/* For CURLOPT_DNS_SERVERS: SL_OK or CURLE_BAD_FUNCTION_ARGUMENT. */
sl_result sl_dns_servers_check(struct slice servers);

#define SL_DNS_HOSTS "/etc/hosts"
#define SL_DNS_RESOLV "/etc/resolv.conf"

/* Keeps the hosts file, and the name servers and domains of resolv.conf, as they are now, for when the files can not be
 * opened any more; until sl_dns_forget(). By one thread at a time. SL_NOMEM. */
sl_result sl_dns_keep(const char *hosts_path, const char *resolv_path);
void sl_dns_forget(void);

#endif
