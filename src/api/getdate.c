/* curl_getdate(): the date parser, for applications. */
#include <curl/curl.h>

#include "wire/date.h"

time_t curl_getdate(const char *date, const time_t *unused)
{
  (void)unused;
  int64_t s;
  if (!date || !sl_date_parse(slice_str(date), &s) || (int64_t)(time_t)s != s)
    return -1;
  return s == -1 ? 0 : (time_t)s; /* -1 says failure, so that second cannot be told */
}
