/* The heap of timers: comes out in order, whatever was moved or removed in between. */
#include "base/heap.h"

#include "base/mem.h"
#include "tests/test.h"

enum { NODES = 300 };

TEST(in_order_after_moves_and_removals)
{
  struct heap h = {0};
  struct heap_node nodes[NODES] = {{0}};
  uint64_t seed = 3;
  for (int step = 0; step < 20000; step++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    struct heap_node *node = &nodes[(seed >> 33) % NODES];
    if (seed >> 60 < 5)
      sl_heap_remove(&h, node);
    else
      CHECK(sl_heap_set(&h, node, (int64_t)(seed >> 40)));
    if (step % 50)
      continue;
    for (uint32_t i = 0; i < h.n; i++) {
      CHECK_INT(h.a[i]->at, i + 1);
      CHECK(!i || h.a[(i - 1) / 2]->key <= h.a[i]->key);
    }
  }
  int64_t before = INT64_MIN;
  uint32_t in = 0, out = 0;
  for (int i = 0; i < NODES; i++)
    in += nodes[i].at != 0;
  for (struct heap_node *top; (top = sl_heap_top(&h)); out++) {
    CHECK(top->key >= before);
    before = top->key;
    sl_heap_remove(&h, top);
    CHECK_INT(top->at, 0);
  }
  CHECK_INT(out, in);
  sl_heap_remove(&h, &nodes[0]); /* in none: harmless */
  sl_heap_done(&h);
}

TEST(without_memory)
{
  struct heap h = {0};
  struct heap_node node = {0};
  sl_mem_fail_after(1);
  CHECK(!sl_heap_set(&h, &node, 1));
  sl_mem_fail_after(0);
  CHECK(!sl_heap_top(&h) && !node.at);
  CHECK(sl_heap_set(&h, &node, 1));
  CHECK(sl_heap_top(&h) == &node);
  sl_heap_done(&h);
}
