/* Elementwise functions on scalars: math functions, and a formula each for what is no single operation. They never raise; the array
 * language applies the same function to each element. In: a row of builtins.def, scalar values, the scalar result type. Out: a tree,
 * pure. */
#include "ir/lower/lower_scalar.h"

typedef struct Call {
  Lower *lo;
  IrExpr **args;      /* as given */
  uint32_t count;
  const Type *result;
  Span at;
} Call;

static const Type *bool_type(const Call *c) { return type_scalar(c->lo->types, DT_BOOL); }
static IrExpr *bind(const Call *c, IrExpr *e) { return lower_bind(c->lo, NULL, e); }
static IrExpr *cast_arg(const Call *c, uint32_t i) { return lower_convert(c->lo, c->args[i], c->result, c->at); }
static IrExpr *constant(const Type *type, const Call *c, double value) { return ir_const(&c->lo->b, type, value); }
static IrExpr *binary(const Call *c, IrOp op, IrExpr *a, IrExpr *b) { return ir_binary(&c->lo->b, op, a->type, a, b); }
static IrExpr *compare(const Call *c, IrOp op, IrExpr *a, IrExpr *b) { return ir_compare(&c->lo->b, op, a, b); }
static IrExpr *select(const Call *c, IrExpr *cond, IrExpr *a, IrExpr *b) { return ir_select(&c->lo->b, cond, a, b); }

static const Type *real_type(const Call *c, const Type *t) { return type_scalar(c->lo->types, dtype_real_of(t->dtype)); }
static IrExpr *real_part(const Call *c, IrExpr *z) { return ir_unary(&c->lo->b, IR_REAL, real_type(c, z->type), z); }
static IrExpr *imag_part(const Call *c, IrExpr *z) { return ir_unary(&c->lo->b, IR_IMAG, real_type(c, z->type), z); }

/* ---- signs and parts ---- */

static IrExpr *fn_abs(const Call *c) {
  IrExpr *x = c->args[0];
  if (type_is_complex(x->type)) return lower_convert(c->lo, ir_unary(&c->lo->b, IR_ABS, real_type(c, x->type), x), c->result, c->at);
  x = cast_arg(c, 0);
  bool has_sign = !dtype_is_unsigned(c->result->dtype) && !type_is_bool(c->result);
  return has_sign ? ir_unary(&c->lo->b, IR_ABS, c->result, x) : x;
}

static IrExpr *fn_sign(const Call *c) {
  IrExpr *x = bind(c, cast_arg(c, 0));
  if (type_is_complex(x->type)) {
    IrExpr *size = bind(c, ir_unary(&c->lo->b, IR_ABS, real_type(c, x->type), x)), *zero = constant(size->type, c, 0);
    IrExpr *unit = binary(c, IR_DIV, x, ir_cast(&c->lo->b, x->type, size));
    return select(c, compare(c, IR_EQ, size, zero), constant(x->type, c, 0), unit);
  }
  IrExpr *zero = constant(x->type, c, 0), *one = constant(x->type, c, 1);
  if (type_is_bool(x->type)) return x;
  IrExpr *rest = type_is_float(x->type) ? select(c, compare(c, IR_EQ, x, zero), zero, x) : zero; /* NaN stays */
  if (!dtype_is_unsigned(x->type->dtype)) rest = select(c, compare(c, IR_LT, x, zero), constant(x->type, c, -1), rest);
  return select(c, compare(c, IR_GT, x, zero), one, rest);
}

static IrExpr *fn_square(const Call *c) {
  IrExpr *x = bind(c, cast_arg(c, 0));
  return binary(c, type_is_bool(x->type) ? IR_AND : IR_MUL, x, x);
}

static IrExpr *fn_conj(const Call *c) {
  IrExpr *z = cast_arg(c, 0);
  if (!type_is_complex(z->type)) return z;
  z = bind(c, z);
  IrExpr *im = imag_part(c, z);
  return ir_binary(&c->lo->b, IR_COMPLEX, z->type, real_part(c, z), ir_unary(&c->lo->b, IR_NEG, im->type, im));
}

static IrExpr *fn_positive(const Call *c) { return cast_arg(c, 0); }
static IrExpr *fn_negative(const Call *c) { return lower_unop(c->lo, UN_NEG, c->args[0], c->result); }
static IrExpr *fn_invert(const Call *c) { return lower_unop(c->lo, UN_INVERT, c->args[0], c->result); }

