#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define CURL_NO_FMT_CHECKS /* formats that a compiler would warn of are the point here */
#include <curl/mprintf.h>

#include "base/mem.h"
#include "tests/test.h"

/* What comes out, and how long it is said to be; the bytes behind it stay as they were. */
#define PRINTS(want, ...)                                                                          \
  do {                                                                                             \
    char text_[1000];                                                                              \
    memset(text_, '#', sizeof(text_));                                                             \
    int n_ = curl_msnprintf(text_, sizeof(text_), __VA_ARGS__);                                    \
    CHECK_INT(n_, sizeof(want) - 1);                                                               \
    CHECK_MEM(text_, want, sizeof(want));                                                          \
    CHECK(text_[sizeof(want)] == '#');                                                             \
  } while (0)

TEST(plain)
{
  PRINTS("", "%s", "");
  PRINTS("100% of a%b", "100%% of %s", "a%b");
  PRINTS("a-b-c", "%c-%s-%c", 'a', "b", 'c');
}

TEST(decimal)
{
  PRINTS("-5|6|7", "%d|%i|%u", -5, 6, 7U);
  PRINTS("-2147483648|4294967295", "%d|%u", INT_MIN, UINT_MAX);
  PRINTS("    1|2    |00003|5    ", "%5d|%-5d|%05d|%-05d", 1, 2, 3, 5);
  PRINTS("+4| 5|+6|-7|-0008", "%+d|% d|%+ d|%+d|%05d", 4, 5, 6, -7, -8);
  PRINTS("001|  002|003  ||+", "%.3d|%5.3d|%-5.3d|%.0d|%+.d", 1, 2, 3, 0, 0);
  PRINTS("12345", "%2d", 12345);
}

TEST(sizes)
{
  PRINTS("-9223372036854775808|18446744073709551615", "%ld|%lu", LONG_MIN, ULONG_MAX);
  PRINTS("-9223372036854775808|18446744073709551615", "%lld|%llu", LLONG_MIN, ULLONG_MAX);
  PRINTS("-5|18446744073709551615|-1", "%qd|%zu|%zd", -5LL, SIZE_MAX, (ssize_t)-1);
  PRINTS("-7|-7", "%Od|%" CURL_FORMAT_CURL_OFF_T, (curl_off_t)-7, (curl_off_t)-7);
  PRINTS("-3|5", "%hd|%hu", -3, 5);
}

TEST(octal_and_hexadecimal)
{
  PRINTS("10|ff|FF|ffffffff|37777777777", "%o|%x|%X|%x|%o", 8, 255, 255, -1, -1);
  PRINTS("0xff|0XFF|010|0", "%#x|%#X|%#o|%#o", 255, 255, 8, 0);
  PRINTS("    0xff|0x0000ff|0x000000ff|0xff    |", "%#8x|%#08x|%#.8x|%#-8x|", 255, 255, 255, 255);
  PRINTS("ffffffffffffffff|1777777777777777777777", "%lx|%lo", -1L, -1L);
  PRINTS("010|  010", "%#.3o|%#5o", 8, 8);
}

TEST(strings)
{
  static const char open_end[3] = {'a', 'b', 'c'};
  PRINTS("  abc|abc  |ab|    a", "%5s|%-5s|%.2s|%5.1s", "abc", "abc", "abc", "abc");
  PRINTS("abc", "%.3s", open_end);
  PRINTS("(nil)||(nil)|(nil)   ", "%s|%.3s|%.5s|%-8s", (char *)NULL, (char *)NULL, (char *)NULL,
         (char *)NULL);
  PRINTS("\"abc\"|\"  abc\"|\"abc\"|(nil)", "%#s|%#5s|%S|%S", "abc", "abc", "abc", (char *)NULL);
}

TEST(characters_and_pointers)
{
  PRINTS("    b|c    ", "%5c|%-5c", 'b', 'c');
  PRINTS("a\0b", "a%cb", 0);
  PRINTS("0x1234|    0x1234|0x1234    |(nil)", "%p|%10p|%-10p|%p", (void *)0x1234, (void *)0x1234,
         (void *)0x1234, (void *)NULL);
}

TEST(floating_point)
{
  PRINTS("1.500000|1.50|     1.500|1.500     ", "%f|%.2f|%10.3f|%-10.3f", 1.5, 1.5, 1.5, 1.5);
  PRINTS("+1.5| 1.5|1.500000e+00|1.500000E+00", "%+g|% g|%e|%E", 1.5, 1.5, 1.5, 1.5);
  PRINTS("1e+20|1E+20|1.50000|2.", "%g|%G|%#g|%#.0f", 1e20, 1e20, 1.5, 1.5);
  PRINTS("1.5|-0.25 2", "%.1Lf|%.2Lf %d", 1.5L, -0.25L, 2);
  PRINTS("1.50 3", "%.*f %d", 2, 1.5, 3);
}

TEST(numbers_have_a_longest_form)
{
  char text[2000];
  CHECK_INT(curl_msnprintf(text, sizeof(text), "%f", 1e308), 316);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "%.1000f", 1.0), 325);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "%.1000f", 1e300), 325);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "%.1000e", 1.0), 325);
  CHECK_MEM(text + 321, "e+00", 5);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "%1000f", 1.0), 325);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "%.99999d", 1), 325);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "%1000d", 1), 1000);
}

