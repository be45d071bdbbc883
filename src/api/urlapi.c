/* curl_url_*: a URL whose parts can be read and set one by one. The parser, the printer and the
 * checks are those of wire/url.h; here are the handle, its parts and their encodings. */
#include "base/mem.h"
#include "base/text.h"
#include "wire/encode.h"
#include "wire/url.h"

#define N_PARTS (CURLUPART_ZONEID + 1)

/* By CURLUPart. */
static const struct {
  size_t offset; /* in struct url */
  CURLUcode missing;
} parts[N_PARTS] = {[CURLUPART_URL] = {0, CURLUE_OK}, /* not a part of struct url */
                    [CURLUPART_SCHEME] = {offsetof(struct url, scheme), CURLUE_NO_SCHEME},
                    [CURLUPART_USER] = {offsetof(struct url, user), CURLUE_NO_USER},
                    [CURLUPART_PASSWORD] = {offsetof(struct url, password), CURLUE_NO_PASSWORD},
                    [CURLUPART_OPTIONS] = {offsetof(struct url, options), CURLUE_NO_OPTIONS},
                    [CURLUPART_HOST] = {offsetof(struct url, host), CURLUE_NO_HOST},
                    [CURLUPART_PORT] = {offsetof(struct url, port), CURLUE_NO_PORT},
                    [CURLUPART_PATH] = {offsetof(struct url, path), CURLUE_OK},
                    [CURLUPART_QUERY] = {offsetof(struct url, query), CURLUE_NO_QUERY},
                    [CURLUPART_FRAGMENT] = {offsetof(struct url, fragment), CURLUE_NO_FRAGMENT},
                    [CURLUPART_ZONEID] = {offsetof(struct url, zoneid), CURLUE_NO_ZONEID}};

static struct slice *part_of(struct url *u, CURLUPart part)
{
  return (struct slice *)(void *)((char *)u + parts[part].offset);
}

static const struct slice *peek_part(const struct url *u, CURLUPart part)
{
  return (const struct slice *)(const void *)((const char *)u + parts[part].offset);
}

static CURLUcode buf_code(const struct buf *b)
{
  return b->nomem ? CURLUE_OUT_OF_MEMORY : b->full ? CURLUE_TOO_LARGE : CURLUE_OK;
}

/* ---- the handle ---- */

CURLU *curl_url(void)
{
  return sl_calloc(1, sizeof(CURLU));
}

static void clear(CURLU *h)
{
  sl_url_done(&h->url);
  for (int part = 0; part < N_PARTS; part++) {
    sl_free(h->own[part]);
    h->own[part] = NULL;
  }
}

void curl_url_cleanup(CURLU *url)
{
  if (!url)
    return;
  clear(url);
  sl_free(url);
}

/* The copy has all parts in one buffer. */
CURLU *curl_url_dup(const CURLU *url)
{
  size_t room = 1;
  if (!url)
    return NULL;
  CURLU *copy = sl_malloc(sizeof(*copy));
  if (!copy)
    return NULL;
  *copy = (CURLU){.url = url->url};
  for (CURLUPart part = CURLUPART_SCHEME; part < N_PARTS; part++)
    room += peek_part(&url->url, part)->n;
  char *at = copy->url.buf = sl_malloc(room);
  if (!at) {
    sl_free(copy);
    return NULL;
  }
  for (CURLUPart part = CURLUPART_SCHEME; part < N_PARTS; part++) {
    struct slice *s = part_of(&copy->url, part);
    if (!s->p)
      continue;
    memcpy(at, s->p, s->n);
    s->p = at;
    at += s->n;
  }
  copy->url.text = SLICE_NONE;
  return copy;
}

const char *curl_url_strerror(CURLUcode code)
{
  return sl_url_strerror(code);
}

/* ---- get ---- */

static CURLUcode decode(struct slice s, bool plus, struct buf *out)
{
  struct buf spaced;
  if (!plus || slice_find(s, '+') == s.n) {
    if (sl_encode_from_percent(s, SL_PERCENT_NO_CTRL, out))
      return CURLUE_OK;
    return sl_buf_ok(out) ? CURLUE_URLDECODE : buf_code(out);
  }
  sl_buf_init(&spaced, SL_URL_TEXT_MAX);
  CURLUcode code = sl_buf_add(&spaced, s) ? CURLUE_OK : buf_code(&spaced);
  for (size_t i = 0; i < spaced.n; i++)
    if (spaced.p[i] == '+')
      spaced.p[i] = ' ';
  if (!code)
    code = decode(sl_buf_peek(&spaced), false, out);
  sl_buf_done(&spaced);
  return code;
}

