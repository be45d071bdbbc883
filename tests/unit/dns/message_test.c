/* DNS messages. */
#include "dns/message.h"

#include "base/mem.h"
#include "tests/test.h"

#define ROW_BYTES(s)                                                                               \
  {                                                                                                \
    "" s, sizeof(s) - 1                                                                            \
  }
#define BYTES(s) ((struct slice)ROW_BYTES(s))

TEST(names)
{
  static const struct {
    const char *name;
    bool ok;
  } rows[] = {
      {"a", true},      {"a.b.", true}, {"a_b.c-d", true}, {"xn--bcher-kva.example", true},
      {"", false},      {".", false},   {"a..b", false},   {".a", false},
      {"a..", false},   {"a b", false}, {"a\tb", false},   {"b\303\274cher", false},
      {"a\177", false}, {"*.a", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (!CHECK(sl_dns_name_ok(slice_str(rows[i].name)) == rows[i].ok))
      printf("#   %s\n", rows[i].name);
  CHECK(!sl_dns_name_ok(BYTES("a\0b")));
  char text[300];
  memset(text, 'x', sizeof text);
  CHECK(sl_dns_name_ok(slice_of(text, 63)));
  CHECK(!sl_dns_name_ok(slice_of(text, 64)));
  for (size_t i = 49; i < sizeof text; i += 50)
    text[i] = '.';
  CHECK(sl_dns_name_ok(slice_of(text, 253)));
  CHECK(!sl_dns_name_ok(slice_of(text, 254)));
  text[253] = '.';
  CHECK(sl_dns_name_ok(slice_of(text, 254)));
}

TEST(writes_a_query)
{
  unsigned char q[DNS_QUERY_MAX];
  static const char want[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\3bcd\0\0\x1c\0\1";
  CHECK_INT(sl_dns_query_write(q, slice_str("A.bCd"), DNS_TYPE_AAAA, 0x1234), sizeof want - 1);
  CHECK_MEM(q, want, sizeof want - 1);
  CHECK_INT(sl_dns_query_write(q, slice_str("a.bcd."), DNS_TYPE_AAAA, 0x1234), sizeof want - 1);
  char longest[253];
  memset(longest, 'x', sizeof longest);
  for (size_t i = 63; i < sizeof longest; i += 64)
    longest[i] = '.';
  CHECK_INT(sl_dns_query_write(q, slice_of(longest, 253), DNS_TYPE_A, 1), DNS_QUERY_MAX);
}

#define HEAD(flags, answers, authority) "\0\1" flags "\0\1" answers authority "\0\0"
#define QUESTION "\1a\1b\0\0\1\0\1"
#define ADDRESS "\xc0\x0c\0\1\0\1\0\0\0\x2a\0\4\x7f\0\0\1"

static enum dns_outcome outcome(struct slice m)
{
  struct dns_reply r;
  /* A copy of exactly that size, so that the sanitizer sees a read behind it. */
  char *copy = sl_memdup0(m.p, m.n);
  char *tight = copy ? sl_malloc(m.n ? m.n : 1) : NULL;
  if (!tight)
    return DNS_NOMEM;
  memcpy(tight, copy, m.n);
  sl_free(copy);
  sl_dns_reply_read(slice_of(tight, m.n), slice_str("A.b"), DNS_TYPE_A, &r);
  sl_free(tight);
  CHECK((r.outcome == DNS_DATA) == (r.n > 0));
  return r.outcome;
}

TEST(reads_replies)
{
  struct dns_reply r;
  struct slice m = BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION ADDRESS);
  sl_dns_reply_read(m, slice_str("a.B."), DNS_TYPE_A, &r);
  CHECK_INT(r.outcome, DNS_DATA);
  CHECK_INT(r.n, 1);
  CHECK_INT(r.ttl_s, 42);
  CHECK_MEM(r.ip[0], "\x7f\0\0\1", 4);
  CHECK_INT(outcome(m), DNS_DATA);
  for (size_t n = 0; n < m.n; n++)
    if (!CHECK_INT(outcome(slice_head(m, n)), DNS_GARBAGE))
      return;
}

TEST(does_not_believe_everything)
{
  static const struct {
    const char *why;
    struct slice m;
    enum dns_outcome want;
  } rows[] = {
      {"a query", ROW_BYTES(HEAD("\1\0", "\0\1", "\0\0") QUESTION ADDRESS), DNS_GARBAGE},
      {"another name", ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") "\1a\1c\0\0\1\0\1" ADDRESS),
       DNS_GARBAGE},
      {"another type", ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") "\1a\1b\0\0\x1c\0\1" ADDRESS),
       DNS_GARBAGE},
      {"another class", ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") "\1a\1b\0\0\1\0\3" ADDRESS),
       DNS_GARBAGE},
      {"another owner",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\1c\0\0\1\0\1\0\0\0\x2a\0\4\x7f\0\0\1"),
       DNS_NODATA},
      {"record of another class",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION
                 "\xc0\x0c\0\1\0\3\0\0\0\x2a\0\4\x7f\0\0\1"),
       DNS_NODATA},
      {"address too long",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION
                 "\xc0\x0c\0\1\0\1\0\0\0\x2a\0\5\x7f\0\0\1\1"),
       DNS_GARBAGE},
      {"more records than there are", ROW_BYTES(HEAD("\x81\x80", "\0\2", "\0\0") QUESTION ADDRESS),
       DNS_GARBAGE},
      {"absurdly many records", ROW_BYTES(HEAD("\x81\x80", "\xff\xff", "\0\0") QUESTION ADDRESS),
       DNS_GARBAGE},
      {"pointer to itself",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\xc0\x15\0\1\0\1\0\0\0\x2a\0\0"),
       DNS_GARBAGE},
      {"pointer forwards",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\xc0\x17\0\1\0\1\0\0\0\x2a\0\0"),
       DNS_GARBAGE},
      {"pointer that comes round again",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\1c\xc0\x15\0\1\0\1\0\0\0\x2a\0\0"),
       DNS_GARBAGE},
      {"reserved label",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\x40"
                                                           "a\0\0\1\0\1\0\0\0\x2a\0\0"),
       DNS_GARBAGE},
      {"two questions", ROW_BYTES("\0\1\x81\x80\0\2\0\0\0\0\0\0" QUESTION QUESTION), DNS_GARBAGE},
      {"no name", ROW_BYTES(HEAD("\x81\x83", "\0\0", "\0\0") QUESTION), DNS_NXDOMAIN},
      {"no data", ROW_BYTES(HEAD("\x81\x80", "\0\0", "\0\0") QUESTION), DNS_NODATA},
      {"server failure", ROW_BYTES(HEAD("\x81\x82", "\0\0", "\0\0") QUESTION), DNS_FAILED},
      {"alias cut short",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\xc0\x0c\0\5\0\1\0\0\0\x2a\0\3\1c\0\0"),
       DNS_NODATA},
      {"alias longer than its record",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\xc0\x0c\0\5\0\1\0\0\0\x2a\0\2\1c\0\0"),
       DNS_GARBAGE},
      {"ring",
       ROW_BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION
                 "\xc0\x0c\0\5\0\1\0\0\0\x2a\0\2\xc0\x0c"),
       DNS_GARBAGE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (!CHECK_INT(outcome(rows[i].m), rows[i].want))
      printf("#   %s\n", rows[i].why);
}

