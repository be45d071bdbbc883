/* The curl_easy_* functions: check, then call down. */
#include <curl/curl.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/guard.h"
#include "base/mem.h"
#include "xfer/http2.h"
#include "xfer/transfer.h"

CURL *curl_easy_init(void)
{
  return sl_global_ensure() ? sl_easy_new() : NULL;
}

void curl_easy_cleanup(CURL *curl)
{
  struct easy *e = sl_easy_of(curl);
  if (!e || (e->xfer && e->xfer->running))
    return; /* from within its own callback: there would be nothing to return to */
  if (e->multi && !e->multi->in_api) { /* in a callback of another one's, what is around it does that */
    struct multi *m = e->multi;
    sl_multi_enter_quietly(m);
    sl_multi_remove(m, e);
    sl_multi_leave(m); /* the application's loop hears of its sockets while the handle is still there */
  }
  sl_easy_free(e);
}

void curl_easy_reset(CURL *curl)
{
  struct easy *e = sl_easy_of(curl);
  if (!e || e->xfer)
    return; /* the running transfer works with these settings */
  sl_settings_reset(&e->set);
  sl_info_start(&e->info);
}

CURL *curl_easy_duphandle(CURL *curl)
{
  struct easy *e = sl_easy_of(curl);
  struct easy *copy = e ? sl_easy_new() : NULL;
  if (!copy)
    return NULL;
  if (!sl_settings_dup(&e->set, &copy->set))
    return copy; /* settings only: no connections, no cookies, no share (curl_easy_duphandle(3)) */
  sl_easy_free(copy);
  return NULL;
}

/* ---- perform: a private multi with one transfer ---- */

static CURLcode cannot_wait(struct easy *e, int err)
{
  e->info.os_errno = err;
  if (e->set.io.errorbuffer)
    snprintf(e->set.io.errorbuffer, CURL_ERROR_SIZE, "Cannot wait for sockets: %s", strerror(err));
  return CURLE_UNRECOVERABLE_POLL;
}

static CURLcode drive(struct multi *m, struct easy *e)
{
  for (;;) {
    sl_multi_enter(m);
    sl_reactor_run(&m->reactor);
    bool done = !e->xfer;
    sl_multi_leave(m);
    if (done)
      return e->msg.data.result;
    int64_t ms = sl_multi_timeout_ms(m);
    if (sl_reactor_wait(&m->reactor, ms < 0 || ms > INT32_MAX ? -1 : (int)ms) < 0)
      return cannot_wait(e, errno);
  }
}

CURLcode curl_easy_perform(CURL *curl)
{
  struct easy *e = sl_easy_of(curl);
  if (!e)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (sl_in_callback(e))
    return CURLE_RECURSIVE_API_CALL;
  if (e->multi)
    return CURLE_FAILED_INIT; /* it is in somebody's multi handle */
  if (!e->own)
    e->own = sl_multi_new(true);
  if (!e->own)
    return CURLE_OUT_OF_MEMORY;
  struct multi *m = e->own;
  m->pool.max_idle = e->set.net->maxconnects;
  if (sl_multi_add(m, e))
    return CURLE_OUT_OF_MEMORY;
  CURLcode rc = drive(m, e);
  sl_multi_remove(m, e);
  return rc;
}

CURLcode curl_easy_pause(CURL *curl, int bitmask)
{
  struct easy *e = sl_easy_of(curl);
  if (!e || !e->xfer)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  CURLcode rc = sl_transfer_pause(e->xfer, bitmask);
  if (!e->multi->in_api)
    sl_multi_timer_update(e->multi);
  return rc;
}

CURLcode curl_easy_upkeep(CURL *curl)
{
  struct easy *e = sl_easy_of(curl);
  if (!e)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  return sl_in_callback(e) ? CURLE_RECURSIVE_API_CALL : (CURLcode)sl_http2_upkeep(e);
}

/* ---- CONNECT_ONLY ---- */

static CURLcode raw_connection(CURL *curl, struct conn **out_conn)
{
  struct easy *e = sl_easy_of(curl);
  if (!e)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (sl_in_callback(e))
    return CURLE_RECURSIVE_API_CALL;
  if (!e->last_conn)
    return CURLE_UNSUPPORTED_PROTOCOL;
  *out_conn = e->last_conn;
  return CURLE_OK;
}

CURLcode curl_easy_recv(CURL *curl, void *buffer, size_t buflen, size_t *n)
{
  struct conn *c;
  CURLcode rc = raw_connection(curl, &c);
  if (rc)
    return rc;
  *n = 0;
  if (c->in.n) { /* what came behind the head of a response */
    *n = buflen < c->in.n ? buflen : c->in.n;
    memcpy(buffer, c->in.p, *n);
    sl_buf_drop(&c->in, *n);
    if (!c->in.n)
      sl_buf_done(&c->in);
    return CURLE_OK;
  }
  sl_result got = sl_stream_read(c->top, buffer, buflen, n);
  return got == SL_WAIT ? CURLE_AGAIN : (CURLcode)got;
}

CURLcode curl_easy_send(CURL *curl, const void *buffer, size_t buflen, size_t *n)
{
  struct conn *c;
  CURLcode rc = raw_connection(curl, &c);
  if (rc)
    return rc;
  *n = 0;
  sl_result sent = sl_stream_write(c->top, slice_of(buffer, buflen), n);
  return sent == SL_WAIT ? CURLE_AGAIN : (CURLcode)sent;
}
