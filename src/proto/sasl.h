/* SASL (RFC 4422) for protocols of lines: which mechanism, and what is said in it. A coroutine over base/co.h that does
 * no I/O. The protocol's conversation runs it, wraps what it gives in the protocol's words, and brings the replies:
 *
 *   while ((rc = sl_sasl_run(s)) == SL_WAIT) {
 *     s->mechanism ? say("AUTH", s->mechanism and s->text) : say(s->text);
 *     await a reply;
 *     sl_sasl_reply(s, ...);
 *   }
 *
 * A mechanism whose challenge makes no sense is given up with "*", and the next one is tried; one that is refused
 * is the end. */
#ifndef SL_PROTO_SASL_H
#define SL_PROTO_SASL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/co.h"
#include "wire/sasl_msg.h"

/* Best first. */
enum {
  SASL_EXTERNAL = 1 << 0,
  SASL_DIGEST_MD5 = 1 << 1,
  SASL_CRAM_MD5 = 1 << 2,
  SASL_NTLM = 1 << 3,
  SASL_OAUTHBEARER = 1 << 4,
  SASL_XOAUTH2 = 1 << 5,
  SASL_PLAIN = 1 << 6,
  SASL_LOGIN = 1 << 7,
  /* words of the login options that are no mechanisms */
  SASL_NOT_BUILT_IN = 1 << 13, /* GSSAPI, SCRAM-*: known, never offered */
  SASL_OWN_APOP = 1 << 14,     /* "+APOP": POP3's own command */
  SASL_OWN_LOGIN = 1 << 15,    /* "+LOGIN": the protocol's own command */
  SASL_DEFAULT = 0xffff & ~SASL_EXTERNAL
};

enum {
  SASL_ENTROPY = 16,
  SASL_MESSAGE_MAX = 1 << 20, /* bytes, before base64 */
  SASL_TEXT_MAX = SASL_MESSAGE_MAX / 3 * 4 + 4
};

enum sasl_reply { SASL_CONTINUE, SASL_ACCEPTED, SASL_REFUSED };

struct sasl {
  /* ---- set by the protocol; all borrowed ---- */
  const char *user, *password; /* NULL: not given */
  const char *authzid, *bearer;
  const char *service, *host; /* "imap", of the server */
  uint16_t port;
  uint16_t offered, allowed; /* SASL_* */
  uint32_t max_initial;      /* bytes of mechanism, blank and initial response; 0: any */
  bool initial_response;     /* may be sent */
  unsigned char entropy[SASL_ENTROPY];
  int64_t now_s;

  /* ---- with SL_WAIT: what is to be sent ---- */
  const char *mechanism; /* begins with it; text, if there is any, is its initial response */
  struct buf text;       /* base64, without line end; maybe empty */

  /* ---- with CURLE_LOGIN_DENIED ---- */
  bool none_left; /* no mechanism was refused: the protocol may have another way */

  /* ---- its own ---- */
  struct slice challenge;
  uint8_t reply; /* enum sasl_reply */
  bool has_reply;
  struct co co;
  const struct sasl_mechanism *current;
  uint8_t step; /* messages that have been made */
  bool cancelled;
  char rspauth[SL_SASL_RSPAUTH];
};

/* CURLOPT_LOGIN_OPTIONS: "AUTH=PLAIN;AUTH=LOGIN", "AUTH=*". `own`: which of SASL_OWN_* the protocol has.
 * CURLE_URL_MALFORMAT for anything else; an empty text allows SASL_DEFAULT. */
sl_result sl_sasl_options(struct slice options, uint16_t own, uint16_t *out_allowed);
/* 0: not a mechanism of ours. */
uint16_t sl_sasl_mechanism(struct slice name);

void sl_sasl_done(struct sasl *s);
/* There is something that could be tried. */
bool sl_sasl_usable(const struct sasl *s);
/* SL_OK: logged in. CURLE_LOGIN_DENIED: not, and there is nothing else to try. */
sl_result sl_sasl_run(struct sasl *s);
/* `challenge`, with SASL_CONTINUE: base64, without white space around it; borrowed until the next run is over. */
void sl_sasl_reply(struct sasl *s, enum sasl_reply reply, struct slice challenge);

#endif
