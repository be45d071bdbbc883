#include <openssl/ocsp.h>

#include "tests/unit/tls/fixture.h"
#include "tls/cache.h"
#include "tls/verify.h"

/* ---- names ----------------------------------------------------------------------------------- */

struct name_row {
  const char *pattern, *host;
  bool matches;
};

TEST(matches_names_as_rfc_9525_does)
{
  static const struct name_row rows[] = {
      {"example.test", "example.test", true},
      {"example.test", "EXAMPLE.Test", true},
      {"example.test", "example.test.", true},
      {"example.test.", "example.test", true},
      {"example.test", "www.example.test", false},
      {"www.example.test", "example.test", false},
      {"example.test", "example.tes", false},
      {"*.example.test", "www.example.test", true},
      {"*.EXAMPLE.test", "WWW.example.test", true},
      {"*.example.test", "example.test", false},
      {"*.example.test", "a.b.example.test", false},
      {"*.example.test", ".example.test", false},
      {"*.test", "example.test", false},
      {"*", "example", false},
      {"*.", "example", false},
      {"*.*.test", "a.b.test", false},
      {"w*.example.test", "www.example.test", false},
      {"*w.example.test", "www.example.test", false},
      {"www.*.test", "www.example.test", false},
      {"xn--*.example.test", "xn--a.example.test", false},
      {"*.example.test", "xn--a.example.test", true},
      {"", "", false},
      {"", "example.test", false},
      {".", ".", false},
      {"*.example.test", "", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (!CHECK_INT(sl_tls_name_matches(slice_str(rows[i].pattern), slice_str(rows[i].host)),
                   rows[i].matches))
      printf("# %s and %s\n", rows[i].pattern, rows[i].host);
  }
  CHECK(!sl_tls_name_matches(slice_of("example.test\0.evil", 18), SLICE_LIT("example.test")));
}

/* ---- a certificate and what is asked of it --------------------------------------------------- */

struct host_row {
  const char *cn, *san, *host;
  bool is_ip;
  sl_result result;
  const char *error;
};

#define NO_MATCH "SSL: no alternative certificate subject name matches target "

static const struct host_row host_rows[] = {
    {"x", "DNS:example.test", "example.test", false, SL_OK, ""},
    {"x", "DNS:a.test,DNS:example.test", "example.test", false, SL_OK, ""},
    {"x", "DNS:*.example.test", "www.example.test", false, SL_OK, ""},
    {"x", "DNS:*.example.test", "www.example.test.", false, SL_OK, ""},
    {"x", "DNS:example.test", "wrong.test", false, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "host name 'wrong.test'"},
    {"example.test", "DNS:other.test", "example.test", false, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "host name 'example.test'"},
    {"example.test", "IP:127.0.0.9", "example.test", false, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "host name 'example.test'"},
    /* the common name where there is no alternative one, as libcurl has it */
    {"example.test", NULL, "example.test", false, SL_OK, ""},
    {"*.example.test", NULL, "www.example.test", false, SL_OK, ""},
    {"example.test", "email:a@b.test", "example.test", false, SL_OK, ""},
    {"other.test", NULL, "example.test", false, CURLE_PEER_FAILED_VERIFICATION,
     "SSL: certificate subject name 'other.test' does not match target host name 'example.test'"},
    {NULL, NULL, "example.test", false, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "host name 'example.test'"},
    {"127.0.0.1", NULL, "127.0.0.1", true, SL_OK, ""},
    /* addresses */
    {"x", "IP:127.0.0.1", "127.0.0.1", true, SL_OK, ""},
    {"x", "IP:::1", "::1", true, SL_OK, ""},
    {"x", "IP:::1", "0:0:0:0:0:0:0:1", true, SL_OK, ""},
    {"x", "IP:fe80::1", "fe80::1%25eth0", true, SL_OK, ""},
    {"x", "IP:127.0.0.9", "127.0.0.1", true, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "ipv4 address '127.0.0.1'"},
    {"x", "IP:::2", "::1", true, CURLE_PEER_FAILED_VERIFICATION, NO_MATCH "ipv6 address '::1'"},
    {"x", "DNS:127.0.0.1", "127.0.0.1", true, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "ipv4 address '127.0.0.1'"},
    {"127.0.0.1", "DNS:a.test", "127.0.0.1", true, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "ipv4 address '127.0.0.1'"},
    {"*.0.0.1", NULL, "127.0.0.1", true, CURLE_PEER_FAILED_VERIFICATION,
     "SSL: certificate subject name '*.0.0.1' does not match target host name '127.0.0.1'"},
    {"x", "IP:127.0.0.1", "127.0.0.1", false, CURLE_PEER_FAILED_VERIFICATION,
     NO_MATCH "host name '127.0.0.1'"},
    {"x", "DNS:example.test", "", false, CURLE_PEER_FAILED_VERIFICATION, NO_MATCH "host name ''"},
};

TEST(lesson_21_the_name_must_be_the_hosts)
{
  struct tls_cache *cache = sl_tls_cache_new();
  for (size_t i = 0; i < sizeof host_rows / sizeof *host_rows; i++) {
    const struct host_row *row = &host_rows[i];
    X509 *cert = issue(row->cn, row->san);
    struct link l;
    link_init(&l, cache);
    link_serve(&l, cert, pki.key);
    l.params.session_key = SLICE_NONE;
    l.params.host = slice_str(row->host);
    l.params.is_ip = row->is_ip;
    bool good = CHECK_INT(link_connect(&l), row->result);
    good &= CHECK_STR(link_error(&l), row->error);
    good &= CHECK_INT(sl_tls_verify_result(l.conn), row->result ? 1 : X509_V_OK);
    if (!good)
      printf("# row %zu\n", i);
    link_close(&l);

    l.config.ssl_verifypeer = false; /* the name is checked all the same */
    CHECK_INT(link_connect(&l), row->result);
    link_close(&l);
    l.config.ssl_verifyhost = false;
    CHECK_INT(link_connect(&l), SL_OK);
    link_done(&l);
    X509_free(cert);
  }
  sl_tls_cache_free(cache);
}

TEST(lesson_24_a_zero_in_a_name_is_no_end)
{
  static const unsigned char evil[] = "example.test\0.evil.test";
  struct tls_cache *cache = sl_tls_cache_new();
  X509 *cert = issue(NULL, NULL);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, V_ASN1_UTF8STRING, evil,
                             sizeof evil - 1, -1, 0);
  X509_sign(cert, pki.ca_key, EVP_sha256());
  struct link l;
  link_init(&l, cache);
  link_serve(&l, cert, pki.key);
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_STR(link_error(&l), NO_MATCH "host name 'example.test'"); /* the name is not shown cut */
  link_close(&l);

  GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_IA5STRING *text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, evil, sizeof evil - 1);
  GENERAL_NAME_set0_value(name, GEN_DNS, text);
  sk_GENERAL_NAME_push(names, name);
  X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_REPLACE);
  X509_sign(cert, pki.ca_key, EVP_sha256());
  link_serve(&l, cert, pki.key);
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK(strstr(link_error(&l), NO_MATCH));
  link_done(&l);
  GENERAL_NAMES_free(names);
  X509_free(cert);
  sl_tls_cache_free(cache);
}

