/* NTLM messages, byte by byte, and type 2 messages from bad servers. */
#include "tests/test.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "wire/encode.h"
#include "wire/ntlm.h"

#define TYPE2                                                                                      \
  "TlRMTVNTUAACAAAAAgACADAAAACGggEAc51AYVDgyNcAAAAAAAAAAG4AbgAyAAAAQ0MCAAQAQwBDAAEAEgBFAEwASQBTAE" \
  "EA"                                                                                             \
  "QgBFAFQASAAEABgAYwBjAC4AaQBjAGUAZABlAHYALgBuAHUAAwAsAGUAbABpAHMAYQBiAGUAdABoAC4AYwBjAC4AaQBjAG" \
  "UA"                                                                                             \
  "ZABlAHYALgBuAHUAAAAAAA=="
/* a made up server's, with target information */
#define INFO "AAAAAAAAAACQAJAAwAAAAAgAMAEQATwBNAEEASQBOAAEADABTAEUAUgBWAEUAUgAAAAAA"

TEST(type_1)
{
  struct buf out;
  sl_buf_init(&out, 1000);
  CHECK_INT(sl_ntlm_negotiate(&out), SL_OK);
  CHECK_STR(out.p, "TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=");
  sl_buf_done(&out);
}

TEST(type_3)
{
  static const struct {
    const char *type2, *user, *password, *entropy;
    int64_t now_s;
    const char *type3;
  } rows[] = {
      {TYPE2, "testuser", "testpass", "xxxxxxxx", 0,
       "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAAAAABwAAAACAAIAHAAAAALAAsAeAAAAAAAAAAAAAAAhoIBAFpkQwK"
       "RCZFM"
       "hjj0tw47wEjKHRHlvzfxQamFcheMuv8v+xeqphEO5V41xRd7R9deOXRlc3R1c2VyV09SS1NUQVRJT04="},
      {TYPE2, "mydomain\\myself", "secret", "xxxxxxxx", 0,
       "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAgACABwAAAABgAGAHgAAAALAAsAfgAAAAAAAAAAAAAAhoIBAMIyJpR"
       "5mHpg"
       "2FZha5kRaFZ9436GAxPu0C5llxexSQ5QzVkiLSfkcpVyRgCXXqR+Am15ZG9tYWlubXlzZWxmV09SS1NUQVRJT04="},
      {"TlRMTVNTUAACAAAAAAAAADAAAAAHggAAASNFZ4mrze8AAAAAAAAAAA==", "dom\\user", "pass", "xxxxxxxx",
       0,
       "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAYABgBwAAAACAAIAHYAAAAWABYAfgAAAAAAAAAAAAAAB4IAAEJPl9W"
       "iE4RE"
       "YSWsAc0Iu7NfMjE4TYeTiFRSEYr8jvGN3btOQvc7+"
       "w27Q1L4omSCDGQAbwBtAHUAcwBlAHIAVwBPAFIASwBTAFQAQQBUAEkA"
       "TwBOAA=="},
      {"TlRMTVNTUAACAAAAAAAAADAAAACGggAAASNFZ4mrze8AAAAAAAAAAA==", "us\303\203",
       "pPpPpPpPpPpPpPpPpPpPpPpPpPpPpP", "xxxxxxxx", 0,
       "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAAAAABwAAAABAAEAHAAAAALAAsAdAAAAAAAAAAAAAAAhoIAALWz/"
       "fZ1nZsH"
       "BFS1pJBYasGWMPYw95YRSlM7nD1XoWuSter/BUEiDSUiLV2LMA9Q3nVzw4NXT1JLU1RBVElPTg=="},
      {"TlRMTVNTUAACAAAAAAAAADAAAAAHgoAAASNFZ4mrze8" INFO, "us", "", "xxxxxxxx", 0,
       "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAAAAABwAAAABAAEAHAAAAAWABYAdAAAAAAAAAAAAAAAB4KAALraRxb"
       "GMNaR"
       "GA4WP73YfN5fMjE4TYeTiDousrGxOwG4SRqwDAcN1+HaC5gECwLAP3UAcwBXAE8AUgBLAFMAVABBAFQASQBPAE4A"},
      /* extended session security: NTLMv2, without and with target information */
      {"TlRMTVNTUAACAAAAAAAAADAAAAAGgggAASNFZ4mrze8AAAAAAAAAAA==", "testuser", "testpass",
       "\300\077\255\252\006\250\146\140", 1795355568,
       "TlRMTVNTUAADAAAAGAAYAEAAAAAwADAAWAAAAAAAAACIAAAACAAIAIgAAAALAAsAkAAAAAAAAAAAAAAABoIIAAMFNfm"
       "UwBWp"
       "FYZJr017mE7AP62qBqhmYGxAR//"
       "dlZdkdgE0OtMwRd0BAQAAAAAAAAB4AcKIet0BwD+tqgaoZmAAAAAAAAAAAHRlc3R1c2Vy"
       "V09SS1NUQVRJT04="},
      {"TlRMTVNTUAACAAAAAAAAADAAAAAHgogAASNFZ4mrze8" INFO, "dom\\Us\303\277er", "pass",
       "\145\233\247\117\216\370\310\310", 1795355568,
       "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAYABgCsAAAADAAMALIAAAAWABYAvgAAAAAAAAAAAAAAB4KIALF2sOn"
       "A9LKn"
       "LsiG+"
       "flBAPRlm6dPjvjIyNJ0bxxzxkB7rqqYZo1vNKIBAQAAAAAAAAB4AcKIet0BZZunT474yMgAAAAAAgAMAEQATwBNAEEA"
       "SQBOAAEADABTAEUAUgBWAEUAUgAAAAAAAAAAAGQAbwBtAFUAcwDDAL8AZQByAFcATwBSAEsAUwBUAEEAVABJAE8ATgA"
       "="},
      {"TlRMTVNTUAACAAAAAAAAADAAAAAGgogAASNFZ4mrze8" INFO, "DoM/user", "",
       "\317\335\101\000\107\206\102\116", 1795355568,
       "TlRMTVNTUAADAAAAGAAYAEAAAABUAFQAWAAAAAMAAwCsAAAABAAEAK8AAAALAAsAswAAAAAAAAAAAAAABoKIALCvVbX"
       "iUgj2"
       "suREWDLfG9PP3UEAR4ZCTrGpF6Xjuq1DxGjGeoWy1F8BAQAAAAAAAAB4AcKIet0Bz91BAEeGQk4AAAAAAgAMAEQATwB"
       "NAEEA"
       "SQBOAAEADABTAEUAUgBWAEUAUgAAAAAAAAAAAERvTXVzZXJXT1JLU1RBVElPTg=="},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ntlm_challenge c;
    struct buf out;
    unsigned char entropy[SL_NTLM_ENTROPY];
    sl_buf_init(&out, 10000);
    memcpy(entropy, rows[i].entropy, sizeof entropy);
    REQUIRE(sl_ntlm_challenge_parse(slice_str(rows[i].type2), &c) == SL_OK);
    CHECK_INT(sl_ntlm_authenticate(&c, slice_str(rows[i].user), slice_str(rows[i].password),
                                   entropy, rows[i].now_s, &out),
              SL_OK);
    CHECK_STR(out.p, rows[i].type3);
    sl_buf_done(&out);
    sl_ntlm_challenge_done(&c);
  }
}

