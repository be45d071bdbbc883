/* SigV4; see sigv4.h. */
#include "wire/sigv4.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/encode.h"
#include "wire/stamp.h"

enum { HASH = 32, TEXT_MAX = 16 << 20, STAMP = 16 };

/* What is found out before there is anything to sign. */
struct scope {
  struct slice provider1, provider2, region, service;
  struct slice host, payload; /* payload: the hash, or a word instead of it */
  struct slice stamp;         /* YYYYMMDDTHHMMSSZ */
  bool own_date, own_payload; /* made here, to be sent */
  char made_stamp[STAMP];
  struct buf hash;
};

static bool name_is(struct slice name, struct slice provider, const char *rest)
{
  return sl_text_istarts(name, SLICE_LIT("x-")) && sl_text_istarts(slice_from(name, 2), provider) &&
         sl_text_ieq_str(slice_from(name, 2 + provider.n), rest);
}

/* ---- scope ---- */

/* They would get into header lines. */
static bool has_ctrl(struct slice s)
{
  for (size_t i = 0; i < s.n; i++)
    if (sl_is_ctrl(s.p[i]))
      return true;
  return false;
}

static struct slice take_part(struct slice *rest)
{
  struct slice part = slice_head(*rest, slice_find(*rest, ':'));
  *rest = slice_from(*rest, part.n + 1);
  return part;
}

/* The host name is service.region.and.so.on where the spec does not say. */
static sl_result scope_names(const struct sigv4_request *r, struct scope *s, const char **out_error)
{
  struct slice rest = r->spec, name = r->host;
  if (rest.n) {
    s->provider1 = take_part(&rest);
    s->provider2 = take_part(&rest);
    s->region = take_part(&rest);
    s->service = rest;
  }
  if (!s->provider1.n) {
    *out_error = "The first provider is empty";
    return CURLE_BAD_FUNCTION_ARGUMENT;
  }
  if (has_ctrl(r->spec) || has_ctrl(r->user)) {
    *out_error = "Control characters in the parameters or the user name";
    return CURLE_BAD_FUNCTION_ARGUMENT;
  }
  if (!s->provider2.n)
    s->provider2 = s->provider1;
  size_t dot = slice_find(name, '.');
  bool dotted = dot < name.n;
  if (!s->service.n && dotted)
    s->service = slice_head(name, dot);
  if (!s->service.n) {
    *out_error = "Neither the parameters nor the host name tell the service";
    return CURLE_URL_MALFORMAT;
  }
  if (!s->region.n && dotted) {
    name = slice_from(name, dot + 1);
    dot = slice_find(name, '.');
    if (dot < name.n)
      s->region = slice_head(name, dot);
  }
  if (!s->region.n) {
    *out_error = "Neither the parameters nor the host name tell the region";
    return CURLE_URL_MALFORMAT;
  }
  return SL_OK;
}

static bool hash_hex(struct slice text, struct buf *out)
{
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  if (!EVP_Digest(text.n ? text.p : "", text.n, hash, &n, EVP_sha256(), NULL) || n != HASH)
    out->nomem = true; /* what else can it be */
  else
    sl_encode_hex(slice_of((const char *)hash, n), out);
  return sl_buf_ok(out);
}

/* S3 wants the hash of the body as a header field, and puts up with none at all. */
static bool scope_payload(const struct sigv4_request *r, struct scope *s)
{
  bool s3 = sl_text_ieq_str(s->provider1, "aws") && sl_text_ieq_str(s->service, "s3");
  if (s->payload.n)
    return true;
  s->own_payload = s3;
  if (s3 && r->body_unknown) {
    s->payload = SLICE_LIT("UNSIGNED-PAYLOAD");
    return true;
  }
  if (!hash_hex(r->body_unknown ? SLICE_NONE : r->body, &s->hash))
    return false;
  s->payload = sl_buf_peek(&s->hash);
  return true;
}

static sl_result scope_init(const struct sigv4_request *r, struct scope *s, const char **out_error)
{
  char digits[SL_STAMP_DIGITS + 1];
  sl_result result = scope_names(r, s, out_error);
  if (result != SL_OK)
    return result;
  s->host = r->host;
  for (size_t i = 0; i < r->n_headers; i++) {
    struct slice value = sl_text_trim(r->headers[i].value);
    if (sl_text_ieq_str(r->headers[i].name, "host"))
      s->host = value;
    else if (name_is(r->headers[i].name, s->provider2, "-date"))
      s->stamp = value;
    else if (name_is(r->headers[i].name, s->provider2, "-content-sha256"))
      s->payload = value;
  }
  if (!s->stamp.n) {
    if (!sl_stamp(digits, r->now_s)) {
      *out_error = "The time is out of range";
      return CURLE_BAD_FUNCTION_ARGUMENT;
    }
    memcpy(s->made_stamp, digits, 8);
    s->made_stamp[8] = 'T';
    memcpy(s->made_stamp + 9, digits + 8, 6);
    s->made_stamp[15] = 'Z';
    s->stamp = slice_of(s->made_stamp, STAMP);
    s->own_date = true;
  }
  return scope_payload(r, s) ? SL_OK : SL_NOMEM;
}

