/* Parallel loops as they are written: what the rooms that judge them share.
 *   lower_parallel.c   the loop, its variables, what is refused      lower_reduction.c  the forms of reductions
 *   lower_depend.c     subscripts: independence, conflicts */
#ifndef LJ_LOWER_PARALLEL_H
#define LJ_LOWER_PARALLEL_H

#include "ir/lower/lower_scalar.h"

/* `if e > s: s = e; k = i`: the statement, and the variable it is about. */
typedef struct Guard {
  const Stmt *stmt;
  const Local *leader;
} Guard;

typedef struct ParLoop {
  Lower *lo;
  const Stmt *stmt;
  IrLoop *loop;
  bool *inner; /* by DefId: versions that the loop makes */
  Vec(Guard) guards;
  Vec(const Local *) reduced; /* arrays */
} ParLoop;

/* lower_parallel.c */
void lower_parallel_loop(Lower *lo, const Stmt *s, IrLoop *loop); /* judges and describes; errors end the lowering */
bool par_mentions(const Expr *e, const Local *local);             /* reads or sets it, inside of calls and closures too */
bool par_same(const ParLoop *p, const Expr *a, const Expr *b);    /* surely the same value when nothing happens in between */
void par_add(ParLoop *p, IrReduction r, IrVar *var, Span at);
const Local *par_local(const Expr *e);                            /* of a NAME of a local variable; else NULL */

/* lower_reduction.c: are all uses of a variable in the loop one reduction? Then *out says which; else *bad is the use that is none. */
bool par_reduction(ParLoop *p, const Local *local, IrReduction *out, Span *bad);
bool par_sets_in_guard(const Stmt *guard, const Local *local);
bool par_stores_elements(ParLoop *p, const Local *array); /* all that the loop does with it is `a[e] = …` with subscripts that are fixed */

/* lower_depend.c */
bool par_independent(const ParLoop *p, const Local *array); /* different iterations surely use different elements */
bool par_is_fixed(const ParLoop *p, const Expr *e); /* the same value in all iterations */
void par_depend(ParLoop *p); /* conflicts are errors, what is unknown a remark */

#endif
