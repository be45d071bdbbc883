/* The cookie jar; see cookie.h.
 *
 * Cookies lie in sites: one for the last two labels of their domain, for an IP address, and one (an
 * empty key) for cookies without a domain. A request looks into at most three of them, whatever the
 * jar holds. A cookie is one allocation: the node and behind it name, value, domain and path. */
#include <libpsl.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/cookie.h"

enum { KEY_MAX = 255, HOST_MAX = 255 };

struct site {
  struct list cookies; /* oldest first */
  uint32_t n;
  size_t key_n;
  char key[];
};

struct cookie {
  struct list all, in_site;
  struct site *site;
  uint64_t serial; /* of its creation; a replaced cookie hands it on */
  int64_t expires_s;
  struct slice name, value, domain, path; /* into text */
  bool tail, secure, httponly, live;
  char text[];
};

/* ---- sites ---- */

/* The key of the site that a domain belongs to, in lower case. */
static struct slice site_key(struct slice domain, char store[KEY_MAX])
{
  if (!sl_cookie_host_is_ip(domain)) {
    int dots = 0;
    size_t at = domain.n;
    while (at && (domain.p[at - 1] != '.' || ++dots < 2))
      at--;
    if (domain.n)
      domain = slice_from(domain, at);
  }
  if (domain.n > KEY_MAX)
    domain = slice_from(domain, domain.n - KEY_MAX);
  for (size_t i = 0; i < domain.n; i++)
    store[i] = sl_lower(domain.p[i]);
  return slice_of(store, domain.n);
}

static struct site *site_find(const struct cookie_jar *jar, struct slice domain)
{
  char store[KEY_MAX];
  return sl_map_get(&jar->sites, site_key(domain, store));
}

static struct site *site_get(struct cookie_jar *jar, struct slice domain)
{
  char store[KEY_MAX];
  struct slice key = site_key(domain, store);
  struct site *s = sl_map_get(&jar->sites, key);
  if (s)
    return s;
  s = sl_malloc(sizeof *s + key.n);
  if (!s)
    return NULL;
  *s = (struct site){.n = 0, .key_n = key.n};
  sl_list_init(&s->cookies);
  memcpy(s->key, key.p, key.n);
  if (sl_map_put(&jar->sites, slice_of(s->key, s->key_n), s))
    return s;
  sl_free(s);
  return NULL;
}

/* The sites in which a cookie for the host can lie; their number. */
static int sites_of(const struct cookie_jar *jar, struct slice host, struct site *out[3])
{
  int n = 0;
  struct site *s = host.n ? site_find(jar, host) : NULL;
  if (s)
    out[n++] = s;
  if (sl_cookie_host_is_ip(host)) {
    s = site_find(jar, SLICE_NONE); /* cookies of no domain */
  } else { /* cookies of a whole top-level domain, which only a file can bring in */
    size_t at = host.n;
    while (at && host.p[at - 1] != '.')
      at--;
    s = at && at < host.n ? site_find(jar, slice_from(host, at)) : NULL;
  }
  if (s)
    out[n++] = s;
  return n;
}

/* ---- life and death ---- */

void sl_cookie_jar_init(struct cookie_jar *jar, uint64_t seed)
{
  *jar = (struct cookie_jar){.next_expiry_s = INT64_MAX};
  sl_list_init(&jar->all);
  sl_map_init(&jar->sites, seed);
}

/* The cookie goes, and its site with the last one. */
static void drop(struct cookie_jar *jar, struct cookie *c)
{
  struct site *s = c->site;
  sl_list_unlink(&c->all);
  sl_list_unlink(&c->in_site);
  sl_free(c);
  jar->n--;
  if (--s->n)
    return;
  sl_map_remove(&jar->sites, slice_of(s->key, s->key_n));
  sl_free(s);
}

void sl_cookie_jar_clear(struct cookie_jar *jar)
{
  LIST_FOR_EACH(node, &jar->all)
  drop(jar, LIST_ENTRY(node, struct cookie, all));
  jar->next_expiry_s = INT64_MAX;
}

void sl_cookie_jar_done(struct cookie_jar *jar)
{
  sl_cookie_jar_clear(jar);
  sl_map_done(&jar->sites);
}

void sl_cookie_jar_drop_session(struct cookie_jar *jar)
{
  LIST_FOR_EACH(node, &jar->all)
  {
    struct cookie *c = LIST_ENTRY(node, struct cookie, all);
    if (!c->expires_s)
      drop(jar, c);
  }
}

static bool expired(const struct cookie *c, int64_t now_s)
{
  return c->expires_s && c->expires_s < now_s;
}

