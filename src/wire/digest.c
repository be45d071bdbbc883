/* Digest; see digest.h. The names HA1, HA2 are those of RFC 2617, A1 and A2 those of RFC 7616 3.4.
 */
#include "wire/digest.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/auth_header.h"

enum { VALUE_MAX = 1 << 20, HEX_MAX = 64 };

struct hex {
  char p[HEX_MAX];
  size_t n;
};

/* ---- the challenge ---- */

void sl_digest_done(struct digest *d)
{
  sl_free(d->realm);
  sl_free(d->nonce);
  sl_free(d->opaque);
  sl_free(d->algorithm);
  *d = (struct digest){.realm = NULL};
}

static bool set_algorithm(struct digest *d)
{
  static const struct {
    const char *name;
    enum digest_hash hash;
    bool session;
  } rows[] = {
      {"MD5", SL_DIGEST_MD5, false},
      {"MD5-sess", SL_DIGEST_MD5, true},
      {"SHA-256", SL_DIGEST_SHA256, false},
      {"SHA-256-sess", SL_DIGEST_SHA256, true},
      {"SHA-512-256", SL_DIGEST_SHA512_256, false},
      {"SHA-512-256-sess", SL_DIGEST_SHA512_256, true},
  };
  if (!d->algorithm)
    return true; /* MD5 */
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (sl_text_ieq_str(slice_str(d->algorithm), rows[i].name)) {
      d->hash = rows[i].hash;
      d->session = rows[i].session;
      return true;
    }
  }
  return false;
}

static bool keep(char **slot, const struct buf *value)
{
  sl_free(*slot);
  *slot = sl_memdup0(value->p, value->n);
  return *slot != NULL;
}

static bool take_param(struct digest *d, struct slice name, const struct buf *value)
{
  struct slice text = sl_buf_peek(value);
  if (sl_text_ieq_str(name, "realm"))
    return keep(&d->realm, value);
  if (sl_text_ieq_str(name, "nonce"))
    return keep(&d->nonce, value);
  if (sl_text_ieq_str(name, "opaque"))
    return keep(&d->opaque, value);
  if (sl_text_ieq_str(name, "algorithm"))
    return keep(&d->algorithm, value);
  if (sl_text_ieq_str(name, "stale")) {
    d->stale = sl_text_ieq_str(text, "true");
  } else if (sl_text_ieq_str(name, "userhash")) {
    d->userhash = sl_text_ieq_str(text, "true");
  } else if (sl_text_ieq_str(name, "qop")) {
    d->qop_auth = sl_text_list_has(text, "auth");
    d->qop_auth_int = sl_text_list_has(text, "auth-int");
  }
  return true;
}

enum digest_verdict sl_digest_challenge(struct digest *d, struct slice params)
{
  struct digest fresh = {.realm = NULL};
  struct auth_param p;
  struct buf value;
  bool answered = d->nonce_count > 0, good = true;
  sl_buf_init(&value, VALUE_MAX);
  while (good && sl_auth_param_next(&params, &p)) {
    sl_buf_clear(&value);
    good = sl_auth_param_value(&p, &value) && take_param(&fresh, p.name, &value);
  }
  sl_buf_done(&value);
  sl_digest_done(d);
  enum digest_verdict verdict = !good                      ? SL_DIGEST_NOMEM
                                : answered && !fresh.stale ? SL_DIGEST_REFUSED
                                : !fresh.nonce             ? SL_DIGEST_UNUSABLE
                                : !set_algorithm(&fresh)   ? SL_DIGEST_UNUSABLE
                                : fresh.session && !fresh.qop_auth && !fresh.qop_auth_int
                                    ? SL_DIGEST_UNUSABLE /* without qop no client nonce is sent */
                                    : SL_DIGEST_READY;
  if (verdict == SL_DIGEST_READY)
    *d = fresh;
  else
    sl_digest_done(&fresh);
  return verdict;
}

/* ---- the answer ---- */

static const EVP_MD *hash_of(const struct digest *d)
{
  return d->hash == SL_DIGEST_SHA256       ? EVP_sha256()
         : d->hash == SL_DIGEST_SHA512_256 ? EVP_sha512_256()
                                           : EVP_md5();
}

