/* What the pass "fuse" makes of a region: statements in front, the test, the fused nest or (the cold way) the statements as they were, statements behind.
 * In the fused nest an element that a part stored is a scalar for those behind it, and temporary arrays are not stored at all.
 * In: a region in which every statement has its place. Out: statements appended to a block; the original nests are the cold way, or gone. */
#include "ir/passes/fuse.h"

/* ---- extents of temporaries, which the hot way does not have ---- */

static IrExpr *without_temp(IrExpr *e, void *data) {
  Fuse *x = data;
  if (e->op != IR_SHAPE || !fuse_is_temp(x, e->args[0]->as.var)) return e;
  const IrStmt *alloc = facts_maker(&x->f, fit_origin(&x->f, e->args[0]->as.var), IRS_ALLOC);
  return ir_rewrite(x->b.arena, alloc->as.alloc.shape[e->as.i], without_temp, x);
}

static void rewrite_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Fuse *)data)->b.arena, *slot, without_temp, data); }

/* ---- the test ---- */

static void test_source(Fuse *x, const FusePart *p, const FuseArray *a) {
  IrSource source = {a->array, a->ones};
  for (uint32_t i = 0; i < p->fit->sources.len; i++)
    if (p->fit->sources.data[i].array == a->array) fit_test_source(&x->test, &source, p->ndim, p->extent);
}

/* Two arrays of the nest: may they be the same in it? Tests what must not be. */
static bool test_pair(Fuse *x, const FuseArray *a, const FuseArray *b) {
  bool whole = a->own && b->own && !a->ones && !b->ones && dtype_size(a->array->type->dtype) == dtype_size(b->array->type->dtype);
  if (fit_same_view(&x->f, a->array, b->array)) return true;
  if (!a->stored && !b->stored) return false;
  if (!fuse_may_share(x, a->array, b->array)) return false;
  fit_test_apart(&x->test, a->array, b->array, whole);
  return whole;
}

static void merge(uint32_t *group, uint32_t count, uint32_t from, uint32_t to) {
  for (uint32_t i = 0; i < count; i++)
    if (group[i] == from) group[i] = to;
}

/* One entry an array; what holds for all its accesses. */
static uint32_t add_array(FuseArray *all, uint32_t *group, uint32_t count, const FuseArray *a) {
  for (uint32_t i = 0; i < count; i++) {
    if (all[i].array != a->array) continue;
    all[i].ones |= a->ones, all[i].stored |= a->stored, all[i].own &= a->own;
    return count;
  }
  group[count] = count;
  all[count] = *a;
  return count + 1;
}

/* All that the fused nest relies on; also what is known about its memory then. */
static IrAlias *test_region(Fuse *x) {
  IrBuilder *b = &x->b;
  FuseArray all[FUSE_MOST_NAMES];
  uint32_t group[FUSE_MOST_NAMES], count = 0;
  for (uint32_t k = 0; k < x->part_count; k++) {
    const FusePart *p = &x->parts[k], *head = &x->parts[0];
    for (uint32_t d = 0; d < p->ndim; d++) fit_test_int(&x->test, p->extent[d], head->extent[d]);
    if (p->fit->into) fit_test_shape(&x->test, p->fit->into, p->extent);
    for (uint32_t i = 0; i < p->array_count; i++) {
      test_source(x, p, &p->arrays[i]);
      if (fuse_is_temp(x, p->arrays[i].array)) continue;
      LJ_ASSERT(count < FUSE_MOST_NAMES);
      count = add_array(all, group, count, &p->arrays[i]);
    }
  }
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = i + 1; k < count; k++)
      if (test_pair(x, &all[i], &all[k])) merge(group, count, group[k], group[i]);
  for (uint32_t i = x->first; i <= x->last; i++)
    if (x->place[i - x->first] == PLACE_GUARD) fit_test_cond(&x->test, x->block->data[i]->as.check.ok);
  IrAlias *alias = arena_new(b->arena, IrAlias);
  alias->group_count = count;
  for (uint32_t i = 0; i < count; i++) vec_push(b->arena, &alias->arrays, ((IrAliasGroup){all[i].array, group[i]}));
  return alias;
}

/* ---- the fused nest ---- */

typedef struct Body {
  Fuse *x;
  const IrAlias *alias;
  IrClone names;
  IrVarVec arrays, values; /* elements that were stored at this point: origin of the array, scalar */
} Body;

static IrVar *stored_value(const Body *t, const IrVar *array) {
  for (uint32_t i = t->arrays.len; i-- > 0;)
    if (fit_same_view(&t->x->f, t->arrays.data[i], array)) return t->values.data[i];
  return NULL;
}

