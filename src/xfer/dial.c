/* Making a new connection; see dial.h. */
#include "xfer/dial.h"

#include "base/mem.h"
#include "sys/clock.h"
#include "sys/env.h"
#include "xfer/certs.h"
#include "xfer/http2.h"
#include "xfer/http2_proxy.h"
#include "xfer/judge.h"
#include "xfer/layers.h"
#include "xfer/lookup.h"
#include "xfer/proxy_layers.h"
#include "xfer/share.h"
#include "xfer/transfer.h"

static void notified(void *owner)
{
  struct dial *d = owner;
  sl_transfer_wake(d->t);
}

static void resolved(struct dns_waiter *w)
{
  notified(w->owner);
}

void sl_dial_free(struct dial *d)
{
  if (!d)
    return;
  sl_http2_wake(&d->waiters, UINT32_MAX);
  sl_http2_proxy_left(d);
  sl_dns_cancel(&d->waiter);
  sl_connector_done(&d->connector);
  sl_free(d);
}

static const char *keep(struct transfer *t, struct slice s, bool *ok)
{
  const char *copy = sl_arena_str(&t->arena, s);
  *ok = *ok && copy;
  return copy;
}

/* Settings and URL may change under a running transfer; the dial keeps what it needs. */
static bool keep_route(struct dial *d)
{
  struct route *r = &d->route;
  bool ok = true;
  const char *host = keep(d->t, r->host, &ok), *to_host = keep(d->t, r->to_host, &ok);
  if (r->unix_path)
    r->unix_path = keep(d->t, slice_str(r->unix_path), &ok);
  if (!ok)
    return false;
  r->host = slice_str(host);
  r->to_host = slice_str(to_host);
  const struct proxy_hop *first = r->pre.set ? &r->pre : r->proxy.set ? &r->proxy : NULL;
  d->to_proxy = first != NULL;
  d->first_host = first ? first->host : to_host;
  d->first_port = first ? first->port : r->to_port;
  if (first && first->host[0] == '/') /* a proxy on a Unix socket */
    r->unix_path = first->host;
  return true;
}

/* What is the same for the connection of a transfer and a data connection beside it. */
static sl_result prepare(struct dial *d, struct transfer *t, struct conn *c, const struct route *route,
                         enum gate_purpose purpose)
{
  c->xfer = t;
  c->is_tls = route->tls;
  c->plain_proxy = route->plain_proxy;
  d->t = t;
  d->conn = c;
  sl_list_init(&d->waiters);
  sl_list_init(&d->proxy_link);
  d->route = *route;
  d->phase = route->proxy_h2 && route->tunnel ? DIAL_SHARE : DIAL_RESOLVE;
  sl_dns_waiter_init(&d->waiter, resolved, d);
  bool kept = keep_route(d);
  struct gate_ask ask = sl_transfer_ask(t, d->to_proxy ? GATE_PROXY : purpose,
                                        kept ? slice_str(d->first_host) : SLICE_NONE);
  sl_connector_init(&d->connector, &t->multi->reactor, t->easy->set.net, &ask, notified, d);
  return kept ? SL_OK : SL_NOMEM;
}

sl_result sl_dial_start(struct transfer *t, const struct route *route, struct slice key)
{
  struct multi *m = t->multi;
  struct pool *p = sl_share_pool(t->easy, m);
  struct dial *d = sl_calloc(1, sizeof *d);
  struct conn *c = d ? sl_conn_new(m, p) : NULL;
  sl_pool_lock(p, t->easy, true);
  bool joined = c && sl_pool_join(p, c, key);
  sl_pool_lock(p, t->easy, false);
  if (!joined) {
    sl_free(d);
    sl_conn_free(c, false);
    return SL_NOMEM;
  }
  t->conn = c;
  t->dial = d;
  t->dial_us = m->reactor.now_us;
  return prepare(d, t, c, route, sl_transfer_purpose(t));
}

sl_result sl_dial_data(struct transfer *t, const struct route *route, struct dial **out_dial)
{
  struct dial *d = sl_calloc(1, sizeof *d);
  struct conn *c = d ? sl_conn_new(t->multi, sl_share_pool(t->easy, t->multi)) : NULL;
  if (!c) {
    sl_free(d);
    return SL_NOMEM;
  }
  d->side = true;
  *out_dial = d;
  return prepare(d, t, c, route, GATE_FTP_DATA);
}

/* ---- addresses ---- */

