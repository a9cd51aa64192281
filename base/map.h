/* Hash map from a 64-bit key (a pointer or a number; 0 is allowed) to a pointer. Lives in an arena. Iteration order is that of insertion. */
#ifndef LJ_MAP_H
#define LJ_MAP_H

#include "base/arena.h"

typedef struct MapEntry {
  uint64_t key;
  void *value;
} MapEntry;
typedef struct Map {
  MapEntry *entries; /* dense, in order of insertion */
  uint32_t len, cap;
  uint32_t *slots; /* index into entries + 1; 0 is free */
  uint32_t slot_count;
} Map; /* zero-initialised is empty */

void *map_get(const Map *map, uint64_t key); /* NULL when absent */
void map_put(Arena *arena, Map *map, uint64_t key, void *value); /* replaces */
static inline uint64_t map_key(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }
uint64_t hash_bytes(const void *data, size_t length, uint64_t seed); /* not cryptographic */

#endif
