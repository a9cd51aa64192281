/* The syntax tree: what the user wrote, plus what sema.c found out about names. Made by the parser, completed by sema, never changed after.
 * Everything lives in the module's arena. Types are not here: they belong to a specialisation (frontend/spec.h). */
#ifndef LJ_AST_H
#define LJ_AST_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/dtype.h"
#include "base/source.h"
#include "base/strtab.h"

typedef struct Expr Expr;
typedef struct Stmt Stmt;
typedef struct FuncDef FuncDef;
typedef struct Module Module;
typedef struct Local Local;
typedef struct Def Def;
typedef struct Global Global;
typedef struct Builtin Builtin; /* frontend/builtins.h */
typedef uint32_t ExprId; /* dense per FuncDef: a Spec's types are an array indexed by it */
typedef uint32_t DefId; /* dense per FuncDef */

typedef Vec(Expr *) ExprVec;
typedef Vec(Stmt *) StmtVec;
typedef Vec(Def *) DefVec;

/* One row per expression kind: enum suffix, name printed by --emit=ast. */
#define EXPR_KINDS(X)                                                                                                                      \
  X(INT, "int")                                                                                                                            \
  X(FLOAT, "float")                                                                                                                        \
  X(IMAG, "imag")                                                                                                                          \
  X(BOOL, "bool")                                                                                                                          \
  X(NONE, "none")                                                                                                                          \
  X(ELLIPSIS, "ellipsis")                                                                                                                  \
  X(STR, "str")                                                                                                                            \
  X(FSTRING, "fstring")                                                                                                                    \
  X(NAME, "name")                                                                                                                          \
  X(ATTR, "attr")                                                                                                                          \
  X(INDEX, "index")                                                                                                                        \
  X(SLICE, "slice")                                                                                                                        \
  X(CALL, "call")                                                                                                                          \
  X(UNARY, "unary")                                                                                                                        \
  X(BINARY, "binary")                                                                                                                      \
  X(COMPARE, "compare")                                                                                                                    \
  X(BOOLOP, "boolop")                                                                                                                      \
  X(IFEXP, "ifexp")                                                                                                                        \
  X(TUPLE, "tuple")                                                                                                                        \
  X(LIST, "list")                                                                                                                          \
  X(COMP, "comprehension")                                                                                                                 \
  X(WALRUS, "walrus")
typedef enum ExprKind {
#define X(id, name) EXPR_##id,
  EXPR_KINDS(X)
#undef X
      EXPR_KIND_COUNT
} ExprKind;

#define BIN_OPS(X)                                                                                                                         \
  X(ADD, "+")                                                                                                                              \
  X(SUB, "-")                                                                                                                              \
  X(MUL, "*")                                                                                                                              \
  X(MATMUL, "@") X(DIV, "/") X(FLOORDIV, "//") X(MOD, "%") X(POW, "**") X(SHL, "<<") X(SHR, ">>") X(AND, "&") X(OR, "|") X(XOR, "^")
typedef enum BinOp {
#define X(id, text) BIN_##id,
  BIN_OPS(X)
#undef X
      BIN_OP_COUNT
} BinOp;

#define CMP_OPS(X)                                                                                                                         \
  X(EQ, "==") X(NE, "!=") X(LT, "<") X(LE, "<=") X(GT, ">") X(GE, ">=") X(IS, "is") X(IS_NOT, "is not") X(IN, "in") X(NOT_IN, "not in")
typedef enum CmpOp {
#define X(id, text) CMP_##id,
  CMP_OPS(X)
#undef X
      CMP_OP_COUNT
} CmpOp;

typedef enum UnOp { UN_NEG, UN_POS, UN_INVERT, UN_NOT } UnOp; /* - + ~ not */

extern const char *const expr_kind_names[EXPR_KIND_COUNT];
extern const char *const bin_op_names[BIN_OP_COUNT];
extern const char *const cmp_op_names[CMP_OP_COUNT];
extern const char *const un_op_names[4];

typedef struct Keyword {
  Sym name;
  Expr *value;
  Span span;
} Keyword;

/* `for target in iter if cond if cond` inside a comprehension. */
typedef struct CompFor {
  Expr *target, *iter;
  ExprVec conds;
} CompFor;

/* A part of an f-string: either text (value NULL) or a value with conversion and format specification. */
typedef struct FPart {
  Sym text; /* literal text, {{ and }} already reduced; NULL for a value */
  Expr *value; /* NULL for text */
  char conversion; /* 's', 'r', 'a' or 0 */
  Vec(struct FPart) spec; /* empty when there is none; may hold nested values */
} FPart;
typedef Vec(FPart) FPartVec;

