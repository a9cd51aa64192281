/* What the language offers besides its syntax: one row of builtins.def per function, method, attribute, constant and dtype.
 * The front end reads the typing columns; ir/ reads the lowering columns of the same rows (ir/lower/lower_builtin.c). */
#ifndef LJ_BUILTINS_H
#define LJ_BUILTINS_H

#include "base/numlib.h"
#include "frontend/types.h"

/* id, canonical name, parameters, typing rule, argument of the rule, lowering rule, argument of the lowering.
 * Canonical names: "len" (Python's builtins), "numpy.zeros", "math.sqrt", "array.sum" (methods), "complex.conjugate", "numba.prange".
 * Parameters: names separated by commas; a trailing `?` marks an optional one, `!` an optional flag on which the type of the result depends:
 * it is True or False while compiling, and False is as if it were not given; "*" any number of positional ones. */
typedef enum BuiltinId {
#define BUILTIN(id, name, params, typing, t_arg, lowering, l_arg) BI_##id,
#include "frontend/builtins.def"
#undef BUILTIN
  BI_COUNT
} BuiltinId;

/* Typing rules: one function each in infer_rules*.c. */
#define TYPING_RULES(X)                                                                                                                    \
  X(DTYPE)       /* t_arg is a DType: as a value a dtype, called a conversion */                                                                 \
  X(CONST)       /* a float constant; value in builtin_consts */                                                                                 \
  X(DECORATOR)   /* njit, vectorize, …: only as a decorator */                                                                               \
  X(TYPE_NAME)   /* void, UniTuple, types, …: only in signatures */                                                                          \
  X(ITER)        /* range prange enumerate zip reversed ndenumerate ndindex: t_arg is unused, the row decides */                                  \
  X(FLOAT_UFUNC) /* elementwise; integers become floats (np.sqrt, math.sin); t_arg: 1 when complex arguments are allowed */                \
  X(SAME_UFUNC)  /* elementwise; result has the promoted type (np.maximum, np.abs of reals) */                                              \
  X(BOOL_UFUNC)  /* elementwise; result bool (np.isnan, np.logical_and) */                                                                  \
  X(BINOP)       /* np.add …: t_arg is a BinOp */                                                                                                \
  X(CMPOP)       /* np.less …: t_arg is a CmpOp */                                                                                               \
  X(MATH_INT)    /* math.floor, ceil, trunc: int64 */                                                                                         \
  X(MATH_PRED)   /* math.isnan …: bool of a scalar */                                                                                        \
  X(PRELUDE)     /* a function of runtime/prelude: t_arg is a PreludeFile */                                                                   \
  X(HOST)        /* a function of the host: the row is made when one is registered (host.h) */                                                    \
  X(SPECIAL)     /* a rule of its own: t_arg unused; found by id in infer_special */

typedef enum TypingRule {
#define X(id) TR_##id,
  TYPING_RULES(X)
#undef X
      TR_COUNT
} TypingRule;

/* The files of runtime/prelude. */
#define PRELUDE_FILES(X)                                                                                                                   \
  X(SORTING, sorting)                                                                                                                      \
  X(SEARCHING, searching)                                                                                                                  \
  X(AXES, axes)                                                                                                                            \
  X(PICKING, picking)                                                                                                                      \
  X(REDUCING, reducing)                                                                                                                    \
  X(STACKS, stacks)                                                                                                                        \
  X(STATISTICS, statistics) X(SIGNAL, signal) X(JOINING, joining) X(SHAPES, shapes) X(PRODUCTS, products) X(LINALG, linalg)                \
      X(COMMON, common)
typedef enum PreludeFile {
#define X(id, name) PRELUDE_##id,
  PRELUDE_FILES(X)
#undef X
      PRELUDE_COUNT
} PreludeFile;
typedef struct PreludeText {
  const char *name, *text; /* "sorting"; its source */
  uint32_t length;
} PreludeText;
extern const PreludeText prelude_texts[PRELUDE_COUNT]; /* made by cmake/embed.cmake */
const Source *prelude_source(Arena *arena,
                             const char *name); /* infer_prelude.c: by the name that its Source has; NULL when there is none */

struct Builtin {
  BuiltinId id;
  const char *name;   /* canonical: "numpy.zeros" */
  const char *params; /* "shape,dtype?" */
  TypingRule typing;
  int typing_arg;
};
extern const Builtin builtins[BI_COUNT];

/* By canonical name: module "numpy" and name "zeros"; module "" for Python's builtins; module "array" for methods and attributes of arrays.
 * NULL when there is none. */
const Builtin *builtin_find(const char *module, size_t module_length, const char *name, size_t name_length);
/* Value of a TR_CONST row. */
double builtin_const(BuiltinId id);
/* Is `module` one that a file may import ("numpy", "numpy.random", "math", …)? */
bool builtin_module_exists(const char *module, size_t length);
/* The module under whose name its rows stand: "numba" for "loopjit" and "numba.types". NULL when a file may not import it. */
const char *builtin_module_canonical(const char *module, size_t length);
/* Is parameter `index` of the row one with a `!`? */
bool builtin_is_flag(const Builtin *b, uint32_t index);
/* A row for the library alone: numpy._along. Programs neither find nor list it. */
bool builtin_is_own(const Builtin *b);
const char *builtin_module_names(void); /* all of them, for an error message */
/* The name of the same module closest to a misspelt one (edit distance <= 2), or NULL: for "did you mean". */
const char *builtin_suggest(const char *module, const char *name, size_t length);
/* Insertions, deletions, replacements and swaps of neighbours between two names; and how many are near enough for a suggestion. */
uint32_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);
uint32_t edit_limit(size_t length);

#endif
