/* What functions under functools.lru_cache remember: one table per function, from the bytes of the arguments to the bytes of the result,
 * in a list from the newest use to the oldest. Tables live in the call context, or in the module when the host calls through one.
 * Thread-safe: the list of tables only grows, and each table has a lock that is never held while the user's code runs. Without memory an
 * entry is not kept: that is no error. */
#include "runtime/rt.h"

#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Entry Entry;
struct Entry {
  Entry *newer, *older, *next; /* by use; in the bucket */
  uint64_t hash;
  int64_t key_size, value_size;
  char bytes[]; /* the key, then the value */
};

struct lj_memo {
  lj_memo *next;
  int64_t id;
  pthread_mutex_t lock;
  Entry **buckets;
  uint64_t bucket_count; /* a power of two, or 0 */
  int64_t count, hits, misses;
  Entry *newest, *oldest;
};

enum { FIRST_BUCKETS = 64 };

static lj_memo *memo_of(lj_rt *rt, int64_t id) {
  lj_memo *first = atomic_load(&rt->memos->first);
  for (lj_memo *m = first; m; m = m->next)
    if (m->id == id) return m;
  lj_memo *made = calloc(1, sizeof *made);
  if (!made) lj_panic(__FILE__, __LINE__, "out of memory");
  made->id = id;
  pthread_mutex_init(&made->lock, NULL);
  made->next = first;
  while (!atomic_compare_exchange_weak(&rt->memos->first, &first, made)) {
    for (lj_memo *m = first; m; m = m->next)
      if (m->id == id) { /* another thread was faster */
        pthread_mutex_destroy(&made->lock);
        free(made);
        return m;
      }
    made->next = first;
  }
  return made;
}

static Entry **bucket_of(lj_memo *m, uint64_t hash) { return &m->buckets[hash & (m->bucket_count - 1)]; }

static Entry *find(lj_memo *m, uint64_t hash, const void *key, int64_t size) {
  if (!m->bucket_count) return NULL;
  for (Entry *e = *bucket_of(m, hash); e; e = e->next)
    if (e->hash == hash && e->key_size == size && memcmp(e->bytes, key, (size_t)size) == 0) return e;
  return NULL;
}

/* ---- the list by use ---- */

static void unlink_use(lj_memo *m, Entry *e) {
  *(e->newer ? &e->newer->older : &m->newest) = e->older;
  *(e->older ? &e->older->newer : &m->oldest) = e->newer;
}

static void push_newest(lj_memo *m, Entry *e) {
  e->newer = NULL;
  e->older = m->newest;
  *(m->newest ? &m->newest->newer : &m->oldest) = e;
  m->newest = e;
}

static void forget_oldest(lj_memo *m) {
  Entry *e = m->oldest, **at = bucket_of(m, e->hash);
  LJ_ASSERT(!e->older);
  while (*at != e) at = &(*at)->next;
  *at = e->next;
  unlink_use(m, e);
  m->count--;
  free(e);
}

static bool grow(lj_memo *m) {
  uint64_t n = m->bucket_count ? m->bucket_count * 2 : FIRST_BUCKETS;
  Entry **made = calloc(n, sizeof *made);
  if (!made) return m->bucket_count > 0; /* fuller buckets will do */
  free(m->buckets);
  m->buckets = made;
  m->bucket_count = n;
  for (Entry *e = m->newest; e; e = e->older) {
    Entry **at = bucket_of(m, e->hash);
    e->next = *at;
    *at = e;
  }
  return true;
}

/* ---- what compiled code calls ---- */

int32_t lj_rt_memo_find(lj_rt *rt, const lj_site *site, int64_t id, const void *key, int64_t key_size, int64_t value_at, int64_t value_size,
                        void *out) {
  (void)site;
  lj_memo *m = memo_of(rt, id);
  uint64_t hash = hash_bytes(key, (size_t)key_size, 0);
  char *present = out;
  pthread_mutex_lock(&m->lock);
  Entry *e = find(m, hash, key, key_size);
  if (e) {
    m->hits++;
    unlink_use(m, e);
    push_newest(m, e);
    memcpy(present + value_at, e->bytes + key_size, (size_t)value_size);
  } else {
    m->misses++;
    memset(present + value_at, 0, (size_t)value_size);
  }
  pthread_mutex_unlock(&m->lock);
  *present = e != NULL;
  return 0;
}

static void store(lj_memo *m, uint64_t hash, const void *key, int64_t key_size, const void *value, int64_t value_size) {
  if ((uint64_t)m->count >= m->bucket_count && !grow(m)) return;
  Entry *e = malloc(sizeof *e + (size_t)(key_size + value_size));
  if (!e) return;
  e->hash = hash;
  e->key_size = key_size;
  e->value_size = value_size;
  memcpy(e->bytes, key, (size_t)key_size);
  memcpy(e->bytes + key_size, value, (size_t)value_size);
  Entry **at = bucket_of(m, hash);
  e->next = *at;
  *at = e;
  push_newest(m, e);
  m->count++;
}

void lj_rt_memo_store(lj_rt *rt, const lj_site *site, int64_t id, const void *key, int64_t key_size, const void *value, int64_t value_size,
                      int64_t maxsize) {
  (void)site;
  if (maxsize == 0) return;
  lj_memo *m = memo_of(rt, id);
  uint64_t hash = hash_bytes(key, (size_t)key_size, 0);
  pthread_mutex_lock(&m->lock);
  if (!find(m, hash, key, key_size)) { /* the function may have called itself with the same arguments, or another thread did */
    while (maxsize > 0 && m->count >= maxsize) forget_oldest(m);
    store(m, hash, key, key_size, value, value_size);
  }
  pthread_mutex_unlock(&m->lock);
}

int64_t lj_rt_memo_count(lj_rt *rt, const lj_site *site, int64_t id, int64_t which) {
  (void)site;
  lj_memo *m = memo_of(rt, id);
  pthread_mutex_lock(&m->lock);
  int64_t n = which == 0 ? m->hits : which == 1 ? m->misses : m->count;
  pthread_mutex_unlock(&m->lock);
  return n;
}

static void empty(lj_memo *m) {
  while (m->oldest) forget_oldest(m);
  m->hits = m->misses = 0;
}

void lj_rt_memo_clear(lj_rt *rt, const lj_site *site, int64_t id) {
  (void)site;
  lj_memo *m = memo_of(rt, id);
  pthread_mutex_lock(&m->lock);
  empty(m);
  pthread_mutex_unlock(&m->lock);
}

void lj_memos_drop(lj_memos *memos) {
  if (!atomic_load_explicit(&memos->first, memory_order_relaxed)) return; /* nobody else uses them any more */
  for (lj_memo *m = atomic_exchange(&memos->first, NULL), *next; m; m = next) {
    next = m->next;
    empty(m);
    pthread_mutex_destroy(&m->lock);
    free(m->buckets);
    free(m);
  }
}
