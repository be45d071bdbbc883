/* The way to a peer and the identity of a connection; see route.h. */
#include "xfer/route.h"

#include "base/map.h"
#include "base/num.h"
#include "base/text.h"
#include "gate/broker.h"
#include "gate/policy.h"
#include "sys/netif.h"
#include "xfer/http2.h"
#include "xfer/proxy_pick.h"
#include "xfer/transfer.h"

/* ---- CURLOPT_CONNECT_TO: "HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT", empty parts match or keep all ---- */

static struct slice take_host(struct slice *rest)
{
  struct slice host;
  if (rest->n && rest->p[0] == '[') {
    size_t end = slice_find(*rest, ']');
    host = slice_of(rest->p + 1, end ? end - 1 : 0);
    *rest = slice_from(*rest, end + 1);
  } else {
    host = slice_head(*rest, slice_find(*rest, ':'));
    *rest = slice_from(*rest, host.n);
  }
  if (rest->n && rest->p[0] == ':')
    *rest = slice_from(*rest, 1);
  return host;
}

static struct slice take_port(struct slice *rest)
{
  struct slice port = slice_head(*rest, slice_find(*rest, ':'));
  *rest = slice_from(*rest, port.n < rest->n ? port.n + 1 : port.n);
  return port;
}

static sl_result connect_to(struct transfer *t, struct route *r)
{
  for (const struct curl_slist *l = t->easy->set.net->connect_to; l; l = l->next) {
    struct slice rest = slice_str(l->data), host = take_host(&rest), port = take_port(&rest);
    int64_t number;
    if (host.n && !sl_text_ieq(host, r->host))
      continue;
    if (port.n && (!sl_num_parse(port, UINT16_MAX, &number) || number != r->port))
      continue;
    struct slice to = take_host(&rest);
    if (to.n && !sl_text_ieq(to, r->host)) /* the same is no other destination */
      r->to_host = to;
    if (rest.n && !sl_num_parse(rest, UINT16_MAX, &number))
      return sl_fail(t, CURLE_SETOPT_OPTION_SYNTAX, "Invalid port in CONNECT_TO '%s'", l->data);
    if (rest.n)
      r->to_port = (uint16_t)number;
    return SL_OK;
  }
  return SL_OK;
}

static sl_result scope(struct transfer *t, struct route *r)
{
  struct slice zone = t->url->zoneid;
  int64_t number;
  uint32_t index;
  r->scope = t->easy->set.net->address_scope;
  if (!zone.n)
    return SL_OK;
  if (sl_num_parse(zone, UINT32_MAX, &number))
    r->scope = (uint32_t)number;
  else if (sl_netif_index(zone, &index))
    r->scope = index;
  else
    return sl_fail(t, CURLE_URL_MALFORMAT, "Invalid zone id: %.*s", (int)zone.n, zone.p);
  return SL_OK;
}

static struct slice without_brackets(struct slice host)
{
  if (host.n > 2 && host.p[0] == '[')
    return slice_of(host.p + 1, host.n - 2);
  return host;
}

/* What belongs to one connection (NTLM, CONNECT_ONLY's descriptor) does not go with one that others use. */
static bool wants_proxy_h2(const struct transfer *t, bool tunnel)
{
  const struct http *h = &t->http;
  if (t->easy->set.io.connect_only || h->proxy_auth.picked == CURLAUTH_NTLM)
    return false;
  return tunnel ? !h->no_proxy_h2 : !h->no_h2 && t->proto == &sl_proto_http;
}

