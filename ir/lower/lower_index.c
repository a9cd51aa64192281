/* Subscripts of arrays. In: a[i], a[1:, None, ...], a[i][j], a[t] with a tuple t, a.flat[k]. Out: checked int64 indices and a LOAD,
 * a STORE, or one VIEW (byte offset, shape, strides).
 * Chains of integers a[i][j] are one access of the first array: no view is made for a[i]. Items are evaluated from left to right, then
 * wrapped (once, if negative) and checked; everything that a view keeps is stable. Indexing with arrays is lower_fancy.c's and lower_mask.c's. */
#include "ir/lower/lower_index.h"
#include "ir/lower/lower_scalar.h"

/* ---- single indices ---- */

/* What the user wrote at one place: how it was lowered and, when known while compiling, its value. */
typedef struct Written {
  IrExpr *value;
  const Expr *expr; /* NULL: an element of a tuple */
} Written;

static IrExpr *checked_at(Lower *lo, IrVar *array, uint32_t axis, uint32_t shown_axis, Written w, Span at) {
  IrBuilder *b = &lo->b;
  const Type *int_type = lower_int_type(lo);
  IrExpr *zero = ir_int(b, 0), *n = ir_shape(b, array, axis), *raw, *ok, *index;
  int64_t known;
  bool is_unsigned = dtype_is_unsigned(w.value->type->dtype);
  if ((w.expr && spec_const_int(lo->spec, w.expr, &known)) || ir_is_int_const(w.value, &known)) {
    raw = ir_int(b, known);
    index = known >= 0 ? raw : lower_stable(lo, ix_add(lo, n, raw));
    ok = known >= 0 ? ir_compare(b, IR_LT, raw, n) : ir_compare(b, IR_GE, index, zero);
  } else {
    raw = lower_stable(lo, ir_cast(b, int_type, w.value));
    index = raw;
    if (!is_unsigned && !lo->spec->func->module->source->is_library) /* the library counts from the start */
      index = lower_bind(lo, NULL, ir_select(b, ir_compare(b, IR_LT, raw, zero), ix_add(lo, raw, n), raw));
    IrExpr *not_negative = ir_compare(b, IR_GE, index, zero), *below = ir_compare(b, IR_LT, index, n);
    ok = ir_binary(b, IR_LAND, not_negative->type, not_negative, below);
  }
  if (!lo->boundscheck) return index;
  Span saved = b->span;
  b->span = at;
  ir_check(b, CHECK_INDEX, ok, INDEX_ERROR, "index %d is out of bounds for axis %d with size %d", raw, ir_int(b, shown_axis), n, NULL);
  b->span = saved;
  return index;
}

IrExpr *lower_checked_index(Lower *lo, IrVar *array, uint32_t axis, IrExpr *index, Span at) {
  return checked_at(lo, array, axis, axis, (Written){.value = index}, at);
}

/* ---- items ---- */

static bool is_absent(const Lower *lo, const Expr *e) {
  const Type *t = e ? lower_type(lo, e) : NULL;
  return !e || (t && t->kind == TYPE_NONE);
}

static const Type *value_type(const Type *t) { return t && t->kind == TYPE_OPTIONAL ? t->elems[0] : t; }

/* Only integers (and tuples of them): then the subscript of what it gives goes on with the next axes. */
static bool is_several(const Expr *e) { return e->as.index.items.len > 1 || e->as.index.is_tuple; }

static bool only_integers(const Lower *lo, const Expr *e) {
  for (uint32_t i = 0; i < e->as.index.items.len; i++) {
    const Type *t = value_type(lower_type(lo, e->as.index.items.data[i]));
    if (type_is_tuple(t) && is_several(e)) return false;
    if (type_is_tuple(t))
      for (uint32_t k = 0; k < t->count; k++)
        if (!type_is_int(t->elems[k])) return false;
    if (!type_is_int(t) && !type_is_tuple(t)) return false;
  }
  return true;
}

