/* One way to move bytes, in layers: tcp, then what a proxy needs, then TLS. A layer knows the one below it and nothing
 * of who uses it. Generic code steps the lowest unready layer first, so no layer chains by hand. */
#ifndef SL_STREAM_STREAM_H
#define SL_STREAM_STREAM_H

#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

enum stream_query {
  STREAM_ALPN, /* struct slice: the protocol agreed on, empty when none */
  STREAM_TLS,  /* struct tls_conn *: of the topmost TLS layer */
  STREAM_FD    /* int: the descriptor at the bottom */
};

struct stream;
struct stream_ops {
  const char *name; /* in traces */
  sl_result (*step)(struct stream *s); /* connect or handshake; SL_WAIT sets ->want; NULL: born ready */
  /* SL_OK with *out_n == 0 is the end. SL_WAIT sets ->want. */
  sl_result (*read)(struct stream *s, void *dst, size_t cap, size_t *out_n);
  sl_result (*write)(struct stream *s, struct slice src, size_t *out_n);
  sl_result (*shutdown)(struct stream *s); /* tells the peer that this is the end; NULL: nothing to tell */
  bool (*query)(const struct stream *s, enum stream_query what, void *out); /* NULL: knows nothing */
  void (*idle)(struct stream *s);          /* nothing will pass for a while: keep little; may be NULL */
  void (*free)(struct stream *s);          /* this layer alone */
};

struct stream {
  const struct stream_ops *ops;
  struct stream *below;
  uint8_t want; /* WATCH_IN | WATCH_OUT of the last SL_WAIT */
  bool ready;   /* step has returned SL_OK */
};

sl_result sl_stream_step(struct stream *top);
unsigned sl_stream_want(const struct stream *top); /* what the layers wait for, summed */
bool sl_stream_query(const struct stream *top, enum stream_query what, void *out);
void sl_stream_shutdown(struct stream *top); /* best effort, without waiting */
void sl_stream_idle(struct stream *top);
void sl_stream_free(struct stream *top);     /* all layers */

static inline sl_result sl_stream_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  return s->ops->read(s, dst, cap, out_n);
}
static inline sl_result sl_stream_write(struct stream *s, struct slice src, size_t *out_n)
{
  return s->ops->write(s, src, out_n);
}

#endif
