/* Reductions of arrays and of array expressions: sum, prod, mean, min, max, any, all, argmin, argmax, as functions, methods and
 * Python's builtins. In: a call resolved to a row of the table below. Out: whole ones are one REDUCE over the fused tree (or FOR loops
 * that carry the place of the best element so far), those along axes are lower_axis.c's; the expression is never in memory.
 * Float sums are in NumPy's pairwise order (ir/passes/pairwise.c), those of Python's sum() in index order. */
#include "ir/lower/lower_reduce.h"

static const struct {
  ReduceOp op;
  double start;
  const char *empty; /* error of an empty array; NULL: none */
} kinds[] = {
    [KIND_SUM] = {REDUCE_ADD, 0, NULL},
    [KIND_PROD] = {REDUCE_MUL, 1, NULL},
    [KIND_MEAN] = {REDUCE_ADD, 0, NULL},
    [KIND_MIN] = {REDUCE_MIN, 0, "zero-size array to reduction operation minimum which has no identity"},
    [KIND_MAX] = {REDUCE_MAX, 0, "zero-size array to reduction operation maximum which has no identity"},
    [KIND_ANY] = {REDUCE_OR, 0, NULL},
    [KIND_ALL] = {REDUCE_AND, 1, NULL},
    [KIND_ARGMIN] = {REDUCE_MIN, 0, "attempt to get argmin of an empty sequence"},
    [KIND_ARGMAX] = {REDUCE_MAX, 0, "attempt to get argmax of an empty sequence"},
};

static const struct {
  BuiltinId id;
  ReduceKind kind;
} rows[] = {
    {BI_NP_SUM, KIND_SUM},      {BI_A_SUM, KIND_SUM},        {BI_SUM, KIND_SUM},         {BI_NP_PROD, KIND_PROD},
    {BI_A_PROD, KIND_PROD},     {BI_NP_MEAN, KIND_MEAN},     {BI_A_MEAN, KIND_MEAN},     {BI_NP_MIN, KIND_MIN},
    {BI_NP_AMIN, KIND_MIN},     {BI_A_MIN, KIND_MIN},        {BI_MIN, KIND_MIN},         {BI_NP_MAX, KIND_MAX},
    {BI_NP_AMAX, KIND_MAX},     {BI_A_MAX, KIND_MAX},        {BI_MAX, KIND_MAX},         {BI_NP_ANY, KIND_ANY},
    {BI_A_ANY, KIND_ANY},       {BI_ANY, KIND_ANY},          {BI_NP_ALL, KIND_ALL},      {BI_A_ALL, KIND_ALL},
    {BI_ALL, KIND_ALL},         {BI_NP_ARGMIN, KIND_ARGMIN}, {BI_A_ARGMIN, KIND_ARGMIN}, {BI_NP_ARGMAX, KIND_ARGMAX},
    {BI_A_ARGMAX, KIND_ARGMAX},
};

static ReduceKind kind_of(const Builtin *row) {
  for (size_t i = 0; i < LJ_COUNT(rows); i++)
    if (rows[i].id == row->id) return rows[i].kind;
  return KIND_NONE;
}

/* ---- sums and the like ---- */

void reduce_init(ReduceCtx *ctx, ReduceKind kind, const Type *element, const Type *result) {
  bool extreme = kind == KIND_MIN || kind == KIND_MAX;
  *ctx = (ReduceCtx){.kind = kind, .op = kinds[kind].op, .type = result};
  if (kind == KIND_ARGMIN || kind == KIND_ARGMAX) ctx->type = element;
  if (extreme && type_is_bool(result)) ctx->op = kind == KIND_MIN ? REDUCE_AND : REDUCE_OR;
  ctx->pairwise = (kind == KIND_SUM || kind == KIND_MEAN) && (type_is_float(result) || type_is_complex(result));
}

const char *reduce_empty(ReduceKind kind) { return kinds[kind].empty; }

IrExpr *reduce_element(Fusion *f, const ReduceCtx *ctx, IrExpr *const *index) {
  IrExpr *element = fusion_value(f, f->root, index);
  return type_is_bool(ctx->type) ? lower_truth(f->lo, element, f->span) : ir_cast(&f->lo->b, ctx->type, element);
}

