/* Libraries made ahead of time, as far as no linker is needed: what can be exported and what not, the header, objects and archives as bytes. What
 * compilers make of them: tests/run_build.py. */
#include <stdlib.h>

#include "api_help.h"
#include "runtime/rt_export.h"

static const char program[] = "import numpy as np\n"
                              "from numba import njit\n"
                              "A = np.ones(3)\n"
                              "@njit('float64(float64[::1], int64)')\n"
                              "def pick(x, i):\n"
                              "    '''An element. */ '''\n"
                              "    return x[i]\n"
                              "def same(x):\n"
                              "    return x\n"
                              "def two(x, y=2.0):\n"
                              "    return x, (y, x)\n"
                              "def nothing():\n"
                              "    return None\n"
                              "def words(int, result, size_t, z):\n"
                              "    return int + result + size_t + z\n"
                              "def macros(errno, I, x_t, INT_MAX, N, double, arg6, arg6_):\n"
                              "    return errno + I + x_t + INT_MAX + N + double + arg6 + arg6_\n"
                              "def kind():\n"
                              "    return np.float32\n"
                              "def walk():\n"
                              "    return range(3)\n"
                              "def whole(x):\n"
                              "    return A.sum() + x\n"
                              "def wrong(x):\n"
                              "    return x.nothing\n";

static void begin(void) {
  api_begin();
  lj_config config;
  lj_config_init(&config);
  config.opt_level = 1;
  api_open(&config, program);
}

/* One export, or none for NULL. */
static lj_status build(const char *file, const char *export, const char *cpus, lj_text *output, lj_text *header) {
  lj_build_options options;
  lj_build_options_init(&options);
  options.file = file;
  options.exports = &export;
  options.export_count = export != NULL;
  options.cpus = cpus;
  options.shared_runtime = true;
  return lj_module_build(module, &options, report, output, header);
}

/* ---- prototypes ---- */

static const struct {
  const char *export, *want;
} prototypes[] = {
    {"same(int64)", "/* same(x: int64) -> int64 */\nint32_t same(int64_t x, int64_t *result);\n"},
    {"same(boolean)", "int32_t same(bool x, bool *result);\n"},
    {"same(uint8)", "int32_t same(uint8_t x, uint8_t *result);\n"},
    {"same(float32)", "int32_t same(float x, float *result);\n"},
    {"same(complex64)", "int32_t same(loopjit_complex64 x, loopjit_complex64 *result);\n"},
    {"same(unicode_type)", "int32_t same(const loopjit_str *x, loopjit_str *result);\n"},
    {"same(float64[:])", "int32_t same(const loopjit_float64_1d *x, loopjit_float64_1d *result);\n"},
    {"same(int8[:, ::1])", "int32_t same(const loopjit_int8_2d *x, loopjit_int8_2d *result);\n"},
    {"same(complex128[::1, :, :])", "typedef struct loopjit_complex128_3d {\n  loopjit_complex128 *data;\n"},
    {"same(boolean[:])", "typedef struct loopjit_bool_1d {\n  bool *data;\n"},
    {"same(float64[:, :])", "  a.strides[0] = (int64_t)sizeof *data * n1;\n  a.strides[1] = (int64_t)sizeof *data;\n"},
    {"same(UniTuple(int32, 3))",
     "/* UniTuple(int32, 3) */\n  int32_t item0;\n  int32_t item1;\n  int32_t item2;\n} loopjit_tuple3x_int32;\n"},
    {"same(Tuple((int64, float32[:])))",
     "int32_t same(const loopjit_tuple2_int64_float32_1d *x, loopjit_tuple2_int64_float32_1d *result);\n"},
    {"same(optional(int64))", "  bool present; /* false: None */\n  int64_t value;\n} loopjit_optional_int64;\n"},
    {"two(int64)",
     "/* two(x: int64) -> Tuple(int64, Tuple(float64, int64)) */\nint32_t two(int64_t x, loopjit_tuple2_int64_tuple2_float64_int64 "
     "*result);\n"},
    {"two(int64, uint8)", "int32_t two(int64_t x, uint8_t y, loopjit_tuple2_int64_tuple2_uint8_int64 *result);\n"},
    {"nothing()", "/* nothing() -> none */\nint32_t nothing(void);\n"},
    {"pick", "/* pick(x: array(float64, 1d, C), i: int64) -> float64\n * An element. * / */\n"},
    {"  my_pick = pick  ( float64[::1] , int64 )  ", "int32_t my_pick(const loopjit_float64_1d *x, int64_t i, double *result);\n"},
    {"words(int64, int64, int64, int64)", "int32_t words(int64_t arg1, int64_t arg2, int64_t arg3, int64_t z, int64_t *result);\n"},
    {"macros(int8, int8, int8, int8, int8, int8, int8, int8)",
     "int32_t macros(int8_t arg1, int8_t arg2, int8_t arg3, int8_t arg4, int8_t N, int8_t arg6__, int8_t arg6, int8_t arg6_, int64_t "
     "*result);\n"},
    {"assertion=same(bool)", "int32_t assertion(bool x, bool *result);\n"},
    {"whole(float64)", "int32_t whole(double x, double *result);\n"},
    {NULL, "int32_t pick(const loopjit_float64_1d *x, int64_t i, double *result);\n"},
};

