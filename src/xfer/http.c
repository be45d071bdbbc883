/* HTTP/1.x: sending a request and receiving its response over the connection's top stream. Both go on at once: an
 * early response is seen while the body is still going out. */
#include "xfer/http.h"

#include <stdio.h>

#include "base/text.h"
#include "loop/scratch.h"
#include "xfer/altsvc_store.h"
#include "xfer/cookies.h"
#include "xfer/header_store.h"
#include "xfer/hsts_store.h"
#include "xfer/http2.h"
#include "xfer/protos.h"
#include "xfer/rtsp.h"
#include "xfer/transfer.h"
#include "xfer/ws.h"

enum {
  MAX_HEAD_OUT = 1024 * 1024, /* bytes of a request's head */
  MAX_CODINGS = 1024,         /* bytes of their names */
  ROUNDS = 32,                /* reads before others get their turn */
  DECODED_ROUNDS = 4,         /* ... where they have to be decoded, which may take long */
  CHUNK_FRAME = 12            /* "ffffffff\r\n" and "\r\n" around a chunk */
};

/* ---- life ---- */

sl_result sl_http_init(struct transfer *t)
{
  struct http *h = &t->http;
  sl_buf_init(&h->out, MAX_HEAD_OUT);
  sl_buf_init(&h->te, MAX_CODINGS);
  h->method = t->easy->set.http->method;
  if (t->easy->set.io.nobody)
    h->method = SL_HTTP_HEAD;
  sl_result rc = sl_auth_init(t);
  if (!rc)
    rc = sl_cookies_begin(t);
  return rc ? rc : sl_altsvc_begin(t);
}

void sl_http_note_method(struct transfer *t)
{
  t->easy->info.method = t->http.method;
  t->easy->info.custom_method = t->easy->set.io.customrequest && !t->http.no_custom;
}

static sl_result http_start(struct transfer *t)
{
  struct http *h = &t->http;
  sl_buf_clear(&h->out);
  h->out_at = 0;
  h->head_sent = h->chunk_end_sent = h->got_bytes = h->head_done = h->upgraded = h->h2c = false;
  h->n_1xx = 0;
  t->body_ended = t->resumed = false;
  h->no_body_wanted = h->method == SL_HTTP_HEAD;
  h->upload = HTTP_UP_NONE;
  sl_http1_init(&h->parser);
  sl_http_response_reset(t);
  sl_sink_reset(&t->sink);
  sl_progress_restart(t);
  t->request_us = t->multi->reactor.now_us;
  t->easy->info.starttransfer_us = t->easy->info.posttransfer_us = 0; /* of the last request, as pretransfer_us is */
  sl_http_note_method(t);
  bool touched = t->source.touched;
  sl_result rc = sl_http_choose_body(t);
  if (rc || h->method < SL_HTTP_POST) /* a body that is not sent again need not be rewound */
    return rc;
  if (!touched)
    return t->http.upload_offset ? sl_source_skip(t, t->http.upload_offset) : SL_OK;
  t->source.touched = true;
  return sl_source_rewind(t);
}

static void http_cleanup(struct transfer *t)
{
  sl_buf_done(&t->http.out);
  sl_buf_done(&t->http.te);
  sl_auth_done(t);
}

/* ---- sending ---- */

static sl_result send_error(struct transfer *t, sl_result rc)
{
  if (rc == CURLE_SEND_ERROR)
    t->easy->info.os_errno = t->conn->tcp->err;
  return sl_fail(t, rc, "Send failure: %s", sl_conn_why(t->conn));
}

/* Body bytes behind what is in `dst`, in chunks where needed. Room: at least CHUNK_FRAME. */
static sl_result add_body(struct transfer *t, struct buf *dst, size_t room)
{
  struct http *h = &t->http;
  size_t n = 0, at = dst->n + (h->chunked_up ? 8 : 0);
  int64_t when_us = 0;
  int64_t allow = sl_rate_allow(t, &t->progress.send, t->easy->set.io.max_send_speed, &when_us);
  if (!allow) {
    t->rate_us = when_us;
    return SL_WAIT;
  }
  if (h->chunked_up)
    room -= CHUNK_FRAME;
  if ((int64_t)room > allow)
    room = (size_t)allow;
  size_t most = (size_t)t->easy->set.io.upload_buffersize;
  if (room > most)
    room = most;
  sl_result rc = sl_source_read(t, dst->p + at, room, &n);
  if (rc)
    return rc;
  if (!h->chunked_up) {
    dst->n += (uint32_t)n;
  } else if (n) {
    /*   chunk-size in hex, CRLF, data, CRLF; the size is written in front of where the data lies */
    char size[9];
    int len = snprintf(size, sizeof size, "%zx\r\n", n);
    memmove(dst->p + dst->n + len, dst->p + at, n);
    memcpy(dst->p + dst->n, size, (size_t)len);
    memcpy(dst->p + dst->n + (size_t)len + n, "\r\n", 2);
    dst->n += (uint32_t)((size_t)len + n + 2);
  }
  t->progress.ul_now += (int64_t)n;
  t->progress.send.bytes += (int64_t)n;
  if (n)
    return SL_OK;
  if (h->chunked_up && !h->chunk_end_sent) {
    rc = sl_http_trailers(t, dst);
    h->chunk_end_sent = true;
  }
  return rc;
}

