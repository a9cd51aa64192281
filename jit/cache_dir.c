/* Files of the cache: 256 folders by the first byte of the key, a folder `tmp` for what is being written, and the file `usage`, whose length
 * counts the blocks written since the files were last counted: appending to it is atomic, so that writers need no lock to know when it is
 * time to remove old files. In: keys and bytes. Out: bytes, or nothing. Every failure of reading is a miss. */
#include "jit/cache_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  BLOCK = 4096,
  MOST_BYTES = 1 << 30, /* of one file */
  STALE_SECONDS = 3600, /* a temporary file of this age has no writer any more, whatever its name says */
  LEAST_FILE_LIMIT = 1 << 20 /* a process that may write no more than this per file does not write at all */
};

struct CacheDir {
  int fd;
  char *path;
  uint64_t bound;
  _Atomic unsigned counter; /* of temporary files */
  _Atomic bool swept; /* `tmp` was cleaned by this process */
};

void cache_dir_path(const char *wish, StrBuf *out) {
  const char *own = secure_getenv("LOOPJIT_CACHE_DIR"), *xdg = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
  if (wish || own)
    sb_puts(out, wish ? wish : own);
  else if (xdg && xdg[0] == '/')
    sb_printf(out, "%s/loopjit", xdg);
  else if (home && home[0] == '/' && access(home, F_OK) == 0) /* users without a home have names of folders that must not be made */
    sb_printf(out, "%s/.cache/loopjit", home);
}

/* ---- the folder ---- */

static bool make_folders(const char *path) {
  char *copy = strdup(path);
  if (!copy) return false;
  for (char *at = copy + 1; *at; at++) {
    if (*at != '/') continue;
    *at = 0;
    mkdir(copy, 0700);
    *at = '/';
  }
  bool ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
  int reason = errno;
  free(copy);
  errno = reason;
  return ok;
}

/* Nobody else can have put something there. */
static bool is_ours(const struct stat *st) { return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH)); }

static bool refuse(StrBuf *why, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  sb_vprintf(why, fmt, args);
  va_end(args);
  return false;
}

static bool check_folder(int fd, const char *path, StrBuf *why) {
  struct stat st;
  if (fd < 0 || fstat(fd, &st)) return refuse(why, "cannot open '%s': %s", path, strerror(errno));
  if (st.st_uid != geteuid()) return refuse(why, "'%s' belongs to another user", path);
  if (!is_ours(&st)) return refuse(why, "others can write to '%s'", path);
  return true;
}

CacheDir *cache_dir_open(const char *path, uint64_t bound, StrBuf *why) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    if (!make_folders(path)) return refuse(why, "cannot create '%s': %s", path, strerror(errno)), NULL;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (!check_folder(fd, path, why)) {
    if (fd >= 0) close(fd);
    return NULL;
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  CacheDir *dir = calloc(1, sizeof *dir);
  char *copy = strdup(path);
  if (!dir || !copy) lj_panic(__FILE__, __LINE__, "out of memory");
  dir->fd = fd;
  dir->path = copy;
  dir->bound = bound;
  dir->counter = (unsigned)now.tv_nsec; /* processes of other containers may have this one's number */
  return dir;
}

void cache_dir_close(CacheDir *dir) {
  if (!dir) return;
  close(dir->fd);
  free(dir->path);
  free(dir);
}

/* ---- names ---- */

void cache_digest_text(const CacheDigest *digest, char out[CACHE_NAME_LENGTH + 1]) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < CACHE_KEY_BYTES; i++) {
    *out++ = digits[digest->bytes[i] >> 4];
    *out++ = digits[digest->bytes[i] & 15];
  }
  *out = 0;
}

static void put_name(const CacheDigest *key, char out[CACHE_NAME_LENGTH + 2]) {
  cache_digest_text(key, out + 1);
  out[0] = out[1], out[1] = out[2], out[2] = '/';
}

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* `name` holds `bytes` bytes and nothing else. */
static bool take_name(const char *name, uint8_t *out, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    int high = digit(name[2 * i]), low = high < 0 ? -1 : digit(name[2 * i + 1]);
    if (low < 0) return false;
    out[i] = (uint8_t)(high << 4 | low);
  }
  return !name[2 * bytes];
}

/* ---- reading ---- */

static bool read_all(int fd, char *data, size_t size) {
  for (size_t n = 0; n < size;) {
    ssize_t got = read(fd, data + n, size - n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    n += (size_t)got;
  }
  return true;
}

/* Not on every hit: a time within the last second is good enough. */
static void touch(int fd, const struct stat *st) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec > st->st_mtim.tv_sec || now.tv_sec + 1 < st->st_mtim.tv_sec) futimens(fd, NULL);
}

