/* Cookie files and Set-Cookie lines from hostile hands. Each line of the input is a Set-Cookie
 * value of one of three hosts; then the whole input is a cookie file. No cookie gets out of its
 * line, in a header or in a file. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/cookie.h"

enum { NOW = 1700000000 };

static void load(struct cookie_jar *jar, struct slice text)
{
  struct cookie_source from = {.from_file = true, .now_s = NOW};
  if (sl_cookie_jar_load(jar, text, &from) != SL_OK)
    abort();
}

static void answer(struct cookie_jar *jar, struct slice text)
{
  static const char *const hosts[] = {"www.example.com", "127.0.0.1", "localhost"};
  for (unsigned i = 0; text.n; i++) {
    struct slice line = slice_head(text, slice_find(text, '\n'));
    char *copy = sl_memdup0(line.p, line.n); /* so that a byte too many is noticed */
    struct cookie_source from = {.host = slice_str(hosts[i % 3]),
                                 .path = slice_str("/some/where"),
                                 .secure = i % 2 == 0,
                                 .now_s = NOW};
    sl_cookie_jar_set(jar, slice_of(copy, line.n), &from, NULL);
    sl_free(copy);
    text = slice_from(text, line.n + 1);
  }
  for (unsigned i = 0; i < 3; i++) {
    struct buf out;
    sl_buf_init(&out, SL_COOKIE_HEADER_MAX);
    if (sl_cookie_jar_header(jar, slice_str(hosts[i]), slice_str("/some/where/else"), i == 0, NOW,
                             &out) != SL_OK)
      abort();
    for (size_t at = 0; at < out.n; at++)
      if ((unsigned char)out.p[at] < 32 || out.p[at] == 127)
        abort(); /* nothing may end a header line */
    sl_buf_done(&out);
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice text = {(const char *)data, size};
  struct cookie_jar jar;
  struct buf line;
  const struct list *cursor = NULL;
  if (size > 60000)
    return 0;
  sl_cookie_jar_init(&jar, 1);
  sl_buf_init(&line, 1u << 20);
  if (size) {
    answer(&jar, text);
    load(&jar, text);
  }
  while (sl_cookie_jar_next(&jar, &cursor, NOW, &line)) {
    unsigned tabs = 0;
    for (size_t at = 0; at < line.n; at++) {
      tabs += line.p[at] == '\t';
      if (line.p[at] != '\t' && ((unsigned char)line.p[at] < 32 || line.p[at] == 127))
        abort();
    }
    if (tabs != 6)
      abort();
  }
  sl_buf_done(&line);
  sl_cookie_jar_done(&jar);
  return 0;
}
