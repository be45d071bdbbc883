/* HTTP/1.x and 0.9 responses, RFC 9112: bytes in, events out. Pull style: the caller asks for the next event and may
 * stop after any of them (a paused transfer keeps its unparsed bytes). No copy, no allocation: lines and body are
 * slices of the input; a line that is not complete stays in the input. */
#ifndef SL_WIRE_HTTP1_H
#define SL_WIRE_HTTP1_H

#include <stdint.h>

#include "base/slice.h"
#include "wire/chunked.h"

enum http1_event {
  HTTP1_MORE,     /* give more input, what is left first */
  HTTP1_STATUS,   /* *out: the status line with its line end; ->status and ->minor are set */
  HTTP1_HEADER,   /* *out: a field line with its line end; ->folded when it has continuation lines in it */
  HTTP1_HEAD_END, /* *out: the empty line. Now say what follows: sl_http1_body() or, after a 1xx, sl_http1_init() */
  HTTP1_BODY,     /* *out: body bytes, decoded of chunks */
  HTTP1_TRAILER,  /* *out: a field line after the last chunk */
  HTTP1_END,      /* the response is complete; what is left in the input is not part of it */
  HTTP1_NO_HTTP,  /* the first bytes are not those of a status line: HTTP/0.9, an alias, or nonsense */
  HTTP1_BAD       /* ->error says why */
};

enum http1_framing { HTTP1_NO_BODY, HTTP1_LENGTH, HTTP1_CHUNKED, HTTP1_UNTIL_CLOSE };

enum {
  HTTP1_MAX_LINE = 100 * 1024,  /* CURL_MAX_HTTP_HEADER */
  HTTP1_MAX_HEAD = 300 * 1024,  /* all lines of one response's head */
  HTTP1_MAX_FIELDS = 5000
};

struct http1 {
  int64_t left;     /* HTTP1_LENGTH: bytes to come */
  struct chunked chunked;
  const char *error;
  uint32_t head;    /* bytes of the head so far */
  uint16_t fields;
  uint16_t status;  /* 100-999; 0 until there was a status line */
  uint8_t minor;    /* of HTTP/1.x */
  uint8_t major;    /* 1; 2 and 3 are what some servers claim in a line of text */
  uint8_t state;
  bool folded, too_large;
  bool no_status; /* the first line is not one that we know */
};

void sl_http1_init(struct http1 *h);
void sl_http1_foreign(struct http1 *h); /* what begins like HTTP is HTTP1_NO_HTTP as well */
/* The caller takes the first line for a status line of HTTP/1.minor (CURLOPT_HTTP200ALIASES, RTSP), or all for a body (0.9). */
void sl_http1_alias(struct http1 *h, uint16_t status, uint8_t minor);
void sl_http1_headless(struct http1 *h);
void sl_http1_body(struct http1 *h, enum http1_framing framing, int64_t length);
enum http1_event sl_http1_next(struct http1 *h, struct slice *in, struct slice *out);
/* The peer closed: may it, here? False: bytes are missing (->left of them, or an unknown number). */
bool sl_http1_eof(const struct http1 *h);
bool sl_http1_started(const struct http1 *h); /* has a status line been seen? */

#endif
