/* wire/noproxy.c: lists against hosts. */
#include "wire/noproxy.h"

#include "tests/test.h"

struct row {
  const char *host, *list;
  bool has;
};

static void check_rows(const struct row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (sl_noproxy_has(slice_str(rows[i].list), slice_str(rows[i].host)) != rows[i].has) {
      printf("# host %s, list '%s'\n", rows[i].host, rows[i].list);
      CHECK(!"as the row says");
    }
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

TEST(star_stands_alone)
{
  static const struct row rows[] = {
      {"example.com", "*", true},
      {"127.0.0.1", "*", true},
      {"::1", "*", true},
      {"example.com", "*,foo", false},
      {"example.com", "foo,*", false},
      {"www.example.com", "*.example.com", false},
      {"*.example.com", "*.example.com", true},
  };
  CHECK_ROWS(rows);
}

TEST(names_match_at_label_borders)
{
  static const struct row rows[] = {
      {"example.com", "example.com", true},
      {"www.example.com", "example.com", true},
      {"badexample.com", "example.com", false},
      {"example.com.org", "example.com", false},
      {"example.com", ".example.com", true},
      {"www.example.com", ".example.com", true},
      {"badexample.com", ".example.com", false},
      {"example.com.", "example.com", true},
      {"example.com", "example.com.", true},
      {"example.com.", "example.com.", true},
      {"www.example.com", ".example.com.", true},
      {"example.com", "..example.com", false},
      {"example.com", "example.com..", false},
      {"example.com", "com", true},
      {"EXAMPLE.com", "example.COM", true},
      {"example.com", "example.com:80", false},
      {"example.com", ".", false},
      {"example.com", "www.example.com", false},
      {"example.com", "", false},
      {"", "example.com", false},
      {"", "", false},
      {".", ".", false},
      {"example.com", "example.com/8", false},
      {"xn--bcher-kva.example", "example", true},
  };
  CHECK_ROWS(rows);
}

TEST(commas_separate_and_blanks_do_not_count)
{
  static const struct row rows[] = {
      {"example.com", "  example.com", true},      {"example.com", "example.com\t", true},
      {"example.com", "a , example.com ,b", true}, {"example.com", "a,,example.com", true},
      {"example.com", ",example.com,", true},      {"example.com", "a;example.com", false},
      {"example.com", "example.com b", true},      {"example.com", "a example.com", false},
      {"example.com", "a b,example.com", true},    {"example.com", " , ,, ", false},
      {"10.1.2.3", "foo, 10.0.0.0/8,bar", true},
  };
  CHECK_ROWS(rows);
}

TEST(ipv4_addresses_and_networks)
{
  static const struct row rows[] = {
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1.", "127.0.0.1", true},
      {"127.0.0.1", "127.0.0.1.", false},
      {"127.0.0.1", "0.0.1", false},
      {"127.0.0.1", ".127.0.0.1", false},
      {"127.0.0.1", "127.0.0.0/8", true},
      {"127.0.0.1", "126.0.0.0/7", true},
      {"127.0.0.1", "126.0.0.0/8", false},
      {"127.0.0.1", "127.0.0.1/32", true},
      {"127.0.0.2", "127.0.0.1/32", false},
      {"127.0.0.3", "127.0.0.2/31", true},
      {"127.0.0.1", "127.0.0.1/33", false},
      {"127.0.0.1", "10.0.0.0/0", true},
      {"127.0.0.1", "127.0.0.1/", false},
      {"127.0.0.1", "127.0.0.0/8x", false},
      {"127.0.0.1", "127.0.0.0/-8", false},
      {"127.0.0.1", "127.0.0.0/ 8", false},
      {"127.0.0.1", "127.1", false},
      {"127.0.0.1", "127/8", false},
      {"127.0.0.1", "/8", false},
      {"127.0.0.1", "::/0", false},
      {"127.0.0.1.example", "127.0.0.1/8", false},
      {"192.168.1.1", "192.168.0.0/16", true},
      {"192.169.1.1", "192.168.0.0/16", false},
      {"127.0.0.1", "127.0.0.0/99999999999999999999", false},
  };
  CHECK_ROWS(rows);
}

TEST(ipv6_addresses_and_networks)
{
  static const struct row rows[] = {
      {"::1", "::1", true},
      {"[::1]", "::1", true},
      {"::1", "[::1]", true},
      {"::1", "0:0:0:0:0:0:0:1", true},
      {"[::1]", "::/64", true},
      {"::1", "::1/128", true},
      {"::1", "::2/128", false},
      {"::1", "::1/129", false},
      {"::1", "::/0", true},
      {"::1", "0.0.0.0/0", false},
      {"fe80::1%25", "fe80::1", true},
      {"[fe80::1%eth0]", "fe80::/10", true},
      {"febf::1", "fe80::/10", true},
      {"fec0::1", "fe80::/10", false},
      {"2001:db8::1", "2001:db8::/32", true},
      {"2001:db8::1", "[2001:DB8::]/32", true},
      {"2001:db9::1", "2001:db8::/32", false},
      {"2001:db9::1", "2001:db8::/31", true},
      {"::ffff:127.0.0.1", "127.0.0.0/8", false},
      {"::1", "[::1", false},
      {"::1", "[]", false},
      {"::1", "1", false},
      {"[::1]", "1]", false},
  };
  CHECK_ROWS(rows);
}

TEST(nothing_behind_the_slices_is_read)
{
  CHECK(sl_noproxy_has(slice_of("example.comX", 11), slice_of("example.comY", 11)));
  CHECK(!sl_noproxy_has(slice_of("10.0.0.1", 7), slice_of("10.0.0.1", 8)));
  CHECK(!sl_noproxy_has(slice_of("10.0.0.1\0", 9), slice_of("10.0.0.1", 8)));
  char many[600];
  memset(many, '1', sizeof many);
  CHECK(!sl_noproxy_has(slice_of(many, sizeof many), slice_of("10.0.0.1", 8)));
  CHECK(sl_noproxy_has(slice_of(many, sizeof many), slice_of(many, sizeof many)));
}
