/* What the fields of a response's head mean for the transfer: framing (RFC 9112 6.3), persistence (9.3), ranges,
 * conditions, redirects, challenges. */
#include "base/num.h"
#include "base/text.h"
#include "sys/clock.h"
#include "wire/date.h"
#include "wire/decode.h"
#include "xfer/altsvc_store.h"
#include "xfer/cookies.h"
#include "xfer/header_store.h"
#include "xfer/hsts_store.h"
#include "xfer/rtsp.h"
#include "xfer/transfer.h"
#include "xfer/ws.h"

enum { MAX_SET_COOKIE = 50, MAX_ALT_SVC = 16, MAX_1XX = 100 };

void sl_http_response_reset(struct transfer *t)
{
  struct http *h = &t->http;
  h->length_known = h->te_chunked = h->te_other = h->close = false;
  h->resume_checked = h->ignore_body = false;
  h->content_length = -1;
  h->last_modified = -1;
  h->location = NULL;
  h->n_set_cookie = 0;
  h->n_te = 0;
  h->n_alt_svc = 0;
  sl_buf_clear(&h->te);
  h->auth.avail = h->proxy_auth.avail = 0;
}

sl_result sl_http_status(struct transfer *t)
{
  struct http *h = &t->http;
  struct info *info = &t->easy->info;
  info->response_code = h->parser.status;
  if (h->parser.major == 1)
    info->http_version = h->parser.minor ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_1_0;
  /* 9.3: persistent by default since 1.1 */
  h->close = h->parser.major == 1 && h->parser.minor == 0;
  if (h->parser.major == 1 && !h->parser.minor) {
    h->saw_10 = true;
    t->conn->http_version = CURL_HTTP_VERSION_1_0;
  }
  if (h->parser.major == 2 && t->h2)
    info->http_version = CURL_HTTP_VERSION_2_0;
  else if (h->parser.major == 2)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "HTTP/2 in the text of an HTTP/1 response");
  else if (h->parser.major != 1)
    return sl_fail(t, CURLE_UNSUPPORTED_PROTOCOL, "Unsupported HTTP/%d subversion in response", h->parser.major);
  if (h->parser.status < 200 && ++h->n_1xx > MAX_1XX)
    return sl_fail(t, CURLE_TOO_LARGE, "More than %d informational responses", MAX_1XX);
  return SL_OK;
}

/* ---- fields ---- */

static sl_result content_length(struct transfer *t, struct slice value)
{
  struct http *h = &t->http;
  struct slice first;
  int64_t n = -1;
  if (h->parser.status < 200 || t->easy->set.http->ignore_content_length)
    return SL_OK;
  if (!value.n)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Invalid Content-Length: value");
  if (!h->length_known && sl_num_parse(value, INT64_MAX, &h->content_length)) {
    h->length_known = true; /* what nearly all send */
    return SL_OK;
  }
  /* RFC 9110 8.6: a list of equal numbers counts as the number. */
  while (sl_text_next(&value, ',', &first)) {
    int64_t each;
    bool digits = first.n > 0;
    for (size_t i = 0; i < first.n; i++)
      digits = digits && sl_is_digit(first.p[i]);
    if (!digits)
      return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Invalid Content-Length: value");
    if (!sl_num_parse(first, INT64_MAX, &each)) {
      if (t->easy->set.io.maxfilesize)
        return sl_fail(t, CURLE_FILESIZE_EXCEEDED, "Maximum file size exceeded");
      h->close = true; /* larger than anybody can count: read until the end */
      return SL_OK;
    }
    if ((n >= 0 && n != each) || (h->length_known && h->content_length != each))
      return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Conflicting Content-Length: values");
    n = each;
  }
  if (n < 0)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Invalid Content-Length: value");
  h->length_known = true;
  h->content_length = n;
  return SL_OK;
}

/* RFC 9112 6.1: "chunked" frames the message, everything else is a coding of it. Without decoding
 * (CURLOPT_HTTP_TRANSFER_DECODING off) only the chunks matter. */
static sl_result transfer_encoding(struct transfer *t, struct slice value)
{
  struct http *h = &t->http;
  struct slice coding;
  while (sl_text_next(&value, ',', &coding)) {
    bool is_chunked = sl_text_ieq_str(coding, "chunked");
    h->te_chunked = h->te_chunked || is_chunked;
    if (!coding.n || is_chunked || !t->easy->set.http->http_transfer_decoding ||
        (!h->te_chunked && sl_text_ieq_str(coding, "identity")))
      continue;
    if (!t->easy->set.http->transfer_encoding && !h->te_chunked)
      return sl_fail(t, CURLE_BAD_CONTENT_ENCODING, "Unsolicited Transfer-Encoding (%.*s) found", (int)coding.n,
                     coding.p);
    if (h->te_chunked)
      return sl_fail(t, CURLE_BAD_CONTENT_ENCODING, "A Transfer-Encoding (%.*s) was not listed first",
                     (int)coding.n, coding.p);
    if (++h->n_te > SL_DECODE_CODINGS)
      return sl_fail(t, CURLE_BAD_CONTENT_ENCODING, "Reject response exceeding limit of %d transfer encodings",
                     SL_DECODE_CODINGS);
    h->te_other = true;
    if (!sl_buf_ok(&h->te) || (h->te.n && !sl_buf_char(&h->te, ',')) || !sl_buf_add(&h->te, coding))
      return SL_NOMEM;
  }
  return SL_OK;
}

