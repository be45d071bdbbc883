/* From a list of addresses to one connected stream: Happy Eyeballs, RFC 8305. Addresses may come in while attempts are
 * under way. Attempts start one after the other, a stagger apart or as soon as one fails; the first to connect wins
 * and the others are closed. Connect time-outs are the caller's. */
#ifndef SL_STREAM_CONNECTOR_H
#define SL_STREAM_CONNECTOR_H

#include "gate/gate.h"
#include "loop/reactor.h"
#include "stream/net_config.h"
#include "stream/tcp.h"

struct connector {
  struct reactor *reactor;
  const struct net_config *net; /* borrowed, as what `ask` points to */
  struct gate_ask ask;
  struct gate_addr *addrs;      /* owned; in the order in which they are tried */
  unsigned n, next;
  bool complete;                /* no more addresses will come */
  bool over;                    /* a refusal was final: whatever is under way, or comes */
  struct list attempts;         /* struct tcp */
  struct timer stagger;
  struct tcp *won;
  sl_result error;              /* of the last attempt that failed */
  int err;                      /* its errno */
  void (*notify)(void *owner);  /* sl_connector_step() has something to say */
  void *owner;
};

void sl_connector_init(struct connector *c, struct reactor *r, const struct net_config *net,
                       const struct gate_ask *ask, void (*notify)(void *), void *owner);
void sl_connector_done(struct connector *c);
bool sl_connector_add(struct connector *c, const struct gate_addr *addr); /* false: out of memory */
void *sl_connector_owner_of_watch(const struct watch *w); /* NULL: it is another's */
/* SL_OK: *out_tcp is the caller's. SL_WAIT, or why no address could be connected. */
sl_result sl_connector_step(struct connector *c, struct tcp **out_tcp);

#endif
