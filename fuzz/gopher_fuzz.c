/* Paths and queries of gopher: URLs that an attacker has written: one line comes out, or none. */
#include <stdlib.h>

#include "wire/gopher.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice all = slice_of((const char *)data, size), path = slice_head(all, slice_find(all, '?'));
  struct slice query = path.n < size ? slice_from(all, path.n + 1) : SLICE_NONE;
  struct buf out;
  sl_buf_init(&out, OUT_MAX);
  if (sl_gopher_request(path, query, &out)) {
    struct slice said = sl_buf_peek(&out);
    if (said.n < 2 || said.n > size + 2 || slice_find(said, '\r') != said.n - 2 || slice_find(said, '\n') != said.n - 1 ||
        slice_find(said, 0) < said.n)
      abort();
  }
  sl_buf_done(&out);
  return 0;
}
