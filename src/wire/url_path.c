/* The rest of the URL parser: percent-encoding, dot segments, printing, resolving. See url.h. */
#include "base/num.h"
#include "base/text.h"
#include "wire/encode.h"
#include "wire/url.h"

static const char hex[] = "0123456789ABCDEF";

size_t sl_url_recode(char *dst, struct slice s, unsigned how)
{
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c == '%' && how & SL_RECODE_UPPER && s.n - i > 2 && sl_hex_value(s.p[i + 1]) >= 0 &&
        sl_hex_value(s.p[i + 2]) >= 0) {
      dst[n++] = '%';
      dst[n++] = sl_upper(s.p[i + 1]);
      dst[n++] = sl_upper(s.p[i + 2]);
      i += 2;
    } else if (c == ' ' && how & SL_RECODE_ENCODE && how & SL_RECODE_PLUS) {
      dst[n++] = '+';
    } else if ((c == ' ' || c > 127) && how & SL_RECODE_ENCODE) {
      dst[n++] = '%';
      dst[n++] = hex[c >> 4];
      dst[n++] = hex[c & 15];
    } else {
      dst[n++] = (char)c;
    }
  }
  return n;
}

/* 1 for ".", 2 for "..", each dot as such or as %2e; 0 for any other segment. */
static int dot_segment(struct slice s)
{
  int dots = 0;
  for (; s.n && dots < 3; dots++) {
    if (s.p[0] == '.')
      s = slice_from(s, 1);
    else if (sl_text_istarts(s, SLICE_LIT("%2e")))
      s = slice_from(s, 3);
    else
      return 0;
  }
  return dots < 3 ? dots : 0;
}

size_t sl_url_remove_dots(char *path, size_t n)
{
  size_t to = 0, at = 0;
  while (at < n) { /* at a slash, except perhaps at the beginning */
    size_t from = path[at] == '/' ? at + 1 : at;
    size_t end = from + slice_find(slice_of(path + from, n - from), '/');
    int dots = dot_segment(slice_of(path + from, end - from));
    if (dots == 2)
      while (to > 0 && path[--to] != '/') {
      }
    if (!dots) {
      memmove(path + to, path + at, end - at);
      to += end - at;
    } else if (end == n) {
      path[to++] = '/';
    }
    at = end;
  }
  return to;
}

/* ---- printing ---- */

static CURLUcode buf_code(const struct buf *b)
{
  return b->nomem ? CURLUE_OUT_OF_MEMORY : b->full ? CURLUE_TOO_LARGE : CURLUE_OK;
}

static bool is_punycode(struct slice host)
{
  struct slice label;
  while (sl_text_next(&host, '.', &label))
    if (sl_text_istarts(label, SLICE_LIT("xn--")))
      return true;
  return false;
}

CURLUcode sl_url_print_host(const struct url *u, unsigned flags, struct buf *out)
{
  if (flags & CURLU_PUNYCODE && u->host_8bit) {
    struct buf scratch;
    struct slice ascii;
    sl_buf_init(&scratch, SL_URL_HOST_MAX);
    CURLUcode code = sl_url_host_ascii(u, &scratch, &ascii);
    if (!code)
      sl_buf_add(out, ascii);
    sl_buf_done(&scratch);
    return code ? code : buf_code(out);
  }
  if (flags & CURLU_PUNY2IDN && is_punycode(u->host))
    return sl_idn_to_utf8(u->host, out);
  sl_buf_add(out, u->host);
  return buf_code(out);
}

static CURLUcode print_host(const struct url *u, unsigned flags, struct buf *out)
{
  if (u->host_kind == SL_HOST_IPV6) {
    sl_buf_append(out, u->host.p, u->host.n - 1);
    if (u->zoneid.n) {
      sl_buf_str(out, "%25");
      sl_buf_add(out, u->zoneid);
    }
    sl_buf_char(out, ']');
    return buf_code(out);
  }
  if (!(flags & CURLU_URLENCODE))
    return sl_url_print_host(u, flags, out);
  sl_encode_percent(u->host, out);
  return buf_code(out);
}

static void print_login(const struct url *u, struct buf *out)
{
  bool options = u->options.p && (!u->known || u->known->flags & SL_SCHEME_OPTIONS);
  bool options_first = sl_url_options_first(u);
  if (!u->user.p && !u->password.p && !options)
    return;
  sl_buf_add(out, u->user);
  if (options_first) {
    sl_buf_char(out, ';');
    sl_buf_add(out, u->options);
  }
  if (u->password.p) {
    sl_buf_char(out, ':');
    sl_buf_add(out, u->password);
  }
  if (options && !options_first) {
    sl_buf_char(out, ';');
    sl_buf_add(out, u->options);
  }
  sl_buf_char(out, '@');
}

