/* Reductions in plain loops, found in the Loop IR: s = s op e, flags (s = s or c), if e > s: s = e with what follows it, a[i] = a[i] op e.
 * Only those whose result is the same bit for bit when iterations are combined in groups: integers, flags, extremes; sums of floats with `reassoc`.
 * In: a loop that the pass "auto" judges, with what it reads and sets. Out: the reductions, or the reason why there is none. */
#include "ir/passes/parallel_auto.h"

typedef struct Reduced {
  Auto *a;
  IrVar *var;
  IrReduction what;
  IrVarVec followers;
  uint32_t used; /* readings that have a form of a reduction */
  bool any, failed;
} Reduced;

static uint32_t count_sets(IrBlock *block, const IrVar *var) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    n += ir_stmt_result(block->data[i]) == var || (block->data[i]->kind == IRS_STORE && block->data[i]->as.store.array == var);
    for (unsigned k = 0; k < count; k++) n += count_sets(blocks[k], var);
  }
  return n;
}

/* A statement with the block it stands in. */
typedef struct Place {
  IrBlock *block;
  uint32_t at;
} Place;

/* What a `once` variable stands for, through statements of the same block before `at` that set it. Not across a change of the reduced variable.
 * `alone`: only variables that nobody else reads. */
static const IrExpr *resolve(const Reduced *r, Place p, const IrExpr *e, bool alone) {
  for (uint32_t i = p.at; i-- > 0 && e->op == IR_VAR;) {
    IrStmt *s = p.block->data[i];
    IrBlock one = {&s, 1, 1};
    bool defines = s->kind == IRS_SET && s->as.set.var == e->as.var && e->as.var->once && !e->as.var->is_global;
    if (defines && alone && r->a->uses[e->as.var->id] != 1) break;
    if (defines)
      e = s->as.set.value;
    else if (count_sets(&one, r->var))
      break;
  }
  return e;
}

/* Reads the reduced variable, or a copy that is read here alone. */
static bool is_reduced(Reduced *r, Place p, const IrExpr *e, uint32_t *used) {
  e = resolve(r, p, e, true);
  if (e->op != IR_VAR || e->as.var != r->var) return false;
  *used += 1;
  return true;
}

/* The same wherever it is evaluated in an iteration. */
static bool is_settled(const IrExpr *e) {
  if (e->op == IR_LOAD || (e->op == IR_VAR && !e->as.var->once)) return false;
  for (uint32_t i = 0; i < e->count; i++)
    if (!is_settled(e->args[i])) return false;
  return true;
}

/* The same value, x in the block behind a condition, y in the condition. Memory is read by both at the same time, or not at all. */
static bool same_value(const Reduced *r, Place p, const IrExpr *x, const IrExpr *y) {
  if (ir_same(x, y)) return true;
  x = resolve(r, p, x, false);
  const IrExpr *deep = facts_resolve(r->a->facts, x);
  if (is_settled(deep)) x = deep;
  deep = facts_resolve(r->a->facts, y);
  if (is_settled(deep)) y = deep;
  if (ir_same(x, y)) return true;
  if (x->op != y->op || x->type != y->type || x->count != y->count || x->op == IR_VAR || !x->count || x->op == IR_GET || x->op == IR_MATH ||
      x->op == IR_RTCALL)
    return false;
  for (uint32_t i = 0; i < x->count; i++)
    if (!same_value(r, p, x->args[i], y->args[i])) return false;
  return true;
}

static void record(Reduced *r, IrReduction what) {
  if (r->any && (r->what.kind != what.kind || r->what.op != what.op || r->what.swapped != what.swapped)) r->failed = true;
  r->what = what;
  r->any = true;
}

/* May iterations be combined in groups without changing a bit? */
static bool is_exact(const Auto *a, const IrReduction *r, const Type *type) {
  if (type_is_int(type) || type_is_bool(type)) return true;
  if (a->func->fastmath & FM_REASSOC) return true;
  return r->kind == REDUCTION_BEST ||
         ((r->op == IR_PYMIN || r->op == IR_PYMAX) && !r->swapped); /* a NaN is never taken, the first of equals is */
}

