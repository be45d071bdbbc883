/* Inside gate/: the egress policies in force for one who asks (the handle's, the multi handle's, the process's). All of
 * them must allow, so that none can widen another. */
#ifndef SL_GATE_GUARD_H
#define SL_GATE_GUARD_H

#include "gate/gate.h"
#include "gate/policy.h"

/* SL_OK, or CURLE_COULDNT_CONNECT with the reason in ask->error after telling of the refusal. fd is the descriptor in
 * question, -1 if there is none yet. errno stays as it is. */
sl_result sl_guard_judge(const struct gate_ask *ask, const struct gate_addr *addr, int fd);
/* The same of the peer that a socket really is connected to, when the library did not connect it there itself. SL_WAIT:
 * it is not connected, or not yet. A peer without an address of its own (a socket pair) is taken for what it was shown as. */
sl_result sl_guard_peer(const struct gate_ask *ask, int fd);
/* One policy alone; of ask, purpose and scheme count. */
void sl_guard_ask(const struct policy *p, const struct gate_ask *ask, const struct gate_addr *addr,
                  struct policy_verdict *out_verdict);

#endif
