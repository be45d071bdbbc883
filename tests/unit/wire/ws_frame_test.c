/* WebSocket frames: every split of the input gives the same, hostile input an error; what the encoder makes is what
 * RFC 6455 shows. */
#include "wire/ws_frame.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

static void tell_flags(struct buf *text, unsigned flags)
{
  static const char letters[] = "tb+cp-o"; /* TEXT, BINARY, CONT, CLOSE, PING, OFFSET, PONG */
  for (int i = 0; i < 7; i++)
    if (flags >> i & 1)
      sl_buf_char(text, letters[i]);
}

/* Payload of one frame after its flags, in <>; "!" and the reason at an error. Offsets are checked on the way. */
static void decode(struct slice all, size_t chunk, size_t most, struct buf *text)
{
  struct ws_decoder d;
  struct ws_piece p;
  int64_t at = 0;
  sl_ws_decoder_init(&d);
  for (size_t from = 0; from < all.n; from += chunk) {
    size_t n = all.n - from < chunk ? all.n - from : chunk;
    char *copy = malloc(n);
    memcpy(copy, all.p + from, n);
    struct slice in = slice_of(copy, n);
    enum ws_event e;
    while ((e = sl_ws_next(&d, &in, most, &p)) == WS_PIECE) {
      if (!p.offset) {
        tell_flags(text, p.flags);
        sl_buf_char(text, '<');
        at = 0;
      }
      CHECK_INT(p.offset, at);
      CHECK(p.data.n <= most && (p.data.n || !p.left));
      CHECK_INT(sl_ws_payload_left(&d), p.left);
      at += (int64_t)p.data.n;
      sl_buf_add(text, p.data);
      if (!p.left)
        sl_buf_char(text, '>');
    }
    CHECK(e == WS_BAD || !in.n);
    CHECK_INT(e == WS_BAD, d.error != NULL);
    free(copy);
    if (e == WS_BAD) {
      sl_buf_printf(text, "!%s", d.error);
      CHECK_INT(sl_ws_next(&d, &in, most, &p), WS_BAD);
      return;
    }
  }
}

static void check(const char *file, int line, struct slice all, const char *want)
{
  static const size_t mosts[] = {1, 3, 16384};
  for (size_t chunk = all.n; chunk; chunk--)
    for (size_t i = 0; i < 3; i++) {
      struct buf text;
      sl_buf_init(&text, 1 << 20);
      decode(all, chunk, mosts[i], &text);
      bool same = test_str(sl_buf_ok(&text) && text.n ? text.p : "", want, "what comes out", file, line);
      sl_buf_done(&text);
      if (!same)
        return;
    }
}
#define GIVES(input, want) check(__FILE__, __LINE__, SLICE_LIT(input), want)

/* Section 5.7, as the server sends it. */
TEST(examples_of_the_rfc)
{
  GIVES("\x81\x05Hello", "t<Hello>");
  GIVES("\x01\x03Hel\x80\x02lo", "t+<Hel>t<lo>");
  GIVES("\x89\x05Hello", "p<Hello>");
  GIVES("\x8a\x05Hello", "o<Hello>");
}

TEST(fragments_and_control_frames)
{
  GIVES("\x02\x01" "a" "\x89\x00" "\x00\x01" "b" "\x8a\x01" "c" "\x00\x00" "\x80\x01" "d" "\x81\x00",
        "b+<a>p<>b+<b>o<c>b+<>b<d>t<>");
  GIVES("\x88\x00", "c<>");
  GIVES("\x88\x02\x03\xe8", "c<\x03\xe8>");
  GIVES("\x88\x05\x03\xe8" "bye", "c<\x03\xe8" "bye>");
}

TEST(lengths)
{
  static const int64_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct ws_encoder e = {0};
    struct ws_decoder d;
    struct ws_piece p;
    char head[WS_HEAD_MAX];
    size_t n = sl_ws_begin(&e, CURLWS_BINARY, sizes[i], mask, head);
    CHECK_INT(n, sizes[i] < 126 ? 6 : sizes[i] < 65536 ? 8 : 14);
    head[1] = (char)(head[1] & 0x7f); /* as a server would */
    struct slice in = slice_of(head, n - 4);
    sl_ws_decoder_init(&d);
    CHECK_INT(sl_ws_next(&d, &in, 0, &p), WS_PIECE);
    CHECK_INT(p.left, sizes[i]);
    CHECK_INT(p.flags, CURLWS_BINARY);
    CHECK_INT(sl_ws_payload_left(&d), sizes[i]);
    CHECK_INT(sl_ws_next(&d, &in, 0, &p), sizes[i] ? WS_PIECE : WS_MORE); /* told of again, unless it is over */
    CHECK_INT(sl_ws_next(&d, &in, 1, &p), WS_MORE);
  }
  GIVES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff" "abc", "b<abc");
}

