/* See scratch.h. The kept buffers are the library's only process-wide memory: a few slots, taken and given back by
 * one atomic exchange each, so that threads never wait for one another. */
#include "loop/scratch.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/mem.h"

enum { KEPT = 4 };
static _Atomic(char *) kept[KEPT];

char *sl_scratch_get(void)
{
  for (int i = 0; i < KEPT; i++) {
    if (!atomic_load_explicit(&kept[i], memory_order_relaxed))
      continue;
    char *p = atomic_exchange_explicit(&kept[i], NULL, memory_order_acquire);
    if (p)
      return p;
  }
  return sl_malloc(SL_SCRATCH_BYTES);
}

void sl_scratch_put(char *p)
{
  for (int i = 0; p && i < KEPT; i++) {
    char *none = NULL;
    if (!atomic_load_explicit(&kept[i], memory_order_relaxed) &&
        atomic_compare_exchange_strong_explicit(&kept[i], &none, p, memory_order_release,
                                                memory_order_relaxed))
      return;
  }
  sl_free(p);
}

void sl_scratch_trim(void)
{
  for (int i = 0; i < KEPT; i++)
    sl_free(atomic_exchange_explicit(&kept[i], NULL, memory_order_acquire));
}
