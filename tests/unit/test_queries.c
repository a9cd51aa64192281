/* What the library says of functions, kernels and types as data; the structs of native calls as C. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/api_help.h"

static const char source[] = "from numba import njit, vectorize, prange\n"
                             "import numpy as np\n"
                             "def plain(a, b=1, c=(2.5, 'x'), *, d=None):\n"
                             "    'adds'\n"
                             "    return a\n"
                             "@njit(parallel=True, fastmath=True)\n"
                             "def fast(x):\n"
                             "    return x\n"
                             "@njit(boundscheck=False, error_model='numpy')\n"
                             "def free(x): return x\n"
                             "@vectorize\n"
                             "def scaled(x):\n"
                             "    return 2 * x\n"
                             "def maybe(x):\n"
                             "    if x > 0:\n"
                             "        return x\n"
                             "    return None\n"
                             "def many(n, x, s, t, q, flag, z):\n"
                             "    return n, x, (s, z)\n"
                             "def nothing(): pass\n"
                             "def fixed(d, x): return x.astype(d)\n";

static lj_config config;

static void set_up(void) {
  api_begin();
  lj_config_init(&config);
  config.cache_dir = "";
  api_open(&config, source);
}

/* ---- functions ---- */

static const struct {
  const char *name, *decorator, *defaults[4]; /* "-": none */
  uint32_t line;
  unsigned flags;
} functions[] = {
    {"plain", "", {"-", "1", "(2.5, 'x')", "None"}, 3, 0},
    {"fast", "njit", {"-"}, 7, LJ_FUNCTION_PARALLEL | LJ_FUNCTION_FASTMATH},
    {"free", "njit", {"-"}, 10, LJ_FUNCTION_UNCHECKED | LJ_FUNCTION_NUMPY_ERRORS},
    {"scaled", "vectorize", {"-"}, 12, 0},
    {"maybe", "", {"-"}, 14, 0},
    {"nothing", "", {0}, 20, 0},
};

static void check_functions(void) {
  for (size_t i = 0; i < LJ_COUNT(functions); i++) {
    lj_function *f = lj_module_find(module, functions[i].name);
    ck_assert_str_eq(lj_function_decorator(f), functions[i].decorator);
    ck_assert_uint_eq(lj_function_line(f), functions[i].line);
    ck_assert_uint_eq(lj_function_flags(f), functions[i].flags);
    size_t count = 0;
    for (; count < 4 && functions[i].defaults[count]; count++) {
      const char *want = functions[i].defaults[count], *have = lj_function_param_default(f, count);
      ck_assert_str_eq(have ? have : "-", want);
      ck_assert_int_eq(lj_function_param_has_default(f, count), have != NULL);
    }
    ck_assert_uint_eq(lj_function_param_count(f), count);
    ck_assert_ptr_null(lj_function_param_default(f, count));
  }
}

START_TEST(queries_functions) { check_functions(); }
END_TEST

/* From the cache the same, though the text is not parsed. */
START_TEST(queries_functions_from_the_cache) {
  char folder[] = "/tmp/loopjit-queries-XXXXXX", command[64];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  config.cache_dir = folder;
  for (int i = 0; i < 2; i++) {
    api_close();
    api_open(&config, source);
    check_functions();
    lj_kernel *kernel;
    ck_assert_msg(lj_specialise(lj_module_find(module, "many"), "int32, float64[::1], str, UniTuple(int8, 2), none, bool, complex64",
                                report, &kernel) == LJ_OK,
                  "%s", lj_report_text(report));
    ck_assert_uint_eq(lj_kernel_param_count(kernel), 7);
    ck_assert_str_eq(lj_type_text(lj_kernel_param_type(kernel, 4)), "none");
    ck_assert_uint_eq(lj_kernel_param_offset(kernel, 4), SIZE_MAX);
    ck_assert_uint_eq(lj_kernel_param_offset(kernel, 5), lj_kernel_param_offset(kernel, 3) + 2);
    lj_cache_counts counts = {.size = sizeof counts};
    lj_engine_cache_counts(engine, &counts);
    ck_assert_uint_eq(counts.hits, i ? 2 : 0); /* the program and the kernel */
    lj_times times = {.size = sizeof times};
    lj_module_times(module, &times);
    ck_assert_int_eq(times.parse > 0, i == 0);
  }
  snprintf(command, sizeof command, "rm -rf %s", folder);
  ck_assert_int_eq(system(command), 0);
}
END_TEST

