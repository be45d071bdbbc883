/* HSTS; see hsts.h. Section numbers are those of RFC 6797. */
#include "wire/hsts.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "wire/date.h"
#include "wire/stamp.h"

struct entry {
  struct list all;
  int64_t expires_s;
  bool subdomains;
  size_t host_n;
  char host[];
};

/* ---- hosts ---- */

static bool is_ip(struct slice host)
{
  bool digits_only = true;
  for (size_t i = 0; i < host.n; i++) {
    if (host.p[i] == ':')
      return true;
    if (!sl_is_digit(host.p[i]) && host.p[i] != '.')
      digits_only = false;
  }
  return digits_only;
}

/* Section 8.2, 10.1; .n is 0 for what cannot have an entry: no host name, or an IP address (8.1.1).
 */
static struct slice canonical(struct slice host, char store[SL_HSTS_HOST_MAX])
{
  if (host.n && host.p[host.n - 1] == '.')
    host.n--;
  if (host.n > SL_HSTS_HOST_MAX || is_ip(host) || (host.n && host.p[host.n - 1] == '.'))
    return SLICE_NONE;
  for (size_t i = 0; i < host.n; i++) {
    if ((unsigned char)host.p[i] <= ' ' || host.p[i] == '"' || host.p[i] == 127)
      return SLICE_NONE;
    store[i] = sl_lower(host.p[i]);
  }
  return slice_of(store, host.n);
}

static struct entry *find(const struct hsts *h, struct slice host)
{
  return sl_map_get(&h->hosts, host);
}

static void drop(struct hsts *h, struct entry *e)
{
  sl_map_remove(&h->hosts, slice_of(e->host, e->host_n));
  sl_list_unlink(&e->all);
  h->n--;
  sl_free(e);
}

void sl_hsts_init(struct hsts *h, uint64_t seed)
{
  *h = (struct hsts){.n = 0};
  sl_list_init(&h->all);
  sl_map_init(&h->hosts, seed);
}

void sl_hsts_done(struct hsts *h)
{
  LIST_FOR_EACH(node, &h->all)
  drop(h, LIST_ENTRY(node, struct entry, all));
  sl_map_done(&h->hosts);
}

static struct entry *insert(struct hsts *h, struct slice host)
{
  struct entry *e = sl_malloc(sizeof *e + host.n);
  if (!e)
    return NULL;
  *e = (struct entry){.host_n = host.n};
  memcpy(e->host, host.p, host.n);
  if (!sl_map_put(&h->hosts, slice_of(e->host, e->host_n), e)) {
    sl_free(e);
    return NULL;
  }
  sl_list_push_back(&h->all, &e->all);
  if (++h->n > SL_HSTS_MAX)
    drop(h, LIST_ENTRY(h->all.next, struct entry, all));
  return e;
}

/* ---- the header field, section 6.1 ---- */

struct policy {
  int64_t max_age_s; /* -1: not said */
  bool subdomains;
};

/* Digits, quoted or not; more than fits is for ever. */
static bool parse_age(struct slice text, int64_t *out_age)
{
  bool quoted = text.n && *text.p == '"';
  if (quoted) {
    if (text.n < 3 || text.p[text.n - 1] != '"')
      return false;
    text = slice_of(text.p + 1, text.n - 2);
  }
  if (!text.n || !sl_is_digit(*text.p))
    return false;
  if (!sl_num_take(&text, INT64_MAX, out_age))
    *out_age = INT64_MAX;
  return true;
}

/* Up to the ';' that no quotes enclose. */
static struct slice take_directive(struct slice *rest)
{
  size_t n = 0;
  bool quoted = false;
  for (; n < rest->n && (quoted || rest->p[n] != ';'); n++)
    if (rest->p[n] == '"')
      quoted = !quoted;
  struct slice directive = sl_text_trim(slice_head(*rest, n));
  *rest = slice_from(*rest, n + 1);
  return directive;
}

static bool parse_field(struct slice value, struct policy *out)
{
  struct policy p = {.max_age_s = -1};
  while (value.n) {
    struct slice directive = take_directive(&value);
    size_t n = 0;
    while (n < directive.n && directive.p[n] != '=' && !sl_is_blank(directive.p[n]))
      n++;
    struct slice name = slice_head(directive, n);
    struct slice text = sl_text_trim(slice_from(directive, n));
    if (sl_text_ieq_str(name, "max-age")) {
      if (p.max_age_s >= 0 || !text.n || *text.p != '=' ||
          !parse_age(sl_text_trim(slice_from(text, 1)), &p.max_age_s))
        return false;
    } else if (sl_text_ieq_str(name, "includeSubDomains")) {
      if (p.subdomains)
        return false; /* no directive twice */
      p.subdomains = true;
    }
  }
  *out = p;
  return p.max_age_s >= 0;
}

