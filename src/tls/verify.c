/* Checks of the peer's certificate: chain, name (RFC 9525, and the common name where there is no
 * alternative name of a host), issuer, pinned key. */
#include "tls/verify.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "tls/conn.h"
#include "tls/ctx.h"

/* ---- the name -------------------------------------------------------------------------------- */

static struct slice without_dot(struct slice name)
{
  return name.n && name.p[name.n - 1] == '.' ? slice_head(name, name.n - 1) : name;
}

bool sl_tls_name_matches(struct slice pattern, struct slice host)
{
  pattern = without_dot(pattern);
  host = without_dot(host);
  if (!pattern.n || !host.n)
    return false;
  if (pattern.n < 2 || pattern.p[0] != '*' || pattern.p[1] != '.')
    return sl_text_ieq(pattern, host);
  struct slice parent = slice_from(pattern, 2);
  size_t dot = slice_find(host, '.');
  if (dot == 0 || dot == host.n || slice_find(parent, '.') == parent.n)
    return false; /* "*.com" is nobody's */
  return sl_text_ieq(parent, slice_from(host, dot + 1));
}

static struct slice asn1_slice(const ASN1_STRING *s)
{
  int len = ASN1_STRING_length(s);
  return slice_of((const char *)ASN1_STRING_get0_data(s), len > 0 ? (size_t)len : 0);
}

/* Looks for the host among the alternative names. *out_any: there are names of hosts or addresses,
 * so that the common name does not count. */
static const ASN1_STRING *find_alternative(const GENERAL_NAMES *names,
                                           const struct tls_hello *hello,
                                           const ASN1_OCTET_STRING *address, bool *out_any)
{
  struct slice host = slice_str(hello->host);
  const ASN1_STRING *found = NULL;
  for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    if (type != GEN_DNS && type != GEN_IPADD)
      continue;
    *out_any = true;
    if (type == GEN_IPADD && address && slice_eq(asn1_slice(value), asn1_slice(address)))
      found = value;
    if (type == GEN_DNS && !hello->is_ip && sl_tls_name_matches(asn1_slice(value), host))
      found = value;
  }
  return found;
}

/* The most specific common name, as UTF-8 in *out_utf8 (OPENSSL_free); its length, or -1. */
static int common_name(X509 *leaf, unsigned char **out_utf8)
{
  X509_NAME *subject = X509_get_subject_name(leaf);
  int last = -1, at;
  while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0)
    last = at;
  if (last < 0)
    return -1;
  return ASN1_STRING_to_UTF8(out_utf8,
                             X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
}

static enum tls_name_kind find_common(const struct tls_hello *hello, X509 *leaf, struct buf *out)
{
  unsigned char *utf8 = NULL;
  enum tls_name_kind kind = TLS_NAME_NONE;
  int len = common_name(leaf, &utf8);
  struct slice name = slice_of((const char *)utf8, len > 0 ? (size_t)len : 0);
  struct slice host = slice_str(hello->host);
  if (hello->is_ip ? sl_text_ieq(name, host) : sl_tls_name_matches(name, host))
    kind = TLS_NAME_COMMON;
  if (slice_find(name, '\0') == name.n) /* an embedded zero is an attack: not even shown */
    sl_buf_add(out, name);
  OPENSSL_free(utf8);
  return kind;
}

/* Without a match `out` has the common name that was compared, if one was. */
enum tls_name_kind sl_tls_name_find(const struct tls_conn *conn, X509 *leaf, struct buf *out)
{
  const struct tls_hello *hello = conn->hello;
  ASN1_OCTET_STRING *address = hello->is_ip ? a2i_IPADDRESS(hello->host) : NULL;
  GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
  enum tls_name_kind kind = TLS_NAME_NONE;
  bool any = false;
  const ASN1_STRING *found = find_alternative(names, hello, address, &any);
  if (found) {
    kind = hello->is_ip ? TLS_NAME_IP : TLS_NAME_DNS;
    sl_buf_add(out, hello->is_ip ? slice_str(hello->host) : asn1_slice(found));
  } else if (!any) {
    kind = find_common(hello, leaf, out);
  }
  GENERAL_NAMES_free(names);
  ASN1_OCTET_STRING_free(address);
  return kind;
}

static sl_result check_host(struct tls_conn *conn, X509 *leaf)
{
  struct buf name;
  const char *host = conn->hello->host;
  sl_result result = SL_OK;
  sl_buf_init(&name, TLS_ERR_MAX / 2);
  enum tls_name_kind kind = sl_tls_name_find(conn, leaf, &name);
  if (kind == TLS_NAME_NONE && name.n)
    result = sl_tls_fail(conn, CURLE_PEER_FAILED_VERIFICATION,
                         "SSL: certificate subject name '%s' does not match target host name '%s'",
                         name.p, host);
  else if (kind == TLS_NAME_NONE)
    result = sl_tls_fail(conn, CURLE_PEER_FAILED_VERIFICATION,
                         "SSL: no alternative certificate subject name matches target %s '%s'",
                         !conn->hello->is_ip ? "host name"
                         : strchr(host, ':') ? "ipv6 address"
                                             : "ipv4 address",
                         host);
  sl_buf_done(&name);
  return result;
}

