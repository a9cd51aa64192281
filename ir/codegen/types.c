/* Types as codegen sees them: the components of a value in registers, its layout in memory (runtime/rt.h), LLVM function types, type
 * codes. Everything is computed once per type. The two directions between memory and components are cg_unpack and cg_pack: bools are i1
 * in registers and bytes in memory, and arrays always have their strides in memory, whether or not the strides are components. */
#include "ir/codegen/cg.h"

LLVMTypeRef cg_scalar_type(Codegen *cg, DType dtype) {
  switch (dtype) {
  case DT_BOOL: return cg->i1;
  case DT_INT8:
  case DT_UINT8: return cg->i8;
  case DT_INT16:
  case DT_UINT16: return cg->i16;
  case DT_INT32:
  case DT_UINT32: return cg->i32;
  case DT_INT64:
  case DT_UINT64: return cg->i64;
  case DT_FLOAT32:
  case DT_COMPLEX64: return cg->f32;
  case DT_FLOAT64:
  case DT_COMPLEX128: return cg->f64;
  case DT_COUNT: break;
  }
  LJ_UNREACHABLE();
}

LLVMTypeRef cg_memory_type(Codegen *cg, DType dtype) {
  LLVMTypeRef part = cg_scalar_type(cg, dtype);
  if (dtype == DT_BOOL) return cg->i8;
  return dtype_is_complex(dtype) ? LLVMStructTypeInContext(cg->ctx, (LLVMTypeRef[]){part, part}, 2, false) : part;
}

static uint64_t round_up(uint64_t offset, uint32_t align) { return (offset + align - 1) / align * align; }

/* Size and alignment in memory. */
static uint64_t memory_size(const Type *t, uint32_t *align) {
  *align = 1;
  switch (t->kind) {
  case TYPE_SCALAR: {
    uint32_t size = dtype_size(t->dtype);
    *align = dtype_is_complex(t->dtype) ? size / 2 : size;
    return size;
  }
  case TYPE_STR: *align = 8; return sizeof(lj_str);
  case TYPE_ARRAY: *align = 8; return sizeof(lj_array_head) + 16 * (uint64_t)t->ndim;
  case TYPE_OPTIONAL:
  case TYPE_TUPLE:
  case TYPE_FUNC: {
    uint64_t size = t->kind == TYPE_OPTIONAL ? 1 : 0;
    for (uint32_t i = 0; i < t->count; i++) {
      uint32_t a;
      uint64_t s = memory_size(t->elems[i], &a);
      size = round_up(size, a) + s;
      if (a > *align) *align = a;
    }
    return round_up(size, *align);
  }
  case TYPE_NONE:
  case TYPE_DTYPE:
  case TYPE_BUILTIN:
  case TYPE_MODULE: return 0;
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: break;
  }
  LJ_UNREACHABLE();
}

static uint32_t part_count(const Type *t) {
  switch (t->kind) {
  case TYPE_SCALAR: return dtype_is_complex(t->dtype) ? 2 : 1;
  case TYPE_STR: return 3;
  case TYPE_ARRAY: return CG_SHAPE + t->ndim * (t->layout == LAYOUT_A ? 2u : 1u);
  case TYPE_OPTIONAL:
  case TYPE_TUPLE:
  case TYPE_FUNC: {
    uint32_t count = t->kind == TYPE_OPTIONAL;
    for (uint32_t i = 0; i < t->count; i++) count += part_count(t->elems[i]);
    return count;
  }
  case TYPE_NONE:
  case TYPE_DTYPE:
  case TYPE_BUILTIN:
  case TYPE_MODULE: return 0;
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: break;
  }
  LJ_UNREACHABLE();
}

static void add_part(CgType *out, LLVMTypeRef type, uint64_t offset, bool owner) {
  out->parts[out->count] = type;
  out->offsets[out->count] = offset;
  out->owner[out->count++] = owner;
}

