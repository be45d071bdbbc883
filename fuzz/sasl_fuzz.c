/* A hostile server in a SASL exchange: whatever it answers, the exchange ends after a few rounds, and what is said is
 * base64 or "*". The first two bytes choose what is offered. */
#include <stdlib.h>

#include "proto/sasl.h"

enum { ROUNDS_MAX = 32 };

static void check(struct slice line)
{
  for (size_t i = 0; i < line.n; i++)
    if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=*", line.p[i]) || !line.p[i])
      abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  if (size < 3)
    return 0;
  struct slice rest = {(const char *)data + 3, size - 3};
  struct sasl s = {.user = "us\"er,=", .password = "pass", .service = "imap", .host = "host", .port = 143,
                   .bearer = data[2] & 1 ? "token" : NULL, .initial_response = data[2] & 2, .max_initial = data[2] & 4 ? 40 : 0,
                   .offered = (uint16_t)(data[0] | data[1] << 8), .allowed = SASL_DEFAULT};
  int rounds = 0;
  while (sl_sasl_run(&s) == SL_WAIT) {
    if (++rounds > ROUNDS_MAX)
      abort();
    check(sl_buf_peek(&s.text));
    struct slice line = slice_head(rest, slice_find(rest, '\n'));
    rest = slice_from(rest, line.n + 1);
    if (line.n && *line.p == '+')
      sl_sasl_reply(&s, SASL_CONTINUE, slice_from(line, 1));
    else
      sl_sasl_reply(&s, line.n ? SASL_ACCEPTED : SASL_REFUSED, SLICE_NONE);
  }
  sl_sasl_done(&s);
  return 0;
}
