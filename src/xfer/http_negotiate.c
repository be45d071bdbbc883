/* See http_negotiate.h. */
#include "xfer/http_negotiate.h"

#include "base/text.h"
#include "stream/tls_layer.h"
#include "sys/gss.h"
#include "wire/encode.h"
#include "xfer/transfer.h"

enum {
  MAX_TOKEN = 1024 * 1024, /* bytes; a Windows domain's are up to 64 KiB */
  MAX_KEY = 512 * 1024,
  MAX_NAME = 8 * 1024,
  MAX_LEGS = 10 /* tokens for one request */
};

bool sl_negotiate_allowed(struct transfer *t)
{
  struct gate_ask ask = sl_transfer_ask(t, GATE_ORIGIN, t->host);
  return !sl_gate_guarded(&ask);
}

static struct http_auth *auth_of(struct transfer *t, bool proxy)
{
  return proxy ? &t->http.proxy_auth : &t->http.auth;
}

/* ---- what a context is for ---- */

static struct tls_conn *tls_of(const struct conn *c, bool proxy)
{
  bool above = c->is_tls; /* the origin's lies on top */
  for (struct stream *s = c->top; s; s = s->below) {
    if (strcmp(s->ops->name, "tls"))
      continue;
    if (proxy != above)
      return sl_tls_layer_conn(s);
    above = false;
  }
  return NULL;
}

/* RFC 5929: so that nobody can pass the token on through a TLS connection of his own. */
static void add_bindings(const struct conn *c, bool proxy, struct buf *out)
{
  unsigned char hash[SL_TLS_END_POINT_MAX];
  const struct tls_conn *tls = tls_of(c, proxy);
  size_t n = tls ? sl_tls_end_point(tls, hash) : 0;
  if (!n)
    return;
  sl_buf_str(out, "tls-server-end-point:");
  sl_buf_append(out, hash, n);
}

static struct slice host_of(const struct transfer *t, bool proxy)
{
  struct slice host = proxy ? slice_str(t->proxy_host ? t->proxy_host : "") : t->host;
  if (host.n > 2 && host.p[0] == '[')
    return slice_of(host.p + 1, host.n - 2);
  return host.n && host.p[host.n - 1] == '.' ? slice_head(host, host.n - 1) : host;
}

static sl_result new_context(struct transfer *t, bool proxy, struct gss **out_gss, struct buf *why)
{
  const struct settings *set = &t->easy->set;
  const char *service = proxy ? set->proxy->proxy_service_name : set->http->service_name;
  struct buf bindings;
  sl_buf_init(&bindings, 128);
  add_bindings(t->conn, proxy, &bindings);
  struct gss_params p = {
      .service = service ? service : "HTTP",
      .host = host_of(t, proxy),
      .delegation = set->http->gssapi_delegation,
      .bindings = sl_buf_peek(&bindings),
  };
  sl_result rc = sl_buf_ok(&bindings) ? sl_gss_new(&p, out_gss, why) : SL_NOMEM;
  sl_buf_done(&bindings);
  return rc;
}

/* ---- whose a connection is ---- */

bool sl_negotiate_has_key(const struct transfer *t)
{
  const struct http *h = &t->http;
  return (h->proxy_auth.picked == CURLAUTH_NEGOTIATE && t->proxy_user) ||
         (h->auth.picked == CURLAUTH_NEGOTIATE && !t->proto->login); /* FTP's is its own */
}

sl_result sl_negotiate_key(struct transfer *t, struct slice key, struct buf *out_key)
{
  struct buf name;
  if (!sl_negotiate_has_key(t) || !sl_negotiate_allowed(t))
    return SL_OK;
  sl_buf_init(&name, MAX_NAME);
  sl_result rc = sl_gss_identity(&name);
  if (!rc && name.n) {
    sl_buf_add(out_key, key);
    sl_buf_add(out_key, sl_buf_peek(&name));
    rc = sl_buf_result(out_key, CURLE_TOO_LARGE);
  }
  sl_buf_done(&name);
  return rc;
}

/* A token is about to go out. A connection that somebody's went over already is the same user's, or
 * it would not have been found. HTTP/2 knows no users of connections. */
