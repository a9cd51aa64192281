/* What array statements need at run time (IrFit), as conditions: equal extents, no shared memory. For the passes "fuse" and "expand". */
#ifndef LJ_FIT_H
#define LJ_FIT_H

#include "ir/passes/affine.h"

/* All SETs and ALLOCs of `once` variables in the function. */
void fit_facts(Facts *f, IrUnit *unit, const IrFunc *func);
/* Surely the same integer, wherever both can be computed? Looks through `once` variables, views and allocations. */
bool fit_same_int(const Facts *f, const IrExpr *a, const IrExpr *b);
/* Decides comparisons of extents in the statement. */
void fit_settle(const Facts *f, IrStmt *s);
/* Surely the same elements at the same indices? */
bool fit_same_view(const Facts *f, const IrVar *a, const IrVar *b);
/* The `once` variable that this one is a copy of, or itself. */
IrVar *fit_origin(const Facts *f, const IrVar *var);
/* The `once` variable whose memory this one sees: through views and copies. */
IrVar *fit_root(const Facts *f, IrVar *array);
/* May elements of the two be the same memory, as far as is known while compiling? */
bool fit_may_share(const Facts *f, IrVar *a, IrVar *b);
/* The first byte and the one behind the last, as `once` variables. */
void fit_memory_range(IrBuilder *b, IrVar *array, IrVar *out[2]);

/* A conjunction that is being built; no condition twice. */
typedef struct FitTest {
  IrBuilder *b; /* ranges are computed there */
  const Facts *f;
  IrExpr *all; /* bool; NULL: certain */
  Vec(IrExpr *) conds;
  Vec(IrExpr *) ints; /* that were compared */
  Vec(uint32_t) classes;
  IrVarVec ranged, ends; /* arrays, and two ends of each */
} FitTest;
void fit_test_cond(FitTest *t, IrExpr *cond); /* any condition; after those on extents, which may imply it */
bool fit_test_int(FitTest *t, IrExpr *a, IrExpr *b); /* the two are equal; false when that is certain */
/* The source has the extents of the space; false when that is certain. */
bool fit_test_source(FitTest *t, const IrSource *source, uint32_t ndim, IrExpr *const *extent);
/* … and an array with all axes of the space. */
void fit_test_shape(FitTest *t, IrVar *array, IrExpr *const *extent);
/* The two share no memory; with `same_too` they may also be the same elements at the same indices. */
void fit_test_apart(FitTest *t, IrVar *a, IrVar *b, bool same_too);
/* May `source` be, element for element, the array that is stored into? Then both are read and written at the same place only. */
bool fit_may_be_same(const IrSource *source, const IrVar *into);

/* flatten.c: a nest whose fit is seen to becomes one of one dimension, where its arrays are; views are made in the builder's block. */
void flatten_map(IrBuilder *b, const Facts *f, IrStmt *map);
void flatten_reduce(IrBuilder *b, const Facts *f, IrStmt *reduce);

#endif
