#include "tests/unit/tls/fixture.h"

/* ---- the client's certificate ---------------------------------------------------------------- */

/* The server demands one of our CA. */
static void demand_cert(struct link *l)
{
  SSL_CTX_set_verify(l->server_ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(l->server_ctx), pki.ca);
}

struct files {
  char *cert, *key, *encrypted, *both, *der, *der_key, *p12, *p12_bare, *garbage, *wrong_key;
  char *chain, *other_kind;
};

static X509 *below; /* by the sub CA */

static char *write_der(const char *name, int (*i2d)(const void *, unsigned char **), const void *it)
{
  unsigned char *der = NULL;
  int len = i2d(it, &der);
  char *path = write_file(name, der, (size_t)len);
  OPENSSL_free(der);
  return path;
}

static char *keep(char *path)
{
  static char kept[16][128];
  static unsigned at;
  return strcpy(kept[at++ % 16], path);
}

static int i2d_cert(const void *cert, unsigned char **out)
{
  return i2d_X509(cert, out);
}
static int i2d_key(const void *key, unsigned char **out)
{
  return i2d_PrivateKey(key, out);
}
static int i2d_p12(const void *p12, unsigned char **out)
{
  return i2d_PKCS12(p12, out);
}

static char *write_p12(const char *name, const char *pass, EVP_PKEY *key)
{
  static char title[] = "test";
  PKCS12 *p12 = PKCS12_create(pass, title, key, key ? pki.leaf : NULL, NULL, 0, 0, 1000, 1000, 0);
  if (!p12)
    abort();
  char *path = keep(write_der(name, i2d_p12, p12));
  PKCS12_free(p12);
  return path;
}

static const struct files *files(void)
{
  static struct files f;
  static struct memory a, b;
  if (f.cert)
    return &f;
  f.cert = keep(write_blob("cert.pem", cert_pem(&a, pki.leaf)));
  f.key = keep(write_blob("key.pem", key_pem(&b, pki.key, NULL)));
  memcpy(a.bytes + a.blob.len, b.bytes, b.blob.len + 1);
  a.blob.len += b.blob.len;
  f.both = keep(write_blob("both.pem", &a.blob));
  f.encrypted = keep(write_blob("encrypted.pem", key_pem(&a, pki.key, "secret")));
  f.wrong_key = keep(write_blob("wrong.pem", key_pem(&a, pki.ca_key, NULL)));
  EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  f.other_kind = keep(write_blob("ed.pem", key_pem(&a, ed, NULL)));
  EVP_PKEY_free(ed);
  f.der = keep(write_der("cert.der", i2d_cert, pki.leaf));
  f.der_key = keep(write_der("key.der", i2d_key, pki.key));
  f.p12 = write_p12("both.p12", "secret", pki.key);
  f.p12_bare = write_p12("bare.p12", "", pki.key);
  f.garbage = keep(write_file("garbage", "garbage", 7));
  below = make_cert(&(struct cert_spec){
      .cn = "client", .issuer = pki.sub, .issuer_key = pki.sub_key, .key = pki.key});
  cert_pem(&a, below);
  cert_pem(&b, pki.sub);
  memcpy(a.bytes + a.blob.len, b.bytes, b.blob.len + 1);
  a.blob.len += b.blob.len;
  f.chain = keep(write_blob("chain.pem", &a.blob));
  return &f;
}

__attribute__((destructor)) static void free_below(void)
{
  X509_free(below);
}

struct cert_row {
  const char *cert, *cert_type, *key, *key_type, *pass;
  sl_result result;
  const char *error; /* its beginning, %s: the file of the certificate */
};

