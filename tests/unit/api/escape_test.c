#include <curl/curl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

static void check_escape(const char *in, int length, const char *want)
{
  char *got = curl_easy_escape(NULL, in, length);
  CHECK_STR(got, want);
  curl_free(got);
  got = curl_escape(in, length);
  CHECK_STR(got, want);
  curl_free(got);
}

TEST(escapes)
{
  check_escape("a b/c?d=e&f", 0, "a%20b%2Fc%3Fd%3De%26f");
  check_escape("AZaz09-._~", 0, "AZaz09-._~");
  check_escape("\xc3\xa4", 0, "%C3%A4");
  check_escape("a\0b", 3, "a%00b");
  check_escape("abc", 2, "ab");
  check_escape("", 0, "");
  check_escape("abc", -1, NULL);
  check_escape(NULL, 0, NULL);
  check_escape(NULL, 3, NULL);
}

static void check_unescape(const char *in, int length, const char *want, int want_length)
{
  int n = -7;
  char *got = curl_easy_unescape(NULL, in, length, &n);
  CHECK(!got == !want);
  if (got && CHECK_INT(n, want_length))
    CHECK_MEM(got, want, (size_t)n + 1);
  if (!got)
    CHECK_INT(n, -7);
  curl_free(got);
  got = curl_unescape(in, length);
  CHECK_STR(got, want);
  curl_free(got);
}

TEST(unescapes)
{
  check_unescape("a%20b%2fc%2F+", 0, "a b/c/+", 7);
  check_unescape("%41%00b", 0, "A\0b", 3);
  check_unescape("%41bcdef", 4, "Ab", 2);
  check_unescape("%41bcdef", 2, "%4", 2);
  check_unescape("%4g%zz%", 0, "%4g%zz%", 7);
  check_unescape("", 0, "", 0);
  check_unescape("%41", -3, NULL, 0);
  check_unescape(NULL, 0, NULL, 0);
  char *got = curl_easy_unescape(NULL, "%41", 0, NULL);
  CHECK_STR(got, "A");
  curl_free(got);
}

TEST(eight_megabytes_are_accepted_whatever_is_in_them)
{
  enum { MOST = 8000000 };
  char *in = malloc(MOST + 1);
  REQUIRE(in);
  memset(in, '%', MOST + 1);
  char *got = curl_easy_escape(NULL, in, MOST);
  CHECK(got && strlen(got) == 3 * (size_t)MOST);
  curl_free(got);
  got = curl_easy_escape(NULL, in, MOST + 1);
  CHECK(!got);
  curl_free(got);
  free(in);
}

TEST(without_memory)
{
  char *last = NULL;
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = curl_easy_escape(NULL, "a b", 0);
    CHECK((last != NULL) == (n > 1));
    curl_free(last);
  }
  CHECK(last);
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = curl_easy_unescape(NULL, "a%20b", 0, NULL);
    CHECK((last != NULL) == (n > 1));
    curl_free(last);
  }
  CHECK(last);
}
