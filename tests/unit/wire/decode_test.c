/* The content decoders: every coding at every chunk size, pausing, ends and trailers, errors,
 * memory. */
#include "tests/test.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "wire/decode.h"

#define TEXT "hello world "
enum { TEXT_BYTES = 36000 };
static const char br_text[] = "\x1b\x9f\x8c\xf8\x8d\x94\x6e\xde\x44\x55\x86\x96\x20\x6c\x6f\x35\xcb"
                              "\x63\xb5\x40\x06\x54\xdb\x89\x10";

static char plain[TEXT_BYTES];
static char packed[200000], packed2[200000]; /* incompressible data grows a little */

static void fill(void)
{
  for (size_t i = 0; i < TEXT_BYTES; i += 12)
    memcpy(plain + i, TEXT, 12);
}

static size_t zip(int window_bits, const char *src, size_t n, char *dst, size_t cap)
{
  z_stream z = {0};
  deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  z.next_in = (Bytef *)(uintptr_t)src;
  z.avail_in = (uInt)n;
  z.next_out = (Bytef *)dst;
  z.avail_out = (uInt)cap;
  deflate(&z, Z_FINISH);
  deflateEnd(&z);
  return z.total_out;
}

enum pack { GZIP, ZLIB, RAW, BR, ZSTD };
static size_t pack(enum pack how, const char *src, size_t n, char *dst, size_t cap)
{
  switch (how) {
  case GZIP:
    return zip(15 + 16, src, n, dst, cap);
  case ZLIB:
    return zip(15, src, n, dst, cap);
  case RAW:
    return zip(-15, src, n, dst, cap);
  case BR:
    memcpy(dst, br_text, sizeof br_text);
    return sizeof br_text; /* its last byte is the literal's zero */
  case ZSTD:
    return ZSTD_compress(dst, cap, src, n, 3);
  }
  return 0;
}

struct sink {
  struct buf got;
  unsigned calls, pause_every; /* every n-th call pauses; 0: never */
  sl_result fail;
  bool too_large;
};

static sl_result take(void *ctx, struct slice out)
{
  struct sink *s = ctx;
  s->calls++;
  if (out.n > SL_DECODE_PIECE || !out.n)
    s->too_large = true;
  if (s->fail)
    return s->fail;
  if (s->pause_every && s->calls % s->pause_every == 0)
    return SL_WAIT;
  return sl_buf_add(&s->got, out) ? SL_OK : SL_NOMEM;
}

/* Pushes `in` in pieces of `chunk` bytes, resuming whenever the sink paused. */
static sl_result feed(struct decode *d, struct slice in, size_t chunk, bool end, struct sink *s)
{
  sl_result result = SL_OK;
  do {
    struct slice piece = slice_head(in, chunk);
    in = slice_from(in, piece.n);
    result = sl_decode_push(d, piece, end && !in.n, take, s);
    for (unsigned rounds = 0; result == SL_WAIT && rounds < 100000; rounds++) {
      CHECK(sl_decode_paused(d));
      result = sl_decode_resume(d, take, s);
    }
  } while (result == SL_OK && in.n);
  return result;
}

static sl_result decode_all(const char *value, struct slice in, size_t chunk, bool end,
                            struct sink *s)
{
  struct decode *d = NULL;
  sl_result result = sl_decode_new(slice_str(value), &d);
  if (result == SL_OK)
    result = feed(d, in, chunk, end, s);
  sl_decode_free(d);
  return result;
}

static void sink_init(struct sink *s)
{
  *s = (struct sink){.calls = 0};
  sl_buf_init(&s->got, 64u << 20);
}

TEST(every_coding_at_every_chunk_size)
{
  static const struct {
    const char *value;
    enum pack how;
  } rows[] = {{"gzip", GZIP},   {"X-GZip", GZIP}, {"gzip", ZLIB},          {"deflate", ZLIB},
              {"deflate", RAW}, {"br", BR},       {" none , zstd,", ZSTD}, {"identity,gzip", GZIP}};
  fill();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t n = pack(rows[i].how, plain, TEXT_BYTES, packed, sizeof packed);
    for (size_t chunk = 1; chunk <= n; chunk++) {
      for (unsigned pause = 0; pause <= 2; pause += 2) {
        struct sink s;
        sink_init(&s);
        s.pause_every = pause;
        if (!CHECK_INT(decode_all(rows[i].value, slice_of(packed, n), chunk, true, &s), SL_OK))
          printf("# row %zu chunk %zu\n", i, chunk);
        CHECK(!s.too_large);
        if (CHECK_INT(s.got.n, TEXT_BYTES))
          CHECK_MEM(s.got.p, plain, TEXT_BYTES);
        sl_buf_done(&s.got);
      }
    }
  }
}