static sl_result claim_connection(struct transfer *t)
{
  struct conn *c = t->conn;
  struct buf key;
  if (c->claimed || c->h2 || c->http_version == CURL_HTTP_VERSION_2_0)
    return SL_OK;
  sl_buf_init(&key, MAX_KEY);
  sl_result rc = sl_negotiate_key(t, c->bundle->key, &key);
  if (!rc && !key.n) { /* nobody knows whose the token is: no transfer finds the connection again */
    sl_buf_add(&key, c->bundle->key);
    sl_buf_char(&key, '\0');
    sl_buf_num(&key, c->id);
    rc = sl_buf_result(&key, CURLE_TOO_LARGE);
  }
  if (!rc) {
    sl_pool_lock(c->pool, t->easy, true);
    c->claimed = sl_pool_move(c->pool, c, sl_buf_peek(&key));
    sl_pool_lock(c->pool, t->easy, false);
    rc = c->claimed ? SL_OK : SL_NOMEM;
  }
  sl_buf_done(&key);
  return rc;
}

/* ---- an exchange ---- */

static void over(struct http_auth *a, enum auth_phase phase)
{
  sl_gss_free(a->exchange->gss);
  a->exchange->gss = NULL;
  sl_buf_done(&a->exchange->token);
  a->phase = (uint8_t)phase;
}

static sl_result begin(struct transfer *t, bool proxy, struct buf *why)
{
  struct http_auth *a = auth_of(t, proxy);
  struct auth_exchange *x = sl_auth_exchange(a);
  if (!x)
    return SL_NOMEM;
  if (!sl_negotiate_allowed(t)) /* not any more: the policy is younger than the transfer */
    return CURLE_AUTH_ERROR;
  over(a, AUTH_NONE);
  x->conn_id = t->conn->id;
  sl_buf_init(&x->token, MAX_TOKEN);
  sl_result rc = new_context(t, proxy, &x->gss, why);
  return rc ? rc : sl_gss_step(x->gss, SLICE_NONE, &x->token, why);
}

static sl_result put_token(struct http_auth *a, struct buf *out)
{
  struct auth_exchange *x = a->exchange;
  sl_buf_str(out, "Negotiate ");
  if (sl_buf_ok(out))
    sl_encode_base64(sl_buf_peek(&x->token), out);
  sl_buf_done(&x->token);
  sl_buf_init(&x->token, MAX_TOKEN);
  a->phase = AUTH_SENT;
  x->legs++;
  return sl_buf_result(out, CURLE_TOO_LARGE);
}

sl_result sl_negotiate_request(struct transfer *t, bool proxy, struct buf *out)
{
  struct http_auth *a = auth_of(t, proxy);
  struct buf why;
  sl_result rc = SL_OK;
  a->multipass = a->done = true; /* one token will do, most often: the body goes with it */
  if (*sl_auth_bound(t, proxy))
    return SL_OK;
  sl_buf_init(&why, 4096);
  if (a->phase != AUTH_RECEIVED || a->exchange->conn_id != t->conn->id)
    rc = begin(t, proxy, &why);
  if (!rc)
    rc = claim_connection(t);
  if (!rc)
    rc = put_token(a, out);
  else if (rc == CURLE_AUTH_ERROR) {
    SL_INFOF(t->easy, "%s", why.p ? why.p : "GSSAPI failed");
    if (a->exchange)
      over(a, AUTH_NONE);
    sl_auth_give_up(t, proxy, CURLAUTH_NEGOTIATE);
    rc = SL_OK;
  }
  sl_buf_done(&why);
  return rc;
}

static sl_result take_token(struct transfer *t, struct http_auth *a, struct slice token68)
{
  struct auth_exchange *x = a->exchange;
  struct buf token, why;
  sl_buf_init(&token, MAX_TOKEN);
  sl_buf_init(&why, 4096);
  sl_result rc = CURLE_AUTH_ERROR;
  if (sl_encode_from_base64(token68, &token))
    rc = sl_gss_step(x->gss, sl_buf_peek(&token), &x->token, &why);
  else if (token.nomem)
    rc = SL_NOMEM;
  bool more = !rc && x->token.n && x->legs < MAX_LEGS;
  if (rc == CURLE_AUTH_ERROR)
    SL_INFOF(t->easy, "Negotiate: %s", why.p ? why.p : "the peer's token is no base64");
  else if (!rc && sl_gss_complete(x->gss))
    SL_INFOF(t->easy, "Negotiate: the peer has proved its identity");
  if (more)
    a->phase = AUTH_RECEIVED;
  else
    over(a, AUTH_OVER);
  sl_buf_done(&token);
  sl_buf_done(&why);
  return rc == CURLE_AUTH_ERROR ? SL_OK : rc;
}

sl_result sl_negotiate_challenge(struct transfer *t, bool proxy, struct slice token68)
{
  struct http_auth *a = auth_of(t, proxy);
  if (a->phase != AUTH_SENT || a->picked != CURLAUTH_NEGOTIATE)
    return SL_OK;
  if (token68.n)
    return take_token(t, a, token68);
  over(a, AUTH_OVER); /* begin again? what was sent is all that there is */
  return SL_OK;
}
