/* URLs: taken apart, normalised, refused, printed, resolved. Every text is parsed from a heap block
 * of exactly its size, so that a byte read behind it is seen by the address sanitizer. */
#include "tests/test.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/url.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- helpers ---- */

static CURLUcode parse_n(struct url *u, const char *text, size_t n, unsigned flags)
{
  char *exact = malloc(n ? n : 1);
  memcpy(exact, text, n);
  CURLUcode code = sl_url_parse(u, slice_of(exact, n), flags);
  free(exact);
  return code;
}

static CURLUcode parse(struct url *u, const char *text, unsigned flags)
{
  return parse_n(u, text, strlen(text), flags);
}

static void add(struct buf *b, struct slice s, bool last)
{
  if (s.p)
    sl_buf_add(b, s);
  else
    sl_buf_char(b, '-');
  if (!last)
    sl_buf_char(b, ' ');
}

/* "scheme user password options host zone port path query fragment", "-" for what is not there;
 * "code N" when it could not be parsed. */
static const char *parts_of(const struct url *u)
{
  static char text[4096];
  struct buf b;
  sl_buf_init(&b, sizeof(text) - 1);
  const struct slice all[] = {u->scheme, u->user, u->password, u->options, u->host,
                              u->zoneid, u->port, u->path,     u->query,   u->fragment};
  for (size_t i = 0; i < COUNT(all); i++)
    add(&b, all[i], i + 1 == COUNT(all));
  CHECK(sl_buf_ok(&b));
  memcpy(text, b.p, b.n + 1);
  sl_buf_done(&b);
  return text;
}

static const char *code_text(CURLUcode code)
{
  static char text[32];
  snprintf(text, sizeof(text), "code %d", (int)code);
  return text;
}

static const char *text_of(const struct url *u)
{
  static char text[4096];
  CHECK(u->text.n < sizeof(text));
  snprintf(text, sizeof(text), "%.*s", (int)u->text.n, u->text.p);
  return text;
}

static const char *printed(const struct url *u, unsigned flags)
{
  static char text[4096];
  struct buf b;
  sl_buf_init(&b, sizeof(text) - 1);
  CURLUcode code = sl_url_print(u, flags, &b);
  snprintf(text, sizeof(text), "%s", code ? code_text(code) : b.p);
  sl_buf_done(&b);
  return text;
}

/* What it is printed as without flags, or "code N". Checks what has to hold for any parsed URL. */
static const char *normal(const char *text, unsigned flags)
{
  struct url u, again;
  CURLUcode code = parse(&u, text, flags);
  if (code)
    return code_text(code);
  const char *out = text_of(&u);
  CHECK_STR(printed(&u, 0), out);
  CHECK_INT(u.buf[u.text.n], 0);
  if (CHECK_INT(parse(&again, out, flags | CURLU_NON_SUPPORT_SCHEME), CURLUE_OK)) {
    CHECK(slice_eq(again.text, u.text));
    CHECK(slice_eq(again.host, u.host));
    CHECK(slice_eq(again.path, u.path));
    sl_url_done(&again);
  }
  sl_url_done(&u);
  return out;
}

static const char *parts(const char *text, unsigned flags)
{
  struct url u;
  CURLUcode code = parse(&u, text, flags);
  if (code)
    return code_text(code);
  const char *out = parts_of(&u);
  sl_url_done(&u);
  return out;
}

struct row {
  const char *text;
  unsigned flags;
  const char *want;
};

static void check_rows(const struct row *rows, size_t n, const char *(*of)(const char *, unsigned))
{
  for (size_t i = 0; i < n; i++) {
    if (!CHECK_STR(of(rows[i].text, rows[i].flags), rows[i].want))
      printf("#   for \"%s\", flags %u\n", rows[i].text, rows[i].flags);
  }
}
#define CHECK_ROWS(table, of) check_rows(table, COUNT(table), of)

/* ---- parts ---- */

TEST(parts_of_urls)
{
  static const struct row rows[] = {
      {"http://127.0.0.1:8080/b/100", 0, "http - - - 127.0.0.1 - 8080 /b/100 - -"},
      {"http://example.com", 0, "http - - - example.com - - / - -"},
      {"HTTPS://Example.COM/", 0, "https - - - Example.COM - - / - -"},
      {"http://u:p@h:8/a/b?q=1#f", 0, "http u p - h - 8 /a/b q=1 f"},
      {"http://u@h/", 0, "http u - - h - - / - -"},
      {"http://u:@h/", 0, "http u  - h - - / - -"},
      {"http://:p@h/", 0, "http  p - h - - / - -"},
      {"http://@h/", 0, "http  - - h - - / - -"},
      {"http://:@h/", 0, "http   - h - - / - -"},
      {"http://u:p:q@h/", 0, "http u p:q - h - - / - -"},
      {"http://u%20v:p%40@h/", 0, "http u%20v p%40 - h - - / - -"},
      {"http://u[:]@h/", 0, "http u[ ] - h - - / - -"},
      {"http://h/u@x", 0, "http - - - h - - /u@x - -"},
      {"http://h?u@x", 0, "http - - - h - - / u@x -"},
      {"http://h#u@x", 0, "http - - - h - - / - u@x"},
      {"http://h:80#@127.0.0.1/", 0, "http - - - h - 80 / - @127.0.0.1/"},
      {"http://h/a?b?c#d#e?f", 0, "http - - - h - - /a b?c d#e?f"},
      {"http://h/?", 0, "http - - - h - - /  -"},
      {"http://h/#", 0, "http - - - h - - / - "},
      {"http://h?#", 0, "http - - - h - - /  "},
      {"http://h:/", 0, "http - - - h - - / - -"},
      {"http://h:080/", 0, "http - - - h - 80 / - -"},
      {"http://h:0/", 0, "http - - - h - 0 / - -"},
      {"http://h:000/", 0, "http - - - h - 0 / - -"},
      {"http://h:65535/", 0, "http - - - h - 65535 / - -"},
      {"http://h:00000000000000000000080/", 0, "http - - - h - 80 / - -"},
      {"http://[::1]:8/", 0, "http - - - [::1] - 8 / - -"},
      {"http://[fe80::1%25eth0]:8/", 0, "http - - - [fe80::1] eth0 8 / - -"},
      {"http://h/%41%zz%", 0, "http - - - h - - /%41%zz% - -"},
      {"http://h//a", 0, "http - - - h - - //a - -"},
      {"ftp://h/a;type=i", 0, "ftp - - - h - - /a;type=i - -"},
      {"http://u;o@h/", 0, "http u;o - - h - - / - -"},
      /* login options, RFC 5092 */
      {"imap://u;o@h/", 0, "imap u - o h - - / - -"},
      {"imaps://u;AUTH=*:p@h/", 0, "imaps u p AUTH=* h - - / - -"},
      {"pop3://u:p;o@h/", 0, "pop3 u p o h - - / - -"},
      {"smtp://u:p;o:x@h/", 0, "smtp u p o:x h - - / - -"},
      {"smtps://;o@h/", 0, "smtps  - o h - - / - -"},
      {"pop3s://u;@h/", 0, "pop3s u - - h - - / - -"},
      {"imap://u;o:p;x@h/", 0, "imap u p;x o h - - / - -"},
      {"imap://u;:p;x@h/", 0, "imap u p;x - h - - / - -"},
      /* files, RFC 8089 */
      {"file:///a/b?c#d", 0, "file - - - - - - /a/b c d"},
      {"file://localhost/a", 0, "file - - - - - - /a - -"},
      {"file://LocalHost/a", 0, "file - - - - - - /a - -"},
      {"file://127.0.0.1/a", 0, "file - - - - - - /a - -"},
      {"file:/a", 0, "file - - - - - - /a - -"},
      {"file:////a", 0, "file - - - - - - //a - -"},
      {"file:///u:p@h:8/", 0, "file - - - - - - /u:p@h:8/ - -"},
      {"file:///cc:/a", 0, "file - - - - - - /cc:/a - -"},
  };
  CHECK_ROWS(rows, parts);
}

