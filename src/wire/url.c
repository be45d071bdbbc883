/* The URL parser; see url.h. Two passes: the first finds and checks the parts in the text that it
 * was given, the second copies them in their normal form into one buffer. */
#include "wire/url.h"

#include "base/mem.h"
#include "base/text.h"
#include "wire/encode.h"

/* What a byte is to the first pass. */
enum {
  B_SLASH = 1,
  B_QUERY = 2,
  B_HASH = 4,
  B_CTRL = 8,
  B_SPACE = 16,
  B_HIGH = 32, /* over 127 */
  B_PERCENT = 64,
  B_MARK = 128 /* @ in an authority, a dot in a path */
};

#define FOUR(x) x, x, x, x
#define THIRTYTWO(x) FOUR(x), FOUR(x), FOUR(x), FOUR(x), FOUR(x), FOUR(x), FOUR(x), FOUR(x)
/* clang-format off */
static const uint8_t byte_kind[256] = {
    THIRTYTWO(B_CTRL),
    B_SPACE, 0, 0, B_HASH, 0, B_PERCENT, 0, 0,                   /*   ! " # $ % & ' */
    FOUR(0), 0, 0, B_MARK, B_SLASH,                              /* ( ) * + , - . / */
    FOUR(0), FOUR(0), FOUR(0), 0, 0, 0, B_QUERY,                 /* 0 to ? */
    B_MARK, 0, 0, 0, FOUR(0), FOUR(0), FOUR(0), FOUR(0), FOUR(0), FOUR(0), FOUR(0), /* @ to _ */
    FOUR(0), FOUR(0), FOUR(0), FOUR(0), FOUR(0), FOUR(0), FOUR(0), 0, 0, 0, B_CTRL, /* ` to DEL */
    THIRTYTWO(B_HIGH), THIRTYTWO(B_HIGH), THIRTYTWO(B_HIGH), THIRTYTWO(B_HIGH)};

#define ROW(name, flags, port) {name, sizeof(name) - 1, flags, port}
static const struct url_scheme schemes[] = {
    ROW("http", 0, 80),
    ROW("https", SL_SCHEME_TLS, 443),
    ROW("ws", 0, 80),
    ROW("wss", SL_SCHEME_TLS, 443),
    ROW("ftp", 0, 21),
    ROW("ftps", SL_SCHEME_TLS, 990),
    ROW("file", 0, 0),
    ROW("sftp", 0, 22),
    ROW("scp", 0, 22),
    ROW("imap", SL_SCHEME_OPTIONS, 143),
    ROW("imaps", SL_SCHEME_OPTIONS | SL_SCHEME_TLS, 993),
    ROW("pop3", SL_SCHEME_OPTIONS, 110),
    ROW("pop3s", SL_SCHEME_OPTIONS | SL_SCHEME_TLS, 995),
    ROW("smtp", SL_SCHEME_OPTIONS, 25),
    ROW("smtps", SL_SCHEME_OPTIONS | SL_SCHEME_TLS, 465),
    ROW("mqtt", 0, 1883),
    ROW("mqtts", SL_SCHEME_TLS, 8883),
    ROW("rtsp", 0, 554),
    ROW("tftp", 0, 69),
    ROW("dict", 0, 2628),
    ROW("gopher", 0, 70),
    ROW("gophers", SL_SCHEME_TLS, 70),
    ROW("telnet", 0, 23),
    ROW("ldap", 0, 389),
    ROW("ldaps", SL_SCHEME_TLS, 636),
    ROW("smb", 0, 445),
    ROW("smbs", SL_SCHEME_TLS, 445),
    ROW("rtmp", 0, 1935),
    ROW("rtmpe", 0, 1935),
    ROW("rtmps", SL_SCHEME_TLS, 443),
    ROW("rtmpt", 0, 80),
    ROW("rtmpte", 0, 80),
    ROW("rtmpts", SL_SCHEME_TLS, 443)};
/* clang-format on */

const struct url_scheme *sl_url_scheme_at(size_t index)
{
  return index < sizeof(schemes) / sizeof(schemes[0]) ? &schemes[index] : NULL;
}

const struct url_scheme *sl_url_scheme(struct slice name)
{
  if (!name.n)
    return NULL;
  char first = sl_lower(name.p[0]);
  for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
    const struct url_scheme *row = &schemes[i];
    if (row->name[0] == first && row->name_len == name.n &&
        sl_text_ieq(name, slice_of(row->name, row->name_len)))
      return row;
  }
  return NULL;
}

