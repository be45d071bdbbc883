/* The cookie engine; see cookies.h. RFC 6265bis. */
#include "xfer/cookies.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"
#include "wire/cookie.h"
#include "xfer/share.h"
#include "xfer/transfer.h"

enum { MAX_FILE = 64 * 1024 * 1024, MAX_COOKIE_FIELD = 16 * 1024 };

struct cookie_store {
  struct cookie_jar jar;
  unsigned files_read; /* of http->cookiefile, from its beginning */
};

struct cookie_store *sl_cookie_store_new(void)
{
  uint64_t seed;
  struct cookie_store *s = sl_random_u64(&seed) ? sl_calloc(1, sizeof *s) : NULL;
  if (s)
    sl_cookie_jar_init(&s->jar, seed);
  return s;
}

void sl_cookie_store_free(struct cookie_store *s)
{
  if (s)
    sl_cookie_jar_done(&s->jar);
  sl_free(s);
}

/* The store in use, made when it is wanted first; NULL: out of memory. Locked until leave(). */
static struct cookie_store *enter(struct easy *e)
{
  struct cookie_store **slot = &e->cookies;
  if (sl_share_has(e, CURL_LOCK_DATA_COOKIE)) {
    sl_share_lock(e->share, e, CURL_LOCK_DATA_COOKIE, true);
    slot = &e->share->cookies;
  }
  if (!*slot)
    *slot = sl_cookie_store_new();
  if (!*slot && sl_share_has(e, CURL_LOCK_DATA_COOKIE))
    sl_share_lock(e->share, e, CURL_LOCK_DATA_COOKIE, false);
  return *slot;
}

static void leave(struct easy *e)
{
  if (sl_share_has(e, CURL_LOCK_DATA_COOKIE))
    sl_share_lock(e->share, e, CURL_LOCK_DATA_COOKIE, false);
}

static bool engine_on(struct easy *e)
{
  if (e->set.http->cookie_engine || !sl_share_has(e, CURL_LOCK_DATA_COOKIE))
    return e->set.http->cookie_engine;
  sl_share_lock(e->share, e, CURL_LOCK_DATA_COOKIE, true);
  bool on = e->share->cookies != NULL;
  sl_share_lock(e->share, e, CURL_LOCK_DATA_COOKIE, false);
  return on;
}

/* ---- files ---- */

static sl_result load(struct easy *e, struct cookie_store *s, const char *name)
{
  struct buf text;
  struct cookie_source from = {
      .from_file = true, .secure = true, .new_session = e->set.http->cookiesession, .now_s = sl_clock_wall_s()};
  if (!*name)
    return SL_OK; /* only there to turn the engine on */
  sl_buf_init(&text, MAX_FILE);
  sl_result rc = strcmp(name, "-") ? sl_file_read(name, &text) : sl_file_read_fd(0, &text);
  if (rc && rc != SL_NOMEM) {
    SL_INFOF(e, "WARNING: failed to open cookie file \"%s\"", name);
    rc = SL_OK;
  } else if (!rc) {
    rc = sl_cookie_jar_load(&s->jar, sl_buf_peek(&text), &from);
  }
  sl_buf_done(&text);
  return rc;
}

static sl_result load_new(struct easy *e, struct cookie_store *s, bool all)
{
  unsigned n = 0;
  sl_result rc = SL_OK;
  for (const struct curl_slist *l = e->set.http->cookiefile; l && !rc; l = l->next, n++)
    if (all || n >= s->files_read)
      rc = load(e, s, l->data);
  s->files_read = n;
  return rc;
}

static CURLcode save(struct easy *e, struct cookie_store *s)
{
  const char *name = e->set.http->cookiejar;
  struct buf text;
  if (!name)
    return CURLE_OK;
  sl_buf_init(&text, MAX_FILE);
  sl_result rc = sl_cookie_jar_print(&s->jar, sl_clock_wall_s(), &text);
  if (!rc && !strcmp(name, "-"))
    rc = fwrite(text.p, 1, text.n, stdout) == text.n ? SL_OK : CURLE_WRITE_ERROR;
  else if (!rc)
    rc = sl_file_write(name, sl_buf_peek(&text));
  if (rc)
    SL_INFOF(e, "WARNING: failed to save cookies in %s", name);
  sl_buf_done(&text);
  return (CURLcode)rc;
}

sl_result sl_cookies_begin(struct transfer *t)
{
  struct easy *e = t->easy;
  if (!e->set.http->cookie_engine)
    return SL_OK;
  struct cookie_store *s = enter(e);
  if (!s)
    return SL_NOMEM;
  sl_result rc = load_new(e, s, false);
  leave(e);
  return rc;
}

