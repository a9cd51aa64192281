/* Pass "blocks": checks that an innermost loop still has in each iteration are tested once per block of iterations.
 *
 *   for i in lo .. hi: BODY    becomes    for each block: ok = every check of the block holds
 *                                                      if ok: for i in block: BODY without the checks
 *                                                      else:  for i in block: BODY
 *
 * The test is a loop over what the checks need of BODY, without effects: it vectorises, and so does the body without checks, while an error still comes
 * at the right iteration with the right effects before it, from the body as it was. A block fits the cache, so memory is read once.
 * Legal where the test can be computed ahead of the block: from the loop's index, values fixed before the loop and memory that the body does not write
 * (arrays of other alias groups), or writes only behind the read, in the same iteration. Reads that an earlier check guards are not done where it fails.
 * Short ranges of sums over indices out of memory keep the loop as it is.
 * Negative indices make the test fail too, so that the body without checks need not wrap them.
 * Float divisors that are dear to compute twice, and those of loops without stores, are left to "defer".
 * In: a unit whose other checks are settled, parallel loops made functions. Out: more loops, remarks. */
#include "ir/clone.h"
#include "ir/passes/affine.h"
#include "ir/passes/defer.h"

enum { BLOCK_SHIFT = 8, BLOCK = 1 << BLOCK_SHIFT, LEAST = 16, LEAST_GATHER = 64, MOST_CHECKS = 16, MOST_COST = 64 };

typedef struct Check {
  IrStmt *s;
  IrExpr *ok;           /* what is tested: of an index that may be negative, that it is not */
  const IrExpr *wrap;   /* the select that is needless then, or NULL */
  bool is_range;        /* a linear index: tested for the block's first and last iteration at once */
  Affine ends[2];       /* of such: what must be >= 0 */
} Check;

typedef struct Body {
  Facts *f;
  IrFunc *func;
  IrStmt *loop;
  Map at;     /* IrStmt -> its position in the body, from 1 */
  Map maker;  /* IrVar -> the first statement of the body that sets it */
  Map needed; /* IrStmt -> anything: the test needs it */
  Map read;   /* IrVar -> anything: read so far */
  Vec(Check) checks;
  Vec(IrStmt *) stores;
  Vec(IrStmt *) paths; /* IFs whose conditions decide whether the statement at hand runs */
  uint32_t count, cost;
  const char *why; /* it is not done */
} Body;

static uint32_t position(const Body *n, const IrStmt *s) { return (uint32_t)(uintptr_t)map_get(&n->at, map_key(s)); }

/* ---- what the test needs ------------------------------------------------------------------------------------------------------------- */

static bool refuse(Body *n, const char *why) {
  if (!n->why) n->why = why;
  return false;
}

static bool is_outer_var(const IrVar *var, const void *data) {
  const Body *n = data;
  return var->once && var != n->loop->as.for_.index && !map_get(&n->maker, map_key(var));
}

static bool is_outer(const Body *n, const IrExpr *leaf) { return affine_leaf_vars(leaf, is_outer_var, n); }

/* Are the indices different in each iteration, so that no other iteration touches the element? */
static bool is_injective(const Body *n, IrExpr *const *indices, uint32_t ndim) {
  for (uint32_t k = 0; k < ndim; k++) {
    Affine form;
    bool moves = false, known = affine_of(n->f, indices[k], &form);
    for (uint32_t i = 0; known && i < form.count; i++) {
      bool is_index = form.terms[i].leaf->op == IR_VAR && form.terms[i].leaf->as.var == n->loop->as.for_.index;
      moves |= is_index;
      known = is_index || is_outer(n, form.terms[i].leaf);
    }
    if (known && moves) return true;
  }
  return false;
}

static bool same_element(const Body *n, IrExpr *const *a, IrExpr *const *b, uint32_t ndim) {
  for (uint32_t k = 0; k < ndim; k++)
    if (!ir_same(facts_resolve(n->f, a[k]), facts_resolve(n->f, b[k]))) return false;
  return is_injective(n, a, ndim);
}

