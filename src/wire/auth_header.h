/* The values of WWW-Authenticate and Proxy-Authenticate (RFC 9110 11.6.1): one or several
 * challenges in a line, each a scheme with nothing, a token68 or parameters. Iterators over
 * borrowed bytes; nothing is allocated.
 *
 * Lenient where servers are: empty list elements, missing commas between parameters, any bytes in
 * an unquoted value. */
#ifndef SL_WIRE_AUTH_HEADER_H
#define SL_WIRE_AUTH_HEADER_H

#include "base/buf.h"

struct auth_challenge {
  struct slice scheme;
  struct slice token68; /* empty: none */
  struct slice params;  /* for sl_auth_param_next() */
};
struct auth_param {
  struct slice name;
  struct slice value; /* between the quotes, escapes still in it */
  bool quoted;
};

/* Takes the next challenge off *rest, which starts as the whole value. */
bool sl_auth_challenge_next(struct slice *rest, struct auth_challenge *out);
/* Takes the next parameter off *params. */
bool sl_auth_param_next(struct slice *params, struct auth_param *out);
/* Appends the value without its escapes. */
bool sl_auth_param_value(const struct auth_param *p, struct buf *out);
/* Appends name="value", escaped where needed. */
void sl_auth_param_add(struct buf *out, const char *name, struct slice value);

#endif
