/* The chunked coding: every split of the input gives the same, and hostile input an error. */
#include "wire/chunked.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tests/test.h"

/* Body bytes; trailer lines in <>; then "." with what is left, "!" with the reason, or nothing. */
static void decode(struct slice all, size_t size, struct buf *text)
{
  struct chunked c;
  struct slice out;
  size_t kept = 0, at = 0;
  enum chunked_event e = CHUNKED_MORE;
  sl_chunked_init(&c);
  while (at < all.n && e < CHUNKED_END) {
    size_t n = all.n - at < size ? all.n - at : size;
    char *room = malloc(kept + n);
    memcpy(room, all.p + at - kept, kept + n);
    struct slice in = slice_of(room, kept + n);
    while ((e = sl_chunked_next(&c, &in, &out)) == CHUNKED_DATA || e == CHUNKED_TRAILER) {
      sl_buf_str(text, e == CHUNKED_TRAILER ? "<" : "");
      sl_buf_add(text, out);
      sl_buf_str(text, e == CHUNKED_TRAILER ? ">" : "");
    }
    kept = in.n;
    at += n;
    free(room);
  }
  if (e == CHUNKED_END) {
    sl_buf_str(text, ".");
    sl_buf_add(text, slice_of(all.p + at - kept, kept + all.n - at));
  } else if (e == CHUNKED_BAD) {
    sl_buf_str(text, "!");
    CHECK(c.error != NULL);
  }
}

static void check(const char *file, int line, struct slice all, const char *want)
{
  for (size_t size = all.n; size; size--) {
    struct buf text;
    sl_buf_init(&text, 1 << 20);
    decode(all, size, &text);
    bool same = test_str(sl_buf_ok(&text) && text.n ? text.p : "", want, "what comes out", file, line);
    sl_buf_done(&text);
    if (!same)
      return;
  }
}
#define GIVES(input, want) check(__FILE__, __LINE__, SLICE_LIT(input), want)

TEST(well_formed)
{
  GIVES("0\r\n\r\n", ".");
  GIVES("5\r\nhello\r\n0\r\n\r\n", "hello.");
  GIVES("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nnext", "hello world.next");
  GIVES("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789.");
  GIVES("00000005\r\nhello\r\n00\r\n\r\n", "hello.");
  GIVES("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n.");
}

TEST(extensions)
{
  GIVES("5;a=b\r\nhello\r\n0;c=\"d e\"\r\n\r\n", "hello.");
  GIVES("5 ; a\r\nhello\r\n0\t\r\n\r\n", "hello.");
  GIVES("5 \r\nhello\r\n0\r\n\r\n", "hello.");
}

TEST(bare_line_feeds)
{
  GIVES("5\nhello\n0\n\nrest", "hello.rest");
  GIVES("5\r\nhello\n0\r\n\n", "hello.");
}

TEST(trailers)
{
  GIVES("0\r\nA: b\r\n\r\n", "<A: b\r\n>.");
  GIVES("1\r\nx\r\n0;e\r\nA: b\r\nC:\r\n\r\nrest", "x<A: b\r\n><C:\r\n>.rest");
}

TEST(malformed_trailers)
{
  GIVES("0\r\n\rX", "!");
  GIVES("0\r\nA: b\rC: d\r\n\r\n", "!");
  GIVES("0\r\nA: b\r\r\n\r\n", "!");
  GIVES("0\r\nA: \0b\r\n\r\n", "!");
}

TEST(not_yet_complete)
{
  GIVES("5", "");
  GIVES("5\r\nhel", "hel");
  GIVES("5\r\nhello", "hello");
  GIVES("5\r\nhello\r", "hello");
  GIVES("0\r\n", "");
  GIVES("0\r\nA: b\r\n\r", "<A: b\r\n>");
}

TEST(malformed)
{
  GIVES("\r\n", "!");
  GIVES(" 5\r\nhello", "!");
  GIVES("-5\r\nhello", "!");
  GIVES("+5\r\nhello", "!");
  GIVES("x\r\n", "!");
  GIVES("0x5\r\nhello\r\n\r\n", "<hello\r\n>."); /* x5 is an extension: libcurl and others see it so, too */
  GIVES("5\r\nhelloo\r\n", "hello!");
  GIVES("5\r\nhello\r\r\n", "hello!");
  GIVES("5\r\nhello0\r\n", "hello!");
  GIVES(";a=b\r\n", "!");
}

/* The limit on extensions is one for each chunk. */
TEST(long_extensions_of_many_chunks)
{
  struct buf coded, text;
  sl_buf_init(&coded, 1 << 20);
  sl_buf_init(&text, 1 << 20);
  for (int i = 0; i < 50; i++)
    sl_buf_printf(&coded, "1;%01000d\r\nx\r\n", i);
  sl_buf_str(&coded, "0\r\n\r\n");
  decode(sl_buf_peek(&coded), 100, &text);
  CHECK_INT(text.n, 51);
  CHECK(text.n && text.p[text.n - 1] == '.');
  sl_buf_done(&coded);
  sl_buf_done(&text);
}

TEST(sizes_that_are_too_large)
{
  GIVES("7fffffffffffffff\r\nx", "x");
  GIVES("8000000000000000\r\nx", "!");
  GIVES("ffffffffffffffff\r\nx", "!");
  GIVES("10000000000000000\r\nx", "!");
  GIVES("00000000000000000\r\nx", "!");
}

TEST(it_stays_bad_and_stays_ended)
{
  struct chunked c;
  struct slice in = SLICE_LIT("x"), out;
  sl_chunked_init(&c);
  CHECK_INT(sl_chunked_next(&c, &in, &out), CHUNKED_BAD);
  in = SLICE_LIT("0\r\n\r\n");
  CHECK_INT(sl_chunked_next(&c, &in, &out), CHUNKED_BAD);
  sl_chunked_init(&c);
  CHECK_INT(sl_chunked_next(&c, &in, &out), CHUNKED_END);
  in = SLICE_LIT("5\r\n");
  CHECK_INT(sl_chunked_next(&c, &in, &out), CHUNKED_END);
  CHECK_INT(in.n, 3);
}

TEST(random_bodies_in_random_chunks)
{
  uint64_t seed = 12345;
  for (int round = 0; round < 200; round++) {
    struct buf plain, coded, text;
    sl_buf_init(&plain, 1 << 20);
    sl_buf_init(&coded, 1 << 20);
    sl_buf_init(&text, 1 << 20);
    for (int k = 0; k < 10; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      size_t n = 1 + (size_t)(seed >> 60), at = plain.n;
      for (size_t i = 0; i < n; i++)
        sl_buf_add(&plain, slice_of("\r\n0;5a"+ (seed >> (i & 31)) % 6, 1));
      sl_buf_printf(&coded, "%zx\r\n", n);
      sl_buf_add(&coded, slice_of(plain.p + at, n));
      sl_buf_str(&coded, "\r\n");
    }
    sl_buf_str(&coded, "0\r\n\r\n");
    sl_buf_str(&plain, ".");
    decode(sl_buf_peek(&coded), 1 + (size_t)(seed >> 40) % 40, &text);
    CHECK_INT(text.n, plain.n);
    CHECK_MEM(text.p, plain.p, plain.n);
    sl_buf_done(&plain);
    sl_buf_done(&coded);
    sl_buf_done(&text);
  }
}
