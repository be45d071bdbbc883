/* The life of a transfer; see transfer.h. */
#include "xfer/transfer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "gate/process.h"
#include "loop/scratch.h"
#include "wire/encode.h"
#include "xfer/altsvc_store.h"
#include "xfer/ftp.h"
#include "xfer/header_store.h"
#include "xfer/hsts_store.h"
#include "xfer/http2.h"
#include "xfer/http2_proxy.h"
#include "xfer/http_negotiate.h"
#include "xfer/judge.h"
#include "xfer/limits.h"
#include "xfer/netrc_file.h"
#include "xfer/protos.h"
#include "xfer/share.h"

enum { CONNECT_TIMEOUT_MS = 300000, FEW = 4, ERROR_MAX = CURL_ERROR_SIZE - 1 };

static void job_due(struct job *j)
{
  sl_transfer_run(j->owner);
}

static void timer_due(struct timer *timer)
{
  sl_transfer_run(timer->owner);
}

/* ---- beginning ---- */

struct transfer *sl_transfer_new(struct multi *m, struct easy *e)
{
  struct list *spare = sl_list_pop_front(&m->spares);
  struct transfer *t = spare ? LIST_ENTRY(spare, struct transfer, job.link) : sl_malloc(sizeof *t);
  if (!t)
    return NULL;
  m->n_spares -= spare != NULL;
  memset(t, 0, sizeof *t);
  t->easy = e;
  t->multi = m;
  t->start_us = m->reactor.now_us;
  t->timer.fn = timer_due;
  t->timer.owner = t;
  sl_job_init(&t->job, job_due, t);
  sl_list_init(&t->wait_link);
  sl_list_init(&t->h2_link);
  sl_buf_init(&t->error, ERROR_MAX);
  sl_sink_init(&t->sink);
  sl_progress_init(t);
  return t;
}

void sl_transfer_drop_spares(struct multi *m, uint32_t most)
{
  for (; m->n_spares > most; m->n_spares--)
    sl_free(LIST_ENTRY(sl_list_pop_front(&m->spares), struct transfer, job.link));
}

sl_result sl_fail(struct transfer *t, sl_result code, const char *format, ...)
{
  char text[CURL_ERROR_SIZE];
  va_list ap;
  if (t->error.n)
    return code;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  sl_buf_str(&t->error, text);
  return code;
}

int64_t sl_transfer_elapsed(struct transfer *t)
{
  int64_t us = sl_reactor_clock(&t->multi->reactor) - t->start_us;
  return us > 0 ? us : 1;
}

enum gate_purpose sl_transfer_purpose(const struct transfer *t)
{
  return t->easy->doh ? GATE_DOH : GATE_ORIGIN;
}

const char *sl_transfer_keep(struct transfer *t, const char *text, bool *ok)
{
  const char *copy = text ? sl_arena_str(&t->arena, slice_str(text)) : NULL;
  *ok = *ok && (copy || !text);
  return copy;
}

bool sl_transfer_retry(struct transfer *t, sl_result result, bool heard)
{
  bool died = result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR;
  if (!died || !t->conn->used || heard || t->retried)
    return false;
  t->retried = t->fresh = t->again = true;
  sl_buf_clear(&t->error);
  SL_INFOF(t->easy, "Connection died, retrying a fresh connect (retry count: 1)");
  return true;
}

struct gate_ask sl_transfer_ask(struct transfer *t, enum gate_purpose purpose, struct slice host)
{
  return (struct gate_ask){
      .config = t->easy->set.gate,
      .also = &t->multi->policy,
      .purpose = purpose,
      .host = host,
      .scheme = slice_str(t->proto->scheme),
      .callback_depth = &t->multi->callback_depth,
      .error = &t->error,
  };
}

/* ---- the URL ---- */

