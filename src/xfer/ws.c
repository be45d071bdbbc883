/* WebSocket: the handshake and the running transfer; see ws.h. RFC 6455 section 4. */
#include "xfer/ws.h"

#include "base/mem.h"
#include "base/text.h"
#include "sys/random.h"
#include "wire/encode.h"
#include "xfer/header_store.h"
#include "xfer/protos.h"

enum { OUT_MAX = 1 << 30, KEY_BYTES = 16 }; /* one message of an application's own */

static struct ws *of(const struct transfer *t)
{
  return t->proto_data;
}

struct ws *sl_ws_of(const struct transfer *t)
{
  struct ws *w = sl_ws_is(t) ? of(t) : NULL;
  return w && w->open ? w : NULL;
}

static void ws_free(struct ws *w)
{
  if (!w)
    return;
  sl_buf_done(&w->out);
  sl_buf_done(&w->next);
  sl_free(w);
}

static void drop(struct transfer *t)
{
  ws_free(of(t));
  t->proto_data = NULL;
}

static void conn_end(struct conn *c, bool polite)
{
  (void)polite;
  ws_free(c->proto_state);
  c->proto_state = NULL;
}

struct ws *sl_ws_of_conn(const struct conn *c)
{
  return c->proto_end == conn_end ? c->proto_state : NULL;
}

/* ---- the handshake: 4.1 ---- */

/* Whatever method the settings say: 4.1 knows GET only. */
static sl_result ws_start(struct transfer *t)
{
  drop(t);
  struct ws *w = sl_calloc(1, sizeof *w);
  if (!w)
    return SL_NOMEM;
  uint8_t options = t->easy->set.http->ws_options;
  sl_ws_decoder_init(&w->in);
  sl_buf_init(&w->out, OUT_MAX);
  sl_buf_init(&w->next, OUT_MAX);
  w->raw = options & CURLWS_RAW_MODE;
  w->no_pong = options & CURLWS_NOAUTOPONG;
  w->upload = t->easy->set.http->method == SL_HTTP_PUT;
  t->proto_data = w;
  t->http.method = SL_HTTP_GET;
  t->http.no_custom = true;
  return sl_proto_http.start(t);
}

static void add(const struct transfer *t, struct buf *dst, const char *name, const char *value)
{
  struct slice own;
  if (!sl_http_custom(t, name, &own))
    sl_buf_printf(dst, "%s: %s\r\n", name, value);
}

sl_result sl_ws_add_upgrade(struct transfer *t, struct buf *dst)
{
  struct ws *w = of(t);
  char nonce[KEY_BYTES];
  struct buf key;
  struct slice own;
  bool chosen = sl_http_custom(t, "Sec-WebSocket-Key", &own);
  if (!sl_random_bytes(nonce, sizeof nonce))
    return sl_fail(t, CURLE_FAILED_INIT, "No random bytes for the WebSocket key");
  sl_buf_init(&key, 64);
  sl_encode_base64(slice_of(nonce, sizeof nonce), &key);
  bool ok = sl_buf_ok(&key);
  w->accept[0] = 0;
  if (ok && (!chosen || own.n))
    ok = sl_ws_accept(chosen ? own : sl_buf_peek(&key), w->accept);
  if (ok) {
    add(t, dst, "Upgrade", "websocket");
    add(t, dst, "Sec-WebSocket-Version", "13");
    add(t, dst, "Sec-WebSocket-Key", key.p);
    add(t, dst, "Connection", "Upgrade");
  }
  sl_buf_done(&key);
  return ok ? SL_OK : SL_NOMEM;
}

/* What a proxy and other informational responses have said before is not the answer. */
void sl_ws_head_begins(struct transfer *t)
{
  of(t)->answer_at = t->easy->headers.n;
}

/* The one field of this name in the answer; more than one are none that could be trusted. */
static bool answer_field(const struct transfer *t, const char *name, struct slice *out_value)
{
  struct header_record r;
  size_t pos = of(t)->answer_at, found = 0;
  while (sl_header_store_next(t->easy, &pos, &r)) {
    size_t colon = slice_find(r.line, ':');
    if (!sl_text_ieq_str(slice_head(r.line, colon), name))
      continue;
    *out_value = sl_text_trim(slice_from(r.line, colon + 1));
    found++;
  }
  return found == 1;
}

static bool names(const struct transfer *t, const char *field, const char *token)
{
  struct slice value;
  return answer_field(t, field, &value) && sl_text_list_has(value, token);
}

/* 4.1, points 5 and 6: what was not asked for must not be answered. A field that the application has sent is its own
 * to understand, but for a subprotocol that is none of those it named. */
static const char *surplus(const struct transfer *t)
{
  struct slice value, asked, one;
  if (answer_field(t, "Sec-WebSocket-Extensions", &value) && value.n &&
      !sl_http_custom(t, "Sec-WebSocket-Extensions", &asked))
    return "an extension that nobody asked for";
  if (!answer_field(t, "Sec-WebSocket-Protocol", &value))
    return NULL;
  if (!sl_http_custom(t, "Sec-WebSocket-Protocol", &asked))
    return "a subprotocol that nobody asked for";
  while (sl_text_next(&asked, ',', &one))
    if (slice_eq(one, value))
      return NULL;
  return "another subprotocol than those that were asked for";
}

