/* Asks a compiled policy about one address; see policy.h for the rules of doubt. */
#include "gate/policy.h"

#include "base/mem.h"
#include "base/text.h"
#include "gate/policy_set.h"

struct policy *sl_policy_ref(struct policy *p)
{
  if (p)
    atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
  return p;
}

void sl_policy_free(struct policy *p)
{
  if (!p || atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) != 1)
    return;
  sl_free(p->rules);
  sl_free(p->groups);
  sl_free(p->globs);
  sl_free(p->glob_groups);
  sl_free(p->start4);
  sl_free(p->rule4);
  sl_free(p->start6);
  sl_free(p->high6);
  sl_free(p->rule6);
  sl_arena_done(&p->arena);
  sl_free(p);
}

uint64_t sl_policy_id(const struct policy *p)
{
  return p ? p->id : 0;
}

bool sl_policy_wants_self(const struct policy *p)
{
  return p->wants_self;
}

/* ---- conditions ---------------------------------------------------------------------------------
 */

struct context {
  int port; /* -1: it has none */
  uint8_t proto_bit;
  uint16_t purpose_bit;
  const struct slice *scheme;
};

static bool has_port(const struct policy_conditions *when, int port)
{
  if (port < when->ports[0].first) /* -1 as well */
    return false;
  const struct port_range *r = when->ports;
  for (uint32_t n = when->port_count; n > 1;) {
    uint32_t half = n / 2;
    r = r[half].first <= port ? r + half : r;
    n -= half;
  }
  return port <= r->last;
}

static bool has_scheme(struct slice list, struct slice scheme)
{
  struct slice one;
  while (sl_text_next(&list, ',', &one))
    if (scheme.n && sl_text_ieq(one, scheme))
      return true;
  return false;
}

static inline bool holds(const struct policy_conditions *when, const struct context *c)
{
  return (when->protos & c->proto_bit) && (when->purposes & c->purpose_bit) &&
         (!when->port_count || has_port(when, c->port)) &&
         (!when->schemes.n || has_scheme(when->schemes, *c->scheme));
}

/* The straight way of an IPv4 address is one function, and what is rare stays out of it. */
#define STRAIGHT static inline __attribute__((always_inline))
#define SEPARATE static __attribute__((noinline))

/* ---- IP addresses -------------------------------------------------------------------------------
 */

struct subject {
  struct ip6 at; /* IPv4: mapped */
  bool ipv4;
  bool carried; /* or it carries: `deny embedded` matches */
  bool self, maybe_self;
  struct addr_kind kind;
};

