/* Fuzz the HTTP/1 response parser. Input: a byte for the framing, one for the size of the pieces, then what the peer
 * sends. Whole or in pieces, the same events come out; lines end in LF; nothing is kept beyond the limits. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/http1.h"

#define REQUIRE(cond)                                                                              \
  do {                                                                                             \
    if (!(cond)) {                                                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                   \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came out, as a hash: body bytes one by one, since pieces of body may be cut anywhere. */
struct seen {
  uint64_t hash;
  size_t body;
  enum http1_event last;
};

static void mix(struct seen *s, enum http1_event e, struct slice bytes)
{
  for (size_t i = 0; i < bytes.n; i++)
    s->hash = (s->hash ^ (unsigned char)bytes.p[i]) * 1099511628211u;
  if (e != HTTP1_BODY)
    s->hash = (s->hash ^ (uint64_t)(e + 256)) * 1099511628211u;
  s->last = e;
}

static void check_event(const struct http1 *h, enum http1_event e, struct slice before, struct slice in, struct slice out)
{
  REQUIRE(in.n <= before.n && in.p + in.n == before.p + before.n);
  if (e >= HTTP1_STATUS && e <= HTTP1_TRAILER) {
    REQUIRE(out.n && out.p >= before.p && out.p + out.n <= before.p + before.n);
    REQUIRE(e == HTTP1_BODY || out.p[out.n - 1] == '\n');
    REQUIRE(in.p >= out.p + out.n);
  }
  REQUIRE(e != HTTP1_STATUS || (h->status >= 100 && h->status <= 999));
  REQUIRE(e != HTTP1_HEADER || !memchr(out.p, 0, out.n));
  REQUIRE((e == HTTP1_BAD) == (h->error != NULL) || e == HTTP1_BAD);
}

static struct seen parse(const uint8_t *data, size_t size, size_t piece, unsigned mode)
{
  struct http1 h;
  struct seen s = {14695981039346656037u, 0, HTTP1_MORE};
  size_t kept = 0, at = 0;
  memset(&h, 0xa5, sizeof h);
  sl_http1_init(&h);
  while (at < size) {
    size_t n = size - at < piece ? size - at : piece;
    char *room = malloc(kept + n);
    memcpy(room, data + at - kept, kept + n);
    struct slice in = slice_of(room, kept + n), out = SLICE_NONE;
    at += n;
    for (;;) {
      struct slice before = in;
      enum http1_event e = sl_http1_next(&h, &in, &out);
      check_event(&h, e, before, in, out);
      if (e == HTTP1_MORE)
        break;
      mix(&s, e, e <= HTTP1_TRAILER ? out : SLICE_NONE);
      s.body += e == HTTP1_BODY ? out.n : 0;
      if (e == HTTP1_HEAD_END && h.status < 200)
        sl_http1_init(&h);
      else if (e == HTTP1_HEAD_END)
        sl_http1_body(&h, (enum http1_framing)(mode & 3), mode >> 2);
      else if (e == HTTP1_NO_HTTP && mode & 64)
        sl_http1_alias(&h, 200, 0);
      else if (e == HTTP1_NO_HTTP && mode & 128)
        sl_http1_headless(&h);
      else if (e >= HTTP1_END) {
        free(room);
        return s;
      }
    }
    kept = in.n;
    REQUIRE(kept <= 2 * HTTP1_MAX_LINE);
    free(room);
  }
  return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 3)
    return 0;
  unsigned mode = data[0];
  struct seen whole = parse(data + 2, size - 2, size, mode), parts = parse(data + 2, size - 2, 1u + data[1] % 64u, mode);
  REQUIRE(whole.hash == parts.hash && whole.body == parts.body && whole.last == parts.last);
  return 0;
}
