/* See ledger.h. Process-wide on purpose: descriptors are. */
#include "gate/ledger.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOLLOWED = 65536 };

static atomic_ulong opened, closed;
static atomic_bool strict;
static atomic_uchar state[FOLLOWED]; /* 1: open */

void sl_ledger_strict(bool on)
{
  atomic_store(&strict, on);
}

static void follow(int fd, unsigned char to)
{
  if (fd < 0 || fd >= FOLLOWED)
    return;
  unsigned char was = atomic_exchange_explicit(&state[fd], to, memory_order_relaxed);
  if (was == to && atomic_load_explicit(&strict, memory_order_relaxed)) {
    fprintf(stderr, "sluice: descriptor %d %s twice\n", fd, to ? "opened" : "closed");
    abort();
  }
}

bool sl_ledger_is_open(int fd)
{
  return fd >= 0 && fd < FOLLOWED && atomic_load_explicit(&state[fd], memory_order_relaxed);
}

void sl_ledger_open(int fd)
{
  follow(fd, 1);
  atomic_fetch_add_explicit(&opened, 1, memory_order_relaxed);
}

void sl_ledger_close(int fd)
{
  follow(fd, 0);
  atomic_fetch_add_explicit(&closed, 1, memory_order_relaxed);
}

struct ledger_totals sl_ledger_totals(void)
{
  return (struct ledger_totals){atomic_load(&opened), atomic_load(&closed)};
}
