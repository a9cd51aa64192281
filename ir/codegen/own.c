/* Variables and the references that they own. Allocas are made once per function, in the entry block; the owner components of owning
 * variables start as null, so that the cleanup may release every variable on every path. `once` variables have no memory except for
 * those owner components. The counting itself is in two small functions of the module, so that a release is one call in the user's
 * function. */
#include "ir/codegen/cg.h"

static bool owns(const IrVar *var) { return var->owns && type_owns(var->type); }
static CgVar *place(Codegen *cg, const IrVar *var) { return var->is_global ? &cg->globals[var->id] : &cg->f.vars[var->id]; }

/* Many references stand side by side in memory and are released by a loop: as registers each of them would meet each error in front of the cleanup. */
static void many_owners(Codegen *cg) {
  enum { MANY = 24 };
  const IrFunc *f = cg->f.ir;
  uint32_t count = 0;
  for (uint32_t i = 0; i < f->vars.len; i++) {
    const CgType *ct = cg_type(cg, f->vars.data[i]->type);
    for (uint32_t k = 0; k < ct->count; k++) count += owns(f->vars.data[i]) && ct->owner[k];
  }
  if (count < MANY) return;
  cg->f.owner_count = count;
  cg->f.owners = cg_alloca(cg, LLVMArrayType2(cg->ptr, count), "owners");
}

void cg_vars_init(Codegen *cg) {
  const IrFunc *f = cg->f.ir;
  uint32_t counted_so_far = 0;
  many_owners(cg);
  cg->f.vars = arena_array(cg->arena, CgVar, f->vars.len + 1);
  for (uint32_t i = 0; i < f->vars.len; i++) {
    const IrVar *var = f->vars.data[i];
    LJ_ASSERT(var->id == i && !var->is_global);
    const CgType *ct = cg_type(cg, var->type);
    CgVar *p = &cg->f.vars[i];
    p->slot = arena_array(cg->arena, LLVMValueRef, ct->count + 1);
    for (uint32_t k = 0; k < ct->count; k++) {
      bool counted = owns(var) && ct->owner[k];
      if (var->once && !counted) continue;
      bool in_row = counted && cg->f.owners;
      p->slot[k] =
          in_row ? cg_offset(cg, cg->f.owners, sizeof(void *) * (uint64_t)counted_so_far++) : cg_alloca(cg, ct->parts[k], var->name);
      if (counted) LLVMBuildStore(cg->b, LLVMConstNull(cg->ptr), p->slot[k]);
    }
    cg->f.has_owners |= owns(var);
  }
  uint32_t at = 1;
  for (uint32_t i = 0; i < f->params.len; i++) {
    const IrVar *var = f->params.data[i];
    CgVal v = cg_new_val(cg, cg_type(cg, var->type)->count);
    for (uint32_t k = 0; k < v.count; k++) {
      v.v[k] = LLVMGetParam(cg->f.fn, at++);
      LLVMSetValueName2(v.v[k], var->name, strlen(var->name));
    }
    if (owns(var)) cg_retain(cg, var->type, v); /* a parameter that is assigned to */
    cg_var_put(cg, var, v);
  }
}

/* A stride of 0 or of one element, which broadcasting chooses, counts as known. */
static bool is_known(LLVMValueRef v) {
  if (LLVMIsASelectInst(v)) return LLVMIsConstant(LLVMGetOperand(v, 1)) && LLVMIsConstant(LLVMGetOperand(v, 2));
  return LLVMIsConstant(v);
}

/* What the variable held before stays in the mask: on some path it may hold it still. */
static void note_strides(CgVar *p, const Type *t, CgVal v) {
  if (t->kind != TYPE_ARRAY || t->layout != LAYOUT_A) return;
  for (unsigned k = 0; k < t->ndim; k++)
    if (!is_known(v.v[CG_SHAPE + t->ndim + k])) p->far |= (uint64_t)1 << k;
}

uint64_t cg_var_far(Codegen *cg, const IrVar *array) {
  const Type *t = array->type;
  uint64_t all = ((uint64_t)1 << t->ndim) - 1;
  if (t->layout == LAYOUT_A) return place(cg, array)->far;
  return !all ? 0 : t->layout == LAYOUT_C ? all >> 1 : all & ~(uint64_t)1;
}

void cg_var_depends(Codegen *cg, const IrVar *var, unsigned loop) { place(cg, var)->loop = loop; }

