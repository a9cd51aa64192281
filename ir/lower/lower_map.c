/* Array expressions that fill memory: one MAP per expression, no temporary inside it.
 * In: a fused tree (lower_elem.c) or a value. Out: a new array of the expression's shape, or stores into an existing one, which behave
 * as if the right side were computed first: reading and writing the same element of the same view is safe as it is; whether other memory
 * is shared is tested at run time, and then the result goes through a temporary. */
#include "ir/lower/lower_array.h"

static IrExpr *bool_op(Lower *lo, IrOp op, IrExpr *a, IrExpr *b) {
  return a ? ir_binary(&lo->b, op, type_scalar(lo->types, DT_BOOL), a, b) : b;
}

/* ---- plain filling and copying ---- */

void lower_fill(Lower *lo, IrVar *array, IrExpr *scalar) {
  IrExpr *extent[TYPE_MAX_NDIM];
  Nest nest;
  lower_shape_of(lo, array, extent);
  scalar = lower_stable(lo, scalar);
  nest_map(lo, &nest, array->type->ndim, extent, array->type->layout == LAYOUT_F);
  ir_store(&lo->b, array, nest.index, scalar);
  nest_close(lo, &nest);
}

void lower_copy_into(Lower *lo, IrVar *to, IrVar *from) {
  IrExpr *extent[TYPE_MAX_NDIM];
  Nest nest;
  lower_shape_of(lo, to, extent);
  nest_map(lo, &nest, to->type->ndim, extent, to->type->layout == LAYOUT_F);
  ir_store(&lo->b, to, nest.index, ir_cast(&lo->b, lower_elem_type(lo, to->type), ir_load(&lo->b, from, nest.index)));
  nest_close(lo, &nest);
}

/* ---- a new array ---- */

static void emit_map(Fusion *f, bool general, void *data) {
  (void)general;
  IrVar *target = data;
  Nest nest;
  nest_map(f->lo, &nest, f->ndim, f->extent, target->type->layout == LAYOUT_F);
  IrExpr *value = fusion_value(f, f->root, nest.index);
  ir_store(&f->lo->b, target, nest.index, ir_cast(&f->lo->b, lower_elem_type(f->lo, target->type), value));
  nest_close(f->lo, &nest);
}

IrVar *fusion_result(Fusion *f, const Type *type) {
  LJ_ASSERT(type->ndim == f->ndim);
  IrVar *result = lower_alloc(f->lo, type, f->extent, false);
  fusion_versions(f, f->extent, emit_map, result);
  return result;
}

IrExpr *lower_array_expr(Lower *lo, const Expr *e) {
  Fusion f;
  Span saved = lo->b.span;
  fusion_init(&f, lo, e->span);
  f.root = fusion_build(&f, e);
  lo->b.span = e->span;
  fusion_space(&f);
  IrVar *result = fusion_result(&f, lower_type(lo, e));
  lo->b.span = saved;
  return ir_var(&lo->b, result);
}

/* ---- sharing of memory ---- */

/* [first byte, end) of what an array touches; meaningless but harmless for empty ones. */
static void byte_range(Lower *lo, IrVar *a, IrExpr **first, IrExpr **end) {
  IrBuilder *b = &lo->b;
  const Type *t = a->type;
  IrExpr *data = ir_unary(b, IR_DATA, lower_int_type(lo), ir_var(b, a)), *item = ir_int(b, dtype_size(t->dtype));
  data = lower_bind(lo, NULL, data);
  *first = data;
  if (t->layout != LAYOUT_A) {
    *end = ix_add(lo, data, ix_mul(lo, ir_size(b, a), item));
    return;
  }
  *end = ix_add(lo, data, item);
  for (uint32_t d = 0; d < t->ndim; d++) {
    IrExpr *last = ix_mul(lo, ix_sub(lo, ir_shape(b, a, d), ir_int(b, 1)), ir_stride(b, a, d));
    last = lower_stable(lo, last);
    *first = ix_add(lo, *first, ix_min(lo, last, ir_int(b, 0)));
    *end = ix_add(lo, *end, ix_max(lo, last, ir_int(b, 0)));
  }
  *first = lower_stable(lo, *first);
}

