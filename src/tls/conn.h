/* The inside of a connection, for the files of tls/ alone. */
#ifndef SL_TLS_CONN_H
#define SL_TLS_CONN_H

#include <openssl/ssl.h>

#include "tls/tls.h"

struct tls_ctx;

/* What only the handshake needs; freed when it is over. */
struct tls_hello {
  struct tls_log log;
  SSL_SESSION *offered; /* the session that was offered for resumption */
  char *keylog;
  uint16_t port;
  bool is_ip, for_proxy, offered_alpn;
  char host[]; /* canonical: no trailing dot, no zone of an address */
};

struct tls_conn {
  SSL *ssl;
  struct tls_cache *cache;
  struct tls_ctx *ctx;
  struct tls_io io;
  struct tls_hello *hello; /* NULL: the handshake is over */
  char *session_key;       /* NULL: sessions are not kept */
  X509 *peer;              /* the leaf that was checked */
  struct buf err;
  sl_result io_error; /* what the lower layer failed with */
  sl_result failed;   /* sticky */
  sl_result deaf;     /* sticky: the peer takes nothing any more, but may have said why */
  long verify_result;
  unsigned char want;
  bool eof, ended, truncated;
  bool drained;     /* the last read found no whole record */
  bool ready;       /* the handshake is complete */
  bool closing;     /* our close_notify could not be sent whole */
  bool verified;    /* the peer's certificate was checked in this handshake */
  bool status_good; /* and its stapled status */
};

enum { TLS_ERR_MAX = 1024 };

/* The first text wins; returns code. */
sl_result sl_tls_fail(struct tls_conn *conn, sl_result code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what has no connection yet. */
sl_result sl_tls_fail_text(struct buf *err, sl_result code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct tls_conn *sl_tls_conn_of(const SSL *ssl);

/* "error:0A000126:SSL routines::..." of an OpenSSL error; its queue is emptied. */
enum { TLS_REASON_MAX = 256 };
const char *sl_tls_reason(char dst[TLS_REASON_MAX], unsigned long code);

#endif