/* ---- the chain ------------------------------------------------------------------------------- */

/* Serves cert; the verdict with verification on is `verdict`. Off, it is reported and no more. */
static void check_chain(struct tls_cache *cache, X509 *cert, X509 *between, long verdict,
                        const char *error)
{
  struct link l;
  link_init(&l, cache);
  link_serve(&l, cert, pki.key);
  l.params.session_key = SLICE_NONE;
  if (between)
    SSL_CTX_add1_chain_cert(l.server_ctx, between);
  CHECK_INT(link_connect(&l), verdict ? CURLE_PEER_FAILED_VERIFICATION : SL_OK);
  CHECK_STR(link_error(&l), error);
  CHECK_INT(sl_tls_verify_result(l.conn), verdict);
  CHECK_INT(sl_tls_cert_count(l.conn), between ? 2 : 1);
  link_close(&l);
  l.config.ssl_verifypeer = false;
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(sl_tls_verify_result(l.conn) != X509_V_OK); /* no CA is loaded then */
  link_echo(&l);
  link_done(&l);
}

TEST(lesson_21_the_chain_must_be_good)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct cert_spec spec = {.cn = "example.test",
                           .san = "DNS:example.test",
                           .issuer = pki.ca,
                           .issuer_key = pki.ca_key,
                           .key = pki.key};
  spec.from_days = -20;
  spec.to_days = -1;
  X509 *expired = make_cert(&spec);
  spec.from_days = 2;
  spec.to_days = 20;
  X509 *future = make_cert(&spec);
  spec.from_days = spec.to_days = 0;
  spec.issuer = pki.other_ca;
  spec.issuer_key = pki.other_key;
  X509 *unknown = make_cert(&spec);
  spec.issuer = NULL;
  spec.issuer_key = NULL;
  X509 *self = make_cert(&spec);
  spec.issuer = pki.ca;
  spec.issuer_key = pki.other_key; /* names our CA, is not signed by it */
  X509 *forged = make_cert(&spec);
  spec.issuer = pki.sub;
  spec.issuer_key = pki.sub_key;
  X509 *below = make_cert(&spec);
  spec.cn = "below a leaf";
  spec.issuer = pki.leaf; /* which is no CA */
  spec.issuer_key = pki.key;
  X509 *by_leaf = make_cert(&spec);

  check_chain(cache, expired, NULL, X509_V_ERR_CERT_HAS_EXPIRED,
              "SSL certificate problem: certificate has expired");
  check_chain(cache, future, NULL, X509_V_ERR_CERT_NOT_YET_VALID,
              "SSL certificate problem: certificate is not yet valid");
  check_chain(cache, unknown, NULL, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
              "SSL certificate problem: unable to get local issuer certificate");
  check_chain(cache, unknown, pki.other_ca, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
              "SSL certificate problem: self-signed certificate in certificate chain");
  check_chain(cache, self, NULL, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
              "SSL certificate problem: self-signed certificate");
  check_chain(cache, forged, NULL, X509_V_ERR_CERT_SIGNATURE_FAILURE,
              "SSL certificate problem: certificate signature failure");
  check_chain(cache, below, pki.sub, X509_V_OK, "");
  check_chain(cache, below, NULL, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
              "SSL certificate problem: unable to get local issuer certificate");
  check_chain(cache, by_leaf, pki.leaf, X509_V_ERR_INVALID_CA,
              "SSL certificate problem: invalid CA certificate");
  X509_free(expired);
  X509_free(future);
  X509_free(unknown);
  X509_free(self);
  X509_free(forged);
  X509_free(below);
  X509_free(by_leaf);
  sl_tls_cache_free(cache);
}

