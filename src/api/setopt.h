/* A row of options.def as the library uses it, and the functions of rows that need one. */
#ifndef SL_API_SETOPT_H
#define SL_API_SETOPT_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct easy;

enum opt_kind {
  SL_OPT_NONE, /* no such option */
  SL_OPT_BOOL,
  SL_OPT_INT,
  SL_OPT_MASK,
  SL_OPT_CLAMP,
  SL_OPT_MS,
  SL_OPT_SEC,
  SL_OPT_STR,
  SL_OPT_SECRET,
  SL_OPT_PATH,
  SL_OPT_BLOB,
  SL_OPT_POLICY,
  SL_OPT_SLIST,
  SL_OPT_FN,
  SL_OPT_PTR,
  SL_OPT_FUN,
  SL_OPT_GONE,
  SL_OPT_LATER
};

enum { SL_OPT_STRING_MAX = 8000000 }; /* bytes of a string, a blob, copied post data */

/* The third argument of curl_easy_setopt(): num for long and curl_off_t, ptr for all else. */
union option_value {
  int64_t num;
  void *ptr;
};

typedef CURLcode sl_option_function(struct easy *e, union option_value value);

struct option_row {
  union {
    struct {
      int64_t low, high; /* LATER: low is the default */
    };
    sl_option_function *function; /* FUN */
  };
  uint16_t id;     /* CURLoption; fits, as libcurl's numbers end at 50,000 */
  uint16_t offset; /* of the field in its topic */
  uint8_t kind;    /* enum opt_kind */
  uint8_t type;    /* curl_easytype */
  uint8_t topic;   /* enum settings_topic */
  uint8_t width;   /* bytes of the field */
  uint8_t shift;   /* INT64_MAX >> shift is the largest value that the field can hold */
  bool twin;       /* stored in SL_TOPIC_TLS and SL_TOPIC_PROXY_TLS */
};

/* The row of an option, NULL when there is none. */
const struct option_row *sl_setopt_row(CURLoption option);

/* For opt_custom.c: as a row of kind STR would do it; i is the number of the topic's owned pointer.
 */
CURLcode sl_setopt_string(struct easy *e, unsigned topic, unsigned i, const char *value,
                          size_t len);

#define FUN(NAME, TYPE, function) sl_option_function sl_opt_custom_##function;
#include "api/options.def"

#endif
