/* curl_url_*: parts set and read one by one, flags, codes, copies, memory. What a whole URL is
 * taken apart into is the matter of wire/url_test.c. */
#include "tests/test.h"

#include <stdlib.h>

#include <curl/curl.h>

#include "base/mem.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- helpers ---- */

/* The part, or "code N"; in one of two static buffers. */
static const char *get(const CURLU *u, CURLUPart what, unsigned flags)
{
  static char texts[2][2048];
  static unsigned turn;
  char *part = (char *)"unset", *text = texts[turn++ % 2];
  CURLUcode code = curl_url_get(u, what, &part, flags);
  if (code) {
    CHECK(!part);
    snprintf(text, sizeof(texts[0]), "code %d", (int)code);
    return text;
  }
  snprintf(text, sizeof(texts[0]), "%s", part);
  sl_free(part);
  return text;
}

static CURLU *parsed(const char *text, unsigned flags)
{
  CURLU *u = curl_url();
  CHECK_INT(curl_url_set(u, CURLUPART_URL, text, flags), CURLUE_OK);
  return u;
}

/* ---- getting ---- */

TEST(get_parts)
{
  CURLU *u = parsed("https://u:p@h:8/a/b?q=1#f", 0);
  CHECK_STR(get(u, CURLUPART_URL, 0), "https://u:p@h:8/a/b?q=1#f");
  CHECK_STR(get(u, CURLUPART_SCHEME, 0), "https");
  CHECK_STR(get(u, CURLUPART_USER, 0), "u");
  CHECK_STR(get(u, CURLUPART_PASSWORD, 0), "p");
  CHECK_STR(get(u, CURLUPART_OPTIONS, 0), "code 13");
  CHECK_STR(get(u, CURLUPART_HOST, 0), "h");
  CHECK_STR(get(u, CURLUPART_PORT, 0), "8");
  CHECK_STR(get(u, CURLUPART_PATH, 0), "/a/b");
  CHECK_STR(get(u, CURLUPART_QUERY, 0), "q=1");
  CHECK_STR(get(u, CURLUPART_FRAGMENT, 0), "f");
  CHECK_STR(get(u, CURLUPART_ZONEID, 0), "code 18");
  curl_url_cleanup(u);
  u = parsed("imap://u;o@[fe80::1%25e]/", 0);
  CHECK_STR(get(u, CURLUPART_URL, 0), "imap://u;o@[fe80::1%25e]/");
  CHECK_STR(get(u, CURLUPART_OPTIONS, 0), "o");
  CHECK_STR(get(u, CURLUPART_PASSWORD, 0), "code 12");
  CHECK_STR(get(u, CURLUPART_HOST, 0), "[fe80::1]");
  CHECK_STR(get(u, CURLUPART_ZONEID, 0), "e");
  curl_url_cleanup(u);
}

TEST(get_from_an_empty_handle)
{
  static const CURLUcode missing[] = {CURLUE_NO_HOST,     CURLUE_NO_SCHEME,  CURLUE_NO_USER,
                                      CURLUE_NO_PASSWORD, CURLUE_NO_OPTIONS, CURLUE_NO_HOST,
                                      CURLUE_NO_PORT,     CURLUE_OK,         CURLUE_NO_QUERY,
                                      CURLUE_NO_FRAGMENT, CURLUE_NO_ZONEID};
  CURLU *u = curl_url();
  for (size_t i = 0; i < COUNT(missing); i++) {
    char *part = NULL;
    CHECK_INT(curl_url_get(u, (CURLUPart)i, &part, 0), missing[i]);
    if (i == CURLUPART_PATH)
      CHECK_STR(part, "/");
    else
      CHECK(!part);
    sl_free(part);
  }
  CHECK_STR(get(u, CURLUPART_SCHEME, CURLU_DEFAULT_SCHEME), "https");
  CHECK_STR(get(u, CURLUPART_URL, CURLU_DEFAULT_SCHEME), "code 14");
  CHECK_INT(curl_url_set(u, CURLUPART_HOST, "h", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, 0), "code 10");
  CHECK_STR(get(u, CURLUPART_URL, CURLU_DEFAULT_SCHEME), "https://h/");
  CHECK_STR(get(u, CURLUPART_URL, CURLU_DEFAULT_SCHEME | CURLU_DEFAULT_PORT), "https://h:443/");
  CHECK_STR(get(u, CURLUPART_PORT, CURLU_DEFAULT_PORT), "code 15");
  curl_url_cleanup(u);
}

