/* See imap_path.h. */
#include "wire/imap_path.h"

#include <curl/curl.h>

#include "base/text.h"
#include "wire/encode.h"

enum { PART_MAX = 1 << 20 }; /* bytes */

static sl_result decode(struct slice text, struct arena *arena, const char **out)
{
  struct buf decoded;
  sl_buf_init(&decoded, PART_MAX);
  sl_result rc = SL_OK;
  if (!sl_encode_from_percent(text, SL_PERCENT_NO_CTRL, &decoded))
    rc = decoded.nomem ? SL_NOMEM : CURLE_URL_MALFORMAT;
  else if (!(*out = sl_arena_str(arena, sl_buf_peek(&decoded))))
    rc = SL_NOMEM;
  sl_buf_done(&decoded);
  return rc;
}

static struct slice without_slash(struct slice s)
{
  return s.n && s.p[s.n - 1] == '/' ? slice_head(s, s.n - 1) : s;
}

static const char **place_of(struct imap_path *p, struct slice name)
{
  return sl_text_ieq_str(name, "UIDVALIDITY") ? &p->uidvalidity
         : sl_text_ieq_str(name, "UID")       ? &p->uid
         : sl_text_ieq_str(name, "MAILINDEX") ? &p->mailindex
         : sl_text_ieq_str(name, "SECTION")   ? &p->section
         : sl_text_ieq_str(name, "PARTIAL")   ? &p->partial
                                              : NULL;
}

/* "NAME=value"; the slash in front of the next parameter stands at the end of this one. */
static sl_result take_parameter(struct imap_path *p, struct slice text, struct arena *arena)
{
  size_t n = slice_find(text, '=');
  const char **place = place_of(p, slice_head(text, n));
  if (!place || *place || n == text.n)
    return CURLE_URL_MALFORMAT;
  return decode(without_slash(slice_from(text, n + 1)), arena, place);
}

sl_result sl_imap_path(struct slice path, struct slice query, struct arena *arena, struct imap_path *out)
{
  struct imap_path p = {.mailbox = NULL};
  path = slice_from(path, 1);
  struct slice mailbox = slice_head(path, slice_find(path, ';'));
  path = slice_from(path, mailbox.n);
  mailbox = without_slash(mailbox);
  sl_result rc = mailbox.n ? decode(mailbox, arena, &p.mailbox) : SL_OK;
  while (path.n && !rc) {
    path = slice_from(path, 1);
    struct slice parameter = slice_head(path, slice_find(path, ';'));
    path = slice_from(path, parameter.n);
    rc = take_parameter(&p, parameter, arena);
  }
  if (!rc && query.n && p.mailbox && !p.uid && !p.mailindex)
    rc = decode(query, arena, &p.query);
  if (!rc)
    *out = p;
  return rc;
}