/* The hexadecimal hash of the parts, joined with colons. */
static bool hash_parts(const struct digest *d, const struct slice *parts, size_t n_parts,
                       struct hex *out)
{
  static const char digits[] = "0123456789abcdef";
  unsigned char raw[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool good = ctx && EVP_DigestInit_ex(ctx, hash_of(d), NULL);
  for (size_t i = 0; good && i < n_parts; i++) {
    good = !i || EVP_DigestUpdate(ctx, ":", 1);
    if (good && parts[i].n)
      good = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
  }
  good = good && EVP_DigestFinal_ex(ctx, raw, &n) && n <= HEX_MAX / 2;
  EVP_MD_CTX_free(ctx);
  if (!good)
    return false;
  for (unsigned int i = 0; i < n; i++) {
    out->p[2 * i] = digits[raw[i] >> 4];
    out->p[2 * i + 1] = digits[raw[i] & 15];
  }
  out->n = 2 * n;
  return true;
}

static struct slice hex_peek(const struct hex *h)
{
  return slice_of(h->p, h->n);
}

/* A quoted string cannot hold them, and a line end would begin a header field of its own. */
static bool has_ctrl(struct slice s)
{
  for (size_t i = 0; i < s.n; i++)
    if (sl_is_ctrl(s.p[i]) && s.p[i] != '\t')
      return true;
  return false;
}

/* What the answer is made of. */
struct answer {
  struct slice uri;
  const char *qop; /* NULL: the way of RFC 2069 */
  char nc[9];
  struct hex user, response;
};

/* Section 3.4.2 and 3.4.3. */
static bool hash_a1_a2(const struct digest *d, const struct digest_request *r, struct slice uri,
                       bool auth_int, struct hex *a1, struct hex *a2)
{
  struct hex body;
  struct slice user[] = {r->user, slice_str(d->realm), r->password};
  if (!hash_parts(d, user, 3, a1))
    return false;
  struct slice session[] = {hex_peek(a1), slice_str(d->nonce), r->cnonce};
  if (d->session && !hash_parts(d, session, 3, a1))
    return false;
  if (auth_int && !hash_parts(d, &r->body, 1, &body))
    return false;
  struct slice request[] = {r->method, uri, SLICE_NONE};
  if (auth_int)
    request[2] = hex_peek(&body);
  return hash_parts(d, request, auth_int ? 3 : 2, a2);
}

static bool make_answer(const struct digest *d, const struct digest_request *r, struct answer *a)
{
  struct hex a1, a2;
  struct slice user[] = {r->user, slice_str(d->realm)};
  bool auth_int = !d->qop_auth && d->qop_auth_int;
  a->uri = r->ie_flavour ? slice_head(r->uri, slice_find(r->uri, '?')) : r->uri;
  a->qop = d->qop_auth ? "auth" : auth_int ? "auth-int" : NULL;
  for (int i = 0; i < 8; i++)
    a->nc[i] = "0123456789abcdef"[(d->nonce_count >> (28 - 4 * i)) & 15];
  a->nc[8] = 0;
  bool good = hash_a1_a2(d, r, a->uri, auth_int, &a1, &a2);
  if (good && d->userhash)
    good = hash_parts(d, user, 2, &a->user);
  if (good && a->qop) {
    struct slice parts[] = {hex_peek(&a1), slice_str(d->nonce), slice_str(a->nc),
                            r->cnonce,     slice_str(a->qop),   hex_peek(&a2)};
    good = hash_parts(d, parts, 6, &a->response);
  } else if (good) {
    struct slice parts[] = {hex_peek(&a1), slice_str(d->nonce), hex_peek(&a2)};
    good = hash_parts(d, parts, 3, &a->response);
  }
  OPENSSL_cleanse(&a1, sizeof a1); /* as good as the password */
  return good;
}

sl_result sl_digest_authorization(struct digest *d, const struct digest_request *r, struct buf *out)
{
  struct answer a;
  if (!d->nonce || has_ctrl(r->user) || has_ctrl(r->uri) || has_ctrl(slice_str(d->nonce)) ||
      has_ctrl(slice_str(d->realm)) || has_ctrl(slice_str(d->opaque)))
    return CURLE_AUTH_ERROR;
  d->nonce_count++;
  if (!make_answer(d, r, &a))
    return CURLE_AUTH_ERROR;
  sl_auth_param_add(out, "Digest username", d->userhash ? hex_peek(&a.user) : r->user);
  sl_auth_param_add(out, ", realm", slice_str(d->realm));
  sl_auth_param_add(out, ", nonce", slice_str(d->nonce));
  sl_auth_param_add(out, ", uri", a.uri);
  if (a.qop) {
    sl_auth_param_add(out, ", cnonce", r->cnonce);
    sl_buf_str(out, ", nc=");
    sl_buf_str(out, a.nc);
    sl_buf_str(out, ", qop=");
    sl_buf_str(out, a.qop);
  }
  sl_auth_param_add(out, ", response", hex_peek(&a.response));
  if (d->opaque)
    sl_auth_param_add(out, ", opaque", slice_str(d->opaque));
  if (d->algorithm) {
    sl_buf_str(out, ", algorithm=");
    sl_buf_str(out, d->algorithm);
  }
  if (d->userhash)
    sl_buf_str(out, ", userhash=true");
  return sl_buf_result(out, SL_NOMEM);
}
