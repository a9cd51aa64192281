/* Loops, in the shape that LLVM's loop passes like best: `for` is a guard, an int64 phi that counts up by one without overflow, and a
 * test at the bottom; `while` is a head with its test, which LLVM rotates. */
#include "ir/codegen/cg.h"

/* Is the value certainly not negative? Then the counter does not wrap as an unsigned number either. */
static bool never_negative(const IrExpr *e) {
  switch ((int)e->op) {
  case IR_CONST: return e->as.i >= 0;
  case IR_SHAPE:
  case IR_SIZE:
  case IR_STR_LEN: return true;
  case IR_AND: return never_negative(e->args[0]) || never_negative(e->args[1]);
  case IR_SHR: return never_negative(e->args[0]);
  case IR_PYMAX:
  case IR_NPMAX: return never_negative(e->args[0]) || never_negative(e->args[1]);
  case IR_PYMIN:
  case IR_NPMIN: return never_negative(e->args[0]) && never_negative(e->args[1]);
  case IR_FLOORDIV:
  case IR_MOD: return never_negative(e->args[1]) && (e->op == IR_MOD || never_negative(e->args[0]));
  case IR_CAST:
    return type_is_scalar(e->args[0]->type) && (type_is_bool(e->args[0]->type) || dtype_is_unsigned(e->args[0]->type->dtype)) &&
           dtype_size(e->args[0]->type->dtype) < 8;
  }
  return false;
}

static void loop_body(Codegen *cg, const IrBlock *body, const IrLoop *info, unsigned number, LLVMBasicBlockRef brk,
                      LLVMBasicBlockRef cont) {
  CgLoop loop = {cg->f.loop, brk, cont, number};
  const IrAlias *outer = cg->f.alias;
  bool outer_independent = cg->f.independent;
  cg->f.loop = &loop;
  cg->f.alias = info->alias;
  cg->f.independent = info->independent;
  cg_body(cg, body);
  cg->f.loop = loop.outer;
  cg->f.alias = outer;
  cg->f.independent = outer_independent;
  cg_jump(cg, cont);
}

static void place_last(Codegen *cg, LLVMBasicBlockRef block) {
  LLVMMoveBasicBlockAfter(block, LLVMGetLastBasicBlock(cg->f.fn));
  cg_at(cg, block);
}

void cg_for(Codegen *cg, const IrStmt *s) {
  LLVMValueRef lo = cg_scalar(cg, s->as.for_.lo), hi = cg_scalar(cg, s->as.for_.hi);
  LLVMBasicBlockRef entry = LLVMGetInsertBlock(cg->b);
  LLVMBasicBlockRef body = cg_block_new(cg, "for"), latch = cg_block_new(cg, "next"), end = cg_block_new(cg, "done");
  LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntSLT, lo, hi, ""), body, end);

  cg_at(cg, body);
  const IrVar *index = s->as.for_.index;
  LLVMValueRef phi = LLVMBuildPhi(cg->b, cg->i64, index->name ? index->name : "");
  LLVMAddIncoming(phi, &lo, &entry, 1);
  unsigned number = ++cg->loops;
  cg_var_put(cg, index, cg_val1(cg, phi));
  cg_var_depends(cg, index, number);
  loop_body(cg, &s->as.for_.body, &s->as.for_.loop, number, end, latch);

  place_last(cg, latch);
  LLVMValueRef next = LLVMBuildNSWAdd(cg->b, phi, cg_i64(cg, 1), ""); /* at most hi */
  if (never_negative(s->as.for_.lo)) LLVMSetNUW(next, true);
  LLVMAddIncoming(phi, &next, &latch, 1);
  LLVMValueRef back = LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntSLT, next, hi, ""), body, end);
  cg_mark_loop(cg, back, &s->as.for_.loop);
  place_last(cg, end);
}

void cg_while(Codegen *cg, const IrStmt *s) {
  LLVMBasicBlockRef head = cg_block_new(cg, "while"), body = cg_block_new(cg, "body"), end = cg_block_new(cg, "done");
  cg_jump(cg, head);
  cg_at(cg, head);
  unsigned number = ++cg->loops;
  CgLoop loop = {cg->f.loop, end, head, number};
  cg->f.loop = &loop;
  cg_body(cg, &s->as.while_.head);
  cg->f.loop = loop.outer;
  if (!cg->dead) LLVMBuildCondBr(cg->b, cg_scalar(cg, s->as.while_.cond), body, end);
  place_last(cg, body);
  loop_body(cg, &s->as.while_.body, &s->as.while_.loop, number, end, head);
  place_last(cg, end);
}
