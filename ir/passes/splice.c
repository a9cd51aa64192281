/* Passes "join" and "splice": the bodies of small functions in the place of their calls, so that the passes behind them see the checks, the loads and the
 * arrays of a helper. (LLVM inlines too, but later, when loops have been decided about.)
 * "splice" takes functions without loops and memory of their own, whose returns end both branches of an IF or the body. "join", in front of "fuse", takes
 * functions of array expressions, where the caller has some of its own beside the call; what they own is dropped behind their body.
 * Statements that came from a call carry it along (IrStmt.frame): errors still name the function and show the call.
 * In: a unit; of "splice": one whose maps are loops. Out: fewer calls, without the functions all of whose calls are copies now. */
#include "ir/clone.h"
#include "ir/passes/passes.h"

enum { MOST_NODES = 120, MOST_GROWTH = 4000, MOST_ARRAY_NODES = 250, MOST_ARRAY_GROWTH = 1000 };

typedef struct Splice {
  IrUnit *unit;
  bool arrays; /* functions of array expressions, instead of those without */
  bool *done; /* by IrFunc.index: its own calls are spliced, or being looked at */
  uint32_t *nodes; /* of done functions: what a copy costs; 0: not to be copied */
  bool *taken; /* copied somewhere */
  bool *called; /* somewhere a call is left */
} Splice;

/* ---- which functions ----------------------------------------------------------------------------------------------------------------- */

static void count_expr(const IrExpr *e, uint32_t *nodes) {
  ++*nodes;
  for (uint32_t i = 0; i < e->count; i++) count_expr(e->args[i], nodes);
}

static void count_slot(IrExpr **slot, void *data) { count_expr(*slot, data); }

static bool is_nest(const IrStmt *s) { return s->kind == IRS_MAP || s->kind == IRS_REDUCE; }

/* Only statements that may be copied; counts them. */
static bool is_plain(const IrBlock *block, bool arrays, uint32_t *nodes) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    bool plain = s->kind == IRS_SET || s->kind == IRS_STORE || s->kind == IRS_CHECK || s->kind == IRS_RAISE || s->kind == IRS_IF ||
                 s->kind == IRS_CALL || s->kind == IRS_RETURN || (arrays && (is_nest(s) || s->kind == IRS_ALLOC || s->kind == IRS_DROP));
    if (!plain) return false;
    ++*nodes;
    ir_stmt_exprs(s, count_slot, nodes);
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++)
      if (!is_plain(blocks[k], arrays, nodes)) return false;
  }
  return true;
}

typedef enum Ending { ENDS_NEVER, ENDS_ALWAYS, ENDS_SOMETIMES } Ending;

/* Does the block return? Sometimes: in a way that cannot be written with branches alone. */
static Ending ending(const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    if (s->kind == IRS_RETURN || s->kind == IRS_RAISE) return ENDS_ALWAYS;
    if (s->kind != IRS_IF) continue;
    Ending a = ending(&s->as.if_.then), b = ending(&s->as.if_.orelse);
    if (a == ENDS_SOMETIMES || b == ENDS_SOMETIMES) return ENDS_SOMETIMES;
    if (a == ENDS_ALWAYS && b == ENDS_ALWAYS) return ENDS_ALWAYS;
    if (a == ENDS_NEVER && b == ENDS_NEVER) continue;
    IrBlock rest = {block->data + i + 1, block->len - i - 1, block->len - i - 1};
    return ending(&rest) == ENDS_ALWAYS ? ENDS_ALWAYS : ENDS_SOMETIMES;
  }
  return ENDS_NEVER;
}

static bool one_return(const IrFunc *func) {
  const IrBlock *body = &func->body;
  for (uint32_t i = 0; i + 1 < body->len; i++) {
    const IrStmt *s = body->data[i];
    if (s->kind == IRS_RETURN || (s->kind == IRS_IF && (ending(&s->as.if_.then) != ENDS_NEVER || ending(&s->as.if_.orelse) != ENDS_NEVER)))
      return false;
  }
  return body->len && vec_last(body)->kind == IRS_RETURN;
}

static bool has_nest(const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++)
    if (is_nest(block->data[i])) return true;
  return false;
}

/* What a copy of a function of array expressions costs: they stand in its outermost block. */
static uint32_t array_cost(const IrFunc *func) {
  uint32_t nodes = 0;
  const Type *result = func->result;
  bool plain = is_plain(&func->body, true, &nodes) && nodes <= MOST_ARRAY_NODES;
  if (!plain || !has_nest(&func->body) || !one_return(func)) return 0;
  return result->kind == TYPE_NONE || type_is_scalar(result) || type_is_array(result) ? nodes : 0;
}

/* What a copy of the function costs; 0: it stays a function. */
static uint32_t copy_cost(const IrFunc *func, bool arrays) {
  uint32_t nodes = 0;
  const FuncDef *def = func->spec ? func->spec->func : NULL;
  if (func->recursive || func->is_main || func->is_memo_body || !def || def->options.inline_ == TRI_NO) return 0;
  if (arrays) return array_cost(func);
  if (type_owns(func->result)) return 0;
  for (uint32_t i = 0; i < func->vars.len; i++)
    if (func->vars.data[i]->owns) return 0;
  if (!is_plain(&func->body, false, &nodes) || nodes > MOST_NODES || ending(&func->body) == ENDS_SOMETIMES) return 0;
  bool scalar = func->result->kind == TYPE_NONE || type_is_scalar(func->result);
  return scalar || one_return(func) ? nodes : 0;
}

