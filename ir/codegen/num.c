/* Arithmetic, comparisons, minimum and maximum of scalars that are one component. Python's rules: integers wrap, // and % take the sign of
 * the divisor, INT_MIN // -1 wraps instead of trapping. Floating point is strict unless the function has fast-math flags (cg_fp). */
#include "ir/codegen/cg.h"

static LLVMValueRef pick(Codegen *cg, LLVMValueRef cond, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildSelect(cg->b, cond, a, b, ""); }
static LLVMValueRef icmp(Codegen *cg, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildICmp(cg->b, p, a, b, ""); }
static LLVMValueRef fcmp(Codegen *cg, LLVMRealPredicate p, LLVMValueRef a, LLVMValueRef b) {
  return cg_fp(cg, LLVMBuildFCmp(cg->b, p, a, b, ""));
}

/* Signed division: a divisor of -1 (whose quotient may overflow) and, when `safe`, of 0 is replaced by 1. */
static LLVMValueRef signed_divide(Codegen *cg, bool modulo, bool safe, LLVMValueRef a, LLVMValueRef b) {
  LLVMTypeRef type = LLVMTypeOf(a);
  LLVMValueRef zero = LLVMConstNull(type), one = LLVMConstInt(type, 1, false), minus_one = LLVMConstAllOnes(type);
  LLVMValueRef is_minus = icmp(cg, LLVMIntEQ, b, minus_one), is_zero = icmp(cg, LLVMIntEQ, b, zero);
  LLVMValueRef divisor = pick(cg, is_minus, one, b);
  if (safe) divisor = pick(cg, is_zero, one, divisor);
  LLVMValueRef rest = LLVMBuildSRem(cg->b, a, divisor, "");
  LLVMValueRef signs_differ = icmp(cg, LLVMIntSLT, LLVMBuildXor(cg->b, rest, divisor, ""), zero);
  LLVMValueRef adjust = LLVMBuildAnd(cg->b, icmp(cg, LLVMIntNE, rest, zero), signs_differ, "");
  if (modulo) return pick(cg, adjust, LLVMBuildAdd(cg->b, rest, divisor, ""), rest);
  LLVMValueRef quotient = LLVMBuildSDiv(cg->b, a, divisor, "");
  LLVMValueRef floored = pick(cg, adjust, LLVMBuildSub(cg->b, quotient, one, ""), quotient);
  floored = pick(cg, is_minus, LLVMBuildNeg(cg->b, a, ""), floored);
  return safe ? pick(cg, is_zero, zero, floored) : floored;
}

/* Divisors that are positive constants: a shift or mask, or one division with a correction by the sign of the rest. */
static LLVMValueRef divide_by_constant(Codegen *cg, bool modulo, LLVMValueRef a, LLVMValueRef b) {
  uint64_t n = LLVMConstIntGetZExtValue(b);
  LLVMTypeRef type = LLVMTypeOf(a);
  if ((n & (n - 1)) == 0) {
    if (modulo) return LLVMBuildAnd(cg->b, a, LLVMConstInt(type, n - 1, false), "");
    return LLVMBuildAShr(cg->b, a, LLVMConstInt(type, (uint64_t)__builtin_ctzll(n), false), "");
  }
  LLVMValueRef rest = LLVMBuildSRem(cg->b, a, b, "");
  LLVMValueRef sign = LLVMBuildAShr(cg->b, rest, LLVMConstInt(type, LLVMGetIntTypeWidth(type) - 1, false), ""); /* 0 or -1 */
  if (modulo) return LLVMBuildAdd(cg->b, rest, LLVMBuildAnd(cg->b, sign, b, ""), "");
  return LLVMBuildAdd(cg->b, LLVMBuildSDiv(cg->b, a, b, ""), sign, "");
}

