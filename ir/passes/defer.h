/* What the pass "defer" tells the pass "blocks", which runs before it. */
#ifndef LJ_PASSES_DEFER_H
#define LJ_PASSES_DEFER_H

#include "ir/passes/passes.h"

/* Will "defer" take the checks out of this innermost loop, for less than testing them ahead costs? That computes every divisor a second time: it pays where stores
 * would have to be kept and divisors are simple. */
bool defer_is_best(IrUnit *unit, IrFunc *func, IrStmt *loop);

#endif
