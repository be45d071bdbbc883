/* See imap.h. */
#include "proto/imap.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/text.h"

enum { TAGS = 1000 };

void sl_imap_session_done(struct imap_session *s)
{
  sl_free(s->mailbox);
  sl_free(s->uidvalidity);
  s->mailbox = s->uidvalidity = NULL;
}

void sl_imap_init(struct imap *m, struct imap_reader *reader, struct buf *error)
{
  *m = (struct imap){.reader = reader, .letter = 'A', .upload_size = -1};
  sl_imap_reader_init(reader);
  sl_talk_init(&m->talk, IMAP_COMMAND_MAX, error);
}

void sl_imap_done(struct imap *m)
{
  sl_talk_done(&m->talk);
  sl_sasl_done(&m->sasl);
}

/* ---- commands ---- */

static sl_result say(struct imap *m, const char *command, const char *argument)
{
  m->session->commands = (uint16_t)((m->session->commands + 1) % TAGS);
  snprintf(m->reader->tag, sizeof m->reader->tag, "%c%03u", m->letter, m->session->commands);
  m->session->broken = true;
  sl_buf_printf(&m->talk.out, "%s ", m->reader->tag);
  return sl_talk_say(&m->talk, command, argument);
}

/* The argument is in `argument`, which goes. */
static sl_result say_built(struct imap *m, const char *command, struct buf *argument)
{
  sl_result rc = sl_buf_result(argument, CURLE_TOO_LARGE);
  if (!rc)
    rc = say(m, command, argument->p);
  sl_buf_done(argument);
  return rc;
}

static bool take_reply(struct imap *m)
{
  if (!sl_talk_take_reply(&m->talk))
    return false;
  m->session->broken = m->session->broken && m->reader->kind != IMAP_TAGGED;
  return true;
}

#define IMAP_SAY(m, command, argument) TALK_TRY(say((m), (command), (argument)))
#define IMAP_REPLY(m)                                                                              \
  do {                                                                                             \
    CO_AWAIT(take_reply(m));                                                                       \
    if ((m)->reader->kind == IMAP_CONTINUE && !(m)->may_go_on)                                     \
      CO_FAIL(unexpected(m));                                                                      \
  } while (0)

static sl_result unexpected(struct imap *m)
{
  m->session->broken = true;
  return sl_talk_fail(&m->talk, CURLE_WEIRD_SERVER_REPLY, "Unexpected continuation response");
}

static bool is_ok(const struct imap *m)
{
  return m->reader->kind == IMAP_TAGGED && m->reader->status == IMAP_OK;
}

/* ---- untagged responses ---- */

static void take_capabilities(struct imap *m)
{
  struct slice words = m->reader->text, word;
  const struct slice auth = SLICE_LIT("AUTH=");
  while (sl_text_next(&words, ' ', &word)) {
    m->has_starttls = m->has_starttls || sl_text_ieq_str(word, "STARTTLS");
    m->no_login = m->no_login || sl_text_ieq_str(word, "LOGINDISABLED");
    m->has_sasl_ir = m->has_sasl_ir || sl_text_ieq_str(word, "SASL-IR");
    if (sl_text_istarts(word, auth))
      m->sasl.offered |= sl_sasl_mechanism(slice_from(word, auth.n));
  }
}

/* RFC 3501 7.3.1. Memory that is short leaves it unknown. */
static void take_uidvalidity(struct imap *m)
{
  struct slice value;
  if (m->reader->status != IMAP_OK || !sl_imap_code(m->reader->text, "UIDVALIDITY", &value))
    return;
  sl_free(m->session->uidvalidity);
  m->session->uidvalidity = sl_memdup0(value.p, value.n);
}

bool sl_imap_response(struct imap *m)
{
  const struct imap_reader *r = m->reader;
  if (r->kind != IMAP_UNTAGGED)
    return r->kind != IMAP_OTHER;
  if (!m->greeted)
    return true;
  if (!r->numbered && sl_text_ieq_str(r->word, "CAPABILITY"))
    take_capabilities(m);
  m->said_bye = m->said_bye || r->status == IMAP_BYE;
  take_uidvalidity(m);
  return false;
}

/* ---- up to the prompt ---- */

