/* What the rooms that implement loopjit.h share: the insides of its handles, and the ways between them.
 *   engine.c  engines, versions, names of stages     report.c      diagnostics and run-time errors as data and text
 *   module.c  text to a typed program, functions     compile.c     a specialisation to code: kernels
 *   call.c    signatures, dispatch, calls, runs      inspect.c     dumps of every stage, times
 *   value.c   values, ownership, types               value_pack.c  values to and from the memory layout of compiled code
 *   value_check.c  what is wrong with a value         describe.c     what functions say of themselves
 *   type_query.c  types as data                      c_header.c    structs of native calls as C
 *   cpus.c    names of processors                    value_share.c handed-over memory, DLPack
 *   places.c  from error sites to lines              stop.c        timeouts and stops of calls
 *   workers.c an engine's threads: a queue, deadlines
 *   host.c    functions of the host
 *   cache_kernel.c, cache_program.c: kernels and programs as entries of the cache on disk (jit/cache.h)
 *   value_text.c  literals and printing              value_file.c  .npy and .npz
 * A module's lock guards its arena, type table, specialisations and kernels: it is held while the module is compiled, never while its code runs. A call
 * that finds its kernel takes no lock and no memory. */
#ifndef LJ_ENGINE_H
#define LJ_ENGINE_H

#include <pthread.h>

#include "include/loopjit.h"
#include "jit/backend.h"
#include "jit/cache.h"
#include "runtime/rt.h"

typedef struct Workers Workers;

struct lj_engine {
  lj_config config; /* cpu points to memory of the engine */
  ProgramOptions options;
  lj_pool *pool;        /* memory of big arrays */
  pthread_mutex_t lock; /* of `backend` and `hosts` */
  Backend *backend;     /* opened at the first compile: checking a program needs no LLVM */
  Cache *cache;
  Workers *workers;
  Arena host_arena; /* with the lock held: functions of the host */
  Vec(HostEntry *) hosts;
};

/* A place of the struct of arguments: the value goes there, converted to the type. */
typedef struct ArgSlot {
  const Type *type;
  uint32_t arg; /* index of the argument */
  uint32_t offset;
} ArgSlot;

struct lj_kernel {
  lj_module *module;
  lj_function *function; /* NULL: the top level */
  const Spec *spec;      /* NULL: it came from the cache */
  const char *identity;  /* types of arguments and result as the cache writes them; NULL: it cannot */
  const char *signature;
  const Type *result;
  lj_entry entry;
  BackendCode *code;
  const Type **params; /* of the arguments that a call passes: arg_count of them */
  ArgSlot *slots;      /* those that take room */
  uint32_t slot_count, arg_count;
  size_t args_size, result_size;
  bool has_globals; /* top-level arrays, which live in the code: one call at a time */
  lj_kernel *next;
};

/* Which kernel serves values of these types: found without inference and without a lock. New ones are put before the others with the lock held, and none
 * is changed or freed before the module. */
typedef struct Dispatch Dispatch;
struct Dispatch {
  const char *key; /* value_key() of the arguments, one after the other */
  size_t length;
  lj_kernel *kernel;
  Dispatch *next;
};

typedef struct FunctionParam {
  const char *name;
  uint32_t default_lo, default_hi; /* where its default value stands in the module's text; hi 0: it has none */
  const char *default_text;
} FunctionParam;

struct lj_function {
  lj_module *module;
  FuncDef *def; /* NULL until the module is analysed; read with the lock held */
  const char *name, *doc;
  size_t doc_length;
  FunctionParam *params;
  uint32_t param_count;
  uint32_t kind, flags, line; /* FuncKind, LJ_FUNCTION_… */
  SourceKey source; /* rows NULL: not asked for yet */
  _Atomic(Dispatch *) dispatch; /* by types of values */
  _Atomic(Dispatch *) asked; /* by keys of the cache: a kernel is looked for on disk once */
};

struct lj_module {
  lj_engine *engine; /* borrowed */
  pthread_mutex_t lock;
  pthread_mutex_t run_lock; /* held while code with top-level arrays runs */
  Arena arena;
  StrTab names;
  Source source;
  Sym name; /* __name__ */
  HostTable hosts; /* those that were registered when it was loaded */
  Module *ast; /* NULL until the module is analysed: one that the cache knows need not be */
  Program program; /* its types are good from the start */
  SourceKey main_source;
  CacheDigest *digests; /* of the parts of the text; NULL: not asked for yet */
  lj_kernel *main;
  lj_function *functions;
  size_t function_count;
  lj_kernel *kernels;
  lj_times times;
  lj_memos memos; /* of its functions under lru_cache: kept from call to call */
};

/* When a call is to stop, for the thread that watches the clock. */
typedef struct Deadline {
  double at; /* engine_now() */
  lj_stop *stop;
  lj_future *future; /* that waits or runs; NULL: a call on a thread of the host */
  uint32_t place; /* in the heap, from 1; 0: it is not there */
} Deadline;

struct lj_context {
  lj_rt rt; /* first: compiled code gets this address */
  lj_engine *engine;
  Deadline deadline; /* of lj_context_timeout() */
};

/* How a call is made: what call.c needs of lj_call_options. */
typedef struct CallHow {
  lj_context *context; /* NULL: one of its own */
  lj_stop *stop; /* NULL: the context's */
} CallHow;

/* report.c. `report` may be NULL in all of them but the last. */
void report_diag(lj_report *report, const Diag *dx);
void report_error(lj_report *report, const lj_rt *rt);
lj_status report_message(lj_report *report, lj_status status, const char *fmt, ...) LJ_PRINTF(3, 4); /* returns the status */
void report_note(lj_report *report, const char *message); /* without a place */
void report_move(lj_report *to, lj_report *from); /* `from` is empty then */
lj_status report_value(lj_report *report, const char *name, const lj_value *value); /* LJ_MISUSE: what is wrong with it */