START_TEST(header_declares) {
  lj_text output, header;
  lj_status status = build("libk.o", prototypes[_i].export, "x86-64", &output, &header);
  ck_assert_msg(status == LJ_OK, "%s", lj_report_text(report));
  ck_assert_msg(strstr(header.data, prototypes[_i].want), "%s\n-- is not in --\n%s", prototypes[_i].want, header.data);
  ck_assert_int_eq(strlen(header.data), header.length);
  ck_assert_uint_gt(output.length, 100);
  ck_assert(memcmp(output.data, "\177ELF", 4) == 0);
  lj_text_free(&output);
  lj_text_free(&header);
}
END_TEST

/* ---- refusals ---- */

static const struct {
  const char *file, *export, *cpus;
  lj_status status;
  const char *message;
} refused[] = {
    {"k.o", "kind()", NULL, LJ_ERROR, "its result is dtype(float32), a dtype, which C has no values of"},
    {"k.o", "walk()", NULL, LJ_ERROR, "iterator"},
    {"k.o", "wrong(float64)", NULL, LJ_ERROR, "AttributeError"},
    {"k.o", "pick(float64)", NULL, LJ_ERROR, "TypeError"},
    {"k.o", "pick(float64[:], int64)x", NULL, LJ_ERROR, "does not end with ')'"},
    {"k.o", "none(int64)", NULL, LJ_ERROR, "'test.lp' has no function 'none' to export"},
    {"k.o", "same", NULL, LJ_ERROR, "for which types shall 'same' be exported?"},
    {"k.o", "sin=same(int64)", NULL, LJ_ERROR, "'sin' is a name of the C library"},
    {"k.o", "memcpy=same(int64)", NULL, LJ_ERROR, "'memcpy' is a name of the C library"},
    {"k.o", "read=same(int64)", NULL, LJ_ERROR, "'read' is a name of the C library"},
    {"k.o", "int=same(int64)", NULL, LJ_ERROR, "'int' is no name that C and C++ can use"},
    {"k.o", "class=same(int64)", NULL, LJ_ERROR, "'class' is no name"},
    {"k.o", "__x=same(int64)", NULL, LJ_ERROR, "'__x' is no name"},
    {"k.o", "std=same(int64)", NULL, LJ_ERROR, "'std' is a name that the headers of C and C++ have"},
    {"k.o", "isfinite=same(float64)", NULL, LJ_ERROR, "'isfinite' is a name that the headers"},
    {"k.o", "assert=same(float64)", NULL, LJ_ERROR, "'assert' is a name that the headers"},
    {"k.o", "size_t=same(float64)", NULL, LJ_ERROR, "'size_t' is a name that the headers"},
    {"k.o", "I=same(float64)", NULL, LJ_ERROR, "'I' is a name that the headers"},
    {"k.o", "INT64_MAX=same(float64)", NULL, LJ_ERROR, "'INT64_MAX' is a name that the headers"},
    {"k.o", "LOOPJIT_OK=same(float64)", NULL, LJ_ERROR, "'LOOPJIT_OK' is a name that the headers"},
    {"k.o", "_end=same(float64)", NULL, LJ_ERROR, "'_end' is a name that the headers"},
    {"libloopjit.so", "same(int64)", NULL, LJ_MISUSE, "names that begin as those of loopjit do"},
    {"lj_rt_export.o", "same(int64)", NULL, LJ_MISUSE, "names that begin as those of loopjit do"},
    {"k.o", "3x=same(int64)", NULL, LJ_ERROR, "'3x' is no name"},
    {"k.o", "k_release=same(int64)", NULL, LJ_ERROR, "a function that the library has of its own"},
    {"k.o", "lj_call=same(int64)", NULL, LJ_ERROR, "the beginning of a name of loopjit"},
    {"k.o", "same(int64)", "x86-64-v9", LJ_MISUSE, "there is no CPU 'x86-64-v9' for this machine"},
    {"k.o", "same(int64)", "x86-64,haswell", LJ_MISUSE, "'haswell' cannot be one of several CPUs"},
    {"k.o", "same(int64)", "native,native", LJ_MISUSE, "named twice"},
    {"k.o", "same(int64)", "native, native", LJ_MISUSE, "the CPU 'native' is named twice"},
    {"k.o", "same(int64)", ",", LJ_MISUSE, "there is no CPU ''"},
    {"k.exe", "same(int64)", NULL, LJ_MISUSE, "ends with none of .o, .a and .so"},
    {"k", "same(int64)", NULL, LJ_MISUSE, "ends with none of"},
    {"dir/.o", "same(int64)", NULL, LJ_MISUSE, "has no name before its ending"},
    {NULL, "same(int64)", NULL, LJ_MISUSE, "the output has no name"},
};

