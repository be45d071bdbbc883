/* SASL; see sasl.h. */
#include "proto/sasl.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/text.h"
#include "wire/encode.h"
#include "wire/ntlm.h"

/* `say` appends the message of ->step to `message`, or its base64 to ->text. CURLE_BAD_CONTENT_ENCODING: the challenge
 * makes no sense. */
struct sasl_mechanism {
  const char *name;
  uint16_t bit;
  uint8_t steps; /* messages of the client */
  bool initial;  /* the first one needs no challenge */
  sl_result (*say)(struct sasl *s, struct buf *message);
};

static sl_result decode(struct slice base64, struct buf *out)
{
  sl_buf_init(out, SASL_MESSAGE_MAX);
  if (slice_eq(base64, SLICE_LIT("=")))
    return SL_OK; /* RFC 4959 3: nothing, where something has to stand */
  if (sl_encode_from_base64(base64, out))
    return SL_OK;
  return out->nomem ? SL_NOMEM : CURLE_BAD_CONTENT_ENCODING;
}

static sl_result say_user(struct sasl *s, struct buf *message)
{
  sl_buf_add(message, slice_str(s->user));
  return sl_buf_result(message, CURLE_TOO_LARGE);
}

static sl_result say_digest_md5(struct sasl *s, struct buf *message)
{
  struct buf challenge, cnonce;
  sl_result rc = decode(s->challenge, &challenge);
  sl_buf_init(&cnonce, 2 * SASL_ENTROPY);
  sl_encode_hex(slice_of((const char *)s->entropy, SASL_ENTROPY), &cnonce);
  const struct sasl_digest d = {.user = slice_str(s->user),
                                .password = slice_str(s->password),
                                .service = slice_str(s->service),
                                .host = slice_str(s->host),
                                .cnonce = sl_buf_peek(&cnonce)};
  if (!rc && cnonce.nomem)
    rc = SL_NOMEM;
  if (!rc && !s->step)
    rc = sl_sasl_digest_md5(&d, sl_buf_peek(&challenge), message, s->rspauth);
  else if (!rc && !sl_sasl_digest_md5_proved(sl_buf_peek(&challenge), s->rspauth))
    rc = CURLE_LOGIN_DENIED; /* a server that does not know the password either */
  sl_buf_done(&challenge);
  sl_buf_done(&cnonce);
  return rc;
}

static sl_result say_cram_md5(struct sasl *s, struct buf *message)
{
  struct buf challenge;
  sl_result rc = decode(s->challenge, &challenge);
  if (!rc)
    rc = sl_sasl_cram_md5(slice_str(s->user), slice_str(s->password), sl_buf_peek(&challenge), message);
  sl_buf_done(&challenge);
  return rc;
}

static sl_result say_ntlm(struct sasl *s, struct buf *message)
{
  struct ntlm_challenge c;
  (void)message;
  if (!s->step)
    return sl_ntlm_negotiate(&s->text);
  sl_result rc = sl_ntlm_challenge_parse(s->challenge, &c);
  if (rc)
    return rc;
  rc = sl_ntlm_authenticate(&c, slice_str(s->user), slice_str(s->password), s->entropy, s->now_s, &s->text);
  sl_ntlm_challenge_done(&c);
  return rc;
}

static sl_result say_oauthbearer(struct sasl *s, struct buf *message)
{
  return sl_sasl_oauthbearer(slice_str(s->user), slice_str(s->host), s->port, slice_str(s->bearer), message);
}

static sl_result say_xoauth2(struct sasl *s, struct buf *message)
{
  return sl_sasl_xoauth2(slice_str(s->user), slice_str(s->bearer), message);
}

static sl_result say_plain(struct sasl *s, struct buf *message)
{
  return sl_sasl_plain(slice_str(s->authzid), slice_str(s->user), slice_str(s->password), message);
}

static sl_result say_login(struct sasl *s, struct buf *message)
{
  sl_buf_add(message, slice_str(s->step ? s->password : s->user));
  return sl_buf_result(message, CURLE_TOO_LARGE);
}

static const struct sasl_mechanism mechanisms[] = {
    {"EXTERNAL", SASL_EXTERNAL, 1, true, say_user},
    {"DIGEST-MD5", SASL_DIGEST_MD5, 2, false, say_digest_md5},
    {"CRAM-MD5", SASL_CRAM_MD5, 1, false, say_cram_md5},
    {"NTLM", SASL_NTLM, 2, true, say_ntlm},
    {"OAUTHBEARER", SASL_OAUTHBEARER, 1, true, say_oauthbearer},
    {"XOAUTH2", SASL_XOAUTH2, 1, true, say_xoauth2},
    {"PLAIN", SASL_PLAIN, 1, true, say_plain},
    {"LOGIN", SASL_LOGIN, 2, true, say_login},
};
enum { MECHANISMS = sizeof mechanisms / sizeof *mechanisms };

/* ---- which ---- */

uint16_t sl_sasl_mechanism(struct slice name)
{
  for (size_t i = 0; i < MECHANISMS; i++)
    if (sl_text_ieq_str(name, mechanisms[i].name))
      return mechanisms[i].bit;
  return 0;
}

static uint16_t option_word(struct slice word, uint16_t own)
{
  static const char *const known[] = {"GSSAPI", "SCRAM-SHA-1", "SCRAM-SHA-256"};
  if (slice_eq(word, SLICE_LIT("*")))
    return SASL_DEFAULT;
  if (sl_text_ieq_str(word, "+LOGIN"))
    return own & SASL_OWN_LOGIN;
  if (sl_text_ieq_str(word, "+APOP"))
    return own & SASL_OWN_APOP;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (sl_text_ieq_str(word, known[i]))
      return SASL_NOT_BUILT_IN;
  return sl_sasl_mechanism(word);
}

