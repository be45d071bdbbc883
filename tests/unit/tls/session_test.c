#include "tests/unit/tls/fixture.h"
#include "tls/session.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* Connects, exchanges something (tickets come with it), closes. Was it resumed? -1: it failed. */
static int round_trip(struct link *l)
{
  int resumed = -1;
  if (CHECK_INT(link_connect(l), SL_OK)) {
    CHECK_INT(sl_tls_verify_result(l->conn), l->config.ssl_verifypeer ? X509_V_OK : 20);
    resumed = sl_tls_resumed(l->conn);
    link_echo(l);
  } else {
    printf("# %s\n", link_error(l));
  }
  link_close(l);
  return resumed;
}

TEST(resumes_with_each_version)
{
  for (size_t v = 0; v < 2; v++) {
    struct tls_cache *cache = sl_tls_cache_new();
    struct link l;
    link_init(&l, cache);
    link_max_version(&l, versions[v]);
    CHECK_INT(round_trip(&l), 0);
    for (int i = 0; i < 5; i++)
      CHECK_INT(round_trip(&l), 1);
    link_done(&l);
    sl_tls_cache_free(cache);
  }
}

TEST(resumes_by_session_id_too)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  link_max_version(&l, TLS1_2_VERSION);
  SSL_CTX_set_options(l.server_ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_id_context(l.server_ctx, (const unsigned char *)"test", 4);
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(round_trip(&l), 1);
  CHECK_INT(round_trip(&l), 1);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(a_tls13_ticket_is_used_once)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  SSL_CTX_set_num_tickets(l.server_ctx, 2);
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(cache->sessions_n, 2);
  for (unsigned left = 2; left-- > 0;) {
    CHECK_INT(link_open(&l), SL_OK);
    CHECK_INT(cache->sessions_n, left);
    link_close(&l);
  }
  CHECK_INT(round_trip(&l), 0);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- who may not resume ---------------------------------------------------------------------- */

static void other_host(struct link *l)
{
  l->params.session_key = SLICE_LIT("other.test:443");
}
static void as_proxy(struct link *l)
{
  l->params.for_proxy = true;
}
static void without_peer(struct link *l)
{
  l->config.ssl_verifypeer = false;
}
static void without_host(struct link *l)
{
  l->config.ssl_verifyhost = false;
}
static void other_ca(struct link *l)
{
  static struct memory both;
  struct memory second;
  cert_pem(&both, pki.ca);
  cert_pem(&second, pki.other_ca);
  memcpy(both.bytes + both.blob.len, second.bytes, second.blob.len + 1);
  both.blob.len += second.blob.len;
  l->config.cainfo_blob = &both.blob;
}
static void other_range(struct link *l)
{
  l->config.sslversion = CURL_SSLVERSION_TLSv1_2;
}
static void with_client_cert(struct link *l)
{
  static struct memory cert, key;
  l->config.sslcert_blob = cert_pem(&cert, pki.leaf);
  l->config.sslkey_blob = key_pem(&key, pki.key, NULL);
}
static void with_issuer(struct link *l)
{
  static struct memory issuer;
  l->config.issuercert_blob = cert_pem(&issuer, pki.ca);
}
static void with_options(struct link *l)
{
  l->config.ssl_options = CURLSSLOPT_NO_PARTIALCHAIN;
}
static void with_status_off_and_on(struct link *l)
{
  l->config.ssl_sessionid_cache = false;
}
static void without_key(struct link *l)
{
  l->params.session_key = SLICE_NONE;
}
static CURLcode no_change(CURL *easy, void *ssl_ctx, void *data)
{
  (void)easy;
  (void)ssl_ctx;
  (void)data;
  return CURLE_OK;
}
static void with_function(struct link *l)
{
  l->config.ssl_ctx_function = no_change;
}

TEST(lesson_6_no_session_crosses_to_another_configuration)
{
  static void (*const changes[])(struct link *) = {
      other_host,  as_proxy,         without_peer, without_host, other_ca,
      other_range, with_client_cert, with_issuer,  with_options, with_status_off_and_on,
      without_key, with_function,
  };
  for (size_t v = 0; v < 2; v++) {
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
      for (int from = 0; from < 2; from++) { /* and not the other way round */
        struct tls_cache *cache = sl_tls_cache_new();
        struct link a, b;
        link_init(&a, cache);
        link_init(&b, cache);
        SSL_CTX_free(b.server_ctx); /* one server */
        b.server_ctx = a.server_ctx;
        SSL_CTX_up_ref(a.server_ctx);
        link_max_version(&a, versions[v]);
        changes[i](&b);
        bool good = CHECK_INT(round_trip(from ? &b : &a), 0);
        good &= CHECK_INT(round_trip(from ? &a : &b), 0);
        good &= CHECK_INT(round_trip(&a), 1);
        if (!good)
          printf("# change %zu, version %zu, from %d\n", i, v, from);
        link_done(&a);
        link_done(&b);
        sl_tls_cache_free(cache);
      }
    }
  }
}

