/* A connection's life over OpenSSL: set up, handshake, what came of it. All that OpenSSL calls back
 * finds its connection through the BIO, so no index and no global is needed. */
#include "tls/tls.h"

#include <openssl/err.h>
#include <stdarg.h>

#include "base/mem.h"
#include "tls/bio.h"
#include "tls/conn.h"
#include "tls/ctx.h"
#include "tls/log.h"
#include "tls/session.h"
#include "tls/verify.h"

enum { MAX_HOST = 1024, MAX_ALPN = 256 };

/* ---- errors ---------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 0)))
set_text(struct buf *err, const char *format, va_list args)
{
  char text[TLS_ERR_MAX];
  if (!err || err->n)
    return; /* the first one is the most specific one */
  if (vsnprintf(text, sizeof text, format, args) > 0)
    sl_buf_str(err, text);
}

sl_result sl_tls_fail_text(struct buf *err, sl_result code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  set_text(err, format, args);
  va_end(args);
  return code;
}

sl_result sl_tls_fail(struct tls_conn *conn, sl_result code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  set_text(&conn->err, format, args);
  va_end(args);
  if (conn->failed == SL_OK)
    conn->failed = code;
  return conn->failed;
}

const char *sl_tls_reason(char dst[TLS_REASON_MAX], unsigned long code)
{
  dst[0] = '\0';
  if (code)
    ERR_error_string_n(code, dst, TLS_REASON_MAX);
  ERR_clear_error();
  return dst;
}

struct tls_conn *sl_tls_conn_of(const SSL *ssl)
{
  return BIO_get_data(SSL_get_rbio(ssl));
}

const char *sl_tls_error(const struct tls_conn *conn)
{
  return conn->err.n ? conn->err.p : "";
}

/* ---- setting up ------------------------------------------------------------------------------ */

static struct tls_hello *hello_new(const struct tls_params *params)
{
  struct slice host = params->host;
  if (params->is_ip)
    host = slice_head(host, slice_find(host, '%')); /* a zone is no part of an identity */
  else if (host.n && host.p[host.n - 1] == '.')
    host.n--;
  struct tls_hello *hello = sl_calloc(1, sizeof *hello + host.n + 1);
  if (!hello)
    return NULL;
  if (host.n)
    memcpy(hello->host, host.p, host.n);
  hello->port = params->port;
  hello->is_ip = params->is_ip;
  hello->for_proxy = params->for_proxy;
  if (params->keylog && (hello->keylog = sl_strdup(params->keylog)) == NULL) {
    sl_free(hello);
    return NULL;
  }
  return hello;
}

static void hello_free(struct tls_hello *hello)
{
  if (!hello)
    return;
  SSL_SESSION_free(hello->offered);
  sl_free(hello->keylog);
  sl_free(hello);
}

/* Whose session, and under which configuration: no other connection finds it. */
static sl_result set_session_key(struct tls_conn *conn, const struct tls_params *params)
{
  struct slice peer = params->session_key;
  struct buf key;
  if (!conn->ctx->sessions || !peer.n || peer.n > MAX_HOST * 2 || memchr(peer.p, '\0', peer.n))
    return SL_OK;
  sl_buf_init(&key, MAX_HOST * 4);
  sl_buf_add(&key, peer);
  sl_buf_str(&key, params->for_proxy ? ":proxy:" : ":origin:");
  sl_buf_str(&key, "OpenSSL/");
  sl_buf_str(&key, sl_tls_library());
  sl_buf_char(&key, ':');
  for (size_t i = 0; i < TLS_ID_LEN; i++) {
    sl_buf_char(&key, "0123456789abcdef"[conn->ctx->id[i] >> 4]);
    sl_buf_char(&key, "0123456789abcdef"[conn->ctx->id[i] & 15]);
  }
  conn->session_key = sl_buf_take(&key);
  sl_buf_done(&key);
  return conn->session_key ? SL_OK : SL_NOMEM;
}

static bool set_alpn(struct tls_conn *conn, const struct tls_params *params)
{
  unsigned char wire[MAX_ALPN];
  unsigned n = 0;
  for (size_t i = 0; conn->ctx->alpn && i < params->alpn_n; i++) {
    struct slice name = params->alpn[i];
    if (!name.n || name.n > 255 || name.n + 1 > sizeof wire - n)
      return false;
    wire[n++] = (unsigned char)name.n;
    memcpy(wire + n, name.p, name.n);
    n += (unsigned)name.n;
  }
  conn->hello->offered_alpn = n > 0;
  return !n || SSL_set_alpn_protos(conn->ssl, wire, n) == 0;
}