static void forward(const IrExpr *e, Body *t) {
  IrVar *value = e->op == IR_LOAD ? stored_value(t, e->args[0]->as.var) : NULL;
  if (value) map_put(t->x->b.arena, &t->names.replace, map_key(e), ir_var(&t->x->b, value));
  for (uint32_t i = 0; i < e->count; i++) forward(e->args[i], t);
}

static void forward_slot(IrExpr **slot, void *data) { forward(*slot, data); }

static void forward_block(Body *t, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    ir_stmt_exprs(block->data[i], forward_slot, t);
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    for (unsigned k = 0; k < count; k++) forward_block(t, blocks[k]);
  }
}

/* A store into what may be the same array under another name: its elements must be read again. */
static void forget(Body *t, const IrVar *stored) {
  uint32_t kept = 0;
  int64_t group = ir_alias_group(t->alias, stored);
  for (uint32_t i = 0; i < t->arrays.len; i++) {
    IrVar *array = t->arrays.data[i], *value = t->values.data[i];
    if (group >= 0 && ir_alias_group(t->alias, array) == group && !fit_same_view(&t->x->f, array, stored)) continue;
    t->arrays.data[kept] = array, t->values.data[kept++] = value;
  }
  t->arrays.len = t->values.len = kept;
}

static void put_store(Body *t, const FusePart *p, IrStmt *s, IrVar **index) {
  IrBuilder *b = &t->x->b;
  IrVar *array = s->as.store.array, *value = ir_let(b, NULL, ir_clone_expr(&t->names, s->as.store.value));
  IrExpr *at[TYPE_MAX_NDIM];
  forget(t, array);
  vec_push(b->arena, &t->arrays, array);
  vec_push(b->arena, &t->values, value);
  if (fuse_is_temp(t->x, array)) return;
  for (uint32_t d = 0; d < p->ndim; d++) at[d] = ir_var(b, index[d]);
  ir_store(b, array, at, ir_var(b, value));
}

/* The points of one part, in the builder's block. */
static void put_part(Body *t, const FusePart *p, IrVar **index, IrExpr **element) { /* element: of the last reduction */
  IrBuilder *b = &t->x->b;
  for (uint32_t d = 0; d < p->ndim; d++) map_put(b->arena, &t->names.vars, map_key(p->index[d]), index[d]);
  for (uint32_t i = 0; i < p->body->len; i++) {
    IrStmt *s = p->body->data[i];
    IrBlock one = {&s, 1, 1};
    b->span = s->span;
    forward_block(t, &one);
    if (s->kind == IRS_STORE)
      put_store(t, p, s, index);
    else
      vec_push(b->arena, b->block, ir_clone_stmt(&t->names, s));
  }
  if (p->stmt->kind != IRS_REDUCE) return;
  forward(p->stmt->as.reduce.element, t);
  IrExpr *value = ir_clone_expr(&t->names, p->stmt->as.reduce.element);
  *element = ir_is_stable(value) ? value : ir_var(b, ir_let(b, NULL, value));
  IrVar *acc = p->stmt->as.reduce.acc;
  if (p->stmt != t->x->reduce) ir_set(b, acc, expand_combine(b, p->stmt->as.reduce.op, ir_var(b, acc), *element));
}

static void note(Fuse *x, IrLoop *loop) {
  StrBuf lines = {0}, names = {0};
  for (uint32_t k = 0; k < x->part_count; k++) {
    Span at = x->parts[k].stmt->span;
    if (at.src) sb_printf(&lines, "%s%u", k ? ", " : "", source_line_col(at.src, at.lo).line);
  }
  for (uint32_t i = 0; i < x->temps.len; i++) {
    const char *name = x->temps.data[i].array->name;
    for (uint32_t j = x->first; j <= x->last; j++) { /* as the user calls it */
      const IrStmt *s = x->block->data[j];
      if (s->kind == IRS_SET && s->as.set.value->op == IR_VAR && s->as.set.value->as.var == x->temps.data[i].array)
        name = s->as.set.var->name;
    }
    sb_printf(&names, "%s%s", i ? ", " : "; never in memory: ", name);
  }
  ir_remark(x->b.arena, loop, "fuse", true, x->parts[0].stmt->span, "one nest for %u array statements (lines %s)%s", x->part_count,
            sb_text(&lines), sb_text(&names));
  sb_drop(&lines);
  sb_drop(&names);
}

