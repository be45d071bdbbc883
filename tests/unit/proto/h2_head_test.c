/* Heads of HTTP/1 as fields of HTTP/2. */
#include "proto/h2_head.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/test.h"

static const char *shown(enum h2_head_kind kind, const char *text)
{
  static char out[1024];
  struct h2_head h;
  struct buf b;
  if (!CHECK_INT(sl_h2_head_take(&h, kind, SLICE_LIT("https"), slice_str(text)), SL_OK))
    return "";
  sl_buf_init(&b, sizeof out);
  for (size_t i = 0; i < h.n; i++)
    sl_buf_printf(&b, "%s%.*s=%.*s%s", i ? " " : "", (int)h.fields[i].name.n, h.fields[i].name.p,
                  (int)h.fields[i].value.n, h.fields[i].value.p, h.fields[i].never_index ? "!" : "");
  snprintf(out, sizeof out, "%s", b.n ? b.p : "");
  sl_buf_done(&b);
  sl_h2_head_done(&h);
  return out;
}

TEST(a_request)
{
  CHECK_STR(shown(H2_HEAD_REQUEST, "GET /a b HTTP/2\r\nHost: example.test:8\r\nX-More:  yes \r\nEmpty:\r\n\r\n"),
            ":method=GET :path=/a b :scheme=https :authority=example.test:8 X-More=yes Empty=");
  CHECK_STR(shown(H2_HEAD_REQUEST, "OPTIONS * HTTP/2\r\nAccept: */*\r\n\r\n"),
            ":method=OPTIONS :path=* :scheme=https Accept=*/*");
}

/* RFC 9113 8.2.2 */
TEST(fields_of_the_connection_stay_behind)
{
  CHECK_STR(shown(H2_HEAD_REQUEST, "GET / HTTP/2\r\nHost: h\r\nConnection: close\r\nTRANSFER-Encoding: chunked\r\n"
                                   "Keep-Alive: 5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
                                   "TE: gzip\r\nA: b\r\n\r\n"),
            ":method=GET :path=/ :scheme=https :authority=h A=b");
  CHECK_STR(shown(H2_HEAD_REQUEST, "GET / HTTP/2\r\nHost: h\r\nTE: gzip, Trailers\r\n\r\n"),
            ":method=GET :path=/ :scheme=https :authority=h TE=trailers");
}

TEST(secrets_are_not_indexed)
{
  CHECK_STR(shown(H2_HEAD_REQUEST, "GET / HTTP/2\r\nHost: h\r\nAuthorization: Basic x\r\nProxy-Authorization: y\r\n"
                                   "Cookie: a=b\r\nCookie: a=0123456789012345678\r\n\r\n"),
            ":method=GET :path=/ :scheme=https :authority=h Authorization=Basic x! Proxy-Authorization=y! Cookie=a=b! "
            "Cookie=a=0123456789012345678");
}

/* RFC 9113 8.5: no scheme, no path, and the authority is what is asked for, whatever Host says. */
TEST(a_connect_request)
{
  CHECK_STR(shown(H2_HEAD_CONNECT, "CONNECT example.test:443 HTTP/2\r\nHost: other.test\r\nUser-Agent: t\r\n"
                                   "Proxy-Connection: Keep-Alive\r\n\r\n"),
            ":method=CONNECT :authority=example.test:443 User-Agent=t");
}

TEST(trailers)
{
  CHECK_STR(shown(H2_HEAD_TRAILERS, "X-Sum: 7\r\nConnection: close\r\nY: z\r\n"), "X-Sum=7 Y=z");
  CHECK_STR(shown(H2_HEAD_TRAILERS, ""), "");
}

TEST(many_fields_and_too_many)
{
  struct h2_head h;
  struct buf b;
  sl_buf_init(&b, 1 << 20);
  sl_buf_str(&b, "GET / HTTP/2\r\n");
  for (int i = 0; i < 8000; i++)
    sl_buf_str(&b, "a: b\r\n");
  sl_result last = SL_WAIT;
  FOR_EACH_FAILING_ALLOC(n) {
    last = sl_h2_head_take(&h, H2_HEAD_REQUEST, SLICE_LIT("https"), sl_buf_peek(&b));
    CHECK(last == SL_OK || last == SL_NOMEM);
    if (!last) {
      CHECK_INT(h.n, 8003);
      sl_h2_head_done(&h);
    }
  }
  CHECK_INT(last, SL_OK);
  for (int i = 0; i < 300; i++)
    sl_buf_str(&b, "a: b\r\n");
  CHECK_INT(sl_h2_head_take(&h, H2_HEAD_REQUEST, SLICE_LIT("https"), sl_buf_peek(&b)), CURLE_TOO_LARGE);
  sl_buf_done(&b);
}
