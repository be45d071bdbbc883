/* Frames of a hostile WebSocket server: whole or in pieces, the same comes out, and no more than went in. What came out
 * is sent back, and has to come out of that as well. Input: a byte for the size of the pieces, then frames. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/ws_frame.h"

#define REQUIRE(cond)                                                                              \
  do {                                                                                             \
    if (!(cond)) {                                                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                   \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct outcome {
  size_t n, frames;
  unsigned flags; /* of all frames, mixed */
  const char *error;
  int64_t left;
};

/* A frame of these flags and this payload, masked and unmasked again. */
static void round_trip(unsigned flags, struct slice payload, uint8_t seed)
{
  const uint8_t mask[4] = {seed, (uint8_t)(seed * 3), (uint8_t)~seed, 7};
  struct ws_encoder e = {0};
  char head[WS_HEAD_MAX], *out = malloc(payload.n + 1);
  REQUIRE(sl_ws_begin(&e, flags, (int64_t)payload.n, mask, head));
  size_t first = payload.n ? seed % payload.n : 0;
  sl_ws_encode(&e, slice_head(payload, first), out);
  sl_ws_sent(&e, first);
  sl_ws_encode(&e, slice_from(payload, first), out + first);
  sl_ws_sent(&e, payload.n - first);
  REQUIRE(!e.left);
  for (size_t i = 0; i < payload.n; i++)
    REQUIRE((uint8_t)(out[i] ^ mask[i % 4]) == (uint8_t)payload.p[i]);
  free(out);
}

static struct outcome decode(const unsigned char *data, size_t size, size_t piece, size_t most, char *dst)
{
  struct outcome o = {0};
  struct ws_decoder d;
  struct ws_piece p;
  sl_ws_decoder_init(&d);
  enum ws_event e = WS_MORE;
  for (size_t at = 0; at < size && e != WS_BAD; at += piece) {
    size_t n = size - at < piece ? size - at : piece;
    char *room = malloc(n);
    memcpy(room, data + at, n);
    struct slice in = slice_of(room, n);
    while ((e = sl_ws_next(&d, &in, most, &p)) == WS_PIECE) {
      REQUIRE(p.data.n <= most && p.offset >= 0 && p.left >= 0);
      REQUIRE(!p.data.n || (p.data.p >= room && p.data.p + p.data.n <= room + n));
      REQUIRE(p.flags && (!(p.flags & (CURLWS_PING | CURLWS_PONG | CURLWS_CLOSE)) ||
                          p.offset + p.left + (int64_t)p.data.n <= WS_CONTROL_MAX));
      memcpy(dst + o.n, p.data.p ? p.data.p : "", p.data.n);
      o.n += p.data.n;
      if (!p.left) {
        o.frames++;
        o.flags = o.flags * 31 + p.flags;
        if (!p.offset)
          round_trip(p.flags, p.data, (uint8_t)o.flags);
      }
    }
    REQUIRE((e == WS_BAD) == (d.error != NULL));
    REQUIRE(e == WS_BAD || !in.n);
    free(room);
  }
  o.error = d.error;
  o.left = sl_ws_payload_left(&d);
  return o;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  if (size < 2)
    return 0;
  char *whole = malloc(size), *parts = malloc(size);
  struct outcome a = decode(data + 1, size - 1, size, size, whole);
  struct outcome b = decode(data + 1, size - 1, 1u + data[0] % 16u, 1u + data[0] / 16u, parts);
  REQUIRE(a.n == b.n && a.n < size && !memcmp(whole, parts, a.n));
  REQUIRE(a.frames == b.frames && a.flags == b.flags && a.error == b.error && a.left == b.left);
  free(whole);
  free(parts);
  return 0;
}