static LLVMValueRef int_divide(Codegen *cg, DType dtype, bool modulo, bool safe, LLVMValueRef a, LLVMValueRef b) {
  if (dtype_is_signed(dtype)) {
    if (LLVMIsAConstantInt(b) && LLVMConstIntGetSExtValue(b) > 0) return divide_by_constant(cg, modulo, a, b);
    return signed_divide(cg, modulo, safe, a, b);
  }
  LLVMTypeRef type = LLVMTypeOf(a);
  LLVMValueRef is_zero = icmp(cg, LLVMIntEQ, b, LLVMConstNull(type));
  LLVMValueRef divisor = safe ? pick(cg, is_zero, LLVMConstInt(type, 1, false), b) : b;
  if (modulo) { /* a % 1 is 0 already, except for bools, which have no other 1 */
    return LLVMBuildURem(cg->b, a, divisor, "");
  }
  LLVMValueRef quotient = LLVMBuildUDiv(cg->b, a, divisor, "");
  return safe ? pick(cg, is_zero, LLVMConstNull(type), quotient) : quotient;
}

/* CPython's float_divmod; a divisor of 0 as NumPy has it (a / b and NaN). */
static LLVMValueRef float_divide(Codegen *cg, bool modulo, LLVMValueRef a, LLVMValueRef b) {
  LLVMTypeRef type = LLVMTypeOf(a);
  LLVMValueRef zero = LLVMConstNull(type), one = LLVMConstReal(type, 1);
  LLVMValueRef rest = cg_fp(cg, LLVMBuildFRem(cg->b, a, b, ""));
  LLVMValueRef exact = fcmp(cg, LLVMRealOEQ, rest, zero);
  LLVMValueRef differ = LLVMBuildXor(cg->b, fcmp(cg, LLVMRealOLT, b, zero), fcmp(cg, LLVMRealOLT, rest, zero), "");
  LLVMValueRef adjust = LLVMBuildAnd(cg->b, differ, LLVMBuildNot(cg->b, exact, ""), "");
  if (modulo) {
    LLVMValueRef signed_zero = cg_intrinsic(cg, "llvm.copysign", type, (LLVMValueRef[]){zero, b}, 2);
    LLVMValueRef moved = pick(cg, adjust, cg_fp(cg, LLVMBuildFAdd(cg->b, rest, b, "")), rest);
    LLVMValueRef is_zero = fcmp(cg, LLVMRealOEQ, b, zero);
    return pick(cg, LLVMBuildAnd(cg->b, exact, LLVMBuildNot(cg->b, is_zero, ""), ""), signed_zero, moved);
  }
  LLVMValueRef ratio = cg_fp(cg, LLVMBuildFDiv(cg->b, a, b, ""));
  LLVMValueRef div = cg_fp(cg, LLVMBuildFDiv(cg->b, cg_fp(cg, LLVMBuildFSub(cg->b, a, rest, "")), b, ""));
  div = pick(cg, adjust, cg_fp(cg, LLVMBuildFSub(cg->b, div, one, "")), div);
  LLVMValueRef floored = cg_fp(cg, cg_intrinsic(cg, "llvm.floor", type, &div, 1));
  LLVMValueRef error = cg_fp(cg, LLVMBuildFSub(cg->b, div, floored, ""));
  LLVMValueRef up = fcmp(cg, LLVMRealOGT, error, LLVMConstReal(type, 0.5));
  floored = pick(cg, up, cg_fp(cg, LLVMBuildFAdd(cg->b, floored, one, "")), floored);
  LLVMValueRef signed_zero = cg_intrinsic(cg, "llvm.copysign", type, (LLVMValueRef[]){zero, ratio}, 2);
  floored = pick(cg, fcmp(cg, LLVMRealOEQ, div, zero), signed_zero, floored);
  return pick(cg, fcmp(cg, LLVMRealOEQ, b, zero), ratio, floored);
}

