/* The rows of math.def, and RTCALL. Three ways: an LLVM intrinsic ("llvm.x"), a few instructions here ("=x"), or a call of libm or the
 * runtime, which LLVM may merge and move since it reads and writes nothing. Calls of pow are opaque to LLVM in strict functions: it
 * would turn pow(x, 2.0) into x*x and pow(2.0, x) into exp2(x), which differ from libm's pow in the last bit. Functions that have vector forms are called by
 * another name that LLVM does not know: it would make an intrinsic of log, which it then computes lane by lane. */
#include "ir/build.h"
#include "ir/codegen/cg.h"
#include <math.h>

LLVMValueRef cg_libm(Codegen *cg, const char *name, LLVMTypeRef type, LLVMValueRef *args, unsigned count) {
  LLVMAttributeIndex at = (LLVMAttributeIndex)LLVMAttributeFunctionIndex;
  bool strict = !cg->f.ir || cg->f.ir->fastmath <= 0 || !(cg->f.ir->fastmath & FM_AFN), pow = strncmp(name, "pow", 3) == 0;
  char other[64] = LJ_OTHER_NAME;
  bool vectors = cg_has_vectors(cg, name, type, count);
  if (vectors && !pow) strncat(other, name, sizeof other - sizeof LJ_OTHER_NAME);
  const char *symbol = vectors && !pow ? other : name;
  LLVMValueRef fn = LLVMGetNamedFunction(cg->module, symbol);
  if (!fn) {
    LLVMTypeRef params[3] = {type, type, type};
    LJ_ASSERT(count <= 3);
    fn = LLVMAddFunction(cg->module, symbol, LLVMFunctionType(type, params, count, false));
    static const CgAttr attrs[] = {CGA_NOUNWIND, CGA_WILLRETURN, CGA_NOCALLBACK, CGA_NOFREE};
    for (size_t i = 0; i < LJ_COUNT(attrs); i++) cg_func_attr(cg, fn, attrs[i]);
    LLVMAddAttributeAtIndex(fn, at, cg_attr(cg, CGA_MEMORY, 0));
  }
  LLVMValueRef call = cg_fp(cg, LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(fn), fn, args, count, ""));
  if (vectors) cg_vector_call(cg, call, symbol, name, type, count);
  if (strict && pow) LLVMAddCallSiteAttribute(call, at, cg_attr(cg, CGA_NOBUILTIN, 0));
  return call;
}

/* log(exp(a) + exp(b)), or with powers of two: larger + log1p(exp(-|a - b|)); equal arguments (infinities too) by themselves. */
static LLVMValueRef log_add_exp(Codegen *cg, bool two, LLVMTypeRef type, LLVMValueRef a, LLVMValueRef b) {
  bool f32 = type == cg->f32;
  LLVMValueRef diff = LLVMBuildFSub(cg->b, a, b, "");
  LLVMValueRef a_larger = LLVMBuildFCmp(cg->b, LLVMRealOGT, diff, LLVMConstNull(type), "");
  LLVMValueRef larger = LLVMBuildSelect(cg->b, a_larger, a, b, "");
  LLVMValueRef minus = LLVMBuildFNeg(cg->b, cg_intrinsic(cg, "llvm.fabs", type, &diff, 1), "");
  LLVMValueRef power = cg_libm(cg, two ? f32 ? "exp2f" : "exp2" : f32 ? "expf" : "exp", type, &minus, 1);
  LLVMValueRef log = cg_libm(cg, f32 ? "log1pf" : "log1p", type, &power, 1);
  if (two) log = LLVMBuildFMul(cg->b, log, LLVMConstReal(type, M_LOG2E), "");
  LLVMValueRef sum = LLVMBuildFAdd(cg->b, larger, log, "");
  LLVMValueRef is_nan = LLVMBuildFCmp(cg->b, LLVMRealUNO, diff, diff, ""); /* also of equal infinities, which are caught next */
  sum = LLVMBuildSelect(cg->b, is_nan, diff, sum, "");
  LLVMValueRef twice = LLVMBuildFAdd(cg->b, a, LLVMConstReal(type, two ? 1 : M_LN2), "");
  return LLVMBuildSelect(cg->b, LLVMBuildFCmp(cg->b, LLVMRealOEQ, a, b, ""), twice, sum, "");
}

/* The exponent is cut to a range beyond which every result is 0 or infinite. */
static LLVMValueRef load_exponent(Codegen *cg, LLVMTypeRef type, LLVMValueRef x, LLVMValueRef exponent) {
  LLVMValueRef limit = cg_i64(cg, 5000);
  LLVMValueRef n = cg_minmax(cg, IR_PYMIN, DT_INT64, exponent, limit);
  n = cg_minmax(cg, IR_PYMAX, DT_INT64, n, cg_i64(cg, -5000));
  LLVMValueRef args[] = {x, LLVMBuildTrunc(cg->b, n, cg->i32, "")};
  unsigned id = LLVMLookupIntrinsicID("llvm.ldexp", 10);
  LLVMValueRef fn = LLVMGetIntrinsicDeclaration(cg->module, id, (LLVMTypeRef[]){type, cg->i32}, 2);
  return LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(fn), fn, args, 2, "");
}

