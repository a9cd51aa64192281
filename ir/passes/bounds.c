/* Pass "bounds": comparisons of integers that loop ranges, guards, asserts and earlier checks decide become constants; folding then drops the checks
 * and the negative-index wraps that they guard. What is left is for the pass "version", which tests whole ranges before a loop.
 * Remainders whose range they know need no division or no correction of signs.
 * In: a folded unit without maps. Out: fewer checks. */
#include "ir/passes/ranges.h"

static IrExpr *truth(Facts *f, const Type *type, bool value) {
  IrExpr *out = arena_new(f->unit->arena, IrExpr);
  *out = (IrExpr){.op = IR_CONST, .type = type, .as.i = value};
  return out;
}

static IrExpr *decide(IrExpr *e, void *data) {
  Facts *f = data;
  if (e->count == 2 && e->op >= IR_LT && e->op <= IR_GE && type_is(e->args[0]->type, DT_INT64) && type_is(e->args[1]->type, DT_INT64)) {
    bool swap = e->op == IR_GT || e->op == IR_LE; /* a > b is b < a; a <= b is not b < a; a >= b is not a < b */
    int less = affine_less(f, e->args[swap], e->args[!swap]);
    if (less >= 0) return truth(f, e->type, (e->op == IR_LT || e->op == IR_GT) ? less : !less);
  }
  int64_t zero; /* of divisors */
  if ((e->op == IR_EQ || e->op == IR_NE) && ir_is_int_const(e->args[1], &zero) && zero == 0 && type_is(e->args[0]->type, DT_INT64) &&
      (affine_less(f, e->args[1], e->args[0]) == 1 || affine_less(f, e->args[0], e->args[1]) == 1))
    return truth(f, e->type, e->op == IR_NE);
  return fold_node(f->unit, e);
}

static void decide_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Facts *)data)->unit->arena, *slot, decide, data); }

enum { MAX_ROUNDS = 5, MAX_WORK = 20000 };

typedef struct Walk {
  Facts f;
  Ranges r;
  uint32_t dry; /* loops that are being tried out: nothing is changed */
  uint32_t work; /* statements walked so */
} Walk;

static void walk_stmts(Walk *w, IrBlock *block);

/* ---- remainders ---- */

static bool is_proven(Facts *f, const Affine *a, int64_t times_a, const Affine *b, int64_t times_b, int64_t base) {
  Affine sum = {.base = base};
  return affine_add(&sum, a, times_a) && affine_add(&sum, b, times_b) && affine_prove(f, &sum);
}

/* Also of elements, which are no leaves of forms. */
static bool never_negative(const Facts *f, const IrExpr *e, int depth) {
  Affine x;
  if (affine_of(f, e, &x)) return affine_prove(f, &x);
  if (e->op == IR_CAST)
    return type_is_bool(e->args[0]->type) || (dtype_is_unsigned(e->args[0]->type->dtype) && dtype_size(e->args[0]->type->dtype) < 8);
  if (e->op != IR_ADD || depth == 8) return false;
  for (uint32_t i = 0; i < 2; i++)
    if (!never_negative(f, e->args[i], depth + 1) || (e->args[i]->op != IR_CAST && !affine_is_bounded(f, e->args[i]))) return false;
  return true;
}

/* a % b or a // b of numbers that are not negative. */
static IrExpr *divide_unsigned(IrBuilder *b, const IrExpr *e, bool modulo) {
  const Type *wide = type_scalar(b->types, DT_UINT64);
  IrExpr *x = ir_cast(b, wide, e->args[0]), *n = ir_cast(b, wide, e->args[1]);
  return ir_cast(b, e->type, fold_node(b->unit, ir_binary(b, modulo ? IR_MOD : IR_FLOORDIV, wide, x, fold_node(b->unit, n))));
}

/* let m = a % b, with 0 < b: where a lies near 0 .. b, a comparison does; where it is not negative, there is no sign to correct. What is known of a
 * remainder stays with the variable. The same for // where that knows nothing of its result. */
