/* Checks what every pass may rely on: types of operations, one SET of `once` variables before and around every reading, ownership flags,
 * break and continue inside loops. In: a unit. Out: the first violation as text. Runs after each pass in debug builds and tests. */
#include "ir/walk.h"

typedef struct Verify {
  const IrUnit *unit;
  const IrFunc *func;
  bool *visible, *was_set; /* by IrVar.id */
  unsigned loops;
  const char *why;
} Verify;

static void fail(Verify *v, const char *what, const char *name) {
  if (!v->why) v->why = arena_printf(v->unit->arena, "%s: %s (%s)", v->func->name, what, name);
}

static void need(Verify *v, bool ok, const char *what, const char *name) {
  if (!ok) fail(v, what, name);
}

static void check_read(Verify *v, const IrVar *var) {
  if (var->is_global) return;
  need(v, var->id < v->func->vars.len && v->func->vars.data[var->id] == var, "variable of another function", var->name);
  need(v, !var->once || v->why || v->visible[var->id], "read of a `once` variable before or outside its set", var->name);
}

static bool is_arith(IrOp op) { return (op >= IR_ADD && op <= IR_ABS) || (op >= IR_PYMIN && op <= IR_FMAX); }

static void check_types(Verify *v, const IrExpr *e) {
  const Type *t = e->type;
  if (is_arith(e->op) && e->op != IR_ABS)
    for (uint32_t i = 0; i < e->count; i++)
      need(v, e->args[i]->type == t || e->op == IR_SHL || e->op == IR_SHR, "operand type", type_name(t));
  if (e->op >= IR_EQ && e->op <= IR_GE) {
    const Type *a = e->args[0]->type, *b = e->args[1]->type;
    need(v, type_is_bool(t) && (a == b || (type_is_int(a) && type_is_int(b))), "comparison of different types", type_name(a));
  }
  if (e->op == IR_LAND || e->op == IR_LOR)
    need(v, type_is_bool(e->args[0]->type) && type_is_bool(e->args[1]->type), "and/or of", "not bool");
  if (e->op == IR_SELECT) need(v, type_is_bool(e->args[0]->type) && e->args[1]->type == t && e->args[2]->type == t, "select", type_name(t));
  if (e->op == IR_VAR) need(v, e->as.var->type == t, "type of variable", e->as.var->name);
  if (e->op == IR_LOAD || e->op == IR_SHAPE || e->op == IR_STRIDE || e->op == IR_SIZE || e->op == IR_DATA || e->op == IR_VIEW)
    need(v, e->args[0]->op == IR_VAR && type_is_array(e->args[0]->type), "array operand is not a variable", type_name(t));
  if (e->op == IR_LOAD) {
    need(v, e->count == 1u + e->args[0]->type->ndim, "number of indices", e->args[0]->as.var->name);
    for (uint32_t i = 1; i < e->count; i++) need(v, type_is(e->args[i]->type, DT_INT64), "index type", type_name(e->args[i]->type));
  }
  if (e->op == IR_CAST) need(v, type_is_scalar(t) && type_is_scalar(e->args[0]->type), "cast", type_name(t));
  if (e->op == IR_TUPLE) need(v, type_is_tuple(t) && t->count == e->count, "tuple size", type_name(t));
}

static void check_expr(Verify *v, const IrExpr *e) {
  need(v, e->type != NULL, "expression without a type", "");
  if (v->why || !e->type) return;
  if (e->op == IR_VAR) check_read(v, e->as.var);
  for (uint32_t i = 0; i < e->count && !v->why; i++) check_expr(v, e->args[i]);
  if (!v->why) check_types(v, e);
}

static void check_slot(IrExpr **slot, void *data) { check_expr(data, *slot); }

static void define(Verify *v, const IrVar *var) {
  if (!var || var->is_global) return;
  need(v, !(var->once && v->was_set[var->id]), "second set of a `once` variable", var->name);
  v->was_set[var->id] = v->visible[var->id] = true;
}

