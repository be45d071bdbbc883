/* Protocols with one request, after which the peer talks until it closes, and all that it says is the body: dict: (RFC
 * 2229), gopher: and gophers: (RFC 1436, RFC 4266, the same over TLS). */
#include "base/mem.h"
#include "loop/scratch.h"
#include "wire/dict.h"
#include "wire/gopher.h"
#include "xfer/body.h"
#include "xfer/protos.h"
#include "xfer/transfer.h"

enum { ROUNDS = 32, REQUEST_MAX = 2 * SL_URL_MAX };

static struct buf *request_of(struct transfer *t)
{
  return t->proto_data;
}

static void inquiry_cleanup(struct transfer *t)
{
  struct buf *out = request_of(t);
  t->proto_data = NULL;
  if (out)
    sl_buf_done(out);
  sl_free(out);
  sl_proto_http.cleanup(t);
}

static sl_result inquiry_start(struct transfer *t)
{
  struct buf *out = sl_malloc(sizeof *out);
  if (!out)
    return SL_NOMEM;
  t->proto_data = out;
  sl_buf_init(out, REQUEST_MAX);
  t->expect_us = 0;
  sl_sink_reset(&t->sink);
  sl_source_none(&t->source);
  bool good = t->proto->bit == CURLPROTO_DICT ? sl_dict_request(t->url->path, out)
                                              : sl_gopher_request(t->url->path, t->url->query, out);
  sl_result rc = sl_buf_result(out, CURLE_TOO_LARGE);
  if (!rc && !good)
    return sl_fail(t, CURLE_URL_MALFORMAT, "Control characters in the request");
  if (!rc && t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_DATA_OUT, out->p, out->n);
  return rc;
}

static sl_result receive(struct transfer *t)
{
  for (int round = 0; round < ROUNDS; round++) {
    struct slice in;
    if (t->paused & CURLPAUSE_RECV)
      return SL_WAIT;
    if (t->conn->shut)
      return SL_OK;
    size_t most = sl_body_allow(t, SL_SCRATCH_BYTES);
    if (!most)
      return SL_WAIT;
    sl_result rc = sl_body_fill(t, most, &in);
    if (!rc && in.n)
      rc = sl_body_take(t, in);
    if (rc)
      return rc;
  }
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

static sl_result inquiry_step(struct transfer *t)
{
  sl_result rc = sl_body_flush(t, request_of(t));
  if (!rc && t->easy->set.io.nobody)
    return SL_OK;
  if (!rc && t->resumed_recv) {
    t->resumed_recv = false;
    rc = sl_sink_resume(t);
  }
  return rc ? rc : receive(t);
}

static sl_result inquiry_finish(struct transfer *t, sl_result result)
{
  t->conn->keep = false;
  return result;
}

#define INQUIRY                                                                                    \
  .init = sl_http_init, .start = inquiry_start, .step = inquiry_step, .finish = inquiry_finish, \
  .cleanup = inquiry_cleanup

const struct xfer_proto sl_proto_dict = {.scheme = "dict", .bit = CURLPROTO_DICT, .port = 2628, INQUIRY};
const struct xfer_proto sl_proto_gopher = {.scheme = "gopher", .bit = CURLPROTO_GOPHER, .port = 70, INQUIRY};
const struct xfer_proto sl_proto_gophers = {
    .scheme = "gophers", .bit = CURLPROTO_GOPHERS, .port = 70, .tls = true, INQUIRY};
