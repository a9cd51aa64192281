/* Typing of reductions, whole or along axes: sum, prod, mean, min, max, any, all, argmin, argmax, as functions and methods.
 * `axis` (an integer or a tuple of them) and `keepdims` are constants, because the number of dimensions follows from them; which axis an integer
 * names may also be known only when the program runs: then the library reduces, and it does so for extremes of complex numbers.
 * In: a bound call. Out: a scalar, or an array of what stays. */
#include "frontend/infer.h"

/* Where a row has its parameters: a, axis?, dtype?, keepdims? or a, axis?, keepdims?; methods have the receiver for a. */
typedef struct Reduction {
  const Type *operand;
  bool whole;     /* no axis was given */
  uint32_t axes;  /* bit per reduced axis */
  bool keepdims;
  Expr *dtype;
  const Type *dtype_type;
} Reduction;

static bool read_keepdims(Infer *in, const Args *a, uint32_t at, bool *keep) {
  if (at >= a->count || !a->t[at]) return true;
  int known = spec_const_bool(in->spec, a->v[at]);
  if (known >= 0) return *keep = known, true;
  infer_error(in, TYPE_ERROR, a->v[at]->span,
              "keepdims must be True or False, known while compiling: the number of dimensions follows from it");
  return false;
}

static bool read_axes(Infer *in, const Args *a, Reduction *r) {
  uint32_t ndim = type_is_array(r->operand) ? r->operand->ndim : 0;
  r->whole = !a->t[1] || a->t[1]->kind == TYPE_NONE;
  if (r->whole) return r->axes = (1u << ndim) - 1, true;
  int64_t bad = 0;
  switch (spec_const_axes(in->spec, a->v[1], ndim, &r->axes, &bad)) {
  case AXES_OK: return true;
  case AXES_UNKNOWN:
    infer_error(in, TYPE_ERROR, a->v[1]->span, "axis must be known while compiling: an integer, a tuple of integers or None, not %s",
                type_name(a->t[1]));
    return false;
  case AXES_RANGE:
    infer_error(in, VALUE_ERROR, a->v[1]->span, "axis %" PRId64 " is out of bounds for array of dimension %u", bad, ndim);
    return false;
  case AXES_TWICE: infer_error(in, VALUE_ERROR, a->v[1]->span, "duplicate value in 'axis'"); return false;
  }
  LJ_UNREACHABLE();
}

static bool read_reduction(Infer *in, const Args *a, Reduction *r) {
  *r = (Reduction){.operand = a->t[0]};
  if (!type_is_array(r->operand) && !type_is_scalar(r->operand)) {
    infer_error(in, TYPE_ERROR, a->v[0]->span, "%s takes an array, not %s", a->builtin->name, type_name(a->t[0]));
    return false;
  }
  if (a->count == 4) r->dtype = a->v[2], r->dtype_type = a->t[2];
  return read_axes(in, a, r) && read_keepdims(in, a, a->count == 4 ? 3 : 2, &r->keepdims);
}

static const Type *reduced(Infer *in, const Reduction *r, DType dtype) {
  uint32_t ndim = type_is_array(r->operand) ? r->operand->ndim : 0, left = ndim;
  for (uint32_t d = 0; d < ndim && !r->keepdims; d++) left -= r->axes >> d & 1;
  if (left == 0) return infer_scalar(in, dtype);
  bool by_columns = ndim && r->operand->layout == LAYOUT_F && !r->whole && left > 1;
  return type_array(in->tt, dtype, left, by_columns ? LAYOUT_F : LAYOUT_C, false);
}

static DType summed(DType t) {
  if (t == DT_BOOL || dtype_is_signed(t)) return DT_INT64;
  return dtype_is_unsigned(t) ? DT_UINT64 : t;
}

static bool is_axes(const Type *t) {
  if (!type_is_tuple(t)) return type_is_int(t);
  for (uint32_t i = 0; i < t->count; i++)
    if (!type_is_int(t->elems[i])) return false;
  return t->count > 0;
}

