/* proto/telnet.c: what is answered, and what an application may set. */
#include "proto/telnet.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"

#define BYTES(text) slice_of("" text, sizeof(text) - 1)
#define IAC "\377"
#define SB IAC "\372"
#define SE IAC "\360"
#define WILL IAC "\373"
#define WONT IAC "\374"
#define DO IAC "\375"
#define DONT IAC "\376"
#define BINARY "\0"
#define ECHO "\1"
#define SGA "\3"
#define TTYPE "\30"
#define NAWS "\37"
#define XDISPLOC "\43"
#define NEW_ENV "\47"

enum { OUT_MAX = 100000 };

static struct telnet t;
static struct buf out;

static void begin(void)
{
  sl_buf_init(&out, OUT_MAX);
  sl_telnet_init(&t, &out);
}

static void end(void)
{
  sl_telnet_done(&t);
  sl_buf_done(&out);
}

static sl_result set(const char *text)
{
  return sl_telnet_set(&t, slice_str(text));
}

static void hear(struct slice in)
{
  struct telnet_got got;
  enum telnet_kind kind;
  while ((kind = sl_telnet_next(&t.in, &in, &got)) != TELNET_MORE)
    if (kind != TELNET_DATA)
      sl_telnet_heed(&t, kind, &got);
}

static void check_answer(struct slice in, struct slice want, int line)
{
  sl_buf_clear(&out);
  hear(in);
  if (!test_int((intmax_t)out.n, (intmax_t)want.n, "bytes answered", __FILE__, line) ||
      !test_mem(out.p, want.p, want.n, "answer", __FILE__, line))
    test_print_difference("all of it", __FILE__, line, out.p, out.n, want.p, want.n);
}
#define ANSWER(in, want) check_answer(BYTES(in), BYTES(want), __LINE__)

#define OFFER WILL BINARY DO BINARY WILL SGA DO SGA

TEST(silent_until_the_peer_negotiates)
{
  begin();
  ANSWER("SSH-2.0-x\r\n" IAC "\361", "");
  ANSWER(WILL ECHO, DO ECHO OFFER);
  ANSWER(WILL ECHO, "");
  end();
}

TEST(agreement_is_not_said_twice)
{
  begin();
  ANSWER(WILL SGA, DO SGA WILL BINARY DO BINARY WILL SGA);
  ANSWER(DO SGA DO BINARY, "");
  CHECK(!t.in.binary);
  ANSWER(WILL BINARY, "");
  CHECK(t.in.binary);
  ANSWER(DO SGA WILL SGA DO BINARY WILL BINARY, "");
  ANSWER(DONT SGA, WONT SGA);
  ANSWER(DONT SGA, "");
  ANSWER(WONT BINARY, DONT BINARY);
  CHECK(!t.in.binary);
  ANSWER(WILL BINARY, DO BINARY);
  end();
}

TEST(what_is_refused_is_not_asked_for_again)
{
  begin();
  ANSWER(WONT ECHO, OFFER);
  ANSWER(DONT BINARY WONT BINARY DONT SGA WONT SGA, "");
  ANSWER(DONT BINARY WONT BINARY DONT SGA WONT SGA, "");
  ANSWER(DO SGA, WILL SGA);
  end();
}

TEST(what_we_do_not_know_or_want_is_refused)
{
  begin();
  ANSWER(DO "\41", WONT "\41" OFFER);
  ANSWER(DO "\41" WILL "\5" WILL TTYPE DO ECHO DO TTYPE DO XDISPLOC DO NEW_ENV DO "\377",
         WONT "\41" DONT "\5" DONT TTYPE WONT ECHO WONT TTYPE WONT XDISPLOC WONT NEW_ENV WONT "\377");
  ANSWER(DONT "\41" WONT "\5" DONT TTYPE, "");
  ANSWER(SB TTYPE "\1" SE SB XDISPLOC "\1" SE SB NEW_ENV "\1" SE, "");
  end();
}

TEST(terminal_and_display)
{
  begin();
  CHECK_INT(set("TTYPE=vt100"), SL_OK);
  CHECK_INT(set("xdisploc=h:0\377"), SL_OK);
  ANSWER(DO TTYPE, WILL TTYPE WILL BINARY DO BINARY WILL SGA DO SGA WILL XDISPLOC);
  ANSWER(SB TTYPE "\1" SE, SB TTYPE "\0vt100" SE);
  ANSWER(SB TTYPE "\1" SE, SB TTYPE "\0vt100" SE);
  ANSWER(SB XDISPLOC "\1" SE, "");
  ANSWER(DO XDISPLOC SB XDISPLOC "\1" SE, SB XDISPLOC "\0h:0\377\377" SE);
  ANSWER(SB TTYPE "\0x" SE SB TTYPE SE SB "\5\1" SE, "");
  end();
}

TEST(window_size)
{
  begin();
  CHECK_INT(set("WS=80x24"), SL_OK);
  ANSWER(WONT ECHO, WILL BINARY DO BINARY WILL SGA DO SGA WILL NAWS);
  ANSWER(DO NAWS, SB NAWS "\0\120\0\30" SE);
  ANSWER(DO NAWS, "");
  end();
  begin();
  CHECK_INT(set("WS=255X65535"), SL_OK);
  CHECK_INT(set("BINARY=0"), SL_OK);
  ANSWER(DO NAWS, WILL NAWS SB NAWS "\0\377\377\377\377\377\377" SE WILL SGA DO SGA);
  ANSWER(DO BINARY WILL BINARY, WONT BINARY DONT BINARY);
  end();
  begin();
  ANSWER(DO NAWS, WILL NAWS SB NAWS "\0\0\0\0" SE OFFER); /* RFC 1073: not told */
  end();
}

