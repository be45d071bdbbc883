/* tls/binding.c: the binding of certificates with several kinds of signature, as RFC 5929 4.1 has
 * it. */
#include "tests/unit/tls/fixture.h"

/* pki.leaf with another signature. */
static X509 *signed_by(EVP_PKEY *key, const EVP_MD *md)
{
  X509 *cert = X509_dup(pki.leaf);
  if (!cert || !X509_sign(cert, key, md))
    abort();
  return cert;
}

static void binding_is(X509 *cert, const EVP_MD *want)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  unsigned char got[SL_TLS_END_POINT_MAX], hash[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  link_init(&l, cache);
  l.config.ssl_verifypeer = false;
  SSL_CTX_set_security_level(l.server_ctx, 0);
  link_serve(&l, cert, pki.key);
  CHECK_INT(link_open(&l), SL_OK);
  CHECK_INT(sl_tls_end_point(l.conn, got), 0); /* the peer has not said who it is */
  CHECK_INT(link_run(&l), SL_OK);
  if (want)
    X509_digest(cert, want, hash, &n);
  CHECK_INT(sl_tls_end_point(l.conn, got), n);
  CHECK_MEM(got, hash, n);
  link_done(&l);
  sl_tls_cache_free(cache);
  X509_free(cert);
}

TEST(by_the_hash_of_its_signature)
{
  binding_is(signed_by(pki.ca_key, EVP_sha256()), EVP_sha256());
  binding_is(signed_by(pki.ca_key, EVP_sha384()), EVP_sha384());
  binding_is(signed_by(pki.ca_key, EVP_sha512()), EVP_sha512());
}

TEST(weak_hashes_count_as_sha256)
{
  binding_is(signed_by(pki.ca_key, EVP_sha1()), EVP_sha256());
}

TEST(a_signature_without_a_hash_has_none)
{
  EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  binding_is(signed_by(key, NULL), NULL);
  EVP_PKEY_free(key);
}
