/* See h2_head.h. */
#include "proto/h2_head.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/text.h"

enum { MAX_FIELDS = 8192, SHORT_COOKIE = 20, PSEUDO = 4 };

static bool is_of_the_connection(struct slice name, struct slice value)
{
  static const char *const names[] = {"connection", "transfer-encoding", "keep-alive", "proxy-connection", "upgrade",
                                      "http2-settings"};
  if (name.n == 2 && sl_text_ieq_str(name, "te"))
    return !sl_text_list_has(value, "trailers");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (sl_text_ieq_str(name, names[i]))
      return true;
  return false;
}

/* What an attacker who sees lengths could find out by guessing: RFC 7541 7.1.3. */
static bool is_secret(struct slice name, struct slice value)
{
  if (sl_text_ieq_str(name, "cookie"))
    return value.n < SHORT_COOKIE;
  return sl_text_ieq_str(name, "authorization") || sl_text_ieq_str(name, "proxy-authorization");
}

static void add_line(struct h2_head *h, struct slice line)
{
  size_t colon = slice_find(line, ':');
  if (!colon || colon == line.n || h->n == h->cap)
    return;
  struct slice name = slice_head(line, colon), value = sl_text_trim(slice_from(line, colon + 1));
  if (name.n == 4 && sl_text_ieq_str(name, "host"))
    h->authority = value;
  else if (sl_text_ieq_str(name, "te") && sl_text_list_has(value, "trailers"))
    h->fields[h->n++] = (struct h2_field){name, SLICE_LIT("trailers"), false};
  else if (!is_of_the_connection(name, value))
    h->fields[h->n++] = (struct h2_field){name, value, is_secret(name, value)};
}

static size_t count_lines(struct slice text)
{
  size_t n = 0;
  for (; text.n; n++)
    text = slice_from(text, slice_find(text, '\n') + 1);
  return n;
}

/* "GET /path HTTP/2": the target is what lies between the first blank and the last. */
static void request_line(struct slice line, struct slice *out_method, struct slice *out_target)
{
  size_t first = slice_find(line, ' '), last = line.n;
  while (last > first && line.p[last - 1] != ' ')
    last--;
  *out_method = slice_head(line, first);
  *out_target = last > first + 1 ? slice_of(line.p + first + 1, last - first - 2) : SLICE_NONE;
}

static void add_lines(struct h2_head *h, struct slice text)
{
  while (text.n) {
    size_t end = slice_find(text, '\n');
    struct slice line = slice_head(text, end);
    while (line.n && line.p[line.n - 1] == '\r')
      line.n--;
    add_line(h, line);
    text = slice_from(text, end + 1);
  }
}

/* Pseudo fields first: their places are kept until the lines have said what the authority is. */
static void fill(struct h2_head *h, enum h2_head_kind kind, struct slice scheme, struct slice text)
{
  struct h2_field pseudo[PSEUDO];
  struct slice method, target;
  size_t end = slice_find(text, '\n'), n = 0;
  request_line(sl_text_trim(slice_head(text, end)), &method, &target);
  h->n = PSEUDO;
  add_lines(h, slice_from(text, end + 1));
  pseudo[n++] = (struct h2_field){SLICE_LIT(":method"), method, false};
  if (kind == H2_HEAD_CONNECT) {
    h->authority = target;
  } else {
    pseudo[n++] = (struct h2_field){SLICE_LIT(":path"), target, false};
    pseudo[n++] = (struct h2_field){SLICE_LIT(":scheme"), scheme, false};
  }
  if (h->authority.p) /* else the application wants no Host */
    pseudo[n++] = (struct h2_field){SLICE_LIT(":authority"), h->authority, false};
  if (n < PSEUDO)
    memmove(h->fields + n, h->fields + PSEUDO, (h->n - PSEUDO) * sizeof *h->fields);
  h->n -= PSEUDO - n;
  memcpy(h->fields, pseudo, n * sizeof *pseudo);
}

sl_result sl_h2_head_take(struct h2_head *h, enum h2_head_kind kind, struct slice scheme, struct slice text)
{
  h->fields = h->few;
  h->n = 0;
  h->cap = count_lines(text) + PSEUDO;
  h->authority = SLICE_NONE;
  if (h->cap > MAX_FIELDS)
    return CURLE_TOO_LARGE;
  if (h->cap > H2_HEAD_FEW && !(h->fields = sl_malloc(h->cap * sizeof *h->fields)))
    return SL_NOMEM;
  if (kind == H2_HEAD_TRAILERS)
    add_lines(h, text);
  else
    fill(h, kind, scheme, text);
  return SL_OK;
}

void sl_h2_head_done(struct h2_head *h)
{
  if (h->fields != h->few)
    sl_free(h->fields);
}
