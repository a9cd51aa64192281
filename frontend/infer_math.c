/* Typing of the functions of math and cmath that need rules of their own. They take scalars only. */
#include "frontend/infer.h"

static bool all_real(Infer *in, const Args *a) {
  if (!infer_numeric(in, a, 0)) return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (type_is_complex(a->t[i])) {
      infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes real numbers, not %s", a->builtin->name, type_name(a->t[i]));
      return false;
    }
  return true;
}

static bool all_int(Infer *in, const Args *a) {
  if (!infer_numeric(in, a, 0)) return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (a->t[i] && !type_is_int(a->t[i]) && !type_is_bool(a->t[i])) {
      infer_error(in, TYPE_ERROR, a->v[i]->span, "'%s' object cannot be interpreted as an integer", type_name(a->t[i]));
      return false;
    }
  return true;
}

/* float32 when all are, else float64. */
static const Type *float_type(Infer *in, const Args *a, uint32_t count) {
  bool single = count > 0;
  for (uint32_t i = 0; i < count; i++)
    if (a->t[i]) single &= a->t[i]->dtype == DT_FLOAT32;
  return infer_scalar(in, single ? DT_FLOAT32 : DT_FLOAT64);
}

static const Type *pair_of(Infer *in, const Type *a, const Type *b) {
  const Type *elems[] = {a, b};
  return type_tuple(in->tt, elems, 2);
}

static const Type *rule_float(Infer *in, const Args *a) { return all_real(in, a) ? float_type(in, a, a->count) : NULL; }
static const Type *rule_frexp(Infer *in, const Args *a) {
  return all_real(in, a) ? pair_of(in, float_type(in, a, 1), infer_int(in)) : NULL;
}
static const Type *rule_modf(Infer *in, const Args *a) {
  return all_real(in, a) ? pair_of(in, float_type(in, a, 1), float_type(in, a, 1)) : NULL;
}

static const Type *rule_ldexp(Infer *in, const Args *a) {
  if (!all_real(in, a)) return NULL;
  if (!type_is_int(a->t[1]))
    return infer_error(in, TYPE_ERROR, a->v[1]->span, "math.ldexp takes an integer exponent, not %s", type_name(a->t[1]));
  return float_type(in, a, 1);
}

static const Type *rule_gcd(Infer *in, const Args *a) {
  if (!all_int(in, a)) return NULL;
  bool is_unsigned = a->count > 0;
  for (uint32_t i = 0; i < a->count; i++) is_unsigned &= dtype_is_unsigned(a->t[i]->dtype);
  return infer_scalar(in, is_unsigned ? DT_UINT64 : DT_INT64);
}

static const Type *rule_int(Infer *in, const Args *a) { return all_int(in, a) ? infer_int(in) : NULL; }
static const Type *rule_isclose(Infer *in, const Args *a) { return all_real(in, a) ? infer_scalar(in, DT_BOOL) : NULL; }

static const Type *rule_complex(Infer *in, const Args *a) { return infer_numeric(in, a, 0) ? infer_scalar(in, DT_COMPLEX128) : NULL; }
static const Type *rule_complex_pred(Infer *in, const Args *a) { return infer_numeric(in, a, 0) ? infer_scalar(in, DT_BOOL) : NULL; }
static const Type *rule_phase(Infer *in, const Args *a) { return infer_numeric(in, a, 0) ? infer_scalar(in, DT_FLOAT64) : NULL; }
static const Type *rule_polar(Infer *in, const Args *a) {
  const Type *f = infer_scalar(in, DT_FLOAT64);
  return infer_numeric(in, a, 0) ? pair_of(in, f, f) : NULL;
}
static const Type *rule_rect(Infer *in, const Args *a) { return all_real(in, a) ? infer_scalar(in, DT_COMPLEX128) : NULL; }

TypingFn infer_special_math(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_MATH_LOG] = rule_float,
      [BI_MATH_HYPOT] = rule_float,
      [BI_MATH_FMA] = rule_float,
      [BI_MATH_FREXP] = rule_frexp,
      [BI_MATH_LDEXP] = rule_ldexp,
      [BI_MATH_MODF] = rule_modf,
      [BI_MATH_GCD] = rule_gcd,
      [BI_MATH_LCM] = rule_gcd,
      [BI_MATH_FACTORIAL] = rule_int,
      [BI_MATH_COMB] = rule_int,
      [BI_MATH_PERM] = rule_int,
      [BI_MATH_ISQRT] = rule_int,
      [BI_MATH_ISCLOSE] = rule_isclose,
      [BI_CMATH_F_SQRT] = rule_complex,
      [BI_CMATH_F_EXP] = rule_complex,
      [BI_CMATH_F_LOG10] = rule_complex,
      [BI_CMATH_F_SIN] = rule_complex,
      [BI_CMATH_F_COS] = rule_complex,
      [BI_CMATH_F_TAN] = rule_complex,
      [BI_CMATH_F_ASIN] = rule_complex,
      [BI_CMATH_F_ACOS] = rule_complex,
      [BI_CMATH_F_ATAN] = rule_complex,
      [BI_CMATH_F_SINH] = rule_complex,
      [BI_CMATH_F_COSH] = rule_complex,
      [BI_CMATH_F_TANH] = rule_complex,
      [BI_CMATH_F_ASINH] = rule_complex,
      [BI_CMATH_F_ACOSH] = rule_complex,
      [BI_CMATH_F_ATANH] = rule_complex,
      [BI_CMATH_LOG] = rule_complex,
      [BI_CMATH_PHASE] = rule_phase,
      [BI_CMATH_POLAR] = rule_polar,
      [BI_CMATH_RECT] = rule_rect,
      [BI_CMATH_ISNAN] = rule_complex_pred,
      [BI_CMATH_ISINF] = rule_complex_pred,
      [BI_CMATH_ISFINITE] = rule_complex_pred,
  };
  return table[id];
}
