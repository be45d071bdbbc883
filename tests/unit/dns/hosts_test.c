/* /etc/hosts. */
#include "dns/hosts.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

static char path[] = "/tmp/sluice-hosts-XXXXXX";

static bool put(const char *text)
{
  static bool made;
  if (!made) {
    int fd = mkstemp(path);
    if (fd < 0)
      return false;
    close(fd);
    made = true;
  }
  FILE *f = fopen(path, "w");
  if (!f)
    return false;
  fputs(text, f);
  return !fclose(f);
}

/* "six,six|four,four", or "-" when there is none. */
static const char *find(struct dns_hosts *h, int64_t now_us, const char *name)
{
  static char out[600];
  struct dns_answer *a = NULL;
  size_t n = 0;
  if (sl_dns_hosts_find(h, now_us, slice_str(name), &a))
    return "error";
  if (!a)
    return "-";
  out[0] = 0;
  for (unsigned i = 0; i < sl_dns_answer_count(a, AF_UNSPEC); i++) {
    struct gate_addr addr;
    char text[SL_ADDR_TEXT];
    int port;
    sl_dns_answer_get(a, AF_UNSPEC, i, 80, &addr);
    sl_addr_print(&addr.u.sa, text, &port);
    CHECK_INT(port, 80);
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "," : "", text);
  }
  sl_dns_answer_drop(a);
  return out;
}

TEST(finds_names)
{
  struct dns_hosts h;
  REQUIRE(
      put("# comment\n127.0.0.1 localhost LocalHost2\t\tlast\n\n  ::1   localhost # ip6\n10.0.0.1\n"
          "10.0.0.2 Two two#three\nnonsense bad\n10.0.0.4 two\n10.0.0.2 two\r\nfe80::1 "
          "two\n10.0.0.5 end"));
  sl_dns_hosts_init(&h, path);
  CHECK_STR(find(&h, 1, "localhost"), "::1,127.0.0.1");
  CHECK_STR(find(&h, 1, "localhost2"), "127.0.0.1");
  CHECK_STR(find(&h, 1, "last"), "127.0.0.1");
  CHECK_STR(find(&h, 1, "last."), "127.0.0.1");
  CHECK_STR(find(&h, 1, "two"), "fe80::1,10.0.0.2,10.0.0.4");
  CHECK_STR(find(&h, 1, "end"), "10.0.0.5");
  CHECK_STR(find(&h, 1, "three"), "-");
  CHECK_STR(find(&h, 1, "#"), "-");
  CHECK_STR(find(&h, 1, "bad"), "-");
  CHECK_STR(find(&h, 1, "10.0.0.1"), "-");
  CHECK_STR(find(&h, 1, "comment"), "-");
  CHECK_STR(find(&h, 1, ""), "-");
  CHECK_STR(find(&h, 1, "loc"), "-");
  sl_dns_hosts_done(&h);
}

TEST(missing_or_empty)
{
  struct dns_hosts h;
  sl_dns_hosts_init(&h, "/nonexistent/hosts");
  CHECK_STR(find(&h, 1, "localhost"), "-");
  sl_dns_hosts_done(&h);
  REQUIRE(put(""));
  sl_dns_hosts_init(&h, path);
  CHECK_STR(find(&h, 1, "localhost"), "-");
  sl_dns_hosts_done(&h);
}

TEST(sees_a_change_within_a_second)
{
  struct dns_hosts h;
  REQUIRE(put("10.0.0.1 a\n"));
  sl_dns_hosts_init(&h, path);
  CHECK_STR(find(&h, 5000000, "a"), "10.0.0.1");
  REQUIRE(put("10.0.0.2 a b\n"));
  CHECK_STR(find(&h, 5500000, "a"), "10.0.0.1");
  CHECK_STR(find(&h, 6000000, "a"), "10.0.0.2");
  unlink(path);
  CHECK_STR(find(&h, 7000000, "a"), "-");
  REQUIRE(put("10.0.0.3 a\n"));
  CHECK_STR(find(&h, 8000000, "a"), "10.0.0.3");
  sl_dns_hosts_done(&h);
}

TEST(large_files)
{
  struct dns_hosts h;
  char name[32], want[32];
  FILE *f = NULL;
  REQUIRE(put("") && (f = fopen(path, "w")));
  for (unsigned i = 0; i < 50000; i++)
    fprintf(f, "10.0.%u.%u name%u alias%u\n", i >> 8, i & 255, i, i);
  fclose(f);
  sl_dns_hosts_init(&h, path);
  for (unsigned i = 0; i < 50000; i += 77) {
    snprintf(name, sizeof name, i & 1 ? "name%u" : "alias%u", i);
    snprintf(want, sizeof want, "10.0.%u.%u", i >> 8, i & 255);
    if (i < 65536 && !CHECK_STR(find(&h, 1, name), want))
      break;
  }
  CHECK_STR(find(&h, 1, "name50000"), "-");
  sl_dns_hosts_done(&h);
}

TEST(many_addresses_of_one_name)
{
  struct dns_hosts h;
  struct dns_answer *a = NULL;
  FILE *f = NULL;
  REQUIRE(put("") && (f = fopen(path, "w")));
  for (unsigned i = 0; i < 300; i++)
    fprintf(f, "10.0.%u.%u many\nfd00::%x many\n", i >> 8, i & 255, i + 1);
  fclose(f);
  sl_dns_hosts_init(&h, path);
  CHECK_INT(sl_dns_hosts_find(&h, 1, slice_str("many"), &a), SL_OK);
  CHECK_INT(sl_dns_answer_count(a, AF_INET), 64);
  CHECK_INT(sl_dns_answer_count(a, AF_INET6), 64);
  sl_dns_answer_drop(a);
  sl_dns_hosts_done(&h);
}

TEST(short_of_memory)
{
  REQUIRE(put("10.0.0.1 a\n"));
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct dns_hosts h;
    struct dns_answer *a = NULL;
    sl_dns_hosts_init(&h, path);
    last = sl_dns_hosts_find(&h, 1, slice_str("a"), &a);
    CHECK(last == SL_NOMEM || (last == SL_OK && a));
    CHECK(last == SL_OK || !a);
    sl_dns_answer_drop(a);
    sl_dns_hosts_done(&h);
  }
  CHECK_INT(last, SL_OK);
}

TEST(a_failure_is_not_taken_for_an_empty_file)
{
  struct dns_hosts h;
  struct dns_answer *a = NULL;
  REQUIRE(put("10.0.0.1 a\n"));
  sl_dns_hosts_init(&h, path);
  sl_mem_fail_after(1);
  CHECK_INT(sl_dns_hosts_find(&h, 1, slice_str("a"), &a), SL_NOMEM);
  sl_mem_fail_after(2);
  CHECK_INT(sl_dns_hosts_find(&h, 1, slice_str("a"), &a), SL_NOMEM);
  sl_mem_fail_after(0);
  CHECK_STR(find(&h, 1, "a"), "10.0.0.1");
  sl_dns_hosts_done(&h);
  unlink(path);
}
