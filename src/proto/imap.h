/* The IMAP conversation, top to bottom in the order of RFC 3501 (and 9051): greeting, CAPABILITY, STARTTLS, who it is
 * (AUTHENTICATE, RFC 4959, or LOGIN), SELECT, then one command. A coroutine over base/co.h: it does no I/O and calls no
 * application code. It takes replies, appends command lines and raises requests, which the driver (xfer/imap.c)
 * answers. */
#ifndef SL_PROTO_IMAP_H
#define SL_PROTO_IMAP_H

#include "proto/sasl.h"
#include "proto/talk.h"
#include "wire/imap_path.h"
#include "wire/imap_reply.h"

/* What is remembered of a connection from one transfer to the next. */
struct imap_session {
  char *mailbox, *uidvalidity; /* owned: what is selected; NULL: nothing, unknown */
  uint16_t commands;           /* so far, for the tag */
  bool logged_in;
  bool broken; /* in the middle of something: nobody can say LOGOUT here */
};
void sl_imap_session_done(struct imap_session *s);

/* What the driver is to do, beside TALK_TLS. */
enum imap_request {
  IMAP_ANSWER = TALK_OWN, /* all of the answer to the command; body lines and sections go to the application */
  IMAP_UPLOAD             /* upload_size bytes of body */
};

enum { IMAP_COMMAND_MAX = SASL_TEXT_MAX + 1024 };

struct imap {
  struct talk talk;
  struct sasl sasl;           /* set by the driver but for ->offered; also of those who do not use SASL */
  struct imap_reader *reader; /* knows our tag, and the reply's kind and status */

  /* ---- set by the driver ---- */
  struct imap_session *session;
  struct imap_path path;
  const char *custom; /* the whole command; NULL: none */
  char letter;        /* of the tags */
  uint8_t use_ssl;    /* CURLUSESSL_* */
  uint8_t flags;      /* CURLULFLAG_* of an upload */
  int64_t upload_size; /* -1 unknown */
  bool implicit_tls, upload;

  /* ---- replies: the reader's event, this, then talk.has_reply ---- */
  struct slice text; /* borrowed until the next */

  /* ---- of IMAP_ANSWER ---- */
  struct slice name; /* of the responses that are the body; empty: all of them */
  bool is_fetch;     /* a section is the body, and nothing else */
  bool met_fetch, met_section; /* set by the driver */

  /* ---- results ---- */
  bool said_bye; /* the server: this connection has no future */

  /* ---- its own ---- */
  struct co run_co, login_co, capa_co, tls_co, auth_co, sasl_co, select_co, append_co, command_co;
  sl_result sasl_rc;
  bool greeted, is_tls, is_preauth, has_starttls, has_sasl_ir, no_login;
  bool may_go_on; /* "+" is expected */
};

void sl_imap_init(struct imap *m, struct imap_reader *reader, struct buf *error);
void sl_imap_done(struct imap *m);
/* A response has come: true, if it is the reply that is waited for. */
bool sl_imap_response(struct imap *m);
/* SL_WAIT: a reply is needed (or talk.request). */
sl_result sl_imap_run(struct imap *m);

#endif
