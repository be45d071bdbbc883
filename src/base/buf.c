/* The growing buffer; see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/num.h"

void sl_buf_done(struct buf *b)
{
  sl_free(b->p);
  sl_buf_init(b, b->max);
}

void sl_buf_clear(struct buf *b)
{
  b->n = 0;
  b->nomem = b->full = false;
  if (b->p)
    b->p[0] = 0;
}

bool sl_buf_reserve(struct buf *b, size_t more)
{
  if (!sl_buf_ok(b))
    return false;
  if (more <= (size_t)(b->cap - b->n) && b->p && b->n + more < b->cap)
    return true;
  if (more > b->max - b->n) {
    b->full = true;
    return false;
  }
  size_t want = b->n + more + 1, cap = b->cap ? (size_t)b->cap * 2 : 64;
  if (cap < want)
    cap = want;
  if (cap > (size_t)b->max + 1)
    cap = (size_t)b->max + 1;
  char *p = cap <= UINT32_MAX ? sl_realloc(b->p, cap) : NULL;
  if (!p) {
    b->nomem = true;
    return false;
  }
  b->p = p;
  b->cap = (uint32_t)cap;
  return true;
}

bool sl_buf_num(struct buf *b, int64_t value)
{
  char digits[SL_NUM_MAX];
  return sl_buf_append(b, digits, sl_num_format(digits, value));
}

bool sl_buf_printf(struct buf *b, const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  int len = vsnprintf(NULL, 0, format, ap);
  va_end(ap);
  if (len < 0 || !sl_buf_reserve(b, (size_t)len))
    return false;
  va_start(ap, format);
  vsnprintf(b->p + b->n, (size_t)len + 1, format, ap);
  va_end(ap);
  b->n += (uint32_t)len;
  return true;
}

void sl_buf_drop(struct buf *b, size_t len)
{
  if (len >= b->n) {
    b->n = 0;
  } else {
    memmove(b->p, b->p + len, b->n - len);
    b->n -= (uint32_t)len;
  }
  if (b->p)
    b->p[b->n] = 0;
}

char *sl_buf_take(struct buf *b)
{
  char *p = NULL;
  if (sl_buf_ok(b) && sl_buf_reserve(b, 0)) {
    p = b->p;
    p[b->n] = 0;
    b->p = NULL;
  }
  sl_buf_done(b);
  return p;
}
