/* stream/tunnel.c over a scripted proxy. */
#include "stream/tunnel.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/unit/stream/fake_stream.h"
#include "wire/http1.h"

struct up {
  struct buf heard; /* kinds and lines, and the verdicts */
  int rounds;
  int again;      /* so many verdicts ask for another request */
  bool reconnect; /* the verdict wants a new connection */
  bool huge;      /* so is the request */
  sl_result request_fails, line_fails, verdict_fails;
};

static sl_result up_request(void *ctx, struct buf *dst)
{
  struct up *u = ctx;
  sl_buf_printf(dst, "CONNECT h:1 round %d\r\n\r\n", ++u->rounds);
  if (u->huge)
    sl_buf_reserve(dst, 5000000);
  return u->request_fails;
}

static sl_result up_line(void *ctx, struct slice line, enum tunnel_line kind)
{
  struct up *u = ctx;
  sl_buf_char(&u->heard, "SFOE"[kind]);
  sl_buf_add(&u->heard, line);
  return u->line_fails ? u->line_fails : sl_buf_result(&u->heard, 1);
}

static sl_result up_verdict(void *ctx, int status, bool *out_again, bool *out_reconnect)
{
  struct up *u = ctx;
  sl_buf_printf(&u->heard, "=%d%s;", status, *out_reconnect ? " closes" : "");
  *out_again = u->again-- > 0;
  *out_reconnect = *out_reconnect || u->reconnect;
  return u->verdict_fails ? u->verdict_fails : sl_buf_result(&u->heard, 1);
}

static void up_info(void *ctx, const char *text)
{
  struct up *u = ctx;
  sl_buf_printf(&u->heard, "(%s)", text);
}

struct talk {
  struct fake_turn turns[FAKE_TURNS];
  int again;
  bool closes;
  bool reconnect_wanted; /* by the verdict */
  sl_result result;
  bool reconnect;    /* that is what the result says */
  const char *heard; /* NULL: unchecked */
  const char *error;
};
#define R1 SLICE_LIT("CONNECT h:1 round 1\r\n\r\n")
#define R2 SLICE_LIT("CONNECT h:1 round 2\r\n\r\n")
#define R3 SLICE_LIT("CONNECT h:1 round 3\r\n\r\n")

static sl_result run(const struct talk *k, struct up *u, struct fake *f, struct buf *error,
                     struct stream **out_top)
{
  struct tunnel_up up = {u, up_request, up_line, up_verdict, up_info};
  f->closes = k->closes;
  u->again = k->again;
  u->reconnect = k->reconnect_wanted;
  *out_top = sl_tunnel_new(&f->s, &up, error);
  if (!*out_top)
    return SL_NOMEM;
  sl_result rc = fake_step(*out_top);
  CHECK(!f->wrong);
  return rc;
}

static void check_piece(const struct talk *k, size_t piece)
{
  struct fake f;
  struct up u = {.rounds = 0};
  struct buf error;
  struct stream *top;
  char rest[64];
  sl_buf_init(&u.heard, 1000000);
  sl_buf_init(&error, 1000);
  fake_init(&f, k->turns, piece);
  sl_result rc = run(k, &u, &f, &error, &top);
  CHECK_INT(rc, k->result);
  CHECK_INT(sl_tunnel_wants_reconnect(top), k->reconnect);
  if (k->heard)
    CHECK_STR(u.heard.p ? u.heard.p : "", k->heard);
  CHECK_STR(error.p, k->error);
  if (!rc) {
    CHECK_INT(fake_drain(top, rest, sizeof rest, 5), 9);
    CHECK_MEM(rest, "tunnelled", 9);
  } else {
    CHECK_INT(sl_stream_step(top), rc);
  }
  sl_stream_free(top);
  CHECK(f.freed);
  sl_buf_done(&u.heard);
  sl_buf_done(&error);
}

static void check(const struct talk *k)
{
  for (size_t piece = 1; piece < 20000; piece = piece < 120 ? piece + 1 : piece * 4) {
    unsigned long before = test_failed_checks;
    check_piece(k, piece);
    if (test_failed_checks != before) {
      printf("# in pieces of %zu\n", piece);
      return;
    }
  }
}

