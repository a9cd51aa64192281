/* Array expressions that fill memory: one MAP per expression, no temporary inside it.
 * In: a fused tree (lower_elem.c) or a value. Out: a new array of the expression's shape, or stores into an existing one, which behave
 * as if the right side were computed first. That shapes may differ and memory may be shared is written down as the MAP's IrFit; the passes
 * deal with it. */
#include "ir/lower/lower_array.h"

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

/* One MAP over the tree's space into an array with as many dimensions. `assigned`: the array was there before. */
static void emit_map(Fusion *f, IrVar *target, bool assigned) {
  Nest nest;
  nest_map(f->lo, &nest, f->ndim, f->extent, target->type->layout == LAYOUT_F);
  if (nest.stmt) {
    fusion_fit(f, &nest.stmt->as.map.fit);
    nest.stmt->as.map.fit.into = assigned ? target : NULL;
  }
  IrExpr *value = fusion_value(f, f->root, nest.index);
  ir_store(&f->lo->b, target, nest.index, ir_cast(&f->lo->b, lower_elem_type(f->lo, target->type), value));
  nest_close(f->lo, &nest);
}

IrVar *fusion_result(Fusion *f, const Type *type) {
  LJ_ASSERT(type->ndim == f->ndim);
  IrVar *result = lower_alloc(f->lo, type, f->extent, false);
  emit_map(f, result, false);
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

/* ---- assignment to an array ---- */

/* Other dimensions than the target: computed first, then the runtime assigns it, with broadcasting. */
static void assign_other(Fusion *f, IrVar *target) {
  Lower *lo = f->lo;
  IrVar *whole = fusion_result(f, type_array(lo->types, target->type->dtype, f->ndim, LAYOUT_C, false));
  IrExpr *args[] = {ir_int(&lo->b, dtype_size(target->type->dtype)), ir_int(&lo->b, target->type->ndim), ir_var(&lo->b, target),
                    ir_int(&lo->b, f->ndim), ir_var(&lo->b, whole)};
  ir_runtime(&lo->b, "lj_rt_assign", args, LJ_COUNT(args), NULL, true);
}

void lower_assign_fusion(Lower *lo, IrVar *target, Fusion *f, Span at) {
  Span saved = lo->b.span;
  IrVar *into = NULL;
  lo->b.span = f->span = at;
  for (uint32_t i = 0; i < f->leaves.len; i++)
    if (f->leaves.data[i].source == target) into = f->leaves.data[i].array;
  if (!into) into = lower_pin(lo, target);
  fusion_space(f);
  if (f->ndim == into->type->ndim)
    emit_map(f, into, true);
  else if (f->ndim)
    assign_other(f, into);
  else
    lower_fill(lo, into, lower_bind(lo, NULL, ir_cast(&lo->b, lower_elem_type(lo, into->type), fusion_value(f, f->root, NULL))));
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
