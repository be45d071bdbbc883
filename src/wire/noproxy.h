/* Which hosts need no proxy: the list of CURLOPT_NOPROXY and the no_proxy variable. Sans-I/O, no
 * allocation.
 *
 *   list    = "*" | pattern { "," pattern }     blanks around a pattern do not count
 *   pattern = domain                            itself and all below it; a dot at either end
 * changes nothing | address [ "/" bits ]              IPv4 or IPv6, with or without brackets */
#ifndef SL_WIRE_NOPROXY_H
#define SL_WIRE_NOPROXY_H

#include "base/slice.h"

/* The host is ASCII; an IPv6 address may have its brackets and a %zone. */
bool sl_noproxy_has(struct slice list, struct slice host);

#endif
