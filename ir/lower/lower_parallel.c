/* A parallel loop as it is written: which of its variables are reductions, which keep the last value, and what is refused because iterations
 * would depend on each other. In: a prange of a parallel function. Out: IrLoop.reductions; errors that show both accesses.
 * Works on versions of variables (SSA): a variable is carried from one iteration to the next when some reading may see the loop's head. */
#include "ir/lower/lower_parallel.h"

#include "frontend/sema.h"

/* ---- mentions ------------------------------------------------------------------------------------------------------------------------ */

typedef struct Find {
  const Local *local;
  bool found;
} Find;

static bool is_of(const Expr *e, const Local *local) {
  if (e->ref.kind == REF_DEF || e->kind == EXPR_WALRUS) return e->ref.def && e->ref.def->local == local;
  if (e->ref.kind != REF_FUNC || !e->ref.captures) return false;
  for (uint32_t i = 0; i < e->ref.func->captures.len; i++)
    if (e->ref.captures[i] && e->ref.captures[i]->local == local) return true;
  return false;
}

/* Extents are no use of the elements. */
static bool is_extent(const Expr *e, const Local *local) {
  if (e->kind == EXPR_ATTR && par_local(e->as.attr.base) == local) {
    static const char *const names[] = {"shape", "size", "ndim", "dtype", "nbytes", "itemsize", "strides"};
    for (size_t i = 0; i < LJ_COUNT(names); i++)
      if (strcmp(e->as.attr.name->text, names[i]) == 0) return true;
  }
  const Expr *callee = e->kind == EXPR_CALL ? e->as.call.callee : NULL;
  bool is_len = callee && callee->ref.kind == REF_BUILTIN && callee->ref.builtin->id == BI_LEN;
  return is_len && e->as.call.args.len == 1 && par_local(e->as.call.args.data[0]) == local;
}

static void find_mention(void *ctx, Expr *e) {
  Find *f = ctx;
  if (is_extent(e, f->local)) return;
  f->found |= is_of(e, f->local);
  if (!f->found) expr_each_child(e, find_mention, f);
}

bool par_mentions(const Expr *e, const Local *local) {
  Find f = {local, false};
  find_mention(&f, (Expr *)(uintptr_t)e);
  return f.found;
}

const Local *par_local(const Expr *e) { return e->kind == EXPR_NAME && e->ref.kind == REF_DEF && e->ref.def ? e->ref.def->local : NULL; }

typedef struct Children {
  const Expr *list[64];
  uint32_t count;
} Children;

static void add_child(void *ctx, Expr *e) {
  Children *c = ctx;
  if (c->count < LJ_COUNT(c->list)) c->list[c->count] = e;
  c->count++;
}

/* -0.0 is not 0.0 here, and a NaN is itself. */
static bool same_number(double a, double b) {
  uint64_t x, y;
  memcpy(&x, &a, sizeof x);
  memcpy(&y, &b, sizeof y);
  return x == y;
}

static bool same_leaf(const Expr *a, const Expr *b) {
  switch ((int)a->kind) {
  case EXPR_INT: return a->as.integer.value == b->as.integer.value;
  case EXPR_FLOAT:
  case EXPR_IMAG: return same_number(a->as.number, b->as.number);
  case EXPR_BOOL: return a->as.boolean == b->as.boolean;
  case EXPR_NAME: return a->as.name == b->as.name && a->ref.kind == b->ref.kind && (a->ref.kind != REF_DEF || a->ref.def == b->ref.def);
  case EXPR_ATTR: return a->as.attr.name == b->as.attr.name;
  case EXPR_UNARY: return a->as.unary.op == b->as.unary.op;
  case EXPR_BINARY: return a->as.binary.op == b->as.binary.op;
  case EXPR_INDEX:
  case EXPR_TUPLE: return true;
  default: return false;
  }
}