static CURLUcode add_recoded(struct slice s, unsigned how, struct buf *out)
{
  if (!sl_buf_reserve(out, s.n * (how & SL_RECODE_ENCODE ? 3 : 1)))
    return buf_code(out);
  out->n += (uint32_t)sl_url_recode(out->p + out->n, s, how);
  out->p[out->n] = 0;
  return CURLUE_OK;
}

/* A part as the flags want it: decoded, then encoded. */
static CURLUcode convert(struct slice s, CURLUPart what, unsigned flags, struct buf *out)
{
  bool query = what == CURLUPART_QUERY;
  unsigned how = SL_RECODE_UPPER | SL_RECODE_ENCODE | (query ? SL_RECODE_PLUS : 0);
  struct buf decoded;
  if (!(flags & CURLU_URLENCODE))
    return flags & CURLU_URLDECODE ? decode(s, query, out)
           : sl_buf_add(out, s)    ? CURLUE_OK
                                   : buf_code(out);
  if (!(flags & CURLU_URLDECODE))
    return add_recoded(s, how, out);
  sl_buf_init(&decoded, SL_URL_TEXT_MAX);
  CURLUcode code = decode(s, query, &decoded);
  if (!code)
    code = add_recoded(sl_buf_peek(&decoded), how, out);
  sl_buf_done(&decoded);
  return code;
}

static CURLUcode get_host(const struct url *u, unsigned flags, struct buf *out)
{
  if (!u->host.p)
    return CURLUE_NO_HOST;
  if (!(flags & CURLU_URLENCODE) && flags & (CURLU_PUNYCODE | CURLU_PUNY2IDN))
    return sl_url_print_host(u, flags, out);
  return convert(u->host, CURLUPART_HOST, flags, out);
}

static CURLUcode get_port(const struct url *u, unsigned flags, struct buf *out)
{
  if (!u->port.p) {
    if (!(flags & CURLU_DEFAULT_PORT) || !u->known)
      return CURLUE_NO_PORT;
    return sl_buf_num(out, u->known->port) ? CURLUE_OK : buf_code(out);
  }
  if (flags & CURLU_NO_DEFAULT_PORT && u->known && u->known->port == u->port_number)
    return CURLUE_NO_PORT;
  return sl_buf_add(out, u->port) ? CURLUE_OK : buf_code(out);
}

static CURLUcode get_part(const struct url *u, CURLUPart what, unsigned flags, struct buf *out)
{
  struct slice s = *peek_part(u, what);
  bool may_be_empty = flags & CURLU_GET_EMPTY;
  switch (what) {
  case CURLUPART_SCHEME:
    if (u->guessed && flags & CURLU_NO_GUESS_SCHEME)
      return CURLUE_NO_SCHEME;
    if (!s.p && flags & CURLU_DEFAULT_SCHEME)
      s = SLICE_LIT("https");
    flags = 0; /* nothing to encode or decode */
    break;
  case CURLUPART_PATH:
    if (!s.n)
      s = SLICE_LIT("/");
    break;
  case CURLUPART_QUERY:
  case CURLUPART_FRAGMENT:
    if (!s.n && !may_be_empty)
      s = SLICE_NONE;
    break;
  default:
    break;
  }
  return s.p ? convert(s, what, flags, out) : parts[what].missing;
}

CURLUcode curl_url_get(const CURLU *url, CURLUPart what, char **part, unsigned int flags)
{
  struct buf out;
  CURLUcode code;
  if (!url)
    return CURLUE_BAD_HANDLE;
  if (!part)
    return CURLUE_BAD_PARTPOINTER;
  *part = NULL;
  if ((unsigned)what >= N_PARTS)
    return CURLUE_UNKNOWN_PART;
  sl_buf_init(&out, SL_URL_TEXT_MAX);
  if (what == CURLUPART_URL)
    code = sl_url_print(&url->url, flags & ~(SL_URL_NO_LOGIN | SL_URL_NO_FRAGMENT), &out);
  else if (what == CURLUPART_HOST)
    code = get_host(&url->url, flags, &out);
  else if (what == CURLUPART_PORT)
    code = get_port(&url->url, flags, &out);
  else
    code = get_part(&url->url, what, flags, &out);
  if (!code) {
    *part = sl_buf_take(&out);
    code = *part ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
  }
  sl_buf_done(&out);
  return code;
}

