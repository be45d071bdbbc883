/* Tunnels over HTTP/2 against a proxy made of nghttp2, back to back in memory: it sends back what it is sent. */
#include "proto/h2_tunnel.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"
#include "tests/unit/proto/pipe.h"

enum { CAP = 128 * 1024, STREAMS = 32 };

struct far {
  int32_t id;
  struct buf back;
  uint32_t at;
  bool end; /* the client has ended its direction */
};

struct world {
  struct pipe pipe;
  struct h2_session *h2;
  nghttp2_session *proxy;
  char *scratch;
  const char *answers; /* one status behind the other, three digits each; the last one again and again */
  size_t asked;
  int resets, flood;
  uint32_t reset_with; /* not 0: instead of an answer */
  bool echoes, bulky, pushes;
  size_t heard;        /* bytes, of all tunnels */
  struct far far[STREAMS];
  int far_n;
};

/* What a test sees of one tunnel. */
struct near {
  struct h2_tunnel t;
  struct world *w;
  struct buf said;
  struct buf error;
  int again; /* so many verdicts ask for another request */
  bool anew, freed, lingers;
  int changes, flushes;
  sl_result request_fails, line_fails, verdict_fails;
};

/* ---- the proxy ---- */

static struct far *far_of(struct world *w, int32_t id)
{
  for (int i = 0; i < w->far_n; i++)
    if (w->far[i].id == id)
      return &w->far[i];
  return NULL;
}

static ssize_t far_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t n, uint32_t *flags,
                        nghttp2_data_source *source, void *user)
{
  struct world *w = user;
  struct far *f = far_of(w, id);
  (void)ng;
  (void)source;
  if (w->pushes) { /* without end */
    memset(buf, 'p', n);
    return (ssize_t)n;
  }
  if (n > f->back.n - f->at)
    n = f->back.n - f->at;
  if (!n && !f->end)
    return NGHTTP2_ERR_DEFERRED;
  if (n)
    memcpy(buf, f->back.p + f->at, n);
  f->at += (uint32_t)n;
  if (f->end && f->at == f->back.n)
    *flags = NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t)n;
}

#define NV(n, v) {(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), sizeof(n) - 1, sizeof(v) - 1, 0}

static void answer(struct world *w, int32_t id)
{
  static char big[60000];
  nghttp2_nv nv[] = {NV(":status", "200"), NV("x-proxy", "p"), NV("x-big", "")};
  nghttp2_nv early[] = {NV(":status", "103"), NV("x-early", "e")};
  nghttp2_data_provider body = {.read_callback = far_body};
  char status[4];
  memset(big, 'b', sizeof big);
  memcpy(status, w->answers + (w->answers[w->asked + 3] ? w->asked : strlen(w->answers) - 3), 3);
  w->asked += w->answers[w->asked + 3] ? 3 : 0;
  nv[0].value = (uint8_t *)status;
  nv[2].value = (uint8_t *)big;
  nv[2].valuelen = w->bulky ? sizeof big : 0;
  for (int i = 0; i < w->flood; i++)
    nghttp2_submit_headers(w->proxy, 0, id, NULL, early, 2, NULL);
  if (status[0] == '2')
    nghttp2_submit_response(w->proxy, id, nv, w->bulky ? 3 : 2, &body);
  else
    nghttp2_submit_response(w->proxy, id, nv, 2, NULL);
}

static int far_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
  struct world *w = user;
  struct far *f = far_of(w, frame->hd.stream_id);
  w->resets += frame->hd.type == NGHTTP2_RST_STREAM;
  if (frame->hd.type == NGHTTP2_HEADERS && !f && w->far_n < STREAMS) {
    f = &w->far[w->far_n++];
    *f = (struct far){.id = frame->hd.stream_id};
    sl_buf_init(&f->back, PIPE_MAX);
    if (w->reset_with)
      nghttp2_submit_rst_stream(ng, 0, f->id, w->reset_with);
    else
      answer(w, f->id);
  }
  if (f && frame->hd.type == NGHTTP2_DATA && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
    f->end = true;
    nghttp2_session_resume_data(ng, f->id);
  }
  return 0;
}