TEST(a_chain_may_end_at_any_trusted_one)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory sub;
  struct link l;
  X509 *below = make_cert(&(struct cert_spec){.cn = "example.test",
                                              .san = "DNS:example.test",
                                              .issuer = pki.sub,
                                              .issuer_key = pki.sub_key,
                                              .key = pki.key});
  link_init(&l, cache);
  link_serve(&l, below, pki.key);
  l.config.cainfo_blob = cert_pem(&sub, pki.sub);
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.config.ssl_options = CURLSSLOPT_NO_PARTIALCHAIN;
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_INT(sl_tls_verify_result(l.conn), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT);
  link_done(&l);
  X509_free(below);
  sl_tls_cache_free(cache);
}

TEST(no_client_certificate_goes_to_a_wrong_host)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory cert, key;
  struct link l;
  link_init(&l, cache);
  SSL_CTX_set_verify(l.server_ctx, SSL_VERIFY_PEER, NULL);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(l.server_ctx), pki.ca);
  l.config.sslcert_blob = cert_pem(&cert, pki.leaf);
  l.config.sslkey_blob = key_pem(&key, pki.key, NULL);
  l.params.host = SLICE_LIT("wrong.test");
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK(!SSL_get0_peer_certificate(l.server));
  link_close(&l);
  l.params.host = SLICE_LIT("example.test");
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(SSL_get0_peer_certificate(l.server));
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* A cipher without any certificate authenticates nobody. */
TEST(an_anonymous_peer_is_refused)
{
  static char list[] = "aNULL@SECLEVEL=0";
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  SSL_CTX_set_cipher_list(l.server_ctx, list);
  link_max_version(&l, TLS1_2_VERSION);
  l.config.ssl_cipher_list = list;
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_STR(link_error(&l), "SSL: could not get peer certificate");
  CHECK_INT(cache->sessions_n, 0);
  link_close(&l);
  l.config.ssl_verifypeer = false;
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  link_close(&l);
  l.config.ssl_verifyhost = false;
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_INT(sl_tls_cert_count(l.conn), 0);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- revocation ------------------------------------------------------------------------------ */

static char *write_crl(const char *name, X509 *revoked, X509 *issuer, EVP_PKEY *key)
{
  struct memory m;
  X509_CRL *crl = X509_CRL_new();
  ASN1_TIME *now = X509_gmtime_adj(NULL, -3600), *later = X509_gmtime_adj(NULL, 86400);
  X509_CRL_set_version(crl, 1);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
  X509_CRL_set1_lastUpdate(crl, now);
  X509_CRL_set1_nextUpdate(crl, later);
  if (revoked) {
    X509_REVOKED *entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
    X509_REVOKED_set_revocationDate(entry, now);
    X509_CRL_add0_revoked(crl, entry);
  }
  X509_CRL_sign(crl, key, EVP_sha256());
  BIO *mem = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_CRL(mem, crl);
  memory_take(&m, mem);
  ASN1_TIME_free(now);
  ASN1_TIME_free(later);
  X509_CRL_free(crl);
  return write_blob(name, &m.blob);
}

TEST(a_revoked_certificate_is_refused)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  l.config.crlfile = write_crl("empty.crl", NULL, pki.ca, pki.ca_key);
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.config.crlfile = write_crl("revoked.crl", pki.leaf, pki.ca, pki.ca_key);
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_STR(link_error(&l), "SSL certificate problem: certificate revoked");
  link_close(&l);
  l.config.crlfile = write_crl("other.crl", NULL, pki.other_ca, pki.other_key);
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_STR(link_error(&l), "SSL certificate problem: unable to get certificate CRL");
  link_close(&l);
  static char missing[] = "/nonexistent/crl";
  l.config.crlfile = missing;
  CHECK_INT(link_connect(&l), CURLE_SSL_CRL_BADFILE);
  CHECK_STR(link_error(&l), "error loading CRL file: /nonexistent/crl");
  link_close(&l);
  l.config.crlfile = write_file("garbage.crl", "garbage", 7);
  CHECK_INT(link_connect(&l), CURLE_SSL_CRL_BADFILE);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- a pinned key ---------------------------------------------------------------------------- */

static void pin_of(EVP_PKEY *key, char *text, size_t cap)
{
  unsigned char *der = NULL, digest[32], base64[64];
  int len = i2d_PUBKEY(key, &der);
  EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);
  EVP_EncodeBlock(base64, digest, 32);
  snprintf(text, cap, "sha256//%s", base64);
  OPENSSL_free(der);
}

