/* Copies of statements: see clone.h. Expression trees are shared where nothing in them changes; lists that a statement points to are its own.
 * In: statements of a function, before loops became parallel statements. Out: statements that may be changed without touching the original. */
#include "ir/clone.h"

#include "ir/walk.h"

IrVar *ir_clone_var(const IrClone *c, IrVar *var) {
  IrVar *copy = var ? map_get(&c->vars, map_key(var)) : NULL;
  return copy ? copy : var;
}

static IrVar *fresh(IrClone *c, IrVar *var) {
  if (!var || !var->once || var->is_global) return ir_clone_var(c, var);
  IrVar *copy = arena_new(c->unit->arena, IrVar);
  *copy = *var;
  copy->id = c->func->vars.len;
  vec_push(c->unit->arena, &c->func->vars, copy);
  map_put(c->unit->arena, &c->vars, map_key(var), copy);
  if (var->lo) copy->lo = ir_clone_expr(c, var->lo), copy->hi = ir_clone_expr(c, var->hi);
  if (var->last) copy->last = ir_clone_expr(c, var->last);
  return copy;
}

IrExpr *ir_clone_expr(IrClone *c, const IrExpr *e) {
  IrExpr *other = map_get(&c->replace, map_key(e)), *copy = NULL;
  if (other) return ir_clone_expr(c, other);
  if (e->op == IR_VAR && ir_clone_var(c, e->as.var) != e->as.var) {
    copy = arena_new(c->unit->arena, IrExpr);
    *copy = *e;
    copy->as.var = ir_clone_var(c, e->as.var);
    copy->type = copy->as.var->type; /* the stand-in of an array may have another layout */
  }
  for (uint32_t i = 0; i < e->count; i++) {
    IrExpr *arg = ir_clone_expr(c, e->args[i]);
    if (arg == e->args[i]) continue;
    if (!copy) {
      copy = arena_new(c->unit->arena, IrExpr);
      *copy = *e;
      copy->args = arena_array(c->unit->arena, IrExpr *, e->count);
      memcpy(copy->args, e->args, e->count * sizeof *e->args);
    }
    copy->args[i] = arg;
  }
  return copy ? copy : (IrExpr *)(uintptr_t)e;
}

static void clone_slot(IrExpr **slot, void *data) { *slot = ir_clone_expr(data, *slot); }

static IrExpr **own_list(IrClone *c, IrExpr **items, uint32_t count) {
  IrExpr **copy = arena_array(c->unit->arena, IrExpr *, count + 1);
  if (count) memcpy(copy, items, count * sizeof *items);
  return copy;
}

static IrVar **fresh_list(IrClone *c, IrVar **vars, uint32_t count) {
  IrVar **out = arena_array(c->unit->arena, IrVar *, count + 1);
  for (uint32_t i = 0; i < count; i++) out[i] = fresh(c, vars[i]);
  return out;
}

static void own_fit(IrClone *c, IrFit *fit) {
  IrFit old = *fit;
  *fit = (IrFit){.into = ir_clone_var(c, old.into), .sure = old.sure};
  for (uint32_t i = 0; i < old.sources.len; i++)
    vec_push(c->unit->arena, &fit->sources, ((IrSource){ir_clone_var(c, old.sources.data[i].array), old.sources.data[i].ones}));
}

/* Lists that the statement points to, and variables that it reads outside of expressions. */
static void own_parts(IrClone *c, IrStmt *s) {
  switch (s->kind) {
  case IRS_STORE:
    s->as.store.array = ir_clone_var(c, s->as.store.array);
    s->as.store.indices = own_list(c, s->as.store.indices, s->as.store.array->type->ndim);
    break;
  case IRS_ALLOC: s->as.alloc.shape = own_list(c, s->as.alloc.shape, s->as.alloc.var->type->ndim); break;
  case IRS_DROP: s->as.drop.var = ir_clone_var(c, s->as.drop.var); break;
  case IRS_CALL: s->as.call.args = own_list(c, s->as.call.args, s->as.call.count); break;
  case IRS_RUNTIME: s->as.runtime.args = own_list(c, s->as.runtime.args, s->as.runtime.count); break;
  case IRS_CHECK:
    s->as.check.shape_a = ir_clone_var(c, s->as.check.shape_a);
    s->as.check.shape_b = ir_clone_var(c, s->as.check.shape_b);
    break;
  case IRS_MAP:
    s->as.map.extent = own_list(c, s->as.map.extent, s->as.map.ndim);
    own_fit(c, &s->as.map.fit);
    break;
  case IRS_REDUCE:
    s->as.reduce.extent = own_list(c, s->as.reduce.extent, s->as.reduce.ndim);
    s->as.reduce.acc = ir_clone_var(c, s->as.reduce.acc);
    own_fit(c, &s->as.reduce.fit);
    break;
  case IRS_PARALLEL: LJ_UNREACHABLE();
  case IRS_SET:
  case IRS_RAISE:
  case IRS_TEXT:
  case IRS_TEXT_TAKE:
  case IRS_PRINT:
  case IRS_IF:
  case IRS_FOR:
  case IRS_WHILE:
  case IRS_BREAK:
  case IRS_CONTINUE:
  case IRS_RETURN:
  case IRS_COUNT: break;
  }
}