static IrExpr *fn_reciprocal(const Call *c) {
  IrExpr *x = cast_arg(c, 0), *one = constant(c->result, c, 1);
  if (type_is_float(c->result) || type_is_complex(c->result)) return binary(c, IR_DIV, one, x);
  if (type_is_bool(c->result)) return x;
  x = bind(c, x);
  IrExpr *kept = compare(c, IR_EQ, x, one); /* 1 / x as C divides */
  if (!dtype_is_unsigned(c->result->dtype)) kept = binary(c, IR_LOR, kept, compare(c, IR_EQ, x, constant(c->result, c, -1)));
  return select(c, kept, x, constant(c->result, c, 0));
}

static IrExpr *fn_real(const Call *c) {
  return type_is_complex(c->args[0]->type) ? lower_convert(c->lo, real_part(c, c->args[0]), c->result, c->at) : cast_arg(c, 0);
}

static IrExpr *fn_imag(const Call *c) {
  return type_is_complex(c->args[0]->type) ? lower_convert(c->lo, imag_part(c, c->args[0]), c->result, c->at) : constant(c->result, c, 0);
}

static IrExpr *fn_angle(const Call *c) {
  IrExpr *z = c->args[0], *parts[2];
  if (type_is_complex(z->type)) {
    z = bind(c, z);
    parts[0] = ir_cast(&c->lo->b, c->result, imag_part(c, z));
    parts[1] = ir_cast(&c->lo->b, c->result, real_part(c, z));
  } else {
    parts[0] = constant(c->result, c, 0);
    parts[1] = cast_arg(c, 0);
  }
  return ir_math(&c->lo->b, MATH_ATAN2, c->result, parts, 2);
}

/* ---- two of a kind ---- */

/* NumPy orders complex numbers by real, then by imaginary part; a NaN wins. */
static IrExpr *complex_extreme(const Call *c, IrExpr *a, IrExpr *b, bool is_max) {
  IrOp strict = is_max ? IR_GT : IR_LT, loose = is_max ? IR_GE : IR_LE;
  a = bind(c, a);
  b = bind(c, b);
  IrExpr *ar = real_part(c, a), *br = real_part(c, b);
  IrExpr *tie = binary(c, IR_LAND, compare(c, IR_EQ, ar, br), compare(c, loose, imag_part(c, a), imag_part(c, b)));
  IrExpr *nan = compare(c, IR_NE, a, a);
  return select(c, binary(c, IR_LOR, nan, binary(c, IR_LOR, compare(c, strict, ar, br), tie)), a, b);
}

static IrExpr *extreme(const Call *c, IrExpr *a, IrExpr *b, IrOp op, bool is_max) {
  if (type_is_complex(c->result)) return complex_extreme(c, a, b, is_max);
  if (type_is_bool(c->result)) return binary(c, is_max ? IR_OR : IR_AND, a, b);
  if (!type_is_float(c->result)) op = is_max ? IR_NPMAX : IR_NPMIN;
  return binary(c, op, a, b);
}

static IrExpr *fn_maximum(const Call *c) { return extreme(c, cast_arg(c, 0), cast_arg(c, 1), IR_NPMAX, true); }
static IrExpr *fn_minimum(const Call *c) { return extreme(c, cast_arg(c, 0), cast_arg(c, 1), IR_NPMIN, false); }
static IrExpr *fn_fmax(const Call *c) { return extreme(c, cast_arg(c, 0), cast_arg(c, 1), IR_FMAX, true); }
static IrExpr *fn_fmin(const Call *c) { return extreme(c, cast_arg(c, 0), cast_arg(c, 1), IR_FMIN, false); }

