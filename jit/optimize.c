/* LLVM's pass pipeline over a module, and its output as object or assembly. Compile time is part of what users wait for, so level 3 has a
 * pipeline of its own: LLVM's, without what cannot matter for code that the code generator wrote (languages' own constructs, second and third
 * runs of the same pass, guesses about calls). Loops and their vectorisation are the same passes in the same order. */
#include "jit/llvm.h"
#include <llvm-c/Error.h>
#include <llvm-c/Support.h>
#include <llvm-c/Transforms/PassBuilder.h>

#define INSTCOMBINE "instcombine<no-verify-fixpoint>"

/* A function before and after calls were inlined into it. */
#define SIMPLIFY                                                                                                                           \
  "sroa,early-cse<memssa>,correlated-propagation,simplifycfg," INSTCOMBINE ",aggressive-instcombine,tailcallelim,simplifycfg,reassociate," \
  "loop-mssa(loop-instsimplify,loop-simplifycfg,loop-rotate,licm,simple-loop-unswitch<nontrivial;trivial>),simplifycfg,"                   \
  "loop(loop-idiom,indvars,loop-deletion,loop-unroll-full),sroa,gvn,jump-threading,bdce,adce,dse,loop-mssa(licm),"                         \
  "simplifycfg<hoist-common-insts;sink-common-insts>," INSTCOMBINE

#define VECTORISE                                                                                                                          \
  "loop(loop-rotate,loop-deletion),inject-tli-mappings,loop-vectorize,infer-alignment,loop-load-elim," INSTCOMBINE                         \
  ",simplifycfg<forward-switch-cond;switch-range-to-icmp;switch-to-lookup;no-keep-loops;hoist-common-insts;sink-common-insts>,"            \
  "slp-vectorizer,vector-combine,loop-unroll<O3>," INSTCOMBINE ",loop-mssa(licm),loop-sink,instsimplify,div-rem-pairs,simplifycfg"

static const char full[] = "function<eager-inv>(simplifycfg,sroa,early-cse),ipsccp,globalopt,require<globals-aa>,function(invalidate<aa>),"
                           "cgscc(inline,function-attrs<skip-non-recursive-function-attrs>,function<eager-inv;no-rerun>(" SIMPLIFY
                           "),function-attrs),globalopt,globaldce,recompute-globalsaa,function<eager-inv>(" VECTORISE ")";

/* Functions that are not worth much effort: good scalar code. */
static const char little[] =
    "function(sroa,early-cse<memssa>,simplifycfg,loop-mssa(loop-rotate,licm),instsimplify,early-cse<memssa>,adce,simplifycfg)";

/* Loop strength reduction is most of the code generator's time on loops over several arrays, and what it does there x86's addressing modes do
 * as well. So it runs only where it pays: over modules that step through arrays by distances known at run time. The code generator's own run
 * can be switched off only by an option of LLVM's command line, which is for the whole process: done where LLVM is linked into this library,
 * not where a host may share it. */
#if defined(LOOPJIT_OWN_LLVM) && defined(__x86_64__)
enum { CHOOSES_LSR = 1 };
#else
enum { CHOOSES_LSR = 0 };
#endif

void optimize_init(void) {
  static const char *const options[] = {"loopjit", "-disable-lsr"};
  if (CHOOSES_LSR) LLVMParseCommandLineOptions(2, options, "");
}

static void take_message(LLVMErrorRef failure, const char *what, StrBuf *error) {
  char *text = LLVMGetErrorMessage(failure);
  sb_printf(error, "%s: %s", what, text);
  LLVMDisposeErrorMessage(text);
}

static bool run(LLVMModuleRef module, const char *pipeline, LLVMTargetMachineRef machine, LLVMPassBuilderOptionsRef options,
                StrBuf *error) {
  LLVMErrorRef failure = LLVMRunPasses(module, pipeline, machine, options);
  if (failure) take_message(failure, "optimising failed", error);
  return !failure;
}

/* Until they are asked for again, the optimiser passes over functions with little effort, or over the others. */
static void pass_over(LLVMModuleRef module, bool those, bool others) {
  const LLVMAttributeIndex at = (LLVMAttributeIndex)LLVMAttributeFunctionIndex;
  const unsigned none = LLVMGetEnumAttributeKindForName("optnone", 7);
  LJ_ASSERT(none);
  LLVMAttributeRef skip = LLVMCreateEnumAttribute(LLVMGetModuleContext(module), none, 0);
  for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn; fn = LLVMGetNextFunction(fn)) {
    if (LLVMIsDeclaration(fn)) continue;
    if (LLVMGetStringAttributeAtIndex(fn, at, CODEGEN_LITTLE_EFFORT, (unsigned)strlen(CODEGEN_LITTLE_EFFORT)) ? those : others)
      LLVMAddAttributeAtIndex(fn, at, skip);
    else
      LLVMRemoveEnumAttributeAtIndex(fn, at, none);
  }
}

static bool run_apart(LLVMModuleRef module, LLVMTargetMachineRef machine, LLVMPassBuilderOptionsRef options, StrBuf *error) {
  pass_over(module, true, false);
  bool ok = run(module, full, machine, options, error);
  pass_over(module, false, true);
  ok = ok && run(module, little, machine, options, error);
  pass_over(module, false, false);
  return ok;
}

bool optimize_module(LLVMModuleRef module, LLVMTargetMachineRef machine, int level, const CodegenFacts *facts, StrBuf *error) {
  static const char *const pipelines[] = {"default<O0>", "default<O1>", "default<O2>", full};
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMPassBuilderOptionsSetSLPVectorization(options, level >= 2);
  bool apart = level >= 3 && facts->little_effort;
  bool ok = apart ? run_apart(module, machine, options, error)
                  : run(module,
                        pipelines[level < 0   ? 0
                                  : level > 3 ? 3
                                              : level],
                        machine, options, error);
  if (CHOOSES_LSR && level > 0 && facts->strided)
    ok = ok && run(module, "function(loop(canon-freeze,loop-reduce))", machine, options, error);
  LLVMDisposePassBuilderOptions(options);
  return ok;
}

bool emit_module(LLVMModuleRef module, LLVMTargetMachineRef machine, LLVMCodeGenFileType kind, StrBuf *out, StrBuf *error) {
  char *why = NULL;
  LLVMMemoryBufferRef buffer = NULL;
  if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, kind, &why, &buffer)) {
    sb_printf(error, "making machine code failed: %s", why);
    LLVMDisposeMessage(why);
    return false;
  }
  sb_add(out, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
  LLVMDisposeMemoryBuffer(buffer);
  return true;
}
