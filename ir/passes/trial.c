/* Pass "trial": which functions may be tried without statuses. A recursive function that has no effects but its result may run until something goes
 * wrong and then be run again: so its callers first call a *trial* form, which returns its result alone, goes on with zeros once a check has failed, and
 * leaves word of it in the context; only then the exact form runs, from the start, and raises the error with its chain of calls. The trial form is inlined
 * into itself some times over (IrFunc.trial copies), so that one stack check and one call serve several levels of the recursion.
 * A failed trial must end soon: its recursive calls are refused at once, so what has no loops ends by itself; what has loops tests after each call
 * (IrFunc.wary), since the zeros may be bounds of loops.
 * In: a unit after "effects". Out: IrFunc.cycle, trial, wary. Must not change any statement. */
#include "ir/passes/passes.h"

enum { MOST_COPIES = 4, MOST_NODES = 320 };

typedef struct Trial {
  IrUnit *unit;
  bool *quiet; /* by IrFunc.index: no effects but the result */
  bool *loops; /* it, or what it calls, has loops */
} Trial;

static bool has_effect(const IrStmt *s, const void *data) {
  const Trial *t = data;
  const IrVar *var = ir_stmt_result(s);
  if (var && var->is_global) return true;
  switch (s->kind) {
  case IRS_SET:
  case IRS_CHECK:
  case IRS_RAISE:
  case IRS_IF:
  case IRS_FOR:
  case IRS_WHILE:
  case IRS_BREAK:
  case IRS_CONTINUE:
  case IRS_RETURN: return false;
  case IRS_CALL: return !t->quiet[s->as.call.callee->index];
  case IRS_STORE:
  case IRS_ALLOC:
  case IRS_DROP:
  case IRS_TEXT:
  case IRS_TEXT_TAKE:
  case IRS_PRINT:
  case IRS_MAP:
  case IRS_REDUCE:
  case IRS_RUNTIME:
  case IRS_PARALLEL:
  case IRS_COUNT: break;
  }
  return true;
}

static bool has_loop(const IrStmt *s, const void *data) {
  const Trial *t = data;
  return ir_is_loop(s, NULL) || (s->kind == IRS_CALL && t->loops[s->as.call.callee->index]);
}

static bool owns_memory(const IrFunc *func) {
  for (uint32_t i = 0; i < func->vars.len; i++)
    if (func->vars.data[i]->owns) return true;
  return type_owns(func->result);
}

/* The greatest set of functions without effects, and which of them have loops. */
static void find_quiet(Trial *t) {
  for (uint32_t i = 0; i < t->unit->funcs.len; i++) {
    const IrFunc *func = t->unit->funcs.data[i];
    t->quiet[i] = !func->is_main && !func->is_chunk && !owns_memory(func);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 0; i < t->unit->funcs.len; i++) {
      const IrBlock *body = &t->unit->funcs.data[i]->body;
      if (t->quiet[i] && ir_any(body, has_effect, t)) t->quiet[i] = false, changed = true;
      if (!t->loops[i] && ir_any(body, has_loop, t)) t->loops[i] = changed = true;
    }
  }
}

static void reach(const IrBlock *block, bool *seen) {
  for (uint32_t i = 0; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    const IrFunc *callee = s->kind == IRS_CALL ? s->as.call.callee : NULL;
    if (callee && !seen[callee->index]) {
      seen[callee->index] = true;
      reach(&callee->body, seen);
    }
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks((IrStmt *)(uintptr_t)s, blocks);
    for (unsigned k = 0; k < count; k++) reach(blocks[k], seen);
  }
}

/* Functions that reach each other get the same number. */
static void find_cycles(IrUnit *unit) {
  uint32_t n = unit->funcs.len;
  bool *reached = arena_array(unit->arena, bool, (size_t)n *n + 1);
  for (uint32_t i = 0; i < n; i++)
    if (unit->funcs.data[i]->recursive) reach(&unit->funcs.data[i]->body, reached + (size_t)i * n);
  for (uint32_t i = 0; i < n; i++) {
    IrFunc *func = unit->funcs.data[i];
    for (uint32_t k = 0; k <= i && !func->cycle; k++)
      if (reached[(size_t)i * n + k] && reached[(size_t)k * n + i]) func->cycle = k + 1;
  }
}

typedef struct Size {
  const IrFunc *func;
  uint32_t nodes, calls; /* calls: of functions of its own cycle */
} Size;

static void size_expr(const IrExpr *e, Size *size) {
  size->nodes++;
  for (uint32_t i = 0; i < e->count; i++) size_expr(e->args[i], size);
}

static void size_slot(IrExpr **slot, void *data) { size_expr(*slot, data); }

static void size_block(const IrBlock *block, Size *size) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    size->nodes++;
    size->calls += s->kind == IRS_CALL && s->as.call.callee->cycle == size->func->cycle;
    ir_stmt_exprs(s, size_slot, size);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) size_block(blocks[k], size);
  }
}

/* How many copies fit: each holds `calls` of the next. */
static uint32_t copies_of(const IrFunc *func) {
  Size size = {.func = func};
  size_block(&func->body, &size);
  uint32_t copies = 1, all = size.nodes, level = size.nodes;
  while (func->cycle && copies < MOST_COPIES && (level *= size.calls) + all <= MOST_NODES) copies++, all += level;
  return copies;
}

static void set_trial(const Trial *t, const IrBlock *block);

static void mark_trial(const Trial *t, IrFunc *func) {
  if (func->trial || !t->quiet[func->index] || !func->can_fail) return;
  func->trial = copies_of(func);
  func->wary = t->loops[func->index];
  set_trial(t, &func->body);
}

/* What a trial form calls has one too. */
static void set_trial(const Trial *t, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    if (s->kind == IRS_CALL) mark_trial(t, s->as.call.callee);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) set_trial(t, blocks[k]);
  }
}

void pass_trial(IrUnit *unit) {
  Trial t = {.unit = unit};
  bool recursive = false;
  for (uint32_t i = 0; i < unit->funcs.len; i++) recursive |= unit->funcs.data[i]->recursive;
  if (!recursive) return;
  t.quiet = arena_array(unit->arena, bool, unit->funcs.len + 1);
  t.loops = arena_array(unit->arena, bool, unit->funcs.len + 1);
  find_cycles(unit);
  find_quiet(&t);
  for (uint32_t i = 0; i < unit->funcs.len; i++)
    if (unit->funcs.data[i]->cycle) mark_trial(&t, unit->funcs.data[i]);
}
