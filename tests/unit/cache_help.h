/* A folder of its own for each test of the cache. */
#ifndef LJ_CACHE_HELP_H
#define LJ_CACHE_HELP_H

#include <check.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "jit/cache_dir.h"

static char folder[64];

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

static inline void make_folder(void) {
  strcpy(folder, "/tmp/loopjit-test-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline void drop_folder(void) { nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static inline CacheDir *open_dir(uint64_t bound) {
  StrBuf why = {0};
  CacheDir *dir = cache_dir_open(folder, bound, &why);
  ck_assert_msg(dir, "%s", sb_text(&why));
  return dir;
}

#endif
