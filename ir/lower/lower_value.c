/* Values whatever their type: conversion where a type is declared or paths meet, truth, comparison, tuples, optionals.
 * In: trees and the type wanted. Out: trees; checks where None may stand for a value.
 * What a conversion may do was decided by inference (type_unify, type_can_convert). */
#include "ir/lower/lower_scalar.h"

static IrExpr *get(Lower *lo, IrExpr *tuple, uint32_t index) {
  if (tuple->op == IR_TUPLE) return tuple->args[index];
  if (!lower_has_content(tuple->type->elems[index])) return ir_none(&lo->b, tuple->type->elems[index]);
  IrExpr *e = ir_unary(&lo->b, IR_GET, tuple->type->elems[index], tuple);
  e->as.i = index;
  return e;
}

IrExpr *lower_array_value(Lower *lo, IrExpr *value) {
  if (!type_is_array(value->type) || value->op == IR_VAR) return value;
  return lower_bind(lo, NULL, value);
}

IrExpr *lower_get(Lower *lo, IrExpr *tuple, uint32_t index) { return lower_array_value(lo, get(lo, tuple, index)); }

/* ---- conversion ---- */

static IrExpr *to_optional(Lower *lo, IrExpr *value, const Type *to, Span at) {
  IrBuilder *b = &lo->b;
  if (value->type->kind == TYPE_NONE) return ir_none(b, to);
  if (value->type->kind != TYPE_OPTIONAL) return ir_unary(b, IR_SOME, to, lower_convert(lo, value, to->elems[0], at));
  IrExpr *from = lower_bind(lo, NULL, value);
  IrVar *result = lower_result_var(lo, to);
  ir_set(b, result, ir_none(b, to));
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = ir_unary(b, IR_IS_SOME, type_scalar(lo->types, DT_BOOL), from);
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  uint32_t mark = lo->temps.len;
  IrExpr *inner = lower_array_value(lo, ir_unary(b, IR_UNWRAP, from->type->elems[0], from));
  lower_branch_value(lo, result, ir_unary(b, IR_SOME, to, lower_convert(lo, inner, to->elems[0], at)), mark, at);
  lower_leave(lo, outer);
  return ir_var(b, result);
}

static IrExpr *from_optional(Lower *lo, IrExpr *value, const Type *to, Span at) {
  IrBuilder *b = &lo->b;
  Span saved = b->span;
  b->span = at;
  value = lower_bind(lo, NULL, value);
  IrExpr *present = ir_unary(b, IR_IS_SOME, type_scalar(lo->types, DT_BOOL), value);
  ir_check(b, CHECK_VALUE, present, TYPE_ERROR, "expected a value, got None", NULL, NULL, NULL, NULL);
  b->span = saved;
  return lower_convert(lo, lower_array_value(lo, ir_unary(b, IR_UNWRAP, value->type->elems[0], value)), to, at);
}

static IrExpr *convert_elems(Lower *lo, IrExpr *value, const Type *to, Span at) {
  if (value->op != IR_TUPLE) value = lower_bind(lo, NULL, value);
  IrExpr **items = arena_array(lo->arena, IrExpr *, to->count + 1);
  for (uint32_t i = 0; i < to->count; i++) {
    uint32_t start = lo->b.block->len;
    items[i] = lower_convert(lo, lower_get(lo, value, i), to->elems[i], at);
    lower_guard(lo, start, items, i);
  }
  return ir_expr(&lo->b, IR_TUPLE, to, items, to->count);
}

/* Something of the type, where control cannot come or after something unsupported. */
static IrExpr *any_value(Lower *lo, const Type *type) {
  IrBuilder *b = &lo->b;
  if (type_is_scalar(type)) return ir_const(b, type, 0);
  if (type->kind == TYPE_ARRAY || type->kind == TYPE_STR) {
    IrVar *var = lower_temp(lo, type);
    var->once = false;
    return ir_var(b, var);
  }
  if (type->kind != TYPE_TUPLE && type->kind != TYPE_FUNC) return ir_none(b, type);
  IrExpr **items = arena_array(lo->arena, IrExpr *, type->count + 1);
  for (uint32_t i = 0; i < type->count; i++) items[i] = any_value(lo, type->elems[i]);
  return ir_expr(b, IR_TUPLE, type, items, type->count);
}

static IrExpr *none_as_value(Lower *lo, const Type *to, Span at) {
  Span saved = lo->b.span;
  lo->b.span = at;
  ir_check(&lo->b, CHECK_VALUE, ir_bool(&lo->b, false), TYPE_ERROR, "expected a value, got None", NULL, NULL, NULL, NULL);
  lo->b.span = saved;
  return any_value(lo, to);
}