static void push_at(Lower *lo, Subscript *s, uint32_t level, Written w, Span at) {
  w.value = lower_open(lo, w.value, at);
  if (type_is_array(w.value->type)) w.value = ir_load(&lo->b, lower_bind_array(lo, w.value), NULL); /* 0-d */
  s->items[s->count++] = (Item){.kind = ITEM_AT, .at = checked_at(lo, s->base, s->axis, s->axis - level, w, at)};
  s->axis++;
}

/* An array of integers takes one axis, one of bools as many as it has. */
static void push_array(Lower *lo, Subscript *s, IrVar *array, const Expr *e) {
  bool fresh = e->kind != EXPR_NAME && e->kind != EXPR_INDEX && e->kind != EXPR_ATTR && e->kind != EXPR_IFEXP && e->kind != EXPR_WALRUS;
  s->items[s->count++] = (Item){.kind = ITEM_ARRAY, .array = lower_pin(lo, array), .fresh = fresh && lower_is_elementwise(lo, e)};
  s->axis += type_is_bool(lower_elem_type(lo, array->type)) ? array->type->ndim : 1;
  s->is_view = s->is_fancy = true;
}

static bool is_index_array(const Type *t) { return type_is_array(t) && t->ndim > 0; }

static void push_range(Lower *lo, Subscript *s, SliceBound from, SliceBound to, SliceBound step) {
  IrExpr *n = lower_stable(lo, ir_shape(&lo->b, s->base, s->axis));
  s->items[s->count++] = (Item){.kind = ITEM_SLICE, .range = slice_range(lo, n, from, to, step)};
  s->axis++;
  s->is_view = true;
}

static void push_whole(Lower *lo, Subscript *s, uint32_t axes) {
  SliceBound none = {0};
  for (uint32_t i = 0; i < axes; i++) push_range(lo, s, none, none, none);
}

/* `among`: there are other items, or it is itself part of a tuple; a tuple is an index array then. */
static void push_value(Lower *lo, Subscript *s, uint32_t level, uint32_t rest, IrExpr *value, const Expr *e, bool among) {
  const Type *t = value->type;
  if (t->kind == TYPE_TUPLE && among) {
    push_array(lo, s, lower_tuple_array(lo, value), e);
  } else if (t->kind == TYPE_TUPLE) {
    for (uint32_t k = 0; k < t->count; k++) push_value(lo, s, level, rest, lower_get(lo, value, k), e, true);
  } else if (t->kind == TYPE_NONE) {
    s->items[s->count++] = (Item){.kind = ITEM_NEW};
    s->is_view = true;
  } else if (t->kind == TYPE_ELLIPSIS) {
    if (!rest) s->gaps |= 1u << s->count;
    push_whole(lo, s, rest);
    s->is_view = true;
  } else if (is_index_array(value_type(t))) {
    push_array(lo, s, lower_bind_array(lo, lower_open(lo, value, e->span)), e);
  } else {
    bool own = type_is_int(value_type(lower_type(lo, e)));
    push_at(lo, s, level, (Written){value, own ? e : NULL}, e->span);
  }
}

/* How many axes an item takes. */
static uint32_t axes_of(const Type *t, bool among) {
  if (type_is_tuple(t) && !among) {
    uint32_t n = 0;
    for (uint32_t k = 0; k < t->count; k++) n += axes_of(t->elems[k], true);
    return n;
  }
  if (is_index_array(t) && t->dtype == DT_BOOL) return t->ndim;
  return t->kind != TYPE_NONE && t->kind != TYPE_ELLIPSIS;
}

static SliceBound read_bound(Lower *lo, const Expr *e, IrExpr **values, uint32_t *next) {
  SliceBound bound = {0};
  if (is_absent(lo, e)) return bound;
  IrExpr *value = lower_open(lo, values[(*next)++], e->span);
  bound.given = true;
  bound.known = spec_const_int(lo->spec, e, &bound.constant) || ir_is_int_const(value, &bound.constant);
  bound.value = bound.known ? ir_int(&lo->b, bound.constant) : lower_stable(lo, ir_cast(&lo->b, lower_int_type(lo), value));
  return bound;
}

