/* The compiled form of a policy, and what the parser fills on the way to it. For policy*.c only.
 *
 * Rules with equal conditions (port, proto, purpose, scheme) form a group. Inside a group a rule
 * depends on the address alone, so that the group's CIDRs become spans: sorted starts, each with
 * the number of the first rule that covers the addresses from there on. The lowest number over all
 * groups whose conditions hold is the rule that matches first. */
#ifndef SL_GATE_POLICY_SET_H
#define SL_GATE_POLICY_SET_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/map.h"
#include "gate/embedded.h"
#include "gate/policy.h"

#define RULE_NONE UINT32_MAX

enum policy_mode { MODE_ENFORCE, MODE_REPORT, MODE_OPEN };
enum policy_decode { DECODE_INNER, DECODE_DENY, DECODE_ALLOW };
enum { SL_POLICY_NAT64_MAX = 64 };

struct policy_rule {
  const char *text; /* in the arena, zero-terminated */
  uint32_t line;
  bool allow;
};

struct port_range {
  uint16_t first, last;
};

/* All given conditions must hold. Equal conditions have equal bytes from `key` on. */
struct policy_conditions {
  const struct port_range *ports; /* sorted, apart */
  uint32_t port_count;            /* 0: any port */
  uint8_t protos;                 /* bits of enum policy_proto */
  uint16_t purposes;              /* bits of enum gate_purpose */
  struct slice schemes;           /* "ftp,http", empty: any */
};

struct policy_glob {
  struct slice pattern;
  uint32_t rule;
  bool allow;
};

struct policy_group {
  struct policy_conditions when;
  uint32_t lowest; /* rule that made the group; groups are in this order */
  /* The first rule that names it, RULE_NONE if none does. deny_: the first one that denies. */
  uint32_t any, any_unix;
  uint32_t by_class[ADDR_CLASSES], deny_class[ADDR_CLASSES];
  uint32_t self, deny_self;
  struct {
    uint32_t at, count, power; /* power: the largest power of 2 that is not above count */
  } spans4, spans6;
  bool high6; /* all its spans of IPv6 begin at a multiple of 2^64 */
};

struct policy {
  atomic_uint references;
  uint64_t id;
  struct arena arena;
  enum policy_mode mode;
  enum policy_decode decode;
  bool default_allow, wants_self;
  uint32_t mode_line, decode_line, default_line; /* 0: not in the text */
  struct nat64_prefix nat64[SL_POLICY_NAT64_MAX];
  uint32_t nat64_count;

  struct policy_rule *rules;
  struct policy_group *groups;
  struct policy_glob *globs; /* with the group in glob_groups */
  uint32_t *glob_groups;
  uint32_t rule_count, group_count, glob_count;
  uint32_t *start4, *rule4;
  struct ip6 *start6;
  uint64_t *high6; /* their upper halves */
  uint32_t *rule6;
};

/* One CIDR of one rule. IPv4 lies in the upper 32 bits, so that both families are built alike. */
struct policy_cidr {
  struct ip6 first;
  uint32_t group, rule;
  uint8_t bits;
};
struct policy_cidrs {
  struct policy_cidr *p;
  uint32_t n, cap;
};

struct policy_draft {
  struct policy *policy;
  struct map groups; /* by the bytes of their conditions, to the number + 1 */
  struct policy_cidrs v4, v6;
  uint32_t rule_cap, group_cap, glob_cap;
};

bool sl_policy_draft_init(struct policy_draft *d);
void sl_policy_draft_done(struct policy_draft *d); /* frees the policy, too, if it is still there */

/* All false when memory is short. */
bool sl_policy_add_rule(struct policy_draft *d, struct policy_rule rule);
/* Takes the ports in any order, overlapping or not, and sorts them in place. */
bool sl_policy_add_group(struct policy_draft *d, struct policy_conditions *when,
                         struct port_range *ports, uint32_t *out_group);
bool sl_policy_add_cidr(struct policy_cidrs *list, struct policy_cidr cidr);
bool sl_policy_add_glob(struct policy_draft *d, uint32_t group, struct policy_glob glob);
bool sl_policy_compile(struct policy_draft *d);

/* Room for one more item. */
bool sl_policy_grow(void *pointer, uint32_t *cap, uint32_t n, size_t item_bytes);

/* The last start that is not above the address; the first one is 0, so that there is always one.
 * The first step leaves a power of 2 to search, which makes the others short. */
static inline uint32_t sl_policy_find4(const struct policy *p, const struct policy_group *g,
                                       uint32_t a)
{
  const uint32_t *start = p->start4 + g->spans4.at;
  uint32_t half = g->spans4.power, skip = g->spans4.count - half;
  start = start[skip] <= a ? start + skip : start;
  while (half >>= 1)
    start = start[half] <= a ? start + half : start;
  return p->rule4[start - p->start4];
}
static inline uint32_t sl_policy_find6_high(const struct policy *p, const struct policy_group *g,
                                            uint64_t a)
{
  const uint64_t *start = p->high6 + g->spans6.at;
  uint32_t half = g->spans6.power, skip = g->spans6.count - half;
  start = start[skip] <= a ? start + skip : start;
  while (half >>= 1)
    start = start[half] <= a ? start + half : start;
  return p->rule6[start - p->high6];
}
static inline uint32_t sl_policy_find6(const struct policy *p, const struct policy_group *g,
                                       struct ip6 a)
{
  const struct ip6 *start = p->start6 + g->spans6.at;
  uint32_t half = g->spans6.power, skip = g->spans6.count - half;
  if (sl_ip6_le(start[skip], a))
    start += skip;
  while (half >>= 1)
    if (sl_ip6_le(start[half], a))
      start += half;
  return p->rule6[start - p->start6];
}

#endif
