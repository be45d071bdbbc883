/* Search filters; see ldap_filter.h. */
#include "wire/ldap_filter.h"

#include "base/text.h"
#include "wire/ldap.h"

enum { /* the tags of RFC 4511 4.5.1 Filter */
  AND = 0xa0,
  OR = 0xa1,
  NOT = 0xa2,
  EQUAL = 0xa3,
  SUBSTRINGS = 0xa4,
  GREATER = 0xa5,
  LESS = 0xa6,
  PRESENT = 0x87,
  APPROX = 0xa8,
  EXTENSIBLE = 0xa9
};
enum { INITIAL = 0x80, ANY = 0x81, FINAL = 0x82 };
enum { RULE = 0x81, TYPE = 0x82, VALUE = 0x83, DN_ATTRIBUTES = 0x84 };

/* ---- names: RFC 4512 1.4 and 2.5 ---- */

static bool is_keystring(struct slice s)
{
  for (size_t i = 0; i < s.n; i++)
    if (!sl_is_alnum(s.p[i]) && s.p[i] != '-')
      return false;
  return s.n && sl_is_alpha(*s.p);
}

static bool is_oid(struct slice s)
{
  struct slice arc;
  bool ends_with_dot = s.n && s.p[s.n - 1] == '.';
  if (!s.n || !sl_is_digit(*s.p))
    return is_keystring(s);
  while (sl_text_next(&s, '.', &arc)) {
    if (!arc.n)
      return false;
    for (size_t i = 0; i < arc.n; i++)
      if (!sl_is_digit(arc.p[i]))
        return false;
  }
  return !ends_with_dot;
}

/* An attribute's type, and options behind it. */
static bool is_description(struct slice s)
{
  size_t at = slice_find(s, ';');
  if (!is_oid(slice_head(s, at)))
    return false;
  while (at < s.n) {
    s = slice_from(s, at + 1);
    at = slice_find(s, ';');
    struct slice option = slice_head(s, at);
    if (!option.n)
      return false;
    for (size_t i = 0; i < option.n; i++)
      if (!sl_is_alnum(option.p[i]) && option.p[i] != '-')
        return false;
  }
  return true;
}

/* ---- values ---- */

/* "\2a" is a byte. */
static bool add_value(struct slice text, uint8_t tag, struct buf *out)
{
  uint32_t begun = sl_ber_begin(out, tag);
  while (text.n) {
    size_t used = 1;
    char c = *text.p;
    if (c == '\\') {
      int high = text.n > 2 ? sl_hex_value(text.p[1]) : -1, low = high >= 0 ? sl_hex_value(text.p[2]) : -1;
      if (low >= 0) {
        c = (char)(high << 4 | low);
        used = 3;
      } else if (text.n > 1 && memchr("()*\\", text.p[1], 4)) {
        c = text.p[1];
        used = 2;
      } else {
        return false;
      }
    }
    sl_buf_char(out, c);
    text = slice_from(text, used);
  }
  sl_ber_end(out, begun);
  return true;
}

/* Where the first of these is that no backslash precedes; s.n: nowhere. */
static size_t find_bare(struct slice s, const char *any)
{
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '\\')
      i++;
    else if (s.p[i] && strchr(any, s.p[i]))
      return i;
  }
  return s.n;
}

/* "initial*any*final", of which each may be missing, but for one. */
static bool add_substrings(struct slice name, struct slice value, struct buf *out)
{
  uint32_t begun = sl_ber_begin(out, SUBSTRINGS);
  sl_ber_string(out, BER_STRING, name);
  uint32_t list = sl_ber_begin(out, BER_SEQUENCE);
  size_t at = find_bare(value, "*");
  if (at && !add_value(slice_head(value, at), INITIAL, out))
    return false;
  for (;;) {
    value = slice_from(value, at + 1);
    at = find_bare(value, "*");
    if (at == value.n)
      break;
    if (!at || !add_value(slice_head(value, at), ANY, out))
      return false;
  }
  if (value.n && !add_value(value, FINAL, out))
    return false;
  sl_ber_end(out, list);
  sl_ber_end(out, begun);
  return true;
}

/* ---- items ---- */

