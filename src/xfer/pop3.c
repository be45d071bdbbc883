/* Drives a POP3 conversation (proto/pop3.h): what is wanted of it, and the body of its answer. */
#include "base/mem.h"
#include "base/text.h"
#include "proto/pop3.h"
#include "xfer/body.h"
#include "xfer/dialogue.h"
#include "xfer/mail.h"
#include "xfer/protos.h"

struct pop3_xfer {
  struct pop3 p;
  struct dialogue dialogue;
  struct reply_lines lines; /* of all replies: they are few */
  struct pop3_body body;
  struct buf text; /* of the reply */
};

static struct pop3_xfer *of(struct transfer *t)
{
  return t->proto_data;
}

static void session_end(struct conn *c, bool polite)
{
  struct pop3_session *s = c->proto_state;
  if (polite && s->logged_in)
    sl_dialogue_say_bye(c, "QUIT\r\n");
  sl_free(s);
  c->proto_state = NULL;
  c->proto_end = NULL;
}

static void pop3_cleanup(struct transfer *t)
{
  struct pop3_xfer *x = of(t);
  t->proto_data = NULL;
  if (x) {
    sl_pop3_done(&x->p);
    sl_buf_done(&x->text);
    sl_free(x);
  }
  sl_proto_http.cleanup(t);
}

/* ---- what is wanted ---- */

static sl_result take_wishes(struct transfer *t, struct pop3 *p)
{
  const struct settings *set = &t->easy->set;
  const char *custom = set->io.customrequest;
  p->use_ssl = set->io.use_ssl;
  p->implicit_tls = t->proto->tls;
  p->nobody = set->io.nobody;
  p->list_only = set->ftp->dirlistonly;
  p->sasl.max_initial = POP3_AUTH_LINE - (sizeof "AUTH \r\n" - 1);
  sl_result rc = SL_OK;
  p->id = sl_transfer_decode(t, slice_from(t->url->path, 1), SL_PERCENT_NO_CTRL, &rc);
  if (custom && *custom)
    p->custom = sl_transfer_decode(t, slice_str(custom), SL_PERCENT_NO_CTRL, &rc);
  if (rc == CURLE_URL_MALFORMAT)
    return sl_fail(t, rc, "The path or the custom request contains control characters");
  if (!rc)
    rc = sl_mail_login(t, "pop", SASL_OWN_APOP, &p->sasl);
  if (p->sasl.allowed != SASL_DEFAULT && p->sasl.allowed & SASL_OWN_APOP)
    p->sasl.allowed = SASL_OWN_APOP; /* as libcurl has it: who asks for APOP gets nothing else */
  return rc;
}

/* ---- replies ---- */

static sl_result take_reply(struct transfer *t, struct slice *in)
{
  struct pop3_xfer *x = of(t);
  struct slice line;
  enum pop3_status status;
  do {
    enum sl_parse parsed = sl_reply_line_take(&x->lines, in, &line);
    if (parsed == SL_PARSE_MORE)
      return SL_WAIT;
    if (parsed == SL_PARSE_BAD)
      return sl_fail(t, CURLE_WEIRD_SERVER_REPLY, "%s", x->lines.error);
    sl_result rc = sl_sink_header(t, line, SINK_REPLY);
    if (rc)
      return rc;
    status = sl_pop3_status(line);
  } while (!x->p.listing && status == POP3_NONE);
  sl_buf_clear(&x->text);
  sl_buf_add(&x->text, sl_text_trim(line));
  x->p.status = status;
  x->p.text = sl_buf_peek(&x->text);
  x->p.talk.has_reply = true;
  return sl_buf_result(&x->text, CURLE_WEIRD_SERVER_REPLY);
}

/* ---- the body ---- */

/* SL_OK: the body is complete. SL_WAIT: not yet, or the application paused. */
static sl_result deliver(struct transfer *t, struct slice *in)
{
  struct pop3_xfer *x = of(t);
  struct slice data;
  enum pop3_piece piece;
  while ((piece = sl_pop3_body_next(&x->body, in, &data)) == POP3_DATA) {
    sl_result rc = sl_body_take(t, data);
    if (rc)
      return rc;
  }
  return piece == POP3_END ? SL_OK : SL_WAIT;
}

static sl_result move_body(struct transfer *t)
{
  return sl_dialogue_body(t, &of(t)->dialogue, deliver);
}

/* ---- all of it ---- */

static sl_result converse(struct transfer *t)
{
  return sl_pop3_run(&of(t)->p);
}

static const struct dialogue_ops pop3_dialogue = {"POP3", converse, take_reply, move_body};

static sl_result pop3_start(struct transfer *t)
{
  struct pop3_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  if (t->proto_data)
    pop3_cleanup(t);
  t->proto_data = x;
  sl_pop3_init(&x->p, &t->error);
  sl_buf_init(&x->text, SL_REPLY_LINE);
  sl_pop3_body_init(&x->body);
  x->dialogue = (struct dialogue){.ops = &pop3_dialogue, .talk = &x->p.talk};
  if (t->http.method == SL_HTTP_PUT)
    return sl_fail(t, CURLE_UPLOAD_FAILED, "POP3 has no uploads");
  sl_result rc = sl_dialogue_start(t, false);
  if (!rc)
    rc = sl_dialogue_session(t->conn, sizeof *x->p.session, session_end);
  x->p.session = t->conn->proto_state;
  return rc ? rc : take_wishes(t, &x->p);
}

static sl_result pop3_step(struct transfer *t)
{
  sl_result rc = sl_dialogue_resume(t);
  return rc ? rc : sl_dialogue_run(t, &of(t)->dialogue);
}

static sl_result pop3_finish(struct transfer *t, sl_result result)
{
  struct pop3_xfer *x = of(t);
  t->expect_us = 0;
  if (x->dialogue.out_at)
    x->p.session->logged_in = false; /* half a command is out: a QUIT would be the rest of it */
  t->conn->keep = !result && !x->p.unread && !t->easy->set.net->forbid_reuse;
  x->p.session = NULL; /* it is the connection's */
  return sl_dialogue_retry(t, &x->dialogue, result) ? SL_OK : result;
}

const struct xfer_proto sl_proto_pop3 = {
    .scheme = "pop3",
    .bit = CURLPROTO_POP3,
    .port = 110,
    .login = true,
    .init = sl_http_init,
    .start = pop3_start,
    .step = pop3_step,
    .finish = pop3_finish,
    .cleanup = pop3_cleanup,
};
const struct xfer_proto sl_proto_pop3s = {
    .scheme = "pop3s",
    .bit = CURLPROTO_POP3S,
    .port = 995,
    .tls = true,
    .login = true,
    .init = sl_http_init,
    .start = pop3_start,
    .step = pop3_step,
    .finish = pop3_finish,
    .cleanup = pop3_cleanup,
};
