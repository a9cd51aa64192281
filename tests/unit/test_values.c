/* Values as hosts make and read them: what is refused and with which words, arrays whose axes share memory, numbers, copies. */
#include "tests/unit/api_help.h"

static void set_up(void) {
  static const char source[] =
      "def fill(x, y):\n    for i in range(x.shape[0]):\n        for j in range(x.shape[1]):\n            x[i, j] += 1\n"
      "def total(x):\n    s = 0.0\n    for i in range(x.shape[0]):\n        for j in range(x.shape[1]):\n"
      "            s += x[i, j]\n    return s\n"
      "def same(x):\n    return x\n";
  api_begin();
  api_open(NULL, source);
}

static double memory[40];

/* An array of float64 over `memory`, or what is wrong with it. */
typedef struct Row {
  int ndim;
  int64_t shape[9], strides[9];
  const char *words; /* of the message; NULL: it is sound */
} Row;

static lj_value array_of(const Row *row) { return lj_array_wrap_strided(LJ_FLOAT64, memory, row->ndim, row->shape, row->strides); }

static const Row arrays[] = {
    {1, {24}, {8}, NULL},
    {0, {0}, {0}, NULL},
    {2, {0, 5}, {3, 3}, NULL}, /* no element: strides do not matter */
    {2, {1, 3}, {5, 8}, NULL}, /* one step: nor does its stride */
    {1, {-3}, {8}, "argument 1 of same() ('x') is an array whose shape[0] is -3: none may be negative"},
    {2, {2, -1}, {8, 8}, "shape[1] is -1"},
    {-1, {0}, {0}, "is an array of -1 dimensions: there are 0 to 8"},
    {9, {0}, {0}, "is an array of 9 dimensions"},
    {1, {3}, {12}, "is an array of float64 whose strides[0] is 12: strides count bytes, here in multiples of 8"},
    {2, {3, 2}, {16, 1}, "strides[1] is 1"},
};

START_TEST(values_name_what_is_wrong_with_arrays) {
  const Row *row = &arrays[_i];
  lj_value value = array_of(row), result;
  lj_status status = lj_call(lj_module_find(module, "same"), &value, 1, &result, report);
  ck_assert_msg(status == (row->words ? LJ_MISUSE : LJ_OK), "%s", lj_report_text(report));
  if (row->words) ck_assert_msg(strstr(lj_report_text(report), row->words) != NULL, "%s", lj_report_text(report));
}
END_TEST

/* Number of the value that make() gives, and words of its message. */
static const char *const refusals[] = {
    "is an array of dtype 99, which is none of lj_dtype",
    "is an array of float64 without memory: its data is NULL",
    "which is not aligned: the address must be a multiple of 8; copy the elements to an lj_array_new()",
    "is a number of dtype 13, which is none of lj_dtype",
    "is a dtype of dtype -1",
    "is a text of 4 bytes whose data is NULL",
    "is a tuple of 2 items whose address is NULL",
    "is a tuple whose item 1 is a tuple whose item 0 is a number of dtype 13",
    "is of kind 77, which is none of lj_kind: was it filled in?",
    "is an array of -1 dimensions",
    "shape[0] is -2",
};
static lj_value make(int number, lj_value *items) {
  static const int64_t huge[2] = {INT64_MAX, 2}, negative[2] = {-2, 2};
  lj_value v = lj_array1d(LJ_FLOAT64, memory, 2);
  switch (number) {
  case 0: v.as.array.dtype = (lj_dtype)99; break;
  case 1: v.as.array.data = NULL; break;
  case 2: v.as.array.data = (char *)memory + 4; break;
  case 3: v = lj_int64(1), v.dtype = (lj_dtype)13; break;
  case 4: v = lj_none(), v.kind = LJ_KIND_DTYPE, v.dtype = (lj_dtype)-1; break;
  case 5: v = lj_string_n(NULL, 4); break;
  case 6: v = lj_tuple(NULL, 2); break;
  case 7:
    items[0] = lj_int64(1), items[1] = lj_tuple(&items[2], 1);
    items[2] = make(3, NULL);
    v = lj_tuple(items, 2);
    break;
  case 8: v.kind = (lj_kind)77; break;
  case 9: v = lj_array_wrap(LJ_FLOAT64, memory, 2, huge); break;
  case 10: v = lj_array_wrap(LJ_FLOAT64, memory, 2, negative); break;
  default: ck_abort();
  }
  return v;
}