/* What a NAME or ATTR (np.pi, math.sqrt, np.random.rand) refers to. Set by sema. */
typedef enum RefKind {
  REF_NONE, /* not resolved by sema: an attribute of a value (a.shape), decided by its type */
  REF_DEF, /* a local variable, read in the version `def` */
  REF_GLOBAL, /* a top-level variable read from inside a function */
  REF_FUNC, /* a function of the module, or an inner function */
  REF_CAPTURE, /* a local of the enclosing function, read from an inner one; `def` is set in the inner function (kind DEF_CAPTURE) */
  REF_BUILTIN, /* a row of builtins.def */
  REF_MODULE, /* np, math, np.random, …: only good for attribute access */
} RefKind;
typedef struct Ref {
  RefKind kind;
  Def *def;
  Global *global;
  FuncDef *func;
  const Builtin *builtin;
  Sym module; /* canonical dotted name: "numpy", "numpy.random", "math", "numba", … */
  Def **captures; /* REF_FUNC: what the function captures, in the version at this place; one per func->captures, NULL when there are none */
} Ref;

struct Expr {
  ExprKind kind;
  ExprId id; /* set by sema: dense per function; default values count to the function whose parameter they are */
  Span span; /* where it was written; never empty */
  Ref ref; /* EXPR_NAME, EXPR_ATTR, EXPR_WALRUS: set by sema */
  union {
    struct {
      uint64_t value; /* EXPR_INT; the parser refuses what does not fit */
    } integer;
    double number; /* EXPR_FLOAT, EXPR_IMAG */
    bool boolean;
    Sym str; /* EXPR_STR: the value, UTF-8 */
    FPartVec parts; /* EXPR_FSTRING */
    Sym name; /* EXPR_NAME */
    struct {
      Expr *base;
      Sym name;
      Span name_span;
    } attr;
    struct {
      Expr *base;
      ExprVec items; /* a[i, 1:2, None] has three items; a[t] has one */
      bool is_tuple; /* written with a comma: a[i,] */
    } index;
    struct {
      Expr *lo, *hi, *step; /* each may be NULL */
    } slice; /* only as an item of EXPR_INDEX */
    struct {
      Expr *callee;
      ExprVec args;
      Vec(Keyword) keywords;
    } call;
    struct {
      UnOp op;
      Expr *operand;
    } unary;
    struct {
      BinOp op;
      Span op_span;
      Expr *lhs, *rhs;
    } binary;
    struct {
      ExprVec operands; /* n+1 */
      Vec(CmpOp) ops; /* n; a < b < c has two */
    } compare;
    struct {
      bool is_or;
      ExprVec operands; /* two or more */
      DefVec phis; /* walrus inside: edge k = left after operand k, the last one = all were evaluated. Almost always empty. */
    } boolop;
    struct {
      Expr *cond, *then, *orelse;
      DefVec phis; /* edges: 0 then, 1 orelse */
    } ifexp;
    struct {
      ExprVec items;
    } list; /* EXPR_TUPLE, EXPR_LIST */
    struct {
      bool is_list; /* [..] or a generator expression as the sole argument of a call */
      Expr *elt;
      Vec(CompFor) clauses;
    } comp;
    struct {
      Sym name;
      Span name_span;
      Expr *value;
    } walrus; /* ref.def is the definition it makes */
  } as;
};

#define STMT_KINDS(X)                                                                                                                      \
  X(EXPR, "expr")                                                                                                                          \
  X(ASSIGN, "assign")                                                                                                                      \
  X(ANN_ASSIGN, "ann_assign")                                                                                                              \
  X(AUG_ASSIGN, "aug_assign")                                                                                                              \
  X(IF, "if")                                                                                                                              \
  X(WHILE, "while")                                                                                                                        \
  X(FOR, "for")                                                                                                                            \
  X(BREAK, "break")                                                                                                                        \
  X(CONTINUE, "continue")                                                                                                                  \
  X(RETURN, "return")                                                                                                                      \
  X(PASS, "pass")                                                                                                                          \
  X(ASSERT, "assert")                                                                                                                      \
  X(RAISE, "raise")                                                                                                                        \
  X(DEF, "def")                                                                                                                            \
  X(IMPORT, "import")
