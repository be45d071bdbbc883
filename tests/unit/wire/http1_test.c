/* HTTP/1.x responses: what comes out does not depend on how the bytes come in. */
#include "wire/http1.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tests/test.h"

/* The events as text: S status, H field, E end of head, B body (all of it), T trailer, . end, 0 no HTTP, ! bad; what is
 * left over stands behind a |. The framing is what the caller of the parser would take from the fields. */
struct feed {
  struct http1 h;
  struct buf text;
  enum http1_framing framing;
  int64_t length;
  bool in_body, over;
};

static void say(struct feed *f, char what, struct slice s)
{
  if (what != 'B' || !f->in_body)
    sl_buf_add(&f->text, slice_of(&what, 1));
  f->in_body = what == 'B';
  sl_buf_add(&f->text, s);
}

/* All events that *in is good for. */
static void events(struct feed *f, struct slice *in)
{
  static const char marks[] = {' ', 'S', 'H', 'E', 'B', 'T', '.', '0', '!'};
  struct slice out = SLICE_NONE;
  enum http1_event e;
  while (!f->over && (e = sl_http1_next(&f->h, in, &out)) != HTTP1_MORE) {
    bool line = e >= HTTP1_STATUS && e <= HTTP1_TRAILER;
    say(f, marks[e], line ? out : SLICE_NONE);
    if (e == HTTP1_HEAD_END && f->h.status < 200)
      sl_http1_init(&f->h);
    else if (e == HTTP1_HEAD_END)
      sl_http1_body(&f->h, f->framing, f->length);
    f->over = e >= HTTP1_END;
  }
}

static void feed_init(struct feed *f, enum http1_framing framing, int64_t length)
{
  *f = (struct feed){.framing = framing, .length = length};
  sl_buf_init(&f->text, 1 << 20);
  sl_http1_init(&f->h);
}

/* In pieces of `size`; each in memory of its own, so that a read beyond it is seen. */
static void feed_all(struct feed *f, struct slice all, size_t size)
{
  size_t kept = 0, at = 0;
  while (at < all.n && !f->over) {
    size_t n = all.n - at < size ? all.n - at : size;
    char *room = malloc(kept + n);
    memcpy(room, all.p + at - kept, kept + n);
    struct slice in = slice_of(room, kept + n);
    events(f, &in);
    kept = in.n;
    at += n;
    free(room);
  }
  if (f->over && kept + all.n - at)
    say(f, '|', slice_of(all.p + at - kept, kept + all.n - at));
}

static void check(const char *file, int line, struct slice all, enum http1_framing framing, int64_t length, const char *want)
{
  for (size_t size = all.n; size; size = size > 64 ? size / 2 : size - 1) {
    struct feed f;
    feed_init(&f, framing, length);
    feed_all(&f, all, size);
    if (!test_mem(f.text.p ? f.text.p : "", want, strlen(want), "the events", file, line) ||
        !test_int((intmax_t)f.text.n, (intmax_t)strlen(want), "their length", file, line))
      size = 1; /* once is enough */
    sl_buf_done(&f.text);
  }
}

#define GIVES(input, framing, length, want) check(__FILE__, __LINE__, SLICE_LIT(input), framing, length, want)
#define OK_LINE "HTTP/1.1 200 OK\r\n"

TEST(a_response_with_a_length)
{
  GIVES(OK_LINE "Content-Length: 5\r\nA: b\r\n\r\nhelloHTTP/1.1", HTTP1_LENGTH, 5,
        "S" OK_LINE "HContent-Length: 5\r\nHA: b\r\nE\r\nBhello.|HTTP/1.1");
  GIVES(OK_LINE "\r\nx", HTTP1_LENGTH, 0, "S" OK_LINE "E\r\n.|x");
}

TEST(no_body_and_until_close)
{
  GIVES("HTTP/1.1 204 None\r\nA: b\r\n\r\n", HTTP1_NO_BODY, 0, "SHTTP/1.1 204 None\r\nHA: b\r\nE\r\n.");
  GIVES(OK_LINE "\r\nall of it\n", HTTP1_UNTIL_CLOSE, 0, "S" OK_LINE "E\r\nBall of it\n");
}

