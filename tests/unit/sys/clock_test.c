#include "sys/clock.h"

#include <time.h>

#include "tests/test.h"

static void sleep_ms(long ms)
{
  struct timespec pause = {0, ms * 1000000};
  nanosleep(&pause, NULL);
}

TEST(monotonic_never_goes_back)
{
  int64_t last = sl_clock_now_us();
  CHECK(last > 0);
  for (int i = 0; i < 100000; i++) {
    int64_t now = sl_clock_now_us();
    if (!CHECK(now >= last))
      return;
    last = now;
  }
}

TEST(monotonic_counts_microseconds)
{
  int64_t before = sl_clock_now_us();
  sleep_ms(20);
  int64_t passed = sl_clock_now_us() - before;
  CHECK(passed >= 20000);
  CHECK(passed < 5000000);
}

TEST(wall_clock_is_the_systems)
{
  int64_t system = (int64_t)time(NULL);
  CHECK(sl_clock_wall_s() - system <= 1 && sl_clock_wall_s() - system >= 0);
  int64_t s = sl_clock_wall_us() / 1000000;
  CHECK(s - system <= 1 && s - system >= 0);
}
