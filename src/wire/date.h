/* Dates as text: what HTTP, cookies, HSTS and FTP write, in the lenient grammar that
 * curl_getdate(3) documents, and the one form that HTTP sends (RFC 9110 5.6.7). No locale, no time
 * zone of the host, no clock. */
#ifndef SL_WIRE_DATE_H
#define SL_WIRE_DATE_H

#include <stdint.h>

#include "base/slice.h"

/* Seconds since 1970-01-01 00:00:00 UTC. False: no date, or one before the year 1583. Two-digit
 * years: 71-99 are 19xx, 00-70 are 20xx. */
bool sl_date_parse(struct slice text, int64_t *out_s);

enum { SL_DATE_HTTP_MAX = 32 };
/* "Sun, 06 Nov 1994 08:49:37 GMT" and a zero; the length without it, or 0 before the year 1 and
 * after 9999. */
size_t sl_date_format_http(char dst[SL_DATE_HTTP_MAX], int64_t time_s);

/* Seconds since 1970 of a UTC date of the proleptic Gregorian calendar; month 1-12; a day or time
 * beyond its range carries over. */
int64_t sl_date_from_utc(int64_t year, int month, int day, int hour, int minute, int second);

#endif
