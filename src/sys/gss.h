/* GSSAPI as a client (RFC 2743): security contexts of SPNEGO (RFC 4178), that is, of Kerberos.
 *
 * The library, MIT's libgssapi_krb5.so.2, is loaded when the first function here needs it: linked,
 * it would cost every program that never asks for it a fifth of its start. It reads its
 * configuration, its tickets and the environment by itself, and it opens sockets to its KDC and to
 * name servers BY ITSELF, past the gate, and waits for them. So nobody comes here but for an
 * application that has asked for Kerberos, and never where all sockets must be mediated. */
#ifndef SL_SYS_GSS_H
#define SL_SYS_GSS_H

#include <stdint.h>

#include "base/buf.h"

enum {
  SL_GSS_DELEGATE_BY_POLICY = 1,
  SL_GSS_DELEGATE = 2
}; /* the values of CURLGSSAPI_DELEGATION_* */

struct gss_params {
  const char *service;   /* "HTTP" */
  struct slice host;     /* of the peer, a name */
  uint8_t delegation;    /* SL_GSS_DELEGATE_*: the peer may act as the user */
  struct slice bindings; /* RFC 5929: what ties it to the TLS connection; empty: nothing */
};

/* One context. It works with the user's default credentials. */
struct gss;

/* On a failure that is none of memory `why` gets a text and the result is CURLE_AUTH_ERROR. */
sl_result sl_gss_new(const struct gss_params *params, struct gss **out_gss, struct buf *why);
void sl_gss_free(struct gss *g);
/* Takes the peer's token, at first none, and appends the one for the peer, if there is one to be
 * sent. */
sl_result sl_gss_step(struct gss *g, struct slice token, struct buf *out, struct buf *why);
bool sl_gss_complete(const struct gss *g); /* the peer has proved who it is */

/* Appends the name that the default credentials are for; nothing when there are none. */
sl_result sl_gss_identity(struct buf *out);

#endif