static LLVMValueRef shift(Codegen *cg, bool left, DType dtype, LLVMValueRef a, LLVMValueRef count) {
  LLVMTypeRef type = LLVMTypeOf(a);
  unsigned width = LLVMGetIntTypeWidth(type);
  LLVMValueRef last = LLVMConstInt(type, width - 1, false), fits = icmp(cg, LLVMIntULE, count, last);
  if (!left && dtype_is_signed(dtype)) return LLVMBuildAShr(cg->b, a, pick(cg, fits, count, last), "");
  LLVMValueRef moved = left ? LLVMBuildShl(cg->b, a, count, "") : LLVMBuildLShr(cg->b, a, count, "");
  return pick(cg, fits, moved, LLVMConstNull(type)); /* the arm not taken may be poison */
}

static LLVMValueRef float_arith(Codegen *cg, IrOp op, LLVMValueRef a, LLVMValueRef b) {
  switch ((int)op) {
  case IR_ADD: return cg_fp(cg, LLVMBuildFAdd(cg->b, a, b, ""));
  case IR_SUB: return cg_fp(cg, LLVMBuildFSub(cg->b, a, b, ""));
  case IR_MUL: return cg_fp(cg, LLVMBuildFMul(cg->b, a, b, ""));
  case IR_DIV: return cg_fp(cg, LLVMBuildFDiv(cg->b, a, b, ""));
  case IR_FLOORDIV:
  case IR_SAFE_FLOORDIV: return float_divide(cg, false, a, b);
  case IR_MOD:
  case IR_SAFE_MOD: return float_divide(cg, true, a, b);
  }
  LJ_UNREACHABLE();
}

/* NumPy's arithmetic of bools: + is or, * is and. */
static IrOp bool_op(IrOp op) { return op == IR_ADD ? IR_OR : op == IR_MUL ? IR_AND : op; }

LLVMValueRef cg_arith(Codegen *cg, IrOp op, DType dtype, LLVMValueRef a, LLVMValueRef b) {
  if (dtype_is_float(dtype)) return float_arith(cg, op, a, b);
  if (dtype == DT_BOOL) op = bool_op(op);
  switch ((int)op) {
  case IR_ADD: return LLVMBuildAdd(cg->b, a, b, "");
  case IR_SUB: return LLVMBuildSub(cg->b, a, b, "");
  case IR_MUL: return LLVMBuildMul(cg->b, a, b, "");
  case IR_FLOORDIV: return int_divide(cg, dtype, false, false, a, b);
  case IR_MOD: return int_divide(cg, dtype, true, false, a, b);
  case IR_SAFE_FLOORDIV: return int_divide(cg, dtype, false, true, a, b);
  case IR_SAFE_MOD: return int_divide(cg, dtype, true, true, a, b);
  case IR_AND:
  case IR_LAND: return LLVMBuildAnd(cg->b, a, b, "");
  case IR_OR:
  case IR_LOR: return LLVMBuildOr(cg->b, a, b, "");
  case IR_XOR: return LLVMBuildXor(cg->b, a, b, "");
  case IR_SHL: return shift(cg, true, dtype, a, b);
  case IR_SHR: return shift(cg, false, dtype, a, b);
  }
  LJ_UNREACHABLE();
}

LLVMValueRef cg_negate(Codegen *cg, DType dtype, LLVMValueRef a) {
  return dtype_is_float(dtype) ? cg_fp(cg, LLVMBuildFNeg(cg->b, a, "")) : LLVMBuildNeg(cg->b, a, "");
}

LLVMValueRef cg_abs(Codegen *cg, DType dtype, LLVMValueRef a) {
  if (dtype_is_float(dtype)) return cg_fp(cg, cg_intrinsic(cg, "llvm.fabs", LLVMTypeOf(a), &a, 1));
  if (!dtype_is_signed(dtype)) return a;
  return cg_intrinsic(cg, "llvm.abs", LLVMTypeOf(a), (LLVMValueRef[]){a, LLVMConstNull(cg->i1)}, 2); /* INT_MIN stays */
}