/* What the config says counts where the decorator does not. */
START_TEST(queries_flags_of_the_engine) {
  api_close();
  config.parallel = config.no_boundscheck = true;
  api_open(&config, source);
  ck_assert_uint_eq(lj_function_flags(lj_module_find(module, "plain")), LJ_FUNCTION_PARALLEL | LJ_FUNCTION_UNCHECKED);
}
END_TEST

/* ---- types ---- */

static const struct {
  const char *signature, *text;
  lj_kind kind;
  lj_dtype dtype;
  int ndim;
  lj_layout layout;
  bool readonly;
  size_t items, size;
} types[] = {
    {"int32", "int32", LJ_KIND_SCALAR, LJ_INT32, 0, LJ_LAYOUT_C, false, 0, 4},
    {"bool", "bool", LJ_KIND_SCALAR, LJ_BOOL, 0, LJ_LAYOUT_C, false, 0, 1},
    {"complex64", "complex64", LJ_KIND_SCALAR, LJ_COMPLEX64, 0, LJ_LAYOUT_C, false, 0, 8},
    {"float64[:]", "array(float64, 1d, A)", LJ_KIND_ARRAY, LJ_FLOAT64, 1, LJ_LAYOUT_ANY, false, 0, 32},
    {"uint8[:, :, ::1]", "array(uint8, 3d, C)", LJ_KIND_ARRAY, LJ_UINT8, 3, LJ_LAYOUT_C, false, 0, 64},
    {"float32[::1, :]", "array(float32, 2d, F)", LJ_KIND_ARRAY, LJ_FLOAT32, 2, LJ_LAYOUT_F, false, 0, 48},
    {"Array(int8, 1, 'A', readonly=True)", "readonly array(int8, 1d, A)", LJ_KIND_ARRAY, LJ_INT8, 1, LJ_LAYOUT_ANY, true, 0, 32},
    {"Tuple((int8, float64))", "Tuple(int8, float64)", LJ_KIND_TUPLE, LJ_BOOL, 0, LJ_LAYOUT_C, false, 2, 16},
    {"str", NULL, LJ_KIND_STR, LJ_BOOL, 0, LJ_LAYOUT_C, false, 0, 24},
    {"none", "none", LJ_KIND_NONE, LJ_BOOL, 0, LJ_LAYOUT_C, false, 0, 0},
};

