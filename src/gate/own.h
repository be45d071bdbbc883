/* The addresses of this host's own interfaces, for rules with `self`. Read from /proc each time, so that a policy sees
 * interfaces come and go, and without a socket. */
#ifndef SL_GATE_OWN_H
#define SL_GATE_OWN_H

#include "gate/ranges.h"

struct own {
  struct ip6 *list; /* owned; IPv4 mapped */
  uint32_t n, cap;
};

bool sl_own_read(struct own *out_own); /* false: they cannot be known; the list is to be freed all the same */

#endif
