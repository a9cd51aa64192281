/* Whether a value from the host can be used, what is wrong with it if not, and whether kernels may store into an array.
 * In: an lj_value as the host filled it. Out: yes, or the reason as a part of a sentence that names the value. Every argument of every checked call passes
 * here, so the answer yes takes no memory and reads each field once. Knows nothing of types of programs. */
#include "jit/engine.h"

static bool is_dtype(lj_dtype dtype) { return (unsigned)dtype < DT_COUNT; }
static uintptr_t alignment(const lj_array *a) { return dtype_size(dtype_real_of((DType)a->dtype)); }

static bool array_is_sound(const lj_array *a) {
  if (!is_dtype(a->dtype) || a->ndim < 0 || a->ndim > LJ_MAX_NDIM) return false;
  uintptr_t addresses = (uintptr_t)a->data;
  bool empty = false;
  for (int i = 0; i < a->ndim; i++) {
    if (a->shape[i] < 0) return false;
    if (a->shape[i] > 1) addresses |= (uintptr_t)a->strides[i];
    empty |= a->shape[i] == 0;
  }
  return empty || (a->data && addresses % alignment(a) == 0);
}

bool value_is_sound(const lj_value *value) {
  switch (value->kind) {
  case LJ_KIND_NONE: return true;
  case LJ_KIND_SCALAR:
  case LJ_KIND_DTYPE: return is_dtype(value->dtype);
  case LJ_KIND_STR: return value->as.str.data || !value->as.str.length;
  case LJ_KIND_TUPLE:
    if (!value->as.tuple.items && value->as.tuple.count) return false;
    for (size_t i = 0; i < value->as.tuple.count; i++)
      if (!value_is_sound(&value->as.tuple.items[i])) return false;
    return true;
  case LJ_KIND_ARRAY: return array_is_sound(&value->as.array);
  }
  return false;
}

/* ---- why not ----------------------------------------------------------------------------------------------------------------------------- */

static void array_problem(const lj_array *a, StrBuf *out) {
  if (!is_dtype(a->dtype)) {
    sb_printf(out, "is an array of dtype %d, which is none of lj_dtype", (int)a->dtype);
    return;
  }
  const char *name = dtype_name((DType)a->dtype);
  if (a->ndim < 0 || a->ndim > LJ_MAX_NDIM) {
    sb_printf(out, "is an array of %d dimensions: there are 0 to %d (lj_array_wrap() makes -1 of a shape that memory cannot hold)",
              (int)a->ndim, LJ_MAX_NDIM);
    return;
  }
  for (int i = 0; i < a->ndim; i++)
    if (a->shape[i] < 0) {
      sb_printf(out, "is an array whose shape[%d] is %lld: none may be negative", i, (long long)a->shape[i]);
      return;
    }
  if (!a->data) {
    sb_printf(out, "is an array of %s without memory: its data is NULL, and no extent of its shape is 0", name);
    return;
  }
  if ((uintptr_t)a->data % alignment(a)) {
    sb_printf(
        out, "is an array of %s at %p, which is not aligned: the address must be a multiple of %zu; copy the elements to an lj_array_new()",
        name, a->data, (size_t)alignment(a));
    return;
  }
  for (int i = 0; i < a->ndim; i++)
    if (a->shape[i] > 1 && (uintptr_t)a->strides[i] % alignment(a)) {
      sb_printf(out, "is an array of %s whose strides[%d] is %lld: strides count bytes, here in multiples of %zu", name, i,
                (long long)a->strides[i], (size_t)alignment(a));
      return;
    }
}

void value_problem(const lj_value *value, StrBuf *out) {
  switch (value->kind) {
  case LJ_KIND_NONE: return;
  case LJ_KIND_SCALAR:
  case LJ_KIND_DTYPE:
    sb_printf(out, "is a %s of dtype %d, which is none of lj_dtype", value->kind == LJ_KIND_SCALAR ? "number" : "dtype", (int)value->dtype);
    return;
  case LJ_KIND_STR: sb_printf(out, "is a text of %zu bytes whose data is NULL", value->as.str.length); return;
  case LJ_KIND_TUPLE:
    if (!value->as.tuple.items) sb_printf(out, "is a tuple of %zu items whose address is NULL", value->as.tuple.count);
    for (size_t i = 0; value->as.tuple.items && i < value->as.tuple.count; i++)
      if (!value_is_sound(&value->as.tuple.items[i])) {
        sb_printf(out, "is a tuple whose item %zu ", i);
        value_problem(&value->as.tuple.items[i], out);
        return;
      }
    return;
  case LJ_KIND_ARRAY: array_problem(&value->as.array, out); return;
  }
  sb_printf(out, "is of kind %d, which is none of lj_kind: was it filled in?", (int)value->kind);
}

/* ---- axes that share memory -------------------------------------------------------------------------------------------------------------- */

/* Ordered by what a step moves, each axis must step over all that the smaller ones reach; else two indices may be one element. That is so for every
 * slice, transposition and diagonal of an array that has memory for each element. */
bool array_axes_meet(const lj_array *a) {
  uint64_t steps[LJ_MAX_NDIM], reach = dtype_size((DType)a->dtype), whole;
  int64_t extents[LJ_MAX_NDIM];
  int count = 0;
  for (int i = 0; i < a->ndim; i++) {
    if (a->shape[i] == 0) return false;
    if (a->shape[i] == 1) continue;
    uint64_t step = a->strides[i] < 0 ? -(uint64_t)a->strides[i] : (uint64_t)a->strides[i];
    int at = count++;
    for (; at > 0 && steps[at - 1] > step; at--) steps[at] = steps[at - 1], extents[at] = extents[at - 1];
    steps[at] = step, extents[at] = a->shape[i];
  }
  for (int i = 0; i < count; i++) {
    if (steps[i] < reach) return true;
    if (__builtin_mul_overflow(steps[i], (uint64_t)extents[i] - 1, &whole) || __builtin_add_overflow(reach, whole, &reach)) return true;
  }
  return false;
}

static void add_numbers(StrBuf *out, const int64_t *numbers, int count) {
  sb_putc(out, '(');
  for (int i = 0; i < count; i++) sb_printf(out, "%s%lld", i ? ", " : "", (long long)numbers[i]);
  sb_puts(out, count == 1 ? ",)" : ")");
}

/* Of the arrays in a value: the first that is read-only only because of that. */
static const lj_array *find_meeting(const lj_value *value) {
  const lj_array *found = NULL;
  if (value->kind == LJ_KIND_ARRAY && !value->as.array.readonly && array_axes_meet(&value->as.array)) return &value->as.array;
  for (size_t i = 0; value->kind == LJ_KIND_TUPLE && i < value->as.tuple.count && !found; i++)
    found = find_meeting(&value->as.tuple.items[i]);
  return found;
}

bool value_meeting_note(const lj_value *value, StrBuf *out) {
  const lj_array *a = find_meeting(value);
  if (!a) return false;
  sb_puts(out, "has shape ");
  add_numbers(out, a->shape, a->ndim);
  sb_puts(out, " and strides ");
  add_numbers(out, a->strides, a->ndim);
  sb_puts(out, " in bytes: different indices may be the same memory, so it is read-only; pass a copy to store into it");
  return true;
}
