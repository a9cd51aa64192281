/* The pool of big blocks: see rt_pool.h. At most LJ_POOL_BLOCKS blocks of together a sixteenth of the machine's memory (and 256 MB) are kept; when one more
 * comes, the oldest go. In: blocks. Out: blocks. */
#include "runtime/rt_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/sysinfo.h>

typedef struct Kept {
  void *memory;
  size_t size;
} Kept;

struct lj_pool {
  lj_hooks hooks; /* allocate NULL: malloc */
  atomic_long refs;
  pthread_mutex_t lock; /* of what follows */
  Kept kept[LJ_POOL_BLOCKS]; /* oldest first */
  unsigned count;
  size_t held, limit; /* bytes */
};

/* Under the address sanitizer nothing is pooled: kept memory would hide uses after free. */
#if defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif

lj_pool *lj_pool_new(void) {
  struct sysinfo info;
  lj_pool *pool = IS_SANITIZED ? NULL : calloc(1, sizeof *pool);
  if (!pool) return NULL;
  size_t memory = sysinfo(&info) ? 0 : (size_t)info.totalram * info.mem_unit;
  pool->limit = lj_min_size(memory / 16, (size_t)256 << 20);
  atomic_init(&pool->refs, 1);
  pthread_mutex_init(&pool->lock, NULL);
  return pool;
}

lj_pool *lj_pool_of(const lj_hooks *hooks) {
  lj_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->hooks = *hooks;
  atomic_init(&pool->refs, 1);
  pthread_mutex_init(&pool->lock, NULL);
  return pool;
}

const lj_hooks *lj_pool_hooks(const lj_pool *pool) { return pool && pool->hooks.allocate ? &pool->hooks : NULL; }

void lj_pool_hold(lj_pool *pool) { atomic_fetch_add(&pool->refs, 1); }

void lj_pool_release(lj_pool *pool) {
  if (!pool || atomic_fetch_sub(&pool->refs, 1) != 1) return;
  for (unsigned i = 0; i < pool->count; i++) free(pool->kept[i].memory);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

static Kept take_at(lj_pool *pool, unsigned at) {
  Kept found = pool->kept[at];
  memmove(&pool->kept[at], &pool->kept[at + 1], (--pool->count - at) * sizeof *pool->kept);
  pool->held -= found.size;
  return found;
}

void *lj_pool_take(lj_pool *pool, size_t size, size_t *found) {
  Kept best = {NULL, 0};
  pthread_mutex_lock(&pool->lock);
  for (unsigned i = pool->count; i-- > 0;) /* newest first: it is most likely in the cache */
    if (pool->kept[i].size >= size && pool->kept[i].size - size <= size / 4) {
      best = take_at(pool, i);
      break;
    }
  pthread_mutex_unlock(&pool->lock);
  *found = best.size;
  return best.memory;
}

void lj_pool_give(lj_pool *pool, void *memory, size_t size) {
  Kept old[LJ_POOL_BLOCKS];
  unsigned count = 0;
  bool keep = size >= LJ_POOL_FROM && size <= pool->limit;
  pthread_mutex_lock(&pool->lock);
  while (keep && (pool->count == LJ_POOL_BLOCKS || pool->held + size > pool->limit)) old[count++] = take_at(pool, 0);
  if (keep) {
    pool->kept[pool->count++] = (Kept){memory, size};
    pool->held += size;
  }
  pthread_mutex_unlock(&pool->lock);
  if (!keep) free(memory);
  for (unsigned i = 0; i < count; i++) free(old[i].memory);
}