/* A type 2 message of n bytes as base64. */
static sl_result parse(const unsigned char *message, size_t n, struct ntlm_challenge *c)
{
  struct buf text;
  sl_buf_init(&text, 200000);
  sl_encode_base64(slice_of((const char *)message, n), &text);
  sl_result result = sl_ntlm_challenge_parse(sl_buf_peek(&text), c);
  sl_buf_done(&text);
  return result;
}

TEST(type_2_messages)
{
  unsigned char m[60] = "NTLMSSP\0\2\0\0\0";
  struct ntlm_challenge c;
  memcpy(m + 20, "\x07\x82\x80\x00", 4); /* target information is announced */
  memcpy(m + 24, "abcdefgh", 8);
  memcpy(m + 40, "\14\0\14\0\60\0\0\0", 8); /* 12 bytes at 48 */
  REQUIRE(parse(m, 60, &c) == SL_OK);
  CHECK_INT(c.flags, 0x808207);
  CHECK_MEM(c.nonce, "abcdefgh", 8);
  CHECK_INT(c.target_info_n, 12);
  sl_ntlm_challenge_done(&c);
  memcpy(m + 56, "info", 4);
  m[40] = 4;
  m[44] = 56;
  REQUIRE(parse(m, 60, &c) == SL_OK);
  CHECK_MEM(c.target_info, "info", 4);
  m[40] = 12;
  m[44] = 48;
  sl_ntlm_challenge_done(&c);
  CHECK(!c.target_info);
  CHECK_INT(parse(m, 59, &c), CURLE_BAD_CONTENT_ENCODING);
  CHECK_INT(parse(m, 31, &c), CURLE_BAD_CONTENT_ENCODING);
  CHECK_INT(parse(m, 0, &c), CURLE_BAD_CONTENT_ENCODING);
  REQUIRE(parse(m, 47, &c) == SL_OK); /* from before there was target information */
  CHECK(!c.target_info);
  REQUIRE(parse(m, 32, &c) == SL_OK);
  m[44] = 47;
  CHECK_INT(parse(m, 60, &c), CURLE_BAD_CONTENT_ENCODING);
  m[44] = 61;
  CHECK_INT(parse(m, 60, &c), CURLE_BAD_CONTENT_ENCODING);
  memset(m + 44, 0xff, 4);
  CHECK_INT(parse(m, 60, &c), CURLE_BAD_CONTENT_ENCODING);
  m[40] = 0;
  CHECK_INT(parse(m, 60, &c), SL_OK);
  CHECK_INT(c.target_info_n, 0);
  m[40] = 12;
  m[22] = 0; /* not announced */
  CHECK_INT(parse(m, 60, &c), SL_OK);
  CHECK_INT(c.target_info_n, 0);
  m[8] = 3;
  CHECK_INT(parse(m, 60, &c), CURLE_BAD_CONTENT_ENCODING);
  m[8] = 2;
  m[0] = 'n';
  CHECK_INT(parse(m, 60, &c), CURLE_BAD_CONTENT_ENCODING);
  CHECK_INT(sl_ntlm_challenge_parse(slice_str("TlRMTVNTUAACAAAAAAAAADAAAAAHggAA!"), &c),
            CURLE_BAD_CONTENT_ENCODING);
}

