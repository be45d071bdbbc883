/* Messages of the SASL mechanisms; see sasl_msg.h. */
#include "wire/sasl_msg.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"
#include "wire/auth_header.h"
#include "wire/encode.h"

enum {
  MD5 = 16,
  VALUE_MAX = 1 << 20, /* bytes of a value in a challenge, and of what is hashed */
  KEY_SEPARATOR = 1    /* RFC 7628 3.1 */
};

sl_result sl_sasl_plain(struct slice authzid, struct slice user, struct slice password, struct buf *out)
{
  sl_buf_add(out, authzid);
  sl_buf_char(out, 0);
  sl_buf_add(out, user);
  sl_buf_char(out, 0);
  sl_buf_add(out, password);
  return sl_buf_result(out, CURLE_TOO_LARGE);
}

sl_result sl_sasl_cram_md5(struct slice user, struct slice password, struct slice challenge, struct buf *out)
{
  unsigned char hash[MD5];
  if (password.n > INT32_MAX)
    return CURLE_TOO_LARGE;
  if (!HMAC(EVP_md5(), password.n ? password.p : "", (int)password.n,
            (const unsigned char *)(challenge.n ? challenge.p : ""), challenge.n, hash, NULL))
    return CURLE_AUTH_ERROR;
  sl_buf_add(out, user);
  sl_buf_char(out, ' ');
  sl_encode_hex(slice_of((const char *)hash, sizeof hash), out);
  return sl_buf_result(out, CURLE_TOO_LARGE);
}

/* ---- OAuth 2.0 ---- */

static bool has_separator(struct slice s)
{
  return slice_find(s, KEY_SEPARATOR) < s.n;
}

static void add_token(struct slice token, struct buf *out)
{
  sl_buf_str(out, "auth=Bearer ");
  sl_buf_add(out, token);
  sl_buf_char(out, KEY_SEPARATOR);
  sl_buf_char(out, KEY_SEPARATOR);
}

/* RFC 5801 4: the name stands in a list. */
static void add_saslname(struct slice name, struct buf *out)
{
  for (size_t i = 0; i < name.n; i++) {
    if (name.p[i] == ',')
      sl_buf_str(out, "=2C");
    else if (name.p[i] == '=')
      sl_buf_str(out, "=3D");
    else
      sl_buf_char(out, name.p[i]);
  }
}

sl_result sl_sasl_oauthbearer(struct slice user, struct slice host, uint16_t port, struct slice token, struct buf *out)
{
  if (has_separator(user) || has_separator(host) || has_separator(token))
    return CURLE_AUTH_ERROR;
  sl_buf_str(out, user.n ? "n,a=" : "n,");
  add_saslname(user, out);
  sl_buf_char(out, ',');
  sl_buf_char(out, KEY_SEPARATOR);
  sl_buf_str(out, "host=");
  sl_buf_add(out, host);
  sl_buf_printf(out, "%cport=%u%c", KEY_SEPARATOR, port, KEY_SEPARATOR);
  add_token(token, out);
  return sl_buf_result(out, CURLE_TOO_LARGE);
}

sl_result sl_sasl_xoauth2(struct slice user, struct slice token, struct buf *out)
{
  if (has_separator(user) || has_separator(token))
    return CURLE_AUTH_ERROR;
  sl_buf_str(out, "user=");
  sl_buf_add(out, user);
  sl_buf_char(out, KEY_SEPARATOR);
  add_token(token, out);
  return sl_buf_result(out, CURLE_TOO_LARGE);
}

/* ---- DIGEST-MD5 ---- */

struct digest_challenge {
  struct buf realm, nonce;
  bool has_realm, has_nonce, has_algorithm;
  bool good; /* so far */
};

static void take_param(struct digest_challenge *c, const struct auth_param *p)
{
  if (sl_text_ieq_str(p->name, "realm")) {
    if (!c->has_realm) /* several: any will do, RFC 2831 2.1.1 */
      sl_auth_param_value(p, &c->realm);
    c->has_realm = true;
  } else if (sl_text_ieq_str(p->name, "nonce")) {
    c->good = c->good && !c->has_nonce;
    sl_auth_param_value(p, &c->nonce);
    c->has_nonce = true;
  } else if (sl_text_ieq_str(p->name, "algorithm")) {
    c->good = c->good && sl_text_ieq_str(p->value, "md5-sess");
    c->has_algorithm = true;
  } else if (sl_text_ieq_str(p->name, "qop")) {
    c->good = c->good && sl_text_list_has(p->value, "auth");
  }
}

/* RFC 2831 2.1.1. */
static sl_result parse_challenge(struct digest_challenge *c, struct slice text)
{
  struct auth_param p;
  *c = (struct digest_challenge){.good = true};
  sl_buf_init(&c->realm, VALUE_MAX);
  sl_buf_init(&c->nonce, VALUE_MAX);
  while (sl_auth_param_next(&text, &p))
    take_param(c, &p);
  if (c->realm.nomem || c->nonce.nomem)
    return SL_NOMEM;
  bool good = c->good && c->has_nonce && c->has_algorithm && sl_buf_ok(&c->realm) && sl_buf_ok(&c->nonce);
  return good ? SL_OK : CURLE_BAD_CONTENT_ENCODING;
}

