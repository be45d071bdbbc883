/* Responses of a hostile IMAP server: however they are cut, the same events come out, and nothing of them is read that
 * is not there. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/imap_reply.h"

struct outcome {
  unsigned events[IMAP_FAILED + 1], kinds;
  size_t used, in_literals;
};

static void look_inside(struct slice text)
{
  struct slice value;
  struct buf out;
  if (sl_imap_code(text, "UIDVALIDITY", &value) && value.n >= text.n)
    abort();
  sl_buf_init(&out, IMAP_LINE_MAX);
  if (sl_imap_section(text, &out) == IMAP_QUOTED && out.n >= text.n)
    abort();
  sl_buf_done(&out);
}

static void look_at(const struct imap_reader *r)
{
  char *copy = sl_memdup0(r->text.p, r->text.n); /* reading beyond it is seen */
  if (r->text.n + r->word.n > r->line.n || (r->literal >= 0 && r->kind != IMAP_UNTAGGED))
    abort();
  if (copy)
    look_inside(slice_of(copy, r->text.n));
  sl_free(copy);
}

static struct outcome run(const char *data, size_t size, size_t piece)
{
  struct outcome o = {.used = 0};
  struct imap_reader r;
  size_t have = 0;
  sl_imap_reader_init(&r);
  memcpy(r.tag, "A001", 5);
  for (;;) {
    struct slice in = slice_of(data + o.used, have - o.used);
    enum imap_event e = sl_imap_next(&r, &in);
    o.used = (size_t)(in.p - data);
    if (e == IMAP_LITERAL)
      o.in_literals += r.line.n;
    else if (e != IMAP_MORE)
      o.events[e]++;
    if (e == IMAP_LINE) {
      o.kinds = o.kinds * 31 + r.kind * 8 + r.status;
      look_at(&r);
    }
    if (e == IMAP_FAILED || (e == IMAP_MORE && have == size))
      return o;
    if (e == IMAP_MORE)
      have = have + piece < size ? have + piece : size;
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct outcome whole = run((const char *)data, size, size + !size), cut = run((const char *)data, size, 1 + size % 7);
  if (memcmp(whole.events, cut.events, sizeof whole.events) || whole.kinds != cut.kinds || whole.used != cut.used ||
      whole.in_literals != cut.in_literals)
    abort();
  return 0;
}
