/* The text of a policy into its compiled form.
 *
 *   allow|deny WHAT...      WHAT: CIDR, class, self, any, unix PATH-GLOB, port LIST, proto LIST,
 *                           purpose LIST, scheme LIST. Addresses add up, conditions narrow.
 *   default allow|deny      mode enforce|report|open      embedded decode|deny|allow
 *   nat64 PREFIX/LEN        preset public-internet
 *
 * One a line, words apart by blanks, lists by commas; a word that begins with # ends the line. What
 * is not understood is an error with its place, and there is no policy then. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"
#include "base/text.h"
#include "gate/policy_set.h"

enum { PORTS_MAX = 1000, SCHEMES_MAX = 32, SCHEME_BYTES = 32, GLOB_BYTES = 255 };

static const char preset_text[] =
    "# public-internet: only what is globally reachable, by IPv4 or IPv6.\n"
    "# Name servers are chosen by the system, not by a URL, and mostly stand nearby.\n"
    "allow any purpose dns\n"
    "deny metadata\n"
    "allow public\n"
    "deny any\n";

struct reader {
  struct policy_draft draft;
  struct policy_error *error;
  char *text;           /* of the arena */
  struct slice line;    /* without comment and line end */
  size_t at;            /* in it: behind the word that was taken last */
  size_t word_at;       /* of that word */
  unsigned line_number; /* that rules and errors name */
  bool in_preset;
};

/* What one rule is made of. */
struct parts {
  struct policy_conditions when;
  struct port_range ports[PORTS_MAX];
  char schemes[SCHEMES_MAX * (SCHEME_BYTES + 1)];
  unsigned classes;        /* bits of enum addr_class */
  bool any, self, address; /* address: of any kind */
  bool has_port, has_proto, has_purpose, has_scheme;
  size_t glob_word, port_word;         /* where they stand, for errors */
  uint32_t first4, first6, first_glob; /* the rule's own begin there in the draft */
};

struct name {
  const char *text;
  int value;
};
static const struct name modes[] = {
    {"enforce", MODE_ENFORCE}, {"report", MODE_REPORT}, {"open", MODE_OPEN}, {NULL, 0}};
static const struct name decodes[] = {
    {"decode", DECODE_INNER}, {"deny", DECODE_DENY}, {"allow", DECODE_ALLOW}, {NULL, 0}};
static const struct name verdicts[] = {{"allow", true}, {"deny", false}, {NULL, 0}};
static const struct name protos[] = {
    {"tcp", POLICY_TCP}, {"udp", POLICY_UDP}, {"unix", POLICY_UNIX}, {NULL, 0}};
static const struct name purposes[] = {{"origin", GATE_ORIGIN},
                                       {"proxy", GATE_PROXY},
                                       {"dns", GATE_DNS},
                                       {"doh", GATE_DOH},
                                       {"ftp-data", GATE_FTP_DATA},
                                       {"accept", GATE_ACCEPT},
                                       {"ftp-listen", GATE_FTP_LISTEN},
                                       {NULL, 0}};

static bool look_up(const struct name *names, struct slice word, int *out_value)
{
  for (; names->text; names++)
    if (slice_eq(word, slice_str(names->text))) {
      *out_value = names->value;
      return true;
    }
  return false;
}

bool sl_policy_purpose(struct slice name, enum gate_purpose *out_purpose)
{
  int value;
  if (!look_up(purposes, name, &value))
    return false;
  *out_purpose = (enum gate_purpose)value;
  return true;
}

const char *sl_policy_purpose_name(enum gate_purpose purpose)
{
  const struct name *p = purposes;
  while (p->text && p->value != (int)purpose)
    p++;
  return p->text;
}

const char *sl_policy_preset(struct slice name)
{
  return slice_eq(name, SLICE_LIT("public-internet")) ? preset_text : NULL;
}

/* ---- errors, words ------------------------------------------------------------------------------
 */