static int far_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n, void *user)
{
  struct world *w = user;
  struct far *f = far_of(w, id);
  (void)flags;
  w->heard += n;
  if (w->echoes && f) {
    sl_buf_append(&f->back, data, n);
    nghttp2_session_resume_data(ng, id);
  }
  return 0;
}

static bool world_init(struct world *w, const char *answers)
{
  static const struct h2_config config = {&sl_h2_tunnel_ops, 100, false};
  nghttp2_session_callbacks *cb;
  *w = (struct world){.answers = answers, .echoes = true};
  pipe_init(&w->pipe);
  w->scratch = malloc(CAP);
  nghttp2_session_callbacks_new(&cb);
  nghttp2_session_callbacks_set_on_frame_recv_callback(cb, far_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, far_data);
  nghttp2_session_server_new(&w->proxy, cb, w);
  nghttp2_session_callbacks_del(cb);
  nghttp2_submit_settings(w->proxy, 0, NULL, 0);
  w->h2 = sl_h2_new(&w->pipe.s, &config);
  return w->h2;
}

static void world_done(struct world *w)
{
  for (int i = 0; i < w->far_n; i++)
    sl_buf_done(&w->far[i].back);
  sl_h2_free(w->h2);
  nghttp2_session_del(w->proxy);
  pipe_done(&w->pipe);
  free(w->scratch);
}

static sl_result turn(struct world *w)
{
  bool more = false;
  sl_result rc = sl_h2_flush(w->h2, w->scratch, CAP, &more);
  pipe_serve(&w->pipe, w->proxy);
  if (rc <= 0)
    rc = sl_h2_receive(w->h2, w->scratch, CAP);
  return rc > 0 ? rc : SL_OK;
}

/* ---- the client ---- */

static void on_changed(struct h2_tunnel *t)
{
  ((struct near *)(void *)t)->changes++;
}

static void on_flush(struct h2_tunnel *t)
{
  ((struct near *)(void *)t)->flushes++;
}

static void on_linger(struct h2_tunnel *t)
{
  ((struct near *)(void *)t)->lingers = true;
}

static void on_free(struct h2_tunnel *t)
{
  ((struct near *)(void *)t)->freed = true;
}

static const struct h2_tunnel_host host = {on_changed, on_flush, on_linger, on_free};

static sl_result up_request(void *ctx, struct buf *dst)
{
  struct near *n = ctx;
  sl_buf_str(dst, "CONNECT origin.test:443 HTTP/2\r\nHost: ignored\r\nUser-Agent: t\r\nProxy-Connection: x\r\n\r\n");
  return n->request_fails;
}

static sl_result up_line(void *ctx, struct slice line, enum tunnel_line kind)
{
  struct near *n = ctx;
  sl_buf_char(&n->said, "SFOE"[kind]);
  sl_buf_add(&n->said, sl_buf_ok(&n->said) && line.n > 100 ? slice_head(line, 10) : line);
  return n->line_fails ? n->line_fails : sl_buf_result(&n->said, 1);
}

static sl_result up_verdict(void *ctx, int status, bool *out_again, bool *out_reconnect)
{
  struct near *n = ctx;
  sl_buf_printf(&n->said, "=%d;", status);
  *out_again = n->again-- > 0;
  *out_reconnect = n->anew;
  return n->verdict_fails ? n->verdict_fails : sl_buf_result(&n->said, 1);
}

static bool near_init(struct near *n, struct world *w)
{
  struct tunnel_up up = {n, up_request, up_line, up_verdict, NULL};
  *n = (struct near){.w = w};
  sl_buf_init(&n->said, 4 << 20);
  sl_buf_init(&n->error, 256);
  return sl_h2_tunnel_init(&n->t, w->h2, &host, &up, &n->error);
}

static void near_done(struct near *n)
{
  if (!n->lingers)
    sl_stream_free(&n->t.s);
  if (n->lingers)
    sl_h2_tunnel_end(&n->t);
  CHECK(n->freed);
  sl_buf_done(&n->said);
  sl_buf_done(&n->error);
}

static sl_result open_it(struct near *n, int turns)
{
  sl_result rc = SL_WAIT;
  for (int i = 0; i < turns && rc == SL_WAIT; i++) {
    rc = sl_stream_step(&n->t.s);
    if (rc == SL_WAIT) {
      CHECK_INT(n->t.s.want, WATCH_IN);
      sl_result lost = turn(n->w);
      if (lost)
        sl_h2_tunnel_lost(&n->t, lost, false);
    }
  }
  return rc;
}

