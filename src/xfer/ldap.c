/* ldap: and ldaps: URLs (RFC 4516): drives the conversation of proto/ldap.h, and delivers what its search finds as the
 * text of wire/ldap_print.h. Referrals are not followed: they lead to addresses that nobody has asked for. */
#include "proto/ldap.h"

#include "base/mem.h"
#include "base/text.h"
#include "loop/scratch.h"
#include "wire/ldap_filter.h"
#include "wire/ldap_print.h"
#include "xfer/body.h"
#include "xfer/dialogue.h"
#include "xfer/mail.h"
#include "xfer/protos.h"

enum { ROUNDS = 32, REPLY_MAX = 256 * 1024, FILTER_MAX = 16 * 1024 * 1024 };

struct ldap_xfer {
  struct ldap f;
  struct dialogue dialogue;
  struct buf filter;
  struct buf in;           /* messages of the search; what is delivered lies in it */
  struct buf text;         /* a piece of the entry under way */
  struct ldap_printer printer;
  uint32_t in_at, text_at; /* what of them is done */
  bool printing;
  bool done;               /* all is said; only body bytes may be held */
};

static struct ldap_xfer *of(struct transfer *t)
{
  return t->proto_data;
}

/* ---- what a connection remembers ---- */

static void session_end(struct conn *c, bool polite)
{
  struct ldap_session *s = c->proto_state;
  struct buf out;
  size_t n;
  sl_buf_init(&out, 64);
  sl_ldap_unbind(&out, s->id == INT32_MAX ? 1 : s->id + 1);
  if (polite && !s->broken && sl_buf_ok(&out))
    (void)sl_stream_write(c->top, sl_buf_peek(&out), &n);
  sl_buf_done(&out);
  sl_free(s);
  c->proto_state = NULL;
  c->proto_end = NULL;
}

/* ---- what is wanted ---- */

static bool take_scope(const char *name, uint8_t *out_scope)
{
  static const struct {
    const char *name;
    uint8_t scope;
  } scopes[] = {{"", LDAP_BASE},         {"base", LDAP_BASE},       {"one", LDAP_ONE},
                {"onelevel", LDAP_ONE},  {"sub", LDAP_SUB},         {"subtree", LDAP_SUB},
                {"subord", LDAP_CHILDREN}, {"subordinate", LDAP_CHILDREN}, {"children", LDAP_CHILDREN}};
  for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
    if (sl_text_ieq_str(slice_str(name), scopes[i].name)) {
      *out_scope = scopes[i].scope;
      return true;
    }
  return false;
}

static sl_result take_filter(struct transfer *t, struct ldap_xfer *x, const char *text)
{
  bool valid = sl_ldap_filter(*text ? slice_str(text) : SLICE_LIT("(objectClass=*)"), &x->filter);
  sl_result rc = sl_buf_result(&x->filter, CURLE_LDAP_SEARCH_FAILED);
  x->f.search.filter = sl_buf_peek(&x->filter);
  return valid || rc == SL_NOMEM ? rc : sl_fail(t, CURLE_LDAP_SEARCH_FAILED, "LDAP: bad search filter");
}

/* RFC 4516 2: dn?attributes?scope?filter?extensions, each cut off before it is decoded. No extension is known here, and
 * libcurl does not mind one that is said to be critical. */
static sl_result take_url(struct transfer *t, struct ldap_xfer *x)
{
  enum { ATTRIBUTES, SCOPE, FILTER, EXTENSIONS, PARTS };
  struct ldap_search *search = &x->f.search;
  struct slice query = t->url->query;
  const char *parts[PARTS];
  sl_result rc = SL_OK;
  search->dn = slice_str(sl_transfer_decode(t, slice_from(t->url->path, 1), SL_PERCENT_NO_ZERO, &rc));
  for (int i = 0; i < PARTS; i++) {
    size_t at = slice_find(query, '?');
    parts[i] = sl_transfer_decode(t, slice_head(query, at), SL_PERCENT_NO_ZERO, &rc);
    query = slice_from(query, at + 1);
  }
  if (rc)
    return rc == SL_NOMEM ? rc : sl_fail(t, rc, "LDAP: a zero byte in the URL");
  if (query.n)
    return sl_fail(t, CURLE_URL_MALFORMAT, "LDAP: bad URL");
  if (!take_scope(parts[SCOPE], &search->scope))
    return sl_fail(t, CURLE_URL_MALFORMAT, "LDAP: bad or missing scope");
  search->attributes = slice_str(parts[ATTRIBUTES]);
  return take_filter(t, x, parts[FILTER]);
}

