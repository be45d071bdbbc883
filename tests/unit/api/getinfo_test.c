#include "base/mem.h"
#include "tests/test.h"
#include "xfer/header_store.h"

#undef curl_easy_getinfo
#undef curl_easy_setopt

static long long_of(struct easy *e, CURLINFO info)
{
  long v = -99;
  CHECK_INT(curl_easy_getinfo(e, info, &v), CURLE_OK);
  return v;
}

static curl_off_t off_of(struct easy *e, CURLINFO info)
{
  curl_off_t v = -99;
  CHECK_INT(curl_easy_getinfo(e, info, &v), CURLE_OK);
  return v;
}

static double double_of(struct easy *e, CURLINFO info)
{
  double v = -99;
  CHECK_INT(curl_easy_getinfo(e, info, &v), CURLE_OK);
  return v;
}

static const char *string_of(struct easy *e, CURLINFO info)
{
  const char *v = "unanswered";
  CHECK_INT(curl_easy_getinfo(e, info, &v), CURLE_OK);
  return v;
}

static void *pointer_of(struct easy *e, CURLINFO info)
{
  static char unanswered;
  void *v = &unanswered;
  CHECK_INT(curl_easy_getinfo(e, info, &v), CURLE_OK);
  CHECK(v != &unanswered);
  return v;
}

TEST(small_enough_for_an_idle_handle)
{
  CHECK(sizeof(struct info) <= 384);
}

