/* NTLM; see ntlm.h. Section numbers are those of MS-NLMP. */
#include "wire/ntlm.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/encode.h"
#include "wire/md4.h"

/* Negotiate flags, section 2.2.2.5. */
enum {
  FLAG_UNICODE = 0x1,
  FLAG_OEM = 0x2,
  FLAG_REQUEST_TARGET = 0x4,
  FLAG_NTLM = 0x200,
  FLAG_ALWAYS_SIGN = 0x8000,
  FLAG_EXTENDED_SESSION = 0x80000,
  FLAG_TARGET_INFO = 0x800000
};
enum {
  RESPONSE = 24,
  TYPE2_MIN = 32,
  TYPE2_WITH_INFO = 48,
  TYPE3_HEAD = 64,
  OWN_MAX = 1024, /* a type 3 message is shorter than that, the target information not counted */
  MESSAGE_MAX = 400000
};

static const char workstation[] = "WORKSTATION"; /* the real name is nobody's business */

/* ---- little-endian ---- */

static void put_le(struct buf *out, uint64_t value, int bytes)
{
  for (int i = 0; i < bytes; i++)
    sl_buf_char(out, (char)(value >> (8 * i)));
}

static uint32_t get_le(const char *p, int bytes)
{
  uint32_t value = 0;
  for (int i = bytes; i--;)
    value = value << 8 | (unsigned char)p[i];
  return value;
}

/* The bytes as they are, or each as a UTF-16 code unit; `upper` for the names in hashes. */
static void put_text(struct buf *out, struct slice text, bool unicode, bool upper)
{
  for (size_t i = 0; i < text.n; i++) {
    sl_buf_char(out, upper ? sl_upper(text.p[i]) : text.p[i]);
    if (unicode)
      sl_buf_char(out, 0);
  }
}

static void wipe(struct buf *b)
{
  if (b->p)
    OPENSSL_cleanse(b->p, b->cap);
  sl_buf_done(b);
}

/* ---- type 1 and type 2 ---- */

/* Signature, type, flags, then domain and workstation: length, room, offset, all of them zero. */
sl_result sl_ntlm_negotiate(struct buf *out)
{
  static const char message[32] = "NTLMSSP\0\1\0\0\0\x06\x82\x08";
  _Static_assert((FLAG_OEM | FLAG_REQUEST_TARGET | FLAG_NTLM | FLAG_ALWAYS_SIGN |
                  FLAG_EXTENDED_SESSION) == 0x088206,
                 "the flags of the message");
  sl_encode_base64(slice_of(message, sizeof message), out);
  return sl_buf_result(out, CURLE_TOO_LARGE);
}

/* Offsets of a type 2 message: 12 target name, 20 flags, 24 nonce, 32 zeros, 40 target information.
 */
static sl_result parse(struct slice m, struct ntlm_challenge *c)
{
  if (m.n < TYPE2_MIN || memcmp(m.p, "NTLMSSP\0\2\0\0\0", 12) != 0)
    return CURLE_BAD_CONTENT_ENCODING;
  c->flags = get_le(m.p + 20, 4);
  memcpy(c->nonce, m.p + 24, sizeof c->nonce);
  if (!(c->flags & FLAG_TARGET_INFO) || m.n < TYPE2_WITH_INFO)
    return SL_OK;
  size_t len = get_le(m.p + 40, 2), at = get_le(m.p + 44, 4);
  if (!len)
    return SL_OK;
  if (at < TYPE2_WITH_INFO || at > m.n || len > m.n - at)
    return CURLE_BAD_CONTENT_ENCODING;
  c->target_info = (unsigned char *)sl_memdup0(m.p + at, len);
  c->target_info_n = (uint16_t)len;
  return c->target_info ? SL_OK : SL_NOMEM;
}

sl_result sl_ntlm_challenge_parse(struct slice base64, struct ntlm_challenge *out_challenge)
{
  struct ntlm_challenge c = {.flags = 0};
  struct buf message;
  sl_buf_init(&message, MESSAGE_MAX);
  sl_result result = CURLE_BAD_CONTENT_ENCODING;
  if (sl_encode_from_base64(base64, &message))
    result = parse(sl_buf_peek(&message), &c);
  else if (message.nomem)
    result = SL_NOMEM;
  sl_buf_done(&message);
  if (result == SL_OK)
    *out_challenge = c;
  return result;
}

void sl_ntlm_challenge_done(struct ntlm_challenge *c)
{
  sl_free(c->target_info);
  *c = (struct ntlm_challenge){.flags = 0};
}

/* ---- NTLMv1, section 3.3.1 ---- */

