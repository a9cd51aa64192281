/* Arrays that cross to other owners without a copy: host memory with a function that frees it, and DLPack (its structs as published with
 * version 1 of the protocol, and the unversioned one before it), the exchange format of NumPy, PyTorch, JAX, CuPy and others.
 * In: foreign memory with a deleter. Out: values whose owner calls it; and the other way round, tensors that hold a value. */
#include "jit/engine.h"

#include <stdlib.h>

/* ---- host memory --------------------------------------------------------------------------------------------------------------------- */

typedef struct HostOwner {
  lj_owner owner; /* first */
  void (*release)(void *context);
  void *context;
} HostOwner;

static void release_host(lj_owner *owner) {
  HostOwner *host = (HostOwner *)owner;
  host->release(host->context);
  free(host);
}

lj_status lj_value_adopt(lj_value *array, void (*release)(void *context), void *context) {
  if (!array || !release || array->kind != LJ_KIND_ARRAY || array->owner || !value_is_sound(array)) return LJ_MISUSE;
  HostOwner *host = malloc(sizeof *host);
  if (!host) lj_panic(__FILE__, __LINE__, "out of memory");
  *host = (HostOwner){{.refs = 1, .release = release_host}, release, context};
  array->owner = host;
  return LJ_OK;
}

/* ---- DLPack: the structs ------------------------------------------------------------------------------------------------------------- */

