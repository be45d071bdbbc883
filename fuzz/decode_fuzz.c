/* Content decoding of hostile bytes. Input: a byte that picks the codings, a byte for the size of
 * the pieces that are pushed, the body. Whatever comes, no piece is too large, and pausing changes
 * nothing in what comes out. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "wire/decode.h"

struct sink {
  uint64_t hash;
  size_t total;
  unsigned calls;
  bool pausing, paused_last;
};

static sl_result take(void *ctx, struct slice out)
{
  struct sink *s = ctx;
  if (!out.n || out.n > SL_DECODE_PIECE)
    abort();
  if (s->pausing && !s->paused_last) {
    s->paused_last = true;
    return SL_WAIT;
  }
  s->paused_last = false;
  for (size_t i = 0; i < out.n; i++)
    s->hash = (s->hash ^ (unsigned char)out.p[i]) * 0x100000001b3u;
  s->total += out.n;
  return s->total > (1u << 20) ? 23 : SL_OK; /* enough */
}

static sl_result run(const char *value, struct slice body, size_t piece, struct sink *s)
{
  struct decode *d = NULL;
  sl_result result = sl_decode_new(slice_str(value), &d);
  if (result != SL_OK)
    return result;
  do {
    struct slice in = slice_head(body, piece);
    body = slice_from(body, in.n);
    result = sl_decode_push(d, in, !body.n, take, s);
    while (result == SL_WAIT)
      result = sl_decode_resume(d, take, s);
  } while (result == SL_OK && body.n);
  sl_decode_free(d);
  return result;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  static const char *const values[] = {
      "gzip", "deflate", "br", "zstd", "gzip, gzip", "br, zstd", "identity, deflate, gzip, br",
      "",     "foo"};
  if (size < 2)
    return 0;
  const char *value = values[data[0] % (sizeof values / sizeof *values)];
  struct slice body = {(const char *)data + 2, size - 2};
  struct sink plain = {.hash = 1}, paused = {.hash = 1, .pausing = true};
  sl_result a = run(value, body, data[1] + 1u, &plain);
  sl_result b = run(value, body, data[1] + 1u, &paused);
  if (a != b || plain.hash != paused.hash || plain.total != paused.total)
    abort();
  return 0;
}
