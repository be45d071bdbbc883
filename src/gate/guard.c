/* Asks the policies; see guard.h. */
#include "gate/guard.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "gate/event.h"
#include "gate/own.h"
#include "gate/policy.h"
#include "gate/process.h"

enum { WHOSE = 3, RULE_TEXT = 200 };
static const char *const whose[WHOSE] = {"The policy", "The multi handle's policy", "The process's policy"};

static void in_force(const struct gate_ask *ask, const struct policy *out[WHOSE])
{
  out[0] = ask->config->policy;
  out[1] = ask->also ? *ask->also : NULL;
  out[2] = sl_process_policy();
}

bool sl_gate_has_policy(const struct gate_config *config, const struct policy *also)
{
  return config->policy || also || sl_process_policy();
}

bool sl_gate_guarded(const struct gate_ask *ask)
{
  return sl_gate_has_policy(ask->config, ask->also ? *ask->also : NULL);
}

void sl_guard_ask(const struct policy *p, const struct gate_ask *ask, const struct gate_addr *addr,
                  struct policy_verdict *out_verdict)
{
  struct own own = {0};
  struct policy_question q = {
      .address = &addr->u.sa,
      .address_len = addr->len,
      .proto = addr->socktype == SOCK_DGRAM ? POLICY_UDP : POLICY_TCP,
      .purpose = ask->purpose,
      .scheme = ask->scheme,
  };
  if (sl_policy_wants_self(p) && sl_own_read(&own)) {
    q.self = own.list;
    q.self_count = own.n;
  }
  sl_policy_check(p, &q, out_verdict);
  sl_free(own.list);
}

static void describe(const struct policy_verdict *v, char text[RULE_TEXT])
{
  if (v->line)
    snprintf(text, RULE_TEXT, "policy line %u: %s", v->line, v->rule);
  else
    snprintf(text, RULE_TEXT, "policy: %s", v->rule);
}

/* "The policy refused 10.0.0.1 port 80 (private), policy line 3: deny private" */
static void explain(const struct gate_ask *ask, const struct gate_addr *addr, const char *who,
                    const struct policy_verdict *v, const char *rule)
{
  char place[SL_GATE_PLACE];
  if (!ask->error || ask->error->n)
    return;
  sl_gate_place(addr, place);
  sl_buf_printf(ask->error, "%s refused %s (%s), %.100s", who, place, v->class_name, rule);
}

sl_result sl_guard_judge(const struct gate_ask *ask, const struct gate_addr *addr, int fd)
{
  const struct policy *policies[WHOSE];
  int saved = errno;
  sl_result rc = SL_OK;
  in_force(ask, policies);
  for (int i = 0; i < WHOSE && !rc; i++) {
    struct policy_verdict v;
    char rule[RULE_TEXT];
    if (!policies[i])
      continue;
    sl_guard_ask(policies[i], ask, addr, &v);
    if (v.rules_allow)
      continue;
    describe(&v, rule);
    struct event_facts facts = {.fd = fd, .address = &addr->u.sa, .address_len = addr->len, .rule = rule};
    sl_event_tell(ask, v.allow ? SLUICE_EVENT_REPORTED : SLUICE_EVENT_REFUSED, &facts);
    if (v.allow) /* `mode report` */
      continue;
    explain(ask, addr, whose[i], &v, rule);
    rc = CURLE_COULDNT_CONNECT;
  }
  errno = saved;
  return rc;
}

sl_result sl_guard_peer(const struct gate_ask *ask, int fd)
{
  struct gate_addr peer = {.socktype = SOCK_STREAM};
  socklen_t len = sizeof peer.u, type_len = sizeof peer.socktype;
  if (!sl_gate_guarded(ask))
    return SL_OK;
  if (getpeername(fd, &peer.u.sa, &len))
    return errno == ENOTCONN ? SL_WAIT : CURLE_COULDNT_CONNECT;
  (void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &peer.socktype, &type_len);
  peer.family = peer.u.sa.sa_family;
  peer.len = len;
  bool nameless = peer.family == AF_UNIX && len <= offsetof(struct sockaddr_un, sun_path);
  return nameless ? SL_OK : sl_guard_judge(ask, &peer, fd);
}

/* What the connection was opened for may differ from what it is wanted for now: the scheme, the addresses of this host. */
bool sl_gate_may_reuse(const struct gate_ask *ask, const struct gate_socket *s)
{
  struct gate_ask quiet = *ask;
  quiet.error = NULL; /* another connection will be made, and may be allowed */
  return s->by_path || sl_guard_peer(&quiet, s->fd) == SL_OK;
}

sl_result sl_gate_judge(const struct gate_ask *ask, const struct gate_addr *addr)
{
  return sl_gate_guarded(ask) ? sl_guard_judge(ask, addr, -1) : SL_OK;
}
