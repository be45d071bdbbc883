/* IPv4 inside IPv6: every form, the addresses beside them, RFC 6052's own examples. */
#include "gate/embedded.h"

#include <arpa/inet.h>

#include "base/buf.h"
#include "tests/test.h"

static struct ip6 ip6(const char *text)
{
  unsigned char bytes[16] = {0};
  CHECK(inet_pton(AF_INET6, text, bytes) == 1);
  return sl_ip6_load(bytes);
}

/* "form address ..." in their order */
static void check_found(const char *address, const struct nat64_prefix *own, size_t own_count,
                        const char *want)
{
  static const char *const forms[] = {"mapped", "nat64",         "compatible",    "translated",
                                      "6to4",   "teredo-server", "teredo-client", "isatap"};
  struct embedded_ipv4 out[EMBEDDED_MAX];
  char text[300] = "";
  size_t used = 0;
  unsigned n = sl_embedded_find(ip6(address), own, own_count, out);
  CHECK(n <= EMBEDDED_MAX);
  if (sl_embedded_none(ip6(address)))
    CHECK_INT(sl_embedded_find(ip6(address), NULL, 0, out), 0);
  for (unsigned i = 0; i < n; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %u.%u.%u.%u", i ? " " : "",
                             forms[out[i].form], out[i].ipv4 >> 24, out[i].ipv4 >> 16 & 255,
                             out[i].ipv4 >> 8 & 255, out[i].ipv4 & 255);
  if (!CHECK_STR(text, want))
    printf("# %s\n", address);
}

