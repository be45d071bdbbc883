/* LDAP messages; see ldap.h. */
#include "wire/ldap.h"

#include "base/text.h"

enum { BER_BOOLEAN = 1, BER_INTEGER = 2, LONG = 128, LENGTH_MAX = 4, SASL_CREDENTIALS = 0x87 };

/* ---- BER: X.690 8.1 ---- */

static enum sl_parse take_length(struct slice *in, size_t *out_n)
{
  if (!in->n)
    return SL_PARSE_MORE;
  unsigned first = (unsigned char)*in->p, count = first & (LONG - 1);
  *in = slice_from(*in, 1);
  *out_n = first;
  if (!(first & LONG))
    return SL_PARSE_DONE;
  if (!count || count > LENGTH_MAX) /* 0: it is not told */
    return SL_PARSE_BAD;
  if (in->n < count)
    return SL_PARSE_MORE;
  *out_n = 0;
  for (unsigned i = 0; i < count; i++)
    *out_n = *out_n << 8 | (unsigned char)in->p[i];
  *in = slice_from(*in, count);
  return SL_PARSE_DONE;
}

bool sl_ber_take(struct slice *in, uint8_t *out_tag, struct slice *out_content)
{
  struct slice rest = slice_from(*in, 1);
  size_t n;
  if (!in->n || (*in->p & 31) == 31 || take_length(&rest, &n) != SL_PARSE_DONE || n > rest.n)
    return false;
  *out_tag = (uint8_t)*in->p;
  *out_content = slice_head(rest, n);
  *in = slice_from(rest, n);
  return true;
}

static bool take(struct slice *in, uint8_t tag, struct slice *out_content)
{
  uint8_t found;
  struct slice rest = *in;
  if (!sl_ber_take(&rest, &found, out_content) || found != tag)
    return false;
  *in = rest;
  return true;
}

/* Of what is never negative. */
static bool take_number(struct slice *in, uint8_t tag, uint32_t *out_value)
{
  struct slice bytes;
  uint32_t value = 0;
  if (!take(in, tag, &bytes) || !bytes.n || bytes.n > 4 || *bytes.p & LONG)
    return false;
  for (size_t i = 0; i < bytes.n; i++)
    value = value << 8 | (unsigned char)bytes.p[i];
  *out_value = value;
  return true;
}

uint32_t sl_ber_begin(struct buf *out, uint8_t tag)
{
  sl_buf_char(out, (char)tag);
  return out->n;
}

/* The length is known now, and goes before what is there. */
void sl_ber_end(struct buf *out, uint32_t begun)
{
  char length[1 + LENGTH_MAX];
  uint32_t n = sl_buf_ok(out) ? out->n - begun : 0, count = 0;
  if (n >= LONG) {
    while (count < LENGTH_MAX && n >> 8 * count)
      count++;
    length[0] = (char)(LONG | count);
    for (uint32_t i = 0; i < count; i++)
      length[1 + i] = (char)(n >> 8 * (count - 1 - i));
  } else {
    length[0] = (char)n;
  }
  if (!sl_buf_append(out, length, 1 + count) || !sl_buf_ok(out))
    return;
  memmove(out->p + begun + 1 + count, out->p + begun, n);
  memcpy(out->p + begun, length, 1 + count);
}

void sl_ber_string(struct buf *out, uint8_t tag, struct slice bytes)
{
  uint32_t at = sl_ber_begin(out, tag);
  sl_buf_add(out, bytes);
  sl_ber_end(out, at);
}

static void add_number(struct buf *out, uint8_t tag, int32_t value)
{
  char bytes[4] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
  size_t skip = 0;
  while (skip < 3 && !bytes[skip] && !(bytes[skip + 1] & LONG))
    skip++;
  sl_ber_string(out, tag, slice_of(bytes + skip, 4 - skip));
}

/* ---- what comes ---- */

enum sl_parse sl_ldap_measure(struct slice in, size_t *out_n)
{
  struct slice rest = slice_from(in, 1);
  size_t n;
  if (!in.n)
    return SL_PARSE_MORE;
  if (*in.p != BER_SEQUENCE)
    return SL_PARSE_BAD;
  enum sl_parse rc = take_length(&rest, &n);
  if (rc)
    return rc;
  n += in.n - rest.n;
  if (n > LDAP_MESSAGE_MAX)
    return SL_PARSE_BAD;
  *out_n = n;
  return SL_PARSE_DONE;
}

/* Controls may be behind the operation; we have asked for none. */
bool sl_ldap_message(struct slice bytes, struct ldap_message *out)
{
  struct slice in;
  uint32_t id;
  if (!take(&bytes, BER_SEQUENCE, &in) || bytes.n || !take_number(&in, BER_INTEGER, &id))
    return false;
  out->id = (int32_t)id;
  return sl_ber_take(&in, &out->op, &out->body);
}

bool sl_ldap_result(struct slice body, struct ldap_result *out)
{
  struct slice matched_dn, more;
  uint8_t tag;
  if (!take_number(&body, BER_ENUM, &out->code) || !take(&body, BER_STRING, &matched_dn) ||
      !take(&body, BER_STRING, &out->text))
    return false;
  out->sasl = SLICE_NONE;
  while (sl_ber_take(&body, &tag, &more)) /* referrals, and what belongs to one operation */
    if (tag == SASL_CREDENTIALS)
      out->sasl = more;
  return !body.n;
}