void sl_cookies_free(struct easy *e)
{
  if (e->set.http->cookiejar && engine_on(e)) {
    struct cookie_store *s = enter(e);
    if (s) {
      (void)load_new(e, s, false); /* a jar of what was never used is written all the same */
      (void)save(e, s);
      leave(e);
    }
  }
  sl_cookie_store_free(e->cookies);
  e->cookies = NULL;
}

/* ---- requests and responses ---- */

/* Whose cookies: of the Host field that the application has set, for the first origin; without port and brackets. */
static struct slice cookie_host(const struct transfer *t)
{
  struct slice host = t->host, custom;
  if (!t->http.cross_origin && t->easy->set.http->httpheader && sl_http_custom(t, "Host", &custom) && custom.n)
    host = custom.p[0] == '[' ? custom : slice_head(custom, slice_find(custom, ':'));
  if (host.n && host.p[0] == '[')
    host = slice_of(host.p + 1, slice_find(host, ']') - 1);
  return host;
}

static bool is_secure(const struct transfer *t, struct slice host)
{
  return t->proto->tls || sl_cookie_host_is_local(host);
}

static sl_result from_jar(struct transfer *t, struct buf *out)
{
  struct slice host = cookie_host(t);
  struct cookie_store *s = enter(t->easy);
  if (!s)
    return SL_NOMEM;
  sl_result rc =
      sl_cookie_jar_header(&s->jar, host, t->url->path, is_secure(t, host), sl_clock_wall_s(), out);
  leave(t->easy);
  return rc;
}

sl_result sl_cookies_request(struct transfer *t, struct buf *dst)
{
  const char *own = t->http.cross_origin ? NULL : t->easy->set.http->cookie;
  bool engine = engine_on(t->easy);
  struct slice custom;
  struct buf line;
  if ((!own && !engine) || (t->easy->set.http->httpheader && sl_http_custom(t, "Cookie", &custom)))
    return SL_OK;
  sl_buf_init(&line, MAX_COOKIE_FIELD);
  sl_result rc = engine ? from_jar(t, &line) : SL_OK;
  if (!rc && (line.n || own)) {
    sl_buf_str(dst, "Cookie: ");
    sl_buf_add(dst, sl_buf_peek(&line));
    if (own && line.n)
      sl_buf_str(dst, "; ");
    if (own)
      sl_buf_str(dst, own);
    sl_buf_str(dst, "\r\n");
  }
  sl_buf_done(&line);
  return rc;
}

sl_result sl_cookies_response(struct transfer *t, struct slice value)
{
  struct easy *e = t->easy;
  const char *refused = NULL;
  if (!engine_on(e))
    return SL_OK;
  struct cookie_source from = {.host = cookie_host(t), .path = t->url->path, .now_s = sl_clock_wall_s()};
  from.secure = is_secure(t, from.host);
  struct cookie_store *s = enter(e);
  if (!s)
    return SL_NOMEM;
  sl_result rc = sl_cookie_jar_set(&s->jar, value, &from, &refused);
  leave(e);
  if (refused)
    SL_INFOF(e, "cookie not taken: %s", refused);
  return rc;
}

/* ---- options ---- */

static CURLcode command(struct easy *e, struct cookie_store *s, const char *line)
{
  struct slice text = slice_str(line);
  struct cookie_source from = {.from_file = true, .secure = true, .now_s = sl_clock_wall_s()};
  if (sl_text_ieq_str(text, "ALL")) {
    sl_cookie_jar_clear(&s->jar);
  } else if (sl_text_ieq_str(text, "SESS")) {
    sl_cookie_jar_drop_session(&s->jar);
  } else if (sl_text_ieq_str(text, "FLUSH")) {
    return save(e, s);
  } else if (sl_text_ieq_str(text, "RELOAD")) {
    return (CURLcode)load_new(e, s, true);
  } else {
    return (CURLcode)sl_cookie_jar_line(&s->jar, text, &from, NULL);
  }
  return CURLE_OK;
}

CURLcode sl_easy_cookielist(struct easy *e, const char *line)
{
  struct cookie_store *s = enter(e);
  if (!s)
    return CURLE_OUT_OF_MEMORY;
  CURLcode rc = command(e, s, line);
  leave(e);
  return rc;
}

struct curl_slist *sl_easy_cookies(struct easy *e)
{
  struct curl_slist *list = NULL;
  const struct list *cursor = NULL;
  struct buf line;
  if (!engine_on(e))
    return NULL;
  struct cookie_store *s = enter(e);
  if (!s)
    return NULL;
  sl_buf_init(&line, SL_COOKIE_LINE_MAX * 2);
  while (sl_cookie_jar_next(&s->jar, &cursor, sl_clock_wall_s(), &line)) {
    struct curl_slist *longer = curl_slist_append(list, line.p);
    if (!longer) {
      curl_slist_free_all(list);
      list = NULL;
      break;
    }
    list = longer;
  }
  sl_buf_done(&line);
  leave(e);
  return list;
}
