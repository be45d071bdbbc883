/* Alternative services; see altsvc.h. Section numbers are those of RFC 7838. */
#include "wire/altsvc.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "wire/encode.h"
#include "wire/hsts.h"

enum { DEFAULT_AGE_S = 24 * 60 * 60, PORT_TEXT = 8, KEY_MAX = SL_ALTSVC_HOST_MAX + PORT_TEXT, ALPN_MAX = 16 };

struct origin {
  struct list alts; /* struct alt */
  uint32_t n;
  uint16_t port;
  struct slice host; /* of key */
  struct slice key;  /* host, ':', port; behind the struct */
};

struct alt {
  struct list all, siblings;
  struct origin *origin;
  int64_t expires_s;
  uint16_t port;
  uint8_t from_alpn, alpn;
  bool persist;
  size_t host_n;
  char host[];
};

/* ---- names ---- */

static const struct {
  const char *name;
  uint8_t bit;
} protocols[] = {{"h1", SL_ALPN_H1}, {"h2", SL_ALPN_H2}, {"h3", SL_ALPN_H3}, {"http/1.1", SL_ALPN_H1}};

/* 0: none that we know. */
static uint8_t alpn_of(struct slice name)
{
  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
    if (sl_text_ieq_str(name, protocols[i].name))
      return protocols[i].bit;
  return 0;
}

static const char *alpn_name(uint8_t bit)
{
  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
    if (protocols[i].bit == bit)
      return protocols[i].name;
  return "";
}

/* What may stand in a host without its dot: it goes into the DNS and into the Alt-Used field. */
static bool is_host(struct slice host)
{
  bool literal = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
  if (literal)
    host = slice_of(host.p + 1, host.n - 2);
  if (!host.n || host.n > SL_ALTSVC_HOST_MAX - 2 || host.p[host.n - 1] == '.')
    return false;
  for (size_t i = 0; i < host.n; i++) {
    char c = host.p[i];
    bool ok = literal ? sl_hex_value(c) >= 0 || c == ':' || c == '.'
                      : sl_is_alnum(c) || c == '-' || c == '.' || c == '_';
    if (!ok)
      return false;
  }
  return true;
}

static struct slice without_dot(struct slice host)
{
  return host.n && host.p[host.n - 1] == '.' ? slice_head(host, host.n - 1) : host;
}

/* .n is 0 for what can have no entry. *out_host_n: how much of the key is the host. */
static struct slice make_key(struct slice host, uint16_t port, char store[KEY_MAX], size_t *out_host_n)
{
  char digits[SL_NUM_MAX];
  host = without_dot(host);
  if (!is_host(host) || !port)
    return SLICE_NONE;
  memcpy(store, host.p, host.n);
  sl_text_lower(store, host.n);
  size_t n = sl_num_format(digits, port);
  store[host.n] = ':';
  memcpy(store + host.n + 1, digits, n);
  *out_host_n = host.n;
  return slice_of(store, host.n + 1 + n);
}

/* ---- the cache ---- */

void sl_altsvc_init(struct altsvc *a, uint64_t seed)
{
  *a = (struct altsvc){.n = 0};
  sl_list_init(&a->all);
  sl_map_init(&a->origins, seed);
}

static void drop(struct altsvc *a, struct alt *alt)
{
  struct origin *o = alt->origin;
  sl_list_unlink(&alt->all);
  sl_list_unlink(&alt->siblings);
  sl_free(alt);
  a->n--;
  if (--o->n)
    return;
  sl_map_remove(&a->origins, o->key);
  sl_free(o);
}

void sl_altsvc_done(struct altsvc *a)
{
  LIST_FOR_EACH(node, &a->all)
  drop(a, LIST_ENTRY(node, struct alt, all));
  sl_map_done(&a->origins);
}

