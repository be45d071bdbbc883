/* Bytes through a connection, and its orderly end (RFC 8446 6.1). */
#include <openssl/err.h>

#include "tls/conn.h"

enum { MAX_DROPPED = 64 };

/* ---- bytes ----------------------------------------------------------------------------------- */

/* After a read or write that gave nothing: SL_OK is the end of what the peer sends. */
static sl_result stopped(struct tls_conn *conn, int ret, bool reading)
{
  char reason[TLS_REASON_MAX];
  const char *what = reading ? "SSL_read" : "SSL_write";
  int error = SSL_get_error(conn->ssl, ret);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
    return SL_WAIT;
  if (error == SSL_ERROR_ZERO_RETURN && reading) {
    conn->ended = true;
    return SL_OK;
  }
  int why = ERR_GET_REASON(ERR_peek_error());
  if (conn->io_error && !conn->failed) {
    ERR_clear_error();
    return conn->failed = conn->io_error;
  }
  if (reading && conn->eof && why == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    conn->ended = conn->truncated = true;
    sl_tls_fail_text(&conn->err, SL_OK, "OpenSSL SSL_read: OpenSSL/%s: %s, errno 0",
                     OpenSSL_version(OPENSSL_VERSION_STRING), sl_tls_reason(reason));
    return SL_OK;
  }
  sl_result code = why == ERR_R_MALLOC_FAILURE ? CURLE_OUT_OF_MEMORY
                   : reading                   ? CURLE_RECV_ERROR
                                               : CURLE_SEND_ERROR;
  return sl_tls_fail(conn, code, "OpenSSL %s: OpenSSL/%s: %s, errno 0", what,
                     OpenSSL_version(OPENSSL_VERSION_STRING), sl_tls_reason(reason));
}

/* Other users of OpenSSL in this thread may have left errors that are not ours. */
static void begin(struct tls_conn *conn)
{
  conn->want = 0;
  if (ERR_peek_error())
    ERR_clear_error();
}

sl_result sl_tls_read(struct tls_conn *conn, void *dst, size_t cap, size_t *out_n)
{
  size_t n = 0, got;
  sl_result result = conn->failed;
  if (!conn->ready && !result)
    return sl_tls_fail(conn, CURLE_RECV_ERROR, "SSL: read before the handshake");
  if (!result && !conn->ended && cap) {
    begin(conn);
    conn->drained = false;
    do {
      int ret = SSL_read_ex(conn->ssl, (char *)dst + n, cap - n, &got);
      if (ret <= 0) {
        result = stopped(conn, ret, true);
        conn->drained = result == SL_WAIT;
        break;
      }
      n += got;
    } while (n < cap && SSL_has_pending(conn->ssl));
  }
  if (result != SL_OK && !n)
    return result; /* what came before an error goes first; the error is sticky */
  *out_n = n;
  return SL_OK;
}

sl_result sl_tls_write(struct tls_conn *conn, const void *src, size_t len, size_t *out_n)
{
  size_t n = 0, put;
  sl_result result = conn->failed;
  if (!conn->ready && !result)
    return sl_tls_fail(conn, CURLE_SEND_ERROR, "SSL: write before the handshake");
  if (!result)
    begin(conn);
  while (!result && n < len) {
    int ret = SSL_write_ex(conn->ssl, (const char *)src + n, len - n, &put);
    if (ret > 0)
      n += put;
    else
      result = stopped(conn, ret, false);
  }
  if (result != SL_OK && !n)
    return result;
  *out_n = n;
  return SL_OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

static sl_result await_close_notify(struct tls_conn *conn)
{
  char dropped[1024];
  size_t got;
  for (int i = 0; i < MAX_DROPPED; i++) {
    if (SSL_get_shutdown(conn->ssl) & SSL_RECEIVED_SHUTDOWN)
      return SL_OK;
    int ret = SSL_read_ex(conn->ssl, dropped, sizeof dropped, &got);
    if (ret > 0)
      continue;
    int error = SSL_get_error(conn->ssl, ret);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
      return SL_WAIT;
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN)
      return SL_OK;
    break;
  }
  return sl_tls_fail(conn, CURLE_SSL_SHUTDOWN_FAILED, "SSL: the peer did not close in order");
}

sl_result sl_tls_shutdown(struct tls_conn *conn, bool wait_peer)
{
  if (!conn->ready || conn->failed)
    return conn->failed; /* after an error nothing more may be sent */
  begin(conn);
  if (!(SSL_get_shutdown(conn->ssl) & SSL_SENT_SHUTDOWN) || conn->closing) {
    conn->closing = true;
    int ret = SSL_shutdown(conn->ssl);
    int error = ret < 0 ? SSL_get_error(conn->ssl, ret) : SSL_ERROR_NONE;
    if (error == SSL_ERROR_WANT_WRITE)
      return SL_WAIT;
    ERR_clear_error();
    conn->closing = false;
    if (conn->io_error)
      return conn->failed = conn->io_error;
  }
  return wait_peer ? await_close_notify(conn) : SL_OK;
}
