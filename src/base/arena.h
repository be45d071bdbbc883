/* Bump allocator for the strings of one transfer: allocated one by one, freed at once. */
#ifndef SL_BASE_ARENA_H
#define SL_BASE_ARENA_H

#include "base/slice.h"

struct arena_block;
struct arena {
  struct arena_block *blocks; /* newest first */
  char *at;
  size_t left;
};

void sl_arena_done(struct arena *a);           /* frees all; empty and usable afterwards */
void *sl_arena_alloc(struct arena *a, size_t n); /* aligned for any pointer; NULL: out of memory */
char *sl_arena_str(struct arena *a, struct slice s); /* a zero-terminated copy */

#endif
