/* mqtt: and mqtts: URLs. Moves packets between the conversation of proto/mqtt.h and the connection, and does what it
 * asks for. The topic is the URL's path. A POST publishes what CURLOPT_POSTFIELDS has; whatever else is asked for
 * subscribes, and delivers what the server publishes: two bytes of length, the topic, the payload.
 *
 * No connection serves a second transfer: a session begins and ends with its one. */
#include "proto/mqtt.h"

#include "base/mem.h"
#include "loop/scratch.h"
#include "sys/random.h"
#include "xfer/body.h"
#include "xfer/dialogue.h"
#include "xfer/protos.h"
#include "xfer/transfer.h"

enum { ROUNDS = 32, ID_RANDOM = 8 };

struct mqtt_xfer {
  struct mqtt f;
  struct buf out;
  bool is_logged;     /* out */
  bool done;          /* all is said; ->out may be left to be sent */
  char client_id[sizeof "curl" + ID_RANDOM];
};

static struct mqtt_xfer *of(struct transfer *t)
{
  return t->proto_data;
}

static void mqtt_cleanup(struct transfer *t)
{
  struct mqtt_xfer *x = of(t);
  t->proto_data = NULL;
  t->expect_us = 0;
  if (x)
    sl_buf_done(&x->out);
  sl_free(x);
  sl_proto_http.cleanup(t);
}

/* ---- the beginning ---- */

/* 3.1.3.1: letters and digits are what every server takes. 32 of them, so that all are equally likely. */
static sl_result make_client_id(struct transfer *t, struct mqtt_xfer *x)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
  uint8_t random[ID_RANDOM];
  if (!sl_random_bytes(random, sizeof random))
    return sl_fail(t, CURLE_FAILED_INIT, "No random bytes for an MQTT client identifier");
  memcpy(x->client_id, "curl", 4);
  for (int i = 0; i < ID_RANDOM; i++)
    x->client_id[4 + i] = letters[random[i] % 32];
  x->f.client_id = x->client_id;
  SL_INFOF(t->easy, "Using client id '%s'", x->client_id);
  return SL_OK;
}

static sl_result take_topic(struct transfer *t, struct mqtt *f)
{
  sl_result rc = SL_OK;
  f->topic = slice_str(sl_transfer_decode(t, slice_from(t->url->path, 1), SL_PERCENT_NO_ZERO, &rc)); /* 1.5.3 */
  return rc == CURLE_URL_MALFORMAT ? sl_fail(t, rc, "A zero byte in the topic") : rc;
}

static void take_payload(struct transfer *t, struct mqtt *f)
{
  const struct http_config *http = t->easy->set.http;
  f->payload_n = MQTT_SUBSCRIBES;
  if (http->method != SL_HTTP_POST)
    return;
  f->payload_n = MQTT_NO_PAYLOAD;
  if (!http->postfields)
    return;
  f->payload_n = (int64_t)sl_settings_postfields_len(http);
  sl_source_mem(&t->source, http->postfields, f->payload_n);
  t->progress.ul_total = f->payload_n;
}

static sl_result mqtt_start(struct transfer *t)
{
  struct mqtt_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  if (t->proto_data)
    mqtt_cleanup(t);
  t->proto_data = x;
  sl_buf_init(&x->out, MQTT_OUT_MAX);
  x->f.out = &x->out;
  x->f.user = t->user;
  x->f.password = t->password;
  x->f.max_size = t->easy->set.io.maxfilesize;
  t->body_ended = t->resumed = false;
  t->expect_us = 0;
  sl_sink_reset(&t->sink);
  sl_source_none(&t->source);
  t->request_us = t->multi->reactor.now_us;
  take_payload(t, &x->f);
  sl_result rc = make_client_id(t, x);
  return rc ? rc : take_topic(t, &x->f);
}

/* ---- packets ---- */

static sl_result failed(struct transfer *t, const struct mqtt *f, sl_result rc)
{
  return f->why ? sl_fail(t, rc, "MQTT: %s", f->why) : rc;
}

static sl_result flush(struct transfer *t, struct mqtt_xfer *x)
{
  sl_result rc = sl_buf_result(&x->out, CURLE_TOO_LARGE);
  if (!rc && x->out.n && !x->is_logged && t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_HEADER_OUT, x->out.p, x->out.n);
  if (!rc)
    rc = sl_body_flush(t, &x->out);
  x->is_logged = rc == SL_WAIT;
  return rc;
}

/* Our words for the server are due; silence would make it close the connection. */
static void keep_alive(struct transfer *t, struct mqtt_xfer *x)
{
  int32_t ms = t->easy->set.net->upkeep_interval_ms;
  int64_t now_us = t->multi->reactor.now_us;
  if (!x->f.subscribed || ms <= 0 || (t->expect_us && now_us < t->expect_us))
    return;
  if (t->expect_us && !x->out.n)
    sl_mqtt_empty(&x->out, MQTT_PINGREQ);
  t->expect_us = now_us + (int64_t)ms * 1000;
}

