/* wire/ldap.c: what is said, byte by byte, and what servers answer, cut at every place. */
#include "wire/ldap.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

static struct buf out;

static void clear(void)
{
  sl_buf_done(&out);
  sl_buf_init(&out, 1 << 20);
}

static void check_out(const char *want, size_t n)
{
  CHECK_INT(out.n, n);
  CHECK_MEM(out.p, want, n);
  clear();
}
#define OUT(want) check_out(want, sizeof(want) - 1)

TEST(what_is_said)
{
  struct ldap_search search = {SLICE_LIT("dc=x"), SLICE_LIT("\x87\1a"), SLICE_LIT("cn,,sn,"), LDAP_SUB};
  clear();
  sl_ldap_bind(&out, 1, SLICE_NONE, SLICE_NONE);
  OUT("\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0");
  sl_ldap_bind(&out, 127, SLICE_LIT("cn=me"), SLICE_LIT("secret"));
  OUT("\x30\x17\2\1\x7f\x60\x12\2\1\3\4\5cn=me\x80\6secret");
  sl_ldap_bind_sasl(&out, 128, SLICE_LIT("EXTERNAL"), &SLICE_NONE);
  OUT("\x30\x19\2\2\0\x80\x60\x13\2\1\3\4\0\xa3\x0c\4\x08" "EXTERNAL\4\0");
  sl_ldap_bind_sasl(&out, 1, SLICE_LIT("X"), NULL);
  OUT("\x30\x0f\2\1\1\x60\x0a\2\1\3\4\0\xa3\3\4\1X");
  sl_ldap_start_tls(&out, 0x7fffffff);
  OUT("\x30\x20\2\4\x7f\xff\xff\xff\x77\x18\x80\x16" "1.3.6.1.4.1.1466.20037");
  sl_ldap_search(&out, 2, &search);
  OUT("\x30\x27\2\1\2\x63\x22\4\4dc=x\x0a\1\2\x0a\1\0\2\1\0\2\1\0\1\1\0\x87\1a\x30\x08\4\2cn\4\2sn");
  search = (struct ldap_search){.filter = SLICE_LIT("\x87\1a"), .scope = LDAP_BASE};
  sl_ldap_search(&out, 32768, &search);
  OUT("\x30\x1d\2\3\0\x80\0\x63\x16\4\0\x0a\1\0\x0a\1\0\2\1\0\2\1\0\1\1\0\x87\1a\x30\0");
  sl_ldap_unbind(&out, 3);
  OUT("\x30\5\2\1\3\x42\0");
  sl_buf_done(&out);
}

TEST(lengths_of_every_size)
{
  static const struct {
    uint32_t n;
    const char *head;
    size_t head_n;
  } rows[] = {{0, "\4\0", 2},           {1, "\4\1", 2},           {127, "\4\x7f", 2},
              {128, "\4\x81\x80", 3},   {255, "\4\x81\xff", 3},   {256, "\4\x82\1\0", 4},
              {65535, "\4\x82\xff\xff", 4}, {65536, "\4\x83\1\0\0", 5}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *text = malloc(rows[i].n + 1);
    uint8_t tag;
    struct slice content;
    memset(text, 'x', rows[i].n);
    clear();
    sl_ber_string(&out, BER_STRING, slice_of(text, rows[i].n));
    CHECK_INT(out.n, rows[i].n + rows[i].head_n);
    CHECK_MEM(out.p, rows[i].head, rows[i].head_n);
    struct slice in = sl_buf_peek(&out);
    CHECK(sl_ber_take(&in, &tag, &content));
    CHECK_INT(in.n, 0);
    CHECK(slice_eq(content, slice_of(text, rows[i].n)));
    in = slice_head(sl_buf_peek(&out), out.n - 1);
    CHECK(!sl_ber_take(&in, &tag, &content));
    free(text);
  }
  sl_buf_done(&out);
}

TEST(elements_that_are_none)
{
  static const struct slice rows[] = {SLICE_LIT(""), SLICE_LIT("\4"), SLICE_LIT("\4\x80\0\0"), SLICE_LIT("\4\x85\0\0\0\0\1x"),
                                      SLICE_LIT("\4\x82\0"), SLICE_LIT("\4\1"), SLICE_LIT("\x1f\1x"), SLICE_LIT("\4\xff")};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct slice in = rows[i], content;
    uint8_t tag;
    CHECK(!sl_ber_take(&in, &tag, &content));
    CHECK_INT(in.n, rows[i].n);
  }
}

#define DONE "\x65\x0b\x0a\1\x20\4\2ab\4\2no"

