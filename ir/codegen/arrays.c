/* Arrays: element addresses, loads, stores, views, allocation. C and F layouts index elements by shapes (strides are never loaded);
 * layout A goes by byte strides. Indices are in range (checked before), so that the sums and products cannot overflow and say so. */
#include "ir/codegen/cg.h"

static LLVMValueRef mul_exact(Codegen *cg, LLVMValueRef a, LLVMValueRef b) {
  LLVMValueRef v = LLVMBuildNSWMul(cg->b, a, b, "");
  if (LLVMIsAInstruction(v)) LLVMSetNUW(v, true);
  return v;
}

static LLVMValueRef add_exact(Codegen *cg, LLVMValueRef a, LLVMValueRef b) {
  LLVMValueRef v = LLVMBuildNSWAdd(cg->b, a, b, "");
  if (LLVMIsAInstruction(v)) LLVMSetNUW(v, true);
  return v;
}

LLVMValueRef cg_stride(Codegen *cg, const Type *array, const LLVMValueRef *shape, unsigned axis) {
  LJ_ASSERT(axis < array->ndim);
  if (array->layout == LAYOUT_A) return shape[array->ndim + axis];
  LLVMValueRef stride = cg_i64(cg, dtype_size(array->dtype));
  if (array->layout == LAYOUT_C)
    for (unsigned k = array->ndim; --k > axis;) stride = mul_exact(cg, stride, shape[k]);
  else
    for (unsigned k = 0; k < axis; k++) stride = mul_exact(cg, stride, shape[k]);
  return stride;
}

LLVMValueRef cg_size(Codegen *cg, const Type *array, const LLVMValueRef *shape) {
  LLVMValueRef size = cg_i64(cg, 1);
  for (unsigned k = 0; k < array->ndim; k++) size = mul_exact(cg, size, shape[k]);
  return size;
}

/* ((i*n1 + j)*n2 + k), or from the last axis for layout F; in elements. */
static LLVMValueRef linear_index(Codegen *cg, const Type *t, const LLVMValueRef *shape, const LLVMValueRef *index) {
  LLVMValueRef at = NULL;
  for (unsigned n = 0; n < t->ndim; n++) {
    unsigned axis = t->layout == LAYOUT_C ? n : t->ndim - 1u - n;
    at = at ? add_exact(cg, mul_exact(cg, at, shape[axis]), index[axis]) : index[axis];
  }
  return at;
}

enum { MOST_OFFSET = 4096 };

/* x of an index  x + constant  along the last axis of bytes and the like. Where loads of a[j] and a[j + 1] have addresses of one form, LLVM keeps the
 * one for the next iteration; in a vector of narrow elements that costs more than loading it again. */
static bool has_offset(const Type *t, LLVMValueRef index, LLVMValueRef *x, LLVMValueRef *offset) {
  if (t->layout != LAYOUT_C || dtype_size(t->dtype) > 2 || !LLVMIsAInstruction(index) || LLVMGetInstructionOpcode(index) != LLVMAdd)
    return false;
  *x = LLVMGetOperand(index, 0);
  *offset = LLVMGetOperand(index, 1);
  if (!LLVMIsAConstantInt(*offset)) return false;
  int64_t n = LLVMConstIntGetSExtValue(*offset);
  return n < MOST_OFFSET && n > -MOST_OFFSET; /* so that no sum with x wraps */
}

/* The element at x may lie outside of the array: it may even be at -1. */
static LLVMValueRef offset_address(Codegen *cg, const Type *t, const LLVMValueRef *parts, const LLVMValueRef *index, LLVMValueRef x,
                                   LLVMValueRef offset) {
  LLVMValueRef row[TYPE_MAX_NDIM], at = x;
  LLVMTypeRef type = cg_memory_type(cg, t->dtype);
  for (unsigned k = 0; k + 1 < t->ndim; k++) row[k] = index[k];
  row[t->ndim - 1] = cg_i64(cg, 0);
  if (t->ndim > 1) at = LLVMBuildNSWAdd(cg->b, linear_index(cg, t, parts + CG_SHAPE, row), x, "");
  LLVMValueRef near = LLVMBuildGEP2(cg->b, type, parts[CG_DATA], &at, 1, "");
  return LLVMBuildGEP2(cg->b, type, near, &offset, 1, "");
}

static LLVMValueRef element_address(Codegen *cg, const Type *t, const LLVMValueRef *parts, const LLVMValueRef *index) {
  LLVMValueRef data = parts[CG_DATA];
  const LLVMValueRef *shape = parts + CG_SHAPE;
  if (t->ndim == 0) return data;
  LLVMValueRef x, apart;
  if (has_offset(t, index[t->ndim - 1], &x, &apart)) return offset_address(cg, t, parts, index, x, apart);
  if (t->layout != LAYOUT_A) {
    LLVMValueRef at = linear_index(cg, t, shape, index);
    return LLVMBuildInBoundsGEP2(cg->b, cg_memory_type(cg, t->dtype), data, &at, 1, "");
  }
  LLVMValueRef offset = NULL;
  for (unsigned axis = 0; axis < t->ndim; axis++) {
    LLVMValueRef step = LLVMBuildNSWMul(cg->b, index[axis], shape[t->ndim + axis], "");
    offset = offset ? LLVMBuildNSWAdd(cg->b, offset, step, "") : step;
  }
  return LLVMBuildInBoundsGEP2(cg->b, cg->i8, data, &offset, 1, "");
}

