/* HTTP authentication; see http_auth.h. */
#include "xfer/http_auth.h"

#include "base/mem.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/gss.h"
#include "sys/random.h"
#include "wire/auth_header.h"
#include "wire/digest.h"
#include "wire/encode.h"
#include "xfer/http_negotiate.h"
#include "xfer/transfer.h"

#define ONE_OF(mask) ((mask) && !((mask) & ((mask)-1)))
static const uint32_t built = CURLAUTH_BASIC | CURLAUTH_BEARER | CURLAUTH_DIGEST | CURLAUTH_DIGEST_IE | CURLAUTH_NTLM |
                              CURLAUTH_NEGOTIATE | CURLAUTH_AWS_SIGV4;

/* Of one peer; the origin's is forgotten when the handle turns to another (lesson 4). */
struct peer_memory {
  struct digest digest;
  uint32_t picked;
};
struct auth_memory {
  struct peer_memory origin, proxy;
  char *origin_name; /* "scheme://host:port user" that origin is about */
};

void sl_auth_memory_free(struct auth_memory *m)
{
  if (!m)
    return;
  sl_digest_done(&m->origin.digest);
  sl_digest_done(&m->proxy.digest);
  sl_free(m->origin_name);
  sl_free(m);
}

static struct peer_memory *memory(const struct transfer *t, const struct http_auth *a)
{
  struct auth_memory *m = t->easy->auth;
  return !m ? NULL : a == &t->http.proxy_auth ? &m->proxy : &m->origin;
}

/* Made when there is something to remember. */
static struct peer_memory *own_memory(struct transfer *t, const struct http_auth *a)
{
  if (!t->easy->auth)
    t->easy->auth = sl_calloc(1, sizeof *t->easy->auth);
  return memory(t, a);
}

static sl_result remember_origin(struct transfer *t)
{
  struct auth_memory *m = t->easy->auth;
  struct buf name;
  sl_buf_init(&name, 2 * 1024 * 1024);
  sl_buf_printf(&name, "%s://%.*s:%d %s", t->proto->scheme, (int)t->host.n, t->host.p, t->port,
                t->user ? t->user : "");
  sl_result rc = sl_buf_result(&name, CURLE_TOO_LARGE);
  if (!rc && (!m->origin_name || strcmp(m->origin_name, name.p))) {
    sl_digest_done(&m->origin.digest);
    m->origin.picked = 0;
    sl_free(m->origin_name);
    m->origin_name = sl_buf_take(&name);
  }
  sl_buf_done(&name);
  return rc;
}

static void forget_exchange(struct http_auth *a)
{
  struct auth_exchange *x = a->exchange;
  sl_ntlm_challenge_done(&x->ntlm);
  sl_gss_free(x->gss);
  sl_buf_done(&x->token);
  sl_free(x);
  a->exchange = NULL;
}

struct auth_exchange *sl_auth_exchange(struct http_auth *a)
{
  if (!a->exchange)
    a->exchange = sl_calloc(1, sizeof *a->exchange);
  return a->exchange;
}

bool *sl_auth_bound(const struct transfer *t, bool proxy)
{
  return proxy ? &t->conn->proxy_auth_done : &t->conn->auth_done;
}

static inline void start(struct transfer *t, struct http_auth *a, uint32_t allowed)
{
  const struct peer_memory *m = memory(t, a);
  bool trusted = t->http.cross_origin && t->easy->set.http->unrestricted_auth;
  uint32_t before = trusted ? a->picked : 0; /* another host that the application trusts gets the same */
  if (a->exchange)
    forget_exchange(a);
  if (allowed & CURLAUTH_NEGOTIATE && !sl_negotiate_allowed(t)) {
    SL_INFOF(t->easy, "No Negotiate: Kerberos opens sockets that the egress policy would not see");
    allowed &= ~(uint32_t)CURLAUTH_NEGOTIATE;
  }
  *a = (struct http_auth){.want = allowed & built};
  if (m && m->picked & a->want)
    before = m->picked;
  a->picked = before & a->want ? before & a->want : a->want;
}

sl_result sl_auth_init(struct transfer *t)
{
  const struct settings *set = &t->easy->set;
  bool ours = !t->http.cross_origin || set->http->unrestricted_auth;
  uint32_t allowed = 0;
  if (t->user || t->password)
    allowed = set->http->httpauth & ~(uint32_t)CURLAUTH_BEARER;
  if (!ours) /* the tickets are not what the URL's credentials are about */
    allowed &= ~(uint32_t)CURLAUTH_NEGOTIATE;
  if (ours && set->http->xoauth2_bearer)
    allowed |= set->http->httpauth & CURLAUTH_BEARER;
  if (ours && set->http->aws_sigv4 && t->user)
    allowed = CURLAUTH_AWS_SIGV4;
  t->easy->info.httpauth_used = 0;
  sl_result rc = t->easy->auth ? remember_origin(t) : SL_OK;
  if (rc) /* what is remembered could be another origin's */
    return rc;
  start(t, &t->http.auth, allowed);
  start(t, &t->http.proxy_auth, set->proxy->proxyauth);
  return SL_OK;
}

