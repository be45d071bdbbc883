/* The store of CAs and CRLs that a configuration names. */
#ifndef SL_TLS_CASTORE_H
#define SL_TLS_CASTORE_H

#include "tls/cache.h"

X509_LOOKUP_METHOD *sl_tls_castore_method(void); /* NULL: out of memory */

/* From the cache, or new; *out_store is a reference. `own`: new, whole, and in no cache (the
 * application may change it). */
sl_result sl_tls_castore_get(struct tls_cache *cache, const struct tls_config *config, bool own,
                             int64_t now_s, struct buf *err, X509_STORE **out_store,
                             int64_t *out_built_s);
/* Whether what was built then may still be used. */
bool sl_tls_castore_fresh(const struct tls_config *config, int64_t built_s, int64_t now_s);
void sl_tls_castore_clear(struct tls_cache *cache, struct list *out_dead); /* with the lock held */
void sl_tls_castore_free_all(struct list *dead);

#endif
