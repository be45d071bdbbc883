/* Hash map from bytes to a pointer, open addressing, keys borrowed from the value (the entry owns its key).
 * Also sl_hash(), the one hash function of the house. Iterating while removing is fine through sl_map_next(). */
#ifndef SL_BASE_MAP_H
#define SL_BASE_MAP_H

#include <stdint.h>

#include "base/slice.h"

uint64_t sl_hash(const void *p, size_t n, uint64_t seed);

struct map_slot {
  uint64_t hash;
  struct slice key; /* borrowed; must live as long as the entry is in the map */
  void *value;      /* NULL: free slot; &map_gone: removed */
};
struct map {
  struct map_slot *slots;
  uint32_t cap, used, live; /* used counts removed ones as well */
  uint64_t seed;
};

void sl_map_init(struct map *m, uint64_t seed); /* seed: random, so that hostile keys cannot collide on purpose */
void sl_map_done(struct map *m);                /* frees the table, not the values */
void *sl_map_get(const struct map *m, struct slice key);
bool sl_map_put(struct map *m, struct slice key, void *value); /* replaces; false: out of memory */
void *sl_map_remove(struct map *m, struct slice key);          /* the value that was there, or NULL */
/* Start with *pos = 0; NULL at the end. Removing the returned entry is allowed, adding is not. */
void *sl_map_next(const struct map *m, uint32_t *pos);

#endif
