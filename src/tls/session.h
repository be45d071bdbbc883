/* Sessions for resumption (RFC 5077, RFC 8446 2.2), found by a text that names the peer and the
 * whole configuration, so that none is resumed under another one. */
#ifndef SL_TLS_SESSION_H
#define SL_TLS_SESSION_H

#include "tls/cache.h"

struct tls_session;

/* Keeps a reference of its own to session. */
void sl_tls_session_put(struct tls_cache *cache, const char *key, SSL_SESSION *session,
                        bool client_cert);
/* A session of this peer, or NULL. A TLS 1.3 ticket leaves the cache: it is for one use. */
SSL_SESSION *sl_tls_session_get(struct tls_cache *cache, const char *key, int64_t now_s);
void sl_tls_session_drop(struct tls_cache *cache, const SSL_SESSION *session); /* it failed */
void sl_tls_session_clear(struct tls_cache *cache, struct list *out_dead); /* with the lock held */
void sl_tls_session_free_all(struct list *dead);

#endif