START_TEST(values_name_what_is_wrong) {
  lj_value items[3], args[2] = {lj_int64(1), make(_i, items)};
  ck_assert_int_eq(lj_call(lj_module_find(module, "fill"), args, 2, NULL, report), LJ_MISUSE);
  ck_assert_msg(strstr(lj_report_text(report), refusals[_i]) != NULL, "%s", lj_report_text(report));
  ck_assert_msg(strstr(lj_report_text(report), "argument 2 of fill() ('y') is") != NULL, "%s", lj_report_text(report));
  lj_kernel *kernel;
  ck_assert_int_eq(lj_specialise_for(lj_module_find(module, "fill"), args, 2, report, &kernel), LJ_MISUSE);
  ck_assert_ptr_null(kernel);
}
END_TEST

START_TEST(values_misuse_of_calls) {
  lj_kernel *kernel;
  lj_value one = lj_int64(1);
  ck_assert_int_eq(lj_call(NULL, &one, 1, NULL, report), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "the function is NULL"));
  ck_assert_int_eq(lj_call(lj_module_find(module, "same"), NULL, 1, NULL, report), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "the arguments are NULL; their count is 1"));
  ck_assert_int_eq(lj_kernel_call(NULL, &one, 1, NULL, report), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "the kernel is NULL"));
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "same"), NULL, report, &kernel), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "the signature is NULL"));
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "same"), "int64", report, &kernel), LJ_OK);
  ck_assert_int_eq(lj_kernel_call(kernel, &one, 0, NULL, report), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "takes 1 argument, not 0"));
}
END_TEST

/* ---- axes that share memory ---- */

/* Shapes and strides in bytes of float64, and whether different indices may be the same memory. */
static const struct {
  Row row;
  bool meet;
} overlaps[] = {
    {{2, {3, 4}, {32, 8}, NULL}, false},  /* C order */
    {{2, {4, 3}, {8, 32}, NULL}, false},  /* Fortran order */
    {{2, {3, 4}, {64, 16}, NULL}, false}, /* every second element of every second row */
    {{2, {3, 2}, {40, 8}, NULL}, false},  /* rows with padding */
    {{2, {3, 4}, {-32, 8}, NULL}, false}, /* backwards */
    {{2, {1, 4}, {0, 8}, NULL}, false},   /* one step is none */
    {{2, {0, 4}, {0, 0}, NULL}, false},   /* no element */
    {{2, {3, 1}, {8, 0}, NULL}, false},   /* one column */
    {{2, {3, 4}, {0, 8}, NULL}, true}, /* broadcast_to */
    {{2, {4, 3}, {8, 0}, NULL}, true},  /* the other axis */
    {{2, {4, 3}, {8, 8}, NULL}, true},  /* sliding windows */
    {{2, {3, 4}, {24, 8}, NULL}, true}, /* rows that reach into the next ones */
    {{2, {3, 4}, {-24, 8}, NULL}, true}, /* the same backwards */
    {{2, {3, 3}, {8, -8}, NULL}, true}, /* antidiagonals */
};

