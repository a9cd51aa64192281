/* What the rooms of the pass "parallel" share: one loop that is being outlined. */
#ifndef LJ_PARALLEL_H
#define LJ_PARALLEL_H

#include "ir/passes/passes.h"

enum { PARALLEL_MOST_CHUNKS = 128, PARALLEL_MOST_COPIES = 16 };

/* A variable with private copies, and where the copies wait to be combined: element number `chunk` of an array. */
typedef struct Shared {
  IrReduction what;
  IrVar *start;            /* chunk function: the value before the loop; NULL when the neutral element is used */
  IrVar *own;              /* chunk function: the private copy */
  IrVar *set;              /* chunk function: bool, whether it was set; NULL where that does not matter */
  IrVar *parts, *sets;     /* caller: arrays of the copies */
  IrVar *own_parts, *own_sets; /* chunk function: the same */
} Shared;

typedef struct Outline {
  IrBuilder out; /* the caller: what replaces the loop */
  IrBuilder in;  /* the chunk function */
  IrFunc *caller, *body;
  IrStmt *loop;
  bool *inside;  /* by IrVar.id of the caller: set in the loop */
  bool *outside; /* … occurs elsewhere */
  Map vars;      /* caller's IrVar -> chunk function's; so with IrAlias */
  Vec(Shared) shared;
  Vec(IrVar *) captures;
  IrVar *chunk, *lo, *hi; /* parameters of the chunk function */
  IrVar *chunks;          /* caller */
  int64_t serial_below;   /* iterations that are not worth a thread; 0: decided at run time */
} Outline;

/* parallel.c: the chunk function's parameter for a variable of the caller. */
IrVar *outline_capture(Outline *o, IrVar *var);

/* parallel_reduce.c */
void shared_alloc(Outline *o, Shared *sh);   /* caller, before: room for the copies */
void shared_start(Outline *o, Shared *sh);   /* chunk function, before the loop */
void shared_mark(Outline *o, IrBlock *body); /* chunk function: notes behind each assignment that there was one */
void shared_finish(Outline *o, Shared *sh);  /* chunk function, after the loop */
void shared_combine(Outline *o);             /* caller, after: all copies, chunk by chunk */

/* parallel_element.c: what goes before and behind the loop; false: it must run serially. `inside`: by IrVar.id, set in the loop. */
bool elements_keep_last(const IrBuilder *b, IrStmt *loop, const bool *inside, IrBlock *before, IrBlock *after);

/* parallel_cost.c: about how many picoseconds an iteration takes (int64, 1 to 2^39), from constants and what is fixed before the loop. */
IrExpr *loop_cost(IrBuilder *b, const IrStmt *loop, const bool *inside);

/* … and a statement of the function by itself, without its blocks and callees. */
int64_t stmt_cost(IrFunc *func, IrStmt *s);

#endif
