/* See cookies.h. */
#include "xfer/cookies.h"

#include "xfer/transfer.h"

sl_result sl_cookies_request(struct transfer *t, struct buf *dst)
{
  const char *own = t->easy->set.http->cookie;
  struct slice custom;
  if (!own || sl_http_custom(t, "Cookie", &custom) || t->http.cross_origin)
    return SL_OK;
  sl_buf_printf(dst, "Cookie: %s\r\n", own);
  return SL_OK;
}

sl_result sl_cookies_response(struct transfer *t, struct slice value)
{
  (void)t;
  (void)value;
  return SL_OK;
}

sl_result sl_cookies_begin(struct transfer *t)
{
  (void)t;
  return SL_OK;
}

sl_result sl_cookies_dup(struct easy *from, struct easy *to)
{
  (void)from;
  (void)to;
  return SL_OK;
}

void sl_cookies_free(struct easy *e)
{
  (void)e;
}

CURLcode sl_easy_cookielist(struct easy *e, const char *line)
{
  (void)e;
  (void)line;
  return CURLE_NOT_BUILT_IN;
}

struct curl_slist *sl_easy_cookies(struct easy *e)
{
  (void)e;
  return NULL;
}
