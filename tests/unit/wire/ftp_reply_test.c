/* wire/ftp_reply.c: replies in pieces of every size, and what servers put into them. */
#include "wire/ftp_reply.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

/* Codes of all replies in the text, fed in pieces; "12,3" is two. "bad" at the end for an error. */
static const char *codes(const char *text, size_t n, size_t piece)
{
  static char out[200];
  struct ftp_reply r;
  size_t have = 0, at = 0, len = 0;
  sl_ftp_reply_init(&r);
  out[0] = 0;
  for (;;) {
    struct slice in = slice_of(text + at, have - at), line;
    bool last;
    enum sl_parse p = sl_ftp_reply_line(&r, &in, &line, &last);
    if (p == SL_PARSE_BAD) {
      len += (size_t)snprintf(out + len, sizeof out - len, "bad");
      break;
    }
    if (p == SL_PARSE_MORE) {
      if (have == n)
        break;
      have = have + piece < n ? have + piece : n;
      continue;
    }
    at = (size_t)(in.p - text);
    if (last) {
      len += (size_t)snprintf(out + len, sizeof out - len, "%d,", r.code);
      sl_ftp_reply_init(&r);
    }
  }
  return out;
}

static void check_codes(const char *text, size_t n, const char *want)
{
  for (size_t piece = 1; piece <= n; piece++)
    if (!CHECK_STR(codes(text, n, piece), want))
      return;
}
#define CODES(text, want) check_codes(text, sizeof(text) - 1, want)

TEST(replies_end_with_their_last_line)
{
  CODES("220 hello\r\n", "220,");
  CODES("220 hello\n331 x\n", "220,331,");
  CODES("220-a\r\n220-b\r\n 220 no\r\n220 c\r\n230\r\n", "220,230,");
  CODES("211-Features:\r\n MDTM\r\n REST STREAM\r\n211 End\r\n", "211,");
  CODES("220 not complete", "");
  CODES("HTTP/1.1 200 OK\r\n\r\n500 what\r\n", "500,");
}

TEST(zero_bytes_and_endless_lines_are_refused)
{
  CODES("230 a\0b\r\n", "bad");
  char *text = malloc(SL_REPLY_LINE + 10);
  memset(text, 'a', SL_REPLY_LINE + 10);
  CHECK_STR(codes(text, SL_REPLY_LINE + 10, 5000), "bad");
  CHECK_STR(codes(text, SL_REPLY_LINE, 5000), "");
  free(text);
}

TEST(replies_without_an_end_are_refused)
{
  enum { LINES = SL_REPLY_ALL / 8 + 2 };
  char *text = malloc(LINES * 8);
  for (size_t i = 0; i < LINES; i++)
    memcpy(text + 8 * i, "220-abc\n", 8);
  CHECK_STR(codes(text, LINES * 8, LINES * 8), "bad");
  free(text);
}

static const char *pasv(const char *text)
{
  static char out[40];
  uint8_t ip[4];
  uint16_t port;
  if (!sl_ftp_reply_pasv(slice_str(text), ip, &port))
    return "no";
  snprintf(out, sizeof out, "%d.%d.%d.%d:%d", ip[0], ip[1], ip[2], ip[3], port);
  return out;
}

TEST(addresses_of_227)
{
  CHECK_STR(pasv("227 Entering Passive Mode (127,0,0,1,4,51)"), "127.0.0.1:1075");
  CHECK_STR(pasv("227 =1,2,3,4,5,6"), "1.2.3.4:1286");
  CHECK_STR(pasv("227 in 10 s on 1,2,3,4,0,21."), "1.2.3.4:21");
  CHECK_STR(pasv("227 1,2,3,4,5"), "no");
  CHECK_STR(pasv("227 (1,2,3,256,5,6)"), "no");
  CHECK_STR(pasv("227 (1,2,3,4,0,0)"), "no");
  CHECK_STR(pasv("227 "), "no");
  CHECK_STR(pasv("227"), "no");
}