sl_result sl_hsts_header(struct hsts *h, struct slice host, struct slice value, int64_t now_s,
                         bool *out_taken)
{
  char store[SL_HSTS_HOST_MAX];
  struct policy p;
  host = canonical(host, store);
  bool taken = host.n && value.n && parse_field(value, &p);
  if (out_taken)
    *out_taken = taken;
  if (!taken)
    return SL_OK;
  struct entry *e = find(h, host);
  if (!p.max_age_s) {
    if (e)
      drop(h, e);
    return SL_OK;
  }
  if (!e)
    e = insert(h, host);
  if (!e)
    return SL_NOMEM;
  e->expires_s = p.max_age_s > SL_HSTS_UNLIMITED - now_s ? SL_HSTS_UNLIMITED : now_s + p.max_age_s;
  e->subdomains = p.subdomains;
  return SL_OK;
}

/* ---- asking, section 8.2 ---- */

bool sl_hsts_covers(const struct hsts *h, struct slice host, int64_t now_s)
{
  char store[SL_HSTS_HOST_MAX];
  if (!h->n)
    return false;
  host = canonical(host, store);
  for (bool whole = true; host.n; whole = false) {
    const struct entry *e = find(h, host);
    if (e && e->expires_s > now_s && (whole || e->subdomains))
      return true;
    host = slice_from(host, slice_find(host, '.') + 1);
  }
  return false;
}

/* ---- the file ---- */

void sl_hsts_stamp(char dst[SL_HSTS_STAMP_MAX], int64_t expires_s)
{
  char digits[SL_STAMP_DIGITS + 1];
  if (expires_s == SL_HSTS_UNLIMITED || !sl_stamp(digits, expires_s)) {
    memcpy(dst, "unlimited", sizeof "unlimited");
    return;
  }
  for (int from = 0, to = 0;; from++) {
    if (from == 8)
      dst[to++] = ' ';
    else if (from == 10 || from == 12)
      dst[to++] = ':';
    dst[to++] = digits[from];
    if (!digits[from])
      return;
  }
}

bool sl_hsts_stamp_parse(struct slice text, int64_t *out_expires_s)
{
  if (!text.n || slice_eq(text, SLICE_LIT("unlimited"))) {
    *out_expires_s = SL_HSTS_UNLIMITED;
    return true;
  }
  return sl_date_parse(text, out_expires_s);
}

sl_result sl_hsts_add(struct hsts *h, struct slice host, bool subdomains, int64_t expires_s,
                      int64_t now_s)
{
  char store[SL_HSTS_HOST_MAX];
  host = canonical(host, store);
  if (!host.n || expires_s <= now_s)
    return SL_OK;
  struct entry *e = find(h, host);
  if (!e)
    e = insert(h, host);
  if (!e)
    return SL_NOMEM;
  if (expires_s > e->expires_s)
    e->expires_s = expires_s;
  e->subdomains = e->subdomains || subdomains;
  return SL_OK;
}

/* [.]host "stamp" */
static sl_result load_line(struct hsts *h, struct slice line, int64_t now_s)
{
  int64_t expires_s;
  size_t n = 0;
  line = sl_text_trim(line);
  if (!line.n || *line.p == '#')
    return SL_OK;
  bool subdomains = *line.p == '.';
  if (subdomains)
    line = slice_from(line, 1);
  while (n < line.n && !sl_is_blank(line.p[n]))
    n++;
  struct slice host = slice_head(line, n), stamp = sl_text_trim(slice_from(line, n));
  if (!stamp.n || *stamp.p != '"')
    return SL_OK;
  stamp = slice_from(stamp, 1);
  n = slice_find(stamp, '"');
  if (!n || n == stamp.n || !sl_hsts_stamp_parse(slice_head(stamp, n), &expires_s))
    return SL_OK;
  return sl_hsts_add(h, host, subdomains, expires_s, now_s);
}

sl_result sl_hsts_load(struct hsts *h, struct slice text, int64_t now_s)
{
  while (text.n) {
    struct slice line = slice_head(text, slice_find(text, '\n'));
    text = slice_from(text, line.n + 1);
    sl_result result = load_line(h, line, now_s);
    if (result != SL_OK)
      return result;
  }
  return SL_OK;
}

bool sl_hsts_next(const struct hsts *h, const struct list **cursor, int64_t now_s,
                  struct hsts_entry *out_entry)
{
  const struct list *node = *cursor ? (*cursor)->next : h->all.next;
  for (; node != &h->all; node = node->next) {
    const struct entry *e = LIST_ENTRY(node, struct entry, all);
    if (e->expires_s <= now_s)
      continue;
    *out_entry = (struct hsts_entry){slice_of(e->host, e->host_n), e->expires_s, e->subdomains};
    *cursor = node;
    return true;
  }
  return false;
}

sl_result sl_hsts_print(const struct hsts *h, int64_t now_s, struct buf *out)
{
  const struct list *cursor = NULL;
  struct hsts_entry e;
  char stamp[SL_HSTS_STAMP_MAX];
  sl_buf_str(out, "# Your HSTS cache. https://curl.se/docs/hsts.html\n"
                  "# This file was generated by libcurl! Edit at your own risk.\n");
  while (sl_hsts_next(h, &cursor, now_s, &e)) {
    if (e.subdomains)
      sl_buf_char(out, '.');
    sl_buf_add(out, e.host);
    sl_buf_str(out, " \"");
    sl_hsts_stamp(stamp, e.expires_s);
    sl_buf_str(out, stamp);
    sl_buf_str(out, "\"\n");
  }
  return sl_buf_result(out, SL_NOMEM);
}
