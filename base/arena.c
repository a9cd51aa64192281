/* Bump allocation from growing blocks. Blocks double from 4 KiB up to 1 MiB; a larger request gets a block of its own size. */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

struct ArenaBlock {
  ArenaBlock *next;
  size_t size; /* of the memory after this header */
};

enum { BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20, BLOCK_ALIGN = 16 };
_Static_assert(sizeof(ArenaBlock) % BLOCK_ALIGN == 0, "the memory after a block's header is aligned");

void arena_init(Arena *arena) { *arena = (Arena){0}; }

void arena_drop(Arena *arena) {
  for (ArenaBlock *block = arena->head, *next; block; block = next) {
    next = block->next;
    free(block);
  }
  arena_init(arena);
}

static void add_block(Arena *arena, size_t need) {
  size_t size = arena->head ? lj_min_size(arena->head->size * 2, BLOCK_MAX) : BLOCK_MIN;
  size = lj_max_size(size, need);
  if (size > SIZE_MAX - sizeof(ArenaBlock)) lj_panic(__FILE__, __LINE__, "allocation too large");
  ArenaBlock *block = calloc(1, sizeof(ArenaBlock) + size);
  if (!block) lj_panic(__FILE__, __LINE__, "out of memory");
  block->next = arena->head;
  block->size = size;
  arena->head = block;
  arena->at = (char *)(block + 1);
  arena->end = arena->at + size;
  arena->total += sizeof(ArenaBlock) + size;
}

/* Blocks come zeroed from calloc and are never reused, so nothing has to be cleared here. */
void *arena_alloc(Arena *arena, size_t size, size_t align) {
  LJ_ASSERT(align != 0 && (align & (align - 1)) == 0);
  size_t skip = arena->at ? (size_t)(-(uintptr_t)arena->at & (align - 1)) : 0;
  size_t room = arena->at ? (size_t)(arena->end - arena->at) : 0;
  if (!arena->at || room < skip || room - skip < size) {
    if (size > SIZE_MAX - align) lj_panic(__FILE__, __LINE__, "allocation too large");
    add_block(arena, size + align);
    skip = (size_t)(-(uintptr_t)arena->at & (align - 1));
  }
  char *memory = arena->at + skip;
  arena->at = memory + size;
  return memory;
}

char *arena_copy(Arena *arena, const char *text, size_t length) {
  char *copy = arena_alloc(arena, length + 1, 1);
  if (length) memcpy(copy, text, length);
  return copy;
}

char *arena_printf(Arena *arena, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int length = lj_vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  LJ_ASSERT(length >= 0);
  char *text = arena_alloc(arena, (size_t)length + 1, 1);
  lj_vsnprintf(text, (size_t)length + 1, fmt, again);
  va_end(again);
  return text;
}

void *vec_grow(Arena *arena, void *data, uint32_t *cap, size_t item) {
  LJ_ASSERT(*cap <= UINT32_MAX / 2);
  uint32_t wider = *cap ? *cap * 2 : 8;
  void *grown = arena_alloc(arena, (size_t)wider * item, _Alignof(max_align_t));
  if (*cap) memcpy(grown, data, (size_t)*cap * item);
  *cap = wider;
  return grown;
}
