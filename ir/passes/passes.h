/* The functions behind the rows of ir_passes (ir/passes/passes.c), and what they share. */
#ifndef LJ_PASSES_H
#define LJ_PASSES_H

#include "ir/build.h"
#include "ir/walk.h"

void pass_join(IrUnit *unit); /* splice.c */
void pass_splice(IrUnit *unit); /* splice.c */
void pass_fuse(IrUnit *unit);    /* fuse.c */
void pass_expand(IrUnit *unit);  /* expand.c */
void pass_race(IrUnit *unit);    /* race.c */
void pass_fold(IrUnit *unit);    /* fold.c */
void pass_values(IrUnit *unit);  /* values.c */
void pass_counters(IrUnit *unit); /* counters.c */
void pass_reuse(IrUnit *unit);   /* reuse.c */
void pass_bounds(IrUnit *unit);  /* bounds.c */
void pass_version(IrUnit *unit); /* version.c */
void pass_auto(IrUnit *unit);    /* parallel_auto.c */
void pass_elements(IrUnit *unit); /* elements.c */
void pass_parallel(IrUnit *unit); /* parallel.c */
void pass_blocks(IrUnit *unit); /* blocks.c */
void pass_defer(IrUnit *unit); /* defer.c */
void pass_wrap(IrUnit *unit); /* wrap.c */
void pass_narrow(IrUnit *unit); /* narrow.c */
void pass_poll(IrUnit *unit); /* poll.c */
void pass_effort(IrUnit *unit); /* effort.c */
void pass_effects(IrUnit *unit); /* effects.c */
void pass_trial(IrUnit *unit); /* trial.c */

/* expand.c: what a reduction's accumulator becomes with one more element. */
IrExpr *expand_combine(IrBuilder *b, ReduceOp op, IrExpr *acc, IrExpr *element);
/* pairwise.c: the innermost dimension of a REDUCE with `pairwise`, added to its accumulator. */
void expand_pairwise(IrBuilder *b, const IrStmt *reduce, IrBlock *out);
/* fold.c: one node whose arguments are folded already. */
IrExpr *fold_node(IrUnit *unit, IrExpr *e);
/* fold.c: drops what folded conditions made dead: checks that hold, branches not taken. Rebuilds the block. */
void fold_block(IrUnit *unit, IrBlock *block);

#endif
