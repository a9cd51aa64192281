/* Calls of the unit's functions, and their forms. The exact form returns {status, components…}, or less. The trial form (pass "trial") returns the
 * components alone: it gives up by raising the stack limit to the highest address, whereupon every call of the recursion is refused at once, and by
 * returning zeros; the caller that started the trial sees the changed limit, puts it back and calls the exact form.
 * Copies of the trial form are inlined into each other: copy 0 calls copy 1, the last one copy 0 again, which alone checks the stack. Those calls are
 * never tail calls: recursion without end must end with an error, not loop for ever. */
#include "ir/codegen/cg.h"

LLVMValueRef cg_call_fn(Codegen *cg, LLVMValueRef fn, LLVMValueRef *args) {
  LLVMValueRef result = LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(fn), fn, args, LLVMCountParams(fn), "");
  LLVMSetInstructionCallConv(result, LLVMFastCallConv);
  return result;
}

/* The components that a form returned. */
static CgVal result_parts(Codegen *cg, const IrFunc *callee, LLVMValueRef result, bool has_status) {
  uint32_t count = cg_type(cg, callee->result)->count;
  CgVal v = cg_new_val(cg, count);
  bool alone = count == 1 && !has_status;
  for (uint32_t k = 0; k < count; k++) v.v[k] = alone ? result : LLVMBuildExtractValue(cg->b, result, k + has_status, "");
  return v;
}

static CgVal call_exact(Codegen *cg, const IrFunc *callee, LLVMValueRef *args, LLVMValueRef *status) {
  LLVMValueRef result = cg_call_fn(cg, cg->funcs[callee->index], args);
  if (cg_stays_call(cg, callee))
    LLVMAddCallSiteAttribute(result, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, cg_attr(cg, CGA_NOINLINE, 0));
  *status = !callee->can_fail ? NULL : cg_type(cg, callee->result)->count ? LLVMBuildExtractValue(cg->b, result, 0, "") : result;
  return result_parts(cg, callee, result, callee->can_fail);
}

/* ---- trial forms --------------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef limit_now(Codegen *cg) { return LLVMBuildLoad2(cg->b, cg->ptr, cg->f.rt, "limit"); }
static LLVMValueRef highest(Codegen *cg) { return LLVMConstIntToPtr(LLVMConstAllOnes(cg->i64), cg->ptr); }

/* Goes on when `ok`; else the trial fails. */
void cg_trial_check(Codegen *cg, LLVMValueRef ok) {
  LLVMBasicBlockRef usual = cg_block_new(cg, "ok");
  cg_give_up(cg);
  cg_branch_cold(cg, ok, usual, cg->f.cleanup);
  cg_at(cg, usual);
}

void cg_give_up(Codegen *cg) {
  LJ_ASSERT(cg->f.trial);
  if (!cg->f.cleanup) cg->f.cleanup = cg_cold_new(cg, "give_up");
}

void cg_finish_trial(Codegen *cg) {
  if (!cg->f.cleanup) return;
  cg_at(cg, cg->f.cleanup);
  LLVMBuildStore(cg->b, highest(cg), cg->f.rt);
  CgVal zero = cg_zero(cg, cg->f.ir->result);
  cg_return_parts(cg, zero.v, zero.count);
  cg->dead = true;
}

/* Before the first call of the recursion on a path. */
static void trial_stack_check(Codegen *cg) {
  if (cg->f.level || cg->f.stack_checked) return;
  cg->f.stack_checked = true;
  LLVMValueRef here = cg_intrinsic(cg, "llvm.stacksave", cg->ptr, NULL, 0);
  cg_trial_check(cg, LLVMBuildICmp(cg->b, LLVMIntUGE, here, limit_now(cg), ""));
  if (cg->f.ir->polls) cg_trial_check(cg, cg_goes_on(cg));
}