sl_result sl_ws_check_answer(struct transfer *t)
{
  struct ws *w = of(t);
  struct slice value;
  const char *wrong = NULL;
  if (!names(t, "Upgrade", "websocket"))
    wrong = "no \"Upgrade: websocket\"";
  else if (!names(t, "Connection", "upgrade"))
    wrong = "no \"Connection: Upgrade\"";
  else if (w->accept[0] && !(answer_field(t, "Sec-WebSocket-Accept", &value) && slice_eq(value, slice_str(w->accept))))
    wrong = "a wrong Sec-WebSocket-Accept";
  else
    wrong = surplus(t);
  if (wrong)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "Invalid WebSocket upgrade: %s", wrong);
  w->open = true;
  return SL_OK;
}

sl_result sl_ws_refused(struct transfer *t)
{
  return sl_fail(t, CURLE_HTTP_RETURNED_ERROR, "Refused WebSocket upgrade: %d", t->http.parser.status);
}

/* ---- the running transfer ---- */

static void begin_frames(struct transfer *t, struct ws *w)
{
  const struct io_config *io = &t->easy->set.io;
  t->progress.dl_total = -1;
  if (w->upload)
    sl_source_callback(&t->source, io->readfunction, io->readdata, -1);
}

/* What can go out now. Once the peer takes no more, what it has said before counts. */
static sl_result send_all(struct transfer *t, struct ws *w)
{
  sl_result rc = w->send_failed ? SL_OK : sl_ws_push(w, t->conn->top);
  if (!rc && w->upload && !w->upload_done && !w->send_failed && !w->close_seen)
    rc = sl_ws_upload(t);
  if (rc == CURLE_SEND_ERROR) {
    w->send_failed = true;
    sl_buf_done(&w->out);
    sl_buf_done(&w->next);
    w->out_at = 0;
    rc = SL_OK;
  }
  if (w->out.n)
    t->want |= (uint8_t)sl_stream_want(t->conn->top); /* a read overwrites what the write waits for */
  return rc;
}

static sl_result ended(struct transfer *t, struct ws *w)
{
  if (w->close_seen && !w->send_failed && w->out.n)
    return SL_WAIT; /* our own CLOSE has to go out */
  if (w->close_seen || !w->send_failed)
    return SL_OK;
  t->easy->info.os_errno = t->conn->tcp->err;
  return sl_fail(t, CURLE_SEND_ERROR, "Send failure: %s", sl_conn_why(t->conn));
}

static sl_result frames(struct transfer *t, struct ws *w)
{
  t->want = 0;
  if (t->resumed_recv) {
    t->resumed_recv = false;
    sl_result rc = sl_sink_resume(t);
    if (rc)
      return rc;
  }
  sl_result rc = send_all(t, w);
  if (rc > 0)
    return rc;
  if (w->close_seen)
    return ended(t, w);
  if (t->paused & CURLPAUSE_RECV)
    return SL_WAIT;
  t->want |= WATCH_IN;
  rc = sl_ws_receive(t);
  if (rc > 0)
    return rc;
  if (!rc && !w->close_seen)
    return ended(t, w);
  if (!rc && (rc = sl_ws_reply_close(w)) != SL_OK)
    return rc;
  sl_result sent = send_all(t, w); /* pongs; what callbacks have sent */
  if (sent > 0)
    return sent;
  return rc ? rc : ended(t, w);
}

static sl_result ws_step(struct transfer *t)
{
  struct ws *w = of(t);
  if (!w->open) {
    sl_result rc = sl_proto_http.step(t);
    if (rc >= 0 || !w->open)
      return rc;
    begin_frames(t, w);
  }
  return frames(t, w);
}

static sl_result ws_finish(struct transfer *t, sl_result result)
{
  struct ws *w = of(t);
  struct conn *c = t->conn;
  bool open = w && w->open;
  sl_result rc = sl_proto_http.finish(t, result); /* a redirect makes it a transfer of another scheme perhaps */
  if (!rc && t->again && !sl_ws_is(t))
    rc = sl_fail(t, CURLE_UNSUPPORTED_PROTOCOL, "A redirect from WebSocket to \"%s\"", t->proto->scheme);
  else if (!rc && !t->again && !open)
    rc = sl_ws_refused(t);
  if (!rc && open && !t->conn) { /* the application has it: CURLOPT_CONNECT_ONLY */
    c->proto_state = w;
    c->proto_end = conn_end;
    t->proto_data = NULL;
  }
  drop(t);
  return rc;
}

static void ws_cleanup(struct transfer *t)
{
  drop(t);
  sl_proto_http.cleanup(t);
}

const struct xfer_proto sl_proto_ws = {
    .scheme = "ws",
    .bit = CURLPROTO_WS,
    .port = 80,
    .init = sl_http_init,
    .start = ws_start,
    .step = ws_step,
    .finish = ws_finish,
    .cleanup = ws_cleanup,
};
const struct xfer_proto sl_proto_wss = {
    .scheme = "wss",
    .bit = CURLPROTO_WSS,
    .port = 443,
    .tls = true,
    .init = sl_http_init,
    .start = ws_start,
    .step = ws_step,
    .finish = ws_finish,
    .cleanup = ws_cleanup,
};
