/* The HTTP/2 session against a server session of nghttp2, back to back in memory, and against frames that no honest
 * peer sends. */
#include "proto/h2_session.h"

#include <curl/curl.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"
#include "tests/unit/proto/pipe.h"

enum { CAP = 128 * 1024, MAX_SERVED = 64 };

/* ---- the exchange of a test ---- */

struct asked {
  struct h2_exchange x;
  struct buf head, body, trailers;
  size_t upload;      /* bytes of 'u' still to be sent */
  size_t upload_part; /* then SL_WAIT; 0: never */
  bool hold;          /* does not consume */
  bool sums;          /* sends a trailer */
  int ended;
};

static struct asked *of(struct h2_exchange *x)
{
  return (struct asked *)(void *)x;
}

static void on_status(struct h2_exchange *x)
{
  sl_buf_printf(&of(x)->head, "%d;", x->status);
}

static void on_field(struct h2_exchange *x, struct slice name, struct slice value)
{
  struct buf *b = x->final ? &of(x)->trailers : &of(x)->head;
  sl_buf_add(b, name);
  sl_buf_char(b, '=');
  sl_buf_add(b, value);
  sl_buf_char(b, ';');
}

static void on_head_end(struct h2_exchange *x)
{
  sl_buf_char(&of(x)->head, '.');
}

static void on_data(struct h2_exchange *x, struct slice bytes)
{
  sl_buf_add(&of(x)->body, bytes);
  if (!of(x)->hold)
    sl_h2_consume(x, bytes.n);
}

static void on_ended(struct h2_exchange *x)
{
  of(x)->ended++;
}

static sl_result on_body(struct h2_exchange *x, char *dst, size_t cap, size_t *out_n, bool *out_end)
{
  struct asked *a = of(x);
  size_t n = a->upload < cap ? a->upload : cap;
  if (a->upload_part == 1)
    return SL_WAIT;
  if (a->upload_part && n > a->upload_part)
    n = a->upload_part;
  if (a->upload_part)
    a->upload_part = 1;
  memset(dst, 'u', n);
  a->upload -= n;
  *out_n = n;
  *out_end = !a->upload;
  return *out_end && a->sums ? sl_h2_trailers(x, &(struct h2_field){SLICE_LIT("X-Sum"), SLICE_LIT("7"), false}, 1) : SL_OK;
}

static struct asked *promised;
static char promised_path[64];

static struct h2_exchange *on_promise(struct h2_exchange *parent, const struct h2_promise *p)
{
  (void)parent;
  for (size_t i = 0; i < p->n; i++)
    if (slice_eq(p->fields[i].name, SLICE_LIT(":path")))
      snprintf(promised_path, sizeof promised_path, "%.*s", (int)p->fields[i].value.n, p->fields[i].value.p);
  return promised ? &promised->x : NULL;
}

static const struct h2_ops ops = {on_status, on_field, on_head_end, on_data, on_ended, on_body, on_promise};

static void asked_init(struct asked *a)
{
  *a = (struct asked){.ended = 0};
  sl_buf_init(&a->head, 1 << 20);
  sl_buf_init(&a->body, PIPE_MAX);
  sl_buf_init(&a->trailers, 1 << 20);
}

static void asked_done(struct asked *a)
{
  sl_buf_done(&a->head);
  sl_buf_done(&a->body);
  sl_buf_done(&a->trailers);
}

/* ---- the server ---- */

struct served {
  size_t left; /* of a response's body */
};

struct world {
  struct pipe pipe;
  struct h2_session *h2;
  nghttp2_session *server;
  char *scratch;
  struct served served[MAX_SERVED];
  unsigned n_served;
  size_t body_size, uploaded;
  int requests, resets;
  uint32_t reset_code;
  bool trailers, informational, silent, padded;
  char path[64], order[256];
};

static ssize_t serve_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t n, uint32_t *flags,
                          nghttp2_data_source *source, void *user)
{
  struct world *w = user;
  struct served *s = source->ptr;
  if (n > s->left)
    n = s->left;
  memset(buf, 'd', n);
  s->left -= n;
  if (!s->left) {
    *flags = NGHTTP2_DATA_FLAG_EOF;
    if (w->trailers) {
      nghttp2_nv nv = {(uint8_t *)(uintptr_t) "x-sum", (uint8_t *)(uintptr_t) "7", 5, 1, 0};
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer(ng, id, &nv, 1);
    }
  }
  return (ssize_t)n;
}

