/* Code around the nest of an array statement that makes its IrFit true for all shapes and all overlaps. A target of another shape, or whose
 * memory the right side reads elsewhere, is replaced by a fresh array, which the runtime assigns to it afterwards. Where sources may be broadcast at run
 * time there is a second nest, which reads them through views with stride 0. What can be decided while compiling costs nothing.
 * In: a MAP or REDUCE. Out: statements before and behind it, other arrays in its body, what is known about its memory. */
#include "ir/passes/fit_code.h"

enum { GROUP_STORED, GROUP_READ, GROUP_COUNT };

static void enter(FitCode *c, IrStmt *branch, bool orelse, IrBlock **outer) {
  *outer = c->b->block;
  c->b->block = orelse ? &branch->as.if_.orelse : &branch->as.if_.then;
}

/* An array that the runtime keeps until it is given back: nobody here has to release it, on no path. */
static IrVar *scratch(FitCode *c, IrVar *slot) {
  const Type *t = slot->type;
  const Type *type = type_array(c->b->types, t->dtype, t->ndim, t->layout == LAYOUT_F ? LAYOUT_F : LAYOUT_C, false);
  return type == t ? slot : ir_new_var(c->b, NULL, type);
}

static IrExpr *tuple_of(FitCode *c, IrExpr *const *items, uint32_t count) {
  const Type *types[TYPE_MAX_NDIM];
  for (uint32_t i = 0; i < count; i++) types[i] = type_scalar(c->b->types, DT_INT64);
  return ir_tuple(c->b, type_tuple(c->b->types, types, count), items, count);
}

static void lend(FitCode *c, const char *symbol, IrExpr *const *args, uint32_t count, IrVar *result) {
  ir_runtime(c->b, symbol, args, count, result, true);
  vec_last(c->b->block)->as.runtime.lent = true;
}

static void give_back(FitCode *c, int64_t count) {
  IrExpr *arg = ir_int(c->b, count);
  ir_runtime(c->b, "lj_rt_give_back", &arg, 1, NULL, false);
}

/* slot = array, as the slot's type */
static void set_slot(FitCode *c, IrVar *slot, IrVar *array) {
  IrBuilder *b = c->b;
  const Type *t = slot->type;
  IrExpr *shape[TYPE_MAX_NDIM], *stride[TYPE_MAX_NDIM];
  if (slot == array) return;
  if (t == array->type) {
    ir_set(b, slot, ir_var(b, array));
    return;
  }
  for (uint32_t d = 0; d < t->ndim; d++) shape[d] = ir_shape(b, array, d), stride[d] = ir_stride(b, array, d);
  ir_set(b, slot, ir_view(b, t, array, ir_int(b, 0), shape, stride));
}

static IrVar *pin(FitCode *c, const IrVar *array, IrVar *slot) {
  return ir_let(c->b, arena_printf(c->b->arena, "%s'", array->name), ir_var(c->b, slot));
}

/* ---- sources ---- */

static void test_sources(FitCode *c, const IrFit *fit, uint32_t ndim, IrExpr *const *extent) {
  FitTest test = {.b = c->b, .f = c->f};
  c->open = arena_array(c->b->arena, bool, fit->sources.len + 1);
  for (uint32_t i = 0; i < fit->sources.len; i++) c->open[i] = fit_test_source(&test, &fit->sources.data[i], ndim, extent);
  if (test.all) c->plain = ir_let(c->b, NULL, test.all);
}

/* A view over the whole space: with stride 0 where the source is broadcast. */
static IrVar *wide_view(FitCode *c, const IrSource *source, uint32_t ndim, IrExpr *const *extent) {
  IrBuilder *b = c->b;
  const Type *t = source->array->type;
  IrExpr *shape[TYPE_MAX_NDIM], *stride[TYPE_MAX_NDIM];
  for (uint32_t j = 0; j < t->ndim; j++) {
    bool one = source->ones >> j & 1;
    shape[j] = one ? ir_int(b, 1) : extent[ndim - t->ndim + j];
    IrExpr *is_one = ir_compare(b, IR_EQ, ir_shape(b, source->array, j), ir_int(b, 1)), *step = ir_stride(b, source->array, j);
    stride[j] = one ? step : ir_var(b, ir_let(b, NULL, ir_select(b, is_one, ir_int(b, 0), step)));
  }
  const Type *type = type_array(b->types, t->dtype, t->ndim, LAYOUT_A, t->readonly);
  return ir_let(b, arena_printf(b->arena, "%s'", source->array->name), ir_view(b, type, source->array, ir_int(b, 0), shape, stride));
}