TEST(takes_client_certificates)
{
  const struct files *f = files();
  const struct cert_row rows[] = {
      {f->cert, NULL, f->key, NULL, NULL, SL_OK, ""},
      {f->cert, "pem", f->key, "PEM", NULL, SL_OK, ""},
      {f->both, "PEM", NULL, NULL, NULL, SL_OK, ""},
      {f->chain, NULL, f->key, NULL, NULL, SL_OK, ""},
      {f->der, "DER", f->der_key, "DER", NULL, SL_OK, ""},
      {f->der, "DER", f->key, NULL, NULL, SL_OK, ""},
      {f->cert, NULL, f->encrypted, NULL, "secret", SL_OK, ""},
      {f->p12, "P12", NULL, NULL, "secret", SL_OK, ""},
      {f->p12_bare, "p12", NULL, NULL, NULL, SL_OK, ""},
      {f->cert, NULL, f->encrypted, NULL, "wrong", CURLE_SSL_CERTPROBLEM,
       "unable to set private key file: '"},
      {f->cert, NULL, f->encrypted, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "unable to set private key file: '"},
      {f->p12, "P12", NULL, NULL, "wrong", CURLE_SSL_CERTPROBLEM,
       "could not parse PKCS12 file, check password, OpenSSL error error:"},
      {f->p12, "P12", NULL, NULL, NULL, CURLE_SSL_CERTPROBLEM, "could not parse PKCS12 file, "},
      {f->garbage, "P12", NULL, NULL, NULL, CURLE_SSL_CERTPROBLEM, "error reading PKCS12 file '"},
      {"/nonexistent/p12", "P12", NULL, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "could not open PKCS12 file '/nonexistent/p12'"},
      {"/nonexistent/cert", NULL, f->key, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "could not load PEM client certificate from /nonexistent/cert, OpenSSL error "
       "error:80000002:system library::No such file or directory, (no key found, wrong pass "
       "phrase, or wrong file format?)"},
      {f->garbage, NULL, f->key, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "could not load PEM client certificate from "},
      {f->cert, "DER", f->key, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "could not load ASN1 client certificate from "},
      {f->cert, NULL, "/nonexistent/key", NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "unable to set private key file: '/nonexistent/key' type PEM"},
      {f->cert, NULL, NULL, NULL, NULL, CURLE_SSL_CERTPROBLEM, "unable to set private key file: '"},
      {f->cert, NULL, f->wrong_key, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "Private key does not match the certificate public key"},
      {f->cert, NULL, f->other_kind, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "Private key does not match the certificate public key"},
      {f->cert, "FOO", f->key, NULL, NULL, CURLE_SSL_CERTPROBLEM,
       "not supported file type 'FOO' for certificate"},
      {f->cert, NULL, f->key, "FOO", NULL, CURLE_SSL_CERTPROBLEM,
       "not supported file type for private key"},
      {f->cert, "ENG", f->key, NULL, NULL, CURLE_SSL_CERTPROBLEM, "crypto engine not set, "},
      {f->cert, NULL, f->key, "ENG", NULL, CURLE_SSL_CERTPROBLEM, "crypto engine not set, "},
      {f->cert, NULL, f->key, "PROV", NULL, CURLE_SSL_CERTPROBLEM, "crypto engine not set, "},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tls_cache *cache = sl_tls_cache_new();
    struct link l;
    link_init(&l, cache);
    demand_cert(&l);
    l.config.sslcert = (char *)(uintptr_t)rows[i].cert;
    l.config.sslcerttype = (char *)(uintptr_t)rows[i].cert_type;
    l.config.sslkey = (char *)(uintptr_t)rows[i].key;
    l.config.sslkeytype = (char *)(uintptr_t)rows[i].key_type;
    l.config.keypasswd = (char *)(uintptr_t)rows[i].pass;
    bool good = CHECK_INT(link_connect(&l), rows[i].result);
    good &= CHECK(strncmp(link_error(&l), rows[i].error, strlen(rows[i].error)) == 0);
    if (l.conn)
      good &= CHECK(SSL_get0_peer_certificate(l.server) != NULL);
    if (!good)
      printf("# row %zu: %s\n", i, link_error(&l));
    link_done(&l);
    sl_tls_cache_free(cache);
  }
}