static sl_result take_answer(struct dial *d, const struct dns_answer *a)
{
  struct gate_addr addr;
  unsigned n6 = sl_dns_answer_count(a, AF_INET6), n4 = sl_dns_answer_count(a, AF_INET);
  int only = sl_lookup_family(d->t);
  for (; d->added6 < n6 && only != AF_INET; d->added6++) {
    sl_dns_answer_get(a, AF_INET6, d->added6, d->first_port, &addr);
    if (!addr.u.in6.sin6_scope_id && !d->to_proxy)
      addr.u.in6.sin6_scope_id = d->route.scope;
    if (!sl_connector_add(&d->connector, &addr))
      return SL_NOMEM;
  }
  for (; d->added4 < n4 && only != AF_INET6; d->added4++) {
    sl_dns_answer_get(a, AF_INET, d->added4, d->first_port, &addr);
    if (!sl_connector_add(&d->connector, &addr))
      return SL_NOMEM;
  }
  return SL_OK;
}

static sl_result unix_address(struct dial *d)
{
  struct gate_addr addr;
  struct transfer *t = d->t;
  if (!sl_addr_unix(&addr, slice_str(d->route.unix_path), d->route.abstract))
    return sl_fail(t, CURLE_COULDNT_CONNECT, "Unix socket path too long: '%s'", d->route.unix_path);
  return sl_connector_add(&d->connector, &addr) ? SL_OK : SL_NOMEM;
}

/* SL_OK: the connector has addresses and knows whether more will come. */
static sl_result look_up(struct dial *d)
{
  struct transfer *t = d->t;
  struct gate_addr addr;
  struct dns_answer *answer = NULL;
  if (d->route.unix_path) {
    d->connector.complete = true;
    return unix_address(d);
  }
  if (sl_addr_literal(&addr, slice_str(d->first_host), d->first_port) && !t->easy->set.dns->resolve) {
    int only = sl_lookup_family(t);
    if (only != AF_UNSPEC && addr.family != only)
      return sl_fail(t, CURLE_COULDNT_CONNECT, "%s is not an address of IPv%d", d->first_host, only == AF_INET ? 4 : 6);
    if (addr.family == AF_INET6 && !d->to_proxy)
      addr.u.in6.sin6_scope_id = d->route.scope;
    d->connector.complete = true;
    return sl_connector_add(&d->connector, &addr) ? SL_OK : SL_NOMEM;
  }
  struct lookup what = {slice_str(d->first_host), d->first_port, sl_lookup_family(t), d->to_proxy};
  sl_result rc = sl_lookup(t, &what, &d->waiter, &answer);
  if (!rc) {
    rc = take_answer(d, answer);
    sl_dns_answer_drop(answer);
    d->connector.complete = true;
  }
  return rc;
}

/* The first family's addresses can be tried while the other one is still asked for. */
static sl_result more_addresses(struct dial *d)
{
  sl_result rc = SL_OK;
  if (d->connector.complete)
    return SL_OK;
  if (d->waiter.answer)
    rc = take_answer(d, d->waiter.answer);
  if (!rc && d->waiter.done) {
    d->connector.complete = true;
    if (!d->connector.n)
      return d->waiter.result ? d->waiter.result : CURLE_COULDNT_RESOLVE_HOST;
  }
  return rc;
}

static sl_result resolve(struct dial *d)
{
  struct transfer *t = d->t;
  const struct dns_config *c = t->easy->set.dns;
  if (c->resolver_start_function) {
    t->multi->callback_depth++;
    int rc = c->resolver_start_function(NULL, NULL, c->resolver_start_data);
    t->multi->callback_depth--;
    if (rc)
      return sl_fail(t, CURLE_ABORTED_BY_CALLBACK, "The resolver start callback said no");
  }
  sl_result rc = look_up(d);
  if (rc > 0)
    return rc;
  d->phase = DIAL_CONNECT;
  return more_addresses(d);
}

/* ---- sockets ---- */

static sl_result could_not_connect(struct dial *d, sl_result rc)
{
  struct transfer *t = d->t;
  t->easy->info.os_errno = d->connector.err;
  if (rc == SL_NOMEM || t->error.n)
    return rc;
  int64_t ms = (t->multi->reactor.now_us - t->dial_us) / 1000;
  if (d->route.unix_path)
    return sl_fail(t, rc, "Failed to connect to %s: %s", d->route.unix_path, "Could not connect to server");
  return sl_fail(t, rc, "Failed to connect to %s port %u after %lld ms: Could not connect to server", d->first_host,
                 d->first_port, (long long)ms);
}