/* Bounds beyond the integers of the result are its least or greatest one: np.clip(u8, -1, 300) is u8. */
IrExpr *lower_saturated(Lower *lo, IrExpr *x, const Type *type, Span at) {
  IrBuilder *b = &lo->b;
  DType from = x->type->dtype, to = type->dtype;
  if (!type_is_int(x->type) || !dtype_is_int(to) || from == to) return lower_convert(lo, x, type, at);
  unsigned bits = 8 * dtype_size(to);
  uint64_t all = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, most = dtype_is_unsigned(to) ? all : all >> 1;
  uint64_t least = dtype_is_unsigned(to) ? 0 : 0 - (all >> 1) - 1;
  bool is_signed = dtype_is_signed(from), wider = dtype_size(from) > dtype_size(to);
  x = lower_bind(lo, NULL, x);
  IrExpr *value = lower_convert(lo, x, type, at);
  if (is_signed && (wider || dtype_is_unsigned(to)))
    value = ir_select(b, ir_compare(b, IR_LT, x, ir_uint(b, x->type, least)), ir_uint(b, type, least), value);
  if (wider || (!is_signed && dtype_is_signed(to) && dtype_size(from) == dtype_size(to)))
    value = ir_select(b, ir_compare(b, IR_GT, x, ir_uint(b, x->type, most)), ir_uint(b, type, most), value);
  return value;
}

static IrExpr *fn_clip(const Call *c) {
  IrExpr *x = cast_arg(c, 0);
  for (uint32_t i = 1; i < 3 && i < c->count; i++) {
    if (!c->args[i] || c->args[i]->type->kind == TYPE_NONE) continue;
    x = extreme(c, x, lower_saturated(c->lo, c->args[i], c->result, c->at), i == 1 ? IR_NPMAX : IR_NPMIN, i == 1);
  }
  return x;
}

static IrExpr *fn_fmod(const Call *c) {
  IrExpr *args[] = {cast_arg(c, 0), cast_arg(c, 1)};
  if (type_is_float(c->result)) return ir_math(&c->lo->b, MATH_FMOD, c->result, args, 2);
  IrExpr *a = bind(c, args[0]), *b = bind(c, args[1]), *zero = constant(c->result, c, 0);
  IrExpr *r = bind(c, binary(c, IR_SAFE_MOD, a, b)); /* Python's sign: that of b */
  if (dtype_is_unsigned(c->result->dtype) || type_is_bool(c->result)) return r;
  IrExpr *differs = compare(c, IR_NE, compare(c, IR_LT, a, zero), compare(c, IR_LT, r, zero));
  return select(c, binary(c, IR_LAND, compare(c, IR_NE, r, zero), differs), binary(c, IR_SUB, r, b), r);
}

static IrExpr *gcd(const Call *c, IrExpr *a, IrExpr *b) {
  const Type *wide = type_scalar(c->lo->types, DT_INT64);
  IrExpr *args[] = {ir_cast(&c->lo->b, wide, a), ir_cast(&c->lo->b, wide, b)};
  return ir_cast(&c->lo->b, c->result, ir_rtcall(&c->lo->b, "lj_rt_gcd", wide, args, 2));
}

static IrExpr *fn_gcd(const Call *c) { return gcd(c, cast_arg(c, 0), cast_arg(c, 1)); }

static IrExpr *fn_lcm(const Call *c) {
  IrExpr *a = bind(c, cast_arg(c, 0)), *b = bind(c, cast_arg(c, 1));
  IrExpr *value = binary(c, IR_MUL, binary(c, IR_SAFE_FLOORDIV, a, gcd(c, a, b)), b);
  bool has_sign = !dtype_is_unsigned(c->result->dtype) && !type_is_bool(c->result);
  return has_sign ? ir_unary(&c->lo->b, IR_ABS, c->result, value) : value;
}

static IrExpr *fn_where(const Call *c) { return select(c, lower_truth(c->lo, c->args[0], c->at), cast_arg(c, 1), cast_arg(c, 2)); }

/* ---- rounding ---- */

static IrExpr *rint_real(const Call *c, IrExpr *x) { return ir_math(&c->lo->b, MATH_RINT, x->type, &x, 1); }

static IrExpr *round_real(const Call *c, IrExpr *x, IrExpr *digits) {
  int64_t n;
  if (!digits) return rint_real(c, x);
  if (ir_is_int_const(digits, &n) && n >= -22 && n <= 22) {
    double scale = 1;
    for (int64_t i = 0; i < (n < 0 ? -n : n); i++) scale *= 10;
    IrExpr *by = constant(x->type, c, scale);
    if (n == 0) return rint_real(c, x);
    return binary(c, n > 0 ? IR_DIV : IR_MUL, rint_real(c, binary(c, n > 0 ? IR_MUL : IR_DIV, x, by)), by);
  }
  digits = bind(c, ir_cast(&c->lo->b, type_scalar(c->lo->types, DT_INT64), digits));
  IrExpr *ten[] = {constant(x->type, c, 10), ir_cast(&c->lo->b, x->type, ir_unary(&c->lo->b, IR_ABS, digits->type, digits))};
  IrExpr *by = bind(c, ir_math(&c->lo->b, MATH_POW, x->type, ten, 2));
  x = bind(c, x);
  IrExpr *right = binary(c, IR_DIV, rint_real(c, binary(c, IR_MUL, x, by)), by);
  IrExpr *left = binary(c, IR_MUL, rint_real(c, binary(c, IR_DIV, x, by)), by);
  return select(c, compare(c, IR_GE, digits, ir_int(&c->lo->b, 0)), right, left);
}

