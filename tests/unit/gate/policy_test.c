/* The egress policy: the language with all its errors, verdicts, and the compiled form against the
 * plain reading of the rules. */
#include "gate/policy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "tests/test.h"

static struct policy *parse(const char *text)
{
  struct policy *p = NULL;
  struct policy_error error;
  if (!CHECK_INT(sl_policy_parse(slice_str(text), &p, &error), SL_OK))
    printf("# %u:%u: %s\n", error.line, error.column, error.text);
  return p;
}

struct context {
  enum policy_proto proto;
  enum gate_purpose purpose;
  const char *scheme;
  const struct ip6 *self;
  size_t self_count;
};

static struct policy_verdict ask(const struct policy *p, const char *address, int port,
                                 struct context c)
{
  struct gate_addr a;
  struct policy_verdict v = {0};
  if (address[0] == '/' || address[0] == '@' || address[0] == '.')
    CHECK(sl_addr_unix(&a, slice_str(address[0] == '@' ? address + 1 : address), *address == '@'));
  else if (!CHECK(sl_addr_literal(&a, slice_str(address), (uint16_t)port)))
    return v;
  struct policy_question q = {.address = &a.u.sa,
                              .address_len = a.len,
                              .proto = c.proto,
                              .purpose = c.purpose,
                              .scheme = slice_str(c.scheme),
                              .self = c.self,
                              .self_count = c.self_count};
  sl_policy_check(p, &q, &v);
  return v;
}

/* "allow class line", so that each expectation is one word. */
static void check(const struct policy *p, const char *address, int port, struct context c,
                  const char *want, int line)
{
  char got[80], wanted[80];
  struct policy_verdict v = ask(p, address, port, c);
  snprintf(got, sizeof got, "%s %s %u", v.allow ? "allow" : "deny", v.class_name, v.line);
  snprintf(wanted, sizeof wanted, "%s", want);
  if (!test_str(got, wanted, address, __FILE__, line))
    printf("# by %s\n", v.rule);
}
#define ASK(address, port, want) check(p, address, port, (struct context){0}, want, __LINE__)
#define ASK_IN(address, port, want, ...)                                                           \
  check(p, address, port, (struct context){__VA_ARGS__}, want, __LINE__)

TEST(the_example)
{
  struct policy *p = parse("deny  metadata\n"
                           "allow 10.1.0.0/16 port 443\n"
                           "deny  private loopback linklocal\n"
                           "allow public port 80,443,8000-8999\n"
                           "default deny\n");
  REQUIRE(p);
  ASK("169.254.169.254", 80, "deny metadata 1");
  ASK("168.63.129.16", 80, "deny metadata 1");
  ASK("10.1.2.3", 443, "allow private 2");
  ASK("10.1.2.3", 80, "deny private 3");
  ASK("10.2.0.1", 443, "deny private 3");
  ASK("127.0.0.1", 443, "deny loopback 3");
  ASK("8.8.8.8", 80, "allow public 4");
  ASK("8.8.8.8", 8000, "allow public 4");
  ASK("8.8.8.8", 8999, "allow public 4");
  ASK("8.8.8.8", 9000, "deny public 5");
  ASK("8.8.8.8", 7999, "deny public 5");
  ASK("2a00::1", 443, "allow public 4");
  ASK("224.0.0.1", 443, "deny multicast 5");
  ASK("/run/x", 0, "deny unix 5");
  CHECK_STR(ask(p, "10.2.0.1", 443, (struct context){0}).rule, "deny  private loopback linklocal");
  sl_policy_free(p);
}

TEST(empty_allows_nothing)
{
  static const char *const empties[] = {"", "\n\n", "# nothing", "  \t\r\n # nothing\r\n"};
  for (size_t i = 0; i < sizeof empties / sizeof *empties; i++) {
    struct policy *p = parse(empties[i]);
    REQUIRE(p);
    ASK("8.8.8.8", 443, "deny public 0");
    ASK("2a00::1", 443, "deny public 0");
    ASK("/run/x", 0, "deny unix 0");
    CHECK_STR(ask(p, "8.8.8.8", 1, (struct context){0}).rule, "no rule matches");
    sl_policy_free(p);
  }
}

TEST(unknown_families_are_denied)
{
  struct policy *p = parse("allow any\ndefault allow");
  struct policy_verdict v;
  struct sockaddr_storage a = {.ss_family = AF_UNSPEC};
  struct policy_question q = {.address = (void *)&a, .address_len = sizeof a};
  static const int families[] = {AF_UNSPEC, 16 /* netlink */, 17 /* packet */, 40 /* vsock */,
                                 9999};
  REQUIRE(p);
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    a.ss_family = (sa_family_t)families[i];
    sl_policy_check(p, &q, &v);
    CHECK(!v.allow && !v.rules_allow && !strcmp(v.class_name, "unknown"));
  }
  a.ss_family = AF_INET; /* cut off */
  for (unsigned n = 0; n < sizeof(struct sockaddr_in); n++) {
    q.address_len = n;
    sl_policy_check(p, &q, &v);
    CHECK(!v.allow);
  }
  a.ss_family = AF_INET6;
  for (unsigned n = 0; n < sizeof(struct sockaddr_in6); n++) {
    q.address_len = n;
    sl_policy_check(p, &q, &v);
    CHECK(!v.allow);
  }
  sl_policy_free(p);
}

