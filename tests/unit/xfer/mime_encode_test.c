#include "xfer/mime_encode.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"
#include "wire/encode.h"

enum { BIG = 4096 };

/* Through the encoder, with input that arrives `feed` bytes at a time and room for `cap` bytes of output. Returns how
 * many bytes came out. Every buffer is exactly as large as it says, so that the sanitizers see a byte too much. */
static size_t encode(uint8_t encoding, struct slice all, size_t feed, size_t cap, char *out)
{
  struct mime_encode e;
  size_t n = 0, given = 0, kept = 0;
  char *room = malloc(cap), *raw = NULL;
  sl_mime_encode_init(&e, encoding);
  for (bool last = false; !last;) {
    size_t more = all.n - given < feed ? all.n - given : feed, got;
    char *next = malloc(kept + more + 1);
    if (kept)
      memcpy(next, raw, kept);
    if (more)
      memcpy(next + kept, all.p + given, more);
    free(raw);
    raw = next;
    given += more;
    last = given == all.n && !more;
    struct slice in = slice_of(raw, kept + more);
    while ((got = sl_mime_encode(&e, &in, last, room, cap))) {
      CHECK(got <= cap && n + got <= BIG);
      memcpy(out + n, room, got);
      n += got;
    }
    kept = in.n;
    CHECK(kept < MIME_BASE64_RAW);
    memmove(raw, in.p, kept);
  }
  CHECK_INT(kept, 0);
  free(raw);
  free(room);
  return n;
}

static void check_all_ways(uint8_t encoding, struct slice in, struct slice want)
{
  char out[BIG];
  for (size_t feed = 1; feed <= in.n + 1; feed = feed < 8 ? feed + 1 : feed * 2 + 1) {
    for (size_t cap = 1; cap < 100; cap = cap < 12 ? cap + 1 : cap + 17) {
      size_t n = encode(encoding, in, feed, cap, out);
      if (!CHECK_INT(n, want.n) || !CHECK_MEM(out, want.p, want.n)) {
        printf("#   fed by %zu, room for %zu\n", feed, cap);
        return;
      }
    }
  }
}

TEST(names)
{
  uint8_t e = 99;
  CHECK(sl_mime_encoding_find("Base64", &e) && e == MIME_BASE64);
  CHECK(sl_mime_encoding_find("QUOTED-printable", &e) && e == MIME_QUOTED);
  CHECK(sl_mime_encoding_find("7bit", &e) && e == MIME_7BIT);
  CHECK(sl_mime_encoding_find("8bit", &e) && e == MIME_8BIT);
  CHECK(sl_mime_encoding_find("binary", &e) && e == MIME_BINARY);
  e = 99;
  CHECK(!sl_mime_encoding_find("", &e) && !sl_mime_encoding_find("base6", &e) && !sl_mime_encoding_find("base640", &e));
  CHECK_INT(e, 99);
  CHECK(!sl_mime_encoding_name(MIME_NO_ENCODING));
}

/* RFC 2045 6.8: no line is longer than 76 characters. */
TEST(base64_in_lines)
{
  char raw[300];
  for (size_t i = 0; i < sizeof raw; i++)
    raw[i] = (char)(i * 37);
  for (size_t n = 0; n <= sizeof raw; n += n < 130 ? 1 : 10) {
    struct buf want;
    sl_buf_init(&want, BIG);
    for (size_t at = 0; at < n; at += 57) {
      if (at)
        sl_buf_str(&want, "\r\n");
      sl_encode_base64(slice_of(raw + at, n - at < 57 ? n - at : 57), &want);
    }
    check_all_ways(MIME_BASE64, slice_of(raw, n), sl_buf_peek(&want));
    CHECK_INT(sl_mime_encoded_size(MIME_BASE64, (int64_t)n), want.n);
    sl_buf_done(&want);
  }
}

#define DOTS25 "........................."
#define DOTS75 DOTS25 DOTS25 DOTS25
#define DOTS72 DOTS25 DOTS25 "......................"

