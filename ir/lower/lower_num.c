/* Operators on scalars: operands are cast to the type that the operator works in, divisions and shifts are checked as Python does.
 * In: values and the result type that inference chose. Out: trees; CHECKs for zero divisors and negative shift counts.
 * The _elem form is for array expressions: it never raises. Powers are lower_pow.c's. */
#include "ir/lower/lower_scalar.h"

static const IrOp ir_ops[BIN_OP_COUNT] = {
    [BIN_ADD] = IR_ADD, [BIN_SUB] = IR_SUB, [BIN_MUL] = IR_MUL, [BIN_DIV] = IR_DIV, [BIN_FLOORDIV] = IR_FLOORDIV, [BIN_MOD] = IR_MOD,
    [BIN_SHL] = IR_SHL, [BIN_SHR] = IR_SHR, [BIN_AND] = IR_AND, [BIN_OR] = IR_OR,   [BIN_XOR] = IR_XOR,
};

/* ---- checks ---- */

static void check(Lower *lo, IrCheckKind kind, IrExpr *ok, ErrorKind error, const char *text, Span at) {
  Span saved = lo->b.span;
  lo->b.span = at;
  ir_check(&lo->b, kind, ok, error, text, NULL, NULL, NULL, NULL);
  lo->b.span = saved;
}

static bool is_nonzero_const(const IrExpr *e) {
  if (e->op != IR_CONST) return false;
  if (type_is_complex(e->type)) return e->as.c[0] != 0 || e->as.c[1] != 0;
  return type_is_float(e->type) ? e->as.f != 0 : e->as.i != 0;
}

static const char *zero_text(BinOp op, const Type *a, const Type *b) {
  bool integers = !type_is_float(a) && !type_is_float(b);
  if (type_is_complex(a) || type_is_complex(b)) return "complex division by zero";
  if (op == BIN_DIV) return integers ? "division by zero" : "float division by zero";
  if (op == BIN_MOD) return integers ? "integer modulo by zero" : "float modulo";
  return integers ? "integer division or modulo by zero" : "float floor division by zero";
}

/* The divisor, bound when a check looks at it before it is used. */
static IrExpr *check_divisor(Lower *lo, IrExpr *divisor, const char *text, Span at) {
  if (is_nonzero_const(divisor)) return divisor;
  divisor = lower_bind(lo, NULL, divisor);
  IrExpr *zero = ir_const(&lo->b, divisor->type, 0);
  check(lo, CHECK_DIVISOR, ir_compare(&lo->b, IR_NE, divisor, zero), ZERO_DIVISION_ERROR, text, at);
  return divisor;
}

/* ---- operators ---- */

static IrExpr *shift(Lower *lo, BinOp op, IrExpr *a, IrExpr *b, const Type *result, bool checked, Span at) {
  const Type *count_type = b->type;
  b = lower_convert(lo, b, result, at);
  int64_t count;
  bool may_be_negative = dtype_is_signed(count_type->dtype) && !(ir_is_int_const(b, &count) && count >= 0);
  if (checked && may_be_negative) {
    const Type *int_type = type_scalar(lo->types, DT_INT64);
    b = lower_bind(lo, NULL, b);
    IrExpr *ok = ir_compare(&lo->b, IR_GE, ir_cast(&lo->b, int_type, b), ir_int(&lo->b, 0));
    check(lo, CHECK_SHIFT, ok, VALUE_ERROR, "negative shift count", at);
  } else if (may_be_negative) { /* elementwise: like a count that is too large */
    IrExpr *most = ir_const(&lo->b, result, 8.0 * dtype_size(result->dtype) - 1);
    if (op == BIN_SHL) most = ir_const(&lo->b, result, 64);
    b = lower_bind(lo, NULL, b);
    b = ir_select(&lo->b, ir_compare(&lo->b, IR_GE, b, ir_const(&lo->b, result, 0)), b, most);
  }
  return ir_binary(&lo->b, ir_ops[op], result, ir_cast(&lo->b, result, a), b);
}

IrExpr *lower_binop(Lower *lo, BinOp op, IrExpr *a, IrExpr *b, const Type *result, Span at) {
  uint32_t start = lo->b.block->len;
  a = lower_open(lo, a, at);
  b = lower_open(lo, b, at);
  const Type *ta = a->type, *tb = b->type;
  if (!type_is_scalar(ta) || !type_is_scalar(tb) || !type_is_scalar(result) || op == BIN_MATMUL)
    return lower_unsupported(lo, at, result, "this operator is not supported here yet");
  if (op == BIN_POW) return lower_power(lo, a, b, result, false, at);
  if (op == BIN_SHL || op == BIN_SHR) {
    IrExpr *value = shift(lo, op, a, b, result, true, at);
    lower_guard(lo, start, &a, 1);
    return value;
  }
  a = lower_convert(lo, a, result, at);
  b = lower_convert(lo, b, result, at);
  IrOp ir_op = ir_ops[op];
  if (op == BIN_DIV || op == BIN_FLOORDIV || op == BIN_MOD) {
    if (lo->python_errors)
      b = check_divisor(lo, b, zero_text(op, ta, tb), at);
    else if (!type_is_float(result) && !type_is_complex(result) && !is_nonzero_const(b))
      ir_op = op == BIN_MOD ? IR_SAFE_MOD : IR_SAFE_FLOORDIV;
  }
  return ir_binary(&lo->b, ir_op, result, a, b);
}

