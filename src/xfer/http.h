/* HTTP over a connection, here in version 1.x: one request and its response after the other, until neither a redirect nor
 * authentication asks for another. RFC 9110, RFC 9112.
 *
 *   http.c           sending and receiving          http_request.c   the request's head
 *   http_response.c  what the fields of the head mean   redirect.c   RFC 9110 15.4
 *   http_auth.c      credentials and challenges     cookies.c        the cookie engine's store
 *   http2.c          the same requests and responses in HTTP/2 */
#ifndef SL_XFER_HTTP_H
#define SL_XFER_HTTP_H

#include "base/buf.h"
#include "base/result.h"
#include "wire/http1.h"
#include "xfer/http_auth.h"

struct transfer;
struct decode;
extern const struct xfer_proto sl_proto_http, sl_proto_https;

enum http_upload {
  HTTP_UP_NONE,   /* no body, or all of it is out */
  HTTP_UP_EXPECT, /* waits for 100 (Continue) */
  HTTP_UP_BODY
};

struct http {
  struct http1 parser;
  struct buf out;            /* what the socket would not take of the request */
  uint32_t out_at;
  uint8_t upload;            /* enum http_upload */
  uint8_t method;            /* enum http_method of this request; redirects may change it */
  bool no_custom;            /* a redirect has changed the method: customrequest is not used any more */
  bool head_sent;            /* the head is out or in `out` */
  bool chunked_up;           /* the body goes out in chunks */
  bool chunk_end_sent;
  bool expect_refused;       /* 417: do not ask again */
  bool close;                /* this response ends the connection */
  bool got_bytes;            /* of this response */
  bool head_done;            /* the final response's head is complete */
  bool no_body_wanted;       /* HEAD */
  bool ignore_body;          /* not to be delivered: a redirect or challenge that is followed */
  bool upgraded;             /* 101: what follows is not HTTP/1 */
  bool cross_origin;         /* has been redirected away from the first origin */
  bool length_known, te_chunked, te_other;
  bool resume_checked;       /* a Content-Range said that the resume works */
  bool saw_10;               /* a response of this transfer was HTTP/1.0 */
  bool no_h2;                /* the peer or NTLM wants HTTP/1.1 */
  bool no_proxy_h2;          /* ... the proxy, for a tunnel */
  bool h2c_asked;            /* this request has Upgrade: h2c */
  bool h2c;                  /* 101: what follows is HTTP/2 */
  bool h2_refused;           /* it has been sent away once: wait for a connection rather than make many */
  uint8_t h2_retries;
  uint16_t n_1xx, n_set_cookie, n_te, n_alt_svc;
  struct buf te;             /* transfer codings other than chunked, in order */
  int64_t content_length;
  int64_t upload_offset;     /* resumed upload: what the peer has already */
  int64_t last_modified;     /* seconds, -1 none */
  const char *location;      /* in the transfer's arena; NULL: none */
  struct http_auth auth, proxy_auth;
  /* The first origin: credentials and custom Authorization and Cookie headers are only for it (lesson 4). */
  const char *origin_host;
  uint16_t origin_port;
  const struct xfer_proto *origin_proto;
};

/* Also of protocols that are not HTTP: for a tunnel through an HTTP proxy, and for what a redirect has left. */
sl_result sl_http_init(struct transfer *t);
/* http_request.c: the head into dst; the body's source and framing are decided here as well. */
sl_result sl_http_request(struct transfer *t, struct buf *dst);
/* Has the application a field of this name among its own? *out_value: the text behind the colon, trimmed. */
bool sl_http_custom(const struct transfer *t, const char *name, struct slice *out_value);
const char *sl_http_method_word(const struct transfer *t);
/* Pieces of a head: a field of ours unless the application has its own, CURLOPT_TIMECONDITION's, the application's. */
void sl_http_add_field(const struct transfer *t, struct buf *dst, const char *name, struct slice value);
void sl_http_add_time_condition(struct transfer *t, struct buf *dst);
void sl_http_add_own_fields(struct transfer *t, struct buf *dst);
sl_result sl_http_choose_body(struct transfer *t);
/* The lines of the trailer fields that CURLOPT_TRAILERFUNCTION gives; the last chunk with them. */
sl_result sl_http_trailer_fields(struct transfer *t, struct buf *dst);
sl_result sl_http_trailers(struct transfer *t, struct buf *dst);

/* http_response.c */
void sl_http_response_reset(struct transfer *t);
sl_result sl_http_field(struct transfer *t, struct slice line);
sl_result sl_http_head_end(struct transfer *t); /* chooses the framing; errors, redirects, challenges */
sl_result sl_http_status(struct transfer *t);

/* http.c: what a response consists of, in this order, whatever version it came in. May be told to wait (SL_WAIT): then
 * the sink keeps what it was given. */
void sl_http_note_method(struct transfer *t); /* for curl_easy_getinfo() */
void sl_http_first_bytes(struct transfer *t);
sl_result sl_http_on_status(struct transfer *t, struct slice line);
sl_result sl_http_on_header(struct transfer *t, struct slice line);
sl_result sl_http_on_head_end(struct transfer *t, struct slice line);
sl_result sl_http_on_body(struct transfer *t, struct slice data);
sl_result sl_http_on_trailer(struct transfer *t, struct slice line);

/* redirect.c */
bool sl_redirect_wanted(const struct transfer *t);
sl_result sl_redirect_follow(struct transfer *t);
sl_result sl_redirect_note(struct transfer *t); /* not followed: for CURLINFO_REDIRECT_URL */

#endif