/* The same array seen with another layout or as read-only. */
static IrExpr *as_layout(Lower *lo, IrExpr *value, const Type *to) {
  IrVar *array = lower_bind_array(lo, value);
  IrExpr *shape[TYPE_MAX_NDIM], *stride[TYPE_MAX_NDIM];
  for (uint32_t i = 0; i < to->ndim; i++) shape[i] = ir_shape(&lo->b, array, i), stride[i] = ir_stride(&lo->b, array, i);
  return ir_var(&lo->b, lower_view_var(lo, NULL, array, ir_view(&lo->b, to, array, ir_int(&lo->b, 0), shape, stride)));
}

/* Constants are converted here, so that divisors and exponents written as integers are known. */
static IrExpr *constant_as(Lower *lo, const IrExpr *e, const Type *to) {
  if (e->op != IR_CONST || type_is_complex(e->type) || type_is_float(e->type)) return NULL;
  int64_t n = e->as.i;
  bool is_big = type_is(e->type, DT_UINT64) && n < 0;
  if (type_is_bool(to)) return ir_bool(&lo->b, n != 0);
  if (type_is(to, DT_INT64) || type_is(to, DT_UINT64)) return ir_uint(&lo->b, to, (uint64_t)n);
  if (type_is(to, DT_FLOAT64) || type_is(to, DT_COMPLEX128)) return ir_const(&lo->b, to, is_big ? (double)(uint64_t)n : (double)n);
  return NULL;
}

IrExpr *lower_convert(Lower *lo, IrExpr *value, const Type *to, Span at) {
  const Type *from = value->type;
  if (from == to) return value;
  if (to->kind == TYPE_OPTIONAL) return to_optional(lo, value, to, at);
  if (from->kind == TYPE_OPTIONAL) return from_optional(lo, value, to, at);
  if (from->kind == TYPE_SCALAR && to->kind == TYPE_SCALAR) {
    if (dtype_is_complex(from->dtype) && !dtype_is_complex(to->dtype) && to->dtype != DT_BOOL)
      value = ir_unary(&lo->b, IR_REAL, type_scalar(lo->types, dtype_real_of(from->dtype)), value);
    IrExpr *known = constant_as(lo, value, to);
    return known ? known : ir_cast(&lo->b, to, value);
  }
  if (from->kind == TYPE_ARRAY && to->kind == TYPE_ARRAY && from->ndim == to->ndim && from->dtype == to->dtype)
    return as_layout(lo, value, to);
  if (from->kind == TYPE_ARRAY && from->ndim == 0 && to->kind == TYPE_SCALAR)
    return lower_convert(lo, ir_load(&lo->b, lower_bind_array(lo, value), NULL), to, at);
  if (from->kind == to->kind && (from->kind == TYPE_TUPLE || from->kind == TYPE_FUNC) && from->count == to->count)
    return convert_elems(lo, value, to, at);
  if (!lower_has_content(to)) return ir_none(&lo->b, to);
  if (from->kind == TYPE_NONE) return none_as_value(lo, to, at);
  return lower_unsupported(lo, at, to, "%s cannot become %s here yet", type_name(from), type_name(to));
}

/* ---- truth ---- */

IrExpr *lower_not(Lower *lo, IrExpr *a) { return ir_unary(&lo->b, IR_LNOT, type_scalar(lo->types, DT_BOOL), a); }

static IrExpr *array_truth(Lower *lo, IrExpr *value, Span at) {
  IrBuilder *b = &lo->b;
  IrVar *array = lower_bind_array(lo, value);
  Span saved = b->span;
  b->span = at;
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_EQ, ir_size(b, array), ir_int(b, 1)), VALUE_ERROR,
           "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()", NULL, NULL, NULL, NULL);
  b->span = saved;
  IrExpr *zeros[TYPE_MAX_NDIM];
  for (uint32_t i = 0; i < TYPE_MAX_NDIM; i++) zeros[i] = ir_int(b, 0);
  return lower_truth(lo, ir_load(b, array, zeros), at);
}

IrExpr *lower_truth(Lower *lo, IrExpr *value, Span at) {
  IrBuilder *b = &lo->b;
  const Type *boolean = type_scalar(lo->types, DT_BOOL), *t = value->type;
  switch (t->kind) {
  case TYPE_SCALAR:
    if (value->op == IR_CONST && !type_is_complex(t)) return ir_bool(b, type_is_float(t) ? value->as.f != 0 : value->as.i != 0);
    return ir_cast(b, boolean, value);
  case TYPE_STR: return ir_compare(b, IR_NE, ir_unary(b, IR_STR_LEN, type_scalar(lo->types, DT_INT64), value), ir_int(b, 0));
  case TYPE_TUPLE: return ir_bool(b, t->count > 0);
  case TYPE_OPTIONAL: {
    value = lower_bind(lo, NULL, value);
    IrExpr *present = ir_unary(b, IR_IS_SOME, boolean, value);
    if (type_is_array(t->elems[0])) return present;
    return ir_binary(b, IR_LAND, boolean, present, lower_truth(lo, ir_unary(b, IR_UNWRAP, t->elems[0], value), at));
  }
  case TYPE_ARRAY: return array_truth(lo, value, at);
  case TYPE_NONE: return ir_bool(b, false);
  case TYPE_DTYPE:
  case TYPE_FUNC:
  case TYPE_BUILTIN:
  case TYPE_MODULE:
  case TYPE_ITER:
  case TYPE_SLICE:
  case TYPE_ELLIPSIS: return ir_bool(b, true);
  }
  LJ_UNREACHABLE();
}