/* DES with a key of seven bytes. Triple DES with one key thrice is DES, and OpenSSL's default
 * provider has it. */
static bool des(const unsigned char key[7], const unsigned char in[8], unsigned char out[8])
{
  unsigned char k[24], scratch[16];
  int n = 0;
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  for (int i = 0; i < 8;
       i++) { /* seven bits a byte; the lowest is for parity, which nobody looks at */
    unsigned high = i ? (unsigned)key[i - 1] << (8 - i) : 0,
             low = i < 7 ? (unsigned)key[i] >> i : 0;
    k[i] = k[i + 8] = k[i + 16] = (unsigned char)((high | low) & 0xfe);
  }
  bool good = ctx && EVP_EncryptInit_ex(ctx, EVP_des_ede3_ecb(), NULL, k, NULL) &&
              EVP_EncryptUpdate(ctx, scratch, &n, in, 8) && n == 8;
  if (good)
    memcpy(out, scratch, 8);
  EVP_CIPHER_CTX_free(ctx);
  OPENSSL_cleanse(k, sizeof k);
  return good;
}

/* DESL: the 16 byte hash, padded with zeros to three keys, encrypts the nonce. */
static bool des_response(const unsigned char hash[16], const unsigned char nonce[8],
                         unsigned char out[RESPONSE])
{
  unsigned char keys[21] = {0};
  memcpy(keys, hash, 16);
  bool good =
      des(keys, nonce, out) && des(keys + 7, nonce, out + 8) && des(keys + 14, nonce, out + 16);
  OPENSSL_cleanse(keys, sizeof keys);
  return good;
}

/* LMOWFv1: upper case, 14 bytes. */
static bool lm_hash(struct slice password, unsigned char out[16])
{
  unsigned char keys[14] = {0};
  for (size_t i = 0; i < password.n && i < sizeof keys; i++)
    keys[i] = (unsigned char)sl_upper(password.p[i]);
  const unsigned char *magic = (const unsigned char *)"KGS!@#$%";
  bool good = des(keys, magic, out) && des(keys + 7, magic, out + 8);
  OPENSSL_cleanse(keys, sizeof keys);
  return good;
}

/* NTOWFv1. */
static sl_result nt_hash(struct slice password, unsigned char out[16])
{
  struct buf text;
  sl_buf_init(&text, MESSAGE_MAX);
  put_text(&text, password, true, false);
  sl_result result = sl_buf_result(&text, CURLE_TOO_LARGE);
  if (result == SL_OK)
    sl_md4((const unsigned char *)text.p, text.n, out);
  wipe(&text);
  return result;
}

/* ---- NTLMv2, section 3.3.2 ---- */

static bool hmac_md5(const unsigned char key[16], struct slice text, unsigned char out[16])
{
  unsigned int n = 0;
  return HMAC(EVP_md5(), key, 16, (const unsigned char *)(text.n ? text.p : ""), text.n, out, &n) &&
         n == 16;
}

/* NTOWFv2: keyed with the NT hash, over the user in upper case and the domain. */
static sl_result v2_hash(const unsigned char nt[16], struct slice user, struct slice domain,
                         unsigned char out[16])
{
  struct buf text;
  sl_buf_init(&text, MESSAGE_MAX);
  put_text(&text, user, true, true);
  put_text(&text, domain, true, false);
  sl_result result = sl_buf_result(&text, CURLE_TOO_LARGE);
  if (result == SL_OK && !hmac_md5(nt, sl_buf_peek(&text), out))
    result = CURLE_AUTH_ERROR;
  sl_buf_done(&text);
  return result;
}

/* The client's part of the response, section 2.2.2.7: version, time in units of 100 ns since 1601,
 * entropy, target information; each followed by zeros. It is hashed with the server's nonce before
 * it and sent with the hash there. */
static sl_result v2_responses(const struct ntlm_challenge *c, const unsigned char key[16],
                              const unsigned char entropy[SL_NTLM_ENTROPY], int64_t now_s,
                              unsigned char lm[RESPONSE], struct buf *nt)
{
  unsigned char both[16], hash[16];
  sl_buf_append(nt, c->nonce, 8);
  put_le(nt, 0x0101, 8);
  put_le(nt, ((uint64_t)now_s + 11644473600u) * 10000000u, 8);
  sl_buf_append(nt, entropy, SL_NTLM_ENTROPY);
  put_le(nt, 0, 4);
  sl_buf_append(nt, c->target_info, c->target_info_n);
  put_le(nt, 0, 4);
  memcpy(both, c->nonce, 8);
  memcpy(both + 8, entropy, 8);
  if (!sl_buf_ok(nt))
    return sl_buf_result(nt, CURLE_TOO_LARGE);
  if (!hmac_md5(key, sl_buf_peek(nt), hash) || !hmac_md5(key, slice_of((char *)both, 16), lm))
    return CURLE_AUTH_ERROR;
  memcpy(lm + 16, entropy, 8);
  if (!sl_buf_reserve(nt, 8))
    return sl_buf_result(nt, CURLE_TOO_LARGE);
  memmove(nt->p + 16, nt->p + 8, nt->n - 8); /* the hash takes the place of the nonce */
  memcpy(nt->p, hash, 16);
  nt->n += 8;
  return SL_OK;
}

