/* The inside of a cache: contexts and CA stores by the identity of a configuration, sessions by
 * peer and identity. It has a lock of its own, held for no file access and no callback. Counted:
 * a connection may outlive sl_tls_cache_free(). */
#ifndef SL_TLS_CACHE_H
#define SL_TLS_CACHE_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "base/list.h"
#include "tls/tls.h"

enum {
  TLS_ID_LEN = 32,         /* SHA-256 */
  TLS_MAX_CONTEXTS = 32,   /* the least recently used one leaves */
  TLS_MAX_STORES = 8,      /* a store of the system's CAs is a megabyte */
  TLS_MAX_SESSIONS = 100,  /* some kilobytes each */
  TLS_MAX_TICKETS = 4,     /* of them for one peer */
  TLS_SESSION_AGE = 86400, /* seconds, whatever the server says */
};

struct tls_cache {
  atomic_uint refs;
  CRYPTO_RWLOCK *lock;
  BIO_METHOD *bio;
  X509_LOOKUP_METHOD *late;               /* see castore.c */
  struct list contexts, stores, sessions; /* the most recently used one first */
  unsigned contexts_n, stores_n, sessions_n;
  bool closed;
};

struct tls_cache *sl_tls_cache_ref(struct tls_cache *cache);
void sl_tls_cache_unref(struct tls_cache *cache);

#endif
