/* AWS Signature Version 4 and its relatives, as CURLOPT_AWS_SIGV4(3) has them: signs a request by a
 * header field. Time and body are arguments. Names of the parts are those of the AWS manual
 * ("canonical request", "string to sign"). */
#ifndef SL_WIRE_SIGV4_H
#define SL_WIRE_SIGV4_H

#include <stdint.h>

#include "base/buf.h"

struct sigv4_header {
  struct slice name, value;
};

struct sigv4_request {
  struct slice spec;           /* provider1[:provider2[:region[:service]]] */
  struct slice user, password; /* access key and secret key */
  struct slice method;
  struct slice host;        /* the Host field's value */
  struct slice path, query; /* as they are sent; query without '?' */
  /* The other fields to sign, as they are sent. One named Host, X-provider2-Date or
   * X-provider2-Content-Sha256 is used in place of what would be made here. */
  const struct sigv4_header *headers;
  size_t n_headers;
  struct slice body;
  bool body_unknown; /* it is not in memory: not signed for S3, else signed as an empty one */
  int64_t now_s;
};

/* Appends whole lines: Authorization, the date and (S3) the hash of the body.
 * CURLE_BAD_FUNCTION_ARGUMENT: no provider, control characters; CURLE_URL_MALFORMAT: neither the
 * spec nor the host tells region and service; *out_error (may be NULL) says which. */
sl_result sl_sigv4_sign(const struct sigv4_request *r, struct buf *out_lines,
                        const char **out_error);

#endif