IrExpr *reduce_combine(Lower *lo, const ReduceCtx *ctx, IrExpr *acc, IrExpr *element) {
  static const IrOp ops[] = {[REDUCE_ADD] = IR_ADD,   [REDUCE_MUL] = IR_MUL,  [REDUCE_MIN] = IR_NPMIN,
                             [REDUCE_MAX] = IR_NPMAX, [REDUCE_AND] = IR_LAND, [REDUCE_OR] = IR_LOR};
  return ir_binary(&lo->b, ops[ctx->op], ctx->type, acc, element);
}

void reduce_emit(Fusion *f, const ReduceCtx *ctx, uint32_t ndim, const uint32_t *axis, IrExpr **index) {
  Lower *lo = f->lo;
  IrStmt *s = ir_stmt(&lo->b, IRS_REDUCE);
  s->as.reduce.ndim = ndim;
  s->as.reduce.index = arena_array(lo->arena, IrVar *, ndim + 1);
  s->as.reduce.extent = arena_array(lo->arena, IrExpr *, ndim + 1);
  for (uint32_t d = 0; d < ndim; d++) {
    IrVar *var = ir_new_var(&lo->b, arena_printf(lo->arena, "i%u", axis[d]), lower_int_type(lo));
    var->once = true;
    s->as.reduce.index[d] = var;
    s->as.reduce.extent[d] = f->extent[axis[d]];
    index[axis[d]] = ir_var(&lo->b, var);
  }
  IrBlock *outer = lower_enter(lo, &s->as.reduce.body);
  s->as.reduce.element = reduce_element(f, ctx, index);
  s->as.reduce.op = ctx->op;
  s->as.reduce.acc = ctx->acc;
  s->as.reduce.pairwise = ctx->pairwise;
  s->as.reduce.loop.parallel = spec_parallel(lo->spec);
  lower_leave(lo, outer);
}

/* All arrays of the tree lie in memory in index order and without gaps: one long dimension. */
static bool is_flat(const Fusion *f) {
  if (f->ndim < 2) return false;
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    const Leaf *leaf = &f->leaves.data[i];
    const Type *t = leaf->array->type;
    if (t->ndim != f->ndim || t->layout != LAYOUT_C || leaf->ones) return false;
  }
  return true;
}

/* Emits with the tree over one dimension; only where no leaf is broadcast. */
static void with_flat(Fusion *f, FusionEmit emit, void *data) {
  Lower *lo = f->lo;
  uint32_t ndim = f->ndim;
  IrExpr *first = f->extent[0], *total = lower_stable(lo, fusion_total(f));
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    Leaf *leaf = &f->leaves.data[i];
    const Type *type = type_array(lo->types, leaf->array->type->dtype, 1, LAYOUT_C, leaf->array->type->readonly);
    View v = {.base = leaf->array, .offset = ir_int(&lo->b, 0), .ndim = 1, .shape = {total}};
    v.stride[0] = ir_int(&lo->b, dtype_size(type->dtype));
    leaf->wide = view_var(lo, NULL, type, &v);
  }
  f->ndim = 1;
  f->extent[0] = total;
  emit(f, true, data);
  f->ndim = ndim;
  f->extent[0] = first;
  fusion_narrow(f);
}

static void emit_reduce(Fusion *f, const ReduceCtx *ctx) {
  static const uint32_t axes[TYPE_MAX_NDIM] = {0, 1, 2, 3, 4, 5, 6, 7};
  IrExpr *index[TYPE_MAX_NDIM];
  reduce_emit(f, ctx, f->ndim, axes, index);
  fusion_fit(f, &vec_last(f->lo->b.block)->as.reduce.fit);
}

/* What min and max start from: any element replaces it. */
static IrExpr *extreme(Lower *lo, const Type *type, bool largest) {
  LJ_ASSERT(type_is_scalar(type));
  DType t = type->dtype;
  if (type_is_float(type)) return ir_const(&lo->b, type, largest ? __builtin_inf() : -__builtin_inf());
  if (t == DT_BOOL) return ir_bool(&lo->b, largest);
  unsigned bits = 8 * dtype_size(t);
  uint64_t all = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  if (dtype_is_unsigned(t)) return ir_uint(&lo->b, type, largest ? all : 0);
  return ir_uint(&lo->b, type, largest ? all >> 1 : ~(all >> 1));
}

IrExpr *reduce_start(Lower *lo, const ReduceCtx *ctx) {
  if (ctx->kind == KIND_MIN || ctx->kind == KIND_MAX) return extreme(lo, ctx->type, ctx->kind == KIND_MIN);
  return ir_const(&lo->b, ctx->type, kinds[ctx->kind].start);
}

