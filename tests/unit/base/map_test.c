/* The hash map against a plain array, with many collisions of removal and growth. */
#include "base/map.h"

#include "base/mem.h"
#include "tests/test.h"

enum { KEYS = 500, STEPS = 40000 };

TEST(as_an_array_would)
{
  struct map m;
  char keys[KEYS][16];
  int values[KEYS];
  bool in[KEYS] = {false};
  uint64_t seed = 7;
  uint32_t live = 0;
  sl_map_init(&m, 42);
  for (int i = 0; i < KEYS; i++)
    snprintf(keys[i], sizeof keys[i], "k%d", i);
  for (int step = 0; step < STEPS; step++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    int i = (int)(seed >> 33) % KEYS;
    struct slice key = slice_str(keys[i]);
    CHECK(sl_map_get(&m, key) == (in[i] ? &values[i] : NULL));
    if (seed >> 62 & 1) {
      CHECK(sl_map_put(&m, key, &values[i]));
      live += !in[i];
      in[i] = true;
    } else {
      CHECK(sl_map_remove(&m, key) == (in[i] ? &values[i] : NULL));
      live -= in[i];
      in[i] = false;
    }
    CHECK_INT(m.live, live);
  }
  uint32_t pos = 0, seen = 0;
  for (int *v; (v = sl_map_next(&m, &pos)); seen++)
    CHECK(in[v - values]);
  CHECK_INT(seen, live);
  CHECK(m.cap <= 2048); /* removed ones do not make it grow */
  sl_map_done(&m);
}

TEST(replacing_and_odd_keys)
{
  struct map m;
  int a, b;
  sl_map_init(&m, 0);
  CHECK(sl_map_get(&m, SLICE_LIT("x")) == NULL);
  CHECK(sl_map_remove(&m, SLICE_LIT("x")) == NULL);
  CHECK(sl_map_put(&m, SLICE_NONE, &a));
  CHECK(sl_map_put(&m, SLICE_LIT("a\0b"), &b));
  CHECK(sl_map_get(&m, SLICE_LIT("")) == &a);
  CHECK(sl_map_get(&m, SLICE_LIT("a\0c")) == NULL);
  CHECK(sl_map_get(&m, SLICE_LIT("a\0b")) == &b);
  CHECK(sl_map_put(&m, SLICE_LIT("a\0b"), &a));
  CHECK(sl_map_get(&m, SLICE_LIT("a\0b")) == &a);
  CHECK_INT(m.live, 2);
  sl_map_done(&m);
}

TEST(removing_while_walking)
{
  struct map m;
  char keys[100][12];
  uint32_t pos = 0, n = 0;
  sl_map_init(&m, 1);
  for (int i = 0; i < 100; i++) {
    snprintf(keys[i], sizeof keys[i], "%d", i);
    CHECK(sl_map_put(&m, slice_str(keys[i]), keys[i]));
  }
  for (char *k; (k = sl_map_next(&m, &pos)); n++)
    CHECK(sl_map_remove(&m, slice_str(k)) == k);
  CHECK_INT(n, 100);
  CHECK_INT(m.live, 0);
  sl_map_done(&m);
}

TEST(without_memory)
{
  bool done = false;
  FOR_EACH_FAILING_ALLOC (n) {
    struct map m;
    char keys[50][12];
    int i = 0;
    sl_map_init(&m, 1);
    for (; i < 50; i++) {
      snprintf(keys[i], sizeof keys[i], "%d", i);
      if (!sl_map_put(&m, slice_str(keys[i]), keys[i]))
        break;
    }
    for (int k = 0; k < 50; k++) /* what was in stays in */
      CHECK((sl_map_get(&m, slice_str(k < i ? keys[k] : "no")) != NULL) == (k < i));
    sl_map_done(&m);
    done = i == 50;
  }
  CHECK(done);
}