static IrExpr *fn_round(const Call *c) {
  IrExpr *x = cast_arg(c, 0), *digits = c->count > 1 ? c->args[1] : NULL;
  if (type_is_complex(c->result)) {
    x = bind(c, x);
    return ir_binary(&c->lo->b, IR_COMPLEX, c->result, round_real(c, real_part(c, x), digits), round_real(c, imag_part(c, x), digits));
  }
  if (type_is_float(c->result)) return round_real(c, x, digits);
  int64_t n;
  if (!digits || (ir_is_int_const(digits, &n) && n >= 0)) return x;
  const Type *wide = type_scalar(c->lo->types, DT_FLOAT64);
  return ir_cast(&c->lo->b, c->result, round_real(c, ir_cast(&c->lo->b, wide, x), digits));
}

/* ---- predicates ---- */

typedef enum Predicate { IS_NAN, IS_INF, IS_FINITE } Predicate;

static IrExpr *test_real(const Call *c, IrExpr *x, Predicate what) {
  if (!type_is_float(x->type)) return ir_bool(&c->lo->b, what == IS_FINITE);
  x = bind(c, x);
  if (what == IS_NAN) return compare(c, IR_NE, x, x);
  IrExpr *size = ir_math(&c->lo->b, MATH_FABS, x->type, &x, 1), *inf = constant(x->type, c, __builtin_inf());
  return compare(c, what == IS_INF ? IR_EQ : IR_LT, size, inf);
}

static IrExpr *test(const Call *c, Predicate what) {
  IrExpr *x = c->args[0];
  if (!type_is_complex(x->type)) return test_real(c, x, what);
  x = bind(c, x);
  return ir_binary(&c->lo->b, what == IS_FINITE ? IR_LAND : IR_LOR, bool_type(c), test_real(c, real_part(c, x), what),
                   test_real(c, imag_part(c, x), what));
}

static IrExpr *fn_isnan(const Call *c) { return test(c, IS_NAN); }
static IrExpr *fn_isinf(const Call *c) { return test(c, IS_INF); }
static IrExpr *fn_isfinite(const Call *c) { return test(c, IS_FINITE); }

static IrExpr *fn_signbit(const Call *c) {
  IrExpr *x = c->args[0];
  if (type_is_float(x->type))
    x = ir_unary(&c->lo->b, IR_BITCAST, type_scalar(c->lo->types, type_is(x->type, DT_FLOAT32) ? DT_INT32 : DT_INT64), x);
  if (dtype_is_unsigned(x->type->dtype) || type_is_bool(x->type)) return ir_bool(&c->lo->b, false);
  return compare(c, IR_LT, x, constant(x->type, c, 0));
}

static IrExpr *truth_arg(const Call *c, uint32_t i) { return lower_truth(c->lo, c->args[i], c->at); }
static IrExpr *fn_logical_and(const Call *c) { return binary(c, IR_LAND, truth_arg(c, 0), truth_arg(c, 1)); }
static IrExpr *fn_logical_or(const Call *c) { return binary(c, IR_LOR, truth_arg(c, 0), truth_arg(c, 1)); }
static IrExpr *fn_logical_xor(const Call *c) { return binary(c, IR_XOR, truth_arg(c, 0), truth_arg(c, 1)); }
static IrExpr *fn_logical_not(const Call *c) { return lower_not(c->lo, truth_arg(c, 0)); }

/* ---- the table ---- */

