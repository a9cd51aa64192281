/* The cache on disk in use: engines over one folder find again what others compiled, say where errors are now, survive damage and each other. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "jit/engine.h"
#include "tests/unit/cache_help.h"

static const char F[] = "def f(x):\n    return x + 1\n";

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

Suite *suite_cache_engines(void) {
  Suite *s = suite_create("cache_engines");
  TCase *t = tcase_create("cache_engines");
  tcase_add_checked_fixture(t, make_folder, drop_folder);
  tcase_set_timeout(t, 900);
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