static void flatten(Codegen *cg, const Type *t, uint64_t base, CgType *out) {
  if (t->kind == TYPE_SCALAR) {
    LLVMTypeRef part = cg_scalar_type(cg, t->dtype);
    add_part(out, part, base, false);
    if (dtype_is_complex(t->dtype)) add_part(out, part, base + dtype_size(t->dtype) / 2, false);
  } else if (t->kind == TYPE_STR || t->kind == TYPE_ARRAY) {
    uint32_t words = part_count(t) - CG_SHAPE;
    add_part(out, cg->ptr, base, false);
    add_part(out, cg->ptr, base + 8, true);
    for (uint32_t i = 0; i < words; i++) add_part(out, cg->i64, base + 16 + 8 * (uint64_t)i, false);
  } else {
    uint64_t at = base;
    if (t->kind == TYPE_OPTIONAL) add_part(out, cg->i1, at++, false);
    for (uint32_t i = 0; i < t->count; i++) {
      uint32_t align;
      uint64_t size = memory_size(t->elems[i], &align);
      at = base + round_up(at - base, align);
      flatten(cg, t->elems[i], at, out);
      at += size;
    }
  }
}

const CgType *cg_type(Codegen *cg, const Type *t) {
  CgType *out = map_get(&cg->types, map_key(t));
  if (out) return out;
  uint32_t count = part_count(t);
  out = arena_new(cg->arena, CgType);
  out->parts = arena_array(cg->arena, LLVMTypeRef, count + 1);
  out->offsets = arena_array(cg->arena, uint64_t, count + 1);
  out->owner = arena_array(cg->arena, bool, count + 1);
  out->size = memory_size(t, &out->align);
  if (count) flatten(cg, t, 0, out);
  LJ_ASSERT(out->count == count);
  map_put(cg->arena, &cg->types, map_key(t), out);
  return out;
}

uint32_t cg_child_offset(Codegen *cg, const Type *tuple, uint32_t index) {
  uint32_t at = tuple->kind == TYPE_OPTIONAL;
  for (uint32_t i = 0; i < index; i++) at += cg_type(cg, tuple->elems[i])->count;
  return at;
}

CgVal cg_new_val(Codegen *cg, uint32_t count) { return (CgVal){count, arena_array(cg->arena, LLVMValueRef, count + 1)}; }

CgVal cg_val1(Codegen *cg, LLVMValueRef v) {
  CgVal out = cg_new_val(cg, 1);
  out.v[0] = v;
  return out;
}

CgVal cg_zero(Codegen *cg, const Type *t) {
  const CgType *ct = cg_type(cg, t);
  CgVal out = cg_new_val(cg, ct->count);
  for (uint32_t i = 0; i < ct->count; i++) out.v[i] = LLVMConstNull(ct->parts[i]);
  return out;
}

LLVMTypeRef cg_result_type(Codegen *cg, const IrFunc *f, bool has_status) {
  const CgType *ct = cg_type(cg, f->result);
  if (!has_status && ct->count == 0) return cg->void_;
  if (!has_status && ct->count == 1) return ct->parts[0];
  if (has_status && ct->count == 0) return cg->i32;
  LLVMTypeRef *fields = arena_array(cg->arena, LLVMTypeRef, ct->count + 1);
  uint32_t n = 0;
  if (has_status) fields[n++] = cg->i32;
  for (uint32_t i = 0; i < ct->count; i++) fields[n++] = ct->parts[i];
  return LLVMStructTypeInContext(cg->ctx, fields, n, false);
}

LLVMTypeRef cg_func_type(Codegen *cg, const IrFunc *f, bool has_status) {
  uint32_t n = 1;
  for (uint32_t i = 0; i < f->params.len; i++) n += cg_type(cg, f->params.data[i]->type)->count;
  LLVMTypeRef *params = arena_array(cg->arena, LLVMTypeRef, n);
  n = 0;
  params[n++] = cg->ptr;
  for (uint32_t i = 0; i < f->params.len; i++) {
    const CgType *ct = cg_type(cg, f->params.data[i]->type);
    for (uint32_t k = 0; k < ct->count; k++) params[n++] = ct->parts[k];
  }
  return LLVMFunctionType(cg_result_type(cg, f, has_status), params, n, false);
}

