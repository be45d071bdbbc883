/* The HTTP/2 session; see h2_session.h. */
#include "proto/h2_session.h"

#include <curl/curl.h>
#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "stream/stream.h"

enum {
  HTTP2_ERROR = CURLE_HTTP2,
  ROUNDS = 32,             /* reads and writes before others get their turn */
  FRAME_HEAD = 9,
  CONNECTION_WINDOW = 256 * 1024 * 1024, /* never the limit: each stream's own window is */
  UNKNOWN_MAX_STREAMS = 100, /* until the peer's SETTINGS are here */
  MAX_OUT = 1024 * 1024,
  MAX_PROMISED = 64,       /* fields of a promise */
  MAX_RESERVED = 16,
  GROW_AFTER = H2_FIRST_WINDOW / 4
};

struct promise {
  struct h2_field fields[MAX_PROMISED];
  size_t n;
  struct buf text; /* offsets until it is complete: it may move */
  bool too_large;
};

struct h2_session {
  nghttp2_session *ng;
  struct stream *top;
  const struct h2_ops *ops;
  struct promise *promise; /* while a PUSH_PROMISE arrives */
  char *dst;               /* sl_h2_flush(): where the next bytes go */
  size_t dst_n, dst_cap;
  struct buf out;          /* what the stream below would not take */
  uint32_t out_at;
  uint32_t n_open, max_streams, peer_max;
  uint32_t idle_frames, idle_bytes; /* since something came or went that somebody wanted */
  bool goaway, eof, failed, want_room, settled, nomem;
  const char *error;
  const char *bad_frame;   /* what was wrong with the latest that was; explains why nghttp2 has ended the session */
};

/* ---- memory: nghttp2 has other words for what comes of having none, so it is remembered ---- */

static void *noted(void *p, void *user)
{
  if (!p)
    ((struct h2_session *)user)->nomem = true;
  return p;
}

static void *ng_malloc(size_t n, void *user)
{
  return noted(sl_malloc(n), user);
}

static void ng_free(void *p, void *user)
{
  (void)user;
  sl_free(p);
}

static void *ng_calloc(size_t n, size_t size, void *user)
{
  return noted(sl_calloc(n, size), user);
}

static void *ng_realloc(void *p, size_t n, void *user)
{
  return noted(sl_realloc(p, n), user);
}

/* ---- what arrives ---- */

static void progress(struct h2_session *s)
{
  s->idle_frames = s->idle_bytes = 0;
}

static struct h2_exchange *exchange(struct h2_session *s, int32_t id)
{
  return nghttp2_session_get_stream_user_data(s->ng, id);
}

static int begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
  struct h2_session *s = user;
  (void)ng;
  if (frame->hd.type == NGHTTP2_PUSH_PROMISE) {
    if (s->promise)
      sl_buf_done(&s->promise->text); /* a malformed one: nobody told us of its end */
    else
      s->promise = sl_malloc(sizeof *s->promise);
    if (!s->promise)
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    s->promise->n = 0;
    s->promise->too_large = false;
    sl_buf_init(&s->promise->text, H2_MAX_HEAD);
    return 0;
  }
  struct h2_exchange *x = exchange(s, frame->hd.stream_id);
  if (x) {
    x->head = 0;
    x->fields = 0;
    progress(s);
  }
  return 0;
}