TEST(a_tunnel_opens)
{
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 200 OK\r\nA: b\r\n\r\ntunnelled")}},
                       .heard = "SHTTP/1.1 200 OK\r\nFA: b\r\nE\r\n=200 closes;"});
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.0 204 Go\nA: b\n c\n\ntunnelled")}},
                       .heard = "SHTTP/1.0 204 Go\nOA: b\n c\nE\n=204 closes;"});
}

TEST(a_success_has_no_body)
{
  check(&(struct talk){
      .turns = {{R1, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 123\r\nTransfer-Encoding: "
                               "chunked\r\n\r\ntunnelled")}},
      .heard = "SHTTP/1.1 200 OK\r\n(Ignoring Content-Length in CONNECT 200 "
               "response)FContent-Length: 123\r\n"
               "(Ignoring Transfer-Encoding in CONNECT 200 response)FTransfer-Encoding: "
               "chunked\r\nE\r\n=200 closes;"});
  /* nor does it end the connection */
  check(&(struct talk){
      .turns = {{R1, SLICE_LIT("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntunnelled")}},
      .again = 1});
}

TEST(interim_answers_are_passed_on)
{
  check(&(struct talk){
      .turns = {{R1, SLICE_LIT(
                         "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 Hm\r\n\r\n"
                         "HTTP/1.1 200 OK\r\n\r\ntunnelled")}},
      .heard = "SHTTP/1.1 100 Continue\r\nFContent-Length: 9\r\nE\r\nSHTTP/1.1 103 Hm\r\nE\r\n"
               "SHTTP/1.1 200 OK\r\nE\r\n=200 closes;"});
}

TEST(refusals)
{
  check(
      &(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 405 No\r\nContent-Length: 3\r\n\r\nabc")}},
                     .heard = "SHTTP/1.1 405 No\r\nFContent-Length: 3\r\nE\r\n=405;",
                     .result = CURLE_COULDNT_CONNECT,
                     .error = "CONNECT tunnel failed, response 405"});
  /* without a length: its body's end is not waited for */
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n")}},
                       .result = CURLE_COULDNT_CONNECT,
                       .error = "CONNECT tunnel failed, response 400"});
  check(&(struct talk){
      .turns = {{R1, SLICE_LIT("HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n")}},
      .result = CURLE_COULDNT_CONNECT,
      .error = "CONNECT tunnel failed, response 302"});
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 101 Switching\r\n\r\ntunnelled")}},
                       .result = CURLE_COULDNT_CONNECT,
                       .error = "CONNECT tunnel failed, response 101"});
}

#define OPENS SLICE_LIT("HTTP/1.1 200 OK\r\n\r\ntunnelled")

TEST(another_round_after_each_kind_of_body)
{
  static const struct slice first[] = {
      SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 5\r\n\r\n12345"),
      SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 0\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\ncontent-length:5\r\nContent-Length: 5\r\n\r\n12345"),
      SLICE_LIT("HTTP/1.1 407 A\r\nTransfer-Encoding: "
                "chunked\r\n\r\n3\r\nabc\r\n5;x=y\r\nHTTP/\r\n0\r\nTrailer: x\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n0\r\n\r\n"),
      SLICE_LIT("HTTP/1.0 407 A\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nxy"),
      SLICE_LIT("HTTP/1.0 407 A\r\nProxy-Connection: x, keep-alive\r\nContent-Length: 2\r\n\r\nxy"),
      SLICE_LIT("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 407 A\r\nContent-Length: 2\r\n\r\nxy"),
  };
  for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
    check(&(struct talk){.turns = {{R1, first[i]}, {R2, OPENS}}, .again = 1});
  check(&(struct talk){.turns = {{R1, first[0]}, {R2, first[3]}, {R3, OPENS}}, .again = 2});
  check(&(struct talk){.turns = {{R1, first[0]}, {R2, first[0]}},
                       .again = 1,
                       .result = CURLE_COULDNT_CONNECT,
                       .error = "CONNECT tunnel failed, response 407"});
}

