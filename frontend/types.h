/* Types of values: interned, so that equal types are the same pointer. Made by a TypeTable that lives as long as its module.
 * Knows no LLVM and no inference. */
#ifndef LJ_TYPES_H
#define LJ_TYPES_H

#include "base/map.h"
#include "frontend/ast.h"

typedef enum TypeKind {
  TYPE_SCALAR,   /* dtype */
  TYPE_TUPLE,    /* elems[count] */
  TYPE_ARRAY,    /* dtype, ndim, layout, readonly */
  TYPE_STR,      /* immutable UTF-8: constants and what f-strings make */
  TYPE_NONE,     /* the type of None */
  TYPE_OPTIONAL, /* elems[0] or None: only where a value and None meet */
  TYPE_DTYPE,    /* a dtype as a value: np.float32, a.dtype; `dtype` */
  TYPE_FUNC,     /* a function of the module as a value: func, and the types of its captures in elems[count] */
  TYPE_BUILTIN,  /* a builtin function as a value: builtin */
  TYPE_MODULE,   /* np, math: only good for attribute access */
  TYPE_ITER, /* range, enumerate, zip, reversed, ndenumerate, ndindex, flat, a generator: only good for loops and reductions; elems[0] is what a step gives */
  TYPE_SLICE, /* an item of an index */
  TYPE_ELLIPSIS,
} TypeKind;

typedef enum Layout { LAYOUT_C, LAYOUT_F, LAYOUT_A } Layout; /* of 0-d and 1-d contiguous arrays: C */

typedef struct Type Type;
struct Type {
  TypeKind kind;
  DType dtype;
  uint8_t ndim;
  Layout layout;
  bool readonly; /* top-level arrays seen from functions, read-only host arrays */
  uint32_t count;
  const Type **elems;
  FuncDef *func;
  const Builtin *builtin;
  Sym module; /* TYPE_MODULE; TYPE_TUPLE: the name of a named one */
  const char *name; /* as numba writes it: "float64", "array(float64, 2d, C)", "UniTuple(int64, 3)", "Tuple(int64, float64)" */
};

enum { TYPE_MAX_NDIM = 8 };

typedef struct TypeTable {
  Arena *arena; /* borrowed */
  Map interned;
  const Type *scalars[DT_COUNT];
  const Type *none, *str, *slice, *ellipsis;
} TypeTable;

void types_init(TypeTable *tt, Arena *arena);
static inline const Type *type_scalar(const TypeTable *tt, DType dtype) { return tt->scalars[dtype]; }
const Type *type_array(TypeTable *tt, DType dtype, unsigned ndim, Layout layout, bool readonly);
const Type *type_tuple(TypeTable *tt, const Type *const *elems, uint32_t count);
/* A tuple that prints as NAME(field=…, …): CacheInfo. */
const Type *type_named_tuple(TypeTable *tt, Sym name, const Type *const *elems, uint32_t count);
int tuple_field(const Type *t, const char *name); /* infer_memo.c: -1 when it has no such field */
const char *tuple_field_name(const Type *t, uint32_t index); /* of a named one */
const Type *type_optional(TypeTable *tt, const Type *of); /* of None or an optional: the same */
const Type *type_dtype(TypeTable *tt, DType dtype);
const Type *type_func(TypeTable *tt, FuncDef *func, const Type *const *captures, uint32_t count);
const Type *type_builtin(TypeTable *tt, const Builtin *builtin);
const Type *type_module(TypeTable *tt, Sym module);
const Type *type_iter(TypeTable *tt, const Type *element);

static inline const char *type_name(const Type *t) { return t ? t->name : "?"; }
static inline bool type_is_scalar(const Type *t) { return t && t->kind == TYPE_SCALAR; }
static inline bool type_is_array(const Type *t) { return t && t->kind == TYPE_ARRAY; }
static inline bool type_is_tuple(const Type *t) { return t && t->kind == TYPE_TUPLE; }
static inline bool type_is(const Type *t, DType dtype) { return t && t->kind == TYPE_SCALAR && t->dtype == dtype; }
static inline bool type_is_int(const Type *t) { return type_is_scalar(t) && dtype_is_int(t->dtype); }
static inline bool type_is_bool(const Type *t) { return type_is(t, DT_BOOL); }
static inline bool type_is_float(const Type *t) { return type_is_scalar(t) && dtype_is_float(t->dtype); }
static inline bool type_is_complex(const Type *t) { return type_is_scalar(t) && dtype_is_complex(t->dtype); }
bool type_is_uniform(const Type *tuple); /* a tuple whose elements all have one type; the empty tuple is */
/* Does a value of this type own heap memory (arrays, strings, tuples of them)? */
bool type_owns(const Type *t);
/* Can values of the type be variables, arguments and results (no module, iterator, slice)? */
bool type_is_value(const Type *t);

/* Where two paths meet, as numba unifies (LANGUAGE.md section 4). NULL when the types do not unify. Symmetric. */
const Type *type_unify(TypeTable *tt, const Type *a, const Type *b);
/* Can a value of type `from` be passed or stored where `to` is declared (numba's conversions for signatures)? */
bool type_can_convert(const Type *from, const Type *to);

/* promote.c: LANGUAGE.md section 5. Result of a binary operator on two scalars (not comparisons); NULL when the operator does not apply. */
const Type *promote_scalars(TypeTable *tt, BinOp op, const Type *a, const Type *b);
/* The same for array expressions: NumPy 2; a `weak` operand is a scalar that never widens an array of its kind or a higher one. */
bool promote_arrays(BinOp op, DType a, bool weak_a, DType b, bool weak_b, DType *out);
/* Dtype in which two operands of a comparison, maximum, where … meet. */
DType promote_common(DType a, bool weak_a, DType b, bool weak_b);

/* typespec.c: a type as written in an annotation or signature: float64[:, ::1], UniTuple(int64, 3), nb.types.float32, int, "float64[:]" in a
 * string. NULL after a diagnostic. */
const Type *typespec_parse(TypeTable *tt, StrTab *names, const Expr *expr, Diag *diag);
/* A whole signature: "float64(float64[:], int64)", float64(float64[:]), or without a result "float64[:], int64" and (float64, int64).
 * *result is NULL when the signature names none. */
bool typespec_signature(TypeTable *tt, StrTab *names, const Expr *expr, Diag *diag, const Type **result, const Type ***args,
                        uint32_t *count);

#endif