sl_result sl_route_make(struct transfer *t, struct arena *arena, struct route *out_route)
{
  const struct settings *set = &t->easy->set;
  struct route r = {.tls = t->proto->tls, .port = t->port};
  r.host = without_brackets(t->host);
  r.to_host = r.host;
  r.to_port = r.port;
  sl_result rc = scope(t, &r);
  if (!rc)
    rc = connect_to(t, &r);
  if (rc)
    return rc;
  r.unix_path = set->net->unix_socket_path;
  r.abstract = set->net->abstract_unix_socket;
  const char *noproxy = set->proxy->noproxy;
  if (!r.unix_path && !(noproxy && noproxy[0] == '*' && !noproxy[1])) /* "*": nobody need look at the environment */
    rc = sl_proxy_pick(t, arena, &r);
  if (rc)
    return rc;
  bool http_proxy = r.proxy.set && sl_proxy_is_http(&r.proxy);
  bool redirected = r.to_port != r.port || !slice_eq(r.to_host, r.host);
  /* Another destination than the URL's, or another protocol, cannot be told to an HTTP proxy without a tunnel. */
  bool foreign = t->proto->bit != CURLPROTO_HTTP && !t->proto->over_proxy;
  r.tunnel = http_proxy && (r.tls || set->proxy->httpproxytunnel || redirected || foreign);
  r.plain_proxy = http_proxy && !r.tunnel;
  r.proxy_h2 = http_proxy && r.proxy.type == CURLPROXY_HTTPS2 && wants_proxy_h2(t, r.tunnel);
  *out_route = r;
  return SL_OK;
}

/* ---- the key ---- */

struct key {
  char *p;
  size_t n, cap;
};

static void add(struct key *k, const void *p, size_t n)
{
  if (n > k->cap - k->n) {
    k->n = k->cap; /* too large: seen at the end */
    return;
  }
  if (n)
    memcpy(k->p + k->n, p, n);
  k->n += n;
}

static void add_text(struct key *k, struct slice s, bool fold_case)
{
  uint32_t n = (uint32_t)s.n;
  size_t at;
  add(k, &n, sizeof n);
  at = k->n;
  add(k, s.p, s.n);
  if (fold_case && k->n < k->cap)
    sl_text_lower(k->p + at, s.n);
}

static void add_str(struct key *k, const char *s)
{
  char there = s != NULL;
  add(k, &there, 1);
  if (s)
    add_text(k, slice_str(s), false);
}

static void add_blob(struct key *k, const struct curl_blob *b)
{
  char there = b != NULL;
  add(k, &there, 1);
  if (!b)
    return;
  uint64_t hash[3] = {b->len, sl_hash(b->data, b->len, 1), sl_hash(b->data, b->len, 2)};
  add(k, hash, sizeof hash);
}

/* Every TLS option (lesson 6): the strings and blobs that the topic begins with by content, the rest as it lies there. */
static void add_tls(struct key *k, const struct tls_config *c)
{
  enum {
    STRINGS = offsetof(struct tls_config, cainfo_blob) / sizeof(char *),
    REST = offsetof(struct tls_config, ssl_ctx_function)
  };
  char *const *strings = (char *const *)(const void *)c;
  for (int i = 0; i < STRINGS; i++)
    add_str(k, strings[i]);
  add_blob(k, c->cainfo_blob);
  add_blob(k, c->issuercert_blob);
  add_blob(k, c->sslcert_blob);
  add_blob(k, c->sslkey_blob);
  add(k, (const char *)c + REST, sizeof *c - REST);
}

static void add_hop(struct key *k, const struct proxy_hop *h)
{
  add(k, &h->type, 1);
  add(k, &h->port, sizeof h->port);
  add_text(k, slice_str(h->host), true);
  add_str(k, h->user);
  add_str(k, h->password);
}

/* What each key has, in one piece without holes; `there` says which of the rest follows. */
struct way {
  uint64_t policies[2];  /* what one policy allowed is nothing to transfers under another; */
  struct broker *broker; /* a broker has one of its own */
  curl_opensocket_callback opensocket;
  curl_sockopt_callback sockopt;
  curl_closesocket_callback closesocket;
  uint16_t localport, localportrange;
  uint32_t there;
};
_Static_assert(sizeof(struct way) == 2 * 8 + 4 * sizeof(void *) + 8, "no padding, whose bytes would be any");
enum { UNIX_PATH = 1, ABSTRACT = 2, INTERFACE = 4, CLIENT_IP = 8, PRE_PROXY = 16, PROXY = 32 };

