/* Functions of the runtime as LLVM sees them: declared from runtime/rt_symbols.def when first called, with the attributes that let LLVM
 * move and merge the calls. Constant strings live here too. */
#include "ir/build.h"
#include "ir/codegen/cg.h"

typedef enum Effect { EF_ANY, EF_COLD, EF_PURE, EF_READS_ARGS, EF_WRITES_ARGS } Effect;
typedef struct RtRow {
  const char *name, *signature;
} RtRow;

enum { RT_PARAMS = 20 }; /* at the most */

static const RtRow rows[] = {
#define RT(result, name, params, signature) {#name, signature},
#include "runtime/rt_symbols.def"
#undef RT
};

/* What LLVM may assume beyond "does not unwind". */
static const struct {
  const char *name;
  Effect effect;
} effects[] = {
    {"lj_rt_raise", EF_COLD},
    {"lj_rt_raise_text", EF_COLD},
    {"lj_rt_raise_shapes", EF_COLD},
    {"lj_rt_stop", EF_COLD},
    {"lj_rt_trace", EF_COLD},
    {"lj_rt_host_failed", EF_COLD},
    {"lj_rt_str_equal", EF_READS_ARGS},
    {"lj_rt_str_length", EF_READS_ARGS},
    {"lj_rt_ipow", EF_PURE},
    {"lj_rt_round_digits", EF_PURE},
    {"lj_rt_gcd", EF_PURE},
    {"lj_rt_isqrt", EF_PURE},
    {"lj_rt_gamma", EF_PURE},
    {"lj_rt_ulp", EF_PURE},
};

const char *cg_rt_signature(const char *name) {
  for (size_t i = 0; i < LJ_COUNT(rows); i++)
    if (strcmp(rows[i].name, name) == 0) return rows[i].signature;
  return NULL;
}

static LLVMTypeRef letter_type(Codegen *cg, char letter) {
  switch (letter) {
  case 'v': return cg->void_;
  case 'p': return cg->ptr;
  case 'i': return cg->i32;
  case 'l': return cg->i64;
  case 'd': return cg->f64;
  case 'f': return cg->f32;
  }
  LJ_UNREACHABLE();
}

static Effect effect_of(const char *name, const char *signature) {
  for (size_t i = 0; i < LJ_COUNT(effects); i++)
    if (strcmp(effects[i].name, name) == 0) return effects[i].effect;
  bool complex_function = strncmp(name, "lj_rt_c", 7) == 0 && strncmp(signature, "v:dd", 4) == 0;
  return complex_function ? EF_WRITES_ARGS : EF_ANY;
}

static void describe(Codegen *cg, LLVMValueRef fn, Effect effect) {
  enum { ARGMEM_READ = 1, ARGMEM_WRITE = 2 }; /* LLVM's encoding of memory(argmem: …); 0 is memory(none) */
  cg_func_attr(cg, fn, CGA_NOUNWIND);
  if (effect == EF_COLD) cg_func_attr(cg, fn, CGA_COLD);
  if (effect != EF_PURE && effect != EF_READS_ARGS && effect != EF_WRITES_ARGS) return;
  uint64_t memory = effect == EF_PURE ? 0 : effect == EF_READS_ARGS ? ARGMEM_READ : ARGMEM_WRITE;
  cg_func_attr(cg, fn, CGA_WILLRETURN);
  LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, cg_attr(cg, CGA_MEMORY, memory));
}

LLVMValueRef cg_rt_call(Codegen *cg, const char *name, LLVMValueRef *args, unsigned count) {
  LLVMValueRef fn = LLVMGetNamedFunction(cg->module, name);
  if (!fn) {
    const char *signature = cg_rt_signature(name);
    LJ_ASSERT(signature && signature[1] == ':' && strlen(signature + 2) == count);
    LLVMTypeRef params[RT_PARAMS];
    LJ_ASSERT(count <= LJ_COUNT(params));
    for (unsigned i = 0; i < count; i++) params[i] = letter_type(cg, signature[2 + i]);
    fn = LLVMAddFunction(cg->module, name, LLVMFunctionType(letter_type(cg, signature[0]), params, count, false));
    describe(cg, fn, effect_of(name, signature));
  }
  return LLVMBuildCall2(cg->b, LLVMGlobalGetValueType(fn), fn, args, count, "");
}

/* The arguments of a runtime statement from the third parameter on; gives how many parameters are filled. */
static unsigned runtime_args(Codegen *cg, const IrStmt *s, const char *signature, LLVMValueRef *args) {
  unsigned n = 2;
  for (uint32_t i = 0; i < s->as.runtime.count; i++) {
    const Type *t = s->as.runtime.args[i]->type;
    CgVal v = cg_value(cg, s->as.runtime.args[i]);
    LJ_ASSERT(n + 2 < RT_PARAMS && signature[2 + n]);
    if (t->kind == TYPE_STR) {
      args[n++] = v.v[CG_DATA];
      args[n++] = v.v[CG_SHAPE];
    } else if (signature[2 + n] == 'p') {
      const CgType *ct = cg_type(cg, t);
      args[n] = cg_alloca_bytes(cg, ct->size, ct->align);
      cg_pack(cg, t, v.v, args[n++], 0);
    } else {
      LJ_ASSERT(v.count == 1);
      LLVMTypeRef to = letter_type(cg, signature[2 + n]);
      args[n++] = LLVMTypeOf(v.v[0]) == to ? v.v[0] : LLVMBuildIntCast2(cg->b, v.v[0], to, !type_is_bool(t), "");
    }
  }
  return n;
}

void cg_runtime(Codegen *cg, const IrStmt *s) {
  const HostSig *host = ir_host(cg->unit, s->as.runtime.symbol);
  if (host) {
    cg_host_call(cg, host, s);
    return;
  }
  const char *signature = cg_rt_signature(s->as.runtime.symbol);
  const IrVar *result = s->as.runtime.result;
  LJ_ASSERT(signature && strncmp(signature + 2, "pp", 2) == 0 && (signature[0] == 'i') == s->as.runtime.fails);
  LLVMValueRef args[RT_PARAMS] = {cg->f.rt, cg_site(cg, s->span)}, out = NULL;
  unsigned n = runtime_args(cg, s, signature, args);
  if (result && s->as.runtime.fails) {
    const CgType *ct = cg_type(cg, result->type);
    args[n++] = out = cg_alloca_bytes(cg, ct->size, ct->align);
  }
  LLVMValueRef value = cg_rt_call(cg, s->as.runtime.symbol, args, n);
  if (s->as.runtime.fails) cg_status_check(cg, value, false);
  if (result) cg_var_take(cg, result, out ? cg_unpack(cg, result->type, out, 0) : cg_val1(cg, value));
}

LLVMValueRef cg_string(Codegen *cg, const char *text, size_t length) {
  uint64_t key = hash_bytes(text, length, 0x51);
  LLVMValueRef global = map_get(&cg->strings, key);
  if (global) return global;
  LLVMValueRef bytes = LLVMConstStringInContext2(cg->ctx, text, length, false);
  global = LLVMAddGlobal(cg->module, LLVMTypeOf(bytes), "str");
  LLVMSetInitializer(global, bytes);
  LLVMSetLinkage(global, LLVMPrivateLinkage);
  LLVMSetGlobalConstant(global, true);
  LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
  LLVMSetAlignment(global, 1);
  map_put(cg->arena, &cg->strings, key, global);
  return global;
}