/* ---- first pass ---- */

/* What the first pass finds: slices of the text, of `literal`, of `decoded` or of constants. */
struct found {
  struct url u;
  unsigned flags;                                  /* CURLU_ */
  uint8_t path_bytes, query_bytes, fragment_bytes; /* which kinds (B_) are in there */
  bool scheme_given;
  char literal[SL_URL_LITERAL];
  struct buf decoded; /* the host, when it came percent-encoded */
};

/* Takes what comes before a byte of a kind in `stop`. Returns the kinds of bytes that are in it. */
static unsigned take_until(struct slice *s, unsigned stop, struct slice *out_part)
{
  unsigned seen = 0;
  size_t i = 0;
  for (; i < s->n; i++) {
    unsigned kind = byte_kind[(unsigned char)s->p[i]];
    if (kind & stop)
      break;
    seen |= kind;
  }
  *out_part = slice_of(s->p, i);
  s->p += i;
  s->n -= i;
  return seen;
}

/* RFC 3986 3.1, up to the colon. When a scheme may be missing, "host:80" must not be taken for one,
 * so there has to be a slash, too. Returns the length, 0 for none. */
static size_t scheme_length(struct slice s, bool may_be_missing)
{
  size_t i = 0;
  if (!s.n || !sl_is_alpha(s.p[0]))
    return 0;
  while (i < s.n && (sl_is_alnum(s.p[i]) || s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '.'))
    i++;
  if (i == s.n || s.p[i] != ':' || i > SL_URL_SCHEME_MAX)
    return 0;
  if (may_be_missing && (i + 1 == s.n || s.p[i + 1] != '/'))
    return 0;
  return i;
}

static bool scheme_may_be_missing(unsigned flags)
{
  return flags & (CURLU_GUESS_SCHEME | CURLU_DEFAULT_SCHEME);
}

bool sl_url_is_absolute(struct slice text, unsigned flags)
{
  return scheme_length(text, scheme_may_be_missing(flags)) > 0;
}

/* http:/ and https:/ are worth a look before anything else. */
static const struct url_scheme *usual_scheme(struct slice s)
{
  if (s.n < 7 || memcmp(s.p, "http", 4) != 0)
    return NULL;
  size_t n = s.p[4] == 's' ? 5 : 4;
  return s.p[n] == ':' && s.p[n + 1] == '/' ? &schemes[n - 4] : NULL;
}

static CURLUcode find_scheme(struct found *f, struct slice *rest)
{
  bool may_be_missing = scheme_may_be_missing(f->flags);
  f->u.known = usual_scheme(*rest);
  size_t n = f->u.known ? f->u.known->name_len : scheme_length(*rest, may_be_missing);
  f->scheme_given = n > 0;
  if (n) {
    f->u.scheme = slice_head(*rest, n);
    if (!f->u.known)
      f->u.known = sl_url_scheme(f->u.scheme);
    if (!f->u.known && !(f->flags & CURLU_NON_SUPPORT_SCHEME))
      return CURLUE_UNSUPPORTED_SCHEME;
    *rest = slice_from(*rest, n + 1);
  } else if (f->flags & CURLU_DEFAULT_SCHEME) {
    f->u.scheme = SLICE_LIT("https");
    f->u.known = sl_url_scheme(f->u.scheme);
  } else if (!may_be_missing) {
    return CURLUE_BAD_SCHEME;
  }
  return CURLUE_OK;
}

/* One to three slashes are what browsers and people write. With CURLU_NO_AUTHORITY the third one
 * begins the path after an empty host. */
static CURLUcode skip_slashes(struct found *f, struct slice *rest)
{
  size_t n = 0;
  while (n < rest->n && rest->p[n] == '/')
    n++;
  if (n > 2 && f->flags & CURLU_NO_AUTHORITY)
    n = 2;
  if (n < 1 || n > 3)
    return CURLUE_BAD_SLASHES;
  *rest = slice_from(*rest, n);
  return CURLUE_OK;
}