/* Proxies and sockets: all that is there before the origin is. */
static void add_way(struct key *k, const struct transfer *t, const struct route *r)
{
  const struct settings *set = &t->easy->set;
  const struct net_config *net = set->net;
  const struct gate_config *g = set->gate;
  const char *client_ip = set->proxy->haproxy_client_ip; /* the peer was told who the connection is for */
  struct way w = {
      .policies = {sl_policy_id(g->policy), sl_policy_id(t->multi->policy)},
      .broker = sl_broker_of(g, true),
      .opensocket = g->opensocketfunction,
      .sockopt = g->sockoptfunction,
      .closesocket = g->closesocketfunction,
      .localport = net->localport,
      .localportrange = net->localportrange,
      .there = (r->unix_path ? UNIX_PATH : 0u) | (r->abstract ? ABSTRACT : 0u) | (net->interface ? INTERFACE : 0u) |
               (client_ip ? CLIENT_IP : 0u) | (r->pre.set ? PRE_PROXY : 0u) | (r->proxy.set ? PROXY : 0u),
  };
  add(k, &w, sizeof w);
  if (!w.there)
    return;
  if (r->unix_path)
    add_text(k, slice_str(r->unix_path), false);
  if (net->interface)
    add_text(k, slice_str(net->interface), false);
  if (client_ip)
    add_text(k, slice_str(client_ip), false);
  if (r->pre.set)
    add_hop(k, &r->pre);
  if (r->proxy.set)
    add_hop(k, &r->proxy);
  if (r->proxy.set && sl_proxy_is_tls(&r->proxy))
    add_tls(k, set->proxy_tls);
}

static sl_result finish(const struct key *k, struct slice *out_key)
{
  if (k->n == k->cap)
    return CURLE_TOO_LARGE;
  *out_key = slice_of(k->p, k->n);
  return SL_OK;
}

/* With SASL EXTERNAL the user is who the certificate says, so whether it may be used is a part of who it is. */
static bool may_be_external(const struct transfer *t)
{
  const char *options = t->easy->set.io.login_options;
  struct slice text = options ? slice_str(options) : t->url->options;
  while (text.n && !sl_text_istarts(text, SLICE_LIT("EXTERNAL")))
    text = slice_from(text, 1);
  return text.n;
}

/* What a login depends on beyond the name: TLS from the middle on, the account. */
static void add_login(struct key *k, const struct transfer *t)
{
  const struct settings *set = &t->easy->set;
  const struct ftp_config *ftp = set->ftp;
  char flags[4] = {(char)set->io.use_ssl, (char)ftp->ftpsslauth, (char)ftp->ftp_ssl_ccc, may_be_external(t)};
  add(k, flags, sizeof flags);
  add_str(k, ftp->ftp_account);
  add_str(k, ftp->ftp_alternative_to_user);
  add_str(k, set->mail->sasl_authzid);
  add_str(k, set->http->xoauth2_bearer);
  add_str(k, set->http->service_name);
  if (set->io.use_ssl && !t->proto->tls)
    add_tls(k, set->tls);
}

/* How the host was verified and who it was told that we are. The functions with their data: what one of them has
 * accepted is nothing to another. */
static void add_ssh(struct key *k, const struct transfer *t)
{
  const struct ssh_config *c = t->easy->set.ssh;
  char *const *strings = (char *const *)(const void *)c;
  const void *pointers[] = {(const void *)c->ssh_keyfunction, c->ssh_keydata, (const void *)c->ssh_hostkeyfunction,
                            c->ssh_hostkeydata};
  for (int i = 0; i < SL_OWNED_SSH; i++)
    add_str(k, strings[i]);
  add_str(k, t->easy->set.tls->keypasswd);
  add(k, pointers, sizeof pointers);
  add(k, &c->ssh_auth_types, sizeof c->ssh_auth_types);
  add(k, &c->ssh_compression, 1);
}

