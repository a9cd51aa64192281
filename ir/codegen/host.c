/* Calls of functions of the host, straight to their C function. Its parameters: the pointer that the host gave, unless it wants none; where it can fail the call's context; the
 * arguments, numbers by value and all others by the address of a copy (runtime/rt.h); where it cannot give its result by value, the address of room for it.
 * Function and pointer are symbols that the linker knows when the code is loaded: code in the cache holds no address. */
#include "ir/codegen/cg.h"

static bool fails(const HostSig *sig) { return (sig->entry->flags & HOST_FAILS) != 0; }
static bool takes_data(const HostSig *sig) { return !(sig->entry->flags & HOST_NO_DATA); }
static bool gives_value(const HostSig *sig) { return !fails(sig) && host_by_value(sig->result); }
static bool takes_room(const HostSig *sig) { return !gives_value(sig) && sig->result->kind != TYPE_NONE; }

static LLVMTypeRef param_type(Codegen *cg, const Type *t) { return host_by_value(t) ? cg_scalar_type(cg, t->dtype) : cg->ptr; }

/* C widens narrow integers in registers. */
static void extend(Codegen *cg, LLVMValueRef fn, unsigned at, const Type *t) {
  if (!host_by_value(t) || dtype_is_float(t->dtype) || dtype_size(t->dtype) > 2) return;
  LLVMAddAttributeAtIndex(fn, at, cg_attr(cg, dtype_is_signed(t->dtype) ? CGA_SIGNEXT : CGA_ZEROEXT, 0));
}

static bool reads_nothing(const HostSig *sig) {
  for (uint32_t i = 0; i < sig->count; i++)
    if (!host_by_value(sig->args[i])) return false;
  return host_is_expression(sig) && gives_value(sig);
}

static void describe(Codegen *cg, LLVMValueRef fn, const HostSig *sig) {
  LLVMAttributeIndex at = (LLVMAttributeIndex)LLVMAttributeFunctionIndex;
  unsigned param = 1 + takes_data(sig) + fails(sig); /* of attributes: 0 is the result */
  for (uint32_t i = 0; i < sig->count; i++) extend(cg, fn, param++, sig->args[i]);
  if (gives_value(sig)) extend(cg, fn, 0, sig->result);
  cg_func_attr(cg, fn, CGA_NOUNWIND);
  cg_func_attr(cg, fn, CGA_NONLAZYBIND); /* through the table of addresses, not through a stub */
  if (sig->entry->flags & HOST_PURE) cg_func_attr(cg, fn, CGA_WILLRETURN);
  if (reads_nothing(sig)) LLVMAddAttributeAtIndex(fn, at, cg_attr(cg, CGA_MEMORY, 0));
}

static LLVMValueRef function_of(Codegen *cg, const HostSig *sig) {
  LLVMValueRef fn = LLVMGetNamedFunction(cg->module, sig->entry->symbol);
  if (fn) return fn;
  LLVMTypeRef *params = arena_array(cg->arena, LLVMTypeRef, sig->count + 3);
  unsigned n = 0;
  if (takes_data(sig)) params[n++] = cg->ptr;
  if (fails(sig)) params[n++] = cg->ptr;
  for (uint32_t i = 0; i < sig->count; i++) params[n++] = param_type(cg, sig->args[i]);
  if (takes_room(sig)) params[n++] = cg->ptr;
  LLVMTypeRef result = fails(sig) ? cg->i32 : gives_value(sig) ? cg_scalar_type(cg, sig->result->dtype) : cg->void_;
  fn = LLVMAddFunction(cg->module, sig->entry->symbol, LLVMFunctionType(result, params, n, false));
  describe(cg, fn, sig);
  return fn;
}

/* The linker has the host's pointer in a variable. */
static LLVMValueRef data_of(Codegen *cg, const HostSig *sig) {
  const char *name = arena_printf(cg->arena, "%s%s", HOST_DATA_SYMBOL, sig->entry->symbol + strlen(HOST_SYMBOL));
  LLVMValueRef global = LLVMGetNamedGlobal(cg->module, name);
  if (!global) {
    global = LLVMAddGlobal(cg->module, cg->ptr, name);
    LLVMSetGlobalConstant(global, true);
  }
  return LLVMBuildLoad2(cg->b, cg->ptr, global, "");
}

static LLVMValueRef room_for(Codegen *cg, const Type *t) {
  const CgType *ct = cg_type(cg, t);
  return cg_alloca_bytes(cg, ct->size, ct->align);
}

static LLVMValueRef argument(Codegen *cg, const IrExpr *e) {
  if (host_by_value(e->type)) return cg_scalar(cg, e);
  LLVMValueRef copy = room_for(cg, e->type);
  cg_pack(cg, e->type, cg_value(cg, e).v, copy, 0);
  return copy;
}

/* The call; *room is where a result is that is not given by value. */
static LLVMValueRef call(Codegen *cg, const HostSig *sig, IrExpr *const *values, LLVMValueRef *room) {
  LLVMValueRef fn = function_of(cg, sig), *args = arena_array(cg->arena, LLVMValueRef, sig->count + 3);
  unsigned n = 0;
  if (takes_data(sig)) args[n++] = data_of(cg, sig);
  if (fails(sig)) args[n++] = cg->f.rt;
  for (uint32_t i = 0; i < sig->count; i++) args[n++] = argument(cg, values[i]);
  *room = NULL;
  if (takes_room(sig)) {
    args[n++] = *room = room_for(cg, sig->result);
    if (type_owns(sig->result))
      cg_pack(cg, sig->result, cg_zero(cg, sig->result).v, *room, 0); /* a host that gives nothing gives nothing */
  }
  return LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(fn), fn, args, n, "");
}

CgVal cg_host_value(Codegen *cg, const HostSig *sig, const IrExpr *e) {
  LLVMValueRef room, value = call(cg, sig, e->args, &room);
  return room ? cg_unpack(cg, sig->result, room, 0) : cg_val1(cg, value);
}

void cg_host_call(Codegen *cg, const HostSig *sig, const IrStmt *s) {
  LLVMValueRef room, value = call(cg, sig, s->as.runtime.args, &room);
  if (fails(sig)) cg_host_check(cg, value, sig->entry->name);
  if (s->as.runtime.result) cg_var_take(cg, s->as.runtime.result, room ? cg_unpack(cg, sig->result, room, 0) : cg_val1(cg, value));
}