IrExpr *lower_binop_elem(Lower *lo, BinOp op, IrExpr *a, IrExpr *b, const Type *result) {
  Span at = lo->b.span;
  if (op == BIN_MATMUL) return lower_unsupported(lo, at, result, "@ is not supported here yet");
  if (op == BIN_POW) return lower_power(lo, a, b, result, true, at);
  if (op == BIN_SHL || op == BIN_SHR) return shift(lo, op, a, b, result, false, at);
  a = lower_convert(lo, a, result, at);
  b = lower_convert(lo, b, result, at);
  IrOp ir_op = ir_ops[op];
  bool integers = !type_is_float(result) && !type_is_complex(result);
  if (type_is_bool(result)) { /* NumPy: + is or, * is and */
    if (op == BIN_ADD) ir_op = IR_OR;
    if (op == BIN_MUL) ir_op = IR_AND;
  }
  if (integers && (op == BIN_FLOORDIV || op == BIN_MOD) && !is_nonzero_const(b)) ir_op = op == BIN_MOD ? IR_SAFE_MOD : IR_SAFE_FLOORDIV;
  return ir_binary(&lo->b, ir_op, result, a, b);
}

IrExpr *lower_unop(Lower *lo, UnOp op, IrExpr *a, const Type *result) {
  if (op == UN_NOT) return lower_not(lo, lower_truth(lo, a, lo->b.span));
  if (type_is_int(a->type) && type_is_int(result) && a->type != result) /* in its own width, then widened: ~np.uint8(100) is 155 */
    return lower_convert(lo, lower_unop(lo, op, a, a->type), result, lo->b.span);
  a = lower_convert(lo, a, result, lo->b.span);
  switch (op) {
  case UN_NEG:
    if (type_is_complex(result)) { /* -z negates both parts, zeros too */
      const Type *real = type_scalar(lo->types, dtype_real_of(result->dtype));
      IrExpr *z = lower_bind(lo, NULL, a);
      IrExpr *re = ir_unary(&lo->b, IR_NEG, real, ir_unary(&lo->b, IR_REAL, real, z));
      return ir_binary(&lo->b, IR_COMPLEX, result, re, ir_unary(&lo->b, IR_NEG, real, ir_unary(&lo->b, IR_IMAG, real, z)));
    }
    return ir_unary(&lo->b, IR_NEG, result, a);
  case UN_POS: return a;
  case UN_INVERT: return ir_unary(&lo->b, IR_INVERT, result, a);
  case UN_NOT: break;
  }
  LJ_UNREACHABLE();
}

/* ---- comparisons ---- */

/* The type in which two scalars are compared; NULL for a signed with an unsigned 64-bit integer, which compare by value. */
static const Type *meeting_type(Lower *lo, CmpOp op, DType a, DType b) {
  bool order = op != CMP_EQ && op != CMP_NE;
  if (a == b && (a != DT_BOOL || !order)) return type_scalar(lo->types, a);
  bool ints = (a == DT_BOOL || dtype_is_int(a)) && (b == DT_BOOL || dtype_is_int(b));
  if (!ints) return type_scalar(lo->types, dtype_promote(a, b));
  bool ua = dtype_is_unsigned(a), ub = dtype_is_unsigned(b);
  if ((a == DT_UINT64 && !ub) || (b == DT_UINT64 && !ua)) return a == DT_BOOL || b == DT_BOOL ? type_scalar(lo->types, DT_UINT64) : NULL;
  return type_scalar(lo->types, ua && ub ? DT_UINT64 : DT_INT64);
}

IrExpr *lower_cmpop(Lower *lo, CmpOp op, IrExpr *a, IrExpr *b, Span at) {
  static const IrOp ops[CMP_OP_COUNT] = {[CMP_EQ] = IR_EQ, [CMP_NE] = IR_NE, [CMP_LT] = IR_LT,
                                         [CMP_LE] = IR_LE, [CMP_GT] = IR_GT, [CMP_GE] = IR_GE};
  a = lower_open(lo, a, at);
  b = lower_open(lo, b, at);
  if (op == CMP_IS) op = CMP_EQ;
  if (op == CMP_IS_NOT) op = CMP_NE;
  LJ_ASSERT(op <= CMP_GE);
  if (a->type->kind == TYPE_STR) {
    IrExpr *args[] = {a, b};
    IrExpr *same = ir_rtcall(&lo->b, "lj_rt_str_equal", type_scalar(lo->types, DT_INT32), args, 2);
    return ir_compare(&lo->b, op == CMP_NE ? IR_EQ : IR_NE, same, ir_const(&lo->b, same->type, 0));
  }
  const Type *meet = meeting_type(lo, op, a->type->dtype, b->type->dtype);
  if (!meet) {
    a = ir_cast(&lo->b, type_scalar(lo->types, dtype_is_unsigned(a->type->dtype) ? DT_UINT64 : DT_INT64), a);
    b = ir_cast(&lo->b, type_scalar(lo->types, dtype_is_unsigned(b->type->dtype) ? DT_UINT64 : DT_INT64), b);
    return ir_compare(&lo->b, ops[op], a, b);
  }
  return ir_compare(&lo->b, ops[op], lower_convert(lo, a, meet, at), lower_convert(lo, b, meet, at));
}
