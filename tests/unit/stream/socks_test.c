/* stream/socks.c over a scripted proxy. */
#include "stream/socks.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/unit/stream/fake_stream.h"

#define SOCKS5_TURNS(request)                                                                      \
  {                                                                                                \
    {SLICE_LIT("\5\1\0"), SLICE_LIT("\5\0")},                                                      \
    {                                                                                              \
      SLICE_LIT(request), SLICE_LIT("\5\0\0\1\0\0\0\0\0\0tunnelled")                               \
    }                                                                                              \
  }

static sl_result connect_through(struct fake *f, const struct socks_params *p,
                                 struct stream **out_top)
{
  struct stream *top = sl_socks_new(&f->s, p);
  if (!top)
    return SL_NOMEM;
  sl_result rc = fake_step(top);
  *out_top = top;
  CHECK(!f->wrong);
  return rc;
}

static void check_turns(const struct fake_turn *turns, const struct socks_params *p)
{
  for (size_t piece = 1; piece < 40; piece++) {
    struct fake f;
    struct stream *top;
    char rest[32];
    fake_init(&f, turns, piece);
    if (!CHECK_INT(connect_through(&f, p, &top), SL_OK))
      return;
    CHECK_INT(sl_socks_proxy_error(top), CURLPX_OK);
    CHECK_INT(fake_drain(top, rest, sizeof rest, 5),
              9); /* all that is not the proxy's, and only that */
    CHECK_MEM(rest, "tunnelled", 9);
    sl_stream_free(top);
    CHECK(f.freed);
  }
}

TEST(a_name_is_said_as_a_name)
{
  static const struct fake_turn turns[FAKE_TURNS] = SOCKS5_TURNS("\5\1\0\3\x0b"
                                                                 "foo.example\0\x50");
  struct socks_params p = {
      .type = CURLPROXY_SOCKS5_HOSTNAME, .port = 80, .host = SLICE_LIT("foo.example")};
  check_turns(turns, &p);
  p.type = CURLPROXY_SOCKS5; /* without an address there is nothing else to say */
  check_turns(turns, &p);
}

TEST(literals_are_said_as_addresses)
{
  static const struct fake_turn turns4[FAKE_TURNS] = SOCKS5_TURNS("\5\1\0\1\x0c\x22\x38\x4e\0\x50");
  static const struct fake_turn turns6[FAKE_TURNS] =
      SOCKS5_TURNS("\5\1\0\4\x22\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x33\0\x50");
  struct socks_params p = {
      .type = CURLPROXY_SOCKS5_HOSTNAME, .port = 80, .host = SLICE_LIT("12.34.56.78")};
  check_turns(turns4, &p);
  p.host = SLICE_LIT("2200::33");
  check_turns(turns6, &p);
}

TEST(a_resolved_address_is_said)
{
  static const struct fake_turn turns4[FAKE_TURNS] = SOCKS5_TURNS("\5\1\0\1\x7f\0\0\1\0\x50");
  static const struct fake_turn turns6[FAKE_TURNS] =
      SOCKS5_TURNS("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x50");
  static const struct fake_turn turns_4[FAKE_TURNS] = {
      {SLICE_LIT("\4\1\0\x50\x7f\0\0\1u\0"), SLICE_LIT("\0\x5a\0\0\0\0\0\0tunnelled")}};
  static const struct fake_turn turns_4a[FAKE_TURNS] = {
      {SLICE_LIT("\4\1\0\x50\0\0\0\1u\0foo.example\0"), SLICE_LIT("\0\x5a\0\0\0\0\0\0tunnelled")}};
  struct gate_addr a;
  struct socks_params p = {
      .type = CURLPROXY_SOCKS5, .port = 80, .host = SLICE_LIT("foo.example"), .addr = &a};
  REQUIRE(sl_addr_literal(&a, SLICE_LIT("127.0.0.1"), 80));
  check_turns(turns4, &p);
  p.type = CURLPROXY_SOCKS4;
  p.user = "u";
  check_turns(turns_4, &p);
  p.type = CURLPROXY_SOCKS4A;
  check_turns(turns_4a, &p);
  REQUIRE(sl_addr_literal(&a, SLICE_LIT("::1"), 80));
  p.type = CURLPROXY_SOCKS5;
  p.user = NULL;
  check_turns(turns6, &p);
}

