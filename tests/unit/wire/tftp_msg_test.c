/* wire/tftp_msg.c: what is sent byte by byte, and what servers and others may answer, cut off at every length. */
#include "wire/tftp_msg.h"

#include <stdlib.h>

#include "tests/test.h"

#define BYTES(text) slice_of("" text, sizeof(text) - 1)

static const struct tftp_request read_abc = {
    .file = {"abc", 3}, .options = true, .blksize = 1024, .timeout_s = 6};

TEST(a_request_with_options)
{
  char dst[TFTP_REQUEST_MAX];
  struct slice want = BYTES("\0\1abc\0octet\0tsize\0" "0\0blksize\0" "1024\0timeout\0" "6\0");
  size_t n = sl_tftp_write_request(dst, &read_abc);
  CHECK(slice_eq(slice_of(dst, n), want));
}

TEST(a_request_to_write_without_options)
{
  char dst[TFTP_REQUEST_MAX];
  struct tftp_request r = {.file = {"/a b", 4}, .write = true, .netascii = true, .tsize = 7};
  size_t n = sl_tftp_write_request(dst, &r);
  CHECK(slice_eq(slice_of(dst, n), BYTES("\0\2/a b\0netascii\0")));
  r.file = SLICE_NONE;
  n = sl_tftp_write_request(dst, &r);
  CHECK(slice_eq(slice_of(dst, n), BYTES("\0\2\0netascii\0")));
}

TEST(a_request_never_passes_its_maximum)
{
  char name[TFTP_REQUEST_MAX + 100];
  memset(name, 'n', sizeof name);
  size_t longest = 0;
  for (size_t n = 0; n <= sizeof name; n++) {
    char *dst = malloc(TFTP_REQUEST_MAX); /* its end is the sanitizer's to watch */
    REQUIRE(dst);
    struct tftp_request r = {.file = {name, n}};
    size_t len = sl_tftp_write_request(dst, &r);
    free(dst);
    if (len)
      longest = len;
    CHECK_INT(len, n <= TFTP_REQUEST_MAX - 9 ? n + 9 : 0);
  }
  CHECK_INT(longest, TFTP_REQUEST_MAX);
}

TEST(a_file_name_with_a_zero_byte_is_none)
{
  char dst[TFTP_REQUEST_MAX];
  struct tftp_request r = {.file = {"a\0b", 3}};
  CHECK_INT(sl_tftp_write_request(dst, &r), 0);
}

TEST(heads_and_errors)
{
  char dst[TFTP_ERROR_MAX], text[200];
  CHECK_INT(sl_tftp_write_head(dst, TFTP_ACK, 0xff01), 4);
  CHECK_MEM(dst, "\0\4\xff\1", 4);
  CHECK_INT(sl_tftp_write_error(dst, TFTP_CODE_OPTIONS, "no"), 7);
  CHECK_MEM(dst, "\0\5\0\10no\0", 7);
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = 0;
  CHECK_INT(sl_tftp_write_error(dst, TFTP_CODE_OTHER, text), TFTP_ERROR_MAX);
  CHECK_INT(dst[TFTP_ERROR_MAX - 1], 0);
}

TEST(blocks_and_acknowledgements_are_read)
{
  struct tftp_msg m;
  REQUIRE(sl_tftp_parse(BYTES("\0\3\xff\xfe" "data"), &m));
  CHECK_INT(m.op, TFTP_DATA);
  CHECK_INT(m.number, 0xfffe);
  CHECK(slice_eq(m.data, BYTES("data")));
  REQUIRE(sl_tftp_parse(BYTES("\0\3\0\1"), &m));
  CHECK_INT(m.data.n, 0);
  REQUIRE(sl_tftp_parse(BYTES("\0\4\1\2trailing"), &m));
  CHECK_INT(m.op, TFTP_ACK);
  CHECK_INT(m.number, 0x102);
}

