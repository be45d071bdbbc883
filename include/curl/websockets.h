#ifndef CURLINC_WEBSOCKETS_H
#define CURLINC_WEBSOCKETS_H
/*
 * websockets.h: WebSocket messages over an easy handle (RFC 6455).
 *
 * Either the write callback gets the payload and may ask curl_ws_meta() what it is part of, or
 * the handshake alone is made with CURLOPT_CONNECT_ONLY set to 2 and messages are exchanged with
 * the functions below.
 */

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The frame that a piece of payload belongs to. It belongs to the handle. */
struct curl_ws_frame {
  int age;              /* of this struct; 0 */
  int flags;            /* CURLWS_* */
  curl_off_t offset;    /* of this piece in the frame's payload */
  curl_off_t bytesleft; /* of the frame's payload, after this piece */
  size_t len;           /* of this piece */
};

/* What a frame is; also what to send. TEXT or BINARY with CONT is a fragment, not the last. */
#define CURLWS_TEXT (1 << 0)
#define CURLWS_BINARY (1 << 1)
#define CURLWS_CONT (1 << 2)
#define CURLWS_CLOSE (1 << 3)
#define CURLWS_PING (1 << 4)
#define CURLWS_OFFSET (1 << 5) /* sending only: a piece of a frame whose size was given before */
#define CURLWS_PONG (1 << 6)

/* For CURLOPT_WS_OPTIONS. */
#define CURLWS_RAW_MODE (1L << 0)   /* the write callback gets frames as they come, undecoded */
#define CURLWS_NOAUTOPONG (1L << 1) /* leave the answer to a PING to the application */

/*
 * Receive payload, at most size bytes and never of two frames at once. *out_meta says of which
 * frame, until the next call. With size 0 (buffer may be NULL) only that is told.
 * CURLE_AGAIN: nothing there yet. CURLE_GOT_NOTHING: the connection was closed.
 */
CURL_EXTERN CURLcode curl_ws_recv(CURL *handle, void *buffer, size_t size, size_t *out_n,
                                  const struct curl_ws_frame **out_meta);

/*
 * Send payload. Without CURLWS_OFFSET it is one frame, and what *out_n leaves over has to be
 * sent again. With it, a first call tells the size of the whole frame in frame_size and
 * following calls pass 0. CURLE_AGAIN: wait until the socket can be written to, and offer the
 * same again.
 *
 * While a transfer runs, also from its callbacks, all is taken at once and never waited for;
 * CURLE_AGAIN then says that several megabytes are waiting to be sent already.
 */
CURL_EXTERN CURLcode curl_ws_send(CURL *handle, const void *buffer, size_t size, size_t *out_n,
                                  curl_off_t frame_size, unsigned int flags);

/*
 * In a read callback: the payload that follows is a frame of its own of frame_len bytes; 0 is
 * possible. Without it, what a read callback returns is one binary frame. Not in raw mode.
 */
CURL_EXTERN CURLcode curl_ws_start_frame(CURL *handle, unsigned int flags, curl_off_t frame_len);

/* In a write callback: the frame of the data just passed. Otherwise NULL. */
CURL_EXTERN const struct curl_ws_frame *curl_ws_meta(CURL *handle);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_WEBSOCKETS_H */