#define NV(n, v) {(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), sizeof(n) - 1, sizeof(v) - 1, 0}

static void respond(struct world *w, int32_t id)
{
  nghttp2_nv early[] = {NV(":status", "103"), NV("link", "</x>")};
  nghttp2_nv nv[] = {NV(":status", "200"), NV("content-type", "text/plain")};
  struct served *s = &w->served[w->n_served++ % MAX_SERVED];
  s->left = w->body_size;
  nghttp2_data_provider body = {{.ptr = s}, serve_body};
  if (w->informational)
    nghttp2_submit_headers(w->server, 0, id, NULL, early, 2, NULL);
  nghttp2_submit_response(w->server, id, nv, 2, w->body_size || w->trailers ? &body : NULL);
}

static int server_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
  struct world *w = user;
  (void)ng;
  if (frame->hd.type == NGHTTP2_RST_STREAM) {
    w->resets++;
    w->reset_code = frame->rst_stream.error_code;
  }
  bool end = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
             frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
  if (end) {
    w->requests++;
    if (!w->silent)
      respond(w, frame->hd.stream_id);
  }
  return 0;
}

static int server_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                         const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
  struct world *w = user;
  (void)ng;
  (void)frame;
  (void)flags;
  if (name_n == 5 && !memcmp(name, ":path", 5) && value_n < sizeof w->path) {
    memcpy(w->path, value, value_n);
    w->path[value_n] = 0;
  }
  if (strlen(w->order) + name_n + 2 < sizeof w->order) {
    strncat(w->order, (const char *)name, name_n);
    strcat(w->order, " ");
  }
  return 0;
}

static int server_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n, void *user)
{
  (void)ng;
  (void)flags;
  (void)id;
  (void)data;
  ((struct world *)user)->uploaded += n;
  return 0;
}

static bool world_init(struct world *w, bool with_server)
{
  static const struct h2_config config = {&ops, 100, true};
  *w = (struct world){.requests = 0};
  pipe_init(&w->pipe);
  w->scratch = malloc(CAP);
  w->h2 = sl_h2_new(&w->pipe.s, &config);
  if (with_server) {
    nghttp2_session_callbacks *cb;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, server_frame);
    nghttp2_session_callbacks_set_on_header_callback(cb, server_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, server_data);
    nghttp2_session_server_new(&w->server, cb, w);
    nghttp2_session_callbacks_del(cb);
    nghttp2_submit_settings(w->server, 0, NULL, 0);
  }
  return w->h2;
}

static void world_done(struct world *w)
{
  sl_h2_free(w->h2);
  nghttp2_session_del(w->server);
  pipe_done(&w->pipe);
  free(w->scratch);
}

static void server_turn(struct world *w)
{
  pipe_serve(&w->pipe, w->server);
}

static sl_result client_turn(struct world *w)
{
  bool more = false;
  sl_result rc = sl_h2_flush(w->h2, w->scratch, CAP, &more);
  if (rc > 0)
    return rc;
  rc = sl_h2_receive(w->h2, w->scratch, CAP);
  if (rc > 0)
    return rc;
  rc = sl_h2_flush(w->h2, w->scratch, CAP, &more);
  return rc > 0 ? rc : SL_OK;
}

static sl_result talk(struct world *w, int turns)
{
  sl_result rc = SL_OK;
  for (int i = 0; i < turns && !rc; i++) {
    rc = client_turn(w);
    if (w->server)
      server_turn(w);
  }
  return rc ? rc : client_turn(w);
}

static const struct h2_field get[] = {
    {{":method", 7}, {"GET", 3}, false},
    {{":path", 5}, {"/one", 4}, false},
    {{":scheme", 7}, {"https", 5}, false},
    {{":authority", 10}, {"example.test", 12}, false},
    {{"User-Agent", 10}, {"test", 4}, false},
};
enum { GET_N = sizeof get / sizeof *get };

static sl_result ask(struct world *w, struct asked *a, bool body)
{
  asked_init(a);
  return sl_h2_submit(w->h2, &a->x, get, GET_N, body, 0);
}

/* ---- with an honest peer ---- */

