/* See proxy_layers.h. */
#include "xfer/proxy_layers.h"

#include "xfer/transfer.h"

sl_result sl_proxy_layers_first(struct dial *d)
{
  if (d->t->easy->set.proxy->haproxyprotocol || d->route.pre.set ||
      (d->route.proxy.set && d->route.proxy.type >= CURLPROXY_SOCKS4))
    return sl_fail(d->t, CURLE_NOT_BUILT_IN, "This kind of proxy is not built in yet");
  return SL_OK;
}

sl_result sl_proxy_layers_tunnel(struct dial *d)
{
  return sl_fail(d->t, CURLE_NOT_BUILT_IN, "CONNECT is not built in yet");
}

sl_result sl_proxy_layers_failed(struct dial *d, struct stream *layer, sl_result rc)
{
  (void)d;
  (void)layer;
  return rc;
}
