/* Pass "wrap": in loops an index that may be negative is taken as it is while it lies in the axis; only one that does not is wrapped and checked.
 *
 *   w = select(x < 0, x + n, x)                  w = x
 *   check 0 <= w < n                becomes      if not 0 <= x < n:  (unlikely)
 *                                                    w = x + n
 *                                                    check 0 <= w < n
 *
 * One unsigned comparison that is predicted, off the way from the index to the load. (An x >= n gives x + n >= n: the same error.)
 * In: a unit whose checks are settled: loops whose checks were moved ahead have none. Out: the same checks, on the unusual path. */
#include "ir/passes/passes.h"

/* w of `w >= 0 and w < n`, or of `w >= 0` where the other end is proven (then *extent is NULL); or NULL. */
static IrVar *checked_var(const IrStmt *s, IrExpr **extent) {
  int64_t zero;
  if (s->kind != IRS_CHECK || s->as.check.check != CHECK_INDEX) return NULL;
  const IrExpr *ok = s->as.check.ok, *low = ok->op == IR_LAND ? ok->args[0] : ok, *high = ok->op == IR_LAND ? ok->args[1] : NULL;
  bool fits = low->op == IR_GE && low->args[0]->op == IR_VAR && (!high || (high->op == IR_LT && ir_same(low->args[0], high->args[0])));
  if (!fits || !ir_is_int_const(low->args[1], &zero) || zero != 0) return NULL;
  *extent = high ? high->args[1] : NULL;
  return low->args[0]->as.var;
}

/* x of  w = select(x < 0, x + n, x),  or NULL. */
static IrExpr *wrapped_value(const IrStmt *s, const IrVar *w, const IrExpr *extent) {
  int64_t zero;
  if (s->kind != IRS_SET || s->as.set.var != w || !w->once || s->as.set.value->op != IR_SELECT) return NULL;
  IrExpr **part = s->as.set.value->args, *x = part[2];
  bool fits = part[0]->op == IR_LT && part[1]->op == IR_ADD && ir_same(part[0]->args[0], x) && ir_same(part[1]->args[0], x) &&
              (!extent || ir_same(part[1]->args[1], extent));
  if (!fits || !ir_is_int_const(part[0]->args[1], &zero) || zero != 0) return NULL;
  return ir_is_stable(x) && ir_is_stable(part[1]->args[1]) ? x : NULL;
}

/* Replaces the SET, which stands last in the block, and the CHECK behind it. */
static void rewrite(IrBuilder *b, IrStmt *set, IrStmt *check, IrVar *w, IrExpr *x, IrExpr *extent) {
  IrExpr *wrapped = set->as.set.value->args[1];
  b->span = check->span;
  w->once = false;
  set->as.set.value = x;
  IrExpr *inside = extent ? ir_inside(b, x, extent) : ir_compare(b, IR_GE, x, ir_int(b, 0));
  IrStmt *outside = ir_stmt(b, IRS_IF);
  outside->as.if_.cond = ir_unary(b, IR_LNOT, inside->type, inside);
  outside->as.if_.unlikely = true;
  b->block = &outside->as.if_.then;
  ir_set(b, w, wrapped);
  vec_push(b->arena, b->block, check);
}

static void wrap_block(IrBuilder *b, IrBlock *block, bool in_loop) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrExpr *extent, *x;
    IrVar *w = in_loop && out.len ? checked_var(s, &extent) : NULL;
    if (w && (x = wrapped_value(vec_last(&out), w, extent)) != NULL) {
      b->block = &out;
      rewrite(b, vec_last(&out), s, w, x, extent);
      continue;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    bool is_cold = s->kind == IRS_FOR && s->as.for_.loop.cold;
    bool below = s->kind == IRS_WHILE || (s->kind == IRS_FOR && !is_cold) || (in_loop && !is_cold);
    for (unsigned k = 0; k < count; k++) wrap_block(b, blocks[k], below);
    vec_push(b->arena, &out, s);
  }
  *block = out;
}

void pass_wrap(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrBuilder b = {.arena = unit->arena, .unit = unit, .func = unit->funcs.data[i], .types = (TypeTable *)(uintptr_t)&unit->program->types};
    wrap_block(&b, &unit->funcs.data[i]->body, false);
  }
}