TEST(chunks)
{
  GIVES(OK_LINE "\r\n5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n000\r\nT: 1\r\nU: 2\r\n\r\nrest", HTTP1_CHUNKED, 0,
        "S" OK_LINE "E\r\nBhello0123456789TT: 1\r\nTU: 2\r\n.|rest");
}

TEST(informational_ones_first)
{
  GIVES("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK_LINE "\r\nab", HTTP1_LENGTH, 2,
        "SHTTP/1.1 100 Continue\r\nE\r\nSHTTP/1.1 103 Early Hints\r\nHLink: x\r\nE\r\nS" OK_LINE "E\r\nBab.");
}

TEST(bare_line_feeds)
{
  GIVES("HTTP/1.0 200 OK\nA: b\n\nxy", HTTP1_LENGTH, 2, "SHTTP/1.0 200 OK\nHA: b\nE\nBxy.");
}

TEST(folded_fields_are_one_event)
{
  GIVES(OK_LINE "A: b\r\n  c\r\n\td\r\nE: f\r\n\r\n", HTTP1_NO_BODY, 0,
        "S" OK_LINE "HA: b\r\n  c\r\n\td\r\nHE: f\r\nE\r\n.");
}

TEST(folded_is_told)
{
  struct http1 h;
  struct slice in = SLICE_LIT(OK_LINE "A: b\r\n c\r\nD: e\r\n\r\n"), out;
  sl_http1_init(&h);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_STATUS);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_HEADER);
  CHECK(h.folded);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_HEADER);
  CHECK(!h.folded);
}

static void status(const char *line, int code, int major, int minor)
{
  struct http1 h;
  struct slice in = slice_str(line), out;
  sl_http1_init(&h);
  enum http1_event e = sl_http1_next(&h, &in, &out);
  if (!CHECK_INT(e, code ? HTTP1_STATUS : HTTP1_BAD))
    printf("# for %s", line);
  if (!code)
    return;
  CHECK_INT(h.status, code);
  CHECK_INT(h.major, major);
  CHECK_INT(h.minor, minor);
}

TEST(status_lines)
{
  status("HTTP/1.1 200 OK\r\n", 200, 1, 1);
  status("HTTP/1.0 404\r\n", 404, 1, 0);
  status("HTTP/1.1 999 \n", 999, 1, 1);
  status("HTTP/2 200\r\n", 200, 2, 0);
  status("HTTP/1.1 200OK\r\n", 200, 1, 1);
  status("HTTP/1 200 no subversion\r\n", 0, 0, 0);
  status("HTTP/0.9 200 OK\r\n", 0, 0, 0);
  status("HTTP/1.1  200 OK\r\n", 0, 0, 0);
  status("HTTP/1.1 099 low\r\n", 0, 0, 0);
  status("HTTP/1.1 20 short\r\n", 0, 0, 0);
  status("HTTP/1.1 2000 long\r\n", 0, 0, 0);
  status("HTTP/1.1 20x bad\r\n", 0, 0, 0);
  status("HTTP/1.1 -20 bad\r\n", 0, 0, 0);
  status("HTTP/1.1200 OK\r\n", 0, 0, 0);
  status("HTTP/1.9 200 OK\r\n", 0, 0, 0);
  status("HTTP/x.1 200 OK\r\n", 0, 0, 0);
  status("HTTP/\r\n", 0, 0, 0);
  status("HTTP/1.1\r\n", 0, 0, 0);
  status("HTTP/1.1 \r\n", 0, 0, 0);
}

TEST(what_is_no_http)
{
  GIVES("hello\n", HTTP1_LENGTH, 0, "0|hello\n");
  GIVES("HTTQ/1.1 200 OK\r\n", HTTP1_LENGTH, 0, "0|HTTQ/1.1 200 OK\r\n");
  GIVES("http/1.1 200 OK\r\n", HTTP1_LENGTH, 0, "0|http/1.1 200 OK\r\n");
}

