/* The cache on disk: digests, keys, entries, folders, and whole engines over one folder. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontend/content.h"
#include "jit/engine.h"

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}
static void make_folder(void) {
  strcpy(folder, "/tmp/loopjit-test-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}
static void drop_folder(void) { nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* ---- digests ---- */

static const struct {
  const char *text;
  uint8_t want[8];
} digests[] = {{"", {0xaf, 0x13, 0x49, 0xb9, 0xf5, 0xf9, 0xa1, 0xa6}}, {"abc", {0x64, 0x37, 0xb3, 0xac, 0x38, 0x46, 0x51, 0x33}}};
START_TEST(digest_is_blake3) {
  CacheDigest got = digest_of(digests[_i].text, strlen(digests[_i].text));
  ck_assert_mem_eq(got.bytes, digests[_i].want, sizeof digests[_i].want);
}
END_TEST

/* ---- types ---- */

static const char *const type_texts[] = {"int64",
                                         "boolean",
                                         "complex64",
                                         "float64[:, ::1]",
                                         "uint8[::1, :]",
                                         "float32[:]",
                                         "float64[()]",
                                         "UniTuple(int64, 3)",
                                         "Tuple((int64, float64[:], Tuple((str, none))))",
                                         "optional(float64)",
                                         "str",
                                         "none"};
START_TEST(types_come_back) {
  Arena arena;
  StrTab names;
  TypeTable types;
  Diag dx;
  Source src;
  StrBuf text = {0};
  arena_init(&arena);
  strtab_init(&names, &arena);
  types_init(&types, &arena);
  diag_init(&dx, &arena);
  const char *written = type_texts[_i] == type_texts[6] ? "float64" : type_texts[_i]; /* no spelling has 0 axes */
  source_init(&src, &arena, "t", written, (uint32_t)strlen(written));
  const Type *type = typespec_parse(&types, &names, parse_expression(&arena, &names, &src, &dx), &dx);
  ck_assert_ptr_nonnull(type);
  if (written != type_texts[_i]) type = type_array(&types, DT_FLOAT64, 0, LAYOUT_C, true);
  ck_assert(cache_type_put(type, &text));
  const char *at = sb_text(&text);
  ck_assert_ptr_eq(cache_type_take(&types, &names, &at), type);
  ck_assert_str_eq(at, "");
  for (size_t cut = 0; cut < text.len; cut++) { /* no cut text is a type, and none is read beyond its end */
    char *part = strndup(sb_text(&text), cut);
    at = part;
    const Type *other = cache_type_take(&types, &names, &at);
    ck_assert(other != type || *at);
    free(part);
  }
  sb_drop(&text);
  arena_drop(&arena);
}
END_TEST

/* ---- what a function's key depends on ---- */

static void source_rows(const char *text, const char *function, const char *name, StrBuf *out) {
  Arena arena;
  StrTab names;
  Source src;
  Diag dx;
  Module *module;
  SourceKey key;
  CacheDigest *parts = NULL;
  arena_init(&arena);
  strtab_init(&names, &arena);
  diag_init(&dx, &arena);
  source_init(&src, &arena, "k.lp", text, (uint32_t)strlen(text));
  bool ok = parse_module(&arena, &names, &src, sym_c(&names, name), &dx, &module) && sema_module(module, &dx);
  if (!ok) diag_render(&dx, out);
  ck_assert_msg(ok, "%s", sb_text(out));
  content_make(module);
  cache_key_source(module, &arena, &parts, function ? sym_c(&names, function) : NULL, &key);
  sb_puts(out, key.rows);
  arena_drop(&arena);
}

