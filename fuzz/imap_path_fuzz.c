/* Paths and queries of IMAP URLs: what comes out can stand in a command line. The query begins at the first "?". */
#include <stdlib.h>

#include "base/buf.h"
#include "wire/imap_path.h"
#include "wire/imap_reply.h"

static void check(const char *text)
{
  for (; text && *text; text++)
    if ((unsigned char)*text < 32)
      abort();
}

/* A quoted string ends where it should, and an atom has nothing special in it. */
static void check_quoted(const char *text, bool atom)
{
  struct buf out;
  sl_buf_init(&out, 1 << 20);
  sl_imap_quote(&out, text, atom);
  const char *p = out.p;
  if (*p == '"') {
    for (p++; *p && *p != '"'; p++)
      p += *p == '\\';
    if (p != out.p + out.n - 1)
      abort();
  } else if (strcspn(p, "(){ %*\"\\]") != out.n || !out.n) {
    abort();
  }
  sl_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice all = {(const char *)data, size}, path = slice_head(all, slice_find(all, '?'));
  struct arena arena = {0};
  struct imap_path p = {.mailbox = NULL};
  if (!sl_imap_path(path, slice_from(all, path.n + 1), &arena, &p)) {
    const char *const parts[] = {p.mailbox, p.uidvalidity, p.uid, p.mailindex, p.section, p.partial, p.query};
    for (int i = 0; i < 7; i++)
      check(parts[i]);
    if (p.query && (p.uid || p.mailindex || !p.mailbox))
      abort();
    if (p.mailbox) {
      check_quoted(p.mailbox, true);
      check_quoted(p.mailbox, false);
    }
  }
  sl_arena_done(&arena);
  return 0;
}
