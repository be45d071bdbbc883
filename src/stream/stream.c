/* What is the same for every stack of streams. */
#include "stream/stream.h"

sl_result sl_stream_step(struct stream *top)
{
  if (top->ready)
    return SL_OK;
  sl_result rc = top->below ? sl_stream_step(top->below) : SL_OK;
  if (rc)
    return rc;
  top->want = 0;
  rc = top->ops->step ? top->ops->step(top) : SL_OK;
  top->ready = rc == SL_OK;
  return rc;
}

unsigned sl_stream_want(const struct stream *top)
{
  unsigned want = 0;
  for (; top; top = top->below)
    want |= top->want;
  return want;
}

bool sl_stream_query(const struct stream *top, enum stream_query what, void *out)
{
  for (; top; top = top->below)
    if (top->ops->query && top->ops->query(top, what, out))
      return true;
  return false;
}

void sl_stream_shutdown(struct stream *top)
{
  for (; top && top->ready; top = top->below)
    if (top->ops->shutdown && top->ops->shutdown(top))
      return;
}

void sl_stream_idle(struct stream *top)
{
  for (; top; top = top->below)
    if (top->ops->idle)
      top->ops->idle(top);
}

void sl_stream_free(struct stream *top)
{
  while (top) {
    struct stream *below = top->below;
    top->ops->free(top);
    top = below;
  }
}