static bool body_left(const struct transfer *t)
{
  const struct http *h = &t->http;
  return h->upload == HTTP_UP_BODY && (!t->source.eof || (h->chunked_up && !h->chunk_end_sent));
}

/* What goes out next, in the scratch buffer: the head if it is not out yet, and body behind it. */
static sl_result next_piece(struct transfer *t, struct buf *piece)
{
  struct http *h = &t->http;
  sl_result rc = SL_OK;
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  *piece = (struct buf){.p = scratch, .cap = SL_SCRATCH_BYTES, .max = SL_SCRATCH_BYTES - 1};
  if (!h->head_sent) {
    rc = sl_http_request(t, piece);
    if (rc == CURLE_TOO_LARGE && piece->full) { /* an unusually large head is built in memory of its own */
      sl_buf_clear(&h->out);
      rc = sl_http_request(t, &h->out);
      *piece = (struct buf){0};
    }
    if (rc)
      return rc;
    h->head_sent = true;
    struct slice head = piece->n ? sl_buf_peek(piece) : sl_buf_peek(&h->out);
    t->easy->info.request_size += (uint32_t)head.n;
    if (t->easy->set.io.verbose)
      sl_easy_debug(t->easy, CURLINFO_HEADER_OUT, head.p, head.n);
    if (h->upload == HTTP_UP_EXPECT)
      t->expect_us = t->multi->reactor.now_us + (int64_t)t->easy->set.http->expect_100_timeout_ms * 1000;
  }
  size_t body_at = piece->n;
  if (piece->p && body_left(t) && piece->max - piece->n > CHUNK_FRAME * 2)
    rc = add_body(t, piece, piece->max - piece->n);
  if (piece->n > body_at && t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_DATA_OUT, piece->p + body_at, piece->n - body_at);
  return rc == SL_WAIT && piece->n ? SL_OK : rc;
}

static sl_result flush_out(struct transfer *t)
{
  struct http *h = &t->http;
  struct slice left = slice_from(sl_buf_peek(&h->out), h->out_at);
  sl_result rc = sl_conn_write(t->conn, &left);
  h->out_at = h->out.n - (uint32_t)left.n;
  if (!left.n) {
    sl_buf_done(&h->out);
    h->out_at = 0;
  }
  return rc;
}

static sl_result send_request(struct transfer *t)
{
  struct http *h = &t->http;
  for (int round = 0; round < ROUNDS; round++) {
    struct buf piece = {0};
    if (h->out.n) {
      sl_result rc = flush_out(t);
      if (rc)
        return rc;
    }
    if (h->head_sent && !body_left(t)) {
      if (!t->easy->info.posttransfer_us)
        t->easy->info.posttransfer_us = sl_transfer_elapsed(t);
      if (h->upload == HTTP_UP_BODY)
        h->upload = HTTP_UP_NONE;
      return SL_OK;
    }
    sl_result rc = next_piece(t, &piece);
    if (rc)
      return rc;
    struct slice data = sl_buf_peek(&piece);
    rc = sl_conn_write(t->conn, &data);
    if (rc > 0)
      return rc;
    if (data.n && !sl_buf_add(&h->out, data))
      return sl_buf_result(&h->out, CURLE_TOO_LARGE);
    if (rc)
      return rc;
  }
  sl_job_post(&t->multi->reactor, &t->job); /* others first, then more */
  return SL_WAIT;
}

/* ---- receiving ---- */

