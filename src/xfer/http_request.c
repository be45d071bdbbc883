/* The head of an HTTP/1.x request: RFC 9112 3, with the application's own fields in place of ours. */
#include "base/text.h"
#include "wire/date.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "xfer/cookies.h"
#include "xfer/http2.h"
#include "xfer/mime_body.h"
#include "xfer/protos.h"
#include "xfer/rtsp.h"
#include "xfer/transfer.h"
#include "xfer/ws.h"

enum { EXPECT_THRESHOLD = 1024 * 1024 }; /* bytes of body from which on a refusal is worth waiting for */

/* ---- the application's own fields: "Name: value", "Name:" (not at all), "Name;" (empty) ---- */

static bool custom_name(const char *line, struct slice *out_name, struct slice *out_value, char *out_mark)
{
  struct slice s = slice_str(line);
  size_t at = 0;
  while (at < s.n && s.p[at] != ':' && s.p[at] != ';')
    at++;
  if (at == s.n || !at)
    return false;
  *out_name = slice_head(s, at);
  *out_value = sl_text_trim(slice_from(s, at + 1));
  *out_mark = s.p[at];
  return true;
}

static const struct curl_slist *custom_find(const struct curl_slist *l, struct slice name, struct slice *out_value)
{
  struct slice n;
  char mark;
  for (; l; l = l->next)
    if (custom_name(l->data, &n, out_value, &mark) && sl_text_ieq(n, name))
      return l;
  return NULL;
}

bool sl_http_custom(const struct transfer *t, const char *name, struct slice *out_value)
{
  const struct settings *set = &t->easy->set;
  struct slice wanted = slice_str(name);
  if (set->http->httpheader && custom_find(set->http->httpheader, wanted, out_value))
    return true;
  bool to_proxy = t->conn && t->conn->plain_proxy && set->proxy->headeropt == CURLHEADER_SEPARATE;
  return to_proxy && custom_find(set->proxy->proxyheader, wanted, out_value);
}

/* These never leave the first origin (lesson 4). */
static bool is_bound_to_origin(struct slice name)
{
  name = sl_text_trim(name);
  return sl_text_ieq_str(name, "Authorization") || sl_text_ieq_str(name, "Cookie");
}

/* Fields that say how the message ends are ours alone once we have decided it. */
static bool is_ours(const struct transfer *t, const struct curl_slist *line, struct slice name, struct slice value)
{
  struct slice first;
  if (sl_text_ieq_str(name, "Host"))
    return true; /* written in its own place */
  if (sl_text_ieq_str(name, "Content-Type"))
    return t->http.method == SL_HTTP_POST_FORM || t->http.method == SL_HTTP_POST_MIME;
  if (sl_text_ieq_str(name, "Content-Length"))
    return sl_auth_is_probe(t);
  if (sl_text_ieq_str(name, "Transfer-Encoding"))
    return t->http.chunked_up && sl_text_ieq_str(value, "chunked");
  if (sl_text_ieq_str(name, "Connection")) /* the first one has been merged with ours */
    return t->easy->set.http->transfer_encoding && custom_find(t->easy->set.http->httpheader, name, &first) == line;
  return false;
}

static void add_custom_list(struct transfer *t, const struct curl_slist *l, struct buf *dst)
{
  struct slice name, value;
  char mark;
  for (; l; l = l->next) {
    if (!custom_name(l->data, &name, &value, &mark))
      continue;
    if (mark == ':' && !value.n)
      continue; /* only there to suppress ours */
    if (mark == ';' && value.n)
      continue;
    if (is_ours(t, l, name, value) ||
        (t->http.cross_origin && is_bound_to_origin(name) && !t->easy->set.http->unrestricted_auth))
      continue;
    if (mark == ';') {
      sl_buf_add(dst, name);
      sl_buf_str(dst, ":\r\n");
    } else {
      sl_buf_str(dst, l->data);
      sl_buf_str(dst, "\r\n");
    }
  }
}

void sl_http_add_own_fields(struct transfer *t, struct buf *dst)
{
  const struct settings *set = &t->easy->set;
  if (set->http->httpheader)
    add_custom_list(t, set->http->httpheader, dst);
  if (t->conn->plain_proxy && set->proxy->headeropt == CURLHEADER_SEPARATE)
    add_custom_list(t, set->proxy->proxyheader, dst);
}