static void print_port(const struct url *u, unsigned flags, struct buf *out)
{
  if (u->port.p) {
    if (flags & CURLU_NO_DEFAULT_PORT && u->known && u->known->port == u->port_number)
      return;
    sl_buf_char(out, ':');
    sl_buf_add(out, u->port);
  } else if (flags & CURLU_DEFAULT_PORT && u->known) {
    sl_buf_char(out, ':');
    sl_buf_num(out, u->known->port);
  }
}

/* Scheme and authority. */
static CURLUcode print_front(const struct url *u, unsigned flags, struct buf *out)
{
  CURLUcode code = CURLUE_OK;
  if (!(u->guessed && flags & CURLU_NO_GUESS_SCHEME)) {
    sl_buf_add(out, u->scheme);
    sl_buf_str(out, "://");
  }
  if (sl_url_is_file(u))
    return buf_code(out);
  if (!(flags & SL_URL_NO_LOGIN))
    print_login(u, out);
  if (u->host.n)
    code = print_host(u, flags, out);
  if (!code)
    print_port(u, flags, out);
  return code ? code : buf_code(out);
}

CURLUcode sl_url_print(const struct url *u, unsigned flags, struct buf *out)
{
  bool empty = flags & CURLU_GET_EMPTY;
  struct url copy;
  if (!u->host.p && !sl_url_is_file(u))
    return CURLUE_NO_HOST;
  if (!u->scheme.p) {
    if (!(flags & CURLU_DEFAULT_SCHEME))
      return CURLUE_NO_SCHEME;
    copy = *u;
    copy.scheme = SLICE_LIT("https");
    copy.known = sl_url_scheme(copy.scheme);
    u = &copy;
  }
  CURLUcode code = print_front(u, flags, out);
  if (code)
    return code;
  if (u->path.n)
    sl_buf_add(out, u->path);
  else
    sl_buf_char(out, '/');
  if (u->query.n || (u->query.p && empty)) {
    sl_buf_char(out, '?');
    sl_buf_add(out, u->query);
  }
  if (!(flags & SL_URL_NO_FRAGMENT) && (u->fragment.n || (u->fragment.p && empty))) {
    sl_buf_char(out, '#');
    sl_buf_add(out, u->fragment);
  }
  return buf_code(out);
}

/* ---- resolving ---- */

/* RFC 3986 5.2.2 for a text without a scheme, as far as it takes to get an absolute one. */
static CURLUcode join(const struct url *base, struct slice text, struct buf *out)
{
  char first = text.n ? text.p[0] : 0;
  if (first == '/' && text.n > 1 && text.p[1] == '/') {
    sl_buf_add(out, base->scheme);
    sl_buf_char(out, ':');
    sl_buf_add(out, text);
    return buf_code(out);
  }
  CURLUcode code = print_front(base, 0, out);
  if (first && first != '/' && first != '?' && first != '#') {
    size_t dir = base->path.n;
    while (dir > 0 && base->path.p[dir - 1] != '/')
      dir--;
    sl_buf_append(out, base->path.p, dir);
  } else if (first != '/') {
    sl_buf_add(out, base->path);
    if (first != '?' && base->query.p) {
      sl_buf_char(out, '?');
      sl_buf_add(out, base->query);
    }
  }
  sl_buf_add(out, text);
  return code ? code : buf_code(out);
}

CURLUcode sl_url_resolve(const struct url *base, struct slice text, unsigned flags,
                         struct url *out_url)
{
  struct buf joined;
  bool merged = text.n && text.p[0] != '/' && text.p[0] != '?' && text.p[0] != '#';
  if (sl_url_is_absolute(text, flags))
    return sl_url_parse(out_url, text, flags | CURLU_URLENCODE);
  if (merged) /* dots of a relative path have to be resolved, whatever else may stay as it is */
    flags &= ~(unsigned)CURLU_PATH_AS_IS;
  sl_buf_init(&joined, SL_URL_TEXT_MAX);
  CURLUcode code = join(base, text, &joined);
  if (!code)
    code = sl_url_parse(out_url, sl_buf_peek(&joined), flags | CURLU_URLENCODE);
  sl_buf_done(&joined);
  return code;
}
