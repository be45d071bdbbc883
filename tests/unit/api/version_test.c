#include <curl/curl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <zlib.h>

#include "tests/test.h"

static bool has(const char *const *list, const char *name)
{
  for (; *list; list++) {
    if (!strcmp(*list, name))
      return true;
  }
  return false;
}

TEST(version_begins_as_programs_expect_it)
{
  const char *text = curl_version();
  CHECK_MEM(text, "libcurl/8.22.0 Sluice/", 22);
  CHECK(curl_version() == text);
}

TEST(version_names_the_libraries)
{
  char want[64];
  snprintf(want, sizeof(want), " OpenSSL/%s zlib/%s brotli/",
           OpenSSL_version(OPENSSL_VERSION_STRING), zlibVersion());
  const char *text = curl_version();
  CHECK(strstr(text, want) != NULL);
  static const char *const names[] = {" zstd/", " c-ares/", " libidn2/", " libpsl/", " libssh2/", " nghttp2/"};
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
    const char *at = strstr(text, names[i]);
    CHECK(at && at[strlen(names[i])] >= '0' && at[strlen(names[i])] <= '9');
  }
  CHECK(!strchr(text, '(') && !strstr(text, "  ") && text[strlen(text) - 1] != ' ');
}

TEST(info_is_the_newest_whatever_is_asked)
{
  curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  CHECK(curl_version_info(CURLVERSION_FIRST) == info);
  CHECK_INT(info->age, CURLVERSION_TWELFTH);
  CHECK_STR(info->version, LIBCURL_VERSION);
  CHECK_INT(info->version_num, LIBCURL_VERSION_NUM);
  CHECK(strstr(info->host, "linux") != NULL);
  CHECK_MEM(info->ssl_version, "OpenSSL/", 8);
  CHECK_INT(info->ssl_version_num, 0);
  CHECK_STR(info->libz_version, zlibVersion());
  CHECK(info->cainfo && info->capath);
  CHECK(!info->rtmp_version && !info->hyper_version && !info->gsasl_version &&
        !info->quic_version);
  CHECK_MEM(info->libssh_version, "libssh2/", 8);
}

/* Each number says what its string says. */
TEST(numbers_agree_with_strings)
{
  curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  char text[32];
  unsigned n = info->brotli_ver_num;
  snprintf(text, sizeof(text), "%u.%u.%u", n >> 24, n >> 12 & 0xfff, n & 0xfff);
  CHECK_STR(info->brotli_version, text);
  n = info->nghttp2_ver_num;
  snprintf(text, sizeof(text), "%u.%u.%u", n >> 16, n >> 8 & 0xff, n & 0xff);
  CHECK_STR(info->nghttp2_version, text);
  n = info->zstd_ver_num;
  snprintf(text, sizeof(text), "%u.%u.%u", n / 10000, n / 100 % 100, n % 100);
  CHECK_STR(info->zstd_version, text);
  n = (unsigned)info->ares_num;
  snprintf(text, sizeof(text), "%u.%u.%u", n >> 16, n >> 8 & 0xff, n & 0xff);
  CHECK_STR(info->ares, text);
}

TEST(protocols_and_features_are_sorted)
{
  curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  CHECK(has(info->protocols, "http") && has(info->protocols, "https"));
  CHECK(has(info->protocols, "sftp") && has(info->protocols, "scp"));
  CHECK(has(info->protocols, "ldap") && !has(info->protocols, "rtmp"));
  for (const char *const *p = info->protocols; p[0] && p[1]; p++)
    CHECK(strcmp(p[0], p[1]) < 0);
  for (const char *const *f = info->feature_names; f[0] && f[1]; f++)
    CHECK(strcasecmp(f[0], f[1]) < 0);
}

TEST(feature_names_and_bits_agree)
{
  static const struct {
    const char *name;
    int bit;
  } rows[] = {
      {"alt-svc", CURL_VERSION_ALTSVC},
      {"AsynchDNS", CURL_VERSION_ASYNCHDNS},
      {"brotli", CURL_VERSION_BROTLI},
      {"GSS-API", CURL_VERSION_GSSAPI},
      {"HSTS", CURL_VERSION_HSTS},
      {"HTTP2", CURL_VERSION_HTTP2},
      {"HTTP3", CURL_VERSION_HTTP3},
      {"HTTPS-proxy", CURL_VERSION_HTTPS_PROXY},
      {"IDN", CURL_VERSION_IDN},
      {"IPv6", CURL_VERSION_IPV6},
      {"Kerberos", CURL_VERSION_KERBEROS5},
      {"Largefile", CURL_VERSION_LARGEFILE},
      {"libz", CURL_VERSION_LIBZ},
      {"NTLM", CURL_VERSION_NTLM},
      {"PSL", CURL_VERSION_PSL},
      {"SPNEGO", CURL_VERSION_SPNEGO},
      {"SSL", CURL_VERSION_SSL},
      {"threadsafe", CURL_VERSION_THREADSAFE},
      {"UnixSockets", CURL_VERSION_UNIX_SOCKETS},
      {"zstd", CURL_VERSION_ZSTD},
  };
  curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  int seen = 0, count = 0;
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    bool named = has(info->feature_names, rows[i].name);
    if (!CHECK(named == ((info->features & rows[i].bit) != 0)))
      printf("#   %s\n", rows[i].name);
    seen |= named ? rows[i].bit : 0;
    count += named;
  }
  CHECK_INT(info->features, seen);
  int names = 0;
  while (info->feature_names[names])
    names++;
  CHECK(has(info->feature_names, "SSLS-EXPORT")); /* has no bit */
  CHECK_INT(names, count + 1);
  CHECK(has(info->feature_names, "SSL") && has(info->feature_names, "threadsafe"));
}

static void *ask(void *arg)
{
  (void)arg;
  return curl_version_info(CURLVERSION_NOW)->protocols[0] ? curl_version() : NULL;
}

TEST(several_threads_get_the_same)
{
  pthread_t threads[8];
  for (int i = 0; i < 8; i++)
    REQUIRE(pthread_create(&threads[i], NULL, ask, NULL) == 0);
  for (int i = 0; i < 8; i++) {
    void *text = NULL;
    pthread_join(threads[i], &text);
    CHECK(text == curl_version());
  }
}
