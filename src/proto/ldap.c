/* See ldap.h. Numbers are those of sections of RFC 4511. */
#include "proto/ldap.h"

#include <curl/curl.h>

#include "base/text.h"
#include "wire/encode.h"

#define LDAP_REPLY(f, op)                                                                          \
  do {                                                                                             \
    (f)->awaited = (op);                                                                           \
    CO_AWAIT(sl_talk_take_reply(&(f)->talk));                                                      \
  } while (0)

void sl_ldap_init(struct ldap *f, struct buf *error)
{
  *f = (struct ldap){.code = 0};
  sl_talk_init(&f->talk, LDAP_OUT_MAX, error);
  sl_buf_init(&f->challenge, SASL_TEXT_MAX);
  sl_buf_init(&f->credentials, SASL_TEXT_MAX);
}

void sl_ldap_done(struct ldap *f)
{
  sl_talk_done(&f->talk);
  sl_sasl_done(&f->sasl);
  sl_buf_done(&f->challenge);
  sl_buf_done(&f->credentials);
}

bool sl_ldap_take_result(struct ldap *f, struct slice body)
{
  struct ldap_result r;
  size_t n = 0;
  if (!sl_ldap_result(body, &r))
    return false;
  f->code = r.code;
  for (; n < r.text.n && n < LDAP_TEXT_MAX; n++)
    f->text[n] = sl_is_ctrl(r.text.p[n]) ? '?' : r.text.p[n];
  f->text[n] = 0;
  sl_buf_clear(&f->challenge);
  sl_encode_base64(r.sasl, &f->challenge);
  return true;
}

bool sl_ldap_take_entry(struct ldap *f, struct slice body)
{
  struct slice dn, attributes, name, values, value;
  enum sl_parse p, more;
  if (!sl_ldap_entry(body, &dn, &attributes))
    return false;
  while ((p = sl_ldap_attribute(&attributes, &name, &values)) == SL_PARSE_DONE) {
    while ((more = sl_ldap_value(&values, &value)) == SL_PARSE_DONE)
      f->sasl.offered |= sl_sasl_mechanism(value);
    if (more == SL_PARSE_BAD)
      return false;
  }
  return p == SL_PARSE_MORE;
}

/* Each message has an identifier of its own: 4.1.1.1. */
static int32_t next_id(struct ldap *f)
{
  f->session->broken = true; /* until its reply has come */
  f->session->id = f->session->id == INT32_MAX ? 1 : f->session->id + 1;
  return f->session->id;
}

static sl_result said(const struct ldap *f)
{
  return sl_buf_result(&f->talk.out, CURLE_TOO_LARGE);
}

/* Some codes say more than that it was in vain. */
static sl_result refused(struct ldap *f, const char *what, sl_result otherwise)
{
  sl_result rc = f->code == LDAP_INVALID_CREDENTIALS     ? CURLE_LOGIN_DENIED
                 : f->code == LDAP_PROTOCOL_ERROR        ? CURLE_UNSUPPORTED_PROTOCOL
                 : f->code == LDAP_INSUFFICIENT_RIGHTS   ? CURLE_REMOTE_ACCESS_DENIED
                                                         : otherwise;
  return sl_talk_fail(&f->talk, rc, "LDAP: %s: %u %s %s", what, f->code, sl_ldap_code_name(f->code), f->text);
}

static sl_result start_tls(struct ldap *f)
{
  CO_BEGIN(&f->tls_co);
  sl_ldap_start_tls(&f->talk.out, next_id(f));
  TALK_TRY(said(f));
  f->talk.alone = true;
  LDAP_REPLY(f, LDAP_EXTENDED_DONE);
  f->talk.alone = false;
  if (f->code == LDAP_SUCCESS) {
    TALK_ASK(&f->talk, TALK_TLS);
    TALK_TRY(f->talk.answer);
    f->session->tls = true;
  } else if (f->use_ssl > CURLUSESSL_TRY) {
    CO_FAIL(refused(f, "TLS refused", CURLE_USE_SSL_FAILED));
  }
  f->session->broken = false;
  CO_END;
}

/* The same user may be another one by another way (EXTERNAL: whom the certificate says), so who asks for that binds
 * again, on the same connection: 4.2.1. */
static uint32_t way_of(const struct ldap *f)
{
  return f->use_sasl ? 1u << 16 | f->sasl.allowed : 1;
}

