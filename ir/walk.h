/* Walking Loop IR: the expressions and blocks of a statement, and rewriting of expression trees. For passes and the verifier. */
#ifndef LJ_IR_WALK_H
#define LJ_IR_WALK_H

#include "ir/build.h"

typedef void (*IrSlotFn)(IrExpr **slot, void *data);
/* Every root expression of the statement itself (not of statements inside its blocks), as a slot that may be replaced. */
void ir_stmt_exprs(IrStmt *s, IrSlotFn fn, void *data);
/* All variables that the statement itself mentions: those outside of expressions (slots may hold NULL), and the roots of its expressions. */
typedef struct IrMentions {
  void (*var)(IrVar **slot, void *data);
  IrSlotFn expr;
  void *data;
} IrMentions;
void ir_mentions(const IrMentions *m, IrStmt *s);
/* The blocks of a statement in order: at most 2. Returns how many. */
unsigned ir_stmt_blocks(IrStmt *s, IrBlock *out[2]);
/* Does fn hold for some statement of the block, at any depth? */
bool ir_any(const IrBlock *block, bool (*fn)(const IrStmt *s, const void *data), const void *data);
bool ir_is_loop(const IrStmt *s, const void *unused); /* FOR or WHILE; for ir_any */
/* A set of variables of one function that is emptied at once: for passes that ask of each loop what it sets. Tables of booleans for each would be quadratic. */
typedef struct IrMarks {
  uint32_t *of; /* by IrVar.id: in the set when it is `now` */
  uint32_t cap, now;
} IrMarks;
static inline void ir_marks_clear(IrMarks *marks) { marks->now++; }
void ir_mark(Arena *arena, IrMarks *marks, const IrVar *var);
static inline bool ir_marked(const IrMarks *marks, const IrVar *var) { return var->id < marks->cap && marks->of[var->id] == marks->now; }
/* May the block become a function of its own? It does not jump out of itself, and gives no references to variables. */
bool ir_stands_apart(const IrBlock *block);
/* Does the block end with a jump? */
bool ir_ends(const IrBlock *block);
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
/* The group of an array; -1: the alias (which may be NULL) does not know it. */
int64_t ir_alias_group(const IrAlias *alias, const IrVar *array);
bool ir_alias_apart(const IrAlias *alias, const IrVar *a, const IrVar *b); /* surely other memory */
void ir_remark(Arena *arena, IrLoop *loop, const char *pass, bool done, Span at, const char *fmt, ...) LJ_PRINTF(6, 7);

#endif
