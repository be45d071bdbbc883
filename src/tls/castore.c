/* CA stores, shared by all configurations that name the same CAs and CRLs.
 *
 * Reading the system's bundle costs more than several handshakes, and a chain needs one of its 140
 * certificates, which the hashed directory beside it has: the bundle is read only when a subject
 * is found nowhere else. A bundle that the application names is read at once, for its errors. */
#include "tls/castore.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "tls/cert.h"
#include "tls/conn.h"
#include "tls/identity.h"

struct ca_store {
  struct list node;
  X509_STORE *store;
  int64_t built_s;
  unsigned char id[TLS_ID_LEN];
};

/* All certificates of a PEM text; false when there is none, or something is wrong with one. */
static bool add_blob(X509_STORE *store, const struct curl_blob *blob)
{
  BIO *in = sl_tls_source(NULL, blob);
  STACK_OF(X509_INFO) *found = NULL;
  int added = 0;
  bool good = true;
  if (in)
    found = PEM_X509_INFO_read_bio(in, NULL, sl_tls_no_password, NULL);
  for (int i = 0; good && i < sk_X509_INFO_num(found); i++) {
    const X509_INFO *info = sk_X509_INFO_value(found, i);
    if (info->x509) {
      good = X509_STORE_add_cert(store, info->x509);
      added++;
    }
    if (good && info->crl)
      good = X509_STORE_add_crl(store, info->crl);
  }
  sk_X509_INFO_pop_free(found, X509_INFO_free);
  BIO_free(in);
  return good && added;
}

/* ---- the system's bundle, kept ---------------------------------------------------------------- */

enum { BUNDLE_MAX = 16 << 20, BUNDLE_PIECE = 16384 };
static _Atomic(struct buf *) kept;

static void buf_free(struct buf *text)
{
  if (text)
    sl_buf_done(text);
  sl_free(text);
}

sl_result sl_tls_keep(void)
{
  struct buf *text = atomic_load(&kept) ? NULL : sl_calloc(1, sizeof *text);
  BIO *in = BIO_new_file(TLS_DEFAULT_CAINFO, "r");
  SSL_CTX *loads = SSL_CTX_new(TLS_client_method()); /* openssl.cnf and what it names */
  size_t n = 1;
  if (in && text) {
    sl_buf_init(text, BUNDLE_MAX);
    while (n && sl_buf_reserve(text, BUNDLE_PIECE) && BIO_read_ex(in, text->p + text->n, BUNDLE_PIECE, &n))
      text->n += (uint32_t)n;
  }
  bool nomem = !loads || (!text && !atomic_load(&kept)) || (text && text->nomem);
  if (text && text->n && sl_buf_ok(text))
    atomic_store(&kept, text);
  else
    buf_free(text);
  SSL_CTX_free(loads);
  BIO_free(in);
  ERR_clear_error();
  return nomem ? SL_NOMEM : SL_OK;
}

void sl_tls_forget(void)
{
  buf_free(atomic_exchange(&kept, NULL));
}

static bool add_kept(X509_STORE *store)
{
  struct buf *text = atomic_load(&kept);
  struct curl_blob blob = {.data = text ? text->p : NULL, .len = text ? text->n : 0};
  return text && add_blob(store, &blob);
}

/* ---- the system's bundle, when it is needed -------------------------------------------------- */

struct late_bundle {
  CRYPTO_RWLOCK *lock;
  X509_LOOKUP *file; /* of the same store */
  bool loaded;
};

static int late_new(X509_LOOKUP *lookup)
{
  struct late_bundle *late = sl_calloc(1, sizeof *late);
  if (!late)
    return 0;
  late->lock = CRYPTO_THREAD_lock_new();
  if (!late->lock) {
    sl_free(late);
    return 0;
  }
  return X509_LOOKUP_set_method_data(lookup, late);
}

static void late_free(X509_LOOKUP *lookup)
{
  struct late_bundle *late = X509_LOOKUP_get_method_data(lookup);
  if (late)
    CRYPTO_THREAD_lock_free(late->lock);
  sl_free(late);
}

