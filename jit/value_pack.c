/* Values to and from the memory layout of compiled code (runtime/rt.h), and the type codes that describe it.
 * In: an lj_value and a type of the program. Out: bytes, or the other way round. Scalars are converted on the way in; nothing else is. */
#include "jit/engine.h"

#include <stdlib.h>

static size_t round_up(size_t n, size_t align) { return (n + align - 1) / align * align; }

size_t layout_place(const Type *type, size_t *end, size_t *align) {
  size_t own, size = layout_size(type, &own), at = round_up(*end, own);
  *end = at + size;
  *align = lj_max_size(*align, own);
  return at;
}

static size_t layout_struct(const Type *type, size_t *align) {
  size_t end = 0;
  for (uint32_t i = 0; i < type->count; i++) layout_place(type->elems[i], &end, align);
  return round_up(end, *align);
}

size_t layout_size(const Type *type, size_t *align) {
  size_t end;
  *align = 1;
  switch (type->kind) {
  case TYPE_SCALAR: *align = dtype_size(dtype_real_of(type->dtype)); return dtype_size(type->dtype);
  case TYPE_ARRAY: *align = 8; return sizeof(lj_array_head) + 16u * type->ndim;
  case TYPE_STR: *align = 8; return sizeof(lj_str);
  case TYPE_TUPLE:
  case TYPE_FUNC: return layout_struct(type, align);
  case TYPE_OPTIONAL:
    end = 1;
    layout_place(type->elems[0], &end, align);
    return round_up(end, *align);
  case TYPE_NONE:
  case TYPE_DTYPE:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return 0;
  }
  LJ_UNREACHABLE();
}

/* ---- in ------------------------------------------------------------------------------------------------------------------------------ */

static bool pack_scalar(const lj_value *v, DType to, void *memory) {
  if (v->kind != LJ_KIND_SCALAR) return false;
  DType from = (DType)v->dtype;
  if (dtype_is_complex(from)) {
    if (!dtype_is_complex(to)) return false;
    if (to == DT_COMPLEX64)
      memcpy(memory, &(lj_complex64){(float)v->as.c.re, (float)v->as.c.im}, 8);
    else
      memcpy(memory, &v->as.c, 16);
    return true;
  }
  double f = dtype_is_float(from) ? v->as.f : dtype_is_unsigned(from) ? (double)v->as.u : (double)v->as.i;
  if (dtype_is_complex(to)) return pack_scalar(&(lj_value){.kind = LJ_KIND_SCALAR, .dtype = LJ_COMPLEX128, .as.c = {f, 0}}, to, memory);
  if (to == DT_FLOAT64)
    memcpy(memory, &f, 8);
  else if (to == DT_FLOAT32)
    memcpy(memory, &(float){(float)f}, 4);
  else if (dtype_is_float(from))
    return false;
  else if (to == DT_BOOL)
    memcpy(memory, &(uint8_t){v->as.i != 0}, 1);
  else
    memcpy(memory, &v->as.i, dtype_size(to)); /* little-endian: the low bytes */
  return true;
}

typedef struct ArrayFacts {
  Layout layout;
  bool readonly;
} ArrayFacts;

static Layout layout_of(const lj_array *a) {
  bool c = true, f = true;
  const int64_t size = dtype_size((DType)a->dtype);
  int64_t step = size;
  for (int i = a->ndim - 1; i >= 0; i--) {
    if (a->shape[i] != 1 && a->strides[i] != step) c = false;
    step *= a->shape[i];
  }
  step = size;
  for (int i = 0; i < a->ndim; i++) {
    if (a->shape[i] != 1 && a->strides[i] != step) f = false;
    step *= a->shape[i];
  }
  for (int i = 0; i < a->ndim; i++)
    if (a->shape[i] == 0) return LAYOUT_C; /* no element: any order */
  return c ? LAYOUT_C : f ? LAYOUT_F : LAYOUT_A;
}

/* What is known of an array besides its dtype and dimensions. Passes and LLVM take it that different indices of an array that is stored into are different
 * memory, as they are in every array that programs make: one whose axes meet is for reading only, like broadcast_to's. */
static ArrayFacts facts_of(const lj_array *a) {
  Layout layout = layout_of(a);
  return (ArrayFacts){layout, a->readonly || (layout == LAYOUT_A && array_axes_meet(a))};
}

