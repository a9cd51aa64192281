/* Builtin functions: the lowering columns of builtins.def, and Python's own functions. In: a call or attribute that inference bound to a
 * row. Out: its value. Elementwise rows are lower_ufunc.c's on scalars and the array rooms' on arrays; math functions are
 * lower_math.c's. */
#include "ir/lower/lower_scalar.h"

const Lowering lowerings[BI_COUNT] = {
#define BUILTIN(id, name, params, typing, t_arg, lowering, l_arg) [BI_##id] = {lowering, l_arg},
#include "frontend/builtins.def"
#undef BUILTIN
};

IrExpr *lower_arg(Lower *lo, const Expr *e, const Type *to) {
  IrExpr *value = lower_open(lo, lower_expr(lo, e), e->span);
  return to ? lower_convert(lo, value, to, e->span) : value;
}

static const Type *opened_type(const Lower *lo, const Expr *e) {
  const Type *t = lower_type(lo, e);
  return t && t->kind == TYPE_OPTIONAL ? t->elems[0] : t;
}

static bool is_given(const Lower *lo, const Callee *callee, uint32_t i) {
  return i < callee->count && callee->args[i] && lower_type(lo, callee->args[i])->kind != TYPE_NONE;
}

/* ---- conversions ---- */

/* int("12"), float("inf"): the text is constant and well-formed. */
static IrExpr *number_of_text(Lower *lo, const Expr *e, const Type *type) {
  const Expr *from = spec_const_expr(lo->spec, e);
  LJ_ASSERT(from && from->kind == EXPR_STR);
  const char *s = from->as.str->text, *end = s + from->as.str->len;
  while (s < end && strchr(" \t\n", *s)) s++;
  while (s < end && strchr(" \t\n", end[-1])) end--;
  if (type_is_float(type)) return ir_const(&lo->b, type, lj_strtod(arena_copy(lo->arena, s, (size_t)(end - s))));
  bool negative = *s == '-';
  uint64_t n = 0;
  for (; s < end; s++)
    if (*s >= '0' && *s <= '9') n = n * 10 + (uint64_t)(*s - '0');
  return ir_uint(&lo->b, type, negative ? 0 - n : n);
}

/* complex(a, b) is a + b*1j, also when a or b is complex. */
static IrExpr *make_complex(Lower *lo, const Callee *callee, const Type *type, Span at) {
  IrBuilder *b = &lo->b;
  const Type *real = type_scalar(lo->types, dtype_real_of(type->dtype));
  IrExpr *parts[2] = {0};
  lower_exprs(lo, callee->args, callee->args[0] && callee->count > 1 && callee->args[1] ? 2 : 1, parts);
  LJ_ASSERT(parts[0]);
  for (int i = 0; i < 2; i++)
    if (parts[i]) parts[i] = lower_open(lo, parts[i], at);
  if (!parts[1]) return lower_convert(lo, parts[0], type, at);
  if (!type_is_complex(parts[0]->type) && !type_is_complex(parts[1]->type))
    return ir_binary(b, IR_COMPLEX, type, ir_cast(b, real, parts[0]), ir_cast(b, real, parts[1]));
  IrExpr *z = lower_bind(lo, NULL, lower_convert(lo, parts[0], type, at)), *w = lower_bind(lo, NULL, lower_convert(lo, parts[1], type, at));
  IrExpr *re = ir_binary(b, IR_SUB, real, ir_unary(b, IR_REAL, real, z), ir_unary(b, IR_IMAG, real, w));
  return ir_binary(b, IR_COMPLEX, type, re, ir_binary(b, IR_ADD, real, ir_unary(b, IR_IMAG, real, z), ir_unary(b, IR_REAL, real, w)));
}

static IrExpr *lower_cast(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  const Expr *arg = callee->count ? callee->args[0] : NULL;
  if (callee->builtin->id == BI_PY_COMPLEX && arg) return make_complex(lo, callee, type, call->span);
  if (callee->builtin->id == BI_PY_COMPLEX && callee->count > 1 && callee->args[1]) {
    const Type *real = type_scalar(lo->types, dtype_real_of(type->dtype));
    return ir_binary(&lo->b, IR_COMPLEX, type, ir_const(&lo->b, real, 0), lower_arg(lo, callee->args[1], real));
  }
  if (!arg) return ir_const(&lo->b, type, 0);
  if (type_is_bool(type)) return lower_cond(lo, arg);
  if (lower_type(lo, arg)->kind == TYPE_STR) return number_of_text(lo, arg, type);
  return lower_arg(lo, arg, type);
}

