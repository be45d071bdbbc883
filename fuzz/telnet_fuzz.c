/* A hostile Telnet peer: however its bytes are cut, the same is found in them and the same is answered; and what is
 * escaped comes back as it was. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/telnet.h"

enum { OUT_MAX = 1 << 22 };

static void note(struct buf *found, enum telnet_kind kind, const struct telnet_got *got)
{
  char head[3] = {(char)kind, (char)got->verb, (char)got->option};
  if (kind == TELNET_DATA) {
    sl_buf_add(found, got->data);
    return;
  }
  sl_buf_append(found, head, kind == TELNET_COMMAND ? 2 : 3);
  if (kind == TELNET_SUB) {
    if (got->data.n >= TELNET_SUB_MAX)
      abort();
    sl_buf_add(found, got->data);
  }
}

static void run(struct buf *found, struct slice all, size_t piece, bool binary)
{
  struct telnet_in t = {.binary = binary};
  struct telnet_got got = {0};
  enum telnet_kind kind;
  sl_buf_init(found, OUT_MAX);
  while (all.n) {
    struct slice part = slice_head(all, piece);
    char *copy = sl_memdup0(part.p, part.n); /* reading beyond it is seen */
    if (!copy)
      abort();
    struct slice in = slice_of(copy, part.n);
    while ((kind = sl_telnet_next(&t, &in, &got)) != TELNET_MORE)
      note(found, kind, &got);
    if (in.n)
      abort();
    sl_free(copy);
    all = slice_from(all, part.n);
  }
}

static void must_be_same(struct buf *a, struct buf *b)
{
  if (!slice_eq(sl_buf_peek(a), sl_buf_peek(b)))
    abort();
  sl_buf_done(a);
  sl_buf_done(b);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice all = slice_of((const char *)data, size);
  struct buf whole, cut, escaped;
  bool binary = size & 1;
  run(&whole, all, size, binary);
  run(&cut, all, 1 + size % 7, binary);
  must_be_same(&whole, &cut);
  sl_buf_init(&escaped, OUT_MAX);
  sl_telnet_escape(all, &escaped);
  run(&cut, sl_buf_peek(&escaped), 3, true);
  sl_buf_done(&escaped);
  sl_buf_init(&whole, OUT_MAX);
  sl_buf_add(&whole, all);
  must_be_same(&whole, &cut);
  return 0;
}