static LLVMValueRef expanded(Codegen *cg, const char *name, LLVMTypeRef type, LLVMValueRef *args) {
  bool f32 = type == cg->f32;
  if (strcmp(name, "=logaddexp") == 0) return log_add_exp(cg, false, type, args[0], args[1]);
  if (strcmp(name, "=logaddexp2") == 0) return log_add_exp(cg, true, type, args[0], args[1]);
  if (strcmp(name, "=ldexp") == 0) return load_exponent(cg, type, args[0], args[1]);
  double factor = f32 ? (double)((float)M_PI / 180.0f) : M_PI / 180.0;
  if (strcmp(name, "=rad2deg") == 0)
    factor = f32 ? (double)(180.0f / (float)M_PI) : 180.0 / M_PI;
  else
    LJ_ASSERT(strcmp(name, "=deg2rad") == 0);
  return cg_fp(cg, LLVMBuildFMul(cg->b, args[0], LLVMConstReal(type, factor), ""));
}

static LLVMValueRef real_function(Codegen *cg, const char *name, LLVMTypeRef type, LLVMValueRef *args, unsigned count) {
  if (name[0] == '=') return expanded(cg, name, type, args);
  if (strncmp(name, "llvm.", 5) == 0) return cg_fp(cg, cg_intrinsic(cg, name, type, args, count));
  if (strncmp(name, "lj_rt_", 6) == 0) return cg_rt_call(cg, name, args, count);
  return cg_libm(cg, name, type, args, count);
}

CgVal cg_math(Codegen *cg, const IrExpr *e) {
  const MathInfo *info = &math_info[e->as.math];
  LJ_ASSERT(e->count == (uint32_t)info->args && e->count <= 3);
  DType dtype = e->args[0]->type->dtype;
  if (dtype_is_complex(dtype)) {
    LJ_ASSERT(info->c128 && e->count == 1);
    return cg_complex_call(cg, info->c128, dtype, cg_value(cg, e->args[0]).v, 2);
  }
  LJ_ASSERT(dtype_is_float(dtype));
  LLVMValueRef args[3] = {NULL};
  bool by_double = dtype == DT_FLOAT32 && !info->f32;
  for (uint32_t i = 0; i < e->count; i++) {
    args[i] = cg_scalar(cg, e->args[i]);
    if (by_double && LLVMTypeOf(args[i]) == cg->f32) args[i] = cg_cast_real(cg, DT_FLOAT64, DT_FLOAT32, args[i]);
  }
  bool f32 = dtype == DT_FLOAT32 && !by_double;
  LLVMValueRef v = real_function(cg, f32 ? info->f32 : info->f64, f32 ? cg->f32 : cg->f64, args, e->count);
  return cg_val1(cg, by_double ? cg_cast_real(cg, DT_FLOAT32, DT_FLOAT64, v) : v);
}

/* Brings a component to the type that the signature asks for. */
static LLVMValueRef fit(Codegen *cg, LLVMValueRef v, LLVMTypeRef to) {
  LLVMTypeRef from = LLVMTypeOf(v);
  if (from == to) return v;
  bool from_float = from == cg->f32 || from == cg->f64, to_float = to == cg->f32 || to == cg->f64;
  if (from_float && to_float) return LLVMBuildFPCast(cg->b, v, to, "");
  LJ_ASSERT(!from_float && !to_float && from != cg->ptr && to != cg->ptr);
  if (to == cg->i1) return LLVMBuildICmp(cg->b, LLVMIntNE, v, LLVMConstNull(from), "");
  return LLVMBuildIntCast2(cg->b, v, to, from != cg->i1, "");
}

static LLVMTypeRef letter_type(Codegen *cg, char letter) {
  return letter == 'p' ? cg->ptr : letter == 'i' ? cg->i32 : letter == 'l' ? cg->i64 : letter == 'f' ? cg->f32 : cg->f64;
}

CgVal cg_rtcall(Codegen *cg, const IrExpr *e) {
  const HostSig *host = ir_host(cg->unit, e->as.symbol);
  if (host) return cg_host_value(cg, host, e);
  const char *signature = cg_rt_signature(e->as.symbol);
  LJ_ASSERT(signature);
  LLVMValueRef args[16];
  unsigned n = 0;
  for (uint32_t i = 0; i < e->count; i++) {
    CgVal v = cg_value(cg, e->args[i]);
    bool text = e->args[i]->type->kind == TYPE_STR;
    for (uint32_t k = 0; k < v.count; k++) {
      if (text && k == CG_OWNER) continue;
      LJ_ASSERT(n < LJ_COUNT(args));
      args[n++] = v.v[k];
    }
  }
  if (type_is_complex(e->type)) return cg_complex_call(cg, e->as.symbol, e->type->dtype, args, n);
  LJ_ASSERT(strlen(signature + 2) == n);
  for (unsigned i = 0; i < n; i++) args[i] = fit(cg, args[i], letter_type(cg, signature[2 + i]));
  return cg_val1(cg, fit(cg, cg_rt_call(cg, e->as.symbol, args, n), cg_scalar_type(cg, e->type->dtype)));
}