void sl_auth_done(struct transfer *t)
{
  if (t->http.auth.exchange)
    forget_exchange(&t->http.auth);
  if (t->http.proxy_auth.exchange)
    forget_exchange(&t->http.proxy_auth);
}

/* ---- requests ---- */

struct credentials {
  struct slice user, password;
};

static struct credentials credentials(const struct transfer *t, bool proxy)
{
  const char *user = proxy ? t->proxy_user : t->user, *password = proxy ? t->proxy_password : t->password;
  return (struct credentials){slice_str(user ? user : ""), slice_str(password ? password : "")};
}

static sl_result basic(const struct credentials *c, struct buf *out)
{
  struct buf pair;
  sl_buf_init(&pair, 1024 * 1024);
  sl_buf_add(&pair, c->user);
  sl_buf_char(&pair, ':');
  sl_buf_add(&pair, c->password);
  sl_buf_str(out, "Basic ");
  if (sl_buf_ok(&pair))
    sl_encode_base64(sl_buf_peek(&pair), out);
  sl_result rc = sl_buf_result(&pair, CURLE_TOO_LARGE);
  sl_buf_done(&pair);
  return rc;
}

static sl_result digest(struct transfer *t, struct http_auth *a, const struct credentials *c, struct slice method,
                        struct slice target, struct buf *out)
{
  struct peer_memory *m = memory(t, a);
  unsigned char random[16];
  struct buf hex, cnonce;
  a->multipass = true;
  a->done = m && m->digest.nonce;
  if (!a->done)
    return SL_OK; /* no challenge yet: go and fetch one */
  if (!sl_random_bytes(random, sizeof random))
    return CURLE_FAILED_INIT;
  sl_buf_init(&hex, 64);
  sl_buf_init(&cnonce, 128);
  sl_encode_hex(slice_of((const char *)random, sizeof random), &hex);
  sl_encode_base64(sl_buf_peek(&hex), &cnonce);
  struct digest_request r = {
      .user = c->user,
      .password = c->password,
      .method = method,
      .uri = target,
      .cnonce = sl_buf_peek(&cnonce),
      .ie_flavour = t->easy->set.http->httpauth & CURLAUTH_DIGEST_IE,
  };
  sl_result rc = sl_buf_ok(&hex) && sl_buf_ok(&cnonce) ? sl_digest_authorization(&m->digest, &r, out) : SL_NOMEM;
  sl_buf_done(&hex);
  sl_buf_done(&cnonce);
  return rc;
}

static sl_result ntlm(struct transfer *t, struct http_auth *a, bool proxy, const struct credentials *c,
                      struct buf *out)
{
  unsigned char entropy[SL_NTLM_ENTROPY];
  bool *bound = sl_auth_bound(t, proxy);
  a->multipass = true;
  if (*bound) { /* the connection itself is authenticated */
    a->done = true;
    return SL_OK;
  }
  sl_buf_str(out, "NTLM ");
  if (a->phase != AUTH_RECEIVED) {
    a->phase = a->phase == AUTH_AGAIN ? AUTH_RESENT : AUTH_SENT;
    a->done = false;
    return sl_ntlm_negotiate(out);
  }
  if (!sl_random_bytes(entropy, sizeof entropy))
    return CURLE_FAILED_INIT;
  a->phase = AUTH_OVER;
  a->done = *bound = true;
  return sl_ntlm_authenticate(&a->exchange->ntlm, c->user, c->password, entropy, sl_clock_wall_s(), out);
}

static sl_result value(struct transfer *t, struct http_auth *a, bool proxy, struct slice method, struct slice target,
                       struct buf *out)
{
  struct credentials c = credentials(t, proxy);
  switch (a->picked & ~(uint32_t)CURLAUTH_ONLY) {
  case CURLAUTH_BASIC:
    a->done = true;
    return basic(&c, out);
  case CURLAUTH_BEARER:
    a->done = true;
    sl_buf_str(out, "Bearer ");
    sl_buf_str(out, t->easy->set.http->xoauth2_bearer);
    return SL_OK;
  case CURLAUTH_DIGEST:
  case CURLAUTH_DIGEST_IE:
    return digest(t, a, &c, method, target, out);
  case CURLAUTH_NTLM:
    return ntlm(t, a, proxy, &c, out);
  case CURLAUTH_NEGOTIATE:
    return sl_negotiate_request(t, proxy, out);
  default:
    return SL_OK; /* several are possible: the peer has to choose */
  }
}

