/* See hsts_store.h. */
#include "xfer/hsts_store.h"

#include <errno.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"
#include "wire/hsts.h"
#include "xfer/share.h"
#include "xfer/transfer.h"

enum { MAX_FILE = 16 * 1024 * 1024, HTTP_PORT = 80 };

struct hsts_store {
  struct hsts hosts;
};

static struct hsts_store *store_new(void)
{
  uint64_t seed;
  struct hsts_store *s = sl_random_u64(&seed) ? sl_calloc(1, sizeof *s) : NULL;
  if (s)
    sl_hsts_init(&s->hosts, seed);
  return s;
}

void sl_hsts_store_free(struct hsts_store *s)
{
  if (s)
    sl_hsts_done(&s->hosts);
  sl_free(s);
}

static bool enabled(const struct easy *e)
{
  return e->set.http->hsts_ctrl & CURLHSTS_ENABLE;
}

static void lock(struct easy *e, bool on)
{
  if (sl_share_has(e, CURL_LOCK_DATA_HSTS))
    sl_share_lock(e->share, e, CURL_LOCK_DATA_HSTS, on);
}

/* The store in use, made when it is wanted first; NULL: out of memory. Locked until lock(e, false). */
static struct hsts_store *enter(struct easy *e)
{
  struct hsts_store **slot = sl_share_has(e, CURL_LOCK_DATA_HSTS) ? &e->share->hsts : &e->hsts;
  lock(e, true);
  if (!*slot)
    *slot = store_new();
  if (!*slot)
    lock(e, false);
  return *slot;
}

/* ---- filling it ---- */

/* A file that is not there is an empty one; something else than a file is a mistake worth telling. */
static sl_result load(struct hsts_store *s, const char *name)
{
  struct buf text;
  sl_buf_init(&text, MAX_FILE);
  sl_result rc = sl_file_read(name, &text);
  if (rc == CURLE_FILE_COULDNT_READ_FILE)
    rc = errno == EISDIR ? CURLE_READ_ERROR : SL_OK;
  else if (!rc)
    rc = sl_hsts_load(&s->hosts, sl_buf_peek(&text), sl_clock_wall_s());
  sl_buf_done(&text);
  return rc;
}

/* The names that have not been read yet. */
static sl_result load_files(struct easy *e)
{
  uint32_t n = 0, before = e->set.http->hsts_files_read;
  sl_result rc = SL_OK;
  for (const struct curl_slist *l = e->set.http->hstsfiles; l && !rc; l = l->next, n++) {
    if (n < before)
      continue;
    struct hsts_store *s = enter(e);
    rc = s ? load(s, l->data) : SL_NOMEM;
    if (s)
      lock(e, false);
  }
  if (n == before)
    return rc;
  struct http_config *own = sl_settings_own(&e->set, SL_TOPIC_HTTP);
  if (!own)
    return SL_NOMEM;
  own->hsts_files_read = rc ? before : n;
  return rc;
}

static sl_result take_entry(struct easy *e, const struct curl_hstsentry *entry)
{
  int64_t expires_s;
  struct slice name = slice_of(entry->name, strnlen(entry->name, entry->namelen));
  struct slice stamp = slice_of(entry->expire, strnlen(entry->expire, sizeof entry->expire));
  if (!name.n)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!sl_hsts_stamp_parse(stamp, &expires_s))
    return SL_OK;
  struct hsts_store *s = enter(e);
  if (!s)
    return SL_NOMEM;
  sl_result rc = sl_hsts_add(&s->hosts, name, entry->includeSubDomains, expires_s, sl_clock_wall_s());
  lock(e, false);
  return rc;
}

/* CURLOPT_HSTSREADFUNCTION(3): one host a call, until it says that there is none left. */
static sl_result ask(struct transfer *t)
{
  struct easy *e = t->easy;
  struct http_config *own;
  if (e->set.http->hsts_asked || !e->set.http->hstsreadfunction)
    return SL_OK;
  if (!(own = sl_settings_own(&e->set, SL_TOPIC_HTTP)))
    return SL_NOMEM;
  own->hsts_asked = true;
  for (;;) {
    char name[SL_HSTS_HOST_MAX + 2] = "";
    struct curl_hstsentry entry = {.name = name, .namelen = sizeof name - 1};
    t->multi->callback_depth++;
    CURLSTScode said = e->set.http->hstsreadfunction(e, &entry, e->set.http->hstsreaddata);
    t->multi->callback_depth--;
    if (said == CURLSTS_DONE)
      return SL_OK;
    if (said != CURLSTS_OK)
      return sl_fail(t, CURLE_ABORTED_BY_CALLBACK, "operation aborted by the HSTS read callback");
    if (entry.name != name || entry.namelen > sizeof name - 1)
      return CURLE_BAD_FUNCTION_ARGUMENT;
    sl_result rc = take_entry(e, &entry);
    if (rc)
      return rc;
  }
}

/* ---- requests and responses ---- */

