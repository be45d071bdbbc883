#include <curl/curl.h>

#include "tests/test.h"

TEST(texts_that_programs_print)
{
  CHECK_STR(curl_easy_strerror(CURLE_OK), "No error");
  CHECK_STR(curl_easy_strerror(CURLE_UNSUPPORTED_PROTOCOL), "Unsupported protocol");
  CHECK_STR(curl_easy_strerror(CURLE_COULDNT_RESOLVE_HOST), "Could not resolve hostname");
  CHECK_STR(curl_easy_strerror(CURLE_COULDNT_CONNECT), "Could not connect to server");
  CHECK_STR(curl_easy_strerror(CURLE_OPERATION_TIMEDOUT), "Timeout was reached");
  CHECK_STR(curl_easy_strerror(CURLE_PEER_FAILED_VERIFICATION),
            "SSL peer certificate or SSH remote key was not OK");
  CHECK_STR(curl_easy_strerror(CURLE_TOO_LARGE), "A value or data field grew larger than allowed");
  CHECK_STR(curl_multi_strerror(CURLM_CALL_MULTI_PERFORM), "Please call curl_multi_perform() soon");
  CHECK_STR(curl_multi_strerror(CURLM_OK), "No error");
  CHECK_STR(curl_multi_strerror(CURLM_UNRECOVERABLE_POLL), "Unrecoverable error in select/poll");
  CHECK_STR(curl_share_strerror(CURLSHE_OK), "No error");
  CHECK_STR(curl_share_strerror(CURLSHE_NOT_BUILT_IN), "Feature not enabled in this library");
}

/* The codes without a text are those that are no longer in use. */
TEST(every_code_has_a_text)
{
  static const int unused[] = {20, 24, 29, 32, 34, 40, 41, 44, 46, 50, 51, 57, 62, 75, 76};
  size_t at = 0;
  for (int code = 0; code < CURL_LAST; code++) {
    bool known = strcmp(curl_easy_strerror((CURLcode)code), "Unknown error") != 0;
    bool expected = at >= sizeof(unused) / sizeof(*unused) || unused[at] != code;
    at += !expected;
    if (!CHECK(known == expected))
      printf("#   code %d\n", code);
  }
  for (int code = -1; code < CURLM_LAST; code++)
    CHECK(strcmp(curl_multi_strerror((CURLMcode)code), "Unknown error") != 0);
  for (int code = 0; code < CURLSHE_LAST; code++)
    CHECK(strcmp(curl_share_strerror((CURLSHcode)code), "CURLSHcode unknown") != 0);
}

TEST(what_is_no_code)
{
  static const int none[] = {CURL_LAST, 1000, 99999, 0x7fffffff, -1, -2, (int)0x80000000};
  for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
    int code = none[i];
    CHECK_STR(curl_easy_strerror((CURLcode)code), "Unknown error");
    CHECK_STR(curl_share_strerror((CURLSHcode)code), "CURLSHcode unknown");
    if (code != -1)
      CHECK_STR(curl_multi_strerror((CURLMcode)code), "Unknown error");
  }
  CHECK_STR(curl_multi_strerror(CURLM_LAST), "Unknown error");
  CHECK_STR(curl_share_strerror(CURLSHE_LAST), "CURLSHcode unknown");
}