/* report_json.c */
void report_json(const lj_diagnostic *list, size_t count, StrBuf *out);

/* engine.c: the backend, opened at the first use. */
lj_status engine_backend(lj_engine *engine, lj_times *times, lj_report *report, Backend **out);
void engine_tell(lj_engine *engine, lj_report *report); /* that the cache went off, once */
void engine_init_rt(const lj_engine *engine, lj_rt *rt);
double engine_now(void); /* seconds */

/* describe.c: what a definition says of itself; the module is analysed. */
void describe_function(lj_module *module, FuncDef *def, lj_function *out);
void describe_param(lj_module *module, FunctionParam *param); /* default_text */

/* module.c: bytes of a file; "-" is not special. Owned by the caller (free). */
lj_status file_read(const char *path, lj_report *report, char **data, size_t *length);
/* Parsed and inferred, if it is not yet. The lock is held. */
lj_status module_analyse(lj_module *module, lj_report *report);

/* host.c */
void host_snapshot(lj_engine *engine, Arena *arena, HostTable *out);
void host_key_rows(const lj_module *module, StrBuf *rows); /* what the text may name of them */

/* places.c */
const lj_place *places_make(Arena *arena, const IrPlace *places, uint32_t count); /* lives in the arena, as do the sources */

/* compile.c; the module's lock is held. */
/* What was asked for, to be kept under this key. */
typedef struct KernelAsk {
  lj_function *function; /* NULL: the top level */
  const Type *const *types;
  uint32_t count;
  const CacheKey *key; /* NULL: not to be kept */
} KernelAsk;
/* The same spec gives the same kernel. */
lj_status compile_kernel(lj_module *module, const KernelAsk *ask, const Spec *spec, lj_report *report, lj_kernel **out);
lj_status compile_unit(lj_module *module, const Spec *spec, Arena *arena, lj_report *report, IrUnit **out); /* lowered, before the passes */
extern const char compile_symbol[];
void kernel_place(lj_kernel *kernel); /* from params and result: slots and sizes */

/* cache_kernel.c; the module's lock is held. */
const SourceKey *kernel_source(lj_module *module, lj_function *function); /* of the top level for NULL */
bool kernel_key(lj_module *module, lj_function *function, const Type *const *types, uint32_t count,
                CacheKey *key); /* false: no cache for this; the caller drops the key */
lj_kernel *kernel_find(lj_module *module, lj_function *function, const CacheKey *key, const Type *const *types, uint32_t count);
void kernel_store(const lj_kernel *kernel, const KernelAsk *ask, const IrUnit *unit, const StrBuf *object);

/* cache_program.c */
bool program_key(lj_module *module, CacheKey *key); /* false: no cache; the caller drops the key */
bool program_find(lj_module *module, const CacheKey *key); /* fills functions and main_source */
void program_store(lj_module *module, const CacheKey *key);

/* call.c; the module's lock is held. NULL spec after errors, which are in the report. */
lj_status call_signature(lj_function *function, const char *signature, lj_report *report, const Spec **out);

/* call.c: `how` may be NULL. */
lj_status call_check_function(const lj_function *function, const lj_value *args, size_t count,
                              lj_report *report); /* LJ_MISUSE, also for NULL */
lj_status call_check_kernel(const lj_kernel *kernel, const lj_value *args, size_t count, lj_report *report);
lj_status call_function(lj_function *function, const lj_value *args, size_t count, const CallHow *how, lj_value *result, lj_report *report);
lj_status call_compiled(lj_kernel *kernel, const lj_value *args, size_t count, const CallHow *how, lj_value *result, lj_report *report);
lj_status call_main(lj_module *module, const CallHow *how, lj_report *report);

/* stop.c: are the options good for this engine? */
lj_status options_check(const lj_engine *engine, const lj_call_options *options, lj_call_options *out, lj_report *report);

/* workers.c: see there. */
Workers *workers_new(int32_t most); /* threads; 0: chosen */
void workers_close(Workers *workers); /* stops and waits for all that runs */
void workers_arm(Workers *workers, Deadline *deadline);
void workers_end_module(Workers *workers, const lj_module *module); /* the same for calls of its functions */
void workers_disarm(Workers *workers,
                    Deadline *deadline); /* afterwards nobody sets its stop any more; any deadline that is zeroed or was armed */

/* value.c */
const Type *value_type(TypeTable *types, const lj_value *value); /* NULL when the value is malformed */
bool value_key(const lj_value *value, char **at,
               const char *end); /* a short text that is the same for values of the same type; false: no room */
void *value_new_memory(size_t size, void **owner); /* zeroed, with one reference */

/* value_check.c */
bool value_is_sound(const lj_value *value);
void value_problem(const lj_value *value, StrBuf *out); /* why it is not: "is an array whose shape[0] is -1: …" */
bool array_axes_meet(const lj_array *array); /* may different indices be the same memory? Such an array is read-only for kernels */
bool value_meeting_note(const lj_value *value, StrBuf *out); /* "has shape (…": why it is read-only; false when it is not for that reason */

/* value_pack.c: the layout of runtime/rt.h. */
size_t layout_size(const Type *type, size_t *align);
size_t layout_place(const Type *type, size_t *end,
                    size_t *align); /* the next member of a struct: its offset; keeps end and align up to date */
bool value_pack(const lj_value *value, const Type *type, void *memory); /* converts scalars; false when the type does not fit */
void value_unpack(const Type *type, const void *memory, lj_value *value); /* takes over references */
void value_code(const lj_value *value, StrBuf *out); /* type code */

#endif