/* RFC 8089: only files of this machine. *rest becomes the path and what follows. */
static CURLUcode find_file_path(struct slice *rest)
{
  struct slice host;
  if (rest->n < 2)
    return CURLUE_BAD_FILE_URL;
  if (rest->p[0] == '/' && rest->p[1] == '/') {
    *rest = slice_from(*rest, 2);
    take_until(rest, B_SLASH | B_QUERY | B_HASH, &host);
    if (host.n && !sl_text_ieq_str(host, "localhost") && !sl_text_ieq_str(host, "127.0.0.1"))
      return CURLUE_BAD_FILE_URL;
  }
  if (!rest->n || rest->p[0] != '/')
    return CURLUE_BAD_FILE_URL;
  return CURLUE_OK;
}

/* Path, query and fragment. The order of the checks decides which error is reported. */
static CURLUcode find_tail(struct found *f, struct slice rest)
{
  bool space = f->flags & (CURLU_ALLOW_SPACE | CURLU_URLENCODE);
  unsigned bad = space ? B_CTRL : B_CTRL | B_SPACE;
  f->path_bytes = (uint8_t)take_until(&rest, B_QUERY | B_HASH, &f->u.path);
  if (rest.n && rest.p[0] == '?') {
    rest = slice_from(rest, 1);
    f->query_bytes = (uint8_t)take_until(&rest, B_HASH, &f->u.query);
  }
  if (rest.n) {
    rest = slice_from(rest, 1);
    f->fragment_bytes = (uint8_t)take_until(&rest, 0, &f->u.fragment);
  }
  if (f->fragment_bytes & bad)
    return CURLUE_BAD_FRAGMENT;
  if (f->query_bytes & bad)
    return CURLUE_BAD_QUERY;
  if (f->path_bytes & bad)
    return CURLUE_BAD_PATH;
  return CURLUE_OK;
}

static bool has_bad_byte(const struct found *f, struct slice s)
{
  struct slice all;
  unsigned bad = f->flags & CURLU_ALLOW_SPACE ? B_CTRL : B_CTRL | B_SPACE;
  return s.n && take_until(&s, 0, &all) & bad;
}

/* user:password, and for some schemes ;options behind either (RFC 5092 3). */
static CURLUcode find_login(struct found *f, struct slice login)
{
  struct url *u = &f->u;
  bool may_have_options = u->known && u->known->flags & SL_SCHEME_OPTIONS;
  size_t colon = slice_find(login, ':');
  size_t semicolon = may_have_options ? slice_find(login, ';') : login.n;
  if (f->flags & CURLU_DISALLOW_USER)
    return CURLUE_USER_NOT_ALLOWED;
  u->user = slice_head(login, colon < semicolon ? colon : semicolon);
  if (semicolon < login.n) {
    size_t end = colon > semicolon ? colon : login.n;
    if (end > semicolon + 1)
      u->options = slice_of(login.p + semicolon + 1, end - semicolon - 1);
  }
  if (colon < login.n) {
    size_t end = semicolon > colon ? semicolon : login.n;
    u->password = slice_of(login.p + colon + 1, end - colon - 1);
  }
  if (has_bad_byte(f, u->user))
    return CURLUE_BAD_USER;
  if (has_bad_byte(f, u->options))
    return CURLUE_BAD_LOGIN;
  if (has_bad_byte(f, u->password))
    return CURLUE_BAD_PASSWORD;
  return CURLUE_OK;
}

/* What follows the host: nothing, or a colon and the port. */
static CURLUcode find_port(struct found *f, struct slice s)
{
  uint32_t port = 0;
  size_t i = 1;
  if (!s.n)
    return CURLUE_OK;
  if (s.p[0] != ':')
    return CURLUE_BAD_PORT_NUMBER;
  if (s.n == 1) /* "http://host:/" is fine, "host:" is not */
    return f->scheme_given ? CURLUE_OK : CURLUE_BAD_PORT_NUMBER;
  for (; i < s.n && sl_is_digit(s.p[i]); i++) {
    port = port * 10 + (uint32_t)(s.p[i] - '0');
    if (port > UINT16_MAX)
      return CURLUE_BAD_PORT_NUMBER;
  }
  if (i < s.n)
    return s.p[i] == '\\' ? CURLUE_BACKSLASH : CURLUE_BAD_PORT_NUMBER;
  for (i = 1; i + 1 < s.n && s.p[i] == '0';)
    i++;
  f->u.port = slice_from(s, i);
  f->u.port_number = (uint16_t)port;
  return CURLUE_OK;
}

