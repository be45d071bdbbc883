/* Drives an FTP conversation: moves lines between it and the control connection and does what it asks for. See
 * proto/ftp.h for what is said, and ftp_data.c for the data connections. */
#include "xfer/ftp.h"

#include "base/mem.h"
#include "base/text.h"
#include "loop/scratch.h"
#include "xfer/body.h"
#include "xfer/protos.h"
#include "xfer/range.h"

enum { HEAD_MAX = 1024, LIST_MAX = 16 * 1024 * 1024 };

/* ---- what a connection remembers ---- */

static void session_end(struct conn *c, bool polite)
{
  struct ftp_session *s = c->proto_state;
  if (polite && !s->broken && s->logged_in)
    sl_dialogue_say_bye(c, "QUIT\r\n");
  sl_ftp_session_done(s);
  sl_free(s);
  c->proto_state = NULL;
  c->proto_end = NULL;
}

/* ---- what is wanted ---- */

/* RFC 1738 3.2.2: ";type=" and a letter end the path, whatever else is behind it. */
static void take_type(struct ftp *f, struct slice *path)
{
  static const struct slice mark = SLICE_LIT(";type=");
  size_t at = 0;
  while (at < path->n && !slice_eq(slice_head(slice_from(*path, at), mark.n), mark))
    at++;
  if (at == path->n)
    return;
  struct slice type = slice_from(*path, at + mark.n);
  char letter = type.n ? sl_lower(*type.p) : 0;
  f->ascii = letter == 'a' || (letter == 'd' && f->ascii);
  f->names_only = f->names_only || letter == 'd';
  *path = slice_head(*path, at);
}

static sl_result take_path(struct transfer *t, struct ftp *f)
{
  struct slice path = slice_from(t->url->path, 1);
  sl_result rc = SL_OK;
  take_type(f, &path);
  f->path = sl_transfer_decode(t, path, SL_PERCENT_NO_CTRL, &rc);
  return rc == CURLE_URL_MALFORMAT ? sl_fail(t, rc, "path contains control characters") : rc;
}

static bool is_ipv6(const struct conn *c)
{
  return strchr(c->primary_ip, ':') != NULL;
}
static sl_result take_wishes(struct transfer *t, struct ftp *f)
{
  const struct settings *set = &t->easy->set;
  struct range range;
  bool ok = true;
  f->config = set->ftp;
  f->user = t->user;
  f->password = t->password;
  f->custom = sl_transfer_keep(t, set->io.customrequest, &ok);
  f->use_ssl = set->io.use_ssl;
  f->implicit_tls = t->proto->tls;
  f->reused = t->conn->used;
  f->upload = t->http.method == SL_HTTP_PUT;
  f->nobody = set->io.nobody;
  f->ascii = set->io.transfertext;
  f->names_only = set->ftp->dirlistonly;
  f->wildcard = set->ftp->wildcardmatch;
  f->want_time = set->io.filetime || set->io.timecondition;
  f->ignore_size = set->http->ignore_content_length;
  f->max_size = set->io.maxfilesize;
  f->upload_size = set->io.infilesize;
  f->bad_range = sl_range_of(t, &range) != SL_OK;
  f->range_len = f->upload ? -1 : range.len;
  f->resume_from = f->upload ? set->io.resume_from : range.from;
  bool proxied = t->easy->info.used_proxy;
  f->ipv6 = !proxied && is_ipv6(t->conn);
  return ok ? take_path(t, f) : SL_NOMEM;
}

static void ftp_cleanup(struct transfer *t)
{
  struct ftp_xfer *x = sl_ftp_of(t);
  t->proto_data = NULL;
  if (x) {
    sl_ftp_data_drop(t, x, false);
    sl_buf_done(&x->text);
    sl_talk_done(&x->f.talk);
    sl_buf_done(&x->head);
    sl_upload_done(&x->up);
    sl_buf_done(&x->list);
    sl_free(x);
  }
  sl_proto_http.cleanup(t);
}

/* ---- the control connection ---- */

static sl_result take_reply(struct transfer *t, struct slice *in)
{
  struct ftp_xfer *x = sl_ftp_of(t);
  struct slice line = SLICE_NONE;
  bool last = false;
  while (!last) {
    enum sl_parse p = sl_ftp_reply_line(&x->reply, in, &line, &last);
    if (p == SL_PARSE_MORE)
      return SL_WAIT;
    if (p == SL_PARSE_BAD)
      return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "%s", x->reply.lines.error);
    sl_result rc = sl_sink_header(t, line, SINK_REPLY);
    if (rc)
      return rc;
  }
  sl_buf_clear(&x->text);
  sl_buf_add(&x->text, sl_text_trim(line));
  t->easy->info.response_code = x->f.code = x->reply.code;
  x->f.text = sl_buf_peek(&x->text);
  x->f.talk.has_reply = true;
  sl_ftp_reply_init(&x->reply);
  return sl_buf_result(&x->text, CURLE_WEIRD_SERVER_REPLY);
}

