/* telnet: URLs (RFC 854): a session that lasts until the peer closes it. What the peer says is the body; what the
 * application's read callback gives is said. proto/telnet.h negotiates.
 *
 * The read callback of a terminal waits for a line to be typed, and nothing passes meanwhile. So it is asked only when
 * the peer has been quiet for a moment, unless it keeps filling its buffer; and without a callback of the application's
 * the input is asked whether there is anything. No bytes from the callback are no end, as the peer may have more to
 * say: it is asked again a moment later. */
#include <stdio.h>

#include "base/mem.h"
#include "loop/scratch.h"
#include "proto/telnet.h"
#include "sys/input.h"
#include "xfer/body.h"
#include "xfer/protos.h"
#include "xfer/transfer.h"

enum {
  ROUNDS = 32,
  QUIET_US = 100000,   /* the moment */
  LATEST_US = 1000000, /* the callback is asked after that even if the peer talks on */
  PIECE_MAX = SL_SCRATCH_BYTES / 2, /* of input, at a time */
  OUT_FULL = 2 * PIECE_MAX,         /* the peer takes nothing: hear no more of what wants an answer */
  OUT_MAX = OUT_FULL + TELNET_ANSWER_MAX
};

struct telnet_xfer {
  struct telnet talk;
  struct buf out;
  struct input input; /* of the default read function; fd -1: ask the callback */
  int64_t asked_us, ask_us; /* the application: the last time, and when next */
  bool input_over;
  bool eager;         /* it filled the buffer */
  bool ended;         /* the peer has closed */
};

static struct telnet_xfer *of(struct transfer *t)
{
  return t->proto_data;
}

/* ---- verbose output ---- */

static void log_one(struct transfer *t, const char *what, enum telnet_kind kind, const struct telnet_got *got)
{
  static const char *const verbs[] = {"WILL", "WONT", "DO", "DONT"};
  const char *name = sl_telnet_option_name(got->option);
  if (kind == TELNET_COMMAND)
    SL_INFOF(t->easy, "%s IAC %d", what, got->verb);
  else if (name)
    SL_INFOF(t->easy, "%s %s %s", what, kind == TELNET_SUB ? "SB" : verbs[got->verb - TELNET_WILL], name);
  else
    SL_INFOF(t->easy, "%s %s %d", what, kind == TELNET_SUB ? "SB" : verbs[got->verb - TELNET_WILL], got->option);
}

static void log_all(struct transfer *t, const char *what, struct slice said)
{
  struct telnet_in in = {0};
  struct telnet_got got;
  enum telnet_kind kind;
  while ((kind = sl_telnet_next(&in, &said, &got)) != TELNET_MORE)
    log_one(t, what, kind, &got);
}

/* ---- beginning and end ---- */

static sl_result take_options(struct transfer *t, struct telnet *talk)
{
  const struct curl_slist *l = t->easy->set.telnet->telnetoptions;
  sl_result rc = SL_OK;
  bool good = !t->user || sl_telnet_setenv(talk, SLICE_LIT("USER"), slice_str(t->user));
  if (!good)
    return sl_fail(t, CURLE_URL_MALFORMAT, "A user name that no environment can have");
  for (; l && !rc; l = l->next) {
    rc = sl_telnet_set(talk, slice_str(l->data));
    if (rc == CURLE_UNKNOWN_OPTION)
      sl_fail(t, rc, "Unknown telnet option %s", l->data);
    else if (rc == CURLE_SETOPT_OPTION_SYNTAX)
      sl_fail(t, rc, "Syntax error in telnet option: %s", l->data);
  }
  return talk->env.nomem ? SL_NOMEM : rc;
}

/* Bytes only when they are there. */
static size_t read_input(char *dst, size_t size, size_t n, void *arg)
{
  struct telnet_xfer *x = arg;
  size_t got = 0;
  if (!sl_input_ready(&x->input))
    return 0;
  x->input_over = sl_input_read(&x->input, dst, size * n, &got) || !got;
  return got;
}

static void choose_source(struct transfer *t, struct telnet_xfer *x)
{
  const struct io_config *io = &t->easy->set.io;
  x->input.fd = io->readfunction ? -1 : fileno(io->readdata ? io->readdata : stdin);
  if (x->input.fd >= 0)
    sl_source_callback(&t->source, read_input, x, -1);
  else
    sl_source_callback(&t->source, io->readfunction, io->readdata, -1);
  t->source.crlf = io->crlf;
}

static void telnet_cleanup(struct transfer *t)
{
  struct telnet_xfer *x = of(t);
  t->proto_data = NULL;
  if (x) {
    sl_telnet_done(&x->talk);
    sl_buf_done(&x->out);
    sl_free(x);
  }
  sl_proto_http.cleanup(t);
}

static sl_result telnet_start(struct transfer *t)
{
  struct telnet_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  t->proto_data = x;
  sl_buf_init(&x->out, OUT_MAX);
  sl_telnet_init(&x->talk, &x->out);
  sl_sink_reset(&t->sink);
  choose_source(t, x);
  x->asked_us = t->multi->reactor.now_us;
  x->ask_us = x->asked_us + (x->input.fd < 0 ? QUIET_US : 0);
  return take_options(t, &x->talk);
}

