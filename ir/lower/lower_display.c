/* np.array of what is written out: nested displays and list comprehensions.
 * In: a LIST, TUPLE or COMP expression, typed as an array by inference. Out: a new C-ordered array.
 * A display of scalars is an ALLOC and its STOREs. A comprehension over one iterable without conditions has a known length; any other
 * grows its buffer by doubling, and the result is a view of its filled part. Rows of comprehensions must have equal lengths. */
#include "ir/lower/lower_scalar.h"

static bool is_display(const Expr *e) { return e->kind == EXPR_LIST || e->kind == EXPR_TUPLE || e->kind == EXPR_COMP; }

/* ---- displays of scalars ---- */

static bool has_comp(const Expr *e, uint32_t depth) {
  if (depth == 0 || !is_display(e)) return false;
  if (e->kind == EXPR_COMP) return true;
  for (uint32_t i = 0; i < e->as.list.items.len; i++)
    if (has_comp(e->as.list.items.data[i], depth - 1)) return true;
  return false;
}

static void collect(Lower *lo, const Expr *e, uint32_t depth, ExprVec *out) {
  for (uint32_t i = 0; i < e->as.list.items.len; i++) {
    Expr *item = e->as.list.items.data[i];
    if (depth > 1)
      collect(lo, item, depth - 1, out);
    else
      vec_push(lo->arena, out, item);
  }
}

static IrExpr *scalar_of(Lower *lo, IrExpr *value, const Type *item, Span at) {
  value = lower_open(lo, value, at);
  if (type_is_array(value->type)) value = ir_load(&lo->b, lower_bind_array(lo, value), NULL); /* 0-d */
  return ir_cast(&lo->b, item, value);
}

static IrVar *display_of_scalars(Lower *lo, const Expr *e, const Type *type) {
  IrExpr *shape[TYPE_MAX_NDIM], *at[TYPE_MAX_NDIM];
  int64_t extent[TYPE_MAX_NDIM];
  ExprVec leaves = {0};
  collect(lo, e, type->ndim, &leaves);
  const Expr *level = e;
  for (uint32_t d = 0; d < type->ndim; d++) {
    extent[d] = level ? level->as.list.items.len : 0;
    shape[d] = ir_int(&lo->b, extent[d]);
    level = level && level->as.list.items.len ? level->as.list.items.data[0] : NULL;
  }
  IrExpr **values = arena_array(lo->arena, IrExpr *, leaves.len + 1);
  lower_exprs(lo, leaves.data, leaves.len, values);
  IrVar *array = lower_alloc(lo, type, shape, false);
  for (uint32_t i = 0; i < leaves.len; i++) {
    int64_t rest = i;
    for (uint32_t d = type->ndim; d-- > 0; rest /= extent[d]) {
      LJ_ASSERT(extent[d] > 0); /* or there are no leaves */
      at[d] = ir_int(&lo->b, rest % extent[d]);
    }
    ir_store(&lo->b, array, at, scalar_of(lo, values[i], lower_elem_type(lo, type), leaves.data[i]->span));
  }
  return array;
}

/* ---- rows ---- */

static const Type *row_type(Lower *lo, const Type *type) { return type_array(lo->types, type->dtype, type->ndim - 1u, LAYOUT_C, false); }

/* buffer[k] = row: the first row decides the shape, and then the buffer is made. */
static void add_row(Lower *lo, IrVar *buffer, IrExpr *count, IrExpr *k, bool is_first, IrVar *row) {
  IrBuilder *b = &lo->b;
  IrExpr *shape[TYPE_MAX_NDIM], *ok = NULL;
  uint32_t ndim = buffer->type->ndim;
  shape[0] = count;
  lower_shape_of(lo, row, shape + 1);
  IrStmt *s = NULL;
  IrBlock *outer = b->block;
  if (!is_first || !ir_is_const(k)) {
    s = ir_stmt(b, IRS_IF);
    s->as.if_.cond = ir_compare(b, IR_EQ, k, ir_int(b, 0));
    b->block = &s->as.if_.then;
  }
  if (is_first) lower_alloc_into(lo, buffer, shape, false);
  b->block = outer;
  for (uint32_t d = 1; d < ndim; d++) {
    IrExpr *same = ir_compare(b, IR_EQ, shape[d], ir_shape(b, buffer, d));
    ok = ok ? ir_binary(b, IR_LAND, ok->type, ok, same) : same;
  }
  ir_check(b, CHECK_SHAPE, ok, VALUE_ERROR, "setting an array element with a sequence: the rows of the array have different lengths", NULL,
           NULL, NULL, NULL);
  Nest nest;
  nest_map(lo, &nest, ndim - 1, shape + 1, false);
  IrExpr *at[TYPE_MAX_NDIM] = {k};
  memcpy(at + 1, nest.index, (ndim - 1) * sizeof *at);
  ir_store(b, buffer, at, ir_cast(b, lower_elem_type(lo, buffer->type), ir_load(b, row, nest.index)));
  nest_close(lo, &nest);
}

static IrVar *display(Lower *lo, const Expr *e, const Type *type);