/* Does no store of the block change what is loaded, at least not before it is loaded? */
static bool is_unwritten(const Body *n, const IrExpr *load, uint32_t at) {
  const IrAlias *alias = n->loop->as.for_.loop.alias;
  const IrVar *array = load->args[0]->as.var;
  for (uint32_t i = 0; i < n->stores.len; i++) {
    const IrStmt *s = n->stores.data[i];
    if (ir_alias_apart(alias, array, s->as.store.array)) continue;
    bool behind = s->as.store.array == array && position(n, s) > at;
    if (!behind || !same_element(n, load->args + 1, s->as.store.indices, array->type->ndim)) return false;
  }
  return true;
}

static bool is_cheap(MathId id) {
  return id == MATH_SQRT || id == MATH_FABS || id == MATH_FLOOR || id == MATH_CEIL || id == MATH_TRUNC || id == MATH_RINT ||
         id == MATH_COPYSIGN;
}

static bool need_expr(Body *n, const IrExpr *e, uint32_t at);

static bool need_var(Body *n, const IrVar *var) {
  IrStmt *s = map_get(&n->maker, map_key(var));
  if (!s || map_get(&n->needed, map_key(s))) return true;
  if (!var->once || s->kind != IRS_SET) return refuse(n, "it depends on a variable that the loop changes");
  map_put(n->f->unit->arena, &n->needed, map_key(s), s);
  return need_expr(n, s->as.set.value, position(n, s));
}

static bool need_expr(Body *n, const IrExpr *e, uint32_t at) {
  if (++n->cost > MOST_COST) return refuse(n, "computing it ahead costs too much");
  if (e->op == IR_RTCALL || (e->op == IR_MATH && !is_cheap(e->as.math))) return refuse(n, "computing it ahead costs too much");
  if (e->op == IR_LOAD && !is_unwritten(n, e, at)) return refuse(n, "it reads memory that the loop may write");
  if (e->op == IR_VAR) return need_var(n, e->as.var);
  for (uint32_t i = 0; i < e->count; i++)
    if (!need_expr(n, e->args[i], at)) return false;
  return true;
}

/* ---- what is in the body ------------------------------------------------------------------------------------------------------------- */

static IrBuilder builder_of(const Body *n) {
  IrUnit *unit = n->f->unit;
  return (IrBuilder){
      .arena = unit->arena, .unit = unit, .func = n->func, .span = n->loop->span, .types = (TypeTable *)(uintptr_t)&unit->program->types};
}

static IrExpr *not_negative(Body *n, const IrExpr *ok, const IrExpr *x, const IrExpr *extent) {
  IrBuilder b = builder_of(n);
  IrExpr *low = ir_compare(&b, IR_GE, (IrExpr *)(uintptr_t)x, ir_int(&b, 0));
  if (ok->op == IR_GE) return low;
  return ir_binary(&b, IR_LAND, low->type, low, ir_compare(&b, IR_LT, (IrExpr *)(uintptr_t)x, (IrExpr *)(uintptr_t)extent));
}

/* Index checks have the forms  w < n,  w >= 0,  w >= 0 and w < n;  w may be a wrapped index. */
static Check check_of(Body *n, IrStmt *s) {
  const IrExpr *ok = s->as.check.ok, *extent = NULL, *last = ok->op == IR_LAND ? ok->args[1] : ok;
  Check c = {.s = s, .ok = s->as.check.ok};
  if (s->as.check.check != CHECK_INDEX || (last->op != IR_LT && last->op != IR_GE)) return c;
  const IrExpr *x = unwrapped_index(n->f, last->args[0], &extent);
  if (!x) return c;
  c.ok = not_negative(n, last, x, last->op == IR_LT ? last->args[1] : extent);
  c.wrap = facts_resolve(n->f, last->args[0]);
  return c;
}

/* Is the form linear in the loop's index and values fixed before the loop? */
static bool is_linear(const Body *n, const Affine *form) {
  for (uint32_t i = 0; i < form->count; i++) {
    const IrExpr *leaf = form->terms[i].leaf;
    if (!is_outer(n, leaf) && !(leaf->op == IR_VAR && leaf->as.var == n->loop->as.for_.index)) return false;
  }
  return true;
}

