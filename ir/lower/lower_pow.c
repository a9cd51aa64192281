/* Powers. Integers: exact modulo 2^64. A float or complex base with a literal integer exponent is multiplied by repeated squaring, with an
 * integer variable by the same in a loop (as numba does), else by pow(). In array expressions NumPy's rules: x**2 and a few more are exact,
 * the rest is pow(). In: base and exponent as inference typed them. Out: a tree; a loop or a check may come before it. */
#include "ir/lower/lower_scalar.h"

enum { MAX_INT_UNROLL = 64, MAX_FLOAT_UNROLL = 0x10000, MAX_COMPLEX_UNROLL = 100 };

/* a ** n for n >= 1 by repeated squaring, lowest bit first. */
static IrExpr *multiply_out(Lower *lo, IrExpr *a, uint64_t n) {
  IrExpr *result = NULL;
  for (;;) {
    a = lower_bind(lo, NULL, a);
    if (n & 1) result = result ? ir_binary(&lo->b, IR_MUL, a->type, result, a) : a;
    if ((n >>= 1) == 0) return result;
    a = ir_binary(&lo->b, IR_MUL, a->type, a, a);
  }
}

static IrExpr *one_of(Lower *lo, const Type *type) { return ir_const(&lo->b, type, 1); }

static void check_zero_base(Lower *lo, IrExpr *ok, Span at) {
  Span saved = lo->b.span;
  lo->b.span = at;
  ir_check(&lo->b, CHECK_VALUE, ok, ZERO_DIVISION_ERROR, "0.0 cannot be raised to a negative power", NULL, NULL, NULL, NULL);
  lo->b.span = saved;
}

/* ---- integers ---- */

static IrExpr *power_int(Lower *lo, IrExpr *a, IrExpr *n, const Type *result, bool raises, Span at) {
  IrBuilder *b = &lo->b;
  const Type *int_type = type_scalar(lo->types, DT_INT64);
  int64_t known;
  a = ir_cast(b, result, a);
  if (ir_is_int_const(n, &known) && known >= 0 && known <= MAX_INT_UNROLL)
    return known ? multiply_out(lo, a, (uint64_t)known) : one_of(lo, result);
  bool may_be_negative = dtype_is_signed(n->type->dtype) && !(ir_is_int_const(n, &known) && known >= 0);
  n = ir_cast(b, int_type, n);
  a = ir_cast(b, int_type, a);
  if (may_be_negative && raises) {
    a = lower_bind(lo, NULL, a);
    n = lower_bind(lo, NULL, n);
    IrExpr *not_negative = ir_compare(b, IR_GE, n, ir_int(b, 0));
    check_zero_base(lo, ir_binary(b, IR_LOR, not_negative->type, not_negative, ir_compare(b, IR_NE, a, ir_int(b, 0))), at);
  }
  IrExpr *args[] = {a, n};
  return ir_cast(b, result, ir_rtcall(b, "lj_rt_ipow", int_type, args, 2));
}

/* ---- a float with an integer exponent ---- */

static IrExpr *math_pow(Lower *lo, IrExpr *a, IrExpr *n, const Type *result) {
  IrExpr *args[] = {ir_cast(&lo->b, result, a), ir_cast(&lo->b, result, n)};
  return ir_math(&lo->b, MATH_POW, result, args, 2);
}

/* while m: if m & 1: r *= p; m >>= 1; p *= p */
static void square_loop(Lower *lo, IrVar *r, IrVar *p, IrVar *m) {
  IrBuilder *b = &lo->b;
  IrExpr *zero = ir_int(b, 0), *one = ir_int(b, 1);
  IrStmt *loop = ir_stmt(b, IRS_WHILE);
  loop->as.while_.cond = ir_compare(b, IR_NE, ir_var(b, m), zero);
  IrBlock *outer = lower_enter(lo, &loop->as.while_.body);
  IrStmt *odd = ir_stmt(b, IRS_IF);
  odd->as.if_.cond = ir_compare(b, IR_NE, ir_binary(b, IR_AND, m->type, ir_var(b, m), one), zero);
  lower_enter(lo, &odd->as.if_.then);
  ir_set(b, r, ir_binary(b, IR_MUL, r->type, ir_var(b, r), ir_var(b, p)));
  lower_enter(lo, &loop->as.while_.body);
  ir_set(b, m, ir_binary(b, IR_SHR, m->type, ir_var(b, m), one));
  ir_set(b, p, ir_binary(b, IR_MUL, p->type, ir_var(b, p), ir_var(b, p)));
  lower_leave(lo, outer);
}

