/* See reply_line.h. */
#include "wire/reply_line.h"

static enum sl_parse bad(struct reply_lines *r, const char *why)
{
  r->error = why;
  return SL_PARSE_BAD;
}

enum sl_parse sl_reply_line_take(struct reply_lines *r, struct slice *in, struct slice *out_line)
{
  size_t at = slice_find(*in, '\n'), line_max = r->line_max ? r->line_max : SL_REPLY_LINE;
  if (at == in->n)
    return in->n > line_max ? bad(r, "too long a line in a server's reply") : SL_PARSE_MORE;
  struct slice line = slice_head(*in, at + 1);
  if (line.n > line_max)
    return bad(r, "too long a line in a server's reply");
  if (memchr(line.p, 0, line.n))
    return bad(r, "a zero byte in a server's reply");
  r->seen += (uint32_t)line.n;
  if (r->seen > SL_REPLY_ALL)
    return bad(r, "too long a server's reply");
  *in = slice_from(*in, line.n);
  *out_line = line;
  return SL_PARSE_DONE;
}
