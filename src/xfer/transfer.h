/* One running transfer, from curl_multi_add_handle() to its CURLMsg: an explicit state machine. It may take several
 * requests (redirects, authentication) on several connections.
 *
 *   INIT -> ROUTE -> [WAITING] -> DIAL -> DO -> (again: ROUTE) ... -> DONE
 *
 * Everything here is freed when the transfer ends. A protocol is a struct xfer_proto; it sees the connection's top
 * stream and the sink and source of the transfer. */
#ifndef SL_XFER_TRANSFER_H
#define SL_XFER_TRANSFER_H

#include "base/arena.h"
#include "loop/reactor.h"
#include "wire/encode.h"
#include "wire/http1.h"
#include "wire/url.h"
#include "xfer/conn.h"
#include "xfer/dial.h"
#include "xfer/easy.h"
#include "xfer/http.h"
#include "xfer/progress.h"
#include "xfer/sink.h"
#include "xfer/source.h"

enum xfer_state {
  XFER_INIT,    /* nothing done yet */
  XFER_ROUTE,   /* which connection? */
  XFER_WAITING, /* for a place among the limits */
  XFER_DIAL,    /* a new connection is being made */
  XFER_DO,      /* the protocol runs */
  XFER_DONE     /* ->result is final; about to be freed */
};

struct xfer_proto {
  const char *scheme;
  uint32_t bit;  /* CURLPROTO_* */
  uint16_t port;
  bool tls;      /* from the start */
  bool no_conn;  /* needs no connection of the pool */
  bool no_pause; /* the write callback may not answer CURL_WRITEFUNC_PAUSE */
  bool login;    /* credentials are those of the connection */
  const struct xfer_proto *over_proxy; /* who serves it behind a plain HTTP proxy; NULL: itself */
  sl_result (*init)(struct transfer *t);  /* once a transfer, before the first request; may be NULL */
  sl_result (*start)(struct transfer *t); /* the connection is there: begin the request */
  sl_result (*step)(struct transfer *t);  /* SL_OK: complete; SL_WAIT: ->want says for what */
  /* The request is over, with what result; may turn it into another one by setting ->again. */
  sl_result (*finish)(struct transfer *t, sl_result result);
  void (*cleanup)(struct transfer *t);    /* frees what init and start made; may be called twice; may be NULL */
};

struct transfer {
  struct easy *easy;
  struct multi *multi;
  const struct xfer_proto *proto;
  struct conn *conn;
  struct dial *dial;        /* only in XFER_DIAL */
  struct judge *judge;      /* only in XFER_ROUTE, while names are looked up for the policies */
  struct list h2_link;      /* waits for room on an HTTP/2 connection, or to hear whether it is one */
  struct exchange *h2;      /* its place on an HTTP/2 connection; NULL: none */
  struct job job;
  struct timer timer;       /* the nearest of the deadlines below */
  struct list wait_link;    /* among those who wait for a place; see limits.h */
  struct pool_peer *wait_peer; /* held: whom it waits for, or was woken for; NULL: nobody */
  uint64_t wait_seq;        /* its turn; 0 none */
  const struct url *url;    /* of the current request: the easy handle's, or own_url after a redirect */
  struct url *own_url;      /* NULL until a redirect */
  struct slice host;        /* ASCII, an IPv6 address in brackets; of url or in the arena */
  const char *user, *password; /* for the origin, in the arena or the settings'; NULL: none */
  const char *proxy_user, *proxy_password, *proxy_host; /* in the arena; NULL: none */
  const char *referer;      /* to be sent; NULL: none */
  const char *alt_used;     /* "host:port" of the alternative service in use, in the arena; NULL: none */
  uint16_t port;
  bool redirected;
  uint8_t state;            /* enum xfer_state */
  uint8_t want;             /* WATCH_*: what the protocol waits for beyond what the stream says */
  uint8_t paused;           /* CURLPAUSE_* */
  uint8_t redials;          /* for a proxy that closes between the rounds of authentication */
  bool again;               /* the protocol wants another request */
  bool running;             /* inside sl_transfer_run() */
  bool remove_asked;        /* must end at once: the handle is being removed */
  bool retried;             /* a dead pooled connection has been replaced once */
  bool fresh;               /* do not take a pooled connection (the retry) */
  bool woken;               /* there was a place for it, that it has not taken yet */
  sl_result result;
  int64_t start_us;         /* of the transfer */
  int64_t dial_us;          /* when the current connecting began */
  int64_t request_us;       /* of the current request */
  int64_t expect_us;        /* deadline of Expect: 100-continue; 0 none */
  int64_t rate_us;          /* a speed limit holds until then; 0 none */
  bool resumed_recv;        /* unpaused: what is held has to be delivered first */
  bool resumed;             /* ... and then what is unparsed, before more is read */
  bool body_ended;          /* only held bytes are left of the response */
  bool judged;              /* the policies allow where the proxy is asked to go for this request */
  struct arena arena;       /* strings for as long as the transfer lives */
  struct buf error;         /* the reason of the failure, for CURLOPT_ERRORBUFFER */
  struct sink sink;
  struct source source;
  struct progress progress;
  struct http http;
  void *proto_data;         /* of protocols other than HTTP */
};

struct transfer *sl_transfer_new(struct multi *m, struct easy *e); /* NULL: out of memory */
void sl_transfer_drop_spares(struct multi *m, uint32_t most); /* keeps at most so many */
void sl_transfer_run(struct transfer *t);    /* as far as it goes; may free it */
/* Makes *next_own the transfer's URL; SL_NOMEM frees it. */
sl_result sl_transfer_take_url(struct transfer *t, struct url *next_own);
/* Another URL from now on: which protocol, host, port and credentials. */
sl_result sl_transfer_use_url(struct transfer *t, bool redirected);
void sl_transfer_note_peer(struct transfer *t); /* the addresses of its connection, for curl_easy_getinfo() */
/* Ends it now, without a message (curl_multi_remove_handle, cleanup) or because of `result`. */
void sl_transfer_abort(struct transfer *t);
void sl_transfer_wake(struct transfer *t);   /* runs soon */
CURLcode sl_transfer_pause(struct transfer *t, int bits);
/* The first, most specific reason wins. Returns code. */
sl_result sl_fail(struct transfer *t, sl_result code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Microseconds since the transfer began, at least 1: 0 means "not reached" to getinfo. */
int64_t sl_transfer_elapsed(struct transfer *t);
/* A copy of an option's text (NULL stays NULL) for as long as the transfer lives: the application may set the option anew
 * meanwhile. *ok becomes false when memory is short. */
const char *sl_transfer_keep(struct transfer *t, const char *text, bool *ok);
/* Percent-decoded, for as long as the transfer lives. Nothing happens, and NULL, unless *rc is SL_OK; CURLE_URL_MALFORMAT
 * in it: a byte is not allowed. */
char *sl_transfer_decode(struct transfer *t, struct slice text, enum sl_percent_allow allow, sl_result *rc);
/* For proto->finish. True: the pooled connection was dead, nothing has been heard on it, and the request goes out again, on a
 * fresh one. */
bool sl_transfer_retry(struct transfer *t, sl_result result, bool heard);
/* For the gate: on behalf of this transfer. */
struct gate_ask sl_transfer_ask(struct transfer *t, enum gate_purpose purpose, struct slice host);
enum gate_purpose sl_transfer_purpose(const struct transfer *t); /* of the connection to its peer */
void sl_transfer_set_timer(struct transfer *t);
struct easy *sl_transfer_easy_of_watch(const struct watch *w); /* who a descriptor works for; NULL: nobody now */

#endif