TEST(a_get_and_its_answer)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, true));
  w.body_size = 5;
  CHECK_INT(ask(&w, &a, false), SL_OK);
  CHECK_INT(talk(&w, 3), SL_OK);
  CHECK_STR(w.path, "/one");
  CHECK_STR(w.order, ":method :path :scheme :authority user-agent ");
  CHECK_STR(a.head.p, "200;content-type=text/plain;.");
  CHECK_STR(a.body.p, "ddddd");
  CHECK(a.x.ended && a.x.closed && !a.x.session);
  CHECK_INT(a.x.error, H2_NO_ERROR);
  CHECK_INT(sl_h2_room(w.h2), 100);
  asked_done(&a);
  world_done(&w);
}

TEST(informational_heads_and_trailers)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, true));
  w.body_size = 3;
  w.trailers = w.informational = true;
  CHECK_INT(ask(&w, &a, false), SL_OK);
  CHECK_INT(talk(&w, 3), SL_OK);
  CHECK_STR(a.head.p, "103;link=</x>;.200;content-type=text/plain;.");
  CHECK_STR(a.body.p, "ddd");
  CHECK_STR(a.trailers.p, "x-sum=7;");
  CHECK(a.x.ended);
  asked_done(&a);
  world_done(&w);
}

TEST(many_at_once_in_small_pieces)
{
  enum { MANY = 50 };
  struct world w;
  struct asked a[MANY];
  REQUIRE(world_init(&w, true));
  w.body_size = 1000;
  w.pipe.piece = 7;
  for (int i = 0; i < MANY; i++)
    CHECK_INT(ask(&w, &a[i], false), SL_OK);
  CHECK_INT(sl_h2_room(w.h2), 50);
  for (int i = 0; i < 2000 && !a[MANY - 1].x.closed; i++)
    CHECK_INT(talk(&w, 1), SL_OK);
  for (int i = 0; i < MANY; i++) {
    CHECK_INT(a[i].body.n, 1000);
    CHECK(a[i].x.closed);
    asked_done(&a[i]);
  }
  world_done(&w);
}

TEST(an_upload_of_megabytes_arrives)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, true));
  asked_init(&a);
  a.upload = 3000000;
  CHECK_INT(sl_h2_submit(w.h2, &a.x, get, GET_N, true, 0), SL_OK);
  CHECK_INT(talk(&w, 200), SL_OK);
  CHECK_INT(w.uploaded, 3000000);
  CHECK(a.x.ended);
  asked_done(&a);
  world_done(&w);
}

TEST(an_upload_that_pauses_goes_on_when_resumed)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, true));
  asked_init(&a);
  a.upload = 5000;
  a.upload_part = 2000;
  CHECK_INT(sl_h2_submit(w.h2, &a.x, get, GET_N, true, 0), SL_OK);
  CHECK_INT(talk(&w, 4), SL_OK);
  CHECK_INT(w.uploaded, 2000);
  CHECK(a.x.deferred);
  a.upload_part = 0;
  CHECK_INT(talk(&w, 4), SL_OK);
  CHECK_INT(w.uploaded, 2000);
  sl_h2_resume(&a.x);
  CHECK(sl_h2_wants_flush(w.h2));
  CHECK_INT(talk(&w, 4), SL_OK);
  CHECK_INT(w.uploaded, 5000);
  CHECK(a.x.ended);
  asked_done(&a);
  world_done(&w);
}

TEST(trailers_follow_an_upload)
{
  for (size_t n = 0; n < 200000; n += 100000) { /* an empty body may have some, too */
    struct world w;
    struct asked a;
    REQUIRE(world_init(&w, true));
    asked_init(&a);
    a.upload = n;
    a.sums = true;
    CHECK_INT(sl_h2_submit(w.h2, &a.x, get, GET_N, true, 0), SL_OK);
    CHECK_INT(talk(&w, 20), SL_OK);
    CHECK_INT(w.uploaded, n);
    CHECK_INT(w.requests, 1);
    CHECK_STR(w.order, ":method :path :scheme :authority user-agent x-sum ");
    CHECK(a.x.ended);
    asked_done(&a);
    world_done(&w);
  }
}

