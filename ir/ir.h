/* The Loop IR: what a program does, after types are known and before LLVM. Structured, typed, small.
 *
 * A function is a tree of blocks of statements; statements hold expression trees. Expressions are pure: they cannot fail, have no effects and
 * may be evaluated in any order; everything that can fail or has an effect is a statement (checks, calls, stores, allocations). A load reads memory,
 * so it must stay in order with stores and calls: who builds a tree binds a load to a variable when an effect comes between it and its use.
 * Whatever is of array type inside an expression is a variable: arrays are bound before they are used.
 * Variables are mutable like C locals; `once` marks those with a single SET that comes before every reading. Codegen makes allocas of the others
 * and LLVM makes registers of them.
 *
 * Ownership: a variable whose type owns memory (arrays, strings, tuples of them) and that has `owns` holds one reference. SET retains the new
 * value (unless `move`: then the reference is taken over from the variable that is moved from, which becomes empty) and releases the old one; ALLOC, CALL,
 * TEXT_TAKE give their variable a new reference and release the old one; DROP releases and empties. Leaving the function, also by an error,
 * releases all owning variables. Variables without `owns`, parameters among them, borrow. RETURN hands one reference to the caller.
 *
 * Everything lives in the unit's arena. */
#ifndef LJ_IR_H
#define LJ_IR_H

#include "frontend/spec.h"

typedef struct IrUnit IrUnit;
typedef struct IrFunc IrFunc;
typedef struct IrVar IrVar;
typedef struct IrExpr IrExpr;
typedef struct IrStmt IrStmt;
typedef Vec(IrStmt *) IrBlock;
typedef Vec(IrVar *) IrVarVec;

struct IrVar {
  uint32_t id;      /* dense per function (globals: per unit) */
  const char *name; /* as in dumps: "s", "i", "t12" */
  const Type *type;
  bool is_param;
  bool is_global; /* a top-level variable that functions read: lives in the unit */
  bool once;      /* one SET (or parameter, loop index, map index), before every reading */
  bool owns;      /* holds a reference */
  bool temp;      /* made by lowering; may be moved from at its last use */
  Span span;      /* where the user assigned it first; empty for temporaries */
  IrExpr *lo, *hi; /* int64, stable: lo <= value < hi whenever it is set (indices of ranges with steps); NULL: nothing is known */
  IrExpr *last;    /* with lo: stable, the greatest value, or where `down` the least one, that it really takes; NULL: not known */
  bool down;
};

