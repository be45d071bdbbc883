/* Every range of the tables with the addresses around it, every metadata address. */
#include "gate/ranges.h"

#include <arpa/inet.h>

#include "tests/test.h"

static struct addr_kind kind(const char *text)
{
  unsigned char bytes[16];
  if (inet_pton(AF_INET, text, bytes) == 1)
    return sl_ranges_ipv4((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                          (uint32_t)bytes[2] << 8 | bytes[3]);
  CHECK(inet_pton(AF_INET6, text, bytes) == 1);
  return sl_ranges_ipv6(sl_ip6_load(bytes));
}

static void check_class(const char *address, const char *want)
{
  const char *got = sl_ranges_name((enum addr_class)kind(address).class);
  if (!CHECK(!strcmp(got, want)))
    printf("# %s is %s, not %s\n", address, got, want);
}

static const struct {
  const char *before, *class_before, *first, *last, *class, *after, *class_after;
} rows[] = {
    {"0.0.0.0", "reserved", "0.0.0.0", "0.255.255.255", "reserved", "1.0.0.0", "public"},
    {"9.255.255.255", "public", "10.0.0.0", "10.255.255.255", "private", "11.0.0.0", "public"},
    {"100.63.255.255", "public", "100.64.0.0", "100.127.255.255", "cgnat", "100.128.0.0", "public"},
    {"126.255.255.255", "public", "127.0.0.0", "127.255.255.255", "loopback", "128.0.0.0",
     "public"},
    {"169.253.255.255", "public", "169.254.0.0", "169.254.255.255", "linklocal", "169.255.0.0",
     "public"},
    {"172.15.255.255", "public", "172.16.0.0", "172.31.255.255", "private", "172.32.0.0", "public"},
    {"191.255.255.255", "public", "192.0.0.0", "192.0.0.255", "reserved", "192.0.1.0", "public"},
    {"192.0.1.255", "public", "192.0.2.0", "192.0.2.255", "documentation", "192.0.3.0", "public"},
    {"192.88.98.255", "public", "192.88.99.0", "192.88.99.255", "reserved", "192.88.100.0",
     "public"},
    {"192.167.255.255", "public", "192.168.0.0", "192.168.255.255", "private", "192.169.0.0",
     "public"},
    {"198.17.255.255", "public", "198.18.0.0", "198.19.255.255", "benchmark", "198.20.0.0",
     "public"},
    {"198.51.99.255", "public", "198.51.100.0", "198.51.100.255", "documentation", "198.51.101.0",
     "public"},
    {"203.0.112.255", "public", "203.0.113.0", "203.0.113.255", "documentation", "203.0.114.0",
     "public"},
    {"223.255.255.255", "public", "224.0.0.0", "239.255.255.255", "multicast", "240.0.0.0",
     "reserved"},
    {"239.255.255.255", "multicast", "240.0.0.0", "255.255.255.255", "reserved", "255.255.255.255",
     "reserved"},
    {"::2", "embedded", "::2", "::ffff:ffff", "embedded", "::1:0:0", "reserved"},
    {"::", "reserved", "::1", "::1", "loopback", "::2", "embedded"},
    {"::fffe:ffff:ffff", "reserved", "::ffff:0:0", "::ffff:ffff:ffff", "embedded", "::1:0:0:0",
     "reserved"},
    {"::fffe:ffff:ffff:ffff", "reserved", "::ffff:0:0:0", "::ffff:0:ffff:ffff", "embedded",
     "::ffff:1:0:0", "reserved"},
    {"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "64:ff9b::", "64:ff9b::ffff:ffff",
     "embedded", "64:ff9b::1:0:0", "reserved"},
    {"64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "reserved",
     "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "embedded", "64:ff9b:2::", "reserved"},
    {"ff::", "reserved", "100::", "100::ffff:ffff:ffff:ffff", "reserved",
     "100:0:0:1::", "reserved"},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved",
     "2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public", "2001::", "embedded"},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public",
     "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "embedded", "2001:1::", "reserved"},
    {"2001:1:ffff:ffff:ffff:ffff:ffff:ffff", "reserved",
     "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmark", "2001:2:1::", "reserved"},
    {"2001:2:1::", "reserved", "2001:10::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved",
     "2001:200::", "public"},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "public", "2001:db8::",
     "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", "2001:db9::", "public"},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public",
     "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "embedded", "2003::", "public"},
    {"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "public", "2620:4f:8000::",
     "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "reserved", "2620:4f:8001::", "public"},
    {"3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public",
     "3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "3fff::", "documentation"},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved",
     "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", "3fff:1000::", "public"},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public",
     "4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "fc00::", "private"},
    {"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved",
     "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private", "fe00::", "reserved"},
    {"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved",
     "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "linklocal", "fec0::", "private"},
    {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "linklocal",
     "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private", "ff00::", "multicast"},
    {"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private",
     "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast", "ff02::1", "multicast"},
};

TEST(each_range_and_its_neighbours)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    check_class(rows[i].before, rows[i].class_before);
    check_class(rows[i].first, rows[i].class);
    check_class(rows[i].last, rows[i].class);
    check_class(rows[i].after, rows[i].class_after);
  }
}

