#include <sys/resource.h>

#include "tls/cache.h"

#include <pthread.h>
#include <sys/stat.h>

#include "tests/unit/tls/fixture.h"
#include "tls/castore.h"
#include "tls/identity.h"

/* ---- where CAs come from --------------------------------------------------------------------- */

static sl_result connect_once(struct link *l)
{
  sl_result result = link_connect(l);
  sl_tls_free(l->conn);
  SSL_free(l->server);
  l->conn = NULL;
  l->server = NULL;
  memset(&l->wire, 0, sizeof l->wire);
  return result;
}

TEST(takes_cas_from_files_folders_and_memory)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory m;
  struct link l;
  char name[32], folder[128];
  static char missing[] = "/nonexistent/ca", none[] = "";
  cert_pem(&m, pki.ca);
  link_init(&l, cache);
  l.config.cainfo_blob = NULL;
  l.config.cainfo = write_blob("ca.pem", &m.blob);
  CHECK_INT(connect_once(&l), SL_OK);

  snprintf(name, sizeof name, "%08lx.0",
           X509_NAME_hash_ex(X509_get_subject_name(pki.ca), NULL, NULL, NULL));
  write_blob(name, &m.blob);
  snprintf(folder, sizeof folder, "%s", scratch_dir);
  l.config.cainfo = none;
  l.config.capath = folder;
  CHECK_INT(connect_once(&l), SL_OK);

  l.config.capath = none; /* no CA at all */
  CHECK_INT(connect_once(&l), CURLE_PEER_FAILED_VERIFICATION);
  l.config.cainfo = missing;
  CHECK_INT(connect_once(&l), CURLE_SSL_CACERT_BADFILE);
  CHECK_STR(link_error(&l), "error setting certificate file: /nonexistent/ca");
  sl_buf_clear(&l.err);
  l.config.cainfo = write_file("garbage", "garbage", 7);
  CHECK_INT(connect_once(&l), CURLE_SSL_CACERT_BADFILE);
  sl_buf_clear(&l.err);
  l.config.cainfo_blob = &m.blob; /* goes before the file */
  CHECK_INT(connect_once(&l), SL_OK);
  m.blob.len = 40;
  CHECK_INT(connect_once(&l), CURLE_SSL_CACERT_BADFILE);
  CHECK_STR(link_error(&l), "error importing CA certificate blob");
  l.config.ssl_verifypeer = false; /* then nobody looks */
  CHECK_INT(connect_once(&l), SL_OK);
  l.config.cainfo_blob = NULL;
  l.config.cainfo = missing;
  CHECK_INT(connect_once(&l), SL_OK);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(a_changed_file_is_read_again)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory right, wrong;
  struct link l;
  cert_pem(&right, pki.ca);
  cert_pem(&wrong, pki.other_ca);
  link_init(&l, cache);
  l.config.cainfo_blob = NULL;
  char *path = write_blob("changing.pem", &right.blob);
  l.config.cainfo = path;
  CHECK_INT(connect_once(&l), SL_OK);
  CHECK_INT(connect_once(&l), SL_OK);
  CHECK_INT(cache->stores_n, 1);
  CHECK_INT(cache->contexts_n, 1);
  CHECK(write_blob("changing.pem", &wrong.blob) != NULL);
  l.config.cainfo = path;
  CHECK_INT(connect_once(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_INT(connect_once(&l), CURLE_PEER_FAILED_VERIFICATION);
  link_done(&l);
  sl_tls_cache_free(cache);
}

static X509_STORE *store_of(struct link *l)
{
  X509_STORE *store = NULL;
  if (CHECK_INT(link_open(l), SL_OK))
    store = SSL_CTX_get_cert_store(sl_tls_ssl_ctx(l->conn));
  link_close(l);
  return store;
}

TEST(cas_are_kept_for_their_time)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  l.config.ca_cache_timeout_s = 100;
  X509_STORE *first = store_of(&l);
  X509_STORE_up_ref(first); /* so that its address is not taken again */
  l.params.now_s += 99;
  CHECK(store_of(&l) == first);
  l.params.now_s += 1;
  X509_STORE *second = store_of(&l);
  X509_STORE_up_ref(second);
  CHECK(second != first);
  l.params.now_s -= 1000; /* a clock that was put back */
  X509_STORE *third = store_of(&l);
  CHECK(third != first && third != second);
  CHECK_INT(cache->contexts_n, 1);
  CHECK_INT(cache->stores_n, 1);
  X509_STORE_free(first);
  X509_STORE_free(second);

  l.config.ca_cache_timeout_s = -1;
  first = store_of(&l);
  l.params.now_s += 1000000000;
  CHECK(store_of(&l) == first);
  unsigned contexts = cache->contexts_n, stores = cache->stores_n;
  l.config.ca_cache_timeout_s = 0;
  store_of(&l);
  CHECK_INT(cache->contexts_n, contexts);
  CHECK_INT(cache->stores_n, stores);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(contexts_and_stores_are_bounded)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  for (long i = 0; i < 3 * TLS_MAX_CONTEXTS; i++) {
    l.config.ca_cache_timeout_s = 1000 + i; /* as good a difference as any */
    store_of(&l);
  }
  CHECK_INT(cache->contexts_n, TLS_MAX_CONTEXTS);
  CHECK_INT(cache->stores_n, 1); /* all of them share it */
  struct memory m;
  for (int i = 0; i < 3 * TLS_MAX_STORES; i++) {
    cert_pem(&m, pki.ca);
    m.blob.len += (size_t)snprintf(m.bytes + m.blob.len, 32, "# %d\n", i);
    l.config.cainfo_blob = &m.blob;
    store_of(&l);
  }
  CHECK_INT(cache->stores_n, TLS_MAX_STORES);
  sl_tls_cache_clear(cache);
  CHECK_INT(cache->contexts_n + cache->stores_n, 0);
  link_done(&l);
  sl_tls_cache_free(cache);
}

