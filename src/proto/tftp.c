/* The TFTP conversation; see tftp.h. */
#include "proto/tftp.h"

#include <curl/curl.h>

#include "base/mem.h"

enum {
  REPEATS_MAX = 16, /* answers to repeated packets; after that the clock alone repeats */
  ASK_EVERY_S = 5,  /* roughly */
  ASK_LEAST = 3,
  ASK_MOST = 50
};

sl_result sl_tftp_init(struct tftp *f, const struct tftp_request *request, int64_t patience_s)
{
  int64_t times = patience_s / ASK_EVERY_S;
  times = times < ASK_LEAST ? ASK_LEAST : times > ASK_MOST ? ASK_MOST : times;
  int64_t interval_s = patience_s > times ? patience_s / times : 1;
  *f = (struct tftp){.request = *request, .size = -1, .blksize = TFTP_BLOCK};
  f->interval_us = interval_s * 1000000;
  f->patience_us = times * f->interval_us;
  f->request.timeout_s = (uint8_t)(interval_s < TFTP_TIMEOUT_MAX ? interval_s : TFTP_TIMEOUT_MAX);
  size_t block = request->options && request->blksize > TFTP_BLOCK ? request->blksize : TFTP_BLOCK;
  f->packet = sl_malloc(TFTP_HEAD + block);
  if (!f->packet)
    return SL_NOMEM;
  f->packet_n = sl_tftp_write_request(f->packet, &f->request);
  if (f->packet_n)
    return SL_OK;
  sl_tftp_done(f);
  return CURLE_TFTP_ILLEGAL;
}

void sl_tftp_done(struct tftp *f)
{
  sl_free(f->packet);
  f->packet = NULL;
}

static enum tftp_says progress(struct tftp *f, int64_t now_us)
{
  f->repeats = 0;
  f->due_us = now_us + f->interval_us;
  f->give_up_us = now_us + f->patience_us;
  return TFTP_LISTEN;
}

static enum tftp_says send_new(struct tftp *f, size_t n, int64_t now_us)
{
  f->packet_n = n;
  f->send = true;
  return progress(f, now_us);
}

void sl_tftp_start(struct tftp *f, int64_t now_us)
{
  send_new(f, f->packet_n, now_us);
}

void sl_tftp_rest(struct tftp *f, int64_t now_us)
{
  progress(f, now_us);
}

/* With a last word to the server, so that it does not go on. */
static enum tftp_says refuse(struct tftp *f, enum tftp_code code, const char *why)
{
  f->result = CURLE_TFTP_ILLEGAL;
  f->why = why;
  f->packet_n = sl_tftp_write_error(f->packet, code, why);
  f->send = true;
  return TFTP_FAILED;
}

void sl_tftp_stop(struct tftp *f)
{
  f->packet_n = sl_tftp_write_error(f->packet, TFTP_CODE_OTHER, "stopped");
  f->send = true;
}

/* The other end has lost our packet, or it was slow. */
static enum tftp_says repeat(struct tftp *f)
{
  if (f->repeats < REPEATS_MAX) {
    f->repeats++;
    f->send = true;
  }
  return TFTP_LISTEN;
}

/* RFC 2347: a server that wants none of the options is asked again without them. What it said twice is heard once. */
static enum tftp_says ask_plainly(struct tftp *f, int64_t now_us)
{
  if (!f->request.options)
    return TFTP_LISTEN;
  f->request.options = false;
  return send_new(f, sl_tftp_write_request(f->packet, &f->request), now_us);
}

static enum tftp_says failed_there(struct tftp *f, const struct tftp_msg *m)
{
  static const uint8_t results[] = {
      [TFTP_CODE_OTHER] = CURLE_TFTP_ILLEGAL,       [TFTP_CODE_NOT_FOUND] = CURLE_TFTP_NOTFOUND,
      [TFTP_CODE_ACCESS] = CURLE_TFTP_PERM,         [TFTP_CODE_DISK_FULL] = CURLE_REMOTE_DISK_FULL,
      [TFTP_CODE_ILLEGAL] = CURLE_TFTP_ILLEGAL,     [TFTP_CODE_UNKNOWN_ID] = CURLE_TFTP_UNKNOWNID,
      [TFTP_CODE_EXISTS] = CURLE_REMOTE_FILE_EXISTS, [TFTP_CODE_NO_USER] = CURLE_TFTP_NOSUCHUSER,
      [TFTP_CODE_OPTIONS] = CURLE_TFTP_ILLEGAL,
  };
  f->result = m->number < sizeof results ? results[m->number] : CURLE_TFTP_ILLEGAL;
  f->said = m->data;
  return TFTP_FAILED;
}

