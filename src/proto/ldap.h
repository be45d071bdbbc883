/* An LDAP conversation (RFC 4511): TLS (StartTLS, 4.14), bind by password or SASL (4.2), one search (4.5). A coroutine over proto/talk.h: it
 * does no I/O and calls no application code. The driver (xfer/ldap.c) brings the results of its requests. */
#ifndef SL_PROTO_LDAP_H
#define SL_PROTO_LDAP_H

#include "proto/sasl.h"
#include "proto/talk.h"
#include "wire/ldap.h"

/* What is remembered of a connection from one transfer to the next. */
struct ldap_session {
  int32_t id;   /* of the last message of ours */
  bool tls;     /* turned on in the middle */
  uint32_t bound; /* how: by password, or by which mechanisms of SASL; 0: not yet */
  bool broken;  /* in the middle of something */
};

enum ldap_request {
  LDAP_RECEIVE = TALK_OWN /* what the search finds is delivered; at the end of it there is a reply */
};

enum { LDAP_OUT_MAX = 32 * 1024 * 1024, LDAP_TEXT_MAX = 200 };

struct ldap {
  struct talk talk;
  /* ---- set by the driver ---- */
  struct ldap_session *session;
  struct sasl sasl;            /* user and password; the rest only if: */
  bool use_sasl;
  struct ldap_search search;
  uint8_t use_ssl;             /* CURLUSESSL_* */
  bool bind_only;

  /* ---- the reply that was awaited: set, then talk.has_reply ---- */
  uint8_t awaited;             /* enum ldap_op */
  uint32_t code;
  char text[LDAP_TEXT_MAX + 1]; /* of the server, printable */

  /* ---- its own ---- */
  struct buf challenge, credentials; /* of SASL: in base64, and as they are */
  const char *mechanism;
  sl_result sasl_rc;
  struct co run_co, tls_co, bind_co;
};

void sl_ldap_init(struct ldap *f, struct buf *error);
void sl_ldap_done(struct ldap *f);

/* SL_WAIT: a reply is needed, or talk.request. */
sl_result sl_ldap_run(struct ldap *f);
/* A result with the code and the words in this body. False: it is malformed. */
bool sl_ldap_take_result(struct ldap *f, struct slice body);
/* While LDAP_SEARCH_DONE is awaited as a reply: an entry, which says what the server can do. False: it is malformed. */
bool sl_ldap_take_entry(struct ldap *f, struct slice body);

#endif