TEST(forms)
{
  static const struct {
    const char *address, *want;
  } all[] = {
      {"::ffff:10.1.2.3", "mapped 10.1.2.3"},
      {"::ffff:0.0.0.0", "mapped 0.0.0.0"},
      {"::fffe:10.1.2.3", ""},
      {"::1:ffff:a01:203", ""},
      {"::", ""},
      {"::1", ""},
      {"::2", "compatible 0.0.0.2"},
      {"::127.0.0.1", "compatible 127.0.0.1"},
      {"::1:7f00:1", ""},
      {"::ffff:0:169.254.169.254", "translated 169.254.169.254"},
      {"::ffff:1:a9fe:a9fe", ""},
      {"64:ff9b::169.254.169.254", "nat64 169.254.169.254"},
      {"64:ff9b::1:a9fe:a9fe", ""},
      {"64:ff9b:2::1", ""},
      {"2002:7f00:1::", "6to4 127.0.0.1"},
      {"2002:a9fe:a9fe:1:2:3:4:5", "6to4 169.254.169.254"},
      {"2003:7f00:1::", ""},
      {"2001:0:4136:e378:8000:63bf:3fff:fdd2",
       "teredo-server 65.54.227.120 teredo-client 192.0.2.45"},
      {"2001:0:a00:1::ffff:ffff", "teredo-server 10.0.0.1 teredo-client 0.0.0.0"},
      {"2001:1:a00:1::f5ff:fffe", ""},
      {"fe80::5efe:10.0.0.1", "isatap 10.0.0.1"},
      {"fe80::200:5efe:10.0.0.1", "isatap 10.0.0.1"},
      {"2a00:1:2:3:0:5efe:a00:1", "isatap 10.0.0.1"},
      {"2a00:1:2:3:100:5efe:a00:1", ""},
      {"2a00:1:2:3:0:5eff:a00:1", ""},
      {"2002:808:808:0:0:5efe:a00:1", "6to4 8.8.8.8 isatap 10.0.0.1"},
      {"2001:0:808:808:0:5efe:a00:1",
       "teredo-server 8.8.8.8 teredo-client 245.255.255.254 isatap 10.0.0.1"},
      {"2a00::1", ""},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    check_found(all[i].address, NULL, 0, all[i].want);
}

/* Without a configured prefix every place counts, but for those that are all zero. */
TEST(local_nat64)
{
  check_found("64:ff9b:1::", NULL, 0, "nat64 0.0.0.0");
  check_found("64:ff9b:1:a00:0:100::", NULL, 0, "nat64 10.0.0.1 nat64 0.0.1.0 nat64 0.1.0.0");
  check_found("64:ff9b:1::a9fe:a9fe", NULL, 0, "nat64 0.0.0.169 nat64 169.254.169.254");
  check_found("64:ff9b:1:ffff:ff:ffff:ffff:ffff", NULL, 0,
              "nat64 255.255.255.255 nat64 255.255.255.255 nat64 255.255.255.255 nat64 "
              "255.255.255.255");
  struct nat64_prefix own = {ip6("64:ff9b:1::"), 96};
  check_found("64:ff9b:1::a9fe:a9fe", &own, 1, "nat64 169.254.169.254");
}

/* The table of RFC 6052 2.4. */
TEST(rfc_6052_examples)
{
  static const struct {
    const char *prefix, *address;
    uint8_t bits;
  } all[] = {
      {"2001:db8::", "2001:db8:c000:221::", 32},
      {"2001:db8:100::", "2001:db8:1c0:2:21::", 40},
      {"2001:db8:122::", "2001:db8:122:c000:2:2100::", 48},
      {"2001:db8:122:300::", "2001:db8:122:3c0:0:221::", 56},
      {"2001:db8:122:344::", "2001:db8:122:344:c0:2:2100::", 64},
      {"2001:db8:122:344::", "2001:db8:122:344::192.0.2.33", 96},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct nat64_prefix own = {ip6(all[i].prefix), all[i].bits};
    check_found(all[i].address, &own, 1, "nat64 192.0.2.33");
    check_found("2a00::1", &own, 1, "");
  }
}

TEST(longest_prefix_decides)
{
  struct nat64_prefix own[] = {{ip6("2a00:1::"), 32}, {ip6("2a00:1::"), 96}, {ip6("2a00:1::"), 64}};
  check_found("2a00:1::7f00:1", own, 3, "nat64 127.0.0.1");
  check_found("2a00:1::7f00:1", own, 1, "nat64 0.0.0.0");
}

/* The short answer agrees with the long one, and is given. */
TEST(most_carry_nothing)
{
  struct embedded_ipv4 out[EMBEDDED_MAX];
  static const uint64_t highs[] = {0,
                                   1,
                                   UINT64_C(0x0064ff9b00000000),
                                   UINT64_C(0x0064ff9b00010000),
                                   UINT64_C(0x2001000000000000),
                                   UINT64_C(0x20010000ffffffff),
                                   UINT64_C(0x2001000100000000),
                                   UINT64_C(0x2002000000000000),
                                   UINT64_C(0x2003000000000000),
                                   UINT64_C(0x2a00000000000000),
                                   UINT64_C(0x3fffffffffffffff),
                                   UINT64_C(0xfe80000000000000)};
  static const uint64_t lows[] = {0,
                                  1,
                                  UINT64_C(0x00005efe00000001),
                                  UINT64_C(0x02005efe00000001),
                                  UINT64_C(0x01005efe00000001),
                                  UINT64_C(0xffff00000001)};
  unsigned none = 0;
  for (size_t i = 0; i < sizeof highs / sizeof *highs; i++)
    for (size_t k = 0; k < sizeof lows / sizeof *lows; k++)
      if (sl_embedded_none((struct ip6){highs[i], lows[k]})) {
        none++;
        CHECK_INT(sl_embedded_find((struct ip6){highs[i], lows[k]}, NULL, 0, out), 0);
      }
  CHECK_INT(none, 16); /* four prefixes, four ends */
}

TEST(lengths)
{
  for (unsigned bits = 0; bits <= 128; bits++)
    CHECK_INT(sl_embedded_nat64_bits(bits),
              bits == 32 || bits == 40 || bits == 48 || bits == 56 || bits == 64 || bits == 96);
}
