/* CURLOPT_RESOLVE(3) into the cache; see cache.h. What the manual page leaves open is as
 * libcurl 7.88.1 was seen to do. */
#include "base/num.h"
#include "base/text.h"
#include "dns/cache.h"
#include "dns/message.h"

struct rule {
  bool remove, expires;
  struct slice host;
  uint16_t port;
  struct slice addresses;
};

/* "HOST:PORT"; an IPv6 host stands in brackets. What follows the port stays in *text. */
static bool take_host_port(struct slice *text, struct rule *out)
{
  int64_t port;
  if (text->n && text->p[0] == '[') {
    size_t end = slice_find(*text, ']');
    if (end == text->n)
      return false;
    out->host = slice_of(text->p + 1, end - 1);
    *text = slice_from(*text, end + 1);
  } else {
    out->host = slice_head(*text, slice_find(*text, ':'));
    *text = slice_from(*text, out->host.n);
  }
  if (!text->n || text->p[0] != ':' || out->host.n > DNS_NAME_MAX + 1)
    return false;
  do /* libcurl reads over blanks here */
    *text = slice_from(*text, 1);
  while (text->n && sl_is_blank(text->p[0]));
  if (!sl_num_take(text, UINT16_MAX, &port))
    return false;
  out->port = (uint16_t)port;
  return true;
}

static bool parse_rule(struct slice text, struct rule *out)
{
  *out = (struct rule){0};
  if (text.n && (text.p[0] == '-' || text.p[0] == '+')) {
    out->remove = text.p[0] == '-';
    out->expires = text.p[0] == '+';
    text = slice_from(text, 1);
  }
  if (!take_host_port(&text, out))
    return false;
  if (out->remove)
    return !text.n;
  if (text.n < 2 || text.p[0] != ':')
    return false;
  out->addresses = slice_from(text, 1);
  return true;
}

/* The next address of "ADDRESS,ADDRESS", empty ones left out. 1, 0 at the end, -1 for what is no
 * address. */
static int next_address(struct slice *rest, struct gate_addr *out)
{
  while (rest->n) {
    struct slice word = slice_head(*rest, slice_find(*rest, ','));
    *rest = slice_from(*rest, word.n + 1);
    if (!word.n)
      continue;
    if (word.p[0] == '[' && word.p[word.n - 1] == ']')
      word = slice_of(word.p + 1, word.n - 2);
    return sl_addr_literal(out, word, 0) ? 1 : -1;
  }
  return 0;
}

static sl_result parse_addresses(struct slice list, struct dns_answer **out_answer)
{
  struct gate_addr addr;
  struct slice rest = list;
  unsigned n6 = 0, n4 = 0, at6 = 0, at4;
  int found;
  while ((found = next_address(&rest, &addr)) > 0)
    ++*(addr.family == AF_INET6 ? &n6 : &n4);
  if (found < 0 || !(n6 + n4) || n6 > UINT16_MAX || n4 > UINT16_MAX)
    return CURLE_SETOPT_OPTION_SYNTAX;
  struct dns_answer *a = sl_dns_answer_new(n6, n4);
  if (!a)
    return SL_NOMEM;
  at4 = n6;
  for (rest = list; next_address(&rest, &addr) > 0;)
    sl_dns_answer_put(a, addr.family == AF_INET6 ? at6++ : at4++, &addr);
  *out_answer = a;
  return SL_OK;
}

static sl_result apply(struct dns_cache *c, struct slice text, int64_t now_us)
{
  struct rule rule;
  struct dns_answer *answer = NULL;
  if (!parse_rule(text, &rule)) /* libcurl lets a bad removal pass */
    return text.n && text.p[0] == '-' ? SL_OK : CURLE_SETOPT_OPTION_SYNTAX;
  if (rule.remove) {
    sl_dns_cache_unpin(c, rule.host, rule.port);
    return SL_OK;
  }
  sl_result rc = parse_addresses(rule.addresses, &answer);
  if (rc == SL_OK && !sl_dns_cache_pin(c, rule.host, rule.port, answer, now_us, rule.expires))
    rc = SL_NOMEM;
  sl_dns_answer_drop(answer);
  return rc;
}

sl_result sl_dns_preload(struct dns_cache *c, void *who, const struct curl_slist *list,
                         int64_t now_us, struct buf *error)
{
  sl_result rc = SL_OK;
  sl_dns_cache_lock(c, who, true);
  if (list && !sl_dns_cache_seed(c))
    rc = CURLE_FAILED_INIT;
  for (; list && rc == SL_OK; list = list->next) {
    rc = apply(c, slice_str(list->data), now_us);
    if (rc == CURLE_SETOPT_OPTION_SYNTAX && error && !error->n)
      sl_buf_printf(error, "Bad entry in CURLOPT_RESOLVE: '%.300s'", list->data ? list->data : "");
  }
  sl_dns_cache_lock(c, who, false);
  return rc;
}
