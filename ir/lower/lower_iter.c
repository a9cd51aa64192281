/* What can be stepped through: range, arrays, tuples, enumerate, zip, reversed, np.ndindex, np.ndenumerate, a.flat, comprehensions. Each
 * is a number of steps, read once before the first, and an element for each step; steps are FOR loops that count by one, nested for
 * index spaces of several axes and for comprehensions. In: the expression stepped through. Out: open loops, the element of a step, the
 * loops closed. What happens in the body is the caller's. */
#include "ir/lower/lower_scalar.h"

static const Type *int_type(const Lower *lo) { return type_scalar(lo->types, DT_INT64); }

static IrExpr *stable_int(Lower *lo, const Expr *e) {
  int64_t known;
  if (spec_const_int(lo->spec, e, &known)) return ir_int(&lo->b, known);
  return lower_stable(lo, lower_convert(lo, lower_open(lo, lower_expr(lo, e), e->span), int_type(lo), e->span));
}

/* ---- range ---- */

/* ceil((hi - lo) / step) when lo < hi, else 0: the difference is taken as unsigned, so that it cannot overflow. */
static IrExpr *steps_between(Lower *lo, IrExpr *from, IrExpr *to, IrExpr *step) {
  IrBuilder *b = &lo->b;
  const Type *wide = type_scalar(lo->types, DT_UINT64);
  IrExpr *gap = ir_cast(b, wide, ix_sub(lo, to, from));
  IrExpr *more =
      ir_binary(b, IR_FLOORDIV, wide, ir_binary(b, IR_SUB, wide, gap, ir_uint(b, wide, 1)), lower_convert(lo, step, wide, b->span));
  return ir_select(b, ir_compare(b, IR_LT, from, to), ix_add(lo, ir_cast(b, int_type(lo), more), ir_int(b, 1)), ir_int(b, 0));
}

static void range_init(Lower *lo, Iter *it, const Callee *callee) {
  IrBuilder *b = &lo->b;
  Expr *const *args = callee->args;
  bool has_stop = callee->count > 1 && args[1];
  it->kind = ITER_RANGE;
  it->lo = has_stop ? stable_int(lo, args[0]) : ir_int(b, 0);
  it->hi = stable_int(lo, has_stop ? args[1] : args[0]);
  it->step = callee->count > 2 && args[2] ? stable_int(lo, args[2]) : ir_int(b, 1);
  if (ir_is_int_const(it->step, &it->step_value)) {
    int64_t step = it->step_value;
    if (step == 1)
      it->count = lower_stable(lo, ix_sub(lo, it->hi, it->lo));
    else if (step == -1)
      it->count = lower_stable(lo, ix_sub(lo, it->lo, it->hi));
    else if (step > 0)
      it->count = lower_bind(lo, NULL, steps_between(lo, it->lo, it->hi, it->step));
    else
      it->count = lower_bind(lo, NULL, steps_between(lo, it->hi, it->lo, ir_int(b, (int64_t)(0 - (uint64_t)step))));
    return;
  }
  IrExpr *zero = ir_int(b, 0);
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_NE, it->step, zero), VALUE_ERROR, "range() arg 3 must not be zero", NULL, NULL, NULL, NULL);
  IrExpr *up = steps_between(lo, it->lo, it->hi, it->step);
  IrExpr *down = steps_between(lo, it->hi, it->lo, ir_unary(b, IR_NEG, int_type(lo), it->step));
  it->count = lower_bind(lo, NULL, ir_select(b, ir_compare(b, IR_GT, it->step, zero), up, down));
}

static IrExpr *range_at(Lower *lo, const Iter *it, IrExpr *k) {
  if (it->step_value == -1) return ix_sub(lo, it->lo, k);
  return ix_add(lo, it->lo, ix_mul(lo, k, it->step));
}

/* The values of a range whose step is not 1 lie in lo <= i < hi; both, and the last value where the direction is known, are computed before the loop. */
static void range_limits(Lower *lo, const Iter *it, IrExpr *limits[3]) {
  IrBuilder *b = &lo->b;
  limits[0] = it->lo, limits[1] = it->hi, limits[2] = NULL;
  if (it->step_value != -1) limits[2] = lower_stable(lo, range_at(lo, it, ix_sub(lo, it->count, ir_int(b, 1))));
  if (it->step_value > 0) return;
  IrExpr *down[2] = {lower_stable(lo, ix_add(lo, it->hi, ir_int(b, 1))), lower_stable(lo, ix_add(lo, it->lo, ir_int(b, 1)))};
  IrExpr *up = it->step_value ? NULL : ir_compare(b, IR_GT, it->step, ir_int(b, 0));
  for (int i = 0; i < 2; i++) limits[i] = up ? lower_stable(lo, ir_select(b, up, limits[i], down[i])) : down[i];
}

