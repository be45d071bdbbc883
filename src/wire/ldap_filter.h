/* LDAP search filters, from text (RFC 4515) to BER (RFC 4511 4.5.1.7). What OpenLDAP lets pass beyond the grammar passes
 * here, too: one item without parentheses, blanks before a filter, and a backslash before one of "()*\". */
#ifndef SL_WIRE_LDAP_FILTER_H
#define SL_WIRE_LDAP_FILTER_H

#include "base/buf.h"

enum { LDAP_FILTER_DEPTH = 100 }; /* filters within filters */

/* False: it is no filter, or nested too deeply; whatever was appended counts for nothing. */
bool sl_ldap_filter(struct slice text, struct buf *out);

#endif