START_TEST(queries_types) {
  lj_kernel *kernel;
  lj_function *f = lj_module_find(module, "fast");
  ck_assert_msg(lj_specialise(f, types[_i].signature, report, &kernel) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_uint_eq(lj_kernel_param_count(kernel), 1);
  ck_assert_ptr_eq(lj_kernel_function(kernel), f);
  const lj_type *both[2] = {lj_kernel_param_type(kernel, 0), lj_kernel_result_type(kernel)};
  ck_assert_ptr_null(lj_kernel_param_type(kernel, 1));
  ck_assert_uint_eq(lj_kernel_param_offset(kernel, 0), types[_i].size ? 0 : SIZE_MAX);
  ck_assert_uint_eq(lj_kernel_param_offset(kernel, 1), SIZE_MAX);
  for (int i = 0; i < 2; i++) {
    const lj_type *t = both[i];
    if (types[_i].text) ck_assert_str_eq(lj_type_text(t), types[_i].text);
    ck_assert_int_eq(lj_type_kind(t), types[_i].kind);
    ck_assert_int_eq(lj_type_dtype(t), types[_i].dtype);
    ck_assert_int_eq(lj_type_ndim(t), types[_i].ndim);
    ck_assert_int_eq(lj_type_layout(t), types[_i].layout);
    ck_assert_int_eq(lj_type_is_readonly(t), types[_i].readonly);
    ck_assert_uint_eq(lj_type_item_count(t), types[_i].items);
    ck_assert_uint_eq(lj_type_size(t), types[_i].size);
    ck_assert(!lj_type_is_optional(t));
    ck_assert_ptr_null(lj_type_item(t, types[_i].items));
  }
}
END_TEST

START_TEST(queries_optional_types) {
  lj_kernel *kernel;
  ck_assert_msg(lj_specialise(lj_module_find(module, "maybe"), "float32", report, &kernel) == LJ_OK, "%s", lj_report_text(report));
  const lj_type *t = lj_kernel_result_type(kernel);
  ck_assert(lj_type_is_optional(t));
  ck_assert_int_eq(lj_type_kind(t), LJ_KIND_SCALAR);
  ck_assert_int_eq(lj_type_dtype(t), LJ_FLOAT32);
  ck_assert_uint_eq(lj_type_size(t), 8);
}
END_TEST

START_TEST(queries_items) {
  lj_kernel *kernel;
  lj_function *f = lj_module_find(module, "many");
  ck_assert_int_eq(lj_function_kernel_count(f), 0);
  ck_assert_msg(lj_specialise(f, "int32, float64[:, ::1], str, UniTuple(int8, 2), none, bool, complex64", report, &kernel) == LJ_OK, "%s",
                lj_report_text(report));
  static const size_t offsets[] = {0, 8, 56, 80, SIZE_MAX, 82, 84};
  for (size_t i = 0; i < LJ_COUNT(offsets); i++) ck_assert_uint_eq(lj_kernel_param_offset(kernel, i), offsets[i]);
  ck_assert_uint_eq(lj_kernel_args_size(kernel), 96);
  const lj_type *result = lj_kernel_result_type(kernel), *inner = lj_type_item(result, 2);
  ck_assert_uint_eq(lj_type_item_count(result), 3);
  ck_assert_ptr_eq(lj_type_item(result, 1), lj_kernel_param_type(kernel, 1));
  ck_assert_int_eq(lj_type_kind(inner), LJ_KIND_TUPLE);
  ck_assert_int_eq(lj_type_kind(lj_type_item(inner, 0)), LJ_KIND_STR);
  ck_assert_int_eq(lj_type_dtype(lj_type_item(inner, 1)), LJ_COMPLEX64);
}
END_TEST

/* Oldest first; calls make them, too; the same types are the same kernel. */
START_TEST(queries_kernels_of_a_function) {
  lj_function *f = lj_module_find(module, "plain");
  lj_kernel *first, *second, *again;
  lj_value arg = lj_float64(1);
  ck_assert_int_eq(lj_specialise(f, "int64", report, &first), LJ_OK);
  ck_assert_int_eq(lj_call(f, &arg, 1, NULL, report), LJ_OK);
  ck_assert_int_eq(lj_specialise(f, "float64", report, &second), LJ_OK);
  ck_assert_int_eq(lj_specialise(f, "int64", report, &again), LJ_OK);
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "maybe"), "int64", report, &again), LJ_OK);
  ck_assert_uint_eq(lj_function_kernel_count(f), 2);
  ck_assert_ptr_eq(lj_function_kernel(f, 0), first);
  ck_assert_ptr_eq(lj_function_kernel(f, 1), second);
  ck_assert_ptr_null(lj_function_kernel(f, 2));
  ck_assert_uint_eq(lj_kernel_param_count(first), 1); /* the others were left to their defaults */
}
END_TEST

/* ---- structs as C ---- */

/* Function, signature, name, lines that must be there; "" of none. */
static const struct {
  const char *function, *signature, *name, *lines[6];
} headers[] = {
    {"fast",
     "float64",
     NULL,
     {"/* fast: float64(float64) */\n", "typedef struct fast_args {\n  double x; /* at 0: float64 */\n} fast_args;\n",
      "typedef char fast_args_has_8_bytes[sizeof(fast_args) == 8 ? 1 : -1];\n", "typedef double fast_result; /* float64 */\n",
      "static inline int32_t fast_call(lj_entry entry, lj_context *context, const fast_args *args, fast_result *result) {\n"
      "  return entry(context, args, result);\n}\n"}},
    {"fast",
     "Array(int16, 2, 'F', readonly=True)",
     "other",
     {"typedef struct loopjit_int16_2d {\n",
      "typedef struct other_args {\n  loopjit_int16_2d x; /* at 0: readonly array(int16, 2d, F) */\n} other_args;\n",
      "typedef loopjit_int16_2d other_result; /* readonly array(int16, 2d, F) */\n"}},
    {"many",
     "int32, float64[::1], str, UniTuple(int8, 2), none, bool, complex64",
     NULL,
     {"  int32_t n; /* at 0: int32 */\n", " t; /* at 64: UniTuple(int8, 2) */\n",
      "  bool flag; /* at 66: bool */\n  loopjit_complex64 z; /* at 68: complex64 */\n", "typedef char many_args_has_80_bytes["}},
    {"maybe",
     "float32",
     NULL,
     {"typedef loopjit_optional_float32 maybe_result; /* ", "  bool present; /* false: None */\n  float value;\n"}},
    {"nothing",
     "",
     NULL,
     {"static inline int32_t nothing_call(lj_entry entry, lj_context *context) {\n  return entry(context, NULL, NULL);\n}\n"}},
};