static int promised_field(struct h2_session *s, struct slice name, struct slice value)
{
  struct promise *p = s->promise;
  if (!p)
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (p->n == MAX_PROMISED || !sl_buf_add(&p->text, name) || !sl_buf_add(&p->text, value)) {
    p->too_large = true;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  p->fields[p->n].name.n = name.n;
  p->fields[p->n++].value.n = value.n;
  return 0;
}

static int header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                  const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
  struct h2_session *s = user;
  struct slice n = slice_of((const char *)name, name_n), v = slice_of((const char *)value, value_n);
  (void)ng;
  (void)flags;
  if (frame->hd.type == NGHTTP2_PUSH_PROMISE)
    return promised_field(s, n, v);
  struct h2_exchange *x = exchange(s, frame->hd.stream_id);
  if (!x)
    return 0;
  x->head += (uint32_t)(name_n + value_n + 32);
  if (x->head > H2_MAX_HEAD || ++x->fields > H2_MAX_FIELDS) {
    x->too_large = true;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  if (name_n && name[0] == ':') {
    int64_t status;
    if (slice_eq(n, SLICE_LIT(":status")) && sl_num_parse(v, 999, &status)) {
      x->status = (uint16_t)status;
      s->ops->status(x);
    }
    return 0;
  }
  s->ops->field(x, n, v);
  return 0;
}

static void promise_complete(struct h2_session *s, const nghttp2_frame *frame)
{
  struct promise *p = s->promise;
  int32_t id = frame->push_promise.promised_stream_id;
  struct h2_exchange *parent = exchange(s, frame->hd.stream_id), *x = NULL;
  if (p && parent && s->ops->promise && !p->too_large) {
    const char *at = p->text.p;
    for (size_t i = 0; i < p->n; i++) {
      p->fields[i].name.p = at;
      p->fields[i].value.p = at + p->fields[i].name.n;
      at = p->fields[i].value.p + p->fields[i].value.n;
    }
    x = s->ops->promise(parent, &(struct h2_promise){id, p->n, p->fields});
  }
  if (p)
    sl_buf_done(&p->text);
  sl_free(p);
  s->promise = NULL;
  if (x && !nghttp2_session_set_stream_user_data(s->ng, id, x)) {
    x->session = s;
    x->id = id;
    s->n_open++;
  } else {
    nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
  }
}

static void headers_complete(struct h2_session *s, const nghttp2_frame *frame)
{
  struct h2_exchange *x = exchange(s, frame->hd.stream_id);
  if (!x)
    return;
  if (!x->final) {
    x->final = x->status >= 200;
    s->ops->head_end(x);
  }
}

static void end_stream(struct h2_session *s, int32_t id)
{
  struct h2_exchange *x = exchange(s, id);
  if (x && !x->ended) {
    x->ended = true;
    s->ops->ended(x);
  }
}

static void settings(struct h2_session *s)
{
  s->peer_max = nghttp2_session_get_remote_settings(s->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

static int frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
  struct h2_session *s = user;
  (void)ng;
  switch (frame->hd.type) {
  case NGHTTP2_HEADERS:
    headers_complete(s, frame);
    break;
  case NGHTTP2_DATA:
    break;
  case NGHTTP2_PUSH_PROMISE:
    promise_complete(s, frame);
    return 0;
  case NGHTTP2_SETTINGS:
    s->settled = s->settled || !(frame->hd.flags & NGHTTP2_FLAG_ACK);
    settings(s);
    return 0;
  case NGHTTP2_GOAWAY:
    s->goaway = true;
    return 0;
  default:
    return 0;
  }
  if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
    end_stream(s, frame->hd.stream_id);
  return 0;
}

/* Frames that bring nothing may come as often as they bring something now and then. Those that nghttp2 passes over, of
 * unknown kinds or on closed streams, are not seen here: sl_h2_feed() counts their bytes. */
static int begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *user)
{
  struct h2_session *s = user;
  (void)ng;
  (void)hd;
  if (++s->idle_frames > H2_MAX_IDLE_FRAMES) {
    s->error = "Too many frames that carry nothing";
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  return 0;
}

static int data_chunk(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n, void *user)
{
  struct h2_session *s = user;
  struct h2_exchange *x = exchange(s, id);
  (void)flags;
  nghttp2_session_consume_connection(ng, n);
  if (!x)
    return 0;
  uint32_t window = x->window ? x->window : H2_WINDOW;
  progress(s);
  if (x->received < GROW_AFTER && window > H2_FIRST_WINDOW) {
    x->received += (uint32_t)n;
    if (x->received >= GROW_AFTER &&
        nghttp2_session_set_local_window_size(ng, 0, id, (int32_t)window) == NGHTTP2_ERR_NOMEM)
      return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  s->ops->data(x, slice_of((const char *)data, n));
  return 0;
}

static int stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
  struct h2_session *s = user;
  struct h2_exchange *x = exchange(s, id);
  (void)ng;
  if (!x)
    return 0;
  nghttp2_session_set_stream_user_data(ng, id, NULL);
  s->n_open--;
  x->session = NULL;
  x->closed = true;
  x->error = code;
  s->ops->ended(x);
  return 0;
}

static int bad_frame(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user)
{
  (void)ng;
  (void)frame;
  ((struct h2_session *)user)->bad_frame = nghttp2_strerror(error);
  return 0;
}

/* A request that could not be sent: after GOAWAY, or out of stream numbers. */
static int not_sent(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user)
{
  if (frame->hd.type != NGHTTP2_HEADERS)
    return 0;
  return stream_close(ng, frame->hd.stream_id,
                      error == NGHTTP2_ERR_HEADER_COMP ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_REFUSED_STREAM, user);
}

/* ---- what goes out ---- */

static bool room_for(const struct h2_session *s, size_t n)
{
  return s->dst_cap - s->dst_n >= n;
}

/* The body's bytes are put where their frame will lie: its head has room in front of them. */
static ssize_t read_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t n, uint32_t *flags,
                         nghttp2_data_source *source, void *user)
{
  struct h2_session *s = user;
  struct h2_exchange *x = exchange(s, id);
  size_t got = 0;
  bool end = false;
  (void)ng;
  (void)buf;
  (void)source;
  if (!x)
    return NGHTTP2_ERR_DEFERRED;
  if (!room_for(s, FRAME_HEAD + n)) {
    s->want_room = true;
    return NGHTTP2_ERR_PAUSE;
  }
  sl_result rc = s->ops->body(x, s->dst + s->dst_n + FRAME_HEAD, n, &got, &end);
  if (rc) {
    x->deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags = NGHTTP2_DATA_FLAG_NO_COPY | (end ? (uint32_t)NGHTTP2_DATA_FLAG_EOF : 0);
  if (x->trailers)
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  progress(s);
  return (ssize_t)got;
}

static int send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t n,
                     nghttp2_data_source *source, void *user)
{
  struct h2_session *s = user;
  (void)ng;
  (void)frame; /* no padding: there is no callback that chooses any */
  (void)source;
  memcpy(s->dst + s->dst_n, head, FRAME_HEAD);
  s->dst_n += FRAME_HEAD + n;
  return 0;
}

static sl_result fail(struct h2_session *s, int error)
{
  s->failed = true;
  if (!s->error)
    s->error = nghttp2_strerror(error);
  return error == NGHTTP2_ERR_NOMEM ? SL_NOMEM : sl_h2_over(s);
}

static sl_result write_out(struct h2_session *s)
{
  while (s->out_at < s->out.n) {
    size_t n = 0;
    sl_result rc = sl_stream_write(s->top, slice_from(sl_buf_peek(&s->out), s->out_at), &n);
    if (rc)
      return rc;
    s->out_at += (uint32_t)n;
  }
  sl_buf_done(&s->out);
  s->out_at = 0;
  return SL_OK;
}

/* Fills dst with frames. SL_OK: there is no more. *out_tail: what did not fit; valid until the next frame is made. */
static sl_result collect(struct h2_session *s, bool *out_full, struct slice *out_tail)
{
  const uint8_t *p;
  *out_full = false;
  *out_tail = SLICE_NONE;
  for (;;) {
    s->want_room = false;
    ssize_t n = nghttp2_session_mem_send(s->ng, &p);
    if (n < 0)
      return fail(s, (int)n);
    if (!n) {
      *out_full = s->want_room;
      return SL_OK;
    }
    if (!room_for(s, (size_t)n)) {
      *out_tail = slice_of((const char *)p, (size_t)n);
      *out_full = true;
      return SL_OK;
    }
    memcpy(s->dst + s->dst_n, p, (size_t)n);
    s->dst_n += (size_t)n;
  }
}

static sl_result keep_rest(struct h2_session *s, struct slice data)
{
  return sl_buf_add(&s->out, data) ? SL_OK : sl_buf_result(&s->out, HTTP2_ERROR);
}

/* One buffer full. */
static sl_result send_some(struct h2_session *s, bool *out_full)
{
  struct slice tail, data;
  sl_result rc = collect(s, out_full, &tail);
  if (rc)
    return rc;
  data = slice_of(s->dst, s->dst_n);
  while (data.n && !rc) {
    size_t n = 0;
    rc = sl_stream_write(s->top, data, &n);
    if (!rc)
      data = slice_from(data, n);
  }
  if (rc > 0)
    return rc;
  sl_result kept = keep_rest(s, data);
  if (!kept)
    kept = keep_rest(s, tail);
  return kept ? kept : rc;
}

bool sl_h2_wants_flush(const struct h2_session *s)
{
  return !s->failed && (s->out.n || nghttp2_session_want_write(s->ng));
}

sl_result sl_h2_flush(struct h2_session *s, char *scratch, size_t cap, bool *out_more)
{
  *out_more = false;
  for (int round = 0; round < ROUNDS; round++) {
    bool full = false;
    sl_result rc = s->failed ? sl_h2_over(s) : write_out(s);
    if (rc)
      return rc;
    s->dst = scratch;
    s->dst_n = 0;
    s->dst_cap = cap;
    rc = send_some(s, &full);
    s->dst = NULL;
    if (rc)
      return rc;
    if (!full && !s->out.n)
      return SL_OK;
  }
  *out_more = true;
  return SL_WAIT;
}

/* ---- reading ---- */

sl_result sl_h2_feed(struct h2_session *s, struct slice bytes)
{
  s->idle_bytes += (uint32_t)bytes.n;
  ssize_t n = nghttp2_session_mem_recv(s->ng, (const uint8_t *)bytes.p, bytes.n);
  if (n >= 0 && s->idle_bytes > H2_MAX_IDLE_BYTES) {
    s->error = "Too many bytes that belong to nobody";
    n = NGHTTP2_ERR_FLOODED;
  }
  return n < 0 ? fail(s, (int)n) : SL_OK;
}

sl_result sl_h2_receive(struct h2_session *s, char *scratch, size_t cap)
{
  for (int round = 0; round < ROUNDS; round++) {
    size_t n = 0;
    sl_result rc = sl_stream_read(s->top, scratch, cap, &n);
    if (rc)
      return rc;
    s->eof = !n;
    if (s->eof)
      return SL_OK;
    rc = sl_h2_feed(s, slice_of(scratch, n));
    if (rc)
      return rc;
  }
  return SL_OK;
}

/* ---- exchanges ---- */

enum { FEW = 32 };

/* NULL: out of memory. What is not `few` is to be freed. */
static nghttp2_nv *pairs(nghttp2_nv few[FEW], const struct h2_field *fields, size_t n)
{
  nghttp2_nv *nv = n <= FEW ? few : sl_malloc(n * sizeof *nv);
  for (size_t i = 0; nv && i < n; i++)
    nv[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)fields[i].name.p, (uint8_t *)(uintptr_t)fields[i].value.p,
                         fields[i].name.n, fields[i].value.n,
                         fields[i].never_index ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
  return nv;
}

static sl_result submitted(int rc)
{
  return rc >= 0 ? SL_OK : rc == NGHTTP2_ERR_NOMEM ? SL_NOMEM : HTTP2_ERROR;
}

sl_result sl_h2_submit(struct h2_session *s, struct h2_exchange *x, const struct h2_field *fields, size_t n,
                       bool has_body, unsigned weight)
{
  nghttp2_nv few[FEW], *nv = pairs(few, fields, n);
  nghttp2_data_provider body = {.read_callback = read_body};
  nghttp2_priority_spec pri;
  if (!nv)
    return SL_NOMEM;
  if (weight)
    nghttp2_priority_spec_init(&pri, 0, (int32_t)weight, 0);
  int32_t id = nghttp2_submit_request(s->ng, weight ? &pri : NULL, nv, n, has_body ? &body : NULL, x);
  if (nv != few)
    sl_free(nv);
  if (id < 0)
    return submitted(id);
  x->session = s;
  x->id = id;
  s->n_open++;
  return SL_OK;
}

sl_result sl_h2_trailers(struct h2_exchange *x, const struct h2_field *fields, size_t n)
{
  nghttp2_nv few[FEW], *nv = pairs(few, fields, n);
  if (!nv)
    return SL_NOMEM;
  sl_result rc = submitted(nghttp2_submit_trailer(x->session->ng, x->id, nv, n));
  if (nv != few)
    sl_free(nv);
  x->trailers = !rc;
  return rc;
}

void sl_h2_detach(struct h2_exchange *x, uint32_t code)
{
  struct h2_session *s = x->session;
  if (!s)
    return;
  x->session = NULL;
  s->n_open--;
  nghttp2_session_set_stream_user_data(s->ng, x->id, NULL);
  if (!s->failed)
    nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, x->id, code);
}