TEST(public_internet)
{
  struct policy *p = parse("allow 10.9.9.9\npreset public-internet\nallow any\n");
  REQUIRE(p);
  static const char *const denied[] = {"0.0.0.0",
                                       "10.0.0.1",
                                       "100.64.0.1",
                                       "127.0.0.1",
                                       "169.254.1.1",
                                       "172.16.0.1",
                                       "192.0.0.1",
                                       "192.0.2.1",
                                       "192.88.99.1",
                                       "192.168.1.1",
                                       "198.18.0.1",
                                       "198.51.100.1",
                                       "203.0.113.1",
                                       "224.0.0.1",
                                       "240.0.0.1",
                                       "255.255.255.255",
                                       "169.254.169.254",
                                       "168.63.129.16",
                                       "100.100.100.200",
                                       "::",
                                       "::1",
                                       "fe80::1",
                                       "fc00::1",
                                       "fec0::1",
                                       "ff02::1",
                                       "2001:db8::1",
                                       "3fff::1",
                                       "3ffe::1",
                                       "2620:4f:8000::1",
                                       "100::1",
                                       "5f00::1",
                                       "4000::1",
                                       "2001:2::1",
                                       "fd00:ec2::254",
                                       "::ffff:127.0.0.1",
                                       "::ffff:169.254.169.254",
                                       "::ffff:168.63.129.16",
                                       "::127.0.0.1",
                                       "::8.8.8.8",
                                       "::ffff:0:10.0.0.1",
                                       "::ffff:0:8.8.8.8",
                                       "64:ff9b::10.0.0.1",
                                       "64:ff9b::169.254.169.254",
                                       "64:ff9b:1::10.0.0.1",
                                       "64:ff9b:1:a00:0:100::",
                                       "64:ff9b:1:a9fe:a9:fe00::",
                                       "2002:a00:1::",
                                       "2002:808:808::",
                                       "2001:0:808:808::f7f7:f7f7",
                                       "2001:0:a00:1::f7f7:f7f7",
                                       "2a00:1::5efe:10.0.0.1",
                                       "2a00:1::200:5efe:169.254.169.254",
                                       "fe80::5efe:8.8.8.8"};
  for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
    struct policy_verdict v = ask(p, denied[i], 80, (struct context){0});
    if (!CHECK(!v.allow && v.line == 2))
      printf("# %s allowed by %s\n", denied[i], v.rule);
  }
  static const char *const allowed[] = {
      "8.8.8.8",        "192.0.78.1",       "192.31.196.1",          "2a00::1",
      "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1:808:8:800::", "2a00:1::5efe:8.8.8.8"};
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
    struct policy_verdict v = ask(p, allowed[i], 80, (struct context){0});
    if (!CHECK(v.allow && v.line == 2 && !strcmp(v.rule, "allow public")))
      printf("# %s denied by %s\n", allowed[i], v.rule);
  }
  ASK("10.9.9.9", 80, "allow private 1");
  ASK("::ffff:10.9.9.9", 80, "allow private 1");
  ASK("/run/docker.sock", 0, "deny unix 2");
  ASK("169.254.169.254", 80, "deny metadata 2");
  ASK("64:ff9b::169.254.169.254", 80, "deny metadata 2");
  ASK("2002:808:808::", 80, "deny embedded 2");
  ASK_IN("127.0.0.53", 53, "allow loopback 2", .purpose = GATE_DNS);
  ASK_IN("127.0.0.53", 443, "deny loopback 2", .purpose = GATE_DOH);
  ASK_IN("127.0.0.1", 3128, "deny loopback 2", .purpose = GATE_PROXY);
  ASK_IN("127.0.0.1", 2000, "deny loopback 2", .purpose = GATE_FTP_DATA);
  ASK_IN("127.0.0.1", 2000, "deny loopback 2", .purpose = (enum gate_purpose)77);
  sl_policy_free(p);
}

