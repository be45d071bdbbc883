/* What the verbose log says about a handshake. */
#ifndef SL_TLS_LOG_H
#define SL_TLS_LOG_H

#include "tls/conn.h"

void sl_tls_log_offer(struct tls_conn *conn, const struct tls_params *params,
                      const struct tls_config *config);
void sl_tls_log_done(struct tls_conn *conn);

/* OpenSSL's callback for messages. */
void sl_tls_on_message(int out, int version, int type, const void *data, size_t n, SSL *ssl,
                       void *unused);

#endif
