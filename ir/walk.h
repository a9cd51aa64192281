/* Walking Loop IR: the expressions and blocks of a statement, and rewriting of expression trees. For passes and the verifier. */
#ifndef LJ_IR_WALK_H
#define LJ_IR_WALK_H

#include "ir/build.h"

typedef void (*IrSlotFn)(IrExpr **slot, void *data);
/* Every root expression of the statement itself (not of statements inside its blocks), as a slot that may be replaced. */
void ir_stmt_exprs(IrStmt *s, IrSlotFn fn, void *data);
/* The blocks of a statement in order: at most 2. Returns how many. */
unsigned ir_stmt_blocks(IrStmt *s, IrBlock *out[2]);
/* The variable that a statement gives a value, or NULL (loop indices are not given here). */
IrVar *ir_stmt_result(const IrStmt *s);

/* Rewrites a tree bottom up: fn gets each node with its arguments already rewritten and returns the node or its replacement.
 * Nodes whose arguments changed are copied first: trees may share nodes. */
typedef IrExpr *(*IrRewriteFn)(IrExpr *e, void *data);
IrExpr *ir_rewrite(Arena *arena, IrExpr *e, IrRewriteFn fn, void *data);

/* Are two trees the same computation (same operations on the same variables and constants)? */
bool ir_same(const IrExpr *a, const IrExpr *b);
/* Does the tree mention the variable? */
bool ir_reads(const IrExpr *e, const IrVar *var);
void ir_remark(Arena *arena, IrLoop *loop, const char *pass, bool done, Span at, const char *fmt, ...) LJ_PRINTF(6, 7);

#endif
