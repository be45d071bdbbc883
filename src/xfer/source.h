/* What goes out as a request's body: bytes in memory, a read callback or a reader object, from the current offset, able
 * to pause and to be rewound for a second request (redirect, authentication, a dead connection). */
#ifndef SL_XFER_SOURCE_H
#define SL_XFER_SOURCE_H

#include <curl/curl.h>

#include "base/result.h"
#include "base/slice.h"

struct transfer;

/* Makes a body piece by piece. It is the source's until sl_source_done(), whatever the source is used for meanwhile. */
struct body_reader {
  const struct body_reader_ops *ops;
};
struct body_reader_ops {
  /* As sl_source_read(), of t->source.reader. A pause is noted in t->paused. */
  sl_result (*read)(struct transfer *t, char *dst, size_t cap, size_t *out_n);
  sl_result (*rewind)(struct transfer *t);
  void (*free)(struct body_reader *reader);
};

struct source {
  const char *mem;            /* not NULL: the body lies here */
  curl_read_callback read_fn; /* else this; NULL: fread() from read_arg */
  void *read_arg;
  curl_seek_callback seek_fn; /* NULL: the application's, or none */
  void *seek_arg;
  struct body_reader *reader; /* owned; NULL: none has been needed */
  int64_t size;               /* bytes, -1 unknown */
  int64_t sent;               /* taken so far in this request */
  bool crlf;                  /* CURLOPT_CRLF: LF becomes CRLF on the way */
  bool from_reader;           /* ->reader gives the body */
  bool eof;
  bool touched;               /* something was read: another request needs a rewind */
};

void sl_source_none(struct source *s);
void sl_source_mem(struct source *s, const char *mem, int64_t size);
void sl_source_callback(struct source *s, curl_read_callback fn, void *arg, int64_t size);
void sl_source_reader(struct source *s, int64_t size); /* what ->reader makes, from its beginning */
void sl_source_done(struct source *s);
/* At most cap bytes of body. SL_OK with 0: the end. SL_WAIT: the application paused. */
sl_result sl_source_read(struct transfer *t, char *dst, size_t cap, size_t *out_n);
/* A resumed upload begins `offset` bytes into what the application has: by seeking, else by reading them away. */
sl_result sl_source_skip(struct transfer *t, int64_t offset);
/* Back to the beginning (plus `offset`, for resumed uploads). */
sl_result sl_source_rewind(struct transfer *t);

#endif
