/* wire/dict.c: the session for each URL. */
#include "wire/dict.h"

#include <curl/curlver.h>

#include "base/mem.h"
#include "tests/test.h"

enum { MAX = 1000 };
#define SESSION(command) "CLIENT libcurl " LIBCURL_VERSION "\r\n" command "\r\nQUIT\r\n"

static void check(const char *path, const char *want)
{
  struct buf out;
  sl_buf_init(&out, MAX);
  bool good = sl_dict_request(slice_str(path), &out);
  CHECK(sl_buf_ok(&out));
  CHECK_INT(good, want != NULL);
  if (want)
    CHECK_STR(out.p, want);
  sl_buf_done(&out);
}

TEST(definitions)
{
  check("/d:word", SESSION("DEFINE ! word"));
  check("/define:word:web", SESSION("DEFINE web word"));
  check("/LOOKUP:word:web:1", SESSION("DEFINE web word"));
  check("/d:", SESSION("DEFINE ! default"));
  check("/d::web", SESSION("DEFINE web default"));
  check("/d:word:", SESSION("DEFINE ! word"));
}

TEST(matches)
{
  check("/m:word", SESSION("MATCH ! . word"));
  check("/match:word:web", SESSION("MATCH web . word"));
  check("/Find:word:web:prefix", SESSION("MATCH web prefix word"));
  check("/m:word:web:prefix:7", SESSION("MATCH web prefix word"));
  check("/m:", SESSION("MATCH ! . default"));
  check("/m:w::soundex", SESSION("MATCH ! soundex w"));
}

TEST(other_commands)
{
  check("/", SESSION(""));
  check("/help", SESSION("help"));
  check("/show:db", SESSION("show db"));
  check("/SHOW%20INFO:web", SESSION("SHOW INFO web"));
  check("/d", SESSION("d"));
  check("/definex:w", SESSION("definex w"));
}

TEST(words_are_quoted)
{
  check("/d:a%20b", SESSION("DEFINE ! a\\ b"));
  check("/d:%22it%27s%5c%22", SESSION("DEFINE ! \\\"it\\'s\\\\\\\""));
  check("/d:%c3%bc%7f", SESSION("DEFINE ! \303\274\\\177"));
  check("/m:a%20b:x:y", SESSION("MATCH x y a\\ b"));
}

TEST(control_characters_are_refused)
{
  check("/d:a%0d%0aSHOW DB", NULL);
  check("/d:a%00b", NULL);
  check("/d:a%09b", NULL);
  check("/help%0a", NULL);
  check("/m:a:b%0d:c", NULL);
}

TEST(what_is_too_long)
{
  char path[MAX + 2];
  struct buf out;
  memset(path, 'w', sizeof path);
  for (size_t n = MAX - 60; n <= sizeof path; n++) {
    sl_buf_init(&out, MAX);
    bool good = sl_dict_request(slice_of(path, n), &out);
    CHECK(good != out.full);
    CHECK(n < sizeof path || !good);
    sl_buf_done(&out);
  }
}

TEST(every_allocation)
{
  bool good = false;
  FOR_EACH_FAILING_ALLOC(n) {
    struct buf out;
    sl_buf_init(&out, MAX);
    good = sl_dict_request(slice_str("/m:word:web:prefix"), &out);
    CHECK(good || out.nomem);
    if (good)
      CHECK_STR(out.p, SESSION("MATCH web prefix word"));
    sl_buf_done(&out);
  }
  CHECK(good);
  struct buf out;
  sl_buf_init(&out, MAX);
  sl_mem_fail_once(1);
  good = sl_dict_request(slice_str("/m:word:web:prefix"), &out);
  sl_mem_fail_after(0);
  CHECK(!good && out.nomem);
  sl_buf_done(&out);
}
