/* PARALLEL statements: the captured values go into a frame on the caller's stack, eight bytes a component (all components of arrays), and the
 * runtime calls the chunk entry of the body, which reads the frame and calls the body. Errors come back as a status: the runtime has moved the
 * error itself into the caller's context, so it goes on as in serial code. */
#include "ir/codegen/cg.h"

enum { SLOT = 8 };

static LLVMTypeRef entry_type(Codegen *cg) {
  return LLVMFunctionType(cg->i32, (LLVMTypeRef[]){cg->ptr, cg->ptr, cg->i64, cg->i64, cg->i64}, 5, false);
}

/* int32_t NAME.chunk(lj_rt *rt, const void *frame, int64_t chunk, int64_t lo, int64_t hi) */
static LLVMValueRef chunk_entry(Codegen *cg, const IrFunc *body) {
  const char *name = arena_printf(cg->arena, "%s.chunk", body->name);
  LLVMValueRef fn = LLVMGetNamedFunction(cg->module, name);
  if (fn) return fn;
  fn = LLVMAddFunction(cg->module, name, entry_type(cg));
  LLVMSetLinkage(fn, LLVMInternalLinkage);
  cg_func_attr(cg, fn, CGA_NOUNWIND);
  return fn;
}

void cg_parallel(Codegen *cg, const IrStmt *s) {
  const IrFunc *body = s->as.parallel.body;
  uint64_t size = 0;
  for (uint32_t i = 0; i < s->as.parallel.count; i++) size += SLOT * (uint64_t)cg_type(cg, s->as.parallel.args[i]->type)->count;
  LLVMValueRef frame = cg_alloca_bytes(cg, size, SLOT);
  uint64_t at = 0;
  for (uint32_t i = 0; i < s->as.parallel.count; i++) {
    CgVal v = cg_value(cg, s->as.parallel.args[i]);
    for (uint32_t k = 0; k < v.count; k++, at += SLOT) LLVMBuildStore(cg->b, v.v[k], cg_offset(cg, frame, at));
  }
  LLVMValueRef args[] = {
      cg->f.rt,
      cg_site(cg, s->span),
      chunk_entry(cg, body),
      frame,
      cg_scalar(cg, s->as.parallel.lo),
      cg_scalar(cg, s->as.parallel.hi),
      cg_scalar(cg, s->as.parallel.chunks),
      cg_i64(cg, s->as.parallel.fixed),
  };
  cg_status_check(cg, cg_rt_call(cg, "lj_rt_parallel_for", args, LJ_COUNT(args)), false);
}

/* Written when all functions are; the builder stands in a fresh function. */
void cg_chunk_entry(Codegen *cg, const IrFunc *f) {
  LLVMValueRef fn = chunk_entry(cg, f), callee = cg->funcs[f->index];
  cg->f = (CgFunc){.fn = fn, .rt = LLVMGetParam(fn, 0)};
  cg_at(cg, cg_block_new(cg, "entry"));
  uint32_t n = LLVMCountParams(callee), count = 4;
  LLVMValueRef *args = arena_array(cg->arena, LLVMValueRef, n);
  args[0] = cg->f.rt;
  for (unsigned i = 1; i < 4; i++) args[i] = LLVMGetParam(fn, i + 1);
  uint64_t at = 0;
  for (uint32_t i = 3; i < f->params.len; i++) {
    const CgType *ct = cg_type(cg, f->params.data[i]->type);
    for (uint32_t k = 0; k < ct->count; k++, at += SLOT)
      args[count++] = LLVMBuildLoad2(cg->b, ct->parts[k], cg_offset(cg, LLVMGetParam(fn, 1), at), "");
  }
  LJ_ASSERT(count == n);
  LLVMValueRef status = cg_call_fn(cg, callee, args);
  LLVMBuildRet(cg->b, f->can_fail ? status : cg_i32(cg, 0));
  cg->dead = true;
}
