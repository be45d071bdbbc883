/* curl_easy_getinfo(): what became of the last transfer. The answers are the rows of info.def; all
 * numbers are kept as integers, and a double is made of them only here. */
#include <limits.h>
#include <stdarg.h>

#include <curl/curl.h>

#include "xfer/header_store.h"

/* Where Debian and its relatives keep the certificate authorities; a build may say otherwise. */
#ifndef SLUICE_CA_BUNDLE
#define SLUICE_CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#endif
#ifndef SLUICE_CA_PATH
#define SLUICE_CA_PATH "/etc/ssl/certs"
#endif

static const struct curl_certinfo no_certinfo;

static const char *effective_method(const struct easy *e)
{
  static const char words[][5] = {
      [SL_HTTP_GET] = "GET",        [SL_HTTP_HEAD] = "HEAD",      [SL_HTTP_POST] = "POST",
      [SL_HTTP_POST_FORM] = "POST", [SL_HTTP_POST_MIME] = "POST", [SL_HTTP_PUT] = "PUT",
  };
  if (e->info.custom_method && e->set.io.customrequest)
    return e->set.io.customrequest;
  return words[e->info.method];
}

static const char *effective_url(const struct easy *e)
{
  if (e->info.own_url)
    return e->url->text.p;
  const char *url = e->info.effective_url ? e->info.effective_url : e->set.io.url; /* before a transfer: what is set */
  return url ? url : "";
}

static long filetime_long(int64_t t)
{
  return t > LONG_MAX ? LONG_MAX : t < LONG_MIN ? LONG_MIN : (long)t;
}

/* Bytes a second over the whole transfer. */
static int64_t speed(int64_t bytes, int64_t us)
{
  return us > 0 ? (int64_t)((double)bytes * 1e6 / (double)us) : 0;
}

#define CHECK(NAME, TYPE)                                                                          \
  _Static_assert((CURLINFO_##NAME & CURLINFO_TYPEMASK) == CURLINFO_##TYPE, #NAME);
#define STRING(NAME, value) CHECK(NAME, STRING)
#define LONG(NAME, value) CHECK(NAME, LONG)
#define OFF(NAME, value) CHECK(NAME, OFF_T)
#define SOCKET(NAME, value) CHECK(NAME, SOCKET)
#define SLIST(NAME, value) CHECK(NAME, SLIST)
#define PTR(NAME, value) CHECK(NAME, PTR)
#define TIME(NAME, us) CHECK(NAME, DOUBLE) CHECK(NAME##_T, OFF_T)
#define SIZE(NAME, value) CHECK(NAME, DOUBLE) CHECK(NAME##_T, OFF_T)
#include "api/info.def"

#define ANSWER(NAME, type, value)                                                                  \
  case CURLINFO_##NAME:                                                                            \
    *(type *)out = (type)(value);                                                                  \
    return CURLE_OK;

static CURLcode answer(struct easy *e, CURLINFO info, void *out)
{
  struct info *i = &e->info;
  switch (info) {
#define STRING(NAME, value) ANSWER(NAME, const char *, value)
#define LONG(NAME, value) ANSWER(NAME, long, value)
#define OFF(NAME, value) ANSWER(NAME, curl_off_t, value)
#define SOCKET(NAME, value) ANSWER(NAME, curl_socket_t, value)
#define SLIST(NAME, value) ANSWER(NAME, struct curl_slist *, value)
#define PTR(NAME, value) ANSWER(NAME, const void *, value)
#define TIME(NAME, us) ANSWER(NAME, double, (double)(us) / 1e6) ANSWER(NAME##_T, curl_off_t, us)
#define SIZE(NAME, value) ANSWER(NAME, double, value) ANSWER(NAME##_T, curl_off_t, value)
#include "api/info.def"
  default:
    return CURLE_UNKNOWN_OPTION;
  }
}

/* Nowhere to put the answer is CURLE_UNKNOWN_OPTION, as in libcurl. */
#undef curl_easy_getinfo
CURLcode curl_easy_getinfo(CURL *handle, CURLINFO info, ...)
{
  struct easy *e = sl_easy_of(handle);
  if (!e)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  va_list ap;
  va_start(ap, info);
  void *out = va_arg(ap, void *);
  va_end(ap);
  CURLcode rc = out ? answer(e, info, out) : CURLE_UNKNOWN_OPTION;
  if (!rc && info == CURLINFO_CONTENT_TYPE && !*(const char **)out && e->info.has_content_type)
    return CURLE_OUT_OF_MEMORY; /* it is copied when somebody asks */
  return rc;
}
