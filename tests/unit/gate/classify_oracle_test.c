/* For tests/real/classify_test.py: with the argument `-` prints the class of each address on
 * standard input, the class of the range around it, and the IPv4 addresses that it carries. Without
 * it is a test of its own that this output is as the script expects it. */
#include <arpa/inet.h>

#include "gate/embedded.h"

int test_main(int argc, char **argv);
#define main test_main
#include "tests/test.h"
#undef main

static bool classify(const char *text, char *out, size_t room)
{
  unsigned char b[16] = {0};
  struct embedded_ipv4 inside[EMBEDDED_MAX];
  struct addr_kind kind;
  unsigned n = 0;
  if (inet_pton(AF_INET, text, b) == 1) {
    kind = sl_ranges_ipv4((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
  } else if (inet_pton(AF_INET6, text, b) == 1) {
    kind = sl_ranges_ipv6(sl_ip6_load(b));
    n = sl_embedded_find(sl_ip6_load(b), NULL, 0, inside);
  } else {
    return false;
  }
  size_t used = (size_t)snprintf(out, room, "%s %s", sl_ranges_name((enum addr_class)kind.class),
                                 sl_ranges_name((enum addr_class)kind.within));
  for (unsigned i = 0; i < n; i++)
    used += (size_t)snprintf(out + used, room - used, " %08x", (unsigned)inside[i].ipv4);
  return true;
}

TEST(lines)
{
  char out[200];
  CHECK(classify("169.254.169.254", out, sizeof out));
  CHECK_STR(out, "metadata linklocal");
  CHECK(classify("2001:0:808:808::ffff:ffff", out, sizeof out));
  CHECK_STR(out, "embedded embedded 08080808 00000000");
  CHECK(!classify("example.com", out, sizeof out));
}

int main(int argc, char **argv)
{
  char line[200], out[200];
  if (argc != 2 || strcmp(argv[1], "-") != 0)
    return test_main(argc, argv);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    puts(classify(line, out, sizeof out) ? out : "not an address");
  }
  return 0;
}