static const char *text(const struct buf *b)
{
  return b->n ? b->p : "";
}

/* ---- an honest proxy ---- */

TEST(a_tunnel_carries_bytes)
{
  for (size_t piece = 0; piece < 8; piece += 7) {
    struct world w;
    struct near n;
    char back[64] = "";
    size_t k = 0, got = 0;
    REQUIRE(world_init(&w, "200") && near_init(&n, &w));
    w.pipe.piece = piece;
    CHECK_INT(open_it(&n, 500), SL_OK);
    CHECK_STR(text(&n.said), "SHTTP/2 200 \r\nFx-proxy: p\r\nE\r\n=200;");
    CHECK(!n.t.talk);
    CHECK_INT(sl_stream_read(&n.t.s, back, 64, &k), SL_WAIT);
    CHECK_INT(n.t.s.want, WATCH_IN);
    CHECK_INT(sl_h2_tunnel_ready(&n.t), WATCH_OUT);
    CHECK_INT(sl_stream_write(&n.t.s, SLICE_LIT("hello, far end"), &k), SL_OK);
    CHECK_INT(k, 14);
    CHECK(n.flushes >= 2);
    for (int i = 0; i < 500 && got < 14; i++) {
      CHECK_INT(turn(&w), SL_OK);
      while (!sl_stream_read(&n.t.s, back + got, 3, &k))
        got += k;
    }
    CHECK_MEM(back, "hello, far end", 14);
    near_done(&n);
    CHECK_INT(turn(&w), SL_OK);
    world_done(&w);
  }
}

TEST(tunnels_beside_each_other)
{
  struct world w;
  struct near n[3];
  char back[8];
  size_t k;
  REQUIRE(world_init(&w, "200"));
  for (int i = 0; i < 3; i++)
    REQUIRE(near_init(&n[i], &w));
  for (int i = 0; i < 3; i++)
    CHECK_INT(open_it(&n[i], 20), SL_OK);
  for (int i = 0; i < 3; i++)
    CHECK_INT(sl_stream_write(&n[i].t.s, slice_of(&"abc"[i], 1), &k), SL_OK);
  for (int i = 0; i < 5; i++)
    CHECK_INT(turn(&w), SL_OK);
  near_done(&n[1]);
  for (int i = 0; i < 5; i++)
    CHECK_INT(turn(&w), SL_OK);
  CHECK_INT(w.resets, 1);
  for (int i = 0; i < 3; i += 2) {
    CHECK_INT(sl_stream_read(&n[i].t.s, back, 8, &k), SL_OK);
    CHECK(k == 1 && back[0] == "abc"[i]);
    near_done(&n[i]);
  }
  world_done(&w);
}

TEST(rounds_of_authentication)
{
  struct world w;
  struct near n;
  REQUIRE(world_init(&w, "407407200") && near_init(&n, &w));
  n.again = 2;
  CHECK_INT(open_it(&n, 50), SL_OK);
  CHECK_STR(text(&n.said), "SHTTP/2 407 \r\nFx-proxy: p\r\nE\r\n=407;SHTTP/2 407 \r\nFx-proxy: p\r\nE\r\n=407;"
                           "SHTTP/2 200 \r\nFx-proxy: p\r\nE\r\n=200;");
  CHECK_INT(w.far_n, 3);
  near_done(&n);
  world_done(&w);
}

TEST(rounds_have_an_end)
{
  struct world w;
  struct near n;
  REQUIRE(world_init(&w, "407") && near_init(&n, &w));
  n.again = 1000;
  CHECK_INT(open_it(&n, 50), CURLE_COULDNT_CONNECT);
  CHECK_STR(text(&n.error), "More than 20 CONNECT requests");
  CHECK_INT(w.far_n, 20);
  near_done(&n);
  world_done(&w);
}

