/* What the rooms of the cache share.
 *   cache_dir.c    files by key             cache_key.c     what a key is made of: every part has a name
 *   cache_entry.c  the form of a file       cache_types.c   types as text
 *   cache_kernel.c a kernel as an entry     cache_program.c a program as an entry: what loading it found
 *   cache.c        one engine's cache: on or off, what it was asked   cache_manage.c  what `loopjit cache` does
 * A wrong answer is worse than none: an entry holds the whole key as text, which must be equal byte by byte. */
#ifndef LJ_CACHE_H
#define LJ_CACHE_H

#include <pthread.h>
#include <stdatomic.h>

#include "frontend/types.h"
#include "jit/backend.h"
#include "jit/cache_dir.h"

typedef struct Cache Cache;

typedef enum CacheKind { CACHE_NONE, CACHE_KERNEL, CACHE_PROGRAM } CacheKind;

CacheDigest digest_of(const void *data, size_t size); /* digest.c */

/* ---- cache_key.c ---- */

/* Rows `name TAB value NEWLINE`. What two keys differ in can be told by name. */
typedef struct CacheKey {
  StrBuf rows;
  CacheDigest digest;
} CacheKey;

typedef struct CacheTarget { /* what is the same for all keys of an engine */
  const char *cpu;           /* as in lj_config */
  int opt_level;
  ProgramOptions options;
} CacheTarget;
extern const char lj_build_id[]; /* made by cmake/build_id.cmake */
extern const char cache_build_row[]; /* the name of its row */
void cache_key_engine(const CacheTarget *target, StrBuf *rows);
void cache_key_start(CacheKey *key, const StrBuf *engine, CacheKind kind);
void cache_key_row(StrBuf *rows, const char *name, const char *value);
void cache_key_bytes(StrBuf *rows, const char *name, const void *data, size_t size); /* by its digest */
void cache_key_finish(CacheKey *key);
void cache_key_drop(CacheKey *key);
/* The names of the rows that differ, as "source of 'f', CPU"; how many they are. */
unsigned cache_key_compare(const char *old_rows, const char *new_rows, StrBuf *out);
/* The value of a row; false when there is none. */
bool cache_key_value(const char *rows, const char *name, StrBuf *out);

/* What a function (or the top level) depends on in its text, and the parts of the text that its error sites may name. */
typedef struct SourceKey {
  const char *rows;
  uint32_t *parts;
  uint32_t part_count;
} SourceKey;
/* function NULL: the top level. *digests: of the parts, made at the first call. */
void cache_key_source(const Module *module, Arena *arena, CacheDigest **digests, Sym function, SourceKey *out);

/* ---- cache_types.c ---- */

bool cache_type_put(const Type *type, StrBuf *out); /* false: such a type is not kept */
const Type *cache_type_take(TypeTable *types, StrTab *names, const char **text); /* NULL when the text is none */

/* ---- cache_entry.c ---- */

typedef struct CacheReader {
  const char *at, *end;
  bool bad; /* something was missing: everything read is zero then */
} CacheReader;

/* What every entry starts with: its key, and what `loopjit cache list` shows. */
void cache_entry_start(StrBuf *out, CacheKind kind, const CacheKey *key, const char *file, const char *what);
void cache_put_number(StrBuf *out, uint32_t number);
void cache_put_bytes(StrBuf *out, const void *data, size_t size); /* readers find a NUL behind them */
void cache_put_text(StrBuf *out, const char *text);
void cache_entry_seal(StrBuf *out, const CacheKey *key); /* checksum and size */

typedef struct CacheEntry {
  CacheKind kind;
  const char *rows, *file, *what;
  CacheReader rest;
} CacheEntry;
/* Is it a whole entry of this key? Points into the file. */
bool cache_entry_open(const StrBuf *file, const CacheDigest *key, CacheEntry *out);
uint32_t cache_take_number(CacheReader *in);
uint32_t cache_take_count(CacheReader *in); /* of things that each take some bytes of the entry */
const char *cache_take_bytes(CacheReader *in, size_t *size);
const char *cache_take_text(CacheReader *in);

/* ---- cache.c ---- */

typedef struct CacheOptions {
  const char *path; /* NULL: where the environment says; "": none */
  uint64_t bound;
  bool explain;
  CacheTarget target;
} CacheOptions;
Cache *cache_open(const CacheOptions *options); /* never NULL; opens the folder at the first use */
void cache_close(Cache *cache);
bool cache_is_on(Cache *cache);
/* The rows that all keys of the engine start with. */
const StrBuf *cache_rows(Cache *cache);
/* True with an entry that points into *file, which the caller drops. `what` is for those who ask why. */
bool cache_find(Cache *cache, const CacheKey *key, CacheKind kind, const char *source, const char *what, StrBuf *file, CacheEntry *entry);
/* An entry that was found turned out to be useless. */
void cache_reject(Cache *cache, const CacheKey *key, const char *what);
void cache_store(Cache *cache, const CacheKey *key, const StrBuf *entry);
/* Why the cache is off: once, to the first that wants to know; false when there is nothing to tell. */
bool cache_take_note(Cache *cache, StrBuf *out);

typedef struct CacheCounts {
  uint64_t hits, misses, stored;
} CacheCounts;
CacheCounts cache_counts(Cache *cache);
void cache_explain(Cache *cache, StrBuf *out); /* what was asked so far, one line each, and why it was not there */

uint64_t cache_default_bound(void); /* $LOOPJIT_CACHE_SIZE or 256 MB */

#endif
