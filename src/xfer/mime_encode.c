/* Content-Transfer-Encoding; see mime_encode.h. */
#include "xfer/mime_encode.h"

#include "base/text.h"
#include "wire/encode.h"

static const char *const names[] = {
    [MIME_BINARY] = "binary",
    [MIME_8BIT] = "8bit",
    [MIME_7BIT] = "7bit",
    [MIME_BASE64] = "base64",
    [MIME_QUOTED] = "quoted-printable",
};

const char *sl_mime_encoding_name(uint8_t encoding)
{
  return names[encoding];
}

bool sl_mime_encoding_find(const char *name, uint8_t *out_encoding)
{
  for (uint8_t i = MIME_BINARY; i < sizeof names / sizeof *names; i++) {
    if (sl_text_ieq_str(slice_str(names[i]), name)) {
      *out_encoding = i;
      return true;
    }
  }
  return false;
}

/* base64: groups of four letters, a CRLF between lines and none after the last. */
int64_t sl_mime_encoded_size(uint8_t encoding, int64_t raw)
{
  if (!sl_mime_encodes(encoding) || raw <= 0)
    return raw;
  if (encoding == MIME_QUOTED || raw > INT64_MAX / 2)
    return -1;
  int64_t letters = (raw + 2) / 3 * 4;
  return letters + (letters - 1) / MIME_LINE * 2;
}

void sl_mime_encode_init(struct mime_encode *e, uint8_t encoding)
{
  *e = (struct mime_encode){.encoding = encoding};
}

/* A whole line, shorter only at the end. */
static size_t base64_line(struct mime_encode *e, struct slice *in, bool last, char *dst)
{
  size_t take = in->n < MIME_BASE64_RAW ? in->n : MIME_BASE64_RAW, n = 0;
  if (!take || (take < MIME_BASE64_RAW && !last))
    return 0;
  if (e->column) {
    memcpy(dst, "\r\n", 2);
    n = 2;
  }
  struct buf text = {.p = dst + n, .cap = MIME_LINE + 1, .max = MIME_LINE};
  sl_encode_base64(slice_head(*in, take), &text);
  *in = slice_from(*in, take);
  e->column = 1;
  return n + text.n;
}

/* One byte of input, or a CRLF: RFC 2045 6.7. The rules need to see whether a line ends behind it. */
static size_t quoted_unit(struct mime_encode *e, struct slice *in, bool last, char *dst)
{
  static const char hex[] = "0123456789ABCDEF";
  const char *p = in->p;
  size_t left = in->n, n = 0;
  if (left < 3 && (!last || !left))
    return 0;
  if (left >= 2 && p[0] == '\r' && p[1] == '\n') {
    *in = slice_from(*in, 2);
    e->column = 0;
    memcpy(dst, "\r\n", 2);
    return 2;
  }
  bool ends = left == 1 || (left >= 3 && p[1] == '\r' && p[2] == '\n');
  bool plain = sl_is_blank(*p) ? !ends : *p > ' ' && *p < 127 && *p != '=';
  unsigned width = plain ? 1 : 3;
  if (e->column + width > (ends ? MIME_LINE : MIME_LINE - 1)) {
    memcpy(dst, "=\r\n", 3); /* a soft line break needs a column of its own */
    n = 3;
    e->column = 0;
  }
  e->column = (uint8_t)(e->column + width);
  dst[n++] = plain ? *p : '=';
  if (!plain) {
    dst[n++] = hex[(unsigned char)*p >> 4];
    dst[n++] = hex[*p & 15];
  }
  *in = slice_from(*in, 1);
  return n;
}

static size_t unit(struct mime_encode *e, struct slice *in, bool last, char *dst)
{
  return e->encoding == MIME_BASE64 ? base64_line(e, in, last, dst) : quoted_unit(e, in, last, dst);
}

size_t sl_mime_encode(struct mime_encode *e, struct slice *in, bool last, char *dst, size_t cap)
{
  size_t n = 0;
  while (n < cap) {
    if (e->left) {
      size_t take = e->left < cap - n ? e->left : cap - n;
      memcpy(dst + n, e->line + e->left_at, take);
      n += take;
      e->left_at = (uint8_t)(e->left_at + take);
      e->left = (uint8_t)(e->left - take);
      continue;
    }
    if (cap - n >= sizeof e->line) {
      size_t got = unit(e, in, last, dst + n);
      if (!got)
        break;
      n += got;
      continue;
    }
    e->left_at = 0;
    e->left = (uint8_t)unit(e, in, last, e->line);
    if (!e->left)
      break;
  }
  return n;
}
