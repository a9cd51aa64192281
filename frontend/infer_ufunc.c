/* Typing of elementwise functions, on scalars and on arrays alike: the dtype by NumPy 2's promotion with weak scalars, the dimensions
 * by broadcasting. On scalars alone every operand counts fully. math.* shares the rules but takes scalars only. */
#include "frontend/infer.h"

DType infer_common(const Args *a) {
  bool any_array = false, any = false;
  DType dtype = DT_BOOL;
  for (uint32_t i = 0; i < a->count; i++) any_array |= type_is_array(a->t[i]);
  for (uint32_t i = 0; i < a->count; i++) {
    if (!a->t[i] || a->t[i]->kind == TYPE_NONE || (any_array && !type_is_array(a->t[i]))) continue;
    dtype = any ? dtype_promote(dtype, a->t[i]->dtype) : a->t[i]->dtype;
    any = true;
  }
  for (uint32_t i = 0; any_array && i < a->count; i++)
    if (type_is_scalar(a->t[i])) dtype = promote_common(dtype, false, a->t[i]->dtype, true);
  return dtype;
}

const Type *infer_elementwise(Infer *in, const Args *a, DType result) {
  unsigned ndim = 0;
  bool any_array = false, all_f = true;
  for (uint32_t i = 0; i < a->count; i++) {
    if (!type_is_array(a->t[i])) continue;
    any_array = true;
    all_f &= a->t[i]->layout == LAYOUT_F;
    if (a->t[i]->ndim > ndim) ndim = a->t[i]->ndim;
  }
  if (!any_array) return infer_scalar(in, result);
  return type_array(in->tt, result, ndim, all_f ? LAYOUT_F : LAYOUT_C, false);
}

static const Type *no_complex(Infer *in, const Args *a) {
  return infer_error(in, TYPE_ERROR, a->call->span, "%s is not defined for complex numbers", a->builtin->name);
}

static bool is_math(const Builtin *b) { return strncmp(b->name, "math.", 5) == 0; }

/* NumPy has half precision for the narrowest integers; float32 stands in for it. math.* makes double of every integer. */
static DType float_of(DType t, bool math) {
  if (dtype_is_float(t) || dtype_is_complex(t)) return t;
  return !math && dtype_size(t) <= 2 ? DT_FLOAT32 : DT_FLOAT64;
}

/* Each array becomes floating by itself before they meet: of int16 and uint16 float32, not the float64 of int32. */
static DType common_float(const Args *a) {
  DType dtype = DT_BOOL;
  for (uint32_t i = 0; i < a->count; i++) {
    if (!type_is_array(a->t[i])) return infer_common(a);
    DType own = float_of(a->t[i]->dtype, false);
    dtype = i ? dtype_promote(dtype, own) : own;
  }
  return dtype;
}

const Type *infer_ufunc_float(Infer *in, const Args *a) {
  if (!infer_numeric(in, a, 0)) return NULL;
  DType common = a->count > 1 ? common_float(a) : infer_common(a);
  if (dtype_is_complex(common) && !a->builtin->typing_arg) return no_complex(in, a);
  BuiltinId id = a->builtin->id;
  bool rounds = id == BI_NP_FLOOR || id == BI_NP_CEIL || id == BI_NP_TRUNC;
  if (rounds && type_is_array(a->t[0]) && !dtype_is_float(common)) return infer_elementwise(in, a, common); /* whole already */
  return infer_elementwise(in, a, float_of(common, is_math(a->builtin)));
}

/* ---- functions that keep the dtype, by what they refuse ---- */

typedef enum SameKind { SAME_ANY, SAME_REAL, SAME_INT, SAME_NO_BOOL, SAME_REAL_PART, SAME_ANGLE, SAME_FIRST } SameKind;

static const struct {
  BuiltinId id;
  SameKind kind;
} same_kinds[] = {
    {BI_NP_ABS, SAME_REAL_PART},    {BI_NP_ABSOLUTE, SAME_REAL_PART},
    {BI_NP_REAL, SAME_REAL_PART},   {BI_NP_IMAG, SAME_REAL_PART},
    {BI_NP_ANGLE, SAME_ANGLE},      {BI_NP_NEGATIVE, SAME_NO_BOOL},
    {BI_NP_POSITIVE, SAME_NO_BOOL}, {BI_NP_INVERT, SAME_INT},
    {BI_NP_BITWISE_NOT, SAME_INT},  {BI_NP_GCD, SAME_INT},
    {BI_NP_LCM, SAME_INT},          {BI_NP_FMOD, SAME_REAL},
    {BI_NP_ROUND, SAME_FIRST},      {BI_NP_AROUND, SAME_FIRST},
    {BI_NP_SIGN, SAME_NO_BOOL},
};