/* ---- comparison ---- */

static bool is_order(CmpOp op) { return op == CMP_LT || op == CMP_LE || op == CMP_GT || op == CMP_GE; }

/* From the last elements to the first: a < b is a0 < b0, or a0 == b0 and the rest is less. */
static IrExpr *order_tuples(Lower *lo, CmpOp op, IrExpr *a, IrExpr *b, Span at) {
  const Type *boolean = type_scalar(lo->types, DT_BOOL);
  uint32_t na = a->type->count, nb = b->type->count, n = na < nb ? na : nb;
  bool less = op == CMP_LT || op == CMP_LE, or_equal = op == CMP_LE || op == CMP_GE;
  bool end = na == nb ? or_equal : (na < nb) == less; /* when all that both have is equal */
  IrExpr *result = NULL;
  for (uint32_t i = n; i-- > 0;) {
    IrExpr *x = lower_get(lo, a, i), *y = lower_get(lo, b, i);
    CmpOp here = !result && end ? (less ? CMP_LE : CMP_GE) : (less ? CMP_LT : CMP_GT);
    IrExpr *ordered = lower_compare_values(lo, here, x, y, at);
    if (result) {
      IrExpr *tie = ir_binary(&lo->b, IR_LAND, boolean, lower_compare_values(lo, CMP_EQ, x, y, at), result);
      ordered = ir_binary(&lo->b, IR_LOR, boolean, ordered, tie);
    }
    result = ordered;
  }
  return result ? result : ir_bool(&lo->b, end);
}

static IrExpr *compare_tuples(Lower *lo, CmpOp op, IrExpr *a, IrExpr *b, Span at) {
  if (!is_order(op) && a->type->count != b->type->count) return ir_bool(&lo->b, op == CMP_NE);
  a = lower_bind(lo, NULL, a);
  b = lower_bind(lo, NULL, b);
  if (is_order(op)) return order_tuples(lo, op, a, b, at);
  IrExpr *result = NULL;
  for (uint32_t i = 0; i < a->type->count; i++) {
    IrExpr *here = lower_compare_values(lo, op, lower_get(lo, a, i), lower_get(lo, b, i), at);
    result = result ? ir_binary(&lo->b, op == CMP_NE ? IR_LOR : IR_LAND, here->type, result, here) : here;
  }
  return result ? result : ir_bool(&lo->b, op == CMP_EQ);
}

static IrExpr *compare_optional(Lower *lo, CmpOp op, IrExpr *a, IrExpr *b, Span at) {
  const Type *boolean = type_scalar(lo->types, DT_BOOL);
  IrExpr *value = a->type->kind == TYPE_OPTIONAL ? a : b, *other = value == a ? b : a;
  if (is_order(op)) return lower_compare_values(lo, op, lower_open(lo, a, at), lower_open(lo, b, at), at);
  bool negated = op == CMP_NE || op == CMP_IS_NOT;
  value = lower_bind(lo, NULL, value);
  other = lower_bind(lo, NULL, other);
  IrExpr *present = ir_unary(&lo->b, IR_IS_SOME, boolean, value), *equal;
  if (other->type->kind == TYPE_NONE) return negated ? present : lower_not(lo, present);
  IrExpr *inner = lower_array_value(lo, ir_unary(&lo->b, IR_UNWRAP, value->type->elems[0], value));
  if (other->type->kind == TYPE_OPTIONAL) { /* both absent, or both there and equal */
    IrExpr *other_present = ir_unary(&lo->b, IR_IS_SOME, boolean, other);
    IrExpr *values = lower_compare_values(lo, CMP_EQ, inner, ir_unary(&lo->b, IR_UNWRAP, other->type->elems[0], other), at);
    IrExpr *same = ir_compare(&lo->b, IR_EQ, present, other_present);
    equal = ir_binary(&lo->b, IR_LAND, boolean, same, ir_binary(&lo->b, IR_LOR, boolean, lower_not(lo, present), values));
  } else {
    equal = ir_binary(&lo->b, IR_LAND, boolean, present, lower_compare_values(lo, CMP_EQ, inner, other, at));
  }
  return negated ? lower_not(lo, equal) : equal;
}