TEST(what_the_socket_does_not_take_is_kept_and_waited_for)
{
  struct world w;
  struct asked a;
  bool more;
  REQUIRE(world_init(&w, true));
  asked_init(&a);
  a.upload = 300000;
  w.pipe.write_room = 100;
  CHECK_INT(sl_h2_submit(w.h2, &a.x, get, GET_N, true, 0), SL_OK);
  CHECK_INT(sl_h2_flush(w.h2, w.scratch, CAP, &more), SL_WAIT);
  CHECK(!more);
  CHECK_INT(w.pipe.s.want, WATCH_OUT);
  for (int i = 0; i < 1000 && !a.x.ended; i++) {
    w.pipe.write_room = 1000;
    CHECK_INT(talk(&w, 1), SL_OK);
  }
  CHECK_INT(w.uploaded, 300000);
  asked_done(&a);
  world_done(&w);
}

/* The first window, then the large one; an exchange that takes nothing gets no more than its window. */
TEST(the_window_is_the_limit_of_what_is_not_taken)
{
  struct world w;
  struct asked slow, held;
  REQUIRE(world_init(&w, true));
  w.body_size = 20 * 1024 * 1024;
  CHECK_INT(ask(&w, &slow, false), SL_OK);
  slow.hold = true;
  slow.x.window = H2_FIRST_WINDOW;
  CHECK_INT(ask(&w, &held, false), SL_OK);
  held.hold = true;
  CHECK_INT(talk(&w, 50), SL_OK);
  CHECK_INT(slow.body.n, H2_FIRST_WINDOW);
  CHECK_INT(held.body.n, H2_WINDOW);
  slow.hold = held.hold = false;
  sl_h2_consume(&slow.x, slow.body.n);
  sl_h2_consume(&held.x, held.body.n);
  CHECK_INT(talk(&w, 1000), SL_OK);
  CHECK_INT(slow.body.n, w.body_size);
  CHECK_INT(held.body.n, w.body_size);
  asked_done(&slow);
  asked_done(&held);
  world_done(&w);
}

TEST(detaching_resets_the_stream_and_nothing_follows)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, true));
  w.silent = true;
  CHECK_INT(ask(&w, &a, false), SL_OK);
  CHECK_INT(talk(&w, 2), SL_OK);
  respond(&w, a.x.id);
  sl_h2_detach(&a.x, H2_CANCEL);
  CHECK_INT(talk(&w, 2), SL_OK);
  CHECK_INT(w.resets, 1);
  CHECK_INT(w.reset_code, H2_CANCEL);
  CHECK_INT(a.ended, 0);
  CHECK(!a.head.n);
  CHECK_INT(sl_h2_room(w.h2), 100);
  asked_done(&a);
  world_done(&w);
}

TEST(a_request_that_was_never_sent_is_taken_back)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, true));
  CHECK_INT(ask(&w, &a, false), SL_OK);
  sl_h2_detach(&a.x, H2_CANCEL);
  CHECK_INT(talk(&w, 2), SL_OK);
  CHECK_INT(w.requests, 0);
  CHECK_INT(a.ended, 0);
  asked_done(&a);
  world_done(&w);
}

TEST(goaway_refuses_the_later_ones)
{
  struct world w;
  struct asked a, b;
  REQUIRE(world_init(&w, true));
  w.silent = true;
  CHECK_INT(ask(&w, &a, false), SL_OK);
  CHECK_INT(ask(&w, &b, false), SL_OK);
  CHECK_INT(talk(&w, 2), SL_OK);
  nghttp2_submit_goaway(w.server, 0, a.x.id, NGHTTP2_NO_ERROR, NULL, 0);
  CHECK_INT(talk(&w, 2), SL_OK);
  CHECK(!a.x.closed);
  CHECK(b.x.closed && !b.x.ended);
  CHECK_INT(b.x.error, H2_REFUSED_STREAM);
  CHECK_INT(sl_h2_room(w.h2), 0);
  respond(&w, a.x.id);
  CHECK_INT(talk(&w, 2), SL_OK);
  CHECK(a.x.ended);
  CHECK(sl_h2_is_over(w.h2));
  asked_done(&a);
  asked_done(&b);
  world_done(&w);
}

TEST(the_peer_limits_the_number_of_exchanges)
{
  struct world w;
  nghttp2_settings_entry iv = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 3};
  REQUIRE(world_init(&w, true));
  nghttp2_submit_settings(w.server, 0, &iv, 1);
  CHECK_INT(talk(&w, 2), SL_OK);
  CHECK_INT(sl_h2_room(w.h2), 3);
  world_done(&w);
}

