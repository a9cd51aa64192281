/* Views and what they are made of: index arithmetic, clamped slices, who owns a view, nests of loops over a shape, allocation.
 * In: stable int64 expressions. Out: VIEW, ALLOC, MAP and FOR statements whose expressions are stable, so that passes may move and
 * compare them.
 * Must not evaluate user expressions. */
#include "ir/lower/lower_array.h"

bool ix_is(const IrExpr *e, int64_t value) {
  int64_t v;
  return ir_is_int_const(e, &v) && v == value;
}

/* Both constants: true with their values. */
static bool both(const IrExpr *a, const IrExpr *b, int64_t *x, int64_t *y) { return ir_is_int_const(a, x) && ir_is_int_const(b, y); }

static IrExpr *ix(Lower *lo, IrOp op, IrExpr *a, IrExpr *b) { return ir_binary(&lo->b, op, lower_int_type(lo), a, b); }

IrExpr *ix_add(Lower *lo, IrExpr *a, IrExpr *b) {
  int64_t x, y;
  if (both(a, b, &x, &y)) return ir_int(&lo->b, (int64_t)((uint64_t)x + (uint64_t)y));
  return ix_is(a, 0) ? b : ix_is(b, 0) ? a : ix(lo, IR_ADD, a, b);
}

IrExpr *ix_sub(Lower *lo, IrExpr *a, IrExpr *b) {
  int64_t x, y;
  if (both(a, b, &x, &y)) return ir_int(&lo->b, (int64_t)((uint64_t)x - (uint64_t)y));
  return ix_is(b, 0) ? a : ix(lo, IR_SUB, a, b);
}

IrExpr *ix_mul(Lower *lo, IrExpr *a, IrExpr *b) {
  int64_t x, y;
  if (both(a, b, &x, &y)) return ir_int(&lo->b, (int64_t)((uint64_t)x * (uint64_t)y));
  if (ix_is(a, 0) || ix_is(b, 1)) return a;
  if (ix_is(b, 0) || ix_is(a, 1)) return b;
  return ix(lo, IR_MUL, a, b);
}

IrExpr *ix_min(Lower *lo, IrExpr *a, IrExpr *b) {
  int64_t x, y;
  if (both(a, b, &x, &y)) return x < y ? a : b;
  return ix(lo, IR_PYMIN, a, b);
}

IrExpr *ix_max(Lower *lo, IrExpr *a, IrExpr *b) {
  int64_t x, y;
  if (both(a, b, &x, &y)) return x > y ? a : b;
  return ix(lo, IR_PYMAX, a, b);
}

IrExpr *lower_stable(Lower *lo, IrExpr *e) { return ir_is_stable(e) ? e : lower_bind(lo, NULL, e); }

IrExpr *lower_open(Lower *lo, IrExpr *value, Span at) {
  return value->type->kind == TYPE_OPTIONAL ? lower_convert(lo, value, value->type->elems[0], at) : value;
}

IrVar *lower_array_of(Lower *lo, const Expr *e) { return lower_bind_array(lo, lower_open(lo, lower_expr(lo, e), e->span)); }

IrVar *lower_pin(Lower *lo, IrVar *array) { return array->once ? array : ir_let(&lo->b, NULL, ir_var(&lo->b, array)); }

/* ---- slices ---- */

/* A bound of a slice with a step of known direction, clamped to [low, n + high]. */
static IrExpr *clamp_bound(Lower *lo, IrExpr *n, SliceBound at, bool forward) {
  int64_t low = forward ? 0 : -1;
  IrExpr *top = forward ? n : ix_sub(lo, n, ir_int(&lo->b, 1)), *bottom = ir_int(&lo->b, low);
  if (at.known && at.constant >= 0) return forward && at.constant == 0 ? bottom : ix_min(lo, ir_int(&lo->b, at.constant), top);
  if (at.known) return ix_max(lo, ix_add(lo, n, ir_int(&lo->b, at.constant)), bottom);
  IrExpr *negative = ir_compare(&lo->b, IR_LT, at.value, ir_int(&lo->b, 0));
  return ir_select(&lo->b, negative, ix_max(lo, ix_add(lo, at.value, n), bottom), ix_min(lo, at.value, top));
}

/* How much a slice with step 1 leaves out at both ends, when that is known: a[2:-1] has max(n - 3, 0) elements. */
static bool known_cut(SliceBound from, SliceBound to, int64_t *cut) {
  enum { MOST = 1 << 30 };
  bool low = !from.given || (from.known && from.constant >= 0 && from.constant < MOST);
  bool high = !to.given || (to.known && to.constant < 0 && to.constant > -MOST);
  *cut = (from.given ? from.constant : 0) - (to.given ? to.constant : 0);
  return low && high;
}