static struct origin *find_origin(const struct altsvc *a, struct slice host, uint16_t port)
{
  char store[KEY_MAX];
  size_t host_n;
  struct slice key = make_key(host, port, store, &host_n);
  return key.n ? sl_map_get(&a->origins, key) : NULL;
}

static void forget(struct altsvc *a, struct origin *o)
{
  uint32_t left = o ? o->n : 0;
  while (left--) /* with the last one the origin goes, too */
    drop(a, LIST_ENTRY(o->alts.next, struct alt, siblings));
}

static struct origin *origin_new(struct altsvc *a, struct slice host, uint16_t port)
{
  char store[KEY_MAX];
  size_t host_n;
  struct slice key = make_key(host, port, store, &host_n);
  struct origin *o = sl_malloc(sizeof *o + key.n);
  if (!o)
    return NULL;
  memcpy(o + 1, key.p, key.n);
  *o = (struct origin){.port = port, .key = slice_of((const char *)(o + 1), key.n)};
  o->host = slice_head(o->key, host_n);
  sl_list_init(&o->alts);
  if (sl_map_put(&a->origins, o->key, o))
    return o;
  sl_free(o);
  return NULL;
}

static struct alt *find_same(const struct origin *o, const struct altsvc_entry *e, struct slice host)
{
  LIST_FOR_EACH(node, &o->alts)
  {
    struct alt *alt = LIST_ENTRY(node, struct alt, siblings);
    if (alt->from_alpn == e->from.alpn && alt->alpn == e->to.alpn && alt->port == e->to.port &&
        sl_text_ieq(slice_of(alt->host, alt->host_n), host))
      return alt;
  }
  return NULL;
}

static sl_result add(struct altsvc *a, const struct altsvc_entry *e, int64_t now_s)
{
  struct slice host = without_dot(e->to.host);
  if (!is_host(without_dot(e->from.host)) || !is_host(host) || !e->from.port || !e->to.port || e->expires_s <= now_s)
    return SL_OK;
  struct origin *o = find_origin(a, e->from.host, e->from.port);
  struct alt *alt = o ? find_same(o, e, host) : NULL;
  if (!alt) {
    if (o && o->n >= SL_ALTSVC_OF_ORIGIN)
      return SL_OK;
    if (!(alt = sl_malloc(sizeof *alt + host.n)))
      return SL_NOMEM;
    if (!o && !(o = origin_new(a, e->from.host, e->from.port))) {
      sl_free(alt);
      return SL_NOMEM;
    }
    *alt = (struct alt){.origin = o, .from_alpn = e->from.alpn, .alpn = e->to.alpn, .port = e->to.port};
    alt->host_n = host.n;
    memcpy(alt->host, host.p, host.n);
    sl_text_lower(alt->host, host.n);
    sl_list_push_back(&o->alts, &alt->siblings);
    sl_list_push_back(&a->all, &alt->all);
    o->n++;
    a->n++;
  }
  alt->expires_s = e->expires_s;
  alt->persist = e->persist;
  if (a->n > SL_ALTSVC_MAX)
    drop(a, LIST_ENTRY(a->all.next, struct alt, all));
  return SL_OK;
}

static struct altsvc_entry entry_of(const struct alt *alt)
{
  return (struct altsvc_entry){
      .from = {alt->origin->host, alt->origin->port, alt->from_alpn},
      .to = {slice_of(alt->host, alt->host_n), alt->port, alt->alpn},
      .expires_s = alt->expires_s,
      .persist = alt->persist,
  };
}

bool sl_altsvc_find(const struct altsvc *a, struct slice host, uint16_t port, unsigned alpns, int64_t now_s,
                    struct altsvc_entry *out_entry)
{
  struct origin *o = a->n ? find_origin(a, host, port) : NULL;
  if (!o)
    return false;
  LIST_FOR_EACH(node, &o->alts)
  {
    const struct alt *alt = LIST_ENTRY(node, struct alt, siblings);
    if (!(alt->alpn & alpns) || alt->expires_s <= now_s)
      continue;
    *out_entry = entry_of(alt);
    return true;
  }
  return false;
}

