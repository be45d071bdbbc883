/* Server push; see http2_push.h. */
#include "xfer/http2_push.h"

#include "base/mem.h"
#include "base/text.h"
#include "xfer/http2.h"
#include "xfer/http2_exchange.h"
#include "xfer/transfer.h"

static struct slice field(const struct h2_promise *p, const char *name)
{
  for (size_t i = 0; i < p->n; i++)
    if (slice_eq(p->fields[i].name, slice_str(name)))
      return p->fields[i].value;
  return SLICE_NONE;
}

/* RFC 9113 10.1: a server speaks for the origin that it was asked as, here and not more. */
static char *promised_url(const struct transfer *t, const struct h2_promise *p)
{
  struct slice scheme = field(p, ":scheme"), authority = field(p, ":authority"), path = field(p, ":path");
  struct url url;
  struct buf text;
  if (!sl_text_ieq_str(field(p, ":method"), "GET") || !sl_text_ieq_str(scheme, t->proto->scheme) || !path.n)
    return NULL;
  sl_buf_init(&text, SL_URL_TEXT_MAX);
  sl_buf_add(&text, scheme);
  sl_buf_str(&text, "://");
  sl_buf_add(&text, authority);
  if (path.p[0] != '/')
    sl_buf_char(&text, '/');
  sl_buf_add(&text, path);
  bool same = false;
  if (sl_buf_ok(&text) && !sl_url_parse(&url, sl_buf_peek(&text), 0)) {
    uint16_t port = url.port.n ? url.port_number : t->proto->port;
    same = sl_text_ieq(url.host, t->host) && port == t->port && !url.user.p;
    sl_url_done(&url);
  }
  char *out = same ? sl_buf_take(&text) : NULL;
  sl_buf_done(&text);
  return out;
}

/* A handle with the settings of the one that asked, for a GET of that URL. */
static struct easy *promised_easy(struct easy *parent, char *url_own)
{
  struct easy *e = sl_easy_new();
  if (!e || sl_settings_dup(&parent->set, &e->set)) {
    sl_easy_free(e);
    sl_free(url_own);
    return NULL;
  }
  struct http_config *http = sl_settings_own(&e->set, SL_TOPIC_HTTP);
  sl_settings_put_own(SL_TOPIC_IO, &e->set.io, offsetof(struct io_config, url) / sizeof(void *), url_own);
  sl_settings_put_own(SL_TOPIC_IO, &e->set.io, offsetof(struct io_config, customrequest) / sizeof(void *), NULL);
  sl_settings_changed(&e->set);
  if (!http) {
    sl_easy_free(e);
    return NULL;
  }
  http->method = SL_HTTP_GET;
  e->set.io.nobody = false;
  e->set.io.curlu = NULL;
  e->set.io.resume_from = 0;
  return e;
}

static int ask(struct transfer *parent, struct easy *e, const struct h2_promise *p)
{
  struct multi *m = parent->multi;
  struct curl_pushheaders headers = {.promise = p, .lines = sl_calloc(p->n, sizeof(char *))};
  if (!headers.lines)
    return CURL_PUSH_DENY;
  m->callback_depth++;
  int rc = m->push_cb(parent->easy, e, p->n, &headers, m->push_data);
  m->callback_depth--;
  for (size_t i = 0; i < p->n; i++)
    sl_free(headers.lines[i]);
  sl_free(headers.lines);
  return rc;
}

struct h2_exchange *sl_http2_promise(struct h2_exchange *hx, const struct h2_promise *p)
{
  struct exchange *parent = LIST_ENTRY(hx, struct exchange, x);
  struct transfer *t = parent->t;
  struct multi *m = t->multi;
  struct conn *c = t->conn;
  if (!m->push_cb || !p->n)
    return NULL;
  char *url = promised_url(t, p);
  struct easy *e = url ? promised_easy(t->easy, url) : NULL;
  if (!e)
    return NULL;
  bool was_running = t->running;
  t->running = true;
  int rc = ask(t, e, p);
  t->running = was_running;
  if (rc == CURL_PUSH_ERROROUT) {
    parent->result = sl_fail(t, CURLE_HTTP2, "The push callback said error");
    sl_transfer_wake(t);
  }
  if (rc != CURL_PUSH_OK || sl_multi_add(m, e)) {
    sl_easy_free(e);
    return NULL;
  }
  if (sl_http2_join(c, e->xfer))
    return NULL; /* it asks for itself, then */
  e->xfer->h2->pushed = true;
  return &e->xfer->h2->x;
}

char *sl_http2_push_header(struct curl_pushheaders *h, size_t i)
{
  if (i >= h->promise->n)
    return NULL;
  if (!h->lines[i]) {
    const struct h2_field *f = &h->promise->fields[i];
    struct buf line;
    sl_buf_init(&line, H2_MAX_HEAD);
    sl_buf_add(&line, f->name);
    sl_buf_char(&line, ':');
    sl_buf_add(&line, f->value);
    h->lines[i] = sl_buf_take(&line);
  }
  return h->lines[i];
}

char *sl_http2_push_header_named(struct curl_pushheaders *h, struct slice name)
{
  for (size_t i = 0; i < h->promise->n; i++)
    if (slice_eq(h->promise->fields[i].name, name)) {
      char *line = sl_http2_push_header(h, i);
      return line ? line + name.n + 1 : NULL;
    }
  return NULL;
}
