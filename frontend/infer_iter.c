/* Inference of what can be stepped through: arrays, tuples, range, enumerate, zip, …, comprehensions, and the displays of np.array.
 * Iterators have TYPE_ITER with the type of a step; lowering takes their structure from the syntax and the callees. */
#include "frontend/infer.h"

/* ---- comprehensions and displays ---- */

/* The clauses, then nothing: the caller types the element. */
static void infer_clauses(Infer *in, const Expr *e) {
  for (uint32_t i = 0; i < e->as.comp.clauses.len; i++) {
    CompFor *c = &e->as.comp.clauses.data[i];
    const Type *iterable = infer_sequence(in, c->iter);
    infer_assign(in, c->target, iterable ? infer_element(in, c->iter, iterable) : NULL, NULL);
    for (uint32_t k = 0; k < c->conds.len; k++) infer_cond(in, c->conds.data[k]);
  }
}

static const Type *list_as_tuple(Infer *in, const Expr *e) {
  const ExprVec *v = &e->as.list.items;
  const Type **elems = arena_array(in->arena, const Type *, v->len + 1);
  bool known = true;
  for (uint32_t i = 0; i < v->len; i++) {
    elems[i] = infer_sequence(in, v->data[i]);
    known &= elems[i] != NULL;
  }
  return known ? type_tuple(in->tt, elems, v->len) : NULL;
}

const Type *infer_sequence(Infer *in, Expr *e) {
  if (e->kind == EXPR_LIST) return infer_set(in, e, list_as_tuple(in, e));
  if (e->kind != EXPR_COMP) return infer_expr(in, e);
  infer_clauses(in, e);
  const Type *t = infer_expr(in, e->as.comp.elt);
  return infer_set(in, e, t ? type_iter(in->tt, t) : NULL);
}

/* The shape of nested displays; -1 where a comprehension decides when it runs. */
typedef struct Display {
  int64_t sizes[TYPE_MAX_NDIM];
  uint32_t ndim; /* depth of the leaves; 0: none seen yet */
  uint32_t deepest;
  bool any, failed;
  DType dtype;
} Display;

static void ragged(Infer *in, Display *d, const Expr *e) {
  if (!d->failed)
    infer_error(in, VALUE_ERROR, e->span,
                "setting an array element with a sequence: the rows of the array have different lengths or depths");
  d->failed = true;
}

static void read_leaf(Infer *in, Display *d, Expr *e, uint32_t depth) {
  const Type *t = infer_value(infer_expr(in, e));
  if (!t) {
    d->failed = true;
    return;
  }
  if (t->kind != TYPE_SCALAR && !(t->kind == TYPE_ARRAY && t->ndim == 0)) {
    bool sequence = t->kind == TYPE_ARRAY || t->kind == TYPE_TUPLE;
    infer_error(in, sequence ? NOT_IMPLEMENTED_ERROR : TYPE_ERROR, e->span,
                sequence ? "np.array of %s: write out the elements, or assign the rows of an np.empty(…)"
                         : "np.array takes numbers, not %s",
                type_name(t));
    d->failed = true;
    return;
  }
  if (d->any && d->ndim != depth) ragged(in, d, e);
  d->dtype = d->any ? dtype_promote(d->dtype, t->dtype) : t->dtype;
  d->ndim = depth;
  d->any = true;
}

static void read_display(Infer *in, Display *d, Expr *e, uint32_t depth) {
  bool is_list = e->kind == EXPR_LIST || e->kind == EXPR_TUPLE, is_comp = e->kind == EXPR_COMP;
  if (!is_list && !is_comp) {
    read_leaf(in, d, e, depth);
    return;
  }
  if (depth >= TYPE_MAX_NDIM) {
    infer_error(in, VALUE_ERROR, e->span, "arrays have at most %d dimensions", TYPE_MAX_NDIM);
    d->failed = true;
    return;
  }
  int64_t size = is_comp ? -1 : (int64_t)e->as.list.items.len;
  if (depth >= d->deepest) {
    d->sizes[depth] = size;
    d->deepest = depth + 1;
  } else if (d->sizes[depth] != size) {
    ragged(in, d, e);
  }
  if (is_comp) {
    infer_clauses(in, e);
    read_display(in, d, e->as.comp.elt, depth + 1);
    return;
  }
  for (uint32_t i = 0; i < e->as.list.items.len; i++) read_display(in, d, e->as.list.items.data[i], depth + 1);
}

