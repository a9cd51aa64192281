/* Pass "values": what is known about a variable that is set more than once is known about its value between two sets. So every reading of a mutable
 * integer becomes the reading of a `once` variable: the value that was set, or, where paths meet, a copy made at the first reading. What a loop reads
 * and does not set, integers and arrays alike, is copied before the loop: then it is fixed for all of the loop's iterations, and every later pass
 * sees that. The mutable variables keep their values: readings after the loop and other paths see them. LLVM drops what nobody reads.
 * In: a unit without maps. Out: the same program. Must not read a variable where it may not have been set: a copy before a loop is made only of
 * variables that surely have a value there. */
#include "ir/passes/passes.h"

typedef struct Values {
  IrBuilder b;
  uint32_t known; /* variables of the function before the pass; ids below are in the tables */
  IrVar **value; /* the `once` variable that holds the value now, or NULL */
  bool *has_value; /* surely set on every path to here */
  bool *fixed; /* not touched: combined by a parallel loop */
} Values;

static bool is_tracked(const Values *v, const IrVar *var) {
  if (var->once || var->is_global || var->id >= v->known || v->fixed[var->id]) return false;
  return type_is_array(var->type) || (type_is_int(var->type) && !type_is_bool(var->type));
}

static IrVar *value_of(Values *v, IrVar *var) {
  if (!v->value[var->id]) v->value[var->id] = ir_let(&v->b, NULL, ir_var(&v->b, var));
  return v->value[var->id];
}

/* ---- readings ---- */

static bool reads_in_place(IrOp op) { /* the operand is an array whose memory or shape is looked at: no reference is taken */
  return op == IR_LOAD || op == IR_SHAPE || op == IR_STRIDE || op == IR_SIZE || op == IR_DATA || op == IR_VIEW;
}

static IrExpr *read_value(IrExpr *e, void *data) {
  Values *v = data;
  if (e->op == IR_VAR && is_tracked(v, e->as.var) && !type_is_array(e->type)) return ir_var(&v->b, value_of(v, e->as.var));
  if (!reads_in_place(e->op) || !is_tracked(v, e->args[0]->as.var) || !v->value[e->args[0]->as.var->id]) return e;
  IrExpr *copy = arena_new(v->b.arena, IrExpr);
  *copy = *e;
  copy->args = arena_array(v->b.arena, IrExpr *, e->count);
  memcpy(copy->args, e->args, e->count * sizeof *e->args);
  copy->args[0] = ir_var(&v->b, v->value[e->args[0]->as.var->id]);
  return copy;
}

static void read_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Values *)data)->b.arena, *slot, read_value, data); }

/* ---- sets ---- */

static void forget(Values *v, const IrVar *var) {
  if (var && !var->is_global && var->id < v->known) v->value[var->id] = NULL;
}

static void forget_set(Values *v, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    forget(v, s->kind == IRS_DROP ? s->as.drop.var : ir_stmt_result(s));
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) forget_set(v, blocks[k]);
  }
}

static void values_set(Values *v, IrStmt *s) {
  IrVar *var = s->as.set.var;
  if (!is_tracked(v, var) || type_is_array(var->type)) {
    forget(v, var);
    return;
  }
  IrExpr *value = s->as.set.value;
  bool named = value->op == IR_VAR && value->as.var->once && !value->as.var->is_global;
  if (!named) s->as.set.value = ir_var(&v->b, ir_let(&v->b, NULL, value));
  v->value[var->id] = s->as.set.value->as.var;
}

/* ---- loops ---- */

typedef struct Mark {
  Values *v;
  bool *read, *set;
} Mark;

static void mark_reads(IrExpr **slot, void *data) {
  const IrExpr *e = *slot;
  Mark *m = data;
  if (e->op == IR_VAR && !e->as.var->is_global && e->as.var->id < m->v->known) m->read[e->as.var->id] = true;
  for (uint32_t i = 0; i < e->count; i++) mark_reads(&e->args[i], data);
}

static void mark_stmt(Mark *m, IrStmt *s) {
  const IrVar *var = s->kind == IRS_DROP ? s->as.drop.var : ir_stmt_result(s);
  if (var && !var->is_global && var->id < m->v->known) m->set[var->id] = true;
  if (s->kind == IRS_STORE && !s->as.store.array->is_global && s->as.store.array->id < m->v->known) m->read[s->as.store.array->id] = true;
  ir_stmt_exprs(s, mark_reads, m);
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) mark_stmt(m, blocks[k]->data[i]);
}

/* Copies before the loop of what it reads and does not set; what it sets is not known inside. */
static void enter_loop(Values *v, IrStmt *loop) {
  Mark m = {v, arena_array(v->b.arena, bool, v->known + 1), arena_array(v->b.arena, bool, v->known + 1)};
  mark_stmt(&m, loop);
  for (uint32_t i = 0; i < v->known; i++) {
    IrVar *var = v->b.func->vars.data[i];
    if (!is_tracked(v, var)) continue;
    if (m.set[i])
      v->value[i] = NULL;
    else if (m.read[i] && v->has_value[i])
      (void)value_of(v, var);
  }
}

