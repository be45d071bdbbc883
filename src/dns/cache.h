/* What names were found to stand for, and what the application said that they stand for
 * (CURLOPT_RESOLVE). One for each multi handle, or in a share: then its owner sets the hook that
 * locks it. Knows no sockets.
 *
 * CURLOPT_DNS_CACHE_TIMEOUT(3), CURLOPT_RESOLVE(3), RFC 2308 for the "no". An answer is good for
 * the records' own time to live, at most for the time-out of the handle that stored it, at most for
 * that of the handle that asks; a time-out of -1 knows no end. A "no" is good for half of the
 * time-out at most. */
#ifndef SL_DNS_CACHE_H
#define SL_DNS_CACHE_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "dns/answer.h"

struct dns_cache {
  struct map names;  /* from name servers: family, name and settings -> struct entry */
  struct map pinned; /* CURLOPT_RESOLVE: name and port -> struct entry */
  struct list names_by_age, pinned_by_age; /* oldest first */
  uint32_t limit;                          /* of entries in `names` */
  bool seeded;
  void (*lock)(void *owner, void *who, bool on); /* NULL: one thread alone */
  void *lock_owner;
};

enum { DNS_CACHE_LIMIT = 30000 };

void sl_dns_cache_init(struct dns_cache *c);
void sl_dns_cache_done(struct dns_cache *c);
/* Forgets what came from name servers, keeps CURLOPT_RESOLVE (CURLMOPT_NETWORK_CHANGED). */
void sl_dns_cache_clear(struct dns_cache *c, void *who);

enum { DNS_WANT_4 = 1, DNS_WANT_6 = 2, DNS_WANT_BOTH = 3 };

struct dns_cache_key {
  struct slice host; /* in lower case, at most DNS_NAME_MAX + 1 */
  uint16_t port;     /* for CURLOPT_RESOLVE */
  uint8_t want;      /* DNS_WANT_* */
  uint64_t realm[2]; /* which name servers were asked in which way; zeroes: the system's */
  int64_t now_us;
  int32_t timeout_ms; /* of the handle: -1 for ever, 0 no caching */
  void *who;          /* for the lock */
};

enum dns_cached { DNS_CACHED_NONE, DNS_CACHED_ANSWER, DNS_CACHED_NEGATIVE };

/* *out_answer is the caller's reference, set for DNS_CACHED_ANSWER only; it may hold more families
 * than wanted. */
enum dns_cached sl_dns_cache_find(struct dns_cache *c, const struct dns_cache_key *key,
                                  struct dns_answer **out_answer);
/* answer NULL: a "no". When memory is short it is not kept, which is no error. */
void sl_dns_cache_put(struct dns_cache *c, const struct dns_cache_key *key,
                      struct dns_answer *answer, uint32_t ttl_s);

/* CURLOPT_RESOLVE: "[+]HOST:PORT:ADDRESS[,ADDRESS]...", "-HOST:PORT"; "*" is every host. To be
 * called when the list was set and a transfer begins. SL_NOMEM, or CURLE_SETOPT_OPTION_SYNTAX with
 * the entry in *error; the entries before it are in force then. */
sl_result sl_dns_preload(struct dns_cache *c, void *who, const struct curl_slist *list,
                         int64_t now_us, struct buf *error);

/* For preload.c, between the two locks. The host has at most DNS_NAME_MAX + 1 bytes; its case does
 * not matter. */
void sl_dns_cache_lock(struct dns_cache *c, void *who, bool on);
bool sl_dns_cache_seed(struct dns_cache *c); /* false: the kernel has no random number for us */
bool sl_dns_cache_pin(struct dns_cache *c, struct slice host, uint16_t port,
                      struct dns_answer *answer, int64_t now_us, bool expires); /* false: memory */
void sl_dns_cache_unpin(struct dns_cache *c, struct slice host, uint16_t port);

#endif
