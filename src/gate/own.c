/* This host's own addresses; see own.h. */
#include "gate/own.h"

#include <curl/curl.h>
#include <netinet/in.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "gate/policy.h"
#include "sys/file.h"

enum { PROC_FILE_MAX = 4 << 20, OWN_MAX = 65536 };

static bool add(struct own *own, struct ip6 address)
{
  if (own->n == own->cap) {
    uint32_t cap = own->cap ? own->cap * 2 : 16;
    struct ip6 *larger = cap > OWN_MAX ? NULL : sl_realloc(own->list, cap * sizeof *larger);
    if (!larger)
      return false;
    own->list = larger;
    own->cap = cap;
  }
  own->list[own->n++] = address;
  return true;
}

/* fib_trie: a line "|-- A.B.C.D", and below it "/32 host LOCAL" if it is ours. */
static bool read_ipv4(struct own *own, struct slice text)
{
  struct gate_addr last = {0};
  for (struct slice line; sl_text_next(&text, '\n', &line);) {
    if (line.n > 4 && !memcmp(line.p, "|-- ", 4)) {
      if (!sl_addr_literal(&last, slice_from(line, 4), 0))
        last.family = 0;
    } else if (last.family == AF_INET && sl_text_istarts(line, SLICE_LIT("/32 host LOCAL"))) {
      if (!add(own, sl_policy_mapped(ntohl(last.u.in.sin_addr.s_addr))))
        return false;
    }
  }
  return true;
}

/* if_inet6: 32 hexadecimal digits begin each line. */
static bool read_ipv6(struct own *own, struct slice text)
{
  for (struct slice line; sl_text_next(&text, '\n', &line);) {
    struct ip6 a = {0, 0};
    unsigned i = 0;
    for (; i < 32 && i < line.n && sl_hex_value(line.p[i]) >= 0; i++) {
      a.hi = a.hi << 4 | a.lo >> 60;
      a.lo = a.lo << 4 | (unsigned)sl_hex_value(line.p[i]);
    }
    if (i == 32 && !add(own, a))
      return false;
  }
  return true;
}

bool sl_own_read(struct own *out_own)
{
  struct buf text;
  *out_own = (struct own){0};
  sl_buf_init(&text, PROC_FILE_MAX);
  bool known = sl_file_read("/proc/net/fib_trie", &text) == SL_OK && read_ipv4(out_own, sl_buf_peek(&text));
  sl_buf_clear(&text);
  sl_result rc = known ? sl_file_read("/proc/net/if_inet6", &text) : SL_BROKEN;
  if (rc == SL_OK)
    known = read_ipv6(out_own, sl_buf_peek(&text));
  else if (rc != CURLE_FILE_COULDNT_READ_FILE) /* a host without IPv6 has no such file */
    known = false;
  sl_buf_done(&text);
  return known && out_own->n;
}