static CURLUcode check_host(struct found *f, struct slice host, unsigned bytes)
{
  enum url_host_kind kind;
  if (bytes & B_PERCENT && host.p[0] != '[') {
    sl_buf_init(&f->decoded, SL_URL_MAX);
    if (!sl_encode_from_percent(host, SL_PERCENT_NO_CTRL, &f->decoded))
      return f->decoded.nomem ? CURLUE_OUT_OF_MEMORY : CURLUE_BAD_HOSTNAME;
    host = sl_buf_peek(&f->decoded);
    if (host.p[0] == '[') /* brackets are only brackets when they are not encoded */
      return CURLUE_BAD_HOSTNAME;
    struct slice rest = host;
    bytes = take_until(&rest, 0, &host);
  }
  CURLUcode code = sl_url_host_check(host, f->literal, &f->u.host, &f->u.zoneid, &kind);
  if (code)
    return code;
  f->u.host_kind = (uint8_t)kind;
  f->u.host_8bit = kind == SL_HOST_NAME && bytes & B_HIGH;
  return CURLUE_OK;
}

static CURLUcode find_authority(struct found *f, struct slice s, unsigned bytes)
{
  size_t at = bytes & B_MARK ? slice_find(s, '@') : s.n;
  CURLUcode code = CURLUE_OK;
  struct slice host = s, port;
  if (at < s.n) {
    code = find_login(f, slice_head(s, at));
    if (code)
      return code;
    host = slice_from(s, at + 1);
    struct slice rest = host;
    bytes = take_until(&rest, 0, &host);
  }
  size_t end = host.n && host.p[0] == '[' ? slice_find(host, ']') + 1 : slice_find(host, ':');
  if (end > host.n)
    return CURLUE_BAD_IPV6;
  port = slice_from(host, end);
  host.n = end;
  if (!host.n) {
    if (port.n || at < s.n || !(f->flags & CURLU_NO_AUTHORITY))
      return CURLUE_NO_HOST;
    f->u.host = slice_of("", 0);
    f->u.host_kind = SL_HOST_NAME;
    return CURLUE_OK;
  }
  code = find_port(f, port);
  return code ? code : check_host(f, host, bytes);
}

/* CURLU_GUESS_SCHEME: by how the host's name begins. */
static void guess_scheme(struct url *u)
{
  static const char guesses[][5] = {"ftp", "dict", "ldap", "imap", "smtp", "pop3"};
  u->scheme = SLICE_LIT("http");
  for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
    struct slice name = slice_str(guesses[i]);
    if (u->host.n > name.n && u->host.p[name.n] == '.' && sl_text_istarts(u->host, name))
      u->scheme = name;
  }
  u->known = sl_url_scheme(u->scheme);
  u->guessed = true;
}

static CURLUcode find_parts(struct found *f, struct slice text)
{
  struct slice authority = SLICE_NONE;
  unsigned bytes = 0;
  CURLUcode code = find_scheme(f, &text);
  if (!code && sl_url_is_file(&f->u))
    code = find_file_path(&text);
  else if (!code && f->scheme_given)
    code = skip_slashes(f, &text);
  if (code)
    return code;
  if (!sl_url_is_file(&f->u)) {
    bytes = take_until(&text, B_SLASH | B_QUERY | B_HASH, &authority);
    if (!authority.n && !(f->flags & CURLU_NO_AUTHORITY))
      return CURLUE_NO_HOST;
  }
  code = find_tail(f, text);
  if (!code && !sl_url_is_file(&f->u))
    code = find_authority(f, authority, bytes);
  if (!code && !f->u.scheme.p)
    guess_scheme(&f->u);
  return code;
}

/* ---- second pass ---- */

static size_t recode_room(const struct found *f, struct slice s, unsigned bytes)
{
  bool encode = f->flags & (CURLU_URLENCODE | SL_URL_ENCODE_PATH);
  return encode && bytes & (B_HIGH | B_SPACE) ? 3 * s.n : s.n;
}

static size_t room_for(const struct found *f)
{
  const struct url *u = &f->u;
  size_t room = u->scheme.n + u->user.n + u->password.n + u->options.n + u->host.n +
                recode_room(f, u->path, f->path_bytes) + recode_room(f, u->query, f->query_bytes) +
                recode_room(f, u->fragment, f->fragment_bytes);
  if (u->zoneid.n) /* the host once more, without the zone */
    room += u->host.n + u->zoneid.n + sizeof("%25");
  return room + sizeof("://:;@:65535/?#");
}