/* ---- len, divmod, pow, round, str ---- */

static IrExpr *fn_len(Lower *lo, const Expr *call, const Callee *callee) {
  const Expr *arg = callee->args[0];
  const Type *type = opened_type(lo, arg);
  if (type_is_array(type)) return lower_array_builtin(lo, call, callee);
  if (type->kind == TYPE_ITER) {
    Iter it;
    iter_init(lo, &it, arg);
    return ix_max(lo, it.count, ir_int(&lo->b, 0));
  }
  IrExpr *value = lower_arg(lo, arg, NULL);
  if (type_is_tuple(type)) return ir_int(&lo->b, type->count);
  return ir_rtcall(&lo->b, "lj_rt_str_length", type_scalar(lo->types, DT_INT64), &value, 1);
}

static IrExpr *fn_divmod(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  IrExpr *v[2], *parts[2];
  lower_exprs(lo, callee->args, 2, v);
  for (int i = 0; i < 2; i++) v[i] = lower_bind(lo, NULL, lower_open(lo, v[i], call->span));
  parts[0] = lower_binop(lo, BIN_FLOORDIV, v[0], v[1], type->elems[0], call->span);
  bool checked = lo->python_errors;
  if (checked) { /* the divisor was looked at */
    parts[1] = ir_binary(&lo->b, IR_MOD, type->elems[1], ir_cast(&lo->b, type->elems[1], v[0]), ir_cast(&lo->b, type->elems[1], v[1]));
  } else {
    parts[1] = lower_binop(lo, BIN_MOD, v[0], v[1], type->elems[1], call->span);
  }
  return ir_tuple(&lo->b, type, parts, 2);
}

static IrExpr *fn_pow(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *v[2];
  lower_exprs(lo, callee->args, 2, v);
  return lower_binop(lo, BIN_POW, v[0], v[1], lower_type(lo, call), call->span);
}

static IrExpr *fn_round(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call), *wide = type_scalar(lo->types, DT_FLOAT64), *int_type = type_scalar(lo->types, DT_INT64);
  IrExpr *v[2];
  lower_exprs(lo, callee->args, is_given(lo, callee, 1) ? 2 : 1, v);
  IrExpr *x = lower_open(lo, v[0], call->span);
  if (!is_given(lo, callee, 1)) {
    if (!type_is_float(x->type)) return ir_cast(&lo->b, type, x);
    return ir_cast(&lo->b, type, ir_math(&lo->b, MATH_RINT, x->type, &x, 1));
  }
  int64_t digits;
  IrExpr *n = ir_cast(&lo->b, int_type, lower_open(lo, v[1], call->span));
  if (!type_is_float(x->type) && ir_is_int_const(n, &digits) && digits >= 0) return ir_cast(&lo->b, type, x);
  IrExpr *args[] = {ir_cast(&lo->b, wide, x), n};
  return ir_cast(&lo->b, type, ir_rtcall(&lo->b, "lj_rt_round_digits", wide, args, 2));
}

static IrExpr *fn_str(Lower *lo, const Expr *call, const Callee *callee) {
  (void)call;
  return lower_str(lo, callee->args[0]);
}

static IrExpr *fn_tuple(Lower *lo, const Expr *call, const Callee *callee) {
  return lower_expr_as(lo, callee->args[0], lower_type(lo, call));
}

static IrExpr *fn_print(Lower *lo, const Expr *call, const Callee *callee) {
  (void)callee;
  lower_print(lo, call);
  return ir_none(&lo->b, lower_type(lo, call));
}

