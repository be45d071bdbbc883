/* What became of a transfer: all that curl_easy_getinfo() can tell. Times are microseconds since the transfer began
 * (0: not reached), sizes are bytes.
 *
 * Strings marked owned are allocated with base/mem.h and freed here. sl_info_start() forgets the last transfer's
 * result when the next one begins. */
#ifndef SL_XFER_INFO_H
#define SL_XFER_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "base/slice.h"

enum { SL_INFO_IP_MAX = 46 }; /* the longest IPv6 address as text, and a zero */

struct info {
  char *effective_url; /* owned, if it is another than the handle's own URL; else see own_url */
  char *redirect_url;  /* owned */
  char *content_type;  /* owned; NULL until somebody asks, see header_store.h */
  char *ftp_entry_path; /* owned */
  char *referer;        /* owned: the one that was sent; NULL: none */

  const char *scheme;             /* static, lower case; NULL: no transfer yet */
  struct curl_certinfo *certinfo; /* borrowed from the easy handle; NULL: none, asking gives an empty one */
  struct curl_tlssessioninfo tls_ssl;     /* internals: the SSL of the connection; NULL when it is gone or clear */
  struct curl_tlssessioninfo tls_session; /* internals: its SSL_CTX */

  int64_t queue_us, namelookup_us, connect_us, appconnect_us, pretransfer_us, posttransfer_us;
  int64_t starttransfer_us, redirect_us, total_us;

  int64_t size_upload, size_download;
  int64_t size_delivered;                                 /* after decoding */
  int64_t content_length_download, content_length_upload; /* -1 unknown */
  int64_t filetime;                                       /* seconds since the epoch, -1 unknown */
  int64_t conn_id, xfer_id;                               /* -1 none */

  int32_t retry_after; /* seconds */
  int32_t earlydata_sent;
  uint32_t header_size, request_size;
  int32_t ssl_verifyresult, proxy_ssl_verifyresult; /* X509_V_* */
  int32_t os_errno;
  curl_socket_t lastsocket; /* CURL_SOCKET_BAD: none, or closed since */
  uint32_t protocol;        /* CURLPROTO_* bit */

  uint16_t response_code, http_connectcode;
  uint16_t primary_port, local_port;
  uint16_t redirect_count, num_connects;
  uint16_t httpauth_avail, proxyauth_avail, httpauth_used, proxyauth_used; /* CURLAUTH_* */
  uint8_t http_version;  /* CURL_HTTP_VERSION_* */
  uint8_t proxy_error;   /* CURLPX_* */
  uint8_t method;        /* enum http_method of the last request */
  bool custom_method;    /* it was sent with io.customrequest as its word */
  bool condition_unmet, used_proxy, has_content_type;
  bool own_url; /* the URL in the handle is the effective one, and not copied */

  char primary_ip[SL_INFO_IP_MAX], local_ip[SL_INFO_IP_MAX]; /* "" unknown */
};

/* Replaces *slot, unless it is that already (a handle that asks for the same again allocates nothing). */
static inline bool sl_info_string(char **slot, struct slice value)
{
  if (*slot && !strncmp(*slot, value.p, value.n) && !(*slot)[value.n])
    return true;
  char *copy = sl_memdup0(value.p, value.n);
  if (!copy)
    return false;
  sl_free(*slot);
  *slot = copy;
  return true;
}

/* What is not 0 where nothing is known. */
static inline void sl_info_unknown(struct info *info)
{
  info->content_length_download = info->content_length_upload = -1;
  info->filetime = -1;
  info->conn_id = info->xfer_id = -1;
  info->lastsocket = CURL_SOCKET_BAD;
  info->tls_ssl.backend = info->tls_session.backend = CURLSSLBACKEND_OPENSSL;
}

/* As before the first transfer. */
static inline void sl_info_init(struct info *info)
{
  memset(info, 0, sizeof *info);
  sl_info_unknown(info);
}

/* Frees; only _init() may follow. */
static inline void sl_info_done(struct info *info)
{
  sl_free(info->effective_url);
  sl_free(info->redirect_url);
  sl_free(info->content_type);
  sl_free(info->ftp_entry_path);
  sl_free(info->referer);
}

/* A new transfer begins; the handle keeps its number. */
static inline void sl_info_start(struct info *info)
{
  int64_t xfer_id = info->xfer_id;
  sl_info_done(info);
  sl_info_init(info);
  info->xfer_id = xfer_id;
}

#endif
