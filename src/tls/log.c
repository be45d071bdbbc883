/* Lines for the verbose log, in the words that users of libcurl know. They are made only for one
 * who listens, and none of them fails anything. */
#include "tls/log.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/mem.h"
#include "tls/ctx.h"
#include "tls/identity.h"
#include "tls/verify.h"

enum { LINE_MAX_LEN = 2048 };

static void say(const struct tls_hello *hello, struct buf *line)
{
  if (sl_buf_ok(line) && line->n)
    hello->log.info(hello->log.ctx, line->p);
  sl_buf_clear(line);
}

void sl_tls_log_offer(struct tls_conn *conn, const struct tls_params *params,
                      const struct tls_config *config)
{
  const struct tls_hello *hello = conn->hello;
  const char *cainfo = sl_tls_cainfo(config), *capath = sl_tls_capath(config);
  struct buf line;
  if (!hello->log.info)
    return;
  sl_buf_init(&line, LINE_MAX_LEN);
  if (config->ssl_enable_alpn && params->alpn_n) {
    sl_buf_str(&line, "ALPN: curl offers ");
    for (size_t i = 0; i < params->alpn_n; i++) {
      sl_buf_str(&line, i ? "," : "");
      sl_buf_add(&line, params->alpn[i]);
    }
    say(hello, &line);
  }
  if (sl_tls_needs_cas(config)) {
    if (config->cainfo_blob)
      sl_buf_str(&line, " CA Blob from configuration");
    else
      sl_buf_printf(&line, " CAfile: %s", cainfo ? cainfo : "none");
    say(hello, &line);
    sl_buf_printf(&line, " CApath: %s", capath ? capath : "none");
    say(hello, &line);
    if (config->crlfile)
      sl_buf_printf(&line, " CRLfile: %s", config->crlfile);
    say(hello, &line);
  }
  sl_buf_done(&line);
}

/* ---- what came of it ------------------------------------------------------------------------- */

static const char *nid_name(int nid)
{
  const char *name = nid == NID_undef ? NULL : OBJ_nid2sn(nid);
  return name ? name : "[blank]";
}

static const char *group_name(SSL *ssl)
{
  int id = (int)SSL_get_negotiated_group(ssl);
  const char *name = id > 0 ? SSL_group_to_name(ssl, id) : NULL;
  return name ? name : "[blank]";
}

static void add_name(struct buf *line, const char *label, const X509_NAME *name)
{
  BIO *mem = BIO_new(BIO_s_mem());
  char *text = NULL;
  if (mem && X509_NAME_print_ex(mem, name, 0, XN_FLAG_SEP_SPLUS_SPC) >= 0) {
    long len = BIO_get_mem_data(mem, &text);
    sl_buf_str(line, label);
    if (len > 0)
      sl_buf_append(line, text, (size_t)len);
  }
  BIO_free(mem);
}

static void add_time(struct buf *line, const char *label, const ASN1_TIME *time)
{
  BIO *mem = BIO_new(BIO_s_mem());
  char *text = NULL;
  if (mem && ASN1_TIME_print(mem, time)) {
    long len = BIO_get_mem_data(mem, &text);
    sl_buf_str(line, label);
    if (len > 0)
      sl_buf_append(line, text, (size_t)len);
  }
  BIO_free(mem);
}

static void say_match(struct tls_conn *conn, X509 *leaf, struct buf *line)
{
  struct buf name;
  const char *host = conn->hello->host;
  if (!conn->ctx->verifyhost)
    return;
  sl_buf_init(&name, LINE_MAX_LEN / 2);
  enum tls_name_kind kind = sl_tls_name_find(conn, leaf, &name);
  const char *text = name.p ? name.p : "";
  if (kind == TLS_NAME_DNS)
    sl_buf_printf(line, " subjectAltName: host \"%s\" matched cert's \"%s\"", host, text);
  else if (kind == TLS_NAME_IP)
    sl_buf_printf(line, " subjectAltName: host \"%s\" matched cert's IP address!", host);
  else if (kind == TLS_NAME_COMMON)
    sl_buf_printf(line, " common name: %s (matched)", text);
  sl_buf_done(&name);
  say(conn->hello, line);
}

static void say_cert(struct tls_conn *conn, struct buf *line)
{
  const struct tls_hello *hello = conn->hello;
  X509 *leaf = SSL_get0_peer_certificate(conn->ssl);
  if (!leaf)
    return;
  sl_buf_str(line, conn->hello->for_proxy ? "Proxy certificate:" : "Server certificate:");
  say(hello, line);
  add_name(line, " subject: ", X509_get_subject_name(leaf));
  say(hello, line);
  add_time(line, " start date: ", X509_get0_notBefore(leaf));
  say(hello, line);
  add_time(line, " expire date: ", X509_get0_notAfter(leaf));
  say(hello, line);
  say_match(conn, leaf, line);
  add_name(line, " issuer: ", X509_get_issuer_name(leaf));
  say(hello, line);
  if (conn->verify_result == X509_V_OK)
    sl_buf_str(line, " SSL certificate verify ok.");
  else
    sl_buf_printf(line, " SSL certificate verify result: %s (%ld), continuing anyway.",
                  X509_verify_cert_error_string(conn->verify_result), conn->verify_result);
  say(hello, line);
}

