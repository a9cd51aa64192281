/* Inference of subscripts: arrays by integers, slices, newaxis, ellipsis, arrays of integers or bools, and tuples of these; tuples by constants, or by variables
 * when their elements have one type. Says which views stay contiguous: C after leading integers, one slice, then whole axes. */
#include "frontend/infer.h"

typedef enum ItemKind { ITEM_INT, ITEM_WHOLE, ITEM_SLICE, ITEM_STEP, ITEM_NEW, ITEM_ELLIPSIS, ITEM_ARRAY, ITEM_MASK } ItemKind;

typedef struct Items {
  ItemKind kinds[2 * TYPE_MAX_NDIM + 2];
  uint32_t count;
  uint32_t used; /* axes of the array that the items take */
  bool ellipsis;
  bool fancy; /* an item is an array */
  uint32_t spread; /* most dimensions of an index array; a mask is like one list of places */
} Items;

static bool is_int_or_none(const Type *t) { return type_is_int(t) || t->kind == TYPE_NONE; }

/* False after an error or while a part is unknown. */
static bool slice_part(Infer *in, Expr *e) {
  if (!e) return true;
  const Type *t = infer_value(infer_expr(in, e));
  if (!t) return false;
  if (is_int_or_none(t)) return true;
  infer_error(in, TYPE_ERROR, e->span, "slice bounds are integers or None, not %s", type_name(t));
  return false;
}

static bool is_absent(Infer *in, const Expr *e) {
  const Type *t = e ? spec_type(in->spec, e) : NULL;
  return !e || (t && t->kind == TYPE_NONE);
}

static bool slice_kind(Infer *in, Expr *e, ItemKind *kind) {
  Expr *step = e->as.slice.step;
  bool ok = slice_part(in, e->as.slice.lo);
  ok &= slice_part(in, e->as.slice.hi);
  ok &= slice_part(in, step);
  infer_set(in, e, in->tt->slice);
  if (!ok) return false;
  int64_t by;
  bool unit = is_absent(in, step) || (spec_const_int(in->spec, step, &by) && by == 1);
  if (!is_absent(in, step) && spec_const_int(in->spec, step, &by) && by == 0) {
    infer_error(in, VALUE_ERROR, step->span, "slice step cannot be zero");
    return false;
  }
  int64_t lo;
  bool from_start = is_absent(in, e->as.slice.lo) || (spec_const_int(in->spec, e->as.slice.lo, &lo) && lo == 0);
  *kind = !unit ? ITEM_STEP : from_start && is_absent(in, e->as.slice.hi) ? ITEM_WHOLE : ITEM_SLICE;
  return true;
}

static bool add_item(Infer *in, Items *items, const Expr *e, ItemKind kind) {
  if (items->count >= LJ_COUNT(items->kinds)) {
    infer_error(in, INDEX_ERROR, e->span, "too many indices: arrays have at most %d dimensions", TYPE_MAX_NDIM);
    return false;
  }
  items->kinds[items->count++] = kind;
  if (kind == ITEM_ELLIPSIS) {
    if (items->ellipsis) {
      infer_error(in, INDEX_ERROR, e->span, "an index can only have a single ellipsis ('...')");
      return false;
    }
    items->ellipsis = true;
  } else if (kind != ITEM_NEW) {
    items->used++;
  }
  return true;
}

static bool add_array(Infer *in, Items *items, const Expr *e, ItemKind kind, uint32_t ndim) {
  uint32_t spread = kind == ITEM_MASK ? 1 : ndim;
  if (!add_item(in, items, e, kind)) return false;
  if (kind == ITEM_MASK) items->used += ndim - 1;
  if (spread > items->spread) items->spread = spread;
  return items->fancy = true;
}

/* (0, 2) among other items counts as np.array([0, 2]). */
static bool add_nested(Infer *in, Items *items, const Expr *e, const Type *t) {
  bool ints = t->count > 0, bools = ints;
  for (uint32_t i = 0; i < t->count; i++) ints &= type_is_int(t->elems[i]), bools &= type_is_bool(t->elems[i]);
  if (ints || bools) return add_array(in, items, e, bools ? ITEM_MASK : ITEM_ARRAY, 1);
  infer_error(in, TYPE_ERROR, e->span, "a tuple among the indices has integers, not %s", type_name(t));
  return false;
}

