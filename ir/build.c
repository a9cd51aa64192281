/* Makes Loop IR nodes in the unit's arena; asserts the types it is given. Also the table of math functions.
 * In: a builder that stands in a block. Out: expressions, variables, statements appended to that block.
 * Must not fold or rewrite anything: that is what passes are for. */
#include "ir/build.h"

#include "frontend/host.h"

const MathInfo math_info[MATH_COUNT] = {
#define MATH(id, name, args, f64, f32, c128) {name, args, f64, f32, c128},
#include "ir/math.def"
#undef MATH
};

IrExpr *ir_expr(IrBuilder *b, IrOp op, const Type *type, IrExpr *const *args, uint32_t count) {
  IrExpr *e = arena_new(b->arena, IrExpr);
  e->op = op;
  e->type = type;
  e->count = count;
  if (count) {
    e->args = arena_array(b->arena, IrExpr *, count);
    memcpy(e->args, args, count * sizeof *args);
  }
  LJ_ASSERT(type != NULL);
  for (uint32_t i = 0; i < count; i++) LJ_ASSERT(args[i] != NULL);
  return e;
}

static IrExpr *leaf(IrBuilder *b, IrOp op, const Type *type) { return ir_expr(b, op, type, NULL, 0); }

static const Type *scalar(IrBuilder *b, DType dtype) { return type_scalar(b->types, dtype); }

IrExpr *ir_uint(IrBuilder *b, const Type *int_type, uint64_t bits) {
  LJ_ASSERT(type_is_int(int_type) || type_is_bool(int_type));
  IrExpr *e = leaf(b, IR_CONST, int_type);
  e->as.i = (int64_t)bits;
  return e;
}

IrExpr *ir_int(IrBuilder *b, int64_t value) { return ir_uint(b, scalar(b, DT_INT64), (uint64_t)value); }

IrExpr *ir_bool(IrBuilder *b, bool value) { return ir_uint(b, scalar(b, DT_BOOL), value); }

IrExpr *ir_complex_const(IrBuilder *b, const Type *type, double re, double im) {
  LJ_ASSERT(type_is_complex(type));
  IrExpr *e = leaf(b, IR_CONST, type);
  e->as.c[0] = re;
  e->as.c[1] = im;
  return e;
}

IrExpr *ir_const(IrBuilder *b, const Type *type, double value) {
  LJ_ASSERT(type_is_scalar(type));
  if (type_is_complex(type)) return ir_complex_const(b, type, value, 0.0);
  if (!type_is_float(type)) return ir_uint(b, type, value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value);
  IrExpr *e = leaf(b, IR_CONST, type);
  e->as.f = value;
  return e;
}

IrExpr *ir_float(IrBuilder *b, double value) { return ir_const(b, scalar(b, DT_FLOAT64), value); }

IrExpr *ir_string(IrBuilder *b, Sym text) {
  IrExpr *e = leaf(b, IR_STRING, b->types->str);
  e->as.str = text;
  return e;
}

IrExpr *ir_none(IrBuilder *b, const Type *type) { return leaf(b, IR_NONE, type); }

IrExpr *ir_var(IrBuilder *b, IrVar *var) {
  IrExpr *e = leaf(b, IR_VAR, var->type);
  e->as.var = var;
  return e;
}

IrExpr *ir_unary(IrBuilder *b, IrOp op, const Type *type, IrExpr *a) { return ir_expr(b, op, type, &a, 1); }

IrExpr *ir_binary(IrBuilder *b, IrOp op, const Type *type, IrExpr *a, IrExpr *c) {
  IrExpr *args[2] = {a, c};
  return ir_expr(b, op, type, args, 2);
}

IrExpr *ir_compare(IrBuilder *b, IrOp op, IrExpr *a, IrExpr *c) {
  LJ_ASSERT(op >= IR_EQ && op <= IR_GE);
  return ir_binary(b, op, scalar(b, DT_BOOL), a, c);
}

IrExpr *ir_inside(IrBuilder *b, IrExpr *x, IrExpr *extent) {
  const Type *bits = type_scalar(b->types, DT_UINT64);
  return ir_compare(b, IR_LT, ir_cast(b, bits, x), ir_cast(b, bits, extent));
}