/* ---- one call ------------------------------------------------------------------------------------------------------------------------ */

typedef struct Copy {
  IrBuilder b;
  IrClone clone;
  const IrStmt *call;
  IrFrame *frame; /* of the callee's own statements */
  Map frames; /* frames of the callee -> frames of the caller */
  IrVar *result;
  bool once; /* there is one return, which sets the call's own variable */
} Copy;

static const IrFrame *frame_of(Copy *c, const IrFrame *inner) {
  if (!inner) return c->frame;
  IrFrame *known = map_get(&c->frames, map_key(inner));
  if (known) return known;
  known = arena_new(c->b.arena, IrFrame);
  *known = (IrFrame){inner->callee, inner->call, frame_of(c, inner->outer)};
  map_put(c->b.arena, &c->frames, map_key(inner), known);
  return known;
}

/* Parameters that nobody sets are the caller's variables themselves, so that passes see one array, not two. */
static void bind_params(Copy *c) {
  const IrFunc *callee = c->call->as.call.callee;
  for (uint32_t i = 0; i < callee->vars.len; i++) {
    IrVar *var = callee->vars.data[i];
    if (var->once) continue;
    IrVar *copy = ir_new_var(&c->b, var->name, var->type);
    copy->span = var->span;
    copy->owns = var->owns;
    copy->temp = var->temp;
    map_put(c->b.arena, &c->clone.vars, map_key(var), copy);
  }
  for (uint32_t i = 0; i < callee->params.len; i++) {
    IrVar *param = callee->params.data[i], *own = map_get(&c->clone.vars, map_key(param));
    IrExpr *arg = c->call->as.call.args[i];
    bool same = !own && arg->op == IR_VAR && arg->as.var->once && !arg->as.var->is_global;
    if (own)
      ir_set(&c->b, own, arg);
    else
      map_put(c->b.arena, &c->clone.vars, map_key(param), same ? arg->as.var : ir_let(&c->b, param->name, arg));
  }
}

static void mark_frames(Copy *c, IrStmt *s) {
  IrBlock *blocks[2];
  s->frame = frame_of(c, s->frame);
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len; i++) mark_frames(c, blocks[k]->data[i]);
}

static void copy_block(Copy *c, const IrBlock *block, uint32_t from);

/* An IF of which a branch returns: what is behind it goes into the other one. */
static void copy_if(Copy *c, const IrBlock *block, uint32_t at) {
  const IrStmt *s = block->data[at];
  IrBlock *outside = c->b.block;
  c->b.span = s->span;
  IrStmt *copy = ir_stmt(&c->b, IRS_IF);
  copy->frame = frame_of(c, s->frame);
  copy->as.if_.cond = ir_clone_expr(&c->clone, s->as.if_.cond);
  bool then_ends = ending(&s->as.if_.then) == ENDS_ALWAYS, else_ends = ending(&s->as.if_.orelse) == ENDS_ALWAYS;
  c->b.block = &copy->as.if_.then;
  copy_block(c, &s->as.if_.then, 0);
  if (!then_ends) copy_block(c, block, at + 1);
  c->b.block = &copy->as.if_.orelse;
  copy_block(c, &s->as.if_.orelse, 0);
  if (!else_ends) copy_block(c, block, at + 1);
  c->b.block = outside;
}

static void copy_block(Copy *c, const IrBlock *block, uint32_t from) {
  for (uint32_t i = from; i < block->len; i++) {
    const IrStmt *s = block->data[i];
    c->b.span = s->span;
    if (s->kind == IRS_RETURN) {
      if (!c->result) return;
      ir_set(&c->b, c->result, ir_clone_expr(&c->clone, s->as.ret.value));
      vec_last(c->b.block)->as.set.move = s->as.ret.move;
      return;
    }
    if (s->kind == IRS_IF && (ending(&s->as.if_.then) != ENDS_NEVER || ending(&s->as.if_.orelse) != ENDS_NEVER)) {
      copy_if(c, block, i);
      return;
    }
    IrStmt *copy = ir_clone_stmt(&c->clone, s);
    mark_frames(c, copy);
    vec_push(c->b.arena, c->b.block, copy);
  }
}

/* What the function would release when it returns. */
static void drop_owned(Copy *c, const IrFunc *callee) {
  for (uint32_t i = 0; i < callee->vars.len; i++) {
    IrVar *copy = callee->vars.data[i]->owns ? map_get(&c->clone.vars, map_key(callee->vars.data[i])) : NULL;
    if (copy) ir_stmt(&c->b, IRS_DROP)->as.drop.var = copy;
  }
}