static void check_login(unsigned auth, const struct fake_turn *turns)
{
  char user[] = "me", password[] = "secret", host[] = "h";
  struct socks_params p = {.type = CURLPROXY_SOCKS5_HOSTNAME,
                           .auth = (uint8_t)auth,
                           .port = 80,
                           .user = user,
                           .password = password,
                           .host = SLICE_NONE};
  struct fake f;
  p.host = slice_str(host);
  fake_init(&f, turns, 3);
  struct stream *top = sl_socks_new(&f.s, &p);
  REQUIRE(top);
  user[0] = password[0] = host[0] = '!'; /* the layer has its own */
  CHECK_INT(fake_step(top), SL_OK);
  CHECK(!f.wrong);
  sl_stream_free(top);
}

TEST(login_where_allowed)
{
  static const struct fake_turn with[FAKE_TURNS] = {
      {SLICE_LIT("\5\2\0\2"), SLICE_LIT("\5\2")},
      {SLICE_LIT("\1\2me\6secret"), SLICE_LIT("\1\0")},
      {SLICE_LIT("\5\1\0\3\1h\0\x50"), SLICE_LIT("\5\0\0\1\0\0\0\0\0\0")},
  };
  static const struct fake_turn without[FAKE_TURNS] = {
      {SLICE_LIT("\5\1\0"), SLICE_LIT("\5\0")},
      {SLICE_LIT("\5\1\0\3\1h\0\x50"), SLICE_LIT("\5\0\0\1\0\0\0\0\0\0")},
  };
  check_login(CURLAUTH_BASIC, with);
  check_login(CURLAUTH_BASIC | CURLAUTH_GSSAPI, with);
  check_login(CURLAUTH_GSSAPI, without);
  check_login(0, without);
}

static void check_failure(const struct fake_turn *turns, struct fake *how, int proxy_error)
{
  struct buf error;
  struct stream *top;
  struct socks_params p = {
      .type = CURLPROXY_SOCKS5_HOSTNAME, .port = 80, .host = SLICE_LIT("h"), .error = &error};
  sl_buf_init(&error, 1000);
  fake_init(how, turns, 2);
  how->closes = how->read_fails == 0;
  if (CHECK_INT(connect_through(how, &p, &top), CURLE_PROXY)) {
    CHECK_INT(sl_socks_proxy_error(top), proxy_error);
    CHECK(error.n);
    uint32_t before = error.n;
    CHECK_INT(sl_stream_step(top), CURLE_PROXY);
    CHECK_INT(error.n, before); /* the first reason stays */
  }
  sl_stream_free(top);
  CHECK(how->freed);
  sl_buf_done(&error);
}

TEST(failures_have_their_codes)
{
  static const struct fake_turn refuses[FAKE_TURNS] = {
      {SLICE_LIT("\5\1\0"), SLICE_LIT("\5\0")},
      {SLICE_LIT("\5\1\0\3\1h\0\x50"), SLICE_LIT("\5\2\0\1\0\0\0\0\0\0")},
  };
  static const struct fake_turn ends_early[FAKE_TURNS] = {
      {SLICE_LIT("\5\1\0"), SLICE_LIT("\5\0")},
      {SLICE_LIT("\5\1\0\3\1h\0\x50"), SLICE_LIT("\5\0\0\1\0")}};
  static const struct fake_turn no_socks[FAKE_TURNS] = {
      {SLICE_LIT("\5\1\0"), SLICE_LIT("HTTP/1.1 400 Bad Request\r\n\r\n")}};
  struct fake f;
  check_failure(refuses, &f, CURLPX_REPLY_NOT_ALLOWED);
  check_failure(ends_early, &f, CURLPX_CLOSED);
  check_failure(no_socks, &f, CURLPX_BAD_VERSION);
  CHECK_INT(f.said, 2); /* what came behind is left where it is */
}