static bool pack_array(const lj_value *v, const Type *type, lj_array_head *head) {
  if (v->kind != LJ_KIND_ARRAY) return false;
  const lj_array *a = &v->as.array;
  if ((DType)a->dtype != type->dtype || a->ndim != type->ndim) return false;
  ArrayFacts facts = facts_of(a);
  if (facts.readonly && !type->readonly) return false;
  Layout layout = facts.layout;
  bool fits = type->layout == LAYOUT_A || type->layout == layout || (type->layout == LAYOUT_F && a->ndim < 2 && layout == LAYOUT_C);
  if (!fits) return false;
  head->data = a->data;
  head->owner = v->owner;
  memcpy(head->dims, a->shape, sizeof(int64_t) * type->ndim);
  memcpy(head->dims + type->ndim, a->strides, sizeof(int64_t) * type->ndim);
  return true;
}

bool value_pack(const lj_value *value, const Type *type, void *memory) {
  size_t end = 0, align = 1;
  switch (type->kind) {
  case TYPE_SCALAR: return pack_scalar(value, type->dtype, memory);
  case TYPE_ARRAY: return pack_array(value, type, memory);
  case TYPE_STR:
    if (value->kind != LJ_KIND_STR) return false;
    memcpy(memory, &(lj_str){value->as.str.data, value->owner, (int64_t)value->as.str.length}, sizeof(lj_str));
    return true;
  case TYPE_TUPLE:
    if (value->kind != LJ_KIND_TUPLE || value->as.tuple.count != type->count) return false;
    for (uint32_t i = 0; i < type->count; i++)
      if (!value_pack(&value->as.tuple.items[i], type->elems[i], (char *)memory + layout_place(type->elems[i], &end, &align))) return false;
    return true;
  case TYPE_OPTIONAL:
    *(uint8_t *)memory = value->kind != LJ_KIND_NONE;
    end = 1;
    return value->kind == LJ_KIND_NONE || value_pack(value, type->elems[0], (char *)memory + layout_place(type->elems[0], &end, &align));
  case TYPE_NONE: return value->kind == LJ_KIND_NONE;
  case TYPE_DTYPE: return value->kind == LJ_KIND_DTYPE && (DType)value->dtype == type->dtype;
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return false;
  }
  LJ_UNREACHABLE();
}

/* ---- out ----------------------------------------------------------------------------------------------------------------------------- */

static void unpack_scalar(DType dtype, const void *memory, lj_value *out) {
  *out = (lj_value){.kind = LJ_KIND_SCALAR, .dtype = (lj_dtype)dtype};
  unsigned bits = 8 * dtype_size(dtype);
  float part[2];
  switch (dtype_info[dtype].kind) {
  case 'b': out->as.i = *(const uint8_t *)memory != 0; break;
  case 'u': memcpy(&out->as.u, memory, bits / 8); break;
  case 'i':
    memcpy(&out->as.u, memory, bits / 8);
    out->as.i = (int64_t)(out->as.u << (64 - bits)) >> (64 - bits);
    break;
  case 'f':
    if (bits == 64)
      memcpy(&out->as.f, memory, 8);
    else
      memcpy(part, memory, 4), out->as.f = part[0];
    break;
  default: /* 'c' */
    if (bits == 128)
      memcpy(&out->as.c, memory, 16);
    else
      memcpy(part, memory, 8), out->as.c = (lj_complex128){part[0], part[1]};
  }
}

static void unpack_array(const Type *type, const lj_array_head *head, lj_value *out) {
  *out = (lj_value){.kind = LJ_KIND_ARRAY, .owner = head->owner};
  lj_array *a = &out->as.array;
  a->data = head->data;
  a->dtype = (lj_dtype)type->dtype;
  a->ndim = type->ndim;
  a->readonly = type->readonly;
  memcpy(a->shape, head->dims, sizeof(int64_t) * type->ndim);
  memcpy(a->strides, head->dims + type->ndim, sizeof(int64_t) * type->ndim);
}

/* Constants of the code would go with it: a string is copied unless it has an owner. */
static void unpack_str(const lj_str *s, lj_value *out) {
  *out = (lj_value){.kind = LJ_KIND_STR, .owner = s->owner};
  out->as.str.data = s->data;
  out->as.str.length = (size_t)s->length;
  if (s->owner || !s->length) {
    if (!s->owner) out->as.str.data = "";
    return;
  }
  out->as.str.data = memcpy(value_new_memory((size_t)s->length, &out->owner), s->data, (size_t)s->length);
}

