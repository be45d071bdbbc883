/* Requests of Gopher (RFC 1436, RFC 4266). */
#ifndef SL_WIRE_GOPHER_H
#define SL_WIRE_GOPHER_H

#include "base/buf.h"

/* Appends the line that asks for the URL's item. The query, with query.p not NULL, is a part of the selector. False as
 * well when a line end or a zero byte would be in it: sl_buf_ok() tells the two apart. */
bool sl_gopher_request(struct slice path, struct slice query, struct buf *out);

#endif
