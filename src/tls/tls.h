/* TLS over OpenSSL 3, for one stream: handshake, verification, bytes, orderly end. It moves bytes
 * only through struct tls_io and never blocks. A certificate is checked as a whole (chain, name,
 * issuer, pin, stapled status) inside the handshake, before a client certificate or a byte of the
 * application leaves; on a resumed session again.
 *
 * Must not: open sockets, read the environment, keep anything of the application's beyond the call
 * or the time that is said below. Results are SL_OK, SL_WAIT, or a CURLcode whose text
 * sl_tls_error() has; when the transport failed, code and text are the transport's. */
#ifndef SL_TLS_TLS_H
#define SL_TLS_TLS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/result.h"
#include "base/slice.h"
#include "tls/tls_config.h"

struct tls_cache; /* contexts, CA stores and sessions; one a multi handle or a share */
struct tls_conn;

/* How bytes move below. read: SL_OK with *out_n == 0 is the end of the stream. ctx must outlive the
 * connection. */
struct tls_io {
  sl_result (*read)(void *ctx, void *dst, size_t cap, size_t *out_n);
  sl_result (*write)(void *ctx, const void *src, size_t n, size_t *out_n);
  void *ctx;
};

/* What the verbose log gets, until the handshake has ended (see sl_tls_set_log). Each may be NULL.
 * message: one handshake message or alert, as text and as its bytes. */
struct tls_log {
  void (*info)(void *ctx, const char *text);
  void (*message)(void *ctx, bool out, const char *text, const void *data, size_t n);
  void *ctx;
};

/* All borrowed for the call of sl_tls_new() alone. */
struct tls_params {
  struct slice host; /* for SNI and verification; an address without brackets */
  uint16_t port;     /* for messages */
  bool is_ip;        /* host is an address: no SNI, verified against addresses */
  bool for_proxy;    /* its sessions are apart from those of an origin */
  /* Who the peer is, printable ("example.com:443"); empty: nothing is resumed or kept. */
  struct slice session_key;
  const struct slice *alpn; /* in order of preference */
  size_t alpn_n;
  void *easy;                /* for the application's ssl_ctx_function */
  const char *keylog;        /* file that secrets are appended to (SSLKEYLOGFILE), or NULL */
  const struct tls_log *log; /* or NULL */
  int64_t now_s;             /* Unix time, for the age of what is cached */
  struct buf *err;           /* gets the text when sl_tls_new() fails */
};

/* ---- for when files can not be opened any more ------------------------------------------------ */

/* Loads what OpenSSL reads once, and keeps the system's bundle of CAs as it is now; until
 * sl_tls_forget(). By one thread at a time. SL_NOMEM. A bundle that is not there is not kept. */
sl_result sl_tls_keep(void);
void sl_tls_forget(void);

/* ---- the cache ------------------------------------------------------------------------------- */

/* Threads may share a cache as it is: it has a lock of its own. NULL: out of memory. */
struct tls_cache *sl_tls_cache_new(void);
/* Contents go at once; connections that still use the cache stay usable and keep nothing more. */
void sl_tls_cache_free(struct tls_cache *cache);
void sl_tls_cache_clear(struct tls_cache *cache); /* forgets contexts, CA stores and sessions */

/* One stored session, for curl_easy_ssls_export(). */
struct tls_session_info {
  /* Printable: the caller's session_key, the library and the identity of the configuration, which
   * includes the state of its files. NULL: it was imported by its hash alone. */
  const char *key;
  unsigned char shmac[64]; /* a random salt and HMAC-SHA256(salt, key) */
  struct slice data;       /* the session as ASN.1 */
  int64_t valid_until_s;
  int version; /* 0x0304: TLS 1.3 */
  struct slice alpn;
  size_t earlydata_max;
};
/* Calls each() for a copy of every session that may leave (none that a client certificate was used
 * for), outside the lock; stops when it does not give SL_OK. */
sl_result sl_tls_sessions_export(struct tls_cache *cache, int64_t now_s,
                                 sl_result (*each)(void *ctx, const struct tls_session_info *info),
                                 void *ctx);
/* By key or, when that is NULL, by shmac. Expired ones are dropped silently, and none lives longer
 * than one that a server has given us; garbage is CURLE_BAD_FUNCTION_ARGUMENT. */
