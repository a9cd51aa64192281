/* Inside type inference: what its files share. Other rooms include frontend/spec.h only.
 * A *pass* walks one function body in source order and gives every expression and version a type; passes repeat until nothing
 * changes, with diagnostics muted, and one last pass reports. NULL means "not known (yet)" and is passed on in silence: either a
 * later pass knows more, or the error was reported where it arose. */
#ifndef LJ_INFER_H
#define LJ_INFER_H

#include "frontend/spec.h"

/* Edges of a loop's joins that control takes (ast.h, Join); head is kept from pass to pass because it is needed before the body. */
typedef struct LoopEdges {
  bool *head, *exit;
} LoopEdges;

typedef enum RunState {
  RUN_NEW,         /* nothing known, or what was known is stale */
  RUN_ACTIVE,      /* on the stack of functions being inferred */
  RUN_PROVISIONAL, /* settled as far as it goes without the result of an active caller */
  RUN_DONE,
} RunState;

/* The work on one specialisation. */
typedef struct SpecRun {
  Spec *spec;
  RunState state;
  uint32_t depth, low;   /* place on the stack; lowest place that it calls back into */
  uint32_t round;        /* the round of its recursive group that last ran it */
  uint32_t pass;         /* number of the current pass, from 1 */
  uint32_t changes;      /* of types in this specialisation alone */
  uint32_t *def_pass;    /* by DefId: the pass that last reached the definition */
  LoopEdges *edges;      /* by Stmt.id */
  const Type **locals;   /* FuncSigs.locals */
  const Type *returned;  /* unified over the return statements that this pass reached */
  const Expr *returned_by; /* the first of them with a value */
  Span returned_at;
  bool return_seen, return_conflict;
  Span unknown; /* the first expression that stayed without a type in the last pass */
} SpecRun;

/* Signatures and annotations of one function, parsed once. */
typedef struct Signature {
  const Type *result; /* NULL when not named */
  const Type **args;
  uint32_t count;
} Signature;
typedef struct FuncSigs {
  Vec(Signature) list;
  const Type **annotated; /* one per parameter, NULL where none */
  const Type *returns;    /* annotation; NULL when none */
  const Type **locals;    /* by Local.index, of the decorator's locals={…}; NULL when there are none */
  const GuLayout *layout; /* @guvectorize */
} FuncSigs;

typedef struct InferState {
  Vec(SpecRun *) runs;        /* by Spec.index */
  Vec(SpecRun *) stack;       /* active ones */
  Vec(SpecRun *) provisional; /* members of unfinished recursive groups */
  Map sigs;                   /* FuncDef -> FuncSigs */
  Map hosts;                  /* HostEntry -> HostSig */
  Module *prelude[PRELUDE_COUNT]; /* the library's files that were read */
  uint32_t round;
  uint64_t changes; /* counts every change of a type */
} InferState;

typedef struct Infer {
  Program *program;
  InferState *state;
  TypeTable *tt;
  Arena *arena;
  StrTab *names;
  Spec *spec;
  SpecRun *run;
  Diag *diag; /* the specialisation's own */
  bool final; /* the last pass: diagnostics count */
} Infer;

/* A call of a builtin, bound to the row's parameters. For methods and attributes v[0] is the receiver. */
typedef struct Args {
  Expr *call; /* or the attribute */
  const Builtin *builtin;
  Expr **v;       /* NULL: not given */
  const Type **t; /* types, optionals opened; NULL: not given */
  uint32_t count;
} Args;
typedef const Type *(*TypingFn)(Infer *in, const Args *a);

/* infer.c */
Spec *infer_spec(Infer *in, FuncDef *func, const Type *const *args, const Type *const *captures, const Type *declared_result, Span call);
void infer_set_def(Infer *in, Def *def, const Type *type, Span at);
void infer_set_callee(Infer *in, const Expr *e, Callee callee);
void infer_phis(Infer *in, const DefVec *phis, const bool *edges, uint32_t edge_count); /* edges NULL: all are taken */
void infer_report_callee(Infer *in, const Spec *callee, Span call); /* its errors become ours, with a note at the call */
Def *infer_origin(const Infer *in, Def *def); /* the assignment behind a version: through joins, the first with the same type */

/* infer_stmt.c, infer_assign.c */
bool infer_block(Infer *in, const StmtVec *body); /* true when control can reach the end */
void infer_assign(Infer *in, Expr *target, const Type *type, const Expr *value);
void infer_aug_assign(Infer *in, Stmt *s);

/* infer_expr.c */
const Type *infer_expr(Infer *in, Expr *e);
const Type *infer_set(Infer *in, const Expr *e, const Type *type); /* records and returns it */
const Type *infer_read(Infer *in, const Def *def, Span at); /* a version of a local */
void infer_cond(Infer *in, Expr *e); /* something with a truth value */
const Type *infer_value(const Type *t); /* an optional's value type, else t */
const Type *infer_binary(Infer *in, BinOp op, const Type *lt, const Expr *rhs, const Type *rt, Span at);
const Type *infer_compare(Infer *in, CmpOp op, const Type *lt, const Type *rt, Span at);
const Type *infer_func_type(Infer *in, FuncDef *func, Def *const *versions); /* one version per func->captures */
const Type *infer_int(const Infer *in); /* int64 */
const Type *infer_scalar(const Infer *in, DType dtype);

/* infer_index.c */
const Type *infer_index(Infer *in, Expr *e);