static bool has_own(const struct transfer *t, const char *name)
{
  struct slice custom;
  return (t->easy->set.http->httpheader || t->conn->plain_proxy) && sl_http_custom(t, name, &custom);
}

/* Ours, unless the application has said something about it. */
void sl_http_add_field(const struct transfer *t, struct buf *dst, const char *name, struct slice value)
{
  if (has_own(t, name))
    return;
  sl_buf_str(dst, name);
  sl_buf_append(dst, ": ", 2);
  sl_buf_add(dst, value);
  sl_buf_append(dst, "\r\n", 2);
}

/* ---- request line and Host ---- */

const char *sl_http_method_word(const struct transfer *t)
{
  static const char *const words[] = {"GET", "HEAD", "POST", "POST", "POST", "PUT"};
  const char *custom = t->easy->set.io.customrequest;
  return custom && !t->http.no_custom ? custom : words[t->http.method];
}

static void add_host_port(const struct transfer *t, struct buf *dst)
{
  sl_buf_add(dst, t->host);
  if (t->port == t->proto->port)
    return;
  sl_buf_char(dst, ':');
  if (t->port == t->url->port_number && t->url->port.n)
    sl_buf_add(dst, t->url->port); /* the digits are at hand */
  else
    sl_buf_num(dst, t->port);
}

/* An ftp: URL that an HTTP proxy fetches: all that the proxy needs is in it. */
static bool is_ftp(const struct transfer *t)
{
  return t->proto == &sl_proto_ftp_over_http;
}

static void add_login(const struct transfer *t, struct buf *dst)
{
  if (!t->user)
    return;
  sl_encode_percent(slice_str(t->user), dst);
  if (t->password) {
    sl_buf_char(dst, ':');
    sl_encode_percent(slice_str(t->password), dst);
  }
  sl_buf_char(dst, '@');
}

static bool has_type(struct slice path)
{
  return path.n >= 7 && sl_text_ieq(slice_head(slice_from(path, path.n - 7), 6), SLICE_LIT(";type="));
}

/* RFC 9112 3.2: origin-form, or absolute-form towards a proxy. */
static void add_target(const struct transfer *t, struct buf *dst)
{
  const struct url *u = t->url;
  if (t->easy->set.http->request_target) {
    sl_buf_str(dst, t->easy->set.http->request_target);
    return;
  }
  if (t->conn->plain_proxy && !t->h2) {
    sl_buf_add(dst, u->scheme);
    sl_buf_str(dst, "://");
    if (is_ftp(t))
      add_login(t, dst);
    add_host_port(t, dst);
  }
  sl_buf_add(dst, u->path);
  if (is_ftp(t) && t->easy->set.proxy->proxy_transfer_mode && !has_type(u->path))
    sl_buf_str(dst, t->easy->set.io.transfertext ? ";type=a" : ";type=i");
  if (u->query.p) { /* an empty one is another resource than none, RFC 3986 6.2.3 */
    sl_buf_char(dst, '?');
    sl_buf_add(dst, u->query);
  }
}

/* An own Host field is for the first origin only. */
static void add_host(struct transfer *t, struct buf *dst)
{
  struct slice value;
  const struct curl_slist *own = t->easy->set.http->httpheader;
  const struct curl_slist *custom = own ? custom_find(own, SLICE_LIT("Host"), &value) : NULL;
  if (custom && !t->http.cross_origin) {
    if (!value.n && !strchr(custom->data, ';'))
      return;
    if (!value.n) {
      sl_buf_str(dst, "Host:\r\n");
      return;
    }
    sl_buf_str(dst, "Host: ");
    sl_buf_add(dst, value);
  } else {
    sl_buf_str(dst, "Host: ");
    add_host_port(t, dst);
    if (is_ftp(t) && t->port == t->proto->port)
      sl_buf_printf(dst, ":%u", t->port); /* not HTTP's default */
  }
  sl_buf_str(dst, "\r\n");
}

/* ---- the body: where from, how long, how framed ---- */

/* A resumed upload begins behind what the peer has; *size, -1 unknown, becomes what is left. */
static sl_result resume_at(struct transfer *t, int64_t *size)
{
  int64_t from = t->easy->set.io.resume_from;
  if (from <= 0 || !*size)
    return SL_OK;
  if (*size > 0 && *size <= from)
    return sl_fail(t, CURLE_PARTIAL_FILE, "File already completely uploaded");
  t->http.upload_offset = from;
  *size -= *size > 0 ? from : 0;
  return SL_OK;
}

