/* a[mask] where the mask is the only item: a copy of what it selects, stores and operators in place.
 * In: a subscript by an array of bools whose shape is that of a's leading axes. Out: loops over the mask's index space; a mask that is an
 * expression (a[a > 0]) is evaluated in them and is never in memory, unless it is costly or reads what is being written. */
#include "ir/lower/lower_index.h"
#include "ir/lower/lower_scalar.h"

typedef struct Mask {
  Fusion f;
  IrVar *base;  /* `once` */
  uint32_t rest; /* axes of the base after the mask's */
} Mask;

bool lower_is_mask(const Lower *lo, const Expr *index) {
  if (index->as.index.items.len != 1 || !type_is_array(lower_type(lo, index->as.index.base))) return false;
  const Expr *item = index->as.index.items.data[0];
  const Type *t = item->kind == EXPR_SLICE ? NULL : lower_type(lo, item);
  return type_is_array(t) && t->dtype == DT_BOOL && t->ndim > 0;
}

static bool is_costly(const Elem *e) {
  bool costly = e->kind == ELEM_UFUNC || e->kind == ELEM_WHERE ||
                (e->kind == ELEM_BINOP && (e->op == BIN_POW || e->op == BIN_FLOORDIV || e->op == BIN_MOD));
  for (uint32_t i = 0; i < e->count; i++) costly |= is_costly(e->args[i]);
  return costly;
}

/* May the mask be read while the base is being written? Only the same element of the same array. */
static bool reads_other(const Fusion *f, const IrVar *base) {
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    const Leaf *leaf = &f->leaves.data[i];
    bool same = leaf->source == base || leaf->array == base;
    if (same ? leaf->array->type->ndim != base->type->ndim : f->root->kind != ELEM_ARRAY || base->type->dtype == DT_BOOL) return true;
  }
  return false;
}

/* An empty mask selects nothing of anything, in NumPy, too. */
static void check_shape(Lower *lo, const Fusion *f, IrVar *base, uint32_t axis) {
  IrBuilder *b = &lo->b;
  for (uint32_t d = 0; d < f->ndim; d++) {
    IrExpr *n = ir_shape(b, base, axis + d), *same = ir_compare(b, IR_EQ, n, f->extent[d]);
    same = ir_binary(b, IR_LOR, same->type, same, ir_compare(b, IR_EQ, f->extent[d], ir_int(b, 0)));
    ir_check(b, CHECK_VALUE, same, INDEX_ERROR,
             "boolean index did not match indexed array along axis %d; size of axis is %d but size of corresponding boolean axis is %d",
             ir_int(b, axis + d), n, f->extent[d], NULL);
  }
}

static void read_mask(Lower *lo, Mask *m, const Expr *index, bool writes) {
  IrVar *base = lower_array_of(lo, index->as.index.base);
  const Expr *item = index->as.index.items.data[0];
  m->base = lower_pin(lo, base);
  fusion_init(&m->f, lo, item->span);
  m->f.root = fusion_build(&m->f, item);
  lo->b.span = index->span;
  fusion_space(&m->f);
  if (m->f.plain || is_costly(m->f.root) || (writes && reads_other(&m->f, base))) {
    IrVar *mask = fusion_result(&m->f, type_array(lo->types, DT_BOOL, m->f.ndim, LAYOUT_C, false));
    fusion_init(&m->f, lo, item->span);
    m->f.root = fusion_array(&m->f, mask, 0, item->span);
    fusion_space(&m->f);
  }
  m->rest = m->base->type->ndim - m->f.ndim;
  check_shape(lo, &m->f, m->base, 0);
}

/* How many places the mask selects; stable. */
static IrExpr *count_mask(Lower *lo, Mask *m) {
  IrBuilder *b = &lo->b;
  const Type *int_type = lower_int_type(lo);
  IrVar *count = ir_new_var(b, "selected", int_type);
  ir_set(b, count, ir_int(b, 0));
  IrExpr *index[TYPE_MAX_NDIM];
  IrStmt *s = ir_stmt(b, IRS_REDUCE);
  s->as.reduce.ndim = m->f.ndim;
  s->as.reduce.index = arena_array(lo->arena, IrVar *, m->f.ndim);
  s->as.reduce.extent = arena_array(lo->arena, IrExpr *, m->f.ndim);
  for (uint32_t d = 0; d < m->f.ndim; d++) {
    IrVar *var = ir_new_var(b, arena_printf(lo->arena, "i%u", d), int_type);
    var->once = true;
    s->as.reduce.index[d] = var;
    s->as.reduce.extent[d] = m->f.extent[d];
    index[d] = ir_var(b, var);
  }
  IrBlock *outer = lower_enter(lo, &s->as.reduce.body);
  s->as.reduce.op = REDUCE_ADD;
  s->as.reduce.acc = count;
  s->as.reduce.element = ir_cast(b, int_type, fusion_value(&m->f, m->f.root, index));
  lower_leave(lo, outer);
  return lower_bind(lo, NULL, ir_var(b, count));
}

