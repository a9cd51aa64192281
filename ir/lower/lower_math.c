/* The functions of math and cmath that are more than one call of the C library. In: a call bound by inference. Out: its value; CHECKs where
 * CPython raises ValueError for whole numbers. Float functions never raise (as numba). */
#include "ir/lower/lower_scalar.h"

typedef struct Args {
  IrExpr *v[3]; /* bound; NULL: not given */
  uint32_t count;
} Args;

static const Type *scalar(const Lower *lo, DType t) { return type_scalar(lo->types, t); }

/* All arguments, converted to `type` and bound. */
static Args read_args(Lower *lo, const Callee *callee, const Type *type) {
  Args a = {.count = callee->count < 3 ? callee->count : 3};
  Expr *list[3] = {0};
  uint32_t at[3], n = 0;
  for (uint32_t i = 0; i < a.count; i++)
    if (callee->args[i]) at[n] = i, list[n++] = callee->args[i];
  IrExpr *values[3];
  lower_exprs(lo, list, n, values);
  for (uint32_t i = 0; i < n; i++) {
    IrExpr *value = lower_open(lo, values[i], list[i]->span);
    if (value->type->kind == TYPE_NONE) continue;
    a.v[at[i]] = lower_bind(lo, NULL, type ? lower_convert(lo, value, type, list[i]->span) : value);
  }
  return a;
}

static IrExpr *math1(Lower *lo, MathId id, IrExpr *x) {
  LJ_ASSERT(x);
  return ir_math(&lo->b, id, x->type, &x, 1);
}

static IrExpr *math2(Lower *lo, MathId id, IrExpr *x, IrExpr *y) {
  IrExpr *args[] = {x, y};
  return ir_math(&lo->b, id, x->type, args, 2);
}

static void need(Lower *lo, IrExpr *ok, ErrorKind error, const char *text) {
  ir_check(&lo->b, CHECK_VALUE, ok, error, text, NULL, NULL, NULL, NULL);
}

static IrExpr *pair(Lower *lo, const Type *type, IrExpr *a, IrExpr *b) {
  IrExpr *items[] = {a, b};
  return ir_tuple(&lo->b, type, items, 2);
}

/* ---- floats ---- */

static IrExpr *fn_log(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  Args a = read_args(lo, callee, type);
  IrExpr *log = math1(lo, MATH_LOG, a.v[0]);
  return a.v[1] ? ir_binary(&lo->b, IR_DIV, type, log, math1(lo, MATH_LOG, a.v[1])) : log;
}

static IrExpr *fn_hypot(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  IrExpr **v = arena_array(lo->arena, IrExpr *, callee->count + 1), *result = ir_const(&lo->b, type, 0);
  lower_exprs(lo, callee->args, callee->count, v);
  for (uint32_t i = 0; i < callee->count; i++) {
    IrExpr *x = lower_convert(lo, lower_open(lo, v[i], call->span), type, call->span);
    result = i == 0 ? (callee->count == 1 ? math1(lo, MATH_FABS, x) : x) : math2(lo, MATH_HYPOT, result, x);
  }
  return result;
}

static IrExpr *fn_fma(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  Args a = read_args(lo, callee, type);
  return ir_math(&lo->b, MATH_FMA, type, a.v, 3);
}

static IrExpr *fn_ldexp(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  Args a = read_args(lo, callee, NULL);
  IrExpr *args[] = {lower_convert(lo, a.v[0], type, call->span), ir_cast(&lo->b, scalar(lo, DT_INT64), a.v[1])};
  return ir_math(&lo->b, MATH_LDEXP, type, args, 2);
}

/* The whole part towards zero; the rest has the sign of x, also when it is zero or x is infinite. */
static IrExpr *fn_modf(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call), *f = type->elems[0];
  IrExpr *x = read_args(lo, callee, f).v[0], *whole = lower_bind(lo, NULL, math1(lo, MATH_TRUNC, x));
  IrExpr *is_inf = ir_compare(&lo->b, IR_EQ, math1(lo, MATH_FABS, x), ir_const(&lo->b, f, __builtin_inf()));
  IrExpr *rest = ir_select(&lo->b, is_inf, ir_const(&lo->b, f, 0), ir_binary(&lo->b, IR_SUB, f, x, whole));
  return pair(lo, type, math2(lo, MATH_COPYSIGN, rest, x), whole);
}

