/* What comes in, on its way to the application: header lines to the header callback, body through the content
 * decoders to the write callback, both able to pause. Body bytes are not copied unless a pause makes it necessary. */
#ifndef SL_XFER_SINK_H
#define SL_XFER_SINK_H

#include "base/buf.h"
#include "base/result.h"

struct transfer;
struct decode;

enum sink_line {
  SINK_STATUS,
  SINK_HEADER,
  SINK_HEAD_END,
  SINK_TRAILER,
  SINK_REPLY /* a line of a dialogue: never part of the body */
};

struct sink {
  struct decode *decode;  /* NULL: identity */
  struct buf held;        /* what a paused callback has not taken yet */
  bool held_header;       /* held is a header line */
  bool discard;           /* the body of a response that is only a step (redirect, 401) */
  int64_t delivered;      /* body bytes after decoding */
};

void sl_sink_init(struct sink *s);
void sl_sink_done(struct sink *s);
void sl_sink_reset(struct sink *s); /* the next response */
sl_result sl_sink_header(struct transfer *t, struct slice line, enum sink_line kind);
/* SL_WAIT: the application paused; all of `data` is kept and is offered again by sl_sink_resume(). */
sl_result sl_sink_body(struct transfer *t, struct slice data);
/* One call of the write callback, with nothing perhaps. SL_WAIT: not taken; the caller keeps it. */
sl_result sl_sink_frame(struct transfer *t, struct slice data);
sl_result sl_sink_end(struct transfer *t);    /* the body is complete: flushes the decoders */
sl_result sl_sink_resume(struct transfer *t); /* SL_OK: nothing is held any more */
bool sl_sink_blocked(const struct sink *s);

#endif