/* ---- type 3 ---- */

static sl_result make_responses(const struct ntlm_challenge *c, struct slice user,
                                struct slice domain, struct slice password,
                                const unsigned char entropy[SL_NTLM_ENTROPY], int64_t now_s,
                                unsigned char lm[RESPONSE], struct buf *nt)
{
  unsigned char hash[16], key[16], response[RESPONSE];
  sl_result result = nt_hash(password, hash);
  if (result == SL_OK && c->flags & FLAG_EXTENDED_SESSION) {
    result = v2_hash(hash, user, domain, key);
    if (result == SL_OK)
      result = v2_responses(c, key, entropy, now_s, lm, nt);
  } else if (result == SL_OK) {
    bool good = des_response(hash, c->nonce, response) && lm_hash(password, key) &&
                des_response(key, c->nonce, lm);
    sl_buf_append(nt, response, good ? RESPONSE : 0);
    result = good ? sl_buf_result(nt, CURLE_TOO_LARGE) : CURLE_AUTH_ERROR;
  }
  OPENSSL_cleanse(hash, sizeof hash);
  OPENSSL_cleanse(key, sizeof key);
  return result;
}

static void put_field(struct buf *out, size_t n, size_t *offset)
{
  put_le(out, n, 2);
  put_le(out, n, 2);
  put_le(out, *offset, 4);
  *offset += n;
}

/* Signature, type, then for the responses, the domain, the user, the workstation and the session
 * key (none): length, room, offset; the flags; then what they point at. */
static sl_result put_message(uint32_t flags, size_t info_n, const unsigned char lm[RESPONSE],
                             struct slice nt, struct slice domain, struct slice user, struct buf *m)
{
  bool unicode = flags & FLAG_UNICODE;
  size_t width = unicode ? 2 : 1, offset = TYPE3_HEAD;
  if (nt.n > UINT16_MAX ||
      TYPE3_HEAD + RESPONSE + nt.n - info_n + (domain.n + user.n + strlen(workstation)) * width >=
          OWN_MAX)
    return CURLE_TOO_LARGE;
  sl_buf_append(m, "NTLMSSP\0\3\0\0\0", 12);
  put_field(m, RESPONSE, &offset);
  put_field(m, nt.n, &offset);
  put_field(m, domain.n * width, &offset);
  put_field(m, user.n * width, &offset);
  put_field(m, strlen(workstation) * width, &offset);
  put_le(m, 0, 8);
  put_le(m, flags, 4);
  sl_buf_append(m, lm, RESPONSE);
  sl_buf_add(m, nt);
  put_text(m, domain, unicode, false);
  put_text(m, user, unicode, false);
  put_text(m, slice_str(workstation), unicode, false);
  return sl_buf_result(m, CURLE_TOO_LARGE);
}

sl_result sl_ntlm_authenticate(const struct ntlm_challenge *c, struct slice user,
                               struct slice password, const unsigned char entropy[SL_NTLM_ENTROPY],
                               int64_t now_s, struct buf *out)
{
  struct slice domain = SLICE_NONE;
  unsigned char lm[RESPONSE];
  struct buf nt, message;
  size_t sep = 0;
  while (sep < user.n && user.p[sep] != '\\' && user.p[sep] != '/')
    sep++;
  if (sep < user.n) {
    domain = slice_head(user, sep);
    user = slice_from(user, sep + 1);
  }
  sl_buf_init(&nt, MESSAGE_MAX);
  sl_buf_init(&message, MESSAGE_MAX);
  size_t info_n = c->flags & FLAG_EXTENDED_SESSION ? c->target_info_n : 0;
  sl_result result = make_responses(c, user, domain, password, entropy, now_s, lm, &nt);
  if (result == SL_OK)
    result = put_message(c->flags, info_n, lm, sl_buf_peek(&nt), domain, user, &message);
  if (result == SL_OK) {
    sl_encode_base64(sl_buf_peek(&message), out);
    result = sl_buf_result(out, CURLE_TOO_LARGE);
  }
  sl_buf_done(&nt);
  sl_buf_done(&message);
  return result;
}
