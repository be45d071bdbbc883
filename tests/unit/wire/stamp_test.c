/* Time stamps. */
#include "tests/test.h"

#include "wire/stamp.h"

TEST(stamps)
{
  static const struct {
    int64_t time_s;
    const char *digits; /* NULL: none */
  } rows[] = {
      {0, "19700101000000"},          {784111777, "19941106084937"},
      {951868799, "20000229235959"},  {1733011200, "20241201000000"},
      {1764547199, "20251130235959"}, {253402300799, "99991231235959"},
      {253402300800, NULL},           {INT64_MAX, NULL},
      {-1, "19691231235959"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char digits[SL_STAMP_DIGITS + 1];
    if (CHECK_INT(sl_stamp(digits, rows[i].time_s), rows[i].digits != NULL) && rows[i].digits)
      CHECK_STR(digits, rows[i].digits);
  }
  for (int month = 1; month <= 12; month++) { /* about the middle of each month of 1970 */
    char digits[SL_STAMP_DIGITS + 1];
    REQUIRE(sl_stamp(digits, (month * 61 / 2 - 15) * 86400L));
    CHECK_INT((digits[4] - '0') * 10 + digits[5] - '0', month);
  }
}