static void set_display(Infer *in, const Display *d, const Expr *e, uint32_t depth, uint32_t ndim) {
  if (depth >= ndim) return;
  infer_set(in, e, type_array(in->tt, d->dtype, ndim - depth, LAYOUT_C, false));
  if (e->kind == EXPR_COMP) {
    set_display(in, d, e->as.comp.elt, depth + 1, ndim);
    return;
  }
  for (uint32_t i = 0; i < e->as.list.items.len; i++) set_display(in, d, e->as.list.items.data[i], depth + 1, ndim);
}

const Type *infer_display(Infer *in, Expr *e) {
  if (e->kind != EXPR_LIST && e->kind != EXPR_TUPLE && e->kind != EXPR_COMP) return infer_expr(in, e);
  Display d = {.dtype = DT_FLOAT64};
  read_display(in, &d, e, 0);
  uint32_t ndim = d.any ? d.ndim : d.deepest;
  if (!d.failed && d.deepest > ndim) ragged(in, &d, e);
  if (d.failed) return infer_set(in, e, NULL);
  set_display(in, &d, e, 0, ndim);
  return spec_type(in->spec, e);
}

/* ---- steps ---- */

const Type *infer_element(Infer *in, const Expr *e, const Type *type) {
  type = infer_value(type);
  if (!type) return NULL;
  if (type->kind == TYPE_ITER) return type->elems[0];
  if (type_is_array(type)) {
    if (type->ndim == 0) return infer_error(in, TYPE_ERROR, e->span, "iteration over a 0-d array");
    if (type->ndim == 1) return infer_scalar(in, type->dtype);
    return type_array(in->tt, type->dtype, type->ndim - 1u, type->layout == LAYOUT_C ? LAYOUT_C : LAYOUT_A, type->readonly);
  }
  if (!type_is_tuple(type)) return infer_error(in, TYPE_ERROR, e->span, "%s is not iterable", type_name(type));
  const Type *element = NULL;
  for (uint32_t i = 0; i < type->count; i++) {
    const Type *both = element ? type_unify(in->tt, element, type->elems[i]) : type->elems[i];
    if (!both)
      return infer_error(in, TYPE_ERROR, e->span, "cannot loop over %s: its elements %s and %s have no type in common", type_name(type),
                         type_name(element), type_name(type->elems[i]));
    element = both;
  }
  return element;
}

static const Type *range_type(Infer *in, const Args *a) {
  bool is_unsigned = a->builtin->id == BI_RANGE;
  for (uint32_t i = 0; i < a->count; i++) {
    const Type *t = a->t[i];
    if (!t) continue;
    if (type_is_float(t))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "'%s' object cannot be interpreted as an integer; use int(…) or //", type_name(t));
    if (!type_is_int(t) && !type_is_bool(t))
      return infer_error(in, TYPE_ERROR, a->v[i]->span, "%s takes integers, not %s", a->builtin->id == BI_RANGE ? "range" : "prange",
                         type_name(t));
    is_unsigned &= dtype_is_unsigned(t->dtype);
  }
  int64_t step;
  if (a->v[2] && spec_const_int(in->spec, a->v[2], &step) && step == 0)
    return infer_error(in, VALUE_ERROR, a->v[2]->span, "%s() arg 3 must not be zero", a->builtin->id == BI_RANGE ? "range" : "prange");
  return type_iter(in->tt, infer_scalar(in, is_unsigned ? DT_UINT64 : DT_INT64));
}