/* By the bits of a double; numbers too small for a normal exponent are scaled first. */
static IrExpr *fn_frexp(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call), *f64 = scalar(lo, DT_FLOAT64), *i64 = scalar(lo, DT_INT64);
  IrExpr *x = read_args(lo, callee, f64).v[0], *size = lower_bind(lo, NULL, math1(lo, MATH_FABS, x));
  IrExpr *tiny = lower_bind(lo, NULL, ir_compare(b, IR_LT, size, ir_const(b, f64, 0x1p-1022)));
  IrExpr *scaled = ir_select(b, tiny, ir_binary(b, IR_MUL, f64, x, ir_const(b, f64, 0x1p54)), x);
  IrExpr *bits = lower_bind(lo, NULL, ir_unary(b, IR_BITCAST, i64, scaled));
  IrExpr *raw = ir_binary(b, IR_AND, i64, ir_binary(b, IR_SHR, i64, bits, ir_int(b, 52)), ir_int(b, 0x7ff));
  IrExpr *exponent = ir_binary(b, IR_SUB, i64, raw, ir_select(b, tiny, ir_int(b, 1022 + 54), ir_int(b, 1022)));
  IrExpr *kept = ir_binary(b, IR_AND, i64, bits, ir_int(b, (int64_t)0x800fffffffffffffULL));
  IrExpr *mantissa = ir_unary(b, IR_BITCAST, f64, ir_binary(b, IR_OR, i64, kept, ir_int(b, (int64_t)1022 << 52)));
  IrExpr *finite = ir_compare(b, IR_LT, size, ir_const(b, f64, __builtin_inf()));
  IrExpr *plain = lower_bind(lo, NULL, ir_binary(b, IR_LAND, finite->type, finite, ir_compare(b, IR_NE, x, ir_const(b, f64, 0))));
  mantissa = ir_select(b, plain, mantissa, x);
  return pair(lo, type, ir_cast(b, type->elems[0], mantissa), ir_cast(b, type->elems[1], ir_select(b, plain, exponent, ir_int(b, 0))));
}

/* As CPython: equal, or finite and near enough by either tolerance. */
static IrExpr *fn_isclose(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *f64 = scalar(lo, DT_FLOAT64), *boolean = lower_type(lo, call);
  IrExpr *v[4] = {NULL, NULL, ir_const(b, f64, 1e-9), ir_const(b, f64, 0)}, *zero = ir_const(b, f64, 0),
         *inf = ir_const(b, f64, __builtin_inf());
  for (uint32_t i = 0; i < 4 && i < callee->count; i++)
    if (callee->args[i]) v[i] = lower_bind(lo, NULL, lower_arg(lo, callee->args[i], f64));
  if (!ir_is_const(v[2]) || !ir_is_const(v[3])) {
    IrExpr *ok = ir_binary(b, IR_LAND, boolean, ir_compare(b, IR_GE, v[2], zero), ir_compare(b, IR_GE, v[3], zero));
    need(lo, ok, VALUE_ERROR, "tolerances must be non-negative");
  }
  IrExpr *gap = lower_bind(lo, NULL, math1(lo, MATH_FABS, ir_binary(b, IR_SUB, f64, v[1], v[0])));
  IrExpr *near = ir_compare(b, IR_LE, gap, v[3]);
  for (int i = 0; i < 2; i++) {
    IrExpr *relative = math1(lo, MATH_FABS, ir_binary(b, IR_MUL, f64, v[2], v[i]));
    near = ir_binary(b, IR_LOR, boolean, near, ir_compare(b, IR_LE, gap, relative));
  }
  for (int i = 0; i < 2; i++) near = ir_binary(b, IR_LAND, boolean, ir_compare(b, IR_LT, math1(lo, MATH_FABS, v[i]), inf), near);
  return ir_binary(b, IR_LOR, boolean, ir_compare(b, IR_EQ, v[0], v[1]), near);
}

/* ---- whole numbers ---- */

