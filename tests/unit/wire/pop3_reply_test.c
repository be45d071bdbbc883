/* wire/pop3_reply.c: lines of POP3 servers, and bodies in pieces of every size. */
#include "wire/pop3_reply.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tests/test.h"

static enum pop3_status status(const char *line)
{
  return sl_pop3_status(slice_str(line));
}

TEST(a_status)
{
  CHECK_INT(status("+OK\r\n"), POP3_OK);
  CHECK_INT(status("+OK fine\r\n"), POP3_OK);
  CHECK_INT(status("-ERR no\r\n"), POP3_ERR);
  CHECK_INT(status("+ AAAA\r\n"), POP3_CONTINUE);
  CHECK_INT(status("+\r\n"), POP3_CONTINUE);
  CHECK_INT(status("+O"), POP3_CONTINUE);
  CHECK_INT(status("-ER"), POP3_NONE);
  CHECK_INT(status(""), POP3_NONE);
  CHECK_INT(status(" +OK\r\n"), POP3_NONE);
}

static const char *stamp(const char *line)
{
  static char text[100];
  struct slice s;
  if (!sl_pop3_timestamp(slice_str(line), &s))
    return "none";
  snprintf(text, sizeof text, "%.*s", (int)s.n, s.p);
  return text;
}

TEST(a_timestamp)
{
  CHECK_STR(stamp("+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n"), "<1896.697170952@dbc.mtview.ca.us>");
  CHECK_STR(stamp("+OK <fast> and <1.2@x> ready>\r\n"), "<1.2@x>");
  CHECK_STR(stamp("+OK <1.2@x>"), "<1.2@x>");
  CHECK_STR(stamp("+OK <1.2@x"), "none");
  CHECK_STR(stamp("+OK 1.2@x>"), "none");
  CHECK_STR(stamp("+OK <>@<\r\n"), "none");
  CHECK_STR(stamp("+OK"), "none");
}

TEST(a_capability)
{
  struct slice arguments;
  CHECK(sl_pop3_has(SLICE_LIT("SASL PLAIN  LOGIN\r\n"), "SASL", &arguments));
  CHECK(slice_eq(arguments, SLICE_LIT("PLAIN  LOGIN")));
  CHECK(sl_pop3_has(SLICE_LIT("stls\r\n"), "STLS", &arguments));
  CHECK_INT(arguments.n, 0);
  CHECK(!sl_pop3_has(SLICE_LIT("STLSX\r\n"), "STLS", &arguments));
  CHECK(!sl_pop3_has(SLICE_LIT("X-STLS STLS\r\n"), "STLS", &arguments));
  CHECK(!sl_pop3_has(SLICE_LIT("\r\n"), "STLS", &arguments));
  CHECK(sl_pop3_is_end(SLICE_LIT(".\r\n")));
  CHECK(!sl_pop3_is_end(SLICE_LIT("..\r\n")));
  CHECK(!sl_pop3_is_end(SLICE_LIT(".\r\r\n")));
}

/* What comes out of it, "|" and what is behind it when it ends. */
static void decode(const char *text, size_t piece, struct buf *out)
{
  size_t n = strlen(text);
  struct pop3_body b;
  sl_pop3_body_init(&b);
  for (size_t at = 0; at < n; at += piece) {
    size_t len = piece < n - at ? piece : n - at;
    char *copy = malloc(len); /* reading beyond it is seen */
    memcpy(copy, text + at, len);
    struct slice in = slice_of(copy, len), data;
    enum pop3_piece p;
    while ((p = sl_pop3_body_next(&b, &in, &data)) == POP3_DATA) {
      CHECK(data.n);
      sl_buf_add(out, data);
    }
    if (p == POP3_END) {
      sl_buf_char(out, '|');
      sl_buf_add(out, slice_str(text + at + len - in.n));
      free(copy);
      return;
    }
    CHECK_INT(in.n, 0);
    free(copy);
  }
}

static void check_body(const char *text, const char *want)
{
  for (size_t piece = 1; piece <= strlen(text); piece++) {
    struct buf out;
    sl_buf_init(&out, 1000);
    decode(text, piece, &out);
    CHECK_STR(out.n ? out.p : "", want);
    sl_buf_done(&out);
  }
}

TEST(a_body_in_pieces_of_every_size)
{
  check_body("a\r\nb\r\n.\r\n", "a\r\nb\r\n|");
  check_body(".\r\n", "|");
  check_body(".\r\n+OK next\r\n", "|+OK next\r\n");
  check_body("..one\r\n...two\r\n..\r\n.\r\n", ".one\r\n..two\r\n.\r\n|");
  check_body("not a dot .\r\n.not stuffed\r\n.\r\n", "not a dot .\r\nnot stuffed\r\n|");
  check_body("half", "half");
  check_body("half\r\n.", "half\r\n");
  check_body("half\r\n.\r", "half\r\n");
  check_body("\r\n\r\n\r\n.\r\n", "\r\n\r\n\r\n|");
}

/* Whoever ends a message early makes the rest of it replies. */
TEST(only_crlf_dot_crlf_is_the_end)
{
  check_body("a\n.\nb\r\n.\r\n", "a\n.\nb\r\n|");
  check_body("a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n|");
  check_body("a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n|");
  check_body("a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n|");
  check_body("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n|");
  check_body("a\r\n.\r\r\nb\r\n.\r\n", "a\r\n\r\r\nb\r\n|");
  check_body("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n|");
  check_body("a\r\n. \r\n.\r\n", "a\r\n \r\n|");
}

TEST(lines_have_limits)
{
  char *text = malloc(SL_REPLY_LINE + 10);
  struct reply_lines r = {0};
  struct slice in = SLICE_LIT("a\0b\r\n"), line;
  CHECK_INT(sl_reply_line_take(&r, &in, &line), SL_PARSE_BAD);
  memset(text, 'a', SL_REPLY_LINE + 10);
  in = slice_of(text, SL_REPLY_LINE);
  CHECK_INT(sl_reply_line_take(&r, &in, &line), SL_PARSE_MORE);
  in = slice_of(text, SL_REPLY_LINE + 1);
  CHECK_INT(sl_reply_line_take(&r, &in, &line), SL_PARSE_BAD);
  text[SL_REPLY_LINE] = '\n';
  CHECK_INT(sl_reply_line_take(&r, &in, &line), SL_PARSE_BAD);
  text[SL_REPLY_LINE - 1] = '\n';
  for (unsigned i = 0; i < SL_REPLY_ALL / SL_REPLY_LINE; i++) {
    in = slice_of(text, SL_REPLY_LINE);
    CHECK_INT(sl_reply_line_take(&r, &in, &line), SL_PARSE_DONE);
  }
  in = SLICE_LIT("\r\n");
  CHECK_INT(sl_reply_line_take(&r, &in, &line), SL_PARSE_BAD);
  free(text);
}
