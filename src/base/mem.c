/* The only object file that refers to malloc and its relatives (tools/symbols checks it). */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const struct sl_mem_hooks libc_hooks = {malloc, free, realloc, strdup, calloc};

/* Set by curl_global_init_mem() before any thread uses the library, as its manual page demands. */
static struct sl_mem_hooks hooks = {malloc, free, realloc, strdup, calloc};
static unsigned long fail_at; /* tests only; 0: off */
static unsigned long tried;
static bool fail_only_one;

void sl_mem_set_hooks(const struct sl_mem_hooks *set)
{
  hooks = set ? *set : libc_hooks;
}

unsigned long sl_mem_fail_after(unsigned long n)
{
  unsigned long before = tried;
  tried = 0;
  fail_at = n;
  fail_only_one = false;
  return before;
}

unsigned long sl_mem_fail_once(unsigned long n)
{
  unsigned long before = sl_mem_fail_after(n);
  fail_only_one = true;
  return before;
}

static bool injected(void)
{
  if (!fail_at)
    return false;
  return fail_only_one ? ++tried == fail_at : ++tried >= fail_at;
}

void *sl_malloc(size_t size)
{
  return injected() ? NULL : hooks.malloc(size);
}

void *sl_calloc(size_t nmemb, size_t size)
{
  return injected() ? NULL : hooks.calloc(nmemb, size);
}

void *sl_realloc(void *ptr, size_t size)
{
  return injected() ? NULL : hooks.realloc(ptr, size);
}

void sl_free(void *ptr)
{
  if (ptr)
    hooks.free(ptr);
}

char *sl_strdup(const char *str)
{
  return injected() ? NULL : hooks.strdup(str);
}

char *sl_memdup0(const void *src, size_t len)
{
  char *copy = len < (size_t)-1 ? sl_malloc(len + 1) : NULL;
  if (copy) {
    if (len)
      memcpy(copy, src, len);
    copy[len] = 0;
  }
  return copy;
}
