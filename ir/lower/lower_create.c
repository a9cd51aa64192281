/* Creation of arrays and copies: zeros, full, arange, linspace, eye, np.array, fill, contiguous copies; and the table of array rows.
 * In: a call resolved to a row of builtins.def. Out: ALLOC (the runtime refuses bad sizes), then a MAP that fills. */
#include "ir/lower/lower_array.h"

static bool is_given(const Lower *lo, const Callee *callee, uint32_t i) {
  return i < callee->count && callee->args[i] && lower_type(lo, callee->args[i])->kind != TYPE_NONE;
}

/* The value of an optional argument as int64, else a constant. */
static IrExpr *int_arg(Lower *lo, const Callee *callee, uint32_t i, int64_t otherwise) {
  int64_t known;
  if (!is_given(lo, callee, i)) return ir_int(&lo->b, otherwise);
  const Expr *e = callee->args[i];
  if (spec_const_int(lo->spec, e, &known)) return ir_int(&lo->b, known);
  return lower_bind(lo, NULL, ir_cast(&lo->b, lower_int_type(lo), lower_open(lo, lower_expr(lo, e), e->span)));
}

static IrExpr *scalar_arg(Lower *lo, const Expr *e, const Type *to) {
  IrExpr *value = lower_open(lo, lower_expr(lo, e), e->span);
  return lower_stable(lo, to ? ir_cast(&lo->b, to, value) : value);
}

static IrVar *alloc_like(Lower *lo, const Type *type, IrVar *proto, bool zero) {
  IrExpr *shape[TYPE_MAX_NDIM];
  lower_shape_of(lo, proto, shape);
  return lower_alloc(lo, type, shape, zero);
}

/* ---- zeros, ones, empty, full and their likes ---- */

static IrExpr *rule_new(Lower *lo, const Expr *call, const Callee *callee) {
  BuiltinId id = callee->builtin->id;
  const Type *type = lower_type(lo, call), *item = lower_elem_type(lo, type);
  IrExpr *shape[3 * TYPE_MAX_NDIM], *fill = NULL;
  (void)lower_dims(lo, callee->args, 1, shape);
  if (id == BI_FULL) fill = scalar_arg(lo, callee->args[1], item);
  if (id == BI_ONES) fill = ir_const(&lo->b, item, 1);
  IrVar *array = lower_alloc(lo, type, shape, id == BI_ZEROS);
  if (fill) lower_fill(lo, array, fill);
  return ir_var(&lo->b, array);
}

static IrExpr *rule_like(Lower *lo, const Expr *call, const Callee *callee) {
  BuiltinId id = callee->builtin->id;
  const Type *type = lower_type(lo, call), *item = lower_elem_type(lo, type);
  IrExpr *fill = id == BI_ONES_LIKE ? ir_const(&lo->b, item, 1) : NULL;
  IrVar *proto = lower_pin(lo, lower_array_of(lo, callee->args[0]));
  if (id == BI_FULL_LIKE) fill = scalar_arg(lo, callee->args[1], item);
  IrVar *array = alloc_like(lo, type, proto, id == BI_ZEROS_LIKE);
  if (fill) lower_fill(lo, array, fill);
  return ir_var(&lo->b, array);
}

/* ---- arange, linspace ---- */

typedef struct Progression { /* start, start + delta, … in the array's dtype */
  IrExpr *start, *delta, *count;
} Progression;

/* ceil((stop - start) / step); never negative. */
static IrExpr *int_steps(Lower *lo, IrExpr *start, IrExpr *stop, IrExpr *step) {
  IrBuilder *b = &lo->b;
  const Type *int_type = lower_int_type(lo);
  IrExpr *zero = ir_int(b, 0), *count = ix_sub(lo, stop, start);
  if (!ix_is(step, 1)) {
    if (!ir_is_const(step) || ix_is(step, 0))
      ir_check(b, CHECK_DIVISOR, ir_compare(b, IR_NE, step, zero), ZERO_DIVISION_ERROR, "division by zero", NULL, NULL, NULL, NULL);
    count = ir_unary(b, IR_NEG, int_type, ir_binary(b, IR_SAFE_FLOORDIV, int_type, ix_sub(lo, start, stop), step));
  }
  return lower_stable(lo, ix_max(lo, count, zero));
}