static SameKind same_kind(BuiltinId id) {
  for (size_t i = 0; i < LJ_COUNT(same_kinds); i++)
    if (same_kinds[i].id == id) return same_kinds[i].kind;
  return SAME_ANY;
}

/* np.where(c, x, y): the condition broadcasts but does not take part in the dtype. */
static const Type *where_type(Infer *in, const Args *a) {
  if (!a->t[1] || !a->t[2])
    return infer_error(in, NOT_IMPLEMENTED_ERROR, a->call->span, "np.where with one argument comes with the array language");
  if (!infer_numeric(in, a, 0)) return NULL;
  Args values = {.call = a->call, .builtin = a->builtin, .v = a->v + 1, .t = a->t + 1, .count = 2};
  return infer_elementwise(in, a, infer_common(&values));
}

static const Type *round_type(Infer *in, const Args *a) {
  if (a->t[1] && !type_is_int(a->t[1]))
    return infer_error(in, TYPE_ERROR, a->v[1]->span, "the number of decimals is an integer, not %s", type_name(a->t[1]));
  Args first = {.call = a->call, .builtin = a->builtin, .v = a->v, .t = a->t, .count = 1};
  return infer_numeric(in, &first, 0) ? infer_elementwise(in, &first, a->t[0]->dtype) : NULL;
}

/* np.clip takes None for a bound. */
static const Type *clip_type(Infer *in, const Args *a) {
  const Type *t[3] = {a->t[0], a->t[1], a->t[2]};
  for (int i = 1; i < 3; i++)
    if (t[i] && t[i]->kind == TYPE_NONE) t[i] = NULL;
  Args given = {.call = a->call, .builtin = a->builtin, .v = a->v, .t = t, .count = 3};
  return infer_numeric(in, &given, 0) ? infer_elementwise(in, &given, infer_common(&given)) : NULL;
}

const Type *infer_ufunc_same(Infer *in, const Args *a) {
  if (a->builtin->id == BI_NP_WHERE) return where_type(in, a);
  if (a->builtin->id == BI_NP_CLIP) return clip_type(in, a);
  if (!infer_numeric(in, a, 0)) return NULL;
  DType common = infer_common(a);
  switch (same_kind(a->builtin->id)) {
  case SAME_ANY: break;
  case SAME_REAL:
    if (dtype_is_complex(common)) return no_complex(in, a);
    break;
  case SAME_INT:
    if (common != DT_BOOL && !dtype_is_int(common))
      return infer_error(in, TYPE_ERROR, a->call->span, "%s takes integers, not %s", a->builtin->name, dtype_name(common));
    break;
  case SAME_NO_BOOL:
    if (common == DT_BOOL) return infer_error(in, TYPE_ERROR, a->call->span, "%s is not defined for bools", a->builtin->name);
    break;
  case SAME_REAL_PART: common = dtype_real_of(common); break;
  case SAME_ANGLE: common = float_of(dtype_real_of(common), common == DT_BOOL); break;
  case SAME_FIRST: return round_type(in, a);
  }
  BuiltinId id = a->builtin->id;
  if (common == DT_BOOL && (id == BI_NP_SQUARE || id == BI_NP_RECIPROCAL || id == BI_NP_FMOD || id == BI_NP_CONJ || id == BI_NP_CONJUGATE))
    common = DT_INT8; /* NumPy's narrowest loop */
  return infer_elementwise(in, a, common);
}

/* ---- predicates, operators, comparisons ---- */

const Type *infer_ufunc_bool(Infer *in, const Args *a) {
  if (!infer_numeric(in, a, 0)) return NULL;
  if (a->builtin->id == BI_NP_SIGNBIT && dtype_is_complex(infer_common(a))) return no_complex(in, a);
  return infer_elementwise(in, a, DT_BOOL);
}

const Type *infer_ufunc_binop(Infer *in, const Args *a) {
  if (!infer_numeric(in, a, 0)) return NULL;
  bool any_array = type_is_array(a->t[0]) || type_is_array(a->t[1]);
  DType out;
  if (!promote_arrays((BinOp)a->builtin->typing_arg, a->t[0]->dtype, any_array && type_is_scalar(a->t[0]), a->t[1]->dtype,
                      any_array && type_is_scalar(a->t[1]), &out))
    return infer_error(in, TYPE_ERROR, a->call->span, "%s is not defined for %s and %s", a->builtin->name, type_name(a->t[0]),
                       type_name(a->t[1]));
  return infer_elementwise(in, a, out);
}

const Type *infer_ufunc_cmpop(Infer *in, const Args *a) {
  if (!infer_numeric(in, a, 0)) return NULL;
  CmpOp op = (CmpOp)a->builtin->typing_arg;
  bool is_equality = op == CMP_EQ || op == CMP_NE;
  if (!is_equality && dtype_is_complex(infer_common(a))) return no_complex(in, a);
  return infer_elementwise(in, a, DT_BOOL);
}