/* id, name in dumps, number of arguments (-1: any). Operands of arithmetic have the type of the result unless stated. */
#define IR_OPS(X)                                                                                                                                                                                           \
  /* leaves */                                                                                                                                                                                              \
  X(CONST, "const", 0)     /* scalar constant: as.i for bool and integers, as.f for floats, as.c for complex */                                                                                                 \
  X(STRING, "str", 0)      /* as.str: constant string */                                                                                                                                                         \
  X(NONE, "none", 0)       /* value of a type without content: None, a dtype, a function without captures */                                                                                                      \
  X(VAR, "var", 0)         /* as.var */                                                                                                                                                                             \
  /* arithmetic on scalars; integers wrap. DIV floats and complex. FLOORDIV, MOD: Python's signs; integers: the divisor must not be 0 */                                                                    \
  /* (checked before) and INT_MIN // -1 wraps; SAFE_ variants give 0 for an integer divisor of 0 */                                                                                                         \
  X(ADD, "+", 2)                                                                                                                                                                                            \
  X(SUB, "-", 2)                                                                                                                                                                                            \
  X(MUL, "*", 2)                                                                                                                                                                                            \
  X(DIV, "/", 2)                                                                                                                                                                                            \
  X(FLOORDIV, "//", 2)                                                                                                                                                                                      \
  X(MOD, "%", 2) X(SAFE_FLOORDIV, "safe//", 2) X(SAFE_MOD, "safe%", 2) X(AND, "&", 2) X(OR, "|", 2) X(XOR, "^", 2) X(SHL, "<<", 2)                                                                          \
      X(SHR, ">>", 2) /* counts >= the width give 0 or the sign; counts are never negative (checked before) */                                                                                              \
      X(NEG, "neg", 1) X(INVERT, "~", 1) /* INVERT of bool is logical not */                                                                                                                                \
      X(ABS, "abs",                                                                                                                                                                                         \
        1) /* integers (INT_MIN stays) and floats; complex: ABS gives the real magnitude (hypot) */ /* comparisons give bool; operands have equal types, except that int64 with uint64 compares by value */ \
      X(EQ, "==", 2) X(NE, "!=", 2) X(LT, "<", 2) X(LE, "<=", 2) X(GT, ">", 2) X(GE, ">=", 2) X(LNOT, "not", 1) X(LAND, "and", 2)                                                                           \
          X(LOR, "or", 2) /* on bool; both sides are evaluated or not: they are pure */                                                                                                                     \
      X(SELECT, "select", 3) /* bool, value, value */                                                                                                                                                       \
      X(PYMIN, "pymin", 2) X(PYMAX, "pymax", 2) /* Python: min(a, b) = b if b < a else a; max(a, b) = b if b > a else a */                                                                                  \
      X(NPMIN, "npmin", 2) X(NPMAX, "npmax", 2) /* NumPy: a NaN on either side wins */                                                                                                                      \
      X(FMIN, "fmin", 2) X(FMAX, "fmax", 2) /* C's: a NaN on one side loses */                                                                                                                              \
      X(CAST, "cast", 1) /* between scalar types as C does; float to integer saturates never: out of range gives INT_MIN; to bool: != 0 */                                                                  \
      X(BITCAST, "bitcast", 1) /* same size */                                                                                                                                                              \
      X(MATH, "math", -1) /* as.math: row of math.def */                                                                                                                                                    \
      X(RTCALL, "rtcall",                                                                                                                                                                                   \
        -1) /* as.symbol: pure function of rt_symbols.def on scalars (or str: data and length are passed), result scalar */ /* complex */                                                                   \
      X(COMPLEX, "complex", 2) X(REAL, "real", 1) X(IMAG, "imag", 1) /* tuples and optionals */                                                                                                             \
      X(TUPLE, "tuple", -1) X(GET, "get", 1) /* GET: element as.i of a tuple */                                                                                                                             \
      X(GET_AT, "get_at", 2) /* element of a uniform tuple at an int64 index in range */                                                                                                                    \
      X(SOME, "some", 1) /* T to optional(T); IR_NONE with an optional type is the absent one */                                                                                                            \
      X(IS_SOME, "is_some", 1) X(UNWRAP, "unwrap", 1) /* arrays: the array operand is always a VAR */                                                                                                       \
      X(LOAD, "load", -1) /* array, then ndim int64 indices, all in range and not negative */                                                                                                               \
      X(SHAPE, "shape", 1) /* extent of axis as.i: int64, never negative */                                                                                                                                 \
      X(STRIDE, "stride", 1) /* bytes along axis as.i: int64; computed from the shape for C and F layouts */                                                                                                \
      X(SIZE, "size", 1) /* number of elements */                                                                                                                                                           \
      X(DATA, "data", 1) /* address as int64: only for overlap tests */                                                                                                                                     \
      X(VIEW, "view",                                                                                                                                                                                       \
        -1) /* base array; byte offset; shape[ndim]; strides[ndim] of the result's type (strides only for layout A). Any dtype. */                                                                          \
      X(STR_LEN, "str_len", 1) /* bytes */
typedef enum IrOp {
#define X(id, name, args) IR_##id,
  IR_OPS(X)
#undef X
      IR_OP_COUNT
} IrOp;

typedef enum MathId {
#define MATH(id, name, args, f64, f32, c128) MATH_##id,
#include "ir/math.def"
#undef MATH
  MATH_COUNT
} MathId;
typedef struct MathInfo {
  const char *name;
  int args;
  const char *f64, *f32, *c128;
} MathInfo;
extern const MathInfo math_info[MATH_COUNT];

struct IrExpr {
  IrOp op;
  const Type *type;
  uint32_t count;
  IrExpr **args;
  union {
    int64_t i; /* CONST of integers (uint64 as its bits) and bool; GET, SHAPE, STRIDE */
    double f; /* CONST of floats */
    double c[2]; /* CONST of complex */
    Sym str; /* STRING */
    IrVar *var; /* VAR */
    MathId math; /* MATH */
    const char *symbol; /* RTCALL; of the host's functions, too: ir_host() */
    Span at; /* LOAD: where it was written; src NULL: not known */
  } as;
};