static IrExpr *gcd2(Lower *lo, IrExpr *a, IrExpr *b) {
  IrExpr *args[] = {a, b};
  return ir_rtcall(&lo->b, "lj_rt_gcd", scalar(lo, DT_INT64), args, 2);
}

static IrExpr *fn_gcd_lcm(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *i64 = scalar(lo, DT_INT64);
  bool is_lcm = callee->builtin->id == BI_MATH_LCM;
  IrExpr **v = arena_array(lo->arena, IrExpr *, callee->count + 1), *result = ir_int(&lo->b, is_lcm);
  lower_exprs(lo, callee->args, callee->count, v);
  for (uint32_t i = 0; i < callee->count; i++) {
    IrExpr *x = lower_convert(lo, lower_open(lo, v[i], call->span), i64, call->span);
    if (!is_lcm) {
      result = gcd2(lo, result, x);
      continue;
    }
    x = lower_bind(lo, NULL, x);
    result = lower_bind(lo, NULL, result);
    IrExpr *product = ir_binary(&lo->b, IR_MUL, i64, ir_binary(&lo->b, IR_SAFE_FLOORDIV, i64, result, gcd2(lo, result, x)), x);
    result = ir_unary(&lo->b, IR_ABS, i64, product);
  }
  return ir_cast(&lo->b, lower_type(lo, call), result);
}

static IrExpr *at_least(Lower *lo, IrExpr *x, int64_t n) { return ir_compare(&lo->b, IR_GE, x, ir_int(&lo->b, n)); }

/* r = 1; for i in 0..count: r = step(r, i) */
typedef IrExpr *(*StepFn)(Lower *lo, IrExpr *r, IrExpr *i, IrExpr *n);
static IrExpr *product(Lower *lo, IrExpr *count, IrExpr *n, StepFn step) {
  IrBuilder *b = &lo->b;
  IrVar *r = ir_new_var(b, NULL, scalar(lo, DT_INT64));
  ir_set(b, r, ir_int(b, 1));
  Nest nest;
  nest_for(lo, &nest, 1, &count);
  ir_set(b, r, step(lo, ir_var(b, r), nest.index[0], n));
  nest_close(lo, &nest);
  return ir_var(b, r);
}

static IrExpr *step_up(Lower *lo, IrExpr *r, IrExpr *i, IrExpr *n) {
  (void)n;
  return ir_binary(&lo->b, IR_MUL, r->type, r, ix_add(lo, i, ir_int(&lo->b, 1)));
}

static IrExpr *step_down(Lower *lo, IrExpr *r, IrExpr *i, IrExpr *n) { return ir_binary(&lo->b, IR_MUL, r->type, r, ix_sub(lo, n, i)); }

/* r * (n - i) / (i + 1) without a product that is larger than the result. */
static IrExpr *step_binomial(Lower *lo, IrExpr *r, IrExpr *i, IrExpr *n) {
  const Type *i64 = r->type;
  IrExpr *d = lower_bind(lo, NULL, ix_add(lo, i, ir_int(&lo->b, 1))), *g = lower_bind(lo, NULL, gcd2(lo, r, d));
  IrExpr *rest = ir_binary(&lo->b, IR_SAFE_FLOORDIV, i64, ix_sub(lo, n, i), ir_binary(&lo->b, IR_SAFE_FLOORDIV, i64, d, g));
  return ir_binary(&lo->b, IR_MUL, i64, ir_binary(&lo->b, IR_SAFE_FLOORDIV, i64, r, g), rest);
}

static IrExpr *fn_factorial(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *n = read_args(lo, callee, scalar(lo, DT_INT64)).v[0];
  lo->b.span = call->span;
  need(lo, at_least(lo, n, 0), VALUE_ERROR, "factorial() not defined for negative values");
  need(lo, ir_compare(&lo->b, IR_LE, n, ir_int(&lo->b, 20)), OVERFLOW_ERROR, "factorial() result does not fit in 64 bits");
  return product(lo, n, n, step_up);
}

