/* Is this the peer that was asked for? One code path for a full handshake, where it runs inside
 * (before a client certificate is sent), and for a resumed one, where it runs at the end. */
#ifndef SL_TLS_VERIFY_H
#define SL_TLS_VERIFY_H

#include <openssl/ssl.h>

#include "tls/tls.h"

/* The host as RFC 9525 6.3 matches it: case ignored, one whole label may be "*", the first, with
 * two more behind it. Trailing dots are ignored. */
bool sl_tls_name_matches(struct slice pattern, struct slice host);

/* Of the leaf's names, the one that is the host's, copied to `out` ("" : none). For the log. */
enum tls_name_kind { TLS_NAME_NONE, TLS_NAME_DNS, TLS_NAME_IP, TLS_NAME_COMMON };
enum tls_name_kind sl_tls_name_find(const struct tls_conn *conn, X509 *leaf, struct buf *out);

sl_result sl_tls_verify_end(struct tls_conn *conn); /* the handshake is over: all checked? */

/* OpenSSL's callbacks. */
int sl_tls_verify_cert(X509_STORE_CTX *store, void *unused);
int sl_tls_verify_status(SSL *ssl, void *unused);
int sl_tls_on_session(SSL *ssl, SSL_SESSION *session);
void sl_tls_on_secret(const SSL *ssl, const char *line);

#endif
