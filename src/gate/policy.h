/* The egress policy: rules in text, compiled once, asked with binary addresses. A policy never
 * changes after it was parsed, so that threads may share it; it opens and reads nothing.
 *
 * The first rule that matches wins; what none matches is denied unless `default allow` stands in
 * the text; an empty text allows nothing. Where an address fits several descriptions, a deny takes
 * the widest of them and an allow the narrowest:
 *   - a metadata address is matched by `deny` under the class of the range around it as well, by
 *     `allow` only as `metadata`, `any`, `self` or in CIDR;
 *   - a mapped or NAT64 address, whose IPv4 address is judged, by `deny embedded` as well, and an
 *     IPv6 CIDR that denies it does so;
 *   - `self` covers for `deny` loopback, 0.0.0.0 and :: too, and all when own addresses are
 * unknown;
 *   - 0.0.0.0 and ::, which connect to loopback, are allowed only if 127.0.0.1 or ::1 is as well;
 *   - a Unix socket is allowed only by rules with `unix` or `proto unix` (or the default), and a
 *     path that is relative or has empty, . or .. parts by `proto unix` alone, while each `deny
 * unix` matches it. */
#ifndef SL_GATE_POLICY_H
#define SL_GATE_POLICY_H

#include <sys/socket.h>

#include "base/result.h"
#include "gate/gate.h"
#include "gate/ranges.h"

struct policy;

enum {
  SL_POLICY_TEXT_MAX = 16 << 20, /* bytes */
  SL_POLICY_BAD_TEXT = 49        /* CURLE_SETOPT_OPTION_SYNTAX */
};

struct policy_error {
  unsigned line, column; /* from 1, in bytes; 0 when it is not about a place in the text */
  char text[160];
};

enum policy_proto { POLICY_TCP, POLICY_UDP, POLICY_UNIX };

struct policy_question {
  const struct sockaddr *address; /* with the port; AF_UNIX: with the path */
  unsigned address_len;
  enum policy_proto proto; /* of IP addresses; AF_UNIX is POLICY_UNIX by itself */
  enum gate_purpose purpose;
  struct slice scheme; /* of the URL; empty: there is none */
  /* This host's own addresses, IPv4 mapped; NULL: not known. See sl_policy_wants_self(). */
  const struct ip6 *self;
  size_t self_count;
};

struct policy_verdict {
  bool allow;             /* what is to be done */
  bool rules_allow;       /* what the rules say; differs in `mode report` */
  const char *class_name; /* of the address that decided; "unix", "unknown" for other families */
  unsigned line;          /* of what decided; 0: no line did */
  const char *rule;       /* its text, as long as the policy lives */
};

/* SL_OK, SL_NOMEM, or SL_POLICY_BAD_TEXT; error (may be NULL) is filled in on failure. */
sl_result sl_policy_parse(struct slice text, struct policy **out_policy,
                          struct policy_error *error);
struct policy *sl_policy_ref(struct policy *p);
void sl_policy_free(struct policy *p); /* drops one reference */
uint64_t sl_policy_id(const struct policy *p); /* no other policy of the process ever has it; 0 for NULL */

void sl_policy_check(const struct policy *p, const struct policy_question *q,
                     struct policy_verdict *out_verdict);

bool sl_policy_wants_self(const struct policy *p); /* a rule names `self` */

const char *sl_policy_preset(struct slice name); /* the text, or NULL */
bool sl_policy_purpose(struct slice name, enum gate_purpose *out_purpose);
const char *sl_policy_purpose_name(enum gate_purpose purpose); /* as rules write it */

/* IPv4 as ::ffff:a.b.c.d, as in policy_question.self. */
static inline struct ip6 sl_policy_mapped(uint32_t ipv4_host_order)
{
  return (struct ip6){0, UINT64_C(0xffff00000000) | ipv4_host_order};
}

#endif
