#ifndef CURLINC_URLAPI_H
#define CURLINC_URLAPI_H
/*
 * urlapi.h: take URLs apart and put them together (RFC 3986, and what browsers make of it).
 */

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A URL in parts. */
typedef struct Curl_URL CURLU;

typedef enum {
  CURLUE_OK,
  CURLUE_BAD_HANDLE,         /* 1: NULL instead of a CURLU */
  CURLUE_BAD_PARTPOINTER,    /* 2: NULL instead of a place for the part */
  CURLUE_MALFORMED_INPUT,    /* 3 */
  CURLUE_BAD_PORT_NUMBER,    /* 4: not a number from 0 to 65535 */
  CURLUE_UNSUPPORTED_SCHEME, /* 5 */
  CURLUE_URLDECODE,          /* 6: decoding would yield a control byte */
  CURLUE_OUT_OF_MEMORY,      /* 7 */
  CURLUE_USER_NOT_ALLOWED,   /* 8: CURLU_DISALLOW_USER, and there is a user name */
  CURLUE_UNKNOWN_PART,       /* 9: not a CURLUPart */
  CURLUE_NO_SCHEME,          /* 10: that part is not there; so for the other NO_ codes */
  CURLUE_NO_USER,            /* 11 */
  CURLUE_NO_PASSWORD,        /* 12 */
  CURLUE_NO_OPTIONS,         /* 13 */
  CURLUE_NO_HOST,            /* 14 */
  CURLUE_NO_PORT,            /* 15 */
  CURLUE_NO_QUERY,           /* 16 */
  CURLUE_NO_FRAGMENT,        /* 17 */
  CURLUE_NO_ZONEID,          /* 18 */
  CURLUE_BAD_FILE_URL,       /* 19 */
  CURLUE_BAD_FRAGMENT,       /* 20 */
  CURLUE_BAD_HOSTNAME,       /* 21 */
  CURLUE_BAD_IPV6,           /* 22 */
  CURLUE_BAD_LOGIN,          /* 23 */
  CURLUE_BAD_PASSWORD,       /* 24 */
  CURLUE_BAD_PATH,           /* 25 */
  CURLUE_BAD_QUERY,          /* 26 */
  CURLUE_BAD_SCHEME,         /* 27 */
  CURLUE_BAD_SLASHES,        /* 28: not one to three after the colon */
  CURLUE_BAD_USER,           /* 29 */
  CURLUE_LACKS_IDN,          /* 30: needs IDNA, which is not built in */
  CURLUE_TOO_LARGE,          /* 31 */
  CURLUE_BACKSLASH,          /* 32: a backslash where a slash belongs */
  CURLUE_LAST
} CURLUcode;

typedef enum {
  CURLUPART_URL, /* all of it */
  CURLUPART_SCHEME,
  CURLUPART_USER,
  CURLUPART_PASSWORD,
  CURLUPART_OPTIONS, /* login options, after a semicolon (RFC 5092) */
  CURLUPART_HOST,    /* IPv6 in brackets, without the zone */
  CURLUPART_PORT,
  CURLUPART_PATH, /* always there: at least "/" */
  CURLUPART_QUERY,
  CURLUPART_FRAGMENT,
  CURLUPART_ZONEID /* of an IPv6 address (RFC 6874), without the percent sign */
} CURLUPart;

/* For curl_url_get() and curl_url_set(). */
#define CURLU_DEFAULT_PORT (1 << 0)       /* get: the scheme's port when none is set */
#define CURLU_NO_DEFAULT_PORT (1 << 1)    /* get: no port when it is the scheme's */
#define CURLU_DEFAULT_SCHEME (1 << 2)     /* get: https when there is none */
#define CURLU_NON_SUPPORT_SCHEME (1 << 3) /* set: a scheme that transfers cannot use is fine */
#define CURLU_PATH_AS_IS (1 << 4)         /* set: leave /./ and /../ alone */
#define CURLU_DISALLOW_USER (1 << 5)      /* set: refuse a URL with credentials */
#define CURLU_URLDECODE (1 << 6)          /* get: decode percent-encoding */
#define CURLU_URLENCODE (1 << 7)          /* get and set: encode what needs it */
#define CURLU_APPENDQUERY (1 << 8)        /* set: add to the query, with & between */
#define CURLU_GUESS_SCHEME (1 << 9)       /* set: without a scheme, guess by the host's name */
#define CURLU_NO_AUTHORITY (1 << 10)      /* set: no host is fine with an unknown scheme */
#define CURLU_ALLOW_SPACE (1 << 11)       /* set: let spaces through */
#define CURLU_PUNYCODE (1 << 12)          /* get: the host as ASCII (RFC 3492) */
#define CURLU_PUNY2IDN (1 << 13)          /* get: the host as UTF-8 */
#define CURLU_GET_EMPTY (1 << 14)         /* get: an empty query or fragment counts as there */
#define CURLU_NO_GUESS_SCHEME (1 << 15)   /* get: a guessed scheme does not count as there */

/* An empty URL, or NULL when out of memory. Free: curl_url_cleanup(), which takes NULL. */
CURL_EXTERN CURLU *curl_url(void);
CURL_EXTERN void curl_url_cleanup(CURLU *url);

/* An independent copy, or NULL when out of memory. */
CURL_EXTERN CURLU *curl_url_dup(const CURLU *url);

/* Get a part, as a new string that the caller frees with curl_free(). NULL is left on failure. */
CURL_EXTERN CURLUcode curl_url_get(const CURLU *url, CURLUPart what, char **out_part,
                                   unsigned int flags);

/*
 * Set a part; it is copied. NULL removes it. A CURLUPART_URL replaces everything, unless it is
 * relative: then it is resolved against what is there (RFC 3986, 5). On failure nothing changed.
 */
CURL_EXTERN CURLUcode curl_url_set(CURLU *url, CURLUPart what, const char *part,
                                   unsigned int flags);

/* A short English text, never NULL; it belongs to the library. */
CURL_EXTERN const char *curl_url_strerror(CURLUcode code);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_URLAPI_H */
