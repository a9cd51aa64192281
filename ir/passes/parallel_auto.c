/* Pass "auto": loops that are written as plain `for` and whose iterations are proven independent become parallel loops, as if they were written with
 * prange; but they never change a result. So a loop stays serial where it can fail (what the iterations behind the failing one left undone could be
 * seen), prints, or adds up floats without `reassoc`; the reason is said on the loop.
 *
 * Two accesses of an array, at least one of them a store, are apart when on some axis both subscripts are  coef * index + the same invariant form, or
 * differ by what is no multiple of coef; subscripts are compared as linear forms. Different arrays must be known not to overlap (IrLoop.alias).
 * A variable is private when each iteration sets it before reading it; what is carried must be a reduction (auto_reduce.c).
 * In: a unit with its versions; functions under `auto_parallel` or parallel=True. Out: IrLoop.parallel and .reductions, remarks. */
#include "ir/passes/parallel_auto.h"

enum { FEW_STEPS = 32 };

bool auto_refuse(Auto *a, const char *why) {
  if (!a->why) a->why = why;
  return false;
}

static bool is_private(const Auto *a, const IrVar *array) {
  const IrStmt *alloc = facts_maker(a->facts, array, IRS_ALLOC);
  return alloc && alloc->as.alloc.local && a->inside[array->id];
}

/* ---- what the loop does -------------------------------------------------------------------------------------------------------------- */

static void see_access(Auto *a, IrVar *array, IrExpr **index, bool stores) {
  if (a->count == MOST_ACCESSES)
    auto_refuse(a, "it accesses too many elements to compare them");
  else
    a->list[a->count++] = (Access){array, index, stores};
}

static void see_expr(Auto *a, IrExpr *e) {
  if (e->op == IR_LOAD) see_access(a, e->args[0]->as.var, e->args + 1, false);
  if (e->op == IR_VAR && !e->as.var->is_global) a->uses[e->as.var->id]++;
  for (uint32_t i = 0; i < e->count; i++) see_expr(a, e->args[i]);
}

static void see_slot(IrExpr **slot, void *data) {
  if (*slot) see_expr(data, *slot);
}

static bool is_scalar_call(const IrFunc *f, int depth);

static bool is_scalar_block(const IrBlock *block, int depth);

static void find_load(IrExpr **slot, void *data) {
  const IrExpr *e = *slot;
  if (e->op == IR_LOAD) *(bool *)data = true;
  for (uint32_t i = 0; i < e->count; i++) find_load(&e->args[i], data);
}

static bool is_scalar_stmt(IrStmt *s, int depth) {
  bool loads = false;
  IrBlock *blocks[2];
  switch ((int)s->kind) {
  case IRS_SET:
    if (s->as.set.var->is_global || !type_is_scalar(s->as.set.var->type)) return false;
    break;
  case IRS_CALL:
    if (!is_scalar_call(s->as.call.callee, depth + 1)) return false;
    break;
  case IRS_IF:
  case IRS_FOR:
  case IRS_WHILE:
  case IRS_BREAK:
  case IRS_CONTINUE:
  case IRS_RETURN: break;
  default: return false;
  }
  ir_stmt_exprs(s, find_load, &loads);
  unsigned count = ir_stmt_blocks(s, blocks);
  LJ_ASSERT(count <= LJ_COUNT(blocks));
  for (unsigned k = 0; k < count && !loads; k++) loads = !is_scalar_block(blocks[k], depth);
  return !loads;
}

static bool is_scalar_block(const IrBlock *block, int depth) {
  for (uint32_t i = 0; i < block->len; i++)
    if (!is_scalar_stmt(block->data[i], depth)) return false;
  return true;
}

/* From scalars to a scalar: touches no array, cannot fail, has no effect. */
static bool is_scalar_call(const IrFunc *f, int depth) { return depth < 8 && !f->recursive && is_scalar_block(&f->body, depth); }

/* `depth`: of loops inside this one. */
static void see_block(Auto *a, IrBlock *block, int depth);