TEST(a_refusal)
{
  struct world w;
  struct near n;
  REQUIRE(world_init(&w, "403") && near_init(&n, &w));
  CHECK_INT(open_it(&n, 50), CURLE_COULDNT_CONNECT);
  CHECK_STR(text(&n.error), "CONNECT tunnel failed, response 403");
  CHECK(!sl_h2_tunnel_wants_reconnect(&n.t));
  CHECK_INT(sl_stream_step(&n.t.s), CURLE_COULDNT_CONNECT); /* and stays one */
  near_done(&n);
  world_done(&w);
}

TEST(a_refusal_that_wants_another_connection)
{
  struct world w;
  struct near n;
  REQUIRE(world_init(&w, "407") && near_init(&n, &w));
  n.again = 1;
  n.anew = true;
  CHECK_INT(open_it(&n, 50), CURLE_COULDNT_CONNECT);
  CHECK(sl_h2_tunnel_wants_reconnect(&n.t) && !sl_h2_tunnel_wants_http1(&n.t));
  CHECK_STR(text(&n.error), "");
  near_done(&n);
  world_done(&w);
}

TEST(what_the_callbacks_say_counts)
{
  for (int i = 0; i < 3; i++) {
    struct world w;
    struct near n;
    REQUIRE(world_init(&w, "200") && near_init(&n, &w));
    *(i == 0 ? &n.request_fails : i == 1 ? &n.line_fails : &n.verdict_fails) = CURLE_WRITE_ERROR;
    CHECK_INT(open_it(&n, 50), CURLE_WRITE_ERROR);
    near_done(&n);
    world_done(&w);
  }
}

TEST(both_directions_end)
{
  struct world w;
  struct near n;
  char back[64];
  size_t k = 1;
  REQUIRE(world_init(&w, "200") && near_init(&n, &w));
  CHECK_INT(open_it(&n, 50), SL_OK);
  CHECK_INT(sl_stream_write(&n.t.s, SLICE_LIT("last"), &k), SL_OK);
  sl_stream_shutdown(&n.t.s);
  CHECK_INT(sl_stream_write(&n.t.s, SLICE_LIT("more"), &k), CURLE_SEND_ERROR);
  for (int i = 0; i < 5; i++)
    CHECK_INT(turn(&w), SL_OK);
  CHECK_INT(w.heard, 4);
  CHECK_INT(sl_stream_read(&n.t.s, back, 64, &k), SL_OK);
  CHECK_INT(k, 4);
  CHECK_INT(sl_stream_read(&n.t.s, back, 64, &k), SL_OK);
  CHECK_INT(k, 0);
  near_done(&n);
  CHECK_INT(turn(&w), SL_OK);
  CHECK_INT(w.resets, 0);
  world_done(&w);
}

TEST(what_was_written_outlives_the_stream)
{
  struct world w;
  struct near n;
  static char bytes[H2_TUNNEL_OUT];
  size_t k = 1;
  REQUIRE(world_init(&w, "200") && near_init(&n, &w));
  CHECK_INT(open_it(&n, 50), SL_OK);
  w.pipe.write_room = 1000;
  CHECK_INT(sl_stream_write(&n.t.s, slice_of(bytes, sizeof bytes), &k), SL_OK);
  CHECK_INT(k, sizeof bytes);
  sl_stream_shutdown(&n.t.s);
  sl_stream_free(&n.t.s);
  CHECK(n.lingers && !n.freed && !sl_h2_tunnel_is_over(&n.t));
  CHECK_INT(turn(&w), SL_OK);
  w.pipe.write_room = SIZE_MAX;
  for (int i = 0; i < 5; i++)
    CHECK_INT(turn(&w), SL_OK);
  CHECK_INT(w.heard, sizeof bytes);
  CHECK(sl_h2_tunnel_is_over(&n.t));
  near_done(&n);
  CHECK_INT(w.resets, 0);
  world_done(&w);
}

/* ---- flow control ---- */

