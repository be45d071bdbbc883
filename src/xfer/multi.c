/* The multi handle; see multi.h. */
#include "xfer/multi.h"

#include "base/mem.h"
#include "dns/dns.h"
#include "gate/policy.h"
#include "loop/scratch.h"
#include "tls/tls.h"
#include "xfer/doh.h"
#include "xfer/header_store.h"
#include "xfer/http2_proxy.h"
#include "xfer/transfer.h"

enum { DEFAULT_STREAMS = 100 };

static void tell_socket(struct reactor *r, struct watch *w, unsigned want);

struct multi *sl_multi_new(bool is_private)
{
  struct multi *m = sl_calloc(1, sizeof *m);
  if (!m)
    return NULL;
  m->magic = SL_MULTI_MAGIC;
  m->is_private = is_private;
  m->told_deadline_us = -1;
  m->multiplex = true;
  m->max_streams = DEFAULT_STREAMS;
  sl_reactor_init(&m->reactor);
  m->reactor.hook_owner = m;
  sl_pool_init(&m->pool);
  sl_dns_cache_init(&m->dns_cache);
  sl_list_init(&m->handles);
  sl_list_init(&m->msgs);
  sl_list_init(&m->waiting);
  sl_list_init(&m->notes);
  sl_list_init(&m->doh);
  sl_list_init(&m->spares);
  sl_list_init(&m->proxies);
  return m;
}

struct multi *sl_multi_of(void *handle)
{
  struct multi *m = handle;
  return m && m->magic == SL_MULTI_MAGIC ? m : NULL;
}

void sl_multi_hook(struct multi *m)
{
  m->reactor.socket_hook = m->socket_cb ? tell_socket : NULL;
}

void sl_multi_set_policy(struct multi *m, struct policy *policy)
{
  sl_policy_ref(policy);
  sl_policy_free(m->policy);
  m->policy = policy;
}

void sl_multi_drop_idle(struct multi *m)
{
  struct conn *c;
  while ((c = sl_pool_oldest(&m->pool)))
    sl_conn_free(c, true);
  sl_http2_proxy_drop_idle(m);
}

void sl_multi_free(struct multi *m)
{
  struct conn *c;
  if (!m)
    return;
  LIST_FOR_EACH(node, &m->handles)
    sl_multi_remove(m, LIST_ENTRY(node, struct easy, link));
  sl_dns_free(m->dns);
  m->dns = NULL;
  sl_doh_drop_all(m);
  while ((c = sl_pool_any(&m->pool))) /* no transfer is left: idle ones and those that applications hold */
    sl_conn_free(c, true);
  sl_http2_proxy_drop_all(m);
  sl_dns_cache_done(&m->dns_cache);
  sl_tls_cache_free(m->tls);
  sl_pool_done(&m->pool);
  sl_reactor_done(&m->reactor);
  sl_scratch_put(m->scratch);
  sl_policy_free(m->policy);
  sl_transfer_drop_spares(m, 0);
  m->magic = 0;
  sl_free(m);
}

char *sl_multi_scratch(struct multi *m)
{
  if (!m->scratch)
    m->scratch = sl_scratch_get();
  return m->scratch;
}

char *sl_multi_scratch_take(struct multi *m)
{
  char *p = sl_multi_scratch(m);
  m->scratch = NULL;
  return p;
}

void sl_multi_scratch_back(struct multi *m, char *p)
{
  if (m->scratch)
    sl_scratch_put(p);
  else
    m->scratch = p;
}

void sl_multi_enter_quietly(struct multi *m)
{
  m->in_api = true;
}

void sl_multi_enter(struct multi *m)
{
  sl_multi_enter_quietly(m);
  sl_reactor_clock(&m->reactor);
}

/* CURLMOPT_NOTIFYFUNCTION(3): the callback may do everything but drive or free the multi handle, so whatever it has
 * changed is looked up again. */
static void notify(struct multi *m)
{
  m->in_notify = true;
  while (!sl_list_empty(&m->notes)) {
    struct easy *e = LIST_ENTRY(m->notes.next, struct easy, note_link);
    unsigned what = e->notes & 1u << CURLMNOTIFY_INFO_READ ? CURLMNOTIFY_INFO_READ : CURLMNOTIFY_EASY_DONE;
    e->notes &= (uint8_t)~(1u << what);
    if (!e->notes)
      sl_list_unlink(&e->note_link);
    if (m->notify_cb && m->notify_mask >> what & 1)
      m->notify_cb(m, what, e, m->notify_data);
  }
  m->in_notify = false;
}

void sl_multi_leave(struct multi *m)
{
  if (m->socket_cb)
    sl_reactor_flush(&m->reactor);
  sl_multi_timer_update(m);
  if (m->scratch) {
    sl_scratch_put(m->scratch);
    m->scratch = NULL;
  }
  m->in_api = false;
  if (!sl_list_empty(&m->notes) && !m->in_notify)
    notify(m);
}

/* ---- what the application is told ---- */

/* Descriptors outlive the handles that work with them. Counted, so that a handle that goes has to be looked for only
 * where it is. */
static void name(struct watch *w, struct easy *e)
{
  struct easy *before = w->who;
  if (before == e)
    return;
  if (before)
    before->named--;
  if (e)
    e->named++;
  w->who = e;
}

static void forget(struct multi *m, struct easy *e)
{
  struct watch *w;
  for (uint32_t pos = 0; e->named && (w = sl_watch_next(&m->reactor, &pos));)
    if (w->who == e)
      name(w, NULL);
  e->named = 0;
}

