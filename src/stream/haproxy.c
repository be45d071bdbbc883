/* The PROXY protocol's line as a stream; see haproxy.h. */
#include "stream/haproxy.h"

#include <stdio.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "gate/addr.h"

struct haproxy {
  struct stream s;
  uint8_t n, at;
  char line[128]; /* two IPv6 addresses of at most 45 bytes and two ports: 116 */
};

static struct haproxy *of(struct stream *s)
{
  return (struct haproxy *)(void *)s;
}

static sl_result haproxy_step(struct stream *s)
{
  struct haproxy *l = of(s);
  sl_result rc = SL_OK;
  while (!rc && l->at < l->n) {
    size_t n;
    rc = sl_stream_write(s->below, slice_of(l->line + l->at, (size_t)(l->n - l->at)), &n);
    if (!rc)
      l->at = (uint8_t)(l->at + n);
  }
  return rc;
}

static sl_result haproxy_read(struct stream *s, void *dst, size_t cap, size_t *out_n)
{
  return sl_stream_read(s->below, dst, cap, out_n);
}

static sl_result haproxy_write(struct stream *s, struct slice src, size_t *out_n)
{
  return sl_stream_write(s->below, src, out_n);
}

static void haproxy_free(struct stream *s)
{
  sl_free(s);
}

static const struct stream_ops haproxy_ops = {
    .name = "haproxy",
    .step = haproxy_step,
    .read = haproxy_read,
    .write = haproxy_write,
    .free = haproxy_free,
};

/* AF_INET, AF_INET6, or AF_UNSPEC when it is neither. A scope means nothing to the peer and is left
 * out. */
static int plain_address(const char *ip, char out_text[SL_ADDR_TEXT])
{
  struct gate_addr a;
  int port;
  if (!sl_addr_literal(&a, slice_str(ip), 0))
    return AF_UNSPEC;
  if (a.family == AF_INET6)
    a.u.in6.sin6_scope_id = 0;
  sl_addr_print(&a.u.sa, out_text, &port);
  return a.family;
}

/*   "PROXY" SP "TCP4" / "TCP6" SP source SP destination SP source-port SP destination-port CRLF
 *   "PROXY" SP "UNKNOWN" CRLF */
static sl_result write_line(struct haproxy *l, const struct haproxy_params *p)
{
  char source[SL_ADDR_TEXT], destination[SL_ADDR_TEXT];
  int family = plain_address(p->client_ip ? p->client_ip : p->local_ip, source);
  int to = plain_address(p->client_ip ? p->client_ip : p->peer_ip, destination);
  if (p->client_ip && family == AF_UNSPEC)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  bool known = *p->local_ip && family != AF_UNSPEC && family == to;
  int n =
      known ? snprintf(l->line, sizeof l->line, "PROXY TCP%d %s %s %u %u\r\n",
                       family == AF_INET ? 4 : 6, source, destination, p->local_port, p->peer_port)
            : snprintf(l->line, sizeof l->line, "PROXY UNKNOWN\r\n");
  l->n = (uint8_t)n;
  return SL_OK;
}

sl_result sl_haproxy_new(struct stream *below, const struct haproxy_params *params,
                         struct stream **out_stream)
{
  struct haproxy *l = sl_malloc(sizeof *l);
  if (!l)
    return SL_NOMEM;
  *l = (struct haproxy){.s = {.ops = &haproxy_ops, .below = below}};
  sl_result rc = write_line(l, params);
  if (rc) {
    sl_free(l);
    return rc;
  }
  *out_stream = &l->s;
  return SL_OK;
}
