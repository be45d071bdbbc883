/* Fuzz the chunked decoder. Input: a byte for the size of the pieces, then the coded body. Whole or in pieces, the same
 * comes out, and no more than went in. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/chunked.h"

#define REQUIRE(cond)                                                                              \
  do {                                                                                             \
    if (!(cond)) {                                                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                   \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t decode(const uint8_t *data, size_t size, size_t piece, char *dst, enum chunked_event *out_last, size_t *out_left)
{
  struct chunked c;
  size_t kept = 0, at = 0, n_out = 0;
  enum chunked_event e = CHUNKED_MORE;
  sl_chunked_init(&c);
  while (at < size && e < CHUNKED_END) {
    size_t n = size - at < piece ? size - at : piece;
    char *room = malloc(kept + n);
    memcpy(room, data + at - kept, kept + n);
    struct slice in = slice_of(room, kept + n), out;
    at += n;
    while ((e = sl_chunked_next(&c, &in, &out)) == CHUNKED_DATA || e == CHUNKED_TRAILER) {
      REQUIRE(out.n && out.p >= room && out.p + out.n <= in.p);
      REQUIRE(e == CHUNKED_DATA || out.p[out.n - 1] == '\n');
      memcpy(dst + n_out, out.p, out.n);
      n_out += out.n;
    }
    REQUIRE((e == CHUNKED_BAD) == (c.error != NULL));
    kept = in.n;
    free(room);
  }
  *out_last = e;
  *out_left = e == CHUNKED_END ? kept + size - at : 0;
  return n_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2)
    return 0;
  char *whole = malloc(size), *parts = malloc(size);
  enum chunked_event last[2];
  size_t left[2];
  size_t n = decode(data + 1, size - 1, size, whole, &last[0], &left[0]);
  REQUIRE(decode(data + 1, size - 1, 1u + data[0] % 32u, parts, &last[1], &left[1]) == n);
  REQUIRE(n < size && !memcmp(whole, parts, n));
  REQUIRE(last[0] == last[1] && left[0] == left[1]);
  free(whole);
  free(parts);
  return 0;
}