TEST(equal_configurations_share)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link a, b;
  struct memory copy;
  link_init(&a, cache);
  link_init(&b, cache);
  SSL_CTX_free(b.server_ctx);
  b.server_ctx = a.server_ctx;
  SSL_CTX_up_ref(a.server_ctx);
  b.config.cainfo_blob = cert_pem(&copy, pki.ca); /* the same content elsewhere */
  CHECK(sl_tls_config_equal(&a.config, &b.config));
  CHECK_INT(round_trip(&a), 0);
  CHECK_INT(round_trip(&b), 1);
  CHECK_INT(cache->contexts_n, 1);
  CHECK_INT(cache->stores_n, 1);
  link_done(&a);
  link_done(&b);
  sl_tls_cache_free(cache);
}

/* ---- checks of a resumed one ----------------------------------------------------------------- */

/* Somebody wraps the session of one host under the key of another: the name is checked again. */
TEST(lesson_21_a_resumed_peer_is_checked_again)
{
  for (size_t v = 0; v < 2; v++) {
    struct tls_cache *cache = sl_tls_cache_new();
    struct link l;
    link_init(&l, cache);
    link_max_version(&l, versions[v]);
    CHECK_INT(round_trip(&l), 0);
    l.params.host = SLICE_LIT("wrong.test"); /* with the session_key of before */
    unsigned before = cache->sessions_n;
    CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
    CHECK_STR(link_error(&l), "SSL: no alternative certificate subject name matches target host "
                              "name 'wrong.test'");
    CHECK(sl_tls_resumed(l.conn));
    CHECK_INT(sl_tls_cert_count(l.conn), 1);
    CHECK_INT(cache->sessions_n, before - 1); /* what failed is gone */
    link_close(&l);
    link_done(&l);
    sl_tls_cache_free(cache);
  }
}

/* Fixed keys; every ticket is to be renewed. */
static int renew_ticket(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                        EVP_MAC_CTX *mac, int encrypt)
{
  static unsigned char key[32] = "0123456789abcdef0123456789abcde", digest[] = "sha256";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string("key", key, sizeof key),
                         OSSL_PARAM_construct_utf8_string("digest", (char *)digest, 0),
                         OSSL_PARAM_construct_end()};
  (void)ssl;
  if (encrypt) {
    memset(name, 7, 16);
    memset(iv, 9, 16);
  }
  if (!EVP_MAC_CTX_set_params(mac, params) ||
      !EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, encrypt))
    return -1;
  return encrypt ? 1 : 2;
}