/* A deny takes the widest description of an address, an allow the narrowest. */
TEST(doubt)
{
  struct policy *p = parse("allow linklocal public cgnat\ndefault deny");
  REQUIRE(p);
  ASK("169.254.1.1", 1, "allow linklocal 1");
  ASK("169.254.169.254", 1, "deny metadata 2");
  ASK("168.63.129.16", 1, "deny metadata 2");
  ASK("100.100.100.200", 1, "deny metadata 2");
  sl_policy_free(p);
  p = parse("deny linklocal public cgnat\ndefault allow");
  REQUIRE(p);
  ASK("169.254.169.254", 1, "deny metadata 1");
  ASK("168.63.129.16", 1, "deny metadata 1");
  ASK("10.0.0.1", 1, "allow private 2");
  sl_policy_free(p);
  p = parse("allow metadata\n");
  REQUIRE(p);
  ASK("169.254.169.254", 1, "allow metadata 1");
  ASK("169.254.169.255", 1, "deny linklocal 0");
  sl_policy_free(p);
  p = parse("deny embedded\ndefault allow");
  REQUIRE(p);
  ASK("::ffff:8.8.8.8", 1, "deny public 1");
  ASK("64:ff9b::8.8.8.8", 1, "deny public 1");
  ASK("2002:808:808::", 1, "deny embedded 1");
  ASK("2a00:1::5efe:8.8.8.8", 1, "deny public 1");
  ASK("8.8.8.8", 1, "allow public 2");
  ASK("2a00::1", 1, "allow public 2");
  sl_policy_free(p);
  p = parse("deny 64:ff9b::/96\nallow any");
  REQUIRE(p);
  ASK("64:ff9b::8.8.8.8", 1, "deny embedded 1");
  ASK("::ffff:8.8.8.8", 1, "allow public 2");
  sl_policy_free(p);
  p = parse("allow 64:ff9b::/96\ndefault deny");
  REQUIRE(p);
  ASK("64:ff9b::8.8.8.8", 1, "deny public 2");
  sl_policy_free(p);
}

TEST(embedded_modes)
{
  struct policy *p = parse("embedded deny\ndefault allow");
  REQUIRE(p);
  ASK("::ffff:8.8.8.8", 1, "deny embedded 1");
  ASK("64:ff9b::8.8.8.8", 1, "deny embedded 1");
  ASK("2a00:1::5efe:8.8.8.8", 1, "deny embedded 1");
  ASK("2a00::1", 1, "allow public 2");
  ASK("::1", 1, "allow loopback 2");
  sl_policy_free(p);
  p = parse("deny private\nembedded allow\nallow embedded public\n");
  REQUIRE(p);
  ASK("::ffff:10.0.0.1", 1, "allow embedded 3");
  ASK("2a00:1::5efe:10.0.0.1", 1, "allow public 3");
  ASK("10.0.0.1", 1, "deny private 1");
  sl_policy_free(p);
  p = parse("embedded decode\ndeny private\nallow any\n");
  REQUIRE(p);
  ASK("2002:a00:1::", 1, "deny private 2");
  ASK("2002:808:808::", 1, "allow embedded 3");
  ASK("2001:0:808:808::f5ff:fffe", 1, "deny private 2"); /* client 10.0.0.1 */
  ASK("2001:0:a00:1::f7f7:f7f7", 1, "deny private 2");   /* server 10.0.0.1 */
  ASK("fe80::5efe:10.0.0.1", 1, "deny private 2");
  ASK("::ffff:0:10.0.0.1", 1, "deny private 2");
  ASK("::10.0.0.1", 1, "deny private 2");
  ASK("::1", 1, "allow loopback 3");
  sl_policy_free(p);
}

TEST(nat64)
{
  struct policy *p = parse("nat64 2a00:64::/32\nnat64 2a00:64:0:1::/96\npreset public-internet\n");
  REQUIRE(p);
  ASK("2a00:64:a00:1::", 1, "deny private 3");
  ASK("2a00:64:808:808::", 1, "allow public 3");
  ASK("2a00:64:0:1::10.0.0.1", 1, "deny private 3");
  ASK("2a00:64:0:1::8.8.8.8", 1, "allow public 3");
  ASK("2a00:65:a00:1::", 1, "allow public 3");
  ASK("64:ff9b:1::8.8.8.8", 1, "deny reserved 3");
  sl_policy_free(p);
  p = parse("nat64 64:ff9b:1::/96\npreset public-internet\n");
  REQUIRE(p);
  ASK("64:ff9b:1::8.8.8.8", 1, "allow public 2");
  ASK("64:ff9b:1::10.0.0.1", 1, "deny private 2");
  sl_policy_free(p);
}

