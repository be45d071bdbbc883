/* The client's certificate and key: PEM, DER or PKCS#12, from a file or a blob. A password is only
 * ever the one that was set: nothing asks a terminal. */
#include "tls/cert.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "base/text.h"
#include "tls/conn.h"

enum cert_type { TYPE_PEM, TYPE_DER, TYPE_P12, TYPE_ENGINE, TYPE_PROVIDER, TYPE_UNKNOWN };

static enum cert_type type_of(const char *name)
{
  static const char *const names[] = {"PEM", "DER", "P12", "ENG", "PROV"};
  if (!name || !*name)
    return TYPE_PEM;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (sl_text_ieq_str(slice_str(name), names[i]))
      return (enum cert_type)i;
  }
  return TYPE_UNKNOWN;
}

BIO *sl_tls_source(const char *file, const struct curl_blob *blob)
{
  if (!blob)
    return file ? BIO_new_file(file, "rb") : NULL;
  return blob->len > INT_MAX ? NULL : BIO_new_mem_buf(blob->data, (int)blob->len);
}

static int password(char *dst, int cap, int writing, void *ctx)
{
  const char *text = ctx;
  size_t len = text ? strlen(text) : 0;
  (void)writing;
  if (!text || cap < 0 || len > (size_t)cap)
    return -1;
  memcpy(dst, text, len);
  return (int)len;
}

int sl_tls_no_password(char *dst, int cap, int writing, void *ctx)
{
  (void)dst;
  (void)cap;
  (void)writing;
  (void)ctx;
  return -1;
}

bool sl_tls_cert_wanted(const struct tls_config *config)
{
  return config->sslcert || config->sslcert_blob;
}

/* ---- the certificate ------------------------------------------------------------------------- */

static sl_result fail_cert(const struct tls_config *config, enum cert_type type, struct buf *err)
{
  char reason[TLS_REASON_MAX];
  return sl_tls_fail_text(
      err, CURLE_SSL_CERTPROBLEM,
      "could not load %s client certificate from %s, OpenSSL error %s, (no key found, wrong pass "
      "phrase, or wrong file format?)",
      type == TYPE_PEM ? "PEM" : "ASN1",
      config->sslcert_blob ? "CURLOPT_SSLCERT_BLOB" : config->sslcert,
      sl_tls_reason(reason, ERR_peek_error()));
}

/* The certificates behind the first one in a PEM file are its chain. */
static bool use_chain(SSL_CTX *ctx, BIO *in, void *pass)
{
  X509 *cert;
  SSL_CTX_clear_chain_certs(ctx);
  while ((cert = PEM_read_bio_X509(in, NULL, password, pass)) != NULL) {
    if (!SSL_CTX_add0_chain_cert(ctx, cert)) {
      X509_free(cert);
      return false;
    }
  }
  unsigned long last = ERR_peek_last_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
    return false;
  ERR_clear_error();
  return true;
}

static sl_result use_cert(SSL_CTX *ctx, const struct tls_config *config, enum cert_type type,
                          struct buf *err)
{
  bool done = false;
  X509 *cert = NULL;
  BIO *in = sl_tls_source(config->sslcert, config->sslcert_blob);
  if (in && type == TYPE_DER)
    cert = d2i_X509_bio(in, NULL);
  else if (in)
    cert = PEM_read_bio_X509_AUX(in, NULL, password, config->keypasswd);
  if (cert)
    done = SSL_CTX_use_certificate(ctx, cert) == 1 &&
           (type == TYPE_DER || use_chain(ctx, in, config->keypasswd));
  X509_free(cert);
  BIO_free(in);
  return done ? SL_OK : fail_cert(config, type, err);
}

/* ---- the key --------------------------------------------------------------------------------- */

static const char *key_name(const struct tls_config *config)
{
  if (config->sslkey_blob)
    return "(memory blob)";
  if (config->sslkey)
    return config->sslkey;
  return config->sslcert_blob ? "(memory blob)" : config->sslcert;
}

