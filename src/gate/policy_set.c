/* Builds the compiled form of a policy; see policy_set.h. */
#include "gate/policy_set.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sys/thread.h"

bool sl_policy_grow(void *pointer, uint32_t *cap, uint32_t n, size_t item_bytes)
{
  void *old, *larger;
  if (n < *cap)
    return true;
  uint32_t new_cap = *cap ? *cap * 2 : 16;
  memcpy(&old, pointer, sizeof old);
  larger = sl_realloc(old, new_cap * item_bytes);
  if (!larger)
    return false;
  memcpy(pointer, &larger, sizeof larger);
  *cap = new_cap;
  return true;
}

bool sl_policy_draft_init(struct policy_draft *d)
{
  *d = (struct policy_draft){.policy = sl_calloc(1, sizeof *d->policy)};
  sl_map_init(&d->groups, 0); /* the text is the application's own, no stranger's */
  if (!d->policy)
    return false;
  static struct counter ids;
  atomic_init(&d->policy->references, 1);
  d->policy->id = sl_counter_next(&ids);
  return true;
}

void sl_policy_draft_done(struct policy_draft *d)
{
  sl_map_done(&d->groups);
  sl_free(d->v4.p);
  sl_free(d->v6.p);
  sl_policy_free(d->policy);
  *d = (struct policy_draft){0};
}

bool sl_policy_add_rule(struct policy_draft *d, struct policy_rule rule)
{
  struct policy *p = d->policy;
  if (!sl_policy_grow(&p->rules, &d->rule_cap, p->rule_count, sizeof *p->rules))
    return false;
  p->rules[p->rule_count++] = rule;
  return true;
}

bool sl_policy_add_cidr(struct policy_cidrs *list, struct policy_cidr cidr)
{
  if (!sl_policy_grow(&list->p, &list->cap, list->n, sizeof *list->p))
    return false;
  list->p[list->n++] = cidr;
  return true;
}

bool sl_policy_add_glob(struct policy_draft *d, uint32_t group, struct policy_glob glob)
{
  struct policy *p = d->policy;
  uint32_t cap = d->glob_cap;
  if (!sl_policy_grow(&p->globs, &cap, p->glob_count, sizeof *p->globs) ||
      !sl_policy_grow(&p->glob_groups, &d->glob_cap, p->glob_count, sizeof *p->glob_groups))
    return false;
  p->globs[p->glob_count] = glob;
  p->glob_groups[p->glob_count++] = group;
  return true;
}

/* Heapsort, with an order as argument: qsort() may allocate behind our back. */
static bool cidr_less(const struct policy_cidr *a, const struct policy_cidr *b)
{
  if (a->group != b->group)
    return a->group < b->group;
  if (a->first.hi != b->first.hi)
    return a->first.hi < b->first.hi;
  if (a->first.lo != b->first.lo)
    return a->first.lo < b->first.lo;
  if (a->bits != b->bits)
    return a->bits < b->bits;
  return a->rule < b->rule;
}

static void sift(struct policy_cidr *p, uint32_t at, uint32_t n)
{
  struct policy_cidr moving = p[at];
  for (uint32_t child; (child = at * 2 + 1) < n; at = child) {
    if (child + 1 < n && cidr_less(&p[child], &p[child + 1]))
      child++;
    if (!cidr_less(&moving, &p[child]))
      break;
    p[at] = p[child];
  }
  p[at] = moving;
}

static void sort_cidrs(struct policy_cidr *p, uint32_t n)
{
  for (uint32_t i = n / 2; i > 0; i--)
    sift(p, i - 1, n);
  for (uint32_t i = n; i > 1; i--) {
    struct policy_cidr largest = p[0];
    p[0] = p[i - 1];
    p[i - 1] = largest;
    sift(p, 0, i - 1);
  }
}

/* Sorted and apart. A list in a rule is short, or sorted already. */
static uint32_t tidy_ports(struct port_range *p, uint32_t n)
{
  uint32_t kept = 0;
  for (uint32_t i = 1; i < n; i++) {
    struct port_range moving = p[i];
    uint32_t at = i;
    for (; at > 0 && p[at - 1].first > moving.first; at--)
      p[at] = p[at - 1];
    p[at] = moving;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (kept && p[i].first <= (uint32_t)p[kept - 1].last + 1) {
      if (p[i].last > p[kept - 1].last)
        p[kept - 1].last = p[i].last;
    } else {
      p[kept++] = p[i];
    }
  }
  return kept;
}

static void group_init(struct policy_group *g, const struct policy_conditions *when,
                       uint32_t lowest)
{
  *g = (struct policy_group){.when = *when, .lowest = lowest};
  g->any = g->any_unix = g->self = g->deny_self = RULE_NONE;
  for (unsigned i = 0; i < ADDR_CLASSES; i++)
    g->by_class[i] = g->deny_class[i] = RULE_NONE;
}

/* The conditions as bytes: ports, then their number and the rest. Owned by the arena. */
static bool conditions_key(struct policy_draft *d, struct policy_conditions *when,
                           struct slice *out_key)
{
  size_t port_bytes = when->port_count * sizeof *when->ports;
  uint32_t rest[3] = {when->port_count, when->protos, when->purposes};
  size_t n = port_bytes + sizeof rest + when->schemes.n;
  char *key = sl_arena_alloc(&d->policy->arena, n);
  if (!key)
    return false;
  if (port_bytes)
    memcpy(key, when->ports, port_bytes);
  memcpy(key + port_bytes, rest, sizeof rest);
  if (when->schemes.n)
    memcpy(key + port_bytes + sizeof rest, when->schemes.p, when->schemes.n);
  when->ports = (const void *)key;
  when->schemes.p = key + port_bytes + sizeof rest;
  *out_key = slice_of(key, n);
  return true;
}