/* The value of step k as a variable that says so. */
static IrExpr *ranged_at(Lower *lo, const Iter *it, IrExpr *k, IrExpr *const limits[3]) {
  IrVar *var = ir_let(&lo->b, NULL, range_at(lo, it, k));
  var->lo = limits[0], var->hi = limits[1];
  var->last = limits[2], var->down = it->step_value < 0;
  return lower_convert(lo, ir_var(&lo->b, var), it->element, lo->b.span);
}

/* ---- the others ---- */

static void array_init(Lower *lo, Iter *it, IrExpr *value, Span at) {
  value = lower_open(lo, value, at);
  IrExpr *bound = lower_bind(lo, NULL, value); /* kept alive while it is stepped through */
  it->kind = ITER_ARRAY;
  it->array = lower_bind_array(lo, bound);
  it->count = lower_stable(lo, ir_shape(&lo->b, it->array, 0));
}

static void tuple_init(Lower *lo, Iter *it, IrExpr *value, Span at) {
  uint32_t count = value->type->count;
  const Type **elems = arena_array(lo->arena, const Type *, count + 1);
  for (uint32_t i = 0; i < count; i++) elems[i] = it->element;
  it->kind = ITER_TUPLE;
  it->tuple = lower_bind(lo, NULL, lower_convert(lo, value, type_tuple(lo->types, elems, count), at));
  it->count = ir_int(&lo->b, count);
}

static void parts_init(Lower *lo, Iter *it, const Callee *callee, uint32_t count) {
  it->parts = arena_array(lo->arena, Iter, count + 1);
  it->part_count = count;
  for (uint32_t i = 0; i < count; i++) iter_init(lo, &it->parts[i], callee->args[i]);
  it->count = count ? it->parts[0].count : ir_int(&lo->b, 0);
  for (uint32_t i = 1; i < count; i++) it->count = ix_min(lo, it->count, it->parts[i].count);
  it->count = lower_stable(lo, it->count);
}

/* Index spaces of several axes. */
static void space_init(Lower *lo, Iter *it, IterKind kind, const Callee *callee) {
  it->kind = kind;
  if (kind == ITER_NDINDEX) {
    for (uint32_t i = 0; i < callee->count; i++) {
      IrExpr *value = lower_bind(lo, NULL, lower_expr(lo, callee->args[i]));
      uint32_t n = type_is_tuple(value->type) ? value->type->count : 1;
      for (uint32_t k = 0; k < n; k++) {
        IrExpr *extent = type_is_tuple(value->type) ? lower_get(lo, value, k) : value;
        it->extent[it->ndim++] = lower_stable(lo, lower_convert(lo, extent, int_type(lo), callee->args[i]->span));
      }
    }
  } else {
    array_init(lo, it, lower_expr(lo, callee->args[0]), callee->args[0]->span);
    it->kind = kind;
    it->ndim = it->array->type->ndim;
    lower_shape_of(lo, it->array, it->extent);
  }
  it->count = ir_int(&lo->b, 1);
  for (uint32_t d = 0; d < it->ndim; d++) it->count = ix_mul(lo, it->count, ix_max(lo, it->extent[d], ir_int(&lo->b, 0)));
  it->count = lower_stable(lo, it->count);
}

static void call_init(Lower *lo, Iter *it, const Expr *e) {
  const Callee *callee = spec_callee(lo->spec, e);
  switch ((int)callee->builtin->id) {
  case BI_RANGE:
  case BI_PRANGE: range_init(lo, it, callee); return;
  case BI_ENUMERATE:
    it->kind = ITER_ENUMERATE;
    parts_init(lo, it, callee, 1);
    it->lo = callee->count > 1 && callee->args[1] ? stable_int(lo, callee->args[1]) : ir_int(&lo->b, 0);
    return;
  case BI_ZIP:
    it->kind = ITER_ZIP;
    parts_init(lo, it, callee, callee->count);
    return;
  case BI_REVERSED:
    it->kind = ITER_REVERSED;
    parts_init(lo, it, callee, 1);
    return;
  case BI_NDINDEX: space_init(lo, it, ITER_NDINDEX, callee); return;
  case BI_NDENUMERATE: space_init(lo, it, ITER_NDENUMERATE, callee); return;
  case BI_A_FLAT: space_init(lo, it, ITER_FLAT, callee); return;
  default: break;
  }
  lower_unsupported(lo, e->span, lo->types->none, "%s cannot be stepped through yet", callee->builtin->name);
  it->count = ir_int(&lo->b, 0);
}

