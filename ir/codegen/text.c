/* print, f-strings and messages: values go to the runtime in their memory layout together with a type code, which says how to show them. */
#include "ir/codegen/cg.h"

enum { TEXT_REPR = 1, TEXT_KERNEL = 2 }; /* flags of lj_rt_text_value */

static LLVMValueRef type_code(Codegen *cg, const Type *t) {
  StrBuf code = {0};
  cg_type_code(t, &code);
  LLVMValueRef text = cg_string(cg, sb_text(&code), code.len);
  sb_drop(&code);
  return text;
}

static LLVMValueRef spill(Codegen *cg, const Type *t, CgVal v) {
  const CgType *ct = cg_type(cg, t);
  if (!ct->count) return LLVMConstNull(cg->ptr);
  LLVMValueRef slot = cg_alloca_bytes(cg, ct->size, ct->align);
  cg_pack(cg, t, v.v, slot, 0);
  return slot;
}

void cg_text(Codegen *cg, const IrStmt *s) {
  const Type *t = s->as.text.value->type;
  CgVal v = cg_value(cg, s->as.text.value);
  if (t->kind == TYPE_STR && !s->as.text.repr && !s->as.text.spec) {
    cg_rt_call(cg, "lj_rt_text_str", (LLVMValueRef[]){cg->f.rt, v.v[CG_DATA], v.v[CG_SHAPE]}, 3);
    return;
  }
  LLVMValueRef flags = cg_i32(cg, (s->as.text.repr ? TEXT_REPR : 0) | (s->as.text.kernel ? TEXT_KERNEL : 0));
  LLVMValueRef code = type_code(cg, t), value = spill(cg, t, v);
  if (!s->as.text.spec) {
    cg_rt_call(cg, "lj_rt_text_value", (LLVMValueRef[]){cg->f.rt, code, value, flags}, 4);
    return;
  }
  CgVal spec = cg_value(cg, s->as.text.spec);
  LLVMValueRef args[] = {cg->f.rt, cg_site(cg, s->span), code, value, spec.v[CG_DATA], spec.v[CG_SHAPE], flags};
  cg_status_check(cg, cg_rt_call(cg, "lj_rt_text_format", args, 7), false);
}

void cg_text_take(Codegen *cg, const IrStmt *s) {
  const IrVar *var = s->as.take.var;
  LJ_ASSERT(var->type->kind == TYPE_STR);
  LLVMValueRef out = cg_alloca_bytes(cg, sizeof(lj_str), 8);
  LLVMValueRef args[] = {cg->f.rt, cg_site(cg, s->span), out};
  cg_status_check(cg, cg_rt_call(cg, "lj_rt_text_take", args, 3), false);
  cg_var_take(cg, var, cg_unpack(cg, var->type, out, 0));
}
