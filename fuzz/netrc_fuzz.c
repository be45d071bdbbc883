/* .netrc files from hostile hands: what is found must stand in the text for that host, or nothing
 * is found. */
#include <stdlib.h>

#include "wire/netrc.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct slice text = {(const char *)data, size};
  static const char *const hosts[] = {"example.com", "foo"}, *const logins[] = {NULL, "a", ""};
  for (size_t h = 0; h < 2; h++) {
    for (size_t l = 0; l < 3; l++) {
      struct netrc_entry e = {NULL, NULL};
      enum netrc_status status = sl_netrc_find(text, slice_str(hosts[h]), slice_str(logins[l]), &e);
      if ((status == SL_NETRC_FOUND) != (e.login || e.password))
        abort();
      if (e.login && logins[l] && strcmp(e.login, logins[l]) != 0)
        abort();
      sl_netrc_entry_done(&e);
    }
  }
  return 0;
}