TEST(metadata_and_the_ranges_around)
{
  static const struct {
    const char *address, *within, *below, *above;
  } all[] = {
      {"169.254.169.254", "linklocal", NULL, "169.254.169.255"},
      {"169.254.169.253", "linklocal", "169.254.169.252", NULL},
      {"169.254.170.2", "linklocal", "169.254.170.1", "169.254.170.3"},
      {"169.254.170.23", "linklocal", "169.254.170.22", "169.254.170.24"},
      {"169.254.42.42", "linklocal", "169.254.42.41", "169.254.42.43"},
      {"169.254.0.23", "linklocal", "169.254.0.22", "169.254.0.24"},
      {"100.100.100.200", "cgnat", "100.100.100.199", "100.100.100.201"},
      {"192.0.0.192", "reserved", "192.0.0.191", "192.0.0.193"},
      {"168.63.129.16", "public", "168.63.129.15", "168.63.129.17"},
      {"fd00:ec2::254", "private", "fd00:ec2::252", "fd00:ec2::255"},
      {"fd00:ec2::253", "private", "fd00:ec2::252", "fd00:ec2::255"},
      {"fd00:ec2::23", "private", "fd00:ec2::22", "fd00:ec2::24"},
      {"fd20:ce::254", "private", "fd20:ce::253", "fd20:ce::255"},
      {"fd00:42::42", "private", "fd00:42::41", "fd00:42::43"},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct addr_kind k = kind(all[i].address);
    CHECK_INT(k.class, ADDR_METADATA);
    CHECK_STR(sl_ranges_name((enum addr_class)k.within), all[i].within);
    if (all[i].below)
      check_class(all[i].below, all[i].within);
    if (all[i].above)
      check_class(all[i].above, all[i].within);
  }
}

/* Denied by mistake in other guards. */
TEST(public_ones_stay_public)
{
  static const char *const all[] = {"192.0.78.1", "192.31.196.1", "192.52.193.1", "192.175.48.1",
                                    "8.8.8.8",    "198.51.0.1",   "203.0.0.1",    "192.88.0.1",
                                    "100.0.0.1",  "172.217.0.1",  "2001:4860::1", "2606:4700::64",
                                    "2a00::1",    "2400:cb00::1", "2001:200::1"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    check_class(all[i], "public");
}

TEST(names)
{
  enum addr_class c;
  for (int i = 0; i < ADDR_CLASSES; i++) {
    REQUIRE(sl_ranges_by_name(slice_str(sl_ranges_name((enum addr_class)i)), &c));
    CHECK_INT(c, i);
  }
  CHECK(!sl_ranges_by_name(SLICE_LIT("Private"), &c));
  CHECK(!sl_ranges_by_name(SLICE_LIT("privat"), &c));
  CHECK(!sl_ranges_by_name(SLICE_NONE, &c));
}