bool par_same(const ParLoop *p, const Expr *a, const Expr *b) {
  if (a == b) return true;
  if (a->kind != b->kind) return false;
  if (a->kind == EXPR_CALL) {
    const Callee *callee = spec_callee(p->lo->spec, a);
    if (!callee || callee->kind != CALLEE_BUILTIN || a->as.call.keywords.len) return false;
  } else if (!same_leaf(a, b)) {
    return false;
  }
  Children x = {.count = 0}, y = {.count = 0};
  expr_each_child(a, add_child, &x);
  expr_each_child(b, add_child, &y);
  if (x.count != y.count || x.count > LJ_COUNT(x.list)) return false;
  for (uint32_t i = 0; i < x.count; i++)
    if (!par_same(p, x.list[i], y.list[i])) return false;
  return true;
}

/* ---- versions that the loop makes ---------------------------------------------------------------------------------------------------- */

static void add_phis(ParLoop *p, const DefVec *phis) {
  for (uint32_t i = 0; i < phis->len; i++) p->inner[phis->data[i]->id] = true;
}

static void add_target(ParLoop *p, const Expr *e) {
  if (e->kind == EXPR_NAME && e->ref.def) p->inner[e->ref.def->id] = true;
  if (e->kind == EXPR_TUPLE || e->kind == EXPR_LIST)
    for (uint32_t i = 0; i < e->as.list.items.len; i++) add_target(p, e->as.list.items.data[i]);
}

static void add_walrus(void *ctx, Expr *e) {
  ParLoop *p = ctx;
  if (e->kind == EXPR_WALRUS && e->ref.def) p->inner[e->ref.def->id] = true;
  if (e->kind == EXPR_BOOLOP) add_phis(p, &e->as.boolop.phis);
  if (e->kind == EXPR_IFEXP) add_phis(p, &e->as.ifexp.phis);
  expr_each_child(e, add_walrus, p);
}

static void add_block(ParLoop *p, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    stmt_each_expr(s, add_walrus, p);
    if (s->kind == STMT_ASSIGN)
      for (uint32_t k = 0; k < s->as.assign.targets.len; k++) add_target(p, s->as.assign.targets.data[k]);
    if (s->kind == STMT_ANN_ASSIGN) add_target(p, s->as.ann.target);
    if (s->kind == STMT_AUG_ASSIGN) add_target(p, s->as.aug.target);
    if (s->kind == STMT_DEF && s->as.def.def) p->inner[s->as.def.def->id] = true;
    if (s->kind == STMT_IF) add_phis(p, &s->as.if_.join.phis);
    if (s->kind == STMT_FOR || s->kind == STMT_WHILE) add_phis(p, &s->as.loop.head.phis), add_phis(p, &s->as.loop.exit.phis);
    if (s->kind == STMT_FOR) add_target(p, s->as.loop.target);
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k]) add_block(p, blocks[k]);
  }
}

/* ---- what is carried ----------------------------------------------------------------------------------------------------------------- */

typedef struct Carried {
  const Def *head;
  bool *seen; /* by DefId */
  Span read; /* the first reading that may see the version before the iteration; src NULL: none */
  Span write; /* the first assignment */
} Carried;

static bool reaches(Carried *c, const Def *def) {
  if (def == c->head) return true;
  if (!def || def->kind != DEF_PHI || c->seen[def->id]) return false;
  c->seen[def->id] = true;
  bool any = false;
  for (uint32_t i = 0; i < def->args.len && !any; i++) any = def->args.data[i] && reaches(c, def->args.data[i]);
  c->seen[def->id] = false;
  return any;
}

static void see_def(Carried *c, const Def *def, Span at) {
  if (def && def->local == c->head->local && !c->read.src && reaches(c, def)) c->read = at;
}

static void see_reads(void *ctx, Expr *e) {
  Carried *c = ctx;
  if (e->kind == EXPR_NAME && e->ref.kind == REF_DEF) see_def(c, e->ref.def, e->span);
  if (e->ref.kind == REF_FUNC && e->ref.captures)
    for (uint32_t i = 0; i < e->ref.func->captures.len; i++) see_def(c, e->ref.captures[i], e->span);
  expr_each_child(e, see_reads, c);
}

static void see_write(Carried *c, const Expr *target) {
  if (par_local(target) == c->head->local && !c->write.src) c->write = target->span;
  if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST)
    for (uint32_t i = 0; i < target->as.list.items.len; i++) see_write(c, target->as.list.items.data[i]);
}

