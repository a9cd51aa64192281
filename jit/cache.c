/* The cache of one engine: whether it is on, what it was asked and what it said. In: keys, entries. Out: entries of exactly the key, or a miss.
 * Thread-safe. Whatever is wrong with the folder, it turns off and says so once; nothing here fails. */
#include "jit/cache.h"

#include <errno.h>
#include <stdlib.h>

enum { DEFAULT_BOUND = 256 << 20 };

struct Cache {
  CacheOptions options; /* path: owned */
  pthread_mutex_t lock; /* of what stands below up to the counters */
  bool opened; /* or found to be unusable: dir NULL */
  StrBuf rows, note, log;
  CacheDir *dir;
  _Atomic bool full; /* nothing is written any more */
  _Atomic bool has_note;
  _Atomic uint64_t hits, misses, stored;
};

/* "64M", "1G", "1000000"; anything else counts as not set. */
uint64_t cache_default_bound(void) {
  const char *text = secure_getenv("LOOPJIT_CACHE_SIZE");
  char *end = NULL;
  uint64_t size = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
  if (!end) return DEFAULT_BOUND;
  unsigned shift = *end == 'K' || *end == 'k' ? 10 : *end == 'M' || *end == 'm' ? 20 : *end == 'G' || *end == 'g' ? 30 : 0;
  end += shift > 0;
  return *end || size > UINT64_MAX >> 31 ? DEFAULT_BOUND : size << shift;
}

Cache *cache_open(const CacheOptions *options) {
  Cache *cache = calloc(1, sizeof *cache);
  char *path = options->path ? strdup(options->path) : NULL;
  if (!cache || (options->path && !path)) lj_panic(__FILE__, __LINE__, "out of memory");
  cache->options = *options;
  cache->options.path = path;
  pthread_mutex_init(&cache->lock, NULL);
  return cache;
}

void cache_close(Cache *cache) {
  cache_dir_close(cache->dir);
  sb_drop(&cache->rows);
  sb_drop(&cache->note);
  sb_drop(&cache->log);
  pthread_mutex_destroy(&cache->lock);
  free((void *)(uintptr_t)cache->options.path);
  free(cache);
}

/* The lock is held. The first reason is told, later ones are not. */
static void turn_off(Cache *cache, const char *why) {
  if (cache->note.len) return;
  sb_printf(&cache->note, "the cache of compiled code is off: %s", why);
  cache->has_note = true;
}

static void open_folder(Cache *cache) {
  StrBuf path = {0}, why = {0};
  cache_dir_path(cache->options.path, &path);
  if (path.len) cache->dir = cache_dir_open(sb_text(&path), cache->options.bound, &why);
  if (path.len && !cache->dir) turn_off(cache, sb_text(&why));
  if (cache->dir) cache_key_engine(&cache->options.target, &cache->rows);
  sb_drop(&path);
  sb_drop(&why);
}

bool cache_is_on(Cache *cache) {
  pthread_mutex_lock(&cache->lock);
  if (!cache->opened) open_folder(cache);
  cache->opened = true;
  bool on = cache->dir != NULL;
  pthread_mutex_unlock(&cache->lock);
  return on;
}

const StrBuf *cache_rows(Cache *cache) { return &cache->rows; }

/* ---- why it was not there ---- */

typedef struct Nearest {
  StrBuf names; /* of the rows that differ */
  unsigned count;
} Nearest;

static bool same_row(const char *a, const char *b, const char *name) {
  StrBuf x = {0}, y = {0};
  bool has_a = cache_key_value(a, name, &x), has_b = cache_key_value(b, name, &y);
  bool same = has_a == has_b && strcmp(sb_text(&x), sb_text(&y)) == 0;
  sb_drop(&x);
  sb_drop(&y);
  return same;
}

/* Is the entry about the same thing, so that its key should have been the same? */
static bool is_about(const CacheEntry *e, CacheKind kind, const char *rows, const char *source) {
  if (e->kind != kind || strcmp(e->file, source) != 0) return false;
  return kind != CACHE_KERNEL || (same_row(e->rows, rows, "function") && same_row(e->rows, rows, "argument types"));
}