/* 0 <= x < extent, or a part of it: holds for all iterations between two for which it holds. */
static void see_range(const Body *n, Check *c) {
  const IrExpr *low = c->ok->op == IR_LAND ? c->ok->args[0] : c->ok->op == IR_GE ? c->ok : NULL;
  const IrExpr *high = c->ok->op == IR_LAND ? c->ok->args[1] : c->ok->op == IR_LT ? c->ok : NULL;
  Affine x;
  if (c->s->as.check.check != CHECK_INDEX || (low && low->op != IR_GE) || (high && high->op != IR_LT) || (!low && !high)) return;
  c->ends[0] = c->ends[1] = (Affine){0};
  if (low && (!affine_of(n->f, low->args[0], &c->ends[0]) || !affine_of(n->f, low->args[1], &x) || !affine_add(&c->ends[0], &x, -1)))
    return;
  if (high && (!affine_of(n->f, high->args[1], &c->ends[1]) || !affine_of(n->f, high->args[0], &x) || !affine_add(&c->ends[1], &x, -1)))
    return;
  if (high) c->ends[1].base -= 1;
  c->is_range = is_linear(n, &c->ends[0]) && is_linear(n, &c->ends[1]);
}

/* All paths on which the check runs. */
static bool see_check(Body *n, IrStmt *s) {
  Check c = check_of(n, s);
  see_range(n, &c);
  if (c.wrap && !c.is_range && c.ok->op == IR_LAND) {
    IrBuilder b = builder_of(n);
    c.ok = ir_inside(&b, c.ok->args[1]->args[0], c.ok->args[1]->args[1]);
  }
  if (n->checks.len == MOST_CHECKS) return refuse(n, "there are too many of them");
  vec_push(n->f->unit->arena, &n->checks, c);
  if (c.is_range) return true;
  for (uint32_t i = 0; i < n->paths.len; i++)
    if (!need_expr(n, n->paths.data[i]->as.if_.cond, position(n, n->paths.data[i]))) return false;
  return need_expr(n, c.ok, position(n, s));
}

static bool ends_iteration(const IrBlock *block) { return block->len && vec_last(block)->kind == IRS_CONTINUE; }

static bool see_block(Body *n, const IrBlock *block);

static bool see_if(Body *n, IrStmt *s) {
  uint32_t mark = n->paths.len;
  vec_push(n->f->unit->arena, &n->paths, s);
  bool ok = see_block(n, &s->as.if_.then) && see_block(n, &s->as.if_.orelse);
  bool stays = ends_iteration(&s->as.if_.then) || ends_iteration(&s->as.if_.orelse); /* it decides what is behind it too */
  n->paths.len = mark;
  if (stays) vec_push(n->f->unit->arena, &n->paths, s);
  return ok;
}

static bool see_stmt(Body *n, IrStmt *s, bool outermost);

static void note_reads(IrExpr **slot, void *data) {
  Body *n = data;
  const IrExpr *e = *slot;
  if (e->op == IR_VAR && !e->as.var->once) map_put(n->f->unit->arena, &n->read, map_key(e->as.var), e->as.var);
  for (uint32_t i = 0; i < e->count; i++) note_reads(&e->args[i], n);
}

/* A float that goes from one iteration to the next: nothing is gained where vectors cannot take it along. */
static bool is_carried(const Body *n, const IrVar *var) {
  return !var->once && type_is_float(var->type) && !(n->func->fastmath & FM_REASSOC) && map_get(&n->read, map_key(var));
}

/* A branch of an IF of the outermost block may end with CONTINUE. */
static bool see_branch(Body *n, const IrBlock *block, bool is_outer_if) {
  if (ends_iteration(block) && !is_outer_if) return refuse(n, "its control flow is too deep");
  for (uint32_t i = 0; i + ends_iteration(block) < block->len; i++)
    if (!see_stmt(n, block->data[i], false)) return false;
  return true;
}

