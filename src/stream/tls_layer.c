/* The OpenSSL adapter as a stream; see tls_layer.h. */
#include "stream/tls_layer.h"

#include "base/mem.h"
#include "loop/reactor.h"

struct tls_layer {
  struct stream s;
  struct tls_conn *conn;
};

static struct tls_layer *of(struct stream *s)
{
  return (struct tls_layer *)(void *)s;
}

static sl_result below_read(void *ctx, void *dst, size_t cap, size_t *out_n)
{
  struct stream *below = ((struct stream *)ctx)->below;
  return sl_stream_read(below, dst, cap, out_n);
}

static sl_result below_write(void *ctx, const void *src, size_t n, size_t *out_n)
{
  struct stream *below = ((struct stream *)ctx)->below;
  return sl_stream_write(below, slice_of(src, n), out_n);
}

/* What TLS waits for may be the other direction than what its user does. */
static sl_result waiting(struct stream *s, sl_result rc)
{
  unsigned want = rc == SL_WAIT ? sl_tls_want(of(s)->conn) : 0;
  s->want = (uint8_t)((want & TLS_WANT_READ ? WATCH_IN : 0) | (want & TLS_WANT_WRITE ? WATCH_OUT : 0));
  return rc;
}

static sl_result layer_step(struct stream *s)
{
  return waiting(s, sl_tls_handshake(of(s)->conn));
}

static sl_result layer_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  return waiting(s, sl_tls_read(of(s)->conn, dst, cap, out_n));
}

static sl_result layer_write(struct stream *s, struct slice src, size_t *out_n)
{
  return waiting(s, sl_tls_write(of(s)->conn, src.p, src.n, out_n));
}

static sl_result layer_shutdown(struct stream *s)
{
  return sl_tls_shutdown(of(s)->conn, false);
}

static bool layer_query(const struct stream *s, enum stream_query what, void *out)
{
  const struct tls_layer *l = (const void *)s;
  if (what == STREAM_ALPN)
    *(struct slice *)out = sl_tls_alpn(l->conn);
  else if (what == STREAM_TLS)
    *(struct tls_conn **)out = l->conn;
  else
    return false;
  return true;
}

static void layer_idle(struct stream *s)
{
  sl_tls_idle(of(s)->conn);
}

static void layer_free(struct stream *s)
{
  sl_tls_free(of(s)->conn);
  sl_free(s);
}

static const struct stream_ops tls_ops = {
    .name = "tls",
    .step = layer_step,
    .read = layer_read,
    .write = layer_write,
    .shutdown = layer_shutdown,
    .query = layer_query,
    .idle = layer_idle,
    .free = layer_free,
};

sl_result sl_tls_layer_new(struct stream *below, struct tls_cache *cache, const struct tls_config *config,
                           const struct tls_params *params, struct stream **out_stream)
{
  struct tls_layer *l = sl_calloc(1, sizeof *l);
  if (!l)
    return SL_NOMEM;
  struct tls_io io = {below_read, below_write, l};
  sl_result rc = sl_tls_new(cache, config, params, &io, &l->conn);
  if (rc) {
    sl_free(l);
    return rc;
  }
  l->s.ops = &tls_ops;
  l->s.below = below;
  *out_stream = &l->s;
  return SL_OK;
}

struct tls_conn *sl_tls_layer_conn(struct stream *s)
{
  return of(s)->conn;
}
