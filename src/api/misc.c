/* The small functions that need no handle. */
#include <curl/curl.h>

#include "sys/self.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/env.h"

/* Two NULLs are equal, as they always were. */
int curl_strequal(const char *a, const char *b)
{
  return a && b ? sl_text_ieq(slice_str(a), slice_str(b)) : a == b;
}

int curl_strnequal(const char *a, const char *b, size_t n)
{
  if (!a || !b)
    return a == b && n;
  return sl_text_ieq(slice_of(a, strnlen(a, n)), slice_of(b, strnlen(b, n)));
}

void curl_free(void *p)
{
  sl_free(p);
}

char *curl_getenv(const char *name)
{
  return sl_env_dup(name);
}

/* There is one TLS library, and it is always the one chosen: nothing comes too late. */
/* The TLS library is OpenSSL. libcurl-gnutls.so.4 answers to the other name as well: programs built for it (Debian's
 * pycurl) make sure by this call that they have got what they linked, and refuse to start otherwise. */
CURLsslset curl_global_sslset(curl_sslbackend id, const char *name,
                              const curl_ssl_backend ***out_available)
{
  static const curl_ssl_backend openssl = {CURLSSLBACKEND_OPENSSL, "openssl"};
  static const curl_ssl_backend gnutls = {CURLSSLBACKEND_GNUTLS, "gnutls"};
  static const curl_ssl_backend *available[] = {&openssl, NULL};
  static const curl_ssl_backend *flavour[] = {&gnutls, &openssl, NULL};
  const curl_ssl_backend **all = sl_self_is_gnutls_flavour() ? flavour : available;
  if (out_available)
    *out_available = all;
  for (; *all; all++)
    if (id == (*all)->id || curl_strequal(name, (*all)->name))
      return CURLSSLSET_OK;
  return CURLSSLSET_UNKNOWN_BACKEND;
}

/* Components that could be named write nothing of their own yet, and unknown names are no error. */
CURLcode curl_global_trace(const char *config)
{
  (void)config;
  return CURLE_OK;
}
