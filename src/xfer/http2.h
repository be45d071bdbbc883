/* HTTP/2 for transfers: a connection that speaks it has an engine (proto/h2_session.h) and serves several transfers at
 * once. Here their exchanges are put on its streams, and what arrives goes the way of every HTTP response: http.h.
 *
 * conn->xfer is NULL on such a connection; its transfers are in conn->h2. In the pool it counts as busy while it has
 * any, and can be found all the same while there is room for more (pool.h). */
#ifndef SL_XFER_HTTP2_H
#define SL_XFER_HTTP2_H

#include <stdint.h>

#include "base/list.h"
#include "base/result.h"
#include "base/slice.h"

struct buf;
struct conn;
struct easy;
struct exchange;
struct h2_session;
struct http2;
struct multi;
struct stream;
struct route;
struct transfer;

enum http_wish {
  HTTP_WISH_1,       /* HTTP/1.x only */
  HTTP_WISH_2,       /* over TLS, what ALPN says */
  HTTP_WISH_2_ONLY,  /* CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE */
  HTTP_WISH_UPGRADE  /* in clear: ask with the first request, RFC 7540 3.2 */
};
enum http_wish sl_http2_wish(const struct transfer *t);

/* A new connection turns out to speak HTTP/2: the engine is made. */
sl_result sl_http2_open(struct conn *c, struct transfer *t);
/* The transfer's new connection does: it begins with it. */
sl_result sl_http2_begin(struct transfer *t);
void sl_http2_close(struct conn *c, bool polite); /* the connection is about to be freed */
/* On failure t->conn is NULL, and a connection that has nobody else is gone. SL_WAIT: the transfer waits until more is
 * known of the peer. */
sl_result sl_http2_join(struct conn *c, struct transfer *t);
void sl_http2_retire(struct conn *c); /* no transfers beyond those that it has */
/* The transfer leaves; the connection goes on with the others, to the pool, or is closed. */
void sl_http2_leave(struct transfer *t);
void sl_http2_event(struct conn *c); /* may free it */
bool sl_http2_alive(struct conn *c); /* idle, bytes have arrived: is it still to be used? */
struct easy *sl_http2_easy(const struct conn *c); /* one that works with it; NULL: none */

/* Waits, where the application wants that, for a connection that is being made or has no room. SL_OK: it does not. */
sl_result sl_http2_wait(struct transfer *t, const struct route *r, struct slice key);
void sl_http2_wake(struct list *waiters, uint32_t n); /* the first n of them */

/* What a session has to send goes into the stream below it. SL_WAIT: *want gets what the stream waits for, or *out_more:
 * others first. A session that is over has failed: sl_h2_over(). */
sl_result sl_http2_flush(struct multi *m, struct h2_session *s, struct stream *top, unsigned *want, bool *out_more);

/* The parts of xfer_proto that differ. */
sl_result sl_http2_step(struct transfer *t);
bool sl_http2_may_retry(struct transfer *t);
/* 101 came: the rest of the connection's input is HTTP/2, with the response to the request on stream 1. */
sl_result sl_http2_upgraded(struct transfer *t);
void sl_http2_add_upgrade(const struct transfer *t, struct buf *dst); /* the three fields that ask for it */
/* curl_easy_upkeep(3): PING on the idle connections of its pool that have been silent for UPKEEP_INTERVAL_MS. */
sl_result sl_http2_upkeep(struct easy *e);

#endif
