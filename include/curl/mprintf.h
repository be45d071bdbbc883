#ifndef CURLINC_MPRINTF_H
#define CURLINC_MPRINTF_H
/*
 * mprintf.h: the printf family under libcurl's names.
 *
 * They work as the standard functions of the same shape do and return as those do. The two that
 * allocate return NULL when out of memory; free their result with curl_free().
 */

#include <stdarg.h>
#include <stdio.h>

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Let the compiler compare format and arguments. A program can switch it off. */
#if defined(__GNUC__) && !defined(CURL_NO_FMT_CHECKS)
#define CURLINC_FORMAT(format, first) __attribute__((__format__(__printf__, format, first)))
#else
#define CURLINC_FORMAT(format, first)
#endif

CURL_EXTERN int curl_mprintf(const char *format, ...) CURLINC_FORMAT(1, 2);
CURL_EXTERN int curl_mfprintf(FILE *stream, const char *format, ...) CURLINC_FORMAT(2, 3);
CURL_EXTERN int curl_msprintf(char *buffer, const char *format, ...) CURLINC_FORMAT(2, 3);
CURL_EXTERN int curl_msnprintf(char *buffer, size_t size, const char *format, ...)
  CURLINC_FORMAT(3, 4);
CURL_EXTERN char *curl_maprintf(const char *format, ...) CURLINC_FORMAT(1, 2);

CURL_EXTERN int curl_mvprintf(const char *format, va_list args) CURLINC_FORMAT(1, 0);
CURL_EXTERN int curl_mvfprintf(FILE *stream, const char *format, va_list args)
  CURLINC_FORMAT(2, 0);
CURL_EXTERN int curl_mvsprintf(char *buffer, const char *format, va_list args)
  CURLINC_FORMAT(2, 0);
CURL_EXTERN int curl_mvsnprintf(char *buffer, size_t size, const char *format, va_list args)
  CURLINC_FORMAT(3, 0);
CURL_EXTERN char *curl_mvaprintf(const char *format, va_list args) CURLINC_FORMAT(1, 0);

#undef CURLINC_FORMAT

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_MPRINTF_H */