/* ---- statements ---- */

static void values_block(Values *v, IrBlock *block);

static void *copy_of(const Values *v, const void *table, size_t size) {
  void *copy = arena_alloc(v->b.arena, (v->known + 1) * size, sizeof(void *));
  memcpy(copy, table, v->known * size);
  return copy;
}

/* A block that may run or not, or many times: its copies are seen only inside. */
static void inner_block(Values *v, IrBlock *block) {
  IrVar **value = v->value;
  bool *has_value = v->has_value;
  v->value = copy_of(v, value, sizeof *value);
  v->has_value = copy_of(v, has_value, sizeof *has_value);
  values_block(v, block);
  v->value = value;
  v->has_value = has_value;
}

static void values_if(Values *v, IrStmt *s) {
  bool *before = v->has_value, *after[2];
  IrBlock *blocks[2] = {&s->as.if_.then, &s->as.if_.orelse};
  for (int k = 0; k < 2; k++) {
    IrVar **value = v->value;
    after[k] = v->has_value = copy_of(v, before, sizeof *before);
    v->value = copy_of(v, value, sizeof *value);
    values_block(v, blocks[k]);
    v->value = value;
  }
  v->has_value = before;
  for (uint32_t i = 0; i < v->known; i++) before[i] |= (after[0][i] || ir_ends(blocks[0])) && (after[1][i] || ir_ends(blocks[1]));
  for (int k = 0; k < 2; k++) forget_set(v, blocks[k]);
}

static void values_while(Values *v, IrStmt *s) {
  IrVar **value = v->value;
  bool *has_value = v->has_value;
  IrBlock *outer = v->b.block, head = {0};
  v->value = copy_of(v, value, sizeof *value);
  v->has_value = copy_of(v, has_value, sizeof *has_value);
  values_block(v, &s->as.while_.head);
  head = s->as.while_.head;
  v->b.block = &head;
  ir_stmt_exprs(s, read_slot, v);
  s->as.while_.head = head;
  v->b.block = outer;
  inner_block(v, &s->as.while_.body);
  v->value = value;
  v->has_value = has_value;
}

static void values_stmt(Values *v, IrStmt *s) {
  v->b.span = s->span;
  if (s->kind == IRS_FOR || s->kind == IRS_WHILE) {
    if (s->kind == IRS_FOR) ir_stmt_exprs(s, read_slot, v);
    enter_loop(v, s);
    if (s->kind == IRS_FOR)
      inner_block(v, &s->as.for_.body);
    else
      values_while(v, s);
    vec_push(v->b.arena, v->b.block, s);
    return;
  }
  ir_stmt_exprs(s, read_slot, v);
  if (s->kind == IRS_STORE && is_tracked(v, s->as.store.array) && v->value[s->as.store.array->id])
    s->as.store.array = v->value[s->as.store.array->id];
  if (s->kind == IRS_SET)
    values_set(v, s);
  else
    forget(v, s->kind == IRS_DROP ? s->as.drop.var : ir_stmt_result(s));
  const IrVar *result = ir_stmt_result(s);
  if (result && !result->is_global && result->id < v->known) v->has_value[result->id] = true;
  if (s->kind == IRS_DROP && !s->as.drop.var->is_global && s->as.drop.var->id < v->known) v->has_value[s->as.drop.var->id] = false;
  if (s->kind == IRS_IF) values_if(v, s);
  vec_push(v->b.arena, v->b.block, s);
}

static void values_block(Values *v, IrBlock *block) {
  IrBlock out = {0}, *outer = v->b.block;
  v->b.block = &out;
  for (uint32_t i = 0; i < block->len; i++) values_stmt(v, block->data[i]);
  *block = out;
  v->b.block = outer;
}

/* Variables that parallel loops combine keep the form in which lowering found them. */
static void find_fixed(Values *v, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    for (uint32_t k = 0; s->kind == IRS_FOR && k < s->as.for_.loop.reductions.len; k++) {
      const IrVar *var = s->as.for_.loop.reductions.data[k].var;
      if (!var->is_global) v->fixed[var->id] = true;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) find_fixed(v, blocks[k]);
  }
}

void pass_values(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    uint32_t n = func->vars.len;
    Values v = {.known = n};
    v.b = (IrBuilder){.arena = unit->arena, .unit = unit, .func = func, .types = (TypeTable *)(uintptr_t)&unit->program->types};
    v.value = arena_array(unit->arena, IrVar *, n + 1);
    v.has_value = arena_array(unit->arena, bool, n + 1);
    v.fixed = arena_array(unit->arena, bool, n + 1);
    for (uint32_t k = 0; k < func->params.len; k++) v.has_value[func->params.data[k]->id] = true;
    find_fixed(&v, &func->body);
    values_block(&v, &func->body);
  }
}
