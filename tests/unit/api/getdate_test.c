#include <curl/curl.h>

#include "tests/test.h"

/* wire/date_test.c has the grammar; these are the examples of curl_getdate(3). */
TEST(manual_page)
{
  static const struct {
    const char *text;
    long long s;
  } cases[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
      {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
      {"Sun Nov  6 08:49:37 1994", 784111777},
      {"06 Nov 1994 08:49:37 GMT", 784111777},
      {"06-Nov-94 08:49:37 GMT", 784111777},
      {"Nov  6 08:49:37 1994", 784111777},
      {"06 Nov 1994 08:49:37", 784111777},
      {"06-Nov-94 08:49:37", 784111777},
      {"1994 Nov 6 08:49:37", 784111777},
      {"GMT 08:49:37 06-Nov-94 Sunday", 784111777},
      {"94 6 Nov 08:49:37", 784111777},
      {"1994 Nov 6", 784080000},
      {"06-Nov-94", 784080000},
      {"Sun Nov 6 94", 784080000},
      {"1994.Nov.6", 784080000},
      {"Sun/Nov/6/94/GMT", 784080000},
      {"Sun, 06 Nov 1994 08:49:37 CET", 784108177},
      {"06 Nov 1994 08:49:37 EST", 784129777},
      {"Sun, 12 Sep 2004 15:05:58 -0700", 1095026758},
      {"Sat, 11 Sep 2004 21:32:11 +0200", 1094931131},
      {"20040912 15:05:58 -0700", 1095026758},
      {"20040911 +0200", 1094853600},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    if (!CHECK_INT(curl_getdate(cases[i].text, NULL), cases[i].s))
      printf("#   in: %s\n", cases[i].text);
  }
}

TEST(failure_is_minus_one)
{
  time_t now = 1000000000;
  CHECK_INT(curl_getdate("no date", NULL), -1);
  CHECK_INT(curl_getdate("", &now), -1);
  CHECK_INT(curl_getdate(NULL, NULL), -1);
}

TEST(no_date_is_taken_for_a_failure)
{
  CHECK_INT(curl_getdate("31 Dec 1969 23:59:58", NULL), -2);
  CHECK_INT(curl_getdate("31 Dec 1969 23:59:59", NULL), 0);
  CHECK_INT(curl_getdate("1 Jan 1970", NULL), 0);
}

TEST(time_is_64_bits_wide)
{
  CHECK_INT(curl_getdate("19 Jan 2038 03:14:08", NULL), INT64_C(2147483648));
  CHECK_INT(curl_getdate("1 Jan 1583", NULL), INT64_C(-12212553600));
}
