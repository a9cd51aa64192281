/* What the two rooms of reductions share: lower_reduce.c (whole arrays, the table) and lower_axis.c (along axes). */
#ifndef LJ_LOWER_REDUCE_H
#define LJ_LOWER_REDUCE_H

#include "ir/lower/lower_array.h"

typedef enum ReduceKind {
  KIND_SUM,
  KIND_PROD,
  KIND_MEAN,
  KIND_MIN,
  KIND_MAX,
  KIND_ANY,
  KIND_ALL,
  KIND_ARGMIN,
  KIND_ARGMAX,
  KIND_NONE
} ReduceKind;

/* One reduction: how elements are combined. */
typedef struct ReduceCtx {
  ReduceKind kind;
  ReduceOp op;
  const Type *type; /* in which elements are combined */
  bool pairwise;    /* a float sum in NumPy's order */
  IrVar *acc;
  IrVar *best_at, *counter; /* ARGMIN, ARGMAX */
} ReduceCtx;

void reduce_init(ReduceCtx *ctx, ReduceKind kind, const Type *element, const Type *result);
IrExpr *reduce_start(Lower *lo, const ReduceCtx *ctx);                         /* what the accumulator holds before the first element */
const char *reduce_empty(ReduceKind kind);                                     /* the error of an empty array; NULL: none */
IrExpr *reduce_element(Fusion *f, const ReduceCtx *ctx, IrExpr *const *index); /* as ctx->type */
IrExpr *reduce_combine(Lower *lo, const ReduceCtx *ctx, IrExpr *acc, IrExpr *element);
IrExpr *reduce_quotient(Lower *lo, IrExpr *sum, IrExpr *count); /* of a mean */
IrExpr *reduce_is_better(Lower *lo, ReduceKind kind, IrExpr *value, IrExpr *best);
/* A REDUCE into ctx->acc over `ndim` dimensions; `axis` says which index of the tree each one is, the others are in `index` already. */
void reduce_emit(Fusion *f, const ReduceCtx *ctx, uint32_t ndim, const uint32_t *axis, IrExpr **index);

/* lower_axis.c: along the axes of the mask, into an array (or, with every axis reduced and kept, an array of ones). */
IrExpr *lower_axis_reduce(Fusion *f, ReduceKind kind, const Type *type, uint32_t axes, bool keepdims);

#endif
