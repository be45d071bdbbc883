/* Intrusive binary min-heap of 64-bit keys (deadlines). A node knows its place, so that removing is O(log n);
 * pushing may have to grow the array and can fail. */
#ifndef SL_BASE_HEAP_H
#define SL_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct heap_node {
  int64_t key;
  uint32_t at; /* place in the array + 1; 0: in no heap */
};
struct heap {
  struct heap_node **a;
  uint32_t n, cap;
};

void sl_heap_done(struct heap *h); /* frees the array, not the nodes */
bool sl_heap_set(struct heap *h, struct heap_node *node, int64_t key); /* inserts or moves; false: out of memory */
void sl_heap_remove(struct heap *h, struct heap_node *node);           /* harmless when in no heap */
static inline struct heap_node *sl_heap_top(const struct heap *h)
{
  return h->n ? h->a[0] : (struct heap_node *)0;
}

#endif