/* Targets are NAMEs, too, but of the version that is made: they never reach the head. */
static void see_block(Carried *c, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    stmt_each_expr(s, see_reads, c);
    if (s->kind == STMT_AUG_ASSIGN && s->as.aug.target->kind == EXPR_NAME) see_def(c, s->as.aug.read, s->as.aug.target->span);
    if (s->kind == STMT_ASSIGN)
      for (uint32_t k = 0; k < s->as.assign.targets.len; k++) see_write(c, s->as.assign.targets.data[k]);
    if (s->kind == STMT_AUG_ASSIGN) see_write(c, s->as.aug.target);
    if (s->kind == STMT_ANN_ASSIGN) see_write(c, s->as.ann.target);
    if (s->kind == STMT_FOR) see_write(c, s->as.loop.target);
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k]) see_block(c, blocks[k]);
  }
}

static void fail_carried(ParLoop *p, const Carried *c, Span bad) {
  Diag *dx = p->lo->diag;
  const char *name = c->head->local->name->text;
  Span read = c->read.src ? c->read : c->write;
  diag_error(dx, TYPE_ERROR, read, "prange: '%s' is carried from one iteration to the next, and this is no reduction", name);
  if (c->write.src && c->write.lo != read.lo) diag_note(dx, c->write, "'%s' is set here, for a later iteration", name);
  if (bad.src && bad.lo != read.lo && bad.lo != c->write.lo) diag_note(dx, bad, "this use of '%s' has no form of a reduction", name);
  p->lo->failed = true;
}

/* ---- variables ----------------------------------------------------------------------------------------------------------------------- */

void par_add(ParLoop *p, IrReduction r, IrVar *var, Span at) {
  r.var = var;
  r.at = at;
  if (type_is_array(var->type) && r.kind != REDUCTION_ELEMENT) r.kind = REDUCTION_ARRAY;
  bool is_bool = type_is_bool(var->type) || (type_is_array(var->type) && var->type->dtype == DT_BOOL);
  if (is_bool && r.op == IR_PYMAX) r.op = IR_LOR;
  if (is_bool && r.op == IR_PYMIN) r.op = IR_LAND;
  vec_push(p->lo->arena, &p->loop->reductions, r);
}

static void judge_carried(ParLoop *p, const Def *head, const Carried *c) {
  IrVar *var = p->lo->def_vars[head->id];
  IrReduction r;
  Span bad;
  if (!var) return;
  bool ok = par_reduction(p, head->local, &r, &bad) && (type_is_scalar(var->type) || type_is_array(var->type));
  if (!ok) {
    fail_carried(p, c, bad);
    return;
  }
  if (type_is_array(var->type)) vec_push(p->lo->arena, &p->reduced, head->local);
  par_add(p, r, var, c->read);
}

static bool sets(const StmtVec *block, const Stmt *skip, const Local *local) {
  Carried c = {.head = &(Def){.local = (Local *)(uintptr_t)local, .kind = DEF_ASSIGN}};
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    if (s == skip) continue;
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k] && sets(blocks[k], skip, local)) return true;
    StmtVec one = {&s, 1, 1};
    if (!blocks[0]) see_block(&c, &one);
    if (s->kind == STMT_FOR) see_write(&c, s->as.loop.target);
  }
  return c.write.src != NULL;
}

/* Set in the body, read only after the loop: the last value counts, or the value that was set together with the best one. */
static void judge_last(ParLoop *p, const Def *head, const Carried *c) {
  IrVar *var = p->lo->def_vars[head->id];
  if (!var) return;
  const Guard *guard = NULL;
  for (uint32_t i = 0; i < p->guards.len && !guard; i++)
    if (par_sets_in_guard(p->guards.data[i].stmt, head->local)) guard = &p->guards.data[i];
  bool elsewhere = guard && sets(&p->stmt->as.loop.body, guard->stmt, head->local);
  if (elsewhere || !type_is_scalar(var->type)) {
    diag_error(p->lo->diag, TYPE_ERROR, c->write, "prange: '%s' is read after the loop, and no single iteration gives its value",
               head->local->name->text);
    diag_note(p->lo->diag, p->stmt->span, "the loop");
    p->lo->failed = true;
    return;
  }
  IrReduction r = {.kind = guard ? REDUCTION_FOLLOW : REDUCTION_LAST};
  for (uint32_t i = 0; guard && i < p->loop->reductions.len; i++) {
    const IrReduction *other = &p->loop->reductions.data[i];
    for (uint32_t k = 0; k < p->stmt->as.loop.head.phis.len; k++) {
      const Def *def = p->stmt->as.loop.head.phis.data[k];
      if (def->local == guard->leader && p->lo->def_vars[def->id] == other->var) r.leader = other->var;
    }
  }
  par_add(p, r, var, c->write);
}