TEST(quoted_printable)
{
  static const struct {
    struct slice in, want;
  } cases[] = {
      {SLICE_LIT(""), SLICE_LIT("")},
      {SLICE_LIT("a b"), SLICE_LIT("a b")},
      {SLICE_LIT("\x01\x7f\x80\xff="), SLICE_LIT("=01=7F=80=FF=3D")},
      {SLICE_LIT("\0a"), SLICE_LIT("=00a")},
      {SLICE_LIT("~!\"#$%&'()*+,-./:;<>?@[\\]^_`{|}"), SLICE_LIT("~!\"#$%&'()*+,-./:;<>?@[\\]^_`{|}")},
      /* blanks at the end of a line or of all */
      {SLICE_LIT("a "), SLICE_LIT("a=20")},
      {SLICE_LIT("a\t"), SLICE_LIT("a=09")},
      {SLICE_LIT("a  \r\n\tb"), SLICE_LIT("a =20\r\n\tb")},
      {SLICE_LIT(" "), SLICE_LIT("=20")},
      /* only CRLF is a line break */
      {SLICE_LIT("a\r\nb"), SLICE_LIT("a\r\nb")},
      {SLICE_LIT("\r\n\r\n"), SLICE_LIT("\r\n\r\n")},
      {SLICE_LIT("a\nb"), SLICE_LIT("a=0Ab")},
      {SLICE_LIT("a\rb"), SLICE_LIT("a=0Db")},
      {SLICE_LIT("\r\r\n"), SLICE_LIT("=0D\r\n")},
      {SLICE_LIT(" \r"), SLICE_LIT(" =0D")},
      {SLICE_LIT("\n"), SLICE_LIT("=0A")},
      /* 76 columns, and a soft break is one of them */
      {SLICE_LIT(DOTS75), SLICE_LIT(DOTS75)},
      {SLICE_LIT(DOTS75 "1"), SLICE_LIT(DOTS75 "1")},
      {SLICE_LIT(DOTS75 "1\r\nx"), SLICE_LIT(DOTS75 "1\r\nx")},
      {SLICE_LIT(DOTS75 "12"), SLICE_LIT(DOTS75 "=\r\n12")},
      {SLICE_LIT(DOTS72 "\xe9"), SLICE_LIT(DOTS72 "=E9")},
      {SLICE_LIT(DOTS72 ".\xe9"), SLICE_LIT(DOTS72 ".=E9")},
      {SLICE_LIT(DOTS72 "..\xe9"), SLICE_LIT(DOTS72 "..=\r\n=E9")},
      {SLICE_LIT(DOTS72 ".\xe9z"), SLICE_LIT(DOTS72 ".=\r\n=E9z")},
      {SLICE_LIT(DOTS72 " \xe9\xe9"), SLICE_LIT(DOTS72 " =\r\n=E9=E9")},
      {SLICE_LIT(DOTS75 " b"), SLICE_LIT(DOTS75 "=\r\n b")},
      {SLICE_LIT(DOTS75 " \r\n"), SLICE_LIT(DOTS75 "=\r\n=20\r\n")},
      {SLICE_LIT(DOTS75 "\r"), SLICE_LIT(DOTS75 "=\r\n=0D")},
      {SLICE_LIT(DOTS75 "\r\n" DOTS75 "x"), SLICE_LIT(DOTS75 "\r\n" DOTS75 "x")},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_all_ways(MIME_QUOTED, cases[i].in, cases[i].want);
}

TEST(sizes)
{
  CHECK_INT(sl_mime_encoded_size(MIME_8BIT, 12345), 12345);
  CHECK_INT(sl_mime_encoded_size(MIME_NO_ENCODING, -1), -1);
  CHECK_INT(sl_mime_encoded_size(MIME_BASE64, -1), -1);
  CHECK_INT(sl_mime_encoded_size(MIME_BASE64, INT64_MAX), -1);
  CHECK_INT(sl_mime_encoded_size(MIME_BASE64, 0), 0);
  CHECK_INT(sl_mime_encoded_size(MIME_QUOTED, 0), 0);
  CHECK_INT(sl_mime_encoded_size(MIME_QUOTED, 1), -1);
}
