/* HTTP/1.x responses; see http1.h. */
#include "wire/http1.h"

#include "base/text.h"

enum { STATUS_LINE, OTHER_LINE, ALIAS_LINE, FIELDS, FRAMING, NO_BODY, LENGTH, CHUNKED, UNTIL_CLOSE, FAILED };

void sl_http1_init(struct http1 *h)
{
  h->state = STATUS_LINE;
  h->status = 0;
  h->head = 0;
  h->fields = 0;
  h->error = NULL;
  h->folded = h->too_large = h->no_status = false;
}

void sl_http1_foreign(struct http1 *h)
{
  h->state = OTHER_LINE;
}

void sl_http1_alias(struct http1 *h, uint16_t status, uint8_t minor)
{
  h->status = status;
  h->major = 1;
  h->minor = minor;
  h->state = ALIAS_LINE;
}

void sl_http1_headless(struct http1 *h)
{
  h->status = 0;
  h->major = h->minor = 0;
  h->state = UNTIL_CLOSE;
}

void sl_http1_body(struct http1 *h, enum http1_framing framing, int64_t length)
{
  static const uint8_t states[] = {NO_BODY, LENGTH, CHUNKED, UNTIL_CLOSE};
  h->state = states[framing];
  h->left = length;
  if (framing == HTTP1_CHUNKED)
    sl_chunked_init(&h->chunked);
}

static enum http1_event bad(struct http1 *h, const char *why)
{
  h->error = why;
  h->state = FAILED;
  return HTTP1_BAD;
}

static enum http1_event too_large(struct http1 *h, const char *why)
{
  h->too_large = true;
  return bad(h, why);
}

/*   status-line = HTTP-version SP status-code SP [ reason-phrase ]
 * "HTTP/1.1 200 OK"; servers also send "HTTP/2 200", and leave the reason and its space out, or the space alone. */
static bool parse_status(struct http1 *h, struct slice line)
{
  struct slice rest = slice_from(line, 5);
  if (!rest.n || !sl_is_digit(rest.p[0]))
    return false;
  if (rest.p[0] == '1' && (rest.n < 2 || rest.p[1] != '.'))
    return false; /* HTTP/1 has subversions */
  h->major = (uint8_t)(rest.p[0] - '0');
  h->minor = 0;
  rest = slice_from(rest, 1);
  if (rest.n >= 2 && rest.p[0] == '.' && sl_is_digit(rest.p[1])) {
    h->minor = (uint8_t)(rest.p[1] - '0');
    rest = slice_from(rest, 2);
  } else if (h->major == 1) {
    return false;
  }
  if (rest.n < 4 || rest.p[0] != ' ')
    return false;
  for (int i = 1; i <= 3; i++)
    if (!sl_is_digit(rest.p[i]))
      return false;
  if (rest.n > 4 && sl_is_digit(rest.p[4]))
    return false;
  int status = (rest.p[1] - '0') * 100 + (rest.p[2] - '0') * 10 + (rest.p[3] - '0');
  if (status < 100 || !h->major || (h->major == 1 && h->minor > 1))
    return false;
  h->status = (uint16_t)status;
  return true;
}

/* The first control byte from `at` on, up to CR: what ends a line, and what must not stand in one. Sixteen at a time. */
static inline size_t find_control(struct slice s, size_t at)
{
  for (; at + sizeof(sl_bytes) <= s.n; at += sizeof(sl_bytes)) {
    size_t first = sl_bytes_first((sl_bytes)(sl_bytes_at(s.p + at) < 14));
    if (first < sizeof(sl_bytes))
      return at + first;
  }
  while (at < s.n && (unsigned char)s.p[at] >= 14)
    at++;
  return at;
}

/* Where the line ends that has something else than its end at `at`; the input's length when it does not end in it, or
 * has what it must not have: then ->state is FAILED. */
static __attribute__((noinline)) size_t find_odd_end(struct http1 *h, struct slice in, size_t at)
{
  while (at < in.n && in.p[at] != '\n') {
    if (!in.p[at])
      bad(h, "Nul byte in header");
    else if (in.p[at] == '\r' && at + 1 < in.n && in.p[at + 1] != '\n')
      bad(h, "Invalid Carriage Return byte in header");
    if (h->state == FAILED)
      return in.n;
    at = find_control(in, at + 1);
  }
  return at;
}

/* Bytes of the first line with its end. 0: it is not complete yet or, with ->state FAILED, no good. */
static inline size_t line_length(struct http1 *h, struct slice in)
{
  size_t at = find_control(in, 0);
  if (at + 1 < in.n && in.p[at] == '\r' && in.p[at + 1] == '\n')
    at++;
  else
    at = find_odd_end(h, in, at);
  if (at >= HTTP1_MAX_LINE)
    too_large(h, "Too long header line");
  else if (h->head + at > HTTP1_MAX_HEAD)
    too_large(h, "Too large response headers");
  else if (at < in.n)
    return at + 1;
  return 0;
}

