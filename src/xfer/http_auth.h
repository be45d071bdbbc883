/* HTTP authentication, towards the origin and towards a proxy. RFC 9110 11, RFC 7617 (Basic), RFC 6750 (Bearer),
 * RFC 7616 (Digest), RFC 4559 (Negotiate: http_negotiate.h), NTLM over HTTP, AWS signatures.
 *
 * With one kind allowed it is used from the first request on; with several, the first request goes without and the
 * peer's challenge decides. A request with a body that only serves to fetch a challenge goes with an empty one. */
#ifndef SL_XFER_HTTP_AUTH_H
#define SL_XFER_HTTP_AUTH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/result.h"
#include "wire/ntlm.h"

struct transfer;
struct easy;

/* Of NTLM and Negotiate, whose messages belong together. */
enum auth_phase {
  AUTH_NONE,
  AUTH_SENT,     /* NTLM: type 1 */
  AUTH_AGAIN,    /* NTLM: the peer wants type 1 once more; some do after an unasked one */
  AUTH_RESENT,   /* NTLM: it has it */
  AUTH_RECEIVED, /* NTLM: type 2; there is something to be sent, on the same connection */
  AUTH_OVER      /* the last message is out: whatever the peer says is its verdict */
};

struct auth_exchange {
  struct ntlm_challenge ntlm;
  struct gss *gss;  /* Negotiate's context; NULL: none */
  struct buf token; /* what it has for the peer */
  int64_t conn_id;  /* where it began */
  uint8_t legs;     /* tokens sent */
};

struct http_auth {
  uint32_t want;    /* CURLAUTH_*: what the application allows and can be done */
  uint32_t picked;  /* one bit, or all of want while nothing is decided */
  uint32_t avail;   /* what the peer has offered in this response */
  bool done;        /* the credentials in the request are final */
  bool multipass;   /* a scheme is in use that needs more than one request */
  bool problem;     /* the peer has refused what we sent */
  uint8_t phase;    /* enum auth_phase */
  struct auth_exchange *exchange; /* NULL: none yet */
};

/* What a handle remembers of its peers, so that the next transfer need not be challenged again. */
struct auth_memory;
void sl_auth_memory_free(struct auth_memory *m);

sl_result sl_auth_init(struct transfer *t); /* a new origin */
void sl_auth_done(struct transfer *t);
/* Appends "Authorization: ...\r\n", or the proxy's, when there are credentials to send now. */
sl_result sl_auth_request(struct transfer *t, bool proxy, struct slice method, struct slice target, struct buf *dst);
/* http_sigv4.c: the lines of AWS Signature Version 4 and its relatives. */
sl_result sl_auth_sigv4(struct transfer *t, struct slice method, struct buf *dst);
/* One WWW-Authenticate or Proxy-Authenticate value. */
sl_result sl_auth_challenge(struct transfer *t, bool proxy, struct slice value);
/* The final head is complete: should the request be sent again, with (other) credentials? */
sl_result sl_auth_after_head(struct transfer *t, int status, bool *out_again);
/* The same for a proxy's answer to CONNECT. */
sl_result sl_auth_after_connect(struct transfer *t, int status, bool *out_again);
/* Is this request only there to fetch a challenge? Then it has no body. */
bool sl_auth_is_probe(const struct transfer *t);
/* For the schemes in files of their own. Its exchange, made when it is needed; NULL: out of memory. */
struct auth_exchange *sl_auth_exchange(struct http_auth *a);
bool *sl_auth_bound(const struct transfer *t, bool proxy); /* the connection itself is authenticated */
/* This scheme cannot be: the request goes without, and the peer has to choose among the others. */
void sl_auth_give_up(struct transfer *t, bool proxy, uint32_t bit);
/* WWW-Authenticate in a response that is no challenge: a scheme's last word. */
sl_result sl_auth_last_word(struct transfer *t, struct slice value);
/* The exchange under way lives on this one connection. */
bool sl_auth_needs_same_connection(const struct transfer *t);

#endif
