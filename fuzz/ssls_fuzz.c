/* Stored TLS sessions that somebody has changed: what is taken can be exported again and offered in
 * a handshake, and is gone when its time is over. */
#include <stdlib.h>

#include "tls/conn.h"
#include "tls/session.h"

enum { NOW_S = 1700000000 };

static sl_result nothing_to_read(void *ctx, void *dst, size_t cap, size_t *out_n)
{
  (void)ctx;
  (void)dst;
  (void)cap;
  (void)out_n;
  return SL_WAIT;
}

static sl_result write_away(void *ctx, const void *src, size_t n, size_t *out_n)
{
  (void)ctx;
  (void)src;
  *out_n = n;
  return SL_OK;
}

static sl_result again(void *ctx, const struct tls_session_info *info)
{
  struct tls_cache *other = ctx;
  if (!info->data.n || info->valid_until_s <= NOW_S ||
      info->valid_until_s > NOW_S + TLS_SESSION_AGE)
    abort();
  if (sl_tls_sessions_import(other, info->key,
                             slice_of((const char *)info->shmac, sizeof info->shmac), info->data,
                             NOW_S))
    abort(); /* what was taken once is taken again */
  return SL_OK;
}

/* The client's first flight, with whatever session the cache has for it. */
static void offer(struct tls_cache *cache, const char **out_key)
{
  static const struct tls_config config = {
      .cainfo = (char *)"", .capath = (char *)"", .ssl_sessionid_cache = true};
  static char key[1024];
  struct buf err;
  struct tls_conn *conn = NULL;
  struct tls_io io = {nothing_to_read, write_away, NULL};
  sl_buf_init(&err, 1024);
  struct tls_params params = {.host = SLICE_LIT("fuzz.test"),
                              .port = 443,
                              .session_key = SLICE_LIT("fuzz.test:443"),
                              .now_s = NOW_S,
                              .err = &err};
  if (!sl_tls_new(cache, &config, &params, &io, &conn)) {
    if (!conn->session_key)
      abort();
    strcpy(key, conn->session_key);
    *out_key = key;
    (void)sl_tls_handshake(conn);
    sl_tls_free(conn);
  }
  sl_buf_done(&err);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  static struct tls_cache *cache, *other;
  static const char *key;
  struct list left;
  sl_list_init(&left);
  if (!cache) {
    cache = sl_tls_cache_new();
    other = sl_tls_cache_new();
    if (!cache || !other)
      abort();
    offer(cache, &key);
  }
  sl_result rc =
      sl_tls_sessions_import(cache, key, SLICE_NONE, slice_of((const char *)data, size), NOW_S);
  if (rc && rc != CURLE_BAD_FUNCTION_ARGUMENT)
    abort();
  if (sl_tls_sessions_export(cache, NOW_S, again, other))
    abort();
  offer(cache, &key);
  sl_tls_session_clear(cache, &left); /* the context stays: making one takes long */
  sl_tls_session_free_all(&left);
  sl_tls_cache_clear(other);
  return 0;
}
