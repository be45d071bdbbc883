/* xfer/proxy_pick.c: options and environment against the hops that come of them. */
#include "xfer/proxy_pick.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"
#include "xfer/transfer.h"

struct setup {
  struct proxy_config config;
  struct xfer_proto proto;
  struct easy easy;
  struct transfer t;
  struct arena arena;
  struct route route;
};

static void forget_environment(void)
{
  static const char *const names[] = {"http", "https", "ftp", "ws", "wss", "all", "no",
                                      "HTTP", "HTTPS", "FTP", "WS", "WSS", "ALL", "NO"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char name[20];
    snprintf(name, sizeof name, "%s%s", names[i], names[i][0] < 'a' ? "_PROXY" : "_proxy");
    unsetenv(name);
  }
}

static void setup(struct setup *s, const char *scheme, const char *host)
{
  memset(s, 0, sizeof *s);
  sl_settings_init(&s->easy.set);
  s->easy.set.proxy = &s->config;
  s->proto.scheme = scheme;
  s->t.easy = &s->easy;
  s->t.proto = &s->proto;
  s->route.host = slice_str(host);
  sl_buf_init(&s->t.error, CURL_ERROR_SIZE);
}

static void done(struct setup *s)
{
  sl_arena_done(&s->arena);
  sl_buf_done(&s->t.error);
}

static sl_result pick(struct setup *s)
{
  sl_buf_clear(&s->t.error);
  return sl_proxy_pick(&s->t, &s->arena, &s->route);
}

/* "type host port user password", with - for what is not there. */
static const char *said(const struct proxy_hop *h)
{
  static char text[600];
  if (!h->set)
    return "none";
  snprintf(text, sizeof text, "%d %s %d %s %s", h->type, h->host, h->port, h->user ? h->user : "-",
           h->password ? h->password : "-");
  return text;
}

static void check_option(const char *proxy, const char *hop)
{
  struct setup s;
  forget_environment();
  setup(&s, "http", "example.com");
  s.config.proxy = (char *)(uintptr_t)proxy;
  if (!CHECK_INT(pick(&s), SL_OK))
    printf("# %s\n", proxy);
  CHECK_STR(said(&s.route.proxy), hop);
  CHECK(!s.route.pre.set);
  CHECK(!s.t.error.n);
  done(&s);
}

TEST(strings)
{
  check_option("127.0.0.1:8080", "0 127.0.0.1 8080 - -");
  check_option("127.0.0.1", "0 127.0.0.1 1080 - -");
  check_option("proxy.example", "0 proxy.example 1080 - -");
  check_option("ftp.example", "0 ftp.example 1080 - -"); /* a name, not a scheme */
  check_option("http://h:1", "0 h 1 - -");
  check_option("HTTP://h:1/", "0 h 1 - -");
  check_option("http://h", "0 h 1080 - -");
  check_option("https://h", "2 h 443 - -");
  check_option("https://h:1080", "2 h 1080 - -");
  check_option("socks://h", "4 h 1080 - -");
  check_option("socks4://h", "4 h 1080 - -");
  check_option("socks4a://h", "6 h 1080 - -");
  check_option("socks5://h", "5 h 1080 - -");
  check_option("Socks5H://h:2", "7 h 2 - -");
  check_option("[::1]:8080", "0 ::1 8080 - -");
  check_option("socks5://[2001:DB8::0:1]", "5 2001:db8::1 1080 - -");
  check_option("[fe80::1%253]:8080", "0 fe80::1%3 8080 - -");
  check_option("[fe80::1%25lo]:8080", "0 fe80::1%1 8080 - -");
  check_option("127.0.0.1:1/path?query#fragment", "0 127.0.0.1 1 - -");
  check_option("ex%41mple.com", "0 exAmple.com 1080 - -");
  check_option("http://b\xc3\xbc"
               "cher.example",
               "0 xn--bcher-kva.example 1080 - -");
}

TEST(logins_in_strings)
{
  check_option("u:p@h:1", "0 h 1 u p");
  check_option("http://us%41er:p%40%3a%ff@h:1", "0 h 1 usAer p@:\xff");
  check_option("u@h:1", "0 h 1 u ");
  check_option(":p@h:1", "0 h 1  p");
  check_option(":@h:1", "0 h 1  ");
  check_option("u:%0d%0a@h:1", "0 h 1 u \r\n");
}

TEST(unix_sockets)
{
  check_option("socks5h://localhost/tmp/s.sock", "7 /tmp/s.sock 1080 - -");
  check_option("socks5h://u:p@LOCALHOST:5/tmp/a%20b", "7 /tmp/a b 5 u p");
  check_option("socks4://localhost/a/../b", "4 /a/../b 1080 - -");
  check_option("socks5h://localhost/", "7 localhost 1080 - -");
  check_option("socks5h://127.0.0.1/tmp/x", "7 127.0.0.1 1080 - -");
  check_option("http://localhost/tmp/x", "0 localhost 1080 - -");
}

