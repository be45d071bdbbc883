/* DNS over HTTPS, RFC 8484: the resolver's queries as POST requests in the same multi handle, through the same gate, with
 * the socket callbacks of the handle that asks (only if it opted in with SLUICE_PURPOSE_DOH). */
#ifndef SL_XFER_DOH_H
#define SL_XFER_DOH_H

#include "xfer/multi.h"

struct doh_request;

void sl_doh_install(struct multi *m);                              /* m->dns has just been made */
void sl_doh_done(struct easy *e, CURLcode result);                 /* a request of ours is over */
void sl_doh_drop_all(struct multi *m);                             /* the multi handle goes away */

#endif