/* What is given back is not counted: the store holds it (as the hashed directory does it). */
static int late_find(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                     X509_OBJECT *out)
{
  struct late_bundle *late = X509_LOOKUP_get_method_data(lookup);
  X509_STORE *store = X509_LOOKUP_get_store(lookup);
  X509 *cert = NULL;
  if (type != X509_LU_X509)
    return 0;
  CRYPTO_THREAD_write_lock(late->lock);
  bool first = !late->loaded;
  if (first && X509_load_cert_file(late->file, TLS_DEFAULT_CAINFO, X509_FILETYPE_PEM) <= 0) {
    add_kept(store);
    ERR_clear_error();
  }
  late->loaded = true;
  CRYPTO_THREAD_unlock(late->lock);
  X509_STORE_lock(store);
  X509_OBJECT *found = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
  if (found)
    cert = X509_OBJECT_get0_X509(found);
  int done = cert && X509_OBJECT_set1_X509(out, cert);
  X509_STORE_unlock(store);
  if (done)
    X509_free(cert);
  return done;
}

X509_LOOKUP_METHOD *sl_tls_castore_method(void)
{
  X509_LOOKUP_METHOD *method = X509_LOOKUP_meth_new("the system's CAs");
  if (method && X509_LOOKUP_meth_set_new_item(method, late_new) &&
      X509_LOOKUP_meth_set_free(method, late_free) &&
      X509_LOOKUP_meth_set_get_by_subject(method, late_find))
    return method;
  X509_LOOKUP_meth_free(method);
  return NULL;
}

/* ---- building -------------------------------------------------------------------------------- */

/* The system's own bundle is read late, unless the store is the application's to change. */
static bool add_file(const struct tls_cache *cache, X509_STORE *store, const char *path, bool late, bool systems)
{
  struct stat st;
  if (!late)
    return X509_STORE_load_file(store, path) || (systems && add_kept(store));
  X509_LOOKUP *file = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  X509_LOOKUP *lookup = X509_STORE_add_lookup(store, cache->late);
  if (!file || !lookup || (stat(path, &st) != 0 && !atomic_load(&kept)))
    return false;
  ((struct late_bundle *)X509_LOOKUP_get_method_data(lookup))->file = file;
  return true;
}

static bool add_crls(X509_STORE *store, const char *path)
{
  X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  return lookup && X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0;
}

static sl_result fill(struct tls_cache *cache, X509_STORE *store, const struct tls_config *config,
                      bool own, struct buf *err)
{
  const char *cainfo = sl_tls_cainfo(config), *capath = sl_tls_capath(config);
  unsigned long flags = X509_V_FLAG_TRUSTED_FIRST;
  if (config->crlfile)
    flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  else if (!(config->ssl_options & CURLSSLOPT_NO_PARTIALCHAIN))
    flags |= X509_V_FLAG_PARTIAL_CHAIN;
  if (!X509_STORE_set_flags(store, flags))
    return SL_NOMEM;
  if (config->cainfo_blob && !add_blob(store, config->cainfo_blob))
    return sl_tls_fail_text(err, CURLE_SSL_CACERT_BADFILE, "error importing CA certificate blob");
  if (capath && !X509_STORE_load_path(store, capath)) /* first: cheaper than a late bundle */
    return sl_tls_fail_text(err, CURLE_SSL_CACERT_BADFILE, "error setting certificate path: %s",
                            capath);
  if (cainfo && !add_file(cache, store, cainfo, !own && !config->cainfo, !config->cainfo))
    return sl_tls_fail_text(err, CURLE_SSL_CACERT_BADFILE, "error setting certificate file: %s",
                            cainfo);
  if (config->crlfile && !add_crls(store, config->crlfile))
    return sl_tls_fail_text(err, CURLE_SSL_CRL_BADFILE, "error loading CRL file: %s",
                            config->crlfile);
  return SL_OK;
}