/* The handle keeps its parsed URL: performing again costs nothing. */
static sl_result parse_url(struct easy *e, struct transfer *t)
{
  const struct io_config *io = &e->set.io;
  struct slice text = slice_str(io->url);
  struct buf printed;
  CURLUcode uc = CURLUE_OK;
  unsigned flags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | SL_URL_ENCODE_PATH | (io->path_as_is ? CURLU_PATH_AS_IS : 0u) |
                   (io->disallow_username_in_url ? CURLU_DISALLOW_USER : 0u);
  if (!io->curlu && e->url_generation == io->generation && e->url_generation)
    return SL_OK;
  sl_buf_init(&printed, SL_URL_TEXT_MAX);
  if (io->curlu) {
    uc = sl_url_print(&io->curlu->url, 0, &printed);
    text = sl_buf_peek(&printed);
  } else if (io->url && io->default_protocol && !sl_url_is_absolute(text, CURLU_GUESS_SCHEME)) {
    sl_buf_printf(&printed, "%s://", io->default_protocol);
    sl_buf_str(&printed, io->url);
    text = sl_buf_peek(&printed);
  } else if (!io->url) {
    return sl_fail(t, CURLE_URL_MALFORMAT, "No URL set");
  }
  struct url parsed;
  if (!uc)
    uc = sl_buf_ok(&printed) ? sl_url_parse(&parsed, text, flags) : CURLUE_OUT_OF_MEMORY;
  sl_buf_done(&printed);
  if (uc)
    return sl_fail(t, sl_url_result(uc), "URL rejected: %s", sl_url_strerror(uc));
  if (e->url) {
    sl_url_done(e->url);
  } else if (!(e->url = sl_malloc(sizeof *e->url))) {
    sl_url_done(&parsed);
    return SL_NOMEM;
  }
  *e->url = parsed;
  e->url_generation = io->generation ? io->generation : 1;
  return SL_OK;
}

static sl_result choose_proto(struct transfer *t)
{
  const struct io_config *io = &t->easy->set.io;
  const struct xfer_proto *p = sl_proto_find(t->url->scheme);
  uint32_t allowed = t->redirected ? io->redir_protocols & io->protocols : io->protocols;
  if (!p || !(p->bit & allowed))
    return sl_fail(t, CURLE_UNSUPPORTED_PROTOCOL, "Protocol \"%.*s\" %s%s", (int)t->url->scheme.n,
                   t->url->scheme.p, p ? "is disabled" : "not supported", t->redirected ? " in redirect" : "");
  t->proto = p;
  t->easy->info.protocol = p->bit;
  t->easy->info.scheme = p->scheme;
  return SL_OK;
}

static sl_result host_ascii(struct transfer *t)
{
  struct buf scratch;
  struct slice host;
  t->host = t->url->host;
  if (t->host.n >= SL_URL_HOST_MAX)
    return sl_fail(t, CURLE_URL_MALFORMAT, "Too long host name (maximum is %d)", SL_URL_HOST_MAX - 1);
  if (!t->url->host_8bit)
    return SL_OK;
  sl_buf_init(&scratch, SL_URL_HOST_MAX);
  CURLUcode uc = sl_url_host_ascii(t->url, &scratch, &host);
  const char *copy = uc ? NULL : sl_arena_str(&t->arena, host);
  sl_buf_done(&scratch);
  if (uc)
    return sl_fail(t, sl_url_result(uc), "Could not convert the host name: %s", sl_url_strerror(uc));
  t->host = slice_str(copy);
  return copy ? SL_OK : SL_NOMEM;
}

char *sl_transfer_decode(struct transfer *t, struct slice text, enum sl_percent_allow allow, sl_result *rc)
{
  struct buf decoded;
  char *copy = NULL;
  if (*rc)
    return NULL;
  sl_buf_init(&decoded, SL_URL_MAX);
  if (sl_encode_from_percent(text, allow, &decoded))
    copy = sl_arena_str(&t->arena, sl_buf_peek(&decoded));
  else if (!decoded.nomem)
    *rc = CURLE_URL_MALFORMAT;
  if (!*rc && !copy)
    *rc = SL_NOMEM;
  sl_buf_done(&decoded);
  return copy;
}

/* Credentials: the options' (for the first origin only, unless UNRESTRICTED_AUTH), else those of the URL; behind a
 * redirect the other way round. Last .netrc. */
