/* Arithmetic of complex numbers, which are two components. Products are the textbook's, as CPython's are; quotients and functions are
 * calls of the runtime, which take and give doubles: complex64 goes there and back. */
#include "ir/codegen/cg.h"

CgVal cg_complex_call(Codegen *cg, const char *symbol, DType dtype, const LLVMValueRef *args, unsigned count) {
  DType part = dtype_real_of(dtype);
  LLVMValueRef all[8];
  LJ_ASSERT(count < LJ_COUNT(all));
  if (!cg->f.pair) {
    cg->f.pair = cg_alloca(cg, LLVMArrayType2(cg->f64, 2), "pair");
    LLVMSetAlignment(cg->f.pair, 16);
  }
  for (unsigned i = 0; i < count; i++) all[i] = cg_cast_real(cg, DT_FLOAT64, part, args[i]);
  all[count] = cg->f.pair;
  cg_rt_call(cg, symbol, all, count + 1);
  CgVal out = cg_new_val(cg, 2);
  for (unsigned k = 0; k < 2; k++) out.v[k] = cg_cast_real(cg, part, DT_FLOAT64, cg_load_part(cg, cg->f64, cg->f.pair, 8 * k));
  return out;
}

static CgVal multiply(Codegen *cg, DType part, CgVal a, CgVal b) {
  LLVMValueRef products[2][2];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) products[i][j] = cg_arith(cg, IR_MUL, part, a.v[i], b.v[j]);
  CgVal out = cg_new_val(cg, 2);
  out.v[0] = cg_arith(cg, IR_SUB, part, products[0][0], products[1][1]);
  out.v[1] = cg_arith(cg, IR_ADD, part, products[0][1], products[1][0]);
  return out;
}

static CgVal magnitude(Codegen *cg, DType part, CgVal a) {
  const char *name = part == DT_FLOAT32 ? "hypotf" : "hypot";
  LLVMTypeRef type = LLVMTypeOf(a.v[0]);
  return cg_val1(cg, cg_libm(cg, name, type, a.v, 2));
}

CgVal cg_complex_arith(Codegen *cg, IrOp op, DType dtype, CgVal a, CgVal b) {
  DType part = dtype_real_of(dtype);
  if (op == IR_MUL) return multiply(cg, part, a, b);
  if (op == IR_ABS) return magnitude(cg, part, a);
  if (op == IR_DIV) return cg_complex_call(cg, "lj_rt_cdiv", dtype, (LLVMValueRef[]){a.v[0], a.v[1], b.v[0], b.v[1]}, 4);
  LJ_ASSERT(op == IR_ADD || op == IR_SUB || op == IR_NEG);
  CgVal out = cg_new_val(cg, 2);
  for (int k = 0; k < 2; k++) out.v[k] = op == IR_NEG ? cg_negate(cg, part, a.v[k]) : cg_arith(cg, op, part, a.v[k], b.v[k]);
  return out;
}