static sl_result content_encoding(struct transfer *t, struct slice value)
{
  const struct http_config *c = t->easy->set.http;
  if (!c->accept_encoding || !c->http_content_decoding || t->http.no_body_wanted || t->http.parser.status < 200)
    return SL_OK;
  sl_result rc = t->sink.decode ? sl_decode_add(t->sink.decode, value) : sl_decode_new(value, &t->sink.decode);
  if (rc == CURLE_BAD_CONTENT_ENCODING)
    return sl_fail(t, rc, "Reject response due to more than %d content encodings", SL_DECODE_CODINGS);
  return rc;
}

/* The transfer codings were applied after the content codings, whatever the order of the fields is. */
static sl_result add_transfer_codings(struct transfer *t)
{
  struct slice te = sl_buf_peek(&t->http.te);
  if (!te.n)
    return SL_OK;
  sl_result rc = t->sink.decode ? sl_decode_add(t->sink.decode, te) : sl_decode_new(te, &t->sink.decode);
  return rc == CURLE_BAD_CONTENT_ENCODING ? sl_fail(t, rc, "Too many codings") : rc;
}

static sl_result connection(struct transfer *t, struct slice value)
{
  if (sl_text_list_has(value, "close"))
    t->http.close = true;
  else if (t->http.parser.minor == 0 && sl_text_list_has(value, "keep-alive"))
    t->http.close = false;
  return SL_OK;
}

static sl_result proxy_connection(struct transfer *t, struct slice value)
{
  return t->conn->plain_proxy ? connection(t, value) : SL_OK;
}

static sl_result content_type(struct transfer *t, struct slice value)
{
  (void)value; /* the header store has it */
  t->easy->info.has_content_type |= t->http.parser.status >= 200;
  return SL_OK;
}

static sl_result location(struct transfer *t, struct slice value)
{
  if (!value.n || t->http.parser.status < 300 || t->http.parser.status >= 400 || t->http.location)
    return SL_OK;
  t->http.location = sl_arena_str(&t->arena, value);
  return t->http.location ? SL_OK : SL_NOMEM;
}

static sl_result last_modified(struct transfer *t, struct slice value)
{
  if (!sl_date_parse(value, &t->http.last_modified))
    t->http.last_modified = -1;
  if (t->easy->set.io.filetime)
    t->easy->info.filetime = t->http.last_modified;
  return SL_OK;
}

/* RFC 9110 14.4: "bytes 100-199/1000"; does it begin where we asked? */
static sl_result content_range(struct transfer *t, struct slice value)
{
  int64_t from;
  while (value.n && !sl_is_digit(*value.p) && *value.p != '*')
    value = slice_from(value, 1);
  if (sl_num_take(&value, INT64_MAX, &from) && from == t->easy->set.io.resume_from)
    t->http.resume_checked = true;
  return SL_OK;
}

static sl_result retry_after(struct transfer *t, struct slice value)
{
  int64_t n;
  enum { LONGEST = 21600 }; /* what a hostile peer may make an application wait: six hours */
  if (sl_num_parse(value, INT32_MAX, &n))
    t->easy->info.retry_after = (int32_t)n;
  else if (sl_date_parse(value, &n)) {
    n -= sl_clock_wall_s();
    t->easy->info.retry_after = n <= 0 ? 0 : n > INT32_MAX ? INT32_MAX : (int32_t)n;
  }
  if (t->easy->info.retry_after > LONGEST)
    t->easy->info.retry_after = LONGEST;
  return SL_OK;
}

static sl_result www_authenticate(struct transfer *t, struct slice value)
{
  return t->http.parser.status == 401 ? sl_auth_challenge(t, false, value) : sl_auth_last_word(t, value);
}

/* What servers of Negotiate say, IIS first: the connection stays its user's, or each request needs a token. */
static sl_result persistent_auth(struct transfer *t, struct slice value)
{
  if (t->http.auth.picked == CURLAUTH_NEGOTIATE && t->http.parser.status != 401 && !t->h2 && !t->conn->plain_proxy)
    t->conn->auth_done = sl_text_ieq_str(value, "true");
  return SL_OK;
}

