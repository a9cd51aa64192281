/* Loop IR to LLVM IR. No decisions about loops are made here: passes made them.
 * In: a verified unit after all passes. Out: a module with one function per IrFunc (internal) and the entry. */
#ifndef LJ_CODEGEN_H
#define LJ_CODEGEN_H

#include "base/strbuf.h"
#include "ir/ir.h"
#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

/* String attribute of functions that are not worth all effort, or too large for it; they are `noinline`, too. */
#define CODEGEN_LITTLE_EFFORT "loopjit-little-effort"

typedef struct CodegenOptions {
  bool debug;  /* emit line tables */
  bool verify; /* check the module: dev builds, tests, dumps */
  unsigned vector_bytes; /* the longest vectors that math functions may take under fastmath; 0: none */
  SourceAnchor (*anchor)(const Source *src, uint32_t lo, uint32_t hi); /* how error sites tell places; NULL: source_anchor() */
} CodegenOptions;

/* What the optimiser should know about the module. */
typedef struct CodegenFacts {
  bool
      strided; /* some loop steps through an array by a distance that is known at run time only: a multiplication that becomes an addition */
  bool little_effort; /* there are functions with the attribute CODEGEN_LITTLE_EFFORT */
} CodegenFacts;

/* The module of a unit, for the target machine; the entry is the external function `symbol` of the prototype in jit/backend.h.
 * Fills the unit's places.
 * NULL with a text in *error (our own bug: the module does not verify). Owned by the caller. */
LLVMModuleRef codegen_unit(IrUnit *unit, LLVMContextRef context, LLVMTargetMachineRef machine, const char *symbol,
                           const CodegenOptions *options, CodegenFacts *facts, StrBuf *error);

#endif
