/* Expressions: leaves, tuples, optionals, strings and the properties of arrays; everything numeric goes on to num.c, cast.c, complex.c
 * and math.c. Expressions are pure, so nothing here makes a block. */
#include "ir/codegen/cg.h"

LLVMValueRef cg_scalar(Codegen *cg, const IrExpr *e) {
  CgVal v = cg_value(cg, e);
  LJ_ASSERT(v.count == 1);
  return v.v[0];
}

LLVMValueRef cg_to_bool_byte(Codegen *cg, LLVMValueRef i1) { return LLVMBuildZExt(cg->b, i1, cg->i8, ""); }

static CgVal constant(Codegen *cg, const IrExpr *e) {
  DType dtype = e->type->dtype;
  LLVMTypeRef type = cg_scalar_type(cg, dtype);
  if (dtype_is_float(dtype)) return cg_val1(cg, LLVMConstReal(type, e->as.f));
  if (!dtype_is_complex(dtype)) return cg_val1(cg, LLVMConstInt(type, (uint64_t)e->as.i, true));
  CgVal out = cg_new_val(cg, 2);
  for (int k = 0; k < 2; k++) out.v[k] = LLVMConstReal(type, e->as.c[k]);
  return out;
}

static CgVal string_constant(Codegen *cg, Sym text) {
  CgVal out = cg_new_val(cg, 3);
  out.v[CG_DATA] = cg_string(cg, text->text, text->len);
  out.v[CG_OWNER] = LLVMConstNull(cg->ptr);
  out.v[CG_SHAPE] = cg_i64(cg, text->len);
  return out;
}

static CgVal concat(Codegen *cg, const IrExpr *e) {
  CgVal out = cg_new_val(cg, cg_type(cg, e->type)->count);
  uint32_t at = 0;
  for (uint32_t i = 0; i < e->count; i++) {
    CgVal item = cg_value(cg, e->args[i]);
    LJ_ASSERT(at + item.count <= out.count);
    for (uint32_t k = 0; k < item.count; k++) out.v[at++] = item.v[k];
  }
  LJ_ASSERT(at == out.count);
  return out;
}

/* Small tuples choose by comparing, so that they stay in registers; larger ones go through memory. */
static CgVal get_at(Codegen *cg, const IrExpr *e) {
  enum { SMALL = 4 };
  CgVal tuple = cg_value(cg, e->args[0]);
  LLVMValueRef index = cg_scalar(cg, e->args[1]);
  uint32_t n = e->args[0]->type->count, width = cg_type(cg, e->type)->count;
  LJ_ASSERT(n > 0 && tuple.count == n * width);
  CgVal out = cg_new_val(cg, width);
  for (uint32_t k = 0; k < width; k++) {
    if (n <= SMALL) {
      out.v[k] = tuple.v[k];
      for (uint32_t i = 1; i < n; i++) {
        LLVMValueRef here = LLVMBuildICmp(cg->b, LLVMIntEQ, index, cg_i64(cg, i), "");
        out.v[k] = LLVMBuildSelect(cg->b, here, tuple.v[i * width + k], out.v[k], "");
      }
      continue;
    }
    LLVMTypeRef type = LLVMTypeOf(tuple.v[k]);
    LLVMValueRef table = cg_alloca(cg, LLVMArrayType2(type, n), "");
    for (uint32_t i = 0; i < n; i++) {
      LLVMValueRef at = cg_i64(cg, i);
      LLVMBuildStore(cg->b, tuple.v[i * width + k], LLVMBuildInBoundsGEP2(cg->b, type, table, &at, 1, ""));
    }
    out.v[k] = LLVMBuildLoad2(cg->b, type, LLVMBuildInBoundsGEP2(cg->b, type, table, &index, 1, ""), "");
  }
  return out;
}

static CgVal select_value(Codegen *cg, const IrExpr *e) {
  LLVMValueRef cond = cg_scalar(cg, e->args[0]);
  CgVal a = cg_value(cg, e->args[1]), b = cg_value(cg, e->args[2]);
  LJ_ASSERT(a.count == b.count);
  CgVal out = cg_new_val(cg, a.count);
  for (uint32_t k = 0; k < a.count; k++) out.v[k] = cg_fp(cg, LLVMBuildSelect(cg->b, cond, a.v[k], b.v[k], ""));
  return out;
}