void fit_widen(FitCode *c, IrFit *fit, uint32_t ndim, IrExpr *const *extent, IrBlock *body) {
  IrBlock old = *body;
  c->names = (IrClone){.unit = c->b->unit, .func = c->b->func};
  for (uint32_t i = 0; i < fit->sources.len; i++)
    if (c->open[i])
      map_put(c->b->arena, &c->names.vars, map_key(fit->sources.data[i].array), wide_view(c, &fit->sources.data[i], ndim, extent));
  *body = (IrBlock){0};
  ir_clone_block(&c->names, &old, body);
  for (uint32_t i = 0; c->alias && i < fit->sources.len; i++) { /* the views are what they are views of */
    IrVar *wide = ir_clone_var(&c->names, fit->sources.data[i].array);
    for (uint32_t k = 0; k < c->alias->arrays.len && wide != fit->sources.data[i].array; k++) {
      if (c->alias->arrays.data[k].array != fit->sources.data[i].array) continue;
      vec_push(c->b->arena, &c->alias->arrays, ((IrAliasGroup){wide, c->alias->arrays.data[k].group}));
      break;
    }
  }
}

/* ---- the target ---- */

/* Stores go elsewhere; loads of the same array stay. */
static void store_into(IrBlock *block, const IrVar *from, IrVar *to) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    if (s->kind == IRS_STORE && s->as.store.array == from) s->as.store.array = to;
    for (unsigned k = 0; k < count; k++) store_into(blocks[k], from, to);
  }
}

static void open_target(FitCode *c, IrFit *fit, IrExpr *const *extent, IrBlock *body) {
  IrBuilder *b = c->b;
  IrVar *into = fit->into;
  FitTest test = {.b = b, .f = c->f};
  fit_test_shape(&test, into, extent);
  for (uint32_t i = 0; i < fit->sources.len; i++)
    fit_test_apart(&test, fit->sources.data[i].array, into, fit_may_be_same(&fit->sources.data[i], into));
  if (!test.all) return;
  c->into = into;
  c->direct = ir_let(b, NULL, test.all);
  IrVar *slot = ir_new_var(b, NULL, into->type);
  IrStmt *branch = ir_stmt(b, IRS_IF);
  IrBlock *outer;
  branch->as.if_.cond = ir_var(b, c->direct);
  enter(c, branch, false, &outer);
  ir_set(b, slot, ir_var(b, into));
  b->block = outer;
  enter(c, branch, true, &outer);
  c->temp = scratch(c, slot);
  IrExpr *args[] = {ir_int(b, dtype_size(into->type->dtype)), ir_int(b, c->temp->type->layout == LAYOUT_F), ir_int(b, into->type->ndim),
                    tuple_of(c, extent, into->type->ndim)};
  lend(c, "lj_rt_scratch", args, LJ_COUNT(args), c->temp);
  set_slot(c, slot, c->temp);
  b->block = outer;
  fit->into = pin(c, into, slot);
  store_into(body, into, fit->into);
}

static void unless(FitCode *c, IrVar *cond, IrBlock **outer) {
  IrStmt *branch = ir_stmt(c->b, IRS_IF);
  branch->as.if_.cond = ir_unary(c->b, IR_LNOT, cond->type, ir_var(c->b, cond));
  enter(c, branch, false, outer);
}

static void close_target(FitCode *c) {
  IrBuilder *b = c->b;
  IrBlock *outer;
  unless(c, c->direct, &outer);
  IrExpr *args[] = {ir_int(b, dtype_size(c->into->type->dtype)), ir_int(b, c->into->type->ndim), ir_var(b, c->into),
                    ir_int(b, c->temp->type->ndim), ir_var(b, c->temp)};
  ir_runtime(b, "lj_rt_assign", args, LJ_COUNT(args), NULL, true);
  give_back(c, 1);
  b->block = outer;
}

/* ---- what is known then ---- */

static IrVar *stored_array(const IrBlock *block, bool *several) {
  IrVar *found = NULL;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind != IRS_STORE) continue;
    *several |= found && found != s->as.store.array;
    found = s->as.store.array;
  }
  return found;
}

/* Sources that are no part of the array that is stored into. */
static void note_groups(FitCode *c, const IrFit *fit, IrVar *into, const IrBlock *body) {
  bool several = false;
  IrVar *stored = stored_array(body, &several);
  Arena *arena = c->b->arena;
  if (!stored || several) return;
  IrAlias *alias = arena_new(arena, IrAlias);
  alias->group_count = GROUP_COUNT;
  vec_push(arena, &alias->arrays, ((IrAliasGroup){stored, GROUP_STORED}));
  for (uint32_t i = 0; i < fit->sources.len; i++) {
    const IrSource *s = &fit->sources.data[i];
    bool maybe_same = into && fit_may_be_same(s, into) && fit_may_share(c->f, s->array, into);
    if (!maybe_same && (into || facts_maker(c->f, stored, IRS_ALLOC)))
      vec_push(arena, &alias->arrays, ((IrAliasGroup){s->array, GROUP_READ}));
  }
  if (alias->arrays.len > 1) c->alias = alias;
}

void fit_open(FitCode *c, IrFit *fit, uint32_t ndim, IrExpr *const *extent, IrBlock *body) {
  if (fit->sure || (!fit->sources.len && !fit->into)) return;
  IrVar *into = fit->into;
  test_sources(c, fit, ndim, extent);
  if (into) open_target(c, fit, extent, body);
  note_groups(c, fit, into, body);
}

void fit_close(FitCode *c) {
  if (c->temp) close_target(c);
}
