/* What the rooms share that make libraries ahead of time:
 *   build.c         from exports as written to units, and all the way to the output      build_header.c  the C header
 *   build_code.c    units to one object, with the C functions that call them             build_link.c    archives and shared libraries
 * The object needs the runtime (runtime/rt_export.h) and nothing else of loopjit. What is built is a function of the program, the options and the
 * compiler alone: no paths, no times, no addresses. */
#ifndef LJ_BUILD_H
#define LJ_BUILD_H

#include "jit/engine.h"
#include "runtime/rt_export.h"

typedef struct BuildParam {
  const char *name; /* in the program */
  uint32_t index; /* of the function's parameters */
  const Type *type;
  size_t offset, size; /* in the struct of arguments */
} BuildParam;

typedef struct BuildExport {
  const char *symbol;
  const Spec *spec;
  Arena arena; /* of the unit */
  IrUnit *unit; /* after the passes */
  BuildParam *params; /* those that take room */
  uint32_t param_count;
  size_t args_size;
} BuildExport;

typedef enum BuildKind { BUILD_OBJECT, BUILD_ARCHIVE, BUILD_SHARED } BuildKind;

typedef struct BuildPlan {
  lj_module *module; /* locked */
  Arena *arena;
  BuildKind kind;
  const char *file; /* the output's name, without folder */
  const char *name; /* of the library: a C identifier, before the names of its own functions */
  Vec(BuildExport *) exports;
  Vec(lj_cpu) cpus; /* best first */
} BuildPlan;

/* The functions that every library has: NAME_error and so on. One row each: suffix, C result, C parameters, signature, runtime function, whether the
 * library is the first argument, what the header says. */
#define BUILD_OWN(X)                                                                                                                       \
  X("error", "const char *", "void", "p:p", "lj_rt_export_error", true,                                                                    \
    "The text of this thread's last error in a function of this library: FILE:LINE:COLUMN: error: KIND: message, the line\n"               \
    " * of the program, and a note for each call that the error passed. \"\" when there was none. Good until the next error.")             \
  X("release", "void", "void *owner", "v:p", "lj_rt_export_release", false,                                                                \
    "Gives back memory that a result owns: call it once for each `owner` in a result. NULL is allowed. Any thread.")                       \
  X("set_threads", "void", "int32_t count", "v:pi", "lj_rt_export_threads", true,                                                          \
    "Threads of parallel loops in calls from now on. 0: LOOPJIT_NUM_THREADS, OMP_NUM_THREADS, or all processors.")                         \
  X("cpu", "const char *", "void", "p:p", "lj_rt_export_cpu", true,                                                                        \
    "For which processor the code that runs here was made. \"\": this machine's has none of them; then all calls fail.\n"                  \
    " * The environment variable LOOPJIT_CPU may ask for another one of those in the library, before the first call.")

/* build.c: the name that messages and the header show: where the program stood while it was built says nothing to who runs the library. */
const char *build_file_name(const Source *src);

/* build_code.c: LJ_INTERNAL with a text in *error. */
lj_status build_object(const BuildPlan *plan, int opt_level, StrBuf *object, BackendTimes *times, StrBuf *error);

/* build_header.c: `text` gets the header. build_represents: C has a type for it; otherwise *why says what is wrong. */
void build_header(const BuildPlan *plan, StrBuf *text);
bool build_represents(const Type *type, const char **why);
bool build_is_c_name(const char *name); /* a C and C++ identifier that is no keyword */
bool build_is_header_name(const char *name); /* a macro, a type or a place: a function in C cannot be called so */
void build_param_name(const FuncDef *func, uint32_t index, StrBuf *out); /* in C; no two are the same */
/* A text of C that declares types as it needs them. */
typedef struct CTypes {
  StrBuf *out;
  Arena *arena;
  Vec(const char *) declared; /* their tags */
} CTypes;
void build_declare(CTypes *types, const Type *type); /* with what it is made of; what was declared, also by another text, is left out */
void build_c_type(const Type *type, StrBuf *out); /* its name: "double", "loopjit_float64_2d" */

/* build_link.c: has the C library this name? And: from the object to the archive or the shared library. */
bool build_is_c_function(const char *name);
lj_status build_archive(const BuildPlan *plan, const lj_build_options *options, const StrBuf *object, lj_report *report, StrBuf *out);
lj_status build_shared(const BuildPlan *plan, const lj_build_options *options, const StrBuf *object, lj_report *report, StrBuf *out);

#endif
