/* See random.h. getentropy() is getrandom(2) without the cases: whole, or failed. */
#include "sys/random.h"

#include <unistd.h>

enum {
  AT_ONCE = 256
}; /* more than this getentropy() refuses; up to it, no signal makes it short */

bool sl_random_bytes(void *dst, size_t n)
{
  unsigned char *at = dst;
  while (n) {
    size_t part = n < AT_ONCE ? n : AT_ONCE;
    if (getentropy(at, part))
      return false;
    at += part;
    n -= part;
  }
  return true;
}

bool sl_random_u64(uint64_t *out_value)
{
  uint64_t value;
  if (!sl_random_bytes(&value, sizeof(value)))
    return false;
  *out_value = value;
  return true;
}
