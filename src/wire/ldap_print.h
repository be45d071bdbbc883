/* An entry of a search's result as the text that libcurl makes of it:
 *
 *   DN: cn=...
 *   <tab>name: value
 *   <tab>name:: base64 of a value that is no plain text
 *
 * with an empty line behind each attribute and behind the entry. It comes in pieces, so that text much larger than the
 * entry needs no memory. */
#ifndef SL_WIRE_LDAP_PRINT_H
#define SL_WIRE_LDAP_PRINT_H

#include "base/buf.h"

enum { LDAP_PIECE = 16 * 1024 }; /* bytes after which a piece ends */

struct ldap_printer {
  struct slice dn, attributes, name, values; /* what is left, in the message */
  bool begun;                                /* the DN is out */
  bool named;                                /* an attribute is under way */
  bool has_value;                            /* ... and has had a value */
};

/* False: the body is none of an entry. */
bool sl_ldap_print_begin(struct ldap_printer *p, struct slice body);
/* The next piece, appended. SL_PARSE_DONE: it was the last one. SL_PARSE_MORE: there are others. */
enum sl_parse sl_ldap_print(struct ldap_printer *p, struct buf *out);

#endif
