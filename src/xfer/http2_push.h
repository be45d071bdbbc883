/* Server push (RFC 9113 8.4): CURLMOPT_PUSHFUNCTION is asked about a promised response; it gets a new easy handle for
 * it, which works like one that the application has added. */
#ifndef SL_XFER_HTTP2_PUSH_H
#define SL_XFER_HTTP2_PUSH_H

#include "proto/h2_session.h"

struct curl_pushheaders {
  const struct h2_promise *promise;
  char **lines; /* "name:value", made when asked for; as many as the promise has fields */
};

struct h2_exchange *sl_http2_promise(struct h2_exchange *parent, const struct h2_promise *p);
/* NULL: none of that number or name. Valid until the callback returns. */
char *sl_http2_push_header(struct curl_pushheaders *h, size_t i);
char *sl_http2_push_header_named(struct curl_pushheaders *h, struct slice name);

#endif