static void see_stmt(Auto *a, IrStmt *s, int depth) {
  IrVar *var = s->kind == IRS_FOR ? s->as.for_.index : ir_stmt_result(s);
  if (var && var->is_global) auto_refuse(a, "it sets a variable of the top level");
  if (var && var->owns) auto_refuse(a, "it makes arrays, strings or tuples of them");
  if (var && !var->is_global) a->inside[var->id] = true;
  switch (s->kind) {
  case IRS_CHECK:
  case IRS_RAISE: auto_refuse(a, "an iteration may fail, and those behind it must not have run then"); break;
  case IRS_RETURN: auto_refuse(a, "it may return from the function"); break;
  case IRS_BREAK:
    if (!depth) auto_refuse(a, "it may break off");
    break;
  case IRS_CALL:
    if (!is_scalar_call(s->as.call.callee, 0)) auto_refuse(a, "it calls a function that may fail, or uses arrays");
    break;
  case IRS_RUNTIME:
  case IRS_TEXT:
  case IRS_TEXT_TAKE:
  case IRS_PRINT: auto_refuse(a, "it prints or calls the library"); break;
  case IRS_ALLOC:
    if (!s->as.alloc.local) auto_refuse(a, "it makes arrays, strings or tuples of them");
    break;
  case IRS_PARALLEL:
  case IRS_MAP:
  case IRS_REDUCE: auto_refuse(a, "it holds a parallel loop"); break;
  case IRS_FOR:
    if (s->as.for_.loop.parallel) auto_refuse(a, "it holds a parallel loop");
    break;
  case IRS_STORE: see_access(a, s->as.store.array, s->as.store.indices, true); break;
  case IRS_SET:
  case IRS_DROP:
  case IRS_IF:
  case IRS_WHILE:
  case IRS_CONTINUE:
  case IRS_COUNT: break;
  }
  ir_stmt_exprs(s, see_slot, a);
  facts_see(a->facts, s);
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  for (unsigned k = 0; k < count; k++) see_block(a, blocks[k], depth + (s->kind == IRS_FOR || s->kind == IRS_WHILE));
}

static void see_block(Auto *a, IrBlock *block, int depth) {
  for (uint32_t i = 0; i < block->len; i++) see_stmt(a, block->data[i], depth);
}

/* ---- arrays -------------------------------------------------------------------------------------------------------------------------- */

static bool is_fixed(const IrVar *var, const void *data) {
  const Auto *a = data;
  return var != a->loop->as.for_.index && !a->inside[var->id];
}

/* As a linear form whose leaves are the loop's index and what is the same in all iterations. */
static bool subscript_form(const Auto *a, const IrExpr *e, Affine *out) {
  if (!affine_of(a->facts, e, out)) return false;
  for (uint32_t i = 0; i < out->count; i++) {
    const IrExpr *leaf = out->terms[i].leaf;
    const IrVar *var = leaf->op == IR_VAR ? leaf->as.var : NULL;
    if (var == a->loop->as.for_.index || affine_leaf_vars(leaf, is_fixed, a)) continue;
    const IrExpr *def = var && var->lo ? facts_value(a->facts, var) : NULL; /* an index of a range with a step */
    int64_t coef = out->terms[i].coef;
    Affine self = {.terms = {{leaf, 1}}, .count = 1}, form;
    if (!def || !affine_of(a->facts, def, &form) || !affine_add(out, &self, -coef) || !affine_add(out, &form, coef)) return false;
    i = UINT32_MAX; /* from the start */
  }
  return true;
}

static bool axis_is_apart(const Auto *a, const IrExpr *x, const IrExpr *y) {
  const IrExpr index = {.op = IR_VAR, .type = a->loop->as.for_.index->type, .as.var = a->loop->as.for_.index};
  Affine f, g;
  if (!subscript_form(a, x, &f) || !subscript_form(a, y, &g)) return false;
  int64_t coef = affine_coef(&f, &index);
  if (affine_coef(&g, &index) != coef || !affine_add(&f, &g, -1) || f.count) return false;
  return coef ? f.base % coef != 0 || f.base == 0 : f.base != 0;
}

static bool are_apart(const Auto *a, const Access *x, const Access *y) {
  for (unsigned d = 0; d < x->array->type->ndim; d++)
    if (axis_is_apart(a, x->index[d], y->index[d])) return true;
  return false;
}