TEST(takes_client_certificates_from_memory)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory cert, key, both, junk;
  struct link l;
  cert_pem(&cert, pki.leaf);
  key_pem(&key, pki.key, "secret");
  cert_pem(&both, pki.leaf);
  key_pem(&junk, pki.key, NULL);
  memcpy(both.bytes + both.blob.len, junk.bytes, junk.blob.len);
  both.blob.len += junk.blob.len;
  junk.blob = (struct curl_blob){.data = junk.bytes, .len = 5};
  link_init(&l, cache);
  demand_cert(&l);
  static char secret[] = "secret", p12_type[] = "P12", engine[] = "pkcs11";
  l.config.keypasswd = secret;
  l.config.sslcert_blob = &cert.blob;
  l.config.sslkey_blob = &key.blob;
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.config.sslcert_blob = &both.blob;
  l.config.sslkey_blob = NULL;
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.config.sslcert_blob = &junk.blob;
  CHECK_INT(link_connect(&l), CURLE_SSL_CERTPROBLEM);
  CHECK(strstr(link_error(&l), "client certificate from CURLOPT_SSLCERT_BLOB, "));
  link_close(&l);
  l.config.sslcert_blob = &cert.blob;
  l.config.sslkey_blob = &junk.blob;
  CHECK_INT(link_connect(&l), CURLE_SSL_CERTPROBLEM);
  CHECK_STR(link_error(&l), "unable to set private key file: '(memory blob)' type PEM");
  link_close(&l);
  l.config.sslcert_blob = &junk.blob;
  l.config.sslcerttype = p12_type;
  CHECK_INT(link_connect(&l), CURLE_SSL_CERTPROBLEM);
  CHECK_STR(link_error(&l), "error reading PKCS12 file '(memory blob)'");
  link_close(&l);
  l.config.sslcert_blob = l.config.sslkey_blob = NULL;
  l.config.sslengine = engine;
  CHECK_INT(link_connect(&l), CURLE_SSL_ENGINE_NOTFOUND);
  CHECK_STR(link_error(&l), "SSL Engine 'pkcs11' not found");
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(a_missing_client_certificate_is_said)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n;
  char text[4];
  link_init(&l, cache);
  demand_cert(&l);
  link_max_version(&l, TLS1_2_VERSION);
  CHECK_INT(link_connect(&l), CURLE_SSL_CONNECT_ERROR);
  CHECK(strstr(link_error(&l), "alert handshake failure"));
  link_close(&l);
  link_max_version(&l, TLS1_3_VERSION); /* there the server says so after we are done */
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), CURLE_RECV_ERROR);
  CHECK(strstr(link_error(&l), "tlsv13 alert certificate required"));
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- CERTINFO -------------------------------------------------------------------------------- */

struct pairs {
  char text[65536];
  unsigned calls, fail_at;
};

static sl_result add_pair(void *ctx, int cert, const char *name, struct slice value)
{
  struct pairs *p = ctx;
  size_t at = strlen(p->text);
  if (++p->calls == p->fail_at)
    return SL_NOMEM;
  snprintf(p->text + at, sizeof p->text - at, "%d %s:%.*s\n", cert, name, (int)value.n, value.p);
  return SL_OK;
}

static X509 *own(EVP_PKEY *key, const char *san)
{
  return make_cert(&(struct cert_spec){
      .cn = "example.test", .san = san, .issuer = pki.ca, .issuer_key = pki.ca_key, .key = key});
}

