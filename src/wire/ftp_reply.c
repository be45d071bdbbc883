/* FTP replies; see ftp_reply.h. */
#include "wire/ftp_reply.h"

#include "base/num.h"
#include "base/text.h"
#include "wire/date.h"

void sl_ftp_reply_init(struct ftp_reply *r)
{
  *r = (struct ftp_reply){.code = 0};
}

/* "ddd" and a blank, or nothing behind it. Whatever is no such line belongs to a longer reply: RFC 959 4.2 has the
 * lines in between padded, so that none of them can look like the last one. */
static bool is_last(struct slice line)
{
  if (line.n < 4 || !sl_is_digit(line.p[0]) || !sl_is_digit(line.p[1]) || !sl_is_digit(line.p[2]))
    return false;
  return line.p[3] == ' ' || line.p[3] == '\r' || line.p[3] == '\n';
}

enum sl_parse sl_ftp_reply_line(struct ftp_reply *r, struct slice *in, struct slice *out_line, bool *out_last)
{
  enum sl_parse p = sl_reply_line_take(&r->lines, in, out_line);
  if (p != SL_PARSE_DONE)
    return p;
  const char *d = out_line->p;
  *out_last = is_last(*out_line);
  if (*out_last)
    r->code = (uint16_t)((d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0'));
  return SL_PARSE_DONE;
}

static bool take_byte(struct slice *s, uint8_t *out)
{
  int64_t value;
  if (!sl_num_take(s, 255, &value))
    return false;
  *out = (uint8_t)value;
  return true;
}

/* "h1,h2,h3,h4,p1,p2", anywhere in the text (RFC 1123 4.1.2.6: with or without parentheses). */
bool sl_ftp_reply_pasv(struct slice text, uint8_t out_ip[4], uint16_t *out_port)
{
  text = slice_from(text, 4);
  while (text.n) {
    struct slice at = text;
    uint8_t v[6];
    int i = 0;
    while (i < 6 && take_byte(&at, &v[i])) {
      i++;
      if (i < 6 && (!at.n || *at.p != ','))
        break;
      at = i < 6 ? slice_from(at, 1) : at;
    }
    if (i == 6) {
      memcpy(out_ip, v, 4);
      *out_port = (uint16_t)(v[4] * 256 + v[5]);
      return *out_port != 0;
    }
    /* past this number */
    if (sl_is_digit(*text.p))
      while (text.n && sl_is_digit(*text.p))
        text = slice_from(text, 1);
    else
      text = slice_from(text, 1);
  }
  return false;
}

/* "(<d><d><d>port<d>)" with any delimiter. */
bool sl_ftp_reply_epsv(struct slice text, uint16_t *out_port)
{
  struct slice s = slice_from(text, slice_find(text, '(') + 1);
  int64_t port;
  if (s.n < 5 || s.p[1] != s.p[0] || s.p[2] != s.p[0] || sl_is_digit(s.p[0]))
    return false;
  char delimiter = s.p[0];
  s = slice_from(s, 3);
  if (!sl_num_take(&s, UINT16_MAX, &port) || !port || !s.n || s.p[0] != delimiter)
    return false;
  *out_port = (uint16_t)port;
  return true;
}

/* Some say more than the number: the last one of the line counts. */
bool sl_ftp_reply_size(struct slice text, int64_t *out_size)
{
  struct slice s = sl_text_trim(slice_from(text, 4));
  size_t at = s.n;
  while (at && sl_is_digit(s.p[at - 1]))
    at--;
  return at < s.n && sl_num_parse(slice_from(s, at), INT64_MAX, out_size);
}

static bool two_digits(const char *p, int *out)
{
  if (!sl_is_digit(p[0]) || !sl_is_digit(p[1]))
    return false;
  *out = (p[0] - '0') * 10 + (p[1] - '0');
  return true;
}

/* YYYYMMDDHHMMSS[.sss], UTC */
bool sl_ftp_reply_time(struct slice text, int64_t *out_time_s)
{
  struct slice s = sl_text_trim(slice_from(text, 4));
  int v[7];
  if (s.n < 14 || (s.n > 14 && s.p[14] != '.' && !sl_is_blank(s.p[14])))
    return false;
  for (int i = 0; i < 7; i++)
    if (!two_digits(s.p + 2 * i, &v[i]))
      return false;
  if (v[2] < 1 || v[2] > 12 || v[3] < 1 || v[3] > 31 || v[4] > 23 || v[5] > 59 || v[6] > 60)
    return false;
  *out_time_s = sl_date_from_utc(v[0] * 100 + v[1], v[2], v[3], v[4], v[5], v[6]);
  return true;
}

bool sl_ftp_reply_bytes(struct slice text, int64_t *out_size)
{
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] != '(')
      continue;
    struct slice s = slice_from(text, i + 1);
    int64_t size;
    if (sl_num_take(&s, INT64_MAX, &size) && sl_text_istarts(s, SLICE_LIT(" bytes"))) {
      *out_size = size;
      return true;
    }
  }
  return false;
}

enum sl_parse sl_ftp_reply_path(struct slice text, struct buf *out_path)
{
  struct slice s = slice_from(text, 4);
  size_t at = slice_find(s, '"');
  if (at == s.n)
    return SL_PARSE_MORE;
  for (s = slice_from(s, at + 1); s.n; s = slice_from(s, 1)) {
    if (*s.p == '"') {
      if (s.n < 2 || s.p[1] != '"')
        return SL_PARSE_DONE;
      s = slice_from(s, 1);
    }
    if (sl_is_ctrl(*s.p))
      return SL_PARSE_BAD;
    sl_buf_char(out_path, *s.p);
  }
  return SL_PARSE_BAD;
}

bool sl_ftp_port(struct buf *out, const char *ipv4, uint16_t port)
{
  sl_buf_str(out, "PORT ");
  for (; *ipv4; ipv4++)
    sl_buf_char(out, *ipv4 == '.' ? ',' : *ipv4);
  return sl_buf_printf(out, ",%u,%u", port >> 8, port & 255);
}

bool sl_ftp_eprt(struct buf *out, const char *ip, bool ipv6, uint16_t port)
{
  return sl_buf_printf(out, "EPRT |%d|%s|%u|", ipv6 ? 2 : 1, ip, port);
}