static sl_result set_up_ssl(struct tls_conn *conn, const struct tls_params *params)
{
  struct tls_hello *hello = conn->hello;
  BIO *bio = NULL;
  conn->ssl = SSL_new(conn->ctx->ssl);
  if (conn->ssl)
    bio = sl_tls_bio_new(conn->cache->bio, conn);
  if (!bio)
    return sl_tls_fail_text(params->err, CURLE_OUT_OF_MEMORY, "SSL: could not create a connection");
  SSL_set_bio(conn->ssl, bio, bio);
  SSL_set_connect_state(conn->ssl);
  if (!hello->is_ip && hello->host[0] && !SSL_set_tlsext_host_name(conn->ssl, hello->host))
    return sl_tls_fail_text(params->err, CURLE_SSL_CONNECT_ERROR,
                            "SSL: failed to set the server name '%s'", hello->host);
  if (!set_alpn(conn, params))
    return sl_tls_fail_text(params->err, CURLE_SSL_CONNECT_ERROR, "SSL: failed setting ALPN");
  if (conn->session_key)
    hello->offered = sl_tls_session_get(conn->cache, conn->session_key, params->now_s);
  if (hello->offered && !SSL_set_session(conn->ssl, hello->offered))
    ERR_clear_error(); /* then it is a full handshake */
  return SL_OK;
}

sl_result sl_tls_new(struct tls_cache *cache, const struct tls_config *config,
                     const struct tls_params *params, const struct tls_io *io,
                     struct tls_conn **out_conn)
{
  struct slice host = params->host;
  sl_result result = SL_NOMEM;
  if (host.n > MAX_HOST || slice_find(host, '\0') != host.n)
    return sl_tls_fail_text(params->err, CURLE_SSL_CONNECT_ERROR, "SSL: unusable host name");
  struct tls_conn *conn = sl_calloc(1, sizeof *conn);
  if (!conn)
    return SL_NOMEM;
  conn->cache = sl_tls_cache_ref(cache);
  conn->io = *io;
  conn->verify_result = X509_V_ERR_UNSPECIFIED;
  sl_buf_init(&conn->err, TLS_ERR_MAX);
  conn->hello = hello_new(params);
  ERR_clear_error();
  if (conn->hello)
    result = sl_tls_ctx_get(cache, config, params, &conn->ctx);
  if (result == SL_OK)
    result = set_session_key(conn, params);
  if (result == SL_OK)
    result = set_up_ssl(conn, params);
  if (result != SL_OK) {
    sl_tls_free(conn);
    return result;
  }
  sl_tls_set_log(conn, params->log);
  sl_tls_log_offer(conn, params, config);
  *out_conn = conn;
  return SL_OK;
}

void sl_tls_set_log(struct tls_conn *conn, const struct tls_log *log)
{
  static const struct tls_log none;
  if (!conn->hello)
    return;
  conn->hello->log = log ? *log : none;
  SSL_set_msg_callback(conn->ssl, log && log->message ? sl_tls_on_message : NULL);
}