TEST(all_parts_are_in_the_buffer)
{
  static const char *const texts[] = {"http://:@h:/?#", "imap://;o@[::1%25e]:8?q", "h",
                                      "file:/a#f"};
  for (size_t i = 0; i < COUNT(texts); i++) {
    struct url u;
    if (!CHECK_INT(parse(&u, texts[i], CURLU_GUESS_SCHEME), CURLUE_OK))
      continue;
    const struct slice all[] = {u.scheme, u.user, u.password, u.options, u.host,
                                u.zoneid, u.port, u.path,     u.query,   u.fragment};
    for (size_t j = 0; j < COUNT(all); j++)
      CHECK(!all[j].p || (all[j].p >= u.buf && all[j].p + all[j].n <= u.buf + u.text.n + 6));
    sl_url_done(&u);
  }
}

TEST(schemes)
{
  static const struct row rows[] = {
      {"http:/h/", 0, "http://h/"},
      {"http:///h/", 0, "http://h/"},
      {"http:////h/", 0, "code 28"},
      {"http:h", 0, "code 28"},
      {"http:", 0, "code 28"},
      {"http://", 0, "code 14"},
      {"h", 0, "code 27"},
      {"", 0, "code 3"},
      {"", CURLU_GUESS_SCHEME, "code 3"},
      {"/h", 0, "code 27"},
      {"//h", 0, "code 27"},
      {"://h", 0, "code 27"},
      {" http://h", 0, "code 27"},
      {"ht tp://h", 0, "code 27"},
      {"1http://h", CURLU_NON_SUPPORT_SCHEME, "code 27"},
      {"127.0.0.1:80", 0, "code 27"},
      {"localhost:80", 0, "code 5"},
      {"localhost:80", CURLU_NON_SUPPORT_SCHEME, "code 28"},
      {"mailto:a@b", 0, "code 5"},
      {"mailto:a@b", CURLU_NON_SUPPORT_SCHEME, "code 28"},
      {"xx://h/", 0, "code 5"},
      {"xx://h/a", CURLU_NON_SUPPORT_SCHEME, "xx://h/a"},
      {"X+y-z.1://h", CURLU_NON_SUPPORT_SCHEME, "x+y-z.1://h/"},
      {"abcdefghijklmnopqrstuvwxyzabcdefghijklmn://h", CURLU_NON_SUPPORT_SCHEME,
       "abcdefghijklmnopqrstuvwxyzabcdefghijklmn://h/"},
      {"abcdefghijklmnopqrstuvwxyzabcdefghijklmno://h", CURLU_NON_SUPPORT_SCHEME, "code 27"},
      {"ws://h", 0, "ws://h/"},
      {"WSS://h", 0, "wss://h/"},
      {"httpx://h", 0, "code 5"},
      {"htt://h", 0, "code 5"},
  };
  CHECK_ROWS(rows, normal);
}

TEST(schemes_that_are_missing)
{
  static const struct row rows[] = {
      {"h", CURLU_GUESS_SCHEME, "http://h/"},
      {"ftp.h/x", CURLU_GUESS_SCHEME, "ftp://ftp.h/x"},
      {"FTP.h", CURLU_GUESS_SCHEME, "ftp://FTP.h/"},
      {"ftp%2eh", CURLU_GUESS_SCHEME, "ftp://ftp.h/"},
      {"u:p@ftp.h", CURLU_GUESS_SCHEME, "ftp://u:p@ftp.h/"},
      {"dict.h", CURLU_GUESS_SCHEME, "dict://dict.h/"},
      {"ldap.h", CURLU_GUESS_SCHEME, "ldap://ldap.h/"},
      {"imap.h", CURLU_GUESS_SCHEME, "imap://imap.h/"},
      {"smtp.h", CURLU_GUESS_SCHEME, "smtp://smtp.h/"},
      {"pop3.h", CURLU_GUESS_SCHEME, "pop3://pop3.h/"},
      {"ftps.h", CURLU_GUESS_SCHEME, "http://ftps.h/"},
      {"ftp", CURLU_GUESS_SCHEME, "http://ftp/"},
      {"h:80", CURLU_GUESS_SCHEME, "http://h:80/"},
      {"http:80", CURLU_GUESS_SCHEME, "http://http:80/"},
      {"h?q", CURLU_GUESS_SCHEME, "http://h/?q"},
      {"h#f", CURLU_GUESS_SCHEME, "http://h/#f"},
      {"[::1]:8/x", CURLU_GUESS_SCHEME, "http://[::1]:8/x"},
      {"http//h", CURLU_GUESS_SCHEME, "http://http//h"},
      {"h:", CURLU_GUESS_SCHEME, "code 4"},
      {"http:h", CURLU_GUESS_SCHEME, "code 4"},
      {"c:/a", CURLU_GUESS_SCHEME, "code 5"},
      {"/h", CURLU_GUESS_SCHEME, "code 14"},
      {"?q", CURLU_GUESS_SCHEME, "code 14"},
      {":80", CURLU_GUESS_SCHEME, "code 14"},
      {"http:\\\\h", CURLU_GUESS_SCHEME, "code 32"},
      {"ftp.h", CURLU_DEFAULT_SCHEME, "https://ftp.h/"},
      {"ftp.h", CURLU_DEFAULT_SCHEME | CURLU_GUESS_SCHEME, "https://ftp.h/"},
      {"h:80", CURLU_DEFAULT_SCHEME, "https://h:80/"},
      {"http://h", CURLU_DEFAULT_SCHEME, "http://h/"},
  };
  CHECK_ROWS(rows, normal);
  struct url u;
  REQUIRE(parse(&u, "ftp.h/x", CURLU_GUESS_SCHEME) == CURLUE_OK);
  CHECK(u.guessed);
  CHECK_INT(u.port_number, 21);
  CHECK_STR(printed(&u, CURLU_NO_GUESS_SCHEME), "ftp.h/x");
  sl_url_done(&u);
  REQUIRE(parse(&u, "ftp://h/x", CURLU_GUESS_SCHEME) == CURLUE_OK);
  CHECK(!u.guessed);
  CHECK_STR(printed(&u, CURLU_NO_GUESS_SCHEME), "ftp://h/x");
  sl_url_done(&u);
}