static sl_result choose_credentials(struct transfer *t)
{
  const struct settings *set = &t->easy->set;
  const struct url *u = t->url;
  bool ok = true, own = !t->redirected || !t->http.cross_origin || set->http->unrestricted_auth;
  bool in_url = u->user.n || u->password.n, in_options = own && (set->io.username || set->io.password);
  t->user = in_options ? sl_transfer_keep(t, set->io.username, &ok) : NULL;
  t->password = in_options ? sl_transfer_keep(t, set->io.password, &ok) : NULL;
  if (!ok)
    return SL_NOMEM;
  bool from_url = in_url && (!in_options || t->redirected);
  if (from_url) {
    enum sl_percent_allow allow = t->proto->login ? SL_PERCENT_NO_CTRL : SL_PERCENT_NO_ZERO;
    sl_result rc = SL_OK;
    t->user = u->user.p ? sl_transfer_decode(t, u->user, allow, &rc) : NULL;
    t->password = u->password.p ? sl_transfer_decode(t, u->password, allow, &rc) : NULL;
    if (rc)
      return rc == SL_NOMEM ? rc : sl_fail(t, rc, "Bad login part");
  }
  return set->io.netrc ? sl_netrc_credentials(t, t->user && !from_url) : SL_OK;
}

/* Where a redirect leads is another origin unless scheme, host and port are those of the first URL. */
static bool leaves_origin(const struct transfer *t)
{
  const struct http *h = &t->http;
  return h->origin_host && !(h->origin_proto == t->proto && h->origin_port == t->port &&
                             sl_text_ieq_str(t->host, h->origin_host));
}

sl_result sl_transfer_take_url(struct transfer *t, struct url *next_own)
{
  if (!t->own_url && !(t->own_url = sl_calloc(1, sizeof *t->own_url))) {
    sl_url_done(next_own);
    return SL_NOMEM;
  }
  sl_url_done(t->own_url);
  *t->own_url = *next_own;
  t->url = t->own_url;
  return SL_OK;
}

/* For CURLINFO_EFFECTIVE_URL. The handle keeps its own URL beyond the transfer. */
static bool note_url(struct transfer *t, struct slice text)
{
  struct info *info = &t->easy->info;
  info->own_url = t->easy->url && text.p == t->easy->url->text.p;
  return info->own_url || sl_info_string(&info->effective_url, text);
}

sl_result sl_transfer_use_url(struct transfer *t, bool redirected)
{
  const struct io_config *io = &t->easy->set.io;
  t->redirected = redirected;
  sl_result rc = host_ascii(t);
  if (!rc)
    rc = sl_hsts_upgrade(t);
  if (!note_url(t, t->url->text)) /* also of one that cannot be used */
    return SL_NOMEM;
  if (!rc)
    rc = choose_proto(t);
  if (rc)
    return rc;
  t->port = !redirected && io->port ? io->port : t->url->port.n ? t->url->port_number : t->proto->port;
  t->http.cross_origin = leaves_origin(t);
  return choose_credentials(t);
}

static sl_result begin(struct transfer *t)
{
  struct easy *e = t->easy;
  const char *trouble = sl_process_trouble();
  e->info.method = e->set.io.nobody ? SL_HTTP_HEAD : e->set.http->method;
  e->info.custom_method = e->set.io.customrequest;
  sl_result rc = trouble ? sl_fail(t, CURLE_FAILED_INIT, "%s", trouble) : parse_url(e, t);
  if (rc) {
    const char *text = e->set.io.url ? e->set.io.url : "";
    return note_url(t, slice_str(text)) ? rc : SL_NOMEM;
  }
  t->url = e->url;
  rc = sl_transfer_use_url(t, false);
  if (!rc && e->set.http->referer) {
    rc = sl_info_string(&e->info.referer, slice_str(e->set.http->referer)) ? SL_OK : SL_NOMEM;
    t->referer = e->info.referer;
  }
  if (!rc && t->proto->init)
    rc = t->proto->init(t);
  return rc;
}

/* ---- a connection ---- */

void sl_transfer_note_peer(struct transfer *t)
{
  struct info *info = &t->easy->info;
  const struct conn *c = t->conn;
  memcpy(info->primary_ip, c->primary_ip, sizeof info->primary_ip);
  memcpy(info->local_ip, c->local_ip, sizeof info->local_ip);
  info->primary_port = c->primary_port;
  info->local_port = c->local_port;
}