static IrExpr **lower_items(Lower *lo, const Expr *e) {
  const ExprVec *items = &e->as.index.items;
  Expr **parts = arena_array(lo->arena, Expr *, 3 * items->len + 1);
  uint32_t count = 0;
  for (uint32_t i = 0; i < items->len; i++) {
    Expr *item = items->data[i];
    Expr *bounds[3] = {item, NULL, NULL};
    if (item->kind == EXPR_SLICE)
      bounds[0] = item->as.slice.lo, bounds[1] = item->as.slice.hi, bounds[2] = item->as.slice.step;
    else if (item->kind == EXPR_ELLIPSIS || lower_type(lo, item)->kind == TYPE_NONE)
      continue;
    for (uint32_t k = 0; k < 3; k++)
      if (!is_absent(lo, bounds[k])) parts[count++] = bounds[k];
  }
  IrExpr **values = arena_array(lo->arena, IrExpr *, count + 1);
  lower_exprs(lo, parts, count, values);
  return values;
}

static void read_level(Lower *lo, Subscript *s, const Expr *e) {
  const ExprVec *items = &e->as.index.items;
  uint32_t level = s->axis, used = 0, next = 0;
  s->level = s->count;
  IrExpr **values = lower_items(lo, e);
  for (uint32_t i = 0; i < items->len; i++)
    used += items->data[i]->kind == EXPR_SLICE ? 1 : axes_of(value_type(lower_type(lo, items->data[i])), is_several(e));
  uint32_t rest = s->base->type->ndim - level - used;
  for (uint32_t i = 0; i < items->len; i++) {
    const Expr *item = items->data[i];
    if (item->kind == EXPR_SLICE) {
      SliceBound from = read_bound(lo, item->as.slice.lo, values, &next), to = read_bound(lo, item->as.slice.hi, values, &next);
      push_range(lo, s, from, to, read_bound(lo, item->as.slice.step, values, &next));
    } else if (item->kind == EXPR_ELLIPSIS || lower_type(lo, item)->kind == TYPE_NONE) {
      push_value(lo, s, level, rest, ir_none(&lo->b, lower_type(lo, item)), item, true);
    } else {
      push_value(lo, s, level, rest, values[next++], item, is_several(e));
    }
  }
}

static void read_subscript(Lower *lo, Subscript *s, const Expr *e) {
  const Expr *base = e->as.index.base;
  const Type *inner = base->kind == EXPR_INDEX ? lower_type(lo, base->as.index.base) : NULL;
  if (type_is_array(inner) && only_integers(lo, base))
    read_subscript(lo, s, base);
  else
    *s = (Subscript){.base = lower_array_of(lo, base)};
  read_level(lo, s, e);
}

static bool is_element(const Subscript *s) { return !s->is_view && s->axis == s->base->type->ndim; }

static void element_indices(const Subscript *s, IrExpr **out) {
  for (uint32_t i = 0; i < s->count; i++) out[i] = s->items[i].at;
}

/* ---- views ---- */

static bool is_all(const Subscript *s) {
  for (uint32_t i = 0; i < s->count; i++)
    if (s->items[i].kind != ITEM_SLICE || !s->items[i].range.whole) return false;
  return true;
}

/* `type` NULL: of layout A (stores, for which inference keeps no type). */
static IrVar *subscript_view(Lower *lo, Subscript *s, const Type *type) {
  if (is_all(s) && (!type || s->base->type == type)) return s->base;
  View v = {.base = s->base, .offset = ir_int(&lo->b, 0)};
  uint32_t axis = 0;
  push_whole(lo, s, s->base->type->ndim - s->axis);
  for (uint32_t i = 0; i < s->count; i++) {
    const Item *item = &s->items[i];
    if (item->kind == ITEM_NEW) {
      v.shape[v.ndim] = ir_int(&lo->b, 1);
      v.stride[v.ndim++] = ir_int(&lo->b, 0);
      continue;
    }
    IrExpr *stride = lower_stable(lo, ir_stride(&lo->b, s->base, axis++));
    IrExpr *first = item->kind == ITEM_AT ? item->at : item->range.start;
    v.offset = ix_add(lo, v.offset, ix_mul(lo, first, stride));
    if (item->kind == ITEM_AT) continue;
    v.shape[v.ndim] = item->range.count;
    v.stride[v.ndim++] = lower_stable(lo, ix_mul(lo, stride, item->range.step));
  }
  v.offset = lower_stable(lo, v.offset);
  if (!type || !type_is_array(type)) type = type_array(lo->types, s->base->type->dtype, v.ndim, LAYOUT_A, s->base->type->readonly);
  return view_var(lo, NULL, type, &v);
}