typedef enum StmtKind {
#define X(id, name) STMT_##id,
  STMT_KINDS(X)
#undef X
      STMT_KIND_COUNT
} StmtKind;
extern const char *const stmt_kind_names[STMT_KIND_COUNT];

/* Where paths meet. Each phi has one operand per incoming edge, `args.data[edge]`, NULL when that edge cannot be taken.
 *   if:         edge 0 = end of body, 1 = end of orelse (or the condition was false)
 *   loop head:  edge 0 = entry, 1 = end of the body, 2… = the `continue`s in source order (their Stmt.edge)
 *   loop exit:  edge 0 = end of orelse (or the loop ran out), 1… = the `break`s in source order (their Stmt.edge)
 * Only phis that some reading needs are listed (Def.used). */
typedef struct Join {
  DefVec phis;
  uint32_t edge_count;
} Join;

typedef struct ImportName {
  Sym module; /* "numpy.random" as written */
  Sym name; /* of `from module import name`; NULL for `import module`; "*" is refused */
  Sym bound; /* the name it gets here */
  Span span;
} ImportName;

struct Stmt {
  StmtKind kind;
  uint32_t id; /* set by sema: dense per function */
  Span span; /* of the whole statement; for compound ones its header line */
  union {
    Expr *expr; /* STMT_EXPR */
    struct {
      ExprVec targets; /* a = b = v has two; each NAME, ATTR, INDEX, TUPLE or LIST */
      Expr *value;
    } assign;
    struct {
      Expr *target, *annotation, *value; /* value may be NULL */
    } ann;
    struct {
      BinOp op;
      Span op_span;
      Expr *target; /* NAME: target->ref.def is the version written, `read` the version read */
      Def *read; /* NAME targets only */
      Expr *value;
    } aug;
    struct {
      Expr *cond;
      StmtVec body, orelse;
      Join join;
    } if_; /* elif is an if in orelse */
    struct {
      Expr *cond; /* while */
      Expr *target, *iter; /* for */
      StmtVec body, orelse;
      Join head, exit;
      bool is_parallel; /* iter is a call of prange */
    } loop; /* STMT_WHILE, STMT_FOR */
    struct {
      Stmt *loop; /* STMT_BREAK, STMT_CONTINUE: the loop it belongs to */
      uint32_t edge; /* its edge of loop->exit (break) or loop->head (continue) */
    } jump;
    Expr *value; /* STMT_RETURN: NULL for a bare return */
    struct {
      Expr *cond, *message; /* message may be NULL */
    } assert_;
    struct {
      Expr *exception; /* Kind or Kind(args…); NULL for a bare raise (refused by sema) */
    } raise;
    struct {
      FuncDef *func;
      Def *def; /* the version of the name it binds */
    } def;
    Vec(ImportName) imports;
  } as;
};

/* One assignment of a local: a version in static single assignment form. */
typedef enum DefKind {
  DEF_UNSET, /* the value before any assignment; one per local */
  DEF_PARAM, /* on entry of the function */
  DEF_CAPTURE, /* on entry of an inner function: the enclosing function's variable at the time of the call */
  DEF_ASSIGN, /* an assignment, for target, walrus, augmented assignment */
  DEF_FUNC, /* a def statement */
  DEF_PHI, /* where paths meet */
} DefKind;
struct Def {
  DefId id;
  DefKind kind;
  Local *local;
  Span span; /* of the name that is assigned; for a phi, of the statement whose paths meet */
  bool used; /* something reads it (phis: directly or through other used phis) */
  bool maybe_unset; /* DEF_PHI: some path leaves the name unset (transitively) */
  DefVec args; /* DEF_PHI: one per edge, NULL for edges that cannot be taken; DEF_FUNC: its captures at the def statement */
  Stmt *join; /* DEF_PHI: the if or loop (NULL for a phi of an expression) */
  bool at_head; /* DEF_PHI of a loop: in its head (else in its exit) */
  Expr *const_value; /* DEF_ASSIGN by a plain `name = <expression>` of the only target: the expression (else NULL) */
};

struct Local {
  Sym name;
  uint32_t index; /* dense per function */
  FuncDef *func;
  Span span; /* first assignment or parameter */
  bool is_param;
  Expr *annotation; /* of a parameter or `x: int64 = …`; NULL when none */
  DefVec defs; /* all versions, DEF_UNSET first */
  Global *global; /* for locals of the top level: the same variable as functions see it */
  Local *captured; /* DEF_CAPTURE: the enclosing function's local */
};