TEST(conditions)
{
  struct policy *p = parse("deny any proto udp\n"
                           "allow any purpose proxy,doh port 3128\n"
                           "allow public scheme https,HTTP\n"
                           "allow port 0,65535\n"
                           "allow 1.1.1.1 purpose dns proto tcp port 53 scheme dict\n"
                           "deny port 1-65534\n");
  REQUIRE(p);
  ASK_IN("8.8.8.8", 3128, "deny public 1", .proto = POLICY_UDP, .purpose = GATE_PROXY);
  ASK_IN("127.0.0.1", 3128, "allow loopback 2", .purpose = GATE_PROXY);
  ASK_IN("127.0.0.1", 3128, "allow loopback 2", .purpose = GATE_DOH);
  ASK_IN("127.0.0.1", 3128, "deny loopback 6", .purpose = GATE_ORIGIN);
  ASK_IN("127.0.0.1", 3129, "deny loopback 6", .purpose = GATE_PROXY);
  ASK_IN("8.8.8.8", 443, "allow public 3", .scheme = "HTTPS");
  ASK_IN("8.8.8.8", 443, "allow public 3", .scheme = "http");
  ASK_IN("8.8.8.8", 443, "deny public 6", .scheme = "ftp");
  ASK_IN("8.8.8.8", 443, "deny public 6", .scheme = "httpss");
  ASK_IN("8.8.8.8", 443, "deny public 6", .scheme = "");
  ASK("127.0.0.1", 0, "allow loopback 4");
  ASK("127.0.0.1", 65535, "allow loopback 4");
  ASK_IN("1.1.1.1", 53, "allow public 5", .purpose = GATE_DNS, .scheme = "dict");
  ASK_IN("1.1.1.1", 53, "deny public 6", .purpose = GATE_DNS, .scheme = "gopher");
  ASK("127.0.0.1", 1, "deny loopback 6");
  sl_policy_free(p);
  p = parse("allow any port 90,80-85,84-88,100,99,5\n"); /* sorted and joined */
  REQUIRE(p);
  for (int port = 0; port < 120; port++)
    CHECK_INT(ask(p, "1.2.3.4", port, (struct context){0}).allow,
              port == 5 || (port >= 80 && port <= 88) || port == 90 || port == 99 || port == 100);
  sl_policy_free(p);
}

TEST(unix_sockets)
{
  struct policy *p = parse("deny unix /run/app/secret\n"
                           "allow unix /run/app/* unix @app-?\n"
                           "allow any\nallow public\nallow port 80\n");
  REQUIRE(p);
  ASK("/run/app/a", 0, "allow unix 2");
  ASK("/run/app/secret", 0, "deny unix 1");
  ASK("/run/app/secrets", 0, "allow unix 2");
  ASK("/run/app/a/b", 0, "deny unix 0");
  ASK("/run/app/", 0, "deny unix 1"); /* an empty part */
  ASK("/run/app/../docker.sock", 0, "deny unix 1");
  ASK("/run/app/..", 0, "deny unix 1");
  ASK("/run/app/./a", 0, "deny unix 1");
  ASK("//run/app/a", 0, "deny unix 1");
  ASK("./run/app/a", 0, "deny unix 1");
  ASK("/run/app/...", 0, "allow unix 2");
  ASK("@app-1", 0, "allow unix 2");
  ASK("@app-12", 0, "deny unix 0");
  ASK("/app-1", 0, "deny unix 0");
  sl_policy_free(p);
  p = parse("allow unix /run/*/a*b*c/?\ndefault deny");
  REQUIRE(p);
  ASK("/run/x/abc/1", 0, "allow unix 1");
  ASK("/run/x/axxbcbxc/1", 0, "allow unix 1");
  ASK("/run/x/axxbcbxd/1", 0, "deny unix 2");
  ASK("/run/x/y/abc/1", 0, "deny unix 2");
  ASK("/run/x/abc/12", 0, "deny unix 2");
  ASK("/run/x/abc/", 0, "deny unix 2");
  sl_policy_free(p);
  p = parse("allow proto unix purpose proxy\nallow any proto tcp,unix\n");
  REQUIRE(p);
  ASK_IN("./x", 0, "allow unix 1", .purpose = GATE_PROXY);
  ASK("./x", 0, "allow unix 2");
  ASK("127.0.0.1", 1, "allow loopback 2");
  ASK_IN("127.0.0.1", 1, "allow loopback 2", .purpose = GATE_PROXY);
  sl_policy_free(p);
  p = parse("deny any\ndefault allow");
  REQUIRE(p);
  ASK("/run/x", 0, "deny unix 1");
  sl_policy_free(p);
  p = parse("default allow");
  REQUIRE(p);
  ASK("/run/x", 0, "allow unix 1");
  sl_policy_free(p);
}

