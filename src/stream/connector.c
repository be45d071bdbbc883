/* Happy Eyeballs; see connector.h. */
#include "stream/connector.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "stream/bind.h"

static void stagger_due(struct timer *t);
static void attempt(struct connector *c);

void sl_connector_init(struct connector *c, struct reactor *r, const struct net_config *net,
                       const struct gate_ask *ask, void (*notify)(void *), void *owner)
{
  *c = (struct connector){.reactor = r, .net = net, .ask = *ask, .notify = notify, .owner = owner};
  c->stagger.fn = stagger_due;
  c->stagger.owner = c;
  c->ask.dials = !net->interface && !net->localport;
  sl_list_init(&c->attempts);
}

static void drop_attempts(struct connector *c)
{
  struct list *node;
  while ((node = sl_list_pop_front(&c->attempts)))
    sl_stream_free(&LIST_ENTRY(node, struct tcp, link)->s);
}

void sl_connector_done(struct connector *c)
{
  if (!c->reactor)
    return; /* its owner ran out of memory before it came to be */
  sl_timer_clear(c->reactor, &c->stagger);
  drop_attempts(c);
  if (c->won)
    sl_stream_free(&c->won->s);
  c->won = NULL;
  sl_free(c->addrs);
  c->addrs = NULL;
}

bool sl_connector_add(struct connector *c, const struct gate_addr *addr)
{
  struct gate_addr *addrs = sl_realloc(c->addrs, (c->n + 1) * sizeof *addrs);
  if (!addrs)
    return false;
  c->addrs = addrs;
  addrs[c->n++] = *addr;
  return true;
}

static void lost(struct connector *c, sl_result error, int err)
{
  c->error = error;
  if (err)
    c->err = err;
}

static void win(struct connector *c, struct tcp *t)
{
  sl_list_unlink(&t->link);
  sl_tcp_want(t, 0);
  c->won = t;
  sl_timer_clear(c->reactor, &c->stagger);
  drop_attempts(c);
}

static bool may_attempt(const struct connector *c)
{
  return c->next < c->n && !c->over;
}

static void attempt_ready(struct watch *w, unsigned ready)
{
  struct tcp *t = LIST_ENTRY((struct list *)(void *)w, struct tcp, watch);
  struct connector *c = w->owner;
  int err = 0;
  socklen_t len = sizeof err;
  (void)ready;
  if (getsockopt(t->sock.fd, SOL_SOCKET, SO_ERROR, &err, &len))
    err = errno;
  sl_result rc = sl_gate_connected(&c->ask, &t->sock, err);
  if (!rc) {
    win(c, t);
  } else {
    lost(c, rc, err);
    sl_stream_free(&t->s);
    if (may_attempt(c))
      attempt(c); /* RFC 8305 5: no need to wait for the stagger then */
  }
  c->notify(c->owner);
}

void *sl_connector_owner_of_watch(const struct watch *w)
{
  return w->fn == attempt_ready ? ((struct connector *)w->owner)->owner : NULL;
}

/* RFC 8305 4: after one family comes the other. */
static void pick(struct connector *c)
{
  if (!c->next)
    return;
  int last = c->addrs[c->next - 1].family;
  for (unsigned i = c->next; i < c->n; i++)
    if (c->addrs[i].family != last) {
      struct gate_addr other = c->addrs[i];
      memmove(&c->addrs[c->next + 1], &c->addrs[c->next], (i - c->next) * sizeof other);
      c->addrs[c->next] = other;
      return;
    }
}

/* SL_OK: connected. SL_WAIT: under way. */
static sl_result connect_socket(struct connector *c, struct gate_socket *s, const struct gate_addr *addr,
                                enum gate_opened how)
{
  if (how == GATE_CONNECTED)
    return SL_OK;
  if (how == GATE_CONNECTING)
    return SL_WAIT;
  sl_tcp_options(c->net, s, addr);
  if (how == GATE_DIALLED)
    return SL_WAIT;
  sl_result rc = sl_bind_local(&c->ask, c->net, s, addr);
  return rc ? rc : sl_gate_connect(&c->ask, s, addr);
}

static void attempt(struct connector *c)
{
  struct gate_socket sock;
  enum gate_opened how;
  bool refused;
  pick(c);
  struct gate_addr addr = c->addrs[c->next++];
  sl_result rc = sl_gate_open(&c->ask, &addr, &sock, &how, &refused);
  if (rc) {
    lost(c, rc, refused ? 0 : errno);
    c->over = refused && c->ask.config->refusal;
    if (c->over)
      drop_attempts(c);
    return;
  }
  rc = connect_socket(c, &sock, &addr, how);
  if (rc > 0) {
    lost(c, rc, errno);
    sl_gate_close(&sock, c->ask.callback_depth);
    return;
  }
  struct tcp *t = sl_tcp_new(c->reactor, sock, &addr, c->ask.callback_depth);
  if (!t) {
    lost(c, SL_NOMEM, 0);
    c->next = c->n;
    return;
  }
  if (rc == SL_OK && (rc = sl_gate_connected(&c->ask, &t->sock, 0)) == SL_OK) {
    win(c, t);
    return;
  }
  if (rc > 0) {
    lost(c, rc, 0);
    sl_stream_free(&t->s);
    return;
  }
  sl_tcp_drive(t, attempt_ready, c);
  sl_tcp_want(t, WATCH_OUT);
  sl_list_push_back(&c->attempts, &t->link);
}

static bool start_stagger(struct connector *c)
{
  int64_t ms = c->net->happy_eyeballs_timeout_ms;
  if (c->won || !may_attempt(c) || !ms)
    return true;
  return sl_timer_set(c->reactor, &c->stagger, c->reactor->now_us + ms * 1000);
}

static void stagger_due(struct timer *timer)
{
  struct connector *c = timer->owner;
  if (may_attempt(c))
    attempt(c);
  if (!start_stagger(c))
    lost(c, SL_NOMEM, 0);
  c->notify(c->owner);
}

sl_result sl_connector_step(struct connector *c, struct tcp **out_tcp)
{
  while (!c->won && sl_list_empty(&c->attempts) && may_attempt(c)) {
    attempt(c);
    if (!start_stagger(c))
      return SL_NOMEM;
  }
  if (c->won) {
    *out_tcp = c->won;
    c->won = NULL;
    return SL_OK;
  }
  if (!sl_list_empty(&c->attempts) || !(c->complete || c->over))
    return SL_WAIT;
  return c->error ? c->error : CURLE_COULDNT_CONNECT;
}
