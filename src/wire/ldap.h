/* LDAP messages (RFC 4511) in the BER that its section 5.1 leaves: definite lengths, strings in one piece. Written is
 * what a client needs that binds and searches; of what is read all slices lie in the input. A small codec of our own:
 * that of OpenLDAP wants whole messages in memory of its own allocator, and nobody can have it fail. */
#ifndef SL_WIRE_LDAP_H
#define SL_WIRE_LDAP_H

#include <stdint.h>

#include "base/buf.h"

enum ldap_op { /* the tag of a protocolOp: 4.1.1 */
  LDAP_BIND = 0x60,
  LDAP_BIND_DONE = 0x61,
  LDAP_UNBIND = 0x42,
  LDAP_SEARCH = 0x63,
  LDAP_ENTRY = 0x64,
  LDAP_SEARCH_DONE = 0x65,
  LDAP_REFERENCE = 0x73,
  LDAP_EXTENDED = 0x77,
  LDAP_EXTENDED_DONE = 0x78,
  LDAP_INTERMEDIATE = 0x79
};

enum ldap_code { /* result codes that mean something to us: 4.1.9 */
  LDAP_SUCCESS = 0,
  LDAP_PROTOCOL_ERROR = 2,
  LDAP_SIZE_LIMIT = 4,
  LDAP_SASL_IN_PROGRESS = 14,
  LDAP_INVALID_CREDENTIALS = 49,
  LDAP_INSUFFICIENT_RIGHTS = 50
};

enum ldap_scope { LDAP_BASE, LDAP_ONE, LDAP_SUB, LDAP_CHILDREN /* an extension, understood by many */ };

enum {
  LDAP_MESSAGE_MAX = 64 * 1024 * 1024, /* bytes of a message: there are revocation lists of this size */
  LDAP_NAME_MAX = 4096                 /* bytes of an attribute's description */
};

/* ---- BER ---- */

/* What is begun is ended with the number that came back; both append, errors are the buffer's. */
uint32_t sl_ber_begin(struct buf *out, uint8_t tag);
void sl_ber_end(struct buf *out, uint32_t begun);
void sl_ber_string(struct buf *out, uint8_t tag, struct slice bytes);
/* Takes an element off *in. False: it is malformed, or not all there. */
bool sl_ber_take(struct slice *in, uint8_t *out_tag, struct slice *out_content);

enum { BER_SEQUENCE = 0x30, BER_SET = 0x31, BER_STRING = 4, BER_ENUM = 10 };

/* ---- what comes ---- */

struct ldap_message {
  int32_t id;
  uint8_t op;
  struct slice body;
};

/* SL_PARSE_DONE: the first message has *out_n bytes, that may not all be there. SL_PARSE_BAD: it is none, or larger
 * than the maximum. */
enum sl_parse sl_ldap_measure(struct slice in, size_t *out_n);
bool sl_ldap_message(struct slice bytes, struct ldap_message *out); /* exactly one */

struct ldap_result { /* 4.1.9 */
  uint32_t code;     /* enum ldap_code, or any other */
  struct slice text; /* for people */
  struct slice sasl; /* of a bind: the server's credentials */
};
bool sl_ldap_result(struct slice body, struct ldap_result *out);
const char *sl_ldap_code_name(uint32_t code); /* "" when there is none */

bool sl_ldap_entry(struct slice body, struct slice *out_dn, struct slice *out_attributes); /* 4.5.2 */
/* The next one off *attributes, and of its values. SL_PARSE_MORE: there is none. */
enum sl_parse sl_ldap_attribute(struct slice *attributes, struct slice *out_name, struct slice *out_values);
enum sl_parse sl_ldap_value(struct slice *values, struct slice *out_value);

/* ---- what is said: whole messages ---- */

struct ldap_search {
  struct slice dn;
  struct slice filter;     /* in BER: wire/ldap_filter.h */
  struct slice attributes; /* names with commas between; empty: all but operational ones */
  uint8_t scope;           /* enum ldap_scope */
};

void sl_ldap_bind(struct buf *out, int32_t id, struct slice dn, struct slice password);
/* SASL: 4.2. Credentials that are none differ from empty ones (NULL, and 0 bytes). */
void sl_ldap_bind_sasl(struct buf *out, int32_t id, struct slice mechanism, const struct slice *credentials);
void sl_ldap_start_tls(struct buf *out, int32_t id);
void sl_ldap_search(struct buf *out, int32_t id, const struct ldap_search *search);
void sl_ldap_unbind(struct buf *out, int32_t id);

#endif
