/* wire/ldap_filter.c: filters as text and as bytes, and what is no filter. Which is which has been compared with
 * OpenLDAP's library; tests/real/slapd_test.py does so again. */
#include "wire/ldap_filter.h"

#include "base/mem.h"
#include "tests/test.h"

static void check_filter(const char *text, const char *want, size_t n)
{
  struct buf out;
  sl_buf_init(&out, 100000);
  bool good = CHECK(sl_ldap_filter(slice_str(text), &out)) && CHECK_INT(out.n, n);
  good = good && CHECK_MEM(out.p, want, n);
  if (!good)
    printf("# %s\n", text);
  sl_buf_done(&out);
}
#define FILTER(text, want) check_filter(text, want, sizeof(want) - 1)

TEST(items)
{
  FILTER("(a=b)", "\xa3\6\4\1a\4\1b");
  FILTER("a=b", "\xa3\6\4\1a\4\1b");
  FILTER("(a=)", "\xa3\5\4\1a\4\0");
  FILTER("(a==b=)", "\xa3\x08\4\1a\4\3=b=");
  FILTER("(a>=b)", "\xa5\6\4\1a\4\1b");
  FILTER("(a<=b)", "\xa6\6\4\1a\4\1b");
  FILTER("(a~=b)", "\xa8\6\4\1a\4\1b");
  FILTER("(a=*)", "\x87\1a");
  FILTER("(2.5.4.3;x-1;y= b )", "\xa3\x14\4\x0d" "2.5.4.3;x-1;y\4\3 b ");
}

TEST(escapes)
{
  FILTER("(a=\\2a\\28\\29\\5c\\00)", "\xa3\x0a\4\1a\4\5*()\\\0");
  FILTER("(a=\\2A)", "\xa3\6\4\1a\4\1*");
  FILTER("(a=\\*)", "\xa3\6\4\1a\4\1*"); /* as LDAPv2 had it */
  FILTER("(a=\\(\\)\\\\)", "\xa3\x08\4\1a\4\3()\\");
  FILTER("(a=*\\2a*)", "\xa4\x08\4\1a\x30\3\x81\1*");
  FILTER("(a~=*)", "\xa8\6\4\1a\4\1*");
}

TEST(substrings)
{
  FILTER("(a=b*)", "\xa4\x08\4\1a\x30\3\x80\1b");
  FILTER("(a=*b)", "\xa4\x08\4\1a\x30\3\x82\1b");
  FILTER("(a=*b*)", "\xa4\x08\4\1a\x30\3\x81\1b");
  FILTER("(a=b*c*d*e)", "\xa4\x11\4\1a\x30\x0c\x80\1b\x81\1c\x81\1d\x82\1e");
}

TEST(extensible_matches)
{
  FILTER("(a:=b)", "\xa9\6\x82\1a\x83\1b");
  FILTER("(a:dn:=b)", "\xa9\x09\x82\1a\x83\1b\x84\1\xff");
  FILTER("(a:DN:r:=b)", "\xa9\x0c\x81\1r\x82\1a\x83\1b\x84\1\xff");
  FILTER("(a::=b)", "\xa9\6\x82\1a\x83\1b"); /* as OpenLDAP reads it */
  FILTER("(:r:=b)", "\xa9\6\x81\1r\x83\1b");
  FILTER("(:dn:1.2:=\\2a*)", "\xa9\x0c\x81\3" "1.2\x83\2**\x84\1\xff");
}

TEST(lists)
{
  FILTER("(&)", "\xa0\0");
  FILTER("(|)", "\xa1\0");
  FILTER("(&(a=*)(b=*))", "\xa0\6\x87\1a\x87\1b");
  FILTER("( & ( a=*) (b=*) )", "\xa0\6\x87\1a\x87\1b");
  FILTER("(!(a=*))", "\xa2\3\x87\1a");
  FILTER("(|(a=*)(!(&(b=*)(c=*))))", "\xa1\x0d\x87\1a\xa2\x08\xa0\6\x87\1b\x87\1c");
}

TEST(what_is_no_filter)
{
  static const char *const texts[] = {
      "",        "(",         ")",         "()",           "(a)",      "a",         "=b",        "(=b)",       "(a=b",
      "a=b)",    "(a=b))",    "((a=b))",   "(a=b)(c=d)",   "(a=b) ",   " (a=b)",    "(a=(b)",    "(a=b)c)",    "(a =b)",
      "(!)",     "(!())",     "(&())",     "(!(a=b)(c=d))", "(&(a=b)", "(&(a=b)x)", "&(a=b)",    "!(a=b)",     "(a=**)",
      "(a=b**)", "(a=***)",   "(a=\\)",    "(a=\\2)",      "(a=\\zz)", "(a=\\2z)",  "(a=b*\\)",  "(a;=b)",     "(a;;b=c)",
      "(1a=b)",  "(a_b=c)",   "(a.b=c)",   "(1.=b)",       "(1..2=b)", "(.1=b)",    "(-a=b)",    "(:=b)",      "(:dn:=b)",
      "(:dn::=b)", "(a:b:c:=d)", "(a:r:dn:=b)", "(a b:=c)", "(a:b_c:=d)", "(<=b)",  "(a*=b)",    "(a;b*=c)"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct buf out;
    sl_buf_init(&out, 1000);
    if (!CHECK(!sl_ldap_filter(slice_str(texts[i]), &out)))
      printf("# %s\n", texts[i]);
    sl_buf_done(&out);
  }
}

static bool nested(unsigned depth, struct buf *out)
{
  struct buf text;
  sl_buf_init(&text, 10000);
  for (unsigned i = 1; i < depth; i++)
    sl_buf_str(&text, "(!");
  sl_buf_str(&text, "(a=*)");
  for (unsigned i = 1; i < depth; i++)
    sl_buf_str(&text, ")");
  bool ok = sl_ldap_filter(sl_buf_peek(&text), out);
  sl_buf_done(&text);
  return ok;
}

TEST(filters_within_filters)
{
  struct buf out;
  sl_buf_init(&out, 1000);
  CHECK(nested(LDAP_FILTER_DEPTH, &out));
  CHECK_MEM(out.p + out.n - 5, "\xa2\3\x87\1a", 5);
  CHECK(!nested(LDAP_FILTER_DEPTH + 1, &out));
  CHECK(!nested(3000, &out));
  sl_buf_done(&out);
}

TEST(without_memory)
{
  bool ok = false;
  FOR_EACH_FAILING_ALLOC(n) {
    struct buf out;
    sl_buf_init(&out, 1000);
    ok = sl_ldap_filter(SLICE_LIT("(&(a=b*c)(|(b:dn:=d)(!(c=" "0123456789012345678901234567890123456789012345678901234567890"
                                  ")))(d=*))"), &out) && sl_buf_ok(&out);
    CHECK(ok || out.nomem);
    sl_buf_done(&out);
  }
  CHECK(ok);
}
