/* A folder of small files with names made of 64 hexadecimal digits, used by many processes at once without locks. A file is written under
 * a temporary name and renamed, so that it is there whole or not at all; who reads has it open and does not mind that it is removed. What is
 * not as it should be (owner, permissions, type of a file) is not there. Knows nothing of what the files hold. */
#ifndef LJ_CACHE_DIR_H
#define LJ_CACHE_DIR_H

#include <time.h>

#include "base/strbuf.h"

enum { CACHE_KEY_BYTES = 32, CACHE_NAME_LENGTH = 2 * CACHE_KEY_BYTES };
typedef struct CacheDigest {
  uint8_t bytes[CACHE_KEY_BYTES];
} CacheDigest;
void cache_digest_text(const CacheDigest *digest, char out[CACHE_NAME_LENGTH + 1]); /* in hexadecimal digits */

typedef struct CacheDir CacheDir;

/* Where it is by the settings: `wish`, else $LOOPJIT_CACHE_DIR, $XDG_CACHE_HOME/loopjit, ~/.cache/loopjit. Empty: no cache is wanted. */
void cache_dir_path(const char *wish, StrBuf *out);
/* Creates the folder where it is missing. NULL with the reason when it cannot be used. Thread-safe from then on. */
CacheDir *cache_dir_open(const char *path, uint64_t bound, StrBuf *why);
void cache_dir_close(CacheDir *dir);

/* The whole file, which counts as used now; false when there is none that can be trusted. */
bool cache_dir_read(CacheDir *dir, const CacheDigest *key, StrBuf *out);
bool cache_dir_peek(CacheDir *dir, const CacheDigest *key, StrBuf *out); /* it does not count as used */
/* False with the reason when the disk or the folder takes no more files. A file that is larger than the bound is not kept: no failure. */
bool cache_dir_write(CacheDir *dir, const CacheDigest *key, const void *data, size_t size, StrBuf *why);
void cache_dir_remove(CacheDir *dir, const CacheDigest *key);

typedef struct CacheFile {
  CacheDigest key;
  uint64_t size; /* on disk, in whole blocks */
  struct timespec used;
} CacheFile;
typedef struct CacheFiles {
  CacheFile *data; /* malloc'ed; the least recently used first */
  size_t len, cap;
  uint64_t size; /* of all */
} CacheFiles;
void cache_dir_list(CacheDir *dir, CacheFiles *out); /* caller frees data */
/* Removes the least recently used files until the rest fits into the bound, and what killed writers left. How many files went. */
size_t cache_dir_prune(CacheDir *dir);
/* Removes every file. */
size_t cache_dir_clear(CacheDir *dir);

#endif