/* RFC 4217 12.3: after CCC both close TLS and go on in clear. */
static sl_result clear_control(struct transfer *t)
{
  struct conn *c = t->conn;
  struct stream *tls = c->top;
  char byte;
  size_t n = 1;
  if (t->easy->set.ftp->ftp_ssl_ccc == CURLFTPSSL_CCC_ACTIVE)
    sl_stream_shutdown(tls);
  sl_result rc = sl_stream_read(tls, &byte, 1, &n);
  if (rc == SL_WAIT)
    return rc;
  if (rc || n)
    return sl_fail(t, CURLE_SSL_SHUTDOWN_FAILED, "Could not clear the control connection of TLS");
  if (t->easy->set.ftp->ftp_ssl_ccc != CURLFTPSSL_CCC_ACTIVE)
    sl_stream_shutdown(tls);
  c->top = tls->below;
  tls->below = NULL;
  sl_stream_free(tls);
  c->is_tls = false;
  return SL_OK;
}

/* ---- requests ---- */

/* Closing while replies are on their way would reset the connection and lose the QUIT. */
static sl_result settle(struct transfer *t, struct ftp_xfer *x)
{
  enum { MOMENT_MS = 1000, EXPECTED = 2 };
  int64_t at_us = t->expect_us;
  sl_result rc = SL_OK;
  while (!rc && x->settled < EXPECTED) {
    rc = sl_dialogue_read(t, &x->dialogue);
    t->expect_us = t->expect_us ? t->expect_us : at_us;
    if (!rc)
      x->settled++;
    x->f.talk.has_reply = false;
  }
  if (rc == SL_WAIT && sl_dialogue_deadline(t, MOMENT_MS) == SL_WAIT)
    return SL_WAIT;
  sl_buf_clear(&t->error);
  return SL_OK;
}

static sl_result judge_time(struct transfer *t, struct ftp *f)
{
  t->easy->info.filetime = f->file_time;
  f->skip = !sl_body_time_wanted(t, f->file_time);
  return SL_OK;
}

static sl_result perform(struct transfer *t)
{
  struct ftp_xfer *x = sl_ftp_of(t);
  switch (x->f.talk.request) {
  case FTP_CLEAR:
    return clear_control(t);
  case FTP_CONNECT:
    return sl_ftp_data_connect(t, x);
  case FTP_LISTEN:
    return sl_ftp_data_listen(t, x);
  case FTP_TIME:
    return judge_time(t, &x->f);
  case FTP_SKIP:
    return sl_ftp_data_skip(t, x);
  case FTP_TRANSFER:
    return sl_ftp_data_move(t, x);
  case FTP_NEXT:
    return sl_ftp_wildcard_next(t, x);
  case FTP_FILE_END:
    return sl_ftp_wildcard_end(t);
  case FTP_SETTLE:
    return settle(t, x);
  default:
    sl_ftp_data_drop(t, x, false);
    return SL_OK;
  }
}

/* Lines that the conversation has made up for a request without a body. */
static sl_result deliver_head(struct transfer *t, struct ftp_xfer *x)
{
  struct slice rest = slice_from(sl_buf_peek(&x->head), x->head_at);
  sl_result rc = sl_buf_result(&x->head, CURLE_WEIRD_SERVER_REPLY);
  while (rest.n && !rc) {
    struct slice line = slice_head(rest, slice_find(rest, '\n') + 1);
    rc = sl_sink_header(t, line, SINK_REPLY);
    t->easy->info.header_size -= (uint32_t)line.n; /* the server has not said it */
    rest = slice_from(rest, line.n);
  }
  x->head_at = x->head.n;
  return rc;
}

/* ... are the body as well. */
static sl_result end_head(struct transfer *t, struct ftp_xfer *x)
{
  x->done = true;
  if (x->f.nobody)
    t->easy->info.content_length_download = x->f.size;
  return x->head.n ? sl_sink_body(t, sl_buf_peek(&x->head)) : SL_OK;
}

static sl_result converse(struct transfer *t)
{
  struct ftp_xfer *x = sl_ftp_of(t);
  x->f.config = t->easy->set.ftp;
  sl_result rc = sl_ftp_run(&x->f), told = deliver_head(t, x);
  return told ? told : rc;
}