/* A top-level name as functions see it. Scalars and tuples assigned once are constants there; arrays are read when the function runs. */
struct Global {
  Sym name;
  uint32_t index; /* dense per module, over the names that functions read */
  Local *local; /* of the top-level function */
  Def *def; /* the only real definition; NULL when there are several (then reading it from a function is an error) */
  bool read_by_functions;
  Span first_read; /* where a function reads it first */
};

typedef struct Param {
  Sym name;
  Span span;
  Expr *annotation; /* NULL when none */
  Expr *default_value; /* NULL when none */
  Local *local; /* set by sema */
  bool keyword_only, positional_only;
} Param;

/* Decorator options: one row each. Field, keyword. */
typedef enum ErrorModel { ERROR_MODEL_DEFAULT, ERROR_MODEL_PYTHON, ERROR_MODEL_NUMPY } ErrorModel;
typedef enum Tristate { TRI_DEFAULT, TRI_NO, TRI_YES } Tristate;
enum { /* LLVM's fast-math flags */
       FM_NNAN = 1,
       FM_NINF = 2,
       FM_NSZ = 4,
       FM_ARCP = 8,
       FM_CONTRACT = 16,
       FM_AFN = 32,
       FM_REASSOC = 64,
       FM_FAST = 127,
       FM_DEFAULT = -1
};
typedef enum FuncKind { FUNC_PLAIN, FUNC_JIT, FUNC_VECTORIZE, FUNC_GUVECTORIZE, FUNC_STENCIL, FUNC_MODULE } FuncKind;
typedef struct FuncOptions {
  Tristate parallel, boundscheck, cache, nogil, inline_;
  int fastmath; /* FM_ bits, or FM_DEFAULT when the decorator does not say */
  ErrorModel error_model;
  ExprVec signatures; /* as written: strings or expressions */
  Vec(Keyword) locals; /* locals={"x": float32} */
  Expr *layout; /* guvectorize */
  Expr *identity; /* vectorize */
  Expr *cval, *neighborhood; /* stencil */
  ExprVec standard_indexing; /* stencil: names of parameters, as strings */
  Tristate target_parallel;
  int64_t lru_maxsize; /* functools.lru_cache: -1 unlimited, 0 no memo (default: no decorator) */
  bool lru;
} FuncOptions;

struct FuncDef {
  Sym name;
  Span span, name_span; /* the header line; the name */
  FuncKind kind;
  Module *module;
  FuncDef *parent; /* the function it stands in; NULL at the top level (and for the module's own body) */
  uint32_t index; /* dense per module; 0 is the module's body */
  Vec(Param) params;
  Expr *returns; /* annotation; NULL when none */
  ExprVec decorators;
  StmtVec body;
  Sym doc; /* NULL when none */
  /* set by sema */
  FuncOptions options;
  Vec(Local *) locals; /* parameters first, then in order of first appearance */
  Vec(Local *) captures; /* locals (of this function) that stand for locals of `parent`; each has one DEF_CAPTURE */
  DefVec defs; /* by DefId */
  uint32_t expr_count, stmt_count;
  bool falls_off; /* control can reach the end: returns None there */
};

struct Module {
  Arena *arena; /* borrowed */
  StrTab *names; /* borrowed */
  Source *source;
  Sym name; /* "__main__" under run, else the module's name */
  FuncDef *body; /* the top-level statements as a function without parameters */
  Vec(FuncDef *) funcs; /* by FuncDef.index, inner functions included */
  Vec(Global *) globals; /* by Global.index */
  struct Content *content; /* frontend/content.h; NULL when nobody asked for it */
  const struct HostTable *hosts; /* frontend/host.h: what the module `host` has; NULL: nothing. Set before sema */
};

/* parser.c: the module's text as a tree. False when there were errors; *out is then NULL. */
bool parse_module(Arena *arena, StrTab *names, Source *src, Sym name, Diag *diag, Module **out);
/* parser.c: one expression alone, for signatures and command-line literals. NULL after errors. */
Expr *parse_expression(Arena *arena, StrTab *names, Source *src, Diag *diag);
/* sema.c: binds names, builds versions and joins, reads decorators. False when there were errors. */
bool sema_module(Module *module, Diag *diag);

void ast_dump(const Module *module, StrBuf *out);
/* sema_dump.c: of every function its locals, versions and joins, for tests and --emit=names. */
void sema_dump(const Module *module, StrBuf *out);

#endif