static IrExpr *float_steps(Lower *lo, IrExpr *start, IrExpr *stop, IrExpr *step) {
  IrBuilder *b = &lo->b;
  const Type *real = type_scalar(lo->types, DT_FLOAT64);
  IrExpr *ratio = ir_binary(b, IR_DIV, real, ir_binary(b, IR_SUB, real, stop, start), step);
  ratio = lower_bind(lo, NULL, ir_math(b, MATH_CEIL, real, &ratio, 1));
  IrExpr *zero = ir_float(b, 0), *most = ir_float(b, 4611686018427387904.0);
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_LE, ratio, most), VALUE_ERROR, "Maximum allowed size exceeded", NULL, NULL, NULL, NULL);
  IrExpr *positive = ir_select(b, ir_compare(b, IR_GT, ratio, zero), ratio, zero);
  return lower_bind(lo, NULL, ir_cast(b, lower_int_type(lo), positive));
}

static IrVar *fill_progression(Lower *lo, const Type *type, const Progression *p) {
  const Type *item = lower_elem_type(lo, type);
  IrVar *array = lower_alloc(lo, type, &p->count, false);
  Nest nest;
  nest_map(lo, &nest, 1, &p->count, false);
  IrExpr *steps = ir_binary(&lo->b, IR_MUL, p->delta->type, ir_cast(&lo->b, p->delta->type, nest.index[0]), p->delta);
  IrExpr *value = ir_binary(&lo->b, IR_ADD, p->delta->type, p->start, steps);
  ir_store(&lo->b, array, nest.index, ir_cast(&lo->b, item, value));
  nest_close(lo, &nest);
  return array;
}

static bool is_float_arg(const Lower *lo, const Expr *e) {
  const Type *t = lower_type(lo, e);
  return type_is_float(t->kind == TYPE_OPTIONAL ? t->elems[0] : t);
}

/* NumPy computes the first two elements and goes on with their difference. */
static IrExpr *rule_arange(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call), *item = lower_elem_type(lo, type), *work = lower_int_type(lo);
  Expr *given[3];
  IrExpr *v[3];
  uint32_t count = 0;
  for (uint32_t i = 0; i < 3; i++)
    if (is_given(lo, callee, i)) given[count++] = callee->args[i];
  for (uint32_t i = 0; i < count; i++)
    if (is_float_arg(lo, given[i])) work = type_scalar(lo->types, DT_FLOAT64);
  LJ_ASSERT(count > 0);
  lower_exprs(lo, given, count, v);
  for (uint32_t i = 0; i < count; i++) {
    int64_t known;
    bool is_const = type_is_int(work) && spec_const_int(lo->spec, given[i], &known);
    v[i] = is_const ? ir_int(b, known) : lower_stable(lo, ir_cast(b, work, lower_open(lo, v[i], given[i]->span)));
  }
  bool one = !is_given(lo, callee, 1), has_step = is_given(lo, callee, 2);
  IrExpr *start = one ? ir_const(b, work, 0) : v[0], *stop = one ? v[0] : v[1], *step = has_step ? v[count - 1] : ir_const(b, work, 1);
  Progression p = {start, step, NULL};
  p.count = type_is_int(work) ? int_steps(lo, start, stop, step) : float_steps(lo, start, stop, step);
  if (!type_is_int(work) || !dtype_is_int(item->dtype)) {
    IrExpr *second = ir_cast(b, item, ir_binary(b, IR_ADD, work, start, step));
    p.start = lower_stable(lo, ir_cast(b, item, start));
    p.delta = type_is_bool(item) ? second : lower_stable(lo, ir_binary(b, IR_SUB, item, second, p.start));
  }
  return ir_var(b, fill_progression(lo, type, &p));
}

