/* What lies between TCP and the protocol; see layers.h. */
#include "xfer/layers.h"

#include "base/text.h"
#include "gate/addr.h"
#include "stream/tls_layer.h"
#include "sys/clock.h"
#include "sys/env.h"
#include "xfer/certs.h"
#include "xfer/http2.h"
#include "xfer/http2_proxy.h"
#include "xfer/proxy_layers.h"
#include "xfer/proxy_pick.h"
#include "xfer/share.h"
#include "xfer/transfer.h"
#include "xfer/ws.h"

static void log_info(void *ctx, const char *text)
{
  struct transfer *t = ctx;
  sl_easy_infof(t->easy, "%s", text);
}

static void log_message(void *ctx, bool out, const char *text, const void *data, size_t n)
{
  struct transfer *t = ctx;
  sl_easy_infof(t->easy, "%s", text);
  sl_easy_debug(t->easy, out ? CURLINFO_SSL_DATA_OUT : CURLINFO_SSL_DATA_IN, data, n);
}

enum tls_peer { TLS_ORIGIN, TLS_PROXY, TLS_PROXY_H2 };

/* What is offered: RFC 7301. Proxies are spoken to in HTTP/1 unless the application wants more. */
static size_t offer_alpn(const struct transfer *t, enum tls_peer peer, struct slice out_alpn[2])
{
  bool is_http = peer != TLS_ORIGIN || sl_ws_is(t) || t->proto->start == sl_proto_http.start;
  enum http_wish wish = peer == TLS_ORIGIN ? sl_http2_wish(t) : peer == TLS_PROXY_H2 ? HTTP_WISH_2 : HTTP_WISH_1;
  size_t n = 0;
  if (!t->easy->set.tls->ssl_enable_alpn || !is_http)
    return 0;
  if (wish == HTTP_WISH_2 || wish == HTTP_WISH_2_ONLY)
    out_alpn[n++] = SLICE_LIT("h2");
  if (wish == HTTP_WISH_2_ONLY)
    return n;
  bool old = t->easy->set.http->http_version == CURL_HTTP_VERSION_1_0 && !sl_ws_is(t);
  out_alpn[n++] = old ? SLICE_LIT("http/1.0") : SLICE_LIT("http/1.1");
  return n;
}

static sl_result push_tls(struct transfer *t, struct conn *c, const struct tls_config *config, struct slice host,
                          uint16_t port, enum tls_peer peer)
{
  struct multi *m = t->multi;
  struct gate_addr ignored;
  struct slice alpn[2];
  struct tls_log log = {log_info, log_message, t};
  struct buf key;
  struct tls_cache *cache = sl_share_tls_cache(t->easy, m);
  if (!cache)
    return SL_NOMEM;
  sl_buf_init(&key, 1024);
  sl_buf_add(&key, host);
  sl_buf_char(&key, ':');
  sl_buf_num(&key, port);
  struct tls_params p = {
      .host = host,
      .port = port,
      .is_ip = sl_addr_literal(&ignored, host, 0),
      .for_proxy = peer != TLS_ORIGIN,
      .session_key = sl_buf_peek(&key),
      .alpn = alpn,
      .alpn_n = offer_alpn(t, peer, alpn),
      .easy = t->easy,
      .keylog = sl_env_get("SSLKEYLOGFILE"),
      .log = t->easy->set.io.verbose ? &log : NULL,
      .now_s = sl_clock_wall_s(),
      .err = &t->error,
  };
  m->callback_depth++; /* the application's ssl_ctx_function may run */
  sl_result rc = sl_tls_layer_new(c->top, cache, config, &p, &c->top);
  m->callback_depth--;
  sl_buf_done(&key);
  return rc;
}

sl_result sl_layers_push_tls(struct transfer *t, struct conn *c, struct slice host, uint16_t port)
{
  return push_tls(t, c, t->easy->set.tls, host, port, TLS_ORIGIN);
}

