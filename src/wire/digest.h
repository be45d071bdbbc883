/* HTTP Digest authentication (RFC 7616, and RFC 2617 for servers without qop): what a challenge
 * says, and the credentials that answer it. The client nonce comes from the caller; charset is not
 * acted on: names and passwords are hashed as they are. */
#ifndef SL_WIRE_DIGEST_H
#define SL_WIRE_DIGEST_H

#include <stdint.h>

#include "base/buf.h"

enum digest_hash { SL_DIGEST_MD5, SL_DIGEST_SHA256, SL_DIGEST_SHA512_256 };

/* A server's or proxy's last challenge; zeroed: none yet. */
struct digest {
  char *realm, *nonce, *opaque,
      *algorithm; /* owned; opaque and algorithm as the server wrote them, NULL: not said */
  enum digest_hash hash;
  bool session; /* "-sess" */
  bool qop_auth, qop_auth_int;
  bool stale; /* the last answer failed for its nonce alone */
  bool userhash;
  uint32_t nonce_count; /* answers with this nonce so far */
};

enum digest_verdict {
  SL_DIGEST_READY,    /* answer it */
  SL_DIGEST_REFUSED,  /* the answer to an earlier challenge was wrong: giving it again is of no use
                       */
  SL_DIGEST_UNUSABLE, /* no nonce, or an algorithm that is not known; d is empty */
  SL_DIGEST_NOMEM
};

/* `params`: of the challenge, as in struct auth_challenge. */
enum digest_verdict sl_digest_challenge(struct digest *d, struct slice params);
void sl_digest_done(struct digest *d); /* empty and usable afterwards */

struct digest_request {
  struct slice user, password;
  struct slice method, uri; /* uri: the request target, path and query */
  struct slice body;        /* for qop=auth-int; libcurl takes the empty one always */
  struct slice cnonce;      /* random, without quotes and backslashes */
  bool ie_flavour;          /* CURLAUTH_DIGEST_IE: without the query */
};

/* Appends `Digest username=...`, and counts the nonce. CURLE_AUTH_ERROR when there is no challenge,
 * when control characters would get into the header, or when OpenSSL lacks the hash. */
sl_result sl_digest_authorization(struct digest *d, const struct digest_request *r,
                                  struct buf *out);

#endif
