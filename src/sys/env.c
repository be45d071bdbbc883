/* The only object file that refers to getenv (tools/symbols checks it). */
#include "sys/env.h"

#include <stdlib.h>

#include "base/mem.h"

const char *sl_env_get(const char *name)
{
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

const char *sl_env_guarded(const char *name)
{
  return secure_getenv(name);
}

char *sl_env_dup(const char *name)
{
  const char *value = sl_env_get(name);
  return value ? sl_strdup(value) : NULL;
}
