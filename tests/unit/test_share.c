/* Arrays that cross to other owners: host memory that is handed over, DLPack tensors in both directions, reports as JSON. */
#include <stdlib.h>

#include "tests/unit/api_help.h"

/* The structs as other libraries know them. */
typedef struct DLTensor {
  void *data;
  int32_t device_type, device_id;
  int32_t ndim;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} DLTensor;
typedef struct DLManagedTensor {
  DLTensor tensor;
  void *context;
  void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;
typedef struct DLManagedTensorVersioned {
  uint32_t major, minor;
  void *context;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  DLTensor tensor;
} DLManagedTensorVersioned;

static int released;

static void set_up(void) {
  static const char source[] = "def total(x):\n    s = x[0] - x[0]\n    for v in x:\n        s += v\n    return s\n"
                               "def tail(x):\n    return x[1:]\n"
                               "def fill(x):\n    x[:] = 7\n";
  released = 0;
  api_begin();
  api_open(NULL, source);
}

static void count_release(void *context) {
  ck_assert_ptr_eq(context, &released);
  released++;
}

/* A view of handed-over memory keeps it. */
START_TEST(share_adopts_host_memory) {
  double memory[3] = {1, 2, 3};
  lj_value array = lj_array1d(LJ_FLOAT64, memory, 3), view;
  ck_assert_int_eq(lj_value_adopt(&array, count_release, &released), LJ_OK);
  ck_assert_int_eq(lj_value_adopt(&array, count_release, &released), LJ_MISUSE); /* it has an owner */
  ck_assert_int_eq(lj_call(lj_module_find(module, "tail"), &array, 1, &view, report), LJ_OK);
  lj_value_free(&array);
  ck_assert_int_eq(released, 0);
  ck_assert_ptr_eq(view.as.array.data, memory + 1);
  lj_value_free(&view);
  ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(share_adopts_arrays_only) {
  lj_value number = lj_int64(3);
  ck_assert_int_eq(lj_value_adopt(&number, count_release, &released), LJ_MISUSE);
  ck_assert_int_eq(lj_value_adopt(NULL, count_release, &released), LJ_MISUSE);
  double memory[1] = {0};
  lj_value array = lj_array1d(LJ_FLOAT64, memory, 1);
  ck_assert_int_eq(lj_value_adopt(&array, NULL, NULL), LJ_MISUSE);
  ck_assert_int_eq(released, 0);
}
END_TEST

static void delete_versioned(DLManagedTensorVersioned *self) {
  ck_assert_ptr_eq(self->context, &released);
  released++;
}
static void delete_plain(DLManagedTensor *self) {
  ck_assert_ptr_eq(self->context, &released);
  released++;
}

/* What comes in: type and shape of a tensor over bytes 0, 1, 2, …; the type of the value, or "" and a word of the refusal. */
static const struct {
  uint8_t code, bits;
  uint16_t lanes;
  int32_t device, ndim;
  int64_t shape[2], strides[2]; /* strides[0] 0: NULL */
  uint64_t offset;
  uint32_t major;
  const char *type, *refusal;
} imports[] = {
    {2, 64, 1, 1, 1, {3}, {0}, 0, 1, "float64[::1]", NULL}, {2, 32, 1, 1, 2, {2, 3}, {0}, 0, 1, "float32[:, ::1]", NULL},
    {0, 8, 1, 1, 1, {5}, {-1}, 4, 1, "int8[:]", NULL},      {1, 16, 1, 1, 2, {2, 2}, {1, 2}, 0, 1, "uint16[::1, :]", NULL},
    {6, 8, 1, 1, 1, {4}, {0}, 0, 1, "bool[::1]", NULL},     {5, 128, 1, 1, 1, {2}, {0}, 16, 1, "complex128[::1]", NULL},
    {2, 16, 1, 1, 1, {2}, {0}, 0, 1, "", "no dtype"},       {2, 32, 4, 1, 1, {2}, {0}, 0, 1, "", "4 lanes"},
    {2, 64, 1, 2, 1, {2}, {0}, 0, 1, "", "device type 2"},  {2, 64, 1, 1, 9, {2}, {0}, 0, 1, "", "9 dimensions"},
    {2, 64, 1, 1, 1, {2}, {0}, 4, 1, "", "not aligned"},    {2, 64, 1, 1, 2, {INT64_MAX, 2}, {0}, 0, 1, "", "impossible"},
    {2, 64, 1, 1, 1, {2}, {0}, 0, 2, "", "version 2"},
};
START_TEST(share_imports_tensors) {
  _Alignas(16) static unsigned char bytes[64];
  int64_t shape[2], strides[2];
  memcpy(shape, imports[_i].shape, sizeof shape);
  memcpy(strides, imports[_i].strides, sizeof strides);
  DLTensor t = {
      .data = bytes, .device_type = imports[_i].device, .ndim = imports[_i].ndim, .code = imports[_i].code, .bits = imports[_i].bits};
  t.lanes = imports[_i].lanes, t.shape = shape, t.strides = strides[0] ? strides : NULL, t.byte_offset = imports[_i].offset;
  DLManagedTensorVersioned tensor = {.major = imports[_i].major, .context = &released, .deleter = delete_versioned, .tensor = t};
  lj_value value;
  lj_status status = lj_value_from_dlpack(&tensor, report, &value);
  ck_assert_int_eq(status, imports[_i].refusal ? LJ_MISUSE : LJ_OK);
  if (imports[_i].refusal) {
    ck_assert_msg(strstr(lj_report_text(report), imports[_i].refusal) != NULL, "%s", lj_report_text(report));
    ck_assert_int_eq(value.kind, LJ_KIND_NONE);
    return; /* the tensor is still ours */
  }
  lj_text type;
  lj_value_type(&value, &type);
  ck_assert_str_eq(type.data, imports[_i].type);
  lj_text_free(&type);
  ck_assert_ptr_eq(value.as.array.data, bytes + imports[_i].offset);
  ck_assert_int_eq(released, 0);
  lj_value_free(&value);
  ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(share_imports_readonly_tensors) {
  double memory[2] = {1, 2};
  int64_t shape = 2;
  DLManagedTensorVersioned tensor = {.major = 1, .context = &released, .deleter = delete_versioned, .flags = 1};
  tensor.tensor = (DLTensor){.data = memory, .device_type = 1, .ndim = 1, .code = 2, .bits = 64, .lanes = 1, .shape = &shape};
  lj_value value;
  ck_assert_int_eq(lj_value_from_dlpack(&tensor, report, &value), LJ_OK);
  ck_assert_int_eq(lj_call(lj_module_find(module, "fill"), &value, 1, NULL, report), LJ_ERROR);
  ck_assert_double_eq(memory[0], 1);
  lj_value_free(&value);
  ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(share_imports_unversioned_tensors) {
  int32_t memory[4] = {1, 2, 3, 4};
  int64_t shape = 4;
  DLManagedTensor tensor = {.context = &released, .deleter = delete_plain};
  tensor.tensor = (DLTensor){.data = memory, .device_type = 1, .ndim = 1, .code = 0, .bits = 32, .lanes = 1, .shape = &shape};
  lj_value value, result;
  ck_assert_int_eq(lj_value_from_dlpack_unversioned(&tensor, report, &value), LJ_OK);
  ck_assert_int_eq(lj_call(lj_module_find(module, "total"), &value, 1, &result, report), LJ_OK);
  ck_assert_int_eq(result.as.i, 10);
  lj_value_free(&value);
  ck_assert_int_eq(released, 1);
  ck_assert_int_eq(lj_value_from_dlpack_unversioned(NULL, report, &value), LJ_MISUSE);
}
END_TEST

/* Out and in again: the memory outlives the value, through every dtype. */
START_TEST(share_round_trips) {
  lj_value value = lj_array_new((lj_dtype)_i, 2, (int64_t[]){2, 3}), back;
  void *data = value.as.array.data;
  DLManagedTensorVersioned *tensor;
  ck_assert_int_eq(lj_value_to_dlpack(&value, report, &tensor), LJ_OK);
  ck_assert_uint_eq(tensor->major, 1);
  ck_assert_int_eq(tensor->tensor.strides[0], 3);
  lj_value_free(&value);
  ck_assert_int_eq(lj_value_from_dlpack(tensor, report, &back), LJ_OK);
  ck_assert_ptr_eq(back.as.array.data, data);
  ck_assert_int_eq(back.as.array.dtype, _i);
  ck_assert_int_eq(back.as.array.shape[1], 3);
  lj_value_free(&back);
  value = lj_array_new((lj_dtype)_i, 1, (int64_t[]){4});
  DLManagedTensor *plain;
  ck_assert_int_eq(lj_value_to_dlpack_unversioned(&value, report, &plain), LJ_OK);
  lj_value_free(&value);
  ck_assert_int_eq(plain->tensor.shape[0], 4);
  plain->deleter(plain);
}
END_TEST

START_TEST(share_refuses_exports) {
  lj_value number = lj_int64(1);
  DLManagedTensorVersioned *tensor;
  DLManagedTensor *plain;
  ck_assert_int_eq(lj_value_to_dlpack(&number, report, &tensor), LJ_MISUSE);
  ck_assert_ptr_null(tensor);
  float memory[8] = {0};
  int64_t shape = 2, stride = 6;
  lj_value odd = lj_array_wrap_strided(LJ_FLOAT32, memory, 1, &shape, &stride);
  ck_assert_int_eq(lj_value_to_dlpack(&odd, report, &tensor), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_text(report), "strides"));
  lj_value constant = lj_array1d(LJ_FLOAT32, memory, 8);
  constant.as.array.readonly = true;
  ck_assert_int_eq(lj_value_to_dlpack_unversioned(&constant, report, &plain), LJ_MISUSE);
  ck_assert_int_eq(lj_value_to_dlpack(&constant, report, &tensor), LJ_OK);
  ck_assert_uint_eq(tensor->flags, 1);
  tensor->deleter(tensor);
}
END_TEST

START_TEST(share_reports_as_json) {
  static const char wrong[] = "def f(x):\n    return \"a\\\"b\" + y\nf(1)\n";
  lj_module *none;
  ck_assert_str_eq(lj_report_json(report), "[]\n");
  ck_assert_int_eq(lj_module_load(engine, "a\"\n\xff.lp", wrong, strlen(wrong), 0, report, &none), LJ_ERROR);
  ck_assert_str_eq(lj_report_json(report),
                   "[{\"severity\": \"error\", \"kind\": \"NameError\", \"message\": \"name 'y' is not defined\", "
                   "\"file\": \"a\\\"\\u000a\\ufffd.lp\", \"line\": 2, \"column\": 21, \"end_line\": 2, \"end_column\": 22}]\n");
  lj_engine *no_engine;
  ck_assert_int_eq(lj_engine_new(&(lj_config){.size = 0}, report, &no_engine), LJ_MISUSE);
  ck_assert_ptr_nonnull(strstr(lj_report_json(report), "\"kind\": null"));
  ck_assert_ptr_nonnull(strstr(lj_report_json(report), "\"file\": null, \"line\": null"));
}
END_TEST

Suite *suite_share(void);
Suite *suite_share(void) {
  Suite *suite = suite_create("share");
  TCase *tc = tcase_create("share");
  tcase_add_checked_fixture(tc, set_up, api_end);
  tcase_add_test(tc, share_adopts_host_memory);
  tcase_add_test(tc, share_adopts_arrays_only);
  tcase_add_loop_test(tc, share_imports_tensors, 0, (int)LJ_COUNT(imports));
  tcase_add_test(tc, share_imports_readonly_tensors);
  tcase_add_test(tc, share_imports_unversioned_tensors);
  tcase_add_loop_test(tc, share_round_trips, 0, LJ_COMPLEX128 + 1);
  tcase_add_test(tc, share_refuses_exports);
  tcase_add_test(tc, share_reports_as_json);
  suite_add_tcase(suite, tc);
  return suite;
}