static IrExpr *rule_linspace(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call), *item = lower_elem_type(lo, type);
  IrExpr *start = scalar_arg(lo, callee->args[0], item), *stop = scalar_arg(lo, callee->args[1], item);
  Progression p = {.start = start, .count = int_arg(lo, callee, 2, 50)};
  if (!ir_is_const(p.count))
    ir_check(b, CHECK_VALUE, ir_compare(b, IR_GE, p.count, ir_int(b, 0)), VALUE_ERROR, "Number of samples, %d, must be non-negative.",
             p.count, NULL, NULL, NULL);
  IrExpr *gaps = lower_stable(lo, ix_sub(lo, p.count, ir_int(b, 1))), *some = ir_compare(b, IR_GT, gaps, ir_int(b, 0));
  IrExpr *distance = lower_stable(lo, ir_binary(b, IR_SUB, item, stop, start));
  IrExpr *divisor = ir_cast(b, item, ir_select(b, some, gaps, ir_int(b, 1)));
  p.delta = lower_bind(lo, NULL, ir_binary(b, IR_DIV, item, distance, divisor));
  IrVar *array = fill_progression(lo, type, &p);
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = some;
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  ir_store(b, array, &gaps, stop);
  lower_leave(lo, outer);
  return ir_var(b, array);
}

static IrExpr *rule_eye(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  const Type *type = lower_type(lo, call);
  bool square = callee->builtin->id == BI_IDENTITY;
  IrExpr *zero = ir_int(b, 0), *shape[2];
  shape[0] = int_arg(lo, callee, 0, 0);
  shape[1] = !square && is_given(lo, callee, 1) ? int_arg(lo, callee, 1, 0) : shape[0];
  IrExpr *k = square ? zero : int_arg(lo, callee, 2, 0);
  IrVar *array = lower_alloc(lo, type, shape, true);
  IrExpr *row = lower_stable(lo, ix_max(lo, ix_sub(lo, zero, k), zero)), *column = lower_stable(lo, ix_max(lo, k, zero));
  IrExpr *count = ix_min(lo, ix_sub(lo, shape[0], row), ix_sub(lo, shape[1], column)), *at[2];
  count = lower_stable(lo, ix_max(lo, count, zero));
  Nest nest;
  nest_map(lo, &nest, 1, &count, false);
  at[0] = ix_add(lo, nest.index[0], row);
  at[1] = ix_add(lo, nest.index[0], column);
  ir_store(b, array, at, ir_const(b, lower_elem_type(lo, type), 1));
  nest_close(lo, &nest);
  return ir_var(b, array);
}

/* ---- copies ---- */

static IrExpr *copy_as(Lower *lo, IrVar *from, const Type *type) {
  IrVar *to = alloc_like(lo, type, from, false);
  lower_copy_into(lo, to, from);
  return ir_var(&lo->b, to);
}

static IrExpr *rule_array(Lower *lo, const Expr *call, const Callee *callee) {
  const Expr *e = callee->args[0];
  const Type *type = lower_type(lo, call);
  if (e->kind == EXPR_LIST || e->kind == EXPR_TUPLE || e->kind == EXPR_COMP) return lower_display(lo, e, type, call->span);
  IrExpr *value = lower_open(lo, lower_expr(lo, e), e->span);
  if (type_is_array(value->type)) {
    if (callee->builtin->id == BI_ASARRAY && value->type == type) return value;
    return copy_as(lo, lower_pin(lo, lower_bind_array(lo, value)), type);
  }
  if (type_is_tuple(value->type))
    value = lower_bind(lo, NULL, value);
  else
    value = lower_stable(lo, value);
  uint32_t count = type_is_tuple(value->type) ? value->type->count : 0;
  IrExpr *extent = ir_int(&lo->b, count);
  IrVar *array = lower_alloc(lo, type, &extent, false);
  if (type->ndim == 0) lower_fill(lo, array, ir_cast(&lo->b, lower_elem_type(lo, type), value));
  for (uint32_t i = 0; i < count; i++) {
    IrExpr *at = ir_int(&lo->b, i), *item = lower_open(lo, ir_get(&lo->b, value, i), e->span);
    ir_store(&lo->b, array, &at, ir_cast(&lo->b, lower_elem_type(lo, type), item));
  }
  return ir_var(&lo->b, array);
}