static void check_pin(char *pin, sl_result want)
{
  struct tls_cache *cache = sl_tls_cache_new();
  for (int verify = 0; verify < 2; verify++) {
    struct link l;
    link_init(&l, cache);
    l.config.pinnedpublickey = pin;
    l.config.ssl_verifypeer = l.config.ssl_verifyhost = verify;
    for (int again = 0; again < 2; again++) { /* resumed the second time */
      if (!CHECK_INT(link_connect(&l), want))
        printf("# pin %s\n", pin);
      CHECK_STR(link_error(&l), want ? "SSL: public key does not match pinned public key" : "");
      if (!want)
        link_echo(&l);
      if (!want)
        CHECK_INT(sl_tls_resumed(l.conn), again);
      link_close(&l);
    }
    link_done(&l);
  }
  sl_tls_cache_free(cache);
}

TEST(lesson_21_the_key_must_be_the_pinned_one)
{
  char right[96], wrong[96], list[256];
  pin_of(pki.key, right, sizeof right);
  pin_of(pki.ca_key, wrong, sizeof wrong); /* of the chain, but not of the leaf */
  check_pin(right, SL_OK);
  check_pin(wrong, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  snprintf(list, sizeof list, "%s;%s", wrong, right);
  check_pin(list, SL_OK);
  snprintf(list, sizeof list, "%s;%s", right, wrong);
  check_pin(list, SL_OK);
  snprintf(list, sizeof list, "%s;%s", wrong, right + 8); /* without its prefix */
  check_pin(list, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  snprintf(list, sizeof list, "%sA", right);
  check_pin(list, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  snprintf(list, sizeof list, "%.*s", (int)strlen(right) - 1, right);
  check_pin(list, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  static char bare[] = "sha256//", empty[] = "", missing[] = "/nonexistent/pin";
  check_pin(bare, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  check_pin(empty, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  check_pin(missing, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
}

TEST(a_pin_may_be_a_file)
{
  unsigned char *der = NULL;
  int len = i2d_PUBKEY(pki.key, &der);
  struct memory pem;
  BIO *mem = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(mem, pki.key);
  memory_take(&pem, mem);
  check_pin(write_blob("pin.pem", &pem.blob), SL_OK);
  check_pin(write_file("pin.der", der, (size_t)len), SL_OK);
  check_pin(write_file("pin.short", der, (size_t)len - 1), CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  check_pin(write_file("pin.empty", "", 0), CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  der[len - 1] ^= 1;
  check_pin(write_file("pin.other", der, (size_t)len), CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  check_pin(write_blob("pin.cert", cert_pem(&pem, pki.leaf)), CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  OPENSSL_free(der);
}

/* ---- a given issuer -------------------------------------------------------------------------- */

TEST(the_issuer_must_be_the_given_one)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory m;
  struct link l;
  link_init(&l, cache);
  l.config.issuercert_blob = cert_pem(&m, pki.ca);
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.config.issuercert_blob = cert_pem(&m, pki.other_ca);
  CHECK_INT(link_connect(&l), CURLE_SSL_ISSUER_ERROR);
  CHECK_STR(link_error(&l), "SSL: Certificate issuer check failed ((memory blob))");
  link_close(&l);
  l.config.issuercert_blob = NULL;
  l.config.issuercert = write_blob("issuer.pem", cert_pem(&m, pki.ca));
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.config.issuercert = write_blob("issuer.pem", cert_pem(&m, pki.sub)); /* the file changes */
  CHECK_INT(link_connect(&l), CURLE_SSL_ISSUER_ERROR);
  link_close(&l);
  l.config.issuercert = write_file("garbage.pem", "garbage", 7);
  CHECK_INT(link_connect(&l), CURLE_SSL_ISSUER_ERROR);
  CHECK(strstr(link_error(&l), "SSL: Unable to read issuer cert ("));
  link_close(&l);
  static char missing[] = "/nonexistent/issuer";
  l.config.issuercert = missing;
  CHECK_INT(link_connect(&l), CURLE_SSL_ISSUER_ERROR);
  CHECK_STR(link_error(&l), "SSL: Unable to open issuer cert (/nonexistent/issuer)");
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- the stapled status ---------------------------------------------------------------------- */

struct staple {
  int status;
  X509 *about, *signer; /* the signer's certificate comes along */
  EVP_PKEY *key;
  int from_s, to_s;
  const EVP_MD *md;
  bool garbage, unsuccessful;
};

static int give_staple(SSL *ssl, void *ctx)
{
  const struct staple *staple = ctx;
  OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
  OCSP_CERTID *id = OCSP_cert_to_id(staple->md ? staple->md : EVP_sha1(), staple->about, pki.ca);
  ASN1_TIME *from = X509_gmtime_adj(NULL, staple->from_s);
  ASN1_TIME *to = X509_gmtime_adj(NULL, staple->to_s);
  unsigned char *der = NULL;
  OCSP_basic_add1_status(basic, id, staple->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, from, from,
                         to);
  OCSP_basic_sign(basic, staple->signer, staple->key, EVP_sha256(), NULL, 0);
  OCSP_RESPONSE *response = OCSP_response_create(
      staple->unsuccessful ? OCSP_RESPONSE_STATUS_TRYLATER : OCSP_RESPONSE_STATUS_SUCCESSFUL,
      staple->unsuccessful ? NULL : basic);
  int len = i2d_OCSP_RESPONSE(response, &der);
  if (staple->garbage)
    der[0] ^= 0xff;
  SSL_set_tlsext_status_ocsp_resp(ssl, der, len);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(from);
  ASN1_TIME_free(to);
  return SSL_TLSEXT_ERR_OK;
}

static void check_staple(const struct staple *staple, sl_result want, const char *error)
{
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  struct tls_cache *cache = sl_tls_cache_new();
  for (size_t v = 0; v < 2; v++) {
    struct link l;
    struct staple copy;
    link_init(&l, cache);
    link_max_version(&l, versions[v]);
    l.config.ssl_verifystatus = true;
    if (staple) {
      copy = *staple;
      SSL_CTX_set_tlsext_status_cb(l.server_ctx, give_staple);
      SSL_CTX_set_tlsext_status_arg(l.server_ctx, &copy);
    }
    for (int again = 0; again < 2; again++) {
      CHECK_INT(link_connect(&l), want);
      CHECK_STR(link_error(&l), error);
      CHECK(!sl_tls_resumed(l.conn)); /* a resumed one would bring no status */
      if (!want)
        link_echo(&l);
      link_close(&l);
    }
    link_done(&l);
  }
  sl_tls_cache_free(cache);
}

TEST(lesson_22_the_stapled_status_must_be_good_each_time)
{
  struct staple good = {.status = V_OCSP_CERTSTATUS_GOOD,
                        .about = pki.leaf,
                        .signer = pki.ca,
                        .key = pki.ca_key,
                        .from_s = -60,
                        .to_s = 3600};
  struct staple s = good;
  check_staple(&s, SL_OK, "");
  s.md = EVP_sha256();
  check_staple(&s, SL_OK, "");
  check_staple(NULL, CURLE_SSL_INVALIDCERTSTATUS, "No OCSP response received");
  s = good;
  s.status = V_OCSP_CERTSTATUS_REVOKED;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS,
               "SSL certificate revocation reason: keyCompromise (1)");
  s.status = V_OCSP_CERTSTATUS_UNKNOWN;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "SSL certificate status is unknown");
  s = good;
  s.from_s = -7200;
  s.to_s = -3600;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "OCSP response has expired");
  s = good;
  s.about = pki.sub;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "Could not find certificate ID in OCSP response");
  s = good;
  s.signer = pki.other_ca;
  s.key = pki.other_key;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "OCSP response verification failed");
  s = good;
  s.signer = pki.leaf; /* signed by the very one it is about */
  s.key = pki.key;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "OCSP response verification failed");
  s = good;
  X509 *delegate = issue("responder", NULL); /* by our CA, first for anything, then for this */
  s.signer = delegate;
  s.key = pki.key;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "OCSP response verification failed");
  add_extension(delegate, pki.ca, NID_ext_key_usage, "OCSPSigning");
  X509_sign(delegate, pki.ca_key, EVP_sha256());
  check_staple(&s, SL_OK, "");
  X509_free(delegate);
  s = good;
  s.garbage = true;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "Invalid OCSP response");
  s = good;
  s.unsuccessful = true;
  check_staple(&s, CURLE_SSL_INVALIDCERTSTATUS, "Invalid OCSP response status: trylater (3)");
}

/* ---- renegotiation --------------------------------------------------------------------------- */

TEST(the_peer_stays_who_it_is)
{
  struct tls_cache *cache = sl_tls_cache_new();
  X509 *twin = issue("example.test", "DNS:example.test");
  for (int change = 0; change < 2; change++) {
    struct link l;
    size_t n;
    char text[8];
    sl_result result = SL_WAIT;
    link_init(&l, cache);
    link_max_version(&l, TLS1_2_VERSION);
    SSL_CTX_set_options(l.server_ctx, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    REQUIRE(link_connect(&l) == SL_OK);
    if (change) {
      SSL_use_certificate(l.server, twin);
      SSL_use_PrivateKey(l.server, pki.key);
    }
    SSL_renegotiate(l.server);
    SSL_do_handshake(l.server); /* asks for it */
    for (int i = 0; i < 20 && result == SL_WAIT; i++) {
      result = sl_tls_read(l.conn, text, sizeof text, &n);
      SSL_read(l.server, text, sizeof text);
      ERR_clear_error();
      if (i == 10)
        SSL_write(l.server, "x", 1);
    }
    CHECK_INT(result, change ? CURLE_PEER_FAILED_VERIFICATION : SL_OK);
    CHECK_INT(SSL_renegotiate_pending(l.server), change); /* else it is over */
    if (change)
      CHECK_STR(link_error(&l), "SSL: the peer changed its certificate");
    link_done(&l);
  }
  X509_free(twin);
  sl_tls_cache_free(cache);
}