/* The clock is read here, not where the value is used. */
static IrExpr *fn_clock(Lower *lo, const Expr *call, const Callee *callee) {
  const char *symbol = callee->builtin->id == BI_TIME_TIME ? "lj_rt_time" : "lj_rt_perf_counter";
  return ir_var(&lo->b, ir_let(&lo->b, NULL, ir_rtcall(&lo->b, symbol, lower_type(lo, call), NULL, 0)));
}

/* Settings of parallel loops: get_num_threads(), set_num_threads(n) and the like; what is set may give a value, too. */
static IrExpr *fn_setting(Lower *lo, const Expr *call, const Callee *callee) {
  static const struct {
    BuiltinId id;
    const char *symbol;
    bool sets, gives;
  } rows[] = {{BI_GET_NUM_THREADS, "lj_rt_get_threads", false, true},
              {BI_GET_THREAD_ID, "lj_rt_thread_id", false, true},
              {BI_SET_NUM_THREADS, "lj_rt_set_threads", true, false},
              {BI_GET_CHUNKSIZE, "lj_rt_get_chunk", false, true},
              {BI_SET_CHUNKSIZE, "lj_rt_set_chunk", true, true}};
  size_t row = 0;
  while (rows[row].id != callee->builtin->id) row++;
  const Type *int_type = type_scalar(lo->types, DT_INT64);
  IrExpr *arg = rows[row].sets ? lower_arg(lo, callee->args[0], int_type) : NULL;
  IrVar *var = rows[row].gives ? ir_new_var(&lo->b, NULL, int_type) : NULL;
  if (var) var->once = true;
  lo->b.span = call->span;
  ir_runtime(&lo->b, rows[row].symbol, &arg, rows[row].sets, var, rows[row].sets);
  return var ? lower_convert(lo, ir_var(&lo->b, var), lower_type(lo, call), call->span) : ir_none(&lo->b, lower_type(lo, call));
}

/* ---- min, max, sum, any, all ---- */

/* Python's order: the later one only when it is really less (more). */
static IrExpr *better(Lower *lo, bool is_max, IrExpr *best, IrExpr *x) {
  if (type_is_bool(best->type)) return ir_binary(&lo->b, is_max ? IR_LOR : IR_LAND, best->type, best, x);
  return ir_binary(&lo->b, is_max ? IR_PYMAX : IR_PYMIN, best->type, best, x);
}

typedef struct Fold {
  BuiltinId id;
  const Expr *call;
  IrVar *acc, *any;
} Fold;

static void fold_extreme(Lower *lo, LoopNest *nest, IrExpr *x, void *data) {
  Fold *f = data;
  (void)nest;
  bool is_max = f->id == BI_MAX;
  x = lower_bind(lo, NULL, lower_convert(lo, x, f->acc->type, f->call->span));
  IrExpr *best = better(lo, is_max, ir_var(&lo->b, f->acc), x);
  ir_set(&lo->b, f->acc, ir_select(&lo->b, ir_var(&lo->b, f->any), best, x));
  ir_set(&lo->b, f->any, ir_bool(&lo->b, true));
}

static void fold_sum(Lower *lo, LoopNest *nest, IrExpr *x, void *data) {
  Fold *f = data;
  (void)nest;
  ir_set(&lo->b, f->acc, lower_binop(lo, BIN_ADD, ir_var(&lo->b, f->acc), x, f->acc->type, f->call->span));
}

/* any: found a true one; all: found a false one. */
static void fold_any(Lower *lo, LoopNest *nest, IrExpr *x, void *data) {
  Fold *f = data;
  nest_break(nest, f->acc);
  IrExpr *cond = lower_truth(lo, x, f->call->span);
  IrStmt *s = ir_stmt(&lo->b, IRS_IF);
  s->as.if_.cond = f->id == BI_ALL ? lower_not(lo, cond) : cond;
  IrBlock *outer = lower_enter(lo, &s->as.if_.then);
  lower_leave_nest(lo, nest);
  lower_leave(lo, outer);
}

static IrExpr *extreme_of_values(Lower *lo, bool is_max, IrExpr *const *values, uint32_t count, const Type *type, Span at) {
  IrExpr *best = NULL;
  for (uint32_t i = 0; i < count; i++) {
    IrExpr *x = lower_convert(lo, lower_open(lo, values[i], at), type, at);
    best = best ? better(lo, is_max, best, lower_bind(lo, NULL, x)) : lower_bind(lo, NULL, x);
    if (i + 1 < count) best = lower_bind(lo, NULL, best);
  }
  return best;
}