/* What was said in clear does not count under TLS: all is asked anew. */
static sl_result capabilities(struct imap *m)
{
  CO_BEGIN(&m->capa_co);
  m->sasl.offered = 0;
  m->has_starttls = m->no_login = m->has_sasl_ir = false;
  IMAP_SAY(m, "CAPABILITY", NULL);
  IMAP_REPLY(m); /* a refusal: an old server, without any */
  CO_END;
}

static sl_result need_tls(struct imap *m, const char *why)
{
  return m->use_ssl > CURLUSESSL_TRY ? sl_talk_fail(&m->talk, CURLE_USE_SSL_FAILED, "%s", why) : SL_OK;
}

static sl_result start_tls(struct imap *m)
{
  CO_BEGIN(&m->tls_co);
  if (!m->has_starttls || m->is_preauth) {
    TALK_TRY(need_tls(m, "STARTTLS not available."));
  } else {
    m->talk.alone = true;
    IMAP_SAY(m, "STARTTLS", NULL);
    IMAP_REPLY(m);
    m->talk.alone = false;
    if (is_ok(m)) {
      m->session->broken = true;
      TALK_ASK(&m->talk, TALK_TLS);
      TALK_TRY(m->talk.answer);
      m->is_tls = true;
      CO_CALL(capabilities(m));
    } else {
      TALK_TRY(need_tls(m, "STARTTLS denied"));
    }
  }
  CO_END;
}

static sl_result denied(struct imap *m, const char *why)
{
  m->session->broken = true;
  return sl_talk_fail(&m->talk, CURLE_LOGIN_DENIED, "%s", why);
}

static sl_result say_sasl(struct imap *m)
{
  const char *text = m->sasl.text.n ? m->sasl.text.p : NULL;
  struct buf argument;
  if (!m->sasl.mechanism)
    return sl_talk_say(&m->talk, text ? text : "", NULL);
  sl_buf_init(&argument, IMAP_COMMAND_MAX);
  sl_buf_printf(&argument, "%s%s%s", m->sasl.mechanism, text ? " " : "", text ? text : "");
  return say_built(m, "AUTHENTICATE", &argument);
}

static void take_sasl(struct imap *m)
{
  enum sasl_reply reply = is_ok(m)                              ? SASL_ACCEPTED
                          : m->reader->kind == IMAP_CONTINUE ? SASL_CONTINUE
                                                             : SASL_REFUSED;
  sl_sasl_reply(&m->sasl, reply, m->text);
}

static sl_result authenticate(struct imap *m)
{
  CO_BEGIN(&m->sasl_co);
  m->may_go_on = true;
  m->sasl.initial_response = m->sasl.initial_response || m->has_sasl_ir;
  while ((m->sasl_rc = sl_sasl_run(&m->sasl)) == SL_WAIT) {
    TALK_TRY(say_sasl(m));
    IMAP_REPLY(m);
    take_sasl(m);
  }
  m->may_go_on = false;
  if (m->sasl_rc == CURLE_LOGIN_DENIED && !m->sasl.none_left)
    CO_FAIL(denied(m, "Login denied"));
  if (m->sasl_rc != CURLE_LOGIN_DENIED)
    TALK_TRY(m->sasl_rc);
  CO_END;
}

static sl_result say_login(struct imap *m)
{
  struct buf argument;
  sl_buf_init(&argument, IMAP_COMMAND_MAX);
  sl_imap_quote(&argument, m->sasl.user, true);
  sl_buf_char(&argument, ' ');
  sl_imap_quote(&argument, m->sasl.password ? m->sasl.password : "", true);
  return say_built(m, "LOGIN", &argument);
}

/* A token is no password: it is for SASL alone. */
static bool may_login(const struct imap *m)
{
  return m->sasl.user && !m->sasl.bearer && !m->no_login && m->sasl.allowed & SASL_OWN_LOGIN;
}

static sl_result prove_identity(struct imap *m)
{
  CO_BEGIN(&m->auth_co);
  m->sasl_rc = CURLE_LOGIN_DENIED;
  if (sl_sasl_usable(&m->sasl))
    CO_CALL(authenticate(m));
  if (m->sasl_rc && !may_login(m))
    CO_FAIL(denied(m, "Login denied"));
  if (m->sasl_rc) {
    TALK_TRY(say_login(m));
    IMAP_REPLY(m);
    if (!is_ok(m))
      CO_FAIL(denied(m, "Access denied."));
  }
  CO_END;
}

