/* Loops, in the shape that LLVM's loop passes like best: `for` is a guard, an int64 phi that counts up by one without overflow, and a
 * test at the bottom; `while` is a head with its test, which LLVM rotates. A `for` that asks seldom whether the call is to stop (IrLoop.poll) is a
 * loop over parts of the iterations, so that the loop inside has no exit more and becomes vectors as ever. */
#include "ir/build.h"
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

/* A number that goes along with the index: the body's first statement  let j = start - i  or  let j = start + i * step.  It gets a phi of its own, since
 * computed anew from the index it would cost two instructions in each iteration. */
static const IrVar *companion(const IrStmt *s, const IrExpr **start, int64_t *step) {
  const IrBlock *body = &s->as.for_.body;
  const IrStmt *first = body->len ? body->data[0] : NULL;
  if (!first || first->kind != IRS_SET || (first->as.set.value->op != IR_SUB && first->as.set.value->op != IR_ADD)) return NULL;
  const IrVar *var = first->as.set.var, *index = s->as.for_.index;
  const IrExpr *sum = first->as.set.value, *moves = sum->args[1];
  *start = sum->args[0];
  *step = 1;
  if (moves->op == IR_MUL && ir_is_int_const(moves->args[1], step)) moves = moves->args[0];
  bool is_fixed = (*start)->op == IR_CONST || ((*start)->op == IR_VAR && (*start)->as.var->once && (*start)->as.var != index);
  if (!var->once || var->is_global || var->type != index->type || !is_fixed || moves->op != IR_VAR || moves->as.var != index) return NULL;
  if (*step <= -INT32_MAX || *step >= INT32_MAX) return NULL;
  if (sum->op == IR_SUB) *step = -*step;
  return *step == 1 ? NULL : var; /* the index does as well */
}

/* A part of the iterations: from where the builder comes, or from behind the last part, to at most `poll` more. */
typedef struct Parts {
  LLVMBasicBlockRef head;
  LLVMValueRef from, to, count;
} Parts;

static Parts open_parts(Codegen *cg, int64_t poll, LLVMValueRef lo, LLVMValueRef hi, LLVMBasicBlockRef entry) {
  Parts parts = {.head = LLVMGetInsertBlock(cg->b)};
  parts.from = LLVMBuildPhi(cg->b, cg->i64, "from");
  LLVMAddIncoming(parts.from, &lo, &entry, 1);
  LLVMValueRef left = LLVMBuildSub(cg->b, hi, parts.from, ""); /* positive, as an unsigned number */
  parts.count = cg_intrinsic(cg, "llvm.umin", cg->i64, (LLVMValueRef[]){left, cg_i64(cg, poll)}, 2);
  parts.to = LLVMBuildNSWAdd(cg->b, parts.from, parts.count, "to");
  return parts;
}

/* Behind a part, where there are more. */
static void close_parts(Codegen *cg, const IrStmt *s, const Parts *parts, LLVMValueRef hi, LLVMBasicBlockRef end) {
  LLVMBasicBlockRef more = cg_block_new(cg, "more");
  LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntSLT, parts->to, hi, ""), more, end);
  cg_at(cg, more);
  cg_poll(cg, s);
  LLVMBasicBlockRef from = LLVMGetInsertBlock(cg->b);
  LLVMAddIncoming(parts->from, (LLVMValueRef[]){parts->to}, &from, 1);
  LLVMBuildBr(cg->b, parts->head);
}

/* Behind an iteration: each, or one of `poll`. */
static void poll_between(Codegen *cg, const IrStmt *s, LLVMValueRef index) {
  int64_t poll = s->as.for_.loop.poll;
  if (poll == 1) {
    cg_poll(cg, s);
    return;
  }
  LLVMBasicBlockRef on = cg_block_new(cg, "on"), ask = cg_block_new(cg, "ask");
  LLVMValueRef rest = LLVMBuildAnd(cg->b, index, cg_i64(cg, poll - 1), "");
  cg_branch_cold(cg, LLVMBuildIsNotNull(cg->b, rest, ""), on, ask);
  cg_at(cg, ask);
  cg_poll(cg, s);
  cg_jump(cg, on);
  cg_at(cg, on);
}

