/* Pass "effects": which functions can fail. Those return a status, the others return by value.
 * In: a unit after all passes that drop checks. Out: IrFunc.can_fail, the least fixed point over the calls. */
#include "ir/passes/passes.h"

static bool is_polled(const IrStmt *s) {
  return (s->kind == IRS_FOR && s->as.for_.loop.poll) || (s->kind == IRS_WHILE && s->as.while_.loop.poll);
}

static bool block_fails(IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_CHECK || s->kind == IRS_RAISE || (s->kind == IRS_ALLOC && !s->as.alloc.local) || s->kind == IRS_TEXT_TAKE)
      return true;
    if (s->kind == IRS_TEXT && s->as.text.spec) return true;
    if (s->kind == IRS_RUNTIME && s->as.runtime.fails) return true;
    if (s->kind == IRS_PARALLEL || is_polled(s)) return true; /* the host may stop it */
    if (s->kind == IRS_CALL && s->as.call.callee->can_fail) return true;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++)
      if (block_fails(blocks[k])) return true;
  }
  return false;
}

void pass_effects(IrUnit *unit) {
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 0; i < unit->funcs.len; i++) {
      IrFunc *func = unit->funcs.data[i];
      if (func->can_fail || !(func->recursive || block_fails(&func->body))) continue;
      func->can_fail = changed = true;
    }
  }
}