START_TEST(values_with_shared_memory_are_read_only) {
  for (int i = 0; i < (int)LJ_COUNT(memory); i++) memory[i] = i;
  const Row *row = &overlaps[_i].row;
  lj_value args[2] = {array_of(row), lj_int64(1)}, result;
  args[0].as.array.data = memory + 12; /* in the middle, for negative strides */
  double want = 0;
  for (int64_t i = 0; i < row->shape[0]; i++)
    for (int64_t j = 0; j < row->shape[1]; j++) want += memory[12 + (i * row->strides[0] + j * row->strides[1]) / 8];
  ck_assert_msg(lj_call(lj_module_find(module, "total"), args, 1, &result, report) == LJ_OK, "%s", lj_report_text(report));
  ck_assert_double_eq(result.as.f, want);
  bool meet = overlaps[_i].meet;
  lj_status status = lj_call(lj_module_find(module, "fill"), args, 2, NULL, report);
  ck_assert_msg(status == (meet ? LJ_ERROR : LJ_OK), "%s", lj_report_text(report));
  if (meet) {
    ck_assert_ptr_nonnull(strstr(lj_report_text(report), "test.lp:4:13: error: TypeError: 'x' is a read-only array"));
    ck_assert_ptr_nonnull(strstr(lj_report_text(report), "note: argument 1 of fill() ('x') has shape ("));
    ck_assert_ptr_nonnull(strstr(lj_report_text(report), "different indices may be the same memory, so it is read-only; pass a copy"));
    for (int i = 0; i < (int)LJ_COUNT(memory); i++) ck_assert_double_eq(memory[i], i);
  }
  /* A kernel that was made for arrays that may be stored into refuses it. */
  lj_kernel *kernel;
  ck_assert_int_eq(lj_specialise(lj_module_find(module, "fill"), "float64[:, :], int64", report, &kernel), LJ_OK);
  ck_assert_int_eq(lj_kernel_call(kernel, args, 2, NULL, report), meet ? LJ_ERROR : LJ_OK);
  if (meet) ck_assert_ptr_nonnull(strstr(lj_report_text(report), "read-only float64[:, :] cannot be passed"));
  /* The result is the same array: read-only, too. */
  ck_assert_int_eq(lj_call(lj_module_find(module, "same"), args, 1, &result, report), LJ_OK);
  ck_assert_int_eq(result.as.array.readonly, meet);
  lj_value_free(&result);
}
END_TEST

START_TEST(values_with_shared_memory_in_tuples) {
  static const int64_t shape[2] = {3, 4}, strides[2] = {0, 8};
  lj_value items[2] = {lj_int64(1), lj_array_wrap_strided(LJ_FLOAT64, memory, 2, shape, strides)}, arg = lj_tuple(items, 2);
  lj_module *own;
  const char *source = "def f(t):\n    t[1][0, 0] = 1.0\n";
  ck_assert_int_eq(lj_module_load(engine, "own.lp", source, strlen(source), 0, report, &own), LJ_OK);
  ck_assert_int_eq(lj_call(lj_module_find(own, "f"), &arg, 1, NULL, report), LJ_ERROR);
  ck_assert_msg(strstr(lj_report_text(report), "argument 1 of f() ('t') has shape (3, 4) and strides (0, 8) in bytes") != NULL, "%s",
                lj_report_text(report));
  lj_module_free(own);
}
END_TEST

/* ---- reading ---- */

static const struct {
  const char *literal;
  bool is_number, is_integer;
  double number;
  int64_t integer;
} numbers[] = {
    {"3", true, true, 3, 3},
    {"-7", true, true, -7, -7},
    {"True", true, true, 1, 1},
    {"2.5", true, false, 2.5, 0},
    {"2.0", true, false, 2, 0},
    {"float32:0.5", true, false, 0.5, 0},
    {"uint8:200", true, true, 200, 200},
    {"int8:-1", true, true, -1, -1},
    {"9223372036854775807", true, true, 0x1p63, INT64_MAX},
    {"9223372036854775808", true, false, 0x1p63, 0},
    {"1+2j", false, false, 0, 0},
    {"'3'", false, false, 0, 0},
    {"None", false, false, 0, 0},
    {"(3,)", false, false, 0, 0},
    {"[3]", false, false, 0, 0},
};

START_TEST(values_as_numbers) {
  lj_value value;
  double number = 99;
  int64_t integer = 99;
  ck_assert_int_eq(lj_value_parse(numbers[_i].literal, strlen(numbers[_i].literal), report, &value), LJ_OK);
  ck_assert_int_eq(lj_value_number(&value, &number), numbers[_i].is_number);
  ck_assert_double_eq(number, numbers[_i].number);
  ck_assert_int_eq(lj_value_integer(&value, &integer), numbers[_i].is_integer);
  ck_assert_int_eq(integer, numbers[_i].integer);
  lj_value_free(&value);
}
END_TEST

