/* Raw socket addresses, cut anywhere, against the ready-made guard: what it lets through is public,
 * by a plain reading of the bytes. The first byte is the family, the rest lies behind it. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "gate/policy.h"

static bool plainly_special4(const unsigned char *b)
{
  return b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224 || (b[0] == 169 && b[1] == 254) ||
         (b[0] == 172 && b[1] >> 4 == 1) || (b[0] == 192 && b[1] == 168) ||
         (b[0] == 100 && b[1] >> 6 == 1) || (b[0] == 198 && b[1] >> 1 == 9) ||
         (b[0] == 168 && b[1] == 63 && b[2] == 129 && b[3] == 16);
}

static void check(const struct policy *p, const void *address, unsigned len)
{
  struct sockaddr_storage a = {0};
  struct policy_verdict v = {0};
  memcpy(&a, address, len);
  struct policy_question q = {.address = (void *)&a, .address_len = len};
  sl_policy_check(p, &q, &v);
  if (!v.allow)
    return;
  const unsigned char *b = (const void *)&((struct sockaddr_in6 *)&a)->sin6_addr;
  if (a.ss_family == AF_INET) {
    if (len < sizeof(struct sockaddr_in) ||
        plainly_special4((const void *)&((struct sockaddr_in *)&a)->sin_addr))
      abort();
  } else if (a.ss_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
    static const unsigned char mapped[12] = {[10] = 255, [11] = 255};
    static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};
    bool direct = !memcmp(b, mapped, 12) || !memcmp(b, nat64, 12);
    bool isatap = (b[8] & 0xfd) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe;
    bool local = !memcmp(b, "\0\x64\xff\x9b\0\1", 6);
    if ((direct || isatap) && plainly_special4(b + 12))
      abort();
    if (!direct && !local && (b[0] >> 5 != 1 || (b[0] == 0x20 && b[1] == 2)))
      abort();
  } else {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  static struct policy *p;
  static const unsigned short families[] = {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, 99};
  struct sockaddr_storage a = {0};
  if (!p && sl_policy_parse(SLICE_LIT("preset public-internet"), &p, NULL))
    abort();
  if (!size || size > sizeof a - sizeof a.ss_family)
    return 0;
  a.ss_family = families[data[0] % 5];
  memcpy((char *)&a + sizeof a.ss_family, data + 1, size - 1);
  check(p, &a, (unsigned)(sizeof a.ss_family + size - 1));
  return 0;
}