/* By name and password, unless CURLOPT_LOGIN_OPTIONS or a token asks for SASL. */
static sl_result take_login(struct transfer *t, struct ldap *f)
{
  sl_result rc = sl_mail_login(t, "ldap", 0, &f->sasl);
  f->sasl.initial_response = true; /* as in every protocol that is not one of lines */
  f->use_sasl = t->easy->set.io.login_options || f->sasl.bearer;
  return rc == CURLE_URL_MALFORMAT ? CURLE_SETOPT_OPTION_SYNTAX : rc;
}

/* ---- what comes ---- */

static sl_result malformed(struct transfer *t)
{
  return sl_fail(t, CURLE_RECV_ERROR, "LDAP: a malformed message");
}

/* SL_WAIT: it is no answer to what was said last. */
static sl_result judge(struct transfer *t, struct ldap_xfer *x, struct slice bytes, struct ldap_message *out)
{
  if (!sl_ldap_message(bytes, out))
    return malformed(t);
  if (!out->id && out->op == LDAP_EXTENDED_DONE) { /* RFC 4511 4.4.1 */
    if (!sl_ldap_take_result(&x->f, out->body))
      return malformed(t);
    return sl_fail(t, CURLE_RECV_ERROR, "LDAP: the server disconnects: %s %s", sl_ldap_code_name(x->f.code), x->f.text);
  }
  return out->id == x->f.session->id ? SL_OK : SL_WAIT;
}

static sl_result take_result(struct transfer *t, struct ldap_xfer *x, const struct ldap_message *m)
{
  if (m->op != x->f.awaited || !sl_ldap_take_result(&x->f, m->body))
    return malformed(t);
  t->easy->info.response_code = (int32_t)x->f.code;
  return SL_OK;
}

/* For the dialogue: the answer to a bind, about TLS, or about the mechanisms there are. */
static sl_result take_reply(struct transfer *t, struct slice *in)
{
  struct ldap_xfer *x = of(t);
  struct ldap_message message;
  sl_result rc = SL_WAIT;
  while (rc == SL_WAIT) {
    size_t n;
    enum sl_parse p = sl_ldap_measure(*in, &n);
    if (p == SL_PARSE_BAD || (p == SL_PARSE_DONE && n > REPLY_MAX))
      return malformed(t);
    if (p == SL_PARSE_MORE || n > in->n)
      return SL_WAIT;
    rc = judge(t, x, slice_head(*in, n), &message);
    *in = slice_from(*in, n);
    if (!rc && x->f.awaited == LDAP_SEARCH_DONE && message.op == LDAP_ENTRY)
      rc = sl_ldap_take_entry(&x->f, message.body) ? SL_WAIT : malformed(t);
  }
  if (!rc)
    rc = take_result(t, x, &message);
  x->f.talk.has_reply = !rc;
  return rc;
}

/* ---- the search ---- */

/* One slice, as large as what a read can bring: no pause has to hold more. */
static sl_result deliver(struct transfer *t, struct ldap_xfer *x)
{
  struct slice piece = slice_head(slice_from(sl_buf_peek(&x->text), x->text_at), SL_SCRATCH_BYTES);
  x->text_at += (uint32_t)piece.n;
  sl_result rc = sl_body_take(t, piece);
  if (x->text_at == x->text.n) {
    x->text_at = 0;
    sl_buf_clear(&x->text);
  }
  return rc;
}

static sl_result print(struct transfer *t, struct ldap_xfer *x)
{
  enum sl_parse p = sl_ldap_print(&x->printer, &x->text);
  sl_result rc = sl_buf_result(&x->text, CURLE_TOO_LARGE);
  x->printing = p == SL_PARSE_MORE;
  return !rc && p == SL_PARSE_BAD ? malformed(t) : rc;
}

static sl_result fill(struct transfer *t, struct ldap_xfer *x)
{
  struct conn *c = t->conn;
  struct slice in = sl_buf_peek(&c->in); /* behind the answer to the bind */
  sl_buf_drop(&x->in, x->in_at);
  x->in_at = 0;
  if (!in.n) {
    size_t most = sl_body_allow(t, SL_SCRATCH_BYTES);
    if (!most)
      return SL_WAIT;
    sl_result rc = sl_body_fill(t, most, &in);
    if (rc)
      return rc;
    if (c->shut)
      return sl_fail(t, CURLE_RECV_ERROR, "LDAP: the server has closed the connection");
  }
  sl_buf_add(&x->in, in);
  (void)sl_conn_keep(c, SLICE_NONE);
  return sl_buf_result(&x->in, CURLE_TOO_LARGE);
}

