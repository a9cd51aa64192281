/* np.random: calls of the runtime, which keeps the streams. In: calls of the rows numpy.random.*. Out: a number or a new array.
 * The top level and the functions draw from different streams: which one is decided here, by where the call stands. */
#include "ir/lower/lower_array.h"

#include "base/numlib.h"

static bool is_given(const Lower *lo, const Callee *callee, uint32_t i) {
  return i < callee->count && callee->args[i] && lower_type(lo, callee->args[i])->kind != TYPE_NONE;
}

static IrExpr *stream(Lower *lo) { return ir_int(&lo->b, lo->top_level ? 0 : 1); }

/* The arguments that are given, evaluated in order; NULL for the others. */
static void lower_given(Lower *lo, const Callee *callee, uint32_t count, IrExpr **out) {
  Expr *list[8] = {0};
  IrExpr *values[8];
  uint32_t n = 0;
  LJ_ASSERT(count <= LJ_COUNT(list));
  for (uint32_t i = 0; i < count; i++)
    if (is_given(lo, callee, i)) list[n++] = callee->args[i];
  lower_exprs(lo, list, n, values);
  n = 0;
  for (uint32_t i = 0; i < count; i++) {
    out[i] = NULL;
    if (!is_given(lo, callee, i)) continue;
    out[i] = lower_open(lo, values[n++], callee->args[i]->span);
  }
}

/* The extents that `size` names. */
static void size_shape(Lower *lo, IrExpr *size, IrExpr **shape) {
  bool is_tuple = type_is_tuple(size->type);
  uint32_t n = is_tuple ? size->type->count : 1;
  if (is_tuple) size = lower_bind(lo, NULL, size);
  for (uint32_t d = 0; d < n; d++)
    shape[d] = lower_stable(lo, ir_cast(&lo->b, lower_int_type(lo), is_tuple ? ir_get(&lo->b, size, d) : size));
}

typedef struct Draw {
  DrawKind kind;
  IrExpr *i, *j, *x, *y; /* NULL: 0 */
} Draw;

static IrExpr *draw(Lower *lo, const Draw *d, const Type *type, IrExpr *const *shape) {
  IrBuilder *b = &lo->b;
  IrExpr *zero = ir_int(b, 0), *real_zero = ir_float(b, 0);
  if (d->kind == DRAW_RANDOM && type_is_scalar(type)) {
    IrVar *result = ir_new_var(b, NULL, type);
    result->once = true;
    ir_runtime(b, "lj_rt_random_next", (IrExpr *[]){stream(lo)}, 1, result, false);
    return ir_var(b, result);
  }
  IrExpr *args[8] = {stream(lo),         ir_int(b, d->kind),      d->i ? d->i : zero,
                     d->j ? d->j : zero, d->x ? d->x : real_zero, d->y ? d->y : real_zero};
  if (type_is_scalar(type)) {
    IrVar *result = ir_new_var(b, NULL, type);
    result->once = true;
    ir_runtime(b, "lj_rt_random_draw", args, 6, result, true);
    return ir_var(b, result);
  }
  IrVar *array = lower_alloc(lo, type, shape, false);
  args[6] = ir_int(b, type->ndim);
  args[7] = ir_var(b, array);
  ir_runtime(b, "lj_rt_random_fill", args, 8, NULL, true);
  return ir_var(b, array);
}

static IrExpr *as_real(Lower *lo, IrExpr *value, double otherwise) {
  return value ? ir_cast(&lo->b, type_scalar(lo->types, DT_FLOAT64), value) : ir_float(&lo->b, otherwise);
}

static IrExpr *as_int(Lower *lo, IrExpr *value) { return ir_cast(&lo->b, lower_int_type(lo), value); }

/* The parameters of a row, with NumPy's defaults. */
static Draw parameters(Lower *lo, const Builtin *row, IrExpr *const *v) {
  Draw d = {.kind = (DrawKind)row->typing_arg};
  switch (d.kind) {
  case DRAW_RANDOM: return d;
  case DRAW_UNIFORM: d.x = as_real(lo, v[0], 0), d.y = as_real(lo, v[1], 1); return d;
  case DRAW_NORMAL:
  case DRAW_LOGNORMAL:
    d.x = row->id == BI_R_STANDARD_NORMAL ? ir_float(&lo->b, 0) : as_real(lo, v[0], 0);
    d.y = row->id == BI_R_STANDARD_NORMAL ? ir_float(&lo->b, 1) : as_real(lo, v[1], 1);
    return d;
  case DRAW_EXPONENTIAL: d.x = row->id == BI_R_STANDARD_EXPONENTIAL ? ir_float(&lo->b, 1) : as_real(lo, v[0], 1); return d;
  case DRAW_GAMMA: d.x = as_real(lo, v[0], 1), d.y = row->id == BI_R_STANDARD_GAMMA ? ir_float(&lo->b, 1) : as_real(lo, v[1], 1); return d;
  case DRAW_BETA: d.x = as_real(lo, v[0], 1), d.y = as_real(lo, v[1], 1); return d;
  case DRAW_CHISQUARE:
  case DRAW_POISSON: d.x = as_real(lo, v[0], 1); return d;
  case DRAW_RANDINT:
    d.i = v[1] ? as_int(lo, v[0]) : ir_int(&lo->b, 0);
    d.j = as_int(lo, v[1] ? v[1] : v[0]);
    return d;
  case DRAW_BINOMIAL: d.i = as_int(lo, v[0]), d.x = as_real(lo, v[1], 0); return d;
  case DRAW_ARANGE: break;
  }
  LJ_UNREACHABLE();
}

