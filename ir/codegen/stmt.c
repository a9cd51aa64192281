/* Statements that are not loops: assignment with its reference counting, if, return. A function that owns memory returns through
 * one block, `leave`, which releases every owning variable; the result waits in slots. */
#include "ir/codegen/cg.h"

static void set(Codegen *cg, const IrStmt *s) {
  const IrVar *var = s->as.set.var;
  CgVal v = cg_value(cg, s->as.set.value);
  if (!var->owns) {
    unsigned loop = cg_loop_of(cg, s->as.set.value);
    if (s->as.set.value->op == IR_VAR)
      cg_var_put_copy(cg, var, s->as.set.value->as.var, v);
    else
      cg_var_put(cg, var, v);
    cg_var_depends(cg, var, loop);
    return;
  }
  if (s->as.set.move) {
    LJ_ASSERT(s->as.set.value->op == IR_VAR);
    cg_var_empty(cg, s->as.set.value->as.var);
  } else {
    cg_retain(cg, var->type, v); /* before the old value goes: they may be the same */
  }
  cg_var_take(cg, var, v);
}

static void drop(Codegen *cg, const IrVar *var) {
  cg_var_release(cg, var);
  cg_var_empty(cg, var);
}

void cg_return_parts(Codegen *cg, const LLVMValueRef *parts, uint32_t count) {
  bool has_status = cg->f.has_status;
  if (!has_status && count <= 1) {
    if (count)
      LLVMBuildRet(cg->b, parts[0]);
    else
      LLVMBuildRetVoid(cg->b);
    return;
  }
  LLVMValueRef status = cg_i32(cg, 0);
  if (!count) {
    LLVMBuildRet(cg->b, status);
    return;
  }
  LLVMValueRef all = LLVMGetPoison(cg_result_type(cg, cg->f.ir, has_status));
  if (has_status) all = LLVMBuildInsertValue(cg->b, all, status, 0, "");
  for (uint32_t k = 0; k < count; k++) all = LLVMBuildInsertValue(cg->b, all, parts[k], k + has_status, "");
  LLVMBuildRet(cg->b, all);
}

void cg_return(Codegen *cg, const IrStmt *s) {
  const IrFunc *f = cg->f.ir;
  const CgType *ct = cg_type(cg, f->result);
  const IrExpr *value = s->as.ret.value;
  CgVal v = value ? cg_value(cg, value) : cg_zero(cg, f->result);
  LJ_ASSERT(v.count == ct->count);
  if (value && type_owns(f->result)) {
    if (s->as.ret.move)
      cg_var_empty(cg, value->as.var);
    else
      cg_retain(cg, f->result, v);
  }
  cg->dead = true;
  if (!cg->f.has_owners) {
    cg_return_parts(cg, v.v, v.count);
    return;
  }
  if (!cg->f.leave) {
    cg->f.leave = cg_block_new(cg, "leave");
    cg->f.result = cg_new_val(cg, ct->count);
    for (uint32_t k = 0; k < ct->count; k++) cg->f.result.v[k] = cg_alloca(cg, ct->parts[k], "result");
  }
  for (uint32_t k = 0; k < ct->count; k++) LLVMBuildStore(cg->b, v.v[k], cg->f.result.v[k]);
  LLVMBuildBr(cg->b, cg->f.leave);
}

void cg_finish_leave(Codegen *cg) {
  if (!cg->f.leave) return;
  const CgType *ct = cg_type(cg, cg->f.ir->result);
  LLVMMoveBasicBlockAfter(cg->f.leave, LLVMGetLastBasicBlock(cg->f.fn));
  cg_at(cg, cg->f.leave);
  CgVal v = cg_new_val(cg, ct->count);
  for (uint32_t k = 0; k < ct->count; k++) v.v[k] = LLVMBuildLoad2(cg->b, ct->parts[k], cg->f.result.v[k], "");
  cg_release_all(cg);
  cg_return_parts(cg, v.v, ct->count);
}

