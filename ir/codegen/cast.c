/* Conversions between scalar types, as C on x86-64 does them. LLVM's fptosi is poison out of range; here NaN and what does not fit give
 * INT_MIN, as cvttsd2si does, and narrower integers are cut from that. */
#include "ir/codegen/cg.h"

/* To int32 or int64, by one comparison: |v| < 2^(bits-1). The least integer itself fails it and is INT_MIN anyway. */
static LLVMValueRef float_to_signed(Codegen *cg, LLVMTypeRef to, LLVMValueRef v) {
  LLVMTypeRef from = LLVMTypeOf(v);
  unsigned bits = LLVMGetIntTypeWidth(to);
  LLVMValueRef size = cg_intrinsic(cg, "llvm.fabs", from, &v, 1);
  LLVMValueRef fits = LLVMBuildFCmp(cg->b, LLVMRealOLT, size, LLVMConstReal(from, bits == 32 ? 0x1p31 : 0x1p63), "");
  LLVMValueRef least = LLVMConstInt(to, bits == 32 ? UINT64_C(0x80000000) : UINT64_C(1) << 63, false);
  return LLVMBuildSelect(cg->b, fits, LLVMBuildFPToSI(cg->b, v, to, ""), least, "");
}

static LLVMValueRef float_to_uint64(Codegen *cg, LLVMValueRef v) {
  LLVMTypeRef from = LLVMTypeOf(v);
  LLVMValueRef half = LLVMConstReal(from, 0x1p63);
  LLVMValueRef large = LLVMBuildFCmp(cg->b, LLVMRealOGE, v, half, "");
  LLVMValueRef low = LLVMBuildSelect(cg->b, large, LLVMBuildFSub(cg->b, v, half, ""), v, "");
  LLVMValueRef top = LLVMBuildSelect(cg->b, large, LLVMConstInt(cg->i64, UINT64_C(1) << 63, false), cg_i64(cg, 0), "");
  return LLVMBuildXor(cg->b, float_to_signed(cg, cg->i64, low), top, "");
}

static LLVMValueRef float_to_int(Codegen *cg, DType to, LLVMValueRef v) {
  if (to == DT_UINT64) return float_to_uint64(cg, v);
  bool wide = to == DT_INT64 || to == DT_UINT32;
  LLVMValueRef whole = float_to_signed(cg, wide ? cg->i64 : cg->i32, v);
  LLVMTypeRef type = cg_scalar_type(cg, to);
  return LLVMTypeOf(whole) == type ? whole : LLVMBuildTrunc(cg->b, whole, type, "");
}

LLVMValueRef cg_cast_real(Codegen *cg, DType to, DType from, LLVMValueRef v) {
  if (to == from) return v;
  LLVMTypeRef type = cg_scalar_type(cg, to);
  if (to == DT_BOOL) {
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(v));
    return dtype_is_float(from) ? LLVMBuildFCmp(cg->b, LLVMRealUNE, v, zero, "") : LLVMBuildICmp(cg->b, LLVMIntNE, v, zero, "");
  }
  if (dtype_is_float(from)) {
    if (dtype_is_float(to)) return cg_fp(cg, LLVMBuildFPCast(cg->b, v, type, ""));
    return float_to_int(cg, to, v);
  }
  bool is_signed = dtype_is_signed(from);
  if (dtype_is_float(to)) return is_signed ? LLVMBuildSIToFP(cg->b, v, type, "") : LLVMBuildUIToFP(cg->b, v, type, "");
  return LLVMBuildIntCast2(cg->b, v, type, is_signed, "");
}

CgVal cg_cast(Codegen *cg, const Type *to, const Type *from, CgVal v) {
  LJ_ASSERT(type_is_scalar(to) && type_is_scalar(from));
  DType from_part = dtype_real_of(from->dtype), to_part = dtype_real_of(to->dtype);
  if (type_is_bool(to) && type_is_complex(from)) {
    LLVMValueRef re = cg_cast_real(cg, DT_BOOL, from_part, v.v[0]), im = cg_cast_real(cg, DT_BOOL, from_part, v.v[1]);
    return cg_val1(cg, LLVMBuildOr(cg->b, re, im, ""));
  }
  LLVMValueRef re = cg_cast_real(cg, to_part, from_part, v.v[0]);
  if (!type_is_complex(to)) return cg_val1(cg, re);
  CgVal out = cg_new_val(cg, 2);
  out.v[0] = re;
  out.v[1] = type_is_complex(from) ? cg_cast_real(cg, to_part, from_part, v.v[1]) : LLVMConstNull(cg_scalar_type(cg, to_part));
  return out;
}
