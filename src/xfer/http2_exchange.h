/* The inside of HTTP/2 connections, for the files http2*.c alone. */
#ifndef SL_XFER_HTTP2_EXCHANGE_H
#define SL_XFER_HTTP2_EXCHANGE_H

#include "base/buf.h"
#include "loop/reactor.h"
#include "proto/h2_session.h"

struct conn;
struct transfer;

/* One request of a transfer on a stream. */
struct exchange {
  struct h2_exchange x;
  struct transfer *t;
  struct http2 *h;
  struct list link;            /* in http2->exchanges */
  struct exchange *next_spare; /* in http2->spare */
  struct buf queue;            /* what came while the transfer was paused: struct piece_head and bytes, again and again */
  uint32_t queue_at;
  sl_result result;            /* it has failed; seen by its next step */
  bool retry;                  /* ... and may be sent once more */
  bool pushed;                 /* the request is the peer's own idea */
};

struct http2 {
  struct conn *conn;
  struct h2_session *session;
  struct list exchanges;  /* struct exchange */
  struct list waiters;    /* struct transfer, for room (CURLOPT_PIPEWAIT) */
  struct exchange *spare;
  struct job job;         /* flushes, late in the round */
  struct buf line;        /* the field that is being delivered */
  uint32_t n, n_spare;    /* exchanges, spares */
  int64_t upkeep_us;      /* when it was last asked whether it lives */
  sl_result result;       /* of the session as a whole; SL_OK: it lives */
  bool more;              /* bytes may be left in the stream below */
  bool served;            /* some request has had an answer */
  bool last;              /* no more transfers, then close */
};

extern const struct h2_ops sl_http2_exchange_ops;
/* Delivers what was kept. SL_OK: nothing is left of it. */
sl_result sl_http2_replay(struct exchange *x);

#endif