/* "https" in place of "http", and no port 80. */
static sl_result make_https(struct transfer *t)
{
  struct url next;
  struct buf text;
  struct url from = *t->url;
  from.scheme = SLICE_LIT("https");
  from.known = sl_url_scheme(from.scheme);
  if (from.port.p && from.port_number == HTTP_PORT)
    from.port = SLICE_NONE;
  sl_buf_init(&text, SL_URL_TEXT_MAX);
  unsigned flags = t->easy->set.io.path_as_is ? CURLU_PATH_AS_IS : 0;
  CURLUcode uc = sl_url_print(&from, 0, &text);
  if (!uc)
    uc = sl_url_parse(&next, sl_buf_peek(&text), flags);
  sl_buf_done(&text);
  if (uc)
    return sl_fail(t, sl_url_result(uc), "URL rejected: %s", sl_url_strerror(uc));
  if (!t->url->host_8bit) /* else it is in the arena */
    t->host = next.host;
  return sl_transfer_take_url(t, &next);
}

sl_result sl_hsts_upgrade(struct transfer *t)
{
  struct easy *e = t->easy;
  if (!enabled(e))
    return SL_OK;
  bool is_http = slice_eq(t->url->scheme, SLICE_LIT("http"));
  if (!is_http && !slice_eq(t->url->scheme, SLICE_LIT("https")))
    return SL_OK;
  sl_result rc = load_files(e);
  if (!rc)
    rc = ask(t);
  if (rc || !is_http)
    return rc == CURLE_READ_ERROR ? sl_fail(t, rc, "Failed to read the HSTS file") : rc;
  struct hsts_store *s = enter(e);
  if (!s)
    return SL_NOMEM;
  bool covered = sl_hsts_covers(&s->hosts, t->host, sl_clock_wall_s());
  lock(e, false);
  if (!covered)
    return SL_OK;
  SL_INFOF(e, "Switched from HTTP to HTTPS due to HSTS => %.*s", (int)t->host.n, t->host.p);
  return make_https(t);
}

/* 8.1: not from a connection with errors, be they ignored; without the checks nobody knows of any. */
static bool is_trusted(const struct transfer *t)
{
  const struct tls_config *tls = t->easy->set.tls;
  return t->proto->tls && tls->ssl_verifypeer && tls->ssl_verifyhost;
}

sl_result sl_hsts_response(struct transfer *t, struct slice value)
{
  struct easy *e = t->easy;
  bool taken;
  if (!enabled(e) || !is_trusted(t))
    return SL_OK;
  struct hsts_store *s = enter(e);
  if (!s)
    return SL_NOMEM;
  sl_result rc = sl_hsts_header(&s->hosts, t->host, value, sl_clock_wall_s(), &taken);
  lock(e, false);
  if (!rc && !taken)
    SL_INFOF(e, "Illegal STS header skipped");
  return rc;
}

/* ---- the end ---- */

static void tell(struct easy *e, const struct hsts_store *s)
{
  const struct http_config *c = e->set.http;
  const struct list *cursor = NULL;
  int64_t now_s = sl_clock_wall_s();
  struct hsts_entry each;
  struct curl_index index = {0, 0};
  while (sl_hsts_next(&s->hosts, &cursor, now_s, &each))
    index.total++;
  cursor = NULL;
  for (; sl_hsts_next(&s->hosts, &cursor, now_s, &each); index.index++) {
    char name[SL_HSTS_HOST_MAX + 1] = "";
    struct curl_hstsentry entry = {.name = name, .namelen = each.host.n};
    memcpy(name, each.host.p, each.host.n);
    entry.includeSubDomains = each.subdomains;
    sl_hsts_stamp(entry.expire, each.expires_s);
    if (c->hstswritefunction(e, &entry, &index, c->hstswritedata) != CURLSTS_OK)
      return;
  }
}

static void save(struct easy *e, const struct hsts_store *s)
{
  const char *name = e->set.http->hsts;
  struct buf text;
  if (!name || !*name || e->set.http->hsts_ctrl & CURLHSTS_READONLYFILE)
    return;
  sl_buf_init(&text, MAX_FILE);
  if (sl_hsts_print(&s->hosts, sl_clock_wall_s(), &text) || sl_file_write(name, sl_buf_peek(&text)))
    SL_INFOF(e, "WARNING: failed to save HSTS in %s", name);
  sl_buf_done(&text);
}

/* A handle that has asked for nothing has nothing to write: the files are as they were. */
void sl_hsts_free(struct easy *e)
{
  lock(e, true);
  bool used = sl_share_has(e, CURL_LOCK_DATA_HSTS) ? e->share->hsts != NULL : e->hsts != NULL;
  lock(e, false);
  if (enabled(e) && used && !load_files(e)) {
    struct hsts_store *s = enter(e);
    save(e, s);
    if (e->set.http->hstswritefunction)
      tell(e, s);
    lock(e, false);
  }
  sl_hsts_store_free(e->hsts);
  e->hsts = NULL;
}