static void drop_expired(struct cookie_jar *jar, int64_t now_s)
{
  int64_t next = INT64_MAX;
  if (now_s <= jar->next_expiry_s)
    return;
  LIST_FOR_EACH(node, &jar->all)
  {
    struct cookie *c = LIST_ENTRY(node, struct cookie, all);
    if (expired(c, now_s))
      drop(jar, c);
    else if (c->expires_s && c->expires_s < next)
      next = c->expires_s;
  }
  jar->next_expiry_s = next;
}

static struct slice put_text(char **at, struct slice s)
{
  struct slice copy = {*at, s.n};
  if (s.n)
    memcpy(*at, s.p, s.n);
  *at += s.n;
  return copy;
}

static struct cookie *cookie_new(const struct cookie_parts *p)
{
  struct cookie *c = sl_malloc(sizeof *c + p->name.n + p->value.n + p->domain.n + p->path.n);
  if (!c)
    return NULL;
  *c = (struct cookie){
      .expires_s = p->expires_s, .tail = p->tail, .secure = p->secure, .httponly = p->httponly};
  char *at = c->text;
  c->name = put_text(&at, p->name);
  c->value = put_text(&at, p->value);
  c->domain = put_text(&at, p->domain);
  c->path = put_text(&at, p->path);
  return c;
}

/* ---- adding ---- */

/* Lower case and no trailing dot, as libpsl wants it; false when it is no host name by its length.
 */
static bool canonical(struct slice host, char store[HOST_MAX + 1])
{
  if (host.n && host.p[host.n - 1] == '.')
    host.n--;
  if (!host.n || host.n > HOST_MAX)
    return false;
  for (size_t i = 0; i < host.n; i++)
    store[i] = sl_lower(host.p[i]);
  store[host.n] = 0;
  return true;
}