/* ---- the field, section 3 ---- */

/* Up to one of the marks that no quotes enclose; the mark stays. */
static struct slice take_until(struct slice *rest, char mark, char other)
{
  size_t n = 0;
  bool quoted = false;
  for (; n < rest->n && (quoted || (rest->p[n] != mark && rest->p[n] != other)); n++) {
    if (quoted && rest->p[n] == '\\' && n + 1 < rest->n)
      n++;
    else if (rest->p[n] == '"')
      quoted = !quoted;
  }
  struct slice taken = slice_head(*rest, n);
  *rest = slice_from(*rest, n);
  return taken;
}

/* A quoted string's inside; one with escapes is none that we could use. */
static bool unquote(struct slice text, struct slice *out)
{
  if (text.n < 2 || text.p[0] != '"' || text.p[text.n - 1] != '"')
    return false;
  *out = slice_of(text.p + 1, text.n - 2);
  return slice_find(*out, '"') == out->n && slice_find(*out, '\\') == out->n;
}

/* protocol-id = token, percent-encoded where a token may not have it: http%2F1.1 */
static uint8_t parse_alpn(struct slice text)
{
  struct buf name;
  if (slice_find(text, '%') == text.n)
    return alpn_of(text);
  sl_buf_init(&name, ALPN_MAX);
  uint8_t bit = sl_encode_from_percent(text, SL_PERCENT_NO_ZERO, &name) ? alpn_of(sl_buf_peek(&name)) : 0;
  sl_buf_done(&name);
  return bit;
}

/* [host] ":" port; no host: the origin's. */
static bool parse_authority(struct slice text, struct altsvc_peer *to)
{
  int64_t port;
  size_t colon = text.n;
  while (colon && text.p[colon - 1] != ':')
    colon--;
  if (!colon || !sl_num_parse(slice_from(text, colon), UINT16_MAX, &port) || !port)
    return false;
  if (colon > 1)
    to->host = slice_head(text, colon - 1);
  to->port = (uint16_t)port;
  return true;
}

/* *(OWS ";" OWS parameter): ma and persist, whatever else is ignored (3.1). */
static bool parse_parameters(struct slice *rest, int64_t *out_age_s, bool *out_persist)
{
  while (rest->n && *rest->p == ';') {
    *rest = slice_from(*rest, 1);
    struct slice parameter = sl_text_trim(take_until(rest, ';', ','));
    size_t eq = slice_find(parameter, '=');
    struct slice name = sl_text_trim(slice_head(parameter, eq)), value = sl_text_trim(slice_from(parameter, eq + 1));
    unquote(value, &value);
    if (sl_text_ieq_str(name, "ma")) {
      for (size_t i = 0; i < value.n; i++)
        if (!sl_is_digit(value.p[i]))
          return false;
      if (!value.n)
        return false;
      if (!sl_num_parse(value, INT32_MAX, out_age_s))
        *out_age_s = INT32_MAX;
    } else if (sl_text_ieq_str(name, "persist")) {
      *out_persist = slice_eq(value, SLICE_LIT("1"));
    }
  }
  return true;
}

static sl_result take_value(struct altsvc *a, const struct altsvc_peer *from, struct slice *rest, int64_t now_s)
{
  int64_t age_s = DEFAULT_AGE_S;
  struct altsvc_entry e = {.from = *from, .to = {.host = from->host}};
  struct slice alternative = take_until(rest, ';', ','), authority;
  bool ok = parse_parameters(rest, &age_s, &e.persist);
  *rest = slice_from(*rest, 1);
  size_t eq = slice_find(alternative, '=');
  e.to.alpn = parse_alpn(sl_text_trim(slice_head(alternative, eq)));
  if (!ok || !e.to.alpn || !unquote(sl_text_trim(slice_from(alternative, eq + 1)), &authority) ||
      !parse_authority(authority, &e.to))
    return SL_OK;
  e.expires_s = now_s + age_s;
  return add(a, &e, now_s);
}

