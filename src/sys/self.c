/* See self.h. The shared libraries are one and the same code; only their file names differ. */
#include "sys/self.h"

#include <dlfcn.h>
#include <string.h>

bool sl_self_is_gnutls_flavour(void)
{
  static const char here;
  Dl_info info;
  return dladdr(&here, &info) && info.dli_fname && strstr(info.dli_fname, "libcurl-gnutls.so");
}