/* ---- the answer to the request ---- */

static enum tftp_says next_room(struct tftp *f)
{
  f->block++;
  f->room = f->packet + TFTP_HEAD;
  f->room_n = f->blksize;
  return TFTP_GIVE;
}

static enum tftp_says agreed(struct tftp *f, const struct tftp_msg *m, int64_t now_us)
{
  if (m->bad)
    return refuse(f, TFTP_CODE_OPTIONS, "Malformed option acknowledgement");
  if (m->blksize >= 0 && (m->blksize < TFTP_BLOCK_MIN || m->blksize > f->request.blksize))
    return refuse(f, TFTP_CODE_OPTIONS, "Block size that was not asked for");
  f->answered = true;
  if (m->blksize >= 0)
    f->blksize = (uint16_t)m->blksize;
  if (f->request.write)
    return next_room(f);
  f->size = m->tsize;
  f->block = 1;
  return send_new(f, sl_tftp_write_head(f->packet, TFTP_ACK, 0), now_us);
}

/* ---- blocks ---- */

static enum tftp_says got_data(struct tftp *f, const struct tftp_msg *m)
{
  if (!f->answered && m->number == 1) { /* without options, then */
    f->answered = true;
    f->block = 1;
  }
  if (!f->answered)
    return TFTP_LISTEN;
  if (m->number == (uint16_t)(f->block - 1) && f->taken)
    return repeat(f);
  if (m->number != f->block)
    return TFTP_LISTEN;
  if (m->data.n > f->blksize)
    return refuse(f, TFTP_CODE_ILLEGAL, "Block larger than agreed on");
  f->last = m->data.n < f->blksize;
  f->data = m->data;
  return TFTP_TAKE;
}

enum tftp_says sl_tftp_taken(struct tftp *f, int64_t now_us)
{
  f->data = SLICE_NONE;
  send_new(f, sl_tftp_write_head(f->packet, TFTP_ACK, f->block++), now_us);
  f->taken = true;
  return f->last ? TFTP_DONE : TFTP_LISTEN;
}

static enum tftp_says got_ack(struct tftp *f, const struct tftp_msg *m)
{
  if (m->number != f->block)
    return TFTP_LISTEN;
  f->answered = true;
  return f->last ? TFTP_DONE : next_room(f);
}

enum tftp_says sl_tftp_given(struct tftp *f, size_t n, int64_t now_us)
{
  f->last = n < f->room_n;
  f->room = NULL;
  sl_tftp_write_head(f->packet, TFTP_DATA, f->block);
  return send_new(f, TFTP_HEAD + n, now_us);
}

/* ---- what happens ---- */

enum tftp_says sl_tftp_packet(struct tftp *f, struct slice packet, int64_t now_us)
{
  struct tftp_msg m;
  bool first = !f->taken && f->block == 1;
  if (!sl_tftp_parse(packet, &m))
    return TFTP_LISTEN;
  switch (m.op) {
  case TFTP_ERROR:
    return m.number == TFTP_CODE_OPTIONS && !f->answered ? ask_plainly(f, now_us) : failed_there(f, &m);
  case TFTP_OACK:
    if (!f->answered && f->request.options)
      return agreed(f, &m, now_us);
    return f->answered && first && !f->request.write ? repeat(f) : TFTP_LISTEN;
  case TFTP_DATA:
    return f->request.write ? TFTP_LISTEN : got_data(f, &m);
  default:
    return f->request.write ? got_ack(f, &m) : TFTP_LISTEN;
  }
}

enum tftp_says sl_tftp_due(struct tftp *f, int64_t now_us)
{
  if (now_us < f->due_us)
    return TFTP_LISTEN;
  if (now_us >= f->give_up_us) {
    f->result = CURLE_OPERATION_TIMEDOUT;
    f->why = f->answered ? "The server has stopped answering" : "No answer from the server";
    return TFTP_FAILED;
  }
  f->send = true;
  f->due_us = now_us + f->interval_us;
  return TFTP_LISTEN;
}
