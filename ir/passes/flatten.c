/* Nests over several dimensions that are one in memory: when every array in a MAP or REDUCE is read and written at the nest's own indices, has the
 * nest's extents, and all of them have layout C (or all F), then the nest runs over one dimension of views. That is one loop instead of several,
 * and what NumPy's sums of whole arrays do. In: a nest whose IrFit is seen to. Out: the same, or with one dimension. */
#include "ir/clone.h"
#include "ir/passes/fit.h"

typedef struct Flat {
  IrBuilder *b;
  const Facts *f;
  uint32_t ndim;
  IrVar **index;
  IrExpr **extent;
  const IrFit *fit;
  IrVarVec arrays;
  bool ok;
  IrVar *at; /* the one index */
  IrExpr *total; /* its extent */
  Map views; /* IrVar -> its view */
} Flat;

static bool is_own_index(const Flat *x, IrExpr *const *indices) {
  for (uint32_t d = 0; d < x->ndim; d++)
    if (indices[d]->op != IR_VAR || indices[d]->as.var != x->index[d]) return false;
  return true;
}

/* A source that was fitted has the extents of the nest; others must be seen to have them. */
static bool has_extents(const Flat *x, IrVar *array) {
  for (uint32_t i = 0; i < x->fit->sources.len; i++)
    if (x->fit->sources.data[i].array == array) return !x->fit->sources.data[i].ones;
  if (x->fit->into == array) return true;
  for (uint32_t d = 0; d < x->ndim; d++)
    if (!fit_same_int(x->f, ir_shape(x->b, array, d), x->extent[d])) return false;
  return true;
}

static void see_array(Flat *x, IrVar *array, IrExpr *const *indices) {
  const Type *t = array->type;
  x->ok &= t->ndim == x->ndim && t->layout != LAYOUT_A && is_own_index(x, indices);
  for (uint32_t i = 0; i < x->arrays.len; i++) {
    x->ok &= x->arrays.data[i]->type->layout == t->layout;
    if (x->arrays.data[i] == array) return;
  }
  vec_push(x->b->arena, &x->arrays, array);
  x->ok = x->ok && has_extents(x, array);
}

static void see_expr(IrExpr **slot, void *data) {
  Flat *x = data;
  const IrExpr *e = *slot;
  if (e->op == IR_VAR) x->ok &= !type_owns(e->type);
  if (e->op == IR_VAR)
    for (uint32_t d = 0; d < x->ndim; d++) x->ok &= e->as.var != x->index[d];
  if (e->op == IR_LOAD) {
    see_array(x, e->args[0]->as.var, e->args + 1);
    return;
  }
  for (uint32_t i = 0; i < e->count; i++) see_expr(&e->args[i], data);
}

static void see_block(Flat *x, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len && x->ok; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    if (s->kind == IRS_STORE) {
      see_array(x, s->as.store.array, s->as.store.indices);
      see_expr(&s->as.store.value, x);
    } else {
      ir_stmt_exprs(s, see_expr, x);
    }
    x->ok &= s->kind == IRS_SET || s->kind == IRS_STORE || s->kind == IRS_IF || s->kind == IRS_CALL;
    for (unsigned k = 0; k < count; k++) see_block(x, blocks[k]);
  }
}

static IrVar *flat_view(Flat *x, IrVar *array) {
  IrVar *view = map_get(&x->views, map_key(array));
  if (view) return view;
  const Type *type = type_array(x->b->types, array->type->dtype, 1, LAYOUT_C, array->type->readonly);
  view = ir_let(x->b, array->name, ir_view(x->b, type, array, ir_int(x->b, 0), &x->total, NULL));
  map_put(x->b->arena, &x->views, map_key(array), view);
  return view;
}

static IrExpr *flat_load(IrExpr *e, void *data) {
  Flat *x = data;
  if (e->op != IR_LOAD) return e;
  IrExpr *at = ir_var(x->b, x->at);
  return ir_load(x->b, map_get(&x->views, map_key(e->args[0]->as.var)), &at);
}

static void flat_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Flat *)data)->b->arena, *slot, flat_load, data); }

static void flat_block(Flat *x, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    if (s->kind == IRS_STORE) { /* its indices are counted by the array's type */
      flat_slot(&s->as.store.value, x);
      s->as.store.array = map_get(&x->views, map_key(s->as.store.array));
      s->as.store.indices[0] = ir_var(x->b, x->at);
    } else {
      ir_stmt_exprs(s, flat_slot, x);
    }
    for (unsigned k = 0; k < count; k++) flat_block(x, blocks[k]);
  }
}

static void flat_alias(Flat *x, IrAlias *alias) {
  for (uint32_t i = 0; alias && i < alias->arrays.len; i++) {
    IrVar *view = map_get(&x->views, map_key(alias->arrays.data[i].array));
    if (view) alias->arrays.data[i].array = view;
  }
}

/* The total and the views are made in the builder's block. */
static bool prepare(Flat *x, IrBlock *body, IrExpr **element) {
  IrBuilder *b = x->b;
  x->ok = x->ndim > 1;
  if (x->ok) see_block(x, body);
  if (x->ok && element) see_expr(element, x);
  if (!x->ok || !x->arrays.len) return false;
  IrExpr *total = x->extent[0];
  for (uint32_t d = 1; d < x->ndim; d++) total = ir_binary(b, IR_MUL, total->type, total, x->extent[d]);
  x->total = ir_var(b, ir_let(b, NULL, total));
  x->at = ir_new_var(b, "i", total->type);
  x->at->once = true;
  for (uint32_t i = 0; i < x->arrays.len; i++) flat_view(x, x->arrays.data[i]);
  flat_block(x, body);
  if (element) flat_slot(element, x);
  x->index[0] = x->at;
  x->extent[0] = x->total;
  return true;
}

void flatten_map(IrBuilder *b, const Facts *f, IrStmt *s) {
  Flat x = {.b = b, .f = f, .ndim = s->as.map.ndim, .index = s->as.map.index, .extent = s->as.map.extent, .fit = &s->as.map.fit};
  if (!prepare(&x, &s->as.map.body, NULL)) return;
  flat_alias(&x, s->as.map.loop.alias);
  s->as.map.ndim = 1;
  s->as.map.column_major = false;
}

void flatten_reduce(IrBuilder *b, const Facts *f, IrStmt *s) {
  Flat x = {
      .b = b, .f = f, .ndim = s->as.reduce.ndim, .index = s->as.reduce.index, .extent = s->as.reduce.extent, .fit = &s->as.reduce.fit};
  if (!prepare(&x, &s->as.reduce.body, &s->as.reduce.element)) return;
  flat_alias(&x, s->as.reduce.loop.alias);
  s->as.reduce.ndim = 1;
}