TEST(width_and_precision_as_arguments)
{
  PRINTS("    1|2    |3    ", "%*d|%-*d|%*d", 5, 1, 5, 2, -5, 3);
  PRINTS("004|5|  0007", "%.*d|%.*d|%*.*d", 3, 4, -3, 5, 6, 4, 7);
  PRINTS("ab|abc|", "%.*s|%.*s|%.*s", 2, "abc", -1, "abc", 0, "abc");
}

TEST(positions)
{
  PRINTS("b a", "%2$s %1$s", "a", "b");
  PRINTS("7 a 00007", "%2$d %1$s %2$05d", "a", 7);
  PRINTS("    7|7    |00007", "%2$*1$d|%2$-*1$d|%2$.*1$d", 5, 7);
  PRINTS("9 1.5 8 x", "%4$lld %2$g %3$d %1$s", "x", 1.5, 8, 9LL);
  PRINTS("2% ", "%2$d%% %1$s", "", 2);
  PRINTS("3", "%3$d", 1, 2, 3);
}

TEST(count_so_far)
{
  int n = -1;
  short s = -1;
  long l = -1;
  long long ll = -1;
  PRINTS("abcd", "a%nb%hnc%lnd%lln", &n, &s, &l, &ll);
  CHECK(n == 1 && s == 2 && l == 3 && ll == 4);
}

TEST(malformed)
{
  PRINTS("abc", "abc%");
  PRINTS("abc", "abc%-5.3l");
  PRINTS("a|6", "a%y|%d", 5, 6);
  PRINTS("d", "%-1$d", 5);
  PRINTS("%5", "%5%%d", 5);
}

/* The 128th argument is the last one; a format that asks for more prints nothing at all. */
TEST(at_most_128_arguments)
{
  char format[130 * 2 + 8] = "<", text[300];
  for (int i = 0; i < 128; i++)
    memcpy(format + 1 + i * 2, "%d", 3);
#define TEN(n) n, n, n, n, n, n, n, n, n, n
#define ALL                                                                                        \
  TEN(0), TEN(1), TEN(2), TEN(3), TEN(4), TEN(5), TEN(6), TEN(7), TEN(8), TEN(9), TEN(1), TEN(2),  \
      TEN(7)
  CHECK_INT(curl_msnprintf(text, sizeof(text), format, ALL), 129);
  CHECK_STR(text + 119, "2277777777");
  memcpy(format + 1 + 128 * 2, "%d", 3);
  CHECK_INT(curl_msnprintf(text, sizeof(text), format, ALL), 0);
  CHECK_STR(text, "");
  CHECK(!curl_maprintf(format, ALL));
  CHECK_INT(curl_msnprintf(text, sizeof(text), "a%128$d", ALL), 2);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "a%129$d", ALL), 0);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "a%0$d", ALL), 0);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "a%1$*129$d", ALL), 0);
  CHECK_INT(curl_msnprintf(text, sizeof(text), "a%99999999999$d", ALL), 0);
}

TEST(buffer_is_kept)
{
  for (size_t size = 0; size < 12; size++) {
    char text[16];
    memset(text, '#', sizeof(text));
    size_t want = size > 9 ? 9 : size ? size - 1 : 0;
    CHECK_INT(curl_msnprintf(text, size, "%s%5d", "abcd", 42), want);
    CHECK_MEM(text, "abcd   42", want);
    CHECK(text[want] == (size ? 0 : '#') && text[want + 1] == '#');
  }
  char text[16];
  int n = 7;
  CHECK_INT(curl_msnprintf(text, 4, "%2147483647d%n", 1, &n), 3);
  CHECK_INT(n, 7);
}

TEST(unlimited_buffer)
{
  char text[16];
  CHECK_INT(curl_msprintf(text, "%s-%d", "abc", 42), 6);
  CHECK_STR(text, "abc-42");
}

TEST(streams)
{
  char text[32];
  FILE *file = tmpfile();
  REQUIRE(file);
  CHECK_INT(curl_mfprintf(file, "%s %d\n", "hello", 5), 8);
  rewind(file);
  CHECK(fgets(text, sizeof(text), file) != NULL);
  CHECK_STR(text, "hello 5\n");
  fclose(file);
  file = fopen("/dev/full", "w");
  REQUIRE(file);
  setvbuf(file, NULL, _IONBF, 0);
  CHECK_INT(curl_mfprintf(file, "%s %d\n", "hello", 5), 0);
  fclose(file);
  CHECK_INT(curl_mprintf("# %s\n", "to stdout"), 12);
}

TEST(allocated)
{
  char *text = curl_maprintf("%s", "");
  CHECK_STR(text, "");
  curl_free(text);
  text = curl_maprintf("%d-%100s", 5, "x");
  CHECK(text && strlen(text) == 102);
  curl_free(text);
  text = curl_maprintf("%7999999s", "x");
  CHECK(text && strlen(text) == 7999999);
  curl_free(text);
  text = curl_maprintf("%8000000s", "x");
  CHECK(!text);
  curl_free(text);
}

TEST(without_memory)
{
  char *last = NULL;
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = curl_maprintf("%s and %200d", "text", 5);
    CHECK(!last || strlen(last) == 209);
    CHECK(last || n < 8);
    curl_free(last);
  }
  CHECK(last);
}
