/* Pass "values": what is known about a variable that is set more than once is known about its value between two sets. So every reading of a mutable
 * integer becomes the reading of a `once` variable: the value that was set, or, where paths meet, a copy made at the first reading. What a loop reads
 * and does not set, integers and arrays alike, is copied before the loop: then it is fixed for all of the loop's iterations, and every later pass
 * sees that. The mutable variables keep their values: readings after the loop and other paths see them. LLVM drops what nobody reads.
 * In: a unit without maps. Out: the same program. Must not read a variable where it may not have been set: a copy before a loop is made only of
 * variables that surely have a value there. */
#include "ir/passes/passes.h"

#include <stdlib.h>

typedef struct Known {
  IrVar *value; /* the `once` variable that holds the value now, or NULL */
  bool has_value; /* surely set on every path to here */
  bool fixed; /* not touched: combined by a parallel loop */
  uint32_t loop, place; /* the last loop that mentions it, and where in its list */
  uint32_t branch; /* the last branch that surely sets it */
} Known;

typedef struct Undo {
  uint32_t id;
  Known before;
} Undo;

typedef struct Values {
  IrBuilder b;
  uint32_t known; /* variables of the function before the pass; ids below are in the table */
  Known *of;
  Vec(Undo) changes; /* of the table, so that the end of a block takes back what it did: copies of the table would be quadratic */
  uint32_t loops, branches; /* numbers given */
} Values;

static bool is_tracked(const Values *v, const IrVar *var) {
  if (var->once || var->is_global || var->id >= v->known || v->of[var->id].fixed) return false;
  return type_is_array(var->type) || (type_is_int(var->type) && !type_is_bool(var->type));
}

static void change(Values *v, uint32_t id, IrVar *value, bool has_value) {
  Known *k = &v->of[id];
  if (k->value == value && k->has_value == has_value) return;
  vec_push(v->b.arena, &v->changes, ((Undo){id, *k}));
  k->value = value;
  k->has_value = has_value;
}

static void undo(Values *v, uint32_t mark) {
  while (v->changes.len > mark) {
    const Undo *last = &v->changes.data[--v->changes.len];
    v->of[last->id].value = last->before.value;
    v->of[last->id].has_value = last->before.has_value;
  }
}

static void set_value(Values *v, const IrVar *var, IrVar *value) { change(v, var->id, value, v->of[var->id].has_value); }

static IrVar *value_of(Values *v, IrVar *var) {
  if (!v->of[var->id].value) set_value(v, var, ir_let(&v->b, NULL, ir_var(&v->b, var)));
  return v->of[var->id].value;
}

/* ---- readings ---- */

static bool reads_in_place(IrOp op) { /* the operand is an array whose memory or shape is looked at: no reference is taken */
  return op == IR_LOAD || op == IR_SHAPE || op == IR_STRIDE || op == IR_SIZE || op == IR_DATA || op == IR_VIEW;
}

static IrExpr *read_value(IrExpr *e, void *data) {
  Values *v = data;
  if (e->op == IR_VAR && is_tracked(v, e->as.var) && !type_is_array(e->type)) return ir_var(&v->b, value_of(v, e->as.var));
  if (!reads_in_place(e->op) || !is_tracked(v, e->args[0]->as.var) || !v->of[e->args[0]->as.var->id].value) return e;
  IrExpr *copy = arena_new(v->b.arena, IrExpr);
  *copy = *e;
  copy->args = arena_array(v->b.arena, IrExpr *, e->count);
  memcpy(copy->args, e->args, e->count * sizeof *e->args);
  copy->args[0] = ir_var(&v->b, v->of[e->args[0]->as.var->id].value);
  return copy;
}

static void read_slot(IrExpr **slot, void *data) { *slot = ir_rewrite(((Values *)data)->b.arena, *slot, read_value, data); }

/* ---- sets ---- */

static void forget(Values *v, const IrVar *var) {
  if (var && !var->is_global && var->id < v->known) set_value(v, var, NULL);
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
  set_value(v, var, s->as.set.value->as.var);
}

/* ---- loops ---- */

typedef struct Mention { /* of a variable, by a loop */
  uint32_t id;
  bool read, set;
} Mention;

typedef struct Mark {
  Values *v;
  Vec(Mention) vars;
} Mark;

static void mention(Mark *m, const IrVar *var, bool set) {
  if (!var || var->is_global || var->id >= m->v->known) return;
  Known *k = &m->v->of[var->id];
  if (k->loop != m->v->loops) {
    k->loop = m->v->loops;
    k->place = m->vars.len;
    vec_push(m->v->b.arena, &m->vars, ((Mention){.id = var->id}));
  }
  *(set ? &m->vars.data[k->place].set : &m->vars.data[k->place].read) = true;
}

static void mark_reads(IrExpr **slot, void *data) {
  const IrExpr *e = *slot;
  if (e->op == IR_VAR) mention(data, e->as.var, false);
  for (uint32_t i = 0; i < e->count; i++) mark_reads(&e->args[i], data);
}

