/* From a configuration to an SSL_CTX. One with an ssl_ctx_function belongs to its connection alone
 * and resumes nothing: nobody knows what the function does to it. */
#include "tls/ctx.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/mem.h"
#include "tls/castore.h"
#include "tls/cert.h"
#include "tls/conn.h"
#include "tls/identity.h"
#include "tls/verify.h"

enum { READ_AHEAD = 64 * 1024, MAX_PIN_FILE = 1024 * 1024 };

static void ctx_free(struct tls_ctx *ctx)
{
  SSL_CTX_free(ctx->ssl);
  X509_free(ctx->issuer);
  sl_free(ctx->issuer_name);
  sl_free(ctx->pins);
  sl_free(ctx->pin);
  sl_free(ctx);
}

void sl_tls_ctx_unref(struct tls_ctx *ctx)
{
  if (ctx && atomic_fetch_sub_explicit(&ctx->refs, 1, memory_order_acq_rel) == 1)
    ctx_free(ctx);
}

/* ---- versions and ciphers -------------------------------------------------------------------- */

static sl_result use_versions(SSL_CTX *ssl, const struct tls_config *config, struct buf *err)
{
  static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
  long lowest = config->sslversion & 0xffff, highest = config->sslversion >> 16;
  if (lowest == CURL_SSLVERSION_DEFAULT)
    lowest = CURL_SSLVERSION_TLSv1_2;
  else if (lowest == CURL_SSLVERSION_TLSv1)
    lowest = CURL_SSLVERSION_TLSv1_0;
  if (highest == CURL_SSLVERSION_MAX_DEFAULT >> 16)
    highest = 0;
  if (lowest < CURL_SSLVERSION_TLSv1_0 || lowest > CURL_SSLVERSION_TLSv1_3 ||
      (highest && (highest < CURL_SSLVERSION_TLSv1_0 || highest > CURL_SSLVERSION_TLSv1_3)))
    return sl_tls_fail_text(err, CURLE_BAD_FUNCTION_ARGUMENT, "unsupported TLS version");
  if (highest && highest < lowest)
    return sl_tls_fail_text(err, CURLE_SSL_CONNECT_ERROR,
                            "CURL_SSLVERSION_MAX incompatible with CURL_SSLVERSION");
  if (!SSL_CTX_set_min_proto_version(ssl, versions[lowest - CURL_SSLVERSION_TLSv1_0]) ||
      !SSL_CTX_set_max_proto_version(ssl,
                                     highest ? versions[highest - CURL_SSLVERSION_TLSv1_0] : 0))
    return sl_tls_fail_text(err, CURLE_SSL_CONNECT_ERROR, "could not set the range of versions");
  return SL_OK;
}

static sl_result use_ciphers(SSL_CTX *ssl, const struct tls_config *config, struct buf *err)
{
  const char *ciphers = config->ssl_cipher_list, *suites = config->tls13_ciphers;
  const char *curves = config->ssl_ec_curves, *algorithms = config->ssl_signature_algorithms;
  if (ciphers && !SSL_CTX_set_cipher_list(ssl, ciphers))
    return sl_tls_fail_text(err, CURLE_SSL_CIPHER, "failed setting cipher list: %s", ciphers);
  if (suites && !SSL_CTX_set_ciphersuites(ssl, suites))
    return sl_tls_fail_text(err, CURLE_SSL_CIPHER, "failed setting TLS 1.3 cipher suite: %s",
                            suites);
  if (curves && !SSL_CTX_set1_curves_list(ssl, curves))
    return sl_tls_fail_text(err, CURLE_SSL_CIPHER, "failed setting curves list: '%s'", curves);
  if (algorithms && !SSL_CTX_set1_sigalgs_list(ssl, algorithms))
    return sl_tls_fail_text(err, CURLE_SSL_CIPHER, "failed setting signature algorithms: '%s'",
                            algorithms);
  return SL_OK;
}

/* ---- what the peer is checked against -------------------------------------------------------- */

static sl_result use_issuer(struct tls_ctx *ctx, const struct tls_config *config, struct buf *err)
{
  const char *name = config->issuercert_blob ? "(memory blob)" : config->issuercert;
  if (!name)
    return SL_OK;
  BIO *in = sl_tls_source(config->issuercert, config->issuercert_blob);
  if (!in)
    return sl_tls_fail_text(err, CURLE_SSL_ISSUER_ERROR, "SSL: Unable to open issuer cert (%s)",
                            name);
  ctx->issuer = PEM_read_bio_X509(in, NULL, sl_tls_no_password, NULL);
  BIO_free(in);
  if (!ctx->issuer)
    return sl_tls_fail_text(err, CURLE_SSL_ISSUER_ERROR, "SSL: Unable to read issuer cert (%s)",
                            name);
  ctx->issuer_name = sl_strdup(name);
  return ctx->issuer_name ? SL_OK : SL_NOMEM;
}

