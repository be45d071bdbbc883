/* Which proxies a connection passes through, and how it speaks to them. Part of a connection's
 * identity. */
#ifndef SL_STREAM_PROXY_CONFIG_H
#define SL_STREAM_PROXY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct proxy_config {
  char *proxypassword; /* owned: secrets, strings */
  char *proxyusername;
  char *proxy;     /* NULL: as the environment says; "": none whatever the environment says */
  char *pre_proxy; /* a SOCKS proxy before the HTTP proxy */
  char *noproxy;   /* NULL: as the environment says */
  char *proxy_service_name; /* also SOCKS5_GSSAPI_SERVICE */
  char *haproxy_client_ip;  /* set: a PROXY header is sent even without haproxyprotocol */

  struct curl_slist *proxyheader; /* borrowed */

  uint32_t proxyauth;  /* CURLAUTH_* */
  uint16_t proxyport;  /* 0: as in the string, or the type's default */
  uint8_t proxytype;   /* CURLPROXY_*; a scheme in the string wins */
  uint8_t socks5_auth; /* CURLAUTH_BASIC | CURLAUTH_GSSAPI */
  uint8_t headeropt;   /* CURLHEADER_* */
  bool httpproxytunnel, suppress_connect_headers, proxy_transfer_mode;
  bool socks5_gssapi_nec, haproxyprotocol;
};

#endif