static void mark_stmt(Mark *m, IrStmt *s) {
  mention(m, s->kind == IRS_DROP ? s->as.drop.var : ir_stmt_result(s), true);
  if (s->kind == IRS_STORE) mention(m, s->as.store.array, false);
  ir_stmt_exprs(s, mark_reads, m);
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) mark_stmt(m, blocks[k]->data[i]);
}

static int by_id(const void *a, const void *b) {
  uint32_t x = ((const Mention *)a)->id, y = ((const Mention *)b)->id;
  return x < y ? -1 : x > y;
}

/* Copies before the loop of what it reads and does not set; what it sets is not known inside. */
static void enter_loop(Values *v, IrStmt *loop) {
  Mark m = {.v = v};
  v->loops++;
  mark_stmt(&m, loop);
  if (m.vars.len) qsort(m.vars.data, m.vars.len, sizeof *m.vars.data, by_id);
  for (uint32_t i = 0; i < m.vars.len; i++) {
    const Mention *one = &m.vars.data[i];
    IrVar *var = v->b.func->vars.data[one->id];
    if (!is_tracked(v, var)) continue;
    if (one->set)
      set_value(v, var, NULL);
    else if (v->of[one->id].has_value)
      (void)value_of(v, var);
  }
}

/* ---- statements ---- */

static void values_block(Values *v, IrBlock *block);

/* A block that may run or not, or many times: its copies are seen only inside. */
static void inner_block(Values *v, IrBlock *block) {
  uint32_t mark = v->changes.len;
  values_block(v, block);
  undo(v, mark);
}

typedef Vec(uint32_t) Ids;

/* Notes what has a value at the end of the branch and had none before. */
static void branch(Values *v, IrBlock *block, Ids *set) {
  uint32_t mark = v->changes.len;
  values_block(v, block);
  for (uint32_t i = mark; i < v->changes.len; i++) {
    const Undo *u = &v->changes.data[i];
    if (v->of[u->id].has_value && !u->before.has_value) vec_push(v->b.arena, set, u->id);
  }
  undo(v, mark);
}

/* Variables that both branches set have a value behind them; a branch that jumps away does not matter. */
static void values_if(Values *v, IrStmt *s) {
  IrBlock *then = &s->as.if_.then, *orelse = &s->as.if_.orelse;
  Ids set[2] = {{0}, {0}};
  branch(v, then, &set[0]);
  branch(v, orelse, &set[1]);
  bool ends = ir_ends(then), other_ends = ir_ends(orelse);
  uint32_t number = ++v->branches;
  for (uint32_t i = 0; i < set[0].len; i++) v->of[set[0].data[i]].branch = number;
  for (int k = 0; k < 2; k++)
    for (uint32_t i = 0; i < set[k].len; i++) {
      uint32_t id = set[k].data[i];
      bool counts = k == 0 ? other_ends && !ends : ends ? !other_ends : !other_ends && v->of[id].branch == number;
      if (counts) change(v, id, v->of[id].value, true);
    }
  forget_set(v, then);
  forget_set(v, orelse);
}

static void values_while(Values *v, IrStmt *s) {
  uint32_t mark = v->changes.len;
  IrBlock *outer = v->b.block, head = {0};
  values_block(v, &s->as.while_.head);
  head = s->as.while_.head;
  v->b.block = &head;
  ir_stmt_exprs(s, read_slot, v);
  s->as.while_.head = head;
  v->b.block = outer;
  inner_block(v, &s->as.while_.body);
  undo(v, mark);
}

static void has_value(Values *v, const IrVar *var, bool has) {
  if (var && !var->is_global && var->id < v->known) change(v, var->id, v->of[var->id].value, has);
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
  if (s->kind == IRS_STORE && is_tracked(v, s->as.store.array) && v->of[s->as.store.array->id].value)
    s->as.store.array = v->of[s->as.store.array->id].value;
  if (s->kind == IRS_SET)
    values_set(v, s);
  else
    forget(v, s->kind == IRS_DROP ? s->as.drop.var : ir_stmt_result(s));
  has_value(v, ir_stmt_result(s), true);
  if (s->kind == IRS_DROP) has_value(v, s->as.drop.var, false);
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
      if (!var->is_global) v->of[var->id].fixed = true;
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) find_fixed(v, blocks[k]);
  }
}

void pass_values(IrUnit *unit) {
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Values v = {.known = func->vars.len};
    v.b = (IrBuilder){.arena = unit->arena, .unit = unit, .func = func, .types = (TypeTable *)(uintptr_t)&unit->program->types};
    v.of = arena_array(unit->arena, Known, v.known + 1);
    for (uint32_t k = 0; k < func->params.len; k++) v.of[func->params.data[k]->id].has_value = true;
    find_fixed(&v, &func->body);
    values_block(&v, &func->body);
  }
}