static void note_connection(struct transfer *t)
{
  struct info *info = &t->easy->info;
  const struct conn *c = t->conn;
  sl_transfer_note_peer(t);
  info->conn_id = c->id;
  info->lastsocket = c->tcp->sock.fd;
}

static sl_result route_key(struct transfer *t, const struct route *r, char *room, struct slice *out_key)
{
  sl_result rc = sl_route_key(t, r, room, SL_SCRATCH_BYTES, out_key);
  return rc == CURLE_TOO_LARGE ? sl_fail(t, rc, "The settings of this connection are too large") : rc;
}

/* True: it has a connection, or *out_rc says why it got none. */
static bool reuse(struct transfer *t, const struct route *r, struct slice key, sl_result *out_rc)
{
  if (t->fresh || t->easy->set.net->fresh_connect || t->easy->set.io.connect_only || !sl_limits_may_reuse(t))
    return false;
  struct gate_ask ask, *guarded = NULL;
  if (sl_gate_has_policy(t->easy->set.gate, t->multi->policy)) {
    ask = sl_transfer_ask(t, r->proxy.set || r->pre.set ? GATE_PROXY : sl_transfer_purpose(t), t->host);
    guarded = &ask;
    if (sl_judge_path(&ask, r))
      return false;
  }
  t->conn = sl_conn_reuse(t->multi, sl_share_pool(t->easy, t->multi), key, t->easy, guarded);
  if (!t->conn)
    return false;
  sl_limits_leave(t, true);
  if (!t->conn->h2)
    t->conn->xfer = t;
  SL_INFOF(t->easy, "Re-using existing connection with host %.*s", (int)r->host.n, r->host.p);
  t->state = XFER_DO;
  if (t->conn->h2)
    *out_rc = sl_http2_join(t->conn, t);
  return true;
}

/* One that belongs to the user whose ticket will be sent. */
static bool reuse_own(struct transfer *t, const struct route *r, struct slice key, sl_result *out_rc)
{
  struct buf own;
  if (!sl_negotiate_has_key(t))
    return false;
  sl_buf_init(&own, SL_SCRATCH_BYTES);
  *out_rc = sl_negotiate_key(t, key, &own);
  bool done = *out_rc || (own.n && reuse(t, r, sl_buf_peek(&own), out_rc));
  sl_buf_done(&own);
  return done;
}

/* The key is in `room`. */
static sl_result find_way(struct transfer *t, char *room)
{
  struct route r;
  struct slice key;
  struct pool_peer *peer;
  t->alt_used = NULL;
  sl_result rc = sl_route_make(t, &t->arena, &r);
  if (!rc && r.plain_proxy && t->proto->over_proxy) {
    t->proto = t->proto->over_proxy;
    t->easy->info.protocol = t->proto->bit;
    t->easy->info.scheme = sl_proto_http.scheme; /* which it is spoken with */
  }
  if (!rc)
    rc = route_key(t, &r, room, &key);
  if (rc)
    return rc;
  t->proxy_user = r.proxy.set ? r.proxy.user : NULL;
  t->proxy_password = r.proxy.set ? r.proxy.password : NULL;
  t->proxy_host = r.proxy.set ? r.proxy.host : NULL;
  t->easy->info.used_proxy = r.proxy.set || r.pre.set;
  if (!t->judged && (rc = sl_judge_route(t, &r, sl_transfer_purpose(t))))
    return rc;
  t->judged = true;
  if (reuse_own(t, &r, key, &rc) || reuse(t, &r, key, &rc))
    return rc;
  /* Only new connections go to an alternative: CURLOPT_ALTSVC_CTRL(3). Behind a proxy nobody has judged it. */
  if (t->easy->altsvc && !sl_judge_needed(t, &r))
    rc = sl_altsvc_route(t, &r);
  if (!rc && t->alt_used)
    rc = route_key(t, &r, room, &key);
  if (rc || (t->alt_used && reuse(t, &r, key, &rc)))
    return rc;
  if ((rc = sl_http2_wait(t, &r, key)) || (rc = sl_limits_admit(t, &r, &peer)))
    return rc;
  rc = sl_dial_start(t, &r, key);
  sl_limits_use(t, peer);
  t->state = XFER_DIAL;
  return rc;
}