static SliceRange known_step(Lower *lo, IrExpr *n, SliceBound from, SliceBound to, int64_t step) {
  bool forward = step > 0;
  int64_t cut;
  SliceRange r = {0};
  IrExpr *first = forward ? ir_int(&lo->b, 0) : ix_sub(lo, n, ir_int(&lo->b, 1)), *end = forward ? n : ir_int(&lo->b, -1);
  r.step = ir_int(&lo->b, step);
  r.start = lower_stable(lo, from.given ? clamp_bound(lo, n, from, forward) : first);
  r.whole = step == 1 && ix_is(r.start, 0) && !to.given;
  if (step == 1 && known_cut(from, to, &cut)) {
    r.count = lower_stable(lo, cut ? ix_max(lo, ix_sub(lo, n, ir_int(&lo->b, cut)), ir_int(&lo->b, 0)) : n);
    return r;
  }
  IrExpr *stop = lower_stable(lo, to.given ? clamp_bound(lo, n, to, forward) : end);
  IrExpr *span = forward ? ix_sub(lo, stop, r.start) : ix_sub(lo, r.start, stop);
  uint64_t by = forward ? (uint64_t)step : 0 - (uint64_t)step;
  IrExpr *count = span;
  if (by > 1) {
    if (by > INT64_MAX) by = INT64_MAX;
    IrExpr *before = ix_sub(lo, span, ir_int(&lo->b, 1));
    count = ix_add(lo, ir_binary(&lo->b, IR_FLOORDIV, lower_int_type(lo), before, ir_int(&lo->b, (int64_t)by)), ir_int(&lo->b, 1));
  }
  bool surely = forward ? ix_is(r.start, 0) || !to.given : !from.given && !to.given; /* not negative */
  r.count = lower_stable(lo, surely ? count : ix_max(lo, count, ir_int(&lo->b, 0)));
  return r;
}

SliceRange slice_range(Lower *lo, IrExpr *n, SliceBound from, SliceBound to, SliceBound step) {
  IrBuilder *b = &lo->b;
  if (!step.given) return known_step(lo, n, from, to, 1);
  if (step.known && step.constant != 0) return known_step(lo, n, from, to, step.constant);
  IrExpr *zero = ir_int(b, 0), *by = step.known ? zero : step.value;
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_NE, by, zero), VALUE_ERROR, "slice step cannot be zero", NULL, NULL, NULL, NULL);
  if (step.known) return known_step(lo, n, from, to, 1);
  SliceRange r = {.step = by};
  IrExpr *forward = lower_bind(lo, NULL, ir_compare(b, IR_GT, by, zero)), *minus = ir_int(b, -1);
  IrExpr *last = ix_sub(lo, n, ir_int(b, 1));
  r.start = from.given ? ir_select(b, forward, clamp_bound(lo, n, from, true), clamp_bound(lo, n, from, false))
                       : ir_select(b, forward, zero, last);
  r.start = lower_stable(lo, r.start);
  IrExpr *stop =
      to.given ? ir_select(b, forward, clamp_bound(lo, n, to, true), clamp_bound(lo, n, to, false)) : ir_select(b, forward, n, minus);
  stop = lower_stable(lo, stop);
  IrExpr *span = lower_stable(lo, ir_select(b, forward, ix_sub(lo, stop, r.start), ix_sub(lo, r.start, stop)));
  IrExpr *size = ir_unary(b, IR_ABS, lower_int_type(lo), by);
  IrExpr *count = ix_add(lo, ir_binary(b, IR_FLOORDIV, lower_int_type(lo), ix_sub(lo, span, ir_int(b, 1)), size), ir_int(b, 1));
  r.count = lower_stable(lo, ir_select(b, ir_compare(b, IR_GT, span, zero), count, zero));
  return r;
}

/* ---- views ---- */

void lower_shape_of(Lower *lo, IrVar *array, IrExpr **shape) {
  for (uint32_t d = 0; d < array->type->ndim; d++) shape[d] = lower_stable(lo, ir_shape(&lo->b, array, d));
}

void view_of(Lower *lo, View *v, IrVar *base) {
  v->base = base;
  v->offset = ir_int(&lo->b, 0);
  v->ndim = base->type->ndim;
  lower_shape_of(lo, base, v->shape);
  for (uint32_t d = 0; d < v->ndim; d++) v->stride[d] = lower_stable(lo, ir_stride(&lo->b, base, d));
}

IrVar *view_var(Lower *lo, const char *name, const Type *type, const View *v) {
  LJ_ASSERT(type->ndim == v->ndim);
  return lower_view_var(lo, name, v->base, ir_view(&lo->b, type, v->base, v->offset, v->shape, v->stride));
}