/* `among`: there are other items, or it is itself part of a tuple. */
static bool add_typed(Infer *in, Items *items, const Expr *e, const Type *t, bool among) {
  t = infer_value(t);
  if (!t) return false;
  switch (t->kind) {
  case TYPE_NONE: return add_item(in, items, e, ITEM_NEW);
  case TYPE_ELLIPSIS: return add_item(in, items, e, ITEM_ELLIPSIS);
  case TYPE_SCALAR:
    if (type_is_int(t)) return add_item(in, items, e, ITEM_INT);
    break;
  case TYPE_TUPLE:
    if (among) return add_nested(in, items, e, t);
    for (uint32_t i = 0; i < t->count; i++)
      if (!add_typed(in, items, e, t->elems[i], true)) return false;
    return true;
  case TYPE_ARRAY:
    if (t->ndim == 0 && dtype_is_int(t->dtype)) return add_item(in, items, e, ITEM_INT);
    if (dtype_is_int(t->dtype)) return add_array(in, items, e, ITEM_ARRAY, t->ndim);
    if (t->dtype == DT_BOOL && t->ndim) return add_array(in, items, e, ITEM_MASK, t->ndim);
    break;
  case TYPE_STR:
  case TYPE_OPTIONAL:
  case TYPE_DTYPE:
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE: break;
  }
  infer_error(in, TYPE_ERROR, e->span, "an index is an integer, a slice, None, ... or an array of integers or bools, not %s", type_name(t));
  return false;
}

/* [0, 2] is np.array([0, 2]), and [] has integers. */
static const Type *list_item(Infer *in, Expr *e) {
  const Type *t = infer_display(in, e);
  return t && !e->as.list.items.len ? infer_set(in, e, type_array(in->tt, DT_INT64, 1, LAYOUT_C, false)) : t;
}

static bool read_items(Infer *in, const Expr *e, Items *items) {
  bool ok = true, several = e->as.index.items.len > 1 || e->as.index.is_tuple;
  for (uint32_t i = 0; i < e->as.index.items.len; i++) {
    Expr *item = e->as.index.items.data[i];
    ItemKind kind = ITEM_SLICE;
    if (item->kind == EXPR_SLICE)
      ok &= slice_kind(in, item, &kind) && add_item(in, items, item, kind);
    else
      ok &= add_typed(in, items, item, item->kind == EXPR_LIST ? list_item(in, item) : infer_expr(in, item), several);
  }
  return ok;
}

/* In C order what follows the first slice must be whole; for F the same from the other end. `axes` has one kind per axis. */
static bool stays_contiguous(const ItemKind *axes, uint32_t n, bool reversed) {
  bool sliced = false;
  for (uint32_t i = 0; i < n; i++) {
    ItemKind k = axes[reversed ? n - 1 - i : i];
    if (k == ITEM_STEP || (sliced && k != ITEM_WHOLE)) return false;
    if (k != ITEM_INT) sliced = true;
  }
  return true;
}

/* A copy: the dimensions of the index arrays (integers count as arrays) together, and one for each slice and newaxis. Where those of the
 * arrays stand does not matter for the type. */
static const Type *index_fancy(Infer *in, const Expr *e, const Type *array, const Items *items) {
  uint32_t ndim = items->spread + array->ndim - items->used;
  for (uint32_t i = 0; i < items->count; i++)
    ndim += items->kinds[i] == ITEM_NEW || items->kinds[i] == ITEM_WHOLE || items->kinds[i] == ITEM_SLICE || items->kinds[i] == ITEM_STEP;
  if (ndim > TYPE_MAX_NDIM)
    return infer_error(in, INDEX_ERROR, e->span, "the result would have %u dimensions, more than %d", ndim, TYPE_MAX_NDIM);
  return type_array(in->tt, array->dtype, ndim, LAYOUT_C, false);
}

static const Type *index_array(Infer *in, const Expr *e, const Type *array) {
  Items items = {0};
  if (!read_items(in, e, &items)) return NULL;
  if (items.used > array->ndim)
    return infer_error(in, TYPE_ERROR, e->span, "too many indices: %u for a %d-d array", items.used, array->ndim);
  if (items.fancy) return index_fancy(in, e, array, &items);
  ItemKind axes[TYPE_MAX_NDIM];
  uint32_t n = 0, fill = array->ndim - items.used, ndim = 0;
  bool is_view = items.ellipsis || items.used < array->ndim;
  for (uint32_t i = 0; i < items.count; i++) {
    if (items.kinds[i] == ITEM_ELLIPSIS) {
      for (; fill; fill--) axes[n++] = ITEM_WHOLE, ndim++;
    } else if (items.kinds[i] == ITEM_NEW) {
      ndim++, is_view = true;
    } else {
      axes[n++] = items.kinds[i];
      if (items.kinds[i] != ITEM_INT) ndim++, is_view = true;
    }
  }
  for (; fill; fill--) axes[n++] = ITEM_WHOLE, ndim++;
  if (!is_view) return infer_scalar(in, array->dtype);
  if (ndim > TYPE_MAX_NDIM)
    return infer_error(in, INDEX_ERROR, e->span, "the result would have %u dimensions, more than %d", ndim, TYPE_MAX_NDIM);
  Layout layout = LAYOUT_A;
  if (array->layout == LAYOUT_C && stays_contiguous(axes, n, false)) layout = LAYOUT_C;
  if (array->layout == LAYOUT_F && stays_contiguous(axes, n, true)) layout = ndim < 2 ? LAYOUT_C : LAYOUT_F;
  return type_array(in->tt, array->dtype, ndim, layout, array->readonly);
}

