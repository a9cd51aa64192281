/* What the rooms of subscripts share: lower_index.c reads the items and does elements and views, lower_fancy.c indexing by arrays of
 * integers (and by arrays of bools among other items), lower_mask.c a[mask]. */
#ifndef LJ_LOWER_INDEX_H
#define LJ_LOWER_INDEX_H

#include "ir/lower/lower_array.h"

typedef enum ItemKind { ITEM_AT, ITEM_SLICE, ITEM_NEW, ITEM_ARRAY } ItemKind;
typedef struct Item {
  ItemKind kind;
  IrExpr *at;       /* ITEM_AT: in range, stable */
  SliceRange range; /* ITEM_SLICE */
  IrVar *array;     /* ITEM_ARRAY: of integers or bools; `once` */
  bool fresh;       /* ITEM_ARRAY: made for this subscript, shares memory with nothing */
} Item;

/* A subscript made ready: one item per axis that was used, newaxes between them; axes from `axis` on are whole. */
typedef struct Subscript {
  IrVar *base;
  Item items[3 * TYPE_MAX_NDIM];
  uint32_t count, axis;
  uint32_t level; /* items from here on are the last pair of brackets' */
  uint32_t gaps;  /* bit per item: an ellipsis for no axes stands before it */
  bool is_view;   /* not an element */
  bool is_fancy;  /* an item is an array */
} Subscript;

/* ---- lower_fancy.c: nothing is changed before every index was checked ---- */
IrExpr *lower_fancy_get(Lower *lo, Subscript *s, const Type *type); /* a new array */
void lower_fancy_set(Lower *lo, Subscript *s, IrExpr *value, bool fresh, Span at);
void lower_fancy_aug(Lower *lo, Subscript *s, BinOp op, const Expr *value, const Type *type, Span at);
/* value[...] seen in the shape of a selection (leading ones dropped, axes of extent 1 repeated); checked. */
IrVar *lower_stretch(Lower *lo, IrVar *value, uint32_t ndim, IrExpr *const *extent);

/* ---- lower_mask.c: the only item is an array of bools ---- */
bool lower_is_mask(const Lower *lo, const Expr *index);
IrExpr *lower_mask_get(Lower *lo, const Expr *index);
void lower_mask_set(Lower *lo, const Expr *index, IrExpr *value, Span at);
/* The places where a mask is true, one new array for each of its axes; it is checked against the base's axes from `axis` on. */
void lower_nonzero(Lower *lo, IrVar *mask, IrVar *base, uint32_t axis, IrVar **places);
void lower_mask_aug(Lower *lo, const Expr *index, BinOp op, const Expr *value, Span at);

#endif
