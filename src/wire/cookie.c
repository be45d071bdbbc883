/* Parsing and matching of single cookies; see cookie.h. RFC 6265bis sections 5.1 to 5.6. */
#include "wire/cookie.h"

#include "base/num.h"
#include "base/text.h"
#include "wire/date.h"

enum { DATE_MAX = 79, NETSCAPE_FIELDS = 7 };

/* ---- hosts and paths ---- */

static bool is_ipv4(struct slice host)
{
  for (int part = 0; part < 4; part++) {
    int64_t value;
    if (part && (!host.n || *host.p != '.'))
      return false;
    if (part)
      host = slice_from(host, 1);
    if (!sl_num_take(&host, 255, &value))
      return false;
  }
  return !host.n;
}

bool sl_cookie_host_is_ip(struct slice host)
{
  return slice_find(host, ':') < host.n || is_ipv4(host);
}

bool sl_cookie_host_is_local(struct slice host)
{
  return sl_text_ieq_str(host, "localhost") || sl_text_ieq_str(host, "127.0.0.1") ||
         sl_text_ieq_str(host, "::1") || sl_text_ieq_str(host, "[::1]");
}

bool sl_cookie_tail_match(struct slice domain, struct slice host)
{
  if (sl_text_ieq(domain, host))
    return true;
  return domain.n && host.n > domain.n && host.p[host.n - domain.n - 1] == '.' &&
         sl_text_iends(host, domain) && !sl_cookie_host_is_ip(host);
}

static struct slice without_query(struct slice path)
{
  path = slice_head(path, slice_find(path, '?'));
  path = slice_head(path, slice_find(path, '#'));
  return path.n && *path.p == '/' ? path : SLICE_LIT("/");
}

bool sl_cookie_path_match(struct slice cookie_path, struct slice path)
{
  path = without_query(path);
  if (!cookie_path.n || slice_eq(cookie_path, SLICE_LIT("/")))
    return true;
  if (path.n < cookie_path.n || memcmp(path.p, cookie_path.p, cookie_path.n) != 0)
    return false;
  return path.n == cookie_path.n || path.p[cookie_path.n] == '/' ||
         cookie_path.p[cookie_path.n - 1] == '/';
}

/* Section 5.1.4: up to, but not including, the last slash. */
struct slice sl_cookie_default_path(struct slice request_path)
{
  struct slice path = without_query(request_path);
  while (path.n > 1 && path.p[path.n - 1] != '/')
    path.n--;
  return path.n > 1 ? slice_head(path, path.n - 1) : path;
}

/* Quotes and one last slash go; what is no absolute path is "/". */
static struct slice clean_path(struct slice path)
{
  if (path.n && *path.p == '"')
    path = slice_from(path, 1);
  if (path.n && path.p[path.n - 1] == '"')
    path.n--;
  if (!path.n || *path.p != '/')
    return SLICE_LIT("/");
  if (path.n > 1 && path.p[path.n - 1] == '/')
    path.n--;
  return path;
}

/* Tabs would break the file format; the other control characters have no business in a header
 * field. */
static bool has_ctrl(struct slice s)
{
  for (size_t i = 0; i < s.n; i++)
    if (sl_is_ctrl(s.p[i]))
      return true;
  return false;
}

static bool starts(struct slice s, const char *prefix)
{
  size_t n = strlen(prefix);
  return s.n >= n && !memcmp(s.p, prefix, n);
}

static struct slice trim_blanks(struct slice s)
{
  while (s.n && sl_is_blank(*s.p))
    s = slice_from(s, 1);
  while (s.n && sl_is_blank(s.p[s.n - 1]))
    s.n--;
  return s;
}

/* Section 5.7, "__Secure-" and "__Host-"; told apart by case. */
static const char *check_prefix(const struct cookie_parts *c, bool root_path)
{
  if (starts(c->name, "__Secure-") && !c->secure)
    return "__Secure- cookie that is not secure";
  if (starts(c->name, "__Host-") && (!c->secure || c->tail || !root_path))
    return "__Host- cookie that is not secure, or has a domain or a path";
  return NULL;
}

static const char *check_text(const struct cookie_parts *c)
{
  if (has_ctrl(c->name) || has_ctrl(c->value))
    return "control character in name or value";
  if (has_ctrl(c->path) || has_ctrl(c->domain))
    return "control character in path or domain";
  return NULL;
}

/* ---- Set-Cookie ---- */

static struct slice unquote(struct slice s)
{
  if (s.n && *s.p == '"')
    s = slice_from(s, 1);
  if (s.n && s.p[s.n - 1] == '"')
    s.n--;
  return s;
}

/* Max-Age: digits after an optional sign; what follows them is ignored. Nothing usable ends the
 * cookie. */
static int64_t max_age_end(struct slice text, int64_t now_s)
{
  text = trim_blanks(unquote(text));
  if (text.n && *text.p == '+')
    text = slice_from(text, 1);
  int64_t age;
  if (!text.n || !sl_is_digit(*text.p))
    return 1;
  if (!sl_num_take(&text, INT64_MAX - now_s, &age))
    return INT64_MAX;
  return age > 0 ? now_s + age : 1;
}

static int64_t expires_end(struct slice text)
{
  int64_t when;
  text = trim_blanks(unquote(text));
  if (text.n > DATE_MAX || !sl_date_parse(text, &when))
    return 0;
  return when > 0 ? when : 1;
}

/* No lifetime of more than 400 days (section 5.5); to the full minute. */
static int64_t cap_end(int64_t expires_s, int64_t now_s)
{
  int64_t cap = now_s + (int64_t)SL_COOKIE_DAYS_MAX * 86400;
  return expires_s > cap ? (cap + 30) / 60 * 60 : expires_s;
}