static sl_result connect_step(struct dial *d)
{
  struct transfer *t = d->t;
  struct tcp *tcp;
  sl_result rc = more_addresses(d);
  if (rc)
    return rc;
  if (!t->easy->info.namelookup_us && d->connector.n)
    t->easy->info.namelookup_us = sl_transfer_elapsed(t);
  rc = sl_connector_step(&d->connector, &tcp);
  if (rc)
    return rc > 0 ? could_not_connect(d, rc) : rc;
  sl_buf_clear(&t->error); /* what an address that lost had to say */
  sl_dns_cancel(&d->waiter);
  sl_conn_take_tcp(d->conn, tcp);
  t->easy->info.num_connects++; /* those that succeed: CURLINFO_NUM_CONNECTS(3) */
  if (!d->side) {
    t->easy->info.connect_us = sl_transfer_elapsed(t);
    sl_transfer_note_peer(t); /* known even if a proxy or TLS fails next */
  }
  SL_INFOF(t->easy, "Established connection to %s (%s port %u) from %s port %u", d->first_host, d->conn->primary_ip,
           d->conn->primary_port, d->conn->local_ip, d->conn->local_port);
  d->phase = DIAL_TARGET;
  return SL_OK;
}

/* ---- the origin's address for a SOCKS proxy that does not resolve ---- */

static sl_result target_failed(struct dial *d, sl_result rc)
{
  struct slice host;
  uint16_t port;
  if (rc == SL_NOMEM)
    return rc;
  sl_proxy_socks_target(&d->route, &host, &port);
  sl_buf_clear(&d->t->error);
  d->t->easy->info.proxy_error = CURLPX_RESOLVE_HOST;
  return sl_fail(d->t, CURLE_PROXY, "Failed to resolve \"%.*s\" for SOCKS connect.", (int)host.n, host.p);
}

/* SOCKS 4 knows IPv4 only. */
static sl_result take_target(struct dial *d, const struct dns_answer *a, bool v4_only, uint16_t port)
{
  enum gate_purpose purpose = d->route.pre.set && d->route.proxy.set ? GATE_PROXY
                              : d->side                              ? GATE_FTP_DATA
                                                                     : sl_transfer_purpose(d->t);
  int want = v4_only ? AF_INET : sl_lookup_family(d->t);
  d->target_known = (want != AF_INET6 && sl_judge_pick(d->t, purpose, a, AF_INET, port, &d->target)) ||
                    (want != AF_INET && sl_judge_pick(d->t, purpose, a, AF_INET6, port, &d->target));
  if (d->target_known)
    return SL_OK;
  return d->t->error.n ? CURLE_COULDNT_CONNECT : target_failed(d, CURLE_COULDNT_RESOLVE_HOST);
}

static sl_result ask_target(struct dial *d, struct slice host, uint16_t port, bool v4_only)
{
  struct dns_answer *answer = NULL;
  d->target_asked = true;
  struct lookup what = {host, port, v4_only ? AF_INET : sl_lookup_family(d->t), false};
  sl_result rc = sl_lookup(d->t, &what, &d->waiter, &answer);
  if (rc > 0)
    return target_failed(d, rc);
  if (!rc) {
    rc = take_target(d, answer, v4_only, port);
    sl_dns_answer_drop(answer);
  }
  return rc;
}

static sl_result target_step(struct dial *d)
{
  const struct proxy_hop *hop = sl_proxy_socks_hop(&d->route);
  struct slice host;
  uint16_t port;
  sl_result rc = SL_OK;
  if (hop && sl_proxy_socks_local(d, hop) && !d->target_known) {
    bool v4_only = hop->type == CURLPROXY_SOCKS4 || hop->type == CURLPROXY_SOCKS4A;
    sl_proxy_socks_target(&d->route, &host, &port);
    if (!d->target_asked)
      rc = ask_target(d, host, port, v4_only);
    else if (!d->waiter.done)
      rc = SL_WAIT;
    else if (d->waiter.result)
      rc = target_failed(d, d->waiter.result);
    else
      rc = take_target(d, d->waiter.answer, v4_only, port);
  }
  if (rc)
    return rc;
  return sl_layers_push(d);
}

/* ---- layers ---- */

static sl_result layers_step(struct dial *d)
{
  sl_result rc = sl_stream_step(d->conn->top);
  if (!rc && d->phase == DIAL_PROXY) {
    rc = sl_layers_at_proxy(d);
    if (rc)
      return rc;
    rc = sl_stream_step(d->conn->top);
  }
  if (rc)
    return rc > 0 ? sl_layers_failed(d, rc) : rc;
  return sl_layers_done(d);
}

sl_result sl_dial_step(struct dial *d)
{
  sl_result rc = SL_OK;
  if (d->phase == DIAL_SHARE)
    rc = sl_http2_proxy_find(d);
  if (!rc && d->phase == DIAL_RESOLVE)
    rc = resolve(d);
  if (!rc && d->phase == DIAL_CONNECT)
    rc = connect_step(d);
  if (!rc && d->phase == DIAL_TARGET)
    rc = target_step(d);
  if (!rc && d->phase >= DIAL_PROXY)
    rc = layers_step(d);
  return rc;
}

unsigned sl_dial_want(const struct dial *d)
{
  return d->phase >= DIAL_PROXY ? sl_stream_want(d->conn->top) : 0;
}
