/* wire/mqtt.c: packets in pieces of every size, what is malformed, and what is written. */
#include "wire/mqtt.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

/* Type and remaining length of all packets, fed in pieces: "2:2 3:130 "; "bad" at the end for an error. What a PUBLISH
 * carries is skipped. */
static const char *packets(const char *bytes, size_t n, size_t piece)
{
  static char out[200];
  struct mqtt_packet p;
  size_t have = 0, at = 0, len = 0;
  sl_mqtt_packet_init(&p);
  out[0] = 0;
  for (;;) {
    struct slice in = slice_of(bytes + at, have - at);
    enum sl_parse parsed = sl_mqtt_packet_read(&p, &in);
    if (parsed == SL_PARSE_DONE && p.left) {
      struct slice data = slice_head(in, p.left);
      p.left -= (uint32_t)data.n;
      in = slice_from(in, data.n);
    }
    at = (size_t)(in.p - bytes);
    if (parsed == SL_PARSE_BAD) {
      snprintf(out + len, sizeof out - len, "bad");
      CHECK(p.error != NULL);
      break;
    }
    if (parsed == SL_PARSE_DONE && !p.left) {
      len += (size_t)snprintf(out + len, sizeof out - len, "%u:%u ", p.type, p.length);
      sl_mqtt_packet_init(&p);
      continue;
    }
    if (have == n)
      break;
    have = have + piece < n ? have + piece : n;
  }
  return out;
}

static void check_packets(const char *bytes, size_t n, const char *want)
{
  for (size_t piece = 1; piece <= n; piece++)
    if (!CHECK_STR(packets(bytes, n, piece), want))
      return;
}
#define PACKETS(bytes, want) check_packets(bytes, sizeof(bytes) - 1, want)

TEST(packets_one_after_the_other)
{
  PACKETS("\x20\x02\0\0", "2:2 ");
  PACKETS("\x20\x02\0\0\x90\x03\0\1\0\x30\x05\0\1abb\xd0\0\xe0\0", "2:2 9:3 3:5 13:0 14:0 ");
  PACKETS("\x30\x02\0\0\x3d\x05\0\1a\0\1\x33\x03\0\1a", "3:2 3:5 3:3 "); /* any flags but QoS 3 */
  PACKETS("\x20\x02\0", "");
  PACKETS("\x90", "");
  PACKETS("", "");
}

TEST(lengths_of_one_to_four_bytes)
{
  static const uint32_t lengths[] = {2, 127, 128, 16383, 16384, 2097151, 2097152};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    char *bytes = calloc(1, lengths[i] + 10), want[40];
    struct buf head;
    sl_buf_init(&head, MQTT_HEAD_MAX + 2);
    CHECK(sl_mqtt_publish(&head, SLICE_NONE, lengths[i] - 2));
    memcpy(bytes, head.p, head.n);
    snprintf(want, sizeof want, "3:%u ", lengths[i]);
    size_t n = lengths[i] + head.n - 2;
    for (size_t piece = 1; piece < 9; piece++)
      CHECK_STR(packets(bytes, n, piece), want);
    CHECK_STR(packets(bytes, n, n), want);
    CHECK_STR(packets(bytes, n - 1, n), "");
    sl_buf_done(&head);
    free(bytes);
  }
  PACKETS("\x30\x82\x80\x80\0\0\0", "3:2 "); /* longer than need be: nothing is said against that */
}

TEST(the_largest_length)
{
  struct mqtt_packet p;
  struct slice in = SLICE_LIT("\x30\xff\xff\xff\x7fx");
  sl_mqtt_packet_init(&p);
  CHECK_INT(sl_mqtt_packet_read(&p, &in), SL_PARSE_DONE);
  CHECK_INT(p.left, MQTT_REMAINING_MAX);
  CHECK_INT(in.n, 1);
}