/* In TLS 1.2 the new ticket of a resumed session comes before our check. */
TEST(no_ticket_is_kept_of_a_rejected_peer)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  link_max_version(&l, TLS1_2_VERSION);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(l.server_ctx, renew_ticket);
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(round_trip(&l), 1);
  CHECK_INT(round_trip(&l), 1);
  CHECK_INT(round_trip(&l), 1);
  CHECK_INT(cache->sessions_n, 1);
  l.params.host = SLICE_LIT("wrong.test");
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK(sl_tls_resumed(l.conn));
  CHECK_INT(cache->sessions_n, 0);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(no_session_is_kept_of_a_rejected_peer)
{
  for (size_t v = 0; v < 2; v++) {
    struct tls_cache *cache = sl_tls_cache_new();
    struct link l;
    link_init(&l, cache);
    link_max_version(&l, versions[v]);
    l.params.host = SLICE_LIT("wrong.test");
    CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
    CHECK_INT(cache->sessions_n, 0);
    link_done(&l);
    sl_tls_cache_free(cache);
  }
}

/* A ticket that allows it is not used for it: the server would act on what anybody may send again. */
TEST(lesson_23_no_early_data)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  SSL_CTX_set_max_early_data(l.server_ctx, 16384);
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(link_open(&l), SL_OK);
  size_t n = 0;
  CHECK(sl_tls_write(l.conn, "x", 1, &n) > 0); /* not before the peer is authenticated */
  link_close(&l);
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(sl_tls_resumed(l.conn));
  CHECK_INT(SSL_get_early_data_status(l.server), SSL_EARLY_DATA_NOT_SENT);
  link_echo(&l);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(a_server_that_forgot_gets_a_full_handshake)
{
  for (size_t v = 0; v < 2; v++) {
    struct tls_cache *cache = sl_tls_cache_new();
    struct link a, b;
    link_init(&a, cache);
    link_init(&b, cache); /* other ticket keys */
    link_max_version(&a, versions[v]);
    link_max_version(&b, versions[v]);
    CHECK_INT(round_trip(&a), 0);
    CHECK_INT(round_trip(&b), 0);
    CHECK_INT(round_trip(&b), 1);
    link_done(&a);
    link_done(&b);
    sl_tls_cache_free(cache);
  }
}

/* ---- bounds ---------------------------------------------------------------------------------- */

TEST(sessions_age)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  l.config.ca_cache_timeout_s = -1;
  SSL_CTX_set_timeout(l.server_ctx, 7 * 86400);
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(round_trip(&l), 1);
  l.params.now_s += TLS_SESSION_AGE + 10;
  CHECK_INT(round_trip(&l), 0);
  link_done(&l);
  sl_tls_cache_free(cache);

  cache = sl_tls_cache_new();
  link_init(&l, cache);
  SSL_CTX_set_timeout(l.server_ctx, 100);
  CHECK_INT(round_trip(&l), 0);
  l.params.now_s += 110;
  CHECK_INT(round_trip(&l), 0);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(sessions_are_bounded)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  char key[32];
  link_init(&l, cache);
  SSL_CTX_set_num_tickets(l.server_ctx, 10);
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(cache->sessions_n, TLS_MAX_TICKETS); /* for one peer */
  SSL_CTX_set_num_tickets(l.server_ctx, 1);
  for (int i = 0; i < TLS_MAX_SESSIONS + 20; i++) {
    snprintf(key, sizeof key, "host%d:443", i);
    l.params.session_key = slice_str(key);
    CHECK_INT(round_trip(&l), 0);
  }
  CHECK_INT(cache->sessions_n, TLS_MAX_SESSIONS);
  CHECK_INT(cache->contexts_n, 1);
  CHECK_INT(round_trip(&l), 1); /* the last one is there, the first one has left */
  l.params.session_key = SLICE_LIT("example.test:443");
  CHECK_INT(round_trip(&l), 0);
  sl_tls_cache_clear(cache);
  CHECK_INT(cache->sessions_n, 0);
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(round_trip(&l), 1);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- out and in ------------------------------------------------------------------------------ */

