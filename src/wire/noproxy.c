/* The list of hosts without proxy; see noproxy.h. Names match names and addresses match addresses:
 * a numeric pattern is never taken for the end of a name. */
#include "wire/noproxy.h"

#include <arpa/inet.h>
#include <stdint.h>

#include "base/num.h"
#include "base/text.h"

struct address {
  unsigned char bytes[16];
  unsigned n; /* 4 or 16 */
};

static struct slice without_brackets(struct slice text)
{
  bool both = text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']';
  return both ? slice_of(text.p + 1, text.n - 2) : text;
}

static bool parse_address(struct slice text, struct address *out_address)
{
  char zero_ended[INET6_ADDRSTRLEN];
  if (!text.n || text.n >= sizeof zero_ended || memchr(text.p, 0, text.n))
    return false;
  memcpy(zero_ended, text.p, text.n);
  zero_ended[text.n] = 0;
  if (inet_pton(AF_INET, zero_ended, out_address->bytes) == 1)
    out_address->n = 4;
  else if (inet_pton(AF_INET6, zero_ended, out_address->bytes) == 1)
    out_address->n = 16;
  else
    return false;
  return true;
}

static bool same_network(const struct address *a, const struct address *b, unsigned bits)
{
  unsigned whole = bits / 8, rest = bits % 8;
  if (memcmp(a->bytes, b->bytes, whole))
    return false;
  return !rest || !((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest));
}

static bool address_matches(struct slice pattern, const struct address *host)
{
  struct address network;
  size_t slash = slice_find(pattern, '/');
  int64_t bits = host->n * 8;
  if (!parse_address(without_brackets(slice_head(pattern, slash)), &network) ||
      network.n != host->n)
    return false;
  if (slash < pattern.n && !sl_num_parse(slice_from(pattern, slash + 1), bits, &bits))
    return false;
  return same_network(&network, host, (unsigned)bits);
}

static struct slice without_last_dot(struct slice name)
{
  return name.n && name.p[name.n - 1] == '.' ? slice_head(name, name.n - 1) : name;
}

static bool name_matches(struct slice pattern, struct slice host)
{
  pattern = without_last_dot(pattern);
  if (pattern.n && pattern.p[0] == '.')
    pattern = slice_from(pattern, 1);
  if (!pattern.n || !sl_text_iends(host, pattern))
    return false;
  return host.n == pattern.n || host.p[host.n - pattern.n - 1] == '.';
}

bool sl_noproxy_has(struct slice list, struct slice host)
{
  struct address address;
  struct slice pattern;
  if (slice_eq(list, SLICE_LIT("*")))
    return true;
  host = without_brackets(without_last_dot(host));
  host = slice_head(host, slice_find(host, '%')); /* the zone */
  bool is_address = parse_address(host, &address);
  while (sl_text_next(&list, ',', &pattern)) {
    /* Blanks alone do not separate: what follows one is not part of any pattern. */
    for (size_t i = 0; i < pattern.n; i++)
      if (sl_is_space(pattern.p[i]))
        pattern = slice_head(pattern, i);
    if (is_address ? address_matches(pattern, &address) : name_matches(pattern, host))
      return true;
  }
  return false;
}