bool sl_ldap_entry(struct slice body, struct slice *out_dn, struct slice *out_attributes)
{
  return take(&body, BER_STRING, out_dn) && take(&body, BER_SEQUENCE, out_attributes);
}

enum sl_parse sl_ldap_attribute(struct slice *attributes, struct slice *out_name, struct slice *out_values)
{
  struct slice one;
  if (!attributes->n)
    return SL_PARSE_MORE;
  if (!take(attributes, BER_SEQUENCE, &one) || !take(&one, BER_STRING, out_name) || out_name->n > LDAP_NAME_MAX)
    return SL_PARSE_BAD;
  return take(&one, BER_SET, out_values) ? SL_PARSE_DONE : SL_PARSE_BAD;
}

enum sl_parse sl_ldap_value(struct slice *values, struct slice *out_value)
{
  if (!values->n)
    return SL_PARSE_MORE;
  return take(values, BER_STRING, out_value) ? SL_PARSE_DONE : SL_PARSE_BAD;
}

/* RFC 4511 appendix A. */
const char *sl_ldap_code_name(uint32_t code)
{
  static const char *const names[] = {
      [1] = "Operations error",
      [2] = "Protocol error",
      [3] = "Time limit exceeded",
      [4] = "Size limit exceeded",
      [7] = "Authentication method not supported",
      [8] = "Stronger authentication required",
      [10] = "Referral",
      [11] = "Administrative limit exceeded",
      [12] = "Critical extension is unavailable",
      [13] = "Confidentiality required",
      [14] = "SASL bind in progress",
      [16] = "No such attribute",
      [17] = "Undefined attribute type",
      [18] = "Inappropriate matching",
      [21] = "Invalid syntax",
      [32] = "No such object",
      [33] = "Alias problem",
      [34] = "Invalid DN syntax",
      [36] = "Alias dereferencing problem",
      [48] = "Inappropriate authentication",
      [49] = "Invalid credentials",
      [50] = "Insufficient access",
      [51] = "Server is busy",
      [52] = "Server is unavailable",
      [53] = "Server is unwilling to perform",
      [54] = "Loop detected",
      [80] = "Other error",
  };
  const char *name = code < sizeof names / sizeof *names ? names[code] : NULL;
  return name ? name : "";
}

/* ---- what is said ---- */

struct open_message {
  uint32_t message, op;
};

static struct open_message begin_message(struct buf *out, int32_t id, enum ldap_op op)
{
  struct open_message m;
  m.message = sl_ber_begin(out, BER_SEQUENCE);
  add_number(out, BER_INTEGER, id);
  m.op = sl_ber_begin(out, (uint8_t)op);
  return m;
}

static void end_message(struct buf *out, struct open_message m)
{
  sl_ber_end(out, m.op);
  sl_ber_end(out, m.message);
}

enum { VERSION = 3, SIMPLE = 0x80, SASL = 0xa3, REQUEST_NAME = 0x80 };

void sl_ldap_bind(struct buf *out, int32_t id, struct slice dn, struct slice password)
{
  struct open_message m = begin_message(out, id, LDAP_BIND);
  add_number(out, BER_INTEGER, VERSION);
  sl_ber_string(out, BER_STRING, dn);
  sl_ber_string(out, SIMPLE, password);
  end_message(out, m);
}

void sl_ldap_bind_sasl(struct buf *out, int32_t id, struct slice mechanism, const struct slice *credentials)
{
  struct open_message m = begin_message(out, id, LDAP_BIND);
  add_number(out, BER_INTEGER, VERSION);
  sl_ber_string(out, BER_STRING, SLICE_NONE);
  uint32_t sasl = sl_ber_begin(out, SASL);
  sl_ber_string(out, BER_STRING, mechanism);
  if (credentials)
    sl_ber_string(out, BER_STRING, *credentials);
  sl_ber_end(out, sasl);
  end_message(out, m);
}

void sl_ldap_start_tls(struct buf *out, int32_t id)
{
  struct open_message m = begin_message(out, id, LDAP_EXTENDED);
  sl_ber_string(out, REQUEST_NAME, SLICE_LIT("1.3.6.1.4.1.1466.20037")); /* 4.14.1 */
  end_message(out, m);
}

/* 4.5.1: no alias is followed; the server's limits hold; values are wanted, too. */
void sl_ldap_search(struct buf *out, int32_t id, const struct ldap_search *search)
{
  enum { NEVER = 0, NO_LIMIT = 0 };
  struct slice names = search->attributes, name;
  struct open_message m = begin_message(out, id, LDAP_SEARCH);
  sl_ber_string(out, BER_STRING, search->dn);
  add_number(out, BER_ENUM, search->scope);
  add_number(out, BER_ENUM, NEVER);
  add_number(out, BER_INTEGER, NO_LIMIT);
  add_number(out, BER_INTEGER, NO_LIMIT);
  add_number(out, BER_BOOLEAN, false);
  sl_buf_add(out, search->filter);
  uint32_t list = sl_ber_begin(out, BER_SEQUENCE);
  while (sl_text_next(&names, ',', &name))
    if (name.n)
      sl_ber_string(out, BER_STRING, name);
  sl_ber_end(out, list);
  end_message(out, m);
}

void sl_ldap_unbind(struct buf *out, int32_t id)
{
  end_message(out, begin_message(out, id, LDAP_UNBIND));
}
