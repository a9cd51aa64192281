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

enum { MAX_TESTS = 48, MAX_ARRAYS = 12 };

typedef struct Root { /* arrays that share memory by construction */
  IrVar *var;
  bool stored;
} Root;

typedef struct Nest {
  Facts *f;
  const IrStmt *loop;
  bool *inside; /* by IrVar.id: set within the nest */
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
} Nest;

/* ---- what is in the nest ---- */

static void mark_inside(Nest *n, const IrStmt *s);

static void mark_block(Nest *n, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) mark_inside(n, block->data[i]);
}

static void mark_inside(Nest *n, const IrStmt *s) {
  const IrVar *var = ir_stmt_result(s);
  if (var && !var->is_global) {
    n->inside[var->id] = true;
    if (var->lo) vec_push(n->f->unit->arena, &n->ranged, var);
  }
  facts_see(n->f, s);
  if (s->kind == IRS_FOR) {
    n->inside[s->as.for_.index->id] = true;
    vec_push(n->f->unit->arena, &n->loops, s);
  }
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks((IrStmt *)(uintptr_t)s, blocks);
  for (unsigned i = 0; i < count; i++) mark_block(n, blocks[i]);
}

static bool is_outer(const Nest *n, const IrExpr *leaf) {
  const IrVar *var = leaf->op == IR_VAR ? leaf->as.var : leaf->args[0]->as.var;
  return var->is_global ? false : var->once && !n->inside[var->id];
}

/* ---- ranges ---- */

/* Values of the forms that may be anything must be small, so that neither the forms nor the loop's own arithmetic wrap: tested before the loop. */
static void note_leaves(Nest *n, const Affine *a) {
  for (uint32_t i = 0; i < a->count; i++) {
    const IrExpr *leaf = a->terms[i].leaf;
    if (leaf->op != IR_VAR || !is_outer(n, leaf)) continue;
    uint32_t k = 0;
    while (k < n->leaves.len && !ir_same(n->leaves.data[k], leaf)) k++;
    if (k == n->leaves.len) vec_push(n->f->unit->arena, &n->leaves, leaf);
  }
}

/* Replaces one leaf by the end of its range that makes the form greatest (or least). */
static bool replace_leaf(Nest *n, Affine *a, const IrExpr *leaf, const IrExpr *lo, const IrExpr *hi, bool greatest) {
  Affine end;
  int64_t coef = affine_coef(a, leaf);
  if (!coef) return true;
  bool at_hi = (coef > 0) == greatest;
  if (!affine_of(n->f, at_hi ? hi : lo, &end)) return false;
  note_leaves(n, &end);
  if (at_hi) end.base -= 1;
  Affine self = {.terms = {{leaf, 1}}, .count = 1};
  return affine_add(a, &self, -coef) && affine_add(a, &end, coef);
}

static IrExpr var_leaf(const IrVar *var) { return (IrExpr){.op = IR_VAR, .type = var->type, .as.var = (IrVar *)(uintptr_t)var}; }

/* The greatest or least value of a form over the nest's iterations, in values fixed before it. */
static bool extreme(Nest *n, Affine *a, bool greatest) {
  for (int round = 0; round < 3; round++) {
    for (uint32_t i = n->ranged.len; i-- > 0;) {
      IrExpr leaf = var_leaf(n->ranged.data[i]);
      if (!replace_leaf(n, a, &leaf, leaf.as.var->lo, leaf.as.var->hi, greatest)) return false;
    }
    for (uint32_t i = n->loops.len; i-- > 0;) {
      const IrStmt *s = n->loops.data[i];
      IrExpr leaf = var_leaf(s->as.for_.index);
      if (!replace_leaf(n, a, &leaf, s->as.for_.lo, s->as.for_.hi, greatest)) return false;
    }
    bool done = true;
    for (uint32_t i = 0; i < a->count && done; i++) done = is_outer(n, a->terms[i].leaf);
    if (done) return true;
  }
  return false;
}

