/* Clocks; see clock.h. Both are answered by the vDSO without entering the kernel and cannot fail on
 * Linux. */
#include "sys/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
  struct timespec now = {0, 0};
  clock_gettime(id, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sl_clock_now_us(void)
{
  return read_us(CLOCK_MONOTONIC);
}

int64_t sl_clock_wall_us(void)
{
  return read_us(CLOCK_REALTIME);
}

int64_t sl_clock_wall_s(void)
{
  return (int64_t)time(NULL);
}