/* Of an empty array 0 / 0: nan. */
IrExpr *reduce_quotient(Lower *lo, IrExpr *sum, IrExpr *count) {
  IrBuilder *b = &lo->b;
  const Type *type = sum->type;
  if (!type_is_complex(type)) return ir_binary(b, IR_DIV, type, sum, ir_cast(b, type, count));
  const Type *real = type_scalar(lo->types, dtype_real_of(type->dtype));
  IrExpr *n = ir_cast(b, real, count), *parts[2];
  sum = lower_bind(lo, NULL, sum);
  parts[0] = ir_binary(b, IR_DIV, real, ir_unary(b, IR_REAL, real, sum), n);
  parts[1] = ir_binary(b, IR_DIV, real, ir_unary(b, IR_IMAG, real, sum), n);
  return ir_expr(b, IR_COMPLEX, type, parts, 2);
}

/* ---- argmin, argmax ---- */

static IrExpr *ordered(Lower *lo, IrExpr *e) { return type_is_bool(e->type) ? ir_cast(&lo->b, type_scalar(lo->types, DT_UINT8), e) : e; }

/* The first element that is better; a NaN is better than any number, and nothing is better than a NaN. */
IrExpr *reduce_is_better(Lower *lo, ReduceKind kind, IrExpr *value, IrExpr *best) {
  IrBuilder *b = &lo->b;
  IrExpr *better = ir_compare(b, kind == KIND_ARGMAX ? IR_GT : IR_LT, value, best);
  if (!type_is_float(value->type)) return better;
  const Type *boolean = better->type;
  IrExpr *nan = ir_binary(b, IR_LAND, boolean, ir_compare(b, IR_NE, value, value), ir_compare(b, IR_EQ, best, best));
  return ir_binary(b, IR_LOR, boolean, better, nan);
}

static void emit_arg(Fusion *f, bool general, void *data) {
  ReduceCtx *ctx = data;
  if (!general && is_flat(f)) {
    with_flat(f, emit_arg, data);
    return;
  }
  Lower *lo = f->lo;
  IrBuilder *b = &lo->b;
  IrExpr *zeros[TYPE_MAX_NDIM];
  for (uint32_t d = 0; d < f->ndim; d++) zeros[d] = ir_int(b, 0);
  ir_set(b, ctx->acc, ordered(lo, fusion_value(f, f->root, zeros)));
  if (f->ndim == 0) return;
  Nest nest;
  ctx->counter = f->ndim > 1 ? ir_new_var(b, NULL, lower_int_type(lo)) : NULL;
  if (ctx->counter) ir_set(b, ctx->counter, ir_int(b, 0));
  nest_for(lo, &nest, f->ndim, f->extent);
  IrExpr *value = lower_bind(lo, NULL, ordered(lo, fusion_value(f, f->root, nest.index)));
  IrStmt *s = ir_stmt(b, IRS_IF);
  s->as.if_.cond = reduce_is_better(lo, ctx->kind, value, ir_var(b, ctx->acc));
  IrBlock *inner = lower_enter(lo, &s->as.if_.then);
  ir_set(b, ctx->acc, value);
  ir_set(b, ctx->best_at, ctx->counter ? ir_var(b, ctx->counter) : nest.index[0]);
  lower_leave(lo, inner);
  if (ctx->counter) ir_set(b, ctx->counter, ix_add(lo, ir_var(b, ctx->counter), ir_int(b, 1)));
  nest_close(lo, &nest);
}

static IrExpr *reduce_arg(Fusion *f, ReduceCtx *ctx, const Type *result) {
  Lower *lo = f->lo;
  ctx->acc = ir_new_var(&lo->b, NULL, type_is_bool(f->root->type) ? type_scalar(lo->types, DT_UINT8) : f->root->type);
  ctx->best_at = ir_new_var(&lo->b, NULL, lower_int_type(lo));
  ir_set(&lo->b, ctx->best_at, ir_int(&lo->b, 0));
  fusion_versions(f, f->extent, emit_arg, ctx);
  return ir_cast(&lo->b, result, ir_var(&lo->b, ctx->best_at));
}

/* ---- the call ---- */

static bool is_given(const Lower *lo, const Callee *callee, uint32_t i) {
  return i < callee->count && callee->args[i] && lower_type(lo, callee->args[i]) && lower_type(lo, callee->args[i])->kind != TYPE_NONE;
}