static sl_result build(struct tls_cache *cache, const struct tls_config *config, bool own,
                       struct buf *err, X509_STORE **out_store)
{
  X509_STORE *store = X509_STORE_new();
  if (!store)
    return SL_NOMEM;
  sl_result result = fill(cache, store, config, own, err);
  ERR_clear_error();
  if (result == SL_OK)
    *out_store = store;
  else
    X509_STORE_free(store);
  return result;
}

/* ---- the cached ones ------------------------------------------------------------------------- */

static void ca_store_free(struct ca_store *s)
{
  X509_STORE_free(s->store);
  sl_free(s);
}

bool sl_tls_castore_fresh(const struct tls_config *config, int64_t built_s, int64_t now_s)
{
  if (config->ca_cache_timeout_s < 0)
    return true;
  return now_s >= built_s && now_s - built_s < config->ca_cache_timeout_s;
}

static X509_STORE *find(struct tls_cache *cache, const struct tls_config *config,
                        const unsigned char id[TLS_ID_LEN], int64_t now_s, int64_t *out_built_s)
{
  X509_STORE *store = NULL;
  CRYPTO_THREAD_write_lock(cache->lock);
  LIST_FOR_EACH(node, &cache->stores)
  {
    struct ca_store *s = LIST_ENTRY(node, struct ca_store, node);
    if (memcmp(s->id, id, TLS_ID_LEN) != 0 || !sl_tls_castore_fresh(config, s->built_s, now_s))
      continue;
    sl_list_unlink(node);
    sl_list_push_front(&cache->stores, node);
    X509_STORE_up_ref(s->store);
    store = s->store;
    *out_built_s = s->built_s;
    break;
  }
  CRYPTO_THREAD_unlock(cache->lock);
  return store;
}

/* Keeps it for others. When there is no memory for that, it serves this one alone. */
static void keep(struct tls_cache *cache, const unsigned char id[TLS_ID_LEN], X509_STORE *store,
                 int64_t now_s)
{
  struct list dead;
  struct ca_store *s = sl_calloc(1, sizeof *s);
  if (!s)
    return;
  X509_STORE_up_ref(store);
  s->store = store;
  s->built_s = now_s;
  memcpy(s->id, id, TLS_ID_LEN);
  sl_list_init(&dead);
  CRYPTO_THREAD_write_lock(cache->lock);
  LIST_FOR_EACH(node, &cache->stores)
  {
    bool same = memcmp(LIST_ENTRY(node, struct ca_store, node)->id, id, TLS_ID_LEN) == 0;
    if (same || (next_ == &cache->stores && cache->stores_n >= TLS_MAX_STORES)) {
      sl_list_unlink(node);
      sl_list_push_back(&dead, node);
      cache->stores_n--;
    }
  }
  sl_list_push_front(cache->closed ? &dead : &cache->stores, &s->node);
  cache->stores_n += !cache->closed;
  CRYPTO_THREAD_unlock(cache->lock);
  sl_tls_castore_free_all(&dead);
}

sl_result sl_tls_castore_get(struct tls_cache *cache, const struct tls_config *config, bool own,
                             int64_t now_s, struct buf *err, X509_STORE **out_store,
                             int64_t *out_built_s)
{
  unsigned char id[TLS_ID_LEN];
  bool cached = !own && config->ca_cache_timeout_s != 0;
  X509_STORE *store = NULL;
  if (cached && !sl_tls_store_identity(config, id))
    return SL_NOMEM;
  if (cached)
    store = find(cache, config, id, now_s, out_built_s);
  if (!store) {
    sl_result result = build(cache, config, own, err, &store);
    if (result != SL_OK)
      return result;
    *out_built_s = now_s;
    if (cached)
      keep(cache, id, store, now_s);
  }
  *out_store = store;
  return SL_OK;
}

void sl_tls_castore_clear(struct tls_cache *cache, struct list *out_dead)
{
  sl_list_splice(out_dead, &cache->stores);
  cache->stores_n = 0;
}

void sl_tls_castore_free_all(struct list *dead)
{
  LIST_FOR_EACH(node, dead)
  ca_store_free(LIST_ENTRY(node, struct ca_store, node));
  sl_list_init(dead);
}
