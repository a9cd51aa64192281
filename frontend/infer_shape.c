/* Typing of attributes and methods of arrays and of functions that change shapes. Says what layout a result certainly has. */
#include "frontend/infer.h"

bool infer_is_attribute(BuiltinId id) {
  static const BuiltinId attributes[] = {BI_A_SHAPE,  BI_A_STRIDES, BI_A_NDIM, BI_A_SIZE,    BI_A_DTYPE, BI_A_ITEMSIZE,
                                         BI_A_NBYTES, BI_A_T,       BI_A_REAL, BI_A_IMAG,    BI_A_FLAT,  BI_S_REAL,
                                         BI_S_IMAG,   BI_S_DTYPE,   BI_D_KIND, BI_D_ITEMSIZE};
  for (size_t i = 0; i < LJ_COUNT(attributes); i++)
    if (attributes[i] == id) return true;
  return false;
}

static bool is_array(Infer *in, const Args *a) {
  if (type_is_array(a->t[0])) return true;
  infer_error(in, TYPE_ERROR, a->v[0]->span, "%s takes an array, not %s", a->builtin->name, type_name(a->t[0]));
  return false;
}

static const Type *ints(Infer *in, uint32_t count) {
  const Type *elems[TYPE_MAX_NDIM];
  for (uint32_t i = 0; i < count; i++) elems[i] = infer_int(in);
  return type_tuple(in->tt, elems, count);
}

/* A view of `t`. */
static const Type *view(Infer *in, const Type *t, unsigned ndim, Layout layout) {
  return type_array(in->tt, t->dtype, ndim, layout, t->readonly);
}

static const Type *rule_shape(Infer *in, const Args *a) { return is_array(in, a) ? ints(in, a->t[0]->ndim) : NULL; }

static const Type *rule_int(Infer *in, const Args *a) {
  (void)a;
  return infer_int(in);
}

static const Type *rule_kind(Infer *in, const Args *a) {
  (void)a;
  return in->tt->str;
}

/* np.result_type: numbers are weak beside arrays and dtypes. */
static const Type *rule_result_type(Infer *in, const Args *a) {
  DType dtype = DT_BOOL;
  bool any = false, weak = true;
  for (uint32_t i = 0; i < a->count; i++) {
    const Type *t = a->t[i];
    if (t->kind != TYPE_SCALAR && t->kind != TYPE_ARRAY && t->kind != TYPE_DTYPE)
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "np.result_type takes arrays, numbers and dtypes, not %s", type_name(t));
    bool is_weak = t->kind == TYPE_SCALAR;
    dtype = any ? promote_common(dtype, weak && !is_weak, t->dtype, is_weak && !weak) : t->dtype;
    weak &= is_weak, any = true;
  }
  if (!any) return infer_error(in, TYPE_ERROR, a->call->span, "np.result_type needs at least one argument");
  return type_dtype(in->tt, dtype);
}

static const Type *rule_dtype(Infer *in, const Args *a) { return type_dtype(in->tt, a->t[0]->dtype); }
static const Type *rule_flat(Infer *in, const Args *a) { return type_iter(in->tt, infer_scalar(in, a->t[0]->dtype)); }

/* Parts of complex arrays are strided views; a real array is its own real part. */
static const Type *rule_part(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  if (dtype_is_complex(t->dtype)) return type_array(in->tt, dtype_real_of(t->dtype), t->ndim, t->ndim ? LAYOUT_A : LAYOUT_C, t->readonly);
  return a->builtin->id == BI_A_REAL ? t : type_array(in->tt, t->dtype, t->ndim, LAYOUT_C, false);
}

static const Type *transposed(Infer *in, const Type *t) {
  if (t->ndim < 2) return t;
  return view(in, t, t->ndim, t->layout == LAYOUT_C ? LAYOUT_F : t->layout == LAYOUT_F ? LAYOUT_C : LAYOUT_A);
}

static const Type *rule_t(Infer *in, const Args *a) { return transposed(in, a->t[0]); }

/* 1: the axes are reversed, 0: they stay, -1: neither or unknown. */
static int axes_order(Infer *in, Expr *const *axes, uint32_t n) {
  bool same = true, reversed = true;
  for (uint32_t i = 0; i < n; i++) {
    int64_t k;
    if (!spec_const_int(in->spec, axes[i], &k)) return -1;
    if (k < 0) k += n;
    same &= k == i;
    reversed &= k == (int64_t)(n - 1 - i);
  }
  return same ? 0 : reversed ? 1 : -1;
}