static void settle_remainder(Facts *f, IrStmt *s) {
  IrVar *var = s->as.set.var;
  IrExpr *e = s->as.set.value;
  bool modulo = e->op == IR_MOD || e->op == IR_SAFE_MOD;
  int64_t known;
  Affine x, n;
  if (!var->once || var->is_global || !type_is(e->type, DT_INT64) || !(modulo || e->op == IR_FLOORDIV || e->op == IR_SAFE_FLOORDIV)) return;
  if (!ir_is_stable(e->args[1]) || (!modulo && ir_is_int_const(e->args[1], &known))) return;
  if (!affine_of(f, e->args[1], &n) || !is_proven(f, &n, 1, &n, 0, -1)) return;
  IrBuilder b = {.arena = f->unit->arena, .unit = f->unit, .types = (TypeTable *)(uintptr_t)&f->unit->program->types};
  IrExpr *a = e->args[0], *d = e->args[1];
  bool linear = modulo && affine_of(f, a, &x), not_negative = never_negative(f, a, 0), less = linear && is_proven(f, &n, 1, &x, -1, -1);
  if (not_negative && less)
    s->as.set.value = a;
  else if (linear && not_negative && is_proven(f, &n, 2, &x, -1, -1))
    s->as.set.value = ir_select(&b, ir_compare(&b, IR_GE, a, d), ir_binary(&b, IR_SUB, e->type, a, d), a);
  else if (less && is_proven(f, &n, 1, &x, 1, 0))
    s->as.set.value = ir_select(&b, ir_compare(&b, IR_LT, a, ir_int(&b, 0)), ir_binary(&b, IR_ADD, e->type, a, d), a);
  else if (not_negative)
    s->as.set.value = divide_unsigned(&b, e, modulo);
  if (!modulo || s->as.set.value == e || var->lo || var->hi) return;
  var->lo = ir_int(&b, 0);
  var->hi = d;
}

/* ---- conditions in several steps ---- */

/* The variable is set: chains that mention it hold no longer. */
static void forget_chain(Facts *f, const IrVar *var) {
  for (uint32_t i = 0; i < f->chains.len; i++) {
    BoolChain *c = &f->chains.data[i];
    if (c->var == var || ir_reads(c->first, var) || ir_reads(c->second, var)) c->var = NULL;
  }
}

/* A copy of a chain's variable stays what it is when that is set again. */
static void copy_chain(Facts *f, const IrVar *copy, const IrExpr *value) {
  for (uint32_t i = 0, count = f->chains.len; value->op == IR_VAR && i < count; i++) {
    BoolChain c = f->chains.data[i];
    if (c.var != value->as.var) continue;
    c.var = copy;
    vec_push(f->unit->arena, &f->chains, c);
  }
}

/* `before` is  var = first, `s` is  if var { …; var = second }: the value of `first and second`; with `if not var`: of `or`. */
static void see_chain(Walk *w, const IrStmt *before, const IrStmt *s) {
  const IrBlock *then = &s->as.if_.then;
  const IrExpr *cond = s->as.if_.cond;
  bool is_and = cond->op != IR_LNOT;
  if (!is_and) cond = cond->args[0];
  if (!before || before->kind != IRS_SET || cond->op != IR_VAR || before->as.set.var != cond->as.var || cond->as.var->once) return;
  if (!then->len || s->as.if_.orelse.len || vec_last(then)->kind != IRS_SET || vec_last(then)->as.set.var != cond->as.var) return;
  BoolChain chain = {cond->as.var, before->as.set.value, vec_last(then)->as.set.value, is_and};
  if (ir_reads(chain.first, chain.var) || ir_reads(chain.second, chain.var)) return; /* of its value before */
  vec_push(w->f.unit->arena, &w->f.chains, chain);
}

/* ---- branches and loops ---- */

/* The condition as it was computed: what `before`, which stands in front of the `if`, set its mutable variable to. */
static void push_if_cond(Facts *f, const IrStmt *s, const IrStmt *before, bool holds) {
  const IrExpr *cond = s->as.if_.cond;
  bool negated = cond->op == IR_LNOT;
  const IrExpr *var = negated ? cond->args[0] : cond;
  bool known = before && before->kind == IRS_SET && var->op == IR_VAR && !var->as.var->once && before->as.set.var == var->as.var;
  known = known && !ir_reads(before->as.set.value, var->as.var);
  facts_push_cond(f, known ? before->as.set.value : cond, known ? holds != negated : holds);
}