TEST(environment)
{
  begin();
  CHECK(sl_telnet_setenv(&t, BYTES("USER"), BYTES("joe")));
  CHECK_INT(set("NEW_ENV=A,b,c"), SL_OK);
  CHECK_INT(set("NEW_ENV=BARE"), SL_OK);
  CHECK_INT(set("NEW_ENV=E,"), SL_OK);
  CHECK_INT(set("NEW_ENV=\303\377,\377"), SL_OK);
  ANSWER(DO NEW_ENV, WILL NEW_ENV OFFER);
  ANSWER(SB NEW_ENV "\1" SE, SB NEW_ENV "\0\0USER\1joe\0A\1b,c\0BARE\0E\1\0\303\377\377\1\377\377" SE);
  end();
}

TEST(malformed_options)
{
  static const struct {
    const char *text;
    sl_result rc;
  } cases[] = {
      {"FOO=bar", CURLE_UNKNOWN_OPTION},         {"TTYPEX=a", CURLE_UNKNOWN_OPTION},
      {"", CURLE_SETOPT_OPTION_SYNTAX},          {"TTYPE", CURLE_SETOPT_OPTION_SYNTAX},
      {"TTYPE=", CURLE_SETOPT_OPTION_SYNTAX},    {"=x", CURLE_SETOPT_OPTION_SYNTAX},
      {"WS=80", CURLE_SETOPT_OPTION_SYNTAX},     {"WS=80x", CURLE_SETOPT_OPTION_SYNTAX},
      {"WS=80x24x", CURLE_SETOPT_OPTION_SYNTAX}, {"WS=65536x1", CURLE_SETOPT_OPTION_SYNTAX},
      {"WS=1x65536", CURLE_SETOPT_OPTION_SYNTAX}, {"WS=80,24", CURLE_SETOPT_OPTION_SYNTAX},
      {"WS=-1x1", CURLE_SETOPT_OPTION_SYNTAX},   {"BINARY=", CURLE_SETOPT_OPTION_SYNTAX},
      {"NEW_ENV=,b", CURLE_SETOPT_OPTION_SYNTAX}, {"NEW_ENV=A,b\r\nQUIT", CURLE_SETOPT_OPTION_SYNTAX},
      {"NEW_ENV=A\1b", CURLE_SETOPT_OPTION_SYNTAX}, {"TTYPE=a\nb", CURLE_SETOPT_OPTION_SYNTAX},
      {"XDISPLOC=a\177", CURLE_SETOPT_OPTION_SYNTAX},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin();
    if (!CHECK_INT(set(cases[i].text), cases[i].rc))
      printf("# %s\n", cases[i].text);
    end();
  }
}

TEST(options_that_are_too_long)
{
  char text[TELNET_ENV_MAX + 100] = "TTYPE=";
  memset(text + 6, '\377', sizeof text - 6);
  begin();
  text[6 + TELNET_VALUE_MAX] = 0;
  CHECK_INT(set(text), SL_OK);
  text[6 + TELNET_VALUE_MAX] = 't';
  text[7 + TELNET_VALUE_MAX] = 0;
  CHECK_INT(set(text), CURLE_SETOPT_OPTION_SYNTAX);
  memset(text + 6, 't', TELNET_VALUE_MAX);
  CHECK_INT(set(text), CURLE_SETOPT_OPTION_SYNTAX);
  memcpy(text, "NEW_ENV=A,", 10);
  memset(text + 10, 'v', TELNET_ENV_MAX);
  text[10 + TELNET_ENV_MAX] = 0;
  CHECK_INT(set(text), CURLE_SETOPT_OPTION_SYNTAX);
  end();
  begin();
  text[10 + TELNET_ENV_MAX - 3] = 0; /* the name, and what announces both */
  CHECK_INT(set(text), SL_OK);
  sl_buf_clear(&out);
  hear(BYTES(DO NEW_ENV SB NEW_ENV "\1" SE));
  CHECK(out.n > TELNET_ENV_MAX && out.n < TELNET_ANSWER_MAX);
  end();
}

TEST(every_allocation)
{
  bool ok = false;
  FOR_EACH_FAILING_ALLOC(n) {
    static const char *const texts[] = {"TTYPE=vt100", "XDISPLOC=h:0", "NEW_ENV=A,b", "WS=1x1"};
    begin();
    ok = sl_telnet_setenv(&t, BYTES("USER"), BYTES("joe"));
    for (size_t i = 0; i < 4; i++) {
      sl_result rc = set(texts[i]);
      CHECK(!rc || rc == SL_NOMEM);
      ok = ok && !rc;
    }
    hear(BYTES(DO TTYPE DO NEW_ENV SB TTYPE "\1" SE SB NEW_ENV "\1" SE DO NAWS));
    ok = ok && !sl_buf_result(&out, CURLE_TOO_LARGE);
    if (ok)
      CHECK_INT(out.n, 8 * 3 + 11 + 19 + 9); /* verbs; the terminal, the environment, the window */
    end();
  }
  CHECK(ok);
}