static bool see_stmt(Body *n, IrStmt *s, bool outermost) {
  const IrVar *var = ir_stmt_result(s);
  map_put(n->f->unit->arena, &n->at, map_key(s), (void *)(uintptr_t)++n->count);
  facts_see(n->f, s);
  if (var && (var->is_global || var->owns)) return refuse(n, "the loop has other effects");
  ir_stmt_exprs(s, note_reads, n);
  if (var && is_carried(n, var)) return refuse(n, "the order of its sums is fixed");
  if (var && !map_get(&n->maker, map_key(var))) map_put(n->f->unit->arena, &n->maker, map_key(var), s);
  switch (s->kind) {
  case IRS_STORE: vec_push(n->f->unit->arena, &n->stores, s); return true;
  case IRS_SET:
  case IRS_CHECK: return true;
  case IRS_IF: return see_branch(n, &s->as.if_.then, outermost) && see_branch(n, &s->as.if_.orelse, outermost);
  case IRS_CONTINUE:
  case IRS_ALLOC:
  case IRS_DROP:
  case IRS_CALL:
  case IRS_RAISE:
  case IRS_TEXT:
  case IRS_TEXT_TAKE:
  case IRS_PRINT:
  case IRS_FOR:
  case IRS_WHILE:
  case IRS_BREAK:
  case IRS_RETURN:
  case IRS_MAP:
  case IRS_REDUCE:
  case IRS_RUNTIME:
  case IRS_PARALLEL:
  case IRS_COUNT: break;
  }
  return refuse(n, "the loop has other effects");
}

/* The checks, once all stores and variables are known. */
static bool see_block(Body *n, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_CHECK && !see_check(n, s)) return false;
    if (s->kind == IRS_IF && !see_if(n, s)) return false;
  }
  return true;
}

static bool is_check(const IrStmt *s, const void *unused) {
  (void)unused;
  return s->kind == IRS_CHECK;
}

/* ---- the test as Loop IR ------------------------------------------------------------------------------------------------------------- */

typedef struct Test {
  const Body *n;
  IrClone copy;
  IrBuilder b;
  IrVar *good; /* the checks of this iteration */
} Test;

static bool reads_memory(const IrExpr *e) {
  bool found = e->op == IR_LOAD || ((e->op == IR_FLOORDIV || e->op == IR_MOD) && !type_is_float(e->type));
  for (uint32_t i = 0; i < e->count && !found; i++) found = reads_memory(e->args[i]);
  return found;
}

static const Check *find_check(const Body *n, const IrStmt *s) {
  for (uint32_t i = 0; i < n->checks.len; i++)
    if (n->checks.data[i].s == s) return &n->checks.data[i];
  LJ_UNREACHABLE();
}

/* Does the test read memory or divide behind the position? */
static bool reads_behind(const Body *n, const IrBlock *block, uint32_t at) {
  for (uint32_t i = 0; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    bool behind = position(n, s) > at;
    if (behind && s->kind == IRS_SET && map_get(&n->needed, map_key(s)) && reads_memory(s->as.set.value)) return true;
    if (behind && s->kind == IRS_CHECK && !find_check(n, s)->is_range && reads_memory(s->as.check.ok)) return true;
    if (s->kind != IRS_IF) continue;
    if ((behind && reads_memory(s->as.if_.cond)) || reads_behind(n, &s->as.if_.then, at) || reads_behind(n, &s->as.if_.orelse, at))
      return true;
  }
  return false;
}

typedef struct Rest { /* of the outermost block: what runs behind a branch, where the other branch ends the iteration */
  const IrBlock *block;
  uint32_t from;
} Rest;

static void test_block(Test *t, const IrBlock *block, uint32_t from, const Rest *rest);

/* An `if cond` in the test; the builder stands in its branch until close_if. */
static IrStmt *open_if(Test *t, IrExpr *cond) {
  IrStmt *s = ir_stmt(&t->b, IRS_IF);
  s->as.if_.cond = cond;
  t->b.block = &s->as.if_.then;
  return s;
}

/* good = good and check. What the check may guard is read only where it holds. */
static bool test_check(Test *t, const IrBlock *block, uint32_t at, const Rest *rest) {
  IrBuilder *b = &t->b;
  IrExpr *cond = ir_var(b, ir_let(b, NULL, ir_clone_expr(&t->copy, find_check(t->n, block->data[at])->ok)));
  ir_set(b, t->good, ir_binary(b, IR_LAND, cond->type, ir_var(b, t->good), cond));
  if (!reads_behind(t->n, &t->n->loop->as.for_.body, position(t->n, block->data[at]))) return false;
  IrBlock *outside = b->block;
  open_if(t, cond);
  test_block(t, block, at + 1, rest);
  b->block = outside;
  return true;
}

