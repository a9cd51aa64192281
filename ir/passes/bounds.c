/* Pass "bounds": comparisons that loop ranges decide become constants; folding then drops the checks and the negative-index wraps they guard.
 * Facts: a loop index runs from lo to hi, extents are not negative, a `once` variable equals the tree it was set to.
 * In: a folded unit without maps. Out: fewer checks; how many stay is said on each loop.
 * Whole-range tests before loops, guards and non-unit steps come later (see ir_passes). */
#include "ir/passes/passes.h"

typedef struct Facts {
  IrUnit *unit;
  IrExpr **set_to;     /* by IrVar.id: what a `once` variable was set to, or NULL */
  const IrStmt **loop; /* by IrVar.id: the FOR whose index it is, or NULL */
} Facts;

enum { DEPTH = 16 }; /* how many definitions are followed */

/* The defining tree of a `once` variable, through copies. */
static const IrExpr *resolve(const Facts *f, const IrExpr *e) {
  for (int depth = 0; depth < DEPTH; depth++) {
    if (e->op != IR_VAR || !e->as.var->once || e->as.var->is_global || !f->set_to[e->as.var->id]) return e;
    const IrExpr *next = f->set_to[e->as.var->id];
    if (!ir_is_stable(next)) return e;
    e = next;
  }
  return e;
}

static const IrStmt *loop_of(const Facts *f, const IrExpr *e) {
  return e->op == IR_VAR && e->as.var->once && !e->as.var->is_global ? f->loop[e->as.var->id] : NULL;
}

static bool not_negative(const Facts *f, const IrExpr *e, int depth) {
  int64_t value;
  e = resolve(f, e);
  if (depth > DEPTH) return false;
  if (ir_is_int_const(e, &value)) return value >= 0;
  if (e->op == IR_SHAPE || e->op == IR_SIZE || e->op == IR_STR_LEN) return true;
  const IrStmt *loop = loop_of(f, e);
  return loop && not_negative(f, loop->as.for_.lo, depth + 1);
}

/* The array of an extent, through copies of the array variable. */
static bool same_extent(const Facts *f, const IrExpr *a, const IrExpr *b) {
  a = resolve(f, a), b = resolve(f, b);
  if (ir_same(a, b)) return ir_is_stable(a) && ir_is_stable(b);
  return false;
}

/* Is a < b, for all values that a takes here? */
static bool surely_less(const Facts *f, const IrExpr *a, const IrExpr *b, int depth) {
  int64_t x, y;
  a = resolve(f, a);
  if (depth > DEPTH) return false;
  if (ir_is_int_const(a, &x) && ir_is_int_const(resolve(f, b), &y)) return x < y;
  const IrStmt *loop = loop_of(f, a);
  if (!loop) return false;
  const IrExpr *hi = resolve(f, loop->as.for_.hi);
  if (same_extent(f, hi, b)) return true;
  if (ir_is_int_const(hi, &x) && ir_is_int_const(resolve(f, b), &y)) return x <= y;
  return surely_less(f, hi, b, depth + 1); /* triangular loops: i < j and j < n */
}

static IrExpr *decide(IrExpr *e, void *data) {
  Facts *f = data;
  if (e->count == 2 && (e->op == IR_LT || e->op == IR_GE) && type_is(e->args[0]->type, DT_INT64) && type_is(e->args[1]->type, DT_INT64)) {
    int64_t zero;
    bool known = false;
    if (ir_is_int_const(e->args[1], &zero) && zero == 0) known = not_negative(f, e->args[0], 0), zero = 0;
    else if (surely_less(f, e->args[0], e->args[1], 0)) known = true, zero = 1;
    if (known) {
      IrExpr *out = arena_new(f->unit->arena, IrExpr);
      out->op = IR_CONST;
      out->type = e->type;
      out->as.i = zero ? e->op == IR_LT : e->op == IR_GE;
      return out;
    }
  }
  return fold_node(f->unit, e);
}

static void decide_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Facts *)data)->unit->arena, *slot, decide, data); }

static void bounds_block(Facts *f, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    ir_stmt_exprs(s, decide_slot, f);
    if (s->kind == IRS_SET && s->as.set.var->once && !s->as.set.var->is_global) f->set_to[s->as.set.var->id] = s->as.set.value;
    if (s->kind == IRS_FOR) f->loop[s->as.for_.index->id] = s;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) bounds_block(f, blocks[k]);
  }
}

static uint32_t count_checks(IrBlock *block) {
  uint32_t checks = 0;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    checks += s->kind == IRS_CHECK && s->as.check.check == CHECK_INDEX;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) checks += count_checks(blocks[k]);
  }
  return checks;
}

static void remark_block(IrUnit *unit, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    if (s->kind == IRS_FOR) {
      uint32_t left = count_checks(&s->as.for_.body);
      if (left) ir_remark(unit->arena, &s->as.for_.loop, "bounds", false, s->span, "%u index checks stay in the loop", left);
    }
    for (unsigned k = 0; k < count; k++) remark_block(unit, blocks[k]);
  }
}

void pass_bounds(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Facts f = {unit, arena_array(unit->arena, IrExpr *, func->vars.len + 1), arena_array(unit->arena, const IrStmt *, func->vars.len + 1)};
    bounds_block(&f, &func->body);
    fold_block(unit, &func->body);
    remark_block(unit, &func->body);
  }
}