TEST(a_slow_proxy_bounds_what_is_written)
{
  struct world w;
  struct near n;
  static char bytes[10000];
  size_t k, sum = 0;
  REQUIRE(world_init(&w, "200") && near_init(&n, &w));
  CHECK_INT(open_it(&n, 50), SL_OK);
  w.pipe.write_room = 0;
  sl_result rc = SL_OK;
  for (int i = 0; i < 100 && !rc; i++) {
    rc = sl_stream_write(&n.t.s, slice_of(bytes, sizeof bytes), &k);
    sum += rc ? 0 : k;
  }
  CHECK_INT(rc, SL_WAIT);
  CHECK_INT(n.t.s.want, WATCH_OUT);
  CHECK_INT(sum, H2_TUNNEL_OUT);
  CHECK_INT(sl_h2_tunnel_ready(&n.t), 0);
  int changes = n.changes;
  w.pipe.write_room = SIZE_MAX;
  for (int i = 0; i < 5; i++)
    CHECK_INT(turn(&w), SL_OK);
  CHECK(n.changes > changes);
  CHECK(sl_h2_tunnel_ready(&n.t) & WATCH_OUT);
  CHECK_INT(w.heard, H2_TUNNEL_OUT);
  near_done(&n);
  world_done(&w);
}

TEST(a_slow_reader_bounds_what_is_kept)
{
  struct world w;
  struct near n;
  char back[50000];
  size_t k, sum = 0;
  REQUIRE(world_init(&w, "200") && near_init(&n, &w));
  w.pushes = true;
  CHECK_INT(open_it(&n, 50), SL_OK);
  for (int i = 0; i < 200; i++)
    CHECK_INT(turn(&w), SL_OK);
  CHECK(n.t.in.n > 65536 && n.t.in.n <= H2_TUNNEL_WINDOW);
  size_t most = n.t.in.n;
  for (int i = 0; i < 200; i++) {
    while (!sl_stream_read(&n.t.s, back, sizeof back, &k) && k)
      sum += k;
    CHECK_INT(turn(&w), SL_OK);
  }
  CHECK(sum > 10 * most);
  near_done(&n);
  world_done(&w);
}

/* ---- failures ---- */