TEST(messages_are_measured)
{
  static const struct {
    struct slice bytes;
    enum sl_parse want;
    size_t n;
  } rows[] = {
      {SLICE_LIT("\x30\5\2\1\3\x42\0"), SL_PARSE_DONE, 7},
      {SLICE_LIT("\x30\5"), SL_PARSE_DONE, 7},
      {SLICE_LIT("\x30\x84\0\0\0\5"), SL_PARSE_DONE, 11},
      {SLICE_LIT("\x30\x84\4\0\0\0"), SL_PARSE_BAD, 0}, /* too large */
      {SLICE_LIT("\x30\x84\3\xff\xff\xfa"), SL_PARSE_DONE, LDAP_MESSAGE_MAX},
      {SLICE_LIT("\x30\x84\3\xff\xff\xfb"), SL_PARSE_BAD, 0},
      {SLICE_LIT("\x30\x84\xff\xff\xff\xff"), SL_PARSE_BAD, 0},
      {SLICE_LIT("\x30\x84\0\0\0"), SL_PARSE_MORE, 0},
      {SLICE_LIT("\x30"), SL_PARSE_MORE, 0},
      {SLICE_LIT(""), SL_PARSE_MORE, 0},
      {SLICE_LIT("\x30\x80"), SL_PARSE_BAD, 0},
      {SLICE_LIT("\x30\x85"), SL_PARSE_BAD, 0},
      {SLICE_LIT("H"), SL_PARSE_BAD, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t n = 0;
    if (!CHECK_INT(sl_ldap_measure(rows[i].bytes, &n), rows[i].want))
      printf("# row %zu\n", i);
    CHECK_INT(n, rows[i].n);
  }
}

TEST(a_result)
{
  static const struct slice whole = SLICE_LIT("\x30\x10\2\1\7" DONE);
  struct ldap_message m;
  struct ldap_result r;
  REQUIRE(sl_ldap_message(whole, &m));
  CHECK_INT(m.id, 7);
  CHECK_INT(m.op, LDAP_SEARCH_DONE);
  REQUIRE(sl_ldap_result(m.body, &r));
  CHECK_INT(r.code, 32);
  CHECK(slice_eq(r.text, SLICE_LIT("no")));
  CHECK_STR(sl_ldap_code_name(r.code), "No such object");
  CHECK_STR(sl_ldap_code_name(0), "");
  CHECK_STR(sl_ldap_code_name(81), "");
  CHECK_STR(sl_ldap_code_name(UINT32_MAX), "");
  CHECK_INT(r.sasl.n, 0);
  CHECK(sl_ldap_result(SLICE_LIT("\x0a\1\x0e\4\0\4\0\xa3\3\4\1x\x87\2ab"), &r));
  CHECK(slice_eq(r.sasl, SLICE_LIT("ab")));
  CHECK(!sl_ldap_result(SLICE_LIT("\x0a\1\x0e\4\0\4\0\x87\2a"), &r));
  for (size_t n = 0; n < whole.n; n++)
    CHECK(!sl_ldap_message(slice_head(whole, n), &m));
  for (size_t n = 0; n < m.body.n; n++)
    CHECK(!sl_ldap_result(slice_head(m.body, n), &r));
  CHECK(sl_ldap_message(SLICE_LIT("\x30\x12\2\1\7" DONE "\xa0\0"), &m)); /* controls */
}

TEST(messages_that_are_none)
{
  static const struct slice rows[] = {
      SLICE_LIT("\x30\x10\2\1\x87" DONE),             /* a negative identifier */
      SLICE_LIT("\x30\x0f\2\0" DONE),                 /* none */
      SLICE_LIT("\x30\x14\2\5\0\0\0\0\7" DONE),       /* too wide */
      SLICE_LIT("\x30\x10\4\1\7" DONE),               /* no number */
      SLICE_LIT("\x31\x10\2\1\7" DONE),               /* no sequence */
      SLICE_LIT("\x30\3\2\1\7"),                      /* no operation */
      SLICE_LIT("\x30\x11\2\1\7" DONE),               /* cut */
      SLICE_LIT("\x30\x10\2\1\7" DONE "x"),           /* too much */
  };
  struct ldap_message m;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!CHECK(!sl_ldap_message(rows[i], &m)))
      printf("# row %zu\n", i);
}

TEST(without_memory)
{
  struct ldap_search search = {SLICE_LIT("dc=x"), SLICE_LIT("\x87\1a"), SLICE_LIT("cn,sn"), LDAP_SUB};
  static char dn[1000];
  bool ok = false;
  search.dn = slice_of(dn, sizeof dn);
  FOR_EACH_FAILING_ALLOC(n) {
    struct buf b;
    sl_buf_init(&b, 100000);
    sl_ldap_search(&b, 1, &search);
    ok = sl_buf_ok(&b);
    CHECK(ok || b.nomem);
    sl_buf_done(&b);
  }
  CHECK(ok);
  sl_buf_init(&out, 500); /* nor where there is no room */
  sl_ldap_search(&out, 1, &search);
  CHECK(out.full);
  sl_buf_done(&out);
}
