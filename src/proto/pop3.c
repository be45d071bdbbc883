/* See pop3.h. */
#include "proto/pop3.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "wire/encode.h"

void sl_pop3_init(struct pop3 *p, struct buf *error)
{
  *p = (struct pop3){.id = ""};
  sl_talk_init(&p->talk, POP3_COMMAND_MAX, error);
  sl_buf_init(&p->stamp, POP3_STAMP_MAX);
}

void sl_pop3_done(struct pop3 *p)
{
  sl_talk_done(&p->talk);
  sl_sasl_done(&p->sasl);
  sl_buf_done(&p->stamp);
}

#define POP3_SAY(p, verb, argument) TALK_TRY(sl_talk_say(&(p)->talk, (verb), (argument)))
#define POP3_REPLY(p) CO_AWAIT(sl_talk_take_reply(&(p)->talk))

/* ---- what the server can ---- */

static sl_result take_greeting(struct pop3 *p)
{
  struct slice stamp;
  if (p->status != POP3_OK)
    return sl_talk_fail(&p->talk, CURLE_WEIRD_SERVER_REPLY, "Got unexpected pop3-server response");
  if (sl_pop3_timestamp(p->text, &stamp) && stamp.n <= POP3_STAMP_MAX)
    sl_buf_add(&p->stamp, stamp);
  return sl_buf_result(&p->stamp, CURLE_WEIRD_SERVER_REPLY);
}

static void take_capability(struct pop3 *p)
{
  struct slice words, word;
  p->has_stls = p->has_stls || sl_pop3_has(p->text, "STLS", &words);
  p->has_user = p->has_user || sl_pop3_has(p->text, "USER", &words);
  if (!sl_pop3_has(p->text, "SASL", &words))
    return;
  while (sl_text_next(&words, ' ', &word))
    p->sasl.offered |= sl_sasl_mechanism(word);
}

/* What was said in clear does not count under TLS: all is asked anew. */
static sl_result capabilities(struct pop3 *p)
{
  CO_BEGIN(&p->capa_co);
  p->sasl.offered = 0;
  p->has_stls = p->has_user = false;
  POP3_SAY(p, "CAPA", NULL);
  POP3_REPLY(p);
  if (p->status == POP3_OK) {
    p->listing = true;
    for (;;) {
      POP3_REPLY(p);
      if (slice_eq(p->text, SLICE_LIT(".")))
        break;
      take_capability(p);
    }
    p->listing = false;
  } else {
    p->has_user = true; /* an old server */
  }
  CO_END;
}

static sl_result start_tls(struct pop3 *p)
{
  const bool required = p->use_ssl > CURLUSESSL_TRY;
  CO_BEGIN(&p->stls_co);
  if (!p->has_stls) {
    if (required)
      CO_FAIL(sl_talk_fail(&p->talk, CURLE_USE_SSL_FAILED, "STLS not supported"));
  } else {
    p->talk.alone = true;
    POP3_SAY(p, "STLS", NULL);
    POP3_REPLY(p);
    p->talk.alone = false;
    if (p->status == POP3_OK) {
      TALK_ASK(&p->talk, TALK_TLS);
      TALK_TRY(p->talk.answer);
      p->is_tls = true;
      CO_CALL(capabilities(p));
    } else if (required) {
      CO_FAIL(sl_talk_fail(&p->talk, CURLE_USE_SSL_FAILED, "STLS denied"));
    }
  }
  CO_END;
}

/* ---- who it is ---- */

static sl_result denied(struct pop3 *p, const char *what)
{
  return sl_talk_fail(&p->talk, CURLE_LOGIN_DENIED, "%s", what);
}

static sl_result say_sasl(struct pop3 *p)
{
  const char *text = p->sasl.text.n ? p->sasl.text.p : NULL;
  struct buf *out = &p->talk.out;
  if (!p->sasl.mechanism)
    return sl_talk_say(&p->talk, text ? text : "", NULL);
  sl_buf_str(out, "AUTH ");
  return sl_talk_say(&p->talk, p->sasl.mechanism, text);
}

static void take_sasl(struct pop3 *p)
{
  enum sasl_reply reply = p->status == POP3_OK         ? SASL_ACCEPTED
                          : p->status == POP3_CONTINUE ? SASL_CONTINUE
                                                       : SASL_REFUSED;
  sl_sasl_reply(&p->sasl, reply, sl_text_trim(slice_from(p->text, 1)));
}

static sl_result sasl(struct pop3 *p)
{
  CO_BEGIN(&p->sasl_co);
  while ((p->sasl_rc = sl_sasl_run(&p->sasl)) == SL_WAIT) {
    TALK_TRY(say_sasl(p));
    POP3_REPLY(p);
    take_sasl(p);
  }
  if (p->sasl_rc == CURLE_LOGIN_DENIED && !p->sasl.none_left)
    CO_FAIL(denied(p, "Login denied"));
  if (p->sasl_rc != CURLE_LOGIN_DENIED)
    TALK_TRY(p->sasl_rc);
  CO_END;
}

