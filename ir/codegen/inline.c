/* Which calls stay calls. LLVM inlines by the size of the callee; what it cannot see is that a program's top level runs once, so that a second
 * copy of a function with loops buys nothing there and costs its whole compile time again. In: the unit before code is made. */
#include "ir/codegen/cg.h"
#include "ir/walk.h"

static bool is_short(const IrStmt *loop) {
  enum { TURNS = 8 };
  const IrExpr *lo = loop->as.for_.lo, *hi = loop->as.for_.hi;
  return lo->op == IR_CONST && hi->op == IR_CONST && hi->as.i - lo->as.i <= TURNS;
}

static bool has_loop(const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    if (s->kind == IRS_WHILE || (s->kind == IRS_FOR && !is_short(s))) return true;
    for (unsigned k = 0, n = ir_stmt_blocks(s, blocks); k < n; k++)
      if (has_loop(blocks[k])) return true;
  }
  return false;
}

static void count_calls(Codegen *cg, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    if (s->kind == IRS_CALL) cg->top_calls[s->as.call.callee->index]++;
    for (unsigned k = 0, n = ir_stmt_blocks(s, blocks); k < n; k++) count_calls(cg, blocks[k]);
  }
}

void cg_count_calls(Codegen *cg) {
  cg->top_calls = arena_array(cg->arena, uint32_t, cg->unit->funcs.len + 1);
  for (uint32_t i = 0; i < cg->unit->funcs.len; i++)
    if (cg->unit->funcs.data[i]->is_main) count_calls(cg, &cg->unit->funcs.data[i]->body);
}

bool cg_stays_call(Codegen *cg, const IrFunc *callee) {
  return cg->f.ir && cg->f.ir->is_main && cg->top_calls[callee->index] > 1 && has_loop(&callee->body);
}

bool cg_stays_function(const CgFunc *f) {
  enum { SMALL = 24 }; /* basic blocks */
  const FuncDef *def = f->ir->spec ? f->ir->spec->func : NULL;
  if (!def || !def->module->source->is_library || def->options.inline_ == TRI_YES) return false;
  return def->options.inline_ == TRI_NO || LLVMCountBasicBlocks(f->fn) + f->apart > SMALL;
}