TEST(bad_arguments)
{
  CURLU *u = curl_url();
  char *part = (char *)"x";
  CHECK_INT(curl_url_get(NULL, CURLUPART_URL, &part, 0), CURLUE_BAD_HANDLE);
  CHECK_INT(curl_url_get(u, CURLUPART_URL, NULL, 0), CURLUE_BAD_PARTPOINTER);
  CHECK_INT(curl_url_get(u, (CURLUPart)11, &part, 0), CURLUE_UNKNOWN_PART);
  CHECK(!part);
  CHECK_INT(curl_url_get(u, (CURLUPart)-1, &part, 0), CURLUE_UNKNOWN_PART);
  CHECK_INT(curl_url_set(NULL, CURLUPART_URL, "http://h", 0), CURLUE_BAD_HANDLE);
  CHECK_INT(curl_url_set(u, (CURLUPart)11, "x", 0), CURLUE_UNKNOWN_PART);
  CHECK_INT(curl_url_set(u, (CURLUPart)11, NULL, 0), CURLUE_UNKNOWN_PART);
  CHECK(!curl_url_dup(NULL));
  curl_url_cleanup(NULL);
  curl_url_cleanup(u);
  CHECK_STR(curl_url_strerror(CURLUE_OK), "No error");
  CHECK(strcmp(curl_url_strerror(CURLUE_BACKSLASH), curl_url_strerror(CURLUE_LAST)) != 0);
}