static bool is_sum(IrOp op) { return op == IR_ADD || op == IR_SUB || op == IR_MUL || op == IR_AND || op == IR_OR || op == IR_XOR; }

/* s = s op e */
static void match_set(Reduced *r, Place p) {
  const IrExpr *value = resolve(r, p, p.block->data[p.at]->as.set.value, true);
  IrReduction what = {.kind = REDUCTION_OP, .op = value->op};
  bool minmax = value->op == IR_PYMIN || value->op == IR_PYMAX;
  bool flag = value->op == IR_LAND || value->op == IR_LOR;
  r->failed |= !minmax && !is_sum(value->op) && !flag;
  if (r->failed) return;
  bool left = is_reduced(r, p, value->args[0], &r->used), right = !left && is_reduced(r, p, value->args[1], &r->used);
  if (value->op == IR_SUB) what.op = IR_ADD;
  what.swapped = minmax && right;
  r->failed |= !(left || right) || (right && value->op == IR_SUB);
  record(r, what);
}

/* ---- flags ---- */

typedef struct Branch {
  const Reduced *r;
  const IrVar *flag;
  uint32_t *reads; /* by IrVar.id: in the branch */
} Branch;

static void count_expr(Branch *b, const IrExpr *e) {
  if (e->op == IR_VAR && !e->as.var->is_global) b->reads[e->as.var->id]++;
  for (uint32_t i = 0; i < e->count; i++) count_expr(b, e->args[i]);
}

static void count_slot(IrExpr **slot, void *data) {
  if (*slot) count_expr(data, *slot);
}

static void count_block(Branch *b, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(block->data[i], blocks);
    ir_stmt_exprs(block->data[i], count_slot, b);
    for (unsigned k = 0; k < count; k++) count_block(b, blocks[k]);
  }
}

/* Whether the branch runs depends on the flag, so nothing but the flag may come out of it. */
static bool is_closed(const Branch *b, IrBlock *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    IrStmt *s = block->data[i];
    const IrVar *var = s->kind == IRS_FOR ? s->as.for_.index : ir_stmt_result(s);
    bool ok = s->kind == IRS_SET || s->kind == IRS_IF || s->kind == IRS_FOR;
    if (ok && var && var != b->flag)
      ok = var != b->r->var && !var->is_global && !auto_is_read_later(b->r->a, var) && b->reads[var->id] == b->r->a->uses[var->id];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count && ok; k++) ok = is_closed(b, blocks[k]);
    if (!ok) return false;
  }
  return true;
}

static bool copies(const IrStmt *s, const IrVar *from) {
  return s->kind == IRS_SET && s->as.set.value->op == IR_VAR && s->as.set.value->as.var == from;
}

/* The branches behind t = s: if not t: t = e. Gives where they end; the operator they have in common, LOR or LAND, is in *op. */
static uint32_t match_branches(const Reduced *r, Place p, const IrVar *flag, IrOp *op) {
  Branch b = {.r = r, .flag = flag, .reads = arena_array(r->a->unit->arena, uint32_t, r->a->func->vars.len + 1)};
  uint32_t at = p.at;
  if (flag->once || flag->is_global || !type_is_bool(flag->type) || auto_is_read_later(r->a, flag)) return at;
  for (; at < p.block->len && p.block->data[at]->kind == IRS_IF; at++) {
    IrStmt *s = p.block->data[at];
    const IrExpr *cond = s->as.if_.cond;
    IrOp one = cond->op == IR_LNOT ? IR_LOR : IR_LAND;
    if (one == IR_LOR) cond = cond->args[0];
    if (cond->op != IR_VAR || cond->as.var != flag || s->as.if_.orelse.len || (*op && *op != one)) return p.at;
    *op = one;
    b.reads[flag->id]++;
    count_block(&b, &s->as.if_.then);
  }
  if (b.reads[flag->id] + 1 != r->a->uses[flag->id]) return p.at; /* and the copy behind them */
  for (uint32_t i = p.at; i < at; i++)
    if (!is_closed(&b, &p.block->data[i]->as.if_.then)) return p.at;
  return at;
}

