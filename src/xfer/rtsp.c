/* See rtsp.h. */
#include "xfer/rtsp.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "loop/scratch.h"
#include "wire/decode.h"
#include "wire/rtsp.h"
#include "xfer/body.h"
#include "xfer/http_auth.h"
#include "xfer/protos.h"

enum { ROUNDS = 32 }; /* reads before others get their turn: more than the longest frame needs */

struct rtsp {
  int32_t cseq;     /* of the request */
  uint8_t request;  /* CURL_RTSPREQ_* */
  unsigned frames;  /* delivered */
};

static struct rtsp *of(const struct transfer *t)
{
  return t->proto_data;
}

/* What is remembered in the settings. */
static struct rtsp_config *own(struct transfer *t)
{
  return sl_settings_own(&t->easy->set, SL_TOPIC_RTSP);
}

/* ---- requests: RFC 2326 10 ---- */

static const struct {
  const char *word;
  bool has_body, needs_session;
} requests[] = {
    [CURL_RTSPREQ_OPTIONS] = {"OPTIONS", false, false},
    [CURL_RTSPREQ_DESCRIBE] = {"DESCRIBE", false, false},
    [CURL_RTSPREQ_ANNOUNCE] = {"ANNOUNCE", true, false},
    [CURL_RTSPREQ_SETUP] = {"SETUP", false, false},
    [CURL_RTSPREQ_PLAY] = {"PLAY", false, false}, /* servers say better what is missing (454) */
    [CURL_RTSPREQ_PAUSE] = {"PAUSE", false, false},
    [CURL_RTSPREQ_TEARDOWN] = {"TEARDOWN", false, false},
    [CURL_RTSPREQ_GET_PARAMETER] = {"GET_PARAMETER", true, true},
    [CURL_RTSPREQ_SET_PARAMETER] = {"SET_PARAMETER", true, true},
    [CURL_RTSPREQ_RECORD] = {"RECORD", false, true},
    [CURL_RTSPREQ_RECEIVE] = {"RECEIVE", false, false}, /* not sent */
};

static bool has_own(const struct transfer *t, const char *name)
{
  struct slice value;
  return t->easy->set.http->httpheader && sl_http_custom(t, name, &value);
}

static sl_result check(struct transfer *t, const struct rtsp_config *c)
{
  int request = c->rtsp_request;
  if (request <= CURL_RTSPREQ_NONE || request >= CURL_RTSPREQ_LAST)
    return sl_fail(t, CURLE_BAD_FUNCTION_ARGUMENT, "Got invalid RTSP request");
  if (requests[request].needs_session && !c->rtsp_session_id)
    return sl_fail(t, CURLE_BAD_FUNCTION_ARGUMENT, "Refusing to issue an RTSP request [%s] without a session ID",
                   requests[request].word);
  if (request == CURL_RTSPREQ_SETUP && !c->rtsp_transport && !has_own(t, "Transport"))
    return sl_fail(t, CURLE_BAD_FUNCTION_ARGUMENT, "Refusing to issue an RTSP SETUP without a Transport: header");
  if (has_own(t, "CSeq"))
    return sl_fail(t, CURLE_RTSP_CSEQ_ERROR, "CSeq cannot be set as a custom header");
  if (has_own(t, "Session"))
    return sl_fail(t, CURLE_BAD_FUNCTION_ARGUMENT, "Session ID cannot be set as a custom header");
  return SL_OK;
}

static uint8_t method(const struct transfer *t, int request)
{
  if (!requests[request].has_body)
    return SL_HTTP_GET;
  uint8_t set = t->easy->set.http->method;
  return set == SL_HTTP_PUT || set == SL_HTTP_POST ? set : SL_HTTP_GET;
}

/* The body's length has to be known: 12.14, there are no chunks. */
static void add_body_fields(struct transfer *t, struct buf *dst)
{
  struct http *h = &t->http;
  h->upload = t->source.size ? HTTP_UP_BODY : HTTP_UP_NONE;
  t->progress.ul_total = t->source.size;
  if (h->method == SL_HTTP_GET || !t->source.size)
    return;
  if (!has_own(t, "Content-Length"))
    sl_buf_printf(dst, "Content-Length: %lld\r\n", (long long)t->source.size);
  sl_http_add_field(t, dst, "Content-Type",
                    slice_str(of(t)->request == CURL_RTSPREQ_ANNOUNCE ? "application/sdp" : "text/parameters"));
}

