/* A borrowed run of bytes: what parsers take and give. Never owns, never zero-terminated. */
#ifndef SL_BASE_SLICE_H
#define SL_BASE_SLICE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
  const char *p;
  size_t n;
};

#define SLICE_LIT(s) ((struct slice){"" s, sizeof(s) - 1})
#define SLICE_NONE ((struct slice){NULL, 0})

static inline struct slice slice_of(const char *p, size_t n)
{
  return (struct slice){p, n};
}

static inline struct slice slice_str(const char *s)
{
  return (struct slice){s, s ? strlen(s) : 0};
}

static inline struct slice slice_from(struct slice s, size_t at)
{
  return at >= s.n ? (struct slice){s.n ? s.p + s.n : s.p, 0} : (struct slice){s.p + at, s.n - at};
}

static inline struct slice slice_head(struct slice s, size_t n)
{
  return (struct slice){s.p, n < s.n ? n : s.n};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
  return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

/* Index of the first c, or s.n when there is none. */
static inline size_t slice_find(struct slice s, char c)
{
  const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
  return hit ? (size_t)(hit - s.p) : s.n;
}

/* ---- sixteen bytes at once, where the compiler has vectors for them ---- */

typedef unsigned char sl_bytes __attribute__((vector_size(16)));

static inline sl_bytes sl_bytes_at(const char *p)
{
  sl_bytes b;
  memcpy(&b, p, sizeof b);
  return b;
}
/* The first byte that is not 0; 16: there is none. */
static inline size_t sl_bytes_first(sl_bytes b)
{
  uint64_t half[2];
  memcpy(half, &b, sizeof half);
  if (half[0])
    return (size_t)__builtin_ctzll(le64toh(half[0])) / 8;
  return half[1] ? 8 + (size_t)__builtin_ctzll(le64toh(half[1])) / 8 : 16;
}

/* As slice_find(), for what is mostly near. */
static inline size_t slice_find_near(struct slice s, char c)
{
  size_t at = s.n < sizeof(sl_bytes) ? 16 : sl_bytes_first((sl_bytes)(sl_bytes_at(s.p) == (unsigned char)c));
  return at < 16 ? at : slice_find(s, c);
}

#endif