static struct slice put(char **at, struct slice s)
{
  struct slice copy = slice_of(*at, s.n);
  if (s.n)
    memcpy(*at, s.p, s.n);
  *at += s.n;
  return copy;
}

static void put_char(char **at, char c)
{
  *(*at)++ = c;
}

static struct slice put_recoded(char **at, struct slice s, unsigned bytes, unsigned how)
{
  if (!(how & SL_RECODE_ENCODE && bytes & (B_HIGH | B_SPACE)) &&
      !(how & SL_RECODE_UPPER && bytes & B_PERCENT))
    return put(at, s);
  struct slice copy = slice_of(*at, sl_url_recode(*at, s, how));
  *at += copy.n;
  return copy;
}

static void put_login(char **at, const struct found *f, struct url *u)
{
  bool options_first = sl_url_options_first(&f->u);
  u->user = put(at, f->u.user);
  if (options_first) {
    put_char(at, ';');
    if (f->u.options.p)
      u->options = put(at, f->u.options);
  }
  if (f->u.password.p) {
    put_char(at, ':');
    u->password = put(at, f->u.password);
  }
  if (f->u.options.p && !options_first) {
    put_char(at, ';');
    u->options = put(at, f->u.options);
  }
  put_char(at, '@');
}

static void put_authority(char **at, const struct found *f, struct url *u)
{
  if (f->u.user.p)
    put_login(at, f, u);
  u->host = put(at, f->u.host);
  if (f->u.zoneid.n) {
    *at -= 1; /* before the bracket; the host follows as a copy of its own behind the text */
    put(at, SLICE_LIT("%25"));
    u->zoneid = put(at, f->u.zoneid);
    put_char(at, ']');
  }
  if (f->u.port.n) {
    put_char(at, ':');
    u->port = put(at, f->u.port);
  }
}

static void put_tail(char **at, const struct found *f, struct url *u)
{
  unsigned how = f->flags & CURLU_URLENCODE ? SL_RECODE_UPPER | SL_RECODE_ENCODE : 0;
  unsigned path_how = f->flags & SL_URL_ENCODE_PATH ? SL_RECODE_ENCODE : how;
  if (f->u.path.n)
    u->path = put_recoded(at, f->u.path, f->path_bytes, path_how | SL_RECODE_UPPER);
  else
    u->path = put(at, SLICE_LIT("/"));
  if (f->path_bytes & (B_MARK | B_PERCENT) && !(f->flags & CURLU_PATH_AS_IS)) {
    u->path.n = sl_url_remove_dots((char *)u->path.p, u->path.n);
    *at = (char *)u->path.p + u->path.n;
  }
  if (f->u.query.n) {
    put_char(at, '?');
    u->query = put_recoded(at, f->u.query, f->query_bytes, how | SL_RECODE_PLUS);
  }
  if (f->u.fragment.n) {
    put_char(at, '#');
    u->fragment = put_recoded(at, f->u.fragment, f->fragment_bytes, how);
  }
}

static CURLUcode build(const struct found *f, struct url *u)
{
  char *start = sl_malloc(room_for(f)), *at = start;
  if (!start)
    return CURLUE_OUT_OF_MEMORY;
  *u = f->u;
  u->buf = start;
  if (u->known) {
    u->scheme = put(&at, slice_of(u->known->name, u->known->name_len));
  } else {
    u->scheme = put(&at, f->u.scheme);
    sl_text_lower(start, u->scheme.n);
  }
  put(&at, SLICE_LIT("://"));
  if (f->u.host.p)
    put_authority(&at, f, u);
  put_tail(&at, f, u);
  u->text = slice_of(start, (size_t)(at - start));
  *at++ = 0;
  /* empty ones are there, but not in the text */
  if (u->query.p && !u->query.n)
    u->query.p = at - 1;
  if (u->fragment.p && !u->fragment.n)
    u->fragment.p = at - 1;
  if (u->zoneid.n)
    u->host = put(&at, f->u.host);
  if (!u->port.n)
    u->port_number = u->known ? u->known->port : 0;
  return CURLUE_OK;
}

/* /C:/x and /C|/x are no paths here. */
static bool has_drive_letter(struct slice path)
{
  return path.n > 2 && sl_is_alpha(path.p[1]) && (path.p[2] == ':' || path.p[2] == '|') &&
         (path.n == 3 || path.p[3] == '/' || path.p[3] == '\\');
}