/* What the attributes have said so far. */
struct attributes {
  bool max_age, path;
};

static const char *take_attribute(struct slice name, struct slice value, bool has_value,
                                  int64_t now_s, struct cookie_parts *c, struct attributes *seen)
{
  if (!has_value) {
    if (sl_text_ieq_str(name, "secure"))
      c->secure = true;
    else if (sl_text_ieq_str(name, "httponly"))
      c->httponly = true;
  } else if (sl_text_ieq_str(name, "path")) {
    c->path = clean_path(value);
    seen->path = true;
  } else if (sl_text_ieq_str(name, "domain") && value.n) {
    struct slice domain = *value.p == '.' ? slice_from(value, 1) : value;
    if (!domain.n)
      return "bad domain";
    c->domain = domain;
    c->tail = !sl_cookie_host_is_ip(domain);
  } else if (sl_text_ieq_str(name, "max-age")) {
    c->expires_s = max_age_end(value, now_s);
    seen->max_age = true;
  } else if (sl_text_ieq_str(name, "expires") && !seen->max_age) {
    c->expires_s = expires_end(value);
  }
  return NULL; /* version, samesite, and whatever else: no effect here */
}

const char *sl_cookie_parse_header(struct slice value, int64_t now_s, struct cookie_parts *out)
{
  struct cookie_parts c = {.expires_s = 0};
  struct attributes seen = {false, false};
  const char *why = NULL;
  bool first = true;
  value = sl_text_trim(value);
  if (value.n > SL_COOKIE_LINE_MAX - 3) /* the blank before it, CR and LF */
    return "too long";
  if (!value.n)
    return "no name";
  while (value.n || first) {
    struct slice pair = slice_head(value, slice_find(value, ';'));
    value = slice_from(value, pair.n + 1);
    size_t sep = slice_find(pair, '=');
    struct slice name = trim_blanks(slice_head(pair, sep));
    struct slice text = sep < pair.n ? trim_blanks(slice_from(pair, sep + 1)) : SLICE_NONE;
    if (name.n > SL_COOKIE_PAIR_MAX - 2 || text.n > SL_COOKIE_PAIR_MAX - 2 ||
        name.n + text.n > SL_COOKIE_PAIR_MAX)
      return "name or value too long";
    if (first) {
      if (sep == pair.n || !name.n)
        return "no name";
      c.name = name;
      c.value = text;
    } else if ((why = take_attribute(name, text, sep < pair.n, now_s, &c, &seen)) != NULL) {
      return why;
    }
    first = false;
  }
  c.expires_s = cap_end(c.expires_s, now_s);
  why = check_text(&c);
  if (!why)
    why = check_prefix(&c, seen.path && slice_eq(c.path, SLICE_LIT("/")) && !c.domain.n);
  if (!why)
    *out = c;
  return why;
}

/* ---- the Netscape file format ---- */

static bool is_bool(struct slice s)
{
  return sl_text_ieq_str(s, "TRUE") || sl_text_ieq_str(s, "FALSE");
}

/* Splits at runs of tabs; the number of fields, or one more than there is room for. */
static int split_fields(struct slice line, struct slice field[NETSCAPE_FIELDS])
{
  int n = 0;
  while (line.n) {
    struct slice one = slice_head(line, slice_find(line, '\t'));
    line = slice_from(line, one.n + 1);
    if (!one.n)
      continue;
    if (n == NETSCAPE_FIELDS)
      return n + 1;
    field[n++] = one;
  }
  return n;
}

/* An empty value may lack its field, and old files have no path. */
static const char *from_fields(const struct slice *field, int n, struct cookie_parts *c)
{
  bool no_path = n > 2 && is_bool(field[2]);
  int full = no_path ? NETSCAPE_FIELDS - 1 : NETSCAPE_FIELDS;
  if (n != full && n != full - 1)
    return "not seven fields";
  c->domain = *field[0].p == '.' ? slice_from(field[0], 1) : field[0];
  if (!c->domain.n)
    return "no domain";
  c->tail = sl_text_ieq_str(field[1], "TRUE") && !sl_cookie_host_is_ip(c->domain);
  c->path = no_path ? SLICE_LIT("/") : clean_path(field[2]);
  field += full - 4; /* secure, expiry, name, value */
  c->secure = sl_text_ieq_str(field[0], "TRUE");
  struct slice expires = field[1];
  if (!sl_num_take(&expires, INT64_MAX, &c->expires_s))
    return "bad expiry time";
  c->name = field[2];
  c->value = n == full ? field[3] : SLICE_NONE;
  return NULL;
}

const char *sl_cookie_parse_netscape(struct slice line, struct cookie_parts *out)
{
  struct cookie_parts c = {.expires_s = 0};
  struct slice field[NETSCAPE_FIELDS];
  if (line.n && line.p[line.n - 1] == '\n')
    line.n--;
  if (line.n && line.p[line.n - 1] == '\r')
    line.n--;
  while (line.n && sl_is_blank(*line.p))
    line = slice_from(line, 1);
  if (starts(line, "#HttpOnly_")) {
    c.httponly = true;
    line = slice_from(line, strlen("#HttpOnly_"));
  }
  if (!line.n || *line.p == '#') {
    *out = (struct cookie_parts){.expires_s = 0};
    return NULL;
  }
  if (line.n > SL_COOKIE_LINE_MAX)
    return "too long";
  const char *why = from_fields(field, split_fields(line, field), &c);
  if (!why)
    why = check_text(&c);
  if (!why)
    why = check_prefix(&c, slice_eq(c.path, SLICE_LIT("/")));
  if (!why)
    *out = c;
  return why;
}