TEST(identity_passes_through)
{
  fill();
  static const char *const values[] = {"", "identity", "none, identity", ", ,"};
  for (size_t i = 0; i < 4; i++) {
    for (unsigned pause = 0; pause <= 3; pause++) {
      struct sink s;
      sink_init(&s);
      s.pause_every = pause == 1 ? 2 : pause;
      CHECK_INT(decode_all(values[i], slice_of(plain, TEXT_BYTES), TEXT_BYTES, true, &s), SL_OK);
      CHECK(!s.too_large);
      CHECK(s.got.n == TEXT_BYTES && !memcmp(s.got.p, plain, TEXT_BYTES));
      sl_buf_done(&s.got);
    }
  }
}

TEST(codings_are_undone_from_the_last_to_the_first)
{
  fill();
  size_t n = zip(15, plain, TEXT_BYTES, packed, sizeof packed);
  n = ZSTD_compress(packed2, sizeof packed2, packed, n, 3);
  n = zip(31, packed2, n, packed, sizeof packed);
  for (size_t chunk = 1; chunk <= n; chunk++) {
    struct sink s;
    sink_init(&s);
    s.pause_every = 3;
    CHECK_INT(decode_all("deflate, zstd, identity, gzip", slice_of(packed, n), chunk, true, &s),
              SL_OK);
    CHECK(s.got.n == TEXT_BYTES && !memcmp(s.got.p, plain, TEXT_BYTES));
    sl_buf_done(&s.got);
  }
  struct decode *d = NULL; /* the same from two header lines */
  struct sink s;
  sink_init(&s);
  REQUIRE(sl_decode_new(slice_str("deflate, zstd"), &d) == SL_OK);
  CHECK_INT(sl_decode_add(d, slice_str("gzip")), SL_OK);
  CHECK_INT(feed(d, slice_of(packed, n), 7, true, &s), SL_OK);
  CHECK_INT(s.got.n, TEXT_BYTES);
  CHECK_INT(sl_decode_add(d, slice_str("gzip")), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_buf_done(&s.got);
  sl_decode_free(d);
}

TEST(lesson_19_at_most_five_codings)
{
  struct decode *d = NULL;
  CHECK_INT(sl_decode_new(slice_str("gzip,br,zstd,deflate,none,gzip"), &d),
            CURLE_BAD_CONTENT_ENCODING);
  CHECK(!d);
  REQUIRE(sl_decode_new(slice_str("gzip,br,zstd,deflate,none"), &d) == SL_OK);
  CHECK_INT(sl_decode_add(d, slice_str(",")), SL_OK);
  CHECK_INT(sl_decode_add(d, slice_str("identity")), CURLE_BAD_CONTENT_ENCODING);
  CHECK(strstr(sl_decode_error(d), "5"));
  sl_decode_free(d);
}

TEST(an_unknown_coding_fails_with_the_first_byte)
{
  static const char *const values[] = {"foo",       "gzip;q=1", "gzip deflate",
                                       "foo, gzip", "compress", "chunked"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    struct decode *d = NULL;
    struct sink s;
    sink_init(&s);
    REQUIRE(sl_decode_new(slice_str(values[i]), &d) == SL_OK);
    CHECK_INT(sl_decode_push(d, SLICE_NONE, false, take, &s), SL_OK);
    CHECK_INT(sl_decode_push(d, slice_str("x"), false, take, &s), CURLE_BAD_CONTENT_ENCODING);
    CHECK(strstr(sl_decode_error(d), sl_decode_supported()));
    CHECK_INT(sl_decode_push(d, SLICE_NONE, true, take, &s), CURLE_BAD_CONTENT_ENCODING);
    CHECK_INT(s.calls, 0);
    sl_decode_free(d);
  }
  CHECK_STR(sl_decode_supported(), "deflate, gzip, br, zstd");
}

TEST(damage_cuts_and_trailers)
{
  static const struct {
    const char *value;
    enum pack how;
    int cut;           /* bytes less */
    const char *after; /* bytes more */
    int flip;          /* this byte from the end is changed; 0: none */
    sl_result at_end, in_the_middle;
  } rows[] = {
      {"gzip", GZIP, 0, "garbage", 0, CURLE_WRITE_ERROR, CURLE_WRITE_ERROR},
      {"gzip", GZIP, 0, "\x1f\x8b\x08", 0, CURLE_WRITE_ERROR, CURLE_WRITE_ERROR},
      {"gzip", GZIP, 1, "", 0, CURLE_BAD_CONTENT_ENCODING, SL_OK},
      {"gzip", GZIP, 20, "", 0, CURLE_BAD_CONTENT_ENCODING, SL_OK},
      {"gzip", GZIP, 0, "", 7, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
      {"gzip", GZIP, 0, "", 1, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
      {"gzip", RAW, 0, "", 0, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
      {"deflate", GZIP, 0, "", 0, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
      {"deflate", ZLIB, 0, "g", 0, CURLE_WRITE_ERROR, CURLE_WRITE_ERROR},
      {"deflate", ZLIB, 4, "", 0, CURLE_BAD_CONTENT_ENCODING, SL_OK},
      {"deflate", ZLIB, 0, "", 1, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
      {"deflate", RAW, 0, "garb", 0, SL_OK, SL_OK},
      {"deflate", RAW, 0, "garba", 0, CURLE_WRITE_ERROR, CURLE_WRITE_ERROR},
      {"deflate", RAW, 1, "", 0, CURLE_BAD_CONTENT_ENCODING, SL_OK},
      {"br", BR, 0, "x", 0, CURLE_WRITE_ERROR, CURLE_WRITE_ERROR},
      {"br", BR, 2, "", 0, CURLE_BAD_CONTENT_ENCODING, SL_OK},
      {"br", BR, 0, "", 20, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
      {"zstd", ZSTD, 0, "garbage", 0, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
      {"zstd", ZSTD, 2, "", 0, CURLE_BAD_CONTENT_ENCODING, SL_OK},
      {"zstd", GZIP, 0, "", 0, CURLE_BAD_CONTENT_ENCODING, CURLE_BAD_CONTENT_ENCODING},
  };
  fill();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t n = pack(rows[i].how, plain, TEXT_BYTES, packed, sizeof packed) - (size_t)rows[i].cut;
    if (rows[i].flip)
      packed[n - (size_t)rows[i].flip] ^= 0x55;
    memcpy(packed + n, rows[i].after, strlen(rows[i].after));
    n += strlen(rows[i].after);
    for (size_t chunk = 1; chunk <= n; chunk++) {
      for (int end = 0; end < 2; end++) {
        struct sink s;
        sink_init(&s);
        if (!CHECK_INT(decode_all(rows[i].value, slice_of(packed, n), chunk, end, &s),
                       end ? rows[i].at_end : rows[i].in_the_middle))
          printf("# row %zu chunk %zu end %d\n", i, chunk, end);
        sl_buf_done(&s.got);
      }
    }
  }
}

TEST(an_empty_body_is_fine)
{
  static const char *const values[] = {"gzip", "deflate", "br", "zstd", "gzip, br, zstd", "foo"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    struct sink s;
    sink_init(&s);
    CHECK_INT(decode_all(values[i], SLICE_LIT(""), 1, true, &s), SL_OK);
    CHECK_INT(s.calls, 0);
  }
}

TEST(zstd_frames_follow_each_other_and_windows_are_bounded)
{
  fill();
  size_t n = ZSTD_compress(packed, sizeof packed, plain, 1200, 3);
  n += ZSTD_compress(packed + n, sizeof packed - n, plain, 1200, 3);
  struct sink s;
  sink_init(&s);
  CHECK_INT(decode_all("zstd", slice_of(packed, n), n, true, &s), SL_OK);
  CHECK_INT(s.got.n, 2400);
  sl_buf_done(&s.got);
  /* magic, no content size, window descriptor: 8 MB is let in, 16 MB is not; then one empty last
   * block */
  for (int log = 23; log <= 24; log++) {
    char frame[] = {0x28, (char)0xb5, 0x2f, (char)0xfd, 0, (char)((log - 10) << 3), 1, 0, 0};
    sink_init(&s);
    CHECK_INT(decode_all("zstd", slice_of(frame, sizeof frame), 9, true, &s),
              log == 23 ? SL_OK : CURLE_BAD_CONTENT_ENCODING);
    sl_buf_done(&s.got);
  }
}

TEST(nothing_decodable_is_held_back)
{
  enum { BLOCK = 128 << 10, BIG = BLOCK + 1000 };
  fill();
  struct sink s;
  sink_init(&s);
  size_t n = pack(GZIP, plain, TEXT_BYTES, packed, sizeof packed);
  CHECK_INT(decode_all("gzip", slice_of(packed, n - 8), n, false, &s), SL_OK);
  CHECK_INT(s.got.n, TEXT_BYTES);
  char *big = calloc(1, BIG);
  struct decode *d = NULL;
  REQUIRE(big);
  for (size_t len = SL_DECODE_PIECE; len < SL_DECODE_PIECE + 300; len++) { /* ends in a match */
    sl_buf_clear(&s.got);
    n = zip(31, big, len, packed, sizeof packed);
    CHECK_INT(decode_all("gzip", slice_of(packed, n - 8), n, false, &s), SL_OK);
    CHECK_INT(s.got.n, len);
  }
  sl_buf_clear(&s.got);
  REQUIRE(sl_decode_new(slice_str("zstd"), &d) == SL_OK);
  n = ZSTD_compress(packed, sizeof packed, big, BIG, 3); /* two blocks */
  for (size_t i = 0; i < n; i++) {
    CHECK_INT(sl_decode_push(d, slice_of(packed + i, 1), i + 1 == n, take, &s), SL_OK);
    CHECK(s.got.n == 0 || s.got.n == BLOCK || s.got.n == BIG);
  }
  CHECK_INT(s.got.n, BIG);
  sl_decode_free(d);
  sl_buf_done(&s.got);
  free(big);
}

TEST(lesson_19_a_bomb_streams_through_little_memory)
{
  enum { LAYER = 8 << 20 };
  char *zeros = calloc(1, LAYER);
  REQUIRE(zeros);
  size_t n = zip(31, zeros, LAYER, packed, sizeof packed);
  n = zip(31, packed, n, packed2, sizeof packed2);
  struct sink s;
  sink_init(&s);
  CHECK(n < 2000);
  CHECK_INT(decode_all("gzip, gzip", slice_of(packed2, n), n, true, &s), SL_OK);
  CHECK(!s.too_large);
  CHECK(s.got.n == LAYER && !memcmp(s.got.p, zeros, LAYER));
  sl_buf_done(&s.got);
  free(zeros);
}

/* Twice gzip around empty blocks (RFC 1951 3.2.4): a kilobyte that makes 16 MB of work and nothing to deliver. */
TEST(much_work_is_done_in_turns)
{
  enum { BLOCKS = 16 << 20 };
  char *blocks = malloc(BLOCKS);
  REQUIRE(blocks);
  memcpy(blocks, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  for (size_t i = 10; i < BLOCKS; i++)
    blocks[i] = (i - 10) % 5 > 2 ? '\xff' : 0;
  size_t n = zip(31, blocks, BLOCKS, packed, sizeof packed);
  n = zip(31, packed, n, packed2, sizeof packed2);
  struct sink s;
  sink_init(&s);
  struct decode *d = NULL;
  REQUIRE(sl_decode_new(slice_str("gzip, gzip, gzip"), &d) == SL_OK);
  int turns = 1;
  sl_result result = sl_decode_push(d, slice_of(packed2, n), false, take, &s);
  for (; result == SL_WAIT && turns < 100; turns++) {
    CHECK(sl_decode_tired(d) && sl_decode_paused(d));
    result = sl_decode_resume(d, take, &s);
  }
  CHECK_INT(result, SL_OK);
  CHECK(!sl_decode_tired(d) && !sl_decode_paused(d));
  CHECK(turns > 2 && turns < 10);
  CHECK_INT(s.calls, 0);
  /* Not so a pause of the sink's. */
  s.pause_every = 1;
  sl_decode_free(d);
  REQUIRE(sl_decode_new(slice_str("gzip"), &d) == SL_OK);
  n = zip(31, plain, 100, packed, sizeof packed);
  CHECK_INT(sl_decode_push(d, slice_of(packed, n), true, take, &s), SL_WAIT);
  CHECK(!sl_decode_tired(d) && sl_decode_paused(d));
  sl_decode_free(d);
  sl_buf_done(&s.got);
  free(blocks);
}

TEST(the_sinks_result_ends_it)
{
  fill();
  size_t n = pack(GZIP, plain, TEXT_BYTES, packed, sizeof packed);
  struct sink s;
  sink_init(&s);
  s.fail = CURLE_WRITE_ERROR;
  struct decode *d = NULL;
  REQUIRE(sl_decode_new(slice_str("gzip"), &d) == SL_OK);
  CHECK_INT(sl_decode_push(d, slice_of(packed, n), true, take, &s), CURLE_WRITE_ERROR);
  CHECK_INT(sl_decode_push(d, slice_of(packed, n), true, take, &s), CURLE_WRITE_ERROR);
  CHECK_INT(sl_decode_resume(d, take, &s), CURLE_WRITE_ERROR);
  CHECK_INT(s.calls, 1);
  sl_decode_free(d);
}

TEST(a_pause_keeps_the_rest_and_refuses_more)
{
  fill();
  size_t n = pack(GZIP, plain, TEXT_BYTES, packed, sizeof packed);
  struct sink s;
  sink_init(&s);
  s.pause_every = 1;
  struct decode *d = NULL;
  REQUIRE(sl_decode_new(slice_str("gzip"), &d) == SL_OK);
  CHECK(!sl_decode_paused(d));
  CHECK_INT(sl_decode_resume(d, take, &s), SL_OK); /* nothing to resume */
  CHECK_INT(sl_decode_push(d, slice_of(packed, n), true, take, &s), SL_WAIT);
  memset(packed, 0xaa, n); /* the pushed bytes are no longer needed */
  CHECK(sl_decode_paused(d));
  CHECK_INT(sl_decode_push(d, slice_str("x"), true, take, &s), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_decode_resume(d, take, &s), SL_WAIT);
  CHECK_INT(s.calls, 2);
  s.pause_every = 0;
  CHECK_INT(sl_decode_resume(d, take, &s), SL_OK);
  CHECK(!sl_decode_paused(d));
  CHECK(s.got.n == TEXT_BYTES && !memcmp(s.got.p, plain, TEXT_BYTES));
  sl_buf_done(&s.got);
  sl_decode_free(d);
}

TEST(a_pause_on_the_last_piece_still_checks_the_end)
{
  fill();
  size_t n = pack(GZIP, plain, 1200, packed, sizeof packed) - 1;
  struct sink s;
  sink_init(&s);
  s.pause_every = 2;
  s.calls = 1; /* the first call pauses */
  struct decode *d = NULL;
  REQUIRE(sl_decode_new(slice_str("gzip"), &d) == SL_OK);
  CHECK_INT(sl_decode_push(d, slice_of(packed, n), true, take, &s), SL_WAIT);
  CHECK_INT(sl_decode_resume(d, take, &s), CURLE_BAD_CONTENT_ENCODING);
  CHECK_INT(s.got.n, 1200);
  sl_buf_done(&s.got);
  sl_decode_free(d);
}

TEST(every_allocation_may_fail)
{
  fill();
  size_t gz = pack(GZIP, plain, TEXT_BYTES, packed, sizeof packed);
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct sink s;
    sink_init(&s);
    s.pause_every = 2;
    last = decode_all("gzip", slice_of(packed, gz), gz, true, &s);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_buf_done(&s.got);
  }
  CHECK_INT(last, SL_OK);
  last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(m)
  {
    struct sink s;
    sink_init(&s);
    last = decode_all("br", slice_of(br_text, sizeof br_text), 5, true, &s);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_buf_done(&s.got);
  }
  CHECK_INT(last, SL_OK);
}