/* The shape of what is selected: a list of places, then the rest of the base's axes. */
static void selected_shape(Lower *lo, Mask *m, IrExpr *count, IrExpr **shape) {
  shape[0] = count;
  for (uint32_t k = 0; k < m->rest; k++) shape[1 + k] = lower_stable(lo, ir_shape(&lo->b, m->base, m->f.ndim + k));
}

/* Loops over the mask that know how many places came before; the caller's statements run where it is true. */
typedef struct Walk {
  Nest nest, rest;
  IrBlock *outer;
  IrVar *place;
  IrExpr *at[TYPE_MAX_NDIM], *out[TYPE_MAX_NDIM]; /* indices of the base and of the selection */
} Walk;

static void walk_open(Lower *lo, Mask *m, Walk *w) {
  IrBuilder *b = &lo->b;
  w->place = ir_new_var(b, "place", lower_int_type(lo));
  ir_set(b, w->place, ir_int(b, 0));
  nest_for(lo, &w->nest, m->f.ndim, m->f.extent);
  memcpy(w->at, w->nest.index, sizeof w->at);
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = fusion_value(&m->f, m->f.root, w->at);
  w->outer = lower_enter(lo, &s->as.if_.then);
  IrExpr *extent[TYPE_MAX_NDIM];
  w->out[0] = lower_bind(lo, NULL, ir_var(b, w->place));
  for (uint32_t k = 0; k < m->rest; k++) extent[k] = lower_stable(lo, ir_shape(b, m->base, m->f.ndim + k));
  nest_map(lo, &w->rest, m->rest, extent, false);
  for (uint32_t k = 0; k < m->rest; k++) w->at[m->f.ndim + k] = w->out[1 + k] = w->rest.index[k];
}

static void walk_close(Lower *lo, Walk *w) {
  nest_close(lo, &w->rest);
  ir_set(&lo->b, w->place, ix_add(lo, ir_var(&lo->b, w->place), ir_int(&lo->b, 1)));
  lower_leave(lo, w->outer);
  nest_close(lo, &w->nest);
}

/* Elements without a branch: each is stored at the next place, which only moves on where the mask is true. The array has one element
 * more than is seen. */
static IrVar *get_elements(Lower *lo, Mask *m, const Type *type, IrExpr *count) {
  IrBuilder *b = &lo->b;
  IrExpr *room = lower_stable(lo, ix_add(lo, count, ir_int(b, 1)));
  IrVar *all = lower_alloc(lo, type, &room, false), *place = ir_new_var(b, "place", lower_int_type(lo));
  Nest nest;
  ir_set(b, place, ir_int(b, 0));
  nest_for(lo, &nest, m->f.ndim, m->f.extent);
  IrExpr *selected = lower_bind(lo, NULL, fusion_value(&m->f, m->f.root, nest.index)), *at = lower_bind(lo, NULL, ir_var(b, place));
  ir_store(b, all, &at, ir_load(b, m->base, nest.index));
  ir_set(b, place, ix_add(lo, at, ir_cast(b, lower_int_type(lo), selected)));
  nest_close(lo, &nest);
  View v = {.base = all, .offset = ir_int(b, 0), .ndim = 1, .shape = {count}};
  v.stride[0] = ir_int(b, dtype_size(type->dtype));
  return view_var(lo, NULL, type, &v);
}

static IrVar *get(Lower *lo, Mask *m, const Type *type) {
  IrExpr *shape[TYPE_MAX_NDIM], *count = count_mask(lo, m);
  Walk w;
  if (m->rest == 0) return get_elements(lo, m, type, count);
  selected_shape(lo, m, count, shape);
  IrVar *out = lower_alloc(lo, type, shape, false);
  walk_open(lo, m, &w);
  ir_store(&lo->b, out, w.out, ir_load(&lo->b, m->base, w.at));
  walk_close(lo, &w);
  return out;
}

IrExpr *lower_mask_get(Lower *lo, const Expr *index) {
  Mask m;
  Span saved = lo->b.span;
  read_mask(lo, &m, index, false);
  IrVar *out = get(lo, &m, lower_type(lo, index));
  lo->b.span = saved;
  return ir_var(&lo->b, out);
}