/* The row of the library that does it; false when the compiler's own loops do. */
static bool is_for_library(Infer *in, const Args *a, Args *chosen) {
  static const struct {
    BuiltinId function, method, row;
  } rows[] = {
      {BI_NP_SUM, BI_A_SUM, BI_SUM_AT},          {BI_NP_PROD, BI_A_PROD, BI_PROD_AT},       {BI_NP_MEAN, BI_A_MEAN, BI_MEAN_AT},
      {BI_NP_MIN, BI_A_MIN, BI_MIN_AT},          {BI_NP_AMIN, BI_A_MIN, BI_MIN_AT},         {BI_NP_MAX, BI_A_MAX, BI_MAX_AT},
      {BI_NP_AMAX, BI_A_MAX, BI_MAX_AT},         {BI_NP_ANY, BI_A_ANY, BI_ANY_AT},          {BI_NP_ALL, BI_A_ALL, BI_ALL_AT},
      {BI_NP_ARGMIN, BI_A_ARGMIN, BI_ARGMIN_AT}, {BI_NP_ARGMAX, BI_A_ARGMAX, BI_ARGMAX_AT},
  };
  BuiltinId id = a->builtin->id, row = BI_COUNT;
  const Type *t = a->t[0], *axis = a->t[1];
  if (!type_is_array(t) || !t->ndim) return false;
  for (size_t i = 0; i < LJ_COUNT(rows); i++)
    if (rows[i].function == id || rows[i].method == id) row = rows[i].row;
  bool ordered = row == BI_MIN_AT || row == BI_MAX_AT || row == BI_ARGMIN_AT || row == BI_ARGMAX_AT;
  uint32_t axes;
  bool late = axis && is_axes(axis) && spec_const_axes(in->spec, a->v[1], t->ndim, &axes, &(int64_t){0}) == AXES_UNKNOWN;
  if (!late && !(ordered && dtype_is_complex(t->dtype))) return false;
  *chosen = *a;
  chosen->builtin = &builtins[row];
  return true;
}

static const Type *rule_sum_prod(Infer *in, const Args *a) {
  Reduction r;
  Args library;
  if (is_for_library(in, a, &library)) return infer_prelude(in, &library);
  if (!read_reduction(in, a, &r)) return NULL;
  DType dtype = summed(r.operand->dtype);
  return infer_dtype_arg(in, r.dtype, r.dtype_type, &dtype) ? reduced(in, &r, dtype) : NULL;
}

static const Type *rule_mean(Infer *in, const Args *a) {
  Reduction r;
  Args library;
  if (is_for_library(in, a, &library)) return infer_prelude(in, &library);
  if (!read_reduction(in, a, &r)) return NULL;
  DType dtype = r.operand->dtype == DT_BOOL || dtype_is_int(r.operand->dtype) ? DT_FLOAT64 : r.operand->dtype;
  return infer_dtype_arg(in, r.dtype, r.dtype_type, &dtype) ? reduced(in, &r, dtype) : NULL;
}

static const Type *rule_extreme(Infer *in, const Args *a) {
  Reduction r;
  Args library;
  if (is_for_library(in, a, &library)) return infer_prelude(in, &library);
  return read_reduction(in, a, &r) ? reduced(in, &r, r.operand->dtype) : NULL;
}

static const Type *rule_truth(Infer *in, const Args *a) {
  Reduction r;
  Args library;
  if (is_for_library(in, a, &library)) return infer_prelude(in, &library);
  return read_reduction(in, a, &r) ? reduced(in, &r, DT_BOOL) : NULL;
}

static const Type *rule_arg(Infer *in, const Args *a) {
  Reduction r;
  Args library;
  if (is_for_library(in, a, &library)) return infer_prelude(in, &library);
  if (!read_reduction(in, a, &r)) return NULL;
  if (!r.whole && !type_is_int(a->t[1])) return infer_error(in, TYPE_ERROR, a->v[1]->span, "%s takes one axis", a->builtin->name);
  return reduced(in, &r, DT_INT64);
}

TypingFn infer_special_reduce(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_NP_SUM] = rule_sum_prod, [BI_NP_PROD] = rule_sum_prod, [BI_A_SUM] = rule_sum_prod, [BI_A_PROD] = rule_sum_prod,
      [BI_NP_MEAN] = rule_mean,    [BI_A_MEAN] = rule_mean,      [BI_NP_MIN] = rule_extreme, [BI_NP_MAX] = rule_extreme,
      [BI_NP_AMIN] = rule_extreme, [BI_NP_AMAX] = rule_extreme,  [BI_A_MIN] = rule_extreme,  [BI_A_MAX] = rule_extreme,
      [BI_NP_ANY] = rule_truth,    [BI_NP_ALL] = rule_truth,     [BI_A_ANY] = rule_truth,    [BI_A_ALL] = rule_truth,
      [BI_NP_ARGMIN] = rule_arg,   [BI_NP_ARGMAX] = rule_arg,    [BI_A_ARGMIN] = rule_arg,   [BI_A_ARGMAX] = rule_arg,
  };
  return table[id];
}
