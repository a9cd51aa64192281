/* Pass "version": before a loop nest one test of whole ranges chooses between a version without index checks, whose arrays are known not to overlap,
 * and the loop as it was. So an error still comes at the right iteration, with the right effects before it, and checks cost nothing otherwise.
 *
 * For an index that is linear in the nest's loop indices and in values fixed before it, the least and the greatest value over the whole
 * iteration space are again linear forms (indices are replaced by the ends of their ranges, innermost first); the test is that they lie in
 * the axis. Checks below an `if` are only taken along when the test of the others covers them: they may never run. The overlap test
 * compares the memory ranges of arrays of which at least one is stored into.
 * In: a unit after "bounds". Out: more loops, fewer checks, remarks. Ideas: loop versioning as in LLVM's LoopVersioningLICM and inductive range check
 * elimination, here on structured loops. */
#include "ir/clone.h"
#include "ir/passes/fit.h"
#include "ir/passes/sets.h"

enum { MAX_TESTS = 48, MAX_ARRAYS = 12, MAX_TRIPLE = 200 };

typedef struct Root { /* arrays that share memory by construction */
  IrVar *var;
  bool stored;
} Root;

typedef struct Nest {
  Facts *f;
  const IrStmt *loop;
  Vec(const IrStmt *) loops; /* FORs of the nest, outermost first */
  Vec(const IrVar *) ranged; /* variables of the nest with known ranges, in order */
  Vec(Affine) tests; /* forms that must be >= 0 */
  Vec(const IrExpr *) leaves; /* values before the loop that the forms need to be small */
  Vec(const IrStmt *) dropped; /* checks that the tests cover */
  Vec(const IrExpr *) wraps; /* selects that the tests make needless */
  Root roots[MAX_ARRAYS];
  uint32_t root_count, left; /* left: checks that stay */
  bool unknown_array, too_many_roots;
  IrAlias *alias;
  bool eager; /* checks that may never run are taken along, too */
  uint32_t may_not_run; /* tests that come only from such checks */
  const char *why; /* a check stays */
  int work; /* left for the index at hand */
  Map *reasons; /* by place */
} Nest;

/* ---- what is in the nest ---- */

static void mark_inside(Nest *n, const IrStmt *s);

static void mark_block(Nest *n, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) mark_inside(n, block->data[i]);
}

static void mark_inside(Nest *n, const IrStmt *s) {
  const IrVar *var = ir_stmt_result(s);
  if (var && !var->is_global) {
    ir_mark(n->f->unit->arena, n->f->inside, var);
    if (var->lo) vec_push(n->f->unit->arena, &n->ranged, var);
  }
  facts_see(n->f, s);
  if (s->kind == IRS_FOR) {
    ir_mark(n->f->unit->arena, n->f->inside, s->as.for_.index);
    vec_push(n->f->unit->arena, &n->loops, s);
  }
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks((IrStmt *)(uintptr_t)s, blocks);
  for (unsigned i = 0; i < count; i++) mark_block(n, blocks[i]);
}

static bool is_outer_var(const IrVar *var, const void *data) {
  const Nest *n = data;
  return !var->is_global && !ir_marked(n->f->inside, var) && (var->once || type_is_array(var->type));
}

static bool is_outer(const Nest *n, const IrExpr *leaf) { return affine_leaf_vars(leaf, is_outer_var, n); }

/* ---- ranges ---- */

/* Values of the forms that may be anything must be small, so that neither the forms nor the loop's own arithmetic wrap: tested before the loop. */
static void note_leaf(Nest *n, const IrExpr *leaf) {
  if (leaf->op == IR_MUL) {
    note_leaf(n, leaf->args[0]);
    note_leaf(n, leaf->args[1]);
    return;
  }
  if (!is_outer(n, leaf)) return;
  for (uint32_t k = 0; k < n->leaves.len; k++)
    if (ir_same(n->leaves.data[k], leaf)) return;
  vec_push(n->f->unit->arena, &n->leaves, leaf);
}