static void check_stmt_facts(Verify *v, const IrStmt *s) {
  switch ((int)s->kind) {
  case IRS_SET:
    need(v, s->as.set.var->type == s->as.set.value->type, "set of another type", s->as.set.var->name);
    if (s->as.set.move)
      need(v, s->as.set.value->op == IR_VAR && s->as.set.value->as.var->owns, "move from what owns nothing", s->as.set.var->name);
    break;
  case IRS_STORE:
    check_read(v, s->as.store.array);
    need(v, type_is(s->as.store.value->type, s->as.store.array->type->dtype), "store of another type", s->as.store.array->name);
    break;
  case IRS_ALLOC:
    need(v, s->as.alloc.var->owns != s->as.alloc.local && s->as.alloc.var->type->layout != LAYOUT_A, "alloc into", s->as.alloc.var->name);
    break;
  case IRS_CALL:
    need(v, s->as.call.count == s->as.call.callee->params.len, "number of arguments in call of", s->as.call.callee->name);
    for (uint32_t i = 0; i < s->as.call.count && !v->why; i++)
      need(v, s->as.call.args[i]->type == s->as.call.callee->params.data[i]->type, "argument type in call of", s->as.call.callee->name);
    if (s->as.call.result) {
      need(v, s->as.call.result->type == s->as.call.callee->result, "result type in call of", s->as.call.callee->name);
      need(v, s->as.call.result->owns || !type_owns(s->as.call.result->type), "result that nobody owns", s->as.call.result->name);
    }
    break;
  case IRS_RUNTIME:
    if (s->as.runtime.result)
      need(v, s->as.runtime.result->owns != s->as.runtime.lent || !type_owns(s->as.runtime.result->type), "result that nobody owns",
           s->as.runtime.result->name);
    break;
  case IRS_PARALLEL:
    need(v, s->as.parallel.body->is_chunk && s->as.parallel.count + 3 == s->as.parallel.body->params.len, "captures of",
         s->as.parallel.body->name);
    for (uint32_t i = 0; i < s->as.parallel.count; i++)
      need(v, s->as.parallel.args[i]->type == s->as.parallel.body->params.data[i + 3]->type, "captured type", s->as.parallel.body->name);
    break;
  case IRS_CHECK: need(v, type_is_bool(s->as.check.ok->type), "check of", type_name(s->as.check.ok->type)); break;
  case IRS_IF: need(v, type_is_bool(s->as.if_.cond->type), "if of", type_name(s->as.if_.cond->type)); break;
  case IRS_RETURN:
    if (s->as.ret.value) need(v, s->as.ret.value->type == v->func->result, "return of another type", type_name(s->as.ret.value->type));
    break;
  case IRS_BREAK:
  case IRS_CONTINUE: need(v, v->loops > 0, "jump outside of a loop", v->func->name); break;
  default: break;
  }
}

static void check_block(Verify *v, IrBlock *block, bool keep);

static void hide(Verify *v, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    const IrVar *var = ir_stmt_result(block->data[i]);
    if (var && !var->is_global) v->visible[var->id] = false;
  }
}

static void check_space(Verify *v, const IrStmt *s, bool on) {
  const IrVar *one = s->kind == IRS_FOR ? s->as.for_.index : NULL;
  IrVar *const *index = s->kind == IRS_MAP ? s->as.map.index : s->as.reduce.index;
  uint32_t count = s->kind == IRS_MAP ? s->as.map.ndim : s->kind == IRS_REDUCE ? s->as.reduce.ndim : 0;
  for (uint32_t i = 0; i < count + (one != NULL); i++) {
    const IrVar *var = one ? one : index[i];
    need(v, var->once && type_is(var->type, DT_INT64), "loop index", var->name);
    v->visible[var->id] = on;
  }
}

static void check_stmt(Verify *v, IrStmt *s) {
  bool head_first = s->kind == IRS_WHILE || s->kind == IRS_REDUCE;
  bool loop = head_first || s->kind == IRS_FOR || s->kind == IRS_MAP;
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  LJ_ASSERT(count <= LJ_COUNT(blocks));
  check_space(v, s, true);
  if (head_first) check_block(v, blocks[0], true);
  ir_stmt_exprs(s, check_slot, v);
  check_stmt_facts(v, s);
  v->loops += loop;
  for (unsigned i = head_first; i < count; i++) check_block(v, blocks[i], false);
  v->loops -= loop;
  if (head_first) hide(v, blocks[0]);
  check_space(v, s, false);
  define(v, ir_stmt_result(s));
}

static void check_block(Verify *v, IrBlock *block, bool keep) {
  for (uint32_t i = 0; i < block->len && !v->why; i++) check_stmt(v, block->data[i]);
  if (!keep) hide(v, block);
}

bool ir_verify(const IrUnit *unit, const char **why) {
  for (uint32_t f = 0; f < unit->funcs.len; f++) {
    IrFunc *func = unit->funcs.data[f];
    Verify v = {.unit = unit, .func = func};
    v.visible = arena_array(unit->arena, bool, func->vars.len + 1);
    v.was_set = arena_array(unit->arena, bool, func->vars.len + 1);
    for (uint32_t i = 0; i < func->params.len; i++) define(&v, func->params.data[i]);
    check_block(&v, &func->body, true);
    if (v.why) {
      *why = v.why;
      return false;
    }
  }
  return true;
}
