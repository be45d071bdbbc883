/* See dict.h. */
#include "wire/dict.h"

#include <curl/curlver.h>

#include "base/text.h"
#include "wire/encode.h"

static bool begins_with(struct slice *text, const char *const *prefixes)
{
  for (; *prefixes; prefixes++)
    if (sl_text_istarts(*text, slice_str(*prefixes))) {
      *text = slice_from(*text, strlen(*prefixes));
      return true;
    }
  return false;
}

static struct slice take_part(struct slice *rest, const char *otherwise)
{
  struct slice part = slice_head(*rest, slice_find(*rest, ':'));
  *rest = slice_from(*rest, part.n + 1);
  return part.n ? part : slice_str(otherwise);
}

/* RFC 2229 2.2: what would end an atom is quoted. */
static void add_word(struct buf *out, struct slice word)
{
  for (size_t i = 0; i < word.n; i++) {
    char c = word.p[i];
    if (c == ' ' || c == '\'' || c == '"' || c == '\\' || sl_is_ctrl(c))
      sl_buf_char(out, '\\');
    sl_buf_char(out, c);
  }
}

static void add_command(struct buf *out, struct slice text)
{
  static const char *const define[] = {"d:", "define:", "lookup:", NULL}, *const match[] = {"m:", "match:", "find:", NULL};
  bool is_match = begins_with(&text, match);
  if (!is_match && !begins_with(&text, define)) {
    for (size_t i = 0; i < text.n; i++)
      sl_buf_char(out, text.p[i] == ':' ? ' ' : text.p[i]);
    return;
  }
  struct slice word = take_part(&text, "default"), database = take_part(&text, "!");
  sl_buf_str(out, is_match ? "MATCH " : "DEFINE ");
  sl_buf_add(out, database);
  if (is_match) {
    sl_buf_char(out, ' ');
    sl_buf_add(out, take_part(&text, "."));
  }
  sl_buf_char(out, ' ');
  add_word(out, word);
}

bool sl_dict_request(struct slice path, struct buf *out)
{
  struct buf text;
  sl_buf_init(&text, out->max);
  bool good = sl_encode_from_percent(slice_from(path, 1), SL_PERCENT_NO_CTRL, &text);
  sl_buf_str(out, "CLIENT libcurl " LIBCURL_VERSION "\r\n");
  add_command(out, sl_buf_peek(&text));
  sl_buf_str(out, "\r\nQUIT\r\n");
  out->nomem = out->nomem || text.nomem;
  out->full = out->full || text.full;
  sl_buf_done(&text);
  return good && sl_buf_ok(out);
}
