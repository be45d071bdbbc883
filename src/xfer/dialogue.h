/* Drives a conversation in lines (proto/talk.h) over the transfer's connection: says what it has to say, reads
 * replies within CURLOPT_SERVER_RESPONSE_TIMEOUT, turns TLS on in the middle. What a reply is, and what else the
 * conversation can ask for, is its protocol's. */
#ifndef SL_XFER_DIALOGUE_H
#define SL_XFER_DIALOGUE_H

#include "proto/talk.h"
#include "xfer/transfer.h"

struct dialogue_ops {
  const char *name; /* of the protocol, for messages */
  /* The conversation: SL_WAIT when it needs a reply or an answer. */
  sl_result (*run)(struct transfer *t);
  /* Takes a reply off *in: SL_OK when it is complete, and there for the conversation; SL_WAIT when more is needed. */
  sl_result (*take)(struct transfer *t, struct slice *in);
  /* A request from TALK_OWN on. */
  sl_result (*perform)(struct transfer *t);
};

struct dialogue {
  const struct dialogue_ops *ops;
  struct talk *talk;
  uint32_t out_at;    /* what of talk->out is said */
  bool is_logged;     /* talk->out */
  bool got_reply;     /* in this transfer */
  bool is_tls_pushed; /* while TLS on a live stream is being set up */
};

/* The request begins: also what is left of an earlier one is reset. `resends`: a body goes out, from its beginning. */
sl_result sl_dialogue_start(struct transfer *t, bool resends);
/* What the connection remembers from one transfer to the next: made, zeroed, as c->proto_state unless it is there. */
sl_result sl_dialogue_session(struct conn *c, size_t size, void (*end)(struct conn *c, bool polite));
/* Each step begins with it: what a pause has held is delivered. */
sl_result sl_dialogue_resume(struct transfer *t);
/* The whole conversation. SL_WAIT: t->want and the streams say for what. */
sl_result sl_dialogue_run(struct transfer *t, struct dialogue *d);
/* Takes what there is of a reply, without a limit in time. */
sl_result sl_dialogue_read(struct transfer *t, struct dialogue *d);
/* Reads the body of an answer, within the limits on speed: deliver() takes of *in what it can, and says SL_OK at the
 * end, SL_WAIT before it or when the application has paused. */
sl_result sl_dialogue_body(struct transfer *t, struct dialogue *d,
                           sl_result (*deliver)(struct transfer *t, struct slice *in));
/* SL_WAIT while the moment, counted from the first call, is not reached. */
sl_result sl_dialogue_deadline(struct transfer *t, int64_t ms);
/* TLS to the transfer's host on a live stream: of its connection, or of another one (FTP's data). */
sl_result sl_dialogue_secure(struct transfer *t, struct dialogue *d, struct conn *c);
/* True: a pooled connection was dead, and the request is to be tried on a new one. */
bool sl_dialogue_retry(struct transfer *t, const struct dialogue *d, sl_result result);
/* Best effort: nobody waits for the answer. */
void sl_dialogue_say_bye(struct conn *c, const char *line);

#endif
