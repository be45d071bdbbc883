/* See telnet.h. */
#include "wire/telnet.h"

enum state { DATA, COMMAND, OPTION, SUB, SUB_COMMAND };

static unsigned char byte_of(const char *p)
{
  return (unsigned char)*p;
}

/* Up to a command, or to the NUL that only says of a CR that it stands for itself (RFC 854, "CR NUL"). */
static bool take_data(struct telnet_in *t, struct slice *in, struct slice *out_data)
{
  size_t n = 0;
  for (; n < in->n && byte_of(in->p + n) != TELNET_IAC && !(t->after_cr && !in->p[n]); n++)
    t->after_cr = in->p[n] == '\r' && !t->binary;
  *out_data = slice_head(*in, n);
  *in = slice_from(*in, n);
  return n > 0;
}

static void add_to_sub(struct telnet_in *t, unsigned char c)
{
  if (t->sub_n < TELNET_SUB_MAX)
    t->sub[t->sub_n++] = (char)c;
  else
    t->too_long = true;
}

static enum telnet_kind command(struct telnet_in *t, const char *at, struct telnet_got *got)
{
  unsigned char c = byte_of(at);
  t->state = DATA;
  if (c == TELNET_IAC) {
    t->after_cr = false;
    got->data = slice_of(at, 1);
    return TELNET_DATA;
  }
  got->verb = t->verb = c;
  if (c >= TELNET_WILL) {
    t->state = OPTION;
    return TELNET_MORE;
  }
  if (c == TELNET_SB) {
    t->state = SUB;
    t->sub_n = 0;
    t->too_long = false;
    return TELNET_MORE;
  }
  return TELNET_COMMAND;
}

static enum telnet_kind sub_command(struct telnet_in *t, const char *at, struct telnet_got *got)
{
  unsigned char c = byte_of(at);
  if (c == TELNET_IAC) {
    t->state = SUB;
    add_to_sub(t, c);
    return TELNET_MORE;
  }
  if (c != TELNET_SE) /* it has no end: what it was is lost, the command is one */
    return command(t, at, got);
  t->state = DATA;
  if (!t->sub_n || t->too_long)
    return TELNET_MORE;
  got->option = byte_of(t->sub);
  got->data = slice_of(t->sub + 1, t->sub_n - 1u);
  return TELNET_SUB;
}

static enum telnet_kind step(struct telnet_in *t, const char *at, struct telnet_got *got)
{
  unsigned char c = byte_of(at);
  switch ((enum state)t->state) {
  case DATA: /* IAC, or the NUL behind a CR */
    t->after_cr = t->after_cr && c;
    t->state = c == TELNET_IAC ? COMMAND : DATA;
    return TELNET_MORE;
  case COMMAND:
    return command(t, at, got);
  case OPTION:
    t->state = DATA;
    got->verb = t->verb;
    got->option = c;
    return TELNET_OPTION;
  case SUB:
    if (c == TELNET_IAC)
      t->state = SUB_COMMAND;
    else
      add_to_sub(t, c);
    return TELNET_MORE;
  default:
    return sub_command(t, at, got);
  }
}

enum telnet_kind sl_telnet_next(struct telnet_in *t, struct slice *in, struct telnet_got *out_got)
{
  while (in->n) {
    if (t->state == DATA && take_data(t, in, &out_got->data))
      return TELNET_DATA;
    const char *at = in->p;
    *in = slice_from(*in, 1);
    enum telnet_kind kind = step(t, at, out_got);
    if (kind != TELNET_MORE)
      return kind;
  }
  return TELNET_MORE;
}

bool sl_telnet_escape(struct slice data, struct buf *out)
{
  while (data.n) {
    size_t n = slice_find(data, (char)TELNET_IAC);
    sl_buf_add(out, slice_head(data, n + 1)); /* with the first of the two */
    if (n < data.n)
      sl_buf_char(out, (char)TELNET_IAC);
    data = slice_from(data, n + 1);
  }
  return sl_buf_ok(out);
}
