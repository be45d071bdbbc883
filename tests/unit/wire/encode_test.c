#include "wire/encode.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

typedef bool (*coder)(struct slice in, struct buf *out);

static bool from_percent_any(struct slice in, struct buf *out)
{
  return sl_encode_from_percent(in, SL_PERCENT_ANY, out);
}
static bool from_percent_no_zero(struct slice in, struct buf *out)
{
  return sl_encode_from_percent(in, SL_PERCENT_NO_ZERO, out);
}
static bool from_percent_no_ctrl(struct slice in, struct buf *out)
{
  return sl_encode_from_percent(in, SL_PERCENT_NO_CTRL, out);
}

/* The input in memory of its own, so that one byte read too far is noticed. want NULL: malformed.
 */
static void check_coder(coder run, struct slice in, const char *want, size_t want_len, int line)
{
  struct buf out;
  char *exact = malloc(in.n + !in.n);
  if (in.n)
    memcpy(exact, in.p, in.n);
  sl_buf_init(&out, 1000);
  sl_buf_str(&out, "<");
  bool ok = run(slice_of(exact, in.n), &out);
  bool right = CHECK(ok == (want != NULL));
  right &= CHECK(sl_buf_ok(&out));
  right &= CHECK_INT(out.n, 1 + (want ? want_len : 0)) && CHECK(out.p[out.n] == 0);
  right &= !want || CHECK_MEM(out.p, "<", 1);
  right &= !want || out.n != want_len + 1 || CHECK_MEM(out.p + 1, want, want_len);
  if (!right)
    printf("#   from line %d\n", line);
  sl_buf_done(&out);
  free(exact);
}
#define GIVES(run, in, want) check_coder(run, SLICE_LIT(in), want, sizeof(want) - 1, __LINE__)
#define FAILS(run, in) check_coder(run, SLICE_LIT(in), NULL, 0, __LINE__)

TEST(percent_keeps_unreserved_only)
{
  GIVES(sl_encode_percent, "", "");
  GIVES(sl_encode_percent, "AZaz09-._~", "AZaz09-._~");
  GIVES(sl_encode_percent, "a b&c=d/e?f+g%h", "a%20b%26c%3Dd%2Fe%3Ff%2Bg%25h");
  GIVES(sl_encode_percent, "\0\x7f\xc3\xa4\xff@[`{", "%00%7F%C3%A4%FF%40%5B%60%7B");
}

TEST(percent_decodes)
{
  GIVES(from_percent_any, "", "");
  GIVES(from_percent_any, "a%20b%2fc%2Fd+e", "a b/c/d+e");
  GIVES(from_percent_any, "%00%ff", "\0\xff");
  GIVES(from_percent_any, "%4", "%4");
  GIVES(from_percent_any, "%", "%");
  GIVES(from_percent_any, "100%", "100%");
  GIVES(from_percent_any, "%zz%4g%g4%%41", "%zz%4g%g4%A");
}

TEST(percent_refuses_what_is_not_allowed)
{
  GIVES(from_percent_no_zero, "a%01%0d", "a\x01\r");
  FAILS(from_percent_no_zero, "a%00b");
  FAILS(from_percent_no_zero, "a\0b");
  GIVES(from_percent_no_ctrl, "a%20%7f", "a \x7f");
  FAILS(from_percent_no_ctrl, "a%0db");
  FAILS(from_percent_no_ctrl, "a%1Fb");
  FAILS(from_percent_no_ctrl, "a\nb");
}

/* RFC 4648 10 */
TEST(base64_vectors)
{
  static const char *const pairs[][2] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
    struct slice plain = slice_str(pairs[i][0]), text = slice_str(pairs[i][1]);
    check_coder(sl_encode_base64, plain, text.p, text.n, __LINE__);
    check_coder(sl_encode_from_base64, text, plain.p, plain.n, __LINE__);
    check_coder(sl_encode_from_base64url, text, plain.p, plain.n, __LINE__);
    size_t bare = slice_find(text, '=');
    check_coder(sl_encode_base64url, plain, text.p, bare, __LINE__);
    check_coder(sl_encode_from_base64url, slice_head(text, bare), plain.p, plain.n, __LINE__);
  }
}

TEST(base64_alphabets)
{
  GIVES(sl_encode_base64, "\xfb\xff\xbf\0\x10\x83", "+/+/ABCD");
  GIVES(sl_encode_base64url, "\xfb\xff\xbf\0\x10\x83", "-_-_ABCD");
  GIVES(sl_encode_from_base64, "+/+/ABCD", "\xfb\xff\xbf\0\x10\x83");
  GIVES(sl_encode_from_base64url, "-_-_ABCD", "\xfb\xff\xbf\0\x10\x83");
  FAILS(sl_encode_from_base64, "-_-_");
  FAILS(sl_encode_from_base64url, "+/+/");
}