static void copy_call(IrUnit *unit, IrFunc *caller, const IrStmt *call, IrBlock *out) {
  const IrFunc *callee = call->as.call.callee;
  IrVar *result = call->as.call.result;
  Copy c = {.call = call, .clone = {.unit = unit, .func = caller}};
  c.b = (IrBuilder){.arena = unit->arena,
                    .unit = unit,
                    .func = caller,
                    .block = out,
                    .span = call->span,
                    .types = (TypeTable *)(uintptr_t)&unit->program->types};
  c.frame = arena_new(unit->arena, IrFrame);
  *c.frame = (IrFrame){callee, call->span, call->frame};
  bind_params(&c);
  c.result = result;
  bool merged = result && !one_return(callee);
  if (merged) {
    c.result = ir_new_var(&c.b, NULL, result->type);
    ir_set(&c.b, c.result, type_is_complex(result->type) ? ir_complex_const(&c.b, result->type, 0, 0) : ir_const(&c.b, result->type, 0));
  }
  copy_block(&c, &callee->body, 0);
  c.b.span = call->span;
  if (merged) ir_set(&c.b, result, ir_var(&c.b, c.result));
  drop_owned(&c, callee);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------------------ */

static void splice_func(Splice *s, IrFunc *func);

static bool from_library(const IrFunc *f) { return f->spec && f->spec->func && f->spec->func->module->source->is_library; }

static bool is_taken(Splice *s, const IrFunc *caller, const IrStmt *call, uint32_t budget) {
  IrFunc *callee = call->as.call.callee;
  if (s->arrays && from_library(callee) && !from_library(caller)) return false; /* the pass "race" tells them apart */
  splice_func(s, callee);
  uint32_t cost = s->nodes[callee->index];
  return cost && cost <= budget && callee->fastmath == caller->fastmath;
}

/* Array expressions of the block's own, or several calls that have some: there is something to join. */
static bool is_worthwhile(Splice *s, const IrFunc *func, const IrBlock *block) {
  uint32_t nests = 0;
  for (uint32_t i = 0; i < block->len; i++) {
    const IrStmt *stmt = block->data[i];
    nests += is_nest(stmt) || (stmt->kind == IRS_CALL && is_taken(s, func, stmt, UINT32_MAX));
  }
  return nests > 1;
}

static void splice_block(Splice *s, IrFunc *func, IrBlock *block, uint32_t *budget) {
  IrBlock out = {0};
  if (s->arrays && !is_worthwhile(s, func, block)) budget = &(uint32_t){0};
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *stmt = block->data[i];
    IrBlock *blocks[2];
    unsigned count = s->arrays && is_nest(stmt) ? 0 : ir_stmt_blocks(stmt, blocks);
    for (unsigned k = 0; k < count; k++) splice_block(s, func, blocks[k], budget);
    if (stmt->kind == IRS_CALL && is_taken(s, func, stmt, *budget)) {
      *budget -= s->nodes[stmt->as.call.callee->index];
      s->taken[stmt->as.call.callee->index] = true;
      copy_call(s->unit, func, stmt, &out);
    } else {
      vec_push(s->unit->arena, &out, stmt);
    }
  }
  *block = out;
}

/* Callees first. */
static void splice_func(Splice *s, IrFunc *func) {
  if (s->done[func->index]) return;
  s->done[func->index] = true;
  uint32_t budget = s->arrays ? MOST_ARRAY_GROWTH : MOST_GROWTH;
  if (!func->is_main) splice_block(s, func, &func->body, &budget); /* the top level runs once */
  s->nodes[func->index] = copy_cost(func, s->arrays);
}

static void see_calls(Splice *s, const IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *stmt = block->data[i];
    IrBlock *blocks[2];
    if (stmt->kind == IRS_CALL) s->called[stmt->as.call.callee->index] = true;
    unsigned count = ir_stmt_blocks(stmt, blocks);
    for (unsigned k = 0; k < count; k++) see_calls(s, blocks[k]);
  }
}

/* Leaves out functions all of whose calls became copies. */
static void drop_functions(Splice *s) {
  IrUnit *unit = s->unit;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < unit->funcs.len; i++) see_calls(s, &unit->funcs.data[i]->body);
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    if (func == unit->entry || s->called[i] || !s->taken[i]) unit->funcs.data[kept++] = func;
  }
  unit->funcs.len = kept;
  for (uint32_t i = 0; i < kept; i++) unit->funcs.data[i]->index = i;
}

static void splice_unit(IrUnit *unit, bool arrays) {
  Splice s = {.unit = unit, .arrays = arrays};
  s.done = arena_array(unit->arena, bool, unit->funcs.len + 1);
  s.nodes = arena_array(unit->arena, uint32_t, unit->funcs.len + 1);
  s.taken = arena_array(unit->arena, bool, unit->funcs.len + 1);
  s.called = arena_array(unit->arena, bool, unit->funcs.len + 1);
  for (uint32_t i = 0; i < unit->funcs.len; i++) splice_func(&s, unit->funcs.data[i]);
  drop_functions(&s);
}

void pass_join(IrUnit *unit) { splice_unit(unit, true); }
void pass_splice(IrUnit *unit) { splice_unit(unit, false); }
