/* The client's side of SOCKS 4, 4a and 5 (RFC 1928, user name and password: RFC 1929) as one
 * conversation without I/O. The driver sends what is in sl_socks_out(), then reads at most
 * sl_socks_room() bytes, never more: what follows the last reply belongs to the connection that the
 * proxy has made. Owns nothing beyond itself and allocates nothing.
 *
 *   sl_socks_init(s, &request);
 *   while ((rc = sl_socks_run(s)) == SL_WAIT)   send, or else read */
#ifndef SL_WIRE_SOCKS_MSG_H
#define SL_WIRE_SOCKS_MSG_H

#include <stdint.h>

#include "base/co.h"
#include "base/slice.h"

enum {
  SL_SOCKS_TEXT = 255, /* bytes: the longest name and password that the protocols can say */
  SL_SOCKS_OUT =
      8 + SL_SOCKS_TEXT + 1 + SL_SOCKS_TEXT + 1, /* SOCKS 4a's request is the longest message */
  SL_SOCKS_IN = 4 + 1 + 255 + 2
};

struct socks_request {
  uint8_t type;   /* CURLPROXY_SOCKS4, _SOCKS4A, _SOCKS5, _SOCKS5_HOSTNAME */
  bool may_login; /* user name and password may be sent to a SOCKS 5 proxy */
  bool has_user;
  uint8_t ip_len; /* 4 or 16: the address is said; 0: the host's name, which SOCKS 4 cannot */
  unsigned char ip[16];
  uint16_t port;
  struct slice host; /* to connect to; with an address only for the words of an error */
  struct slice user, password;
};

struct socks_text {
  uint16_t n; /* more than SL_SOCKS_TEXT: too long, and not all there */
  char p[SL_SOCKS_TEXT];
};

struct socks_talk {
  struct co co, login;
  uint8_t type, ip_len, phase;
  uint8_t proxy_error; /* CURLPX_* of a failure */
  bool may_login, has_user, connected;
  uint16_t port;
  uint16_t out_n, out_at, in_n, in_need;
  unsigned char ip[16];
  struct socks_text host, user, password;
  unsigned char out[SL_SOCKS_OUT], in[SL_SOCKS_IN];
  char error[400]; /* why it failed, zero-terminated */
};

void sl_socks_init(struct socks_talk *s,
                   const struct socks_request *request); /* copies all of it */
/* SL_OK: the proxy has connected. SL_WAIT: something is to be sent or to be read. Else CURLE_PROXY,
 * with proxy_error and error. Calling it again after its end gives the same. */
sl_result sl_socks_run(struct socks_talk *s);
/* The connection to the proxy broke: the failure, as sl_socks_run() would report it. */
sl_result sl_socks_closed(struct socks_talk *s);
sl_result sl_socks_send_failed(struct socks_talk *s);
sl_result sl_socks_recv_failed(struct socks_talk *s);

static inline struct slice sl_socks_out(const struct socks_talk *s)
{
  return slice_of((const char *)s->out + s->out_at, (size_t)(s->out_n - s->out_at));
}
static inline void sl_socks_sent(struct socks_talk *s, size_t n)
{
  s->out_at = (uint16_t)(s->out_at + n);
}
static inline size_t sl_socks_room(const struct socks_talk *s)
{
  return s->in_need > s->in_n ? (size_t)(s->in_need - s->in_n) : 0;
}
static inline void *sl_socks_in(struct socks_talk *s)
{
  return s->in + s->in_n;
}
static inline void sl_socks_received(struct socks_talk *s, size_t n)
{
  s->in_n = (uint16_t)(s->in_n + n);
}

#endif