static CURLcode add_ca(CURL *easy, void *ssl_ctx, void *data)
{
  (void)easy;
  X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl_ctx), data);
  return CURLE_OK;
}

/* Applications add their CA in the ssl_ctx_function: nobody else may come to trust it. */
TEST(what_an_application_adds_is_its_own)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory other;
  struct link l;
  link_init(&l, cache);
  l.config.cainfo_blob = cert_pem(&other, pki.other_ca);
  CHECK_INT(connect_once(&l), CURLE_PEER_FAILED_VERIFICATION);
  l.config.ssl_ctx_function = add_ca;
  l.config.ssl_ctx_data = pki.ca;
  CHECK_INT(connect_once(&l), SL_OK);
  l.config.ssl_ctx_function = NULL;
  l.config.ssl_ctx_data = NULL;
  CHECK_INT(connect_once(&l), CURLE_PEER_FAILED_VERIFICATION);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- the system's CAs ------------------------------------------------------------------------ */

/* Verifies a certificate of the system's bundle against what a configuration trusts. */
static bool trusts(struct tls_cache *cache, const struct tls_config *config, X509 *cert)
{
  X509_STORE *store = NULL;
  int64_t built_s;
  if (!CHECK_INT(sl_tls_castore_get(cache, config, false, time(NULL), NULL, &store, &built_s),
                 SL_OK))
    return false;
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  X509_STORE_CTX_init(ctx, store, cert, NULL);
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_NO_CHECK_TIME);
  bool good = X509_verify_cert(ctx) == 1;
  X509_STORE_CTX_free(ctx);
  X509_STORE_free(store);
  return good;
}

static int count_of(struct tls_cache *cache, const struct tls_config *config)
{
  X509_STORE *store = NULL;
  int64_t built_s;
  if (sl_tls_castore_get(cache, config, false, time(NULL), NULL, &store, &built_s) != SL_OK)
    return -1;
  int n = sk_X509_OBJECT_num(X509_STORE_get0_objects(store));
  X509_STORE_free(store);
  return n;
}

