/* See message.h. Names are compared in wire form, in lower case, expanded. */
#include "dns/message.h"

#include "base/text.h"

enum {
  HEADER = 12,
  CLASS_IN = 1,
  WIRE_NAME_MAX = 255,
  RECORDS_MAX = 1000, /* of one section */
  HOPS_MAX = 16,      /* CNAME to CNAME */
  POINTERS_MAX = 32,  /* in one name */
  MESSAGE_MAX = 65535
};

struct wire_name {
  unsigned n; /* bytes, with the root's zero */
  unsigned char b[WIRE_NAME_MAX];
};

struct record {
  struct wire_name owner;
  uint16_t type, class;
  uint32_t ttl_s;
  size_t data, data_n; /* where in the message */
};

/* ---- the query ---- */

bool sl_dns_name_ok(struct slice name)
{
  size_t label = 0;
  if (name.n && name.p[name.n - 1] == '.')
    name.n--;
  if (!name.n || name.n > DNS_NAME_MAX)
    return false;
  for (size_t i = 0; i < name.n; i++) {
    char c = name.p[i];
    if (c == '.') {
      if (!label)
        return false;
      label = 0;
    } else if (c <= ' ' || c > '~' ||
               ++label > 63) { /* char may be signed: bytes over 127 are below ' ' */
      return false;
    }
  }
  return label > 0;
}

/* "a.bc" as 1 a 2 b c 0. */
static unsigned write_name(unsigned char *dst, struct slice name)
{
  unsigned char *length = dst, *at = dst + 1;
  if (name.p[name.n - 1] == '.')
    name.n--;
  for (size_t i = 0; i < name.n; i++) {
    if (name.p[i] == '.') {
      *length = (unsigned char)(at - length - 1);
      length = at++;
    } else {
      *at++ = (unsigned char)sl_lower(name.p[i]);
    }
  }
  *length = (unsigned char)(at - length - 1);
  *at++ = 0;
  return (unsigned)(at - dst);
}

static unsigned char *put16(unsigned char *p, unsigned value)
{
  p[0] = (unsigned char)(value >> 8);
  p[1] = (unsigned char)value;
  return p + 2;
}

/* | id | flags | questions | answers | authority | additional | name | type | class | */
size_t sl_dns_query_write(unsigned char dst[DNS_QUERY_MAX], struct slice name, uint16_t type,
                          uint16_t id)
{
  unsigned char *at = dst;
  at = put16(at, id);
  at = put16(at, 0x0100); /* recursion desired */
  at = put16(at, 1);
  memset(at, 0, 6);
  at += 6;
  at += write_name(at, name);
  at = put16(at, type);
  at = put16(at, CLASS_IN);
  return (size_t)(at - dst);
}

/* ---- the reply ---- */

