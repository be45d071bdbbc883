/* Requests of DICT (RFC 2229). */
#ifndef SL_WIRE_DICT_H
#define SL_WIRE_DICT_H

#include "base/buf.h"

/* Appends all that is said in a session, for the path of a URL: CLIENT, one command, QUIT. The command is
 *
 *   /d:WORD:DATABASE            DEFINE; also /define: and /lookup:
 *   /m:WORD:DATABASE:STRATEGY   MATCH; also /match: and /find:
 *   /ANYTHING:ELSE              "ANYTHING ELSE"
 *
 * and what is not there has a default. False as well when control characters would be in it: sl_buf_ok() tells the two
 * apart. */
bool sl_dict_request(struct slice path, struct buf *out);

#endif
