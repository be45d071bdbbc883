/* curl_multi_setopt(): few options, so a switch. */
#include <curl/curl.h>

#include <stdarg.h>

#include "api/guard.h"
#include "dns/dns.h"
#include "sluice/sluice.h"
#include "xfer/limits.h"
#include "xfer/transfer.h"

static CURLMcode set_number(uint32_t *field, long value)
{
  if (value < 0)
    return CURLM_BAD_FUNCTION_ARGUMENT;
  *field = value > INT32_MAX ? INT32_MAX : (uint32_t)value;
  return CURLM_OK;
}

static CURLMcode set_limit(struct multi *m, uint32_t *field, long value)
{
  CURLMcode rc = set_number(field, value);
  if (!rc)
    sl_limits_changed(m);
  return rc;
}

static CURLMcode set_long(struct multi *m, CURLMoption option, long value)
{
  switch (option) {
  case CURLMOPT_PIPELINING:
    m->multiplex = value & CURLPIPE_MULTIPLEX;
    return CURLM_OK;
  case CURLMOPT_MAXCONNECTS:
    return set_number(&m->pool.max_idle, value);
  case CURLMOPT_MAX_TOTAL_CONNECTIONS:
    return set_limit(m, &m->pool.max_conns, value);
  case CURLMOPT_MAX_HOST_CONNECTIONS:
    return set_limit(m, &m->pool.max_host_conns, value);
  case CURLMOPT_MAX_CONCURRENT_STREAMS:
    m->max_streams = value < 1 || value > INT32_MAX ? 100 : (uint32_t)value;
    return CURLM_OK;
  case CURLMOPT_NETWORK_CHANGED:
    if (value & CURLMNWC_CLEAR_DNS)
      sl_dns_cache_clear(&m->dns_cache, NULL);
    if (value & CURLMNWC_CLEAR_CONNS)
      sl_multi_drop_idle(m);
    return CURLM_OK;
  case CURLMOPT_MAX_PIPELINE_LENGTH: /* pipelining has no effect since 7.62.0 */
  case CURLMOPT_QUICK_EXIT:
  case CURLMOPT_RESOLVE_THREADS_MAX: /* there are none */
    return CURLM_OK;
  default:
    return CURLM_UNKNOWN_OPTION;
  }
}

CURLMcode curl_multi_setopt(CURLM *handle, CURLMoption option, ...)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = CURLM_OK;
  va_list ap;
  if (!m)
    return CURLM_BAD_HANDLE;
  if (m->callback_depth)
    return CURLM_RECURSIVE_API_CALL;
  va_start(ap, option);
  switch ((int)option) {
  case CURLMOPT_SOCKETFUNCTION:
    m->socket_cb = va_arg(ap, curl_socket_callback);
    sl_multi_hook(m);
    break;
  case CURLMOPT_SOCKETDATA:
    m->socket_data = va_arg(ap, void *);
    break;
  case CURLMOPT_TIMERFUNCTION:
    m->timer_cb = va_arg(ap, curl_multi_timer_callback);
    break;
  case CURLMOPT_TIMERDATA:
    m->timer_data = va_arg(ap, void *);
    break;
  case CURLMOPT_PUSHFUNCTION:
    m->push_cb = va_arg(ap, curl_push_callback);
    break;
  case CURLMOPT_PUSHDATA:
    m->push_data = va_arg(ap, void *);
    break;
  case CURLMOPT_NOTIFYFUNCTION:
    m->notify_cb = va_arg(ap, curl_notify_callback);
    break;
  case CURLMOPT_NOTIFYDATA:
    m->notify_data = va_arg(ap, void *);
    break;
  case SLUICEMOPT_POLICY:
    sl_multi_set_policy(m, va_arg(ap, struct policy *));
    break;
  case CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE: /* no effect since 7.62.0 */
  case CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE:
  case CURLMOPT_PIPELINING_SERVER_BL:
  case CURLMOPT_PIPELINING_SITE_BL:
    break;
  default:
    rc = set_long(m, option, va_arg(ap, long));
    break;
  }
  va_end(ap);
  return rc;
}

static CURLMcode notify(CURLM *handle, unsigned what, bool on)
{
  struct multi *m = sl_multi_of(handle);
  if (!m)
    return CURLM_BAD_HANDLE;
  if (what != CURLMNOTIFY_INFO_READ && what != CURLMNOTIFY_EASY_DONE)
    return CURLM_UNKNOWN_OPTION;
  uint8_t bit = (uint8_t)(1u << what);
  m->notify_mask = (uint8_t)(on ? m->notify_mask | bit : m->notify_mask & ~bit);
  return CURLM_OK;
}

CURLMcode curl_multi_notify_enable(CURLM *handle, unsigned int what)
{
  return notify(handle, what, true);
}

CURLMcode curl_multi_notify_disable(CURLM *handle, unsigned int what)
{
  return notify(handle, what, false);
}