TEST(get_flags)
{
  static const struct {
    const char *url;
    unsigned set_flags;
    CURLUPart part;
    unsigned flags;
    const char *want;
  } rows[] = {
      /* ports */
      {"http://h/", 0, CURLUPART_PORT, CURLU_DEFAULT_PORT, "80"},
      {"http://h:80/", 0, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, "code 15"},
      {"http://h:81/", 0, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, "81"},
      {"http://h/", 0, CURLUPART_PORT, CURLU_DEFAULT_PORT | CURLU_NO_DEFAULT_PORT, "80"},
      {"http://h:80/", 0, CURLUPART_URL, CURLU_NO_DEFAULT_PORT, "http://h/"},
      {"http://h/", 0, CURLUPART_URL, CURLU_DEFAULT_PORT, "http://h:80/"},
      {"ws://h/", 0, CURLUPART_PORT, CURLU_DEFAULT_PORT, "80"},
      {"mqtts://h/", 0, CURLUPART_PORT, CURLU_DEFAULT_PORT, "8883"},
      {"xx://h/", CURLU_NON_SUPPORT_SCHEME, CURLUPART_PORT, CURLU_DEFAULT_PORT, "code 15"},
      {"http://h:080/", 0, CURLUPART_PORT, 0, "80"},
      /* decoding */
      {"http://u%20v@h/", 0, CURLUPART_USER, CURLU_URLDECODE, "u v"},
      {"http://:p%40@h/", 0, CURLUPART_PASSWORD, CURLU_URLDECODE, "p@"},
      {"imap://u;a%2f@h/", 0, CURLUPART_OPTIONS, CURLU_URLDECODE, "a/"},
      {"http://h/a%20b+c%zz%4", 0, CURLUPART_PATH, CURLU_URLDECODE, "/a b+c%zz%4"},
      {"http://h/?a%20b+c%2B", 0, CURLUPART_QUERY, CURLU_URLDECODE, "a b c+"},
      {"http://h/#a%20b+c", 0, CURLUPART_FRAGMENT, CURLU_URLDECODE, "a b+c"},
      {"http://h/a%20b", 0, CURLUPART_URL, CURLU_URLDECODE, "http://h/a%20b"},
      {"http://h/a%7f%80", 0, CURLUPART_PATH, CURLU_URLDECODE, "/a\177\200"},
      {"http://u%00@h/", 0, CURLUPART_USER, CURLU_URLDECODE, "code 6"},
      {"http://h/%0a", 0, CURLUPART_PATH, CURLU_URLDECODE, "code 6"},
      {"http://h/?+%1f", 0, CURLUPART_QUERY, CURLU_URLDECODE, "code 6"},
      {"http://h/#%09", 0, CURLUPART_FRAGMENT, CURLU_URLDECODE, "code 6"},
      {"http://h/%0a", 0, CURLUPART_PATH, 0, "/%0A"},
      /* encoding */
      {"http://h/\xe5 b?\xe5 b#\xe5 b", CURLU_ALLOW_SPACE, CURLUPART_PATH, CURLU_URLENCODE,
       "/%E5%20b"},
      {"http://h/\xe5 b?\xe5 b#\xe5 b", CURLU_ALLOW_SPACE, CURLUPART_QUERY, CURLU_URLENCODE,
       "%E5+b"},
      {"http://h/\xe5 b?\xe5 b#\xe5 b", CURLU_ALLOW_SPACE, CURLUPART_FRAGMENT, CURLU_URLENCODE,
       "%E5%20b"},
      {"http://\xe5 b@h/", CURLU_ALLOW_SPACE, CURLUPART_USER, CURLU_URLENCODE, "%E5%20b"},
      {"http://h/%c3%a5%41", 0, CURLUPART_PATH, CURLU_URLDECODE | CURLU_URLENCODE, "/%C3%A5A"},
      {"http://\xc3\xa5.se/", 0, CURLUPART_HOST, CURLU_URLENCODE, "%C3%A5.se"},
      {"http://\xc3\xa5.se/", 0, CURLUPART_URL, CURLU_URLENCODE, "http://%C3%A5.se/"},
      /* IDN */
      {"http://\xc3\xa5.se/", 0, CURLUPART_HOST, 0, "\xc3\xa5.se"},
      {"http://\xc3\xa5.se/", 0, CURLUPART_HOST, CURLU_PUNYCODE, "xn--5ca.se"},
      {"http://\xc3\xa5.se/", 0, CURLUPART_URL, CURLU_PUNYCODE, "http://xn--5ca.se/"},
      {"http://\xc3\xa5.se/", 0, CURLUPART_HOST, CURLU_PUNYCODE | CURLU_URLENCODE, "%C3%A5.se"},
      {"http://ABC/", 0, CURLUPART_HOST, CURLU_PUNYCODE, "ABC"},
      {"http://xn--5ca.se/", 0, CURLUPART_HOST, CURLU_PUNY2IDN, "\xc3\xa5.se"},
      {"http://xn--5ca.se/", 0, CURLUPART_URL, CURLU_PUNY2IDN, "http://\xc3\xa5.se/"},
      {"http://xn--999999999999/", 0, CURLUPART_HOST, CURLU_PUNY2IDN, "code 21"},
      {"http://\xff/", 0, CURLUPART_HOST, CURLU_PUNYCODE, "code 21"},
      {"http://[::1%25e]/", 0, CURLUPART_HOST, CURLU_PUNYCODE, "[::1]"},
      {"http://[::1%25e]/", 0, CURLUPART_HOST, CURLU_PUNY2IDN, "[::1]"},
      /* empty parts */
      {"http://h/?#", 0, CURLUPART_QUERY, 0, "code 16"},
      {"http://h/?#", 0, CURLUPART_FRAGMENT, 0, "code 17"},
      {"http://h/?#", 0, CURLUPART_QUERY, CURLU_GET_EMPTY, ""},
      {"http://h/?#", 0, CURLUPART_FRAGMENT, CURLU_GET_EMPTY, ""},
      {"http://h/", 0, CURLUPART_QUERY, CURLU_GET_EMPTY, "code 16"},
      {"http://h/", 0, CURLUPART_FRAGMENT, CURLU_GET_EMPTY, "code 17"},
      {"http://h/?#", 0, CURLUPART_URL, 0, "http://h/"},
      {"http://h/?#", 0, CURLUPART_URL, CURLU_GET_EMPTY, "http://h/?#"},
      {"http://:@h/", 0, CURLUPART_USER, 0, ""},
      {"http://:@h/", 0, CURLUPART_PASSWORD, CURLU_URLDECODE, ""},
      /* guesses */
      {"ftp.h/x", CURLU_GUESS_SCHEME, CURLUPART_SCHEME, 0, "ftp"},
      {"ftp.h/x", CURLU_GUESS_SCHEME, CURLUPART_SCHEME, CURLU_NO_GUESS_SCHEME, "code 10"},
      {"ftp.h/x", CURLU_GUESS_SCHEME, CURLUPART_URL, CURLU_NO_GUESS_SCHEME, "ftp.h/x"},
      {"ftp://h/x", CURLU_GUESS_SCHEME, CURLUPART_SCHEME, CURLU_NO_GUESS_SCHEME, "ftp"},
      {"h", CURLU_DEFAULT_SCHEME, CURLUPART_SCHEME, CURLU_NO_GUESS_SCHEME, "https"},
      /* what is no flag of the interface has no effect */
      {"http://u@h/#f", 0, CURLUPART_URL, 1U << 30 | 1U << 31, "http://u@h/#f"},
      {"http://h/\xe5", 1U << 29, CURLUPART_URL, 0, "http://h/\xe5"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    CURLU *u = parsed(rows[i].url, rows[i].set_flags);
    if (!CHECK_STR(get(u, rows[i].part, rows[i].flags), rows[i].want))
      printf("#   for \"%s\", part %d, flags %x\n", rows[i].url, rows[i].part, rows[i].flags);
    curl_url_cleanup(u);
  }
}

/* ---- setting ---- */

struct set_row {
  CURLUPart part;
  const char *text; /* NULL: remove */
  unsigned flags;
  CURLUcode code;
  const char *want; /* the whole URL */
};

static void check_set(const char *base, const struct set_row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    CURLU *u = parsed(base, 0);
    bool held = CHECK_INT(curl_url_set(u, rows[i].part, rows[i].text, rows[i].flags), rows[i].code);
    held = CHECK_STR(get(u, CURLUPART_URL, 0), rows[i].want) && held;
    if (!held)
      printf("#   for part %d, \"%s\", flags %x\n", rows[i].part,
             rows[i].text ? rows[i].text : "NULL", rows[i].flags);
    curl_url_cleanup(u);
  }
}