TEST(base64_malformed)
{
  FAILS(sl_encode_from_base64, "Z");
  FAILS(sl_encode_from_base64, "Zg");
  FAILS(sl_encode_from_base64, "Zg=");
  FAILS(sl_encode_from_base64, "Zg===");
  FAILS(sl_encode_from_base64, "=");
  FAILS(sl_encode_from_base64, "==");
  FAILS(sl_encode_from_base64, "====");
  FAILS(sl_encode_from_base64, "Z===");
  FAILS(sl_encode_from_base64, "Zg==Zg==");
  FAILS(sl_encode_from_base64, "Zm9v====");
  FAILS(sl_encode_from_base64, "Z=9v");
  FAILS(sl_encode_from_base64, "Zm9v Zm9");
  FAILS(sl_encode_from_base64, "Zm9v\n");
  FAILS(sl_encode_from_base64, "Zm\09");
  FAILS(sl_encode_from_base64, "Zm9\xe4");
  FAILS(sl_encode_from_base64, "Zh=="); /* bits beyond the byte */
  FAILS(sl_encode_from_base64, "Zm9=");
  FAILS(sl_encode_from_base64url, "Z");
  FAILS(sl_encode_from_base64url, "Zg=");
  FAILS(sl_encode_from_base64url, "Zm9vZ");
}

TEST(hex)
{
  GIVES(sl_encode_hex, "", "");
  GIVES(sl_encode_hex, "\0\x0f\xf0\xab", "000ff0ab");
  GIVES(sl_encode_from_hex, "000fF0aB", "\0\x0f\xf0\xab");
  FAILS(sl_encode_from_hex, "0");
  FAILS(sl_encode_from_hex, "0g");
  FAILS(sl_encode_from_hex, "g0");
}

TEST(every_length_comes_back)
{
  static const struct {
    coder there, back;
  } pairs[] = {{sl_encode_percent, from_percent_any},
               {sl_encode_base64, sl_encode_from_base64},
               {sl_encode_base64url, sl_encode_from_base64url},
               {sl_encode_hex, sl_encode_from_hex}};
  char bytes[300];
  for (size_t i = 0; i < sizeof(bytes); i++)
    bytes[i] = (char)(i * 167 + 13);
  for (size_t k = 0; k < sizeof(pairs) / sizeof(*pairs); k++) {
    for (size_t n = 0; n <= sizeof(bytes); n++) {
      struct buf text, plain;
      sl_buf_init(&text, 3000);
      sl_buf_init(&plain, 3000);
      REQUIRE(pairs[k].there(slice_of(bytes, n), &text));
      REQUIRE(pairs[k].back(sl_buf_peek(&text), &plain));
      REQUIRE(CHECK_INT(plain.n, n) && CHECK_MEM(plain.p, bytes, n));
      sl_buf_done(&text);
      sl_buf_done(&plain);
    }
  }
}

TEST(limit_of_the_buffer_is_kept)
{
  static const struct {
    coder run;
    const char *in;
    uint32_t needs;
  } cases[] = {{sl_encode_percent, "a b", 5},          {from_percent_any, "abc", 3},
               {sl_encode_base64, "abcd", 8},          {sl_encode_base64url, "abcd", 8},
               {sl_encode_from_base64, "YWJjZA==", 4}, {sl_encode_hex, "abc", 6},
               {sl_encode_from_hex, "6162", 2}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    struct buf out;
    sl_buf_init(&out, cases[i].needs);
    CHECK(cases[i].run(slice_str(cases[i].in), &out));
    sl_buf_done(&out);
    sl_buf_init(&out, cases[i].needs - 1);
    CHECK(!cases[i].run(slice_str(cases[i].in), &out));
    CHECK(out.full && !out.nomem);
    CHECK_INT(out.n, 0);
    sl_buf_done(&out);
  }
}

TEST(without_memory)
{
  static const coder all[] = {sl_encode_percent,   from_percent_any,      sl_encode_base64,
                              sl_encode_base64url, sl_encode_from_base64, sl_encode_from_base64url,
                              sl_encode_hex,       sl_encode_from_hex};
  for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
    bool last = false;
    FOR_EACH_FAILING_ALLOC(n)
    {
      struct buf out;
      sl_buf_init(&out, 100);
      last = all[i](SLICE_LIT("abcd"), &out);
      CHECK(last == sl_buf_ok(&out));
      CHECK(last || out.nomem);
      sl_buf_done(&out);
    }
    CHECK(last);
  }
}
