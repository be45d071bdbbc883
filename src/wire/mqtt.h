/* MQTT 3.1.1 control packets (OASIS standard of 29 October 2014), as many of them as a client needs that publishes or
 * subscribes at QoS 0. Writing appends to a buffer; reading is pull style and takes what there is, in pieces of any
 * size: of a packet its fixed header and, of all but PUBLISH, its few bytes are collected here. What a PUBLISH carries
 * is left in the input. */
#ifndef SL_WIRE_MQTT_H
#define SL_WIRE_MQTT_H

#include <stdint.h>

#include "base/buf.h"

enum mqtt_type { /* 2.2.1 */
  MQTT_CONNECT = 1,
  MQTT_CONNACK = 2,
  MQTT_PUBLISH = 3,
  MQTT_SUBSCRIBE = 8,
  MQTT_SUBACK = 9,
  MQTT_PINGREQ = 12,
  MQTT_PINGRESP = 13,
  MQTT_DISCONNECT = 14
};

enum {
  MQTT_TEXT_MAX = 65535,          /* bytes of a string: 1.5.3 */
  MQTT_REMAINING_MAX = 268435455, /* bytes behind the fixed header: 2.2.3 */
  MQTT_HEAD_MAX = 5,              /* bytes of a fixed header */
  MQTT_SHORT_MAX = 3,             /* bytes behind it, of what a server sends but for PUBLISH */
  MQTT_KEEP_ALIVE_S = 60
};

struct mqtt_packet {
  uint32_t length; /* behind the fixed header */
  uint32_t left;   /* of that, not yet taken; the user of a PUBLISH counts it down */
  uint8_t type;    /* enum mqtt_type */
  uint8_t n;       /* bytes of ->bytes */
  uint8_t head_n;  /* of them the fixed header's; 0: it is not complete */
  uint8_t bytes[MQTT_HEAD_MAX + MQTT_SHORT_MAX];
  const char *error;
};

void sl_mqtt_packet_init(struct mqtt_packet *p); /* the next one */
/* What there is of it, off *in. SL_PARSE_DONE: a PUBLISH begins, or another packet is complete. SL_PARSE_BAD: ->error
 * says why. */
enum sl_parse sl_mqtt_packet_read(struct mqtt_packet *p, struct slice *in);
/* The byte behind the fixed header, of a packet that is complete. */
static inline unsigned sl_mqtt_byte(const struct mqtt_packet *p, unsigned at)
{
  return p->bytes[p->head_n + at];
}

/* What these return is false when a text or all of it is too long; memory is the buffer's matter. */
bool sl_mqtt_connect(struct buf *out, const char *client_id, const char *user, const char *password); /* NULL, "": none */
bool sl_mqtt_subscribe(struct buf *out, uint16_t id, struct slice topic);
bool sl_mqtt_publish(struct buf *out, struct slice topic, int64_t payload_n); /* all but the payload */
void sl_mqtt_empty(struct buf *out, enum mqtt_type type);                     /* a fixed header is all there is */

#endif
