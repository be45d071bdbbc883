#ifndef CURLINC_SYSTEM_H
#define CURLINC_SYSTEM_H
/*
 * system.h: the two types whose width depends on the platform.
 *
 * curl_off_t is a signed 64-bit integer everywhere. On LP64 it is long and not long long: the
 * two have the same width but are different types to printf checks and to C++ name mangling, and
 * programs already built use long.
 *
 * A program prints one with "%" CURL_FORMAT_CURL_OFF_T and writes a constant CURL_OFF_T_C(123).
 */

#include <sys/types.h>

#include <sys/socket.h>

#if defined(__LP64__) || defined(_LP64)
#define CURL_TYPEOF_CURL_OFF_T long
#define CURL_FORMAT_CURL_OFF_T "ld"
#define CURL_FORMAT_CURL_OFF_TU "lu"
#define CURL_SUFFIX_CURL_OFF_T L
#define CURL_SUFFIX_CURL_OFF_TU UL
#else
#define CURL_TYPEOF_CURL_OFF_T long long
#define CURL_FORMAT_CURL_OFF_T "lld"
#define CURL_FORMAT_CURL_OFF_TU "llu"
#define CURL_SUFFIX_CURL_OFF_T LL
#define CURL_SUFFIX_CURL_OFF_TU ULL
#endif

typedef CURL_TYPEOF_CURL_OFF_T curl_off_t;

#define CURL_TYPEOF_CURL_SOCKLEN_T socklen_t
typedef CURL_TYPEOF_CURL_SOCKLEN_T curl_socklen_t;

/* Two steps, so that the suffix is expanded before it is pasted. */
#define CURLINC_PASTE_(value, suffix) value##suffix
#define CURLINC_PASTE(value, suffix) CURLINC_PASTE_(value, suffix)
#define CURL_OFF_T_C(value) CURLINC_PASTE(value, CURL_SUFFIX_CURL_OFF_T)
#define CURL_OFF_TU_C(value) CURLINC_PASTE(value, CURL_SUFFIX_CURL_OFF_TU)

#endif /* CURLINC_SYSTEM_H */
