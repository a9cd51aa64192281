/* What the rooms of scalars and control flow share: versions of locals, order of evaluation, short circuits, iteration.
 *   lower.c         the unit, functions, calls of functions        lower_vars.c   variables of versions, joins, top-level variables
 *   lower_order.c   order of evaluation: binding, temporaries      lower_scope.c  which variables keep `once`
 *   lower_stmt.c    statements                                     lower_loops.c  for and while     lower_iter.c  what is stepped through
 *   lower_expr.c    expressions, short circuits                    lower_value.c  conversions, truth, tuples, optionals
 *   lower_num.c     operators       lower_pow.c  powers            lower_ufunc.c  elementwise functions of scalars
 *   lower_text.c    print, f-strings, raise, assert                lower_builtin.c, lower_math.c  builtin functions */
#ifndef LJ_LOWER_SCALAR_H
#define LJ_LOWER_SCALAR_H

#include "ir/lower/lower_array.h"

typedef Vec(IrExpr *) IrExprVec;

/* What lowering knows about the function at hand. */
typedef struct FuncState {
  IrBlock entry; /* comes before the body: top-level variables, flags, parameters that are assigned to */
  Map globals;   /* Global -> IrVar: as this function sees it */
  IrVar *point[TYPE_MAX_NDIM]; /* of a @stencil kernel: where it stands */
} FuncState;

/* ---- lower.c ---- */
IrFunc *lower_func_of(Lower *lo, const Spec *spec); /* declared; lowered later */
IrExpr *lower_call_spec(Lower *lo, const Expr *call, const Callee *callee);
IrExpr *lower_func_value(Lower *lo, Def *const *captures, const Type *type, Span at); /* a function with what it captures */

/* ---- lower_inline.c ---- */
bool lower_can_inline(const Lower *lo, const Spec *spec);
/* The value of a call, from the body itself; `point` follows the arguments of a stencil kernel. The value is scalar. */
IrExpr *lower_inline(Lower *lo, const Spec *spec, IrExpr *const *args, uint32_t count, IrExpr *const *point);

/* ---- lower_memo.c ---- */
bool lower_is_memo(const IrFunc *func); /* the function that callers of one under lru_cache reach */
void lower_memo(Lower *lo, IrFunc *func, IrFunc *body);
IrExpr *lower_memo_method(Lower *lo, const Expr *call, const Callee *callee);

/* ---- lower_host.c ---- */
IrExpr *lower_host(Lower *lo, const Expr *call, const Callee *callee);
void lower_check_hosts(Lower *lo); /* when the unit is complete: who is called from which parallel loop */

/* ---- lower_vars.c ---- */
bool lower_has_content(const Type *t); /* do values of the type need memory? */
void lower_make_vars(Lower *lo);       /* a variable for each class of versions; parameters are set on entry */
IrExpr *lower_read(Lower *lo, const Def *def, Span at);
void lower_define(Lower *lo, const Def *def, IrExpr *value, Span at);
void lower_set_flag(Lower *lo, const Def *def); /* the name is set now */
void lower_edge(Lower *lo, const DefVec *phis, uint32_t edge);
bool lower_edge_converts(const Lower *lo, const DefVec *phis, uint32_t edge);
IrExpr *lower_global(Lower *lo, const Global *global, Span at);

/* ---- lower_scope.c ---- */
void lower_fix_scopes(Lower *lo); /* at the end of a function */

/* ---- lower_order.c ---- */
/* Statements from `start` on were made after the items: binds, in front of them, the items that they would change. */
void lower_guard(Lower *lo, uint32_t start, IrExpr **items, uint32_t count);
bool lower_is_cheap(const IrExpr *e); /* may be evaluated although its value is not needed: no loads, small */
bool lower_block_ends(const IrBlock *block); /* its last statement jumps away */
/* The value of a branch goes into `result`; the branch's temporaries end with it. */
void lower_branch_value(Lower *lo, IrVar *result, IrExpr *value, uint32_t mark, Span at);
IrVar *lower_result_var(Lower *lo, const Type *type); /* set in several branches */

/* ---- lower_value.c ---- */
IrExpr *lower_get(Lower *lo, IrExpr *tuple, uint32_t index); /* of a tuple or function value; arrays become variables */
IrExpr *lower_array_value(Lower *lo, IrExpr *value);         /* an array inside a tree as a VAR */
IrExpr *lower_tuple_item(Lower *lo, const Expr *e);          /* t[i], t[1:2] */
IrExpr *lower_compare_values(Lower *lo, CmpOp op, IrExpr *a, IrExpr *b, Span at); /* any types that inference allows; bool */
IrExpr *lower_not(Lower *lo, IrExpr *a);