/* From the most recently used entry back: the one that differs in the fewest rows. */
static void find_nearest(CacheDir *dir, const CacheKey *key, CacheKind kind, const char *source, Nearest *best) {
  CacheFiles files;
  StrBuf file = {0}, names = {0};
  cache_dir_list(dir, &files);
  for (size_t i = files.len; i-- > 0;) {
    CacheEntry entry;
    if (!cache_dir_peek(dir, &files.data[i].key, &file) || !cache_entry_open(&file, &files.data[i].key, &entry)) continue;
    if (!is_about(&entry, kind, sb_text(&key->rows), source)) continue;
    sb_clear(&names);
    unsigned count = cache_key_compare(entry.rows, sb_text(&key->rows), &names);
    if (!count || (best->count && count >= best->count)) continue;
    best->count = count;
    sb_clear(&best->names);
    sb_puts(&best->names, sb_text(&names));
  }
  free(files.data);
  sb_drop(&file);
  sb_drop(&names);
}

static void explain(Cache *cache, const char *what, const char *answer, const char *more) {
  if (!cache->options.explain) return;
  pthread_mutex_lock(&cache->lock);
  sb_printf(&cache->log, "cache: %s: %s%s\n", what, answer, more);
  pthread_mutex_unlock(&cache->lock);
}

static void explain_miss(Cache *cache, const CacheKey *key, CacheKind kind, const char *source, const char *what) {
  Nearest best = {0};
  if (!cache->options.explain) return;
  find_nearest(cache->dir, key, kind, source, &best);
  if (best.count)
    explain(cache, what, "miss, changed: ", sb_text(&best.names));
  else
    explain(cache, what, "miss, never seen", "");
  sb_drop(&best.names);
}

/* ---- asking and storing ---- */

bool cache_find(Cache *cache, const CacheKey *key, CacheKind kind, const char *source, const char *what, StrBuf *file, CacheEntry *entry) {
  if (!cache_is_on(cache)) return false;
  bool there = cache_dir_read(cache->dir, &key->digest, file);
  bool found = there && cache_entry_open(file, &key->digest, entry) && entry->kind == kind && strcmp(entry->rows, sb_text(&key->rows)) == 0;
  if (found) {
    cache->hits++;
    explain(cache, what, "hit", "");
  } else {
    cache->misses++;
    if (there)
      explain(cache, what, "miss, the entry is damaged", "");
    else
      explain_miss(cache, key, kind, source, what);
  }
  return found;
}

void cache_reject(Cache *cache, const CacheKey *key, const char *what) {
  cache->hits--;
  cache->misses++;
  explain(cache, what, "miss, the entry cannot be used", "");
  cache_dir_remove(cache->dir, &key->digest);
}

void cache_store(Cache *cache, const CacheKey *key, const StrBuf *entry) {
  StrBuf why = {0};
  if (cache->full || !cache_is_on(cache)) return;
  if (cache_dir_write(cache->dir, &key->digest, entry->data, entry->len, &why)) {
    cache->stored++;
  } else {
    cache->full = true;
    pthread_mutex_lock(&cache->lock);
    turn_off(cache, sb_text(&why));
    pthread_mutex_unlock(&cache->lock);
  }
  sb_drop(&why);
}

bool cache_take_note(Cache *cache, StrBuf *out) {
  if (!cache->has_note) return false;
  pthread_mutex_lock(&cache->lock);
  bool mine = cache->has_note;
  cache->has_note = false;
  if (mine) sb_puts(out, sb_text(&cache->note));
  pthread_mutex_unlock(&cache->lock);
  return mine;
}

CacheCounts cache_counts(Cache *cache) { return (CacheCounts){cache->hits, cache->misses, cache->stored}; }

void cache_explain(Cache *cache, StrBuf *out) {
  pthread_mutex_lock(&cache->lock);
  sb_puts(out, sb_text(&cache->log));
  if (cache->opened && !cache->dir) sb_puts(out, "cache: off\n");
  pthread_mutex_unlock(&cache->lock);
}
