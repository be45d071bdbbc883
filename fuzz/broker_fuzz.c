/* What a socket broker is asked by a client that was taken over: whatever passes the check is a request whose every
 * field is in its bounds. The first byte says whether a descriptor came along. */
#include <stdlib.h>
#include <string.h>

#include "gate/broker_msg.h"
#include "gate/policy.h"

static void must(bool holds)
{
  if (!holds)
    abort();
}

static struct policy *policy(void)
{
  static struct policy *p;
  if (!p && sl_policy_parse(SLICE_LIT("allow public scheme https\nallow unix /run/*\ndefault deny\n"), &p, NULL))
    abort();
  return p;
}

static void judge(const struct broker_request *q)
{
  struct policy_verdict v;
  struct policy_question question = {.address = &q->addr.u.sa,
                                     .address_len = q->addr.len,
                                     .purpose = (enum gate_purpose)q->purpose,
                                     .scheme = slice_str(q->scheme)};
  char place[SL_GATE_PLACE];
  sl_policy_check(policy(), &question, &v);
  sl_gate_place(&q->addr, place);
  must(v.rule && v.class_name && strlen(place) < sizeof place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct broker_request q;
  bool has_fd = size && data[0] & 1;
  size_t n = size ? size - 1 : 0;
  char *exact = malloc(n ? n : 1); /* so that a byte read behind it is noticed */
  if (!exact)
    return 0;
  if (n)
    memcpy(exact, data + 1, n);
  int err = sl_broker_check(exact, n, has_fd, &q);
  free(exact);
  if (err)
    return 0;
  must(q.op >= BROKER_JOIN && q.op <= BROKER_ACCEPT && q.purpose <= GATE_ACCEPT);
  must(has_fd == (q.op >= BROKER_CONNECT) && memchr(q.scheme, 0, sizeof q.scheme));
  if (q.op == BROKER_SOCKET || q.op == BROKER_DIAL)
    must(sl_broker_kind(q.addr.family, q.addr.socktype, q.addr.protocol));
  if (q.op != BROKER_JOIN && q.op <= BROKER_BIND) {
    unsigned most = q.addr.family == AF_INET    ? sizeof q.addr.u.in
                    : q.addr.family == AF_INET6 ? sizeof q.addr.u.in6
                                                : sizeof q.addr.u.un;
    must(q.addr.len <= most && q.addr.u.sa.sa_family == q.addr.family);
    judge(&q);
  }
  return 0;
}