/* A folded field as one line: RFC 9112 5.2, obs-fold becomes a space. */
static struct slice unfold(struct transfer *t, struct slice line)
{
  char *copy = sl_arena_alloc(&t->arena, line.n + 2);
  size_t n = 0;
  if (!copy)
    return SLICE_NONE;
  struct slice rest = line;
  while (rest.n) {
    size_t at = slice_find(rest, '\n');
    struct slice part = slice_head(rest, at);
    rest = slice_from(rest, at + 1);
    while (part.n && (part.p[part.n - 1] == '\r' || (rest.n && sl_is_blank(part.p[part.n - 1]))))
      part.n--;
    while (n && part.n && sl_is_blank(*part.p))
      part = slice_from(part, 1);
    if (n)
      copy[n++] = ' ';
    memcpy(copy + n, part.p, part.n);
    n += part.n;
  }
  memcpy(copy + n, "\r\n", 2);
  return slice_of(copy, n + 2);
}

static sl_result on_header(struct transfer *t, struct slice line)
{
  if (t->http.parser.folded) {
    line = unfold(t, line);
    if (!line.n)
      return SL_NOMEM;
  }
  sl_result rc = sl_http_field(t, line);
  if (!rc)
    rc = sl_header_store_add(t->easy, line, t->http.parser.status < 200 ? CURLH_1XX : CURLH_HEADER);
  return rc ? rc : sl_sink_header(t, line, SINK_HEADER);
}

void sl_http_first_bytes(struct transfer *t)
{
  t->http.got_bytes = true;
  if (!t->easy->info.starttransfer_us)
    t->easy->info.starttransfer_us = sl_transfer_elapsed(t);
}

/* CURLOPT_CONNECT_ONLY 2: what follows the head is the application's. (With 1 there is no request.) */
static bool hands_over(const struct transfer *t)
{
  const struct http *h = &t->http;
  return t->easy->set.io.connect_only && (h->head_done || h->upgraded) && !t->again && !h->ignore_body;
}

/* After an informational head: the next one follows. */
static sl_result informational(struct transfer *t)
{
  struct http *h = &t->http;
  uint16_t status = h->parser.status;
  if (status == 100 && h->upload == HTTP_UP_EXPECT) {
    h->upload = HTTP_UP_BODY;
    t->expect_us = 0;
    sl_transfer_wake(t); /* the answer was waited for, not the room to send */
  }
  if (status == 101 && h->h2c_asked) {
    h->h2c = true;
    return SL_WAIT; /* the parser's work is done */
  }
  if (status == 101) {
    h->upgraded = true;
    h->close = true;
    if (sl_ws_is(t)) {
      sl_result rc = sl_ws_check_answer(t);
      return rc ? rc : SL_WAIT;
    }
    sl_http1_body(&h->parser, HTTP1_UNTIL_CLOSE, 0);
    h->head_done = true;
    return SL_OK;
  }
  sl_http_response_reset(t);
  sl_http1_init(&h->parser);
  return SL_OK;
}

static sl_result on_head_end(struct transfer *t, struct slice line)
{
  struct http *h = &t->http;
  bool final = h->parser.status >= 200;
  sl_result rc = final ? sl_http_head_end(t) : SL_OK;
  if (rc && rc != CURLE_HTTP_RETURNED_ERROR && rc != CURLE_RANGE_ERROR && rc != CURLE_FILESIZE_EXCEEDED)
    return rc;
  sl_result delivered = sl_sink_header(t, line, SINK_HEAD_END);
  if (rc)
    return rc;
  if (!final)
    rc = informational(t);
  else
    h->head_done = true;
  if (!rc && hands_over(t))
    rc = SL_WAIT; /* the parser's work is done here as well */
  return delivered ? delivered : rc;
}

/* Not a status line: RTSP, an alias of "200 OK", HTTP/0.9, or nonsense. */
static sl_result on_no_http(struct transfer *t, struct slice *bytes, bool *out_more)
{
  const struct http_config *c = t->easy->set.http;
  struct slice in = *bytes;
  if (sl_rtsp_is(t))
    return sl_rtsp_begins(t, bytes, out_more);
  for (const struct curl_slist *l = c->http200aliases; l; l = l->next) {
    struct slice alias = slice_str(l->data);
    if (alias.n && in.n >= alias.n && !memcmp(in.p, alias.p, alias.n)) {
      sl_http1_alias(&t->http.parser, 200, 0);
      return SL_OK;
    }
  }
  if (t->http.n_1xx || t->conn->used)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Invalid status line");
  if (!c->http09_allowed)
    return sl_fail(t, CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed");
  sl_http1_headless(&t->http.parser);
  t->http.close = t->http.head_done = true;
  t->easy->info.http_version = CURL_HTTP_VERSION_NONE; /* 0.9 has no number */
  return SL_OK;
}

static sl_result parse_error(struct transfer *t)
{
  const struct http1 *p = &t->http.parser;
  if (p->too_large)
    return sl_fail(t, p->head > HTTP1_MAX_HEAD / 2 ? CURLE_RECV_ERROR : CURLE_TOO_LARGE, "%s", p->error);
  if (p->no_status)
    return sl_fail(t, CURLE_UNSUPPORTED_PROTOCOL, "%s", p->error);
  if (t->http.head_done)
    return sl_fail(t, CURLE_RECV_ERROR, "%s in chunked-encoding", p->error);
  return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "%s", p->error);
}

