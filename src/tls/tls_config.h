/* The settings topic for TLS: what an application asked for, once for the origin and once for an
 * HTTPS proxy.
 *
 * Each field has its option's name in lower case (without PROXY_). Strings are owned and NULL when
 * not set. A blob is one owned struct curl_blob: its data lies right behind it (CURL_BLOB_COPY) or
 * is the application's (CURL_BLOB_NOCOPY); whoever stores it sees to that, tls/ only reads it.
 * cainfo and capath: NULL is the system's default, "" is none (what a given NULL comes to).
 * cainfo_blob takes the place of cainfo, given or default.
 * TLSAUTH_x (TLS-SRP) and SSL_FALSESTART do nothing in 8.22, and so have no field. */
#ifndef SL_TLS_TLS_CONFIG_H
#define SL_TLS_TLS_CONFIG_H

#include <curl/curl.h>
#include <stdbool.h>

/* The defaults of cainfo and capath (CURLINFO_CAINFO, CURLINFO_CAPATH). */
#ifndef TLS_DEFAULT_CAINFO
#define TLS_DEFAULT_CAINFO "/etc/ssl/certs/ca-certificates.crt"
#endif
#ifndef TLS_DEFAULT_CAPATH
#define TLS_DEFAULT_CAPATH "/etc/ssl/certs"
#endif

struct tls_config {
  char *cainfo, *capath, *crlfile, *issuercert;
  char *sslcert, *sslcerttype, *sslkey, *sslkeytype, *keypasswd;
  char *pinnedpublickey;
  char *ssl_cipher_list, *tls13_ciphers, *ssl_ec_curves, *ssl_signature_algorithms;
  char *sslengine;
  struct curl_blob *cainfo_blob, *issuercert_blob, *sslcert_blob, *sslkey_blob;
  curl_ssl_ctx_callback ssl_ctx_function; /* origin only */
  void *ssl_ctx_data;
  long sslversion;         /* CURL_SSLVERSION_x | CURL_SSLVERSION_MAX_x, as given */
  long ssl_options;        /* CURLSSLOPT_x */
  long ca_cache_timeout_s; /* 0: CA stores are not cached, -1: for ever */
  bool ssl_verifypeer, ssl_verifyhost, ssl_verifystatus;
  bool ssl_sessionid_cache, ssl_enable_alpn; /* no PROXY_ twin: the same value in both */
  bool sslengine_default;
  bool certinfo; /* origin only */
};

/* The defaults of the options above; all others are 0. */
#define TLS_CONFIG_DEFAULT                                                                         \
  {                                                                                                \
    .ca_cache_timeout_s = 86400, .ssl_verifypeer = true, .ssl_verifyhost = true,                   \
    .ssl_sessionid_cache = true, .ssl_enable_alpn = true                                           \
  }

#endif
