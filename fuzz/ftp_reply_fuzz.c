/* Replies of a hostile FTP server: however they are cut, the same lines come out, and nothing of them is read that is
 * not there. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/ftp_reply.h"

struct outcome {
  unsigned lines, codes;
  size_t used;
  bool bad;
};

static void look_inside(struct slice text)
{
  uint8_t ip[4];
  uint16_t port = 0;
  int64_t number = 0;
  struct buf path;
  if (sl_ftp_reply_pasv(text, ip, &port) && !port)
    abort();
  if (sl_ftp_reply_epsv(text, &port) && !port)
    abort();
  if ((sl_ftp_reply_size(text, &number) || sl_ftp_reply_bytes(text, &number)) && number < 0)
    abort();
  (void)sl_ftp_reply_time(text, &number);
  sl_buf_init(&path, SL_REPLY_LINE);
  if (sl_ftp_reply_path(text, &path) == SL_PARSE_DONE && path.n >= text.n)
    abort();
  sl_buf_done(&path);
}

static struct outcome run(const char *data, size_t size, size_t piece)
{
  struct outcome o = {0, 0, 0, false};
  struct ftp_reply r;
  size_t have = 0;
  sl_ftp_reply_init(&r);
  for (;;) {
    struct slice in = slice_of(data + o.used, have - o.used), line;
    bool last;
    enum sl_parse p = sl_ftp_reply_line(&r, &in, &line, &last);
    if (p == SL_PARSE_BAD) {
      o.bad = true;
      return o;
    }
    if (p == SL_PARSE_MORE) {
      if (have == size)
        return o;
      have = have + piece < size ? have + piece : size;
      continue;
    }
    o.used += line.n;
    o.lines++;
    if (!last)
      continue;
    o.codes += r.code;
    char *copy = sl_memdup0(line.p, line.n - 1); /* reading beyond it is seen */
    if (copy)
      look_inside(slice_of(copy, line.n - 1));
    sl_free(copy);
    sl_ftp_reply_init(&r);
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct outcome whole = run((const char *)data, size, size), cut = run((const char *)data, size, 1 + size % 7);
  if (whole.lines != cut.lines || whole.codes != cut.codes || whole.used != cut.used || whole.bad != cut.bad)
    abort();
  return 0;
}