static CgVal compare(Codegen *cg, const IrExpr *e) {
  const Type *a = e->args[0]->type, *b = e->args[1]->type;
  CgVal x = cg_value(cg, e->args[0]), y = cg_value(cg, e->args[1]);
  if (a->kind == TYPE_STR) {
    LJ_ASSERT(e->op == IR_EQ || e->op == IR_NE);
    LLVMValueRef args[] = {x.v[CG_DATA], x.v[CG_SHAPE], y.v[CG_DATA], y.v[CG_SHAPE]};
    LLVMValueRef equal = cg_rt_call(cg, "lj_rt_str_equal", args, 4);
    return cg_val1(cg, LLVMBuildICmp(cg->b, e->op == IR_EQ ? LLVMIntNE : LLVMIntEQ, equal, cg_i32(cg, 0), ""));
  }
  LJ_ASSERT(type_is_scalar(a) && type_is_scalar(b));
  if (!dtype_is_complex(a->dtype)) return cg_val1(cg, cg_compare(cg, e->op, a->dtype, b->dtype, x.v[0], y.v[0]));
  LJ_ASSERT(e->op == IR_EQ || e->op == IR_NE);
  DType part = dtype_real_of(a->dtype);
  LLVMValueRef re = cg_compare(cg, e->op, part, part, x.v[0], y.v[0]), im = cg_compare(cg, e->op, part, part, x.v[1], y.v[1]);
  return cg_val1(cg, e->op == IR_EQ ? LLVMBuildAnd(cg->b, re, im, "") : LLVMBuildOr(cg->b, re, im, ""));
}

static CgVal unary(Codegen *cg, const IrExpr *e) {
  const Type *t = e->args[0]->type;
  CgVal a = cg_value(cg, e->args[0]);
  if (!type_is_complex(t)) {
    if (e->op == IR_INVERT) return cg_val1(cg, LLVMBuildNot(cg->b, a.v[0], ""));
    return cg_val1(cg, e->op == IR_NEG ? cg_negate(cg, t->dtype, a.v[0]) : cg_abs(cg, t->dtype, a.v[0]));
  }
  return cg_complex_arith(cg, e->op, t->dtype, a, (CgVal){0});
}

static CgVal binary(Codegen *cg, const IrExpr *e) {
  CgVal a = cg_value(cg, e->args[0]), b = cg_value(cg, e->args[1]);
  if (type_is_complex(e->type)) return cg_complex_arith(cg, e->op, e->type->dtype, a, b);
  return cg_val1(cg, cg_arith(cg, e->op, e->type->dtype, a.v[0], b.v[0]));
}

static CgVal bitcast(Codegen *cg, const IrExpr *e) {
  LLVMValueRef v = cg_scalar(cg, e->args[0]);
  LLVMTypeRef to = cg_scalar_type(cg, e->type->dtype);
  if (type_is_bool(e->args[0]->type) && !type_is_bool(e->type)) v = cg_to_bool_byte(cg, v);
  if (type_is_bool(e->type) && LLVMTypeOf(v) != cg->i1) return cg_val1(cg, LLVMBuildTrunc(cg->b, v, cg->i1, ""));
  return cg_val1(cg, LLVMBuildBitCast(cg->b, v, to, ""));
}

/* Some of the components of the operand. */
static CgVal slice(CgVal v, uint32_t from, uint32_t count) {
  LJ_ASSERT(from + count <= v.count);
  return (CgVal){count, v.v + from};
}

static CgVal array_property(Codegen *cg, const IrExpr *e) {
  const Type *t = e->args[0]->type;
  CgVal a = cg_value(cg, e->args[0]);
  switch ((int)e->op) {
  case IR_SHAPE: return slice(a, CG_SHAPE + (uint32_t)e->as.i, 1);
  case IR_STRIDE: return cg_val1(cg, cg_stride(cg, t, a.v + CG_SHAPE, (unsigned)e->as.i));
  case IR_SIZE: return cg_val1(cg, cg_size(cg, t, a.v + CG_SHAPE));
  default: return cg_val1(cg, LLVMBuildPtrToInt(cg->b, a.v[CG_DATA], cg->i64, "")); /* IR_DATA */
  }
}

