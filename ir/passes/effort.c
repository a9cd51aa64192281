/* Pass "effort": what LLVM does takes longer than linear in the size of a function, so large functions are made in pieces. Loops of a function that is
 * too large become functions of their own, made with all effort; what is left of it, if it is still too large, is made with little: straight-line
 * code gains little from more. In: a unit after all passes that make or move loops. Out: IrStmt.apart, IrFunc.large, remarks. Changes no statement. */
#include "ir/passes/passes.h"

/* Nodes: of a function that is taken apart, of a statement that is worth a call, of what is left and too large still. */
enum { LARGE = 6000, WORTH = 40, HUGE = 2 * LARGE };

static void count_expr(const IrExpr *e, uint32_t *nodes) {
  ++*nodes;
  for (uint32_t i = 0; i < e->count; i++) count_expr(e->args[i], nodes);
}

static void count_slot(IrExpr **slot, void *data) { count_expr(*slot, data); }

static uint32_t count_block(const IrBlock *block);

static uint32_t count_stmt(IrStmt *s) {
  uint32_t nodes = 1;
  IrBlock *blocks[2];
  ir_stmt_exprs(s, count_slot, &nodes);
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++) nodes += count_block(blocks[k]);
  return nodes;
}

static uint32_t count_block(const IrBlock *block) {
  uint32_t nodes = 0;
  for (uint32_t i = 0; i < block->len; i++) nodes += count_stmt(block->data[i]);
  return nodes;
}

static IrStmt *first_loop(IrStmt *s) {
  IrBlock *blocks[2];
  if (ir_is_loop(s, NULL)) return s;
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) {
      IrStmt *found = first_loop(blocks[k]->data[i]);
      if (found) return found;
    }
  return NULL;
}

/* Nodes that leave the function: statements with loops, with the choice between their versions. What is too large itself is taken apart in turn. */
static uint32_t take_apart(Arena *arena, IrBlock *block, uint32_t all) {
  uint32_t gone = 0;
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i], *loop = first_loop(s);
    IrBlock *blocks[2];
    uint32_t nodes = loop ? count_stmt(s) : 0;
    if (nodes < WORTH) continue;
    if (nodes <= LARGE && ir_stands_apart(&(IrBlock){&s, 1, 1})) {
      IrLoop *at = loop->kind == IRS_FOR ? &loop->as.for_.loop : &loop->as.while_.loop;
      s->apart = true;
      gone += nodes;
      ir_remark(arena, at, "effort", true, loop->span, "a function of its own: the one around it is large (%u nodes)", all);
      continue;
    }
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) gone += take_apart(arena, blocks[k], all);
  }
  return gone;
}

void pass_effort(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    uint32_t all = count_block(&func->body);
    if (all <= LARGE) continue;
    func->large = all - take_apart(unit->arena, &func->body, all) > HUGE;
  }
}