TEST(the_scheme_table)
{
  static const struct {
    const char *name;
    uint16_t port;
    bool tls;
  } want[] = {
      {"http", 80, false},    {"https", 443, true},  {"ws", 80, false},     {"wss", 443, true},
      {"ftp", 21, false},     {"ftps", 990, true},   {"file", 0, false},    {"tftp", 69, false},
      {"dict", 2628, false},  {"gopher", 70, false}, {"gophers", 70, true}, {"imap", 143, false},
      {"imaps", 993, true},   {"pop3", 110, false},  {"pop3s", 995, true},  {"smtp", 25, false},
      {"smtps", 465, true},   {"ldap", 389, false},  {"ldaps", 636, true},  {"telnet", 23, false},
      {"rtsp", 554, false},   {"scp", 22, false},    {"sftp", 22, false},   {"mqtt", 1883, false},
      {"mqtts", 8883, true},  {"smb", 445, false},   {"smbs", 445, true},   {"rtmp", 1935, false},
      {"rtmpe", 1935, false}, {"rtmps", 443, true},  {"rtmpt", 80, false},  {"rtmpte", 80, false},
      {"rtmpts", 443, true}};
  size_t n = 0;
  while (sl_url_scheme_at(n))
    n++;
  CHECK_INT(n, COUNT(want));
  for (size_t i = 0; i < COUNT(want); i++) {
    const struct url_scheme *row = sl_url_scheme(slice_str(want[i].name));
    if (!CHECK(row))
      continue;
    CHECK_INT(row->port, want[i].port);
    CHECK_INT((row->flags & SL_SCHEME_TLS) != 0, want[i].tls);
    CHECK_INT(row->name_len, strlen(want[i].name));
  }
  CHECK(sl_url_scheme(SLICE_LIT("HtTpS")) == sl_url_scheme(SLICE_LIT("https")));
  CHECK(!sl_url_scheme(SLICE_LIT("")));
  CHECK(!sl_url_scheme(SLICE_LIT("httpss")));
  CHECK(!sl_url_scheme(SLICE_LIT("htt")));
}

/* ---- what is refused ---- */

TEST(lesson_18_refused)
{
  static const struct row rows[] = {
      /* ports */
      {"http://h:65536", 0, "code 4"},
      {"http://h:99999999999999999999", 0, "code 4"},
      {"http://h:8x", 0, "code 4"},
      {"http://h:-1", 0, "code 4"},
      {"http://h:+1", 0, "code 4"},
      {"http://h: 1", 0, "code 4"},
      {"http://h:1 ", 0, "code 4"},
      {"http://h:1:2", 0, "code 4"},
      {"http://[::1]x", 0, "code 4"},
      {"http://[::1]8", 0, "code 4"},
      {"http://h:80\\a", 0, "code 32"},
      {"http://h:\\a", 0, "code 32"},
      /* no host */
      {"http:///", 0, "code 14"},
      {"http://?q", 0, "code 14"},
      {"http://?a b", 0, "code 14"},
      {"http://:80/", 0, "code 14"},
      {"http://::1/", 0, "code 14"},
      {"http://u@/", 0, "code 14"},
      {"http://u@:80/", 0, "code 14"},
      /* hosts */
      {"http://a b/", 0, "code 21"},
      {"http://a b/", CURLU_ALLOW_SPACE, "code 21"},
      {"http://a\\b", 0, "code 21"},
      {"http:/\\h/", 0, "code 21"},
      {"http://u@a@b/", 0, "code 21"},
      {"http://a[b/", 0, "code 21"},
      {"http://a]b/", 0, "code 21"},
      {"http://./", 0, "code 21"},
      {"http://../", 0, "code 21"},
      {"http://a../", 0, "code 21"},
      /* decoded first, then checked */
      {"http://a%20b/", 0, "code 21"},
      {"http://a%2fb/", 0, "code 21"},
      {"http://a%40b/", 0, "code 21"},
      {"http://a%3ab/", 0, "code 21"},
      {"http://a%25b/", 0, "code 21"},
      {"http://a%zzb/", 0, "code 21"},
      {"http://a%/", 0, "code 21"},
      {"http://a%00/", 0, "code 21"},
      {"http://a%0d%0ab/", 0, "code 21"},
      {"http://%5b%3a%3a1%5d/", 0, "code 21"},
      {"http://%5b%5d/", 0, "code 21"},
      {"http://a%2e%2e/", 0, "code 21"},
      /* spaces and control bytes by part */
      {"http://u v@h/", 0, "code 29"},
      {"http://u:p q@h/", 0, "code 24"},
      {"imap://u;o p@h/", 0, "code 23"},
      {"http://h/a b", 0, "code 25"},
      {"http://h/?a b", 0, "code 26"},
      {"http://h/#a b", 0, "code 20"},
      {"http://h/\t", 0, "code 25"},
      {"http://h/\n", 0, "code 25"},
      {"http://h/\r\nHost: x", 0, "code 25"},
      {"http://h/\177", 0, "code 25"},
      {"http://h/?\001", 0, "code 26"},
      {"http://h/#\001", 0, "code 20"},
      {"http://h/\001", CURLU_URLENCODE | CURLU_ALLOW_SPACE, "code 25"},
      {"http://u\001@h/", CURLU_ALLOW_SPACE, "code 29"},
      {"http://h ", CURLU_ALLOW_SPACE, "code 21"},
      /* which of several errors */
      {"http://a b:99999/c d?e f#g h", 0, "code 20"},
      {"http://a b:99999/c d?e f", 0, "code 26"},
      {"http://a b:99999/c d", 0, "code 25"},
      {"http://a b:99999/", 0, "code 4"},
      {"xx://a b/", 0, "code 5"},
      /* files */
      {"file:", 0, "code 19"},
      {"file://", 0, "code 19"},
      {"file:a", 0, "code 19"},
      {"file:etc/passwd", 0, "code 19"},
      {"file://etc", 0, "code 19"},
      {"file://host/a", 0, "code 19"},
      {"file://localhost:80/a", 0, "code 19"},
      {"file://u@localhost/a", 0, "code 19"},
      {"file://localhost", 0, "code 19"},
      {"file://localhost?q", 0, "code 19"},
      {"file:///c:/a", 0, "code 19"},
      {"file:///C|", 0, "code 19"},
      {"file:/c:/a", 0, "code 19"},
      {"file:///c:?q", 0, "code 19"},
      {"file:///c:\\a", 0, "code 19"},
      {"file:///./c:/a", 0, "code 19"},
      {"file:///a/%2e%2e/c:/a", 0, "code 19"},
      {"file:///c:a", 0, "file:///c:a"},
      {"file:///a b", 0, "code 25"},
      /* credentials */
      {"http://u@h/", CURLU_DISALLOW_USER, "code 8"},
      {"http://@h/", CURLU_DISALLOW_USER, "code 8"},
      {"http://h/@", CURLU_DISALLOW_USER, "http://h/@"},
  };
  CHECK_ROWS(rows, normal);
}