/* `s or e` as lowering writes it: t = s; if not t: t = e; s = t; longer chains go on with u = t. Gives the number of statements; 0: it is something else. */
static uint32_t match_flag(Reduced *r, Place p) {
  IrReduction what = {.kind = REDUCTION_OP};
  const IrVar *from = r->var;
  uint32_t at = p.at;
  while (at < p.block->len && copies(p.block->data[at], from)) {
    from = p.block->data[at]->as.set.var;
    if (from == r->var) break;
    uint32_t end = match_branches(r, (Place){p.block, at + 1}, from, &what.op);
    if (end == at + 1) return 0;
    at = end;
  }
  if (from != r->var || at == p.at || at == p.block->len) return 0;
  r->used++;
  record(r, what);
  return at + 1 - p.at;
}

/* ---- extremes ---- */

/* if e > s: s = e; k = i */
static bool match_guard(Reduced *r, Place p) {
  static const IrOp flipped[] = {[IR_LT] = IR_GT, [IR_LE] = IR_GE, [IR_GT] = IR_LT, [IR_GE] = IR_LE};
  IrStmt *s = p.block->data[p.at];
  const IrExpr *cond = s->as.if_.cond;
  if (cond->op < IR_LT || cond->op > IR_GE || s->as.if_.orelse.len) return false;
  uint32_t used = 0, followers = r->followers.len;
  bool left = is_reduced(r, p, cond->args[0], &used), right = !left && is_reduced(r, p, cond->args[1], &used), found = false,
       ok = left || right;
  for (uint32_t i = 0; i < s->as.if_.then.len && ok; i++) {
    const IrStmt *one = s->as.if_.then.data[i];
    ok = one->kind == IRS_SET;
    if (ok && one->as.set.var == r->var)
      ok = !found && (found = same_value(r, (Place){&s->as.if_.then, i}, one->as.set.value, cond->args[left]));
    else if (ok && !one->as.set.var->once)
      vec_push(r->a->unit->arena, &r->followers, one->as.set.var);
  }
  if (!ok || !found) {
    r->followers.len = followers;
    return false;
  }
  r->used += used;
  record(r, (IrReduction){.kind = REDUCTION_BEST, .op = left ? flipped[cond->op] : cond->op, .is_best = true});
  return true;
}

static void match_block(Reduced *r, IrBlock *block) {
  for (uint32_t i = 0; i < block->len && !r->failed; i++) {
    IrStmt *s = block->data[i];
    uint32_t flag = match_flag(r, (Place){block, i});
    if (flag) {
      i += flag - 1;
      continue;
    }
    bool sets = ir_stmt_result(s) == r->var;
    if (sets && s->kind == IRS_SET) match_set(r, (Place){block, i});
    r->failed |= sets && s->kind != IRS_SET;
    if (s->kind == IRS_IF && match_guard(r, (Place){block, i})) continue;
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    for (unsigned k = 0; k < count; k++) match_block(r, blocks[k]);
  }
}

bool auto_reduction(Auto *a, IrVar *var, IrReductionVec *out, bool *follows) {
  Reduced r = {.a = a, .var = var};
  match_block(&r, &a->loop->as.for_.body);
  r.failed |= !r.any || r.used != a->uses[var->id] || !type_is_scalar(var->type);
  if (r.failed) return auto_refuse(a, arena_printf(a->unit->arena, "'%s' is carried from one iteration to the next", var->name));
  if (!is_exact(a, &r.what, var->type))
    return auto_refuse(a, arena_printf(a->unit->arena, "'%s' is a float whose steps keep their order (without fastmath)", var->name));
  r.what.var = var;
  r.what.at = a->loop->span;
  vec_push(a->unit->arena, out, r.what);
  for (uint32_t i = 0; i < r.followers.len; i++) {
    IrVar *other = r.followers.data[i];
    if (follows[other->id] || a->uses[other->id] || count_sets(&a->loop->as.for_.body, other) != 1 || !type_is_scalar(other->type))
      return auto_refuse(a, arena_printf(a->unit->arena, "'%s' is carried from one iteration to the next", other->name));
    follows[other->id] = true;
    vec_push(a->unit->arena, out, ((IrReduction){.kind = REDUCTION_FOLLOW, .var = other, .leader = var, .at = a->loop->span}));
  }
  return true;
}