void sl_h2_resume(struct h2_exchange *x)
{
  if (!x->session || !x->deferred)
    return;
  x->deferred = false;
  nghttp2_session_resume_data(x->session->ng, x->id);
}

void sl_h2_consume(struct h2_exchange *x, size_t n)
{
  if (x->session && !x->ended)
    nghttp2_session_consume_stream(x->session->ng, x->id, n);
}

/* ---- life ---- */

static size_t first_settings(const struct h2_config *config, nghttp2_settings_entry iv[3])
{
  iv[0] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, config->max_streams};
  iv[1] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_FIRST_WINDOW};
  iv[2] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, config->push};
  return 3;
}

size_t sl_h2_settings(const struct h2_config *config, uint8_t dst[H2_SETTINGS_MAX])
{
  nghttp2_settings_entry iv[3];
  ssize_t n = nghttp2_pack_settings_payload(dst, H2_SETTINGS_MAX, iv, first_settings(config, iv));
  return n > 0 ? (size_t)n : 0;
}

static bool make_session(struct h2_session *s)
{
  nghttp2_session_callbacks *cb = NULL;
  nghttp2_option *option = NULL;
  nghttp2_mem memory = {s, ng_malloc, ng_free, ng_calloc, ng_realloc};
  bool ok = !nghttp2_session_callbacks_new(&cb) && !nghttp2_option_new(&option);
  if (ok) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, header);
    nghttp2_session_callbacks_set_on_begin_frame_callback(cb, begin_frame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, stream_close);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, not_sent);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, bad_frame);
    nghttp2_session_callbacks_set_send_data_callback(cb, send_data);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_reserved_remote_streams(option, MAX_RESERVED);
    /* Blanks around values are common enough to be let through. */
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
    ok = !nghttp2_session_client_new3(&s->ng, cb, s, option, &memory);
  }
  nghttp2_session_callbacks_del(cb);
  nghttp2_option_del(option);
  return ok;
}