static CgVal optional_some(Codegen *cg, const IrExpr *e) {
  CgVal of = cg_value(cg, e->args[0]), out = cg_new_val(cg, of.count + 1);
  out.v[0] = LLVMConstInt(cg->i1, 1, false);
  for (uint32_t k = 0; k < of.count; k++) out.v[k + 1] = of.v[k];
  return out;
}

static CgVal get(Codegen *cg, const IrExpr *e) {
  const Type *tuple = e->args[0]->type;
  uint32_t index = (uint32_t)e->as.i;
  return slice(cg_value(cg, e->args[0]), cg_child_offset(cg, tuple, index), cg_type(cg, tuple->elems[index])->count);
}

static CgVal minmax(Codegen *cg, const IrExpr *e) {
  return cg_val1(cg, cg_minmax(cg, e->op, e->type->dtype, cg_scalar(cg, e->args[0]), cg_scalar(cg, e->args[1])));
}

CgVal cg_value(Codegen *cg, const IrExpr *e) {
  switch (e->op) {
  case IR_CONST: return constant(cg, e);
  case IR_STRING: return string_constant(cg, e->as.str);
  case IR_NONE: return cg_zero(cg, e->type);
  case IR_VAR: return cg_var_get(cg, e->as.var);
  case IR_ADD:
  case IR_SUB:
  case IR_MUL:
  case IR_DIV:
  case IR_FLOORDIV:
  case IR_MOD:
  case IR_SAFE_FLOORDIV:
  case IR_SAFE_MOD:
  case IR_AND:
  case IR_OR:
  case IR_XOR:
  case IR_SHL:
  case IR_SHR:
  case IR_LAND:
  case IR_LOR: return binary(cg, e);
  case IR_NEG:
  case IR_INVERT:
  case IR_ABS: return unary(cg, e);
  case IR_EQ:
  case IR_NE:
  case IR_LT:
  case IR_LE:
  case IR_GT:
  case IR_GE: return compare(cg, e);
  case IR_LNOT: return cg_val1(cg, LLVMBuildNot(cg->b, cg_scalar(cg, e->args[0]), ""));
  case IR_SELECT: return select_value(cg, e);
  case IR_PYMIN:
  case IR_PYMAX:
  case IR_NPMIN:
  case IR_NPMAX:
  case IR_FMIN:
  case IR_FMAX: return minmax(cg, e);
  case IR_CAST: return cg_cast(cg, e->type, e->args[0]->type, cg_value(cg, e->args[0]));
  case IR_BITCAST: return bitcast(cg, e);
  case IR_MATH: return cg_math(cg, e);
  case IR_RTCALL: return cg_rtcall(cg, e);
  case IR_COMPLEX:
  case IR_TUPLE: return concat(cg, e);
  case IR_REAL: return slice(cg_value(cg, e->args[0]), 0, 1);
  case IR_IMAG: return slice(cg_value(cg, e->args[0]), 1, 1);
  case IR_GET: return get(cg, e);
  case IR_GET_AT: return get_at(cg, e);
  case IR_SOME: return optional_some(cg, e);
  case IR_IS_SOME: return slice(cg_value(cg, e->args[0]), 0, 1);
  case IR_UNWRAP: return slice(cg_value(cg, e->args[0]), 1, cg_type(cg, e->type)->count);
  case IR_LOAD: return cg_load(cg, e);
  case IR_SHAPE:
  case IR_STRIDE:
  case IR_SIZE:
  case IR_DATA: return array_property(cg, e);
  case IR_VIEW: return cg_view(cg, e);
  case IR_STR_LEN: return slice(cg_value(cg, e->args[0]), CG_SHAPE, 1);
  case IR_OP_COUNT: break;
  }
  LJ_UNREACHABLE();
}