TEST(the_systems_bundle_is_read_when_it_is_needed)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct tls_config config = TLS_CONFIG_DEFAULT;
  static char none[] = "";
  FILE *file = fopen(TLS_DEFAULT_CAINFO, "rb");
  if (!file) {
    printf("# no CAs on this system\n");
    sl_tls_cache_free(cache);
    return;
  }
  X509 *root = PEM_read_X509(file, NULL, NULL, NULL);
  fclose(file);
  CHECK_INT(count_of(cache, &config), 0);
  CHECK(trusts(cache, &config, root));
  CHECK_INT(count_of(cache, &config), 1); /* from the folder */
  CHECK(!trusts(cache, &config, pki.leaf));
  CHECK(count_of(cache, &config) > 20); /* now it was looked for everywhere */
  CHECK(trusts(cache, &config, root));

  config.capath = none;
  CHECK_INT(count_of(cache, &config), 0);
  CHECK(trusts(cache, &config, root));
  CHECK(count_of(cache, &config) > 20);
  CHECK(!trusts(cache, &config, pki.leaf));

  config.cainfo = none;
  CHECK(!trusts(cache, &config, root));
  X509_free(root);
  sl_tls_cache_free(cache);
}

/* For a process that may open no files any more: with the limit at 0 it cannot. */
TEST(the_systems_bundle_is_kept)
{
  struct tls_cache *cache = sl_tls_cache_new(), *own_cache = sl_tls_cache_new();
  struct tls_config config = TLS_CONFIG_DEFAULT;
  struct rlimit before, none = {0};
  FILE *file = fopen(TLS_DEFAULT_CAINFO, "rb");
  if (file) {
    X509 *root = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    getrlimit(RLIMIT_NOFILE, &before);
    none.rlim_max = before.rlim_max;
    CHECK_INT(sl_tls_keep(), SL_OK);
    CHECK_INT(sl_tls_keep(), SL_OK);
    setrlimit(RLIMIT_NOFILE, &none);
    CHECK(trusts(cache, &config, root));
    CHECK(!trusts(cache, &config, pki.leaf));
    CHECK(count_of(cache, &config) > 20);
    config.ssl_ctx_function = add_ca; /* its store is whole from the beginning */
    CHECK(trusts(own_cache, &config, root));
    config.ssl_ctx_function = NULL;
    sl_tls_forget();
    sl_tls_cache_clear(cache);
    CHECK(!trusts(cache, &config, root));
    setrlimit(RLIMIT_NOFILE, &before);
    X509_free(root);
  }
  sl_tls_cache_free(cache);
  sl_tls_cache_free(own_cache);
}

TEST(keeping_without_memory)
{
  sl_result last = SL_OK;
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = sl_tls_keep();
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_tls_forget();
  }
  CHECK_INT(last, SL_OK);
}

/* ---- identity -------------------------------------------------------------------------------- */

/* Every field, each set to something else. */
static void change(struct tls_config *config, size_t field)
{
  static char text[] = "other", *more = text;
  static struct curl_blob blob = {.data = text, .len = 5, .flags = 0};
  char **const strings[] = {
      &config->cainfo,          &config->capath,
      &config->crlfile,         &config->issuercert,
      &config->sslcert,         &config->sslcerttype,
      &config->sslkey,          &config->sslkeytype,
      &config->keypasswd,       &config->pinnedpublickey,
      &config->ssl_cipher_list, &config->tls13_ciphers,
      &config->ssl_ec_curves,   &config->ssl_signature_algorithms,
      &config->sslengine,
  };
  struct curl_blob **const blobs[] = {&config->cainfo_blob, &config->issuercert_blob,
                                      &config->sslcert_blob, &config->sslkey_blob};
  long *const numbers[] = {&config->sslversion, &config->ssl_options, &config->ca_cache_timeout_s};
  bool *const switches[] = {&config->ssl_verifypeer,   &config->ssl_verifyhost,
                            &config->ssl_verifystatus, &config->ssl_sessionid_cache,
                            &config->ssl_enable_alpn,  &config->sslengine_default,
                            &config->certinfo};
  if (field < 15)
    *strings[field] = more;
  else if (field < 19)
    *blobs[field - 15] = &blob;
  else if (field < 22)
    *numbers[field - 19] += 1;
  else if (field < 29)
    *switches[field - 22] ^= true;
  else if (field == 29)
    config->ssl_ctx_function = add_ca;
  else
    config->ssl_ctx_data = text;
}

