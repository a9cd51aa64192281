/* Pass "bounds": comparisons of integers that loop ranges, guards, asserts and earlier checks decide become constants; folding then drops the checks
 * and the negative-index wraps that they guard. What is left is for the pass "version", which tests whole ranges before a loop.
 * In: a folded unit without maps. Out: fewer checks. */
#include "ir/passes/affine.h"

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
  return fold_node(f->unit, e);
}

static void decide_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Facts *)data)->unit->arena, *slot, decide, data); }

static bool ends(const IrBlock *block) {
  if (!block->len) return false;
  IrStmtKind kind = vec_last(block)->kind;
  return kind == IRS_RETURN || kind == IRS_RAISE || kind == IRS_BREAK || kind == IRS_CONTINUE;
}

static void bounds_block(Facts *f, IrBlock *block);

/* Both branches with their condition; what stays true behind an if whose other branch does not come back is left on the stack. */
static void bounds_if(Facts *f, IrStmt *s) {
  uint32_t mark = f->known.len;
  facts_push_cond(f, s->as.if_.cond, true);
  bounds_block(f, &s->as.if_.then);
  f->known.len = mark;
  facts_push_cond(f, s->as.if_.cond, false);
  bounds_block(f, &s->as.if_.orelse);
  f->known.len = mark;
  if (ends(&s->as.if_.then)) facts_push_cond(f, s->as.if_.cond, false);
  if (ends(&s->as.if_.orelse)) facts_push_cond(f, s->as.if_.cond, true);
}

static void bounds_for(Facts *f, IrStmt *s) {
  uint32_t mark = f->known.len;
  IrExpr *index = arena_new(f->unit->arena, IrExpr);
  *index = (IrExpr){.op = IR_VAR, .type = s->as.for_.index->type, .as.var = s->as.for_.index};
  facts_push_range(f, index, s->as.for_.lo, s->as.for_.hi);
  bounds_block(f, &s->as.for_.body);
  f->known.len = mark;
}

static void bounds_while(Facts *f, IrStmt *s) {
  uint32_t mark = f->known.len;
  bounds_block(f, &s->as.while_.head);
  ir_stmt_exprs(s, decide_slot, f);
  facts_push_cond(f, s->as.while_.cond, true);
  bounds_block(f, &s->as.while_.body);
  f->known.len = mark;
}

static void bounds_stmt(Facts *f, IrStmt *s) {
  if (s->kind == IRS_WHILE) {
    bounds_while(f, s);
    return;
  }
  ir_stmt_exprs(s, decide_slot, f);
  facts_see(f, s);
  if (s->kind == IRS_IF) bounds_if(f, s);
  if (s->kind == IRS_FOR) bounds_for(f, s);
  if (s->kind == IRS_CHECK) facts_push_cond(f, s->as.check.ok, true);
}

static void bounds_block(Facts *f, IrBlock *block) {
  uint32_t mark = f->known.len;
  for (uint32_t i = 0; i < block->len; i++) bounds_stmt(f, block->data[i]);
  f->known.len = mark;
}

void pass_bounds(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Facts f;
    facts_init(&f, unit, func);
    bounds_block(&f, &func->body);
    fold_block(unit, &func->body);
  }
}
