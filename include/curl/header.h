#ifndef CURLINC_HEADER_H
#define CURLINC_HEADER_H
/*
 * header.h: the response headers of a transfer, by name or one after the other.
 */

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One header field. It belongs to the handle; the strings stay valid until the next call of
 * either function below, the next transfer, or the cleanup of the handle.
 */
struct curl_header {
  char *name;          /* as the server spelled it */
  char *value;         /* without the white space around it */
  size_t amount;       /* how many of this name there are */
  size_t index;        /* which of those this one is, from 0 */
  unsigned int origin; /* CURLH_*, one bit */
  void *anchor;        /* not for the application */
};

/* Where a header came from; to be or-ed together in a question. */
#define CURLH_HEADER (1 << 0)  /* the final response */
#define CURLH_TRAILER (1 << 1) /* after the body (RFC 9110, 6.5) */
#define CURLH_CONNECT (1 << 2) /* a proxy's answer to CONNECT */
#define CURLH_1XX (1 << 3)     /* an interim response */
#define CURLH_PSEUDO (1 << 4)  /* of HTTP/2 and HTTP/3, the name begins with a colon */

typedef enum {
  CURLHE_OK,
  CURLHE_BADINDEX,      /* there is such a header, but not with this index */
  CURLHE_MISSING,       /* there is no such header */
  CURLHE_NOHEADERS,     /* there are no headers at all */
  CURLHE_NOREQUEST,     /* there was no such request */
  CURLHE_OUT_OF_MEMORY,
  CURLHE_BAD_ARGUMENT,
  CURLHE_NOT_BUILT_IN
} CURLHcode;

/*
 * Look up a header by its name, in any case. index counts from 0; request is the number of the
 * request in a chain of redirects or authentication rounds, and -1 the last one.
 */
CURL_EXTERN CURLHcode curl_easy_header(CURL *handle, const char *name, size_t index,
                                       unsigned int origin, int request,
                                       struct curl_header **out_header);

/* The header after prev (NULL: the first), in the order of arrival, or NULL after the last. */
CURL_EXTERN struct curl_header *curl_easy_nextheader(CURL *handle, unsigned int origin,
                                                     int request, struct curl_header *prev);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_HEADER_H */