static sl_result on_body(struct transfer *t, struct slice data)
{
  int64_t max = t->easy->set.io.maxfilesize;
  t->progress.dl_now += (int64_t)data.n;
  if (t->sink.discard)
    return SL_OK;
  if (!max || t->progress.dl_now <= max)
    return sl_sink_body(t, data);
  size_t over = (size_t)(t->progress.dl_now - max);
  if (over < data.n) { /* what is allowed is delivered */
    sl_result rc = sl_sink_body(t, slice_head(data, data.n - over));
    if (rc > 0)
      return rc;
  }
  return sl_fail(t, CURLE_FILESIZE_EXCEEDED, "Exceeded the maximum allowed file size (%lld)", (long long)max);
}

/* Delivered with the line end that it should have had. */
static sl_result on_trailer(struct transfer *t, struct slice line)
{
  if (slice_find(line, ':') == line.n)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Trailer without colon");
  if (line.n < 2 || line.p[line.n - 2] != '\r') {
    char *copy = sl_arena_alloc(&t->arena, line.n + 1);
    if (!copy)
      return SL_NOMEM;
    memcpy(copy, line.p, line.n - 1);
    memcpy(copy + line.n - 1, "\r\n", 2);
    line = slice_of(copy, line.n + 1);
  }
  sl_result rc = sl_header_store_add(t->easy, line, CURLH_TRAILER);
  return rc ? rc : sl_sink_header(t, line, SINK_TRAILER);
}

static sl_result on_status(struct transfer *t, struct slice line)
{
  if (sl_ws_is(t))
    sl_ws_head_begins(t);
  sl_result rc = sl_http_status(t);
  return rc ? rc : sl_sink_header(t, line, SINK_STATUS);
}

/* For HTTP/2, whose events are others'. */
sl_result sl_http_on_status(struct transfer *t, struct slice line)
{
  return on_status(t, line);
}

sl_result sl_http_on_header(struct transfer *t, struct slice line)
{
  return on_header(t, line);
}

sl_result sl_http_on_head_end(struct transfer *t, struct slice line)
{
  return on_head_end(t, line);
}

sl_result sl_http_on_body(struct transfer *t, struct slice data)
{
  return on_body(t, data);
}

sl_result sl_http_on_trailer(struct transfer *t, struct slice line)
{
  return on_trailer(t, line);
}

/* One event. SL_OK: go on; *out_end: the response is complete. */
static sl_result take_event(struct transfer *t, enum http1_event e, struct slice part, bool *out_end)
{
  switch (e) {
  case HTTP1_STATUS:
    return on_status(t, part);
  case HTTP1_HEAD_END:
    return on_head_end(t, part);
  case HTTP1_BODY:
    return on_body(t, part);
  case HTTP1_TRAILER:
    return on_trailer(t, part);
  case HTTP1_BAD:
    return parse_error(t);
  default:
    *out_end = true;
    return SL_OK;
  }
}

/* Raw mode (CURLOPT_HTTP_TRANSFER_DECODING off): the chunks are followed to find the end, but delivered as they are. */
static sl_result raw_event(struct transfer *t, enum http1_event e, struct slice bytes, bool *out_end)
{
  *out_end = e == HTTP1_END;
  if (e == HTTP1_BAD)
    return parse_error(t);
  return on_body(t, bytes);
}

static bool raw_chunks(const struct transfer *t)
{
  return t->http.te_chunked && t->http.head_done && !t->easy->set.http->http_transfer_decoding;
}

