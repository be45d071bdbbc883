/* Alternative services (RFC 7838) of a handle: CURLOPT_ALTSVC, CURLOPT_ALTSVC_CTRL, and where a new connection to an
 * origin goes instead. Only origins over TLS have any, and only a certificate that was checked for the origin's name
 * makes the alternative as good as the origin (2.1). */
#ifndef SL_XFER_ALTSVC_STORE_H
#define SL_XFER_ALTSVC_STORE_H

#include "base/result.h"
#include "base/slice.h"

struct transfer;
struct easy;
struct route;
struct altsvc_store;

sl_result sl_altsvc_begin(struct transfer *t); /* reads CURLOPT_ALTSVC when that has not been done */
sl_result sl_altsvc_response(struct transfer *t, struct slice value, bool first); /* one Alt-Svc value */
/* The alternative in use does not speak for the origin: it is not tried again. RFC 7838 6. */
sl_result sl_altsvc_forget(struct transfer *t);
/* Turns the route to an alternative, if there is one; t->alt_used says so. CURLOPT_CONNECT_TO and Unix sockets have
 * decided already. */
sl_result sl_altsvc_route(struct transfer *t, struct route *r);
void sl_altsvc_free(struct easy *e); /* writes CURLOPT_ALTSVC */

#endif
