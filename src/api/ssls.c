/* curl_easy_ssls_export() and _import(): the TLS sessions of a handle, or of its share, out and in.
 * What they are called by and what they look like is tls/session.c's. */
#include <curl/curl.h>

#include "api/guard.h"
#include "sys/clock.h"
#include "tls/tls.h"
#include "xfer/share.h"

/* Where the handle's next transfer will look: its share, the multi handle that it is in, or that of
 * curl_easy_perform(). */
static struct tls_cache *cache_of(struct easy *e)
{
  struct multi *m = e->multi ? e->multi : e->own;
  if (!m)
    m = e->own = sl_multi_new(true);
  return m ? sl_share_tls_cache(e, m) : NULL;
}

struct export
{
  CURL *curl;
  curl_ssls_export_cb *fn;
  void *arg;
};

static sl_result export_one(void *ctx, const struct tls_session_info *info)
{
  const struct export *x = ctx;
  char alpn[256]; /* RFC 7301: a length of one byte */
  if (info->alpn.n >= sizeof alpn)
    return CURLE_OK;
  if (info->alpn.n)
    memcpy(alpn, info->alpn.p, info->alpn.n);
  alpn[info->alpn.n] = 0;
  return x->fn(x->curl, x->arg, info->key, info->shmac, sizeof info->shmac,
               (const unsigned char *)info->data.p, info->data.n, info->valid_until_s,
               info->version, info->alpn.n ? alpn : NULL, info->earlydata_max);
}

CURLcode curl_easy_ssls_export(CURL *curl, curl_ssls_export_cb *export_fn, void *userptr)
{
  struct easy *e = sl_easy_of(curl);
  if (!e || !export_fn)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct tls_cache *cache = cache_of(e);
  struct export x = {curl, export_fn, userptr};
  return cache ? (CURLcode)sl_tls_sessions_export(cache, sl_clock_wall_s(), export_one, &x)
               : CURLE_OUT_OF_MEMORY;
}

CURLcode curl_easy_ssls_import(CURL *curl, const char *session_key, const unsigned char *shmac,
                               size_t shmac_len, const unsigned char *sdata, size_t sdata_len)
{
  struct easy *e = sl_easy_of(curl);
  if (!e || !sdata || (!session_key && !shmac))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct tls_cache *cache = cache_of(e);
  return cache ? (CURLcode)sl_tls_sessions_import(
                     cache, session_key, slice_of((const char *)shmac, shmac_len),
                     slice_of((const char *)sdata, sdata_len), sl_clock_wall_s())
               : CURLE_OUT_OF_MEMORY;
}
