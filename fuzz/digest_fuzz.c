/* Digest challenges from hostile servers, through the parser of WWW-Authenticate: whatever they
 * say, the answer is one line, and its quotes are balanced. */
#include <stdlib.h>

#include "wire/auth_header.h"
#include "wire/digest.h"

static void check(struct slice line)
{
  bool quoted = false;
  for (size_t i = 0; i < line.n; i++) {
    if (line.p[i] == '\\' && quoted)
      i++;
    else if (line.p[i] == '"')
      quoted = !quoted;
    else if (line.p[i] == '\r' || line.p[i] == '\n')
      abort();
  }
  if (quoted)
    abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice rest = {(const char *)data, size};
  struct auth_challenge c;
  struct digest d = {.realm = NULL};
  const struct digest_request r = {.user = SLICE_LIT("us\"er"),
                                   .password = SLICE_LIT("pass"),
                                   .method = SLICE_LIT("GET"),
                                   .uri = SLICE_LIT("/path?query"),
                                   .cnonce = SLICE_LIT("c"),
                                   .ie_flavour = size & 1};
  if (!size)
    return 0;
  while (sl_auth_challenge_next(&rest, &c)) {
    if (sl_digest_challenge(&d, c.params) != SL_DIGEST_READY)
      continue;
    struct buf out;
    sl_buf_init(&out, 10u << 20);
    if (sl_digest_authorization(&d, &r, &out) == SL_OK)
      check(sl_buf_peek(&out));
    sl_buf_done(&out);
  }
  sl_digest_done(&d);
  return 0;
}