#define F "def f(x):\n    return x + 1\n"
#define G "def g(x):\n    return f(x) * 2\n"
static const struct {
  const char *about, *a, *b, *function; /* function NULL: the top level */
  const char *differs; /* the rows; "" for the same key */
} keys[] = {
    {"comments and spaces", F, "# head\n\ndef f( x ): # note\n\n    # more\n    return x+1 \n", "f", ""},
    {"indentation", F, "def f(x):\n  return x + 1\n", "f", ""},
    {"line joins", F, "def f(x):\n    return (x\n        + 1)\n", "f", "source of 'f'"},
    {"line joins without brackets", F, "def f(x):\n    return x \\\n  + 1\n", "f", ""},
    {"a constant", F, "def f(x):\n    return x + 2\n", "f", "source of 'f'"},
    {"the spelling of a constant", F, "def f(x):\n    return x + 1.0\n", "f", "source of 'f'"},
    {"a block", "def f(x):\n    if x:\n        x = 1\n        x = 2\n    return x\n",
     "def f(x):\n    if x:\n        x = 1\n    x = 2\n    return x\n", "f", "source of 'f'"},
    {"a decorator", F, "from numba import njit\n@njit(fastmath=True)\n" F, "f", "source of 'f', imports"},
    {"a callee", F G, "def f(x):\n    return x + 3\n" G, "g", "source of 'f'"},
    {"a caller", F G, F "def g(x):\n    return f(x) * 3\n", "f", ""},
    {"order of functions", F G, G F, "g", ""},
    {"another function", F, F "def h(x):\n    return 7\n", "f", ""},
    {"another statement", F, F "print(1)\n", "f", ""},
    {"a callee twice removed", F G "def h(x):\n    return g(x)\n", "def f(x):\n    return -x\n" G "def h(x):\n    return g(x)\n", "h",
     "source of 'f'"},
    {"a callee that calls back", "def f(x):\n    return g(x) if x else 0\n" G, "def f(x):\n    return g(x) if x else 1\n" G, "g",
     "source of 'f'"},
    {"a constant of the top level", "N = 3\ndef f(x):\n    return x + N\n", "N = 4\ndef f(x):\n    return x + N\n", "f",
     "source of the top level"},
    {"what a constant is made of", "M = 3\nN = M\ndef f(x):\n    return x + N\n", "M = 4\nN = M\ndef f(x):\n    return x + N\n", "f",
     "source of the top level"},
    {"a function that makes a constant", "def m():\n    return 3\nN = m()\ndef f(x):\n    return x + N\n",
     "def m():\n    return 4\nN = m()\ndef f(x):\n    return x + N\n", "f", "source of 'm'"},
    {"a variable of the same name", "n = 3\ndef f(n):\n    n = n + 1\n    return n\nprint(f(n))\n",
     "n = 4\ndef f(n):\n    n = n + 1\n    return n\nprint(f(n))\n", "f", ""},
    {"a target of a comprehension", "n = 3\ndef f(a):\n    return sum([n for n in a])\n",
     "n = 4\ndef f(a):\n    return sum([n for n in a])\n", "f", ""},
    {"behind a comprehension", "n = 3\ndef f(a):\n    return sum([n for n in a]) + n\n",
     "n = 4\ndef f(a):\n    return sum([n for n in a]) + n\n", "f", "source of the top level"},
    {"a keyword of the same name", "n = 3\ndef h(n):\n    return n\ndef f(x):\n    return h(n=x)\n",
     "n = 4\ndef h(n):\n    return n\ndef f(x):\n    return h(n=x)\n", "f", ""},
    {"the value of a keyword", "n = 3\ndef h(n):\n    return n\ndef f(x):\n    return h(n=n)\n",
     "n = 4\ndef h(n):\n    return n\ndef f(x):\n    return h(n=n)\n", "f", "source of the top level"},
    {"a default value", "n = 3\ndef f(x, n=n):\n    return n\n", "n = 4\ndef f(x, n=n):\n    return n\n", "f", "source of the top level"},
    {"an inner function's variable", "n = 3\ndef f(x):\n    def g(n):\n        return n\n    return g(x)\n",
     "n = 4\ndef f(x):\n    def g(n):\n        return n\n    return g(x)\n", "f", ""},
    {"what an inner function reads", "n = 3\ndef f(x):\n    def g(y):\n        return n + y\n    return g(x)\n",
     "n = 4\ndef f(x):\n    def g(y):\n        return n + y\n    return g(x)\n", "f", "source of the top level"},
    {"what an f-string reads", "n = 3\ndef f(x):\n    print(f'{n=}')\n", "n = 4\ndef f(x):\n    print(f'{n=}')\n", "f",
     "source of the top level"},
    {"spaces in an f-string", "def f(x):\n    print(f'{x=}')\n", "def f(x):\n    print(f'{ x = }')\n", "f", "source of 'f'"},
    {"an attribute of the same name", "def sum(x):\n    return 1\ndef f(x):\n    return x.sum()\n",
     "def sum(x):\n    return 2\ndef f(x):\n    return x.sum()\n", "f", ""},
    {"a builtin that gets a definition", "def f(x):\n    return abs(x)\n", "def abs(x):\n    return 7\ndef f(x):\n    return abs(x)\n", "f",
     "source of 'abs'"},
    {"a builtin that gets a value", "def f(x):\n    return pow(x, 2)\n", "pow = 3\ndef f(x):\n    return pow + x\n", "f",
     "source of 'f', order of the top level, source of the top level"},
    {"a name in a decorator", "from numba import vectorize, float64\nT = float64\n@vectorize([T(T)])\ndef f(x):\n    return x\n",
     "from numba import vectorize, float64, float32\nT = float32\n@vectorize([T(T)])\ndef f(x):\n    return x\n", "f",
     "imports, source of the top level"},
    {"what an import means", "from math import sin as s\ndef f(x):\n    return s(x)\n",
     "from math import cos as s\ndef f(x):\n    return s(x)\n", "f", "imports"},
    {"an import in a block", "if True:\n    from math import sin as s\ndef f(x):\n    return s(x)\n",
     "if True:\n    from math import cos as s\ndef f(x):\n    return s(x)\n", "f", "imports"},
    {"a definition in a block", "if True:\n    def h(x):\n        return 1\ndef f(x):\n    return h(x)\n",
     "if True:\n    def h(x):\n        return 2\ndef f(x):\n    return h(x)\n", "f", "source of the top level"},
    {"a second definition", F, F "def f(x):\n    return x + 9\n", "f", "source of 'f'"},
    {"the top level: a function it calls", F "print(f(1))\n", "def f(x):\n    return x + 2\nprint(f(1))\n", NULL, "source of 'f'"},
    {"the top level: one it does not call", F "print(1)\n", "def f(x):\n    return x + 2\nprint(1)\n", NULL, ""},
    {"the top level: order of statements", "x = 1\nprint(x)\nx = 2\n", "x = 1\nx = 2\nprint(x)\n", NULL, "source of the top level"},
    {"the top level: a call before a definition", F "print(f(1))\ndef f(x):\n    return 5\n", F "def f(x):\n    return 5\nprint(f(1))\n",
     NULL, "order of the top level"},
};

