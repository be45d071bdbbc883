/* Fuzz the URL parser. Input: two bytes of flags, then lines: a URL, texts to resolve against it,
 * and what curl_url_set() gets for one part after the other. What was parsed prints as it stands,
 * parses again to the same parts, and has a host that can be put into a header. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/url.h"

#define REQUIRE(cond)                                                                              \
  do {                                                                                             \
    if (!(cond)) {                                                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                   \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_host(const struct url *u)
{
  struct buf scratch;
  struct slice host;
  REQUIRE(u->host.p || sl_url_is_file(u));
  for (size_t i = 0; i < u->host.n; i++)
    REQUIRE(!sl_is_ctrl(u->host.p[i]) && !memchr(" /?#@\\%\"<>", u->host.p[i], 10));
  sl_buf_init(&scratch, SL_URL_HOST_MAX);
  if (u->host.n && !sl_url_host_ascii(u, &scratch, &host)) {
    REQUIRE(host.n);
    for (size_t i = 0; i < host.n; i++)
      REQUIRE(host.p[i] > ' ' && host.p[i] < 127 && !memchr("/?#@\\%\"<>", host.p[i], 9));
  }
  sl_buf_done(&scratch);
}

static void check_url(const struct url *u, unsigned flags)
{
  struct url again;
  struct buf out;
  sl_buf_init(&out, SL_URL_TEXT_MAX);
  REQUIRE(sl_url_print(u, 0, &out) == CURLUE_OK);
  REQUIRE(slice_eq(sl_buf_peek(&out), u->text));
  REQUIRE(u->path.n && u->path.p[0] == '/');
  check_host(u);
  REQUIRE(sl_url_parse(&again, u->text, flags | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK);
  REQUIRE(slice_eq(again.text, u->text));
  REQUIRE(slice_eq(again.scheme, u->scheme) && again.known == u->known);
  REQUIRE(slice_eq(again.password, u->password) || u->guessed);
  REQUIRE(slice_eq(again.host, u->host) && again.host_kind == u->host_kind);
  REQUIRE(slice_eq(again.zoneid, u->zoneid) && slice_eq(again.port, u->port));
  REQUIRE(again.port_number == u->port_number && again.host_8bit == u->host_8bit);
  REQUIRE(slice_eq(again.path, u->path));
  REQUIRE(slice_eq(again.query, u->query) && slice_eq(again.fragment, u->fragment));
  sl_url_done(&again);
  sl_buf_clear(&out);
  sl_url_print(u, flags, &out); /* CURLU_ of get and of set share the bits */
  sl_buf_done(&out);
}

static void try_handle(CURLU *h, struct slice line, CURLUPart part, unsigned flags)
{
  char *text = sl_memdup0(line.p, line.n), *got;
  CURLUcode code = curl_url_set(h, part, text, flags);
  REQUIRE(code < CURLUE_LAST);
  sl_free(text);
  for (int what = CURLUPART_URL; what <= CURLUPART_ZONEID; what++) {
    code = curl_url_get(h, (CURLUPart)what, &got, flags);
    REQUIRE(!code == (got != NULL));
    sl_free(got);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct url base;
  struct slice rest = slice_of((const char *)data, size), line;
  if (size < 2)
    return 0;
  unsigned flags = data[0] | (unsigned)data[1] << 8;
  rest = slice_from(rest, 2);
  line = slice_head(rest, slice_find(rest, '\n'));
  rest = slice_from(rest, line.n + 1);
  if (sl_url_parse(&base, line, flags))
    return 0;
  check_url(&base, flags);
  CURLU *h = curl_url();
  try_handle(h, line, CURLUPART_URL, flags);
  for (int turn = 0; turn < 8 && rest.n; turn++) {
    struct url to;
    line = slice_head(rest, slice_find(rest, '\n'));
    rest = slice_from(rest, line.n + 1);
    if (!sl_url_resolve(&base, line, flags, &to)) {
      /* a text without a scheme of its own got one; spaces may have become legal */
      check_url(&to, flags | CURLU_URLENCODE);
      sl_url_done(&to);
    }
    if (line.n)
      try_handle(h, slice_from(line, 1), (CURLUPart)(line.p[0] % 12), flags);
  }
  CURLU *copy = curl_url_dup(h);
  curl_url_cleanup(h);
  curl_url_cleanup(copy);
  sl_url_done(&base);
  return 0;
}