/* Whether a name is set is a variable of its own. */
static void judge_flag(ParLoop *p, const Local *local) {
  for (uint32_t i = 0; i < local->defs.len; i++) {
    IrVar *flag = p->lo->set_flags[local->defs.data[i]->id];
    if (!flag || !p->inner[local->defs.data[i]->id] || local->defs.data[i]->kind == DEF_PHI) continue;
    par_add(p, (IrReduction){.kind = REDUCTION_LAST}, flag, p->stmt->span);
    return;
  }
}

static void judge_variables(ParLoop *p) {
  const DefVec *phis = &p->stmt->as.loop.head.phis;
  const FuncDef *func = p->lo->spec->func;
  for (int carried = 1; carried >= 0 && !p->lo->failed; carried--) /* reductions first: others follow them */
    for (uint32_t i = 0; i < phis->len && !p->lo->failed; i++) {
      const Def *head = phis->data[i];
      if (!p->lo->spec->def_types[head->id]) continue;
      Carried c = {.head = head, .seen = arena_array(p->lo->arena, bool, func->defs.len + 1)};
      see_block(&c, &p->stmt->as.loop.body);
      if ((c.read.src != NULL) != carried) continue;
      if (carried)
        judge_carried(p, head, &c);
      else
        judge_last(p, head, &c);
    }
}

/* ---- arrays whose elements are reduced ----------------------------------------------------------------------------------------------- */

static void judge_array(ParLoop *p, const Expr *target) {
  const Expr *base = target->kind == EXPR_INDEX ? target->as.index.base : NULL;
  const Local *local = base ? par_local(base) : NULL;
  if (!local || p->inner[base->ref.def->id]) return;
  for (uint32_t i = 0; i < p->reduced.len; i++)
    if (p->reduced.data[i] == local) return;
  IrVar *var = p->lo->def_vars[base->ref.def->id];
  IrReduction r;
  Span bad;
  if (!var || !type_is_array(var->type) || par_independent(p, local) || !par_reduction(p, local, &r, &bad)) return;
  vec_push(p->lo->arena, &p->reduced, local);
  par_add(p, r, var, target->span);
}

static void judge_arrays(ParLoop *p, const StmtVec *block) {
  for (uint32_t i = 0; i < block->len; i++) {
    Stmt *s = block->data[i];
    if (s->kind == STMT_AUG_ASSIGN) judge_array(p, s->as.aug.target);
    if (s->kind == STMT_ASSIGN)
      for (uint32_t k = 0; k < s->as.assign.targets.len; k++) judge_array(p, s->as.assign.targets.data[k]);
    StmtVec *blocks[2];
    stmt_blocks(s, blocks);
    for (unsigned k = 0; k < 2; k++)
      if (blocks[k]) judge_arrays(p, blocks[k]);
  }
}

void lower_parallel_loop(Lower *lo, const Stmt *s, IrLoop *loop) {
  ParLoop p = {.lo = lo, .stmt = s, .loop = loop, .inner = arena_array(lo->arena, bool, lo->spec->func->defs.len + 1)};
  add_phis(&p, &s->as.loop.head.phis);
  add_target(&p, s->as.loop.target);
  add_block(&p, &s->as.loop.body);
  judge_variables(&p);
  for (uint32_t i = 0; i < s->as.loop.head.phis.len; i++) judge_flag(&p, s->as.loop.head.phis.data[i]->local);
  if (!lo->failed) judge_arrays(&p, &s->as.loop.body);
  if (!lo->failed) par_depend(&p);
}
