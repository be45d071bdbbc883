/* The curl_share_* functions. */
#include <curl/curl.h>

#include <stdarg.h>

#include "api/guard.h"
#include "xfer/share.h"

CURLSH *curl_share_init(void)
{
  return sl_global_ensure() ? sl_share_new() : NULL;
}

static bool in_use(struct share *s)
{
  sl_share_lock(s, NULL, CURL_LOCK_DATA_SHARE, true);
  bool used = s->users > 0;
  sl_share_lock(s, NULL, CURL_LOCK_DATA_SHARE, false);
  return used;
}

CURLSHcode curl_share_setopt(CURLSH *handle, CURLSHoption option, ...)
{
  struct share *s = sl_share_of(handle);
  CURLSHcode rc = CURLSHE_OK;
  va_list ap;
  if (!s)
    return CURLSHE_INVALID;
  if (s->users)
    return CURLSHE_IN_USE;
  va_start(ap, option);
  switch (option) {
  case CURLSHOPT_SHARE:
    rc = sl_share_enable(s, (curl_lock_data)va_arg(ap, int), true);
    break;
  case CURLSHOPT_UNSHARE:
    rc = sl_share_enable(s, (curl_lock_data)va_arg(ap, int), false);
    break;
  case CURLSHOPT_LOCKFUNC:
    s->lock_fn = va_arg(ap, curl_lock_function);
    break;
  case CURLSHOPT_UNLOCKFUNC:
    s->unlock_fn = va_arg(ap, curl_unlock_function);
    break;
  case CURLSHOPT_USERDATA:
    s->user_data = va_arg(ap, void *);
    break;
  default:
    rc = CURLSHE_BAD_OPTION;
  }
  va_end(ap);
  return rc;
}

CURLSHcode curl_share_cleanup(CURLSH *handle)
{
  struct share *s = sl_share_of(handle);
  if (!s)
    return CURLSHE_INVALID;
  if (in_use(s))
    return CURLSHE_IN_USE;
  sl_share_free(s);
  return CURLSHE_OK;
}
