/* The easy handle: what is set, what became of the last transfer, and, while one runs, the transfer. Everything that
 * only a running transfer needs is in struct transfer, so that an idle handle is small. */
#ifndef SL_XFER_EASY_H
#define SL_XFER_EASY_H

#include "base/buf.h"
#include "base/list.h"
#include "wire/url.h"
#include "xfer/info.h"
#include "xfer/settings.h"

enum { SL_EASY_MAGIC = 0x5105ea51, SL_MULTI_MAGIC = 0x5105bd1c, SL_SHARE_MAGIC = 0x51055a1e };

struct cookie_store;
struct hsts_store;
struct altsvc_store;
struct easy {
  uint32_t magic;
  struct settings set;
  struct info info;
  struct multi *multi;    /* that it has been added to, or its own while it performs */
  struct multi *own;      /* the private multi of curl_easy_perform(), with its pool */
  struct transfer *xfer;  /* NULL unless one runs */
  struct share *share;
  struct list link;       /* in multi->handles */
  struct list msg_link;   /* in multi->msgs, while `msg` has not been read */
  struct list note_link;  /* in multi->notes */
  uint8_t notes;          /* bits 1 << CURLMNOTIFY_* to tell of */
  uint32_t named;         /* at least so many watches have it as `who`: see multi.c */
  CURLMsg msg;
  struct url *url;          /* io.url, parsed, as of url_generation; NULL: not yet */
  uint32_t url_generation;  /* 0: not parsed */
  int32_t headers_request;  /* number of the request whose headers are being stored, from 0 */
  struct buf headers;       /* the header fields of the last transfer, for curl_easy_header(); see header_store.h */
  struct header_view *header_view; /* what curl_easy_header() has returned */
  struct cookie_store *cookies;    /* NULL: the cookie engine is off */
  struct hsts_store *hsts;         /* NULL: none yet */
  struct altsvc_store *altsvc;     /* NULL: none yet */
  struct doh_request *doh;         /* not NULL: no application's handle but a request of the resolver */
  struct auth_memory *auth;        /* what earlier challenges said; NULL: nothing */
  struct curl_certinfo *certs;     /* owned: CURLOPT_CERTINFO of the last transfer */
  struct conn *last_conn;          /* CONNECT_ONLY: for curl_easy_send() and _recv(); NULL otherwise */
};

struct easy *sl_easy_new(void);
void sl_easy_free(struct easy *e);
static inline struct easy *sl_easy_of(void *handle) /* NULL when it is not an easy handle */
{
  struct easy *e = handle;
  return e && e->magic == SL_EASY_MAGIC ? e : NULL;
}

/* CURLOPT_COOKIELIST, CURLINFO_COOKIELIST, CURLOPT_SHARE: their options' rows call these. */
CURLcode sl_easy_cookielist(struct easy *e, const char *line);
struct curl_slist *sl_easy_cookies(struct easy *e);
CURLcode sl_easy_set_share(struct easy *e, void *share);
/* The socket of the connection that the handle used last; CURL_SOCKET_BAD when it is gone. */
curl_socket_t sl_easy_socket(struct easy *e);

/* Verbose output: to the debug callback, or to stderr as CURLOPT_VERBOSE(3) describes. */
void sl_easy_debug(struct easy *e, curl_infotype type, const char *data, size_t len);
void sl_easy_infof(struct easy *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define SL_INFOF(e, ...)                                                                           \
  do {                                                                                             \
    if ((e)->set.io.verbose)                                                                       \
      sl_easy_infof((e), __VA_ARGS__);                                                             \
  } while (0)

#endif