/* ---- what the peer says ---- */

/* Data moves together where it lies, so that it is delivered at once. The part behind an answer too many stays for
 * later. */
static sl_result take(struct transfer *t, struct telnet_xfer *x, struct slice in)
{
  char *at = (char *)(uintptr_t)in.p;
  size_t n = 0, said = x->out.n;
  struct telnet_got got;
  enum telnet_kind kind = TELNET_DATA;
  while (kind != TELNET_MORE && x->out.n <= OUT_FULL) {
    kind = sl_telnet_next(&x->talk.in, &in, &got);
    if (kind == TELNET_DATA) {
      memmove(at + n, got.data.p, got.data.n);
      n += got.data.n;
    } else if (kind != TELNET_MORE) {
      log_one(t, "RCVD", kind, &got);
      sl_telnet_heed(&x->talk, kind, &got);
    }
  }
  sl_result rc = sl_buf_result(&x->out, CURLE_TOO_LARGE);
  if (!rc && t->easy->set.io.verbose)
    log_all(t, "SENT", slice_from(sl_buf_peek(&x->out), said));
  if (!rc && n)
    rc = sl_body_take(t, slice_of(at, n));
  sl_result kept = sl_conn_keep(t->conn, in);
  return rc > 0 || !kept ? rc : kept;
}

static void note_talk(struct transfer *t, struct telnet_xfer *x)
{
  int64_t quiet_us = t->multi->reactor.now_us + QUIET_US, latest_us = x->asked_us + LATEST_US;
  if (x->input.fd < 0 && !x->eager)
    x->ask_us = quiet_us < latest_us ? quiet_us : latest_us;
}

/* SL_OK: the peer has closed and all is delivered. */
static sl_result receive(struct transfer *t, struct telnet_xfer *x)
{
  for (int round = 0; round < ROUNDS; round++) {
    struct slice in = sl_buf_peek(&t->conn->in);
    if (t->paused & CURLPAUSE_RECV)
      return SL_WAIT;
    if (x->ended)
      return SL_OK;
    size_t most = x->out.n > OUT_FULL ? 0 : sl_body_allow(t, SL_SCRATCH_BYTES);
    if (!most)
      return SL_WAIT;
    sl_result rc = in.n ? SL_OK : sl_body_fill(t, most, &in);
    if (rc == SL_WAIT)
      t->want |= WATCH_IN;
    if (rc)
      return rc;
    x->ended = t->conn->shut;
    note_talk(t, x);
    rc = take(t, x, in);
    if (rc)
      return rc;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

/* ---- what the application says ---- */

static sl_result ask(struct transfer *t, struct telnet_xfer *x)
{
  size_t n = 0, most = (size_t)t->easy->set.io.buffersize;
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  most = sl_body_allow_up(t, most < PIECE_MAX ? most : PIECE_MAX);
  if (!most)
    return SL_WAIT;
  t->source.eof = false;
  sl_result rc = sl_source_read(t, scratch, most, &n);
  if (rc)
    return rc;
  x->asked_us = sl_reactor_clock(&t->multi->reactor); /* the callback may have waited */
  x->eager = n && (x->input.fd >= 0 || n > most / 2);
  x->ask_us = x->eager ? x->asked_us : x->asked_us + QUIET_US;
  t->progress.ul_now += (int64_t)n;
  t->progress.send.bytes += (int64_t)n;
  if (n && t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_DATA_OUT, scratch, n);
  sl_telnet_escape(slice_of(scratch, n), &x->out);
  return sl_buf_result(&x->out, CURLE_TOO_LARGE);
}

/* SL_WAIT, always, if nothing fails. */
static sl_result talk(struct transfer *t, struct telnet_xfer *x)
{
  for (int round = 0; round < ROUNDS; round++) {
    uint32_t before = x->out.n;
    sl_result rc = sl_body_flush(t, &x->out);
    if (before > OUT_FULL && x->out.n <= OUT_FULL)
      sl_job_post(&t->multi->reactor, &t->job); /* to hear on */
    if (rc || x->input_over || t->paused & CURLPAUSE_SEND)
      return rc ? rc : SL_WAIT;
    if (t->multi->reactor.now_us < x->ask_us) {
      t->expect_us = x->ask_us;
      return SL_WAIT;
    }
    rc = ask(t, x);
    if (rc)
      return rc;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

static sl_result telnet_step(struct transfer *t)
{
  struct telnet_xfer *x = of(t);
  sl_result rc = SL_OK;
  t->want = 0;
  t->expect_us = 0;
  if (t->resumed_recv) {
    t->resumed_recv = false;
    rc = sl_sink_resume(t);
  }
  if (!rc)
    rc = receive(t, x);
  if (rc == SL_WAIT && !x->ended)
    rc = talk(t, x);
  return rc;
}

static sl_result telnet_finish(struct transfer *t, sl_result result)
{
  t->conn->keep = false;
  t->expect_us = 0;
  return result;
}

const struct xfer_proto sl_proto_telnet = {
    .scheme = "telnet",
    .bit = CURLPROTO_TELNET,
    .port = 23,
    .init = sl_http_init,
    .start = telnet_start,
    .step = telnet_step,
    .finish = telnet_finish,
    .cleanup = telnet_cleanup,
};