/* About the byte of the line at `at`. */
__attribute__((format(printf, 3, 4))) static sl_result bad(struct reader *r, size_t at,
                                                           const char *format, ...)
{
  va_list list;
  if (!r->error)
    return SL_POLICY_BAD_TEXT;
  r->error->line = r->line_number;
  r->error->column = (unsigned)at + 1;
  va_start(list, format);
  vsnprintf(r->error->text, sizeof r->error->text, format, list);
  va_end(list);
  for (char *c = r->error->text; *c; c++)
    if (sl_is_ctrl(*c) || (unsigned char)*c >= 128)
      *c = '?';
  return SL_POLICY_BAD_TEXT;
}
#define SHOWN(word) (int)((word).n < 40 ? (word).n : 40), (word).p

/* The next word; empty at the end of the line. */
static struct slice take(struct reader *r)
{
  while (r->at < r->line.n && sl_is_blank(r->line.p[r->at]))
    r->at++;
  r->word_at = r->at;
  while (r->at < r->line.n && !sl_is_blank(r->line.p[r->at]))
    r->at++;
  return slice_of(r->line.p + r->word_at, r->at - r->word_at);
}

static sl_result take_named(struct reader *r, const struct name *names, const char *choice,
                            int *out_value)
{
  struct slice word = take(r);
  if (!word.n)
    return bad(r, r->word_at, "%s is missing", choice);
  if (!look_up(names, word, out_value))
    return bad(r, r->word_at, "'%.*s' is not %s", SHOWN(word), choice);
  return SL_OK;
}

static sl_result at_end(struct reader *r)
{
  struct slice word = take(r);
  return word.n ? bad(r, r->word_at, "'%.*s' is too much", SHOWN(word)) : SL_OK;
}

/* The items of the next word, one a call; *at is where each begins. *out_item is empty at the end.
 */
static sl_result next_item(struct reader *r, struct slice *list, bool *more, const char *what,
                           size_t *out_at, struct slice *out_item)
{
  *out_item = SLICE_NONE;
  if (!*more)
    return SL_OK;
  size_t comma = slice_find(*list, ',');
  *out_at = (size_t)(list->p - r->line.p);
  *out_item = slice_head(*list, comma);
  *more = comma < list->n;
  *list = slice_from(*list, comma + 1);
  return out_item->n ? SL_OK : bad(r, *out_at, "%s is missing", what);
}

/* ---- conditions ---------------------------------------------------------------------------------
 */

static sl_result twice(struct reader *r, bool *seen, const char *what)
{
  if (*seen)
    return bad(r, r->word_at, "'%s' stands twice; join the lists with a comma", what);
  *seen = true;
  return SL_OK;
}

static bool read_range(struct slice item, struct port_range *out_range)
{
  int64_t first, last;
  if (!sl_num_take(&item, 65535, &first))
    return false;
  last = first;
  if (item.n && (item.p[0] != '-' || !sl_num_parse(slice_from(item, 1), 65535, &last)))
    return false;
  *out_range = (struct port_range){(uint16_t)first, (uint16_t)last};
  return true;
}

static sl_result read_ports(struct reader *r, struct parts *parts)
{
  sl_result result = twice(r, &parts->has_port, "port");
  parts->port_word = r->word_at;
  struct slice list = take(r), item = SLICE_NONE;
  size_t at = r->word_at;
  for (bool more = true; !result;) {
    result = next_item(r, &list, &more, "a port", &at, &item);
    if (result || !item.n)
      break;
    struct port_range range;
    if (!read_range(item, &range))
      result = bad(r, at, "'%.*s' is not a port or a range of ports", SHOWN(item));
    else if (range.first > range.last)
      result = bad(r, at, "the range %.*s runs backwards", SHOWN(item));
    else if (parts->when.port_count == PORTS_MAX)
      result = bad(r, at, "more than %d ports in one rule", PORTS_MAX);
    else
      parts->ports[parts->when.port_count++] = range;
  }
  return result;
}

/* A list of names as bits. */
static sl_result read_bits(struct reader *r, const struct name *names, const char *what,
                           unsigned *out_bits)
{
  struct slice list = take(r), item = SLICE_NONE;
  size_t at = r->word_at;
  sl_result result = SL_OK;
  unsigned bits = 0;
  for (bool more = true; !result;) {
    int value = 0;
    result = next_item(r, &list, &more, what, &at, &item);
    if (result || !item.n)
      break;
    if (!look_up(names, item, &value))
      result = bad(r, at, "'%.*s' is not %s", SHOWN(item), what);
    bits |= 1u << value;
  }
  if (!result)
    *out_bits = bits;
  return result;
}