/* ---- lower_expr.c ---- */
IrExpr *lower_cond(Lower *lo, const Expr *e); /* as a condition: bool */
/* The next operand of a short circuit; gives a bool. */
typedef IrExpr *(*LowerNext)(Lower *lo, void *data);
IrExpr *lower_short_circuit(Lower *lo, bool is_or, IrExpr *first, LowerNext next, void *data);

/* ---- lower_pow.c ---- */
IrExpr *lower_power(Lower *lo, IrExpr *a, IrExpr *b, const Type *result, bool elementwise, Span at);

/* ---- lower_text.c ---- */
void lower_print(Lower *lo, const Expr *call);
IrExpr *lower_fstring(Lower *lo, const Expr *e);
IrExpr *lower_str(Lower *lo, const Expr *value);
bool lower_assert(Lower *lo, const Stmt *s); /* false: it always fails */
void lower_raise(Lower *lo, const Stmt *s);

/* ---- lower_builtin.c: the lowering columns of builtins.def ---- */
typedef enum LoweringRule { LW_NONE, LW_SPECIAL, LW_MATH, LW_BINOP, LW_CMPOP } LoweringRule;
typedef struct Lowering {
  LoweringRule rule;
  int arg;
} Lowering;
extern const Lowering lowerings[BI_COUNT];
typedef IrExpr *(*BuiltinRule)(Lower *lo, const Expr *call, const Callee *callee);
BuiltinRule lower_math_rule(BuiltinId id); /* lower_math.c; NULL when it is not one */
IrExpr *lower_arg(Lower *lo, const Expr *e, const Type *to); /* an argument: opened and, if `to` is given, converted */

/* ---- lower_stmt.c ---- */
bool lower_block(Lower *lo, const StmtVec *body); /* true when control can reach its end */
bool lower_loop(Lower *lo, const Stmt *s);        /* lower_loops.c */
void lower_jump(Lower *lo, const Stmt *s);

/* ---- lower_iter.c: what is stepped through ---- */
typedef enum IterKind {
  ITER_RANGE,
  ITER_ARRAY,
  ITER_TUPLE,
  ITER_ENUMERATE,
  ITER_ZIP,
  ITER_REVERSED,
  ITER_FLAT,
  ITER_NDINDEX,
  ITER_NDENUMERATE
} IterKind;
typedef struct Iter Iter;
struct Iter {
  IterKind kind;
  const Type *element;
  IrExpr *count;          /* int64, stable; not positive: none */
  IrExpr *lo, *hi, *step; /* ITER_RANGE: stable; ITER_ENUMERATE: lo is the start */
  int64_t step_value;     /* ITER_RANGE: when known, else 0 */
  IrVar *array;           /* `once` */
  IrExpr *tuple;          /* uniform, stable */
  Iter *parts;
  uint32_t part_count;
  IrExpr *extent[TYPE_MAX_NDIM]; /* of FLAT, NDINDEX, NDENUMERATE */
  uint32_t ndim;
};
void iter_init(Lower *lo, Iter *it, const Expr *e); /* evaluates what is stepped through, once */
IrExpr *iter_at(Lower *lo, const Iter *it, IrExpr *k); /* step number k, 0 <= k < count, k stable; effects go to the current block */

/* Loops around a body: statements go to the innermost body until the nest is closed. */
typedef struct LoopLevel {
  IrStmt *loop; /* the FOR, or the IF of a comprehension's condition */
  IrBlock *outer;
  uint32_t mark; /* temporaries made inside end with the body */
} LoopLevel;
typedef struct LoopNest {
  Vec(LoopLevel) levels;
  uint32_t header; /* temporaries of the header end with the nest */
  IrVar *broke;    /* NULL: no jump out of all of them */
} LoopNest;
/* Steps through an expression. `target`: a name that may be bound to the index itself; may be NULL. Gives the element. */
IrExpr *nest_open(Lower *lo, LoopNest *nest, const Expr *iterable, const Expr *target, bool parallel);
IrExpr *nest_open_comp(Lower *lo, LoopNest *nest, const Expr *comp); /* all clauses and conditions; gives the element's value */
void nest_end(Lower *lo, LoopNest *nest);
static inline void nest_break(LoopNest *nest, IrVar *broke) { nest->broke = broke; } /* when opening is over: set before each jump out */
/* Each step of an iterable or comprehension, for reductions: opens, calls `body` with the element, closes. */
typedef void (*EachFn)(Lower *lo, LoopNest *nest, IrExpr *element, void *data);
void lower_each(Lower *lo, const Expr *iterable, EachFn body, void *data);
void lower_leave_nest(Lower *lo, LoopNest *nest); /* out of all loops, from the innermost body; needs nest->broke when there are several */

#endif
