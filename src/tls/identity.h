/* Who a configuration is: a SHA-256 over every value in it, the contents of its blobs and the state
 * (inode, size, time) of the files that it names. What was made from a file that has changed since
 * is simply not found any more. */
#ifndef SL_TLS_IDENTITY_H
#define SL_TLS_IDENTITY_H

#include "tls/cache.h"

/* NULL: none */
const char *sl_tls_cainfo(const struct tls_config *config);
const char *sl_tls_capath(const struct tls_config *config);
bool sl_tls_needs_cas(const struct tls_config *config);

/* False: out of memory. */
bool sl_tls_identity(const struct tls_config *config, bool keylog,
                     unsigned char out_id[TLS_ID_LEN]);
/* Of the part that makes up the store of CAs and CRLs. */
bool sl_tls_store_identity(const struct tls_config *config, unsigned char out_id[TLS_ID_LEN]);

#endif