/* Rows of equal names (a function that is defined twice) are compared as a whole. */
START_TEST(keys_depend_on_content) {
  StrBuf a = {0}, b = {0}, names = {0};
  source_rows(keys[_i].a, keys[_i].function, "m", &a);
  source_rows(keys[_i].b, keys[_i].function, "m", &b);
  bool same = strcmp(sb_text(&a), sb_text(&b)) == 0;
  ck_assert_msg(same == !*keys[_i].differs, "%s: the keys are %s", keys[_i].about, same ? "the same" : "different");
  if (!same) cache_key_compare(sb_text(&a), sb_text(&b), &names);
  if (names.len) ck_assert_str_eq(sb_text(&names), keys[_i].differs);
  sb_drop(&a);
  sb_drop(&b);
  sb_drop(&names);
}
END_TEST

START_TEST(module_name_counts_where_it_is_read) {
  static const char *const texts[] = {F, "def f(x):\n    print(__name__)\n"};
  for (int i = 0; i < 2; i++) {
    StrBuf a = {0}, b = {0};
    source_rows(texts[i], "f", "one", &a);
    source_rows(texts[i], "f", "two", &b);
    ck_assert_int_eq(strcmp(sb_text(&a), sb_text(&b)) == 0, i == 0);
    sb_drop(&a);
    sb_drop(&b);
  }
}
END_TEST

static const struct {
  const char *about;
  CacheTarget target;
  bool same;
} targets[] = {{"nothing", {.opt_level = 3}, true},
               {"CPU", {.opt_level = 3, .cpu = "x86-64"}, false},
               {"level", {.opt_level = 2}, false},
#define X(type, field, name) {name, {.opt_level = 3, .options = {.field = 1}}, false},
               PROGRAM_OPTIONS(X)
#undef X
};
START_TEST(keys_depend_on_the_engine) {
  StrBuf a = {0}, b = {0}, names = {0};
  cache_key_engine(&targets[0].target, &a);
  cache_key_engine(&targets[_i].target, &b);
  ck_assert_msg((strcmp(sb_text(&a), sb_text(&b)) == 0) == targets[_i].same, "%s", targets[_i].about);
  ck_assert_int_eq(cache_key_compare(sb_text(&a), sb_text(&b), &names) == 0, targets[_i].same);
  sb_drop(&a);
  sb_drop(&b);
  sb_drop(&names);
}
END_TEST

/* ---- entries ---- */

static void make_entry(StrBuf *out, CacheKey *key) {
  StrBuf engine = {0};
  cache_key_start(key, &engine, CACHE_KERNEL);
  cache_key_row(&key->rows, "function", "f");
  cache_key_finish(key);
  cache_entry_start(out, CACHE_KERNEL, key, "k.lp", "f(int64)");
  cache_put_number(out, 42);
  cache_put_bytes(out, "a\0b", 3);
  cache_put_text(out, "");
  cache_entry_seal(out, key);
}

START_TEST(entries_come_back) {
  StrBuf file = {0};
  CacheKey key;
  CacheEntry entry;
  size_t size;
  make_entry(&file, &key);
  ck_assert(cache_entry_open(&file, &key.digest, &entry));
  ck_assert_int_eq(entry.kind, CACHE_KERNEL);
  ck_assert_str_eq(entry.rows, sb_text(&key.rows));
  ck_assert_str_eq(entry.file, "k.lp");
  ck_assert_str_eq(entry.what, "f(int64)");
  ck_assert_uint_eq(cache_take_number(&entry.rest), 42);
  ck_assert_mem_eq(cache_take_bytes(&entry.rest, &size), "a\0b", 3);
  ck_assert_uint_eq(size, 3);
  ck_assert_str_eq(cache_take_text(&entry.rest), "");
  ck_assert(!entry.rest.bad);
  ck_assert_uint_eq(cache_take_number(&entry.rest), 0);
  ck_assert(entry.rest.bad);
  CacheDigest other = digest_of("x", 1);
  ck_assert(!cache_entry_open(&file, &other, &entry));
  sb_drop(&file);
  cache_key_drop(&key);
}
END_TEST