/* As libcurl 7.88.1 answers, and its manual for the newer ones. */
TEST(a_fresh_handle)
{
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  CHECK_STR(string_of(e, CURLINFO_EFFECTIVE_URL), "");
  CHECK_STR(string_of(e, CURLINFO_EFFECTIVE_METHOD), "GET");
  CHECK_STR(string_of(e, CURLINFO_PRIMARY_IP), "");
  CHECK_STR(string_of(e, CURLINFO_LOCAL_IP), "");
  CHECK_STR(string_of(e, CURLINFO_CAINFO), "/etc/ssl/certs/ca-certificates.crt");
  CHECK_STR(string_of(e, CURLINFO_CAPATH), "/etc/ssl/certs");
  static const CURLINFO null_strings[] = {
      CURLINFO_CONTENT_TYPE, CURLINFO_REDIRECT_URL,   CURLINFO_REFERER,        CURLINFO_SCHEME,
      CURLINFO_PRIVATE,      CURLINFO_FTP_ENTRY_PATH, CURLINFO_RTSP_SESSION_ID};
  for (size_t i = 0; i < sizeof null_strings / sizeof *null_strings; i++)
    CHECK_STR(string_of(e, null_strings[i]), NULL);
  static const CURLINFO minus_one[] = {CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                                       CURLINFO_CONTENT_LENGTH_UPLOAD_T, CURLINFO_FILETIME_T,
                                       CURLINFO_CONN_ID, CURLINFO_XFER_ID};
  for (size_t i = 0; i < sizeof minus_one / sizeof *minus_one; i++)
    CHECK_INT(off_of(e, minus_one[i]), -1);
  CHECK_INT(long_of(e, CURLINFO_FILETIME), -1);
  CHECK_INT(long_of(e, CURLINFO_LASTSOCKET), -1);
  CHECK(double_of(e, CURLINFO_CONTENT_LENGTH_DOWNLOAD) == -1);
  CHECK(double_of(e, CURLINFO_TOTAL_TIME) == 0);
  curl_socket_t fd = 5;
  CHECK_INT(curl_easy_getinfo(e, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  CHECK_INT(fd, CURL_SOCKET_BAD);
  struct curl_certinfo *certs = pointer_of(e, CURLINFO_CERTINFO);
  CHECK(certs && certs->num_of_certs == 0);
  struct curl_tlssessioninfo *tls = pointer_of(e, CURLINFO_TLS_SSL_PTR);
  CHECK(tls && tls->backend == CURLSSLBACKEND_OPENSSL && !tls->internals);
  tls = pointer_of(e, CURLINFO_TLS_SESSION);
  CHECK(tls && tls->backend == CURLSSLBACKEND_OPENSSL && !tls->internals);
  CHECK(!pointer_of(e, CURLINFO_SSL_ENGINES));
  CHECK(!pointer_of(e, CURLINFO_COOKIELIST));
  sl_easy_free(e);
}

TEST(longs)
{
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  struct info *i = &e->info;
  i->response_code = 404;
  i->http_connectcode = 407;
  i->http_version = CURL_HTTP_VERSION_1_1;
  i->protocol = CURLPROTO_GOPHERS;
  i->redirect_count = 3;
  i->filetime = 1700000000;
  i->condition_unmet = true;
  i->httpauth_avail = CURLAUTH_DIGEST;
  i->proxyauth_avail = CURLAUTH_NTLM;
  i->httpauth_used = CURLAUTH_BEARER;
  i->proxyauth_used = CURLAUTH_BASIC;
  i->header_size = 4000000000U;
  i->request_size = 77;
  i->primary_port = 65535;
  i->local_port = 40000;
  i->num_connects = 2;
  i->os_errno = 111;
  i->used_proxy = true;
  i->proxy_error = CURLPX_USER_REJECTED;
  i->ssl_verifyresult = 20;
  i->proxy_ssl_verifyresult = 21;
  CHECK_INT(long_of(e, CURLINFO_RESPONSE_CODE), 404);
  CHECK_INT(long_of(e, CURLINFO_HTTP_CODE), 404);
  CHECK_INT(long_of(e, CURLINFO_HTTP_CONNECTCODE), 407);
  CHECK_INT(long_of(e, CURLINFO_HTTP_VERSION), CURL_HTTP_VERSION_1_1);
  CHECK_INT(long_of(e, CURLINFO_PROTOCOL), CURLPROTO_GOPHERS);
  CHECK_INT(long_of(e, CURLINFO_REDIRECT_COUNT), 3);
  CHECK_INT(long_of(e, CURLINFO_FILETIME), 1700000000);
  CHECK_INT(long_of(e, CURLINFO_CONDITION_UNMET), 1);
  CHECK_INT(long_of(e, CURLINFO_HTTPAUTH_AVAIL), CURLAUTH_DIGEST);
  CHECK_INT(long_of(e, CURLINFO_PROXYAUTH_AVAIL), CURLAUTH_NTLM);
  CHECK_INT(long_of(e, CURLINFO_HTTPAUTH_USED), CURLAUTH_BEARER);
  CHECK_INT(long_of(e, CURLINFO_PROXYAUTH_USED), CURLAUTH_BASIC);
  CHECK_INT(long_of(e, CURLINFO_HEADER_SIZE), 4000000000L);
  CHECK_INT(long_of(e, CURLINFO_REQUEST_SIZE), 77);
  CHECK_INT(long_of(e, CURLINFO_PRIMARY_PORT), 65535);
  CHECK_INT(long_of(e, CURLINFO_LOCAL_PORT), 40000);
  CHECK_INT(long_of(e, CURLINFO_NUM_CONNECTS), 2);
  CHECK_INT(long_of(e, CURLINFO_OS_ERRNO), 111);
  CHECK_INT(long_of(e, CURLINFO_USED_PROXY), 1);
  CHECK_INT(long_of(e, CURLINFO_PROXY_ERROR), CURLPX_USER_REJECTED);
  CHECK_INT(long_of(e, CURLINFO_SSL_VERIFYRESULT), 20);
  CHECK_INT(long_of(e, CURLINFO_PROXY_SSL_VERIFYRESULT), 21);
  CHECK_INT(long_of(e, CURLINFO_RTSP_CLIENT_CSEQ), 0);
  sl_easy_free(e);
}

TEST(times_are_microseconds_and_seconds)
{
  static const struct {
    size_t at;
    CURLINFO seconds, us; /* seconds 0: there is none */
  } times[] = {
      {offsetof(struct info, queue_us), (CURLINFO)0, CURLINFO_QUEUE_TIME_T},
      {offsetof(struct info, namelookup_us), CURLINFO_NAMELOOKUP_TIME, CURLINFO_NAMELOOKUP_TIME_T},
      {offsetof(struct info, connect_us), CURLINFO_CONNECT_TIME, CURLINFO_CONNECT_TIME_T},
      {offsetof(struct info, appconnect_us), CURLINFO_APPCONNECT_TIME, CURLINFO_APPCONNECT_TIME_T},
      {offsetof(struct info, pretransfer_us), CURLINFO_PRETRANSFER_TIME,
       CURLINFO_PRETRANSFER_TIME_T},
      {offsetof(struct info, posttransfer_us), (CURLINFO)0, CURLINFO_POSTTRANSFER_TIME_T},
      {offsetof(struct info, starttransfer_us), CURLINFO_STARTTRANSFER_TIME,
       CURLINFO_STARTTRANSFER_TIME_T},
      {offsetof(struct info, redirect_us), CURLINFO_REDIRECT_TIME, CURLINFO_REDIRECT_TIME_T},
      {offsetof(struct info, total_us), CURLINFO_TOTAL_TIME, CURLINFO_TOTAL_TIME_T},
  };
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    int64_t us = 1500000 + (int64_t)i;
    memcpy((char *)&e->info + times[i].at, &us, sizeof us);
    CHECK_INT(off_of(e, times[i].us), us);
    if (times[i].seconds)
      CHECK(double_of(e, times[i].seconds) == (double)us / 1e6);
  }
  sl_easy_free(e);
}

TEST(sizes_and_speeds)
{
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  struct info *i = &e->info;
  i->size_upload = 3000;
  i->size_download = (int64_t)5 << 32;
  i->size_delivered = (int64_t)6 << 32;
  i->content_length_download = (int64_t)7 << 32;
  i->content_length_upload = 12;
  i->earlydata_sent = 9;
  i->retry_after = 120;
  i->conn_id = 5;
  i->xfer_id = 6;
  CHECK_INT(off_of(e, CURLINFO_SPEED_UPLOAD_T), 0); /* no time has passed */
  i->total_us = 2000000;
  CHECK_INT(off_of(e, CURLINFO_SIZE_UPLOAD_T), 3000);
  CHECK(double_of(e, CURLINFO_SIZE_UPLOAD) == 3000);
  CHECK_INT(off_of(e, CURLINFO_SIZE_DOWNLOAD_T), (int64_t)5 << 32);
  CHECK(double_of(e, CURLINFO_SIZE_DOWNLOAD) == (double)((int64_t)5 << 32));
  CHECK_INT(off_of(e, CURLINFO_SIZE_DELIVERED), (int64_t)6 << 32);
  CHECK_INT(off_of(e, CURLINFO_SPEED_UPLOAD_T), 1500);
  CHECK(double_of(e, CURLINFO_SPEED_UPLOAD) == 1500);
  CHECK_INT(off_of(e, CURLINFO_SPEED_DOWNLOAD_T), (int64_t)5 << 31);
  CHECK_INT(off_of(e, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), (int64_t)7 << 32);
  CHECK(double_of(e, CURLINFO_CONTENT_LENGTH_UPLOAD) == 12);
  CHECK_INT(off_of(e, CURLINFO_EARLYDATA_SENT_T), 9);
  CHECK_INT(off_of(e, CURLINFO_RETRY_AFTER), 120);
  CHECK_INT(off_of(e, CURLINFO_CONN_ID), 5);
  CHECK_INT(off_of(e, CURLINFO_XFER_ID), 6);
  sl_easy_free(e);
}

TEST(strings)
{
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  e->info.effective_url = sl_strdup("http://a/");
  e->info.redirect_url = sl_strdup("http://b/");
  CHECK_INT(sl_header_store_add(e, SLICE_LIT("content-type:  text/plain \r\n"), CURLH_HEADER), SL_OK);
  CHECK_INT(sl_header_store_add(e, SLICE_LIT("Content-Type: of/proxy\r\n"), CURLH_CONNECT), SL_OK);
  CHECK(string_of(e, CURLINFO_CONTENT_TYPE) == NULL); /* kept from an earlier transfer */
  e->info.has_content_type = true;
  e->info.ftp_entry_path = sl_strdup("/home");
  e->info.referer = sl_strdup("http://c/");
  e->info.scheme = "http";
  strcpy(e->info.primary_ip, "2001:db8::1");
  strcpy(e->info.local_ip, "2001:db8::2");
  CHECK_STR(string_of(e, CURLINFO_EFFECTIVE_URL), "http://a/");
  CHECK_STR(string_of(e, CURLINFO_REDIRECT_URL), "http://b/");
  char *type = NULL;
  sl_mem_fail_after(1);
  CHECK_INT(curl_easy_getinfo(e, CURLINFO_CONTENT_TYPE, &type), CURLE_OUT_OF_MEMORY);
  sl_mem_fail_after(0);
  CHECK_STR(string_of(e, CURLINFO_CONTENT_TYPE), "text/plain");
  CHECK_STR(string_of(e, CURLINFO_FTP_ENTRY_PATH), "/home");
  CHECK_STR(string_of(e, CURLINFO_REFERER), "http://c/");
  CHECK_STR(string_of(e, CURLINFO_SCHEME), "http");
  CHECK_STR(string_of(e, CURLINFO_PRIMARY_IP), "2001:db8::1");
  CHECK_STR(string_of(e, CURLINFO_LOCAL_IP), "2001:db8::2");
  CHECK_INT(curl_easy_setopt(e, CURLOPT_PRIVATE, e), CURLE_OK);
  CHECK(string_of(e, CURLINFO_PRIVATE) == (const char *)e);
  sl_easy_free(e);
}

TEST(the_method_that_was_used)
{
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  static const char *const words[] = {"GET", "HEAD", "POST", "POST", "POST", "PUT"};
  for (uint8_t m = SL_HTTP_GET; m <= SL_HTTP_PUT; m++) {
    e->info.method = m;
    CHECK_STR(string_of(e, CURLINFO_EFFECTIVE_METHOD), words[m]);
  }
  CHECK_INT(curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "FOO"), CURLE_OK);
  CHECK_STR(string_of(e, CURLINFO_EFFECTIVE_METHOD), "PUT"); /* set since, not sent */
  e->info.custom_method = true;
  CHECK_STR(string_of(e, CURLINFO_EFFECTIVE_METHOD), "FOO");
  CHECK_INT(curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL), CURLE_OK);
  CHECK_STR(string_of(e, CURLINFO_EFFECTIVE_METHOD), "PUT");
  sl_easy_free(e);
}