sl_result sl_tls_sessions_import(struct tls_cache *cache, const char *key, struct slice shmac,
                                 struct slice data, int64_t now_s);

/* ---- configurations, library ----------------------------------------------------------------- */

/* By value, blobs by content: for the identity that the pool compares. */
bool sl_tls_config_equal(const struct tls_config *a, const struct tls_config *b);
const char *sl_tls_library(void); /* "3.0.22", of OpenSSL at run time */

/* ---- a connection ---------------------------------------------------------------------------- */

/* The connection takes what it needs of config and params. It speaks first in sl_tls_handshake();
 * the application's ssl_ctx_function is called here. */
sl_result sl_tls_new(struct tls_cache *cache, const struct tls_config *config,
                     const struct tls_params *params, const struct tls_io *io,
                     struct tls_conn **out_conn);
void sl_tls_free(struct tls_conn *conn);
void sl_tls_set_log(struct tls_conn *conn, const struct tls_log *log); /* NULL: its owner goes */

sl_result sl_tls_handshake(struct tls_conn *conn);
/* As much as is there, up to cap; SL_OK with 0 is the end. When the transport ended without a
 * close_notify sl_tls_truncated() is true and sl_tls_error() says so. */
sl_result sl_tls_read(struct tls_conn *conn, void *dst, size_t cap, size_t *out_n);
/* May take a part. After SL_WAIT the next call must begin with the same bytes (more may follow, at
 * another address if need be). */
sl_result sl_tls_write(struct tls_conn *conn, const void *src, size_t n, size_t *out_n);
/* Sends close_notify; with wait_peer also waits for the peer's (what comes before it is dropped,
 * within limits), so that the transport can go on in clear (FTP's CCC). */
sl_result sl_tls_shutdown(struct tls_conn *conn, bool wait_peer);

/* Nothing will pass for a while: gives OpenSSL's record buffers back (some 34 KB); the next record takes new ones. */
void sl_tls_idle(struct tls_conn *conn);

enum { TLS_WANT_READ = 1, TLS_WANT_WRITE = 2 };
unsigned sl_tls_want(const struct tls_conn *conn); /* what the last SL_WAIT waits for below */
/* A read would give something (bytes, the end, an error) without the transport being ready. */
bool sl_tls_pending(const struct tls_conn *conn);
bool sl_tls_ended(const struct tls_conn *conn); /* the peer has closed; bytes may be ahead of it */
bool sl_tls_truncated(const struct tls_conn *conn);    /* ... without saying so */
const char *sl_tls_error(const struct tls_conn *conn); /* "" when there was none */

struct slice sl_tls_alpn(const struct tls_conn *conn);   /* empty: none was agreed upon */
const char *sl_tls_version(const struct tls_conn *conn); /* "TLSv1.3" */
const char *sl_tls_cipher(const struct tls_conn *conn);
bool sl_tls_resumed(const struct tls_conn *conn);
/* X509_V_x, also when verification is off; 1 until chain and name have been looked at. */
/* The "tls-server-end-point" channel binding (RFC 5929 4): its length, 0 when there is none. */
enum { SL_TLS_END_POINT_MAX = 64 };
size_t sl_tls_end_point(const struct tls_conn *conn, unsigned char dst[SL_TLS_END_POINT_MAX]);
long sl_tls_verify_result(const struct tls_conn *conn);
void *sl_tls_ssl(const struct tls_conn *conn);     /* SSL *, for CURLINFO_TLS_SSL_PTR */
void *sl_tls_ssl_ctx(const struct tls_conn *conn); /* SSL_CTX *, for CURLINFO_TLS_SESSION */

/* The peer's chain for CURLINFO_CERTINFO, also when it was rejected: add() gets the number of the
 * certificate (from 0), a name ("Subject") and its value, one pair after the other, and stops it
 * with any result but SL_OK. */
int sl_tls_cert_count(const struct tls_conn *conn);
sl_result sl_tls_certinfo(const struct tls_conn *conn,
                          sl_result (*add)(void *ctx, int cert, const char *name,
                                           struct slice value),
                          void *ctx);

#endif