IrExpr *lower_compare_values(Lower *lo, CmpOp op, IrExpr *a, IrExpr *b, Span at) {
  const Type *ta = a->type, *tb = b->type;
  bool negated = op == CMP_NE || op == CMP_IS_NOT;
  if (ta->kind == TYPE_OPTIONAL || tb->kind == TYPE_OPTIONAL) return compare_optional(lo, op, a, b, at);
  if (ta->kind == TYPE_NONE || tb->kind == TYPE_NONE) return ir_bool(&lo->b, (ta->kind == tb->kind) != negated);
  if (op == CMP_IS) op = CMP_EQ;
  if (op == CMP_IS_NOT) op = CMP_NE;
  if (ta->kind == TYPE_TUPLE && tb->kind == TYPE_TUPLE) return compare_tuples(lo, op, a, b, at);
  if ((ta->kind == TYPE_SCALAR && tb->kind == TYPE_SCALAR) || (ta->kind == TYPE_STR && tb->kind == TYPE_STR))
    return lower_cmpop(lo, op, a, b, at);
  if (ta->kind == TYPE_DTYPE && tb->kind == TYPE_DTYPE) return ir_bool(&lo->b, (ta->dtype == tb->dtype) != negated);
  if (ta->kind == tb->kind && !type_is_array(ta)) return ir_bool(&lo->b, (ta == tb) != negated); /* functions */
  return lower_unsupported(lo, at, type_scalar(lo->types, DT_BOOL), "%s and %s cannot be compared here yet", type_name(ta), type_name(tb));
}

/* ---- items of tuples ---- */

static IrExpr *part_of(Lower *lo, const Expr *e, IrExpr *tuple) {
  const Expr *slice = e->as.index.items.data[0];
  int64_t n = tuple->type->count, step = 1, from = 0, value;
  if (slice->as.slice.step && spec_const_int(lo->spec, slice->as.slice.step, &value)) step = value;
  from = step > 0 ? 0 : n - 1;
  if (slice->as.slice.lo && spec_const_int(lo->spec, slice->as.slice.lo, &value)) {
    from = value < 0 ? value + n : value;
    from = from < 0 ? (step > 0 ? 0 : -1) : from >= n ? (step > 0 ? n : n - 1) : from;
  }
  const Type *type = lower_type(lo, e);
  IrExpr **items = arena_array(lo->arena, IrExpr *, type->count + 1);
  for (uint32_t i = 0; i < type->count; i++) items[i] = lower_get(lo, tuple, (uint32_t)(from + (int64_t)i * step));
  return ir_tuple(&lo->b, type, items, type->count);
}

IrExpr *lower_tuple_item(Lower *lo, const Expr *e) {
  IrBuilder *b = &lo->b;
  const Expr *item = e->as.index.items.data[0];
  IrExpr *tuple = lower_open(lo, lower_expr(lo, e->as.index.base), e->span);
  const Type *type = lower_type(lo, e);
  int64_t n = tuple->type->count, known;
  if (item->kind == EXPR_SLICE) return part_of(lo, e, lower_bind(lo, NULL, tuple));
  if (spec_const_int(lo->spec, item, &known))
    return lower_convert(lo, lower_get(lo, tuple, (uint32_t)(known < 0 ? known + n : known)), type, e->span);
  tuple = lower_bind(lo, NULL, tuple);
  IrExpr *index = lower_open(lo, lower_expr(lo, item), item->span);
  index = lower_bind(lo, NULL, ir_cast(b, type_scalar(lo->types, DT_INT64), index));
  IrExpr *zero = ir_int(b, 0), *negative = ir_compare(b, IR_LT, index, zero);
  index = lower_bind(lo, NULL, ir_select(b, negative, ir_binary(b, IR_ADD, index->type, index, ir_int(b, n)), index));
  IrExpr *ok = ir_binary(b, IR_LAND, negative->type, ir_compare(b, IR_GE, index, zero), ir_compare(b, IR_LT, index, ir_int(b, n)));
  b->span = e->span;
  ir_check(b, CHECK_INDEX, ok, INDEX_ERROR, "tuple index out of range", NULL, NULL, NULL, NULL);
  const Type **elems = arena_array(lo->arena, const Type *, tuple->type->count + 1);
  for (uint32_t i = 0; i < tuple->type->count; i++) elems[i] = type;
  tuple = lower_bind(lo, NULL, lower_convert(lo, tuple, type_tuple(lo->types, elems, tuple->type->count), e->span));
  IrExpr *args[] = {tuple, index};
  return lower_array_value(lo, ir_expr(b, IR_GET_AT, type, args, 2));
}