static EVP_PKEY *read_key(const struct tls_config *config, enum cert_type type)
{
  const struct curl_blob *blob = config->sslkey_blob;
  const char *file = config->sslkey;
  if (!blob && !file) { /* beside the certificate */
    blob = config->sslcert_blob;
    file = config->sslcert;
  }
  BIO *in = sl_tls_source(file, blob);
  EVP_PKEY *key = NULL;
  if (in && type == TYPE_DER)
    key = d2i_PrivateKey_bio(in, NULL);
  else if (in)
    key = PEM_read_bio_PrivateKey(in, NULL, password, config->keypasswd);
  BIO_free(in);
  return key;
}

static sl_result use_key(SSL_CTX *ctx, const struct tls_config *config, struct buf *err)
{
  enum cert_type type = type_of(config->sslkeytype);
  if (type == TYPE_ENGINE || type == TYPE_PROVIDER)
    return sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM,
                            "crypto engine not set, cannot load private key");
  if (type != TYPE_PEM && type != TYPE_DER)
    return sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM, "not supported file type for private key");
  sl_result result = SL_OK;
  EVP_PKEY *key = read_key(config, type);
  if (!key)
    result =
        sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM, "unable to set private key file: '%s' type %s",
                         key_name(config), type == TYPE_DER ? "DER" : "PEM");
  else if (!X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) ||
           SSL_CTX_use_PrivateKey(ctx, key) != 1)
    result = sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM,
                              "Private key does not match the certificate public key");
  EVP_PKEY_free(key);
  return result;
}

/* ---- PKCS#12: both in one -------------------------------------------------------------------- */

static sl_result use_p12_parts(SSL_CTX *ctx, PKCS12 *p12, const struct tls_config *config,
                               struct buf *err)
{
  char reason[TLS_REASON_MAX];
  EVP_PKEY *key = NULL;
  X509 *cert = NULL;
  STACK_OF(X509) *chain = NULL;
  sl_result result = SL_OK;
  if (!PKCS12_parse(p12, config->keypasswd ? config->keypasswd : "", &key, &cert, &chain))
    return sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM,
                            "could not parse PKCS12 file, check password, OpenSSL error %s",
                            sl_tls_reason(reason, ERR_peek_error()));
  if (!cert || !key)
    result = sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM,
                              "PKCS12 file has no certificate or no private key");
  else if (SSL_CTX_use_cert_and_key(ctx, cert, key, chain, 1) != 1)
    result = sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM,
                              "could not use the certificate of the PKCS12 file: %s",
                              sl_tls_reason(reason, ERR_peek_error()));
  EVP_PKEY_free(key);
  X509_free(cert);
  sk_X509_pop_free(chain, X509_free);
  return result;
}

static sl_result use_p12(SSL_CTX *ctx, const struct tls_config *config, struct buf *err)
{
  const char *name = config->sslcert_blob ? "(memory blob)" : config->sslcert;
  sl_result result;
  PKCS12 *p12 = NULL;
  BIO *in = sl_tls_source(config->sslcert, config->sslcert_blob);
  if (!in)
    result = sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM, "could not open PKCS12 file '%s'", name);
  else if ((p12 = d2i_PKCS12_bio(in, NULL)) == NULL)
    result = sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM, "error reading PKCS12 file '%s'", name);
  else
    result = use_p12_parts(ctx, p12, config, err);
  PKCS12_free(p12);
  BIO_free(in);
  return result;
}

sl_result sl_tls_cert_use(SSL_CTX *ctx, const struct tls_config *config, struct buf *err)
{
  enum cert_type type = type_of(config->sslcerttype);
  if (config->keypasswd && strlen(config->keypasswd) > PEM_BUFSIZE)
    return sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM, "private key pass phrase is too long");
  switch (type) {
  case TYPE_P12:
    return use_p12(ctx, config, err);
  case TYPE_ENGINE:
  case TYPE_PROVIDER:
    return sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM,
                            "crypto engine not set, cannot load certificate");
  case TYPE_UNKNOWN:
    return sl_tls_fail_text(err, CURLE_SSL_CERTPROBLEM,
                            "not supported file type '%s' for certificate", config->sslcerttype);
  default:
    break;
  }
  sl_result result = use_cert(ctx, config, type, err);
  return result == SL_OK ? use_key(ctx, config, err) : result;
}