static sl_result choose_post(struct transfer *t)
{
  const struct http_config *h = t->easy->set.http;
  const struct io_config *io = &t->easy->set.io;
  int64_t size = h->postfields && h->postfieldsize < 0 ? (int64_t)strlen(h->postfields) : h->postfieldsize;
  sl_result rc = resume_at(t, &size);
  if (h->postfields) {
    sl_source_mem(&t->source, h->postfields + t->http.upload_offset, size);
    t->http.upload_offset = 0; /* there is nothing to be skipped */
  } else {
    sl_source_callback(&t->source, io->readfunction, io->readdata, size);
  }
  return rc;
}

static sl_result choose_put(struct transfer *t)
{
  const struct io_config *io = &t->easy->set.io;
  int64_t size = io->infilesize;
  sl_result rc = resume_at(t, &size);
  sl_source_callback(&t->source, io->readfunction, io->readdata, size);
  t->source.crlf = io->crlf;
  return rc;
}

sl_result sl_http_choose_body(struct transfer *t)
{
  switch (t->http.method) {
  case SL_HTTP_POST:
    return choose_post(t);
  case SL_HTTP_PUT:
    return choose_put(t);
  case SL_HTTP_POST_FORM:
  case SL_HTTP_POST_MIME:
    return sl_mime_body(t);
  default:
    sl_source_none(&t->source);
    return SL_OK;
  }
}

/* Asked for by the application, or all that this peer has shown. */
static bool speaks_10(const struct transfer *t)
{
  if (sl_ws_is(t))
    return false;
  return t->easy->set.http->http_version == CURL_HTTP_VERSION_1_0 || t->http.saw_10 ||
         (t->conn && t->conn->http_version == CURL_HTTP_VERSION_1_0);
}

static bool has_body_method(const struct transfer *t)
{
  return t->http.method >= SL_HTTP_POST;
}

static sl_result choose_framing(struct transfer *t)
{
  struct http *h = &t->http;
  struct slice value;
  h->chunked_up = false;
  if (!has_body_method(t))
    return SL_OK;
  if (t->easy->set.http->httpheader && sl_http_custom(t, "Transfer-Encoding", &value))
    h->chunked_up = sl_text_ieq_str(value, "chunked");
  else
    h->chunked_up = t->source.size < 0 || t->source.crlf;
  if (!h->chunked_up || !speaks_10(t))
    return SL_OK;
  return sl_fail(t, CURLE_UPLOAD_FAILED, "Chunky upload is not supported by HTTP 1.0");
}

static void add_expect(struct transfer *t, struct buf *dst)
{
  struct http *h = &t->http;
  struct slice value;
  bool body = has_body_method(t) && !sl_auth_is_probe(t) && (t->source.size != 0 || h->chunked_up);
  h->upload = body ? HTTP_UP_BODY : HTTP_UP_NONE;
  t->progress.ul_total = body ? t->source.size : -1;
  if (!body)
    return;
  if (t->easy->set.http->httpheader && sl_http_custom(t, "Expect", &value)) {
    if (sl_text_ieq_str(value, "100-continue") && !t->h2)
      h->upload = HTTP_UP_EXPECT;
    return;
  }
  if (h->expect_refused || speaks_10(t) || t->h2) /* a stream can be reset: nothing to wait for */
    return;
  if (t->source.size > EXPECT_THRESHOLD || t->source.size < 0) {
    sl_buf_str(dst, "Expect: 100-continue\r\n");
    h->upload = HTTP_UP_EXPECT;
  }
}

static void add_length(struct transfer *t, struct buf *dst)
{
  struct slice value;
  const struct curl_slist *own = t->easy->set.http->httpheader;
  if (sl_auth_is_probe(t)) {
    sl_buf_str(dst, "Content-Length: 0\r\n");
    return;
  }
  if (t->http.chunked_up || t->source.size < 0 || (own && sl_http_custom(t, "Content-Length", &value)))
    return;
  sl_buf_str(dst, "Content-Length: ");
  sl_buf_num(dst, t->source.size);
  sl_buf_str(dst, "\r\n");
}

