/* Hash map; see map.h. Linear probing, grows at three quarters, tombstones swept when it does. */
#include "base/map.h"

#include "base/mem.h"

static char gone_mark;
#define GONE ((void *)&gone_mark)

static uint64_t mix(uint64_t a, uint64_t b)
{
  __extension__ unsigned __int128 r = (unsigned __int128)a * b;
  return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/* Multiply-and-fold over eight bytes a step, in the manner of wyhash. */
uint64_t sl_hash(const void *p, size_t n, uint64_t seed)
{
  const unsigned char *at = p;
  uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15u), word;
  for (; n >= 8; n -= 8, at += 8) {
    memcpy(&word, at, 8);
    h = mix(h ^ word, 0xa0761d6478bd642fu);
  }
  word = 0;
  if (n)
    memcpy(&word, at, n);
  return mix(h ^ word ^ 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u);
}

void sl_map_init(struct map *m, uint64_t seed)
{
  *m = (struct map){.seed = seed};
}

void sl_map_done(struct map *m)
{
  sl_free(m->slots);
  sl_map_init(m, m->seed);
}

static struct map_slot *find(const struct map *m, struct slice key, uint64_t hash)
{
  if (!m->cap)
    return NULL;
  for (uint32_t i = (uint32_t)hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
    struct map_slot *s = &m->slots[i];
    if (!s->value)
      return NULL;
    if (s->value != GONE && s->hash == hash && slice_eq(s->key, key))
      return s;
  }
}

void *sl_map_get(const struct map *m, struct slice key)
{
  struct map_slot *s = m->live ? find(m, key, sl_hash(key.p, key.n, m->seed)) : NULL;
  return s ? s->value : NULL;
}

static void place(struct map *m, const struct map_slot *entry)
{
  uint32_t i = (uint32_t)entry->hash & (m->cap - 1);
  while (m->slots[i].value && m->slots[i].value != GONE)
    i = (i + 1) & (m->cap - 1);
  if (!m->slots[i].value)
    m->used++;
  m->slots[i] = *entry;
  m->live++;
}

static bool grow(struct map *m)
{
  struct map bigger = {.seed = m->seed, .cap = 8};
  while (bigger.cap / 4 * 3 <= m->live + 1)
    bigger.cap *= 2;
  bigger.slots = sl_calloc(bigger.cap, sizeof *bigger.slots);
  if (!bigger.slots)
    return false;
  for (uint32_t i = 0; i < m->cap; i++)
    if (m->slots[i].value && m->slots[i].value != GONE)
      place(&bigger, &m->slots[i]);
  sl_free(m->slots);
  *m = bigger;
  return true;
}

bool sl_map_put(struct map *m, struct slice key, void *value)
{
  struct map_slot entry = {sl_hash(key.p, key.n, m->seed), key, value};
  struct map_slot *there = find(m, key, entry.hash);
  if (there) {
    *there = entry;
    return true;
  }
  if (m->used + 1 > m->cap / 4 * 3 && !grow(m))
    return false;
  place(m, &entry);
  return true;
}

void *sl_map_remove(struct map *m, struct slice key)
{
  struct map_slot *s = m->live ? find(m, key, sl_hash(key.p, key.n, m->seed)) : NULL;
  if (!s)
    return NULL;
  void *value = s->value;
  s->value = GONE;
  m->live--;
  if (!m->live && m->used) { /* the cheap moment to sweep the tombstones */
    memset(m->slots, 0, m->cap * sizeof *m->slots);
    m->used = 0;
  }
  return value;
}

void *sl_map_next(const struct map *m, uint32_t *pos)
{
  while (*pos < m->cap) {
    void *value = m->slots[(*pos)++].value;
    if (value && value != GONE)
      return value;
  }
  return NULL;
}