static void note_leaves(Nest *n, const Affine *a) {
  for (uint32_t i = 0; i < a->count; i++) note_leaf(n, a->terms[i].leaf);
}

static IrExpr *var_leaf(const Nest *n, const IrVar *var) {
  IrExpr *leaf = arena_new(n->f->unit->arena, IrExpr);
  *leaf = (IrExpr){.op = IR_VAR, .type = var->type, .as.var = (IrVar *)(uintptr_t)var};
  return leaf;
}

enum { MAX_CASES = 8, MAX_DEPTH = 40, MAX_WORK = 400 };
typedef struct Cases { /* forms that must all be >= 0 */
  Affine a[MAX_CASES];
  uint32_t count;
} Cases;

static bool least(Nest *n, const Affine *a, int depth, Cases *out);

/* What a product is besides one of its factors; false when it does not contain the factor. */
static bool other_factor(const Nest *n, const IrExpr *product, const IrExpr *factor, Affine *rest) {
  for (uint32_t i = 0; i < 2; i++) {
    const IrExpr *here = product->args[i], *other = product->args[1 - i];
    if (ir_same(here, factor)) {
      *rest = (Affine){.terms = {{other, 1}}, .count = 1};
      return true;
    }
    Affine inner, outer = {.terms = {{other, 1}}, .count = 1};
    if (here->op == IR_MUL && other_factor(n, here, factor, &inner)) return affine_mul(n->f, &inner, &outer, rest);
  }
  return false;
}

/* Replaces a value of the nest by the end of its range lo..hi-1 that makes the form least. False when that is not linear. */
static bool to_end(Nest *n, Affine *a, const IrExpr *leaf, const IrExpr *lo, const IrExpr *hi, int depth, Cases *out, bool *found) {
  const IrVar *var = leaf->as.var;
  const IrExpr *last = var->lo && var->last && is_outer(n, var->last) ? var->last : NULL; /* of an outer loop's index: not one value */
  for (uint32_t i = 0; i < a->count; i++) {
    AffTerm term = a->terms[i];
    Affine end, rest, part, self = {.terms = {{term.leaf, 1}}, .count = 1};
    bool whole = ir_same(term.leaf, leaf);
    if (!whole && (term.leaf->op != IR_MUL || !other_factor(n, term.leaf, leaf, &rest))) continue;
    *found = true;
    bool at_hi = term.coef < 0;
    bool by_last = last && at_hi != var->down;
    if (!affine_of(n->f, by_last ? last : at_hi ? hi : lo, &end)) return false;
    note_leaves(n, &end);
    if (at_hi && !by_last) end.base -= 1;
    part = end;
    if (!whole && (!least(n, &rest, depth + 1, out) || !affine_mul(n->f, &end, &rest, &part))) return false; /* rest >= 0: one more test */
    if (!affine_add(a, &self, -term.coef) || !affine_add(a, &part, term.coef)) return false;
    i = UINT32_MAX; /* the terms moved */
  }
  return true;
}

/* How much of a form changes within the nest. */
static uint32_t moving_terms(const Nest *n, const Affine *a) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < a->count; i++) count += !is_outer(n, a->terms[i].leaf);
  return count;
}

/* One of several goals is enough: the one of which facts prove most, then the one that moves least. A tile's  min(ii + step, n)  is at most n; its other
 * end goes beyond n in the last tile, where the test would fail. */
static bool best_goal(Nest *n, const Bound *b, int depth, Cases *out) {
  Cases start = *out, best = *out;
  uint32_t leaves = n->leaves.len, least_cost = UINT32_MAX;
  for (uint32_t k = 0; k < b->count; k++) {
    *out = start;
    note_leaves(n, &b->goal[k]);
    if (!least(n, &b->goal[k], depth + 1, out)) continue;
    uint32_t cost = moving_terms(n, &b->goal[k]);
    for (uint32_t i = start.count; i < out->count; i++) cost += affine_prove(n->f, &out->a[i]) ? 0 : AFF_TERMS;
    if (cost >= least_cost) continue;
    least_cost = cost;
    best = *out;
  }
  *out = best;
  if (least_cost == UINT32_MAX) n->leaves.len = leaves;
  return least_cost != UINT32_MAX;
}

