/* MD4: the test suite of RFC 1320 A.5, and the padding's edges. */
#include "tests/test.h"

#include "wire/md4.h"

static const char *hex_of(const char *text, size_t n)
{
  static char out[33];
  unsigned char digest[16];
  sl_md4((const unsigned char *)text, n, digest);
  for (int i = 0; i < 16; i++)
    snprintf(out + 2 * i, 3, "%02x", digest[i]);
  return out;
}

TEST(rfc_1320_test_suite)
{
  static const char *const rows[][2] = {
      {"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
      {"a", "bde52cb31de33e46245e05fbdbd6fb24"},
      {"abc", "a448017aaf21d8525fc10ae87aa6729d"},
      {"message digest", "d9130a8164549fe818874806e1c7014b"},
      {"abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
       "043f8582f241db351ce627e153e7f0e4"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "e33b4ddc9c38f2199c3e7b164fcc0536"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    CHECK_STR(hex_of(rows[i][0], strlen(rows[i][0])), rows[i][1]);
}

TEST(lengths_around_a_block)
{
  char text[130];
  memset(text, 'x', sizeof text);
  CHECK_STR(hex_of(text, 55), "92f32bb82c95ad10e8f87ae58ab06807");
  CHECK_STR(hex_of(text, 56), "374d5f08103b7092c83b4626ebceffab");
  CHECK_STR(hex_of(text, 63), "2870452596e98fffd48332289b3472b9");
  CHECK_STR(hex_of(text, 64), "b1abf956a5ae6f3221e5fe85e300fbb0");
  CHECK_STR(hex_of(text, 65), "afc1a3308fc176a53238a09aeddec2e6");
  CHECK_STR(hex_of(text, 119), "b55ae15e41e55643b0c3daad5e05c905");
  CHECK_STR(hex_of(text, 120), "d8f9adfc41ec43552619606c70cfd287");
  CHECK_STR(hex_of(text, 128), "7c087dd92a6743e09f3763a6d99c9d26");
}