TEST(the_address_that_is_none_is_loopback)
{
  static const struct {
    const char *rules, *four, *six;
  } rows[] = {
      {"deny loopback\nallow any\n", "deny loopback 1", "deny loopback 1"},
      {"deny 127.0.0.0/8 ::1\nallow any\n", "deny loopback 1", "deny loopback 1"},
      {"allow reserved\n", "deny loopback 0", "deny loopback 0"},
      {"deny reserved\nallow any\n", "deny reserved 1", "deny reserved 1"},
      {"allow reserved\nallow loopback port 80\n", "allow reserved 1", "allow reserved 1"},
      {"allow any\n", "allow reserved 1", "allow reserved 1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct policy *p = parse(rows[i].rules);
    REQUIRE(p);
    ASK("0.0.0.0", 80, rows[i].four);
    ASK("::ffff:0.0.0.0", 80, rows[i].four);
    ASK("::", 80, rows[i].six);
    sl_policy_free(p);
  }
  struct policy *p = parse("deny loopback\nallow any\n");
  REQUIRE(p);
  ASK_IN("0.0.0.0", 0, "allow reserved 2", .purpose = GATE_FTP_LISTEN); /* of all addresses */
  ASK("0.0.0.1", 80, "allow reserved 2");
  sl_policy_free(p);
}

TEST(own_addresses)
{
  struct ip6 own[] = {sl_policy_mapped(0x08080808), {UINT64_C(0x2a00000000000000), 5}};
  struct policy *p = parse("deny self\nallow any\n");
  REQUIRE(p);
  CHECK(sl_policy_wants_self(p));
  ASK_IN("8.8.8.8", 1, "deny public 1", .self = own, .self_count = 2);
  ASK_IN("::ffff:8.8.8.8", 1, "deny public 1", .self = own, .self_count = 2);
  ASK_IN("64:ff9b::8.8.8.8", 1, "deny public 1", .self = own, .self_count = 2);
  ASK_IN("2a00::5", 1, "deny public 1", .self = own, .self_count = 2);
  ASK_IN("2a00::6", 1, "allow public 2", .self = own, .self_count = 2);
  ASK_IN("8.8.8.9", 1, "allow public 2", .self = own, .self_count = 2);
  ASK_IN("127.9.9.9", 1, "deny loopback 1", .self = own, .self_count = 2);
  ASK_IN("0.0.0.0", 1, "deny reserved 1", .self = own, .self_count = 2);
  ASK_IN("::", 1, "deny reserved 1", .self = own, .self_count = 2);
  ASK_IN("::1", 1, "deny loopback 1", .self = own, .self_count = 2);
  ASK("8.8.8.9", 1, "deny public 1"); /* not known: any could be */
  sl_policy_free(p);
  p = parse("allow self\n");
  REQUIRE(p);
  ASK_IN("8.8.8.8", 1, "allow public 1", .self = own, .self_count = 2);
  ASK_IN("127.0.0.1", 1, "deny loopback 0", .self = own, .self_count = 2);
  ASK("8.8.8.8", 1, "deny public 0");
  sl_policy_free(p);
  p = parse("allow any");
  REQUIRE(p);
  CHECK(!sl_policy_wants_self(p));
  sl_policy_free(p);
}

TEST(modes)
{
  struct policy *p = parse("allow public\nmode report\n");
  REQUIRE(p);
  struct policy_verdict v = ask(p, "10.0.0.1", 1, (struct context){0});
  CHECK(v.allow && !v.rules_allow && v.line == 0 && !strcmp(v.class_name, "private"));
  v = ask(p, "8.8.8.8", 1, (struct context){0});
  CHECK(v.allow && v.rules_allow && v.line == 1);
  sl_policy_free(p);
  p = parse("deny any\nmode open\n");
  REQUIRE(p);
  v = ask(p, "10.0.0.1", 1, (struct context){0});
  CHECK(v.allow && v.rules_allow && v.line == 2 && !strcmp(v.rule, "mode open"));
  sl_policy_free(p);
  p = parse("mode enforce\ndeny any");
  REQUIRE(p);
  ASK("8.8.8.8", 1, "deny public 2");
  sl_policy_free(p);
}

TEST(errors)
{
  static const struct {
    const char *text;
    unsigned line, column;
    const char *what;
  } all[] = {
      {"permit any", 1, 1, "'permit' begins no line"},
      {"\n\n  Allow any", 3, 3, "'Allow' begins no line"},
      {"allow", 1, 6, "what to allow is missing"},
      {"deny  ", 1, 7, "what to deny is missing"},
      {"deny # any", 1, 6, "what to deny is missing"},
      {"allow any\ndeny privat", 2, 6, "'privat' is neither"},
      {"deny -1", 1, 6, "'-1' is neither"},
      {"deny 10.0.0/8", 1, 6, "'10.0.0' is not an IPv4"},
      {"deny 10/8", 1, 6, "'10' is not an IPv4"},
      {"deny 010.0.0.1", 1, 6, "'010.0.0.1' is not an IPv4"},
      {"deny 0x7f000001", 1, 6, "'0x7f000001' is not an IPv4"},
      {"deny 2130706433", 1, 6, "'2130706433' is not an IPv4"},
      {"deny 127.0.0.1.", 1, 6, "'127.0.0.1.' is not an IPv4"},
      {"deny fe80::1%2", 1, 6, "'fe80::1%2' is not an IPv6"},
      {"deny [::1]", 1, 6, "'[::1]' is not an IPv6"},
      {"deny ::1::", 1, 6, "'::1::' is not an IPv6"},
      {"deny 1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23", 1, 6, "is not an IPv4"},
      {"deny 10.0.0.0/33", 1, 15, "from 0 to 32"},
      {"deny 10.0.0.0/", 1, 15, "from 0 to 32"},
      {"deny 10.0.0.0/8/8", 1, 15, "from 0 to 32"},
      {"deny 10.0.0.0/+8", 1, 15, "from 0 to 32"},
      {"deny 10.0.0.0/255.0.0.0", 1, 15, "from 0 to 32"},
      {"deny fc00::/129", 1, 13, "from 0 to 128"},
      {"deny any 10.1.0.0/8", 1, 10, "bits set behind"},
      {"deny fc00::1/7", 1, 6, "bits set behind"},
      {"deny ::ffff:10.0.0.0/104", 1, 6, "write the IPv4 range"},
      {"allow any port", 1, 15, "a port is missing"},
      {"allow any port 80,", 1, 19, "a port is missing"},
      {"allow any port ,80", 1, 16, "a port is missing"},
      {"allow any port 80,,81", 1, 19, "a port is missing"},
      {"allow any port 80, 81", 1, 19, "a port is missing"},
      {"allow any port 65536", 1, 16, "'65536' is not a port"},
      {"allow any port 80,http", 1, 19, "'http' is not a port"},
      {"allow any port 80-", 1, 16, "'80-' is not a port"},
      {"allow any port 80-65536", 1, 16, "'80-65536' is not a port"},
      {"allow any port 80-90-95", 1, 16, "'80-90-95' is not a port"},
      {"allow any port 1,90-80", 1, 18, "the range 90-80 runs backwards"},
      {"allow any port 80 port 81", 1, 19, "'port' stands twice"},
      {"allow any proto", 1, 16, "tcp, udp or unix is missing"},
      {"allow any proto tcp,sctp", 1, 21, "'sctp' is not tcp"},
      {"allow any proto tcp proto udp", 1, 21, "'proto' stands twice"},
      {"allow any purpose", 1, 18, "a purpose"},
      {"allow any purpose dns,mail", 1, 23, "'mail' is not a purpose"},
      {"allow any purpose dns purpose doh", 1, 23, "'purpose' stands twice"},
      {"allow any scheme", 1, 17, "a scheme is missing"},
      {"allow any scheme http,ht_tp", 1, 23, "'ht_tp' is not a scheme"},
      {"allow any scheme 1http", 1, 18, "'1http' is not a scheme"},
      {"allow any scheme http scheme ftp", 1, 23, "'scheme' stands twice"},
      {"allow unix", 1, 11, "a path is missing"},
      {"allow unix run/x", 1, 12, "a path begins with /"},
      {"allow unix *", 1, 12, "a path begins with /"},
      {"allow unix /run/[ab]", 1, 17, "no ["},
      {"allow unix /run/\\*", 1, 17, "no \\"},
      {"allow unix /run/{a,b}", 1, 17, "no {"},
      {"allow unix /run/x port 80", 1, 19, "has no port"},
      {"allow unix /run/x proto tcp", 1, 7, "proto unix"},
      {"default", 1, 8, "allow or deny is missing"},
      {"default maybe", 1, 9, "'maybe' is not allow or deny"},
      {"default deny all", 1, 14, "'all' is too much"},
      {"default deny\n\ndefault deny", 3, 1, "'default' stands in line 1"},
      {"mode", 1, 5, "enforce, report or open is missing"},
      {"mode closed", 1, 6, "'closed' is not enforce"},
      {"mode report\nmode enforce", 2, 1, "'mode' stands in line 1"},
      {"mode open x", 1, 11, "'x' is too much"},
      {"embedded", 1, 9, "deny, decode or allow is missing"},
      {"embedded inner", 1, 10, "'inner' is not deny"},
      {"embedded deny\nembedded deny", 2, 1, "'embedded' stands in line 1"},
      {"nat64", 1, 6, "a prefix is missing"},
      {"nat64 10.0.0.0/8", 1, 7, "a NAT64 prefix is IPv6"},
      {"nat64 2a00::/33", 1, 7, "a NAT64 prefix is IPv6"},
      {"nat64 2a00::", 1, 7, "a NAT64 prefix is IPv6"},
      {"nat64 2a00::1/96", 1, 7, "bits set behind"},
      {"nat64 2a00:0:0:0:100::/96", 1, 7, "bits 64 to 71"},
      {"nat64 ::/96", 1, 7, "loopback"},
      {"nat64 2a00::/96 x", 1, 17, "'x' is too much"},
      {"preset", 1, 7, "the name of a preset is missing"},
      {"preset internet", 1, 8, "there is no preset 'internet'"},
      {"preset public-internet x", 1, 24, "'x' is too much"},
      {"preset public-internet\nx", 2, 1, "'x' begins no line"},
      {"allow any\n# a \001\nallow \001", 3, 7, "a control character"},
      {"allow any\rdeny any", 1, 10, "a control character"},
      {"\357\273\277allow any", 1, 1, "'???allow' begins no line"},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct policy *p = (void *)&all;
    struct policy_error e = {0};
    CHECK_INT(sl_policy_parse(slice_str(all[i].text), &p, &e), SL_POLICY_BAD_TEXT);
    CHECK(p == (void *)&all); /* nothing is loaded */
    if (!CHECK(e.line == all[i].line && e.column == all[i].column && strstr(e.text, all[i].what)))
      printf("# %s\n# %u:%u: %s\n", all[i].text, e.line, e.column, e.text);
    CHECK_INT(sl_policy_parse(slice_str(all[i].text), &p, NULL), SL_POLICY_BAD_TEXT);
  }
}

/* `many` times an item behind a head, in a fresh string. */
static char *repeat(const char *head, const char *item, unsigned many)
{
  size_t n = strlen(head), each = strlen(item);
  char *text = malloc(n + each * many + 1);
  if (!text)
    abort();
  memcpy(text, head, n);
  for (unsigned i = 0; i < many; i++, n += each)
    memcpy(text + n, item, each);
  text[n] = 0;
  return text;
}

static void check_limit(const char *head, const char *item, unsigned most, unsigned column)
{
  for (unsigned more = 0; more < 2; more++) {
    struct policy *p = NULL;
    struct policy_error e = {0};
    char *text = repeat(head, item, most + more);
    CHECK_INT(sl_policy_parse(slice_str(text), &p, &e), more ? SL_POLICY_BAD_TEXT : SL_OK);
    if (more)
      CHECK_INT(e.column, column);
    sl_policy_free(p);
    free(text);
  }
}

TEST(limits)
{
  check_limit("allow port 1", ",2", 999, 2012);
  check_limit("allow scheme a", ",b", 31, 14 + 2 * 31 + 2);
  check_limit("allow unix /", "x", 254, 12);
  check_limit("", "nat64 2a00::/96\n", 64, 7);
  char *large = repeat("#", "123456789abcdef\n", 1 << 20);
  struct policy *p = NULL;
  struct policy_error e;
  CHECK_INT(sl_policy_parse(slice_str(large), &p, &e), SL_POLICY_BAD_TEXT);
  CHECK_INT(e.line, 0);
  CHECK(strstr(e.text, "larger than 16 MiB"));
  free(large);
}

static const char everything[] =
    "mode enforce\nembedded decode\nnat64 2a00:64::/32\n"
    "allow 10.0.0.0/8 fc00::/7 unix /run/* unix @x\n"
    "deny 10.1.0.0/16 private self any port 80,90-99\n"
    "allow any purpose dns proto udp scheme http,ftp\npreset public-internet\ndefault deny\n";

TEST(every_allocation_can_fail)
{
  sl_result last = SL_BROKEN;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct policy *p = NULL;
    struct policy_error e = {0};
    last = sl_policy_parse(slice_str(everything), &p, &e);
    CHECK(last == SL_OK ? p != NULL : last == SL_NOMEM && !p && !strcmp(e.text, "out of memory"));
    sl_policy_free(p);
  }
  CHECK_INT(last, SL_OK);
  for (unsigned long n = 1; n < 40; n++) {
    struct policy *p = NULL;
    sl_mem_fail_once(n);
    last = sl_policy_parse(slice_str(everything), &p, NULL);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_policy_free(p);
  }
  sl_mem_fail_after(0);
}