/* From one trial form to the next: nothing to test, unless there are loops. */
static CgVal call_within_trial(Codegen *cg, const IrFunc *callee, LLVMValueRef *args) {
  const IrFunc *f = cg->f.ir;
  bool same = f->cycle && f->cycle == callee->cycle;
  uint32_t level = same && cg->f.level + 1 < callee->trial ? cg->f.level + 1 : 0;
  if (same) trial_stack_check(cg);
  LLVMValueRef result = cg_call_fn(cg, cg->trials[callee->index][level], args);
  if (same && level == 0) LLVMSetTailCallKind(result, LLVMTailCallKindNoTail);
  if (f->wary) cg_trial_check(cg, LLVMBuildICmp(cg->b, LLVMIntNE, limit_now(cg), highest(cg), ""));
  return result_parts(cg, callee, result, false);
}

/* The trial form, and the exact one when that failed. */
static CgVal try_call(Codegen *cg, const IrFunc *callee, LLVMValueRef *args, LLVMValueRef *status) {
  LLVMValueRef before = limit_now(cg);
  CgVal good = result_parts(cg, callee, cg_call_fn(cg, cg->trials[callee->index][0], args), false);
  LLVMValueRef ok = LLVMBuildICmp(cg->b, LLVMIntEQ, limit_now(cg), before, ""), no_error = cg_i32(cg, 0);
  LLVMBasicBlockRef from[2] = {LLVMGetInsertBlock(cg->b)}, done = cg_block_new(cg, "tried"), again = cg_cold_new(cg, "again");
  cg_branch_cold(cg, ok, done, again);
  cg_at(cg, again);
  LLVMBuildStore(cg->b, before, cg->f.rt);
  LLVMValueRef failed;
  CgVal exact = call_exact(cg, callee, args, &failed);
  from[1] = LLVMGetInsertBlock(cg->b);
  cg_jump(cg, done);
  cg_at(cg, done);
  *status = LLVMBuildPhi(cg->b, cg->i32, "status");
  LLVMAddIncoming(*status, (LLVMValueRef[]){no_error, failed}, from, 2);
  CgVal out = cg_new_val(cg, good.count);
  for (uint32_t k = 0; k < good.count; k++) {
    out.v[k] = LLVMBuildPhi(cg->b, LLVMTypeOf(good.v[k]), "");
    LLVMAddIncoming(out.v[k], (LLVMValueRef[]){good.v[k], exact.v[k]}, from, 2);
  }
  return out;
}

CgVal cg_invoke(Codegen *cg, const IrFunc *callee, LLVMValueRef *args, LLVMValueRef *status) {
  const IrFunc *f = cg->f.ir;
  *status = NULL;
  if (cg->f.trial && callee->trial) return call_within_trial(cg, callee, args);
  bool starts = callee->trial && callee->cycle && (!f || f->cycle != callee->cycle || cg->f.is_entry);
  return starts ? try_call(cg, callee, args, status) : call_exact(cg, callee, args, status);
}

void cg_call(Codegen *cg, const IrStmt *s) {
  const IrFunc *callee = s->as.call.callee;
  LLVMValueRef *args = arena_array(cg->arena, LLVMValueRef, LLVMCountParams(cg->funcs[callee->index])), status;
  uint32_t at = 0;
  args[at++] = cg->f.rt;
  for (uint32_t i = 0; i < callee->params.len; i++) {
    CgVal v = cg_value(cg, s->as.call.args[i]);
    LJ_ASSERT(v.count == cg_type(cg, callee->params.data[i]->type)->count);
    for (uint32_t k = 0; k < v.count; k++) args[at++] = v.v[k];
  }
  CgVal v = cg_invoke(cg, callee, args, &status);
  if (status) cg_status_check(cg, status, true);
  const IrVar *var = s->as.call.result;
  if (var) {
    LJ_ASSERT(var->owns || !type_owns(var->type));
    cg_var_take(cg, var, v);
  } else if (type_owns(callee->result)) {
    cg_release(cg, callee->result, v);
  }
}
