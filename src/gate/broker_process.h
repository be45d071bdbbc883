/* Inside gate/: the broker's own process; see broker.h. */
#ifndef SL_GATE_BROKER_PROCESS_H
#define SL_GATE_BROKER_PROCESS_H

#include <sys/types.h>

struct policy;

/* A process that is nobody's child and answers at the other end of *out_door, which is close-on-exec. Safe in a process
 * with threads. 0 or an errno. */
int sl_broker_spawn(const struct policy *policy, int *out_door, pid_t *out_pid);

#endif