/* ---- arrays -------------------------------------------------------------------------------------------------------------------------- */

/* The `once` variable that another one is a copy of. */
static const IrExpr *original(Place p, const IrExpr *e) {
  for (uint32_t i = p.at; i-- > 0 && e->op == IR_VAR;) {
    const IrStmt *s = p.block->data[i];
    if (s->kind != IRS_SET || s->as.set.var != e->as.var || !e->as.var->once) continue;
    if (s->as.set.value->op != IR_VAR || !s->as.set.value->as.var->once) break;
    e = s->as.set.value;
  }
  return e;
}

/* a[i] of the reduced array, at the indices of the store, that nobody else reads. Casts to wider integers aside: sums wrap in any order. */
static bool is_old_element(const Reduced *r, Place p, const IrExpr *e, bool sum) {
  const IrStmt *store = p.block->data[p.at];
  e = resolve(r, p, e, true);
  while (sum && e->op == IR_CAST && type_is_int(e->type) && type_is_int(e->args[0]->type)) e = resolve(r, p, e->args[0], true);
  if (e->op != IR_LOAD || e->args[0]->as.var != r->var) return false;
  for (unsigned d = 0; d < r->var->type->ndim; d++) {
    const IrExpr *index = original(p, e->args[d + 1]);
    if (!is_settled(index) || !ir_same(index, original(p, store->as.store.indices[d]))) return false;
  }
  return true;
}

/* a[i] = a[i] op e */
static void match_store(Reduced *r, Place p) {
  const IrStmt *store = p.block->data[p.at];
  const IrExpr *value = resolve(r, p, store->as.store.value, true);
  bool narrow = value->op == IR_CAST && type_is_int(value->type) && type_is_int(value->args[0]->type);
  if (narrow) value = resolve(r, p, value->args[0], true);
  IrReduction what = {.kind = REDUCTION_ARRAY, .op = value->op};
  bool sum = is_sum(value->op), minmax = !narrow && (value->op == IR_PYMIN || value->op == IR_PYMAX);
  r->failed |= !sum && !minmax;
  if (r->failed) return;
  bool left = is_old_element(r, p, value->args[0], sum), right = !left && is_old_element(r, p, value->args[1], sum);
  if (value->op == IR_SUB) what.op = IR_ADD;
  what.swapped = minmax && right;
  r->failed |= !(left || right) || (right && value->op == IR_SUB);
  r->used++;
  record(r, what);
}

static void match_stores(Reduced *r, IrBlock *block) {
  for (uint32_t i = 0; i < block->len && !r->failed; i++) {
    IrStmt *s = block->data[i];
    IrBlock *blocks[2];
    unsigned count = ir_stmt_blocks(s, blocks);
    if (s->kind == IRS_STORE && s->as.store.array == r->var) match_store(r, (Place){block, i});
    for (unsigned k = 0; k < count; k++) match_stores(r, blocks[k]);
  }
}

bool auto_reduces_array(Auto *a, IrVar *array, IrReductionVec *out) {
  for (uint32_t i = 0; i < out->len; i++)
    if (out->data[i].var == array) return true;
  uint32_t loads = 0, stores = 0;
  for (uint32_t i = 0; i < a->count; i++)
    if (a->list[i].array == array) stores += a->list[i].stores, loads += !a->list[i].stores;
  Reduced r = {.a = a, .var = array};
  match_stores(&r, &a->loop->as.for_.body);
  const Type *elem = type_scalar((TypeTable *)(uintptr_t)&a->unit->program->types, array->type->dtype);
  if (r.failed || r.used != stores || loads != stores || !is_exact(a, &r.what, elem)) return false;
  r.what.var = array;
  r.what.at = a->loop->span;
  vec_push(a->unit->arena, out, r.what);
  return true;
}
