/* Open addressing with linear probing over a dense list of entries; nothing is ever removed. Also the hash of bytes that tables share. */
#include "base/map.h"

static uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  Wide product = (Wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const unsigned char *at, size_t length) {
  uint64_t word = 0;
  memcpy(&word, at, length);
  return word;
}

static const uint64_t K0 = 0xa0761d6478bd642fu, K1 = 0xe7037ed1a0b428dbu, K2 = 0x8ebc6af09c88c6e3u;

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed) {
  const unsigned char *at = data;
  size_t left = length;
  uint64_t h = seed ^ K0;
  for (; left > 16; left -= 16, at += 16) h = mix(load(at, 8) ^ K1, load(at + 8, 8) ^ h);
  uint64_t a = 0, b = 0;
  if (left > 8) {
    a = load(at, 8);
    b = load(at + 8, left - 8);
  } else if (left) {
    a = load(at, left);
  }
  return mix(mix(a ^ K1, b ^ h) ^ K2, (uint64_t)length ^ K0);
}

static uint64_t hash_key(uint64_t key) { return mix(key ^ K1, K2); }

/* The slot that holds `key`, or the free one where it belongs. */
static uint32_t *find_slot(const Map *map, uint64_t key) {
  uint32_t mask = map->slot_count - 1;
  for (uint32_t i = (uint32_t)hash_key(key) & mask;; i = (i + 1) & mask) {
    uint32_t *slot = &map->slots[i];
    if (*slot == 0 || map->entries[*slot - 1].key == key) return slot;
  }
}

void *map_get(const Map *map, uint64_t key) {
  if (map->len == 0) return NULL;
  uint32_t slot = *find_slot(map, key);
  return slot ? map->entries[slot - 1].value : NULL;
}

static void grow_slots(Arena *arena, Map *map) {
  LJ_ASSERT(map->slot_count <= UINT32_MAX / 4);
  map->slot_count = map->slot_count ? map->slot_count * 2 : 16;
  map->slots = arena_array(arena, uint32_t, map->slot_count);
  for (uint32_t i = 0; i < map->len; i++) *find_slot(map, map->entries[i].key) = i + 1;
}

void map_put(Arena *arena, Map *map, uint64_t key, void *value) {
  if (map->len + map->len / 2 >= map->slot_count / 2) grow_slots(arena, map);
  uint32_t *slot = find_slot(map, key);
  if (*slot) {
    map->entries[*slot - 1].value = value;
    return;
  }
  if (map->len == map->cap) map->entries = vec_grow(arena, map->entries, &map->cap, sizeof *map->entries);
  map->entries[map->len++] = (MapEntry){key, value};
  *slot = map->len;
}