TEST(time_to_live)
{
  struct dns_reply r;
  /* An alias of 10 s before an address of 42 s. */
  sl_dns_reply_read(BYTES(HEAD("\x81\x80", "\0\2", "\0\0") QUESTION
                          "\xc0\x0c\0\5\0\1\0\0\0\x0a\0\3\1c\0"
                          "\1c\0\0\1\0\1\0\0\0\x2a\0\4\x7f\0\0\1"),
                    slice_str("a.b"), DNS_TYPE_A, &r);
  CHECK_INT(r.outcome, DNS_DATA);
  CHECK_INT(r.ttl_s, 10);
  /* RFC 2181: more than 31 bits are 0. */
  sl_dns_reply_read(
      BYTES(HEAD("\x81\x80", "\0\1", "\0\0") QUESTION "\xc0\x0c\0\1\0\1\x80\0\0\0\0\4\x7f\0\0\1"),
      slice_str("a.b"), DNS_TYPE_A, &r);
  CHECK_INT(r.ttl_s, 0);
  /* An SOA record of 9 s with a minimum of 7 s. */
#define SOA(ttl, minimum)                                                                          \
  "\0\0\6\0\1\0\0\0" ttl "\0\x16\0\0"                                                              \
  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" minimum
  sl_dns_reply_read(BYTES(HEAD("\x81\x83", "\0\0", "\0\1") QUESTION SOA("\x09", "\x07")),
                    slice_str("a.b"), DNS_TYPE_A, &r);
  CHECK_INT(r.outcome, DNS_NXDOMAIN);
  CHECK_INT(r.ttl_s, 7);
  sl_dns_reply_read(BYTES(HEAD("\x81\x83", "\0\0", "\0\0") QUESTION), slice_str("a.b"), DNS_TYPE_A,
                    &r);
  CHECK_INT(r.ttl_s, DNS_TTL_UNKNOWN);
}

/* Every single wrong byte: no crash, no hang, and what counts as data has an address. */
TEST(bytes_turned_over)
{
  static const char good[] =
      HEAD("\x81\x80", "\0\2", "\0\0") QUESTION "\xc0\x0c\0\5\0\1\0\0\0\x0a\0\3\1c\0"
                                                "\1c\0\0\1\0\1\0\0\0\x2a\0\4\x7f\0\0\1";
  char m[sizeof good - 1];
  unsigned data = 0;
  for (size_t i = 0; i < sizeof m; i++)
    for (int bit = 0; bit < 8; bit++) {
      memcpy(m, good, sizeof m);
      m[i] = (char)(m[i] ^ (1 << bit));
      data += outcome(slice_of(m, sizeof m)) == DNS_DATA;
    }
  CHECK(data > 0 && data < 8 * sizeof m);
}