/* Replaces the first reading of a variable that the nest sets (the place of the best so far, say) by everything that it is set to. */
static bool to_sets(Nest *n, const Affine *a, int depth, Cases *out, bool *found) {
  for (uint32_t i = 0; i < a->count; i++) {
    const IrExpr *leaf = a->terms[i].leaf, *def = leaf->op == IR_VAR ? facts_value(n->f, leaf->as.var) : NULL;
    Sets sets;
    if (!def || def->op != IR_VAR || !ir_marked(n->f->inside, leaf->as.var) || !sets_of(n->loop, def->as.var, &sets)) continue;
    *found = true;
    for (uint32_t k = 0; k < sets.count; k++) {
      Affine goal = *a, form;
      if (!affine_of(n->f, sets.values[k], &form) || !affine_replace(&goal, leaf, &form)) return false;
      note_leaves(n, &form);
      if (!least(n, &goal, depth + 1, out)) return false;
    }
    return true;
  }
  return true;
}

/* Replaces the first value of the nest that stands for a min, a remainder, …. */
static bool to_bound(Nest *n, const Affine *a, int depth, Cases *out, bool *found) {
  for (uint32_t i = 0; i < a->count; i++) {
    const AffTerm *term = &a->terms[i];
    Bound b;
    if (is_outer(n, term->leaf) || (term->leaf->op == IR_VAR && term->leaf->as.var->lo) || !bound_op(n->f, term->leaf)) continue;
    *found = true;
    Affine positive;
    if (!bound_goal(n->f, a, term, &b)) return false;
    if (b.positive) {
      if (!affine_of(n->f, b.positive, &positive)) return false;
      note_leaves(n, &positive);
      positive.base -= 1;
      if (!least(n, &positive, depth + 1, out)) return false;
    }
    if (!b.all) return best_goal(n, &b, depth, out);
    for (uint32_t k = 0; k < b.count; k++) {
      note_leaves(n, &b.goal[k]);
      if (!least(n, &b.goal[k], depth + 1, out)) return false;
    }
    return true;
  }
  return true;
}

/* Forms in values fixed before the nest that are at most the least value of a form over all its iterations. */
static bool least(Nest *n, const Affine *form, int depth, Cases *out) {
  Affine a = *form;
  if (depth > MAX_DEPTH || --n->work < 0) return false;
  for (int round = 0; round < 4; round++) {
    bool found = false;
    if (!to_bound(n, &a, depth, out, &found)) return false;
    if (!found && !to_sets(n, &a, depth, out, &found)) return false;
    if (found) return true; /* by its cases */
    for (uint32_t i = n->ranged.len; i-- > 0 && !found;) {
      const IrVar *var = n->ranged.data[i];
      if (!to_end(n, &a, var_leaf(n, var), var->lo, var->hi, depth, out, &found)) return false;
    }
    if (found) return least(n, &a, depth + 1, out);
    for (uint32_t i = n->loops.len; i-- > 0 && !found;) {
      const IrStmt *s = n->loops.data[i];
      if (!to_end(n, &a, var_leaf(n, s->as.for_.index), s->as.for_.lo, s->as.for_.hi, depth, out, &found)) return false;
    }
    if (found) return least(n, &a, depth + 1, out);
    break;
  }
  for (uint32_t i = 0; i < a.count; i++) {
    int64_t coef = a.terms[i].coef;
    if (!is_outer(n, a.terms[i].leaf) || (n->f->degree > 1 && (coef > AFF_MUL_COEF || coef < -AFF_MUL_COEF))) return false;
  }
  if (out->count == MAX_CASES) return false;
  out->a[out->count++] = a;
  return true;
}

