/* The multi handle: the reactor, the pool and everything that transfers share. */
#ifndef SL_XFER_MULTI_H
#define SL_XFER_MULTI_H

#include "dns/cache.h"
#include "loop/reactor.h"
#include "xfer/easy.h"
#include "xfer/pool.h"

struct dns;
struct policy;
struct tls_cache;

struct multi {
  uint32_t magic;
  unsigned callback_depth;   /* application code is running below us: most calls are refused */
  bool in_api;               /* perform, socket_action ... is running: jobs run there */
  bool is_private;           /* of a curl_easy_perform() */
  bool dead;                 /* the socket or timer callback said -1 */
  struct reactor reactor;
  struct pool pool;
  struct dns *dns;           /* NULL until a name is looked up */
  struct dns_cache dns_cache;
  struct tls_cache *tls;     /* NULL until TLS is used */
  char *scratch;             /* borrowed for the time of a call */
  struct list handles;       /* struct easy, all that were added */
  struct list msgs;          /* struct easy with an unread message */
  struct list doh;           /* struct doh_request */
  struct list proxies;       /* struct h2_proxy */
  struct list waiting;       /* struct transfer, for a place among all connections; see limits.h */
  uint32_t n_waiting;        /* there and for their peers */
  uint32_t n_promised;       /* woken for a place that they have not taken yet */
  uint64_t next_wait_seq;
  struct list spares;        /* memory of ended transfers, for the next ones: one, or as many as there are handles */
  uint32_t n_spares;
  uint32_t n_handles, n_running, n_msgs;
  uint64_t next_xfer_id;
  curl_off_t n_done;
  int64_t told_deadline_us;  /* what the timer callback was told; -1: no timer */

  curl_socket_callback socket_cb;
  void *socket_data;
  curl_multi_timer_callback timer_cb;
  void *timer_data;
  curl_push_callback push_cb;
  void *push_data;
  curl_notify_callback notify_cb;
  void *notify_data;
  uint8_t notify_mask;       /* bits 1 << CURLMNOTIFY_* */
  bool in_notify;            /* its callback runs: nothing may be driven */
  struct list notes;         /* struct easy with something to notify of */
  bool multiplex;
  uint32_t max_streams;
  struct policy *policy;     /* owned: a reference; all transfers are held to it as well; NULL: none */
};

struct multi *sl_multi_new(bool is_private);
void sl_multi_free(struct multi *m);
struct multi *sl_multi_of(void *handle);

void sl_multi_hook(struct multi *m);      /* socket_cb has been set */
void sl_multi_set_policy(struct multi *m, struct policy *policy); /* takes a reference of its own */
void sl_multi_drop_idle(struct multi *m); /* closes every connection that nobody uses */

CURLMcode sl_multi_add(struct multi *m, struct easy *e);
CURLMcode sl_multi_remove(struct multi *m, struct easy *e);
void sl_multi_msg(struct multi *m, struct easy *e, CURLcode result);
struct dns *sl_multi_dns(struct multi *m); /* made when it is needed first; NULL: out of memory */
char *sl_multi_scratch(struct multi *m); /* SL_SCRATCH_BYTES until the call ends; NULL: out of memory */
/* It too, for one alone: whoever needs one meanwhile gets another. NULL may be given back as well. */
char *sl_multi_scratch_take(struct multi *m);
void sl_multi_scratch_back(struct multi *m, char *p);
/* Around every call that runs or ends transfers; the first with the clock read, for what runs. */
void sl_multi_enter(struct multi *m);
void sl_multi_enter_quietly(struct multi *m);
void sl_multi_leave(struct multi *m);
void sl_multi_timer_update(struct multi *m);
int64_t sl_multi_timeout_ms(struct multi *m); /* -1: none */

#endif