START_TEST(refuses) {
  lj_text output = {(char *)1, 1}, header = {(char *)1, 1};
  ck_assert_int_eq(build(refused[_i].file, refused[_i].export, refused[_i].cpus, &output, &header), refused[_i].status);
  ck_assert_msg(strstr(lj_report_text(report), refused[_i].message), "%s\n-- is not in --\n%s", refused[_i].message,
                lj_report_text(report));
  ck_assert(!output.data && !output.length && !header.data && !header.length);
}
END_TEST

START_TEST(options_are_checked) {
  lj_build_options options;
  lj_text output, header;
  lj_build_options_init(&options);
  options.size = 3;
  ck_assert_int_eq(lj_module_build(module, &options, report, &output, &header), LJ_MISUSE);
  ck_assert_int_eq(lj_module_build(module, NULL, report, &output, &header), LJ_MISUSE);
  ck_assert_int_eq(lj_module_build(NULL, &options, report, &output, &header), LJ_MISUSE);
  ck_assert_int_eq(lj_module_build(NULL, &options, NULL, &output, &header), LJ_MISUSE);
}
END_TEST

/* ---- bytes ---- */

static const char *const outputs[] = {"libk.o", "libk.a"};

START_TEST(twice_the_same) {
  lj_text first, second, header, other;
  ck_assert_int_eq(build(outputs[_i], "pick", NULL, &first, &header), LJ_OK);
  api_close();
  lj_config config;
  lj_config_init(&config);
  config.opt_level = 1;
  api_open(&config, program);
  lj_kernel *kernel; /* what the engine did before does not matter */
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "same"), "float64", report, &kernel), LJ_OK);
  ck_assert_int_eq(build(outputs[_i], "pick", NULL, &second, &other), LJ_OK);
  ck_assert_uint_eq(first.length, second.length);
  ck_assert(memcmp(first.data, second.data, first.length) == 0);
  ck_assert_str_eq(header.data, other.data);
  lj_text_free(&first);
  lj_text_free(&second);
  lj_text_free(&header);
  lj_text_free(&other);
}
END_TEST

static bool holds(const lj_text *bytes, const char *what) { return memmem(bytes->data, bytes->length, what, strlen(what)) != NULL; }

