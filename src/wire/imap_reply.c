/* See imap_reply.h. */
#include "wire/imap_reply.h"

#include "base/num.h"
#include "base/text.h"

void sl_imap_reader_init(struct imap_reader *r)
{
  *r = (struct imap_reader){.literal = -1, .lines = {.line_max = IMAP_LINE_MAX}};
}

static struct slice take_word(struct slice *s)
{
  size_t n = 0;
  while (n < s->n && !sl_is_space(s->p[n]))
    n++;
  struct slice word = slice_head(*s, n);
  *s = slice_from(*s, n);
  return word;
}

static enum imap_status status_of(struct slice word)
{
  static const char *const names[] = {"OK", "NO", "BAD", "PREAUTH", "BYE"};
  for (int i = 0; i < 5; i++)
    if (sl_text_ieq_str(word, names[i]))
      return (enum imap_status)(IMAP_OK + i);
  return IMAP_NONE;
}

/* "12 EXISTS"; a number with anything else behind it is no response that there is. */
static void take_name(struct imap_reader *r, struct slice rest)
{
  int64_t number;
  struct slice s = rest;
  r->numbered = sl_num_take(&s, UINT32_MAX, &number) && s.n && *s.p == ' ';
  if (r->numbered)
    rest = slice_from(s, 1);
  if (rest.n && sl_is_digit(*rest.p))
    rest = slice_from(rest, rest.n);
  r->word = take_word(&rest);
  r->text = sl_text_trim(rest);
  r->status = r->numbered ? IMAP_NONE : status_of(r->word);
}

static void classify(struct imap_reader *r)
{
  struct slice rest = r->line;
  size_t n = strlen(r->tag);
  r->kind = IMAP_OTHER;
  r->status = IMAP_NONE;
  r->numbered = false;
  r->word = r->text = SLICE_NONE;
  if (rest.n > 2 && rest.p[0] == '*' && rest.p[1] == ' ') {
    r->kind = IMAP_UNTAGGED;
    take_name(r, slice_from(rest, 2));
  } else if (rest.p[0] == '+' && sl_is_space(rest.p[1])) {
    r->kind = IMAP_CONTINUE;
    r->text = sl_text_trim(slice_from(rest, 1));
  } else if (n && rest.n > n && !memcmp(rest.p, r->tag, n) && rest.p[n] == ' ') {
    r->kind = IMAP_TAGGED;
    take_name(r, slice_from(rest, n + 1));
  }
}

/* "{12}" at the end of a line. False: more bytes than there can be. */
static bool literal_at_end(struct slice line, int64_t *out_size)
{
  struct slice s = sl_text_trim(line);
  size_t end = s.n ? s.n - 1 : 0, at = end;
  *out_size = -1;
  while (at && sl_is_digit(s.p[at - 1]))
    at--;
  if (at == end || !at || s.p[end] != '}' || s.p[at - 1] != '{')
    return true;
  return sl_num_parse(slice_of(s.p + at, end - at), INT64_MAX, out_size);
}

enum imap_event sl_imap_next(struct imap_reader *r, struct slice *in)
{
  if (r->literal > 0) {
    if (!in->n)
      return IMAP_MORE;
    r->line = slice_head(*in, r->literal < (int64_t)in->n ? (size_t)r->literal : in->n);
    *in = slice_from(*in, r->line.n);
    r->literal -= (int64_t)r->line.n;
    return IMAP_LITERAL;
  }
  r->lines.seen = 0;
  enum sl_parse parsed = sl_reply_line_take(&r->lines, in, &r->line);
  if (parsed != SL_PARSE_DONE)
    return parsed == SL_PARSE_MORE ? IMAP_MORE : IMAP_FAILED;
  bool rest = r->inside;
  if (!rest)
    classify(r);
  /* the text of a status response is for people, and ends as it likes */
  r->literal = -1;
  if (r->kind == IMAP_UNTAGGED && !r->status && !literal_at_end(r->line, &r->literal)) {
    r->lines.error = "too large a literal in a server's response";
    return IMAP_FAILED;
  }
  r->inside = r->literal >= 0;
  return rest ? IMAP_REST : IMAP_LINE;
}

bool sl_imap_code(struct slice text, const char *name, struct slice *out_value)
{
  if (!text.n || *text.p != '[')
    return false;
  struct slice s = slice_from(slice_head(text, slice_find(text, ']')), 1);
  if (!sl_text_ieq_str(take_word(&s), name))
    return false;
  *out_value = sl_text_trim(s);
  return true;
}

/* Behind "BODY[...]" and the origin that a partial one has: "<0> ". */
static bool find_section(struct slice *s)
{
  const struct slice name = SLICE_LIT("BODY[");
  while (s->n && !sl_text_istarts(*s, name))
    *s = slice_from(*s, 1);
  *s = slice_from(*s, slice_find(*s, ']') + 1);
  if (s->n && *s->p == '<')
    *s = slice_from(*s, slice_find(*s, '>') + 1);
  if (!s->n || *s->p != ' ')
    return false;
  *s = slice_from(*s, 1);
  return true;
}

enum imap_section sl_imap_section(struct slice s, struct buf *out)
{
  if (!find_section(&s))
    return IMAP_NO_SECTION;
  if (sl_text_istarts(s, SLICE_LIT("NIL")))
    return IMAP_NIL;
  if (!s.n || *s.p != '"')
    return IMAP_IN_LITERAL;
  for (s = slice_from(s, 1); s.n; s = slice_from(s, 1)) {
    if (*s.p == '"')
      return IMAP_QUOTED;
    if (*s.p == '\\')
      s = slice_from(s, 1);
    if (s.n)
      sl_buf_char(out, *s.p);
  }
  return IMAP_IN_LITERAL;
}

static bool is_atom(const char *text)
{
  return *text && !strpbrk(text, "(){ %*\"\\]");
}

void sl_imap_quote(struct buf *out, const char *text, bool atom)
{
  if (atom && is_atom(text)) {
    sl_buf_str(out, text);
    return;
  }
  sl_buf_char(out, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      sl_buf_char(out, '\\');
    sl_buf_char(out, *text);
  }
  sl_buf_char(out, '"');
}