static IrExpr *(*const functions[BI_COUNT])(const Call *) = {
    [BI_NP_ABS] = fn_abs,
    [BI_NP_ABSOLUTE] = fn_abs,
    [BI_NP_SIGN] = fn_sign,
    [BI_NP_SQUARE] = fn_square,
    [BI_NP_CONJ] = fn_conj,
    [BI_NP_CONJUGATE] = fn_conj,
    [BI_NP_POSITIVE] = fn_positive,
    [BI_NP_NEGATIVE] = fn_negative,
    [BI_NP_INVERT] = fn_invert,
    [BI_NP_BITWISE_NOT] = fn_invert,
    [BI_NP_RECIPROCAL] = fn_reciprocal,
    [BI_NP_MAXIMUM] = fn_maximum,
    [BI_NP_MINIMUM] = fn_minimum,
    [BI_NP_FMAX] = fn_fmax,
    [BI_NP_FMIN] = fn_fmin,
    [BI_NP_FMOD] = fn_fmod,
    [BI_NP_GCD] = fn_gcd,
    [BI_NP_LCM] = fn_lcm,
    [BI_NP_CLIP] = fn_clip,
    [BI_NP_ROUND] = fn_round,
    [BI_NP_AROUND] = fn_round,
    [BI_NP_REAL] = fn_real,
    [BI_NP_IMAG] = fn_imag,
    [BI_NP_ANGLE] = fn_angle,
    [BI_NP_WHERE] = fn_where,
    [BI_NP_ISNAN] = fn_isnan,
    [BI_NP_ISINF] = fn_isinf,
    [BI_NP_ISFINITE] = fn_isfinite,
    [BI_NP_SIGNBIT] = fn_signbit,
    [BI_NP_LOGICAL_AND] = fn_logical_and,
    [BI_NP_LOGICAL_OR] = fn_logical_or,
    [BI_NP_LOGICAL_XOR] = fn_logical_xor,
    [BI_NP_LOGICAL_NOT] = fn_logical_not,
    [BI_MATH_ISNAN] = fn_isnan,
    [BI_MATH_ISINF] = fn_isinf,
    [BI_MATH_ISFINITE] = fn_isfinite,
    [BI_CMATH_ISNAN] = fn_isnan,
    [BI_CMATH_ISINF] = fn_isinf,
    [BI_CMATH_ISFINITE] = fn_isfinite,
    [BI_S_REAL] = fn_real,
    [BI_S_IMAG] = fn_imag,
    [BI_S_CONJUGATE] = fn_conj,
    [BI_S_CONJ] = fn_conj,
    [BI_ABS] = fn_abs,
    [BI_S_ITEM] = fn_positive,
};

/* Integers stay what they are under floor, ceil, trunc and rint; where a float result is wanted they are cast first. */
static IrExpr *math_row(const Call *c, MathId id) {
  LJ_ASSERT(c->count > 0 && c->args[0]);
  IrExpr *args[3];
  bool rounds = id == MATH_FLOOR || id == MATH_CEIL || id == MATH_TRUNC || id == MATH_RINT;
  if (rounds && !type_is_float(c->result)) {
    IrExpr *x = c->args[0];
    return ir_cast(&c->lo->b, c->result, type_is_float(x->type) ? ir_math(&c->lo->b, id, x->type, &x, 1) : x);
  }
  for (uint32_t i = 0; i < c->count && i < 3; i++) args[i] = cast_arg(c, i);
  if (rounds && !type_is_float(c->args[0]->type)) return args[0];
  return ir_math(&c->lo->b, id, c->result, args, c->count);
}

IrExpr *lower_ufunc(Lower *lo, const Builtin *row, IrExpr *const *args, uint32_t count, const Type *result, Span at) {
  IrExpr *opened[4] = {0};
  LJ_ASSERT(count <= LJ_COUNT(opened));
  for (uint32_t i = 0; i < count; i++) opened[i] = args[i] ? lower_open(lo, args[i], at) : NULL;
  while (count > 1 && (!opened[count - 1] || opened[count - 1]->type->kind == TYPE_NONE)) count--;
  Call call = {.lo = lo, .args = opened, .count = count, .result = result, .at = at};
  Lowering how = lowerings[row->id];
  if (functions[row->id]) return functions[row->id](&call);
  if (how.rule == LW_MATH) return math_row(&call, (MathId)how.arg);
  if (how.rule == LW_BINOP) return lower_binop_elem(lo, (BinOp)how.arg, opened[0], opened[1], result);
  if (how.rule == LW_CMPOP) return lower_cmpop(lo, (CmpOp)how.arg, opened[0], opened[1], at);
  return lower_unsupported(lo, at, result, "%s is not supported yet", row->name);
}
