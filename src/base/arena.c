/* Bump allocator; see arena.h. */
#include "base/arena.h"

#include "base/mem.h"

enum { BLOCK_BYTES = 480 };

struct arena_block {
  struct arena_block *next;
  max_align_t data[];
};

void sl_arena_done(struct arena *a)
{
  while (a->blocks) {
    struct arena_block *next = a->blocks->next;
    sl_free(a->blocks);
    a->blocks = next;
  }
  *a = (struct arena){0};
}

void *sl_arena_alloc(struct arena *a, size_t n)
{
  if (n > ((size_t)-1) / 2)
    return NULL;
  n = (n + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
  if (n > a->left || !a->blocks) { /* also for no bytes: NULL means that memory is short */
    size_t room = n > BLOCK_BYTES ? n : BLOCK_BYTES;
    struct arena_block *block = sl_malloc(sizeof *block + room);
    if (!block)
      return NULL;
    block->next = a->blocks;
    a->blocks = block;
    a->at = (char *)block->data;
    a->left = room;
  }
  void *p = a->at;
  a->at += n;
  a->left -= n;
  return p;
}

char *sl_arena_str(struct arena *a, struct slice s)
{
  char *copy = sl_arena_alloc(a, s.n + 1);
  if (copy) {
    if (s.n)
      memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
  }
  return copy;
}
