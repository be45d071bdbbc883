/* The session cache, and its way out and in. Bounded by count and by age; the least recently used
 * session leaves first. An imported session may be known by the hash of its key alone: it is
 * found by hashing the key that is asked for. */
#include "tls/session.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/mem.h"

struct tls_session {
  struct list node;
  SSL_SESSION *ssl;
  int64_t valid_until_s;
  bool client_cert;        /* stays in this process */
  bool hashed;             /* known by shmac alone */
  unsigned char shmac[64]; /* with hashed only */
  char key[];
};

enum { SALT_LEN = 32, MAC_LEN = 32, MAX_IMPORT = 64 * 1024, MAX_IMPORT_KEY = 4096 };

static void session_free(struct tls_session *s)
{
  SSL_SESSION_free(s->ssl);
  sl_free(s);
}

/* What the server promised for its ticket; in TLS 1.2 it need not say. */
static int64_t lifetime_s(const SSL_SESSION *ssl)
{
  unsigned long hint_s = SSL_SESSION_get_ticket_lifetime_hint(ssl);
  int64_t life_s = SSL_SESSION_get_timeout(ssl);
  if (SSL_SESSION_has_ticket(ssl) &&
      (hint_s || SSL_SESSION_get_protocol_version(ssl) == TLS1_3_VERSION))
    life_s = (int64_t)hint_s;
  return life_s < TLS_SESSION_AGE ? life_s : TLS_SESSION_AGE;
}

/* What comes from outside may say any time. */
static int64_t valid_until_s(const SSL_SESSION *ssl)
{
  const int64_t most_s = INT64_MAX - TLS_SESSION_AGE;
  int64_t time_s = SSL_SESSION_get_time(ssl);
  return (time_s < 0 ? 0 : time_s < most_s ? time_s : most_s) + lifetime_s(ssl);
}

static struct tls_session *session_new(SSL_SESSION *ssl, const char *key)
{
  size_t len = key ? strlen(key) : 0;
  struct tls_session *s = sl_calloc(1, sizeof *s + len + 1);
  if (!s)
    return NULL;
  if (len)
    memcpy(s->key, key, len);
  sl_list_init(&s->node);
  s->ssl = ssl;
  s->valid_until_s = valid_until_s(ssl);
  return s;
}

static bool shmac(const unsigned char salt[SALT_LEN], const char *key, unsigned char *out_mac)
{
  unsigned len = MAC_LEN;
  return HMAC(EVP_sha256(), salt, SALT_LEN, (const unsigned char *)key, strlen(key), out_mac,
              &len) != NULL;
}

static bool session_is(const struct tls_session *s, const char *key)
{
  unsigned char mac[MAC_LEN];
  if (!s->hashed)
    return strcmp(s->key, key) == 0;
  return shmac(s->shmac, key, mac) && memcmp(mac, s->shmac + SALT_LEN, MAC_LEN) == 0;
}

static bool session_same_peer(const struct tls_session *a, const struct tls_session *b)
{
  if (a->hashed != b->hashed)
    return false;
  return a->hashed ? memcmp(a->shmac, b->shmac, sizeof a->shmac) == 0 : !strcmp(a->key, b->key);
}

/* Takes s over. What must leave to make room is freed after the lock is given back. */
static void session_insert(struct tls_cache *cache, struct tls_session *s)
{
  struct list dead;
  struct tls_session *last = NULL;
  unsigned tickets = 0;
  bool single = SSL_SESSION_get_protocol_version(s->ssl) == TLS1_3_VERSION;
  sl_list_init(&dead);
  CRYPTO_THREAD_write_lock(cache->lock);
  if (cache->closed) {
    sl_list_push_back(&dead, &s->node);
  } else {
    LIST_FOR_EACH(node, &cache->sessions)
    {
      struct tls_session *old = LIST_ENTRY(node, struct tls_session, node);
      if (session_same_peer(old, s) && ++tickets >= (single ? TLS_MAX_TICKETS : 1)) {
        sl_list_unlink(node);
        sl_list_push_back(&dead, node);
        cache->sessions_n--;
      }
    }
    if (cache->sessions_n >= TLS_MAX_SESSIONS) {
      last = LIST_ENTRY(cache->sessions.prev, struct tls_session, node);
      sl_list_unlink(&last->node);
      sl_list_push_back(&dead, &last->node);
      cache->sessions_n--;
    }
    sl_list_push_front(&cache->sessions, &s->node);
    cache->sessions_n++;
  }
  CRYPTO_THREAD_unlock(cache->lock);
  sl_tls_session_free_all(&dead);
}