static IrExpr *rule_draw(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *v[8], *shape[TYPE_MAX_NDIM];
  lower_given(lo, callee, callee->count, v);
  if (v[callee->count - 1]) size_shape(lo, v[callee->count - 1], shape);
  Draw d = parameters(lo, callee->builtin, v);
  return draw(lo, &d, lower_type(lo, call), shape);
}

static IrExpr *rule_rand(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *shape[3 * TYPE_MAX_NDIM];
  (void)lower_dims(lo, callee->args, callee->count, shape);
  Draw d = {.kind = callee->builtin->id == BI_R_RANDN ? DRAW_NORMAL : DRAW_RANDOM, .y = ir_float(&lo->b, 1)};
  return draw(lo, &d, lower_type(lo, call), shape);
}

static IrExpr *rule_seed(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *v[1];
  lower_given(lo, callee, 1, v);
  ir_runtime(&lo->b, "lj_rt_random_seed", (IrExpr *[]){stream(lo), as_int(lo, v[0])}, 2, NULL, true);
  return ir_none(&lo->b, lower_type(lo, call));
}

static void shuffle(Lower *lo, IrVar *a) {
  IrBuilder *b = &lo->b;
  IrExpr *args[] = {stream(lo), ir_int(b, dtype_size(a->type->dtype)), ir_int(b, a->type->ndim), ir_var(b, a)};
  ir_runtime(b, "lj_rt_random_shuffle", args, 4, NULL, false);
}

static IrExpr *rule_shuffle(Lower *lo, const Expr *call, const Callee *callee) {
  shuffle(lo, lower_array_of(lo, callee->args[0]));
  return ir_none(&lo->b, lower_type(lo, call));
}

static IrExpr *rule_permutation(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *v[1], *shape[TYPE_MAX_NDIM];
  const Type *type = lower_type(lo, call);
  lower_given(lo, callee, 1, v);
  if (!type_is_array(v[0]->type)) {
    shape[0] = lower_stable(lo, ix_max(lo, as_int(lo, v[0]), ir_int(&lo->b, 0)));
    Draw d = {.kind = DRAW_ARANGE};
    return draw(lo, &d, type, shape);
  }
  IrVar *from = lower_pin(lo, lower_bind_array(lo, v[0]));
  lower_shape_of(lo, from, shape);
  IrVar *to = lower_alloc(lo, type, shape, false);
  lower_copy_into(lo, to, from);
  shuffle(lo, to);
  return ir_var(&lo->b, to);
}

/* Probabilities as a contiguous array of float64. */
static IrVar *weights(Lower *lo, IrExpr *p) {
  IrVar *from = lower_pin(lo, lower_bind_array(lo, p));
  if (from->type->dtype == DT_FLOAT64 && from->type->layout != LAYOUT_A) return from;
  IrExpr *n = lower_stable(lo, ir_shape(&lo->b, from, 0));
  IrVar *to = lower_alloc(lo, type_array(lo->types, DT_FLOAT64, 1, LAYOUT_C, false), &n, false);
  lower_copy_into(lo, to, from);
  return to;
}

/* Indices first; they are the result, or pick from the array. A single choice is an array of one. */
static IrExpr *rule_choice(Lower *lo, const Expr *call, const Callee *callee) {
  IrBuilder *b = &lo->b;
  IrExpr *v[4], *shape[TYPE_MAX_NDIM] = {ir_int(b, 1)};
  const Type *type = lower_type(lo, call);
  uint32_t ndim = type_is_array(type) ? type->ndim : 1;
  lower_given(lo, callee, 4, v);
  if (type_is_array(type)) size_shape(lo, v[1], shape);
  IrVar *from = type_is_array(v[0]->type) ? lower_pin(lo, lower_bind_array(lo, v[0])) : NULL;
  IrExpr *n = from ? lower_stable(lo, ir_shape(b, from, 0)) : lower_stable(lo, as_int(lo, v[0]));
  IrVar *index = lower_alloc(lo, type_array(lo->types, DT_INT64, ndim, LAYOUT_C, false), shape, false);
  IrExpr *replace = v[2] ? lower_truth(lo, v[2], call->span) : ir_bool(b, true);
  IrExpr *args[] = {stream(lo),
                    n,
                    ir_cast(b, lower_int_type(lo), replace),
                    ir_int(b, v[3] != NULL),
                    ir_var(b, v[3] ? weights(lo, v[3]) : index),
                    ir_int(b, ndim),
                    ir_var(b, index)};
  ir_runtime(b, "lj_rt_random_choice", args, LJ_COUNT(args), NULL, true);
  if (!type_is_array(type)) {
    IrExpr *zero = ir_int(b, 0), *at = ir_load(b, index, &zero);
    if (!from) return lower_bind(lo, NULL, at);
    at = lower_bind(lo, NULL, at);
    return lower_bind(lo, NULL, ir_load(b, from, &at));
  }
  if (!from) return ir_var(b, index);
  IrVar *to = lower_alloc(lo, type, shape, false);
  Nest nest;
  nest_map(lo, &nest, ndim, shape, false);
  IrExpr *at = lower_bind(lo, NULL, ir_load(b, index, nest.index));
  ir_store(b, to, nest.index, ir_load(b, from, &at));
  nest_close(lo, &nest);
  return ir_var(b, to);
}

ArrayRule lower_random_rule(BuiltinId id) {
  static const ArrayRule table[BI_COUNT] = {
      [BI_R_SEED] = rule_seed,
      [BI_R_RAND] = rule_rand,
      [BI_R_RANDN] = rule_rand,
      [BI_R_SHUFFLE] = rule_shuffle,
      [BI_R_PERMUTATION] = rule_permutation,
      [BI_R_CHOICE] = rule_choice,
  };
  if (table[id]) return table[id];
  return strncmp(builtins[id].name, "numpy.random.", 13) == 0 ? rule_draw : NULL;
}
