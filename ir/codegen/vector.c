/* Vector forms of the math functions: under fast math (the flag afn) a call of exp, log, sin, … names the functions of glibc's libmvec that
 * compute 2 to 16 of them at once, and LLVM's loop vectoriser takes them. Largest error 4 ulp (glibc manual, "Errors in Math Functions": vector
 * variants). Strict code never comes here: its results are the C library's, bit by bit. Names: the vector function ABI of x86-64,
 * _ZGV<isa>N<lanes><v per argument>_<name>, isa b SSE, d AVX2, e AVX-512. */
#include "ir/codegen/cg.h"

#include <stdio.h>

static const struct {
  const char *name; /* of the float64 function; float32: with an f behind */
  unsigned args;
} functions[] = {
    {"acos", 1},  {"acosh", 1}, {"asin", 1}, {"asinh", 1}, {"atan", 1}, {"atanh", 1}, {"atan2", 2}, {"cbrt", 1}, {"cos", 1},
    {"cosh", 1},  {"erf", 1},   {"erfc", 1}, {"exp", 1},   {"exp2", 1}, {"expm1", 1}, {"hypot", 2}, {"log", 1},  {"log10", 1},
    {"log1p", 1}, {"log2", 1},  {"pow", 2},  {"sin", 1},   {"sinh", 1}, {"tan", 1},   {"tanh", 1},
};

static const struct {
  char isa;
  unsigned bytes;
} forms[] = {{'e', 64}, {'d', 32}, {'b', 16}};

static const char *is_vectorised(const char *name, LLVMTypeRef type, LLVMTypeRef f32, unsigned count) {
  size_t length = strlen(name) - (type == f32);
  for (size_t i = 0; i < LJ_COUNT(functions); i++)
    if (strlen(functions[i].name) == length && memcmp(functions[i].name, name, length) == 0 && functions[i].args == count) return name;
  return NULL;
}

/* Declares the vector function and keeps the declaration alive until the vectoriser has run. */
static void declare(Codegen *cg, const char *symbol, LLVMTypeRef type, unsigned lanes, unsigned count) {
  if (LLVMGetNamedFunction(cg->module, symbol)) return;
  LLVMTypeRef vector = LLVMVectorType(type, lanes), params[2] = {vector, vector};
  LLVMValueRef fn = LLVMAddFunction(cg->module, symbol, LLVMFunctionType(vector, params, count, false));
  cg_func_attr(cg, fn, CGA_NOUNWIND);
  LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, cg_attr(cg, CGA_MEMORY, 0));
  vec_push(cg->arena, &cg->vector_fns, fn);
}

bool cg_has_vectors(Codegen *cg, const char *name, LLVMTypeRef type, unsigned count) {
  return cg->vector_bytes && cg->f.ir && cg->f.ir->fastmath > 0 && (cg->f.ir->fastmath & FM_AFN) &&
         is_vectorised(name, type, cg->f32, count);
}

void cg_vector_call(Codegen *cg, LLVMValueRef call, const char *called, const char *name, LLVMTypeRef type, unsigned count) {
  StrBuf all = {0};
  for (size_t i = 0; i < LJ_COUNT(forms); i++) {
    char symbol[64];
    unsigned lanes = forms[i].bytes / (type == cg->f32 ? 4 : 8);
    snprintf(symbol, sizeof symbol, "_ZGV%cN%u%.*s_%s", forms[i].isa, lanes, (int)count, "vv", name);
    if (forms[i].bytes > cg->vector_bytes || !lj_rt_symbol(symbol)) continue;
    declare(cg, symbol, type, lanes, count);
    sb_printf(&all, "%s_ZGV_LLVM_N%u%.*s_%s(%s)", all.len ? "," : "", lanes, (int)count, "vv", called, symbol);
  }
  if (all.len) {
    LLVMAttributeRef attr = LLVMCreateStringAttribute(cg->ctx, "vector-function-abi-variant", 27, all.data, (unsigned)all.len);
    LLVMAddCallSiteAttribute(call, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attr);
  }
  sb_drop(&all);
}

/* Vectors live across these calls in the frame: without alignment of the stack to their size every second of them would lie in two cache lines, depending
 * on where the stack begins in this process. LLVM does not align it for spills alone. */
static void align_frames(Codegen *cg) {
  LLVMAttributeRef attr = LLVMCreateStringAttribute(cg->ctx, "stackrealign", 12, "", 0);
  for (LLVMValueRef fn = LLVMGetFirstFunction(cg->module); fn; fn = LLVMGetNextFunction(fn))
    if (!LLVMIsDeclaration(fn)) LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attr);
}

void cg_vector_finish(Codegen *cg) {
  if (!cg->vector_fns.len) return;
  align_frames(cg);
  LLVMTypeRef list = LLVMArrayType2(cg->ptr, cg->vector_fns.len);
  LLVMValueRef used = LLVMAddGlobal(cg->module, list, "llvm.compiler.used");
  LLVMSetInitializer(used, LLVMConstArray2(cg->ptr, cg->vector_fns.data, cg->vector_fns.len));
  LLVMSetLinkage(used, LLVMAppendingLinkage);
  LLVMSetSection(used, "llvm.metadata");
}
