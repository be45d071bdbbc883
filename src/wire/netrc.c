/* The parser for .netrc; see netrc.h. */
#include "wire/netrc.h"

#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

enum lex { LEX_TOKEN, LEX_END, LEX_BAD, LEX_NOMEM };

struct netrc {
  struct slice rest;
  struct slice wanted_host, wanted_login;
  struct buf token;
  bool here;                /* inside an entry for the wanted host */
  struct netrc_entry entry; /* as far as it is read */
  struct netrc_entry best;  /* the first entry that has a login and no password */
};

static void wipe(char **text)
{
  if (*text)
    OPENSSL_cleanse(*text, strlen(*text));
  sl_free(*text);
  *text = NULL;
}

void sl_netrc_entry_done(struct netrc_entry *e)
{
  wipe(&e->login);
  wipe(&e->password);
}

/* ---- tokens ---- */

/* A zero byte ends a line like a line end, but the next line starts after the real end. */
static void skip_line(struct slice *rest)
{
  *rest = slice_from(*rest, slice_find(*rest, '\n') + 1);
}

static enum lex quoted(struct netrc *r)
{
  struct slice s = slice_from(r->rest, 1);
  for (; s.n && *s.p != '"'; s = slice_from(s, 1)) {
    char c = *s.p;
    if (c == '\\') {
      s = slice_from(s, 1);
      if (!s.n)
        return LEX_BAD;
      c = *s.p == 'n' ? '\n' : *s.p == 'r' ? '\r' : *s.p == 't' ? '\t' : *s.p;
    }
    if (!*s.p || *s.p == '\n')
      return LEX_BAD;
    sl_buf_char(&r->token, c);
  }
  if (!s.n)
    return LEX_BAD;
  r->rest = slice_from(s, 1);
  return LEX_TOKEN;
}

static enum lex next_token(struct netrc *r)
{
  for (;;) {
    while (r->rest.n && sl_is_space(*r->rest.p))
      r->rest = slice_from(r->rest, 1);
    if (!r->rest.n)
      return LEX_END;
    if (*r->rest.p && *r->rest.p != '#')
      break;
    skip_line(&r->rest);
  }
  sl_buf_clear(&r->token);
  if (*r->rest.p == '"') {
    enum lex lex = quoted(r);
    if (lex != LEX_TOKEN)
      return lex;
  } else {
    size_t n = 0;
    while (n < r->rest.n && r->rest.p[n] && !sl_is_space(r->rest.p[n]))
      n++;
    sl_buf_append(&r->token, r->rest.p, n);
    r->rest = slice_from(r->rest, n);
  }
  return r->token.nomem ? LEX_NOMEM : r->token.full ? LEX_BAD : LEX_TOKEN;
}

static bool token_is(const struct netrc *r, const char *word)
{
  return sl_text_ieq_str(sl_buf_peek(&r->token), word);
}

/* The body of a macro ends with an empty line. */
static void skip_macro(struct slice *rest)
{
  skip_line(rest);
  while (rest->n) {
    struct slice line = slice_head(*rest, slice_find(*rest, '\n'));
    skip_line(rest);
    if (!line.n || (line.n == 1 && *line.p == '\r'))
      return;
  }
}

/* ---- entries ---- */

static enum lex read_value(struct netrc *r, char **slot)
{
  enum lex lex = next_token(r);
  if (lex != LEX_TOKEN || !r->here)
    return lex;
  wipe(slot);
  *slot = sl_memdup0(r->token.p, r->token.n);
  return *slot ? LEX_TOKEN : LEX_NOMEM;
}

static bool same_login(const char *have, struct slice wanted)
{
  return slice_eq(slice_str(have), wanted);
}

/* An entry is complete. True when the search is over, with the answer in r->entry. An entry without
 * a login serves any; one without a password is only kept, for a later entry of the same login may
 * have it. */
static bool entry_ends(struct netrc *r)
{
  struct netrc_entry *e = &r->entry;
  bool fits = r->here && (e->login || e->password);
  if (fits && e->login && r->wanted_login.p && !same_login(e->login, r->wanted_login))
    fits = false;
  if (fits && e->login && r->best.login && !same_login(e->login, slice_str(r->best.login)))
    fits = false;
  r->here = false;
  if (fits && e->password) {
    if (!e->login) {
      e->login = r->best.login;
      r->best.login = NULL;
    }
    return true;
  }
  if (fits && !r->best.login) {
    r->best = *e;
    *e = (struct netrc_entry){NULL, NULL};
  }
  sl_netrc_entry_done(e);
  return false;
}

/* One keyword and what belongs to it. LEX_END: at the end of the text, or with the answer in
 * r->entry and r->here false. */
static enum lex read_item(struct netrc *r)
{
  enum lex lex = next_token(r);
  if (lex != LEX_TOKEN)
    return lex;
  if (token_is(r, "login"))
    return read_value(r, &r->entry.login);
  if (token_is(r, "password"))
    return read_value(r, &r->entry.password);
  if (token_is(r, "account"))
    return next_token(r);
  if (token_is(r, "macdef")) {
    skip_macro(&r->rest);
    return LEX_TOKEN;
  }
  bool any = token_is(r, "default");
  if (!any && !token_is(r, "machine"))
    return LEX_TOKEN; /* ports and whatever else */
  if (entry_ends(r))
    return LEX_END;
  if (any) {
    r->here = true;
    return LEX_TOKEN;
  }
  lex = next_token(r);
  r->here = lex == LEX_TOKEN && sl_text_ieq(sl_buf_peek(&r->token), r->wanted_host);
  return lex;
}

enum netrc_status sl_netrc_find(struct slice text, struct slice host, struct slice login,
                                struct netrc_entry *out_entry)
{
  struct netrc r = {.rest = text, .wanted_host = host, .wanted_login = login};
  enum netrc_status status = SL_NETRC_NONE;
  enum lex lex = LEX_TOKEN;
  sl_buf_init(&r.token, SL_NETRC_TOKEN_MAX);
  while (lex == LEX_TOKEN)
    lex = read_item(&r);
  if (lex == LEX_END && r.here)
    entry_ends(&r);
  if (lex == LEX_NOMEM)
    status = SL_NETRC_NOMEM;
  else if (lex == LEX_BAD)
    status = SL_NETRC_SYNTAX;
  else if (r.entry.password || r.best.login)
    status = SL_NETRC_FOUND;
  if (status == SL_NETRC_FOUND) {
    struct netrc_entry *found = r.entry.password ? &r.entry : &r.best;
    *out_entry = *found;
    *found = (struct netrc_entry){NULL, NULL};
  }
  sl_netrc_entry_done(&r.entry);
  sl_netrc_entry_done(&r.best);
  if (r.token.p)
    OPENSSL_cleanse(r.token.p, r.token.cap);
  sl_buf_done(&r.token);
  return status;
}
