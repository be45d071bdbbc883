/* Identity and equality of configurations. Both go through the same tables, so that an option
 * cannot be forgotten in one of them: a field that is in neither table is compared by hand below,
 * and the size check at the end of this file makes whoever adds one come here. */
#include "tls/identity.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <sys/stat.h>

#define FIELD(name) offsetof(struct tls_config, name)

/* Files come first. */
static const size_t strings[] = {
    FIELD(cainfo),          FIELD(capath),
    FIELD(crlfile),         FIELD(issuercert),
    FIELD(sslcert),         FIELD(sslkey),
    FIELD(pinnedpublickey), FIELD(sslcerttype),
    FIELD(sslkeytype),      FIELD(keypasswd),
    FIELD(ssl_cipher_list), FIELD(tls13_ciphers),
    FIELD(ssl_ec_curves),   FIELD(ssl_signature_algorithms),
    FIELD(sslengine),
};
enum { STRINGS = sizeof strings / sizeof *strings, CA_FILES = 3, FILES = 7 };

static const size_t blobs[] = {FIELD(cainfo_blob), FIELD(issuercert_blob), FIELD(sslcert_blob),
                               FIELD(sslkey_blob)};
enum { BLOBS = sizeof blobs / sizeof *blobs };

static const char *string_at(const struct tls_config *config, size_t at)
{
  return *(char *const *)(const void *)((const char *)config + at);
}

static const struct curl_blob *blob_at(const struct tls_config *config, size_t at)
{
  return *(struct curl_blob *const *)(const void *)((const char *)config + at);
}

const char *sl_tls_cainfo(const struct tls_config *config)
{
  if (config->cainfo_blob)
    return NULL;
  if (!config->cainfo)
    return TLS_DEFAULT_CAINFO;
  return *config->cainfo ? config->cainfo : NULL;
}

const char *sl_tls_capath(const struct tls_config *config)
{
  if (!config->capath)
    return TLS_DEFAULT_CAPATH;
  return *config->capath ? config->capath : NULL;
}

bool sl_tls_needs_cas(const struct tls_config *config)
{
  return config->ssl_verifypeer || config->ssl_verifystatus;
}

/* ---- equality -------------------------------------------------------------------------------- */

static bool same_string(const char *a, const char *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_blob(const struct curl_blob *a, const struct curl_blob *b)
{
  return a == b || (a && b && a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

bool sl_tls_config_equal(const struct tls_config *a, const struct tls_config *b)
{
  for (size_t i = 0; i < STRINGS; i++) {
    if (!same_string(string_at(a, strings[i]), string_at(b, strings[i])))
      return false;
  }
  for (size_t i = 0; i < BLOBS; i++) {
    if (!same_blob(blob_at(a, blobs[i]), blob_at(b, blobs[i])))
      return false;
  }
  return a->ssl_ctx_function == b->ssl_ctx_function && a->ssl_ctx_data == b->ssl_ctx_data &&
         a->sslversion == b->sslversion && a->ssl_options == b->ssl_options &&
         a->ca_cache_timeout_s == b->ca_cache_timeout_s && a->ssl_verifypeer == b->ssl_verifypeer &&
         a->ssl_verifyhost == b->ssl_verifyhost && a->ssl_verifystatus == b->ssl_verifystatus &&
         a->ssl_sessionid_cache == b->ssl_sessionid_cache &&
         a->ssl_enable_alpn == b->ssl_enable_alpn && a->sslengine_default == b->sslengine_default &&
         a->certinfo == b->certinfo;
}

/* ---- identity -------------------------------------------------------------------------------- */

/* Each value goes in behind its length, so that no two sequences look alike; NULL is not "". */
static void add_bytes(EVP_MD_CTX *md, const void *p, size_t len)
{
  uint64_t tag = p ? len + 1 : 0;
  EVP_DigestUpdate(md, &tag, sizeof tag);
  if (p && len)
    EVP_DigestUpdate(md, p, len);
}

static void add_file(EVP_MD_CTX *md, const char *path)
{
  struct stat st;
  int64_t state[5] = {0};
  if (path && stat(path, &st) == 0) {
    state[0] = (int64_t)st.st_dev;
    state[1] = (int64_t)st.st_ino;
    state[2] = (int64_t)st.st_size;
    state[3] = (int64_t)st.st_mtim.tv_sec;
    state[4] = (int64_t)st.st_mtim.tv_nsec;
  }
  EVP_DigestUpdate(md, state, sizeof state);
}

static void add_cas(EVP_MD_CTX *md, const struct tls_config *config)
{
  const struct curl_blob *blob = config->cainfo_blob;
  const char *paths[CA_FILES] = {sl_tls_cainfo(config), sl_tls_capath(config), config->crlfile};
  for (size_t i = 0; i < CA_FILES; i++) {
    add_bytes(md, paths[i], paths[i] ? strlen(paths[i]) : 0);
    add_file(md, paths[i]);
  }
  add_bytes(md, blob ? blob->data : NULL, blob ? blob->len : 0);
}

static void add_config(EVP_MD_CTX *md, const struct tls_config *config, bool keylog)
{
  long numbers[] = {config->sslversion,
                    config->ssl_options,
                    config->ca_cache_timeout_s,
                    config->ssl_verifypeer,
                    config->ssl_verifyhost,
                    config->ssl_verifystatus,
                    config->ssl_sessionid_cache,
                    config->ssl_enable_alpn,
                    config->sslengine_default,
                    config->certinfo,
                    keylog};
  EVP_DigestUpdate(md, numbers, sizeof numbers);
  EVP_DigestUpdate(md, &config->ssl_ctx_function, sizeof config->ssl_ctx_function);
  EVP_DigestUpdate(md, &config->ssl_ctx_data, sizeof config->ssl_ctx_data);
  for (size_t i = 0; i < STRINGS; i++) {
    const char *s = string_at(config, strings[i]);
    add_bytes(md, s, s ? strlen(s) : 0);
    if (i >= CA_FILES && i < FILES)
      add_file(md, s);
  }
  for (size_t i = 0; i < BLOBS; i++) {
    const struct curl_blob *blob = blob_at(config, blobs[i]);
    add_bytes(md, blob ? blob->data : NULL, blob ? blob->len : 0);
  }
  if (sl_tls_needs_cas(config))
    add_cas(md, config);
}

bool sl_tls_identity(const struct tls_config *config, bool keylog, unsigned char out_id[TLS_ID_LEN])
{
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  bool done = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL);
  if (done) {
    add_config(md, config, keylog);
    done = EVP_DigestFinal_ex(md, out_id, NULL);
  }
  EVP_MD_CTX_free(md);
  return done;
}

bool sl_tls_store_identity(const struct tls_config *config, unsigned char out_id[TLS_ID_LEN])
{
  long partial = config->ssl_options & CURLSSLOPT_NO_PARTIALCHAIN;
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  bool done = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL);
  if (done) {
    EVP_DigestUpdate(md, &partial, sizeof partial);
    add_cas(md, config);
    done = EVP_DigestFinal_ex(md, out_id, NULL);
  }
  EVP_MD_CTX_free(md);
  return done;
}

/* A field was added or removed? Then the tables above, config_equal and add_config need it, too. */
_Static_assert(sizeof(struct tls_config) ==
                   (STRINGS + BLOBS) * sizeof(void *) + 2 * sizeof(void *) + 3 * sizeof(long) + 8,
               "struct tls_config has changed");