#define IR_STMTS(X)                                                                                                                        \
  X(SET, "set")                                                                                                                            \
  X(STORE, "store")                                                                                                                        \
  X(ALLOC, "alloc")                                                                                                                        \
  X(DROP, "drop")                                                                                                                          \
  X(CALL, "call")                                                                                                                          \
  X(CHECK, "check") X(RAISE, "raise") X(TEXT, "text") X(TEXT_TAKE, "text_take") X(PRINT, "print") X(IF, "if") X(FOR, "for")                \
      X(WHILE, "while") X(BREAK, "break") X(CONTINUE, "continue") X(RETURN, "return") X(MAP, "map") X(REDUCE, "reduce")                    \
          X(RUNTIME, "runtime") X(PARALLEL, "parallel")
typedef enum IrStmtKind {
#define X(id, name) IRS_##id,
  IR_STMTS(X)
#undef X
      IRS_COUNT
} IrStmtKind;

/* What a CHECK guards, for the passes that remove or move checks. */
#define IR_CHECKS(X) X(INDEX, "index") X(DIVISOR, "divisor") X(SHAPE, "shape") X(BOUND, "bound") X(SHIFT, "shift") X(VALUE, "value")
typedef enum IrCheckKind {
#define X(id, name) CHECK_##id,
  IR_CHECKS(X)
#undef X
      CHECK_COUNT
} IrCheckKind;

typedef enum ReduceOp { REDUCE_ADD, REDUCE_MUL, REDUCE_MIN, REDUCE_MAX, REDUCE_AND, REDUCE_OR } ReduceOp;

/* What passes decided about a loop, in the order in which they said it: `loopjit explain` prints just that. */
typedef struct IrRemark {
  const char *pass;
  bool done; /* false: it was refused */
  const char *text;
  Span at;
} IrRemark;
typedef Vec(IrRemark) IrRemarkVec;

/* A MAP, FOR or WHILE: `source` is what it was written as. */
typedef struct IrAliasGroup {
  IrVar *array;
  uint32_t group;
} IrAliasGroup;
/* In this loop arrays of different groups do not overlap: a test before the loop said so. */
typedef struct IrAlias {
  Vec(IrAliasGroup) arrays;
  uint32_t group_count;
} IrAlias;

/* What a parallel loop does with a variable (or array) that its iterations share. Chunks of iterations have private copies, which are combined in the
 * order of the chunks, so that the result does not depend on the number of threads. */
typedef enum IrReductionKind {
  REDUCTION_OP, /* var = var op e: chunks start with the neutral element, or (min, max, and, or) with the value before the loop */
  REDUCTION_BEST, /* if e cmp var: var = e */
  REDUCTION_FOLLOW, /* set together with the best variable `leader` (argmin, argmax) */
  REDUCTION_LAST, /* the value of the last iteration that sets it */
  REDUCTION_ELEMENT, /* of the array var, which the loop only stores into, at places that are fixed: like LAST */
  REDUCTION_ARRAY /* like OP or (with `is_best`) BEST, for every element of the array var */
} IrReductionKind;
typedef struct IrReduction {
  IrReductionKind kind;
  IrVar *var, *leader;
  IrOp op; /* ADD MUL AND OR XOR LAND LOR and the minima and maxima; of BEST: LT LE GT GE */
  bool swapped; /* OP: e op var, which differs for pymin and pymax */
  bool negated; /* BEST: var = var if e cmp var else e */
  bool is_best;
  Span at;
} IrReduction;
typedef Vec(IrReduction) IrReductionVec;

typedef struct IrLoop {
  bool parallel; /* asked for: prange under parallel=True */
  bool automatic; /* parallel, but written as a plain loop: results are the same either way */
  IrReductionVec reductions; /* of a parallel loop */
  IrVar *
      iteration; /* of a prange: what its target holds, or the index; set in the body before any access. NULL: made from an array expression */
  bool cold; /* the version that runs when the test before a loop fails: not worth optimising */
  bool made; /* by a pass, of no loop that users wrote: why it is not better is nothing to them */
  bool independent; /* no iteration touches what another one stores */
  int64_t most; /* iterations at the most, where a pass made the loop; 0: not known */
  int64_t poll; /* whether the call is to stop is asked after so many iterations; 0: never; 1 for a WHILE that asks, before its head */
  bool whole; /* FOR with `poll`, a power of two: not in parts, it asks between two iterations */
  IrAlias *alias; /* NULL: nothing is known */
  IrRemarkVec remarks;
} IrLoop;

