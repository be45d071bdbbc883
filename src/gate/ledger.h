/* The books of the gate: every descriptor has one open and one close. Counting is always on (two relaxed atomic
 * additions); with sl_ledger_strict() each descriptor is followed by number and a wrong entry aborts, which the test
 * runs ask for. */
#ifndef SL_GATE_LEDGER_H
#define SL_GATE_LEDGER_H

#include <stdbool.h>

struct ledger_totals {
  unsigned long opened, closed;
};

void sl_ledger_strict(bool on);
void sl_ledger_open(int fd);
void sl_ledger_close(int fd);
struct ledger_totals sl_ledger_totals(void);

#endif