START_TEST(queries_structs_as_c) {
  lj_kernel *kernel;
  lj_text text;
  ck_assert_msg(lj_specialise(lj_module_find(module, headers[_i].function), headers[_i].signature, report, &kernel) == LJ_OK, "%s",
                lj_report_text(report));
  ck_assert_int_eq(lj_kernel_c_header(kernel, headers[_i].name, report, &text), LJ_OK);
  for (int i = 0; i < 6 && headers[_i].lines[i]; i++)
    ck_assert_msg(strstr(text.data, headers[_i].lines[i]) != NULL, "%s\nis not in\n%s", headers[_i].lines[i], text.data);
  lj_text_free(&text);
}
END_TEST

START_TEST(queries_refuse_names_that_c_does_not_take) {
  static const char *const names[] = {"", "1x", "a b", "class", "__x", "caf\xc3\xa9", "a-b"};
  lj_kernel *kernel;
  lj_text text = {(char *)1, 1};
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "fast"), "float64", report, &kernel), LJ_OK);
  ck_assert_int_eq(lj_kernel_c_header(kernel, names[_i], report, &text), LJ_MISUSE);
  ck_assert_ptr_null(text.data);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "is no name that C takes"));
  ck_assert_int_eq(lj_kernel_c_header(NULL, NULL, report, &text), LJ_MISUSE);
}
END_TEST

START_TEST(queries_rename_parameters_that_c_does_not_take) {
  static const char text[] = "def f(int, arg3, 变量, size_t): return int\n";
  lj_module *own;
  lj_kernel *kernel;
  lj_text header;
  ck_assert_msg(lj_module_load(engine, "own.lp", text, sizeof text - 1, 0, report, &own) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_int_eq(lj_specialise(lj_module_find(own, "f"), "int8, int8, int8, int8", report, &kernel), LJ_OK);
  ck_assert_int_eq(lj_kernel_c_header(kernel, NULL, report, &header), LJ_OK);
  ck_assert_ptr_nonnull(strstr(header.data,
                               "int8_t arg1; /* at 0: int8 */\n  int8_t arg3; /* at 1: int8 */\n  int8_t arg3_; /* at 2: int8 */\n"
                               "  int8_t arg4; /* at 3: int8 */\n"));
  lj_text_free(&header);
  lj_module_free(own);
}
END_TEST

Suite *suite_queries(void);
Suite *suite_queries(void) {
  Suite *suite = suite_create("queries");
  TCase *tc = tcase_create("queries");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, set_up, api_end);
  tcase_add_test(tc, queries_functions);
  tcase_add_test(tc, queries_functions_from_the_cache);
  tcase_add_test(tc, queries_flags_of_the_engine);
  tcase_add_loop_test(tc, queries_types, 0, (int)LJ_COUNT(types));
  tcase_add_test(tc, queries_optional_types);
  tcase_add_test(tc, queries_items);
  tcase_add_test(tc, queries_kernels_of_a_function);
  tcase_add_loop_test(tc, queries_structs_as_c, 0, (int)LJ_COUNT(headers));
  tcase_add_loop_test(tc, queries_refuse_names_that_c_does_not_take, 0, 7);
  tcase_add_test(tc, queries_rename_parameters_that_c_does_not_take);
  suite_add_tcase(suite, tc);
  return suite;
}
