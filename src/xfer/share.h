/* The share handle: what several easy handles, also of several threads, use together. Each kind of data is either the
 * share's (when it was asked for with CURLSHOPT_SHARE) or the multi handle's own. The application's lock callbacks
 * guard it; the TLS cache locks itself. */
#ifndef SL_XFER_SHARE_H
#define SL_XFER_SHARE_H

#include "xfer/multi.h"

struct share {
  uint32_t magic;
  uint32_t kinds;         /* bits 1 << CURL_LOCK_DATA_* */
  uint32_t users;         /* easy handles; changed under CURL_LOCK_DATA_SHARE */
  curl_lock_function lock_fn;
  curl_unlock_function unlock_fn;
  void *user_data;
  struct dns_cache dns_cache;
  struct pool pool;
  struct tls_cache *tls;  /* NULL until shared */
  struct cookie_store *cookies; /* NULL until shared */
  struct hsts_store *hsts;      /* NULL until used */
};

struct share *sl_share_new(void);
void sl_share_free(struct share *s);
struct share *sl_share_of(void *handle);
void sl_share_lock(struct share *s, void *who, curl_lock_data what, bool on);
CURLSHcode sl_share_enable(struct share *s, curl_lock_data what, bool on);

static inline bool sl_share_has(const struct easy *e, curl_lock_data what)
{
  return e->share && e->share->kinds >> what & 1;
}
struct dns_cache *sl_share_dns_cache(struct easy *e, struct multi *m);
struct tls_cache *sl_share_tls_cache(struct easy *e, struct multi *m); /* NULL: out of memory */
struct pool *sl_share_pool(struct easy *e, struct multi *m);

#endif