static IrStmt *fused_nest(Fuse *x, IrAlias *alias) {
  IrBuilder *b = &x->b;
  const FusePart *head = &x->parts[0];
  uint32_t ndim = head->ndim;
  IrBlock body = {0}, *outer = b->block;
  IrExpr *element = NULL;
  IrVar **index = arena_array(b->arena, IrVar *, ndim);
  IrExpr **extent = arena_array(b->arena, IrExpr *, ndim);
  Body t = {.x = x, .alias = alias, .names = {.unit = b->unit, .func = b->func}};
  for (uint32_t d = 0; d < ndim; d++) {
    index[d] = ir_new_var(b, head->index[d]->name, head->index[d]->type);
    index[d]->once = true;
    extent[d] = head->extent[d];
    rewrite_slot(&extent[d], x);
  }
  IrStmt *s = arena_new(b->arena, IrStmt);
  *s = x->reduce ? *x->reduce : *head->stmt;
  s->span = head->stmt->span;
  b->block = &body;
  for (uint32_t k = 0; k < x->part_count; k++) put_part(&t, &x->parts[k], index, &element);
  b->block = outer;
  IrFit fit = {.sure = true};
  for (uint32_t i = 0; i < alias->arrays.len; i++) {
    IrSource source = {alias->arrays.data[i].array, 0};
    for (uint32_t k = 0; k < x->part_count; k++)
      for (uint32_t j = 0; j < x->parts[k].array_count; j++)
        if (x->parts[k].arrays[j].array == source.array) source.ones |= x->parts[k].arrays[j].ones;
    vec_push(b->arena, &fit.sources, source);
  }
  IrLoop loop = {.parallel = head->loop->parallel, .alias = alias, .remarks = head->loop->remarks};
  for (uint32_t k = 0; loop.parallel && k < x->part_count; k++) {
    const IrStmt *part = x->parts[k].stmt;
    if (part->kind != IRS_REDUCE || part == x->reduce) continue;
    IrOp op = expand_combine(b, part->as.reduce.op, ir_var(b, part->as.reduce.acc), part->as.reduce.element)->op;
    vec_push(b->arena, &loop.reductions, ((IrReduction){.kind = REDUCTION_OP, .var = part->as.reduce.acc, .op = op, .at = part->span}));
  }
  note(x, &loop);
  if (x->reduce) {
    s->as.reduce.index = index, s->as.reduce.extent = extent, s->as.reduce.body = body, s->as.reduce.element = element;
    s->as.reduce.fit = fit, s->as.reduce.loop = loop;
  } else {
    s->as.map.index = index, s->as.map.extent = extent, s->as.map.body = body, s->as.map.fit = fit, s->as.map.loop = loop;
  }
  return s;
}

/* ---- the region ---- */

static void put_all(Fuse *x, FusePlace place) {
  for (uint32_t i = x->first; i <= x->last; i++) {
    if (x->place[i - x->first] != place) continue;
    IrStmt *s = x->block->data[i];
    if (place == PLACE_BEFORE) ir_stmt_exprs(s, rewrite_slot, x);
    vec_push(x->b.arena, x->b.block, s);
  }
}

static void put_cold(Fuse *x, IrBlock *out) {
  for (uint32_t k = 0; k < x->part_count; k++) {
    x->parts[k].loop->cold = !x->parts[k].loop->parallel && x->parts[k].ndim == 1; /* others may well be broadcast */
    x->parts[k].loop->remarks.len = 0;
  }
  for (uint32_t i = x->first; i <= x->last; i++) {
    FusePlace place = x->place[i - x->first];
    if (place == PLACE_NEST || place == PLACE_GUARD || place == PLACE_COLD) vec_push(x->b.arena, out, x->block->data[i]);
  }
}

void fuse_build(Fuse *x, IrBlock *out) {
  IrBuilder *b = &x->b;
  b->block = out;
  b->span = x->parts[0].stmt->span;
  put_all(x, PLACE_BEFORE);
  x->test = (FitTest){.b = b, .f = &x->f};
  IrAlias *alias = test_region(x);
  IrStmt *nest = fused_nest(x, alias);
  if (x->test.all) {
    IrStmt *branch = ir_stmt(b, IRS_IF);
    branch->span = nest->span;
    branch->as.if_.cond = x->test.all;
    rewrite_slot(&branch->as.if_.cond, x);
    vec_push(b->arena, &branch->as.if_.then, nest);
    put_cold(x, &branch->as.if_.orelse);
  } else {
    vec_push(b->arena, out, nest);
  }
  put_all(x, PLACE_AFTER);
}
