#ifndef CURLINC_OPTIONS_H
#define CURLINC_OPTIONS_H
/*
 * options.h: which options curl_easy_setopt() knows, asked at run time.
 */

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the third argument of curl_easy_setopt() is. */
typedef enum {
  CURLOT_LONG,    /* long: a number, or a switch of 0 and 1 */
  CURLOT_VALUES,  /* long: one of a set of values, or a bit mask */
  CURLOT_OFF_T,   /* curl_off_t */
  CURLOT_OBJECT,  /* a pointer to something the option's manual page describes */
  CURLOT_STRING,  /* const char *, ends with a zero byte */
  CURLOT_SLIST,   /* struct curl_slist * */
  CURLOT_CBPTR,   /* void *, passed through to a callback */
  CURLOT_BLOB,    /* struct curl_blob * */
  CURLOT_FUNCTION /* a callback */
} curl_easytype;

/* This row is an older name of an option that has a row of its own. */
#define CURLOT_FLAG_ALIAS (1 << 0)

/* A row; it belongs to the library and never changes. */
struct curl_easyoption {
  const char *name; /* without "CURLOPT_" */
  CURLoption id;
  curl_easytype type;
  unsigned int flags; /* CURLOT_FLAG_* */
};

/* By name, without "CURLOPT_" and in any case; NULL when there is none. */
CURL_EXTERN const struct curl_easyoption *curl_easy_option_by_name(const char *name);

/* By number, never an alias; NULL when there is none. */
CURL_EXTERN const struct curl_easyoption *curl_easy_option_by_id(CURLoption id);

/* The row after prev (NULL: the first), or NULL after the last. */
CURL_EXTERN const struct curl_easyoption *curl_easy_option_next(const struct curl_easyoption *prev);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_OPTIONS_H */