TEST(lists_the_chain)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static struct pairs p;
  struct link l;
  char serial[64];
  link_init(&l, cache);
  SSL_CTX_add1_chain_cert(l.server_ctx, pki.ca);
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_INT(sl_tls_cert_count(l.conn), 2);
  CHECK_INT(sl_tls_certinfo(l.conn, add_pair, &p), SL_OK);
  static const char begin[] = "0 Subject:CN = example.test\n0 Issuer:CN = Test CA\n0 Version:2\n";
  CHECK(strncmp(p.text, begin, sizeof begin - 1) == 0);
  snprintf(serial, sizeof serial, "0 Serial Number:%04lx\n",
           ASN1_INTEGER_get(X509_get0_serialNumber(pki.leaf)));
  CHECK(strstr(p.text, serial));
  CHECK(strstr(p.text, "0 Signature Algorithm:ecdsa-with-SHA256\n"
                       "0 Public Key Algorithm:id-ecPublicKey\n"
                       "0 X509v3 Basic Constraints:CA:FALSE\n"
                       "0 X509v3 Subject Alternative Name:DNS:example.test, IP Address:127.0.0.1, "
                       "IP Address:0:0:0:0:0:0:0:1\n0 Start date:"));
  CHECK(strstr(p.text, " GMT\n0 Expire date:"));
  CHECK(strstr(p.text, "0 ECC Public Key:256\n0 ec(group):prime256v1\n0 ec(pub):04"));
  CHECK(strstr(p.text, "0 Signature:30:4"));
  CHECK(strstr(p.text, "0 Cert:-----BEGIN CERTIFICATE-----\n"));
  CHECK(strstr(p.text, "-----END CERTIFICATE-----\n\n1 Subject:CN = Test CA\n"));
  unsigned all = p.calls;
  memset(&p, 0, sizeof p);
  p.fail_at = all - 3;
  CHECK_INT(sl_tls_certinfo(l.conn, add_pair, &p), SL_NOMEM);
  CHECK_INT(p.calls, p.fail_at);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(lists_other_keys)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static struct pairs p;
  EVP_PKEY *rsa = EVP_RSA_gen(2048), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  X509 *certs[] = {own(rsa, "DNS:example.test"), own(ed, "DNS:example.test")};
  for (int i = 0; i < 2; i++) {
    struct link l;
    link_init(&l, cache);
    l.params.session_key = SLICE_NONE;
    SSL_CTX_free(l.server_ctx); /* it would keep one certificate of each kind */
    l.server_ctx = SSL_CTX_new(TLS_server_method());
    link_serve(&l, certs[i], i ? ed : rsa);
    memset(&p, 0, sizeof p);
    CHECK_INT(link_connect(&l), SL_OK);
    CHECK_INT(sl_tls_certinfo(l.conn, add_pair, &p), SL_OK);
    CHECK(strstr(p.text, i ? "0 Public Key Algorithm:ED25519\n"
                           : "0 Public Key Algorithm:rsaEncryption\n"));
    CHECK_INT(strstr(p.text, "0 RSA Public Key:2048\n0 rsa(n):") != NULL, !i);
    CHECK_INT(strstr(p.text, "\n0 rsa(e):10001\n") != NULL, !i);
    link_done(&l);
  }
  X509_free(certs[0]);
  X509_free(certs[1]);
  EVP_PKEY_free(rsa);
  EVP_PKEY_free(ed);
  sl_tls_cache_free(cache);
}

static void check_rejected_and_resumed(int version)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static struct pairs p;
  struct memory other;
  struct link l;
  memset(&p, 0, sizeof p);
  link_init(&l, cache);
  link_max_version(&l, version);
  CHECK_INT(link_connect(&l), SL_OK);
  link_echo(&l);
  link_close(&l);
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(sl_tls_resumed(l.conn));
  CHECK_INT(sl_tls_certinfo(l.conn, add_pair, &p), SL_OK);
  CHECK(strstr(p.text, "0 Subject:CN = example.test\n"));
  link_close(&l);
  memset(&p, 0, sizeof p);
  l.config.cainfo_blob = cert_pem(&other, pki.other_ca);
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_INT(sl_tls_certinfo(l.conn, add_pair, &p), SL_OK);
  CHECK(strstr(p.text, "0 Subject:CN = example.test\n"));
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(lists_a_rejected_peer_and_a_resumed_one)
{
  check_rejected_and_resumed(TLS1_2_VERSION);
  check_rejected_and_resumed(TLS1_3_VERSION);
}
