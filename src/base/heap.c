/* Min-heap; see heap.h. */
#include "base/heap.h"

#include "base/mem.h"

void sl_heap_done(struct heap *h)
{
  sl_free(h->a);
  *h = (struct heap){0};
}

static void put(struct heap *h, uint32_t i, struct heap_node *node)
{
  h->a[i] = node;
  node->at = i + 1;
}

static void sift(struct heap *h, uint32_t i, struct heap_node *node)
{
  while (i && h->a[(i - 1) / 2]->key > node->key) {
    put(h, i, h->a[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= h->n)
      break;
    if (child + 1 < h->n && h->a[child + 1]->key < h->a[child]->key)
      child++;
    if (h->a[child]->key >= node->key)
      break;
    put(h, i, h->a[child]);
    i = child;
  }
  put(h, i, node);
}

bool sl_heap_set(struct heap *h, struct heap_node *node, int64_t key)
{
  if (!node->at) {
    if (h->n == h->cap) {
      uint32_t cap = h->cap ? h->cap * 2 : 4;
      struct heap_node **a = sl_realloc(h->a, cap * sizeof *a);
      if (!a)
        return false;
      h->a = a;
      h->cap = cap;
    }
    put(h, h->n++, node);
  }
  node->key = key;
  sift(h, node->at - 1, node);
  return true;
}

void sl_heap_remove(struct heap *h, struct heap_node *node)
{
  if (!node->at)
    return;
  uint32_t i = node->at - 1;
  struct heap_node *last = h->a[--h->n];
  node->at = 0;
  if (last != node)
    sift(h, i, last);
}