/* Where to, again without holes. */
struct target {
  uint32_t scope;
  uint16_t port, to_port;
  uint8_t kind; /* how the origin is spoken to */
  uint8_t how, ipresolve, more;
};
_Static_assert(sizeof(struct target) == 12, "no padding, whose bytes would be any");

static struct target target_of(const struct transfer *t, const struct route *r, bool redirected, bool bound,
                               bool kerberos, bool is_http)
{
  const struct settings *set = &t->easy->set;
  bool plain = !r->tls && !set->http->http_version; /* what is asked for most often */
  enum http_wish wish = plain ? HTTP_WISH_1 : sl_http2_wish(t);
  struct target to = {
      .kind = r->plain_proxy ? 'p' : r->tls ? 's' : 'c',
      .how = (uint8_t)(r->tunnel | wish << 1 | r->proxy_h2 << 4),
      .ipresolve = set->dns->ipresolve,
      .more = (uint8_t)(set->proxy->haproxyprotocol | (t->easy->doh ? 2 : 0) | redirected << 2 | bound << 3 |
                        t->proto->login << 4 | kerberos << 5 | is_http << 6),
  };
  if (!r->plain_proxy) { /* which serves all origins over one connection */
    to.scope = r->scope;
    to.port = r->port;
    to.to_port = r->to_port;
  }
  return to;
}

sl_result sl_route_key(const struct transfer *t, const struct route *r, char *dst, size_t cap,
                       struct slice *out_key)
{
  const struct settings *set = &t->easy->set;
  struct key k = {dst, 0, cap};
  /* NTLM, Negotiate and a login authenticate the connection, not the request: it is its user's alone (lesson 7). With a
   * ticket that went over it the user's name is added: http_negotiate.h. */
  bool bound = t->http.auth.want && set->http->httpauth & (CURLAUTH_NTLM | CURLAUTH_NEGOTIATE);
  bool redirected = !r->plain_proxy && r->to_host.p != r->host.p;
  bool kerberos =
      ((bound ? set->http->httpauth : 0) | (r->proxy.set ? set->proxy->proxyauth : 0)) & CURLAUTH_NEGOTIATE;
  bool is_http = t->proto->bit & (CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_WS | CURLPROTO_WSS);
  struct target to = target_of(t, r, redirected, bound, kerberos, is_http);
  add(&k, &to, sizeof to);
  if (!is_http)
    add(&k, &t->proto->bit, sizeof t->proto->bit);
  if (!r->plain_proxy)
    add_text(&k, r->host, true);
  if (redirected)
    add_text(&k, r->to_host, true);
  if (bound || t->proto->login) {
    add_str(&k, t->user);
    add_str(&k, t->password);
  }
  if (t->proto->login)
    add_login(&k, t);
  if (t->proto->bit & (CURLPROTO_SFTP | CURLPROTO_SCP))
    add_ssh(&k, t);
  if (kerberos) {
    add(&k, &set->http->gssapi_delegation, 1);
    add_str(&k, set->http->service_name);
    add_str(&k, set->proxy->proxy_service_name);
  }
  add_way(&k, t, r);
  if (r->tls) {
    char old = set->http->http_version == CURL_HTTP_VERSION_1_0;
    add(&k, &old, 1);
    add_tls(&k, set->tls);
  }
  return finish(&k, out_key);
}

sl_result sl_route_proxy_key(const struct transfer *t, const struct route *r, char *dst, size_t cap,
                             struct slice *out_key)
{
  struct key k = {dst, 0, cap};
  char flags[2] = {(char)t->easy->set.dns->ipresolve, (char)(t->easy->doh ? 1 : 0)};
  add(&k, flags, sizeof flags);
  add_way(&k, t, r);
  return finish(&k, out_key);
}