/* "type:dn:rule:=value", of which type or rule may be missing, and dn. */
static bool add_extensible(struct slice left, struct slice value, struct buf *out)
{
  size_t at = slice_find(left, ':');
  struct slice type = slice_head(left, at), rest = slice_from(left, at + 1);
  bool more = at < left.n, dn = false;
  at = slice_find(rest, ':');
  if (more && sl_text_ieq_str(slice_head(rest, at), "dn")) {
    dn = true;
    more = at < rest.n;
    rest = slice_from(rest, at + 1);
  }
  more = more && rest.n;
  if (!(type.n || more) || (type.n && !is_description(type)) || (more && !is_oid(rest)))
    return false;
  uint32_t begun = sl_ber_begin(out, EXTENSIBLE);
  if (more)
    sl_ber_string(out, RULE, rest);
  if (type.n)
    sl_ber_string(out, TYPE, type);
  if (!add_value(value, VALUE, out))
    return false;
  if (dn)
    sl_ber_string(out, DN_ATTRIBUTES, SLICE_LIT("\xff"));
  sl_ber_end(out, begun);
  return true;
}

static bool add_comparison(uint8_t tag, struct slice name, struct slice value, struct buf *out)
{
  uint32_t begun = sl_ber_begin(out, tag);
  sl_ber_string(out, BER_STRING, name);
  bool ok = add_value(value, BER_STRING, out);
  sl_ber_end(out, begun);
  return ok;
}

static bool add_item(struct slice item, struct buf *out)
{
  size_t at = slice_find(item, '=');
  struct slice name = slice_head(item, at), value = slice_from(item, at + 1);
  uint8_t tag = EQUAL;
  if (at == item.n || !at)
    return false;
  switch (name.p[at - 1]) {
  case ':':
    return add_extensible(slice_head(name, at - 1), value, out);
  case '<':
    tag = LESS;
    break;
  case '>':
    tag = GREATER;
    break;
  case '~':
    tag = APPROX;
    break;
  default:
    at++;
  }
  name = slice_head(name, at - 1);
  if (!is_description(name))
    return false;
  if (tag == EQUAL && slice_eq(value, SLICE_LIT("*"))) {
    sl_ber_string(out, PRESENT, name);
    return true;
  }
  if (tag == EQUAL && find_bare(value, "*") < value.n)
    return add_substrings(name, value, out);
  return add_comparison(tag, name, value, out);
}

/* ---- filters within filters ---- */

static void skip_blanks(struct slice *text)
{
  while (text->n && *text->p == ' ')
    *text = slice_from(*text, 1);
}

static bool take_char(struct slice *text, char c)
{
  if (!text->n || *text->p != c)
    return false;
  *text = slice_from(*text, 1);
  return true;
}

static bool take_filter(struct slice *text, unsigned depth, struct buf *out);

/* What "&", "|" and "!" are in front of; the last one has exactly one filter. RFC 4526: the others may have none. */
static bool take_list(struct slice *text, uint8_t tag, unsigned depth, struct buf *out)
{
  unsigned count = 0;
  uint32_t begun = sl_ber_begin(out, tag);
  skip_blanks(text);
  for (; text->n && *text->p == '('; count++) {
    if (!take_filter(text, depth + 1, out))
      return false;
    skip_blanks(text);
  }
  sl_ber_end(out, begun);
  return tag != NOT || count == 1;
}

static bool take_filter(struct slice *text, unsigned depth, struct buf *out)
{
  if (depth > LDAP_FILTER_DEPTH || !take_char(text, '('))
    return false;
  skip_blanks(text);
  bool ok;
  if (take_char(text, '&')) {
    ok = take_list(text, AND, depth, out);
  } else if (take_char(text, '|')) {
    ok = take_list(text, OR, depth, out);
  } else if (take_char(text, '!')) {
    ok = take_list(text, NOT, depth, out);
  } else {
    size_t at = find_bare(*text, "()");
    ok = add_item(slice_head(*text, at), out);
    *text = slice_from(*text, at);
  }
  return ok && take_char(text, ')');
}

bool sl_ldap_filter(struct slice text, struct buf *out)
{
  if (!text.n || *text.p != '(')
    return find_bare(text, "()") == text.n && add_item(text, out);
  return take_filter(&text, 1, out) && !text.n;
}
