/* Hosts in URLs: names, IPv4 addresses in all the forms that inet_aton() knows, IPv6 addresses in
 * brackets (RFC 3986 3.2.2, RFC 6874, RFC 5952). What passes here may be put into a Host header, a
 * certificate check or a resolver as it is. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"
#include "wire/url.h"

/* Takes one number of an IPv4 address: decimal, octal with 0, hexadecimal with 0x. */
static bool take_ipv4_part(struct slice *s, uint32_t *out_value)
{
  unsigned base = 10;
  uint64_t value = 0;
  size_t i = 0, digits = 0;
  if (s->n > 1 && s->p[0] == '0') {
    base = sl_lower(s->p[1]) == 'x' ? 16 : 8;
    i = base == 16 ? 2 : 1;
    digits = base == 8; /* the 0 is one already */
  }
  for (; i < s->n; i++, digits++) {
    int digit = sl_hex_value(s->p[i]);
    if (digit < 0 || (unsigned)digit >= base)
      break;
    value = value * base + (unsigned)digit;
    if (value > UINT32_MAX)
      return false;
  }
  if (!digits)
    return false;
  *s = slice_from(*s, i);
  *out_value = (uint32_t)value;
  return true;
}

/* The usual form, where nothing has to be changed: four decimal numbers without leading zeros. */
static bool is_plain_ipv4(struct slice s)
{
  unsigned part = 0, dots = 0, digits = 0;
  if (s.n > 15)
    return false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '.' && digits && dots < 3) {
      dots++;
      part = digits = 0;
    } else if (sl_is_digit(s.p[i]) && (part || !digits)) {
      part = part * 10 + (unsigned)(s.p[i] - '0');
      digits++;
      if (part > 255)
        return false;
    } else {
      return false;
    }
  }
  return dots == 3 && digits;
}

/* a.b.c.d, a.b.c16, a.b24 or a32, with or without one dot at the end. */
static bool is_ipv4(struct slice s, uint32_t *out_address)
{
  uint32_t address = 0, part;
  for (unsigned shift = 24;; shift -= 8) {
    if (!take_ipv4_part(&s, &part))
      return false;
    bool dot = s.n && s.p[0] == '.';
    if (dot)
      s = slice_from(s, 1);
    if (!s.n) {
      if (shift < 24 && part >> (shift + 8))
        return false;
      *out_address = address | part;
      return true;
    }
    if (!dot || !shift || part > 255)
      return false;
    address |= part << shift;
  }
}

static size_t print_ipv4(char *dst, uint32_t address)
{
  size_t n = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    unsigned byte = address >> shift & 255;
    if (byte > 99)
      dst[n++] = (char)('0' + byte / 100);
    if (byte > 9)
      dst[n++] = (char)('0' + byte / 10 % 10);
    dst[n++] = (char)('0' + byte % 10);
    dst[n++] = '.';
  }
  return n - 1;
}

static CURLUcode check_ipv6(struct slice text, char literal[SL_URL_LITERAL], struct slice *out_host,
                            struct slice *out_zoneid)
{
  char address[INET6_ADDRSTRLEN];
  struct in6_addr binary;
  if (text.n < 4 || text.p[text.n - 1] != ']')
    return CURLUE_BAD_IPV6;
  for (size_t i = 0; i < text.n; i++)
    if (sl_is_ctrl(text.p[i]) || text.p[i] == ' ')
      return CURLUE_BAD_HOSTNAME;
  struct slice inner = slice_head(slice_from(text, 1), text.n - 2);
  struct slice zone = slice_from(inner, slice_find(inner, '%'));
  inner.n -= zone.n;
  if (zone.n) {
    zone = slice_from(zone, 1);
    /* RFC 6874 has %25, but a bare % is in use, too; [::1%25] can only mean zone 25 */
    if (zone.n > 2 && zone.p[0] == '2' && zone.p[1] == '5')
      zone = slice_from(zone, 2);
    if (!zone.n || zone.n > SL_URL_ZONE_MAX)
      return CURLUE_BAD_IPV6;
  }
  if (inner.n >= sizeof(address))
    return CURLUE_BAD_IPV6;
  memcpy(address, inner.p, inner.n);
  address[inner.n] = 0;
  if (inet_pton(AF_INET6, address, &binary) != 1 ||
      !inet_ntop(AF_INET6, &binary, literal + 1, INET6_ADDRSTRLEN))
    return CURLUE_BAD_IPV6;
  size_t n = strlen(literal + 1) + 1;
  literal[0] = '[';
  literal[n++] = ']';
  *out_host = slice_of(literal, n);
  *out_zoneid = zone.n ? zone : SLICE_NONE;
  return CURLUE_OK;
}

