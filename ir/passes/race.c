/* Pass "race": under the option `race_check` each prange becomes a serial loop that tells the runtime (rt_race.c) where it begins and ends, which
 * iteration runs, and which elements are read and stored: in the loop, and in all functions that it calls.
 * Arrays that the loop reduces are left out: their iterations meet by intention. So are arrays in the frame of a function.
 * In: a unit whose array expressions are loops. Out: no loop is parallel; RUNTIME statements before each statement that accesses an array. */
#include "ir/passes/passes.h"

typedef struct Watch {
  IrBuilder b;
  bool *called; /* by IrFunc.index: reached from the body of a prange */
  bool *private; /* by IrVar.id: arrays that are not watched */
  bool is_library;
} Watch;

static bool is_prange(const IrStmt *s) { return s->kind == IRS_FOR && s->as.for_.loop.parallel && s->as.for_.loop.iteration; }
static bool from_library(const IrFunc *f) { return f->spec && f->spec->func && f->spec->func->module->source->is_library; }

/* ---- which functions ----------------------------------------------------------------------------------------------------------------- */

static void mark_calls(Watch *w, IrBlock *block, bool in_loop) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    bool below = in_loop || is_prange(s);
    if (in_loop && s->kind == IRS_CALL && !w->called[s->as.call.callee->index]) {
      w->called[s->as.call.callee->index] = true;
      mark_calls(w, &s->as.call.callee->body, true);
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) mark_calls(w, blocks[k], below);
  }
}

/* ---- accesses ------------------------------------------------------------------------------------------------------------------------ */

static IrExpr *name_of(Watch *w, const IrVar *array) {
  size_t length = strlen(array->name);
  SymData *name = arena_alloc(w->b.arena, sizeof *name + length + 1, _Alignof(SymData));
  name->len = (uint32_t)length;
  name->hash = 0;
  memcpy(name->text, array->name, length + 1);
  return ir_string(&w->b, name);
}

/* `index` NULL: all elements. */
static void tell(Watch *w, IrVar *array, IrExpr *const *index, bool stores, Span at) {
  IrBuilder *b = &w->b;
  const Type *t = array->type, *int_type = type_scalar(b->types, DT_INT64), *types[TYPE_MAX_NDIM];
  if (!array->is_global && w->private[array->id]) return;
  IrExpr *args[6] = {name_of(w, array), ir_int(b, stores), ir_int(b, dtype_size(t->dtype)), ir_int(b, t->ndim), ir_var(b, array)};
  Span saved = b->span;
  if (at.src) b->span = at;
  if (index) {
    IrExpr *const zero = ir_int(b, 0);
    for (unsigned i = 0; i < TYPE_MAX_NDIM; i++) types[i] = int_type;
    args[5] =
        t->ndim ? ir_tuple(b, type_tuple(b->types, types, t->ndim), index, t->ndim) : ir_tuple(b, type_tuple(b->types, types, 1), &zero, 1);
  }
  ir_runtime(b, index ? "lj_rt_race_element" : "lj_rt_race_array", args, index ? 6 : 5, NULL, true);
  b->span = saved;
}

static bool has_load(const IrExpr *e) {
  if (e->op == IR_LOAD) return true;
  for (uint32_t i = 0; i < e->count; i++)
    if (has_load(e->args[i])) return true;
  return false;
}

static void tell_loads(Watch *w, IrExpr *e);

/* What is evaluated only under a condition may be no element at all otherwise. */
static void tell_under(Watch *w, IrExpr *cond, bool wanted, IrExpr *e) {
  if (!has_load(e)) return;
  IrBlock *outer = w->b.block;
  IrStmt *s = ir_stmt(&w->b, IRS_IF);
  s->as.if_.cond = cond;
  w->b.block = wanted ? &s->as.if_.then : &s->as.if_.orelse;
  tell_loads(w, e);
  w->b.block = outer;
}

static void tell_loads(Watch *w, IrExpr *e) {
  if (e->op == IR_LAND || e->op == IR_LOR || e->op == IR_SELECT) {
    tell_loads(w, e->args[0]);
    tell_under(w, e->args[0], e->op != IR_LOR, e->args[1]);
    if (e->op == IR_SELECT) tell_under(w, e->args[0], false, e->args[2]);
    return;
  }
  for (uint32_t i = 0; i < e->count; i++) tell_loads(w, e->args[i]);
  if (e->op == IR_LOAD) tell(w, e->args[0]->as.var, e->args + 1, false, e->as.at);
}

static void tell_slot(IrExpr **slot, void *data) {
  if (*slot) tell_loads(data, *slot);
}

/* Functions of the runtime read the arrays that they are given; these write the last one. */
static bool writes_last(const char *symbol) {
  static const char *const names[] = {"lj_rt_matmul", "lj_rt_random_fill", "lj_rt_random_shuffle", "lj_rt_random_choice"};
  for (size_t i = 0; i < LJ_COUNT(names); i++)
    if (strcmp(names[i], symbol) == 0) return true;
  return false;
}

/* Functions of the host write arrays that are not read-only for them. */
static void tell_host(Watch *w, const IrStmt *s) {
  for (uint32_t i = 0; i < s->as.runtime.count; i++) {
    const IrExpr *e = s->as.runtime.args[i];
    if (type_is_array(e->type) && e->op == IR_VAR) tell(w, e->as.var, NULL, !e->type->readonly, s->span);
  }
}

