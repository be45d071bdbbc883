/* CURLINFO_CERTINFO: the peer's chain as name and value pairs. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/conn.h"

struct emitter {
  sl_result (*add)(void *ctx, int cert, const char *name, struct slice value);
  void *ctx;
  int cert;
  BIO *mem; /* one value after the other */
  sl_result result;
};

int sl_tls_cert_count(const struct tls_conn *conn)
{
  int n = sk_X509_num(SSL_get_peer_cert_chain(conn->ssl));
  return n > 0 ? n : 0;
}

/* What has been written to e->mem is the value of `name`. */
static void emit(struct emitter *e, const char *name)
{
  char *text = NULL;
  long len = BIO_get_mem_data(e->mem, &text);
  if (e->result == SL_OK)
    e->result = e->add(e->ctx, e->cert, name, slice_of(text, len > 0 ? (size_t)len : 0));
  if (BIO_reset(e->mem) != 1 && e->result == SL_OK)
    e->result = SL_NOMEM;
}

static void emit_name(struct emitter *e, const char *name, const X509_NAME *value)
{
  X509_NAME_print_ex(e->mem, value, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  emit(e, name);
}

static void put_hex(struct emitter *e, const ASN1_STRING *s, const char *after)
{
  const unsigned char *bytes = ASN1_STRING_get0_data(s);
  for (int i = 0; i < ASN1_STRING_length(s); i++)
    BIO_printf(e->mem, "%02x%s", bytes[i], after);
}

static void emit_extensions(struct emitter *e, X509 *cert)
{
  char name[128];
  for (int i = 0; i < X509_get_ext_count(cert); i++) {
    X509_EXTENSION *extension = X509_get_ext(cert, i);
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
    if (OBJ_obj2txt(name, sizeof name, object, 0) <= 0)
      continue;
    if (!X509V3_EXT_print(e->mem, extension, 0, 0))
      ASN1_STRING_print(e->mem, X509_EXTENSION_get_data(extension));
    emit(e, name);
  }
}

static void emit_number(struct emitter *e, const char *name, EVP_PKEY *key, const char *param)
{
  BIGNUM *n = NULL;
  if (!EVP_PKEY_get_bn_param(key, param, &n))
    return;
  BN_print(e->mem, n);
  emit(e, name);
  BN_free(n);
}

static void emit_ec(struct emitter *e, EVP_PKEY *key)
{
  char group[64];
  unsigned char point[256];
  size_t len;
  BIO_printf(e->mem, "%d", EVP_PKEY_get_bits(key));
  emit(e, "ECC Public Key");
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &len)) {
    BIO_puts(e->mem, group);
    emit(e, "ec(group)");
  }
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point,
                                      &len)) {
    for (size_t i = 0; i < len; i++)
      BIO_printf(e->mem, "%02X", point[i]);
    emit(e, "ec(pub)");
  }
}

static void emit_key(struct emitter *e, X509 *cert)
{
  EVP_PKEY *key = X509_get0_pubkey(cert);
  if (!key)
    return;
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    BIO_printf(e->mem, "%d", EVP_PKEY_get_bits(key));
    emit(e, "RSA Public Key");
    emit_number(e, "rsa(n)", key, OSSL_PKEY_PARAM_RSA_N);
    emit_number(e, "rsa(e)", key, OSSL_PKEY_PARAM_RSA_E);
  } else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
    emit_ec(e, key);
  } else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_DSA) {
    emit_number(e, "dsa(p)", key, OSSL_PKEY_PARAM_FFC_P);
    emit_number(e, "dsa(q)", key, OSSL_PKEY_PARAM_FFC_Q);
    emit_number(e, "dsa(g)", key, OSSL_PKEY_PARAM_FFC_G);
    emit_number(e, "dsa(pub_key)", key, OSSL_PKEY_PARAM_PUB_KEY);
  }
}

static void emit_algorithms(struct emitter *e, X509 *cert)
{
  const X509_ALGOR *algorithm = X509_get0_tbs_sigalg(cert);
  const ASN1_OBJECT *object = NULL;
  ASN1_OBJECT *key_object = NULL;
  X509_ALGOR_get0(&object, NULL, NULL, algorithm);
  i2a_ASN1_OBJECT(e->mem, object);
  emit(e, "Signature Algorithm");
  if (X509_PUBKEY_get0_param(&key_object, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert))) {
    i2a_ASN1_OBJECT(e->mem, key_object);
    emit(e, "Public Key Algorithm");
  }
}

static void emit_cert(struct emitter *e, X509 *cert)
{
  const ASN1_BIT_STRING *signature = NULL;
  const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
  emit_name(e, "Subject", X509_get_subject_name(cert));
  emit_name(e, "Issuer", X509_get_issuer_name(cert));
  BIO_printf(e->mem, "%lx", (unsigned long)X509_get_version(cert));
  emit(e, "Version");
  BIO_puts(e->mem, ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" : "");
  put_hex(e, serial, "");
  emit(e, "Serial Number");
  emit_algorithms(e, cert);
  emit_extensions(e, cert);
  ASN1_TIME_print(e->mem, X509_get0_notBefore(cert));
  emit(e, "Start date");
  ASN1_TIME_print(e->mem, X509_get0_notAfter(cert));
  emit(e, "Expire date");
  emit_key(e, cert);
  X509_get0_signature(&signature, NULL, cert);
  put_hex(e, signature, ":");
  emit(e, "Signature");
  PEM_write_bio_X509(e->mem, cert);
  emit(e, "Cert");
}

sl_result sl_tls_certinfo(const struct tls_conn *conn,
                          sl_result (*add)(void *ctx, int cert, const char *name,
                                           struct slice value),
                          void *ctx)
{
  struct emitter e = {.add = add, .ctx = ctx, .mem = BIO_new(BIO_s_mem())};
  STACK_OF(X509) *chain = SSL_get_peer_cert_chain(conn->ssl);
  if (!e.mem)
    return SL_NOMEM;
  for (e.cert = 0; e.result == SL_OK && e.cert < sk_X509_num(chain); e.cert++)
    emit_cert(&e, sk_X509_value(chain, e.cert));
  BIO_free(e.mem);
  ERR_clear_error();
  return e.result;
}