TEST(a_ping_is_answered_and_a_reset_is_told)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, true));
  w.silent = true;
  CHECK_INT(ask(&w, &a, false), SL_OK);
  CHECK_INT(talk(&w, 2), SL_OK);
  nghttp2_submit_rst_stream(w.server, 0, a.x.id, NGHTTP2_HTTP_1_1_REQUIRED);
  CHECK_INT(talk(&w, 2), SL_OK);
  CHECK(a.x.closed && !a.x.ended);
  CHECK_INT(a.x.error, H2_HTTP_1_1_REQUIRED);
  CHECK_STR(sl_h2_code_name(a.x.error), "HTTP_1_1_REQUIRED");
  asked_done(&a);
  world_done(&w);
}

TEST(a_promise_is_taken_or_refused)
{
  for (int take = 0; take < 2; take++) {
    struct world w;
    struct asked a, b;
    nghttp2_nv nv[] = {NV(":method", "GET"), NV(":path", "/pushed"), NV(":scheme", "https"),
                       NV(":authority", "example.test")};
    REQUIRE(world_init(&w, true));
    asked_init(&b);
    promised = take ? &b : NULL;
    w.silent = true;
    w.body_size = 4;
    CHECK_INT(ask(&w, &a, false), SL_OK);
    CHECK_INT(talk(&w, 2), SL_OK);
    int32_t id = nghttp2_submit_push_promise(w.server, 0, a.x.id, nv, 4, NULL);
    respond(&w, id);
    CHECK_INT(talk(&w, 3), SL_OK);
    CHECK_STR(promised_path, "/pushed");
    CHECK_INT(w.resets, take ? 0 : 1);
    if (take) {
      CHECK_STR(b.body.p, "dddd");
      CHECK(b.x.ended);
    } else {
      CHECK_INT(w.reset_code, H2_REFUSED_STREAM);
    }
    asked_done(&a);
    asked_done(&b);
    world_done(&w);
  }
}

TEST(after_an_upgrade_stream_1_has_the_answer)
{
  struct world w;
  struct asked a;
  uint8_t payload[H2_SETTINGS_MAX];
  struct h2_config config = {&ops, 100, false};
  REQUIRE(world_init(&w, true));
  size_t n = sl_h2_settings(&config, payload);
  CHECK_MEM(payload, "\0\3\0\0\0\144\0\4\0\1\0\0\0\2\0\0\0\0", n);
  CHECK_INT(n, 18);
  CHECK_INT(nghttp2_session_upgrade2(w.server, payload, n, 0, NULL), 0);
  asked_init(&a);
  CHECK_INT(sl_h2_upgrade(w.h2, false, &a.x), SL_OK);
  a.hold = true;
  w.body_size = 3 * H2_FIRST_WINDOW; /* more than was announced: the window is opened without delay */
  respond(&w, 1);
  CHECK_INT(talk(&w, 5), SL_OK);
  CHECK_INT(a.body.n, w.body_size);
  CHECK(a.x.ended);
  asked_done(&a);
  world_done(&w);
}

/* ---- with a hostile one: frames by hand ---- */

static void frame(struct world *w, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t n)
{
  uint8_t head[9] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)type, (uint8_t)flags,
                     (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
  sl_buf_append(&w->pipe.from_peer, head, sizeof head);
  sl_buf_append(&w->pipe.from_peer, payload, n);
}

static struct asked hostile;

