/* Entries as text; see ldap_print.h. */
#include "wire/ldap_print.h"

#include "base/text.h"
#include "wire/encode.h"
#include "wire/ldap.h"

bool sl_ldap_print_begin(struct ldap_printer *p, struct slice body)
{
  *p = (struct ldap_printer){.begun = false};
  return sl_ldap_entry(body, &p->dn, &p->attributes);
}

/* Blanks at an end would get lost; what is not ASCII depends on who looks at it. */
static bool is_plain(struct slice value)
{
  if (value.n && (sl_is_blank(*value.p) || sl_is_blank(value.p[value.n - 1])))
    return false;
  for (size_t i = 0; i < value.n; i++)
    if ((value.p[i] < ' ' || value.p[i] > '~') && !sl_is_space(value.p[i]))
      return false;
  return true;
}

static void print_value(const struct ldap_printer *p, struct slice value, struct buf *out)
{
  static const struct slice mark = SLICE_LIT(";binary"); /* RFC 4522 */
  bool binary = p->name.n > mark.n && slice_eq(slice_from(p->name, p->name.n - mark.n), mark);
  bool plain = !binary && is_plain(value);
  sl_buf_char(out, '\t');
  sl_buf_add(out, p->name);
  sl_buf_str(out, plain ? ":" : "::");
  if (value.n)
    sl_buf_char(out, ' ');
  if (plain)
    sl_buf_add(out, value);
  else
    sl_encode_base64(value, out);
  sl_buf_char(out, '\n');
}

static void print_dn(const struct ldap_printer *p, struct buf *out)
{
  sl_buf_str(out, p->dn.n ? "DN: " : "DN:");
  sl_buf_add(out, p->dn);
  sl_buf_char(out, '\n');
}

static enum sl_parse next_attribute(struct ldap_printer *p, struct buf *out)
{
  enum sl_parse rc = sl_ldap_attribute(&p->attributes, &p->name, &p->values);
  p->named = rc == SL_PARSE_DONE;
  p->has_value = p->named && p->values.n;
  if (p->named && !p->has_value)
    sl_buf_printf(out, "\t%.*s:\n", (int)p->name.n, p->name.p);
  if (rc == SL_PARSE_MORE)
    sl_buf_char(out, '\n');
  return rc;
}

static void end_attribute(struct ldap_printer *p, struct buf *out)
{
  if (p->has_value)
    sl_buf_char(out, '\n');
  p->named = false;
}

enum sl_parse sl_ldap_print(struct ldap_printer *p, struct buf *out)
{
  struct slice value;
  if (!p->begun)
    print_dn(p, out);
  p->begun = true;
  while (out->n < LDAP_PIECE && sl_buf_ok(out)) {
    if (!p->named) {
      enum sl_parse rc = next_attribute(p, out);
      if (rc)
        return rc == SL_PARSE_MORE ? SL_PARSE_DONE : rc;
    }
    enum sl_parse rc = sl_ldap_value(&p->values, &value);
    if (rc == SL_PARSE_BAD)
      return rc;
    if (rc == SL_PARSE_DONE)
      print_value(p, value, out);
    else
      end_attribute(p, out);
  }
  return SL_PARSE_MORE;
}
