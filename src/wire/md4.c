/* MD4; see md4.h. Section numbers are those of RFC 1320. */
#include "wire/md4.h"

#include <stdint.h>
#include <string.h>

static uint32_t rotl(uint32_t x, int n)
{
  return x << n | x >> (32 - n);
}

/* Section 3.4: one block of 64 bytes; three rounds of sixteen steps. */
static void block(uint32_t state[4], const unsigned char *p)
{
  static const unsigned char order[3][16] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
      {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
      {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15},
  };
  static const unsigned char shift[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
  static const uint32_t constant[3] = {0, 0x5a827999, 0x6ed9eba1};
  uint32_t x[16], a = state[0], b = state[1], c = state[2], d = state[3];
  for (int i = 0; i < 16; i++)
    x[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 |
           (uint32_t)p[4 * i + 3] << 24;
  for (int round = 0; round < 3; round++) {
    for (int step = 0; step < 16; step++) {
      uint32_t f = round == 0   ? (b & c) | (~b & d)
                   : round == 1 ? (b & c) | (b & d) | (c & d)
                                : b ^ c ^ d;
      uint32_t next = rotl(a + f + x[order[round][step]] + constant[round], shift[round][step % 4]);
      a = d;
      d = c;
      c = b;
      b = next;
    }
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

void sl_md4(const unsigned char *bytes, size_t n, unsigned char out_digest[16])
{
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  unsigned char last[128] = {0};
  uint64_t bits = (uint64_t)n * 8;
  for (; n >= 64; n -= 64, bytes += 64)
    block(state, bytes);
  /* Sections 3.1 and 3.2: a one bit, zeros, the length in bits */
  if (n)
    memcpy(last, bytes, n);
  last[n] = 0x80;
  size_t total = n < 56 ? 64 : 128;
  for (int i = 0; i < 8; i++)
    last[total - 8 + (size_t)i] = (unsigned char)(bits >> (8 * i));
  for (size_t at = 0; at < total; at += 64)
    block(state, last + at);
  for (int i = 0; i < 16; i++)
    out_digest[i] = (unsigned char)(state[i / 4] >> (8 * (i % 4)));
}