/* What cannot be part of a name, because it separates parts of a URL, of a header or of a command,
 * or never appears in one. Everything over 127 may be IDN. */
/* clang-format off */
static const uint8_t bad_in_name[128] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    /* !  "  #  $  %  &  '  (  )  *  +  ,  -  .  /  0                          :  ;  <  =  >  ? */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1,
    /*@                                                                           [  \  ]  ^  _  */
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0,
    /*`                                                                           {  |  }  ~    */
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1};
/* clang-format on */

static bool is_name(struct slice s)
{
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c < 128 && bad_in_name[c])
      return false;
  }
  /* one dot at the end marks an absolute name; "." and "a.." are none */
  return s.n && (s.p[s.n - 1] != '.' || (s.n > 1 && s.p[s.n - 2] != '.'));
}

CURLUcode sl_url_host_check(struct slice text, char literal[SL_URL_LITERAL], struct slice *out_host,
                            struct slice *out_zoneid, enum url_host_kind *out_kind)
{
  uint32_t address;
  if (text.n && text.p[0] == '[') {
    CURLUcode code = check_ipv6(text, literal, out_host, out_zoneid);
    if (!code)
      *out_kind = SL_HOST_IPV6;
    return code;
  }
  bool digit = text.n && sl_is_digit(text.p[0]);
  if (digit && is_plain_ipv4(text)) {
    *out_host = text;
    *out_kind = SL_HOST_IPV4;
  } else if (digit && is_ipv4(text, &address)) {
    *out_host = slice_of(literal, print_ipv4(literal, address));
    *out_kind = SL_HOST_IPV4;
  } else if (is_name(text)) {
    *out_host = text;
    *out_kind = SL_HOST_NAME;
  } else {
    return CURLUE_BAD_HOSTNAME;
  }
  *out_zoneid = SLICE_NONE;
  return CURLUE_OK;
}

/* A name can turn into anything by IDNA's mappings: U+FF0F becomes a slash, U+FF12 the digit 2,
 * U+200B nothing at all. So what comes out is checked like what came in. */
CURLUcode sl_url_host_ascii(const struct url *u, struct buf *scratch, struct slice *out_host)
{
  char literal[SL_URL_LITERAL];
  struct slice host, zoneid;
  enum url_host_kind kind;
  if (u->host.n > SL_URL_HOST_MAX)
    return CURLUE_BAD_HOSTNAME;
  if (!u->host_8bit) {
    *out_host = u->host;
    return CURLUE_OK;
  }
  sl_buf_clear(scratch);
  CURLUcode code = sl_idn_to_ascii(u->host, scratch);
  if (!code)
    code = sl_url_host_check(sl_buf_peek(scratch), literal, &host, &zoneid, &kind);
  if (code)
    return code;
  if (kind != SL_HOST_NAME) {
    if (kind == SL_HOST_IPV6)
      return CURLUE_BAD_HOSTNAME;
    if (host.p != literal) /* it was written as plainly as can be, and lies in the buffer */
      memcpy(literal, host.p, host.n);
    sl_buf_clear(scratch);
    if (!sl_buf_append(scratch, literal, host.n))
      return CURLUE_OUT_OF_MEMORY;
  }
  *out_host = sl_buf_peek(scratch);
  return CURLUE_OK;
}