START_TEST(damaged_entries_are_none) {
  StrBuf file = {0};
  CacheKey key;
  CacheEntry entry;
  make_entry(&file, &key);
  for (size_t i = 0; i < file.len; i++)
    for (int bit = 0; bit < 8; bit++) {
      file.data[i] = (char)(file.data[i] ^ 1 << bit);
      ck_assert(!cache_entry_open(&file, &key.digest, &entry));
      file.data[i] = (char)(file.data[i] ^ 1 << bit);
    }
  for (size_t cut = 0; cut < file.len; cut++) {
    StrBuf part = {file.data, cut, cut};
    ck_assert(!cache_entry_open(&part, &key.digest, &entry));
  }
  sb_putc(&file, 0);
  ck_assert(!cache_entry_open(&file, &key.digest, &entry));
  sb_drop(&file);
  cache_key_drop(&key);
}
END_TEST

/* ---- folders ---- */

static CacheDir *open_dir(uint64_t bound) {
  StrBuf why = {0};
  CacheDir *dir = cache_dir_open(folder, bound, &why);
  ck_assert_msg(dir, "%s", sb_text(&why));
  return dir;
}

static CacheDigest nth(int i) { return digest_of(&i, sizeof i); }

static void put(CacheDir *dir, int i, size_t size) {
  StrBuf why = {0};
  CacheDigest key = nth(i);
  char *data = calloc(1, size);
  data[0] = (char)i;
  ck_assert_msg(cache_dir_write(dir, &key, data, size, &why), "%s", sb_text(&why));
  free(data);
}

static bool has(CacheDir *dir, int i) {
  StrBuf file = {0};
  CacheDigest key = nth(i);
  bool found = cache_dir_peek(dir, &key, &file);
  if (found) ck_assert_int_eq(file.data[0], (char)i);
  sb_drop(&file);
  return found;
}

/* As if it was used so many seconds ago. */
static void set_age(int i, int seconds) {
  char path[256], *at = path + sprintf(path, "%s/", folder);
  CacheDigest key = nth(i);
  for (size_t k = 0; k < sizeof key.bytes; k++) at += sprintf(at, k == 0 ? "%02x/" : "%02x", key.bytes[k]);
  struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
  ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(least_recently_used_goes_first) {
  CacheDir *dir = open_dir(64 << 10);
  for (int i = 0; i < 12; i++) { /* 48 kB */
    put(dir, i, 4000);
    set_age(i, 100 - i);
  }
  StrBuf file = {0};
  CacheDigest first = nth(0);
  ck_assert(cache_dir_read(dir, &first, &file)); /* used now */
  sb_drop(&file);
  for (int i = 12; i < 17; i++) put(dir, i, 4000); /* 68 kB are beyond the bound: down to 56 */
  ck_assert(has(dir, 0));
  ck_assert(!has(dir, 1) && !has(dir, 2) && !has(dir, 3));
  for (int i = 4; i < 17; i++) ck_assert_msg(has(dir, i), "%d is gone", i);
  CacheFiles files;
  cache_dir_list(dir, &files);
  ck_assert_uint_eq(files.len, 14);
  ck_assert_uint_le(files.size, 64 << 10);
  free(files.data);
  put(dir, 99, 65 << 10); /* larger than all: not kept, no failure */
  ck_assert(!has(dir, 99) && has(dir, 16));
  ck_assert_uint_eq(cache_dir_clear(dir), 14);
  ck_assert(!has(dir, 16));
  cache_dir_close(dir);
}
END_TEST

START_TEST(what_killed_writers_left_is_removed) {
  char stale[128], live[128], old[128];
  CacheDir *dir = open_dir(1 << 20);
  put(dir, 0, 10);
  pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, NULL, 0);
  sprintf(stale, "%s/tmp/%d-0", folder, (int)gone);
  sprintf(live, "%s/tmp/%d-1000", folder, (int)getpid());
  sprintf(old, "%s/tmp/%d-1001", folder, (int)getpid());
  close(creat(stale, 0600)), close(creat(live, 0600)), close(creat(old, 0600));
  struct timespec times[2] = {{.tv_sec = time(NULL) - 7200}, {.tv_sec = time(NULL) - 7200}};
  utimensat(AT_FDCWD, old, times, 0);
  cache_dir_close(dir);
  dir = open_dir(1 << 20);
  put(dir, 1, 10); /* the first of this writer */
  ck_assert_int_ne(access(stale, F_OK), 0);
  ck_assert_int_ne(access(old, F_OK), 0);
  ck_assert_int_eq(access(live, F_OK), 0);
  cache_dir_close(dir);
}
END_TEST

