/* An owned, growing byte buffer to build with. It has a named maximum and two sticky errors (out of memory, over
 * the maximum), so that a run of appends needs one check at its end. The bytes are followed by a zero that is not
 * counted. Zeroed with a max it is empty and owns nothing. */
#ifndef SL_BASE_BUF_H
#define SL_BASE_BUF_H

#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

struct buf {
  char *p; /* NULL until the first append */
  uint32_t n, cap;
  uint32_t max; /* bytes */
  bool nomem, full;
};

static inline void sl_buf_init(struct buf *b, uint32_t max)
{
  *b = (struct buf){.max = max};
}
void sl_buf_done(struct buf *b);  /* frees; empty and usable afterwards */
void sl_buf_clear(struct buf *b); /* empty, errors forgotten, memory kept */

bool sl_buf_reserve(struct buf *b, size_t more); /* room for `more` bytes beyond n */
/* Inline, so that a run of small appends costs little more than its bytes. */
static inline bool sl_buf_append(struct buf *b, const void *src, size_t len)
{
  if (len >= b->cap - b->n && !sl_buf_reserve(b, len))
    return false;
  if (len)
    memcpy(b->p + b->n, src, len);
  b->n += (uint32_t)len;
  b->p[b->n] = 0;
  return true;
}
static inline bool sl_buf_add(struct buf *b, struct slice s)
{
  return sl_buf_append(b, s.p, s.n);
}
static inline bool sl_buf_str(struct buf *b, const char *s)
{
  return sl_buf_append(b, s, strlen(s));
}
static inline bool sl_buf_char(struct buf *b, char c)
{
  return sl_buf_append(b, &c, 1);
}
bool sl_buf_num(struct buf *b, int64_t value);
bool sl_buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sl_buf_drop(struct buf *b, size_t len); /* the first len bytes leave */

static inline bool sl_buf_ok(const struct buf *b)
{
  return !b->nomem && !b->full;
}
/* SL_OK, SL_NOMEM, or `too_large` when the maximum was hit. */
static inline sl_result sl_buf_result(const struct buf *b, sl_result too_large)
{
  return b->nomem ? SL_NOMEM : b->full ? too_large : SL_OK;
}
static inline struct slice sl_buf_peek(const struct buf *b)
{
  return (struct slice){b->p, b->n};
}
/* Gives the zero-terminated bytes away ("" as an allocation when empty); NULL when the buffer is in error or
 * memory is short. The buffer is empty afterwards. */
char *sl_buf_take(struct buf *b);

#endif
