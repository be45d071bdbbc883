/* Towards the application; see sink.h. */
#include "xfer/sink.h"

#include <stdio.h>

#include "wire/decode.h"
#include "xfer/transfer.h"

enum { MAX_HELD = 1024 * 1024 };

void sl_sink_init(struct sink *s)
{
  *s = (struct sink){0};
  sl_buf_init(&s->held, MAX_HELD);
}

void sl_sink_reset(struct sink *s)
{
  sl_decode_free(s->decode);
  s->decode = NULL;
  s->discard = false;
  sl_buf_clear(&s->held);
}

void sl_sink_done(struct sink *s)
{
  sl_decode_free(s->decode);
  sl_buf_done(&s->held);
  s->decode = NULL;
}

bool sl_sink_blocked(const struct sink *s)
{
  return s->held.n || (s->decode && sl_decode_paused(s->decode));
}

static sl_result hold(struct transfer *t, struct slice data, bool header)
{
  struct sink *s = &t->sink;
  t->paused |= CURLPAUSE_RECV;
  s->held_header = header;
  sl_buf_clear(&s->held);
  sl_buf_add(&s->held, data);
  sl_result rc = sl_buf_result(&s->held, CURLE_TOO_LARGE);
  return rc ? rc : SL_WAIT;
}

/* The callback took another number of bytes than it was given. SL_WAIT: it wants to pause. */
static sl_result not_taken(struct transfer *t, size_t took, size_t n)
{
  if (took == CURL_WRITEFUNC_PAUSE)
    return t->proto->no_pause ? sl_fail(t, CURLE_WRITE_ERROR, "Write callback asked for PAUSE when not supported")
                              : SL_WAIT;
  if (took == CURL_WRITEFUNC_ERROR)
    return sl_fail(t, CURLE_WRITE_ERROR, "client returned ERROR on write, %zu bytes", n);
  return sl_fail(t, CURLE_WRITE_ERROR, "Failure writing output to destination, passed %zu returned %zd", n,
                 (ssize_t)took);
}

static sl_result write_file(struct transfer *t, void *arg, struct slice data)
{
  if (fwrite(data.p, 1, data.n, arg ? arg : stdout) == data.n)
    return SL_OK;
  return sl_fail(t, CURLE_WRITE_ERROR, "Failed writing received data to disk/application");
}

static sl_result call(struct transfer *t, curl_write_callback fn, void *arg, struct slice data)
{
  if (!fn)
    return write_file(t, arg, data);
  t->multi->callback_depth++;
  size_t took = fn((char *)(uintptr_t)data.p, 1, data.n, arg);
  t->multi->callback_depth--;
  return took == data.n ? SL_OK : not_taken(t, took, data.n);
}

static sl_result write_header(struct transfer *t, struct slice line)
{
  const struct io_config *io = &t->easy->set.io;
  curl_write_callback fn = io->headerfunction;
  if (!fn && io->headerdata)
    fn = io->writefunction; /* CURLOPT_HEADERDATA(3): data without a function goes to the write callback */
  else if (!fn)
    return SL_OK;
  return call(t, fn, io->headerdata, line);
}

static __attribute__((noinline)) sl_result show_header(struct transfer *t, struct slice line, enum sink_line kind)
{
  struct easy *e = t->easy;
  if (e->set.io.verbose)
    sl_easy_debug(e, CURLINFO_HEADER_IN, line.p, line.n);
  /* CURLOPT_HEADER puts the head into the body; a body that is discarded keeps its headers. */
  sl_result rc = SL_OK;
  if (e->set.io.header && kind != SINK_REPLY) {
    rc = call(t, e->set.io.writefunction, e->set.io.writedata, line);
    if (rc == SL_WAIT)
      return hold(t, line, true);
  }
  if (!rc)
    rc = write_header(t, line);
  return rc == SL_WAIT ? sl_fail(t, CURLE_WRITE_ERROR, "Header callback asked for a pause") : rc;
}

sl_result sl_sink_header(struct transfer *t, struct slice line, enum sink_line kind)
{
  const struct io_config *io = &t->easy->set.io;
  if (kind != SINK_TRAILER)
    t->easy->info.header_size += (uint32_t)line.n;
  if (!io->headerfunction && !io->headerdata && !io->verbose && !io->header)
    return SL_OK; /* nobody looks */
  return show_header(t, line, kind);
}

