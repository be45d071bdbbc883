/* Drives an IMAP conversation (proto/imap.h): what is wanted of it, what of the answers is body, and uploads. */
#include "base/mem.h"
#include "base/text.h"
#include "proto/imap.h"
#include "xfer/body.h"
#include "xfer/dialogue.h"
#include "xfer/mail.h"
#include "xfer/mime_body.h"
#include "xfer/protos.h"
#include "xfer/upload.h"

struct imap_xfer {
  struct imap m;
  struct dialogue dialogue;
  struct imap_reader reader;
  struct upload up;
  struct buf text; /* of the reply; of a section that is no literal */
  bool is_body;    /* the response that the next bytes belong to, or its literal */
  bool is_last;    /* ... and after it there is nothing of interest in this response */
};

static struct imap_xfer *of(struct transfer *t)
{
  return t->proto_data;
}

static void session_end(struct conn *c, bool polite)
{
  struct imap_session *s = c->proto_state;
  char line[32];
  if (polite && s->logged_in && !s->broken) {
    snprintf(line, sizeof line, "%c%03u LOGOUT\r\n", (char)('A' + c->id % 26), (s->commands + 1U) % 1000);
    sl_dialogue_say_bye(c, line);
  }
  sl_imap_session_done(s);
  sl_free(s);
  c->proto_state = NULL;
  c->proto_end = NULL;
}

static void imap_cleanup(struct transfer *t)
{
  struct imap_xfer *x = of(t);
  t->proto_data = NULL;
  if (x) {
    sl_imap_done(&x->m);
    sl_upload_done(&x->up);
    sl_buf_done(&x->text);
    sl_free(x);
  }
  sl_proto_http.cleanup(t);
}

/* ---- what is wanted ---- */

static sl_result take_path(struct transfer *t, struct imap *m)
{
  const char *custom = t->easy->set.io.customrequest;
  sl_result rc = sl_imap_path(t->url->path, t->url->query, &t->arena, &m->path);
  if (custom && *custom)
    m->custom = sl_transfer_decode(t, slice_str(custom), SL_PERCENT_NO_CTRL, &rc);
  return rc == CURLE_URL_MALFORMAT ? sl_fail(t, rc, "Bad path or custom request: unknown parameters or control characters") : rc;
}

/* A message, or a MIME tree that becomes one. Where line ends are to be changed nobody knows the size beforehand. */
static sl_result choose_source(struct transfer *t, struct imap *m)
{
  const struct io_config *io = &t->easy->set.io;
  bool mime = t->http.method == SL_HTTP_POST_MIME;
  sl_result rc = SL_OK;
  m->upload = mime || t->http.method == SL_HTTP_PUT;
  if (!m->upload)
    return SL_OK;
  if (mime)
    rc = sl_mime_mail(t);
  else
    sl_source_callback(&t->source, io->readfunction, io->readdata, io->crlf ? -1 : io->infilesize);
  m->upload_size = t->progress.ul_total = t->source.size;
  return rc;
}

static sl_result take_wishes(struct transfer *t, struct imap *m)
{
  const struct settings *set = &t->easy->set;
  m->use_ssl = set->io.use_ssl;
  m->flags = set->mail->upload_flags;
  m->implicit_tls = t->proto->tls;
  m->letter = (char)('A' + t->conn->id % 26);
  sl_result rc = take_path(t, m);
  if (!rc)
    rc = choose_source(t, m);
  if (!rc)
    rc = sl_mail_login(t, "imap", SASL_OWN_LOGIN, &m->sasl);
  /* libcurl has it so: who has set a token never says LOGIN, even where the token does not go */
  if (set->http->xoauth2_bearer)
    m->sasl.allowed &= (uint16_t)~SASL_OWN_LOGIN;
  return rc;
}

/* ---- replies ---- */

static sl_result keep_text(struct imap_xfer *x)
{
  sl_buf_clear(&x->text);
  sl_buf_add(&x->text, x->reader.text);
  x->m.text = sl_buf_peek(&x->text);
  x->m.talk.has_reply = true;
  return sl_buf_result(&x->text, CURLE_WEIRD_SERVER_REPLY);
}

/* SL_WAIT: more is needed, or that was a literal. */
static sl_result next_line(struct transfer *t, struct imap_xfer *x, struct slice *in, enum imap_event *out_event)
{
  enum imap_event event = sl_imap_next(&x->reader, in);
  if (event == IMAP_FAILED)
    return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "%s", x->reader.lines.error);
  *out_event = event;
  return event == IMAP_LINE || event == IMAP_REST ? sl_sink_header(t, x->reader.line, SINK_REPLY) : SL_OK;
}

static sl_result take_reply(struct transfer *t, struct slice *in)
{
  struct imap_xfer *x = of(t);
  enum imap_event event = IMAP_REST;
  while (event != IMAP_LINE || !sl_imap_response(&x->m)) {
    sl_result rc = next_line(t, x, in, &event);
    if (rc)
      return rc;
    if (event == IMAP_MORE)
      return SL_WAIT;
  }
  return keep_text(x);
}

/* ---- answers ---- */

static sl_result take_section(struct transfer *t, int64_t size, struct slice text)
{
  int64_t max = t->easy->set.io.maxfilesize;
  t->progress.dl_total = t->easy->info.content_length_download = size;
  if (max && size > max)
    return sl_fail(t, CURLE_FILESIZE_EXCEEDED, "Maximum file size exceeded");
  return text.n ? sl_body_take(t, text) : SL_OK;
}

