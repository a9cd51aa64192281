/* Python's order of evaluation for pure trees: a tree that reads memory or a mutable variable must be bound before a statement that changes
 * what it reads. Also the owning temporaries of a statement and of a branch.
 * In: trees and the statements that came after them. Out: the same values as leaves, bound in front of those statements. */
#include "ir/lower/lower_scalar.h"

#include "ir/walk.h"

/* ---- does a statement change what a tree reads? ---- */

static bool reads_var(const IrExpr *e, const IrVar *var) {
  if (e->op == IR_VAR) return e->as.var == var;
  for (uint32_t i = 0; i < e->count; i++)
    if (reads_var(e->args[i], var)) return true;
  return false;
}

static bool has_load(const IrExpr *e) {
  if (e->op == IR_LOAD) return true;
  for (uint32_t i = 0; i < e->count; i++)
    if (has_load(e->args[i])) return true;
  return false;
}

static bool block_changes(const IrBlock *block, uint32_t from, const IrExpr *e);

static bool stmt_changes(IrStmt *s, const IrExpr *e) {
  const IrVar *result = ir_stmt_result(s);
  if (s->kind == IRS_DROP) result = s->as.drop.var;
  if (s->kind == IRS_SET && s->as.set.move && reads_var(e, s->as.set.value->as.var)) return true;
  if (s->kind == IRS_REDUCE) result = s->as.reduce.acc;
  if (result && reads_var(e, result)) return true;
  if ((s->kind == IRS_STORE || s->kind == IRS_CALL || s->kind == IRS_RUNTIME) && has_load(e)) return true;
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned i = 0; i < count; i++)
    if (block_changes(blocks[i], 0, e)) return true;
  return false;
}

static bool block_changes(const IrBlock *block, uint32_t from, const IrExpr *e) {
  for (uint32_t i = from; i < block->len; i++)
    if (stmt_changes(block->data[i], e)) return true;
  return false;
}

static void insert(Lower *lo, IrBlock *block, uint32_t at, const IrBlock *what) {
  for (uint32_t i = 0; i < what->len; i++) vec_push(lo->arena, block, NULL);
  memmove(&block->data[at + what->len], &block->data[at], (block->len - at - what->len) * sizeof *block->data);
  memcpy(&block->data[at], what->data, what->len * sizeof *block->data);
}

void lower_guard(Lower *lo, uint32_t start, IrExpr **items, uint32_t count) {
  IrBlock *block = lo->b.block;
  for (uint32_t i = 0; i < count && start < block->len; i++) {
    if (ir_is_stable(items[i]) || !block_changes(block, start, items[i])) continue;
    IrBlock binds = {0};
    lo->b.block = &binds;
    items[i] = lower_bind(lo, NULL, items[i]);
    lo->b.block = block;
    if (!binds.len) continue;
    insert(lo, block, start, &binds);
    start += binds.len;
  }
}

void lower_exprs(Lower *lo, Expr *const *list, uint32_t count, IrExpr **out) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t start = lo->b.block->len;
    out[i] = lower_expr(lo, list[i]);
    lower_guard(lo, start, out, i);
  }
}

/* ---- binding ---- */

IrExpr *lower_bind(Lower *lo, const char *name, IrExpr *value) {
  IrBuilder *b = &lo->b;
  if (value->op == IR_CONST || value->op == IR_STRING || value->op == IR_NONE) return value;
  if (value->op == IR_VAR && value->as.var->once) return value;
  if (!lower_has_content(value->type)) return value;
  if (!type_owns(value->type)) return ir_var(b, ir_let(b, name, value));
  IrVar *var = lower_temp(lo, value->type); /* what it comes from may be assigned before it is used */
  if (name) var->name = name;
  ir_set(b, var, value);
  return ir_var(b, var);
}

IrVar *lower_bind_array(Lower *lo, IrExpr *array) {
  if (array->op == IR_VAR) return array->as.var;
  return lower_bind(lo, NULL, array)->as.var;
}

/* ---- temporaries ---- */

IrVar *lower_temp(Lower *lo, const Type *type) {
  IrVar *var = ir_new_var(&lo->b, NULL, type);
  var->once = var->temp = true;
  var->owns = type_owns(type);
  if (var->owns) vec_push(lo->arena, &lo->temps, var);
  return var;
}

bool lower_block_ends(const IrBlock *block) {
  if (!block->len) return false;
  IrStmtKind kind = block->data[block->len - 1]->kind;
  return kind == IRS_RETURN || kind == IRS_RAISE || kind == IRS_BREAK || kind == IRS_CONTINUE;
}

void lower_drop_temps(Lower *lo, uint32_t mark) {
  bool ends = lower_block_ends(lo->b.block);
  while (lo->temps.len > mark) {
    IrVar *var = lo->temps.data[--lo->temps.len];
    if (!ends) ir_stmt(&lo->b, IRS_DROP)->as.drop.var = var;
  }
}

IrVar *lower_result_var(Lower *lo, const Type *type) {
  IrVar *var = lower_temp(lo, type);
  var->once = false;
  return var;
}

void lower_branch_value(Lower *lo, IrVar *result, IrExpr *value, uint32_t mark, Span at) {
  value = lower_convert(lo, value, result->type, at);
  if (lower_has_content(result->type)) ir_set(&lo->b, result, value);
  lower_drop_temps(lo, mark);
}

enum { CHEAP_NODES = 24 };

static bool count_cheap(const IrExpr *e, uint32_t *nodes) {
  if (++*nodes > CHEAP_NODES || e->op == IR_LOAD || e->op == IR_MATH || e->op == IR_RTCALL) return false;
  if (e->op == IR_UNWRAP || e->op == IR_GET_AT) return false;
  for (uint32_t i = 0; i < e->count; i++)
    if (!count_cheap(e->args[i], nodes)) return false;
  return true;
}

bool lower_is_cheap(const IrExpr *e) {
  uint32_t nodes = 0;
  return count_cheap(e, &nodes);
}