static inline uint32_t lower(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

SEPARATE void find_self(const struct policy_question *q, struct subject *s)
{
  for (size_t i = 0; q->self && i < q->self_count; i++)
    if (q->self[i].hi == s->at.hi && q->self[i].lo == s->at.lo)
      s->self = true;
  s->maybe_self = s->self || !q->self || s->kind.class == ADDR_LOOPBACK ||
                  (!s->at.hi && s->at.lo == (s->ipv4 ? UINT64_C(0xffff00000000) : 0));
}

STRAIGHT uint32_t match_cidr(const struct policy *p, const struct policy_group *g,
                             const struct subject *s)
{
  if (s->ipv4)
    return g->spans4.count ? sl_policy_find4(p, g, (uint32_t)s->at.lo) : RULE_NONE;
  if (g->high6)
    return sl_policy_find6_high(p, g, s->at.hi);
  return g->spans6.count ? sl_policy_find6(p, g, s->at) : RULE_NONE;
}

STRAIGHT uint32_t match_group(const struct policy *p, const struct policy_group *g,
                              const struct subject *s)
{
  uint32_t rule = lower(g->any, g->by_class[s->kind.class]);
  rule = lower(rule, g->deny_class[s->kind.within]);
  if (s->carried)
    rule = lower(rule, g->deny_class[ADDR_EMBEDDED]);
  if (s->self)
    rule = lower(rule, g->self);
  if (s->maybe_self)
    rule = lower(rule, g->deny_self);
  return lower(rule, match_cidr(p, g, s));
}

STRAIGHT uint32_t match(const struct policy *p, const struct context *c, const struct subject *s)
{
  uint32_t rule = RULE_NONE;
  const struct policy_group *g = p->groups;
  for (uint32_t i = 0; i < p->group_count; i++, g++) {
    if (g->lowest >= rule)
      break; /* all that follow have later rules only */
    if (holds(&g->when, c))
      rule = lower(rule, match_group(p, g, s));
  }
  return rule;
}

STRAIGHT void settle(const struct policy *p, uint32_t rule, struct policy_verdict *v)
{
  if (rule != RULE_NONE) {
    v->rules_allow = p->rules[rule].allow;
    v->line = p->rules[rule].line;
    v->rule = p->rules[rule].text;
    return;
  }
  v->rules_allow = p->default_allow;
  v->line = p->default_line;
  v->rule = p->default_allow  ? "default allow"
            : p->default_line ? "default deny"
                              : "no rule matches";
}

STRAIGHT bool judge(const struct policy *p, const struct policy_question *q,
                    const struct context *c, struct subject *s, struct policy_verdict *v)
{
  s->kind = s->ipv4 ? sl_ranges_ipv4((uint32_t)s->at.lo) : sl_ranges_ipv6(s->at);
  if (p->wants_self)
    find_self(q, s);
  v->class_name = sl_ranges_name((enum addr_class)s->kind.class);
  settle(p, match(p, c, s), v);
  return v->rules_allow;
}

SEPARATE bool judge_apart(const struct policy *p, const struct policy_question *q,
                          const struct context *c, struct subject *s, struct policy_verdict *v)
{
  return judge(p, q, c, s, v);
}

/* Does an IPv6 CIDR deny the outside of an address whose inside decides? */
static bool cidr_objects(const struct policy *p, const struct context *c, const struct subject *s,
                         struct policy_verdict *v)
{
  uint32_t rule = RULE_NONE;
  for (uint32_t i = 0; i < p->group_count && p->groups[i].lowest < rule; i++)
    if (p->groups[i].spans6.count && holds(&p->groups[i].when, c))
      rule = lower(rule, match_cidr(p, &p->groups[i], s));
  if (rule == RULE_NONE || p->rules[rule].allow)
    return false;
  v->class_name = sl_ranges_name(ADDR_EMBEDDED);
  settle(p, rule, v);
  return true;
}

SEPARATE void judge_ipv6(const struct policy *p, const struct policy_question *q,
                         const struct context *c, struct ip6 at, struct policy_verdict *v)
{
  struct embedded_ipv4 inside[EMBEDDED_MAX];
  struct policy_verdict first = {0};
  unsigned n = sl_embedded_find(at, p->nat64, p->nat64_count, inside);
  struct subject outside = {.at = at, .carried = n > 0};
  if (n && p->decode == DECODE_DENY) {
    *v = (struct policy_verdict){.class_name = sl_ranges_name(ADDR_EMBEDDED),
                                 .line = p->decode_line,
                                 .rule = "embedded deny"};
    return;
  }
  if (!n || p->decode == DECODE_ALLOW) {
    judge_apart(p, q, c, &outside, v);
    return;
  }
  bool direct = sl_embedded_direct((enum embedded_form)inside[0].form);
  for (unsigned i = 0; i < n; i++) {
    bool as_such = sl_embedded_direct((enum embedded_form)inside[i].form);
    struct subject s = {.at = sl_policy_mapped(inside[i].ipv4), .ipv4 = true, .carried = as_such};
    if (!judge_apart(p, q, c, &s, v))
      return;
    if (!i)
      first = *v;
  }
  if (!direct)
    judge_apart(p, q, c, &outside, v);
  else if (!cidr_objects(p, c, &outside, v))
    *v = first;
}

/* ---- Unix sockets -------------------------------------------------------------------------------
 */

/* `*` is any run, `?` any byte, without slashes. To try the last star again is enough: none of them
 * can pass a slash, and those before it can only give it less room. */
static bool glob_matches(struct slice pattern, struct slice path)
{
  size_t at = 0, i = 0, star = SIZE_MAX, star_at = 0;
  while (at < path.n) {
    if (i < pattern.n && pattern.p[i] == '*') {
      star = i++;
      star_at = at;
    } else if (i < pattern.n &&
               (pattern.p[i] == '?' ? path.p[at] != '/' : pattern.p[i] == path.p[at])) {
      i++;
      at++;
    } else if (star != SIZE_MAX && path.p[star_at] != '/') {
      i = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (i < pattern.n && pattern.p[i] == '*')
    i++;
  return i == pattern.n;
}

/* Absolute (or abstract, with an @), without parts that lead elsewhere than they look. */
static bool is_plain(struct slice path)
{
  struct slice part;
  if (path.n && path.p[0] == '@')
    return true;
  if (path.n < 2 || path.p[0] != '/')
    return false;
  path = slice_from(path, 1);
  for (bool more = true; more;) {
    size_t slash = slice_find(path, '/');
    part = slice_head(path, slash);
    more = slash < path.n;
    path = slice_from(path, slash + 1);
    if (!part.n || slice_eq(part, SLICE_LIT(".")) || slice_eq(part, SLICE_LIT("..")))
      return false;
  }
  return true;
}

/* The path, or @ and the abstract name, in room of the caller's. Empty: it has no name. */
static struct slice unix_path(const struct policy_question *q,
                              char room[sizeof(struct sockaddr_un)])
{
  const struct sockaddr_un *un = (const void *)q->address;
  size_t offset = offsetof(struct sockaddr_un, sun_path);
  size_t n = q->address_len <= sizeof *un ? q->address_len : sizeof *un;
  n = n > offset ? n - offset : 0;
  if (!n)
    return SLICE_NONE;
  memcpy(room, un->sun_path, n);
  if (!room[0]) {
    room[0] = '@';
    return slice_of(room, n);
  }
  return slice_of(room, slice_find(slice_of(room, n), 0));
}

static uint32_t match_unix(const struct policy *p, const struct context *c, struct slice path)
{
  uint32_t rule = RULE_NONE;
  bool plain = is_plain(path);
  for (uint32_t i = 0; i < p->group_count && p->groups[i].lowest < rule; i++)
    if (holds(&p->groups[i].when, c))
      rule = lower(rule, p->groups[i].any_unix);
  for (uint32_t i = 0; i < p->glob_count && p->globs[i].rule < rule; i++) {
    const struct policy_glob *glob = &p->globs[i];
    if ((plain ? glob_matches(glob->pattern, path) : !glob->allow) &&
        holds(&p->groups[p->glob_groups[i]].when, c))
      rule = glob->rule;
  }
  return rule;
}

SEPARATE void judge_unix(const struct policy *p, const struct policy_question *q,
                         const struct context *c, struct policy_verdict *v)
{
  char room[sizeof(struct sockaddr_un)];
  v->class_name = "unix";
  settle(p, match_unix(p, c, unix_path(q, room)), v);
}

/* ---- the question -------------------------------------------------------------------------------
 */

/* connect(2) takes the address that is none (0.0.0.0, ::, ::ffff:0.0.0.0) for this machine's loopback: that must be allowed
 * as well. A listener there is for every address. */
SEPARATE void judge_where_none_leads(const struct policy *p, const struct policy_question *q, const struct context *c,
                                     bool ipv4, struct policy_verdict *v)
{
  struct subject s = {.at = ipv4 ? sl_policy_mapped(INADDR_LOOPBACK) : (struct ip6){0, 1}, .ipv4 = ipv4};
  struct policy_verdict allowed = *v;
  if (v->rules_allow && q->purpose != GATE_FTP_LISTEN && judge(p, q, c, &s, v))
    *v = allowed;
}

static void judge_address(const struct policy *p, const struct policy_question *q,
                          struct policy_verdict *v)
{
  /* What is not known has the last bit: rules without such a condition judge it. */
  struct context c = {
      .port = -1, .proto_bit = 1u << 7, .purpose_bit = 1u << 15, .scheme = &q->scheme};
  sa_family_t family = AF_UNSPEC;
  if (q->address_len >= offsetof(struct sockaddr, sa_data))
    family = q->address->sa_family;
  if ((unsigned)q->proto <= POLICY_UNIX)
    c.proto_bit = (uint8_t)(1u << q->proto);
  if ((unsigned)q->purpose <= GATE_ACCEPT)
    c.purpose_bit = (uint16_t)(1u << q->purpose);
  if (family == AF_INET && q->address_len >= sizeof(struct sockaddr_in)) {
    const struct sockaddr_in *in = (const void *)q->address;
    struct subject s = {.at = sl_policy_mapped(ntohl(in->sin_addr.s_addr)), .ipv4 = true};
    c.port = ntohs(in->sin_port);
    judge(p, q, &c, &s, v);
    if (!in->sin_addr.s_addr)
      judge_where_none_leads(p, q, &c, true, v);
  } else if (family == AF_INET6 && q->address_len >= sizeof(struct sockaddr_in6)) {
    const struct sockaddr_in6 *in6 = (const void *)q->address;
    struct subject s = {.at = sl_ip6_load(&in6->sin6_addr)};
    c.port = ntohs(in6->sin6_port);
    if (!p->nat64_count && sl_embedded_none(s.at))
      judge(p, q, &c, &s, v);
    else
      judge_ipv6(p, q, &c, s.at, v);
    bool mapped = s.at.lo == UINT64_C(0xffff00000000);
    if (!s.at.hi && (mapped || !s.at.lo))
      judge_where_none_leads(p, q, &c, mapped, v);
  } else if (family == AF_UNIX) {
    c.proto_bit = 1u << POLICY_UNIX;
    judge_unix(p, q, &c, v);
  } else {
    *v = (struct policy_verdict){.class_name = "unknown", .rule = "address family not known"};
  }
}

void sl_policy_check(const struct policy *p, const struct policy_question *q,
                     struct policy_verdict *out_verdict)
{
  struct policy_verdict *v = out_verdict;
  judge_address(p, q, v);
  if (p->mode == MODE_OPEN) {
    v->rules_allow = true;
    v->line = p->mode_line;
    v->rule = "mode open";
  }
  v->allow = v->rules_allow || p->mode == MODE_REPORT;
}
