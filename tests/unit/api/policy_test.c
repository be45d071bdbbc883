/* sluice_policy_*: arguments, codes, files, this host's own addresses. The rules themselves are
 * tested at the gate. */
#include <arpa/inet.h>
#include <sluice/sluice.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

static struct sluice_policy *parse(const char *text)
{
  struct sluice_policy *p = NULL;
  CHECK_INT(sluice_policy_parse(text, strlen(text), &p, NULL), CURLE_OK);
  return p;
}

static struct sluice_policy_verdict ask(const struct sluice_policy *p, const char *ipv4, int port,
                                        int protocol, int purpose, const char *scheme)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sluice_policy_verdict v = {.size = sizeof v};
  CHECK(inet_pton(AF_INET, ipv4, &in.sin_addr) == 1);
  struct sluice_policy_question q = {.size = sizeof q,
                                     .address = (void *)&in,
                                     .address_len = sizeof in,
                                     .protocol = protocol,
                                     .purpose = purpose,
                                     .scheme = scheme};
  CHECK_INT(sluice_policy_check(p, &q, &v), CURLE_OK);
  return v;
}

TEST(verdicts)
{
  struct sluice_policy *p = parse("deny private proto udp\nallow private port 80\n"
                                  "allow public scheme https\n");
  REQUIRE(p);
  struct sluice_policy_verdict v = ask(p, "10.0.0.1", 80, 0, 0, NULL);
  CHECK(v.allow == 1 && v.rules_allow == 1 && v.line == 2);
  CHECK_STR(v.address_class, "private");
  CHECK_STR(v.rule, "allow private port 80");
  CHECK_INT(ask(p, "10.0.0.1", 80, IPPROTO_TCP, 0, NULL).line, 2);
  CHECK_INT(ask(p, "10.0.0.1", 80, IPPROTO_UDP, 0, NULL).line, 1);
  CHECK_INT(ask(p, "8.8.8.8", 80, 0, 0, "https").line, 3);
  CHECK_INT(ask(p, "8.8.8.8", 80, 0, 0, NULL).allow, 0);
  CHECK_STR(ask(p, "8.8.8.8", 80, 0, 0, NULL).rule, "no rule matches");
  sluice_policy_free(p);
}

TEST(purposes)
{
  static const struct {
    const char *text;
    int purpose;
  } all[] = {{"allow any purpose origin", CURLSOCKTYPE_IPCXN},
             {"allow any purpose accept", CURLSOCKTYPE_ACCEPT},
             {"allow any purpose dns", SLUICE_SOCKTYPE_DNS},
             {"allow any purpose doh", SLUICE_SOCKTYPE_DOH},
             {"allow any purpose proxy", SLUICE_SOCKTYPE_PROXY},
             {"allow any purpose ftp-data", SLUICE_SOCKTYPE_FTP_DATA},
             {"allow any purpose ftp-listen", SLUICE_SOCKTYPE_FTP_LISTEN}};
  enum { ALL = sizeof all / sizeof *all };
  for (int i = 0; i < ALL; i++) {
    struct sluice_policy *p = parse(all[i].text);
    REQUIRE(p);
    for (int k = 0; k < ALL; k++)
      CHECK_INT(ask(p, "8.8.8.8", 80, 0, all[k].purpose, NULL).allow, i == k);
    CHECK_INT(ask(p, "8.8.8.8", 80, 0, 12345, NULL).allow, 0);
    sluice_policy_free(p);
  }
}

