/* A context: an SSL_CTX and what the checks of a connection need of the configuration. Shared by
 * all connections of one configuration, counted, never changed once it is built. */
#ifndef SL_TLS_CTX_H
#define SL_TLS_CTX_H

#include "tls/cache.h"

struct tls_ctx {
  struct list node;
  atomic_uint refs;
  SSL_CTX *ssl;
  int64_t store_s;    /* when its CA store was read */
  X509 *issuer;       /* the leaf's issuer must be this one */
  char *issuer_name;  /* for messages */
  char *pins;         /* "sha256//...;sha256//..." */
  unsigned char *pin; /* a public key as DER, from a file */
  size_t pin_len;
  unsigned char id[TLS_ID_LEN];
  bool pinned, verifypeer, verifyhost, verifystatus, alpn;
  bool sessions; /* may be resumed */
  bool client_cert;
};

/* A reference, to a cached one or a new one. */
sl_result sl_tls_ctx_get(struct tls_cache *cache, const struct tls_config *config,
                         const struct tls_params *params, struct tls_ctx **out_ctx);
void sl_tls_ctx_unref(struct tls_ctx *ctx);
void sl_tls_ctx_clear(struct tls_cache *cache, struct list *out_dead); /* with the lock held */
void sl_tls_ctx_free_all(struct list *dead);

#endif