/* The first section that comes is the body. */
static sl_result take_fetch(struct transfer *t, struct imap_xfer *x, enum imap_event event)
{
  const struct imap_reader *r = &x->reader;
  struct imap *m = &x->m;
  x->is_body = false;
  if (event != IMAP_LINE || r->kind != IMAP_UNTAGGED || !r->numbered || !sl_text_ieq_str(r->word, "FETCH") || m->met_section)
    return SL_OK;
  sl_buf_clear(&x->text);
  enum imap_section section = sl_imap_section(r->text, &x->text);
  m->met_fetch = m->met_fetch || section != IMAP_NIL; /* which is nothing */
  x->is_body = section == IMAP_IN_LITERAL && r->literal >= 0;
  m->met_section = x->is_body || section == IMAP_QUOTED;
  if (section == IMAP_QUOTED)
    return take_section(t, x->text.n, sl_buf_peek(&x->text));
  return x->is_body ? take_section(t, r->literal, SLICE_NONE) : SL_OK;
}

/* Responses that the command is about, as they came, with their literals. */
static sl_result take_line(struct transfer *t, struct imap_xfer *x, enum imap_event event)
{
  const struct imap_reader *r = &x->reader;
  if (event == IMAP_LINE) {
    bool named = r->word.n && (!x->m.name.n || sl_text_ieq(r->word, x->m.name));
    x->is_body = r->kind == IMAP_UNTAGGED && named;
    x->is_last = r->numbered; /* "* 1 FETCH (... {5}": what is behind the literal is the end of a list */
  } else if (x->is_last && r->literal < 0) {
    return SL_OK;
  }
  return x->is_body ? sl_body_take(t, r->line) : SL_OK;
}

/* True: the reply that ends the answer, or one that must not come. */
static bool is_end(const struct imap_xfer *x)
{
  return x->reader.kind == IMAP_TAGGED || (x->reader.kind == IMAP_CONTINUE && !x->m.custom);
}

static sl_result deliver(struct transfer *t, struct slice *in)
{
  struct imap_xfer *x = of(t);
  enum imap_event event;
  for (;;) {
    sl_result rc = next_line(t, x, in, &event);
    if (rc)
      return rc;
    if (event == IMAP_MORE)
      return SL_WAIT;
    if (event == IMAP_LINE && sl_imap_response(&x->m) && is_end(x))
      return keep_text(x);
    if (event == IMAP_LITERAL)
      rc = x->is_body ? sl_body_take(t, x->reader.line) : SL_OK;
    else
      rc = x->m.is_fetch ? take_fetch(t, x, event) : take_line(t, x, event);
    if (rc)
      return rc;
  }
}

static sl_result perform(struct transfer *t)
{
  struct imap_xfer *x = of(t);
  if (x->m.talk.request == IMAP_UPLOAD)
    return sl_upload_step(t, t->conn, &x->up);
  sl_result rc = sl_dialogue_body(t, &x->dialogue, deliver);
  return rc ? rc : sl_sink_end(t);
}

/* ---- all of it ---- */

static sl_result converse(struct transfer *t)
{
  return sl_imap_run(&of(t)->m);
}

static const struct dialogue_ops imap_dialogue = {"IMAP", converse, take_reply, perform};

static sl_result imap_start(struct transfer *t)
{
  struct imap_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  if (t->proto_data)
    imap_cleanup(t);
  t->proto_data = x;
  sl_imap_init(&x->m, &x->reader, &t->error);
  sl_upload_init(&x->up);
  sl_buf_init(&x->text, IMAP_LINE_MAX);
  x->dialogue = (struct dialogue){.ops = &imap_dialogue, .talk = &x->m.talk};
  sl_result rc = sl_dialogue_start(t, t->http.method == SL_HTTP_PUT);
  if (!rc)
    rc = sl_dialogue_session(t->conn, sizeof *x->m.session, session_end);
  x->m.session = t->conn->proto_state;
  return rc ? rc : take_wishes(t, &x->m);
}

static sl_result imap_step(struct transfer *t)
{
  sl_result rc = sl_dialogue_resume(t);
  return rc ? rc : sl_dialogue_run(t, &of(t)->dialogue);
}

static sl_result imap_finish(struct transfer *t, sl_result result)
{
  struct imap_xfer *x = of(t);
  const struct imap_session *s = x->m.session;
  t->expect_us = 0;
  t->conn->keep = s && s->logged_in && !s->broken && !x->m.said_bye && !t->easy->set.net->forbid_reuse;
  x->m.session = NULL; /* it is the connection's */
  return sl_dialogue_retry(t, &x->dialogue, result) ? SL_OK : result;
}

const struct xfer_proto sl_proto_imap = {
    .scheme = "imap",
    .bit = CURLPROTO_IMAP,
    .port = 143,
    .login = true,
    .init = sl_http_init,
    .start = imap_start,
    .step = imap_step,
    .finish = imap_finish,
    .cleanup = imap_cleanup,
};
const struct xfer_proto sl_proto_imaps = {
    .scheme = "imaps",
    .bit = CURLPROTO_IMAPS,
    .port = 993,
    .tls = true,
    .login = true,
    .init = sl_http_init,
    .start = imap_start,
    .step = imap_step,
    .finish = imap_finish,
    .cleanup = imap_cleanup,
};
