/* What the two rooms of the pass "fuse" share: neighbouring nests of one block that become one. */
#ifndef LJ_FUSE_H
#define LJ_FUSE_H

#include "ir/clone.h"
#include "ir/passes/fit.h"

enum { FUSE_MOST_PARTS = 32, FUSE_MOST_ARRAYS = 24, FUSE_MOST_NAMES = 64 }; /* arrays of one part; of all, each under all its names */

/* Where a statement of the region goes. */
typedef enum FusePlace {
  PLACE_BEFORE, /* in front of the test: cannot be noticed there */
  PLACE_NEST,
  PLACE_GUARD, /* a check that becomes a part of the test; the cold way has it at its place */
  PLACE_COLD,  /* only about temporaries that the hot way does not have */
  PLACE_AFTER
} FusePlace;

typedef struct FuseArray { /* that a part touches */
  IrVar *array;
  uint32_t ones;
  bool stored;
  bool own; /* all accesses are at the nest's own indices, with all of them */
} FuseArray;
typedef struct FusePart {
  IrStmt *stmt;
  uint32_t ndim;
  IrVar **index;
  IrExpr **extent;
  IrBlock *body;
  IrFit *fit;
  IrLoop *loop;
  FuseArray arrays[FUSE_MOST_ARRAYS];
  uint32_t array_count;
} FusePart;
typedef struct FuseTemp { /* an array that the hot way does without */
  IrVar *array;           /* of the ALLOC */
  IrStmt *alloc;
} FuseTemp;

typedef struct Fuse {
  IrBuilder b;
  Facts f;
  IrBlock *block;
  uint32_t first, last; /* statements of the region, both nests */
  FusePlace *place;     /* by statement, from `first` */
  FusePart parts[FUSE_MOST_PARTS];
  uint32_t part_count;
  IrStmt *reduce; /* the last one among them; NULL: none */
  bool *later;    /* by IrVar.id: has its value only after the nest */
  bool library;   /* some part calls a function that is no instruction */
  bool noticed;   /* some part so far stores into memory that others see */
  Vec(FuseTemp) temps;
  FitTest test;
} Fuse;

bool fuse_is_temp(const Fuse *x, const IrVar *array);
/* Not different memory, as far as is known: fresh memory of the region differs from arrays that were there before. */
bool fuse_may_share(const Fuse *x, IrVar *a, IrVar *b);
/* fuse_build.c: appends what replaces the region. */
void fuse_build(Fuse *x, IrBlock *out);

#endif
