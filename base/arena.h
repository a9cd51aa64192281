/* Memory that lives as long as a phase: bump allocation from growing blocks, dropped whole.
 * Allocation never returns NULL (it panics when the system has no memory) and is zeroed. Not thread-safe. */
#ifndef LJ_ARENA_H
#define LJ_ARENA_H

#include "base/base.h"

typedef struct ArenaBlock ArenaBlock;
typedef struct Arena {
  ArenaBlock *head; /* newest block; NULL while empty */
  char *at, *end;   /* free part of the newest block */
  size_t total;     /* bytes asked of the system */
} Arena;

void arena_init(Arena *arena);
void arena_drop(Arena *arena); /* frees every block; the arena may be used again */
void *arena_alloc(Arena *arena, size_t size, size_t align);
char *arena_copy(Arena *arena, const char *text, size_t length); /* adds a NUL */
char *arena_printf(Arena *arena, const char *fmt, ...) LJ_PRINTF(2, 3);

#define arena_new(arena, T) ((T *)arena_alloc((arena), sizeof(T), _Alignof(T)))
#define arena_array(arena, T, n) ((T *)arena_alloc((arena), sizeof(T) * (size_t)(n), _Alignof(T)))

/* A growing array in an arena: `Vec(int) v = {0}; vec_push(arena, &v, 3); v.data[0]`. Old storage stays in the arena. */
#define Vec(T)                                                                                                                             \
  struct {                                                                                                                                 \
    T *data;                                                                                                                               \
    uint32_t len, cap;                                                                                                                     \
  }
#define vec_push(arena, v, value)                                                                                                          \
  ((v)->len == (v)->cap ? (void)((v)->data = vec_grow((arena), (v)->data, &(v)->cap, sizeof *(v)->data)) : (void)0,                        \
   (void)((v)->data[(v)->len++] = (value)))
#define vec_last(v) ((v)->data[(v)->len - 1])
void *vec_grow(Arena *arena, void *data, uint32_t *cap, size_t item);

#endif