TEST(references)
{
  struct policy *p = parse("default allow");
  REQUIRE(p);
  CHECK(sl_policy_ref(p) == p);
  sl_policy_free(p);
  ASK("8.8.8.8", 1, "allow public 1"); /* under a sanitizer: it is still there */
  sl_policy_free(p);
  sl_policy_free(NULL);
  CHECK(!sl_policy_ref(NULL));
}

/* ---- the compiled form against the plain reading
 * ------------------------------------------------- */

struct model_rule {
  uint32_t at;
  int bits, port; /* port 0: any */
  bool allow, ipv6;
};

static uint32_t state = 1;
static uint32_t random_number(uint32_t below)
{
  state = state * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)state * below) >> 32);
}

/* Few bits, so that the ranges lie in each other and touch. */
static struct model_rule random_rule(void)
{
  struct model_rule r = {0};
  r.bits = random_number(20) ? (int)random_number(33) : 0;
  r.at = random_number(2) ? random_number(64) << 26 | random_number(8) : 0u - random_number(64);
  r.at &= r.bits ? UINT32_MAX << (32 - r.bits) : 0;
  r.port = random_number(3) ? 0 : 1 + (int)random_number(3);
  r.allow = random_number(2);
  r.ipv6 = random_number(3) == 0;
  return r;
}

