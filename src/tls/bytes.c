/* Bytes through a connection, and its orderly end (RFC 8446 6.1). */
#include <openssl/err.h>

#include "tls/conn.h"

enum { MAX_DROPPED = 64 };

/* ---- bytes ----------------------------------------------------------------------------------- */

/* OpenSSL has given up this connection. Any other unfinished handshake message merely waits. */
static bool in_error(const SSL *ssl)
{
  return SSL_in_init(ssl) && strcmp(SSL_state_string(ssl), "SSLERR") == 0;
}

static sl_result broken(struct tls_conn *conn, bool reading)
{
  char reason[TLS_REASON_MAX];
  unsigned long last = ERR_peek_last_error();
  int why = ERR_GET_REASON(last);
  sl_tls_reason(reason, last);
  if (reading && conn->eof && why == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    conn->ended = conn->truncated = true;
    return sl_tls_fail_text(&conn->err, SL_OK, "OpenSSL SSL_read: OpenSSL/%s: %s, errno 0",
                            sl_tls_library(), reason);
  }
  sl_result code = why == ERR_R_MALLOC_FAILURE ? CURLE_OUT_OF_MEMORY
                   : reading                   ? CURLE_RECV_ERROR
                                               : CURLE_SEND_ERROR;
  return sl_tls_fail(conn, code, "OpenSSL %s: OpenSSL/%s: %s, errno 0",
                     reading ? "SSL_read" : "SSL_write", sl_tls_library(), reason);
}

/* After a read or write that gave nothing: SL_OK is the end of what the peer sends.
 *
 * SSL_get_error() would first look for errors that others left in this thread's queue, which then
 * had to be emptied before each call. What the BIO met and OpenSSL's state say the same. */
static sl_result stopped(struct tls_conn *conn, bool reading)
{
  if (!reading && conn->io_error == CURLE_SEND_ERROR && !conn->failed) {
    conn->io_error = SL_OK;
    ERR_clear_error();
    return conn->deaf = CURLE_SEND_ERROR;
  }
  if (reading && conn->eof)
    conn->io_error = SL_OK; /* of the alert that OpenSSL meant for a peer that has gone */
  if (conn->io_error && !conn->failed)
    conn->failed = conn->io_error;
  if (conn->failed) { /* the transport, or a check of ours in a renegotiation */
    ERR_clear_error();
    return conn->failed;
  }
  if (in_error(conn->ssl))
    return broken(conn, reading);
  if (conn->want)
    return SL_WAIT;
  if (reading && SSL_get_shutdown(conn->ssl) & SSL_RECEIVED_SHUTDOWN) {
    conn->ended = true;
    return SL_OK;
  }
  return broken(conn, reading);
}

sl_result sl_tls_read(struct tls_conn *conn, void *dst, size_t cap, size_t *out_n)
{
  size_t n = 0, got;
  sl_result result = conn->failed;
  if (!conn->ready && !result)
    return sl_tls_fail(conn, CURLE_RECV_ERROR, "SSL: read before the handshake");
  if (!result && !conn->ended && cap) {
    conn->want = 0;
    conn->drained = false;
    do {
      if (SSL_read_ex(conn->ssl, (char *)dst + n, cap - n, &got) > 0)
        n += got;
      else
        result = stopped(conn, true);
    } while (!result && !conn->ended && n < cap && SSL_has_pending(conn->ssl));
    conn->drained = result == SL_WAIT;
  }
  if (result != SL_OK && !n)
    return result; /* what came before an error goes first; the error is sticky */
  *out_n = n;
  return SL_OK;
}

sl_result sl_tls_write(struct tls_conn *conn, const void *src, size_t len, size_t *out_n)
{
  size_t n = 0, put;
  sl_result result = conn->failed ? conn->failed : conn->deaf;
  if (!conn->ready && !result)
    return sl_tls_fail(conn, CURLE_SEND_ERROR, "SSL: write before the handshake");
  conn->want = 0;
  while (!result && n < len) {
    if (SSL_write_ex(conn->ssl, (const char *)src + n, len - n, &put) > 0)
      n += put;
    else
      result = stopped(conn, false);
  }
  if (result != SL_OK && !n)
    return result;
  *out_n = n;
  return SL_OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* What was read ahead behind the peer's close_notify would be lost to who goes on in clear. */
static sl_result await_close_notify(struct tls_conn *conn)
{
  char dropped[1024];
  size_t got;
  for (int i = 0; i < MAX_DROPPED; i++) {
    if (SSL_get_shutdown(conn->ssl) & SSL_RECEIVED_SHUTDOWN) {
      if (!SSL_has_pending(conn->ssl))
        return SL_OK;
      break;
    }
    int ret = SSL_read_ex(conn->ssl, dropped, sizeof dropped, &got);
    if (ret > 0)
      continue;
    int error = SSL_get_error(conn->ssl, ret);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
      return SL_WAIT;
    ERR_clear_error();
    if (error != SSL_ERROR_ZERO_RETURN)
      break;
  }
  return sl_tls_fail(conn, CURLE_SSL_SHUTDOWN_FAILED, "SSL: the peer did not close in order");
}

sl_result sl_tls_shutdown(struct tls_conn *conn, bool wait_peer)
{
  if (!conn->ready || conn->failed || conn->deaf)
    return conn->failed ? conn->failed : conn->deaf; /* after an error nothing more may be sent */
  conn->want = 0;
  ERR_clear_error();
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