static IrVar *display_of_rows(Lower *lo, const Expr *e, const Type *type) {
  const ExprVec *items = &e->as.list.items;
  IrVar *buffer = lower_slot(lo, type);
  IrVar **rows = arena_array(lo->arena, IrVar *, items->len + 1);
  for (uint32_t i = 0; i < items->len; i++) rows[i] = display(lo, items->data[i], row_type(lo, type));
  for (uint32_t i = 0; i < items->len; i++) add_row(lo, buffer, ir_int(&lo->b, items->len), ir_int(&lo->b, i), i == 0, rows[i]);
  return buffer;
}

/* ---- comprehensions ---- */

static void no_shape(Lower *lo, uint32_t ndim, IrExpr **shape) {
  for (uint32_t d = 0; d < ndim; d++) shape[d] = ir_int(&lo->b, 0);
}

/* One iterable, no conditions: as many elements as steps. */
static IrVar *counted_comp(Lower *lo, const Expr *e, const Type *type) {
  IrBuilder *b = &lo->b;
  const CompFor *clause = &e->as.comp.clauses.data[0];
  IrExpr *shape[TYPE_MAX_NDIM];
  Iter it = {0};
  iter_init(lo, &it, clause->iter);
  IrExpr *count = lower_stable(lo, ix_max(lo, it.count, ir_int(b, 0)));
  no_shape(lo, type->ndim, shape);
  if (type->ndim == 1) shape[0] = count;
  IrVar *array = type->ndim == 1 ? lower_alloc(lo, type, shape, false) : lower_slot(lo, type);
  if (type->ndim > 1) lower_alloc_into(lo, array, shape, false); /* what no rows at all give */
  Nest nest;
  nest_for(lo, &nest, 1, &count);
  uint32_t mark = lo->temps.len;
  lower_assign(lo, clause->target, iter_at(lo, &it, nest.index[0]), clause->target->span);
  if (type->ndim == 1) {
    IrExpr *value = lower_expr(lo, e->as.comp.elt);
    ir_store(b, array, nest.index, scalar_of(lo, value, lower_elem_type(lo, type), e->as.comp.elt->span));
  } else {
    add_row(lo, array, count, nest.index[0], true, display(lo, e->as.comp.elt, row_type(lo, type)));
  }
  lower_drop_temps(lo, mark);
  nest_close(lo, &nest);
  return array;
}

static void grow(Lower *lo, IrVar *buffer, IrVar *count, IrVar *room) {
  IrBuilder *b = &lo->b;
  Nest nest;
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = ir_compare(b, IR_EQ, ir_var(b, count), ir_var(b, room));
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  IrVar *larger = lower_slot(lo, buffer->type);
  ir_set(b, room, ix_mul(lo, ir_var(b, room), ir_int(b, 2)));
  IrExpr *size = ir_var(b, room), *used = lower_stable(lo, ir_var(b, count));
  lower_alloc_into(lo, larger, &size, false);
  nest_map(lo, &nest, 1, &used, false);
  ir_store(b, larger, nest.index, ir_load(b, buffer, nest.index));
  nest_close(lo, &nest);
  ir_set(b, buffer, ir_var(b, larger));
  vec_last(b->block)->as.set.move = true;
  lower_leave(lo, outer);
}

static IrVar *growing_comp(Lower *lo, const Expr *e, const Type *type) {
  enum { FIRST_ROOM = 16 };
  IrBuilder *b = &lo->b;
  IrVar *buffer = lower_slot(lo, type), *count = ir_new_var(b, NULL, lower_int_type(lo)), *room = ir_new_var(b, NULL, lower_int_type(lo));
  IrExpr *size = ir_int(b, FIRST_ROOM);
  ir_set(b, count, ir_int(b, 0));
  ir_set(b, room, size);
  lower_alloc_into(lo, buffer, &size, false);
  LoopNest nest = {0};
  IrExpr *value = nest_open_comp(lo, &nest, e);
  value = lower_bind(lo, NULL, scalar_of(lo, value, lower_elem_type(lo, type), e->as.comp.elt->span));
  uint32_t mark = lo->temps.len;
  grow(lo, buffer, count, room);
  IrExpr *at = ir_var(b, count);
  ir_store(b, buffer, &at, value);
  ir_set(b, count, ix_add(lo, ir_var(b, count), ir_int(b, 1)));
  lower_drop_temps(lo, mark);
  nest_end(lo, &nest);
  View v = {.base = buffer, .offset = ir_int(b, 0), .ndim = 1};
  v.shape[0] = lower_stable(lo, ir_var(b, count));
  v.stride[0] = ir_int(b, 0);
  return view_var(lo, NULL, type, &v);
}

static IrVar *display(Lower *lo, const Expr *e, const Type *type) {
  if (e->kind == EXPR_COMP) {
    if (e->as.comp.clauses.len == 1 && !e->as.comp.clauses.data[0].conds.len) return counted_comp(lo, e, type);
    if (type->ndim == 1) return growing_comp(lo, e, type);
    return lower_bind_array(lo, lower_unsupported(lo, e->span, type, "rows of a comprehension with conditions or several loops"));
  }
  return has_comp(e, type->ndim) ? display_of_rows(lo, e, type) : display_of_scalars(lo, e, type);
}

IrExpr *lower_display(Lower *lo, const Expr *e, const Type *type, Span at) {
  Span saved = lo->b.span;
  lo->b.span = at;
  IrVar *array = display(lo, e, type);
  lo->b.span = saved;
  return ir_var(&lo->b, array);
}