TEST(aliases_and_headless_ones)
{
  struct http1 h;
  struct slice in = SLICE_LIT("ICY 200 OK\r\nA: b\r\n\r\n"), out;
  sl_http1_init(&h);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_NO_HTTP);
  sl_http1_alias(&h, 200, 0);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_STATUS);
  CHECK_INT(h.status, 200);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_HEADER);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_HEAD_END);
  in = SLICE_LIT("only a body");
  sl_http1_init(&h);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_NO_HTTP);
  sl_http1_headless(&h);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_BODY);
  CHECK_INT(out.n, 11);
  CHECK(sl_http1_eof(&h));
}

TEST(where_the_peer_may_close)
{
  struct http1 h;
  struct slice out;
  sl_http1_init(&h);
  CHECK(!sl_http1_eof(&h) && !sl_http1_started(&h));
  struct slice in = SLICE_LIT(OK_LINE "\r\n123");
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_STATUS);
  CHECK(!sl_http1_eof(&h) && sl_http1_started(&h));
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_HEAD_END);
  sl_http1_body(&h, HTTP1_LENGTH, 4);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_BODY);
  CHECK(!sl_http1_eof(&h));
  CHECK_INT(h.left, 1);
  in = SLICE_LIT("4");
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_BODY);
  CHECK(sl_http1_eof(&h));
  sl_http1_body(&h, HTTP1_CHUNKED, 0);
  CHECK(!sl_http1_eof(&h));
}

/* ---- hostile ones: an end, with bounded memory ---- */

/* One head, then `unit` for ever, in pieces of `size`: how much is taken before the parser has enough? */
static size_t endless(const char *head, const char *unit, size_t size, struct http1 *h)
{
  size_t n = strlen(head), unit_n = strlen(unit), kept_from = 0, total = 1 << 20;
  char *all = malloc(total);
  memcpy(all, head, n);
  for (size_t at = n; at < total; at++)
    all[at] = unit[(at - n) % unit_n];
  sl_http1_init(h);
  size_t at = 0;
  enum http1_event e = HTTP1_MORE;
  while (at < total && e != HTTP1_BAD) {
    struct slice out;
    at = at + size < total ? at + size : total;
    struct slice in = slice_of(all + kept_from, at - kept_from);
    while ((e = sl_http1_next(h, &in, &out)) != HTTP1_MORE && e != HTTP1_BAD)
      if (e == HTTP1_HEAD_END)
        sl_http1_body(h, HTTP1_CHUNKED, 0);
    kept_from = at - in.n;
  }
  CHECK_INT(e, HTTP1_BAD);
  CHECK(h->error != NULL);
  struct slice in = SLICE_LIT("more"), out;
  CHECK_INT(sl_http1_next(h, &in, &out), HTTP1_BAD); /* it stays that way */
  free(all);
  return at;
}

TEST(lesson_19_endless_lines_and_heads)
{
  static const struct {
    const char *head, *unit;
    size_t most;
  } all[] = {
      {"HTTP/1.1 200 ", "x", HTTP1_MAX_LINE},
      {OK_LINE "A: ", "x", HTTP1_MAX_LINE},
      {OK_LINE "A: b\r\n", " \r\n", HTTP1_MAX_LINE},
      {OK_LINE, "A: b\r\n", HTTP1_MAX_HEAD},
      {OK_LINE, ":\n", HTTP1_MAX_FIELDS * 2},
      {OK_LINE "\r\n5;", "x", 20000},
      {OK_LINE "\r\n0\r\n", "A: b\r\n", 110 * 1024},
      {OK_LINE "\r\n0\r\nA: ", "b", 110 * 1024},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (size_t size = 997; size <= 1 << 20; size *= 32) {
      struct http1 h;
      size_t taken = endless(all[i].head, all[i].unit, size, &h);
      if (size < 1000 && !CHECK(taken <= all[i].most + 2000))
        printf("# case %zu took %zu\n", i, taken);
    }
}

TEST(zero_bytes_in_fields)
{
  struct http1 h;
  struct slice in = SLICE_LIT(OK_LINE "A: b\0c\r\nD: e\r\n"), out;
  sl_http1_init(&h);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_STATUS);
  CHECK_INT(sl_http1_next(&h, &in, &out), HTTP1_BAD);
}
