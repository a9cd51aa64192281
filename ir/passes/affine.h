/* Linear forms over loop indices, extents and other values that cannot change, and what is known about them.
 * A form is  base + sum of coef * leaf  in exact integers. Facts are forms that are >= 0; proofs add up facts.
 * Machine arithmetic wraps, exact integers do not: a form stands for its expression only where no wrap can happen. Extents and loop indices that
 * start at a bounded value are bounded (nobody counts to 2^62); any other leaf is not, so arithmetic on it is no form, unless the facts say
 * `assume_bounded`: then the caller tests each such leaf at run time (|leaf| < affine_limit). A leaf may also be a product of leaves, or an operation
 * with known bounds (bound.c). */
#ifndef LJ_AFFINE_H
#define LJ_AFFINE_H

#include "ir/passes/passes.h"

enum { AFF_TERMS = 8, AFF_MAX_COEF = 1 << 16 };
#define AFF_LIMIT ((int64_t)1 << 40)
enum { AFF_DEGREE = 3, AFF_MUL_COEF = 4, AFF_MUL_TERMS = 4, AFF_MUL_BASE = 1 << 14 };

typedef struct AffTerm {
  const IrExpr *leaf; /* a `once` VAR, an extent, a size */
  int64_t coef;       /* never 0 */
} AffTerm;
typedef struct Affine {
  AffTerm terms[AFF_TERMS];
  uint32_t count;
  int64_t base;
} Affine;

/* A mutable bool that  `and` or `or` of two conditions gave:  var = first; if var (or: if not var) { …; var = second }.  Or a copy of one. */
typedef struct BoolChain {
  const IrVar *var; /* NULL: no longer */
  const IrExpr *first, *second;
  bool is_and;
} BoolChain;

/* What is known where a walk stands, for one function. */
typedef struct Facts {
  IrUnit *unit;
  const IrFunc *func;
  const IrStmt **maker; /* the SET or ALLOC of a `once` variable, the FOR whose index it is, or NULL */
  uint32_t cap; /* variables in `maker`; passes add variables */
  Vec(Affine) known; /* forms that are >= 0 here: a stack */
  Vec(BoolChain) chains;
  Map exact; /* IrVar -> Affine: what a `once` variable equals (ranges.c: values of mutable variables) */
  Map small; /* IrVar -> not NULL: far from the ends of int64, because it was counted there in small steps */
  bool assume_bounded;
  int work; /* left for the question being answered */
  bool by_facts; /* facts may say that a variable is bounded */
  bool proving; /* a proof is under way: no proofs for facts that it pushes */
  uint32_t degree; /* most factors of a product in any form so far (assume_bounded only): the caller's limit for leaves depends on it */
  IrMarks *inside; /* what the loop that a pass looks at sets: for one loop at a time */
  Map *meanings; /* fit.c: what variables and extents stand for, once asked for; NULL: asked for anew each time */
} Facts;

void facts_init(Facts *f, IrUnit *unit, const IrFunc *func);
/* What the variable was set to, its ALLOC, the FOR whose index it is; NULL when it is no `once` variable made so. */
const IrExpr *facts_value(const Facts *f, const IrVar *var);
const IrStmt *facts_maker(const Facts *f, const IrVar *var, IrStmtKind kind);
/* Records what a statement defines (not its blocks). */
void facts_see(Facts *f, const IrStmt *s);
/* Pushes what holds while `cond`, evaluated here, is true (or false); nothing where it is not linear. */
void facts_push_cond(Facts *f, const IrExpr *cond, bool holds);
void facts_push_order(Facts *f, const IrExpr *a, const IrExpr *b); /* a < b */
void facts_push_range(Facts *f, const IrExpr *index, const IrExpr *lo, const IrExpr *hi);

bool affine_of(const Facts *f, const IrExpr *e, Affine *out);
/* a * b, for forms so small that their product is far from the ends of int64 when every leaf is; false where it is not. */
bool affine_mul(const Facts *f, const Affine *a, const Affine *b, Affine *out);
bool affine_replace(Affine *a, const IrExpr *leaf, const Affine *by); /* one leaf by a form */
/* Leaves may be values, extents, products and operations with known bounds: do all variables that one reads pass the test, and does it read no memory? */
bool affine_leaf_vars(const IrExpr *leaf, bool (*test)(const IrVar *var, const void *data), const void *data);

/* bound.c: the operation that a leaf stands for (min, max, select, %, &, >>, //, a cast from a narrow integer); NULL when it is none of these. */
const IrExpr *bound_op(const Facts *f, const IrExpr *leaf);
/* bound.c: what an operation is at least (`low`) or at most: forms of which all must be taken (`all`) or any may. The form that the goal becomes when a leaf
 * with that coefficient is replaced is goal * scale + terms. */
typedef struct Bound {
  Affine goal[2];
  const IrExpr *cond; /* of a select: holds for goal[0], not for goal[1] */
  const IrExpr *positive; /* holds only where this is > 0; NULL: always */
  uint32_t count;
  bool all;
} Bound;
bool bound_goal(const Facts *f, const Affine *e, const AffTerm *term, Bound *out);
bool bound_is_small(const Facts *f, const IrExpr *op, int depth); /* far from the ends of int64 */
bool affine_is_bounded_at(const Facts *f, const IrExpr *e, int depth); /* asked while a form is made, at that depth */
int64_t affine_limit(const Facts *f); /* what leaves must stay below, given the products seen */
bool affine_add(Affine *a, const Affine *b, int64_t times); /* a += times * b; false when it does not fit */
bool affine_is_bounded(const Facts *f, const IrExpr *e); /* far from the ends of int64, without any test */
int64_t affine_coef(const Affine *a, const IrExpr *leaf);
bool affine_same_terms(const Affine *a, const Affine *b);
/* The sum of its terms, without the base. */
IrExpr *affine_expr(IrBuilder *b, const Affine *a);
bool affine_prove(const Facts *f, const Affine *e); /* surely >= 0 */
/* `less` of a comparison a < b decided: 1 true, 0 false, -1 unknown. */
int affine_less(const Facts *f, const IrExpr *a, const IrExpr *b);

/* The x of  select(x < 0, x + n, x),  through a `once` variable; NULL when the index is not wrapped. */
const IrExpr *unwrapped_index(const Facts *f, const IrExpr *e, const IrExpr **extent);
/* The definition of a `once` variable, through copies; else e itself. */
const IrExpr *facts_resolve(const Facts *f, const IrExpr *e);

#endif
