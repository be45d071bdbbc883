/* A connection: a stack of streams, who uses it, and what is remembered of it while it waits for its next transfer. */
#ifndef SL_XFER_CONN_H
#define SL_XFER_CONN_H

#include "stream/net_config.h"
#include "stream/tcp.h"
#include "xfer/http2_proxy.h"
#include "xfer/info.h"
#include "xfer/multi.h"

struct http2;
struct transfer;

struct conn {
  struct multi *multi;    /* whose reactor has it; NULL: idle in a share */
  struct pool *pool;
  struct bundle *bundle;
  struct list bundle_link, idle_link;
  struct pool_peer *peer; /* whom it counts for; NULL: nobody */
  struct list peer_link;  /* in peer->idle */
  int64_t id;             /* lives longer than the address: transfers remember the number */
  int64_t created_us, idle_since_us;
  struct stream *top;     /* NULL until the socket is connected */
  struct tcp *tcp;        /* at the bottom of top; of one that is tunnelled the proxy's */
  struct transfer *xfer;  /* who uses it; NULL: idle, or HTTP/2 */
  struct http2 *h2;       /* NULL: HTTP/1; see http2.h */
  struct easy *held_by;   /* CURLOPT_CONNECT_ONLY: the application uses it; NULL else */
  struct buf in;          /* bytes read and not yet parsed; owns nothing when empty */
  void *proto_state;      /* what its protocol remembers between transfers, and the end of that: */
  void (*proto_end)(struct conn *c, bool polite); /* says goodbye if that is polite, frees proto_state; or NULL */
  uint16_t primary_port, local_port;
  uint8_t http_version;   /* CURL_HTTP_VERSION_* that it speaks */
  bool is_tls;            /* towards the origin */
  bool keep;              /* may serve another transfer */
  bool used : 1;          /* has served one before */
  bool chatty : 1;        /* the peer may speak while nobody listens: RTSP's interleaved data */
  bool tunnelled : 1;     /* at the bottom of top is a tunnel on a connection of others: http2_proxy.h */
  bool plain_proxy;       /* requests go to an HTTP proxy in absolute form */
  bool shut;              /* the peer has closed */
  bool auth_done, proxy_auth_done; /* it is authenticated: its identity has the credentials in it (lesson 7) */
  bool claimed;           /* a Kerberos token went over it: its identity has the user's name in it */
  char primary_ip[SL_INFO_IP_MAX], local_ip[SL_INFO_IP_MAX];
};

enum { SL_CONN_IN_MAX = 512 * 1024 };

struct conn *sl_conn_new(struct multi *m, struct pool *pool);
/* Out of the pool, REMOVE, close, freed. `polite`: say goodbye (TLS close_notify) first. */
void sl_conn_free(struct conn *c, bool polite);
/* The tcp stream is connected: the connection takes it over and learns its addresses. */
void sl_conn_take_tcp(struct conn *c, struct tcp *t);
/* Its transfer is over: to the pool if it may be kept, else closed. */
void sl_conn_release(struct conn *c);
/* CURLOPT_CONNECT_ONLY: from its transfer to the application, and the end of that. */
void sl_conn_hold(struct conn *c, struct easy *e);
void sl_conn_unhold(struct easy *e);
/* By CURLOPT_MAXLIFETIME_CONN; and, for one that is idle (since idle_us, else 0), CURLOPT_MAXAGE_CONN. */
static inline bool sl_conn_time_is_over(const struct net_config *net, int64_t now_us, int64_t created_us, int64_t idle_us)
{
  if (net->maxage_conn && idle_us && now_us - idle_us > (int64_t)net->maxage_conn * 1000000)
    return true;
  return net->maxlifetime_conn && now_us - created_us > (int64_t)net->maxlifetime_conn * 1000000;
}
/* A connection for this identity that is alive, now the transfer's alone, or HTTP/2 and then to be joined; NULL when
 * there is none. `ask` is for the policies; NULL: there are none. */
struct conn *sl_conn_reuse(struct multi *m, struct pool *p, struct slice key, struct easy *e,
                           const struct gate_ask *ask);
void sl_conn_event(struct conn *c); /* its descriptor, or its tunnel, is ready; may free it */
/* What the connection's descriptor is watched for. */
static inline void sl_conn_want(struct conn *c, unsigned want)
{
  if (c->tunnelled)
    sl_http2_proxy_want(c, want);
  else if (c->tcp)
    sl_tcp_want(c->tcp, want);
}
/* Reads what the stream has into the scratch buffer or, if there are unparsed bytes, behind them. *out_all is all
 * there is to parse. SL_OK with nothing new: the peer closed (->shut). */
sl_result sl_conn_fill(struct conn *c, size_t want_bytes, struct slice *out_all);
/* What the parser left; must be a tail of what sl_conn_fill() gave. */
sl_result sl_conn_keep(struct conn *c, struct slice rest);
sl_result sl_conn_write(struct conn *c, struct slice *data); /* what is written leaves *data */
/* Writes what is in *out until it is empty. SL_WAIT: the stream takes no more now, the rest stays. */
sl_result sl_conn_drain(struct conn *c, struct buf *out);
const char *sl_conn_why(const struct conn *c); /* a read or write has failed: what the topmost TLS or the system says */
struct conn *sl_conn_of_watch(const struct watch *w); /* NULL: it is another's (a connector's, the resolver's) */

#endif