sl_result sl_auth_request(struct transfer *t, bool proxy, struct slice method, struct slice target, struct buf *dst)
{
  struct http_auth *a = proxy ? &t->http.proxy_auth : &t->http.auth;
  const char *name = proxy ? "Proxy-Authorization" : "Authorization";
  struct slice custom;
  struct buf text;
  a->multipass = a->done = false;
  if (!a->want || (proxy && !t->proxy_user))
    return SL_OK;
  bool to_tunnel = proxy && !t->conn->plain_proxy; /* CONNECT has fields of its own */
  if (!to_tunnel && sl_http_custom(t, name, &custom)) {
    a->want = a->picked = 0; /* the application's word is the last one */
    return SL_OK;
  }
  if (!proxy && a->picked == CURLAUTH_AWS_SIGV4) {
    a->done = true;
    t->easy->info.httpauth_used = CURLAUTH_AWS_SIGV4;
    return sl_auth_sigv4(t, method, dst);
  }
  sl_buf_init(&text, 2 * 1024 * 1024);
  sl_result rc = value(t, a, proxy, method, target, &text);
  if (ONE_OF(a->picked))
    *(proxy ? &t->easy->info.proxyauth_used : &t->easy->info.httpauth_used) = (uint16_t)a->picked;
  if (!rc)
    rc = sl_buf_result(&text, CURLE_TOO_LARGE);
  if (!rc && text.n) {
    sl_buf_str(dst, name);
    sl_buf_append(dst, ": ", 2);
    sl_buf_add(dst, sl_buf_peek(&text));
    sl_buf_append(dst, "\r\n", 2);
  }
  sl_buf_done(&text);
  return rc;
}

bool sl_auth_is_probe(const struct transfer *t)
{
  const struct http_auth *a = &t->http.auth, *p = &t->http.proxy_auth;
  if (t->http.method < SL_HTTP_POST)
    return false;
  return (a->multipass && !a->done) || (p->multipass && !p->done);
}

bool sl_auth_needs_same_connection(const struct transfer *t)
{
  return t->http.auth.phase == AUTH_RECEIVED || t->http.proxy_auth.phase == AUTH_RECEIVED;
}

/* ---- challenges ---- */

static sl_result take_digest(struct transfer *t, struct http_auth *a, struct slice params)
{
  if (a->avail & CURLAUTH_DIGEST) {
    SL_INFOF(t->easy, "Ignoring duplicate digest auth header.");
    return SL_OK;
  }
  if (!(a->want & (CURLAUTH_DIGEST | CURLAUTH_DIGEST_IE)))
    return SL_OK;
  struct peer_memory *m = own_memory(t, a);
  sl_result rc = m ? remember_origin(t) : SL_NOMEM;
  if (rc)
    return rc;
  switch (sl_digest_challenge(&m->digest, params)) {
  case SL_DIGEST_READY:
    a->avail |= CURLAUTH_DIGEST;
    return SL_OK;
  case SL_DIGEST_NOMEM:
    return SL_NOMEM;
  default:
    SL_INFOF(t->easy, "Authentication problem. Ignoring this.");
    a->problem = true;
    return SL_OK;
  }
}

static sl_result take_ntlm(struct transfer *t, struct http_auth *a, bool proxy, struct slice token)
{
  a->avail |= CURLAUTH_NTLM;
  if (a->picked != CURLAUTH_NTLM)
    return SL_OK;
  *sl_auth_bound(t, proxy) = false;
  if (token.n && (a->phase == AUTH_SENT || a->phase == AUTH_RESENT)) {
    struct auth_exchange *x = sl_auth_exchange(a);
    if (!x)
      return SL_NOMEM;
    sl_ntlm_challenge_done(&x->ntlm);
    if (!sl_ntlm_challenge_parse(token, &x->ntlm)) {
      a->phase = AUTH_RECEIVED;
      return SL_OK;
    }
  } else if (!token.n && (a->phase == AUTH_NONE || a->phase == AUTH_SENT)) {
    a->phase = a->phase == AUTH_SENT ? AUTH_AGAIN : AUTH_NONE;
    return SL_OK;
  }
  SL_INFOF(t->easy, "Authentication problem. Ignoring this.");
  a->phase = AUTH_NONE;
  a->problem = true;
  return SL_OK;
}

static sl_result take_negotiate(struct transfer *t, struct http_auth *a, bool proxy, struct slice token)
{
  a->avail |= CURLAUTH_NEGOTIATE;
  if (a->picked == CURLAUTH_NEGOTIATE)
    *sl_auth_bound(t, proxy) = false;
  return sl_negotiate_challenge(t, proxy, token);
}

