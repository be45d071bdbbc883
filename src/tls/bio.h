/* The BIO between OpenSSL and struct tls_io: it calls straight through and holds no byte. */
#ifndef SL_TLS_BIO_H
#define SL_TLS_BIO_H

#include <openssl/bio.h>

struct tls_conn;

/* Made once for a cache; ends with BIO_meth_free(). NULL: out of memory. */
BIO_METHOD *sl_tls_bio_method(void);
BIO *sl_tls_bio_new(const BIO_METHOD *method, struct tls_conn *conn);

#endif
