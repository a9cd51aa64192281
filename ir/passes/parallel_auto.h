/* What the rooms of the pass "auto" share: one plain loop that is being judged.
 *   parallel_auto.c  the loop, its arrays, which variables are private      auto_reduce.c  which variables and arrays are reductions */
#ifndef LJ_PARALLEL_AUTO_H
#define LJ_PARALLEL_AUTO_H

#include "ir/passes/affine.h"

enum { MOST_ACCESSES = 128 };

typedef struct Access {
  IrVar *array;
  IrExpr **index;
  bool stores;
} Access;

typedef struct Auto {
  IrUnit *unit;
  IrFunc *func;
  Facts *facts;
  IrStmt *loop;
  bool *outside; /* by IrVar.id: mentioned elsewhere */
  bool *inside; /* set in the loop */
  bool *assigned; /* surely set in this iteration, where the walk stands */
  bool *carried; /* may be read before it is set */
  uint32_t *uses; /* how often it is read in the loop */
  Access list[MOST_ACCESSES];
  uint32_t count;
  const char *why; /* NULL: nothing speaks against it */
} Auto;

bool auto_refuse(Auto *a, const char *why); /* false; the first reason counts */
bool auto_is_read_later(const Auto *a,
                        const IrVar *var); /* what the loop leaves in the variable may be read; other versions of the loop do not count */

/* auto_reduce.c: adds what the loop does with a variable that one iteration hands to the next, and with those that are set together with it
 * (marked in `follows`, by IrVar.id); false where it is no reduction whose result is the same in any order. */
bool auto_reduction(Auto *a, IrVar *var, IrReductionVec *out, bool *follows);
bool auto_reduces_array(Auto *a, IrVar *array, IrReductionVec *out); /* the same for the elements of an array */

#endif