static const struct {
  LLVMIntPredicate s, u;
  LLVMRealPredicate f;
  IrOp swapped;
} predicates[IR_GE - IR_EQ + 1] = {
    [IR_EQ - IR_EQ] = {LLVMIntEQ, LLVMIntEQ, LLVMRealOEQ, IR_EQ},   [IR_NE - IR_EQ] = {LLVMIntNE, LLVMIntNE, LLVMRealUNE, IR_NE},
    [IR_LT - IR_EQ] = {LLVMIntSLT, LLVMIntULT, LLVMRealOLT, IR_GT}, [IR_LE - IR_EQ] = {LLVMIntSLE, LLVMIntULE, LLVMRealOLE, IR_GE},
    [IR_GT - IR_EQ] = {LLVMIntSGT, LLVMIntUGT, LLVMRealOGT, IR_LT}, [IR_GE - IR_EQ] = {LLVMIntSGE, LLVMIntUGE, LLVMRealOGE, IR_LE},
};

/* a signed, b unsigned, by value: a negative a is less than every b. */
static LLVMValueRef compare_mixed(Codegen *cg, IrOp op, LLVMValueRef a, LLVMValueRef b) {
  LLVMValueRef negative = icmp(cg, LLVMIntSLT, a, LLVMConstNull(LLVMTypeOf(a))), as_unsigned = icmp(cg, predicates[op - IR_EQ].u, a, b);
  bool when_negative = op == IR_NE || op == IR_LT || op == IR_LE;
  if (when_negative) return LLVMBuildOr(cg->b, negative, as_unsigned, "");
  return LLVMBuildAnd(cg->b, LLVMBuildNot(cg->b, negative, ""), as_unsigned, "");
}

LLVMValueRef cg_compare(Codegen *cg, IrOp op, DType a_type, DType b_type, LLVMValueRef a, LLVMValueRef b) {
  if (dtype_is_float(a_type)) return fcmp(cg, predicates[op - IR_EQ].f, a, b);
  bool a_signed = dtype_is_signed(a_type), b_signed = dtype_is_signed(b_type);
  if (a_signed && !b_signed) return compare_mixed(cg, op, a, b);
  if (b_signed && !a_signed) return compare_mixed(cg, predicates[op - IR_EQ].swapped, b, a);
  return icmp(cg, a_signed ? predicates[op - IR_EQ].s : predicates[op - IR_EQ].u, a, b);
}

/* NPMIN, NPMAX: LLVM's minimum and maximum, which vectorise as reductions too; which of two zeros is left open, as in NumPy. */
static LLVMValueRef nan_minmax(Codegen *cg, bool min, LLVMValueRef a, LLVMValueRef b) {
  LLVMValueRef v = cg_intrinsic(cg, min ? "llvm.minimum" : "llvm.maximum", LLVMTypeOf(a), (LLVMValueRef[]){a, b}, 2);
  cg_fp(cg, v);
  if (LLVMIsAInstruction(v)) LLVMSetFastMathFlags(v, LLVMGetFastMathFlags(v) | LLVMFastMathNoSignedZeros);
  return v;
}

LLVMValueRef cg_minmax(Codegen *cg, IrOp op, DType dtype, LLVMValueRef a, LLVMValueRef b) {
  bool min = op == IR_PYMIN || op == IR_NPMIN || op == IR_FMIN;
  IrOp better = min ? IR_LT : IR_GT;
  if (op == IR_PYMIN || op == IR_PYMAX) return cg_fp(cg, pick(cg, cg_compare(cg, better, dtype, dtype, b, a), b, a));
  if (!dtype_is_float(dtype)) return pick(cg, cg_compare(cg, better, dtype, dtype, a, b), a, b);
  if (op == IR_NPMIN || op == IR_NPMAX) return nan_minmax(cg, min, a, b);
  LLVMValueRef wins = LLVMBuildOr(cg->b, cg_compare(cg, better, dtype, dtype, a, b), fcmp(cg, LLVMRealUNO, b, b), "");
  return cg_fp(cg, pick(cg, wins, a, b));
}