/* 0 <= x < extent over the whole nest; `low_known`: 0 <= x is proven. */
static bool range_tests(Nest *n, const IrExpr *x, const IrExpr *extent, bool low_known, Cases *out) {
  Affine low, high;
  *out = (Cases){.count = 0};
  n->why = "its index is not linear in loop indices and values fixed before the loop";
  if (!affine_of(n->f, x, &low) || !affine_of(n->f, extent, &high)) return false;
  note_leaves(n, &low);
  note_leaves(n, &high);
  if (!affine_add(&high, &low, -1)) return false;
  high.base -= 1;
  n->why = "its index depends on what the loop computes";
  n->work = MAX_WORK;
  return (low_known || least(n, &low, 0, out)) && least(n, &high, 0, out);
}

/* Is the test implied by one that is there? Else adds it, or replaces a weaker one. */
static bool add_test(Nest *n, const Affine *test, bool only_if_implied) {
  if (affine_prove(n->f, test)) return true;
  for (uint32_t i = 0; i < n->tests.len; i++) {
    Affine *have = &n->tests.data[i];
    if (!affine_same_terms(have, test)) continue;
    if (have->base <= test->base) return true;
    if (only_if_implied) return false;
    have->base = test->base;
    return true;
  }
  if (only_if_implied || n->tests.len == MAX_TESTS) return false;
  if (test->count == 0) return false; /* constant and not >= 0: never true */
  vec_push(n->f->unit->arena, &n->tests, *test);
  return true;
}

/* The index and the extent that a check is about. */
static bool check_parts(const Nest *n, const IrStmt *s, const IrExpr **x, const IrExpr **wrapped, const IrExpr **extent) {
  const IrExpr *ok = s->as.check.ok;
  if (s->as.check.check != CHECK_INDEX) return false;
  if (ok->op == IR_LAND) ok = ok->args[1];
  if (ok->op == IR_GE) { /* the upper end is proven: what is left of a wrapped index */
    *wrapped = ok->args[0];
    *x = unwrapped_index(n->f, *wrapped, extent);
    return *x != NULL;
  }
  if (ok->op != IR_LT) return false;
  *wrapped = ok->args[0];
  *extent = ok->args[1];
  *x = unwrapped_index(n->f, *wrapped, NULL);
  if (!*x) *x = *wrapped, *wrapped = NULL;
  return true;
}

static uint64_t place_key(Span at) { return ((uint64_t)at.lo << 32 | at.hi) * 2 + 1; }

static void try_check(Nest *n, const IrStmt *s, bool guarded) {
  const IrExpr *x, *wrapped, *extent;
  Cases cases;
  uint32_t mark = n->tests.len;
  n->why = "it is not about one index";
  bool ok = check_parts(n, s, &x, &wrapped, &extent);
  ok = ok && range_tests(n, x, extent, !wrapped && s->as.check.ok->op == IR_LT, &cases);
  for (uint32_t i = 0; ok && i < cases.count; i++) {
    n->why = guarded ? "it stands below an if: it may never run" : "it would fail, or there are too many tests";
    ok = add_test(n, &cases.a[i], guarded && !n->eager);
  }
  if (!ok) {
    n->tests.len = mark < n->tests.len ? mark : n->tests.len;
    n->left++;
    map_put(n->f->unit->arena, n->reasons, place_key(s->span), (void *)(uintptr_t)n->why);
    return;
  }
  if (guarded) n->may_not_run += n->tests.len - mark;
  vec_push(n->f->unit->arena, &n->dropped, s);
  if (wrapped) vec_push(n->f->unit->arena, &n->wraps, facts_resolve(n->f, wrapped));
}

static void collect_checks(Nest *n, const IrBlock *block, bool guarded, bool want_guarded) {
  for (uint32_t i = 0; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    if (s->kind == IRS_CHECK && guarded == want_guarded) try_check(n, s, guarded);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks((IrStmt *)(uintptr_t)s, blocks);
    bool below = guarded || s->kind == IRS_IF;
    for (unsigned k = 0; k < count; k++) collect_checks(n, blocks[k], below, want_guarded);
  }
}

