/* The layers that a proxy needs; see proxy_layers.h. CONNECT's requests and answers are HTTP like all others: the same
 * authentication, the same header callbacks. */
#include "xfer/proxy_layers.h"

#include "base/text.h"
#include "proto/h2_tunnel.h"
#include "stream/haproxy.h"
#include "stream/socks.h"
#include "xfer/header_store.h"
#include "xfer/http2_proxy.h"
#include "xfer/layers.h"
#include "xfer/proxy_pick.h"
#include "xfer/transfer.h"

/* ---- SOCKS ---- */

const struct proxy_hop *sl_proxy_socks_hop(const struct route *r)
{
  if (r->pre.set)
    return &r->pre;
  return r->proxy.set && !sl_proxy_is_http(&r->proxy) ? &r->proxy : NULL;
}

bool sl_proxy_socks_local(const struct dial *d, const struct proxy_hop *hop)
{
  return hop->type == CURLPROXY_SOCKS4 || hop->type == CURLPROXY_SOCKS5 || sl_gate_guarded(&d->connector.ask);
}

/* A type that says addresses. */
static uint8_t by_address(uint8_t type)
{
  return type == CURLPROXY_SOCKS4A ? CURLPROXY_SOCKS4 : type == CURLPROXY_SOCKS5_HOSTNAME ? CURLPROXY_SOCKS5 : type;
}

void sl_proxy_socks_target(const struct route *r, struct slice *out_host, uint16_t *out_port)
{
  bool next_is_proxy = r->pre.set && r->proxy.set;
  *out_host = next_is_proxy ? slice_str(r->proxy.host) : r->to_host;
  *out_port = next_is_proxy ? r->proxy.port : r->to_port;
}

static sl_result push_socks(struct dial *d, const struct proxy_hop *hop)
{
  struct transfer *t = d->t;
  struct socks_params p = {
      .type = d->target_known ? by_address(hop->type) : hop->type,
      .auth = t->easy->set.proxy->socks5_auth,
      .addr = d->target_known ? &d->target : NULL,
      .user = hop->user,
      .password = hop->password,
      .error = &t->error,
  };
  sl_proxy_socks_target(&d->route, &p.host, &p.port);
  struct stream *s = sl_socks_new(d->conn->top, &p);
  if (!s)
    return SL_NOMEM;
  d->conn->top = s;
  return SL_OK;
}

static sl_result push_haproxy(struct dial *d)
{
  struct transfer *t = d->t;
  struct conn *c = d->conn;
  struct haproxy_params p = {c->local_ip, c->primary_ip, c->local_port, c->primary_port,
                             t->easy->set.proxy->haproxy_client_ip};
  return sl_haproxy_new(c->top, &p, &c->top);
}

sl_result sl_proxy_layers_first(struct dial *d)
{
  const struct proxy_hop *socks = sl_proxy_socks_hop(&d->route);
  return socks ? push_socks(d, socks) : SL_OK;
}

sl_result sl_proxy_layers_last(struct dial *d)
{
  const struct proxy_config *config = d->t->easy->set.proxy;
  return config->haproxyprotocol || config->haproxy_client_ip ? push_haproxy(d) : SL_OK;
}

/* ---- CONNECT ---- */

/* The application's own fields for the proxy. */
static const struct curl_slist *proxy_fields(const struct transfer *t)
{
  const struct settings *set = &t->easy->set;
  return set->proxy->headeropt == CURLHEADER_SEPARATE ? set->proxy->proxyheader : set->http->httpheader;
}

static bool has_field(const struct transfer *t, const char *name)
{
  for (const struct curl_slist *l = proxy_fields(t); l; l = l->next) {
    struct slice line = slice_str(l->data), field = slice_head(line, slice_find(line, ':'));
    if (sl_text_ieq_str(field, name) || sl_text_ieq_str(slice_head(line, slice_find(line, ';')), name))
      return true;
  }
  return false;
}

static void add_fields(const struct transfer *t, struct buf *dst)
{
  static const char *const never[] = {"Content-Length", "Transfer-Encoding", "Authorization", "Cookie"};
  for (const struct curl_slist *l = proxy_fields(t); l; l = l->next) {
    struct slice line = slice_str(l->data);
    size_t colon = slice_find(line, ':'), semicolon = slice_find(line, ';');
    struct slice name = slice_head(line, colon < semicolon ? colon : semicolon);
    bool skip = name.n == line.n || (colon < semicolon && !sl_text_trim(slice_from(line, colon + 1)).n);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
      if (sl_text_ieq_str(name, never[i]) && (i < 2 || t->http.cross_origin))
        skip = true;
    if (skip)
      continue;
    sl_buf_add(dst, colon < semicolon ? line : name);
    sl_buf_str(dst, colon < semicolon ? "\r\n" : ":\r\n");
  }
}

