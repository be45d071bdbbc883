#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"

TEST(appends_at_the_end_and_copies)
{
  char text[] = "one";
  struct curl_slist *list = curl_slist_append(NULL, text);
  REQUIRE(list);
  text[0] = 'x';
  CHECK(curl_slist_append(list, "two") == list);
  CHECK(curl_slist_append(list, "") == list);
  CHECK_STR(list->data, "one");
  REQUIRE(list->next && list->next->next);
  CHECK_STR(list->next->data, "two");
  CHECK_STR(list->next->next->data, "");
  CHECK(!list->next->next->next);
  curl_slist_free_all(list);
}

TEST(nothing_to_append)
{
  CHECK(!curl_slist_append(NULL, NULL));
  struct curl_slist *list = curl_slist_append(NULL, "one");
  REQUIRE(list);
  CHECK(!curl_slist_append(list, NULL));
  CHECK(!list->next);
  curl_slist_free_all(list);
  curl_slist_free_all(NULL);
}

TEST(list_survives_when_memory_is_short)
{
  struct curl_slist *list = curl_slist_append(NULL, "one");
  REQUIRE(list);
  struct curl_slist *last = NULL;
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = curl_slist_append(list, "two");
    CHECK(last || !list->next);
  }
  CHECK(last == list);
  CHECK(list->next && !list->next->next);
  curl_slist_free_all(list);
}