/* The handle that a socket callback is given: who uses the descriptor; for a removal who used it; for one that works
 * for several (a name server's, DoH's) any of them. */
static struct easy *whom(struct multi *m, struct watch *w, unsigned want)
{
  struct easy *e = sl_transfer_easy_of_watch(w);
  if (e && e->doh)
    e = NULL; /* a handle that the application has never seen */
  if (!e && !want)
    e = w->who;
  if (!e && !sl_list_empty(&m->handles))
    e = LIST_ENTRY(m->handles.next, struct easy, link);
  name(w, e);
  return e;
}

static void tell_socket(struct reactor *r, struct watch *w, unsigned want)
{
  struct multi *m = r->hook_owner;
  static const int what[] = {CURL_POLL_REMOVE, CURL_POLL_IN, CURL_POLL_OUT, CURL_POLL_INOUT};
  struct easy *e = whom(m, w, want);
  m->callback_depth++;
  int rc = m->socket_cb(e, w->fd, what[want & 3], m->socket_data, w->app);
  m->callback_depth--;
  if (!want) {
    w->app = NULL;
    name(w, NULL);
  }
  if (rc == -1)
    m->dead = true;
}

int64_t sl_multi_timeout_ms(struct multi *m)
{
  int64_t at_us = sl_reactor_deadline(&m->reactor);
  if (at_us == INT64_MAX)
    return -1;
  int64_t left_us = at_us - m->reactor.now_us;
  return left_us <= 0 ? 0 : (left_us + 999) / 1000;
}

/* Only on change: the application's timer is one-shot and set to what it was told last. */
void sl_multi_timer_update(struct multi *m)
{
  int64_t at_us = sl_reactor_deadline(&m->reactor);
  if (!m->timer_cb)
    return;
  if (at_us == INT64_MAX)
    at_us = -1;
  if (at_us == m->told_deadline_us)
    return;
  m->told_deadline_us = at_us;
  m->callback_depth++;
  int rc = m->timer_cb(m, (long)sl_multi_timeout_ms(m), m->timer_data);
  m->callback_depth--;
  if (rc == -1)
    m->dead = true;
}

struct dns *sl_multi_dns(struct multi *m)
{
  if (!m->dns && (m->dns = sl_dns_new(&m->reactor, &m->callback_depth)) != NULL) {
    m->dns->policy = &m->policy;
    sl_doh_install(m);
  }
  return m->dns;
}

/* ---- handles ---- */

CURLMcode sl_multi_add(struct multi *m, struct easy *e)
{
  struct transfer *t;
  if (e->multi)
    return CURLM_ADDED_ALREADY;
  sl_reactor_clock(&m->reactor);
  t = sl_transfer_new(m, e);
  if (!t)
    return CURLM_OUT_OF_MEMORY;
  sl_conn_unhold(e);
  e->xfer = t;
  e->multi = m;
  sl_list_unlink(&e->msg_link);
  sl_info_start(&e->info);
  e->info.xfer_id = (curl_off_t)m->next_xfer_id++;
  sl_header_store_start(e);
  if (e->set.io.errorbuffer)
    e->set.io.errorbuffer[0] = 0;
  if (!e->doh) { /* the resolver's own are nobody else's business */
    sl_list_push_back(&m->handles, &e->link);
    m->n_handles++;
    m->n_running++;
  }
  sl_transfer_wake(t);
  return CURLM_OK;
}

CURLMcode sl_multi_remove(struct multi *m, struct easy *e)
{
  if (e->multi != m)
    return e->multi ? CURLM_BAD_EASY_HANDLE : CURLM_OK;
  if (e->xfer) {
    struct transfer *t = e->xfer;
    sl_reactor_clock(&m->reactor);
    if (!e->doh)
      m->n_running--;
    sl_transfer_abort(t);
  }
  if (!sl_list_empty(&e->msg_link)) {
    sl_list_unlink(&e->msg_link);
    m->n_msgs--;
  }
  if (m->socket_cb)
    sl_reactor_flush(&m->reactor); /* while `e` can be named in a REMOVE */
  forget(m, e);
  sl_list_unlink(&e->note_link);
  e->notes = 0;
  e->multi = NULL;
  if (!m->is_private)
    sl_conn_unhold(e);
  sl_list_unlink(&e->link);
  if (!e->doh)
    m->n_handles--;
  sl_transfer_drop_spares(m, m->n_handles ? m->n_handles : 1);
  return CURLM_OK;
}

static void note(struct multi *m, struct easy *e, unsigned what)
{
  if (!m->notify_cb || !(m->notify_mask >> what & 1))
    return;
  e->notes |= (uint8_t)(1u << what);
  if (sl_list_empty(&e->note_link))
    sl_list_push_back(&m->notes, &e->note_link);
}

void sl_multi_msg(struct multi *m, struct easy *e, CURLcode result)
{
  if (e->doh) {
    sl_doh_done(e, result);
    return;
  }
  e->msg.msg = CURLMSG_DONE;
  e->msg.easy_handle = e;
  e->msg.data.result = result;
  if (sl_list_empty(&m->msgs))
    note(m, e, CURLMNOTIFY_INFO_READ);
  note(m, e, CURLMNOTIFY_EASY_DONE);
  sl_list_push_back(&m->msgs, &e->msg_link);
  m->n_msgs++;
  m->n_running--;
  m->n_done++;
}
