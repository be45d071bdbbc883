/* Time stamps of digits; see stamp.h. The calendar is that of date.c, whose HTTP date is
 * rearranged. */
#include "wire/stamp.h"

#include "wire/date.h"

bool sl_stamp(char dst[SL_STAMP_DIGITS + 1], int64_t time_s)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char http[SL_DATE_HTTP_MAX]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
  int month = 0;
  if (!sl_date_format_http(http, time_s))
    return false;
  while (month < 11 && memcmp(http + 8, months + 3 * month, 3) != 0)
    month++;
  memcpy(dst, http + 12, 4);
  dst[4] = (char)('0' + (month + 1) / 10);
  dst[5] = (char)('0' + (month + 1) % 10);
  memcpy(dst + 6, http + 5, 2);
  memcpy(dst + 8, http + 17, 2);
  memcpy(dst + 10, http + 20, 2);
  memcpy(dst + 12, http + 23, 2);
  dst[14] = 0;
  return true;
}
