/* The books of the gate: every descriptor has one open and one close. They are always kept (two relaxed atomic
 * operations an entry); with sl_ledger_strict() a wrong entry aborts, which the test runs ask for. */
#ifndef SL_GATE_LEDGER_H
#define SL_GATE_LEDGER_H

#include <stdbool.h>

struct ledger_totals {
  unsigned long opened, closed;
};

void sl_ledger_strict(bool on);
void sl_ledger_open(int fd);
void sl_ledger_close(int fd);
bool sl_ledger_is_open(int fd); /* one of the library's; numbers beyond 65,535 are not known */
struct ledger_totals sl_ledger_totals(void);

#endif
