/* Typing of further views (broadcast_to, diagonals, view(dtype), squeeze) and of what dtypes say about themselves (iinfo, finfo). Views that NumPy does not
 * let a program write are read-only types. */
#include "frontend/infer.h"

static const Type *not_array(Infer *in, const Args *a) {
  return infer_error(in, TYPE_ERROR, a->v[0]->span, "%s takes an array, not %s", a->builtin->name, type_name(a->t[0]));
}

/* np.broadcast_to: of an array or a number, to an integer or a tuple of integers. */
static const Type *rule_broadcast_to(Infer *in, const Args *a) {
  const Type *t = a->t[0], *shape = a->t[1];
  if (!type_is_array(t) && !type_is_scalar(t)) return not_array(in, a);
  bool ok = type_is_int(shape) || type_is_tuple(shape);
  uint32_t ndim = type_is_tuple(shape) ? shape->count : 1, have = type_is_array(t) ? t->ndim : 0;
  for (uint32_t i = 0; ok && type_is_tuple(shape) && i < ndim; i++) ok = type_is_int(shape->elems[i]);
  if (!ok) return infer_error(in, TYPE_ERROR, a->v[1]->span, "a shape is an integer or a tuple of integers, not %s", type_name(shape));
  if (ndim > TYPE_MAX_NDIM)
    return infer_error(in, VALUE_ERROR, a->v[1]->span, "arrays have at most %d dimensions, not %u", TYPE_MAX_NDIM, ndim);
  if (have > ndim)
    return infer_error(in, VALUE_ERROR, a->call->span, "a %u-d array cannot be broadcast to %u dimension%s", have, ndim,
                       ndim == 1 ? "" : "s");
  return type_array(in->tt, t->dtype, ndim, ndim ? LAYOUT_A : LAYOUT_C, true);
}

/* The diagonals of the last two axes: the library's own, for np.diagonal. */
static const Type *rule_diagonal(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  if (!type_is_array(t) || t->ndim < 2) return not_array(in, a);
  return type_array(in->tt, t->dtype, t->ndim - 1u, LAYOUT_A, true);
}

/* a.view(dtype): another size of items needs C order, because the last axis changes its length. */
static const Type *rule_view(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  DType dtype = t->dtype;
  if (!infer_dtype_arg(in, a->v[1], a->t[1], &dtype)) return NULL;
  if (dtype_size(dtype) != dtype_size(t->dtype) && (t->layout != LAYOUT_C || !t->ndim))
    return infer_error(
        in, VALUE_ERROR, a->call->span,
        "to change to a dtype of a different size, the array must be C-contiguous here; use np.ascontiguousarray(a).view(…)");
  return type_array(in->tt, dtype, t->ndim, t->layout, t->readonly);
}

static const Type *rule_squeeze(Infer *in, const Args *a) {
  if (!type_is_array(a->t[0])) return not_array(in, a);
  if (!a->t[1] || a->t[1]->kind == TYPE_NONE)
    return infer_error(
        in, TYPE_ERROR, a->call->span,
        "squeeze() needs its axis here: how many dimensions are left must be known while compiling; write squeeze(axis=0), or "
        "squeeze(axis=(0, 2))");
  Args chosen = *a;
  chosen.builtin = &builtins[BI_SQUEEZE_AXES];
  return infer_prelude(in, &chosen);
}

/* ---- np.iinfo, np.finfo: named tuples; fields as in tuple_field_name() ---- */

static const Type *rule_limits(Infer *in, const Args *a) {
  bool is_float = a->builtin->id == BI_FINFO;
  const Type *t = a->t[0];
  DType dtype = DT_FLOAT64;
  if (type_is_array(t) || type_is_scalar(t))
    dtype = t->dtype;
  else if (!infer_dtype_arg(in, a->v[0], t, &dtype))
    return NULL;
  if (is_float) dtype = dtype_real_of(dtype);
  if (is_float ? !dtype_is_float(dtype) : !dtype_is_int(dtype))
    return infer_error(in, VALUE_ERROR, a->v[0]->span, "%s takes %s, not %s", a->builtin->name,
                       is_float ? "a float or complex dtype" : "an integer dtype", dtype_name(dtype));
  const Type *number = infer_scalar(in, is_float ? dtype : dtype == DT_UINT64 ? DT_UINT64 : DT_INT64);
  const Type *elems[7] = {number, number, infer_int(in), number, number, number, number};
  return type_named_tuple(in->tt, sym_c(in->names, is_float ? "finfo" : "iinfo"), elems, is_float ? 7 : 3);
}

TypingFn infer_special_views(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_BROADCAST_TO] = rule_broadcast_to, [BI_DIAGONAL_VIEW] = rule_diagonal, [BI_A_VIEW] = rule_view,  [BI_SQUEEZE] = rule_squeeze,
      [BI_A_SQUEEZE] = rule_squeeze,         [BI_IINFO] = rule_limits,           [BI_FINFO] = rule_limits,
  };
  return table[id];
}