void lower_nonzero(Lower *lo, IrVar *mask, IrVar *base, uint32_t axis, IrVar **places) {
  Mask m = {.base = mask};
  Walk w;
  fusion_init(&m.f, lo, lo->b.span);
  m.f.root = fusion_array(&m.f, mask, 0, lo->b.span);
  fusion_space(&m.f);
  check_shape(lo, &m.f, base, axis);
  IrExpr *count = count_mask(lo, &m);
  const Type *type = type_array(lo->types, DT_INT64, 1, LAYOUT_C, false);
  for (uint32_t d = 0; d < m.f.ndim; d++) places[d] = lower_alloc(lo, type, &count, false);
  walk_open(lo, &m, &w);
  for (uint32_t d = 0; d < m.f.ndim; d++) ir_store(&lo->b, places[d], w.out, w.at[d]);
  walk_close(lo, &w);
}

/* ---- stores ---- */

/* The same scalar operation at every selected element: points are independent. op < 0: a plain store. */
static void set_scalar(Lower *lo, Mask *m, int op, IrExpr *value, const Type *type) {
  IrBuilder *b = &lo->b;
  IrExpr *extent[TYPE_MAX_NDIM];
  Nest nest;
  value = lower_stable(lo, value);
  lower_shape_of(lo, m->base, extent);
  for (uint32_t d = 0; d < m->f.ndim; d++) extent[d] = m->f.extent[d];
  nest_map(lo, &nest, m->base->type->ndim, extent, m->base->type->layout == LAYOUT_F);
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = fusion_value(&m->f, m->f.root, nest.index);
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  if (op >= 0) value = lower_binop_elem(lo, (BinOp)op, lower_bind(lo, NULL, ir_load(b, m->base, nest.index)), value, type);
  ir_store(b, m->base, nest.index, ir_cast(b, lower_elem_type(lo, m->base->type), value));
  lower_leave(lo, outer);
  nest_close(lo, &nest);
}

/* `value`: an array that shares no memory with the base. */
static void set_array(Lower *lo, Mask *m, IrVar *value) {
  IrBuilder *b = &lo->b;
  IrExpr *shape[TYPE_MAX_NDIM], *count = count_mask(lo, m);
  Walk w;
  selected_shape(lo, m, count, shape);
  if (m->rest == 0 && value->type->ndim == 1) {
    IrExpr *n = lower_stable(lo, ir_shape(b, value, 0)), *ok = ir_compare(b, IR_EQ, n, count);
    ok = ir_binary(b, IR_LOR, ok->type, ok, ir_compare(b, IR_EQ, n, ir_int(b, 1)));
    ir_check(b, CHECK_VALUE, ok, VALUE_ERROR,
             "NumPy boolean array indexing assignment cannot assign %d input values to the %d output values where the mask is true", n,
             count, NULL, NULL);
  }
  IrVar *wide = lower_stretch(lo, value, 1 + m->rest, shape);
  walk_open(lo, m, &w);
  ir_store(b, m->base, w.at, ir_cast(b, lower_elem_type(lo, m->base->type), ir_load(b, wide, w.out)));
  walk_close(lo, &w);
}

static IrVar *copy_of(Lower *lo, IrVar *array) {
  IrExpr *shape[TYPE_MAX_NDIM];
  lower_shape_of(lo, array, shape);
  IrVar *copy = lower_alloc(lo, lower_layout(lo, array->type, LAYOUT_C), shape, false);
  lower_copy_into(lo, copy, array);
  return copy;
}

void lower_mask_set(Lower *lo, const Expr *index, IrExpr *value, Span at) {
  Mask m;
  Span saved = lo->b.span;
  value = lower_open(lo, value, at);
  IrVar *array = NULL;
  if (type_is_tuple(value->type)) array = lower_tuple_array(lo, value);
  if (type_is_array(value->type)) array = copy_of(lo, lower_pin(lo, lower_bind_array(lo, value)));
  if (!array) value = lower_stable(lo, value);
  read_mask(lo, &m, index, true);
  if (array)
    set_array(lo, &m, array);
  else
    set_scalar(lo, &m, -1, ir_cast(&lo->b, lower_elem_type(lo, m.base->type), value), NULL);
  lo->b.span = saved;
}

void lower_mask_aug(Lower *lo, const Expr *index, BinOp op, const Expr *value, Span at) {
  Mask m;
  Span saved = lo->b.span;
  const Type *t = lower_type(lo, value);
  lo->b.span = at;
  read_mask(lo, &m, index, true);
  if (type_is_scalar(t)) {
    IrExpr *x = lower_stable(lo, lower_expr(lo, value));
    DType out = m.base->type->dtype;
    bool ok = promote_arrays(op, out, false, x->type->dtype, true, &out);
    LJ_ASSERT(ok);
    set_scalar(lo, &m, (int)op, x, type_scalar(lo->types, out));
  } else { /* what is selected, computed with, put back */
    IrVar *part = get(lo, &m, lower_type(lo, index));
    lower_aug_array(lo, part, op, value, at);
    lo->b.span = at;
    set_array(lo, &m, part);
  }
  lo->b.span = saved;
}
