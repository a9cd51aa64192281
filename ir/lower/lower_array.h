/* What the array rooms share: small integer arithmetic for index computing, nests of loops, views, fused trees of array expressions.
 *   lower_index.c   items of a subscript, elements, stores          lower_slice.c   slices, views, borrowing
 *   lower_create.c  creation, copies, the table of array rows       lower_shape.c   attributes, reshape, transpose, parts of complex arrays
 *   lower_views.c    broadcast_to, diagonals, view(dtype), iinfo and finfo
 *   lower_fancy.c   subscripts by arrays of integers           lower_mask.c    subscripts by arrays of bools
 *   lower_display.c np.array of displays and comprehensions
 *   lower_elem.c    trees of array expressions and their index space
 *   lower_map.c     maps: new arrays, assignment to slices          lower_reduce.c, lower_axis.c  reductions, whole and along axes */
#ifndef LJ_LOWER_ARRAY_H
#define LJ_LOWER_ARRAY_H

#include "ir/lower/lower.h"

/* ---- lower_slice.c: int64 expressions with 0, 1 and constants folded away, so that views stay readable ---- */
IrExpr *ix_add(Lower *lo, IrExpr *a, IrExpr *b);
IrExpr *ix_sub(Lower *lo, IrExpr *a, IrExpr *b);
IrExpr *ix_mul(Lower *lo, IrExpr *a, IrExpr *b);
IrExpr *ix_min(Lower *lo, IrExpr *a, IrExpr *b);
IrExpr *ix_max(Lower *lo, IrExpr *a, IrExpr *b);
bool ix_is(const IrExpr *e, int64_t value);
static inline const Type *lower_int_type(const Lower *lo) { return type_scalar(lo->types, DT_INT64); }
static inline const Type *lower_elem_type(const Lower *lo, const Type *array) { return type_scalar(lo->types, array->dtype); }
IrExpr *lower_stable(Lower *lo, IrExpr *e);           /* itself when nothing can change it, else a `once` variable */
IrExpr *lower_open(Lower *lo, IrExpr *value, Span at); /* the value of an optional, else itself */
IrVar *lower_array_of(Lower *lo, const Expr *e);      /* the variable of an array-typed expression */
IrVar *lower_pin(Lower *lo, IrVar *array);            /* a `once` variable for the same array: borrows until the end of the statement */

/* ---- views ---- */
typedef struct View {
  IrVar *base;
  IrExpr *offset; /* bytes */
  uint32_t ndim;
  IrExpr *shape[TYPE_MAX_NDIM], *stride[TYPE_MAX_NDIM];
} View;
void view_of(Lower *lo, View *v, IrVar *base); /* all of it: offset 0, its shape and strides */
IrVar *view_var(Lower *lo, const char *name, const Type *type, const View *v);
/* Clamped like Python's: elements start, start + step, … of an axis of extent n; all stable. */
typedef struct SliceRange {
  IrExpr *start, *count, *step;
  bool whole;
} SliceRange;
typedef struct SliceBound { /* one of lo, hi, step */
  bool given, known;
  int64_t constant;
  IrExpr *value; /* stable int64 */
} SliceBound;
SliceRange slice_range(Lower *lo, IrExpr *n, SliceBound from, SliceBound to, SliceBound step);

/* ---- nests of loops: statements go into the innermost body between open and close ---- */
typedef struct Nest {
  IrStmt *stmt; /* NULL for no dimensions: the block goes on */
  IrBlock *outer;
  IrExpr *index[TYPE_MAX_NDIM];
} Nest;
void nest_map(Lower *lo, Nest *nest, uint32_t ndim, IrExpr *const *extent, bool column_major);
void nest_close(Lower *lo, Nest *nest);
/* FOR loops one in another, in index order: for loops that carry something. */
void nest_for(Lower *lo, Nest *nest, uint32_t ndim, IrExpr *const *extent);
IrBlock *lower_enter(Lower *lo, IrBlock *inner); /* statements go to `inner` now; gives what was before */
static inline void lower_leave(Lower *lo, IrBlock *outer) { lo->b.block = outer; }
void lower_shape_of(Lower *lo, IrVar *array, IrExpr **shape); /* stable */
/* An owning temporary of the statement; layout A becomes C. */
IrVar *lower_alloc(Lower *lo, const Type *type, IrExpr *const *shape, bool zero);
/* An owning temporary that branches set: not `once`. */
IrVar *lower_slot(Lower *lo, const Type *type);
void lower_alloc_into(Lower *lo, IrVar *var, IrExpr *const *shape, bool zero);
const Type *lower_layout(Lower *lo, const Type *array, Layout layout);           /* the writable type with another layout */
/* Element number `flat` in C order; gives its indices, too, unless that is NULL. */
IrExpr *lower_flat_load(Lower *lo, IrVar *array, IrExpr *flat, IrExpr **indices);

