/* Typed AST to Loop IR: what the rooms of ir/lower/ share.
 *   lower.c        functions, calls' targets, variables of versions (SSA classes), joins, the unit
 *   lower_stmt.c   statements, loops over ranges, arrays, tuples, zip, enumerate
 *   lower_expr.c   scalar expressions, tuples, comparisons, boolean operators, conversions
 *   lower_num.c    scalar operators, math functions, pow, round, min and max
 *   lower_text.c   print, f-strings, assert, raise
 *   lower_builtin.c the table of lowering rules
 *   lower_index.c  indexing, slices, stores, views
 *   lower_create.c creation of arrays, conversion, copies, shape functions
 *   lower_map.c    array expressions: elementwise maps, reductions, assignment to slices
 * Inference has succeeded for what is lowered: every reached expression has a type, so nothing here can be the user's mistake, except what is not
 * supported yet: lower_unsupported(). */
#ifndef LJ_LOWER_H
#define LJ_LOWER_H

#include "ir/build.h"

typedef struct LoopCtx LoopCtx; /* lower_stmt.c: the loops around the current statement */

typedef struct Lower {
  IrBuilder b; /* first: rooms pass &lo->b */
  Arena *arena;
  IrUnit *unit;
  const Program *program;
  TypeTable *types;
  const Spec *spec;
  IrFunc *func;
  Diag *diag;
  bool failed;        /* lower_unsupported() was called */
  bool top_level;     /* the module's body */
  bool python_errors; /* division by zero of scalars raises */
  bool boundscheck;
  IrVar **def_vars;   /* by DefId: the variable that holds a version (NULL: unreached) */
  IrVar **set_flags;  /* by DefId: bool variable, true when the name is set; NULL when it surely is */
  LoopCtx *loop;
  struct FuncState *state; /* lower_scalar.h: what is known about the function at hand */
  IrVarVec temps;     /* owning temporaries of the current statement: dropped at its end (lower_end_statement) */
} Lower;

/* A NotImplementedError at `at`; returns a dummy value of the type, so that lowering goes on. */
IrExpr *lower_unsupported(Lower *lo, Span at, const Type *type, const char *fmt, ...) LJ_PRINTF(4, 5);
static inline const Type *lower_type(const Lower *lo, const Expr *e) { return spec_type(lo->spec, e); }

/* lower_expr.c. The value of an expression, effects emitted in Python's order of evaluation. Array values are a VAR. Values of types without content are
 * IR_NONE. Trees that hold loads or mutable variables stay valid only until the next effect: when more is lowered after, use lower_exprs, which binds. */
IrExpr *lower_expr(Lower *lo, const Expr *e);
void lower_exprs(Lower *lo, Expr *const *list, uint32_t count, IrExpr **out); /* several, left to right, all valid at the end */
IrExpr *lower_expr_as(Lower *lo, const Expr *e, const Type *to); /* and converted */
IrExpr *lower_convert(Lower *lo, IrExpr *value, const Type *to,
                      Span at); /* as assignment, joins and signatures convert; arrays: layout to A */
IrExpr *lower_truth(Lower *lo, IrExpr *value, Span at); /* bool(value) */
IrExpr *lower_bind(Lower *lo, const char *name,
                   IrExpr *value); /* the value as a leaf that later effects cannot change (constant or `once` VAR) */
IrVar *lower_bind_array(Lower *lo, IrExpr *array); /* the variable of an array-typed VAR expression */
/* An owning temporary of the current statement, for ALLOC, CALL, TEXT_TAKE results. */
IrVar *lower_temp(Lower *lo, const Type *type);
/* Statement ends: drops its owning temporaries (except moved ones). Nested use: mark = lo->temps.len before, then lower_drop_temps(lo, mark). */
void lower_drop_temps(Lower *lo, uint32_t mark);
/* lower_stmt.c: stores `value` into a target (name, index, attribute, tuple pattern). */
void lower_assign(Lower *lo, const Expr *target, IrExpr *value, Span at);

/* lower_num.c. Scalar operator with Python's checks (division, shifts) according to lo->python_errors; operands are converted to what the operator needs. */
IrExpr *lower_binop(Lower *lo, BinOp op, IrExpr *a, IrExpr *b, const Type *result, Span at);
/* The same inside array expressions: never raises. */
IrExpr *lower_binop_elem(Lower *lo, BinOp op, IrExpr *a, IrExpr *b, const Type *result);
IrExpr *lower_cmpop(Lower *lo, CmpOp op, IrExpr *a, IrExpr *b, Span at); /* scalars and strings; bool */
IrExpr *lower_unop(Lower *lo, UnOp op, IrExpr *a, const Type *result);
IrExpr *lower_saturated(Lower *lo, IrExpr *x, const Type *type,
                        Span at); /* lower_ufunc.c: an integer of another size, or the nearest one */
/* A scalar elementwise builtin (TR_FLOAT_UFUNC, TR_SAME_UFUNC, TR_BOOL_UFUNC, TR_BINOP, TR_CMPOP rows) applied to scalars; never raises.
 * The array language applies it per element. `result` is the scalar result type. */
IrExpr *lower_ufunc(Lower *lo, const Builtin *row, IrExpr *const *args, uint32_t count, const Type *result, Span at);

/* lower_builtin.c: a call (or attribute) that inference resolved to a builtin row. */
IrExpr *lower_builtin(Lower *lo, const Expr *call, const Callee *callee);
/* Rules of the array rooms, called by lower_builtin's table: */
IrExpr *lower_array_builtin(Lower *lo, const Expr *call,
                            const Callee *callee); /* lower_create.c: rows on arrays: creation, shape, copies, attributes */
IrExpr *lower_array_reduce(Lower *lo, const Expr *call, const Callee *callee); /* lower_map.c: sum, mean, min, … of arrays */

/* lower_index.c */
IrExpr *lower_index(Lower *lo, const Expr *e); /* base is an array: element or view */
void lower_store(Lower *lo, const Expr *target, IrExpr *value, Span at); /* a[...] = value (scalar or array) */
void lower_aug_store(Lower *lo, const Stmt *stmt); /* a[...] op= value: index evaluated once */
IrExpr *lower_row(Lower *lo, IrVar *array, IrExpr *index, const Type *type); /* a[index] without check: element or sub-array (iteration) */
IrExpr *lower_checked_index(Lower *lo, IrVar *array, uint32_t axis, IrExpr *index, Span at); /* wrapped once if negative, checked */
/* A view's variable; decides whether it borrows (base surely outlives it) or owns. */
IrVar *lower_view_var(Lower *lo, const char *name, IrVar *base, IrExpr *view);

/* lower_map.c */
IrExpr *lower_array_expr(Lower *lo, const Expr *e); /* operator or ufunc with an array result: fused, materialised */
bool lower_is_elementwise(const Lower *lo, const Expr *e); /* can it be a part of a fused map? */
void lower_assign_array(Lower *lo, IrVar *target, const Expr *value,
                        Span at); /* target[...] = array or scalar expression: broadcast, overlap safe */
void lower_fill(Lower *lo, IrVar *array, IrExpr *scalar); /* every element; scalar already of the array's dtype and bound */
void lower_copy_into(Lower *lo, IrVar *to, IrVar *from); /* equal shapes, no overlap; converts the dtype */

#endif