struct exported {
  char key[512];
  unsigned char shmac[64], data[8192];
  size_t data_n;
  int64_t valid_until_s;
  int version;
  unsigned calls;
  sl_result answer;
};

static sl_result take(void *ctx, const struct tls_session_info *info)
{
  struct exported *e = ctx;
  e->calls++;
  snprintf(e->key, sizeof e->key, "%s", info->key ? info->key : "");
  memcpy(e->shmac, info->shmac, sizeof e->shmac);
  if (CHECK(info->data.n < sizeof e->data))
    memcpy(e->data, info->data.p, e->data_n = info->data.n);
  e->valid_until_s = info->valid_until_s;
  e->version = info->version;
  return e->answer;
}

static struct slice data_of(const struct exported *e)
{
  return slice_of((const char *)e->data, e->data_n);
}

TEST(sessions_go_out_and_in)
{
  for (int by_hash = 0; by_hash < 2; by_hash++) {
    struct tls_cache *cache = sl_tls_cache_new(), *other = sl_tls_cache_new();
    static struct exported e;
    struct link l;
    link_init(&l, cache);
    SSL_CTX_set_num_tickets(l.server_ctx, 1);
    CHECK_INT(round_trip(&l), 0);
    memset(&e, 0, sizeof e);
    CHECK_INT(sl_tls_sessions_export(cache, l.params.now_s, take, &e), SL_OK);
    CHECK_INT(e.calls, 1);
    CHECK_INT(e.version, TLS1_3_VERSION);
    CHECK(e.valid_until_s > l.params.now_s);
    CHECK(strncmp(e.key, "example.test:443:origin:OpenSSL/3.", 34) == 0);

    l.cache = other;
    struct slice mac = slice_of((const char *)e.shmac, sizeof e.shmac);
    CHECK_INT(sl_tls_sessions_import(other, by_hash ? NULL : e.key, by_hash ? mac : SLICE_NONE,
                                     data_of(&e), l.params.now_s),
              SL_OK);
    CHECK_INT(other->sessions_n, 1);
    memset(&e, 0, sizeof e); /* what came in goes out again */
    CHECK_INT(sl_tls_sessions_export(other, l.params.now_s, take, &e), SL_OK);
    CHECK_INT(e.calls, 1);
    CHECK_INT(!e.key[0], by_hash);
    l.params.session_key = SLICE_LIT("other.test:443");
    CHECK_INT(round_trip(&l), 0);
    l.params.session_key = SLICE_LIT("example.test:443");
    CHECK_INT(round_trip(&l), 1);
    link_done(&l);
    sl_tls_cache_free(cache);
    sl_tls_cache_free(other);
  }
}

