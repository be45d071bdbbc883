/* Frames of a hostile HTTP/2 peer: to a session with plain exchanges (the first byte is even), or to one that carries
 * tunnels (odd). Whatever comes, what is kept stays within its bounds and nothing is told of an exchange that is over.
 * The first byte also says in which pieces the rest arrives. */
#include <curl/curl.h>
#include <stdlib.h>

#include "proto/h2_tunnel.h"

enum { CAP = 2 * 65536, N = 2 };

struct source {
  struct stream s;
  struct slice left;
  size_t piece;
};

static sl_result source_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  struct source *f = (struct source *)(void *)s;
  size_t n = f->left.n < f->piece ? f->left.n : f->piece;
  if (n > cap)
    n = cap;
  if (n)
    memcpy(dst, f->left.p, n);
  f->left = slice_from(f->left, n);
  *out_n = n;
  return SL_OK;
}

static sl_result source_write(struct stream *s, struct slice src, size_t *out_n)
{
  (void)s;
  *out_n = src.n;
  return SL_OK;
}

static const struct stream_ops source_ops = {.name = "source", .read = source_read, .write = source_write};

/* ---- plain exchanges ---- */

struct plain {
  struct h2_exchange x;
  size_t kept;
};

static void alive(struct h2_exchange *x)
{
  if (!x->session)
    abort();
}

static void on_field(struct h2_exchange *x, struct slice name, struct slice value)
{
  alive(x);
  if (x->head > H2_MAX_HEAD || name.n + value.n > H2_MAX_HEAD)
    abort();
}

static void on_data(struct h2_exchange *x, struct slice bytes)
{
  struct plain *p = (struct plain *)(void *)x;
  alive(x);
  p->kept += bytes.n;
  if (p->kept > H2_WINDOW)
    abort();
  if (bytes.n & 1) {
    sl_h2_consume(x, p->kept);
    p->kept = 0;
  }
}

static void on_ended(struct h2_exchange *x)
{
  if (!x->ended && !x->closed)
    abort();
}

static sl_result on_body(struct h2_exchange *x, char *dst, size_t cap, size_t *out_n, bool *out_end)
{
  alive(x);
  memset(dst, 'b', cap);
  *out_n = cap;
  *out_end = cap & 1;
  return SL_OK;
}

static const struct h2_ops plain_ops = {alive, on_field, alive, on_data, on_ended, on_body, NULL};

static void run(struct h2_session *s, struct source *f, char *scratch)
{
  bool more;
  while (!sl_h2_is_over(s) && f->left.n) {
    if (sl_h2_receive(s, scratch, CAP) > 0 || sl_h2_flush(s, scratch, CAP, &more) > 0)
      break;
  }
}

static void plainly(struct source *f, char *scratch)
{
  static const struct h2_field get[] = {{{":method", 7}, {"GET", 3}, false},
                                        {{":path", 5}, {"/", 1}, false},
                                        {{":scheme", 7}, {"https", 5}, false},
                                        {{":authority", 10}, {"h", 1}, false}};
  static const struct h2_config config = {&plain_ops, 100, true};
  struct plain x[N] = {{.kept = 0}};
  struct h2_session *s = sl_h2_new(&f->s, &config);
  if (!s)
    abort();
  for (int i = 0; i < N; i++)
    if (sl_h2_submit(s, &x[i].x, get, 4, i, 0))
      abort();
  run(s, f, scratch);
  for (int i = 0; i < N; i++)
    sl_h2_detach(&x[i].x, H2_CANCEL);
  sl_h2_free(s);
}

/* ---- tunnels ---- */

static sl_result up_request(void *ctx, struct buf *dst)
{
  (void)ctx;
  sl_buf_str(dst, "CONNECT h:1 HTTP/2\r\n\r\n");
  return SL_OK;
}

static sl_result up_line(void *ctx, struct slice line, enum tunnel_line kind)
{
  (void)ctx;
  if (line.n < 2 || line.p[line.n - 1] != '\n' || (kind == TUNNEL_END) != (line.n == 2))
    abort();
  return SL_OK;
}

static sl_result up_verdict(void *ctx, int status, bool *out_again, bool *out_reconnect)
{
  (void)ctx;
  *out_again = status == 407;
  *out_reconnect = false;
  return SL_OK;
}

static void nothing(struct h2_tunnel *t)
{
  if (t->in.n - t->in_at > H2_TUNNEL_WINDOW)
    abort();
}

static const struct h2_tunnel_host host = {nothing, nothing, sl_h2_tunnel_end, nothing};

static void use(struct h2_tunnel *t, char *scratch)
{
  size_t n;
  if (sl_stream_step(&t->s))
    return;
  (void)sl_stream_write(&t->s, SLICE_LIT("hello"), &n);
  (void)sl_stream_read(&t->s, scratch, 100, &n);
}

static void tunnels(struct source *f, char *scratch)
{
  static const struct h2_config config = {&sl_h2_tunnel_ops, 100, false};
  const struct tunnel_up up = {NULL, up_request, up_line, up_verdict, NULL};
  struct h2_tunnel t[N];
  struct h2_session *s = sl_h2_new(&f->s, &config);
  for (int i = 0; i < N; i++)
    if (!s || !sl_h2_tunnel_init(&t[i], s, &host, &up, NULL))
      abort();
  do {
    for (int i = 0; i < N; i++)
      use(&t[i], scratch);
    size_t before = f->left.n;
    run(s, f, scratch);
    if (before == f->left.n)
      break;
  } while (f->left.n);
  for (int i = 0; i < N; i++) {
    if (sl_h2_is_over(s))
      sl_h2_tunnel_lost(&t[i], CURLE_RECV_ERROR, i);
    use(&t[i], scratch);
    if (i)
      sl_stream_shutdown(&t[i].s);
    sl_stream_free(&t[i].s);
  }
  sl_h2_free(s);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  static char scratch[CAP];
  if (!size)
    return 0;
  struct source f = {{.ops = &source_ops, .ready = true}, {(const char *)data + 1, size - 1}, 1 + 7u * (data[0] / 2)};
  if (data[0] & 1)
    tunnels(&f, scratch);
  else
    plainly(&f, scratch);
  return 0;
}
