/* Code around the nest of an array statement: see fit_code.c. */
#ifndef LJ_FIT_CODE_H
#define LJ_FIT_CODE_H

#include "ir/clone.h"
#include "ir/passes/fit.h"

/* Fill in b (its block is where the nest will stand) and f. */
typedef struct FitCode {
  IrBuilder *b;
  const Facts *f;
  IrClone names;  /* of the second nest: sources -> wide views; also copies the body */
  IrAlias *alias; /* of the nest; NULL: nothing is known */
  IrVar *into, *temp, *direct; /* the target, what stands in for it, whether that is not needed; NULL: there is no such case */
  IrVar *plain; /* bool: no source is broadcast at run time; NULL: certain */
  bool *open;   /* by source: may be broadcast */
} FitCode;
void fit_open(FitCode *c, IrFit *fit, uint32_t ndim, IrExpr *const *extent, IrBlock *body);
/* The body for the case that c->plain is false; views are made in the builder's block. */
void fit_widen(FitCode *c, IrFit *fit, uint32_t ndim, IrExpr *const *extent, IrBlock *body);
void fit_close(FitCode *c); /* behind the nest */

#endif