TEST(export_stops_and_skips)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static struct exported e;
  struct link l;
  link_init(&l, cache);
  SSL_CTX_set_num_tickets(l.server_ctx, 3);
  CHECK_INT(round_trip(&l), 0);
  memset(&e, 0, sizeof e);
  e.answer = CURLE_ABORTED_BY_CALLBACK;
  CHECK_INT(sl_tls_sessions_export(cache, l.params.now_s, take, &e), CURLE_ABORTED_BY_CALLBACK);
  CHECK_INT(e.calls, 1);
  e.answer = SL_OK;
  CHECK_INT(sl_tls_sessions_export(cache, l.params.now_s + 90000, take, &e), SL_OK);
  CHECK_INT(e.calls, 1); /* all too old */
  sl_tls_cache_clear(cache);
  with_client_cert(&l); /* stays in the process */
  CHECK_INT(round_trip(&l), 0);
  CHECK_INT(cache->sessions_n, 3);
  CHECK_INT(sl_tls_sessions_export(cache, l.params.now_s, take, &e), SL_OK);
  CHECK_INT(e.calls, 1);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(import_takes_no_garbage)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static struct exported e;
  static char large[100000];
  struct link l;
  link_init(&l, cache);
  CHECK_INT(round_trip(&l), 0);
  int64_t now_s = l.params.now_s;
  CHECK_INT(sl_tls_sessions_export(cache, now_s, take, &e), SL_OK);
  link_done(&l);
  sl_tls_cache_clear(cache);
  CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, SLICE_LIT("garbage"), now_s),
            CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, SLICE_NONE, now_s),
            CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, slice_of(large, sizeof large), now_s),
            CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_tls_sessions_import(cache, NULL, SLICE_LIT("short"), data_of(&e), now_s),
            CURLE_BAD_FUNCTION_ARGUMENT);
  memcpy(large, e.data, e.data_n);
  CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, slice_of(large, sizeof large), now_s),
            CURLE_BAD_FUNCTION_ARGUMENT);
  for (size_t n = 0; n < e.data_n; n += 7)
    CHECK_INT(
        sl_tls_sessions_import(cache, "key", SLICE_NONE, slice_of((const char *)e.data, n), now_s),
        CURLE_BAD_FUNCTION_ARGUMENT);
  e.data[e.data_n] = 0; /* something behind it */
  CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, slice_of((const char *)e.data, e.data_n + 1), now_s),
            CURLE_BAD_FUNCTION_ARGUMENT);
  memset(large, 'k', sizeof large - 1);
  CHECK_INT(sl_tls_sessions_import(cache, large, SLICE_NONE, data_of(&e), now_s), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(cache->sessions_n, 0);
  CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, data_of(&e), now_s + 90000), SL_OK);
  CHECK_INT(cache->sessions_n, 0); /* too old */
  CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, data_of(&e), now_s), SL_OK);
  CHECK_INT(cache->sessions_n, 1);
  sl_tls_cache_free(cache);
}

/* Who stores sessions cannot make them live for ever. */
TEST(imported_times_are_bounded)
{
  static const long times[] = {LONG_MAX, LONG_MAX - 10, 1L << 40, -1, LONG_MIN};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    struct tls_cache *cache = sl_tls_cache_new();
    static struct exported e;
    struct link l;
    link_init(&l, cache);
    CHECK_INT(round_trip(&l), 0);
    CHECK_INT(sl_tls_sessions_export(cache, l.params.now_s, take, &e), SL_OK);
    sl_tls_cache_clear(cache);
    const unsigned char *at = e.data;
    unsigned char *to = e.data;
    SSL_SESSION *s = d2i_SSL_SESSION(NULL, &at, (long)e.data_n);
    REQUIRE(s);
    SSL_SESSION_set_time(s, times[i]);
    e.data_n = (size_t)i2d_SSL_SESSION(s, &to);
    SSL_SESSION_free(s);
    CHECK_INT(sl_tls_sessions_import(cache, "key", SLICE_NONE, data_of(&e), l.params.now_s), SL_OK);
    CHECK_INT(cache->sessions_n, times[i] > 0);
    e.valid_until_s = 0;
    CHECK_INT(sl_tls_sessions_export(cache, l.params.now_s, take, &e), SL_OK);
    CHECK_INT(e.valid_until_s, times[i] > 0 ? l.params.now_s + TLS_SESSION_AGE : 0);
    link_done(&l);
    sl_tls_cache_free(cache);
  }
}

TEST(out_and_in_survive_every_failing_allocation)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static struct exported e;
  struct link l;
  sl_result last = SL_WAIT;
  link_init(&l, cache);
  CHECK_INT(round_trip(&l), 0);
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = sl_tls_sessions_export(cache, l.params.now_s, take, &e);
    CHECK(last == SL_OK || last == SL_NOMEM);
    if (last == SL_OK)
      last = sl_tls_sessions_import(cache, "key", SLICE_NONE, data_of(&e), l.params.now_s);
    CHECK(last == SL_OK || last == SL_NOMEM);
  }
  CHECK_INT(last, SL_OK);
  link_done(&l);
  sl_tls_cache_free(cache);
}
