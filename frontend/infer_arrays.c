/* Typing of functions that create arrays. Shape arguments are an integer or a tuple of integers;
 * dtype arguments are dtypes, Python's float, int, bool, complex, or constant strings. */
#include "frontend/infer.h"

bool infer_dtype_arg(Infer *in, Expr *e, const Type *t, DType *out) {
  if (!e || !t || t->kind == TYPE_NONE) return true;
  if (t->kind == TYPE_DTYPE) return *out = t->dtype, true;
  const Expr *text = t->kind == TYPE_STR ? spec_const_expr(in->spec, e) : NULL;
  if (text && text->kind == EXPR_STR) {
    if (dtype_find(text->as.str->text, text->as.str->len, out) || dtype_find_npy(text->as.str->text, text->as.str->len, out)) return true;
    infer_error(in, TYPE_ERROR, e->span, "data type '%s' not understood", text->as.str->text);
    return false;
  }
  infer_error(in, TYPE_ERROR, e->span, "a dtype is needed here (np.float64, \"int32\", a.dtype), not %s", type_name(t));
  return false;
}

static const Type *plain(Infer *in, DType dtype, unsigned ndim, Layout layout) { return type_array(in->tt, dtype, ndim, layout, false); }

/* ---- creation ---- */

/* Dimensions that a shape argument asks for; -1 after an error. */
static int shape_ndim(Infer *in, const Expr *e, const Type *t) {
  if (type_is_int(t)) return 1;
  bool ok = type_is_tuple(t);
  for (uint32_t i = 0; ok && i < t->count; i++) ok = type_is_int(t->elems[i]);
  if (!ok) {
    infer_error(in, TYPE_ERROR, e->span, "a shape is an integer or a tuple of integers, not %s", type_name(t));
    return -1;
  }
  if (t->count > TYPE_MAX_NDIM) {
    infer_error(in, VALUE_ERROR, e->span, "arrays have at most %d dimensions, not %u", TYPE_MAX_NDIM, t->count);
    return -1;
  }
  return (int)t->count;
}

static const Type *rule_shape_dtype(Infer *in, const Args *a) {
  DType dtype = DT_FLOAT64;
  int ndim = shape_ndim(in, a->v[0], a->t[0]);
  if (ndim < 0 || !infer_dtype_arg(in, a->v[1], a->t[1], &dtype)) return NULL;
  return plain(in, dtype, (unsigned)ndim, LAYOUT_C);
}

static bool check_fill(Infer *in, const Expr *e, const Type *t, DType dtype) {
  if (type_is_scalar(t) && (!dtype_is_complex(t->dtype) || dtype_is_complex(dtype))) return true;
  infer_error(in, TYPE_ERROR, e->span, "cannot fill an array of %s with %s", dtype_name(dtype), type_name(t));
  return false;
}

static const Type *rule_full(Infer *in, const Args *a) {
  DType dtype = type_is_scalar(a->t[1]) ? a->t[1]->dtype : DT_FLOAT64;
  int ndim = shape_ndim(in, a->v[0], a->t[0]);
  if (ndim < 0 || !infer_dtype_arg(in, a->v[2], a->t[2], &dtype) || !check_fill(in, a->v[1], a->t[1], dtype)) return NULL;
  return plain(in, dtype, (unsigned)ndim, LAYOUT_C);
}

static const Type *not_array(Infer *in, const Args *a, uint32_t i) {
  return infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes an array, not %s", a->builtin->name, type_name(a->t[i]));
}

/* What a copy that keeps the order makes of a layout. */
static Layout kept(const Type *t) { return t->layout == LAYOUT_F ? LAYOUT_F : LAYOUT_C; }

static const Type *rule_like(Infer *in, const Args *a) {
  bool full = a->builtin->id == BI_FULL_LIKE;
  if (!type_is_array(a->t[0])) return not_array(in, a, 0);
  DType dtype = a->t[0]->dtype;
  if (!infer_dtype_arg(in, a->v[full ? 2 : 1], a->t[full ? 2 : 1], &dtype)) return NULL;
  if (full && !check_fill(in, a->v[1], a->t[1], dtype)) return NULL;
  return plain(in, dtype, a->t[0]->ndim, kept(a->t[0]));
}

static const Type *rule_arange(Infer *in, const Args *a) {
  DType dtype = DT_INT64;
  for (uint32_t i = 0; i < 3; i++) {
    const Type *t = a->t[i];
    if (!t || t->kind == TYPE_NONE) continue;
    if (!type_is_scalar(t) || type_is_complex(t))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "np.arange takes numbers, not %s", type_name(t));
    if (type_is_float(t)) dtype = DT_FLOAT64;
  }
  if (!infer_dtype_arg(in, a->v[3], a->t[3], &dtype)) return NULL;
  return plain(in, dtype, 1, LAYOUT_C);
}