/* IPv6 rules have their bits behind 2a00:0:0:1::/64. */
static size_t write_rule(char *out, size_t room, const struct model_rule *r)
{
  char port[20] = "";
  if (r->port)
    snprintf(port, sizeof port, " port %d", r->port);
  const char *what = r->allow ? "allow" : "deny";
  if (r->ipv6)
    return (size_t)snprintf(out, room, "%s 2a00:0:0:1:%x:%x::/%d%s\n", what, r->at >> 16,
                            r->at & 0xffff, 64 + r->bits, port);
  return (size_t)snprintf(out, room, "%s %u.%u.%u.%u/%d%s\n", what, r->at >> 24, r->at >> 16 & 255,
                          r->at >> 8 & 255, r->at & 255, r->bits, port);
}

static unsigned plain_reading(const struct model_rule *rules, unsigned n, uint32_t at, bool ipv6,
                              int port)
{
  for (unsigned i = 0; i < n; i++) {
    uint32_t mask = rules[i].bits ? UINT32_MAX << (32 - rules[i].bits) : 0;
    if (rules[i].ipv6 == ipv6 && !((at ^ rules[i].at) & mask) &&
        (!rules[i].port || rules[i].port == port))
      return i + 1;
  }
  return 0;
}

static void check_against_model(const struct policy *p, const struct model_rule *rules, unsigned n,
                                uint32_t at, bool ipv6, int port)
{
  struct gate_addr a;
  struct policy_verdict v;
  unsigned char bytes[16] = {0x2a,
                             0,
                             0,
                             0,
                             0,
                             0,
                             0,
                             1,
                             (unsigned char)(at >> 24),
                             (unsigned char)(at >> 16),
                             (unsigned char)(at >> 8),
                             (unsigned char)at};
  if (ipv6)
    sl_addr_tcp6(&a, bytes, 0, (uint16_t)port);
  else
    sl_addr_tcp4(&a, htonl(at), (uint16_t)port);
  struct policy_question q = {.address = &a.u.sa, .address_len = a.len};
  sl_policy_check(p, &q, &v);
  unsigned want = plain_reading(rules, n, at, ipv6, port);
  unsigned also = at || ipv6 ? want : plain_reading(rules, n, INADDR_LOOPBACK, false, port);
  if (want && rules[want - 1].allow && !(also && rules[also - 1].allow))
    want = also;
  if (!CHECK(v.line == want && v.allow == (want && rules[want - 1].allow)))
    printf("# %08x%s port %d: line %u, not %u\n", at, ipv6 ? " (IPv6)" : "", port, v.line, want);
}

