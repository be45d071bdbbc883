/* The allocation functions with their fault injection, the arena, the lists. */
#include "base/mem.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/list.h"
#include "tests/test.h"

static int calls;
static void *count_malloc(size_t n) { calls++; return malloc(n); }
static void count_free(void *p) { calls++; free(p); }
static void *count_realloc(void *p, size_t n) { calls++; return realloc(p, n); }
static char *count_strdup(const char *s) { calls++; return strdup(s); }
static void *count_calloc(size_t n, size_t size) { calls++; return calloc(n, size); }

TEST(hooks)
{
  const struct sl_mem_hooks hooks = {count_malloc, count_free, count_realloc, count_strdup, count_calloc};
  sl_mem_set_hooks(&hooks);
  calls = 0;
  sl_free(sl_malloc(1));
  sl_free(sl_calloc(2, 3));
  sl_free(sl_realloc(NULL, 4));
  sl_free(sl_strdup("x"));
  sl_free(sl_memdup0("abc", 2));
  sl_free(NULL);
  CHECK_INT(calls, 10);
  sl_mem_set_hooks(NULL);
  sl_free(sl_malloc(1));
  CHECK_INT(calls, 10);
}

static unsigned failures(void)
{
  unsigned which = 0;
  for (unsigned i = 0; i < 6; i++) {
    void *p = sl_malloc(1);
    which |= p ? 0 : 1u << i;
    sl_free(p);
  }
  return which;
}

TEST(injected_failures)
{
  sl_mem_fail_after(3);
  CHECK_INT(failures(), 0x3c); /* the third and all later ones */
  CHECK_INT(sl_mem_fail_once(3), 6);
  CHECK_INT(failures(), 0x04); /* the third alone */
  CHECK_INT(sl_mem_fail_after(0), 6);
  CHECK_INT(failures(), 0);
  CHECK(sl_memdup0("x", (size_t)-1) == NULL);
}

TEST(arena)
{
  struct arena a = {0};
  char *strings[100];
  for (int i = 0; i < 100; i++) {
    char text[64];
    int n = snprintf(text, sizeof text, "%0*d", 1 + i / 2, i);
    void *p = sl_arena_alloc(&a, (size_t)i * 20);
    CHECK((uintptr_t)p % sizeof(void *) == 0);
    memset(p, 0xee, (size_t)i * 20);
    strings[i] = sl_arena_str(&a, slice_of(text, (size_t)n));
  }
  for (int i = 0; i < 100; i++)
    CHECK_INT(atoi(strings[i]), i);
  CHECK(sl_arena_alloc(&a, (size_t)-1) == NULL);
  CHECK(sl_arena_alloc(&a, (size_t)-8) == NULL);
  sl_arena_done(&a);
  sl_mem_fail_after(1);
  CHECK(sl_arena_str(&a, SLICE_LIT("x")) == NULL);
  sl_mem_fail_after(0);
  CHECK_STR(sl_arena_str(&a, SLICE_NONE), "");
  sl_arena_done(&a);
}

TEST(lists)
{
  struct list head, other, nodes[5];
  int n = 0;
  sl_list_init(&head);
  sl_list_init(&other);
  CHECK(sl_list_pop_front(&head) == NULL);
  for (int i = 0; i < 4; i++)
    sl_list_push_back(&head, &nodes[i]);
  sl_list_push_front(&head, &nodes[4]);
  LIST_FOR_EACH (node, &head) {
    CHECK(node == &nodes[(n + 4) % 5]);
    n++;
    if (n == 3)
      sl_list_unlink(node);
  }
  CHECK_INT(n, 5);
  sl_list_push_back(&other, &nodes[1]);
  sl_list_splice(&other, &head);
  CHECK(sl_list_empty(&head));
  CHECK(sl_list_pop_front(&other) == &nodes[1] && sl_list_pop_front(&other) == &nodes[4]);
  sl_list_splice(&other, &head); /* of an empty one: nothing */
  CHECK(sl_list_pop_front(&other) == &nodes[0]);
}