TEST(lesson_18_every_byte_in_a_host)
{
  static const char ok[] = "-._~|0123456789"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int c = 0; c < 256; c++) {
    char plain[] = "http://a?b/", encoded[32];
    struct url u;
    bool fine = c > 127 || (c && strchr(ok, c));
    plain[8] = (char)c;
    if (c != '/' && c != '?' && c != '#' && c != '@' && c != ':') {
      CURLUcode code = parse_n(&u, plain, sizeof(plain) - 1, 0);
      if (!CHECK_INT(code, fine ? CURLUE_OK : CURLUE_BAD_HOSTNAME))
        printf("#   for byte %d\n", c);
      if (!code) {
        CHECK_INT(u.host_8bit, c > 127);
        sl_url_done(&u);
      }
    }
    snprintf(encoded, sizeof(encoded), "http://a%%%02xb/", (unsigned)c);
    CURLUcode code = parse(&u, encoded, 0);
    if (!CHECK_INT(code, fine ? CURLUE_OK : CURLUE_BAD_HOSTNAME))
      printf("#   for byte %d, encoded\n", c);
    if (!code) {
      CHECK_INT(u.host.n, 3);
      CHECK_INT((unsigned char)u.host.p[1], c);
      CHECK_INT(u.host_8bit, c > 127);
      sl_url_done(&u);
    }
  }
}

