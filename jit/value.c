/* Values on the host's side: making them, owning their memory, reading them.
 * In and out: lj_value. Memory is behind an lj_owner, the same that compiled code counts, so results and arguments share it without a copy. */
#include "jit/engine.h"

#include <stdlib.h>

void lj_owner_release(void *handle) {
  lj_owner *owner = handle;
  if (owner && __atomic_sub_fetch(&owner->refs, 1, __ATOMIC_ACQ_REL) == 0) lj_rt_free(owner);
}

void *value_new_memory(size_t size, void **owner) {
  lj_owner *made;
  void *memory = lj_rt_new_block(NULL, size, &made);
  if (!memory) lj_panic(__FILE__, __LINE__, "out of memory");
  *owner = made;
  return memory;
}

lj_value lj_scalar(lj_dtype dtype, double number) {
  lj_value v = {.kind = LJ_KIND_SCALAR, .dtype = dtype};
  bool negative = number < 0;
  if ((unsigned)dtype >= DT_COUNT) return v; /* refused when it is used */
  switch (dtype_info[dtype].kind) {
  case 'f': v.as.f = dtype == LJ_FLOAT32 ? (double)(float)number : number; break;
  case 'c': v.as.c = (lj_complex128){dtype == LJ_COMPLEX64 ? (double)(float)number : number, 0}; break;
  case 'b': v.as.i = number != 0; break;
  default: { /* in range of 64 bits: exact, then cut to the width */
    unsigned shift = 64 - 8 * dtype_size((DType)dtype);
    uint64_t bits = 0;
    if (negative && number >= -0x1p63)
      bits = (uint64_t)(int64_t)number;
    else if (!negative && number < 0x1p64)
      bits = (uint64_t)number;
    if (dtype_is_signed((DType)dtype))
      v.as.i = (int64_t)(bits << shift) >> shift;
    else
      v.as.u = bits << shift >> shift;
  }
  }
  return v;
}

lj_value lj_string_n(const char *text, size_t length) {
  lj_value v = {.kind = LJ_KIND_STR};
  v.as.str.data = text;
  v.as.str.length = length;
  return v;
}
lj_value lj_string(const char *text) { return lj_string_n(text, strlen(text)); }

lj_value lj_tuple(lj_value *items, size_t count) {
  lj_value v = {.kind = LJ_KIND_TUPLE};
  v.as.tuple.items = items;
  v.as.tuple.count = count;
  return v;
}

lj_value lj_array_wrap_strided(lj_dtype dtype, void *data, int ndim, const int64_t *shape, const int64_t *strides) {
  lj_value v = {.kind = LJ_KIND_ARRAY};
  v.as.array = (lj_array){.data = data, .dtype = dtype, .ndim = ndim};
  int known = ndim < 0 ? 0 : ndim > LJ_MAX_NDIM ? LJ_MAX_NDIM : ndim; /* others are refused when the value is used */
  if (known) memcpy(v.as.array.shape, shape, sizeof *shape * (size_t)known);
  if (known) memcpy(v.as.array.strides, strides, sizeof *strides * (size_t)known);
  return v;
}

/* Strides of C order; false when the array would be larger than memory can be. */
static bool c_strides(lj_dtype dtype, int ndim, const int64_t *shape, int64_t *strides, int64_t *size) {
  if (ndim < 0 || ndim > LJ_MAX_NDIM) return false;
  *size = (int64_t)lj_dtype_size(dtype);
  bool possible = true;
  for (int i = ndim - 1; i >= 0; i--) {
    strides[i] = *size;
    possible &= shape[i] >= 0 && !__builtin_mul_overflow(*size, shape[i], size);
  }
  return possible;
}

static bool any_negative(int ndim, const int64_t *shape) {
  for (int i = 0; i < ndim && i < LJ_MAX_NDIM; i++)
    if (shape[i] < 0) return true;
  return false;
}

lj_value lj_array_wrap(lj_dtype dtype, void *data, int ndim, const int64_t *shape) {
  int64_t strides[LJ_MAX_NDIM] = {0}, size;
  if (!c_strides(dtype, ndim, shape, strides, &size) && ndim <= LJ_MAX_NDIM && !any_negative(ndim, shape))
    ndim = -1; /* refused when the value is used, as are too many dimensions and negative extents */
  return lj_array_wrap_strided(dtype, data, ndim, shape, strides);
}

lj_value lj_array_wrap_const(lj_dtype dtype, const void *data, int ndim, const int64_t *shape) {
  lj_value v = lj_array_wrap(dtype, (void *)(uintptr_t)data, ndim, shape);
  v.as.array.readonly = true;
  return v;
}

lj_value lj_array1d(lj_dtype dtype, void *data, int64_t n) { return lj_array_wrap(dtype, data, 1, &n); }
lj_value lj_array2d(lj_dtype dtype, void *data, int64_t rows, int64_t columns) {
  return lj_array_wrap(dtype, data, 2, (int64_t[]){rows, columns});
}

static lj_value new_array(lj_pool *pool, lj_dtype dtype, int ndim, const int64_t *shape) {
  int64_t strides[LJ_MAX_NDIM] = {0}, size;
  lj_owner *owner;
  bool possible = (unsigned)dtype < DT_COUNT && c_strides(dtype, ndim, shape, strides, &size);
  void *data = possible ? lj_rt_new_block(pool, (size_t)size, &owner) : NULL;
  if (!data) return lj_none();
  lj_value v = lj_array_wrap_strided(dtype, data, ndim, shape, strides);
  v.owner = owner;
  return v;
}