TEST(lesson_6_every_field_is_part_of_the_identity)
{
  struct tls_config base = TLS_CONFIG_DEFAULT, other;
  unsigned char ids[32][TLS_ID_LEN];
  CHECK(sl_tls_identity(&base, false, ids[31]));
  for (size_t field = 0; field < 31; field++) {
    other = base;
    CHECK(sl_tls_config_equal(&base, &other));
    change(&other, field);
    if (!CHECK(!sl_tls_config_equal(&base, &other)) || !CHECK(!sl_tls_config_equal(&other, &base)))
      printf("# field %zu\n", field);
    CHECK(sl_tls_identity(&other, false, ids[field]));
    for (size_t i = 0; i < field; i++)
      CHECK(memcmp(ids[i], ids[field], TLS_ID_LEN) != 0);
    CHECK(memcmp(ids[31], ids[field], TLS_ID_LEN) != 0);
  }
  CHECK(sl_tls_identity(&base, true, ids[0]));
  CHECK(memcmp(ids[31], ids[0], TLS_ID_LEN) != 0);
  CHECK(sl_tls_identity(&base, false, ids[0]));
  CHECK_MEM(ids[31], ids[0], TLS_ID_LEN);
}

TEST(equality_is_by_value)
{
  struct tls_config a = TLS_CONFIG_DEFAULT, b = TLS_CONFIG_DEFAULT;
  char one[] = "same", two[] = "same", empty[] = "";
  struct curl_blob left = {.data = one, .len = 4, .flags = CURL_BLOB_COPY};
  struct curl_blob right = {.data = two, .len = 4, .flags = CURL_BLOB_NOCOPY};
  unsigned char ids[2][TLS_ID_LEN];
  a.cainfo = one;
  b.cainfo = two;
  a.sslcert_blob = &left;
  b.sslcert_blob = &right;
  CHECK(sl_tls_config_equal(&a, &b));
  CHECK(sl_tls_identity(&a, false, ids[0]) && sl_tls_identity(&b, false, ids[1]));
  CHECK_MEM(ids[0], ids[1], TLS_ID_LEN);
  two[0] = 'S';
  CHECK(!sl_tls_config_equal(&a, &b));
  two[0] = 's';
  right.len = 3;
  CHECK(!sl_tls_config_equal(&a, &b));
  a = b;
  a.keypasswd = empty;
  CHECK(!sl_tls_config_equal(&a, &b));
  CHECK(sl_tls_identity(&a, false, ids[0]) && sl_tls_identity(&b, false, ids[1]));
  CHECK(memcmp(ids[0], ids[1], TLS_ID_LEN) != 0);
  a = b;
  a.capath = empty; /* none is not the default */
  CHECK(!sl_tls_config_equal(&a, &b));
  CHECK(sl_tls_identity(&a, false, ids[0]) && sl_tls_identity(&b, false, ids[1]));
  CHECK(memcmp(ids[0], ids[1], TLS_ID_LEN) != 0);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void *connect_often(void *ctx)
{
  struct link l;
  link_init(&l, ctx);
  for (int i = 0; i < 40; i++) {
    l.config.ca_cache_timeout_s = 1000 + i % 5;
    l.config.ssl_options = i % 3 ? 0 : CURLSSLOPT_NO_PARTIALCHAIN;
    if (link_connect(&l) != SL_OK || !link_echo(&l))
      abort();
    link_close(&l);
    if (i == 20)
      sl_tls_cache_clear(ctx);
  }
  link_done(&l);
  return NULL;
}

TEST(threads_may_share_a_cache)
{
  struct tls_cache *cache = sl_tls_cache_new();
  pthread_t threads[4];
  for (size_t i = 0; i < 4; i++)
    REQUIRE(pthread_create(&threads[i], NULL, connect_often, cache) == 0);
  for (size_t i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  CHECK(cache->sessions_n > 0);
  sl_tls_cache_free(cache);
}