static void add_parts(struct buf *out, const struct slice *parts, size_t n_parts)
{
  for (size_t i = 0; i < n_parts; i++) {
    if (i)
      sl_buf_char(out, ':');
    sl_buf_add(out, parts[i]);
  }
}

/* Replaces the text by its hash; `hex`: in hexadecimal. */
static void hash_text(struct buf *text, bool hex)
{
  char raw[MD5];
  if (!sl_buf_ok(text) || !EVP_Digest(text->p, text->n, (unsigned char *)raw, NULL, EVP_md5(), NULL)) {
    text->full = true;
    return;
  }
  OPENSSL_cleanse(text->p, text->n);
  sl_buf_clear(text);
  if (hex)
    sl_encode_hex(slice_of(raw, sizeof raw), text);
  else
    sl_buf_append(text, raw, sizeof raw);
  OPENSSL_cleanse(raw, sizeof raw);
}

/* RFC 2831 2.1.2.1 and 2.1.3: response-value, and with an empty method the server's. */
static sl_result response_value(const struct sasl_digest *d, const struct digest_challenge *c, const char *method,
                                struct slice uri, char out_hex[SL_SASL_RSPAUTH])
{
  struct buf a1, a2;
  struct slice nonce = sl_buf_peek(&c->nonce), user[] = {d->user, sl_buf_peek(&c->realm), d->password};
  struct slice request[] = {slice_str(method), uri};
  sl_buf_init(&a1, VALUE_MAX);
  sl_buf_init(&a2, VALUE_MAX);
  add_parts(&a1, user, 3);
  hash_text(&a1, false);
  struct slice session[] = {SLICE_NONE, nonce, d->cnonce};
  add_parts(&a1, session, 3);
  hash_text(&a1, true);
  add_parts(&a2, request, 2);
  hash_text(&a2, true);
  struct slice all[] = {SLICE_NONE, nonce, SLICE_LIT("00000001"), d->cnonce, SLICE_LIT("auth"), sl_buf_peek(&a2)};
  add_parts(&a1, all, 6);
  hash_text(&a1, true);
  sl_result rc = a1.nomem || a2.nomem ? SL_NOMEM : !sl_buf_ok(&a1) || !sl_buf_ok(&a2) ? CURLE_AUTH_ERROR : SL_OK;
  if (!rc)
    memcpy(out_hex, a1.p, SL_SASL_RSPAUTH);
  sl_buf_done(&a1);
  sl_buf_done(&a2);
  return rc;
}

static sl_result answer(const struct sasl_digest *d, const struct digest_challenge *c, struct slice uri,
                        struct buf *out, char out_rspauth[SL_SASL_RSPAUTH])
{
  char response[SL_SASL_RSPAUTH];
  sl_result rc = response_value(d, c, "AUTHENTICATE", uri, response);
  if (!rc)
    rc = response_value(d, c, "", uri, out_rspauth);
  if (rc)
    return rc;
  sl_auth_param_add(out, "username", d->user);
  if (c->has_realm)
    sl_auth_param_add(out, ",realm", sl_buf_peek(&c->realm));
  sl_auth_param_add(out, ",nonce", sl_buf_peek(&c->nonce));
  sl_auth_param_add(out, ",cnonce", d->cnonce);
  sl_auth_param_add(out, ",digest-uri", uri);
  sl_buf_str(out, ",nc=00000001,qop=auth,response=");
  sl_buf_append(out, response, sizeof response);
  return sl_buf_result(out, CURLE_TOO_LARGE);
}

sl_result sl_sasl_digest_md5(const struct sasl_digest *d, struct slice challenge, struct buf *out,
                             char out_rspauth[SL_SASL_RSPAUTH])
{
  struct digest_challenge c;
  struct buf uri;
  sl_buf_init(&uri, VALUE_MAX);
  sl_buf_add(&uri, d->service);
  sl_buf_char(&uri, '/');
  sl_buf_add(&uri, d->host);
  sl_result rc = parse_challenge(&c, challenge);
  if (!rc)
    rc = sl_buf_result(&uri, CURLE_TOO_LARGE);
  if (!rc)
    rc = answer(d, &c, sl_buf_peek(&uri), out, out_rspauth);
  sl_buf_done(&uri);
  sl_buf_done(&c.realm);
  sl_buf_done(&c.nonce);
  return rc;
}

bool sl_sasl_digest_md5_proved(struct slice challenge, const char rspauth[SL_SASL_RSPAUTH])
{
  struct auth_param p;
  while (sl_auth_param_next(&challenge, &p))
    if (sl_text_ieq_str(p.name, "rspauth"))
      return sl_text_ieq(p.value, slice_of(rspauth, SL_SASL_RSPAUTH));
  return false;
}