TEST(a_broken_connection_is_the_proxys_failure)
{
  static const struct fake_turn greets[FAKE_TURNS] = {{SLICE_LIT("\5\1\0"), SLICE_LIT("\5\0")}};
  for (int write = 0; write < 2; write++) {
    struct fake f;
    struct stream *top;
    struct socks_params p = {.type = CURLPROXY_SOCKS5_HOSTNAME, .port = 80, .host = SLICE_LIT("h")};
    fake_init(&f, greets, 9);
    f.write_fails = write ? CURLE_SEND_ERROR : 0;
    if (!write) { /* takes the request, then resets */
      static const struct fake_turn takes[FAKE_TURNS] = {
          {SLICE_LIT("\5\1\0"), SLICE_LIT("\5\0")}, {SLICE_LIT("\5\1\0\3\1h\0\x50"), SLICE_NONE}};
      f.turns = takes;
      f.read_fails = CURLE_RECV_ERROR;
    }
    CHECK_INT(connect_through(&f, &p, &top), CURLE_PROXY);
    CHECK_INT(sl_socks_proxy_error(top), write ? CURLPX_SEND_REQUEST : CURLPX_RECV_REQACK);
    sl_stream_free(top);
  }
}

TEST(lesson_1_too_long_names_are_never_sent)
{
  static const struct fake_turn silent[FAKE_TURNS] = {{SLICE_NONE, SLICE_NONE}};
  static char name[300];
  struct fake f;
  struct stream *top;
  struct buf error;
  struct socks_params p = {.type = CURLPROXY_SOCKS5_HOSTNAME, .port = 80, .error = &error};
  memset(name, 'c', sizeof name);
  p.host = slice_of(name, 256);
  sl_buf_init(&error, 1000);
  fake_init(&f, silent, 1);
  CHECK_INT(connect_through(&f, &p, &top), CURLE_PROXY);
  CHECK_INT(sl_socks_proxy_error(top), CURLPX_LONG_HOSTNAME);
  CHECK_STR(error.p,
            "SOCKS5: the destination hostname is too long to be resolved remotely by the proxy.");
  CHECK_INT(f.most_asked, 0);
  sl_stream_free(top);
  sl_buf_done(&error);
}

TEST(socks_over_socks)
{
  static const struct fake_turn turns[FAKE_TURNS] = {
      {SLICE_LIT("\5\1\0"), SLICE_LIT("\5\0")},
      {SLICE_LIT("\5\1\0\3\1a\0\1"), SLICE_LIT("\5\0\0\1\0\0\0\0\0\0")},
      {SLICE_LIT("\4\1\0\2\0\0\0\1\0b\0"), SLICE_LIT("\0\x5a\0\0\0\0\0\0x")},
  };
  struct socks_params first = {
      .type = CURLPROXY_SOCKS5_HOSTNAME, .port = 1, .host = SLICE_LIT("a")};
  struct socks_params second = {.type = CURLPROXY_SOCKS4A, .port = 2, .host = SLICE_LIT("b")};
  struct fake f;
  char rest[4];
  fake_init(&f, turns, 100);
  struct stream *lower = sl_socks_new(&f.s, &first);
  REQUIRE(lower);
  struct stream *top = sl_socks_new(lower, &second);
  REQUIRE(top);
  CHECK_INT(fake_step(top), SL_OK);
  CHECK_INT(fake_drain(top, rest, sizeof rest, 4), 1);
  sl_stream_free(top);
  CHECK(f.freed);
}

TEST(no_memory)
{
  static const struct fake_turn turns[FAKE_TURNS] = SOCKS5_TURNS("\5\1\0\3\1h\0\x50");
  sl_result last = 1;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct fake f;
    struct stream *top = NULL;
    struct socks_params p = {.type = CURLPROXY_SOCKS5_HOSTNAME, .port = 80, .host = SLICE_LIT("h")};
    fake_init(&f, turns, 4);
    last = connect_through(&f, &p, &top);
    CHECK(last == SL_OK || last == SL_NOMEM);
    CHECK(!f.freed); /* what lies below is not the constructor's to free */
    sl_stream_free(top);
  }
  CHECK_INT(last, SL_OK);
}