void sl_tls_log_done(struct tls_conn *conn)
{
  const struct tls_hello *hello = conn->hello;
  struct buf line;
  int signature = NID_undef;
  if (!hello->log.info)
    return;
  sl_buf_init(&line, LINE_MAX_LEN);
  SSL_get_peer_signature_type_nid(conn->ssl, &signature);
  sl_buf_printf(&line, "SSL connection using %s / %s / %s / %s", SSL_get_version(conn->ssl),
                SSL_get_cipher_name(conn->ssl), group_name(conn->ssl), nid_name(signature));
  say(hello, &line);
  if (SSL_session_reused(conn->ssl)) {
    sl_buf_str(&line, "SSL reusing session");
    say(hello, &line);
  }
  struct slice alpn = sl_tls_alpn(conn);
  if (alpn.n) {
    sl_buf_str(&line, "ALPN: server accepted ");
    sl_buf_add(&line, alpn);
  } else if (hello->offered_alpn) {
    sl_buf_str(&line, "ALPN: server did not agree on a protocol. Uses default.");
  }
  say(hello, &line);
  say_cert(conn, &line);
  sl_buf_done(&line);
  ERR_clear_error();
}

/* ---- messages -------------------------------------------------------------------------------- */

static const char *handshake_name(int type)
{
  static const struct {
    int type;
    const char *name;
  } names[] = {
      {SSL3_MT_HELLO_REQUEST, "Hello request"},
      {SSL3_MT_CLIENT_HELLO, "Client hello"},
      {SSL3_MT_SERVER_HELLO, "Server hello"},
      {SSL3_MT_NEWSESSION_TICKET, "Newsession Ticket"},
      {SSL3_MT_END_OF_EARLY_DATA, "End of early data"},
      {SSL3_MT_ENCRYPTED_EXTENSIONS, "Encrypted Extensions"},
      {SSL3_MT_CERTIFICATE, "Certificate"},
      {SSL3_MT_SERVER_KEY_EXCHANGE, "Server key exchange"},
      {SSL3_MT_CERTIFICATE_REQUEST, "Request CERT"},
      {SSL3_MT_SERVER_DONE, "Server finished"},
      {SSL3_MT_CERTIFICATE_VERIFY, "CERT verify"},
      {SSL3_MT_CLIENT_KEY_EXCHANGE, "Client key exchange"},
      {SSL3_MT_FINISHED, "Finished"},
      {SSL3_MT_CERTIFICATE_STATUS, "Certificate Status"},
      {SSL3_MT_KEY_UPDATE, "Key update"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (names[i].type == type)
      return names[i].name;
  }
  return "Unknown";
}

static const char *version_name(int version)
{
  switch (version) {
  case TLS1_VERSION:
    return "TLSv1.0";
  case TLS1_1_VERSION:
    return "TLSv1.1";
  case TLS1_2_VERSION:
    return "TLSv1.2";
  case TLS1_3_VERSION:
    return "TLSv1.3";
  default:
    return "TLS";
  }
}

void sl_tls_on_message(int out, int version, int type, const void *data, size_t n, SSL *ssl,
                       void *unused)
{
  const struct tls_conn *conn = sl_tls_conn_of(ssl);
  const unsigned char *bytes = data;
  const char *kind, *name;
  struct buf line;
  int code = n ? bytes[0] : 0;
  (void)unused;
  if (!conn->hello || !conn->hello->log.message)
    return;
  if (type == SSL3_RT_HANDSHAKE) {
    kind = "handshake";
    name = handshake_name(code);
  } else if (type == SSL3_RT_ALERT && n >= 2) {
    kind = "alert";
    code = bytes[0] << 8 | bytes[1];
    name = SSL_alert_desc_string_long(code);
  } else if (type == SSL3_RT_CHANGE_CIPHER_SPEC) {
    kind = "change cipher";
    name = "Change cipher spec";
  } else { /* the headers of records and the like */
    return;
  }
  sl_buf_init(&line, LINE_MAX_LEN);
  if (sl_buf_printf(&line, "%s (%s), TLS %s, %s (%d):", version_name(version), out ? "OUT" : "IN",
                    kind, name, code))
    conn->hello->log.message(conn->hello->log.ctx, out != 0, line.p, data, n);
  sl_buf_done(&line);
}
