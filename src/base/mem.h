/* The only way to memory. Goes through the application's functions where curl_global_init_mem()
 * has set them. Nothing here aborts: every allocation may return NULL.
 *
 * sl_mem_fail_after() is the fault injection of the tests; it costs one predictable branch. */
#ifndef SL_BASE_MEM_H
#define SL_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

struct sl_mem_hooks {
  void *(*malloc)(size_t size);
  void (*free)(void *ptr);
  void *(*realloc)(void *ptr, size_t size);
  char *(*strdup)(const char *str);
  void *(*calloc)(size_t nmemb, size_t size);
};

void sl_mem_set_hooks(const struct sl_mem_hooks *hooks); /* NULL: the C library's again */

void *sl_malloc(size_t size);
void *sl_calloc(size_t nmemb, size_t size);
void *sl_realloc(void *ptr, size_t size);
void sl_free(void *ptr);
char *sl_strdup(const char *str);
char *sl_memdup0(const void *src, size_t len); /* a copy of len bytes with a zero after them */

/* Tests: the n-th allocation from now on (1 is the next one) and all after it fail; 0: none.
 * Returns how many allocations were tried since the last call. */
unsigned long sl_mem_fail_after(unsigned long n);
unsigned long sl_mem_fail_once(unsigned long n); /* the same, but those after the n-th succeed */

#endif
