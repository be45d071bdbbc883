#include <curl/curl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

TEST(strequal)
{
  CHECK(curl_strequal("aBc-9", "AbC-9"));
  CHECK(curl_strequal("", ""));
  CHECK(!curl_strequal("a", "ab"));
  CHECK(!curl_strequal("ab", "a"));
  CHECK(!curl_strequal("a[", "a{"));
  CHECK(!curl_strequal("\xe4", "\xc4"));
  CHECK(curl_strequal(NULL, NULL));
  CHECK(!curl_strequal("a", NULL));
  CHECK(!curl_strequal(NULL, ""));
}

TEST(strnequal)
{
  CHECK(curl_strnequal("aBcd", "AbCe", 3));
  CHECK(!curl_strnequal("aBcd", "AbCe", 4));
  CHECK(curl_strnequal("a", "ab", 1));
  CHECK(!curl_strnequal("a", "ab", 2));
  CHECK(curl_strnequal("a", "b", 0));
  CHECK(curl_strnequal("ab", "AB", 20));
  CHECK(curl_strnequal("", "", 3));
  CHECK(curl_strnequal(NULL, NULL, 3));
  CHECK(!curl_strnequal(NULL, NULL, 0));
  CHECK(!curl_strnequal("a", NULL, 3));
  CHECK(!curl_strnequal(NULL, "a", 0));
}

TEST(strnequal_needs_no_zero)
{
  static const char a[3] = {'a', 'b', 'c'}, b[3] = {'A', 'B', 'C'};
  CHECK(curl_strnequal(a, b, 3));
}

TEST(getenv_copies)
{
  setenv("SL_MISC_TEST", "value", 1);
  char *copy = curl_getenv("SL_MISC_TEST");
  setenv("SL_MISC_TEST", "", 1);
  CHECK_STR(copy, "value");
  curl_free(copy);
  CHECK(!curl_getenv("SL_MISC_TEST"));
  unsetenv("SL_MISC_TEST");
  CHECK(!curl_getenv("SL_MISC_TEST"));
}

TEST(free_takes_null)
{
  curl_free(NULL);
}

TEST(tls_library_is_openssl)
{
  const curl_ssl_backend **available = NULL;
  CHECK_INT(curl_global_sslset(CURLSSLBACKEND_NONE, NULL, &available), CURLSSLSET_UNKNOWN_BACKEND);
  REQUIRE(available && available[0]);
  CHECK_INT(available[0]->id, CURLSSLBACKEND_OPENSSL);
  CHECK_STR(available[0]->name, "openssl");
  CHECK(!available[1]);
  CHECK_INT(curl_global_sslset(CURLSSLBACKEND_OPENSSL, NULL, NULL), CURLSSLSET_OK);
  CHECK_INT(curl_global_sslset(CURLSSLBACKEND_OPENSSL, "gnutls", NULL), CURLSSLSET_OK);
  CHECK_INT(curl_global_sslset(CURLSSLBACKEND_NONE, "OpenSSL", NULL), CURLSSLSET_OK);
  available = NULL;
  CHECK_INT(curl_global_sslset(CURLSSLBACKEND_GNUTLS, NULL, &available),
            CURLSSLSET_UNKNOWN_BACKEND);
  CHECK(available != NULL);
  CHECK_INT(curl_global_sslset(CURLSSLBACKEND_NONE, "gnutls", NULL), CURLSSLSET_UNKNOWN_BACKEND);
}

TEST(trace_takes_any_names)
{
  CHECK_INT(curl_global_trace("all,-ssl,no-such-component"), CURLE_OK);
  CHECK_INT(curl_global_trace(""), CURLE_OK);
  CHECK_INT(curl_global_trace(NULL), CURLE_OK);
}
