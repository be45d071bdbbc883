/* Challenges of WWW-Authenticate; see auth_header.h.
 *
 * A token that '=' follows is a parameter of the current challenge, any other token starts a new
 * one. */
#include "wire/auth_header.h"

#include "base/text.h"

static bool is_tchar(char c)
{
  return sl_is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token68(char c)
{
  return sl_is_alnum(c) || (c && strchr("-._~+/", c));
}

static void skip_blanks(struct slice *s)
{
  while (s->n && sl_is_space(*s->p))
    *s = slice_from(*s, 1);
}

static void skip_separators(struct slice *s)
{
  while (s->n && (sl_is_space(*s->p) || *s->p == ','))
    *s = slice_from(*s, 1);
}

static struct slice take_token(struct slice *s)
{
  size_t n = 0;
  while (n < s->n && is_tchar(s->p[n]))
    n++;
  struct slice token = slice_head(*s, n);
  *s = slice_from(*s, n);
  return token;
}

/* Behind a quoted string; its end may be missing. */
static struct slice take_quoted(struct slice *s)
{
  size_t n = 1;
  while (n < s->n && s->p[n] != '"')
    n += s->p[n] == '\\' && n + 1 < s->n ? 2 : 1;
  struct slice value = slice_of(s->p + 1, n - 1);
  *s = slice_from(*s, n + 1);
  return value;
}

bool sl_auth_param_next(struct slice *params, struct auth_param *out)
{
  struct slice s = *params;
  for (;;) {
    skip_separators(&s);
    if (!s.n)
      return false;
    struct auth_param p = {.name = take_token(&s)};
    skip_blanks(&s);
    if (!p.name.n || !s.n || *s.p != '=') { /* no parameter: on to the next comma */
      s = slice_from(s, slice_find(s, ','));
      continue;
    }
    s = slice_from(s, 1);
    skip_blanks(&s);
    p.quoted = s.n && *s.p == '"';
    if (p.quoted) {
      p.value = take_quoted(&s);
    } else {
      size_t n = 0;
      while (n < s.n && s.p[n] != ',' && !sl_is_space(s.p[n]))
        n++;
      p.value = slice_head(s, n);
      s = slice_from(s, n);
    }
    *params = s;
    *out = p;
    return true;
  }
}

/* The bytes at the start of s that are a token68: followed by the end or a comma. */
static size_t token68_length(struct slice s)
{
  size_t n = 0, end;
  while (n < s.n && is_token68(s.p[n]))
    n++;
  if (!n)
    return 0;
  while (n < s.n && s.p[n] == '=')
    n++;
  for (end = n; end < s.n && sl_is_space(s.p[end]); end++)
    ;
  return end == s.n || s.p[end] == ',' ? n : 0;
}

/* How far the parameters at the start of s go: up to a token without '=' that starts an element. */
static size_t params_length(struct slice s)
{
  const char *start = s.p;
  struct auth_param p;
  for (;;) {
    skip_separators(&s);
    struct slice at = s;
    if (!take_token(&at).n) {
      if (!s.n)
        return (size_t)(s.p - start);
      s = slice_from(s, slice_find(s, ',')); /* rubbish */
      continue;
    }
    skip_blanks(&at);
    if (!at.n || *at.p != '=')
      return (size_t)(s.p - start);
    sl_auth_param_next(&s, &p);
  }
}

bool sl_auth_challenge_next(struct slice *rest, struct auth_challenge *out)
{
  struct slice s = *rest;
  struct auth_challenge c = {.scheme = SLICE_NONE};
  for (;;) {
    skip_separators(&s);
    if (!s.n)
      return false;
    c.scheme = take_token(&s);
    struct slice at = s;
    skip_blanks(&at);
    bool alone = !at.n || *at.p == ',', spaced = at.n < s.n && !alone && *at.p != '=';
    if (c.scheme.n && (alone || spaced))
      break;
    s = slice_from(s, slice_find(s, ',')); /* no scheme at the start of an element */
  }
  skip_blanks(&s);
  size_t n = token68_length(s);
  if (n) {
    c.token68 = slice_head(s, n);
    s = slice_from(s, n);
  } else if (s.n && *s.p != ',') {
    n = params_length(s);
    c.params = slice_head(s, n);
    s = slice_from(s, n);
  }
  *rest = s;
  *out = c;
  return true;
}

bool sl_auth_param_value(const struct auth_param *p, struct buf *out)
{
  for (size_t i = 0; i < p->value.n; i++) {
    if (p->quoted && p->value.p[i] == '\\' && i + 1 < p->value.n)
      i++;
    sl_buf_char(out, p->value.p[i]);
  }
  return sl_buf_ok(out);
}

void sl_auth_param_add(struct buf *out, const char *name, struct slice value)
{
  sl_buf_str(out, name);
  sl_buf_str(out, "=\"");
  for (size_t i = 0; i < value.n; i++) {
    if (value.p[i] == '"' || value.p[i] == '\\')
      sl_buf_char(out, '\\');
    sl_buf_char(out, value.p[i]);
  }
  sl_buf_char(out, '"');
}
