/* A stream below an HTTP/2 session that ends at a server session of nghttp2 in the same program; the test sets the limits
 * of it. */
#ifndef TESTS_UNIT_PROTO_PIPE_H
#define TESTS_UNIT_PROTO_PIPE_H

#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "loop/reactor.h"
#include "stream/stream.h"

enum { PIPE_MAX = 64 * 1024 * 1024 };

struct pipe {
  struct stream s;
  struct buf to_peer, from_peer;
  size_t write_room; /* bytes until it blocks */
  size_t piece;      /* bytes a read or write at most */
  bool closed;
};

static sl_result pipe_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  struct pipe *p = (struct pipe *)(void *)s;
  size_t n = p->from_peer.n < cap ? p->from_peer.n : cap;
  if (p->piece && n > p->piece)
    n = p->piece;
  s->want = WATCH_IN;
  if (!n && !p->closed)
    return SL_WAIT;
  memcpy(dst, p->from_peer.p, n);
  sl_buf_drop(&p->from_peer, n);
  *out_n = n;
  return SL_OK;
}

static sl_result pipe_write(struct stream *s, struct slice src, size_t *out_n)
{
  struct pipe *p = (struct pipe *)(void *)s;
  size_t n = src.n < p->write_room ? src.n : p->write_room;
  if (p->piece && n > p->piece)
    n = p->piece;
  s->want = WATCH_OUT;
  if (!n)
    return SL_WAIT;
  if (!sl_buf_append(&p->to_peer, src.p, n))
    return SL_NOMEM;
  p->write_room -= n;
  *out_n = n;
  return SL_OK;
}

static const struct stream_ops pipe_ops = {.name = "pipe", .read = pipe_read, .write = pipe_write};

static void pipe_init(struct pipe *p)
{
  *p = (struct pipe){.s = {.ops = &pipe_ops, .ready = true}, .write_room = SIZE_MAX};
  sl_buf_init(&p->to_peer, PIPE_MAX);
  sl_buf_init(&p->from_peer, PIPE_MAX);
}

static void pipe_done(struct pipe *p)
{
  sl_buf_done(&p->to_peer);
  sl_buf_done(&p->from_peer);
}

/* The server hears what there is and answers. */
static void pipe_serve(struct pipe *pipe, nghttp2_session *server)
{
  const uint8_t *p;
  ssize_t n = nghttp2_session_mem_recv(server, (const uint8_t *)pipe->to_peer.p, pipe->to_peer.n);
  if (n > 0)
    sl_buf_drop(&pipe->to_peer, (size_t)n);
  while ((n = nghttp2_session_mem_send(server, &p)) > 0)
    sl_buf_append(&pipe->from_peer, p, (size_t)n);
}

#endif