/* Do the two have the same shape, and does element i of one have the address of element i of the other? NULL: never. */
static IrExpr *same_elements(Lower *lo, IrVar *a, IrVar *b) {
  IrBuilder *ib = &lo->b;
  if (a->type->ndim != b->type->ndim || dtype_size(a->type->dtype) != dtype_size(b->type->dtype)) return NULL;
  const Type *int_type = lower_int_type(lo);
  IrExpr *same = ir_compare(ib, IR_EQ, ir_unary(ib, IR_DATA, int_type, ir_var(ib, a)), ir_unary(ib, IR_DATA, int_type, ir_var(ib, b)));
  bool implied = a->type->layout == b->type->layout && a->type->layout != LAYOUT_A; /* the strides, by the shape */
  for (uint32_t d = 0; d < a->type->ndim; d++) {
    same = bool_op(lo, IR_LAND, same, ir_compare(ib, IR_EQ, ir_shape(ib, a, d), ir_shape(ib, b, d)));
    if (!implied) same = bool_op(lo, IR_LAND, same, ir_compare(ib, IR_EQ, ir_stride(ib, a, d), ir_stride(ib, b, d)));
  }
  return same;
}

/* bool: no leaf shares memory with the target in a way that matters; NULL: certain. */
static IrExpr *is_disjoint(Fusion *f, IrVar *target) {
  Lower *lo = f->lo;
  IrExpr *all = NULL, *t_first = NULL, *t_end = NULL;
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    IrVar *leaf = f->leaves.data[i].array;
    if (leaf == target) continue;
    if (!t_first) {
      byte_range(lo, target, &t_first, &t_end);
      t_end = lower_stable(lo, t_end);
    }
    IrExpr *first, *end;
    byte_range(lo, leaf, &first, &end);
    IrExpr *apart = bool_op(lo, IR_LOR, ir_compare(&lo->b, IR_LE, end, t_first), ir_compare(&lo->b, IR_LE, t_end, first));
    IrExpr *same = same_elements(lo, leaf, target);
    all = bool_op(lo, IR_LAND, all, same ? bool_op(lo, IR_LOR, apart, same) : apart);
  }
  return all;
}

/* ---- assignment to an array ---- */

typedef struct AssignCtx {
  IrVar *target;
  IrExpr *extent[TYPE_MAX_NDIM];
  IrExpr *disjoint; /* NULL: certain */
} AssignCtx;

/* Through a temporary when memory is shared, else straight into the target: one map for both, into a variable that is either. */
static void emit_general(Fusion *f, AssignCtx *ctx) {
  Lower *lo = f->lo;
  IrVar *target = ctx->target, *to = target, *temp = NULL;
  if (ctx->disjoint) {
    const Type *any = lower_layout(lo, target->type, LAYOUT_A);
    temp = lower_slot(lo, lower_layout(lo, target->type, LAYOUT_C));
    View v;
    to = lower_slot(lo, any);
    IrStmt *s = ir_stmt(&lo->b, IRS_IF);
    s->as.if_.cond = ctx->disjoint;
    IrBlock *outer = lower_enter(lo, &s->as.if_.then);
    view_of(lo, &v, target);
    ir_set(&lo->b, to, ir_view(&lo->b, any, target, v.offset, v.shape, v.stride));
    lo->b.block = &s->as.if_.orelse;
    lower_alloc_into(lo, temp, ctx->extent, false);
    view_of(lo, &v, temp);
    ir_set(&lo->b, to, ir_view(&lo->b, any, temp, v.offset, v.shape, v.stride));
    lower_leave(lo, outer);
    to = lower_pin(lo, to);
  }
  emit_map(f, true, to);
  if (!temp) return;
  IrStmt *s = ir_stmt(&lo->b, IRS_IF);
  s->as.if_.cond = ir_unary(&lo->b, IR_LNOT, ctx->disjoint->type, ctx->disjoint);
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  lower_copy_into(lo, target, temp);
  lower_leave(lo, outer);
}