/* ---- issuer and pinned key ------------------------------------------------------------------- */

static sl_result check_issuer(struct tls_conn *conn, X509 *leaf)
{
  if (!conn->ctx->issuer || X509_check_issued(conn->ctx->issuer, leaf) == X509_V_OK)
    return SL_OK;
  return sl_tls_fail(conn, CURLE_SSL_ISSUER_ERROR, "SSL: Certificate issuer check failed (%s)",
                     conn->ctx->issuer_name);
}

static bool in_pins(const char *pins, const unsigned char *key, size_t len)
{
  unsigned char digest[EVP_MAX_MD_SIZE], text[64];
  struct slice rest = slice_str(pins), pin, prefix = SLICE_LIT("sha256//");
  if (!EVP_Digest(key, len, digest, NULL, EVP_sha256(), NULL))
    return false;
  struct slice own = slice_of((const char *)text, (size_t)EVP_EncodeBlock(text, digest, 32));
  while (sl_text_next(&rest, ';', &pin)) {
    if (pin.n > prefix.n && slice_eq(slice_head(pin, prefix.n), prefix) &&
        slice_eq(slice_from(pin, prefix.n), own))
      return true;
  }
  return false;
}

static sl_result check_pin(struct tls_conn *conn, X509 *leaf)
{
  const struct tls_ctx *ctx = conn->ctx;
  unsigned char *key = NULL;
  if (!ctx->pinned)
    return SL_OK;
  int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &key);
  bool same = false;
  if (len > 0 && ctx->pins)
    same = in_pins(ctx->pins, key, (size_t)len);
  else if (len > 0 && ctx->pin)
    same = ctx->pin_len == (size_t)len && memcmp(ctx->pin, key, ctx->pin_len) == 0;
  OPENSSL_free(key);
  return same ? SL_OK
              : sl_tls_fail(conn, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
                            "SSL: public key does not match pinned public key");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static sl_result check_chain(struct tls_conn *conn, long verdict)
{
  if (verdict == X509_V_OK || !conn->ctx->verifypeer)
    return SL_OK;
  conn->verify_result = verdict;
  return sl_tls_fail(conn, CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: %s",
                     X509_verify_cert_error_string(verdict));
}

/* In libcurl's order: a wrong name is said before a wrong issuer or key. */
static sl_result check_leaf(struct tls_conn *conn, X509 *leaf, long verdict)
{
  sl_result result = check_chain(conn, verdict);
  if (result == SL_OK && conn->ctx->verifyhost)
    result = check_host(conn, leaf);
  if (result == SL_OK)
    result = check_issuer(conn, leaf);
  if (result != SL_OK)
    return result;
  conn->verify_result = verdict;
  return check_pin(conn, leaf);
}

int sl_tls_verify_cert(X509_STORE_CTX *store, void *unused)
{
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct tls_conn *conn = sl_tls_conn_of(ssl);
  X509 *leaf = X509_STORE_CTX_get0_cert(store);
  (void)unused;
  bool good = X509_verify_cert(store) > 0;
  long verdict = X509_STORE_CTX_get_error(store);
  if (!good && verdict == X509_V_OK)
    verdict = X509_V_ERR_UNSPECIFIED;
  ERR_clear_error();
  if (!conn->hello) { /* renegotiation: the peer may not become somebody else */
    if (conn->peer && X509_cmp(conn->peer, leaf) == 0)
      return 1;
    sl_tls_fail(conn, CURLE_PEER_FAILED_VERIFICATION, "SSL: the peer changed its certificate");
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  if (check_leaf(conn, leaf, verdict) == SL_OK) {
    conn->verified = true;
    X509_free(conn->peer);
    X509_up_ref(leaf);
    conn->peer = leaf;
    return 1;
  }
  if (verdict == X509_V_OK) /* for the alert */
    X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

/* Not verified inside: a resumed session, a cipher without certificates, or the application's own
 * callback in the place of ours. */
sl_result sl_tls_verify_end(struct tls_conn *conn)
{
  const struct tls_ctx *ctx = conn->ctx;
  if (conn->verified)
    return SL_OK;
  X509 *leaf = SSL_get0_peer_certificate(conn->ssl);
  if (!leaf && !ctx->verifypeer && !ctx->verifyhost && !ctx->pinned && !ctx->issuer)
    return SL_OK;
  if (!leaf)
    return sl_tls_fail(conn, CURLE_PEER_FAILED_VERIFICATION, "SSL: could not get peer certificate");
  sl_result result = check_leaf(conn, leaf, SSL_get_verify_result(conn->ssl));
  if (result == SL_OK && ctx->verifystatus && !conn->status_good)
    result = sl_tls_fail(conn, CURLE_SSL_INVALIDCERTSTATUS, "No OCSP response received");
  if (result != SL_OK)
    return result;
  conn->verified = true;
  X509_up_ref(leaf);
  conn->peer = leaf;
  return SL_OK;
}
