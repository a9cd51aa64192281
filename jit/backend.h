/* LLVM's side of the engine: Loop IR to object code to memory that runs. The only rooms that know LLVM are this one's .c files and
 * ir/codegen/. Every compile emits an object buffer and links that: a cached object takes the same path. One context and module per
 * compile, and a target machine that no other compile uses meanwhile; only the LLJIT is shared. Thread-safe: several threads may compile and link on one backend. */
#ifndef LJ_BACKEND_H
#define LJ_BACKEND_H

#include "base/strbuf.h"
#include "frontend/host.h"
#include "ir/ir.h"
#include "runtime/rt.h"

typedef struct Backend Backend;
typedef struct BackendCode BackendCode; /* linked code: unloaded as a whole */

typedef struct BackendOptions {
  const char *cpu; /* NULL: the host's, with its features */
  const char *features; /* NULL: the host's */
  int opt_level; /* 0..3 */
  bool debug_lines; /* line tables in every object; else only while an assembly dump is asked for */
} BackendOptions;

/* What one compile may be asked to give besides the object; the buffers are filled as text. */
typedef struct BackendDumps {
  StrBuf *llvm, *llvm_opt, *assembly; /* NULL: not wanted */
} BackendDumps;

typedef struct BackendTimes { /* seconds */
  double codegen, optimize, emit, link;
} BackendTimes;

/* cpus.c: the processors that may be named, and the bytes of the vectors that one of them has; 16: as every processor, or none of its family. */
bool cpu_is_known(const char *name);
unsigned cpu_vector_bytes(const char *name);
/* LLVM's version, and the processor and its features as backend_open() will take them; needs no backend. */
void backend_describe(const char *cpu, StrBuf *llvm, StrBuf *name, StrBuf *features);
/* False with a text in *error. */
bool backend_open(const BackendOptions *options, Backend **out, StrBuf *error);
void backend_close(Backend *backend);
/* The object of a unit; its entry is the C function `int32_t SYMBOL(lj_rt *rt, const void *args, void *result)`: arguments and result in
 * the memory layout of runtime/rt.h (args: a struct of the entry's parameters); returns 0 or an ErrorKind, the error itself in rt. */
bool backend_compile(Backend *backend, IrUnit *unit, const char *symbol, const BackendDumps *dumps, StrBuf *object, BackendTimes *times,
                     StrBuf *error);
/* What an object may name besides the runtime: the places of its unit, and functions of the host. They live as long as the code. */
typedef struct BackendTables {
  const lj_place *places;
  const HostTable *hosts;
} BackendTables;
/* Links an object (copied) and finds the entry. Symbols of the runtime are resolved from its table only. tables NULL: there are none. */
bool backend_link(Backend *backend, const void *object, size_t size, const char *symbol, const BackendTables *tables, BackendCode **code,
                  void **entry, BackendTimes *times, StrBuf *error);
void backend_unload(Backend *backend, BackendCode *code);

#endif
