/* The public functions of the backend: compile a unit to an object, link an object. A compile has its own context, module and target
 * machine, so any number of them run side by side; the linker serialises what must be. */
#include "ir/codegen/codegen.h"
#include "jit/llvm.h"
#include <stdlib.h>
#include <time.h>

#ifdef LOOPJIT_DEBUG
enum { VERIFY = 1 };
#else
enum { VERIFY = 0 };
#endif

struct Backend {
  BackendOptions options; /* cpu and features are in target */
  Target target;
  Linker *linker;
};

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Without this handler an error of the code generator would end the process. */
static void on_diagnostic(LLVMDiagnosticInfoRef info, void *context) {
  Failures *failures = context;
  if (LLVMGetDiagInfoSeverity(info) != LLVMDSError) return;
  char *text = LLVMGetDiagInfoDescription(info);
  if (!failures->any) sb_printf(failures->error, "LLVM: %s", text);
  failures->any = true;
  LLVMDisposeMessage(text);
}

LLVMContextRef context_open(Failures *failures) {
  LLVMContextRef context = LLVMContextCreate();
  LLVMContextSetDiagnosticHandler(context, on_diagnostic, failures);
  return context;
}

bool backend_open(const BackendOptions *options, Backend **out, StrBuf *error) {
  *out = NULL;
  Backend *backend = calloc(1, sizeof *backend);
  LJ_ASSERT(backend);
  backend->options = *options;
  backend->options.cpu = backend->options.features = NULL;
  if (!target_init(&backend->target, options, error)) {
    free(backend);
    return false;
  }
  if (!linker_open(&backend->target, &backend->linker, error)) {
    target_drop(&backend->target);
    free(backend);
    return false;
  }
  *out = backend;
  return true;
}

void backend_close(Backend *backend) {
  if (!backend) return;
  linker_close(backend->linker);
  target_drop(&backend->target);
  free(backend);
}

static void dump(LLVMModuleRef module, StrBuf *out) {
  if (!out) return;
  char *text = LLVMPrintModuleToString(module);
  sb_puts(out, text);
  LLVMDisposeMessage(text);
}

/* Everything between the module and the object; `at` is the time of the start and is moved on. */
static bool finish(Backend *backend, LLVMModuleRef module, LLVMTargetMachineRef machine, const CodegenFacts *facts,
                   const BackendDumps *dumps, StrBuf *object, BackendTimes *times, StrBuf *error) {
  dump(module, dumps->llvm);
  double start = seconds();
  if (!optimize_module(module, machine, backend->target.opt_level, facts, error)) return false;
  double optimized = seconds();
  times->optimize += optimized - start;
  dump(module, dumps->llvm_opt);
  if (dumps->assembly) { /* from a copy: making code changes the module */
    LLVMModuleRef copy = LLVMCloneModule(module);
    bool ok = emit_module(copy, machine, LLVMAssemblyFile, dumps->assembly, error);
    LLVMDisposeModule(copy);
    if (!ok) return false;
  }
  start = seconds();
  bool ok = emit_module(module, machine, LLVMObjectFile, object, error);
  times->emit += seconds() - start;
  return ok;
}

bool backend_compile(Backend *backend, IrUnit *unit, const char *symbol, const BackendDumps *dumps, StrBuf *object, BackendTimes *times,
                     StrBuf *error) {
  static const BackendDumps no_dumps;
  BackendTimes unused = {0};
  if (!dumps) dumps = &no_dumps;
  if (!times) times = &unused;
  double start = seconds();
  Failures failures = {.error = error};
  LLVMContextRef context = context_open(&failures);
  LLVMContextSetDiscardValueNames(context, !dumps->llvm && !dumps->llvm_opt);
  LLVMTargetMachineRef machine = target_take(&backend->target);
  CodegenOptions options = {.debug = backend->options.debug_lines || dumps->assembly,
                            .verify = VERIFY || dumps->llvm || dumps->llvm_opt,
                            .vector_bytes = target_vector_bytes(&backend->target)};
  CodegenFacts facts = {0};
  LLVMModuleRef module = codegen_unit(unit, context, machine, symbol, &options, &facts, error);
  times->codegen += seconds() - start;
  bool ok = module && finish(backend, module, machine, &facts, dumps, object, times, error) && !failures.any;
  if (module) LLVMDisposeModule(module);
  if (ok)
    target_give(&backend->target, machine);
  else
    LLVMDisposeTargetMachine(machine); /* an error may have left it in any state */
  LLVMContextDispose(context);
  return ok;
}

bool backend_link(Backend *backend, const void *object, size_t size, const char *symbol, const BackendTables *tables, BackendCode **code,
                  void **entry, BackendTimes *times, StrBuf *error) {
  double start = seconds();
  bool ok = linker_add(backend->linker, object, size, symbol, tables, code, entry, error);
  if (times) times->link += seconds() - start;
  return ok;
}

void backend_unload(Backend *backend, BackendCode *code) {
  if (code) linker_remove(backend->linker, code);
}
