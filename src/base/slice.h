/* A borrowed run of bytes: what parsers take and give. Never owns, never zero-terminated. */
#ifndef SL_BASE_SLICE_H
#define SL_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
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

#endif