bool sl_policy_add_group(struct policy_draft *d, struct policy_conditions *when,
                         struct port_range *ports, uint32_t *out_group)
{
  struct policy *p = d->policy;
  struct slice key;
  when->port_count = tidy_ports(ports, when->port_count);
  when->ports = ports;
  if (!conditions_key(d, when, &key))
    return false;
  uintptr_t known = (uintptr_t)sl_map_get(&d->groups, key);
  if (known) {
    *out_group = (uint32_t)(known - 1);
    return true;
  }
  if (!sl_policy_grow(&p->groups, &d->group_cap, p->group_count, sizeof *p->groups) ||
      !sl_map_put(&d->groups, key, (void *)((uintptr_t)p->group_count + 1)))
    return false;
  group_init(&p->groups[p->group_count], when, p->rule_count);
  *out_group = p->group_count++;
  return true;
}

/* ---- spans --------------------------------------------------------------------------------------
 */

struct spans {
  uint32_t *start4; /* one of the two is NULL */
  struct ip6 *start6;
  uint32_t *rule;
  uint32_t n, group_at;
};

static void emit(struct spans *s, struct ip6 at, uint32_t rule)
{
  if (s->n > s->group_at) {
    uint32_t last = s->n - 1;
    if (s->start4 ? s->start4[last] == at.hi >> 32
                  : s->start6[last].hi == at.hi && s->start6[last].lo == at.lo) {
      s->rule[last] = rule;
      return;
    }
    if (s->rule[last] == rule)
      return;
  }
  if (s->start4)
    s->start4[s->n] = (uint32_t)(at.hi >> 32);
  else
    s->start6[s->n] = at;
  s->rule[s->n++] = rule;
}

struct open_range {
  struct ip6 last;
  uint32_t rule; /* the first one here, those of the ranges around it counted */
  uint8_t bits;
};

static void close_range(struct spans *s, const struct open_range *stack, unsigned *depth)
{
  struct ip6 next = stack[--*depth].last;
  next.lo++;
  next.hi += !next.lo;
  if (next.hi || next.lo) /* not past the end of all addresses */
    emit(s, next, *depth ? stack[*depth - 1].rule : RULE_NONE);
}

/* The CIDRs of one group, sorted. Two ranges are apart or one lies in the other, so that the open
 * ones form a stack, with at most one for each length. */
static void sweep(struct spans *s, const struct policy_cidr *p, uint32_t n)
{
  struct open_range stack[130];
  unsigned depth = 0;
  s->group_at = s->n;
  emit(s, (struct ip6){0, 0}, RULE_NONE);
  for (uint32_t i = 0; i < n; i++) {
    while (depth && !sl_ip6_le(p[i].first, stack[depth - 1].last))
      close_range(s, stack, &depth);
    if (depth && stack[depth - 1].bits == p[i].bits)
      continue; /* the same range again, by a later rule */
    uint32_t rule = p[i].rule;
    if (depth && stack[depth - 1].rule < rule)
      rule = stack[depth - 1].rule;
    struct ip6 mask = sl_ip6_mask(p[i].bits);
    struct ip6 last = {p[i].first.hi | ~mask.hi, p[i].first.lo | ~mask.lo};
    stack[depth++] = (struct open_range){last, rule, p[i].bits};
    emit(s, p[i].first, rule);
  }
  while (depth)
    close_range(s, stack, &depth);
}

static void build(struct policy *p, struct policy_cidrs *list, struct spans *s)
{
  sort_cidrs(list->p, list->n);
  for (uint32_t i = 0, end; i < list->n; i = end) {
    struct policy_group *g = &p->groups[list->p[i].group];
    for (end = i + 1; end < list->n && list->p[end].group == list->p[i].group;)
      end++;
    uint32_t at = s->n;
    sweep(s, list->p + i, end - i);
    uint32_t count = s->n - at, power = 1;
    while (power <= count / 2)
      power *= 2;
    if (s->start4) {
      g->spans4.at = at;
      g->spans4.count = count;
      g->spans4.power = power;
    } else {
      g->spans6.at = at;
      g->spans6.count = count;
      g->spans6.power = power;
      g->high6 = true;
      for (uint32_t k = at; k < s->n; k++) {
        p->high6[k] = s->start6[k].hi;
        g->high6 = g->high6 && !s->start6[k].lo;
      }
    }
  }
}

/* A range opens one span and closes one; a group begins with one more, and has a range at least. */
static size_t span_room(const struct policy_cidrs *list)
{
  return (size_t)list->n * 3;
}

bool sl_policy_compile(struct policy_draft *d)
{
  struct policy *p = d->policy;
  if (d->v4.n) {
    p->start4 = sl_malloc(span_room(&d->v4) * sizeof *p->start4);
    p->rule4 = sl_malloc(span_room(&d->v4) * sizeof *p->rule4);
    if (!p->start4 || !p->rule4)
      return false;
    build(p, &d->v4, &(struct spans){.start4 = p->start4, .rule = p->rule4});
  }
  if (d->v6.n) {
    p->start6 = sl_malloc(span_room(&d->v6) * sizeof *p->start6);
    p->high6 = sl_malloc(span_room(&d->v6) * sizeof *p->high6);
    p->rule6 = sl_malloc(span_room(&d->v6) * sizeof *p->rule6);
    if (!p->start6 || !p->high6 || !p->rule6)
      return false;
    build(p, &d->v6, &(struct spans){.start6 = p->start6, .rule = p->rule6});
  }
  return true;
}