TEST(no_proxy_at_all)
{
  check_option("", "none");
  check_option(NULL, "none");
}

static void check_error(const char *proxy, const char *pre, sl_result result, const char *text)
{
  struct setup s;
  forget_environment();
  setup(&s, "http", "example.com");
  s.config.proxy = (char *)(uintptr_t)proxy;
  s.config.pre_proxy = (char *)(uintptr_t)pre;
  CHECK_INT(pick(&s), result);
  if (!CHECK(s.t.error.n && strstr(s.t.error.p, text)))
    printf("# %s: %s\n", proxy, s.t.error.n ? s.t.error.p : "");
  CHECK(!s.t.error.n || !strstr(s.t.error.p, "secret"));
  done(&s);
}

TEST(strings_that_are_wrong)
{
  check_error("foo://127.0.0.1:1", NULL, CURLE_COULDNT_CONNECT,
              "Unsupported proxy scheme for 'foo://127.0.0.1:1'");
  check_error("foo://u:secret@h", NULL, CURLE_COULDNT_CONNECT, "Unsupported proxy scheme for 'h'");
  check_error("ftp://h", NULL, CURLE_COULDNT_CONNECT, "Unsupported proxy scheme for");
  check_error("socks5x://h", NULL, CURLE_COULDNT_CONNECT, "Unsupported proxy scheme for");
  check_error("/server", NULL, CURLE_COULDNT_RESOLVE_PROXY,
              "Unsupported proxy syntax in '/server'");
  check_error("http://a:b@/x", NULL, CURLE_COULDNT_RESOLVE_PROXY,
              "Unsupported proxy syntax in '/x'");
  check_error("http://u:secret@h:99999", NULL, CURLE_COULDNT_RESOLVE_PROXY,
              "Unsupported proxy syntax in 'h:99999'");
  check_error("http://u:secret@b@h:1", NULL, CURLE_COULDNT_RESOLVE_PROXY,
              "Unsupported proxy syntax in 'h:1'");
  check_error("h:x", NULL, CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy syntax in 'h:x'");
  check_error("::1", NULL, CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy syntax");
  check_error("http://", NULL, CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy syntax");
  check_error(" ", NULL, CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy syntax");
  check_error("a b", NULL, CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy syntax");
  check_error("secret%00x:p@h", NULL, CURLE_COULDNT_RESOLVE_PROXY, "zero byte");
  check_error("u:secret%00@h", NULL, CURLE_COULDNT_RESOLVE_PROXY, "zero byte");
  check_error("socks5://localhost/a%00b", NULL, CURLE_COULDNT_RESOLVE_PROXY, "zero byte");
  check_error("[fe80::1%25nosuchif0]", NULL, CURLE_COULDNT_RESOLVE_PROXY, "no such zone");
  check_error("h", "foo://x", CURLE_COULDNT_CONNECT, "Unsupported proxy scheme for 'foo://x'");
  check_error("h", "http://x", CURLE_COULDNT_CONNECT, "Unsupported proxy scheme for 'http://x'");
  check_error("h", "/x", CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy syntax in '/x'");
}

static void check_type(const char *proxy, long type, unsigned port, const char *hop)
{
  struct setup s;
  forget_environment();
  setup(&s, "http", "example.com");
  s.config.proxy = (char *)(uintptr_t)proxy;
  s.config.proxytype = (uint8_t)type;
  s.config.proxyport = (uint16_t)port;
  sl_result rc = pick(&s);
  CHECK_INT(rc, hop ? SL_OK : CURLE_COULDNT_CONNECT);
  CHECK_STR(rc ? NULL : said(&s.route.proxy), hop);
  done(&s);
}

TEST(type_and_port_options)
{
  check_type("h", CURLPROXY_SOCKS5, 0, "5 h 1080 - -");
  check_type("h", CURLPROXY_HTTPS, 0, "2 h 443 - -");
  check_type("h", CURLPROXY_HTTPS2, 0, "3 h 443 - -");
  check_type("h", CURLPROXY_HTTPS3, 0, NULL);
  check_type("https://h", CURLPROXY_HTTPS3, 0, NULL);
  check_type("h", CURLPROXY_HTTP_1_0, 0, "1 h 1080 - -");
  check_type("http://h", CURLPROXY_HTTP_1_0, 0, "1 h 1080 - -");
  check_type("https://h", CURLPROXY_HTTP_1_0, 0, "2 h 443 - -");
  check_type("https://h", CURLPROXY_HTTPS2, 0, "3 h 443 - -");
  check_type("http://h", CURLPROXY_HTTPS2, 0, "0 h 1080 - -");
  check_type("http://h", CURLPROXY_SOCKS5, 0, "0 h 1080 - -");
  check_type("socks4://h", CURLPROXY_HTTP, 0, "4 h 1080 - -");
  check_type("localhost/tmp/x", CURLPROXY_SOCKS5_HOSTNAME, 0, "7 /tmp/x 1080 - -");
  check_type("h", CURLPROXY_HTTP, 77, "0 h 77 - -");
  check_type("https://h", CURLPROXY_HTTP, 77, "2 h 77 - -");
  check_type("h:1", CURLPROXY_HTTP, 77, "0 h 1 - -");
  check_type("https://h:443", CURLPROXY_HTTP, 77, "2 h 443 - -");
  check_type("http://h:80", CURLPROXY_HTTP, 77, "0 h 80 - -");
}

static void check_login(const char *proxy, const char *user, const char *password, const char *hop)
{
  struct setup s;
  forget_environment();
  setup(&s, "http", "example.com");
  s.config.proxy = (char *)(uintptr_t)proxy;
  s.config.proxyusername = (char *)(uintptr_t)user;
  s.config.proxypassword = (char *)(uintptr_t)password;
  CHECK_INT(pick(&s), SL_OK);
  CHECK_STR(said(&s.route.proxy), hop);
  done(&s);
}

TEST(login_options)
{
  check_login("h:1", "U%41", "P%41", "0 h 1 U%41 P%41");
  check_login("socks5://h:1", "U", "P", "5 h 1 U P");
  check_login("h:1", "U", NULL, "0 h 1 U ");
  check_login("h:1", NULL, "P", "0 h 1 - -");
  check_login("u:p@h:1", "U", "P", "0 h 1 u p");
  check_login("u@h:1", "U", "P", "0 h 1 u ");
  check_login(":p@h:1", "U", "P", "0 h 1  p");
}

static void check_hops(const char *pre, const char *proxy, const char *pre_hop, const char *hop)
{
  struct setup s;
  setup(&s, "http", "example.com");
  s.config.proxy = (char *)(uintptr_t)proxy;
  s.config.pre_proxy = (char *)(uintptr_t)pre;
  s.config.proxyusername = (char *)(uintptr_t) "U";
  s.config.proxypassword = (char *)(uintptr_t) "P";
  CHECK_INT(pick(&s), SL_OK);
  CHECK_STR(said(&s.route.pre), pre_hop);
  CHECK_STR(said(&s.route.proxy), hop);
  done(&s);
}

/* Each login stays with its own proxy. */
TEST(a_proxy_before_the_proxy)
{
  forget_environment();
  setenv("http_proxy", "env:3", 1);
  check_hops("socks5h://a:1", "b:2", "7 a 1 - -", "0 b 2 U P");
  check_hops("socks5h://c:d@a:1", "e:f@b:2", "7 a 1 c d", "0 b 2 e f");
  check_hops("socks5h://c:d@a:1", "b:2", "7 a 1 c d", "0 b 2 U P");
  check_hops("a:1", "b:2", "4 a 1 - -", "0 b 2 U P");
  check_hops("socks4a://a", "socks5://b", "6 a 1080 - -", "none"); /* one SOCKS proxy at most */
  check_hops("socks4a://a", "", "6 a 1080 - -", "none");
  check_hops("socks4a://a", NULL, "6 a 1080 - -", "none"); /* the environment has no say then */
  check_hops("", "b:2", "none", "0 b 2 U P");
  check_hops("", NULL, "none", "0 env 3 U P");
  forget_environment();
}

static void check_env(const char *scheme, const char *variables, const char *hop)
{
  char copy[300], *rest = copy;
  struct setup s;
  forget_environment();
  snprintf(copy, sizeof copy, "%s", variables);
  for (char *one; (one = strsep(&rest, ";"));) {
    char *equals = strchr(one, '=');
    *equals = 0;
    setenv(one, equals + 1, 1);
  }
  setup(&s, scheme, "www.example.com");
  CHECK_INT(pick(&s), SL_OK);
  if (!CHECK_STR(said(&s.route.proxy), hop))
    printf("# %s: %s\n", scheme, variables);
  done(&s);
  forget_environment();
}

TEST(environment)
{
  check_env("http", "http_proxy=a:1", "0 a 1 - -");
  check_env("http", "http_proxy=socks5://u:p@a:1/", "5 a 1 u p");
  check_env("http", "HTTP_PROXY=a:1", "none");
  check_env("http", "HTTP_PROXY=a:1;ALL_PROXY=b:2", "0 b 2 - -");
  check_env("http", "https_proxy=a:1", "none");
  check_env("https", "https_proxy=a:1;HTTPS_PROXY=b:2", "0 a 1 - -");
  check_env("https", "HTTPS_PROXY=b:2;all_proxy=c:3", "0 b 2 - -");
  check_env("ftp", "all_proxy=c:3;ALL_PROXY=d:4", "0 c 3 - -");
  check_env("ftp", "ALL_PROXY=d:4", "0 d 4 - -");
  check_env("ftp", "ftp_proxy=;FTP_PROXY=;ALL_PROXY=d:4", "0 d 4 - -");
  check_env("ws", "http_proxy=a:1;ALL_PROXY=d:4", "0 a 1 - -");
  check_env("ws", "HTTP_PROXY=a:1", "none");
  check_env("ws", "WS_PROXY=b:2;http_proxy=a:1", "0 b 2 - -");
  check_env("wss", "HTTPS_PROXY=a:1", "0 a 1 - -");
  check_env("wss", "http_proxy=a:1", "none");
  check_env("a_scheme_far_too_long_for_a_variable", "all_proxy=c:3", "0 c 3 - -");
}

TEST(hosts_without_proxy_in_the_environment)
{
  check_env("http", "http_proxy=a:1;no_proxy=example.com", "none");
  check_env("http", "http_proxy=a:1;NO_PROXY=*", "none");
  check_env("http", "http_proxy=a:1;no_proxy=x;NO_PROXY=example.com", "0 a 1 - -");
  check_env("http", "http_proxy=a:1;no_proxy=;NO_PROXY=example.com", "none");
}

TEST(hosts_without_proxy_by_option)
{
  static const struct {
    const char *list, *host, *hop;
  } rows[] = {{"example.com", "example.com", "none"}, {"", "env.example", "0 h 1080 - -"},
              {NULL, "env.example", "none"},          {"::1", "::1", "none"},
              {"10.0.0.0/8", "10.1.1.1", "none"},     {"x", "example.com", "0 h 1080 - -"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct setup s;
    forget_environment();
    setenv("NO_PROXY", "env.example", 1);
    setup(&s, "http", rows[i].host);
    s.config.proxy = (char *)(uintptr_t) "h";
    s.config.pre_proxy = (char *)(uintptr_t) "socks5://p";
    s.config.noproxy = (char *)(uintptr_t)rows[i].list;
    CHECK_INT(pick(&s), SL_OK);
    CHECK_STR(said(&s.route.proxy), rows[i].hop);
    CHECK_INT(s.route.pre.set, s.route.proxy.set);
    s.config.proxy =
        (char *)(uintptr_t) "foo://wrong"; /* is not looked at where it is not needed */
    CHECK_INT(pick(&s), s.route.proxy.set ? CURLE_COULDNT_CONNECT : SL_OK);
    done(&s);
  }
  forget_environment();
}

TEST(an_earlier_choice_is_forgotten)
{
  struct setup s;
  forget_environment();
  setup(&s, "http", "example.com");
  s.route.proxy.set = s.route.pre.set = true;
  CHECK_INT(pick(&s), SL_OK);
  CHECK(!s.route.proxy.set && !s.route.pre.set);
  done(&s);
}

TEST(no_memory)
{
  sl_result last = 1;
  forget_environment();
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct setup s;
    setup(&s, "http", "example.com");
    s.config.proxy = (char *)(uintptr_t) "http://us%41r:p%41ss@b\xc3\xbc"
                                         "cher.example:8080";
    s.config.pre_proxy = (char *)(uintptr_t) "socks5h://u:p@localhost/tmp/a%20path";
    last = pick(&s);
    CHECK(last == SL_OK || last == SL_NOMEM);
    if (last == SL_OK) {
      CHECK_STR(said(&s.route.pre), "7 /tmp/a path 1080 u p");
      CHECK_STR(said(&s.route.proxy), "0 xn--bcher-kva.example 8080 usAr pAss");
    }
    done(&s);
  }
  CHECK_INT(last, SL_OK);
}

TEST(no_memory_for_the_login_options)
{
  static char password[1000];
  sl_result last = 1;
  forget_environment();
  memset(password, 'p', sizeof password - 1);
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct setup s;
    setup(&s, "http", "example.com");
    s.config.proxy = (char *)(uintptr_t) "h";
    s.config.proxyusername = (char *)(uintptr_t) "U";
    s.config.proxypassword = password;
    last = pick(&s);
    CHECK(last == SL_OK || last == SL_NOMEM);
    CHECK_INT(s.route.proxy.set, last == SL_OK);
    CHECK(!s.route.proxy.set || s.route.proxy.password);
    done(&s);
  }
  CHECK_INT(last, SL_OK);
}