START_TEST(folders_that_others_can_change_are_refused) {
  static const struct {
    mode_t mode;
    bool other_owner, ok;
  } rows[] = {{0700, false, true},  {0755, false, true},  {0770, false, false},
              {0707, false, false}, {0777, false, false}, {0700, true, false}};
  StrBuf why = {0};
  ck_assert_int_eq(chmod(folder, rows[_i].mode), 0);
  if (rows[_i].other_owner && (geteuid() != 0 || chown(folder, 12345, (gid_t)-1))) return; /* only root can give a folder away */
  CacheDir *dir = cache_dir_open(folder, 1 << 20, &why);
  ck_assert_msg((dir != NULL) == rows[_i].ok, "row %d: %s", _i, sb_text(&why));
  cache_dir_close(dir);
  sb_drop(&why);
}
END_TEST

START_TEST(files_that_others_can_change_are_none) {
  CacheDir *dir = open_dir(1 << 20);
  put(dir, 0, 100);
  char path[256], *at = path + sprintf(path, "%s/", folder);
  CacheDigest key = nth(0);
  for (size_t k = 0; k < sizeof key.bytes; k++) at += sprintf(at, k == 0 ? "%02x/" : "%02x", key.bytes[k]);
  ck_assert(has(dir, 0));
  chmod(path, 0620);
  ck_assert(!has(dir, 0));
  chmod(path, 0600);
  ck_assert(has(dir, 0));
  if (geteuid() == 0) {
    ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
    ck_assert(!has(dir, 0));
  }
  ck_assert_int_eq(truncate(path, 0), 0);
  ck_assert(!has(dir, 0));
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(symlink("/etc/passwd", path), 0);
  ck_assert(!has(dir, 0));
  unlink(path);
  ck_assert_int_eq(mkfifo(path, 0600), 0); /* must not wait for a writer */
  ck_assert(!has(dir, 0));
  unlink(path);
  ck_assert_int_eq(mkdir(path, 0700), 0);
  ck_assert(!has(dir, 0));
  put(dir, 1, 100);
  cache_dir_close(dir);
}
END_TEST

/* An entry of another build is whole, but nobody finds it. */
START_TEST(entries_of_other_builds_are_pruned) {
  StrBuf file = {0}, why = {0};
  CacheKey key;
  lj_config config;
  lj_report *report = lj_report_new();
  lj_text said;
  make_entry(&file, &key);
  CacheDir *dir = open_dir(1 << 20);
  ck_assert(cache_dir_write(dir, &key.digest, file.data, file.len, &why));
  cache_dir_close(dir);
  lj_config_init(&config);
  config.cache_dir = folder;
  ck_assert_int_eq(lj_cache_do(&config, "list", report, &said), LJ_OK);
  ck_assert_ptr_nonnull(strstr(said.data, "f(int64)  k.lp  (another build)\n"));
  lj_text_free(&said);
  ck_assert_int_eq(lj_cache_do(&config, "verify", report, &said), LJ_OK);
  lj_text_free(&said);
  ck_assert_int_eq(lj_cache_do(&config, "prune", report, &said), LJ_OK);
  ck_assert_str_eq(said.data, "1 entries removed\n");
  lj_text_free(&said);
  ck_assert_int_eq(lj_cache_do(&config, "burn", report, &said), LJ_MISUSE);
  config.cache_dir = "/dev/null";
  ck_assert_int_eq(lj_cache_do(&config, "stats", report, &said), LJ_IO);
  config.cache_dir = "";
  ck_assert_int_eq(lj_cache_do(&config, "path", report, &said), LJ_IO);
  lj_report_free(report);
  sb_drop(&file);
  cache_key_drop(&key);
}
END_TEST

/* ---- engines ---- */

typedef struct Run {
  lj_engine *engine;
  lj_module *module;
  lj_report *report;
  uint64_t hits, misses, stored;
} Run;

static void start(Run *r, const char *file, const char *text) {
  lj_config config;
  lj_config_init(&config);
  config.cache_dir = folder;
  config.opt_level = 0;
  r->report = lj_report_new();
  ck_assert_int_eq(lj_engine_new(&config, r->report, &r->engine), LJ_OK);
  lj_status status = lj_module_load(r->engine, file, text, strlen(text), 0, r->report, &r->module);
  ck_assert_msg(status == LJ_OK, "%s", lj_report_text(r->report));
}

static void finish(Run *r) {
  lj_cache_counts counts = {.size = sizeof counts};
  lj_engine_cache_counts(r->engine, &counts);
  r->hits = counts.hits, r->misses = counts.misses, r->stored = counts.stored;
  lj_module_free(r->module);
  lj_engine_free(r->engine);
  lj_report_free(r->report);
}

static const char vectors[] = "import numpy as np\n"
                              "TABLE = np.array([10, 20, 30])\n"
                              "def f(x, k=2):\n    'twice'\n    return x * k\n"
                              "def g(a: 'float64[:]', i):\n    return a[i]\n"
                              "def t(i):\n    return TABLE[i], None, (i, 1.5)\n"
                              "def s(x):\n    return f'<{x}>'\n"
                              "def fails(a, i):\n"
                              "    b = f(i)\n"
                              "    return g(a, b)\n"
                              "def sorts(a):\n    return np.sort(a)\n";