static sl_result proxy_authenticate(struct transfer *t, struct slice value)
{
  return t->http.parser.status == 407 ? sl_auth_challenge(t, true, value) : SL_OK;
}

static sl_result set_cookie(struct transfer *t, struct slice value)
{
  if (++t->http.n_set_cookie > MAX_SET_COOKIE)
    return SL_OK;
  return sl_cookies_response(t, value);
}

static sl_result strict_transport_security(struct transfer *t, struct slice value)
{
  return t->proto->tls ? sl_hsts_response(t, value) : SL_OK;
}

static sl_result alt_svc(struct transfer *t, struct slice value)
{
  if (++t->http.n_alt_svc > MAX_ALT_SVC)
    return SL_OK;
  return sl_altsvc_response(t, value, t->http.n_alt_svc == 1);
}

struct field {
  const char *name;
  sl_result (*take)(struct transfer *t, struct slice value);
};
enum { LONGEST = sizeof("Strict-Transport-Security") - 1, OF_A_LENGTH = 3 };
#define LENGTH(name) [sizeof(name) - 1]
/* By the length of their names: most fields of a response are nobody's business here. */
static const struct field fields[LONGEST + 1][OF_A_LENGTH + 1] = {
    LENGTH("CSeq") = {{"CSeq", sl_rtsp_cseq}},
    LENGTH("Alt-Svc") = {{"Alt-Svc", alt_svc}, {"Session", sl_rtsp_session_field}},
    LENGTH("Location") = {{"Location", location}},
    LENGTH("Connection") = {{"Connection", connection}, {"Set-Cookie", set_cookie}},
    LENGTH("Retry-After") = {{"Retry-After", retry_after}},
    LENGTH("Content-Type") = {{"Content-Type", content_type}},
    LENGTH("Last-Modified") = {{"Last-Modified", last_modified}, {"Content-Range", content_range}},
    LENGTH("Content-Length") = {{"Content-Length", content_length}},
    LENGTH("Persistent-Auth") = {{"Persistent-Auth", persistent_auth}},
    LENGTH("Content-Encoding") = {{"Content-Encoding", content_encoding}, {"Www-Authenticate", www_authenticate}, {"Proxy-Connection", proxy_connection}},
    LENGTH("Transfer-Encoding") = {{"Transfer-Encoding", transfer_encoding}},
    LENGTH("Proxy-Authenticate") = {{"Proxy-Authenticate", proxy_authenticate}},
    LENGTH("Strict-Transport-Security") = {{"Strict-Transport-Security", strict_transport_security}},
};

/* Names are looked for as they are usually written first, then without regard to case. */
static const struct field *known_field(struct slice name)
{
  if (name.n > LONGEST)
    return NULL;
  const struct field *f = fields[name.n];
  while (f->name && (sl_lower(*f->name) != sl_lower(*name.p) ||
                     (memcmp(f->name, name.p, name.n) && !sl_text_ieq(name, slice_of(f->name, name.n)))))
    f++;
  return f->name ? f : NULL;
}

sl_result sl_http_field(struct transfer *t, struct slice line)
{
  size_t colon = slice_find_near(line, ':');
  if (colon == line.n)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Header without colon");
  if (!colon)
    return SL_OK;
  const struct field *f = known_field(slice_head(line, colon));
  return f ? f->take(t, sl_text_trim(slice_from(line, colon + 1))) : SL_OK;
}

/* ---- the end of the head ---- */

static bool has_no_body(const struct transfer *t)
{
  uint16_t status = t->http.parser.status;
  return t->http.no_body_wanted || status == 204 || status == 304 || status < 200;
}

static void choose_framing(struct transfer *t)
{
  struct http *h = &t->http;
  struct info *info = &t->easy->info;
  if (h->te_chunked || h->te_other)
    h->length_known = false; /* 6.3: Transfer-Encoding wins over Content-Length */
  info->content_length_download = h->length_known ? h->content_length : -1;
  t->progress.dl_total = info->content_length_download;
  if (has_no_body(t) || (h->ignore_body && !h->te_chunked && !h->length_known)) {
    /* Nobody waits for the end of a body that nobody wants. */
    h->close = h->close || (!has_no_body(t) && !sl_rtsp_is(t));
    sl_http1_body(&h->parser, HTTP1_NO_BODY, 0);
  } else if (h->te_chunked) {
    sl_http1_body(&h->parser, HTTP1_CHUNKED, 0);
  } else if (h->length_known) {
    sl_http1_body(&h->parser, HTTP1_LENGTH, h->content_length);
  } else if (sl_rtsp_is(t)) { /* RFC 2326 4.4: no body */
    sl_http1_body(&h->parser, HTTP1_NO_BODY, 0);
  } else {
    sl_http1_body(&h->parser, HTTP1_UNTIL_CLOSE, 0);
    h->close = true;
  }
}

