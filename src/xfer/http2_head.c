/* A request's head as HTTP/2 fields. The head is built as text, for all versions alike (http_request.c), so that the
 * same options have the same effect; here its lines become fields, without those that are about one connection.
 * RFC 9113 8.2.2, 8.3.1. */
#include "xfer/http2_exchange.h"

#include "base/mem.h"
#include "base/text.h"
#include "xfer/transfer.h"

enum { FEW_FIELDS = 48, MAX_FIELDS = 8192, SHORT_COOKIE = 20 };

struct head {
  struct h2_field *fields;
  size_t n, cap;
  struct slice authority;
};

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

static void add_line(struct head *h, struct slice line)
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

static void fill(struct transfer *t, struct head *h, struct slice text)
{
  size_t end = slice_find(text, '\n');
  struct slice method, target, line;
  request_line(sl_text_trim(slice_head(text, end)), &method, &target);
  h->n = 4;
  h->fields[0] = (struct h2_field){SLICE_LIT(":method"), method, false};
  h->fields[1] = (struct h2_field){SLICE_LIT(":path"), target, false};
  h->fields[2] = (struct h2_field){SLICE_LIT(":scheme"), t->proto->tls ? SLICE_LIT("https") : SLICE_LIT("http"), false};
  for (text = slice_from(text, end + 1); text.n; text = slice_from(text, end + 1)) {
    end = slice_find(text, '\n');
    line = slice_head(text, end);
    while (line.n && line.p[line.n - 1] == '\r')
      line.n--;
    add_line(h, line);
  }
  h->fields[3] = (struct h2_field){SLICE_LIT(":authority"), h->authority, false};
  if (!h->authority.p) { /* the application wants no Host */
    memmove(h->fields + 3, h->fields + 4, (h->n - 4) * sizeof *h->fields);
    h->n--;
  }
}

sl_result sl_http2_head_submit(struct transfer *t, struct slice text)
{
  struct h2_field few[FEW_FIELDS];
  struct head h = {.fields = few, .cap = count_lines(text) + 4};
  struct exchange *x = t->h2;
  if (h.cap > MAX_FIELDS)
    return sl_fail(t, CURLE_TOO_LARGE, "Too many request headers");
  if (h.cap > FEW_FIELDS && !(h.fields = sl_malloc(h.cap * sizeof *h.fields)))
    return SL_NOMEM;
  fill(t, &h, text);
  sl_result rc = sl_h2_submit(x->h->session, &x->x, h.fields, h.n, t->http.upload == HTTP_UP_BODY,
                              t->easy->set.http->stream_weight);
  if (h.fields != few)
    sl_free(h.fields);
  return rc == CURLE_HTTP2 ? sl_fail(t, rc, "The request cannot be sent over HTTP/2") : rc;
}