/* RFC 1939 7: the password shows in the hash of it and the timestamp only. */
static sl_result say_apop(struct pop3 *p)
{
  const struct slice password = slice_str(p->sasl.password);
  unsigned char hash[EVP_MAX_MD_SIZE];
  struct buf text, argument;
  unsigned n = 0;
  sl_buf_init(&text, POP3_COMMAND_MAX);
  sl_buf_init(&argument, POP3_COMMAND_MAX);
  sl_buf_add(&text, sl_buf_peek(&p->stamp));
  sl_buf_add(&text, password);
  sl_result rc = sl_buf_result(&text, CURLE_TOO_LARGE);
  if (!rc && !EVP_Digest(text.p, text.n, hash, &n, EVP_md5(), NULL))
    rc = sl_talk_fail(&p->talk, CURLE_AUTH_ERROR, "MD5 is not available");
  sl_buf_str(&argument, p->sasl.user ? p->sasl.user : "");
  sl_buf_char(&argument, ' ');
  sl_encode_hex(slice_of((const char *)hash, n), &argument);
  if (!rc)
    rc = sl_buf_result(&argument, CURLE_TOO_LARGE);
  if (!rc)
    rc = sl_talk_say(&p->talk, "APOP", argument.p);
  sl_buf_done(&text);
  sl_buf_done(&argument);
  return rc;
}

/* Without SASL. */
static sl_result own_way(struct pop3 *p)
{
  CO_BEGIN(&p->way_co);
  if (p->stamp.n && p->sasl.allowed & SASL_OWN_APOP) {
    TALK_TRY(say_apop(p));
    POP3_REPLY(p);
    if (p->status != POP3_OK)
      CO_FAIL(denied(p, "Authentication failed"));
  } else if (p->has_user && p->sasl.allowed & SASL_OWN_LOGIN) {
    POP3_SAY(p, "USER", p->sasl.user ? p->sasl.user : "");
    POP3_REPLY(p);
    if (p->status == POP3_OK) {
      POP3_SAY(p, "PASS", p->sasl.password ? p->sasl.password : "");
      POP3_REPLY(p);
    }
    if (p->status != POP3_OK)
      CO_FAIL(denied(p, "Access denied"));
  } else {
    CO_FAIL(denied(p, "No known authentication mechanisms supported"));
  }
  CO_END;
}

static sl_result authenticate(struct pop3 *p)
{
  CO_BEGIN(&p->auth_co);
  p->sasl_rc = CURLE_LOGIN_DENIED;
  if (sl_sasl_usable(&p->sasl))
    CO_CALL(sasl(p));
  if (p->sasl_rc)
    CO_CALL(own_way(p));
  CO_END;
}

static sl_result login(struct pop3 *p)
{
  CO_BEGIN(&p->login_co);
  POP3_REPLY(p);
  TALK_TRY(take_greeting(p));
  p->is_tls = p->implicit_tls;
  CO_CALL(capabilities(p));
  if (p->use_ssl && !p->is_tls)
    CO_CALL(start_tls(p));
  if (p->sasl.user || p->sasl.allowed & SASL_EXTERNAL) /* some servers ask for nothing */
    CO_CALL(authenticate(p));
  p->session->logged_in = true;
  CO_END;
}

/* ---- the command ---- */

static const char *verb(const struct pop3 *p)
{
  return p->custom ? p->custom : *p->id && !p->list_only ? "RETR" : "LIST";
}

/* RFC 1939, 2449: commands whose answer is one line; LIST and UIDL when they are about one message. */
static bool is_single(const struct pop3 *p)
{
  static const char *const always[] = {"DELE", "NOOP", "QUIT", "RSET", "STAT"};
  struct slice word, rest = slice_str(verb(p));
  (void)sl_text_next(&rest, ' ', &word);
  for (size_t i = 0; i < sizeof always / sizeof *always; i++)
    if (sl_text_ieq_str(word, always[i]))
      return true;
  return (*p->id || rest.n) && (sl_text_ieq_str(word, "LIST") || sl_text_ieq_str(word, "UIDL"));
}

static sl_result command(struct pop3 *p)
{
  CO_BEGIN(&p->command_co);
  POP3_SAY(p, verb(p), *p->id ? p->id : NULL);
  POP3_REPLY(p);
  if (p->status != POP3_OK)
    CO_FAIL(sl_talk_fail(&p->talk, CURLE_WEIRD_SERVER_REPLY, "The server refused the command"));
  p->unread = !is_single(p);
  if (p->unread && !p->nobody) {
    TALK_ASK(&p->talk, POP3_BODY);
    TALK_TRY(p->talk.answer);
    p->unread = false;
  }
  CO_END;
}

sl_result sl_pop3_run(struct pop3 *p)
{
  CO_BEGIN(&p->run_co);
  if (!p->session->logged_in)
    CO_CALL(login(p));
  CO_CALL(command(p));
  CO_END;
}