TEST(a_reset_instead_of_an_answer)
{
  static const struct {
    uint32_t code;
    sl_result rc;
    bool reconnect, http1;
    const char *error;
  } rows[] = {
      {NGHTTP2_REFUSED_STREAM, CURLE_COULDNT_CONNECT, true, false, ""},
      {NGHTTP2_HTTP_1_1_REQUIRED, CURLE_COULDNT_CONNECT, true, true, ""},
      {NGHTTP2_CONNECT_ERROR, CURLE_RECV_ERROR, false, false, "Proxy CONNECT aborted: CONNECT_ERROR"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w;
    struct near n;
    REQUIRE(world_init(&w, "200") && near_init(&n, &w));
    w.reset_with = rows[i].code;
    CHECK_INT(open_it(&n, 50), rows[i].rc);
    CHECK_INT(sl_h2_tunnel_wants_reconnect(&n.t), rows[i].reconnect);
    CHECK_INT(sl_h2_tunnel_wants_http1(&n.t), rows[i].http1);
    CHECK_STR(text(&n.error), rows[i].error);
    near_done(&n);
    world_done(&w);
  }
}

TEST(the_session_ends_before_the_answer)
{
  for (int stale = 0; stale < 2; stale++) {
    struct world w;
    struct near n;
    REQUIRE(world_init(&w, "200") && near_init(&n, &w));
    CHECK_INT(sl_stream_step(&n.t.s), SL_WAIT);
    sl_h2_tunnel_lost(&n.t, CURLE_RECV_ERROR, stale);
    CHECK_INT(sl_h2_tunnel_ready(&n.t), WATCH_IN | WATCH_OUT);
    CHECK_INT(sl_stream_step(&n.t.s), stale ? CURLE_COULDNT_CONNECT : CURLE_RECV_ERROR);
    CHECK_INT(sl_h2_tunnel_wants_reconnect(&n.t), stale);
    CHECK_STR(text(&n.error), stale ? "" : "Proxy CONNECT aborted");
    near_done(&n);
    world_done(&w);
  }
}

TEST(the_session_ends_after_a_challenge)
{
  static const sl_result results[] = {CURLE_RECV_ERROR, SL_NOMEM};
  for (int i = 0; i < 2; i++) {
    struct world w;
    struct near n;
    sl_result rc = SL_WAIT;
    REQUIRE(world_init(&w, "407200") && near_init(&n, &w));
    n.again = 1;
    for (int k = 0; k < 20 && rc == SL_WAIT && !strstr(text(&n.said), "=407"); k++) {
      rc = sl_stream_step(&n.t.s);
      if (!strstr(text(&n.said), "=407"))
        turn(&w);
    }
    CHECK_INT(rc, SL_WAIT);
    sl_h2_tunnel_lost(&n.t, results[i], false);
    CHECK_INT(sl_stream_step(&n.t.s), i ? SL_NOMEM : CURLE_COULDNT_CONNECT);
    CHECK_INT(sl_h2_tunnel_wants_reconnect(&n.t), !i);
    near_done(&n);
    world_done(&w);
  }
}

TEST(an_open_tunnel_that_breaks)
{
  for (int how = 0; how < 2; how++) {
    struct world w;
    struct near n;
    char back[8];
    size_t k;
    REQUIRE(world_init(&w, "200") && near_init(&n, &w));
    CHECK_INT(open_it(&n, 50), SL_OK);
    CHECK_INT(sl_stream_write(&n.t.s, SLICE_LIT("abc"), &k), SL_OK);
    CHECK_INT(turn(&w), SL_OK);
    CHECK_INT(turn(&w), SL_OK);
    if (how) {
      sl_h2_tunnel_lost(&n.t, CURLE_RECV_ERROR, true);
    } else {
      nghttp2_submit_rst_stream(w.proxy, 0, n.t.x.id, NGHTTP2_CONNECT_ERROR);
      for (int i = 0; i < 3; i++)
        CHECK_INT(turn(&w), SL_OK);
    }
    CHECK_INT(sl_h2_tunnel_ready(&n.t), WATCH_IN | WATCH_OUT);
    CHECK_INT(sl_stream_read(&n.t.s, back, 8, &k), SL_OK); /* what came before */
    CHECK_INT(k, 3);
    CHECK_INT(sl_stream_read(&n.t.s, back, 8, &k), CURLE_RECV_ERROR);
    CHECK_INT(sl_stream_write(&n.t.s, SLICE_LIT("abc"), &k), CURLE_SEND_ERROR);
    near_done(&n);
    world_done(&w);
  }
}

TEST(heads_without_end)
{
  struct world w;
  struct near n;
  REQUIRE(world_init(&w, "200") && near_init(&n, &w));
  w.flood = 99;
  CHECK_INT(open_it(&n, 50), SL_OK);
  near_done(&n);
  world_done(&w);
  REQUIRE(world_init(&w, "200") && near_init(&n, &w));
  w.flood = 1000;
  CHECK_INT(open_it(&n, 50), CURLE_TOO_LARGE);
  CHECK_STR(text(&n.error), "More than 100 informational responses to CONNECT");
  near_done(&n);
  world_done(&w);
}

TEST(a_large_head)
{
  struct world w;
  struct near n;
  REQUIRE(world_init(&w, "200") && near_init(&n, &w));
  w.bulky = true;
  CHECK_INT(open_it(&n, 50), SL_OK);
  near_done(&n);
  world_done(&w);
}

/* ---- memory ---- */

static sl_result whole_talk(void)
{
  struct world w;
  struct near n;
  char back[8];
  size_t k = 0;
  sl_result rc = SL_NOMEM;
  bool made = world_init(&w, "407200");
  if (made && near_init(&n, &w)) {
    n.again = 1;
    rc = open_it(&n, 30);
    if (!rc)
      rc = sl_stream_write(&n.t.s, SLICE_LIT("abc"), &k);
    for (int i = 0; i < 6 && !rc; i++)
      rc = turn(&w);
    if (!rc)
      rc = sl_stream_read(&n.t.s, back, 8, &k);
    if (!rc && k != 3)
      rc = SL_NOMEM; /* a stream that nghttp2 gave up, or the test's own buffer */
    near_done(&n);
  } else if (made) {
    sl_buf_done(&n.said);
    sl_buf_done(&n.error);
  }
  world_done(&w);
  return rc;
}

TEST(every_failing_allocation)
{
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n) {
    last = whole_talk();
    CHECK(last != SL_OK || n > 10);
    /* COULDNT_CONNECT: the challenge was the last that came, and the next request wants another connection */
    CHECK(last == SL_OK || last == SL_NOMEM || last == CURLE_HTTP2 || last == CURLE_RECV_ERROR ||
          last == CURLE_COULDNT_CONNECT || last == SL_WAIT);
  }
  CHECK_INT(last, SL_OK);
}
