/* Copies of statements, for passes that need a loop or its body twice. Variables that the copied statements set once, and their loop indices, get a new
 * variable in the copy; all others are shared. */
#ifndef LJ_IR_CLONE_H
#define LJ_IR_CLONE_H

#include "ir/build.h"

/* Fill in unit and func; the maps may be filled before, they grow while copying. */
typedef struct IrClone {
  IrUnit *unit;
  IrFunc *func;
  Map vars; /* IrVar -> what stands for it in the copy */
  Map drop; /* IrStmt -> anything: left out */
  Map replace; /* IrExpr, by pointer -> IrExpr of the original to take instead */
} IrClone;

IrStmt *ir_clone_stmt(IrClone *c, const IrStmt *s);
void ir_clone_block(IrClone *c, const IrBlock *from, IrBlock *to); /* appends */
IrExpr *ir_clone_expr(IrClone *c, const IrExpr *e); /* e itself where nothing in it changes */
IrVar *ir_clone_var(const IrClone *c, IrVar *var); /* its stand-in, or itself; NULL for NULL */

/* Computing an index of a loop's body elsewhere: outside of the loop, or for another index. */
typedef struct IrMove {
  Arena *arena;
  const IrVar *index; /* of the loop */
  IrVar *at; /* stands for it; NULL: what depends on it cannot be moved */
  Map made; /* variables of the body that are set once -> their values */
  Map changed; /* all others that it sets */
} IrMove;

void ir_move_see(IrMove *m, IrVar *var, IrExpr *value); /* the body sets var; value NULL: to what is not known */
/* The expression, computed from nothing that the body sets and without loads; NULL when there is no such form. */
IrExpr *ir_moved(const IrMove *m, const IrExpr *e);

#endif