static sl_result read_protos(struct reader *r, struct parts *parts)
{
  unsigned bits = 0;
  sl_result result = twice(r, &parts->has_proto, "proto");
  if (!result)
    result = read_bits(r, protos, "tcp, udp or unix", &bits);
  parts->when.protos = (uint8_t)bits;
  return result;
}

static sl_result read_purposes(struct reader *r, struct parts *parts)
{
  unsigned bits = 0;
  sl_result result = twice(r, &parts->has_purpose, "purpose");
  if (!result)
    result = read_bits(r, purposes,
                       "a purpose (origin, proxy, dns, doh, ftp-data, ftp-listen, accept)", &bits);
  parts->when.purposes = (uint16_t)bits;
  return result;
}

/* RFC 3986 3.1 */
static bool is_scheme(struct slice s)
{
  if (!s.n || s.n > SCHEME_BYTES || !sl_is_alpha(s.p[0]))
    return false;
  for (size_t i = 1; i < s.n; i++)
    if (!sl_is_alnum(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' && s.p[i] != '.')
      return false;
  return true;
}

static bool scheme_less(struct slice a, struct slice b)
{
  int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return order < 0 || (order == 0 && a.n < b.n);
}

/* In one order, so that equal lists have equal bytes. */
static void join_schemes(struct parts *parts, struct slice *items, unsigned n)
{
  size_t used = 0;
  for (unsigned i = 1; i < n; i++) {
    struct slice moving = items[i];
    unsigned at = i;
    for (; at > 0 && scheme_less(moving, items[at - 1]); at--)
      items[at] = items[at - 1];
    items[at] = moving;
  }
  for (unsigned i = 0; i < n; i++) {
    if (i)
      parts->schemes[used++] = ',';
    memcpy(parts->schemes + used, items[i].p, items[i].n);
    used += items[i].n;
  }
  parts->when.schemes = slice_of(parts->schemes, used);
}

static sl_result read_schemes(struct reader *r, struct parts *parts)
{
  struct slice items[SCHEMES_MAX];
  unsigned n = 0;
  sl_result result = twice(r, &parts->has_scheme, "scheme");
  struct slice list = take(r), item = SLICE_NONE;
  size_t at = r->word_at;
  for (bool more = true; !result;) {
    result = next_item(r, &list, &more, "a scheme", &at, &item);
    if (result || !item.n)
      break;
    if (!is_scheme(item))
      result = bad(r, at, "'%.*s' is not a scheme", SHOWN(item));
    else if (n == SCHEMES_MAX)
      result = bad(r, at, "more than %d schemes in one rule", SCHEMES_MAX);
    else
      items[n++] = item;
  }
  if (!result)
    join_schemes(parts, items, n);
  return result;
}

/* ---- addresses ----------------------------------------------------------------------------------
 */

struct cidr {
  struct ip6 first; /* IPv4: its upper 32 bits */
  bool ipv4;
  uint8_t bits;
};

static sl_result read_address(struct reader *r, struct slice text, struct cidr *out_cidr)
{
  char host[INET6_ADDRSTRLEN + 1] = "";
  unsigned char bytes[16] = {0};
  bool ipv4 = slice_find(text, ':') == text.n;
  if (text.n < sizeof host && text.n)
    memcpy(host, text.p, text.n);
  if (inet_pton(ipv4 ? AF_INET : AF_INET6, host, bytes) != 1)
    return bad(r, r->word_at, "'%.*s' is not an IPv%c address", SHOWN(text), ipv4 ? '4' : '6');
  out_cidr->first = sl_ip6_load(bytes);
  out_cidr->ipv4 = ipv4;
  out_cidr->bits = ipv4 ? 32 : 128;
  return SL_OK;
}

/* A.B.C.D/N or X::/N; without a slash one address. */
static sl_result read_cidr(struct reader *r, struct slice word, struct cidr *out_cidr)
{
  size_t slash = slice_find(word, '/');
  struct cidr c = {0};
  sl_result result = read_address(r, slice_head(word, slash), &c);
  if (result)
    return result;
  if (slash < word.n) {
    int64_t bits;
    if (!sl_num_parse(slice_from(word, slash + 1), c.bits, &bits))
      return bad(r, r->word_at + slash + 1, "the length of the prefix is a number from 0 to %d",
                 c.bits);
    c.bits = (uint8_t)bits;
  }
  struct ip6 mask = sl_ip6_mask(c.bits);
  if ((c.first.hi & ~mask.hi) | (c.first.lo & ~mask.lo))
    return bad(r, r->word_at, "'%.*s' has bits set behind its prefix", SHOWN(word));
  if (!c.ipv4 && c.bits >= 96 && sl_ip6_in(c.first, sl_policy_mapped(0), 96))
    return bad(r, r->word_at, "write the IPv4 range instead: it covers its IPv6 form, too");
  *out_cidr = c;
  return SL_OK;
}

static sl_result add_cidr(struct reader *r, struct parts *parts, struct slice word)
{
  struct cidr c;
  sl_result result = read_cidr(r, word, &c);
  if (result)
    return result;
  parts->address = true;
  struct policy_cidr cidr = {c.first, 0, r->draft.policy->rule_count, c.bits};
  return sl_policy_add_cidr(c.ipv4 ? &r->draft.v4 : &r->draft.v6, cidr) ? SL_OK : SL_NOMEM;
}

static sl_result add_glob(struct reader *r, struct parts *parts, bool allow)
{
  size_t keyword = r->word_at;
  struct slice glob = take(r);
  if (!glob.n)
    return bad(r, r->word_at, "a path is missing");
  if (glob.p[0] != '/' && glob.p[0] != '@')
    return bad(r, r->word_at, "a path begins with / (an abstract name with @)");
  if (glob.n > GLOB_BYTES)
    return bad(r, r->word_at, "the path is longer than %d bytes", GLOB_BYTES);
  for (size_t i = 0; i < glob.n; i++)
    if (glob.p[i] == '[' || glob.p[i] == '\\' || glob.p[i] == '{')
      return bad(r, r->word_at + i, "a path has * and ? as wild cards, and no %c", glob.p[i]);
  parts->address = true;
  parts->glob_word = keyword;
  struct policy_glob item = {glob, r->draft.policy->rule_count, allow};
  return sl_policy_add_glob(&r->draft, 0, item) ? SL_OK : SL_NOMEM;
}

/* ---- lines --------------------------------------------------------------------------------------
 */

static sl_result read_selector(struct reader *r, struct parts *parts, bool allow, struct slice word)
{
  enum addr_class class;
  if (sl_is_digit(word.p[0]) || slice_find(word, ':') < word.n)
    return add_cidr(r, parts, word);
  if (sl_ranges_by_name(word, &class)) {
    parts->address = true;
    parts->classes |= 1u << class;
    return SL_OK;
  }
  if (slice_eq(word, SLICE_LIT("any")))
    return parts->address = parts->any = true, SL_OK;
  if (slice_eq(word, SLICE_LIT("self")))
    return parts->address = parts->self = true, SL_OK;
  if (slice_eq(word, SLICE_LIT("unix")))
    return add_glob(r, parts, allow);
  if (slice_eq(word, SLICE_LIT("port")))
    return read_ports(r, parts);
  if (slice_eq(word, SLICE_LIT("proto")))
    return read_protos(r, parts);
  if (slice_eq(word, SLICE_LIT("purpose")))
    return read_purposes(r, parts);
  if (slice_eq(word, SLICE_LIT("scheme")))
    return read_schemes(r, parts);
  return bad(r, r->word_at, "'%.*s' is neither an address, a class nor a condition", SHOWN(word));
}

/* Rules that could never match are mistakes. */
static sl_result check_parts(struct reader *r, const struct parts *parts)
{
  bool globs = r->draft.policy->glob_count > parts->first_glob;
  if (globs && parts->has_port)
    return bad(r, parts->port_word, "a Unix socket has no port");
  if (globs && !(parts->when.protos & 1u << POLICY_UNIX))
    return bad(r, parts->glob_word, "a Unix socket has proto unix, which this rule leaves out");
  return SL_OK;
}

static void note(uint32_t *first, uint32_t rule)
{
  if (*first == RULE_NONE)
    *first = rule;
}

static void fill_group(struct reader *r, const struct parts *parts, uint32_t group, uint32_t rule,
                       bool allow)
{
  struct policy_draft *d = &r->draft;
  struct policy_group *g = &d->policy->groups[group];
  for (uint32_t i = parts->first4; i < d->v4.n; i++)
    d->v4.p[i].group = group;
  for (uint32_t i = parts->first6; i < d->v6.n; i++)
    d->v6.p[i].group = group;
  for (uint32_t i = parts->first_glob; i < d->policy->glob_count; i++)
    d->policy->glob_groups[i] = group;
  for (unsigned i = 0; i < ADDR_CLASSES; i++)
    if (parts->classes & 1u << i) {
      note(&g->by_class[i], rule);
      if (!allow)
        note(&g->deny_class[i], rule);
    }
  if (parts->self) {
    d->policy->wants_self = true;
    note(&g->self, rule);
    if (!allow)
      note(&g->deny_self, rule);
  }
  if (parts->any || !parts->address) {
    note(&g->any, rule);
    if (!allow || parts->has_proto)
      note(&g->any_unix, rule);
  }
}

static sl_result read_rule(struct reader *r, bool allow, struct parts *parts)
{
  struct policy_draft *d = &r->draft;
  struct policy *p = d->policy;
  uint32_t group, rule = p->rule_count;
  size_t begin = r->word_at, end = r->at;
  *parts = (struct parts){.first4 = d->v4.n, .first6 = d->v6.n, .first_glob = p->glob_count};
  parts->when.protos = UINT8_MAX;
  parts->when.purposes = UINT16_MAX;
  sl_result result = SL_OK;
  for (struct slice word; !result && (word = take(r)).n; end = r->at)
    result = read_selector(r, parts, allow, word);
  if (!result && end == begin + (allow ? 5u : 4u))
    result =
        bad(r, r->word_at, "what to %s is missing; `any` is everything", allow ? "allow" : "deny");
  if (!result)
    result = check_parts(r, parts);
  if (result)
    return result;
  if (!sl_policy_add_group(d, &parts->when, parts->ports, &group))
    return SL_NOMEM;
  /* The line has been read: its text can be ended where it ends. */
  char *text = r->text + (r->line.p - r->text) + begin;
  text[end - begin] = 0;
  if (!sl_policy_add_rule(d, (struct policy_rule){text, r->line_number, allow}))
    return SL_NOMEM;
  fill_group(r, parts, group, rule, allow);
  return SL_OK;
}

static sl_result once(struct reader *r, uint32_t *line, const char *what)
{
  if (*line)
    return bad(r, r->word_at, "'%s' stands in line %u already", what, (unsigned)*line);
  *line = r->line_number;
  return SL_OK;
}

static sl_result read_nat64(struct reader *r)
{
  struct policy *p = r->draft.policy;
  struct cidr c;
  struct slice word = take(r);
  if (!word.n)
    return bad(r, r->word_at, "a prefix is missing");
  sl_result result = read_cidr(r, word, &c);
  if (result)
    return result;
  if (c.ipv4 || !sl_embedded_nat64_bits(c.bits))
    return bad(r, r->word_at, "a NAT64 prefix is IPv6 with a length of 32, 40, 48, 56, 64 or 96");
  if (c.bits == 96 && c.first.lo >> 56)
    return bad(r, r->word_at, "bits 64 to 71 of a NAT64 prefix are 0");
  if (!(c.first.hi >> 32))
    return bad(r, r->word_at, "'%.*s' is no NAT64 prefix: the loopback address lies nearby",
               SHOWN(word));
  if (p->nat64_count == SL_POLICY_NAT64_MAX)
    return bad(r, r->word_at, "more than %d NAT64 prefixes", SL_POLICY_NAT64_MAX);
  p->nat64[p->nat64_count++] = (struct nat64_prefix){c.first, c.bits};
  return at_end(r);
}

static sl_result read_text(struct reader *r, struct slice text, struct parts *parts);

/* Its rules stand in the place, and have the line, of the word `preset`. */
static sl_result read_preset(struct reader *r, struct parts *parts)
{
  struct slice word = take(r);
  const char *text = sl_policy_preset(word);
  if (!word.n)
    return bad(r, r->word_at, "the name of a preset is missing");
  if (!text || r->in_preset)
    return bad(r, r->word_at, "there is no preset '%.*s'; there is public-internet", SHOWN(word));
  sl_result result = at_end(r);
  if (result)
    return result;
  struct reader outer = *r;
  r->in_preset = true;
  result = read_text(r, slice_str(text), parts);
  r->in_preset = false;
  r->text = outer.text;
  r->line = outer.line;
  return result;
}

static sl_result read_setting(struct reader *r, struct slice word)
{
  struct policy *p = r->draft.policy;
  int value = 0;
  sl_result result;
  if (slice_eq(word, SLICE_LIT("default"))) {
    result = once(r, &p->default_line, "default");
    if (!result)
      result = take_named(r, verdicts, "allow or deny", &value);
    p->default_allow = value;
  } else if (slice_eq(word, SLICE_LIT("mode"))) {
    result = once(r, &p->mode_line, "mode");
    if (!result)
      result = take_named(r, modes, "enforce, report or open", &value);
    p->mode = (enum policy_mode)value;
  } else if (slice_eq(word, SLICE_LIT("embedded"))) {
    result = once(r, &p->decode_line, "embedded");
    if (!result)
      result = take_named(r, decodes, "deny, decode or allow", &value);
    p->decode = (enum policy_decode)value;
  } else {
    return bad(r, r->word_at,
               "'%.*s' begins no line; allow, deny, default, mode, embedded, nat64, preset do",
               SHOWN(word));
  }
  return result ? result : at_end(r);
}

static sl_result read_line(struct reader *r, struct parts *parts)
{
  for (size_t i = 0; i < r->line.n; i++) {
    if (r->line.p[i] == '#' && (!i || sl_is_blank(r->line.p[i - 1])))
      r->line.n = i;
    else if (sl_is_ctrl(r->line.p[i]) && r->line.p[i] != '\t')
      return bad(r, i, "a control character");
  }
  r->at = 0;
  struct slice word = take(r);
  if (!word.n)
    return SL_OK;
  if (slice_eq(word, SLICE_LIT("allow")))
    return read_rule(r, true, parts);
  if (slice_eq(word, SLICE_LIT("deny")))
    return read_rule(r, false, parts);
  if (slice_eq(word, SLICE_LIT("nat64")))
    return read_nat64(r);
  if (slice_eq(word, SLICE_LIT("preset")))
    return read_preset(r, parts);
  return read_setting(r, word);
}

static sl_result read_text(struct reader *r, struct slice text, struct parts *parts)
{
  r->text = sl_arena_str(&r->draft.policy->arena, text);
  if (!r->text)
    return SL_NOMEM;
  struct slice rest = slice_of(r->text, text.n);
  sl_result result = SL_OK;
  while (rest.n && !result) {
    size_t end = slice_find(rest, '\n');
    r->line = slice_head(rest, end);
    rest = slice_from(rest, end + 1);
    if (r->line.n && r->line.p[r->line.n - 1] == '\r')
      r->line.n--;
    if (!r->in_preset)
      r->line_number++;
    result = read_line(r, parts);
  }
  return result;
}

sl_result sl_policy_parse(struct slice text, struct policy **out_policy, struct policy_error *error)
{
  struct reader r = {.error = error};
  struct parts parts;
  sl_result result = SL_NOMEM;
  if (!sl_policy_draft_init(&r.draft))
    goto out;
  if (text.n > SL_POLICY_TEXT_MAX) {
    if (error)
      *error = (struct policy_error){0, 0, "the policy is larger than 16 MiB"};
    result = SL_POLICY_BAD_TEXT;
    goto out;
  }
  result = read_text(&r, text, &parts);
  if (!result && !sl_policy_compile(&r.draft))
    result = SL_NOMEM;
  if (result)
    goto out;
  *out_policy = r.draft.policy;
  r.draft.policy = NULL;
out:
  if (error && result == SL_NOMEM)
    *error = (struct policy_error){0, 0, "out of memory"};
  sl_policy_draft_done(&r.draft);
  return result;
}