LLVMValueRef cg_load_part(Codegen *cg, LLVMTypeRef type, LLVMValueRef base, uint64_t offset) {
  LLVMValueRef at = cg_offset(cg, base, offset);
  if (type != cg->i1) return cg_mark_access(cg, LLVMBuildLoad2(cg->b, type, at, ""));
  LLVMValueRef byte = cg_mark_access(cg, LLVMBuildLoad2(cg->b, cg->i8, at, ""));
  return LLVMBuildICmp(cg->b, LLVMIntNE, byte, LLVMConstNull(cg->i8), "");
}

CgVal cg_unpack(Codegen *cg, const Type *t, LLVMValueRef base, uint64_t offset) {
  const CgType *ct = cg_type(cg, t);
  CgVal out = cg_new_val(cg, ct->count);
  for (uint32_t i = 0; i < ct->count; i++) out.v[i] = cg_load_part(cg, ct->parts[i], base, offset + ct->offsets[i]);
  return out;
}

static void store_part(Codegen *cg, LLVMValueRef v, LLVMValueRef base, uint64_t offset) {
  if (LLVMTypeOf(v) == cg->i1) v = cg_to_bool_byte(cg, v);
  cg_mark_access(cg, LLVMBuildStore(cg->b, v, cg_offset(cg, base, offset)));
}

/* The number of components that were stored. */
uint32_t cg_pack(Codegen *cg, const Type *t, const LLVMValueRef *parts, LLVMValueRef base, uint64_t offset) {
  if (t->kind == TYPE_TUPLE || t->kind == TYPE_FUNC || t->kind == TYPE_OPTIONAL) {
    uint32_t used = 0;
    uint64_t at = 0;
    if (t->kind == TYPE_OPTIONAL) store_part(cg, parts[used++], base, offset + at++);
    for (uint32_t i = 0; i < t->count; i++) {
      const CgType *elem = cg_type(cg, t->elems[i]);
      at = round_up(at, elem->align);
      used += cg_pack(cg, t->elems[i], parts + used, base, offset + at);
      at += elem->size;
    }
    return used;
  }
  const CgType *ct = cg_type(cg, t);
  for (uint32_t i = 0; i < ct->count; i++) store_part(cg, parts[i], base, offset + ct->offsets[i]);
  if (t->kind == TYPE_ARRAY && t->layout != LAYOUT_A)
    for (unsigned axis = 0; axis < t->ndim; axis++)
      store_part(cg, cg_stride(cg, t, parts + CG_SHAPE, axis), base, offset + 16 + 8 * (uint64_t)(t->ndim + axis));
  return ct->count;
}

void cg_type_code(const Type *t, StrBuf *out) {
  switch (t->kind) {
  case TYPE_SCALAR: sb_puts(out, dtype_info[t->dtype].npy); return;
  case TYPE_STR: sb_putc(out, 'S'); return;
  case TYPE_ARRAY: sb_printf(out, "A%u%c%s", t->ndim, "CFA"[t->layout], dtype_info[t->dtype].npy); return;
  case TYPE_TUPLE:
    sb_putc(out, '(');
    for (uint32_t i = 0; i < t->count; i++) cg_type_code(t->elems[i], out);
    sb_putc(out, ')');
    return;
  case TYPE_OPTIONAL:
    sb_putc(out, '?');
    cg_type_code(t->elems[0], out);
    return;
  case TYPE_NONE: sb_putc(out, 'N'); return;
  case TYPE_DTYPE: sb_printf(out, "D%s", dtype_info[t->dtype].npy); return;
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE: sb_putc(out, 'F'); return;
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: break;
  }
  LJ_UNREACHABLE();
}
