/* See pop3_reply.h. */
#include "wire/pop3_reply.h"

#include "base/text.h"

enum pop3_status sl_pop3_status(struct slice line)
{
  if (slice_eq(slice_head(line, 3), SLICE_LIT("+OK")))
    return POP3_OK;
  if (slice_eq(slice_head(line, 4), SLICE_LIT("-ERR")))
    return POP3_ERR;
  return line.n && *line.p == '+' ? POP3_CONTINUE : POP3_NONE;
}

bool sl_pop3_timestamp(struct slice line, struct slice *out_stamp)
{
  for (;;) {
    struct slice rest = slice_from(line, slice_find(line, '<'));
    size_t end = slice_find(rest, '>');
    if (end == rest.n)
      return false;
    struct slice stamp = slice_head(rest, end + 1);
    if (slice_find(stamp, '@') < stamp.n) {
      *out_stamp = stamp;
      return true;
    }
    line = slice_from(rest, stamp.n);
  }
}

bool sl_pop3_is_end(struct slice line)
{
  return slice_eq(line, SLICE_LIT(".\r\n")) || slice_eq(line, SLICE_LIT(".\n"));
}

bool sl_pop3_has(struct slice line, const char *capability, struct slice *out_arguments)
{
  struct slice word, rest = sl_text_trim(line);
  if (!sl_text_next(&rest, ' ', &word) || !sl_text_ieq_str(word, capability))
    return false;
  *out_arguments = sl_text_trim(rest);
  return true;
}

/* ---- the body ---- */

enum { LINE_START, IN_LINE, AFTER_DOT, AFTER_DOT_CR };

void sl_pop3_body_init(struct pop3_body *b)
{
  *b = (struct pop3_body){.state = LINE_START};
}

/* As far as no dot has to be looked at. */
static struct slice take_run(struct pop3_body *b, struct slice *in)
{
  struct slice s = *in;
  size_t at = 0;
  while ((at += slice_find(slice_from(s, at), '\n')) < s.n) {
    bool line_end = at ? s.p[at - 1] == '\r' : b->after_cr;
    at++;
    if (line_end && (at == s.n || s.p[at] == '.')) {
      b->state = LINE_START;
      break;
    }
  }
  b->after_cr = s.p[at - 1] == '\r';
  *in = slice_from(s, at);
  return slice_head(s, at);
}

enum pop3_piece sl_pop3_body_next(struct pop3_body *b, struct slice *in, struct slice *out_data)
{
  while (in->n) {
    char c = *in->p;
    bool takes = (b->state == LINE_START && c == '.') || (b->state == AFTER_DOT && c == '\r') ||
                 (b->state == AFTER_DOT_CR && c == '\n');
    if (!takes && b->state == AFTER_DOT_CR) { /* the line goes on: its CR is body after all */
      b->state = IN_LINE;
      *out_data = SLICE_LIT("\r");
      return POP3_DATA;
    }
    if (!takes) {
      b->state = IN_LINE;
      *out_data = take_run(b, in);
      return POP3_DATA;
    }
    *in = slice_from(*in, 1);
    if (b->state == AFTER_DOT_CR)
      return POP3_END;
    b->state = b->state == LINE_START ? AFTER_DOT : AFTER_DOT_CR;
  }
  return POP3_MORE;
}
