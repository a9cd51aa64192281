/* The machine that code is made for: the host with all its features, unless the options name another processor. LLVM's tables of the native
 * target are set up once per process; machines go from one compile to the next. What only a compile needs waits for one: code from the cache is
 * linked without it. */
#include "jit/llvm.h"
#include <llvm-c/Target.h>
#include <stdlib.h>

static void init_llvm(void) {
  LLVMInitializeNativeTarget();
  LLVMInitializeNativeAsmPrinter();
}

static char *cpu_name(const char *wish) { return wish ? LLVMCreateMessage(wish) : LLVMGetHostCPUName(); }
static char *cpu_features(const char *wish) { return wish ? LLVMCreateMessage("") : LLVMGetHostCPUFeatures(); }

void backend_describe(const char *cpu, StrBuf *llvm, StrBuf *name, StrBuf *features) {
  char *a = cpu_name(cpu), *b = cpu_features(cpu);
  unsigned version[3];
  LLVMGetVersion(&version[0], &version[1], &version[2]);
  sb_printf(llvm, "%u.%u.%u", version[0], version[1], version[2]);
  sb_puts(name, a);
  sb_puts(features, b);
  LLVMDisposeMessage(a);
  LLVMDisposeMessage(b);
}

bool target_init(Target *target, const BackendOptions *options, StrBuf *error) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, init_llvm);
  *target = (Target){.opt_level = options->opt_level};
  pthread_mutex_init(&target->lock, NULL);
  target->triple = LLVMGetDefaultTargetTriple();
  char *why = NULL;
  if (LLVMGetTargetFromTriple(target->triple, &target->target, &why)) {
    sb_printf(error, "no code can be made for %s: %s", target->triple, why);
    LLVMDisposeMessage(why);
    target_drop(target);
    return false;
  }
  if (options->cpu) target->cpu = cpu_name(options->cpu);
  if (options->cpu || options->features) target->features = LLVMCreateMessage(options->features ? options->features : "");
  return true;
}

/* With the lock held. */
static void finish(Target *target) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, optimize_init);
  if (!target->cpu) target->cpu = cpu_name(NULL);
  if (!target->features) target->features = cpu_features(NULL);
}

void target_drop(Target *target) {
  while (target->count) LLVMDisposeTargetMachine(target->idle[--target->count]);
  pthread_mutex_destroy(&target->lock);
  LLVMDisposeMessage(target->triple);
  if (target->cpu) LLVMDisposeMessage(target->cpu);
  if (target->features) LLVMDisposeMessage(target->features);
  *target = (Target){0};
}

LLVMTargetMachineRef target_plain_machine(const Target *target) {
  return LLVMCreateTargetMachine(target->target, target->triple, "", "", LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelSmall);
}

/* Position-independent: the linker reaches functions that are far away through stubs. Floating-point operations are fused only where the
 * instruction itself allows it (LLVM's default for target machines made this way). */
static LLVMTargetMachineRef new_machine(const Target *target) {
  static const LLVMCodeGenOptLevel levels[] = {LLVMCodeGenLevelNone, LLVMCodeGenLevelLess, LLVMCodeGenLevelDefault,
                                               LLVMCodeGenLevelAggressive};
  int level = target->opt_level < 0 ? 0 : target->opt_level > 3 ? 3 : target->opt_level;
  return LLVMCreateTargetMachine(target->target, target->triple, target->cpu, target->features, levels[level], LLVMRelocPIC,
                                 LLVMCodeModelSmall);
}

/* The host says what it has; of a processor that the options name only the name is known. */
unsigned target_vector_bytes(const Target *target) {
  if (strncmp(target->triple, "x86_64", 6) != 0) return 0;
  if (!target->features[0]) return cpu_vector_bytes(target->cpu);
  return strstr(target->features, "+avx512f") ? 64 : strstr(target->features, "+avx2") ? 32 : 16;
}

LLVMTargetMachineRef target_take(Target *target) {
  pthread_mutex_lock(&target->lock);
  finish(target);
  LLVMTargetMachineRef machine = target->count ? target->idle[--target->count] : NULL;
  pthread_mutex_unlock(&target->lock);
  return machine ? machine : new_machine(target);
}

void target_give(Target *target, LLVMTargetMachineRef machine) {
  pthread_mutex_lock(&target->lock);
  bool keep = target->count < TARGET_IDLE;
  if (keep) target->idle[target->count++] = machine;
  pthread_mutex_unlock(&target->lock);
  if (!keep) LLVMDisposeTargetMachine(machine);
}
