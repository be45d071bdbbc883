/* Paths of dict: URLs that an attacker has written: three lines come out, or none. */
#include <stdlib.h>

#include "base/text.h"
#include "wire/dict.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct buf out;
  unsigned ends = 0;
  sl_buf_init(&out, OUT_MAX);
  bool good = sl_dict_request(slice_of((const char *)data, size), &out);
  for (size_t i = 0; good && i < out.n; i++) {
    unsigned char c = (unsigned char)out.p[i];
    if (c == '\r' && out.p[i + 1] == '\n')
      ends++, i++;
    else if (c < ' ')
      abort();
  }
  if (good && ends != 3)
    abort();
  sl_buf_done(&out);
  return 0;
}