static int epsv(const char *text)
{
  uint16_t port;
  return sl_ftp_reply_epsv(slice_str(text), &port) ? port : -1;
}

TEST(ports_of_229)
{
  CHECK_INT(epsv("229 Entering Extended Passive Mode (|||6446|)"), 6446);
  CHECK_INT(epsv("229 ok (!!!65535!)"), 65535);
  CHECK_INT(epsv("229 (|||65536|)"), -1);
  CHECK_INT(epsv("229 (|||0|)"), -1);
  CHECK_INT(epsv("229 (|||12)"), -1);
  CHECK_INT(epsv("229 (||!12|)"), -1);
  CHECK_INT(epsv("229 (11112111)"), -1);
  CHECK_INT(epsv("229 ("), -1);
}

static long long size_of(const char *text)
{
  int64_t size;
  return sl_ftp_reply_size(slice_str(text), &size) ? (long long)size : -1;
}

TEST(sizes)
{
  CHECK_INT(size_of("213 42"), 42);
  CHECK_INT(size_of("213 file: 213, Size =51"), 51);
  CHECK_INT(size_of("213 9223372036854775807"), INT64_MAX);
  CHECK_INT(size_of("213 9223372036854775808"), -1);
  CHECK_INT(size_of("213 nothing"), -1);
  CHECK_INT(size_of("213"), -1);
  int64_t bytes = -1;
  CHECK(sl_ftp_reply_bytes(slice_str("150 data (127.0.0.1) (12 bytes)."), &bytes));
  CHECK_INT(bytes, 12);
  CHECK(!sl_ftp_reply_bytes(slice_str("150 data (12bytes)"), &bytes));
}

static long long time_of(const char *text)
{
  int64_t t;
  return sl_ftp_reply_time(slice_str(text), &t) ? (long long)t : -1;
}

TEST(times)
{
  CHECK_INT(time_of("213 20030409102659"), 1049884019);
  CHECK_INT(time_of("213 20030409102659.123"), 1049884019);
  CHECK_INT(time_of("213 2003040a102659"), -1);
  CHECK_INT(time_of("213 20031309102659"), -1);
  CHECK_INT(time_of("213 200304091026"), -1);
}

static const char *path_of(const char *text)
{
  static char out[100];
  struct buf b;
  sl_buf_init(&b, 90);
  enum sl_parse p = sl_ftp_reply_path(slice_str(text), &b);
  snprintf(out, sizeof out, "%s", p == SL_PARSE_BAD ? "bad" : p == SL_PARSE_MORE ? "none" : b.p ? b.p : "");
  sl_buf_done(&b);
  return out;
}

TEST(paths_of_257)
{
  CHECK_STR(path_of("257 \"/a b\" is current"), "/a b");
  CHECK_STR(path_of("257 \"/say \"\"hi\"\"\""), "/say \"hi\"");
  CHECK_STR(path_of("257 rubbish \"/x\""), "/x");
  CHECK_STR(path_of("257 \"\""), "");
  CHECK_STR(path_of("257 no quotes"), "none");
  CHECK_STR(path_of("257 \"open"), "bad");
  CHECK_STR(path_of("257 \"/\3\""), "bad");
}

TEST(commands_with_addresses)
{
  struct buf b;
  sl_buf_init(&b, 100);
  sl_ftp_port(&b, "127.0.0.1", 1075);
  CHECK_STR(b.p, "PORT 127,0,0,1,4,51");
  sl_buf_clear(&b);
  sl_ftp_eprt(&b, "::1", true, 5282);
  CHECK_STR(b.p, "EPRT |2|::1|5282|");
  sl_buf_clear(&b);
  sl_ftp_eprt(&b, "132.235.1.2", false, 6275);
  CHECK_STR(b.p, "EPRT |1|132.235.1.2|6275|");
  sl_buf_done(&b);
}
