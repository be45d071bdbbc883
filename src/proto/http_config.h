/* Settings of HTTP: the request, its body, redirects, cookies, HSTS, Alt-Svc, WebSocket. */
#ifndef SL_PROTO_HTTP_CONFIG_H
#define SL_PROTO_HTTP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

/* What kind of request the options together ask for; io.customrequest changes the word that is sent
 * and nothing else. */
enum http_method {
  SL_HTTP_GET,
  SL_HTTP_HEAD,      /* NOBODY; io.nobody alone decides when it was set before another method */
  SL_HTTP_POST,      /* postfields, or the read callback */
  SL_HTTP_POST_FORM, /* httppost */
  SL_HTTP_POST_MIME, /* mimepost */
  SL_HTTP_PUT        /* the read callback */
};

struct http_config {
  char *xoauth2_bearer; /* owned: secrets, strings */
  char *useragent, *referer, *cookie;
  char *accept_encoding; /* "": all that are built in */
  char *request_target;
  char *cookiejar;
  char *altsvc, *hsts; /* file names */
  char *aws_sigv4;     /* "provider1[:provider2[:region[:service]]]" */
  char *service_name;  /* Negotiate, SASL */

  char *copypostfields; /* owned: what COPYPOSTFIELDS has copied, then postfields points here */
  struct curl_slist *cookiefile; /* owned: all names given, in order, read before a transfer */
  struct curl_slist *hstsfiles;  /* owned: the same for HSTS; hsts is the one to write */

  const char *postfields; /* borrowed, or copypostfields; NULL: the read callback */
  struct curl_slist *httpheader, *http200aliases; /* borrowed */
  struct curl_httppost *httppost;                 /* borrowed */
  curl_mime *mimepost; /* bound to this handle: xfer/mime.h */
  curl_trailer_callback trailerfunction;
  void *trailerdata;
  curl_hstsread_callback hstsreadfunction;
  void *hstsreaddata;
  curl_hstswrite_callback hstswritefunction;
  void *hstswritedata;

  int64_t postfieldsize; /* bytes; -1: strlen(postfields), or unknown */
  uint32_t httpauth;     /* CURLAUTH_* */
  int32_t maxredirs;     /* -1 without end */
  int32_t expect_100_timeout_ms;
  uint16_t stream_weight; /* 0, or 1-256 */
  uint32_t hsts_files_read; /* of hstsfiles, from its beginning */

  uint8_t method;         /* enum http_method */
  uint8_t http_version;   /* CURL_HTTP_VERSION_* */
  uint8_t followlocation; /* 0, CURLFOLLOW_* */
  uint8_t postredir;      /* CURL_REDIR_POST_* */
  uint8_t altsvc_ctrl;    /* CURLALTSVC_* */
  uint8_t hsts_ctrl;      /* CURLHSTS_* */
  uint8_t gssapi_delegation; /* CURLGSSAPI_DELEGATION_* */
  uint8_t mime_options;   /* CURLMIMEOPT_* */
  uint8_t ws_options;     /* CURLWS_RAW_MODE, CURLWS_NOAUTOPONG */
  bool cookie_engine;     /* cookies are wanted: COOKIEFILE, COOKIEJAR or COOKIELIST was used */
  bool cookiesession, autoreferer, unrestricted_auth, http09_allowed;
  bool http_content_decoding, http_transfer_decoding, transfer_encoding;
  bool ignore_content_length, pipewait;
  bool altsvc_read; /* the file altsvc */
  bool hsts_asked; /* hstsreadfunction has been called to its end */
};

#endif