/* What a MAP or REDUCE of an array statement needs before its points are independent of each other and read in range; the pass "expand" sees to it.
 * A source is read at the last indices of the space only, at 0 along the axes of the mask `ones`, where its extent is 1. Elsewhere its extent is
 * that of the space, or 1 at run time: then it is broadcast. */
typedef struct IrSource {
  IrVar *array;
  uint32_t ones;
} IrSource;
typedef struct IrFit {
  Vec(IrSource) sources;
  IrVar *
      into; /* MAP: stored into at every point, when the right side is computed: its shape may differ and it may overlap sources. NULL: none */
  bool sure; /* a test before says that all this holds as it is */
} IrFit;

/* A call whose callee's body stands in its place (pass "splice"), for errors: where it was, and the call around it. */
typedef struct IrFrame {
  const IrFunc *callee;
  Span call;
  const struct IrFrame *outer; /* NULL: the function at hand */
} IrFrame;

struct IrStmt {
  IrStmtKind kind;
  Span span; /* where the user wrote what this comes from; used for errors and debug locations */
  const IrFrame *frame; /* NULL: of the function itself */
  bool apart; /* pass "effort": becomes a function of its own in code */
  union {
    struct {
      IrVar *var;
      IrExpr *value;
      bool move; /* value is a VAR that owns: take its reference */
    } set;
    struct {
      IrVar *array;
      IrExpr **indices; /* ndim, in range */
      IrExpr *value; /* already of the array's dtype */
    } store;
    struct {
      IrVar *var; /* of array type with layout C or F */
      IrExpr **shape; /* ndim int64; negative ones are a ValueError at run time */
      bool zero; /* else the content is undefined */
      bool local; /* small and of constant shape: in the frame, owned by nobody, cannot fail; made by passes */
    } alloc;
    struct {
      IrVar *var;
    } drop;
    struct {
      IrFunc *callee;
      IrExpr **args; /* one per parameter of the callee */
      uint32_t count; /* of args: the callee may not be lowered yet */
      IrVar *result; /* NULL when the result is dropped or has no content */
    } call;
    struct {
      IrCheckKind check;
      IrExpr *ok; /* bool */
      ErrorKind error;
      const char *message; /* `%d` stands for args in turn */
      IrExpr *args[4]; /* int64; NULL when unused */
      IrVar *shape_a, *shape_b; /* CHECK_SHAPE: arrays whose shapes the message ends with; may be NULL */
    } check;
    struct {
      ErrorKind error;
      Sym message; /* NULL: what TEXT statements before it built */
    } raise;
    struct {
      IrExpr *value;
      IrExpr *spec; /* str: an f-string's format specification; NULL when none */
      bool repr; /* !r */
      bool kernel; /* float32 shows as the double it equals */
    } text; /* appends to the text being built */
    struct {
      IrVar *var;
    } take; /* TEXT_TAKE: the built text as a str */
    struct {
      IrExpr *cond;
      IrBlock then, orelse;
      bool unlikely; /* the condition seldom holds */
    } if_;
    struct {
      IrVar *index; /* int64, once; runs lo, lo+1, … while < hi */
      IrExpr *lo, *hi;
      IrBlock body;
      IrLoop loop;
    } for_;
    struct {
      IrBlock head; /* evaluated before each test */
      IrExpr *cond;
      IrBlock body;
      IrLoop loop;
    } while_;
    struct {
      IrExpr *value; /* NULL when the result has no content */
      bool move; /* value is a VAR that owns: hand its reference over */
    } ret;
    struct {
      uint32_t ndim;
      IrVar **index; /* once; int64 */
      IrExpr **extent; /* int64 */
      IrBlock body; /* points are independent of each other: any order */
      bool column_major; /* the first index should run fastest */
      IrFit fit;
      IrLoop loop;
    } map;
    struct {
      uint32_t ndim;
      IrVar **index;
      IrExpr **extent;
      IrBlock body; /* binds what the element needs */
      ReduceOp op;
      IrVar *acc; /* set before; combined with every element */
      IrExpr *element; /* type of acc; evaluated after body */
      bool pairwise; /* a float sum in NumPy's order (passes/pairwise.c), unless fastmath reorders anyway */
      IrFit fit;
      IrLoop loop;
    } reduce;
    struct {
      /* Row of rt_symbols.def whose parameters begin with rt and site; reads and writes the arrays it is given. Or of the host: may read and write all
       * memory, except where its flags say otherwise (ir_host). */
      const char *symbol;
      IrExpr **args; /* scalars by value, str as data and length, all others by the address of a copy in memory */
      uint32_t count;
      IrVar *result; /* NULL when there is none. Of status functions: written through the last parameter */
      bool fails; /* it returns a status */
      bool lent; /* the result belongs to the runtime, until it is given back */
    } runtime;
    struct {
      IrFunc *body; /* called for each chunk with (number of the chunk, lo, hi of its part, args…); its result has no content */
      IrExpr *lo, *hi, *chunks; /* int64; chunks >= 1 */
      IrExpr **args; /* arrays are borrowed: they outlive the statement */
      uint32_t count;
      bool fixed; /* chunks have private copies: nothing may cut the range otherwise */
    } parallel;
  } as;
};

