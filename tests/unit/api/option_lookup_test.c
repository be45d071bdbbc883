#include <curl/curl.h>

#include "api/setopt.h"
#include "tests/test.h"

static size_t count(bool aliases)
{
  size_t n = 0;
  const struct curl_easyoption *o = NULL;
  while ((o = curl_easy_option_next(o)))
    n += aliases == ((o->flags & CURLOT_FLAG_ALIAS) != 0);
  return n;
}

TEST(all_options_of_libcurl_are_listed)
{
  CHECK_INT(count(false), 312);
  CHECK_INT(count(true), 15);
}

TEST(the_list_is_sorted)
{
  const struct curl_easyoption *prev = curl_easy_option_next(NULL), *o = prev;
  REQUIRE(prev);
  CHECK_STR(prev->name, "ABSTRACT_UNIX_SOCKET");
  while ((o = curl_easy_option_next(o))) {
    if (!CHECK(strcmp(prev->name, o->name) < 0))
      printf("# %s, %s\n", prev->name, o->name);
    prev = o;
  }
  CHECK_STR(prev->name, "XOAUTH2_BEARER");
  CHECK(!curl_easy_option_next(prev));
}

static void change_case(char *to, const char *from, bool every_second)
{
  size_t i = 0;
  for (; from[i]; i++) {
    bool lower = from[i] >= 'A' && from[i] <= 'Z' && (!every_second || i % 2);
    to[i] = lower ? (char)(from[i] + 32) : from[i];
  }
  to[i] = 0;
}

TEST(every_row_is_found_by_its_name_in_any_case)
{
  const struct curl_easyoption *o = NULL;
  while ((o = curl_easy_option_next(o))) {
    char name[64];
    REQUIRE(strlen(o->name) < sizeof name);
    CHECK(curl_easy_option_by_name(o->name) == o);
    change_case(name, o->name, false);
    CHECK(curl_easy_option_by_name(name) == o);
    change_case(name, o->name, true);
    CHECK(curl_easy_option_by_name(name) == o);
  }
}

TEST(names_that_are_none)
{
  CHECK(!curl_easy_option_by_name(NULL));
  CHECK(!curl_easy_option_by_name(""));
  CHECK(!curl_easy_option_by_name("CURLOPT_URL"));
  CHECK(!curl_easy_option_by_name("UR"));
  CHECK(!curl_easy_option_by_name("URLX"));
  CHECK(!curl_easy_option_by_name("zzz"));
  CHECK(!curl_easy_option_by_name("A"));
  CHECK(!curl_easy_option_by_name("\xff"));
}

TEST(by_number_it_is_never_an_alias)
{
  const struct curl_easyoption *o = NULL;
  while ((o = curl_easy_option_next(o))) {
    const struct curl_easyoption *found = curl_easy_option_by_id(o->id);
    if (!CHECK(found))
      continue;
    CHECK_INT(found->id, o->id);
    CHECK(!(found->flags & CURLOT_FLAG_ALIAS));
    CHECK((found == o) == !(o->flags & CURLOT_FLAG_ALIAS));
    CHECK_INT(found->type, o->type);
  }
  CHECK(!curl_easy_option_by_id((CURLoption)0));
  CHECK(!curl_easy_option_by_id((CURLoption)9999));
  CHECK(!curl_easy_option_by_id((CURLoption)10003));
}

TEST(listing_and_table_agree)
{
  const struct curl_easyoption *o = NULL;
  while ((o = curl_easy_option_next(o))) {
    const struct option_row *row = sl_setopt_row(o->id);
    bool unknown = o->id == CURLOPT_CONV_FROM_NETWORK_FUNCTION ||
                   o->id == CURLOPT_CONV_TO_NETWORK_FUNCTION ||
                   o->id == CURLOPT_CONV_FROM_UTF8_FUNCTION;
    if (!CHECK_INT(!row, unknown) || !row)
      continue;
    CHECK_INT(row->type, o->type);
  }
}

TEST(some_rows_as_libcurl_has_them)
{
  static const struct {
    const char *name;
    CURLoption id;
    curl_easytype type;
    unsigned flags;
  } rows[] = {
      {"URL", CURLOPT_URL, CURLOT_STRING, 0},
      {"WRITEDATA", CURLOPT_WRITEDATA, CURLOT_CBPTR, 0},
      {"FILE", CURLOPT_WRITEDATA, CURLOT_CBPTR, CURLOT_FLAG_ALIAS},
      {"ENCODING", CURLOPT_ACCEPT_ENCODING, CURLOT_STRING, CURLOT_FLAG_ALIAS},
      {"POSTFIELDS", CURLOPT_POSTFIELDS, CURLOT_OBJECT, 0},
      {"SSLVERSION", CURLOPT_SSLVERSION, CURLOT_VALUES, 0},
      {"PROXY_SSL_OPTIONS", CURLOPT_PROXY_SSL_OPTIONS, CURLOT_LONG, 0},
      {"MAXFILESIZE_LARGE", CURLOPT_MAXFILESIZE_LARGE, CURLOT_OFF_T, 0},
      {"HTTPHEADER", CURLOPT_HTTPHEADER, CURLOT_SLIST, 0},
      {"CAINFO_BLOB", CURLOPT_CAINFO_BLOB, CURLOT_BLOB, 0},
      {"OPENSOCKETFUNCTION", CURLOPT_OPENSOCKETFUNCTION, CURLOT_FUNCTION, 0},
      {"HTTPSIG_ALGORITHM", CURLOPT_HTTPSIG_ALGORITHM, CURLOT_VALUES, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct curl_easyoption *o = curl_easy_option_by_name(rows[i].name);
    REQUIRE(o);
    CHECK_INT(o->id, rows[i].id);
    CHECK_INT(o->type, rows[i].type);
    CHECK_INT(o->flags, rows[i].flags);
  }
}
