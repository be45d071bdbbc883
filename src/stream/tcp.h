/* The bottom of every stack: a connected byte stream on a descriptor of the gate, TCP or a Unix socket. */
#ifndef SL_STREAM_TCP_H
#define SL_STREAM_TCP_H

#include "gate/gate.h"
#include "loop/reactor.h"
#include "stream/stream.h"

struct tcp {
  struct stream s; /* first: a tcp is a stream */
  struct gate_socket sock;
  struct reactor *reactor;
  unsigned *callback_depth;
  struct watch watch; /* fn and owner: whoever drives the stream */
  struct list link;   /* among the connector's attempts, else unused */
  int err;            /* errno of the last failure */
  union {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
  } peer; /* where to; for a Unix socket only the family */
};

/* Takes the socket over, also on failure. */
struct tcp *sl_tcp_new(struct reactor *r, struct gate_socket sock_own, const struct gate_addr *peer,
                       unsigned *callback_depth);
void sl_tcp_drive(struct tcp *t, watch_fn *fn, void *owner); /* who hears of readiness */
void sl_tcp_want(struct tcp *t, unsigned want);
/* Has the peer closed an idle connection, or sent what nobody asked for? One system call. */
bool sl_tcp_is_dead(const struct tcp *t, bool *out_has_bytes);

#endif