TEST(every_byte_elsewhere)
{
  static const struct {
    const char *skeleton; /* with the byte at X */
    CURLUcode bad;
    const char *ends; /* bytes that end the part */
  } rows[] = {{"http://h/X", CURLUE_BAD_PATH, "?#"},
              {"http://h/?X", CURLUE_BAD_QUERY, "#"},
              {"http://h/#X", CURLUE_BAD_FRAGMENT, ""},
              {"http://X@h/", CURLUE_BAD_USER, "/?#:@"},
              {"http://u:X@h/", CURLUE_BAD_PASSWORD, "/?#@"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    for (int c = 0; c < 256; c++) {
      char text[32];
      struct url u;
      size_t n = strlen(rows[i].skeleton);
      bool bad = c <= ' ' || c == 127;
      if (c && strchr(rows[i].ends, c))
        continue;
      memcpy(text, rows[i].skeleton, n);
      *(char *)memchr(text, 'X', n) = (char)c;
      CURLUcode code = parse_n(&u, text, n, 0);
      if (!CHECK_INT(code, bad ? rows[i].bad : CURLUE_OK))
        printf("#   for byte %d in %s\n", c, rows[i].skeleton);
      if (!code)
        sl_url_done(&u);
    }
  }
}

TEST(lengths)
{
  struct url u;
  char *text = malloc(SL_URL_MAX + 1);
  memset(text, 'a', SL_URL_MAX + 1);
  memcpy(text, "http://h/", 9);
  CHECK_INT(sl_url_parse(&u, slice_of(text, SL_URL_MAX), 0), CURLUE_MALFORMED_INPUT);
  if (CHECK_INT(sl_url_parse(&u, slice_of(text, SL_URL_MAX - 1), 0), CURLUE_OK)) {
    CHECK_INT(u.path.n, SL_URL_MAX - 9);
    sl_url_done(&u);
  }
  /* the worst case of the encoding fits */
  memset(text + 9, 0xe5, SL_URL_MAX - 9);
  if (CHECK_INT(sl_url_parse(&u, slice_of(text, SL_URL_MAX - 1), CURLU_URLENCODE), CURLUE_OK)) {
    CHECK_INT(u.path.n, 3 * (SL_URL_MAX - 10) + 1);
    sl_url_done(&u);
  }
  /* so does the worst case of dots, in linear time */
  for (size_t i = 8; i + 3 < SL_URL_MAX; i += 3)
    memcpy(text + i, i % 2 ? "/a/" : "/..", 3);
  if (CHECK_INT(sl_url_parse(&u, slice_of(text, SL_URL_MAX - 1), 0), CURLUE_OK))
    sl_url_done(&u);
  /* a name that no DNS has parses, but is not for a request */
  struct buf scratch;
  struct slice host;
  sl_buf_init(&scratch, SL_URL_HOST_MAX);
  memset(text, 'a', SL_URL_MAX);
  memcpy(text, "http://", 7);
  if (CHECK_INT(sl_url_parse(&u, slice_of(text, 65536 + 7), 0), CURLUE_OK)) {
    CHECK_INT(sl_url_host_ascii(&u, &scratch, &host), CURLUE_BAD_HOSTNAME);
    sl_url_done(&u);
  }
  if (CHECK_INT(sl_url_parse(&u, slice_of(text, 65535 + 7), 0), CURLUE_OK)) {
    CHECK_INT(sl_url_host_ascii(&u, &scratch, &host), CURLUE_OK);
    sl_url_done(&u);
  }
  sl_buf_done(&scratch);
  free(text);
}

/* ---- hosts ---- */

static const char *host_of(const char *host, unsigned flags)
{
  static char text[256];
  struct url u;
  snprintf(text, sizeof(text), "http://%s/", host);
  CURLUcode code = parse(&u, text, flags);
  if (code)
    return code_text(code);
  snprintf(text, sizeof(text), "%.*s %d", (int)u.host.n, u.host.p, u.host_kind);
  sl_url_done(&u);
  return text;
}

TEST(ipv4_in_all_its_forms)
{
  static const struct row rows[] = {
      {"127.0.0.1", 0, "127.0.0.1 2"},
      {"255.255.255.255", 0, "255.255.255.255 2"},
      {"0.0.0.0", 0, "0.0.0.0 2"},
      {"127.1", 0, "127.0.0.1 2"},
      {"127.0.1", 0, "127.0.0.1 2"},
      {"1.2.3", 0, "1.2.0.3 2"},
      {"0x7f000001", 0, "127.0.0.1 2"},
      {"0X7F.1", 0, "127.0.0.1 2"},
      {"0177.1", 0, "127.0.0.1 2"},
      {"0177.0.0.01", 0, "127.0.0.1 2"},
      {"2130706433", 0, "127.0.0.1 2"},
      {"1", 0, "0.0.0.1 2"},
      {"0", 0, "0.0.0.0 2"},
      {"00", 0, "0.0.0.0 2"},
      {"4294967295", 0, "255.255.255.255 2"},
      {"037777777777", 0, "255.255.255.255 2"},
      {"1.16777215", 0, "1.255.255.255 2"},
      {"1.2.65535", 0, "1.2.255.255 2"},
      {"1.2.3.0x10", 0, "1.2.3.16 2"},
      /* one dot at the end leaves */
      {"127.0.0.1.", 0, "127.0.0.1 2"},
      {"127.1.", 0, "127.0.0.1 2"},
      {"1.2.3.4%2e", 0, "1.2.3.4 2"},
      {"%31.2", 0, "1.0.0.2 2"},
      {"%31%32%37.%30.1", 0, "127.0.0.1 2"},
      /* these are names */
      {"4294967296", 0, "4294967296 1"},
      {"99999999999999999999", 0, "99999999999999999999 1"},
      {"040000000000", 0, "040000000000 1"},
      {"0x100000000", 0, "0x100000000 1"},
      {"1.16777216", 0, "1.16777216 1"},
      {"1.2.65536", 0, "1.2.65536 1"},
      {"1.2.3.256", 0, "1.2.3.256 1"},
      {"256.1", 0, "256.1 1"},
      {"1.256.1", 0, "1.256.1 1"},
      {"1.2.3.4.5", 0, "1.2.3.4.5 1"},
      {"1..2", 0, "1..2 1"},
      {".1", 0, ".1 1"},
      {"08", 0, "08 1"},
      {"09.1", 0, "09.1 1"},
      {"0x", 0, "0x 1"},
      {"1.0x", 0, "1.0x 1"},
      {"0xg", 0, "0xg 1"},
      {"1.2.3.4a", 0, "1.2.3.4a 1"},
      {"1e3", 0, "1e3 1"},
      {"-1", 0, "-1 1"},
      {"1.-2", 0, "1.-2 1"},
      {"1.2.3.4..", 0, "code 21"},
      {"+1.2", 0, "code 21"},
  };
  CHECK_ROWS(rows, host_of);
}

TEST(ipv6)
{
  static const struct row rows[] = {
      {"[::1]", 0, "[::1] 3"},
      {"[::]", 0, "[::] 3"},
      {"[0:0:0:0:0:0:0:1]", 0, "[::1] 3"},
      {"[FE80::ABCD]", 0, "[fe80::abcd] 3"},
      {"[1:0:0:2:0:0:0:3]", 0, "[1:0:0:2::3] 3"},
      {"[0001:02:3:4:5:6:7:8]", 0, "[1:2:3:4:5:6:7:8] 3"},
      {"[::ffff:1.2.3.4]", 0, "[::ffff:1.2.3.4] 3"},
      {"[::FFFF:102:304]", 0, "[::ffff:1.2.3.4] 3"},
      {"[fe80::1%25eth0]", 0, "[fe80::1] 3"},
      {"[fe80::1%eth0]", 0, "[fe80::1] 3"},
      {"[]", 0, "code 22"},
      {"[:]", 0, "code 22"},
      {"[1]", 0, "code 22"},
      {"[::1", 0, "code 22"},
      {"[[::1]", 0, "code 22"},
      {"[::g]", 0, "code 22"},
      {"[::00001]", 0, "code 22"},
      {"[12345::]", 0, "code 22"},
      {"[1:2:3:4:5:6:7:8:9]", 0, "code 22"},
      {"[1::2::3]", 0, "code 22"},
      {"[::1.2.3]", 0, "code 22"},
      {"[::0x7f.0.0.1]", 0, "code 22"},
      {"[v1.x]", 0, "code 22"},
      {"[fe80::1%]", 0, "code 22"},
      {"[::1%25abcdefghijklmnop]", 0, "code 22"},
      {"[::1%25a b]", 0, "code 21"},
      {"[::1\t]", 0, "code 21"},
      {"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]", 0, "code 22"},
  };
  CHECK_ROWS(rows, host_of);
  static const struct row zones[] = {
      {"http://[fe80::1%25eth0]/", 0, "http://[fe80::1%25eth0]/"},
      {"http://[FE80:0::1%eth0]:8/x", 0, "http://[fe80::1%25eth0]:8/x"},
      {"http://[fe80::1%25]/", 0, "http://[fe80::1%2525]/"},
      {"http://[fe80::1%2525]/", 0, "http://[fe80::1%2525]/"},
      {"http://[fe80::1%2512]/", 0, "http://[fe80::1%2512]/"},
      {"http://u@[fe80::1%25a-b_c.~%41]/?q#f", 0, "http://u@[fe80::1%25a-b_c.~%41]/?q#f"},
      {"http://[::1%25abcdefghijklmno]/", 0, "http://[::1%25abcdefghijklmno]/"},
  };
  CHECK_ROWS(zones, normal);
}

TEST(names)
{
  static const struct row rows[] = {
      {"a.", 0, "a. 1"},
      {"A.b", 0, "A.b 1"},
      {"a_b", 0, "a_b 1"},
      {"a%41%2eb", 0, "aA.b 1"},
      {"xn--4cab6c.se", 0, "xn--4cab6c.se 1"},
      {"\xc3\xa5.se", 0, "\xc3\xa5.se 1"},
      {"%c3%A5.se", 0, "\xc3\xa5.se 1"},
  };
  CHECK_ROWS(rows, host_of);
}

TEST(a_login_with_high_bytes_is_no_idn)
{
  struct url u;
  REQUIRE(parse(&u, "http://\xc3\xa5%41:\xe5@Host/", 0) == CURLUE_OK);
  CHECK(!u.host_8bit);
  CHECK_STR(parts_of(&u), "http \xc3\xa5%41 \xe5 - Host - - / - -");
  sl_url_done(&u);
  REQUIRE(parse(&u, "http://\xc3\xa5@Host/", 0) == CURLUE_OK);
  CHECK(!u.host_8bit);
  sl_url_done(&u);
}

/* What goes to the DNS: the host, or "code N". */
static const char *ascii_of(const char *host, unsigned flags)
{
  static char text[512];
  struct url u;
  struct buf scratch;
  struct slice ascii;
  snprintf(text, sizeof(text), "http://%s/", host);
  CURLUcode code = parse(&u, text, flags);
  if (code)
    return code_text(code);
  sl_buf_init(&scratch, SL_URL_HOST_MAX);
  code = sl_url_host_ascii(&u, &scratch, &ascii);
  if (code)
    snprintf(text, sizeof(text), "%s", code_text(code));
  else
    snprintf(text, sizeof(text), "%.*s", (int)ascii.n, ascii.p);
  sl_buf_done(&scratch);
  sl_url_done(&u);
  return text;
}

TEST(idn)
{
  static const struct row rows[] = {
      {"Plain.Example.", 0, "Plain.Example."},
      {"[::1]", 0, "[::1]"},
      {"\xc3\xa5\xc3\xa4\xc3\xb6.se", 0, "xn--4cab6c.se"},
      {"www.\xc3\x85\xc3\xa4\xc3\xb6.SE", 0, "www.xn--4cab6c.se"},
      {"%c3%a5%c3%a4%c3%b6.se", 0, "xn--4cab6c.se"},
      {"www.gro\xc3\x9f"
       "e.de",
       0, "www.xn--groe-xna.de"},
      {"\xe2\x98\x83.net", 0, "xn--n3h.net"},
      {"\xf0\x9f\x98\x80.se", 0, "xn--e28h.se"},
      {"\xef\xbd\x81.se", 0, "a.se"},
      /* full-width and ideographic dots */
      {"a\xe3\x80\x82"
       "b\xef\xbc\x8e"
       "c",
       0, "a.b.c"},
      {"\xc3\xa5.se\xe3\x80\x82", 0, "xn--5ca.se."},
      /* what comes out is checked again */
      {"a\xef\xbc\x8f"
       "b",
       0, "code 21"},
      {"a\xef\xbc\xa0"
       "b",
       0, "code 21"},
      {"\xef\xbc\x9a", 0, "code 21"},
      {"a\xe3\x80\x82\xe3\x80\x82", 0, "code 21"},
      {"\xe2\x80\x8b\xe2\x80\x8c", 0, "code 21"}, /* nothing is left */
      {"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1", 0, "127.0.0.1"},
      {"127\xe3\x80\x82"
       "0.0.1",
       0, "127.0.0.1"},
  };
  CHECK_ROWS(rows, ascii_of);
}

TEST(idn_in_other_encodings)
{
  /* not UTF-8, and the C locale says nothing about it */
  CHECK_STR(ascii_of("\xe5\xe4\xf6.se", 0), "code 21");
  CHECK_STR(ascii_of("\xc3", 0), "code 21");
  CHECK_STR(ascii_of("\xed\xa0\x80.se", 0), "code 21");
  /* cut off, at the end of its memory */
  struct buf out;
  char *exact = malloc(2);
  memcpy(exact, "a\xc3", 2);
  sl_buf_init(&out, 100);
  CHECK_INT(sl_idn_to_ascii(slice_of(exact, 2), &out), CURLUE_BAD_HOSTNAME);
  CHECK_INT(sl_idn_to_ascii(slice_of(exact, 0), &out), CURLUE_BAD_HOSTNAME);
  CHECK_INT(sl_idn_to_utf8(SLICE_LIT("xn--a\0b"), &out), CURLUE_BAD_HOSTNAME);
  CHECK_INT(out.n, 0);
  sl_buf_done(&out);
  free(exact);
}

/* ---- paths ---- */

TEST(dot_segments)
{
  static const struct row rows[] = {
      {"http://h/.", 0, "http://h/"},
      {"http://h/..", 0, "http://h/"},
      {"http://h/./", 0, "http://h/"},
      {"http://h/../", 0, "http://h/"},
      {"http://h/a/..", 0, "http://h/"},
      {"http://h/a/../", 0, "http://h/"},
      {"http://h/a/../b", 0, "http://h/b"},
      {"http://h/a/./b", 0, "http://h/a/b"},
      {"http://h/a/.", 0, "http://h/a/"},
      {"http://h/a/b/c/./../../g", 0, "http://h/a/g"},
      {"http://h/mid/content=5/../6", 0, "http://h/mid/6"},
      {"http://h/../../x", 0, "http://h/x"},
      {"http://h/a//../b", 0, "http://h/a/b"},
      {"http://h//../b", 0, "http://h/b"},
      {"http://h//a/..", 0, "http://h//"},
      {"http://h/...", 0, "http://h/..."},
      {"http://h/.a/..b/c./d..", 0, "http://h/.a/..b/c./d.."},
      {"http://h/a/..;x", 0, "http://h/a/..;x"},
      {"http://h/.?a/../b#c/../d", 0, "http://h/?a/../b#c/../d"},
      /* percent-encoded dots are dots */
      {"http://h/a/%2e%2e/b", 0, "http://h/b"},
      {"http://h/a/.%2E/b", 0, "http://h/b"},
      {"http://h/a/%2e./b", 0, "http://h/b"},
      {"http://h/a/%2e/b", 0, "http://h/a/b"},
      {"http://h/a/%2E%2e", 0, "http://h/"},
      {"http://h/a/%2e%2e%2e/b", 0, "http://h/a/%2E%2E%2E/b"},
      {"http://h/a/%2ex/%2/%", 0, "http://h/a/%2Ex/%2/%"},
      /* an encoded slash is none */
      {"http://h/a/..%2fb", 0, "http://h/a/..%2Fb"},
      {"file:///a/../b", 0, "file:///b"},
      {"file:///..", 0, "file:///"},
      {"http://h/a/../b/./c", CURLU_PATH_AS_IS, "http://h/a/../b/./c"},
      {"http://h/..", CURLU_PATH_AS_IS, "http://h/.."},
  };
  CHECK_ROWS(rows, normal);
}

TEST(percent_encoding)
{
  static const struct row rows[] = {
      {"http://h/%aa%Bb%cC%zz%a", 0, "http://h/%AA%BB%CC%zz%a"},
      {"http://h/%aa?%aa#%aa", 0, "http://h/%AA?%aa#%aa"},
      {"http://h/%aa?%aa#%aa", CURLU_URLENCODE, "http://h/%AA?%AA#%AA"},
      {"http://h/\xc3\xa5?\xc3\xa5#\xc3\xa5", 0, "http://h/\xc3\xa5?\xc3\xa5#\xc3\xa5"},
      {"http://h/\xc3\xa5?\xc3\xa5#\xc3\xa5", CURLU_URLENCODE, "http://h/%C3%A5?%C3%A5#%C3%A5"},
      {"http://h/\xc3\xa5?\xc3\xa5#\xc3\xa5", SL_URL_ENCODE_PATH,
       "http://h/%C3%A5?\xc3\xa5#\xc3\xa5"},
      {"http://h/a b", SL_URL_ENCODE_PATH, "code 25"},
      {"http://h/a b?c d#e f", CURLU_URLENCODE, "http://h/a%20b?c+d#e%20f"},
      {"http://h/a b?c d#e f", CURLU_ALLOW_SPACE, "http://h/a b?c d#e f"},
      {"http://h/a b?c d#e f", CURLU_ALLOW_SPACE | CURLU_URLENCODE, "http://h/a%20b?c+d#e%20f"},
      {"http://u v:p q@h/", CURLU_ALLOW_SPACE, "http://u v:p q@h/"},
      {"http://h/\"<>|^{}`'\\?\"<>\\#\"<>\\", CURLU_URLENCODE,
       "http://h/\"<>|^{}`'\\?\"<>\\#\"<>\\"},
      {"http://h?\xe5", CURLU_URLENCODE, "http://h/?%E5"},
  };
  CHECK_ROWS(rows, normal);
}

TEST(no_authority)
{
  static const unsigned flags = CURLU_NO_AUTHORITY | CURLU_NON_SUPPORT_SCHEME;
  static const struct row rows[] = {
      {"at:///did:plc:x/y", flags, "at - - -  - - /did:plc:x/y - -"},
      {"git://", flags, "git - - -  - - / - -"},
      {"git:///", flags, "git - - -  - - / - -"},
      {"git://?q", flags, "git - - -  - - / q -"},
      {"git:////a", flags, "git - - -  - - //a - -"},
      {"git://h/a", flags, "git - - - h - - /a - -"},
      {"http:///foo.com/path", flags, "http - - -  - - /foo.com/path - -"},
      {"git://:80/a", flags, "code 14"},
      {"git://u@/a", flags, "code 14"},
  };
  CHECK_ROWS(rows, parts);
  CHECK_STR(normal("git:///a", flags), "git:///a");
}

/* ---- print ---- */

TEST(print_flags)
{
  static const struct {
    const char *text;
    unsigned flags;
    const char *want;
  } rows[] = {
      {"http://h/", CURLU_DEFAULT_PORT, "http://h:80/"},
      {"http://h:80/", CURLU_NO_DEFAULT_PORT, "http://h/"},
      {"http://h:81/", CURLU_NO_DEFAULT_PORT, "http://h:81/"},
      {"http://h:0/", CURLU_NO_DEFAULT_PORT, "http://h:0/"},
      {"xx://h/", CURLU_DEFAULT_PORT, "xx://h/"},
      {"file:///a", CURLU_DEFAULT_PORT, "file:///a"},
      {"http://h/?#", 0, "http://h/"},
      {"http://h/?#", CURLU_GET_EMPTY, "http://h/?#"},
      {"http://h/?", CURLU_GET_EMPTY, "http://h/?"},
      {"http://h/#", CURLU_GET_EMPTY, "http://h/#"},
      {"http://h/", CURLU_GET_EMPTY, "http://h/"},
      {"http://u:p@h/a?q#f", SL_URL_NO_LOGIN, "http://h/a?q#f"},
      {"http://u:p@h/a?q#f", SL_URL_NO_FRAGMENT, "http://u:p@h/a?q"},
      {"http://u:p@h/a?q#f", SL_URL_NO_LOGIN | SL_URL_NO_FRAGMENT, "http://h/a?q"},
      {"imap://u;o:p@h/", 0, "imap://u:p;o@h/"},
      {"imap://u;o:p;x@h/", 0, "imap://u;o:p;x@h/"},
      {"imap://u;:p;x@h/", 0, "imap://u;:p;x@h/"},
      {"http://\xc3\xa5.se/", 0, "http://\xc3\xa5.se/"},
      {"http://\xc3\xa5.se/", CURLU_PUNYCODE, "http://xn--5ca.se/"},
      {"http://\xc3\xa5.se:8/", CURLU_URLENCODE, "http://%C3%A5.se:8/"},
      {"http://\xc3\xa5.se/", CURLU_URLENCODE | CURLU_PUNYCODE, "http://%C3%A5.se/"},
      {"http://ABC.se/", CURLU_PUNYCODE, "http://ABC.se/"},
      {"http://xn--5ca.se/", CURLU_PUNY2IDN, "http://\xc3\xa5.se/"},
      {"http://www.XN--5CA.se/", CURLU_PUNY2IDN, "http://www.\xc3\xa5.se/"},
      {"http://abc.se/", CURLU_PUNY2IDN, "http://abc.se/"},
      {"http://[::1%25e]/", CURLU_URLENCODE | CURLU_PUNYCODE, "http://[::1%25e]/"},
      {"http://a\xef\xbc\x8f/", CURLU_PUNYCODE, "code 21"},
      {"http://127\xe3\x80\x82" "0.0.1/", CURLU_PUNYCODE, "http://127.0.0.1/"},
      {"http://\xef\xbc\x91" "27.1/", CURLU_PUNYCODE, "http://127.0.0.1/"},
      {"http://\xff/", CURLU_PUNYCODE, "code 21"},
      {"http://xn--999999999999/", CURLU_PUNY2IDN, "code 21"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct url u;
    if (!CHECK_INT(parse(&u, rows[i].text, CURLU_NON_SUPPORT_SCHEME), CURLUE_OK))
      continue;
    if (!CHECK_STR(printed(&u, rows[i].flags), rows[i].want))
      printf("#   for \"%s\", flags %x\n", rows[i].text, rows[i].flags);
    sl_url_done(&u);
  }
}

/* ---- resolve ---- */

static const char *resolved(const char *base, const char *text, unsigned flags)
{
  static char out[1024];
  struct url from, to;
  size_t n = strlen(text);
  if (!CHECK_INT(parse(&from, base, CURLU_NON_SUPPORT_SCHEME | flags), CURLUE_OK))
    return "";
  char *exact = malloc(n ? n : 1);
  memcpy(exact, text, n);
  CURLUcode code = sl_url_resolve(&from, slice_of(exact, n), flags, &to);
  free(exact);
  sl_url_done(&from);
  if (code)
    return code_text(code);
  snprintf(out, sizeof(out), "%s", printed(&to, CURLU_GET_EMPTY));
  sl_url_done(&to);
  return out;
}

TEST(resolve_rfc3986)
{
  static const struct {
    const char *text, *want;
  } rows[] = {
      /* 5.4.1, with the slash of an empty path; g:h and http:g need // here */
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"g#s", "http://a/b/c/g#s"},
      {"g?y#s", "http://a/b/c/g?y#s"},
      {";x", "http://a/b/c/;x"},
      {"g;x", "http://a/b/c/g;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y#s"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../", "http://a/"},
      {"../../g", "http://a/g"},
      /* 5.4.2 */
      {"../../../g", "http://a/g"},
      {"../../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {".g", "http://a/b/c/.g"},
      {"g..", "http://a/b/c/g.."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"g#s/./x", "http://a/b/c/g#s/./x"},
      {"g#s/../x", "http://a/b/c/g#s/../x"},
      {"http:g", "code 28"},
  };
  for (size_t i = 0; i < COUNT(rows); i++)
    if (!CHECK_STR(resolved("http://a/b/c/d;p?q#f", rows[i].text, 0), rows[i].want))
      printf("#   for \"%s\"\n", rows[i].text);
}

TEST(resolve_what_servers_send)
{
  static const struct {
    const char *base, *text;
    unsigned flags;
    const char *want;
  } rows[] = {
      {"http://u:p@h:8/a/b", "x", 0, "http://u:p@h:8/a/x"},
      {"http://u:p@h:8/a/b", "/x", 0, "http://u:p@h:8/x"},
      {"http://u:p@h:8/a/b", "//x/y", 0, "http://x/y"},
      {"https://h/a", "//u@x:80/y", 0, "https://u@x:80/y"},
      {"http://h/a/b", "https://x/y", 0, "https://x/y"},
      {"http://h/a/b", "HTTP://X/../y", 0, "http://X/y"},
      {"http://h/a/b", "http:/x/y", 0, "http://x/y"},
      {"http://h/a/b", "///x/y", 0, "http://x/y"},
      {"http://h/a/b", "////x", 0, "code 28"},
      {"http://h/a/b", "//", 0, "code 14"},
      /* spaces, bytes over 127 */
      {"http://h/a/b", "c d", 0, "http://h/a/c%20d"},
      {"http://h/a/b", "../moo.html/?name=d a niel", 0, "http://h/moo.html/?name=d+a+niel"},
      {"http://h/a/b", "http://x/tes t case=/1? yes no", 0, "http://x/tes%20t%20case=/1?+yes+no"},
      {"http://h/a/b", "http://x/there/it/is/../../tes t", 0, "http://x/there/tes%20t"},
      {"http://h/a/b", "#c d", 0, "http://h/a/b#c%20d"},
      {"http://h/a/b", "x?c d#e f", 0, "http://h/a/x?c+d#e%20f"},
      {"http://h/a/b", "/\xc3\xa5?\xe5#\xe5", 0, "http://h/%C3%A5?%E5#%E5"},
      {"http://h/a/b", "/%c3%a5", 0, "http://h/%C3%A5"},
      {"http://h/a", "http://\xc3\xa5.se:8/x", 0, "http://\xc3\xa5.se:8/x"},
      {"http://\xc3\xa5.se/a", "./x", 0, "http://\xc3\xa5.se/x"},
      {"http://h/a", "http://x y/", 0, "code 21"},
      {"http://h/a", "//x y/", 0, "code 21"},
      {"http://h/a", "http://u v@x/", 0, "code 29"},
      {"http://h/a", "b\tc", 0, "code 25"},
      {"http://h/a", "b\r\nc", 0, "code 25"},
      {"http://h/a", "?\001", 0, "code 26"},
      /* backslashes stay what they are */
      {"http://h/a/b", "\\x\\y", 0, "http://h/a/\\x\\y"},
      {"http://h/a/b", "/\\x", 0, "http://h/\\x"},
      {"http://h/a/b", "//x\\y", 0, "code 21"},
      {"http://h/a/b", "http:/\\x/", 0, "code 21"},
      {"http://h/a/b", "http:\\\\x/", 0, "code 28"},
      {"http://h/a/b", "\"<>{}|^`", 0, "http://h/a/\"<>{}|^`"},
      /* bases without a path, with slashes in query and fragment */
      {"http://h", "x", 0, "http://h/x"},
      {"http://h", "?x", 0, "http://h/?x"},
      {"http://h", "#x", 0, "http://h/#x"},
      {"http://h?oh=what-weird=test/1", "/root/2.txt?coolsite=yes", 0,
       "http://h/root/2.txt?coolsite=yes"},
      {"http://h/want?uri=http://anything/276?second/276", "data/2.txt?a=http://b/?c", 0,
       "http://h/data/2.txt?a=http://b/?c"},
      {"http://h/a#q/r/s", "x", 0, "http://h/x"},
      {"http://h/a?", "#x", 0, "http://h/a?#x"},
      {"http://h/a?", "?", 0, "http://h/a?"},
      {"http://h/a/b", "?coolsite=yes/2.txt", 0, "http://h/a/b?coolsite=yes/2.txt"},
      {"file:///test?test#test", "", 0, "file:///test?test"},
      {"file:///a/b?c#d", "x", 0, "file:///a/x"},
      {"file:///a/b?c#d", "?x", 0, "file:///a/b?x"},
      {"file:///a/b", "//x", 0, "code 19"},
      {"imap://u;o@h/a", "?b", 0, "imap://u;o@h/a?b"},
      {"http://[fe80::1%25eth0]:8/a", "x", 0, "http://[fe80::1%25eth0]:8/x"},
      /* dots */
      {"http://h/a/b/c", "../../../../x", 0, "http://h/x"},
      {"http://h/a/b/c", "%2e%2e/x", 0, "http://h/a/x"},
      {"http://h/a//b//", "./?x", 0, "http://h/a//b//?x"},
      {"http://h/../../391", "../3910002", CURLU_PATH_AS_IS, "http://h/3910002"},
      {"http://h/a/b", "/x/../y", CURLU_PATH_AS_IS, "http://h/x/../y"},
      {"http://h/a/b", "http://x/../y", CURLU_PATH_AS_IS, "http://x/../y"},
      {"http://h/a/../b", "?q", CURLU_PATH_AS_IS, "http://h/a/../b?q"},
      /* schemes */
      {"http://h/a", "ht3p://localhost/", 0, "code 5"},
      {"http://h/a", "ht3p://localhost/", CURLU_NON_SUPPORT_SCHEME, "ht3p://localhost/"},
      {"http://h/a", "mailto:x", 0, "code 5"},
      {"http://h/a", "a:b", CURLU_GUESS_SCHEME, "http://h/a:b"},
      {"ht3p://h/a", "b", CURLU_NON_SUPPORT_SCHEME, "ht3p://h/b"},
      {"http://h/a", "//u@x/", CURLU_DISALLOW_USER, "code 8"},
  };
  for (size_t i = 0; i < COUNT(rows); i++)
    if (!CHECK_STR(resolved(rows[i].base, rows[i].text, rows[i].flags), rows[i].want))
      printf("#   for \"%s\" and \"%s\"\n", rows[i].base, rows[i].text);
}

/* ---- results ---- */

TEST(results_and_their_texts)
{
  CHECK_INT(sl_url_result(CURLUE_OK), CURLE_OK);
  CHECK_INT(sl_url_result(CURLUE_OUT_OF_MEMORY), CURLE_OUT_OF_MEMORY);
  CHECK_INT(sl_url_result(CURLUE_UNSUPPORTED_SCHEME), CURLE_UNSUPPORTED_PROTOCOL);
  CHECK_INT(sl_url_result(CURLUE_USER_NOT_ALLOWED), CURLE_LOGIN_DENIED);
  CHECK_INT(sl_url_result(CURLUE_BAD_HOSTNAME), CURLE_URL_MALFORMAT);
  CHECK_INT(sl_url_result(CURLUE_BACKSLASH), CURLE_URL_MALFORMAT);
  for (int i = 0; i < CURLUE_LAST; i++) {
    CHECK(*sl_url_strerror((CURLUcode)i));
    for (int j = 0; j < i; j++)
      CHECK(strcmp(sl_url_strerror((CURLUcode)i), sl_url_strerror((CURLUcode)j)) != 0);
  }
  CHECK(*sl_url_strerror(CURLUE_LAST));
  CHECK(*sl_url_strerror((CURLUcode)-1));
}

TEST(failure_leaves_the_result_alone)
{
  struct url u, before;
  memset(&u, 0x5a, sizeof(u));
  before = u;
  CHECK_INT(parse(&u, "http://a b/", 0), CURLUE_BAD_HOSTNAME);
  CHECK_MEM(&u, &before, sizeof(u));
  sl_mem_fail_after(1);
  CHECK_INT(parse(&u, "http://h/", 0), CURLUE_OUT_OF_MEMORY);
  sl_mem_fail_after(0);
  CHECK_MEM(&u, &before, sizeof(u));
}

TEST(done_twice)
{
  struct url u = {.buf = NULL};
  sl_url_done(&u);
  REQUIRE(parse(&u, "http://h/", 0) == CURLUE_OK);
  sl_url_done(&u);
  CHECK(!u.buf && !u.text.p && !u.host.p);
  sl_url_done(&u);
}

TEST(one_allocation)
{
  struct url u;
  sl_mem_fail_after(1000); /* counts */
  REQUIRE(parse(&u, "https://u:p@www.example.com:8080/a/../b%aa?q=\xe5#f", CURLU_URLENCODE) ==
          CURLUE_OK);
  CHECK_INT(sl_mem_fail_after(0), 1);
  sl_url_done(&u);
}

TEST(allocations_that_fail)
{
  CURLUcode last = CURLUE_OK;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct url u, to;
    struct buf b;
    struct slice host;
    sl_buf_init(&b, 1000);
    last = parse(&u, "http://u:p@%c3%a5.se:8/a/../b?q=1#f", CURLU_URLENCODE);
    if (!last) {
      last = sl_url_resolve(&u, SLICE_LIT("../x y"), 0, &to);
      if (!last)
        sl_url_done(&to);
      if (!last)
        last = sl_url_print(&u, CURLU_PUNYCODE, &b);
      sl_buf_done(&b);
      if (!last)
        last = sl_url_print(&u, CURLU_URLENCODE, &b);
      sl_buf_done(&b);
      if (!last)
        last = sl_url_host_ascii(&u, &b, &host);
      sl_buf_done(&b);
      sl_url_done(&u);
    }
    if (!last && !(last = parse(&u, "http://xn--5ca.se/", 0))) {
      last = sl_url_print_host(&u, CURLU_PUNY2IDN, &b);
      sl_url_done(&u);
    }
    CHECK(last == CURLUE_OK || last == CURLUE_OUT_OF_MEMORY);
    sl_buf_done(&b);
  }
  CHECK_INT(last, CURLUE_OK);
}