static sl_result route(struct transfer *t)
{
  struct multi *m = t->multi;
  char *room = sl_multi_scratch_take(m); /* what idle connections have to say must not overwrite the key */
  sl_result rc = room ? find_way(t, room) : SL_NOMEM;
  sl_multi_scratch_back(m, room);
  return rc;
}

static sl_result prereq(struct transfer *t)
{
  const struct net_config *net = t->easy->set.net;
  struct info *info = &t->easy->info;
  if (!net->prereqfunction)
    return SL_OK;
  t->multi->callback_depth++;
  int rc = net->prereqfunction(net->prereqdata, info->primary_ip, info->local_ip, info->primary_port,
                              info->local_port);
  t->multi->callback_depth--;
  return rc == CURL_PREREQFUNC_OK
             ? SL_OK
             : sl_fail(t, CURLE_ABORTED_BY_CALLBACK, "operation aborted by pre-request callback");
}

static sl_result start(struct transfer *t)
{
  if (!t->proto->no_conn)
    note_connection(t);
  int64_t us = t->multi->reactor.now_us - t->start_us; /* as of this turn: the clock is read once more after sending */
  t->easy->info.pretransfer_us = us > 0 ? us : 1;
  sl_result rc = prereq(t);
  if (!rc && t->easy->set.io.connect_only == 1 && t->conn) {
    sl_conn_hold(t->conn, t->easy);
    t->conn = NULL;
    t->state = XFER_DONE;
    return SL_OK;
  }
  return rc ? rc : t->proto->start(t);
}

static void drop_connection(struct transfer *t)
{
  if (t->dial)
    sl_dial_free(t->dial);
  t->dial = NULL;
  if (!t->conn)
    return;
  struct conn *c = t->conn;
  struct pool_peer *peer = c->peer;
  if (peer)
    peer->holds++;
  if (c->h2) {
    sl_http2_leave(t);
  } else {
    t->conn = NULL;
    sl_conn_release(c);
  }
  sl_limits_place(t->multi, peer);
  if (peer)
    sl_pool_peer_put(&t->multi->pool, peer);
}

/* ---- the machine ---- */

static sl_result step_do(struct transfer *t)
{
  sl_result rc = t->proto->step(t);
  if (rc == SL_WAIT)
    return rc;
  t->again = t->again && !rc;
  rc = t->proto->finish(t, rc);
  bool again = t->again && !rc;
  t->again = false;
  if (again)
    sl_header_store_next_request(t->easy);
  if (again && t->conn && t->conn->keep && !t->conn->h2 && sl_auth_needs_same_connection(t)) {
    t->conn->used = true;
    return start(t);
  }
  drop_connection(t);
  t->judged = false;
  if (!rc)
    t->state = again ? XFER_ROUTE : XFER_DONE;
  return rc;
}

static sl_result step_dial(struct transfer *t)
{
  sl_result rc = sl_dial_step(t->dial);
  if (rc)
    return rc;
  if (t->dial->redial) {
    t->conn->keep = false;
    drop_connection(t);
    t->fresh = true;
    t->state = XFER_ROUTE;
    return SL_OK;
  }
  sl_dial_free(t->dial);
  t->dial = NULL;
  t->state = XFER_DO;
  return t->conn->http_version == CURL_HTTP_VERSION_2_0 ? sl_http2_begin(t) : SL_OK;
}

static sl_result step_route(struct transfer *t)
{
  if (!t->proto->no_conn && !t->h2) /* a pushed one has its place */
    return route(t);
  t->state = XFER_DO;
  return SL_OK;
}

static sl_result step(struct transfer *t)
{
  sl_result rc = SL_OK;
  switch (t->state) {
  case XFER_INIT:
    rc = begin(t);
    t->state = XFER_ROUTE;
    return rc;
  case XFER_WAITING:
    if (!sl_list_empty(&t->wait_link) || !sl_list_empty(&t->h2_link))
      return SL_WAIT; /* a timer, or the application: it is not its turn */
    /* fall through */
  case XFER_ROUTE:
    rc = step_route(t);
    break;
  case XFER_DIAL:
    rc = step_dial(t);
    break;
  default:
    return step_do(t);
  }
  if (!rc && t->state == XFER_DO) {
    rc = start(t);
    t->fresh = false;
  }
  return rc;
}

