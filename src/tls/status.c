/* The stapled OCSP response (RFC 6066 8, RFC 6960) for ssl_verifystatus: there must be one, it must
 * be signed by who may, be of now and say "good" of this certificate. */
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "tls/conn.h"
#include "tls/verify.h"

enum { CLOCK_SKEW_S = 300 };

static sl_result fail(struct tls_conn *conn, const char *text)
{
  return sl_tls_fail(conn, CURLE_SSL_INVALIDCERTSTATUS, "%s", text);
}

static X509 *find_issuer(SSL *ssl, X509 *leaf)
{
  STACK_OF(X509) * chains[] = {SSL_get0_verified_chain(ssl), SSL_get_peer_cert_chain(ssl)};
  for (size_t c = 0; c < 2; c++) {
    for (int i = 0; i < sk_X509_num(chains[c]); i++) {
      X509 *cert = sk_X509_value(chains[c], i);
      if (X509_check_issued(cert, leaf) == X509_V_OK)
        return cert;
    }
  }
  return NULL;
}

/* The responder chose the hash that names the certificate. */
static bool is_about(OCSP_SINGLERESP *single, X509 *leaf, X509 *issuer)
{
  const OCSP_CERTID *theirs = OCSP_SINGLERESP_get0_id(single);
  ASN1_OBJECT *md = NULL;
  OCSP_CERTID *copy = OCSP_CERTID_dup((OCSP_CERTID *)theirs), *ours = NULL;
  if (copy && OCSP_id_get0_info(NULL, &md, NULL, NULL, copy)) {
    const EVP_MD *digest = EVP_get_digestbyobj(md);
    ours = digest ? OCSP_cert_to_id(digest, leaf, issuer) : NULL;
  }
  bool same = ours && OCSP_id_cmp(copy, ours) == 0;
  OCSP_CERTID_free(copy);
  OCSP_CERTID_free(ours);
  return same;
}

static sl_result check_single(struct tls_conn *conn, OCSP_SINGLERESP *single)
{
  ASN1_GENERALIZEDTIME *revoked, *from, *to;
  int reason = -1;
  int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &to);
  if (!OCSP_check_validity(from, to, CLOCK_SKEW_S, -1))
    return fail(conn, "OCSP response has expired");
  if (status == V_OCSP_CERTSTATUS_GOOD)
    return SL_OK;
  if (status == V_OCSP_CERTSTATUS_REVOKED)
    return sl_tls_fail(conn, CURLE_SSL_INVALIDCERTSTATUS,
                       "SSL certificate revocation reason: %s (%d)", OCSP_crl_reason_str(reason),
                       reason);
  return fail(conn, "SSL certificate status is unknown");
}

static sl_result check_basic(struct tls_conn *conn, OCSP_BASICRESP *basic, X509 *leaf)
{
  SSL *ssl = conn->ssl;
  X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  X509 *issuer = find_issuer(ssl, leaf);
  if (OCSP_basic_verify(basic, SSL_get_peer_cert_chain(ssl), store, 0) <= 0)
    return fail(conn, "OCSP response verification failed");
  if (!issuer)
    return fail(conn, "Error computing OCSP ID");
  for (int i = 0; i < OCSP_resp_count(basic); i++) {
    OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
    if (is_about(single, leaf, issuer))
      return check_single(conn, single);
  }
  return fail(conn, "Could not find certificate ID in OCSP response");
}

static sl_result check_response(struct tls_conn *conn, OCSP_RESPONSE *response)
{
  int status = OCSP_response_status(response);
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return sl_tls_fail(conn, CURLE_SSL_INVALIDCERTSTATUS, "Invalid OCSP response status: %s (%d)",
                       OCSP_response_status_str(status), status);
  OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
  X509 *leaf = SSL_get0_peer_certificate(conn->ssl);
  sl_result result = !basic  ? fail(conn, "Invalid OCSP response")
                     : !leaf ? fail(conn, "Error getting peer certificate")
                             : check_basic(conn, basic, leaf);
  OCSP_BASICRESP_free(basic);
  return result;
}

/* 1: go on; 0: end the handshake with bad_certificate_status_response. */
int sl_tls_verify_status(SSL *ssl, void *unused)
{
  struct tls_conn *conn = sl_tls_conn_of(ssl);
  const unsigned char *at = NULL;
  long len = SSL_get_tlsext_status_ocsp_resp(ssl, &at);
  sl_result result;
  (void)unused;
  if (!at || len <= 0) {
    result = fail(conn, "No OCSP response received");
  } else {
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, len);
    result = response ? check_response(conn, response) : fail(conn, "Invalid OCSP response");
    OCSP_RESPONSE_free(response);
  }
  ERR_clear_error();
  conn->status_good = result == SL_OK;
  return conn->status_good;
}
