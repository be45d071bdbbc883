/* What conversations in lines (FTP, POP3, IMAP, SMTP) have in common: commands out, replies in, and requests to the
 * driver (xfer/dialogue.h). A conversation has a struct talk and is a coroutine over base/co.h; it does no I/O and
 * calls no application code. */
#ifndef SL_PROTO_TALK_H
#define SL_PROTO_TALK_H

#include "base/buf.h"
#include "base/co.h"

/* What the driver is to do; each conversation has more of them, from TALK_OWN on. */
enum talk_request { TALK_NOTHING, TALK_TLS /* on the connection, from now on */, TALK_OWN };

struct talk {
  struct buf out;    /* what is to be said */
  struct buf *error; /* the reason of a failure; borrowed */
  uint8_t request;   /* the driver sets it back to TALK_NOTHING, and ->answer to what became of it */
  sl_result answer;
  bool has_reply;    /* set by the driver, taken by the conversation */
  bool alone;        /* the reply decides about TLS: nothing may be behind it (lesson 3) */
};

void sl_talk_init(struct talk *k, uint32_t out_max, struct buf *error);
void sl_talk_done(struct talk *k);
/* The first, most specific reason wins. Returns code. */
sl_result sl_talk_fail(struct talk *k, sl_result code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One line, whatever is in the argument (NULL: none): nobody smuggles a second command in. */
sl_result sl_talk_say(struct talk *k, const char *verb, const char *argument);
bool sl_talk_take_reply(struct talk *k);

#define TALK_TRY(result)                                                                           \
  do {                                                                                             \
    sl_result tried_ = (result);                                                                   \
    if (tried_)                                                                                    \
      CO_FAIL(tried_);                                                                             \
  } while (0)
/* The answer is in ->answer. */
#define TALK_ASK(k, what)                                                                          \
  do {                                                                                             \
    (k)->request = (what);                                                                         \
    CO_AWAIT(!(k)->request);                                                                       \
  } while (0)

#endif