/* The file's bytes: of a public key in PEM, or as they are. Nothing: the pin matches nobody. */
static sl_result read_pin(struct tls_ctx *ctx, const char *path)
{
  sl_result result = SL_OK;
  char *name = NULL;
  unsigned char *data = NULL;
  long len = 0;
  BIO *in = BIO_new_file(path, "rb");
  if (!in)
    return SL_OK;
  if (!PEM_bytes_read_bio(&data, &len, &name, PEM_STRING_PUBLIC, in, NULL, NULL)) {
    data = OPENSSL_malloc(MAX_PIN_FILE);
    if (data && BIO_reset(in) == 0)
      len = BIO_read(in, data, MAX_PIN_FILE);
  }
  if (data && len > 0) {
    ctx->pin = sl_malloc((size_t)len);
    if (ctx->pin)
      memcpy(ctx->pin, data, ctx->pin_len = (size_t)len);
    else
      result = SL_NOMEM;
  }
  OPENSSL_free(name);
  OPENSSL_free(data);
  BIO_free(in);
  return result;
}

static sl_result use_pin(struct tls_ctx *ctx, const char *pin)
{
  if (!pin)
    return SL_OK;
  ctx->pinned = true;
  if (strncmp(pin, "sha256//", 8) != 0)
    return read_pin(ctx, pin);
  ctx->pins = sl_strdup(pin);
  return ctx->pins ? SL_OK : SL_NOMEM;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void use_options(struct tls_ctx *ctx, const struct tls_config *config)
{
  uint64_t options = SSL_OP_ALL | SSL_OP_NO_COMPRESSION;
  if (!(config->ssl_options & CURLSSLOPT_ALLOW_BEAST))
    options &= ~(uint64_t)SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS; /* in SSL_OP_ALL */
  SSL_CTX_set_options(ctx->ssl, options);
  /* Not SSL_MODE_RELEASE_BUFFERS, which allocates anew for each record: sl_tls_idle() is asked to release. */
  SSL_CTX_set_mode(ctx->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx->ssl, 1);
  SSL_CTX_set_default_read_buffer_len(ctx->ssl, READ_AHEAD);
  if (ctx->sessions) {
    SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx->ssl, sl_tls_on_session);
  } else {
    SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_OFF);
  }
  /* always asked for the verdict: it is sl_tls_verify_cert that knows whether it counts */
  SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback(ctx->ssl, sl_tls_verify_cert, NULL);
  if (ctx->verifystatus) {
    SSL_CTX_set_tlsext_status_type(ctx->ssl, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(ctx->ssl, sl_tls_verify_status);
  }
}

static sl_result use_cas(struct tls_cache *cache, struct tls_ctx *ctx,
                         const struct tls_config *config, int64_t now_s, struct buf *err)
{
  X509_STORE *store = NULL;
  bool own = config->ssl_ctx_function != NULL;
  if (!sl_tls_needs_cas(config))
    return SL_OK;
  sl_result result = sl_tls_castore_get(cache, config, own, now_s, err, &store, &ctx->store_s);
  if (result == SL_OK)
    SSL_CTX_set_cert_store(ctx->ssl, store);
  return result;
}

static sl_result use_client_cert(struct tls_ctx *ctx, const struct tls_config *config,
                                 struct buf *err)
{
  if (config->sslengine && *config->sslengine)
    return sl_tls_fail_text(err, CURLE_SSL_ENGINE_NOTFOUND, "SSL Engine '%s' not found",
                            config->sslengine);
  if (!sl_tls_cert_wanted(config))
    return SL_OK;
  ctx->client_cert = true;
  SSL_CTX_set_post_handshake_auth(ctx->ssl, 1);
  return sl_tls_cert_use(ctx->ssl, config, err);
}

static sl_result fill(struct tls_cache *cache, struct tls_ctx *ctx, const struct tls_config *config,
                      const struct tls_params *params)
{
  struct buf *err = params->err;
  sl_result result = use_versions(ctx->ssl, config, err);
  if (result == SL_OK)
    result = use_ciphers(ctx->ssl, config, err);
  if (result == SL_OK)
    result = use_client_cert(ctx, config, err);
  if (result == SL_OK)
    result = use_cas(cache, ctx, config, params->now_s, err);
  if (result == SL_OK)
    result = use_issuer(ctx, config, err);
  if (result == SL_OK)
    result = use_pin(ctx, config->pinnedpublickey);
  if (result != SL_OK || !config->ssl_ctx_function)
    return result;
  result = (sl_result)config->ssl_ctx_function(params->easy, ctx->ssl, config->ssl_ctx_data);
  return result == SL_OK ? SL_OK
                         : sl_tls_fail_text(err, result, "error signaled by SSL ctx callback");
}