/* ---- overlap ---- */

/* The array whose memory a variable sees: through views and copies. NULL when it may be any. */
static IrVar *root_of(const Nest *n, IrVar *var) {
  for (int depth = 0; depth < 16; depth++) {
    if (var->is_global || !var->once) return NULL;
    const IrExpr *def = facts_value(n->f, var);
    if (!def) break;
    if (def->op == IR_VIEW) def = def->args[0];
    if (def->op != IR_VAR) return NULL;
    if (def->as.var->is_global || (!def->as.var->once && def == facts_value(n->f, var)))
      break; /* a copy of what may be set: its own root */
    var = def->as.var;
  }
  return ir_marked(n->f->inside, var) ? NULL : var;
}

static void see_array(Nest *n, IrVar *var, bool stored) {
  IrVar *root = root_of(n, var);
  if (!root) {
    n->unknown_array = true;
    return;
  }
  uint32_t i = 0;
  while (i < n->root_count && n->roots[i].var != root) i++;
  if (i == MAX_ARRAYS) {
    n->too_many_roots = true;
    return;
  }
  if (i == n->root_count) n->roots[n->root_count++] = (Root){root, false};
  n->roots[i].stored |= stored;
  for (uint32_t k = 0; k < n->alias->arrays.len; k++)
    if (n->alias->arrays.data[k].array == var) return;
  vec_push(n->f->unit->arena, &n->alias->arrays, ((IrAliasGroup){var, i}));
}

static void see_loads(IrExpr **slot, void *data) {
  const IrExpr *e = *slot;
  if (e->op == IR_LOAD) see_array(data, e->args[0]->as.var, false);
  for (uint32_t i = 0; i < e->count; i++) see_loads(&e->args[i], data);
}

static void collect_arrays(Nest *n, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_FOR && s->as.for_.loop.independent && s->as.for_.loop.alias) continue; /* an array statement: all is known */
    ir_stmt_exprs(s, see_loads, n);
    if (s->kind == IRS_STORE) see_array(n, s->as.store.array, true);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) collect_arrays(n, blocks[k]);
  }
}

static bool is_fresh(const Nest *n, const IrVar *root) { return facts_maker(n->f, root, IRS_ALLOC) != NULL; }

/* Memory made here overlaps no other such memory and no parameter; what a call gave or a mutable variable held may be it. */
static bool needs_test(const Nest *n, uint32_t a, uint32_t b) {
  const IrVar *x = n->roots[a].var, *y = n->roots[b].var;
  if (!n->roots[a].stored && !n->roots[b].stored) return false;
  return !((is_fresh(n, x) && (is_fresh(n, y) || y->is_param)) || (is_fresh(n, y) && x->is_param));
}

/* ---- the test as Loop IR ---- */

static void also(IrBuilder *b, IrExpr **all, IrExpr *cond) { *all = *all ? ir_binary(b, IR_LAND, cond->type, *all, cond) : cond; }

static uint32_t overlap_tests(Nest *n, IrBuilder *b, IrExpr **all) {
  IrVar *range[MAX_ARRAYS][2] = {{NULL}};
  uint32_t tests = 0;
  for (uint32_t i = 0; i < n->root_count; i++)
    for (uint32_t k = i + 1; k < n->root_count; k++) {
      if (!needs_test(n, i, k)) continue;
      if (!range[i][0]) fit_memory_range(b, n->roots[i].var, range[i]);
      if (!range[k][0]) fit_memory_range(b, n->roots[k].var, range[k]);
      IrExpr *before = ir_compare(b, IR_LE, ir_var(b, range[i][1]), ir_var(b, range[k][0]));
      IrExpr *behind = ir_compare(b, IR_LE, ir_var(b, range[k][1]), ir_var(b, range[i][0]));
      also(b, all, ir_binary(b, IR_LOR, before->type, before, behind));
      tests++;
    }
  return tests;
}