void sl_tls_session_put(struct tls_cache *cache, const char *key, SSL_SESSION *session,
                        bool client_cert)
{
  if (!SSL_SESSION_is_resumable(session))
    return;
  struct tls_session *s = session_new(session, key);
  if (!s)
    return; /* the next connection does a full handshake */
  SSL_SESSION_up_ref(session);
  s->client_cert = client_cert;
  session_insert(cache, s);
}

SSL_SESSION *sl_tls_session_get(struct tls_cache *cache, const char *key, int64_t now_s)
{
  struct list dead;
  SSL_SESSION *found = NULL;
  sl_list_init(&dead);
  CRYPTO_THREAD_write_lock(cache->lock);
  LIST_FOR_EACH(node, &cache->sessions)
  {
    struct tls_session *s = LIST_ENTRY(node, struct tls_session, node);
    bool expired = s->valid_until_s <= now_s;
    if (!expired && (found || !session_is(s, key)))
      continue;
    sl_list_unlink(node);
    if (!expired) {
      SSL_SESSION_up_ref(s->ssl);
      found = s->ssl;
      if (SSL_SESSION_get_protocol_version(found) != TLS1_3_VERSION) {
        sl_list_push_front(&cache->sessions, node);
        continue;
      }
    }
    cache->sessions_n--;
    sl_list_push_back(&dead, node);
  }
  CRYPTO_THREAD_unlock(cache->lock);
  sl_tls_session_free_all(&dead);
  return found;
}

void sl_tls_session_drop(struct tls_cache *cache, const SSL_SESSION *session)
{
  struct list dead;
  sl_list_init(&dead);
  CRYPTO_THREAD_write_lock(cache->lock);
  LIST_FOR_EACH(node, &cache->sessions)
  {
    if (LIST_ENTRY(node, struct tls_session, node)->ssl == session) {
      sl_list_unlink(node);
      sl_list_push_back(&dead, node);
      cache->sessions_n--;
    }
  }
  CRYPTO_THREAD_unlock(cache->lock);
  sl_tls_session_free_all(&dead);
}

void sl_tls_session_clear(struct tls_cache *cache, struct list *out_dead)
{
  sl_list_splice(out_dead, &cache->sessions);
  cache->sessions_n = 0;
}

void sl_tls_session_free_all(struct list *dead)
{
  LIST_FOR_EACH(node, dead)
  session_free(LIST_ENTRY(node, struct tls_session, node));
  sl_list_init(dead);
}

/* ---- out and in ------------------------------------------------------------------------------ */

/* References to all that may leave, so that the callback runs without the lock. */
static sl_result snapshot(struct tls_cache *cache, int64_t now_s, struct list *out_copies)
{
  sl_result result = SL_OK;
  CRYPTO_THREAD_read_lock(cache->lock);
  LIST_FOR_EACH(node, &cache->sessions)
  {
    struct tls_session *s = LIST_ENTRY(node, struct tls_session, node), *copy;
    if (s->client_cert || s->valid_until_s <= now_s)
      continue;
    copy = session_new(s->ssl, s->key);
    if (!copy) {
      result = SL_NOMEM;
      break;
    }
    SSL_SESSION_up_ref(s->ssl);
    copy->valid_until_s = s->valid_until_s;
    copy->hashed = s->hashed;
    memcpy(copy->shmac, s->shmac, sizeof copy->shmac);
    sl_list_push_back(out_copies, &copy->node);
  }
  CRYPTO_THREAD_unlock(cache->lock);
  return result;
}

