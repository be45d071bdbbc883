/* See mqtt.h. Numbers are those of sections of the MQTT 3.1.1 standard. */
#include "proto/mqtt.h"

#include <curl/curl.h>

enum { SUBSCRIPTION = 1, QOS_MAX = 2 };

#define MQTT_ASK(f, what)                                                                          \
  do {                                                                                             \
    (f)->request = (what);                                                                         \
    CO_AWAIT(!(f)->request);                                                                       \
  } while (0)

static sl_result fail(struct mqtt *f, sl_result code, const char *why)
{
  f->why = why;
  return code;
}

/* ---- packets ---- */

static sl_result weird(struct mqtt *f, const char *why)
{
  return fail(f, CURLE_WEIRD_SERVER_REPLY, why);
}

/* The next one, as far as sl_mqtt_packet_read() takes it. */
static sl_result next_packet(struct mqtt *f)
{
  enum sl_parse parsed = SL_PARSE_MORE;
  CO_BEGIN(&f->packet_co);
  sl_mqtt_packet_init(&f->packet);
  CO_AWAIT((parsed = sl_mqtt_packet_read(&f->packet, &f->in)) != SL_PARSE_MORE);
  if (parsed == SL_PARSE_BAD)
    CO_FAIL(weird(f, f->packet.error));
  MQTT_ASK(f, MQTT_GOT);
  CO_END;
}

/* 3.2.2: session present, which a clean session never is, and the return code. */
static sl_result check_connack(struct mqtt *f)
{
  static const char *const reasons[] = {NULL,
                                        "connection refused: unacceptable protocol version",
                                        "connection refused: identifier rejected",
                                        "connection refused: server unavailable",
                                        "connection refused: bad user name or password",
                                        "connection refused: not authorized"};
  unsigned code = sl_mqtt_byte(&f->packet, 1);
  if (f->packet.type != MQTT_CONNACK)
    return weird(f, "no CONNACK in answer to CONNECT");
  if (sl_mqtt_byte(&f->packet, 0))
    return weird(f, "a CONNACK for a session that is not ours");
  if (code)
    return weird(f, code < sizeof reasons / sizeof *reasons ? reasons[code] : "connection refused");
  return SL_OK;
}

static sl_result check_suback(struct mqtt *f)
{
  const struct mqtt_packet *p = &f->packet;
  if ((sl_mqtt_byte(p, 0) << 8 | sl_mqtt_byte(p, 1)) != SUBSCRIPTION)
    return weird(f, "a SUBACK for another subscription");
  return sl_mqtt_byte(p, 2) > QOS_MAX ? weird(f, "subscription refused") : SL_OK;
}

/* ---- what is wanted ---- */

static sl_result publish(struct mqtt *f)
{
  CO_BEGIN(&f->publish_co);
  if (f->payload_n == MQTT_NO_PAYLOAD)
    CO_FAIL(fail(f, CURLE_BAD_FUNCTION_ARGUMENT, "nothing to publish: it has to be in CURLOPT_POSTFIELDS"));
  if (!sl_mqtt_publish(f->out, f->topic, f->payload_n))
    CO_FAIL(fail(f, CURLE_TOO_LARGE, "too large a message"));
  MQTT_ASK(f, MQTT_PAYLOAD);
  sl_mqtt_empty(f->out, MQTT_DISCONNECT);
  CO_END;
}

static bool take_data(struct mqtt *f)
{
  f->data = slice_head(f->in, f->packet.left);
  f->in = slice_from(f->in, f->data.n);
  f->packet.left -= (uint32_t)f->data.n;
  return f->data.n;
}

/* Messages until the server has enough. 3.8.4: they may come before the SUBACK does. No server says DISCONNECT by the
 * standard, but it is the only way to say that this is the end of it. */
static sl_result subscribe(struct mqtt *f)
{
  sl_result rc;
  CO_BEGIN(&f->subscribe_co);
  sl_mqtt_subscribe(f->out, SUBSCRIPTION, f->topic);
  f->subscribed = true;
  for (;;) {
    CO_CALL(next_packet(f));
    if (f->packet.type == MQTT_DISCONNECT)
      break;
    if (f->packet.type == MQTT_CONNACK)
      CO_FAIL(weird(f, "another CONNACK"));
    if (f->packet.type == MQTT_SUBACK && (rc = check_suback(f)))
      CO_FAIL(rc);
    if (f->packet.type != MQTT_PUBLISH)
      continue;
    if (f->max_size && f->packet.length > f->max_size)
      CO_FAIL(fail(f, CURLE_FILESIZE_EXCEEDED, "Maximum file size exceeded"));
    while (f->packet.left) {
      CO_AWAIT(take_data(f));
      MQTT_ASK(f, MQTT_DELIVER);
    }
  }
  CO_END;
}

sl_result sl_mqtt_run(struct mqtt *f)
{
  sl_result rc;
  CO_BEGIN(&f->run_co);
  if (!sl_mqtt_connect(f->out, f->client_id, f->user, f->password))
    CO_FAIL(weird(f, "too long a user name or password"));
  CO_CALL(next_packet(f));
  rc = check_connack(f);
  if (rc)
    CO_FAIL(rc);
  if (!f->topic.n)
    CO_FAIL(fail(f, CURLE_URL_MALFORMAT, "no topic in the URL"));
  if (f->topic.n > MQTT_TEXT_MAX)
    CO_FAIL(fail(f, CURLE_URL_MALFORMAT, "too long a topic"));
  if (f->payload_n == MQTT_SUBSCRIBES)
    CO_CALL(subscribe(f));
  else
    CO_CALL(publish(f));
  CO_END;
}

sl_result sl_mqtt_closed(struct mqtt *f)
{
  if (f->packet.type == MQTT_PUBLISH && f->packet.left)
    return fail(f, CURLE_PARTIAL_FILE, "the server has closed the connection in the middle of a message");
  return fail(f, CURLE_RECV_ERROR, "the server has closed the connection");
}