static void emit_assign(Fusion *f, bool general, void *data) {
  AssignCtx *ctx = data;
  if (general)
    emit_general(f, ctx);
  else
    emit_map(f, false, ctx->target);
}

/* Is every axis of the tree's space that of the target itself, because the target is the only array that has the axis? */
static bool is_own_axis(const Fusion *f, const IrVar *target, uint32_t d) {
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    const Leaf *leaf = &f->leaves.data[i];
    int axis = (int)d - (int)(f->ndim - leaf->array->type->ndim);
    if (axis >= 0 && !(leaf->ones >> axis & 1) && leaf->array != target) return false;
  }
  return true;
}

/* "could not broadcast input array from shape (3,) into shape (4,)"; without the shapes when they have too many extents to show. */
static void check_into(Lower *lo, IrExpr *ok, uint32_t n, IrExpr *const *from, uint32_t m, IrExpr *const *into) {
  static const char *const shapes[] = {"()", "(%d,)", "(%d,%d)", "(%d,%d,%d)", "(%d,%d,%d,%d)"};
  IrExpr *args[4] = {NULL};
  const char *text = "could not broadcast input array into the shape of the target";
  if (n + m <= 4) {
    for (uint32_t d = 0; d < n; d++) args[d] = from[d];
    for (uint32_t d = 0; d < m; d++) args[n + d] = into[d];
    text = arena_printf(lo->arena, "could not broadcast input array from shape %s into shape %s", shapes[n], shapes[m]);
  }
  ir_check(&lo->b, CHECK_SHAPE, ok, VALUE_ERROR, text, args[0], args[1], args[2], args[3]);
}

/* The tree's extents against the target's: equal, or 1. Adds to f->plain. */
static void match_target(Fusion *f, AssignCtx *ctx) {
  Lower *lo = f->lo;
  IrBuilder *b = &lo->b;
  IrVar *target = ctx->target;
  uint32_t extra = target->type->ndim - f->ndim;
  IrExpr *ok = NULL;
  for (uint32_t d = 0; d < f->ndim; d++) {
    IrExpr *n = f->extent[d];
    if (is_own_axis(f, target, d) || ix_is(n, 1)) continue;
    IrExpr *same = ir_compare(b, IR_EQ, n, ctx->extent[d + extra]);
    f->plain = bool_op(lo, IR_LAND, f->plain, same);
    ok = bool_op(lo, IR_LAND, ok, bool_op(lo, IR_LOR, same, ir_compare(b, IR_EQ, n, ir_int(b, 1))));
  }
  if (ok) check_into(lo, ok, f->ndim, f->extent, target->type->ndim, ctx->extent);
}

/* More dimensions than the target: computed first; NumPy lets leading axes of extent 1 go. */
static void assign_deeper(Lower *lo, IrVar *target, Fusion *f, Span at) {
  const Type *type = type_array(lo->types, f->root->type->dtype, f->ndim, LAYOUT_C, false);
  IrVar *whole = fusion_result(f, type);
  uint32_t drop = f->ndim - target->type->ndim;
  IrExpr *ok = NULL;
  View v;
  view_of(lo, &v, whole);
  for (uint32_t d = 0; d < drop; d++) ok = bool_op(lo, IR_LAND, ok, ir_compare(&lo->b, IR_EQ, v.shape[d], ir_int(&lo->b, 1)));
  IrExpr *extent[TYPE_MAX_NDIM];
  lower_shape_of(lo, target, extent);
  check_into(lo, ok, f->ndim, f->extent, target->type->ndim, extent);
  v.ndim -= drop;
  memmove(v.shape, v.shape + drop, v.ndim * sizeof *v.shape);
  memmove(v.stride, v.stride + drop, v.ndim * sizeof *v.stride);
  Fusion rest;
  fusion_init(&rest, lo, at);
  rest.root = fusion_array(&rest, view_var(lo, NULL, type_array(lo->types, type->dtype, v.ndim, LAYOUT_C, false), &v), 0, at);
  lower_assign_fusion(lo, target, &rest, at);
}