static bool read_file(CacheDir *dir, const CacheDigest *key, bool is_use, StrBuf *out) {
  char name[CACHE_NAME_LENGTH + 2];
  struct stat st;
  put_name(key, name);
  sb_clear(out);
  int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_ours(&st) && st.st_size > 0 && st.st_size <= MOST_BYTES;
  char *data = ok ? malloc((size_t)st.st_size + 1) : NULL;
  ok = data && read_all(fd, data, (size_t)st.st_size);
  if (ok) {
    if (is_use) touch(fd, &st);
    data[st.st_size] = 0;
    free(out->data);
    *out = (StrBuf){data, (size_t)st.st_size, (size_t)st.st_size + 1};
  } else {
    free(data);
  }
  close(fd);
  return ok;
}

bool cache_dir_read(CacheDir *dir, const CacheDigest *key, StrBuf *out) { return read_file(dir, key, true, out); }
bool cache_dir_peek(CacheDir *dir, const CacheDigest *key, StrBuf *out) { return read_file(dir, key, false, out); }

/* ---- counting and removing ---- */

static void add_file(CacheFiles *files, CacheFile file) {
  if (files->len == files->cap) {
    size_t cap = files->cap ? files->cap * 2 : 64;
    CacheFile *data = realloc(files->data, cap * sizeof *data);
    if (!data) return;
    files->data = data, files->cap = cap;
  }
  files->data[files->len++] = file;
  files->size += file.size;
}

static int by_use(const void *a, const void *b) {
  const CacheFile *x = a, *y = b;
  if (x->used.tv_sec != y->used.tv_sec) return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
  if (x->used.tv_nsec != y->used.tv_nsec) return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
  return memcmp(&x->key, &y->key, sizeof x->key);
}

static uint64_t whole_blocks(off_t size) { return ((uint64_t)size + BLOCK - 1) / BLOCK * BLOCK; }

/* The folder inside `dir`, to be closed with closedir(); NULL when there is none. */
static DIR *open_inner(const CacheDir *dir, const char *name) {
  int fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR *inner = fd < 0 ? NULL : fdopendir(fd);
  if (fd >= 0 && !inner) close(fd);
  return inner;
}

static void list_folder(DIR *inner, uint8_t first, CacheFiles *out) {
  struct stat st;
  int at = dirfd(inner);
  for (struct dirent *e; at >= 0 && (e = readdir(inner));) {
    CacheFile file = {.key.bytes[0] = first};
    if (!take_name(e->d_name, file.key.bytes + 1, CACHE_KEY_BYTES - 1)) continue;
    if (fstatat(at, e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)) continue;
    file.size = whole_blocks(st.st_size);
    file.used = st.st_mtim;
    add_file(out, file);
  }
}

void cache_dir_list(CacheDir *dir, CacheFiles *out) {
  *out = (CacheFiles){0};
  DIR *outer = open_inner(dir, ".");
  if (!outer) return;
  for (struct dirent *e; (e = readdir(outer));) {
    uint8_t first;
    DIR *inner = take_name(e->d_name, &first, 1) ? open_inner(dir, e->d_name) : NULL;
    if (!inner) continue;
    list_folder(inner, first, out);
    closedir(inner);
  }
  closedir(outer);
  if (out->len) qsort(out->data, out->len, sizeof *out->data, by_use);
}

void cache_dir_remove(CacheDir *dir, const CacheDigest *key) {
  char name[CACHE_NAME_LENGTH + 2];
  put_name(key, name);
  unlinkat(dir->fd, name, 0);
}

/* Temporary files are named PID-NUMBER. One whose process is gone is nobody's; to remove one that is being written is harmless: its
 * writer finds that it cannot rename it. */
static bool is_stale(const char *name, const struct stat *st) {
  long pid = strtol(name, NULL, 10);
  time_t age = time(NULL) - st->st_mtim.tv_sec;
  return age > STALE_SECONDS || (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH);
}

static void sweep(CacheDir *dir, bool all) {
  struct stat st;
  DIR *tmp = open_inner(dir, "tmp");
  if (!tmp) return;
  int at = dirfd(tmp);
  for (struct dirent *e; at >= 0 && (e = readdir(tmp));) {
    if (e->d_name[0] == '.' || fstatat(at, e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)) continue;
    if (all || is_stale(e->d_name, &st)) unlinkat(at, e->d_name, 0);
  }
  closedir(tmp);
  dir->swept = true;
}

