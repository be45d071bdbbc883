/* The way through proxies; see proxy_pick.h. Options come before the environment, and NOPROXY
 * before both.
 *
 *   proxy = [scheme "://"] [user [":" password] "@"] host [":" port] ["/" path]
 *
 * A hop to a Unix socket (SOCKS at "localhost" with a path) has the path as its host: that begins
 * with a slash. */
#include "xfer/proxy_pick.h"

#include <stdio.h>

#include "base/text.h"
#include "sys/env.h"
#include "sys/netif.h"
#include "wire/encode.h"
#include "wire/noproxy.h"
#include "xfer/transfer.h"

static const uint16_t default_port = 1080, default_tls_port = 443;

/* ---- the environment ---- */

static const char *variable(struct slice scheme, const char *suffix, bool upper)
{
  char name[32];
  size_t n = strlen(suffix);
  if (scheme.n + n >= sizeof name)
    return NULL;
  memcpy(name, scheme.p, scheme.n);
  memcpy(name + scheme.n, suffix, n + 1);
  for (char *c = name; upper && *c; c++)
    *c = sl_upper(*c);
  return sl_env_get(name);
}

/* HTTP_PROXY is never looked at: in a CGI program it is the client's "Proxy:" field. */
static const char *variable_of_scheme(struct slice scheme)
{
  const char *value = variable(scheme, "_proxy", false);
  if (!value && !slice_eq(scheme, SLICE_LIT("http")))
    value = variable(scheme, "_proxy", true);
  return value;
}

static const char *proxy_of_environment(struct slice scheme)
{
  const char *value = variable_of_scheme(scheme);
  if (!value && slice_eq(scheme, SLICE_LIT("ws")))
    value = variable_of_scheme(SLICE_LIT("http"));
  if (!value && slice_eq(scheme, SLICE_LIT("wss")))
    value = variable_of_scheme(SLICE_LIT("https"));
  return value ? value : variable_of_scheme(SLICE_LIT("all"));
}

static bool needs_none(const struct proxy_config *config, struct slice host)
{
  const char *list = config->noproxy;
  if (!list)
    list = variable(SLICE_LIT("no"), "_proxy", false);
  if (!list)
    list = variable(SLICE_LIT("no"), "_proxy", true);
  return list && sl_noproxy_has(slice_str(list), host);
}

/* ---- one hop ---- */

struct hop_text {
  struct transfer *t;
  struct arena *arena;
  const char *text;
  bool is_pre;
};

/* Without a login: the words go into logs. */
static const char *shown(const char *text)
{
  const char *at = strrchr(text, '@');
  return at ? at + 1 : text;
}

static sl_result bad_syntax(const struct hop_text *h, const char *why)
{
  return sl_fail(h->t, CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy syntax in '%s': %s",
                 shown(h->text), why);
}

static bool is_socks(uint8_t type)
{
  return type >= CURLPROXY_SOCKS4 && type <= CURLPROXY_SOCKS5_HOSTNAME;
}

/* A scheme wins over CURLOPT_PROXYTYPE, which can only say more of the same kind: HTTP/1.0, or
 * HTTP/2 over TLS. */
static sl_result choose_type(const struct hop_text *h, const struct url *u, uint8_t *out_type)
{
  static const struct {
    char scheme[8];
    uint8_t type;
  } kinds[] = {
      {"http", CURLPROXY_HTTP},
      {"https", CURLPROXY_HTTPS},
      {"socks", CURLPROXY_SOCKS4},
      {"socks4", CURLPROXY_SOCKS4},
      {"socks4a", CURLPROXY_SOCKS4A},
      {"socks5", CURLPROXY_SOCKS5},
      {"socks5h", CURLPROXY_SOCKS5_HOSTNAME},
  };
  uint8_t set = h->is_pre ? CURLPROXY_SOCKS4 : h->t->easy->set.proxy->proxytype, type = set;
  if (!u->guessed) {
    size_t i = 0, n = sizeof kinds / sizeof kinds[0];
    while (i < n && !sl_text_ieq_str(u->scheme, kinds[i].scheme))
      i++;
    type = i < n ? kinds[i].type : UINT8_MAX;
    if ((type == CURLPROXY_HTTP && set == CURLPROXY_HTTP_1_0) ||
        (type == CURLPROXY_HTTPS && (set == CURLPROXY_HTTPS2 || set == CURLPROXY_HTTPS3)))
      type = set;
  }
  if (type > CURLPROXY_SOCKS5_HOSTNAME || (h->is_pre && !is_socks(type)))
    return sl_fail(h->t, CURLE_COULDNT_CONNECT, "Unsupported proxy scheme for '%s'",
                   shown(h->text));
  *out_type = type;
  return SL_OK;
}

/* Percent-decoded, in the arena. */
static sl_result decoded(const struct hop_text *h, struct slice text, const char **out_text)
{
  struct buf b;
  sl_buf_init(&b, (uint32_t)text.n + 1); /* a URL is far shorter than 4 GB */
  bool valid = sl_encode_from_percent(text, SL_PERCENT_NO_ZERO, &b);
  bool nomem = !sl_buf_ok(&b);
  char *copy = valid ? sl_arena_str(h->arena, sl_buf_peek(&b)) : NULL;
  if (b.p)
    explicit_bzero(b.p, b.cap);
  sl_buf_done(&b);
  if (!valid && !nomem)
    return bad_syntax(h, "a zero byte in it");
  if (!copy)
    return SL_NOMEM;
  *out_text = copy;
  return SL_OK;
}

