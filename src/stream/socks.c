/* SOCKS as a stream; see socks.h. What is said is wire/socks_msg.c's; here it is sent and received.
 */
#include "stream/socks.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "wire/socks_msg.h"

struct socks {
  struct stream s;
  struct socks_talk *talk; /* owned; NULL when the proxy has connected */
  struct buf *error;       /* borrowed while there is a talk */
};

static struct socks *of(struct stream *s)
{
  return (struct socks *)(void *)s;
}

/* Nothing of it is needed any more, least of all the password. */
static void forget(struct socks *l)
{
  if (l->talk)
    explicit_bzero(l->talk, sizeof *l->talk);
  sl_free(l->talk);
  l->talk = NULL;
  l->error = NULL;
}

static sl_result send_some(struct socks *l)
{
  size_t n;
  sl_result rc = sl_stream_write(l->s.below, sl_socks_out(l->talk), &n);
  if (!rc)
    sl_socks_sent(l->talk, n);
  return rc == SL_OK || rc == SL_WAIT || rc == SL_NOMEM ? rc : sl_socks_send_failed(l->talk);
}

static sl_result receive_some(struct socks *l)
{
  size_t n;
  sl_result rc = sl_stream_read(l->s.below, sl_socks_in(l->talk), sl_socks_room(l->talk), &n);
  if (!rc && !n)
    return sl_socks_closed(l->talk);
  if (!rc)
    sl_socks_received(l->talk, n);
  return rc == SL_OK || rc == SL_WAIT || rc == SL_NOMEM ? rc : sl_socks_recv_failed(l->talk);
}

static sl_result socks_step(struct stream *s)
{
  struct socks *l = of(s);
  sl_result rc;
  do {
    rc = sl_socks_run(l->talk);
    if (rc == SL_WAIT)
      rc = sl_socks_out(l->talk).n ? send_some(l) : receive_some(l);
    else if (rc == SL_OK)
      forget(l);
  } while (rc == SL_OK && l->talk);
  if (rc == CURLE_PROXY && l->error && !l->error->n)
    sl_buf_str(l->error, l->talk->error);
  return rc;
}

static sl_result socks_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  return sl_stream_read(s->below, dst, cap, out_n);
}

static sl_result socks_write(struct stream *s, struct slice src, size_t *out_n)
{
  return sl_stream_write(s->below, src, out_n);
}

static void socks_free(struct stream *s)
{
  forget(of(s));
  sl_free(s);
}

static const struct stream_ops socks_ops = {
    .name = "socks",
    .step = socks_step,
    .read = socks_read,
    .write = socks_write,
    .free = socks_free,
};

/* SOCKS 4a says names and nothing else: proxies differ in how they take an address there. */
static void choose_address(const struct socks_params *p, struct socks_request *r)
{
  struct gate_addr literal;
  const struct gate_addr *a = p->type == CURLPROXY_SOCKS4A ? NULL : p->addr;
  if (p->type == CURLPROXY_SOCKS5_HOSTNAME)
    a = sl_addr_literal(&literal, p->host, p->port) ? &literal : NULL;
  if (a && a->family == AF_INET) {
    r->ip_len = 4;
    memcpy(r->ip, &a->u.in.sin_addr, 4);
  } else if (a && a->family == AF_INET6) {
    r->ip_len = 16;
    memcpy(r->ip, &a->u.in6.sin6_addr, 16);
  }
}

struct stream *sl_socks_new(struct stream *below, const struct socks_params *params)
{
  struct socks *l = sl_malloc(sizeof *l);
  struct socks_talk *talk = sl_malloc(sizeof *talk);
  if (!l || !talk) {
    sl_free(l);
    sl_free(talk);
    return NULL;
  }
  struct socks_request r = {
      .type = params->type,
      .may_login = params->auth & CURLAUTH_BASIC,
      .has_user = params->user != NULL,
      .port = params->port,
      .host = params->host,
      .user = slice_str(params->user),
      .password = slice_str(params->password),
  };
  choose_address(params, &r);
  sl_socks_init(talk, &r);
  *l = (struct socks){{.ops = &socks_ops, .below = below}, talk, params->error};
  return &l->s;
}

int sl_socks_proxy_error(const struct stream *s)
{
  const struct socks *l = (const void *)s;
  return l->talk ? l->talk->proxy_error : CURLPX_OK;
}