/* ---- tuples ---- */

static bool const_bound(Infer *in, const Expr *e, int64_t otherwise, int64_t *out) {
  if (is_absent(in, e)) return *out = otherwise, true;
  return spec_const_int(in->spec, e, out);
}

static const Type *slice_tuple(Infer *in, const Expr *item, const Type *t) {
  const Expr *parts[] = {item->as.slice.lo, item->as.slice.hi, item->as.slice.step};
  int64_t lo, hi, step, n = t->count;
  if (!const_bound(in, parts[2], 1, &step) || step == 0 || !const_bound(in, parts[0], step > 0 ? 0 : n - 1, &lo) ||
      !const_bound(in, parts[1], step > 0 ? n : -1, &hi))
    return infer_error(in, TYPE_ERROR, item->span, "a slice of a tuple needs constant bounds");
  if (lo < 0 && !is_absent(in, parts[0])) lo += n;
  if (hi < 0 && !is_absent(in, parts[1])) hi += n;
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  lo = lo < low ? low : lo > high ? high : lo;
  hi = hi < low ? low : hi > high ? high : hi;
  const Type **elems = arena_array(in->arena, const Type *, n + 1);
  uint32_t count = 0;
  for (int64_t i = lo; step > 0 ? i < hi : i > hi; i += step) elems[count++] = t->elems[i];
  return type_tuple(in->tt, elems, count);
}

static const Type *index_tuple(Infer *in, const Expr *e, const Type *t) {
  Expr *item = e->as.index.items.data[0];
  if (e->as.index.items.len != 1 || e->as.index.is_tuple) return infer_error(in, TYPE_ERROR, e->span, "a tuple has one index");
  ItemKind kind;
  if (item->kind == EXPR_SLICE) return slice_kind(in, item, &kind) ? slice_tuple(in, item, t) : NULL;
  const Type *it = infer_value(infer_expr(in, item));
  if (!it) return NULL;
  if (!type_is_int(it)) return infer_error(in, TYPE_ERROR, item->span, "tuple indices must be integers or slices, not %s", type_name(it));
  int64_t i;
  if (spec_const_int(in->spec, item, &i)) {
    if (i < -(int64_t)t->count || i >= (int64_t)t->count)
      return infer_error(in, INDEX_ERROR, item->span, "tuple index out of range: %" PRId64 " in a tuple of %u", i, t->count);
    return t->elems[i < 0 ? i + t->count : i];
  }
  if (!t->count) return infer_error(in, INDEX_ERROR, item->span, "tuple index out of range: the tuple is empty");
  if (!type_is_uniform(t))
    return infer_error(in, TYPE_ERROR, item->span, "%s needs a constant index: its elements have different types", type_name(t));
  return t->elems[0];
}

const Type *infer_index(Infer *in, Expr *e) {
  Expr *base = e->as.index.base;
  const Type *t = infer_value(base->kind == EXPR_LIST ? infer_sequence(in, base) : infer_expr(in, base)), *result = NULL;
  if (!t) {
    for (uint32_t i = 0; i < e->as.index.items.len; i++) infer_expr(in, e->as.index.items.data[i]);
  } else if (type_is_array(t)) {
    result = index_array(in, e, t);
  } else if (type_is_tuple(t)) {
    result = index_tuple(in, e, t);
  } else if (t->kind == TYPE_ITER && base->kind == EXPR_ATTR) { /* a.flat[i] */
    const Type *it = e->as.index.items.len == 1 ? infer_value(infer_expr(in, e->as.index.items.data[0])) : NULL;
    if (it && !type_is_int(it)) infer_error(in, NOT_IMPLEMENTED_ERROR, e->span, "a.flat takes one integer index");
    result = it && type_is_int(it) ? t->elems[0] : NULL;
  } else if (t->kind == TYPE_STR) {
    infer_error(in, NOT_IMPLEMENTED_ERROR, e->span, "strings cannot be indexed");
  } else {
    infer_error(in, TYPE_ERROR, e->span, "%s cannot be indexed", type_name(t));
  }
  return infer_set(in, e, result);
}
