/* Certificates from files and blobs, and the client's own. */
#ifndef SL_TLS_CERT_H
#define SL_TLS_CERT_H

#include <openssl/ssl.h>

#include "tls/tls.h"

/* A BIO over the blob, else over the file; NULL: cannot be opened (OpenSSL's queue says why). */
BIO *sl_tls_source(const char *file, const struct curl_blob *blob);

/* For what must not be encrypted: OpenSSL would ask on the terminal. */
int sl_tls_no_password(char *dst, int cap, int writing, void *ctx);

/* Gives the context the client certificate and key of the configuration, which has one. */
sl_result sl_tls_cert_use(SSL_CTX *ctx, const struct tls_config *config, struct buf *err);
bool sl_tls_cert_wanted(const struct tls_config *config);

#endif