TEST(errors)
{
  struct sluice_policy *p = NULL;
  struct sluice_policy_error e = {.size = sizeof e};
  CHECK_INT(sluice_policy_parse("allow any\ndeny al", 17, &p, &e), CURLE_SETOPT_OPTION_SYNTAX);
  CHECK(!p && e.line == 2 && e.column == 6 && strstr(e.text, "'al'"));
  e = (struct sluice_policy_error){.size = 8, .line = 77};
  CHECK_INT(sluice_policy_parse("x", 1, &p, &e), CURLE_SETOPT_OPTION_SYNTAX);
  CHECK_INT(e.line, 77); /* too small to be written to */
  CHECK_INT(sluice_policy_parse(NULL, 1, &p, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sluice_policy_parse("", 0, NULL, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sluice_policy_load(NULL, &p, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK(!sluice_policy_preset(NULL) && !sluice_policy_preset("x"));

  p = parse("default allow");
  struct sockaddr sa = {.sa_family = AF_INET};
  struct sluice_policy_verdict v = {.size = sizeof v}, small = {.size = 8};
  struct sluice_policy_question q = {.size = sizeof q, .address = &sa, .address_len = sizeof sa};
  CHECK_INT(sluice_policy_check(p, &q, &v), CURLE_OK);
  CHECK_INT(sluice_policy_check(NULL, &q, &v), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sluice_policy_check(p, NULL, &v), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sluice_policy_check(p, &q, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sluice_policy_check(p, &q, &small), CURLE_BAD_FUNCTION_ARGUMENT);
  q.size = 8;
  CHECK_INT(sluice_policy_check(p, &q, &v), CURLE_BAD_FUNCTION_ARGUMENT);
  q = (struct sluice_policy_question){.size = sizeof q};
  CHECK_INT(sluice_policy_check(p, &q, &v), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK(sluice_policy_ref(p) == p);
  sluice_policy_free(p);
  sluice_policy_free(p);
  sluice_policy_free(NULL);
}

TEST(files)
{
  char path[] = "/tmp/sluice-policy-XXXXXX";
  static const char text[] = "allow any\nmode what\n";
  struct sluice_policy *p = NULL;
  struct sluice_policy_error e = {.size = sizeof e};
  int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  CHECK_INT(sluice_policy_load(path, &p, &e), CURLE_OK); /* empty: allows nothing */
  REQUIRE(p);
  CHECK_INT(ask(p, "8.8.8.8", 80, 0, 0, NULL).allow, 0);
  sluice_policy_free(p);
  p = NULL;
  CHECK(write(fd, text, sizeof text - 1) == sizeof text - 1);
  close(fd);
  CHECK_INT(sluice_policy_load(path, &p, &e), CURLE_SETOPT_OPTION_SYNTAX);
  CHECK(!p && e.line == 2 && e.column == 6);
  unlink(path);
  CHECK_INT(sluice_policy_load(path, &p, &e), CURLE_FILE_COULDNT_READ_FILE);
  CHECK(!p && e.line == 0);
  CHECK_STR(e.text, "the file can not be read");
}

/* Loopback is an address of ours, and 192.0.2.1 is nobody's. Without memory all could be. */
TEST(own_addresses_are_read)
{
  struct sluice_policy *p = parse("allow self\n");
  REQUIRE(p);
  if (access("/proc/net/fib_trie", R_OK) == 0)
    CHECK_INT(ask(p, "127.0.0.1", 80, 0, 0, NULL).allow, 1);
  CHECK_INT(ask(p, "192.0.2.1", 80, 0, 0, NULL).allow, 0);
  sluice_policy_free(p);
  p = parse("deny self\ndefault allow\n");
  REQUIRE(p);
  CHECK_INT(ask(p, "127.0.0.1", 80, 0, 0, NULL).allow, 0);
  if (access("/proc/net/fib_trie", R_OK) == 0)
    CHECK_INT(ask(p, "192.0.2.1", 80, 0, 0, NULL).allow, 1);
  struct sluice_policy_verdict v = {0};
  sl_mem_fail_after(1);
  v = ask(p, "192.0.2.1", 80, 0, 0, NULL);
  CHECK(sl_mem_fail_after(0) > 0);
  CHECK_INT(v.allow, 0);
  sluice_policy_free(p);
}