/* Its descriptor, or the reason as -errno. */
static int make_temporary(CacheDir *dir, char *name, size_t room) {
  int reason = 0;
  for (int tries = 0; tries < 100; tries++) {
    snprintf(name, room, "tmp/%ld-%u", (long)getpid(), dir->counter++);
    int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) return fd;
    reason = errno;
    if (reason == ENOENT && mkdirat(dir->fd, "tmp", 0700)) reason = errno;
    if (reason != ENOENT && reason != EEXIST) break; /* EEXIST: another cache of this process, or left by a process of this number */
  }
  return -reason;
}

/* A new `usage` of the right length takes the place of the old one. What others append to the old one meanwhile is counted next time. */
static void set_usage(CacheDir *dir, uint64_t size) {
  char name[64];
  int fd = make_temporary(dir, name, sizeof name);
  if (fd < 0) return;
  bool ok = ftruncate(fd, (off_t)(size / BLOCK)) == 0;
  close(fd);
  if (!ok || renameat(dir->fd, name, dir->fd, "usage")) unlinkat(dir->fd, name, 0);
}

static size_t remove_down_to(CacheDir *dir, uint64_t limit) {
  CacheFiles files;
  cache_dir_list(dir, &files);
  size_t removed = 0;
  for (; removed < files.len && files.size > limit; removed++) {
    cache_dir_remove(dir, &files.data[removed].key);
    files.size -= files.data[removed].size;
  }
  free(files.data);
  set_usage(dir, files.size);
  return removed;
}

size_t cache_dir_prune(CacheDir *dir) {
  sweep(dir, false);
  return remove_down_to(dir, dir->bound);
}

size_t cache_dir_clear(CacheDir *dir) {
  sweep(dir, true);
  return remove_down_to(dir, 0);
}

/* ---- writing ---- */

/* Counts what was written. True when it is time to remove something: the count is over the bound, or was never made. */
static bool count_usage(CacheDir *dir, size_t size) {
  static const char zeros[BLOCK];
  struct stat st;
  int fd = openat(dir->fd, "usage", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  bool known = fstat(fd, &st) == 0 && st.st_size > 0;
  for (size_t n = (size + BLOCK - 1) / BLOCK; n;) {
    ssize_t put = write(fd, zeros, n < sizeof zeros ? n : sizeof zeros);
    if (put <= 0) break;
    n -= (size_t)put;
  }
  bool over = fstat(fd, &st) == 0 && (uint64_t)st.st_size * BLOCK > dir->bound;
  close(fd);
  return !known || over;
}

/* 0, or the reason as errno. */
static int write_all(int fd, const char *data, size_t size) {
  for (size_t n = 0; n < size;) {
    ssize_t put = write(fd, data + n, size - n);
    if (put == 0) return ENOSPC;
    if (put > 0) n += (size_t)put;
    if (put < 0 && errno != EINTR) return errno;
  }
  return 0;
}

/* A write beyond the limit would end the process with a signal. */
static bool may_write(size_t size) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY) return true;
  return limit.rlim_cur >= size && limit.rlim_cur >= LEAST_FILE_LIMIT;
}

/* 0, or the reason as errno. */
static int write_file(CacheDir *dir, const char *name, const void *data, size_t size) {
  char temporary[64], folder[3] = {name[0], name[1], 0};
  if (!may_write(size)) return EFBIG;
  int fd = make_temporary(dir, temporary, sizeof temporary);
  if (fd < 0) return -fd;
  int reason = write_all(fd, data, size);
  if (close(fd) && !reason) reason = errno;
  if (!reason && renameat(dir->fd, temporary, dir->fd, name)) {
    reason = errno;
    bool again = reason == ENOENT && (mkdirat(dir->fd, folder, 0700) == 0 || errno == EEXIST);
    if (again) reason = renameat(dir->fd, temporary, dir->fd, name) ? errno : 0;
  }
  if (reason) unlinkat(dir->fd, temporary, 0);
  return reason;
}

bool cache_dir_write(CacheDir *dir, const CacheDigest *key, const void *data, size_t size, StrBuf *why) {
  char name[CACHE_NAME_LENGTH + 2];
  if (size > dir->bound || size > MOST_BYTES) return true;
  put_name(key, name);
  if (!dir->swept) sweep(dir, false);
  int reason = write_file(dir, name, data, size);
  if (reason == ENOENT) return true; /* somebody emptied the folder meanwhile */
  if (reason) return refuse(why, "cannot write to '%s': %s", dir->path, strerror(reason));
  if (count_usage(dir, size)) remove_down_to(dir, dir->bound - dir->bound / 8);
  return true;
}