static sl_result session_export(const struct tls_session *s,
                                sl_result (*each)(void *, const struct tls_session_info *),
                                void *ctx)
{
  struct tls_session_info info = {.key = s->hashed ? NULL : s->key,
                                  .valid_until_s = s->valid_until_s,
                                  .version = SSL_SESSION_get_protocol_version(s->ssl),
                                  .earlydata_max = SSL_SESSION_get_max_early_data(s->ssl)};
  const unsigned char *alpn = NULL;
  unsigned char *der = NULL;
  int len = i2d_SSL_SESSION(s->ssl, &der);
  if (len <= 0)
    return SL_NOMEM;
  sl_result result = SL_NOMEM;
  memcpy(info.shmac, s->shmac, sizeof info.shmac);
  if (!s->hashed &&
      (RAND_bytes(info.shmac, SALT_LEN) != 1 || !shmac(info.shmac, s->key, info.shmac + SALT_LEN)))
    goto out;
  SSL_SESSION_get0_alpn_selected(s->ssl, &alpn, &info.alpn.n);
  info.alpn.p = (const char *)alpn;
  info.data = slice_of((const char *)der, (size_t)len);
  result = each(ctx, &info);
out:
  OPENSSL_free(der);
  return result;
}

sl_result sl_tls_sessions_export(struct tls_cache *cache, int64_t now_s,
                                 sl_result (*each)(void *ctx, const struct tls_session_info *info),
                                 void *ctx)
{
  struct list copies;
  sl_list_init(&copies);
  sl_result result = snapshot(cache, now_s, &copies);
  LIST_FOR_EACH(node, &copies)
  {
    if (result != SL_OK)
      break;
    result = session_export(LIST_ENTRY(node, struct tls_session, node), each, ctx);
  }
  sl_tls_session_free_all(&copies);
  return result;
}

/* One session and nothing behind it, that a handshake can be begun with. NULL: it is none. */
static SSL_SESSION *parse(struct slice data)
{
  const unsigned char *at = (const unsigned char *)data.p;
  SSL_SESSION *ssl = d2i_SSL_SESSION(NULL, &at, (long)data.n);
  ERR_clear_error();
  if (!ssl)
    return NULL;
  int version = SSL_SESSION_get_protocol_version(ssl);
  if (at == (const unsigned char *)data.p + data.n && version >= TLS1_VERSION &&
      version <= TLS1_3_VERSION && SSL_SESSION_get0_cipher(ssl) && SSL_SESSION_is_resumable(ssl))
    return ssl;
  SSL_SESSION_free(ssl);
  return NULL;
}

sl_result sl_tls_sessions_import(struct tls_cache *cache, const char *key, struct slice mac,
                                 struct slice data, int64_t now_s)
{
  if (!data.n || data.n > MAX_IMPORT ||
      (key ? strnlen(key, MAX_IMPORT_KEY) == MAX_IMPORT_KEY : mac.n != SALT_LEN + MAC_LEN))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  SSL_SESSION *ssl = parse(data);
  if (!ssl)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct tls_session *s = session_new(ssl, key);
  if (!s) {
    SSL_SESSION_free(ssl);
    return SL_NOMEM;
  }
  if (!key) {
    s->hashed = true;
    memcpy(s->shmac, mac.p, sizeof s->shmac);
  }
  if (s->valid_until_s > now_s + TLS_SESSION_AGE)
    s->valid_until_s = now_s + TLS_SESSION_AGE;
  if (s->valid_until_s <= now_s)
    session_free(s);
  else
    session_insert(cache, s);
  return SL_OK;
}