/* Every kind of argument and result, cold and from the cache. */
START_TEST(kernels_come_back) {
  double data[] = {3, 1, 2};
  for (int warm = 0; warm < 2; warm++) {
    Run r;
    start(&r, warm ? "other.lp" : "k.lp", vectors);
    ck_assert_uint_eq(lj_module_function_count(r.module), 6);
    lj_function *f = lj_module_find(r.module, "f");
    ck_assert_str_eq(lj_function_name(f), "f");
    ck_assert_str_eq(lj_function_doc(f), "twice");
    ck_assert_uint_eq(lj_function_param_count(f), 2);
    ck_assert_str_eq(lj_function_param_name(f, 1), "k");
    ck_assert(!lj_function_param_has_default(f, 0) && lj_function_param_has_default(f, 1));
    lj_value args[2] = {lj_int64(21), lj_int64(3)}, result;
    ck_assert_int_eq(lj_call(f, args, 1, &result, r.report), LJ_OK);
    ck_assert_int_eq(result.as.i, 42);
    ck_assert_int_eq(lj_call(f, args, 2, &result, r.report), LJ_OK);
    ck_assert_int_eq(result.as.i, 63);
    lj_kernel *kernel, *same;
    lj_value half = lj_float64(0.5);
    ck_assert_int_eq(lj_specialise(f, "float64(float64)", r.report, &kernel), LJ_OK);
    ck_assert_str_eq(lj_kernel_signature(kernel), "float64(float64)");
    ck_assert_uint_eq(lj_kernel_args_size(kernel), 8);
    ck_assert_int_eq(lj_specialise_for(f, &half, 1, r.report, &same), LJ_OK);
    ck_assert_ptr_eq(kernel, same);
    ck_assert_int_eq(lj_specialise(f, "int64(float64)", r.report, &kernel), LJ_ERROR);
    ck_assert_ptr_nonnull(strstr(lj_report_text(r.report), "f() returns float64 here, not int64"));
    lj_value array[2] = {lj_array1d(LJ_FLOAT64, data, 3), lj_int64(1)};
    ck_assert_int_eq(lj_call(lj_module_find(r.module, "g"), array, 2, &result, r.report), LJ_OK);
    ck_assert_double_eq(result.as.f, 1);
    ck_assert_int_eq(lj_call(lj_module_find(r.module, "t"), array + 1, 1, &result, r.report), LJ_OK);
    ck_assert_int_eq(result.kind, LJ_KIND_TUPLE);
    ck_assert_int_eq(result.as.tuple.items[0].as.i, 20);
    ck_assert_int_eq(result.as.tuple.items[1].kind, LJ_KIND_NONE);
    ck_assert_double_eq(result.as.tuple.items[2].as.tuple.items[1].as.f, 1.5);
    lj_value_free(&result);
    ck_assert_int_eq(lj_call(lj_module_find(r.module, "s"), array + 1, 1, &result, r.report), LJ_OK);
    ck_assert_uint_eq(result.as.str.length, 3);
    ck_assert_mem_eq(result.as.str.data, "<1>", 3);
    lj_value_free(&result);
    ck_assert_int_eq(lj_call(lj_module_find(r.module, "sorts"), array, 1, &result, r.report), LJ_OK);
    ck_assert_double_eq(((double *)result.as.array.data)[2], 3);
    lj_value_free(&result);
    finish(&r);
    if (warm)
      ck_assert_uint_eq(r.hits, 8); /* the program under its new name; f three times, however often it was asked for; g, t, s, sorts */
    if (!warm) ck_assert_uint_eq(r.stored, 8);
  }
}
END_TEST

/* The text of a run-time error. */
static char *error_of(const char *file, const char *text, bool cached, bool *hit) {
  char dir[64];
  strcpy(dir, folder);
  if (!cached) folder[0] = 0; /* no cache */
  Run r;
  double data[] = {1, 2, 3};
  lj_value args[2] = {lj_array1d(LJ_FLOAT64, data, 3), lj_int64(7)}, result;
  start(&r, file, text);
  ck_assert_int_eq(lj_call(lj_module_find(r.module, "fails"), args, 2, &result, r.report), LJ_ERROR);
  char *error = strdup(lj_report_text(r.report));
  finish(&r);
  strcpy(folder, dir);
  *hit = r.hits > 0;
  return error;
}