static sl_result build(struct tls_cache *cache, const struct tls_config *config,
                       const struct tls_params *params, struct tls_ctx **out_ctx)
{
  char reason[TLS_REASON_MAX];
  struct tls_ctx *ctx = sl_calloc(1, sizeof *ctx);
  if (!ctx)
    return SL_NOMEM;
  atomic_init(&ctx->refs, 1);
  sl_list_init(&ctx->node);
  ctx->verifypeer = config->ssl_verifypeer;
  ctx->verifyhost = config->ssl_verifyhost;
  ctx->verifystatus = config->ssl_verifystatus;
  ctx->alpn = config->ssl_enable_alpn;
  /* a resumed session brings no stapled response, so there is none with ssl_verifystatus */
  ctx->sessions =
      config->ssl_sessionid_cache && !config->ssl_verifystatus && !config->ssl_ctx_function;
  ctx->ssl = SSL_CTX_new(TLS_client_method());
  if (!ctx->ssl) {
    sl_free(ctx);
    return sl_tls_fail_text(params->err, CURLE_OUT_OF_MEMORY, "SSL: could not create a context: %s",
                            sl_tls_reason(reason, ERR_peek_error()));
  }
  use_options(ctx, config);
  if (params->keylog)
    SSL_CTX_set_keylog_callback(ctx->ssl, sl_tls_on_secret);
  sl_result result = fill(cache, ctx, config, params);
  ERR_clear_error();
  if (result == SL_OK)
    *out_ctx = ctx;
  else
    ctx_free(ctx);
  return result;
}

/* ---- the cached ones ------------------------------------------------------------------------- */

static struct tls_ctx *find(struct tls_cache *cache, const struct tls_config *config,
                            const unsigned char id[TLS_ID_LEN], int64_t now_s)
{
  struct tls_ctx *found = NULL;
  CRYPTO_THREAD_write_lock(cache->lock);
  LIST_FOR_EACH(node, &cache->contexts)
  {
    struct tls_ctx *ctx = LIST_ENTRY(node, struct tls_ctx, node);
    if (memcmp(ctx->id, id, TLS_ID_LEN) != 0)
      continue;
    if (sl_tls_needs_cas(config) && !sl_tls_castore_fresh(config, ctx->store_s, now_s))
      continue;
    sl_list_unlink(node);
    sl_list_push_front(&cache->contexts, node);
    atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
    found = ctx;
    break;
  }
  CRYPTO_THREAD_unlock(cache->lock);
  return found;
}

static void keep(struct tls_cache *cache, struct tls_ctx *ctx)
{
  struct list dead;
  sl_list_init(&dead);
  CRYPTO_THREAD_write_lock(cache->lock);
  LIST_FOR_EACH(node, &cache->contexts)
  {
    bool same = memcmp(LIST_ENTRY(node, struct tls_ctx, node)->id, ctx->id, TLS_ID_LEN) == 0;
    if (same || (next_ == &cache->contexts && cache->contexts_n >= TLS_MAX_CONTEXTS)) {
      sl_list_unlink(node);
      sl_list_push_back(&dead, node);
      cache->contexts_n--;
    }
  }
  if (!cache->closed) {
    atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
    sl_list_push_front(&cache->contexts, &ctx->node);
    cache->contexts_n++;
  }
  CRYPTO_THREAD_unlock(cache->lock);
  sl_tls_ctx_free_all(&dead);
}

sl_result sl_tls_ctx_get(struct tls_cache *cache, const struct tls_config *config,
                         const struct tls_params *params, struct tls_ctx **out_ctx)
{
  unsigned char id[TLS_ID_LEN];
  bool cached =
      !config->ssl_ctx_function && (config->ca_cache_timeout_s != 0 || !sl_tls_needs_cas(config));
  if (!sl_tls_identity(config, params->keylog != NULL, id))
    return SL_NOMEM;
  struct tls_ctx *ctx = cached ? find(cache, config, id, params->now_s) : NULL;
  if (!ctx) {
    sl_result result = build(cache, config, params, &ctx);
    if (result != SL_OK)
      return result;
    memcpy(ctx->id, id, TLS_ID_LEN);
    if (cached)
      keep(cache, ctx);
  }
  *out_ctx = ctx;
  return SL_OK;
}

void sl_tls_ctx_clear(struct tls_cache *cache, struct list *out_dead)
{
  sl_list_splice(out_dead, &cache->contexts);
  cache->contexts_n = 0;
}

void sl_tls_ctx_free_all(struct list *dead)
{
  LIST_FOR_EACH(node, dead)
  {
    sl_list_unlink(node);
    sl_tls_ctx_unref(LIST_ENTRY(node, struct tls_ctx, node));
  }
}
