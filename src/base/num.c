/* Numbers; see num.h. */
#include "base/num.h"

#include "base/text.h"

static inline bool take(struct slice *s, int64_t base, int64_t max, int64_t *out_value)
{
  int64_t value = 0;
  size_t i = 0;
  for (; i < s->n; i++) {
    int digit = sl_hex_value(s->p[i]);
    if (digit < 0 || digit >= base)
      break;
    if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value) || value > max)
      return false;
  }
  if (!i)
    return false;
  *s = slice_from(*s, i);
  *out_value = value;
  return true;
}

bool sl_num_take(struct slice *s, int64_t max, int64_t *out_value)
{
  return take(s, 10, max, out_value);
}

bool sl_num_take_hex(struct slice *s, int64_t max, int64_t *out_value)
{
  return take(s, 16, max, out_value);
}

bool sl_num_parse(struct slice s, int64_t max, int64_t *out_value)
{
  int64_t value;
  if (!take(&s, 10, max, &value) || s.n)
    return false;
  *out_value = value;
  return true;
}

size_t sl_num_format(char dst[SL_NUM_MAX], int64_t value)
{
  char digits[SL_NUM_MAX];
  size_t n = 0, at = 0;
  uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[n++] = (char)('0' + left % 10);
    left /= 10;
  } while (left);
  if (value < 0)
    dst[at++] = '-';
  while (n)
    dst[at++] = digits[--n];
  dst[at] = 0;
  return at;
}
