/* See mime_body.h. */
#include "xfer/mime_body.h"

#include "xfer/transfer.h"

sl_result sl_mime_body(struct transfer *t)
{
  return sl_fail(t, CURLE_NOT_BUILT_IN, "MIME bodies are not built in yet");
}

void sl_mime_fields(struct transfer *t, struct buf *dst)
{
  (void)t;
  (void)dst;
}