static const Type *permuted(Infer *in, const Args *a, Expr *const *axes, uint32_t n, const Type *axes_type) {
  const Type *t = a->t[0];
  if (n != t->ndim) return infer_error(in, VALUE_ERROR, a->call->span, "axes don't match array: %u axes for a %d-d array", n, t->ndim);
  for (uint32_t i = 0; axes_type && i < n; i++)
    if (!type_is_int(axes_type->elems[i]))
      return infer_error(in, TYPE_ERROR, a->call->span, "axes are integers, not %s", type_name(axes_type->elems[i]));
  int order = axes ? axes_order(in, axes, n) : -1;
  return order == 0 ? t : order == 1 ? transposed(in, t) : view(in, t, t->ndim, t->ndim < 2 ? t->layout : LAYOUT_A);
}

static const Type *rule_transpose(Infer *in, const Args *a) {
  if (!is_array(in, a)) return NULL;
  if (a->count == 1 || !a->t[1] || (a->count == 2 && a->t[1]->kind == TYPE_NONE)) return transposed(in, a->t[0]);
  if (a->count == 2 && type_is_tuple(a->t[1])) {
    const Expr *e = a->v[1];
    bool shown = e->kind == EXPR_TUPLE || e->kind == EXPR_LIST;
    return permuted(in, a, shown ? e->as.list.items.data : NULL, a->t[1]->count, a->t[1]);
  }
  for (uint32_t i = 1; i < a->count; i++)
    if (!type_is_int(a->t[i])) return infer_error(in, TYPE_ERROR, a->v[i]->span, "axes are integers, not %s", type_name(a->t[i]));
  return permuted(in, a, a->v + 1, a->count - 1, NULL);
}

static const Type *rule_reshape(Infer *in, const Args *a) {
  if (!is_array(in, a)) return NULL;
  uint32_t ndim = a->count - 1;
  if (a->count == 2 && type_is_tuple(a->t[1])) {
    ndim = a->t[1]->count;
    for (uint32_t i = 0; i < ndim; i++)
      if (!type_is_int(a->t[1]->elems[i]))
        return infer_error(in, TYPE_ERROR, a->v[1]->span, "a shape has integers, not %s", type_name(a->t[1]->elems[i]));
  } else {
    for (uint32_t i = 1; i < a->count; i++)
      if (!type_is_int(a->t[i])) return infer_error(in, TYPE_ERROR, a->v[i]->span, "a shape has integers, not %s", type_name(a->t[i]));
    if (!ndim) return infer_error(in, TYPE_ERROR, a->call->span, "reshape() needs a shape");
  }
  if (ndim > TYPE_MAX_NDIM)
    return infer_error(in, VALUE_ERROR, a->call->span, "arrays have at most %d dimensions, not %u", TYPE_MAX_NDIM, ndim);
  return view(in, a->t[0], ndim, a->t[0]->layout == LAYOUT_C || !ndim ? LAYOUT_C : LAYOUT_A); /* a view wherever one can be made */
}

static const Type *rule_ravel(Infer *in, const Args *a) { return is_array(in, a) ? view(in, a->t[0], 1, LAYOUT_C) : NULL; }
static const Type *rule_flatten(Infer *in, const Args *a) { return type_array(in->tt, a->t[0]->dtype, 1, LAYOUT_C, false); }

static const Type *rule_expand_dims(Infer *in, const Args *a) {
  if (!is_array(in, a)) return NULL;
  const Type *t = a->t[0];
  if (!type_is_int(a->t[1])) return infer_error(in, TYPE_ERROR, a->v[1]->span, "axis is an integer, not %s", type_name(a->t[1]));
  if (t->ndim == TYPE_MAX_NDIM) return infer_error(in, VALUE_ERROR, a->call->span, "arrays have at most %d dimensions", TYPE_MAX_NDIM);
  int64_t axis;
  if (spec_const_int(in->spec, a->v[1], &axis) && (axis < -(int64_t)t->ndim - 1 || axis > (int64_t)t->ndim))
    return infer_error(in, VALUE_ERROR, a->v[1]->span, "axis %" PRId64 " is out of bounds for array of dimension %d", axis, t->ndim + 1);
  return view(in, t, t->ndim + 1u, t->layout);
}

static const Type *rule_astype(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  DType dtype = t->dtype;
  if (!infer_dtype_arg(in, a->v[1], a->t[1], &dtype)) return NULL;
  if (dtype_is_complex(t->dtype) && !dtype_is_complex(dtype) && dtype != DT_BOOL)
    return infer_error(in, TYPE_ERROR, a->call->span, "cannot convert %s to %s; use .real", dtype_name(t->dtype), dtype_name(dtype));
  return type_array(in->tt, dtype, t->ndim, t->layout == LAYOUT_F ? LAYOUT_F : LAYOUT_C, false);
}

static const Type *rule_fill(Infer *in, const Args *a) {
  const Type *t = a->t[0], *v = a->t[1];
  if (t->readonly)
    return infer_error(in, TYPE_ERROR, a->call->span,
                       "this array is read-only here: it belongs to the top level or to the host, or is a view like broadcast_to's");
  if (!type_is_scalar(v) || (dtype_is_complex(v->dtype) && !dtype_is_complex(t->dtype)))
    return infer_error(in, TYPE_ERROR, a->v[1]->span, "cannot fill an array of %s with %s", dtype_name(t->dtype), type_name(v));
  return in->tt->none;
}