TEST(a_new_connection_where_the_proxy_ends_this_one)
{
  static const struct slice first[] = {
      SLICE_LIT("HTTP/1.1 407 A\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"),
      SLICE_LIT(
          "HTTP/1.1 407 A\r\nProxy-Connection: keep-alive, close\r\nContent-Length: 0\r\n\r\n"),
      SLICE_LIT("HTTP/1.0 407 A\r\nContent-Length: 0\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\n\r\nuntil the end"),
      SLICE_LIT("HTTP/1.1 407 A\r\nTransfer-Encoding: gzip\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"),
      SLICE_LIT(
          "HTTP/1.1 407 A\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nTransfer-Encoding:\r\n\r\n"),
      SLICE_LIT(
          "HTTP/1.1 407 A\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: -5\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 99999999999999999999\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 1048577\r\n\r\n"),
      SLICE_LIT("HTTP/1.1 407 A\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
      SLICE_LIT(
          "HTTP/1.1 407 A\r\nContent-Length: 2\r\n\r\nxyHTTP/1.1 200 OK\r\n\r\n"), /* not asked for
                                                                                    */
  };
  for (size_t i = 0; i < sizeof first / sizeof first[0] - 1; i++)
    check(&(struct talk){
        .turns = {{R1, first[i]}}, .again = 1, .result = CURLE_COULDNT_CONNECT, .reconnect = true});
  for (size_t piece = 64; piece < 4096; piece *= 2)
    check_piece(&(struct talk){.turns = {{R1, first[sizeof first / sizeof first[0] - 1]}},
                               .again = 1,
                               .result = CURLE_COULDNT_CONNECT,
                               .reconnect = true},
                piece);
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 0\r\n\r\n")}},
                       .again = 1,
                       .reconnect_wanted = true,
                       .result = CURLE_COULDNT_CONNECT,
                       .reconnect = true,
                       .heard = "SHTTP/1.1 407 A\r\nFContent-Length: 0\r\nE\r\n=407;"});
}

TEST(a_connection_that_ends)
{
  static const struct slice whole = SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 2\r\n\r\nxy");
  check(&(struct talk){.turns = {{R1, SLICE_NONE}},
                       .closes = true,
                       .result = CURLE_RECV_ERROR,
                       .error = "Proxy CONNECT aborted"});
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 200 OK\r\nA")}},
                       .closes = true,
                       .again = 1,
                       .result = CURLE_RECV_ERROR,
                       .error = "Proxy CONNECT aborted"});
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 9\r\n\r\nxy")}},
                       .closes = true,
                       .again = 1,
                       .result = CURLE_COULDNT_CONNECT,
                       .reconnect = true});
  /* between two requests, after the second one, and within the second answer */
  check(&(struct talk){.turns = {{R1, whole}, {R2, SLICE_NONE}},
                       .closes = true,
                       .again = 2,
                       .result = CURLE_COULDNT_CONNECT,
                       .reconnect = true});
  check(&(struct talk){.turns = {{R1, whole}, {R2, SLICE_LIT("HTT")}},
                       .closes = true,
                       .again = 2,
                       .result = CURLE_RECV_ERROR,
                       .error = "Proxy CONNECT aborted"});
}

TEST(a_connection_that_breaks)
{
  for (int round = 1; round <= 2; round++) {
    static const struct slice whole = SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 2\r\n\r\nxy");
    struct fake_turn turns[FAKE_TURNS] = {{SLICE_NONE, SLICE_NONE}};
    struct talk k = {.again = 1};
    struct fake f;
    struct up u = {.rounds = 0};
    struct stream *top;
    if (round == 2)
      turns[0] = (struct fake_turn){R1, whole};
    sl_buf_init(&u.heard, 1000);
    fake_init(&f, turns, 100);
    f.write_fails = CURLE_SEND_ERROR;
    CHECK_INT(run(&k, &u, &f, NULL, &top), round == 1 ? CURLE_SEND_ERROR : CURLE_COULDNT_CONNECT);
    CHECK_INT(sl_tunnel_wants_reconnect(top), round == 2);
    sl_stream_free(top);
    sl_buf_done(&u.heard);
  }
}

