/* WebSocket frames, RFC 6455 section 5: bytes in, pieces of payload out, and the other way round. No copy of payload, no
 * allocation, no I/O. This is a client's side: what comes in is not masked, what goes out is. Also the proof that the
 * peer understood the handshake (section 4.2.2).
 *
 * What a frame is, is said in the public CURLWS_* bits: TEXT or BINARY in every frame of a message, CONT in all but its
 * last one. */
#ifndef SL_WIRE_WS_FRAME_H
#define SL_WIRE_WS_FRAME_H

#include <stdint.h>

#include "base/buf.h"

enum {
  WS_HEAD_MAX = 14,     /* bytes: two, a long length, a mask */
  WS_CONTROL_MAX = 125, /* payload of a control frame: 5.5 */
  WS_ACCEPT_LEN = 28
};

/* ---- incoming ---- */

enum ws_event {
  WS_MORE,  /* all input is used up */
  WS_PIECE, /* *out is a piece of payload; a frame without payload has an empty one */
  WS_BAD    /* ->error says why; the same from now on */
};

struct ws_decoder {
  const char *error;
  int64_t size, at;  /* payload of the current frame: all of it, delivered so far */
  uint8_t head[10];
  uint8_t head_n;    /* bytes of the head so far; 0: between two frames */
  uint8_t head_need;
  uint8_t flags;     /* CURLWS_* of the current frame */
  uint8_t message;   /* CURLWS_TEXT or _BINARY: the message whose fragments are coming; 0: none */
};

struct ws_piece {
  struct slice data;
  int64_t offset, left; /* in the frame's payload; what comes behind this piece */
  unsigned flags;       /* CURLWS_* */
};

void sl_ws_decoder_init(struct ws_decoder *d);
/* At most `most` bytes of payload. With 0 the frame is told of and its payload stays where it is; one without payload
 * is over then. */
enum ws_event sl_ws_next(struct ws_decoder *d, struct slice *in, size_t most, struct ws_piece *out);
/* Payload that is still to come of the current frame; 0 between two frames and inside a head. */
int64_t sl_ws_payload_left(const struct ws_decoder *d);

/* ---- outgoing ---- */

struct ws_encoder {
  int64_t left;    /* payload of the frame that is being sent, still to come */
  uint8_t mask[4];
  uint8_t phase;   /* of the mask */
  uint8_t message; /* CURLWS_TEXT or _BINARY: a message that has begun and not ended; 0: none */
};

/* Begins a frame: its head, in dst. 0: such a frame must not be sent now (unknown or contradicting flags, too large for
 * a control frame, another kind of message than the one that has begun). `mask` must be unpredictable. */
size_t sl_ws_begin(struct ws_encoder *e, unsigned flags, int64_t size, const uint8_t mask[4], char dst[WS_HEAD_MAX]);
/* The next payload.n bytes as they go out; dst may be where they lie. Changes nothing: until sl_ws_sent() the same bytes
 * come out again. */
void sl_ws_encode(const struct ws_encoder *e, struct slice payload, char *dst);
void sl_ws_sent(struct ws_encoder *e, size_t n);

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key; false: no memory. */
bool sl_ws_accept(struct slice key, char dst[WS_ACCEPT_LEN + 1]);

#endif