static void add_fields(struct transfer *t, const struct rtsp_config *c, struct buf *dst)
{
  const struct settings *set = &t->easy->set;
  const struct http_config *h = set->http;
  if (c->rtsp_session_id)
    sl_buf_printf(dst, "Session: %s\r\n", c->rtsp_session_id);
  if (of(t)->request == CURL_RTSPREQ_SETUP && c->rtsp_transport)
    sl_http_add_field(t, dst, "Transport", slice_str(c->rtsp_transport));
  if (of(t)->request == CURL_RTSPREQ_DESCRIBE)
    sl_http_add_field(t, dst, "Accept", SLICE_LIT("application/sdp"));
  if (of(t)->request == CURL_RTSPREQ_DESCRIBE && h->accept_encoding)
    sl_http_add_field(t, dst, "Accept-Encoding",
                      slice_str(h->accept_encoding[0] ? h->accept_encoding : sl_decode_supported()));
  if (set->io.range)
    sl_http_add_field(t, dst, "Range", slice_str(set->io.range));
  if (t->referer)
    sl_http_add_field(t, dst, "Referer", slice_str(t->referer));
  if (h->useragent && h->useragent[0])
    sl_http_add_field(t, dst, "User-Agent", slice_str(h->useragent));
}

sl_result sl_rtsp_request(struct transfer *t, struct buf *dst)
{
  struct rtsp_config *c = own(t);
  if (!c)
    return SL_NOMEM;
  const char *word = requests[of(t)->request].word;
  struct slice uri = c->rtsp_stream_uri ? slice_str(c->rtsp_stream_uri) : SLICE_LIT("*");
  int32_t cseq = of(t)->cseq = c->rtsp_client_cseq;
  c->rtsp_client_cseq = cseq < INT32_MAX ? cseq + 1 : 1;
  c->cseq_recv = 0;
  sl_buf_printf(dst, "%s ", word);
  sl_buf_add(dst, uri);
  sl_buf_printf(dst, " RTSP/1.0\r\nCSeq: %d\r\n", cseq);
  add_fields(t, c, dst);
  sl_result rc = t->http.auth.want && sl_buf_ok(dst) ? sl_auth_request(t, false, slice_str(word), uri, dst) : SL_OK;
  if (rc)
    return rc;
  if (of(t)->request == CURL_RTSPREQ_DESCRIBE)
    sl_http_add_time_condition(t, dst);
  sl_http_add_own_fields(t, dst);
  add_body_fields(t, dst);
  sl_buf_str(dst, "\r\n");
  return sl_buf_result(dst, CURLE_TOO_LARGE);
}

/* ---- interleaved frames: 10.12 ---- */

static sl_result deliver(struct transfer *t, struct slice frame)
{
  const struct rtsp_config *c = t->easy->set.rtsp;
  const struct io_config *io = &t->easy->set.io;
  curl_write_callback fn = c->interleavefunction;
  of(t)->frames++;
  t->progress.dl_now += (int64_t)frame.n;
  if (!fn && !io->writefunction)
    return sl_sink_body(t, frame); /* a file */
  t->multi->callback_depth++;
  size_t took = fn ? fn((char *)(uintptr_t)frame.p, 1, frame.n, c->interleavedata)
                   : io->writefunction((char *)(uintptr_t)frame.p, 1, frame.n, io->writedata);
  t->multi->callback_depth--;
  if (took == frame.n)
    return SL_OK;
  return sl_fail(t, CURLE_WRITE_ERROR, took == CURL_WRITEFUNC_PAUSE ? "Cannot pause RTP" : "Failed writing RTP data");
}

/* All whole ones. SL_PARSE_MORE: the rest is a part of one, or nothing. */
static sl_result take_frames(struct transfer *t, struct slice *in, enum sl_parse *out_what)
{
  struct slice frame;
  sl_result rc = SL_OK;
  while (!rc && (*out_what = sl_rtsp_frame(in, &frame)) == SL_PARSE_DONE)
    rc = deliver(t, frame);
  return rc;
}

sl_result sl_rtsp_begins(struct transfer *t, struct slice *in, bool *out_more)
{
  enum sl_parse what;
  uint16_t status;
  sl_result rc = take_frames(t, in, &what);
  if (rc)
    return rc;
  if (what == SL_PARSE_BAD)
    what = sl_rtsp_status(*in, &status);
  *out_more = what == SL_PARSE_MORE;
  if (what == SL_PARSE_BAD)
    return sl_fail(t, CURLE_UNSUPPORTED_PROTOCOL, "What the server says is not RTSP");
  if (what == SL_PARSE_DONE)
    sl_http1_alias(&t->http.parser, status, 1); /* persistent, as HTTP/1.1 is */
  return SL_OK;
}

/* ---- responses ---- */

sl_result sl_rtsp_cseq(struct transfer *t, struct slice value)
{
  int64_t cseq;
  if (!sl_rtsp_is(t))
    return SL_OK;
  if (!sl_num_parse(value, INT32_MAX, &cseq))
    return sl_fail(t, CURLE_RTSP_CSEQ_ERROR, "Unable to read the CSeq header: [%.*s]", (int)value.n, value.p);
  struct rtsp_config *c = own(t);
  if (c)
    c->cseq_recv = (int32_t)cseq;
  return c ? SL_OK : SL_NOMEM;
}

