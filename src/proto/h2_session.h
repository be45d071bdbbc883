/* HTTP/2, RFC 9113: one client session on top of a stream, with N exchanges. Frames, HPACK, flow control and the state
 * of streams are nghttp2's; this is what stands between it, the bytes below and the exchanges above.
 *
 * The owner calls sl_h2_receive() when there is something to read and sl_h2_flush() when something has been submitted.
 * What arrives is handed up through struct h2_ops; an op may submit, reset, resume and consume, but must free neither
 * the session nor its own exchange.
 *
 * Bounds: a head is limited in bytes and in fields, frames that bring nothing are counted (RFC 9113 10.5), an exchange
 * is sent no more than its window until sl_h2_consume() says that bytes were taken. */
#ifndef SL_PROTO_H2_SESSION_H
#define SL_PROTO_H2_SESSION_H

#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

struct stream;
struct h2_session;

enum {
  H2_MAX_HEAD = 300 * 1024,             /* bytes of one head, as RFC 9113 6.5.2 counts them */
  H2_MAX_FIELDS = 5000,
  H2_FIRST_WINDOW = 64 * 1024,          /* what a peer may send before it has shown that there is more */
  H2_WINDOW = 10 * 1024 * 1024,         /* ... and then */
  H2_MAX_IDLE_FRAMES = 10000,           /* that carry neither a head nor data, one after the other */
  H2_MAX_IDLE_BYTES = 64 * 1024 * 1024, /* that belong to nobody: more than reset streams can have under way */
  H2_SETTINGS_MAX = 32,                 /* bytes of sl_h2_settings() */
  H2_SCRATCH_MIN = 2 * (16384 + 9)      /* what sl_h2_flush() needs */
};

/* Error codes of RFC 9113 7 that somebody looks at. */
enum { H2_NO_ERROR = 0, H2_INTERNAL_ERROR = 2, H2_REFUSED_STREAM = 7, H2_CANCEL = 8, H2_HTTP_1_1_REQUIRED = 13 };

struct h2_field {
  struct slice name, value; /* names may have capitals */
  bool never_index;         /* a secret: RFC 7541 7.1.3 */
};

/* One request and its response; part of its owner. Zeroed it belongs to no session. */
struct h2_exchange {
  struct h2_session *session; /* NULL: none, or not any more */
  int32_t id;
  uint32_t error;             /* once closed: an error code */
  uint32_t head;              /* bytes of the current head */
  uint32_t received;          /* bytes of the body, while the window is the first one */
  uint32_t window;            /* set by the owner: what it grows to; 0: H2_WINDOW */
  uint16_t fields;            /* of the current head */
  uint16_t status;            /* of the latest head */
  bool final;                 /* the final head is complete: what follows are trailers */
  bool ended;                 /* the peer has sent everything */
  bool closed;                /* the stream is over in both directions; ->error says how */
  bool too_large;             /* it was closed because its head was */
  bool deferred;              /* body() said SL_WAIT: sl_h2_resume() */
  bool trailers;              /* fields follow the body */
};

/* What a promised response would answer: valid during the call. */
struct h2_promise {
  int32_t id;
  size_t n;
  const struct h2_field *fields;
};

struct h2_ops {
  void (*status)(struct h2_exchange *x); /* a head begins */
  void (*field)(struct h2_exchange *x, struct slice name, struct slice value);
  void (*head_end)(struct h2_exchange *x); /* not of trailers */
  void (*data)(struct h2_exchange *x, struct slice bytes);
  void (*ended)(struct h2_exchange *x);    /* ->ended or ->closed was set; may come twice */
  /* The next bytes of the request's body. SL_WAIT, or an error that the owner remembers: not now. */
  sl_result (*body)(struct h2_exchange *x, char *dst, size_t cap, size_t *out_n, bool *out_end);
  /* The exchange that will take the response; NULL: refused. NULL as a whole: all are refused. */
  struct h2_exchange *(*promise)(struct h2_exchange *parent, const struct h2_promise *p);
};

struct h2_config {
  const struct h2_ops *ops;
  uint32_t max_streams; /* at once, whatever the peer allows, and of those that it may promise */
  bool push;
};

/* Both need sl_h2_flush() to take effect. NULL: out of memory. */
struct h2_session *sl_h2_new(struct stream *top, const struct h2_config *config);
void sl_h2_free(struct h2_session *s); /* exchanges must be gone or detached */
/* The payload of the first SETTINGS, for HTTP2-Settings (RFC 7540 3.2.1). */
size_t sl_h2_settings(const struct h2_config *config, uint8_t dst[H2_SETTINGS_MAX]);
/* The session goes on from an HTTP/1.1 request that was answered with 101: x is stream 1. */
sl_result sl_h2_upgrade(struct h2_session *s, bool head_request, struct h2_exchange *x);

/* Pseudo fields first. weight: 0, or 1-256. */
sl_result sl_h2_submit(struct h2_session *s, struct h2_exchange *x, const struct h2_field *fields, size_t n,
                       bool has_body, unsigned weight);
/* Fields that follow the body; in the call of body() that ends it. */
sl_result sl_h2_trailers(struct h2_exchange *x, const struct h2_field *fields, size_t n);
void sl_h2_detach(struct h2_exchange *x, uint32_t code); /* resets the stream if it is not over; no ops follow */
void sl_h2_resume(struct h2_exchange *x);                /* body() has something now */
void sl_h2_consume(struct h2_exchange *x, size_t n);     /* bytes of data() were taken */

/* Reads and handles what there is. SL_OK: there may be more (or sl_h2_is_over()); SL_WAIT: all was read. */
sl_result sl_h2_receive(struct h2_session *s, char *scratch, size_t cap);
sl_result sl_h2_feed(struct h2_session *s, struct slice bytes); /* that were read elsewhere */
/* SL_OK: everything is out. SL_WAIT: the stream's ->want says for what, or *out_more: others first. */
sl_result sl_h2_flush(struct h2_session *s, char *scratch, size_t cap, bool *out_more);
bool sl_h2_wants_flush(const struct h2_session *s);
void sl_h2_goodbye(struct h2_session *s); /* GOAWAY */
bool sl_h2_ping(struct h2_session *s);    /* false: out of memory */

/* How many more exchanges fit; 0 as well when the peer has said GOAWAY. */
uint32_t sl_h2_room(const struct h2_session *s);
bool sl_h2_settled(const struct h2_session *s);  /* the peer has said how many may be open at once */
bool sl_h2_is_over(const struct h2_session *s);  /* closed by the peer, or an error of the session */
bool sl_h2_eof(const struct h2_session *s);
sl_result sl_h2_over(const struct h2_session *s); /* the code of a session, or a stream, that failed of itself */
const char *sl_h2_error(const struct h2_session *s); /* why, once it is */
const char *sl_h2_code_name(uint32_t code);

#endif