/* The variables that it sets. */
static void fresh_results(IrClone *c, IrStmt *s) {
  if (s->kind == IRS_SET) s->as.set.var = fresh(c, s->as.set.var);
  if (s->kind == IRS_ALLOC) s->as.alloc.var = fresh(c, s->as.alloc.var);
  if (s->kind == IRS_CALL) s->as.call.result = fresh(c, s->as.call.result);
  if (s->kind == IRS_TEXT_TAKE) s->as.take.var = fresh(c, s->as.take.var);
  if (s->kind == IRS_RUNTIME) s->as.runtime.result = fresh(c, s->as.runtime.result);
  if (s->kind == IRS_FOR) s->as.for_.index = fresh(c, s->as.for_.index);
  if (s->kind == IRS_MAP) s->as.map.index = fresh_list(c, s->as.map.index, s->as.map.ndim);
  if (s->kind == IRS_REDUCE) s->as.reduce.index = fresh_list(c, s->as.reduce.index, s->as.reduce.ndim);
}

IrStmt *ir_clone_stmt(IrClone *c, const IrStmt *from) {
  IrStmt *s = arena_new(c->unit->arena, IrStmt);
  IrBlock *blocks[2];
  *s = *from;
  own_parts(c, s);
  bool head_first = s->kind == IRS_WHILE || s->kind == IRS_REDUCE; /* the first block sets what the expressions read */
  if (!head_first) ir_stmt_exprs(s, clone_slot, c);
  fresh_results(c, s);
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++) {
    IrBlock inner = *blocks[k];
    *blocks[k] = (IrBlock){0};
    ir_clone_block(c, &inner, blocks[k]);
    if (k == 0 && head_first) ir_stmt_exprs(s, clone_slot, c);
  }
  return s;
}

void ir_clone_block(IrClone *c, const IrBlock *from, IrBlock *to) {
  for (uint32_t i = 0; i < from->len; i++)
    if (!map_get(&c->drop, map_key(from->data[i]))) vec_push(c->unit->arena, to, ir_clone_stmt(c, from->data[i]));
}

/* ---- moving expressions ---- */

void ir_move_see(IrMove *m, IrVar *var, IrExpr *value) {
  if (!var->once)
    map_put(m->arena, &m->changed, map_key(var), var);
  else if (value)
    map_put(m->arena, &m->made, map_key(var), value);
  else
    map_put(m->arena, &m->changed, map_key(var), var);
}

static bool is_movable(IrOp op) {
  return (op >= IR_ADD && op <= IR_MUL) || (op >= IR_AND && op <= IR_INVERT) || (op >= IR_EQ && op <= IR_PYMAX) || op == IR_CAST;
}

static IrExpr *moved(const IrMove *m, const IrExpr *e, int depth) {
  if (depth > 24) return NULL;
  if (e->op == IR_VAR) {
    if (e->as.var == m->index && !m->at) return NULL;
    if (map_get(&m->changed, map_key(e->as.var))) return NULL;
    const IrExpr *value = map_get(&m->made, map_key(e->as.var));
    if (value) return moved(m, value, depth + 1);
    if (e->as.var != m->index) return (IrExpr *)(uintptr_t)e;
    IrExpr *at = arena_new(m->arena, IrExpr);
    *at = *e;
    at->as.var = m->at;
    return at;
  }
  if (e->op == IR_CONST || e->op == IR_SHAPE || e->op == IR_SIZE || e->op == IR_STRIDE) return (IrExpr *)(uintptr_t)e;
  if (!is_movable(e->op)) return NULL;
  IrExpr *copy = arena_new(m->arena, IrExpr);
  *copy = *e;
  copy->args = arena_array(m->arena, IrExpr *, e->count);
  for (uint32_t i = 0; i < e->count; i++)
    if (!(copy->args[i] = moved(m, e->args[i], depth + 1))) return NULL;
  return copy;
}

IrExpr *ir_moved(const IrMove *m, const IrExpr *e) { return moved(m, e, 0); }