IrExpr *ir_select(IrBuilder *b, IrExpr *cond, IrExpr *a, IrExpr *c) {
  LJ_ASSERT(type_is_bool(cond->type) && a->type == c->type);
  IrExpr *args[3] = {cond, a, c};
  return ir_expr(b, IR_SELECT, a->type, args, 3);
}

IrExpr *ir_cast(IrBuilder *b, const Type *to, IrExpr *a) {
  if (a->type == to) return a;
  LJ_ASSERT(type_is_scalar(to) && type_is_scalar(a->type));
  return ir_unary(b, IR_CAST, to, a);
}

IrExpr *ir_math(IrBuilder *b, MathId id, const Type *type, IrExpr *const *args, uint32_t count) {
  LJ_ASSERT((int)count == math_info[id].args);
  IrExpr *e = ir_expr(b, IR_MATH, type, args, count);
  e->as.math = id;
  return e;
}

IrExpr *ir_rtcall(IrBuilder *b, const char *symbol, const Type *type, IrExpr *const *args, uint32_t count) {
  IrExpr *e = ir_expr(b, IR_RTCALL, type, args, count);
  e->as.symbol = symbol;
  return e;
}

IrExpr *ir_tuple(IrBuilder *b, const Type *type, IrExpr *const *items, uint32_t count) {
  LJ_ASSERT(type_is_tuple(type) && type->count == count);
  return ir_expr(b, IR_TUPLE, type, items, count);
}

IrExpr *ir_get(IrBuilder *b, IrExpr *tuple, uint32_t index) {
  LJ_ASSERT(type_is_tuple(tuple->type) && index < tuple->type->count);
  if (tuple->op == IR_TUPLE) return tuple->args[index];
  IrExpr *e = ir_unary(b, IR_GET, tuple->type->elems[index], tuple);
  e->as.i = index;
  return e;
}

IrExpr *ir_load(IrBuilder *b, IrVar *array, IrExpr *const *indices) {
  LJ_ASSERT(type_is_array(array->type));
  IrExpr *args[1 + TYPE_MAX_NDIM] = {ir_var(b, array)};
  for (unsigned i = 0; i < array->type->ndim; i++) args[1 + i] = indices[i];
  IrExpr *e = ir_expr(b, IR_LOAD, scalar(b, array->type->dtype), args, 1u + array->type->ndim);
  e->as.at = b->span;
  return e;
}

static IrExpr *array_fact(IrBuilder *b, IrOp op, IrVar *array, uint32_t axis) {
  LJ_ASSERT(type_is_array(array->type) && (op == IR_SIZE || op == IR_DATA || axis < array->type->ndim));
  IrExpr *e = ir_unary(b, op, scalar(b, DT_INT64), ir_var(b, array));
  e->as.i = axis;
  return e;
}

IrExpr *ir_shape(IrBuilder *b, IrVar *array, uint32_t axis) { return array_fact(b, IR_SHAPE, array, axis); }

IrExpr *ir_stride(IrBuilder *b, IrVar *array, uint32_t axis) { return array_fact(b, IR_STRIDE, array, axis); }

IrExpr *ir_size(IrBuilder *b, IrVar *array) { return array_fact(b, IR_SIZE, array, 0); }

IrExpr *ir_view(IrBuilder *b, const Type *type, IrVar *base, IrExpr *offset, IrExpr *const *shape, IrExpr *const *strides) {
  LJ_ASSERT(type_is_array(type) && type_is_array(base->type));
  IrExpr *args[2 + 2 * TYPE_MAX_NDIM] = {ir_var(b, base), offset};
  uint32_t count = 2;
  for (unsigned i = 0; i < type->ndim; i++) args[count++] = shape[i];
  if (type->layout == LAYOUT_A)
    for (unsigned i = 0; i < type->ndim; i++) args[count++] = strides[i];
  return ir_expr(b, IR_VIEW, type, args, count);
}