/* Inner loops have larger numbers. What has memory may change in every loop. */
unsigned cg_loop_of(Codegen *cg, const IrExpr *e) {
  unsigned here = cg->f.loop ? cg->f.loop->number : 0, loop = 0;
  if (e->op == IR_VAR) return e->as.var->once && !e->as.var->is_global ? place(cg, e->as.var)->loop : here;
  if (e->op == IR_LOAD) return here;
  for (uint32_t i = 0; i < e->count; i++) {
    unsigned arg = cg_loop_of(cg, e->args[i]);
    if (arg > loop) loop = arg;
  }
  return loop;
}

CgVal cg_var_get(Codegen *cg, const IrVar *var) {
  const CgVar *p = place(cg, var);
  const CgType *ct = cg_type(cg, var->type);
  if (var->once && !var->is_global) {
    LJ_ASSERT(p->value || !ct->count);
    return (CgVal){ct->count, p->value};
  }
  CgVal out = cg_new_val(cg, ct->count);
  for (uint32_t k = 0; k < ct->count; k++) out.v[k] = LLVMBuildLoad2(cg->b, ct->parts[k], p->slot[k], "");
  return out;
}

bool cg_var_in_frame(Codegen *cg, const IrVar *var) { return place(cg, var)->in_frame; }
void cg_var_set_frame(Codegen *cg, const IrVar *var) { place(cg, var)->in_frame = true; }

void cg_var_put(Codegen *cg, const IrVar *var, CgVal v) {
  CgVar *p = place(cg, var);
  LJ_ASSERT(v.count == cg_type(cg, var->type)->count);
  p->loop = cg->f.loop ? cg->f.loop->number : 0;
  note_strides(p, var->type, v);
  if (var->once && !var->is_global) p->value = v.v;
  for (uint32_t k = 0; k < v.count; k++)
    if (p->slot[k]) LLVMBuildStore(cg->b, v.v[k], p->slot[k]);
}

void cg_var_put_copy(Codegen *cg, const IrVar *var, const IrVar *from, CgVal v) {
  uint64_t far = place(cg, var)->far | place(cg, from)->far;
  cg_var_put(cg, var, v);
  place(cg, var)->far = far;
}

void cg_var_take(Codegen *cg, const IrVar *var, CgVal v) {
  cg_var_release(cg, var);
  cg_var_put(cg, var, v);
}

void cg_var_release(Codegen *cg, const IrVar *var) {
  if (!owns(var)) return;
  const CgVar *p = place(cg, var);
  const CgType *ct = cg_type(cg, var->type);
  for (uint32_t k = 0; k < ct->count; k++) {
    if (!ct->owner[k]) continue;
    LLVMValueRef old = LLVMBuildLoad2(cg->b, cg->ptr, p->slot[k], "");
    LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(cg->release_fn), cg->release_fn, &old, 1, "");
  }
}

void cg_var_empty(Codegen *cg, const IrVar *var) {
  if (!owns(var)) return;
  const CgVar *p = place(cg, var);
  const CgType *ct = cg_type(cg, var->type);
  for (uint32_t k = 0; k < ct->count; k++)
    if (ct->owner[k]) LLVMBuildStore(cg->b, LLVMConstNull(cg->ptr), p->slot[k]);
}

static void count_each(Codegen *cg, LLVMValueRef fn, const Type *t, CgVal v) {
  const CgType *ct = cg_type(cg, t);
  for (uint32_t k = 0; k < ct->count; k++)
    if (ct->owner[k] && !LLVMIsAConstantPointerNull(v.v[k])) LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(fn), fn, &v.v[k], 1, "");
}

void cg_retain(Codegen *cg, const Type *t, CgVal v) { count_each(cg, cg->retain_fn, t, v); }
void cg_release(Codegen *cg, const Type *t, CgVal v) { count_each(cg, cg->release_fn, t, v); }

void cg_release_all(Codegen *cg) {
  if (cg->f.owners) {
    LLVMValueRef args[] = {cg->f.owners, cg_i64(cg, cg->f.owner_count)};
    LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(cg->release_row_fn), cg->release_row_fn, args, LJ_COUNT(args), "");
    return;
  }
  for (uint32_t i = 0; i < cg->f.ir->vars.len; i++) cg_var_release(cg, cg->f.ir->vars.data[i]);
}
