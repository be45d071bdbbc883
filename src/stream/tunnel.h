/* A tunnel through an HTTP/1 proxy as a stream (RFC 9110 9.3.6): CONNECT, as often as
 * authentication needs it, then bytes pass through. Knows no settings: what a request says and what
 * its answer means is asked of whoever made the layer.
 *
 * A user of the layer reads until SL_WAIT before it waits for the descriptor, as with TLS: the
 * first bytes of the tunnelled stream may have come together with the proxy's answer. */
#ifndef SL_STREAM_TUNNEL_H
#define SL_STREAM_TUNNEL_H

#include "base/buf.h"
#include "stream/stream.h"

enum tunnel_line {
  TUNNEL_STATUS,
  TUNNEL_FIELD,
  TUNNEL_FOLDED, /* a field with continuation lines in it */
  TUNNEL_END     /* the empty line */
};

/* Not called any more once a step was SL_OK or failed, nor while the layer is freed. An error that
 * one of them returns ends the step with it. Application code may run in them, but not free the
 * stack. */
struct tunnel_up {
  void *ctx;
  /* Appends the whole head of this round's request. */
  sl_result (*request)(void *ctx, struct buf *dst);
  /* One line of an answer's head with its line end, interim answers included. */
  sl_result (*head_line)(void *ctx, struct slice line, enum tunnel_line kind);
  /* The head of a final answer is complete. *out_again (false) asks for another request, which a
   * 2xx needs no more. *out_reconnect says whether that takes a new connection, since the proxy
   * ends this one; it may be set. */
  sl_result (*verdict)(void *ctx, int status, bool *out_again, bool *out_reconnect);
  void (*info)(void *ctx, const char *text); /* for the verbose output; may be NULL */
};

/* Rests upon `below`. *error (NULL: unwanted) receives the reason of a failure, unless it has one;
 * until the layer is ready. NULL: out of memory. */
struct stream *sl_tunnel_new(struct stream *below, const struct tunnel_up *up, struct buf *error);
/* After a step that was CURLE_COULDNT_CONNECT: the next request has to be made on a new connection.
 * How often is for the caller to limit: a proxy may close each time. */
bool sl_tunnel_wants_reconnect(const struct stream *s);

#endif
