/* curl_easy_header() and curl_easy_nextheader(): each has what it returned to itself. */
#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"
#include "xfer/header_store.h"

static struct easy *with_fields(const char *const *lines)
{
  struct easy *e = sl_easy_new();
  if (!e)
    return NULL;
  sl_header_store_start(e);
  for (; *lines; lines++)
    CHECK_INT(sl_header_store_add(e, slice_str(*lines), CURLH_HEADER), SL_OK);
  return e;
}

static const char *const SOME[] = {"A: 1\r\n", "B: 2\r\n", "a:3\r\n", "C:\r\n", NULL};

/* Fields are asked for by name while all of them are gone through, as tools that print them as JSON do. */
TEST(one_by_name_within_the_walk)
{
  static const char *const want[] = {"A=1 0/2", "B=2 0/1", "a=3 1/2", "C= 0/1"};
  struct easy *e = with_fields(SOME);
  struct curl_header *prev = NULL, *other, *h;
  size_t n = 0;
  REQUIRE(e);
  while ((h = curl_easy_nextheader(e, CURLH_HEADER, -1, prev)) && n < 4) {
    char text[64];
    snprintf(text, sizeof text, "%s=%s %zu/%zu", h->name, h->value, h->index, h->amount);
    CHECK_STR(text, want[n++]);
    CHECK_INT(curl_easy_header(e, "b", 0, CURLH_HEADER, -1, &other), CURLHE_OK);
    CHECK_STR(other->value, "2");
    CHECK_INT(h->name[0], want[n - 1][0]);
    prev = h;
  }
  CHECK_INT(n, 4);
  sl_easy_free(e);
}

TEST(walks_from_a_copy_and_from_a_header_by_name)
{
  struct easy *e = with_fields(SOME);
  struct curl_header *h = NULL;
  REQUIRE(e && (h = curl_easy_nextheader(e, CURLH_HEADER, -1, NULL)));
  struct curl_header copy = *h;
  REQUIRE((h = curl_easy_nextheader(e, CURLH_HEADER, -1, h)));
  CHECK_STR(h->name, "B");
  REQUIRE((h = curl_easy_nextheader(e, CURLH_HEADER, -1, &copy)));
  CHECK_STR(h->name, "B");
  CHECK_INT(curl_easy_header(e, "A", 1, CURLH_HEADER, -1, &h), CURLHE_OK);
  REQUIRE((h = curl_easy_nextheader(e, CURLH_HEADER, -1, h)));
  CHECK_STR(h->name, "C");
  CHECK(!curl_easy_nextheader(e, CURLH_HEADER, -1, h));
  sl_easy_free(e);
}

/* What an earlier transfer gave is no way into the fields of this one. */
TEST(a_header_of_another_transfer)
{
  static const char *const other[] = {"Long-Name: and a long value\r\n", NULL};
  struct easy *e = with_fields(SOME), *f = with_fields(other);
  struct curl_header *h = NULL;
  REQUIRE(e && f && (h = curl_easy_nextheader(f, CURLH_HEADER, -1, NULL)));
  CHECK(!curl_easy_nextheader(e, CURLH_HEADER, -1, h));
  sl_easy_free(e);
  sl_easy_free(f);
}

TEST(out_of_memory)
{
  CURLHcode last = CURLHE_OUT_OF_MEMORY;
  FOR_EACH_FAILING_ALLOC(n) {
    struct curl_header *h = NULL;
    struct easy *e = sl_easy_new();
    last = CURLHE_OUT_OF_MEMORY;
    if (!e)
      continue;
    sl_header_store_start(e);
    if (!sl_header_store_add(e, SLICE_LIT("A: 1\r\n"), CURLH_HEADER)) {
      last = curl_easy_header(e, "A", 0, CURLH_HEADER, -1, &h);
      CHECK(last == CURLHE_OK || last == CURLHE_OUT_OF_MEMORY);
      (void)curl_easy_nextheader(e, CURLH_HEADER, -1, NULL);
    }
    sl_easy_free(e);
  }
  CHECK_INT(last, CURLHE_OK);
}

TEST(the_content_type_is_the_last_one_with_a_value)
{
  static const char *const types[] = {"Content-Type: a/b\r\n", "content-type: c/d\r\n", "Content-Type: \r\n", NULL};
  struct easy *e = with_fields(types);
  REQUIRE(e);
  e->info.has_content_type = true;
  CHECK_STR(sl_header_store_content_type(e), "c/d");
  sl_easy_free(e);
}
