/* Replies and bodies of a hostile POP3 server: however they are cut, the same comes out, and nothing is read that is
 * not there. The first byte says in which pieces. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/pop3_reply.h"

static uint64_t hash(uint64_t h, struct slice s)
{
  for (size_t i = 0; i < s.n; i++)
    h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
  return h;
}

static bool inside(struct slice part, struct slice whole)
{
  return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static uint64_t lines(const char *data, size_t size, size_t piece)
{
  struct reply_lines r = {0};
  uint64_t h = 1;
  for (size_t used = 0, have = 0;;) {
    struct slice in = slice_of(data + used, have - used), line, part;
    enum sl_parse p = sl_reply_line_take(&r, &in, &line);
    if (p == SL_PARSE_BAD)
      return h * 3;
    if (p == SL_PARSE_MORE && have == size)
      return h;
    if (p == SL_PARSE_MORE) {
      have = have + piece < size ? have + piece : size;
      continue;
    }
    used += line.n;
    h = hash(h, line) + sl_pop3_status(line) + sl_pop3_is_end(line);
    if (sl_pop3_timestamp(line, &part) && (!inside(part, line) || part.n < 3))
      abort();
    if (sl_pop3_has(line, "SASL", &part) && part.n && !inside(part, line))
      abort();
  }
}

static uint64_t body(const char *data, size_t size, size_t piece)
{
  struct pop3_body b;
  uint64_t h = 1;
  sl_pop3_body_init(&b);
  for (size_t at = 0; at < size; at += piece) {
    size_t n = piece < size - at ? piece : size - at;
    struct slice in = slice_of(data + at, n), out;
    enum pop3_piece p;
    while ((p = sl_pop3_body_next(&b, &in, &out)) == POP3_DATA) {
      if (!out.n)
        abort();
      h = hash(h, out);
    }
    if (p == POP3_END)
      return h * 3 + (at + n - in.n);
    if (in.n)
      abort();
  }
  return h;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  if (!size)
    return 0;
  size_t piece = 1 + *data % 16;
  char *copy = sl_memdup0(data + 1, size - 1);
  if (!copy)
    return 0;
  if (lines(copy, size - 1, size) != lines(copy, size - 1, piece) ||
      body(copy, size - 1, size) != body(copy, size - 1, piece))
    abort();
  sl_free(copy);
  return 0;
}
