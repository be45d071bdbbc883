/* The POP3 conversation, top to bottom in the order of the RFCs: greeting (1939), CAPA (2449), STLS (2595), who it is
 * (5034 AUTH, else APOP, else USER and PASS), then one command. A coroutine over base/co.h: it does no I/O and calls
 * no application code. It takes replies, appends command lines and raises requests, which the driver (xfer/pop3.c)
 * answers. */
#ifndef SL_PROTO_POP3_H
#define SL_PROTO_POP3_H

#include "proto/sasl.h"
#include "proto/talk.h"
#include "wire/pop3_reply.h"

/* What is remembered of a connection from one transfer to the next. */
struct pop3_session {
  bool logged_in;
};

/* What the driver is to do, beside TALK_TLS. */
enum pop3_request {
  POP3_BODY = TALK_OWN /* the lines of the answer, up to the dot */
};

enum {
  POP3_COMMAND_MAX = SASL_TEXT_MAX + 1024,
  POP3_STAMP_MAX = 1024, /* of the greeting; RFC 1939 3: 512 for the whole line */
  POP3_AUTH_LINE = 255   /* RFC 5034 4: bytes of the AUTH command with its line end */
};

struct pop3 {
  struct talk talk;
  struct sasl sasl; /* set by the driver but for ->offered; also of those who do not use SASL */

  /* ---- set by the driver ---- */
  struct pop3_session *session;
  const char *custom; /* in place of LIST and RETR; NULL: none */
  const char *id;     /* of a message; "": of none */
  uint8_t use_ssl;    /* CURLUSESSL_* */
  bool implicit_tls, nobody, list_only;

  /* ---- replies: set, then talk.has_reply ---- */
  enum pop3_status status;
  struct slice text; /* the line, trimmed; borrowed until the next */
  bool listing;      /* raw lines are wanted, whatever they look like */

  /* ---- results ---- */
  bool unread; /* the answer of many lines is not taken */

  /* ---- its own ---- */
  struct co run_co, login_co, capa_co, stls_co, auth_co, sasl_co, way_co, command_co;
  struct buf stamp; /* of the greeting; empty: none */
  sl_result sasl_rc;
  bool is_tls, has_stls, has_user;
};

void sl_pop3_init(struct pop3 *p, struct buf *error);
void sl_pop3_done(struct pop3 *p);
/* SL_WAIT: a reply is needed (or talk.request). */
sl_result sl_pop3_run(struct pop3 *p);

#endif
