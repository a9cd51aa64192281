/* What the rooms of jit/ that know LLVM share: backend.c (the public functions), target.c (target machines), optimize.c (passes and
 * output), orc.c (linking), build_code.c (objects of libraries). Nobody else includes it. */
#ifndef LJ_LLVM_H
#define LJ_LLVM_H

#include "ir/codegen/codegen.h"
#include "jit/backend.h"
#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <pthread.h>

/* target.c: what code is made for; fixed when the backend opens. The strings are owned. Machines are kept for the next compile: making one, with
 * its tables of the processor's features, is a quarter of a small compile. */
enum { TARGET_IDLE = 8 };
typedef struct Target {
  LLVMTargetRef target;
  char *triple, *cpu, *features; /* from LLVM: freed with LLVMDisposeMessage. Those of the host are NULL before target_take() */
  int opt_level;
  pthread_mutex_t lock; /* of what follows */
  LLVMTargetMachineRef idle[TARGET_IDLE];
  unsigned count;
} Target;

bool target_init(Target *target, const BackendOptions *options, StrBuf *error);
void target_drop(Target *target);
LLVMTargetMachineRef target_take(Target *target); /* a machine that no other thread uses */
void target_give(Target *target, LLVMTargetMachineRef machine); /* takes ownership */
unsigned target_vector_bytes(const Target *target); /* of a target that target_take() was called for; see CodegenOptions */
LLVMTargetMachineRef target_plain_machine(const Target *target); /* good for its data layout only; costs much less */

/* backend.c: a context whose errors are kept: the first one as text. */
typedef struct Failures {
  StrBuf *error;
  bool any;
} Failures;
LLVMContextRef context_open(Failures *failures);

/* optimize.c. optimize_init: once per process, before the first compile. The others: false with a text in *error. */
void optimize_init(void);
bool optimize_module(LLVMModuleRef module, LLVMTargetMachineRef machine, int level, const CodegenFacts *facts, StrBuf *error);
bool emit_module(LLVMModuleRef module, LLVMTargetMachineRef machine, LLVMCodeGenFileType kind, StrBuf *out, StrBuf *error);

/* orc.c: the linker. One per backend; its functions may be called by several threads. */
typedef struct Linker Linker;
bool linker_open(const Target *target, Linker **out, StrBuf *error);
void linker_close(Linker *linker);
bool linker_add(Linker *linker, const void *object, size_t size, const char *symbol, const BackendTables *tables, BackendCode **code,
                void **entry, StrBuf *error);
void linker_remove(Linker *linker, BackendCode *code);

#endif