TEST(set_scheme)
{
  static const struct set_row rows[] = {
      {CURLUPART_SCHEME, "ftp", 0, CURLUE_OK, "ftp://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "HTTPS", 0, CURLUE_OK, "https://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "wss", 0, CURLUE_OK, "wss://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "xyz", 0, CURLUE_UNSUPPORTED_SCHEME, "http://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "https://", 0, CURLUE_UNSUPPORTED_SCHEME, "http://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "X+y-z.1", CURLU_NON_SUPPORT_SCHEME, CURLUE_OK,
       "x+y-z.1://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "", CURLU_NON_SUPPORT_SCHEME, CURLUE_BAD_SCHEME, "http://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "1x", CURLU_NON_SUPPORT_SCHEME, CURLUE_BAD_SCHEME,
       "http://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "x:", CURLU_NON_SUPPORT_SCHEME, CURLUE_BAD_SCHEME,
       "http://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "a b", CURLU_NON_SUPPORT_SCHEME, CURLUE_BAD_SCHEME,
       "http://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "abcdefghijklmnopqrstuvwxyzabcdefghijklmn", CURLU_NON_SUPPORT_SCHEME,
       CURLUE_OK, "abcdefghijklmnopqrstuvwxyzabcdefghijklmn://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, "abcdefghijklmnopqrstuvwxyzabcdefghijklmno", CURLU_NON_SUPPORT_SCHEME,
       CURLUE_BAD_SCHEME, "http://u:p@h:8/b/c?q#f"},
      {CURLUPART_SCHEME, NULL, 0, CURLUE_OK, "code 10"},
  };
  check_set("http://u:p@h:8/b/c?q#f", rows, COUNT(rows));
  CURLU *u = parsed("ftp.h/x", CURLU_GUESS_SCHEME);
  CHECK_INT(curl_url_set(u, CURLUPART_SCHEME, "https", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, CURLU_NO_GUESS_SCHEME), "https://ftp.h/x");
  CHECK_STR(get(u, CURLUPART_PORT, CURLU_DEFAULT_PORT), "443");
  curl_url_cleanup(u);
}

TEST(set_login)
{
  static const struct set_row rows[] = {
      {CURLUPART_USER, "x", 0, CURLUE_OK, "http://x:p@h:8/b/c?q#f"},
      {CURLUPART_USER, "", 0, CURLUE_OK, "http://:p@h:8/b/c?q#f"},
      {CURLUPART_USER, NULL, 0, CURLUE_OK, "http://:p@h:8/b/c?q#f"},
      {CURLUPART_USER, "a b", 0, CURLUE_OK, "http://a b:p@h:8/b/c?q#f"},
      {CURLUPART_USER, "%aa%zz", 0, CURLUE_OK, "http://%AA%zz:p@h:8/b/c?q#f"},
      {CURLUPART_USER, "a@b:/?# \xe5%41-._~", CURLU_URLENCODE, CURLUE_OK,
       "http://a%40b%3A%2F%3F%23%20%E5%2541-._~:p@h:8/b/c?q#f"},
      {CURLUPART_PASSWORD, "x", 0, CURLUE_OK, "http://u:x@h:8/b/c?q#f"},
      {CURLUPART_PASSWORD, "", 0, CURLUE_OK, "http://u:@h:8/b/c?q#f"},
      {CURLUPART_PASSWORD, NULL, 0, CURLUE_OK, "http://u@h:8/b/c?q#f"},
      {CURLUPART_PASSWORD, "a@b", CURLU_URLENCODE, CURLUE_OK, "http://u:a%40b@h:8/b/c?q#f"},
      {CURLUPART_OPTIONS, "x", 0, CURLUE_OK, "http://u:p@h:8/b/c?q#f"},
  };
  check_set("http://u:p@h:8/b/c?q#f", rows, COUNT(rows));
  static const struct set_row imap[] = {
      {CURLUPART_OPTIONS, "x;y", 0, CURLUE_OK, "imap://h;x;y@h/"},
      {CURLUPART_OPTIONS, "x;y", CURLU_URLENCODE, CURLUE_OK, "imap://h;x%3By@h/"},
      {CURLUPART_PASSWORD, "p", 0, CURLUE_OK, "imap://h:p;o@h/"},
      {CURLUPART_OPTIONS, NULL, 0, CURLUE_OK, "imap://h@h/"},
  };
  check_set("imap://h;o@h/", imap, COUNT(imap));
}