static bool has_part(const Body *n, const IrBlock *block, uint32_t from) {
  for (uint32_t i = from; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    if ((s->kind == IRS_CHECK && !find_check(n, s)->is_range) || (s->kind == IRS_SET && map_get(&n->needed, map_key(s)))) return true;
    if (s->kind == IRS_IF && (has_part(n, &s->as.if_.then, 0) || has_part(n, &s->as.if_.orelse, 0))) return true;
  }
  return false;
}

/* An IF that decides about checks. Where a branch ends the iteration, what is behind the IF stands in the other branch: true. */
static bool test_if(Test *t, const IrBlock *block, uint32_t at) {
  IrStmt *s = block->data[at];
  bool ends[2] = {ends_iteration(&s->as.if_.then), ends_iteration(&s->as.if_.orelse)};
  bool decides = (ends[0] || ends[1]) && has_part(t->n, block, at + 1);
  if (!decides && !has_part(t->n, &s->as.if_.then, 0) && !has_part(t->n, &s->as.if_.orelse, 0)) return false;
  IrBlock *outside = t->b.block;
  IrStmt *copy = open_if(t, ir_clone_expr(&t->copy, s->as.if_.cond));
  const Rest rest = {block, at + 1};
  test_block(t, &s->as.if_.then, 0, ends[1] ? &rest : NULL);
  t->b.block = &copy->as.if_.orelse;
  test_block(t, &s->as.if_.orelse, 0, ends[0] ? &rest : NULL);
  t->b.block = outside;
  return ends[0] || ends[1];
}

static void test_block(Test *t, const IrBlock *block, uint32_t from, const Rest *rest) {
  for (uint32_t i = from; i < block->len; i++) {
    IrStmt *s = block->data[i];
    t->b.span = s->span;
    if (s->kind == IRS_SET && map_get(&t->n->needed, map_key(s))) vec_push(t->b.arena, t->b.block, ir_clone_stmt(&t->copy, s));
    if (s->kind == IRS_CHECK && !find_check(t->n, s)->is_range && test_check(t, block, i, rest)) return;
    if (s->kind == IRS_IF && test_if(t, block, i)) return;
  }
  if (rest) test_block(t, rest->block, rest->from, NULL);
}

/* if ok: for j in from .. to: good = true; the checks; ok = ok and good. One assignment to ok at the end is a reduction that vectorises. */
static void make_test(const Body *n, IrBuilder *b, IrVar *ok, IrVar *from, IrVar *to) {
  IrStmt *branch = ir_stmt(b, IRS_IF);
  branch->as.if_.cond = ir_var(b, ok);
  Test t = {.n = n, .copy = {.unit = b->unit, .func = n->func}, .b = *b};
  t.b.block = &branch->as.if_.then;
  IrStmt *loop = ir_for(&t.b, n->loop->as.for_.index->name, ir_var(b, from), ir_var(b, to));
  loop->as.for_.loop.most = BLOCK;
  map_put(b->arena, &t.copy.vars, map_key(n->loop->as.for_.index), loop->as.for_.index);
  t.b.block = &loop->as.for_.body;
  t.good = ir_new_var(b, "good", ok->type);
  ir_set(&t.b, t.good, ir_bool(b, true));
  test_block(&t, &n->loop->as.for_.body, 0, NULL);
  ir_set(&t.b, ok, ir_binary(b, IR_LAND, ok->type, ir_var(b, ok), ir_var(b, t.good)));
}

/* ---- the two bodies ------------------------------------------------------------------------------------------------------------------ */

static IrStmt *without_checks(const Body *n) {
  IrUnit *unit = n->f->unit;
  IrClone c = {.unit = unit, .func = n->func};
  for (uint32_t i = 0; i < n->checks.len; i++) {
    const Check *check = &n->checks.data[i];
    map_put(unit->arena, &c.drop, map_key(check->s), check->s);
    if (check->wrap) map_put(unit->arena, &c.replace, map_key(check->wrap), check->wrap->args[2]);
  }
  IrStmt *fast = ir_clone_stmt(&c, n->loop);
  const IrAlias *alias = n->loop->as.for_.loop.alias;
  if (!alias) return fast;
  IrAlias *own = arena_new(unit->arena, IrAlias);
  own->group_count = alias->group_count;
  for (uint32_t i = 0; i < alias->arrays.len; i++) {
    IrAliasGroup g = alias->arrays.data[i];
    g.array = ir_clone_var(&c, g.array);
    vec_push(unit->arena, &own->arrays, g);
  }
  fast->as.for_.loop.alias = own;
  return fast;
}