/* a.flat[k]: the array, and its indices in C order; checked like one axis of a.size elements. */
static IrVar *flat_element(Lower *lo, const Expr *e, IrExpr **indices) {
  IrBuilder *b = &lo->b;
  IrVar *array = lower_array_of(lo, e->as.index.base->as.attr.base);
  const Expr *item = e->as.index.items.data[0];
  IrExpr *raw = lower_stable(lo, ir_cast(b, lower_int_type(lo), lower_open(lo, lower_expr(lo, item), item->span)));
  IrExpr *n = lower_stable(lo, ir_size(b, array)), *zero = ir_int(b, 0);
  IrExpr *index = lower_bind(lo, NULL, ir_select(b, ir_compare(b, IR_LT, raw, zero), ix_add(lo, raw, n), raw));
  if (lo->boundscheck) {
    IrExpr *ok = ir_binary(b, IR_LAND, type_scalar(lo->types, DT_BOOL), ir_compare(b, IR_GE, index, zero), ir_compare(b, IR_LT, index, n));
    ir_check(b, CHECK_INDEX, ok, INDEX_ERROR, "index %d is out of bounds for size %d", raw, n, NULL, NULL);
  }
  (void)lower_flat_load(lo, array, index, indices);
  return array;
}

static bool is_flat(const Lower *lo, const Expr *e) {
  const Expr *base = e->as.index.base;
  const Type *t = lower_type(lo, base);
  return base->kind == EXPR_ATTR && t && t->kind == TYPE_ITER;
}

IrExpr *lower_index(Lower *lo, const Expr *e) {
  if (stencil_param(lo->spec, e) >= 0) return lower_stencil_index(lo, e);
  IrExpr *at[3 * TYPE_MAX_NDIM];
  if (is_flat(lo, e)) {
    IrVar *array = flat_element(lo, e, at);
    return ir_load(&lo->b, array, at);
  }
  Subscript s;
  if (lower_is_mask(lo, e)) return lower_mask_get(lo, e);
  read_subscript(lo, &s, e);
  if (s.is_fancy) return lower_fancy_get(lo, &s, lower_type(lo, e));
  if (!is_element(&s)) return ir_var(&lo->b, subscript_view(lo, &s, lower_type(lo, e)));
  element_indices(&s, at);
  return ir_load(&lo->b, s.base, at);
}

IrExpr *lower_row(Lower *lo, IrVar *array, IrExpr *index, const Type *type) {
  if (array->type->ndim == 1) return ir_load(&lo->b, array, &index);
  View v;
  view_of(lo, &v, array);
  v.offset = lower_stable(lo, ix_mul(lo, lower_stable(lo, index), v.stride[0]));
  v.ndim--;
  memmove(v.shape, v.shape + 1, v.ndim * sizeof *v.shape);
  memmove(v.stride, v.stride + 1, v.ndim * sizeof *v.stride);
  return ir_var(&lo->b, view_var(lo, NULL, type, &v));
}

/* ---- stores ---- */

static IrExpr *element_value(Lower *lo, IrVar *array, IrExpr *value, Span at) {
  value = lower_open(lo, value, at);
  if (type_is_array(value->type)) value = ir_load(&lo->b, lower_bind_array(lo, value), NULL); /* 0-d */
  return ir_cast(&lo->b, lower_elem_type(lo, array->type), value);
}

