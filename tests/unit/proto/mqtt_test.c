/* proto/mqtt.c: whole conversations, with the server's bytes in pieces of every size and with every n-th allocation
 * failing. What the driver would do is said in brackets. */
#include "proto/mqtt.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"

struct world {
  struct mqtt f;
  struct buf out, log; /* log: what is said and asked for, bytes that are no letters as hex */
};

static void world_init(struct world *w, const char *topic, int64_t payload_n)
{
  memset(w, 0, sizeof *w);
  sl_buf_init(&w->out, MQTT_OUT_MAX);
  sl_buf_init(&w->log, 10000);
  w->f = (struct mqtt){.client_id = "me", .topic = slice_str(topic), .payload_n = payload_n, .out = &w->out};
}

static void world_done(struct world *w)
{
  sl_buf_done(&w->out);
  sl_buf_done(&w->log);
}

static void note(struct buf *log, struct slice bytes)
{
  for (size_t i = 0; i < bytes.n; i++) {
    char c = bytes.p[i];
    if (c >= 'a' && c <= 'z')
      sl_buf_char(log, c);
    else
      sl_buf_printf(log, "%02X", (unsigned char)c);
  }
}

/* A packet is told of when it has begun; its data are one word, however they were cut. */
static void perform(struct world *w)
{
  static const char *const names[] = {"", "[got", "", "[payload]"};
  struct mqtt *f = &w->f;
  sl_buf_str(&w->log, names[f->request]);
  if (f->request == MQTT_GOT)
    sl_buf_printf(&w->log, " %u:%u]", f->packet.type, f->packet.length);
  if (f->request == MQTT_DELIVER)
    note(&w->log, f->data);
  f->request = MQTT_NOTHING;
}

static sl_result converse(struct world *w, struct slice bytes, size_t piece)
{
  struct mqtt *f = &w->f;
  sl_result rc;
  for (unsigned turns = 0; (rc = sl_mqtt_run(f)) == SL_WAIT; turns++) {
    if (turns > 100000)
      return SL_BROKEN;
    rc = sl_buf_result(&w->out, CURLE_TOO_LARGE);
    if (rc)
      return rc;
    note(&w->log, sl_buf_peek(&w->out));
    sl_buf_clear(&w->out);
    if (f->request) {
      perform(w);
      continue;
    }
    CHECK_INT(f->in.n, 0);
    if (!bytes.n)
      return sl_mqtt_closed(f);
    f->in = slice_head(bytes, piece);
    bytes = slice_from(bytes, f->in.n);
  }
  if (!rc)
    rc = sl_buf_result(&w->out, CURLE_TOO_LARGE);
  note(&w->log, sl_buf_peek(&w->out));
  return rc;
}

/* With the server's bytes in pieces of every size. */
static void check_talk(const char *topic, int64_t payload_n, int64_t max_size, struct slice bytes, sl_result want,
                       const char *log)
{
  struct world w;
  for (size_t piece = 1; piece <= bytes.n + 1; piece++) {
    world_init(&w, topic, payload_n);
    w.f.max_size = max_size;
    bool good = CHECK_INT(converse(&w, bytes, piece), want) & CHECK_STR(w.log.p, log);
    good &= CHECK(!want == !w.f.why);
    world_done(&w);
    if (!good)
      return;
  }
}
#define TALK(topic, payload, bytes, want, log) check_talk(topic, payload, 0, SLICE_LIT(bytes), want, log)

#define CONNECT "100E00044D5154540402003C0002me"
#define ACCEPTED "\x20\x02\0\0"
#define GRANTED "\x90\x03\0\1\0"

TEST(a_subscription)
{
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED GRANTED "\x30\x05\0\1axy\xd0\0\x30\x03\0\1a\xe0\0", SL_OK,
       CONNECT "[got 2:2]8206000100" "01a00[got 9:3][got 3:5]0001axy[got 13:0][got 3:3]0001a[got 14:0]");
}

TEST(a_message_before_the_subscription_is_acknowledged)
{
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x30\x05\0\1axy" GRANTED "\xe0\0", SL_OK,
       CONNECT "[got 2:2]820600010001a00[got 3:5]0001axy[got 9:3][got 14:0]");
}

TEST(something_published)
{
  TALK("a", 5, ACCEPTED, SL_OK, CONNECT "[got 2:2]30080001a[payload]E000");
  TALK("a", 0, ACCEPTED, SL_OK, CONNECT "[got 2:2]30030001a[payload]E000");
}

