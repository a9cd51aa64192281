/* Makes Loop IR nodes. Folds nothing: passes do that. Every function asserts the types it is given. */
#ifndef LJ_IR_BUILD_H
#define LJ_IR_BUILD_H

#include "ir/ir.h"

/* Where statements go: the end of `block`. */
typedef struct IrBuilder {
  Arena *arena;
  IrUnit *unit;
  IrFunc *func;
  IrBlock *block;
  Span span; /* given to the statements that are made */
  TypeTable *types;
  const IrFrame *frame; /* given to them too */
} IrBuilder;

IrExpr *ir_int(IrBuilder *b, int64_t value); /* int64 */
IrExpr *ir_bool(IrBuilder *b, bool value);
IrExpr *ir_float(IrBuilder *b, double value); /* float64 */
IrExpr *ir_const(IrBuilder *b, const Type *scalar, double value); /* of any scalar type; integers must be exact in a double */
IrExpr *ir_uint(IrBuilder *b, const Type *int_type, uint64_t bits);
IrExpr *ir_complex_const(IrBuilder *b, const Type *type, double re, double im);
IrExpr *ir_string(IrBuilder *b, Sym text);
IrExpr *ir_none(IrBuilder *b, const Type *type);
IrExpr *ir_var(IrBuilder *b, IrVar *var);
IrExpr *ir_unary(IrBuilder *b, IrOp op, const Type *type, IrExpr *a);
IrExpr *ir_binary(IrBuilder *b, IrOp op, const Type *type, IrExpr *a, IrExpr *c);
IrExpr *ir_compare(IrBuilder *b, IrOp op, IrExpr *a, IrExpr *c); /* bool */
IrExpr *ir_inside(IrBuilder *b, IrExpr *x, IrExpr *extent); /* 0 <= x < extent, of int64; extent >= 0: one comparison */
IrExpr *ir_select(IrBuilder *b, IrExpr *cond, IrExpr *a, IrExpr *c);
IrExpr *ir_cast(IrBuilder *b, const Type *to, IrExpr *a); /* a itself when the type is the same */
IrExpr *ir_math(IrBuilder *b, MathId id, const Type *type, IrExpr *const *args, uint32_t count);
IrExpr *ir_rtcall(IrBuilder *b, const char *symbol, const Type *type, IrExpr *const *args, uint32_t count);
IrExpr *ir_tuple(IrBuilder *b, const Type *type, IrExpr *const *items, uint32_t count);
IrExpr *ir_get(IrBuilder *b, IrExpr *tuple, uint32_t index);
IrExpr *ir_load(IrBuilder *b, IrVar *array, IrExpr *const *indices);
IrExpr *ir_shape(IrBuilder *b, IrVar *array, uint32_t axis);
IrExpr *ir_stride(IrBuilder *b, IrVar *array, uint32_t axis);
IrExpr *ir_size(IrBuilder *b, IrVar *array);
IrExpr *ir_view(IrBuilder *b, const Type *type, IrVar *base, IrExpr *offset, IrExpr *const *shape, IrExpr *const *strides);
IrExpr *ir_expr(IrBuilder *b, IrOp op, const Type *type, IrExpr *const *args, uint32_t count); /* any other */

IrVar *ir_new_var(IrBuilder *b, const char *name,
                  const Type *type); /* name NULL: a temporary "tN". owns/once/temp are the caller's to set */
IrStmt *ir_stmt(IrBuilder *b, IrStmtKind kind); /* appended, empty */
IrStmt *ir_for(IrBuilder *b, const char *name, IrExpr *lo, IrExpr *hi); /* a loop without a body, with a fresh index */
void ir_set(IrBuilder *b, IrVar *var, IrExpr *value);
IrVar *ir_let(IrBuilder *b, const char *name, IrExpr *value); /* a fresh `once` variable set to the value; borrows when the type owns */
/* A function of the runtime with effects. `result` may be NULL; `fails`: it returns a status. */
/* The function of the host that a symbol of an RTCALL or RUNTIME names; NULL: it is the runtime's own. */
const struct HostSig *ir_host(const IrUnit *unit, const char *symbol);
void ir_runtime(IrBuilder *b, const char *symbol, IrExpr *const *args, uint32_t count, IrVar *result, bool fails);
void ir_store(IrBuilder *b, IrVar *array, IrExpr *const *indices, IrExpr *value);
void ir_check(IrBuilder *b, IrCheckKind check, IrExpr *ok, ErrorKind error, const char *message, IrExpr *a0, IrExpr *a1, IrExpr *a2,
              IrExpr *a3);

bool ir_is_const(const IrExpr *e);
bool ir_is_int_const(const IrExpr *e, int64_t *value);
/* Cheap and unaffected by any statement: constants, `once` variables, extents of `once` arrays. Such trees may be duplicated and moved. */
bool ir_is_stable(const IrExpr *e);

#endif