/* The form at the iteration of the block where it is least. */
static IrExpr *least(const Body *n, IrBuilder *b, const Affine *form, IrVar *from, IrVar *to) {
  IrExpr index = {.op = IR_VAR, .type = from->type, .as.var = n->loop->as.for_.index};
  int64_t coef = affine_coef(form, &index);
  Affine rest = *form, self = {.terms = {{&index, 1}}, .count = 1}, end = {.terms = {{ir_var(b, coef > 0 ? from : to), 1}}, .count = 1};
  if (coef < 0) end.base = -1;
  bool fits = affine_add(&rest, &self, -coef) && affine_add(&rest, &end, coef);
  if (!fits) return ir_bool(b, false);
  return ir_compare(b, IR_GE, affine_expr(b, &rest), ir_int(b, -rest.base));
}

/* A sum of elements at indices out of memory, as in rows of sparse matrices: what vectors gain there is little more than what the test costs, and rows are
 * often short. */
static bool tests_gather(const Body *n) {
  for (uint32_t i = 0; i < n->checks.len && !n->stores.len; i++)
    if (n->checks.data[i].s->as.check.check == CHECK_INDEX && !n->checks.data[i].is_range) return true;
  return false;
}

/* What must hold for a block to be tested at all: it is long enough, and linear indices stay in their axes. */
static IrExpr *block_condition(const Body *n, IrBuilder *b, IrVar *from, IrVar *to) {
  IrExpr *all = ir_compare(b, IR_GE, ir_binary(b, IR_SUB, from->type, ir_var(b, to), ir_var(b, from)),
                           ir_int(b, tests_gather(n) ? LEAST_GATHER : LEAST));
  for (uint32_t i = 0; i < n->checks.len; i++) {
    const Check *c = &n->checks.data[i];
    for (unsigned k = 0; c->is_range && k < 2; k++)
      if (c->ends[k].count || c->ends[k].base) all = ir_binary(b, IR_LAND, all->type, all, least(n, b, &c->ends[k], from, to));
  }
  return all;
}

static IrExpr *arith(IrBuilder *b, IrOp op, IrExpr *a, IrExpr *c) { return ir_binary(b, op, a->type, a, c); }

/* if the range is short: the loop as it is; the builder stands in the other branch then. */
static void keep_short_ranges(const Body *n, IrBuilder *b, IrVar *lo, IrVar *hi) {
  IrClone c = {.unit = b->unit, .func = n->func};
  IrStmt *branch = ir_stmt(b, IRS_IF), *copy = ir_clone_stmt(&c, n->loop);
  branch->as.if_.cond = ir_compare(b, IR_LT, arith(b, IR_SUB, ir_var(b, hi), ir_var(b, lo)), ir_int(b, LEAST_GATHER));
  copy->as.for_.lo = ir_var(b, lo), copy->as.for_.hi = ir_var(b, hi);
  copy->as.for_.loop.remarks = (IrRemarkVec){0};
  vec_push(b->arena, &branch->as.if_.then, copy);
  b->block = &branch->as.if_.orelse;
}