/* infer_iter.c */
const Type *infer_sequence(Infer *in, Expr *e); /* like infer_expr; list displays are tuples, comprehensions iterators */
const Type *infer_element(Infer *in, const Expr *e, const Type *type); /* what a step over a value gives; NULL after an error */
const Type *infer_display(Infer *in, Expr *e); /* the argument of np.array: nested displays and comprehensions make arrays */
const Type *infer_iter_call(Infer *in, const Args *a); /* range, zip, … */

/* infer_call.c */
const Type *infer_call(Infer *in, Expr *e);
const Type *infer_attr(Infer *in, Expr *e);
const Type *infer_python_number(Infer *in, const Type *t); /* what a scalar that a function returns is at the top level */
const Type *infer_error(Infer *in, ErrorKind kind, Span at, const char *fmt, ...) LJ_PRINTF(4, 5); /* NULL */

/* infer_sig.c */
bool infer_signatures(Program *program, Module *module, Diag *diag); /* parses those of every function */
const FuncSigs *infer_sigs(const Infer *in, const FuncDef *func);
/* What the conversions cost, -1 when one is impossible: of several signatures numba takes the cheapest. NULL arguments cost nothing. */
int64_t infer_conversions(const Type *const *from, const Type *const *to, uint32_t count);
const char *infer_list_types(Infer *in, const Type *const *types, uint32_t count); /* "int64, str" */
bool infer_no_signature(Infer *in, FuncDef *f, const Type *const *args, Span call); /* reports; false */
bool infer_choose(Infer *in, FuncDef *func, const Type **args, const Type **declared_result, Span call, Expr *const *exprs);

/* infer_rules.c, infer_ufunc.c */
const Type *infer_rule(Infer *in, const Args *a);
const Type *infer_elementwise(Infer *in, const Args *a, DType result); /* broadcast the arguments; result dtype given */
DType infer_common(const Args *a); /* dtype in which all numeric arguments meet */
bool infer_numeric(Infer *in, const Args *a, uint32_t from); /* all given arguments are numbers or arrays */
const Type *infer_ufunc_float(Infer *in, const Args *a);
const Type *infer_ufunc_same(Infer *in, const Args *a);
const Type *infer_ufunc_bool(Infer *in, const Args *a);
const Type *infer_ufunc_binop(Infer *in, const Args *a);
const Type *infer_ufunc_cmpop(Infer *in, const Args *a);

/* infer_special.c, infer_arrays.c, infer_reduce.c, infer_shape.c: rules of their own, by BuiltinId; NULL where there is none */
TypingFn infer_special_python(BuiltinId id);
TypingFn infer_special_math(BuiltinId id);
TypingFn infer_special_create(BuiltinId id);
TypingFn infer_special_reduce(BuiltinId id);
TypingFn infer_special_shape(BuiltinId id);
TypingFn infer_special_views(BuiltinId id);                           /* infer_views.c */
TypingFn infer_special_matmul(BuiltinId id);                          /* infer_matmul.c */
TypingFn infer_special_random(BuiltinId id);                          /* infer_random.c */
TypingFn infer_special_linalg(BuiltinId id);                          /* infer_linalg.c: numpy.linalg, numpy.fft */
const Type *infer_matmul(Infer *in, const char *what, const Type *a, const Type *b, bool is_dot, Span at); /* a @ b */
bool infer_is_attribute(BuiltinId id); /* a.shape, z.real: not called */
bool infer_dtype_arg(Infer *in, Expr *e, const Type *t,
                     DType *out); /* np.float64, "float64", a.dtype, float; true and unchanged when e is NULL */

/* infer_host.c */
const Type *infer_host(Infer *in, const Args *a);

/* infer_prelude.c */
const Type *infer_prelude(Infer *in, const Args *a);
bool infer_is_prelude(const FuncDef *func); /* a function of the library */

/* infer_vectorize.c */
const Type *infer_ufunc_call(Infer *in, Expr *e, const Type *callee);
const Type *infer_func_method(Infer *in, Expr *e, const Type *callee); /* f.reduce(a), f.cache_info() */
const Signature *infer_ufunc_signature(Infer *in, const FuncDef *f, const Type *const *types,
                                       uint32_t count); /* as NumPy chooses; or NULL */
bool infer_any_array(const Type *const *types, uint32_t count);
bool infer_casts_safely(const Type *from, bool weak, DType to);
bool infer_casts_kind(DType from, DType to); /* NumPy's same_kind */
bool infer_check_out(Infer *in, const Expr *out, DType result, const char *name);

/* gufunc_layout.c, infer_gufunc.c */
const GuLayout *gufunc_layout(Program *program, const Expr *text, Diag *diag); /* NULL after an error */
bool gufunc_signatures(Program *program, FuncDef *f, FuncSigs *sigs, Diag *diag);
const Type *infer_gufunc_call(Infer *in, Expr *e, FuncDef *f);

/* infer_stencil.c */
const Type *infer_stencil_call(Infer *in, Expr *e, FuncDef *f);

/* infer_memo.c */
bool infer_check_memo(Infer *in, const Spec *spec, Span at); /* a specialisation under lru_cache */
const Type *infer_memo_method(Infer *in, Expr *e,
                              const FuncDef *f); /* f.cache_info(), f.cache_clear(); NULL without an error: another name */

/* infer_format.c */
const Type *infer_fstring(Infer *in, Expr *e);
const Type *infer_print(Infer *in, const Args *a);

/* infer_const.c: what is known while compiling; -1 unknown */
int infer_truth(Infer *in, const Expr *e);

#endif