struct IrFunc {
  const Spec *spec;
  IrUnit *unit;
  uint32_t index; /* dense per unit */
  const char *name; /* unique in the unit: "saxpy.1" */
  IrVarVec params; /* what is passed: parameters that are not defaulted, then captures. Only types with content. */
  const Type *result;
  IrBlock body;
  IrVarVec vars; /* all variables, parameters first, by id */
  int fastmath; /* FM_ bits */
  bool recursive; /* needs the stack check on entry */
  bool polls; /* with the stack check it asks whether the call is to stop */
  bool can_fail; /* set by the pass "effects": returns a status */
  uint32_t cycle; /* pass "trial": functions that call each other in a circle have the same number; 0: none */
  uint32_t trial; /* pass "trial": callers try a form without status first; how often it is inlined into itself. 0: there is no such form */
  bool wary; /* the trial form tests after each call whether the trial has failed */
  bool is_main; /* the module's body: runs once */
  bool is_memo_body; /* under lru_cache: the function as written, which the one that callers reach calls */
  bool large; /* pass "effort": made with little effort */
  bool is_chunk; /* the body of a PARALLEL statement: params are chunk, lo, hi, then what it captures */
};

/* A part of a source text (base/source.h) that error sites of the unit's code name. */
typedef struct IrPlace {
  const Source *src;
  uint32_t part;
} IrPlace;

struct IrUnit {
  Arena *arena;
  const Program *program;
  Vec(IrFunc *) funcs;
  IrVarVec globals; /* top-level variables that functions read */
  Map func_of_spec; /* Spec -> IrFunc */
  IrFunc *entry; /* what the host calls */
  Diag *diag; /* of this compile */
  Vec(const struct HostSig *) hosts; /* functions of the host that are called */
  Vec(IrPlace) places; /* set by codegen, in the order of the table that the code is linked against */
};

/* lower/lower.c: the entry specialisation and all that it calls. Cannot fail except for what is not supported, which is a diagnostic. NULL then. */
IrUnit *ir_lower(Arena *arena, const Program *program, const Spec *entry, Diag *diag);
/* dump.c: functions, statements, loops, as text. */
void ir_dump(const IrUnit *unit, StrBuf *out);
void ir_dump_expr(const IrExpr *e, StrBuf *out);
/* explain.c: what the passes said about each loop. */
void ir_explain(const IrUnit *unit, StrBuf *out);
/* verify.c: types, single sets of `once` variables, scopes. False with a message in *why (in the arena). */
bool ir_verify(const IrUnit *unit, const char **why);

/* passes.c: the pass list is data, in order. */
typedef struct IrPass {
  const char *name, *what;
  void (*run)(IrUnit *unit);
} IrPass;
extern const IrPass ir_passes[];
extern const size_t ir_pass_count;
/* Runs the passes in order; stops after the one named `after` (NULL: all). False when there is no such pass. */
bool ir_run_passes(IrUnit *unit, const char *after);

#endif