static unsigned get16(struct slice m, size_t at)
{
  const unsigned char *p = (const unsigned char *)m.p + at;
  return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(struct slice m, size_t at)
{
  return (uint32_t)get16(m, at) << 16 | get16(m, at + 2);
}

/* Expands the name at *at and moves *at behind it. A pointer must lead backwards, so that there is
 * an end. */
static bool read_name(struct slice m, size_t *at, struct wire_name *out)
{
  size_t i = *at, end = 0;
  unsigned pointers = 0;
  out->n = 0;
  for (;;) {
    if (i >= m.n)
      return false;
    unsigned length = (unsigned char)m.p[i];
    if (length >= 0xc0) {
      if (i + 2 > m.n || ++pointers > POINTERS_MAX)
        return false;
      size_t target = get16(m, i) & 0x3fff;
      if (!end)
        end = i + 2;
      if (target >= i)
        return false;
      i = target;
      continue;
    }
    if (length > 63 || i + 1 + length > m.n || out->n + 1 + length > WIRE_NAME_MAX)
      return false;
    out->b[out->n++] = (unsigned char)length;
    for (unsigned k = 1; k <= length; k++)
      out->b[out->n++] = sl_lower_table[(unsigned char)m.p[i + k]];
    i += 1 + length;
    if (!length)
      break;
  }
  *at = end ? end : i;
  return true;
}

static bool same_name(const struct wire_name *a, const struct wire_name *b)
{
  return a->n == b->n && !memcmp(a->b, b->b, a->n);
}

static bool read_record(struct slice m, size_t *at, struct record *out)
{
  if (!read_name(m, at, &out->owner) || m.n - *at < 10)
    return false;
  out->type = (uint16_t)get16(m, *at);
  out->class = (uint16_t)get16(m, *at + 2);
  out->ttl_s = get32(m, *at + 4);
  if (out->ttl_s > INT32_MAX)
    out->ttl_s = 0; /* RFC 2181 section 8 */
  out->data_n = get16(m, *at + 8);
  out->data = *at + 10;
  if (m.n - out->data < out->data_n)
    return false;
  *at = out->data + out->data_n;
  return true;
}

static void shorten(uint32_t *ttl_s, uint32_t other_s)
{
  if (other_s < *ttl_s)
    *ttl_s = other_s;
}

/* One pass over the answers for `name`: its addresses, or where it is an alias to. False:
 * malformed. */
static bool collect(struct slice m, size_t at, unsigned records, const struct wire_name *name,
                    uint16_t type, struct dns_reply *reply, struct wire_name *alias)
{
  struct record r;
  size_t address_n = type == DNS_TYPE_A ? 4 : 16;
  alias->n = 0;
  while (records--) {
    if (!read_record(m, &at, &r))
      return false;
    if (r.class != CLASS_IN || !same_name(&r.owner, name))
      continue;
    if (r.type == type) {
      if (r.data_n != address_n)
        return false;
      if (reply->n < DNS_ADDRESSES_MAX)
        memcpy(reply->ip[reply->n++], m.p + r.data, address_n);
      shorten(&reply->ttl_s, r.ttl_s);
    } else if (r.type == DNS_TYPE_CNAME && !alias->n) {
      size_t target = r.data;
      if (!read_name(m, &target, alias) || target != r.data + r.data_n)
        return false;
      shorten(&reply->ttl_s, r.ttl_s);
    }
  }
  return true;
}

/* How long a "no" is good: the lesser of the SOA record's life and its last field, RFC 2308
 * section 5. */
static uint32_t negative_ttl(struct slice m, size_t at, unsigned answers, unsigned authority)
{
  struct record r;
  for (unsigned i = 0; i < answers + authority && i < RECORDS_MAX; i++) {
    if (!read_record(m, &at, &r))
      break;
    if (i < answers || r.type != DNS_TYPE_SOA || r.data_n < 22)
      continue;
    uint32_t minimum_s = get32(m, r.data + r.data_n - 4);
    return minimum_s < r.ttl_s ? minimum_s : r.ttl_s;
  }
  return DNS_TTL_UNKNOWN;
}

static enum dns_outcome read_answers(struct slice m, size_t at, unsigned records,
                                     struct wire_name *name, uint16_t type, struct dns_reply *reply)
{
  struct wire_name alias;
  if (records > RECORDS_MAX)
    return DNS_GARBAGE;
  for (unsigned hop = 0; hop < HOPS_MAX; hop++) {
    if (!collect(m, at, records, name, type, reply, &alias))
      return DNS_GARBAGE;
    if (reply->n)
      return DNS_DATA;
    if (!alias.n)
      return DNS_NODATA;
    *name = alias;
  }
  return DNS_GARBAGE; /* a ring, or an absurd chain */
}

void sl_dns_reply_read(struct slice m, struct slice name, uint16_t type, struct dns_reply *out)
{
  struct wire_name asked, question;
  size_t at = HEADER;
  out->outcome = DNS_GARBAGE;
  out->ttl_s = DNS_TTL_UNKNOWN;
  out->n = 0;
  if (m.n < HEADER || m.n > MESSAGE_MAX)
    return;
  unsigned flags = get16(m, 2), answers = get16(m, 6), authority = get16(m, 8);
  asked.n = write_name(asked.b, name);
  if (!(flags & 0x8000) || get16(m, 4) != 1 || !read_name(m, &at, &question) || m.n - at < 4)
    return;
  if (!same_name(&asked, &question) || get16(m, at) != type || get16(m, at + 2) != CLASS_IN)
    return;
  at += 4;
  unsigned rcode = flags & 15;
  if (rcode == 0)
    out->outcome = read_answers(m, at, answers, &asked, type, out);
  else
    out->outcome = rcode == 3 ? DNS_NXDOMAIN : DNS_FAILED;
  if (out->outcome == DNS_NODATA || out->outcome == DNS_NXDOMAIN)
    out->ttl_s = negative_ttl(m, at, answers, authority);
  if (out->outcome != DNS_DATA)
    out->n = 0;
}