static bool hostile_init(struct world *w)
{
  bool ok = world_init(w, false) && !ask(w, &hostile, false) && !client_turn(w);
  frame(w, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
  return ok && !client_turn(w);
}

static void hostile_done(struct world *w)
{
  asked_done(&hostile);
  world_done(w);
}

/* Until the session is over; how much of ours was sent in return? */
static size_t flood(struct world *w, unsigned type, const void *payload, size_t n, int frames)
{
  for (int i = 0; i < frames && !sl_h2_is_over(w->h2); i++) {
    frame(w, type, 0, 0, payload, n);
    if (client_turn(w))
      break;
    sl_buf_clear(&w->pipe.to_peer);
  }
  return w->pipe.to_peer.n;
}

TEST(pings_and_settings_without_end_are_too_many)
{
  struct world w;
  REQUIRE(hostile_init(&w));
  flood(&w, NGHTTP2_PING, "12345678", 8, 2 * H2_MAX_IDLE_FRAMES);
  CHECK(sl_h2_is_over(w.h2));
  CHECK_STR(sl_h2_error(w.h2), "Too many frames that carry nothing");
  hostile_done(&w);
  REQUIRE(hostile_init(&w));
  flood(&w, NGHTTP2_SETTINGS, NULL, 0, 2 * H2_MAX_IDLE_FRAMES);
  CHECK(sl_h2_is_over(w.h2));
  hostile_done(&w);
}

/* The answers are not taken by the peer: they must not pile up. */
TEST(answers_that_nobody_reads_are_bounded)
{
  struct world w;
  sl_result rc = SL_OK;
  REQUIRE(hostile_init(&w));
  w.pipe.write_room = 0;
  for (int i = 0; i < 5000; i++)
    frame(&w, NGHTTP2_PING, 0, 0, "12345678", 8);
  rc = client_turn(&w);
  CHECK_INT(rc, CURLE_HTTP2);
  CHECK(sl_h2_is_over(w.h2));
  hostile_done(&w);
}

TEST(lesson_19_a_head_without_end_is_refused)
{
  struct world w;
  uint8_t block[16000], *p = block + 1;
  REQUIRE(hostile_init(&w));
  /* Literal fields without indexing: 0x00, name length, name, value length (7-bit prefix, 127 and more follow). */
  memset(block, 'a', sizeof block);
  block[0] = 0x88; /* :status 200 */
  while (p + 110 < block + sizeof block) {
    *p++ = 0;
    *p++ = 4;
    p += 4;
    *p++ = 100;
    p += 100;
  }
  size_t n = (size_t)(p - block);
  frame(&w, NGHTTP2_HEADERS, 0, 1, block, n);
  sl_result rc = client_turn(&w);
  for (int i = 0; i < 200 && !rc && !hostile.x.closed && !sl_h2_is_over(w.h2); i++) {
    frame(&w, NGHTTP2_CONTINUATION, 0, 1, block + 1, n - 1);
    rc = client_turn(&w);
  }
  CHECK(rc == CURLE_HTTP2 || hostile.x.closed || sl_h2_is_over(w.h2));
  CHECK(hostile.head.n < 2 * H2_MAX_HEAD);
  hostile_done(&w);
}

/* One entry of the dynamic table, referred to thousands of times: small on the wire. */
TEST(a_head_that_is_a_bomb_ends_its_stream_alone)
{
  struct world w;
  uint8_t block[16384];
  REQUIRE(hostile_init(&w));
  block[0] = 0x88;
  block[1] = 0x40; /* literal with incremental indexing, new name */
  block[2] = 1;
  block[3] = 'b';
  block[4] = 0x7f; /* 127 + 2873 */
  block[5] = 0xb9;
  block[6] = 0x16;
  memset(block + 7, 'v', 3000);
  memset(block + 3007, 0xbe, 1000); /* index 62, again and again: 3 MB */
  frame(&w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, block, 4007);
  CHECK_INT(client_turn(&w), SL_OK);
  CHECK(hostile.x.closed && hostile.x.too_large && !hostile.x.final);
  CHECK(hostile.head.n < 2 * H2_MAX_HEAD);
  CHECK(!sl_h2_is_over(w.h2));
  hostile_done(&w);
}

TEST(more_data_than_the_window_ends_the_session)
{
  struct world w;
  char data[16384];
  uint8_t ok = 0x88;
  REQUIRE(hostile_init(&w));
  hostile.hold = true;
  hostile.x.window = H2_FIRST_WINDOW;
  memset(data, 'x', sizeof data);
  frame(&w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, &ok, 1);
  for (int i = 0; i < 20 && !hostile.x.closed && !sl_h2_is_over(w.h2); i++) {
    frame(&w, NGHTTP2_DATA, 0, 1, data, sizeof data);
    CHECK_INT(client_turn(&w), SL_OK);
  }
  CHECK(hostile.x.closed || sl_h2_is_over(w.h2));
  CHECK(hostile.body.n <= H2_FIRST_WINDOW);
  hostile_done(&w);
}

TEST(lesson_20_empty_data_frames_are_counted)
{
  struct world w;
  uint8_t ok = 0x88;
  sl_result rc = SL_OK;
  REQUIRE(hostile_init(&w));
  frame(&w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, &ok, 1);
  for (int i = 0; i < 2 * H2_MAX_IDLE_FRAMES && !rc; i++) {
    frame(&w, NGHTTP2_DATA, 0, 1, NULL, 0);
    rc = client_turn(&w);
  }
  CHECK_INT(rc, CURLE_HTTP2);
  hostile_done(&w);
}

/* Padding brings nothing, and frames that nghttp2 passes over are seen by nobody but the count of their bytes. */
TEST(lesson_20_what_belongs_to_nobody_is_counted)
{
  static char block[16384];
  struct world w;
  uint8_t ok = 0x88;
  sl_result rc = SL_OK;
  REQUIRE(hostile_init(&w));
  frame(&w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, &ok, 1);
  block[0] = 3;
  for (int i = 0; i < 2 * H2_MAX_IDLE_FRAMES && !rc; i++) {
    frame(&w, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, block, 4);
    rc = client_turn(&w);
  }
  CHECK_INT(rc, CURLE_HTTP2);
  CHECK_STR(sl_h2_error(w.h2), "Too many frames that carry nothing");
  hostile_done(&w);
  for (int unknown = 0; unknown < 2; unknown++) {
    REQUIRE(hostile_init(&w));
    frame(&w, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, &ok, 1);
    rc = SL_OK;
    size_t n = 0;
    for (; n < 2 * (size_t)H2_MAX_IDLE_BYTES && !rc; n += sizeof block) {
      frame(&w, unknown ? 0xee : NGHTTP2_DATA, 0, 1, block, sizeof block);
      rc = client_turn(&w);
    }
    CHECK_INT(rc, CURLE_HTTP2);
    CHECK(n > H2_MAX_IDLE_BYTES / 2);
    CHECK_STR(sl_h2_error(w.h2), "Too many bytes that belong to nobody");
    hostile_done(&w);
  }
}

/* Without :authority: nghttp2 gives it up in silence. What was kept of it must go (seen by the leak checker). */
TEST(promises_that_are_malformed_leave_nothing)
{
  struct world w;
  uint8_t block[] = {0, 0, 0, 2, 0x82, 0x84, 0x87, 0, 1, 'x', 3, 'a', 'b', 'c'};
  REQUIRE(hostile_init(&w));
  for (int i = 0; i < 10; i++) {
    block[3] = (uint8_t)(2 + 2 * i);
    frame(&w, NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, block, sizeof block);
    CHECK_INT(client_turn(&w), SL_OK);
  }
  CHECK(!hostile.x.closed);
  hostile_done(&w);
}

TEST(what_breaks_the_protocol_is_said)
{
  struct world w;
  REQUIRE(hostile_init(&w));
  frame(&w, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, NULL, 0);
  frame(&w, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, NULL, 0);
  CHECK_INT(client_turn(&w), SL_OK);
  CHECK(sl_h2_is_over(w.h2));
  CHECK_STR(sl_h2_error(w.h2), "Protocol error");
  hostile_done(&w);
}

TEST(what_is_not_http2_is_an_error)
{
  struct world w;
  struct asked a;
  REQUIRE(world_init(&w, false));
  CHECK_INT(ask(&w, &a, false), SL_OK);
  sl_buf_str(&w.pipe.from_peer, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  CHECK(client_turn(&w) == CURLE_HTTP2 || sl_h2_is_over(w.h2));
  asked_done(&a);
  world_done(&w);
}

TEST(the_end_of_the_stream_is_told)
{
  struct world w;
  REQUIRE(hostile_init(&w));
  w.pipe.closed = true;
  CHECK_INT(client_turn(&w), SL_OK);
  CHECK(sl_h2_eof(w.h2) && sl_h2_is_over(w.h2));
  hostile_done(&w);
}

/* ---- memory ---- */

static sl_result whole_talk(void)
{
  struct world w;
  struct asked a;
  sl_result rc = SL_NOMEM;
  if (world_init(&w, true)) {
    w.body_size = 100000;
    rc = ask(&w, &a, true);
    a.upload = 100;
    a.sums = true;
    if (!rc)
      rc = talk(&w, 20);
    if (!rc && !(a.x.ended && a.body.n == 100000))
      rc = SL_NOMEM; /* a stream that nghttp2 gave up, or the test's own buffer */
    asked_done(&a);
  }
  world_done(&w);
  return rc;
}

TEST(every_failing_allocation)
{
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n) {
    last = whole_talk();
    CHECK(last == SL_OK || last == SL_NOMEM || last == CURLE_HTTP2);
  }
  CHECK_INT(last, SL_OK);
}
