/* Pass "fold": constants are folded, neutral operands dropped, dead branches and checks that always hold removed.
 * Integers only where wrapping arithmetic is exact; floats are never touched (strict means bit-equal), LLVM folds those.
 * In: any unit. Out: the same program, smaller. */
#include "ir/passes/passes.h"

/* Wraps a 64-bit result to the width and signedness of an integer type, as its constants are stored. */
static int64_t wrap_to(const Type *type, uint64_t bits) {
  unsigned size = dtype_size(type->dtype);
  if (type_is_bool(type)) return bits & 1;
  if (size == 8) return (int64_t)bits;
  unsigned shift = 64 - 8 * size;
  return dtype_is_signed(type->dtype) ? (int64_t)(bits << shift) >> shift : (int64_t)(bits << shift >> shift);
}

static IrExpr *make_int(IrUnit *unit, const Type *type, uint64_t bits) {
  IrExpr *e = arena_new(unit->arena, IrExpr);
  e->op = IR_CONST;
  e->type = type;
  e->as.i = wrap_to(type, bits);
  return e;
}

static bool int_arg(const IrExpr *e, uint32_t i, int64_t *value) { return i < e->count && ir_is_int_const(e->args[i], value); }

static bool compare_ints(IrOp op, bool is_unsigned, int64_t a, int64_t b) {
  bool less = is_unsigned ? (uint64_t)a < (uint64_t)b : a < b;
  switch ((int)op) {
  case IR_EQ: return a == b;
  case IR_NE: return a != b;
  case IR_LT: return less;
  case IR_LE: return less || a == b;
  case IR_GT: return !less && a != b;
  default: return !less;
  }
}

static IrExpr *fold_compare(IrUnit *unit, IrExpr *e) {
  int64_t a, b;
  const Type *t = e->args[0]->type;
  if (t != e->args[1]->type || !int_arg(e, 0, &a) || !int_arg(e, 1, &b)) return e;
  return make_int(unit, e->type, compare_ints(e->op, !dtype_is_signed(t->dtype), a, b));
}

/* x+0, x-0, x*1, 0+x, 1*x and two constants. */
static IrExpr *fold_arith(IrUnit *unit, IrExpr *e) {
  int64_t a = 0, b = 0;
  if (!type_is_int(e->type)) return e;
  bool ca = int_arg(e, 0, &a), cb = int_arg(e, 1, &b);
  if (ca && cb) {
    uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
    return make_int(unit, e->type, e->op == IR_ADD ? ua + ub : e->op == IR_SUB ? ua - ub : ua * ub);
  }
  int64_t neutral = e->op == IR_MUL;
  if (cb && b == neutral) return e->args[0];
  if (ca && a == neutral && e->op != IR_SUB) return e->args[1];
  if (e->op == IR_MUL && ((ca && a == 0) || (cb && b == 0))) return make_int(unit, e->type, 0);
  return e;
}

static IrExpr *fold_logic(IrExpr *e) {
  int64_t a;
  for (uint32_t i = 0; i < 2; i++) {
    if (!int_arg(e, i, &a)) continue;
    bool decides = e->op == IR_LAND ? !a : a != 0; /* false and x, true or x */
    return decides ? e->args[i] : e->args[1 - i];
  }
  return e;
}

static IrExpr *fold_cast(IrUnit *unit, IrExpr *e) {
  int64_t a;
  const Type *from = e->args[0]->type;
  if (!int_arg(e, 0, &a)) return e;
  if (type_is_bool(e->type)) return make_int(unit, e->type, a != 0);
  if (type_is_int(e->type)) return make_int(unit, e->type, (uint64_t)a);
  if (!type_is_float(e->type)) return e;
  double x = dtype_is_signed(from->dtype) ? (double)a : (double)(uint64_t)a;
  if (e->type->dtype == DT_FLOAT32) x = (float)x;
  if (e->type->dtype == DT_FLOAT32 && (a > 1 << 24 || a < -(1 << 24))) return e; /* would round twice */
  IrExpr *out = arena_new(unit->arena, IrExpr);
  out->op = IR_CONST;
  out->type = e->type;
  out->as.f = x;
  return out;
}

IrExpr *fold_node(IrUnit *unit, IrExpr *e) {
  int64_t a;
  switch ((int)e->op) {
  case IR_EQ:
  case IR_NE:
  case IR_LT:
  case IR_LE:
  case IR_GT:
  case IR_GE: return type_is_scalar(e->args[0]->type) ? fold_compare(unit, e) : e;
  case IR_ADD:
  case IR_SUB:
  case IR_MUL: return fold_arith(unit, e);
  case IR_LAND:
  case IR_LOR: return fold_logic(e);
  case IR_LNOT: return int_arg(e, 0, &a) ? make_int(unit, e->type, !a) : e;
  case IR_NEG: return type_is_int(e->type) && int_arg(e, 0, &a) ? make_int(unit, e->type, 0 - (uint64_t)a) : e;
  case IR_SELECT: return int_arg(e, 0, &a) ? e->args[a ? 1 : 2] : ir_same(e->args[1], e->args[2]) ? e->args[1] : e;
  case IR_CAST: return fold_cast(unit, e);
  case IR_GET: return e->args[0]->op == IR_TUPLE ? e->args[0]->args[e->as.i] : e;
  default: return e;
  }
}

static IrExpr *fold_rewrite(IrExpr *e, void *data) { return fold_node(data, e); }

static void fold_slot(IrExpr **slot, void *data) {
  IrUnit *unit = data;
  *slot = ir_rewrite(unit->arena, *slot, fold_rewrite, unit);
}

/* Appends what is left of a statement. */
static void keep_stmt(IrUnit *unit, IrBlock *out, IrStmt *s) {
  int64_t cond;
  if (s->kind == IRS_CHECK && ir_is_int_const(s->as.check.ok, &cond) && cond) return;
  if (s->kind == IRS_IF && ir_is_int_const(s->as.if_.cond, &cond)) {
    IrBlock *taken = cond ? &s->as.if_.then : &s->as.if_.orelse;
    for (uint32_t i = 0; i < taken->len; i++) vec_push(unit->arena, out, taken->data[i]);
    return;
  }
  vec_push(unit->arena, out, s);
}

void fold_block(IrUnit *unit, IrBlock *block) {
  IrBlock out = {0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    ir_stmt_exprs(s, fold_slot, unit);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) fold_block(unit, blocks[k]);
    keep_stmt(unit, &out, s);
  }
  *block = out;
}

void pass_fold(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) fold_block(unit, &unit->funcs.data[i]->body);
}