static void put_lower(struct buf *out, struct slice text)
{
  for (size_t i = 0; i < text.n; i++)
    sl_buf_char(out, sl_lower(text.p[i]));
}

static void put_upper(struct buf *out, struct slice text)
{
  for (size_t i = 0; i < text.n; i++)
    sl_buf_char(out, sl_upper(text.p[i]));
}

/* date/region/service/aws4_request */
static void put_scope(struct buf *out, const struct scope *s)
{
  sl_buf_add(out, slice_head(s->stamp, 8));
  sl_buf_char(out, '/');
  sl_buf_add(out, s->region);
  sl_buf_char(out, '/');
  sl_buf_add(out, s->service);
  sl_buf_char(out, '/');
  put_lower(out, s->provider1);
  sl_buf_str(out, "4_request");
}

/* ---- the canonical request ---- */

static bool is_unreserved(char c)
{
  return sl_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void put_encoded(struct buf *out, char c)
{
  static const char digits[] = "0123456789ABCDEF";
  if (is_unreserved(c)) {
    sl_buf_char(out, c);
    return;
  }
  sl_buf_char(out, '%');
  sl_buf_char(out, digits[(unsigned char)c >> 4]);
  sl_buf_char(out, digits[c & 15]);
}

/* All services but S3 want the path, which is encoded already, encoded once more. */
static void put_path(struct buf *out, const struct sigv4_request *r, const struct scope *s)
{
  bool once = sl_text_ieq_str(s->service, "s3") || sl_text_ieq_str(s->service, "s3-express") ||
              sl_text_ieq_str(s->service, "s3-outposts");
  if (!r->path.n)
    sl_buf_char(out, '/');
  for (size_t i = 0; i < r->path.n; i++) {
    if (once || r->path.p[i] == '/')
      sl_buf_char(out, r->path.p[i]);
    else
      put_encoded(out, r->path.p[i]);
  }
}

/* Encoded in one way, whatever way it came in. */
static void put_query_part(struct buf *out, struct slice part)
{
  for (size_t i = 0; i < part.n; i++) {
    int high = i + 2 < part.n && part.p[i] == '%' ? sl_hex_value(part.p[i + 1]) : -1;
    int low = high >= 0 ? sl_hex_value(part.p[i + 2]) : -1;
    if (low >= 0) {
      put_encoded(out, (char)(high << 4 | low));
      i += 2;
    } else {
      put_encoded(out, part.p[i] == '+' ? ' ' : part.p[i]);
    }
  }
}

/* A name with its value: of the query, or a header field. */
struct pair {
  struct slice name, value;
  size_t order;
};

static int compare(struct slice a, struct slice b)
{
  size_t n = a.n < b.n ? a.n : b.n;
  int c = n ? memcmp(a.p, b.p, n) : 0;
  return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

static int compare_query(const void *a, const void *b)
{
  const struct pair *x = a, *y = b;
  int c = compare(x->name, y->name);
  return c ? c : compare(x->value, y->value);
}

/* Encodes name and value of each pair into `text`, then points at them: the text moves while it
 * grows. */
static bool encode_pairs(struct slice query, struct pair *pairs, size_t *n, struct buf *text)
{
  size_t lengths = 0;
  struct slice rest = query, one;
  *n = 0;
  while (rest.n) {
    one = slice_head(rest, slice_find(rest, '&'));
    rest = slice_from(rest, one.n + 1);
    if (!one.n)
      continue;
    size_t sep = slice_find(one, '='), start = text->n;
    put_query_part(text, slice_head(one, sep));
    pairs[*n].name.n = text->n - start;
    start = text->n;
    put_query_part(text, slice_from(one, sep + 1));
    pairs[(*n)++].value.n = text->n - start;
  }
  for (size_t i = 0; i < *n && sl_buf_ok(text); i++) {
    pairs[i].name.p = text->p + lengths;
    pairs[i].value.p = pairs[i].name.p + pairs[i].name.n;
    lengths += pairs[i].name.n + pairs[i].value.n;
  }
  return sl_buf_ok(text);
}

static sl_result put_query(struct buf *out, struct slice query)
{
  struct buf text;
  size_t n = 1;
  if (!query.n)
    return SL_OK;
  for (size_t i = 0; i < query.n; i++)
    n += query.p[i] == '&';
  struct pair *pairs = sl_calloc(n, sizeof *pairs);
  if (!pairs)
    return SL_NOMEM;
  sl_buf_init(&text, TEXT_MAX);
  bool good = encode_pairs(query, pairs, &n, &text);
  if (good)
    qsort(pairs, n, sizeof *pairs, compare_query);
  for (size_t i = 0; good && i < n; i++) {
    if (i)
      sl_buf_char(out, '&');
    sl_buf_add(out, pairs[i].name);
    sl_buf_char(out, '=');
    sl_buf_add(out, pairs[i].value);
  }
  sl_result result = sl_buf_result(&text, CURLE_TOO_LARGE);
  sl_buf_done(&text);
  sl_free(pairs);
  return result;
}

/* ---- header fields ---- */

static int compare_headers(const void *a, const void *b)
{
  const struct pair *x = a, *y = b;
  int c = compare(x->name, y->name);
  return c ? c : x->order < y->order ? -1 : x->order > y->order;
}

/* Blanks at the ends go, others become one. */
static void put_value(struct buf *out, struct slice value)
{
  value = sl_text_trim(value);
  for (size_t i = 0; i < value.n; i++)
    if (!sl_is_blank(value.p[i]))
      sl_buf_char(out, value.p[i]);
    else if (!sl_is_blank(value.p[i - 1]))
      sl_buf_char(out, ' ');
}

/* The fields to sign, sorted, their names in lower case in `names`. Room for three more than the
 * request has. */
static bool collect_headers(const struct sigv4_request *r, const struct scope *s,
                            struct pair *pairs, size_t *out_n, struct buf *names)
{
  size_t n = 0, at;
  put_lower(names, SLICE_LIT("host"));
  pairs[n++] = (struct pair){{NULL, names->n}, s->host, 0};
  for (int which = 0; which < 2; which++) {
    if (!(which ? s->own_payload : s->own_date))
      continue;
    at = names->n;
    sl_buf_str(names, "x-");
    put_lower(names, s->provider2);
    sl_buf_str(names, which ? "-content-sha256" : "-date");
    pairs[n] = (struct pair){{NULL, names->n - at}, which ? s->payload : s->stamp, n};
    n++;
  }
  for (size_t i = 0; i < r->n_headers; i++) {
    if (!r->headers[i].name.n || sl_text_ieq_str(r->headers[i].name, "host"))
      continue;
    at = names->n;
    put_lower(names, r->headers[i].name);
    pairs[n] = (struct pair){{NULL, names->n - at}, r->headers[i].value, n};
    n++;
  }
  at = 0;
  for (size_t i = 0; i < n && sl_buf_ok(names); i++) {
    pairs[i].name.p = names->p + at;
    at += pairs[i].name.n;
  }
  qsort(pairs, n, sizeof *pairs, compare_headers);
  *out_n = n;
  return sl_buf_ok(names);
}

/* name:value lines, and the list of the names; fields of one name are one. */
static sl_result put_headers(const struct sigv4_request *r, const struct scope *s, struct buf *out,
                             struct buf *signed_names)
{
  struct buf names;
  size_t n = 0;
  struct pair *pairs = sl_calloc(r->n_headers + 3, sizeof *pairs);
  if (!pairs)
    return SL_NOMEM;
  sl_buf_init(&names, TEXT_MAX);
  bool good = collect_headers(r, s, pairs, &n, &names);
  for (size_t i = 0; good && i < n; i++) {
    if (i && slice_eq(pairs[i].name, pairs[i - 1].name)) {
      sl_buf_char(out, ',');
    } else {
      if (i) {
        sl_buf_char(out, '\n');
        sl_buf_char(signed_names, ';');
      }
      sl_buf_add(out, pairs[i].name);
      sl_buf_char(out, ':');
      sl_buf_add(signed_names, pairs[i].name);
    }
    put_value(out, pairs[i].value);
  }
  sl_buf_char(out, '\n');
  sl_result result = sl_buf_result(&names, CURLE_TOO_LARGE);
  sl_buf_done(&names);
  sl_free(pairs);
  return result;
}

/* ---- signing ---- */

static bool hmac(const unsigned char *key, size_t key_n, struct slice text, unsigned char out[HASH])
{
  unsigned char result[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  if (!HMAC(EVP_sha256(), key, (int)key_n, (const unsigned char *)(text.n ? text.p : ""), text.n,
            result, &n) ||
      n != HASH)
    return false;
  memcpy(out, result, HASH);
  return true;
}

/* The key goes through date, region, service and "aws4_request" before it signs. */
static bool sign(const struct sigv4_request *r, const struct scope *s, struct slice text,
                 unsigned char out[HASH])
{
  struct buf secret, last;
  unsigned char key[HASH];
  sl_buf_init(&secret, TEXT_MAX);
  sl_buf_init(&last, TEXT_MAX);
  put_upper(&secret, s->provider1);
  sl_buf_char(&secret, '4');
  sl_buf_add(&secret, r->password);
  put_lower(&last, s->provider1);
  sl_buf_str(&last, "4_request");
  bool good = sl_buf_ok(&secret) && sl_buf_ok(&last) &&
              hmac((unsigned char *)secret.p, secret.n, slice_head(s->stamp, 8), key) &&
              hmac(key, HASH, s->region, key) && hmac(key, HASH, s->service, key) &&
              hmac(key, HASH, sl_buf_peek(&last), key) && hmac(key, HASH, text, out);
  if (secret.p)
    OPENSSL_cleanse(secret.p, secret.cap);
  OPENSSL_cleanse(key, sizeof key);
  sl_buf_done(&secret);
  sl_buf_done(&last);
  return good;
}

/* The canonical request's hash goes into the string to sign. */
static sl_result make_signature(const struct sigv4_request *r, const struct scope *s,
                                struct buf *signed_names, unsigned char out[HASH])
{
  struct buf request, text;
  sl_buf_init(&request, TEXT_MAX);
  sl_buf_init(&text, TEXT_MAX);
  sl_buf_add(&request, r->method);
  sl_buf_char(&request, '\n');
  put_path(&request, r, s);
  sl_buf_char(&request, '\n');
  sl_result result = put_query(&request, r->query);
  sl_buf_char(&request, '\n');
  if (result == SL_OK)
    result = put_headers(r, s, &request, signed_names);
  sl_buf_char(&request, '\n');
  sl_buf_add(&request, sl_buf_peek(signed_names));
  sl_buf_char(&request, '\n');
  sl_buf_add(&request, s->payload);
  put_upper(&text, s->provider1);
  sl_buf_str(&text, "4-HMAC-SHA256\n");
  sl_buf_add(&text, s->stamp);
  sl_buf_char(&text, '\n');
  put_scope(&text, s);
  sl_buf_char(&text, '\n');
  if (result == SL_OK)
    result = sl_buf_result(&request, CURLE_TOO_LARGE);
  if (result == SL_OK)
    hash_hex(sl_buf_peek(&request), &text);
  if (result == SL_OK)
    result = sl_buf_result(&text, CURLE_TOO_LARGE);
  if (result == SL_OK && !sign(r, s, sl_buf_peek(&text), out))
    result = SL_NOMEM;
  sl_buf_done(&request);
  sl_buf_done(&text);
  return result;
}

/* "X-Amz-Date: " */
static void put_own_name(struct buf *out, const struct scope *s, const char *rest)
{
  sl_buf_str(out, "X-");
  sl_buf_char(out, sl_upper(*s->provider2.p));
  put_lower(out, slice_from(s->provider2, 1));
  sl_buf_str(out, rest);
}

static void put_lines(const struct sigv4_request *r, const struct scope *s,
                      struct slice signed_names, const unsigned char signature[HASH],
                      struct buf *out)
{
  sl_buf_str(out, "Authorization: ");
  put_upper(out, s->provider1);
  sl_buf_str(out, "4-HMAC-SHA256 Credential=");
  sl_buf_add(out, r->user);
  sl_buf_char(out, '/');
  put_scope(out, s);
  sl_buf_str(out, ", SignedHeaders=");
  sl_buf_add(out, signed_names);
  sl_buf_str(out, ", Signature=");
  sl_encode_hex(slice_of((const char *)signature, HASH), out);
  sl_buf_str(out, "\r\n");
  if (s->own_date) {
    put_own_name(out, s, "-Date: ");
    sl_buf_add(out, s->stamp);
    sl_buf_str(out, "\r\n");
  }
  if (s->own_payload) {
    sl_buf_str(out, "x-");
    put_lower(out, s->provider2);
    sl_buf_str(out, "-content-sha256: ");
    sl_buf_add(out, s->payload);
    sl_buf_str(out, "\r\n");
  }
}

sl_result sl_sigv4_sign(const struct sigv4_request *r, struct buf *out_lines,
                        const char **out_error)
{
  struct scope s = {.provider1 = SLICE_NONE};
  struct buf signed_names;
  unsigned char signature[HASH];
  const char *error = "";
  sl_buf_init(&s.hash, 2 * HASH);
  sl_buf_init(&signed_names, TEXT_MAX);
  sl_result result = scope_init(r, &s, &error);
  if (result == SL_OK)
    result = make_signature(r, &s, &signed_names, signature);
  if (result == SL_OK) {
    put_lines(r, &s, sl_buf_peek(&signed_names), signature, out_lines);
    result = sl_buf_result(out_lines, CURLE_TOO_LARGE);
  }
  sl_buf_done(&s.hash);
  sl_buf_done(&signed_names);
  if (out_error)
    *out_error = error;
  return result;
}