TEST(errors_are_read_with_and_without_their_end)
{
  struct tftp_msg m;
  REQUIRE(sl_tftp_parse(BYTES("\0\5\0\1gone\0more"), &m));
  CHECK_INT(m.op, TFTP_ERROR);
  CHECK_INT(m.number, TFTP_CODE_NOT_FOUND);
  CHECK(slice_eq(m.data, BYTES("gone")));
  REQUIRE(sl_tftp_parse(BYTES("\0\5\0\1gone"), &m));
  CHECK(slice_eq(m.data, BYTES("gone")));
  REQUIRE(sl_tftp_parse(BYTES("\0\5\0\1"), &m));
  CHECK_INT(m.data.n, 0);
}

TEST(options_are_read)
{
  struct tftp_msg m;
  REQUIRE(sl_tftp_parse(BYTES("\0\6BlkSize\0" "1432\0tsize\0" "0\0other\0thing\0timeout\0" "255\0"), &m));
  CHECK(!m.bad);
  CHECK_INT(m.blksize, 1432);
  CHECK_INT(m.tsize, 0);
  CHECK_INT(m.timeout_s, 255);
  REQUIRE(sl_tftp_parse(BYTES("\0\6"), &m));
  CHECK(!m.bad);
  CHECK_INT(m.blksize, -1);
  CHECK_INT(m.tsize, -1);
}

static bool bad_options(struct slice packet)
{
  struct tftp_msg m;
  return sl_tftp_parse(packet, &m) && m.op == TFTP_OACK && m.bad;
}

TEST(options_that_make_no_sense)
{
  CHECK(bad_options(BYTES("\0\6blksize\0")));
  CHECK(bad_options(BYTES("\0\6blksize\0\0")));
  CHECK(bad_options(BYTES("\0\6blksize\0" "512")));
  CHECK(bad_options(BYTES("\0\6blksize\0-512\0")));
  CHECK(bad_options(BYTES("\0\6blksize\0" "512x\0")));
  CHECK(bad_options(BYTES("\0\6tsize\0" "99999999999999999999\0")));
  CHECK(bad_options(BYTES("\0\6blksize\0" "512\0blksize\0" "513\0")));
  CHECK(bad_options(BYTES("\0\6x")));
  CHECK(!bad_options(BYTES("\0\6x\0y\0")));
}

TEST(what_no_server_says_is_nothing)
{
  struct tftp_msg m = {.op = 77};
  const char *packet = "\0\5\0\1text";
  for (size_t n = 0; n < TFTP_HEAD; n++)
    CHECK(!sl_tftp_parse(slice_of(packet, n), &m));
  CHECK(!sl_tftp_parse(SLICE_NONE, &m));
  CHECK(!sl_tftp_parse(BYTES("\0\1abc\0octet\0"), &m));
  CHECK(!sl_tftp_parse(BYTES("\0\2abc\0octet\0"), &m));
  CHECK(!sl_tftp_parse(BYTES("\0\7abc"), &m));
  CHECK(!sl_tftp_parse(BYTES("\1\3abcd"), &m));
  CHECK(!sl_tftp_parse(BYTES("\0\0\0\0"), &m));
  CHECK_INT(m.op, 77);
}

/* Every prefix in memory of exactly its size. */
TEST(a_packet_cut_off_anywhere_is_read_within_its_bounds)
{
  struct slice whole = BYTES("\0\6blksize\0" "512\0tsize\0" "1234\0timeout\0" "6\0");
  unsigned good = 0;
  for (size_t n = 2; n <= whole.n; n++) {
    char *copy = malloc(n);
    struct tftp_msg m;
    REQUIRE(copy);
    memcpy(copy, whole.p, n);
    CHECK(sl_tftp_parse(slice_of(copy, n), &m));
    good += !m.bad;
    free(copy);
  }
  CHECK_INT(good, 4); /* between the options only */
}