TEST(set_host)
{
  static const struct set_row rows[] = {
      {CURLUPART_HOST, "x", 0, CURLUE_OK, "http://x:8/c"},
      {CURLUPART_HOST, "x.", 0, CURLUE_OK, "http://x.:8/c"},
      {CURLUPART_HOST, "[::1]", 0, CURLUE_OK, "http://[::1]:8/c"},
      {CURLUPART_HOST, "[FE80::0:1%25x]", 0, CURLUE_OK, "http://[fe80::1%25x]:8/c"},
      {CURLUPART_HOST, "[fe80::1%x]", 0, CURLUE_OK, "http://[fe80::1%25x]:8/c"},
      {CURLUPART_HOST, "127.1", 0, CURLUE_OK, "http://127.0.0.1:8/c"},
      {CURLUPART_HOST, "1.2.3.4.", 0, CURLUE_OK, "http://1.2.3.4:8/c"},
      {CURLUPART_HOST, "a%2eb", 0, CURLUE_OK, "http://a.b:8/c"},
      {CURLUPART_HOST, "\xc3\xa5", CURLU_URLENCODE, CURLUE_OK, "http://\xc3\xa5:8/c"},
      {CURLUPART_HOST, "", CURLU_NO_AUTHORITY, CURLUE_OK, "http://:8/c"},
      {CURLUPART_HOST, "", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a b", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a b", CURLU_URLENCODE | CURLU_ALLOW_SPACE, CURLUE_BAD_HOSTNAME,
       "http://h:8/c"},
      {CURLUPART_HOST, "a%20b", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a%25b", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a%41", CURLU_URLENCODE, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "[::1]", CURLU_URLENCODE, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "%5b%3a%3a1%5d", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "[::g]", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "::1", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a:80", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a/b", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a@b", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a\r\nb", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, "a..", 0, CURLUE_BAD_HOSTNAME, "http://h:8/c"},
      {CURLUPART_HOST, NULL, 0, CURLUE_OK, "code 14"},
  };
  check_set("http://h:8/c", rows, COUNT(rows));
  /* the zone goes with its host, and only when the new one is good */
  CURLU *u = parsed("http://[fe80::1%25e]/", 0);
  CHECK_INT(curl_url_set(u, CURLUPART_HOST, "a b", 0), CURLUE_BAD_HOSTNAME);
  CHECK_STR(get(u, CURLUPART_URL, 0), "http://[fe80::1%25e]/");
  CHECK_INT(curl_url_set(u, CURLUPART_HOST, "[::2]", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_ZONEID, 0), "code 18");
  CHECK_INT(curl_url_set(u, CURLUPART_ZONEID, "eth0", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, 0), "http://[::2%25eth0]/");
  CHECK_INT(curl_url_set(u, CURLUPART_ZONEID, "", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, 0), "http://[::2]/");
  CHECK_INT(curl_url_set(u, CURLUPART_HOST, "\xc3\xa5", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, CURLU_PUNYCODE), "http://xn--5ca/");
  CHECK_INT(curl_url_set(u, CURLUPART_HOST, "X", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, CURLU_PUNYCODE), "http://X/");
  curl_url_cleanup(u);
}

TEST(set_port)
{
  static const struct set_row rows[] = {
      {CURLUPART_PORT, "80", 0, CURLUE_OK, "http://h:80/"},
      {CURLUPART_PORT, "0", 0, CURLUE_OK, "http://h:0/"},
      {CURLUPART_PORT, "65535", 0, CURLUE_OK, "http://h:65535/"},
      {CURLUPART_PORT, "000080", 0, CURLUE_OK, "http://h:80/"},
      {CURLUPART_PORT, "65536", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, "99999999999999999999999", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, "", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, "x", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, "8x", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, " 8", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, "-1", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, "+1", 0, CURLUE_BAD_PORT_NUMBER, "http://h:8/"},
      {CURLUPART_PORT, NULL, 0, CURLUE_OK, "http://h/"},
  };
  check_set("http://h:8/", rows, COUNT(rows));
  CURLU *u = parsed("http://h:8/", 0);
  CHECK_INT(curl_url_set(u, CURLUPART_PORT, "080", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT), "code 15");
  CHECK_INT(curl_url_set(u, CURLUPART_SCHEME, "https", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT), "80");
  curl_url_cleanup(u);
}