static void make_blocks(const Body *n, IrBlock *out) {
  IrUnit *unit = n->f->unit;
  IrStmt *loop = n->loop;
  IrBuilder builder = builder_of(n), *b = &builder;
  b->block = out;
  IrStmt *fast = without_checks(n);
  ir_remark(unit->arena, &fast->as.for_.loop, "blocks", true, loop->span, "%u checks tested once per block of %d iterations", n->checks.len,
            BLOCK);
  IrVar *lo = ir_let(b, NULL, loop->as.for_.lo), *hi = ir_let(b, NULL, loop->as.for_.hi);
  IrVar *base = NULL; /* where the first block begins */
  if (tests_gather(n)) {
    keep_short_ranges(n, b, lo, hi); /* nor does the length wrap behind it */
    base = lo;
  }
  /* blocks begin at multiples of their size, so that nothing wraps, however long the range; or at the first index */
  IrVar *last =
      ir_let(b, NULL, arith(b, IR_SHR, base ? arith(b, IR_SUB, ir_var(b, hi), ir_var(b, lo)) : ir_var(b, hi), ir_int(b, BLOCK_SHIFT)));
  IrExpr *first = base ? ir_int(b, 0) : arith(b, IR_SHR, ir_var(b, lo), ir_int(b, BLOCK_SHIFT));
  IrStmt *outer = ir_for(b, "block", first, arith(b, IR_ADD, ir_var(b, last), ir_int(b, 1)));
  IrVar *block = outer->as.for_.index;
  b->block = &outer->as.for_.body;
  IrExpr *start = arith(b, IR_SHL, ir_var(b, block), ir_int(b, BLOCK_SHIFT));
  IrVar *begin = ir_let(b, NULL, base ? arith(b, IR_ADD, ir_var(b, lo), start) : start);
  IrVar *from = base ? begin : ir_let(b, "from", arith(b, IR_PYMAX, ir_var(b, begin), ir_var(b, lo)));
  IrExpr *whole = ir_compare(b, IR_LT, ir_var(b, block), ir_var(b, last));
  IrVar *to = ir_let(b, "to", ir_select(b, whole, arith(b, IR_ADD, ir_var(b, begin), ir_int(b, BLOCK)), ir_var(b, hi)));
  IrExpr *start_ok = block_condition(n, b, from, to);
  IrVar *ok = ir_new_var(b, "ok", start_ok->type);
  ir_set(b, ok, start_ok);
  if (has_part(n, &loop->as.for_.body, 0)) make_test(n, b, ok, from, to);
  IrStmt *branch = ir_stmt(b, IRS_IF);
  branch->as.if_.cond = ir_var(b, ok);
  fast->as.for_.lo = loop->as.for_.lo = ir_var(b, from);
  fast->as.for_.hi = loop->as.for_.hi = ir_var(b, to);
  fast->as.for_.loop.most = loop->as.for_.loop.most = BLOCK;
  loop->as.for_.loop.cold = true;
  vec_push(b->arena, &branch->as.if_.then, fast);
  vec_push(b->arena, &branch->as.if_.orelse, loop);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------------------ */

static bool few_trips(const IrStmt *s) {
  int64_t lo, hi;
  return ir_is_int_const(s->as.for_.lo, &lo) && ir_is_int_const(s->as.for_.hi, &hi) && hi < lo + LEAST;
}

/* Appends the loop, in blocks where that is legal. */
static void visit_loop(Facts *f, IrFunc *func, IrStmt *s, IrBlock *out) {
  Facts local = *f;
  Body n = {.f = &local, .func = func, .loop = s};
  const IrBlock *body = &s->as.for_.body;
  bool ok = true;
  for (uint32_t i = 0; i < body->len && ok; i++) ok = see_stmt(&n, body->data[i], true);
  if (ok && see_block(&n, body) && n.checks.len) {
    make_blocks(&n, out);
    return;
  }
  if (n.why) ir_remark(f->unit->arena, &s->as.for_.loop, "blocks", false, s->span, "a check stays in each iteration: %s", n.why);
  vec_push(f->unit->arena, out, s);
}

static void visit_block(Facts *f, IrFunc *func, IrBlock *block) {
  IrBlock out = {0};
  uint32_t mark = f->known.len;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    facts_see(f, s);
    bool innermost = s->kind == IRS_FOR && !ir_any(&s->as.for_.body, ir_is_loop, NULL);
    if (innermost && !s->as.for_.loop.cold && !few_trips(s) && ir_any(&s->as.for_.body, is_check, NULL) &&
        !defer_is_best(f->unit, func, s)) {
      visit_loop(f, func, s, &out);
      continue;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) visit_block(f, func, blocks[k]);
    vec_push(f->unit->arena, &out, s);
  }
  f->known.len = mark;
  *block = out;
}

void pass_blocks(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Facts f;
    if (func->is_main) continue; /* straight-line code that runs once */
    facts_init(&f, unit, func);
    visit_block(&f, func, &func->body);
  }
}