void cg_for(Codegen *cg, const IrStmt *s) {
  const IrExpr *start;
  int64_t step;
  const IrVar *along = companion(s, &start, &step);
  LLVMValueRef along_phi = NULL, along_lo = NULL;
  IrBlock rest = s->as.for_.body;
  LLVMValueRef lo = cg_scalar(cg, s->as.for_.lo), hi = cg_scalar(cg, s->as.for_.hi);
  int64_t poll = s->as.for_.loop.poll;
  LLVMBasicBlockRef entry = LLVMGetInsertBlock(cg->b), first = poll > 1 && !s->as.for_.loop.whole ? cg_block_new(cg, "part") : NULL;
  LLVMBasicBlockRef body = cg_block_new(cg, "for"), latch = cg_block_new(cg, "next"), end = cg_block_new(cg, "done");
  Parts parts = {.from = lo, .to = hi};
  if (first) {
    LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntSLT, lo, hi, ""), first, end);
    cg_at(cg, first);
    parts = open_parts(cg, poll, lo, hi, entry);
    entry = first;
  }
  if (along) {
    rest.data++, rest.len--;
    along_lo = LLVMBuildAdd(cg->b, cg_scalar(cg, start), LLVMBuildMul(cg->b, parts.from, cg_i64(cg, step), ""), "");
  }
  if (first)
    LLVMBuildBr(cg->b, body);
  else
    LLVMBuildCondBr(cg->b, LLVMBuildICmp(cg->b, LLVMIntSLT, lo, hi, ""), body, end);

  cg_at(cg, body);
  const IrVar *index = s->as.for_.index;
  LLVMValueRef phi = LLVMBuildPhi(cg->b, cg->i64, index->name ? index->name : "");
  LLVMAddIncoming(phi, &parts.from, &entry, 1);
  if (along) {
    along_phi = LLVMBuildPhi(cg->b, cg->i64, along->name ? along->name : "");
    LLVMAddIncoming(along_phi, &along_lo, &entry, 1);
  }
  unsigned number = ++cg->loops;
  cg_var_put(cg, index, cg_val1(cg, phi));
  cg_var_depends(cg, index, number);
  if (along) {
    cg_var_put(cg, along, cg_val1(cg, along_phi));
    cg_var_depends(cg, along, number);
  }
  loop_body(cg, &rest, &s->as.for_.loop, number, end, latch);

  place_last(cg, latch);
  if (poll && !first) {
    poll_between(cg, s, phi);
    latch = LLVMGetInsertBlock(cg->b);
  }
  LLVMValueRef next = LLVMBuildNSWAdd(cg->b, phi, cg_i64(cg, 1), ""); /* at most hi */
  if (never_negative(s->as.for_.lo)) LLVMSetNUW(next, true);
  LLVMAddIncoming(phi, &next, &latch, 1);
  if (along) {
    LLVMValueRef along_next = LLVMBuildAdd(cg->b, along_phi, cg_i64(cg, step), "");
    LLVMAddIncoming(along_phi, &along_next, &latch, 1);
  }
  LLVMBasicBlockRef behind = first ? cg_block_new(cg, "part_done") : end;
  /* of a part LLVM cannot see that it is not empty, so that it would count its iterations as a maximum */
  LLVMValueRef goes_on = first ? LLVMBuildICmp(cg->b, LLVMIntNE, LLVMBuildSub(cg->b, next, parts.from, ""), parts.count, "")
                               : LLVMBuildICmp(cg->b, LLVMIntSLT, next, hi, "");
  LLVMValueRef back = LLVMBuildCondBr(cg->b, goes_on, body, behind);
  cg_mark_loop(cg, back, &s->as.for_.loop);
  if (first) {
    cg_at(cg, behind);
    close_parts(cg, s, &parts, hi, end);
  }
  place_last(cg, end);
}

void cg_while(Codegen *cg, const IrStmt *s) {
  LLVMBasicBlockRef head = cg_block_new(cg, "while"), body = cg_block_new(cg, "body"), end = cg_block_new(cg, "done");
  cg_jump(cg, head);
  cg_at(cg, head);
  if (s->as.while_.loop.poll) cg_poll(cg, s);
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