TEST(set_path)
{
  static const struct set_row rows[] = {
      {CURLUPART_PATH, "/x", 0, CURLUE_OK, "http://h/x?q"},
      {CURLUPART_PATH, "x", 0, CURLUE_OK, "http://h/x?q"},
      {CURLUPART_PATH, "", 0, CURLUE_OK, "http://h/?q"},
      {CURLUPART_PATH, NULL, 0, CURLUE_OK, "http://h/?q"},
      {CURLUPART_PATH, "/../x", 0, CURLUE_OK, "http://h/../x?q"},
      {CURLUPART_PATH, "/%aa", 0, CURLUE_OK, "http://h/%AA?q"},
      {CURLUPART_PATH, "/a b", CURLU_URLENCODE, CURLUE_OK, "http://h/a%20b?q"},
      {CURLUPART_PATH, "a?b#c%41\xe5", CURLU_URLENCODE, CURLUE_OK, "http://h/a%3Fb%23c%2541%E5?q"},
      {CURLUPART_PATH, "/!$&'(){}[]*+,;=:@-._~", CURLU_URLENCODE, CURLUE_OK,
       "http://h/!$&'(){}[]*+,;=:@-._~?q"},
      {CURLUPART_PATH, "/\"<>\\^`|", CURLU_URLENCODE, CURLUE_OK,
       "http://h/%22%3C%3E%5C%5E%60%7C?q"},
  };
  check_set("http://h/b?q", rows, COUNT(rows));
}

TEST(set_query_and_fragment)
{
  static const unsigned append = CURLU_APPENDQUERY, encode = CURLU_URLENCODE;
  const struct set_row rows[] = {
      {CURLUPART_QUERY, "x", 0, CURLUE_OK, "http://h/?x#f"},
      {CURLUPART_QUERY, "", 0, CURLUE_OK, "http://h/#f"},
      {CURLUPART_QUERY, NULL, 0, CURLUE_OK, "http://h/#f"},
      {CURLUPART_QUERY, "?x", 0, CURLUE_OK, "http://h/??x#f"},
      {CURLUPART_QUERY, "%aa", 0, CURLUE_OK, "http://h/?%AA#f"},
      {CURLUPART_QUERY, "a b", encode, CURLUE_OK, "http://h/?a+b#f"},
      {CURLUPART_QUERY, "a=b&c+d%41\xe5#?/", encode, CURLUE_OK,
       "http://h/?a%3Db%26c%2Bd%2541%E5%23%3F%2F#f"},
      {CURLUPART_QUERY, "x", append, CURLUE_OK, "http://h/?q=1&x#f"},
      {CURLUPART_QUERY, "&x", append, CURLUE_OK, "http://h/?q=1&&x#f"},
      {CURLUPART_QUERY, "", append, CURLUE_OK, "http://h/?q=1&#f"},
      {CURLUPART_QUERY, "candy=N&N", append | encode, CURLUE_OK, "http://h/?q=1&candy=N%26N#f"},
      {CURLUPART_QUERY, "a=b=c d", append | encode, CURLUE_OK, "http://h/?q=1&a=b%3Dc+d#f"},
      {CURLUPART_FRAGMENT, "x", 0, CURLUE_OK, "http://h/?q=1#x"},
      {CURLUPART_FRAGMENT, "", 0, CURLUE_OK, "http://h/?q=1"},
      {CURLUPART_FRAGMENT, NULL, 0, CURLUE_OK, "http://h/?q=1"},
      {CURLUPART_FRAGMENT, "a b/=", encode, CURLUE_OK, "http://h/?q=1#a%20b%2F%3D"},
      {CURLUPART_FRAGMENT, "x", append, CURLUE_OK, "http://h/?q=1#x"},
  };
  check_set("http://h/?q=1#f", rows, COUNT(rows));
  static const struct set_row to_nothing[] = {
      {CURLUPART_QUERY, "x", CURLU_APPENDQUERY, CURLUE_OK, "http://h/?x"},
  };
  check_set("http://h/", to_nothing, COUNT(to_nothing));
  check_set("http://h/?", to_nothing, COUNT(to_nothing));
  CURLU *u = parsed("http://h/?a&", 0);
  CHECK_INT(curl_url_set(u, CURLUPART_QUERY, "x", append), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, 0), "http://h/?a&x");
  CHECK_INT(curl_url_set(u, CURLUPART_QUERY, "", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, CURLU_GET_EMPTY), "http://h/?");
  curl_url_cleanup(u);
}