/* ---- set ---- */

/* NULL: the part is gone. */
static void put_part(CURLU *h, CURLUPart what, char *text_own)
{
  sl_free(h->own[what]);
  h->own[what] = text_own;
  *part_of(&h->url, what) = slice_str(text_own);
  h->url.text = SLICE_NONE;
}

static void remove_part(CURLU *h, CURLUPart what)
{
  if (what == CURLUPART_URL) {
    clear(h);
    return;
  }
  put_part(h, what, NULL);
  if (what == CURLUPART_SCHEME) {
    h->url.known = NULL;
    h->url.guessed = false;
  }
}

static CURLUcode set_scheme(CURLU *h, struct slice s, unsigned flags)
{
  const struct url_scheme *known = sl_url_scheme(s);
  if (!s.n || s.n > SL_URL_SCHEME_MAX)
    return CURLUE_BAD_SCHEME;
  if (!known && !(flags & CURLU_NON_SUPPORT_SCHEME))
    return CURLUE_UNSUPPORTED_SCHEME;
  for (size_t i = 0; i < s.n; i++) {
    bool sign = s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '.';
    if (i ? !sl_is_alnum(s.p[i]) && !sign : !sl_is_alpha(s.p[i]))
      return CURLUE_BAD_SCHEME;
  }
  char *copy = sl_memdup0(s.p, s.n);
  if (!copy)
    return CURLUE_OUT_OF_MEMORY;
  sl_text_lower(copy, s.n);
  put_part(h, CURLUPART_SCHEME, copy);
  h->url.known = known;
  h->url.guessed = false;
  return CURLUE_OK;
}

static CURLUcode set_port(CURLU *h, struct slice s)
{
  uint32_t port = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (!sl_is_digit(s.p[i]))
      return CURLUE_BAD_PORT_NUMBER;
    port = port * 10 + (uint32_t)(s.p[i] - '0');
    if (port > UINT16_MAX)
      return CURLUE_BAD_PORT_NUMBER;
  }
  if (!s.n)
    return CURLUE_BAD_PORT_NUMBER;
  while (s.n > 1 && s.p[0] == '0')
    s = slice_from(s, 1);
  char *copy = sl_memdup0(s.p, s.n);
  if (!copy)
    return CURLUE_OUT_OF_MEMORY;
  put_part(h, CURLUPART_PORT, copy);
  h->url.port_number = (uint16_t)port;
  return CURLUE_OK;
}

/* The zone comes with the host: a new host has its own or none. */
static CURLUcode put_host(CURLU *h, struct slice host, struct slice zoneid, enum url_host_kind kind)
{
  char *host_copy = sl_memdup0(host.p, host.n);
  char *zoneid_copy = zoneid.p ? sl_memdup0(zoneid.p, zoneid.n) : NULL;
  if (!host_copy || (zoneid.p && !zoneid_copy)) {
    sl_free(host_copy);
    sl_free(zoneid_copy);
    return CURLUE_OUT_OF_MEMORY;
  }
  put_part(h, CURLUPART_HOST, host_copy);
  put_part(h, CURLUPART_ZONEID, zoneid_copy);
  h->url.host_kind = (uint8_t)kind;
  h->url.host_8bit = false;
  for (size_t i = 0; i < host.n; i++)
    if ((unsigned char)host.p[i] > 127)
      h->url.host_8bit = true;
  return CURLUE_OK;
}

