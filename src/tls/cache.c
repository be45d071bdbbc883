/* The cache's life. It is counted because connections in a pool may outlive the share that it
 * belonged to: freeing it empties and closes it, the last connection ends it. */
#include "tls/cache.h"

#include "base/mem.h"
#include "tls/bio.h"
#include "tls/castore.h"
#include "tls/ctx.h"
#include "tls/session.h"

struct tls_cache *sl_tls_cache_new(void)
{
  struct tls_cache *cache = sl_calloc(1, sizeof *cache);
  if (!cache)
    return NULL;
  atomic_init(&cache->refs, 1);
  sl_list_init(&cache->contexts);
  sl_list_init(&cache->stores);
  sl_list_init(&cache->sessions);
  cache->lock = CRYPTO_THREAD_lock_new();
  cache->bio = sl_tls_bio_method();
  cache->late = sl_tls_castore_method();
  if (cache->lock && cache->bio && cache->late)
    return cache;
  sl_tls_cache_unref(cache);
  return NULL;
}

static void clear(struct tls_cache *cache, bool close)
{
  struct list contexts, stores, sessions;
  sl_list_init(&contexts);
  sl_list_init(&stores);
  sl_list_init(&sessions);
  CRYPTO_THREAD_write_lock(cache->lock);
  sl_tls_ctx_clear(cache, &contexts);
  sl_tls_castore_clear(cache, &stores);
  sl_tls_session_clear(cache, &sessions);
  cache->closed |= close;
  CRYPTO_THREAD_unlock(cache->lock);
  sl_tls_session_free_all(&sessions);
  sl_tls_ctx_free_all(&contexts);
  sl_tls_castore_free_all(&stores);
}

void sl_tls_cache_clear(struct tls_cache *cache)
{
  clear(cache, false);
}

void sl_tls_cache_free(struct tls_cache *cache)
{
  if (!cache)
    return;
  clear(cache, true);
  sl_tls_cache_unref(cache);
}

struct tls_cache *sl_tls_cache_ref(struct tls_cache *cache)
{
  atomic_fetch_add_explicit(&cache->refs, 1, memory_order_relaxed);
  return cache;
}

void sl_tls_cache_unref(struct tls_cache *cache)
{
  if (atomic_fetch_sub_explicit(&cache->refs, 1, memory_order_acq_rel) != 1)
    return;
  BIO_meth_free(cache->bio);
  X509_LOOKUP_meth_free(cache->late);
  CRYPTO_THREAD_lock_free(cache->lock);
  sl_free(cache);
}