/* Does a test bound the leaf on that side anyway, by 0 or by extents? (A difference that wraps fails its test.) */
static bool is_tested(const Nest *n, const IrExpr *leaf, bool above) {
  for (uint32_t i = 0; i < n->tests.len && n->f->degree < 2; i++) {
    const Affine *test = &n->tests.data[i];
    bool bounds = affine_coef(test, leaf) == (above ? -1 : 1) && test->base <= AFF_MAX_COEF && test->base >= -AFF_MAX_COEF;
    for (uint32_t k = 0; k < test->count && bounds; k++) {
      const AffTerm *term = &test->terms[k];
      bounds = ir_same(term->leaf, leaf) || (above && term->coef == 1 && (term->leaf->op == IR_SHAPE || term->leaf->op == IR_SIZE));
    }
    if (bounds) return true;
  }
  return false;
}

static IrExpr *range_conditions(Nest *n, IrBuilder *b) {
  IrExpr *all = NULL;
  for (uint32_t i = 0; i < n->leaves.len; i++) {
    IrExpr *leaf = (IrExpr *)(uintptr_t)n->leaves.data[i];
    bool extent = leaf->op == IR_SHAPE || leaf->op == IR_SIZE;
    if (extent && n->f->degree < 2) continue;
    if (!is_tested(n, leaf, true)) also(b, &all, ir_compare(b, IR_LT, leaf, ir_int(b, affine_limit(n->f))));
    if (!extent && !is_tested(n, leaf, false)) also(b, &all, ir_compare(b, IR_GT, leaf, ir_int(b, -affine_limit(n->f))));
  }
  for (uint32_t i = 0; i < n->tests.len; i++)
    also(b, &all, ir_compare(b, IR_GE, affine_expr(b, &n->tests.data[i]), ir_int(b, -n->tests.data[i].base)));
  return all;
}

/* The only loop in the body of a loop. */
static const IrStmt *inner_loop(const IrStmt *loop) {
  const IrBlock *body = &loop->as.for_.body;
  const IrStmt *found = NULL;
  for (uint32_t i = 0; i < body->len; i++) {
    IrBlock *blocks[2];
    IrStmt *s = body->data[i];
    unsigned count = s->kind == IRS_FOR ? 0 : ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++)
      if (ir_any(blocks[k], ir_is_loop, NULL)) return NULL;
    if (s->kind == IRS_WHILE || (s->kind == IRS_FOR && found)) return NULL;
    if (s->kind == IRS_FOR) found = s;
  }
  return found;
}

static bool is_plain(const Nest *n, const IrExpr *e) {
  return e->op == IR_CONST || ((e->op == IR_VAR || e->op == IR_SHAPE) && is_outer(n, e));
}

/* Loops in loops that do not run even once are slow: the optimiser needs no copy of the nest for them then, and hardly anything is left to do. */
static void turn_conditions(const Nest *n, IrBuilder *b, IrExpr **all) {
  for (const IrStmt *s = inner_loop(n->loop); s; s = inner_loop(s)) {
    IrExpr *lo = s->as.for_.lo, *hi = s->as.for_.hi;
    if (is_plain(n, lo) && is_plain(n, hi) && (lo->op != IR_CONST || hi->op != IR_CONST)) also(b, all, ir_compare(b, IR_LT, lo, hi));
  }
}

/* ---- two versions ---- */

static void mark_cold(IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_FOR) s->as.for_.loop.cold = true;
    if (s->kind == IRS_WHILE) s->as.while_.loop.cold = true;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) mark_cold(blocks[k]);
  }
}

static void set_alias(IrBlock *block, IrAlias *alias) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_FOR && s->as.for_.loop.independent && s->as.for_.loop.alias) continue;
    if (s->kind == IRS_FOR) s->as.for_.loop.alias = alias;
    if (s->kind == IRS_WHILE) s->as.while_.loop.alias = alias;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) set_alias(blocks[k], alias);
  }
}