static IrExpr *fn_min_max(Lower *lo, const Expr *call, const Callee *callee) {
  bool is_max = callee->builtin->id == BI_MAX;
  const Type *type = lower_type(lo, call), *boolean = type_scalar(lo->types, DT_BOOL), *first = opened_type(lo, callee->args[0]);
  if (callee->count > 1) {
    IrExpr **values = arena_array(lo->arena, IrExpr *, callee->count);
    lower_exprs(lo, callee->args, callee->count, values);
    return extreme_of_values(lo, is_max, values, callee->count, type, call->span);
  }
  if (type_is_array(first)) return lower_array_reduce(lo, call, callee);
  if (type_is_tuple(first)) {
    IrExpr **values = arena_array(lo->arena, IrExpr *, first->count + 1),
           *tuple = lower_bind(lo, NULL, lower_arg(lo, callee->args[0], NULL));
    for (uint32_t i = 0; i < first->count; i++) values[i] = lower_get(lo, tuple, i);
    return extreme_of_values(lo, is_max, values, first->count, type, call->span);
  }
  Fold f = {.id = callee->builtin->id, .call = call, .acc = ir_new_var(&lo->b, NULL, type), .any = ir_new_var(&lo->b, NULL, boolean)};
  ir_set(&lo->b, f.acc, ir_const(&lo->b, type, 0));
  ir_set(&lo->b, f.any, ir_bool(&lo->b, false));
  lower_each(lo, callee->args[0], fold_extreme, &f);
  lo->b.span = call->span;
  ir_check(&lo->b, CHECK_VALUE, ir_var(&lo->b, f.any), VALUE_ERROR,
           is_max ? "max() iterable argument is empty" : "min() iterable argument is empty", NULL, NULL, NULL, NULL);
  return ir_var(&lo->b, f.acc);
}

static IrExpr *fn_sum(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call), *first = opened_type(lo, callee->args[0]);
  if (type_is_array(first)) return lower_array_reduce(lo, call, callee);
  if (!type_is_scalar(type)) return lower_unsupported(lo, call->span, type, "sum() of %s is not supported yet", type_name(first));
  IrExpr *start = is_given(lo, callee, 1) ? NULL : ir_const(&lo->b, type, 0);
  if (type_is_tuple(first)) {
    IrExpr *v[2] = {NULL, start};
    lower_exprs(lo, callee->args, start ? 1 : 2, v);
    IrExpr *tuple = lower_bind(lo, NULL, lower_open(lo, v[0], call->span)), *acc = lower_convert(lo, v[1], type, call->span);
    for (uint32_t i = 0; i < first->count; i++) acc = lower_binop(lo, BIN_ADD, acc, lower_get(lo, tuple, i), type, call->span);
    return acc;
  }
  Fold f = {.id = BI_SUM, .call = call, .acc = ir_new_var(&lo->b, NULL, type)};
  ir_set(&lo->b, f.acc, start ? start : lower_arg(lo, callee->args[1], type));
  lower_each(lo, callee->args[0], fold_sum, &f);
  return ir_var(&lo->b, f.acc);
}

static IrExpr *fn_any_all(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call), *first = opened_type(lo, callee->args[0]);
  bool is_all = callee->builtin->id == BI_ALL;
  if (type_is_array(first)) return lower_array_reduce(lo, call, callee);
  if (type_is_tuple(first)) {
    IrExpr *tuple = lower_bind(lo, NULL, lower_arg(lo, callee->args[0], NULL)), *result = NULL;
    for (uint32_t i = 0; i < first->count; i++) {
      IrExpr *x = lower_truth(lo, lower_get(lo, tuple, i), call->span);
      result = result ? ir_binary(&lo->b, is_all ? IR_LAND : IR_LOR, type, result, x) : x;
    }
    return result ? result : ir_bool(&lo->b, is_all);
  }
  Fold f = {.id = callee->builtin->id, .call = call, .acc = ir_new_var(&lo->b, NULL, type)};
  ir_set(&lo->b, f.acc, ir_bool(&lo->b, false));
  lower_each(lo, callee->args[0], fold_any, &f);
  return is_all ? lower_not(lo, ir_var(&lo->b, f.acc)) : ir_var(&lo->b, f.acc);
}

