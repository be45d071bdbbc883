/* See share.h. */
#include "xfer/share.h"

#include "base/mem.h"
#include "tls/tls.h"
#include "xfer/conn.h"
#include "xfer/cookies.h"
#include "xfer/hsts_store.h"

void sl_share_lock(struct share *s, void *who, curl_lock_data what, bool on)
{
  if (on && s->lock_fn)
    s->lock_fn(who, what, CURL_LOCK_ACCESS_SINGLE, s->user_data);
  else if (!on && s->unlock_fn)
    s->unlock_fn(who, what, s->user_data);
}

static void lock_dns(void *owner, void *who, bool on)
{
  sl_share_lock(owner, who, CURL_LOCK_DATA_DNS, on);
}

static void lock_pool(void *owner, void *who, bool on)
{
  sl_share_lock(owner, who, CURL_LOCK_DATA_CONNECT, on);
}

struct share *sl_share_new(void)
{
  struct share *s = sl_calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->magic = SL_SHARE_MAGIC;
  s->kinds = 1u << CURL_LOCK_DATA_SHARE;
  sl_dns_cache_init(&s->dns_cache);
  s->dns_cache.lock = lock_dns;
  s->dns_cache.lock_owner = s;
  sl_pool_init(&s->pool);
  s->pool.lock = lock_pool;
  s->pool.lock_owner = s;
  return s;
}

struct share *sl_share_of(void *handle)
{
  struct share *s = handle;
  return s && s->magic == SL_SHARE_MAGIC ? s : NULL;
}

void sl_share_free(struct share *s)
{
  struct conn *c;
  while ((c = sl_pool_any(&s->pool)))
    sl_conn_free(c, true);
  sl_pool_done(&s->pool);
  sl_dns_cache_done(&s->dns_cache);
  sl_tls_cache_free(s->tls);
  sl_cookie_store_free(s->cookies);
  sl_hsts_store_free(s->hsts);
  s->magic = 0;
  sl_free(s);
}

CURLSHcode sl_share_enable(struct share *s, curl_lock_data what, bool on)
{
  switch (what) {
  case CURL_LOCK_DATA_DNS:
  case CURL_LOCK_DATA_CONNECT:
  case CURL_LOCK_DATA_PSL: /* libpsl's list is built in and shared by all */
  case CURL_LOCK_DATA_COOKIE:
  case CURL_LOCK_DATA_HSTS:
    break;
  case CURL_LOCK_DATA_SSL_SESSION:
    if (on && !s->tls && !(s->tls = sl_tls_cache_new()))
      return CURLSHE_NOMEM;
    break;
  default:
    return CURLSHE_BAD_OPTION;
  }
  s->kinds = on ? s->kinds | 1u << what : s->kinds & ~(1u << what);
  return CURLSHE_OK;
}

struct dns_cache *sl_share_dns_cache(struct easy *e, struct multi *m)
{
  return sl_share_has(e, CURL_LOCK_DATA_DNS) ? &e->share->dns_cache : &m->dns_cache;
}

struct pool *sl_share_pool(struct easy *e, struct multi *m)
{
  return sl_share_has(e, CURL_LOCK_DATA_CONNECT) ? &e->share->pool : &m->pool;
}

struct tls_cache *sl_share_tls_cache(struct easy *e, struct multi *m)
{
  if (sl_share_has(e, CURL_LOCK_DATA_SSL_SESSION))
    return e->share->tls;
  if (!m->tls)
    m->tls = sl_tls_cache_new();
  return m->tls;
}

CURLcode sl_easy_set_share(struct easy *e, void *handle)
{
  struct share *s = sl_share_of(handle), *old = e->share;
  if (handle && !s)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (e->xfer)
    return CURLE_SHARE_IN_USE; /* the running transfer works with it */
  if (old) {
    sl_share_lock(old, e, CURL_LOCK_DATA_SHARE, true);
    old->users--;
    sl_share_lock(old, e, CURL_LOCK_DATA_SHARE, false);
  }
  e->share = s;
  if (s) {
    sl_share_lock(s, e, CURL_LOCK_DATA_SHARE, true);
    s->users++;
    sl_share_lock(s, e, CURL_LOCK_DATA_SHARE, false);
  }
  return CURLE_OK;
}