/* Said with each step is the mechanism; none, when we give it up. */
static sl_result say_sasl(struct ldap *f)
{
  const struct slice text = sl_buf_peek(&f->sasl.text);
  bool begins = f->sasl.mechanism, given_up = slice_eq(text, SLICE_LIT("*"));
  if (begins)
    f->mechanism = f->sasl.mechanism;
  sl_buf_clear(&f->credentials);
  if (!given_up && !slice_eq(text, SLICE_LIT("=")))
    sl_encode_from_base64(text, &f->credentials);
  struct slice credentials = sl_buf_peek(&f->credentials);
  sl_ldap_bind_sasl(&f->talk.out, next_id(f), given_up ? SLICE_NONE : slice_str(f->mechanism),
                    given_up || (begins && !text.n) ? NULL : &credentials);
  sl_result rc = sl_buf_result(&f->credentials, CURLE_TOO_LARGE);
  return rc ? rc : said(f);
}

/* 4.2.2: a server's last words may come with its success. Where they prove that it knows the password, too (RFC 2831
 * 2.1.3), they are a challenge like any other, but that nothing is said to it. */
static void take_sasl(struct ldap *f)
{
  if (f->code == LDAP_SUCCESS && f->challenge.n && !strcmp(f->mechanism, "DIGEST-MD5")) {
    sl_sasl_reply(&f->sasl, SASL_CONTINUE, sl_buf_peek(&f->challenge));
    f->sasl_rc = sl_sasl_run(&f->sasl);
    if (f->sasl_rc != SL_WAIT)
      return;
  }
  sl_sasl_reply(&f->sasl, f->code == LDAP_SUCCESS            ? SASL_ACCEPTED
                          : f->code == LDAP_SASL_IN_PROGRESS ? SASL_CONTINUE
                                                             : SASL_REFUSED, sl_buf_peek(&f->challenge));
  f->sasl_rc = sl_sasl_run(&f->sasl);
}

/* RFC 4512 5.1: the root entry tells which mechanisms there are. */
static sl_result log_in_by_sasl(struct ldap *f)
{
  static const struct ldap_search mechanisms = {SLICE_NONE, SLICE_LIT("\x87\x0bobjectclass"),
                                                SLICE_LIT("supportedSASLMechanisms"), LDAP_BASE};
  CO_BEGIN(&f->bind_co);
  f->sasl.offered = 0;
  sl_ldap_search(&f->talk.out, next_id(f), &mechanisms);
  TALK_TRY(said(f));
  LDAP_REPLY(f, LDAP_SEARCH_DONE);
  f->sasl_rc = sl_sasl_run(&f->sasl);
  while (f->sasl_rc == SL_WAIT) {
    TALK_TRY(say_sasl(f));
    LDAP_REPLY(f, LDAP_BIND_DONE);
    TALK_TRY(sl_buf_result(&f->challenge, CURLE_TOO_LARGE));
    take_sasl(f);
  }
  if (f->sasl_rc && f->sasl.none_left)
    CO_FAIL(sl_talk_fail(&f->talk, f->sasl_rc, "LDAP: no SASL mechanism that both sides know"));
  if (f->sasl_rc == CURLE_LOGIN_DENIED)
    CO_FAIL(refused(f, "cannot bind", f->sasl_rc));
  TALK_TRY(f->sasl_rc);
  f->session->bound = way_of(f);
  f->session->broken = false;
  CO_END;
}

static sl_result log_in(struct ldap *f)
{
  CO_BEGIN(&f->bind_co);
  sl_ldap_bind(&f->talk.out, next_id(f), slice_str(f->sasl.user), slice_str(f->sasl.password));
  TALK_TRY(said(f));
  LDAP_REPLY(f, LDAP_BIND_DONE);
  if (f->code != LDAP_SUCCESS)
    CO_FAIL(refused(f, "cannot bind", CURLE_LDAP_CANNOT_BIND));
  f->session->bound = way_of(f);
  f->session->broken = false;
  CO_END;
}

sl_result sl_ldap_run(struct ldap *f)
{
  CO_BEGIN(&f->run_co);
  if (!f->session->bound && f->use_ssl && !f->session->tls)
    CO_CALL(start_tls(f));
  if (f->session->bound != way_of(f))
    CO_CALL(f->use_sasl ? log_in_by_sasl(f) : log_in(f));
  if (!f->bind_only) {
    sl_ldap_search(&f->talk.out, next_id(f), &f->search);
    TALK_TRY(said(f));
    f->awaited = LDAP_SEARCH_DONE;
    TALK_ASK(&f->talk, LDAP_RECEIVE);
    TALK_TRY(f->talk.answer);
    f->session->broken = false;
    if (f->code != LDAP_SUCCESS && f->code != LDAP_SIZE_LIMIT) /* then what has come is what was wanted, or a part of it */
      CO_FAIL(sl_talk_fail(&f->talk, CURLE_LDAP_SEARCH_FAILED, "LDAP remote: search failed %s %s",
                           sl_ldap_code_name(f->code), f->text));
  }
  CO_END;
}
