/* Bytes as text and back; see encode.h. Each function reserves once and then writes without further
 * checks. */
#include "wire/encode.h"

#include "base/text.h"

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

/* Where `len` bytes may be written; they count after commit(). */
static char *room(struct buf *out, size_t len)
{
  return sl_buf_reserve(out, len) ? out->p + out->n : NULL;
}

static bool commit(struct buf *out, const char *end)
{
  out->n = (uint32_t)(end - out->p);
  out->p[out->n] = 0;
  return true;
}

static bool abandon(struct buf *out)
{
  out->p[out->n] = 0;
  return false;
}

/* ---- percent-encoding --------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
  return sl_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool sl_encode_percent(struct slice bytes, struct buf *out)
{
  size_t len = bytes.n;
  for (size_t i = 0; i < bytes.n; i++)
    len += is_unreserved(bytes.p[i]) ? 0 : 2;
  char *at = room(out, len);
  if (!at)
    return false;
  for (size_t i = 0; i < bytes.n; i++) {
    unsigned char c = (unsigned char)bytes.p[i];
    if (is_unreserved(bytes.p[i])) {
      *at++ = (char)c;
      continue;
    }
    *at++ = '%';
    *at++ = hex_upper[c >> 4];
    *at++ = hex_upper[c & 15];
  }
  return commit(out, at);
}

bool sl_encode_from_percent(struct slice text, enum sl_percent_allow allow, struct buf *out)
{
  unsigned char lowest = allow == SL_PERCENT_NO_CTRL ? 32 : allow == SL_PERCENT_NO_ZERO ? 1 : 0;
  char *at = room(out, text.n);
  if (!at)
    return false;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (c == '%' && text.n - i > 2) {
      int high = sl_hex_value(text.p[i + 1]), low = sl_hex_value(text.p[i + 2]);
      if (high >= 0 && low >= 0) {
        c = (char)(high << 4 | low);
        i += 2;
      }
    }
    if ((unsigned char)c < lowest)
      return abandon(out);
    *at++ = c;
  }
  return commit(out, at);
}

/* ---- base64 ------------------------------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool encode_64(struct slice bytes, const char *letters, bool pad, struct buf *out)
{
  const unsigned char *p = (const unsigned char *)bytes.p;
  size_t left = bytes.n;
  char *at = room(out, (left + 2) / 3 * 4);
  if (!at)
    return false;
  for (; left >= 3; left -= 3, p += 3) {
    *at++ = letters[p[0] >> 2];
    *at++ = letters[(p[0] & 3) << 4 | p[1] >> 4];
    *at++ = letters[(p[1] & 15) << 2 | p[2] >> 6];
    *at++ = letters[p[2] & 63];
  }
  if (left) {
    unsigned second = left == 2 ? p[1] : 0;
    *at++ = letters[p[0] >> 2];
    *at++ = letters[(p[0] & 3) << 4 | second >> 4];
    if (left == 2)
      *at++ = letters[(second & 15) << 2];
    for (size_t i = left; pad && i < 3; i++)
      *at++ = '=';
  }
  return commit(out, at);
}

bool sl_encode_base64(struct slice bytes, struct buf *out)
{
  return encode_64(bytes, alphabet, true, out);
}

bool sl_encode_base64url(struct slice bytes, struct buf *out)
{
  return encode_64(bytes, alphabet_url, false, out);
}

/* 0-63, or -1 */
static int value_of_64(char c, const char *letters)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (sl_is_digit(c))
    return c - '0' + 52;
  return c == letters[62] ? 62 : c == letters[63] ? 63 : -1;
}

/* The bytes of 2 to 4 letters. NULL when one is none, or when the bits that no byte has are not
 * zero. */
static char *decode_group(const char *p, size_t n, const char *letters, char *at)
{
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; i++) {
    int value = i < n ? value_of_64(p[i], letters) : 0;
    if (value < 0)
      return NULL;
    bits = bits << 6 | (uint32_t)value;
  }
  if (n < 4 && bits & (n == 3 ? 0xffU : 0xffffU))
    return NULL;
  *at++ = (char)(bits >> 16);
  if (n > 2)
    *at++ = (char)(bits >> 8);
  if (n > 3)
    *at++ = (char)bits;
  return at;
}

/* `text` is without padding. */
static bool decode_64(struct slice text, const char *letters, struct buf *out)
{
  size_t last = text.n % 4; /* letters of a last, partial group; one alone is less than a byte */
  char *at = last == 1 ? NULL : room(out, text.n / 4 * 3 + (last ? last - 1 : 0));
  if (!at)
    return false;
  for (size_t i = 0; at && i < text.n; i += 4) {
    size_t n = text.n - i < 4 ? text.n - i : 4;
    at = decode_group(text.p + i, n, letters, at);
  }
  return at ? commit(out, at) : abandon(out);
}

static struct slice without_padding(struct slice text)
{
  for (int i = 0; i < 2 && text.n && text.p[text.n - 1] == '='; i++)
    text.n--;
  return text;
}

bool sl_encode_from_base64(struct slice text, struct buf *out)
{
  return text.n % 4 == 0 && decode_64(without_padding(text), alphabet, out);
}

bool sl_encode_from_base64url(struct slice text, struct buf *out)
{
  struct slice bare = without_padding(text);
  return (bare.n == text.n || text.n % 4 == 0) && decode_64(bare, alphabet_url, out);
}

/* ---- hexadecimal -------------------------------------------------------------------------- */

bool sl_encode_hex(struct slice bytes, struct buf *out)
{
  char *at = room(out, bytes.n * 2);
  if (!at)
    return false;
  for (size_t i = 0; i < bytes.n; i++) {
    unsigned char c = (unsigned char)bytes.p[i];
    *at++ = hex_lower[c >> 4];
    *at++ = hex_lower[c & 15];
  }
  return commit(out, at);
}

bool sl_encode_from_hex(struct slice text, struct buf *out)
{
  char *at = text.n % 2 ? NULL : room(out, text.n / 2);
  if (!at)
    return false;
  for (size_t i = 0; i < text.n; i += 2) {
    int high = sl_hex_value(text.p[i]), low = sl_hex_value(text.p[i + 1]);
    if (high < 0 || low < 0)
      return abandon(out);
    *at++ = (char)(high << 4 | low);
  }
  return commit(out, at);
}