/* Elements of `memory`, which holds 0, 1, 2, …, in the order in which they are copied out. */
static const struct {
  Row row;
  double want[8];
} copies[] = {
    {{1, {4}, {8}, NULL}, {0, 1, 2, 3}},
    {{1, {3}, {16}, NULL}, {0, 2, 4}},
    {{2, {2, 3}, {24, 8}, NULL}, {0, 1, 2, 3, 4, 5}},
    {{2, {2, 3}, {8, 16}, NULL}, {0, 2, 4, 1, 3, 5}},
    {{2, {2, 2}, {0, 8}, NULL}, {0, 1, 0, 1}},
    {{3, {2, 2, 2}, {64, 16, 8}, NULL}, {0, 1, 2, 3, 8, 9, 10, 11}},
    {{0, {0}, {0}, NULL}, {0}},
    {{1, {0}, {8}, NULL}, {0}},
};

START_TEST(values_are_copied_out) {
  for (int i = 0; i < (int)LJ_COUNT(memory); i++) memory[i] = i;
  lj_value value = array_of(&copies[_i].row);
  size_t bytes = lj_array_bytes(&value), count = 1;
  for (int i = 0; i < copies[_i].row.ndim; i++) count *= (size_t)copies[_i].row.shape[i];
  ck_assert_uint_eq(bytes, 8 * count);
  double out[9];
  for (int i = 0; i < 9; i++) out[i] = -1;
  ck_assert_int_eq(lj_array_copy_out(&value, report, out, bytes), LJ_OK);
  for (size_t i = 0; i < count; i++) ck_assert_double_eq(out[i], copies[_i].want[i]);
  ck_assert_double_eq(out[count], -1);
  ck_assert_int_eq(lj_array_copy_out(&value, report, out, bytes + 8), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "lj_array_bytes() says how many there are"));
  ck_assert_int_eq(lj_array_copy_out(&value, report, NULL, bytes), bytes ? LJ_MISUSE : LJ_OK);
}
END_TEST

START_TEST(values_that_are_no_arrays_are_not_copied) {
  lj_value one = lj_int64(1), bad = lj_array1d(LJ_FLOAT64, NULL, 3);
  ck_assert_uint_eq(lj_array_bytes(&one), 0);
  ck_assert_uint_eq(lj_array_bytes(&bad), 0);
  ck_assert_uint_eq(lj_array_bytes(NULL), 0);
  ck_assert_int_eq(lj_array_copy_out(&one, report, memory, 8), LJ_MISUSE);
  ck_assert_int_eq(lj_array_copy_out(NULL, report, memory, 8), LJ_MISUSE);
  ck_assert_int_eq(lj_array_copy_out(&bad, report, memory, 24), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "the value is an array of float64 without memory"));
}
END_TEST

START_TEST(values_of_constant_memory) {
  static const double constant[2][2] = {{1, 2}, {3, 4}};
  lj_value args[2] = {lj_array_wrap_const(LJ_FLOAT64, constant, 2, (int64_t[]){2, 2}), lj_int64(1)}, result;
  ck_assert(args[0].as.array.readonly);
  ck_assert_int_eq(lj_call(lj_module_find(module, "total"), args, 1, &result, report), LJ_OK);
  ck_assert_double_eq(result.as.f, 10);
  ck_assert_int_eq(lj_call(lj_module_find(module, "fill"), args, 2, NULL, report), LJ_ERROR);
  ck_assert_ptr_null(strstr(lj_report_text(report), "same memory")); /* the host said so itself */
}
END_TEST

START_TEST(values_of_text_with_nuls) {
  lj_value arg = lj_string_n("a\0bc", 4), result;
  ck_assert_int_eq(lj_call(lj_module_find(module, "same"), &arg, 1, &result, report), LJ_OK);
  ck_assert_uint_eq(result.as.str.length, 4);
  ck_assert_mem_eq(result.as.str.data, "a\0bc", 4);
  lj_value_free(&result);
}
END_TEST