static CURLUcode build_file(const struct found *f, struct url *out_url)
{
  struct url u;
  CURLUcode code = build(f, &u);
  if (!code && has_drive_letter(u.path)) {
    sl_url_done(&u);
    code = CURLUE_BAD_FILE_URL;
  }
  if (!code)
    *out_url = u;
  return code;
}

CURLUcode sl_url_parse(struct url *out_url, struct slice text, unsigned flags)
{
  struct found f;
  f.u = (struct url){.buf = NULL};
  f.flags = flags;
  f.path_bytes = f.query_bytes = f.fragment_bytes = 0;
  f.decoded.p = NULL;
  if (!text.n || text.n >= SL_URL_MAX)
    return CURLUE_MALFORMED_INPUT;
  CURLUcode code = find_parts(&f, text);
  if (!code)
    code = sl_url_is_file(&f.u) ? build_file(&f, out_url) : build(&f, out_url);
  sl_free(f.decoded.p);
  return code;
}

void sl_url_done(struct url *u)
{
  sl_free(u->buf);
  *u = (struct url){.buf = NULL};
}

/* ---- codes ---- */

sl_result sl_url_result(CURLUcode code)
{
  switch (code) {
  case CURLUE_OK:
    return CURLE_OK;
  case CURLUE_OUT_OF_MEMORY:
    return CURLE_OUT_OF_MEMORY;
  case CURLUE_UNSUPPORTED_SCHEME:
    return CURLE_UNSUPPORTED_PROTOCOL;
  case CURLUE_USER_NOT_ALLOWED:
    return CURLE_LOGIN_DENIED;
  default:
    return CURLE_URL_MALFORMAT;
  }
}

const char *sl_url_strerror(CURLUcode code)
{
  static const char *const texts[CURLUE_LAST] = {
      [CURLUE_OK] = "No error",
      [CURLUE_BAD_HANDLE] = "Not a CURLU handle",
      [CURLUE_BAD_PARTPOINTER] = "No place given for the URL part",
      [CURLUE_MALFORMED_INPUT] = "Malformed input",
      [CURLUE_BAD_PORT_NUMBER] = "The port is not a number from 0 to 65535",
      [CURLUE_UNSUPPORTED_SCHEME] = "Unsupported URL scheme",
      [CURLUE_URLDECODE] = "Percent-decoding gives bytes that are not allowed",
      [CURLUE_OUT_OF_MEMORY] = "Out of memory",
      [CURLUE_USER_NOT_ALLOWED] = "Credentials are not allowed in the URL",
      [CURLUE_UNKNOWN_PART] = "Unknown URL part",
      [CURLUE_NO_SCHEME] = "No scheme in the URL",
      [CURLUE_NO_USER] = "No user in the URL",
      [CURLUE_NO_PASSWORD] = "No password in the URL",
      [CURLUE_NO_OPTIONS] = "No login options in the URL",
      [CURLUE_NO_HOST] = "No host in the URL",
      [CURLUE_NO_PORT] = "No port in the URL",
      [CURLUE_NO_QUERY] = "No query in the URL",
      [CURLUE_NO_FRAGMENT] = "No fragment in the URL",
      [CURLUE_NO_ZONEID] = "No zone id in the URL",
      [CURLUE_BAD_FILE_URL] = "Bad file:// URL",
      [CURLUE_BAD_FRAGMENT] = "Bad fragment",
      [CURLUE_BAD_HOSTNAME] = "Bad hostname",
      [CURLUE_BAD_IPV6] = "Bad IPv6 address",
      [CURLUE_BAD_LOGIN] = "Bad login part",
      [CURLUE_BAD_PASSWORD] = "Bad password",
      [CURLUE_BAD_PATH] = "Bad path",
      [CURLUE_BAD_QUERY] = "Bad query",
      [CURLUE_BAD_SCHEME] = "Bad scheme",
      [CURLUE_BAD_SLASHES] = "Wrong number of slashes after the scheme",
      [CURLUE_BAD_USER] = "Bad user",
      [CURLUE_LACKS_IDN] = "International domain names are not supported",
      [CURLUE_TOO_LARGE] = "Too large",
      [CURLUE_BACKSLASH] = "A backslash where a slash belongs"};
  return (unsigned)code < CURLUE_LAST ? texts[code] : "Unknown CURLUcode";
}
