/* wire/gopher.c: the line for each URL. */
#include "wire/gopher.h"

#include "base/mem.h"
#include "tests/test.h"

enum { MAX = 1000 };

static void check(const char *path, const char *query, const char *want)
{
  struct buf out;
  sl_buf_init(&out, MAX);
  bool good = sl_gopher_request(slice_str(path), slice_str(query), &out);
  CHECK(sl_buf_ok(&out));
  CHECK_INT(good, want != NULL);
  if (want)
    CHECK_STR(out.p, want);
  sl_buf_done(&out);
}

TEST(selectors)
{
  check("/", NULL, "\r\n");
  check("/1", NULL, "\r\n");
  check("/1/", NULL, "/\r\n");
  check("/0/a%20b", NULL, "/a b\r\n");
  check("/xy", NULL, "y\r\n");
  check("/0%2fab", NULL, "/ab\r\n");
  check("/0/\303\274%ff%7f%01", NULL, "/\303\274\377\177\1\r\n");
}

TEST(queries)
{
  check("/", "q", "q\r\n");
  check("/0/a", "q=%20x", "/a?q= x\r\n");
  check("/0/a", "", "/a?\r\n");
  check("/7/a%09some%20words", NULL, "/a\tsome words\r\n");
}

TEST(nothing_ends_the_line_early)
{
  check("/1/sel%0d%0aINJECT", NULL, NULL);
  check("/1/a%0ab", NULL, NULL);
  check("/1/a%0db", NULL, NULL);
  check("/1/a%00b", NULL, NULL);
  check("/1/a", "q%0a", NULL);
}

TEST(what_is_too_long)
{
  char path[MAX + 2];
  struct buf out;
  memset(path, '/', sizeof path);
  sl_buf_init(&out, MAX);
  CHECK(!sl_gopher_request(slice_of(path, sizeof path), SLICE_NONE, &out));
  CHECK(out.full);
  sl_buf_done(&out);
}

TEST(every_allocation)
{
  bool good = false;
  FOR_EACH_FAILING_ALLOC(n) {
    struct buf out;
    sl_buf_init(&out, MAX);
    good = sl_gopher_request(slice_str("/0/a%20b"), slice_str("q"), &out);
    CHECK(good || out.nomem);
    if (good)
      CHECK_STR(out.p, "/a b?q\r\n");
    sl_buf_done(&out);
  }
  CHECK(good);
  struct buf out;
  sl_buf_init(&out, MAX);
  sl_mem_fail_once(1);
  good = sl_gopher_request(slice_str("/0/a%20b"), slice_str("q"), &out);
  sl_mem_fail_after(0);
  CHECK(!good && out.nomem);
  sl_buf_done(&out);
}
