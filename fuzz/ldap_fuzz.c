/* Bytes of a hostile LDAP server: messages, results, entries as text. Nothing is read that is not there, and the text of
 * an entry comes to an end. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/ldap.h"
#include "wire/ldap_print.h"

static void print(struct slice body)
{
  struct ldap_printer p;
  struct buf text;
  enum sl_parse rc = SL_PARSE_MORE;
  if (!sl_ldap_print_begin(&p, body))
    return;
  sl_buf_init(&text, 1 << 26);
  while (rc == SL_PARSE_MORE) {
    sl_buf_clear(&text);
    rc = sl_ldap_print(&p, &text);
    if (!sl_buf_ok(&text) || (rc == SL_PARSE_MORE && text.n < LDAP_PIECE))
      abort();
  }
  sl_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice in = slice_of((const char *)data, size);
  size_t n, whole;
  while (sl_ldap_measure(in, &whole) == SL_PARSE_DONE) {
    struct ldap_message message;
    struct ldap_result result;
    for (n = 1; n < 6 && n < whole; n++) { /* less is told of the same message, or nothing */
      size_t part = whole;
      if (sl_ldap_measure(slice_head(in, n), &part) == SL_PARSE_BAD || part != whole)
        abort();
    }
    if (whole > in.n)
      break;
    if (sl_ldap_message(slice_head(in, whole), &message)) {
      (void)sl_ldap_result(message.body, &result);
      print(message.body);
    }
    in = slice_from(in, whole);
  }
  print(slice_of((const char *)data, size));
  return 0;
}