/* SL_WAIT in *out: there is none, and more has to be read. */
static sl_result next_message(struct transfer *t, struct ldap_xfer *x, bool *out_end)
{
  struct slice in = slice_from(sl_buf_peek(&x->in), x->in_at);
  struct ldap_message message;
  size_t n;
  enum sl_parse p = sl_ldap_measure(in, &n);
  if (p == SL_PARSE_BAD)
    return malformed(t);
  if (p == SL_PARSE_MORE || n > in.n)
    return fill(t, x);
  x->in_at += (uint32_t)n;
  x->dialogue.got_reply = true;
  sl_result rc = judge(t, x, slice_head(in, n), &message);
  if (rc)
    return rc == SL_WAIT ? SL_OK : rc;
  if (message.op == LDAP_ENTRY) {
    x->printing = sl_ldap_print_begin(&x->printer, message.body);
    return x->printing ? SL_OK : malformed(t);
  }
  if (message.op == LDAP_REFERENCE || message.op == LDAP_INTERMEDIATE)
    return SL_OK;
  *out_end = true;
  return take_result(t, x, &message);
}

static sl_result receive(struct transfer *t)
{
  struct ldap_xfer *x = of(t);
  bool end = false;
  t->want = WATCH_IN;
  for (int round = 0; round < ROUNDS; round++) {
    if (t->paused & CURLPAUSE_RECV)
      return SL_WAIT;
    sl_result rc = x->text.n ? deliver(t, x) : x->printing ? print(t, x) : next_message(t, x, &end);
    if (rc || end)
      return rc;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

/* ---- the transfer ---- */

static sl_result converse(struct transfer *t)
{
  return sl_ldap_run(&of(t)->f);
}

static const struct dialogue_ops ldap_dialogue = {"LDAP", converse, take_reply, receive};

static void ldap_cleanup(struct transfer *t)
{
  struct ldap_xfer *x = of(t);
  t->proto_data = NULL;
  if (x) {
    sl_ldap_done(&x->f);
    sl_buf_done(&x->filter);
    sl_buf_done(&x->in);
    sl_buf_done(&x->text);
    sl_free(x);
  }
  sl_proto_http.cleanup(t);
}

static sl_result ldap_start(struct transfer *t)
{
  struct ldap_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  if (t->proto_data)
    ldap_cleanup(t);
  t->proto_data = x;
  sl_ldap_init(&x->f, &t->error);
  sl_buf_init(&x->filter, FILTER_MAX);
  sl_buf_init(&x->in, LDAP_MESSAGE_MAX + SL_SCRATCH_BYTES);
  sl_buf_init(&x->text, LDAP_PIECE + LDAP_NAME_MAX + LDAP_MESSAGE_MAX / 3 * 4 + 16);
  x->dialogue = (struct dialogue){.ops = &ldap_dialogue, .talk = &x->f.talk};
  sl_result rc = sl_dialogue_start(t, false);
  if (!rc)
    rc = sl_dialogue_session(t->conn, sizeof *x->f.session, session_end);
  x->f.session = t->conn->proto_state;
  x->f.use_ssl = t->proto->tls ? CURLUSESSL_NONE : t->easy->set.io.use_ssl;
  x->f.bind_only = t->easy->set.io.nobody;
  if (!rc)
    rc = take_login(t, &x->f);
  return rc ? rc : take_url(t, x);
}

static sl_result ldap_step(struct transfer *t)
{
  struct ldap_xfer *x = of(t);
  sl_result rc = sl_dialogue_resume(t);
  if (rc)
    return rc;
  if (!x->done)
    rc = sl_dialogue_run(t, &x->dialogue);
  x->done = !rc;
  return !rc && sl_sink_blocked(&t->sink) ? SL_WAIT : rc;
}

static sl_result ldap_finish(struct transfer *t, sl_result result)
{
  struct ldap_xfer *x = of(t);
  struct ldap_session *s = x->f.session;
  t->expect_us = 0;
  s->broken = s->broken || x->in_at < x->in.n; /* more was said than asked for */
  t->conn->keep = s->bound && !s->broken && !t->easy->set.net->forbid_reuse;
  return sl_dialogue_retry(t, &x->dialogue, result) ? SL_OK : result;
}

#define LDAP                                                                                       \
  .login = true, .init = sl_http_init, .start = ldap_start, .step = ldap_step, .finish = ldap_finish, .cleanup = ldap_cleanup

const struct xfer_proto sl_proto_ldap = {.scheme = "ldap", .bit = CURLPROTO_LDAP, .port = 389, LDAP};
const struct xfer_proto sl_proto_ldaps = {.scheme = "ldaps", .bit = CURLPROTO_LDAPS, .port = 636, .tls = true, LDAP};
