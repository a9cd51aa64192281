/* A specialisation: the types of every expression and every version of every local of one function, for one tuple of argument types.
 * Made by infer.c, read by ir/lower and by `loopjit types`. Immutable once its program is inferred. */
#ifndef LJ_SPEC_H
#define LJ_SPEC_H

#include "frontend/builtins.h"

typedef struct Spec Spec;
typedef struct Program Program;

/* The layout string of @guvectorize: "(m,n),(n)->(m)" has the dimensions m and n, two inputs and one output. */
enum { GU_MAX_DIMS = 32 };
typedef struct GuOperand {
  uint32_t count;             /* core dimensions */
  uint8_t dims[TYPE_MAX_NDIM]; /* which ones */
} GuOperand;
typedef struct GuLayout {
  uint32_t nin, nout, dim_count;
  Sym dims[GU_MAX_DIMS]; /* their names */
  GuOperand *operands;   /* inputs, then outputs */
} GuLayout;

/* What a @stencil kernel reads around a point: offsets from lo to hi along each axis, 0 among them. */
typedef struct StencilShape {
  uint32_t ndim;
  int64_t lo[TYPE_MAX_NDIM], hi[TYPE_MAX_NDIM];
} StencilShape;

/* Who a call reaches, found by inference. */
typedef enum CalleeKind {
  CALLEE_NONE,
  CALLEE_SPEC,    /* a function of the module */
  CALLEE_BUILTIN, /* a row of builtins.def; also attributes that compute (a.T) and methods: then args[0] is the receiver */
  CALLEE_UFUNC,   /* @vectorize on arrays: spec is the scalar function; args its parameters, then `out` where it is given */
  CALLEE_UFUNC_REDUCE, /* f.reduce(a, axis, keepdims, initial): spec combines two elements */
  CALLEE_GUFUNC,  /* @guvectorize: spec is the kernel on core arrays; args the inputs, then the outputs where they are given */
  CALLEE_STENCIL, /* @stencil: spec is the kernel at one point; args its parameters, then `out` where it is given */
  CALLEE_MEMO,    /* f.cache_info(), f.cache_clear(): spec is NULL, func the function */
  CALLEE_FIELD,   /* info.hits: item `count` of a named tuple */
  CALLEE_HOST,  /* a function of the host: `host` is the signature that takes the arguments */
  CALLEE_CAST,    /* np.float32(x), float64(x), int(x), float(x), bool(x), complex(x): to the scalar type of the call */
} CalleeKind;
typedef struct Callee {
  CalleeKind kind;
  const Spec *spec;
  const Builtin *builtin;
  Expr *closure; /* CALLEE_SPEC of a function value with captures: the callee expression, whose type is TYPE_FUNC; else NULL */
  Expr **args;   /* bound to the parameters in order; NULL for parameters left to their default */
  uint32_t count;
  const FuncDef *func;    /* CALLEE_MEMO */
  const GuLayout *layout; /* CALLEE_GUFUNC */
  const struct HostSig *host; /* CALLEE_HOST */
  const StencilShape *stencil; /* CALLEE_STENCIL */
} Callee;

struct Spec {
  FuncDef *func;
  Program *program;
  uint32_t index;         /* dense per program */
  const Type **args;      /* one per parameter; NULL: left to its default value, which is not passed */
  const Type **arg_defs;  /* one per parameter: the type inside (the declared type, or that of the default value) */
  const Type **captures;  /* one per func->captures */
  const Type *result;     /* of the call; TYPE_NONE for procedures; NULL until known */
  const Type *declared_result; /* of an explicit signature or annotation; NULL when none */
  const Type **expr_types;     /* by ExprId; NULL for code that cannot be reached */
  const Type **def_types;      /* by DefId; NULL when unreachable or unused */
  Callee *callees;             /* by ExprId of a call (or attribute); kind CALLEE_NONE elsewhere */
  bool *stmt_reached;          /* by Stmt.id: false for code that inference proved dead (pruned ifs) */
  int8_t *if_pruned;           /* by Stmt.id: STMT_IF: 0 both, 1 only body, 2 only orelse (the condition is a constant of the types) */
  bool recursive;              /* it can reach itself through calls */
  bool failed;                 /* errors are in `diag`; a caller reports them once */
  bool done;
  Diag diag;
};

