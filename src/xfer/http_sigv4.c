/* CURLOPT_AWS_SIGV4: what of a request is signed. The signature itself is made by wire/sigv4.c. */
#include <curl/curl.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/clock.h"
#include "wire/sigv4.h"
#include "xfer/transfer.h"

enum { MAX_FIELDS = 1000, MAX_LINES = 2 * 1024 * 1024 };

/* The application's own fields that are going to be sent: "Name: value", or "Name;" for an empty one. */
static bool is_sent(const char *line, struct sigv4_header *out)
{
  struct slice s = slice_str(line);
  size_t at = 0;
  while (at < s.n && s.p[at] != ':' && s.p[at] != ';')
    at++;
  if (!at || at == s.n)
    return false;
  out->name = slice_head(s, at);
  out->value = sl_text_trim(slice_from(s, at + 1));
  return (s.p[at] == ':') == (out->value.n > 0);
}

/* Host fields of the application are for the first origin only. */
static sl_result collect(const struct transfer *t, struct sigv4_header **out_fields, size_t *out_n)
{
  const struct curl_slist *first = t->easy->set.http->httpheader;
  size_t n = 0;
  for (const struct curl_slist *l = first; l; l = l->next)
    n++;
  if (n > MAX_FIELDS)
    return CURLE_TOO_LARGE;
  struct sigv4_header *fields = n ? sl_malloc(n * sizeof *fields) : NULL;
  if (n && !fields)
    return SL_NOMEM;
  n = 0;
  for (const struct curl_slist *l = first; l; l = l->next) {
    if (!is_sent(l->data, &fields[n]))
      continue;
    if (!t->http.cross_origin || !sl_text_ieq_str(fields[n].name, "Host"))
      n++;
  }
  *out_fields = fields;
  *out_n = n;
  return SL_OK;
}

static void put_host(const struct transfer *t, struct buf *out)
{
  sl_buf_add(out, t->host);
  if (t->port == t->proto->port)
    return;
  sl_buf_char(out, ':');
  sl_buf_num(out, t->port);
}

sl_result sl_auth_sigv4(struct transfer *t, struct slice method, struct buf *dst)
{
  const char *spec = t->easy->set.http->aws_sigv4, *error = "";
  bool has_body = t->http.method >= SL_HTTP_POST, in_memory = has_body && t->source.mem && t->source.size >= 0;
  struct sigv4_header *fields = NULL;
  struct buf host, lines;
  struct sigv4_request r = {
      .spec = slice_str(spec ? spec : "aws:amz"),
      .user = slice_str(t->user ? t->user : ""),
      .password = slice_str(t->password ? t->password : ""),
      .method = method,
      .path = t->url->path,
      .query = t->url->query,
      .body = in_memory ? slice_of(t->source.mem, (size_t)t->source.size) : SLICE_NONE,
      .body_unknown = has_body && !in_memory,
      .now_s = sl_clock_wall_s(),
  };
  sl_buf_init(&host, SL_URL_HOST_MAX + 8);
  sl_buf_init(&lines, MAX_LINES);
  put_host(t, &host);
  r.host = sl_buf_peek(&host);
  sl_result rc = sl_buf_ok(&host) ? collect(t, &fields, &r.n_headers) : SL_NOMEM;
  r.headers = fields;
  if (!rc)
    rc = sl_sigv4_sign(&r, &lines, &error);
  if (rc && rc != SL_NOMEM)
    sl_fail(t, rc, "aws-sigv4: %s", *error ? error : "the request is too large");
  if (!rc && !sl_buf_add(dst, sl_buf_peek(&lines)))
    rc = sl_buf_result(dst, CURLE_TOO_LARGE);
  sl_free(fields);
  sl_buf_done(&host);
  sl_buf_done(&lines);
  return rc;
}
