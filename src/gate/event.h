/* Inside gate/: telling the application, and the process's log, what happens to descriptors. */
#ifndef SL_GATE_EVENT_H
#define SL_GATE_EVENT_H

#include "gate/gate.h"

/* What a callback is told: CURLSOCKTYPE_*, or the finer SLUICE_SOCKTYPE_* whose bit is in the mask. */
int sl_event_purpose(enum gate_purpose purpose, unsigned long mask);
/* And back; one that no rule names for a number that is none of them. */
enum gate_purpose sl_event_purpose_of(int purpose);

struct event_facts {
  int fd;                         /* -1: none */
  const struct sockaddr *address; /* NULL: none */
  unsigned address_len;
  const char *rule; /* what decided; NULL: nothing had to */
  int err;          /* errno; 0 */
};
/* errno stays as it is. */
void sl_event_tell(const struct gate_ask *ask, sluice_event what, const struct event_facts *facts);

#endif
