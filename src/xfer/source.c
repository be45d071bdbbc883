/* Request bodies; see source.h. */
#include "xfer/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xfer/transfer.h"

void sl_source_none(struct source *s)
{
  *s = (struct source){.reader = s->reader, .size = 0, .eof = true};
}

void sl_source_mem(struct source *s, const char *mem, int64_t size)
{
  *s = (struct source){.mem = mem, .reader = s->reader, .size = size};
}

void sl_source_callback(struct source *s, curl_read_callback fn, void *arg, int64_t size)
{
  *s = (struct source){.read_fn = fn, .read_arg = arg, .reader = s->reader, .size = size};
}

void sl_source_reader(struct source *s, int64_t size)
{
  *s = (struct source){.reader = s->reader, .from_reader = true, .size = size, .eof = size == 0};
}

void sl_source_done(struct source *s)
{
  if (s->reader)
    s->reader->ops->free(s->reader);
  *s = (struct source){0};
}

static sl_result ask(struct transfer *t, char *dst, size_t cap, size_t *out_n)
{
  struct source *s = &t->source;
  size_t n;
  s->touched = true;
  if (s->from_reader)
    return s->reader->ops->read(t, dst, cap, out_n);
  if (s->read_fn) {
    t->multi->callback_depth++;
    n = s->read_fn(dst, 1, cap, s->read_arg);
    t->multi->callback_depth--;
  } else {
    n = fread(dst, 1, cap, s->read_arg ? s->read_arg : stdin);
  }
  if (n == CURL_READFUNC_ABORT)
    return sl_fail(t, CURLE_ABORTED_BY_CALLBACK, "operation aborted by callback");
  if (n == CURL_READFUNC_PAUSE) {
    t->paused |= CURLPAUSE_SEND;
    return SL_WAIT;
  }
  if (n > cap)
    return sl_fail(t, CURLE_READ_ERROR, "read function returned funny value");
  *out_n = n;
  return SL_OK;
}

/* Doubles the room as needed: at most half of dst is asked for, then LF are widened from the end. */
static size_t widen(char *dst, size_t n)
{
  size_t extra = 0;
  for (size_t i = 0; i < n; i++)
    extra += dst[i] == '\n';
  for (size_t i = n, j = n + extra; i--;) {
    dst[--j] = dst[i];
    if (dst[i] == '\n')
      dst[--j] = '\r';
  }
  return n + extra;
}

sl_result sl_source_read(struct transfer *t, char *dst, size_t cap, size_t *out_n)
{
  struct source *s = &t->source;
  size_t n = 0;
  *out_n = 0;
  if (s->size >= 0 && (int64_t)cap > s->size - s->sent)
    cap = (size_t)(s->size - s->sent);
  if (s->eof || !cap) {
    s->eof = true;
    return SL_OK;
  }
  if (t->paused & CURLPAUSE_SEND)
    return SL_WAIT;
  if (s->mem) {
    memcpy(dst, s->mem + s->sent, cap);
    n = cap;
  } else {
    sl_result rc = ask(t, dst, s->crlf && cap > 1 ? cap / 2 : cap, &n);
    if (rc)
      return rc;
  }
  s->sent += (int64_t)n;
  if (!n) {
    s->eof = true;
    if (s->size > s->sent)
      return sl_fail(t, CURLE_READ_ERROR, "client read function EOF fail, only %lld/%lld of needed bytes read",
                     (long long)s->sent, (long long)s->size);
  }
  if (s->size >= 0 && s->sent == s->size)
    s->eof = true;
  *out_n = s->crlf ? widen(dst, n) : n;
  return SL_OK;
}

static sl_result seek_by_callback(struct transfer *t, curl_seek_callback fn, void *arg, int64_t offset)
{
  t->multi->callback_depth++;
  int rc = fn(arg, offset, SEEK_SET);
  t->multi->callback_depth--;
  if (rc == CURL_SEEKFUNC_OK)
    return SL_OK;
  return sl_fail(t, CURLE_SEND_FAIL_REWIND, "seek callback returned error %d", rc);
}

static sl_result rewind_callback(struct transfer *t, int64_t offset)
{
  struct source *s = &t->source;
  const struct io_config *io = &t->easy->set.io;
  if (s->from_reader)
    return s->reader->ops->rewind(t);
  if (s->seek_fn)
    return seek_by_callback(t, s->seek_fn, s->seek_arg, offset);
  if (io->seekfunction)
    return seek_by_callback(t, io->seekfunction, io->seekdata, offset);
  if (io->ioctlfunction) {
    t->multi->callback_depth++;
    curlioerr rc = io->ioctlfunction(t->easy, CURLIOCMD_RESTARTREAD, io->ioctldata);
    t->multi->callback_depth--;
    return rc == CURLIOE_OK ? SL_OK : sl_fail(t, CURLE_SEND_FAIL_REWIND, "ioctl callback returned error %d", rc);
  }
  if (!s->read_fn && !fseek(s->read_arg ? s->read_arg : stdin, (long)offset, SEEK_SET))
    return SL_OK;
  return sl_fail(t, CURLE_SEND_FAIL_REWIND, "necessary data rewind was not possible");
}

sl_result sl_source_rewind(struct transfer *t)
{
  struct source *s = &t->source;
  int64_t offset = t->http.upload_offset;
  if (!s->mem && s->touched) {
    sl_result rc = rewind_callback(t, offset);
    if (rc)
      return rc;
  }
  s->sent = 0;
  s->eof = s->size == 0;
  s->touched = false;
  return SL_OK;
}

sl_result sl_source_skip(struct transfer *t, int64_t offset)
{
  const struct io_config *io = &t->easy->set.io;
  char away[4096];
  size_t n = 0;
  if (io->seekfunction) {
    t->multi->callback_depth++;
    int rc = io->seekfunction(io->seekdata, offset, SEEK_SET);
    t->multi->callback_depth--;
    if (rc == CURL_SEEKFUNC_OK)
      return SL_OK;
    if (rc != CURL_SEEKFUNC_CANTSEEK)
      return sl_fail(t, CURLE_READ_ERROR, "Could not seek stream");
  }
  for (; offset > 0; offset -= (int64_t)n) {
    sl_result rc = ask(t, away, offset < (int64_t)sizeof away ? (size_t)offset : sizeof away, &n);
    if (rc == SL_WAIT)
      return sl_fail(t, CURLE_READ_ERROR, "Read callback asked for PAUSE when not supported");
    if (rc)
      return rc;
    if (!n)
      return sl_fail(t, CURLE_READ_ERROR, "Could only read %lld bytes from the input", (long long)offset);
  }
  return SL_OK;
}