static const struct {
  const char *file, *before, *comment;
} moved[] = {
    {"k.lp", "", ""},
    {"other/name.lp", "", ""},
    {"k.lp", "\n\n# a head\nunused = 3\n", ""},
    {"k.lp", "def unused(x):\n    return x\n", "    # about i\n\n"},
    {"\303\244.lp", "'''doc\nstring'''\n", "    # \344\270\255\346\226\207\n"},
};
START_TEST(errors_show_where_the_text_is_now) {
  bool hit;
  free(error_of("k.lp", vectors, true, &hit));
  StrBuf text = {0};
  const char *body = strstr(vectors, "    b = f(i)\n");
  sb_puts(&text, moved[_i].before);
  sb_add(&text, vectors, (size_t)(body - vectors));
  sb_puts(&text, moved[_i].comment);
  sb_puts(&text, body);
  char *want = error_of(moved[_i].file, sb_text(&text), false, &hit);
  ck_assert(!hit);
  char *got = error_of(moved[_i].file, sb_text(&text), true, &hit);
  ck_assert(hit);
  ck_assert_str_eq(got, want);
  ck_assert_ptr_nonnull(strstr(got, "IndexError"));
  ck_assert_ptr_nonnull(strstr(got, "called from here"));
  free(want);
  free(got);
  sb_drop(&text);
}
END_TEST

/* What lru_cache remembers belongs to the function, whichever kernel asks, new or from the cache. */
START_TEST(memos_are_shared_by_old_and_new_kernels) {
  static const char head[] = "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef m(x):\n    return x * x\n";
  static const char a[] = "def a(x):\n    return m(x)\n", b[] = "def b(x):\n    m(x)\n    return m.cache_info().hits\n";
  char text[512];
  for (int round = 0; round < 2; round++) {
    Run r;
    lj_value x = lj_int64(5), result;
    sprintf(text, "%s%s%s%s", round ? "z = 1\n" : "", head, a, round ? b : "");
    start(&r, "k.lp", text);
    ck_assert_int_eq(lj_call(lj_module_find(r.module, "a"), &x, 1, &result, r.report), LJ_OK);
    ck_assert_int_eq(result.as.i, 25);
    if (round) {
      ck_assert_int_eq(lj_call(lj_module_find(r.module, "b"), &x, 1, &result, r.report), LJ_OK);
      ck_assert_int_eq(result.as.i, 1);
    }
    finish(&r);
    ck_assert_uint_eq(r.hits, (uint64_t)round);
  }
}
END_TEST

START_TEST(damaged_programs_are_compiled_again) {
  Run r;
  lj_value x = lj_int64(5), result;
  for (int round = 0; round < 3; round++) {
    start(&r, "k.lp", F);
    ck_assert_int_eq(lj_call(lj_module_find(r.module, "f"), &x, 1, &result, r.report), LJ_OK);
    ck_assert_int_eq(result.as.i, 6);
    finish(&r);
    ck_assert_uint_eq(r.hits, round == 2 ? 2 : 0);
    if (round) continue;
    CacheDir *dir = open_dir(1 << 20);
    CacheFiles files;
    cache_dir_list(dir, &files);
    ck_assert_uint_eq(files.len, 2);
    for (size_t i = 0; i < files.len; i++) {
      StrBuf file = {0}, why = {0};
      ck_assert(cache_dir_peek(dir, &files.data[i].key, &file));
      file.data[file.len / 2] ^= 4;
      ck_assert(cache_dir_write(dir, &files.data[i].key, file.data, file.len, &why));
      sb_drop(&file);
    }
    free(files.data);
    cache_dir_close(dir);
  }
}
END_TEST

/* LOOPJIT_FLIPS=1 flips every byte; by default every 31st. */
START_TEST(any_changed_byte_is_a_miss_or_right) {
  const char *wish = getenv("LOOPJIT_FLIPS");
  size_t step = wish && atoi(wish) == 1 ? 1 : 31;
  CacheFiles files;
  Run r;
  lj_value x = lj_int64(5), result;
  start(&r, "k.lp", F);
  ck_assert_int_eq(lj_call(lj_module_find(r.module, "f"), &x, 1, &result, r.report), LJ_OK);
  finish(&r);
  CacheDir *dir = open_dir(1 << 20);
  cache_dir_list(dir, &files);
  ck_assert_uint_eq(files.len, 2);
  for (size_t k = 0; k < files.len; k++) {
    StrBuf file = {0}, why = {0};
    ck_assert(cache_dir_peek(dir, &files.data[k].key, &file));
    for (size_t i = 0; i < file.len; i += step) {
      char keep = file.data[i];
      file.data[i] = (char)(keep ^ (1 << i % 8));
      ck_assert(cache_dir_write(dir, &files.data[k].key, file.data, file.len, &why));
      file.data[i] = keep;
      start(&r, "k.lp", F);
      ck_assert_int_eq(lj_call(lj_module_find(r.module, "f"), &x, 1, &result, r.report), LJ_OK);
      ck_assert_int_eq(result.as.i, 6);
      ck_assert_str_eq(lj_report_text(r.report), "");
      finish(&r);
      ck_assert_uint_eq(r.hits, 1);
      ck_assert_uint_eq(r.stored, 1); /* the damaged one, again */
    }
    sb_drop(&file);
  }
  free(files.data);
  cache_dir_close(dir);
}
END_TEST

/* Threads with modules of their own on one engine, and engines of their own, over one small folder that is emptied now and then. */
enum { THREADS = 6, ROUNDS = 12 };
static lj_engine *shared;

