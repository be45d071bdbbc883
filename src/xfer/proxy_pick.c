/* See proxy_pick.h. */
#include "xfer/proxy_pick.h"

#include "xfer/transfer.h"

sl_result sl_proxy_pick(struct transfer *t, struct arena *arena, struct route *route)
{
  const char *proxy = t->easy->set.proxy->proxy;
  (void)arena;
  (void)route;
  return proxy && *proxy ? sl_fail(t, CURLE_NOT_BUILT_IN, "Proxies are not built in yet") : SL_OK;
}
