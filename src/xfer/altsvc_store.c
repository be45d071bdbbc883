/* See altsvc_store.h. */
#include "xfer/altsvc_store.h"

#include <errno.h>

#include "base/mem.h"
#include "base/num.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"
#include "wire/altsvc.h"
#include "xfer/http2.h"
#include "xfer/route.h"
#include "xfer/transfer.h"

enum { MAX_FILE = 16 * 1024 * 1024 };

struct altsvc_store {
  struct altsvc cache;
};

static bool enabled(const struct easy *e)
{
  return e->set.http->altsvc_ctrl;
}

static struct altsvc_store *store(struct easy *e)
{
  uint64_t seed;
  if (!e->altsvc && sl_random_u64(&seed) && (e->altsvc = sl_calloc(1, sizeof *e->altsvc)))
    sl_altsvc_init(&e->altsvc->cache, seed);
  return e->altsvc;
}

/* A file that is not there is an empty one. */
static sl_result load(struct altsvc_store *s, const char *name)
{
  struct buf text;
  sl_buf_init(&text, MAX_FILE);
  sl_result rc = sl_file_read(name, &text);
  if (rc == CURLE_FILE_COULDNT_READ_FILE)
    rc = errno == EISDIR ? CURLE_READ_ERROR : SL_OK;
  else if (!rc)
    rc = sl_altsvc_load(&s->cache, sl_buf_peek(&text), sl_clock_wall_s());
  sl_buf_done(&text);
  return rc;
}

sl_result sl_altsvc_begin(struct transfer *t)
{
  struct easy *e = t->easy;
  const char *name = e->set.http->altsvc;
  if (!enabled(e) || !name || !*name || e->set.http->altsvc_read)
    return SL_OK;
  struct http_config *own = sl_settings_own(&e->set, SL_TOPIC_HTTP);
  struct altsvc_store *s = store(e);
  sl_result rc = own && s ? load(s, name) : SL_NOMEM;
  if (!rc)
    own->altsvc_read = true;
  return rc == CURLE_READ_ERROR ? sl_fail(t, rc, "Failed to read the Alt-Svc file") : rc;
}

static bool is_trusted(const struct transfer *t)
{
  const struct tls_config *tls = t->easy->set.tls;
  return t->proto->tls && tls->ssl_verifypeer && tls->ssl_verifyhost;
}

sl_result sl_altsvc_response(struct transfer *t, struct slice value, bool first)
{
  struct altsvc_peer from = {t->host, t->port, SL_ALPN_H1};
  if (!enabled(t->easy) || !is_trusted(t))
    return SL_OK;
  struct altsvc_store *s = store(t->easy);
  return s ? sl_altsvc_header(&s->cache, &from, value, first, sl_clock_wall_s()) : SL_NOMEM;
}

sl_result sl_altsvc_forget(struct transfer *t)
{
  SL_INFOF(t->easy, "Alt-svc: %s does not serve this origin", t->alt_used);
  return sl_altsvc_response(t, SLICE_LIT("clear"), true);
}

/* Which of CURLALTSVC_* we can speak, and want to. */
static unsigned alpns(const struct transfer *t)
{
  uint32_t ctrl = (uint32_t)t->easy->set.http->altsvc_ctrl;
  enum http_wish wish = sl_http2_wish(t);
  bool h1 = ctrl & CURLALTSVC_H1 && wish != HTTP_WISH_2_ONLY, h2 = ctrl & CURLALTSVC_H2 && wish != HTTP_WISH_1;
  return (h1 ? SL_ALPN_H1 : 0u) | (h2 ? SL_ALPN_H2 : 0u);
}

sl_result sl_altsvc_route(struct transfer *t, struct route *r)
{
  const struct easy *e = t->easy;
  struct altsvc_entry found;
  struct buf name;
  bool redirected = r->to_port != r->port || !slice_eq(r->to_host, r->host);
  if (!e->altsvc || !enabled(e) || t->proto->bit != CURLPROTO_HTTPS || r->unix_path || redirected ||
      !sl_altsvc_find(&e->altsvc->cache, t->host, t->port, alpns(t), sl_clock_wall_s(), &found))
    return SL_OK;
  sl_buf_init(&name, SL_ALTSVC_HOST_MAX + SL_NUM_MAX);
  sl_buf_add(&name, found.to.host);
  sl_buf_char(&name, ':');
  sl_buf_num(&name, found.to.port);
  char *copy = sl_buf_ok(&name) ? sl_arena_str(&t->arena, sl_buf_peek(&name)) : NULL;
  sl_buf_done(&name);
  if (!copy)
    return SL_NOMEM;
  t->alt_used = copy;
  r->to_host = slice_of(copy, found.to.host.n);
  if (*copy == '[')
    r->to_host = slice_of(copy + 1, found.to.host.n - 2);
  r->to_port = found.to.port;
  SL_INFOF(t->easy, "Alt-svc connecting from %.*s:%d to %s", (int)t->host.n, t->host.p, t->port, copy);
  return SL_OK;
}

void sl_altsvc_free(struct easy *e)
{
  const struct http_config *c = e->set.http;
  struct altsvc_store *s = e->altsvc;
  struct buf text;
  if (!s)
    return;
  if (c->altsvc && *c->altsvc && c->altsvc_read && !(c->altsvc_ctrl & CURLALTSVC_READONLYFILE)) {
    sl_buf_init(&text, MAX_FILE);
    if (sl_altsvc_print(&s->cache, sl_clock_wall_s(), &text) || sl_file_write(c->altsvc, sl_buf_peek(&text)))
      SL_INFOF(e, "WARNING: failed to save alternative services in %s", c->altsvc);
    sl_buf_done(&text);
  }
  sl_altsvc_done(&s->cache);
  sl_free(s);
  e->altsvc = NULL;
}