TEST(first_match_wins_in_the_compiled_form)
{
  enum { MANY = 60, ROUNDS = 300 };
  for (int round = 0; round < ROUNDS; round++) {
    struct model_rule rules[MANY];
    char text[MANY * 80];
    size_t used = 0;
    unsigned n = 1 + random_number(MANY);
    for (unsigned i = 0; i < n; i++) {
      rules[i] = i && !random_number(8) ? rules[random_number(i)] : random_rule();
      used += write_rule(text + used, sizeof text - used, &rules[i]);
    }
    struct policy *p = parse(text);
    REQUIRE(p);
    for (unsigned i = 0; i < n; i++) {
      uint32_t size = rules[i].bits ? 1u << (32 - rules[i].bits) : 0, at = rules[i].at;
      uint32_t edges[] = {at, at - 1, at + size, at + size - 1, at + random_number(size | 1)};
      for (int e = 0; e < 5; e++)
        for (int port = 0; port < 4; port++)
          check_against_model(p, rules, n, edges[e], rules[i].ipv6, port);
    }
    sl_policy_free(p);
  }
}

TEST(a_hundred_thousand_rules)
{
  enum { MANY = 100000 };
  size_t room = (size_t)MANY * 60, used = 0;
  char *text = malloc(room);
  REQUIRE(text);
  for (unsigned i = 0; i < MANY; i++) {
    unsigned at = i * 2654435761u;
    used += i % 2 ? (size_t)snprintf(text + used, room - used, "deny %u.%u.%u.%u/%u\n", at >> 24,
                                     at >> 16 & 255, at >> 8 & 255, 0u, 24u)
                  : (size_t)snprintf(text + used, room - used, "allow 2a00:%x:%x::/48 port %u\n",
                                     at >> 16, at & 0xffff, i % 10 + 1);
  }
  struct policy *p = NULL;
  struct timespec begin, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
  CHECK_INT(sl_policy_parse(slice_of(text, used), &p, NULL), SL_OK);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  double seconds =
      (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  printf("# 100,000 rules in %.3f s\n", seconds);
  CHECK(seconds < 1);
  sl_policy_free(p);
  free(text);
}
