/* The growing buffer: limits, sticky errors, the zero behind. */
#include "base/buf.h"

#include "base/mem.h"
#include "tests/test.h"

TEST(appends)
{
  struct buf b;
  sl_buf_init(&b, 1000);
  CHECK(sl_buf_str(&b, "a") && sl_buf_num(&b, -12) && sl_buf_char(&b, 0) && sl_buf_printf(&b, "%s|%d", "x", 5));
  CHECK_INT(b.n, 8);
  CHECK_MEM(b.p, "a-12\0x|5", 9);
  sl_buf_drop(&b, 5);
  CHECK_STR(b.p, "x|5");
  sl_buf_drop(&b, 99);
  CHECK_INT(b.n, 0);
  CHECK_STR(b.p, "");
  sl_buf_done(&b);
  CHECK(b.p == NULL && b.max == 1000);
}

TEST(exactly_the_maximum)
{
  for (uint32_t max = 0; max < 200; max++) {
    struct buf b;
    sl_buf_init(&b, max);
    for (uint32_t i = 0; i < max; i++)
      CHECK(sl_buf_char(&b, 'x'));
    CHECK_INT(b.n, max);
    CHECK(sl_buf_ok(&b));
    CHECK(!sl_buf_char(&b, 'y'));
    CHECK_INT(sl_buf_result(&b, 77), 77);
    CHECK_INT(b.n, max);
    CHECK(sl_buf_take(&b) == NULL); /* in error */
    CHECK(b.p == NULL);
  }
}

TEST(too_much_at_once)
{
  struct buf b;
  sl_buf_init(&b, 10);
  CHECK(!sl_buf_str(&b, "12345678901"));
  CHECK(!sl_buf_ok(&b));
  volatile size_t huge = (size_t)-1;
  CHECK(!sl_buf_append(&b, "x", huge));
  sl_buf_clear(&b);
  CHECK(sl_buf_str(&b, "1234567890"));
  CHECK(!sl_buf_reserve(&b, (size_t)-1));
  sl_buf_done(&b);
  CHECK(!sl_buf_printf(&b, "%020d", 1));
  sl_buf_done(&b);
}

TEST(taking)
{
  struct buf b;
  sl_buf_init(&b, 10);
  char *p = sl_buf_take(&b);
  CHECK_STR(p, "");
  sl_free(p);
  CHECK(sl_buf_str(&b, "abc"));
  p = sl_buf_take(&b);
  CHECK_STR(p, "abc");
  sl_free(p);
  CHECK(b.p == NULL && b.n == 0);
}

TEST(without_memory)
{
  struct buf b;
  sl_buf_init(&b, 100000);
  CHECK(sl_buf_str(&b, "abc"));
  sl_mem_fail_after(1);
  for (int i = 0; i < 100; i++)
    sl_buf_str(&b, "0123456789");
  sl_mem_fail_after(0);
  CHECK_INT(sl_buf_result(&b, 77), SL_NOMEM);
  CHECK(!sl_buf_reserve(&b, 1000)); /* sticky */
  CHECK_MEM(b.p, "abc", 3);
  CHECK(sl_buf_take(&b) == NULL);
}
