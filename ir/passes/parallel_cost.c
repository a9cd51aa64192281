/* How long an iteration takes, roughly: one nanosecond for a few operations, inner loops by their number of steps. What cannot be seen (calls,
 * while loops) counts as long. It decides how small chunks may be, never what a loop computes. */
#include "ir/passes/parallel.h"

enum { OPS_PER_NS = 3, MATH_OPS = 30, CALL_OPS = 300, WHILE_STEPS = 50, UNKNOWN_STEPS = 50, MOST_COST = 1 << 28, MOST_STEPS = 1 << 24 };

static uint32_t expr_ops(const IrExpr *e) {
  uint32_t ops = e->op == IR_MATH || e->op == IR_RTCALL                       ? MATH_OPS
                 : e->op == IR_DIV || e->op == IR_MOD || e->op == IR_FLOORDIV ? 6
                                                                              : e->count > 0;
  for (uint32_t i = 0; i < e->count; i++) ops += expr_ops(e->args[i]);
  return ops;
}

static void count_slot(IrExpr **slot, void *data) { *(uint32_t *)data += expr_ops(*slot); }

static bool is_fixed(const IrExpr *e, const bool *inside) {
  if (e->op == IR_VAR && !e->as.var->is_global && (inside[e->as.var->id] || !e->as.var->once)) return false;
  if (e->op == IR_LOAD || e->op == IR_RTCALL || e->op == IR_MATH) return false;
  for (uint32_t i = 0; i < e->count; i++)
    if (!is_fixed(e->args[i], inside)) return false;
  return true;
}

static IrExpr *capped(IrBuilder *b, IrOp op, IrExpr *x, IrExpr *y) {
  int64_t m, n;
  if (ir_is_int_const(x, &m) && ir_is_int_const(y, &n)) {
    int64_t v = op == IR_ADD ? m + n : m * n;
    return ir_int(b, v > MOST_COST ? MOST_COST : v);
  }
  const Type *type = x->type;
  return ir_var(b, ir_let(b, NULL, ir_binary(b, IR_PYMIN, type, ir_binary(b, op, type, x, y), ir_int(b, MOST_COST))));
}

static IrExpr *steps_of(IrBuilder *b, const IrStmt *loop, const bool *inside) {
  const IrExpr *lo = loop->as.for_.lo, *hi = loop->as.for_.hi;
  int64_t m, n;
  if (ir_is_int_const(lo, &m) && ir_is_int_const(hi, &n)) return ir_int(b, n <= m ? 0 : n - m > MOST_STEPS ? MOST_STEPS : n - m);
  if (!is_fixed(hi, inside)) return ir_int(b, UNKNOWN_STEPS);
  IrExpr *steps = (IrExpr *)(uintptr_t)hi;
  if (is_fixed(lo, inside)) steps = ir_binary(b, IR_SUB, hi->type, steps, (IrExpr *)(uintptr_t)lo);
  steps = ir_binary(b, IR_PYMAX, hi->type, ir_binary(b, IR_PYMIN, hi->type, steps, ir_int(b, MOST_STEPS)), ir_int(b, 0));
  return ir_var(b, ir_let(b, NULL, steps));
}

/* In operations. */
static IrExpr *block_ops(IrBuilder *b, const IrBlock *block, const bool *inside) {
  IrExpr *sum = ir_int(b, 1);
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    uint32_t ops = 1;
    ir_stmt_exprs(s, count_slot, &ops);
    if (s->kind == IRS_CALL || s->kind == IRS_RUNTIME || s->kind == IRS_ALLOC || s->kind == IRS_TEXT) ops += CALL_OPS;
    sum = capped(b, IR_ADD, sum, ir_int(b, ops));
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) {
      IrExpr *inner = block_ops(b, blocks[k], inside);
      if (s->kind == IRS_FOR) inner = capped(b, IR_MUL, inner, steps_of(b, s, inside));
      if (s->kind == IRS_WHILE) inner = capped(b, IR_MUL, inner, ir_int(b, WHILE_STEPS));
      sum = capped(b, IR_ADD, sum, inner);
    }
  }
  return sum;
}

IrExpr *loop_cost(IrBuilder *b, const IrBlock *body, const bool *inside) {
  IrExpr *ops = block_ops(b, body, inside);
  int64_t n;
  if (ir_is_int_const(ops, &n)) return ir_int(b, n / OPS_PER_NS > 0 ? n / OPS_PER_NS : 1);
  IrExpr *ns = ir_binary(b, IR_FLOORDIV, ops->type, ops, ir_int(b, OPS_PER_NS));
  return ir_var(b, ir_let(b, NULL, ir_binary(b, IR_PYMAX, ops->type, ns, ir_int(b, 1))));
}
