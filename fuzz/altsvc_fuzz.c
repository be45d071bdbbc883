/* Alt-Svc fields and files from hostile hands: what is taken prints as a file that reads as the same. */
#include <stdlib.h>

#include "wire/altsvc.h"

enum { NOW = 1000000000 };

static void print(const struct altsvc *a, struct buf *out)
{
  sl_buf_init(out, 1 << 24);
  if (sl_altsvc_print(a, NOW, out))
    abort();
}

static void check_round_trip(const struct altsvc *a)
{
  struct altsvc again;
  struct buf text, same;
  print(a, &text);
  sl_altsvc_init(&again, 2);
  if (sl_altsvc_load(&again, sl_buf_peek(&text), NOW))
    abort();
  print(&again, &same);
  if (!slice_eq(sl_buf_peek(&text), sl_buf_peek(&same)))
    abort();
  sl_buf_done(&text);
  sl_buf_done(&same);
  sl_altsvc_done(&again);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice text = {(const char *)data, size};
  struct altsvc_peer from = {SLICE_LIT("o.example"), 443, SL_ALPN_H1};
  struct altsvc_entry e;
  struct altsvc a;
  sl_altsvc_init(&a, 1);
  if (sl_altsvc_header(&a, &from, text, true, NOW))
    abort();
  if (a.n > SL_ALTSVC_OF_ORIGIN || (sl_altsvc_find(&a, from.host, 443, ~0u, NOW, &e) && !e.to.port))
    abort();
  check_round_trip(&a);
  if (sl_altsvc_load(&a, text, NOW))
    abort();
  check_round_trip(&a);
  sl_altsvc_done(&a);
  return 0;
}