lj_value lj_array_new(lj_dtype dtype, int ndim, const int64_t *shape) { return new_array(NULL, dtype, ndim, shape); }
lj_value lj_engine_array_new(lj_engine *engine, lj_dtype dtype, int ndim, const int64_t *shape) {
  return new_array(engine->pool, dtype, ndim, shape);
}

lj_value lj_value_copy(const lj_value *value) {
  lj_value copy = *value;
  lj_owner *owner = value->owner;
  if (owner && value->kind == LJ_KIND_TUPLE) { /* items are structs with owners of their own */
    copy.as.tuple.items = value_new_memory(sizeof(lj_value) * value->as.tuple.count, &copy.owner);
    for (size_t i = 0; i < value->as.tuple.count; i++) copy.as.tuple.items[i] = lj_value_copy(&value->as.tuple.items[i]);
  } else if (owner) {
    __atomic_add_fetch(&owner->refs, 1, __ATOMIC_RELAXED);
  }
  return copy;
}

void lj_value_free(lj_value *value) {
  if (value->owner && value->kind == LJ_KIND_TUPLE)
    for (size_t i = 0; i < value->as.tuple.count; i++) lj_value_free(&value->as.tuple.items[i]);
  lj_owner_release(value->owner);
  *value = lj_none();
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------------------- */

bool lj_value_integer(const lj_value *value, int64_t *integer) {
  *integer = 0;
  if (value->kind != LJ_KIND_SCALAR || (unsigned)value->dtype >= DT_COUNT) return false;
  DType dtype = (DType)value->dtype;
  if (dtype_is_float(dtype) || dtype_is_complex(dtype) || (dtype_is_unsigned(dtype) && value->as.u > INT64_MAX)) return false;
  *integer = value->as.i;
  return true;
}

bool lj_value_number(const lj_value *value, double *number) {
  *number = 0;
  if (value->kind != LJ_KIND_SCALAR || (unsigned)value->dtype >= DT_COUNT || dtype_is_complex((DType)value->dtype)) return false;
  DType dtype = (DType)value->dtype;
  *number = dtype_is_float(dtype) ? value->as.f : dtype_is_unsigned(dtype) ? (double)value->as.u : (double)value->as.i;
  return true;
}

static size_t array_bytes(const lj_array *a) {
  size_t bytes = dtype_size((DType)a->dtype);
  for (int i = 0; i < a->ndim; i++) bytes *= (size_t)a->shape[i];
  return bytes;
}

size_t lj_array_bytes(const lj_value *array) {
  return array && array->kind == LJ_KIND_ARRAY && value_is_sound(array) ? array_bytes(&array->as.array) : 0;
}

/* One axis after the other, the last one innermost; runs of elements that lie one behind the other are copied at once. */
static char *copy_axis(const lj_array *a, int axis, size_t size, const char *from, char *to) {
  if (axis == a->ndim) return (char *)memcpy(to, from, size) + size;
  if (axis == a->ndim - 1 && a->strides[axis] == (int64_t)size)
    return (char *)memcpy(to, from, size * (size_t)a->shape[axis]) + size * (size_t)a->shape[axis];
  for (int64_t i = 0; i < a->shape[axis]; i++) to = copy_axis(a, axis + 1, size, from + i * a->strides[axis], to);
  return to;
}

lj_status lj_array_copy_out(const lj_value *array, lj_report *report, void *buffer, size_t bytes) {
  lj_report_clear(report);
  if (!array || array->kind != LJ_KIND_ARRAY) return report_message(report, LJ_MISUSE, "only an array can be copied out");
  if (!value_is_sound(array)) return report_value(report, "the value", array);
  size_t need = array_bytes(&array->as.array);
  if (bytes != need)
    return report_message(report, LJ_MISUSE, "the array has %zu bytes, the buffer %zu: lj_array_bytes() says how many there are", need,
                          bytes);
  if (need && !buffer) return report_message(report, LJ_MISUSE, "the buffer for the array is NULL");
  if (need) copy_axis(&array->as.array, 0, dtype_size((DType)array->as.array.dtype), array->as.array.data, buffer);
  return LJ_OK;
}

/* As an annotation would be written: float64[:, ::1]. */
static void add_type(const lj_value *value, TypeTable *types, StrBuf *out) {
  if (value->kind == LJ_KIND_TUPLE) {
    sb_puts(out, "Tuple((");
    for (size_t i = 0; i < value->as.tuple.count; i++) {
      if (i) sb_puts(out, ", ");
      add_type(&value->as.tuple.items[i], types, out);
    }
    sb_puts(out, value->as.tuple.count == 1 ? ",))" : "))");
    return;
  }
  const Type *type = value_type(types, value);
  if (!type_is_array(type)) {
    sb_puts(out, type_name(type));
    return;
  }
  sb_printf(out, "%s[", dtype_name(type->dtype));
  for (unsigned i = 0; i < type->ndim; i++) {
    bool unit = (type->layout == LAYOUT_C && i + 1u == type->ndim) || (type->layout == LAYOUT_F && i == 0);
    sb_printf(out, "%s%s", i ? ", " : "", unit ? "::1" : ":");
  }
  sb_puts(out, type->ndim ? "]" : "()]");
}

void lj_value_type(const lj_value *value, lj_text *out) {
  Arena arena;
  TypeTable types;
  StrBuf text = {0};
  arena_init(&arena);
  types_init(&types, &arena);
  if (value_is_sound(value)) add_type(value, &types, &text);
  arena_drop(&arena);
  *out = (lj_text){text.data, text.len};
}

void lj_text_free(lj_text *text) {
  free(text->data);
  *text = (lj_text){0};
}