static const struct dialogue_ops ftp_dialogue = {"FTP", converse, take_reply, perform};

static void name_known(struct dns_waiter *w)
{
  sl_transfer_wake(w->owner);
}

static sl_result ftp_start(struct transfer *t)
{
  struct ftp_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  if (t->proto_data)
    ftp_cleanup(t);
  t->proto_data = x;
  sl_buf_init(&x->text, SL_REPLY_LINE);
  sl_buf_init(&x->head, HEAD_MAX);
  sl_upload_init(&x->up);
  sl_buf_init(&x->list, LIST_MAX);
  x->listener = GATE_SOCKET_NONE;
  sl_dns_waiter_init(&x->name, name_known, t);
  sl_talk_init(&x->f.talk, FTP_COMMAND_MAX, &t->error);
  x->dialogue = (struct dialogue){.ops = &ftp_dialogue, .talk = &x->f.talk};
  x->f.head = &x->head;
  sl_result rc = sl_dialogue_start(t, t->http.method == SL_HTTP_PUT);
  if (!rc)
    rc = sl_dialogue_session(t->conn, sizeof *x->f.session, session_end);
  x->f.session = t->conn->proto_state;
  if (!rc)
    rc = take_wishes(t, &x->f);
  return rc ? rc : sl_ftp_begin(&x->f);
}

static sl_result ftp_step(struct transfer *t)
{
  struct ftp_xfer *x = sl_ftp_of(t);
  sl_result rc = sl_dialogue_resume(t);
  if (rc)
    return rc;
  if (x->done)
    return sl_sink_blocked(&t->sink) ? SL_WAIT : SL_OK;
  rc = sl_dialogue_run(t, &x->dialogue);
  if (!rc)
    rc = end_head(t, x);
  if (rc == SL_WAIT)
    sl_ftp_data_wants(t, x);
  return rc;
}

/* After these the control connection is as good as before. */
static bool is_harmless(sl_result rc)
{
  switch (rc) {
  case SL_OK:
  case CURLE_REMOTE_ACCESS_DENIED:
  case CURLE_FTP_WEIRD_PASV_REPLY:
  case CURLE_FTP_COULDNT_SET_TYPE:
  case CURLE_FTP_COULDNT_RETR_FILE:
  case CURLE_FTP_PORT_FAILED:
  case CURLE_FTP_ACCEPT_FAILED:
  case CURLE_PARTIAL_FILE:
  case CURLE_UPLOAD_FAILED:
  case CURLE_REMOTE_DISK_FULL:
  case CURLE_BAD_DOWNLOAD_RESUME:
  case CURLE_FILESIZE_EXCEEDED:
  case CURLE_REMOTE_FILE_NOT_FOUND:
  case CURLE_QUOTE_ERROR:
  case CURLE_WRITE_ERROR:
  case CURLE_COULDNT_CONNECT:
    return true;
  default:
    return false;
  }
}

static sl_result ftp_finish(struct transfer *t, sl_result result)
{
  struct ftp_xfer *x = sl_ftp_of(t);
  struct ftp_session *s = x->f.session;
  bool noted = true;
  sl_ftp_data_drop(t, x, false);
  t->expect_us = 0;
  if (s->entry)
    noted = sl_info_string(&t->easy->info.ftp_entry_path, slice_str(s->entry));
  s->broken = s->broken || !is_harmless(result) || x->reply.lines.seen;
  t->conn->keep = s->logged_in && !s->broken && !x->f.stopped && !t->easy->set.net->forbid_reuse;
  x->f.session = NULL; /* it is the connection's */
  if (sl_dialogue_retry(t, &x->dialogue, result))
    return SL_OK;
  return result ? result : noted ? SL_OK : SL_NOMEM;
}

const struct xfer_proto sl_proto_ftp = {
    .scheme = "ftp",
    .bit = CURLPROTO_FTP,
    .port = 21,
    .login = true,
    .over_proxy = &sl_proto_ftp_over_http,
    .init = sl_http_init,
    .start = ftp_start,
    .step = ftp_step,
    .finish = ftp_finish,
    .cleanup = ftp_cleanup,
};
const struct xfer_proto sl_proto_ftps = {
    .scheme = "ftps",
    .bit = CURLPROTO_FTPS,
    .port = 990,
    .tls = true,
    .login = true,
    .init = sl_http_init,
    .start = ftp_start,
    .step = ftp_step,
    .finish = ftp_finish,
    .cleanup = ftp_cleanup,
};