static enum http1_event no_line(const struct http1 *h)
{
  return h->state == FAILED ? HTTP1_BAD : HTTP1_MORE;
}

static inline enum http1_event take(struct http1 *h, struct slice *in, size_t n, struct slice *out, enum http1_event e)
{
  *out = slice_of(in->p, n);
  *in = slice_of(in->p + n, in->n - n);
  h->head += (uint32_t)n;
  return e;
}

static enum http1_event status_line(struct http1 *h, struct slice *in, struct slice *out)
{
  static const char proto[] = "HTTP/";
  size_t look = in->n < 5 ? in->n : 5;
  if (memcmp(in->p, proto, look))
    return HTTP1_NO_HTTP;
  size_t n = line_length(h, *in);
  if (!n)
    return no_line(h);
  h->no_status = !parse_status(h, slice_of(in->p, n));
  if (h->no_status)
    return bad(h, "Unsupported HTTP version or malformed status line in response");
  h->state = FIELDS;
  return take(h, in, n, out, HTTP1_STATUS);
}

/* RFC 9112 5.2: a line that begins with a blank continues the one before. Whether one follows is only known when its
 * first byte is there. `n`: bytes of the lines so far. */
static __attribute__((noinline)) size_t folded_length(struct http1 *h, struct slice in, size_t n)
{
  while (n < in.n && sl_is_blank(in.p[n])) {
    size_t more = line_length(h, slice_from(in, n));
    if (!more)
      return 0;
    n += more;
    h->folded = true;
    if (n >= HTTP1_MAX_LINE) {
      too_large(h, "Too long header line");
      return 0;
    }
  }
  return n < in.n ? n : 0;
}

static enum http1_event field_line(struct http1 *h, struct slice *in, struct slice *out)
{
  size_t n = line_length(h, *in);
  if (!n)
    return no_line(h);
  if (n <= 2 && (n == 1 || in->p[0] == '\r')) {
    h->state = FRAMING;
    return take(h, in, n, out, HTTP1_HEAD_END);
  }
  h->folded = false;
  if (n == in->n || sl_is_blank(in->p[n])) {
    n = folded_length(h, *in, n);
    if (!n)
      return no_line(h);
  }
  if (++h->fields > HTTP1_MAX_FIELDS)
    return too_large(h, "Too many response headers");
  return take(h, in, n, out, HTTP1_HEADER);
}

static enum http1_event alias_line(struct http1 *h, struct slice *in, struct slice *out)
{
  size_t n = line_length(h, *in);
  if (!n)
    return no_line(h);
  h->state = FIELDS;
  return take(h, in, n, out, HTTP1_STATUS);
}

static enum http1_event counted_body(struct http1 *h, struct slice *in, struct slice *out)
{
  if (!h->left)
    return HTTP1_END;
  if (!in->n)
    return HTTP1_MORE;
  *out = slice_head(*in, h->left < (int64_t)in->n ? (size_t)h->left : in->n);
  *in = slice_from(*in, out->n);
  h->left -= (int64_t)out->n;
  return HTTP1_BODY;
}

static enum http1_event chunked_body(struct http1 *h, struct slice *in, struct slice *out)
{
  static const uint8_t events[] = {HTTP1_MORE, HTTP1_BODY, HTTP1_TRAILER, HTTP1_END, HTTP1_BAD};
  enum chunked_event e = sl_chunked_next(&h->chunked, in, out);
  return e == CHUNKED_BAD ? bad(h, h->chunked.error) : (enum http1_event)events[e];
}

enum http1_event sl_http1_next(struct http1 *h, struct slice *in, struct slice *out)
{
  switch (h->state) {
  case STATUS_LINE:
    return in->n ? status_line(h, in, out) : HTTP1_MORE;
  case OTHER_LINE:
    return in->n ? HTTP1_NO_HTTP : HTTP1_MORE;
  case ALIAS_LINE:
    return alias_line(h, in, out);
  case FIELDS:
    return in->n ? field_line(h, in, out) : HTTP1_MORE;
  case LENGTH:
    return counted_body(h, in, out);
  case CHUNKED:
    return chunked_body(h, in, out);
  case UNTIL_CLOSE:
    if (!in->n)
      return HTTP1_MORE;
    *out = *in;
    *in = slice_from(*in, in->n);
    return HTTP1_BODY;
  case NO_BODY:
    return HTTP1_END;
  default:
    return HTTP1_BAD;
  }
}

bool sl_http1_eof(const struct http1 *h)
{
  return h->state == UNTIL_CLOSE || h->state == NO_BODY || (h->state == LENGTH && !h->left);
}

bool sl_http1_started(const struct http1 *h)
{
  return h->state != STATUS_LINE && h->state != OTHER_LINE;
}