static bool arrays_are_apart(Auto *a, IrReductionVec *out) {
  for (uint32_t i = 0; i < a->count; i++)
    for (uint32_t k = 0; k < a->count; k++) {
      const Access *x = &a->list[i], *y = &a->list[k];
      if (!x->stores || (y->stores && k < i) || is_private(a, x->array) || is_private(a, y->array)) continue;
      if (x->array != y->array) {
        if (!ir_alias_apart(a->loop->as.for_.loop.alias, x->array, y->array))
          return auto_refuse(
              a, arena_printf(a->unit->arena, "whether '%s' and '%s' share memory is not known", x->array->name, y->array->name));
      } else if (x->array->is_global || a->inside[x->array->id] || (!are_apart(a, x, y) && !auto_reduces_array(a, x->array, out))) {
        return auto_refuse(a,
                           arena_printf(a->unit->arena, "whether iterations use different elements of '%s' is not known", x->array->name));
      }
    }
  return true;
}

/* ---- variables: what is read before it is set ---------------------------------------------------------------------------------------- */

static void read_expr(Auto *a, const IrExpr *e) {
  if (e->op == IR_VAR && !e->as.var->is_global && !e->as.var->once && a->inside[e->as.var->id] && !a->assigned[e->as.var->id])
    a->carried[e->as.var->id] = true;
  for (uint32_t i = 0; i < e->count; i++) read_expr(a, e->args[i]);
}

static void read_slot(IrExpr **slot, void *data) {
  if (*slot) read_expr(data, *slot);
}

static bool flow_block(Auto *a, IrBlock *block);

static bool *copy_of(const Auto *a) {
  bool *copy = arena_array(a->unit->arena, bool, a->func->vars.len + 1);
  memcpy(copy, a->assigned, a->func->vars.len * sizeof *copy);
  return copy;
}

/* Both branches; behind it counts what both set, or the one that gets there. */
static void flow_if(Auto *a, IrStmt *s) {
  bool *before = a->assigned, *then, *orelse;
  a->assigned = then = copy_of(a);
  bool then_falls = flow_block(a, &s->as.if_.then);
  a->assigned = before;
  a->assigned = orelse = copy_of(a);
  bool orelse_falls = flow_block(a, &s->as.if_.orelse);
  for (uint32_t i = 0; i < a->func->vars.len; i++) before[i] = (then[i] || !then_falls) && (orelse[i] || !orelse_falls);
  a->assigned = before;
}

/* False when control does not get behind it. */
static bool flow_stmt(Auto *a, IrStmt *s) {
  if (s->kind == IRS_WHILE) flow_block(a, &s->as.while_.head);
  ir_stmt_exprs(s, read_slot, a);
  if (s->kind == IRS_IF) flow_if(a, s);
  if (s->kind == IRS_FOR || s->kind == IRS_WHILE) { /* may run no step, or be left early */
    bool *before = a->assigned;
    a->assigned = copy_of(a);
    flow_block(a, s->kind == IRS_FOR ? &s->as.for_.body : &s->as.while_.body);
    a->assigned = before;
  }
  const IrVar *var = ir_stmt_result(s);
  if (var && !var->is_global) a->assigned[var->id] = true;
  return s->kind != IRS_CONTINUE && s->kind != IRS_BREAK;
}

static bool flow_block(Auto *a, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++)
    if (!flow_stmt(a, block->data[i])) return false;
  return true;
}

typedef struct Reading {
  const IrVar *var;
  bool found;
} Reading;

static void find_reading(IrExpr **slot, void *data) {
  Reading *r = data;
  if (*slot) r->found |= ir_reads(*slot, r->var);
}

static bool contains(IrStmt *s, const IrStmt *inner) {
  IrBlock *blocks[2];
  unsigned count = ir_stmt_blocks(s, blocks);
  bool found = s == inner;
  for (unsigned k = 0; k < count; k++)
    for (uint32_t i = 0; i < blocks[k]->len && !found; i++) found = contains(blocks[k]->data[i], inner);
  return found;
}

/* `set`: before the block it has a value that is not the loop's. */
static bool reads_value_of(IrBlock *block, const IrStmt *loop, const IrVar *var, bool set) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    Reading r = {var, false};
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    ir_stmt_exprs(s, find_reading, &r);
    if (r.found && !set) return true;
    if (contains(s, loop)) set = false;
    for (unsigned k = 0; k < count && s != loop; k++)
      if (reads_value_of(blocks[k], loop, var, set)) return true;
    if (ir_stmt_result(s) == var) set = true;
  }
  return false;
}

bool auto_is_read_later(const Auto *a, const IrVar *var) {
  return a->outside[var->id] && reads_value_of(&a->func->body, a->loop, var, false);
}

