/* What is known of mutable integers where a walk stands: see ranges.c. For the walk of bounds.c, which says what happens, in order. */
#ifndef LJ_RANGES_H
#define LJ_RANGES_H

#include "ir/passes/affine.h"

enum { RANGE_CANDIDATES = 12 };

typedef struct RangeVar RangeVar; /* a mutable integer of the function */

typedef struct RangeHead { /* of a variable that a loop sets: forms that may be >= 0 at the loop's head, over the variable's leaf */
  RangeVar *v;
  Affine candidates[RANGE_CANDIDATES];
  bool at_entry[RANGE_CANDIDATES], kept[RANGE_CANDIDATES], at_exit[RANGE_CANDIDATES]; /* at_entry: also when there is no iteration */
  uint32_t count;
  bool small, exit_small;
} RangeHead;

typedef struct RangeLoop {
  struct RangeLoop *outer;
  const IrStmt *stmt;
  Vec(RangeHead) heads;
  bool changed; /* a candidate was dropped since ranges_head */
} RangeLoop;

typedef Vec(RangeVar *) RangeVars;
typedef struct RangeState { /* of some variables at the end of a path, and the facts behind `mark` there */
  Affine *values;
  bool *has;
  uint32_t mark;
  Vec(Affine) known;
} RangeState;

typedef struct Ranges {
  Facts *f;
  Map vars;             /* IrVar -> RangeVar */
  RangeVars all;
  Map unknowns;         /* variable and place -> leaf */
  RangeLoop *loop;
  uint32_t asked; /* times that ranges_changed ran */
} Ranges;

void ranges_init(Ranges *r, Facts *f);
void ranges_set(Ranges *r, const IrStmt *s); /* a statement that gives a variable a value */
/* What a branch may change: only that is saved, since functions have many variables and branches. */
void ranges_changed(Ranges *r, IrStmt *branch, RangeVars *out);
void ranges_save(const Ranges *r, const RangeVars *vars, uint32_t mark, RangeState *out);
void ranges_restore(const RangeVars *vars, const RangeState *state);
void ranges_join(Ranges *r, const RangeVars *vars, const RangeState *a, const RangeState *b, const void *place);

/* A loop: enter; then, until nothing changed, head, the body, back at its end and at each `continue`; then once more with start_exits before it, break
 * at each way out; leave. give_up: nothing is known in the loop. */
void ranges_enter(Ranges *r, RangeLoop *loop, IrStmt *s);
void ranges_head(Ranges *r, RangeLoop *loop);
void ranges_back(Ranges *r);
void ranges_start_exits(RangeLoop *loop);
void ranges_break(Ranges *r);
void ranges_give_up(RangeLoop *loop);
void ranges_leave(Ranges *r, RangeLoop *loop);

#endif