sl_result sl_altsvc_header(struct altsvc *a, const struct altsvc_peer *from, struct slice value, bool first,
                           int64_t now_s)
{
  sl_result rc = SL_OK;
  value = sl_text_trim(value);
  bool clear = sl_text_ieq_str(value, "clear");
  if (first || clear)
    forget(a, find_origin(a, from->host, from->port));
  while (!clear && value.n && !rc)
    rc = take_value(a, from, &value, now_s);
  return rc;
}

/* ---- the file ---- */

static struct slice take_word(struct slice *line)
{
  size_t n = 0;
  while (line->n && sl_is_blank(*line->p))
    *line = slice_from(*line, 1);
  while (n < line->n && !sl_is_blank(line->p[n]))
    n++;
  struct slice word = slice_head(*line, n);
  *line = slice_from(*line, n);
  return word;
}

static bool take_peer(struct slice *line, struct altsvc_peer *out)
{
  int64_t port;
  out->alpn = alpn_of(take_word(line));
  out->host = take_word(line);
  if (!sl_num_parse(take_word(line), UINT16_MAX, &port))
    return false;
  out->port = (uint16_t)port;
  return out->alpn && port;
}

/* alpn host port alpn host port "stamp" persist priority */
static sl_result load_line(struct altsvc *a, struct slice line, int64_t now_s)
{
  struct altsvc_entry e = {.persist = false};
  line = sl_text_trim(line);
  if (!line.n || *line.p == '#' || !take_peer(&line, &e.from) || !take_peer(&line, &e.to))
    return SL_OK;
  line = sl_text_trim(line);
  if (!line.n || *line.p != '"')
    return SL_OK;
  line = slice_from(line, 1);
  size_t n = slice_find(line, '"');
  if (!n || n == line.n || !sl_hsts_stamp_parse(slice_head(line, n), &e.expires_s))
    return SL_OK;
  line = slice_from(line, n + 1);
  e.persist = slice_eq(take_word(&line), SLICE_LIT("1"));
  return add(a, &e, now_s);
}

sl_result sl_altsvc_load(struct altsvc *a, struct slice text, int64_t now_s)
{
  sl_result rc = SL_OK;
  while (text.n && !rc) {
    struct slice line = slice_head(text, slice_find(text, '\n'));
    text = slice_from(text, line.n + 1);
    rc = load_line(a, line, now_s);
  }
  return rc;
}

static void print_peer(const struct altsvc_peer *p, struct buf *out)
{
  sl_buf_str(out, alpn_name(p->alpn));
  sl_buf_char(out, ' ');
  sl_buf_add(out, p->host);
  sl_buf_char(out, ' ');
  sl_buf_num(out, p->port);
  sl_buf_char(out, ' ');
}

sl_result sl_altsvc_print(const struct altsvc *a, int64_t now_s, struct buf *out)
{
  char stamp[SL_HSTS_STAMP_MAX];
  sl_buf_str(out, "# Your alt-svc cache. https://curl.se/docs/alt-svc.html\n"
                  "# This file was generated by libcurl! Edit at your own risk.\n");
  LIST_FOR_EACH(node, &a->all)
  {
    struct altsvc_entry e = entry_of(LIST_ENTRY(node, struct alt, all));
    if (e.expires_s <= now_s)
      continue;
    print_peer(&e.from, out);
    print_peer(&e.to, out);
    sl_hsts_stamp(stamp, e.expires_s);
    sl_buf_char(out, '"');
    sl_buf_str(out, stamp);
    sl_buf_str(out, e.persist ? "\" 1 0\n" : "\" 0 0\n");
  }
  return sl_buf_result(out, SL_NOMEM);
}