void lower_assign_fusion(Lower *lo, IrVar *target, Fusion *f, Span at) {
  Span saved = lo->b.span;
  lo->b.span = f->span = at;
  AssignCtx ctx = {0};
  for (uint32_t i = 0; i < f->leaves.len; i++)
    if (f->leaves.data[i].source == target) ctx.target = f->leaves.data[i].array;
  if (!ctx.target) ctx.target = lower_pin(lo, target);
  fusion_space(f);
  if (f->ndim > target->type->ndim) {
    assign_deeper(lo, target, f, at);
    lo->b.span = saved;
    return;
  }
  lower_shape_of(lo, ctx.target, ctx.extent);
  match_target(f, &ctx);
  ctx.disjoint = is_disjoint(f, ctx.target);
  if (ctx.disjoint) {
    ctx.disjoint = lower_bind(lo, NULL, ctx.disjoint);
    f->plain = bool_op(lo, IR_LAND, f->plain, ctx.disjoint);
  }
  memcpy(f->extent, ctx.extent, sizeof ctx.extent);
  f->ndim = target->type->ndim; /* the space is the target's now */
  fusion_versions(f, f->extent, emit_assign, &ctx);
  lo->b.span = saved;
}

void lower_assign_array(Lower *lo, IrVar *target, const Expr *value, Span at) {
  const Type *t = lower_type(lo, value);
  if (!type_is_array(t)) {
    lower_assign_value(lo, target, lower_expr(lo, value), at);
    return;
  }
  Fusion f;
  fusion_init(&f, lo, at);
  f.root = fusion_build(&f, value);
  lower_assign_fusion(lo, target, &f, at);
}

/* A tuple of scalars as a new 1-d array. */
IrVar *lower_tuple_array(Lower *lo, IrExpr *tuple) {
  const Type *type = type_array(lo->types, tuple->type->elems[0]->dtype, 1, LAYOUT_C, false);
  IrExpr *count = ir_int(&lo->b, tuple->type->count);
  IrVar *array = lower_alloc(lo, type, &count, false);
  for (uint32_t i = 0; i < tuple->type->count; i++) {
    IrExpr *at = ir_int(&lo->b, i);
    ir_store(&lo->b, array, &at, ir_cast(&lo->b, lower_elem_type(lo, type), ir_get(&lo->b, tuple, i)));
  }
  return array;
}

void lower_assign_value(Lower *lo, IrVar *target, IrExpr *value, Span at) {
  value = lower_open(lo, value, at);
  if (type_is_scalar(value->type)) {
    Span saved = lo->b.span;
    lo->b.span = at;
    lower_fill(lo, target, lower_stable(lo, ir_cast(&lo->b, lower_elem_type(lo, target->type), value)));
    lo->b.span = saved;
    return;
  }
  Fusion f;
  fusion_init(&f, lo, at);
  f.root = fusion_array(&f, type_is_tuple(value->type) ? lower_tuple_array(lo, value) : lower_bind_array(lo, value), 0, at);
  lower_assign_fusion(lo, target, &f, at);
}

void lower_aug_array(Lower *lo, IrVar *array, BinOp op, const Expr *value, Span at) {
  Fusion f;
  if (op == BIN_MATMUL) {
    IrVar *left = lower_pin(lo, array), *right = lower_bind_array(lo, lower_open(lo, lower_expr(lo, value), at));
    lower_assign_value(lo, left, lower_matmul_values(lo, left, right, left->type), at);
    return;
  }
  fusion_init(&f, lo, at);
  IrVar *pinned = lower_pin(lo, array);
  Elem *old = fusion_array(&f, pinned, 0, at);
  Elem *operand = fusion_build(&f, value);
  f.root = fusion_binop(&f, op, old, operand, at);
  lower_assign_fusion(lo, pinned, &f, at);
}