static void tell_runtime(Watch *w, const IrStmt *s) {
  uint32_t last = s->as.runtime.count;
  while (last > 0 && !type_is_array(s->as.runtime.args[last - 1]->type)) last--;
  for (uint32_t i = 0; i < last; i++) {
    const IrExpr *e = s->as.runtime.args[i];
    if (type_is_array(e->type) && e->op == IR_VAR) tell(w, e->as.var, NULL, i + 1 == last && writes_last(s->as.runtime.symbol), s->span);
  }
}

static void tell_stmt(Watch *w, IrStmt *s) {
  w->b.span = s->span;
  ir_stmt_exprs(s, tell_slot, w);
  if (s->kind == IRS_STORE) tell(w, s->as.store.array, s->as.store.indices, true, s->span);
  bool is_host = s->kind == IRS_RUNTIME && ir_host(w->b.unit, s->as.runtime.symbol);
  if (s->kind == IRS_RUNTIME && !is_host) tell_runtime(w, s);
  if (is_host) tell_host(w, s);
  if (s->kind == IRS_TEXT && type_is_array(s->as.text.value->type) && s->as.text.value->op == IR_VAR)
    tell(w, s->as.text.value->as.var, NULL, false, s->span);
  if (s->kind == IRS_CALL && !w->is_library && from_library(s->as.call.callee)) ir_runtime(&w->b, "lj_rt_race_call", NULL, 0, NULL, false);
}

/* ---- blocks -------------------------------------------------------------------------------------------------------------------------- */

static void mark_private(Watch *w, const IrStmt *s) {
  if (s->kind == IRS_ALLOC && s->as.alloc.local) w->private[s->as.alloc.var->id] = true;
  if (s->kind != IRS_SET || !type_is_array(s->as.set.var->type) || s->as.set.var->is_global) return;
  const IrExpr *value = s->as.set.value;
  const IrVar *from = value->op == IR_VIEW ? value->args[0]->as.var : value->op == IR_VAR ? value->as.var : NULL;
  if (from && !from->is_global) w->private[s->as.set.var->id] |= w->private[from->id];
}

static void set_reduced(Watch *w, const IrLoop *loop, bool on) {
  for (uint32_t i = 0; i < loop->reductions.len; i++) {
    const IrReduction *r = &loop->reductions.data[i];
    if ((r->kind == REDUCTION_ARRAY || r->kind == REDUCTION_ELEMENT) && !r->var->is_global) w->private[r->var->id] = on;
  }
}

static void tell_iteration(Watch *w, const IrLoop *loop) {
  IrExpr *now = ir_cast(&w->b, type_scalar(w->b.types, DT_INT64), ir_var(&w->b, loop->iteration));
  ir_runtime(&w->b, "lj_rt_race_iteration", &now, 1, NULL, false);
}

/* Statements that see the iteration's value; `loop` NULL: no body of a prange. `watched`: a prange runs the block, or a function that one calls. */
static void watch_block(Watch *w, IrBlock *block, const IrLoop *loop, const IrVar *index, bool watched);

static void watch_loop(Watch *w, IrStmt *s, IrBlock *out) {
  IrLoop *loop = &s->as.for_.loop;
  w->b.block = out;
  w->b.span = s->span;
  ir_runtime(&w->b, "lj_rt_race_begin", NULL, 0, NULL, true);
  set_reduced(w, loop, true);
  watch_block(w, &s->as.for_.body, loop, s->as.for_.index, true);
  set_reduced(w, loop, false);
  vec_push(w->b.arena, out, s);
  w->b.block = out;
  w->b.span = s->span;
  ir_runtime(&w->b, "lj_rt_race_end", NULL, 0, NULL, false);
  ir_remark(w->b.arena, loop, "race", true, s->span, "runs serially; its accesses of arrays are watched");
}

static void watch_stmt(Watch *w, IrStmt *s, IrBlock *out, bool watched) {
  IrBlock *blocks[2];
  bool starts = is_prange(s);
  if (s->kind == IRS_FOR) s->as.for_.loop.parallel = false;
  w->b.block = out;
  bool is_while = s->kind == IRS_WHILE;
  if (watched && !is_while) tell_stmt(w, s);
  mark_private(w, s);
  if (starts) {
    watch_loop(w, s, out);
    return;
  }
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++) watch_block(w, blocks[k], NULL, NULL, watched);
  if (watched && is_while) {
    w->b.block = &s->as.while_.head; /* the condition is evaluated behind it */
    w->b.span = s->span;
    tell_loads(w, s->as.while_.cond);
  }
  vec_push(w->b.arena, out, s);
}

static void watch_block(Watch *w, IrBlock *block, const IrLoop *loop, const IrVar *index, bool watched) {
  IrBlock out = {0};
  bool told = !loop;
  for (uint32_t i = 0; i <= block->len; i++) {
    const IrVar *set = i ? ir_stmt_result(block->data[i - 1]) : index;
    w->b.block = &out;
    if (!told && loop->iteration == set) tell_iteration(w, loop), told = true;
    if (i < block->len) watch_stmt(w, block->data[i], &out, watched);
  }
  LJ_ASSERT(told);
  *block = out;
  w->b.block = block;
}

void pass_race(IrUnit *unit) {
  if (!unit->program->options.race_check) return;
  Watch w = {.called = arena_array(unit->arena, bool, unit->funcs.len + 1)};
  for (uint32_t i = 0; i < unit->funcs.len; i++) mark_calls(&w, &unit->funcs.data[i]->body, false);
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *f = unit->funcs.data[i];
    w.b = (IrBuilder){.arena = unit->arena, .unit = unit, .func = f, .types = (TypeTable *)(uintptr_t)&unit->program->types};
    w.private = arena_array(unit->arena, bool, f->vars.len + 1);
    w.is_library = from_library(f);
    watch_block(&w, &f->body, NULL, NULL, w.called[i]);
  }
}
