/* LLVM's pass pipeline over a module, and its output as object or assembly. */
#include "jit/llvm.h"
#include <llvm-c/Error.h>
#include <llvm-c/Transforms/PassBuilder.h>

static void take_message(LLVMErrorRef failure, const char *what, StrBuf *error) {
  char *text = LLVMGetErrorMessage(failure);
  sb_printf(error, "%s: %s", what, text);
  LLVMDisposeErrorMessage(text);
}

bool optimize_module(LLVMModuleRef module, LLVMTargetMachineRef machine, int level, StrBuf *error) {
  static const char *const pipelines[] = {"default<O0>", "default<O1>", "default<O2>", "default<O3>"};
  const char *pipeline = pipelines[level < 0 ? 0 : level > 3 ? 3 : level];
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMPassBuilderOptionsSetSLPVectorization(options, level >= 2);
  LLVMErrorRef failure = LLVMRunPasses(module, pipeline, machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (failure) take_message(failure, "optimising failed", error);
  return !failure;
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
