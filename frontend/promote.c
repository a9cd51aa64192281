/* What an operator makes of the types of its operands: numba's rules for scalars, NumPy 2's table for arrays (LANGUAGE.md section 5).
 * Pure functions of dtypes. tests/unit/gen_promote.py asks NumPy itself for the answers that test_promote.c expects. */
#include "frontend/types.h"

/* What an operator may be applied to. SCALAR: both operands are scalars. ARRAY: at least one is an array. */
typedef enum OpClass {
  OP_ARITH,   /* + - *: any numbers */
  OP_DIV,     /* integers become floats */
  OP_FLOOR,   /* // %: no complex numbers */
  OP_POW,     /* ** */
  OP_MATMUL,  /* arrays only */
  OP_SHIFT,   /* integers; the left operand decides */
  OP_BITWISE, /* integers and bools */
} OpClass;

static const OpClass op_classes[BIN_OP_COUNT] = {
    [BIN_ADD] = OP_ARITH,      [BIN_SUB] = OP_ARITH,  [BIN_MUL] = OP_ARITH,   [BIN_MATMUL] = OP_MATMUL, [BIN_DIV] = OP_DIV,
    [BIN_FLOORDIV] = OP_FLOOR, [BIN_MOD] = OP_FLOOR,  [BIN_POW] = OP_POW,     [BIN_SHL] = OP_SHIFT,     [BIN_SHR] = OP_SHIFT,
    [BIN_AND] = OP_BITWISE,    [BIN_OR] = OP_BITWISE, [BIN_XOR] = OP_BITWISE,
};

static bool is_integral(DType t) { return t == DT_BOOL || dtype_is_int(t); }

/* Integers that float32 absorbs without becoming float64, as numba has it for scalars: one unsigned type fewer than NumPy. */
static bool fits_float32(DType t) { return t == DT_BOOL || t == DT_INT8 || t == DT_INT16 || t == DT_UINT8; }

static bool is_single(DType t) { return t == DT_FLOAT32 || t == DT_COMPLEX64 || fits_float32(t); }

/* At least one of the two is a float or a complex. */
static DType inexact_scalar(DType a, DType b) {
  bool single = is_single(a) && is_single(b);
  if (dtype_is_complex(a) || dtype_is_complex(b)) return single ? DT_COMPLEX64 : DT_COMPLEX128;
  return single ? DT_FLOAT32 : DT_FLOAT64;
}

static DType integer_scalar(DType a, DType b) { return dtype_is_unsigned(a) && dtype_is_unsigned(b) ? DT_UINT64 : DT_INT64; }

static bool scalar_result(BinOp op, DType a, DType b, DType *out) {
  bool integers = is_integral(a) && is_integral(b);
  bool has_complex = dtype_is_complex(a) || dtype_is_complex(b);
  switch (op_classes[op]) {
  case OP_ARITH: return *out = integers ? integer_scalar(a, b) : inexact_scalar(a, b), true;
  case OP_DIV: return *out = integers ? DT_FLOAT64 : inexact_scalar(a, b), true;
  case OP_FLOOR: return *out = integers ? integer_scalar(a, b) : inexact_scalar(a, b), !has_complex;
  case OP_POW: /* float32 ** n multiplies float32 numbers, however wide n is */
    if (a == DT_FLOAT32 && is_integral(b)) return *out = DT_FLOAT32, true;
    return *out = integers ? integer_scalar(a, b) : inexact_scalar(a, b), true;
  case OP_MATMUL: return false;
  case OP_SHIFT: return *out = dtype_is_unsigned(a) ? DT_UINT64 : DT_INT64, integers;
  case OP_BITWISE: return *out = a == DT_BOOL && b == DT_BOOL ? DT_BOOL : integer_scalar(a, b), integers;
  }
  LJ_UNREACHABLE();
}

const Type *promote_scalars(TypeTable *tt, BinOp op, const Type *a, const Type *b) {
  DType out = DT_BOOL;
  if (!type_is_scalar(a) || !type_is_scalar(b) || !scalar_result(op, a->dtype, b->dtype, &out)) return NULL;
  return type_scalar(tt, out);
}

static int kind_rank(DType t) { return t == DT_BOOL ? 0 : dtype_is_int(t) ? 1 : dtype_is_float(t) ? 2 : 3; }

/* A weak scalar gives only its kind when the array's kind is as high; a weak complex takes the precision of a float array. */
static DType promote_weak(DType array, DType scalar) {
  if (kind_rank(scalar) <= kind_rank(array)) return array;
  if (dtype_is_complex(scalar) && dtype_is_float(array)) return array == DT_FLOAT32 ? DT_COMPLEX64 : DT_COMPLEX128;
  return dtype_promote(array, scalar);
}

DType promote_common(DType a, bool weak_a, DType b, bool weak_b) {
  if (weak_a == weak_b) return dtype_promote(a, b);
  return weak_a ? promote_weak(b, a) : promote_weak(a, b);
}

bool promote_arrays(BinOp op, DType a, bool weak_a, DType b, bool weak_b, DType *out) {
  DType common = *out = promote_common(a, weak_a, b, weak_b);
  switch (op_classes[op]) {
  case OP_ARITH: return op != BIN_SUB || common != DT_BOOL; /* NumPy has no bool - bool */
  case OP_DIV:
    if (is_integral(common)) *out = DT_FLOAT64;
    return true;
  case OP_FLOOR:
    if (common == DT_BOOL) *out = DT_INT8;
    return !dtype_is_complex(common);
  case OP_POW:
    if (common == DT_BOOL) *out = DT_INT8;
    return true;
  case OP_MATMUL: return true;
  case OP_SHIFT:
    if (common == DT_BOOL) *out = DT_INT8;
    return is_integral(common);
  case OP_BITWISE: return is_integral(common);
  }
  LJ_UNREACHABLE();
}