void sl_tls_free(struct tls_conn *conn)
{
  if (!conn)
    return;
  /* else OpenSSL marks the session, which others may share, as one that cannot be resumed */
  if (conn->ssl && conn->ready && !conn->failed)
    SSL_set_shutdown(conn->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  hello_free(conn->hello);
  SSL_free(conn->ssl);
  X509_free(conn->peer);
  sl_tls_ctx_unref(conn->ctx);
  sl_tls_cache_unref(conn->cache);
  sl_free(conn->session_key);
  sl_buf_done(&conn->err);
  sl_free(conn);
}

/* ---- the handshake --------------------------------------------------------------------------- */

int sl_tls_on_session(SSL *ssl, SSL_SESSION *session)
{
  struct tls_conn *conn = sl_tls_conn_of(ssl);
  if (conn->session_key && !conn->failed && !conn->hello)
    sl_tls_session_put(conn->cache, conn->session_key, session, conn->ctx->client_cert);
  return 0;
}

/* TLS 1.2: the callback above comes before the peer has been checked, and not at all when a resumed
 * session got a new ticket, which takes the old one out of use. */
static void keep_session(struct tls_conn *conn)
{
  SSL_SESSION *session = SSL_get0_session(conn->ssl);
  if (conn->session_key && session && session != conn->hello->offered &&
      SSL_version(conn->ssl) < TLS1_3_VERSION)
    sl_tls_session_put(conn->cache, conn->session_key, session, conn->ctx->client_cert);
}

void sl_tls_on_secret(const SSL *ssl, const char *line)
{
  struct tls_conn *conn = sl_tls_conn_of(ssl);
  if (!conn->hello || !conn->hello->keylog)
    return;
  BIO *file = BIO_new_file(conn->hello->keylog, "a");
  if (file)
    BIO_printf(file, "%s\n", line);
  BIO_free(file);
}

static void hello_end(struct tls_conn *conn)
{
  if (!conn->failed)
    keep_session(conn);
  else if (conn->hello->offered)
    sl_tls_session_drop(conn->cache, conn->hello->offered);
  SSL_set_msg_callback(conn->ssl, NULL);
  hello_free(conn->hello);
  conn->hello = NULL;
}

static const char *error_name(int error)
{
  return error == SSL_ERROR_SYSCALL       ? "SSL_ERROR_SYSCALL"
         : error == SSL_ERROR_ZERO_RETURN ? "SSL_ERROR_ZERO_RETURN"
                                          : "SSL_ERROR_SSL";
}

static sl_result handshake_error(struct tls_conn *conn, int error)
{
  char reason[TLS_REASON_MAX];
  unsigned long code = ERR_peek_error();
  int why = ERR_GET_REASON(code);
  long verdict = SSL_get_verify_result(conn->ssl);
  if (conn->failed) { /* a check of ours ended it */
    ERR_clear_error();
    return conn->failed;
  }
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && why == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    ERR_clear_error(); /* the application's own callback did */
    conn->verify_result = verdict;
    return sl_tls_fail(conn, CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: %s",
                       X509_verify_cert_error_string(verdict));
  }
  if (why == ERR_R_MALLOC_FAILURE)
    return sl_tls_fail(conn, CURLE_OUT_OF_MEMORY, "TLS connect error: %s",
                       sl_tls_reason(reason, ERR_peek_error()));
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && why == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
    return sl_tls_fail(conn, CURLE_SSL_CLIENTCERT, "TLS connect error: %s",
                       sl_tls_reason(reason, ERR_peek_error()));
  if (conn->io_error && conn->io_error != CURLE_RECV_ERROR && conn->io_error != CURLE_SEND_ERROR) {
    ERR_clear_error();
    return conn->failed = conn->io_error;
  }
  if (code && !conn->io_error)
    return sl_tls_fail(conn, CURLE_SSL_CONNECT_ERROR, "TLS connect error: %s",
                       sl_tls_reason(reason, ERR_peek_error()));
  ERR_clear_error();
  return sl_tls_fail(conn, CURLE_SSL_CONNECT_ERROR, "TLS connect error: %s in connection to %s:%u",
                     error_name(error), conn->hello->host, conn->hello->port);
}

sl_result sl_tls_handshake(struct tls_conn *conn)
{
  if (conn->failed || conn->ready)
    return conn->failed;
  conn->want = 0;
  ERR_clear_error();
  int done = SSL_do_handshake(conn->ssl);
  if (done == 1) {
    if (sl_tls_verify_end(conn) == SL_OK) {
      conn->ready = true;
      sl_tls_log_done(conn);
    }
  } else {
    int error = SSL_get_error(conn->ssl, done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
      return SL_WAIT;
    handshake_error(conn, error);
  }
  hello_end(conn);
  return conn->failed;
}

/* ---- questions ------------------------------------------------------------------------------- */

unsigned sl_tls_want(const struct tls_conn *conn)
{
  return conn->want;
}

bool sl_tls_pending(const struct tls_conn *conn)
{
  if (conn->failed || conn->ended)
    return true;
  return conn->ready && !conn->drained && SSL_has_pending(conn->ssl);
}

bool sl_tls_ended(const struct tls_conn *conn)
{
  return conn->ended;
}

bool sl_tls_truncated(const struct tls_conn *conn)
{
  return conn->truncated;
}

struct slice sl_tls_alpn(const struct tls_conn *conn)
{
  const unsigned char *name = NULL;
  unsigned len = 0;
  SSL_get0_alpn_selected(conn->ssl, &name, &len);
  return slice_of((const char *)name, len);
}

const char *sl_tls_library(void)
{
  return OpenSSL_version(OPENSSL_VERSION_STRING);
}

const char *sl_tls_version(const struct tls_conn *conn)
{
  return SSL_get_version(conn->ssl);
}

const char *sl_tls_cipher(const struct tls_conn *conn)
{
  return SSL_get_cipher_name(conn->ssl);
}

long sl_tls_verify_result(const struct tls_conn *conn)
{
  return conn->verify_result;
}

bool sl_tls_resumed(const struct tls_conn *conn)
{
  return SSL_session_reused(conn->ssl);
}

void *sl_tls_ssl(const struct tls_conn *conn)
{
  return conn->ssl;
}

void *sl_tls_ssl_ctx(const struct tls_conn *conn)
{
  return SSL_get_SSL_CTX(conn->ssl);
}

void sl_tls_idle(struct tls_conn *conn)
{
  (void)SSL_free_buffers(conn->ssl); /* it declines while a record is half read */
}