void lower_store(Lower *lo, const Expr *target, IrExpr *value, Span at) {
  IrExpr *index[3 * TYPE_MAX_NDIM];
  Subscript s;
  IrVar *array;
  if (type_is_scalar(value->type)) value = lower_bind(lo, NULL, value);
  if (is_flat(lo, target)) {
    array = flat_element(lo, target, index);
  } else if (lower_is_mask(lo, target)) {
    lower_mask_set(lo, target, value, at);
    return;
  } else {
    read_subscript(lo, &s, target);
    array = s.base;
    if (s.is_fancy) {
      lower_fancy_set(lo, &s, value, false, at);
      return;
    }
    if (!is_element(&s)) {
      lower_assign_value(lo, subscript_view(lo, &s, lower_type(lo, target)), value, at);
      return;
    }
    element_indices(&s, index);
  }
  ir_store(&lo->b, array, index, element_value(lo, array, value, at));
}

static bool has_arrays(const Lower *lo, const Expr *e) {
  for (uint32_t i = 0; i < e->as.index.items.len; i++) {
    const Type *t = value_type(lower_type(lo, e->as.index.items.data[i]));
    if (is_index_array(t)) return true;
    for (uint32_t k = 0; type_is_tuple(t) && k < t->count; k++)
      if (is_index_array(t->elems[k])) return true;
  }
  return false;
}

bool lower_store_expr(Lower *lo, const Expr *target, const Expr *value, Span at) {
  const Type *slot = lower_type(lo, target), *base = target->kind == EXPR_INDEX ? lower_type(lo, target->as.index.base) : NULL;
  if (!type_is_array(slot) || !type_is_array(base) || !type_is_array(lower_type(lo, value)) || has_arrays(lo, target)) return false;
  Fusion f;
  fusion_init(&f, lo, at);
  f.root = fusion_build(&f, value);
  Subscript s;
  read_subscript(lo, &s, target);
  lower_assign_fusion(lo, subscript_view(lo, &s, slot), &f, at);
  return true;
}

/* The type of `old op value` for elements, as inference has it. */
static const Type *aug_type(Lower *lo, BinOp op, const Type *old, const Type *value, const Expr *e) {
  const Type *t = promote_scalars(lo->types, op, old, value);
  bool negative = e->kind == EXPR_UNARY && e->as.unary.op == UN_NEG && e->as.unary.operand->kind == EXPR_INT;
  if (op == BIN_POW && negative && t && !type_is_float(t) && !type_is_complex(t)) return type_scalar(lo->types, DT_FLOAT64);
  return t;
}

void lower_aug_store(Lower *lo, const Stmt *stmt) {
  const Expr *target = stmt->as.aug.target, *value = stmt->as.aug.value;
  BinOp op = stmt->as.aug.op;
  IrExpr *index[3 * TYPE_MAX_NDIM];
  Subscript s;
  IrVar *array;
  if (is_flat(lo, target)) {
    array = flat_element(lo, target, index);
  } else if (lower_is_mask(lo, target)) {
    lower_mask_aug(lo, target, op, value, stmt->span);
    return;
  } else {
    read_subscript(lo, &s, target);
    array = s.base;
    if (s.is_fancy) {
      lower_fancy_aug(lo, &s, op, value, lower_type(lo, target), stmt->span);
      return;
    }
    if (!is_element(&s)) {
      lower_aug_array(lo, subscript_view(lo, &s, lower_type(lo, target)), op, value, stmt->span);
      return;
    }
    element_indices(&s, index);
  }
  IrExpr *old = lower_bind(lo, NULL, ir_load(&lo->b, array, index));
  IrExpr *operand = lower_open(lo, lower_expr(lo, value), value->span);
  if (type_is_array(operand->type) && operand->type->ndim == 0) operand = ir_load(&lo->b, lower_bind_array(lo, operand), NULL);
  const Type *type = aug_type(lo, op, old->type, operand->type, value);
  if (!type) {
    (void)lower_unsupported(lo, stmt->span, old->type, "this augmented assignment of an element");
    return;
  }
  IrExpr *result = lower_binop(lo, op, old, operand, type, stmt->span);
  ir_store(&lo->b, array, index, ir_cast(&lo->b, lower_elem_type(lo, array->type), result));
}
