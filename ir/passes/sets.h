/* What a loop sets a mutable variable to: see sets.c. For the pass "version". */
#ifndef LJ_SETS_H
#define LJ_SETS_H

#include "ir/walk.h"

enum { MOST_SETS = 4 };

typedef struct Sets {
  const IrVar *var;
  const IrExpr *values[MOST_SETS];
  uint32_t count;
  bool other; /* it gets values that are not known */
} Sets;

/* False where the variable may hold in the loop what it held before, or what is not known. */
bool sets_of(const IrStmt *loop, const IrVar *var, Sets *out);

#endif
