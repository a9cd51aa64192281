/* Reductions along axes: np.sum(a, axis=0), m.max(axis=(0, 2), keepdims=True), argmin along one axis.
 * In: a fused tree with its index space, and a mask of the axes that go. Out: a new array; the operand is never in memory.
 * The loops run in the order of the operand's memory. When its fastest axis is reduced, each element of the result is one REDUCE; when
 * that axis stays, whole rows are combined into the result, row after row, in NumPy's order, so that the inner loop is contiguous. */
#include "ir/lower/lower_reduce.h"

typedef struct AxisCtx {
  ReduceCtx reduce;
  uint32_t axes;                                     /* mask of reduced axes */
  uint32_t kept[TYPE_MAX_NDIM], kept_count;          /* in the operand's index order */
  uint32_t order[TYPE_MAX_NDIM];                     /* all axes, slowest in memory first */
  bool by_columns;                                   /* the order is reversed */
  IrVar *out, *best;                                 /* out has the kept axes only */
  IrExpr *index[TYPE_MAX_NDIM];                      /* of the operand */
  IrExpr *count;                                     /* elements that one result is made of; MEAN */
} AxisCtx;

static bool is_reduced(const AxisCtx *ctx, uint32_t axis) { return ctx->axes >> axis & 1; }

static bool is_arg(const AxisCtx *ctx) { return ctx->reduce.kind == KIND_ARGMIN || ctx->reduce.kind == KIND_ARGMAX; }

/* The place in the result that belongs to ctx->index. */
static IrExpr **out_index(AxisCtx *ctx, IrExpr **at) {
  for (uint32_t k = 0; k < ctx->kept_count; k++) at[k] = ctx->index[ctx->kept[k]];
  return at;
}

static void name_indices(Fusion *f, AxisCtx *ctx, const Nest *nest, const uint32_t *axes, uint32_t count) {
  for (uint32_t k = 0; k < count; k++) {
    ctx->index[axes[k]] = nest->index[k];
    nest->index[k]->as.var->name = arena_printf(f->lo->arena, "i%u", axes[k]);
  }
}

/* A MAP over some axes, in memory order; fills in their indices. */
static void open_map(Fusion *f, AxisCtx *ctx, Nest *nest, const uint32_t *axes, uint32_t count) {
  IrExpr *extent[TYPE_MAX_NDIM];
  for (uint32_t k = 0; k < count; k++) extent[k] = f->extent[axes[k]];
  nest_map(f->lo, nest, count, extent, false);
  name_indices(f, ctx, nest, axes, count);
}

static void open_for(Fusion *f, AxisCtx *ctx, Nest *nest, const uint32_t *axes, uint32_t count) {
  IrExpr *extent[TYPE_MAX_NDIM];
  for (uint32_t k = 0; k < count; k++) extent[k] = f->extent[axes[k]];
  nest_for(f->lo, nest, count, extent);
  name_indices(f, ctx, nest, axes, count);
}

static uint32_t select_axes(const AxisCtx *ctx, uint32_t ndim, bool reduced, uint32_t *out) {
  uint32_t count = 0;
  for (uint32_t k = 0; k < ndim; k++)
    if (is_reduced(ctx, ctx->order[k]) == reduced) out[count++] = ctx->order[k];
  return count;
}

/* ---- the fastest axis goes: one REDUCE per element of the result ---- */

static void emit_inner(Fusion *f, AxisCtx *ctx) {
  Lower *lo = f->lo;
  uint32_t kept[TYPE_MAX_NDIM], reduced[TYPE_MAX_NDIM];
  uint32_t kept_count = select_axes(ctx, f->ndim, false, kept), reduced_count = select_axes(ctx, f->ndim, true, reduced);
  IrExpr *at[TYPE_MAX_NDIM];
  Nest nest;
  open_map(f, ctx, &nest, kept, kept_count);
  ctx->reduce.acc = ir_new_var(&lo->b, NULL, ctx->reduce.type);
  ir_set(&lo->b, ctx->reduce.acc, reduce_start(lo, &ctx->reduce));
  reduce_emit(f, &ctx->reduce, reduced_count, reduced, ctx->index);
  IrExpr *value = ir_var(&lo->b, ctx->reduce.acc);
  if (ctx->reduce.kind == KIND_MEAN) value = reduce_quotient(lo, value, ctx->count);
  ir_store(&lo->b, ctx->out, out_index(ctx, at), value);
  nest_close(lo, &nest);
}

