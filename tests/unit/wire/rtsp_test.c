/* wire/rtsp.c: interleaved frames and status lines, cut anywhere. */
#include "wire/rtsp.h"

#include "tests/test.h"

static enum sl_parse frame(const char *text, size_t n, struct slice *out, size_t *left)
{
  struct slice in = slice_of(text, n);
  enum sl_parse p = sl_rtsp_frame(&in, out);
  *left = in.n;
  return p;
}

TEST(a_frame_is_taken_whole)
{
  static const char two[] = "$\1\0\3abc$\2\0\0";
  struct slice out = SLICE_NONE;
  size_t left;
  for (size_t n = 0; n < 7; n++) {
    CHECK_INT(frame(two, n, &out, &left), SL_PARSE_MORE);
    CHECK_INT(left, n);
  }
  CHECK_INT(frame(two, 11, &out, &left), SL_PARSE_DONE);
  CHECK_INT(out.n, 7);
  CHECK(out.p == two);
  CHECK_INT(left, 4);
  CHECK_INT(frame(two + 7, 4, &out, &left), SL_PARSE_DONE);
  CHECK_INT(out.n, RTSP_FRAME_HEAD);
  CHECK_INT(left, 0);
}

TEST(the_length_has_no_sign)
{
  static char big[RTSP_FRAME_HEAD + 0xffff] = "$\0\xff\xff";
  struct slice out = SLICE_NONE;
  size_t left;
  CHECK_INT(frame(big, sizeof big - 1, &out, &left), SL_PARSE_MORE);
  CHECK_INT(frame(big, sizeof big, &out, &left), SL_PARSE_DONE);
  CHECK_INT(out.n, sizeof big);
}

TEST(what_is_no_frame_is_left_alone)
{
  struct slice out = SLICE_NONE;
  size_t left;
  CHECK_INT(frame("RTSP/1.0", 8, &out, &left), SL_PARSE_BAD);
  CHECK_INT(left, 8);
}

static int status(const char *text)
{
  uint16_t code = 0;
  switch (sl_rtsp_status(slice_str(text), &code)) {
  case SL_PARSE_DONE:
    return code;
  case SL_PARSE_MORE:
    return 0;
  default:
    return -1;
  }
}

TEST(status_lines)
{
  CHECK_INT(status("RTSP/1.0 200 OK\r\n"), 200);
  CHECK_INT(status("RTSP/2.0 454 Session Not Found\r\n"), 454);
  CHECK_INT(status("RTSP/1.0 200\r\n"), 200);
  CHECK_INT(status("RTSP/1.0 200\n"), 200);
  CHECK_INT(status(""), 0);
  CHECK_INT(status("RTSP/1.0 20"), 0);
  CHECK_INT(status("RTSP/1.0 200"), 0);
  CHECK_INT(status("RTSP/1.0 2000 OK\r\n"), -1);
  CHECK_INT(status("RTSP/1.0 099 OK\r\n"), -1);
  CHECK_INT(status("RTSP/x.0 200 OK\r\n"), -1);
  CHECK_INT(status("HTTP/1.0 200 OK\r\n"), -1);
  CHECK_INT(status("R x"), -1);
}

static bool session(const char *value, const char *want)
{
  return slice_eq(sl_rtsp_session(slice_str(value)), slice_str(want));
}

TEST(a_session_ends_before_its_parameters)
{
  CHECK(session("abc", "abc"));
  CHECK(session("  abc;timeout=60", "abc"));
  CHECK(session("abc ; timeout=60\r\n", "abc"));
  CHECK(session("a$b-c_d.e+f", "a$b-c_d.e+f"));
  CHECK(session(";timeout=60", ""));
  CHECK(session("", ""));
}
