/* Chunked coding; see chunked.h. Size lines are taken byte by byte, so that nothing has to be kept of them; trailer
 * lines are given as a whole, so the caller keeps a partial one. */
#include "wire/chunked.h"

#include "base/text.h"

/*   chunk          = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 *   last-chunk     = 1*("0") [ chunk-ext ] CRLF
 *   trailer-section= *( field-line CRLF ) CRLF
 * A lone LF ends a line too, as every client accepts. */
enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_END, DATA_LF, TRAILERS, ENDED, FAILED };

enum { MAX_SIZE_LINE = 16384, MAX_DIGITS = 16, MAX_TRAILERS = 100 * 1024 };

void sl_chunked_init(struct chunked *c)
{
  *c = (struct chunked){.state = SIZE};
}

static enum chunked_event bad(struct chunked *c, const char *why)
{
  c->error = why;
  c->state = FAILED;
  return CHUNKED_BAD;
}

static void start_data(struct chunked *c)
{
  c->state = c->left ? DATA : TRAILERS;
  c->line = 0;
  c->digits = 0;
}

static const char *take_size(struct chunked *c, char byte)
{
  int digit = sl_hex_value(byte);
  if (digit >= 0) {
    if (c->digits == MAX_DIGITS || c->left > (INT64_MAX - digit) / 16)
      return "chunk hex-length too long";
    c->left = c->left * 16 + digit;
    c->digits++;
    return NULL;
  }
  if (!c->digits)
    return "Illegal or missing hexadecimal sequence";
  if (byte == '\n')
    start_data(c);
  else
    c->state = byte == '\r' ? SIZE_LF : EXTENSION;
  return NULL;
}

/* One byte of what surrounds the data; NULL or why it is wrong. */
static const char *take_frame(struct chunked *c, char byte)
{
  switch (c->state) {
  case SIZE:
    return take_size(c, byte);
  case EXTENSION:
    if (++c->line > MAX_SIZE_LINE)
      return "chunk extension too long";
    if (byte == '\n')
      start_data(c);
    return NULL;
  case SIZE_LF:
    if (byte == '\n')
      start_data(c);
    else
      c->state = EXTENSION; /* a CR inside of an extension */
    return NULL;
  case DATA_END:
    if (byte == '\r') {
      c->state = DATA_LF;
      return NULL;
    }
    __attribute__((fallthrough));
  default: /* DATA_LF */
    if (byte != '\n')
      return "Malformed encoding found";
    c->state = SIZE;
    return NULL;
  }
}

static enum chunked_event take_data(struct chunked *c, struct slice *in, struct slice *out)
{
  *out = slice_head(*in, c->left < (int64_t)in->n ? (size_t)c->left : in->n);
  *in = slice_from(*in, out->n);
  c->left -= (int64_t)out->n;
  if (!c->left)
    c->state = DATA_END;
  return CHUNKED_DATA;
}

static enum chunked_event take_trailer(struct chunked *c, struct slice *in, struct slice *out)
{
  size_t at = slice_find(*in, '\n'), cr = slice_find(*in, '\r');
  if (c->line + at > MAX_TRAILERS)
    return bad(c, "trailers too large");
  if ((cr + 1 < at) || slice_find(slice_head(*in, at), 0) < at)
    return bad(c, "Malformed trailer");
  if (at == in->n)
    return CHUNKED_MORE;
  *out = slice_head(*in, at + 1);
  *in = slice_from(*in, at + 1);
  c->line += (uint32_t)out->n;
  if (out->n == 1 || (out->n == 2 && out->p[0] == '\r')) {
    c->state = ENDED;
    return CHUNKED_END;
  }
  return CHUNKED_TRAILER;
}

enum chunked_event sl_chunked_next(struct chunked *c, struct slice *in, struct slice *out)
{
  while (c->state < TRAILERS) {
    if (!in->n)
      return CHUNKED_MORE;
    if (c->state == DATA)
      return take_data(c, in, out);
    const char *why = take_frame(c, *in->p);
    if (why)
      return bad(c, why);
    *in = slice_from(*in, 1);
  }
  if (c->state == TRAILERS)
    return take_trailer(c, in, out);
  return c->state == ENDED ? CHUNKED_END : CHUNKED_BAD;
}