static IrStmt *fast_version(Nest *n) {
  IrUnit *unit = n->f->unit;
  IrClone c = {.unit = unit, .func = (IrFunc *)(uintptr_t)n->f->func};
  for (uint32_t i = 0; i < n->dropped.len; i++) map_put(unit->arena, &c.drop, map_key(n->dropped.data[i]), (void *)(uintptr_t)n->loop);
  for (uint32_t i = 0; i < n->wraps.len; i++) map_put(unit->arena, &c.replace, map_key(n->wraps.data[i]), n->wraps.data[i]->args[2]);
  IrStmt *fast = ir_clone_stmt(&c, n->loop);
  if (n->alias->group_count > 1) {
    for (uint32_t i = 0; i < n->alias->arrays.len; i++) n->alias->arrays.data[i].array = ir_clone_var(&c, n->alias->arrays.data[i].array);
    IrBlock one = {&fast, 1, 1};
    set_alias(&one, n->alias);
  }
  return fast;
}

typedef struct Versions { /* of one function */
  IrFunc *func;
  Facts *f;
  Map reasons; /* place of a check -> why it stays */
} Versions;

static void version_block(Versions *v, Facts *f, IrBlock *block, bool in_alias);
static void version_for(Versions *v, Facts *f, IrBlock *out, IrStmt *s, bool in_alias, bool eager);

static const char *plural(uint32_t count) { return count == 1 ? "" : "s"; }

static void remark(Nest *n, IrStmt *fast, uint32_t overlaps) {
  IrLoop *loop = &fast->as.for_.loop;
  Arena *arena = n->f->unit->arena;
  if (n->dropped.len)
    ir_remark(arena, loop, "version", true, fast->span, "%u index check%s replaced by %u test%s before the loop", n->dropped.len,
              plural(n->dropped.len), n->tests.len, plural(n->tests.len));
  if (overlaps)
    ir_remark(arena, loop, "version", true, fast->span, "%u test%s before the loop prove%s that its arrays do not overlap", overlaps,
              plural(overlaps), overlaps == 1 ? "s" : "");
}

/* Builds `if tests { fast } else { loop }` into `out`. False when there is nothing to gain. */
static bool version_loop(Versions *v, Nest *n, IrBuilder *b, IrBlock *out, bool in_alias) {
  IrStmt *loop = (IrStmt *)(uintptr_t)n->loop;
  bool deep = n->loops.len > 1;
  bool separate = !in_alias && !loop->as.for_.loop.independent && !n->unknown_array && !n->too_many_roots && n->root_count > 1;
  n->alias->group_count = separate ? n->root_count : 0;
  bool enough = separate && (deep || n->left);
  if (!n->dropped.len && !enough) return false;
  IrBlock before = {0};
  b->block = &before;
  IrExpr *cond = range_conditions(n, b);
  uint32_t overlaps = separate ? overlap_tests(n, b, &cond) : 0;
  if (cond) turn_conditions(n, b, &cond);
  b->block = out;
  if (!n->dropped.len && !overlaps && !separate) return false;
  if (!n->dropped.len && cond && v->func->is_main) return false; /* the top level runs once: a second version only for the sake of checks */
  IrStmt *fast = fast_version(n);
  remark(n, fast, overlaps);
  for (uint32_t i = 0; i < before.len; i++) vec_push(b->arena, out, before.data[i]);
  if (!cond) { /* everything is known without a test */
    vec_push(b->arena, out, fast);
    version_block(v, n->f, &fast->as.for_.body, true);
    return true;
  }
  IrStmt *branch = ir_stmt(b, IRS_IF);
  branch->as.if_.cond = cond;
  vec_push(b->arena, &branch->as.if_.then, fast);
  facts_see(n->f, fast);
  version_block(v, n->f, &fast->as.for_.body, in_alias || separate);
  if (n->may_not_run) { /* the test may fail for the sake of checks that never run: that is no reason to be slow */
    version_for(v, n->f, &branch->as.if_.orelse, loop, in_alias, false);
    return true;
  }
  IrBlock one = {&loop, 1, 1};
  mark_cold(&one);
  vec_push(b->arena, &branch->as.if_.orelse, loop);
  return true;
}