/* At most CURL_MAX_WRITE_SIZE a call. *rest is what was not taken. The loop of every download: nothing in it but the
 * call itself. */
static sl_result write_body(struct transfer *t, struct slice *rest)
{
  const struct io_config *io = &t->easy->set.io;
  unsigned *depth = &t->multi->callback_depth;
  struct slice left = *rest;
  sl_result rc = SL_OK;
  while (left.n) {
    size_t n = left.n < CURL_MAX_WRITE_SIZE ? left.n : CURL_MAX_WRITE_SIZE;
    curl_write_callback fn = io->writefunction;
    if (fn) {
      ++*depth;
      size_t took = fn((char *)(uintptr_t)left.p, 1, n, io->writedata);
      --*depth;
      if (took != n)
        rc = not_taken(t, took, n);
    } else {
      rc = write_file(t, io->writedata, slice_head(left, n));
    }
    if (rc)
      break;
    left.p += n;
    left.n -= n;
    if (t->paused & CURLPAUSE_RECV && left.n) {
      rc = SL_WAIT; /* curl_easy_pause() from within the callback */
      break;
    }
  }
  t->sink.delivered += (int64_t)(rest->n - left.n);
  *rest = left;
  return rc;
}

static sl_result decoded(void *ctx, struct slice out)
{
  struct transfer *t = ctx;
  if (t->paused & CURLPAUSE_RECV)
    return SL_WAIT;
  sl_result rc = write_body(t, &out);
  if (rc == SL_WAIT)
    t->paused |= CURLPAUSE_RECV;
  return rc;
}

static sl_result decode_result(struct transfer *t, sl_result rc)
{
  if (rc == SL_WAIT && sl_decode_tired(t->sink.decode)) {
    t->resumed_recv = true;
    sl_transfer_wake(t);
  }
  if (rc == CURLE_BAD_CONTENT_ENCODING)
    return sl_fail(t, rc, "%s", sl_decode_error(t->sink.decode));
  return rc;
}

sl_result sl_sink_body(struct transfer *t, struct slice data)
{
  struct sink *s = &t->sink;
  if (s->discard || !data.n)
    return SL_OK;
  if (t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_DATA_IN, data.p, data.n);
  if (s->decode)
    return decode_result(t, sl_decode_push(s->decode, data, false, decoded, t));
  if (t->paused & CURLPAUSE_RECV)
    return hold(t, data, false);
  sl_result rc = write_body(t, &data);
  return rc == SL_WAIT ? hold(t, data, false) : rc;
}

sl_result sl_sink_frame(struct transfer *t, struct slice data)
{
  const struct io_config *io = &t->easy->set.io;
  sl_result rc = call(t, io->writefunction, io->writedata, data);
  if (rc == SL_WAIT)
    t->paused |= CURLPAUSE_RECV;
  if (rc)
    return rc;
  t->sink.delivered += (int64_t)data.n;
  if (io->verbose)
    sl_easy_debug(t->easy, CURLINFO_DATA_IN, data.p, data.n);
  return SL_OK;
}

sl_result sl_sink_end(struct transfer *t)
{
  struct sink *s = &t->sink;
  if (!s->decode || s->discard)
    return SL_OK;
  return decode_result(t, sl_decode_push(s->decode, SLICE_NONE, true, decoded, t));
}

sl_result sl_sink_resume(struct transfer *t)
{
  struct sink *s = &t->sink;
  if (s->decode && sl_decode_paused(s->decode))
    return decode_result(t, sl_decode_resume(s->decode, decoded, t));
  if (!s->held.n)
    return SL_OK;
  struct slice rest = sl_buf_peek(&s->held);
  sl_result rc;
  if (s->held_header) {
    rc = call(t, t->easy->set.io.writefunction, t->easy->set.io.writedata, rest);
    if (!rc) {
      struct slice line = rest;
      rest = SLICE_NONE;
      rc = write_header(t, line);
    }
  } else {
    rc = write_body(t, &rest);
  }
  if (rc > 0)
    return rc;
  sl_buf_drop(&s->held, s->held.n - rest.n);
  if (rc == SL_WAIT)
    t->paused |= CURLPAUSE_RECV;
  else
    sl_buf_done(&s->held);
  return rc;
}