/* Does the loop step over elements by a distance that is known at run time only? */
static bool is_strided(Codegen *cg, const IrVar *array, IrExpr *const *indices) {
  uint64_t far = cg->f.loop ? cg_var_far(cg, array) : 0;
  for (unsigned k = 0; k < array->type->ndim; k++)
    if (far >> k & 1 && cg_loop_of(cg, indices[k]) == cg->f.loop->number) return true;
  return false;
}

static LLVMValueRef address(Codegen *cg, const IrVar *array, IrExpr *const *indices) {
  LJ_ASSERT(array->type->kind == TYPE_ARRAY);
  CgVal a = cg_var_get(cg, array);
  LLVMValueRef index[TYPE_MAX_NDIM];
  for (unsigned k = 0; k < array->type->ndim; k++) index[k] = cg_scalar(cg, indices[k]);
  cg->facts.strided |= is_strided(cg, array, indices);
  return element_address(cg, array->type, a.v, index);
}

CgVal cg_load(Codegen *cg, const IrExpr *e) {
  LJ_ASSERT(e->args[0]->op == IR_VAR);
  const IrVar *array = e->args[0]->as.var;
  LJ_ASSERT(e->count == 1u + array->type->ndim);
  LLVMValueRef at = address(cg, array, e->args + 1);
  cg_access(cg, array);
  CgVal v = cg_unpack(cg, e->type, at, 0); /* the element type of the array */
  cg_access(cg, NULL);
  return v;
}

void cg_store(Codegen *cg, const IrStmt *s) {
  const IrVar *array = s->as.store.array;
  LJ_ASSERT(type_is(s->as.store.value->type, array->type->dtype));
  CgVal v = cg_value(cg, s->as.store.value);
  LLVMValueRef at = address(cg, array, s->as.store.indices);
  cg_access(cg, array);
  cg_pack(cg, s->as.store.value->type, v.v, at, 0);
  cg_access(cg, NULL);
}

/* Counts of elements as int64s in memory; NULL for none. */
static LLVMValueRef spill_shape(Codegen *cg, IrExpr *const *shape, unsigned ndim, LLVMValueRef *values) {
  if (!ndim) return LLVMConstNull(cg->ptr);
  LLVMValueRef slot = cg_alloca(cg, LLVMArrayType2(cg->i64, ndim), "shape");
  for (unsigned k = 0; k < ndim; k++) {
    values[k] = cg_scalar(cg, shape[k]);
    LLVMBuildStore(cg->b, values[k], cg_offset(cg, slot, 8 * (uint64_t)k));
  }
  return slot;
}

/* A small array in the frame: in the entry block, so that loops reuse it. */
static void alloc_local(Codegen *cg, const IrVar *var, const IrExpr *count) {
  int64_t n = count->as.i;
  CgVal v = cg_new_val(cg, cg_type(cg, var->type)->count);
  LJ_ASSERT(count->op == IR_CONST && var->type->ndim == 1 && !var->owns);
  v.v[CG_DATA] = cg_alloca_bytes(cg, (uint64_t)n * dtype_size(var->type->dtype), 64);
  v.v[CG_OWNER] = LLVMConstNull(cg->ptr);
  v.v[CG_SHAPE] = cg_i64(cg, n);
  cg_var_put(cg, var, v);
  cg_var_set_frame(cg, var);
}

void cg_alloc(Codegen *cg, const IrStmt *s) {
  const IrVar *var = s->as.alloc.var;
  const Type *t = var->type;
  if (s->as.alloc.local) {
    alloc_local(cg, var, s->as.alloc.shape[0]);
    return;
  }
  LJ_ASSERT(t->kind == TYPE_ARRAY && t->layout != LAYOUT_A && var->owns);
  CgVal v = cg_new_val(cg, cg_type(cg, t)->count);
  LLVMValueRef shape = spill_shape(cg, s->as.alloc.shape, t->ndim, v.v + CG_SHAPE);
  LLVMValueRef out = cg_alloca_bytes(cg, sizeof(lj_array_head), 8);
  LLVMValueRef args[] = {
      cg->f.rt, cg_site(cg, s->span), cg_i64(cg, t->ndim), shape, cg_i64(cg, dtype_size(t->dtype)), cg_i32(cg, s->as.alloc.zero), out,
  };
  cg_status_check(cg, cg_rt_call(cg, "lj_rt_alloc", args, 7), false);
  v.v[CG_DATA] = LLVMBuildLoad2(cg->b, cg->ptr, out, "");
  v.v[CG_OWNER] = cg_load_part(cg, cg->ptr, out, 8);
  cg_var_take(cg, var, v);
}

CgVal cg_view(Codegen *cg, const IrExpr *e) {
  const Type *t = e->type;
  unsigned words = t->ndim * (t->layout == LAYOUT_A ? 2u : 1u);
  LJ_ASSERT(t->kind == TYPE_ARRAY && e->count == 2 + words);
  CgVal base = cg_value(cg, e->args[0]), out = cg_new_val(cg, CG_SHAPE + words);
  LLVMValueRef offset = cg_scalar(cg, e->args[1]);
  out.v[CG_DATA] = LLVMBuildGEP2(cg->b, cg->i8, base.v[CG_DATA], &offset, 1, ""); /* of an empty view: anywhere */
  out.v[CG_OWNER] = base.v[CG_OWNER];
  for (unsigned k = 0; k < words; k++) out.v[CG_SHAPE + k] = cg_scalar(cg, e->args[2 + k]);
  return out;
}