static uint32_t count_stmts(IrStmt *s) {
  IrBlock *blocks[2];
  uint32_t total = 1;
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) total += count_stmts(blocks[k]->data[i]);
  return total;
}

static void version_for(Versions *v, Facts *f, IrBlock *out, IrStmt *s, bool in_alias, bool eager) {
  IrUnit *unit = f->unit;
  Facts local = *f;
  Nest n = {.f = &local, .loop = s, .eager = eager, .reasons = &v->reasons};
  uint32_t mark = local.known.len;
  local.assume_bounded = true;
  local.degree = 0;
  ir_marks_clear(f->inside);
  n.alias = arena_new(unit->arena, IrAlias);
  mark_inside(&n, s);
  local.known.len = mark; /* ranges of the nest's own variables are for the proofs inside only */
  collect_checks(&n, &s->as.for_.body, false, false);
  collect_checks(&n, &s->as.for_.body, false, true);
  IrBlock one = {&s, 1, 1};
  collect_arrays(&n, &one);
  IrBuilder b = {
      .arena = unit->arena, .unit = unit, .func = v->func, .span = s->span, .types = (TypeTable *)(uintptr_t)&unit->program->types};
  bool done = version_loop(v, &n, &b, out, in_alias);
  f->maker = local.maker, f->cap = local.cap; /* it may have grown: not anew for each loop */
  f->known.len = mark;
  if (done) return;
  vec_push(unit->arena, out, s);
  version_block(v, f, &s->as.for_.body, in_alias);
}

static void version_block(Versions *v, Facts *f, IrBlock *block, bool in_alias) {
  IrBlock out = {0};
  uint32_t mark = f->known.len;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    facts_see(f, s);
    if (s->kind == IRS_FOR) {
      version_for(v, f, &out, s, in_alias, count_stmts(s) <= MAX_TRIPLE);
      continue;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) version_block(v, f, blocks[k], in_alias);
    vec_push(f->unit->arena, &out, s);
  }
  f->known.len = mark;
  *block = out;
}

/* Says of each loop which index checks it still has, and why the first of them stays. */
static uint32_t explain_left(Versions *v, IrBlock *block, const IrStmt **first) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrLoop *loop = s->kind == IRS_FOR ? &s->as.for_.loop : s->kind == IRS_WHILE ? &s->as.while_.loop : NULL;
    const IrStmt *inner = NULL;
    IrBlock *blocks[2];
    if (s->kind == IRS_CHECK && s->as.check.check == CHECK_INDEX) {
      left++;
      if (!*first) *first = s;
    }
    uint32_t below = 0;
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) below += explain_left(v, blocks[k], loop ? &inner : first);
    if (!loop) {
      left += below;
      continue;
    }
    if (!below || loop->cold) continue;
    const char *why = map_get(&v->reasons, place_key(inner->span));
    LineCol at = inner->span.src ? source_line_col(inner->span.src, inner->span.lo) : (LineCol){0, 0};
    ir_remark(v->f->unit->arena, loop, "bounds", false, s->span, "%u index check%s stay%s; the one at %u:%u because %s", below,
              below == 1 ? "" : "s", below == 1 ? "s" : "", at.line, at.column, why ? why : "it is not in a counted loop");
  }
  return left;
}

void pass_version(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Facts f;
    const IrStmt *first = NULL;
    facts_init(&f, unit, func);
    Versions v = {.func = func, .f = &f};
    version_block(&v, &f, &func->body, false);
    fold_block(unit, &func->body);
    (void)explain_left(&v, &func->body, &first);
  }
}
