/* What libraries that were built ahead of time and the runtime agree on: the tables that jit/build_code.c writes into an object, and what the
 * object's exported functions call. An exported function puts its arguments into a list of addresses and calls lj_rt_export_call(), which finds
 * the version for this machine's CPU, checks and packs the arguments and keeps what goes wrong. All state belongs to the library and to its
 * threads: any number of such libraries may live in a process, with a runtime each or with one together. */
#ifndef LJ_RT_EXPORT_H
#define LJ_RT_EXPORT_H

#include "runtime/rt.h"

/* ---- processors (rt_cpu.c) ---- */

/* What a processor and its system can do: words of CPUID, and the registers that the system saves. Zero on other architectures. */
enum { LJ_CPU_WORDS = 8 };
void lj_rt_cpu_words(uint32_t words[LJ_CPU_WORDS]); /* of this machine: only what instructions depend on */
bool lj_rt_cpu_level(const char *name, uint32_t words[LJ_CPU_WORDS]); /* of "x86-64", "x86-64-v2" … "-v4"; false: no such level */

typedef struct lj_cpu {
  const char *name;
  uint32_t need[LJ_CPU_WORDS]; /* bits that must be there; zeros: not known, runs everywhere */
} lj_cpu;

/* ---- the tables of a library ---- */

/* Changes with whatever compiled code and the runtime agree on (this header, rt.h, the signatures of rt_symbols.def), so that a shared runtime refuses
 * libraries that it cannot serve. The first member of lj_library, and the second of lj_export, stay where they are. */
enum { LJ_RT_ABI = 1 };
enum { LJ_LIBRARY_STATE = 32 };
typedef struct lj_library {
  int64_t abi;
  const char *name;
  const lj_cpu *cpus; /* best first */
  int64_t cpu_count;
  int64_t state[LJ_LIBRARY_STATE]; /* of rt_export.c, zeros at the start */
} lj_library;

typedef int32_t lj_export_entry(lj_rt *rt, const void *args, void *result);

/* A parameter. Scalars are found at their argument's address; of others the argument is the address. */
typedef struct lj_export_param {
  const char *name, *type_code;
  int64_t offset, size; /* in the struct of arguments */
} lj_export_param;

typedef struct lj_export {
  const char *name;
  lj_library *library;
  const lj_export_param *params;
  lj_export_entry *const *entries; /* by index of library->cpus */
  int64_t param_count, args_size, result_size;
  int64_t has_globals; /* it reads arrays of the top level, which live in the code: one call at a time */
} lj_export;

/* The source of an lj_place: a line. The place's `part` is its number; a site's lo_offset is the column, its hi_offset the width. */
typedef struct lj_line {
  const char *file, *text;
  int64_t length;
} lj_line;

/* Called by exported functions. One row each: result, name, C parameters, signature as in rt_symbols.def. */
#define LJ_EXPORT_CALLS(X)                                                                                                                 \
  X(int32_t, lj_rt_export_call, (const lj_export *function, const void *const *args, void *result), "i:ppp") /* 0 or an ErrorKind */       \
  X(const char *, lj_rt_export_error, (lj_library * library), "p:p")                                                                       \
  X(const char *, lj_rt_export_cpu, (lj_library * library), "p:p")                                                                         \
  X(void, lj_rt_export_release, (void *owner), "v:p")                                                                                      \
  X(void, lj_rt_export_threads, (lj_library * library, int32_t count), "v:pi")                                                             \
  X(void, lj_rt_export_close, (lj_library * library), "v:p") /* the library is unloaded */                                                 \
  X(void, lj_rt_export_locate, (const lj_place *place, const lj_site *site, lj_where *where), "v:ppp")
#define X(result, name, params, signature) LJ_RT_API result name params;
LJ_EXPORT_CALLS(X)
#undef X

#endif
