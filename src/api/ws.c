/* The curl_ws_* functions: check, then call down. */
#include <curl/curl.h>

#include "api/guard.h"
#include "xfer/ws.h"

enum { ALL_FLAGS = CURLWS_PONG * 2 - 1 };

static CURLcode code(sl_result rc)
{
  return rc == SL_WAIT ? CURLE_AGAIN : (CURLcode)rc;
}

CURLcode curl_ws_recv(CURL *curl, void *buffer, size_t buflen, size_t *recv, const struct curl_ws_frame **meta)
{
  struct easy *e = sl_easy_of(curl);
  if (!e || !recv || !meta || (buflen && !buffer))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  *recv = 0;
  *meta = NULL;
  if (sl_in_callback(e))
    return CURLE_RECURSIVE_API_CALL;
  struct conn *c = e->last_conn;
  struct ws *w = c ? sl_ws_of_conn(c) : NULL;
  if (!w)
    return e->set.io.connect_only ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_UNSUPPORTED_PROTOCOL;
  sl_result rc = sl_ws_recv(c, w, buffer, buflen, recv);
  if (!rc)
    *meta = &w->meta;
  return code(rc);
}

static CURLcode send_running(struct easy *e, struct ws *w, struct slice data, size_t *n, curl_off_t size,
                             unsigned flags)
{
  sl_result rc = sl_ws_send_queued(e->xfer, w, data, size, flags, n);
  if (!e->multi->in_api)
    sl_multi_timer_update(e->multi);
  return code(rc);
}

/* Allowed in callbacks: it runs none. */
CURLcode curl_ws_send(CURL *curl, const void *buffer, size_t buflen, size_t *sent, curl_off_t fragsize,
                      unsigned int flags)
{
  struct easy *e = sl_easy_of(curl);
  size_t ignored, *n = sent ? sent : &ignored;
  *n = 0;
  if (!e || (buflen && !buffer) || fragsize < 0 || flags & ~ALL_FLAGS)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct ws *w = e->xfer ? sl_ws_of(e->xfer) : e->last_conn ? sl_ws_of_conn(e->last_conn) : NULL;
  if (!w)
    return CURLE_SEND_ERROR;
  if (w->raw && (flags || fragsize))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct slice data = slice_of(buffer, buflen);
  if (e->xfer)
    return send_running(e, w, data, n, fragsize, flags);
  return code(sl_ws_send(e->last_conn, w, data, fragsize, flags, n));
}

CURLcode curl_ws_start_frame(CURL *curl, unsigned int flags, curl_off_t frame_len)
{
  struct easy *e = sl_easy_of(curl);
  if (!e || frame_len < 0 || flags & ~ALL_FLAGS)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (e->set.http->ws_options & CURLWS_RAW_MODE)
    return CURLE_FAILED_INIT;
  struct ws *w = e->xfer ? sl_ws_of(e->xfer) : NULL;
  return w ? code(sl_ws_start_frame(w, flags, frame_len)) : CURLE_SEND_ERROR;
}

const struct curl_ws_frame *curl_ws_meta(CURL *curl)
{
  struct easy *e = sl_easy_of(curl);
  struct ws *w = e && e->xfer ? sl_ws_of(e->xfer) : NULL;
  return w && w->delivering ? &w->meta : NULL;
}