/* ---- the fastest axis stays: rows are combined into the result ---- */

/* The elements at place 0 of the reduced axes start the search for the best. */
static void start_best(Fusion *f, AxisCtx *ctx) {
  Lower *lo = f->lo;
  uint32_t kept[TYPE_MAX_NDIM], count = select_axes(ctx, f->ndim, false, kept);
  IrExpr *at[TYPE_MAX_NDIM];
  Nest nest;
  for (uint32_t d = 0; d < f->ndim; d++) ctx->index[d] = ir_int(&lo->b, 0);
  open_map(f, ctx, &nest, kept, count);
  IrExpr *value = fusion_value(f, f->root, ctx->index);
  ir_store(&lo->b, ctx->best, out_index(ctx, at), value);
  ir_store(&lo->b, ctx->out, at, ir_int(&lo->b, 0));
  nest_close(lo, &nest);
}

static IrExpr *ordered(Lower *lo, IrExpr *e) { return type_is_bool(e->type) ? ir_cast(&lo->b, type_scalar(lo->types, DT_UINT8), e) : e; }

static void keep_best(Fusion *f, AxisCtx *ctx, IrExpr *const *at, IrExpr *place) {
  Lower *lo = f->lo;
  IrBuilder *b = &lo->b;
  IrExpr *value = lower_bind(lo, NULL, fusion_value(f, f->root, ctx->index));
  IrExpr *best = lower_bind(lo, NULL, ir_load(b, ctx->best, at));
  IrExpr *where = lower_bind(lo, NULL, ir_load(b, ctx->out, at));
  IrExpr *better = lower_bind(lo, NULL, reduce_is_better(lo, ctx->reduce.kind, ordered(lo, value), ordered(lo, best)));
  ir_store(b, ctx->best, at, ir_select(b, better, value, best));
  ir_store(b, ctx->out, at, ir_select(b, better, place, where));
}

/* Axes in memory order are a kept prefix, a middle from the first to the last reduced one, and a kept rest. */
static void emit_rows(Fusion *f, AxisCtx *ctx) {
  Lower *lo = f->lo;
  uint32_t ndim = f->ndim, first = 0, last = ndim;
  while (!is_reduced(ctx, ctx->order[first])) first++;
  while (last > first && !is_reduced(ctx, ctx->order[last - 1])) last--;
  IrExpr *at[TYPE_MAX_NDIM];
  if (is_arg(ctx)) start_best(f, ctx);
  Nest prefix, middle, rest;
  open_map(f, ctx, &prefix, ctx->order, first);
  open_for(f, ctx, &middle, ctx->order + first, last - first);
  open_map(f, ctx, &rest, ctx->order + last, ndim - last);
  out_index(ctx, at);
  if (is_arg(ctx)) {
    keep_best(f, ctx, at, ctx->index[ctx->order[first]]);
  } else {
    IrExpr *element = reduce_element(f, &ctx->reduce, ctx->index);
    ir_store(&lo->b, ctx->out, at, reduce_combine(lo, &ctx->reduce, ir_load(&lo->b, ctx->out, at), element));
  }
  nest_close(lo, &rest);
  nest_close(lo, &middle);
  nest_close(lo, &prefix);
  if (ctx->reduce.kind != KIND_MEAN) return;
  IrExpr *extent[TYPE_MAX_NDIM];
  lower_shape_of(lo, ctx->out, extent);
  nest_map(lo, &rest, ctx->kept_count, extent, ctx->by_columns);
  ir_store(&lo->b, ctx->out, rest.index, reduce_quotient(lo, ir_load(&lo->b, ctx->out, rest.index), ctx->count));
  nest_close(lo, &rest);
}

