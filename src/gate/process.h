/* What the environment asks of the whole process, for programs that know nothing of Sluice: SLUICE_POLICY names a
 * file with an egress policy (or, as preset:NAME, a ready-made one) that every transfer is held to, SLUICE_LOG a file
 * that gets one line of JSON for every socket event, SLUICE_BROKER is the number of a descriptor: the door of the
 * broker that opens all sockets (broker.h). What was asked for and cannot be had makes every transfer fail: a guard
 * that is silently not there would be worse than none. */
#ifndef SL_GATE_PROCESS_H
#define SL_GATE_PROCESS_H

#include "base/slice.h"
#include "gate/gate.h"

/* With the first curl_global_init() and the last curl_global_cleanup(), under its lock. */
void sl_process_init(void);
void sl_process_done(void);

const struct policy *sl_process_policy(void); /* NULL: none */
bool sl_process_logs(void);
void sl_process_log(const struct sluice_socket_event *event);
const char *sl_process_trouble(void); /* why no transfer may run; NULL: nothing is wrong */

#endif