static void add_body_fields(struct transfer *t, struct buf *dst)
{
  if (!has_body_method(t))
    return;
  add_length(t, dst);
  if (t->http.method == SL_HTTP_POST)
    sl_http_add_field(t, dst, "Content-Type", SLICE_LIT("application/x-www-form-urlencoded"));
  else if (t->http.method != SL_HTTP_PUT)
    sl_mime_fields(t, dst);
}

/* ---- ranges and conditions ---- */

/* RFC 9110 14.5: which part of the whole the body is. */
static void add_content_range(struct transfer *t, struct buf *dst)
{
  const struct io_config *io = &t->easy->set.io;
  long long from = io->resume_from, size = t->source.size < 0 ? -1 : t->source.size + (from > 0 ? from : 0);
  struct slice value;
  if ((!from && !io->range) || sl_http_custom(t, "Content-Range", &value))
    return;
  if (!from && size < 0)
    sl_buf_printf(dst, "Content-Range: bytes %s/*\r\n", io->range);
  else if (!from)
    sl_buf_printf(dst, "Content-Range: bytes %s/%lld\r\n", io->range, size);
  else if (from < 0) /* everything, from where the peer knows */
    sl_buf_printf(dst, "Content-Range: bytes 0-%lld/%lld\r\n", size - 1, size);
  else if (size >= 0)
    sl_buf_printf(dst, "Content-Range: bytes %lld-%lld/%lld\r\n", from, size - 1, size);
}

static void add_range(struct transfer *t, struct buf *dst)
{
  const struct io_config *io = &t->easy->set.io;
  struct slice value;
  if (t->http.method == SL_HTTP_PUT || t->http.method == SL_HTTP_POST)
    add_content_range(t, dst);
  if (has_body_method(t))
    return;
  if (!io->range && !io->resume_from)
    return;
  if (sl_http_custom(t, "Range", &value))
    return;
  sl_buf_str(dst, "Range: bytes=");
  if (io->resume_from) {
    sl_buf_num(dst, io->resume_from);
    sl_buf_char(dst, '-');
  } else {
    sl_buf_str(dst, io->range);
  }
  sl_buf_str(dst, "\r\n");
}

void sl_http_add_time_condition(struct transfer *t, struct buf *dst)
{
  static const char *const names[] = {NULL, "If-Modified-Since", "If-Unmodified-Since", "Last-Modified"};
  const struct io_config *io = &t->easy->set.io;
  char date[SL_DATE_HTTP_MAX];
  if (!io->timecondition || io->timecondition > 3 || !sl_date_format_http(date, io->timevalue))
    return;
  sl_http_add_field(t, dst, names[io->timecondition], slice_str(date));
}

/* ---- all of it ---- */

/* RFC 9110 10.1.4: TE is named in Connection, beside what the application has there. */
static void add_te_connection(struct transfer *t, struct buf *dst)
{
  struct slice value = SLICE_NONE;
  if (!t->easy->set.http->transfer_encoding)
    return;
  if (t->easy->set.http->httpheader && sl_http_custom(t, "Connection", &value) && value.n)
    sl_buf_printf(dst, "Connection: %.*s, TE\r\n", (int)value.n, value.p);
  else
    sl_buf_str(dst, "Connection: TE\r\n");
}

static void add_negotiation(struct transfer *t, struct buf *dst)
{
  const struct http_config *h = t->easy->set.http;
  if (h->useragent && h->useragent[0])
    sl_http_add_field(t, dst, "User-Agent", slice_str(h->useragent));
  if (!has_own(t, "Accept"))
    sl_buf_str(dst, "Accept: */*\r\n");
  if (t->easy->set.http->transfer_encoding)
    sl_http_add_field(t, dst, "TE", SLICE_LIT("gzip"));
  if (h->accept_encoding)
    sl_http_add_field(t, dst, "Accept-Encoding",
              slice_str(h->accept_encoding[0] ? h->accept_encoding : sl_decode_supported()));
  add_te_connection(t, dst);
  if (t->referer)
    sl_http_add_field(t, dst, "Referer", slice_str(t->referer));
  if (t->conn->plain_proxy)
    sl_http_add_field(t, dst, "Proxy-Connection", SLICE_LIT("Keep-Alive"));
  if (t->alt_used) /* RFC 7838 5 */
    sl_http_add_field(t, dst, "Alt-Used", slice_str(t->alt_used));
}

