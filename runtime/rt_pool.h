/* Big blocks of memory that arrays have given back, kept for the next arrays: the system would take them back and zero every page anew, which costs more
 * than the work of most array expressions. malloc does so from 128 KB on, or not, as its past has it. One pool belongs to an engine (or to a lone context); arrays made with it hold it, so that it lives
 * until the last of them is gone. It also stands for the host's allocator where there is one. Thread-safe. */
#ifndef LJ_RT_POOL_H
#define LJ_RT_POOL_H

#include "runtime/rt.h"

enum { LJ_POOL_FROM = 64 << 10, LJ_POOL_BLOCKS = 32 }; /* bytes of the smallest block that is kept; how many at the most */

/* The host's allocator: both functions or none. Memory that it gave goes back there; nothing of it is kept. */
typedef struct lj_hooks {
  void *(*allocate)(void *data, size_t size, size_t alignment);
  void (*release)(void *data, void *memory, size_t size);
  void *data;
} lj_hooks;
lj_pool *lj_pool_of(const lj_hooks *hooks); /* one reference; NULL without memory */
const lj_hooks *lj_pool_hooks(const lj_pool *pool); /* NULL: malloc */
lj_pool *lj_pool_new(void); /* one reference; NULL without memory */
void lj_pool_hold(lj_pool *pool);
void lj_pool_release(lj_pool *pool); /* NULL is allowed; the last one frees the blocks */
/* A kept block of at least `size` bytes that is not much larger, or NULL. *found gets its size. */
void *lj_pool_take(lj_pool *pool, size_t size, size_t *found);
/* Keeps a block that malloc or calloc gave, or frees it when the pool is full. */
void lj_pool_give(lj_pool *pool, void *memory, size_t size);

#endif