/* A base that is set once, or that the statement itself holds, outlives the view; another one may be assigned while the view is in use. */
IrVar *lower_view_var(Lower *lo, const char *name, IrVar *base, IrExpr *view) {
  if (base->once || base->temp) return ir_let(&lo->b, name, view);
  IrVar *var = lower_temp(lo, view->type);
  if (name) var->name = name;
  ir_set(&lo->b, var, view);
  return var;
}

const Type *lower_layout(Lower *lo, const Type *array, Layout layout) {
  return type_array(lo->types, array->dtype, array->ndim, layout, false);
}

IrVar *lower_slot(Lower *lo, const Type *type) {
  IrVar *var = lower_temp(lo, type);
  var->once = false;
  return var;
}

void lower_alloc_into(Lower *lo, IrVar *var, IrExpr *const *shape, bool zero) {
  IrStmt *s = ir_stmt(&lo->b, IRS_ALLOC);
  s->as.alloc.var = var;
  s->as.alloc.shape = arena_array(lo->arena, IrExpr *, var->type->ndim + 1);
  for (uint32_t d = 0; d < var->type->ndim; d++) s->as.alloc.shape[d] = shape[d];
  s->as.alloc.zero = zero;
}

IrVar *lower_alloc(Lower *lo, const Type *type, IrExpr *const *shape, bool zero) {
  if (type->layout == LAYOUT_A || type->readonly) type = lower_layout(lo, type, type->layout == LAYOUT_F ? LAYOUT_F : LAYOUT_C);
  IrVar *var = lower_temp(lo, type);
  lower_alloc_into(lo, var, shape, zero);
  return var;
}

/* ---- nests of loops ---- */

IrBlock *lower_enter(Lower *lo, IrBlock *inner) {
  IrBlock *outer = lo->b.block;
  lo->b.block = inner;
  return outer;
}

static const char *const index_names[TYPE_MAX_NDIM] = {"i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"};

static IrVar *index_var(Lower *lo, uint32_t axis) {
  IrVar *var = ir_new_var(&lo->b, index_names[axis], lower_int_type(lo));
  var->once = true;
  return var;
}

void nest_map(Lower *lo, Nest *nest, uint32_t ndim, IrExpr *const *extent, bool column_major) {
  *nest = (Nest){.outer = lo->b.block};
  if (ndim == 0) return;
  nest->stmt = ir_stmt(&lo->b, IRS_MAP);
  nest->stmt->as.map.ndim = ndim;
  nest->stmt->as.map.index = arena_array(lo->arena, IrVar *, ndim);
  nest->stmt->as.map.extent = arena_array(lo->arena, IrExpr *, ndim);
  nest->stmt->as.map.column_major = column_major && ndim > 1;
  nest->stmt->as.map.loop.parallel = spec_parallel(lo->spec);
  for (uint32_t d = 0; d < ndim; d++) {
    nest->stmt->as.map.index[d] = index_var(lo, d);
    nest->stmt->as.map.extent[d] = extent[d];
    nest->index[d] = ir_var(&lo->b, nest->stmt->as.map.index[d]);
  }
  lo->b.block = &nest->stmt->as.map.body;
}

void nest_for(Lower *lo, Nest *nest, uint32_t ndim, IrExpr *const *extent) {
  *nest = (Nest){.outer = lo->b.block};
  for (uint32_t d = 0; d < ndim; d++) {
    IrStmt *s = ir_stmt(&lo->b, IRS_FOR);
    s->as.for_.index = index_var(lo, d);
    s->as.for_.lo = ir_int(&lo->b, 0);
    s->as.for_.hi = extent[d];
    nest->index[d] = ir_var(&lo->b, s->as.for_.index);
    lo->b.block = &s->as.for_.body;
  }
}

void nest_close(Lower *lo, Nest *nest) { lo->b.block = nest->outer; }

IrExpr *lower_flat_load(Lower *lo, IrVar *array, IrExpr *flat, IrExpr **indices) {
  IrExpr *own[TYPE_MAX_NDIM], **at = indices ? indices : own;
  const Type *int_type = lower_int_type(lo);
  uint32_t ndim = array->type->ndim;
  IrExpr *rest = lower_stable(lo, flat);
  for (uint32_t d = ndim; d-- > 1;) {
    IrExpr *n = lower_stable(lo, ir_shape(&lo->b, array, d));
    at[d] = lower_stable(lo, ir_binary(&lo->b, IR_SAFE_MOD, int_type, rest, n));
    rest = lower_stable(lo, ir_binary(&lo->b, IR_SAFE_FLOORDIV, int_type, rest, n));
  }
  if (ndim) at[0] = rest;
  return ir_load(&lo->b, array, at);
}