sl_result sl_layers_push(struct dial *d)
{
  struct transfer *t = d->t;
  const struct route *r = &d->route;
  sl_result rc = sl_proxy_layers_first(d);
  if (!rc && r->proxy.set && sl_proxy_is_tls(&r->proxy))
    rc = push_tls(t, d->conn, t->easy->set.proxy_tls, slice_str(r->proxy.host), r->proxy.port,
                  r->proxy_h2 ? TLS_PROXY_H2 : TLS_PROXY);
  d->phase = r->tunnel && r->proxy_h2 ? DIAL_PROXY : DIAL_LAYERS;
  return rc || d->phase == DIAL_PROXY ? rc : sl_layers_push_rest(d);
}

sl_result sl_layers_push_rest(struct dial *d)
{
  struct transfer *t = d->t;
  const struct route *r = &d->route;
  sl_result rc = r->tunnel && !d->conn->tunnelled ? sl_proxy_layers_tunnel(d) : SL_OK;
  if (!rc)
    rc = sl_proxy_layers_last(d);
  if (!rc && r->tls)
    rc = push_tls(t, d->conn, t->easy->set.tls, r->host, r->port, TLS_ORIGIN);
  return rc;
}

static bool chose_h2(const struct dial *d)
{
  struct slice agreed;
  return sl_stream_query(d->conn->top, STREAM_ALPN, &agreed) && slice_eq(agreed, SLICE_LIT("h2"));
}

sl_result sl_layers_at_proxy(struct dial *d)
{
  sl_result rc = SL_OK;
  d->phase = DIAL_LAYERS;
  SL_INFOF(d->t->easy, "CONNECT tunnel: HTTP/%s negotiated", chose_h2(d) ? "2" : "1.1");
  sl_tls_set_log(sl_tls_layer_conn(d->conn->top), NULL);
  if (chose_h2(d))
    rc = sl_http2_proxy_take(d);
  else
    sl_http2_proxy_left(d);
  return rc ? rc : sl_layers_push_rest(d);
}

/* The layer that has not come to its end is the one that failed. */
static struct stream *failed_layer(struct stream *top)
{
  struct stream *found = top;
  for (struct stream *s = top; s && !s->ready; s = s->below)
    found = s;
  return found;
}

sl_result sl_layers_failed(struct dial *d, sl_result rc)
{
  struct transfer *t = d->t;
  struct stream *s = failed_layer(d->conn->top);
  t->easy->info.os_errno = d->conn->tcp->err;
  if (!strcmp(s->ops->name, "tls")) {
    struct tls_conn *tls = sl_tls_layer_conn(s);
    bool origin = s == d->conn->top && d->route.tls && d->phase != DIAL_PROXY;
    if (origin) {
      t->easy->info.ssl_verifyresult = (int32_t)sl_tls_verify_result(tls);
      if (t->easy->set.tls->certinfo)
        (void)sl_certs_take(t->easy, tls); /* what is missing of it then is no news beside the failure */
    } else {
      t->easy->info.proxy_ssl_verifyresult = (int32_t)sl_tls_verify_result(tls);
    }
    if (*sl_tls_error(tls))
      return sl_fail(t, rc, "%s", sl_tls_error(tls));
  }
  return sl_proxy_layers_failed(d, s, rc);
}

static bool speaks_http2(const struct dial *d)
{
  enum http_wish wish = sl_http2_wish(d->t);
  if (d->route.plain_proxy)
    return d->route.proxy_h2 && chose_h2(d);
  if (wish == HTTP_WISH_1)
    return false;
  return d->route.tls ? chose_h2(d) : wish == HTTP_WISH_2_ONLY;
}

sl_result sl_layers_done(struct dial *d)
{
  struct transfer *t = d->t;
  struct info *info = &t->easy->info;
  struct tls_conn *tls = NULL;
  if (sl_stream_query(d->conn->top, STREAM_TLS, &tls)) {
    if (!d->side)
      info->appconnect_us = sl_transfer_elapsed(t);
    sl_tls_set_log(tls, NULL);
  }
  if (speaks_http2(d))
    d->conn->http_version = CURL_HTTP_VERSION_2_0;
  else if (sl_http2_wish(t) == HTTP_WISH_2)
    d->conn->bundle->only_http1 = true;
  if (!d->route.tls)
    return SL_OK;
  info->ssl_verifyresult = (int32_t)sl_tls_verify_result(tls);
  return t->easy->set.tls->certinfo ? sl_certs_take(t->easy, tls) : SL_OK;
}