TEST(protocol_errors)
{
  GIVES("\xc1\x00", "!a reserved bit that no extension gives a meaning");
  GIVES("\x91\x00", "!a reserved bit that no extension gives a meaning");
  GIVES("\x83\x00", "!a reserved opcode");
  GIVES("\x87\x00", "!a reserved opcode");
  GIVES("\x8b\x00", "!a reserved opcode");
  GIVES("\x8f\x00", "!a reserved opcode");
  GIVES("\x81\x85" "mask" "Hello", "!a masked frame from a server");
  GIVES("\x09\x00", "!a fragmented control frame");
  GIVES("\x08\x00", "!a fragmented control frame");
  GIVES("\x89\x7e\x00\x7e", "!a control frame of more than 125 bytes");
  GIVES("\x88\x7f", "!a control frame of more than 125 bytes");
  GIVES("\x88\x01\x03", "!half a status code in a close frame");
  GIVES("\x80\x00", "!a continuation of no message");
  GIVES("\x81\x01" "a" "\x00\x01" "b", "t<a>!a continuation of no message");
  GIVES("\x01\x01" "a" "\x82\x01" "b", "t+<a>!a new message within another one");
  GIVES("\x81\x7e\x00\x7d", "!a length that is longer than it need be");
  GIVES("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "!a length that is longer than it need be");
  GIVES("\x81\x7f\x80\x00\x00\x00\x00\x01\x00\x00", "!a length of 64 bits");
  GIVES("\x81\x02" "ok" "\xff", "t<ok>");
}

static void encodes(unsigned flags, const char *payload, struct ws_encoder *e, struct buf *dst)
{
  char head[WS_HEAD_MAX];
  size_t n = sl_ws_begin(e, flags, (int64_t)strlen(payload), mask, head);
  sl_buf_append(dst, head, n);
  if (!n)
    return;
  char masked[200];
  for (size_t at = 0; payload[at]; at++) { /* a byte at a time: the phase goes on */
    sl_ws_encode(e, slice_of(payload + at, 1), masked);
    sl_buf_append(dst, masked, 1);
    sl_ws_sent(e, 1);
  }
  CHECK_INT(e->left, 0);
}

TEST(encoding)
{
  struct ws_encoder e = {0};
  struct buf out;
  sl_buf_init(&out, 1 << 16);
  encodes(CURLWS_TEXT, "Hello", &e, &out); /* 5.7 */
  CHECK_INT(out.n, 11);
  CHECK_MEM(out.p, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
  sl_buf_clear(&out);
  encodes(CURLWS_BINARY | CURLWS_CONT, "", &e, &out);
  encodes(CURLWS_PING, "", &e, &out);
  encodes(CURLWS_BINARY | CURLWS_CONT, "", &e, &out);
  encodes(CURLWS_CONT, "", &e, &out);
  encodes(CURLWS_BINARY, "", &e, &out);
  encodes(CURLWS_CLOSE, "", &e, &out);
  encodes(CURLWS_TEXT | CURLWS_CONT, "", &e, &out);
  encodes(0, "", &e, &out);
  static const char first[] = "\x02\x89\x00\x00\x80\x88\x01\x80";
  CHECK_INT(out.n, 8 * 6);
  for (size_t i = 0; i < 8 && out.n == 8 * 6; i++)
    CHECK_INT(out.p[i * 6], first[i]);
  sl_buf_done(&out);
}

/* The eight bytes at a time give what one at a time gives, at every phase and length, in place too. */
TEST(masking)
{
  char plain[64], slow[64], fast[64];
  struct ws_encoder e = {0};
  char head[WS_HEAD_MAX];
  for (size_t i = 0; i < sizeof plain; i++)
    plain[i] = (char)(i * 37);
  for (size_t skip = 0; skip < 9; skip++)
    for (size_t n = 0; n + skip <= sizeof plain; n++) {
      sl_ws_begin(&e, CURLWS_BINARY, 64, mask, head);
      sl_ws_sent(&e, skip);
      memcpy(fast, plain, sizeof fast);
      sl_ws_encode(&e, slice_of(fast + skip, n), fast + skip);
      for (size_t i = 0; i < n; i++)
        slow[i] = (char)((uint8_t)plain[skip + i] ^ mask[(skip + i) % 4]);
      REQUIRE(!memcmp(fast + skip, slow, n));
    }
}

TEST(frames_that_may_not_be_sent)
{
  static const unsigned bad[] = {0, CURLWS_CONT, CURLWS_TEXT | CURLWS_BINARY, CURLWS_PING | CURLWS_CONT,
                                 CURLWS_PING | CURLWS_TEXT, CURLWS_PING | CURLWS_PONG, CURLWS_CLOSE | CURLWS_BINARY,
                                 CURLWS_PONG | CURLWS_TEXT};
  struct ws_encoder e = {0};
  char head[WS_HEAD_MAX];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK_INT(sl_ws_begin(&e, bad[i], 1, mask, head), 0);
  CHECK_INT(sl_ws_begin(&e, CURLWS_PING, 126, mask, head), 0);
  CHECK_INT(sl_ws_begin(&e, CURLWS_PING, 125, mask, head), 6);
  CHECK_INT(sl_ws_begin(&e, CURLWS_TEXT, -1, mask, head), 0);
  CHECK(sl_ws_begin(&e, CURLWS_TEXT | CURLWS_CONT, 1, mask, head));
  CHECK_INT(sl_ws_begin(&e, CURLWS_BINARY, 1, mask, head), 0);
  CHECK(sl_ws_begin(&e, CURLWS_TEXT, 1, mask, head));
}

TEST(accept)
{
  char value[WS_ACCEPT_LEN + 1] = "";
  bool ok = false;
  FOR_EACH_FAILING_ALLOC(n)
    ok = sl_ws_accept(SLICE_LIT("dGhlIHNhbXBsZSBub25jZQ=="), value); /* 1.3 */
  CHECK(ok);
  CHECK_STR(value, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