/* Parses *in as far as it goes. *out_end: the response is complete. */
static sl_result parse(struct transfer *t, struct slice *in, bool *out_end)
{
  struct slice part;
  sl_result rc = SL_OK;
  while (!rc && !*out_end) {
    const char *before = in->p;
    enum http1_event e = sl_http1_next(&t->http.parser, in, &part);
    if (e == HTTP1_HEADER) {
      rc = on_header(t, part);
    } else if (raw_chunks(t)) {
      rc = raw_event(t, e, slice_of(before, (size_t)(in->p - before)), out_end);
      if (e == HTTP1_MORE)
        break;
      continue;
    } else if (e == HTTP1_MORE) {
      break;
    } else if (e == HTTP1_NO_HTTP) {
      bool more = false;
      rc = on_no_http(t, in, &more);
      if (more)
        break;
    } else {
      rc = take_event(t, e, part, out_end);
    }
    if (e == HTTP1_BODY && !in->n && t->http.parser.left && !rc)
      break; /* the bulk of a download: no need to ask the parser for MORE */
    if (t->paused & CURLPAUSE_RECV && !rc && !*out_end)
      rc = SL_WAIT;
  }
  return rc;
}

static sl_result closed_early(struct transfer *t)
{
  const struct http *h = &t->http;
  if (!h->got_bytes || (!h->head_done && !sl_http1_started(&h->parser) && !t->conn->in.n))
    return sl_fail(t, CURLE_GOT_NOTHING, "Empty reply from server");
  if (!h->head_done)
    return sl_http1_started(&h->parser) ? SL_OK : sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Invalid status line");
  if (sl_http1_eof(&h->parser) || h->ignore_body)
    return SL_OK;
  if (h->te_chunked)
    return sl_fail(t, CURLE_PARTIAL_FILE, "transfer closed with outstanding read data remaining");
  return sl_fail(t, CURLE_PARTIAL_FILE, "end of response with %lld bytes missing", (long long)h->parser.left);
}

/* The end of what a response without a length is. */
static sl_result on_close(struct transfer *t)
{
  t->conn->keep = false;
  sl_result rc = closed_early(t);
  t->body_ended = true;
  return rc ? rc : sl_sink_end(t);
}

static sl_result read_error(struct transfer *t, sl_result rc)
{
  t->easy->info.os_errno = t->conn->tcp->err;
  t->conn->shut = true;
  return sl_fail(t, rc, "Recv failure: %s", sl_conn_why(t->conn));
}

static sl_result fill(struct transfer *t, struct slice *in)
{
  int64_t when_us = 0;
  int64_t allow = sl_rate_allow(t, &t->progress.recv, t->easy->set.io.max_recv_speed, &when_us);
  if (!allow) {
    t->rate_us = when_us;
    return SL_WAIT;
  }
  size_t before = t->conn->in.n;
  sl_result rc = sl_conn_fill(t->conn, allow < SL_SCRATCH_BYTES ? (size_t)allow : SL_SCRATCH_BYTES, in);
  if (!rc)
    t->progress.recv.bytes += (int64_t)(in->n - before);
  return rc;
}