static CURLUcode set_host(CURLU *h, struct slice s, unsigned flags)
{
  char literal[SL_URL_LITERAL];
  struct slice host, zoneid;
  enum url_host_kind kind;
  struct buf decoded;
  if (!s.n)
    return flags & CURLU_NO_AUTHORITY ? put_host(h, s, SLICE_NONE, SL_HOST_NAME)
                                      : CURLUE_BAD_HOSTNAME;
  sl_buf_init(&decoded, SL_URL_MAX);
  CURLUcode code = CURLUE_OK;
  if (flags & CURLU_URLENCODE) {
    if (s.p[0] == '[') /* the brackets would not survive the encoding */
      code = CURLUE_BAD_HOSTNAME;
  } else if (s.p[0] != '[' && slice_find(s, '%') < s.n) {
    if (!sl_encode_from_percent(s, SL_PERCENT_NO_CTRL, &decoded))
      code = decoded.nomem ? CURLUE_OUT_OF_MEMORY : CURLUE_BAD_HOSTNAME;
    else if (decoded.p[0] == '[')
      code = CURLUE_BAD_HOSTNAME;
    s = sl_buf_peek(&decoded);
  }
  if (!code && sl_url_host_check(s, literal, &host, &zoneid, &kind))
    code = CURLUE_BAD_HOSTNAME;
  if (!code)
    code = put_host(h, host, zoneid, kind);
  sl_buf_done(&decoded);
  return code;
}

/* CURLU_URLENCODE: everything but the unreserved characters, with exceptions by part. */
static bool add_encoded(struct slice s, CURLUPart what, unsigned flags, struct buf *out)
{
  bool path = what == CURLUPART_PATH, query = what == CURLUPART_QUERY;
  bool equals = query && flags & CURLU_APPENDQUERY; /* the first one stays */
  while (s.n) {
    char c = s.p[0];
    if (query && c == ' ')
      sl_buf_char(out, '+');
    else if ((path && c && strchr("/!$&'(){}[]*+,;=:@", c)) || (equals && c == '='))
      sl_buf_char(out, c);
    else if (!sl_encode_percent(slice_head(s, 1), out))
      break;
    equals = equals && c != '=';
    s = slice_from(s, 1);
  }
  return sl_buf_ok(out);
}

static CURLUcode set_text(CURLU *h, CURLUPart what, struct slice s, unsigned flags)
{
  struct buf out;
  struct slice query = h->url.query;
  CURLUcode code = CURLUE_OK;
  sl_buf_init(&out, SL_URL_MAX);
  if (what == CURLUPART_PATH && (!s.n || s.p[0] != '/'))
    sl_buf_char(&out, '/');
  if (what == CURLUPART_QUERY && flags & CURLU_APPENDQUERY && query.n) {
    sl_buf_add(&out, query);
    if (query.p[query.n - 1] != '&')
      sl_buf_char(&out, '&');
  }
  if (!sl_buf_ok(&out))
    code = buf_code(&out);
  else if (flags & CURLU_URLENCODE)
    code = add_encoded(s, what, flags, &out) ? CURLUE_OK : buf_code(&out);
  else
    code = add_recoded(s, SL_RECODE_UPPER, &out);
  if (!code) {
    char *text = sl_buf_take(&out);
    if (text)
      put_part(h, what, text);
    else
      code = CURLUE_OUT_OF_MEMORY;
  }
  sl_buf_done(&out);
  return code;
}

static CURLUcode set_url(CURLU *h, struct slice s, unsigned flags)
{
  struct url u;
  const struct url *base = &h->url;
  flags &= ~SL_URL_ENCODE_PATH; /* not one of the application's flags */
  bool has_base = base->scheme.p && (base->host.p || sl_url_is_file(base));
  bool relative = has_base && !sl_url_is_absolute(s, flags);
  CURLUcode code = relative ? sl_url_resolve(base, s, flags, &u) : sl_url_parse(&u, s, flags);
  if (!code) {
    clear(h);
    h->url = u;
  }
  return code;
}

CURLUcode curl_url_set(CURLU *url, CURLUPart what, const char *part, unsigned int flags)
{
  if (!url)
    return CURLUE_BAD_HANDLE;
  if ((unsigned)what >= N_PARTS)
    return CURLUE_UNKNOWN_PART;
  if (!part) {
    remove_part(url, what);
    return CURLUE_OK;
  }
  struct slice s = slice_of(part, strnlen(part, SL_URL_MAX));
  if (s.n >= SL_URL_MAX)
    return CURLUE_MALFORMED_INPUT;
  switch (what) {
  case CURLUPART_URL:
    return set_url(url, s, flags);
  case CURLUPART_SCHEME:
    return set_scheme(url, s, flags);
  case CURLUPART_HOST:
    return set_host(url, s, flags);
  case CURLUPART_PORT:
    return set_port(url, s);
  default:
    return set_text(url, what, s, flags);
  }
}