struct h2_session *sl_h2_new(struct stream *top, const struct h2_config *config)
{
  struct h2_session *s = sl_calloc(1, sizeof *s);
  nghttp2_settings_entry iv[3];
  if (!s)
    return NULL;
  s->top = top;
  s->ops = config->ops;
  s->max_streams = config->max_streams;
  s->peer_max = UNKNOWN_MAX_STREAMS;
  sl_buf_init(&s->out, MAX_OUT);
  if (make_session(s) && !nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, iv, first_settings(config, iv)) &&
      !nghttp2_session_set_local_window_size(s->ng, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW))
    return s;
  sl_h2_free(s);
  return NULL;
}

sl_result sl_h2_upgrade(struct h2_session *s, bool head_request, struct h2_exchange *x)
{
  uint8_t none[1] = {0};
  /* Our own settings have been told already, in the request; nghttp2 sends them once more as it must. */
  int rc = nghttp2_session_upgrade2(s->ng, none, 0, head_request, x);
  if (rc)
    return submitted(rc);
  x->session = s;
  x->id = 1;
  s->n_open++;
  /* At once, not when the first window is used up: Apache (2.4.71) may then end the connection. */
  x->received = GROW_AFTER;
  return nghttp2_session_set_local_window_size(s->ng, NGHTTP2_FLAG_NONE, 1, H2_WINDOW) ? SL_NOMEM : SL_OK;
}

