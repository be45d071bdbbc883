/* HTTP authentication; see http_auth.h. */
#include "xfer/http_auth.h"

#include "base/text.h"
#include "wire/encode.h"
#include "xfer/transfer.h"

void sl_auth_init(struct transfer *t)
{
  const struct settings *set = &t->easy->set;
  struct http_auth *a = &t->http.auth, *p = &t->http.proxy_auth;
  bool ours = !t->http.cross_origin || set->http->unrestricted_auth;
  a->want = 0;
  if (sl_auth_user(t))
    a->want = set->http->httpauth;
  if (ours && set->http->xoauth2_bearer)
    a->want |= set->http->httpauth & CURLAUTH_BEARER;
  p->is_proxy = true;
  p->want = set->proxy->proxyusername ? set->proxy->proxyauth : 0;
}

void sl_auth_done(struct transfer *t)
{
  (void)t;
}

void sl_auth_conn_done(struct conn *c)
{
  (void)c;
}

const char *sl_auth_user(const struct transfer *t)
{
  return t->user;
}

const char *sl_auth_password(const struct transfer *t)
{
  return t->password;
}

bool sl_auth_will_challenge(const struct transfer *t)
{
  (void)t;
  return false;
}

static bool basic(const char *user, const char *password, struct buf *dst)
{
  struct buf pair;
  sl_buf_init(&pair, 64 * 1024);
  sl_buf_str(&pair, user ? user : "");
  sl_buf_char(&pair, ':');
  sl_buf_str(&pair, password ? password : "");
  bool ok = sl_buf_ok(&pair) && sl_encode_base64(sl_buf_peek(&pair), dst);
  sl_buf_done(&pair);
  return ok;
}

sl_result sl_auth_request(struct transfer *t, bool proxy, struct slice method, struct slice target, struct buf *dst)
{
  const struct settings *set = &t->easy->set;
  struct http_auth *a = proxy ? &t->http.proxy_auth : &t->http.auth;
  struct slice custom;
  (void)method;
  (void)target;
  if (!a->want || sl_http_custom(t, proxy ? "Proxy-Authorization" : "Authorization", &custom))
    return SL_OK;
  const char *name = proxy ? "Proxy-Authorization" : "Authorization";
  if (!proxy && a->want & CURLAUTH_BEARER && set->http->xoauth2_bearer) {
    sl_buf_printf(dst, "%s: Bearer %s\r\n", name, set->http->xoauth2_bearer);
    a->picked = CURLAUTH_BEARER;
  } else if (a->want & CURLAUTH_BASIC) {
    sl_buf_printf(dst, "%s: Basic ", name);
    if (!basic(proxy ? set->proxy->proxyusername : t->user, proxy ? set->proxy->proxypassword : t->password, dst))
      return sl_buf_result(dst, CURLE_TOO_LARGE);
    sl_buf_str(dst, "\r\n");
    a->picked = CURLAUTH_BASIC;
  }
  return sl_buf_result(dst, CURLE_TOO_LARGE);
}

sl_result sl_auth_challenge(struct transfer *t, bool proxy, struct slice value)
{
  (void)t;
  (void)proxy;
  (void)value;
  return SL_OK;
}

sl_result sl_auth_after_head(struct transfer *t, bool *out_again)
{
  (void)t;
  *out_again = false;
  return SL_OK;
}
