/* stream/haproxy.c: the line that goes first. */
#include "stream/haproxy.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/unit/stream/fake_stream.h"

static void check_line(const struct haproxy_params *p, const char *line)
{
  for (size_t piece = 1; piece < 140; piece++) {
    struct fake_turn turns[FAKE_TURNS] = {{slice_str(line), SLICE_LIT("hello")}};
    struct fake f;
    struct stream *top;
    char rest[8];
    fake_init(&f, turns, piece);
    if (!CHECK_INT(sl_haproxy_new(&f.s, p, &top), SL_OK))
      return;
    CHECK_INT(fake_step(top), SL_OK);
    CHECK(!f.wrong && f.heard == strlen(line));
    CHECK_INT(fake_drain(top, rest, sizeof rest, 8), 5);
    sl_stream_free(top);
    CHECK(f.freed);
    if (f.wrong)
      return;
  }
}

TEST(addresses_of_the_socket)
{
  struct haproxy_params p = {"127.0.0.1", "127.0.0.2", 40000, 80, NULL};
  check_line(&p, "PROXY TCP4 127.0.0.1 127.0.0.2 40000 80\r\n");
  p.local_ip = "::1";
  p.peer_ip = "fe80::1%3";
  check_line(&p, "PROXY TCP6 ::1 fe80::1 40000 80\r\n");
}

TEST(unknown_without_addresses)
{
  struct haproxy_params p = {"", "", 0, 0, NULL};
  check_line(&p, "PROXY UNKNOWN\r\n");
  p.client_ip = "127.0.0.9";
  check_line(&p, "PROXY UNKNOWN\r\n");
  p.local_ip = "127.0.0.1"; /* two families cannot be said */
  p.peer_ip = "::1";
  p.client_ip = NULL;
  check_line(&p, "PROXY UNKNOWN\r\n");
}

TEST(a_given_client_address_is_both_ends)
{
  struct haproxy_params p = {"127.0.0.1", "127.0.0.2", 40000, 80, "10.1.2.3"};
  check_line(&p, "PROXY TCP4 10.1.2.3 10.1.2.3 40000 80\r\n");
  p.client_ip = "2001:db8::1";
  check_line(&p, "PROXY TCP6 2001:db8::1 2001:db8::1 40000 80\r\n");
  p.client_ip = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
  p.local_port = p.peer_port = 65535;
  check_line(
      &p,
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "65535 65535\r\n");
}

TEST(a_client_that_is_no_address_is_refused)
{
  static const char *const bad[] = {
      "", "example.com", "10.1.2", "1.1.1.1\r\nGET / HTTP/1.0", "1.1.1.1 2.2.2.2", "::g"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct haproxy_params p = {"127.0.0.1", "127.0.0.2", 1, 2, bad[i]};
    struct stream *top = NULL;
    struct fake f;
    fake_init(&f, NULL, 1);
    CHECK_INT(sl_haproxy_new(&f.s, &p, &top), CURLE_BAD_FUNCTION_ARGUMENT);
    CHECK(!top && !f.freed);
  }
}

TEST(a_failing_peer)
{
  static const struct fake_turn silent[FAKE_TURNS] = {{SLICE_NONE, SLICE_NONE}};
  struct haproxy_params p = {"127.0.0.1", "127.0.0.2", 1, 2, NULL};
  struct stream *top;
  struct fake f;
  fake_init(&f, silent, 1);
  f.write_fails = CURLE_SEND_ERROR;
  REQUIRE(sl_haproxy_new(&f.s, &p, &top) == SL_OK);
  CHECK_INT(fake_step(top), CURLE_SEND_ERROR);
  CHECK(!top->ready);
  sl_stream_free(top);
}

TEST(no_memory)
{
  sl_result last = 1;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct haproxy_params p = {"127.0.0.1", "127.0.0.2", 1, 2, NULL};
    struct stream *top = NULL;
    struct fake f;
    fake_init(&f, NULL, 1);
    last = sl_haproxy_new(&f.s, &p, &top);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_stream_free(top);
  }
  CHECK_INT(last, SL_OK);
}
