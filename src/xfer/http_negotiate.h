/* HTTP Negotiate (RFC 4559): Kerberos tickets in SPNEGO's wrapping (sys/gss.h), towards the origin
 * and towards a proxy.
 *
 * A token goes out with the first request already, and with each further one, unless the peer has
 * said that it remembers whose the connection is. So a connection over which a token went is that
 * user's alone (lesson 7): it moves to a place in the pool whose key ends with the user's name. */
#ifndef SL_XFER_HTTP_NEGOTIATE_H
#define SL_XFER_HTTP_NEGOTIATE_H

#include "base/buf.h"
#include "xfer/http_auth.h"

/* Kerberos opens sockets that nobody is asked about: not where an egress policy is in force. */
bool sl_negotiate_allowed(struct transfer *t);
/* Appends "Negotiate TOKEN"; nothing when the connection is authenticated already, or when there is
 * no ticket: then Negotiate is given up for this transfer. */
sl_result sl_negotiate_request(struct transfer *t, bool proxy, struct buf *out);
/* What came behind "Negotiate"; empty when nothing did. */
sl_result sl_negotiate_challenge(struct transfer *t, bool proxy, struct slice token68);
/* The next request will be a ticket's user's, who has connections of his own. */
bool sl_negotiate_has_key(const struct transfer *t);
/* Appends the user's name to the connection's key when the next request will be the user's. */
sl_result sl_negotiate_key(struct transfer *t, struct slice key, struct buf *out_key);

#endif
