#include "sys/env.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

TEST(set_is_seen)
{
  setenv("SL_ENV_TEST", "value", 1);
  CHECK_STR(sl_env_get("SL_ENV_TEST"), "value");
}

TEST(unset_and_empty_are_the_same)
{
  unsetenv("SL_ENV_TEST");
  CHECK(!sl_env_get("SL_ENV_TEST"));
  CHECK(!sl_env_dup("SL_ENV_TEST"));
  setenv("SL_ENV_TEST", "", 1);
  CHECK(!sl_env_get("SL_ENV_TEST"));
  CHECK(!sl_env_dup("SL_ENV_TEST"));
}

TEST(copy_outlives_a_change)
{
  setenv("SL_ENV_TEST", "old", 1);
  char *copy = sl_env_dup("SL_ENV_TEST");
  setenv("SL_ENV_TEST", "new", 1);
  CHECK_STR(copy, "old");
  sl_free(copy);
}

TEST(copy_without_memory)
{
  setenv("SL_ENV_TEST", "value", 1);
  char *last = NULL;
  FOR_EACH_FAILING_ALLOC(n)
  {
    char *copy = sl_env_dup("SL_ENV_TEST");
    if (n == 1)
      CHECK(!copy);
    last = copy;
  }
  CHECK_STR(last, "value");
  sl_free(last);
}
