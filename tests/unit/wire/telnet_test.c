/* wire/telnet.c: one session, cut into pieces of every size, is always the same session. */
#include "wire/telnet.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

#define BYTES(text) slice_of("" text, sizeof(text) - 1)
#define IAC "\377"
#define SB "\372"
#define SE "\360"
#define WILL "\373"
#define DO "\375"
#define DONT "\376"

/* What is found, as text: data as it is, the rest in <>. */
static void describe(struct buf *out, enum telnet_kind kind, const struct telnet_got *got)
{
  if (kind == TELNET_DATA) {
    sl_buf_add(out, got->data);
  } else if (kind == TELNET_COMMAND) {
    sl_buf_printf(out, "<%d>", got->verb);
  } else if (kind == TELNET_OPTION) {
    sl_buf_printf(out, "<%d %d>", got->verb, got->option);
  } else {
    sl_buf_printf(out, "<sub %d ", got->option);
    sl_buf_add(out, got->data);
    sl_buf_char(out, '>');
  }
}

static void check_session(struct slice all, bool binary, struct slice want)
{
  for (size_t piece = 1; piece <= all.n; piece++) {
    struct telnet_in t = {.binary = binary};
    struct telnet_got got;
    struct buf out;
    sl_buf_init(&out, 100000);
    for (size_t at = 0; at < all.n; at += piece) {
      size_t n = all.n - at < piece ? all.n - at : piece;
      char *copy = malloc(n); /* the sanitizer sees what is read beyond it */
      memcpy(copy, all.p + at, n);
      struct slice in = slice_of(copy, n);
      enum telnet_kind kind;
      while ((kind = sl_telnet_next(&t, &in, &got)) != TELNET_MORE)
        describe(&out, kind, &got);
      CHECK_INT(in.n, 0);
      free(copy);
    }
    if (CHECK_INT(out.n, want.n))
      CHECK_MEM(out.p, want.p, want.n);
    sl_buf_done(&out);
  }
}

TEST(data_and_commands)
{
  check_session(BYTES("one" IAC IAC "two" IAC "\361" "three\0four"), false, BYTES("one\377two<241>three\0four"));
}

TEST(options)
{
  check_session(BYTES("a" IAC DO "\30" "b" IAC WILL "\377" IAC DONT "\0" IAC "\374" IAC "c"), false,
                BYTES("a<253 24>b<251 255><254 0><252 255>c"));
}

TEST(a_carriage_return_alone)
{
  check_session(BYTES("a\r\0b\r\nc\r" IAC "\361\0d\r\r\0\0e"), false, BYTES("a\rb\r\nc\r<241>d\r\r\0e"));
  check_session(BYTES("a\r\0b\r\nc"), true, BYTES("a\r\0b\r\nc"));
  check_session(BYTES("\r" IAC IAC "\0"), false, BYTES("\r\377\0"));
}

TEST(subnegotiations)
{
  check_session(BYTES(IAC SB "\30\1" IAC SE "x" IAC SB "\47\1a" IAC IAC "b" IAC SE IAC SB "\30" IAC SE IAC SB IAC SE "y"),
                false, BYTES("<sub 24 \1>x<sub 39 \1a\377b><sub 24 >y"));
}

TEST(a_subnegotiation_without_an_end_is_lost)
{
  check_session(BYTES(IAC SB "\30abc" IAC DO "\1x" IAC SB "\30abc" IAC "\361y" IAC SB "q" IAC SB "\30\1" IAC SE), false,
                BYTES("<253 1>x<241>y<sub 24 \1>"));
}

TEST(a_subnegotiation_that_is_too_long_is_passed_over)
{
  char all[TELNET_SUB_MAX + 10] = IAC SB;
  struct telnet_got got;
  for (size_t n = TELNET_SUB_MAX - 1; n < TELNET_SUB_MAX + 2; n++) {
    struct telnet_in t = {0};
    memset(all + 2, 's', n);
    memcpy(all + 2 + n, IAC SE "x", 3);
    struct slice in = slice_of(all, n + 5);
    enum telnet_kind kind = sl_telnet_next(&t, &in, &got);
    CHECK_INT(kind, n <= TELNET_SUB_MAX ? TELNET_SUB : TELNET_DATA);
    CHECK_INT(got.data.n, n <= TELNET_SUB_MAX ? n - 1 : 1);
  }
}

TEST(what_goes_out_is_escaped)
{
  struct buf out;
  bool ok = false;
  FOR_EACH_FAILING_ALLOC(n) {
    sl_buf_init(&out, 100);
    ok = sl_telnet_escape(BYTES("a\377b\377\377"), &out);
    CHECK(ok || out.nomem);
    if (ok)
      CHECK(slice_eq(sl_buf_peek(&out), BYTES("a\377\377b\377\377\377\377")));
    sl_buf_done(&out);
  }
  CHECK(ok);
  sl_buf_init(&out, 5);
  CHECK(sl_telnet_escape(BYTES("a\377b"), &out));
  CHECK(slice_eq(sl_buf_peek(&out), BYTES("a\377\377b")));
  sl_buf_clear(&out);
  CHECK(!sl_telnet_escape(BYTES("\377\377\377"), &out));
  CHECK(out.full);
  sl_buf_done(&out);
}