void iter_init(Lower *lo, Iter *it, const Expr *e) {
  const Type *type = lower_type(lo, e);
  *it = (Iter){0};
  if (type->kind == TYPE_OPTIONAL) type = type->elems[0];
  Span saved = lo->b.span;
  lo->b.span = e->span;
  if (type->kind == TYPE_ITER && e->kind != EXPR_COMP) {
    it->element = type->elems[0];
    call_init(lo, it, e);
  } else if (type_is_array(type)) {
    array_init(lo, it, lower_expr(lo, e), e->span);
    const Type *t = it->array->type;
    Layout layout = t->layout == LAYOUT_C ? LAYOUT_C : LAYOUT_A;
    it->element = t->ndim == 1 ? type_scalar(lo->types, t->dtype) : type_array(lo->types, t->dtype, t->ndim - 1u, layout, t->readonly);
  } else if (type_is_tuple(type)) {
    for (uint32_t i = 0; i < type->count; i++)
      it->element = it->element ? type_unify(lo->types, it->element, type->elems[i]) : type->elems[i];
    tuple_init(lo, it, lower_open(lo, lower_expr(lo, e), e->span), e->span);
  } else {
    lower_unsupported(lo, e->span, lo->types->none, "%s cannot be stepped through here yet", type_name(type));
    it->count = ir_int(&lo->b, 0);
  }
  lo->b.span = saved;
}

/* The indices of step k in C order. */
static void unravel(Lower *lo, const Iter *it, IrExpr *k, IrExpr **index) {
  for (uint32_t d = it->ndim; d-- > 1;) {
    index[d] = lower_stable(lo, ir_binary(&lo->b, IR_SAFE_MOD, int_type(lo), k, it->extent[d]));
    k = lower_stable(lo, ir_binary(&lo->b, IR_SAFE_FLOORDIV, int_type(lo), k, it->extent[d]));
  }
  if (it->ndim) index[0] = k;
}

static IrExpr *space_at(Lower *lo, const Iter *it, IrExpr *const *index) {
  const Type *tuple = it->kind == ITER_NDINDEX ? it->element : it->kind == ITER_NDENUMERATE ? it->element->elems[0] : NULL;
  IrExpr *at = tuple ? ir_tuple(&lo->b, tuple, index, it->ndim) : NULL;
  if (it->kind == ITER_NDINDEX) return at;
  IrExpr *value = ir_load(&lo->b, it->array, index);
  if (it->kind == ITER_FLAT) return value;
  IrExpr *items[] = {at, value};
  return ir_tuple(&lo->b, it->element, items, 2);
}

IrExpr *iter_at(Lower *lo, const Iter *it, IrExpr *k) {
  IrBuilder *b = &lo->b;
  switch (it->kind) {
  case ITER_RANGE: return lower_convert(lo, range_at(lo, it, k), it->element, b->span);
  case ITER_ARRAY: return lower_row(lo, it->array, k, it->element);
  case ITER_TUPLE: {
    if (!lower_has_content(it->element)) return ir_none(b, it->element);
    IrExpr *args[] = {it->tuple, k};
    return lower_array_value(lo, ir_expr(b, IR_GET_AT, it->element, args, 2));
  }
  case ITER_ENUMERATE: {
    IrExpr *items[] = {ix_add(lo, it->lo, k), iter_at(lo, &it->parts[0], k)};
    return ir_tuple(b, it->element, items, 2);
  }
  case ITER_ZIP: {
    IrExpr **items = arena_array(lo->arena, IrExpr *, it->part_count + 1);
    for (uint32_t i = 0; i < it->part_count; i++) items[i] = iter_at(lo, &it->parts[i], k);
    return ir_tuple(b, it->element, items, it->part_count);
  }
  case ITER_REVERSED: {
    const Iter *part = &it->parts[0];
    IrExpr *back = ix_sub(lo, ix_sub(lo, part->count, ir_int(b, 1)), k);
    return iter_at(lo, part, lower_stable(lo, back));
  }
  case ITER_FLAT:
  case ITER_NDINDEX:
  case ITER_NDENUMERATE: {
    IrExpr *index[TYPE_MAX_NDIM];
    unravel(lo, it, k, index);
    return space_at(lo, it, index);
  }
  }
  LJ_UNREACHABLE();
}

/* ---- nests of loops ---- */

static void push_level(Lower *lo, LoopNest *nest, IrStmt *loop, IrBlock *body) {
  LoopLevel level = {.loop = loop, .outer = lo->b.block, .mark = lo->temps.len};
  vec_push(lo->arena, &nest->levels, level);
  lo->b.block = body;
}

static IrVar *open_for(Lower *lo, LoopNest *nest, IrVar *index, IrExpr *from, IrExpr *to, bool parallel) {
  IrStmt *s = ir_stmt(&lo->b, IRS_FOR);
  if (!index) {
    index = ir_new_var(&lo->b, NULL, int_type(lo));
    index->once = true;
  }
  s->as.for_.index = index;
  s->as.for_.lo = from;
  s->as.for_.hi = to;
  s->as.for_.loop.parallel = parallel;
  push_level(lo, nest, s, &s->as.for_.body);
  return index;
}