static void emit_axis(Fusion *f, bool general, void *data) {
  AxisCtx *ctx = data;
  (void)general;
  if (!is_arg(ctx) && is_reduced(ctx, ctx->order[f->ndim - 1]))
    emit_inner(f, ctx);
  else
    emit_rows(f, ctx);
}

/* ---- the call ---- */

static void plan(Fusion *f, AxisCtx *ctx) {
  uint32_t ndim = f->ndim;
  ctx->by_columns = true;
  for (uint32_t i = 0; i < f->leaves.len; i++) {
    const Type *t = f->leaves.data[i].array->type;
    if (t->layout != LAYOUT_F || t->ndim != ndim) ctx->by_columns = false;
  }
  for (uint32_t d = 0; d < ndim; d++) {
    ctx->order[d] = ctx->by_columns ? ndim - 1 - d : d;
    if (!is_reduced(ctx, d)) ctx->kept[ctx->kept_count++] = d;
  }
}

static void check_some(Fusion *f, AxisCtx *ctx) {
  const char *text = reduce_empty(ctx->reduce.kind);
  IrBuilder *b = &f->lo->b;
  if (text) ir_check(b, CHECK_VALUE, ir_compare(b, IR_GT, ctx->count, ir_int(b, 0)), VALUE_ERROR, text, NULL, NULL, NULL, NULL);
}

/* keepdims: the reduced axes come back with extent 1. */
static IrVar *with_ones(Fusion *f, const AxisCtx *ctx, const Type *type) {
  Lower *lo = f->lo;
  View v = {.base = ctx->out, .offset = ir_int(&lo->b, 0), .ndim = type->ndim};
  for (uint32_t d = 0, k = 0; d < type->ndim; d++) {
    bool one = is_reduced(ctx, d);
    v.shape[d] = one ? ir_int(&lo->b, 1) : ir_shape(&lo->b, ctx->out, k);
    v.stride[d] = one ? ir_int(&lo->b, 0) : lower_stable(lo, ir_stride(&lo->b, ctx->out, k));
    k += !one;
  }
  return view_var(lo, NULL, type, &v);
}

IrExpr *lower_axis_reduce(Fusion *f, ReduceKind kind, const Type *type, uint32_t axes, bool keepdims) {
  Lower *lo = f->lo;
  AxisCtx ctx = {.axes = axes};
  reduce_init(&ctx.reduce, kind, f->root->type, lower_elem_type(lo, type));
  plan(f, &ctx);
  IrExpr *extent[TYPE_MAX_NDIM];
  for (uint32_t k = 0; k < ctx.kept_count; k++) extent[k] = f->extent[ctx.kept[k]];
  ctx.count = ir_int(&lo->b, 1);
  for (uint32_t d = 0; d < f->ndim; d++)
    if (is_reduced(&ctx, d)) ctx.count = ix_mul(lo, ctx.count, f->extent[d]);
  ctx.count = lower_stable(lo, ctx.count);
  check_some(f, &ctx);
  Layout layout = ctx.by_columns && ctx.kept_count > 1 ? LAYOUT_F : LAYOUT_C;
  if (keepdims) layout = type->layout;
  const Type *plain = type_array(lo->types, type->dtype, ctx.kept_count, layout, false);
  ctx.out = lower_alloc(lo, keepdims ? plain : type, extent, false);
  if (is_arg(&ctx))
    ctx.best = lower_alloc(lo, type_array(lo->types, f->root->type->dtype, ctx.kept_count, ctx.out->type->layout, false), extent, false);
  else if (!is_reduced(&ctx, ctx.order[f->ndim - 1]))
    lower_fill(lo, ctx.out, reduce_start(lo, &ctx.reduce));
  fusion_versions(f, f->extent, emit_axis, &ctx);
  return ir_var(&lo->b, keepdims ? with_ones(f, &ctx, type) : ctx.out);
}
