/* Further views of arrays: broadcast_to, diagonals, view(dtype), and reshapes that need no copy; also np.iinfo and np.finfo.
 * In: a call resolved to a row. Out: one VIEW (byte offset, shape, strides), after checks of the shapes. Computes no elements. */
#include "ir/lower/lower_array.h"

#include <float.h>

static IrVar *array_value(Lower *lo, IrExpr *value) {
  if (type_is_array(value->type)) return lower_pin(lo, lower_bind_array(lo, value));
  IrVar *one = lower_alloc(lo, type_array(lo->types, value->type->dtype, 0, LAYOUT_C, false), NULL, false);
  ir_store(&lo->b, one, NULL, value);
  return one;
}

static IrExpr *rule_broadcast_to(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call), *boolean = type_scalar(lo->types, DT_BOOL);
  IrExpr *dims[3 * TYPE_MAX_NDIM], *ok = ir_bool(b, true), *zero = ir_int(b, 0), *one = ir_int(b, 1);
  IrVar *a = array_value(lo, lower_open(lo, lower_expr(lo, callee->args[0]), callee->args[0]->span));
  (void)lower_dims(lo, callee->args + 1, 1, dims);
  uint32_t lead = type->ndim - a->type->ndim;
  View whole, v;
  view_of(lo, &whole, a);
  v = (View){.base = a, .offset = zero, .ndim = type->ndim};
  for (uint32_t d = 0; d < type->ndim; d++) {
    v.shape[d] = dims[d], v.stride[d] = zero;
    ok = ir_binary(b, IR_LAND, boolean, ok, ir_compare(b, IR_GE, dims[d], zero));
    if (d < lead) continue;
    IrExpr *n = whole.shape[d - lead], *same = ir_compare(b, IR_EQ, n, dims[d]), *is_one = ir_compare(b, IR_EQ, n, one);
    ok = ir_binary(b, IR_LAND, boolean, ok, ir_binary(b, IR_LOR, boolean, same, is_one));
    v.stride[d] = lower_stable(lo, ir_select(b, is_one, zero, whole.stride[d - lead]));
  }
  ir_check(b, CHECK_SHAPE, ok, VALUE_ERROR,
           "operands could not be broadcast together with remapped shapes: the array does not fit the shape", NULL, NULL, NULL, NULL);
  return ir_var(b, view_var(lo, NULL, type, &v));
}

static IrExpr *rule_diagonal(Lower *lo, const Expr *call, const Callee *callee) {
  IrVar *a = lower_array_of(lo, callee->args[0]);
  uint32_t last = a->type->ndim - 2u;
  View v;
  view_of(lo, &v, a);
  v.ndim--;
  v.shape[last] = lower_stable(lo, ix_min(lo, v.shape[last], v.shape[last + 1]));
  v.stride[last] = lower_stable(lo, ix_add(lo, v.stride[last], v.stride[last + 1]));
  return ir_var(&lo->b, view_var(lo, NULL, lower_type(lo, call), &v));
}

/* The same bytes as items of another dtype; of another size: along the last axis. */
static IrExpr *rule_view(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call);
  IrVar *a = lower_array_of(lo, callee->args[0]);
  int64_t from = dtype_size(a->type->dtype), to = dtype_size(type->dtype);
  View v;
  view_of(lo, &v, a);
  if (from != to) {
    uint32_t last = type->ndim - 1u;
    IrExpr *bytes = lower_stable(lo, ix_mul(lo, v.shape[last], ir_int(b, from)));
    if (from < to)
      ir_check(b, CHECK_VALUE, ir_compare(b, IR_EQ, ir_binary(b, IR_MOD, lower_int_type(lo), bytes, ir_int(b, to)), ir_int(b, 0)),
               VALUE_ERROR,
               "When changing to a larger dtype, its size must be a divisor of the total size in bytes of the last axis of the array.",
               NULL, NULL, NULL, NULL);
    v.shape[last] = lower_stable(lo, ir_binary(b, IR_FLOORDIV, lower_int_type(lo), bytes, ir_int(b, to)));
  }
  return ir_var(b, view_var(lo, NULL, type, &v));
}

/* ---- np.iinfo, np.finfo ---- */

static IrExpr *integer_limits(Lower *lo, const Type *type, DType dtype) {
  IrBuilder *b = &lo->b;
  unsigned bits = 8 * dtype_size(dtype);
  uint64_t all = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, most = dtype_is_unsigned(dtype) ? all : all >> 1;
  uint64_t least = dtype_is_unsigned(dtype) ? 0 : 0 - (all >> 1) - 1;
  return ir_tuple(b, type, (IrExpr *[]){ir_uint(b, type->elems[0], least), ir_uint(b, type->elems[1], most), ir_int(b, bits)}, 3);
}

static IrExpr *float_limits(Lower *lo, const Type *type) {
  const Type *t = type->elems[0];
  bool single = t->dtype == DT_FLOAT32;
  double most = single ? (double)FLT_MAX : DBL_MAX, tiny = single ? (double)FLT_MIN : DBL_MIN;
  double values[7] = {-most, most, 0, single ? (double)FLT_EPSILON : DBL_EPSILON, tiny, tiny, single ? 1e-6 : 1e-15};
  IrExpr *items[7];
  for (uint32_t i = 0; i < 7; i++) items[i] = i == 2 ? ir_int(&lo->b, single ? 32 : 64) : ir_const(&lo->b, t, values[i]);
  return ir_tuple(&lo->b, type, items, 7);
}

static IrExpr *rule_limits(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call), *t = lower_type(lo, callee->args[0]);
  DType dtype = t->dtype;
  (void)lower_expr(lo, callee->args[0]);
  if (callee->builtin->id == BI_FINFO) return float_limits(lo, type);
  if (t->kind == TYPE_STR) { /* typing found the name */
    Sym text = spec_const_expr(lo->spec, callee->args[0])->as.str;
    if (!dtype_find(text->text, text->len, &dtype)) (void)dtype_find_npy(text->text, text->len, &dtype);
  }
  return integer_limits(lo, type, dtype);
}

ArrayRule lower_views_rule(BuiltinId id) {
  static const ArrayRule table[BI_COUNT] = {
      [BI_BROADCAST_TO] = rule_broadcast_to,
      [BI_DIAGONAL_VIEW] = rule_diagonal,
      [BI_A_VIEW] = rule_view,
      [BI_IINFO] = rule_limits,
      [BI_FINFO] = rule_limits,
  };
  return table[id];
}