/* SL_OK: the response is complete. */
static sl_result receive(struct transfer *t)
{
  bool end = false, pending = t->resumed;
  t->resumed = false;
  for (int round = 0; round < ROUNDS; round++) {
    struct slice in = sl_buf_peek(&t->conn->in);
    if (!pending) {
      sl_result rc = fill(t, &in);
      if (rc)
        return rc > 0 ? read_error(t, rc) : rc;
      if (t->conn->shut)
        return on_close(t);
      sl_http_first_bytes(t);
    }
    pending = false;
    sl_result rc = parse(t, &in, &end);
    sl_result kept = sl_conn_keep(t->conn, in);
    if (rc > 0 || !kept)
      kept = rc;
    if (kept)
      return kept;
    if (end) {
      t->body_ended = true;
      return sl_sink_end(t);
    }
    if (t->sink.decode && round >= DECODED_ROUNDS)
      break;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

/* ---- both ---- */

/* Nothing can be sent any more, but the peer may have said why before it closed. */
static sl_result answer_before_close(struct transfer *t)
{
  struct http *h = &t->http;
  h->upload = HTTP_UP_NONE;
  sl_buf_done(&h->out);
  sl_result rc = h->head_sent && !(t->paused & CURLPAUSE_RECV) ? receive(t) : SL_WAIT;
  h->close = true;
  if (rc != SL_WAIT && rc != CURLE_GOT_NOTHING && rc != CURLE_RECV_ERROR)
    return rc;
  sl_buf_clear(&t->error);
  return send_error(t, CURLE_SEND_ERROR);
}

static sl_result http_step(struct transfer *t)
{
  struct http *h = &t->http;
  if (t->h2)
    return sl_http2_step(t);
  t->want = 0;
  if (t->resumed_recv) {
    t->resumed_recv = false;
    t->resumed = true;
    sl_result rc = sl_sink_resume(t);
    if (rc)
      return rc;
    if (t->body_ended)
      return SL_OK;
  }
  if (h->upload == HTTP_UP_EXPECT && t->expect_us && t->multi->reactor.now_us >= t->expect_us) {
    h->upload = HTTP_UP_BODY; /* no 100 came in time: RFC 9110 10.1.1 says send it all the same */
    t->expect_us = 0;
  }
  sl_result rc = SL_OK;
  if (!h->head_sent || h->out.n || h->upload == HTTP_UP_BODY) {
    rc = send_request(t);
    if (rc == CURLE_SEND_ERROR)
      return answer_before_close(t);
    if (rc > 0)
      return rc;
    if (h->out.n)
      t->want |= (uint8_t)sl_stream_want(t->conn->top); /* a read below overwrites what the write waits for */
  }
  if (t->paused & CURLPAUSE_RECV)
    return SL_WAIT;
  t->want |= WATCH_IN;
  rc = receive(t);
  if (h->h2c && rc <= 0)
    return sl_http2_upgraded(t);
  if (rc == SL_WAIT && hands_over(t))
    return SL_OK;
  if (!rc && (h->upload != HTTP_UP_NONE || h->out.n)) /* answered before all was sent */
    h->close = true;
  return rc;
}

/* A pooled connection may have died under the request: once more, on a fresh one. */
static bool may_retry(const struct transfer *t, sl_result result)
{
  bool lost = result == CURLE_GOT_NOTHING || result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR;
  return lost && t->conn->used && !t->http.got_bytes && !t->retried;
}

static sl_result http_finish(struct transfer *t, sl_result result)
{
  struct http *h = &t->http;
  t->easy->info.httpauth_avail = (uint16_t)h->auth.avail;
  t->easy->info.proxyauth_avail = (uint16_t)h->proxy_auth.avail;
  if (result == CURLE_TOO_LARGE && t->easy->headers.full) /* which also ends redirects and challenges without end */
    sl_fail(t, result, "Too large response headers in all");
  if (result) {
    t->conn->keep = false;
    if (!(t->h2 ? sl_http2_may_retry(t) : may_retry(t, result)))
      return result;
    t->retried = t->again = true;
    t->fresh = t->fresh || !t->h2; /* an HTTP/2 connection that has ended is not found again */
    sl_buf_clear(&t->error);
    SL_INFOF(t->easy, "Connection died, retrying a fresh connect (retry count: 1)");
    return SL_OK;
  }
  t->conn->keep = !h->close && !t->easy->set.net->forbid_reuse && !h->upgraded;
  if (t->again) {
    h->no_h2 = h->no_h2 || (t->h2 && (h->auth.picked == CURLAUTH_NTLM || /* it is for connections of one user */
                                      (t->conn->plain_proxy && h->proxy_auth.picked == CURLAUTH_NTLM)));
    return SL_OK;
  }
  if (h->location && sl_redirect_wanted(t))
    return sl_redirect_follow(t);
  if (hands_over(t)) {
    t->conn->keep = false;
    sl_conn_hold(t->conn, t->easy);
    t->conn = NULL;
  }
  return h->location ? sl_redirect_note(t) : SL_OK;
}

const struct xfer_proto sl_proto_http = {
    .scheme = "http",
    .bit = CURLPROTO_HTTP,
    .port = 80,
    .init = sl_http_init,
    .start = http_start,
    .step = http_step,
    .finish = http_finish,
    .cleanup = http_cleanup,
};
const struct xfer_proto sl_proto_https = {
    .scheme = "https",
    .bit = CURLPROTO_HTTPS,
    .port = 443,
    .tls = true,
    .init = sl_http_init,
    .start = http_start,
    .step = http_step,
    .finish = http_finish,
    .cleanup = http_cleanup,
};
/* Behind an HTTP proxy without a tunnel an ftp: URL is a matter of HTTP. */
const struct xfer_proto sl_proto_ftp_over_http = {
    .scheme = "ftp",
    .bit = CURLPROTO_HTTP,
    .port = 21,
    .start = http_start,
    .step = http_step,
    .finish = http_finish,
    .cleanup = http_cleanup,
};
