/* MQTT control packets; see mqtt.h. */
#include "wire/mqtt.h"

/* ---- reading ---- */

void sl_mqtt_packet_init(struct mqtt_packet *p)
{
  *p = (struct mqtt_packet){.n = 0};
}

static enum sl_parse bad(struct mqtt_packet *p, const char *why)
{
  p->error = why;
  return SL_PARSE_BAD;
}

/* Lengths are fixed but for PUBLISH, which has a topic's length at least; a SUBACK is for one topic. Flags are zero
 * where they mean nothing (2.2.2). */
static enum sl_parse check_head(struct mqtt_packet *p)
{
  static const int8_t lengths[16] = {[MQTT_CONNACK] = 2, [MQTT_SUBACK] = 3};
  unsigned flags = p->bytes[0] & 15;
  p->type = p->bytes[0] >> 4;
  switch (p->type) {
  case MQTT_PUBLISH:
    return p->length < 2 || (flags & 6) == 6 ? bad(p, "a malformed PUBLISH") : SL_PARSE_DONE;
  case MQTT_CONNACK:
  case MQTT_SUBACK:
  case MQTT_PINGRESP:
  case MQTT_DISCONNECT:
    if (flags || p->length != (uint32_t)lengths[p->type])
      return bad(p, "a malformed packet");
    return SL_PARSE_DONE;
  default:
    return bad(p, "a packet that no server sends");
  }
}

static void take_byte(struct mqtt_packet *p, struct slice *in)
{
  p->bytes[p->n++] = (uint8_t)*in->p;
  *in = slice_from(*in, 1);
}

/* 2.2.3: seven bits a byte, the lowest first. */
static enum sl_parse read_head(struct mqtt_packet *p, struct slice *in)
{
  while (in->n) {
    take_byte(p, in);
    if (p->n == 1)
      continue;
    unsigned byte = p->bytes[p->n - 1];
    p->length |= (byte & 127) << 7 * (p->n - 2);
    if (!(byte & 128)) {
      p->head_n = p->n;
      p->left = p->length;
      return check_head(p);
    }
    if (p->n == MQTT_HEAD_MAX)
      return bad(p, "a packet whose length has no end");
  }
  return SL_PARSE_MORE;
}

enum sl_parse sl_mqtt_packet_read(struct mqtt_packet *p, struct slice *in)
{
  enum sl_parse rc = p->head_n ? SL_PARSE_DONE : read_head(p, in);
  if (rc || p->type == MQTT_PUBLISH)
    return rc;
  for (; p->left && in->n; p->left--)
    take_byte(p, in);
  return p->left ? SL_PARSE_MORE : SL_PARSE_DONE;
}

/* ---- writing ---- */

static void add_u16(struct buf *out, size_t value)
{
  char two[2] = {(char)(value >> 8), (char)value};
  sl_buf_append(out, two, sizeof two);
}

static void add_text(struct buf *out, struct slice text)
{
  add_u16(out, text.n);
  sl_buf_add(out, text);
}

static bool add_head(struct buf *out, enum mqtt_type type, unsigned flags, uint64_t length)
{
  if (length > MQTT_REMAINING_MAX)
    return false;
  sl_buf_char(out, (char)(type << 4 | flags));
  do {
    sl_buf_char(out, (char)((length & 127) | (length > 127 ? 128 : 0)));
    length >>= 7;
  } while (length);
  return true;
}

/* 3.1: the protocol's name and level, flags, keep alive; then what the flags say. */
bool sl_mqtt_connect(struct buf *out, const char *client_id, const char *user, const char *password)
{
  enum { FIXED = 10, LEVEL = 4, CLEAN = 2, HAS_PASSWORD = 64, HAS_USER = 128 };
  struct slice id = slice_str(client_id), name = slice_str(user), secret = slice_str(password);
  int flags = CLEAN | (name.n ? HAS_USER : 0) | (secret.n ? HAS_PASSWORD : 0);
  size_t length = FIXED + 2 + id.n + (name.n ? 2 + name.n : 0) + (secret.n ? 2 + secret.n : 0);
  if (id.n > MQTT_TEXT_MAX || name.n > MQTT_TEXT_MAX || secret.n > MQTT_TEXT_MAX)
    return false;
  add_head(out, MQTT_CONNECT, 0, length);
  add_text(out, SLICE_LIT("MQTT"));
  sl_buf_char(out, LEVEL);
  sl_buf_char(out, (char)flags);
  add_u16(out, MQTT_KEEP_ALIVE_S);
  add_text(out, id);
  if (name.n)
    add_text(out, name);
  if (secret.n)
    add_text(out, secret);
  return true;
}

bool sl_mqtt_subscribe(struct buf *out, uint16_t id, struct slice topic)
{
  enum { QOS = 0, RESERVED = 2 };
  if (topic.n > MQTT_TEXT_MAX)
    return false;
  add_head(out, MQTT_SUBSCRIBE, RESERVED, 2 + 2 + topic.n + 1);
  add_u16(out, id);
  add_text(out, topic);
  sl_buf_char(out, QOS);
  return true;
}

bool sl_mqtt_publish(struct buf *out, struct slice topic, int64_t payload_n)
{
  if (topic.n > MQTT_TEXT_MAX || payload_n < 0 || !add_head(out, MQTT_PUBLISH, 0, 2 + topic.n + (uint64_t)payload_n))
    return false;
  add_text(out, topic);
  return true;
}

void sl_mqtt_empty(struct buf *out, enum mqtt_type type)
{
  add_head(out, type, 0, 0);
}