/* ---- lower_elem.c: an array expression as a tree over one index space ---- */
typedef enum ElemKind { ELEM_SCALAR, ELEM_ARRAY, ELEM_CAST, ELEM_BINOP, ELEM_CMPOP, ELEM_UNOP, ELEM_UFUNC, ELEM_WHERE, ELEM_CALL } ElemKind;
typedef struct Elem Elem;
struct Elem {
  ElemKind kind;
  const Type *type; /* of one element */
  bool weak;        /* a scalar: does not widen arrays */
  Span span;
  int op;             /* BinOp, CmpOp, UnOp */
  const Builtin *row; /* ELEM_UFUNC */
  IrExpr *value;      /* ELEM_SCALAR: stable */
  uint32_t leaf;      /* ELEM_ARRAY: in Fusion.leaves */
  uint32_t count;
  const Spec *spec;   /* ELEM_CALL: a scalar function of the module */
  Elem **args;
};
typedef struct Leaf {
  IrVar *source; /* the variable that the expression named */
  IrVar *array;  /* the same array, `once` */
  IrVar *wide;   /* inside the general version: a view over the whole space, stride 0 where it is broadcast */
  uint32_t ones; /* bit per axis: the extent is known to be 1 */
} Leaf;
typedef struct Fusion {
  Lower *lo;
  Elem *root;
  Vec(Leaf) leaves;
  uint32_t ndim;
  IrExpr *extent[TYPE_MAX_NDIM]; /* of the broadcast space; stable */
  IrExpr *plain;                 /* bool: no leaf is broadcast along a shared axis; NULL: known while compiling */
  Span span;
} Fusion;
void fusion_init(Fusion *f, Lower *lo, Span at);
Elem *fusion_build(Fusion *f, const Expr *e); /* binds the leaves, in Python's order */
Elem *fusion_array(Fusion *f, IrVar *array, uint32_t ones, Span at);
Elem *fusion_scalar(Fusion *f, IrExpr *value, Span at);
Elem *fusion_call(Fusion *f, const Spec *spec, Expr *const *args, uint32_t count, Span at); /* a @vectorize function of its arguments */
Elem *fusion_binop(Fusion *f, BinOp op, Elem *a, Elem *b, Span at);
void fusion_space(Fusion *f);                       /* index space of root's leaves; emits the shape checks */
void fusion_fit(Fusion *f, IrFit *fit);             /* what a MAP or REDUCE over that space needs */
void fusion_widen(Fusion *f, IrExpr *const *extent); /* in the general version: makes the wide views */
void fusion_narrow(Fusion *f);                      /* forget them */
IrExpr *fusion_value(Fusion *f, const Elem *e, IrExpr *const *index);
IrExpr *fusion_total(Fusion *f); /* number of elements */
/* For nests that are no MAP or REDUCE: emits the plain and, if it can be needed, the general version: emit() is called for each in its block. */
typedef void (*FusionEmit)(Fusion *f, bool general, void *data);
void fusion_versions(Fusion *f, IrExpr *const *extent, FusionEmit emit, void *data);

/* ---- the other rooms ---- */
/* lower_vectorize.c: a function of the module called with values, here; its result has no owner */
IrExpr *lower_call_scalar(Lower *lo, const Spec *spec, IrExpr *const *values, uint32_t count, Span at);
IrExpr *lower_ufunc_out(Lower *lo, const Expr *call, const Callee *callee); /* f(a, b, out) */
IrExpr *lower_ufunc_reduce(Lower *lo, const Expr *call, const Callee *callee); /* f.reduce(a) */
IrExpr *lower_stencil(Lower *lo, const Expr *call, const Callee *callee); /* lower_stencil.c */
IrExpr *lower_stencil_index(Lower *lo, const Expr *e); /* a[0, 1] in a kernel: an offset */
void lower_stencil_params(Lower *lo); /* the point, after the parameters */
IrExpr *lower_gufunc(Lower *lo, const Expr *call, const Callee *callee); /* lower_gufunc.c */
IrVar *fusion_result(Fusion *f, const Type *type); /* lower_map.c: the tree's value as a new array, after fusion_space */
void lower_assign_fusion(Lower *lo, IrVar *target, Fusion *f, Span at); /* lower_map.c: target[...] = tree */
void lower_assign_value(Lower *lo, IrVar *target, IrExpr *value, Span at); /* target[...] = scalar, tuple or array value */
IrVar *lower_tuple_array(Lower *lo, IrExpr *tuple); /* of scalars: as a new 1-d array */
/* array op= value in place; also for names of arrays */
void lower_aug_array(Lower *lo, IrVar *array, BinOp op, const Expr *value, Span at);
/* `target = value` where target is an EXPR_INDEX that selects a sub-array: no temporary for the right side. False: not such a case,
 * nothing is done. */
bool lower_store_expr(Lower *lo, const Expr *target, const Expr *value, Span at);
IrExpr *lower_display(Lower *lo, const Expr *e, const Type *type, Span at); /* lower_display.c: np.array(e) */
/* lower_shape.c */
IrExpr *lower_reshape(Lower *lo, IrVar *array, const Type *type, IrExpr *const *dims, bool copy, Span at);
uint32_t lower_dims(Lower *lo, Expr *const *args, uint32_t count, IrExpr **out); /* integers or one tuple of integers; stable int64 */
typedef IrExpr *(*ArrayRule)(Lower *lo, const Expr *call, const Callee *callee);
ArrayRule lower_shape_rule(BuiltinId id); /* NULL when it is not one */
ArrayRule lower_views_rule(BuiltinId id); /* lower_views.c; NULL when it is not one */
ArrayRule lower_random_rule(BuiltinId id); /* lower_random.c; NULL when it is not one */
ArrayRule lower_linalg_rule(BuiltinId id); /* lower_linalg.c: numpy.linalg, numpy.fft; NULL when it is not one */
/* lower_matmul.c */
ArrayRule lower_matmul_rule(BuiltinId id); /* NULL when it is not one */
IrExpr *lower_matmul(Lower *lo, const Expr *e); /* the operator @ */
IrExpr *lower_matmul_values(Lower *lo, IrVar *left, IrVar *right, const Type *type);

#endif
