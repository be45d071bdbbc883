/* Preloaded by pycurl_test.py. Debian's pycurl was built for a libcurl with GnuTLS and refuses to load
 * with one that names another TLS library; this one names it. */
#include <stddef.h>
#include <strings.h>

struct backend {
  int id;
  const char *name;
};

int curl_global_sslset(int id, const char *name, const struct backend ***available);

int curl_global_sslset(int id, const char *name, const struct backend ***available)
{
  static const struct backend gnutls = {2, "gnutls"};
  static const struct backend *all[] = {&gnutls, NULL};
  if (available)
    *available = all;
  return id == 2 || (name && strcasecmp(name, gnutls.name) == 0) ? 0 : 1;
}