static const Type *uniform(Infer *in, const Type *t, uint32_t count) {
  const Type *elems[2 * TYPE_MAX_NDIM];
  for (uint32_t i = 0; i < count; i++) elems[i] = t;
  return type_tuple(in->tt, elems, count);
}

static const Type *pair(Infer *in, const Type *a, const Type *b) {
  const Type *elems[] = {a, b};
  return type_tuple(in->tt, elems, 2);
}

static const Type *ndindex_type(Infer *in, const Args *a) {
  uint32_t n = a->count;
  const Type *first = n ? a->t[0] : NULL;
  if (n == 1 && type_is_tuple(first)) {
    if (!type_is_uniform(first) || (first->count && !type_is_int(first->elems[0])))
      return infer_error(in, TYPE_ERROR, a->call->span, "np.ndindex takes integers or a tuple of them, not %s", type_name(first));
    n = first->count;
  } else {
    for (uint32_t i = 0; i < n; i++)
      if (!type_is_int(a->t[i])) return infer_error(in, TYPE_ERROR, a->v[i]->span, "np.ndindex takes integers, not %s", type_name(a->t[i]));
  }
  if (n > TYPE_MAX_NDIM) return infer_error(in, VALUE_ERROR, a->call->span, "np.ndindex of %u dimensions, more than %d", n, TYPE_MAX_NDIM);
  return type_iter(in->tt, uniform(in, infer_int(in), n));
}

static const Type *zip_type(Infer *in, const Args *a) {
  const Type **elems = arena_array(in->arena, const Type *, a->count + 1);
  for (uint32_t i = 0; i < a->count; i++)
    if (!(elems[i] = infer_element(in, a->v[i], a->t[i]))) return NULL;
  return type_iter(in->tt, type_tuple(in->tt, elems, a->count));
}

static const Type *reversed_type(Infer *in, const Args *a) {
  const Expr *e = a->v[0];
  const Callee *c = e->kind == EXPR_CALL ? spec_callee(in->spec, e) : NULL;
  bool is_range = c && c->kind == CALLEE_BUILTIN && (c->builtin->id == BI_RANGE || c->builtin->id == BI_PRANGE);
  if (a->t[0]->kind == TYPE_ITER && !is_range) return infer_error(in, TYPE_ERROR, e->span, "reversed takes a range, an array or a tuple");
  const Type *element = infer_element(in, e, a->t[0]);
  return element ? type_iter(in->tt, element) : NULL;
}

const Type *infer_iter_call(Infer *in, const Args *a) {
  BuiltinId id = a->builtin->id;
  const Type *element;
  if (id == BI_RANGE || id == BI_PRANGE) return range_type(in, a);
  if (id == BI_ZIP) return zip_type(in, a);
  if (id == BI_REVERSED) return reversed_type(in, a);
  if (id == BI_NDINDEX) return ndindex_type(in, a);
  if (id == BI_ENUMERATE) {
    if (a->t[1] && !type_is_int(a->t[1]))
      return infer_error(in, TYPE_ERROR, a->v[1]->span, "enumerate starts at an integer, not %s", type_name(a->t[1]));
    element = infer_element(in, a->v[0], a->t[0]);
    return element ? type_iter(in->tt, pair(in, infer_int(in), element)) : NULL;
  }
  if (id == BI_NDENUMERATE) {
    if (!type_is_array(a->t[0]))
      return infer_error(in, TYPE_ERROR, a->v[0]->span, "np.ndenumerate takes an array, not %s", type_name(a->t[0]));
    return type_iter(in->tt, pair(in, uniform(in, infer_int(in), a->t[0]->ndim), infer_scalar(in, a->t[0]->dtype)));
  }
  return infer_error(in, NOT_IMPLEMENTED_ERROR, a->call->span, "%s cannot be used here yet", a->builtin->name);
}
