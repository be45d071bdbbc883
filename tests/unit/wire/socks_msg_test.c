/* wire/socks_msg.c: dialogues, in pieces of every size. */
#include "wire/socks_msg.h"

#include <curl/curl.h>

#include "tests/test.h"

#define BYTES(s) SLICE_LIT(s)

struct dialogue {
  struct socks_request request;
  struct slice say[4], reply[4]; /* the proxy replies when all of say is there */
  sl_result result;
  int proxy_error;
};

static const unsigned char v4[16] = {127, 0, 0, 1}, v6[16] = {0x22, [15] = 0x33};

/* What the client says is checked against the script. It must ask for all of the last reply and no
 * more. */
static sl_result run_dialogue(struct socks_talk *s, const struct dialogue *d, size_t piece)
{
  size_t step = 0, said = 0, replied = 0;
  sl_result rc;
  sl_socks_init(s, &d->request);
  while ((rc = sl_socks_run(s)) == SL_WAIT) {
    struct slice out = slice_head(sl_socks_out(s), piece);
    if (out.n) {
      if (!CHECK(step < 4 && said + out.n <= d->say[step].n))
        return -2;
      if (!CHECK_MEM(out.p, d->say[step].p + said, out.n))
        return -2;
      said += out.n;
      replied = 0;
      sl_socks_sent(s, out.n);
      continue;
    }
    if (!CHECK(step < 4) || !CHECK_INT(said, d->say[step].n))
      return -2;
    if (!CHECK(sl_socks_room(s)))
      return -2;
    if (replied == d->reply[step].n && CHECK(d->result)) /* the script is at its end */
      return sl_socks_closed(s);
    struct slice in = slice_from(d->reply[step], replied);
    in = slice_head(in, sl_socks_room(s) < piece ? sl_socks_room(s) : piece);
    memcpy(sl_socks_in(s), in.p, in.n);
    sl_socks_received(s, in.n);
    replied += in.n;
    if (replied == d->reply[step].n && step < 3 && d->say[step + 1].n) {
      step++;
      said = replied = 0;
    }
  }
  if (!rc)
    CHECK(!sl_socks_out(s).n && !sl_socks_room(s) && replied == d->reply[step].n);
  return rc;
}

static void check_dialogue(const struct dialogue *d)
{
  for (size_t piece = 1; piece <= 600; piece = piece < 30 ? piece + 1 : piece * 2) {
    struct socks_talk s;
    sl_result rc = run_dialogue(&s, d, piece);
    if (!CHECK_INT(rc, d->result) || !CHECK_INT(s.proxy_error, d->proxy_error))
      return;
    CHECK((d->result == SL_OK) == !*s.error);
    CHECK_INT(sl_socks_run(&s), d->result); /* and so it stays */
  }
}