/* What functions that give a status work on may be missing; they say so. */
START_TEST(values_misuse_of_null) {
  lj_value value, one = lj_int64(1);
  lj_module *loaded;
  lj_text text;
  ck_assert_int_eq(lj_value_parse(NULL, 1, report, &value), LJ_MISUSE);
  ck_assert_int_eq(lj_value_load(NULL, LJ_FILE_PRIVATE, report, &value), LJ_MISUSE);
  ck_assert_int_eq(lj_value_save(NULL, "x.npy", report), LJ_MISUSE);
  ck_assert_int_eq(lj_value_save(&one, NULL, report), LJ_MISUSE);
  ck_assert_int_eq(lj_module_load_file(engine, NULL, 0, report, &loaded), LJ_MISUSE);
  ck_assert_ptr_null(loaded);
  ck_assert_int_eq(lj_source_emit("x", "1", 1, NULL, report, &text), LJ_MISUSE);
  ck_assert_int_eq(lj_source_emit(NULL, "1", 1, "ast", report, &text), LJ_MISUSE);
  ck_assert_int_eq(lj_source_emit("x", NULL, 1, "ast", report, &text), LJ_MISUSE);
  ck_assert_int_eq(lj_context_timeout(NULL, 1, report), LJ_MISUSE);
  ck_assert_uint_eq(lj_report_errors(report), 1);
}
END_TEST

/* Numbers that are no dtypes; what is made of them is refused where it is used. */
START_TEST(values_of_no_dtype) {
  static const int wrong[] = {-1, LJ_COMPLEX128 + 1, 1 << 30};
  lj_value scalar = lj_scalar((lj_dtype)wrong[_i], 1);
  ck_assert_int_eq(lj_array_new((lj_dtype)wrong[_i], 1, (int64_t[]){2}).kind, LJ_KIND_NONE);
  ck_assert_int_eq(lj_engine_array_new(engine, (lj_dtype)wrong[_i], 1, (int64_t[]){2}).kind, LJ_KIND_NONE);
  ck_assert_int_eq(lj_call(lj_module_find(module, "same"), &scalar, 1, NULL, report), LJ_MISUSE);
}
END_TEST

START_TEST(values_without_axes) {
  double number = 2.5;
  lj_value made = lj_array_new(LJ_FLOAT64, 0, NULL), wrapped = lj_array_wrap(LJ_FLOAT64, &number, 0, NULL);
  ck_assert_uint_eq(lj_array_bytes(&made), 8);
  ck_assert_uint_eq(lj_array_bytes(&wrapped), 8);
  lj_value_free(&made);
}
END_TEST

Suite *suite_values(void);
Suite *suite_values(void) {
  Suite *suite = suite_create("values");
  TCase *tc = tcase_create("values");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, set_up, api_end);
  tcase_add_loop_test(tc, values_name_what_is_wrong_with_arrays, 0, (int)LJ_COUNT(arrays));
  tcase_add_loop_test(tc, values_name_what_is_wrong, 0, (int)LJ_COUNT(refusals));
  tcase_add_test(tc, values_misuse_of_calls);
  tcase_add_test(tc, values_misuse_of_null);
  tcase_add_loop_test(tc, values_of_no_dtype, 0, 3);
  tcase_add_test(tc, values_without_axes);
  tcase_add_loop_test(tc, values_with_shared_memory_are_read_only, 0, (int)LJ_COUNT(overlaps));
  tcase_add_test(tc, values_with_shared_memory_in_tuples);
  tcase_add_loop_test(tc, values_as_numbers, 0, (int)LJ_COUNT(numbers));
  tcase_add_loop_test(tc, values_are_copied_out, 0, (int)LJ_COUNT(copies));
  tcase_add_test(tc, values_that_are_no_arrays_are_not_copied);
  tcase_add_test(tc, values_of_constant_memory);
  tcase_add_test(tc, values_of_text_with_nuls);
  suite_add_tcase(suite, tc);
  return suite;
}