static void *work(void *number) {
  int id = (int)(intptr_t)number;
  lj_report *report = lj_report_new();
  for (int i = 0; i < ROUNDS; i++) {
    char text[128];
    lj_engine *engine = shared;
    lj_module *module;
    lj_config config;
    lj_config_init(&config);
    config.cache_dir = folder;
    config.cache_bytes = 32 << 10;
    config.opt_level = 0;
    if (id % 2) ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_OK);
    sprintf(text, "def f(x):\n    return x * %d\n", (id / 2 + i) % 5);
    ck_assert_int_eq(lj_module_load(engine, "k.lp", text, strlen(text), 0, report, &module), LJ_OK);
    lj_value x = lj_int64(7), result;
    ck_assert_int_eq(lj_call(lj_module_find(module, "f"), &x, 1, &result, report), LJ_OK);
    ck_assert_int_eq(result.as.i, 7 * ((id / 2 + i) % 5));
    ck_assert_str_eq(lj_report_text(report), "");
    lj_module_free(module);
    lj_text said;
    if (id == 0) lj_cache_do(&config, i % 3 ? "prune" : "clear", report, &said), lj_text_free(&said);
    if (id % 2) lj_engine_free(engine);
  }
  lj_report_free(report);
  return NULL;
}

START_TEST(threads_share_a_folder) {
  pthread_t threads[THREADS];
  lj_config config;
  lj_config_init(&config);
  config.cache_dir = folder;
  config.cache_bytes = 32 << 10;
  config.opt_level = 0;
  ck_assert_int_eq(lj_engine_new(&config, NULL, &shared), LJ_OK);
  for (intptr_t i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)i), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  lj_engine_free(shared);
}
END_TEST

/* The cache goes off with one note, and everything works. */
static void note_comes_once(void) {
  Run r;
  lj_value x = lj_int64(5), result;
  start(&r, "k.lp", F);
  unsigned notes = strstr(lj_report_text(r.report), "note: the cache of compiled code is off: ") != NULL;
  ck_assert_uint_eq(lj_report_errors(r.report), 0);
  for (int i = 0; i < 3; i++) {
    lj_value y = i == 1 ? lj_float64(5) : x;
    ck_assert_int_eq(lj_call(lj_module_find(r.module, "f"), &y, 1, &result, r.report), LJ_OK);
    notes += strstr(lj_report_text(r.report), "note: the cache") != NULL;
  }
  ck_assert_uint_eq(notes, 1);
  finish(&r);
  ck_assert_uint_eq(r.stored, 0);
}

START_TEST(unusable_folders_turn_it_off) {
  static const char *const paths[] = {"/proc/loopjit/cache", "/dev/null", "/dev/null/x", "%s"};
  char keep[64];
  strcpy(keep, folder);
  if (strcmp(paths[_i], "%s") == 0)
    chmod(folder, 0777);
  else
    strcpy(folder, paths[_i]);
  note_comes_once();
  strcpy(folder, keep);
}
END_TEST

START_TEST(limits_on_files_turn_it_off) {
  struct rlimit old, small;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
  small = old;
  small.rlim_cur = 2000;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  note_comes_once();
  setrlimit(RLIMIT_FSIZE, &old);
}
END_TEST

Suite *suite_cache(void) {
  Suite *s = suite_create("cache");
  TCase *t = tcase_create("cache");
  tcase_add_checked_fixture(t, make_folder, drop_folder);
  tcase_set_timeout(t, 900);
  tcase_add_loop_test(t, digest_is_blake3, 0, LJ_COUNT(digests));
  tcase_add_loop_test(t, types_come_back, 0, LJ_COUNT(type_texts));
  tcase_add_loop_test(t, keys_depend_on_content, 0, LJ_COUNT(keys));
  tcase_add_test(t, module_name_counts_where_it_is_read);
  tcase_add_loop_test(t, keys_depend_on_the_engine, 0, LJ_COUNT(targets));
  tcase_add_test(t, entries_come_back);
  tcase_add_test(t, damaged_entries_are_none);
  tcase_add_test(t, least_recently_used_goes_first);
  tcase_add_test(t, what_killed_writers_left_is_removed);
  tcase_add_loop_test(t, folders_that_others_can_change_are_refused, 0, 6);
  tcase_add_test(t, files_that_others_can_change_are_none);
  tcase_add_test(t, entries_of_other_builds_are_pruned);
  tcase_add_test(t, kernels_come_back);
  tcase_add_loop_test(t, errors_show_where_the_text_is_now, 0, LJ_COUNT(moved));
  tcase_add_test(t, memos_are_shared_by_old_and_new_kernels);
  tcase_add_test(t, damaged_programs_are_compiled_again);
  tcase_add_test(t, any_changed_byte_is_a_miss_or_right);
  tcase_add_test(t, threads_share_a_folder);
  tcase_add_loop_test(t, unusable_folders_turn_it_off, 0, 4);
  tcase_add_test(t, limits_on_files_turn_it_off);
  suite_add_tcase(s, t);
  return s;
}