static IrExpr *rule_copy(Lower *lo, const Expr *call, const Callee *callee) {
  return copy_as(lo, lower_pin(lo, lower_array_of(lo, callee->args[0])), lower_type(lo, call));
}

/* The array itself when its type says that it is in order. */
static IrExpr *rule_contiguous(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  IrVar *a = lower_pin(lo, lower_array_of(lo, callee->args[0]));
  if (a->type == type) return ir_var(&lo->b, a);
  if (a->type->ndim == 0 || (a->type->ndim < 2 && a->type->layout == LAYOUT_C) || a->type->layout == type->layout) {
    View v;
    view_of(lo, &v, a);
    if (v.ndim == 0) v.ndim = 1, v.shape[0] = ir_int(&lo->b, 1), v.stride[0] = ir_int(&lo->b, 0);
    return ir_var(&lo->b, view_var(lo, NULL, type, &v));
  }
  return copy_as(lo, a, type);
}

static IrExpr *rule_fill(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *values[2];
  lower_exprs(lo, callee->args, 2, values);
  lower_assign_value(lo, lower_bind_array(lo, values[0]), values[1], call->span);
  return ir_none(&lo->b, lower_type(lo, call));
}

/* ---- the table ---- */

static ArrayRule create_rule(BuiltinId id) {
  static const ArrayRule table[BI_COUNT] = {
      [BI_ZEROS] = rule_new,
      [BI_ONES] = rule_new,
      [BI_EMPTY] = rule_new,
      [BI_FULL] = rule_new,
      [BI_ZEROS_LIKE] = rule_like,
      [BI_ONES_LIKE] = rule_like,
      [BI_EMPTY_LIKE] = rule_like,
      [BI_FULL_LIKE] = rule_like,
      [BI_ARANGE] = rule_arange,
      [BI_LINSPACE] = rule_linspace,
      [BI_EYE] = rule_eye,
      [BI_IDENTITY] = rule_eye,
      [BI_ARRAY] = rule_array,
      [BI_ASARRAY] = rule_array,
      [BI_COPY] = rule_copy,
      [BI_A_COPY] = rule_copy,
      [BI_ASCONTIGUOUS] = rule_contiguous,
      [BI_ASFORTRAN] = rule_contiguous,
      [BI_A_FILL] = rule_fill,
  };
  return table[id];
}

IrExpr *lower_array_builtin(Lower *lo, const Expr *call, const Callee *callee) {
  if (lower_is_elementwise(lo, call)) return lower_array_expr(lo, call);
  ArrayRule rule = create_rule(callee->builtin->id);
  if (!rule) rule = lower_shape_rule(callee->builtin->id);
  if (!rule) rule = lower_views_rule(callee->builtin->id);
  if (!rule) rule = lower_matmul_rule(callee->builtin->id);
  if (!rule) rule = lower_random_rule(callee->builtin->id);
  if (!rule) rule = lower_linalg_rule(callee->builtin->id);
  if (!rule) return lower_unsupported(lo, call->span, lower_type(lo, call), "%s", callee->builtin->name);
  Span saved = lo->b.span;
  lo->b.span = call->span;
  IrExpr *value = rule(lo, call, callee);
  lo->b.span = saved;
  return value;
}
