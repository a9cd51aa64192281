/* The parts of the cache on disk: digests, types, keys, entries, folders. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontend/content.h"
#include "jit/engine.h"
#include "tests/unit/cache_help.h"

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

static const char *path_of(int i) {
  static char path[256];
  char *at = path + sprintf(path, "%s/", folder);
  CacheDigest key = nth(i);
  for (size_t k = 0; k < sizeof key.bytes; k++) at += sprintf(at, k == 0 ? "%02x/" : "%02x", key.bytes[k]);
  return path;
}

/* As if it was used so many seconds ago. */
static void set_age(int i, int seconds) {
  struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
  ck_assert_int_eq(utimensat(AT_FDCWD, path_of(i), times, 0), 0);
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
  const char *path = path_of(0);
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
  ck_assert_str_eq(said.data, "1 entry removed\n");
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
  suite_add_tcase(s, t);
  return s;
}
