/* wire/imap_path.c: the paths of RFC 5092, and those that libcurl takes. */
#include "wire/imap_path.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/buf.h"
#include "tests/test.h"

static sl_result parse(const char *text, char *out, size_t size)
{
  struct arena arena = {0};
  struct imap_path p = {.mailbox = NULL};
  struct slice all = slice_str(text), path = slice_head(all, slice_find(all, '?'));
  sl_result rc = sl_imap_path(path, path.n < all.n ? slice_from(all, path.n + 1) : SLICE_NONE, &arena, &p);
  const char *parts[] = {p.mailbox, p.uidvalidity, p.uid, p.mailindex, p.section, p.partial, p.query};
  size_t n = 0;
  out[0] = 0;
  for (int i = 0; i < 7; i++)
    n += (size_t)snprintf(out + n, size - n, "%s%s", parts[i] ? parts[i] : "-", i < 6 ? "|" : "");
  sl_arena_done(&arena);
  return rc;
}

TEST(paths)
{
  static const struct {
    const char *path, *want;
  } rows[] = {
      {"/", "-|-|-|-|-|-|-"},
      {"", "-|-|-|-|-|-|-"},
      {"/INBOX", "INBOX|-|-|-|-|-|-"},
      {"/INBOX/", "INBOX|-|-|-|-|-|-"},
      {"/a//", "a/|-|-|-|-|-|-"},
      {"//a", "/a|-|-|-|-|-|-"},
      {"/a%20b%22/;UID=1", "a b\"|-|1|-|-|-|-"},
      {"/a/b;UIDVALIDITY=7/;UID=20/;SECTION=1.2/;PARTIAL=0.1024", "a/b|7|20|-|1.2|0.1024|-"},
      {"/a;uidvalidity=7;mailindex=3;section=HEADER.FIELDS%20(TO)", "a|7|-|3|HEADER.FIELDS (TO)|-|-"},
      {"/a/;UID=2/;MAILINDEX=3", "a|-|2|3|-|-|-"},
      {"/a/;UID=", "a|-||-|-|-|-"},
      {"/a/;UID=1/b", "a|-|1/b|-|-|-|-"},
      {"/a%3Bb", "a;b|-|-|-|-|-|-"},
      {"/;UID=1", "-|-|1|-|-|-|-"},
      {"/a?SUBJECT%20x", "a|-|-|-|-|-|SUBJECT x"},
      {"/a/?ALL", "a|-|-|-|-|-|ALL"},
      {"/a/;UID=1?ALL", "a|-|1|-|-|-|-"},
      {"/a;MAILINDEX=1?ALL", "a|-|-|1|-|-|-"},
      {"/?ALL", "-|-|-|-|-|-|-"},
      {"/a?", "a|-|-|-|-|-|-"},
  };
  char got[200];
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    CHECK_INT(parse(rows[i].path, got, sizeof got), SL_OK);
    CHECK_STR(got, rows[i].want);
  }
}

TEST(bad_paths)
{
  static const char *const rows[] = {"/a%0d", "/a%0a", "/a%00b", "/a%01", "/a;FOO=1", "/a;UID", "/a;", "/a;UID=1;UID=2", "/a;UID=1%0d%0aX",
                                     "/a;b/;UID=1", "/a;SECTION=%7f%1f", "/a?x%0ay", "/a;=1", "/a;UIDX=1"};
  char got[200];
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!CHECK_INT(parse(rows[i], got, sizeof got), CURLE_URL_MALFORMAT))
      printf("# %s\n", rows[i]);
}

TEST(memory_is_short)
{
  char got[200];
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n) {
    last = parse("/a;UIDVALIDITY=7/;SECTION=1.2/;PARTIAL=0.1024?ALL", got, sizeof got);
    CHECK(last == SL_NOMEM || last == SL_OK);
  }
  CHECK_INT(last, SL_OK);
  CHECK_STR(got, "a|7|-|-|1.2|0.1024|ALL");
}