/* ---- the table ---- */

static const BuiltinRule rules[BI_COUNT] = {
    [BI_LEN] = fn_len,
    [BI_DIVMOD] = fn_divmod,
    [BI_POW] = fn_pow,
    [BI_STR] = fn_str,
    [BI_TUPLE] = fn_tuple,
    [BI_PRINT] = fn_print,
    [BI_MIN] = fn_min_max,
    [BI_MAX] = fn_min_max,
    [BI_SUM] = fn_sum,
    [BI_ANY] = fn_any_all,
    [BI_ALL] = fn_any_all,
    [BI_ROUND] = fn_round,
    [BI_TIME_TIME] = fn_clock,
    [BI_PERF_COUNTER] = fn_clock,
    [BI_GET_NUM_THREADS] = fn_setting,
    [BI_GET_THREAD_ID] = fn_setting,
    [BI_SET_NUM_THREADS] = fn_setting,
    [BI_GET_CHUNKSIZE] = fn_setting,
    [BI_SET_CHUNKSIZE] = fn_setting,
};

static bool is_reduction(BuiltinId id) { return (id >= BI_NP_SUM && id <= BI_NP_ARGMAX) || (id >= BI_A_SUM && id <= BI_A_ARGMAX); }

static bool is_elementwise_row(const Builtin *row) {
  return row->typing == TR_FLOAT_UFUNC || row->typing == TR_SAME_UFUNC || row->typing == TR_BOOL_UFUNC || row->typing == TR_BINOP ||
         row->typing == TR_CMPOP || row->typing == TR_MATH_INT || row->typing == TR_MATH_PRED;
}

/* Attributes of scalars, cmath and others that are one function of their arguments. */
static bool is_scalar_row(const Builtin *row) {
  BuiltinId id = row->id;
  return is_elementwise_row(row) || lowerings[id].rule == LW_MATH || (id >= BI_S_REAL && id <= BI_S_ITEM) || id == BI_ABS ||
         id == BI_CMATH_ISNAN || id == BI_CMATH_ISINF || id == BI_CMATH_ISFINITE;
}

static IrExpr *scalar_call(Lower *lo, const Expr *call, const Callee *callee) {
  IrExpr *values[4] = {0};
  Expr *list[4] = {0};
  uint32_t at[4], count = 0;
  for (uint32_t i = 0; i < callee->count && i < 4; i++)
    if (callee->args[i]) at[count] = i, list[count++] = callee->args[i];
  IrExpr *given[4];
  lower_exprs(lo, list, count, given);
  for (uint32_t i = 0; i < count; i++) values[at[i]] = given[i];
  for (uint32_t i = 0; i < count; i++)
    if (type_is_array(given[i]->type) && given[i]->type->ndim == 0) values[at[i]] = ir_load(&lo->b, lower_bind_array(lo, given[i]), NULL);
  return lower_ufunc(lo, callee->builtin, values, callee->count < 4 ? callee->count : 4, lower_type(lo, call), call->span);
}

IrExpr *lower_builtin(Lower *lo, const Expr *call, const Callee *callee) {
  const Type *type = lower_type(lo, call);
  if (callee->kind == CALLEE_CAST) return lower_cast(lo, call, callee);
  if (callee->kind != CALLEE_BUILTIN) return lower_unsupported(lo, call->span, type, "this attribute is not supported yet");
  const Builtin *row = callee->builtin;
  if (is_reduction(row->id)) return lower_array_reduce(lo, call, callee);
  if (type_is_array(type)) return lower_array_builtin(lo, call, callee);
  if (rules[row->id]) return rules[row->id](lo, call, callee);
  BuiltinRule math = lower_math_rule(row->id);
  if (math) return math(lo, call, callee);
  if (is_scalar_row(row)) return scalar_call(lo, call, callee);
  return lower_array_builtin(lo, call, callee);
}