static const Type *rule_item(Infer *in, const Args *a) {
  for (uint32_t i = 1; i < a->count; i++)
    if (!type_is_int(a->t[i])) return infer_error(in, TYPE_ERROR, a->v[i]->span, "an index is an integer, not %s", type_name(a->t[i]));
  if (a->count > 2 && a->count - 1 != a->t[0]->ndim)
    return infer_error(in, INDEX_ERROR, a->call->span, "%u indices for a %d-d array", a->count - 1, a->t[0]->ndim);
  return infer_scalar(in, a->t[0]->dtype);
}

static const Type *rule_np_shape(Infer *in, const Args *a) {
  if (type_is_tuple(a->t[0]) && a->builtin->id == BI_NP_NDIM) return infer_int(in);
  if (type_is_scalar(a->t[0])) return a->builtin->id == BI_NP_SHAPE ? type_tuple(in->tt, NULL, 0) : infer_int(in);
  if (!is_array(in, a)) return NULL;
  return a->builtin->id == BI_NP_SHAPE ? rule_shape(in, a) : infer_int(in);
}

/* np.split, np.array_split: a tuple of views, whose number is a constant or the length of a tuple of places. */
static const Type *rule_split(Infer *in, const Args *a) {
  if (!is_array(in, a)) return NULL;
  const Type *t = a->t[0], *at = a->t[1];
  int64_t parts, axis = 0;
  if (a->v[2] && (!spec_const_int(in->spec, a->v[2], &axis) || axis < -(int64_t)t->ndim || axis >= (int64_t)t->ndim))
    return infer_error(in, VALUE_ERROR, a->v[2]->span, "axis of %s is a constant that the array has", a->builtin->name);
  if (t->ndim == 0) return infer_error(in, VALUE_ERROR, a->v[0]->span, "array split does not work on 0-d arrays");
  if (type_is_tuple(at)) {
    for (uint32_t i = 0; i < at->count; i++)
      if (!type_is_int(at->elems[i]))
        return infer_error(in, TYPE_ERROR, a->v[1]->span, "places to split at are integers, not %s", type_name(at));
    parts = at->count + 1;
  } else if (!spec_const_int(in->spec, a->v[1], &parts)) {
    return infer_error(in, TYPE_ERROR, a->v[1]->span, "the number of parts must be known while compiling: a constant or a tuple of places");
  }
  if (parts < 1 || parts > 64)
    return infer_error(in, VALUE_ERROR, a->v[1]->span, "number of sections must be from 1 to 64, not %" PRId64, parts);
  bool first = axis == 0 || axis == -(int64_t)t->ndim;
  const Type **elems = arena_array(in->arena, const Type *, parts);
  for (int64_t i = 0; i < parts; i++) elems[i] = view(in, t, t->ndim, first && t->layout == LAYOUT_C ? LAYOUT_C : LAYOUT_A);
  return type_tuple(in->tt, elems, (uint32_t)parts);
}

TypingFn infer_special_shape(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_A_SHAPE] = rule_shape,
      [BI_A_STRIDES] = rule_shape,
      [BI_A_NDIM] = rule_int,
      [BI_A_SIZE] = rule_int,
      [BI_A_DTYPE] = rule_dtype,
      [BI_A_ITEMSIZE] = rule_int,
      [BI_S_DTYPE] = rule_dtype,
      [BI_D_KIND] = rule_kind,
      [BI_D_ITEMSIZE] = rule_int,
      [BI_RESULT_TYPE] = rule_result_type,
      [BI_A_NBYTES] = rule_int,
      [BI_A_T] = rule_t,
      [BI_A_REAL] = rule_part,
      [BI_A_IMAG] = rule_part,
      [BI_A_FLAT] = rule_flat,
      [BI_A_FILL] = rule_fill,
      [BI_A_ITEM] = rule_item,
      [BI_A_RESHAPE] = rule_reshape,
      [BI_RESHAPE] = rule_reshape,
      [BI_A_RAVEL] = rule_ravel,
      [BI_RAVEL] = rule_ravel,
      [BI_A_FLATTEN] = rule_flatten,
      [BI_A_TRANSPOSE] = rule_transpose,
      [BI_TRANSPOSE] = rule_transpose,
      [BI_EXPAND_DIMS] = rule_expand_dims,
      [BI_SPLIT] = rule_split,
      [BI_ARRAY_SPLIT] = rule_split,
      [BI_A_ASTYPE] = rule_astype,
      [BI_NP_SHAPE] = rule_np_shape,
      [BI_NP_SIZE] = rule_np_shape,
      [BI_NP_NDIM] = rule_np_shape,
  };
  return table[id];
}