static const Type *rule_linspace(Infer *in, const Args *a) {
  bool is_complex = false;
  for (uint32_t i = 0; i < 2; i++) {
    if (!type_is_scalar(a->t[i]))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "np.linspace takes numbers, not %s", type_name(a->t[i]));
    is_complex |= type_is_complex(a->t[i]);
  }
  if (a->t[2] && !type_is_int(a->t[2]))
    return infer_error(in, TYPE_ERROR, a->v[2]->span, "the number of points is an integer, not %s", type_name(a->t[2]));
  return plain(in, is_complex ? DT_COMPLEX128 : DT_FLOAT64, 1, LAYOUT_C);
}

static const Type *rule_eye(Infer *in, const Args *a) {
  DType dtype = DT_FLOAT64;
  uint32_t last = a->count - 1;
  for (uint32_t i = 0; i < last; i++)
    if (a->t[i] && a->t[i]->kind != TYPE_NONE && !type_is_int(a->t[i]))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes integers, not %s", a->builtin->name, type_name(a->t[i]));
  return infer_dtype_arg(in, a->v[last], a->t[last], &dtype) ? plain(in, dtype, 2, LAYOUT_C) : NULL;
}

/* np.array copies and np.asarray need not; both take displays, arrays, numbers and tuples of numbers. */
static const Type *rule_array(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  bool same = a->builtin->id == BI_ASARRAY && type_is_array(t);
  DType dtype = DT_FLOAT64;
  unsigned ndim = 0;
  Layout layout = LAYOUT_C;
  if (type_is_array(t)) {
    dtype = t->dtype, ndim = t->ndim, layout = same ? t->layout : kept(t);
  } else if (type_is_scalar(t)) {
    dtype = t->dtype;
  } else if (type_is_tuple(t)) {
    ndim = 1;
    for (uint32_t i = 0; i < t->count; i++) {
      const Type *e = infer_value(t->elems[i]);
      if (!type_is_scalar(e))
        return infer_error(in, TYPE_ERROR, a->v[0]->span, "np.array of %s: only tuples of numbers become arrays", type_name(t));
      dtype = i ? dtype_promote(dtype, e->dtype) : e->dtype;
    }
  } else {
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "%s takes numbers, displays and arrays, not %s", a->builtin->name, type_name(t));
  }
  DType wanted = dtype;
  if (!infer_dtype_arg(in, a->v[1], a->t[1], &wanted)) return NULL;
  if (dtype_is_complex(dtype) && !dtype_is_complex(wanted))
    return infer_error(in, TYPE_ERROR, a->v[0]->span, "cannot make an array of %s from %s", dtype_name(wanted), dtype_name(dtype));
  if (same && wanted == dtype) return t;
  return plain(in, wanted, ndim, layout == LAYOUT_A ? LAYOUT_C : layout);
}

static const Type *rule_copy(Infer *in, const Args *a) {
  if (!type_is_array(a->t[0])) return not_array(in, a, 0);
  bool keeps = a->builtin->id == BI_COPY; /* np.copy keeps the order, the method does not */
  return plain(in, a->t[0]->dtype, a->t[0]->ndim, keeps ? kept(a->t[0]) : LAYOUT_C);
}

static const Type *rule_contiguous(Infer *in, const Args *a) {
  const Type *t = a->t[0];
  Layout layout = a->builtin->id == BI_ASFORTRAN ? LAYOUT_F : LAYOUT_C;
  if (!type_is_array(t)) return not_array(in, a, 0);
  return type_array(in->tt, t->dtype, t->ndim ? t->ndim : 1, layout, t->readonly && (t->layout == layout || t->ndim < 2));
}

TypingFn infer_special_create(BuiltinId id) {
  static const TypingFn table[BI_COUNT] = {
      [BI_ZEROS] = rule_shape_dtype,
      [BI_ONES] = rule_shape_dtype,
      [BI_EMPTY] = rule_shape_dtype,
      [BI_FULL] = rule_full,
      [BI_ZEROS_LIKE] = rule_like,
      [BI_ONES_LIKE] = rule_like,
      [BI_EMPTY_LIKE] = rule_like,
      [BI_FULL_LIKE] = rule_like,
      [BI_ARANGE] = rule_arange,
      [BI_LINSPACE] = rule_linspace,
      [BI_EYE] = rule_eye,
      [BI_IDENTITY] = rule_eye,
      [BI_ARRAY] = rule_array,
      [BI_ASARRAY] = rule_array,
      [BI_COPY] = rule_copy,
      [BI_A_COPY] = rule_copy,
      [BI_ASCONTIGUOUS] = rule_contiguous,
      [BI_ASFORTRAN] = rule_contiguous,
  };
  return table[id];
}