TEST(what_is_no_answer)
{
  check(&(struct talk){.turns = {{R1, SLICE_LIT("SSH-2.0-hello\r\n")}},
                       .result = CURLE_WEIRD_SERVER_REPLY,
                       .error = "The proxy's answer to CONNECT is not HTTP"});
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/2 200 OK\r\n\r\n")}},
                       .result = CURLE_UNSUPPORTED_PROTOCOL,
                       .error = "Unsupported HTTP/2 in CONNECT response"});
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 2000 OK\r\n\r\n")}},
                       .result = CURLE_WEIRD_SERVER_REPLY,
                       .error = "Unsupported HTTP version or malformed status line in response"});
  check(&(struct talk){.turns = {{R1, SLICE_LIT("HTTP/1.1 200 OK\r\nX-Evil: he\0llo\r\n\r\n")}},
                       .result = CURLE_WEIRD_SERVER_REPLY,
                       .error = "Nul byte in header"});
}

/* A reply of `n` bytes: head, then `unit` over and over, then tail. */
static struct slice long_reply(struct buf *b, const char *head, const char *unit, size_t times,
                               const char *tail)
{
  sl_buf_init(b, 8000000);
  sl_buf_str(b, head);
  while (times--)
    sl_buf_str(b, unit);
  sl_buf_str(b, tail);
  CHECK(sl_buf_ok(b));
  return sl_buf_peek(b);
}

TEST(limits)
{
  struct buf b;
  struct talk k = {.again = 1};
  /* a line, a head, a number of fields, interim answers */
  k.turns[0] =
      (struct fake_turn){R1, long_reply(&b, "HTTP/1.1 200 OK\r\nA: ", "12345678", 13000, "")};
  k.result = CURLE_TOO_LARGE;
  k.error = "Too long header line";
  check_piece(&k, 1000);
  check_piece(&k, 5000);
  sl_buf_done(&b);
  k.turns[0].says = long_reply(&b, "HTTP/1.1 200 OK\r\nA: ", "b\r\n ", 40000, "");
  check_piece(&k, 1000);
  sl_buf_done(&b);
  k.turns[0].says =
      long_reply(&b, "HTTP/1.1 200 OK\r\n",
                 "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: bbbbbbbbbbbbbbbbbbbbbb\r\n", 4990, "");
  k.error = "Too large response headers";
  check_piece(&k, 1000);
  sl_buf_done(&b);
  k.turns[0].says = long_reply(&b, "HTTP/1.1 200 OK\r\n", "a:b\r\n", 5002, "");
  k.error = "Too many response headers";
  check_piece(&k, 777);
  sl_buf_done(&b);
  k.turns[0].says = long_reply(&b, "", "HTTP/1.1 102 Hm\r\n\r\n", 101, "");
  k.error = "More than 100 informational responses to CONNECT";
  check_piece(&k, 4000);
  sl_buf_done(&b);
  k.turns[0].says =
      long_reply(&b, "", "HTTP/1.1 102 Hm\r\n\r\n", 100, "HTTP/1.1 200 OK\r\n\r\ntunnelled");
  k.result = SL_OK;
  k.error = NULL;
  check_piece(&k, 4000);
  sl_buf_done(&b);
  /* a body in chunks without end, and the largest that is read */
  k.turns[0].says = long_reply(&b, "HTTP/1.1 407 A\r\nTransfer-Encoding: chunked\r\n\r\n",
                               "8\r\n12345678\r\n", 100000, "");
  k.result = CURLE_COULDNT_CONNECT;
  k.reconnect = true;
  check_piece(&k, 4000);
  sl_buf_done(&b);
  k.turns[0].says =
      long_reply(&b, "HTTP/1.1 407 A\r\nContent-Length: 1048576\r\n\r\n", "12345678", 131072, "");
  k.turns[1] = (struct fake_turn){R2, OPENS};
  k.result = SL_OK;
  k.reconnect = false;
  check_piece(&k, 4000);
  sl_buf_done(&b);
}