/* A scheme without an exchange: being asked again for what was sent means that it was wrong. */
static void take_simple(struct transfer *t, struct http_auth *a, uint32_t bit)
{
  a->avail |= bit;
  if (a->picked != bit || !a->done)
    return;
  a->avail = 0;
  a->problem = true;
  SL_INFOF(t->easy, "Authentication problem. Ignoring this.");
}

sl_result sl_auth_challenge(struct transfer *t, bool proxy, struct slice text)
{
  struct http_auth *a = proxy ? &t->http.proxy_auth : &t->http.auth;
  struct auth_challenge c;
  sl_result rc = SL_OK;
  while (!rc && sl_auth_challenge_next(&text, &c)) {
    if (sl_text_ieq_str(c.scheme, "Digest"))
      rc = take_digest(t, a, c.params);
    else if (sl_text_ieq_str(c.scheme, "NTLM"))
      rc = take_ntlm(t, a, proxy, c.token68);
    else if (sl_text_ieq_str(c.scheme, "Negotiate"))
      rc = take_negotiate(t, a, proxy, c.token68);
    else if (sl_text_ieq_str(c.scheme, "Basic"))
      take_simple(t, a, CURLAUTH_BASIC);
    else if (sl_text_ieq_str(c.scheme, "Bearer"))
      take_simple(t, a, CURLAUTH_BEARER);
  }
  return rc;
}

sl_result sl_auth_last_word(struct transfer *t, struct slice text)
{
  struct auth_challenge c;
  sl_result rc = SL_OK;
  while (!rc && sl_auth_challenge_next(&text, &c))
    if (c.token68.n && sl_text_ieq_str(c.scheme, "Negotiate"))
      rc = sl_negotiate_challenge(t, false, c.token68);
  return rc;
}

void sl_auth_give_up(struct transfer *t, bool proxy, uint32_t bit)
{
  struct http_auth *a = proxy ? &t->http.proxy_auth : &t->http.auth;
  struct peer_memory *m = memory(t, a);
  a->want &= ~bit;
  a->picked = 0;
  a->done = !a->want; /* with nothing else to try the request goes as it is, body and all */
  if (m && m->picked == bit)
    m->picked = 0;
}

/* The best of what both sides can do. *out_again stays as it is when that is nothing. */
static sl_result pick(struct transfer *t, struct http_auth *a, bool *out_again)
{
  static const uint32_t order[] = {CURLAUTH_NEGOTIATE, CURLAUTH_BEARER, CURLAUTH_DIGEST, CURLAUTH_NTLM, CURLAUTH_BASIC};
  uint32_t possible = a->avail & a->want;
  if (a->picked == CURLAUTH_NEGOTIATE && a->phase == AUTH_OVER && a->avail & CURLAUTH_NEGOTIATE) {
    SL_INFOF(t->easy, "Authentication problem. Ignoring this.");
    a->problem = true; /* it has had our ticket */
    return SL_OK;
  }
  if (a->phase == AUTH_RECEIVED && possible & a->picked) { /* in the midst of it */
    *out_again = true;
    return SL_OK;
  }
  if (a->phase != AUTH_AGAIN || !(possible & a->picked))
    a->phase = AUTH_NONE;
  if (a->avail & CURLAUTH_DIGEST && a->want & CURLAUTH_DIGEST_IE)
    possible |= CURLAUTH_DIGEST;
  a->picked = 0;
  for (size_t i = 0; i < sizeof order / sizeof *order && !a->picked; i++)
    a->picked = possible & order[i];
  if (!a->picked)
    return SL_OK;
  struct peer_memory *m = own_memory(t, a);
  sl_result rc = m ? remember_origin(t) : SL_NOMEM;
  if (rc)
    return rc;
  m->picked = a->picked;
  *out_again = true;
  return SL_OK;
}

sl_result sl_auth_after_head(struct transfer *t, int status, bool *out_again)
{
  struct http_auth *a = &t->http.auth, *p = &t->http.proxy_auth;
  bool probe = sl_auth_is_probe(t), again = false;
  sl_result rc = SL_OK;
  *out_again = false;
  if (a->problem || p->problem)
    return SL_OK;
  if (a->want && status == 401)
    rc = pick(t, a, &again);
  if (p->want && t->proxy_user && status == 407)
    rc = pick(t, p, &again);
  if (!again && probe && status < 300) {
    /* Nobody asked for credentials after all: now the request itself. */
    a->want = p->want = 0;
    a->multipass = p->multipass = false;
    again = true;
  }
  *out_again = again;
  return rc;
}

sl_result sl_auth_after_connect(struct transfer *t, int status, bool *out_again)
{
  struct http_auth *p = &t->http.proxy_auth;
  *out_again = false;
  return status == 407 && !p->problem && p->want && t->proxy_user ? pick(t, p, out_again) : SL_OK;
}
