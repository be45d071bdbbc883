/* Search filters of anybody: what is taken for one comes out as one well-formed element of BER. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/ldap.h"
#include "wire/ldap_filter.h"

enum { CONSTRUCTED = 32 };

static void check(struct slice in, unsigned depth)
{
  struct slice content;
  uint8_t tag;
  while (in.n) {
    if (depth > 3 * LDAP_FILTER_DEPTH || !sl_ber_take(&in, &tag, &content))
      abort();
    if (tag & CONSTRUCTED)
      check(content, depth + 1);
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct buf out;
  struct slice content, all;
  uint8_t tag;
  sl_buf_init(&out, 1 << 24);
  if (sl_ldap_filter(slice_of((const char *)data, size), &out)) {
    all = sl_buf_peek(&out);
    check(all, 0);
    if (!sl_ber_take(&all, &tag, &content) || all.n)
      abort();
  }
  sl_buf_done(&out);
  return 0;
}
