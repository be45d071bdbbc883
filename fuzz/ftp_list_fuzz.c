/* A directory listing of a hostile FTP server: all that an entry says lies within its line. */
#include <stdlib.h>

#include "wire/ftp_list.h"

static void check(struct slice line, struct slice part)
{
  if (part.n && (part.p < line.p || part.p + part.n > line.p + line.n))
    abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice rest = slice_of((const char *)data, size);
  while (rest.n) {
    struct slice line = slice_head(rest, slice_find(rest, '\n'));
    struct ftp_entry e;
    rest = slice_from(rest, line.n + 1);
    if (sl_ftp_list_line(line, &e) != SL_PARSE_DONE)
      continue;
    if (!e.name.n || e.size < 0 || e.links < 0 || e.mode > 07777)
      abort();
    check(line, e.name);
    check(line, e.target);
    check(line, e.perm);
    check(line, e.time);
    check(line, e.user);
    check(line, e.group);
  }
  return 0;
}
