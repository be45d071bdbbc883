/* What every entry of the interface checks before it goes down. */
#ifndef SL_API_GUARD_H
#define SL_API_GUARD_H

#include "xfer/easy.h"
#include "xfer/multi.h"

/* Is application code running below this handle's multi? Then calls that run transfers are refused. */
static inline bool sl_in_callback(const struct easy *e)
{
  return e->multi && e->multi->callback_depth;
}

bool sl_global_ensure(void); /* what curl_global_init() does, for those who never call it */

#endif
