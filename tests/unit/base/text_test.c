/* ASCII comparisons, tokens, numbers, lists of small things. */
#include "base/text.h"

#include "base/num.h"
#include "tests/test.h"

TEST(letters)
{
  for (int c = 0; c < 256; c++) {
    int low = c >= 'A' && c <= 'Z' ? c + 32 : c;
    CHECK_INT((unsigned char)sl_lower((char)c), low);
    int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
    CHECK_INT(sl_hex_value((char)c), digit);
  }
}

TEST(comparisons)
{
  CHECK(sl_text_ieq_str(SLICE_LIT("Content-LENGTH"), "content-length"));
  CHECK(!sl_text_ieq_str(SLICE_LIT("a"), "ab") && !sl_text_ieq_str(SLICE_LIT("@"), "`"));
  CHECK(sl_text_istarts(SLICE_LIT("HTTP/1.1"), SLICE_LIT("http/")));
  CHECK(!sl_text_istarts(SLICE_LIT("HT"), SLICE_LIT("http/")));
  CHECK(sl_text_iends(SLICE_LIT("a.B.c"), SLICE_LIT(".b.C")) && !sl_text_iends(SLICE_LIT("c"), SLICE_LIT(".c")));
}

TEST(tokens)
{
  struct slice rest = SLICE_LIT(" a , b,,\tc d\r\n,"), t;
  static const char *const want[] = {"a", "b", "", "c d"};
  for (size_t i = 0; i < 4; i++) {
    CHECK(sl_text_next(&rest, ',', &t));
    CHECK(slice_eq(t, slice_str(want[i])));
  }
  CHECK(!sl_text_next(&rest, ',', &t));
  CHECK(sl_text_list_has(SLICE_LIT("gzip, Chunked"), "chunked"));
  CHECK(!sl_text_list_has(SLICE_LIT("gzip;chunked, xchunked"), "chunked"));
}

static void number(const char *text, int64_t max, bool ok, int64_t want)
{
  int64_t value = -7;
  if (!CHECK_INT(sl_num_parse(slice_str(text), max, &value), ok) || !CHECK_INT(value, ok ? want : -7))
    printf("# for '%s'\n", text);
}

TEST(numbers)
{
  number("0", 9, true, 0);
  number("9", 9, true, 9);
  number("10", 9, false, 0);
  number("0009", 9, true, 9);
  number("9223372036854775807", INT64_MAX, true, INT64_MAX);
  number("9223372036854775808", INT64_MAX, false, 0);
  number("99999999999999999999999999", INT64_MAX, false, 0);
  number("", 9, false, 0);
  number("-1", 9, false, 0);
  number("+1", 9, false, 0);
  number(" 1", 9, false, 0);
  number("1 ", 9, false, 0);
  number("1x", 99, false, 0);
}

TEST(taking_numbers)
{
  struct slice s = SLICE_LIT("12ab");
  int64_t v;
  CHECK(sl_num_take(&s, 99, &v));
  CHECK_INT(v, 12);
  CHECK(slice_eq(s, SLICE_LIT("ab")));
  CHECK(!sl_num_take(&s, 99, &v));
  CHECK(sl_num_take_hex(&s, 0xab, &v));
  CHECK_INT(v, 0xab);
  s = SLICE_LIT("ab");
  CHECK(!sl_num_take_hex(&s, 0xaa, &v));
  CHECK_INT(s.n, 2);
}

TEST(formatting)
{
  static const int64_t all[] = {0, 1, -1, 10, 999, -1000, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    char got[SL_NUM_MAX], want[SL_NUM_MAX];
    snprintf(want, sizeof want, "%" PRId64, all[i]);
    CHECK_INT(sl_num_format(got, all[i]), strlen(want));
    CHECK_STR(got, want);
  }
}