/* Both branches with their condition; what stays true behind an if whose other branch does not come back is kept. */
static void walk_if(Walk *w, IrStmt *s, const IrStmt *before_if) {
  Facts *f = &w->f;
  uint32_t mark = f->known.len, chains = f->chains.len;
  RangeState before, after[2];
  bool then_ends = ir_ends(&s->as.if_.then), else_ends = ir_ends(&s->as.if_.orelse);
  RangeVars vars;
  ranges_changed(&w->r, s, &vars);
  ranges_save(&w->r, &vars, mark, &before);
  push_if_cond(f, s, before_if, true);
  walk_stmts(w, &s->as.if_.then);
  ranges_save(&w->r, &vars, mark, &after[0]);
  f->known.len = mark, f->chains.len = chains;
  ranges_restore(&vars, &before);
  push_if_cond(f, s, before_if, false);
  walk_stmts(w, &s->as.if_.orelse);
  f->chains.len = chains;
  if (then_ends) return; /* as the other branch left it */
  ranges_save(&w->r, &vars, mark, &after[1]);
  f->known.len = mark;
  if (!else_ends) {
    ranges_join(&w->r, &vars, &after[0], &after[1], s);
    return;
  }
  ranges_restore(&vars, &after[0]);
  for (uint32_t i = 0; i < after[0].known.len; i++) vec_push(f->unit->arena, &f->known, after[0].known.data[i]);
}

static void walk_iteration(Walk *w, IrStmt *s) {
  Facts *f = &w->f;
  if (s->kind == IRS_FOR) {
    IrExpr *index = arena_new(f->unit->arena, IrExpr);
    *index = (IrExpr){.op = IR_VAR, .type = s->as.for_.index->type, .as.var = s->as.for_.index};
    ranges_break(&w->r); /* it may end here */
    facts_push_range(f, index, s->as.for_.lo, s->as.for_.hi);
    walk_stmts(w, &s->as.for_.body);
    if (w->dry && !ir_ends(&s->as.for_.body)) ranges_back(&w->r);
    return;
  }
  walk_stmts(w, &s->as.while_.head);
  if (!w->dry) ir_stmt_exprs(s, decide_slot, f);
  uint32_t mark = f->known.len;
  facts_push_cond(f, s->as.while_.cond, false);
  ranges_break(&w->r);
  f->known.len = mark;
  facts_push_cond(f, s->as.while_.cond, true);
  walk_stmts(w, &s->as.while_.body);
  if (w->dry && !ir_ends(&s->as.while_.body)) ranges_back(&w->r);
}

static void walk_loop(Walk *w, IrStmt *s) {
  Facts *f = &w->f;
  RangeLoop loop;
  uint32_t mark = f->known.len, chains = f->chains.len;
  ranges_enter(&w->r, &loop, s);
  for (uint32_t i = 0; f->chains.len && i < f->func->vars.len; i++)
    if (!f->func->vars.data[i]->once && ir_marked(f->inside, f->func->vars.data[i])) forget_chain(f, f->func->vars.data[i]);
  loop.changed = loop.heads.len > 0;
  for (int round = 0; loop.changed && round < MAX_ROUNDS && w->work < MAX_WORK; round++) {
    w->dry++;
    ranges_head(&w->r, &loop);
    walk_iteration(w, s);
    f->known.len = mark, f->chains.len = chains;
    w->dry--;
  }
  if (loop.changed) ranges_give_up(&loop);
  ranges_start_exits(&loop);
  ranges_head(&w->r, &loop);
  walk_iteration(w, s);
  f->known.len = mark, f->chains.len = chains;
  ranges_leave(&w->r, &loop);
}

static void walk_stmt(Walk *w, IrStmt *s, const IrStmt *before) {
  Facts *f = &w->f;
  w->work += w->dry > 0;
  if (s->kind != IRS_WHILE && !w->dry) ir_stmt_exprs(s, decide_slot, f);
  if (s->kind == IRS_SET && !w->dry) settle_remainder(f, s);
  facts_see(f, s);
  const IrVar *result = ir_stmt_result(s);
  if (result) ranges_set(&w->r, s);
  if (result && !result->once) forget_chain(f, result);
  if (result && result->once && s->kind == IRS_SET) copy_chain(f, result, s->as.set.value);
  if (s->kind == IRS_IF) {
    walk_if(w, s, before);
    see_chain(w, before, s);
  }
  if (s->kind == IRS_FOR || s->kind == IRS_WHILE) walk_loop(w, s);
  if (s->kind == IRS_CHECK) facts_push_cond(f, s->as.check.ok, true);
  if (s->kind == IRS_CONTINUE && w->dry) ranges_back(&w->r);
  if (s->kind == IRS_BREAK) ranges_break(&w->r);
}

static void walk_stmts(Walk *w, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) walk_stmt(w, block->data[i], i ? block->data[i - 1] : NULL);
}

void pass_bounds(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Walk w = {.dry = 0};
    facts_init(&w.f, unit, func);
    ranges_init(&w.r, &w.f);
    w.f.by_facts = true;
    walk_stmts(&w, &func->body);
    fold_block(unit, &func->body);
  }
}
