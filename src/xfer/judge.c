/* Judges names that a proxy looks up; see judge.h. */
#include "xfer/judge.h"

#include "base/mem.h"
#include "xfer/share.h"
#include "xfer/transfer.h"

struct judge {
  struct dns_waiter waiter;
  bool asked;     /* of the name in turn */
  bool next_hop;  /* the second proxy has been judged: now the origin */
};

static void resolved(struct dns_waiter *w)
{
  sl_transfer_wake(w->owner);
}

void sl_judge_free(struct transfer *t)
{
  if (t->judge)
    sl_dns_cancel(&t->judge->waiter);
  sl_free(t->judge);
  t->judge = NULL;
}

/* Which of them the proxy will take is not ours to say: all must be allowed. */
static sl_result judge_all(struct transfer *t, const struct gate_ask *ask, const struct dns_answer *a, uint16_t port)
{
  static const int families[] = {AF_INET6, AF_INET};
  struct gate_addr addr;
  sl_result rc = SL_OK;
  sl_buf_clear(&t->error);
  for (int f = 0; f < 2; f++) {
    unsigned n = sl_dns_answer_count(a, families[f]);
    for (unsigned i = 0; i < n && !rc; i++) {
      sl_dns_answer_get(a, families[f], i, port, &addr);
      rc = sl_gate_judge(ask, &addr);
    }
  }
  return rc;
}

static sl_result no_answer(struct transfer *t, struct slice host, sl_result rc)
{
  if (rc == SL_NOMEM)
    return rc;
  sl_buf_clear(&t->error);
  return sl_fail(t, CURLE_COULDNT_CONNECT, "A policy is set, and %.*s, which the proxy would look up, could not be looked up here",
                 (int)host.n, host.p);
}

static sl_result judge_name(struct transfer *t, enum gate_purpose purpose, struct slice host, uint16_t port)
{
  struct judge *j = t->judge;
  struct multi *m = t->multi;
  struct gate_ask who = sl_transfer_ask(t, purpose, host);
  struct dns_answer *answer = NULL;
  sl_result rc;
  if (j->asked) {
    if (!j->waiter.done)
      return SL_WAIT;
    rc = j->waiter.result ? no_answer(t, host, j->waiter.result) : judge_all(t, &who, j->waiter.answer, port);
    sl_dns_cancel(&j->waiter);
    j->asked = false;
    return rc;
  }
  if (!sl_multi_dns(m))
    return SL_NOMEM;
  struct dns_ask ask = {
      .host = host,
      .port = port,
      .family = AF_UNSPEC,
      .config = t->easy->set.dns,
      .gate = t->easy->set.gate,
      .cache = sl_share_dns_cache(t->easy, m),
      .who = t->easy,
      .error = &t->error,
  };
  rc = sl_dns_lookup(m->dns, &ask, &j->waiter, &answer);
  j->asked = rc == SL_WAIT;
  if (rc > 0)
    return no_answer(t, host, rc);
  if (!rc) {
    rc = judge_all(t, &who, answer, port);
    sl_dns_answer_drop(answer);
  }
  return rc;
}

static sl_result judge_hops(struct transfer *t, const struct route *r, enum gate_purpose purpose)
{
  sl_result rc = SL_OK;
  if (r->pre.set && r->proxy.set && !t->judge->next_hop)
    rc = judge_name(t, GATE_PROXY, slice_str(r->proxy.host), r->proxy.port);
  if (rc)
    return rc;
  t->judge->next_hop = true;
  return judge_name(t, purpose, r->to_host, r->to_port);
}

bool sl_judge_needed(struct transfer *t, const struct route *r)
{
  return (r->proxy.set || r->pre.set) && sl_gate_has_policy(t->easy->set.gate, t->multi->policy);
}

sl_result sl_judge_route(struct transfer *t, const struct route *r, enum gate_purpose purpose)
{
  if (!sl_judge_needed(t, r))
    return SL_OK;
  if (!t->judge) {
    t->judge = sl_calloc(1, sizeof *t->judge);
    if (!t->judge)
      return SL_NOMEM;
    sl_dns_waiter_init(&t->judge->waiter, resolved, t);
    t->dial_us = t->multi->reactor.now_us; /* CURLOPT_CONNECTTIMEOUT counts from here */
  }
  sl_result rc = judge_hops(t, r, purpose);
  if (rc != SL_WAIT)
    sl_judge_free(t);
  return rc;
}

bool sl_judge_path(const struct gate_ask *ask, const struct route *r)
{
  const struct proxy_hop *first = r->pre.set ? &r->pre : &r->proxy;
  const char *path = first->set && first->host[0] == '/' ? first->host : r->unix_path;
  struct gate_addr addr;
  return path && (!sl_addr_unix(&addr, slice_str(path), path == r->unix_path && r->abstract) || sl_gate_judge(ask, &addr));
}

bool sl_judge_pick(struct transfer *t, enum gate_purpose purpose, const struct dns_answer *a, int family, uint16_t port,
                   struct gate_addr *out)
{
  struct gate_ask ask = sl_transfer_ask(t, purpose, t->host);
  unsigned n = a ? sl_dns_answer_count(a, family) : 0;
  for (unsigned i = 0; i < n; i++) {
    sl_dns_answer_get(a, family, i, port, out);
    if (!sl_gate_judge(&ask, out)) {
      sl_buf_clear(&t->error); /* what those before it had to say */
      return true;
    }
  }
  return false;
}