TEST(what_cannot_be_asked_for)
{
  static char topic[MQTT_TEXT_MAX + 2];
  memset(topic, 'a', MQTT_TEXT_MAX + 1);
  TALK("", MQTT_SUBSCRIBES, ACCEPTED, CURLE_URL_MALFORMAT, CONNECT "[got 2:2]");
  TALK("", 3, ACCEPTED, CURLE_URL_MALFORMAT, CONNECT "[got 2:2]");
  TALK(topic, MQTT_SUBSCRIBES, ACCEPTED, CURLE_URL_MALFORMAT, CONNECT "[got 2:2]");
  TALK("a", MQTT_NO_PAYLOAD, ACCEPTED, CURLE_BAD_FUNCTION_ARGUMENT, CONNECT "[got 2:2]");
  TALK("a", MQTT_REMAINING_MAX, ACCEPTED, CURLE_TOO_LARGE, CONNECT "[got 2:2]");
}

TEST(too_long_a_login)
{
  static char text[MQTT_TEXT_MAX + 2];
  struct world w;
  memset(text, 'a', MQTT_TEXT_MAX + 1);
  world_init(&w, "a", 1);
  w.f.user = text;
  CHECK_INT(sl_mqtt_run(&w.f), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(w.out.n, 0);
  world_done(&w);
}

TEST(connections_refused)
{
  struct world w;
  for (int code = 1; code < 256; code++) {
    char bytes[4] = {0x20, 2, 0, (char)code};
    world_init(&w, "a", 1);
    CHECK_INT(converse(&w, slice_of(bytes, 4), 4), CURLE_WEIRD_SERVER_REPLY);
    CHECK(!strncmp(w.f.why, "connection refused", 18));
    world_done(&w);
  }
  TALK("a", 1, "\x20\x02\1\0", CURLE_WEIRD_SERVER_REPLY, CONNECT "[got 2:2]");
  TALK("a", 1, "\xd0\0", CURLE_WEIRD_SERVER_REPLY, CONNECT "[got 13:0]");
  TALK("a", 1, "\xe0\0", CURLE_WEIRD_SERVER_REPLY, CONNECT "[got 14:0]");
  TALK("a", 1, "\x20\x03\0\0\0", CURLE_WEIRD_SERVER_REPLY, CONNECT);
  TALK("a", 1, "\x30\x02\0\0", CURLE_WEIRD_SERVER_REPLY, CONNECT "[got 3:2]");
}

#define SUBSCRIBED CONNECT "[got 2:2]820600010001a00"

TEST(subscriptions_refused)
{
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x90\x03\0\1\x80", CURLE_WEIRD_SERVER_REPLY, SUBSCRIBED "[got 9:3]");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x90\x03\0\1\3", CURLE_WEIRD_SERVER_REPLY, SUBSCRIBED "[got 9:3]");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x90\x03\0\2\0", CURLE_WEIRD_SERVER_REPLY, SUBSCRIBED "[got 9:3]");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x90\x03\1\1\0", CURLE_WEIRD_SERVER_REPLY, SUBSCRIBED "[got 9:3]");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED ACCEPTED, CURLE_WEIRD_SERVER_REPLY, SUBSCRIBED "[got 2:2]");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x30\xff\xff\xff\x80", CURLE_WEIRD_SERVER_REPLY, SUBSCRIBED);
}

TEST(a_server_that_closes)
{
  TALK("a", 1, "", CURLE_RECV_ERROR, CONNECT);
  TALK("a", 1, "\x20\x02\0", CURLE_RECV_ERROR, CONNECT);
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED GRANTED, CURLE_RECV_ERROR, SUBSCRIBED "[got 9:3]");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x30", CURLE_RECV_ERROR, SUBSCRIBED);
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x30\x03", CURLE_PARTIAL_FILE, SUBSCRIBED "[got 3:3]");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x30\x03\0\1", CURLE_PARTIAL_FILE, SUBSCRIBED "[got 3:3]0001");
  TALK("a", MQTT_SUBSCRIBES, ACCEPTED "\x30\x03\0\1a", CURLE_RECV_ERROR, SUBSCRIBED "[got 3:3]0001a");
}

TEST(a_message_that_is_larger_than_allowed)
{
  struct slice bytes = SLICE_LIT(ACCEPTED "\x30\x05\0\1axy\xe0\0");
  check_talk("a", MQTT_SUBSCRIBES, 4, bytes, CURLE_FILESIZE_EXCEEDED, SUBSCRIBED "[got 3:5]");
  check_talk("a", MQTT_SUBSCRIBES, 5, bytes, SL_OK, SUBSCRIBED "[got 3:5]0001axy[got 14:0]");
}

TEST(without_memory)
{
  struct slice bytes = SLICE_LIT(ACCEPTED GRANTED "\x30\x05\0\1axy\xe0\0");
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n) {
    struct world w;
    world_init(&w, "a", MQTT_SUBSCRIBES);
    last = converse(&w, bytes, 3);
    CHECK(last == SL_OK || last == SL_NOMEM);
    world_done(&w);
  }
  CHECK_INT(last, SL_OK);
}