TEST(what_is_malformed)
{
  PACKETS("\x30\xff\xff\xff\x80", "bad"); /* there is no fifth byte */
  PACKETS("\x20\x03\0\0\0", "bad");
  PACKETS("\x20\x01\0", "bad");
  PACKETS("\x21\x02\0\0", "bad");
  PACKETS("\x90\x02\0\1", "bad");
  PACKETS("\x90\x04\0\1\0\0", "bad");
  PACKETS("\x92\x03\0\1\0", "bad");
  PACKETS("\xd0\x02\0\0", "bad");
  PACKETS("\xe0\x02\0\0", "bad");
  PACKETS("\x30\x01\0", "bad");
  PACKETS("\x30\0", "bad");
  PACKETS("\x36\x05\0\1a\0\1", "bad"); /* QoS 3 */
  PACKETS("\0\0", "bad");
  PACKETS("\xf0\0", "bad");
}

TEST(what_no_server_sends)
{
  static const unsigned types[] = {0, 1, 4, 5, 6, 7, 8, 10, 11, 12, 15};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    char packet[2] = {(char)(types[i] << 4), 0};
    check_packets(packet, 2, "bad");
  }
}

static struct buf out;

static void clear(void)
{
  sl_buf_done(&out);
  sl_buf_init(&out, 5 * 65536);
}

static void check_out(const char *want, size_t n)
{
  CHECK_INT(out.n, n);
  CHECK_MEM(out.p, want, n);
  clear();
}
#define OUT(want) check_out(want, sizeof(want) - 1)

TEST(what_is_written)
{
  clear();
  CHECK(sl_mqtt_connect(&out, "curlabcd", NULL, NULL));
  OUT("\x10\x14\0\4MQTT\4\2\0\x3c\0\x08" "curlabcd");
  CHECK(sl_mqtt_connect(&out, "c", "user", "secret"));
  OUT("\x10\x1b\0\4MQTT\4\xc2\0\x3c\0\1c\0\4user\0\6secret");
  CHECK(sl_mqtt_connect(&out, "c", "user", ""));
  OUT("\x10\x13\0\4MQTT\4\x82\0\x3c\0\1c\0\4user");
  CHECK(sl_mqtt_connect(&out, "c", "", "secret"));
  OUT("\x10\x15\0\4MQTT\4\x42\0\x3c\0\1c\0\6secret");
  CHECK(sl_mqtt_subscribe(&out, 258, SLICE_LIT("a/b")));
  OUT("\x82\x08\1\2\0\3a/b\0");
  CHECK(sl_mqtt_publish(&out, SLICE_LIT("a/b"), 0));
  OUT("\x30\x05\0\3a/b");
  CHECK(sl_mqtt_publish(&out, SLICE_LIT("a"), 200));
  OUT("\x30\xcb\1\0\1a");
  sl_mqtt_empty(&out, MQTT_PINGREQ);
  sl_mqtt_empty(&out, MQTT_DISCONNECT);
  OUT("\xc0\0\xe0\0");
  sl_buf_done(&out);
}

TEST(what_is_too_long_is_not_written)
{
  static char text[MQTT_TEXT_MAX + 2];
  memset(text, 'a', MQTT_TEXT_MAX + 1);
  struct slice topic = slice_of(text, MQTT_TEXT_MAX + 1);
  clear();
  CHECK(!sl_mqtt_connect(&out, "c", text, "secret"));
  CHECK(!sl_mqtt_connect(&out, "c", "user", text));
  CHECK(!sl_mqtt_connect(&out, text, NULL, NULL));
  CHECK(!sl_mqtt_subscribe(&out, 1, topic));
  CHECK(!sl_mqtt_publish(&out, topic, 1));
  CHECK(!sl_mqtt_publish(&out, SLICE_LIT("a"), MQTT_REMAINING_MAX - 2));
  CHECK(!sl_mqtt_publish(&out, SLICE_LIT("a"), INT64_MAX));
  CHECK(!sl_mqtt_publish(&out, SLICE_LIT("a"), -1));
  CHECK_INT(out.n, 0);
  CHECK(sl_mqtt_publish(&out, SLICE_LIT("a"), MQTT_REMAINING_MAX - 3));
  OUT("\x30\xff\xff\xff\x7f\0\1a");
  text[MQTT_TEXT_MAX] = 0;
  CHECK(sl_mqtt_connect(&out, text, text, text));
  CHECK_INT(out.n, 1 + 3 + 10 + 3 * (2 + MQTT_TEXT_MAX));
  sl_buf_done(&out);
}