TEST(rounds_have_an_end)
{
  static const struct slice whole = SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 2\r\n\r\nxy");
  char requests[21][40];
  struct fake_turn turns[21];
  struct buf error;
  struct fake f;
  struct stream *top;
  struct up u = {.rounds = 0};
  struct talk k = {.again = 1000};
  sl_buf_init(&error, 100);
  sl_buf_init(&u.heard, 100000);
  for (int i = 0; i < 21; i++) {
    snprintf(requests[i], sizeof requests[i], "CONNECT h:1 round %d\r\n\r\n", i + 1);
    turns[i] = (struct fake_turn){slice_str(requests[i]), whole};
  }
  fake_init(&f, turns, 100);
  f.many = true;
  CHECK_INT(run(&k, &u, &f, &error, &top), CURLE_COULDNT_CONNECT);
  CHECK_INT(f.turn, 20);
  CHECK_INT(u.rounds, 20);
  CHECK_STR(error.p, "More than 20 CONNECT requests");
  sl_stream_free(top);
  sl_buf_done(&error);
  sl_buf_done(&u.heard);
}

TEST(what_the_caller_says_ends_it)
{
  for (int i = 0; i < 3; i++) {
    struct fake_turn turns[FAKE_TURNS] = {{R1, OPENS}};
    struct talk k = {.again = 0};
    struct fake f;
    struct stream *top;
    struct up u = {.rounds = 0};
    *(i == 0   ? &u.request_fails
      : i == 1 ? &u.line_fails
               : &u.verdict_fails) = CURLE_ABORTED_BY_CALLBACK;
    sl_buf_init(&u.heard, 1000);
    fake_init(&f, turns, 100);
    CHECK_INT(run(&k, &u, &f, NULL, &top), CURLE_ABORTED_BY_CALLBACK);
    uint32_t before = u.heard.n;
    CHECK_INT(sl_stream_step(top), CURLE_ABORTED_BY_CALLBACK);
    CHECK_INT(u.heard.n, before); /* it is not asked again */
    CHECK(!sl_tunnel_wants_reconnect(top));
    sl_stream_free(top);
    sl_buf_done(&u.heard);
  }
}

TEST(a_request_that_is_too_large)
{
  static const struct fake_turn turns[FAKE_TURNS] = {{R1, OPENS}};
  struct fake f;
  struct stream *top;
  struct up u = {.huge = true};
  fake_init(&f, turns, 100);
  CHECK_INT(run(&(struct talk){.again = 0}, &u, &f, NULL, &top), CURLE_TOO_LARGE);
  CHECK_INT(f.heard, 0);
  sl_stream_free(top);
}

TEST(an_open_tunnel_passes_bytes_both_ways)
{
  static const struct fake_turn turns[FAKE_TURNS] = {{R1, SLICE_LIT("HTTP/1.1 200 OK\r\n\r\n")},
                                                     {SLICE_LIT("ping"), SLICE_LIT("pong")}};
  struct fake f;
  struct stream *top;
  struct up u = {.rounds = 0};
  char rest[8];
  size_t n = 0;
  sl_buf_init(&u.heard, 1000);
  fake_init(&f, turns, 100);
  f.closes = false;
  REQUIRE(run(&(struct talk){.again = 0}, &u, &f, NULL, &top) == SL_OK);
  sl_result rc = sl_stream_write(top, SLICE_LIT("ping"), &n);
  if (rc == SL_WAIT)
    rc = sl_stream_write(top, SLICE_LIT("ping"), &n);
  CHECK(rc == SL_OK && n == 4);
  CHECK_INT(fake_drain(top, rest, sizeof rest, 8), 4);
  CHECK_MEM(rest, "pong", 4);
  sl_stream_free(top);
  sl_buf_done(&u.heard);
}

TEST(no_memory)
{
  static const struct fake_turn turns[FAKE_TURNS] = {
      {R1, SLICE_LIT("HTTP/1.1 407 A\r\nContent-Length: 5\r\n\r\n12345")},
      {R2, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ntunnelled")}};
  sl_result last = 1;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct fake f;
    struct up u = {.rounds = 0};
    struct buf error;
    struct stream *top = NULL;
    sl_buf_init(&u.heard, 10000);
    sl_buf_init(&error, 1000);
    fake_init(&f, turns, 30);
    last = run(&(struct talk){.again = 1}, &u, &f, &error, &top);
    CHECK(last == SL_OK || last == SL_NOMEM);
    CHECK(!f.freed);
    sl_stream_free(top);
    sl_buf_done(&u.heard);
    sl_buf_done(&error);
  }
  CHECK_INT(last, SL_OK);
}
