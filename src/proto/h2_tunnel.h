/* A tunnel through an HTTP/2 proxy as a stream: one CONNECT exchange (RFC 9113 8.5), as often as authentication needs it,
 * on a session that other tunnels share. It lies at the bottom of a stack, in the place of a socket.
 *
 * It reads and writes no bytes itself: what the session brings is kept here until it is read, what is written lies here
 * until the session takes it. Both are bounded, by the exchange's window and by H2_TUNNEL_OUT. Whoever has the session is
 * told of changes and drives it; application code runs in a step alone (struct tunnel_up), never under the session. */
#ifndef SL_PROTO_H2_TUNNEL_H
#define SL_PROTO_H2_TUNNEL_H

#include "base/buf.h"
#include "proto/h2_session.h"
#include "stream/stream.h"
#include "stream/tunnel.h"

enum {
  H2_TUNNEL_WINDOW = 1024 * 1024, /* bytes on their way to a reader that is slow */
  H2_TUNNEL_OUT = 64 * 1024       /* ... and to a proxy that is */
};

struct h2_tunnel;
struct h2_tunnel_talk;

/* The session's side. Application code must not run in them. */
struct h2_tunnel_host {
  void (*changed)(struct h2_tunnel *t); /* sl_h2_tunnel_ready() may say more than before */
  void (*flush)(struct h2_tunnel *t);   /* the session has something to send */
  /* The stream is freed after a shutdown, but what was written has yet to arrive. `changed` is called until
   * sl_h2_tunnel_is_over(), and the host ends it then, or when it has waited long enough. */
  void (*linger)(struct h2_tunnel *t);
  void (*free)(struct h2_tunnel *t);    /* it is over: whatever it is a part of goes with it */
};

struct h2_tunnel {
  struct stream s; /* first: a tunnel is a stream */
  const struct h2_tunnel_host *host;
  struct h2_session *session;
  struct h2_exchange x;
  struct h2_tunnel_talk *talk; /* owned; NULL: the tunnel is open */
  struct buf in, out;          /* own nothing when empty */
  uint32_t in_at, out_at;
  sl_result failed;            /* what a read or write comes to from now on */
  bool out_end;                /* nothing follows what is in `out` */
  bool lingers;
};

extern const struct h2_ops sl_h2_tunnel_ops; /* for a session all of whose exchanges are tunnels */

/* *error (NULL: unwanted) receives the reason of a failure, unless it has one, until the stream is ready. False: out of
 * memory, and nothing has to be freed. */
bool sl_h2_tunnel_init(struct h2_tunnel *t, struct h2_session *session, const struct h2_tunnel_host *host,
                       const struct tunnel_up *up, struct buf *error);
/* WATCH_IN: a read, or a step, would get on; WATCH_OUT: a write would. */
unsigned sl_h2_tunnel_ready(const struct h2_tunnel *t);
size_t sl_h2_tunnel_pending(const struct h2_tunnel *t); /* bytes written that the session has not taken */
bool sl_h2_tunnel_is_over(const struct h2_tunnel *t);
void sl_h2_tunnel_end(struct h2_tunnel *t); /* of one that lingers; calls host->free() */
/* The session has ended, with rc. `stale`: a connection that has been of use before, so that another one may do better. */
void sl_h2_tunnel_lost(struct h2_tunnel *t, sl_result rc, bool stale);

/* NULL: the stream is no such tunnel. */
struct h2_tunnel *sl_h2_tunnel_of(struct stream *s);
/* After a step that was CURLE_COULDNT_CONNECT: the next request has to be made on a new connection. */
bool sl_h2_tunnel_wants_reconnect(const struct h2_tunnel *t);
bool sl_h2_tunnel_wants_http1(const struct h2_tunnel *t); /* ... which speaks HTTP/1.1 */

#endif