IrVar *ir_new_var(IrBuilder *b, const char *name, const Type *type) {
  LJ_ASSERT(type != NULL);
  IrVar *var = arena_new(b->arena, IrVar);
  var->id = b->func->vars.len;
  var->name = name ? name : arena_printf(b->arena, "t%u", var->id);
  var->type = type;
  vec_push(b->arena, &b->func->vars, var);
  return var;
}

IrStmt *ir_stmt(IrBuilder *b, IrStmtKind kind) {
  IrStmt *s = arena_new(b->arena, IrStmt);
  s->kind = kind;
  s->span = b->span;
  s->frame = b->frame;
  vec_push(b->arena, b->block, s);
  return s;
}

IrStmt *ir_for(IrBuilder *b, const char *name, IrExpr *lo, IrExpr *hi) {
  LJ_ASSERT(lo->type == hi->type);
  IrStmt *s = ir_stmt(b, IRS_FOR);
  s->as.for_.index = ir_new_var(b, name, lo->type);
  s->as.for_.index->once = true;
  s->as.for_.lo = lo;
  s->as.for_.hi = hi;
  return s;
}

void ir_set(IrBuilder *b, IrVar *var, IrExpr *value) {
  LJ_ASSERT(var->type == value->type);
  IrStmt *s = ir_stmt(b, IRS_SET);
  s->as.set.var = var;
  s->as.set.value = value;
}

IrVar *ir_let(IrBuilder *b, const char *name, IrExpr *value) {
  IrVar *var = ir_new_var(b, name, value->type);
  var->once = true;
  ir_set(b, var, value);
  return var;
}

void ir_store(IrBuilder *b, IrVar *array, IrExpr *const *indices, IrExpr *value) {
  LJ_ASSERT(type_is_array(array->type) && type_is(value->type, array->type->dtype));
  IrStmt *s = ir_stmt(b, IRS_STORE);
  unsigned ndim = array->type->ndim;
  s->as.store.array = array;
  s->as.store.indices = arena_array(b->arena, IrExpr *, ndim ? ndim : 1);
  for (unsigned i = 0; i < ndim; i++) s->as.store.indices[i] = indices[i];
  s->as.store.value = value;
}

const HostSig *ir_host(const IrUnit *unit, const char *symbol) {
  for (uint32_t i = 0; i < unit->hosts.len; i++)
    if (unit->hosts.data[i]->entry->symbol == symbol) return unit->hosts.data[i];
  return NULL;
}

void ir_runtime(IrBuilder *b, const char *symbol, IrExpr *const *args, uint32_t count, IrVar *result, bool fails) {
  IrStmt *s = ir_stmt(b, IRS_RUNTIME);
  s->as.runtime.symbol = symbol;
  s->as.runtime.args = arena_array(b->arena, IrExpr *, count ? count : 1);
  for (uint32_t i = 0; i < count; i++) s->as.runtime.args[i] = args[i];
  s->as.runtime.count = count;
  s->as.runtime.result = result;
  s->as.runtime.fails = fails;
}

void ir_check(IrBuilder *b, IrCheckKind check, IrExpr *ok, ErrorKind error, const char *message, IrExpr *a0, IrExpr *a1, IrExpr *a2,
              IrExpr *a3) {
  LJ_ASSERT(type_is_bool(ok->type));
  IrStmt *s = ir_stmt(b, IRS_CHECK);
  s->as.check.check = check;
  s->as.check.ok = ok;
  s->as.check.error = error;
  s->as.check.message = message;
  IrExpr *args[4] = {a0, a1, a2, a3};
  memcpy(s->as.check.args, args, sizeof args);
}

bool ir_is_const(const IrExpr *e) { return e->op == IR_CONST; }

bool ir_is_int_const(const IrExpr *e, int64_t *value) {
  if (e->op != IR_CONST || !(type_is_int(e->type) || type_is_bool(e->type))) return false;
  if (value) *value = e->as.i;
  return true;
}

bool ir_is_stable(const IrExpr *e) {
  if (e->op == IR_CONST || e->op == IR_STRING || e->op == IR_NONE) return true;
  if (e->op == IR_VAR) return e->as.var->once;
  if (e->op == IR_SHAPE || e->op == IR_STRIDE || e->op == IR_SIZE || e->op == IR_GET) return ir_is_stable(e->args[0]);
  return false;
}