/* Digest signs path and query, also where a proxy gets the absolute form. */
static sl_result add_auth(struct transfer *t, struct buf *dst)
{
  const struct url *u = t->url;
  struct slice method = slice_str(sl_http_method_word(t)), target = u->path;
  if (u->query.n) { /* they are neighbours in the URL's text */
    target.n = (size_t)(u->query.p + u->query.n - u->path.p);
  } else if (u->query.p) {
    char *path = sl_arena_alloc(&t->arena, u->path.n + 1);
    if (!path)
      return SL_NOMEM;
    memcpy(path, u->path.p, u->path.n);
    path[u->path.n] = '?';
    target = slice_of(path, u->path.n + 1);
  }
  sl_result rc = SL_OK;
  if (t->conn->plain_proxy)
    rc = sl_auth_request(t, true, method, target, dst);
  return rc ? rc : sl_auth_request(t, false, method, target, dst);
}

static bool may_need_auth(const struct transfer *t)
{
  return t->http.auth.want || (t->conn->plain_proxy && t->proxy_user);
}

/* RFC 7540 3.2. A body of unknown length would have to be out before the switch: then better not. */
static bool asks_for_http2(const struct transfer *t)
{
  return t->easy->set.http->http_version == CURL_HTTP_VERSION_2_0 && !t->h2 && !t->conn->plain_proxy &&
         sl_http2_wish(t) == HTTP_WISH_UPGRADE && !t->http.chunked_up && t->source.size <= EXPECT_THRESHOLD &&
         !t->easy->set.http->transfer_encoding;
}

sl_result sl_http_request(struct transfer *t, struct buf *dst)
{
  if (sl_rtsp_is(t))
    return sl_rtsp_request(t, dst);
  sl_result rc = choose_framing(t);
  if (rc)
    return rc;
  sl_buf_str(dst, sl_http_method_word(t));
  sl_buf_char(dst, ' ');
  add_target(t, dst);
  sl_buf_str(dst, t->h2 ? " HTTP/2\r\n" : speaks_10(t) ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  add_host(t, dst);
  if (may_need_auth(t) && sl_buf_ok(dst))
    rc = add_auth(t, dst);
  if (rc)
    return rc;
  add_range(t, dst);
  add_negotiation(t, dst);
  t->http.h2c_asked = asks_for_http2(t);
  if (t->http.h2c_asked)
    sl_http2_add_upgrade(t, dst);
  if (sl_ws_is(t) && (rc = sl_ws_add_upgrade(t, dst)) != SL_OK)
    return rc;
  rc = sl_cookies_request(t, dst);
  if (rc)
    return rc;
  sl_http_add_time_condition(t, dst);
  if (t->http.chunked_up && !sl_auth_is_probe(t))
    sl_buf_str(dst, "Transfer-Encoding: chunked\r\n");
  sl_http_add_own_fields(t, dst);
  add_body_fields(t, dst);
  add_expect(t, dst);
  sl_buf_append(dst, "\r\n", 2);
  return sl_buf_result(dst, CURLE_TOO_LARGE);
}

sl_result sl_http_trailer_fields(struct transfer *t, struct buf *dst)
{
  const struct http_config *c = t->easy->set.http;
  struct curl_slist *list = NULL;
  struct slice name, value;
  char mark;
  if (!c->trailerfunction)
    return SL_OK;
  t->multi->callback_depth++;
  int rc = c->trailerfunction(&list, c->trailerdata);
  t->multi->callback_depth--;
  for (const struct curl_slist *l = rc == CURL_TRAILERFUNC_OK ? list : NULL; l; l = l->next) {
    if (custom_name(l->data, &name, &value, &mark) && mark == ':') {
      sl_buf_str(dst, l->data);
      sl_buf_str(dst, "\r\n");
    } else {
      SL_INFOF(t->easy, "Malformatted trailing header, skipping trailer");
    }
  }
  curl_slist_free_all(list);
  if (rc != CURL_TRAILERFUNC_OK)
    return sl_fail(t, CURLE_ABORTED_BY_CALLBACK, "operation aborted by trailing headers callback");
  return sl_buf_result(dst, CURLE_TOO_LARGE);
}

sl_result sl_http_trailers(struct transfer *t, struct buf *dst)
{
  sl_buf_str(dst, "0\r\n");
  sl_result rc = sl_http_trailer_fields(t, dst);
  sl_buf_str(dst, "\r\n");
  return rc ? rc : sl_buf_result(dst, CURLE_TOO_LARGE);
}