static sl_result receive(struct transfer *t, struct mqtt *f)
{
  t->want = WATCH_IN;
  if (t->paused & CURLPAUSE_RECV)
    return SL_WAIT;
  size_t most = sl_body_allow(t, SL_SCRATCH_BYTES);
  if (!most)
    return SL_WAIT;
  sl_result rc = sl_body_fill(t, most, &f->in);
  if (rc)
    return rc;
  return t->conn->shut ? failed(t, f, sl_mqtt_closed(f)) : SL_OK;
}

/* ---- what the conversation asks for ---- */

static sl_result got_packet(struct transfer *t, const struct mqtt *f)
{
  const struct mqtt_packet *p = &f->packet;
  if (t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_HEADER_IN, (const char *)p->bytes, p->n);
  if (p->type == MQTT_PUBLISH) {
    t->easy->info.content_length_download = p->length;
    t->progress.dl_total = t->progress.dl_now + p->length;
  }
  return SL_OK;
}

static sl_result send_payload(struct transfer *t)
{
  struct source *s = &t->source;
  while (s->sent < s->size) {
    size_t n = 0, most = sl_body_allow_up(t, (size_t)(s->size - s->sent));
    if (!most || t->paused & CURLPAUSE_SEND)
      return SL_WAIT;
    sl_result rc = sl_stream_write(t->conn->top, slice_of(s->mem + s->sent, most), &n);
    if (rc)
      return rc == SL_WAIT ? rc : sl_fail(t, rc, "Send failure: %s", sl_conn_why(t->conn));
    if (t->easy->set.io.verbose)
      sl_easy_debug(t->easy, CURLINFO_DATA_OUT, s->mem + s->sent, n);
    s->sent += (int64_t)n;
    t->progress.ul_now += (int64_t)n;
    t->progress.send.bytes += (int64_t)n;
  }
  return SL_OK;
}

static sl_result perform(struct transfer *t, struct mqtt *f)
{
  switch (f->request) {
  case MQTT_GOT:
    return got_packet(t, f);
  case MQTT_DELIVER:
    return sl_body_take(t, f->data);
  default:
    return send_payload(t);
  }
}

/* What is not yet parsed outlives everything else that is done: the scratch buffer is everybody's. */
static sl_result keep_rest(struct transfer *t, struct mqtt *f)
{
  sl_result rc = sl_conn_keep(t->conn, f->in);
  f->in = sl_buf_peek(&t->conn->in);
  return rc;
}

/* Once the conversation has run: SL_OK when it is to run again. */
static sl_result answer(struct transfer *t, struct mqtt_xfer *x)
{
  struct mqtt *f = &x->f;
  if (f->request == MQTT_DELIVER) { /* before the input moves */
    sl_result rc = perform(t, f);
    f->request = MQTT_NOTHING; /* the sink has it, whatever the application says */
    return rc;
  }
  sl_result rc = keep_rest(t, f);
  if (!rc)
    rc = flush(t, x);
  if (rc > 0 || (rc && f->request == MQTT_PAYLOAD))
    return rc;
  rc = f->request ? perform(t, f) : receive(t, f);
  if (!rc)
    f->request = MQTT_NOTHING;
  return rc;
}

/* While the application takes nothing, the server is to know that we are there. */
static sl_result rest(struct transfer *t, struct mqtt_xfer *x)
{
  keep_alive(t, x);
  sl_result rc = keep_rest(t, &x->f);
  if (!rc)
    rc = flush(t, x);
  return rc ? rc : SL_WAIT;
}

static sl_result talk(struct transfer *t, struct mqtt_xfer *x)
{
  struct mqtt *f = &x->f;
  f->in = sl_buf_peek(&t->conn->in);
  for (int round = 0; round < ROUNDS; round++) {
    if (f->subscribed && t->paused & CURLPAUSE_RECV)
      return rest(t, x);
    sl_result rc = sl_mqtt_run(f);
    if (!rc)
      x->done = true;
    if (rc != SL_WAIT)
      return failed(t, f, rc);
    keep_alive(t, x);
    rc = answer(t, x);
    if (rc) {
      sl_result kept = keep_rest(t, f);
      return kept ? kept : rc;
    }
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return keep_rest(t, f) ? SL_NOMEM : SL_WAIT;
}

static sl_result mqtt_step(struct transfer *t)
{
  struct mqtt_xfer *x = of(t);
  sl_result rc = sl_dialogue_resume(t);
  if (rc)
    return rc;
  if (!x->done)
    rc = talk(t, x);
  return rc ? rc : flush(t, x);
}

static sl_result mqtt_finish(struct transfer *t, sl_result result)
{
  t->expect_us = 0;
  return result;
}

#define MQTT                                                                                       \
  .login = true, .init = sl_http_init, .start = mqtt_start, .step = mqtt_step, .finish = mqtt_finish, \
  .cleanup = mqtt_cleanup

const struct xfer_proto sl_proto_mqtt = {.scheme = "mqtt", .bit = CURLPROTO_MQTT, .port = 1883, MQTT};
const struct xfer_proto sl_proto_mqtts = {.scheme = "mqtts", .bit = CURLPROTO_MQTTS, .port = 8883, .tls = true, MQTT};
