/* ASCII comparisons and tokens; see text.h. */
#include "base/text.h"

#include <stdint.h>

#define ROW(b) b, b + 1, b + 2, b + 3, b + 4, b + 5, b + 6, b + 7
const unsigned char sl_lower_table[256] = {
    ROW(0),   ROW(8),   ROW(16),  ROW(24),  ROW(32),  ROW(40),  ROW(48),  ROW(56),
    64,       97,       98,       99,       100,      101,      102,      103,
    ROW(104), ROW(112), 120,      121,      122,      91,       92,       93,
    94,       95,       ROW(96),  ROW(104), ROW(112), ROW(120), ROW(128), ROW(136),
    ROW(144), ROW(152), ROW(160), ROW(168), ROW(176), ROW(184), ROW(192), ROW(200),
    ROW(208), ROW(216), ROW(224), ROW(232), ROW(240), ROW(248)};

bool sl_text_ieq(struct slice a, struct slice b)
{
  if (a.n != b.n)
    return false;
  for (size_t i = 0; i < a.n; i++)
    if (sl_lower(a.p[i]) != sl_lower(b.p[i]))
      return false;
  return true;
}

bool sl_text_ieq_str(struct slice a, const char *b)
{
  return sl_text_ieq(a, slice_str(b));
}

bool sl_text_istarts(struct slice s, struct slice prefix)
{
  return s.n >= prefix.n && sl_text_ieq(slice_head(s, prefix.n), prefix);
}

bool sl_text_iends(struct slice s, struct slice suffix)
{
  return s.n >= suffix.n && sl_text_ieq(slice_from(s, s.n - suffix.n), suffix);
}

static bool is_edge(char c)
{
  const uint64_t edges = 1ull << ' ' | 1u << '\t' | 1u << '\r' | 1u << '\n';
  return (unsigned char)c <= ' ' && edges >> c & 1;
}

struct slice sl_text_trim(struct slice s)
{
  for (; s.n && is_edge(*s.p); s.n--)
    s.p++;
  while (s.n && is_edge(s.p[s.n - 1]))
    s.n--;
  return s;
}

/* Eight at a time: the top bit of a byte below 128 is set by adding 128 - 'A' from 'A' on, and by adding 127 - 'Z' behind
 * 'Z'; between the two it becomes 32, the difference of the cases. */
void sl_text_lower(char *p, size_t n)
{
  const uint64_t ones = UINT64_MAX / 255, tops = ones * 128;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t w;
    memcpy(&w, p, 8);
    uint64_t low = w & ~tops, upper = (low + ones * (128 - 'A')) & ~(low + ones * (127 - 'Z')) & ~w & tops;
    w |= upper >> 2;
    memcpy(p, &w, 8);
  }
  for (size_t i = 0; i < n; i++)
    p[i] = sl_lower(p[i]);
}

bool sl_text_next(struct slice *rest, char sep, struct slice *out_token)
{
  if (!rest->n)
    return false;
  size_t at = slice_find(*rest, sep);
  *out_token = sl_text_trim(slice_head(*rest, at));
  *rest = slice_from(*rest, at < rest->n ? at + 1 : at);
  return true;
}

bool sl_text_list_has(struct slice list, const char *token)
{
  struct slice t;
  while (sl_text_next(&list, ',', &t))
    if (sl_text_ieq_str(t, token))
      return true;
  return false;
}