/* A cookie for a public suffix would go to everybody below it. */
static bool too_public(const struct cookie_parts *p, const struct cookie_source *from)
{
  char domain[HOST_MAX + 1], host[HOST_MAX + 1];
  const psl_ctx_t *psl = from->psl ? from->psl : psl_builtin();
  if (!p->tail)
    return false;
  if (!canonical(p->domain, domain) || (from->host.n && !canonical(from->host, host)))
    return true;
  if (!psl)
    return !strchr(domain, '.') && strcmp(domain, "localhost") != 0;
  if (from->host.n)
    return !psl_is_cookie_domain_acceptable(psl, host, domain);
  return psl_is_public_suffix2(psl, domain, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

/* Completes a parsed Set-Cookie with what the request says, and checks it against that. */
static const char *fit_origin(struct cookie_parts *p, const struct cookie_source *from, bool secure)
{
  if (!from->host.n)
    return NULL;
  if (p->domain.n && !p->tail && !sl_text_ieq(p->domain, from->host))
    return "not for this IP address";
  if (p->tail && (sl_cookie_host_is_ip(from->host) || !sl_cookie_tail_match(p->domain, from->host)))
    return "not for this host";
  if (p->secure && !secure)
    return "secure, but not set over a secure connection";
  if (!p->domain.n)
    p->domain = from->host;
  if (!p->path.n)
    p->path = sl_cookie_default_path(from->path);
  return NULL;
}

/* Section 5.7: over an insecure connection nothing may hide or replace a secure cookie. */
static bool hides_secure(const struct cookie_jar *jar, const struct cookie_parts *p,
                         const struct cookie_source *from)
{
  struct site *sites[3];
  int n = sites_of(jar, from->host, sites);
  for (int i = 0; i < n; i++) {
    LIST_FOR_EACH(node, &sites[i]->cookies)
    {
      const struct cookie *c = LIST_ENTRY(node, struct cookie, in_site);
      if (c->secure && slice_eq(c->name, p->name) && !expired(c, from->now_s) &&
          (sl_cookie_tail_match(c->domain, p->domain) ||
           sl_cookie_tail_match(p->domain, c->domain)) &&
          sl_cookie_path_match(c->path, p->path))
        return true;
    }
  }
  return false;
}

static struct cookie *find_same(const struct site *s, const struct cookie_parts *p)
{
  LIST_FOR_EACH(node, &s->cookies)
  {
    struct cookie *c = LIST_ENTRY(node, struct cookie, in_site);
    if (c->tail == p->tail && slice_eq(c->name, p->name) && slice_eq(c->path, p->path) &&
        sl_text_ieq(c->domain, p->domain))
      return c;
  }
  return NULL;
}

/* The new cookie takes the old one's place in both lists and its age. */
static void replace(struct cookie_jar *jar, struct cookie *old, struct cookie *c)
{
  c->serial = old->serial;
  c->site = old->site;
  sl_list_push_back(&old->all, &c->all);
  sl_list_push_back(&old->in_site, &c->in_site);
  c->site->n++;
  jar->n++;
  drop(jar, old);
}

static sl_result append(struct cookie_jar *jar, const struct cookie_parts *p, struct cookie *c)
{
  struct site *s = site_get(jar, p->domain);
  if (!s) {
    sl_free(c);
    return SL_NOMEM;
  }
  c->site = s;
  c->serial = ++jar->serial;
  sl_list_push_back(&jar->all, &c->all);
  sl_list_push_back(&s->cookies, &c->in_site);
  s->n++;
  jar->n++;
  if (s->n > SL_COOKIE_SITE_MAX)
    drop(jar, LIST_ENTRY(s->cookies.next, struct cookie, in_site));
  else if (jar->n > SL_COOKIE_JAR_MAX)
    drop(jar, LIST_ENTRY(jar->all.next, struct cookie, all));
  return SL_OK;
}

static sl_result store(struct cookie_jar *jar, const struct cookie_parts *p,
                       const struct cookie_source *from, const char **out_refused)
{
  struct site *s = site_find(jar, p->domain);
  struct cookie *old = s ? find_same(s, p) : NULL;
  if (old && old->live && from->from_file) {
    *out_refused = "a file does not replace what is in use";
    return SL_OK;
  }
  if (p->expires_s && p->expires_s < from->now_s) {
    if (old)
      drop(jar, old);
    return SL_OK;
  }
  struct cookie *c = cookie_new(p);
  if (!c)
    return SL_NOMEM;
  c->live = !from->from_file;
  if (p->expires_s && p->expires_s < jar->next_expiry_s)
    jar->next_expiry_s = p->expires_s;
  if (!old)
    return append(jar, p, c);
  replace(jar, old, c);
  return SL_OK;
}

static sl_result add(struct cookie_jar *jar, struct cookie_parts *p,
                     const struct cookie_source *from, const char **out_refused)
{
  bool secure = from->secure || sl_cookie_host_is_local(from->host);
  drop_expired(jar, from->now_s);
  const char *why = fit_origin(p, from, secure);
  if (!why && too_public(p, from))
    why = "the domain is a public suffix";
  if (!why && from->new_session && !p->expires_s)
    why = "a session cookie of an old session";
  if (!why && from->host.n && !p->secure && !secure && hides_secure(jar, p, from))
    why = "it would hide a secure cookie";
  if (why) {
    *out_refused = why;
    return SL_OK;
  }
  return store(jar, p, from, out_refused);
}

sl_result sl_cookie_jar_set(struct cookie_jar *jar, struct slice value,
                            const struct cookie_source *from, const char **out_refused)
{
  struct cookie_parts parts;
  struct cookie_source source = *from;
  const char *refused = sl_cookie_parse_header(value, from->now_s, &parts);
  sl_result result = SL_OK;
  if (source.host.n > 2 && *source.host.p == '[' && source.host.p[source.host.n - 1] == ']')
    source.host = slice_of(source.host.p + 1, source.host.n - 2);
  if (!refused)
    result = add(jar, &parts, &source, &refused);
  if (out_refused)
    *out_refused = refused;
  return result;
}

sl_result sl_cookie_jar_line(struct cookie_jar *jar, struct slice line,
                             const struct cookie_source *from, const char **out_refused)
{
  struct cookie_source source = *from;
  struct cookie_parts parts;
  sl_result result = SL_OK;
  source.host = source.path = SLICE_NONE;
  if (sl_text_istarts(line, SLICE_LIT("Set-Cookie:")))
    return sl_cookie_jar_set(jar, slice_from(line, strlen("Set-Cookie:")), &source, out_refused);
  const char *refused = sl_cookie_parse_netscape(line, &parts);
  if (!refused && parts.name.n)
    result = add(jar, &parts, &source, &refused);
  if (out_refused)
    *out_refused = refused;
  return result;
}

sl_result sl_cookie_jar_load(struct cookie_jar *jar, struct slice text,
                             const struct cookie_source *from)
{
  while (text.n) {
    struct slice line = slice_head(text, slice_find(text, '\n'));
    text = slice_from(text, line.n + 1);
    sl_result result = sl_cookie_jar_line(jar, line, from, NULL);
    if (result != SL_OK)
      return result;
  }
  return SL_OK;
}

/* ---- a request's cookies ---- */

/* Longer path first, then longer domain, then longer name, then the newer one. */
static bool goes_before(const struct cookie *a, const struct cookie *b)
{
  if (a->path.n != b->path.n)
    return a->path.n > b->path.n;
  if (a->domain.n != b->domain.n)
    return a->domain.n > b->domain.n;
  if (a->name.n != b->name.n)
    return a->name.n > b->name.n;
  return a->serial > b->serial;
}

static bool fits(const struct cookie *c, struct slice host, struct slice path, bool secure,
                 int64_t now_s)
{
  if (expired(c, now_s) || (c->secure && !secure))
    return false;
  if (c->domain.n &&
      !(c->tail ? sl_cookie_tail_match(c->domain, host) : sl_text_ieq(c->domain, host)))
    return false;
  return sl_cookie_path_match(c->path, path);
}

/* The first SL_COOKIE_SEND_MAX that fit, sorted as they come; their number. */
static size_t collect(const struct cookie_jar *jar, struct slice host, struct slice path,
                      bool secure, int64_t now_s, const struct cookie *found[SL_COOKIE_SEND_MAX])
{
  struct site *sites[3];
  size_t n = 0;
  int n_sites = sites_of(jar, host, sites);
  for (int i = 0; i < n_sites; i++) {
    LIST_FOR_EACH(node, &sites[i]->cookies)
    {
      const struct cookie *c = LIST_ENTRY(node, struct cookie, in_site);
      if (!fits(c, host, path, secure, now_s))
        continue;
      size_t at = n;
      for (; at && goes_before(c, found[at - 1]); at--)
        found[at] = found[at - 1];
      found[at] = c;
      if (++n == SL_COOKIE_SEND_MAX)
        return n;
    }
  }
  return n;
}

sl_result sl_cookie_jar_header(struct cookie_jar *jar, struct slice host, struct slice path,
                               bool secure, int64_t now_s, struct buf *out)
{
  const struct cookie *found[SL_COOKIE_SEND_MAX];
  size_t bytes = strlen("Cookie: ");
  if (!jar->n)
    return SL_OK;
  if (host.n > 2 && *host.p == '[' && host.p[host.n - 1] == ']')
    host = slice_of(host.p + 1, host.n - 2);
  drop_expired(jar, now_s);
  secure = secure || sl_cookie_host_is_local(host);
  size_t n = collect(jar, host, path, secure, now_s, found);
  for (size_t i = 0; i < n; i++) {
    const struct cookie *c = found[i];
    bytes += (i ? 2 : 0) + c->name.n + 1 + c->value.n;
    if (bytes > SL_COOKIE_HEADER_MAX)
      break;
    if (i)
      sl_buf_str(out, "; ");
    sl_buf_add(out, c->name);
    sl_buf_char(out, '=');
    sl_buf_add(out, c->value);
  }
  return sl_buf_result(out, SL_NOMEM);
}

/* ---- printing ---- */

static void print_line(const struct cookie *c, struct buf *out)
{
  if (c->httponly)
    sl_buf_str(out, "#HttpOnly_");
  if (c->tail)
    sl_buf_char(out, '.');
  sl_buf_add(out, c->domain);
  sl_buf_str(out, c->tail ? "\tTRUE\t" : "\tFALSE\t");
  sl_buf_add(out, c->path.n ? c->path : SLICE_LIT("/"));
  sl_buf_str(out, c->secure ? "\tTRUE\t" : "\tFALSE\t");
  sl_buf_num(out, c->expires_s);
  sl_buf_char(out, '\t');
  sl_buf_add(out, c->name);
  sl_buf_char(out, '\t');
  sl_buf_add(out, c->value);
}

sl_result sl_cookie_jar_print(struct cookie_jar *jar, int64_t now_s, struct buf *out)
{
  drop_expired(jar, now_s);
  sl_buf_str(out, "# Netscape HTTP Cookie File\n"
                  "# https://curl.se/docs/http-cookies.html\n"
                  "# This file was generated by libcurl! Edit at your own risk.\n\n");
  for (const struct list *node = jar->all.prev; node != &jar->all; node = node->prev) {
    const struct cookie *c = LIST_ENTRY(node, struct cookie, all);
    if (!c->domain.n)
      continue;
    print_line(c, out);
    sl_buf_char(out, '\n');
  }
  return sl_buf_result(out, SL_NOMEM);
}

bool sl_cookie_jar_next(struct cookie_jar *jar, const struct list **cursor, int64_t now_s,
                        struct buf *line)
{
  const struct list *node = *cursor ? (*cursor)->next : jar->all.next;
  for (; node != &jar->all; node = node->next) {
    const struct cookie *c = LIST_ENTRY(node, struct cookie, all);
    if (!c->domain.n || expired(c, now_s))
      continue;
    sl_buf_clear(line);
    print_line(c, line);
    *cursor = node;
    return sl_buf_ok(line);
  }
  return false;
}