static sl_result login(struct imap *m)
{
  CO_BEGIN(&m->login_co);
  m->session->broken = true;
  IMAP_REPLY(m);
  if (m->reader->status != IMAP_OK && m->reader->status != IMAP_PREAUTH)
    CO_FAIL(sl_talk_fail(&m->talk, CURLE_WEIRD_SERVER_REPLY, "Got unexpected imap-server response"));
  m->greeted = true;
  m->is_preauth = m->reader->status == IMAP_PREAUTH;
  m->is_tls = m->implicit_tls;
  CO_CALL(capabilities(m));
  if (m->use_ssl && !m->is_tls)
    CO_CALL(start_tls(m));
  if (!m->is_preauth && (m->sasl.user || sl_sasl_usable(&m->sasl)))
    CO_CALL(prove_identity(m));
  m->session->logged_in = true;
  CO_END;
}

/* ---- the mailbox ---- */

/* Names are the server's, but INBOX is the same however it is written (RFC 3501 5.1). */
static bool is_selected(const struct imap *m)
{
  const struct imap_session *s = m->session;
  const char *wanted = m->path.uidvalidity;
  if (!s->mailbox || (wanted && s->uidvalidity && !sl_text_ieq_str(slice_str(wanted), s->uidvalidity)))
    return false;
  bool both_inbox = sl_text_ieq_str(slice_str(s->mailbox), "INBOX") && sl_text_ieq_str(slice_str(m->path.mailbox), "INBOX");
  return both_inbox || !strcmp(s->mailbox, m->path.mailbox);
}

static sl_result say_mailbox(struct imap *m, const char *command)
{
  struct buf argument;
  sl_buf_init(&argument, IMAP_COMMAND_MAX);
  sl_imap_quote(&argument, m->path.mailbox, true);
  return say_built(m, command, &argument);
}

static sl_result take_mailbox(struct imap *m)
{
  struct imap_session *s = m->session;
  if (!is_ok(m))
    return sl_talk_fail(&m->talk, CURLE_LOGIN_DENIED, "Select failed");
  if (m->path.uidvalidity && s->uidvalidity && !sl_text_ieq_str(slice_str(m->path.uidvalidity), s->uidvalidity))
    return sl_talk_fail(&m->talk, CURLE_REMOTE_FILE_NOT_FOUND, "Mailbox UIDVALIDITY has changed");
  s->mailbox = sl_strdup(m->path.mailbox);
  return s->mailbox ? SL_OK : SL_NOMEM;
}

static sl_result select_mailbox(struct imap *m)
{
  CO_BEGIN(&m->select_co);
  if (!is_selected(m)) {
    sl_imap_session_done(m->session);
    TALK_TRY(say_mailbox(m, "SELECT"));
    IMAP_REPLY(m);
    TALK_TRY(take_mailbox(m));
  }
  CO_END;
}

/* ---- a message is left there ---- */

/* RFC 3501 6.3.11. */
static sl_result say_append(struct imap *m)
{
  static const struct {
    uint8_t bit;
    const char *name;
  } flags[] = {{CURLULFLAG_ANSWERED, "\\Answered"},
               {CURLULFLAG_DELETED, "\\Deleted"},
               {CURLULFLAG_DRAFT, "\\Draft"},
               {CURLULFLAG_FLAGGED, "\\Flagged"},
               {CURLULFLAG_SEEN, "\\Seen"}};
  struct buf argument;
  char before = '(';
  sl_buf_init(&argument, IMAP_COMMAND_MAX);
  sl_imap_quote(&argument, m->path.mailbox, true);
  if (m->flags)
    sl_buf_char(&argument, ' ');
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    if (!(m->flags & flags[i].bit))
      continue;
    sl_buf_printf(&argument, "%c%s", before, flags[i].name);
    before = ' ';
  }
  sl_buf_printf(&argument, "%s {%lld}", m->flags ? ")" : "", (long long)m->upload_size);
  return say_built(m, "APPEND", &argument);
}