static IrExpr *fn_comb(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  Args a = read_args(lo, callee, scalar(lo, DT_INT64));
  b->span = call->span;
  need(lo, at_least(lo, a.v[0], 0), VALUE_ERROR, "n must be a non-negative integer");
  need(lo, at_least(lo, a.v[1], 0), VALUE_ERROR, "k must be a non-negative integer");
  IrExpr *other = lower_bind(lo, NULL, ix_sub(lo, a.v[0], a.v[1])), *count = lower_bind(lo, NULL, ix_min(lo, a.v[1], other));
  return ir_select(b, at_least(lo, other, 0), product(lo, count, a.v[0], step_binomial), ir_int(b, 0));
}

static IrExpr *fn_perm(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  Args a = read_args(lo, callee, scalar(lo, DT_INT64));
  IrExpr *n = a.v[0], *k = a.v[1] ? a.v[1] : n;
  b->span = call->span;
  need(lo, at_least(lo, n, 0), VALUE_ERROR, "n must be a non-negative integer");
  if (a.v[1]) need(lo, at_least(lo, k, 0), VALUE_ERROR, "k must be a non-negative integer");
  IrExpr *fits = lower_bind(lo, NULL, ir_compare(b, IR_LE, k, n));
  return ir_select(b, fits, product(lo, ir_select(b, fits, k, ir_int(b, 0)), n, step_down), ir_int(b, 0));
}

static IrExpr *fn_isqrt(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *n = read_args(lo, callee, scalar(lo, DT_INT64)).v[0];
  LJ_ASSERT(n);
  lo->b.span = call->span;
  need(lo, at_least(lo, n, 0), VALUE_ERROR, "isqrt() argument must be nonnegative");
  return ir_rtcall(&lo->b, "lj_rt_isqrt", n->type, &n, 1);
}

/* ---- cmath ---- */

static IrExpr *part(Lower *lo, IrOp op, IrExpr *z) { return ir_unary(&lo->b, op, scalar(lo, DT_FLOAT64), z); }

static IrExpr *phase(Lower *lo, IrExpr *z) { return math2(lo, MATH_ATAN2, part(lo, IR_IMAG, z), part(lo, IR_REAL, z)); }

static IrExpr *fn_clog(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  Args a = read_args(lo, callee, scalar(lo, DT_COMPLEX128));
  IrExpr *log = math1(lo, MATH_LOG, a.v[0]);
  return a.v[1] ? ir_binary(&lo->b, IR_DIV, log->type, log, math1(lo, MATH_LOG, a.v[1])) : log;
}

static IrExpr *fn_phase(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  return phase(lo, read_args(lo, callee, scalar(lo, DT_COMPLEX128)).v[0]);
}

static IrExpr *fn_polar(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *z = read_args(lo, callee, scalar(lo, DT_COMPLEX128)).v[0];
  return pair(lo, lower_type(lo, call), part(lo, IR_ABS, z), phase(lo, z));
}

static IrExpr *fn_rect(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *f64 = scalar(lo, DT_FLOAT64);
  Args a = read_args(lo, callee, f64);
  IrExpr *re = ir_binary(&lo->b, IR_MUL, f64, a.v[0], math1(lo, MATH_COS, a.v[1]));
  return ir_binary(&lo->b, IR_COMPLEX, lower_type(lo, call), re, ir_binary(&lo->b, IR_MUL, f64, a.v[0], math1(lo, MATH_SIN, a.v[1])));
}

BuiltinRule lower_math_rule(BuiltinId id) {
  static const BuiltinRule table[BI_COUNT] = {
      [BI_MATH_LOG] = fn_log,     [BI_MATH_HYPOT] = fn_hypot,         [BI_MATH_FMA] = fn_fma,         [BI_MATH_LDEXP] = fn_ldexp,
      [BI_MATH_MODF] = fn_modf,   [BI_MATH_FREXP] = fn_frexp,         [BI_MATH_ISCLOSE] = fn_isclose, [BI_MATH_GCD] = fn_gcd_lcm,
      [BI_MATH_LCM] = fn_gcd_lcm, [BI_MATH_FACTORIAL] = fn_factorial, [BI_MATH_COMB] = fn_comb,       [BI_MATH_PERM] = fn_perm,
      [BI_MATH_ISQRT] = fn_isqrt, [BI_CMATH_LOG] = fn_clog,           [BI_CMATH_PHASE] = fn_phase,    [BI_CMATH_POLAR] = fn_polar,
      [BI_CMATH_RECT] = fn_rect,
  };
  return table[id];
}