START_TEST(archive_has_an_index) {
  lj_text output, header;
  ck_assert_int_eq(build("libk.a", "pick", "x86-64", &output, &header), LJ_OK);
  ck_assert(memcmp(output.data, "!<arch>\n/               0           0     0     644     ", 8 + 48) == 0);
  for (const char *const *name = (const char *const[]){"pick", "k_error", "k_release", "k_set_threads", "k_cpu", NULL}; *name; name++)
    ck_assert_msg(holds(&output, *name), "%s", *name);
  ck_assert(holds(&output, "k.o/            0           0     0     644     "));
  lj_text_free(&output);
  lj_text_free(&header);
}
END_TEST

/* Lines that errors name are in the library, others are not; nor is where the program stands. */
START_TEST(knows_the_lines_that_fail) {
  lj_text output, header;
  api_close();
  lj_config config;
  lj_config_init(&config);
  static const char text[] = "# a secret\ndef pick(x, i):\n    y = 1\n    return x[i] + y\n";
  ck_assert_int_eq(lj_engine_new(&config, report, &engine), LJ_OK);
  ck_assert_int_eq(lj_module_load(engine, "/some/where/k.lp", text, strlen(text), 0, report, &module), LJ_OK);
  ck_assert_int_eq(build("k.o", "pick(float64[:], int64)", "x86-64", &output, &header), LJ_OK);
  ck_assert(holds(&output, "    return x[i] + y") && holds(&output, "k.lp"));
  ck_assert(!holds(&output, "secret") && !holds(&output, "y = 1") && !holds(&output, "/some"));
  ck_assert(!holds(&header, "/some"));
  lj_text_free(&output);
  lj_text_free(&header);
}
END_TEST

/* What a missing runtime says; and one version for each CPU. */
START_TEST(runtime_must_be_there) {
  lj_build_options options;
  lj_text output, header;
  lj_build_options_init(&options);
  options.file = "k.a";
  options.runtime_folder = "/nowhere";
  ck_assert_int_eq(lj_module_build(module, &options, report, &output, &header), LJ_IO);
  ck_assert(strstr(lj_report_text(report), "cannot read the runtime '/nowhere/libloopjit-rt.a': No such file"));
}
END_TEST

START_TEST(a_version_for_each_cpu) {
  lj_text one, two, header;
  ck_assert_int_eq(build("k.o", "pick", "x86-64", &one, &header), LJ_OK);
  ck_assert(strstr(header.data, " for x86-64.\n"));
  lj_text_free(&header);
  ck_assert_int_eq(build("k.o", "pick", "native,x86-64", &two, &header), LJ_OK);
  ck_assert(strstr(header.data, " for x86-64, native.\n"));
  ck_assert(holds(&two, "lj.pick.0") && holds(&two, "lj.pick.1") && !holds(&one, "lj.pick.1") && two.length > one.length);
  lj_text_free(&one);
  lj_text_free(&two);
  lj_text_free(&header);
}
END_TEST

/* ---- the runtime, with tables made by hand ---- */

static int32_t first_version(lj_rt *rt, const void *args, void *result) {
  (void)rt;
  *(int64_t *)result = *(const int64_t *)args;
  return 0;
}
static int32_t second_version(lj_rt *rt, const void *args, void *result) {
  lj_rt_raise(rt, NULL, VALUE_ERROR, "second %d", *(const int64_t *)args, 0, 0, 0);
  *(int64_t *)result = -1;
  return VALUE_ERROR;
}

static const lj_cpu cpus[] = {{"none has it", {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u}}, {"all have it", {0}}};
static lj_export_entry *const entries[] = {first_version, second_version};
static const lj_export_param params[] = {{"n", "i8", 0, 8}};