void sl_h2_free(struct h2_session *s)
{
  if (!s)
    return;
  nghttp2_session_del(s->ng);
  if (s->promise)
    sl_buf_done(&s->promise->text);
  sl_free(s->promise);
  sl_buf_done(&s->out);
  sl_free(s);
}

void sl_h2_goodbye(struct h2_session *s)
{
  if (!s->failed)
    nghttp2_session_terminate_session(s->ng, NGHTTP2_NO_ERROR);
}

bool sl_h2_ping(struct h2_session *s)
{
  return !nghttp2_submit_ping(s->ng, NGHTTP2_FLAG_NONE, NULL);
}

/* ---- state ---- */

uint32_t sl_h2_room(const struct h2_session *s)
{
  uint32_t max = s->peer_max < s->max_streams ? s->peer_max : s->max_streams;
  if (s->goaway || sl_h2_is_over(s) || s->n_open >= max || !nghttp2_session_check_request_allowed(s->ng))
    return 0;
  return max - s->n_open;
}

bool sl_h2_settled(const struct h2_session *s)
{
  return s->settled;
}

bool sl_h2_eof(const struct h2_session *s)
{
  return s->eof;
}

bool sl_h2_is_over(const struct h2_session *s)
{
  return s->eof || s->failed || (!nghttp2_session_want_read(s->ng) && !nghttp2_session_want_write(s->ng));
}

sl_result sl_h2_over(const struct h2_session *s)
{
  return s->nomem ? SL_NOMEM : HTTP2_ERROR;
}

const char *sl_h2_error(const struct h2_session *s)
{
  return s->error ? s->error : s->bad_frame ? s->bad_frame : "The peer does not keep to the protocol";
}

const char *sl_h2_code_name(uint32_t code)
{
  return nghttp2_http2_strerror(code);
}