/* 0 <= x < extent over the whole nest, as two forms. */
static bool range_tests(Nest *n, const IrExpr *x, const IrExpr *extent, Affine out[2]) {
  if (!affine_of(n->f, x, &out[0]) || !affine_of(n->f, extent, &out[1])) return false;
  note_leaves(n, &out[0]);
  note_leaves(n, &out[1]);
  Affine top = out[0];
  if (!affine_add(&out[1], &top, -1)) return false;
  out[1].base -= 1;
  return extreme(n, &out[0], false) && extreme(n, &out[1], false);
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

static void try_check(Nest *n, const IrStmt *s, bool guarded) {
  const IrExpr *x, *wrapped, *extent;
  Affine tests[2];
  uint32_t mark = n->tests.len;
  if (!check_parts(n, s, &x, &wrapped, &extent) || !range_tests(n, x, extent, tests) || !add_test(n, &tests[0], guarded) ||
      !add_test(n, &tests[1], guarded)) {
    n->tests.len = mark < n->tests.len ? mark : n->tests.len;
    n->left++;
    return;
  }
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
    if (def->as.var->is_global) break;
    var = def->as.var;
  }
  return n->inside[var->id] ? NULL : var;
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

static bool needs_test(const Nest *n, uint32_t a, uint32_t b) {
  if (!n->roots[a].stored && !n->roots[b].stored) return false;
  return !is_fresh(n, n->roots[a].var) && !is_fresh(n, n->roots[b].var);
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

static IrExpr *range_conditions(Nest *n, IrBuilder *b) {
  IrExpr *all = NULL;
  for (uint32_t i = 0; i < n->leaves.len; i++) {
    IrExpr *leaf = (IrExpr *)(uintptr_t)n->leaves.data[i];
    also(b, &all, ir_compare(b, IR_LT, leaf, ir_int(b, AFF_LIMIT)));
    also(b, &all, ir_compare(b, IR_GT, leaf, ir_int(b, -AFF_LIMIT)));
  }
  for (uint32_t i = 0; i < n->tests.len; i++)
    also(b, &all, ir_compare(b, IR_GE, affine_expr(b, &n->tests.data[i]), ir_int(b, -n->tests.data[i].base)));
  return all;
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

static void version_block(IrFunc *func, Facts *f, IrBlock *block, bool in_alias);

static void remark(Nest *n, IrStmt *fast, uint32_t overlaps) {
  IrLoop *loop = &fast->as.for_.loop;
  Arena *arena = n->f->unit->arena;
  if (n->dropped.len)
    ir_remark(arena, loop, "version", true, fast->span, "%u index checks replaced by %u tests before the loop", n->dropped.len,
              n->tests.len);
  if (overlaps)
    ir_remark(arena, loop, "version", true, fast->span, "%u tests before the loop prove that its arrays do not overlap", overlaps);
}

/* Builds `if tests { fast } else { loop }` into `out`. False when there is nothing to gain. */
static bool version_loop(Nest *n, IrBuilder *b, IrBlock *out, bool in_alias) {
  IrFunc *func = (IrFunc *)(uintptr_t)n->f->func;
  IrStmt *loop = (IrStmt *)(uintptr_t)n->loop;
  bool deep = n->loops.len > 1;
  bool separate = !in_alias && !loop->as.for_.loop.independent && !n->unknown_array && !n->too_many_roots && n->root_count > 1;
  n->alias->group_count = separate ? n->root_count : 0;
  if (!n->dropped.len && !(separate && (deep || n->left))) return false;
  IrBlock before = {0};
  b->block = &before;
  IrExpr *cond = range_conditions(n, b);
  uint32_t overlaps = separate ? overlap_tests(n, b, &cond) : 0;
  b->block = out;
  if (!n->dropped.len && !overlaps && !separate) return false;
  IrStmt *fast = fast_version(n);
  remark(n, fast, overlaps);
  for (uint32_t i = 0; i < before.len; i++) vec_push(b->arena, out, before.data[i]);
  if (!cond) { /* everything is known without a test */
    vec_push(b->arena, out, fast);
    version_block(func, n->f, &fast->as.for_.body, true);
    return true;
  }
  IrBlock one = {&loop, 1, 1};
  mark_cold(&one);
  IrStmt *branch = ir_stmt(b, IRS_IF);
  branch->as.if_.cond = cond;
  vec_push(b->arena, &branch->as.if_.then, fast);
  vec_push(b->arena, &branch->as.if_.orelse, loop);
  facts_see(n->f, fast);
  version_block(func, n->f, &fast->as.for_.body, in_alias || separate);
  return true;
}

static void version_for(IrFunc *func, Facts *f, IrBlock *out, IrStmt *s, bool in_alias) {
  IrUnit *unit = f->unit;
  Facts local = *f;
  Nest n = {.f = &local, .loop = s};
  uint32_t mark = local.known.len;
  local.assume_bounded = true;
  n.inside = arena_array(unit->arena, bool, func->vars.len + 1);
  n.alias = arena_new(unit->arena, IrAlias);
  mark_inside(&n, s);
  local.known.len = mark; /* ranges of the nest's own variables are for the proofs inside only */
  collect_checks(&n, &s->as.for_.body, false, false);
  collect_checks(&n, &s->as.for_.body, false, true);
  IrBlock one = {&s, 1, 1};
  collect_arrays(&n, &one);
  IrBuilder b = {.arena = unit->arena, .unit = unit, .func = func, .span = s->span, .types = (TypeTable *)(uintptr_t)&unit->program->types};
  bool done = version_loop(&n, &b, out, in_alias);
  f->known.len = mark;
  if (done) return;
  vec_push(unit->arena, out, s);
  version_block(func, f, &s->as.for_.body, in_alias);
}

static void version_block(IrFunc *func, Facts *f, IrBlock *block, bool in_alias) {
  IrBlock out = {0};
  uint32_t mark = f->known.len;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    facts_see(f, s);
    if (s->kind == IRS_FOR) {
      version_for(func, f, &out, s, in_alias);
      continue;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) version_block(func, f, blocks[k], in_alias);
    vec_push(f->unit->arena, &out, s);
  }
  f->known.len = mark;
  *block = out;
}

void pass_version(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Facts f;
    if (func->is_main) continue; /* straight-line code that runs once: its kernels are functions */
    facts_init(&f, unit, func);
    version_block(func, &f, &func->body, false);
    fold_block(unit, &func->body);
  }
}