void value_unpack(const Type *type, const void *memory, lj_value *value) {
  size_t end = 0, align = 1;
  *value = lj_none();
  switch (type->kind) {
  case TYPE_SCALAR: unpack_scalar(type->dtype, memory, value); break;
  case TYPE_ARRAY: unpack_array(type, memory, value); break;
  case TYPE_STR: unpack_str(memory, value); break;
  case TYPE_TUPLE:
    *value = (lj_value){.kind = LJ_KIND_TUPLE};
    value->as.tuple.items = value_new_memory(sizeof(lj_value) * type->count, &value->owner);
    value->as.tuple.count = type->count;
    for (uint32_t i = 0; i < type->count; i++)
      value_unpack(type->elems[i], (const char *)memory + layout_place(type->elems[i], &end, &align), &value->as.tuple.items[i]);
    break;
  case TYPE_OPTIONAL:
    end = 1;
    if (*(const uint8_t *)memory) value_unpack(type->elems[0], (const char *)memory + layout_place(type->elems[0], &end, &align), value);
    break;
  case TYPE_DTYPE: *value = (lj_value){.kind = LJ_KIND_DTYPE, .dtype = (lj_dtype)type->dtype}; break;
  case TYPE_NONE:
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: break;
  }
}

/* ---- types --------------------------------------------------------------------------------------------------------------------------- */

const Type *value_type(TypeTable *types, const lj_value *value) {
  const lj_array *a = &value->as.array;
  ArrayFacts facts;
  switch (value->kind) {
  case LJ_KIND_NONE: return types->none;
  case LJ_KIND_SCALAR: return type_scalar(types, (DType)value->dtype);
  case LJ_KIND_STR: return types->str;
  case LJ_KIND_DTYPE: return type_dtype(types, (DType)value->dtype);
  case LJ_KIND_ARRAY: facts = facts_of(a); return type_array(types, (DType)a->dtype, (unsigned)a->ndim, facts.layout, facts.readonly);
  case LJ_KIND_TUPLE: {
    size_t n = value->as.tuple.count;
    const Type **elems = arena_array(types->arena, const Type *, n);
    for (size_t i = 0; i < n; i++) elems[i] = value_type(types, &value->as.tuple.items[i]);
    return type_tuple(types, elems, (uint32_t)n);
  }
  }
  LJ_UNREACHABLE();
}

bool value_key(const lj_value *value, char **at, const char *end) {
  ArrayFacts facts;
  if (end - *at < 6) return false;
  *(*at)++ = (char)('A' + value->kind);
  switch (value->kind) {
  case LJ_KIND_NONE:
  case LJ_KIND_STR: return true;
  case LJ_KIND_SCALAR:
  case LJ_KIND_DTYPE: *(*at)++ = (char)('a' + value->dtype); return true;
  case LJ_KIND_ARRAY:
    *(*at)++ = (char)('a' + value->as.array.dtype);
    *(*at)++ = (char)('0' + value->as.array.ndim);
    facts = facts_of(&value->as.array);
    *(*at)++ = "CFA"[facts.layout];
    *(*at)++ = facts.readonly ? 'r' : 'w';
    return true;
  case LJ_KIND_TUPLE:
    for (size_t i = 0; i < value->as.tuple.count; i++)
      if (!value_key(&value->as.tuple.items[i], at, end)) return false;
    if (*at == end) return false;
    *(*at)++ = ')';
    return true;
  }
  LJ_UNREACHABLE();
}

void value_code(const lj_value *value, StrBuf *out) {
  const lj_array *a = &value->as.array;
  switch (value->kind) {
  case LJ_KIND_NONE: sb_puts(out, "N"); return;
  case LJ_KIND_SCALAR: sb_puts(out, dtype_info[value->dtype].npy); return;
  case LJ_KIND_STR: sb_puts(out, "S"); return;
  case LJ_KIND_DTYPE: sb_printf(out, "D%s", dtype_info[value->dtype].npy); return;
  case LJ_KIND_ARRAY: sb_printf(out, "A%d%c%s", a->ndim, "CFA"[layout_of(a)], dtype_info[a->dtype].npy); return;
  case LJ_KIND_TUPLE:
    sb_puts(out, "(");
    for (size_t i = 0; i < value->as.tuple.count; i++) value_code(&value->as.tuple.items[i], out);
    sb_puts(out, ")");
    return;
  }
}