/* ---- deadlines ---- */

static int64_t nearest(int64_t a, int64_t b)
{
  return b && (!a || b < a) ? b : a;
}

static int64_t connect_deadline(const struct transfer *t)
{
  int32_t ms = t->easy->set.io.connecttimeout_ms;
  return t->dial_us + (int64_t)(ms ? ms : CONNECT_TIMEOUT_MS) * 1000;
}

static int64_t total_deadline(const struct transfer *t)
{
  int32_t ms = t->easy->set.io.timeout_ms;
  return ms ? t->start_us + (int64_t)ms * 1000 : 0;
}

void sl_transfer_set_timer(struct transfer *t)
{
  struct reactor *r = &t->multi->reactor;
  int64_t at_us = total_deadline(t);
  if (t->state == XFER_DIAL || t->judge)
    at_us = nearest(at_us, connect_deadline(t));
  at_us = nearest(at_us, t->expect_us);
  at_us = nearest(at_us, t->rate_us);
  if (sl_progress_wanted(t))
    at_us = nearest(at_us, t->progress.next_tick_us ? t->progress.next_tick_us : r->now_us + 1000000);
  if (!at_us)
    sl_timer_clear(r, &t->timer);
  else if (t->timer.node.at && t->timer.node.key == at_us)
    return;
  else if (!sl_timer_set(r, &t->timer, at_us))
    sl_job_post(r, &t->job); /* no memory for a timer: look again at once rather than never */
}

static sl_result connect_timed_out(struct transfer *t, long long ms)
{
  if (t->judge || t->dial->phase == DIAL_RESOLVE || (t->dial->phase == DIAL_CONNECT && !t->dial->connector.n))
    return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "Resolving timed out after %lld milliseconds", ms);
  return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "Connection timed out after %lld milliseconds", ms);
}

static sl_result timed_out(struct transfer *t, long long ms)
{
  if (t->state == XFER_DIAL)
    return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "Connection timed out after %lld milliseconds", ms);
  if (t->progress.dl_total >= 0)
    return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "Operation timed out after %lld milliseconds with %lld out of %lld bytes received",
                   ms, (long long)t->progress.dl_now, (long long)t->progress.dl_total);
  return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "Operation timed out after %lld milliseconds with %lld bytes received", ms,
                 (long long)t->progress.dl_now);
}

static sl_result check_deadlines(struct transfer *t)
{
  int64_t now_us = t->multi->reactor.now_us, total = total_deadline(t);
  if (t->rate_us && now_us >= t->rate_us)
    t->rate_us = 0;
  if ((t->state == XFER_DIAL || t->judge) && now_us >= connect_deadline(t))
    return connect_timed_out(t, (now_us - t->start_us) / 1000);
  return total && now_us >= total ? timed_out(t, (now_us - t->start_us) / 1000) : SL_OK;
}

/* ---- the end ---- */

static void note_result(struct transfer *t, sl_result result)
{
  struct easy *e = t->easy;
  struct info *info = &e->info;
  info->total_us = sl_transfer_elapsed(t);
  info->size_download = t->progress.dl_now;
  info->size_upload = t->progress.ul_now;
  info->size_delivered = t->sink.delivered;
  info->content_length_upload = t->source.size >= 0 && t->source.size ? t->source.size : -1;
  if (!result || !e->set.io.errorbuffer)
    return;
  const char *text = t->error.n ? t->error.p : curl_easy_strerror((CURLcode)result);
  snprintf(e->set.io.errorbuffer, CURL_ERROR_SIZE, "%s", text);
}