TEST(set_url)
{
  static const struct set_row rows[] = {
      {CURLUPART_URL, "https://x/", 0, CURLUE_OK, "https://x/"},
      {CURLUPART_URL, "x", 0, CURLUE_OK, "http://u:p@h:8/a/x"},
      {CURLUPART_URL, "x", CURLU_GUESS_SCHEME, CURLUE_OK, "http://u:p@h:8/a/x"},
      {CURLUPART_URL, "//x", 0, CURLUE_OK, "http://x/"},
      {CURLUPART_URL, "?x y", 0, CURLUE_OK, "http://u:p@h:8/a/b?x+y"},
      {CURLUPART_URL, "#x", 0, CURLUE_OK, "http://u:p@h:8/a/b?q#x"},
      {CURLUPART_URL, "", 0, CURLUE_OK, "http://u:p@h:8/a/b?q"},
      {CURLUPART_URL, "a:80", CURLU_GUESS_SCHEME, CURLUE_OK, "http://u:p@h:8/a/a:80"},
      {CURLUPART_URL, "a:80", 0, CURLUE_UNSUPPORTED_SCHEME, "http://u:p@h:8/a/b?q#f"},
      {CURLUPART_URL, "https://x/a b", 0, CURLUE_BAD_PATH, "http://u:p@h:8/a/b?q#f"},
      {CURLUPART_URL, "https://x/a b", CURLU_URLENCODE, CURLUE_OK, "https://x/a%20b"},
      {CURLUPART_URL, "http://", 0, CURLUE_NO_HOST, "http://u:p@h:8/a/b?q#f"},
      {CURLUPART_URL, "http://x:99999/", 0, CURLUE_BAD_PORT_NUMBER, "http://u:p@h:8/a/b?q#f"},
      {CURLUPART_URL, "x", CURLU_DISALLOW_USER, CURLUE_USER_NOT_ALLOWED, "http://u:p@h:8/a/b?q#f"},
      {CURLUPART_URL, "http://y@x/", CURLU_DISALLOW_USER, CURLUE_USER_NOT_ALLOWED,
       "http://u:p@h:8/a/b?q#f"},
      {CURLUPART_URL, NULL, 0, CURLUE_OK, "code 14"},
  };
  check_set("http://u:p@h:8/a/b?q#f", rows, COUNT(rows));
  CURLU *u = curl_url();
  CHECK_INT(curl_url_set(u, CURLUPART_URL, "", 0), CURLUE_MALFORMED_INPUT);
  CHECK_INT(curl_url_set(u, CURLUPART_URL, "x", 0), CURLUE_BAD_SCHEME);
  CHECK_INT(curl_url_set(u, CURLUPART_HOST, "h", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_URL, "x", 0), CURLUE_BAD_SCHEME);
  CHECK_INT(curl_url_set(u, CURLUPART_SCHEME, "http", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_PATH, "/a/b c", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_URL, "./x", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, 0), "http://h/a/x");
  curl_url_cleanup(u);
  /* the scheme file needs no host */
  u = parsed("file:///a/b", 0);
  CHECK_INT(curl_url_set(u, CURLUPART_URL, "c", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, 0), "file:///a/c");
  CHECK_STR(get(u, CURLUPART_HOST, 0), "code 14");
  CHECK_STR(get(u, CURLUPART_PORT, CURLU_DEFAULT_PORT), "0");
  curl_url_cleanup(u);
}

TEST(built_from_parts)
{
  CURLU *u = curl_url();
  CHECK_INT(curl_url_set(u, CURLUPART_FRAGMENT, "anchor", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_HOST, "www.example.com", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_PASSWORD, "doe", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_PATH, "/index.html", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_PORT, "443", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_QUERY, "name=john", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_SCHEME, "https", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, 0),
            "https://:doe@www.example.com:443/index.html?name=john#anchor");
  CHECK_INT(curl_url_set(u, CURLUPART_USER, "john", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, CURLU_NO_DEFAULT_PORT),
            "https://john:doe@www.example.com/index.html?name=john#anchor");
  curl_url_cleanup(u);
}

TEST(too_long)
{
  char *text = malloc(8000001);
  memset(text, 'a', 8000000);
  text[8000000] = 0;
  CURLU *u = parsed("http://h/?q", 0);
  for (CURLUPart part = CURLUPART_URL; part <= CURLUPART_ZONEID; part++)
    CHECK_INT(curl_url_set(u, part, text, 0), CURLUE_MALFORMED_INPUT);
  CHECK_STR(get(u, CURLUPART_URL, 0), "http://h/?q");
  text[7999999] = 0;
  CHECK_INT(curl_url_set(u, CURLUPART_USER, text, 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_QUERY, text, CURLU_APPENDQUERY), CURLUE_TOO_LARGE);
  memset(text, ' ', 7999999);
  CHECK_INT(curl_url_set(u, CURLUPART_PATH, text, CURLU_URLENCODE), CURLUE_TOO_LARGE);
  char *part = NULL;
  CHECK_INT(curl_url_get(u, CURLUPART_URL, &part, 0), CURLUE_OK);
  if (CHECK(part))
    CHECK_INT(strlen(part), 7999999 + strlen("http://@h/?q"));
  sl_free(part);
  curl_url_cleanup(u);
  free(text);
}

/* ---- copies, memory ---- */

