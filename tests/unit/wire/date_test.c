#include "wire/date.h"

#include <stdlib.h>

#include "tests/test.h"

static const int64_t bad = INT64_MIN;

static int64_t parse(struct slice text)
{
  int64_t s = bad;
  bool ok = sl_date_parse(text, &s);
  CHECK(ok == (s != bad)); /* untouched on failure */
  return s;
}

#define CHECK_DATE(text, want)                                                                     \
  do {                                                                                             \
    if (!CHECK_INT(parse(slice_str(text)), want))                                                  \
      printf("#   in: %s\n", text);                                                                \
  } while (0)

TEST(the_three_forms_of_http)
{
  CHECK_DATE("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
  CHECK_DATE("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
  CHECK_DATE("Sun Nov  6 08:49:37 1994", 784111777);
}

TEST(items_in_any_order)
{
  CHECK_DATE("06 Nov 1994 08:49:37 GMT", 784111777);
  CHECK_DATE("GMT 08:49:37 06-Nov-94 Sunday", 784111777);
  CHECK_DATE("94 6 Nov 08:49:37", 784111777);
  CHECK_DATE("1994 Nov 6", 784080000);
  CHECK_DATE("Nov-94 6", 784080000);
  CHECK_DATE("1994.Nov.6", 784080000);
  CHECK_DATE("Sun/Nov/6/94/GMT", 784080000);
  CHECK_DATE("6nov1994", 784080000);
  CHECK_DATE("jan 32 31", 1959120000);
  CHECK_DATE("20040911", 1094860800);
  CHECK_DATE("20040912 15:05:58 -0700", 1095026758);
}

TEST(names_ignore_case_and_are_not_cut)
{
  CHECK_DATE("SUNDAY NOV 6 1994 gmt", 784080000);
  CHECK_DATE("sund nov 6 1994", bad);
  CHECK_DATE("November 6 1994", bad);
  CHECK_DATE("XYZ nov 6 1994", bad);
}

TEST(zones)
{
  CHECK_DATE("Sun, 06 Nov 1994 08:49:37 CET", 784111777 - 3600);
  CHECK_DATE("06 Nov 1994 08:49:37 EST", 784111777 + 5 * 3600);
  CHECK_DATE("20040911 +0200", 1094860800 - 7200);
  CHECK_DATE("20040911 -0130", 1094860800 + 5400);
  CHECK_DATE("20040911 +1400", 1094860800 - 14 * 3600);
  CHECK_DATE("20040911 -1401", bad);
  CHECK_DATE("20040911 +01", bad);
  CHECK_DATE("20040911 NZDT", 1094860800 - 13 * 3600);
  CHECK_DATE("20040911 GMT EST", bad);
}

TEST(military_zones)
{
  static const struct {
    const char *letter;
    int west;
  } cases[] = {{"A", 1},  {"I", 9},   {"K", 10},  {"M", 12}, {"N", -1},
               {"o", -2}, {"X", -11}, {"y", -12}, {"z", 0}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    char text[16];
    snprintf(text, sizeof(text), "20040911 %s", cases[i].letter);
    CHECK_DATE(text, 1094860800 + cases[i].west * 3600);
  }
  CHECK_DATE("20040911 J", bad);
}

TEST(times)
{
  CHECK_DATE("20040911 1:2:3", 1094860800 + 3723);
  CHECK_DATE("20040911 12:00", 1094860800 + 43200);
  CHECK_DATE("20040911 23:59:60", 1094860800 + 86400);
  CHECK_DATE("20040911 23:59:61", bad);
  CHECK_DATE("20040911 24:00:00", bad);
  CHECK_DATE("20040911 23:60:00", bad);
  CHECK_DATE("20040911 012:00:00", bad);
  CHECK_DATE("20040911 1:2:3 1:2:3", bad);
}

TEST(two_digits_of_a_year)
{
  CHECK_DATE("Jan 1 71", 31536000);
  CHECK_DATE("Jan 1 99", 915148800);
  CHECK_DATE("Jan 1 00", 946684800);
  CHECK_DATE("Jan 1 70", INT64_C(3155760000));
}

TEST(limits)
{
  CHECK_DATE("1 Jan 1583", INT64_C(-12212553600));
  CHECK_DATE("31 Dec 1582", bad);
  CHECK_DATE("1 Jan 999", bad);
  CHECK_DATE("1 Jan 9999", INT64_C(253370764800));
  CHECK_DATE("31 Dec 1969 23:59:59", -1);
  CHECK_DATE("1 jan 2147483647", INT64_C(67767976201996800));
  CHECK_DATE("1 jan 2147483648", bad);
  CHECK_DATE("1 jan 99999999999999999999999999", bad);
  CHECK_DATE("feb 29 2000", 951782400);
  CHECK_DATE("feb 30 2023", 1677715200);
  CHECK_DATE("32 jan 1994", bad);
  CHECK_DATE("20041311", bad);
  CHECK_DATE("20040011", bad);
  CHECK_DATE("20040132", bad);
}

TEST(incomplete_or_too_much)
{
  CHECK_DATE("", bad);
  CHECK_DATE("  ,-", bad);
  CHECK_DATE("Jan 1", bad);
  CHECK_DATE("1 1994", bad);
  CHECK_DATE("Nov 1994", bad);
  CHECK_DATE("12:00:00 GMT", bad);
  CHECK_DATE("6 nov 1994 7", bad);
  CHECK_DATE("6 nov nov 1994", bad);
  CHECK_DATE("Sun Mon 6 nov 1994", bad);
  CHECK_DATE("Thu, 01 Jan 1970 00:00:01 GMT and what follows the sixth item", 1);
}

/* Each prefix in memory of exactly its length. */
TEST(no_byte_beyond_the_slice_is_read)
{
  static const char text[] = "Sun, 06 Nov 1994 08:49:37 +0100";
  for (size_t n = 0; n < sizeof(text); n++) {
    char *exact = malloc(n + !n);
    memcpy(exact, text, n);
    parse(slice_of(exact, n)); /* the sanitizer judges */
    free(exact);
  }
}

TEST(length_counts_not_the_zero)
{
  static const char text[] = "Sun, 06 Nov 1994 08:49:37 GMT";
  CHECK_INT(parse(slice_of(text, 16)), 784080000);
  CHECK_INT(parse(slice_of(text, 15)), bad);        /* the year 199 */
  CHECK_INT(parse(slice_of(text, 14)), 1572998400); /* the year 19 */
  CHECK_INT(parse(slice_of(text, 22)), 784080000 + 8 * 3600 + 49 * 60);
  CHECK_INT(parse(SLICE_NONE), bad);
}

TEST(formats_what_http_wants)
{
  static const struct {
    int64_t s;
    const char *text;
  } cases[] = {
      {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
      {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {INT64_C(4107542399), "Sun, 28 Feb 2100 23:59:59 GMT"},
      {INT64_C(4107542400), "Mon, 01 Mar 2100 00:00:00 GMT"},
      {INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT"},
      {INT64_C(-62135596800), "Mon, 01 Jan 0001 00:00:00 GMT"},
  };
  char text[SL_DATE_HTTP_MAX];
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    CHECK_INT(sl_date_format_http(text, cases[i].s), 29);
    CHECK_STR(text, cases[i].text);
  }
  CHECK_INT(sl_date_format_http(text, INT64_C(253402300800)), 0);
  CHECK_STR(text, "");
  CHECK_INT(sl_date_format_http(text, INT64_C(-62135596801)), 0);
  CHECK_INT(sl_date_format_http(text, INT64_MAX), 0);
  CHECK_INT(sl_date_format_http(text, INT64_MIN), 0);
}

/* Every day of 1583 to 2399, and back. */
TEST(formatted_days_parse_to_themselves)
{
  char text[SL_DATE_HTTP_MAX];
  for (int64_t s = INT64_C(-12212553600) + 86399; s < INT64_C(13569465600); s += 86400) {
    size_t n = sl_date_format_http(text, s);
    if (!CHECK_INT(parse(slice_of(text, n)), s))
      return;
  }
}

TEST(from_utc)
{
  CHECK_INT(sl_date_from_utc(1970, 1, 1, 0, 0, 0), 0);
  CHECK_INT(sl_date_from_utc(2000, 2, 29, 0, 0, 0), 951782400);
  CHECK_INT(sl_date_from_utc(0, 1, 1, 0, 0, 0), INT64_C(-62167219200));
  CHECK_INT(sl_date_from_utc(-1, 12, 31, 0, 0, 0), INT64_C(-62167219200) - 86400);
  CHECK_INT(sl_date_from_utc(1994, 11, 6, 8, 49, 37), 784111777);
}