static void check_not_empty(Fusion *f, ReduceKind kind, IrExpr *count) {
  if (!kinds[kind].empty) return;
  IrBuilder *b = &f->lo->b;
  ir_check(b, CHECK_VALUE, ir_compare(b, IR_GT, count, ir_int(b, 0)), VALUE_ERROR, kinds[kind].empty, NULL, NULL, NULL, NULL);
}

static IrExpr *reduce(Fusion *f, ReduceKind kind, const Type *result, IrExpr *start, bool in_order) {
  Lower *lo = f->lo;
  ReduceCtx ctx;
  reduce_init(&ctx, kind, f->root->type, result);
  ctx.pairwise &= !in_order;
  IrExpr *count = kind == KIND_MEAN || kinds[kind].empty ? fusion_total(f) : NULL;
  check_not_empty(f, kind, count);
  if (kind == KIND_ARGMIN || kind == KIND_ARGMAX) return reduce_arg(f, &ctx, result);
  ctx.acc = ir_new_var(&lo->b, NULL, ctx.type);
  ir_set(&lo->b, ctx.acc, start ? ir_cast(&lo->b, ctx.type, start) : reduce_start(lo, &ctx));
  if (f->ndim == 0) {
    IrExpr *only = reduce_element(f, &ctx, NULL);
    return kind == KIND_SUM && start ? ir_binary(&lo->b, IR_ADD, ctx.type, ir_var(&lo->b, ctx.acc), only) : only;
  }
  emit_reduce(f, &ctx);
  IrExpr *value = ir_var(&lo->b, ctx.acc);
  return kind == KIND_MEAN ? reduce_quotient(lo, value, count) : value;
}

/* keepdims of a whole reduction: a new array with one element. */
static IrExpr *array_of_one(Lower *lo, const Type *type, IrExpr *value) {
  IrExpr *ones[TYPE_MAX_NDIM], *zeros[TYPE_MAX_NDIM];
  for (uint32_t d = 0; d < type->ndim; d++) ones[d] = ir_int(&lo->b, 1), zeros[d] = ir_int(&lo->b, 0);
  value = lower_bind(lo, NULL, value);
  IrVar *array = lower_alloc(lo, type, ones, false);
  ir_store(&lo->b, array, zeros, value);
  return ir_var(&lo->b, array);
}

/* Where the row has keepdims: after dtype when there is one. */
static bool keeps_dims(const Lower *lo, const Callee *callee) {
  uint32_t at = callee->count == 4 ? 3 : 2;
  return callee->builtin->id != BI_SUM && at < callee->count && callee->args[at] && spec_const_bool(lo->spec, callee->args[at]) > 0;
}

IrExpr *lower_array_reduce(Lower *lo, const Expr *call, const Callee *callee) {
  ReduceKind kind = kind_of(callee->builtin);
  const Type *result = lower_type(lo, call);
  bool is_python = callee->builtin->id == BI_SUM;
  if (kind == KIND_NONE) return lower_unsupported(lo, call->span, result, "%s of arrays like this", callee->builtin->name);
  bool ordered_kind = kind == KIND_MIN || kind == KIND_MAX || kind == KIND_ARGMIN || kind == KIND_ARGMAX;
  Span saved = lo->b.span;
  Fusion f;
  fusion_init(&f, lo, call->span);
  f.root = fusion_build(&f, callee->args[0]);
  IrExpr *start = is_python && is_given(lo, callee, 1) ? lower_stable(lo, lower_expr(lo, callee->args[1])) : NULL;
  if ((ordered_kind && type_is_complex(f.root->type)) || (is_python && !type_is_scalar(result)))
    return lower_unsupported(lo, call->span, result, "%s of %s", callee->builtin->name, type_name(lower_type(lo, callee->args[0])));
  lo->b.span = call->span;
  fusion_space(&f);
  uint32_t axes = 0;
  const Expr *axis = callee->count > 1 && !is_python ? callee->args[1] : NULL;
  AxesKind known = spec_const_axes(lo->spec, axis, f.ndim, &axes, &(int64_t){0});
  LJ_ASSERT(known == AXES_OK);
  bool whole = axes == (1u << f.ndim) - 1;
  IrExpr *value = type_is_array(result) && !whole
                      ? lower_axis_reduce(&f, kind, result, axes, keeps_dims(lo, callee))
                      : reduce(&f, kind, type_is_array(result) ? lower_elem_type(lo, result) : result, start, is_python);
  if (type_is_array(result) && whole) value = array_of_one(lo, result, value);
  lo->b.span = saved;
  return value;
}