START_TEST(versions_are_chosen) {
  int64_t n = 7, result = 3;
  const void *args[] = {&n};
  lj_library library = {.abi = LJ_RT_ABI, .name = "k", .cpus = cpus, .cpu_count = 2};
  lj_export function = {"f", &library, params, entries, 1, 8, 8, 0};
  ck_assert_str_eq(lj_rt_export_error(&library), "");
  ck_assert_int_eq(lj_rt_export_call(&function, args, &result), VALUE_ERROR);
  ck_assert_str_eq(lj_rt_export_error(&library), "error: ValueError: second 7\n");
  ck_assert_str_eq(lj_rt_export_cpu(&library), "all have it");
  lj_rt_export_close(&library);
  ck_assert_str_eq(lj_rt_export_error(&library), "");
  ck_assert_int_eq(lj_rt_export_call(&function, args, &result), VALUE_ERROR); /* a thread that outlives the library */

  lj_library lesser = {.abi = LJ_RT_ABI, .name = "k", .cpus = cpus, .cpu_count = 1};
  function.library = &lesser;
  ck_assert_int_eq(lj_rt_export_call(&function, args, &result), RUNTIME_ERROR);
  ck_assert(strstr(lj_rt_export_error(&lesser), "RuntimeError: f(): this machine's processor lacks instructions of none has it, which"));
  ck_assert_str_eq(lj_rt_export_cpu(&lesser), "");
  lj_rt_export_close(&lesser);

  lj_library best = {.abi = LJ_RT_ABI, .name = "k", .cpus = cpus + 1, .cpu_count = 1};
  function.library = &best;
  ck_assert_int_eq(lj_rt_export_call(&function, args, &result), 0);
  ck_assert_int_eq(result, 7);
  lj_rt_export_close(&best);

  lj_library other = {.abi = LJ_RT_ABI + 1};
  function.library = &other;
  ck_assert_int_eq(lj_rt_export_call(&function, args, &result), RUNTIME_ERROR);
  ck_assert(strstr(lj_rt_export_error(&other), "built for another version of libloopjit-rt"));
  lj_rt_export_threads(&other, 3);
  ck_assert_str_eq(lj_rt_export_cpu(&other), "");
  lj_rt_export_close(&other);
}
END_TEST

START_TEST(levels_contain_each_other) {
  static const char *const names[] = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
  uint32_t before[LJ_CPU_WORDS] = {0}, words[LJ_CPU_WORDS];
  for (size_t i = 0; i < LJ_COUNT(names); i++) {
    bool more = false;
    ck_assert(lj_rt_cpu_level(names[i], words));
    for (size_t k = 0; k < LJ_CPU_WORDS; k++) {
      ck_assert((before[k] & ~words[k]) == 0);
      more |= words[k] != before[k];
    }
    ck_assert(more);
    memcpy(before, words, sizeof before);
  }
  ck_assert(!lj_rt_cpu_level("x86-64-v5", words) && !lj_rt_cpu_level("native", words));
#if defined(__x86_64__)
  uint32_t here[LJ_CPU_WORDS];
  lj_rt_cpu_words(here);
  ck_assert(lj_rt_cpu_level("x86-64", words));
  for (size_t k = 0; k < LJ_CPU_WORDS; k++) ck_assert((words[k] & ~here[k]) == 0);
  __builtin_cpu_init();
  ck_assert(lj_rt_cpu_level("x86-64-v3", words));
  bool all = true;
  for (size_t k = 0; k < LJ_CPU_WORDS; k++) all &= (words[k] & ~here[k]) == 0;
  ck_assert_int_eq(all, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"));
#endif
}
END_TEST

Suite *suite_build(void);
Suite *suite_build(void) {
  Suite *suite = suite_create("build");
  TCase *tc = tcase_create("build");
  tcase_add_checked_fixture(tc, begin, api_end);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, header_declares, 0, LJ_COUNT(prototypes));
  tcase_add_loop_test(tc, refuses, 0, LJ_COUNT(refused));
  tcase_add_test(tc, options_are_checked);
  tcase_add_loop_test(tc, twice_the_same, 0, LJ_COUNT(outputs));
  tcase_add_test(tc, archive_has_an_index);
  tcase_add_test(tc, knows_the_lines_that_fail);
  tcase_add_test(tc, runtime_must_be_there);
  tcase_add_test(tc, a_version_for_each_cpu);
  tcase_add_test(tc, versions_are_chosen);
  tcase_add_test(tc, levels_contain_each_other);
  suite_add_tcase(suite, tc);
  return suite;
}