sl_result sl_sasl_options(struct slice options, uint16_t own, uint16_t *out_allowed)
{
  const struct slice key = SLICE_LIT("AUTH=");
  uint16_t allowed = options.n ? 0 : SASL_DEFAULT;
  while (options.n) {
    struct slice part = slice_head(options, slice_find(options, ';'));
    uint16_t found = sl_text_istarts(part, key) ? option_word(slice_from(part, key.n), own) : 0;
    if (!found)
      return CURLE_URL_MALFORMAT;
    allowed |= found;
    options = slice_from(options, part.n + 1);
  }
  *out_allowed = allowed;
  return SL_OK;
}

/* A token is no password, so nothing but the two mechanisms for it may be used. EXTERNAL is for who has nothing to
 * prove himself with. */
static const struct sasl_mechanism *pick(const struct sasl *s)
{
  const uint16_t token = SASL_OAUTHBEARER | SASL_XOAUTH2;
  unsigned usable = s->offered & s->allowed;
  if (s->password && *s->password)
    usable &= ~SASL_EXTERNAL;
  usable &= SASL_EXTERNAL | (!s->user ? 0u : s->bearer ? token : (unsigned)~token);
  for (size_t i = 0; i < MECHANISMS; i++)
    if (usable & mechanisms[i].bit)
      return &mechanisms[i];
  return NULL;
}

bool sl_sasl_usable(const struct sasl *s)
{
  return pick(s) != NULL;
}

/* ---- the exchange ---- */

static void wipe(struct buf *b)
{
  if (b->p)
    OPENSSL_cleanse(b->p, b->cap);
  sl_buf_done(b);
}

void sl_sasl_done(struct sasl *s)
{
  wipe(&s->text);
}

/* The next message of the mechanism, into ->text. */
static sl_result say(struct sasl *s)
{
  struct buf message;
  wipe(&s->text);
  sl_buf_init(&s->text, SASL_TEXT_MAX);
  sl_buf_init(&message, SASL_MESSAGE_MAX);
  sl_result rc = s->current->say(s, &message);
  if (!rc && message.n)
    sl_encode_base64(sl_buf_peek(&message), &s->text);
  wipe(&message);
  if (!rc)
    rc = sl_buf_result(&s->text, CURLE_TOO_LARGE);
  s->step++;
  return rc;
}

static sl_result say_text(struct sasl *s, const char *text)
{
  sl_buf_clear(&s->text);
  sl_buf_str(&s->text, text);
  return sl_buf_result(&s->text, CURLE_TOO_LARGE);
}

_Static_assert((int)SASL_ENTROPY >= (int)SL_NTLM_ENTROPY, "for all mechanisms");

/* The name of the mechanism, and what it begins with, if that may be sent and there is room for it. */
static sl_result begin(struct sasl *s)
{
  s->step = 0;
  s->cancelled = false;
  s->mechanism = s->current->name;
  s->offered &= (uint16_t)~s->current->bit;
  wipe(&s->text);
  sl_buf_init(&s->text, SASL_TEXT_MAX);
  if (!s->initial_response || !s->current->initial)
    return SL_OK;
  sl_result rc = say(s);
  if (!rc && !s->text.n)
    rc = say_text(s, "="); /* RFC 4959 3 */
  if (!rc && s->max_initial && strlen(s->mechanism) + 1 + s->text.n > s->max_initial) {
    s->step = 0;
    rc = say_text(s, "");
  }
  return rc;
}

/* Answers a challenge, or gives the mechanism up. */
static sl_result answer(struct sasl *s)
{
  sl_result rc = say(s);
  s->cancelled = rc == CURLE_BAD_CONTENT_ENCODING;
  return s->cancelled ? say_text(s, "*") : rc;
}

void sl_sasl_reply(struct sasl *s, enum sasl_reply reply, struct slice challenge)
{
  s->reply = (uint8_t)reply;
  s->challenge = challenge;
  s->has_reply = true;
}

static bool take_reply(struct sasl *s)
{
  if (!s->has_reply)
    return false;
  s->has_reply = false;
  s->mechanism = NULL;
  return true;
}

#define SASL_TRY(result)                                                                           \
  do {                                                                                             \
    sl_result tried_ = (result);                                                                   \
    if (tried_)                                                                                    \
      CO_FAIL(tried_);                                                                             \
  } while (0)

sl_result sl_sasl_run(struct sasl *s)
{
  CO_BEGIN(&s->co);
  while ((s->current = pick(s))) {
    SASL_TRY(begin(s));
    CO_AWAIT(take_reply(s));
    while (s->step < s->current->steps && !s->cancelled) {
      if (s->reply != SASL_CONTINUE)
        CO_FAIL(CURLE_LOGIN_DENIED);
      SASL_TRY(answer(s));
      CO_AWAIT(take_reply(s));
    }
    if (s->cancelled)
      continue; /* whatever the server says to that */
    if (s->reply == SASL_CONTINUE && s->current->bit == SASL_OAUTHBEARER) {
      SASL_TRY(say_text(s, "AQ==")); /* RFC 7628 3.2.3: its reasons are taken before it says no */
      CO_AWAIT(take_reply(s));
    }
    if (s->reply != SASL_ACCEPTED)
      CO_FAIL(CURLE_LOGIN_DENIED);
    break;
  }
  s->none_left = !s->current;
  if (s->none_left)
    CO_FAIL(CURLE_LOGIN_DENIED);
  CO_END;
}
