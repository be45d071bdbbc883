/* What a push callback may ask of a promise: curl_pushheader_bynum() and _byname(). */
#include <curl/curl.h>

#include "xfer/http2_push.h"

char *curl_pushheader_bynum(struct curl_pushheaders *h, size_t num)
{
  return h ? sl_http2_push_header(h, num) : NULL;
}

/* A colon is part of a name at its beginning only. */
char *curl_pushheader_byname(struct curl_pushheaders *h, const char *name)
{
  struct slice n = slice_str(name);
  if (!h || !n.n || slice_eq(n, SLICE_LIT(":")) || slice_find(slice_from(n, 1), ':') != n.n - 1)
    return NULL;
  return sl_http2_push_header_named(h, n);
}