/* Loops for the case that the test before their other version fails, and nothing else that matters. */
static bool is_cold(const IrBlock *block) {
  bool cold = false;
  for (uint32_t i = 0; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    if (s->kind == IRS_FOR && s->as.for_.loop.cold)
      cold = true;
    else if (s->kind != IRS_SET)
      return false;
  }
  return cold;
}

static void if_(Codegen *cg, const IrStmt *s) {
  LLVMValueRef cond = cg_scalar(cg, s->as.if_.cond);
  bool has_else = s->as.if_.orelse.len > 0;
  LLVMBasicBlockRef then = cg_block_new(cg, "then"), orelse = has_else ? cg_block_new(cg, "else") : NULL;
  LLVMBasicBlockRef end = cg_block_new(cg, "end");
  if (s->as.if_.unlikely && !has_else)
    cg_branch_cold(cg, LLVMBuildNot(cg->b, cond, ""), end, then);
  else
    LLVMBuildCondBr(cg->b, cond, then, has_else ? orelse : end);
  cg_at(cg, then);
  cg_body(cg, &s->as.if_.then);
  bool falls = !cg->dead || !has_else;
  cg_jump(cg, end);
  if (has_else) {
    LLVMMoveBasicBlockAfter(orelse, LLVMGetLastBasicBlock(cg->f.fn));
    cg_at(cg, orelse);
    if (!is_cold(&s->as.if_.orelse) || !cg_part(cg, &s->as.if_.orelse, true)) cg_body(cg, &s->as.if_.orelse);
    falls |= !cg->dead;
    cg_jump(cg, end);
  }
  if (falls) {
    LLVMMoveBasicBlockAfter(end, LLVMGetLastBasicBlock(cg->f.fn));
    cg_at(cg, end);
  } else {
    LLVMDeleteBasicBlock(end);
  }
}

static void leave_loop(Codegen *cg, bool is_break) {
  LJ_ASSERT(cg->f.loop);
  cg_jump(cg, is_break ? cg->f.loop->brk : cg->f.loop->cont);
}

static void statement(Codegen *cg, const IrStmt *s) {
  cg->f.span = s->span;
  cg->f.frame = s->frame;
  cg_debug_line(cg, s->span);
  IrStmt *one = (IrStmt *)(uintptr_t)s;
  if (s->apart && cg_part(cg, &(IrBlock){&one, 1, 1}, false)) return;
  switch (s->kind) {
  case IRS_SET: set(cg, s); return;
  case IRS_STORE: cg_store(cg, s); return;
  case IRS_ALLOC: cg_alloc(cg, s); return;
  case IRS_DROP: drop(cg, s->as.drop.var); return;
  case IRS_CALL: cg_call(cg, s); return;
  case IRS_CHECK: cg_check(cg, s); return;
  case IRS_RAISE: cg_raise(cg, s); return;
  case IRS_TEXT: cg_text(cg, s); return;
  case IRS_TEXT_TAKE: cg_text_take(cg, s); return;
  case IRS_PRINT: cg_rt_call(cg, "lj_rt_print", &cg->f.rt, 1); return;
  case IRS_IF: if_(cg, s); return;
  case IRS_FOR: cg_for(cg, s); return;
  case IRS_WHILE: cg_while(cg, s); return;
  case IRS_BREAK: leave_loop(cg, true); return;
  case IRS_CONTINUE: leave_loop(cg, false); return;
  case IRS_RETURN: cg_return(cg, s); return;
  case IRS_RUNTIME: cg_runtime(cg, s); return;
  case IRS_PARALLEL: cg_parallel(cg, s); return;
  case IRS_MAP:
  case IRS_REDUCE: /* the pass "expand" made loops of them */
  case IRS_COUNT: break;
  }
  LJ_UNREACHABLE();
}

/* What follows a jump in the same block is never reached. */
void cg_body(Codegen *cg, const IrBlock *block) {
  bool checked = cg->f.stack_checked;
  for (uint32_t i = 0; i < block->len && !cg->dead; i++) statement(cg, block->data[i]);
  cg->f.stack_checked = checked;
}