/* All that the transfer owns; its connection goes to the pool or is closed. */
static void release(struct transfer *t)
{
  struct multi *m = t->multi;
  t->running = true; /* a close callback may pause or clean up the handle */
  sl_limits_leave(t, false);
  sl_list_unlink(&t->h2_link);
  sl_judge_free(t);
  if (t->proto && t->proto->cleanup)
    t->proto->cleanup(t);
  drop_connection(t);
  sl_timer_clear(&m->reactor, &t->timer);
  sl_list_unlink(&t->job.link);
  sl_sink_done(&t->sink);
  sl_source_done(&t->source);
  if (t->own_url)
    sl_url_done(t->own_url);
  sl_free(t->own_url);
  sl_arena_done(&t->arena);
  sl_buf_done(&t->error);
  t->easy->xfer = NULL;
  sl_list_push_front(&m->spares, &t->job.link);
  m->n_spares++;
}

static void finish(struct transfer *t, sl_result result)
{
  struct easy *e = t->easy;
  struct multi *m = t->multi;
  if (t->conn)
    t->conn->keep = false;
  bool tried = e->info.namelookup_us || e->info.conn_id >= 0; /* a failure has final numbers as well */
  if (t->state != XFER_INIT && (tried || !result) && result != CURLE_ABORTED_BY_CALLBACK) {
    sl_result told = sl_progress_end(t);
    result = result ? result : told;
  }
  note_result(t, result);
  release(t);
  sl_multi_msg(m, e, (CURLcode)result);
}

void sl_transfer_abort(struct transfer *t)
{
  if (t->running) {
    t->remove_asked = true;
    return;
  }
  if (t->conn)
    t->conn->keep = false;
  note_result(t, SL_OK);
  release(t);
}

/* ---- running ---- */

static sl_result run(struct transfer *t)
{
  sl_result rc = check_deadlines(t);
  while (!rc && t->state != XFER_DONE && !t->remove_asked)
    rc = step(t);
  if (rc <= 0) {
    sl_result told = sl_progress_update(t);
    if (told)
      rc = told;
  }
  return rc;
}

static void set_wants(struct transfer *t)
{
  if (!t->conn || !t->conn->tcp || t->conn->h2)
    return;
  unsigned want = 0;
  if (t->state == XFER_DIAL)
    want = sl_dial_want(t->dial);
  else if (t->state == XFER_DO && !t->rate_us)
    want = sl_stream_want(t->conn->top) | t->want;
  if (t->paused & CURLPAUSE_RECV)
    want &= ~(unsigned)WATCH_IN;
  sl_conn_want(t->conn, want);
  /* One of few will go on soon; among many each one's record buffers add up while it waits. */
  if (t->state == XFER_DO && t->multi->n_running > FEW)
    sl_stream_idle(t->conn->top);
}

void sl_transfer_run(struct transfer *t)
{
  if (t->running)
    return;
  t->running = true;
  sl_result rc = run(t);
  if (t->remove_asked) {
    t->running = false;
    sl_transfer_abort(t);
    return;
  }
  if (rc > 0 || t->state == XFER_DONE) {
    finish(t, rc > 0 ? rc : SL_OK);
    return;
  }
  t->running = false;
  set_wants(t);
  sl_transfer_set_timer(t);
}

void sl_transfer_wake(struct transfer *t)
{
  sl_job_post(&t->multi->reactor, &t->job);
}

CURLcode sl_transfer_pause(struct transfer *t, int bits)
{
  uint8_t before = t->paused;
  t->paused = (uint8_t)(bits & CURLPAUSE_ALL);
  if (before & CURLPAUSE_RECV && !(t->paused & CURLPAUSE_RECV))
    t->resumed_recv = true;
  if (!t->running)
    set_wants(t);
  if (before & ~t->paused)
    sl_transfer_wake(t);
  return CURLE_OK;
}

struct easy *sl_transfer_easy_of_watch(const struct watch *w)
{
  const struct conn *c = sl_conn_of_watch(w);
  if (c && c->h2)
    return sl_http2_easy(c);
  if (c)
    return c->xfer ? c->xfer->easy : NULL;
  struct easy *tunnelled;
  if (sl_http2_proxy_of_watch(w, &tunnelled))
    return tunnelled;
  const struct transfer *listens = sl_ftp_of_watch(w);
  if (listens)
    return listens->easy;
  const struct dial *d = sl_connector_owner_of_watch(w);
  return d ? d->t->easy : NULL;
}