#define REQUEST(t, ...)                                                                            \
  .request = {.type = CURLPROXY_##t, .may_login = true, .port = 0x1234, __VA_ARGS__}
#define USER .has_user = true, .user = SLICE_LIT("uz3r"), .password = SLICE_LIT("p4ss")
#define NAME .host = SLICE_LIT("foo.example")

TEST(socks4_says_address_and_user)
{
  struct dialogue d = {REQUEST(SOCKS4, .ip_len = 4, USER, NAME),
                       .say = {BYTES("\4\1\x12\x34\x7f\0\0\1uz3r\0")},
                       .reply = {BYTES("\0\x5a\0\0\0\0\0\0")}};
  memcpy(d.request.ip, v4, 16);
  check_dialogue(&d);
  d.request.has_user = false;
  d.request.user = SLICE_NONE;
  d.say[0] = BYTES("\4\1\x12\x34\x7f\0\0\1\0");
  check_dialogue(&d);
}

TEST(socks4a_says_the_name)
{
  struct dialogue d = {REQUEST(SOCKS4A, USER, NAME),
                       .say = {BYTES("\4\1\x12\x34\0\0\0\1uz3r\0foo.example\0")},
                       .reply = {BYTES("\0\x5a\1\2\3\4\5\6")}};
  check_dialogue(&d);
}

TEST(socks4_failures)
{
  static const struct {
    struct slice reply;
    int proxy_error;
  } rows[] = {
      {BYTES("\0\x5b\0\0\0\0\0\0"), CURLPX_REQUEST_FAILED},
      {BYTES("\0\x5c\0\0\0\0\0\0"), CURLPX_IDENTD},
      {BYTES("\0\x5d\0\0\0\0\0\0"), CURLPX_IDENTD_DIFFER},
      {BYTES("\0\x5e\0\0\0\0\0\0"), CURLPX_UNKNOWN_FAIL},
      {BYTES("\0\0\0\0\0\0\0\0"), CURLPX_UNKNOWN_FAIL},
      {BYTES("\4\x5a\0\0\0\0\0\0"), CURLPX_BAD_VERSION},
      {BYTES("\0\x5a\0\0\0\0\0"), CURLPX_CLOSED},
      {BYTES(""), CURLPX_CLOSED},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct dialogue d = {
        REQUEST(SOCKS4A, NAME), .say = {BYTES("\4\1\x12\x34\0\0\0\1\0foo.example\0")},
        .reply = {rows[i].reply}, .result = CURLE_PROXY, .proxy_error = rows[i].proxy_error};
    check_dialogue(&d);
  }
}

TEST(socks4_needs_an_ipv4_address)
{
  struct dialogue d = {REQUEST(SOCKS4, NAME), .result = CURLE_PROXY,
                       .proxy_error = CURLPX_RESOLVE_HOST};
  check_dialogue(&d);
  d.request.ip_len = 16;
  check_dialogue(&d);
}

TEST(socks5_with_a_name)
{
  struct dialogue d = {REQUEST(SOCKS5_HOSTNAME, NAME),
                       .say = {BYTES("\5\1\0"), BYTES("\5\1\0\3\x0b"
                                                      "foo.example\x12\x34")},
                       .reply = {BYTES("\5\0"), BYTES("\5\0\0\1\0\0\0\0\0\0")}};
  check_dialogue(&d);
  d.reply[1] = BYTES("\5\0\0\3\3abc\0\0");
  check_dialogue(&d);
  d.reply[1] = BYTES("\5\0\0\3\0\0\0");
  check_dialogue(&d);
  d.reply[1] = BYTES("\5\0\xff\4\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7\0\0");
  check_dialogue(&d);
}

TEST(socks5_with_addresses)
{
  struct dialogue d = {REQUEST(SOCKS5, NAME, .ip_len = 4),
                       .say = {BYTES("\5\1\0"), BYTES("\5\1\0\1\x7f\0\0\1\x12\x34")},
                       .reply = {BYTES("\5\0"), BYTES("\5\0\0\1\0\0\0\0\0\0")}};
  memcpy(d.request.ip, v4, 16);
  check_dialogue(&d);
  d.request.ip_len = 16;
  memcpy(d.request.ip, v6, 16);
  d.say[1] = BYTES("\5\1\0\4\x22\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x33\x12\x34");
  check_dialogue(&d);
}

TEST(socks5_login)
{
  struct dialogue d = {REQUEST(SOCKS5_HOSTNAME, NAME, USER),
                       .say = {BYTES("\5\2\0\2"), BYTES("\1\4uz3r\4p4ss"),
                               BYTES("\5\1\0\3\x0b"
                                     "foo.example\x12\x34")},
                       .reply = {BYTES("\5\2"), BYTES("\1\0"), BYTES("\5\0\0\1\0\0\0\0\0\0")}};
  check_dialogue(&d);
  d.reply[1] = BYTES("\5\0"); /* a version that some servers send */
  check_dialogue(&d);
  d.request.user = SLICE_LIT("");
  d.request.password = SLICE_NONE;
  d.say[1] = BYTES("\1\0\0");
  check_dialogue(&d);
  d.request.has_user = false; /* the server insists: empty ones */
  d.say[0] = BYTES("\5\1\0");
  check_dialogue(&d);
}

TEST(socks5_login_only_where_allowed)
{
  struct dialogue d = {REQUEST(SOCKS5_HOSTNAME, NAME, USER), .say = {BYTES("\5\1\0")},
                       .reply = {BYTES("\5\2")}, .result = CURLE_PROXY,
                       .proxy_error = CURLPX_NO_AUTH};
  d.request.may_login = false;
  check_dialogue(&d);
}

TEST(socks5_methods_that_are_refused)
{
  static const struct {
    struct slice reply;
    int proxy_error;
  } rows[] = {
      {BYTES("\5\xff"), CURLPX_NO_AUTH},    {BYTES("\5\1"), CURLPX_GSSAPI_PERMSG},
      {BYTES("\5\7"), CURLPX_UNKNOWN_MODE}, {BYTES("\4\0"), CURLPX_BAD_VERSION},
      {BYTES("\5"), CURLPX_CLOSED},         {BYTES(""), CURLPX_CLOSED},
      {BYTES("HT"), CURLPX_BAD_VERSION},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct dialogue d = {REQUEST(SOCKS5_HOSTNAME, NAME), .say = {BYTES("\5\1\0")},
                         .reply = {rows[i].reply}, .result = CURLE_PROXY,
                         .proxy_error = rows[i].proxy_error};
    check_dialogue(&d);
  }
}

TEST(socks5_login_refused)
{
  struct dialogue d = {REQUEST(SOCKS5_HOSTNAME, NAME, USER),
                       .say = {BYTES("\5\2\0\2"), BYTES("\1\4uz3r\4p4ss")},
                       .reply = {BYTES("\5\2"), BYTES("\1\1")}, .result = CURLE_PROXY,
                       .proxy_error = CURLPX_USER_REJECTED};
  check_dialogue(&d);
}

TEST(socks5_replies)
{
  static const struct {
    struct slice reply;
    int proxy_error;
  } rows[] = {
      {BYTES("\5\1\0\1\0\0\0\0\0\0"), CURLPX_REPLY_GENERAL_SERVER_FAILURE},
      {BYTES("\5\2"), CURLPX_REPLY_NOT_ALLOWED},
      {BYTES("\5\3"), CURLPX_REPLY_NETWORK_UNREACHABLE},
      {BYTES("\5\4"), CURLPX_REPLY_HOST_UNREACHABLE},
      {BYTES("\5\5"), CURLPX_REPLY_CONNECTION_REFUSED},
      {BYTES("\5\6"), CURLPX_REPLY_TTL_EXPIRED},
      {BYTES("\5\7"), CURLPX_REPLY_COMMAND_NOT_SUPPORTED},
      {BYTES("\5\x08"), CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED},
      {BYTES("\5\x09"), CURLPX_REPLY_UNASSIGNED},
      {BYTES("\5\xff"), CURLPX_REPLY_UNASSIGNED},
      {BYTES("\4\0\0\1\0\0\0\0\0\0"), CURLPX_BAD_VERSION},
      {BYTES("\5\0\0\7\0\0\0\0\0\0"), CURLPX_BAD_ADDRESS_TYPE},
      {BYTES("\5\0\0\0\0"), CURLPX_BAD_ADDRESS_TYPE},
      {BYTES("\5\0\0\1\0\0\0\0\0"), CURLPX_CLOSED},
      {BYTES("\5\0\0\3\xff"
             "abc"),
       CURLPX_CLOSED},
      {BYTES("\5\0\0\4\0\0\0\0\0\0\0"), CURLPX_CLOSED},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct dialogue d = {REQUEST(SOCKS5_HOSTNAME, NAME),
                         .say = {BYTES("\5\1\0"), BYTES("\5\1\0\3\x0b"
                                                        "foo.example\x12\x34")},
                         .reply = {BYTES("\5\0"), rows[i].reply}, .result = CURLE_PROXY,
                         .proxy_error = rows[i].proxy_error};
    check_dialogue(&d);
  }
}

static char long_text[70000];

static int refused_at_once(int type, size_t host, size_t user, size_t password)
{
  struct socks_talk s;
  struct socks_request r = {.type = (uint8_t)type, .may_login = true, .has_user = true, .port = 80};
  r.host = slice_of(long_text, host);
  r.user = slice_of(long_text, user);
  r.password = slice_of(long_text, password);
  sl_socks_init(&s, &r);
  sl_result rc = sl_socks_run(&s);
  CHECK(rc == SL_WAIT ? sl_socks_out(&s).n : rc == CURLE_PROXY && !sl_socks_out(&s).n && *s.error);
  return s.proxy_error;
}

/* CVE-2023-38545: a name that is too long is an error in every state, however slow the proxy is. */
TEST(lesson_1_lengths_are_limits)
{
  static const size_t too_long[] = {256, 257, 512, 1015, 65535, 65536 + 10};
  memset(long_text, 'a', sizeof long_text);
  CHECK_INT(refused_at_once(CURLPROXY_SOCKS4A, 255, 255, 0), 0);
  CHECK_INT(refused_at_once(CURLPROXY_SOCKS5_HOSTNAME, 255, 255, 255), 0);
  for (size_t i = 0; i < sizeof too_long / sizeof too_long[0]; i++) {
    CHECK_INT(refused_at_once(CURLPROXY_SOCKS4A, too_long[i], 1, 0), CURLPX_LONG_HOSTNAME);
    CHECK_INT(refused_at_once(CURLPROXY_SOCKS4A, 1, too_long[i], 0), CURLPX_LONG_USER);
    CHECK_INT(refused_at_once(CURLPROXY_SOCKS4, 1, too_long[i], 0), CURLPX_LONG_USER);
    CHECK_INT(refused_at_once(CURLPROXY_SOCKS5_HOSTNAME, too_long[i], 1, 1), CURLPX_LONG_HOSTNAME);
    CHECK_INT(refused_at_once(CURLPROXY_SOCKS5_HOSTNAME, 1, too_long[i], 1), CURLPX_LONG_USER);
    CHECK_INT(refused_at_once(CURLPROXY_SOCKS5_HOSTNAME, 1, 1, too_long[i]), CURLPX_LONG_PASSWD);
  }
}

TEST(lesson_1_the_longest_login_and_name_go_out_whole)
{
  static char login[3 + 510], request[5 + 255 + 2];
  memset(long_text, 'a', sizeof long_text);
  memset(login, 'a', sizeof login);
  login[0] = 1;
  login[1] = login[257] = (char)255;
  memset(request, 'a', sizeof request);
  memcpy(request, "\5\1\0\3\xff", 5);
  memcpy(request + 260, "\x12\x34", 2);
  struct dialogue d = {
      REQUEST(SOCKS5_HOSTNAME, .has_user = true),
      .say = {BYTES("\5\2\0\2"), slice_of(login, sizeof login), slice_of(request, sizeof request)},
      .reply = {BYTES("\5\2"), BYTES("\1\0"), BYTES("\5\0\0\1\0\0\0\0\0\0")}};
  d.request.host = d.request.user = d.request.password = slice_of(long_text, 255);
  check_dialogue(&d);
}

TEST(an_address_needs_no_short_name)
{
  struct dialogue d = {REQUEST(SOCKS5, .ip_len = 4),
                       .say = {BYTES("\5\1\0"), BYTES("\5\1\0\1\x7f\0\0\1\x12\x34")},
                       .reply = {BYTES("\5\0"), BYTES("\5\5")}, .result = CURLE_PROXY,
                       .proxy_error = CURLPX_REPLY_CONNECTION_REFUSED};
  memset(long_text, 'a', sizeof long_text);
  memcpy(d.request.ip, v4, 16);
  d.request.host = slice_of(long_text, 60000);
  check_dialogue(&d);
}

TEST(zero_bytes_cannot_end_a_socks4_name)
{
  struct dialogue d = {REQUEST(SOCKS4A, .host = SLICE_LIT("foo\0bar")), .result = CURLE_PROXY,
                       .proxy_error = CURLPX_SEND_CONNECT};
  check_dialogue(&d);
}

TEST(a_broken_connection_has_its_code_in_every_phase)
{
  static const struct {
    size_t bytes_of_reply;
    int send, recv;
  } rows[] = {{0, CURLPX_SEND_CONNECT, CURLPX_RECV_CONNECT},
              {2, CURLPX_SEND_AUTH, CURLPX_RECV_AUTH},
              {4, CURLPX_SEND_REQUEST, CURLPX_RECV_REQACK},
              {9, CURLPX_SEND_REQUEST, CURLPX_RECV_ADDRESS}};
  static const char replies[] = "\5\2\1\0\5\0\0\1\0\0\0\0\0\0";
  for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
    struct dialogue d = {REQUEST(SOCKS5_HOSTNAME, NAME, USER)};
    struct socks_talk s;
    size_t given = 0;
    sl_socks_init(&s, &d.request);
    while (sl_socks_run(&s) == SL_WAIT) {
      if (sl_socks_out(&s).n) {
        sl_socks_sent(&s, sl_socks_out(&s).n);
      } else if (given == rows[i / 2].bytes_of_reply) {
        CHECK_INT(i % 2 ? sl_socks_send_failed(&s) : sl_socks_recv_failed(&s), CURLE_PROXY);
      } else {
        *(char *)sl_socks_in(&s) = replies[given++];
        sl_socks_received(&s, 1);
      }
    }
    CHECK_INT(s.proxy_error, i % 2 ? rows[i / 2].send : rows[i / 2].recv);
  }
}