TEST(dup)
{
  CURLU *u = parsed("ftp.h:8/a?#f", CURLU_GUESS_SCHEME);
  CHECK_INT(curl_url_set(u, CURLUPART_USER, "u", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(u, CURLUPART_PASSWORD, "", 0), CURLUE_OK);
  CURLU *copy = curl_url_dup(u);
  REQUIRE(copy);
  CHECK_INT(curl_url_set(u, CURLUPART_USER, "other", 0), CURLUE_OK);
  CHECK_INT(curl_url_set(copy, CURLUPART_FRAGMENT, "x", 0), CURLUE_OK);
  CHECK_STR(get(u, CURLUPART_URL, CURLU_GET_EMPTY), "ftp://other:@ftp.h:8/a?#f");
  curl_url_cleanup(u);
  CHECK_STR(get(copy, CURLUPART_URL, CURLU_GET_EMPTY), "ftp://u:@ftp.h:8/a?#x");
  CHECK_STR(get(copy, CURLUPART_URL, CURLU_NO_GUESS_SCHEME), "u:@ftp.h:8/a#x");
  CURLU *again = curl_url_dup(copy);
  curl_url_cleanup(copy);
  REQUIRE(again);
  CHECK_STR(get(again, CURLUPART_URL, 0), "ftp://u:@ftp.h:8/a#x");
  curl_url_cleanup(again);
  u = curl_url();
  copy = curl_url_dup(u);
  CHECK_STR(get(copy, CURLUPART_URL, 0), "code 14");
  curl_url_cleanup(copy);
  curl_url_cleanup(u);
}

TEST(allocations_that_fail)
{
  static const struct {
    CURLUPart part;
    const char *text;
    unsigned flags;
  } steps[] = {{CURLUPART_URL, "http://u:p@h%41:8/a/b?q+r#f", 0},
               {CURLUPART_URL, "../x y", 0},
               {CURLUPART_HOST, "[fe80::1%25e]", 0},
               {CURLUPART_HOST, "%c3%a5", 0},
               {CURLUPART_SCHEME, "https", 0},
               {CURLUPART_PORT, "8", 0},
               {CURLUPART_USER, "u v", CURLU_URLENCODE},
               {CURLUPART_PATH, "x", 0},
               {CURLUPART_QUERY, "a+b", 0},
               {CURLUPART_QUERY, "c d", CURLU_APPENDQUERY | CURLU_URLENCODE}};
  static const unsigned flags[] = {0, CURLU_PUNYCODE, CURLU_URLENCODE,
                                   CURLU_URLDECODE | CURLU_URLENCODE, CURLU_URLDECODE};
  bool complete = false;
  FOR_EACH_FAILING_ALLOC(n)
  {
    complete = false;
    CURLU *u = curl_url(), *copy;
    if (!u)
      continue;
    bool failed = false;
    for (size_t i = 0; i < COUNT(steps) && !failed; i++) {
      CURLUcode code = curl_url_set(u, steps[i].part, steps[i].text, steps[i].flags);
      CHECK(code == CURLUE_OK || code == CURLUE_OUT_OF_MEMORY);
      failed = code != CURLUE_OK;
    }
    for (size_t i = 0; i < COUNT(flags) && !failed; i++) {
      for (CURLUPart part = CURLUPART_URL; part <= CURLUPART_ZONEID && !failed; part++) {
        char *text = NULL;
        CURLUcode code = curl_url_get(u, part, &text, flags[i]);
        failed = code == CURLUE_OUT_OF_MEMORY;
        CHECK(!code == (text != NULL));
        CHECK(code == CURLUE_OK || failed || part == CURLUPART_OPTIONS ||
              part == CURLUPART_ZONEID || part == CURLUPART_FRAGMENT);
        sl_free(text);
      }
    }
    copy = failed ? NULL : curl_url_dup(u);
    complete = copy != NULL;
    curl_url_cleanup(copy);
    curl_url_cleanup(u);
  }
  CHECK(complete);
}

TEST(a_failed_set_changes_nothing)
{
  CURLU *u = parsed("http://[fe80::1%25e]:8/a?q", 0);
  for (unsigned long n = 1; n < 4; n++) {
    sl_mem_fail_after(n);
    CURLUcode code = curl_url_set(u, CURLUPART_HOST, "[fe80::2%25f]", 0);
    sl_mem_fail_after(0);
    CHECK_INT(code, n < 3 ? CURLUE_OUT_OF_MEMORY : CURLUE_OK);
    CHECK_STR(get(u, CURLUPART_URL, 0),
              n < 3 ? "http://[fe80::1%25e]:8/a?q" : "http://[fe80::2%25f]:8/a?q");
  }
  sl_mem_fail_after(1);
  CHECK_INT(curl_url_set(u, CURLUPART_QUERY, "x", CURLU_APPENDQUERY), CURLUE_OUT_OF_MEMORY);
  CHECK_INT(curl_url_set(u, CURLUPART_URL, "x", 0), CURLUE_OUT_OF_MEMORY);
  sl_mem_fail_after(0);
  CHECK_STR(get(u, CURLUPART_URL, 0), "http://[fe80::2%25f]:8/a?q");
  curl_url_cleanup(u);
}
