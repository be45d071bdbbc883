/* HTTP authentication, towards the origin and towards a proxy. RFC 9110 11, RFC 7617 (Basic), RFC 6750 (Bearer). */
#ifndef SL_XFER_HTTP_AUTH_H
#define SL_XFER_HTTP_AUTH_H

#include "base/buf.h"
#include "base/result.h"

struct transfer;
struct conn;
struct digest;

struct http_auth {
  uint32_t want;    /* CURLAUTH_*: what the application allows and has not failed yet */
  uint32_t avail;   /* what the peer has offered in this response */
  uint32_t picked;  /* one bit: in use; 0: not decided */
  bool is_proxy;
  bool done;        /* credentials of `picked` have been sent */
  bool multipass;   /* an exchange is under way (NTLM, Negotiate) */
  bool stale;
  struct digest *digest; /* owned: the last challenge */
  struct buf challenge;  /* the last token of NTLM or Negotiate */
};

void sl_auth_init(struct transfer *t);
void sl_auth_done(struct transfer *t);
void sl_auth_conn_done(struct conn *c);
/* Appends "Authorization: ...\r\n" or its proxy form when there are credentials to send now. */
sl_result sl_auth_request(struct transfer *t, bool proxy, struct slice method, struct slice target, struct buf *dst);
/* One WWW-Authenticate or Proxy-Authenticate value. */
sl_result sl_auth_challenge(struct transfer *t, bool proxy, struct slice value);
/* The head is complete: should the request be sent again, with (other) credentials? */
sl_result sl_auth_after_head(struct transfer *t, bool *out_again);
/* The user name and password for the current origin; NULL: none. */
const char *sl_auth_user(const struct transfer *t);
const char *sl_auth_password(const struct transfer *t);
/* Is the first request only there to fetch a challenge (no body then)? */
bool sl_auth_will_challenge(const struct transfer *t);

#endif