/* Defaults for what decorators leave unset. Type, field, name: one row each; all of them are part of the key of cached code. */
#define PROGRAM_OPTIONS(X)                                                                                                                 \
  X(int, fastmath, "fastmath") /* FM_ bits */                                                                                              \
  X(bool, numpy_errors, "error model")                                                                                                     \
  X(bool, no_boundscheck, "boundscheck")                                                                                                   \
  X(bool, parallel, "parallel")                                                                                                            \
  X(bool, auto_parallel, "automatic parallelisation")                                                                                      \
  X(bool, race_check, "race check") /* as parallel, but loops run serially and are watched */                                              \
  X(bool, interruptible, "interruptible")
typedef struct ProgramOptions {
#define X(type, field, name) type field;
  PROGRAM_OPTIONS(X)
#undef X
} ProgramOptions;

struct Program {
  Arena *arena; /* borrowed: lives as long as the module */
  Module *module;
  TypeTable types;
  ProgramOptions options;
  Vec(Spec *) specs; /* by Spec.index, in order of first use */
  Map by_key;        /* function and argument types -> Spec */
  Spec *main;        /* the module's body */
  struct InferState *infer; /* inference's own: what it works on, parsed signatures (frontend/infer.h) */
};

/* infer.c: types of the module's body and of everything that it calls. False when there were errors (which are in diag). */
bool infer_module(Program *program, Diag *diag);
/* One function for given argument types (args[i] NULL: default value), after infer_module. NULL after errors.
 * Explicit signatures and annotations choose and convert as numba does. Positional only. */
Spec *infer_function(Program *program, FuncDef *func, const Type *const *args, uint32_t count, Span call, Diag *diag);
void program_init(Program *program, Arena *arena, Module *module, ProgramOptions options);

static inline const Type *spec_type(const Spec *spec, const Expr *e) { return spec->expr_types[e->id]; }
static inline const Callee *spec_callee(const Spec *spec, const Expr *e) { return &spec->callees[e->id]; }
/* Is the expression an integer known while compiling: literals, constants of the top level, a.ndim, len(tuple), and arithmetic on them? */
bool spec_const_int(const Spec *spec, const Expr *e, int64_t *value);
/* The same for strings and None/True/False; NULL when not constant. Gives the defining literal expression. */
const Expr *spec_const_expr(const Spec *spec, const Expr *e);
int spec_const_bool(const Spec *spec, const Expr *e); /* -1: not constant */
/* The axes that an `axis` argument names, one bit each: None (or no argument) all of them, an integer, a tuple of integers. */
typedef enum AxesKind { AXES_OK, AXES_UNKNOWN, AXES_RANGE, AXES_TWICE } AxesKind;
AxesKind spec_const_axes(const Spec *spec, const Expr *e, uint32_t ndim, uint32_t *axes, int64_t *bad);
/* infer_stencil.c: the array parameter that a @stencil kernel indexes relatively with this subscript; -1: none. */
int stencil_param(const Spec *spec, const Expr *index);
/* A number written in a decorator: a literal, np.nan, a constant of the top level. */
bool decorator_number(const Expr *e, double *value);
/* Effective options of the function: the decorator's, else the program's. */
bool spec_python_errors(const Spec *spec);
bool spec_boundscheck(const Spec *spec);
bool spec_parallel(const Spec *spec);
bool spec_auto_parallel(const Spec *spec); /* plain loops, too */
int spec_fastmath(const Spec *spec);

/* types_dump.c: `loopjit types`: for `root` and every specialisation that it reaches its signature, then every line with the types of its expressions. */
void types_dump(const Program *program, const Spec *root, StrBuf *out);

#endif