static IrExpr *power_by_loop(Lower *lo, IrExpr *a, IrExpr *n, const Type *result) {
  IrBuilder *b = &lo->b;
  const Type *int_type = type_scalar(lo->types, DT_INT64);
  a = lower_bind(lo, NULL, ir_cast(b, result, a));
  n = lower_bind(lo, NULL, ir_cast(b, int_type, n));
  IrVar *r = ir_new_var(b, NULL, result), *p = ir_new_var(b, NULL, result), *m = ir_new_var(b, NULL, int_type);
  IrExpr *size = lower_bind(lo, NULL, ir_unary(b, IR_ABS, int_type, n));
  IrExpr *in_range = ir_compare(b, IR_GE, size, ir_int(b, 0)), *small = ir_compare(b, IR_LE, size, ir_int(b, MAX_FLOAT_UNROLL));
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = ir_binary(b, IR_LAND, small->type, in_range, small);
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  ir_set(b, r, one_of(lo, result));
  ir_set(b, p, a);
  ir_set(b, m, size);
  square_loop(lo, r, p, m);
  IrStmt *invert = ir_stmt(b, IRS_IF);
  invert->as.if_.cond = ir_compare(b, IR_LT, n, ir_int(b, 0));
  lower_enter(lo, &invert->as.if_.then);
  ir_set(b, r, ir_binary(b, IR_DIV, result, one_of(lo, result), ir_var(b, r)));
  lower_enter(lo, &s->as.if_.orelse);
  ir_set(b, r, math_pow(lo, a, n, result));
  lower_leave(lo, outer);
  return ir_var(b, r);
}

static IrExpr *power_literal(Lower *lo, IrExpr *a, int64_t n, const Type *result) {
  uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  a = lower_convert(lo, a, result, lo->b.span);
  IrExpr *value = size ? multiply_out(lo, a, size) : one_of(lo, result);
  return n < 0 ? ir_binary(&lo->b, IR_DIV, result, one_of(lo, result), value) : value;
}

/* ---- array expressions ---- */

static bool const_number(const IrExpr *e, double *value) {
  if (e->op == IR_CAST) return const_number(e->args[0], value);
  if (e->op != IR_CONST || type_is_complex(e->type)) return false;
  *value = type_is_float(e->type) ? e->as.f : (double)e->as.i;
  return true;
}

/* NumPy has shortcuts for the exponents -1, 0, 0.5, 1 and 2. */
static IrExpr *power_elem(Lower *lo, IrExpr *a, IrExpr *n, const Type *result) {
  double known;
  a = lower_convert(lo, a, result, lo->b.span);
  if (const_number(n, &known)) {
    if (known == 0) return one_of(lo, result);
    if (known == 1 || known == 2) return multiply_out(lo, a, (uint64_t)known);
    if (known == -1) return ir_binary(&lo->b, IR_DIV, result, one_of(lo, result), a);
    if (known == 0.5) return ir_math(&lo->b, MATH_SQRT, result, &a, 1);
  }
  return math_pow(lo, a, n, result);
}

/* CPython multiplies whole exponents out, numba only squares. */
static IrExpr *power_complex(Lower *lo, IrExpr *a, IrExpr *n, const Type *result, bool elementwise, Span at) {
  const Type *wide = type_scalar(lo->types, DT_COMPLEX128);
  int64_t known;
  bool literal = ir_is_int_const(n, &known) && known >= -MAX_COMPLEX_UNROLL && known <= MAX_COMPLEX_UNROLL;
  double exponent;
  if (literal && (elementwise ? known > 0 : lo->top_level ? known != 0 : known == 2)) return power_literal(lo, a, known, result);
  if (elementwise && const_number(n, &exponent) && (exponent == 2 || exponent == 0.5)) return power_elem(lo, a, n, result);
  IrExpr *args[] = {lower_convert(lo, a, wide, at), lower_convert(lo, n, wide, at)};
  return ir_cast(&lo->b, result, ir_rtcall(&lo->b, "lj_rt_cpow", wide, args, 2));
}

/* Top-level code is CPython's: always pow(). */
static IrExpr *power_python(Lower *lo, IrExpr *a, IrExpr *n, const Type *result, Span at) {
  a = lower_bind(lo, NULL, lower_convert(lo, a, result, at));
  n = lower_bind(lo, NULL, lower_convert(lo, n, result, at));
  IrExpr *zero = ir_const(&lo->b, result, 0);
  bool known_fine = (ir_is_const(n) && n->as.f >= 0) || (ir_is_const(a) && a->as.f != 0);
  if (!known_fine) {
    IrExpr *not_zero = ir_compare(&lo->b, IR_NE, a, zero);
    check_zero_base(lo, ir_binary(&lo->b, IR_LOR, not_zero->type, not_zero, lower_not(lo, ir_compare(&lo->b, IR_LT, n, zero))), at);
  }
  return math_pow(lo, a, n, result);
}

IrExpr *lower_power(Lower *lo, IrExpr *a, IrExpr *n, const Type *result, bool elementwise, Span at) {
  int64_t known;
  bool integral = type_is_int(n->type) || type_is_bool(n->type);
  if (type_is_int(result) || type_is_bool(result)) return power_int(lo, a, n, result, lo->python_errors && !elementwise, at);
  if (type_is_complex(result)) return power_complex(lo, a, n, result, elementwise, at);
  if (elementwise) return power_elem(lo, a, n, result);
  if (lo->top_level) return power_python(lo, a, n, result, at);
  if (!integral) return math_pow(lo, a, n, result);
  if (!ir_is_int_const(n, &known) || known > MAX_FLOAT_UNROLL || known < -MAX_FLOAT_UNROLL) return power_by_loop(lo, a, n, result);
  if (known < 0 && !type_is_float(a->type) && lo->python_errors) { /* 0 ** -1 of integers */
    a = lower_bind(lo, NULL, ir_cast(&lo->b, result, a));
    check_zero_base(lo, ir_compare(&lo->b, IR_NE, a, ir_const(&lo->b, result, 0)), at);
  }
  return power_literal(lo, a, known, result);
}