static bool judge_variables(Auto *a, IrReductionVec *out) {
  uint32_t count = a->func->vars.len;
  bool *follows = arena_array(a->unit->arena, bool, count + 1);
  a->assigned = arena_array(a->unit->arena, bool, count + 1);
  a->carried = arena_array(a->unit->arena, bool, count + 1);
  flow_block(a, &a->loop->as.for_.body);
  for (int carried = 1; carried >= 0; carried--) /* reductions first: others follow them */
    for (uint32_t i = 0; i < count; i++) {
      IrVar *var = a->func->vars.data[i];
      if (!a->inside[i] || var->once || a->carried[i] != carried || follows[i]) continue;
      if (carried && !auto_reduction(a, var, out, follows)) return false;
      if (carried || !auto_is_read_later(a, var)) continue;
      if (!type_is_scalar(var->type)) return auto_refuse(a, "what it sets last is no scalar");
      vec_push(a->unit->arena, out, ((IrReduction){.kind = REDUCTION_LAST, .var = var, .at = a->loop->span}));
    }
  return true;
}

/* ---- loops --------------------------------------------------------------------------------------------------------------------------- */

static void mark_expr(const IrExpr *e, bool *marks) {
  if (e->op == IR_VAR && !e->as.var->is_global) marks[e->as.var->id] = true;
  for (uint32_t i = 0; i < e->count; i++) mark_expr(e->args[i], marks);
}

static void mark_slot(IrExpr **slot, void *data) {
  if (*slot) mark_expr(*slot, data);
}

/* What is read elsewhere than below `skip`. */
static void mark_outside(IrBlock *block, const IrStmt *skip, bool *marks) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    ir_stmt_exprs(s, mark_slot, marks);
    if (s == skip) continue;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) mark_outside(blocks[k], skip, marks);
  }
}

static bool is_short(const IrStmt *loop) {
  int64_t lo, hi;
  return ir_is_int_const(loop->as.for_.lo, &lo) && ir_is_int_const(loop->as.for_.hi, &hi) && hi - lo < FEW_STEPS;
}

static bool try_loop(IrUnit *unit, IrFunc *func, const Facts *facts, IrStmt *loop) {
  Facts local = *facts;
  Auto *a = arena_new(unit->arena, Auto);
  *a = (Auto){.unit = unit, .func = func, .facts = &local, .loop = loop};
  local.assume_bounded = true; /* forms are compared modulo 2^64 */
  a->inside = arena_array(unit->arena, bool, func->vars.len + 1);
  a->outside = arena_array(unit->arena, bool, func->vars.len + 1);
  a->uses = arena_array(unit->arena, uint32_t, func->vars.len + 1);
  a->inside[loop->as.for_.index->id] = true;
  IrReductionVec reductions = {0};
  see_block(a, &loop->as.for_.body, 0);
  mark_outside(&func->body, loop, a->outside);
  if (!a->why && arrays_are_apart(a, &reductions)) judge_variables(a, &reductions);
  IrLoop *l = &loop->as.for_.loop;
  if (a->why) {
    ir_remark(unit->arena, l, "auto", false, loop->span, "stays serial: %s", a->why);
    return false;
  }
  l->parallel = l->automatic = true;
  for (uint32_t i = 0; i < reductions.len; i++) vec_push(unit->arena, &l->reductions, reductions.data[i]);
  ir_remark(unit->arena, l, "auto", true, loop->span, "its iterations are independent");
  return true;
}

/* The outermost loops that can be. */
static void auto_block(IrUnit *unit, IrFunc *func, Facts *f, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    facts_see(f, s);
    bool is_loop = s->kind == IRS_FOR && !s->as.for_.loop.cold;
    if (s->kind == IRS_FOR && (s->as.for_.loop.parallel || s->as.for_.loop.cold)) continue;
    if (is_loop && !is_short(s) && try_loop(unit, func, f, s)) continue;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) auto_block(unit, func, f, blocks[k]);
  }
}

void pass_auto(IrUnit *unit) {
  if (unit->program->options.race_check) return;
  for (uint32_t i = 0; i < unit->funcs.len; i++) {
    IrFunc *func = unit->funcs.data[i];
    Facts f;
    if (func->is_main || !func->spec || !spec_auto_parallel(func->spec)) continue;
    facts_init(&f, unit, func);
    auto_block(unit, func, &f, &func->body);
  }
}