/* A name whose only version is the loop's index can be the index. */
static IrVar *index_of_name(const Lower *lo, const Expr *target) {
  if (!target || target->kind != EXPR_NAME || !target->ref.def) return NULL;
  IrVar *var = lo->def_vars[target->ref.def->id];
  return var && var->once && !var->is_param && type_is(var->type, DT_INT64) ? var : NULL;
}

IrExpr *nest_open(Lower *lo, LoopNest *nest, const Expr *iterable, const Expr *target, bool parallel) {
  if (iterable->kind == EXPR_COMP) return nest_open_comp(lo, nest, iterable);
  Iter it;
  uint32_t mark = lo->temps.len;
  iter_init(lo, &it, iterable);
  if (!nest->levels.len) nest->header = mark;
  bool is_space = it.kind == ITER_FLAT || it.kind == ITER_NDINDEX || it.kind == ITER_NDENUMERATE;
  if (is_space && it.ndim > 0) {
    IrExpr *index[TYPE_MAX_NDIM];
    for (uint32_t d = 0; d < it.ndim; d++) index[d] = ir_var(&lo->b, open_for(lo, nest, NULL, ir_int(&lo->b, 0), it.extent[d], false));
    return space_at(lo, &it, index);
  }
  if (it.kind == ITER_RANGE && it.step_value == 1) {
    IrVar *index = open_for(lo, nest, index_of_name(lo, target), it.lo, it.hi, parallel);
    return lower_convert(lo, ir_var(&lo->b, index), it.element, iterable->span);
  }
  if (it.kind == ITER_RANGE) {
    IrExpr *limits[3];
    range_limits(lo, &it, limits);
    IrVar *index = open_for(lo, nest, NULL, ir_int(&lo->b, 0), it.count, parallel);
    return ranged_at(lo, &it, ir_var(&lo->b, index), limits);
  }
  const Expr *counter = NULL;
  bool is_pair = target && (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST) && target->as.list.items.len == 2;
  if (it.kind == ITER_ENUMERATE && ix_is(it.lo, 0) && is_pair) counter = target->as.list.items.data[0];
  IrVar *index = open_for(lo, nest, index_of_name(lo, counter), ir_int(&lo->b, 0), it.count, parallel);
  return iter_at(lo, &it, ir_var(&lo->b, index));
}

IrExpr *nest_open_comp(Lower *lo, LoopNest *nest, const Expr *comp) {
  for (uint32_t i = 0; i < comp->as.comp.clauses.len; i++) {
    const CompFor *clause = &comp->as.comp.clauses.data[i];
    IrExpr *element = nest_open(lo, nest, clause->iter, clause->target, false);
    lower_assign(lo, clause->target, element, clause->target->span);
    for (uint32_t k = 0; k < clause->conds.len; k++) {
      IrExpr *cond = lower_cond(lo, clause->conds.data[k]);
      IrStmt *s = ir_stmt(&lo->b, IRS_IF);
      s->as.if_.cond = cond;
      push_level(lo, nest, s, &s->as.if_.then);
    }
  }
  return lower_expr(lo, comp->as.comp.elt);
}

void nest_end(Lower *lo, LoopNest *nest) {
  bool inside = false; /* a loop that a jump must leave, too, is around */
  uint32_t loops = 0;
  for (uint32_t i = 0; i < nest->levels.len; i++) loops += nest->levels.data[i].loop->kind == IRS_FOR;
  while (nest->levels.len) {
    LoopLevel level = vec_last(&nest->levels);
    nest->levels.len--;
    lower_drop_temps(lo, level.mark);
    lo->b.block = level.outer;
    inside = level.loop->kind == IRS_FOR && --loops > 0;
    if (!inside || !nest->broke) continue;
    IrStmt *s = ir_stmt(&lo->b, IRS_IF);
    s->as.if_.cond = ir_var(&lo->b, nest->broke);
    IrBlock *outer = lower_enter(lo, &s->as.if_.then);
    ir_stmt(&lo->b, IRS_BREAK);
    lower_leave(lo, outer);
  }
}

void lower_leave_nest(Lower *lo, LoopNest *nest) {
  if (nest->broke) ir_set(&lo->b, nest->broke, ir_bool(&lo->b, true));
  ir_stmt(&lo->b, IRS_BREAK);
}

void lower_each(Lower *lo, const Expr *iterable, EachFn body, void *data) {
  LoopNest nest = {0};
  IrExpr *element = nest_open(lo, &nest, iterable, NULL, false);
  body(lo, &nest, element, data);
  nest_end(lo, &nest);
}
