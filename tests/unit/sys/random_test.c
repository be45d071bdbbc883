#include "sys/random.h"

#include "tests/test.h"

/* Each byte of each length is written (chance of a byte that stays 0 in 8 rounds: 2^-64), and none
 * beyond. */
TEST(fills_exactly_what_was_asked)
{
  static const size_t lengths[] = {0, 1, 16, 255, 256, 257, 511, 512, 513, 1000};
  for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++) {
    size_t n = lengths[k];
    unsigned char seen[1001] = {0}, bytes[1001];
    for (int round = 0; round < 8; round++) {
      memset(bytes, 0, sizeof(bytes));
      REQUIRE(sl_random_bytes(bytes, n));
      for (size_t i = 0; i < sizeof(bytes); i++)
        seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < sizeof(seen); i++) {
      if (!CHECK((seen[i] != 0) == (i < n))) {
        printf("# length %zu, byte %zu\n", n, i);
        return;
      }
    }
  }
}

TEST(numbers_differ)
{
  uint64_t a = 0, b = 0;
  REQUIRE(sl_random_u64(&a) && sl_random_u64(&b));
  CHECK(a != b);
  CHECK(a != 0);
}