typedef struct DLTensor {
  void *data;
  struct {
    int32_t type, id;
  } device;
  int32_t ndim;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } dtype;
  int64_t *shape, *strides; /* strides count elements; NULL: C order */
  uint64_t byte_offset;
} DLTensor;
typedef struct DLManagedTensor {
  DLTensor tensor;
  void *context;
  void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;
typedef struct DLManagedTensorVersioned {
  struct {
    uint32_t major, minor;
  } version;
  void *context;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  DLTensor tensor;
} DLManagedTensorVersioned;
enum { DL_CPU = 1, DL_INT = 0, DL_UINT = 1, DL_FLOAT = 2, DL_COMPLEX = 5, DL_BOOL = 6, DL_READ_ONLY = 1, DL_MAJOR = 1 };

static const struct {
  lj_dtype dtype;
  uint8_t code, bits;
} dl_types[] = {
    {LJ_BOOL, DL_BOOL, 8},
    {LJ_INT8, DL_INT, 8},
    {LJ_INT16, DL_INT, 16},
    {LJ_INT32, DL_INT, 32},
    {LJ_INT64, DL_INT, 64},
    {LJ_UINT8, DL_UINT, 8},
    {LJ_UINT16, DL_UINT, 16},
    {LJ_UINT32, DL_UINT, 32},
    {LJ_UINT64, DL_UINT, 64},
    {LJ_FLOAT32, DL_FLOAT, 32},
    {LJ_FLOAT64, DL_FLOAT, 64},
    {LJ_COMPLEX64, DL_COMPLEX, 64},
    {LJ_COMPLEX128, DL_COMPLEX, 128},
};

/* ---- DLPack: in ---------------------------------------------------------------------------------------------------------------------- */

static lj_status wrap_tensor(const DLTensor *t, bool readonly, lj_report *report, lj_value *value) {
  if (t->device.type != DL_CPU)
    return report_message(report, LJ_MISUSE, "the tensor is on device type %d, not in main memory", (int)t->device.type);
  if (t->ndim < 0 || t->ndim > LJ_MAX_NDIM)
    return report_message(report, LJ_MISUSE, "the tensor has %d dimensions; arrays have at most %d", (int)t->ndim, LJ_MAX_NDIM);
  size_t at = 0;
  while (at < LJ_COUNT(dl_types) && (t->dtype.lanes != 1 || dl_types[at].code != t->dtype.code || dl_types[at].bits != t->dtype.bits)) at++;
  if (at == LJ_COUNT(dl_types))
    return report_message(report, LJ_MISUSE, "there is no dtype for the tensor's type: code %u, %u bits, %u lanes", t->dtype.code,
                          t->dtype.bits, t->dtype.lanes);
  int64_t item = (int64_t)lj_dtype_size(dl_types[at].dtype), strides[LJ_MAX_NDIM] = {0}, size = item;
  for (int i = t->ndim - 1; i >= 0; i--) {
    strides[i] = size;
    if (t->shape[i] < 0 || __builtin_mul_overflow(size, t->shape[i], &size) ||
        (t->strides && __builtin_mul_overflow(t->strides[i], item, &strides[i])))
      return report_message(report, LJ_MISUSE, "the tensor's shape or strides are impossible");
  }
  *value = lj_array_wrap_strided(dl_types[at].dtype, (char *)t->data + t->byte_offset, t->ndim, t->shape, strides);
  value->as.array.readonly = readonly;
  if (value_is_sound(value)) return LJ_OK;
  report_value(report, "the tensor", value);
  *value = lj_none();
  return LJ_MISUSE;
}

static void delete_tensor(void *context) {
  DLManagedTensor *tensor = context;
  if (tensor->deleter) tensor->deleter(tensor);
}
static void delete_versioned(void *context) {
  DLManagedTensorVersioned *tensor = context;
  if (tensor->deleter) tensor->deleter(tensor);
}

lj_status lj_value_from_dlpack(struct DLManagedTensorVersioned *tensor, lj_report *report, lj_value *value) {
  *value = lj_none();
  lj_report_clear(report);
  if (!tensor) return report_message(report, LJ_MISUSE, "there is no tensor");
  if (tensor->version.major != DL_MAJOR)
    return report_message(report, LJ_MISUSE, "the tensor is of version %u of DLPack; version %d is understood", tensor->version.major,
                          DL_MAJOR);
  lj_status status = wrap_tensor(&tensor->tensor, tensor->flags & DL_READ_ONLY, report, value);
  return status == LJ_OK ? lj_value_adopt(value, delete_versioned, tensor) : status;
}

lj_status lj_value_from_dlpack_unversioned(struct DLManagedTensor *tensor, lj_report *report, lj_value *value) {
  *value = lj_none();
  lj_report_clear(report);
  if (!tensor) return report_message(report, LJ_MISUSE, "there is no tensor");
  lj_status status = wrap_tensor(&tensor->tensor, false, report, value);
  return status == LJ_OK ? lj_value_adopt(value, delete_tensor, tensor) : status;
}

/* ---- DLPack: out --------------------------------------------------------------------------------------------------------------------- */

/* A tensor with the value that it holds and the numbers that it points to, in one block. */
typedef struct Export {
  union {
    DLManagedTensor plain;
    DLManagedTensorVersioned versioned;
  } as; /* first */
  lj_value value;
  int64_t shape[LJ_MAX_NDIM], strides[LJ_MAX_NDIM];
} Export;

static void delete_export(Export *export) {
  lj_value_free(&export->value);
  free(export);
}
static void delete_plain_export(DLManagedTensor *self) { delete_export(self->context); }
static void delete_versioned_export(DLManagedTensorVersioned *self) { delete_export(self->context); }

static lj_status fill_tensor(const lj_value *value, lj_report *report, Export *export, DLTensor *t) {
  const lj_array *a = &value->as.array;
  int64_t item = (int64_t)lj_dtype_size(a->dtype);
  for (int i = 0; i < a->ndim; i++) {
    if (a->strides[i] % item)
      return report_message(report, LJ_MISUSE, "the array's strides are no multiples of its element size; copy it first");
    export->shape[i] = a->shape[i];
    export->strides[i] = a->strides[i] / item;
  }
  size_t at = 0;
  while (dl_types[at].dtype != a->dtype) at++;
  *t = (DLTensor){.data = a->data, .ndim = a->ndim, .shape = export->shape, .strides = export->strides};
  t->device.type = DL_CPU;
  t->dtype.code = dl_types[at].code, t->dtype.bits = dl_types[at].bits, t->dtype.lanes = 1;
  export->value = lj_value_copy(value);
  return LJ_OK;
}

static lj_status export_value(const lj_value *value, bool versioned, lj_report *report, Export **out) {
  *out = NULL;
  lj_report_clear(report);
  if (!value || value->kind != LJ_KIND_ARRAY) return report_message(report, LJ_MISUSE, "only arrays can be exported");
  if (!value_is_sound(value)) return report_value(report, "the value", value);
  if (!versioned && value->as.array.readonly)
    return report_message(report, LJ_MISUSE, "the array is read-only, which unversioned tensors cannot say; export it with its version");
  Export *export = calloc(1, sizeof *export);
  if (!export) lj_panic(__FILE__, __LINE__, "out of memory");
  lj_status status = fill_tensor(value, report, export, versioned ? &export->as.versioned.tensor : &export->as.plain.tensor);
  if (status == LJ_OK)
    *out = export;
  else
    free(export);
  return status;
}

lj_status lj_value_to_dlpack(const lj_value *value, lj_report *report, struct DLManagedTensorVersioned **tensor) {
  Export *export;
  lj_status status = export_value(value, true, report, &export);
  *tensor = export ? &export->as.versioned : NULL;
  if (!export) return status;
  (*tensor)->version.major = DL_MAJOR;
  (*tensor)->flags = value->as.array.readonly ? DL_READ_ONLY : 0;
  (*tensor)->context = export;
  (*tensor)->deleter = delete_versioned_export;
  return status;
}

lj_status lj_value_to_dlpack_unversioned(const lj_value *value, lj_report *report, struct DLManagedTensor **tensor) {
  Export *export;
  lj_status status = export_value(value, false, report, &export);
  *tensor = export ? &export->as.plain : NULL;
  if (!export) return status;
  (*tensor)->context = export;
  (*tensor)->deleter = delete_plain_export;
  return status;
}