sl_result sl_rtsp_session_field(struct transfer *t, struct slice value)
{
  if (!sl_rtsp_is(t))
    return SL_OK;
  struct slice id = sl_rtsp_session(value);
  const char *known = t->easy->set.rtsp->rtsp_session_id;
  if (known && !slice_eq(id, slice_str(known)))
    return sl_fail(t, CURLE_RTSP_SESSION_ERROR, "Got RTSP Session ID Line [%.*s], but wanted ID [%s]", (int)value.n,
                   value.p, known);
  if (known || !id.n)
    return SL_OK;
  struct rtsp_config *c = own(t);
  if (c)
    c->rtsp_session_id = sl_memdup0(id.p, id.n);
  return c && c->rtsp_session_id ? SL_OK : SL_NOMEM;
}

/* ---- the transfer ---- */

static void drop(struct transfer *t)
{
  sl_free(t->proto_data);
  t->proto_data = NULL;
}

static sl_result begin_count(struct transfer *t)
{
  struct rtsp_config *c = own(t);
  if (!c)
    return SL_NOMEM;
  if (c->rtsp_client_cseq <= 0)
    c->rtsp_client_cseq = 1;
  if (c->rtsp_server_cseq <= 0)
    c->rtsp_server_cseq = 1;
  return SL_OK;
}

static sl_result rtsp_start(struct transfer *t)
{
  sl_result rc = check(t, t->easy->set.rtsp);
  if (rc)
    return rc;
  drop(t);
  struct rtsp *r = sl_calloc(1, sizeof *r);
  if (!r)
    return SL_NOMEM;
  t->proto_data = r;
  r->request = (uint8_t)t->easy->set.rtsp->rtsp_request;
  t->conn->chatty = true;
  t->http.method = method(t, r->request);
  rc = begin_count(t);
  if (!rc)
    rc = sl_proto_http.start(t);
  sl_http1_foreign(&t->http.parser);
  if (!rc && t->source.size < 0)
    return sl_fail(t, CURLE_BAD_FUNCTION_ARGUMENT, "RTSP needs to know the size of what is sent: CURLOPT_INFILESIZE");
  return rc;
}

/* SL_OK: something of it was whole and has been delivered. */
static sl_result take_pending(struct transfer *t, struct slice in)
{
  enum sl_parse what;
  sl_result rc = take_frames(t, &in, &what), kept = sl_conn_keep(t->conn, in);
  if (rc || kept)
    return rc ? rc : kept;
  if (what == SL_PARSE_BAD)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "What the server says is no interleaved data");
  return of(t)->frames ? SL_OK : SL_WAIT;
}

/* CURL_RTSPREQ_RECEIVE: what has come, and at least one frame. */
static sl_result receive(struct transfer *t)
{
  sl_result rc = t->conn->in.n ? take_pending(t, sl_buf_peek(&t->conn->in)) : SL_WAIT;
  t->want = WATCH_IN;
  for (int round = 0; round < ROUNDS && rc == SL_WAIT; round++) {
    struct slice in;
    size_t room = sl_body_allow(t, SL_SCRATCH_BYTES), before = t->conn->in.n;
    if (!room)
      return SL_WAIT;
    rc = sl_conn_fill(t->conn, room, &in);
    if (rc)
      return rc;
    if (t->conn->shut)
      return SL_OK; /* there is no more, and nobody knows how much there was to be */
    t->progress.recv.bytes += (int64_t)(in.n - before);
    rc = take_pending(t, in);
  }
  if (rc == SL_WAIT)
    sl_job_post(&t->multi->reactor, &t->job);
  return rc;
}

/* 12.17: the answer is that to our request. */
static sl_result check_cseq(struct transfer *t)
{
  int32_t got = t->easy->set.rtsp->cseq_recv;
  if (got == of(t)->cseq)
    return SL_OK;
  return sl_fail(t, CURLE_RTSP_CSEQ_ERROR, "The CSeq of this request %d did not match the response %d", of(t)->cseq, got);
}

static sl_result rtsp_step(struct transfer *t)
{
  if (of(t)->request == CURL_RTSPREQ_RECEIVE)
    return receive(t);
  sl_result rc = sl_proto_http.step(t);
  if (rc)
    return rc;
  rc = check_cseq(t);
  if (rc || !t->conn->in.n)
    return rc;
  enum sl_parse what; /* frames that came with the response's end */
  struct slice in = sl_buf_peek(&t->conn->in);
  rc = take_frames(t, &in, &what);
  if (what == SL_PARSE_BAD)
    t->http.close = true;
  sl_result kept = sl_conn_keep(t->conn, in);
  return rc ? rc : kept;
}

static sl_result rtsp_finish(struct transfer *t, sl_result result)
{
  if (of(t) && of(t)->request == CURL_RTSPREQ_RECEIVE) {
    t->conn->keep = !result && !t->conn->shut;
    return result;
  }
  return sl_proto_http.finish(t, result);
}

static void rtsp_cleanup(struct transfer *t)
{
  drop(t);
  sl_proto_http.cleanup(t);
}

const struct xfer_proto sl_proto_rtsp = {
    .scheme = "rtsp",
    .bit = CURLPROTO_RTSP,
    .port = 554,
    .init = sl_http_init,
    .start = rtsp_start,
    .step = rtsp_step,
    .finish = rtsp_finish,
    .cleanup = rtsp_cleanup,
};