static sl_result tunnel_request(void *ctx, struct buf *dst)
{
  struct dial *d = ctx;
  struct transfer *t = d->t;
  const struct http_config *h = t->easy->set.http;
  struct slice host = d->route.to_host;
  struct buf target;
  bool is_v6 = slice_find(host, ':') < host.n;
  sl_buf_init(&target, SL_URL_HOST_MAX + 16);
  sl_buf_printf(&target, is_v6 ? "[%.*s]:%u" : "%.*s:%u", (int)host.n, host.p, d->route.to_port);
  if (!sl_buf_ok(&target)) {
    sl_buf_done(&target);
    return SL_NOMEM;
  }
  bool h2 = d->conn->tunnelled;
  const char *version = h2 ? "2" : d->route.proxy.type == CURLPROXY_HTTP_1_0 ? "1.0" : "1.1";
  sl_buf_printf(dst, "CONNECT %s HTTP/%s\r\n", target.p, version);
  if (!h2 && !has_field(t, "Host"))
    sl_buf_printf(dst, "Host: %s\r\n", target.p);
  sl_result rc = SL_OK;
  if (has_field(t, "Proxy-Authorization"))
    t->http.proxy_auth.want = t->http.proxy_auth.picked = 0; /* the application's word is the last one */
  else
    rc = sl_auth_request(t, true, SLICE_LIT("CONNECT"), sl_buf_peek(&target), dst);
  sl_buf_done(&target);
  if (!has_field(t, "User-Agent") && h->useragent && h->useragent[0])
    sl_buf_printf(dst, "User-Agent: %s\r\n", h->useragent);
  if (!h2 && !has_field(t, "Proxy-Connection"))
    sl_buf_str(dst, "Proxy-Connection: Keep-Alive\r\n");
  add_fields(t, dst);
  sl_buf_str(dst, "\r\n");
  if (rc)
    return rc;
  t->easy->info.request_size += dst->n;
  if (t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_HEADER_OUT, dst->p, dst->n);
  return sl_buf_result(dst, CURLE_TOO_LARGE);
}

static sl_result tunnel_field(struct transfer *t, struct slice line)
{
  size_t colon = slice_find(line, ':');
  struct slice value = sl_text_trim(slice_from(line, colon + 1));
  if (colon < line.n && sl_text_ieq_str(slice_head(line, colon), "Proxy-Authenticate")) {
    sl_result rc = sl_auth_challenge(t, true, value);
    if (rc)
      return rc;
  }
  return sl_header_store_add(t->easy, line, CURLH_CONNECT);
}

static sl_result tunnel_line(void *ctx, struct slice line, enum tunnel_line kind)
{
  struct dial *d = ctx;
  struct transfer *t = d->t;
  static const uint8_t kinds[] = {SINK_STATUS, SINK_HEADER, SINK_HEADER, SINK_HEAD_END};
  sl_result rc = SL_OK;
  if (kind == TUNNEL_STATUS)
    t->http.proxy_auth.avail = 0;
  else if (kind != TUNNEL_END)
    rc = tunnel_field(t, line);
  if (t->easy->set.proxy->suppress_connect_headers) {
    t->easy->info.header_size += (uint32_t)line.n; /* unseen, but not uncounted */
    return rc;
  }
  return rc ? rc : sl_sink_header(t, line, (enum sink_line)kinds[kind]);
}

static sl_result tunnel_verdict(void *ctx, int status, bool *out_again, bool *out_reconnect)
{
  struct dial *d = ctx;
  struct transfer *t = d->t;
  t->easy->info.http_connectcode = (uint16_t)status;
  t->easy->info.response_code = 0; /* that of a request before, which led here */
  t->easy->info.proxyauth_avail = (uint16_t)t->http.proxy_auth.avail;
  sl_result rc = sl_auth_after_connect(t, status, out_again);
  if (d->conn->tunnelled && *out_again && t->http.proxy_auth.picked == CURLAUTH_NTLM)
    t->http.no_proxy_h2 = *out_reconnect = true; /* it is for connections of one user */
  if (status < 300)
    t->http.proxy_auth.multipass = false; /* the request itself is no part of the proxy's exchange */
  if (!rc && status >= 400 && !*out_again && t->easy->set.io.failonerror)
    return sl_fail(t, CURLE_HTTP_RETURNED_ERROR, "The requested URL returned error: %d", status);
  return rc;
}

static void tunnel_info(void *ctx, const char *text)
{
  struct dial *d = ctx;
  SL_INFOF(d->t->easy, "%s", text);
}

struct tunnel_up sl_proxy_layers_up(struct dial *d)
{
  return (struct tunnel_up){d, tunnel_request, tunnel_line, tunnel_verdict, tunnel_info};
}

sl_result sl_proxy_layers_tunnel(struct dial *d)
{
  struct tunnel_up up = sl_proxy_layers_up(d);
  struct stream *s = sl_tunnel_new(d->conn->top, &up, &d->t->error);
  if (!s)
    return SL_NOMEM;
  d->conn->top = s;
  return SL_OK;
}

static bool wants_reconnect(struct dial *d, struct stream *layer)
{
  struct transfer *t = d->t;
  struct h2_tunnel *h2 = sl_h2_tunnel_of(layer);
  if (!h2)
    return !strcmp(layer->ops->name, "tunnel") && sl_tunnel_wants_reconnect(layer);
  if (!sl_h2_tunnel_wants_reconnect(h2))
    return false;
  t->http.no_proxy_h2 = t->http.no_proxy_h2 || sl_h2_tunnel_wants_http1(h2);
  sl_http2_proxy_avoid(d->conn);
  return true;
}

sl_result sl_proxy_layers_failed(struct dial *d, struct stream *layer, sl_result rc)
{
  enum { MOST_REDIALS = 5 };
  struct transfer *t = d->t;
  if (!strcmp(layer->ops->name, "socks"))
    t->easy->info.proxy_error = (uint8_t)sl_socks_proxy_error(layer);
  if (rc != CURLE_COULDNT_CONNECT || !wants_reconnect(d, layer) || t->redials >= MOST_REDIALS)
    return rc;
  t->redials++;
  d->redial = true;
  sl_buf_clear(&t->error);
  return SL_OK;
}