/* A login in the string is all there is of it: half of it is not taken from the options. Those
 * belong to the proxy and not to the one before it. */
static sl_result choose_login(const struct hop_text *h, const struct url *u, struct proxy_hop *hop)
{
  const struct proxy_config *config = h->t->easy->set.proxy;
  if (u->user.p || u->password.p) {
    sl_result rc = decoded(h, u->user, &hop->user);
    return rc ? rc : decoded(h, u->password, &hop->password);
  }
  if (h->is_pre || !config->proxyusername)
    return SL_OK;
  hop->user = sl_arena_str(h->arena, slice_str(config->proxyusername));
  hop->password = sl_arena_str(h->arena, slice_str(config->proxypassword));
  return hop->user && hop->password ? SL_OK : SL_NOMEM;
}

/* An IPv6 address without brackets, with its zone as a number behind a percent sign. */
static sl_result literal_host(const struct hop_text *h, const struct url *u, struct slice host,
                              struct proxy_hop *hop)
{
  uint32_t index = 0;
  char text[SL_URL_LITERAL + 16];
  bool numeric = u->zoneid.n > 0;
  for (size_t i = 0; i < u->zoneid.n; i++)
    numeric = numeric && sl_is_digit(u->zoneid.p[i]);
  struct slice inner = host.n > 2 && host.p[0] == '[' ? slice_of(host.p + 1, host.n - 2) : host;
  if (!u->zoneid.n) {
    hop->host = sl_arena_str(h->arena, inner);
    return hop->host ? SL_OK : SL_NOMEM;
  }
  if (!numeric && !sl_netif_index(u->zoneid, &index))
    return bad_syntax(h, "no such zone");
  int n = numeric ? snprintf(text, sizeof text, "%.*s%%%.*s", (int)inner.n, inner.p,
                             (int)u->zoneid.n, u->zoneid.p)
                  : snprintf(text, sizeof text, "%.*s%%%u", (int)inner.n, inner.p, index);
  if (n < 0 || (size_t)n >= sizeof text)
    return bad_syntax(h, "too long an address");
  hop->host = sl_arena_str(h->arena, slice_of(text, (size_t)n));
  return hop->host ? SL_OK : SL_NOMEM;
}

static sl_result choose_host(const struct hop_text *h, const struct url *u, struct proxy_hop *hop)
{
  struct buf scratch;
  struct slice host;
  if (is_socks(hop->type) && sl_text_ieq_str(u->host, "localhost") && u->path.n > 1)
    return decoded(h, u->path, &hop->host);
  sl_buf_init(&scratch, SL_URL_HOST_MAX);
  CURLUcode code = sl_url_host_ascii(u, &scratch, &host);
  sl_result rc = code == CURLUE_OUT_OF_MEMORY ? SL_NOMEM
                 : code                       ? bad_syntax(h, sl_url_strerror(code))
                                              : literal_host(h, u, host, hop);
  sl_buf_done(&scratch);
  return rc;
}

static sl_result take_url(const struct hop_text *h, const struct url *u, struct proxy_hop *out_hop)
{
  struct proxy_hop hop = {.set = true};
  uint16_t port = h->t->easy->set.proxy->proxyport;
  sl_result rc = choose_type(h, u, &hop.type);
  if (!rc)
    rc = choose_login(h, u, &hop);
  if (!rc)
    rc = choose_host(h, u, &hop);
  if (rc)
    return rc;
  hop.port = u->port.p               ? u->port_number
             : port                  ? port
             : sl_proxy_is_tls(&hop) ? default_tls_port
                                     : default_port;
  *out_hop = hop;
  return SL_OK;
}

static sl_result take_text(const struct hop_text *h, struct proxy_hop *out_hop)
{
  struct url u;
  CURLUcode code = sl_url_parse(&u, slice_str(h->text),
                                CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
  if (code)
    return code == CURLUE_OUT_OF_MEMORY ? SL_NOMEM : bad_syntax(h, sl_url_strerror(code));
  sl_result rc = take_url(h, &u, out_hop);
  sl_url_done(&u);
  return rc;
}

sl_result sl_proxy_pick(struct transfer *t, struct arena *arena, struct route *route)
{
  const struct proxy_config *config = t->easy->set.proxy;
  const char *pre = config->pre_proxy && *config->pre_proxy ? config->pre_proxy : NULL;
  const char *proxy = config->proxy;
  if (!proxy && !pre)
    proxy = proxy_of_environment(slice_str(t->proto->scheme));
  if (proxy && !*proxy)
    proxy = NULL;
  route->pre = route->proxy = (struct proxy_hop){.set = false};
  if ((!proxy && !pre) || needs_none(config, route->host))
    return SL_OK;
  sl_result rc = SL_OK;
  if (pre)
    rc = take_text(&(struct hop_text){t, arena, pre, true}, &route->pre);
  if (!rc && proxy)
    rc = take_text(&(struct hop_text){t, arena, proxy, false}, &route->proxy);
  if (!rc && pre && is_socks(route->proxy.type))
    route->proxy.set = false; /* the pre-proxy takes its place, as libcurl has it */
  return rc;
}