/* CURLOPT_FAILONERROR(3): not for challenges that can still be met, nor for a resume that was complete. */
static bool is_failure(const struct transfer *t)
{
  uint16_t status = t->http.parser.status;
  const struct settings *set = &t->easy->set;
  if (!set->io.failonerror || status < 400)
    return false;
  if (status == 416 && set->io.resume_from && t->http.method == SL_HTTP_GET)
    return false;
  return true;
}

static sl_result check_resume(struct transfer *t)
{
  struct http *h = &t->http;
  const struct io_config *io = &t->easy->set.io;
  if (!io->resume_from || h->method != SL_HTTP_GET || h->ignore_body || has_no_body(t))
    return SL_OK;
  if (h->parser.status == 416) {
    h->ignore_body = true; /* all of it is there already */
    return SL_OK;
  }
  if (h->resume_checked)
    return SL_OK;
  if (h->content_length == io->resume_from) { /* RFC 9110 14.2: the server may ignore Range; we have it all */
    SL_INFOF(t->easy, "The entire document is already downloaded");
    h->ignore_body = true;
    h->close = true;
    return SL_OK;
  }
  return sl_fail(t, CURLE_RANGE_ERROR, "HTTP server does not seem to support byte ranges. Cannot resume.");
}

/* CURLOPT_TIMECONDITION: a server that ignores the condition's field is judged by Last-Modified. */
static void check_time_condition(struct transfer *t)
{
  const struct io_config *io = &t->easy->set.io;
  struct http *h = &t->http;
  t->easy->info.condition_unmet = h->parser.status == 304;
  if (!io->timecondition || io->range)
    return;
  if (h->last_modified <= 0 || !io->timevalue || h->parser.status >= 300)
    return;
  bool newer = h->last_modified > io->timevalue;
  if (newer == (io->timecondition == CURL_TIMECOND_IFUNMODSINCE)) {
    SL_INFOF(t->easy, "Simulate an HTTP 304 response");
    t->easy->info.condition_unmet = true;
    t->easy->info.response_code = 304;
    h->ignore_body = true;
    h->close = true;
  }
}

static sl_result check_size(struct transfer *t)
{
  int64_t max = t->easy->set.io.maxfilesize;
  bool none = has_no_body(t) && !t->http.no_body_wanted; /* a HEAD asks about the size */
  if (!max || t->http.content_length <= max || none || t->http.ignore_body)
    return SL_OK;
  return sl_fail(t, CURLE_FILESIZE_EXCEEDED, "Maximum file size exceeded");
}

/* What becomes of the body that is still going out when the final head is in. */
static void early_response(struct transfer *t)
{
  struct http *h = &t->http;
  if (h->upload == HTTP_UP_NONE)
    return;
  if (h->upload == HTTP_UP_EXPECT) { /* no 100 came: the body was not asked for */
    h->upload = HTTP_UP_NONE;
    h->close = h->close || h->parser.status != 417; /* any other may wait for it: RFC 9110 10.1.1 */
    return;
  }
  if (h->parser.status >= 300 && !t->easy->set.io.keep_sending_on_error) {
    h->upload = HTTP_UP_NONE;
    h->close = true;
  }
}

sl_result sl_http_head_end(struct transfer *t)
{
  struct http *h = &t->http;
  bool again = false;
  sl_result rc = sl_auth_after_head(t, h->parser.status, &again);
  if (rc)
    return rc;
  if (!again && h->parser.status == 417 && h->upload == HTTP_UP_EXPECT) {
    h->expect_refused = true; /* RFC 9110 10.1.1: once more, without asking */
    again = true;
  }
  if (!again && h->parser.status == 421 && t->alt_used) {
    rc = sl_altsvc_forget(t);
    again = !rc;
  }
  if (rc)
    return rc;
  if (!again && sl_ws_is(t) && !sl_redirect_wanted(t))
    return sl_ws_refused(t);
  if (!again && is_failure(t)) /* the caller delivers the end of the head first */
    return sl_fail(t, CURLE_HTTP_RETURNED_ERROR, "The requested URL returned error: %d", h->parser.status);
  t->again = again;
  h->ignore_body = again || sl_redirect_wanted(t);
  choose_framing(t);
  if (!h->ignore_body) {
    check_time_condition(t);
    rc = check_resume(t);
    if (h->ignore_body && h->close && !t->h2) /* it need not even come */
      sl_http1_body(&h->parser, HTTP1_NO_BODY, 0);
  }
  if (!rc)
    rc = check_size(t);
  early_response(t);
  t->sink.discard = h->ignore_body;
  return rc ? rc : add_transfer_codings(t);
}
