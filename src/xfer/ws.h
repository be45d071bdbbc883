/* WebSocket, RFC 6455: the schemes ws and wss. The handshake is a request of HTTP/1.1 (http.c); after 101 the connection
 * carries frames, in one of two ways:
 *
 *   running   the transfer goes on: payload to the write callback, the read callback's to the peer
 *   held      CURLOPT_CONNECT_ONLY 2: it is over, curl_ws_recv() and curl_ws_send() work on the connection
 *
 *   ws.c      the handshake, the running transfer       ws_in.c    what arrives, both ways
 *   ws_out.c  what is sent, both ways
 *
 * Control frames that we send ourselves go out between two frames, never inside one. Of several pings only the last one
 * is answered when there is no room (5.5.3), so a peer that does not read costs no memory. */
#ifndef SL_XFER_WS_H
#define SL_XFER_WS_H

#include <curl/curl.h>

#include "stream/stream.h"
#include "wire/ws_frame.h"
#include "xfer/transfer.h"

enum ws_sender {
  WS_NOBODY, /* no frame has been begun */
  WS_APP,    /* curl_ws_send() */
  WS_READER  /* the read callback, by curl_ws_start_frame() */
};

struct ws {
  struct ws_decoder in;
  struct ws_encoder enc;
  struct curl_ws_frame meta; /* of the piece that was delivered last */
  bool raw, no_pong;         /* CURLOPT_WS_OPTIONS */
  bool open;                 /* the handshake is over */
  bool upload;               /* the read callback has frames to send */
  bool upload_done;
  bool delivering;           /* the write callback runs: there is `meta` */
  bool frame_started;        /* curl_ws_start_frame() in this call of the read callback */
  bool got_bytes;            /* since the handshake */
  bool close_seen;           /* all of the peer's CLOSE */
  bool close_sent;
  bool send_failed;          /* the peer takes no more; it may have said why */
  uint8_t sender;            /* enum ws_sender: whose frame is being sent */
  uint8_t kind;              /* CURLWS_* of that frame, when the sender is the application */
  uint8_t control_n;         /* bytes of the incoming PING or CLOSE so far */
  uint8_t pong_n;
  bool pong_due;
  char control[WS_CONTROL_MAX], pong[WS_CONTROL_MAX];
  char head[WS_HEAD_MAX];    /* held: of the frame that is being sent, what the socket has not taken */
  uint8_t head_at, head_n;
  struct buf out;            /* encoded: what the socket has not taken */
  uint32_t out_at;
  struct buf next;           /* running: whole frames for when the reader's has ended */
  sl_result failed;          /* held: what curl_ws_recv() has come to */
  uint32_t answer_at;        /* where the latest head begins in the header store */
  char accept[WS_ACCEPT_LEN + 1]; /* what the peer has to answer; "": nothing */
};

static inline bool sl_ws_is(const struct transfer *t)
{
  return t->proto->bit & (CURLPROTO_WS | CURLPROTO_WSS);
}
/* Of a transfer whose handshake is over, and of a held connection; NULL: there is none. */
struct ws *sl_ws_of(const struct transfer *t);
struct ws *sl_ws_of_conn(const struct conn *c);

/* ws.c, for http.c */
sl_result sl_ws_add_upgrade(struct transfer *t, struct buf *dst); /* the fields that ask for it */
void sl_ws_head_begins(struct transfer *t);                       /* of a response; it may be the answer */
sl_result sl_ws_check_answer(struct transfer *t);                 /* 101: is it what was asked for? */
sl_result sl_ws_refused(struct transfer *t);                      /* another status: fails */

/* ws_in.c */
sl_result sl_ws_receive(struct transfer *t); /* SL_OK: the peer has said CLOSE, or has closed */
sl_result sl_ws_recv(struct conn *c, struct ws *w, char *dst, size_t cap, size_t *out_n);

/* ws_out.c. SL_WAIT: not all could be written. */
sl_result sl_ws_push(struct ws *w, struct stream *s);   /* what is encoded, and our own control frames */
sl_result sl_ws_upload(struct transfer *t);             /* what the read callback gives */
sl_result sl_ws_reply_close(struct ws *w);              /* makes it ready for sl_ws_push() */
sl_result sl_ws_send_queued(struct transfer *t, struct ws *w, struct slice data, int64_t size, unsigned flags,
                            size_t *out_n);
sl_result sl_ws_send(struct conn *c, struct ws *w, struct slice data, int64_t size, unsigned flags, size_t *out_n);
sl_result sl_ws_start_frame(struct ws *w, unsigned flags, int64_t size);

#endif