static sl_result append(struct imap *m)
{
  CO_BEGIN(&m->append_co);
  if (!m->path.mailbox)
    CO_FAIL(sl_talk_fail(&m->talk, CURLE_URL_MALFORMAT, "Cannot APPEND without a mailbox."));
  if (m->upload_size < 0)
    CO_FAIL(sl_talk_fail(&m->talk, CURLE_UPLOAD_FAILED, "Cannot APPEND with unknown input file size"));
  m->may_go_on = true;
  TALK_TRY(say_append(m));
  IMAP_REPLY(m);
  m->may_go_on = false;
  if (m->reader->kind != IMAP_CONTINUE)
    CO_FAIL(sl_talk_fail(&m->talk, CURLE_UPLOAD_FAILED, "The server does not take the message"));
  TALK_ASK(&m->talk, IMAP_UPLOAD);
  TALK_TRY(m->talk.answer);
  TALK_TRY(sl_talk_say(&m->talk, "", NULL)); /* which ends the command */
  IMAP_REPLY(m);
  if (!is_ok(m))
    CO_FAIL(sl_talk_fail(&m->talk, CURLE_UPLOAD_FAILED, "The server did not take the message"));
  CO_END;
}

/* ---- something is asked for ---- */

static sl_result say_fetch(struct imap *m)
{
  const struct imap_path *p = &m->path;
  struct buf argument;
  sl_buf_init(&argument, IMAP_COMMAND_MAX);
  sl_buf_printf(&argument, "%s BODY[%s]", p->uid ? p->uid : p->mailindex, p->section ? p->section : "");
  if (p->partial)
    sl_buf_printf(&argument, "<%s>", p->partial);
  m->is_fetch = true;
  return say_built(m, p->uid ? "UID FETCH" : "FETCH", &argument);
}

static sl_result say_list(struct imap *m)
{
  struct buf argument;
  sl_buf_init(&argument, IMAP_COMMAND_MAX);
  sl_imap_quote(&argument, m->path.mailbox ? m->path.mailbox : "", false);
  sl_buf_str(&argument, " *");
  m->name = SLICE_LIT("LIST");
  return say_built(m, "LIST", &argument);
}

/* Which responses an application's own command is after: those of its name, or all there are. */
static sl_result say_custom(struct imap *m)
{
  static const char *const all[] = {"SELECT", "EXAMINE", "SEARCH", "EXPUNGE", "LSUB", "UID", "NOOP"};
  static const char *const leaving[] = {"SELECT", "EXAMINE", "CLOSE", "UNSELECT"};
  struct slice rest = slice_str(m->custom);
  (void)sl_text_next(&rest, ' ', &m->name);
  for (size_t i = 0; i < sizeof leaving / sizeof *leaving; i++)
    if (sl_text_ieq_str(m->name, leaving[i]))
      sl_imap_session_done(m->session);
  if (sl_text_ieq_str(m->name, "STORE"))
    m->name = SLICE_LIT("FETCH");
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (sl_text_ieq_str(m->name, all[i]))
      m->name = SLICE_NONE;
  return say(m, m->custom, NULL);
}

static sl_result say_command(struct imap *m)
{
  if (m->custom)
    return say_custom(m);
  if (m->path.mailbox && (m->path.uid || m->path.mailindex))
    return say_fetch(m);
  return m->path.query ? say(m, "SEARCH", m->path.query) : say_list(m);
}

static sl_result take_answer(struct imap *m)
{
  if (!m->is_fetch)
    return is_ok(m) ? SL_OK : sl_talk_fail(&m->talk, CURLE_QUOTE_ERROR, "The server refused the command");
  if (m->met_section)
    return is_ok(m) ? SL_OK : sl_talk_fail(&m->talk, CURLE_WEIRD_SERVER_REPLY, "The server took the message back");
  if (is_ok(m) && m->met_fetch)
    return sl_talk_fail(&m->talk, CURLE_WEIRD_SERVER_REPLY, "Failed to parse FETCH response.");
  return sl_talk_fail(&m->talk, CURLE_REMOTE_FILE_NOT_FOUND, "There is no such message");
}

static sl_result command(struct imap *m)
{
  CO_BEGIN(&m->command_co);
  if (m->path.mailbox && (m->custom || m->path.uid || m->path.mailindex || m->path.query))
    CO_CALL(select_mailbox(m));
  TALK_TRY(say_command(m));
  m->may_go_on = m->custom; /* IDLE */
  TALK_ASK(&m->talk, IMAP_ANSWER);
  TALK_TRY(m->talk.answer);
  IMAP_REPLY(m);
  TALK_TRY(take_answer(m));
  CO_END;
}

sl_result sl_imap_run(struct imap *m)
{
  CO_BEGIN(&m->run_co);
  m->greeted = m->session->logged_in;
  if (!m->session->logged_in)
    CO_CALL(login(m));
  if (m->upload)
    CO_CALL(append(m));
  else
    CO_CALL(command(m));
  CO_END;
}
