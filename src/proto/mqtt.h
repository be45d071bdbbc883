/* An MQTT 3.1.1 conversation: connect, then publish one message or subscribe to one topic. A coroutine over base/co.h:
 * it does no I/O and calls no application code. It takes the server's bytes, appends packets and raises requests, which
 * the driver (xfer/mqtt.c) answers. */
#ifndef SL_PROTO_MQTT_H
#define SL_PROTO_MQTT_H

#include "base/co.h"
#include "wire/mqtt.h"

/* What the driver is to do; it then sets ->request back to MQTT_NOTHING. */
enum mqtt_request {
  MQTT_NOTHING,
  MQTT_GOT,     /* a packet has come, ->packet: for those who watch, and for the size of a message */
  MQTT_DELIVER, /* ->data, a piece of what a PUBLISH carries: topic and payload, as they came */
  MQTT_PAYLOAD  /* of our PUBLISH is to be sent behind ->out */
};

enum { MQTT_OUT_MAX = 4 * (MQTT_TEXT_MAX + MQTT_HEAD_MAX + 16) };

struct mqtt {
  /* ---- set by the driver ---- */
  const char *client_id, *user, *password; /* user and password may be NULL or "": none */
  struct slice topic;
  int64_t payload_n; /* publish that many bytes; MQTT_SUBSCRIBES, or MQTT_NO_PAYLOAD */
  int64_t max_size;  /* of a message with its topic; 0: any */
  struct buf *out;

  struct slice in;   /* of the server; taken from the front */
  uint8_t request;   /* enum mqtt_request */
  struct slice data; /* in what ->in was */
  struct mqtt_packet packet;
  bool subscribed;   /* SUBSCRIBE is said: the connection is to be kept alive */
  const char *why;   /* of a failure */

  /* ---- its own ---- */
  struct co run_co, packet_co, publish_co, subscribe_co;
};
enum { MQTT_SUBSCRIBES = -1, MQTT_NO_PAYLOAD = -2 };

/* SL_WAIT: more of ->in is needed, or ->request. */
sl_result sl_mqtt_run(struct mqtt *f);
/* The server has closed the connection: what to make of that. */
sl_result sl_mqtt_closed(struct mqtt *f);

#endif