TEST(structs_of_tls)
{
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  struct curl_certinfo certs = {2, NULL};
  e->info.certinfo = &certs;
  e->info.tls_ssl.internals = e;
  e->info.tls_session.internals = &certs;
  CHECK(pointer_of(e, CURLINFO_CERTINFO) == &certs);
  struct curl_tlssessioninfo *ssl = pointer_of(e, CURLINFO_TLS_SSL_PTR);
  struct curl_tlssessioninfo *session = pointer_of(e, CURLINFO_TLS_SESSION);
  CHECK(ssl->internals == e && session->internals == &certs);
  e->info.certinfo = NULL;
  sl_easy_free(e);
}

TEST(what_is_not_known)
{
  struct easy *e = sl_easy_new();
  REQUIRE(e);
  static const int unknown[] = {0,
                                1,
                                7,
                                0x100000,
                                0x100063,
                                0x200001,
                                0x300001,
                                0x400001,
                                0x500001,
                                0x600001,
                                0x700001,
                                -1,
                                CURLINFO_LASTONE,
                                CURLINFO_RESPONSE_CODE ^ 0x300000};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    curl_off_t v = 5;
    CHECK_INT(curl_easy_getinfo(e, (CURLINFO)unknown[i], &v), CURLE_UNKNOWN_OPTION);
    CHECK_INT(v, 5);
  }
  CHECK_INT(curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, NULL), CURLE_UNKNOWN_OPTION);
  long v;
  CHECK_INT(curl_easy_getinfo(NULL, CURLINFO_RESPONSE_CODE, &v), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_easy_free(e);
}

TEST(a_new_transfer_forgets_the_last)
{
  struct info info;
  sl_info_init(&info);
  info.effective_url = sl_strdup("http://a/");
  info.referer = sl_strdup("r");
  info.content_type = sl_strdup("c");
  info.has_content_type = true;
  info.redirect_url = sl_strdup("u");
  info.ftp_entry_path = sl_strdup("p");
  info.response_code = 200;
  info.total_us = 5;
  info.xfer_id = 8;
  strcpy(info.primary_ip, "127.0.0.1");
  sl_info_start(&info);
  CHECK(!info.redirect_url && !info.referer && !info.has_content_type && !info.ftp_entry_path);
  CHECK_INT(info.response_code, 0);
  CHECK_INT(info.total_us, 0);
  CHECK_INT(info.filetime, -1);
  CHECK_INT(info.xfer_id, 8);
  CHECK_STR(info.primary_ip, "");
  sl_info_done(&info);
}