TEST(names_have_a_limit)
{
  static const struct {
    uint32_t flags;
    size_t longest;
  } rows[] = {{0x8286, 900}, {0x8207, 444}, {0x88206, 876}, {0x88207, 432}};
  static char name[2000];
  static unsigned char info[65535];
  static const unsigned char entropy[SL_NTLM_ENTROPY];
  struct buf out;
  sl_buf_init(&out, 200000);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ntlm_challenge c = {.flags = rows[i].flags, .target_info = info};
    for (int with_info = 0; with_info < 2; with_info++) {
      c.target_info_n = with_info ? 60000 : 0;
      memset(name, 'x', sizeof name);
      struct slice user = slice_of(name, rows[i].longest);
      CHECK_INT(sl_ntlm_authenticate(&c, user, slice_str("p"), entropy, 0, &out), SL_OK);
      user.n++;
      CHECK_INT(sl_ntlm_authenticate(&c, user, slice_str("p"), entropy, 0, &out), CURLE_TOO_LARGE);
      name[100] = '\\'; /* the same with a part of it as the domain */
      CHECK_INT(sl_ntlm_authenticate(&c, user, slice_str("p"), entropy, 0, &out), SL_OK);
      user.n++;
      CHECK_INT(sl_ntlm_authenticate(&c, user, slice_str("p"), entropy, 0, &out), CURLE_TOO_LARGE);
      sl_buf_clear(&out);
    }
    c.target_info_n = 65535; /* and the response has one */
    CHECK_INT(sl_ntlm_authenticate(&c, slice_str("u"), slice_str("p"), entropy, 0, &out),
              rows[i].flags & 0x80000 ? CURLE_TOO_LARGE : SL_OK);
  }
  sl_buf_done(&out);
}

TEST(every_allocation_may_fail)
{
  static const unsigned char entropy[SL_NTLM_ENTROPY];
  static const char *const type2[] = {TYPE2, "TlRMTVNTUAACAAAAAAAAADAAAAAHgogAASNFZ4mrze8" INFO};
  for (int i = 0; i < 2; i++) {
    sl_result last = SL_NOMEM;
    FOR_EACH_FAILING_ALLOC(n)
    {
      struct ntlm_challenge c = {.flags = 0};
      struct buf out;
      sl_buf_init(&out, 10000);
      last = sl_ntlm_challenge_parse(slice_str(type2[i]), &c);
      if (last == SL_OK)
        last = sl_ntlm_authenticate(&c, slice_str("a\\b"), slice_str("c"), entropy, 1, &out);
      CHECK(last == SL_OK || last == SL_NOMEM);
      sl_buf_done(&out);
      sl_ntlm_challenge_done(&c);
    }
    CHECK_INT(last, SL_OK);
  }
}
